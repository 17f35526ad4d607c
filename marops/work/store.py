"""Rows of work kept in marops. Moves, comments, approvals and dependencies stay on record; one that is taken back is marked so."""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy import JSON, UniqueConstraint
from sqlmodel import Field, Session, col, select

from marops import notes
from marops.store import ExactDecimal, Moment, OfUnit, Row, Said, Withdrawable, new_id, now

_PREFIX = "marops-"
ID = re.compile(rf"{_PREFIX}([1-9][0-9]{{0,8}})")
"""What the id of an item that is kept here looks like."""


class WorkItem(Withdrawable, OfUnit, table=True):
    """A request, or a step of a launch (`parent`: the number of the launch it belongs to).

    `number` counts the workspace's items from 1. `first_due` is the day first promised; `due` the day promised now; `last_due`,
    where none is promised now, the last one that was: the steps of a launch are still counted from it. `version` rises
    with every change of the details: who edits says which version he saw. `assignee` does it (empty: nobody yet). `side` must act
    on a step and `due_stage` is the stage of its launch in which it is due. A withdrawn item counts in no number.
    """

    __table_args__ = (UniqueConstraint("workspace_id", "number"),)

    id: str = Field(default_factory=new_id, primary_key=True, max_length=32)
    workspace_id: str = Field(foreign_key="workspace.id", index=True, max_length=40)
    number: int
    parent: int | None = None
    name: str = Field(max_length=300)
    campaign_name: str = Field(default="", max_length=300)
    first_due: date | None = None
    due: date | None = None
    last_due: date | None = None
    value_per_day: Decimal | None = Field(default=None, sa_type=ExactDecimal)
    currency_code: str | None = Field(default=None, max_length=3)
    brief: str = Field(default="", max_length=10_000)
    assignee: str = Field(default="", max_length=200)
    side: str = Field(default="", max_length=20)
    due_stage: str | None = Field(default=None, max_length=40)
    requested_by: str = Field(max_length=200)
    requested_at: datetime = Field(sa_type=Moment)
    version: int = 1
    changed_by: str = Field(max_length=200)
    changed_at: datetime = Field(default_factory=now, sa_type=Moment)

    @property
    def item(self) -> str:
        """The item's id among all items of the workspace, imported ones included (`tracked.apart`)."""
        return f"{_PREFIX}{self.number}"

    @property
    def key(self) -> str:
        """What people call it: M-12."""
        return f"M-{self.number}"

    @classmethod
    def edited(cls, by: str, at: datetime) -> dict[str, Any]:
        """The next version: who had opened the one before does not write its unit back."""
        return {"version": col(cls.version) + 1, "changed_by": by, "changed_at": at}


class WorkItemTransition(Withdrawable, table=True):
    """A stage that an item entered. `sequence` counts the item's moves from 1 and never changes; an undone move is withdrawn.

    `status` is the stage's name as it was then, should the workspace's stages be others later. `despite`: why it was made although
    somebody had not approved, or had declined; empty where nothing was in the way.
    """

    __table_args__ = (UniqueConstraint("item_id", "sequence"),)

    id: str = Field(default_factory=new_id, primary_key=True, max_length=32)
    workspace_id: str = Field(foreign_key="workspace.id", index=True, max_length=40)
    item_id: str = Field(foreign_key="work_item.id", index=True, max_length=32)
    sequence: int
    stage: str = Field(max_length=40)
    status: str = Field(max_length=200)
    at: datetime = Field(sa_type=Moment)
    moved_by: str = Field(max_length=200)
    moved_by_id: str = Field(max_length=200)
    reason: str = Field(default="", max_length=1000)
    despite: str = Field(default="", max_length=1000)


