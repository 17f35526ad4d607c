"""Spend and outcome by channel, the weeks, and what another split would bring, on numbers made by hand."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marops.budget import metrics
from marops.budget.response import Response, fit
from marops.period import Period
from tests.scorecard.made import ADS, MARCH, ad, frame


def days(*rows: dict) -> pl.DataFrame:
    return frame(rows, ADS)


def day(number: int) -> date:
    return date(2026, 3, number)


def by_channel(*rows: dict, plan: dict[str, float] | None = None) -> dict[str, dict]:
    return {row["channel"]: row for row in metrics.by_channel(days(*rows), plan or {}).to_dicts()}


def known(ceiling: float, half: float, now: float = 100.0, channel: str = "Facebook", spread: float = 0.0) -> Response:
    """A response whose resamples scatter by `spread` about its ceiling."""
    ceilings = ceiling * (1 + spread * np.linspace(-1, 1, 101))
    return Response(channel, ceiling, half, ceilings, np.full(101, half), now, 0.5 * now, 2 * now, 104)


# By channel


def test_spend_conversions_cost_and_share_of_each_channel():
    found = by_channel(
        ad(day(1), 30, 3), ad(day(2), 30, 1), ad(day(1), 40, 10, channel="Google Search"), plan={"Facebook": 50.0, "TikTok": 9.0}
    )
    assert list(found) == ["Google Search", "Facebook"]  # in the fixed order, not by name or spend
    assert found["Facebook"] == {
        "channel": "Facebook", "spend": 60, "conversions": 4, "planned": 50, "cost": 15, "share": 0.6,
    }  # fmt: skip
    assert (found["Google Search"]["cost"], found["Google Search"]["share"], found["Google Search"]["planned"]) == (4, 0.4, None)


def test_spend_without_an_exchange_rate_makes_a_channel_unknown_not_smaller():
    found = by_channel(ad(day(1), 30, 3), ad(day(2), None, 1, currency_code="USD"), ad(day(1), 40, 4, channel="TikTok"))
    assert (found["Facebook"]["spend"], found["Facebook"]["cost"], found["Facebook"]["conversions"]) == (None, None, 4)
    assert (found["TikTok"]["spend"], found["TikTok"]["cost"]) == (40, 10)
    # The whole is not known, so nobody's share of it is.
    assert {row["share"] for row in found.values()} == {None}


@pytest.mark.parametrize(("conversions", "shown"), [(0, 0), (None, None)])
def test_without_conversions_there_is_no_cost(conversions, shown):
    row = by_channel(ad(day(1), 30, conversions))["Facebook"]
    assert (row["conversions"], row["cost"]) == (shown, None)


def test_a_channel_nobody_knows_comes_last():
    assert list(by_channel(ad(day(1), 1, channel="billboard_ads"), ad(day(1), 1, channel="TikTok"))) == ["TikTok", "billboard_ads"]


def test_only_rows_wholly_inside_the_period_and_of_the_unit_count():
    rows = days(
        ad(day(1), 1), ad(day(31), 2), ad(date(2026, 2, 28), 4), ad(date(2026, 4, 1), 8),
        ad(date(2026, 4, 2), 16, period_start=day(30)), ad(day(5), 32, unit="Europe"), ad(day(5), 64, unit=None),
    )  # fmt: skip
    assert metrics.in_period(rows, MARCH, None)["spend"].sum() == 1 + 2 + 32 + 64
    assert metrics.in_period(rows, MARCH, "Europe")["spend"].sum() == 32


# Totals


def test_totals_add_up_and_say_what_is_missing():
    spend, conversions, cost = metrics.totals(days(ad(day(1), 30, 3), ad(day(2), 30, 1)), MARCH, "EUR", day(2))
    assert (spend.value, conversions.value, cost.value) == (60, 4, 15)
    assert (spend.currency, conversions.currency, spend.as_of) == ("EUR", None, day(2))
    spend, conversions, cost = metrics.totals(days(), MARCH, "EUR", None)
    assert [m.value for m in (spend, conversions, cost)] == [None] * 3
    assert str(spend.missing) == "No ad spend in these days. Import a report of an ad platform."


def test_a_total_with_an_unknown_rate_is_missing_and_names_the_currency():
    rows = days(ad(day(1), 30, 3), ad(day(2), None, 1, currency_code="USD"), ad(day(2), None, 1, currency_code="GBP"))
    spend, conversions, cost = metrics.totals(rows, MARCH, "EUR", None)
    assert str(spend.missing) == str(cost.missing) == "Spend in GBP and USD has no exchange rate. Import reference rates."
    assert conversions.value == 5


def test_no_conversions_have_no_cost():
    spend, conversions, cost = metrics.totals(days(ad(day(1), 30, 0)), MARCH, "EUR", None)
    assert (spend.value, conversions.value, cost.value) == (30, 0, None)
    assert str(cost.missing) == "No conversions to divide by."


# Weeks


def test_weeks_are_counted_back_from_the_last_day_and_an_idle_week_has_no_spend():
    # until Saturday 28 March: weeks from 22, 15, 8 and 1 March
    rows = days(
        ad(day(28), 1, 1), ad(day(22), 2, 1), ad(day(21), 4, 1), ad(day(1), 8, None), ad(day(2), 16, 0.5, channel="TikTok"),
        ad(day(28), 99, 9, period_start=day(20)), ad(day(29), 99, 9),
    )  # fmt: skip
    found = metrics.weeks(rows, day(28))
    assert found.rows() == [
        ("Facebook", day(1), 8, 0), ("Facebook", day(8), 0, 0), ("Facebook", day(15), 4, 1), ("Facebook", day(22), 3, 2),
        ("TikTok", day(1), 16, 0.5), ("TikTok", day(8), 0, 0), ("TikTok", day(15), 0, 0), ("TikTok", day(22), 0, 0),
    ]  # fmt: skip


def test_a_week_with_spend_that_has_no_rate_is_unknown_not_smaller():
    found = metrics.weeks(days(ad(day(28), 1, 1), ad(day(27), None, 1), ad(day(21), 4, 1)), day(28))
    assert found.rows() == [("Facebook", day(15), 4, 1), ("Facebook", day(22), None, 2)]


def test_weeks_go_back_two_years_at_most():
    rows = days(*[ad(day(28) - timedelta(days=7 * n), 1, 1) for n in range(150)])
    found = metrics.weeks(rows, day(28))
    assert found.height == 104
    assert found["week"].min() == day(28) - timedelta(days=104 * 7 - 1)


def test_no_daily_rows_make_no_weeks():
    assert metrics.weeks(days(ad(day(28), 99, 9, period_start=day(1))), day(28)).is_empty()


def test_a_channel_without_spend_today_or_with_an_unknown_week_now_has_no_response():
    weeks = [(f"{n}", float(100 + 10 * (n % 7)), float(5 + n % 7)) for n in range(60)]
    table = pl.DataFrame(
        {
            "channel": ["Facebook"] * 60 + ["TikTok"] * 60 + ["X"] * 60,
            "week": [date(2025, 1, 1) + timedelta(days=7 * n) for n in range(60)] * 3,
            "spend": [w[1] for w in weeks] + [w[1] for w in weeks[:52]] + [0.0] * 8 + [w[1] for w in weeks[:59]] + [None],
            "conversions": [w[2] for w in weeks] * 3,
        }
    )
    found = metrics.responses(table)
    assert list(found) == ["Facebook", "TikTok", "X"]
    assert found["Facebook"] is not None
    assert (found["TikTok"], found["X"]) == (None, None)


# What if


def test_changing_nothing_changes_exactly_nothing():
    found = metrics.what_if({"Facebook": known(50, 80, spread=0.3), "TikTok": None}, {}, MARCH)
    assert found.change.value == 0
    assert found.change.interval is not None
    assert (found.change.interval.low, found.change.interval.high) == (0, 0)
    assert [(s.change, s.low, s.high) for s in found.shifts] == [(0, 0, 0)]
    assert found.spend == found.spend_then == 100


def test_what_a_change_brings_follows_the_curve():
    # 50 * 200 / (100 + 200) - 50 * 100 / (100 + 100) = 33.333 - 25
    found = metrics.what_if({"Facebook": known(50, 100)}, {"Facebook": 2.0}, MARCH)
    assert found.change.value == pytest.approx(50 * 2 / 3 - 25)
    assert (found.spend, found.spend_then) == (100, 200)
    assert found.shifts[0].conversions == pytest.approx(25)


def test_the_interval_of_a_change_is_that_of_its_resamples():
    # Ceilings from 40 to 60 evenly: 5 % and 95 % at 41 and 59, of which a sixth is gained.
    found = metrics.what_if({"Facebook": known(50, 100, spread=0.2)}, {"Facebook": 2.0}, MARCH)
    assert found.change.interval is not None
    assert (found.change.interval.low, found.change.interval.high) == pytest.approx((41 / 6, 59 / 6))
    assert found.change.interval.level == 0.9


def test_changes_of_several_channels_add_up_and_others_keep_theirs():
    both = {"Facebook": known(50, 100), "TikTok": known(20, 100, channel="TikTok"), "X": None}
    found = metrics.what_if(both, {"Facebook": 0.0, "TikTok": 2.0, "X": 3.0}, MARCH)
    assert found.change.value == pytest.approx(-25 + 20 * 2 / 3 - 10)
    assert [shift.channel for shift in found.shifts] == ["Facebook", "TikTok"]
    assert found.spend_then == 200


@pytest.mark.parametrize(("factor", "beyond"), [(0.49, ["Facebook"]), (0.5, []), (2.0, []), (2.01, ["Facebook"])])
def test_spend_outside_the_data_is_named(factor, beyond):
    assert metrics.what_if({"Facebook": known(50, 100)}, {"Facebook": factor}, MARCH).beyond == beyond


@given(st.floats(1, 500), st.floats(1, 500), st.floats(0, 3), st.floats(0, 3))
def test_more_spend_never_brings_less(ceiling, half, a, b):
    low, high = sorted((a, b))
    response = {"Facebook": known(ceiling, half)}
    less, more = (metrics.what_if(response, {"Facebook": factor}, MARCH).change.value for factor in (low, high))
    assert less is not None
    assert more is not None
    assert less <= more + 1e-9


def test_the_best_move_takes_from_the_dear_channel_and_gives_to_the_cheap_one():
    dear, cheap = known(20, 10, channel="Dear"), known(80, 400, channel="Cheap")
    # a fifth of 100: cheap gains 80 * (120/520 - 100/500) = 2.46, dear loses 20 * (100/110 - 80/90) = 0.40
    found = metrics.best_move({"Dear": dear, "Cheap": cheap})
    assert found == (dear, cheap, 20.0)


def test_there_is_no_move_to_where_the_data_never_were_nor_for_a_gain_that_chance_can_make():
    dear = known(20, 10, channel="Dear")
    full = Response("Full", 80, 400, np.full(101, 80.0), np.full(101, 400.0), 100, 50, 110, 104)
    assert metrics.best_move({"Dear": dear, "Full": full}) is None
    unsure = known(80, 400, channel="Unsure", spread=1.0)
    assert metrics.best_move({"Dear": dear, "Unsure": unsure}) is None
    assert metrics.best_move({"Dear": dear, "None": None}) is None


# Plan


def test_the_plan_counts_periods_wholly_inside_and_the_unit():
    rows = [
        ("Facebook", "Retail", day(1), day(31), 10.0), ("Facebook", "Europe", day(1), day(31), 5.0),
        ("Facebook", "Retail", date(2026, 4, 1), date(2026, 4, 30), 99.0), ("TikTok", None, day(1), day(31), 3.0),
    ]  # fmt: skip
    assert metrics.planned(rows, MARCH, None) == {"Facebook": 15, "TikTok": 3}
    assert metrics.planned(rows, MARCH, "Retail") == {"Facebook": 10}
    assert metrics.planned(rows, Period(day(2), day(31)), None) == {}


def test_a_plan_with_an_amount_that_has_no_rate_is_unknown_not_smaller():
    rows = [
        ("Facebook", "Retail", day(1), day(31), 10.0),
        ("Facebook", "Europe", day(1), day(31), None),
        ("TikTok", None, day(1), day(31), 3.0),
    ]
    assert metrics.planned(rows, MARCH, None) == {"TikTok": 3}
    assert metrics.planned(rows, MARCH, "Retail") == {"Facebook": 10}
    april = [*rows[:1], ("Facebook", None, date(2026, 4, 1), date(2026, 4, 30), None)]
    assert metrics.planned(april, MARCH, None) == {"Facebook": 10}


# Fitting


def weeks(ceiling: float, half: float, *, count: int = 104, seed: int = 1, noise: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Weeks of spend between 200 and 4000 and the conversions a known curve brings, as counts or without noise."""
    rng = np.random.default_rng(seed)
    spend = rng.uniform(200, 4000, count)
    mean = ceiling * spend / (half + spend)
    return spend, rng.poisson(mean).astype(float) if noise else mean


