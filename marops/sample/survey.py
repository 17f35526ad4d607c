"""What the sample company's people answered: the collaboration survey and two maturity assessments.

Respondents are numbers with a side (IT or marketing); nobody is described.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from marops.maturity.instrument import ITEMS

SIDES = ("IT", "Marketing")
WAVES = (
    (datetime(2026, 4, 14, 9, tzinfo=UTC), (38, 41), (0.74, 0.49)),
    (datetime(2026, 10, 13, 9, tzinfo=UTC), (44, 52), (0.77, 0.58)),
)
"""Start of a survey wave, respondents and share who agree (IT, marketing)."""

BLOCK_LEVELS = {
    "2026-03": {"SP": 2.9, "RC": 2.7, "GO": 2.0, "CE": 2.4, "TR": 2.6, "UN": 2.2, "ND": 2.4, "TS": 2.6, "DO": 2.1, "JG": 2.3},
    "2026-09": {"SP": 3.3, "RC": 3.1, "GO": 2.6, "CE": 2.9, "TR": 3.0, "UN": 2.8, "ND": 2.5, "TS": 3.1, "DO": 2.3, "JG": 3.0},
}
"""Mean true level of each block's items by assessment."""

SIDE_SHIFT = {"IT": 0.25, "Marketing": -0.25}
RESPONDENTS = {"2026-03": (9, 11), "2026-09": (11, 13)}
FACTS = {
    "2026-03": (("F1", 7), ("F2", 3), ("F3", 0.5), ("F4", 0.55), ("F5", 14), ("F6", 8), ("F7", 0.6)),
    "2026-09": (("F1", 8), ("F2", 3), ("F3", 0.62), ("F4", 0.75), ("F5", 22), ("F6", 9), ("F7", 0.78)),
}
_EVIDENCE = "https://intranet.example/evidence/{item}"


@dataclass(frozen=True, slots=True)
class Answer:
    """One respondent's form: item code -> level (0: don't know), and whether evidence was linked."""

    assessment: str
    number: int
    side: str
    at: datetime
    levels: dict[str, int]
    evidence: dict[str, str]


@dataclass(frozen=True, slots=True)
class Response:
    """One survey response: agreement from 1 to 5 by question."""

    number: int
    side: str
    at: datetime
    seconds: int
    agreement: dict[str, int]


QUESTIONS = {
    "PX1": "IT and marketing work together collaboratively.",
    "Q2": "I know whom to ask on the other side.",
    "Q3": "Our shared goals are clear to me.",
}


def responses(rng: np.random.Generator) -> list[Response]:
    """The survey's responses in the order they came."""
    found: list[Response] = []
    for start, counts, agree in WAVES:
        for side, count, share in zip(SIDES, counts, agree, strict=True):
            # The share that agrees is exact, so that it can be looked up; who agrees is drawn.
            agrees = rng.permutation(count) < round(share * count)
            for positive in agrees:
                answers = {question: _level(rng, agrees=bool(positive)) for question in QUESTIONS}
                at = start + timedelta(minutes=int(rng.integers(0, 9 * 24 * 60)))
                found.append(Response(0, side, at, int(rng.integers(60, 400)), answers))
    found.sort(key=lambda response: response.at)
    return [Response(number, r.side, r.at, r.seconds, r.agreement) for number, r in enumerate(found, 1)]


def _level(rng: np.random.Generator, *, agrees: bool) -> int:
    return int(rng.choice([4, 5], p=[0.65, 0.35])) if agrees else int(rng.choice([1, 2, 3], p=[0.1, 0.35, 0.55]))


def answers(rng: np.random.Generator) -> list[Answer]:
    """The forms of both assessments."""
    found: list[Answer] = []
    for assessment, blocks in BLOCK_LEVELS.items():
        year, month = (int(part) for part in assessment.split("-"))
        start = datetime(year, month, 9, 9, tzinfo=UTC)
        for side, count in zip(SIDES, RESPONDENTS[assessment], strict=True):
            for _ in range(count):
                levels: dict[str, int] = {}
                evidence: dict[str, str] = {}
                for item in ITEMS:
                    level = round(blocks[item.code[:2]] + SIDE_SHIFT[side] + rng.normal(0, 0.6))
                    levels[item.code] = 0 if rng.uniform() < 0.04 else min(5, max(1, level))
                    if levels[item.code] >= 4 and rng.uniform() < 0.7:
                        evidence[item.code] = _EVIDENCE.format(item=item.code)
                at = start + timedelta(minutes=int(rng.integers(0, 6 * 24 * 60)))
                found.append(Answer(assessment, len(found) + 1, side, at, levels, evidence))
    return found
