"""The formulas of the scorecard's KPIs: pure functions from frames and a period to a `Measure`.

Each takes the facts it needs and a period, and gives a value with its interval, or the reason why there is none.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from marops import rollups, stats
from marops.language import Text, ntext, text
from marops.measure import Interval, Measure
from marops.period import Period
from marops.quantity import Quantity, Unit
from marops.scorecard.definitions import KPIS, Kpi

ACCEPTED_WITHIN = timedelta(days=14)
QUALIFIED_WITHIN = timedelta(days=60)
CLEAN_WEEKS = 8
REBOUND = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Outage:
    """A time in which a service was down."""

    service: str
    start: datetime
    end: datetime

    @property
    def hours(self) -> float:
        """Length in hours."""
        return (self.end - self.start).total_seconds() / 3600


@dataclass(frozen=True, slots=True)
class Facts:
    """What the KPIs are computed from.

    `leads`: one row a lead (rollups.leads). `performance`: rollups.channel_days. `sli`: sli_measurement.
    `work`: rollups.work. `survey`: side, value, recorded_at of question PX1.
    `ages`: hours since the last day each source describes. `end`: the moment up to which the data reaches.
    `availability_target`: share that must work, by period (None: no target).
    """

    leads: pl.DataFrame
    performance: pl.DataFrame
    sli: pl.DataFrame
    work: pl.DataFrame
    survey: pl.DataFrame
    ages: dict[str, float]
    end: datetime
    currency: str
    availability_target: Callable[[Period], float | None]
    unit: str | None = None


def measure(kpi: Kpi, facts: Facts, period: Period) -> Measure:
    """The KPI's measure in a period."""
    return _FORMULAS[kpi.id](facts, period)


# Services


def outages(sli: pl.DataFrame) -> list[Outage]:
    """Times in which a service was wholly down, touching windows joined, in order of start."""
    down = sli.filter((pl.col("bad_count") >= pl.col("total_count")) & (pl.col("total_count") > 0)).sort("service", "window_start")
    found: list[Outage] = []
    for service, start, seconds in down.select("service", "window_start", "window_seconds").iter_rows():
        end = start + timedelta(seconds=seconds)
        if found and found[-1].service == service and found[-1].end >= start:
            found[-1] = Outage(service, found[-1].start, max(end, found[-1].end))
        else:
            found.append(Outage(service, start, end))
    return sorted(found, key=lambda outage: (outage.start, outage.service))


def together(found: Sequence[Outage]) -> list[Outage]:
    """Outages (in order of start) with those that overlap joined, whichever service was down: a lead is lost once."""
    joined_up: list[Outage] = []
    for outage in found:
        if joined_up and joined_up[-1].end > outage.start:
            joined_up[-1] = replace(joined_up[-1], end=max(joined_up[-1].end, outage.end))
        else:
            joined_up.append(outage)
    return joined_up


def service_times(sli: pl.DataFrame, period: Period) -> pl.DataFrame:
    """Monitored and bad seconds of each service inside a period; windows that reach beyond it count in part."""
    start, end = _bounds(period)
    begins = pl.col("window_start")
    ends = begins + pl.duration(seconds=pl.col("window_seconds"))
    inside = (pl.min_horizontal(ends, pl.lit(end)) - pl.max_horizontal(begins, pl.lit(start))).dt.total_seconds().clip(0)
    share = pl.when(pl.col("window_seconds") > 0).then(inside / pl.col("window_seconds")).otherwise(0.0)
    return (
        sli.group_by("service")
        .agg((pl.col("total_count") * share).sum().alias("total"), (pl.col("bad_count").fill_null(0) * share).sum().alias("bad"))
        .filter(pl.col("total") > 0)
        .sort("service")
    )


