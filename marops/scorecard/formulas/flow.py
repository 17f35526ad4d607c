"""How leads flow between people and systems: throughput, routing, time in stage, speed to lead, and how moves are recorded."""

from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import polars as pl

from marops import stats
from marops.language import Text, ntext, text
from marops.measure import Interval, Measure
from marops.period import Period, start_of
from marops.quantity import Quantity, Unit
from marops.scorecard.facts import Facts, measured, missing, no_leads, share

ROUTED_WITHIN = timedelta(minutes=5)

Hours = npt.NDArray[np.float64]


def time_as_mql(leads: pl.DataFrame, end: datetime) -> tuple[Hours, Hours]:
    """Hours leads stayed MQLs: those that left the stage, and those still there at `end`."""
    left = pl.min_horizontal("sal_at", "sql_at", "won_at", "lost_at")
    hours = (pl.coalesce(left, pl.lit(end)) - pl.col("mql_at")).dt.total_seconds() / 3600
    return _apart(leads.select(hours.alias("took"), left.is_not_null().alias("ended")))


def stage_time(facts: Facts, period: Period) -> Measure:
    """IT4."""
    if facts.leads.is_empty():
        return no_leads("IT4", facts, period)
    curve = stats.survival(*time_as_mql(facts.during("leads", "mql_at", period), facts.end))
    median = curve.quantile(0.5) if curve else None
    if curve is None or median is None:
        return missing("IT4", facts, period, text("Fewer than half of the leads that became MQLs in these days have moved on."))
    late = curve.quantile(0.85)
    note = text("85% within {late}", late=Quantity(late, Unit.HOURS)) if late else text("fewer than 85% have moved on")
    return measured("IT4", period, median, facts, interval=_around(curve), note=note)


def _around(curve: stats.Survival) -> Interval | None:
    span = curve.median_interval()
    return Interval(*span, method=text("Kaplan-Meier, log-log")) if span else None


def waited(touches: pl.DataFrame, until: str, end: datetime) -> tuple[Hours, Hours]:
    """Minutes from the form to a touch: of leads that have had it, and of those still waiting at `end`."""
    minutes = (pl.coalesce(until, pl.lit(end)) - pl.col("submitted_at")).dt.total_seconds() / 60
    return _apart(touches.select(minutes.alias("took"), pl.col(until).is_not_null().alias("ended")))


def _apart(timed: pl.DataFrame) -> tuple[Hours, Hours]:
    """How long what has ended took, and what has not so far. Times below zero are mistakes of a clock."""
    took, ended = timed["took"].fill_null(-1.0).to_numpy(), timed["ended"].to_numpy()
    return took[(took >= 0) & ended], took[(took >= 0) & ~ended]


def throughput(facts: Facts, period: Period) -> Measure:
    """IT3."""
    if facts.touches.is_empty():
        return _no_touches("IT3", facts, period)
    start, over = period.moments
    # Before touches were logged nobody knows: those hours are no hours without throughput.
    logged_from: datetime = facts.touches.select(pl.col("submitted_at").min()).item()
    hours = (min(over, facts.end) - max(start, start_of(logged_from.date()))).total_seconds() / 3600
    came = facts.during("touches", "submitted_at", period)
    given = facts.during("touches", "assigned_at", period).height
    if hours <= 0 or not (came.height or given):
        return missing("IT3", facts, period, text("No lead came or was given an owner in these days."))
    curve = stats.survival(*waited(came, "assigned_at", facts.end))
    late = curve.quantile(0.95) if curve else None
    arrivals = Quantity(came.height / hours, Unit.PER_HOUR)
    note = text("{arrivals} came; too few of them have an owner to say how long that takes", arrivals=arrivals)
    if late is not None:
        note = text("{arrivals} came; 95% have an owner within {late}", arrivals=arrivals, late=Quantity(late, Unit.MINUTES))
    return measured("IT3", period, given / hours, facts, note=note)


