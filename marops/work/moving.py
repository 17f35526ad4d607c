"""Moves of kept items from stage to stage, and taking the last one back."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from marops import notes, store
from marops.audit import store as audit
from marops.errors import Conflict, Forbidden, UserError
from marops.language import Text, joined, text
from marops.principal import Action, Principal, allowed, require
from marops.stages import Category, Process, Stage
from marops.work import asked, recording
from marops.work import store as rows
from marops.work.approvals import Answer, Outcome
from marops.work.approving import APPROVAL
from marops.work.asked import Asked
from marops.work.recording import WORK_ITEM
from marops.work.store import Approval, WorkItem, WorkItemTransition
from marops.workspaces import store as _workspaces
from marops.workspaces.store import Workspace


def move(
    principal: Principal, workspace_id: str, item: str, stage: str, *, seen: int, reason: str = "", despite: str = ""
) -> WorkItemTransition:
    """Move an item to a stage (its id). `seen`: the sequence of the last move that the mover saw. `despite`: why it is moved
    although somebody in its stage has not approved.

    Raises UserError for an unknown stage and the one it is in, and where somebody must approve first; NotFound; Conflict where
    somebody was quicker, and where the item is withdrawn or comes from a tracker.
    """
    require(principal, Action.EDIT, workspace_id)
    why, anyhow = notes.written(reason, 1000), notes.written(despite, 1000)
    with store.writing() as session:
        workspace = _workspaces.lock(session, workspace_id)
        # As they are now that nobody can change them: nothing is moved to a stage that is gone.
        process = _workspaces.process_of(session, workspace_id)
        target = process.named(stage)
        if target is None:
            known = joined([one.name for one in process.stages], 12)
            raise UserError(text("There is no stage {stage}. The stages are {known}.", stage=stage, known=known))
        row = recording.counting_item(session, workspace_id, item)
        made = rows.moves(session, row)
        last = _last(row, made, seen)
        # By what its stage is now: one that was removed and made again has another id.
        if recording.stage_of(process, last) == target:
            raise UserError(text("{key} is in {stage} already.", key=row.key, stage=target.name))
        barrier = _barrier(session, process, row, made, last, target)
        if barrier is not None and not anyhow:
            raise UserError(barrier)
        at = max(recording.moment(workspace), _earliest(session, row, made[-1].at))
        anyhow = anyhow if barrier is not None else ""
        found = recording.enter(session, principal, row, made[-1].sequence + 1, target, at, why, anyhow)
        if anyhow:
            _override(session, principal, workspace, row, _Places(process, made), found, anyhow)
        despite_of = {"despite": anyhow, "barrier": str(barrier)} if barrier is not None else {}
        after = {"stage": target.id, **({"reason": why} if why else {}), **despite_of}
        recording.note(session, principal, workspace, "move", WORK_ITEM, row.id, {"stage": last.stage}, after)
        return found


def _earliest(session: Session, row: WorkItem, last: datetime) -> datetime:
    """When a move can be at the earliest: not before the one it follows, and after every approval that was asked for before it,
    since what an approval holds is told by moments. Clocks of servers differ a little, and a workspace's may stand.
    """
    query = select(Approval.asked_at).where(Approval.workspace_id == row.workspace_id, Approval.item == row.item)
    return max([last, *(asked_at + timedelta(microseconds=1) for asked_at in session.exec(query))])


def _override(
    session: Session, principal: Principal, workspace: Workspace, row: WorkItem, places: "_Places", made: WorkItemTransition,
    why: str,
) -> None:  # fmt: skip
    """Nobody waits any more for the approvals that a move was made despite of."""
    left = next(move for move in reversed(places.made) if move.withdrawn_at is None)
    for one in asked.load(session, row.workspace_id, row.item):
        is_here = places.now(one.row.stage) == places.now(left.stage)
        if one.row.withdrawn_at is None and is_here and one.state.outcome is Outcome.OPEN:
            before = audit.said(one.row)
            one.row.withdrawn_by, one.row.withdrawn_at = principal.name, max(made.at, one.row.asked_at)
            one.row.withdrawn_reason, one.row.overridden_by = why, made.sequence
            session.add(one.row)
            after = {"reason": why, "overridden_by": made.sequence}
            recording.note(session, principal, workspace, "override", APPROVAL, one.row.id, before, after)


def _ask_again(session: Session, principal: Principal, workspace: Workspace, row: WorkItem, undone: WorkItemTransition) -> None:
    """The approvals that a move was made despite of are waited for again once it is undone."""
    query = select(Approval).where(Approval.workspace_id == row.workspace_id, Approval.item == row.item)
    for one in session.exec(query.where(Approval.overridden_by == undone.sequence)):
        before = {"reason": one.withdrawn_reason, "overridden_by": one.overridden_by}
        one.withdrawn_by = one.withdrawn_at = one.withdrawn_reason = one.overridden_by = None
        session.add(one)
        recording.note(session, principal, workspace, "reopen", APPROVAL, one.id, before, audit.said(one))


def undo(principal: Principal, workspace_id: str, item: str, *, seen: int, reason: str = "") -> WorkItemTransition:
    """Take the last move of an item back: it stays on record and is a fact for no number any more. Who made it may do so, and
    managers. `seen`: the sequence of the last move. Approvals that it was made despite of are open again.

    Raises Forbidden; UserError for the move that began it; NotFound; Conflict where something followed: another move, or an
    approval asked for in the new stage; and where the stage it came from is gone.
    """
    require(principal, Action.COMMENT, workspace_id)
    why = notes.written(reason, 1000)
    with store.writing() as session:
        workspace = _workspaces.lock(session, workspace_id)
        row = recording.counting_item(session, workspace_id, item)
        made = rows.moves(session, row)
        last = _last(row, made, seen)
        if last.moved_by_id != principal.id and not allowed(principal, Action.EDIT):
            raise Forbidden(text("{who} made this move; {who} or a manager can take it back.", who=last.moved_by))
        if last.sequence == 1:
            raise UserError(text("{key} began here. Withdraw the request to take it back.", key=row.key))
        _check_is_there(_workspaces.process_of(session, workspace_id), row, made, last)
        _check_nothing_followed(session, row, last)
        last.withdrawn_by, last.withdrawn_reason = principal.name, why or None
        last.withdrawn_at = max(recording.moment(workspace), last.at)
        session.add(last)
        _ask_again(session, principal, workspace, row, last)
        after = {"sequence": last.sequence, **({"reason": why} if why else {})}
        recording.note(session, principal, workspace, "undo", WORK_ITEM, row.id, {"stage": last.stage}, after)
        return last


def _last(row: WorkItem, made: list[WorkItemTransition], seen: int) -> WorkItemTransition:
    """The last move that stands. Raises Conflict where it is not the one that was seen."""
    last = [move for move in made if move.withdrawn_at is None][-1]
    if last.sequence == seen:
        return last
    undone = next((move for move in made if move.sequence == seen and move.withdrawn_at is not None), None)
    if undone is not None:
        raise Conflict(
            text(
                "{who} took the move of {key} to {stage} back on {when}; nothing of yours was saved. Look at it again.",
                who=undone.withdrawn_by or "", key=row.key, stage=undone.status, when=undone.withdrawn_at,
            )
        )  # fmt: skip
    raise Conflict(
        text(
            "{who} was quicker and moved {key} to {stage} on {when}; nothing of yours was saved. Look at it again.",
            who=last.moved_by, key=row.key, stage=last.status, when=last.at,
        )
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Places:
    """Where stages are now that an item's moves (`made`, undone ones included) entered: approvals know them by their ids then."""

    process: Process
    made: list[WorkItemTransition]

    def stage(self, stage: str | None) -> Stage | None:
        """The stage that one of then is now; None where it is gone."""
        entered = next((move for move in reversed(self.made) if move.stage == stage), None)
        return self.process.named(stage) if entered is None else recording.stage_of(self.process, entered)

    def now(self, stage: str | None) -> str | None:
        """The id of that stage now; the one it had where it is gone."""
        found = self.stage(stage)
        return found.id if found else stage

    def place(self, stage: str | None) -> int:
        """Its place in the workflow, from 0; -1 where it is gone."""
        found = self.stage(stage)
        return self.process.stages.index(found) if found else -1

    def called(self, stage: str | None) -> str:
        """What it was called when it was entered last."""
        return next((move.status for move in reversed(self.made) if move.stage == stage), stage or "")


