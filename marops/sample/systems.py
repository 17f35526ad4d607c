"""What the sample company's own systems log: touches of leads, deployments, privacy requests, cost from the books.

Each file is drawn by a generator of its own, so that a change to one leaves the others as they are.
"""

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from marops.period import start_of
from marops.sample import company as sample
from marops.sample.company import Company

_EPOCH = start_of(sample.FIRST_DAY)

LOGGED_FROM = date(2025, 7, 1)
"""Since when the CRM keeps touches."""

ROUTED_MINUTES, OWNED_MINUTES, TOUCHED_MINUTES = 0.6, 1.1, 42.0
"""Median minutes from the form to routed, from there to an owner, from there to a human touch."""
SLOW_TOUCH = 1.7
"""Factor on the human part since sales accepts leads later (`company.SLOW_SAL_FROM`)."""
IN_QUEUE, NEVER_TOUCHED = 0.035, 0.06
CHANGES_A_WEEK, CHANGE_FAILS = 2.2, 0.11
REQUESTS_A_WEEK, REQUEST_LATE = 1.4, 0.05
PEOPLE_COST = 118_000.0
"""BRL a month beside media."""


def touches(company: Company) -> pl.DataFrame:
    """One row a touch of a lead: form, routing, owner, first human contact. The CRM's outages hold routing up."""
    rng = np.random.default_rng(101)
    made = company.leads["seconds"].astype(np.float64)
    count = len(made)

    def after(moment: Any, minutes: Any, spread: float) -> Any:
        return moment + 60 * minutes * np.exp(rng.normal(0, spread, count))

    routed = after(made, ROUTED_MINUTES, 0.5)
    for outage in sample.OUTAGES:
        if outage.service == sample.CRM:
            start, end = ((moment - _EPOCH).total_seconds() for moment in (outage.start, outage.end))
            routed = np.where((routed >= start) & (routed < end), end + rng.uniform(0, 900, count), routed)
    owned = after(routed, OWNED_MINUTES, 0.6)
    queued = rng.uniform(size=count) < IN_QUEUE
    rescued = after(owned, 190.0, 0.8)
    slow = np.where(made >= (sample.SLOW_SAL_FROM - sample.FIRST_DAY).days * 86_400, SLOW_TOUCH, 1.0)
    touched = after(np.where(queued, rescued, owned), TOUCHED_MINUTES * slow, 1.1)
    never = rng.uniform(size=count) < NEVER_TOUCHED
    ids = np.arange(count)
    kinds = [
        ("Form submit", ids, made, False), ("Routed", ids, routed, False),
        ("Owner assigned", ids[~queued], owned[~queued], False), ("Owner assigned", ids[queued], owned[queued], True),
        ("Owner assigned", ids[queued & ~never], rescued[queued & ~never], False),
        ("Human touch", ids[~never], touched[~never], False),
    ]  # fmt: skip
    begin, end = ((moment - _EPOCH).total_seconds() for moment in (start_of(LOGGED_FROM), sample.END))
    frame = pl.concat(
        pl.DataFrame({"index": lead, "Touch": kind, "seconds": at[lead] if len(at) == count else at, "Default queue": is_queue})
        for kind, lead, at, is_queue in kinds
    ).filter(pl.col("seconds") < end, pl.col("index").is_in(np.flatnonzero(made >= begin)))
    moment = pl.lit(_EPOCH).cast(pl.Datetime("ms", "UTC")) + pl.duration(seconds=pl.col("seconds").round().cast(pl.Int64))
    owner = pl.when(pl.col("Touch") == "Owner assigned").then(
        pl.when(pl.col("Default queue")).then(pl.lit("unassigned queue")).otherwise(pl.format("sales-{}", pl.col("index") % 7 + 1))
    )
    return (
        frame.sort("index", "seconds", maintain_order=True)
        .select(
            pl.format("00Q5e{}", (pl.col("index") + 1).cast(pl.String).str.zfill(7)).alias("Lead ID"), "Touch",
            moment.alias("At"), owner.alias("Owner"),
            pl.when(pl.col("Touch") == "Owner assigned").then(pl.col("Default queue")).alias("Default queue"),
        )
    )  # fmt: skip


def changes() -> list[list[Any]]:
    """Deployments to marketing-facing systems: id, service, moment, whether it failed, when it was restored."""
    rng = np.random.default_rng(102)
    rows: list[list[Any]] = [["Change ID", "Service", "Deployed at", "Failed", "Restored at"]]
    at = _EPOCH + timedelta(hours=9)
    number = 0
    while (at := at + timedelta(hours=float(rng.exponential(7 * 24 / CHANGES_A_WEEK)))) < sample.END:
        number += 1
        service = (sample.WEB, sample.CRM, "Consent banner", "Tag manager")[int(rng.integers(4))]
        failed = bool(rng.uniform() < CHANGE_FAILS)
        restored = at + timedelta(minutes=float(rng.uniform(10, 240))) if failed else None
        rows.append([f"CHG{number:05d}", service, _said(at), "yes" if failed else "no", _said(restored) if restored else ""])
    return rows


def privacy_requests() -> list[list[Any]]:
    """Requests of data subjects: id, law, received, closed."""
    rng = np.random.default_rng(103)
    rows: list[list[Any]] = [["Request ID", "Law", "Received at", "Closed at"]]
    at = _EPOCH
    number = 0
    while (at := at + timedelta(hours=float(rng.exponential(7 * 24 / REQUESTS_A_WEEK)))) < sample.END:
        number += 1
        law, days = (("LGPD", 15), ("GDPR", 30))[int(rng.uniform() < 0.3)]
        took = days * (float(rng.uniform(1.05, 1.6)) if rng.uniform() < REQUEST_LATE else float(rng.uniform(0.1, 0.9)))
        closed = at + timedelta(days=took)
        rows.append([f"DSR-{number:04d}", law, _said(at), _said(closed) if closed < sample.END else ""])
    return rows


def costs(company: Company) -> list[list[Any]]:
    """Sales and marketing cost by month and cost centre: media as the platforms spent it, and people and tools."""
    rng = np.random.default_rng(104)
    made = company.performance
    euro = np.array([c.unit.currency == "EUR" for c in company.campaigns])[made["campaign"]]
    spent = np.where(euro, made["spend"] * company.brl_per_eur[made["day"]], made["spend"])
    day = (pl.lit(sample.FIRST_DAY) + pl.duration(days=pl.col("day"))).cast(pl.Date)
    by_month = (
        pl.DataFrame({"day": made["day"], "brl": spent}).group_by(day.dt.month_start().alias("month")).agg(pl.col("brl").sum())
    )
    rows: list[list[Any]] = [["Cost centre", "Period start", "Period end", "Cost", "Currency"]]
    media: dict[date, float] = dict(by_month.sort("month").iter_rows())
    for month, amount in media.items():
        end = (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        rows.append(["4100 Media", month.isoformat(), end.isoformat(), f"{amount:.2f}", "BRL"])
        people = PEOPLE_COST * float(np.exp(rng.normal(0, 0.03)))
        rows.append(["4200 Sales and marketing people and tools", month.isoformat(), end.isoformat(), f"{people:.2f}", "BRL"])
    return rows


def _said(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M")
