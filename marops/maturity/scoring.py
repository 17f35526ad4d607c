"""From answers and facts to a stage: the rules of the maturity instrument, one pure function a rule.

The order is the instrument's: evidence caps a claim, facts override answers, each side weighs half, levels become two
attributes, attributes a rating, ratings a stage; the team's stage is its weakest pillar's, its training's and its size's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from marops.maturity.instrument import CUTS, EMBEDDED_ATTRIBUTE, ITEMS, PILLARS, SCALE_ATTRIBUTE, TRAINING

FEWEST_A_SIDE = 5
FEWEST_ANSWERED = 0.75
FIRM = 0.90
DRAWS = 2_000

Floats = npt.NDArray[np.float64]


class Stage(IntEnum):
    """Stages of a team, rising. BELOW: one person, a single point of failure."""

    BELOW = 0
    INCUBATE = 1
    SCALE = 2
    EMBEDDED = 3


class Rating(StrEnum):
    """How far an attribute is achieved: not, partly, largely, fully."""

    N = "N"
    P = "P"
    L = "L"
    F = "F"


class Verdict(StrEnum):
    """What the parts say about each other."""

    ALIGNED = "aligned"
    STRUCTURE_AHEAD = "structure_ahead"
    PRACTICE_AHEAD = "practice_ahead"
    TRAINING_HOLDS = "training_holds"
    IN_TRANSITION = "in_transition"
    CONTESTED = "contested"
    UNSUPPORTED = "unsupported"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Answer:
    """One respondent's answer to one item; `level` None is "don't know"."""

    respondent: str
    side: str
    item: str
    level: int | None
    has_evidence: bool


@dataclass(frozen=True, slots=True)
class Block:
    """A block of items: its attributes in per cent, their rating and the stage they mean. None: not rated."""

    name: str
    scale: float | None
    embedded: float | None
    stage: Stage | None
    answered: float

    @property
    def rating(self) -> Rating | None:
        """Rating of the Scale attribute."""
        return None if self.scale is None else rating(self.scale)


@dataclass(frozen=True, slots=True)
class Result:
    """An assessment's outcome. `probabilities`: of each headline stage, from resampling respondents within sides."""

    blocks: tuple[Block, ...]
    practice: Stage | None
    training: Stage | None
    size: Stage | None
    headline: Stage | None
    claimed: Stage | None
    transition: float | None
    verdicts: tuple[Verdict, ...]
    weakest: str | None
    probabilities: Mapping[Stage, float]
    respondents: Mapping[str, int]
    unsupported_items: int

    def block(self, name: str) -> Block:
        """A block by name."""
        return next(block for block in self.blocks if block.name == name)


def rating(percent: float) -> Rating:
    """N up to 15 %, P up to 50, L up to 85, F above."""
    for cut, name in zip(CUTS, (Rating.N, Rating.P, Rating.L), strict=True):
        if percent <= cut:
            return name
    return Rating.F


def attributes(level: float) -> tuple[float, float]:
    """Scale and Embedded attributes in per cent at a mean level from 1 to 5, interpolated between whole levels."""
    levels = np.arange(1, 6)
    return float(np.interp(level, levels, SCALE_ATTRIBUTE)), float(np.interp(level, levels, EMBEDDED_ATTRIBUTE))


def practice_stage(scale: float, embedded: float) -> Stage:
    """Embedded with Scale fully and Embedded largely achieved; Scale with Scale largely achieved; else Incubate."""
    if rating(scale) is Rating.F and rating(embedded) in (Rating.L, Rating.F):
        return Stage.EMBEDDED
    return Stage.SCALE if rating(scale) in (Rating.L, Rating.F) else Stage.INCUBATE


def size_ceiling(members: float, primary_roles: float | None) -> tuple[Stage, float | None]:
    """The highest stage a team of this many dedicated members can have, and how far it is into the next (or None).

    2-3 Incubate, 5-10 Scale, 15-20 Embedded; 4 and 11-14 lie between. Embedded needs 60 % with one primary role.
    """
    if members < 2:
        return Stage.BELOW, None
    if members < 4:
        return Stage.INCUBATE, None
    if members < 5:
        return Stage.INCUBATE, 0.5
    if members <= 10:
        return Stage.SCALE, None
    if members < 15:
        return Stage.SCALE, (members - 10) / 5
    if primary_roles is not None and primary_roles < 0.6:
        return Stage.SCALE, None
    return Stage.EMBEDDED, None


def evidenced(answer: Answer) -> int | None:
    """A claimed level 4 or 5 without evidence counts as 3."""
    if answer.level is None:
        return None
    return answer.level if answer.has_evidence else min(answer.level, 3)


