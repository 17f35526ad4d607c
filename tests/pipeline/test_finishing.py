"""When each piece of open work is done: exact where the pace never varies, joint where two teams must finish."""

from datetime import date, datetime, time, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marops.calendars import Calendar
from marops.pipeline import finishing, finishing_figures, forecast
from marops.pipeline.finishing import Order
from marops.pipeline.forecast import Pace
from tests.scorecard.looked_at import READERS

EVERY_DAY = Calendar(week={weekday: ((time(9), time(17)),) for weekday in range(7)})
LAST = date(2026, 3, 1)
SEED = 20_260


def steady(*counts: int) -> Pace:
    found = forecast.plain(counts)
    assert found is not None
    return found


def day(ahead: int) -> date:
    return LAST + timedelta(days=ahead)


def rows(order: list[str], teams: dict[str, str | None], needs: dict[str, list[str]], paces: dict[str | None, Pace | None]):
    found = finishing.finishes(order, teams, needs, paces, EVERY_DAY, LAST, seed=SEED)
    return {row["issue_id"]: row for row in found.iter_rows(named=True)}


def test_each_team_finishes_its_own_work_one_after_the_other() -> None:
    """Web finishes two a day, Mail one: a team does not wait for another."""
    teams = {"a": "Web", "b": "Mail", "c": "Web", "d": "Web", "e": "Mail"}
    found = rows(list("abcde"), teams, {}, {"Web": steady(2), "Mail": steady(1)})
    assert {item: (row["place"], row["p50"], row["p95"]) for item, row in found.items()} == {
        "a": (1, day(1), day(1)), "b": (1, day(1), day(1)), "c": (2, day(1), day(1)), "d": (3, day(2), day(2)),
        "e": (2, day(2), day(2)),
    }  # fmt: skip


def test_work_that_needs_another_teams_is_done_when_both_are_and_their_chances_multiply() -> None:
    """A day brings each team one item with one half, so the first is there after one day with 1/2 and after three with 7/8; both
    are after three with 49/64 (below 85 %), after four with 225/256.
    """
    paces: dict[str | None, Pace | None] = {"Web": steady(0, 1), "Mail": steady(0, 1)}
    alone = rows(["a", "b"], {"a": "Web", "b": "Mail"}, {}, paces)
    assert (alone["a"]["p85"], alone["b"]["p85"], alone["a"]["teams"]) == (day(3), day(3), 1)
    both = rows(["a", "b"], {"a": "Web", "b": "Mail"}, {"a": ["b"]}, paces)
    assert (both["a"]["p85"], both["b"]["p85"], both["a"]["teams"]) == (day(4), day(3), 2)


def test_a_team_without_a_pace_promises_nothing_for_itself_and_for_who_waits_for_it() -> None:
    found = rows(["a", "b", "c"], {"a": "Web", "b": None, "c": "Web"}, {"a": ["b"]}, {"Web": steady(1), None: None})
    assert [found[item]["p50"] for item in "abc"] == [None, None, day(2)]


def test_what_has_no_date_is_drawn_nowhere_and_named_in_the_table() -> None:
    paces: dict[str | None, Pace | None] = {"Web": steady(1), None: None}
    found = finishing.finishes(["a", "b"], {"a": "Web", "b": None}, {}, paces, EVERY_DAY, LAST, seed=SEED)
    named = found.with_columns(pl.col("issue_id").alias("name"), pl.lit(None, pl.Date).alias("due_date"))
    chart = finishing_figures.finishes(named, LAST, None, READERS[0])
    drawn = {str(at) for trace in chart.figure.data for at in trace.x}
    assert drawn == {str(day(1))}
    assert str(chart.title) == "Of 2, 1 have a date: the first is done by Mar 2, 2026, the last by Mar 2, 2026, each with 85%"
    assert chart.table.height == 2
    assert list(chart.figure.layout.yaxis.ticktext) == ["a"]  # no empty lines


