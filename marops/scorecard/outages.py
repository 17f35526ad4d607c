"""Outages: when services were down, and what that took in leads. Pure: frames and moments in, numbers out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from marops.period import Period

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


def is_monitored(sli: pl.DataFrame, period: Period) -> bool:
    """Whether any service was monitored in a period."""
    return not service_times(sli, period).is_empty()


def broken_times(sli: pl.DataFrame, period: Period) -> list[Outage]:
    """The times in which any service was down, in order, that began in a period."""
    return [outage for outage in together(outages(sli)) if period.contains(outage.start.date())]


def service_times(sli: pl.DataFrame, period: Period) -> pl.DataFrame:
    """Monitored and bad seconds of each service inside a period; windows that reach beyond it count in part."""
    start, end = period.moments
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
