"""The lag test: the published case, hand-made links, its error rates, and the reasons for no answer."""

import csv
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from marops import lags
from marops.lags import Link, NoAnswer
from tests.conftest import case, published


def sales_and_their_indicator():
    def values(name):
        with case("kpi", name).open(encoding="utf-8") as file:
            return [float(row["value"]) for row in csv.DictReader(file)]

    return values("bjsales_lead.csv"), values("bjsales.csv")


def noise(count, memory=0.0, *, seed=0):
    """Noise of spread 1, each value with that share of the one before."""
    fresh = np.random.default_rng(seed).normal(size=count + 50)
    values = [0.0]
    for value in fresh:
        values.append(memory * values[-1] + float(value))
    return np.array(values[-count:])


def follower(x, *, by, effect, spread, seed=1):
    """A series that moves by `effect` a unit of `x`, `by` periods later, and on its own by `spread`."""
    y = spread * noise(len(x), seed=seed)
    y[by:] += effect * x[: len(x) - by]
    return y


def answer(x, y, **options) -> Link:
    found = lags.lead(list(x), list(y), **options)
    assert isinstance(found, Link)
    return found


# The published case


def test_sales_follow_their_indicator_by_three_periods_as_published():
    _, expected = published("LAG-01")
    found = answer(*sales_and_their_indicator())
    correlations = [lag.correlation for lag in found.lags]
    assert all(abs(correlation) < 0.16 for correlation in correlations[:3])
    assert correlations[3] == pytest.approx(0.68, abs=0.01)
    assert found.first is not None
    assert found.strongest is not None
    assert found.first.lag == found.strongest.lag == expected["first_lag_outside_band"]
    # the transfer function of the textbook: 4.7 at lag 3
    assert found.strongest.effect == pytest.approx(4.7, abs=0.2)
    assert found.placebo is None


def test_the_indicator_does_not_follow_sales():
    x, y = sales_and_their_indicator()
    found = answer(y, x)
    assert found.placebo is not None
    assert found.placebo.lag == 3


# Links made by hand


@pytest.mark.parametrize("by", [0, 1, 5, 8])
def test_a_delay_and_its_effect_are_found(by):
    x = noise(104, 0.5)
    found = answer(x, follower(x, by=by, effect=-2.5, spread=1))
    assert found.strongest is not None
    assert found.strongest.lag == by
    assert found.strongest.low < -2.5 < found.strongest.high < 0
    assert found.strongest.effect == pytest.approx(-2.5, abs=0.4)
    assert found.placebo is None


def test_time_reversed_shows_that_it_is_the_other_that_leads():
    x = noise(104, 0.5)
    found = answer(follower(x, by=2, effect=2, spread=1), x)
    assert found.placebo is not None
    assert found.placebo.lag == 2
    assert found.strongest is None


def test_an_effect_is_in_units_of_the_one_a_unit_of_the_other():
    x = noise(104)
    y = follower(x, by=2, effect=3, spread=1)
    plain, scaled = answer(x, y).lags[2], answer(1000 * x + 7e6, 0.01 * y - 3).lags[2]
    assert scaled.correlation == pytest.approx(plain.correlation, abs=1e-6)
    assert [scaled.effect, scaled.low, scaled.high] == pytest.approx([v * 1e-5 for v in (plain.effect, plain.low, plain.high)])


def test_a_lag_stands_out_exactly_where_its_interval_leaves_out_zero():
    x = noise(60, 0.5)
    found = answer(x, follower(x, by=3, effect=0.5, spread=1))
    for lag in (*found.lags, *found.reversed):
        assert lag.stands_out is not (lag.low <= 0 <= lag.high)
    assert {lag.stands_out for lag in found.lags} == {True, False}


