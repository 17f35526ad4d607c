"""Forecasts from throughput: published cases, exact values where nothing varies, and how often they come true."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marops.pipeline import forecast
from marops.pipeline.forecast import Pace
from tests.conftest import case
from tests.pipeline.made import finished_by_day

SEED = 20_260


def said(name: str) -> Any:
    return json.loads(case("flow", "03_lighthouse_units", "case.json").read_text(encoding="utf-8"))[name]


def plain(counts: list[int]) -> Pace:
    found = forecast.plain(counts)
    assert found is not None
    return found


def test_without_anything_finished_there_is_no_forecast() -> None:
    assert forecast.plain([0, 0, 0]) is None
    assert forecast.pace([3] * 10 + [0] * forecast.WINDOW, ahead=10) is None
    assert forecast.pace([], ahead=10) is None
    assert forecast.pace([3] * (forecast.FEWEST_DAYS - 1), ahead=10) is None
    assert forecast.held([0] * 200, 20, (0.85,), seed=SEED) == ()


def test_the_same_seed_gives_the_same_forecast() -> None:
    found = forecast.pace([2, 0, 1] * 40, ahead=10)
    assert found is not None
    first, again, other = (forecast.how_many(found, 10, seed=seed) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_a_process_that_never_varies_is_forecast_exactly() -> None:
    """Lighthouse's constant throughput: at every percentile."""
    for days, items in said("constant_throughput")["how_many_days"].items():
        totals = forecast.how_many(plain(said("constant_throughput")["daily_throughput"]), int(days), seed=SEED)
        assert {forecast.reached(totals, share) for share in (0.5, 0.7, 0.85, 0.95)} == {items}
    for items, day in said("constant_throughput")["when"].items():
        done = forecast.when(plain([1]), int(items), seed=SEED)
        assert {forecast.by(done, share) for share in (0.5, 0.7, 0.85, 0.95)} == {day}


def test_how_many_in_ten_days_lies_in_lighthouses_ranges() -> None:
    given_ = said("how_many_mc_10_days")
    totals = forecast.how_many(plain(given_["daily_throughput"]), given_["days"], trials=given_["trials"], seed=SEED)
    for share, (low, high) in given_["expected_range"].items():
        assert low <= forecast.reached(totals, int(share) / 100) <= high


def test_when_thirty_five_items_are_done_lies_in_lighthouses_ranges() -> None:
    given_ = said("when_mc_35_items")
    done = forecast.when(plain(given_["daily_throughput"]), given_["remaining"], trials=given_["trials"], seed=SEED)
    for share, (low, high) in given_["expected_range_days"].items():
        assert low <= forecast.by(done, int(share) / 100) <= high
    assert forecast.likelihood(done, 0) == given_["likelihood_today_or_past"]


def test_percentiles_and_likelihoods_of_trials_are_lighthouses() -> None:
    given_ = said("when_forecast_percentile")
    days = np.repeat([int(day) for day in given_["histogram_days_to_trials"]], list(given_["histogram_days_to_trials"].values()))
    for share, day in given_["expected_percentile_day"].items():
        assert forecast.by(days, int(share) / 100) == day
    for day, percent in given_["expected_likelihood_by_day_pct"].items():
        assert forecast.likelihood(days, int(day)) == pytest.approx(percent / 100)


def test_chances_of_two_teams_multiply() -> None:
    given_ = said("two_team_joint")
    last = max(int(day) for team in "AB" for day in given_[team])
    one, other = (
        np.cumsum([given_[team].get(str(day), 0) for day in range(last + 1)]) / sum(given_[team].values()) for team in "AB"
    )
    both = forecast.jointly(one, other)
    found = {str(day): 10_000 * chance for day, chance in enumerate(np.diff(both, prepend=0)) if chance}
    assert found == pytest.approx(given_["joint_trials"])
    assert (forecast.first_day(both, 0.5), forecast.first_day(both, 0.85)) == (given_["p50_day"], given_["p85_day"])
    assert forecast.first_day(both, 0) == 0
    assert forecast.first_day(both[:3] * 0.9, 0.95) is None


