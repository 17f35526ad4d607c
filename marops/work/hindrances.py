"""What holds an item up: flags (blocked, waiting on a role), and other items that must be done first."""

from enum import StrEnum

from sqlmodel import Session, col, select

from marops import notes, store
from marops.audit import store as audit
from marops.errors import Conflict, NotFound, UserError
from marops.language import text
from marops.principal import Action, Principal, require
from marops.work import names, recording
from marops.work import store as rows
from marops.work.needs import way
from marops.work.store import Dependency, FlagEvent
from marops.workspaces import store as _workspaces

FLAG = "flag_event"
DEPENDENCY = "dependency"
"""What the audit trail calls flags and dependencies."""


class Kind(StrEnum):
    """Why an item does not go on."""

    BLOCKED = "blocked"
    WAITING = "waiting"


def flag(principal: Principal, workspace_id: str, item: str, kind: Kind, *, role: str = "", note: str = "") -> FlagEvent:
    """Flag an item, imported or kept here, from now on. `role`: who must act to end it.

    Raises UserError where it waits and nobody is named; NotFound; Conflict where it is flagged so already, or withdrawn.
    """
    require(principal, Action.EDIT, workspace_id)
    who, words = notes.written(role, 200), notes.written(note, 1000)
    if kind is Kind.WAITING and not notes.folded(who):
        raise UserError(text("Say on which role the item waits."))
    with store.writing() as session:
        workspace = _workspaces.lock(session, workspace_id)
        recording.check_known(session, workspace_id, item)
        for other in _flags(session, workspace_id, item):
            if other.until_at is None and (other.kind, notes.folded(other.role)) == (kind.value, notes.folded(who)):
                raise Conflict(text("{who} flagged it so on {when}, and it still is.", who=other.set_by, when=other.from_at))
        row = FlagEvent(
            workspace_id=workspace_id, item=item, kind=kind.value, role=who, note=words, set_by=principal.name,
            from_at=recording.moment(workspace),
        )  # fmt: skip
        session.add(row)
        session.flush()
        recording.note(session, principal, workspace, "flag", FLAG, row.id, after=audit.said(row))
        return row


def lift(principal: Principal, workspace_id: str, flag_id: str) -> FlagEvent:
    """End a flag now. Raises NotFound, and Conflict where it is lifted."""
    require(principal, Action.EDIT, workspace_id)
    with store.writing() as session:
        workspace = _workspaces.lock(session, workspace_id)
        row = rows.row_of(session, workspace_id, FlagEvent, flag_id)
        if row is None:
            raise NotFound(text("That is not in this workspace any more. Open the page again."))
        if row.until_at is not None:
            raise Conflict(text("{who} lifted this flag on {when} already.", who=row.lifted_by or "", when=row.until_at))
        row.until_at, row.lifted_by = max(recording.moment(workspace), row.from_at), principal.name
        session.add(row)
        recording.note(session, principal, workspace, "lift", FLAG, row.id, {"item": row.item, "kind": row.kind, "role": row.role})
        return row


def flags(principal: Principal, workspace_id: str, item: str) -> list[FlagEvent]:
    """The flags of an item, lifted ones included, the newest first."""
    require(principal, Action.READ, workspace_id)
    with store.reading() as session:
        return _flags(session, workspace_id, item)


def depend(principal: Principal, workspace_id: str, item: str, needs: str) -> Dependency:
    """Say that an item needs another one, by its id or key, to be done first. Either may be imported.

    Raises UserError for an item that needs itself, or would do so over others, which are named, and for a step that needs its own
    launch; NotFound; Conflict where that is said already, or one is withdrawn.
    """
    require(principal, Action.EDIT, workspace_id)
    if not needs.strip():
        raise UserError(text("Say which item must be done first."))
    with store.writing() as session:
        workspace = _workspaces.lock(session, workspace_id)
        needs = names.meant(session, workspace_id, needs)
        for one in (item, needs):
            recording.check_known(session, workspace_id, one)
        known, called = rows.needs(session, workspace_id), names.load(session, workspace_id)
        this, needed = called.item(item), called.item(needs)
        _check_not_its_launch(session, workspace_id, item, called.of(needs))
        for other in known:
            if (called.item(other.item), called.item(other.needs)) == (this, needed):
                raise Conflict(text("{who} said so on {when} already.", who=other.author, when=other.written_at))
        gone = rows.withdrawn(session, workspace_id)
        standing = [(called.item(one.item), called.item(one.needs)) for one in known if not {one.item, one.needs} & gone]
        circle = way(standing, needed, this)
        if circle:
            named = " → ".join(rows.key_of(one) for one in [this, *circle])
            raise UserError(text("That would be a circle: {way}. Nothing in it could begin.", way=named))
        row = Dependency(
            workspace_id=workspace_id, item=item, needs=needs, author=principal.name, author_id=principal.id,
            written_at=recording.moment(workspace),
        )  # fmt: skip
        session.add(row)
        session.flush()
        recording.note(session, principal, workspace, "depend", DEPENDENCY, row.id, after=audit.said(row))
        return row


def _check_not_its_launch(session: Session, workspace_id: str, item: str, needs: list[str]) -> None:
    row = rows.find(session, workspace_id, item)
    if row is not None and rows.launch_of(row) in needs:
        raise UserError(
            text(
                "{key} is a step of {launch}: that is done when its steps are. Say which other step must be done first.",
                key=row.key, launch=rows.key_of(needs[0]),
            )
        )  # fmt: skip


def undepend(principal: Principal, workspace_id: str, dependency_id: str) -> Dependency:
    """Take a dependency back. Raises NotFound, and Conflict where that is done."""
    require(principal, Action.EDIT, workspace_id)
    with store.writing() as session:
        workspace = _workspaces.lock(session, workspace_id)
        row = recording.standing(session, workspace_id, Dependency, dependency_id)
        recording.take_back(session, principal, workspace, DEPENDENCY, row)
        return row


def dependencies(principal: Principal, workspace_id: str, item: str) -> list[Dependency]:
    """What an item needs, and what needs it, in the order it was said."""
    require(principal, Action.READ, workspace_id)
    with store.reading() as session:
        own = set(names.load(session, workspace_id).of(item))
        return [one for one in rows.needs(session, workspace_id) if own & {one.item, one.needs}]


def _flags(session: Session, workspace_id: str, item: str) -> list[FlagEvent]:
    if not notes.can_be_kept(item):
        return []
    of_item = col(FlagEvent.item).in_(names.load(session, workspace_id).of(item))
    query = select(FlagEvent).where(FlagEvent.workspace_id == workspace_id, of_item)
    return list(session.exec(query.order_by(col(FlagEvent.from_at).desc(), col(FlagEvent.id))))
