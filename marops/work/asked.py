"""Approvals as they are kept, with what their answers come to. For services, which ask for the role."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from marops import notes
from marops.principal import Principal
from marops.work import names
from marops.work import store as rows
from marops.work.approvals import Answer, Rule, Seat, State, state
from marops.work.store import Approval, Approver


@dataclass(frozen=True)
class Asked:
    """An approval with its approvers and what their answers come to."""

    row: Approval
    approvers: tuple[Approver, ...]
    state: State


def of(row: Approval, seats: Sequence[Approver]) -> Asked:
    """An approval and its approvers together."""
    answers = [Seat(one.approver, Answer(one.decision) if one.decision else None, one.decided_at) for one in seats]
    return Asked(row, tuple(seats), state(Rule(row.needed, row.in_turn), row.asked_at, answers, row.withdrawn_at))


def load(session: Session, workspace_id: str, item: str | None = None) -> list[Asked]:
    """The approvals of an item, or of all, in the order they were asked for, withdrawn ones included."""
    query = select(Approval).where(Approval.workspace_id == workspace_id)
    if item is not None and not notes.can_be_kept(item):
        return []
    if item is not None:
        query = query.where(col(Approval.item).in_(names.load(session, workspace_id).of(item)))
    found = list(session.exec(query.order_by(col(Approval.written_at), col(Approval.id))))
    seats = rows.approvers(session, workspace_id)
    return [of(row, seats.get(row.id, [])) for row in found]


def answers_for(principal: Principal, approver: str) -> bool:
    """Whether an approver's name, or role, is that of somebody."""
    return notes.folded(approver) in {notes.folded(principal.name), notes.folded(principal.role.name)}
