"""How good the data are: their age and the checks they pass."""

import polars as pl

from marops.language import Text, text
from marops.measure import Measure
from marops.period import Period
from marops.quantity import Quantity, Unit
from marops.scorecard.facts import Facts, measured, missing

CHECKS: dict[str, Text] = {
    "ad_clicks_seen": text("ads: no more clicks than impressions"), "ad_campaign_named": text("ads: campaign named"),
    "ad_currency_known": text("ads: currency of spend known"), "lead_origin_known": text("leads: source or campaign known"),
    "lead_once": text("leads: one a day for an e-mail address"),
    "stage_in_order": text("stages: left after they were entered"), "stage_of_a_lead": text("stages: of a lead that is there"),
    "work_due_stated": text("requests: due date stated"), "monitor_adds_up": text("uptime: good and bad come to all"),
}  # fmt: skip
"""What each check of `marops.checks` asks."""


def freshness(facts: Facts, period: Period) -> Measure:
    """IT6."""
    if not facts.ages:
        return missing("IT6", facts, period, text("Nothing has been imported yet."))
    oldest = max(facts.ages, key=lambda source: facts.ages[source])
    return measured("IT6", period, facts.ages[oldest], facts, note=text("oldest: {source}", source=oldest))


def pass_rate(facts: Facts, period: Period) -> Measure:
    """IT7."""
    here = facts.during("checks", "day", period)
    run = here.group_by("check", "severity").agg(pl.col("passed", "run").sum()).filter(pl.col("run") > 0)
    if run.is_empty():
        return missing("IT7", facts, period, text("No rows to check in these days. Import any of the files of the other KPIs."))
    passed, asked = run.select((pl.col("severity") * pl.col(name)).sum().alias(name) for name in ("passed", "run")).row(0)
    rates = run.with_columns((pl.col("passed") / pl.col("run")).alias("rate")).sort("rate", "check")
    worst, rate = rates.select("check", "rate").row(0)
    note = text("lowest: {check}, {share}", check=CHECKS[worst], share=Quantity(rate, Unit.PERCENT))
    return measured("IT7", period, passed / asked, facts, note=note)
