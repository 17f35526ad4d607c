"""Statistical process control: whether a change is real, and whether the process will keep its target.

Limits follow Wheeler (XmR: mean plus and minus 2.66 mean moving ranges); the four rules for a special cause are those of the
NHS's Making Data Count.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np

FEWEST_FOR_LIMITS = 6
FEWEST_FOR_FIRM_LIMITS = 12
RUN = 8
"""Values on one side of the mean that the headline takes for a change."""

SHORT_RUN = 7
"""Values on one side of the mean, or going one way, that the four rules take for one."""

RECENT = 24
"""Newest values whose own limits a value must leave too to be news."""

_D2 = 1.128
"""Moving range of two values over their standard deviation."""
_ERRORS = 2.8

_XMR = 2.66
_RANGE_XMR = 3.267
_NEAR = 2 / 3


@dataclass(frozen=True, slots=True)
class Limits:
    """Natural process limits of a series: where its values fall while nothing has changed.

    `trial`: from fewer than 12 values, to be taken with care.
    """

    mean: float
    lower: float
    upper: float
    moving_range: float
    trial: bool

    @property
    def highest_range(self) -> float:
        """The moving range above which two values next to each other differ for a reason."""
        return _RANGE_XMR * self.moving_range


def process_limits(values: Sequence[float], *, screened: bool = False) -> Limits | None:
    """XmR limits of a series in time order; None below six values.

    `screened`: moving ranges above their own upper limit are left out of the mean range, so that one odd value does not
    widen the limits it should be judged by.

    >>> limits = process_limits([5, 6, 5, 6, 5, 6])
    >>> round(limits.lower, 2), round(limits.upper, 2)
    (2.84, 8.16)
    """
    if len(values) < FEWEST_FOR_LIMITS:
        return None
    mean = float(np.mean(values))
    ranges = np.abs(np.diff(values))
    if screened:
        ranges = ranges[ranges <= _RANGE_XMR * ranges.mean()]
    moving = float(np.mean(ranges))
    trial = len(values) < FEWEST_FOR_FIRM_LIMITS
    return Limits(mean, mean - _XMR * moving, mean + _XMR * moving, moving, trial)


@dataclass(frozen=True, slots=True)
class Rate:
    """What a share is while nothing has changed: its mean, and how much more it varies than chance alone would make it."""

    mean: float
    spread: float

    def error(self, cases: int) -> float:
        """The standard error of a share of so many cases by chance alone; 0 where the mean leaves nothing to chance."""
        return math.sqrt(self.mean * (1 - self.mean) / cases)


def rate(shares: Sequence[float], cases: Sequence[int]) -> Rate | None:
    """The process behind shares of differently many cases (Laney's p'-chart); None below six of them, or where nothing varies.

    Months of few cases vary more by chance than months of many: one pair of limits for all would call the small ones news.
    """
    if len(shares) < FEWEST_FOR_LIMITS:
        return None
    mean = float(np.average(shares, weights=cases))
    if not 0 < mean < 1:
        return None
    found = Rate(mean, 1.0)
    scores = [(share - mean) / found.error(n) for share, n in zip(shares, cases, strict=True)]
    # Less than chance alone is chance, too: the spread is never taken below it.
    return Rate(mean, max(1.0, float(np.mean(np.abs(np.diff(scores)))) / _D2))


def score_limits(spread: float, *, trial: bool) -> Limits:
    """The limits of scores (values less the mean, over their standard error) that vary by `spread`."""
    return Limits(0.0, -3 * spread, 3 * spread, spread * _D2, trial)


@dataclass(frozen=True, slots=True)
class Trended:
    """Limits about a line, for a series that is known to grow: its value at the first point, its rise a point, and how far above
    and below the line values fall.
    """

    start: float
    slope: float
    half_width: float


def trended_limits(values: Sequence[float]) -> Trended | None:
    """Limits about the line through the averages of both halves; None below twelve values. Of an odd number, the middle value is
    in neither half.
    """
    half = len(values) // 2
    if len(values) < FEWEST_FOR_FIRM_LIMITS:
        return None
    first, second = float(np.mean(values[:half])), float(np.mean(values[-half:]))
    slope = (second - first) / (len(values) - half)
    return Trended(first - slope * (half - 1) / 2, slope, _XMR * float(np.mean(np.abs(np.diff(values)))))


class Change(StrEnum):
    """What the newest value says about the process."""

    NONE = "none"
    UP = "up"
    DOWN = "down"


def newest_change(values: Sequence[float], limits: Limits | None) -> Change:
    """Whether the newest value lies outside the limits, or ends a run of eight on one side of the mean."""
    if limits is None or not values:
        return Change.NONE
    if beyond := _beyond(values[-1], limits):
        return _CHANGES[beyond]
    return _CHANGES[on_one_side([_side(value, limits.mean) for value in values], RUN)[-1]]


def certain_change(values: Sequence[float], limits: Limits | None, *, amounts: bool = False) -> Change:
    """The newest change, where it is more than what limits from the first twelve of these values leave to chance.

    Twelve values know a process only roughly: alone they would call chance a change in 4 of 100 stable series. So a value must also
    lie outside the limits of the newest two dozen values, or the mean of its run must differ from the baseline's by more than
    both are uncertain (2.8 standard errors). `amounts`: days, money and whatever else has no upper end fall far above their mean
    more often than below it, so that the logarithms must tell the same, unless there are none. Less than 1 in 100 remain, and a
    shift of two standard deviations is still told within eight values in almost 4 of 5 series.
    """
    if limits is None:
        return Change.NONE
    change = _told(values, limits, _ERRORS)
    if change is Change.NONE or not amounts or min(values) <= 0:
        return change
    logarithms = np.log(values).tolist()
    learned = process_limits(logarithms[:FEWEST_FOR_FIRM_LIMITS])
    return change if learned is not None and _told(logarithms, learned, 0) is change else Change.NONE


def _told(values: Sequence[float], limits: Limits, errors: float) -> Change:
    """The newest change, by a value outside both limits or a run whose mean is so many standard errors from the baseline's."""
    judged = values[FEWEST_FOR_FIRM_LIMITS:]
    change = newest_change(judged, limits)
    if change is Change.NONE:
        return Change.NONE
    recent = process_limits(values[-RECENT:])
    if (beyond := _beyond(judged[-1], limits)) and recent is not None and _beyond(judged[-1], recent) == beyond:
        return change
    sides = [_side(value, limits.mean) for value in reversed(judged)]
    run = next((at for at, side in enumerate(sides) if side != sides[0]), len(sides))
    error = limits.moving_range / _D2 * math.sqrt(1 / run + 1 / FEWEST_FOR_FIRM_LIMITS)
    apart = abs(float(np.mean(judged[-run:])) - limits.mean)
    return change if run >= RUN and apart > errors * error else Change.NONE


