"""Approvals: asked for, answered once by each approver, taken back; and who is waited for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from marops import notes, store
from marops.audit import store as audit
from marops.errors import Conflict, Forbidden, NotFound, UserError
from marops.language import Joined, joined, text
from marops.principal import Action, Principal, allowed, require
from marops.stages import Process
from marops.work import asked, names, recording, tracked
from marops.work import store as rows
from marops.work.approvals import Answer, Mode, Outcome
from marops.work.asked import Asked
from marops.work.store import Approval, Approver, WorkItem, WorkItemTransition
from marops.workspaces import service as workspaces
from marops.workspaces import store as _workspaces

APPROVAL = "approval"
"""What the audit trail calls approvals."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An approver who must act: the item, since when, and the approval. `launch`: that of which the item is a step, or None."""

    item: str
    approver: str
    since: datetime
    about: str
    approval_id: str
    launch: str | None = None


def ask(
    principal: Principal, workspace_id: str, item: str, *, approvers: Sequence[str], mode: Mode = Mode.ALL,
    quorum: int | None = None, in_turn: bool = False, about: str = "",
) -> Approval:  # fmt: skip
    """Ask for an approval of an item in the stage it is in. An approver is the name of a person or of a role; `quorum`: how many
    must approve (of `Mode.QUORUM`); `in_turn`: one after the other.

    Raises UserError without approvers, for one named twice and for a quorum there cannot be; NotFound; Conflict for a withdrawn
    item.
    """
    require(principal, Action.EDIT, workspace_id)
    asked_for = [notes.needed(name, 200, text("Name who must approve: a person or a role.")) for name in approvers]
    needed = _needed(asked_for, mode, quorum)
    words = notes.written(about, 1000)
    with store.writing() as session:
        workspace = _workspaces.lock(session, workspace_id)
        recording.check_known(session, workspace_id, item)
        last, before = _last_move(session, workspace_id, item), asked.load(session, workspace_id, item)
        row = Approval(
            workspace_id=workspace_id, item=item, stage=last.stage if last else None, about=words, mode=mode.value, needed=needed,
            # Never before the item came to the stage it is asked in, nor before answers it follows, should clocks differ or stand.
            in_turn=in_turn, asked_at=max([recording.moment(workspace), *([last.at] if last else []), *map(_latest, before)]),
            author=principal.name, author_id=principal.id,
        )  # fmt: skip
        session.add(row)
        session.flush()
        seats = [
            Approver(workspace_id=workspace_id, approval_id=row.id, position=at, approver=name) for at, name in enumerate(asked_for)
        ]
        session.add_all(seats)
        recording.note(session, principal, workspace, "ask", APPROVAL, row.id, after={**audit.said(row), "approvers": asked_for})
        return row


def decide(principal: Principal, workspace_id: str, approval_id: str, approver: str, answer: Answer, *, note: str = "") -> Asked:
    """Answer for an approver. Who has that name or role may, and managers, who write down what the approver said; who did so is
    kept.

    Raises Forbidden; UserError without a reason for declining; NotFound; Conflict where it is decided, answered or withdrawn
    already, where the item is, and where it is somebody else's turn.
    """
    require(principal, Action.COMMENT, workspace_id)
    if not asked.answers_for(principal, approver) and not allowed(principal, Action.EDIT):
        raise Forbidden(text("{who} is asked, by name or role. Only {who} can answer, or a manager for {who}.", who=approver))
    said = notes.written(note, 2000)
    if answer is Answer.DECLINED and not said:
        raise UserError(text("Say why it is declined, so that it can be mended."))
    with store.writing() as session:
        workspace = _workspaces.lock(session, workspace_id)
        found = _one(session, workspace_id, approval_id)
        if rows.number_of(found.row.item) is not None:
            recording.kept_item(session, workspace_id, found.row.item)
        seat = _seat(found, approver)
        _check_open(found, seat)
        seat.decision, seat.note = answer.value, said
        # Never before it was asked for, should clocks differ: a wait has no length below zero.
        seat.decided_by, seat.decided_at = principal.name, max(recording.moment(workspace), _latest(found))
        session.add(seat)
        after = {"approver": seat.approver, "answer": answer.value, **({"note": said} if said else {})}
        recording.note(session, principal, workspace, "answer", APPROVAL, approval_id, {"item": found.row.item}, after)
        session.flush()
        return _one(session, workspace_id, approval_id)


def withdraw(principal: Principal, workspace_id: str, approval_id: str, *, reason: str) -> Approval:
    """Take an approval back, open or decided. Raises UserError without a reason, NotFound, and Conflict where it is withdrawn."""
    require(principal, Action.EDIT, workspace_id)
    why = notes.needed(reason, 1000, text("Say why the approval is no longer needed."))
    with store.writing() as session:
        workspace = _workspaces.lock(session, workspace_id)
        found = _one(session, workspace_id, approval_id)
        row = found.row
        if row.withdrawn_at is not None:
            raise Conflict(text("{who} withdrew it on {when} already.", who=row.withdrawn_by or "", when=row.withdrawn_at))
        before = audit.said(row)
        row.withdrawn_by, row.withdrawn_reason = principal.name, why
        row.withdrawn_at = max(recording.moment(workspace), _latest(found))
        session.add(row)
        recording.note(session, principal, workspace, "withdraw", APPROVAL, row.id, before, {"reason": why})
        return row


