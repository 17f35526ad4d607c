"""The joint scorecard: every KPI of a scope with its target, its months and what they say."""

import threading
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import timedelta

import polars as pl
from cachetools import LRUCache, cached

from marops import lake, rollups, store
from marops.findings import Finding, Severity, Side
from marops.language import Month, Text, joined, ntext, text
from marops.measure import Measure
from marops.period import Period, Scope
from marops.principal import Action, Principal, require
from marops.quantity import Quantity, Unit
from marops.scorecard import judging, metrics, targets
from marops.scorecard.definitions import KPIS, Kpi
from marops.scorecard.judging import Goal, Point, Promise, Series, Trend
from marops.spc import RUN, Assurance, Limits
from marops.workspaces import service as workspaces
from marops.workspaces.service import Opened

MONTHS = 24
COLLABORATION_QUESTION = "PX1"


@dataclass(frozen=True, slots=True)
class Row:
    """One KPI as a reader sees it."""

    kpi: Kpi
    measure: Measure
    before: Measure | None
    goal: Goal | None
    series: Series
    trend: Trend
    promise: Promise

    @property
    def assurance(self) -> Assurance | None:
        """Whether the process as it is will keep the target."""
        return judging.assurance(self.series, self.goal)

    @property
    def next_step(self) -> Text | None:
        """What to do about it, by how it changes and whether it will keep its target."""
        return judging.next_step(self.trend, self.assurance)

    @property
    def change(self) -> Quantity | None:
        """The measure less the one it is compared with, in the same unit (percent: in points)."""
        if self.before is None or self.measure.value is None or self.before.value is None:
            return None
        unit = Unit.POINTS if self.measure.unit is Unit.PERCENT else self.measure.unit
        return Quantity(float(self.measure.value) - float(self.before.value), unit, self.measure.currency)

    @property
    def target(self) -> Text | None:
        """The target in words: "≥ 60 %", "≤ 40 d", "10 % to 20 %"."""
        if self.goal is None:
            return None
        value = self.measure.in_unit(self.goal.value)
        match self.goal.type:
            case "at_least":
                return text("≥ {value}", value=value)
            case "at_most":
                return text("≤ {value}", value=value)
            case _:
                upper = self.goal.value if self.goal.upper is None else self.goal.upper
                return text("{low} to {high}", low=value, high=self.measure.in_unit(upper))


@dataclass(frozen=True, slots=True)
class Scorecard:
    """All rows, in the order of the definitions."""

    rows: tuple[Row, ...]

    def of(self, side: Side) -> list[Row]:
        """The rows one side owns (or both)."""
        return [row for row in self.rows if row.kpi.side is side]

    def sentence(self, side: Side) -> Text:
        """One sentence on a side: what changed for the worse or the better, which targets its processes will keep missing."""
        rows = [row for row in self.of(side) if row.measure.value is not None]
        if not rows:
            return text("nothing measured yet")
        signals = sum(row.trend in {Trend.WORSE, Trend.BETTER} for row in rows)
        failing = sum(row.assurance is Assurance.FAIL for row in rows)
        said = ntext("{n} signal", "{n} signals", signals) if signals else text("no signal")
        if not failing:
            return said
        missed = ntext("{n} target it will keep missing", "{n} targets it will keep missing", failing)
        return text("{signals}, {missed}", signals=said, missed=missed)

    @property
    def is_empty(self) -> bool:
        """Whether no KPI has a value."""
        return all(row.measure.value is None for row in self.rows if row.kpi.tables)


def scorecard(principal: Principal, scope: Scope) -> Scorecard:
    """Every KPI of the scope. Raises NotFound."""
    require(principal, Action.READ, scope.workspace)
    opened = workspaces.open_workspace(principal, scope.workspace)
    return _scorecard(_Asked(opened, scope))


def row(principal: Principal, scope: Scope, kpi_id: str) -> Row | None:
    """One KPI of the scope, or None where there is no such KPI."""
    require(principal, Action.READ, scope.workspace)
    return next((row for row in scorecard(principal, scope).rows if row.kpi.id == kpi_id), None)


def findings(principal: Principal, scope: Scope) -> list[Finding]:
    """What the scorecard says that somebody should know or decide."""
    require(principal, Action.READ, scope.workspace)
    found = [_finding(row) for row in scorecard(principal, scope).rows]
    return [finding for finding in found if finding is not None]


def verdict(principal: Principal, scope: Scope) -> Text:
    """One sentence on the whole scorecard."""
    require(principal, Action.READ, scope.workspace)
    rows = [row for row in scorecard(principal, scope).rows if row.measure.value is not None]
    worse = [row.kpi.name for row in rows if row.trend is Trend.WORSE]
    missed = [row.kpi.name for row in rows if row.promise is Promise.MISSED]
    kept = sum(row.promise is Promise.MET for row in rows)
    held = sum(row.promise is not Promise.NONE for row in rows)
    if worse:
        return text(
            "{kept} of {held} targets kept; {names} got worse beyond normal variation.",
            kept=kept, held=held, names=joined(worse, 2),
        )  # fmt: skip
    if missed:
        return text("{kept} of {held} targets kept; {names} missed.", kept=kept, held=held, names=joined(missed, 2))
    if held:
        return text("{kept} of {held} targets kept, and nothing moved beyond normal variation.", kept=kept, held=held)
    return text("No targets are set for these days; nothing can be held against a promise yet.")