def test_the_nth_item_is_done_as_soon_as_n_are() -> None:
    """Where nothing varies exactly; else as often as the days of that many say, whose trials are others."""
    steady = forecast.chances(plain([2]), 5, 4, seed=SEED)
    assert steady.tolist() == [[1, 1, 1, 1, 1], [0, 1, 1, 1, 1], [0, 1, 1, 1, 1], [0, 0, 1, 1, 1], [0, 0, 1, 1, 1], [0, 0, 0, 1, 1]]
    found = forecast.pace([0, 2, 1, 0, 3] * 24, ahead=20)
    assert found is not None
    chances = forecast.chances(found, 20, 120, trials=40_000, seed=1)
    assert (np.diff(chances, axis=0) <= 0).all()
    assert (np.diff(chances, axis=1) >= 0).all()
    for items in (1, 7, 20):
        done = forecast.when(found, items, trials=40_000, seed=2)
        for day in (1, 5, 20, 60, 120):
            assert chances[items, day] == pytest.approx(np.mean(done <= day), abs=0.015)


def test_a_share_of_trials_is_reached_by_at_least_that_many() -> None:
    totals = np.array([4.0, 1.0, 3.0, 2.0, 5.0])
    assert [forecast.reached(totals, share) for share in (0.2, 0.5, 0.8, 0.95, 1)] == [5, 3, 2, 1, 1]
    assert [forecast.by(np.array([4, 1, 3, 2, 5]), share) for share in (0.2, 0.5, 0.8, 0.95)] == [1, 3, 4, 5]


@settings(max_examples=40)
@given(
    st.lists(st.integers(0, 5), min_size=forecast.FEWEST_DAYS, max_size=80).filter(lambda counts: any(counts[-60:])),
    st.integers(1, 60),
)
def test_more_certainty_is_fewer_items_and_a_later_day(counts: list[int], days: int) -> None:
    found = forecast.pace(counts, ahead=days)
    assert found is not None
    totals, done = (forecast.how_many(found, days, trials=500, seed=1), forecast.when(found, 8, trials=500, seed=1))
    assert forecast.reached(totals, 0.95) <= forecast.reached(totals, 0.85) <= forecast.reached(totals, 0.5)
    assert forecast.by(done, 0.5) <= forecast.by(done, 0.85) <= forecast.by(done, 0.95)
    assert done.min() >= 1
    assert found.weights.sum() == pytest.approx(1)


def test_a_forecast_of_days_agrees_with_the_forecast_of_items() -> None:
    """As many trials have finished n items by a day as have a total of n or more on it."""
    found = forecast.pace([0, 2, 1, 0, 3] * 24, ahead=20)
    assert found is not None
    totals, done = (forecast.how_many(found, 20, trials=40_000, seed=1), forecast.when(found, 20, trials=40_000, seed=2))
    assert np.mean(totals >= 20) == pytest.approx(forecast.likelihood(done, 20), abs=0.015)


def test_a_process_that_halves_and_doubles_is_forecast_with_more_doubt_than_a_stable_one() -> None:
    stable = forecast.pace([2] * 300, ahead=20)
    wild = forecast.pace(([1] * 60 + [4] * 60) * 3, ahead=20)
    assert stable is not None
    assert wild is not None
    assert stable.drift < forecast._USUAL_DRIFT < wild.drift


def test_nothing_left_to_do_is_done_today() -> None:
    assert set(forecast.when(plain([0, 1]), 0, trials=10, seed=1)) == {0}


def test_a_pause_of_months_is_no_drift_of_the_time_before_and_after() -> None:
    steady = forecast.pace([2] * 300, ahead=20)
    paused = forecast.pace([2] * 150 + [0] * 55 + [2] * 95, ahead=20)
    assert steady is not None
    assert paused is not None
    assert steady.drift < paused.drift < 0.8


def test_a_trial_that_would_take_longer_than_ten_years_is_given_up() -> None:
    slow = forecast.plain([0] * 59 + [1])
    assert slow is not None
    assert forecast.by(forecast.when(slow, 1_000, trials=20, seed=1), 0.5) == forecast.LONGEST + 1


@pytest.mark.parametrize("folder", ["07_helpdesk", "05_receipt"])
def test_a_forecast_that_promises_85_percent_comes_true_in_80_to_90_of_100_and_drawing_days_alone_does_not(folder: str) -> None:
    counts = finished_by_day(folder)
    most, nearly_all = forecast.held(counts, 20, (0.85, 0.95), seed=SEED, trials=1_000)
    assert 0.80 <= most.coverage <= 0.90
    assert 0.92 <= nearly_all.coverage <= 0.98
    assert most.said > 50
    alone = forecast.held(counts, 20, (0.85,), seed=SEED, trials=1_000, is_plain=True)[0]
    assert alone.coverage < 0.80
