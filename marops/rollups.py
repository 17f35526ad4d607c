"""Roll-ups that several domains share: heavy aggregations done once for a state of the lake, then kept.

The heavy part (millions of rows) is written against narwhals, so that another engine can run it later; what comes out
is small, and everything after it is plain polars. Results are cached by content: the digest of the tables they were
made from and the settings they depend on. No page computes again what another page has computed.
"""

import threading
import tomllib
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import narwhals as nw
import polars as pl
from cachetools import LRUCache, cached

from marops import lake
from marops.lake import Manifest
from marops.language import Text, joined, text
from marops.work import kept
from marops.work.kept import Kept
from marops.workspaces.service import Opened, Unit

UNATTRIBUTED = ""
"""Channel of leads that no ad platform's campaign brought."""

_KIND = ("platform", "campaign_type", "publisher")
"""What tells the channel of an ad."""

_ADDED = ("impressions", "clicks", "spend", "conversions", "conversions_value")

_LEAD_STAGES: dict[str, tuple[str, ...]] = {
    "mql_at": ("mql", "marketing qualified", "marketing qualified lead", "marketingqualifiedlead"),
    "sal_at": ("sal", "sales accepted", "sales accepted lead", "accepted", "working"),
    "sql_at": ("sql", "sales qualified", "sales qualified lead", "salesqualifiedlead", "opportunity", "converted", "qualified"),
    "won_at": ("won", "closed won", "customer"),
    "lost_at": ("lost", "closed lost", "disqualified", "unqualified"),
}
"""Stage names, in lower case, that CRMs use for each milestone."""


@dataclass(frozen=True, slots=True)
class Facts:
    """A workspace's manifest and settings: what roll-ups are computed from."""

    manifest: Manifest
    opened: Opened

    @property
    def currency(self) -> str:
        """Currency in which amounts are shown together."""
        return self.opened.workspace.reporting_currency

    def key(self, *tables: str) -> Hashable:
        """What a result made from these tables depends on."""
        return self.manifest.digest(*tables), self.currency, self.opened.units, self.opened.process

    @property
    def kept(self) -> Kept:
        """The work that is kept here."""
        return kept.kept(self.opened.workspace.id, self.opened.workspace.revision)


def facts(opened: Opened) -> Facts:
    """The facts of a workspace as it is now."""
    return Facts(lake.manifest(opened.workspace.id, opened.workspace.revision), opened)


# Heavy, on any engine


