"""Undo and restore: an import's rows leave every number, or come back. Nothing is deleted."""

from sqlalchemy import update
from sqlmodel import Session, SQLModel

from marops import store
from marops.errors import Conflict, NotFound
from marops.language import text
from marops.principal import Principal
from marops.sources import counting, overlaps, restating
from marops.sources.store import ImportRun, Status, active_import_of
from marops.tables import TABLES, Kind
from marops.workspaces import store as workspaces


def switch(principal: Principal, workspace_id: str, import_id: str, *, active: bool) -> ImportRun:
    """Make an import count or not. Raises Conflict, and changes nothing, where rows would then count twice."""
    with store.writing() as session:
        workspace = workspaces.lock(session, workspace_id)
        run = _run(session, workspace_id, import_id)
        if active and run.status == Status.UNDONE:
            _check_not_again(session, run)
        before = counting.claims(overlaps.active_blobs(session, workspace_id))
        run.status = Status.ACTIVE if active else Status.UNDONE
        run.undone_by, run.undone_at = (None, None) if active else (principal.name, store.now())
        session.add(run)
        for table in TABLES.values():
            if table.kind is Kind.STATE:
                sql = SQLModel.metadata.tables[table.name]
                session.exec(update(sql).where(sql.c.import_id == import_id).values(active=active))
        # Undoing a restatement lets earlier rows count again; restoring an import lets its own.
        overlaps.check_grown(restating.settle(session, workspace_id), overlaps.active_blobs(session, workspace_id))
        counting.settle(session, workspace_id, before)
        workspace.touch()
        session.add(workspace)
        session.flush()
        session.refresh(run)
    return run


def _run(session: Session, workspace_id: str, import_id: str) -> ImportRun:
    run = session.get(ImportRun, import_id)
    if run is None or run.workspace_id != workspace_id:
        raise NotFound(text("There is no import {id} in this workspace.", id=import_id[:8]))
    return run


def _check_not_again(session: Session, run: ImportRun) -> None:
    if other := active_import_of(session, run.workspace_id, run.sha256):
        raise Conflict(
            text("{file} was imported again on {day}; its rows are already counted.", file=run.file_name, day=other.imported_at)
        )
    for table in TABLES.values():
        if table.kind is Kind.STATE:
            overlaps.check_state_again(session, run.workspace_id, table, run.id)
