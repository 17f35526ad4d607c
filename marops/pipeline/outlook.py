"""What launches to expect from the pace of the past: how many by a day, when all that is begun is launched, and how such forecasts
held. Days are working days of a calendar.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import polars as pl

from marops.calendars import Calendar
from marops.pipeline import forecast
from marops.pipeline.forecast import Held, Pace

AHEAD = 20
"""Working days: four weeks."""

SHARES = (0.5, 0.85, 0.95)
SEED = 20_260
HISTORY = timedelta(days=3 * 365)


@dataclass(frozen=True)
class Outlook:
    """Forecasts from the launches of the past. `counts`: launches of each working day up to the last that is over, the newest last;
    `pace`: None where nothing can be forecast (see `forecast.pace`); `held`: how often "so many within AHEAD days" came true.
    """

    counts: tuple[int, ...]
    pace: Pace | None
    held: tuple[Held, ...]
    calendar: Calendar
    last_day: date

    def how_many(self, days: int = AHEAD) -> dict[float, int]:
        """By share: the launches that so many working days bring at least, with that chance."""
        if self.pace is None:
            return {}
        totals = forecast.how_many(self.pace, days, seed=SEED)
        return {share: forecast.reached(totals, share) for share in SHARES}

    @property
    def until(self) -> date:
        """The last of the AHEAD working days."""
        return self.calendar.working_day(self.last_day, AHEAD)

    def reaching(self, days: int = AHEAD) -> pl.DataFrame:
        """The chance to finish at least so many within so many working days: `items`, `chance`; down to one in a hundred."""
        if self.pace is None:
            return pl.DataFrame(schema={"items": pl.Int64, "chance": pl.Float64})
        totals = forecast.how_many(self.pace, days, seed=SEED)
        most = forecast.reached(totals, 0.01)
        counts = range(max(1, most // 60), most + 1, max(1, most // 60))
        return pl.DataFrame(
            {"items": list(counts), "chance": [float((totals >= count - 1e-9).mean()) for count in counts]},
            schema={"items": pl.Int64, "chance": pl.Float64},
        )

    def when(self, items: int, faster: float = 1.0) -> dict[float, date | None]:
        """By share: the day on which so many items are launched with that chance; None where it is not within ten years.
        `faster`: how many times as fast as in the past.
        """
        if self.pace is None:
            return {}
        days = forecast.when(self.pace.faster(faster), items, seed=SEED)
        return {share: self._day(forecast.by(days, share)) for share in SHARES}

    def likely(self, items: int, day: date, faster: float = 1.0) -> float | None:
        """The chance that so many items are launched by a day's end, 0 for days that are over; None without a pace."""
        if self.pace is None:
            return None
        done = forecast.when(self.pace.faster(faster), items, seed=SEED)
        return forecast.likelihood(done, bisect_right(self._ahead, day) - 1)

    @cached_property
    def _ahead(self) -> list[date]:
        """The last day and the working days after it."""
        after = self.last_day + timedelta(days=1)
        return [self.last_day, *self.calendar.working_days(after, self.last_day + forecast.FARTHEST)]

    def _day(self, working_days: int) -> date | None:
        return self._ahead[working_days] if working_days < min(len(self._ahead), forecast.LONGEST + 1) else None


def pace(launched: pl.Series, first: date, last_day: date, calendar: Calendar) -> tuple[list[int], Pace | None]:
    """Launches of each working day of the last years, and the pace they make: see `outlook`."""
    since = max(first, last_day - HISTORY)
    counts = calendar.counts(launched, since, last_day) if since <= last_day else []
    return counts, forecast.pace(counts, ahead=AHEAD)


def outlook(launched: pl.Series, first: date, last_day: date, calendar: Calendar) -> Outlook:
    """`launched`: the days of launches; `first`: since when launches are known; `last_day`: the last day that is over."""
    counts, found = pace(launched, first, last_day, calendar)
    held = forecast.held(counts, AHEAD, SHARES, seed=SEED) if found is not None else ()
    return Outlook(tuple(counts), found, held, calendar, last_day)
