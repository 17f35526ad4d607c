"""Spans of days, and the scope every page shares: which workspace, which days, compared with which, for which unit."""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from marops.errors import UserError
from marops.language import text

_FARTHEST = 3_660
"""Days ahead of which somebody can promise something: ten years. What is farther is a mistyped year."""


def check_promised(due: date, today: date) -> None:
    """Pass for a day by which something can be promised. Raises UserError for one that has passed or is over ten years away."""
    if due < today:
        raise UserError(text("{due} has passed; give a day from {today} on.", due=due, today=today))
    if (due - today).days > _FARTHEST:
        raise UserError(text("{due} is more than ten years away. Is the year meant? Give a day that is nearer.", due=due))


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Days from `start` to `end`, both included. Raises UserError where end lies before start."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise UserError(text("The period ends on {end}, before it starts on {start}.", end=self.end, start=self.start))

    @property
    def days(self) -> int:
        """Number of days, both ends counted."""
        return (self.end - self.start).days + 1

    @property
    def is_whole_months(self) -> bool:
        """Starts on a first and ends on a last day of a month."""
        return self.start.day == 1 and self.end == month_of(self.end).end

    def contains(self, day: date) -> bool:
        """Whether the day lies inside."""
        return self.start <= day <= self.end

    @property
    def moments(self) -> tuple[datetime, datetime]:
        """Midnight UTC at which it begins, and the one at which it is over."""
        return start_of(self.start), start_of(self.end + timedelta(days=1))

    def months(self) -> Iterator["Period"]:
        """The calendar months that lie wholly inside, in order."""
        month = month_of(self.start)
        if month.start < self.start:
            month = month_of(month.end + timedelta(days=1))
        while month.end <= self.end:
            yield month
            month = month_of(month.end + timedelta(days=1))


EARLIEST = datetime(1971, 1, 1, tzinfo=UTC)
"""Moments before this are what programs write that have none: nobody planned campaigns in 1970."""


def start_of(day: date) -> datetime:
    """Midnight UTC at which a day begins."""
    return datetime.combine(day, time.min, UTC)


def month_of(day: date) -> Period:
    """The calendar month of a day."""
    return Period(day.replace(day=1), day.replace(day=calendar.monthrange(day.year, day.month)[1]))


def months_back(end: date, count: int) -> Period:
    """The `count` whole months that end with the month of `end`."""
    first = end.year * 12 + end.month - count
    return Period(date(first // 12, first % 12 + 1, 1), month_of(end).end)


class Comparison(StrEnum):
    """What a period is compared with."""

    NONE = "none"
    PREVIOUS = "previous"
    YEAR = "year"


def compared(period: Period, comparison: Comparison) -> Period | None:
    """The period to compare with: as many months (or days) just before, or the same days a year earlier."""
    match comparison:
        case Comparison.NONE:
            return None
        case Comparison.PREVIOUS if period.is_whole_months:
            count = (period.end.year - period.start.year) * 12 + period.end.month - period.start.month + 1
            return months_back(period.start - timedelta(days=1), count)
        case Comparison.PREVIOUS:
            return Period(period.start - timedelta(days=period.days), period.start - timedelta(days=1))
        case Comparison.YEAR:
            end = month_of(_year_earlier(period.end)).end if period.is_whole_months else _year_earlier(period.end)
            return Period(_year_earlier(period.start), end)


def _year_earlier(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:  # 29 February
        return day.replace(year=day.year - 1, day=28)


@dataclass(frozen=True, slots=True)
class Scope:
    """What every page shows: one workspace, one period, its comparison, and one business unit (None: all)."""

    workspace: str
    period: Period
    comparison: Comparison = Comparison.NONE
    unit: str | None = None

    @property
    def compared(self) -> Period | None:
        """The period compared with, or None."""
        return compared(self.period, self.comparison)