def _barrier(
    session: Session, process: Process, row: WorkItem, made: list[WorkItemTransition], last: WorkItemTransition, target: Stage
) -> Text | None:
    """Who must act before the item leaves its stage; None where nobody must. What was declined in a stage holds it only from going
    on from there, however often it comes back, until all who were asked are asked again there, and it is approved, also by those
    who declined. It may be dropped; taken up again, it is held as before. Where the stage is gone it is held from going on at all.
    """
    places = _Places(process, made)
    standing = [one for one in asked.load(session, row.workspace_id, row.item) if one.row.withdrawn_at is None]
    here = places.now(last.stage)
    waiting = [one for one in standing if places.now(one.row.stage) == here and one.state.outcome is Outcome.OPEN]
    if waiting:
        return text(
            "{who} must approve {key} in {stage} first, asked on {when}. A manager can move it all the same and say why.",
            who=joined([name for one in waiting for name in one.state.pending]), key=row.key, stage=last.status,
            when=min(one.state.pending_since or one.row.asked_at for one in waiting),
        )  # fmt: skip
    if target.category is Category.DROPPED:
        return None
    stage, comes = places.stage(last.stage), process.stages.index(target)
    leaves = -1 if stage is None or stage.category is Category.DROPPED else process.stages.index(stage)
    for declined in _declined(standing, places):
        at = places.place(declined.row.stage)
        if leaves <= at < comes or (at < 0 and leaves < comes):
            return text(
                "{key} was declined in {stage}. Mend it and ask {who} there again, or withdraw the approval that was declined. A "
                "manager can move it all the same and say why.",
                key=row.key, stage=places.called(declined.row.stage), who=joined([one.approver for one in declined.approvers], 10),
            )  # fmt: skip
    return None


