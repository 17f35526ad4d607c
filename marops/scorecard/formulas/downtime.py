"""What downtime took: leads, spend, value."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import polars as pl

from marops import rollups, stats
from marops.language import Text, ntext, text
from marops.measure import Interval, Measure
from marops.period import Period, start_of
from marops.quantity import Quantity, Unit
from marops.scorecard.facts import Facts, measured, missing, no_leads, no_spend, not_monitored
from marops.scorecard.formulas.funnel import mean_chance
from marops.scorecard.outages import Arrivals, Outage, loss

FEWEST_LEADS = 30
"""Leads of a weekday, below which nobody knows how its hours differ."""

_DRAWS = 4_000
_SEED = 20_261


@dataclass(frozen=True, slots=True)
class Lost:
    """Net leads that outages took, with the variance of that estimate, and how long they lasted."""

    outages: int
    hours: float
    net: float
    variance: float


def lost_leads(kpi_id: str, facts: Facts, period: Period) -> Lost | Measure:
    """What the outages of a period took; or the KPI's measure where there was none, or where that cannot be told."""
    if not facts.monitoring.covers(period):
        return not_monitored(kpi_id, facts, period)
    if facts.leads.is_empty():
        return no_leads(kpi_id, facts, period)
    every = facts.monitoring.joined
    here = [episode for episode in facts.monitoring.episodes if period.contains(episode[0].start.date())]
    losses = [found for one in here if (found := loss(facts.arrivals.created, one, every, until=facts.end)) is not None]
    if not here:
        return measured(kpi_id, period, 0.0, facts, note=_none(facts, period))
    if len(losses) < len(here):  # what some of them took is not what all of them took
        return missing(kpi_id, facts, period, text("There are not enough weeks before the outages to compare with."))
    hours = sum(outage.hours for one in here for outage in one)
    turned_away = sum(found.expected - found.actual for found in losses)
    # Over all outages: nobody comes back who has not been turned away, but chance goes both ways after each of them.
    came_back = max(0.0, sum(found.rebound for found in losses))
    return Lost(sum(map(len, here)), hours, turned_away - came_back, sum(found.variance for found in losses))


def leads_lost(facts: Facts, period: Period) -> Measure:
    """J1."""
    found = lost_leads("J1", facts, period)
    if isinstance(found, Measure):
        return found
    half = stats.z95() * found.variance**0.5
    interval = Interval(found.net - half, found.net + half, text("same hours of 8 clean weeks"))
    return measured("J1", period, found.net, facts, interval=interval, note=_length(found.outages, found.hours))


def _none(facts: Facts, period: Period) -> Text:
    """No outage, and in how many of the days that was looked at."""
    watched = round(float(facts.monitoring.service_times(period)["total"].max() or 0) / 86_400)  # pyright: ignore[reportArgumentType]
    if watched >= period.days:
        return text("no outage")
    return text("no outage in the {n} of {of} days that were monitored", n=watched, of=period.days)


def _length(count: int, hours: float) -> Text:
    return ntext("{n} outage, {hours}", "{n} outages, {hours}", count, hours=Quantity(hours, Unit.HOURS))


def spend_burned(facts: Facts, period: Period) -> Measure:
    """J2."""
    if not facts.monitoring.covers(period):
        return not_monitored("J2", facts, period)
    times = facts.monitoring.broken(period)
    if not times:
        return measured("J2", period, 0.0, facts, note=_none(facts, period))
    if facts.performance.is_empty():
        return no_spend("J2", facts, period)
    spend = facts.ads_touching(_around(times, period))
    if (why := rollups.unknown_spend(spend)) is not None:
        return missing("J2", facts, period, why)
    found = burned_at(spend, facts.arrivals, times, facts.daily_ads)
    if isinstance(found, Text):
        return missing("J2", facts, period, found)
    half = stats.z95() * found.variance**0.5
    interval = Interval(max(0.0, found.spend - half), found.spend + half, text("hours of the day by when leads come"))
    hours = sum(outage.hours for outage in times)
    return measured("J2", period, found.spend, facts, interval=interval, note=_length(len(times), hours))


