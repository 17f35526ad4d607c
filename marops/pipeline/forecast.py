"""Forecasts from past throughput: how many items by a day, and on which day so many are done.

Each trial draws days of the past with replacement, the newer ones more often, and one drift: how much a process' next weeks
differ from its last ones. Drawing days alone (the usual Monte Carlo) takes every process for a stable one and promises too much.
How much the process at hand has drifted is learned from its own past (rolling origins), and `held` says how often such forecasts
came true.

Days are working days throughout: counts[i] is what was finished on the i-th of them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property

import numpy as np
import numpy.typing as npt

from marops import stats

TRIALS = 10_000
WINDOW = 60
"""Working days that are drawn from: twelve weeks."""
HALF_LIFE = 30
STEP = 5
FEWEST_DAYS = 20
"""Working days of history below which nothing is promised."""

LONGEST = 2_500
"""Working days after which a trial is given up: ten years."""

FARTHEST = timedelta(days=3_653)
"""The same in days of the calendar: nothing is promised for a later day, however few days are worked."""

TOLERATED = {0.5: 0.10, 0.85: 0.05, 0.95: 0.03}
"""By how much less often than it says a share may come true, by share."""

_USUAL_DRIFT = 0.35
_USUAL_WEIGHT = 12
"""Before a process has shown how much it drifts it is taken to drift as many do, as if that had been seen twelve times."""
_TAILS = 4
"""Degrees of freedom of the drift: large ones are rare, but less so than a normal distribution has them."""
_MOST_DRIFT = 3.0
_MOST_APART = math.log(4)
"""Weeks that differ by more than four times from those before are a pause or its end, not a drift."""

_SLOTS = 1 << 12
_AT_ONCE = 50
"""Days that are drawn for all trials at once."""

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Pace:
    """Past days to draw from, newest last, the standard deviation of the drift (of its logarithm; 0: none), and how many `times` as
    fast as in the past work is taken to go on.
    """

    counts: Ints
    weights: Floats
    drift: float
    times: float = 1.0

    @property
    def a_day(self) -> float:
        """Items a working day, newer days counting more."""
        return float(self.counts @ self.weights) * self.times

    def faster(self, times: float) -> "Pace":
        """The pace of a team that is so many times as fast (above 0)."""
        return replace(self, times=self.times * times)

    @cached_property
    def _slots(self) -> Ints:
        """Counts repeated by weight, so that a draw is one random index."""
        middles = (np.arange(_SLOTS) + 0.5) / _SLOTS
        return self.counts[np.searchsorted(np.cumsum(self.weights), middles).clip(max=len(self.counts) - 1)]

    def draw(self, rng: np.random.Generator, trials: int, days: int) -> Ints:
        """Counts of so many days in each trial."""
        if self.drift == 0 and np.ptp(self.weights) == 0:
            return self.counts[rng.integers(len(self.counts), size=(trials, days))]
        return self._slots[rng.integers(_SLOTS, size=(trials, days))]

    def speeds(self, rng: np.random.Generator, trials: int) -> Floats:
        """One factor a trial by which it is faster or slower than the past."""
        if self.drift == 0:
            return np.full(trials, self.times)
        spread = self.drift * rng.standard_t(_TAILS, trials) / math.sqrt(_TAILS / (_TAILS - 2))
        return self.times * np.exp(spread.clip(-_MOST_DRIFT, _MOST_DRIFT))


def plain(counts: Sequence[int]) -> Pace | None:
    """Days drawn alike and without drift, as most tools do; None where nothing was finished."""
    found = np.asarray(counts, dtype=np.int64)
    return Pace(found, np.full(len(found), 1 / len(found)), 0.0) if found.any() else None


def pace(counts: Sequence[int], *, ahead: int) -> Pace | None:
    """The pace for a forecast about `ahead` days: the newest twelve weeks, newer days weighing more, with the drift that all of
    `counts` show at that distance (at twelve weeks where it is farther). None where nothing was finished in those weeks, or the
    history is shorter than four: there is nothing to forecast from.
    """
    found = np.asarray(counts, dtype=np.int64)
    window = found[-WINDOW:]
    if len(found) < FEWEST_DAYS or not window.any():
        return None
    return Pace(window, _weights(len(window)), _drift(found, min(max(ahead, STEP), WINDOW)))


def _weights(days: int) -> Floats:
    found = 0.5 ** (np.arange(days)[::-1] / HALF_LIFE)
    return found / found.sum()


def _drift(counts: Ints, ahead: int) -> float:
    """How much `ahead` days differed from what the twelve weeks before them promised, beyond the chance of drawing days."""
    weights = _weights(WINDOW)
    beyond: list[float] = []
    for origin in range(WINDOW, len(counts) - ahead + 1, STEP):
        past = counts[origin - WINDOW : origin]
        promised = float(past @ weights) * ahead
        if promised > 0:
            apart = math.log((counts[origin : origin + ahead].sum() + 0.5) / (promised + 0.5))
            apart = min(max(apart, -_MOST_APART), _MOST_APART)
            beyond.append(apart**2 - float(np.var(past)) * ahead / promised**2)
    # Origins a week apart share most of the days they are held against.
    seen = len(beyond) * STEP / ahead
    variance = (_USUAL_WEIGHT * _USUAL_DRIFT**2 + seen * (float(np.mean(beyond)) if beyond else 0.0)) / (_USUAL_WEIGHT + seen)
    return math.sqrt(max(variance, 0.01))


def how_many(found: Pace, days: int, *, trials: int = TRIALS, seed: int) -> Floats:
    """Items finished within so many days, one number a trial."""
    rng = np.random.default_rng(seed)
    return found.draw(rng, trials, days).sum(axis=1) * found.speeds(rng, trials)


def when(found: Pace, items: int, *, trials: int = TRIALS, seed: int) -> Ints:
    """The day on which so many items are finished, one number a trial: 1 is the first (0: nothing is left to do), LONGEST + 1
    that a trial was given up.
    """
    if items <= 0:
        return np.zeros(trials, dtype=np.int64)
    rng = np.random.default_rng(seed)
    needed = items / found.speeds(rng, trials) - 1e-9
    done = np.full(trials, LONGEST + 1, dtype=np.int64)
    open_, so_far, day = np.arange(trials), np.zeros(trials, dtype=np.int64), 0
    while len(open_) and day < LONGEST:
        days = min(_days_at_once(found, float(np.median(needed[open_] - so_far[open_]))), LONGEST - day)
        sums = so_far[open_, None] + np.cumsum(found.draw(rng, len(open_), days), axis=1)
        reached = sums >= needed[open_, None]
        hit = reached[:, -1]
        done[open_[hit]] = day + 1 + reached[hit].argmax(axis=1)
        so_far[open_] = sums[:, -1]
        open_, day = open_[~hit], day + days
    return done


def _days_at_once(found: Pace, items: float) -> int:
    return int(min(max(items / found.a_day * 1.3, 5), 400))


def reached(totals: Floats, share: float) -> int:
    """The number of items that at least this share (above 0) of the trials reaches."""
    rank = math.ceil(round(share * len(totals), 9))
    return math.floor(np.partition(totals, len(totals) - rank)[len(totals) - rank] + 1e-9)


def by(days: Ints, share: float) -> int:
    """The day by which at least this share (above 0) of the trials is finished."""
    rank = math.ceil(round(share * len(days), 9))
    return int(np.partition(days, rank - 1)[rank - 1])


def likelihood(days: Ints, day: int) -> float:
    """The share of trials finished by a day; 0 for today and before."""
    return float(np.mean(days <= day)) if day > 0 else 0.0


def chances(found: Pace, items: int, days: int, *, trials: int = TRIALS, seed: int) -> Floats:
    """The chance that at least n items (rows, from 0) are finished within so many days (columns, from 0)."""
    rng = np.random.default_rng(seed)
    speeds = found.speeds(rng, trials)[:, None]
    reached = np.zeros((days + 1, items + 1))
    reached[:, 0] = 1.0
    so_far = np.zeros((trials, 1), dtype=np.int64)
    for begin in range(0, days, _AT_ONCE):
        sums = so_far + np.cumsum(found.draw(rng, trials, min(_AT_ONCE, days - begin)), axis=1)
        finished = np.minimum(sums * speeds + 1e-9, items).astype(np.int64)
        for day, counts in enumerate(finished.T, begin + 1):
            reached[day] = np.bincount(counts, minlength=items + 1)[::-1].cumsum()[::-1] / trials
        so_far = sums[:, -1:]
    return reached.T


def jointly(*teams: Floats) -> Floats:
    """The chance that work which several teams must finish, each on its own, is done: by day, from each team's."""
    return np.multiply.reduce(teams)


