"""The dates that would have been told for single pieces of work in the past, with what was known then, and what became of them.

Every fourth week of the last three years is such a past (rolling origins): the work that was open, in the order of work, at each
team's pace. Where a share must be read (`calibration`) is learned anew at each from those before it.
"""

import hashlib
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from io import BytesIO

import numpy as np
import polars as pl

from marops.calendars import Calendar
from marops.period import start_of
from marops.pipeline import calibration, finishing, flow, outlook
from marops.pipeline.calibration import Calibration, Seen, Stay
from marops.pipeline.finishing import Order
from marops.pipeline.forecast import Floats, Held, Ints, Pace

STEP = 20
"""Working days between the days on which dates are told: four weeks."""

_NEWEST = 13
"""Such days of the past that are learned from: a year of them. Teams change."""

_TRIALS = 1_000
_FEWEST_VISITS = 10
_LONG, _VERY_LONG = 1, 3
"""Times the stay that 85 % of visits do not exceed."""

_DONE = 0.85


@dataclass(frozen=True)
class Checked:
    """What the past says: `calibration` for dates told now, and how often dates read by what was known then were `held`."""

    calibration: Calibration
    held: tuple[Held, ...]

    @property
    def broken(self) -> tuple[float, ...]:
        """The shares whose dates were kept clearly less often than they say: nobody should be promised one."""
        return tuple(one.share for one in self.held if one.is_short)


