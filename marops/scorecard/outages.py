"""Outages: when services were down, and what that took in leads. Pure: frames and moments in, numbers out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from marops.period import Period
from marops.scorecard.dated import Dated

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


def episodes(joined: Sequence[Outage]) -> list[tuple[Outage, ...]]:
    """Joined outages (in order), those together that begin within six hours of the end of the one before: whoever comes back then
    cannot be told apart by outage.
    """
    found: list[tuple[Outage, ...]] = []
    for outage in joined:
        if found and outage.start < found[-1][-1].end + REBOUND:
            found[-1] = (*found[-1], outage)
        else:
            found.append((outage,))
    return found


class Monitoring:
    """What monitors saw (sli_measurement), with what every KPI of it needs worked out once: `single` outages by service, and
    `joined` ones, and `episodes` of these.
    """

    def __init__(self, sli: pl.DataFrame) -> None:
        self.single = outages(sli)
        self.joined = together(self.single)
        self.episodes = episodes(self.joined)
        self._windows = Dated(sli, "window_start")
        self._longest = timedelta(seconds=int(sli["window_seconds"].max() or 0))  # pyright: ignore[reportArgumentType]
        self._times: dict[Period, pl.DataFrame] = {}

    def service_times(self, period: Period) -> pl.DataFrame:
        """Monitored and bad seconds of each service inside a period; windows that reach beyond it count in part."""
        if period not in self._times:
            start, end = period.moments
            self._times[period] = _service_times(self._windows.between(start - self._longest, end), period)
        return self._times[period]

    def covers(self, period: Period) -> bool:
        """Whether any service was monitored in a period."""
        return not self.service_times(period).is_empty()

    def broken(self, period: Period) -> list[Outage]:
        """The times in which any service was down, in order, that began in a period."""
        return [outage for outage in self.joined if period.contains(outage.start.date())]


def _service_times(windows: pl.DataFrame, period: Period) -> pl.DataFrame:
    start, end = period.moments
    begins = pl.col("window_start")
    ends = begins + pl.duration(seconds=pl.col("window_seconds"))
    inside = (pl.min_horizontal(ends, pl.lit(end)) - pl.max_horizontal(begins, pl.lit(start))).dt.total_seconds().clip(0)
    bad = pl.when(pl.col("total_count") > 0).then(pl.col("bad_count").fill_null(0) / pl.col("total_count"))
    return (
        windows.filter(pl.col("total_count") > 0)
        .group_by("service")
        .agg(inside.sum().cast(pl.Float64).alias("total"), (inside * bad).sum().alias("bad"))
        .filter(pl.col("total") > 0)
        .sort("service")
    )


class Arrivals:
    """When leads come: `created`, sorted, in epoch seconds; and the hours of the week in which those of ads come where nothing is
    down.
    """

    def __init__(self, leads: pl.DataFrame, joined: Sequence[Outage]) -> None:
        self.created = np.sort(_micro(leads["created_at"]).astype(np.float64) / 1e6)
        paid = np.sort(_micro(leads.filter(pl.col("channel") != "")["created_at"]))
        starts, ends = (np.array([int(at.timestamp() * 1e6) for at in found]) for found in _bounds(joined))
        if len(joined):
            before = np.searchsorted(starts, paid, "right") - 1
            paid = paid[(before < 0) | (paid > ends[before])]
        self._paid = paid
        self._hour = (paid // 3_600_000_000 + 3 * 24) % _WEEK_HOURS  # the epoch's first day was a Thursday

    def profile(self, before: datetime) -> npt.NDArray[np.int64]:
        """Leads of ads by weekday and hour before a moment, outside outages (7 × 24)."""
        known = np.searchsorted(self._paid, int(before.timestamp() * 1e6), "left")
        return np.bincount(self._hour[:known], minlength=_WEEK_HOURS).reshape(7, 24)


_WEEK_HOURS = 7 * 24


def _micro(moments: pl.Series) -> npt.NDArray[np.int64]:
    return moments.drop_nulls().dt.epoch("us").to_numpy()


def _bounds(joined: Sequence[Outage]) -> tuple[list[datetime], list[datetime]]:
    return [outage.start for outage in joined], [outage.end for outage in joined]


@dataclass(frozen=True, slots=True)
class Loss:
    """Leads an outage took: expected, arrived, extra in the hours after; the net loss and its variance."""

    expected: float
    actual: int
    rebound: float
    net: float
    variance: float


def loss(
    created: npt.NDArray[np.float64], episode: Sequence[Outage], every: Sequence[Outage], *,
    until: datetime | None = None, weeks: int = CLEAN_WEEKS,
) -> Loss | None:  # fmt: skip
    """What an episode of outages took, against the same hours of up to `weeks` earlier weeks without an outage.

    `created`: sorted creation times in epoch seconds; `until`: where the data end. None where fewer than 3 such weeks are there.
    Whoever came extra between its outages or in the six hours after the last came back once, whichever outage had turned them away.
    The rebound is negative where fewer came than usual: counting only what is above would take chance for leads that came back,
    and the sum over many episodes would be too low.
    """
    down = [(outage.start.timestamp(), outage.end.timestamp()) for outage in episode]
    start, over = down[0][0], down[-1][1] + REBOUND.total_seconds()
    over = over if until is None else min(over, until.timestamp())
    up = [(end, begin) for end, begin in zip([end for _, end in down], [*(begin for begin, _ in down[1:]), over], strict=True)]
    if not created.size:
        return None
    week = 7 * 86_400.0
    during: list[int] = []
    later: list[int] = []
    for back in range(1, 3 * weeks + 1):
        shift = back * week
        if start - shift < created[0]:
            break
        if any(o.start.timestamp() < over - shift and o.end.timestamp() > start - shift for o in every):
            continue
        during.append(_counts(created, down, shift))
        later.append(_counts(created, up, shift))
        if len(during) == weeks:
            break
    if len(during) < 3:
        return None
    expected, usual_after = float(np.mean(during)), float(np.mean(later))
    actual = _counts(created, down)
    rebound = _counts(created, up) - usual_after
    dispersion = _dispersion(during, later)
    clean = len(during)
    # A count's variance is its mean times the dispersion; the expectation itself is known from `clean` weeks only.
    variance = dispersion * max(expected + usual_after, 0.5) * (1 + 1 / clean)
    return Loss(expected, actual, rebound, expected - actual - rebound, variance)


def naive_loss(per_day: float, minutes: float) -> float:
    """What an outage would have taken if leads came evenly: minutes times the average rate. Shown only beside the estimate, and
    called naive: leads come by the hour of the week, and it is off by half for an outage of some hours.

    >>> round(naive_loss(22_000, 5)), round(naive_loss(22_000, 15))
    (76, 229)
    """
    return per_day * minutes / 1440


def usual_per_day(created: npt.NDArray[np.float64], outage: Outage, weeks: int = CLEAN_WEEKS) -> float | None:
    """Leads a day in the weeks before an outage; None where the data begin later."""
    start = outage.start.timestamp()
    since = start - weeks * 7 * 86_400
    return _count(created, since, start) / (weeks * 7) if created.size and created[0] <= since else None


def _dispersion(*samples: Sequence[int]) -> float:
    ratios = [np.var(sample, ddof=1) / np.mean(sample) for sample in samples if np.mean(sample) > 0]
    return max(1.0, float(np.mean(ratios))) if ratios else 1.0


def _counts(created: npt.NDArray[np.float64], spans: Sequence[tuple[float, float]], shift: float = 0.0) -> int:
    return sum(_count(created, begin - shift, end - shift) for begin, end in spans if end > begin)


def _count(created: npt.NDArray[np.float64], start: float, end: float) -> int:
    return int(np.searchsorted(created, end, "left") - np.searchsorted(created, start, "left"))
