"""Limits, intervals and survival: published cases, sums done by hand, and properties."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marops import stats
from marops.stats import Change
from tests.conftest import case


def published(case_id: str) -> tuple[dict, dict]:
    found = next(c for c in json.loads(case("kpi", "open.json").read_text(encoding="utf-8")) if c["id"] == case_id)
    return found["input"], found["expected"]


# Process limits


def test_limits_of_shewharts_megohms_are_the_published_ones():
    given_, expected = published("XMR-01")
    limits = stats.process_limits(given_["values"])
    assert limits is not None
    assert limits.mean == pytest.approx(expected["mean"], abs=0.005)
    assert limits.moving_range == pytest.approx(expected["mR"], abs=0.005)
    assert limits.lower == pytest.approx(expected["LNPL"], abs=0.005)
    assert limits.upper == pytest.approx(expected["UNPL"], abs=0.005)
    beyond = [i for i, value in enumerate(given_["values"]) if not limits.lower <= value <= limits.upper]
    assert beyond == expected["points_beyond"]
    assert stats.newest_change(given_["values"], limits) is Change.UP


def test_a_locked_baseline_finds_the_new_points_that_left_it():
    given_, expected = published("XMR-03")
    limits = stats.process_limits(given_["baseline"])
    assert limits is not None
    assert (limits.lower, limits.upper) == pytest.approx((expected["baseline_LNPL"], expected["baseline_UNPL"]), abs=0.05)
    outside = [i for i, value in enumerate(given_["new"]) if not limits.lower <= value <= limits.upper]
    assert outside == expected["new_points_outside"]
    assert stats.newest_change(given_["new"], limits) is Change.DOWN


def test_a_run_of_eight_about_the_mean_is_the_published_one():
    given_, expected = published("XMR-06")
    values = given_["values"]
    limits = stats.process_limits(values)
    assert limits is not None
    assert stats.runs(values, limits.mean) == expected["flagged"]
    assert stats.newest_change(values, limits) is Change.DOWN


def test_limits_keep_an_outlier_unless_it_is_taken_out():
    given_, expected = published("SPC-01")
    limits = stats.process_limits(given_["values"])
    assert limits is not None
    wanted = expected["unscreened"]
    assert (limits.lower, limits.mean, limits.upper) == pytest.approx((wanted["LPL"], wanted["mean"], wanted["UPL"]), abs=0.005)


def test_limits_of_the_viscosity_data_are_the_ones_of_the_factor_2_66():
    given_, expected = published("SPC-07")
    limits = stats.process_limits(given_["values"])
    assert limits is not None
    assert limits.mean == pytest.approx(expected["centre"], abs=5e-6)
    assert (limits.lower, limits.upper) == pytest.approx((32.24463, 34.80203), abs=5e-6)


def test_limits_of_six_values_done_by_hand():
    # mean 6; moving ranges 2, 2, 2, 2, 2, so 6 - 2.66 * 2 and 6 + 2.66 * 2
    limits = stats.process_limits([5, 7, 5, 7, 5, 7])
    assert limits is not None
    assert (limits.mean, limits.moving_range) == (6, 2)
    assert (limits.lower, limits.upper) == pytest.approx((0.68, 11.32))


@pytest.mark.parametrize("count", range(6))
def test_below_six_values_there_are_no_limits(count):
    assert stats.process_limits([float(n) for n in range(count)]) is None


@pytest.mark.parametrize(("count", "trial"), [(6, True), (11, True), (12, False), (24, False)])
def test_limits_are_on_trial_below_twelve_values(count, trial):
    limits = stats.process_limits([float(n % 2) for n in range(count)])
    assert limits is not None
    assert limits.trial is trial


@pytest.mark.parametrize(
    ("values", "change"),
    [
        ([6, 6, 11.4], Change.UP),
        ([6, 6, 0.6], Change.DOWN),
        ([11.4, 6, 6], Change.NONE),  # an old signal is no news
        ([7] * 7, Change.NONE),
        ([7] * 8, Change.UP),
        ([5] * 8, Change.DOWN),
        ([7] * 7 + [6], Change.NONE),  # on the mean is on neither side
        ([7] * 8 + [5], Change.NONE),
        ([], Change.NONE),
    ],
)
def test_the_newest_value_is_a_change_outside_the_limits_or_at_the_end_of_a_run_of_eight(values, change):
    limits = stats.process_limits([5, 7, 5, 7, 5, 7])  # 0.68 to 11.32 about 6
    assert stats.newest_change(values, limits) is change


def test_without_limits_nothing_has_changed():
    assert stats.newest_change([1, 100], None) is Change.NONE


def test_a_run_ends_where_a_value_lies_on_the_mean():
    assert stats.runs([1, 1, 0, 1, 1, 1], 0, length=3) == [3, 4, 5]


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

numbers = st.floats(-1e6, 1e6, allow_nan=False)
durations = st.lists(st.integers(1, 1000), max_size=40)


@given(st.lists(numbers, min_size=6, max_size=40))
def test_limits_contain_the_mean(values):
    limits = stats.process_limits(values)
    assert limits is not None
    assert limits.lower <= limits.mean <= limits.upper


@given(st.lists(numbers, min_size=6, max_size=40), st.floats(-1e4, 1e4))
def test_limits_move_with_the_values(values, by):
    here, there = stats.process_limits(values), stats.process_limits([value + by for value in values])
    assert here is not None
    assert there is not None
    assert there.lower - here.lower == pytest.approx(by, abs=1e-3)


counts = st.integers(1, 500).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))


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
