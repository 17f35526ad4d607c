"""How often the scorecard's verdicts err, on data of which the truth is known: simulated, by seed.

A link between series that have none, news from a process that never changed, and the losses of outages whose true cost the
simulation knows. A target is the share that would be right, or wrong, on purpose: 5 % of intervals should miss.
"""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import numpy.typing as npt

from bench import report
from marops import lags, spc, stats
from marops.lags import Link
from marops.measure import Measure
from marops.period import Period
from marops.sample import company
from marops.scorecard import judging
from marops.scorecard.definitions import KPIS
from marops.scorecard.outages import CLEAN_WEEKS, REBOUND, Outage, loss
from marops.spc import Change

COUNT, SEED = 1_000, 20_260
PERIODS, MONTHS, LONGEST, TOGETHER = 104, 24, 12, 12
MOST_LINKS, MOST_NEWS, COVERED = 0.06, 0.01, (0.93, 0.97)

Floats = npt.NDArray[np.float64]
Rng = np.random.Generator


def run(count: int = 0, seed: int | None = None) -> None:
    """Simulate and print."""
    count, seed = count or COUNT, SEED if seed is None else seed
    links(unrelated(count, seed))
    news(steady(4 * count, seed), _compared(4 * count, seed))
    losses(outages(count, seed), short(2 * count, seed))


def share(hits: Sequence[bool]) -> float:
    """How many of them are true."""
    return sum(hits) / len(hits)


def _line(what: str, hits: Sequence[bool], least: float | None, most: float | None) -> tuple[str, ...]:
    found = share(hits)
    target = "" if most is None else f"at most {most:.0%}" if least is None else f"{least:.0%} to {most:.0%}"
    met = (least is None or found >= least) and (most is None or found <= most)
    low, high = stats.wilson(sum(hits), len(hits))
    return (
        what,
        str(len(hits)),
        f"{found:.1%}",
        f"{low:.1%} to {high:.1%}",
        f"{target} {'met' if met else 'NOT MET'}" if target else "",
    )


_HEAD = ("what", "of", "share", "95 % interval", "target")


# Links


def unrelated(count: int, seed: int) -> dict[str, list[Link]]:
    """The lag test on pairs of series that have nothing to do with each other, by kind of series."""
    rng = np.random.default_rng(seed)
    found: dict[str, list[Link]] = {"white noise": [], "AR .5": [], "AR .8": []}
    for number in range(count):
        kind, memory = (("white noise", 0.0), ("AR .5", 0.5), ("AR .8", 0.8))[number % 3]
        link = lags.lead(list(_remembering(rng, memory)), list(_remembering(rng, memory)))
        assert isinstance(link, Link)
        found[kind].append(link)
    return found


def _remembering(rng: Rng, memory: float) -> Floats:
    """Noise in which each value keeps a share of the one before, long after its start."""
    values = itertools.accumulate(rng.normal(size=PERIODS + 50), lambda before, fresh: memory * before + fresh)
    return np.array(list(values)[-PERIODS:])


def links(found: Mapping[str, Sequence[Link]]) -> None:
    print(f"\nPairs of unrelated series of {PERIODS} points: a link is found")
    every = {**found, "all": [link for kind in found.values() for link in kind]}
    lines = [
        _line(kind, [link.strongest is not None for link in links], None, MOST_LINKS if kind == "all" else None)
        for kind, links in every.items()
    ]
    lines.append(_line("all, time reversed", [link.placebo is not None for link in every["all"]], None, None))
    report.table(_HEAD, lines)


# News


def steady(count: int, seed: int) -> dict[str, list[bool]]:
    """Whether the newest of 24 months of a KPI that never changes is called a change, as the scorecard judges it, by kind."""
    rng = np.random.default_rng(seed)
    kinds: dict[str, tuple[str, Callable[[], Floats]]] = {
        "normal, CV 10 %": ("M8", lambda: rng.normal(100, 10, MONTHS)),
        "a share of 200": ("M2", lambda: rng.binomial(200, 0.6, MONTHS) / 200),
        "lognormal, CV 30 %": ("J7", lambda: rng.lognormal(3, 0.294, MONTHS)),
    }
    return {kind: [_judged(kpi, draw()) is not Change.NONE for _ in range(count)] for kind, (kpi, draw) in kinds.items()}


def _judged(kpi_id: str, values: Floats) -> Change:
    kpi = KPIS[kpi_id]
    months = [
        Measure(
            key=kpi.id, label=kpi.name, value=float(value), unit=kpi.unit, definition=kpi.id, version=kpi.version,
            sources=kpi.tables, period=Period(first, first), currency="BRL" if kpi_id == "M8" else None,
        )
        for first, value in zip(_MONTHS, values, strict=True)
    ]  # fmt: skip
    return judging.series(kpi, months).change


