"""Flow of items through stages, from the events of a log: pure functions from frames to frames and plain numbers.

A visit is the half-open time from an event to the next of its item; the last one of an item that is not done goes on. Definitions
follow the Kanban Guide (WIP, throughput, work item age, cycle time). Events are those of `events.log`; every moment is UTC, and
days are of 24 hours unless a function says otherwise.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from hashlib import blake2b

import numpy as np
import numpy.typing as npt
import polars as pl

from marops.pipeline.events import Workflow

Moments = npt.NDArray[np.int64]

_DAY = 86_400_000_000
_NEVER = np.iinfo(np.int64).max
_LATER = 1 << 60
"""More microseconds than any moment has since 1970."""

_ITEM = pl.Schema(
    {
        "case": pl.Categorical(), "first": pl.Datetime("us", "UTC"), "last": pl.Datetime("us", "UTC"), "stage": pl.String(),
        "role": pl.String(), "started": pl.Datetime("us", "UTC"), "finished": pl.Datetime("us", "UTC"), "worked": pl.Boolean(),
        "moved_back": pl.Boolean(),
    }
)  # fmt: skip


class Reopened(StrEnum):
    """What becomes of an item's times when it moves back: nothing is forgotten, or stages after the one it went back to are
    forgotten as if they had never been entered.
    """

    KEPT = "kept"
    RESET = "reset"


def visits(events: pl.DataFrame) -> pl.DataFrame:
    """One row a visit: the event with `left` (null: still there) and `next_stage`, `next_role` (null after the last)."""
    same = pl.col("case") == pl.col("case").shift(-1)
    after = {"left": "at", "next_stage": "stage", "next_role": "role"}
    return events.with_columns(pl.when(same).then(pl.col(found).shift(-1)).alias(name) for name, found in after.items())


def items(events: pl.DataFrame, workflow: Workflow, reopened: Reopened = Reopened.KEPT) -> pl.DataFrame:
    """One row an item of placed events: `first`, `last`, `stage` and `role` it is in, `started` (first active stage; where it was
    in none, the first stage after the place at which those begin), `worked` (it was in an active stage, or nobody said which are),
    `finished` (its last event, of those that end the work; null while it is in another stage), `moved_back`.
    """
    if events.is_empty():
        return pl.DataFrame(schema=_ITEM)
    if reopened is Reopened.RESET:
        return items(without_undone(events), workflow).with_columns(_moved_back(events, _starts(events)))
    # Sums over items that stand together: groups would take three times as long.
    at, index = (events[name].to_physical().to_numpy() for name in ("at", "index"))
    starts = _starts(events)
    ends = _ends(starts, len(at))
    in_done = np.array([stage in workflow.done for stage in workflow.stages])[index[ends]]
    # Any active stage comes before all others, and those after the first active one before those that begin nothing.
    rank = [
        0 if stage in workflow.active or not workflow.active else 1 if place >= workflow.started_from else 2
        for place, stage in enumerate(workflow.stages)
    ]
    begun = np.minimum.reduceat(at + (np.array(rank) * _LATER)[index], starts)
    started = np.where(begun < 2 * _LATER, begun % _LATER, _NEVER)
    finished = np.where(in_done, at[ends], _NEVER)
    ended = events[ends.astype(np.uint32)]
    return pl.DataFrame(
        {
            "case": ended["case"], "first": _moments("first", at[starts]), "last": ended["at"], "stage": ended["stage"],
            "role": ended["role"], "started": _moments("started", started), "finished": _moments("finished", finished),
            "worked": pl.Series(begun < _LATER), "moved_back": _moved_back(events, starts),
        }
    )  # fmt: skip


def _starts(events: pl.DataFrame) -> Moments:
    """Where the events of each item begin."""
    item = events["case"].to_physical().to_numpy()
    return np.flatnonzero(np.concatenate([[True], item[1:] != item[:-1]])[: len(item)])


def _ends(starts: Moments, events: int) -> Moments:
    """The last of each item's `events`."""
    return np.concatenate([starts[1:], [events]])[: len(starts)] - 1


def _moved_back(events: pl.DataFrame, starts: Moments) -> pl.Series:
    """Whether each item ever entered a stage before the one it was in."""
    index = events["index"].to_numpy()
    back = np.concatenate([[False], index[1:] < index[:-1]])
    back[starts] = False
    return pl.Series("moved_back", np.logical_or.reduceat(back, starts))


