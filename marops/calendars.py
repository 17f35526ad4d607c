"""Working calendars: in which hours somebody works, in whose zone, and on which days nobody does."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import polars as pl

_MONDAY_TO_FRIDAY = MappingProxyType({day: ((time(9), time(17)),) for day in range(5)})
_HOUR = 3_600_000_000
_LONGEST = 3_650
"""Days ahead within which a goal must be due: ten years."""

Moments = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Calendar:
    """Hours of work by weekday (0: Monday) in a zone's own time, as (from, to) pairs in their order; `holidays` have none. Without
    any said: Monday to Friday, 9:00 to 17:00, UTC.

    Raises ValueError for hours that overlap or do not end after they begin, and where nobody ever works.
    """

    zone: str = "UTC"
    week: Mapping[int, tuple[tuple[time, time], ...]] = field(default_factory=lambda: _MONDAY_TO_FRIDAY)
    holidays: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        ZoneInfo(self.zone)
        for day, slots in self.week.items():
            ends = [moment for slot in slots for moment in slot]
            if day not in range(7) or ends != sorted(ends) or any(begin == end for begin, end in slots):
                raise ValueError(f"weekday {day}: hours must follow each other: {slots}")
        if not any(self.week.values()):
            raise ValueError("a calendar without working hours")

    def is_working(self, day: date) -> bool:
        """Whether anybody works on a day."""
        return bool(self.week.get(day.weekday())) and day not in self.holidays

    def day(self, moment: datetime) -> date:
        """The day that a moment is on, in the calendar's zone. What is at midnight UTC to the microsecond was read from a day
        without an hour, and stays that day.
        """
        utc = moment.astimezone(UTC)
        return utc.date() if utc.time() == time.min else moment.astimezone(ZoneInfo(self.zone)).date()

    def over(self, day: date) -> datetime:
        """The moment, UTC, at which a day is over in the calendar's zone."""
        return datetime.combine(day + timedelta(days=1), time.min, ZoneInfo(self.zone)).astimezone(UTC)

    def days_of(self, moments: pl.Expr) -> pl.Expr:
        """`day` of each moment (UTC)."""
        is_day = moments == moments.dt.truncate("1d")
        return pl.when(is_day).then(moments.dt.date()).otherwise(moments.dt.convert_time_zone(self.zone).dt.date())

    def overs(self, days: pl.Expr) -> pl.Expr:
        """`over` of each day. Where clocks go forward at midnight, the next day begins at one."""
        midnight = days.cast(pl.Datetime("us")) + timedelta(days=1)
        begins = [
            at.dt.replace_time_zone(self.zone, ambiguous="earliest", non_existent="null")
            for at in (midnight, midnight + timedelta(hours=1))
        ]
        return pl.coalesce(begins).dt.convert_time_zone("UTC")

    def working_days(self, first: date, last: date) -> list[date]:
        """The working days from one day to another, both included."""
        return [day for day in _days(first, last) if self.is_working(day)]

    def working_day(self, after: date, number: int) -> date:
        """The first, second, third ... working day after a day; that day itself for 0. Raises ValueError where it is more than 30
        years away.
        """
        day, left = after, number
        while left > 0:
            day += timedelta(days=1)
            if day - after > timedelta(days=3 * _LONGEST):
                raise ValueError(f"no {number} working days within 30 years of {after}")
            left -= self.is_working(day)
        return day

    def counts(self, found: pl.Series, first: date, last: date) -> list[int]:
        """How many of these dates fall on each working day from `first` to `last`; one on a day off counts on the next working day.
        Dates before the first and after the last are left out.
        """
        days = pl.DataFrame({"day": self.working_days(first, last)}, schema={"day": pl.Date})
        kept = found.to_frame("date").filter(pl.col("date") >= first).sort("date")
        on = kept.join_asof(days, left_on="date", right_on="day", strategy="forward", coalesce=False).drop_nulls("day")
        by_day = on.group_by("day").len()
        return days.join(by_day, on="day", how="left", maintain_order="left")["len"].fill_null(0).cast(pl.Int64).to_list()

    @property
    def hours_a_day(self) -> float:
        """How many hours a day of the week has on which somebody works, on average."""
        hours = [sum(_hours(end) - _hours(begin) for begin, end in slots) for slots in self.week.values() if slots]
        return sum(hours) / len(hours)

    def days(self, starts: pl.Series, ends: pl.Series) -> pl.Series:
        """Working days between moments (UTC), as `hours`: so many times the hours of one."""
        return self.hours(starts, ends) / self.hours_a_day

    def hours(self, starts: pl.Series, ends: pl.Series) -> pl.Series:
        """Working hours between moments (UTC), pair by pair; null where one of them is missing, 0 where the end comes first."""
        known = pl.concat([starts, ends]).drop_nulls()
        if known.is_empty():
            return pl.Series("hours", [None] * len(starts), pl.Float64)
        first, last = known.min(), known.max()
        if not isinstance(first, datetime) or not isinstance(last, datetime):
            raise TypeError(f"moments are needed, not {starts.dtype}")
        begin, end = self._spans(first.date() - timedelta(days=1), last.date() + timedelta(days=1))
        worked = _worked(begin, end, ends) - _worked(begin, end, starts)
        return pl.DataFrame({"hours": worked / _HOUR, "known": starts.is_not_null() & ends.is_not_null()}).select(
            pl.when("known").then(pl.col("hours").clip(0)).alias("hours")
        )["hours"]

    def due(self, start: datetime, hours: float) -> datetime:
        """The moment by which so many working hours have passed since a moment, in the calendar's zone. Raises ValueError where
        that is more than ten years away.
        """
        zone = ZoneInfo(self.zone)
        first = start.astimezone(zone).date()
        left = timedelta(hours=hours)
        for day in _days(first, first + timedelta(days=_LONGEST)):
            for begin, end in self._slots(day):
                begins = max(begin, start.astimezone(UTC))
                if begins < end:
                    if left <= end - begins:
                        return (begins + left).astimezone(zone)
                    left -= end - begins
        raise ValueError(f"{hours} working hours from {start} are not over within {_LONGEST} days")

    def _slots(self, day: date) -> list[tuple[datetime, datetime]]:
        """The hours of a day as moments, UTC."""
        if day in self.holidays:
            return []
        zone = ZoneInfo(self.zone)
        found: list[tuple[datetime, datetime]] = []
        for begin, end in self.week.get(day.weekday(), ()):
            begins, over = (datetime.combine(day, at, zone).astimezone(UTC) for at in (begin, end))
            # Where clocks go forward, hours that are left out would run into those after them.
            begins = max(begins, found[-1][1]) if found else begins
            if begins < over:
                found.append((begins, over))
        return found

    def _spans(self, first: date, last: date) -> tuple[Moments, Moments]:
        """Where the hours of all days begin and end, in microseconds since 1970."""
        found = [slot for day in _days(first, last) for slot in self._slots(day)]
        begin, end = (pl.Series([slot[at] for slot in found], dtype=pl.Datetime("us", "UTC")) for at in (0, 1))
        return begin.to_physical().to_numpy(), end.to_physical().to_numpy()


def _hours(clock: time) -> float:
    return clock.hour + clock.minute / 60 + clock.second / 3600


USUAL = Calendar()
"""The calendar of who has said none."""


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=at) for at in range((last - first).days + 1)]


def _worked(begin: Moments, end: Moments, moments: pl.Series) -> npt.NDArray[np.float64]:
    """Working microseconds from the first span to each moment (0 for a missing one)."""
    if not len(begin):
        return np.zeros(len(moments))
    at = moments.cast(pl.Datetime("us", "UTC")).to_physical().fill_null(0).to_numpy()
    before = np.concatenate([[0], np.cumsum(end - begin)])
    span = np.searchsorted(begin, at, side="right") - 1
    inside = np.clip(at - begin[span.clip(min=0)], 0, (end - begin)[span.clip(min=0)])
    return np.where(span >= 0, before[span.clip(min=0)] + inside, 0).astype(np.float64)
