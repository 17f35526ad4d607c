"""Intervals and survival: published cases, sums done by hand, and properties."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from marops import stats
from tests.conftest import published

# Proportions


def test_wilson_by_hand():
    # 8 of 10, z = 1.959964: centre (0.8 + z²/20) / (1 + z²/10) = 0.716740, half width 0.226583
    assert stats.wilson(8, 10) == pytest.approx((0.490162, 0.943318), abs=5e-6)


def test_wilson_of_none_and_all_reaches_the_end():
    # z² / (10 + z²) = 3.841459 / 13.841459
    assert stats.wilson(0, 10) == pytest.approx((0, 0.277533), abs=5e-6)
    assert stats.wilson(10, 10) == pytest.approx((0.722467, 1), abs=5e-6)


def test_wilson_of_nothing_is_refused():
    with pytest.raises(ValueError, match="n"):
        stats.wilson(0, 0)


def test_the_newcombe_interval_is_newcombes_own():
    given_, expected = published("GAP-01")
    low, high = stats.newcombe(given_["x1"], given_["n1"], given_["x2"], given_["n2"])
    assert [low, high] == pytest.approx(expected["ci95"], abs=1e-4)


@pytest.mark.parametrize(
    ("it", "marketing", "low", "high"),
    [
        ((86, 110), (58, 100), 7.6, 32.0),  # the published survey: 78 % of 110 against 58 % of 100
        ((8, 10), (6, 10), -18.7, 52.1),  # the same split among ten on each side
        ((193, 250), (224, 400), 13.8, 28.0),
    ],
)
def test_the_gap_between_it_and_marketing_has_the_published_interval(it, marketing, low, high):
    found = stats.newcombe(*it, *marketing)
    assert [100 * end for end in found] == pytest.approx([low, high], abs=0.05)


# Survival


def test_kaplan_meier_by_hand_with_two_still_open():
    # at 1: 4/5; 2 is open; at 3: 4/5 * 2/3; at 4: 8/15 * 1/2; 5 is open
    curve = stats.survival([1, 3, 4], [2, 5])
    assert curve is not None
    assert dict(zip(curve.times, curve.share, strict=True)) == pytest.approx({1: 0.8, 2: 0.8, 3: 8 / 15, 4: 4 / 15, 5: 4 / 15})
    assert (curve.observed, curve.open) == (3, 2)
    assert curve.quantile(0.5) == 4
    assert curve.quantile(0.2) == 1
    assert curve.quantile(0.85) is None


def test_the_median_of_finished_ones_is_the_time_by_which_half_have_ended():
    curve = stats.survival([1, 2, 3, 4], [])
    assert curve is not None
    assert curve.quantile(0.5) == 2
    assert curve.quantile(1.0) == 4


def test_leaving_out_open_ones_would_look_faster():
    with_open, without = stats.survival([1, 2, 3], [9, 9, 9]), stats.survival([1, 2, 3], [])
    assert with_open is not None
    assert without is not None
    assert (with_open.quantile(0.5), without.quantile(0.5)) == (3, 2)


def test_where_nothing_has_ended_there_is_no_curve():
    assert stats.survival([], [1, 2]) is None


def test_the_median_of_many_has_an_interval_and_of_two_has_none():
    many, two = stats.survival(list(range(1, 101)), []), stats.survival([1, 2], [3, 3, 3])
    assert many is not None
    assert two is not None
    # Of 100 ordered values the 41st and 60th are the usual 95 % limits of the median.
    assert many.median_interval() == pytest.approx((41, 60), abs=1)
    assert two.median_interval() is None


# Properties

durations = st.lists(st.integers(1, 1000), max_size=40)


counts = st.integers(1, 500).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))


@given(counts)
def test_wilsons_interval_is_scipys(found):
    known = scipy_stats.binomtest(*found).proportion_ci(method="wilson")
    assert stats.wilson(*found) == pytest.approx((known.low, known.high), abs=1e-12)


@given(counts)
def test_wilson_lies_within_0_and_1_and_contains_the_share(found):
    hits, total = found
    low, high = stats.wilson(hits, total)
    assert 0 <= low <= hits / total + 1e-12
    assert hits / total - 1e-12 <= high <= 1


@given(counts, counts)
def test_newcombe_contains_the_difference_and_turns_with_the_sides(a, b):
    low, high = stats.newcombe(*a, *b)
    assert -1 - 1e-9 <= low <= a[0] / a[1] - b[0] / b[1] <= high <= 1 + 1e-9
    assert stats.newcombe(*b, *a) == pytest.approx((-high, -low))


@given(durations.filter(bool), durations)
def test_survival_never_rises_and_lies_within_its_band(ended, still_open):
    curve = stats.survival(ended, still_open)
    assert curve is not None
    shares = [1.0, *curve.share.tolist()]
    assert all(later <= earlier + 1e-12 for earlier, later in pairwise(shares))
    assert shares[-1] >= 0
    assert all(
        0 <= low <= share + 1e-9 and share - 1e-9 <= high <= 1
        for low, share, high in zip(curve.low, curve.share, curve.high, strict=True)
    )


@given(durations.filter(bool), durations)
def test_more_open_ones_never_make_the_median_earlier(ended, still_open):
    plain, more = stats.survival(ended, []), stats.survival(ended, still_open)
    assert plain is not None
    assert more is not None
    assert more.quantile(0.5) is None or plain.quantile(0.5) <= more.quantile(0.5)