def _moments(name: str, found: Moments) -> pl.Series:
    """Moments of microseconds, null for never."""
    known = pl.Series(name, found, pl.Int64)
    return known.set(known == _NEVER, None).cast(pl.Datetime("us", "UTC"))


def without_undone(events: pl.DataFrame) -> pl.DataFrame:
    """Placed events without those of stages that an item later went back behind: what is left only goes forward."""
    index = events["index"].to_numpy()
    place, _ = _in_item(int(index.max()) + 1 if len(index) else 1)
    return events.filter(place.cum_min(reverse=True) == place)


def _in_item(stages: int) -> tuple[pl.Expr, pl.Expr]:
    """A stage's place counted on from item to item, and where its item's places begin. As items stand together and their numbers
    rise, a running maximum (or one from the end, a minimum) never leaves its item.
    """
    begin = pl.col("case").to_physical().cast(pl.Int64) * stages
    return begin + pl.col("index"), begin


def entered(events: pl.DataFrame, workflow: Workflow) -> pl.DataFrame:
    """When each item first reached each stage, or one after it: `case`, `stage`, `at`. A skipped stage has the moment of the next
    one that was not; stages an item has not reached are not among its rows.
    """
    reached = [
        events.filter(pl.col("index") >= at).group_by("case", maintain_order=True)
        .agg(pl.lit(stage).first().alias("stage"), pl.col("at").min())
        for at, stage in enumerate(workflow.stages)
    ]  # fmt: skip
    return pl.concat(reached)


class Clock(StrEnum):
    """What a duration counts: elapsed time, calendar days between two days, or those with the first of them counted too."""

    ELAPSED = "elapsed"
    DAYS = "days"
    DAYS_INCLUSIVE = "days, first included"


def days(start: pl.Expr, end: pl.Expr, clock: Clock = Clock.ELAPSED) -> pl.Expr:
    """Days from one moment to another."""
    if clock is Clock.ELAPSED:
        return (end - start).dt.total_microseconds() / _DAY
    apart = end.dt.epoch("d") - start.dt.epoch("d")
    return (apart + (1 if clock is Clock.DAYS_INCLUSIVE else 0)).cast(pl.Float64)


FLAG = pl.Schema({"case": pl.String(), "at": pl.Datetime("us", "UTC"), "flagged": pl.Boolean()})
"""When a flag (blocked, waiting) was set on an item, and when it was taken off."""


def blocked(flags: pl.DataFrame, events: pl.DataFrame, workflow: Workflow, as_of: datetime, clock: Clock) -> pl.DataFrame:
    """The times items of placed events were flagged: `case`, `start`, `end` (null: still flagged), the `stage` in which that began
    (null: before its first), `days`. A flag nobody took off ends when its item is finished, else it goes on to `as_of`. Days before
    the work has started and after its end are no days it was held up: null.
    """
    known = events.with_columns(pl.col("case").cast(pl.String))
    ordered = flags.sort("case", "at", maintain_order=True)
    same = pl.col("case") == pl.col("case").shift()
    ordered = ordered.filter(pl.col("flagged") != pl.when(same).then(pl.col("flagged").shift()).fill_null(value=False))
    ends = pl.when(pl.col("case") == pl.col("case").shift(-1)).then(pl.col("at").shift(-1))
    spans = ordered.select("case", pl.col("at").alias("start"), ends.alias("end"), "flagged").filter("flagged").drop("flagged")
    stages = known.select("case", pl.col("at").alias("start"), "stage", "index").sort("start")
    spans = spans.sort("start").join_asof(stages, on="start", by="case", strategy="backward", check_sortedness=False)
    finished = items(known, workflow).select("case", "finished")
    until = pl.min_horizontal(pl.coalesce("end", pl.lit(as_of)), pl.coalesce("finished", pl.lit(as_of)))
    is_doing = (pl.col("index") >= workflow.started_from) & (pl.col("index") < workflow.done_from)
    return (
        spans.join(finished, on="case", how="left")
        .select("case", "start", "end", "stage", pl.when(is_doing).then(days(pl.col("start"), until, clock)).alias("days"))
        .sort("case", "start")
    )


