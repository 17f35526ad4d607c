"""Work of the same name that is going on: the same thing is easily asked for twice."""

import polars as pl
from sqlmodel import Session, col, select

from marops import lake, notes
from marops.errors import Conflict
from marops.language import joined, text
from marops.stages import Process
from marops.work import names, recording, tracked
from marops.work import store as rows
from marops.work.store import WorkItem
from marops.workspaces import store as _workspaces
from marops.workspaces.service import Opened


def imported(opened: Opened, name: str) -> list[str]:
    """Keys of imported items of a name (as `notes.folded` compares it) that are not over by the board, nor by their tracker."""
    manifest = lake.manifest(opened.workspace.id, opened.workspace.revision)
    # Work of a stage that is not known has no end on the board; its tracker may have resolved it all the same.
    unresolved = pl.col("resolved_at").is_null() & pl.col("issue_name").is_not_null()
    open_there = tracked.table(manifest, "work_item").filter(unresolved).select("issue_id", "issue_name").collect()
    wanted = notes.folded(name)
    same = [key for key, other in open_there.iter_rows() if notes.folded(other) == wanted]
    found = tracked.some(manifest, opened.process, same, opened.over)
    return found.filter(pl.col("done_at").is_null())["key"].to_list()


def check_none(session: Session, workspace_id: str, name: str, imported: list[str]) -> None:
    """Pass where no work of a name is going on, neither kept here nor `imported`. Raises Conflict with their keys."""
    found = [*_kept(session, workspace_id, name), *imported]
    if found:
        raise Conflict(
            text("Work of that name is going on: {keys}. Look there first, or say that this is another one.", keys=joined(found))
        )


def _kept(session: Session, workspace_id: str, name: str) -> list[str]:
    process = _workspaces.process_of(session, workspace_id)
    standing = col(WorkItem.withdrawn_at).is_(None), col(WorkItem.parent).is_(None)
    query = select(WorkItem).where(WorkItem.workspace_id == workspace_id, *standing).order_by(col(WorkItem.number))
    imported = names.load(session, workspace_id).same
    same = [row for row in session.exec(query) if row.item not in imported and notes.folded(row.name) == notes.folded(name)]
    return [row.key for row in same if not _is_over(session, process, row)]


def _is_over(session: Session, process: Process, row: WorkItem) -> bool:
    stage = recording.stage_of(process, rows.last_move(session, row))
    return stage is not None and stage.id in process.done
