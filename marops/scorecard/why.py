"""Why a KPI is what it is: exact splits of its change, the outages behind it, what moves with it, the rows it is counted from."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

import polars as pl
from cachetools import LRUCache, cached
from sqlmodel import col, select

from marops import decomposition, item_rollups, lags, lake, rollups, stats, store
from marops.findings import Side
from marops.lags import Link, NoAnswer
from marops.language import Text, text
from marops.measure import Interval
from marops.period import Period, Scope
from marops.principal import Action, Principal, require
from marops.quantity import Quantity, Unit
from marops.scorecard import inputs, metrics, reasons, service
from marops.scorecard.definitions import KPIS, Kpi
from marops.scorecard.facts import Facts
from marops.scorecard.formulas import downtime, groups, value
from marops.scorecard.outages import loss, naive_loss, usual_per_day
from marops.scorecard.reasons import Split
from marops.scorecard.store import annotations, rebases
from marops.sources.store import ImportRun
from marops.tables import ROW, TABLES, Type
from marops.work import tracked
from marops.workspaces import service as workspaces
from marops.workspaces.service import Opened

SHOWN = 200
"""Rows of a KPI's data that are shown."""


def splits(principal: Principal, scope: Scope, kpi_id: str) -> list[Split]:
    """How a KPI's change from the period it is compared with splits: over groups for rates, over factors for products. Nothing
    where the scope compares with nothing, or one of both periods has no value.
    """
    require(principal, Action.READ, scope.workspace)
    row = service.row(principal, scope, kpi_id)
    if row is None or scope.compared is None or row.measure.value is None or row.before is None or row.before.value is None:
        return []
    facts = inputs.facts_of(workspaces.open_workspace(principal, scope.workspace), scope.unit)
    if kpi_id == "M7":
        return _velocity(facts, scope.compared, scope.period)
    found: list[Split] = []
    for by in groups.ways(kpi_id, facts):
        sides = [groups.counted(kpi_id, facts, period, by) for period in (scope.compared, scope.period)]
        # One group is no split: its own rate is the whole change.
        if len(sides[0].keys() | sides[1].keys()) > 1 and (change := decomposition.kitagawa(*sides)) is not None:
            found.append(reasons.of_rate(by, change))
    return found


FACTORS = (text("open opportunities"), text("win rate"), text("value of a deal"), text("length of the cycle"))
"""The parts of pipeline velocity."""


def _velocity(facts: Facts, before: Period, after: Period) -> list[Split]:
    parts: list[tuple[float, ...]] = []
    for period in (before, after):
        found = value.velocity_parts(facts, period)
        if isinstance(found, Text):
            return []
        n, rate, worth, days = found
        parts.append((n, rate, worth, 1 / days))
    change = decomposition.lmdi({"": parts[0]}, {"": parts[1]}, factors=[str(factor) for factor in FACTORS])
    return [reasons.of_product(change, FACTORS)]


@dataclass(frozen=True, slots=True)
class Incident:
    """A time in which something was down, and what it took in leads and in ad spend (None where that cannot be told)."""

    services: str
    start: datetime
    hours: float
    reason: str
    leads: float | None
    interval: Interval | None
    spend: float | None
    naive: float | None = None
    """What minutes times the average rate would say."""


def incidents(principal: Principal, scope: Scope) -> list[Incident]:
    """The outages that began in the scope's period, the newest first, each beside what it took. Those that overlap, or begin within
    six hours of one another, are one: who came back cannot be told apart.
    """
    require(principal, Action.READ, scope.workspace)
    facts = inputs.facts_of(workspaces.open_workspace(principal, scope.workspace), scope.unit)
    seen, arrivals = facts.monitoring, facts.arrivals
    found: list[Incident] = []
    for episode in (one for one in seen.episodes if scope.period.contains(one[0].start.date())):
        start, end = episode[0].start, episode[-1].end
        hours = sum(outage.hours for outage in episode)
        names = sorted({one.service for one in seen.single if one.start < end and one.end > start})
        took = loss(arrivals.created, episode, seen.joined, until=facts.end)
        half = stats.z95() * took.variance**0.5 if took else 0.0
        interval = Interval(took.net - half, took.net + half, text("same hours of 8 clean weeks")) if took else None
        spend = facts.ads_touching(Period(start.date(), end.date()))
        burned = None if rollups.unknown_spend(spend) else downtime.burned_at(spend, arrivals, episode, facts.daily_ads)
        usual = usual_per_day(arrivals.created, episode[0])
        found.append(
            Incident(
                ", ".join(names), start, hours, _reason(facts.sli, start, end), took.net if took else None, interval,
                None if burned is None or isinstance(burned, Text) else burned.spend,
                None if usual is None else naive_loss(usual, hours * 60),
            )
        )  # fmt: skip
    return found[::-1]


