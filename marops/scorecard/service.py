"""The joint scorecard: every KPI of a scope with its target, its months and what they say."""

import threading
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce

import polars as pl
from cachetools import LRUCache, cached
from sqlmodel import col, select

from marops import lake, rollups, store
from marops.findings import Finding, Severity, Side
from marops.language import Month, Text, joined, ntext, text
from marops.measure import Measure
from marops.period import Period, Scope, start_of
from marops.principal import Action, Principal, require
from marops.quantity import Quantity, Unit
from marops.scorecard import judging, metrics
from marops.scorecard.definitions import KPIS, Kpi
from marops.scorecard.facts import ACTIONS, Facts
from marops.scorecard.judging import Goal, Point, Promise, Series, Trend
from marops.scorecard.store import Target
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
    stale_since: date | None = None
    """The last day of its oldest source, where that is well before the days asked for end."""

    @property
    def urgency(self) -> float:
        """What to look at first: weight times how loud the signal is. A stale number says nothing."""
        if self.measure.value is None or self.stale_since is not None:
            return 0.0
        signal = {Trend.WORSE: 4.0, Trend.BETTER: 2.0}.get(self.trend, 0.0)
        miss = {Promise.MISSED: 2.0, Promise.OPEN: 0.5}.get(self.promise, 0.0)
        return self.kpi.weight * (1 + signal + miss + (1.0 if self.assurance is Assurance.FAIL else 0.0))

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
        """The rows one side owns (or both), what to look at first on top."""
        return sorted((row for row in self.rows if row.kpi.side is side), key=lambda row: -row.urgency)

    def sentence(self, side: Side) -> Text:
        """One sentence on a side: what changed, which targets its processes will keep missing, which numbers are stale."""
        rows = [row for row in self.of(side) if row.measure.value is not None]
        if not rows:
            return text("nothing measured yet")
        fresh = [row for row in rows if row.stale_since is None]
        signals = sum(row.trend in {Trend.WORSE, Trend.BETTER} for row in fresh)
        failing = sum(row.assurance is Assurance.FAIL for row in fresh)
        stale = len(rows) - len(fresh)
        said = [ntext("{n} signal", "{n} signals", signals) if signals else text("no signal")]
        if failing:
            said.append(ntext("{n} target it will keep missing", "{n} targets it will keep missing", failing))
        if stale:
            said.append(ntext("{n} stale number", "{n} stale numbers", stale))
        return reduce(lambda so_far, more: text("{signals}, {missed}", signals=so_far, missed=more), said)

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
    rows = [row for row in scorecard(principal, scope).rows if row.measure.value is not None and row.stale_since is None]
    rows.sort(key=lambda row: -row.kpi.weight)
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
        return self.opened.key, self.scope


@cached(LRUCache(maxsize=128), key=lambda asked: asked.key, condition=threading.Condition())
def _scorecard(asked: _Asked) -> Scorecard:
    scope = asked.scope
    goals = _goals(scope.workspace)
    facts = facts_of(asked.opened, scope.unit)
    history = _history(asked.opened, scope.unit)
    rows: list[Row] = []
    for kpi in KPIS.values():
        measure = metrics.measure(kpi, facts, scope.period)
        before = metrics.measure(kpi, facts, scope.compared) if scope.compared and kpi.has_history else None
        series = judging.series(kpi, [m for m in history[kpi.id] if m.period and m.period.end <= scope.period.end])
        goal = judging.goal_for(goals, kpi.id, scope.period)
        rows.append(
            Row(
                kpi, measure, before, goal, series, judging.trend(series, kpi.better), judging.promise(measure, goal),
                _stale_since(kpi, asked.opened, scope.period),
            )
        )  # fmt: skip
    return Scorecard(tuple(rows))


@cached(LRUCache(maxsize=32), key=lambda opened, unit: (opened.key, unit), condition=threading.Condition())
def _history(opened: Opened, unit: str | None) -> dict[str, list[Measure]]:
    """Each KPI by month, from the first whole month of data to the last."""
    if opened.first_day is None or opened.last_day is None:
        return {kpi: [] for kpi in KPIS}
    facts = facts_of(opened, unit)
    spans = list(Period(min(opened.first_day, opened.last_day), opened.last_day).months())
    return {kpi.id: [metrics.measure(kpi, facts, month) for month in spans] if kpi.has_history else [] for kpi in KPIS.values()}


def facts_of(opened: Opened, unit: str | None) -> Facts:
    """What the KPIs of a workspace (or of one of its units) are computed from."""
    found = rollups.facts(opened)
    goals = _goals(opened.workspace.id)
    last = opened.last_day or opened.today
    return Facts(
        leads=rollups.leads(found),
        touches=rollups.touches(found),
        moves=rollups.moves(found),
        changes=lake.table(found.manifest, "change").collect(),
        privacy=lake.table(found.manifest, "privacy_request").collect(),
        cost=rollups.cost(found),
        checks=rollups.checks(found),
        actions=_actions(),
        margin=None,
        performance=rollups.channel_days(found),
        sli=lake.table(found.manifest, "sli_measurement").collect(),
        work=rollups.work(found),
        survey=_survey(found),
        ages=_ages(opened, found),
        end=start_of(min(last, opened.today) + timedelta(days=1)),
        currency=found.currency,
        availability_target=lambda period: _availability_target(goals, period),
        unit=unit,
    )


def _actions() -> pl.DataFrame:
    return pl.DataFrame(schema=ACTIONS)


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


def _stale_since(kpi: Kpi, opened: Opened, period: Period) -> date | None:
    manifest = rollups.facts(opened).manifest
    used = [tables for tables in _DELIVERED if set(tables) & set(kpi.tables)]
    ends = [day for tables in used if (day := manifest.last_day(*tables)) is not None]
    due = min(period.end, opened.today - timedelta(days=1)) - STALE_AFTER
    return min(ends) if ends and min(ends) < due else None


def _goals(workspace_id: str) -> list[Goal]:
    with store.reading() as session:
        query = select(Target).where(Target.workspace_id == workspace_id, col(Target.active).is_(True))
        return [
            Goal(
                t.kpi, t.type, float(t.value), None if t.upper is None else float(t.upper), t.valid_from, t.valid_to, t.author,
                t.reason,
            )
            for t in session.exec(query)
        ]  # fmt: skip


def _finding(row: Row) -> Finding | None:
    kpi, measure = row.kpi, row.measure
    if measure.value is None or row.stale_since is not None:
        return None
    value = measure.in_unit(measure.value)
    if row.trend is Trend.WORSE and row.series.limits is not None and (newest := row.series.newest) is not None:
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
        weight=kpi.weight,
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