@pytest.mark.parametrize(("ceiling", "half"), [(50, 1000), (100, 4000), (30, 500)])
def test_a_curve_without_noise_comes_back(ceiling, half):
    spend, conversions = weeks(ceiling, half, noise=False)
    found = fit("Facebook", spend, conversions, 2000)
    assert found is not None
    # `half` is searched on a grid whose steps are 7 %; the curve itself is much closer.
    assert found.half == pytest.approx(half, rel=0.07)
    assert found.at(np.array([500.0, 2000.0, 4000.0])) == pytest.approx(
        ceiling * np.array([500, 2000, 4000]) / (half + np.array([500, 2000, 4000])), rel=0.01
    )


def test_the_90_percent_interval_of_a_noisy_curve_covers_the_truth_about_as_often():
    # 40 data sets: 36 expected; 30 or more in 99 % of draws of a true 90 % interval
    covered = 0
    for seed in range(40):
        found = fit("Facebook", *weeks(50, 1000, seed=seed), 2000)
        assert found is not None
        low, high = found.interval_at(2000.0)
        covered += bool(low[0] <= 50 * 2000 / 3000 <= high[0])
    assert covered >= 30


def test_a_fit_is_the_same_for_the_same_seed():
    first, again = (fit("Facebook", *weeks(50, 1000), 2000, seed=5) for _ in range(2))
    assert first is not None
    assert again is not None
    assert (first.ceiling, first.half) == (again.ceiling, again.half)
    assert np.array_equal(first.ceilings, again.ceilings)


