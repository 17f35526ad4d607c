"""Rows that every KPI of the scorecard is made from: 24 months, by seed, put into the lake as imports would leave them.

A real import of a million rows is what `python -m bench import` measures; here only what is read afterwards counts.
"""

import hashlib
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import polars as pl

from marops import bootstrap, lake, settings, store
from marops.decisions.store import ActionItem
from marops.lake import Blob
from marops.period import Comparison, Period, Scope, start_of
from marops.scorecard.store import Target
from marops.sources.store import ImportRun
from marops.tables import ROW, TABLES
from marops.workspaces.store import OWN, BusinessUnit, load

SPAN = Period(date(2024, 11, 1), date(2026, 10, 31))
SCOPE = Scope(OWN, Period(date(2025, 11, 1), SPAN.end), Comparison.PREVIOUS)
TODAY = SPAN.end + timedelta(days=1)
BEGIN, END = SPAN.moments
SEED = 20_260
AVAILABILITY = 0.995
MARGIN = 0.4
PREFIXES = {"Retail": "RT_", "Business": "BU_", "Europe": "EU_"}

CAMPAIGNS, KEYWORDS, LEADS = 137, 10, 80_000
_KINDS = (
    ("google_ads", "search", None, "EUR"), ("google_ads", "performance_max", None, "EUR"),
    ("facebook_ads", None, "facebook", "EUR"), ("facebook_ads", None, "instagram", "EUR"),
    ("linkedin_ads", None, None, "USD"), ("microsoft_ads", "search", None, "USD"),
)  # fmt: skip
_LEAD = (
    "lead_id", "created_at", "lead_source", "email_sha256", "utm_campaign", "business_unit", "amount", "currency_code",
)  # fmt: skip
_SERVICES = ("Web", "CRM", "Forms", "E-mail")
_DAY, _HOUR, _MINUTE = 86_400, 3_600, 60

Rng = np.random.Generator
Numbers = np.ndarray


def make(share: float = 1.0, seed: int = SEED) -> dict[str, int]:
    """Fill a new installation at MAROPS_HOME; how many rows each table has. `share`: of a million ad rows and 80,000 leads."""
    bootstrap.prepare()
    tables = made(share, seed)
    for name, rows in tables.items():
        put(name, rows)
    _settle()
    return {name: rows.height for name, rows in tables.items()}


def made(share: float, seed: int = SEED) -> dict[str, pl.DataFrame]:
    """The rows by table."""
    rng = np.random.default_rng(seed)
    campaigns = _campaigns(max(12, round(CAMPAIGNS * share**0.5)))
    down = _outages(rng)
    leads = _leads(rng, round(LEADS * share), campaigns, down)
    items = _items(rng, max(200, round(3_000 * share)))
    return {
        "ad_performance": _ads(rng, campaigns, max(1, round(KEYWORDS * share**0.5))),
        "fx_rate": _rates(rng),
        "lead": leads.select(_LEAD),
        "lead_stage_history": _history(rng, leads),
        "lead_touch": _touches(rng, leads),
        "change": _changes(rng, 1_200),
        "privacy_request": _privacy(rng, 3_000),
        "cost": _cost(rng),
        "work_item": items.select("issue_id", "issue_key", "created_at", "due_date", "campaign_name", "business_unit"),
        "work_item_transition": _transitions(items),
        "sli_measurement": _windows(down),
        "survey_response": _answers(rng),
    }  # fmt: skip


def put(name: str, rows: pl.DataFrame) -> None:
    """Put rows into the lake as an import would."""
    shape = TABLES[name]
    types = {column: kind for column, kind in shape.schema.items() if column in rows.columns}
    path = settings.current().staging / f"{name}.parquet"
    rows.cast(types).select(*types).with_row_index(ROW, 1).cast({ROW: pl.Int64}).write_parquet(path, compression_level=1)  # pyright: ignore[reportArgumentType]
    digest, size = lake.keep(path), path.stat().st_size
    days = rows[shape.day].cast(pl.Date) if shape.day else pl.Series([], dtype=pl.Date)
    with store.writing() as session:
        run = ImportRun(
            workspace_id=OWN, file_name=f"{name}.csv", sha256=hashlib.sha256(digest.encode()).hexdigest(), bytes=size,
            rows_read=rows.height, rows_loaded=rows.height, rows_refused=0, rows_set_aside=0, tables=name, report={},
            imported_by="bench",
        )  # fmt: skip
        session.add(run)
        session.flush()
        session.add(
            Blob(
                workspace_id=OWN, import_id=run.id, table_name=name, sha256=digest, rows=rows.height, bytes=size,
                first_day=days.min(), last_day=days.max(), source_relation="made", source_file_sha256=run.sha256,  # pyright: ignore[reportArgumentType]
                ingested_at=run.imported_at,
            )
        )  # fmt: skip