def _reason(sli: pl.DataFrame, start: datetime, end: datetime) -> str:
    at = pl.col("window_start")
    said = sli.filter(at >= start, at < end, pl.col("bad_count") > 0)["reason"].drop_nulls().unique(maintain_order=True)
    return ", ".join(said.to_list())


class Happened(StrEnum):
    """What kind of thing happened."""

    LAUNCH = "launch"
    OUTAGE = "outage"
    DEFINITION = "definition"
    LIMITS = "limits"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened on a day and may be behind a KPI's change."""

    day: date
    kind: Happened
    words: Text


def events(principal: Principal, scope: Scope, kpi_id: str) -> list[Event]:
    """What happened in the months shown of a KPI, by day: launches (marketing and joint KPIs), outages (IT and joint KPIs),
    later versions of its definition, limits learned anew, and what people noted.
    """
    require(principal, Action.READ, scope.workspace)
    kpi, row = KPIS[kpi_id], service.row(principal, scope, kpi_id)
    if row is None or not row.series.shown:
        return []
    opened = workspaces.open_workspace(principal, scope.workspace)
    facts = inputs.facts_of(opened, scope.unit)
    found = [Event(revision.since, Happened.DEFINITION, revision.what) for revision in kpi.revisions]
    if kpi.side is not Side.MARKETING:
        for outage in facts.monitoring.joined:
            said = text("{service} down for {hours}", service=outage.service, hours=Quantity(outage.hours, Unit.HOURS))
            found.append(Event(outage.start.date(), Happened.OUTAGE, said))
    if kpi.side is not Side.IT:
        launched = facts.of_unit(facts.work).filter(pl.col("launched_at").is_not_null()).select("launched_at", "name")
        found += [
            Event(at.date(), Happened.LAUNCH, text("launch of {campaign}", campaign=name)) for at, name in launched.iter_rows()
        ]
    with store.reading() as session:
        noted, rebased = annotations(session, scope.workspace, kpi_id), rebases(session, scope.workspace, kpi_id)
    found += [Event(one.day, Happened.NOTE, text("{words} ({author})", words=one.words, author=one.author)) for one in noted]
    for one in rebased:
        said = text("limits learned anew: {reason} ({author})", reason=one.reason, author=one.author)
        found.append(Event(one.from_month, Happened.LIMITS, said))
    first = row.series.shown[0].month
    here = [event for event in found if first <= event.day <= scope.period.end]
    return sorted(here, key=lambda event: (event.day, event.kind, str(event.words)))


@dataclass(frozen=True, slots=True)
class MovesWith:
    """What a KPI by week says of another, up to eight weeks later; or why nothing can be said."""

    weeks: int
    found: Link | NoAnswer


def moves_with(principal: Principal, scope: Scope, kpi_id: str, other_id: str) -> MovesWith:
    """Whether one KPI (`other_id`) moves some weeks before another. Raises KeyError where there is no such KPI."""
    require(principal, Action.READ, scope.workspace)
    opened = workspaces.open_workspace(principal, scope.workspace)
    leading, following = (_weekly(opened, scope.unit, KPIS[found]) for found in (other_id, kpi_id))
    # Where both are known: whoever came later has gaps at the front, which are no gaps in the record.
    known = [at for at, pair in enumerate(zip(leading, following, strict=True)) if None not in pair]
    if not known:
        return MovesWith(0, NoAnswer.TOO_SHORT)
    whole = slice(known[0], known[-1] + 1)
    return MovesWith(known[-1] + 1 - known[0], lags.lead(leading[whole], following[whole]))


@cached(LRUCache(maxsize=128), key=lambda opened, unit, kpi: (opened.key, unit, kpi.id), condition=threading.Condition())
def _weekly(opened: Opened, unit: str | None, kpi: Kpi) -> list[float | None]:
    """A KPI by whole week (Monday to Sunday) of the data; None where it has no settled value."""
    if opened.first_day is None or opened.last_day is None or not kpi.has_history:
        return []
    facts = inputs.facts_of(opened, unit)
    start = opened.first_day + timedelta(days=-opened.first_day.weekday() % 7)
    found: list[float | None] = []
    while start + timedelta(days=6) <= opened.last_day:
        measure = metrics.measure(kpi, facts, Period(start, start + timedelta(days=6)))
        found.append(None if measure.value is None or measure.is_provisional else float(measure.value))
        start += timedelta(days=7)
    return found


# From a number to its rows


@dataclass(frozen=True, slots=True)
class Counted:
    """The rows a KPI is counted from: the first ones, with the file and row they came from, and how many there are."""

    table: str
    rows: pl.DataFrame
    total: int