def _availability(facts: Facts, period: Period) -> Measure:
    times = service_times(facts.sli, period)
    if times.is_empty():
        return _missing("IT1", facts, period, text("No service was monitored in these days. Import the log of an uptime monitor."))
    shares = {service: 1 - bad / total for service, total, bad in times.iter_rows()}
    worst = min(shares, key=lambda service: shares[service])
    note = text("lowest: {service} {share}", service=worst, share=Quantity(shares[worst], Unit.PERCENT))
    return _measured("IT1", period, float(np.prod(list(shares.values()))), facts, note=note)


def _error_budget(facts: Facts, period: Period) -> Measure:
    times = service_times(facts.sli, period)
    if times.is_empty():
        return _missing("IT2", facts, period, text("No service was monitored in these days. Import the log of an uptime monitor."))
    target = facts.availability_target(period)
    if target is None or not 0 < target < 1:
        return _missing("IT2", facts, period, text("There is no availability target for these days. Import a target for IT1."))
    left = {service: 1 - bad / ((1 - target) * total) for service, total, bad in times.iter_rows()}
    worst = min(left, key=lambda service: left[service])
    return _measured("IT2", period, left[worst], facts, note=text("worst service: {service}", service=worst))


def _time_to_restore(facts: Facts, period: Period) -> Measure:
    if service_times(facts.sli, period).is_empty():
        return _missing("IT8", facts, period, text("No service was monitored in these days. Import the log of an uptime monitor."))
    hours = [outage.hours for outage in outages(facts.sli) if period.contains(outage.start.date())]
    if not hours:
        return _missing("IT8", facts, period, text("No outage in these days."))
    note = ntext(
        "{n} outage, longest {longest}", "{n} outages, longest {longest}", len(hours), longest=Quantity(max(hours), Unit.HOURS)
    )
    return _measured("IT8", period, float(np.median(hours)), facts, note=note)


def _freshness(facts: Facts, period: Period) -> Measure:
    if not facts.ages:
        return _missing("IT6", facts, period, text("Nothing has been imported yet."))
    oldest = max(facts.ages, key=lambda source: facts.ages[source])
    return _measured("IT6", period, facts.ages[oldest], facts, note=text("oldest: {source}", source=oldest))


# Leads


def _in(column: str, period: Period) -> pl.Expr:
    return pl.col(column).dt.date().is_between(period.start, period.end)


def _leads(facts: Facts) -> pl.DataFrame:
    return facts.leads if facts.unit is None else facts.leads.filter(pl.col("unit") == facts.unit)


