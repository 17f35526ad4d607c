"""Whether one series moves with another some periods later: the cross-correlation of pre-whitened series (Box and Jenkins).

An association, never a cause. Two series that each have a memory look related at some lag more often than not; hence both are
differenced and passed through the filter that makes noise of the first, and a lag counts only where it would stand out
among all that were looked at.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

LONGEST = 8
"""Periods by which the first series may lead the second."""

FEWEST = 40
"""Points without which nothing is said; of a season, each step but one takes one more."""

CONFIDENCE = 0.95
_HIGHEST_ORDER = 10
_NOTHING = 1e-12

_Floats = npt.NDArray[np.float64]


class NoAnswer(StrEnum):
    """Why nothing can be said about two series. GAP: a period without a value. NOT_FINITE: a value that is no number.
    TOO_SHORT: too few points. NO_VARIATION: one of them, less its trend and season, never changes or follows wholly from its
    own past.
    """

    GAP = "gap"
    NOT_FINITE = "not finite"
    TOO_SHORT = "too short"
    NO_VARIATION = "no variation"


@dataclass(frozen=True, slots=True)
class Lag:
    """One lag: how the pre-whitened series move together.

    `correlation`: from -1 to 1; `bound`: what it exceeds by chance at any of the lags looked at in one of twenty unrelated pairs.
    `effect`: change of the second series a unit of the first, `lag` periods later, in units of the second a unit of the first;
    `low` and `high`: its 95 % interval, wide enough to hold for all lags at once, so that picking one of them does not spoil it.
    """

    lag: int
    correlation: float
    bound: float
    effect: float
    low: float
    high: float

    @property
    def stands_out(self) -> bool:
        """Whether the correlation is larger than chance makes it."""
        return abs(self.correlation) > self.bound


@dataclass(frozen=True, slots=True)
class Link:
    """The test's outcome. `lags`: the first series leads by 0 to 8 periods. `reversed`: the placebo, in which time runs the other
    way and the second leads by 1 to 8; what stands out there says that the two move together, but not that the first leads.
    `order`: lags of the filter. `points`: pairs of values at lag 0 once differenced and filtered.
    """

    lags: tuple[Lag, ...]
    reversed: tuple[Lag, ...]
    order: int
    points: int

    @property
    def strongest(self) -> Lag | None:
        """The lag with the largest correlation of those that stand out; None where none does."""
        return _strongest(self.lags)

    @property
    def first(self) -> Lag | None:
        """The shortest lag that stands out: the delay."""
        return next((lag for lag in self.lags if lag.stands_out), None)

    @property
    def placebo(self) -> Lag | None:
        """The strongest lag of the placebo that stands out; None where none does, as should be."""
        return _strongest(self.reversed)


def _strongest(lags: Sequence[Lag]) -> Lag | None:
    return max((lag for lag in lags if lag.stands_out), key=lambda lag: abs(lag.correlation), default=None)


def lead(x: Sequence[float | None], y: Sequence[float | None], *, season: int | None = None) -> Link | NoAnswer:
    """Whether `x` leads `y` by 0 to 8 periods; both one value a period, in order. `season`: periods after which a season returns,
    such as 52 weeks; the usual change of each of its steps is then taken out.

    Both are differenced, de-seasoned and filtered by the autoregression of `x` whose order AIC prefers. Correlations are judged by
    Student's t, two-sided, at 5 % shared by all lags (Bonferroni). Raises ValueError where the series are not equally long.
    """
    if len(x) != len(y):
        raise ValueError(f"the series have {len(x)} and {len(y)} periods")
    if season is not None and season < 2:
        raise ValueError(f"a season has at least two periods, not {season}")
    steps = 0 if season is None else season - 1
    if len(x) - steps < FEWEST:
        return NoAnswer.TOO_SHORT
    if any(value is None for value in (*x, *y)):
        return NoAnswer.GAP
    first, second = (np.asarray(series, dtype=np.float64) for series in (x, y))
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        return NoAnswer.NOT_FINITE
    changes = [_changes(series, season) for series in (first, second)]
    if any(change is None for change in changes):
        return NoAnswer.NO_VARIATION
    (a, unit_a), (b, unit_b) = (change for change in changes if change is not None)
    weights = _autoregression(a, _HIGHEST_ORDER)
    a, b = _filtered(a, weights), _filtered(b, weights)
    # The values that every lag, either way, has to go by.
    if any(float(np.ptp(noise[LONGEST:-LONGEST])) < _NOTHING for noise in (a, b)):
        return NoAnswer.NO_VARIATION
    per, taken = unit_b / unit_a, steps + len(weights)
    lags = tuple(_lag(a, b, lag, looks=LONGEST + 1, taken=taken, per=per) for lag in range(LONGEST + 1))
    placebo = tuple(_lag(a[::-1], b[::-1], lag, looks=LONGEST, taken=taken, per=per) for lag in range(1, LONGEST + 1))
    return Link(lags, placebo, len(weights), len(a))


def _changes(series: _Floats, season: int | None) -> tuple[_Floats, float] | None:
    """The changes from period to period, less their mean, or less the mean of their step in the season; as shares of the largest,
    and that one in the series' unit. None where nothing is left but rounding.
    """
    size = float(np.abs(series).max()) or 1.0
    change = np.diff(series / size)
    if season is None:
        change -= change.mean()
    else:
        step = np.arange(len(change)) % season
        change -= (np.bincount(step, change) / np.bincount(step))[step]
    largest = float(np.abs(change).max())
    return None if largest < _NOTHING else (change / largest, largest * size)


def _past(series: _Floats, order: int, start: int) -> _Floats:
    """The `order` values before each value from `start` on, newest first: one row a value."""
    return np.column_stack([series[start - back : len(series) - back] for back in range(1, order + 1)])


def _autoregression(series: _Floats, highest: int) -> _Floats:
    """Weights of the autoregression, of order 0 to `highest`, that AIC prefers, by least squares on the same values for each."""
    best = math.inf
    weights: _Floats = np.empty(0)
    now = series[highest:]
    for order in range(highest + 1):
        found = np.linalg.lstsq(_past(series, order, highest), now)[0] if order else np.empty(0)
        left = now - _past(series, order, highest) @ found if order else now
        aic = len(now) * math.log(max(float(left @ left) / len(now), _NOTHING)) + 2 * order
        if aic < best:
            best, weights = aic, np.asarray(found, dtype=np.float64)
    return weights


def _filtered(series: _Floats, weights: _Floats) -> _Floats:
    """What the autoregression leaves of a series; its first values, which have too short a past, are dropped."""
    order = len(weights)
    if not order:
        return series
    return np.asarray(series[order:] - _past(series, order, order) @ weights, dtype=np.float64)


def _lag(a: _Floats, b: _Floats, lag: int, *, looks: int, taken: int, per: float) -> Lag:
    """How `b` moves with `a` of `lag` periods before. `taken`: degrees of freedom that season and filter have used up."""
    from scipy import special

    led, follows = a[: len(a) - lag], b[lag:]
    led, follows = led - led.mean(), follows - follows.mean()
    freedom = len(led) - 2 - taken
    t = float(special.stdtrit(freedom, 1 - (1 - CONFIDENCE) / looks / 2))
    spread = math.sqrt(float(led @ led) * float(follows @ follows))
    correlation = float(led @ follows) / spread
    effect = float(led @ follows) / float(led @ led) * per
    bound = t / math.sqrt(freedom + t * t)
    half = t * math.sqrt(max(0.0, 1 - correlation**2) * float(follows @ follows) / float(led @ led) / freedom) * per
    return Lag(lag, correlation, bound, effect, effect - half, effect + half)