_CHANGES = {1: Change.UP, -1: Change.DOWN, 0: Change.NONE}


def _side(value: float, mean: float) -> int:
    """1 above the mean, -1 below. A mean of fractions is rarely the fraction it stands for: 0 where only the last digits differ."""
    return 0 if math.isclose(value, mean, rel_tol=1e-9, abs_tol=1e-12) else 1 if value > mean else -1


def _beyond(value: float, limits: Limits) -> int:
    """1 above the limits, -1 below them, 0 within or on them."""
    return max(0, _side(value, limits.upper)) + min(0, _side(value, limits.lower))


def runs(values: Sequence[float], mean: float, length: int = RUN) -> list[int]:
    """Positions of values that belong to a run of at least `length` on one side of the mean."""
    return part_of(on_one_side([_side(value, mean) for value in values], length), length)


class Rule(StrEnum):
    """Why a value has a special cause."""

    OUTSIDE = "outside"
    RUN = "run"
    TREND = "trend"
    NEAR = "near"


def special_causes(values: Sequence[float], limits: Limits) -> dict[Rule, list[int]]:
    """By rule, the positions of the values it marks: outside the limits, seven on one side of the mean, seven going one way, two of
    three in the outer third of the limits on one side. All values that make up a pattern are marked.
    """
    sides = [_side(value, limits.mean) for value in values]
    beyond = [_beyond(value, limits) for value in values]
    third = (limits.upper - limits.mean) * _NEAR, (limits.mean - limits.lower) * _NEAR
    near = [
        1 if value - limits.mean > third[0] and value <= limits.upper else
        -1 if limits.mean - value > third[1] and value >= limits.lower else 0
        for value in values
    ]  # fmt: skip
    found = {
        Rule.OUTSIDE: [at for at, side in enumerate(beyond) if side],
        Rule.RUN: runs(values, limits.mean, SHORT_RUN),
        Rule.TREND: part_of(seven_going_one_way(values), SHORT_RUN),
        Rule.NEAR: near_points(two_of_three(near, sides), near),
    }
    return {rule: at for rule, at in found.items() if at}


def on_one_side(sides: Sequence[int], length: int) -> list[int]:
    """For each value 1 (-1) where it and those before it, `length` in all, lie above (below) the mean, else 0. `sides`: 1, 0 or -1
    a value.
    """
    return [
        sides[at] if at >= length - 1 and sides[at] and len(set(sides[at - length + 1 : at + 1])) == 1 else 0
        for at in range(len(sides))
    ]


def seven_going_one_way(values: Sequence[float]) -> list[int]:
    """For each value 1 (-1) where it and the six before it rise (fall) without a pause, else 0."""
    steps = [0, *(int(np.sign(b - a)) for a, b in pairwise(values))]
    return [
        steps[at] if at >= SHORT_RUN - 1 and steps[at] and len(set(steps[at - SHORT_RUN + 2 : at + 1])) == 1 else 0
        for at in range(len(values))
    ]


def two_of_three(near: Sequence[int], sides: Sequence[int]) -> list[int]:
    """For each value 1 (-1) where it belongs to three in a row above (below) the mean of which two lie in the outer third."""
    found = [0] * len(near)
    for at in range(len(near) - 2):
        three = slice(at, at + 3)
        for side in (1, -1):
            if all(s == side for s in sides[three]) and sum(n == side for n in near[three]) >= 2:
                found[three] = [side] * 3
    return found


def part_of(flags: Sequence[int], length: int) -> list[int]:
    """Positions of all values that belong to a pattern of that length which ends where a flag is."""
    return sorted({at for end, flag in enumerate(flags) if flag for at in range(end - length + 1, end + 1)})


def near_points(flags: Sequence[int], near: Sequence[int]) -> list[int]:
    """Positions of the values in the outer third among the flagged."""
    return [at for at, flag in enumerate(flags) if flag and near[at] == flag]


class Assurance(StrEnum):
    """Whether a process as it is will keep a target."""

    PASS = "pass"  # noqa: S105  (no password)
    FAIL = "fail"
    HIT_AND_MISS = "hit and miss"


def assurance(limits: Limits, low: float, high: float) -> Assurance:
    """Whether values within the limits are all from `low` to `high` (either may be infinite), none, or some.

    >>> assurance(Limits(6, 5, 7, 0.4, False), 4, math.inf).value
    'pass'
    """
    if _side(limits.lower, low) >= 0 and _side(limits.upper, high) <= 0:
        return Assurance.PASS
    fails = _side(limits.upper, low) < 0 or _side(limits.lower, high) > 0
    return Assurance.FAIL if fails else Assurance.HIT_AND_MISS
