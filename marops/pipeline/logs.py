"""What a log of events says of the flow in it, for `marops flow` and for whoever asks without a workspace."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

import polars as pl

from marops import stats
from marops.errors import UserError
from marops.language import Joined, Text, joined, ntext, text
from marops.pipeline import flow
from marops.pipeline.events import Why, Workflow, ends, log, order, placed
from marops.pipeline.flow import Reopened
from marops.pipeline.speed import FEWEST
from marops.quantity import Quantity, Unit
from marops.stages import folded_word

NO_HISTORY = "no whole history"
"""Why an item is left out that a source names, of whose history it holds nothing, or only part."""


@dataclass(frozen=True, slots=True)
class OfFile:
    """The measures of a log (`summary`), and what there is to say of the file it was read from."""

    found: dict[str, Any]
    notes: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """How a log is to be read: the order of its stages (None: the usual order), those in which somebody works (None: not said) and
    those that end the work (None: those after which nothing follows), and the days for which cumulative flow is wanted.
    `reopened` is for cycle times, what is finished and cumulative flow; time in stages, ways and durations are of all events.
    """

    stages: Sequence[str] | None = None
    active: Sequence[str] | None = None
    done: Sequence[str] | None = None
    as_of: datetime | None = None
    cfd_at: Sequence[date] = ()
    reopened: Reopened = Reopened.KEPT


def workflow(events: pl.DataFrame, asked: Asked) -> Workflow:
    """The workflow asked for, or the one the log shows. A stage that is given need not have been entered. Raises UserError where
    none of those named for one thing was, and for an active or done stage that is not among those given.
    """
    found = events["stage"].unique(maintain_order=True).to_list() if asked.stages else list(order(events))
    given, active, done = (_as_spelled(names, found) for names in (asked.stages, asked.active, asked.done))
    for names in (given, active, done):
        if names is not None and not set(names) & set(found):
            named = joined(names, 30) if names else text("none")
            raise UserError(text("No event of this log enters {stage}. Its stages: {found}.", stage=named, found=joined(found, 30)))
    stages = given or found
    for name in (*(active or ()), *(done or ())):
        if name not in stages and (name in found or given):
            raise UserError(text("{stage} is not among the stages given: {found}.", stage=name, found=joined(stages, 30)))
    usual = frozenset(stages[-1:]) if given else ends(events, stages)
    ended = frozenset(done or ()) & frozenset(stages) or usual
    return Workflow(tuple(stages), frozenset(active or ()) & frozenset(stages) - ended, ended)


def _as_spelled(names: Sequence[str] | None, found: Sequence[str]) -> list[str] | None:
    """Stages as the log spells them, each once; those it does not have as they were given."""
    spelling = {folded_word(name): name for name in found}
    return None if names is None else list(dict.fromkeys(spelling.get(folded_word(name), name) for name in names))


def _never_entered(events: pl.DataFrame, asked: Asked) -> list[str]:
    """What was named and no event enters."""
    words = {folded_word(name) for name in events["stage"].unique()}
    named = dict.fromkeys((*(asked.stages or ()), *(asked.active or ()), *(asked.done or ())))
    return [name for name in named if folded_word(name) not in words]


def summary(
    events: pl.DataFrame,
    asked: Asked,
    *,
    now: datetime,
    unread: Mapping[str, Why] = MappingProxyType({}),
    unread_rows: Sequence[int] = (),
    silent: Collection[str] = (),
) -> dict[str, Any]:
    """The measures of a log (`flow.EVENT`) as plain values, ready for JSON. Days are elapsed ones of 24 hours; percentiles stand
    between the two nearest values ("linear"), and beside them the nearest rank. `unread`: items with a row that could not be read,
    and why; they are left out as a whole. `unread_rows`: rows of which nobody can say whose they are. `silent`: items of whose
    history the source does not hold all. Raises UserError.
    """
    readable = events.filter(~pl.col("case").is_in(list(unread))) if unread else events
    whole = log(readable, now=now)
    if whole.events.is_empty():
        left_out = _counted([*unread.values(), *whole.excluded["why"], *[NO_HISTORY] * len(silent)])
        raise UserError(
            text("No event of this log can be used. Left out: {items}.", items=left_out or text("none; it has no events"))
        )
    for day in (*asked.cfd_at, *([asked.as_of.date()] if asked.as_of else [])):
        if day > now.date():
            raise UserError(text("Nothing is known of {day} yet. Give a day up to today.", day=day))
        if asked.as_of is not None and day > asked.as_of.date():
            raise UserError(
                text("As of {last} nothing was known of {day}. Give a day up to then.", last=asked.as_of.date(), day=day)
            )
    # What the stages are is no part of what was known on a day.
    ways = workflow(whole.events, asked)
    known = whole if asked.as_of is None else log(readable, now=now, as_of=asked.as_of)
    of_stages = placed(known.events, ways)
    if of_stages.is_empty():
        raise UserError(text("No event of this log had happened by {day}.", day=known.as_of.date()))
    # An item that entered none of the stages has no place in any number.
    has_place = pl.col("case").is_in(of_stages["case"].unique().implode())
    trusted = known.events.filter(has_place) if of_stages.height < known.events.height else known.events
    strange = known.events.filter(~has_place)["case"].unique(maintain_order=True)
    items, visits = flow.items(of_stages, ways, asked.reopened), flow.visits(trusted)
    dwell = flow.time_in_stage(visits.filter(pl.col("stage").is_in(list(ways.stages))), known.as_of, ways.done)
    worked = flow.efficiency(dwell, ways)
    finished = int(items["finished"].count())
    going_forward = flow.without_undone(of_stages) if asked.reopened is Reopened.RESET else of_stages
    excluded = [
        *unread.items(), *known.excluded.iter_rows(), *((case, Why.UNKNOWN) for case in strange),
        *((case, NO_HISTORY) for case in silent),
    ]  # fmt: skip
    return {
        "items": items.height,
        "finished": finished,
        "in_progress": items.height - finished,
        "events": trusted.height,
        "variants": flow.variants(trusted).height,
        "stages": list(ways.stages),
        "never_entered": _never_entered(whole.events, asked),
        "unlisted_stages": _count_of(trusted.filter(~pl.col("stage").is_in(list(ways.stages)))["stage"]),
        "active": [stage for stage in ways.stages if stage in ways.active],
        "done": [stage for stage in ways.stages if stage in ways.done],
        "as_of": known.as_of.isoformat(),
        "case_duration_days": _spread(flow.durations(trusted)),
        "cycle_time_days": _spread(flow.cycle_times(items)),
        "finished_without_active": flow.skipped_active(items, ways),
        "throughput_per_week": {week.isoformat(): count for week, count in flow.throughput(items).iter_rows()},
        "cfd": _cumulative(flow.cumulative(going_forward, ways, asked.cfd_at)),
        "time_in_stage_days": _by_stage(dwell, "days"),
        "ongoing_days": _by_stage(dwell.filter(pl.col("ongoing") > 0), "ongoing_days"),
        "flow_efficiency": None if worked is None or worked.share is None else round(worked.share, 9),
        "moved_back_items": int(items["moved_back"].sum()),
        "rework_items": dict(flow.rework(trusted).select("stage", "items").iter_rows()),
        "handoffs": int(flow.handoffs(visits)["times"].sum()),
        "equal_timestamps": known.tied,
        "repeated_events": _repeated(trusted),
        "unread_rows": len(unread_rows),
        "excluded": [{"case": case, "why": str(why)} for case, why in excluded],
    }


_WEEKS = 8


def lines(found: Mapping[str, Any], asked: Asked) -> Iterator[Text]:
    """A summary of what was asked, in sentences."""
    yield text(
        "{items}, {events}, {ways} through {stages}; as of {day}.",
        items=ntext("{n} item", "{n} items", found["items"]), events=ntext("{n} event", "{n} events", found["events"]),
        ways=ntext("{n} way", "{n} ways", found["variants"]), stages=joined(found["stages"], 30),
        day=datetime.fromisoformat(found["as_of"]).date(),
    )  # fmt: skip
    yield text("{finished} finished, {open} in progress.", finished=found["finished"], open=found["in_progress"])
    if not asked.done:
        yield text("Taken for the end of the work: {stages}. Say it with --done.", stages=joined(found["done"], 30))
    if found["never_entered"]:
        yield text("Stages that no event enters: {stages}.", stages=joined(found["never_entered"], 30))
    if found["unlisted_stages"]:
        yield text(
            "Stages that were not given and so count in none: {stages}.",
            stages=joined([f"{stage} ({count})" for stage, count in found["unlisted_stages"].items()], 30),
        )
    yield from _times(found)
    if found["finished_without_active"]:
        yield ntext(
            "{n} item was finished without having been in an active stage: its cycle time begins with the first after those.",
            "{n} items were finished without having been in an active stage: their cycle time begins with the first after those.",
            found["finished_without_active"],
        )  # fmt: skip
    for stage, days in found["time_in_stage_days"].items():
        yield text("{stage}: {days} in all visits that have ended.", stage=stage, days=Quantity(days, Unit.DAYS))
    for day, counts in found["cfd"].items():
        reached = [text("{stage} {n}", stage=stage, n=count) for stage, count in counts.items()]
        yield text("By the end of {day} had reached: {stages}.", day=date.fromisoformat(day), stages=joined(reached, 30))
    if found["flow_efficiency"] is None:
        yield text("Flow efficiency: not configured. Say with --active in which stages somebody works.")
    else:
        yield text("Flow efficiency: {share} of the time was work.", share=Quantity(found["flow_efficiency"], Unit.PERCENT))
    yield text(
        "{back}; work changed hands {handoffs}.",
        back=ntext("{n} item moved back", "{n} items moved back", found["moved_back_items"]),
        handoffs=ntext("{n} time", "{n} times", found["handoffs"]),
    )
    if found["equal_timestamps"]:
        yield ntext(
            "{n} item has events at the same moment: what each left tells their order where it can, else the file’s order.",
            "{n} items have events at the same moment: what each left tells their order where it can, else the file’s order.",
            found["equal_timestamps"],
        )  # fmt: skip
    if found["repeated_events"]:
        yield ntext(
            "{n} event has the item, stage, moment and role of another and counts beside it. Does the log hold rows twice?",
            "{n} events have the item, stage, moment and role of others and count beside them. Does the log hold rows twice?",
            found["repeated_events"],
        )  # fmt: skip
    if found["excluded"]:
        yield text("Left out: {items}.", items=_counted([one["why"] for one in found["excluded"]]))
    if found["unread_rows"]:
        yield of_nobody(found["unread_rows"])


def _times(found: Mapping[str, Any]) -> Iterator[Text]:
    """How long items took, by nearest rank, and how many were finished."""
    for label, spread in (
        (text("From first to last event"), found["case_duration_days"]),
        (text("Cycle time"), found["cycle_time_days"]),
    ):
        if spread is not None:
            said = {name: Quantity(days, Unit.DAYS) for name, days in {**spread["nearest_rank"], "mean": spread["mean"]}.items()}
            if spread["n"] < FEWEST:
                yield text("{what}: half took at most {p50}; {mean} on average.", what=label, p50=said["p50"], mean=said["mean"])
            else:
                yield text(
                    "{what}: half took at most {p50}, 85% at most {p85}, 95% at most {p95}; {mean} on average.", what=label, **said
                )
    weeks = [(date.fromisoformat(week), n) for week, n in found["throughput_per_week"].items()]
    if weeks:
        listed = [text("{n} from {day}", n=n, day=week) for week, n in weeks[-_WEEKS:]]
        yield text("Finished by week, the last ones: {weeks}.", weeks=joined(listed, _WEEKS))


def of_nobody(rows: int) -> Text:
    """What so many rows mean of which nobody can say whose they are."""
    return ntext(
        "{n} row has too many or too few cells, or no item: its item, whichever that is, lacks an event here.",
        "{n} rows have too many or too few cells, or no item: their items, whichever they are, lack events here.",
        rows,
    )


_WORDS: Mapping[str, Callable[[int], Text]] = {
    Why.NO_MOMENT: lambda n: ntext("{n} item with an event without a moment", "{n} items with an event without a moment", n),
    Why.UNREADABLE: lambda n: ntext("{n} item with a moment that cannot be read", "{n} items with a moment that cannot be read", n),
    Why.EPOCH: lambda n: ntext("{n} item with a moment before 1971", "{n} items with a moment before 1971", n),
    Why.FUTURE: lambda n: ntext("{n} item with a moment still to come", "{n} items with a moment still to come", n),
    Why.NO_STAGE: lambda n: ntext("{n} item with an event without a stage", "{n} items with an event without a stage", n),
    Why.REFUSED: lambda n: ntext("{n} item with a refused row", "{n} items with refused rows", n),
    Why.NOT_COMPLETED: lambda n: ntext("{n} item that has completed no step", "{n} items that have completed no step", n),
    Why.UNKNOWN: lambda n: ntext("{n} item that was in none of the stages", "{n} items that were in none of the stages", n),
    NO_HISTORY: lambda n: ntext("{n} item of whose history not all is there", "{n} items of whose history not all is there", n),
}


def _counted(reasons: Sequence[str]) -> Joined | None:
    """How many items are left out for each reason, in words."""
    counts = Counter(reasons)
    return joined([say(counts[why]) for why, say in _WORDS.items() if counts[why]], len(_WORDS)) if counts else None


def _repeated(events: pl.DataFrame) -> int:
    """Events that have the item, stage, moment, role and step of another: among those of one moment, which stand together."""
    same = (pl.col("case") == pl.col("case").shift()) & (pl.col("at") == pl.col("at").shift())
    tied = events.filter((same | same.shift(-1)).fill_null(value=False))
    return tied.height - tied.n_unique(["case", "stage", "at", "role", "lifecycle"])


def _count_of(names: pl.Series) -> dict[str, int]:
    return dict(names.value_counts(sort=True).iter_rows())


def _cumulative(found: pl.DataFrame) -> dict[str, dict[str, int]]:
    made: dict[str, dict[str, int]] = {}
    for day, stage, count in found.iter_rows():
        made.setdefault(day.isoformat(), {})[stage] = count
    return made


def _by_stage(dwell: pl.DataFrame, column: str) -> dict[str, float]:
    return {stage: round(found, 9) for stage, found in dwell.select("stage", column).iter_rows()}


def _spread(values: pl.Series) -> dict[str, float | dict[str, float] | None] | None:
    if values.is_empty():
        return None
    shares = {"p50": 0.5, "p85": 0.85, "p95": 0.95}
    found = values.to_numpy()
    between = stats.percentiles(found, *shares.values())
    linear = {name: round(days, 9) for name, days in zip(shares, between, strict=True)}
    nearest = {name: round(stats.nearest_rank(found, share), 9) for name, share in shares.items()}
    return {"n": len(values), "mean": round(float(found.mean()), 9), **linear, "nearest_rank": nearest}
