"""Is it real, and will it do? Limits, changes and targets on a few months made by hand."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from marops.language import text
from marops.measure import Interval, Measure
from marops.period import Period, month_of
from marops.quantity import Unit
from marops.scorecard import judging
from marops.scorecard.definitions import KPIS, Better
from marops.scorecard.facts import measured
from marops.scorecard.judging import Goal, Promise, Trend
from marops.spc import Assurance, Rule
from tests.scorecard.made import facts


def month(number: int) -> Period:
    return month_of(date(2025 + (number - 1) // 12, (number - 1) % 12 + 1, 1))


def measures(values, kpi_id: str = "M2") -> list[Measure]:
    kpi = KPIS[kpi_id]
    return [
        Measure(kpi.id, kpi.name, value, kpi.unit, kpi.id, 1, (), month(n), missing=text("nothing") if value is None else None)
        for n, value in enumerate(values, 1)
    ]


def series(values, kpi_id: str = "M2") -> judging.Series:
    return judging.series(KPIS[kpi_id], measures(values, kpi_id))


CALM = [0.5, 0.6] * 6
"""Twelve months about 0.55 with a moving range of 0.1: limits 0.55 ± 0.266."""


def test_limits_are_learned_from_the_first_twelve_months_and_locked():
    limits = series(CALM).limits
    assert limits is not None
    assert (limits.lower, limits.mean, limits.upper) == pytest.approx((0.284, 0.55, 0.816))
    assert series([*CALM, 0.1, 0.9]).limits == limits


def test_limits_stay_where_values_can_be():
    assert series([0.05, 0.95] * 6).limits.lower == 0
    assert series([0.05, 0.95] * 6).limits.upper == 1
    assert series([10, 90] * 6, "J7").limits.upper == pytest.approx(50 + 2.66 * 80)


def test_a_missing_month_is_left_out_of_the_limits_and_kept_in_the_picture():
    found = series([None, *CALM, None])
    assert found.limits == series(CALM).limits
    assert [point.value for point in found.points] == [None, *CALM, None]
    assert found.values == CALM


@pytest.mark.parametrize(
    ("values", "higher_is_better", "lower_is_better"),
    [
        ([*CALM, 0.9], Trend.BETTER, Trend.WORSE),
        ([*CALM, 0.1], Trend.WORSE, Trend.BETTER),
        ([*CALM, 0.8], Trend.STEADY, Trend.STEADY),
        # Twelve months know their mean to 0.026, eight theirs to 0.031: 0.67 is three of both away, 0.66 may be chance.
        ([*CALM, *[0.67] * 8], Trend.BETTER, Trend.WORSE),
        ([*CALM, *[0.66] * 8], Trend.STEADY, Trend.STEADY),
        # Outside the first twelve months' limits, but not outside those of all that have been seen since.
        ([*CALM, *[0.3, 0.8] * 5, 0.83], Trend.STEADY, Trend.STEADY),
        ([*CALM, 0.1, None], Trend.STEADY, Trend.STEADY),  # a month that is missing is no news
        ([0.5, 0.6] * 2, Trend.UNKNOWN, Trend.UNKNOWN),
        ([], Trend.UNKNOWN, Trend.UNKNOWN),
    ],
)
def test_the_newest_month_is_better_worse_or_neither(values, higher_is_better, lower_is_better):
    found = series(values)
    assert judging.trend(found, Better.HIGHER) is higher_is_better
    assert judging.trend(found, Better.LOWER) is lower_is_better


def test_months_that_taught_the_limits_are_not_judged_by_them():
    assert judging.trend(series([0.5] * 11 + [0.9]), Better.HIGHER) is Trend.UNKNOWN
    assert judging.trend(series([0.5] * 6 + [0.05]), Better.HIGHER) is Trend.UNKNOWN


def test_a_rare_kpi_has_no_limits():
    assert series([1.0] * 20, "J1").limits is None


# Targets


def goal(type_: str, value: float, upper: float | None = None, start: str = "2025-01-01", end: str | None = None) -> Goal:
    return Goal("M2", type_, value, upper, date.fromisoformat(start), date.fromisoformat(end) if end else None)


def promise(value: float | None, target: Goal | None, low: float | None = None, high: float | None = None) -> Promise:
    interval = None if low is None or high is None else Interval(low, high, text("by hand"))
    measure = Measure(
        "M2", text("M2"), value, Unit.PERCENT, "M2", 1, (), interval=interval, missing=None if value is not None else text("none")
    )
    return judging.promise(measure, target)


@pytest.mark.parametrize(
    ("target", "kept", "missed"),
    [
        (goal("at_least", 0.6), [0.6, 0.7], [0.59]),
        (goal("at_most", 0.6), [0.6, 0.5], [0.61]),
        (goal("band", 0.4, 0.6), [0.4, 0.5, 0.6], [0.39, 0.61]),
        (goal("band", 0.4), [0.4], [0.39, 0.41]),
    ],
)
def test_a_value_without_interval_keeps_its_target_or_misses_it(target, kept, missed):
    assert [promise(value, target) for value in kept] == [Promise.MET] * len(kept)
    assert [promise(value, target) for value in missed] == [Promise.MISSED] * len(missed)


@pytest.mark.parametrize(
    ("target", "low", "value", "high", "expected"),
    [
        (goal("at_least", 0.6), 0.61, 0.7, 0.8, Promise.MET),
        (goal("at_least", 0.6), 0.5, 0.7, 0.8, Promise.OPEN),
        (goal("at_least", 0.6), 0.4, 0.5, 0.7, Promise.OPEN),
        (goal("at_least", 0.6), 0.4, 0.5, 0.59, Promise.MISSED),
        (goal("at_most", 0.6), 0.5, 0.55, 0.6, Promise.MET),
        (goal("at_most", 0.6), 0.61, 0.7, 0.8, Promise.MISSED),
        (goal("at_most", 0.0), -1.0, 2.0, 5.0, Promise.OPEN),
        (goal("band", 0.4, 0.6), 0.45, 0.5, 0.55, Promise.MET),
        (goal("band", 0.4, 0.6), 0.3, 0.5, 0.55, Promise.OPEN),
        (goal("band", 0.4, 0.6), 0.3, 0.5, 0.7, Promise.OPEN),  # wider than the band on both sides
        (goal("band", 0.4, 0.6), 0.2, 0.3, 0.7, Promise.OPEN),
        (goal("band", 0.4, 0.6), 0.61, 0.7, 0.8, Promise.MISSED),
        (goal("band", 0.4, 0.6), 0.1, 0.2, 0.3, Promise.MISSED),
    ],
)
def test_where_the_interval_covers_the_targets_border_the_data_cannot_tell(target, low, value, high, expected):
    assert promise(value, target, low, high) is expected


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (goal("at_least", 0.28), Assurance.PASS),  # the limits are 0.284 to 0.816
        (goal("at_least", 0.29), Assurance.HIT_AND_MISS),
        (goal("at_least", 0.82), Assurance.FAIL),
        (goal("at_most", 0.82), Assurance.PASS),
        (goal("at_most", 0.28), Assurance.FAIL),
        (goal("band", 0.2, 0.9), Assurance.PASS),
        (goal("band", 0.3, 0.9), Assurance.HIT_AND_MISS),
        (None, None),
    ],
)
def test_a_process_keeps_a_target_outside_its_limits_always_or_never(target, expected):
    assert judging.assurance(series(CALM), target) is expected
    assert judging.assurance(series(CALM[:5]), target) is None


def test_the_next_step_follows_the_change_before_the_target():
    worse = judging.next_step(Trend.WORSE, Assurance.PASS)
    assert worse == judging.next_step(Trend.WORSE, None)
    assert "Redesign" in str(judging.next_step(Trend.STEADY, Assurance.FAIL))
    assert "Leave it alone" in str(judging.next_step(Trend.STEADY, Assurance.PASS))
    assert judging.next_step(Trend.STEADY, None) is None
    assert judging.next_step(Trend.UNKNOWN, Assurance.FAIL) is None


def test_special_causes_are_told_by_month_and_missing_months_stand_between():
    found = series([*CALM, 0.9, None, *[0.56] * 7])
    assert found.causes == {
        Rule.OUTSIDE: (date(2026, 1, 1),),
        Rule.RUN: (date(2025, 12, 1), *(date(2026, n, 1) for n in (1, 3, 4, 5, 6, 7, 8, 9))),
    }


def test_without_a_value_or_a_target_there_is_no_promise():
    assert promise(None, goal("at_least", 0.6)) is Promise.NONE
    assert promise(0.5, None) is Promise.NONE


def test_the_target_of_a_period_is_the_one_on_its_last_day():
    old, new = goal("at_least", 0.5, end="2025-06-30"), goal("at_least", 0.6, start="2025-07-01", end="2025-12-31")
    assert judging.goal_for([new, old], "M2", month(6)) is old
    assert judging.goal_for([new, old], "M2", month(7)) is new
    assert judging.goal_for([new, old], "M2", month(13)) is None
    assert judging.goal_for([new, old], "M3", month(7)) is None


def test_of_two_targets_in_force_the_later_one_counts():
    standing, special = goal("at_least", 0.5), goal("at_least", 0.9, start="2025-03-01")
    assert judging.goal_for([special, standing], "M2", month(3)) is special
    assert judging.goal_for([special, standing], "M2", month(2)) is standing


def test_of_two_targets_for_a_day_the_one_set_last_counts_whenever_they_begin():
    def set_on(day: int, value: float, start: str) -> Goal:
        return replace(goal("at_least", value, start=start), set_at=datetime(2025, 1, day, tzinfo=UTC))

    earlier, later, together = set_on(1, 0.9, "2025-03-01"), set_on(2, 0.5, "2025-01-01"), set_on(2, 0.6, "2025-02-01")
    assert judging.goal_for([earlier, later], "M2", month(3)) is later
    assert judging.goal_for([together, earlier, later], "M2", month(3)) is together  # of those set at once, the one begun last
    assert judging.goal_for([together, earlier, later], "M2", month(1)) is later


def test_targets_that_say_the_same_are_equal_whenever_they_were_set():
    assert replace(goal("at_least", 0.5), set_at=datetime(2025, 1, 1, tzinfo=UTC)) == goal("at_least", 0.5)


# Shares of few cases, and seasons


def shares(*months: tuple[int, int]) -> judging.Series:
    """A series of a share (M2) from hits and cases a month."""
    measures = [
        measured("M2", month_of(date(2024 + at // 12, at % 12 + 1, 1)), hits / cases, facts(), cases=cases)
        for at, (hits, cases) in enumerate(months)
    ]
    return judging.series(KPIS["M2"], measures)


STABLE = [(18, 40), (22, 40)] * 5 + [(18, 40), (11, 20)]
"""Half of about 40 a month."""


def test_two_cases_of_two_are_no_news_and_the_same_share_of_many_is():
    mean = (18 * 6 + 22 * 5 + 11) / (11 * 40 + 20)
    small, large = shares(*STABLE, (0, 2)), shares(*STABLE, (120, 400))
    assert judging.trend(small, Better.HIGHER) is Trend.STEADY
    assert judging.trend(large, Better.HIGHER) is Trend.WORSE
    assert small.limits is not None
    assert (small.limits.lower, small.limits.upper) == (0, 1)  # two cases can be anything
    assert large.limits is not None
    # From month to month scores differ a little more than chance makes them: 18 of 40, 22 of 40, and at last 11 of 20.
    of_40, of_20 = ((mean * (1 - mean) / cases) ** 0.5 for cases in (40, 20))
    steps = [0.1 / of_40] * 10 + [(0.55 - mean) / of_20 - (0.45 - mean) / of_40]
    half = 3 * sum(steps) / 11 / 1.128 * (mean * (1 - mean) / 400) ** 0.5
    assert (large.limits.lower, large.limits.upper) == pytest.approx((mean - half, mean + half))
    assert len(set(large.varying.values())) == 3  # of 40, of 20, of 400 cases


def test_shares_of_equally_many_cases_have_one_pair_of_limits():
    assert shares(*[(18, 40), (22, 40)] * 6).varying == {}
    assert shares(*[(180, 400), (220, 410)] * 6).varying == {}  # many: chance is small beside the process


def test_a_share_that_is_always_all_has_limits_that_are_no_division_by_zero():
    found = shares(*[(10, 10), (20, 20)] * 7)
    assert judging.trend(found, Better.HIGHER) is Trend.STEADY


def by_season(*extra: float | None) -> judging.Series:
    """Two years of a KPI that follows the year, and what comes after."""
    year = [100 + 50 * (month % 6) for month in range(12)]
    years = [value + at % 5 for at, value in enumerate(year * 2)]
    return series([None if value is None else float(value) for value in (*years, *extra)], "IT3")


def test_a_month_is_compared_with_its_season():
    normal = by_season(101, 150)
    fallen = by_season(101, 110)  # January 100, February 150 in both years
    assert judging.trend(normal, Better.HIGHER) is Trend.STEADY
    assert judging.trend(fallen, Better.HIGHER) is Trend.WORSE
    assert fallen.limits is not None
    # A year before it was 153; differences to the year before were between -3 and 2.
    assert fallen.limits.lower < 153 < fallen.limits.upper
    assert fallen.limits.upper - fallen.limits.lower < 20
    # November 2026 is missing, so November 2027 has no season to be held against: the month before is not judged in its place.
    gap = by_season(
        101, 150, 200, 250, 300, 350, 101, 150, 200, 250, None, 350, 101, 150, 200, 250, 300, 350, 101, 150, 200, 20, 300
    )
    assert judging.trend(gap, Better.HIGHER) is not Trend.WORSE
