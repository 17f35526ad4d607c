"""What was decided about findings: recorded with the evidence of that day, and what is due."""

from datetime import date
from enum import StrEnum

from sqlmodel import col, select

from marops import store
from marops.decisions.store import Decision
from marops.errors import UserError
from marops.language import text
from marops.principal import Action, Principal, require
from marops.workspaces import store as workspaces


class Choice(StrEnum):
    """What can be decided."""

    ACT = "act"
    WAIT = "wait"
    DISMISS = "dismiss"


def record(
    principal: Principal, workspace_id: str, *, finding_key: str, question: str, evidence: str, choice: Choice,
    owner: str = "", note: str = "", due: date | None = None,
) -> Decision:  # fmt: skip
    """Record a decision. `question` and `evidence` are the words the decision was taken on.

    Raises UserError where an action has no owner or date.
    """
    require(principal, Action.EDIT, workspace_id)
    if choice is Choice.ACT and (not owner.strip() or due is None):
        raise UserError(text("An action needs an owner and a date, or it will not happen. Give both."))
    decision = Decision(
        workspace_id=workspace_id, finding_key=finding_key, question=question[:1000], evidence=evidence[:1000],
        choice=choice, note=note.strip()[:2000], owner=owner.strip()[:200], due=due, decided_by=principal.name,
    )  # fmt: skip
    with store.writing() as session:
        workspaces.load(session, workspace_id)
        session.add(decision)
    return decision


def decisions(principal: Principal, workspace_id: str) -> list[Decision]:
    """Every decision of a workspace, the newest first."""
    require(principal, Action.READ, workspace_id)
    with store.reading() as session:
        query = select(Decision).where(Decision.workspace_id == workspace_id)
        return list(session.exec(query.order_by(col(Decision.decided_at).desc(), col(Decision.id))))


def withdraw(principal: Principal, workspace_id: str, decision_id: str) -> None:
    """Take a decision back: its finding asks again. Does nothing where it is gone already."""
    require(principal, Action.EDIT, workspace_id)
    with store.writing() as session:
        found = session.get(Decision, decision_id)
        if found is not None and found.workspace_id == workspace_id:
            session.delete(found)