_MAIN: Mapping[str, str] = {
    "IT3": "lead_touch", "IT5": "lead_touch", "J4": "lead_touch", "IT4": "lead_stage_history", "M1": "lead_stage_history",
    "J5": "lead_stage_history", "M2": "lead_stage_history", "M3": "lead_stage_history", "M4": "lead_stage_history",
    "M5": "lead", "M6": "lead_stage_history", "M7": "lead_stage_history", "J1": "sli_measurement", "J2": "sli_measurement",
    "J3": "sli_measurement", "J6": "lead",
    "J7": "work_item", "J9": "survey_response", "M9": "cost",
}  # fmt: skip
"""The table whose rows are the cases of a KPI, where that is not the first of those it uses."""

FILE = "file"
"""Column with the name of the file a row came from."""


def rows(principal: Principal, scope: Scope, kpi_id: str) -> Counted | None:
    """The rows of the scope's period a KPI is counted from, by file and row. None where it is counted from no imported rows."""
    require(principal, Action.READ, scope.workspace)
    kpi = KPIS[kpi_id]
    name = _MAIN.get(kpi_id) or next((name for name in kpi.tables if TABLES[name].day), None)
    if name is None:
        return None
    table = TABLES[name]
    opened = workspaces.open_workspace(principal, scope.workspace)
    first, last = table.days
    here = lake.table(rollups.facts(opened).manifest, name, lineage=True).filter(
        first >= scope.period.start, last <= scope.period.end, _CASES.get(kpi_id, pl.lit(value=True)), _of_unit(opened, scope, name)
    )
    used = [column for column in table.by_name if column in {*table.key, *kpi.uses.get(name, ()), table.day}]
    total = here.select(pl.len()).collect().item()
    order = table.day or table.key[0]
    shown = here.select(*used, "import_id", ROW).sort(order, descending=True).head(SHOWN).collect()
    decimals = [column for column in used if table.by_name[column].type is Type.DECIMAL]
    named = shown.join(_files(opened.workspace.id), on="import_id", how="left").drop("import_id")
    return Counted(name, named.with_columns(pl.col(decimals).cast(pl.Float64)), total)


def _of_unit(opened: Opened, scope: Scope, table: str) -> pl.Expr:
    """Which rows of a table are of the scope's unit; all where its KPIs cannot be told apart by unit."""
    everything = pl.lit(value=True)
    if scope.unit is None:
        return everything
    if "lead_id" in TABLES[table].by_name:
        leads = rollups.leads(rollups.facts(opened)).filter(pl.col("unit") == scope.unit)
        return pl.col("lead_id").is_in(leads["lead_id"].implode())
    if table == "work_item":
        items = item_rollups.work(rollups.facts(opened)).filter(pl.col("unit") == scope.unit)
        return tracked.apart(pl.col("issue_id")).is_in(items["issue_id"].implode())
    if table == "ad_performance":
        named = pl.coalesce("campaign_name", "campaign_id")
        return (rollups.unit_of(named, opened.units) == scope.unit).fill_null(value=False)
    return everything


_MQL, _CLOSED = rollups.is_stage("mql_at"), rollups.is_stage("won_at", "lost_at")
_DOWN, _MOVED = pl.col("bad_count") > 0, pl.col("status_sequence") > 1
_CASES: Mapping[str, pl.Expr] = {
    "IT1": _DOWN, "IT2": _DOWN, "IT8": _DOWN, "J1": _DOWN, "J2": _DOWN, "J3": _DOWN, "IT4": _MQL, "M2": _MQL, "M3": _MQL,
    "M4": _CLOSED, "M7": _CLOSED, "M6": rollups.is_stage("sal_at"), "M1": _MOVED, "J5": _MOVED,
    "IT9": pl.col("failed").is_not_null(),
}  # fmt: skip
"""Which rows of the main table are its cases, where not all of them are."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file a KPI is computed from: its table, name, rows in force, last day, who imported it and when."""

    table: str
    file: str
    rows: int
    last_day: date | None
    imported_by: str
    imported_at: datetime


def sources(principal: Principal, scope: Scope, kpi_id: str) -> list[Source]:
    """The files in force behind a KPI, by table, the newest first."""
    require(principal, Action.READ, scope.workspace)
    opened = workspaces.open_workspace(principal, scope.workspace)
    manifest = rollups.facts(opened).manifest
    runs = _runs(opened.workspace.id)
    found = [
        Source(name, run.file_name, blob.rows, blob.last_day, run.imported_by, run.imported_at)
        for name in KPIS[kpi_id].tables
        for blob in manifest.of(name)
        if blob.rows and (run := runs.get(blob.import_id)) is not None
    ]
    return sorted(found, key=lambda one: (one.table, -one.imported_at.timestamp(), one.file))


def _runs(workspace_id: str) -> dict[str, ImportRun]:
    with store.reading() as session:
        return {run.id: run for run in session.exec(select(ImportRun).where(col(ImportRun.workspace_id) == workspace_id))}


def _files(workspace_id: str) -> pl.DataFrame:
    names = [(run.id, run.file_name) for run in _runs(workspace_id).values()]
    return pl.DataFrame(names, schema={"import_id": pl.String, FILE: pl.String}, orient="row")