def time_as_mql(leads: pl.DataFrame, end: datetime) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Hours leads stayed MQLs: those that left the stage, and those still there at `end`."""
    left = pl.min_horizontal("sal_at", "sql_at", "won_at", "lost_at")
    hours = (pl.coalesce(left, pl.lit(end)) - pl.col("mql_at")).dt.total_seconds() / 3600
    timed = leads.filter(pl.col("mql_at").is_not_null()).select(hours.alias("hours"), left.is_not_null().alias("left"))
    timed = timed.filter(pl.col("hours") >= 0)
    return timed.filter("left")["hours"].to_numpy(), timed.filter(~pl.col("left"))["hours"].to_numpy()


def _stage_time(facts: Facts, period: Period) -> Measure:
    if facts.leads.is_empty():
        return _no_leads("IT4", facts, period)
    ended, still = time_as_mql(_leads(facts).filter(_in("mql_at", period)), facts.end)
    curve = stats.survival(ended, still)
    median = curve.quantile(0.5) if curve else None
    if curve is None or median is None:
        return _missing("IT4", facts, period, text("Fewer than half of the leads that became MQLs in these days have moved on."))
    span = curve.median_interval()
    interval = Interval(*span, method=text("Kaplan-Meier, log-log")) if span else None
    late = curve.quantile(0.85)
    note = text("85 % within {late}", late=Quantity(late, Unit.HOURS)) if late else text("fewer than 85 % have moved on")
    return _measured("IT4", period, median, facts, interval=interval, note=note)


def _cohort(kpi: str, facts: Facts, period: Period, reached: str, within: timedelta) -> Measure:
    """Share of the leads that became MQLs in a period and reached a milestone in time; only those old enough count."""
    if facts.leads.is_empty():
        return _no_leads(kpi, facts, period)
    entered = _leads(facts).filter(_in("mql_at", period))
    mature = entered.filter(pl.col("mql_at") + within <= facts.end)
    if mature.is_empty():
        return _missing(kpi, facts, period, text("No MQL of these days is {days} days old yet.", days=within.days))
    hits = mature.filter(pl.col(reached) - pl.col("mql_at") <= within).height
    young = entered.height - mature.height
    note = ntext("{n} MQL", "{n} MQLs", mature.height)
    if young:
        note = ntext("{of} MQLs; {n} too young to count", "{of} MQLs; {n} too young to count", young, of=mature.height)
    return _share(kpi, facts, period, hits, mature.height, note)


def _acceptance(facts: Facts, period: Period) -> Measure:
    return _cohort("M2", facts, period, "sal_at", ACCEPTED_WITHIN)


def _qualification(facts: Facts, period: Period) -> Measure:
    return _cohort("M3", facts, period, "sql_at", QUALIFIED_WITHIN)


def _win_rate(facts: Facts, period: Period) -> Measure:
    if facts.leads.is_empty():
        return _no_leads("M4", facts, period)
    leads = _leads(facts)
    won, lost = (
        leads.filter(_in("won_at", period)).height,
        leads.filter(_in("lost_at", period) & pl.col("sql_at").is_not_null()).height,
    )
    if won + lost == 0:
        return _missing("M4", facts, period, text("No deal closed in these days."))
    return _share("M4", facts, period, won, won + lost, ntext("{n} deal closed", "{n} deals closed", won + lost))


def _cost_per_accepted(facts: Facts, period: Period) -> Measure:
    spend = _ads(facts, period)
    if spend.is_empty():
        return _missing("M8", facts, period, text("No ad spend in these days. Import a report of an ad platform."))
    if (why := rollups.unknown_spend(spend)) is not None:
        return _missing("M8", facts, period, why)
    if facts.leads.is_empty():
        return _no_leads("M8", facts, period)
    accepted = _leads(facts).filter(_in("sal_at", period) & (pl.col("channel") != "")).height
    if not accepted:
        return _missing("M8", facts, period, text("No lead from an ad campaign was accepted in these days."))
    total = float(spend["spend"].sum())
    note = text("{spend} for {n} accepted leads", spend=Quantity(total, Unit.MONEY, facts.currency), n=accepted)
    return _measured("M8", period, total / accepted, facts, note=note)


def _ads(facts: Facts, period: Period) -> pl.DataFrame:
    """Ad rows that lie wholly inside a period; a total of a longer range cannot be cut."""
    rows = facts.performance.filter((pl.col("period_start") >= period.start) & (pl.col("period_end") <= period.end))
    return rows if facts.unit is None else rows.filter(pl.col("unit") == facts.unit)


# Joint


def _leads_lost(facts: Facts, period: Period) -> Measure:
    if service_times(facts.sli, period).is_empty():
        return _missing("J1", facts, period, text("No service was monitored in these days. Import the log of an uptime monitor."))
    if facts.leads.is_empty():
        return _no_leads("J1", facts, period)
    every = together(outages(facts.sli))
    here = [outage for outage in every if period.contains(outage.start.date())]
    if not here:
        return _measured("J1", period, 0, facts, note=text("no outage"))
    created = np.sort(_leads(facts)["created_at"].dt.epoch("us").to_numpy().astype(np.float64) / 1e6)
    losses = [found for outage in here if (found := loss(created, outage, every)) is not None]
    if len(losses) < len(here):  # what some of them took is not what all of them took
        return _missing("J1", facts, period, text("There are not enough weeks before the outages to compare with."))
    net, variance = sum(found.net for found in losses), sum(found.variance for found in losses)
    half = stats.z95() * variance**0.5
    hours = sum(outage.hours for outage in here)
    note = ntext("{n} outage, {hours}", "{n} outages, {hours}", len(here), hours=Quantity(hours, Unit.HOURS))
    interval = Interval(net - half, net + half, text("same hours of 8 clean weeks"))
    return _measured("J1", period, net, facts, interval=interval, note=note)


@dataclass(frozen=True, slots=True)
class Loss:
    """Leads an outage took: expected, arrived, extra in the hours after; the net loss and its variance."""

    expected: float
    actual: int
    rebound: float
    net: float
    variance: float


def loss(created: npt.NDArray[np.float64], outage: Outage, every: Sequence[Outage], weeks: int = CLEAN_WEEKS) -> Loss | None:
    """What one outage took, against the same hours of up to `weeks` earlier weeks without an outage.

    `created`: sorted creation times in epoch seconds. None where fewer than 3 such weeks are in the data. The rebound is negative
    where fewer came afterwards than usual: counting only what is above would take chance for leads that came back, and the sum
    over many outages would be too low.
    """
    start, end = outage.start.timestamp(), outage.end.timestamp()
    after = end + REBOUND.total_seconds()
    if not created.size:
        return None
    week = 7 * 86_400.0
    during: list[int] = []
    later: list[int] = []
    for back in range(1, 3 * weeks + 1):
        shift = back * week
        if start - shift < created[0]:
            break
        if any(o.start.timestamp() < after - shift and o.end.timestamp() > start - shift for o in every):
            continue
        during.append(_count(created, start - shift, end - shift))
        later.append(_count(created, end - shift, after - shift))
        if len(during) == weeks:
            break
    if len(during) < 3:
        return None
    expected, usual_after = float(np.mean(during)), float(np.mean(later))
    actual = _count(created, start, end)
    rebound = _count(created, end, after) - usual_after
    dispersion = _dispersion(during, later)
    clean = len(during)
    # A count's variance is its mean times the dispersion; the expectation itself is known from `clean` weeks only.
    variance = dispersion * max(expected + usual_after, 0.5) * (1 + 1 / clean)
    return Loss(expected, actual, rebound, expected - actual - rebound, variance)


def _dispersion(*samples: Sequence[int]) -> float:
    ratios = [np.var(sample, ddof=1) / np.mean(sample) for sample in samples if np.mean(sample) > 0]
    return max(1.0, float(np.mean(ratios))) if ratios else 1.0


def _count(created: npt.NDArray[np.float64], start: float, end: float) -> int:
    return int(np.searchsorted(created, end, "left") - np.searchsorted(created, start, "left"))


def _conversion_gap(facts: Facts, period: Period) -> Measure:
    ads = _ads(facts, period)
    if ads.is_empty() or ads["conversions"].null_count() == ads.height:
        return _missing(
            "J6", facts, period, text("No conversions from ad platforms in these days. Import a report of an ad platform.")
        )
    if facts.leads.is_empty():
        return _no_leads("J6", facts, period)
    brought = _leads(facts).filter(_in("created_at", period) & (pl.col("channel") != "")).height
    if not brought:
        return _missing("J6", facts, period, text("The CRM has no lead from an ad campaign in these days."))
    reported = float(ads["conversions"].sum())
    note = text("platforms {reported}, CRM {brought}", reported=round(reported), brought=brought)
    return _measured("J6", period, abs(reported - brought) / brought, facts, note=note)


def request_to_launch(work: pl.DataFrame, end: datetime) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Days from request to launch: of launched items, and the age of those not launched."""
    days = (pl.coalesce("launched_at", pl.lit(end)) - pl.col("created_at")).dt.total_seconds() / 86_400
    timed = work.select(days.alias("days"), pl.col("launched_at").is_not_null().alias("launched")).filter(pl.col("days") > 0)
    return timed.filter("launched")["days"].to_numpy(), timed.filter(~pl.col("launched"))["days"].to_numpy()