def approvals(principal: Principal, workspace_id: str, item: str) -> list[Asked]:
    """The approvals of an item in the order they were asked for, withdrawn ones included."""
    require(principal, Action.READ, workspace_id)
    with store.reading() as session:
        return asked.load(session, workspace_id, item)


def queue(principal: Principal, workspace_id: str) -> list[Waiting]:
    """Who must act in any approval of the workspace, the longest waiting first. Items that are withdrawn or over, and steps of
    launches that are, wait for nobody.
    """
    require(principal, Action.READ, workspace_id)
    opened = workspaces.open_workspace(principal, workspace_id)
    with store.reading() as session:
        open_ = [one for one in asked.load(session, workspace_id) if one.state.pending]
        if not open_:
            return []
        kept, known = rows.items(session, workspace_id), names.load(session, workspace_id)
        over = _over(session, opened.process, kept, workspace_id)
    waiting = [(known.item(one.row.item), one) for one in open_]
    launches = {item: known.item(launch) for item, row in kept.items() if (launch := rows.launch_of(row))}
    concerned = {item for item, _ in waiting} | {launches[item] for item, _ in waiting if item in launches}
    over |= tracked.over(opened, sorted(concerned - set(kept)))
    found = [
        Waiting(item, turn.approver, turn.since, one.row.about, one.row.id, launches.get(item))
        for item, one in waiting
        if not {item, launches.get(item)} & over
        for turn in one.state.turns
        if turn.must_act and turn.since is not None
    ]
    return sorted(found, key=lambda one: (one.since, one.item))


def _over(session: Session, process: Process, kept: Mapping[str, WorkItem], workspace_id: str) -> frozenset[str]:
    """The items kept here that are withdrawn, or in which nothing is left to do."""
    made = rows.all_moves(session, workspace_id)
    last = {item: next(move for move in reversed(made[row.id]) if move.withdrawn_at is None) for item, row in kept.items()}
    stages = {item: recording.stage_of(process, move) for item, move in last.items()}
    done = {item for item, stage in stages.items() if stage is not None and stage.id in process.done}
    return frozenset(done | {item for item, row in kept.items() if row.withdrawn_at is not None})


def _needed(names: Sequence[str], mode: Mode, quorum: int | None) -> int:
    if not names:
        raise UserError(text("Name who must approve: a person or a role."))
    if len({notes.folded(name) for name in names}) < len(names):
        raise UserError(text("Somebody is named twice; name every approver once."))
    if mode is not Mode.QUORUM:
        return len(names) if mode is Mode.ALL else 1
    if quorum is None or not 1 <= quorum <= len(names):
        raise UserError(text("Of {n} approvers between 1 and {n} can be needed. Say how many.", n=len(names)))
    return quorum


def _one(session: Session, workspace_id: str, approval_id: str) -> Asked:
    row = rows.row_of(session, workspace_id, Approval, approval_id)
    if row is None:
        raise NotFound(text("That approval is not in this workspace any more. Open the page again."))
    return asked.of(row, rows.approvers(session, workspace_id)[row.id])


def _seat(found: Asked, approver: str) -> Approver:
    """The part of an approver. Raises NotFound."""
    same = [one for one in found.approvers if notes.folded(one.approver) == notes.folded(approver)]
    if not same:
        raise NotFound(text("{who} is not asked here. Asked are {asked}.", who=approver, asked=_names(found)))
    return next((one for one in same if one.approver == approver), same[0])


def _check_open(found: Asked, seat: Approver) -> None:
    row, came_to = found.row, found.state
    if row.withdrawn_at is not None:
        raise Conflict(text("{who} withdrew this approval on {when}.", who=row.withdrawn_by or "", when=row.withdrawn_at))
    if seat.decided_at is not None:
        raise Conflict(
            text("{approver} answered on {when} already. Ask for a new approval.", approver=seat.approver, when=seat.decided_at)
        )
    if came_to.outcome is not Outcome.OPEN:
        approved = came_to.outcome is Outcome.APPROVED
        late = (
            text("It was approved on {when}; this answer comes late and changes nothing.", when=came_to.decided_at)
            if approved
            else text("It was declined on {when}; this answer comes late. Ask for a new approval.", when=came_to.decided_at)
        )
        raise Conflict(late)
    if seat.approver not in came_to.pending:
        raise Conflict(text("It is the turn of {who}; they answer one after the other.", who=joined(came_to.pending)))


def _latest(found: Asked) -> datetime:
    return max([found.row.asked_at, *(seat.decided_at for seat in found.approvers if seat.decided_at)])


def _names(found: Asked) -> Joined:
    return joined([seat.approver for seat in found.approvers], 10)


def _last_move(session: Session, workspace_id: str, item: str) -> WorkItemTransition | None:
    """The last move that stands of an item that is kept here."""
    row = rows.find(session, workspace_id, item)
    return None if row is None else rows.last_move(session, row)
