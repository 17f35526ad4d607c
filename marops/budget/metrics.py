"""Spend and outcome by channel, and what another split would bring: pure functions over roll-ups and fitted responses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from marops import rollups
from marops.budget.response import Response, fit
from marops.language import Text, text
from marops.measure import Interval, Measure
from marops.period import Period
from marops.quantity import Number, Unit

SOURCES = ("ad_performance", "fx_rate")
WEEKS_OF_TODAY = 8
WEEKS_TO_LEARN = 104
LEVEL = 0.90


def in_period(days: pl.DataFrame, period: Period, unit: str | None) -> pl.DataFrame:
    """Rows of channel_days that lie wholly inside a period, of one unit or all."""
    rows = days.filter((pl.col("period_start") >= period.start) & (pl.col("period_end") <= period.end))
    return rows if unit is None else rows.filter(pl.col("unit") == unit)


def by_channel(days: pl.DataFrame, plan: Mapping[str, float]) -> pl.DataFrame:
    """One row a channel in the fixed order: spend, conversions, cost (spend / conversions), share of spend, planned.

    Null where there is nothing to show: cost without conversions, planned without a plan, share of an unknown whole.
    """
    totals = days.group_by("channel").agg(
        # A spend that has no exchange rate makes the channel's total unknown, not smaller.
        pl.when(pl.col("spend").null_count() == 0).then(pl.col("spend").sum()).alias("spend"),
        pl.when(pl.col("conversions").count() > 0).then(pl.col("conversions").sum()).alias("conversions"),
    )
    planned = pl.DataFrame(
        {"channel": list(plan), "planned": list(plan.values())}, schema={"channel": pl.String, "planned": pl.Float64}
    )
    order = {name: position for position, name in enumerate(rollups.channel_order())}
    return (
        totals.join(planned, on="channel", how="left")
        .with_columns(
            pl.when(pl.col("conversions") > 0).then(pl.col("spend") / pl.col("conversions")).alias("cost"),
            pl.when((pl.col("spend").null_count() == 0) & (pl.col("spend").sum() > 0))
            .then(pl.col("spend") / pl.col("spend").sum())
            .alias("share"),
            pl.col("channel").replace_strict(order, default=len(order), return_dtype=pl.Int64).alias("__order"),
        )
        .sort("__order", "channel")
        .drop("__order")
    )


def weeks(days: pl.DataFrame, until: date) -> pl.DataFrame:
    """Spend and conversions by channel and week for the last two years up to a day, from rows that are about one day.

    Weeks are counted back from `until`; a week without rows has no spend and no conversions; spend that has no exchange
    rate makes its week's spend null. Columns: channel, week (its first day), spend, conversions.
    """
    first = until - timedelta(days=7 * WEEKS_TO_LEARN - 1)
    daily = days.filter((pl.col("period_start") == pl.col("period_end")) & pl.col("period_end").is_between(first, until))
    if daily.is_empty():
        return pl.DataFrame(schema={"channel": pl.String, "week": pl.Date, "spend": pl.Float64, "conversions": pl.Float64})
    back = (pl.lit(until) - pl.col("period_end")).dt.total_days() // 7
    week = (pl.lit(until) - pl.duration(days=7 * back + 6)).cast(pl.Date)
    found = daily.group_by("channel", week.alias("week")).agg(
        pl.when(pl.col("spend").null_count() == 0).then(pl.col("spend").sum()), pl.col("conversions").fill_null(0).sum()
    )
    known = found["week"].min()
    span = int((until - known).days // 7) + 1 if isinstance(known, date) else 0
    every = pl.DataFrame({"week": [until - timedelta(days=7 * index + 6) for index in range(span)]}, schema={"week": pl.Date})
    grid = found.select("channel").unique().join(every, how="cross")
    return (
        grid.join(found, on=["channel", "week"], how="left")
        .with_columns(pl.when(pl.col("conversions").is_null()).then(0.0).otherwise(pl.col("spend")).alias("spend"))
        .with_columns(pl.col("conversions").fill_null(0))
        .sort("channel", "week")
    )


def responses(table: pl.DataFrame, *, seed: int = 0) -> dict[str, Response | None]:
    """A fitted response for each channel of `weeks`, in the fixed order; None where the data cannot carry one."""
    found: dict[str, Response | None] = {}
    names = table["channel"].unique().to_list()
    for channel in sorted(names, key=_position):
        rows = table.filter(pl.col("channel") == channel).sort("week")
        spend = rows["spend"].to_numpy()
        now = float(spend[-WEEKS_OF_TODAY:].mean()) if len(spend) else 0.0
        found[channel] = fit(channel, spend, rows["conversions"].to_numpy(), now, seed=seed) if now > 0 else None
    return found


def _position(channel: str) -> tuple[int, str]:
    order = rollups.channel_order()
    return (order.index(channel) if channel in order else len(order)), channel


@dataclass(frozen=True, slots=True)
class Shift:
    """One channel in a scenario: weekly spend and expected conversions today and then; the change with its interval."""

    channel: str
    spend: float
    spend_then: float
    conversions: float
    change: float
    low: float
    high: float
    beyond: bool
    """The proposed spend lies outside what the data has seen."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a split would bring a week, against today's."""

    shifts: tuple[Shift, ...]
    spend: float
    spend_then: float
    change: Measure

    @property
    def beyond(self) -> list[str]:
        """Channels whose proposed spend lies outside the data."""
        return [shift.channel for shift in self.shifts if shift.beyond]