@dataclass(frozen=True)
class _Told:
    """One day on which dates were told: the working days known then (`day`), and for each piece of work its `item`, `stage` and
    `stay`, the day on which it was `done` or withdrawn (`gone`), counted from then (0: not yet), and what is read on the day before
    that and, as long as it goes on, on every STEP-th day (`later`: a column each).
    """

    day: int
    item: Ints
    stage: Ints
    stay: Ints
    done: Ints
    gone: Ints
    before: Floats
    later: Floats

    def seen(self, days: int) -> Seen:
        """What had become of it once so many working days were known."""
        passed = days - self.day
        is_done, is_gone = ((day > 0) & (day <= passed) for day in (self.done, self.gone))
        # Of what is withdrawn nobody will know when it would have been done.
        read = np.where(is_done | is_gone, self.before, self.later[:, passed // STEP])
        return Seen(self.item, self.stage, self.stay, read, is_done)


def stays(placed: pl.DataFrame, over: datetime) -> pl.DataFrame:
    """How long each item has stood where it is at a moment: `issue_id`, `stage`, `index`, `since`, `stay` (calibration.Stay).
    `placed`: events.placed. What is normal is the time that 85 % of a stage's visits did not exceed, a day at least.
    """
    visits = flow.visits(placed.filter(pl.col("at") < over))
    rank = (pl.len() * _DONE).round(9).ceil().cast(pl.Int64)
    limits = (
        visits.drop_nulls("left").group_by("stage")
        .agg(flow.days(pl.col("at"), pl.col("left")).sort().get(rank - 1).clip(1).alias("limit"), pl.len().alias("visits"))
        .filter(pl.col("visits") >= _FEWEST_VISITS)
    )  # fmt: skip
    times = flow.days(pl.col("at"), pl.lit(over)) / pl.col("limit")
    stay = pl.when(times > _VERY_LONG).then(Stay.VERY_LONG.value).when(times > _LONG).then(Stay.LONG.value)
    here = visits.filter(pl.col("left").is_null()).join(limits, on="stage", how="left", maintain_order="left")
    return here.select(
        pl.col("case").cast(pl.String).alias("issue_id"), "stage", pl.col("index").cast(pl.Int64), pl.col("at").alias("since"),
        stay.otherwise(Stay.USUAL.value).cast(pl.Int64).alias("stay"),
    )  # fmt: skip


_NO_NUMBERS = np.zeros(0, np.int64)
_NOTHING = Seen(_NO_NUMBERS, _NO_NUMBERS, _NO_NUMBERS, np.zeros(0), np.zeros(0, np.bool_))


@dataclass(frozen=True)
class Past:
    """The past of a process. `placed`: events.placed of all work, withdrawn or not; `done`: the index of the stage that ends it;
    `withdrawn`: `issue_id`, `gone` (when); `work`: `issue_id`, `unit`, `due_date` (as they are now: what they were then is not
    kept); `last_day`: the last that is over.
    """

    placed: pl.DataFrame
    done: int
    withdrawn: pl.DataFrame
    work: pl.DataFrame
    calendar: Calendar
    last_day: date

    @cached_property
    def content(self) -> tuple[object, ...]:
        """What is told of it depends on: as long as nothing of it changes, this does not."""
        made = hashlib.sha256()
        for frame in (self.placed.select(pl.col("case").cast(pl.String), "index", "at"), self.withdrawn, self.work):
            buffer = BytesIO()
            frame.rechunk().write_ipc(buffer)
            made.update(buffer.getvalue())
        return made.digest(), self.done, tuple(self._days), self.last_day

    def checked(self, order: Order, *, seed: int) -> Checked:
        """Tells the dates of the past again, in an order of work, and learns from them. Dates that were not over by the last day,
        those of days on which there was nothing to learn from yet, and those of work that was withdrawn, are held against nothing.
        """
        count, told = len(self._days), list[_Told]()
        kept, said = [0] * len(outlook.SHARES), [0] * len(outlook.SHARES)
        for day in range(count % STEP or STEP, count, STEP):
            found = self._on(day, order, seed)
            if found is None:
                continue
            one, chances = found
            known = calibration.learn(_together([past.seen(day) for past in told[-_NEWEST:]]))
            if known.is_empty:
                told.append(one)
                continue
            for place, share in enumerate(outlook.SHARES):
                days = finishing.days_read(chances, share, one.stage, one.stay, known)
                over = (day + days <= count) & (one.gone == 0)
                said[place] += int(over.sum())
                kept[place] += int((over & (one.done > 0) & (one.done <= days)).sum())
            told.append(one)
        held = tuple(Held(*each) for each in zip(outlook.SHARES, kept, said, strict=True) if each[2])
        return Checked(calibration.learn(_together([one.seen(count) for one in told[-_NEWEST:]])), held)

    @cached_property
    def _first(self) -> date:
        """The first day that is looked at."""
        first = self.placed["at"].min()
        return max(first.date(), self.last_day - outlook.HISTORY) if isinstance(first, datetime) else self.last_day

    @cached_property
    def _days(self) -> list[date]:
        """The working days of the last years up to the last that is over."""
        return self.calendar.working_days(self._first, self.last_day)

    @cached_property
    def _since(self) -> Mapping[str | None, date]:
        """The first day on which each team had work."""
        first = self.placed.group_by(pl.col("case").cast(pl.String).alias("issue_id")).agg(pl.col("at").min().dt.date())
        since = first.join(self.work, on="issue_id").group_by("unit").agg(pl.col("at").min())
        return dict(since.iter_rows())

    def _paces(self, launched: pl.DataFrame, last_day: date) -> dict[str | None, Pace]:
        """The paces of teams as they were known at a day's end. `launched`: `unit`, `since` (when)."""
        found: dict[str | None, Pace] = {}
        for unit, since in self._since.items():
            own = launched.filter(pl.col("unit").eq_missing(pl.lit(unit, pl.String)))["since"].dt.date()
            _, pace = outlook.pace(own, since, last_day, self.calendar)
            if pace is not None:
                found[unit] = pace
        return found

    def _on(self, day: int, order: Order, seed: int) -> tuple[_Told, Floats] | None:
        """The dates told when so many working days were known, and the chances by day they are read from; None where no team had a
        pace, or nothing was open.
        """
        over, left = start_of(self._days[day - 1] + timedelta(days=1)), len(self._days) - day
        stood = stays(self.placed, over).join(self.work, on="issue_id", how="inner")
        stood = stood.join(self.withdrawn.filter(pl.col("gone") < over), on="issue_id", how="anti", maintain_order="left")
        is_done = pl.col("index") == self.done
        open_ = stood.filter(~is_done).with_columns(pl.lit(None, pl.Int64).alias("place"))
        paces = self._paces(stood.filter(is_done), self._days[day - 1])
        teams = dict(open_.select("issue_id", "unit").iter_rows())
        arranged = [issue for issue in finishing.ordered(open_, order) if teams[issue] in paces]
        if not arranged:
            return None
        # Nobody can hold a later day against the past than the last that is known.
        chances = finishing.queues(arranged, teams, paces, seed=seed + day, trials=_TRIALS, most=left + 1).of(arranged)
        stands = {issue: (index, stay) for issue, index, stay in open_.select("issue_id", "index", "stay").iter_rows()}
        stage, stay = np.array([stands[issue] for issue in arranged]).T
        ends = self.placed.filter(is_done & (pl.col("at") >= over)).select(pl.col("case").cast(pl.String).alias("issue_id"), "at")
        done = self._counted(arranged, ends, day)
        gone = np.where(done > 0, 0, self._counted(arranged, self.withdrawn.rename({"gone": "at"}), day))
        later = [calibration.readings(chances, np.full(len(done), passed)) for passed in range(0, left + 1, STEP)]
        told = _Told(
            day, np.array([self._ids[issue] for issue in arranged]), stage, stay, done, gone,
            calibration.readings(chances, np.maximum(done + gone - 1, 0)), np.stack(later, axis=1),
        )  # fmt: skip
        return told, chances

    @cached_property
    def _ids(self) -> Mapping[str, int]:
        return {issue: at for at, issue in enumerate(self.work["issue_id"])}

    def _counted(self, items: Sequence[str], found: pl.DataFrame, day: int) -> Ints:
        """The working days after the `day`-th until something happened to each first (`issue_id`, `at`); 0 where it did not. What
        happens on a day off counts on the next.
        """
        first = dict(found.group_by("issue_id").agg(pl.col("at").min().dt.date()).iter_rows())
        return np.array([bisect_left(self._days, first[item]) + 1 - day if item in first else 0 for item in items])


def _together(seen: Sequence[Seen]) -> Seen:
    parts = [_NOTHING, *seen]
    return Seen(
        np.concatenate([one.item for one in parts]), np.concatenate([one.stage for one in parts]),
        np.concatenate([one.stay for one in parts]),
        np.concatenate([one.reading for one in parts]), np.concatenate([one.is_done for one in parts]),
    )  # fmt: skip