def assess(answers: Sequence[Answer], facts: Mapping[str, float], *, seed: int = 0, draws: int = DRAWS) -> Result:
    """The outcome of an assessment. `facts` are F1 to F7 by code; a missing F1 leaves the size ceiling open."""
    supported = _Matrix.of(answers, [evidenced(answer) for answer in answers])
    claims = _Matrix.of(answers, [answer.level for answer in answers])
    caps = _caps(facts)
    means = supported.means()
    result = _outcome(means, caps, facts)
    claimed = _outcome(claims.means(), caps, facts)
    probabilities = _probabilities(supported, caps, facts, seed, draws)
    counts = {side: len(rows) for side, rows in supported.sides.items()}
    size, transition = _size(facts)
    verdicts = _verdicts(result, claimed, size, transition, probabilities, counts, supported, caps, facts)
    blocks = tuple(_block(name, means, caps) for name in _block_names())
    pillars = [block for block in blocks if block.name in PILLARS and block.scale is not None]
    lacking = sum(1 for answer in answers if answer.level is not None and answer.level > 3 and not answer.has_evidence)
    return Result(
        blocks=blocks, practice=result.practice, training=result.training, size=size, headline=result.headline,
        claimed=claimed.headline, transition=transition, verdicts=verdicts,
        weakest=min(pillars, key=lambda block: block.scale or 0).name if pillars else None,
        probabilities=probabilities, respondents=counts, unsupported_items=lacking,
    )  # fmt: skip


# The matrix of levels


@dataclass(frozen=True, slots=True)
class _Matrix:
    """Levels by respondent (rows) and item (columns), NaN where unknown; `sides`: row numbers by side.

    Only IT and marketing count in the score; a side with fewer than five respondents is pooled with the other.
    """

    levels: Floats
    sides: Mapping[str, list[int]]

    @classmethod
    def of(cls, answers: Sequence[Answer], levels: Sequence[int | None]) -> "_Matrix":
        column = {item.code: index for index, item in enumerate(ITEMS)}
        rows: dict[str, int] = {}
        sides: dict[str, list[int]] = {"it": [], "marketing": []}
        for answer in answers:
            if answer.side in sides and answer.respondent not in rows:
                sides[answer.side].append(len(rows))
                rows[answer.respondent] = len(rows)
        matrix = np.full((len(rows), len(ITEMS)), np.nan)
        for answer, level in zip(answers, levels, strict=True):
            if answer.respondent in rows and answer.item in column and level is not None:
                matrix[rows[answer.respondent], column[answer.item]] = level
        return cls(matrix, sides)

    def means(self) -> Floats:
        """Mean level of each item: the mean of the sides' means, or of everybody where a side is too small."""
        return self._balanced({side: np.array([rows], dtype=np.int64) for side, rows in self.sides.items()})[0]

    def resampled(self, rng: np.random.Generator, draws: int) -> Floats:
        """As `means`, of respondents drawn with replacement within their side; one row a draw."""
        return self._balanced({side: rng.choice(rows, size=(draws, len(rows))) for side, rows in self.sides.items()})

    def _balanced(self, chosen: Mapping[str, npt.NDArray[np.int64]]) -> Floats:
        groups = [rows for rows in chosen.values() if rows.shape[1]]
        if not groups:  # nobody of either side answered
            return np.full((1, len(ITEMS)), np.nan)
        if len(groups) > 1 and any(len(rows) < FEWEST_A_SIDE for rows in self.sides.values()):
            groups = [np.concatenate(groups, axis=1)]
        return _nanmean(np.stack([_nanmean(self.levels[rows], axis=1) for rows in groups]), axis=0)

    def side(self, name: str) -> Floats:
        """Mean level of each item on one side."""
        return _nanmean(self.levels[self.sides[name]], axis=0)


def _nanmean(values: Floats, axis: int) -> Floats:
    known = np.isfinite(values)
    count = known.sum(axis=axis)
    total = np.where(known, values, 0).sum(axis=axis)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


# From means to a stage


@dataclass(frozen=True, slots=True)
class _Outcome:
    practice: Stage | None
    training: Stage | None
    headline: Stage | None


_UNRATED = -1


def _caps(facts: Mapping[str, float]) -> dict[str, float]:
    """Levels that a fact contradicts: meetings that did not take place, training that was not completed."""
    caps: dict[str, float] = {}
    if facts.get("F7", 1.0) < 0.5:
        caps["GO1"] = 2
    if facts.get("F4", 1.0) < 0.5:
        caps["TR1"] = 2
    return caps


def _block_names() -> list[str]:
    return list(dict.fromkeys(item.block for item in ITEMS))


