"""Requests: asked for, described better, taken back."""

from sqlalchemy import update
from sqlmodel import Session, col

from marops import notes, store
from marops.errors import Conflict, UserError
from marops.language import text
from marops.principal import Action, Principal, require
from marops.work import alike, recording
from marops.work import store as rows
from marops.work.details import Details, check_due, checked
from marops.work.recording import WORK_ITEM
from marops.work.store import WorkItem
from marops.workspaces import service as workspaces
from marops.workspaces import store as _workspaces


def request(principal: Principal, workspace_id: str, details: Details, *, again: bool = False) -> WorkItem:
    """Request a campaign: it begins in the first stage, and the due date is the one first promised.

    Raises UserError without a name, for a date that has passed, an unknown unit, and a value without a currency; Conflict where
    work of that name is going on, unless it is to be requested `again`.
    """
    require(principal, Action.EDIT, workspace_id)
    opened = workspaces.open_workspace(principal, workspace_id)
    values = checked(details, opened)
    if details.due is not None:
        check_due(details.due, opened.today)
    imported = alike.imported(opened, details.name)
    with store.writing() as session:
        workspace = _workspaces.lock(session, workspace_id)
        if not again:
            alike.check_none(session, workspace_id, details.name, imported)
        first = recording.first_stage(_workspaces.process_of(session, workspace_id))
        return recording.create(session, principal, workspace, first, {**values, "first_due": details.due})


def edit(principal: Principal, workspace_id: str, item: str, details: Details, *, version: int) -> WorkItem:
    """Describe an item anew. The day first promised stays on record; where nothing is said anew, nothing changes.

    Raises UserError as `request`, and for another due date of work that is launched or done; NotFound; Conflict where it was edited
    meanwhile, is withdrawn or comes from a tracker.
    """
    require(principal, Action.EDIT, workspace_id)
    opened = workspaces.open_workspace(principal, workspace_id)
    with store.writing() as session:
        workspace = _workspaces.lock(session, workspace_id)
        row = recording.kept_item(session, workspace_id, item)
        values = checked(details, opened, row.business_unit)
        changes = {name: value for name, value in values.items() if getattr(row, name) != value}
        if not changes:
            return row
        if "due" in changes:
            _check_not_over(session, row)
            if details.due is not None:
                check_due(details.due, opened.today)
        if row.first_due is None and details.due is not None:
            changes["first_due"] = details.due
        before = {name: getattr(row, name) for name in changes}
        found = session.exec(
            update(WorkItem)
            .where(col(WorkItem.id) == row.id, col(WorkItem.version) == version)
            .values(**changes, version=version + 1, changed_by=principal.name, changed_at=recording.moment(workspace))
            .execution_options(synchronize_session=False)
        )
        session.refresh(row)
        if found.rowcount != 1:
            raise Conflict(
                text(
                    "{who} edited {key} on {when}, after you opened it; nothing of yours was saved. Look at it again, then decide.",
                    who=row.changed_by, key=row.key, when=row.changed_at,
                )
            )  # fmt: skip
        recording.note(session, principal, workspace, "edit", WORK_ITEM, row.id, before, changes)
        return row


def withdraw(principal: Principal, workspace_id: str, item: str, *, reason: str) -> WorkItem:
    """Take a request back, with the steps of its launch: it counts in no number any more and stays on record. Work that was done
    and then cancelled is moved to a stage that ends it instead.

    Raises UserError without a reason, NotFound, and Conflict where it is withdrawn or comes from a tracker.
    """
    require(principal, Action.EDIT, workspace_id)
    why = notes.needed(reason, 1000, text("Say why the request is taken back."))
    with store.writing() as session:
        workspace = _workspaces.lock(session, workspace_id)
        row = recording.kept_item(session, workspace_id, item)
        for one in [row, *(step for step in rows.steps(session, row) if step.withdrawn_at is None)]:
            one.withdrawn_by, one.withdrawn_at, one.withdrawn_reason = principal.name, recording.moment(workspace), why
            session.add(one)
            recording.note(session, principal, workspace, "withdraw", WORK_ITEM, one.id, {"name": one.name}, {"reason": why})
        return row


def _check_not_over(session: Session, row: WorkItem) -> None:
    """Pass where an item's date can still be kept. Raises UserError: later it would rewrite whether it was."""
    process = _workspaces.process_of(session, row.workspace_id)
    standing = [move for move in rows.moves(session, row) if move.withdrawn_at is None]
    way = [(recording.stage_of(process, move), move.at) for move in standing]
    entered = [(stage, at) for stage, at in way if stage is not None and stage.id in process.launched]
    ended = [(stage, at) for stage, at in way[-1:] if stage is not None and stage.id in process.done]
    for stage, at in [*entered, *ended][:1]:
        if row.due is None:
            raise UserError(
                text(
                    "{key} came to {stage} on {when}; that it had no date by then is history. Leave it empty, and change the rest.",
                    key=row.key, stage=stage.name, when=at,
                )
            )  # fmt: skip
        raise UserError(
            text(
                "{key} came to {stage} on {when}; the day it was due is history. Leave it at {due}, and change the rest.",
                key=row.key, stage=stage.name, when=at, due=row.due,
            )
        )  # fmt: skip
