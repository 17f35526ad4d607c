"""The canonical tables: every file marops takes becomes rows of one of these.

A `Table` names its columns with type, unit and meaning, its key, and the limits its values must keep (`sources.conforming`
checks them). `python -m marops.tables` writes docs/tables.md.

Each fact row also carries where it came from. `source_row_number` is stored with the row; `import_id`,
`source_relation`, `source_file_sha256` and `ingested_at` are the same for every row of an import, so they are kept
once in the manifest and added by `lake.scan`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import polars as pl

MAX_TEXT = 32_767
"""Longest text taken, in bytes: a spreadsheet cell holds no more, and exports would cut it silently."""

ROW = "source_row_number"
"""Column that holds the row's number in its source file, counted as a spreadsheet does (1 = first line)."""

LINEAGE = ("import_id", "source_relation", "source_file_sha256", "ingested_at")


class Type(StrEnum):
    """Types of canonical columns."""

    TEXT = "text"
    INT = "int"
    DECIMAL = "decimal"
    DATE = "date"
    TIMESTAMP = "timestamp"
    BOOL = "bool"

    @property
    def dtype(self) -> pl.DataType:
        """The polars type. Decimals are exact to the millionth, the finest unit ad platforms bill in."""
        return _DTYPES[self]


_DTYPES: dict[Type, pl.DataType] = {
    Type.TEXT: pl.String(),
    Type.INT: pl.Int64(),
    Type.DECIMAL: pl.Decimal(18, 6),
    Type.DATE: pl.Date(),
    Type.TIMESTAMP: pl.Datetime("us", "UTC"),
    Type.BOOL: pl.Boolean(),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `unit` is a UCUM unit, an ISO 4217 hint ("currency_code") or empty."""

    name: str
    type: Type
    description: str
    unit: str = ""
    required: bool = False
    minimum: int | None = None
    maximum: int | None = None
    allowed: tuple[str, ...] = ()


class Kind(StrEnum):
    """Where rows live: `lake` facts are imported and append-only; `state` rows can also be edited in marops."""

    LAKE = "lake"
    STATE = "state"


@dataclass(frozen=True, slots=True)
class Table:
    """A canonical table. `day` names the column that dates a row (for freshness and the period of an import); where rows
    cover a span from there, `seconds` names the column with its length, and where something ends that began there, `ended` the
    one with that moment. `owners` say whose a row is, where the source delivers whole periods of an owner and may deliver them
    again. `item` says of which thing a row is, where an export holds all rows of the things in it, and a newer one holds them as
    they are now.
    """

    name: str
    kind: Kind
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    day: str | None = None
    seconds: str | None = None
    ended: str | None = None
    owners: tuple[str, ...] = ()
    item: str | None = None
    by_name: Mapping[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {column.name: column for column in self.columns})
        named = (*self.key, *self.owners, *filter(None, (self.day, self.ended, self.item)))
        unknown = [name for name in named if name not in self.by_name]
        if unknown:
            raise ValueError(f"{self.name}: {unknown} are not columns")

    @property
    def schema(self) -> dict[str, pl.DataType]:
        """Column names and polars types, in order, without lineage."""
        return {column.name: column.type.dtype for column in self.columns}

    @property
    def days(self) -> tuple[pl.Expr, pl.Expr]:
        """The first and the last day of a row. Raises ValueError where nothing dates the table's rows."""
        if self.day is None:
            raise ValueError(f"nothing dates the rows of {self.name}")
        last = pl.col(self.day) if self.by_name[self.day].type is Type.DATE else pl.col(self.day).dt.date()
        return (pl.col("period_start") if "period_start" in self.by_name else last), last


def _text(name: str, description: str, *, required: bool = False, allowed: tuple[str, ...] = ()) -> Column:
    return Column(name, Type.TEXT, description, required=required, allowed=allowed)


def _count(name: str, description: str, *, required: bool = False) -> Column:
    return Column(name, Type.INT, description, unit="1", required=required, minimum=0)


def _amount(name: str, description: str, *, required: bool = False, minimum: int | None = 0) -> Column:
    return Column(name, Type.DECIMAL, description, unit="currency_code", required=required, minimum=minimum)


def _date(name: str, description: str, *, required: bool = False) -> Column:
    return Column(name, Type.DATE, description, unit="d", required=required)


def _moment(name: str, description: str, *, required: bool = False) -> Column:
    return Column(name, Type.TIMESTAMP, description, unit="s", required=required)


def _flag(name: str, description: str, *, required: bool = False) -> Column:
    return Column(name, Type.BOOL, description, required=required)


_CURRENCY = _text("currency_code", "ISO 4217 currency of the amounts in this row")
_ZONE = _text("tz_name", "IANA time zone the source reports days in, where it says so")

AD_PERFORMANCE = Table(
    "ad_performance",
    Kind.LAKE,
    "What ad platforms report: impressions, clicks, spend and conversions of one campaign (or a finer level) in one "
    "period. A row of a daily report has equal period_start and period_end; a report without dates has one row for "
    "its whole range, which only counts in ranges that hold all of it.",
    (
        _text("platform", "ad platform: google_ads, facebook_ads, linkedin_ads, tiktok_ads, microsoft_ads, ...",
              required=True),
        _text("account_id", "the platform's account id, or the account's name where the export has no id"),
        _text("account_name", "account name"),
        _text("campaign_id", "the platform's campaign id (LinkedIn: campaign group), or the name where there is no id"),
        _text("campaign_name", "campaign name"),
        _text("campaign_type", "kind of campaign as the platform calls it: search, display, video, ..."),
        _text("ad_group_id", "ad group or ad set id (LinkedIn: campaign)"),
        _text("ad_group_name", "ad group or ad set name"),
        _text("ad_id", "ad id"),
        _text("ad_name", "ad name"),
        _text("publisher", "property inside the platform: facebook, instagram, ..."),
        _text("breakdown_key", "the row's other dimensions (keyword, device, place), which make it distinct"),
        _text("level", "what a row describes", required=True,
              allowed=("account", "campaign", "ad_group", "ad", "keyword", "breakdown")),
        _date("period_start", "first day the row covers", required=True),
        _date("period_end", "last day the row covers", required=True),
        _count("impressions", "times shown"),
        _count("clicks", "clicks"),
        _count("interactions", "interactions, where the platform counts them instead of clicks"),
        _amount("spend", "cost in the row's currency"),
        _CURRENCY,
        Column("conversions", Type.DECIMAL, "conversions by the platform's own attribution, may be fractional",
               unit="1", minimum=0),
        _amount("conversions_value", "value of those conversions as the platform was told", minimum=None),
        _count("reach", "people reached; not additive over days or campaigns"),
        _count("video_views", "video views"),
        _text("attribution_setting", "attribution window the platform applied"),
        _ZONE,
        _text("url_host", "host of the landing page"),
        _text("url_path", "path of the landing page"),
        _text("utm_source", "UTM source"),
        _text("utm_medium", "UTM medium"),
        _text("utm_campaign", "UTM campaign"),
        _text("utm_content", "UTM content"),
        _text("utm_term", "UTM term"),
    ),
    ("platform", "account_id", "campaign_id", "ad_group_id", "ad_id", "publisher", "breakdown_key",
     "period_start", "period_end", "level"),
    day="period_end",
    owners=("platform", "account_id"),
)  # fmt: skip

WEB_TRAFFIC = Table(
    "web_traffic_daily",
    Kind.LAKE,
    "Web analytics by day and channel. Kept apart from ad_performance so that a site's key events and a platform's "
    "conversions, which count the same people, are never added up.",
    (
        _text("property_id", "analytics property"),
        _date("date_day", "day in the property's time zone", required=True),
        _text("channel_group", "channel group as the tool assigns it"),
        _text("utm_source", "session source"),
        _text("utm_medium", "session medium"),
        _text("utm_campaign", "session campaign"),
        _count("sessions", "sessions"),
        _count("engaged_sessions", "sessions with engagement"),
        _count("users", "active users; not additive over days"),
        Column("key_events", Type.DECIMAL, "key events (conversions) of the site", unit="1", minimum=0),
        _amount("revenue", "revenue the site reported", minimum=None),
        _CURRENCY,
        _ZONE,
    ),
    ("property_id", "date_day", "channel_group", "utm_source", "utm_medium", "utm_campaign"),
    day="date_day",
    owners=("property_id",),
)

CAMPAIGN = Table(
    "campaign_dim",
    Kind.LAKE,
    "Campaign attributes over time (slowly changing, type 2).",
    (
        _text("platform", "ad platform", required=True),
        _text("campaign_id", "campaign id", required=True),
        _text("campaign_name", "campaign name"),
        _text("campaign_status", "status"),
        _text("campaign_type", "kind of campaign"),
        _text("objective", "objective"),
        _date("start_date", "planned first day"),
        _date("end_date", "planned last day"),
        _moment("valid_from", "the row describes the campaign from here on", required=True),
        _moment("valid_until", "until here; empty while current"),
        _flag("is_current_record", "whether this is the current description"),
    ),
    ("platform", "campaign_id", "valid_from"),
)

LEAD = Table(
    "lead",
    Kind.LAKE,
    "People or companies who showed interest, one row each. No raw e-mail address is kept.",
    (
        _text("lead_id", "the CRM's id", required=True),
        _moment("created_at", "when the lead was created (form submitted)", required=True),
        _text("lead_source", "source as the CRM states it"),
        _text("email_sha256", "SHA-256 of the lower-case e-mail address"),
        _text("utm_source", "UTM source of the first touch"),
        _text("utm_medium", "UTM medium"),
        _text("utm_campaign", "UTM campaign"),
        _text("utm_content", "UTM content"),
        _text("utm_term", "UTM term"),
        _text("owner_id", "owner"),
        _text("campaign_id", "campaign the CRM attributes the lead to"),
        _text("business_unit", "business unit, where the CRM has one"),
        _flag("is_converted", "whether it became a deal"),
        _date("converted_date", "when it became a deal"),
        _text("deal_id", "the deal"),
        _amount("amount", "deal amount", minimum=None),
        _CURRENCY,
        _date("close_date", "day the deal was won or lost"),
        _text("status", "current stage or status"),
    ),
    ("lead_id",),
    day="created_at",
)

LEAD_STAGE_HISTORY = Table(
    "lead_stage_history",
    Kind.LAKE,
    "Every stage a lead entered, in order. An open stage has no exit.",
    (
        _text("lead_id", "the CRM's id", required=True),
        Column("status_sequence", Type.INT, "order within the lead, from 1", unit="1", required=True, minimum=1),
        _text("stage", "stage entered, as the CRM names it", required=True),
        _moment("date_stage_entered", "entered", required=True),
        _moment("date_stage_exited", "left; empty while the lead is in this stage"),
        _text("reason", "status or reason recorded with the move"),
        _text("changed_by", "who or what moved it"),
    ),
    ("lead_id", "status_sequence"),
    day="date_stage_entered",
)

WORK_ITEM = Table(
    "work_item",
    Kind.LAKE,
    "Requests and campaigns in the work tracker, one row each.",
    (
        _text("issue_id", "the tracker's id", required=True),
        _text("issue_key", "readable key"),
        _text("issue_name", "summary"),
        _text("issue_type", "type"),
        _text("parent_issue_id", "parent"),
        _text("project_name", "project"),
        _text("current_status", "status now"),
        _text("current_status_category", "To Do, In Progress or Done"),
        _text("assignee_user_id", "assignee, by the tracker's id of them, or by name where the export has no id"),
        _text("assignee_name", "assignee, by name"),
        _moment("created_at", "created", required=True),
        _date("due_date", "due"),
        _moment("resolved_at", "resolved; empty while open"),
        _text("resolution", "how it was resolved in the tracker's words, for example Won't Do; empty while open"),
        Column("original_estimate_seconds", Type.INT, "estimate", unit="s", minimum=0),
        Column("time_spent_seconds", Type.INT, "time booked", unit="s", minimum=0),
        _text("campaign_id", "campaign the work is for"),
        _text("campaign_name", "name of that campaign"),
        _text("business_unit", "business unit"),
        _amount("value_per_day", "expected value per day of launch, where the request states it"),
        _CURRENCY,
    ),
    ("issue_id",),
    day="created_at",
    ended="resolved_at",
    item="issue_id",
)

WORK_ITEM_TRANSITION = Table(
    "work_item_transition",
    Kind.LAKE,
    "Every status a work item entered, in order.",
    (
        _text("issue_id", "the tracker's id", required=True),
        Column("status_sequence", Type.INT, "order within the item, from 1", unit="1", required=True, minimum=1),
        _text("status", "status entered", required=True),
        _text("previous_status", "status left; empty for the first"),
        _moment("transition_at", "entered", required=True),
        _text("changed_by", "who moved it"),
        _text("role", "the role or group that acts on it from then on"),
        _text("lifecycle", "what the event says of its step, where a log has several a step (start, complete)"),
    ),
    ("issue_id", "status_sequence"),
    day="transition_at",
    item="issue_id",
)

SLI_MEASUREMENT = Table(
    "sli_measurement",
    Kind.LAKE,
    "Service-level indicator over one window: good and bad seconds (or events) of a service.",
    (
        _text("service", "service", required=True),
        _text("sli_name", "indicator, for example availability", required=True),
        _moment("window_start", "start of the window", required=True),
        Column("window_seconds", Type.INT, "length of the window", unit="s", required=True, minimum=0),
        Column("good_count", Type.INT, "good seconds or events", unit="1", minimum=0),
        Column("bad_count", Type.INT, "bad seconds or events", unit="1", minimum=0),
        Column("total_count", Type.INT, "all seconds or events", unit="1", required=True, minimum=0),
        _text("reason", "what the monitor recorded as cause"),
    ),
    ("service", "sli_name", "window_start"),
    day="window_start",
    seconds="window_seconds",
)

INCIDENT = Table(
    "incident",
    Kind.LAKE,
    "Incidents of the service desk.",
    (
        _text("number", "incident number", required=True),
        _text("service", "service affected"),
        _moment("opened_at", "opened", required=True),
        _moment("resolved_at", "service restored"),
        _moment("closed_at", "closed"),
        _text("priority", "priority"),
        _text("category", "category"),
        _flag("made_sla", "whether the SLA was kept"),
        _count("reassignment_count", "reassignments"),
        _count("reopen_count", "times reopened"),
    ),
    ("number",),
    day="opened_at",
)

SURVEY_RESPONSE = Table(
    "survey_response",
    Kind.LAKE,
    "One answer of one respondent to one question.",
    (
        _text("survey_response_id", "response", required=True),
        _text("survey_id", "survey"),
        _text("question_id", "question", required=True),
        _text("question_text", "wording"),
        Column("value", Type.DECIMAL, "answer as a number, where it is one", unit="1"),
        _text("response_text", "answer as text"),
        _text("side", "IT, marketing, agency or other", allowed=("it", "marketing", "agency", "other")),
        _moment("survey_response_recorded_at", "recorded", required=True),
        Column("survey_progress", Type.INT, "share answered", unit="%", minimum=0, maximum=100),
        _flag("is_finished_with_survey", "finished"),
        Column("duration_in_seconds", Type.INT, "time taken", unit="s", minimum=0),
        _text("distribution_channel", "how the respondent was invited"),
        _text("user_language", "language of the form"),
    ),
    ("survey_response_id", "question_id"),
    day="survey_response_recorded_at",
)

CHANGE = Table(
    "change",
    Kind.LAKE,
    "Deployments and other changes to marketing-facing systems.",
    (
        _text("change_id", "change", required=True),
        _text("service", "service changed", required=True),
        _moment("deployed_at", "deployed", required=True),
        _flag("failed", "needed a hotfix or rollback"),
        _moment("restored_at", "service restored after a failure"),
    ),
    ("change_id",),
    day="deployed_at",
)

PRIVACY_REQUEST = Table(
    "privacy_request",
    Kind.LAKE,
    "Requests of data subjects.",
    (
        _text("request_id", "request", required=True),
        _text("law", "law invoked", allowed=("LGPD", "CCPA", "GDPR")),
        _moment("received_at", "received", required=True),
        _moment("due_at", "due"),
        _moment("closed_at", "closed"),
    ),
    ("request_id",),
    day="received_at",
)

LEAD_TOUCH = Table(
    "lead_touch",
    Kind.LAKE,
    "What happened to a lead between the form and the first human contact.",
    (
        _text("lead_id", "the CRM's id", required=True),
        Column("touch_sequence", Type.INT, "order within the lead, from 1", unit="1", required=True, minimum=1),
        _moment("at", "when", required=True),
        _text("kind", "what", required=True, allowed=("form_submit", "routed", "owner_assigned", "human_touch")),
        _text("owner_id", "owner assigned"),
        _flag("is_default_queue", "whether the owner is a default queue"),
    ),
    ("lead_id", "touch_sequence"),
    day="at",
)

COST = Table(
    "cost",
    Kind.LAKE,
    "Sales and marketing cost from the books.",
    (
        _text("cost_centre", "cost centre", required=True),
        _date("period_start", "first day", required=True),
        _date("period_end", "last day", required=True),
        _amount("sales_marketing_cost", "cost", required=True, minimum=None),
        _CURRENCY,
    ),
    ("cost_centre", "period_start"),
    day="period_end",
)

FLAG_EVENT = Table(
    "flag_event",
    Kind.LAKE,
    "Every time a flag was set on a work item (it is blocked, or waits for somebody) or taken off.",
    (
        _text("issue_id", "the tracker's id", required=True),
        _moment("flag_at", "when the flag was set or taken off", required=True),
        _flag("is_flagged", "whether it was set", required=True),
        _text("kind", "blocked or waiting_on", required=True, allowed=("blocked", "waiting_on")),
    ),
    ("issue_id", "flag_at", "kind"),
    day="flag_at",
    item="issue_id",
)

FX_RATE = Table(
    "fx_rate",
    Kind.LAKE,
    "Reference exchange rates: one unit of base_currency buys `rate` units of currency_code on the day.",
    (
        _date("rate_date", "day of the rate", required=True),
        _text("base_currency", "currency bought with, ISO 4217", required=True),
        _text("currency_code", "currency bought, ISO 4217", required=True),
        Column("rate", Type.DECIMAL, "units of currency_code for one base_currency", unit="1", required=True, minimum=0),
    ),
    ("rate_date", "base_currency", "currency_code"),
    day="rate_date",
)

TARGET = Table(
    "target",
    Kind.STATE,
    "What a KPI is held against, by period; never overwritten.",
    (
        _text("kpi", "KPI id, for example M2", required=True),
        _date("valid_from", "first day the target holds", required=True),
        _date("valid_to", "last day; empty: until the next one"),
        _text("type", "at_least, at_most or band", required=True, allowed=("at_least", "at_most", "band")),
        Column("value", Type.DECIMAL, "the limit, in the KPI's unit (percent as a fraction)", required=True),
        Column("upper", Type.DECIMAL, "upper limit of a band"),
        _text("author", "who set it"),
        _text("reason", "why"),
    ),
    ("kpi", "valid_from"),
)

BUDGET_PLAN = Table(
    "budget_plan",
    Kind.STATE,
    "Planned spend by channel and period.",
    (
        _text("plan_version", "version of the plan", required=True),
        _text("channel", "channel", required=True),
        _text("business_unit", "business unit; empty: all"),
        _date("period_start", "first day", required=True),
        _date("period_end", "last day", required=True),
        _amount("planned_spend", "planned spend", required=True),
        _text("currency_code", "ISO 4217 currency", required=True),
    ),
    ("plan_version", "channel", "business_unit", "period_start"),
    day="period_end",
)

ASSESSMENT_ANSWER = Table(
    "assessment_answer",
    Kind.STATE,
    "One respondent's level for one item of the maturity instrument.",
    (
        _text("assessment_id", "assessment", required=True),
        _text("respondent_id", "pseudonymous respondent", required=True),
        _text("side", "it, marketing, agency or other", required=True, allowed=("it", "marketing", "agency", "other")),
        _text("item_code", "item, for example SP1", required=True),
        Column("level", Type.INT, "level 1 to 5; empty: don't know", minimum=1, maximum=5),
        Column("confidence", Type.INT, "confidence 1 to 5", minimum=1, maximum=5),
        _text("evidence_url", "link to evidence"),
        _moment("answered_at", "when answered", required=True),
    ),
    ("assessment_id", "respondent_id", "item_code"),
    day="answered_at",
)

ASSESSMENT_FACT = Table(
    "assessment_fact",
    Kind.STATE,
    "Facts about the team that an assessment states once (F1 to F7).",
    (
        _text("assessment_id", "assessment", required=True),
        _text("fact_code", "fact, F1 to F7", required=True),
        Column("value", Type.DECIMAL, "value: people, share as a fraction, hours", required=True, minimum=0),
        _date("stated_on", "day the facts describe", required=True),
    ),
    ("assessment_id", "fact_code"),
    day="stated_on",
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        AD_PERFORMANCE, WEB_TRAFFIC, CAMPAIGN, LEAD, LEAD_STAGE_HISTORY, LEAD_TOUCH, WORK_ITEM, WORK_ITEM_TRANSITION,
        FLAG_EVENT, SLI_MEASUREMENT, INCIDENT, CHANGE, SURVEY_RESPONSE, PRIVACY_REQUEST, COST, FX_RATE,
        TARGET, BUDGET_PLAN, ASSESSMENT_ANSWER, ASSESSMENT_FACT,
    )
}  # fmt: skip

