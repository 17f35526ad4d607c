"""What answers come to, worked out from the answers alone."""

from collections.abc import Sequence
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marops.work.approvals import Answer, Outcome, Rule, Seat, State, state
from tests.scorecard.made import at

ASKED = at(3, 2)
YES, NO = Answer.APPROVED, Answer.DECLINED


def seats(*answers: tuple[Answer, datetime] | None) -> list[Seat]:
    """Approvers A, B, C, ... and what each said when."""
    return [Seat(name, *(answer or ())) for name, answer in zip("ABCDEFGH", answers, strict=False)]


def found(needed: int, *answers: tuple[Answer, datetime] | None, in_turn: bool = False, withdrawn: datetime | None = None) -> State:
    return state(Rule(needed, in_turn), ASKED, seats(*answers), withdrawn)


def test_asked_side_by_side_everybody_is_waited_for_since_it_was_asked() -> None:
    now = found(2, None, None)
    assert (now.outcome, now.decided_at, now.pending, now.pending_since) == (Outcome.OPEN, None, ("A", "B"), ASKED)


def test_all_must_approve_and_the_last_one_decides_it() -> None:
    assert found(2, (YES, at(3, 3)), None).pending == ("B",)
    done = found(2, (YES, at(3, 5)), (YES, at(3, 3)))
    assert (done.outcome, done.decided_at, done.pending) == (Outcome.APPROVED, at(3, 5), ())


def test_where_all_must_approve_the_first_who_declines_decides_it() -> None:
    done = found(3, None, (NO, at(3, 4)), None)
    assert (done.outcome, done.decided_at, done.pending) == (Outcome.DECLINED, at(3, 4), ())
    assert [(turn.since, turn.until) for turn in done.turns] == [(ASKED, at(3, 4))] * 3  # nobody waits for A and C any more


def test_where_any_suffices_the_first_approval_decides_it_and_only_all_can_decline() -> None:
    assert found(1, (NO, at(3, 3)), None).pending == ("B",)
    assert found(1, (NO, at(3, 3)), (YES, at(3, 4))).outcome is Outcome.APPROVED
    assert found(1, (NO, at(3, 4)), (NO, at(3, 3))).decided_at == at(3, 4)


def test_a_quorum_is_reached_or_out_of_reach() -> None:
    assert found(2, (YES, at(3, 3)), (NO, at(3, 4)), None).outcome is Outcome.OPEN
    assert found(2, (YES, at(3, 3)), (NO, at(3, 4)), (YES, at(3, 5))).decided_at == at(3, 5)
    lost = found(2, (NO, at(3, 3)), (NO, at(3, 4)), None)
    assert (lost.outcome, lost.decided_at) == (Outcome.DECLINED, at(3, 4))


def test_in_turn_one_is_waited_for_since_the_one_before_has_answered() -> None:
    first = found(3, None, None, None, in_turn=True)
    assert (first.pending, first.pending_since) == (("A",), ASKED)
    second = found(3, (YES, at(3, 4)), None, None, in_turn=True)
    assert (second.pending, second.pending_since) == (("B",), at(3, 4))
    assert [turn.since for turn in second.turns] == [ASKED, at(3, 4), None]


def test_in_turn_nobody_is_asked_after_it_is_decided() -> None:
    done = found(2, (NO, at(3, 4)), None, in_turn=True)
    assert [(turn.since, turn.until, turn.must_act) for turn in done.turns] == [(ASKED, at(3, 4), False), (None, None, False)]


def test_in_turn_who_answered_was_asked_though_all_answers_are_of_one_moment() -> None:
    done = found(2, (YES, at(3, 4)), (YES, at(3, 4)), None, in_turn=True)
    assert [(turn.since, turn.until) for turn in done.turns] == [(ASKED, at(3, 4)), (at(3, 4), at(3, 4)), (None, None)]


def test_an_open_approval_that_is_taken_back_waits_for_nobody_and_a_decided_one_stays_decided() -> None:
    gone = found(2, (YES, at(3, 3)), None, withdrawn=at(3, 9))
    assert (gone.outcome, gone.decided_at, gone.pending) == (Outcome.WITHDRAWN, at(3, 9), ())
    assert gone.turns[1].until == at(3, 9)
    assert found(1, (YES, at(3, 3)), withdrawn=at(3, 9)).outcome is Outcome.APPROVED


@given(
    answers=st.lists(st.sampled_from([YES, NO, None]), min_size=1, max_size=6),
    needed=st.integers(1, 6),
    hours=st.permutations(range(1, 7)),
)
def test_side_by_side_an_approval_is_open_exactly_while_somebody_is_waited_for(
    answers: Sequence[Answer | None], needed: int, hours: Sequence[int]
) -> None:
    needed = min(needed, len(answers))
    given_at = [None if answer is None else (answer, at(3, 2, hour)) for answer, hour in zip(answers, hours, strict=False)]
    now = found(needed, *given_at)
    assert (now.outcome is Outcome.OPEN) == bool(now.pending) == (now.decided_at is None)
    approved, declined = answers.count(YES), answers.count(NO)
    if approved < needed and declined <= len(answers) - needed:
        assert now.outcome is Outcome.OPEN


@pytest.mark.parametrize("needed", [1, 2])
def test_of_answers_the_moment_counts_not_the_place(needed: int) -> None:
    turned = found(needed, (YES, at(3, 9)), (NO, at(3, 4)))
    assert turned.outcome is (Outcome.APPROVED if needed == 1 else Outcome.DECLINED)
