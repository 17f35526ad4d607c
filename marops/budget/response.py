"""A channel's response to spend: a saturating curve fitted to its weeks, with an interval from resampling.

weekly conversions = ceiling * spend / (half + spend) (Michaelis-Menten; a Hill curve with slope 1), least squares with
weights 1 / fitted variance of a count. For a given `half` the best `ceiling` has a closed form, so that the fit is a
search over a grid of `half`, the same for every resample. The interval is from a moving-block bootstrap of the weeks.

What it is not: the conversions are those the ad platform claims for itself, not what the spend caused. No carry-over
from week to week is modelled. The page says both.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FEWEST_WEEKS = 20
BLOCK = 4
RESAMPLES = 400
_GRID = np.geomspace(0.05, 20.0, 90)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Response:
    """A fitted channel. Spend a week in the reporting currency; outcome in conversions a week.

    `ceilings` and `halves` are the resampled fits; `lowest` and `highest` the range of weekly spend in the data.
    """

    channel: str
    ceiling: float
    half: float
    ceilings: Floats
    halves: Floats
    now: float
    lowest: float
    highest: float
    weeks: int

    def at(self, spend: float | Floats) -> Floats:
        """Expected conversions a week at a weekly spend."""
        x = np.asarray(spend, dtype=np.float64)
        return self.ceiling * x / (self.half + x)

    def draws_at(self, spend: float | Floats) -> Floats:
        """The same for every resample: one row a resample, one column a spend."""
        x = np.atleast_1d(np.asarray(spend, dtype=np.float64))
        return self.ceilings[:, None] * x / (self.halves[:, None] + x)

    def interval_at(self, spend: float | Floats) -> tuple[Floats, Floats]:
        """90 % interval of the expected conversions."""
        low, high = np.quantile(self.draws_at(spend), [0.05, 0.95], axis=0)
        return low, high

    def marginal(self, spend: float) -> float:
        """Conversions that one more unit of weekly spend would bring."""
        return self.ceiling * self.half / (self.half + spend) ** 2

    @property
    def cost_of_next(self) -> float | None:
        """What the next conversion costs at today's spend; None where more spend brings nothing."""
        marginal = self.marginal(self.now)
        return 1 / marginal if marginal > 0 else None


def fit(channel: str, spend: Floats, conversions: Floats, now: float, *, seed: int = 0) -> Response | None:
    """Fit a channel's weeks (spend and conversions, in time order); None below 20 weeks with spend or without variation.

    `now` is today's weekly spend.
    """
    active = (spend > 0) & np.isfinite(conversions)
    x, y = spend[active], conversions[active]
    if len(x) < FEWEST_WEEKS or y.sum() <= 0 or x.std() < 0.05 * x.mean():
        return None
    halves = _GRID * float(np.median(x))
    shapes = x[None, :] / (halves[:, None] + x[None, :])
    weights = 1 / np.maximum(_smooth(x, y), 0.25)
    ceiling, half = _best(shapes, halves, y, weights)
    rng = np.random.default_rng(seed)
    drawn = _blocks(rng, len(x), RESAMPLES)
    # Sums over the drawn weeks for every half at once: counts of how often each week was drawn do it without copies.
    times = np.stack([np.bincount(rows, minlength=len(x)) for rows in drawn]).astype(np.float64)
    cross = (times * (weights * y)) @ shapes.T
    squares = (times * weights) @ (shapes**2).T
    ceilings = cross / squares
    error = -cross * ceilings
    best = np.argmin(error, axis=1)
    rows = np.arange(len(best))
    return Response(
        channel, ceiling, half, np.maximum(ceilings[rows, best], 0), halves[best], now, float(x.min()), float(x.max()), len(x)
    )


def _best(shapes: Floats, halves: Floats, y: Floats, weights: Floats) -> tuple[float, float]:
    cross, squares = shapes @ (weights * y), (shapes**2) @ weights
    ceilings = cross / squares
    best = int(np.argmin(-cross * ceilings))
    return max(float(ceilings[best]), 0.0), float(halves[best])


def _smooth(x: Floats, y: Floats) -> Floats:
    """A first guess of the mean at each spend, for the weights: a straight line through the origin."""
    return x * (y.sum() / x.sum())


def _blocks(rng: np.random.Generator, length: int, draws: int) -> npt.NDArray[np.int64]:
    """Rows of a moving-block bootstrap: weeks next to each other stay together, because they resemble each other."""
    count = -(-length // BLOCK)
    starts = rng.integers(0, max(1, length - BLOCK + 1), size=(draws, count))
    rows = (starts[:, :, None] + np.arange(BLOCK)).reshape(draws, -1)[:, :length]
    return np.minimum(rows, length - 1)
