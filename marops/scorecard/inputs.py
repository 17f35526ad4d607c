"""What the scorecard reads of a workspace: facts, targets, months, and how far its sources go. Nothing here asks for a role: the
scorecard's services do.
"""

import threading
from datetime import UTC, date, datetime, timedelta

import polars as pl
from cachetools import LRUCache, cached

from marops import checks, item_rollups, lake, rollups, store
from marops.decisions.store import due_actions
from marops.measure import Measure
from marops.period import Period, start_of
from marops.scorecard import judging, metrics, targets
from marops.scorecard.definitions import KPIS, Kpi
from marops.scorecard.facts import Facts
from marops.scorecard.judging import Goal
from marops.scorecard.store import rebases
from marops.workspaces.service import Opened

COLLABORATION_QUESTION = "PX1"


@cached(LRUCache(maxsize=32), key=lambda opened, unit: (opened.key, unit), condition=threading.Condition())
def history(opened: Opened, unit: str | None) -> dict[str, list[Measure]]:
    """Each KPI by month, from the first whole month of data to the last."""
    if opened.first_day is None or opened.last_day is None:
        return {kpi: [] for kpi in KPIS}
    facts = facts_of(opened, unit)
    found: dict[str, list[Measure]] = {kpi: [] for kpi in KPIS}
    # Month by month: KPIs share rows of a month.
    for month in Period(min(opened.first_day, opened.last_day), opened.last_day).months():
        for kpi in KPIS.values():
            if kpi.has_history:
                found[kpi.id].append(metrics.measure(kpi, facts, month))
    return found


@cached(LRUCache(maxsize=8), key=lambda opened, unit: (opened.key, unit), condition=threading.Condition())
def facts_of(opened: Opened, unit: str | None) -> Facts:
    """What the KPIs of a workspace (or of one of its units) are computed from."""
    found = rollups.facts(opened)
    held = goals(opened.workspace.id)
    last = opened.last_day or opened.today
    return Facts(
        leads=rollups.leads(found),
        touches=rollups.touches(found),
        moves=rollups.moves(found),
        changes=lake.table(found.manifest, "change").collect(),
        privacy=lake.table(found.manifest, "privacy_request").collect(),
        cost=rollups.cost(found),
        checks=checks.passed(found),
        actions=due_actions(opened.workspace.id),
        margin=None if opened.workspace.gross_margin is None else float(opened.workspace.gross_margin),
        performance=rollups.channel_days(found),
        sli=_availability(found),
        work=item_rollups.work(found),
        survey=_survey(found),
        ages=_ages(opened, found),
        # A day that is not over yet has only come so far.
        end=min(start_of(min(last, opened.today) + timedelta(days=1)), datetime.now(UTC)),
        today=opened.today,
        currency=found.currency,
        availability_target=lambda period: _availability_target(held, period),
        unit=unit,
    )


def _availability(found: rollups.Facts) -> pl.DataFrame:
    """What monitors measured of availability; where no indicator is called so, of whatever there is."""
    rows = lake.table(found.manifest, "sli_measurement").collect()
    named = rows.filter(pl.col("sli_name").str.to_lowercase().str.contains("avail|uptime|dispon"))
    return rows if named.is_empty() else named


def _availability_target(goals: list[Goal], period: Period) -> float | None:
    goal = judging.goal_for(goals, "IT1", period)
    return goal.value if goal else None


def _survey(found: rollups.Facts) -> pl.DataFrame:
    return (
        lake.table(found.manifest, "survey_response")
        .filter(pl.col("question_id").str.to_uppercase() == COLLABORATION_QUESTION, pl.col("value").is_not_null())
        .select("side", pl.col("value").cast(pl.Float64), pl.col("survey_response_recorded_at").alias("recorded_at"))
        .collect()
    )


_LIVE = (
    "ad_performance",
    "web_traffic_daily",
    "lead",
    "lead_stage_history",
    "lead_touch",
    "work_item_transition",
    "sli_measurement",
)
"""Tables that are expected to stay up to date."""


def _ages(opened: Opened, found: rollups.Facts) -> dict[str, float]:
    days = {name: found.manifest.last_day(name) for name in _LIVE}
    return {name: max(0, (opened.today - day).days) * 24.0 for name, day in days.items() if day is not None}


_DELIVERED = (
    ("ad_performance",),
    ("lead", "lead_stage_history"),
    ("lead_touch",),
    ("work_item", "work_item_transition"),
    ("sli_measurement",),
)
"""Tables that one tool delivers together: the newest of their days says how far its data go."""

STALE_AFTER = timedelta(days=2)
"""How much earlier than the days asked for a source may end: weekends and nightly exports leave a day or two."""


NO_MOVE_FOR = timedelta(days=14)
"""Days with new leads and no lead that moves, after which the stage history is taken to have stopped."""


def stale_since(kpi: Kpi, opened: Opened, period: Period) -> date | None:
    """The last day of a KPI's oldest source, where that is well before a period's end (or yesterday); None: it is fresh."""
    manifest = rollups.facts(opened).manifest
    used = [tables for tables in _DELIVERED if set(tables) & set(kpi.tables)]
    ends = [day for tables in used if (day := manifest.last_day(*tables)) is not None]
    leads, moves = manifest.last_day("lead"), manifest.last_day("lead_stage_history")
    if "lead_stage_history" in kpi.tables and leads and moves and leads - moves > NO_MOVE_FOR:
        ends.append(moves)  # leads go on, and none of them moves: the history has stopped
    due = min(period.end, opened.today - timedelta(days=1)) - STALE_AFTER
    return min(ends) if ends and min(ends) < due else None


def rebased(workspace_id: str, period: Period) -> dict[str, date]:
    """By KPI, the last month by the end of a period from which its limits are to be learned anew."""
    with store.reading() as session:
        return {row.kpi: row.from_month for row in rebases(session, workspace_id) if row.from_month <= period.end}


def goals(workspace_id: str) -> list[Goal]:
    """The targets of a workspace that stand."""
    with store.reading() as session:
        return targets.goals(session, workspace_id)