REFUSED = Table(
    "refused",
    Kind.LAKE,
    "Cells for which rows of a file were refused, of tables whose numbers are made of several rows of one thing.",
    (
        _text("of", "whose row it is: the first column of the table's key; empty where the row does not say"),
        _text("column", "the column of the table; empty where no cell could be told"),
        _text("rule", "the rule that the cell breaks"),
    ),
    ("of",),
)
"""What `refused_of` names. It is no table that a file can be read as."""


def refused_of(table: str) -> str | None:
    """Under which name the lake keeps which rows of a table were refused; None for a table of which nobody asks that."""
    return f"{table}:refused" if table in _OF_SEVERAL_ROWS else None


_OF_SEVERAL_ROWS = frozenset({WORK_ITEM.name, WORK_ITEM_TRANSITION.name})
"""Where one row is missing, the item's others tell of another history than it had."""


def markdown() -> str:
    """The reference page docs/tables.md."""
    lines = [
        "# Canonical tables",
        "",
        "Made from `marops/tables.py` by `python -m marops.tables > docs/tables.md`.",
        "",
        "Every row of a lake table also has `source_row_number` and, from the manifest, "
        + ", ".join(f"`{name}`" for name in LINEAGE)
        + ". Decimals are exact to six places; timestamps are UTC; a missing value is empty, never zero.",
    ]
    for table in TABLES.values():
        lines += ["", f"## {table.name} ({table.kind})", "", table.description, ""]
        lines += [f"Key: {', '.join(f'`{name}`' for name in table.key)}.", ""]
        lines += ["| column | type | unit | rules | meaning |", "|---|---|---|---|---|"]
        for column in table.columns:
            bounds = [
                "required" * column.required,
                f">= {column.minimum}" if column.minimum is not None else "",
                f"<= {column.maximum}" if column.maximum is not None else "",
                f"one of {', '.join(column.allowed)}" if column.allowed else "",
            ]
            lines.append(
                f"| `{column.name}` | {column.type} | {column.unit} | {'; '.join(b for b in bounds if b)} | {column.description} |"
            )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(markdown(), end="")
