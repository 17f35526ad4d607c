"""Spans of days and what they are compared with."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marops.errors import UserError
from marops.period import Comparison, Period, Scope, compared, month_of, months_back


def days(start: str, end: str) -> Period:
    return Period(date.fromisoformat(start), date.fromisoformat(end))


def test_a_period_that_ends_before_it_starts_is_refused_with_a_sentence():
    with pytest.raises(UserError, match=r"The period ends on Mar 1, 2026, before it starts on Mar 2, 2026\."):
        days("2026-03-02", "2026-03-01")


def test_both_ends_belong_to_a_period():
    period = days("2026-03-01", "2026-03-31")
    assert period.days == 31
    assert period.contains(date(2026, 3, 1))
    assert period.contains(date(2026, 3, 31))
    assert not period.contains(date(2026, 4, 1))


@pytest.mark.parametrize(
    ("start", "end", "whole"),
    [
        ("2026-02-01", "2026-02-28", True),
        ("2024-02-01", "2024-02-28", False),
        ("2026-01-02", "2026-01-31", False),
        ("2025-11-01", "2026-01-31", True),
    ],
)
def test_whole_months_start_on_a_first_and_end_on_a_last_day(start, end, whole):
    assert days(start, end).is_whole_months is whole


def test_only_months_that_lie_wholly_inside_are_listed():
    assert list(days("2025-12-15", "2026-03-30").months()) == [days("2026-01-01", "2026-01-31"), days("2026-02-01", "2026-02-28")]
    assert list(days("2026-01-02", "2026-01-31").months()) == []


@pytest.mark.parametrize(
    ("end", "count", "expected"),
    [
        (date(2026, 3, 10), 1, days("2026-03-01", "2026-03-31")),
        (date(2026, 3, 10), 3, days("2026-01-01", "2026-03-31")),
        (date(2026, 3, 10), 4, days("2025-12-01", "2026-03-31")),
        (date(2024, 2, 29), 12, days("2023-03-01", "2024-02-29")),
        (date(2026, 12, 1), 24, days("2025-01-01", "2026-12-31")),
    ],
)
def test_months_back_end_with_the_month_of_a_day(end, count, expected):
    assert months_back(end, count) == expected


@pytest.mark.parametrize(
    ("period", "comparison", "expected"),
    [
        (days("2026-03-01", "2026-03-31"), Comparison.NONE, None),
        (days("2026-03-01", "2026-03-31"), Comparison.PREVIOUS, days("2026-02-01", "2026-02-28")),
        (days("2026-01-01", "2026-03-31"), Comparison.PREVIOUS, days("2025-10-01", "2025-12-31")),
        (days("2026-03-10", "2026-03-16"), Comparison.PREVIOUS, days("2026-03-03", "2026-03-09")),
        (days("2026-03-10", "2026-03-16"), Comparison.YEAR, days("2025-03-10", "2025-03-16")),
        (days("2025-02-01", "2025-02-28"), Comparison.YEAR, days("2024-02-01", "2024-02-29")),
        (days("2024-02-01", "2024-02-29"), Comparison.YEAR, days("2023-02-01", "2023-02-28")),
        (days("2024-02-20", "2024-02-29"), Comparison.YEAR, days("2023-02-20", "2023-02-28")),
    ],
)
def test_a_period_is_compared_with_as_many_months_or_days_before_or_a_year_earlier(period, comparison, expected):
    assert compared(period, comparison) == expected
    assert Scope("company", period, comparison).compared == expected


dates = st.dates(date(2001, 1, 1), date(2090, 1, 1))


@given(dates, st.integers(1, 60))
def test_months_back_are_whole_months_as_many_as_asked(day, count):
    found = months_back(day, count)
    assert found.is_whole_months
    assert len(list(found.months())) == count
    assert found.contains(day)


@given(dates, st.integers(0, 400))
def test_the_previous_period_ends_the_day_before(day, length):
    period = Period(day, date.fromordinal(day.toordinal() + length))
    before = compared(period, Comparison.PREVIOUS)
    assert before is not None
    assert before.end.toordinal() == period.start.toordinal() - 1
    assert period.is_whole_months or before.days == period.days


@given(dates)
def test_a_month_contains_its_day_and_starts_on_the_first(day):
    found = month_of(day)
    assert found.contains(day)
    assert found.start.day == 1
    assert found.is_whole_months