class Approval(Said, table=True):
    """An approval that somebody asked for (`author`, `asked_at`). `item` may be an imported one; `stage` is where it stood (null:
    not known). `mode`: all, any or quorum; `needed`: how many must approve. `overridden_by`: the sequence of the item's move that
    was made despite it and took it back; null where somebody withdrew it.
    """

    item: str = Field(index=True, max_length=300)
    stage: str | None = Field(default=None, max_length=40)
    about: str = Field(default="", max_length=1000)
    mode: str = Field(max_length=10)
    needed: int
    in_turn: bool = False
    asked_at: datetime = Field(sa_type=Moment)
    overridden_by: int | None = None


class Approver(Row, table=True):
    """Somebody, by name or role, who is asked in an approval, in the order of `position`; and the answer, which is given once."""

    id: str = Field(default_factory=new_id, primary_key=True, max_length=32)
    workspace_id: str = Field(foreign_key="workspace.id", index=True, max_length=40)
    approval_id: str = Field(foreign_key="approval.id", index=True, max_length=32)
    position: int
    approver: str = Field(max_length=200)
    decision: str | None = Field(default=None, max_length=10)
    note: str = Field(default="", max_length=2000)
    decided_by: str | None = Field(default=None, max_length=200)
    decided_at: datetime | None = Field(default=None, sa_type=Moment)


class Comment(Said, table=True):
    """What somebody says about an item."""

    item: str = Field(index=True, max_length=300)
    words: str = Field(max_length=5000)


class Dependency(Said, table=True):
    """That an item needs another one to be done first."""

    item: str = Field(index=True, max_length=300)
    needs: str = Field(max_length=300)


class SameWork(Said, table=True):
    """What somebody said of a request kept here (`item`) and an item that a tracker delivered (`imported`): that they are one, so
    that the imported history counts in its place; or (`is_one` is false) that they are two, however alike they look.
    """

    item: str = Field(index=True, max_length=300)
    imported: str = Field(index=True, max_length=300)
    is_one: bool = True


class FlagEvent(Row, table=True):
    """That an item is held up from a moment until another: blocked, or waiting on a role."""

    id: str = Field(default_factory=new_id, primary_key=True, max_length=32)
    workspace_id: str = Field(foreign_key="workspace.id", index=True, max_length=40)
    item: str = Field(index=True, max_length=300)
    kind: str = Field(max_length=10)
    role: str = Field(default="", max_length=200)
    note: str = Field(default="", max_length=1000)
    from_at: datetime = Field(sa_type=Moment)
    set_by: str = Field(max_length=200)
    until_at: datetime | None = Field(default=None, sa_type=Moment)
    lifted_by: str | None = Field(default=None, max_length=200)


class LaunchTemplate(Withdrawable, table=True):
    """A launch plan of the workspace's own. `version` rises with every change."""

    id: str = Field(default_factory=new_id, primary_key=True, max_length=32)
    workspace_id: str = Field(foreign_key="workspace.id", index=True, max_length=40)
    name: str = Field(max_length=200)
    version: int = 1
    changed_by: str = Field(max_length=200)
    changed_at: datetime = Field(default_factory=now, sa_type=Moment)


class LaunchMilestone(Row, table=True):
    """A milestone of a launch plan, in its place: `days_before` working days before the launch, negative after it."""

    id: str = Field(default_factory=new_id, primary_key=True, max_length=32)
    workspace_id: str = Field(foreign_key="workspace.id", index=True, max_length=40)
    template_id: str = Field(foreign_key="launch_template.id", index=True, max_length=32)
    position: int
    name: str = Field(max_length=300)
    days_before: int
    stage: str | None = Field(default=None, max_length=40)
    side: str = Field(default="", max_length=20)
    needs: list[str] = Field(default_factory=list, sa_type=JSON)


def number_of(item: str) -> int | None:
    """The number of an item that is kept here; None for the id of an imported one."""
    found = ID.fullmatch(item)
    return int(found[1]) if found else None


def key_of(item: str) -> str:
    """What people call an item that is kept here; of an imported one, its id."""
    number = number_of(item)
    return item if number is None else f"M-{number}"


