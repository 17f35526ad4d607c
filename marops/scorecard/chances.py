"""How likely leads are to be won, learned from those that are old enough to have been, and how well such chances came true.

A group (unit and channel) with few leads says little: its rate is drawn towards that of all leads, the more so the less groups
differ (empirical Bayes, beta-binomial). Pure: frames in, frames and numbers out.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

FEWEST = 50
"""Leads old enough to have been won, below which nothing is learned from them."""

_GROUP = ("unit", "channel")
_TESTED = timedelta(days=180)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Counts = npt.NDArray[np.float64]
_STEPS = 50


class Past:
    """Leads as chances are learned from them, at as many moments as anybody asks about."""

    def __init__(self, leads: pl.DataFrame) -> None:
        self.groups = leads.select(_GROUP).unique().sort(_GROUP)
        numbered = self.groups.with_row_index("group")
        of_lead = leads.select(_GROUP).join(numbered, on=_GROUP, how="left", nulls_equal=True, maintain_order="left")
        self._group = of_lead["group"].to_numpy().astype(np.intp)
        self._leads = leads
        self._won = np.flatnonzero(leads["won_at"].is_not_null().to_numpy())
        self._moments: dict[str, npt.NDArray[np.int64]] = {}
        self._learned: dict[tuple[datetime, str], Chances | None] = {}

    def moments(self, milestone: str) -> npt.NDArray[np.int64]:
        """When each lead reached a milestone, in epoch microseconds; `NEVER` where it did not."""
        if milestone not in self._moments:
            self._moments[milestone] = self._leads[milestone].dt.epoch("us").fill_null(NEVER).to_numpy()
        return self._moments[milestone]

    def counts(self, entered: str, first: datetime, last: datetime, at: datetime) -> tuple[Counts, Counts]:
        """By group, how many leads reached a milestone from a moment to another, and how many of them were won before a third."""
        start, end = (np.int64(_micro(moment)) for moment in (first, last))
        reached, won = self.moments(entered), self.moments("won_at")[self._won]
        reached_of_won = reached[self._won]
        hits = (won < _micro(at)) & (reached_of_won >= start) & (reached_of_won <= end)
        return self._by_group(np.flatnonzero((reached >= start) & (reached <= end))), self._by_group(self._won[hits])

    def _by_group(self, leads: npt.NDArray[np.intp]) -> Counts:
        return np.bincount(self._group[leads], minlength=self.groups.height).astype(np.float64)

    def cycle(self, at: datetime, entered: str = "created_at") -> timedelta | None:
        """The time from a milestone within which 95 % of the leads won by a moment were won; None where none was."""
        won, start = self.moments("won_at")[self._won], self.moments(entered)[self._won]
        took = (won - start)[(won < _micro(at)) & (start <= won)] // 1_000_000
        return timedelta(seconds=int(np.quantile(took, 0.95, method="higher"))) if took.size else None

    def learned(self, at: datetime, entered: str = "created_at") -> "Chances | None":
        """Chances that a lead which has reached a milestone (`entered`) is won, as one could know them at a moment.

        None below `FEWEST` leads old enough, or where none of them was won.
        """
        if (at, entered) not in self._learned:
            self._learned[at, entered] = self._learn(at, entered)
        return self._learned[at, entered]

    def _learn(self, at: datetime, entered: str) -> "Chances | None":
        length = self.cycle(at, entered)
        if length is None:
            return None
        n, won = self.counts(entered, _LONG_AGO, at - length, at)
        count, wins = float(n.sum()), float(won.sum())
        if count < FEWEST or wins == 0:
            return None
        mean, known = wins / count, n > 0
        pull = _pull(n[known], won[known], mean)
        weighed = self.groups.with_columns(pl.Series("chance", (won + pull * mean) / (n + pull)), pl.Series("weight", n + pull))
        return Chances(weighed, mean, length)


NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Chances:
    """Chances learned at a moment. `groups`: unit, channel, chance, weight (leads it is worth) of every group, also of those of
    which nothing is known yet; `chance`: that of all leads; `cycle`: the time within which 95 % of the won were won.
    """

    groups: pl.DataFrame
    chance: float
    cycle: timedelta

    def of(self, leads: pl.DataFrame) -> pl.DataFrame:
        """The leads by group: unit, channel, n, chance and weight."""
        counted = leads.group_by(_GROUP).agg(pl.len().alias("n"))
        return counted.join(self.groups, on=_GROUP, how="left", nulls_equal=True).sort(_GROUP)


def _micro(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _pull(n: np.ndarray, won: np.ndarray, mean: float) -> float:
    """How many leads the common rate is worth beside a group's own: few where groups differ a lot, at most all there are."""
    count = float(n.sum())
    spread = float((n * (won / n - mean) ** 2).sum()) - (len(n) - 1) * mean * (1 - mean)
    room = count - float((n**2).sum()) / count
    if spread <= 0 or room <= 0:
        return count
    return min(count, max(1.0, mean * (1 - mean) / (spread / room) - 1))


@dataclass(frozen=True, slots=True)
class Calibration:
    """Chances against what happened: `slope` 1 is right, below it chances differ more than outcomes do (None: all chances were
    the same); `brier` is the mean squared error of the chances, `leads` how many were compared.
    """

    slope: float | None
    brier: float
    leads: int


def calibration(past: Past, at: datetime) -> Calibration | None:
    """Chances learned before the newest half-year of leads that are old enough by a moment, against what became of those leads."""
    length = past.cycle(at)
    if length is None:
        return None
    newest, oldest = at - length, at - length - _TESTED
    known = past.learned(oldest)
    n, won = past.counts("created_at", oldest, newest - _MICROSECOND, at)
    if known is None or not n.any():
        return None
    chance = known.groups["chance"].to_numpy()
    brier = float((won * (1 - chance) ** 2 + (n - won) * chance**2).sum() / n.sum())
    apart, which = np.unique(chance[n > 0], return_inverse=True)
    tested, came_true = (np.bincount(which, counts[n > 0]).astype(np.float64) for counts in (n, won))
    return Calibration(_slope(apart, tested, came_true), brier, int(n.sum()))


def _slope(chance: Counts, n: Counts, won: Counts) -> float | None:
    """The slope of outcomes on the log odds of chances (logistic regression by Newton's method)."""
    if len(chance) < 2 or won.sum() in (0, n.sum()):
        return None
    x = np.column_stack([np.ones(len(chance)), np.log(chance / (1 - chance))])
    weights = np.array([0.0, 1.0])
    for _ in range(_STEPS):
        expected = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        curvature = x.T @ (x * (n * expected * (1 - expected))[:, None])
        if np.linalg.cond(curvature) > 1e12:
            return None
        step = np.linalg.solve(curvature, x.T @ (won - n * expected))
        weights = weights + step
        if float(np.abs(step).max()) < 1e-9:
            return float(weights[1])
    return None