def _request_to_launch(facts: Facts, period: Period) -> Measure:
    if facts.work.is_empty():
        return _missing("J7", facts, period, text("No campaign requests yet. Import your tracker's issues and their history."))
    work = facts.work if facts.unit is None else facts.work.filter(pl.col("unit") == facts.unit)
    asked = work.filter(_in("created_at", period))
    curve = stats.survival(*request_to_launch(asked, facts.end))
    late = curve.quantile(0.85) if curve else None
    if curve is None or late is None:
        return _missing("J7", facts, period, text("Too few of the campaigns requested in these days have launched."))
    note = ntext("{n} request", "{n} requests", asked.height)
    return _measured("J7", period, late, facts, note=note)


def _collaboration_gap(facts: Facts, period: Period) -> Measure:
    if facts.survey.is_empty():
        return _missing(
            "J9", facts, period, text("No survey answers to “{question}” yet. Import the survey's export.", question="PX1")
        )
    here = facts.survey.filter(_in("recorded_at", period))
    counts = {side: (g.filter(pl.col("value") >= 4).height, g.height) for (side,), g in here.group_by("side")}
    if not counts.get("it") or not counts.get("marketing"):
        return _missing("J9", facts, period, text("No answers from both IT and marketing in these days."))
    (agree_it, n_it), (agree_m, n_m) = counts["it"], counts["marketing"]
    low, high = stats.newcombe(agree_it, n_it, agree_m, n_m)
    note = text(
        "IT {it} of {n_it}, marketing {m} of {n_m}", it=Quantity(agree_it / n_it, Unit.PERCENT), n_it=n_it,
        m=Quantity(agree_m / n_m, Unit.PERCENT), n_m=n_m,
    )  # fmt: skip
    interval = Interval(low, high, text("Newcombe score interval"))
    return _measured("J9", period, agree_it / n_it - agree_m / n_m, facts, interval=interval, note=note)


