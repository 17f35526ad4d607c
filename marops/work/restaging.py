"""The stages of a workspace set anew, and what becomes of the work that is kept here."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from marops import store
from marops.errors import UserError
from marops.language import joined, ntext
from marops.principal import Action, Principal, require
from marops.stages import Process, Stage, usual
from marops.work import names, recording
from marops.work import store as rows
from marops.work.store import WorkItem
from marops.workspaces import store as _workspaces
from marops.workspaces import workflow


def set_process(
    principal: Principal, workspace_id: str, stages: Sequence[Stage] | None, *, seen: Process, anyhow: bool = False
) -> tuple[str, ...]:
    """Set the stages of the workspace's work; None for the usual ones. `seen`: those that whoever changed them saw. The keys of the
    open items that are in no stage from now on.

    Raises UserError for what is no workflow, and where items would be in no stage, unless it is meant (`anyhow`); Conflict where
    other stages were set meanwhile.
    """
    require(principal, Action.EDIT, workspace_id)
    process = None if stages is None else workflow.checked(stages)
    with store.writing() as session:
        workspace = _workspaces.lock(session, workspace_id)
        left = _adrift(session, workspace_id, process or usual())
        if left and not anyhow:
            raise UserError(
                ntext(
                    "{n} open item would be in no stage then: {keys}. Keep its stage, or make its name a word of another one; or "
                    "say that it is meant.",
                    "{n} open items would be in no stage then: {keys}. Keep their stages, or make their names words of others; or "
                    "say that it is meant.",
                    len(left), keys=joined(left, 6),
                )
            )  # fmt: skip
        workflow.put(session, principal, workspace, process, seen=seen, adrift=left)
        return left


def adrift(principal: Principal, workspace_id: str, stages: Sequence[Stage] | None) -> tuple[str, ...]:
    """The keys of the open items kept here that these stages would leave in none. Raises UserError for what is no workflow."""
    require(principal, Action.READ, workspace_id)
    process = usual() if stages is None else workflow.checked(stages)
    with store.reading() as session:
        return _adrift(session, workspace_id, process)


def _adrift(session: Session, workspace_id: str, process: Process) -> tuple[str, ...]:
    present, made = _workspaces.process_of(session, workspace_id), rows.all_moves(session, workspace_id)
    query = select(WorkItem).where(WorkItem.workspace_id == workspace_id, col(WorkItem.withdrawn_at).is_(None))
    imported = names.load(session, workspace_id).same
    found: list[str] = []
    for row in session.exec(query.order_by(col(WorkItem.number))):
        if row.item in imported:
            continue
        last = next(move for move in reversed(made[row.id]) if move.withdrawn_at is None)
        stage = recording.stage_of(present, last)
        if stage is not None and stage.id not in present.done and recording.stage_of(process, last) is None:
            found.append(row.key)
    return tuple(found)
