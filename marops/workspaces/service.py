"""Workspaces: the user's own, and the sample company beside it; business units and the reporting currency."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from threading import Lock
from zoneinfo import available_timezones

from cachetools import LRUCache, cached
from sqlmodel import Session, SQLModel, col, delete, select

from marops import lake, naming, store
from marops.audit import store as audit
from marops.calendars import Calendar
from marops.errors import Conflict, UserError
from marops.lake import Blob
from marops.language import text
from marops.period import start_of
from marops.principal import Action, Principal, require
from marops.stages import Process, Stage
from marops.store import OfUnit
from marops.workspaces import workflow
from marops.workspaces.store import (
    OWN,
    SAMPLE,
    BusinessUnit,
    WorkingCalendar,
    Workspace,
    load,
    lock,
    moment,
    process_of,
    revisions,
    units,
)

MAX_RULE = 500
"""Characters of a naming rule."""

ZONES = available_timezones() - {"Factory", "localtime"}
"""The time zones that can be chosen: those two are the server's own, and no place."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A business unit: the campaigns whose names begin with `campaign_prefix` are its own."""

    name: str
    campaign_prefix: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A workspace as pages need it: its settings, units, stages of work, the day it is there, and the days it has facts about."""

    workspace: Workspace
    units: tuple[Unit, ...]
    process: Process
    calendar: Calendar
    today: date
    first_day: date | None
    last_day: date | None

    @property
    def key(self) -> Hashable:
        """What a result made from the workspace's data and settings depends on."""
        return self.workspace.id, self.workspace.revision, self.today, self.local_day

    @property
    def local_day(self) -> date:
        """The day it is where the workspace works, in its calendar's zone: promised days are told to have passed by it."""
        return self.workspace.today or self.calendar.day(datetime.now(UTC))

    @property
    def over(self) -> datetime:
        """When today is over: what is said of later cannot be."""
        return start_of(self.today + timedelta(days=1))

    @property
    def is_empty(self) -> bool:
        """Whether nothing dated has been imported yet."""
        return self.last_day is None


def present(principal: Principal) -> list[Workspace]:
    """The workspaces there are: the user's own first."""
    require(principal, Action.READ)
    return list(_loaded(frozenset(revisions().items())))


def open_workspace(principal: Principal, workspace_id: str) -> Opened:
    """A workspace with all that frames its numbers. Raises NotFound."""
    require(principal, Action.READ, workspace_id)
    return _opened(workspace_id, revisions().get(workspace_id, ""), datetime.now(UTC).date())


@cached(LRUCache(maxsize=16), lock=Lock())
def _loaded(_revisions: frozenset[tuple[str, str]]) -> tuple[Workspace, ...]:
    with store.reading() as session:
        return tuple(sorted(session.exec(select(Workspace)), key=lambda workspace: workspace.is_sample))


@cached(LRUCache(maxsize=64), lock=Lock())
def _opened(workspace_id: str, _revision: str, real_today: date) -> Opened:
    with store.reading() as session:
        workspace = load(session, workspace_id)
        found = tuple(Unit(unit.name, unit.campaign_prefix) for unit in units(session, workspace_id))
        process = process_of(session, workspace_id)
        working = session.get(WorkingCalendar, workspace_id)
    manifest = lake.manifest(workspace_id, workspace.revision)
    days = manifest.first_day(*DATED), manifest.last_day(*DATED)
    calendar = _calendar(working) if working else Calendar()
    return Opened(workspace, found, process, calendar, workspace.today or real_today, *days)


def _calendar(row: WorkingCalendar) -> Calendar:
    hours = ((time.fromisoformat(row.begins), time.fromisoformat(row.ends)),)
    return Calendar(row.zone, dict.fromkeys(row.weekdays, hours), frozenset(map(date.fromisoformat, row.holidays)))


DATED = (
    "ad_performance",
    "web_traffic_daily",
    "lead",
    "lead_stage_history",
    "work_item",
    "work_item_transition",
    "sli_measurement",
)
"""Tables whose days span the data; reference rates and surveys do not move the default period."""


def create_sample(
    principal: Principal, *, name: str, currency: str, today: date, units: list[Unit], margin: Decimal | None = None
) -> Workspace:
    """An empty workspace for the sample company, whose clock stands at `today`. Replaces an earlier one."""
    require(principal, Action.ADMINISTER)
    remove_sample(principal)
    with store.writing() as session:
        workspace = Workspace(id=SAMPLE, name=name, is_sample=True, reporting_currency=currency, today=today, gross_margin=margin)
        session.add(workspace)
        session.flush()
        session.add_all(_unit_rows(SAMPLE, units))
        return workspace


