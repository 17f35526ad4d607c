"""What the KPIs are computed from, and how their measures are made."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any, TypeVar

import polars as pl

from marops import stats
from marops.language import Text, text
from marops.measure import Interval, Measure
from marops.period import Period
from marops.quantity import Unit
from marops.scorecard.chances import Past
from marops.scorecard.dated import Dated
from marops.scorecard.definitions import KPIS
from marops.scorecard.outages import Arrivals, Monitoring

T = TypeVar("T")
_RECENT = 32
"""Rows of periods that are kept: the KPIs of one period or two ask for the same rows again and again."""

_BEGINS_WITHIN = timedelta(days=7)
"""How long after what is counted ad reports may begin to be all of its spend: days without spend have no rows."""


@dataclass(frozen=True)
class Facts:
    """What the KPIs are computed from. What several of them, or many months of one, need of it is worked out once and kept.

    `leads`: one row a lead (rollups.leads). `touches`: one row a lead (rollups.touches). `moves`: rollups.moves. `performance`:
    rollups.channel_days. `sli`: sli_measurement. `work`: item_rollups.work. `survey`: side, value, recorded_at of question PX1.
    `changes`, `privacy`: those tables. `cost`: rollups.cost. `checks`: checks.passed. `actions`:
    decisions.store.due_actions. `ages`: hours since the last day each source describes. `end`: the moment up to which the data
    reaches; `today`: the day it is.
    `availability_target`: share that must work, by period (None: no target). `margin`: gross margin as a share of a deal's value
    (None: nobody has stated it).
    """

    leads: pl.DataFrame
    touches: pl.DataFrame
    moves: pl.DataFrame
    performance: pl.DataFrame
    sli: pl.DataFrame
    work: pl.DataFrame
    survey: pl.DataFrame
    changes: pl.DataFrame
    privacy: pl.DataFrame
    cost: pl.DataFrame
    checks: pl.DataFrame
    actions: pl.DataFrame
    ages: dict[str, float]
    end: datetime
    today: date
    currency: str
    availability_target: Callable[[Period], float | None]
    margin: float | None = None
    unit: str | None = None

    def of_unit(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows (with a column `unit`) of the unit asked for; all where none is."""
        return rows if self.unit is None else rows.filter(pl.col("unit") == self.unit)

    @cached_property
    def all_units(self) -> "Facts":
        """The facts of all units: what one unit's KPIs learn from."""
        return self if self.unit is None else replace(self, unit=None)

    def lacks(self, milestone: str) -> bool:
        """Whether no lead of any unit has ever reached a milestone (`sal_at`, ...): a CRM without that stage."""
        return self.once(("lacks", milestone), lambda: self.leads[milestone].null_count() == self.leads.height)

    def during(self, table: str, column: str, period: Period) -> pl.DataFrame:
        """The rows of a table (`leads`, `changes`, ...) of which a moment or day lies in a period, in their order; those of the
        unit asked for.
        """
        return self._during(table, column, period)

    @cached_property
    def _during(self) -> Callable[[str, str, Period], pl.DataFrame]:
        def found(table: str, column: str, period: Period) -> pl.DataFrame:
            return self.dated(table, column).between(*period.moments)

        return lru_cache(maxsize=_RECENT)(found)

    def dated(self, table: str, column: str) -> Dated:
        """The rows of a table of the unit asked for, by a moment."""
        rows: pl.DataFrame = getattr(self, table)
        return self.once((table, column), lambda: Dated(self.of_unit(rows) if "unit" in rows.columns else rows, column))

    def once(self, key: Hashable, work: Callable[[], T]) -> T:
        """What some work on these facts comes to, done when it is first asked for."""
        if key not in self._kept:
            self._kept[key] = work()
        return self._kept[key]

    @cached_property
    def _kept(self) -> dict[Hashable, Any]:
        return {}

    @cached_property
    def monitoring(self) -> Monitoring:
        """What monitors saw."""
        return Monitoring(self.sli)

    @cached_property
    def arrivals(self) -> Arrivals:
        """When leads come."""
        return Arrivals(self.of_unit(self.leads), self.monitoring.joined)

    @cached_property
    def past(self) -> Past:
        """The leads of all units, as chances are learned from them."""
        return Past(self.leads)

    @cached_property
    def daily_ads(self) -> Period | None:
        """The days from the first to the last for which ad reports have rows of single days; None where they have none."""
        days = self.of_unit(self.performance).filter(pl.col("period_start") == pl.col("period_end"))["period_start"]
        return Period(days.min(), days.max()) if len(days) else None  # pyright: ignore[reportArgumentType]

    @cached_property
    def _spans(self) -> list[tuple[date, date]]:
        longer = self.of_unit(self.performance).filter(pl.col("period_start") < pl.col("period_end"))
        return longer.select("period_start", "period_end").unique().rows()

    def ads_touching(self, period: Period) -> pl.DataFrame:
        """Ad rows of which some days lie in a period."""
        return self.of_unit(self.performance.filter(pl.col("period_start") <= period.end, pl.col("period_end") >= period.start))

    def ads_incomplete(self, period: Period, counted: pl.Series) -> Text | None:
        """Why the ad rows inside a period are not the spend of what is counted beside it (by its moments): some rows cross the
        period's ends, or reports begin later than what is counted. None: they are.
        """
        if any(first < period.start <= last or first <= period.end < last for first, last in self._spans):
            return text(
                "Some ad rows cover days on both sides of these days (a week or a month), and cannot be cut. Export by day."
            )
        begins: date | None = self.of_unit(self.performance).select(pl.col("period_start").min()).item()
        first = counted.min()
        if begins is not None and isinstance(first, datetime) and begins - first.date() > _BEGINS_WITHIN:
            return text("Ad reports begin on {day}; what is counted beside them begins on {first}.", day=begins, first=first.date())
        return None

    def ads(self, period: Period) -> pl.DataFrame:
        """Ad rows that lie wholly inside a period; a total of a longer range cannot be cut."""
        return self._ads(period)

    @cached_property
    def _ads(self) -> Callable[[Period], pl.DataFrame]:
        def found(period: Period) -> pl.DataFrame:
            return self.during("performance", "period_start", period).filter(pl.col("period_end") <= period.end)

        return lru_cache(maxsize=_RECENT)(found)


