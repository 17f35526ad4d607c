"""Whose work can be looked at, and what of the desk (approvals that wait, requests kept here) is of that work."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from marops import item_rollups, rollups
from marops.period import Scope
from marops.pipeline import raci, roles
from marops.pipeline.scoped import ALL, NOBODY, Chosen, Scoped
from marops.principal import Action, Principal, require
from marops.work import approving, reading
from marops.work.approving import Waiting
from marops.work.reading import Item
from marops.workspaces import service as workspaces
from marops.workspaces.service import Opened


@dataclass(frozen=True)
class Desk:
    """Approvals that wait and requests kept here, withdrawn ones included; `is_empty`: the workspace has none at all."""

    waiting: tuple[Waiting, ...]
    kept: tuple[Item, ...]
    is_empty: bool


@dataclass(frozen=True, slots=True)
class HeldUp:
    """That an item was blocked, or waiting (`kind`), from when until when (None: still)."""

    kind: str
    from_at: datetime
    until_at: datetime | None


def persons(principal: Principal, workspace_id: str) -> tuple[str, ...]:
    """Everybody to whom work of the workspace is or was assigned, and NOBODY where there is any work. Raises NotFound."""
    require(principal, Action.READ, workspace_id)
    work = item_rollups.work(rollups.facts(workspaces.open_workspace(principal, workspace_id)))
    return () if work.is_empty() else (NOBODY, *work["assignee"].drop_nulls().unique().sort())


def acting(principal: Principal, scope: Scope) -> tuple[str, ...]:
    """The roles that can be chosen: those of the matrix in its order, then others that must act, or approve, now. Whatever unit the
    scope has, so that a role stays chosen from one to another. Raises NotFound.
    """
    require(principal, Action.READ, scope.workspace)
    held = roles.held(principal, Scope(scope.workspace, scope.period, scope.comparison))
    asked = [one.approver for one in approving.queue(principal, scope.workspace)]
    named = {*raci.as_called(held.matrix, asked).values(), *held.acting["role"].drop_nulls()}
    listed = [role.name for role in held.matrix.roles]
    return (*listed, *sorted(named - set(listed), key=str.casefold))


def known(principal: Principal, scope: Scope, person: str | None, role: str | None) -> Chosen:
    """What of a wish can be chosen; who or what is not known falls away. Raises NotFound."""
    require(principal, Action.READ, scope.workspace)
    return Chosen(
        person if person is not None and person in persons(principal, scope.workspace) else None,
        role if role is not None and role in acting(principal, scope) else None,
    )


def desk(principal: Principal, scope: Scope, chosen: Chosen = ALL) -> Desk:
    """What waits for an answer and what was requested, of the scope's unit and of what was chosen. A step belongs to its launch's
    unit and person. Of a role are the requests on which it must act, and the approvals that wait for its own answer, also where
    another approver was asked before. Raises NotFound.
    """
    require(principal, Action.READ, scope.workspace)
    waiting, kept = approving.queue(principal, scope.workspace), reading.items(principal, scope.workspace)
    empty = not waiting and not kept
    if scope.unit is None and chosen.is_all:
        return Desk(tuple(waiting), tuple(kept), empty)
    opened = workspaces.open_workspace(principal, scope.workspace)
    standing = frozenset(Scoped(opened, scope, chosen.person).work["issue_id"])
    waiting = [one for one in waiting if (one.launch or one.item) in standing]
    shown = standing | _withdrawn(kept, opened, scope.unit, chosen.person)
    if chosen.role is not None:
        held = roles.held(principal, scope, chosen)
        called = raci.as_called(held.matrix, [one.approver for one in waiting])
        waiting = [one for one in waiting if called.get(one.approver) == chosen.role]
        shown = held.with_role(chosen.role)
    return Desk(tuple(waiting), tuple(item for item in kept if item.names[0] in shown), empty)


def open_work(principal: Principal, workspace_id: str) -> tuple[tuple[str, str, str], ...]:
    """Work that is not done, imported or kept here, steps of launches left out: id, key and name, by key. Raises NotFound."""
    require(principal, Action.READ, workspace_id)
    work = item_rollups.work(rollups.facts(workspaces.open_workspace(principal, workspace_id)))
    named = work.filter(pl.col("done_at").is_null()).select("issue_id", "key", pl.coalesce("name", "key"))
    return tuple(named.sort("key", "issue_id").rows())


def over(principal: Principal, workspace_id: str) -> tuple[str, ...]:
    """The ids of work that is done, or runs, imported or kept here. Raises NotFound."""
    require(principal, Action.READ, workspace_id)
    opened = workspaces.open_workspace(principal, workspace_id)
    work = item_rollups.work(rollups.facts(opened))
    is_over = pl.col("stage").is_in(opened.process.launched).fill_null(value=False)
    return tuple(work.filter(pl.col("done_at").is_not_null() | pl.col("launched_at").is_not_null() | is_over)["issue_id"])


def tracker_flags(principal: Principal, workspace_id: str, items: Sequence[str]) -> tuple[HeldUp, ...]:
    """When trackers say that an item of these ids was held up, in the order it began. Raises NotFound."""
    require(principal, Action.READ, workspace_id)
    found = item_rollups.imported_flags(rollups.facts(workspaces.open_workspace(principal, workspace_id)))
    of_item = found.filter(pl.col("issue_id").is_in(list(items))).sort("from_at")
    return tuple(HeldUp(*row) for row in of_item.select("kind", "from_at", "until_at").iter_rows())


def twins(principal: Principal, workspace_id: str, item: str) -> tuple[tuple[str, str], ...]:
    """Imported items (id and key) that may be the same work as a request kept here: see item_rollups.twins. Raises NotFound."""
    require(principal, Action.READ, workspace_id)
    found = item_rollups.twins(rollups.facts(workspaces.open_workspace(principal, workspace_id)))
    return tuple(found.filter(issue_id=item).select("twin", "key").rows())


def _withdrawn(kept: list[Item], opened: Opened, unit: str | None, person: str | None) -> frozenset[str]:
    """Withdrawn requests of a unit and a person, which are no work any more."""
    rows = [item.row for item in kept if item.row is not None and item.row.withdrawn_at is not None]
    found = pl.DataFrame(
        [(row.item, row.business_unit, row.campaign_name, row.assignee) for row in rows if person in {None, row.assignee}],
        schema={"id": pl.String, "unit": pl.String, "campaign": pl.String, "assignee": pl.String}, orient="row",
    )  # fmt: skip
    of = pl.coalesce("unit", rollups.unit_of(pl.col("campaign"), opened.units))
    return frozenset(found["id"] if unit is None else found.filter(of == unit)["id"])