def test_idle_weeks_are_not_learned_from():
    spend, conversions = weeks(50, 1000, noise=False)
    with_idle = fit("Facebook", np.concatenate([np.zeros(20), spend]), np.concatenate([np.full(20, 3.0), conversions]), 2000)
    plain = fit("Facebook", spend, conversions, 2000)
    assert with_idle is not None
    assert plain is not None
    assert (with_idle.ceiling, with_idle.half, with_idle.weeks) == (plain.ceiling, plain.half, 104)


def test_weeks_whose_spend_is_not_known_are_not_learned_from():
    spend, conversions = weeks(50, 1000, noise=False)
    spend[:10] = np.nan
    found = fit("Facebook", spend, conversions, 2000)
    assert found is not None
    assert (found.weeks, round(found.half / 1000, 1)) == (94, 1.0)


@pytest.mark.parametrize(
    ("spend", "conversions"),
    [
        (np.linspace(100, 900, 19), np.full(19, 5.0)),  # fewer than 20 weeks
        (np.full(60, 500.0), np.full(60, 5.0)),  # the same spend every week says nothing about another
        (np.linspace(100, 900, 60), np.zeros(60)),  # nothing came
        (np.zeros(60), np.zeros(60)),
    ],
)
def test_weeks_that_cannot_carry_a_curve_have_none(spend, conversions):
    assert fit("Facebook", spend, conversions, 500) is None


def test_the_next_conversion_costs_one_over_the_slope():
    # slope of 50 x / (100 + x) at 100: 50 * 100 / 200² = 0.125
    response = known(50, 100)
    assert response.marginal(100) == pytest.approx(0.125)
    assert response.cost_of_next == pytest.approx(8)
    assert known(0, 100).cost_of_next is None
