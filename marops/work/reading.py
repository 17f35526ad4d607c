"""One item as its page shows it, whether it is kept here or a tracker delivered it; and the items that are kept here."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby
from threading import Lock

import polars as pl
from cachetools import LRUCache, cached
from cachetools.keys import hashkey
from sqlmodel import Session, col, select

from marops import lake, settings, store
from marops.errors import NotFound
from marops.language import text
from marops.principal import Action, Principal, require
from marops.stages import Category, Process, Stage
from marops.work import frames, names, recording, tracked
from marops.work import store as rows
from marops.work.names import Names
from marops.work.store import SameWork, WorkItem, WorkItemTransition
from marops.workspaces import service as workspaces
from marops.workspaces.service import Opened


@dataclass(frozen=True, slots=True)
class Move:
    """A move of an item: `stage` as the workspace has it now (None: a word it does not know), `status` as it was called.
    `despite`: why it was made although somebody had not approved.
    """

    sequence: int
    stage: Stage | None
    status: str
    at: datetime
    by: str
    by_id: str = ""
    reason: str = ""
    withdrawn_by: str | None = None
    withdrawn_at: datetime | None = None
    despite: str = ""


@dataclass(frozen=True)
class Item:
    """An item: `row` is None where a tracker delivered it. `moves` in their order, undone ones included; `stage` it is in (None:
    not known), which may be known without a move; `since` it came there (None: not known); `names` under which things may be said
    of it (`work.names`), the id of what counts first; `same`: that requests kept here are this imported item, or this request one;
    `dismissed`: that this request is not an imported item; `steps` of a launch, each with the stage it is in; `parent`: the launch
    of a step; `is_broken`: a move of its history was refused, or cannot be, so that nobody knows the moves there were.
    """

    id: str
    key: str
    name: str
    campaign: str
    due: date | None
    moves: tuple[Move, ...]
    stage: Stage | None
    since: datetime | None
    names: tuple[str, ...]
    row: WorkItem | None = None
    same: tuple[SameWork, ...] = ()
    dismissed: tuple[SameWork, ...] = ()
    steps: tuple["Item", ...] = ()
    parent: "Item | None" = None
    is_broken: bool = False

    @property
    def counts_as(self) -> str | None:
        """The imported item by which it counts; None where it counts itself."""
        return self.names[0] if self.names[0] != self.id else None

    @property
    def last(self) -> Move | None:
        """The last move that stands; None where none is known."""
        return next((move for move in reversed(self.moves) if move.withdrawn_at is None), None)

    def is_launched(self, process: Process) -> bool:
        """Whether it was launched: it ran, or is done."""
        ran = any(move.withdrawn_at is None and move.stage is not None and move.stage.id in process.live for move in self.moves)
        return ran or (self.stage is not None and self.stage.id in process.launched)

    def is_done(self, process: Process) -> bool:
        """Whether nothing is left to do, dropped or not."""
        return self.stage is not None and self.stage.id in process.done

    @property
    def is_dropped(self) -> bool:
        """Whether it is over and was not done."""
        return self.stage is not None and self.stage.category is Category.DROPPED


def item(principal: Principal, workspace_id: str, item_id: str) -> Item:
    """An item of the workspace, by its id or key. Raises NotFound."""
    require(principal, Action.READ, workspace_id)
    opened = workspaces.open_workspace(principal, workspace_id)
    with store.reading() as session:
        item_id, known = names.meant(session, workspace_id, item_id), names.load(session, workspace_id)
        row = rows.find(session, workspace_id, item_id)
        if row is not None:
            return _with_others(session, opened, known, row)
        called = known.of(item_id)
        same = [one for one in names.links(session, workspace_id) if one.item in known.same and one.item in called]
        launches = [rows.find(session, workspace_id, one.item) for one in same]
        steps = [step for launch in launches if launch is not None for step in _steps(session, opened.process, launch)]
    return replace(_imported(opened, called), same=tuple(same), steps=tuple(steps))


def items(principal: Principal, workspace_id: str) -> list[Item]:
    """The launches kept here, withdrawn ones included, the newest first; without their steps."""
    require(principal, Action.READ, workspace_id)
    return list(_items(workspaces.open_workspace(principal, workspace_id)))


@cached(LRUCache(maxsize=16), lock=Lock(), key=lambda opened: hashkey(str(settings.current()), *opened.key))
def _items(opened: Opened) -> tuple[Item, ...]:
    workspace_id = opened.workspace.id
    query = select(WorkItem).where(WorkItem.workspace_id == workspace_id, col(WorkItem.parent).is_(None))
    with store.reading() as session:
        made, known = rows.all_moves(session, workspace_id), names.load(session, workspace_id)
        found = session.exec(query.order_by(col(WorkItem.number).desc())).all()
        return tuple(replace(_kept(opened.process, row, made[row.id]), names=tuple(known.of(row.item))) for row in found)


def _with_others(session: Session, opened: Opened, known: Names, row: WorkItem) -> Item:
    """An item with its steps, or the launch it is a step of: the imported one, where the launch is said to be one."""
    above = None if row.parent is None else rows.numbered(session, row.workspace_id, row.parent)
    parent = None
    if above is not None and above.item in known.same:
        parent = _imported(opened, known.of(above.item))
    elif above is not None:
        parent = _kept(opened.process, above, rows.moves(session, above))
    found = _kept(opened.process, row, rows.moves(session, row))
    same = tuple(one for one in names.links(session, row.workspace_id) if one.item == row.item)
    dismissed = tuple(one for one in names.dismissals(session, row.workspace_id) if one.item == row.item)
    steps = tuple(_steps(session, opened.process, row))
    return replace(found, names=tuple(known.of(row.item)), same=same, dismissed=dismissed, steps=steps, parent=parent)


def _steps(session: Session, process: Process, row: WorkItem) -> list[Item]:
    """The steps of a launch that stand, by the day they are due."""
    return [_kept(process, one, rows.moves(session, one)) for one in rows.steps(session, row) if one.withdrawn_at is None]


def _kept(process: Process, row: WorkItem, made: list[WorkItemTransition]) -> Item:
    moves = tuple(
        Move(
            move.sequence, recording.stage_of(process, move), move.status, move.at, move.moved_by, move.moved_by_id, move.reason,
            move.withdrawn_by, move.withdrawn_at, move.despite,
        )
        for move in made
    )  # fmt: skip
    standing = [move for move in moves if move.withdrawn_at is None]
    stage = standing[-1].stage
    # Moves between words that mean one stage now are one visit, as on the board.
    *_, here = (list(visit) for _, visit in groupby(standing, key=lambda move: move.stage.id if move.stage else move.sequence))
    return Item(row.item, row.key, row.name, row.campaign_name, row.due, moves, stage, here[0].at, (row.item,), row)


def _imported(opened: Opened, called: list[str]) -> Item:
    """An imported item by its names, the id first."""
    manifest, process, item_id = lake.manifest(opened.workspace.id, opened.workspace.revision), opened.process, called[0]
    found = tracked.some(manifest, process, [item_id], opened.over)
    if found.is_empty():
        raise NotFound(text("There is no item {item} in this workspace. Open Pipeline to see those there are.", item=item_id[:60]))
    known = found.row(0, named=True)
    logged = tracked.moves_of(manifest, item_id)
    own = frames.delivered(logged.with_columns(pl.lit(item_id).alias("issue_id")), process)
    stages = frames.as_resolved(tracked.rows_of(manifest, [item_id])[0], own, process)["stage"]
    made = logged.select("status_sequence", "status", "transition_at", "changed_by").iter_rows()
    moves = tuple(
        Move(at, process.named(stage), status, when, by or "") for (at, status, when, by), stage in zip(made, stages, strict=True)
    )
    return Item(
        item_id, known["key"], known["name"], known["campaign_name"] or "", known["due_date"], moves,
        process.named(known["stage"]), known["since"], tuple(called), is_broken=known["is_broken"],
    )  # fmt: skip