def _declined(standing: list[Asked], places: _Places) -> list[Asked]:
    """What was declined and is not approved since: the same were asked (and maybe others) for that in the same stage after they
    declined, and those who declined approved.
    """

    def again(one: Asked, declined: Asked) -> bool:
        is_there = places.now(one.row.stage) == places.now(declined.row.stage) and one.state.outcome is Outcome.APPROVED
        is_after = declined.state.decided_at is not None and one.row.asked_at >= declined.state.decided_at
        are_asked = _who(declined) <= _who(one)
        return is_there and is_after and are_asked and _who(declined, Answer.DECLINED) <= _who(one, Answer.APPROVED)

    declined = [one for one in standing if one.state.outcome is Outcome.DECLINED]
    return [one for one in declined if not any(again(other, one) for other in standing)]


def _who(one: Asked, answer: Answer | None = None) -> frozenset[str]:
    """The names of the approvers, as they are compared; of those who gave an answer."""
    return frozenset(notes.folded(seat.approver) for seat in one.approvers if answer is None or seat.decision == answer.value)


def _check_is_there(process: Process, row: WorkItem, made: list[WorkItemTransition], last: WorkItemTransition) -> None:
    """Pass where the stage that an item came from is still one of the workspace's."""
    before = next(move for move in reversed(made) if move.withdrawn_at is None and move.sequence < last.sequence)
    if recording.stage_of(process, before) is None:
        raise Conflict(
            text(
                "{key} came from {stage}, which is no stage any more. Move it to another one, or make {stage} a stage or a word of "
                "one again.",
                key=row.key, stage=before.status,
            )
        )  # fmt: skip


def _check_nothing_followed(session: Session, row: WorkItem, last: WorkItemTransition) -> None:
    query = select(Approval).where(Approval.workspace_id == row.workspace_id, Approval.item == row.item)
    for found in session.exec(query.where(col(Approval.withdrawn_at).is_(None))):
        if found.stage == last.stage and found.asked_at >= last.at:
            raise Conflict(
                text(
                    "{who} asked for an approval in {stage} since then. Withdraw that first, or move {key} back.",
                    who=found.author, stage=last.status, key=row.key,
                )
            )  # fmt: skip
