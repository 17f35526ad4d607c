"""How fast work flows to its launch, and how well: measures of the items launched in a period, from a `Delivery`."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import polars as pl

from marops import stats
from marops.language import Text, joined, ntext, text
from marops.measure import Interval, Measure
from marops.period import Period, start_of
from marops.pipeline import flow
from marops.pipeline.delivery import UNKNOWN, Delivery
from marops.quantity import Quantity, Unit
from marops.stages import Process, usual

SOURCES = ("work_item_transition",)
FEWEST = 10
"""Finished items below which no 85th percentile is shown."""

_CHANCE = 0.05


def launched_in(found: Delivery, period: Period) -> pl.DataFrame:
    """The rows of `Delivery.timed` whose launch falls into a period."""
    return found.timed.filter(pl.col("finished").dt.date().is_between(period.start, period.end))


def percentile(found: Delivery, period: Period, column: str, share: float) -> Measure:
    """Days by which a share of the items launched in a period were launched: the nearest rank, with its interval by ranks.
    `column`: "cycle" (since work began) or "lead" (since they were asked for).
    """
    days = launched_in(found, period)[column].to_numpy()
    label, key = _LABELS[column, share], f"{column}_p{round(share * 100)}"
    few = 1 if share == 0.5 else FEWEST
    if len(days) < few:
        why = (
            ntext("{n} finished in these days; it takes {few}.", "{n} finished in these days; it takes {few}.", len(days), few=few)
            if few > 1
            else text("Nothing was finished in these days.")
        )
        return _measure(found, key, label, None, Unit.DAYS, period, missing=why)
    span = stats.rank_interval(days, share)
    interval = None if span is None else Interval(*span, method=text("ranks of the values, binomial"))
    note = ntext("{n} finished; {days}; nearest rank", "{n} finished; {days}; nearest rank", len(days), days=found.counted.said)
    return _measure(found, key, label, stats.nearest_rank(days, share), Unit.DAYS, period, interval=interval, note=note)


_LABELS = {
    ("cycle", 0.5): text("Cycle time, half within"), ("cycle", 0.85): text("Cycle time, 85% within"),
    ("lead", 0.5): text("Lead time, half within"), ("lead", 0.85): text("Lead time, 85% within"),
}  # fmt: skip


def throughput(found: Delivery, period: Period) -> Measure:
    """Items launched a week of a period, from the first day of which something is known up to the end of the data."""
    until = min(start_of(period.end + timedelta(days=1)), found.reach)
    first = found.items["first"].min()
    since = max(start_of(period.start), start_of(first.date()) if isinstance(first, datetime) else start_of(period.start))
    weeks = (until - since) / timedelta(weeks=1)
    if weeks <= 0:
        missing = text("Nothing is known of these days.")
        return _measure(found, "throughput", text("Finished a week"), None, Unit.COUNT, period, missing=missing)
    count = launched_in(found, period).filter(pl.col("finished") < until).height
    note = ntext("{n} in {weeks} weeks", "{n} in {weeks} weeks", count, weeks=round(weeks, 1))
    return _measure(found, "throughput", text("Finished a week"), count / weeks, Unit.COUNT, period, note=note)


def in_progress(found: Delivery, period: Period, acts_on: frozenset[str] | None = None) -> Measure:
    """Work in progress: items whose work has begun and that are not launched, with the age of the oldest; of these items alone
    (`acts_on`; None: all). That is at the end of the data, which is said where the period ends before.
    """
    standing = found.ageing if acts_on is None else found.ageing.filter(pl.col("issue_id").is_in(list(acts_on)))
    ages = standing["age"]
    note = text("none has begun") if ages.is_empty() else text("the oldest for {days}", days=Quantity(float(ages[0]), Unit.DAYS))
    last = (found.end - timedelta(microseconds=1)).date()
    if period.end < last:
        note = text("{said}; as of {day}, after these days", said=note, day=last)
    return _measure(found, "wip_begun", text("In progress"), ages.len(), Unit.COUNT, None, note=note)


def efficiency(found: Delivery, period: Period, process: Process) -> Measure:
    """Flow efficiency of the items launched in a period: time in active stages, of all time before the launch. Items that were in a
    status that is no stage are left out: nobody says whether they waited there. Missing where every stage is active: then nothing
    tells work from waiting.
    """
    label = text("Flow efficiency")
    active = [stage.name for stage in process.before_launch if stage.id in found.workflow.active]
    if not active or len(active) == len(process.before_launch):
        why = text("Not configured: mark under Stages in which of them work waits and in which somebody works.")
        return _measure(found, "flow_efficiency", label, None, Unit.PERCENT, period, missing=why)
    ids = launched_in(found, period)["issue_id"]
    visits = found.visits.with_columns(pl.col("case").cast(pl.String)).filter(pl.col("case").is_in(ids.implode()))
    strange = visits.filter(pl.col("stage") == UNKNOWN)["case"].unique()
    visits = visits.filter(~pl.col("case").is_in(strange.implode()))
    worked = flow.efficiency(flow.time_in_stage(visits, found.end, found.workflow.done), found.workflow)
    if worked is None or worked.share is None:
        why = text("Nothing was finished in these days.")
        if visits.height:
            why = text("What was finished in these days was launched at once: no time passed.")
        elif strange.len():
            why = text("All that was finished in these days was in a status that is no stage.")
        return _measure(found, "flow_efficiency", label, None, Unit.PERCENT, period, missing=why)
    note = text("counted as work: {stages}", stages=joined(active, 4))
    if process == usual():
        note = text("{said}, as is usual: nobody has said under Stages where work waits", said=note)
    if strange.len():
        note = ntext(
            "{said}; without {n} item that was in a status that is no stage",
            "{said}; without {n} items that were in a status that is no stage",
            strange.len(), said=note,
        )  # fmt: skip
    return _measure(found, "flow_efficiency", label, worked.share, Unit.PERCENT, period, note=note)


def first_time_right(found: Delivery, period: Period) -> Measure:
    """Share of the items launched in a period that never moved back to an earlier stage; Wilson's interval."""
    label, done = text("First time right"), launched_in(found, period)
    if done.is_empty():
        why = text("Nothing was finished in these days.")
        return _measure(found, "first_time_right", label, None, Unit.PERCENT, period, missing=why)
    right = int((~done["moved_back"]).sum())
    back = done.height - right
    return _measure(
        found, "first_time_right", label, right / done.height, Unit.PERCENT, period,
        interval=Interval(*stats.wilson(right, done.height), method=text("Wilson score interval")),
        note=ntext("{n} of {all} had moved back", "{n} of {all} had moved back", back, all=done.height),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Little:
    """Little's law over a period: the mean work in progress, and what throughput and mean cycle time make it."""

    wip: float
    expected: float

    @property
    def residual(self) -> float:
        """By which share of the mean work in progress the two differ: far from 0, the mean cycle time misleads."""
        return (self.wip - self.expected) / self.wip


def little(found: Delivery, period: Period) -> Little | None:
    """Little's law for a period, by elapsed days; None where nothing was in progress or launched in it."""
    start, end = start_of(period.start), min(start_of(period.end + timedelta(days=1)), found.end)
    done = launched_in(found, period)
    if done.is_empty() or end <= start:
        return None
    known = found.items.drop_nulls("started").select(
        pl.col("started").clip(start, end).alias("from"), pl.col("finished").fill_null(end).clip(start, end).alias("to")
    )
    days = (end - start) / timedelta(days=1)
    wip = float((known["to"] - known["from"]).dt.total_microseconds().sum()) / 86_400e6 / days
    cycle = done.select(flow.days(pl.col("started"), pl.col("finished")).sum()).item()
    return Little(wip, float(cycle) / days) if wip > 0 else None


@dataclass(frozen=True, slots=True)
class Between:
    """Between what work in progress moved, counted at the end of each day: `least`, `most` and the first `day` of that, and how
    much there is `now`, at the `end`.
    """

    least: int
    most: int
    day: date
    now: int
    end: date


def between(days: pl.DataFrame) -> Between | None:
    """`days`: `day` and `items` in progress, by day. None where nothing ever was."""
    if not days["items"].sum():
        return None
    day, most = days.sort("items", "day", descending=[True, False]).row(0)
    end, now = days.row(-1)
    return Between(days.sort("items").item(0, "items"), most, day, now, end)


def mean_cycle(limit: int, throughput: Measure, faster: float = 1.0) -> float | None:
    """Days that work would take on average from its start, were at most `limit` items in progress and as many finished a week as in
    the measure, or `faster` times as many (Little's law, in a process that neither fills up nor runs empty). None where nothing was
    finished.
    """
    return limit / (float(throughput.value) / 7 * faster) if throughput.value else None


def against(found: Delivery, period: Period, before: Period) -> Text | None:
    """Whether work launched in a period was faster than that of another: both medians, and whether chance could explain the
    difference (Mann and Whitney's test, 5 %). None where either has fewer than FEWEST.
    """
    now, then = (launched_in(found, days)["cycle"].to_numpy() for days in (period, before))
    if min(len(now), len(then)) < FEWEST:
        return None
    medians = {"now": stats.nearest_rank(now, 0.5), "then": stats.nearest_rank(then, 0.5)}
    said = {name: Quantity(days, Unit.DAYS) for name, days in medians.items()}
    chance, above = stats.rank_test(now, then)
    if chance >= _CHANCE:
        return text("Neither faster nor slower than before, beyond chance: half took at most {now}, before {then}.", **said)
    # The test compares all of them, not the medians, so it says the direction, too.
    if above > 0.5:
        return text("Slower than before: half took at most {now}, before {then}.", **said)
    return text("Faster than before: half took at most {now}, before {then}.", **said)


def _measure(
    found: Delivery, key: str, label: Text, value: float | None, unit: Unit, period: Period | None, *,
    missing: Text | None = None, interval: Interval | None = None, note: Text | None = None,
) -> Measure:  # fmt: skip
    return Measure(
        key=key, label=label, value=value, unit=unit, definition=key, version=1, sources=SOURCES, period=period,
        as_of=_last_day(found.end), interval=interval, missing=missing, note=note,
    )  # fmt: skip


def _last_day(end: datetime) -> date:
    return (end - timedelta(seconds=1)).date()
