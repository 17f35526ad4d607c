"""By which chance of the trials a date must be read so that it holds as often as it says.

Nobody works strictly in an order: work is overtaken, put aside, never taken up again. So a date that 85 % of the trials keep is
kept by less of the work. By which chance 85 % of the work of the past was done is where "85 %" is read (calibrated forecasts), with
Kaplan and Meier's estimate for what was not done yet. Work is judged by what stood in its stage, and as long beyond what is normal.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from marops.pipeline.forecast import Floats, Ints

SURE = 0.99
"""The chance from which on work is late even for the slowest trials: how late is told by how many times as many days it took."""

FEWEST = 20
"""Items of the past below which nothing is learned from them."""

_LEAST = 0.002
"""Chances below are the luck of few trials: they are read as this."""

_CLOSE = 1e-9
_ANY = -1
_FEWEST_LEFT = 5
"""Of what is left at the end one or two pieces of work would decide."""

Bools = npt.NDArray[np.bool_]


class Stay(IntEnum):
    """How long work has stood in its stage: as 85 % of visits last, up to three times as long, or longer."""

    USUAL = 0
    LONG = 1
    VERY_LONG = 2


_LONGER = frozenset({Stay.LONG, Stay.VERY_LONG})
_ALIKE: Mapping[Stay, tuple[frozenset[Stay], ...]] = {
    Stay.USUAL: (frozenset({Stay.USUAL}),),
    Stay.LONG: (frozenset({Stay.LONG}), _LONGER),
    Stay.VERY_LONG: (frozenset({Stay.VERY_LONG}), _LONGER),
}
"""Whose past is asked, the nearest first: of the stage, then of all; then anybody's."""


@dataclass(frozen=True)
class Seen:
    """What became of work, one entry a piece of work each time a date was told: `item`, its `stage` (by place) and `stay`, the
    `reading` at the end of the day before it was done (`is_done`), or of the last day on which it was known not to be.
    """

    item: Ints
    stage: Ints
    stay: Ints
    reading: Floats
    is_done: Bools


@dataclass(frozen=True)
class Calibration:
    """Where a share is read: by stage and Stay, the readings in their order and the share of the work that was done by each."""

    read: Mapping[tuple[int, Stay], tuple[Floats, Floats]]
    anybody: tuple[Floats, Floats] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether too little is known of the past for any date."""
        return self.anybody is None

    def level(self, share: float, stage: int, stay: Stay) -> float | None:
        """The reading at which `share` of the work is done; infinite where less ever was, None where too little is known."""
        found = self.read.get((stage, stay), self.read.get((_ANY, stay), self.anybody))
        if found is None:
            return None
        levels, done = found
        at = int(np.searchsorted(done, share - 1e-9))
        return float(levels[at]) if at < len(levels) else float("inf")


NOTHING = Calibration({})
"""Nothing is known of the past."""


def learn(seen: Seen) -> Calibration:
    """What work of the past says. Empty where there were less than FEWEST items."""
    read: dict[tuple[int, Stay], tuple[Floats, Floats]] = {}
    for stage in (_ANY, *np.unique(seen.stage).tolist()):
        there = (seen.stage == stage) | (stage == _ANY)
        for stay, groups in _ALIKE.items():
            for group in groups:
                found = _of(seen, there & np.isin(seen.stay, list(group)))
                if found is not None:
                    read[stage, stay] = found
                    break
    return Calibration(read, _of(seen, np.ones(len(seen.item), np.bool_)))


def _of(seen: Seen, chosen: Bools) -> tuple[Floats, Floats] | None:
    """What work of the past says, some of it; None where it is of less than FEWEST items."""
    if len(np.unique(seen.item[chosen])) < FEWEST:
        return None
    return _done_by(seen.reading[chosen], seen.is_done[chosen])


def _done_by(readings: Floats, is_done: Bools) -> tuple[Floats, Floats]:
    """Kaplan and Meier's estimate of the share that is done by each reading, as far as enough of it was looked at so long."""
    order = np.lexsort((~is_done, readings))[: 1 - _FEWEST_LEFT]
    at_risk = len(readings) - np.arange(len(order))
    left: Floats = np.cumprod(1 - is_done[order] / at_risk, dtype=np.float64)
    return readings[order], 1 - left


def readings(chances: Floats, day: Ints) -> Floats:
    """What is read at the end of a day, one a piece of work: its chance to be done by then (`chances`: rows of work, columns of
    days from 0), and from SURE on, how many times as many days have gone by as SURE took.
    """
    sure, rows = _sure(chances), np.arange(len(chances))
    inside = np.clip(chances[rows, np.minimum(day, chances.shape[1] - 1)], _LEAST, SURE)
    return np.where(day < sure, inside, SURE * day / np.maximum(sure, 1))


def days_of(chances: Floats, levels: Floats) -> Floats:
    """The first day at whose end more is read than a level, one a piece of work; infinite for an infinite level, and where that is
    on none of the days that are looked at.
    """
    sure, levels = _sure(chances), np.maximum(levels, _LEAST)
    inside = (chances <= levels[:, None]).sum(axis=1)
    is_ever_sure = chances[:, -1] >= SURE - _CLOSE
    with np.errstate(invalid="ignore"):
        beyond = np.where(is_ever_sure, np.floor(levels / SURE * sure + _CLOSE) + 1, np.inf)
    return np.where(levels < SURE, np.where(inside < chances.shape[1], inside, np.inf), beyond)


def _sure(chances: Floats) -> Ints:
    """The first day on which each is SURE to be done; the last one looked at where that is not among them."""
    reached = chances >= SURE - _CLOSE
    return np.where(reached.any(axis=1), reached.argmax(axis=1), chances.shape[1] - 1)