def _settle() -> None:
    """Units, targets, actions, margin and the day it is."""
    rng = np.random.default_rng(SEED)
    with store.writing() as session:
        workspace = load(session, OWN)
        workspace.today, workspace.gross_margin = TODAY, Decimal(str(MARGIN))
        workspace.touch()
        session.add(workspace)
        for position, (name, prefix) in enumerate(PREFIXES.items()):
            session.add(BusinessUnit(workspace_id=OWN, name=name, campaign_prefix=prefix, position=position))
        targets = {"IT1": AVAILABILITY, "M2": 0.6, "M3": 0.4, "M4": 0.4, "IT5": 0.9, "J8": 0.9, "M1": 0.7, "J5": 0.6}
        for kpi, value in targets.items():
            session.add(Target(workspace_id=OWN, kpi=kpi, valid_from=SPAN.start, type="at_least", value=Decimal(str(value))))
        for number, day in enumerate(rng.integers(0, SPAN.days, 200)):
            due = SPAN.start + timedelta(days=int(day))
            closed = due + timedelta(days=int(rng.integers(-5, 3)))
            session.add(
                ActionItem(
                    workspace_id=OWN, title=f"Action {number}", owner="somebody", first_due=due, due=due, opened_on=SPAN.start,
                    created_by="bench", changed_by="bench", closed_on=closed if closed < TODAY else None, outcome="done",
                )
            )  # fmt: skip


# Ads


def _campaigns(count: int) -> pl.DataFrame:
    """One row a campaign: platform, campaign_type, publisher, currency_code, campaign_name."""
    units = list(PREFIXES.values())
    kinds = [_KINDS[at % len(_KINDS)] for at in range(count)]
    names = [f"{units[at // 2 % 3]}{kind[0]}_{at:03}" for at, kind in enumerate(kinds)]
    kind = pl.DataFrame(kinds, schema=["platform", "campaign_type", "publisher", "currency_code"], orient="row")
    return kind.with_columns(pl.Series("campaign_name", names))


def _ads(rng: Rng, campaigns: pl.DataFrame, keywords: int) -> pl.DataFrame:
    """Every keyword of every campaign on every day. Every 17th campaign never has a conversion."""
    days, count = SPAN.days, campaigns.height
    day, campaign, keyword = (grid.ravel() for grid in np.indices((days, count, keywords)))
    weekly = 1 + 0.3 * np.sin(2 * np.pi * day / 7)
    clicks = rng.poisson(3 * weekly)
    conversions = rng.binomial(clicks, np.where(campaign % 17 == 5, 0.0, 0.04))
    return campaigns[campaign].select(
        "platform", "campaign_type", "publisher", "currency_code", "campaign_name",
        pl.Series("campaign_id", campaign).cast(pl.String), pl.Series("breakdown_key", keyword).cast(pl.String),
        pl.lit("keyword").alias("level"), pl.lit("A-1").alias("account_id"),
        *(pl.Series(name, np.datetime64(SPAN.start, "D") + day) for name in ("period_start", "period_end")),
        pl.Series("impressions", clicks + rng.poisson(60, day.size)), pl.Series("clicks", clicks),
        pl.Series("spend", (clicks * rng.lognormal(0.2, 0.4, day.size)).round(2)),
        pl.Series("conversions", conversions.astype(float)), pl.Series("conversions_value", conversions * 40.0),
    )  # fmt: skip


def _rates(rng: Rng) -> pl.DataFrame:
    days = [SPAN.start + timedelta(days=day) for day in range(-30, SPAN.days)]
    days = [day for day in days if day.weekday() < 5]
    rate = (1.1 + np.cumsum(rng.normal(0, 0.003, len(days)))).clip(0.9, 1.3).round(4)
    return pl.DataFrame({"rate_date": days, "base_currency": "EUR", "currency_code": "USD", "rate": rate})


