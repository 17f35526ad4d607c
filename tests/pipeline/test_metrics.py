"""The board, waiting, lateness, stage times and launches on a few items made by hand."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marops.calendars import Calendar
from marops.period import Period
from marops.pipeline import metrics
from marops.stages import usual
from tests.scorecard.made import MARCH, WORK, at, frame, item

END = at(4, 1)
TODAY = date(2026, 3, 31)
VISITS = {
    "issue_id": pl.String, "visit": pl.Int64, "stage": pl.String, "status": pl.String, "entered_at": pl.Datetime("us", "UTC"),
    "left_at": pl.Datetime("us", "UTC"),
}  # fmt: skip


def work(*items: dict) -> pl.DataFrame:
    return frame(items, WORK)


def standing(
    issue: str, stage: str | None, created: datetime = datetime(2026, 3, 1, tzinfo=UTC), since: datetime | None = None, **more
) -> dict:
    return item(issue, created, stage=stage, since=since, **more)


def due(issue: str, day: date | None, launched: datetime | None = None, stage: str | None = None, **more) -> dict:
    stage = stage or ("execution" if launched else "build")
    return item(issue, at(2, 1), due_date=day, launched_at=launched, stage=stage, **more)


def day(number: int) -> date:
    return date(2026, 3, number)


# The board


def test_the_board_has_seven_stages_and_done_is_none_of_them():
    assert [stage.id for stage in usual().board] == [
        "request", "validation", "prioritisation", "build", "qa", "execution", "reporting",
    ]  # fmt: skip
    assert (usual().done, usual().launched) == ({"done", "dropped"}, {"execution", "reporting", "done"})


def test_items_in_progress_wait_from_when_they_entered_their_stage():
    found = metrics.in_progress(
        work(
            standing("young", "qa", at(3, 30), at(3, 31, 12)),
            standing("old", "build", at(3, 1), at(3, 12)),
            standing("still", "build", at(3, 25)),  # nothing tells since when
            standing("over", "done", at(3, 1), at(3, 2)),
            standing("odd", None),
        ),
        END,
    )
    assert found.select("issue_id", "waiting", "age").rows() == [("old", 20, 31), ("young", 0.5, 2), ("still", None, 7)]


def test_what_is_in_preparation_is_not_yet_live():
    found = work(*[standing(stage.id, stage.id) for stage in usual().stages])
    assert metrics.work_in_progress(found, END, usual().before_launch).value == 5
    assert metrics.work_in_progress(work(), END, usual().before_launch).value == 0


# Lateness


def test_an_item_is_overdue_the_day_after_its_date():
    found = metrics.overdue(
        work(due("today", TODAY), due("yesterday", day(30)), due("long ago", day(1)), due("no date", None)), TODAY
    )
    assert found.select("issue_id", "late").rows() == [("long ago", 30), ("yesterday", 1)]


def test_what_launched_or_is_done_is_not_overdue():
    items = work(due("launched", day(1), at(3, 20)), due("dropped", day(1), stage="done"), due("waits", day(2)))
    assert metrics.overdue(items, TODAY)["issue_id"].to_list() == ["waits"]


def test_an_item_whose_status_is_no_stage_can_be_overdue():
    items = work({**due("odd", day(1)), "stage": None})
    assert metrics.overdue(items, TODAY)["issue_id"].to_list() == ["odd"]
    assert metrics.late_launches(items, TODAY, END, has_dates=True).value == 1


def test_late_launches_name_the_longest():
    found = metrics.late_launches(work(due("a", day(1)), due("b", day(21))), TODAY, END, has_dates=True)
    assert (found.value, str(found.note)) == (2, "the longest by 30 days")
    none = metrics.late_launches(work(due("a", TODAY)), TODAY, END, has_dates=True)
    assert (none.value, str(none.note)) == (0, "none")


def test_without_a_date_nothing_can_be_said_to_be_late():
    found = metrics.late_launches(work(due("a", None)), TODAY, END, has_dates=False)
    assert (found.value, str(found.missing)) == (None, "No work here has a due date.")


def test_items_over_the_days_allowed_in_their_stage_are_listed_the_most_over_first():
    allowed = [replace(stage, sla_days=5.0) if stage.id == "qa" else stage for stage in usual().stages]
    items = work(
        standing("a", "qa", since=at(3, 26)), standing("b", "qa", since=at(3, 30)), standing("c", "build", since=at(3, 2)),
        standing("d", "qa", since=at(3, 20)),
    )  # fmt: skip
    found = metrics.over_sla(items, END, allowed)
    assert found.select("issue_id", "allowed", "over").rows() == [("d", 5, 7), ("a", 5, 1)]
    assert metrics.over_sla(items, END, usual().stages).is_empty()
    # From Friday the 20th to the end of the month eight days are worked, from the 26th four.
    worked = [replace(stage, in_working_days=stage.id == "qa") for stage in allowed]
    assert metrics.over_sla(items, END, worked).select("issue_id", "allowed", "over").rows() == [("d", 5, 3)]
    off = Calendar(holidays=frozenset({date(2026, 3, 23), date(2026, 3, 24)}))
    assert metrics.over_sla(items, END, worked, off).select("issue_id", "over").rows() == [("d", 1)]
    assert str(metrics.days_said(3, in_working_days=True)) == "3 d of working time"


def test_on_time_is_the_share_of_due_campaigns_that_launched_by_their_day():
    items = work(
        due("early", day(10), at(3, 1)),
        due("that evening", day(10), at(3, 10, 23)),
        due("next day", day(10), at(3, 11)),
        due("not at all", day(10)),
        due("today", TODAY),  # still has until the evening
        due("in April", date(2026, 4, 1), at(3, 1)),
        due("in February", date(2026, 2, 28), at(2, 20)),
    )
    found = metrics.on_time(items, MARCH, TODAY, END)
    assert found.value == 2 / 4
    assert found.interval is not None
    assert (found.interval.low, found.interval.high) == pytest.approx((0.150036, 0.849964), abs=5e-6)  # Wilson of 2 of 4
    assert str(found.note) == "4 campaigns due"
    ended = items.with_columns((pl.col("issue_id") == "next day").alias("by_end"))
    assert str(metrics.on_time(ended, MARCH, TODAY, END).note) == "4 campaigns due; 1 counts by the day it was done"


def test_on_time_without_a_due_campaign_is_missing_not_zero():
    found = metrics.on_time(work(due("later", date(2026, 5, 1))), MARCH, TODAY, END)
    assert (found.value, str(found.missing)) == (None, "No campaign was due in these days.")


def test_stamps_of_whole_days_are_on_time_on_the_day_itself():
    items = work(due("same day", day(10), at(3, 10)), due("a day late", day(10), at(3, 11)))
    assert metrics.on_time(items, MARCH, TODAY, END).value == 0.5


def test_launches_are_counted_in_the_month_they_were_due():
    items = work(
        due("on time", day(10), at(3, 9)),
        due("on the day", day(10), at(3, 10, 9)),
        due("late", day(10), at(4, 20)),
        due("waiting", day(30)),
        due("ahead", TODAY),
        due("April", date(2026, 4, 2), at(3, 1)),
        due("no date", None, at(3, 1)),
        due("outside", date(2026, 6, 1)),
    )
    found = metrics.launches(metrics.due(items, TODAY), Period(date(2026, 2, 1), date(2026, 4, 30)))
    assert found.columns == ["month", "on_time", "late", "waiting", "ahead"]
    assert found.rows() == [
        (date(2026, 2, 1), 0, 0, 0, 0),
        (date(2026, 3, 1), 2, 1, 1, 1),
        (date(2026, 4, 1), 1, 0, 0, 0),
    ]


def test_a_campaign_with_a_date_is_named_with_the_day_of_its_launch_and_what_became_of_the_date():
    items = work(due("b", day(10), at(3, 9)), due("a", day(10), at(4, 20)), due("c", day(30)), due("d", TODAY), due("e", None))
    assert metrics.due(items, TODAY).select("issue_id", "due_date", "launched", "state").rows() == [
        ("a", day(10), date(2026, 4, 20), "late"), ("b", day(10), day(9), "on_time"), ("c", day(30), None, "waiting"),
        ("d", TODAY, None, "ahead"),
    ]  # fmt: skip


def test_a_campaign_that_was_closed_without_going_live_is_neither_late_nor_due():
    items = work(due("kept", day(10), at(3, 9)), due("dropped", day(10), stage="done"))
    assert metrics.on_time(items, MARCH, TODAY, END).value == 1.0
    assert metrics.launches(metrics.due(items, TODAY), MARCH).rows() == [(date(2026, 3, 1), 1, 0, 0, 0)]


def test_a_period_without_a_whole_month_has_no_launches():
    assert metrics.launches(metrics.due(work(due("a", day(10))), TODAY), Period(day(2), day(30))).is_empty()


# Stage times


def visit(stage: str | None, entered: datetime, days: float | None) -> dict:
    left = None if days is None else entered + timedelta(days=days)
    return {"issue_id": "1", "stage": stage, "entered_at": entered, "left_at": left}


def times(*visits: dict, period: Period = MARCH) -> dict[str, tuple]:
    found = metrics.stage_times(frame(visits, VISITS), period, END, usual().before_launch)
    return {stage: tuple(rest) for stage, *rest in found.iter_rows()}


def test_stage_times_count_visits_that_still_last():
    # finished after 1, 3 and 4 days, open for 2 and 5: the curve by hand falls to 8/15 at 3 and 4/15 at 4
    visits = [visit("build", at(3, 5), n) for n in (1, 3, 4)] + [visit("build", END - timedelta(days=n), None) for n in (2, 5)]
    assert times(*visits)["build"] == (5, 2, 4, None)


def test_leaving_out_open_visits_would_say_three_days():
    assert times(*[visit("build", at(3, 5), n) for n in (1, 3, 4)])["build"] == (3, 0, 3, None)


@pytest.mark.parametrize(("finished", "p85"), [(9, None), (10, 9), (20, 17)])
def test_the_85th_percentile_needs_ten_finished_visits(finished, p85):
    # of ten, two are left after 8 days and one after 9
    visits = [visit("qa", at(3, 1), n) for n in range(1, finished + 1)]
    assert times(*visits)["qa"] == (finished, 0, -(-finished // 2), p85)


def test_rework_is_a_second_visit():
    visits = [visit("build", at(3, 1), 2), visit("qa", at(3, 3), 1), visit("build", at(3, 4), 6), visit("qa", at(3, 10), 1)]
    found = times(*visits)
    assert (found["build"], found["qa"]) == ((2, 0, 2, None), (2, 0, 1, None))


def test_a_skipped_stage_has_no_visit_and_no_time():
    assert times(visit("request", at(3, 1), 1), visit("build", at(3, 2), 1))["validation"] == (0, 0, None, None)


def test_a_stage_that_nobody_has_left_is_not_timed():
    assert times(visit("qa", at(3, 1), None))["qa"] == (1, 1, None, None)


def test_only_visits_begun_in_the_period_are_timed():
    visits = [visit("qa", at(2, 28), 30), visit("qa", at(3, 1), 1), visit("qa", at(3, 31, 23), 3), visit("qa", at(4, 1), 9)]
    assert times(*visits)["qa"][:2] == (2, 0)


def test_a_status_that_is_no_stage_is_not_timed_as_one():
    assert sum(row[0] for row in times(visit(None, at(3, 1), 5)).values()) == 0


def test_only_stages_before_the_launch_are_timed():
    assert list(times()) == ["request", "validation", "prioritisation", "build", "qa"]


@given(st.lists(st.tuples(st.floats(0.1, 30), st.booleans()), min_size=1, max_size=40))
def test_the_median_lies_among_the_finished_times_and_below_the_85th_percentile(drawn):
    visits = [visit("qa", END - timedelta(days=days), None) if still else visit("qa", at(3, 1), days) for days, still in drawn]
    count, still_open, median, p85 = times(*visits, period=Period(date(2026, 1, 1), date(2026, 4, 1)))["qa"]
    finished = [days for days, still in drawn if not still]
    assert (count, still_open) == (len(drawn), len(drawn) - len(finished))
    if median is not None:
        assert min(finished) - 1e-4 <= median <= max(finished) + 1e-4
    if p85 is not None:
        assert p85 >= median


def test_a_launch_in_the_evening_of_its_date_is_on_time_where_the_workspace_works_though_utc_has_the_next_day():
    items = work(due("that evening", day(12), at(3, 13, 2.5)), due("after midnight", day(12), at(3, 13, 3)))
    there = Calendar("America/Sao_Paulo")
    assert metrics.on_time(items, MARCH, TODAY, END, calendar=there).value == 0.5
    assert metrics.on_time(items, MARCH, TODAY, END).value == 0
    months = metrics.launches(metrics.due(items, TODAY, there), MARCH)
    assert months.select("on_time", "late").rows() == [(1, 1)]
