"""What leads and deals are worth, and what they cost."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import polars as pl

from marops import rollups, stats
from marops.language import Text, ntext, text
from marops.measure import Interval, Measure
from marops.period import Period
from marops.quantity import Quantity, Unit
from marops.scorecard.dated import Dated
from marops.scorecard.facts import Facts, measured, missing, no_leads, no_spend
from marops.scorecard.formulas.downtime import Burned, burned_at
from marops.scorecard.formulas.funnel import NO_ACCEPTANCE, closed

FEWEST_DEALS = 5
"""Deals below which a return has no interval."""

NO_CONVERSION_CLICKS = 3.0
"""Conversions that the clicks of a campaign would have brought, from which on none at all is no chance (95 %)."""


def potential(facts: Facts, period: Period) -> Measure:
    """M6."""
    if facts.leads.is_empty():
        return no_leads("M6", facts, period)
    if facts.lacks("sal_at"):
        return missing("M6", facts, period, NO_ACCEPTANCE)
    at = min(period.moments[1], facts.end)
    known = facts.past.learned(at, "sal_at")
    values = won_values(facts.all_units, at)
    if known is None or values is None:
        return missing("M6", facts, period, text("Too few deals have been won to know what an accepted lead is worth."))
    still_open = (_left("sal_at") >= at).fill_null(value=True)
    young = facts.dated("leads", "sal_at").between(at - known.cycle, at)
    live = young.filter(still_open, pl.col("sal_at") + known.cycle > at)
    groups = (
        known.of(live)
        .join(values.by_unit, on="unit", how="left", nulls_equal=True, maintain_order="left")
        .with_columns(pl.col("mean").fill_null(values.mean), pl.col("sd").fill_null(values.sd))
    )
    total = float(groups.select((pl.col("n") * pl.col("chance") * pl.col("mean")).sum()).item())
    dropped = count_open(facts, "sal_at", at) - live.height
    note = ntext("{n} open lead", "{n} open leads", live.height)
    if dropped:
        note = text("{open}; {n} older ones not counted", open=note, n=dropped)
    half = stats.z95() * _spread(groups)
    interval = Interval(max(0.0, total - half), total + half, text("chances, wins and amounts vary")) if live.height else None
    return measured("M6", period, total, facts, interval=interval, note=note)


def count_open(facts: Facts, entered: str, at: datetime) -> int:
    """How many leads of the unit asked for had reached a milestone by a moment and were neither won nor lost then."""
    leads = facts.of_unit(facts.leads)
    left = facts.once(("left", entered), lambda: Dated(leads.select(_left(entered).alias("left")), "left"))
    return facts.dated("leads", entered).count_before(at) - left.count_before(at)


def _left(entered: str) -> pl.Expr:
    """When a lead that has reached a milestone was won or lost, at the earliest as it got there; null: is still open."""
    closed_at = pl.min_horizontal("won_at", "lost_at")
    return pl.when(pl.col(entered).is_not_null(), closed_at.is_not_null()).then(pl.max_horizontal(entered, closed_at))


@dataclass(frozen=True, slots=True)
class Values:
    """What won deals were worth: mean and standard deviation of all, and `by_unit`: unit, mean, sd."""

    by_unit: pl.DataFrame
    mean: float
    sd: float


def won_values(facts: Facts, at: datetime) -> Values | None:
    """What deals won before a moment were worth; None where none has an amount."""
    won = facts.dated("leads", "won_at").before(at).filter(pl.col("amount").is_not_null())
    if won.is_empty():
        return None
    parts = pl.col("amount").mean().alias("mean"), pl.col("amount").std().fill_null(0.0).alias("sd")
    return Values(won.group_by("unit").agg(parts), *won.select(parts).row(0))


def _spread(groups: pl.DataFrame) -> float:
    """The standard deviation of what groups of open leads (n, chance, weight, mean, sd) come to: the chances are known from so many
    leads only, wins are drawn by them (beta-binomial), and so are the amounts.
    """
    n, chance, mean, sd = (pl.col(name) for name in ("n", "chance", "mean", "sd"))
    wins = n * chance * (1 - chance) * (1 + (n - 1) / (pl.col("weight") + 1))
    return float(groups.select((mean**2 * wins + sd**2 * n * chance).sum().sqrt()).item())


def velocity(opportunities: float, win_rate: float, value: float, days: float) -> float:
    """Money a day that moves through a pipeline. Raises ValueError for a cycle of no length.

    >>> round(velocity(40, 0.25, 25_000, 90), 2)
    2777.78
    """
    if days <= 0:
        raise ValueError("a cycle takes time")
    return opportunities * win_rate * value / days


def pipeline_velocity(facts: Facts, period: Period) -> Measure:
    """M7."""
    if facts.leads.is_empty():
        return no_leads("M7", facts, period)
    found = velocity_parts(facts, period)
    if isinstance(found, Text):
        return missing("M7", facts, period, found)
    opportunities, rate, value, days = found
    note = text(
        "{n} open × {rate} × {value} / {days}", n=round(opportunities), rate=Quantity(rate, Unit.PERCENT),
        value=Quantity(value, Unit.MONEY, facts.currency), days=Quantity(days, Unit.DAYS),
    )  # fmt: skip
    return measured("M7", period, velocity(*found), facts, note=note)


def velocity_parts(facts: Facts, period: Period) -> tuple[float, float, float, float] | Text:
    """Open opportunities, win rate, average value and cycle in days of a period; or what is missing of them."""
    won, lost = closed(facts, period)
    if won.is_empty():
        return text("No deal was won in these days, so there is no cycle to divide by.")
    amounts = won["amount"].drop_nulls()
    days = won.filter(pl.col("sql_at") < pl.col("won_at")).select((pl.col("won_at") - pl.col("sql_at")).dt.total_seconds().mean())
    seconds = days.item()
    if not len(amounts):
        return text("The deals won in these days have no amount. Import the CRM's leads with their deal amounts.")
    if seconds is None:
        return text("The deals won in these days have no date on which they became opportunities.")
    opportunities = count_open(facts, "sql_at", min(period.moments[1], facts.end))
    rate = won.height / (won.height + lost.height)
    return float(opportunities), rate, float(amounts.mean()), seconds / 86_400  # pyright: ignore[reportArgumentType]


def cost_per_accepted(facts: Facts, period: Period) -> Measure:
    """M8."""
    spend = facts.ads(period)
    if spend.is_empty():
        return no_spend("M8", facts, period)
    if (why := rollups.unknown_spend(spend)) is not None:
        return missing("M8", facts, period, why)
    if facts.leads.is_empty():
        return no_leads("M8", facts, period)
    if facts.lacks("sal_at"):
        return missing("M8", facts, period, NO_ACCEPTANCE)
    of_ads = facts.during("leads", "sal_at", period).filter(pl.col("channel") != "")
    if (why := facts.ads_incomplete(period, of_ads["sal_at"])) is not None:
        return missing("M8", facts, period, why)
    accepted = of_ads.height
    if not accepted:
        return missing("M8", facts, period, text("No lead from an ad campaign was accepted in these days."))
    total = float(spend["spend"].sum())
    note = text("{spend} for {n} accepted leads", spend=Quantity(total, Unit.MONEY, facts.currency), n=accepted)
    return measured("M8", period, total / accepted, facts, note=note)


def acquisition_cost(facts: Facts, period: Period) -> Measure:
    """M9."""
    if facts.cost.is_empty():
        return missing("M9", facts, period, text("No cost yet. Import sales and marketing cost by cost centre from the books."))
    won = facts.all_units.during("leads", "won_at", period).filter(pl.col("created_at") <= pl.col("won_at"))
    if won.is_empty():
        return missing("M9", facts, period, text("No customer was won in these days."))
    took = won.select((pl.col("won_at") - pl.col("created_at")).dt.total_seconds().median()).item()
    lag = round(took / 86_400)
    paid = Period(period.start - timedelta(days=lag), period.end - timedelta(days=lag))
    total, covered = cost_between(facts.cost, paid.start, paid.end)
    if total is None:
        return missing("M9", facts, period, text("Some cost of these customers has no exchange rate. Import reference rates."))
    if covered < paid.days:
        return missing(
            "M9", facts, period,
            text("The books cover {n} of the {of} days from {first} to {last}, whose cost won these customers.",
                 n=covered, of=paid.days, first=paid.start, last=paid.end),
        )  # fmt: skip
    note = text(
        "{cost} from {lag} earlier, {n} customers", cost=Quantity(total, Unit.MONEY, facts.currency),
        lag=Quantity(lag, Unit.DAYS), n=won.height,
    )  # fmt: skip
    return measured("M9", period, total / won.height, facts, note=note)


def cost_between(cost: pl.DataFrame, first: date, last: date) -> tuple[float | None, int]:
    """The cost of some days (a longer row's spread evenly over its days; None where the amount of one is not known), and how many
    of the days have any.
    """
    begins, ends = pl.max_horizontal("period_start", pl.lit(first)), pl.min_horizontal("period_end", pl.lit(last))
    inside = (ends - begins).dt.total_days() + 1
    length = (pl.col("period_end") - pl.col("period_start")).dt.total_days() + 1
    here = cost.with_columns(inside.alias("inside"), length.alias("length")).filter(pl.col("inside") > 0)
    if here.is_empty():
        return 0.0, 0
    days = here.select(pl.date_ranges(begins, ends).explode().alias("day"))["day"].n_unique()
    if here["amount"].null_count():
        return None, days
    return float(here.select((pl.col("amount") * pl.col("inside") / pl.col("length")).sum()).item()), days


def channel_roi(facts: Facts, period: Period) -> Measure:
    """M10."""
    spend = facts.ads(period)
    if spend.is_empty():
        return no_spend("M10", facts, period)
    if (why := rollups.unknown_spend(spend)) is not None:
        return missing("M10", facts, period, why)
    if facts.leads.is_empty():
        return no_leads("M10", facts, period)
    if facts.margin is None:
        return missing(
            "M10", facts, period, text("The gross margin of deals is not stated; revenue is no return. State it on Data.")
        )
    won = facts.during("leads", "won_at", period).filter(pl.col("channel") != "")
    if (why := facts.ads_incomplete(period, won["won_at"])) is not None:
        return missing("M10", facts, period, why)
    if won["amount"].null_count():
        return missing("M10", facts, period, text("Some deals won in these days have no amount or no exchange rate."))
    total = float(spend["spend"].sum())
    if total <= 0:
        return no_spend("M10", facts, period)
    roi, half = roi_of(won["amount"].to_numpy(), total, facts.margin)
    # Few deals say little about how deals vary; none says nothing.
    method = text("first touch; number and size of deals vary")
    interval = Interval(max(-1.0, roi - half), roi + half, method) if won.height >= FEWEST_DEALS else None
    returned = won.group_by("channel").agg(pl.col("amount").sum())
    paid = spend.group_by("channel").agg(pl.col("spend").sum()).filter(pl.col("spend") > 0)
    by_channel = paid.join(returned, on="channel", how="left").select(
        "channel", (pl.col("amount").fill_null(0.0) * facts.margin / pl.col("spend") - 1).alias("roi")
    )
    ranked = by_channel.sort("roi", "channel")
    low, high = ranked.row(0, named=True), ranked.row(-1, named=True)
    note = text(
        "highest {high} {x}, lowest {low} {y}", high=high["channel"], x=Quantity(high["roi"], Unit.PERCENT),
        low=low["channel"], y=Quantity(low["roi"], Unit.PERCENT),
    )  # fmt: skip
    return measured("M10", period, roi, facts, interval=interval, note=note)


def roi_of(amounts: np.ndarray, spend: float, margin: float) -> tuple[float, float]:
    """Return on spend, and half of its 95 % interval: deals come at random (Poisson), each with its amount."""
    return margin * float(amounts.sum()) / spend - 1, stats.z95() * margin * float((amounts**2).sum()) ** 0.5 / spend


def wasted(facts: Facts, period: Period) -> Measure:
    """M11."""
    spend = facts.ads(period)
    if spend.is_empty():
        return no_spend("M11", facts, period)
    if (why := rollups.unknown_spend(spend)) is not None:
        return missing("M11", facts, period, why)
    total = float(spend["spend"].sum())
    if total <= 0:
        return no_spend("M11", facts, period)
    hopeless = without_hope(spend)
    if hopeless is None:
        return missing(
            "M11", facts, period, text("No conversions from ad platforms in these days. Nothing says what a click can bring.")
        )
    broken, times = None, facts.monitoring.broken(period)
    if times:
        keys = ("channel", "campaign_name")
        rest = facts.ads_touching(period).join(hopeless.select(keys), on=keys, how="anti", nulls_equal=True)
        found = burned_at(rest, facts.arrivals, times, facts.daily_ads)
        broken = None if isinstance(found, Text) else found
    elif facts.monitoring.covers(period):
        broken = Burned(0.0, 0.0)
    no_hope = float(hopeless["spend"].sum())
    said = Quantity(no_hope, Unit.MONEY, facts.currency)
    names = hopeless.height
    note = ntext("no hope {said} in {n} campaign", "no hope {said} in {n} campaigns", names, said=said)
    if broken is None:
        note = text("{no_hope}; while broken: not known", no_hope=note)
    else:
        note = text("{no_hope}; while broken {broken}", no_hope=note, broken=Quantity(broken.spend, Unit.MONEY, facts.currency))
    return measured("M11", period, min(1.0, (no_hope + (broken.spend if broken else 0.0)) / total), facts, note=note)


def without_hope(spend: pl.DataFrame) -> pl.DataFrame | None:
    """Campaigns without a conversion whose clicks would have brought three at their channel's rate (that of all channels, where it
    has none): channel, campaign_name, clicks, spend. None where nothing converted.
    """
    known = spend.filter(pl.col("conversions").is_not_null(), pl.col("clicks").is_not_null())
    sums = known.select(pl.col("conversions", "clicks").sum())
    conversions, clicks = sums.row(0)
    if not conversions or not clicks:
        return None
    # A channel without any conversion is told by the rate of all: that is why it is suspect.
    hits, looks = pl.col("conversions").sum(), pl.col("clicks").sum()
    own = pl.when(hits > 0).then(hits / looks).otherwise(conversions / clicks)
    by_channel = known.group_by("channel").agg(own.alias("rate")).filter(pl.col("rate").is_finite())
    campaigns = known.group_by("channel", "campaign_name").agg(pl.col("clicks", "conversions", "spend").sum())
    sure = (pl.col("conversions") == 0) & (pl.col("clicks") * pl.col("rate") >= NO_CONVERSION_CLICKS)
    found = campaigns.join(by_channel, on="channel").filter(sure)
    return found.select("channel", "campaign_name", "clicks", "spend").sort("spend", "campaign_name", descending=[True, False])
