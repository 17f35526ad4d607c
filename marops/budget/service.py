"""Budget: what was spent and what it brought, what another split would bring, and scenarios kept for later."""

import threading
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl
from cachetools import LRUCache, cached
from sqlmodel import col, select

from marops import rollups, store
from marops.budget import metrics
from marops.budget.metrics import Outcome
from marops.budget.response import Response
from marops.budget.store import BudgetPlan, Scenario
from marops.errors import UserError
from marops.findings import Finding, Severity, Side
from marops.language import Text, text
from marops.measure import Measure
from marops.period import Scope
from marops.principal import Action, Principal, require
from marops.quantity import Quantity, money
from marops.workspaces import service as workspaces
from marops.workspaces import store as workspace_rows
from marops.workspaces.service import Opened

MOST = 3.0
"""Largest multiplier of a channel's spend that can be tried: beyond, the data says nothing."""


@dataclass(frozen=True)
class Budget:
    """A scope's money: totals, `channels` (metrics.by_channel), `weeks` and the fitted responses."""

    spend: Measure
    conversions: Measure
    cost: Measure
    channels: pl.DataFrame
    weeks: pl.DataFrame
    responses: Mapping[str, Response | None]
    currency: str

    @property
    def is_empty(self) -> bool:
        """Whether there is no spend in the scope."""
        return self.channels.is_empty()


def budget(principal: Principal, scope: Scope) -> Budget:
    """Spend, outcome and responses of a scope. Raises NotFound."""
    require(principal, Action.READ, scope.workspace)
    return _budget(_Asked(workspaces.open_workspace(principal, scope.workspace), scope))


def what_if(principal: Principal, scope: Scope, multipliers: Mapping[str, float]) -> Outcome:
    """What multiplying the channels' weekly spend would bring. Multipliers are held between 0 and MOST."""
    require(principal, Action.READ, scope.workspace)
    held = {channel: min(max(float(factor), 0.0), MOST) for channel, factor in multipliers.items()}
    return metrics.what_if(budget(principal, scope).responses, held, scope.period)


def scenarios(principal: Principal, workspace_id: str) -> list[Scenario]:
    """The saved scenarios, the newest first."""
    require(principal, Action.READ, workspace_id)
    with store.reading() as session:
        query = select(Scenario).where(Scenario.workspace_id == workspace_id)
        return list(session.exec(query.order_by(col(Scenario.saved_at).desc(), col(Scenario.id))))


def save_scenario(principal: Principal, scope: Scope, name: str, multipliers: Mapping[str, float]) -> Scenario:
    """Keep a split under a name. Raises UserError for an empty name or one that is taken."""
    require(principal, Action.EDIT, scope.workspace)
    called = name.strip()
    if not called:
        raise UserError(text("Give the scenario a name, so that others find it."))
    if any(existing.name == called for existing in scenarios(principal, scope.workspace)):
        raise UserError(text("There is a scenario called {name} already. Choose another name.", name=called))
    kept = {channel: min(max(float(factor), 0.0), MOST) for channel, factor in multipliers.items()}
    scenario = Scenario(
        workspace_id=scope.workspace, name=called[:200], business_unit=scope.unit, period_start=scope.period.start,
        period_end=scope.period.end, multipliers=kept, saved_by=principal.name,
    )  # fmt: skip
    with store.writing() as session:
        workspace_rows.load(session, scope.workspace)
        session.add(scenario)
    return scenario


def delete_scenario(principal: Principal, workspace_id: str, scenario_id: str) -> None:
    """Forget a scenario. Does nothing where it is gone already."""
    require(principal, Action.EDIT, workspace_id)
    with store.writing() as session:
        found = session.get(Scenario, scenario_id)
        if found is not None and found.workspace_id == workspace_id:
            session.delete(found)


def verdict(principal: Principal, scope: Scope) -> Text:
    """One sentence on the money."""
    require(principal, Action.READ, scope.workspace)
    found = budget(principal, scope)
    if found.spend.quantity is None:
        return found.spend.missing or text("No ad spend in these days.")
    if found.cost.quantity is None or found.conversions.quantity is None:
        return text("{spend} was spent; no report of these days counts conversions.", spend=found.spend.quantity)
    return text(
        "{spend} brought {conversions} conversions at {cost} each, as the platforms count them.",
        spend=found.spend.quantity, conversions=Quantity(round(float(found.conversions.quantity.value))), cost=found.cost.quantity,
    )  # fmt: skip


def findings(principal: Principal, scope: Scope) -> list[Finding]:
    """A move of budget that the data supports, if there is one."""
    require(principal, Action.READ, scope.workspace)
    found = budget(principal, scope)
    move = metrics.best_move(found.responses)
    if move is None:
        return []
    source, target, amount = move
    outcome = metrics.what_if(
        found.responses,
        {source.channel: 1 - amount / source.now, target.channel: 1 + amount / target.now},
        scope.period,
    )
    interval = outcome.change.interval
    if interval is None:
        return []
    what = text(
        "Moving {amount} a week from {source} to {target} would bring {low} to {high} more conversions a week.",
        amount=money(round(amount, -1), found.currency), source=source.channel, target=target.channel,
        low=Quantity(interval.low), high=Quantity(interval.high),
    )  # fmt: skip
    cause = text(
        "The next conversion costs {dear} on {source} and {cheap} on {target}.",
        dear=money(source.cost_of_next or 0, found.currency), cheap=money(target.cost_of_next or 0, found.currency),
        source=source.channel, target=target.channel,
    )  # fmt: skip
    action = text("Try it for four weeks and compare; the figures are the platforms' own counts, not a test.")
    return [
        Finding(
            f"budget:{source.channel}>{target.channel}",
            Severity.DECIDE,
            what,
            cause,
            text("Marketing"),
            action,
            "budget",
            Side.MARKETING,
            weight=1.8,
        )
    ]


# Computing


@dataclass(frozen=True)
class _Asked:
    opened: Opened
    scope: Scope

    @property
    def key(self) -> Hashable:
        return self.opened.workspace.id, self.opened.workspace.revision, self.opened.today, self.scope.period, self.scope.unit


@cached(LRUCache(maxsize=64), key=lambda asked: asked.key, condition=threading.Condition())
def _budget(asked: _Asked) -> Budget:
    opened, scope = asked.opened, asked.scope
    found = rollups.facts(opened)
    days = rollups.channel_days(found)
    here = metrics.in_period(days, scope.period, scope.unit)
    until = min(scope.period.end, found.manifest.last_day("ad_performance") or scope.period.end)
    of_unit = days if scope.unit is None else days.filter(pl.col("unit") == scope.unit)
    weeks = metrics.weeks(of_unit, until)
    spend, conversions, cost = metrics.totals(here, scope.period, found.currency, until)
    plan = metrics.planned(_plan(found), scope.period, scope.unit)
    return Budget(spend, conversions, cost, metrics.by_channel(here, plan), weeks, metrics.responses(weeks), found.currency)


def _plan(found: rollups.Facts) -> list[tuple[str, str | None, date, date, float | None]]:
    """Plan rows in the reporting currency; the amount is None where its currency has no rate."""
    with store.reading() as session:
        rows = session.exec(
            select(BudgetPlan).where(BudgetPlan.workspace_id == found.opened.workspace.id, col(BudgetPlan.active).is_(True))
        ).all()
    factors = {code: rollups.factor(found, code) for code in {row.currency_code for row in rows}}
    return [
        (
            row.channel, row.business_unit, row.period_start, row.period_end,
            None if (factor := factors[row.currency_code]) is None else float(row.planned_spend) * factor,
        )
        for row in rows
    ]  # fmt: skip