def test_of_a_series_whose_changes_are_noise_correlations_and_effects_are_those_of_the_changes():
    x = np.cumsum(noise(60, seed=4))
    y = follower(x, by=2, effect=0.7, spread=1)
    found = answer(x, y)
    assert (found.order, found.points) == (0, 59)
    for lag in found.lags:
        led, follows = np.diff(x)[: 59 - lag.lag], np.diff(y)[lag.lag :]
        assert lag.correlation == pytest.approx(np.corrcoef(led, follows)[0, 1])
        assert lag.effect == pytest.approx(np.polyfit(led, follows, 1)[0])
    for lag in found.reversed:
        led, follows = np.diff(y)[: 59 - lag.lag], np.diff(x)[lag.lag :]
        assert lag.correlation == pytest.approx(np.corrcoef(led, follows)[0, 1])
    assert [lag.lag for lag in found.lags] == [0, 1, 2, 3, 4, 5, 6, 7, 8]
    assert [lag.lag for lag in found.reversed] == [1, 2, 3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize(("season", "taken"), [(None, 0), (12, 11)])
def test_bounds_and_intervals_are_students_t_shared_by_the_lags(season, taken):
    found = answer(noise(104), noise(104, seed=9), season=season)
    for lags_, looks in ((found.lags, 9), (found.reversed, 8)):
        for lag in lags_:
            freedom = found.points - lag.lag - 2 - found.order - taken
            t = stats.t.ppf(1 - 0.025 / looks, freedom)
            assert lag.bound == pytest.approx(t / (t**2 + freedom) ** 0.5)
            error = abs(lag.effect / lag.correlation) * ((1 - lag.correlation**2) / freedom) ** 0.5
            assert (lag.low, lag.high) == pytest.approx((lag.effect - t * error, lag.effect + t * error))


def test_a_shared_season_is_no_link_once_it_is_taken_out():
    season = np.tile(5 * noise(12, seed=3), 9)[:104]
    x, y = season + noise(104), season + noise(104, seed=1)
    assert answer(x, y).strongest is not None
    assert answer(x, y, season=12).strongest is None
    linked = answer(x, season + follower(x - season, by=2, effect=2, spread=1), season=12)
    assert linked.strongest is not None
    assert linked.strongest.lag == 2
    assert linked.strongest.effect == pytest.approx(2, abs=0.5)


# No answer


def test_below_forty_points_there_is_no_answer():
    x, y = noise(40), noise(40, seed=1)
    assert isinstance(lags.lead(list(x), list(y)), Link)
    assert lags.lead(list(x[1:]), list(y[1:])) is NoAnswer.TOO_SHORT
    assert lags.lead([], []) is NoAnswer.TOO_SHORT


def test_a_season_needs_a_point_more_for_each_of_its_steps_but_one():
    x, y = noise(91), noise(91, seed=1)
    assert isinstance(lags.lead(list(x), list(y), season=52), Link)
    assert lags.lead(list(x[1:]), list(y[1:]), season=52) is NoAnswer.TOO_SHORT


@pytest.mark.parametrize(
    ("value", "why"), [(None, NoAnswer.GAP), (math.nan, NoAnswer.NOT_FINITE), (-math.inf, NoAnswer.NOT_FINITE)]
)
@pytest.mark.parametrize("side", [0, 1])
def test_a_value_that_is_none_gives_the_reason(value, why, side):
    series = [list(noise(50)), list(noise(50, seed=1))]
    series[side][17] = value
    assert lags.lead(*series) is why


@pytest.mark.parametrize(
    "still",
    [
        [3.0] * 60,
        [0.1 * n for n in range(60)],  # a straight line
        [float(n % 2) for n in range(60)],  # follows from the value before
        [*[0.0] * 58, 1.0, 0.0],  # moves where most lags do not look
    ],
)
def test_a_series_that_never_changes_or_only_follows_itself_gives_no_answer(still):
    other = list(noise(60))
    assert lags.lead(still, other) is NoAnswer.NO_VARIATION
    if still[1] != 1:  # of the second, the filter is not its own
        assert lags.lead(other, still) is NoAnswer.NO_VARIATION


def test_a_series_that_is_all_season_gives_no_answer():
    assert lags.lead(list(np.tile(noise(12), 5)), list(noise(60)), season=12) is NoAnswer.NO_VARIATION


def test_series_of_different_length_and_a_season_of_one_are_mistakes():
    with pytest.raises(ValueError, match="50 and 51 periods"):
        lags.lead([1.0] * 50, [1.0] * 51)
    with pytest.raises(ValueError, match="at least two periods, not 1"):
        lags.lead([1.0] * 50, [1.0] * 50, season=1)


VALUE = st.one_of(st.integers(0, 3), st.floats(-1e12, 1e12), st.sampled_from([None, math.nan, math.inf]))
SERIES = st.one_of(*(st.lists(v, min_size=38, max_size=60) for v in (st.integers(0, 1), st.floats(-1e12, 1e12), VALUE)))


@given(SERIES, SERIES, st.sampled_from([None, 2, 7]))
def test_whatever_comes_in_there_is_a_link_of_finite_numbers_or_a_reason(x, y, season):
    count = min(len(x), len(y))
    found = lags.lead(x[:count], y[:count], season=season)
    if isinstance(found, Link):
        for lag in (*found.lags, *found.reversed):
            assert abs(lag.correlation) <= 1 + 1e-9
            assert 0 < lag.bound < 1
            assert -math.inf < lag.low <= lag.effect <= lag.high < math.inf
    else:
        assert isinstance(found, NoAnswer)


# How often it errs


def test_the_interval_of_a_real_effect_covers_it():
    covered = 0
    for seed in range(200):
        x = noise(104, 0.5, seed=seed)
        lag = answer(x, follower(x, by=3, effect=0.5, spread=1, seed=seed + 10_000)).lags[3]
        covered += lag.low < 0.5 < lag.high
    assert covered >= 190  # 95 % of the intervals; they are wide enough for all lags at once
