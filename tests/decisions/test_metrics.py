"""Actions closed on time: by the day first promised."""

from datetime import date
from typing import Any

import polars as pl

from marops.decisions.metrics import OnTime, closed_on_time
from marops.period import month_of

MARCH, TODAY = month_of(date(2026, 3, 1)), date(2026, 6, 1)
SCHEMA = {"first_due": pl.Date, "closed_on": pl.Date, "outcome": pl.String}


def march(day: int) -> date:
    return date(2026, 3, day)


def on_time(*rows: tuple[Any, ...], today: date = TODAY) -> tuple[int, int]:
    """Closed in time, and due."""
    found = closed_on_time(pl.DataFrame(rows, schema=SCHEMA, orient="row"), MARCH, today)
    return found.closed, found.due


def test_without_actions_none_was_due() -> None:
    assert closed_on_time(pl.DataFrame(schema=SCHEMA), MARCH, TODAY) == OnTime(0, 0)


def test_an_action_closed_by_its_first_due_date_is_on_time_whatever_came_of_it() -> None:
    day = march(10)
    assert on_time((day, day, "worked"), (day, march(2), "did_not"), (day, day, "cannot_tell")) == (3, 3)


def test_an_action_closed_a_day_later_or_still_open_was_due_and_not_on_time() -> None:
    assert on_time((march(10), march(11), "worked"), (march(10), None, None)) == (0, 2)


def test_only_actions_first_due_in_the_period_count_both_ends_included() -> None:
    assert on_time((march(1), march(1), "worked"), (march(31), march(31), "worked"), (date(2026, 2, 28), None, None)) == (2, 2)
    assert on_time((date(2026, 4, 1), date(2026, 4, 1), "worked")) == (0, 0)


def test_an_action_counts_once_its_day_is_over_also_where_it_is_done_early() -> None:
    early, still_open = (march(20), march(5), "worked"), (march(20), None, None)
    assert on_time(early, still_open, today=march(20)) == (0, 0)
    assert on_time(early, still_open, today=march(21)) == (1, 2)


def test_an_action_dropped_in_time_leaves_the_list_and_one_dropped_late_was_not_kept() -> None:
    assert on_time((march(10), march(10), "dropped"), (march(10), march(9), "dropped")) == (0, 0)
    assert on_time((march(10), march(11), "dropped")) == (0, 1)
