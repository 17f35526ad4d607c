"""Tiny data made by hand: frames as the metrics take them, and rows put straight into a workspace's lake."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from marops import lake, settings, store
from marops.lake import Blob
from marops.period import Period, month_of
from marops.scorecard.facts import Facts
from marops.sources.store import ImportRun
from marops.sources.summing import summed
from marops.tables import ROW, TABLES
from marops.workspaces.store import OWN, load

MARCH = month_of(date(2026, 3, 1))
END = datetime(2026, 7, 1, tzinfo=UTC)
"""The data reach up to the end of June."""

_MOMENT = pl.Datetime("us", "UTC")
LEADS = {
    "lead_id": pl.String, "created_at": _MOMENT, "unit": pl.String, "campaign": pl.String, "channel": pl.String,
    "mql_at": _MOMENT, "sal_at": _MOMENT,
    "sql_at": _MOMENT, "won_at": _MOMENT, "lost_at": _MOMENT, "amount": pl.Float64,
}  # fmt: skip
ADS = {
    "period_start": pl.Date, "period_end": pl.Date, "channel": pl.String, "unit": pl.String, "campaign_name": pl.String,
    "impressions": pl.Float64, "clicks": pl.Float64, "spend": pl.Float64, "conversions": pl.Float64,
    "conversions_value": pl.Float64, "currency_code": pl.String,
}  # fmt: skip
WORK = {
    "issue_id": pl.String, "key": pl.String, "name": pl.String, "campaign_name": pl.String, "label": pl.String,
    "unit": pl.String, "assignee": pl.String, "created_at": _MOMENT, "due_date": pl.Date, "launched_at": _MOMENT,
    "stage": pl.String, "since": _MOMENT, "role": pl.String, "done_at": _MOMENT, "value_per_day": pl.Float64,
    "currency_code": pl.String, "finished": pl.String, "differs": pl.String, "unknown": pl.String, "unknown_resolution": pl.String,
    "is_broken": pl.Boolean, "by_end": pl.Boolean,
}  # fmt: skip
TOUCHES = {"lead_id": pl.String, "unit": pl.String} | dict.fromkeys(
    ("submitted_at", "routed_at", "assigned_at", "eligible_at", "human_at"), _MOMENT
)
MOVES = {"day": pl.Date, "unit": pl.String} | dict.fromkeys(
    ("moves", "with_mover", "with_reason", "with_status", "with_both"), pl.Int64
)
COST = {"period_start": pl.Date, "period_end": pl.Date, "amount": pl.Float64}
CHECKS = {"check": pl.String, "severity": pl.Int32, "day": pl.Date, "passed": pl.Int64, "run": pl.Int64}
ACTIONS = {"first_due": pl.Date, "closed_on": pl.Date, "outcome": pl.String}
SURVEY = {"side": pl.String, "value": pl.Float64, "recorded_at": _MOMENT}


def at(month: int, day: int, hour: float = 0) -> datetime:
    """A moment in 2026, UTC."""
    return datetime(2026, month, day, tzinfo=UTC) + timedelta(hours=hour)


def lead(
    created: datetime,
    *,
    mql: float | None = None,
    channel: str = "Facebook",
    unit: str = "Retail",
    amount: float | None = None,
    **reached: float | None,
):
    """A lead; `mql` and the others (sal, sql, won, lost) in hours after its creation."""
    moments = {"mql": mql, **reached}
    return {
        "lead_id": "", "created_at": created, "unit": unit, "channel": channel, "amount": amount,
        **{f"{name}_at": created + timedelta(hours=hours) for name, hours in moments.items() if hours is not None},
    }  # fmt: skip


def ad(day: date, spend: float | None, conversions: float | None = None, **more: Any) -> dict[str, Any]:
    """A day's row of an ad report."""
    row = {"period_start": day, "period_end": day, "channel": "Facebook", "unit": "Retail", "currency_code": "EUR"}
    return {**row, "spend": spend, "conversions": conversions, **more}


def item(issue: str, created: datetime, **more: Any) -> dict[str, Any]:
    """A work item; one that is done has been since it was in its stage, or else since it was created."""
    done = (more.get("since") or created) if more.get("stage") == "done" else None
    names = dict.fromkeys(("issue_id", "key", "name", "label"), issue)
    return {**names, "created_at": created, "unit": "Retail", "done_at": done, **more}


