"""That a request kept here is an item that a tracker delivered, or is not: said by somebody, and taken back."""

from sqlmodel import Session

from marops import store
from marops.audit import store as audit
from marops.errors import Conflict, UserError
from marops.language import text
from marops.principal import Action, Principal, require
from marops.work import names, recording
from marops.work import store as rows
from marops.work.names import Names
from marops.work.needs import way
from marops.work.store import SameWork, WorkItem
from marops.workspaces import store as _workspaces
from marops.workspaces.store import Workspace

SAME = "same_work"
"""What the audit trail calls it."""


def link(principal: Principal, workspace_id: str, item: str, imported: str) -> SameWork:
    """Say that a request kept here is an imported item (its id or key). From then on the imported one counts, by its own history,
    and what was said of the request, its approvals, flags, dependencies and steps are found there. That they are two, should
    somebody have said so, is taken back.

    Raises UserError for a step, for what is no imported item, and where the two need each other; NotFound; Conflict where the
    request is withdrawn, or said to be another one.
    """
    require(principal, Action.EDIT, workspace_id)
    with store.writing() as session:
        workspace, known = _workspaces.lock(session, workspace_id), names.load(session, workspace_id)
        row, other = _pair(session, known, workspace_id, item, imported)
        _check_no_circle(session, row, Names(known.ids, known.keys, {**known.same, row.item: other}))
        for said in _dismissed(session, known, row, other):
            recording.take_back(session, principal, workspace, SAME, said)
        return _say(session, principal, workspace, "link", row, other, is_one=True)


def dismiss(principal: Principal, workspace_id: str, item: str, imported: str) -> SameWork:
    """Say that a request kept here and an imported item (its id or key) are two, however alike they look: they are named as likely
    twins no more. Each counts, as before.

    Raises UserError for a step and for what is no imported item; NotFound; Conflict where the request is withdrawn, or said to be
    an imported item, and where the two were told apart already.
    """
    require(principal, Action.EDIT, workspace_id)
    with store.writing() as session:
        workspace, known = _workspaces.lock(session, workspace_id), names.load(session, workspace_id)
        row, other = _pair(session, known, workspace_id, item, imported)
        for said in _dismissed(session, known, row, other):
            raise Conflict(
                text(
                    "{who} said on {when} already that {key} and {other} are two.",
                    who=said.author, when=said.written_at, key=row.key, other=other,
                )
            )  # fmt: skip
        return _say(session, principal, workspace, "dismiss", row, other, is_one=False)


def withdraw(principal: Principal, workspace_id: str, said_id: str) -> SameWork:
    """Take back what was said of a request and an imported item: that they are one, so that each counts again, or that they are
    two, so that they are named again where they look alike. Raises NotFound, and Conflict where that is done.
    """
    require(principal, Action.EDIT, workspace_id)
    with store.writing() as session:
        workspace = _workspaces.lock(session, workspace_id)
        row = recording.standing(session, workspace_id, SameWork, said_id)
        recording.take_back(session, principal, workspace, SAME, row)
        return row


def _pair(session: Session, known: Names, workspace_id: str, item: str, imported: str) -> tuple[WorkItem, str]:
    """A request and the id of the imported item that is meant, of which something can be said."""
    if not imported.strip():
        raise UserError(text("Say which imported item it is, by its key or id."))
    row = recording.kept_item(session, workspace_id, item)
    other = known.item(names.meant(session, workspace_id, imported))
    _check_can_be(session, row, other)
    recording.check_known(session, workspace_id, other)
    return row, other


def _dismissed(session: Session, known: Names, row: WorkItem, other: str) -> list[SameWork]:
    """What was said of the two, should it be that they are two. What was said by a key is of the id that the key leads to."""
    found = names.dismissals(session, row.workspace_id)
    return [said for said in found if said.item == row.item and known.item(said.imported) == other]


def _say(
    session: Session, principal: Principal, workspace: Workspace, verb: str, row: WorkItem, other: str, *, is_one: bool
) -> SameWork:
    made = SameWork(
        workspace_id=workspace.id, item=row.item, imported=other, is_one=is_one, author=principal.name, author_id=principal.id,
        written_at=recording.moment(workspace),
    )  # fmt: skip
    session.add(made)
    session.flush()
    recording.note(session, principal, workspace, verb, SAME, made.id, after=audit.said(made))
    return made


def _check_can_be(session: Session, row: WorkItem, other: str) -> None:
    if row.parent is not None:
        launch = rows.key_of(rows.launch_of(row) or "")
        raise UserError(
            text("{key} is a step, which counts in no number. Say it of its launch, {launch}.", key=row.key, launch=launch)
        )
    if rows.number_of(other) is not None:
        raise UserError(text("{key} is kept here, too. Name an imported item, or withdraw one of the two.", key=rows.key_of(other)))
    for said in names.links(session, row.workspace_id):
        if said.item == row.item:
            raise Conflict(
                text(
                    "{who} said on {when} that {key} is {other}. Take that back on its page first.",
                    who=said.author, when=said.written_at, key=row.key, other=said.imported,
                )
            )  # fmt: skip


def _check_no_circle(session: Session, row: WorkItem, known: Names) -> None:
    """Pass where nothing needs itself once both are one; a launch needs its steps."""
    gone = rows.withdrawn(session, row.workspace_id)
    said = [(one.item, one.needs) for one in rows.needs(session, row.workspace_id) if not {one.item, one.needs} & gone]
    steps = [(row.item, step.item) for step in rows.steps(session, row) if step.withdrawn_at is None]
    edges = [(known.item(item), known.item(needs)) for item, needs in [*said, *steps]]
    one = known.item(row.item)
    for needed in [needs for item, needs in edges if item == one]:
        circle = way(edges, needed, one)
        if circle:
            named = " → ".join(rows.key_of(name) for name in [one, *circle])
            raise UserError(
                text("As one item {key} and {other} would need themselves: {way}. Remove a dependency first.",
                     key=row.key, other=one, way=named)
            )  # fmt: skip
