"""Intervals and estimators that several domains share, on scipy.

Differences of proportions follow Newcombe's method 10 from Wilson's limits; times with open ends the Kaplan-Meier estimate.
"""

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

_Z95 = NormalDist().inv_cdf(0.975)


def wilson(successes: int, total: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a proportion. Raises ValueError for total 0."""
    if not 0 <= successes <= total or total == 0:
        raise ValueError(f"{successes} of {total} is no proportion")
    # The formula itself: scipy has it only behind an exact test, which takes a millisecond that nobody asks for.
    share, z2 = successes / total, _Z95**2
    centre, spread = share + z2 / (2 * total), _Z95 * math.sqrt(share * (1 - share) / total + z2 / (4 * total**2))
    low, high = ((centre + side * spread) / (1 + z2 / total) for side in (-1, 1))
    return 0.0 if successes == 0 else low, 1.0 if successes == total else high


def newcombe(successes_a: int, total_a: int, successes_b: int, total_b: int) -> tuple[float, float]:
    """Newcombe's 95 % interval (method 10) of the difference of two proportions, a minus b.

    >>> low, high = newcombe(86, 110, 58, 100)
    >>> round(low, 3), round(high, 3)
    (0.076, 0.32)
    """
    a, b = successes_a / total_a, successes_b / total_b
    (low_a, high_a), (low_b, high_b) = wilson(successes_a, total_a), wilson(successes_b, total_b)
    down = math.hypot(a - low_a, high_b - b)
    up = math.hypot(high_a - a, b - low_b)
    return a - b - down, a - b + up


@dataclass(frozen=True)
class Survival:
    """A Kaplan-Meier curve: at each time, the share that has not ended yet. `curve` is scipy's; its band waits to be asked for."""

    times: npt.NDArray[np.float64]
    share: npt.NDArray[np.float64]
    observed: int
    open: int
    curve: Any

    @property
    def low(self) -> npt.NDArray[np.float64]:
        """The lower end of the 95 % band at each time."""
        return self._band[0]

    @property
    def high(self) -> npt.NDArray[np.float64]:
        """The upper end."""
        return self._band[1]

    @cached_property
    def _band(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        with warnings.catch_warnings():
            # Where nobody or everybody has ended the formula has no value; there the curve itself is the limit.
            warnings.simplefilter("ignore", RuntimeWarning)
            band = self.curve.confidence_interval(confidence_level=0.95, method="log-log")
        low, high = (np.asarray(end.probabilities, dtype=np.float64) for end in (band.low, band.high))
        certain = np.round(self.share)
        return np.where(np.isnan(low), certain, low), np.where(np.isnan(high), certain, high)

    def quantile(self, p: float) -> float | None:
        """The time by which a share `p` has ended; None where too few have ended to say."""
        return _first(self.times, self.share, 1 - p)

    def at(self, moment: float) -> tuple[float, float, float]:
        """The share that has not ended by a time, with its 95 % band."""
        found = int(np.searchsorted(self.times, moment, side="right")) - 1
        if found < 0:
            return 1.0, 1.0, 1.0
        return float(self.share[found]), float(self.low[found]), float(self.high[found])

    def median_interval(self) -> tuple[float, float] | None:
        """95 % interval of the median; None where its upper end cannot be seen yet."""
        low, high = _first(self.times, self.low, 0.5), _first(self.times, self.high, 0.5)
        return None if low is None or high is None else (low, high)


def survival(
    ended: Sequence[float] | npt.NDArray[np.float64], still_open: Sequence[float] | npt.NDArray[np.float64]
) -> Survival | None:
    """The Kaplan-Meier curve of durations, `still_open` ones censored at their present age; None where none has ended.

    Leaving open ones out would make every process look faster than it is: the stuck ones are the slow ones.
    """
    if len(ended) == 0:
        return None
    from scipy import stats as scipy_stats

    curve: Any = scipy_stats.ecdf(
        scipy_stats.CensoredData(uncensored=ended, right=still_open)
    ).sf  # its intervals carry more than the stubs say
    share = np.asarray(curve.probabilities, dtype=np.float64)
    return Survival(np.asarray(curve.quantiles, dtype=np.float64), share, len(ended), len(still_open), curve)


def _first(times: npt.NDArray[np.float64], share: npt.NDArray[np.float64], level: float) -> float | None:
    below = np.flatnonzero(share <= level + 1e-12)
    return float(times[below[0]]) if below.size else None


def nearest_rank(values: npt.NDArray[np.float64], share: float) -> float:
    """The smallest of the values that at least this share of them does not exceed. Raises ValueError where there is none.

    >>> nearest_rank(np.array([1.0, 2.0, 3.0, 4.0, 5.0]), 0.85)
    5.0
    """
    if not len(values) or not 0 < share <= 1:
        raise ValueError(f"no percentile {share} of {len(values)} values")
    # 0.07 * 100 is a little above 7, and must not become the eighth.
    rank = math.ceil(round(share * len(values), 9))
    return float(np.partition(values, rank - 1)[rank - 1])


def percentiles(values: npt.NDArray[np.float64], *shares: float) -> list[float]:
    """The percentiles between the two nearest values, as spreadsheets (PERCENTILE.INC) and pandas have them."""
    if not len(values) or not all(0 <= share <= 1 for share in shares):
        raise ValueError(f"no percentiles {shares} of {len(values)} values")
    return np.quantile(values, shares).tolist()


def rank_interval(values: npt.NDArray[np.float64], share: float) -> tuple[float, float] | None:
    """The 95 % interval of a percentile by the ranks of the values, without any distribution; None where there are too few for one.

    >>> rank_interval(np.arange(1.0, 101.0), 0.5)
    (40.0, 61.0)
    """
    from scipy import stats as scipy_stats

    low = int(scipy_stats.binom.ppf(0.025, len(values), share))
    high = int(scipy_stats.binom.ppf(0.975, len(values), share)) + 1
    if low < 1 or high > len(values):
        return None
    ordered = np.sort(values)
    return float(ordered[low - 1]), float(ordered[high - 1])


def rank_test(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Mann and Whitney's test: the chance of a difference like this where there is none, and how likely a value of `a` is above one
    of `b` (ties count half).
    """
    from scipy import stats as scipy_stats

    found: Any = scipy_stats.mannwhitneyu(a, b, method="asymptotic")
    return float(found.pvalue), float(found.statistic) / (len(a) * len(b))


def z95() -> float:
    """The standard normal's 97.5 % point."""
    return _Z95


def welch(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> float:
    """Half of the 95 % interval of the difference of two means (Welch); 0 where each side agrees to the last answer."""
    from scipy import stats as scipy_stats

    parts = [(float(side.var(ddof=1)) / len(side), len(side) - 1) for side in (a, b)]
    variance = sum(part for part, _ in parts)
    if variance == 0:
        return 0.0
    freedom = variance**2 / sum(part**2 / left for part, left in parts)
    return float(scipy_stats.t.ppf(0.975, freedom)) * variance**0.5
