"""In which order work should be done: weighted shortest job first, where what others wait for carries their cost too."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from heapq import heappop, heappush

from marops.errors import UserError
from marops.language import joined, text


@dataclass(frozen=True, slots=True)
class Job:
    """Work that remains: its length in days, what a day of delay costs, and the jobs that must be finished before it."""

    id: str
    days: float
    cost_of_delay: float
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ranked:
    """A job with what a day of its delay costs, together with that of all jobs that wait for it, and its score: cost of delay for
    a day of length, to which the scores of those that wait are added (as in the calculator of Focused Objective).
    """

    job: Job
    cost_of_delay: float
    score: float


def shortest_weighted_first(jobs: Iterable[Job]) -> list[Ranked]:
    """Jobs in the order in which to do them: the highest score first, but none before what it needs. What is needed but not among
    the jobs is taken to be done.

    Raises UserError for a job without a length or given twice, and for jobs that wait for each other.
    """
    found: dict[str, Job] = {}
    for job in jobs:
        if job.id in found:
            raise UserError(text("{job} is given twice. Leave one of them out.", job=job.id))
        if not (0 < job.days < math.inf and math.isfinite(job.cost_of_delay)):
            raise UserError(text("{job} has no days left; work that is to be ordered needs a length above 0.", job=job.id))
        found[job.id] = job
    needs = {job.id: [need for need in job.needs if need in found] for job in found.values()}
    waiting = _waiting_for(needs)
    ranked: dict[str, Ranked] = {}
    for job in found.values():
        all_ = [found[each] for each in (job.id, *sorted(waiting[job.id]))]
        cost, score = sum(each.cost_of_delay for each in all_), sum(each.cost_of_delay / each.days for each in all_)
        ranked[job.id] = Ranked(job, cost, score)
    order = TopologicalSorter(needs)
    order.prepare()
    ready: list[tuple[float, str]] = []
    done: list[Ranked] = []
    while order.is_active():
        for each in order.get_ready():
            heappush(ready, (-ranked[each].score, each))
        _, first = heappop(ready)
        done.append(ranked[first])
        order.done(first)
    return done


def _waiting_for(needs: Mapping[str, list[str]]) -> dict[str, set[str]]:
    """For each job all that wait for it, directly or through others."""
    try:
        from_last = list(TopologicalSorter(needs).static_order())[::-1]
    except CycleError as circle:
        names = joined(list(dict.fromkeys(circle.args[1])), 9)
        raise UserError(text("{jobs} wait for each other. Take one of their prerequisites away.", jobs=names)) from circle
    waiting: dict[str, set[str]] = {job: set() for job in needs}
    for job in from_last:
        for need in needs[job]:
            waiting[need] |= {job, *waiting[job]}
    return waiting
