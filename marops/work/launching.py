"""Launches planned from a template: the templates of a workspace, and the steps of a launch with their dates."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import update
from sqlmodel import Session, col, delete, select

from marops import notes, store
from marops.audit import store as audit
from marops.errors import Conflict, UserError
from marops.language import Text, text
from marops.period import check_promised
from marops.principal import Action, Principal, require
from marops.work import alike, recording
from marops.work.details import Details, checked
from marops.work.hindrances import DEPENDENCY
from marops.work.plans import Milestone, Template, due_dates, usual
from marops.work.store import Dependency, LaunchMilestone, LaunchTemplate, WorkItem
from marops.workspaces import service as workspaces
from marops.workspaces import store as _workspaces
from marops.workspaces.store import Workspace

TEMPLATE = "launch_template"
"""What the audit trail calls launch plans."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A launch plan that can be used: the workspace's own with its row, or the usual one, which has none."""

    template: Template
    row: LaunchTemplate | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A plan that was kept and is none by the present rules, and why. It can be withdrawn, nothing else."""

    row: LaunchTemplate
    why: Text


def templates(principal: Principal, workspace_id: str) -> list[Kept]:
    """The launch plans of a workspace by name, then the usual one; without those that cannot be read."""
    require(principal, Action.READ, workspace_id)
    return [*(one for one in _stored(workspace_id) if isinstance(one, Kept)), Kept(usual())]


def unreadable(principal: Principal, workspace_id: str) -> list[Unreadable]:
    """The launch plans of a workspace that cannot be read, by name."""
    require(principal, Action.READ, workspace_id)
    return [one for one in _stored(workspace_id) if isinstance(one, Unreadable)]


def save_template(
    principal: Principal, workspace_id: str, template: Template, *, template_id: str | None = None, version: int = 0
) -> LaunchTemplate:
    """Keep a launch plan: a new one, or that of an id as it was seen in `version`, whole. Launches begun with it stay as they are.

    Raises UserError for a name that another plan has, NotFound, and Conflict where it was changed or withdrawn meanwhile.
    """
    require(principal, Action.EDIT, workspace_id)
    name = template.name
    with store.writing() as session:
        workspace = _workspaces.lock(session, workspace_id)
        now = recording.moment(workspace)
        _check_name(session, workspace_id, name, template_id)
        before: dict[str, object] = {}
        if template_id is None:
            row = LaunchTemplate(workspace_id=workspace_id, name=name, changed_by=principal.name, changed_at=now)
            session.add(row)
            session.flush()
        else:
            row = recording.standing(session, workspace_id, LaunchTemplate, template_id)
            before = _said(row.name, _milestones(session, row))
            _rename(session, principal, row, name, version, now)
            session.exec(delete(LaunchMilestone).where(col(LaunchMilestone.template_id) == row.id))
        session.add_all([_row(row, at, one) for at, one in enumerate(template.milestones)])
        recording.note(session, principal, workspace, "set", TEMPLATE, row.id, before, _said(name, template.milestones))
        return row


def withdraw_template(principal: Principal, workspace_id: str, template_id: str) -> LaunchTemplate:
    """Take a launch plan off the list; launches begun with it stay. Raises NotFound, and Conflict where that is done."""
    require(principal, Action.EDIT, workspace_id)
    with store.writing() as session:
        workspace = _workspaces.lock(session, workspace_id)
        row = recording.standing(session, workspace_id, LaunchTemplate, template_id)
        recording.take_back(session, principal, workspace, TEMPLATE, row, _said(row.name, _milestones(session, row)))
        return row


def launch(
    principal: Principal, workspace_id: str, details: Details, template: Template, is_working: Callable[[date], bool], *,
    again: bool = False,
) -> WorkItem:  # fmt: skip
    """Request a launch with its steps: `details.due` is the launch's day; each milestone becomes a step, due so many working days
    from it, that needs the steps it names. Dates that have passed are kept: those steps are late from the start.

    A step is an item of its own that can be moved, approved and commented; numbers on launches leave it out, for it is none. Raises
    UserError without a launch date, for one that has passed, and as `intake.request`; Conflict as there.
    """
    require(principal, Action.EDIT, workspace_id)
    opened = workspaces.open_workspace(principal, workspace_id)
    values = checked(details, opened)
    if details.due is None:
        raise UserError(text("A launch plan counts back from the day of the launch. Give that day."))
    check_promised(details.due, opened.local_day)
    imported = alike.imported(opened, details.name)
    dates = due_dates(template, details.due, is_working)
    with store.writing() as session:
        workspace = _workspaces.lock(session, workspace_id)
        process = _workspaces.process_of(session, workspace_id)
        first = recording.first_stage(process)
        if not again:
            alike.check_none(session, workspace_id, details.name, imported)
        parent = recording.create(session, principal, workspace, first, {**values, "first_due": details.due})
        made: dict[str, WorkItem] = {}
        for milestone in template.milestones:
            due = dates[milestone.name]
            stage = milestone.stage if process.named(milestone.stage) else None
            step = {"name": milestone.name, "parent": parent.number, "campaign_name": parent.campaign_name, "side": milestone.side}
            more = {"business_unit": parent.business_unit, "due": due, "first_due": due, "due_stage": stage}
            made[milestone.name] = recording.create(session, principal, workspace, first, {**step, **more})
        for milestone in template.milestones:
            for needed in milestone.needs:
                _depend(session, principal, workspace, made[milestone.name], made[needed])
        return parent


def _depend(session: Session, principal: Principal, workspace: Workspace, step: WorkItem, needed: WorkItem) -> None:
    row = Dependency(
        workspace_id=workspace.id, item=step.item, needs=needed.item, author=principal.name, author_id=principal.id,
        written_at=recording.moment(workspace),
    )  # fmt: skip
    session.add(row)
    session.flush()
    recording.note(session, principal, workspace, "depend", DEPENDENCY, row.id, after=audit.said(row))


def _check_name(session: Session, workspace_id: str, name: str, template_id: str | None) -> None:
    query = select(LaunchTemplate).where(LaunchTemplate.workspace_id == workspace_id, col(LaunchTemplate.withdrawn_at).is_(None))
    for other in session.exec(query):
        if other.id != template_id and notes.folded(other.name) == notes.folded(name):
            raise UserError(text("There is a launch plan {name} already. Give this one another name.", name=other.name))


def _rename(session: Session, principal: Principal, row: LaunchTemplate, name: str, version: int, now: datetime) -> None:
    """Give a plan its name and next version. Raises Conflict where it is another by now."""
    found = session.exec(
        update(LaunchTemplate)
        .where(col(LaunchTemplate.id) == row.id, col(LaunchTemplate.version) == version)
        .values(name=name, version=version + 1, changed_by=principal.name, changed_at=now)
        .execution_options(synchronize_session=False)
    )
    session.refresh(row)
    if found.rowcount != 1:
        raise Conflict(
            text(
                "{who} changed this plan on {when}, after you opened it; nothing of yours was saved. Look at it again.",
                who=row.changed_by, when=row.changed_at,
            )
        )  # fmt: skip


def _stored(workspace_id: str) -> list[Kept | Unreadable]:
    """The plans that somebody kept, by name."""
    query = select(LaunchTemplate).where(LaunchTemplate.workspace_id == workspace_id, col(LaunchTemplate.withdrawn_at).is_(None))
    found: list[Kept | Unreadable] = []
    with store.reading() as session:
        for row in session.exec(query.order_by(col(LaunchTemplate.name))):
            try:
                found.append(Kept(_template(row, _milestones(session, row)), row))
            except UserError as refused:
                found.append(Unreadable(row, refused.text))
    return found


def _milestones(session: Session, row: LaunchTemplate) -> list[LaunchMilestone]:
    query = select(LaunchMilestone).where(LaunchMilestone.template_id == row.id).order_by(col(LaunchMilestone.position))
    return list(session.exec(query))


def _template(row: LaunchTemplate, milestones: list[LaunchMilestone]) -> Template:
    made = (Milestone(one.name, one.days_before, one.stage, one.side, tuple(one.needs)) for one in milestones)
    return Template(row.name, tuple(made))


def _row(row: LaunchTemplate, position: int, milestone: Milestone) -> LaunchMilestone:
    return LaunchMilestone(
        workspace_id=row.workspace_id, template_id=row.id, position=position, name=milestone.name,
        days_before=milestone.days_before, stage=milestone.stage, side=milestone.side, needs=list(milestone.needs),
    )  # fmt: skip


def _said(name: str, milestones: Sequence[Milestone | LaunchMilestone]) -> dict[str, object]:
    found = [
        {"name": m.name, "days_before": m.days_before, "stage": m.stage, "side": m.side, "needs": list(m.needs)} for m in milestones
    ]
    return {"name": name, "milestones": found}