def routing(facts: Facts, period: Period) -> Measure:
    """IT5."""
    if facts.touches.is_empty():
        return _no_touches("IT5", facts, period)
    old = routed(facts, period)
    if old.is_empty():
        return missing("IT5", facts, period, text("No lead came in these days."))
    hits = int(old["hit"].sum())
    first_queued = pl.col("assigned_at").is_not_null() & (
        pl.col("eligible_at").is_null() | (pl.col("eligible_at") > pl.col("assigned_at"))
    )
    queued = old.filter(first_queued).height
    note = ntext(
        "{n} of {of} leads went to a default queue first", "{n} of {of} leads went to a default queue first", queued, of=old.height
    )
    return share("IT5", facts, period, hits, old.height, note=note)


def routed(facts: Facts, period: Period) -> pl.DataFrame:
    """The leads of a period that are old enough to have an owner, with `hit`: whether an eligible one had them in time."""
    came = facts.during("touches", "submitted_at", period).filter(pl.col("submitted_at") + ROUTED_WITHIN <= facts.end)
    hit = (pl.col("eligible_at") - pl.col("submitted_at") <= ROUTED_WITHIN).fill_null(value=False)
    return came.with_columns(hit.alias("hit"))


def speed_to_lead(facts: Facts, period: Period) -> Measure:
    """J4."""
    if facts.touches.is_empty():
        return _no_touches("J4", facts, period)
    came = facts.during("touches", "submitted_at", period)
    had, waiting = waited(came, "human_at", facts.end)
    curve = stats.survival(had, waiting)
    median = curve.quantile(0.5) if curve else None
    if curve is None or median is None:
        return missing("J4", facts, period, text("Fewer than half of the leads of these days have had a human touch."))
    # None of those still waiting within the hour counts: it is not yet known.
    soon = int((had <= 60).sum())
    known = len(had) + int((waiting > 60).sum())
    parts = speed_parts(came)
    note = text("{share} within an hour", share=Quantity(soon / known, Unit.PERCENT)) if known else text("no lead is an hour old")
    if parts:
        system, queue, human = (Quantity(part, Unit.MINUTES) for part in parts)
        note = text(
            "{share}; medians: system {system}, queue {queue}, human {human}", share=note, system=system, queue=queue, human=human
        )
    return measured("J4", period, median, facts, interval=_around(curve), note=note)


def speed_parts(touches: pl.DataFrame) -> tuple[float, float, float] | None:
    """Median minutes of system (form to routed), queue (routed to an owner) and human (owner to touch), of leads that have all."""
    moments = ("submitted_at", "routed_at", "assigned_at", "human_at")
    whole = touches.drop_nulls(moments)
    if whole.is_empty():
        return None
    spans = [(pl.col(later) - pl.col(earlier)).dt.total_seconds().median() / 60 for earlier, later in pairwise(moments)]
    system, queue, human = whole.select(span.alias(str(at)) for at, span in enumerate(spans)).row(0)
    return system, queue, human


def status_recorded(facts: Facts, period: Period) -> Measure:
    """M1."""
    return _moves("M1", facts, period, "with_status")


def recorded_twice(facts: Facts, period: Period) -> Measure:
    """J5."""
    return _moves("J5", facts, period, "with_both")


def _moves(kpi_id: str, facts: Facts, period: Period, hits: str) -> Measure:
    if facts.moves.is_empty():
        return missing(kpi_id, facts, period, text("No moves of leads yet. Import the CRM's stage history."))
    here = facts.during("moves", "day", period)
    total, found, recorded, reasoned = here.select(pl.col("moves", hits, "with_mover", "with_reason").sum()).row(0)
    if not total:
        return missing(kpi_id, facts, period, text("No lead moved in these days."))
    return share(kpi_id, facts, period, found, total, note=_halves(kpi_id, total, recorded, reasoned))


def _halves(kpi_id: str, total: int, recorded: int, reasoned: int) -> Text:
    moves = ntext("{n} move", "{n} moves", total)
    reason = Quantity(reasoned / total, Unit.PERCENT)
    if kpi_id == "M1":
        return text("{moves}; with a reason {reason}", moves=moves, reason=reason)
    mover = Quantity(recorded / total, Unit.PERCENT)
    return text("{moves}; with who moved it {mover}, with a reason {reason}", moves=moves, mover=mover, reason=reason)


def _no_touches(kpi_id: str, facts: Facts, period: Period) -> Measure:
    return missing(
        kpi_id, facts, period,
        text("No touches of leads yet. Import the CRM's log of when leads were routed, assigned and first contacted."),
    )  # fmt: skip