def _rate(name: str, means: Floats, caps: Mapping[str, float]) -> tuple[Floats, Floats]:
    """Scale and Embedded attributes of a block for each row of item means; NaN where too few items were answered."""
    columns = [index for index, item in enumerate(ITEMS) if item.block == name]
    ceiling = np.array([caps.get(ITEMS[index].code, 5.0) for index in columns])
    levels = np.minimum(means[:, columns], ceiling)
    enough = np.isfinite(levels).mean(axis=1) >= FEWEST_ANSWERED
    rated = [
        _nanmean(np.where(np.isfinite(levels), np.interp(levels, np.arange(1, 6), kind), np.nan), axis=1)
        for kind in (SCALE_ATTRIBUTE, EMBEDDED_ATTRIBUTE)
    ]
    return np.where(enough, rated[0], np.nan), np.where(enough, rated[1], np.nan)


def _stages(name: str, means: Floats, caps: Mapping[str, float]) -> npt.NDArray[np.int64]:
    """A block's practice stage for each row of item means (the rule of `practice_stage`); -1 where it is not rated."""
    scale, embedded = _rate(name, means, caps)
    partly, largely = CUTS[1], CUTS[2]
    stage = np.where((scale > largely) & (embedded > partly), Stage.EMBEDDED, np.where(scale > partly, Stage.SCALE, Stage.INCUBATE))
    return np.where(np.isfinite(scale), stage, _UNRATED)


def _block(name: str, means: Floats, caps: Mapping[str, float]) -> Block:
    columns = [index for index, item in enumerate(ITEMS) if item.block == name]
    share = float(np.isfinite(means[columns]).mean())
    scale, embedded = (float(values[0]) for values in _rate(name, means[None, :], caps))
    if not np.isfinite(scale):
        return Block(name, None, None, None, share)
    return Block(name, scale, embedded, practice_stage(scale, embedded), share)


def _size(facts: Mapping[str, float]) -> tuple[Stage | None, float | None]:
    members = facts.get("F1")
    return (None, None) if members is None else size_ceiling(members, facts.get("F3"))


def _parts(means: Floats, caps: Mapping[str, float], facts: Mapping[str, float]) -> tuple[npt.NDArray[np.int64], ...]:
    """Practice, training and headline stage for each row of item means; -1 where it cannot be told."""
    practice = np.min([_stages(name, means, caps) for name in PILLARS], axis=0)
    training = _stages(TRAINING, means, caps)
    size, _ = _size(facts)
    headline = np.minimum(np.minimum(practice, training), _UNRATED if size is None else size)
    return practice, training, headline


def _outcome(means: Floats, caps: Mapping[str, float], facts: Mapping[str, float]) -> _Outcome:
    stages = (None if part[0] == _UNRATED else Stage(int(part[0])) for part in _parts(means[None, :], caps, facts))
    return _Outcome(*stages)


def _probabilities(
    matrix: _Matrix, caps: Mapping[str, float], facts: Mapping[str, float], seed: int, draws: int
) -> dict[Stage, float]:
    """Share of resamples (respondents drawn within their side) that end at each headline stage."""
    if not all(matrix.sides.values()):
        return {}
    headlines = _parts(matrix.resampled(np.random.default_rng(seed), draws), caps, facts)[2]
    known = headlines[headlines != _UNRATED]
    return {stage: float((known == stage).mean()) for stage in Stage if known.size and (known == stage).any()}


def _verdicts(
    result: _Outcome, claimed: _Outcome, size: Stage | None, transition: float | None,
    probabilities: Mapping[Stage, float], counts: Mapping[str, int], matrix: _Matrix, caps: Mapping[str, float],
    facts: Mapping[str, float],
) -> tuple[Verdict, ...]:  # fmt: skip
    practice, training, headline = result.practice, result.training, result.headline
    if practice is None or training is None or size is None or headline is None:
        return ()
    found: list[Verdict] = []
    if practice == training == size:
        found.append(Verdict.ALIGNED)
    elif training < practice and training < size:
        found.append(Verdict.TRAINING_HOLDS)
    elif size > practice:
        found.append(Verdict.STRUCTURE_AHEAD)
    elif practice > size:
        found.append(Verdict.PRACTICE_AHEAD)
    if transition is not None:
        found.append(Verdict.IN_TRANSITION)
    enough = all(counts.get(side, 0) >= FEWEST_A_SIDE for side in ("it", "marketing"))
    if enough:
        by_side = [_outcome(matrix.side(side), caps, facts).headline for side in ("it", "marketing")]
        if None not in by_side and any(a != b for a, b in pairwise(by_side)):
            found.append(Verdict.CONTESTED)
    if claimed.headline is not None and claimed.headline > headline:
        found.append(Verdict.UNSUPPORTED)
    if not enough or probabilities.get(headline, 0.0) < FIRM:
        found.append(Verdict.UNSURE)
    return tuple(found)
