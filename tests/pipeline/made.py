"""Event logs for tests: written by hand, or read from the published cases."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from marops.calendars import Calendar
from marops.pipeline import events as events_of
from marops.pipeline import flow
from marops.pipeline.backtest import Past
from marops.pipeline.events import Workflow
from marops.sources import xes
from tests.conftest import case

START = datetime(2026, 3, 2, tzinfo=UTC)
"""A Monday."""

NOW = datetime(2026, 12, 31, tzinfo=UTC)


def after(days: float) -> datetime:
    """A moment so many days after the start."""
    return START + timedelta(days=days)


def events(*found: tuple[str, str | None, float | datetime | None], roles: dict[str, str] | None = None) -> pl.DataFrame:
    """A log of (item, stage, days after the start). `roles`: who acts in a stage."""
    rows = [
        {
            "case": item, "stage": stage, "at": after(at) if isinstance(at, int | float) else at,
            "role": (roles or {}).get(stage or ""), "lifecycle": None,
        }
        for item, stage, at in found
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=events_of.EVENT, orient="row")


def clean(*found: tuple[str, str | None, float | datetime | None], **more: Any) -> pl.DataFrame:
    """The same, in order."""
    return events_of.log(events(*found, **more), now=NOW).events


def published(path: Path, role: str = "org:group") -> pl.DataFrame:
    """A published XES log's events."""
    raw = xes.read_xes(path, path.name)
    frame = raw.frame.collect().rename(dict(zip([f"c{at}" for at in range(len(raw.headers))], raw.headers, strict=True)))

    def column(name: str) -> pl.Expr:
        return pl.col(name) if name in frame.columns else pl.lit(None, pl.String)

    found = frame.select(
        pl.col("case:concept:name").alias("case"),
        pl.col("concept:name").alias("stage"),
        pl.Series("at", [datetime.fromisoformat(cell).astimezone(UTC) for cell in frame["time:timestamp"]], events_of.EVENT["at"]),
        column(role).alias("role"),
        column("lifecycle:transition").alias("lifecycle"),
    )
    return events_of.log(found, now=NOW).events


LOGS = {
    "04_running-example": ("01_running-example.xes.gz", "running-example"),
    "05_receipt": ("08_receipt.xes.gz", "receipt"),
    "06_bpic2013_closed": ("06_bpic2013_closed.xes.gz", "bpic2013_closed"),
    "07_helpdesk": ("helpdesk.xes.gz", "helpdesk"),
    "08_reviewing_start_complete": ("04_reviewing.xes.gz", "reviewing"),
}
"""By folder, its log and how its answers are called."""


def log_of(folder: str, role: str = "org:group") -> pl.DataFrame:
    """The events of a published log. Skips the test where the cases are not there."""
    return published(case("flow", folder, LOGS[folder][0]), role)


def answers(folder: str, tool: str) -> dict[str, Any]:
    """What a tool says of a published log."""
    return json.loads(case("flow", folder, f"{LOGS[folder][1]}.{tool}.json").read_text(encoding="utf-8"))


def mapped(folder: str) -> tuple[pl.DataFrame, Workflow, dict[str, Any]]:
    """A published log with its activities put into stages as jira-agile-metrics was told to."""
    said = answers(folder, "jam")
    stage_of = {status: stage["name"] for stage in said["mapping"] for status in stage["statuses"]}
    log = log_of(folder).with_columns(pl.col("stage").replace_strict(stage_of, default=None, return_dtype=pl.String))
    names = tuple(stage["name"] for stage in said["mapping"])
    active = frozenset(names[names.index(said["committed"]) : names.index(said["done"])])
    return log, Workflow(names, active, frozenset({said["done"]})), said


def past(
    log: pl.DataFrame, workflow: Workflow, calendar: Calendar, last_day: date, withdrawn: dict[str, datetime] | None = None
) -> Past:
    """The past of a log of nobody's business unit, for dates of single items."""
    at = events_of.placed(log, workflow)
    items = at.select(pl.col("case").cast(pl.String).alias("issue_id")).unique(maintain_order=True)
    nobodys = items.with_columns(pl.lit(None, pl.String).alias("unit"), pl.lit(None, pl.Date).alias("due_date"))
    gone = pl.DataFrame(
        list((withdrawn or {}).items()), schema={"issue_id": pl.String, "gone": pl.Datetime("us", "UTC")}, orient="row"
    )
    return Past(at, len(workflow.stages) - 1, gone, nobodys, calendar, last_day)


def finished_by_day(folder: str) -> list[int]:
    """Items of a published log finished by working day, Monday to Friday."""
    log, workflow, _ = mapped(folder)
    finished = flow.items(events_of.placed(log, workflow), workflow)["finished"].drop_nulls().dt.date()
    first, last = log.select(pl.col("at").min().dt.date().alias("first"), pl.col("at").max().dt.date().alias("last")).row(0)
    return Calendar().counts(finished, first, last)


def of_jira(issues: list[dict[str, Any]], cycle: list[dict[str, Any]]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Events and flags of issues as Jira's API gives them, statuses put into stages. Moments are taken in their own offset."""
    stage_of = {status: stage["name"] for stage in cycle for status in stage["statuses"]}
    moves: list[tuple[str, str | None, float | datetime | None]] = []
    flags: list[tuple[str, datetime, bool]] = []
    for issue in issues:
        fields = issue.get("fields", issue)
        history = [
            (moment(each["created"]), item)
            for each in (issue["changes"] if "changes" in issue else issue["changelog"]["histories"])
            for item in each["items"]
        ]
        status = [(at, item) for at, item in history if item["field"] == "status"]
        first = (status[0][1].get("fromString") or status[0][1].get("from")) if status else fields["status"]
        first = first if isinstance(first, str) else first["name"]
        found = [(moment(fields["created"]), first), *((at, item.get("toString") or item["to"]) for at, item in status)]
        moves += [(issue["key"], stage_of.get(entered), at) for at, entered in found]
        flags += [
            (issue["key"], at, bool(item.get("toString") or item.get("to"))) for at, item in history if item["field"] == "Flagged"
        ]
    return events(*moves), pl.DataFrame(flags, schema=flow.FLAG, orient="row")


def moment(text: str) -> datetime:
    """A moment as Jira writes it, without its offset."""
    return datetime.fromisoformat(text[:19]).replace(tzinfo=UTC)