# Systems


def _outages(rng: Rng) -> list[tuple[str, int, int]]:
    """Service, first hour and length in hours: one about every two months, from the fourth month on."""
    starts = np.arange(24 * 100, 24 * (SPAN.days - 2), 24 * 55) + rng.integers(7, 18)
    return [(_SERVICES[at % 4], int(start), int(rng.integers(2, 10))) for at, start in enumerate(starts)]


def _windows(down: list[tuple[str, int, int]]) -> pl.DataFrame:
    """An hourly window of each service; now and then a partly bad one."""
    hours = SPAN.days * 24
    parts: list[pl.DataFrame] = []
    for at, service in enumerate(_SERVICES):
        bad = np.zeros(hours, dtype=int)
        bad[200 + at :: 331] = 120
        for name, start, length in down:
            if name == service:
                bad[start : start + length] = _HOUR
        parts.append(
            pl.DataFrame({"window_start": _moments(np.arange(hours) * _HOUR), "bad_count": bad}).with_columns(
                pl.lit(service).alias("service"), pl.lit("availability").alias("sli_name"), pl.lit(_HOUR).alias("window_seconds"),
                (_HOUR - pl.col("bad_count")).alias("good_count"), pl.lit(_HOUR).alias("total_count"),
            )
        )  # fmt: skip
    return pl.concat(parts)


def _changes(rng: Rng, count: int) -> pl.DataFrame:
    failed = [None if draw > 0.97 else draw < 0.12 for draw in rng.random(count)]
    service = [_SERVICES[at] for at in rng.integers(0, 4, count)]
    return pl.DataFrame(
        {"change_id": _ids("C", count), "service": service, "deployed_at": _moments(_anytime(rng, count)), "failed": failed}
    )


# Leads


def _leads(rng: Rng, count: int, campaigns: pl.DataFrame, down: list[tuple[str, int, int]]) -> pl.DataFrame:
    """One row a lead, with the second at which it entered each stage; nine in ten that would come in an outage do not."""
    hourly = np.array([1, 1, 1, 1, 1, 2, 4, 6, 9, 10, 10, 9, 8, 9, 9, 8, 7, 6, 5, 4, 4, 3, 2, 1], dtype=float)
    day = np.sort(rng.integers(0, SPAN.days, round(count * 1.01)))
    second = day * _DAY + rng.choice(24, day.size, p=hourly / hourly.sum()) * _HOUR + rng.integers(0, _HOUR, day.size)
    lost = np.zeros(day.size, dtype=bool)
    for _, start, length in down:
        lost |= (second >= start * _HOUR) & (second < (start + length) * _HOUR) & (rng.random(day.size) < 0.9)
    came = second[~lost]
    count = min(count, came.size)
    second = np.sort(rng.choice(came, count, replace=False))
    campaign = rng.integers(0, campaigns.height, count)
    paid, unit = rng.random(count) < 0.7, rng.integers(0, 3, count)
    mql = _then(rng, second, 0.7, 2 * _HOUR, 0.8)
    good = 0.35 + 0.3 * rng.random(campaigns.height)
    sal = _then(rng, mql, np.where(paid, good[campaign], 0.62), 30 * _HOUR, 0.7)
    sql = _then(rng, sal, 0.6, 10 * _DAY, 0.6)
    won = _then(rng, sql, 0.38, 25 * _DAY, 0.5)
    lost_at = np.where(np.isnan(won), _then(rng, np.where(np.isnan(sql), sal, sql), 0.7, 20 * _DAY, 0.6), np.nan)
    sources, currencies = np.array(["Web", "Event", "Partner"]), np.array(["EUR", "USD"])
    return pl.DataFrame(
        {
            "lead_id": _ids("L", count), "created_at": _moments(second), "lead_source": sources[rng.integers(0, 3, count)],
            "email_sha256": [f"{number - (number % 200 == 7):064x}" for number in range(count)],
            "utm_campaign": campaigns["campaign_name"].gather(campaign), "paid": paid,
            "unit": np.array(list(PREFIXES))[unit], "amount": rng.lognormal(8, 0.6, count).round(2),
            "currency_code": currencies[(rng.random(count) < 0.3).astype(int)],
            "created": second.astype(float), "MQL": mql, "SAL": sal, "SQL": sql, "Closed Won": won, "Closed Lost": lost_at,
        }
    ).with_columns(
        pl.when("paid").then("utm_campaign").alias("utm_campaign"), pl.when(~pl.col("paid")).then("unit").alias("business_unit"),
        pl.when(pl.col("Closed Won").is_not_nan()).then("amount").alias("amount"),
    )  # fmt: skip


