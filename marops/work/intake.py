"""Requests: asked for, described better, taken back."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col

from marops import notes, store
from marops.errors import Conflict, UserError
from marops.language import text
from marops.period import check_promised
from marops.principal import Action, Principal, require
from marops.stages import Stage
from marops.work import alike, recording
from marops.work import store as rows
from marops.work.details import Details, checked
from marops.work.plans import moved
from marops.work.recording import WORK_ITEM
from marops.work.store import WorkItem
from marops.workspaces import service as workspaces
from marops.workspaces import store as _workspaces
from marops.workspaces.store import Workspace

_OF_LAUNCH = ("campaign_name", "business_unit")
"""What a step has from its launch."""


def request(principal: Principal, workspace_id: str, details: Details, *, again: bool = False) -> WorkItem:
    """Request a campaign: it begins in the first stage, and the due date is the one first promised.

    Raises UserError without a name, for a date that has passed or is ten years away, an unknown unit, and a value without a
    currency; Conflict where work of that name is going on, unless it is to be requested `again`.
    """
    require(principal, Action.EDIT, workspace_id)
    opened = workspaces.open_workspace(principal, workspace_id)
    values = checked(details, opened)
    if details.due is not None:
        check_promised(details.due, opened.local_day)
    imported = alike.imported(opened, details.name)
    with store.writing() as session:
        workspace = _workspaces.lock(session, workspace_id)
        if not again:
            alike.check_none(session, workspace_id, details.name, imported)
        first = recording.first_stage(_workspaces.process_of(session, workspace_id))
        return recording.create(session, principal, workspace, first, {**values, "first_due": details.due})


def edit(
    principal: Principal, workspace_id: str, item: str, details: Details, *, version: int, with_steps: bool = False
) -> WorkItem:
    """Describe an item anew. The day first promised stays on record; where nothing is said anew, nothing changes.
    `with_steps`: where a launch moves to another day, or has one again, its open steps keep their distance to it in working days;
    where it is another campaign's or unit's, so are the steps that were of the same one as the launch, done or not.

    Raises UserError as `request`, and for another due date of work that is launched or done; NotFound; Conflict where it was edited
    meanwhile, is withdrawn or comes from a tracker.
    """
    require(principal, Action.EDIT, workspace_id)
    opened = workspaces.open_workspace(principal, workspace_id)
    with store.writing() as session:
        workspace = _workspaces.lock(session, workspace_id)
        row = recording.counting_item(session, workspace_id, item)
        values = checked(details, opened, row.business_unit)
        changes = {name: value for name, value in values.items() if getattr(row, name) != value}
        if not changes:
            return row
        if "due" in changes:
            _check_not_over(session, row)
            if details.due is not None:
                check_promised(details.due, opened.local_day)
        if row.first_due is None and details.due is not None:
            changes["first_due"] = details.due
        before, was = {name: getattr(row, name) for name in changes}, row.due or row.last_due
        if "due" in changes:
            changes["last_due"] = row.due if details.due is None else None
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
        recording.note(session, principal, workspace, "edit", WORK_ITEM, row.id, before, {name: changes[name] for name in before})
        if with_steps:
            _take_along(session, principal, workspace, row, before, was, opened.calendar.is_working)
        return row


def _take_along(
    session: Session, principal: Principal, workspace: Workspace, row: WorkItem, before: Mapping[str, Any], was: date | None,
    is_working: Callable[[date], bool],
) -> None:  # fmt: skip
    """Change the steps of a launch with it. `before`: what of it is another now; `was`: the day they are counted from."""
    for step in rows.steps(session, row):
        if step.withdrawn_at is not None:
            continue
        # What a step belongs to is no history of its own; the day a step was due that is done is.
        after = {name: getattr(row, name) for name in _OF_LAUNCH if name in before and getattr(step, name) == before[name]}
        if "due" in before and was and row.due and step.due and _over(session, step) is None:
            after["due"] = moved(step.due, was, row.due, is_working)
        after = {name: value for name, value in after.items() if getattr(step, name) != value}
        if not after:
            continue
        said = {name: getattr(step, name) for name in after}
        for name, value in after.items():
            setattr(step, name, value)
        step.version, step.changed_by, step.changed_at = step.version + 1, principal.name, recording.moment(workspace)
        session.add(step)
        recording.note(session, principal, workspace, "edit", WORK_ITEM, step.id, said, {**after, "with": row.item})


def withdraw(principal: Principal, workspace_id: str, item: str, *, reason: str) -> WorkItem:
    """Take a request back, with the steps of its launch: it counts in no number any more and stays on record. Work that was done
    and then cancelled is moved to a stage that ends it instead.

    Raises UserError without a reason, NotFound, and Conflict where it is withdrawn or comes from a tracker.
    """
    require(principal, Action.EDIT, workspace_id)
    why = notes.needed(reason, 1000, text("Say why the request is taken back."))
    with store.writing() as session:
        workspace = _workspaces.lock(session, workspace_id)
        row = recording.counting_item(session, workspace_id, item)
        for one in [row, *(step for step in rows.steps(session, row) if step.withdrawn_at is None)]:
            one.withdrawn_by, one.withdrawn_at, one.withdrawn_reason = principal.name, recording.moment(workspace), why
            session.add(one)
            recording.note(session, principal, workspace, "withdraw", WORK_ITEM, one.id, {"name": one.name}, {"reason": why})
        return row


def _over(session: Session, row: WorkItem) -> tuple[Stage, datetime] | None:
    """The stage by which an item was launched, or in which nothing is left to do, and when it came there; None before."""
    process = _workspaces.process_of(session, row.workspace_id)
    standing = [move for move in rows.moves(session, row) if move.withdrawn_at is None]
    way = [(recording.stage_of(process, move), move.at) for move in standing]
    entered = [(stage, at) for stage, at in way if stage is not None and stage.id in process.live]
    ended = [(stage, at) for stage, at in way[-1:] if stage is not None and stage.id in process.done]
    return next(iter([*entered, *ended]), None)


def _check_not_over(session: Session, row: WorkItem) -> None:
    """Pass where an item's date can still be kept. Raises UserError: later it would rewrite whether it was."""
    over = _over(session, row)
    if over is None:
        return
    stage, when = over
    if row.due is None:
        raise UserError(
            text(
                "{key} came to {stage} on {when}; that it had no date by then is history. Leave it empty, and change the rest.",
                key=row.key, stage=stage.name, when=when,
            )
        )  # fmt: skip
    raise UserError(
        text(
            "{key} came to {stage} on {when}; the day it was due is history. Leave it at {due}, and change the rest.",
            key=row.key, stage=stage.name, when=when, due=row.due,
        )
    )  # fmt: skip