# Computing


@dataclass(frozen=True)
class _Asked:
    opened: Opened
    scope: Scope

    @property
    def key(self) -> Hashable:
        return self.opened.workspace.id, self.opened.workspace.revision, self.opened.today, self.scope


@cached(LRUCache(maxsize=128), key=lambda asked: asked.key, condition=threading.Condition())
def _scorecard(asked: _Asked) -> Scorecard:
    scope = asked.scope
    goals = _goals(scope.workspace)
    facts = _facts(asked.opened, scope.unit, goals)
    history = _history(asked.opened, scope.unit)
    rows: list[Row] = []
    for kpi in KPIS.values():
        measure = metrics.measure(kpi, facts, scope.period)
        before = metrics.measure(kpi, facts, scope.compared) if scope.compared and kpi.has_history else None
        series = judging.series(kpi, [m for m in history[kpi.id] if m.period and m.period.end <= scope.period.end][-MONTHS:])
        goal = judging.goal_for(goals, kpi.id, scope.period)
        rows.append(Row(kpi, measure, before, goal, series, judging.trend(series, kpi.better), judging.promise(measure, goal)))
    return Scorecard(tuple(rows))


def _history(opened: Opened, unit: str | None) -> dict[str, list[Measure]]:
    return _months(opened.workspace.id, opened.workspace.revision, opened, unit)


@cached(
    LRUCache(maxsize=32),
    key=lambda workspace, revision, opened, unit: (workspace, revision, opened.today, unit),
    condition=threading.Condition(),
)
def _months(_workspace: str, _revision: str, opened: Opened, unit: str | None) -> dict[str, list[Measure]]:
    """Each KPI by month, from the first whole month of data to the last."""
    if opened.first_day is None or opened.last_day is None:
        return {kpi: [] for kpi in KPIS}
    facts = _facts(opened, unit, _goals(opened.workspace.id))
    spans = list(Period(min(opened.first_day, opened.last_day), opened.last_day).months())
    return {kpi.id: [metrics.measure(kpi, facts, month) for month in spans] if kpi.has_history else [] for kpi in KPIS.values()}


def _facts(opened: Opened, unit: str | None, goals: list[Goal]) -> metrics.Facts:
    found = rollups.facts(opened)
    last = opened.last_day or opened.today
    return metrics.Facts(
        leads=rollups.leads(found),
        performance=rollups.channel_days(found),
        sli=lake.table(found.manifest, "sli_measurement").collect(),
        work=rollups.work(found),
        survey=_survey(found),
        ages=_ages(opened, found),
        end=metrics.start_of(min(last, opened.today) + timedelta(days=1)),
        currency=found.currency,
        availability_target=lambda period: _availability_target(goals, period),
        unit=unit,
    )


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


_LIVE = ("ad_performance", "web_traffic_daily", "lead", "lead_stage_history", "work_item_transition", "sli_measurement")
"""Tables that are expected to stay up to date."""


def _ages(opened: Opened, found: rollups.Facts) -> dict[str, float]:
    days = {name: found.manifest.last_day(name) for name in _LIVE}
    return {name: max(0, (opened.today - day).days) * 24.0 for name, day in days.items() if day is not None}


def _goals(workspace_id: str) -> list[Goal]:
    with store.reading() as session:
        return targets.goals(session, workspace_id)


def _finding(row: Row) -> Finding | None:
    kpi, measure = row.kpi, row.measure
    if measure.value is None:
        return None
    value = measure.in_unit(measure.value)
    if row.trend is Trend.WORSE and row.series.limits is not None:
        newest = row.series.points[-1]
        what = _change(row, row.series.limits, newest)
        severity = Severity.DECIDE
    elif row.promise is Promise.MISSED and row.target is not None:
        what = text("{kpi} is {value}; the target is {target}.", kpi=kpi.name, value=value, target=row.target)
        # An interval that leaves the target out makes a miss certain.
        severity = Severity.DECIDE if measure.interval else Severity.WATCH
    else:
        return None
    cause = measure.note or text("no further detail")
    return Finding(
        f"kpi:{kpi.id}", severity, what, cause, kpi.owner, kpi.advice, "scorecard", kpi.side, target=kpi.id,
        weight=_WEIGHTS.get(kpi.id, 1.0),
    )  # fmt: skip


def _change(row: Row, limits: Limits, newest: Point) -> Text:
    """What the newest month did: left the limits, or ended a run on one side of the mean."""
    kpi, measure, value = row.kpi, row.measure, newest.value or 0
    said, month = measure.in_unit(value), Month(newest.month)
    if limits.lower <= value <= limits.upper:
        side = text("above") if value > limits.mean else text("below")
        return text(
            "{kpi} was {value} in {month}, and for {n} months in a row {side} its mean of {mean}.",
            kpi=kpi.name, value=said, month=month, n=RUN, side=side, mean=measure.in_unit(limits.mean),
        )  # fmt: skip
    return text(
        "{kpi} was {value} in {month}, outside its normal {low} to {high}.",
        kpi=kpi.name, value=said, month=month, low=measure.in_unit(limits.lower), high=measure.in_unit(limits.upper),
    )  # fmt: skip


_WEIGHTS = {"J1": 3.0, "M2": 2.5, "IT1": 2.0, "IT4": 2.0, "M8": 2.0, "J7": 1.5}
