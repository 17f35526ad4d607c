"""The joint scorecard: every KPI of a scope with its target, its months and what they say."""

import threading
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date
from functools import reduce

from cachetools import LRUCache, cached

from marops.findings import Finding, Severity, Side
from marops.language import Month, Text, joined, ntext, text
from marops.measure import Measure
from marops.period import Scope, month_of
from marops.principal import Action, Principal, require
from marops.quantity import Quantity, Unit
from marops.scorecard import inputs, judging, metrics, targets
from marops.scorecard.definitions import KPIS, Kpi
from marops.scorecard.judging import Goal, Point, Promise, Series, Trend
from marops.spc import RUN, Assurance, Limits
from marops.workspaces import service as workspaces
from marops.workspaces.service import Opened


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
    targets: tuple[Goal | None, ...] = ()
    """The target in force at the end of each of the months shown."""

    stale_since: date | None = None
    """The last day of its oldest source, where it has a value and that day is well before the days asked for end."""

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
    def conclusion(self) -> Text:
        """One sentence or two on the KPI: what it is, and what to do about it."""
        if self.measure.quantity is None:
            return self.measure.missing or text("not measured")
        value = self.measure.quantity
        if self.stale_since is not None:
            return text("{value}, but its data end on {day}: it is not known what it is now.", value=value, day=self.stale_since)
        if self.next_step is not None:
            return text("{value}. {step}", value=value, step=self.next_step)
        match self.promise:
            case Promise.MET:
                return text("{value}, which keeps its target.", value=value)
            case Promise.MISSED:
                return text("{value}, which misses its target.", value=value)
            case Promise.OPEN:
                return text("{value}; whether that keeps its target is too close to call.", value=value)
            case Promise.NONE:
                return text("{value}; no target is set for these days.", value=value)

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
        return targets.words(self.goal, self.measure.currency or "")


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
    def kept_by_weight(self) -> Measure | None:
        """For those who ask for one number: the share, by weight, of KPIs whose process will keep its target, of those of which it
        can be told. The three worst are named beside it. None where it can be told of none.
        """
        told = [row for row in self.rows if row.assurance is not None and row.stale_since is None]
        weight = sum(row.kpi.weight for row in told)
        if not weight:
            return None
        kept = sum(row.kpi.weight for row in told if row.assurance is Assurance.PASS)
        worst = sorted((row for row in told if row.assurance is not Assurance.PASS), key=lambda row: -row.urgency)[:3]
        note = text("of {n} KPIs", n=len(told))
        if worst:
            note = text("of {n} KPIs; worst: {names}", n=len(told), names=joined([row.kpi.name for row in worst], 3))
        period = told[0].measure.period
        return Measure(
            "kept", text("Weighted KPIs that will keep their target"), kept / weight, Unit.PERCENT, "kept", 1,
            tuple(sorted({table for row in told for table in row.kpi.tables})), period, note=note,
        )  # fmt: skip

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
    known = [row for row in scorecard(principal, scope).rows if row.measure.value is not None]
    rows = [row for row in known if row.stale_since is None]
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
    if stale := [row.stale_since for row in known if row.stale_since is not None]:
        return ntext(
            "{n} number is stale, since {day}: what it is now is not known.",
            "{n} numbers are stale, the oldest since {day}: what they are now is not known.", len(stale), day=min(stale),
        )  # fmt: skip
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
    goals = inputs.goals(scope.workspace)
    facts = inputs.facts_of(asked.opened, scope.unit)
    history = inputs.history(asked.opened, scope.unit)
    rebased = inputs.rebased(scope.workspace, scope.period)
    rows: list[Row] = []
    for kpi in KPIS.values():
        measure = metrics.measure(kpi, facts, scope.period)
        before = metrics.measure(kpi, facts, scope.compared) if scope.compared and kpi.has_history else None
        months = [m for m in history[kpi.id] if m.period and m.period.end <= scope.period.end]
        series = judging.series(kpi, months, rebased.get(kpi.id))
        goal = judging.goal_for(goals, kpi.id, scope.period)
        rows.append(
            Row(
                kpi, measure, before, goal, series, judging.trend(series, kpi.better), judging.promise(measure, goal),
                tuple(judging.goal_for(goals, kpi.id, month_of(point.month)) for point in series.shown),
                None if measure.value is None else inputs.stale_since(kpi, asked.opened, scope.period),
            )
        )  # fmt: skip
    return Scorecard(tuple(rows))


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
