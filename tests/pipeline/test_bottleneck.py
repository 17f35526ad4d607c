"""The role most work waits for: named where the evidence tells it from the next one, and not where chance would do as well."""

import numpy as np
import polars as pl
import pytest

from marops import stats
from marops.pipeline import bottleneck, flow, holding
from marops.pipeline.bottleneck import Bottleneck, Queue
from tests.pipeline.made import after, clean

DOES = {"Build": "Ana", "QA": "Ben", "Legal": None}
WAITS = tuple(DOES)
NONE = pl.DataFrame(schema=holding.APPROVAL)


def found(*moves: tuple[str, str, float], end: float = 400) -> Bottleneck | None:
    spans = holding.spans(flow.visits(clean(*moves)), DOES, NONE, after(end), WAITS)
    return bottleneck.bottleneck(spans, spans, after(end))


def item(name: str, build: float, qa: float, start: float = 0) -> tuple[tuple[str, str, float], ...]:
    return (name, "Build", start), (name, "QA", start + build), (name, "Done", start + build + qa)


def test_the_role_with_most_days_has_its_share_and_how_far_it_is_ahead() -> None:
    # 20 items, 10 of which Ben has for 3 days and 10 for 5, and Ana all for 1: 80 of 100 days, 60 ahead.
    some = found(*(move for n in range(20) for move in item(str(n), 1, 3 if n % 2 else 5)))
    assert some is not None
    assert (some.role, some.share, some.items, some.next_role, some.is_clear) == ("Ben", 0.8, 20, "Ana", True)
    # Apart by 2 or 4 days, so that their standard deviation is sqrt(20 / 19).
    spread = stats.z95() * 20**0.5 * (20 / 19) ** 0.5 / 100
    assert some.ahead == pytest.approx((0.6 - spread, 0.6 + spread))


def test_two_roles_that_chance_could_put_in_the_other_order_are_not_told_apart() -> None:
    some = found(*(move for n in range(20) for move in item(str(n), 1 + n % 5, 1 + (n + 2) % 5 + (n == 0))))
    assert some is not None
    assert some.ahead is not None
    assert some.ahead[0] < 0 < some.ahead[1]
    assert not some.is_clear


def test_of_few_items_no_role_is_told_from_another() -> None:
    some = found(*(move for n in range(19) for move in item(str(n), 1, 9)))
    assert some is not None
    assert (some.role, some.share, some.ahead, some.is_clear) == ("Ben", 0.9, None, False)


def test_work_that_is_nobodys_can_be_what_holds_most() -> None:
    some = found(*(move for n in range(20) for move in ((str(n), "Build", 0), (str(n), "Legal", 1), (str(n), "Done", 4))))
    assert some is not None
    assert (some.role, some.share, some.next_role, some.is_clear) == (None, 0.75, "Ana", True)


def test_one_role_that_holds_everything_needs_no_comparison() -> None:
    some = found(*(move for n in range(20) for move in ((str(n), "Build", 0), (str(n), "Done", 4))))
    assert some is not None
    assert (some.role, some.share, some.next_role, some.ahead, some.is_clear) == ("Ana", 1.0, None, None, True)


def test_where_nothing_waited_there_is_no_bottleneck() -> None:
    assert found(("a", "Done", 0), ("b", "Build", 3), ("b", "Done", 3)) is None


def test_a_queue_is_what_came_and_what_left_in_the_last_quarter() -> None:
    moves = [move for n, start in enumerate((0, 100, 150, 160)) for move in item(str(n), 1, 60, start)]
    # Ben got items on days 1, 101, 151 and 161 and passed the first two on, on days 61 and 161. The quarter began on day 109.
    some = found(*[move for move in moves if move[2] <= 200], end=200)
    assert some is not None
    assert some.queue == Queue(arrived=2, left=1)


def test_how_a_queue_changed_in_a_quarter_cannot_be_told_of_a_younger_log() -> None:
    some = found(*item("a", 1, 3), end=90)
    assert some is not None
    assert some.queue is None


@pytest.mark.parametrize("items", [20, 40])
def test_a_role_no_different_from_another_is_named_no_oftener_than_promised(items: int) -> None:
    """Of 1,000 pairs of roles with the same skewed times 5 in 100 may be told apart; three standard errors of that are 2.1."""
    times = np.random.default_rng(7).lognormal(0, 1, (1_000, items, 2))
    frames = (pl.DataFrame({"first": pair[:, 0], "second": pair[:, 1], "all": pair.sum(axis=1)}) for pair in times)
    named = sum(not low <= 0 <= high for low, high in map(bottleneck._ahead, frames))
    assert named / 1_000 < 0.071