def cycle_times(found: pl.DataFrame, clock: Clock = Clock.ELAPSED) -> pl.Series:
    """Days from start to finish of the items that are finished, in the order of `items`. One that skipped the active stages entered
    them with the stage after them; one that ended in a stage before them has no cycle time.
    """
    cycle = days(pl.col("started"), pl.col("finished"), clock)
    return found.select(cycle.drop_nulls().alias("days"))["days"]


def skipped_active(found: pl.DataFrame, workflow: Workflow) -> int | None:
    """How many items with a cycle time were in no active stage; None where nobody said which are active."""
    timed = pl.col("finished").is_not_null() & pl.col("started").is_not_null()
    return found.filter(timed & ~pl.col("worked")).height if workflow.active else None


def durations(events: pl.DataFrame) -> pl.Series:
    """Days from the first to the last event of each item."""
    at, starts = events["at"].to_physical().to_numpy(), _starts(events)
    return pl.Series("days", (at[_ends(starts, len(at))] - at[starts]) / _DAY)


def variants(events: pl.DataFrame) -> pl.DataFrame:
    """One row a way through the stages: `path` (a list), `items`; the most frequent first."""
    paths = events.group_by("case", maintain_order=True).agg(pl.col("stage").alias("path"))
    return paths.group_by("path").agg(pl.len().alias("items")).sort("items", "path", descending=[True, False])


def rework(events: pl.DataFrame) -> pl.DataFrame:
    """One row a stage that items entered more than once: `stage`, `items` that did, `again` (entries beyond the first of each); the
    most items first.
    """
    entries = events.group_by("case", "stage").agg(pl.len().cast(pl.Int64).alias("entries"))
    return (
        entries.filter(pl.col("entries") > 1).group_by(pl.col("stage").cast(pl.String))
        .agg(pl.len().cast(pl.Int64).alias("items"), (pl.col("entries") - 1).sum().alias("again"))
        .sort("items", "again", "stage", descending=[True, True, False])
    )  # fmt: skip


