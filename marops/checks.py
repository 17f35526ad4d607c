"""Checks of the rows in force: how many each applies to, and how many pass, by day."""

import threading
from dataclasses import dataclass

import polars as pl
from cachetools import LRUCache, cached

from marops import lake
from marops.rollups import Facts


@dataclass(frozen=True, slots=True)
class Check:
    """A question to every row of a table: true passes, null does not apply. `severity` 1 to 3."""

    name: str
    severity: int
    passes: pl.Expr


def _checks(lead_ids: pl.Series) -> dict[str, tuple[pl.Expr, tuple[Check, ...]]]:
    """The checks of each table, and the day of its rows."""
    col = pl.col
    created = col("created_at").dt.date()
    once = pl.struct("email_sha256", created).is_first_distinct()
    return {
        "ad_performance": (
            col("period_end"),
            (
                Check("ad_clicks_seen", 2, col("clicks") <= col("impressions")),
                Check("ad_campaign_named", 2, col("campaign_name").is_not_null()),
                Check("ad_currency_known", 3, pl.when(col("spend").is_not_null()).then(col("currency_code").is_not_null())),
            ),
        ),
        "lead": (
            created,
            (
                Check("lead_origin_known", 1, col("utm_campaign").is_not_null() | col("lead_source").is_not_null()),
                Check("lead_once", 2, pl.when(col("email_sha256").is_not_null()).then(once)),
            ),
        ),
        "lead_stage_history": (
            col("date_stage_entered").dt.date(),
            (
                Check("stage_in_order", 2, col("date_stage_exited") >= col("date_stage_entered")),
                Check("stage_of_a_lead", 3, col("lead_id").is_in(lead_ids.implode())),
            ),
        ),
        "work_item": (created, (Check("work_due_stated", 1, col("due_date").is_not_null()),)),
        "sli_measurement": (
            col("window_start").dt.date(),
            (Check("monitor_adds_up", 3, col("good_count") + col("bad_count") == col("total_count")),),
        ),
    }


@cached(
    LRUCache(maxsize=32),
    key=lambda found: found.key("ad_performance", "lead", "lead_stage_history", "work_item", "sli_measurement"),
    condition=threading.Condition(),
)
def passed(found: Facts) -> pl.DataFrame:
    """What data checks found: check, severity, day, passed, run (rows the check applies to)."""
    ids = lake.table(found.manifest, "lead").select("lead_id").collect()["lead_id"]
    asked = _checks(ids)
    plans = [
        lake.table(found.manifest, name).group_by(day.alias("day")).agg(
            e
            for check in checked
            for e in (check.passes.sum().alias(f"{check.name} passed"), check.passes.count().alias(f"{check.name} run"))
        )
        for name, (day, checked) in asked.items()
    ]  # fmt: skip
    made = [
        by_day.select(
            pl.lit(check.name).alias("check"), pl.lit(check.severity).alias("severity"), "day",
            pl.col(f"{check.name} passed").cast(pl.Int64).alias("passed"),
            pl.col(f"{check.name} run").cast(pl.Int64).alias("run"),
        )
        for by_day, (_, checked) in zip(pl.collect_all(plans), asked.values(), strict=True)
        for check in checked
    ]  # fmt: skip
    return pl.concat(made).filter(pl.col("run") > 0).sort("check", "day")