def _around(times: Sequence[Outage], period: Period) -> Period:
    """The days in which the outages lie."""
    return Period(min(period.start, times[0].start.date()), max(outage.end.date() for outage in times))


@dataclass(frozen=True, slots=True)
class Burned:
    """Spend of the hours of outages, and the variance of that estimate."""

    spend: float
    variance: float


def burned_at(spend: pl.DataFrame, arrivals: Arrivals, times: Sequence[Outage], known: Period | None) -> Burned | Text:
    """How much of the daily spend fell into outages, by the share of a weekday's paid leads that usually comes in those hours; or
    what is missing to say so. `known`: the days for which spend is reported by day.

    Platforms report spend by day; leads are the only record of when clicks come. Hours of earlier outages are left out of the
    profile.
    """
    daily_rows = pl.col("period_start") == pl.col("period_end")
    daily = dict(spend.filter(daily_rows).group_by("period_start").agg(pl.col("spend").sum()).iter_rows())
    longer = spend.filter(~daily_rows).select("period_start", "period_end").unique().rows()
    amount = variance = 0.0
    for outage in times:
        profile = arrivals.profile(outage.start)
        for day, seconds in _by_day(outage):
            if any(first <= day <= last for first, last in longer):
                return text("Some spend of these days is known by week or month only. Export it by day.")
            if known is None or not known.contains(day):
                return text("Nothing is known of the spend on {day}. Import the ad reports of that day.", day=day)
            came = profile[start_of(day).weekday()]
            if came.sum() < FEWEST_LEADS:
                return text("Too few leads from ads came before the outages to know how a day's clicks fall.")
            part = float((came * seconds).sum() / (came.sum() * 3600))
            amount += daily.get(day, 0.0) * part
            variance += daily.get(day, 0.0) ** 2 * part * (1 - part) / float(came.sum())
    return Burned(amount, variance)


def _by_day(outage: Outage) -> list[tuple[date, np.ndarray]]:
    """The days of an outage, each with the seconds of its 24 hours (UTC) that were down."""
    found: list[tuple[date, np.ndarray]] = []
    day = outage.start.date()
    while day <= outage.end.date():
        begins = start_of(day)
        marks = [begins + timedelta(hours=hour) for hour in range(25)]
        seconds = [
            max(0.0, (min(outage.end, later) - max(outage.start, earlier)).total_seconds()) for earlier, later in pairwise(marks)
        ]
        found.append((day, np.array(seconds)))
        day += timedelta(days=1)
    return found


def value_at_risk(facts: Facts, period: Period) -> Measure:
    """J3."""
    found = lost_leads("J3", facts, period)
    if isinstance(found, Measure):
        return found
    at = min(period.moments[1], facts.end)
    known = facts.past.learned(at)
    won = facts.dated("leads", "won_at").before(at)["amount"].drop_nulls().to_numpy()
    came = facts.during("leads", "created_at", period)
    if known is None or len(won) < 2 or came.is_empty():
        return missing("J3", facts, period, text("Too few deals have been won to know what a lost lead was worth."))
    chance, error = mean_chance(known, came)
    value, spread = float(won.mean()), float(won.std(ddof=1)) / len(won) ** 0.5
    rng = np.random.default_rng(_SEED)
    drawn = (
        rng.normal(found.net, found.variance**0.5, _DRAWS)
        * rng.normal(chance, error, _DRAWS).clip(0, 1)
        * rng.normal(value, spread, _DRAWS).clip(min=0)
    )
    low, high = np.quantile(drawn, [0.025, 0.975])
    note = text(
        "{leads} leads × {chance} × {value}", leads=round(found.net), chance=Quantity(chance, Unit.PERCENT),
        value=Quantity(value, Unit.MONEY, facts.currency),
    )  # fmt: skip
    total = found.net * chance * value
    interval = Interval(min(float(low), total), max(float(high), total), text("simulation, 4,000 draws"))
    return measured("J3", period, total, facts, interval=interval, note=note)
