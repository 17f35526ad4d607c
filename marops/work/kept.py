"""Work kept here as frames, as the roll-ups unite it with what trackers delivered. No reader and no rights: services ask first."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from threading import Lock

import polars as pl
from cachetools import LRUCache, cached
from cachetools.keys import hashkey
from sqlmodel import Session, col, select

from marops import settings, store
from marops.tables import TABLES
from marops.work import asked, names
from marops.work.names import Names
from marops.work.store import FlagEvent, WorkItem, WorkItemTransition, needs, withdrawn

_MOMENT = pl.Datetime("us", "UTC")

MOVES = pl.Schema({"issue_id": pl.String, "stage": pl.String, "status": pl.String, "role": pl.String, "entered_at": _MOMENT})
"""Moves as they were made: `stage` is the id then."""

APPROVALS = pl.Schema({
    "issue_id": pl.String, "approver": pl.String, "asked_at": _MOMENT, "decided_at": _MOMENT, "decision": pl.String,
    "is_next": pl.Boolean,
})  # fmt: skip
FLAGS = pl.Schema({"issue_id": pl.String, "kind": pl.String, "role": pl.String, "from_at": _MOMENT, "until_at": _MOMENT})
DEPENDENCIES = pl.Schema({"issue_id": pl.String, "needs": pl.String})
DISMISSED = pl.Schema({"issue_id": pl.String, "twin": pl.String})


@dataclass(frozen=True)
class Kept:
    """What a workspace keeps: `items` (launches that stand and are no imported items, not their steps) in columns of work_item,
    their `moves` that stand, and of all items `approvals`, `flags` and `dependencies` (see the roll-ups of that name). `dismissed`:
    requests and imported items (`twin`, by its id) of which somebody has said that they are two.
    """

    items: pl.DataFrame
    moves: pl.DataFrame
    approvals: pl.DataFrame
    flags: pl.DataFrame
    dependencies: pl.DataFrame
    dismissed: pl.DataFrame

    @cached_property
    def digest(self) -> str:
        """A key for everything computed from items and moves: equal content, equal digest."""
        made = hashlib.sha256()
        for frame in (self.items, self.moves):
            buffer = BytesIO()
            frame.write_ipc(buffer)
            made.update(buffer.getvalue())
        return made.hexdigest()


@cached(LRUCache(maxsize=64), lock=Lock(), key=lambda workspace, revision: hashkey(str(settings.current()), workspace, revision))
def kept(workspace_id: str, revision: str) -> Kept:  # noqa: ARG001  (the revision is the cache's key)
    """What a workspace keeps at its present revision."""
    with store.reading() as session:
        gone = withdrawn(session, workspace_id)
        known = names.load(session, workspace_id)
        # What somebody says is an imported item counts by that item's history.
        items = [row for row in _items(session, workspace_id) if row.item not in known.same]
        return Kept(
            _item_frame(items), _moves(session, workspace_id, items), _approvals(session, workspace_id, gone, known),
            _flags(session, workspace_id, gone, known), _dependencies(session, workspace_id, gone, known),
            _dismissed(session, workspace_id, known),
        )  # fmt: skip


def _items(session: Session, workspace_id: str) -> list[WorkItem]:
    standing = col(WorkItem.withdrawn_at).is_(None), col(WorkItem.parent).is_(None)
    query = select(WorkItem).where(WorkItem.workspace_id == workspace_id, *standing)
    return list(session.exec(query.order_by(col(WorkItem.number))))


def _item_frame(items: list[WorkItem]) -> pl.DataFrame:
    rows = [
        {
            "issue_id": row.item, "issue_key": row.key, "issue_name": row.name, "campaign_name": row.campaign_name or None,
            "business_unit": row.business_unit, "created_at": row.requested_at, "due_date": row.due,
            "assignee_user_id": row.assignee or None, "value_per_day": row.value_per_day, "currency_code": row.currency_code,
        }
        for row in items
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=TABLES["work_item"].schema)


def _moves(session: Session, workspace_id: str, items: list[WorkItem]) -> pl.DataFrame:
    numbers = {row.id: row.number for row in items}
    names = {row.id: row.item for row in items}
    standing = col(WorkItemTransition.withdrawn_at).is_(None)
    query = select(WorkItemTransition).where(WorkItemTransition.workspace_id == workspace_id, standing)
    made = [move for move in session.exec(query) if move.item_id in numbers]
    made.sort(key=lambda move: (numbers[move.item_id], move.sequence))
    rows = [(names[move.item_id], move.stage, move.status, None, move.at) for move in made]
    return pl.DataFrame(rows, schema=MOVES, orient="row")


def _approvals(session: Session, workspace_id: str, gone: frozenset[str], known: Names) -> pl.DataFrame:
    rows = [
        (known.item(one.row.item), turn.approver, turn.since, turn.until, turn.answer.value if turn.answer else None, turn.must_act)
        for one in asked.load(session, workspace_id)
        if one.row.item not in gone
        for turn in one.state.turns
    ]
    return pl.DataFrame(rows, schema=APPROVALS, orient="row")


def _flags(session: Session, workspace_id: str, gone: frozenset[str], known: Names) -> pl.DataFrame:
    query = select(FlagEvent).where(FlagEvent.workspace_id == workspace_id)
    found = session.exec(query.order_by(col(FlagEvent.from_at), col(FlagEvent.id)))
    rows = [(known.item(row.item), row.kind, row.role or None, row.from_at, row.until_at) for row in found if row.item not in gone]
    return pl.DataFrame(rows, schema=FLAGS, orient="row")


def _dependencies(session: Session, workspace_id: str, gone: frozenset[str], known: Names) -> pl.DataFrame:
    found = needs(session, workspace_id)
    rows = [(known.item(row.item), known.item(row.needs)) for row in found if not {row.item, row.needs} & gone]
    # Said of two names of one item, it is said twice, or that it needs itself.
    rows = [row for row in dict.fromkeys(rows) if row[0] != row[1]]
    return pl.DataFrame(rows, schema=DEPENDENCIES, orient="row")


def _dismissed(session: Session, workspace_id: str, known: Names) -> pl.DataFrame:
    rows = [(one.item, known.item(one.imported)) for one in names.dismissals(session, workspace_id)]
    return pl.DataFrame(rows, schema=DISMISSED, orient="row")
