"""How likely leads are to be won, learned from those that are old enough to have been, and how well such chances came true.

A group (unit and channel) with few leads says little: its rate is drawn towards that of all leads, the more so the less groups
differ (empirical Bayes, beta-binomial). Pure: frames in, frames and numbers out.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl

FEWEST = 50
"""Leads old enough to have been won, below which nothing is learned from them."""

_GROUP = ("unit", "channel")
_TESTED = timedelta(days=180)
_STEPS = 50


@dataclass(frozen=True, slots=True)
class Chances:
    """Chances learned at a moment. `groups`: unit, channel, chance, weight (leads it is worth); `chance` and `weight` stand for
    groups that are not there; `cycle`: the time within which 95 % of the won were won.
    """

    groups: pl.DataFrame
    chance: float
    weight: float
    cycle: timedelta

    def of(self, leads: pl.DataFrame) -> pl.DataFrame:
        """The leads with `chance` and `weight`."""
        joined = leads.join(self.groups, on=_GROUP, how="left", nulls_equal=True)
        return joined.with_columns(pl.col("chance").fill_null(self.chance), pl.col("weight").fill_null(self.weight))


def cycle(leads: pl.DataFrame, at: datetime, entered: str = "created_at") -> timedelta | None:
    """The time from a milestone within which 95 % of the leads won by a moment were won; None where none was."""
    took = leads.filter(pl.col("won_at") < at, pl.col(entered) <= pl.col("won_at")).select(pl.col("won_at") - pl.col(entered))
    seconds = took.to_series().dt.total_seconds().quantile(0.95, "higher")
    return None if seconds is None else timedelta(seconds=seconds)


def learned(leads: pl.DataFrame, at: datetime, entered: str = "created_at") -> Chances | None:
    """Chances that a lead which has reached a milestone (`entered`) is won, as one could know them at a moment.

    None below `FEWEST` leads old enough, or where none of them was won.
    """
    length = cycle(leads, at, entered)
    if length is None:
        return None
    groups = (
        leads.filter(pl.col(entered) + length <= at)
        .group_by(_GROUP)
        .agg(pl.len().alias("n"), (pl.col("won_at") < at).fill_null(value=False).sum().alias("won"))
    )
    n, won = groups["n"].to_numpy().astype(float), groups["won"].to_numpy().astype(float)
    count, wins = float(n.sum()), float(won.sum())
    if count < FEWEST or wins == 0:
        return None
    mean = wins / count
    pull = _pull(n, won, mean)
    weighed = groups.select(
        *_GROUP, ((pl.col("won") + pull * mean) / (pl.col("n") + pull)).alias("chance"), (pl.col("n") + pull).alias("weight")
    )
    return Chances(weighed, mean, pull, length)


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


def calibration(leads: pl.DataFrame, at: datetime) -> Calibration | None:
    """Chances learned before the newest half-year of leads that are old enough by a moment, against what became of those leads."""
    length = cycle(leads, at)
    if length is None:
        return None
    newest, oldest = at - length, at - length - _TESTED
    known = learned(leads, oldest)
    tested = leads.filter(pl.col("created_at").is_between(oldest, newest, closed="left"))
    if known is None or tested.is_empty():
        return None
    told = known.of(tested).select("chance", (pl.col("won_at") < at).fill_null(value=False).cast(pl.Float64).alias("won"))
    brier = float(told.select(((pl.col("chance") - pl.col("won")) ** 2).mean()).item())
    by_chance = told.group_by("chance").agg(pl.len().alias("n"), pl.col("won").sum()).sort("chance")
    return Calibration(_slope(by_chance), brier, told.height)


def _slope(by_chance: pl.DataFrame) -> float | None:
    """The slope of outcomes on the log odds of chances (logistic regression by Newton's method)."""
    chance, n, won = (by_chance[name].to_numpy().astype(float) for name in ("chance", "n", "won"))
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
