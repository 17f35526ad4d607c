"""Process limits, special causes and assurance: published cases, sums done by hand, and properties."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marops import spc
from marops.spc import Assurance, Change, Rule
from tests.conftest import published

# Process limits


def test_limits_of_shewharts_megohms_are_the_published_ones():
    given_, expected = published("XMR-01")
    limits = spc.process_limits(given_["values"])
    assert limits is not None
    assert limits.mean == pytest.approx(expected["mean"], abs=0.005)
    assert limits.moving_range == pytest.approx(expected["mR"], abs=0.005)
    assert limits.lower == pytest.approx(expected["LNPL"], abs=0.005)
    assert limits.upper == pytest.approx(expected["UNPL"], abs=0.005)
    beyond = [i for i, value in enumerate(given_["values"]) if not limits.lower <= value <= limits.upper]
    assert beyond == expected["points_beyond"]
    assert spc.newest_change(given_["values"], limits) is Change.UP


def test_a_locked_baseline_finds_the_new_points_that_left_it():
    given_, expected = published("XMR-03")
    limits = spc.process_limits(given_["baseline"])
    assert limits is not None
    assert (limits.lower, limits.upper) == pytest.approx((expected["baseline_LNPL"], expected["baseline_UNPL"]), abs=0.05)
    outside = [i for i, value in enumerate(given_["new"]) if not limits.lower <= value <= limits.upper]
    assert outside == expected["new_points_outside"]
    assert spc.newest_change(given_["new"], limits) is Change.DOWN


def test_a_run_of_eight_about_the_mean_is_the_published_one():
    given_, expected = published("XMR-06")
    values = given_["values"]
    limits = spc.process_limits(values)
    assert limits is not None
    assert spc.runs(values, limits.mean) == expected["flagged"]
    assert spc.newest_change(values, limits) is Change.DOWN


def test_limits_keep_an_outlier_unless_it_is_taken_out():
    given_, expected = published("SPC-01")
    limits = spc.process_limits(given_["values"])
    assert limits is not None
    wanted = expected["unscreened"]
    assert (limits.lower, limits.mean, limits.upper) == pytest.approx((wanted["LPL"], wanted["mean"], wanted["UPL"]), abs=0.005)


def test_limits_of_the_viscosity_data_are_the_ones_of_the_factor_2_66():
    given_, expected = published("SPC-07")
    limits = spc.process_limits(given_["values"])
    assert limits is not None
    assert limits.mean == pytest.approx(expected["centre"], abs=5e-6)
    assert (limits.lower, limits.upper) == pytest.approx((32.24463, 34.80203), abs=5e-6)


def test_limits_of_six_values_done_by_hand():
    # mean 6; moving ranges 2, 2, 2, 2, 2, so 6 - 2.66 * 2 and 6 + 2.66 * 2
    limits = spc.process_limits([5, 7, 5, 7, 5, 7])
    assert limits is not None
    assert (limits.mean, limits.moving_range) == (6, 2)
    assert (limits.lower, limits.upper) == pytest.approx((0.68, 11.32))


@pytest.mark.parametrize("count", range(6))
def test_below_six_values_there_are_no_limits(count):
    assert spc.process_limits([float(n) for n in range(count)]) is None


@pytest.mark.parametrize(("count", "trial"), [(6, True), (11, True), (12, False), (24, False)])
def test_limits_are_on_trial_below_twelve_values(count, trial):
    limits = spc.process_limits([float(n % 2) for n in range(count)])
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
    limits = spc.process_limits([5, 7, 5, 7, 5, 7])  # 0.68 to 11.32 about 6
    assert spc.newest_change(values, limits) is change


def test_a_value_is_on_the_mean_though_the_last_digit_differs():
    limits = spc.process_limits([10 / 20, 12 / 20] * 6)
    assert limits is not None
    assert limits.mean != 11 / 20
    assert spc.newest_change([11 / 20] * 9, limits) is Change.NONE
    assert spc.special_causes([11 / 20] * 9, limits) == {}


@given(st.integers(1, 999))
def test_a_process_that_never_moves_gives_no_signal_and_keeps_a_target_it_is_on(thousandths: int):
    value = thousandths / 1000
    limits = spc.process_limits([value] * 12)
    assert limits is not None
    assert spc.newest_change([value] * 13, limits) is Change.NONE
    assert spc.special_causes([value] * 13, limits) == {}
    assert spc.assurance(limits, value, math.inf) is spc.assurance(limits, -math.inf, value) is Assurance.PASS


def test_without_limits_nothing_has_changed():
    assert spc.newest_change([1, 100], None) is Change.NONE


@pytest.mark.parametrize(("newest", "change"), [(40, Change.NONE), (80, Change.UP)])
def test_days_that_often_fall_far_above_their_mean_are_certain_news_only_by_their_logarithms(newest: int, change: Change):
    days = [10, 14, 8, 20, 9, 13, 7, 18, 11, 15, 9, 12] * 2
    limits = spc.process_limits(days[:12])
    assert spc.newest_change([newest], limits) is Change.UP
    assert spc.certain_change([*days, newest], limits) is Change.UP
    assert spc.certain_change([*days, newest], limits, amounts=True) is change
    # The same distances where values may be negative have no logarithms to ask.
    lower = spc.process_limits([value - 50 for value in days[:12]])
    assert spc.certain_change([value - 50 for value in [*days, newest]], lower, amounts=True) is Change.UP


def test_a_run_ends_where_a_value_lies_on_the_mean():
    assert spc.runs([1, 1, 0, 1, 1, 1], 0, length=3) == [3, 4, 5]


def test_limits_without_the_ranges_of_an_outlier_are_the_published_ones():
    given_, expected = published("SPC-01")
    limits = spc.process_limits(given_["values"], screened=True)
    assert limits is not None
    wanted = expected["screened"]
    assert (limits.lower, limits.mean, limits.upper) == pytest.approx((wanted["LPL"], wanted["mean"], wanted["UPL"]), abs=0.005)


def test_the_highest_range_of_shewharts_megohms_is_the_published_one_and_only_the_last_lies_above():
    given_, expected = published("XMR-01")
    limits = spc.process_limits(given_["values"])
    assert limits is not None
    assert limits.highest_range == pytest.approx(expected["URL"], abs=0.4)  # published with Wheeler's 3.268
    assert [r > limits.highest_range for r in expected["moving_ranges"]] == [False] * 14 + [True]


def test_limits_about_a_line_are_the_published_ones():
    given_, expected = published("XMR-09")
    found = spc.trended_limits(given_["values"])
    assert found is not None
    assert (found.slope, found.half_width) == pytest.approx((expected["slope"], expected["half_width"]), abs=0.01)
    # The line goes through the averages of both halves, at their middles.
    middles = [found.start + found.slope * at for at in (4.5, 14.5)]
    assert middles == pytest.approx(expected["half_means"])
    assert spc.trended_limits(given_["values"][:11]) is None


numbers = st.floats(-1e6, 1e6, allow_nan=False)


@given(st.lists(numbers, min_size=6, max_size=40))
def test_limits_contain_the_mean(values):
    limits = spc.process_limits(values)
    assert limits is not None
    assert limits.lower <= limits.mean <= limits.upper


@given(st.lists(numbers, min_size=6, max_size=40), st.floats(-1e4, 1e4))
def test_limits_move_with_the_values(values, by):
    here, there = spc.process_limits(values), spc.process_limits([value + by for value in values])
    assert here is not None
    assert there is not None
    assert there.lower - here.lower == pytest.approx(by, abs=1e-3)


# Special causes


def test_the_patterns_of_special_causes_are_the_published_ones():
    given_, expected = published("SPC-03")
    assert [spc.on_one_side(sides, spc.SHORT_RUN) for sides in given_["seven_one_side"]] == expected["seven_one_side"]
    assert [spc.seven_going_one_way(values) for values in given_["trend"]] == expected["trend"]
    found = [spc.two_of_three(near, [1] * len(near)) for near in given_["two_in_three_near"]]
    assert found == expected["two_in_three"]


def test_special_causes_name_the_values_that_make_them():
    limits = spc.process_limits([5, 7, 5, 7, 5, 7])  # 0.68 to 11.32 about 6; the outer thirds begin at 2.45 and 9.55
    assert limits is not None
    assert spc.special_causes([6, 12, 6], limits) == {Rule.OUTSIDE: [1]}
    assert spc.special_causes([5, *[7] * 7], limits) == {Rule.RUN: [1, 2, 3, 4, 5, 6, 7]}
    assert spc.special_causes([3, 4, 5, 6.5, 7, 8, 9], limits) == {Rule.TREND: [0, 1, 2, 3, 4, 5, 6]}
    assert spc.special_causes([10, 7, 10, 5], limits) == {Rule.NEAR: [0, 2]}
    assert spc.special_causes([10, 5, 10], limits) == {}  # one of the three lies below the mean


@given(st.lists(st.integers(-50, 50), min_size=6, max_size=40))
def test_a_series_turned_upside_down_has_the_same_special_causes(values: list[int]):
    limits, turned = spc.process_limits(values), spc.process_limits([-value for value in values])
    assert limits
    assert turned
    assert spc.special_causes(values, limits) == spc.special_causes([-value for value in values], turned)


# Assurance


def test_assurance_is_the_published_one():
    given_, expected = published("SPC-05")
    names = {Assurance.PASS: "consistent_pass", Assurance.FAIL: "consistent_fail", Assurance.HIT_AND_MISS: "inconsistent"}
    found = [
        spc.assurance(spc.Limits((low + high) / 2, low, high, 1, trial=False), given_["target"], math.inf)
        for low, high in given_["limits"]
    ]
    assert [names[one] for one in found] == expected


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(-math.inf, 8, Assurance.PASS), (-math.inf, 4, Assurance.FAIL), (-math.inf, 6, Assurance.HIT_AND_MISS),
     (4, 8, Assurance.PASS), (5.5, 6.5, Assurance.HIT_AND_MISS), (8, 9, Assurance.FAIL)],
)  # fmt: skip
def test_a_target_may_lie_on_either_side_or_be_a_band(low: float, high: float, expected: Assurance):
    assert spc.assurance(spc.Limits(6, 5, 7, 0.4, trial=False), low, high) is expected
