"""Approvals: who must still answer, since when, and what the answers come to. Pure: from answers to a state.

>>> from datetime import UTC, datetime
>>> asked = datetime(2026, 3, 2, tzinfo=UTC)
>>> state(Rule(needed=1), asked, [Seat("Legal"), Seat("Brand")]).pending
('Legal', 'Brand')
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Mode(StrEnum):
    """How many of those who are asked must approve."""

    ALL = "all"
    ANY = "any"
    QUORUM = "quorum"


class Answer(StrEnum):
    """What an approver can say."""

    APPROVED = "approved"
    DECLINED = "declined"


class Outcome(StrEnum):
    """What an approval has come to."""

    OPEN = "open"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Rule:
    """How many must approve; `in_turn`: one is asked after the other, in their order."""

    needed: int
    in_turn: bool = False


@dataclass(frozen=True, slots=True)
class Seat:
    """An approver, and the answer if there is one."""

    approver: str
    answer: Answer | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """An approver's part: `since` is when it was the approver's turn (None: it never was), `until` when that ended (None: it goes
    on, or never began). `must_act`: the approval waits for this answer.
    """

    approver: str
    answer: Answer | None
    since: datetime | None
    until: datetime | None
    must_act: bool


@dataclass(frozen=True, slots=True)
class State:
    """Where an approval stands: its outcome, when that was so (None: open), and each approver's part."""

    outcome: Outcome
    decided_at: datetime | None
    turns: tuple[Turn, ...]

    @property
    def pending(self) -> tuple[str, ...]:
        """Who must act now."""
        return tuple(turn.approver for turn in self.turns if turn.must_act)

    @property
    def pending_since(self) -> datetime | None:
        """Since when the approval waits for those who must act now."""
        return min((turn.since for turn in self.turns if turn.must_act and turn.since), default=None)


def state(rule: Rule, asked_at: datetime, seats: Sequence[Seat], withdrawn_at: datetime | None = None) -> State:
    """Where an approval stands. It is approved once as many as needed have approved, and declined once so many have declined that
    this cannot happen any more. What is decided stays so, withdrawn later or not.
    """
    outcome, decided_at = _outcome(rule, seats)
    if outcome is Outcome.OPEN and withdrawn_at is not None:
        outcome, decided_at = Outcome.WITHDRAWN, withdrawn_at
    turns: list[Turn] = []
    since: datetime | None = asked_at
    for at, seat in enumerate(seats):
        until = seat.at or (decided_at if since else None)
        turns.append(
            Turn(seat.approver, seat.answer, since, until, outcome is Outcome.OPEN and since is not None and not seat.answer)
        )
        if rule.in_turn:
            # Where the clock stands, the answer that decided it may be of the same moment as the ones before.
            decided = seat.at == decided_at and not any(later.at for later in seats[at + 1 :])
            since = None if decided else seat.at
    return State(outcome, decided_at, tuple(turns))


def _outcome(rule: Rule, seats: Sequence[Seat]) -> tuple[Outcome, datetime | None]:
    answered = sorted(((seat.at, seat.answer) for seat in seats if seat.at and seat.answer), key=lambda found: found[0])
    approved = declined = 0
    for at, answer in answered:
        approved += answer is Answer.APPROVED
        declined += answer is Answer.DECLINED
        if approved >= rule.needed:
            return Outcome.APPROVED, at
        if declined > len(seats) - rule.needed:
            return Outcome.DECLINED, at
    return Outcome.OPEN, None