def what_if(found: Mapping[str, Response | None], multipliers: Mapping[str, float], period: Period) -> Outcome:
    """The outcome of multiplying each channel's weekly spend. Channels without a response keep theirs."""
    shifts: list[Shift] = []
    total = np.zeros(1)
    for channel, response in found.items():
        if response is None:
            continue
        then = response.now * multipliers.get(channel, 1.0)
        draws = (response.draws_at(then) - response.draws_at(response.now))[:, 0]
        total = total + draws
        low, high = (float(q) for q in np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]))
        shifts.append(
            Shift(
                channel, response.now, then, float(response.at(response.now)), float(response.at(then) - response.at(response.now)),
                low, high, not response.lowest <= then <= response.highest,
            )
        )  # fmt: skip
    change = sum(shift.change for shift in shifts)
    interval = None
    if len(total) > 1:
        low, high = (float(q) for q in np.quantile(total, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]))
        # The point estimate is not a resample: where nothing changes both ends are zero, and it stays between them.
        interval = Interval(min(low, change), max(high, change), text("moving-block bootstrap of the weeks"), LEVEL)
    measure = Measure(
        key="what_if", label=text("Conversions a week"), value=change, unit=Unit.COUNT, definition="budget.what_if", version=1,
        sources=SOURCES, period=period, interval=interval, note=text("as the ad platforms count them"),
    )  # fmt: skip
    return Outcome(tuple(shifts), sum(s.spend for s in shifts), sum(s.spend_then for s in shifts), change=measure)


def best_move(found: Mapping[str, Response | None], share: float = 0.2) -> tuple[Response, Response, float] | None:
    """The move of `share` of one channel's weekly spend to another that brings most conversions: from, to, amount.

    Only where the 90 % interval of the gain leaves out zero and the receiving channel stays inside its data.
    """
    known = [response for response in found.values() if response is not None]
    best: tuple[Response, Response, float] | None = None
    gain = 0.0
    for source in known:
        for target in known:
            amount = share * source.now
            if source is target or target.now + amount > target.highest:
                continue
            draws = (
                target.draws_at(target.now + amount) - target.draws_at(target.now)
                + source.draws_at(source.now - amount) - source.draws_at(source.now)
            )  # fmt: skip
            if np.quantile(draws, (1 - LEVEL) / 2) > 0 and float(draws.mean()) > gain:
                best, gain = (source, target, amount), float(draws.mean())
    return best


def totals(days: pl.DataFrame, period: Period, currency: str, as_of: date | None) -> tuple[Measure, Measure, Measure]:
    """Spend, conversions and cost per conversion of a period."""
    spend = _measure("spend", text("Ad spend"), Unit.MONEY, period, as_of, currency, _spend(days))
    counted = days["conversions"].sum() if days["conversions"].count() else text("No report of these days counts conversions.")
    conversions = _measure(
        "conversions", text("Conversions"), Unit.COUNT, period, as_of, None, counted, text("as the ad platforms count them")
    )
    cost: Number | Text = text("No conversions to divide by.")
    if spend.value is None:
        cost = spend.missing or cost
    elif conversions.value:
        cost = float(spend.value) / float(conversions.value)
    return (
        spend,
        conversions,
        _measure("cost_per_conversion", text("Cost per conversion"), Unit.MONEY, period, as_of, currency, cost),
    )


def _spend(days: pl.DataFrame) -> Number | Text:
    if days.is_empty():
        return text("No ad spend in these days. Import a report of an ad platform.")
    return rollups.unknown_spend(days) or float(days["spend"].sum())


def _measure(
    key: str, label: Text, unit: Unit, period: Period, as_of: date | None, currency: str | None, found: Number | Text,
    note: Text | None = None,
) -> Measure:  # fmt: skip
    missing = found if isinstance(found, Text) else None
    return Measure(
        key=key, label=label, value=None if isinstance(found, Text) else found, unit=unit, definition=f"budget.{key}",
        version=1, sources=SOURCES, period=period, as_of=as_of, missing=missing, note=None if missing else note,
        currency=currency if unit is Unit.MONEY else None,
    )  # fmt: skip


def planned(rows: Sequence[tuple[str, str | None, date, date, float | None]], period: Period, unit: str | None) -> dict[str, float]:
    """Planned spend by channel of plan periods that lie wholly inside a period: (channel, unit, start, end, amount).

    A channel with an amount that is not known (None) is left out: its plan would look smaller than it is.
    """
    found: dict[str, float] = {}
    unknown: set[str] = set()
    for channel, of_unit, start, end, amount in rows:
        if start >= period.start and end <= period.end and (unit is None or of_unit == unit):
            if amount is None:
                unknown.add(channel)
            else:
                found[channel] = found.get(channel, 0.0) + amount
    return {channel: amount for channel, amount in found.items() if channel not in unknown}
