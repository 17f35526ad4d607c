"""What a rate is made of: its numerator and denominator by channel, campaign, unit and the like. Pure.

Over all groups they come to the KPI's own numerator and denominator; a change of the KPI splits exactly over them.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum

import polars as pl

from marops.decomposition import Counted
from marops.period import Period
from marops.scorecard.facts import Facts
from marops.scorecard.formulas import flow, funnel, joint


class By(StrEnum):
    """What cases are told apart by."""

    CHANNEL = "channel"
    UNIT = "unit"
    CAMPAIGN = "campaign"
    SERVICE = "service"
    LAW = "law"


_FUNNEL = (By.CHANNEL, By.UNIT, By.CAMPAIGN)
_WAYS: Mapping[str, tuple[By, ...]] = {
    "IT5": (By.UNIT,),
    "IT9": (By.SERVICE,),
    "J5": (By.UNIT,),
    "J8": (By.LAW,),
    "M1": (By.UNIT,),
    "M2": _FUNNEL,
    "M3": _FUNNEL,
    "M4": _FUNNEL,
    "M8": _FUNNEL,
    "M10": _FUNNEL,
}

Split = Mapping[str, Counted]


def ways(kpi_id: str, facts: Facts) -> tuple[By, ...]:
    """What a KPI's cases can be told apart by; nothing where it is no rate. One unit is not told apart by unit."""
    return tuple(by for by in _WAYS.get(kpi_id, ()) if by is not By.UNIT or facts.unit is None)


def counted(kpi_id: str, facts: Facts, period: Period, by: By) -> Split:
    """Numerator and denominator of a KPI by group; groups nobody named are ""."""
    return _COUNTED[kpi_id](facts, period, by.value)


def _hits(cases: pl.DataFrame, by: str) -> Split:
    told = cases.group_by(pl.col(by).fill_null("")).agg(
        pl.col("hit").sum().cast(pl.Float64).alias("n"), pl.len().cast(pl.Float64).alias("of")
    )
    return {group: (n, of) for group, n, of in told.select(by, "n", "of").sort(by).iter_rows()}


def _moves(hits: str) -> Callable[[Facts, Period, str], Split]:
    def told(facts: Facts, period: Period, by: str) -> Split:
        here = facts.during("moves", "day", period)
        sums = here.group_by(pl.col(by).fill_null("")).agg(pl.col(hits, "moves").sum().cast(pl.Float64)).sort(by)
        return {group: (n, of) for group, n, of in sums.select(by, hits, "moves").iter_rows()}

    return told


def _closed(facts: Facts, period: Period, by: str) -> Split:
    won, lost = funnel.closed(facts, period)
    return _hits(pl.concat([won.with_columns(hit=True), lost.with_columns(hit=False)]), by)


def _changes(facts: Facts, period: Period, by: str) -> Split:
    here = facts.during("changes", "deployed_at", period).filter(pl.col("failed").is_not_null())
    return _hits(here.with_columns(pl.col("failed").alias("hit")), by)


def _privacy(facts: Facts, period: Period, by: str) -> Split:
    due = joint.fell_due(facts, period)
    return _hits(due.with_columns((pl.col("closed_at") <= pl.col("due")).fill_null(value=False).alias("hit")), by)


def _cost(facts: Facts, period: Period, by: str) -> Split:
    accepted = facts.during("leads", "sal_at", period).filter(pl.col("channel") != "")
    return _against_spend(facts, period, by, accepted.with_columns(pl.lit(1.0).alias("amount")), spend_on_top=True)


def _return(facts: Facts, period: Period, by: str) -> Split:
    won = facts.during("leads", "won_at", period).filter(pl.col("channel") != "")
    margin = facts.margin or 0.0
    return _against_spend(facts, period, by, won.with_columns(pl.col("amount") * margin), spend_on_top=False)


def _against_spend(facts: Facts, period: Period, by: str, leads: pl.DataFrame, *, spend_on_top: bool) -> Split:
    column = "campaign_name" if by == By.CAMPAIGN else by
    spent = facts.ads(period).group_by(pl.col(column).fill_null("").alias(by)).agg(pl.col("spend").sum())
    brought = leads.group_by(pl.col(by).fill_null("")).agg(pl.col("amount").sum())
    both = spent.join(brought, on=by, how="full", coalesce=True).with_columns(pl.col("spend", "amount").fill_null(0.0)).sort(by)
    columns = ("spend", "amount") if spend_on_top else ("amount", "spend")
    return {group: (n, of) for group, n, of in both.select(by, *columns).iter_rows()}


_COUNTED: Mapping[str, Callable[[Facts, Period, str], Split]] = {
    "IT5": lambda facts, period, by: _hits(flow.routed(facts, period), by),
    "IT9": _changes,
    "J5": _moves("with_both"),
    "J8": _privacy,
    "M1": _moves("with_status"),
    "M2": lambda facts, period, by: _hits(funnel.cohort("M2", facts, period), by),
    "M3": lambda facts, period, by: _hits(funnel.cohort("M3", facts, period), by),
    "M4": _closed,
    "M8": _cost,
    "M10": _return,
}