def down(service: str, start: datetime, hours: float) -> list[dict[str, Any]]:
    """A window in which a service was down."""
    return [_window(service, start, start + timedelta(hours=hours), works=False)]


def watched(service: str, start: datetime, end: datetime, *outages: tuple[datetime, float]) -> list[dict[str, Any]]:
    """A service monitored without a gap, down for `hours` from each outage's start."""
    rows: list[dict[str, Any]] = []
    for begins, hours in outages:
        rows += [_window(service, start, begins, works=True), *down(service, begins, hours)]
        start = begins + timedelta(hours=hours)
    return [*rows, _window(service, start, end, works=True)]


def _window(service: str, start: datetime, end: datetime, *, works: bool) -> dict[str, Any]:
    seconds = int((end - start).total_seconds())
    return {
        "service": service, "sli_name": "availability", "window_start": start, "window_seconds": seconds,
        "good_count": seconds if works else 0, "bad_count": 0 if works else seconds, "total_count": seconds,
    }  # fmt: skip


def frame(rows: Sequence[dict[str, Any]], schema: dict[str, Any]) -> pl.DataFrame:
    """Rows with any of the columns; the others are null."""
    return pl.DataFrame(list(rows), schema=schema)


def facts(
    *, leads: Sequence[dict] = (), ads: Sequence[dict] = (), sli: Sequence[dict] = (), work: Sequence[dict] = (),
    survey: Sequence[tuple[str, float, datetime]] = (), ages: dict[str, float] | None = None, end: datetime = END,
    target: float | None = None, unit: str | None = None, touches: Sequence[dict] = (), moves: Sequence[dict] = (),
    changes: Sequence[dict] = (), privacy: Sequence[dict] = (), cost: Sequence[dict] = (), checks: Sequence[dict] = (),
    actions: Sequence[dict] = (), margin: float | None = None,
) -> Facts:  # fmt: skip
    """What the scorecard's formulas take; everything that is not given is empty."""
    return Facts(
        leads=frame(leads, LEADS), performance=frame(ads, ADS), sli=frame(sli, TABLES["sli_measurement"].schema),
        work=frame(work, WORK), survey=pl.DataFrame(list(survey), schema=SURVEY, orient="row"), ages=ages or {}, end=end,
        currency="EUR", availability_target=lambda _: target, unit=unit, touches=frame(touches, TOUCHES), moves=frame(moves, MOVES),
        changes=frame(changes, TABLES["change"].schema), privacy=frame(privacy, TABLES["privacy_request"].schema),
        today=end.date(), cost=frame(cost, COST), checks=frame(checks, CHECKS), actions=frame(actions, ACTIONS), margin=margin,
    )  # fmt: skip


def fill(table: str, rows: Sequence[dict[str, Any]], workspace: str = OWN) -> None:
    """Put rows into a workspace's lake as an import would."""
    shape = TABLES[table]
    made = pl.DataFrame(list(rows), schema_overrides={k: v for k, v in shape.schema.items() if rows and k in rows[0]})
    made = made.with_row_index(ROW, 1).cast({ROW: pl.Int64})
    path = Path(settings.current().staging) / "made.parquet"
    made.write_parquet(path)
    digest, size = lake.sha256_of(path), path.stat().st_size
    lake.keep(path)
    days = summed(shape, made.lazy())
    with store.writing() as session:
        opened = load(session, workspace)
        run = ImportRun(
            workspace_id=workspace, file_name=f"{table}.csv", sha256=hashlib.sha256(digest.encode()).hexdigest(), bytes=size,
            rows_read=made.height, rows_loaded=made.height, rows_refused=0, rows_set_aside=0, tables=table, report={},
            imported_by="test",
        )  # fmt: skip
        session.add(run)
        session.flush()
        session.add(
            Blob(
                workspace_id=workspace, import_id=run.id, table_name=table, sha256=digest, rows=made.height, bytes=size,
                first_day=days.first_day, last_day=days.last_day, source_relation="made", source_file_sha256=run.sha256,
                ingested_at=run.imported_at,
            )
        )  # fmt: skip
        opened.touch()
        session.add(opened)


def year(start: date, end: date) -> Period:
    """A period."""
    return Period(start, end)
