"""That a request kept here is an item that a tracker delivered: said by somebody, and taken back."""

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

SAME = "same_work"
"""What the audit trail calls it."""


def link(principal: Principal, workspace_id: str, item: str, imported: str) -> SameWork:
    """Say that a request kept here is an imported item (its id or key). From then on the imported one counts, by its own history,
    and what was said of the request, its approvals, flags, dependencies and steps are found there.

    Raises UserError for a step, for what is no imported item, and where the two need each other; NotFound; Conflict where the
    request is withdrawn, or said to be another one.
    """
    require(principal, Action.EDIT, workspace_id)
    if not imported.strip():
        raise UserError(text("Say which imported item it is, by its key or id."))
    with store.writing() as session:
        workspace = _workspaces.lock(session, workspace_id)
        row, known = recording.kept_item(session, workspace_id, item), names.load(session, workspace_id)
        other = known.item(names.meant(session, workspace_id, imported))
        _check_can_be(session, row, other)
        recording.check_known(session, workspace_id, other)
        _check_no_circle(session, row, Names(known.ids, known.keys, {**known.same, row.item: other}))
        made = SameWork(
            workspace_id=workspace_id, item=row.item, imported=other, author=principal.name, author_id=principal.id,
            written_at=recording.moment(workspace),
        )  # fmt: skip
        session.add(made)
        session.flush()
        recording.note(session, principal, workspace, "link", SAME, made.id, after=audit.said(made))
        return made


def unlink(principal: Principal, workspace_id: str, link_id: str) -> SameWork:
    """Take back that a request is an imported item: each counts again. Raises NotFound, and Conflict where that is done."""
    require(principal, Action.EDIT, workspace_id)
    with store.writing() as session:
        workspace = _workspaces.lock(session, workspace_id)
        row = recording.standing(session, workspace_id, SameWork, link_id)
        recording.take_back(session, principal, workspace, SAME, row)
        return row


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
