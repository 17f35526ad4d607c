"""How the two sides work together: conversions that agree, launches, privacy requests, perception, actions."""

from datetime import datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from marops import stats
from marops.decisions.metrics import closed_on_time
from marops.language import joined, ntext, text
from marops.measure import Interval, Measure
from marops.period import Period
from marops.quantity import Quantity, Unit
from marops.scorecard.facts import Facts, measured, missing, no_leads, share

LEGAL_DAYS = {"LGPD": 15, "CCPA": 45, "GDPR": 30}
"""Days a law gives to answer a request, counted from the request, where no due day is recorded."""


def conversion_gap(facts: Facts, period: Period) -> Measure:
    """J6."""
    ads = facts.ads(period)
    if ads.is_empty() or ads["conversions"].null_count() == ads.height:
        return missing(
            "J6", facts, period, text("No conversions from ad platforms in these days. Import a report of an ad platform.")
        )
    if facts.leads.is_empty():
        return no_leads("J6", facts, period)
    # A platform that reports no conversions has no gap: its leads are compared with nothing.
    reports = ads.filter(pl.col("conversions").is_not_null())["channel"].unique()
    leads = facts.during("leads", "created_at", period)
    of_ads = leads.filter(pl.col("channel").is_in(reports.implode()))
    if (why := facts.ads_incomplete(period, of_ads["created_at"])) is not None:
        return missing("J6", facts, period, why)
    brought = of_ads.height
    if not brought:
        return missing("J6", facts, period, text("The CRM has no lead from an ad campaign in these days."))
    reported = float(ads["conversions"].sum())
    note = text("platforms {reported}, CRM {brought}", reported=round(reported), brought=brought)
    silent = sorted(set(ads["channel"].unique()) - set(reports))
    if silent:
        note = text("{compared}; without conversions: {channels}", compared=note, channels=joined(silent, 3))
    return measured("J6", period, abs(reported - brought) / brought, facts, note=note)


def request_to_launch(work: pl.DataFrame, end: datetime) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Days from request to launch: of launched items, and the age of those not launched, of what was dropped when it was."""
    days = (pl.coalesce("launched_at", "done_at", pl.lit(end)) - pl.col("created_at")).dt.total_seconds() / 86_400
    timed = work.select(days.alias("days"), pl.col("launched_at").is_not_null().alias("launched")).filter(pl.col("days") > 0)
    return timed.filter("launched")["days"].to_numpy(), timed.filter(~pl.col("launched"))["days"].to_numpy()


def time_to_launch(facts: Facts, period: Period) -> Measure:
    """J7."""
    if facts.work.is_empty():
        return missing("J7", facts, period, text("No campaign requests yet. Import your tracker's issues and their history."))
    # Whether an item with a history that cannot be was launched, and when, nobody knows.
    asked = facts.during("work", "created_at", period).filter(~pl.col("is_broken").fill_null(value=False))
    curve = stats.survival(*request_to_launch(asked, facts.end))
    late = curve.quantile(0.85) if curve else None
    if curve is None or late is None:
        return missing("J7", facts, period, text("Too few of the campaigns requested in these days have launched."))
    note = ntext("{n} request", "{n} requests", asked.height)
    return measured("J7", period, late, facts, note=note)


def collaboration_gap(facts: Facts, period: Period) -> Measure:
    """J9."""
    if facts.survey.is_empty():
        return missing(
            "J9", facts, period, text("No survey answers to “{question}” yet. Import the survey's export.", question="PX1")
        )
    here = facts.during("survey", "recorded_at", period)
    sums = here.group_by("side").agg((pl.col("value") >= 4).sum().alias("agree"), pl.len().alias("n"))
    counts = {side: (agree, n) for side, agree, n in sums.iter_rows()}
    if not counts.get("it") or not counts.get("marketing"):
        return missing("J9", facts, period, text("No answers from both IT and marketing in these days."))
    (agree_it, n_it), (agree_m, n_m) = counts["it"], counts["marketing"]
    low, high = stats.newcombe(agree_it, n_it, agree_m, n_m)
    note = text(
        "IT {it} of {n_it}, marketing {m} of {n_m}", it=Quantity(agree_it / n_it, Unit.PERCENT), n_it=n_it,
        m=Quantity(agree_m / n_m, Unit.PERCENT), n_m=n_m,
    )  # fmt: skip
    interval = Interval(low, high, text("Newcombe score interval"))
    return measured("J9", period, agree_it / n_it - agree_m / n_m, facts, interval=interval, note=note)


def privacy_on_time(facts: Facts, period: Period) -> Measure:
    """J8."""
    if facts.privacy.is_empty():
        return missing("J8", facts, period, text("No privacy requests yet. Import the log of data subjects' requests."))
    due = fell_due(facts, period)
    if due.is_empty():
        return missing("J8", facts, period, text("No privacy request with a legal day fell due in these days."))
    kept = due.filter(pl.col("closed_at") <= pl.col("due")).height
    late = due.filter(pl.col("closed_at").is_null()).height
    note = ntext("{n} request", "{n} requests", due.height)
    if late:
        note = ntext("{requests}; {n} overdue and open", "{requests}; {n} overdue and open", late, requests=note)
    return share("J8", facts, period, kept, due.height, note=note)


def fell_due(facts: Facts, period: Period) -> pl.DataFrame:
    """The privacy requests whose legal day lies in a period and is over, with `due`."""
    day = pl.col("due").dt.date()
    return with_due(facts.privacy).filter(day.is_between(period.start, period.end), day < facts.today)


def with_due(requests: pl.DataFrame) -> pl.DataFrame:
    """The requests with `due`: the recorded moment (of a day without a time, its end), else the end of the law's last day; null
    where neither is known.
    """
    days = pl.col("law").replace_strict(LEGAL_DAYS, default=None, return_dtype=pl.Int64)
    a_day, a_second = pl.duration(days=1), pl.duration(seconds=1)
    recorded = pl.col("due_at")
    stated = pl.when(recorded == recorded.dt.truncate("1d")).then(recorded + a_day - a_second).otherwise(recorded)
    legal = pl.col("received_at").dt.truncate("1d") + pl.duration(days=days + 1) - a_second
    return requests.with_columns(pl.coalesce(stated, legal).alias("due"))


def actions_on_time(facts: Facts, period: Period) -> Measure:
    """J10."""
    if facts.actions.is_empty():
        return missing("J10", facts, period, text("No actions yet. Decide on a finding, or open an action on a KPI's page."))
    found = closed_on_time(facts.actions, period, facts.today)
    if not found.due:
        return missing("J10", facts, period, text("No action fell due in these days."))
    return share(
        "J10", facts, period, found.closed, found.due, note=ntext("{n} action fell due", "{n} actions fell due", found.due)
    )