def _then(rng: Rng, before: Numbers, chance: float | Numbers, median: float, spread: float) -> Numbers:
    """The second at which the next stage is entered, some time after the one before; NaN: never."""
    took = rng.lognormal(np.log(median), spread, before.size).round()
    return np.where(rng.random(before.size) < chance, before + took, np.nan)


def _history(rng: Rng, leads: pl.DataFrame) -> pl.DataFrame:
    """Every stage a lead entered by the end of the data, in order."""
    stages = leads.select("lead_id", pl.col("created").alias("New"), "MQL", "SAL", "SQL", "Closed Won", "Closed Lost")
    entered = stages.unpivot(index="lead_id", variable_name="stage", value_name="second").filter(
        pl.col("second").is_not_nan(), pl.col("second") < SPAN.days * _DAY
    )
    rows = entered.sort("lead_id", "second").with_columns(
        pl.int_range(1, pl.len() + 1).over("lead_id").alias("status_sequence"),
        pl.col("second").shift(-1).over("lead_id").alias("left"),
    )
    reason, by = rng.random(rows.height), rng.random(rows.height)
    return rows.select(
        "lead_id", "status_sequence", "stage", _moment("second").alias("date_stage_entered"),
        _moment("left").alias("date_stage_exited"),
        pl.when(pl.Series(reason) < 0.75).then(pl.lit("as agreed")).alias("reason"),
        pl.when(pl.Series(by) < 0.9).then(pl.lit("somebody")).alias("changed_by"),
    )  # fmt: skip


def _touches(rng: Rng, leads: pl.DataFrame) -> pl.DataFrame:
    """The form of each lead, when it was routed, its owners (a default queue first for one in ten) and the first human touch."""
    form = leads["created"].to_numpy()
    routed = _then(rng, form, 0.99, 1.5 * _MINUTE, 0.5)
    queued = np.where(rng.random(form.size) < 0.1, routed + 30, np.nan)
    owned = _then(rng, np.where(np.isnan(queued), routed, queued), 0.97, 2 * _MINUTE, 0.6)
    human = _then(rng, owned, 0.85, 80 * _MINUTE, 0.9)
    kinds = {"form_submit": form, "routed": routed, "queued": queued, "owned": owned, "human_touch": human}
    wide = leads.select("lead_id", *(pl.Series(name, seconds) for name, seconds in kinds.items()))
    rows = wide.unpivot(index="lead_id", variable_name="what", value_name="second").filter(
        pl.col("second").is_not_nan(), pl.col("second") < SPAN.days * _DAY
    )
    queue, assigned = pl.col("what") == "queued", pl.col("what").is_in(["queued", "owned"])
    return rows.sort("lead_id", "second").select(
        "lead_id", pl.int_range(1, pl.len() + 1).over("lead_id").alias("touch_sequence"), _moment("second").alias("at"),
        pl.when(assigned).then(pl.lit("owner_assigned")).otherwise("what").alias("kind"),
        pl.when(assigned).then(queue).alias("is_default_queue"),
    )  # fmt: skip


# Work, people, books