def measured(
    kpi_id: str, period: Period, value: float, facts: Facts, *,
    interval: Interval | None = None, note: Text | None = None, young: int = 0, cases: int | None = None,
) -> Measure:  # fmt: skip
    """A KPI's measure with a value. `young`: cases of the period that are not old enough to count; `cases`: of a share, all."""
    kpi = KPIS[kpi_id]
    return Measure(
        key=kpi.id, label=kpi.name, value=value, unit=kpi.unit, definition=kpi.id, version=kpi.version, sources=kpi.tables,
        period=period, as_of=min(period.end, (facts.end - timedelta(seconds=1)).date()),
        currency=facts.currency if kpi.unit is Unit.MONEY else None, interval=interval, note=note, is_provisional=young > 0,
        cases=cases,
    )  # fmt: skip


def missing(kpi_id: str, facts: Facts, period: Period, why: Text) -> Measure:
    """A KPI's measure without a value, and why."""
    kpi = KPIS[kpi_id]
    return Measure(
        key=kpi.id, label=kpi.name, value=None, unit=kpi.unit, definition=kpi.id, version=kpi.version, sources=kpi.tables,
        period=period, currency=facts.currency if kpi.unit is Unit.MONEY else None, missing=why,
    )  # fmt: skip


def share(kpi_id: str, facts: Facts, period: Period, hits: int, total: int, *, note: Text, young: int = 0) -> Measure:
    """A share of `total` cases (at least one), with Wilson's interval."""
    interval = Interval(*stats.wilson(hits, total), method=text("Wilson score interval"))
    return measured(kpi_id, period, hits / total, facts, interval=interval, note=note, young=young, cases=total)


def no_leads(kpi_id: str, facts: Facts, period: Period) -> Measure:
    """A KPI that lacks the CRM's leads."""
    return missing(kpi_id, facts, period, text("No leads yet. Import the CRM's leads and their stage history."))


def not_monitored(kpi_id: str, facts: Facts, period: Period) -> Measure:
    """A KPI of days in which no service was monitored."""
    return missing(kpi_id, facts, period, text("No service was monitored in these days. Import the log of an uptime monitor."))


def no_spend(kpi_id: str, facts: Facts, period: Period) -> Measure:
    """A KPI of days without ad spend."""
    return missing(kpi_id, facts, period, text("No ad spend in these days. Import a report of an ad platform."))