def performance(rows: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """ad_performance by period, campaign, kind, publisher and currency: sums, and how many values went into each."""
    keys = ("period_start", "period_end", "platform", "campaign_type", "publisher", "campaign_name", "currency_code")
    named = rows.with_columns(nw.coalesce(nw.col("campaign_name"), nw.col("campaign_id")).alias("campaign_name"))
    return named.group_by(*keys).agg(
        *(nw.col(name).sum() for name in _ADDED), *(nw.col(name).count().alias(f"{name}_n") for name in _ADDED)
    )


def milestones(rows: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """lead_stage_history by lead: when it first entered each milestone."""
    stage = nw.col("stage").str.to_lowercase()
    reached = rows.with_columns(
        *(nw.when(stage.is_in(names)).then(nw.col("date_stage_entered")).alias(name) for name, names in _LEAD_STAGES.items())
    )
    return reached.group_by("lead_id").agg(*(nw.col(name).min() for name in _LEAD_STAGES))


def is_stage(*milestones: str) -> pl.Expr:
    """Whether a row of lead_stage_history enters one of these milestones ("mql_at", "won_at", ...)."""
    return pl.col("stage").str.to_lowercase().is_in([name for milestone in milestones for name in _LEAD_STAGES[milestone]])


# Small, in polars


@cached(LRUCache(maxsize=32), key=lambda found: found.key("ad_performance", "fx_rate"), condition=threading.Condition())
def channel_days(found: Facts) -> pl.DataFrame:
    """Ad performance by period, channel, unit and campaign, in the reporting currency; sorted.

    Columns: period_start, period_end, channel, unit (null: no unit's campaign), campaign_name, impressions, clicks,
    spend, conversions, conversions_value (null where a report does not have them), currency_code (of the report).
    Spend is null where its currency has no rate on or before the day.
    """
    rolled = performance(nw.from_native(lake.table(found.manifest, "ad_performance"))).to_native().collect()
    rolled = rolled.with_columns(
        pl.when(pl.col(f"{name}_n") > 0).then(pl.col(name)).cast(pl.Float64).alias(name) for name in _ADDED
    )
    kinds = rolled.select(_KIND).unique().with_columns(_channel().alias("channel"))
    rolled = rolled.join(kinds, on=_KIND, how="left", nulls_equal=True)
    rolled = rolled.with_columns(unit_of(pl.col("campaign_name"), found.opened.units).alias("unit"))
    factor = pl.col("factor")
    return (
        with_factor(rolled, found)
        .with_columns(pl.col("spend") * factor, pl.col("conversions_value") * factor)
        .select("period_start", "period_end", "channel", "unit", "campaign_name", *_ADDED, "currency_code")
        .sort("period_start", "period_end", "channel", "unit", "campaign_name", "currency_code")
    )


@cached(
    LRUCache(maxsize=32),
    key=lambda found: found.key("lead", "lead_stage_history", "ad_performance", "fx_rate"),
    condition=threading.Condition(),
)
def leads(found: Facts) -> pl.DataFrame:
    """One row a lead, by creation: lead_id, created_at, unit, campaign (as its UTM names it), channel ("" where no ad campaign
    brought it), the moments it reached each milestone (mql_at, sal_at, sql_at, won_at, lost_at) and its amount in the reporting
    currency.
    """
    reached = milestones(nw.from_native(lake.table(found.manifest, "lead_stage_history"))).to_native().collect()
    rows = (
        lake.table(found.manifest, "lead")
        .select("lead_id", "created_at", "business_unit", "utm_campaign", "amount", "currency_code")
        .collect()
    )
    brought_by = channel_days(found).select(pl.col("campaign_name").alias("utm_campaign"), "channel").unique("utm_campaign")
    unit = pl.coalesce("business_unit", unit_of(pl.col("utm_campaign"), found.opened.units))
    dated = rows.with_columns(pl.col("created_at").dt.date().alias("period_end"), pl.col("amount").cast(pl.Float64))
    return (
        with_factor(dated, found)
        .join(reached, on="lead_id", how="left")
        .join(brought_by, on="utm_campaign", how="left")
        .select(
            "lead_id", "created_at", unit.alias("unit"), pl.col("utm_campaign").alias("campaign"),
            pl.col("channel").fill_null(UNATTRIBUTED), *_LEAD_STAGES,
            (pl.col("amount") * pl.col("factor")).alias("amount"),
        )
        .sort("created_at", "lead_id")
    )  # fmt: skip


@cached(
    LRUCache(maxsize=32),
    key=lambda found: found.key("lead_touch", "lead", "lead_stage_history", "ad_performance", "fx_rate"),
    condition=threading.Condition(),
)
def touches(found: Facts) -> pl.DataFrame:
    """One row a lead that came since touches are logged: lead_id, unit, submitted_at (the form, or else the lead's creation),
    routed_at, assigned_at (first owner), eligible_at (first owner who is no default queue), human_at; null: has not happened.
    """
    kind, at = pl.col("kind"), pl.col("at")
    eligible = (kind == "owner_assigned") & ~pl.col("is_default_queue").fill_null(value=False)
    logged = lake.table(found.manifest, "lead_touch")
    first = (
        logged.group_by("lead_id")
        .agg(
            at.filter(kind == "form_submit").min().alias("submitted_at"),
            at.filter(kind == "routed").min().alias("routed_at"),
            at.filter(kind == "owner_assigned").min().alias("assigned_at"),
            at.filter(eligible).min().alias("eligible_at"),
            at.filter(kind == "human_touch").min().alias("human_at"),
            at.min().alias("logged_at"),
        )
        .collect()
    )
    begins = first["logged_at"].min()
    came = (
        leads(found)
        .select("lead_id", "unit", "created_at")
        .filter(pl.col("created_at") >= pl.lit(begins, pl.Datetime("us", "UTC")))
    )
    known = came.join(first, on="lead_id", how="left")
    # The form is sent before the CRM has the lead; where only the lead is logged, its creation is the first that is known.
    submitted = pl.coalesce("submitted_at", "created_at").alias("submitted_at")
    return known.select("lead_id", "unit", submitted, "routed_at", "assigned_at", "eligible_at", "human_at").sort(
        "submitted_at", "lead_id"
    )


@cached(
    LRUCache(maxsize=32),
    key=lambda found: found.key("lead", "lead_stage_history", "ad_performance", "fx_rate"),
    condition=threading.Condition(),
)
def moves(found: Facts) -> pl.DataFrame:
    """Moves of leads from one stage to another by day and unit: moves, with_mover (who or what moved it is
    recorded), with_reason, with_status (a known status and a reason), with_both (that and the mover).
    """
    history = lake.table(found.manifest, "lead_stage_history").select(
        "lead_id", "status_sequence", "stage", "date_stage_entered", "reason", "changed_by"
    )
    moved = pl.col("status_sequence") > pl.col("status_sequence").min().over("lead_id")
    reasoned, by = (pl.col(name).str.strip_chars().str.len_chars().fill_null(0) > 0 for name in ("reason", "changed_by"))
    status = ~pl.col("stage").str.strip_chars().str.to_lowercase().is_in(_NO_STATUS)
    told = history.filter(moved).select(
        "lead_id", pl.col("date_stage_entered").dt.date().alias("day"), by.alias("by"), reasoned.alias("reasoned"),
        (status & reasoned).alias("stated"),
    )  # fmt: skip
    return (
        told.join(leads(found).lazy().select("lead_id", "unit"), on="lead_id", how="left")
        .group_by("day", "unit")
        .agg(
            pl.len().alias("moves"), pl.col("by").sum().alias("with_mover"), pl.col("reasoned").sum().alias("with_reason"),
            pl.col("stated").sum().alias("with_status"), (pl.col("stated") & pl.col("by")).sum().alias("with_both"),
        )
        .sort("day", "unit")
        .collect()
    )  # fmt: skip


_NO_STATUS = ("", "open", "new", "none", "unknown", "other", "n/a", "-")
"""Stages that a CRM sets by itself: they say nothing about the lead."""


@cached(LRUCache(maxsize=32), key=lambda found: found.key("cost", "fx_rate"), condition=threading.Condition())
def cost(found: Facts) -> pl.DataFrame:
    """Sales and marketing cost: period_start, period_end, amount in the reporting currency (null: no rate on or before the day)."""
    rows = (
        lake.table(found.manifest, "cost")
        .select("period_start", "period_end", pl.col("sales_marketing_cost").cast(pl.Float64).alias("amount"), "currency_code")
        .collect()
    )
    return (
        with_factor(rows, found)
        .select("period_start", "period_end", (pl.col("amount") * pl.col("factor")).alias("amount"))
        .sort("period_start", "period_end")
    )


@lru_cache(maxsize=1)
def channel_order() -> tuple[str, ...]:
    """Every channel's name in the fixed order in which channels are shown."""
    return tuple(rule["name"] for rule in _channel_rules())


def unit_of(campaign: pl.Expr, units: Sequence[Unit]) -> pl.Expr:
    """The business unit whose campaigns begin as this name does; the longest beginning wins; null for none."""
    found = pl.lit(None, pl.String)
    for unit in sorted(units, key=lambda unit: len(unit.campaign_prefix)):
        found = pl.when(campaign.str.starts_with(unit.campaign_prefix)).then(pl.lit(unit.name)).otherwise(found)
    return found


def unknown_spend(rows: pl.DataFrame) -> Text | None:
    """Why the spend of some rows of `channel_days` cannot be added up; None where all of it can."""
    if not rows["spend"].null_count():
        return None
    codes = rows.filter(pl.col("spend").is_null())["currency_code"].drop_nulls().unique().sort().to_list()
    if not codes:
        return text("Some rows of these days have no spend or no currency, so a total would be too small.")
    return text("Spend in {codes} has no exchange rate. Import reference rates.", codes=joined(codes))


def factor(found: Facts, currency: str) -> float | None:
    """What one unit of a currency is worth in the reporting currency by the latest rate; None where there is none."""
    probe = pl.DataFrame({"currency_code": [currency], "period_end": [found.opened.today]})
    value = with_factor(probe, found)["factor"][0]
    return None if value is None else float(value)


def _channel() -> pl.Expr:
    named = pl.col("platform")
    for rule in reversed(_channel_rules()):
        fits = [pl.col(column).fill_null("").str.to_lowercase() == rule[column] for column in _KIND if column in rule]
        named = pl.when(pl.all_horizontal(fits)).then(pl.lit(rule["name"])).otherwise(named)
    return named


@lru_cache(maxsize=1)
def _channel_rules() -> list[dict[str, str]]:
    return tomllib.loads((resources.files("marops") / "channels.toml").read_text(encoding="utf-8"))["channels"]


def with_factor(rows: pl.DataFrame, found: Facts) -> pl.DataFrame:
    """Add `factor`, which turns an amount of `currency_code` on `period_end` into the reporting currency, and `rated_on`, the day
    whose rate that is: the same day, or the last one before it that has one. Both are null where there is none; the
    reporting currency itself has a factor of 1 and needs no rate.
    """
    rates = (
        lake.table(found.manifest, "fx_rate")
        .select("rate_date", "base_currency", "currency_code", pl.col("rate").cast(pl.Float64))
        .collect()
    )
    # Against the base of the table: the base itself is worth 1 on every day that has rates.
    base = rates.select(
        "rate_date", "base_currency", pl.col("base_currency").alias("currency_code"), pl.lit(1.0).alias("rate")
    ).unique()
    rates = pl.concat([rates, base])
    ours = rates.filter(pl.col("currency_code") == found.currency).select(
        "rate_date", "base_currency", pl.col("rate").alias("ours")
    )
    crossed = (
        rates.join(ours, on=["rate_date", "base_currency"])
        .filter(pl.col("currency_code") != found.currency)
        # Rates of two sources for one day differ a little: those of the reporting currency itself are asked first.
        .sort("rate_date", pl.col("base_currency") != found.currency, "base_currency")
        .unique(["rate_date", "currency_code"], keep="first", maintain_order=True)
        .select(pl.col("rate_date").alias("rated_on"), "currency_code", (pl.col("ours") / pl.col("rate")).alias("factor"))
    )
    known = rows.sort("period_end").join_asof(
        crossed, left_on="period_end", right_on="rated_on", by="currency_code", strategy="backward", check_sortedness=False,
        coalesce=False,
    )  # fmt: skip
    return known.with_columns(
        pl.when(pl.col("currency_code") == found.currency).then(1.0).otherwise(pl.col("factor")).alias("factor")
    )