def sample_was_offered(principal: Principal) -> bool:
    """Whether this installation has had the sample company, removed since or not."""
    require(principal, Action.READ, OWN)
    with store.reading() as session:
        return load(session, OWN).sample_offered


def note_sample_offered(principal: Principal) -> None:
    """Remember that this installation has had the sample company."""
    require(principal, Action.ADMINISTER, OWN)
    with store.writing() as session:
        own = load(session, OWN)
        own.sample_offered = True
        session.add(own)


def remove_sample(principal: Principal) -> None:
    """Remove the sample company with everything in it. Does nothing where there is none."""
    require(principal, Action.ADMINISTER)
    with store.writing() as session:
        digests = set(session.exec(select(Blob.sha256).where(Blob.workspace_id == SAMPLE)))
        for table in reversed(SQLModel.metadata.sorted_tables):
            if table.name == "import_reject":
                runs = SQLModel.metadata.tables["import_run"]
                ids = select(runs.c.id).where(runs.c.workspace_id == SAMPLE)
                session.exec(table.delete().where(table.c.import_id.in_(ids)))
            elif "workspace_id" in table.c:
                session.exec(table.delete().where(table.c.workspace_id == SAMPLE))
        session.exec(delete(Workspace).where(col(Workspace.id) == SAMPLE))
        session.flush()
        still_used = set(session.exec(select(Blob.sha256).where(col(Blob.sha256).in_(digests))))
    for digest in digests - still_used:
        lake.path_of(digest).unlink(missing_ok=True)


def set_units(principal: Principal, workspace_id: str, units: list[Unit]) -> None:
    """Replace the workspace's business units. One with the prefix of an earlier one is that one renamed, where its name is new and
    the earlier one's is gone: what people said of it here is said of it by its new name; imported rows stay as their files have
    them. A name that stays is the same unit, whatever its prefix is now. Raises UserError for empty or repeated names or prefixes.
    """
    require(principal, Action.EDIT, workspace_id)
    names = [unit.name.strip() for unit in units]
    prefixes = [unit.campaign_prefix.strip() for unit in units]
    if not all(names) or not all(prefixes):
        raise UserError(text("Every business unit needs a name and the beginning of its campaigns' names."))
    if len(set(names)) < len(names) or len(set(prefixes)) < len(prefixes):
        raise UserError(text("Two business units have the same name or the same beginning; make them different."))
    with store.writing() as session:
        workspace = lock(session, workspace_id)
        earlier = session.exec(select(BusinessUnit).where(BusinessUnit.workspace_id == workspace_id))
        known = {unit.campaign_prefix: unit.name for unit in earlier}
        called = {known[prefix]: name for name, prefix in zip(names, prefixes, strict=True) if prefix in known}
        renamed = {old: new for old, new in called.items() if old not in names and new not in known.values()}
        if renamed:
            _rename_units(session, principal, workspace, renamed)
            audit.note(session, principal, workspace_id, "rename", "business_unit", workspace_id, {"names": list(renamed)},
                       {"names": list(renamed.values())})  # fmt: skip
        session.exec(delete(BusinessUnit).where(col(BusinessUnit.workspace_id) == workspace_id))
        session.add_all(_unit_rows(workspace_id, [Unit(n, p) for n, p in zip(names, prefixes, strict=True)]))
        workspace.touch()
        session.add(workspace)


def set_reporting_currency(principal: Principal, workspace_id: str, currency: str) -> None:
    """Set the currency in which amounts are shown together. Raises UserError for anything but an ISO 4217 code."""
    require(principal, Action.EDIT, workspace_id)
    code = currency.strip().upper()
    if len(code) != 3 or not code.isalpha():
        raise UserError(text("{found} is not a currency code. Give three letters, for example EUR or BRL.", found=currency))
    with store.writing() as session:
        workspace = load(session, workspace_id)
        workspace.reporting_currency = code
        workspace.touch()
        session.add(workspace)