def first_day(chance: Floats, share: float) -> int | None:
    """The first day (0: today) on which a chance by day is at least `share`; None where it is on none of them."""
    likely = np.flatnonzero(chance >= share - 1e-9)
    return int(likely[0]) if len(likely) else None


@dataclass(frozen=True, slots=True)
class Held:
    """How often a forecast that promised `share` came true, of how many times it would have been `said` in the past."""

    share: float
    kept: int
    said: int

    @property
    def coverage(self) -> float:
        """The share of times that it came true."""
        return self.kept / self.said

    @property
    def is_short(self) -> bool:
        """Whether it came true clearly less often than it says: more than TOLERATED, and by more than chance (Wilson, 95 %)."""
        return stats.wilson(self.kept, self.said)[1] < self.share - TOLERATED.get(self.share, 0.0)


def held(
    counts: Sequence[int], days: int, shares: Sequence[float], *, seed: int, trials: int = 2_000, is_plain: bool = False
) -> tuple[Held, ...]:
    """How often "so many items within `days`" came true at each share, had it been said every week of the past with what was known
    then. `is_plain`: had it been said by `plain`.
    """
    found = np.asarray(counts, dtype=np.int64)
    kept, origins = [0] * len(shares), 0
    for origin in range(WINDOW, len(found) - days + 1, STEP):
        known = plain(found[origin - WINDOW : origin].tolist()) if is_plain else pace(found[:origin].tolist(), ahead=days)
        if known is None:
            continue
        totals = how_many(known, days, trials=trials, seed=seed + origin)
        actual = int(found[origin : origin + days].sum())
        kept = [so_far + (actual >= reached(totals, share)) for so_far, share in zip(kept, shares, strict=True)]
        origins += 1
    return tuple(Held(share, count, origins) for share, count in zip(shares, kept, strict=True)) if origins else ()