def test_of_many_dates_the_first_are_drawn_and_the_chart_says_so() -> None:
    queue = [f"{n:02}" for n in range(32)]
    found = finishing.finishes(queue, dict.fromkeys(queue, "Web"), {}, {"Web": steady(1)}, EVERY_DAY, LAST, seed=SEED)
    named = found.with_columns(pl.col("issue_id").alias("name"), pl.lit(None, pl.Date).alias("due_date"))
    chart = finishing_figures.finishes(named, LAST, None, READERS[0])
    assert list(chart.figure.layout.yaxis.ticktext) == queue[:30]
    assert str(chart.unit).endswith("; the first 30 of 32 that have one")
    assert chart.table.height == 32


def test_more_people_in_a_role_shorten_its_own_days_alone() -> None:
    """A role that holds half of the days, and twice as many people: three quarters of the days are left."""
    assert finishing.times_faster(0.5, 2, 2) == pytest.approx(4 / 3)
    assert finishing.times_faster(1.0, 1, 1) == 2
    assert finishing.times_faster(0.5, 2, -1) == pytest.approx(2 / 3)
    assert finishing.times_faster(0.0, 3, -3) == finishing.times_faster(0.0, 3, 9) == 1
    assert finishing.times_faster(0.1, 3, -3) == 0


def test_days_are_working_days() -> None:
    weekdays = Calendar()
    found = finishing.finishes(["a"], {"a": None}, {}, {None: steady(1)}, weekdays, date(2026, 3, 6), seed=SEED)
    assert found["p50"].to_list() == [date(2026, 3, 9)]  # Friday is over, Monday is next


def test_what_takes_longer_than_ten_years_has_no_date() -> None:
    """Two items of one day a week: 1,043 of these days, of which every second brings one, are twenty years."""
    mondays = Calendar(week={0: ((time(9), time(17)),)})
    order = [str(item) for item in range(600)]
    found = finishing.finishes(order, dict.fromkeys(order), {}, {None: steady(0, 1)}, mondays, LAST, seed=SEED)
    assert found["p50"].null_count() > 300
    assert found["p50"][100] is not None
    assert found["p50"].drop_nulls().max() < LAST + timedelta(days=3_660)


def test_what_is_needed_comes_first_and_circles_stay_in_their_order() -> None:
    assert finishing.after_needs(list("abc"), {"a": ["c"], "c": ["b"]}) == ["b", "c", "a"]
    assert finishing.after_needs(list("ab"), {"a": ["gone"]}) == ["a", "b"]
    assert sorted(finishing.after_needs(list("abc"), {"a": ["b"], "b": ["a"]})) == list("abc")
    assert finishing.after_needs(list("a"), {"a": ["a"]}) == ["a"]


@given(st.dictionaries(st.integers(0, 7), st.lists(st.integers(0, 7), max_size=3), max_size=8))
def test_an_order_keeps_every_item_once_and_needs_before_what_needs_them(raw: dict[int, list[int]]) -> None:
    """Needs point to lower numbers, so that there is no circle."""
    needs = {str(item): [str(other) for other in others if other < item] for item, others in raw.items()}
    order = [str(item) for item in reversed(range(8))]
    found = finishing.after_needs(order, needs)
    assert sorted(found) == sorted(order)
    at = {item: place for place, item in enumerate(found)}
    assert all(at[need] < at[item] for item, found_ in needs.items() for need in found_)
    free = [item for item in found if not needs.get(item) and not any(item in found_ for found_ in needs.values())]
    assert free == [item for item in order if item in free]


def test_orders_of_work() -> None:
    """Nearest to the launch, then longest in its stage; by date or place where there is one."""
    since = datetime(2026, 1, 1)  # noqa: DTZ001  (any moments do)
    open_ = pl.DataFrame(
        {
            "issue_id": list("abcd"), "index": [0, 2, 2, 1], "since": [since, since + timedelta(days=1), since, since],
            "due_date": [date(2026, 5, 1), None, date(2026, 6, 1), None], "place": [None, None, 2, 1],
        }
    )  # fmt: skip
    assert finishing.ordered(open_, Order.FARTHEST) == list("cbda")
    assert finishing.ordered(open_, Order.DUE) == list("acbd")
    assert finishing.ordered(open_, Order.FIRST) == list("dcba")