def set_gross_margin(principal: Principal, workspace_id: str, margin: Decimal | None) -> None:
    """State which share of a deal's value is gross margin; None where it is not known. Raises UserError outside 0 to 1."""
    require(principal, Action.EDIT, workspace_id)
    if margin is not None and not (margin.is_finite() and 0 < margin <= 1):
        raise UserError(text("A gross margin is more than 0% and at most 100% of a deal's value."))
    with store.writing() as session:
        workspace = load(session, workspace_id)
        before, after = ({"gross_margin": None if share is None else str(share)} for share in (workspace.gross_margin, margin))
        audit.note(session, principal, workspace_id, "set", "gross_margin", workspace_id, before, after)
        workspace.gross_margin = margin
        workspace.touch()
        session.add(workspace)


def set_process(principal: Principal, workspace_id: str, stages: Sequence[Stage] | None, *, seen: Process | None = None) -> None:
    """Set the stages of the workspace's work, in their order; None for the usual ones. `seen`: those that whoever changed them saw
    (None: whatever they were). Raises UserError for what is no workflow, and Conflict where others were set meanwhile.
    """
    require(principal, Action.EDIT, workspace_id)
    process = None if stages is None else workflow.checked(stages)
    with store.writing() as session:
        workflow.put(session, principal, lock(session, workspace_id), process, seen=seen)


def set_calendar(
    principal: Principal,
    workspace_id: str,
    *,
    zone: str,
    weekdays: Sequence[int],
    begins: time,
    ends: time,
    holidays: Sequence[date],
    seen: Calendar | None = None,
) -> None:
    """Set when the workspace works: on which weekdays (0: Monday), from when to when in a zone's own time, and on which days not.
    `seen`: the calendar that whoever changed it saw (None: whatever it was). Raises UserError for a zone nobody knows, and where
    nobody would ever work; Conflict where another was set meanwhile.
    """
    require(principal, Action.EDIT, workspace_id)
    if zone not in ZONES:
        raise UserError(text("{zone} is no time zone. Choose one as America/Sao_Paulo.", zone=zone))
    begins, ends = (moment.replace(second=0, microsecond=0) for moment in (begins, ends))
    if not weekdays or not set(weekdays) <= set(range(7)) or begins >= ends:
        raise UserError(text("Choose at least one day of the week, and hours that end after they begin."))
    with store.writing() as session:
        workspace = lock(session, workspace_id)
        row = session.get(WorkingCalendar, workspace_id)
        if seen is not None and (_calendar(row) if row else Calendar()) != seen:
            last = audit.last(session, workspace_id, "calendar")
            raise Conflict(
                text(
                    "{who} changed the working days on {when}, after you opened them; nothing of yours was saved. Open them again "
                    "and make your change there.",
                    who=last.principal_name, when=last.at,
                )
            )  # fmt: skip
        before = {} if row is None else audit.said(row)
        row = row or WorkingCalendar(workspace_id=workspace_id, zone=zone, begins="", ends="")
        row.zone, row.weekdays, row.holidays = zone, sorted(set(weekdays)), sorted({day.isoformat() for day in holidays})
        row.begins, row.ends = begins.strftime("%H:%M"), ends.strftime("%H:%M")
        session.add(row)
        audit.note(session, principal, workspace_id, "set", "calendar", workspace_id, before, audit.said(row))
        workspace.touch()
        session.add(workspace)


def set_naming_rule(principal: Principal, workspace_id: str, pattern: str) -> None:
    """Set how campaigns are to be named; empty for no rule. Raises UserError for what says no rule."""
    require(principal, Action.EDIT, workspace_id)
    rule = naming.parsed(pattern).pattern if pattern.strip() else ""
    if len(rule) > MAX_RULE:
        raise UserError(text("A naming rule may have {limit} characters; this one has {n}.", limit=MAX_RULE, n=len(rule)))
    with store.writing() as session:
        workspace = load(session, workspace_id)
        workspace.naming_rule = rule
        workspace.touch()
        session.add(workspace)


def _rename_units(session: Session, principal: Principal, workspace: Workspace, renamed: Mapping[str, str]) -> None:
    for kind in OfUnit.__subclasses__():
        table, edited = SQLModel.metadata.tables[kind.__tablename__], kind.edited(principal.name, moment(workspace))
        for earlier, name in renamed.items():
            said = table.update().where(table.c.workspace_id == workspace.id, table.c.business_unit == earlier)
            session.exec(said.values(business_unit=name, **edited))


def _unit_rows(workspace_id: str, units: list[Unit]) -> list[BusinessUnit]:
    return [
        BusinessUnit(workspace_id=workspace_id, name=unit.name, campaign_prefix=unit.campaign_prefix, position=position)
        for position, unit in enumerate(units)
    ]