# Building measures


def _share(kpi: str, facts: Facts, period: Period, hits: int, total: int, note: Text) -> Measure:
    interval = Interval(*stats.wilson(hits, total), method=text("Wilson score interval"))
    return _measured(kpi, period, hits / total, facts, interval=interval, note=note)


def _no_leads(kpi: str, facts: Facts, period: Period) -> Measure:
    return _missing(kpi, facts, period, text("No leads yet. Import the CRM's leads and their stage history."))


def _measured(
    kpi_id: str, period: Period, value: float, facts: Facts, *, interval: Interval | None = None, note: Text | None = None
) -> Measure:
    kpi = KPIS[kpi_id]
    return Measure(
        key=kpi.id, label=kpi.name, value=value, unit=kpi.unit, definition=kpi.id, version=kpi.version, sources=kpi.tables,
        period=period, as_of=min(period.end, (facts.end - timedelta(seconds=1)).date()),
        currency=facts.currency if kpi.unit is Unit.MONEY else None, interval=interval, note=note,
    )  # fmt: skip


def _missing(kpi_id: str, facts: Facts, period: Period, why: Text) -> Measure:
    kpi = KPIS[kpi_id]
    return Measure(
        key=kpi.id, label=kpi.name, value=None, unit=kpi.unit, definition=kpi.id, version=kpi.version, sources=kpi.tables,
        period=period, currency=facts.currency if kpi.unit is Unit.MONEY else None, missing=why,
    )  # fmt: skip


def _bounds(period: Period) -> tuple[datetime, datetime]:
    return start_of(period.start), start_of(period.end + timedelta(days=1))


def start_of(day: date) -> datetime:
    """Midnight UTC at which a day begins."""
    return datetime.combine(day, time.min, UTC)


_FORMULAS: dict[str, Callable[[Facts, Period], Measure]] = {
    "IT1": _availability,
    "IT2": _error_budget,
    "IT4": _stage_time,
    "IT6": _freshness,
    "IT8": _time_to_restore,
    "J1": _leads_lost,
    "J6": _conversion_gap,
    "J7": _request_to_launch,
    "J9": _collaboration_gap,
    "M2": _acceptance,
    "M3": _qualification,
    "M4": _win_rate,
    "M8": _cost_per_accepted,
}