_MONTHS = [date(2024 + month // 12, month % 12 + 1, 1) for month in range(MONTHS)]


def _compared(count: int, seed: int) -> dict[str, list[bool]]:
    """The same rule on normal values with other limits: why it calls as often as it does."""
    rng = np.random.default_rng(seed)
    found: dict[str, list[bool]] = {}
    known = spc.Limits(100, 70, 130, 30 / 2.66, trial=False)
    for learned in (12, 24, 48, None):
        name = "limits of the true mean and spread" if learned is None else f"limits from the first {learned}"
        hits: list[bool] = []
        for _ in range(count):
            values = list(rng.normal(100, 10, (learned or 12) + 12))
            limits = known if learned is None else spc.process_limits(values[:learned])
            hits.append(spc.newest_change(values, limits) is not Change.NONE)
        found[name] = hits
    return found


def news(found: Mapping[str, Sequence[bool]], compared: Mapping[str, Sequence[bool]]) -> None:
    print(f"\nMonth {MONTHS} of a process that never changes, limits locked after {judging.LOCKED_AFTER}: it is called a change")
    report.table(_HEAD, [_line(kind, hits, None, MOST_NEWS) for kind, hits in found.items()])
    print("\nThe same rule on normal values, twelve after the limits were learned: a mean of twelve is off by 0.29 of the spread,")
    print("which lengthens runs; a moving range of eleven is off by a quarter, which makes half of all limits too narrow")
    report.table(_HEAD, [_line(kind, hits, None, None) for kind, hits in compared.items()])


# Losses


@dataclass(frozen=True, slots=True)
class Judged:
    """An outage of so many hours: leads it really took for good, and what marops made of it."""

    hours: int
    true: int
    net: float
    variance: float


def outages(count: int, seed: int, longest: int = LONGEST) -> list[Judged]:
    """Outages of 1 to `longest` hours at random moments of the sample company's two years, at least eight weeks in.

    The truth is what was realised: the leads that were turned away and did not come back, not the number to be expected. It is
    what the KPI says was lost, and what could be counted if visitors left a name at the closed door.
    """
    rng = np.random.default_rng(seed)
    rates = company.hourly_leads()
    return [_outage(rng, rates, 1 + number % longest) for number in range(count)]


def _outage(rng: Rng, rates: Floats, hours: int) -> Judged:
    before = CLEAN_WEEKS * 7 * 24
    rebound = REBOUND.total_seconds()
    begins = rng.uniform(before * 3600, len(rates) * 3600 - hours * 3600 - rebound)
    ends = begins + hours * 3600
    # The hours the estimate can look at; the first week shows that the data begin before them.
    first, last = max(0, int(begins // 3600) - before - 7 * 24), math.ceil((ends + rebound) / 3600)
    arriving = rng.poisson(rates[first:last])
    seconds = (np.repeat(np.arange(first, last), arriving) + rng.uniform(size=arriving.sum())) * 3600
    lost = (seconds >= begins) & (seconds < ends) & (rng.uniform(size=len(seconds)) < company.LOST_SHARE)
    back = lost & (rng.uniform(size=len(seconds)) < company.REBOUND_SHARE)
    seconds = np.where(back, ends + rng.uniform(0, rebound, len(seconds)), seconds)
    zero = datetime.combine(company.FIRST_DAY, time.min, UTC)
    outage = Outage(company.WEB, zero + timedelta(seconds=begins), zero + timedelta(seconds=ends))
    found = loss(np.sort(seconds[~(lost & ~back)]) + zero.timestamp(), [outage], [outage])
    assert found is not None
    return Judged(hours, int(lost.sum() - back.sum()), found.net, found.variance)


def short(count: int, seed: int) -> list[list[Judged]]:
    """Outages of up to three hours, by the dozen: what a bad year adds up to."""
    found = outages(count, seed + 1, longest=3)
    return [found[at : at + TOGETHER] for at in range(0, len(found) - TOGETHER + 1, TOGETHER)]


def is_covered(found: Sequence[Judged]) -> bool:
    """Whether the 95 % interval of the leads that these outages took, in sum, holds the true number."""
    error = sum(one.net - one.true for one in found)
    return abs(error) <= stats.z95() * math.sqrt(sum(one.variance for one in found))


def bias(found: Sequence[Judged]) -> float:
    """How far the estimates lie above the truth, on average, in leads."""
    return sum(one.net - one.true for one in found) / len(found)


def losses(found: Sequence[Judged], dozens: Sequence[Sequence[Judged]]) -> None:
    print("\nOutages of the sample company: the interval of the net loss holds the leads really lost")
    lines = [("all", found)] + [(f"{hours} h", [one for one in found if one.hours == hours]) for hours in range(1, LONGEST + 1)]
    rows = [
        (*_line(what, [is_covered([one]) for one in some], *(COVERED if what == "all" else (None, None))), *_beside(some))
        for what, some in lines
    ]
    every = [one for dozen in dozens for one in dozen]
    total = _line(f"sums of {TOGETHER}, 1 to 3 h", [is_covered(dozen) for dozen in dozens], *COVERED)
    report.table((*_HEAD, "lost on average", "estimate − truth"), [*rows, (*total, *_beside(every))])


def _beside(found: Sequence[Judged]) -> tuple[str, str]:
    return f"{sum(one.true for one in found) / len(found):.1f}", f"{bias(found):+.2f}"
