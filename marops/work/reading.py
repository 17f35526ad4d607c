"""One item as its page shows it, whether it is kept here or a tracker delivered it; and the items that are kept here."""

from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from threading import Lock

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
from marops.work.store import WorkItem, WorkItemTransition
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
    of it (`work.names`), its id first; `steps` of a launch, each with the stage it is in; `parent`: the launch of a step.
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
    steps: tuple["Item", ...] = ()
    parent: "Item | None" = None

    @property
    def last(self) -> Move | None:
        """The last move that stands; None where none is known."""
        return next((move for move in reversed(self.moves) if move.withdrawn_at is None), None)

    def is_launched(self, process: Process) -> bool:
        """Whether it was launched: it entered a stage that is one."""
        return any(
            move.withdrawn_at is None and move.stage is not None and move.stage.id in process.launched for move in self.moves
        )

    def is_done(self, process: Process) -> bool:
        """Whether nothing is left to do, dropped or not."""
        return self.stage is not None and self.stage.id in process.done

    @property
    def is_dropped(self) -> bool:
        """Whether it is over and was not done."""
        return self.stage is not None and self.stage.category is Category.DROPPED


def item(principal: Principal, workspace_id: str, item_id: str) -> Item:
    """An item of the workspace. Raises NotFound."""
    require(principal, Action.READ, workspace_id)
    opened = workspaces.open_workspace(principal, workspace_id)
    with store.reading() as session:
        row = rows.find(session, workspace_id, item_id)
        if row is not None:
            return _with_others(session, opened.process, row)
        called = names.load(session, workspace_id).of(item_id)
    return _imported(opened, called)


def items(principal: Principal, workspace_id: str) -> list[Item]:
    """The launches kept here, withdrawn ones included, the newest first; without their steps."""
    require(principal, Action.READ, workspace_id)
    return list(_items(workspaces.open_workspace(principal, workspace_id)))


@cached(LRUCache(maxsize=16), lock=Lock(), key=lambda opened: hashkey(str(settings.current()), *opened.key))
def _items(opened: Opened) -> tuple[Item, ...]:
    workspace_id = opened.workspace.id
    query = select(WorkItem).where(WorkItem.workspace_id == workspace_id, col(WorkItem.parent).is_(None))
    with store.reading() as session:
        made = rows.all_moves(session, workspace_id)
        found = session.exec(query.order_by(col(WorkItem.number).desc())).all()
        return tuple(_kept(opened.process, row, made[row.id]) for row in found)


def _with_others(session: Session, process: Process, row: WorkItem) -> Item:
    """An item with its steps, or the launch it is a step of."""
    below = [step for step in rows.steps(session, row) if step.withdrawn_at is None]
    above = None if row.parent is None else rows.numbered(session, row.workspace_id, row.parent)
    steps = tuple(_kept(process, step, rows.moves(session, step)) for step in below)
    parent = None if above is None else _kept(process, above, rows.moves(session, above))
    return _kept(process, row, rows.moves(session, row), steps, parent)


def _kept(
    process: Process, row: WorkItem, made: list[WorkItemTransition], steps: tuple[Item, ...] = (), parent: Item | None = None
) -> Item:
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
    return Item(row.item, row.key, row.name, row.campaign_name, row.due, moves, stage, here[0].at, (row.item,), row, steps, parent)


def _imported(opened: Opened, called: list[str]) -> Item:
    """An imported item by its names, the id first."""
    manifest, process, item_id = lake.manifest(opened.workspace.id, opened.workspace.revision), opened.process, called[0]
    found = tracked.some(manifest, process, [item_id], opened.over)
    if found.is_empty():
        raise NotFound(text("There is no item {item} in this workspace. Open Pipeline to see those there are.", item=item_id[:60]))
    known = found.row(0, named=True)
    logged = tracked.moves_of(manifest, item_id)
    stages = frames.delivered(logged, process)["stage"]
    made = logged.select("status_sequence", "status", "transition_at", "changed_by").iter_rows()
    moves = tuple(
        Move(at, process.named(stage), status, when, by or "") for (at, status, when, by), stage in zip(made, stages, strict=True)
    )
    return Item(
        item_id, known["key"], known["name"], known["campaign_name"] or "", known["due_date"], moves,
        process.named(known["stage"]), known["since"], tuple(called),
    )  # fmt: skip
