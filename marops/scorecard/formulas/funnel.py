"""How far leads get: acceptance, qualification, wins, and how good new leads are."""

from datetime import timedelta

import polars as pl

from marops import stats
from marops.language import ntext, text
from marops.measure import Interval, Measure
from marops.period import Period
from marops.scorecard import chances
from marops.scorecard.definitions import KPIS
from marops.scorecard.facts import Facts, measured, missing, no_leads, share


def acceptance(facts: Facts, period: Period) -> Measure:
    """M2."""
    return _cohort("M2", facts, period)


def qualification(facts: Facts, period: Period) -> Measure:
    """M3."""
    return _cohort("M3", facts, period)


NO_ACCEPTANCE = text(
    "No lead has ever been accepted by sales; or the CRM's history has no such stage (SAL). Map it, or add it there."
)
_NO_QUALIFICATION = text(
    "No lead has ever been sales-qualified; or the CRM's history has no such stage (SQL). Map it, or add it there."
)
_REACHED = {"M2": "sal_at", "M3": "sql_at"}


def cohort(kpi_id: str, facts: Facts, period: Period) -> pl.DataFrame:
    """The leads that became MQLs in a period and are old enough to count, with `hit`: whether they got there in time."""
    age = KPIS[kpi_id].matures or timedelta(0)
    entered = facts.during("leads", "mql_at", period).filter(pl.col("mql_at") + age <= facts.end)
    hit = (pl.col(_REACHED[kpi_id]) - pl.col("mql_at") <= age).fill_null(value=False)
    return entered.with_columns(hit.alias("hit"))


def _cohort(kpi_id: str, facts: Facts, period: Period) -> Measure:
    """Share of a cohort that reached a milestone in time."""
    if facts.leads.is_empty():
        return no_leads(kpi_id, facts, period)
    mature = cohort(kpi_id, facts, period)
    if mature.is_empty():
        days = (KPIS[kpi_id].matures or timedelta(0)).days
        return missing(kpi_id, facts, period, text("No MQL of these days is {days} days old yet.", days=days))
    if facts.lacks(_REACHED[kpi_id]):
        return missing(kpi_id, facts, period, NO_ACCEPTANCE if kpi_id == "M2" else _NO_QUALIFICATION)
    hits = int(mature["hit"].sum())
    young = facts.during("leads", "mql_at", period).height - mature.height
    note = ntext("{n} MQL", "{n} MQLs", mature.height)
    if young:
        note = ntext("{of} MQLs; {n} too young to count", "{of} MQLs; {n} too young to count", young, of=mature.height)
    return share(kpi_id, facts, period, hits, mature.height, note=note, young=young)


def win_rate(facts: Facts, period: Period) -> Measure:
    """M4."""
    if facts.leads.is_empty():
        return no_leads("M4", facts, period)
    won, lost = closed(facts, period)
    if won.height + lost.height == 0:
        return missing("M4", facts, period, text("No deal closed in these days."))
    total = won.height + lost.height
    return share("M4", facts, period, won.height, total, note=ntext("{n} deal closed", "{n} deals closed", total))


def closed(facts: Facts, period: Period) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The deals won in a period, and those lost: leads given up before they were sales-qualified were no deals (where the CRM has
    that stage), and one lost, reopened and won by the end of the days was won.
    """
    lost = facts.during("leads", "lost_at", period)
    if not facts.lacks("sql_at"):
        lost = lost.filter(pl.col("sql_at").is_not_null())
    regained = (pl.col("won_at") >= pl.col("lost_at")) & (pl.col("won_at") < period.moments[1])
    return facts.during("leads", "won_at", period), lost.filter(~regained.fill_null(value=False))


def quality(facts: Facts, period: Period) -> Measure:
    """M5."""
    if facts.leads.is_empty():
        return no_leads("M5", facts, period)
    new = facts.during("leads", "created_at", period)
    if new.is_empty():
        return missing("M5", facts, period, text("No lead was created in these days."))
    known = facts.past.learned(period.moments[0])
    if known is None:
        return missing("M5", facts, period, text("Too few leads from before these days are old enough to learn from."))
    mean, error = mean_chance(known, new)
    half = stats.z95() * error
    interval = Interval(max(0.0, mean - half), min(1.0, mean + half), text("by groups of unit and channel"))
    checked = chances.calibration(facts.past, min(period.moments[1], facts.end))
    note = text("too early to say whether such chances come true")
    if checked is not None and checked.slope is None:
        note = text("Brier score {brier} on {n} leads", brier=_digits(checked.brier), n=checked.leads)
    elif checked is not None:
        note = text(
            "calibration slope {slope}, Brier score {brier} on {n} leads",
            slope=_digits(checked.slope or 0.0), brier=_digits(checked.brier), n=checked.leads,
        )  # fmt: skip
    return measured("M5", period, mean, facts, interval=interval, note=note)


def mean_chance(known: chances.Chances, leads: pl.DataFrame) -> tuple[float, float]:
    """The mean chance of leads, and its standard error: leads of one group share what is not known of it."""
    groups = known.of(leads)
    n, chance, weight = (groups[name].to_numpy() for name in ("n", "chance", "weight"))
    part = n / n.sum()
    return float((part * chance).sum()), float((part**2 * chance * (1 - chance) / (weight + 1)).sum() ** 0.5)


def _digits(value: float) -> float:
    return round(value, 2)