def _items(rng: Rng, count: int) -> pl.DataFrame:
    """One row a work item, with the second at which it entered each status."""
    created = np.sort(_anytime(rng, count)).astype(float)
    build = _then(rng, created, 0.9, 6 * _DAY, 0.5)
    tested = _then(rng, build, 0.95, 12 * _DAY, 0.5)
    live = _then(rng, tested, 0.95, 4 * _DAY, 0.5)
    done = _then(rng, live, 0.9, 30 * _DAY, 0.3)
    due = SPAN.start + pl.Series(created // _DAY + 30).cast(pl.Int64) * timedelta(days=1)
    return pl.DataFrame(
        {
            "issue_id": _ids("I", count), "issue_key": _ids("MKT-", count), "created_at": _moments(created),
            "due_date": pl.select(pl.when(pl.Series(rng.random(count)) < 0.9).then(due)).to_series(),
            "campaign_name": None, "business_unit": np.array(list(PREFIXES))[rng.integers(0, 3, count)],
            "To Do": created, "In Progress": build, "QA": tested, "Live": live, "Done": done,
        }
    )  # fmt: skip


def _transitions(items: pl.DataFrame) -> pl.DataFrame:
    statuses = ["To Do", "In Progress", "QA", "Live", "Done"]
    rows = items.unpivot(statuses, index="issue_id", variable_name="status", value_name="second").filter(
        pl.col("second").is_not_nan(), pl.col("second") < SPAN.days * _DAY
    )
    order = pl.int_range(1, pl.len() + 1).over("issue_id").alias("status_sequence")
    return rows.sort("issue_id", "second").select("issue_id", order, "status", _moment("second").alias("transition_at"))


def _privacy(rng: Rng, count: int) -> pl.DataFrame:
    """Requests of three laws; one in ten names its own day."""
    received = _anytime(rng, count)
    closed = received + rng.lognormal(np.log(14 * _DAY), 0.6, count)
    closed = np.where(closed < SPAN.days * _DAY, closed, np.nan)
    due = np.where(rng.random(count) < 0.1, received + 20.0 * _DAY, np.nan)
    return pl.DataFrame(
        {"request_id": _ids("P", count), "law": np.array(["LGPD", "CCPA", "GDPR"])[rng.integers(0, 3, count)]}
    ).with_columns(
        _moments(received).alias("received_at"), _moments(due).alias("due_at"), _moments(closed).alias("closed_at")
    )  # fmt: skip


def _cost(rng: Rng) -> pl.DataFrame:
    """Three cost centres by month, from half a year before the data: what customers cost is paid before they are won."""
    months = [*Period(date(2024, 5, 1), SPAN.end).months()]
    centres = [("Media", "EUR", 60_000), ("Staff", "EUR", 45_000), ("Tools", "USD", 9_000)]
    return pl.DataFrame(
        [
            {"cost_centre": name, "period_start": month.start, "period_end": month.end, "currency_code": currency,
             "sales_marketing_cost": round(amount * float(rng.lognormal(0, 0.1)), 2)}
            for month in months for name, currency, amount in centres if currency == "EUR" or month.start >= date(2024, 11, 1)
        ]
    )  # fmt: skip


def _answers(rng: Rng) -> pl.DataFrame:
    """Forty answers a side and month, to the question that counts and to another one."""
    count = 24 * 2 * 40 * 2
    at = np.arange(count)
    agree = rng.random(count) < np.where(at % 2 == 0, 0.75, 0.6)
    return pl.DataFrame(
        {
            "survey_response_id": _ids("S", count), "question_id": np.where(at // 2 % 2 == 0, "PX1", "PX2"),
            "value": np.where(agree, rng.integers(4, 6, count), rng.integers(1, 4, count)),
            "side": np.where(at % 2 == 0, "it", "marketing"), "survey_response_recorded_at": _moments(_anytime(rng, count)),
        }
    )  # fmt: skip


# Moments


def _anytime(rng: Rng, count: int) -> Numbers:
    return rng.integers(0, SPAN.days * _DAY, count)


def _moment(seconds: str) -> pl.Expr:
    return (start_of(SPAN.start) + pl.duration(microseconds=(pl.col(seconds) * 1e6).cast(pl.Int64))).cast(pl.Datetime("us", "UTC"))


def _moments(seconds: Numbers) -> pl.Series:
    """Seconds since the data begin as moments; NaN as null."""
    epoch = int(datetime(SPAN.start.year, SPAN.start.month, SPAN.start.day, tzinfo=UTC).timestamp())
    made = pl.Series(seconds).cast(pl.Float64).fill_nan(None)
    return ((made + epoch) * 1e6).cast(pl.Int64).cast(pl.Datetime("us", "UTC"))


def _ids(letter: str, count: int) -> list[str]:
    return [f"{letter}{number:06}" for number in range(count)]