def throughput(found: pl.DataFrame) -> pl.DataFrame:
    """Finished items by ISO week: `week` (its Monday, UTC), `items`; weeks between without any are 0."""
    # Day 0, of 1970, was a Thursday.
    week = (found["finished"].drop_nulls().to_physical().to_numpy() // _DAY + 3) // 7
    first = int(week.min()) if len(week) else 0
    count = np.bincount(week - first)
    monday = pl.Series((np.arange(len(count)) + first) * 7 - 3, dtype=pl.Int32).cast(pl.Date)
    return pl.DataFrame({"week": monday, "items": pl.Series(count, dtype=pl.Int64)})


def way_sign(path: Sequence[str]) -> str:
    """A short sign for a way, for addresses: the same whatever else is finished."""
    return blake2b("\x1f".join(path).encode(), digest_size=5).hexdigest()


def cumulative(events: pl.DataFrame, workflow: Workflow, days: Sequence[date] | pl.Series) -> pl.DataFrame:
    """Cumulative flow: for each day and stage the items that had reached it, or one after it, by the day's end: `day`, `stage`,
    `items`, by day and in the order of the stages.

    A skipped stage counts as reached with the one after it, and nothing is taken back: the counts never fall in time, and none is
    above that of the stage before.
    """
    asked = np.unique(pl.Series(days, dtype=pl.Date).to_physical().to_numpy())
    stages = len(workflow.stages)
    place, item = _in_item(stages)
    known = events.select(pl.col("at").to_physical().floordiv(_DAY).alias("day"), (place.cum_max() - item).alias("to"))
    day, to = (known[name].to_numpy() for name in known.columns)
    first, last = (int(day.min()), int(day.max())) if len(day) else (0, 0)
    # A step from one stage to a later one begins with the next stage and ends with its own: sums along the stages fill it.
    on = (day - first) * (stages + 1) + 1
    since = np.concatenate([[-1], to])[:-1]
    since[_starts(events)] = -1
    size = (last - first + 1) * (stages + 1)
    change = np.bincount(since + on, minlength=size) - np.bincount(to + on, minlength=size)
    reached = np.concatenate([np.zeros((1, stages + 1), np.int64), change.reshape(-1, stages + 1).cumsum(axis=1).cumsum(axis=0)])
    rows = np.clip(asked - first + 1, 0, len(reached) - 1)
    return pl.DataFrame(
        {
            "day": pl.Series(np.repeat(asked, stages), dtype=pl.Int32).cast(pl.Date),
            "stage": pl.Series(workflow.stages)[np.tile(np.arange(stages), len(asked))],
            "items": pl.Series(reached[rows, :stages].ravel(), dtype=pl.Int64),
        }
    )


@dataclass(frozen=True, slots=True)
class Efficiency:
    """Days in active stages, of all days between the first stage and the end of the work."""

    active: float
    all: float

    @property
    def share(self) -> float | None:
        """None where no time has passed."""
        return self.active / self.all if self.all else None


def efficiency(dwell: pl.DataFrame, workflow: Workflow) -> Efficiency | None:
    """Flow efficiency of completed visits (`time_in_stage`). None where nobody has said which stages are active: all of the time
    would pass for work.
    """
    if not workflow.active:
        return None
    total = dict(dwell.select("stage", "days").iter_rows())
    return Efficiency(
        sum(total.get(stage, 0.0) for stage in workflow.doing if stage in workflow.active),
        sum(total.get(stage, 0.0) for stage in workflow.doing),
    )


def time_in_stage(found: pl.DataFrame, as_of: datetime, done: Collection[str] = ()) -> pl.DataFrame:
    """Days by stage of `visits`: `stage`, `visits`, `days` of those that have ended; `ongoing`, `ongoing_days` of those that have
    not, up to `as_of`. Nobody waits in a stage of `done`: its last visits go on for ever and are not counted.
    """
    left = pl.col("left").is_not_null()
    open_ = ~left & ~pl.col("stage").is_in(list(done))
    return (
        found.group_by("stage", maintain_order=True)
        .agg(
            left.sum().cast(pl.Int64).alias("visits"),
            ((pl.col("left") - pl.col("at")).dt.total_microseconds().sum() / _DAY).alias("days"),
            open_.sum().cast(pl.Int64).alias("ongoing"),
            ((pl.lit(as_of) - pl.col("at").filter(open_)).dt.total_microseconds().sum() / _DAY).alias("ongoing_days"),
        )
        .sort("days", "stage", descending=[True, False])
    )


def handoffs(found: pl.DataFrame) -> pl.DataFrame:
    """How often work went from one role to another: `role`, `next_role`, `times`, and the `days` it was held before. Visits without
    a role say nothing.
    """
    passed = found.filter(pl.col("role") != pl.col("next_role"))
    return (
        passed.group_by("role", "next_role")
        .agg(pl.len().cast(pl.Int64).alias("times"), days(pl.col("at"), pl.col("left")).sum().alias("days"))
        .sort("times", "role", "next_role", descending=[True, False, False])
    )


def age(found: pl.DataFrame, as_of: datetime, clock: Clock = Clock.ELAPSED) -> pl.DataFrame:
    """Unfinished items that have started by `as_of`, with `age` in days, the oldest first."""
    open_ = found.filter(pl.col("finished").is_null() & (pl.col("started") <= as_of))
    return open_.with_columns(days(pl.col("started"), pl.lit(as_of), clock).alias("age")).sort(
        "age", "case", descending=[True, False]
    )


def open_at(starts: pl.Series, ends: pl.Series, days: Collection[date]) -> pl.DataFrame:
    """How many half-open times from `starts` to `ends` (null: goes on) are open as each day begins, UTC: `day`, `items`. Of items
    from start to finish this is WIP; of visits it is the WIP of those stages.
    """
    found = pl.DataFrame({"day": sorted(days)}, schema={"day": pl.Date})
    begins = found.select(pl.col("day").cast(pl.Datetime("us", "UTC")))["day"].to_physical().to_numpy()
    known = pl.DataFrame({"start": starts, "end": ends}).drop_nulls("start")
    begun, over = (np.sort(known[name].drop_nulls().to_physical().to_numpy()) for name in ("start", "end"))
    count = np.searchsorted(begun, begins, side="right") - np.searchsorted(over, begins, side="right")
    return found.with_columns(pl.Series("items", count, pl.Int64))
