"""Which launches will miss their date: what became of campaigns that stood in the same stage as long before their date.

Campaigns that are ready early wait for their date. So how long work takes says little about whether it will be late; how far it
was, so many days before its date, does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import isinf

import numpy as np
import numpy.typing as npt
import polars as pl

from marops import stats
from marops.calendars import USUAL, Calendar
from marops.pipeline.forecast import Floats, Ints

FEWEST = 10
"""Comparable campaigns below which nothing is said."""

Bools = npt.NDArray[np.bool_]

_DAY = timedelta(days=1)
_NEAR = (0, 3, 7)
"""Days by which a campaign may have been nearer to its date, or farther from it, to be comparable: as few as will do."""

_FARTHEST = timedelta(days=3_650)
"""A date farther ahead stands for none."""

RISK = pl.Schema(
    {
        "issue_id": pl.String(), "chance": pl.Float64(), "low": pl.Float64(), "high": pl.Float64(), "comparable": pl.Int64(),
        "late": pl.Int64(), "near": pl.Int64(), "likely": pl.Date(), "latest": pl.Date(),
    }
)  # fmt: skip


def risks(work: pl.DataFrame, visits: pl.DataFrame, end: datetime, calendar: Calendar = USUAL) -> pl.DataFrame:
    """One row a campaign that has a date, is not launched and not done (see RISK); `visits` are those to stages before the launch.
    Days are those of the calendar's zone.

    `chance`: that it is not launched when its date is over: 1 where it is over by `end`, else the share (`late` of `comparable`) of
    earlier campaigns that stood in its stage as many days (give or take `near`) before their date and were not launched then,
    with Wilson's interval; `likely`, `latest`: the days by which half and 85 % of these were launched, counted from the date
    (null: as many never were). Null where fewer than FEWEST are comparable. Campaigns withdrawn before their date are none of them.
    """
    past = _by_stage(_past(work, visits, end, calendar))
    rows: list[tuple[str, float | None, float | None, float | None, int, int, int, date | None, date | None]] = []
    for issue, stage, due in _open(work, end).select("issue_id", "stage", "due_date").iter_rows():
        left = (calendar.over(due) - end) / _DAY
        near, found = past[stage].comparable(issue, left) if stage in past else (_NEAR[-1], _NONE_ALIKE)
        late, count = int((~found.kept).sum()), len(found.kept)
        if count < FEWEST:
            rows.append((issue, 1.0 if left <= 0 else None, None, None, count, late, near, None, None))
            continue
        half, most = (_after(due, stats.nearest_rank(found.delay, share)) for share in (0.5, 0.85))
        if left <= 0:
            rows.append((issue, 1.0, None, None, count, late, near, half, most))
        else:
            rows.append((issue, late / count, *stats.wilson(late, count), count, late, near, half, most))
    return pl.DataFrame(rows, schema=RISK, orient="row")


@dataclass(frozen=True, slots=True)
class Checked:
    """How such chances turned out: of `said` campaigns, each counted once, `expected` should have been late, and `late` were."""

    said: int
    expected: float
    late: int


def checked(
    work: pl.DataFrame, visits: pl.DataFrame, end: datetime, calendar: Calendar = USUAL, *, months: int = 12
) -> Checked | None:
    """What would have been said on the first day of each of the last months, with what was known then, of campaigns whose date has
    passed since, the last time before it; None where nothing could have been said. Those withdrawn before their date do not count.
    """
    chances: dict[str, float] = {}
    known = {issue: (due, launched) for issue, due, launched in work.select("issue_id", "due_date", "launched_at").iter_rows()}
    withdrawn = set(_withdrawn(work, calendar)["issue_id"])
    day = end.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    for _ in range(months):
        found = risks(*_as_known(work, visits, day), day, calendar).drop_nulls("low")
        for issue, chance in found.select("issue_id", "chance").iter_rows():
            if calendar.over(known[issue][0]) <= end and issue not in withdrawn:
                chances.setdefault(issue, chance)
        day = (day - _DAY).replace(day=1)
    late = sum((launched := known[issue][1]) is None or calendar.day(launched) > known[issue][0] for issue in chances)
    return Checked(len(chances), sum(chances.values()), late) if chances else None


def _after(due: date, delay: float) -> date | None:
    return None if isinf(delay) else due + timedelta(days=int(delay))


def _open(work: pl.DataFrame, end: datetime) -> pl.DataFrame:
    return work.filter(
        pl.col("launched_at").is_null() & pl.col("done_at").is_null() & (pl.col("due_date") < (end + _FARTHEST).date())
    )


def _withdrawn(work: pl.DataFrame, calendar: Calendar) -> pl.DataFrame:
    """Campaigns that were over without a launch (dropped) when their date was."""
    over = calendar.overs(pl.col("due_date"))
    return work.filter(pl.col("launched_at").is_null() & (pl.col("done_at") < over)).select("issue_id")


def _past(work: pl.DataFrame, visits: pl.DataFrame, end: datetime, calendar: Calendar) -> pl.DataFrame:
    """Visits to stages before the launch, of campaigns whose date was over by `end`: how many days before it the visit began
    (`since`) and ended (`until`) and the campaign was launched (`gone`; null: it was not), whether it `kept` its date, and how many
    days after it it was launched (`delay`).
    """
    over = calendar.overs(pl.col("due_date"))
    due = work.filter(over <= end).join(_withdrawn(work, calendar), on="issue_id", how="anti")
    delay = (calendar.days_of(pl.col("launched_at")) - pl.col("due_date")).dt.total_days()
    left = pl.min_horizontal(pl.coalesce("left_at", pl.lit(end)), pl.coalesce("launched_at", pl.lit(end)))
    return (
        visits.join(due.select("issue_id", over.alias("over"), "launched_at", delay.alias("delay")), on="issue_id")
        .filter((pl.col("entered_at") < pl.col("launched_at")).fill_null(value=True))
        .select(
            "issue_id", "stage", "delay",
            ((pl.col("over") - pl.col("entered_at")).dt.total_microseconds() / 86_400e6).alias("since"),
            ((pl.col("over") - left).dt.total_microseconds() / 86_400e6).alias("until"),
            ((pl.col("over") - pl.col("launched_at")).dt.total_microseconds() / 86_400e6).alias("gone"),
            (pl.col("delay") <= 0).fill_null(value=False).alias("kept"),
        )
    )  # fmt: skip


@dataclass(frozen=True)
class _Alike:
    """Campaigns: whether each `kept` its date, and how many days after it it was launched (infinite: never)."""

    kept: Bools
    delay: Floats


@dataclass(frozen=True)
class _Past:
    """The rows of `_past` of a stage, in the order of visits, the `campaign` of each by number: what was never launched is `gone`
    before any day.
    """

    numbers: Mapping[str, int]
    campaign: Ints
    since: Floats
    until: Floats
    gone: Floats
    of: _Alike

    def comparable(self, issue: str, left: float) -> tuple[int, _Alike]:
        """The campaigns other than one that were not launched `left` days before their date and stood in the stage about then, each
        once, and how many days "about" is.
        """
        others = (self.gone < left) & (self.campaign != self.numbers.get(issue, -1))
        for near in _NEAR:
            about = np.flatnonzero(others & (self.until < left + near) & (self.since >= left - near))
            once = about[np.unique(self.campaign[about], return_index=True)[1]]
            if len(once) >= FEWEST or near == _NEAR[-1]:
                return near, _Alike(self.of.kept[once], self.of.delay[once])
        raise AssertionError


_NONE_ALIKE = _Alike(np.zeros(0, np.bool_), np.zeros(0))


def _by_stage(past: pl.DataFrame) -> dict[str | None, _Past]:
    found: dict[str | None, _Past] = {}
    for (stage,), rows in past.group_by("stage", maintain_order=True):
        numbers = {issue: at for at, issue in enumerate(rows["issue_id"].unique(maintain_order=True))}
        delay = rows["delay"].cast(pl.Float64).fill_null(float("inf")).to_numpy()
        found[stage] = _Past(
            numbers, np.array([numbers[issue] for issue in rows["issue_id"]]), rows["since"].to_numpy(), rows["until"].to_numpy(),
            rows["gone"].fill_null(float("-inf")).to_numpy(), _Alike(rows["kept"].to_numpy(), delay),
        )  # fmt: skip
    return found


def _as_known(work: pl.DataFrame, visits: pl.DataFrame, day: datetime) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Campaigns and visits as they were at a moment; dates as they are now, for what they were then is not recorded."""
    known = visits.filter(pl.col("entered_at") < day).with_columns(
        pl.when(pl.col("left_at") < day).then(pl.col("left_at")).alias("left_at")
    )
    now = known.filter(pl.col("left_at").is_null()).select("issue_id", "stage", pl.col("entered_at").alias("since"))
    launched = pl.when(pl.col("launched_at") < day).then(pl.col("launched_at")).alias("launched_at")
    done = pl.when(pl.col("done_at") < day).then(pl.col("done_at")).alias("done_at")
    there = work.filter(pl.col("created_at") < day).drop("stage", "since").with_columns(launched, done)
    return there.join(now, on="issue_id", how="left"), known
