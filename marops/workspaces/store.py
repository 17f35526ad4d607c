"""Rows of workspaces, their business units, the stages of their work and when they work."""

from datetime import UTC, date, datetime
from decimal import Decimal

from sqlalchemy import JSON
from sqlalchemy.exc import IntegrityError
from sqlmodel import Field, Session, select

from marops import notes
from marops.errors import NotFound
from marops.language import text
from marops.stages import Category, Process, Stage, titled, usual
from marops.store import ExactDecimal, Moment, Row, engine, new_id, now, writing

SAMPLE = "sample"
OWN = "company"


class Workspace(Row, table=True):
    """A body of data with its settings: the sample company, or the user's own.

    `revision` changes with every change to the workspace's data or settings, and never repeats: caches key on it.
    `sample_offered`: the sample company has been set up beside it once; somebody who removes it does not want it back.
    `gross_margin`: share of a deal's value that is margin; None where nobody has stated it.
    `naming_rule`: how campaigns are to be named (`naming.parsed`); empty where nobody has said so.
    `today` is set where the workspace's clock stands still (the sample company's); otherwise it is the real day.
    """

    id: str = Field(primary_key=True, max_length=40)
    name: str = Field(max_length=200)
    is_sample: bool = False
    reporting_currency: str = Field(max_length=3)
    sample_offered: bool = False
    naming_rule: str = Field(default="", max_length=500)
    gross_margin: Decimal | None = Field(default=None, sa_type=ExactDecimal)
    today: date | None = None
    revision: str = Field(default_factory=new_id, max_length=32)
    created_at: datetime = Field(default_factory=now, sa_type=Moment)

    @property
    def day(self) -> date:
        """The day it is in the workspace."""
        return self.today or datetime.now(UTC).date()

    def touch(self) -> None:
        """Mark that data or settings changed. Call in the transaction that changes them."""
        self.revision = new_id()


def moment(workspace: Workspace) -> datetime:
    """Now by the workspace's clock: where that stands still, the time of day on its day."""
    at = now()
    return at if workspace.today is None else datetime.combine(workspace.today, at.time(), UTC)


class BusinessUnit(Row, table=True):
    """A business unit, and the start of the campaign names that belong to it."""

    id: str = Field(default_factory=new_id, primary_key=True, max_length=32)
    workspace_id: str = Field(foreign_key="workspace.id", index=True, max_length=40)
    name: str = Field(max_length=200)
    campaign_prefix: str = Field(max_length=200)
    position: int


class StageDefinition(Row, table=True):
    """One stage of a workspace's work, in its place. A workspace without any has the usual ones (`stages.usual`)."""

    id: str = Field(default_factory=new_id, primary_key=True, max_length=32)
    workspace_id: str = Field(foreign_key="workspace.id", index=True, max_length=40)
    position: int
    stage: str = Field(max_length=40)
    name: str = Field(max_length=200)
    category: str = Field(max_length=10)
    responsible: str = Field(default="", max_length=20)
    sla_days: float | None = None
    in_working_days: bool = False
    aliases: list[str] = Field(default_factory=list, sa_type=JSON)


class WorkingCalendar(Row, table=True):
    """When a workspace works. `weekdays`: 0 is Monday; `begins` and `ends`: hours as "09:00", in the zone's own time; `holidays`:
    days as "2026-12-25". A workspace without one has the usual calendar (`calendars.Calendar`).
    """

    workspace_id: str = Field(foreign_key="workspace.id", primary_key=True, max_length=40)
    zone: str = Field(max_length=60)
    weekdays: list[int] = Field(default_factory=list, sa_type=JSON)
    begins: str = Field(max_length=5)
    ends: str = Field(max_length=5)
    holidays: list[str] = Field(default_factory=list, sa_type=JSON)


DEFAULT_CURRENCY = "EUR"


def ensure_own() -> None:
    """Create the user's own workspace, empty, where there is none yet."""
    try:
        with writing() as session:
            if session.get(Workspace, OWN) is None:
                session.add(Workspace(id=OWN, name="Company", reporting_currency=DEFAULT_CURRENCY))
    except IntegrityError:
        # Of processes that start at once another one was quicker; whatever else it may be stays an error.
        if OWN not in revisions():
            raise


def revisions() -> dict[str, str]:
    """Every workspace's revision. Asked for on every run of every page, so without the weight of a session."""
    with engine().connect() as connection:
        rows = connection.exec_driver_sql("SELECT id, revision FROM workspace")
        return {str(row[0]): str(row[1]) for row in rows}


def load(session: Session, workspace_id: str) -> Workspace:
    """The workspace. Raises NotFound."""
    found = session.get(Workspace, workspace_id) if notes.can_be_kept(workspace_id) else None
    if found is None:
        raise NotFound(
            text("There is no workspace {id} here. It may have been removed; open Home to choose another.", id=workspace_id)
        )
    return found


def lock(session: Session, workspace_id: str) -> Workspace:
    """The workspace, locked until the transaction ends, so that changes to its data come one after the other."""
    found = session.exec(select(Workspace).where(Workspace.id == workspace_id).with_for_update()).first()
    return found or load(session, workspace_id)


def units(session: Session, workspace_id: str) -> list[BusinessUnit]:
    """The workspace's business units in their order."""
    query = select(BusinessUnit).where(BusinessUnit.workspace_id == workspace_id)
    return sorted(session.exec(query), key=lambda unit: unit.position)


def stage_definitions(session: Session, workspace_id: str) -> list[StageDefinition]:
    """The stages somebody has set for the workspace, in their order."""
    query = select(StageDefinition).where(StageDefinition.workspace_id == workspace_id)
    return sorted(session.exec(query), key=lambda stage: stage.position)


def process_of(session: Session, workspace_id: str) -> Process:
    """The stages of the workspace's work: those somebody has set, or else the usual ones."""
    made = tuple(
        Stage(
            row.stage,
            titled(row.name),
            Category(row.category),
            row.responsible,
            tuple(row.aliases),
            row.sla_days,
            row.in_working_days,
        )
        for row in stage_definitions(session, workspace_id)
    )
    return Process(made) if made else usual()
