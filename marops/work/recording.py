"""What every change of kept work needs, in its transaction: the item as it is, the moment, the audit entry."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import func
from sqlmodel import Session, select

from marops import lake
from marops.audit import store as audit
from marops.errors import Conflict, NotFound
from marops.language import text
from marops.principal import Principal
from marops.stages import Category, Process, Stage
from marops.work import names, tracked
from marops.work import store as rows
from marops.work.store import Comment, Dependency, LaunchTemplate, SameWork, WorkItem, WorkItemTransition
from marops.workspaces import store as _workspaces
from marops.workspaces.store import Workspace, moment

Standing = TypeVar("Standing", Comment, Dependency, LaunchTemplate, SameWork)

WORK_ITEM = "work_item"
"""What the audit trail calls an item."""


def kept_item(session: Session, workspace_id: str, item: str) -> WorkItem:
    """An item that is kept here and stands. Raises NotFound, and Conflict where it is withdrawn or an import's."""
    row = rows.find(session, workspace_id, item)
    if row is None and rows.number_of(item) is None and _is_imported(session, workspace_id, item):
        raise Conflict(text("{item} comes from your tracker. Move and edit it there, and import it again.", item=item))
    if row is None:
        raise NotFound(text("There is no item {item} in this workspace. Open Pipeline to see those there are.", item=item))
    if row.withdrawn_at is not None:
        raise Conflict(
            text("{who} withdrew {key} on {when}. Request it anew.", who=row.withdrawn_by or "", key=row.key, when=row.withdrawn_at)
        )
    return row


def counting_item(session: Session, workspace_id: str, item: str) -> WorkItem:
    """An item that is kept here, stands and counts. Raises as `kept_item`, and Conflict where it is said to be an imported one."""
    row = kept_item(session, workspace_id, item)
    imported = names.load(session, workspace_id).same.get(row.item)
    if imported is not None:
        said = next(one for one in names.links(session, workspace_id) if one.item == row.item)
        raise Conflict(
            text(
                "{who} said on {when} that {key} is {other} of your tracker. Move and edit it there, or take that back on its "
                "page.",
                who=said.author, when=said.written_at, key=row.key, other=imported,
            )
        )  # fmt: skip
    return row


def check_known(session: Session, workspace_id: str, item: str) -> None:
    """Pass where an item is one of the workspace's, kept here or imported. Raises NotFound, and Conflict where it is withdrawn."""
    if rows.number_of(item) is not None:
        kept_item(session, workspace_id, item)
        return
    if not _is_imported(session, workspace_id, item):
        raise NotFound(text("There is no item {item} in this workspace. Open Pipeline to see those there are.", item=item))


def _is_imported(session: Session, workspace_id: str, item: str) -> bool:
    workspace = _workspaces.load(session, workspace_id)
    manifest = lake.manifest(workspace_id, workspace.revision)
    return any(not rows.is_empty() for rows in tracked.rows_of(manifest, [names.load(session, workspace_id).item(item)]))


def create(session: Session, principal: Principal, workspace: Workspace, first: Stage, values: Mapping[str, Any]) -> WorkItem:
    """Add an item with the workspace's next number, in its first stage. The workspace must be locked."""
    highest = session.exec(select(func.max(WorkItem.number)).where(WorkItem.workspace_id == workspace.id)).one()
    now = moment(workspace)
    row = WorkItem(
        workspace_id=workspace.id, number=(highest or 0) + 1, requested_by=principal.name, requested_at=now,
        changed_by=principal.name, changed_at=now, **dict(values),
    )  # fmt: skip
    session.add(row)
    session.flush()
    enter(session, principal, row, 1, first, now)
    note(session, principal, workspace, "request", WORK_ITEM, row.id, after=audit.said(row, "version", "changed_by", "changed_at"))
    return row


def enter(
    session: Session, principal: Principal, row: WorkItem, sequence: int, stage: Stage, at: datetime, reason: str = "",
    despite: str = "",
) -> WorkItemTransition:  # fmt: skip
    """Add a move."""
    move = WorkItemTransition(
        workspace_id=row.workspace_id, item_id=row.id, sequence=sequence, stage=stage.id, status=str(stage.name), at=at,
        moved_by=principal.name, moved_by_id=principal.id, reason=reason, despite=despite,
    )  # fmt: skip
    session.add(move)
    session.flush()
    return move


def note(
    session: Session, principal: Principal, workspace: Workspace, verb: str, kind: str, row_id: str,
    before: Mapping[str, object] | None = None, after: Mapping[str, object] | None = None,
) -> None:  # fmt: skip
    """Write a change down, and give the workspace another revision."""
    audit.note(session, principal, workspace.id, verb, kind, row_id, before, after)
    workspace.touch()
    session.add(workspace)


def standing(session: Session, workspace_id: str, kind: type[Standing], row_id: str) -> Standing:
    """A row of an id that nobody has withdrawn. Raises NotFound, and Conflict where somebody has."""
    row = rows.row_of(session, workspace_id, kind, row_id)
    if row is None:
        raise NotFound(text("That is not in this workspace any more. Open the page again."))
    if row.withdrawn_at is not None:
        raise Conflict(text("{who} withdrew it on {when} already.", who=row.withdrawn_by or "", when=row.withdrawn_at))
    return row


def take_back(
    session: Session, principal: Principal, workspace: Workspace, kind: str, row: Comment | Dependency | LaunchTemplate | SameWork,
    before: Mapping[str, object] | None = None,
) -> None:  # fmt: skip
    """Withdraw a row, which stays on record. `before`: what it said, where that is more than its columns."""
    said = audit.said(row) if before is None else before
    row.withdrawn_by, row.withdrawn_at = principal.name, moment(workspace)
    session.add(row)
    note(session, principal, workspace, "withdraw", kind, row.id, said)


def first_stage(process: Process) -> Stage:
    """Where a request begins: the first stage in which nobody works yet; where there is none, the first."""
    return next((stage for stage in process.stages if stage.category is Category.TODO), process.stages[0])


def stage_of(process: Process, move: WorkItemTransition) -> Stage | None:
    """The stage a move entered; where the workspace's stages have changed since, the one its name means now."""
    return process.named(move.stage) or process.meant(move.status)
