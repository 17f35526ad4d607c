"""What was decided about findings, and the actions that follow: opened, given another date or owner, closed after a look."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from sqlalchemy import update
from sqlmodel import Session, col, select

from marops import notes, store
from marops.audit import store as audit
from marops.decisions.store import ActionItem, Decision
from marops.errors import Conflict, NotFound, UserError
from marops.language import Text, text
from marops.period import check_promised
from marops.principal import Action, Principal, require
from marops.workspaces import store as workspaces
from marops.workspaces.store import Workspace

ACTION = "action_item"
DECISION = "decision"
"""What the audit trail calls actions and decisions."""

_KPI_FINDING = "kpi:"


class Choice(StrEnum):
    """What can be decided."""

    ACT = "act"
    WAIT = "wait"
    DISMISS = "dismiss"


class Outcome(StrEnum):
    """What came of an action."""

    WORKED = "worked"
    DID_NOT = "did_not"
    CANNOT_TELL = "cannot_tell"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Look:
    """A look at the KPI of an action before it is closed.

    `newest`: the first day of the newest complete month that has a value (of a KPI without months, the day of its value); None
    where there is none. `facts`: the numbers looked at, as JSON keeps them.
    """

    kpi: str
    name: Text | str
    newest: date | None
    facts: Mapping[str, object] = field(default_factory=dict[str, object])


# Decisions


def record(
    principal: Principal, workspace_id: str, *, finding_key: str, question: str, evidence: str, choice: Choice,
    owner: str = "", note: str = "", due: date | None = None, action: str = "", expected_effect: str = "",
) -> Decision:  # fmt: skip
    """Record a decision, and open the action where it is to act. `question` and `evidence` are the words the decision was taken
    on; `action`: what is to be done, where that is another sentence than the question.

    Raises UserError where an action has no owner or date, or a date that has passed.
    """
    require(principal, Action.EDIT, workspace_id)
    if choice is Choice.ACT and (not owner.strip() or due is None):
        raise UserError(text("An action needs an owner and a date, or it will not happen. Give both."))
    decision = Decision(
        workspace_id=workspace_id, finding_key=finding_key, question=question[:1000], evidence=evidence[:1000],
        choice=choice, note=note.strip()[:2000], owner=owner.strip()[:200], due=due, decided_by=principal.name,
    )  # fmt: skip
    with store.writing() as session:
        workspace = workspaces.load(session, workspace_id)
        session.add(decision)
        session.flush()
        audit.note(session, principal, workspace_id, "record", DECISION, decision.id, after=audit.said(decision))
        if choice is Choice.ACT and due is not None:
            kpi = finding_key.removeprefix(_KPI_FINDING) if finding_key.startswith(_KPI_FINDING) else None
            title, effect = (action.strip() or question)[:1000], notes.written(expected_effect, 2000)
            _open(session, principal, workspace, title, decision.owner, due, kpi, effect, decision.id)
    return decision


def decisions(principal: Principal, workspace_id: str) -> list[Decision]:
    """Every decision of a workspace that stands, the newest first."""
    require(principal, Action.READ, workspace_id)
    with store.reading() as session:
        query = select(Decision).where(Decision.workspace_id == workspace_id, col(Decision.withdrawn_at).is_(None))
        return list(session.exec(query.order_by(col(Decision.decided_at).desc(), col(Decision.id))))


def withdraw(principal: Principal, workspace_id: str, decision_id: str) -> None:
    """Take a decision back: its finding asks again, and its open action is dropped. Does nothing where it is gone already."""
    require(principal, Action.EDIT, workspace_id)
    with store.writing() as session:
        found = session.get(Decision, decision_id)
        if found is None or found.workspace_id != workspace_id or found.withdrawn_at is not None:
            return
        audit.note(session, principal, workspace_id, "withdraw", DECISION, decision_id, before=audit.said(found))
        found.withdrawn_by, found.withdrawn_at = principal.name, store.now()
        session.add(found)
        query = select(ActionItem).where(ActionItem.decision_id == decision_id, col(ActionItem.closed_at).is_(None))
        workspace = workspaces.load(session, workspace_id)
        for item in session.exec(query).all():
            evidence = {"decision_withdrawn": True}
            _change(
                session,
                principal,
                workspace,
                item,
                item.version,
                "drop",
                **_closed(principal, workspace, Outcome.DROPPED, evidence),
            )


# Actions


def action_items(principal: Principal, workspace_id: str, kpi: str | None = None) -> list[ActionItem]:
    """The actions of a workspace, or of one KPI: the open ones by the day they are due, then the closed ones, the last first."""
    require(principal, Action.READ, workspace_id)
    query = select(ActionItem).where(ActionItem.workspace_id == workspace_id)
    if kpi is not None:
        query = query.where(ActionItem.kpi == kpi)
    with store.reading() as session:
        items = list(session.exec(query.order_by(col(ActionItem.created_at), col(ActionItem.id))))
    closed = sorted((item for item in items if item.closed_at), key=lambda item: item.closed_at or item.created_at, reverse=True)
    return sorted((item for item in items if item.is_open), key=lambda item: item.due) + closed


def action_item(principal: Principal, workspace_id: str, action_id: str) -> ActionItem:
    """One action. Raises NotFound."""
    require(principal, Action.READ, workspace_id)
    with store.reading() as session:
        return _item(session, workspace_id, action_id)


def open_action(
    principal: Principal, workspace_id: str, *, title: str, owner: str, due: date, kpi: str | None = None,
    expected_effect: str = "",
) -> ActionItem:  # fmt: skip
    """Open an action that follows from no decision. Raises UserError for a missing title or owner, or a date that has passed.

    Actions for a KPI are opened by `scorecard.managing.act`, which knows the KPIs.
    """
    require(principal, Action.EDIT, workspace_id)
    what = notes.needed(title, 1000, text("An action needs a title: what is to be done?"))
    effect = notes.written(expected_effect, 2000)
    who = _owner(owner)
    with store.writing() as session:
        return _open(session, principal, workspaces.load(session, workspace_id), what, who, due, kpi, effect)


def redate(principal: Principal, workspace_id: str, action_id: str, *, version: int, due: date, reason: str) -> ActionItem:
    """Promise another day. The day first promised stays, and it is the one that counts.

    Raises UserError without a reason or for a day that has passed, and Conflict where the action was changed or closed meanwhile.
    """
    require(principal, Action.EDIT, workspace_id)
    why = notes.needed(reason, 1000, text("Say why the date changes. The date first promised stays on record."))
    with store.writing() as session:
        item = _open_item(session, workspace_id, action_id, version)
        workspace = workspaces.load(session, workspace_id)
        check_promised(due, workspace.day)
        return _change(session, principal, workspace, item, version, "redate", why, due=due)


def reassign(principal: Principal, workspace_id: str, action_id: str, *, version: int, owner: str) -> ActionItem:
    """Give an action to somebody else. Raises UserError without an owner, and Conflict where it was changed or closed meanwhile."""
    require(principal, Action.EDIT, workspace_id)
    who = _owner(owner)
    with store.writing() as session:
        item = _open_item(session, workspace_id, action_id, version)
        return _change(session, principal, workspaces.load(session, workspace_id), item, version, "reassign", owner=who)


def close_action(
    principal: Principal, workspace_id: str, action_id: str, *, version: int, outcome: Outcome, words: str,
    look: Look | None = None,
) -> ActionItem:  # fmt: skip
    """Close an action with what came of it. An action for a KPI needs a look at the KPI (`scorecard.managing.close` takes it).

    Raises UserError without words, without the look, and where an outcome is claimed that no month can show yet; Conflict where
    the action was changed or closed meanwhile.
    """
    require(principal, Action.EDIT, workspace_id)
    seen = notes.needed(words, 2000, text("Say what you saw: an action is closed after a look, not by a click."))
    with store.writing() as session:
        item = _open_item(session, workspace_id, action_id, version)
        _check_look(item, outcome, look)
        workspace = workspaces.load(session, workspace_id)
        evidence = {"words": seen, **(dict(look.facts) if look else {})}
        return _change(session, principal, workspace, item, version, "close", **_closed(principal, workspace, outcome, evidence))


def reopen(principal: Principal, workspace_id: str, action_id: str, *, version: int, reason: str) -> ActionItem:
    """Open a closed action again; what it was closed with stays in the audit trail.

    Raises UserError without a reason, and Conflict where it is open or was changed meanwhile.
    """
    require(principal, Action.EDIT, workspace_id)
    why = notes.needed(reason, 1000, text("Say why the action opens again."))
    with store.writing() as session:
        item = _seen(session, workspace_id, action_id, version)
        if item.is_open:
            raise Conflict(text("This action is open already."))
        opened = {"closed_on": None, "closed_by": None, "closed_at": None, "outcome": None, "evidence": {}}
        return _change(session, principal, workspaces.load(session, workspace_id), item, version, "reopen", why, **opened)


def _open(
    session: Session, principal: Principal, workspace: Workspace, title: str, owner: str, due: date, kpi: str | None,
    expected_effect: str, decision_id: str | None = None,
) -> ActionItem:  # fmt: skip
    check_promised(due, workspace.day)
    item = ActionItem(
        workspace_id=workspace.id, kpi=kpi, decision_id=decision_id, title=title, owner=owner, first_due=due, due=due,
        expected_effect=expected_effect, opened_on=workspace.day, created_by=principal.name, changed_by=principal.name,
    )  # fmt: skip
    session.add(item)
    session.flush()
    audit.note(
        session, principal, workspace.id, "open", ACTION, item.id, after=audit.said(item, "version", "changed_by", "changed_at")
    )
    workspace.touch()
    session.add(workspace)
    return item


def _change(
    session: Session, principal: Principal, workspace: Workspace, item: ActionItem, version: int, verb: str, reason: str = "",
    /, **changes: object,
) -> ActionItem:  # fmt: skip
    """Change an action that is still as it was seen: the database compares the version, so that of two who saw the same only one
    changes it. Raises Conflict.
    """
    before = {name: getattr(item, name) for name in changes}
    found = session.exec(
        update(ActionItem)
        .where(col(ActionItem.id) == item.id, col(ActionItem.version) == version)
        .values(**changes, version=version + 1, changed_by=principal.name, changed_at=store.now())
        .execution_options(synchronize_session=False)
    )
    session.refresh(item)
    if found.rowcount != 1:
        raise _changed_meanwhile(item)
    after = {**changes, **({"reason": reason} if reason else {}), **({"kpi": item.kpi} if item.kpi else {})}
    audit.note(session, principal, workspace.id, verb, ACTION, item.id, before, after)
    workspace.touch()
    session.add(workspace)
    return item


def _closed(principal: Principal, workspace: Workspace, outcome: Outcome, evidence: Mapping[str, object]) -> dict[str, object]:
    return {
        "closed_on": workspace.day, "closed_by": principal.name, "closed_at": store.now(), "outcome": outcome.value,
        "evidence": dict(evidence),
    }  # fmt: skip


def _item(session: Session, workspace_id: str, action_id: str) -> ActionItem:
    item = session.get(ActionItem, action_id)
    if item is None or item.workspace_id != workspace_id:
        raise NotFound(text("There is no action {id} in this workspace.", id=action_id[:8]))
    return item


def _seen(session: Session, workspace_id: str, action_id: str, version: int) -> ActionItem:
    """The action, as somebody saw it. Raises NotFound, and Conflict where it is another by now."""
    item = _item(session, workspace_id, action_id)
    if item.version != version:
        raise _changed_meanwhile(item)
    return item


def _open_item(session: Session, workspace_id: str, action_id: str, version: int) -> ActionItem:
    item = _seen(session, workspace_id, action_id, version)
    if item.closed_at is not None:
        raise Conflict(
            text(
                "{who} closed this action on {when}. Open it again before changing it.",
                who=item.closed_by or "",
                when=item.closed_at,
            )
        )
    return item


def _changed_meanwhile(item: ActionItem) -> Conflict:
    return Conflict(
        text(
            "{who} changed this action on {when}, after you opened it; nothing of yours was saved. Look at it again, then decide.",
            who=item.changed_by, when=item.changed_at,
        )
    )  # fmt: skip


def _owner(owner: str) -> str:
    return notes.needed(owner, 200, text("An action needs an owner, or it will not happen. Name one person or team."))


def _check_look(item: ActionItem, outcome: Outcome, look: Look | None) -> None:
    if item.kpi is None:
        return
    if look is None or look.kpi != item.kpi:
        raise UserError(text("This action is to move {kpi}: look at it on the Scorecard, then close the action.", kpi=item.kpi))
    if outcome in {Outcome.WORKED, Outcome.DID_NOT} and (look.newest is None or look.newest < item.opened_on):
        raise UserError(
            text(
                "There is no complete month of {kpi} from after {day}, the day this action was opened: nobody can tell yet "
                "whether it worked. Wait for one, or close the action as one that cannot be told or that was dropped.",
                kpi=look.name, day=item.opened_on,
            )
        )  # fmt: skip