def of_key(typed: str) -> str | None:
    """The id of an item kept here that somebody means by its key or id, in any case; None where it is neither."""
    found = re.fullmatch(rf"(?:M-|{_PREFIX})([1-9][0-9]{{0,8}})", typed, re.IGNORECASE)
    return None if found is None else f"{_PREFIX}{found[1]}"


Found = TypeVar("Found", Approval, Comment, Dependency, FlagEvent, LaunchTemplate, SameWork)


def row_of(session: Session, workspace_id: str, kind: type[Found], row_id: str) -> Found | None:
    """A workspace's row of an id; None where there is none. What no database can keep is no id and is not asked for."""
    row = session.get(kind, row_id) if notes.can_be_kept(row_id) else None
    return row if row is not None and row.workspace_id == workspace_id else None


def find(session: Session, workspace_id: str, item: str) -> WorkItem | None:
    """The row of an item that is kept here; None where it is not."""
    number = number_of(item)
    return None if number is None else numbered(session, workspace_id, number)


def numbered(session: Session, workspace_id: str, number: int) -> WorkItem | None:
    """The item of a number."""
    query = select(WorkItem).where(WorkItem.workspace_id == workspace_id, WorkItem.number == number)
    return session.exec(query).first()


def steps(session: Session, row: WorkItem) -> list[WorkItem]:
    """The steps of a launch, by the day they are due."""
    query = select(WorkItem).where(WorkItem.workspace_id == row.workspace_id, WorkItem.parent == row.number)
    return sorted(session.exec(query), key=lambda step: (step.due or date.max, step.number))


def all_moves(session: Session, workspace_id: str) -> dict[str, list[WorkItemTransition]]:
    """Every move of a workspace by the id of its item's row, as `moves`."""
    found: dict[str, list[WorkItemTransition]] = {}
    query = select(WorkItemTransition).where(WorkItemTransition.workspace_id == workspace_id)
    for move in session.exec(query.order_by(col(WorkItemTransition.sequence))):
        found.setdefault(move.item_id, []).append(move)
    return found


def moves(session: Session, row: WorkItem) -> list[WorkItemTransition]:
    """Every move of an item in its order, undone ones included."""
    query = select(WorkItemTransition).where(WorkItemTransition.item_id == row.id)
    return list(session.exec(query.order_by(col(WorkItemTransition.sequence))))


def last_move(session: Session, row: WorkItem) -> WorkItemTransition:
    """The last move of an item that stands."""
    return next(move for move in reversed(moves(session, row)) if move.withdrawn_at is None)


def needs(session: Session, workspace_id: str) -> list[Dependency]:
    """The dependencies that stand, in the order they were said."""
    query = select(Dependency).where(Dependency.workspace_id == workspace_id, col(Dependency.withdrawn_at).is_(None))
    return list(session.exec(query.order_by(col(Dependency.written_at), col(Dependency.id))))


def approvers(session: Session, workspace_id: str) -> dict[str, list[Approver]]:
    """Who is asked in each approval, in their order."""
    found: dict[str, list[Approver]] = {}
    for row in session.exec(select(Approver).where(Approver.workspace_id == workspace_id).order_by(col(Approver.position))):
        found.setdefault(row.approval_id, []).append(row)
    return found


def withdrawn(session: Session, workspace_id: str) -> frozenset[str]:
    """The ids of the items that are withdrawn."""
    query = select(WorkItem).where(WorkItem.workspace_id == workspace_id, col(WorkItem.withdrawn_at).is_not(None))
    return frozenset(row.item for row in session.exec(query))


def items(session: Session, workspace_id: str) -> dict[str, WorkItem]:
    """Every item that is kept, steps and withdrawn ones included, by its id."""
    return {row.item: row for row in session.exec(select(WorkItem).where(WorkItem.workspace_id == workspace_id))}


def launch_of(row: WorkItem) -> str | None:
    """The launch that a step is of; None for what is no step."""
    return None if row.parent is None else f"{_PREFIX}{row.parent}"
