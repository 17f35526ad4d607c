"""Where the sides differ, with intervals, and silence where a side is too small."""

import polars as pl
import pytest
from scipy import stats as scipy_stats

from marops.maturity.gaps import gaps
from marops.maturity.scoring import Answer


def said(item: str, it: list[int | None], marketing: list[int | None]) -> list[Answer]:
    return [
        Answer(f"{side}{n}", side, item, level, has_evidence=False)
        for side, levels in (("it", it), ("marketing", marketing))
        for n, level in enumerate(levels)
    ]


def test_a_gap_is_the_difference_of_means_with_welchs_interval():
    it, marketing = [3, 4, 3, 4, 3, 4], [2, 2, 3, 2, 2]
    row = gaps(said("SP1", it, marketing)).row(0, named=True)
    assert (row["it"], row["marketing"], row["gap"]) == pytest.approx((3.5, 2.2, 1.3))
    expected = scipy_stats.ttest_ind(it, marketing, equal_var=False).confidence_interval(0.95)
    assert (row["low"], row["high"]) == pytest.approx((expected.low, expected.high))
    # variances 0.3 / 6 and 0.2 / 5: standard error 0.3, 8.996 degrees of freedom, t = 2.2623
    assert row["high"] - row["gap"] == pytest.approx(0.3 * 2.2623, abs=1e-3)
    assert row["clear"] is True


def test_a_difference_that_chance_can_make_is_not_clear():
    row = gaps(said("SP1", [1, 5, 2, 4, 3], [2, 5, 3, 5, 3])).row(0, named=True)
    assert row["gap"] == pytest.approx(-0.6)
    assert row["low"] < 0 < row["high"]
    assert row["clear"] is False


@pytest.mark.parametrize(
    ("it", "marketing", "low", "high", "clear"),
    [
        ([3] * 5, [3] * 5, 0, 0, False),
        ([4] * 5, [3] * 5, 1, 1, True),
        ([4] * 5, [3, 3, 3, 3, 4], 0.8 - 0.2 * 2.7764, 0.8 + 0.2 * 2.7764, True),  # all the variance is marketing's
    ],
)
def test_a_side_of_one_mind_has_no_variance(it, marketing, low, high, clear):
    row = gaps(said("SP1", it, marketing)).row(0, named=True)
    assert (row["low"], row["high"]) == pytest.approx((low, high), abs=1e-4)
    assert row["clear"] is clear


@pytest.mark.parametrize(
    ("it", "marketing", "shown"),
    [([3] * 5, [2] * 5, True), ([3] * 4, [2] * 9, False), ([3] * 9, [2] * 4, False), ([3] * 5, [2] * 4 + [None], False)],
)
def test_an_item_that_fewer_than_five_of_a_side_answered_is_not_shown(it, marketing, shown):
    assert (gaps(said("SP1", it, marketing)).height == 1) is shown


def test_no_answers_show_nothing():
    assert gaps([]).is_empty()


def test_clear_gaps_come_first_then_the_widest():
    found = gaps(
        said("SP1", [1, 5, 1, 5, 5], [1, 1, 5, 1, 1])  # wide, but not clear
        + said("SP2", [3, 3, 3, 3, 4], [2, 2, 2, 2, 3])
        + said("SP3", [2, 2, 2, 2, 3], [4, 4, 4, 4, 5])
    )
    assert found["item"].to_list() == ["SP3", "SP2", "SP1"]
    assert found.filter(pl.col("clear"))["gap"].to_list() == pytest.approx([-2, 1])
