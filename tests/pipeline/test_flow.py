"""Flow from a log of events: exact values on logs made by hand, laws that hold for any log, and published cases."""

import json
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marops import stats
from marops.pipeline import events as events_of
from marops.pipeline import flow
from marops.pipeline.events import Why, Workflow
from marops.pipeline.flow import Clock, Reopened
from tests.conftest import case
from tests.pipeline.made import LOGS, NOW, START, after, answers, clean, events, log_of, mapped, of_jira

BOARD = Workflow(("Request", "Build", "Wait", "QA", "Done"), frozenset({"Build", "QA"}), frozenset({"Done"}))


def items(log: pl.DataFrame, reopened: Reopened = Reopened.KEPT, workflow: Workflow = BOARD) -> dict[str, dict[str, Any]]:
    found = flow.items(events_of.placed(log, workflow), workflow, reopened)
    return {row["case"]: row for row in found.to_dicts()}


def counts_by_day(log: pl.DataFrame, workflow: Workflow, days: list[date]) -> list[dict[str, int]]:
    """Cumulative flow with one dictionary a day: the items that reached each stage."""
    found = flow.cumulative(log, workflow, days)
    return [dict(rows.select("stage", "items").iter_rows()) for _, rows in found.group_by("day", maintain_order=True)]


def reached(log: pl.DataFrame, workflow: Workflow) -> dict[str, dict[str, date]]:
    """By item and stage, the day it was first reached."""
    made: dict[str, dict[str, date]] = {}
    for item, stage, at in flow.entered(log, workflow).iter_rows():
        made.setdefault(item, {})[stage] = at.date()
    return made


# Which events count


def test_events_are_in_the_order_of_time_and_of_the_file_where_moments_are_equal() -> None:
    log = events_of.log(events(("a", "QA", 2), ("b", "Request", 0), ("a", "Build", 1), ("a", "Wait", 1)), now=NOW)
    assert log.events.select("case", "stage").rows() == [("a", "Build"), ("a", "Wait"), ("a", "QA"), ("b", "Request")]
    assert (log.tied, log.as_of) == (1, after(2))


def test_items_with_events_of_one_moment_are_each_named_once() -> None:
    one, two = [("a", "QA", 1), ("a", "Build", 1), ("a", "Wait", 1)], [("c", "QA", 3), ("c", "Wait", 3)]
    log = events_of.log(events(*one, ("b", "QA", 1), *two, ("d", "QA", 3)), now=NOW)
    assert (log.tied_items.cast(pl.String).to_list(), log.tied) == (["a", "c"], 2)


@pytest.mark.parametrize("in_time", [True, False])
def test_items_stand_together_in_the_order_of_the_file_however_many_there_are(in_time: bool) -> None:
    count = 2**16 + 3  # more than half a number tells apart
    steps = pl.DataFrame({"n": [*range(count), *range(count)], "step": [0] * count + [1] * count})
    steps = steps.with_columns((pl.col("n") * 7 % count).alias("n")).sort(
        "step" if in_time else -pl.col("step"), maintain_order=True
    )
    log = steps.select(
        pl.format("i{}", "n").alias("case"), pl.format("s{}", "step").alias("stage"),
        (START + pl.duration(days=pl.col("step"))).alias("at"), pl.lit(None, pl.String).alias("role"),
        pl.lit(None, pl.String).alias("lifecycle"),
    ).cast({"at": events_of.EVENT["at"]})  # fmt: skip
    found = events_of.log(log, now=NOW).events
    names = [f"i{n * 7 % count}" for n in range(count)]
    assert found["case"].cast(pl.String).to_list() == [name for name in names for _ in range(2)]
    assert found["stage"].to_list() == ["s0", "s1"] * count


def test_an_item_with_a_moment_that_is_missing_or_cannot_be_is_left_out_as_a_whole_with_the_reason() -> None:
    log = events_of.log(
        events(
            ("a", "Request", 0), ("a", "Build", None), ("b", "Request", datetime(1970, 1, 1, tzinfo=UTC)), ("c", "Request", 0),
            ("c", "Done", NOW + timedelta(seconds=1)), ("d", None, 1), ("e", "Request", 0),
        ),
        now=NOW,
    )  # fmt: skip
    assert log.excluded.rows() == [("a", Why.NO_MOMENT), ("b", Why.EPOCH), ("c", Why.FUTURE), ("d", Why.NO_STAGE)]
    assert log.events["case"].to_list() == ["e"]


def test_what_came_later_had_not_happened_yet() -> None:
    log = events_of.log(events(("a", "Request", 0), ("a", "Done", 3), ("b", "Request", 5)), now=NOW, as_of=after(2.9))
    assert log.events.select("case", "stage").rows() == [("a", "Request")]


def test_where_a_log_keeps_the_life_cycle_of_its_steps_only_their_ends_are_events() -> None:
    log = events(("a", "Build", 0), ("a", "Build", 1), ("a", "QA", 2)).with_columns(
        pl.Series("lifecycle", ["start", "complete", "COMPLETE"])
    )
    assert events_of.completed(log)["at"].to_list() == [after(1), after(2)]
    begun = events(("a", "Build", 0), ("b", "Build", 1), ("a", "Build", 2)).with_columns(
        pl.Series("lifecycle", ["start", "start", "complete"])
    )
    assert events_of.log(begun, now=NOW).excluded.rows() == [("b", Why.NOT_COMPLETED)]
    own_words = log.with_columns(pl.Series("lifecycle", ["In Progress", "complete", "Wait"]))
    assert events_of.completed(own_words).height == 3


# Items


def test_an_item_runs_from_its_first_active_stage_to_the_last_time_it_is_done() -> None:
    log = clean(("a", "Request", 0), ("a", "Build", 1), ("a", "Done", 4), ("b", "Request", 0), ("b", "Wait", 2))
    found = items(log)
    assert (found["a"]["first"], found["a"]["started"], found["a"]["finished"]) == (after(0), after(1), after(4))
    assert (found["b"]["started"], found["b"]["finished"], found["b"]["stage"]) == (after(2), None, "Wait")
    assert flow.cycle_times(flow.items(events_of.placed(log, BOARD), BOARD)).to_list() == [3.0]


def test_an_item_that_is_opened_again_after_it_was_done_is_not_done() -> None:
    log = clean(("a", "Build", 0), ("a", "Done", 2), ("a", "QA", 3))
    assert items(log)["a"]["finished"] is None
    again = clean(("a", "Build", 0), ("a", "Done", 2), ("a", "QA", 3), ("a", "Done", 7))
    assert (items(again)["a"]["finished"], items(again)["a"]["moved_back"]) == (after(7), True)


def test_what_is_forgotten_of_an_item_that_moved_back_is_what_lies_behind() -> None:
    log = clean(("a", "Build", 0), ("a", "QA", 2), ("a", "Request", 3), ("a", "Build", 5), ("a", "Done", 6))
    kept, reset = items(log)["a"], items(log, Reopened.RESET)["a"]
    assert (kept["started"], reset["started"]) == (after(0), after(5))
    assert (kept["moved_back"], kept["finished"], reset["finished"]) == (True, after(6), after(6))


def test_an_item_that_moved_back_did_so_also_where_what_lies_behind_is_forgotten() -> None:
    log = clean(("a", "Build", 0), ("a", "QA", 2), ("a", "Build", 3), ("b", "Build", 0))
    assert [items(log, how)[item]["moved_back"] for how in Reopened for item in "ab"] == [True, False, True, False]


def test_an_item_that_skips_the_active_stages_starts_with_the_stage_after_them_and_is_counted() -> None:
    log = clean(
        ("a", "Request", 0), ("a", "Done", 3), ("b", "Build", 0), ("b", "Done", 1), ("c", "Request", 0), ("d", "Request", 0),
        ("d", "Wait", 1), ("d", "Done", 9),
    )  # fmt: skip
    placed = events_of.placed(log, BOARD)
    found = flow.items(placed, BOARD)
    assert found.select("case", "started", "finished", "worked").rows() == [
        ("a", after(3), after(3), False), ("b", after(0), after(1), True), ("c", None, None, False),
        ("d", after(1), after(9), False),
    ]  # fmt: skip
    assert (flow.cycle_times(found).to_list(), flow.skipped_active(found, BOARD)) == ([0.0, 1.0, 8.0], 2)
    nobody_said = Workflow(BOARD.stages, frozenset(), BOARD.done)
    everything = flow.items(placed, nobody_said)
    assert (flow.cycle_times(everything).to_list(), flow.skipped_active(everything, nobody_said)) == ([3.0, 1.0, 9.0], None)


@pytest.mark.parametrize("stages", [("Request", "Wait", "Build", "Done"), ("Request", "Build", "Wait", "Done")])
def test_a_cycle_time_begins_with_the_first_active_stage_wherever_others_stand_in_the_order(stages: tuple[str, ...]) -> None:
    ways = Workflow(stages, frozenset({"Build"}), frozenset({"Done"}))
    log = clean(("a", "Request", 0), ("a", "Wait", 1), ("a", "Build", 3), ("a", "Done", 4))
    assert flow.cycle_times(flow.items(events_of.placed(log, ways), ways)).to_list() == [1.0]
    again = clean(("a", "Request", 0), ("a", "Done", 1), ("a", "Request", 2), ("a", "Build", 4), ("a", "Done", 8))
    assert flow.cycle_times(flow.items(events_of.placed(again, ways), ways)).to_list() == [4.0]


def test_an_item_cancelled_before_work_began_is_finished_and_has_no_cycle_time() -> None:
    early = Workflow(("Request", "Cancelled", "Build", "Done"), frozenset({"Build"}), frozenset({"Cancelled", "Done"}))
    log = clean(("a", "Request", 0), ("a", "Cancelled", 3))
    found = flow.items(events_of.placed(log, early), early)
    assert (found["finished"].to_list(), flow.cycle_times(found).to_list()) == ([after(3)], [])


@pytest.mark.parametrize(("clock", "expected"), [(Clock.ELAPSED, 1 + 2 / 24), (Clock.DAYS, 2.0), (Clock.DAYS_INCLUSIVE, 3.0)])
def test_a_cycle_time_is_elapsed_or_whole_days_with_or_without_the_first(clock: Clock, expected: float) -> None:
    log = clean(("a", "Build", 23 / 24), ("a", "Done", 2 + 1 / 24))
    found = flow.items(events_of.placed(log, BOARD), BOARD)
    assert flow.cycle_times(found, clock).to_list() == pytest.approx([expected])


def test_the_night_the_clocks_change_and_a_leap_day_have_no_more_and_no_fewer_hours() -> None:
    lisbon = [datetime.fromisoformat(moment).astimezone(UTC) for moment in ("2026-03-28T12:00+00:00", "2026-03-29T12:00+01:00")]
    leap = [datetime(2024, 2, 28, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC)]
    log = clean(("a", "Build", lisbon[0]), ("a", "Done", lisbon[1]), ("b", "Build", leap[0]), ("b", "Done", leap[1]))
    assert flow.cycle_times(flow.items(events_of.placed(log, BOARD), BOARD)).to_list() == pytest.approx([23 / 24, 2.0])


def test_a_stage_with_another_name_is_no_stage_of_the_workflow() -> None:
    log = clean(("a", "Build", 0), ("a", "Quality", 1), ("a", "Done", 2))
    assert events_of.placed(log, BOARD)["stage"].to_list() == ["Build", "Done"]


def test_age_is_of_items_that_have_started_and_are_not_finished() -> None:
    log = clean(("a", "Build", 0), ("b", "Request", 0), ("c", "Build", 1), ("c", "Done", 2), ("d", "QA", 3))
    found = flow.age(flow.items(events_of.placed(log, BOARD), BOARD), after(4))
    assert found.select("case", "age").rows() == [("a", 4.0), ("d", 1.0)]


# Weeks, stages, roles


def test_throughput_counts_by_iso_week_and_weeks_without_an_item_are_nought() -> None:
    turn = datetime(2026, 12, 31, tzinfo=UTC)
    log = clean(
        *(found for item, end in enumerate((0, 6.99, 21)) for found in ((str(item), "Build", -1), (str(item), "Done", end)))
    )
    found = flow.throughput(flow.items(events_of.placed(log, BOARD), BOARD))
    monday = START.date()
    assert found.rows() == [(monday + timedelta(days=7 * at), count) for at, count in enumerate((2, 0, 0, 1))]
    late = events_of.log(
        events(("a", "Build", turn), ("a", "Done", datetime(2027, 1, 2, tzinfo=UTC))), now=datetime(2028, 1, 1, tzinfo=UTC)
    )
    week_53 = flow.throughput(flow.items(events_of.placed(late.events, BOARD), BOARD))
    assert week_53["week"].to_list() == [date(2026, 12, 28)]


def test_time_in_stage_is_of_visits_that_ended_and_apart_of_those_that_go_on() -> None:
    log = clean(("a", "Build", 0), ("a", "QA", 2), ("a", "Build", 3), ("a", "Done", 7), ("b", "Build", 4))
    found = flow.time_in_stage(flow.visits(log), after(8), {"Done"})
    assert {row["stage"]: (row["visits"], row["days"], row["ongoing"], row["ongoing_days"]) for row in found.to_dicts()} == {
        "Build": (2, 6.0, 1, 4.0), "QA": (1, 1.0, 0, 0.0), "Done": (0, 0.0, 0, 0.0),
    }  # fmt: skip


def test_flow_efficiency_is_work_of_all_time_before_the_end_and_unknown_where_nobody_said_what_work_is() -> None:
    log = clean(
        ("a", "Request", 0),
        ("a", "Build", 1),
        ("a", "Wait", 3),
        ("a", "QA", 6),
        ("a", "Done", 7),
        ("a", "Build", 9),
        ("a", "Done", 10),
    )
    dwell = flow.time_in_stage(flow.visits(log), after(10), {"Done"})
    worked = flow.efficiency(dwell, BOARD)
    assert worked is not None
    assert (worked.active, worked.all, worked.share) == (4.0, 8.0, 0.5)
    assert flow.efficiency(dwell, Workflow(BOARD.stages, frozenset(), BOARD.done)) is None


def test_a_hand_off_is_work_that_goes_to_another_role_and_no_role_is_none() -> None:
    log = clean(
        ("a", "Request", 0), ("a", "Build", 2), ("a", "Wait", 3), ("a", "QA", 5), ("b", "Request", 0), ("b", "Build", 1),
        roles={"Request": "marketing", "Build": "it", "QA": "marketing"},
    )  # fmt: skip
    assert flow.handoffs(flow.visits(log)).rows() == [("marketing", "it", 2, 3.0)]


def test_a_flag_that_outlasts_the_work_holds_it_up_until_it_is_finished() -> None:
    workflow = Workflow(("build", "done"), frozenset({"build"}), frozenset({"done"}))
    at = events_of.placed(clean(("a", "build", 0), ("a", "done", 3), ("b", "build", 0)), workflow)
    rows = [(item, after(day), flag) for item in "ab" for day, flag in ((1, True), (18, False))]
    flags = pl.DataFrame(rows, schema=flow.FLAG, orient="row")
    assert flow.blocked(flags, at, workflow, NOW, Clock.ELAPSED).select("case", "days").rows() == [("a", 2), ("b", 17)]


def test_ways_are_counted_by_their_whole_path() -> None:
    log = clean(("a", "Build", 0), ("a", "Done", 1), ("b", "Build", 0), ("b", "Done", 1), ("c", "Build", 0), ("c", "Build", 1))
    assert flow.variants(log).rows() == [(["Build", "Done"], 2), (["Build", "Build"], 1)]


def test_stages_come_in_the_order_in_which_items_first_enter_them() -> None:
    log = clean(
        ("a", "Request", 0), ("a", "Build", 1), ("a", "QA", 2), ("a", "Build", 3), ("a", "Done", 4),
        ("b", "Request", 0), ("b", "QA", 1), ("b", "Done", 2),
        ("c", "Build", 0), ("c", "Done", 1), ("c", "QA", 5), ("c", "Done", 6),
    )  # fmt: skip
    assert events_of.order(log) == ("Request", "Build", "QA", "Done")


def test_the_work_ends_where_nothing_follows_and_in_the_last_stage_where_something_always_does() -> None:
    two_ends = clean(*(found for item in "abcd" for found in ((item, "Build", 0), (item, "Paid" if item < "c" else "Rejected", 1))))
    assert events_of.ends(two_ends, ("Build", "Paid", "Rejected")) == {"Paid", "Rejected"}
    back = clean(("a", "Build", 0), ("a", "Done", 1), ("a", "Build", 2), ("b", "Build", 0))
    assert events_of.ends(back, ("Build", "Done")) == {"Done"}


# Cumulative flow


def test_stages_may_be_called_as_columns_are() -> None:
    named = Workflow(("day", "case", "items"), frozenset(), frozenset({"items"}))
    log = events_of.placed(clean(("a", "day", 0), ("a", "items", 1)), named)
    assert counts_by_day(log, named, [START.date()]) == [{"day": 1, "case": 0, "items": 0}]
    assert reached(log, named)["a"]["case"] == (START + timedelta(days=1)).date()


def test_cumulative_flow_counts_what_reached_a_stage_or_one_after_it_and_takes_nothing_back() -> None:
    log = clean(("a", "Request", 0), ("a", "QA", 1), ("a", "Build", 2), ("b", "Request", 1.5), ("b", "Done", 2.5))
    found = counts_by_day(events_of.placed(log, BOARD), BOARD, [START.date() + timedelta(days=at) for at in (-1, 0, 1, 2, 9)])
    assert [tuple(row[stage] for stage in BOARD.stages) for row in found] == [
        (0, 0, 0, 0, 0), (1, 0, 0, 0, 0), (2, 1, 1, 1, 0), (2, 2, 2, 2, 1), (2, 2, 2, 2, 1),
    ]  # fmt: skip


STEPS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(BOARD.stages), st.integers(0, 30).map(float)), min_size=1, max_size=25
)


@given(STEPS)
def test_cumulative_flow_never_falls_in_time_nor_rises_along_the_stages(found: list[tuple[str, str, float]]) -> None:
    days = [START.date() + timedelta(days=at) for at in range(32)]
    counts = [list(row.values()) for row in counts_by_day(events_of.placed(clean(*found), BOARD), BOARD, days)]
    assert len(counts) == 32
    for before, after_ in pairwise(counts):
        assert all(b <= a for b, a in zip(before, after_, strict=True))
    assert all(row == sorted(row, reverse=True) for row in counts)


@given(STEPS, st.integers(0, 30))
def test_the_past_of_the_cumulative_flow_never_changes(found: list[tuple[str, str, float]], cut: int) -> None:
    days = [START.date() + timedelta(days=at) for at in range(cut)]
    whole = clean(*found)
    known = events_of.log(whole, now=NOW, as_of=after(cut)).events
    assert flow.cumulative(events_of.placed(known, BOARD), BOARD, days).equals(
        flow.cumulative(events_of.placed(whole, BOARD), BOARD, days)
    )


@given(STEPS)
def test_all_time_between_the_first_and_the_last_event_is_spent_in_some_stage(found: list[tuple[str, str, float]]) -> None:
    log = clean(*found)
    dwell = flow.time_in_stage(flow.visits(log), NOW)
    assert dwell["days"].sum() == pytest.approx(flow.durations(log).sum())
    assert dwell["ongoing"].sum() == log["case"].n_unique()


@given(STEPS)
def test_an_item_whose_past_behind_it_is_forgotten_never_takes_longer(found: list[tuple[str, str, float]]) -> None:
    kept, reset = items(clean(*found)), items(clean(*found), Reopened.RESET)
    for item, whole in kept.items():
        if whole["finished"] is not None:
            assert reset[item]["finished"] == whole["finished"]
            assert reset[item]["started"] >= whole["started"]
        assert reset[item]["moved_back"] == whole["moved_back"]


# Published cases


@pytest.mark.parametrize("folder", LOGS)
def test_items_events_stages_ways_and_durations_are_pm4pys(folder: str) -> None:
    log, expected = log_of(folder), answers(folder, "pm4py")
    ways = flow.variants(log)
    assert (log["case"].n_unique(), log.height, log["stage"].n_unique(), ways.height) == (
        expected["cases"], expected["events"], expected["activities"], expected["n_variants"],
    )  # fmt: skip
    assert ways["items"][0] == max(found["cases"] for found in expected["top_variants"])
    assert ways.filter(pl.col("path") == pl.lit(expected["top_variants"][0]["variant"], pl.List(pl.String)))["items"].to_list() == [
        expected["top_variants"][0]["cases"]
    ]
    days = flow.durations(log).to_numpy()
    said = expected["case_duration"]
    assert days.mean() * 86_400 == pytest.approx(said["mean_s"], abs=1e-3)
    for share in (50, 70, 85, 95):
        assert stats.percentiles(days, share / 100)[0] * 86_400 == pytest.approx(said[f"p{share}"]["linear_s"], abs=1e-3)
        assert stats.nearest_rank(days, share / 100) * 86_400 == pytest.approx(said[f"p{share}"]["nearest_rank_s"], abs=1e-3)
    dwell = flow.time_in_stage(flow.visits(log), NOW)
    seconds = {stage: days * 86_400 for stage, days in dwell.select("stage", "days").iter_rows()}
    for stage, found in expected["time_in_stage_from_perf_dfg"].items():
        assert seconds[stage] == pytest.approx(found["sum_s"], abs=1e-2), stage


@pytest.mark.parametrize("folder", LOGS)
def test_rework_by_stage_and_items_on_the_most_frequent_way_are_pm4pys(folder: str) -> None:
    log, expected = log_of(folder), answers(folder, "pm4py")
    assert dict(flow.rework(log).select("stage", "items").iter_rows()) == expected["rework_cases_per_activity"]
    if "cases_exactly_on_most_frequent_path" in expected:  # all but the one in which no two go the same way
        assert flow.variants(log)["items"][0] == expected["cases_exactly_on_most_frequent_path"]


@pytest.mark.parametrize("folder", ["05_receipt", "06_bpic2013_closed", "07_helpdesk"])
def test_most_work_in_progress_and_its_day_are_jira_agile_metrics(folder: str) -> None:
    """At a day's end, where what moves back is forgotten."""
    log, workflow, _ = mapped(folder)
    said = answers(folder, "jam")["wip"]
    found = flow.items(events_of.placed(log, workflow), workflow, Reopened.RESET)
    first, last = log.select(pl.col("at").min().dt.date().alias("first"), pl.col("at").max().dt.date().alias("last")).row(0)
    mornings = pl.date_range(first, last, eager=True) + timedelta(days=1)
    days = flow.open_at(found["started"], found["finished"], mornings.to_list())
    day, most = days.sort("items", "day", descending=[True, False]).row(0)
    assert ((day - timedelta(days=1)).isoformat(), most) == (said["max_on_first"], said["max"])


def test_rework_counts_items_once_and_each_entry_beyond_the_first() -> None:
    log = clean(
        *((case, stage, after(n)) for case, way in (("a", "xyxyx"), ("b", "xxz"), ("c", "xyz")) for n, stage in enumerate(way))
    )
    assert flow.rework(log).rows() == [("x", 2, 3), ("y", 1, 1)]


@pytest.mark.parametrize(
    ("folder", "role", "passed"), [("05_receipt", "org:group", 5440), ("06_bpic2013_closed", "org:group", 220)]
)
def test_hand_offs_are_pm4pys(folder: str, role: str, passed: int) -> None:
    assert flow.handoffs(flow.visits(log_of(folder, role)))["times"].sum() == passed


def test_time_held_by_groups_is_pm4pys() -> None:
    held = flow.visits(log_of("05_receipt")).group_by("role").agg(flow.days(pl.col("at"), pl.col("left")).sum().alias("days"))
    share = dict(held.select("role", pl.col("days") / pl.col("days").sum()).iter_rows())
    assert (round(share["Group 1"], 3), round(share["Group 2"], 3)) == (0.376, 0.344)


def test_flow_efficiency_of_the_closed_problems_is_the_published_one() -> None:
    by_status = log_of("06_bpic2013_closed").with_columns(stage="lifecycle")
    done = frozenset({"Closed", "Cancelled"})
    stages = tuple(sorted(set(by_status["stage"]) - done)) + tuple(sorted(done))
    worked = flow.efficiency(flow.time_in_stage(flow.visits(by_status), NOW), Workflow(stages, frozenset({"In Progress"}), done))
    assert worked is not None
    assert worked.share is not None
    assert round(worked.share, 3) == 0.414


@pytest.mark.parametrize("folder", ["05_receipt", "06_bpic2013_closed", "07_helpdesk"])
def test_finished_items_whole_cycle_days_and_cumulative_flow_are_those_of_jira_agile_metrics(folder: str) -> None:
    """It forgets what lies behind a move back, and counts whole days without the first."""
    log, workflow, said = mapped(folder)
    placed = events_of.placed(log, workflow)
    found = flow.items(placed, workflow, Reopened.RESET)
    assert (found.height, found["finished"].count()) == (said["issues"], said["completed"])
    days = flow.cycle_times(found, Clock.DAYS).to_numpy()
    stated = next(value for key, value in said.items() if key.startswith("cycle_time_days_percentiles"))
    shares = [int(share) / 100 for share in stated]
    assert stats.percentiles(days, *shares) == pytest.approx(list(stated.values()))
    counts = counts_by_day(flow.without_undone(placed), workflow, [date.fromisoformat(day) for day in said["cfd_at"]])
    assert dict(zip(sorted(said["cfd_at"]), counts, strict=True)) == said["cfd_at"]


@pytest.mark.parametrize(("folder", "moved_back"), [("06_bpic2013_closed", 531), ("07_helpdesk", 650)])
def test_items_that_moved_back_are_as_many_as_published(folder: str, moved_back: int) -> None:
    log, workflow, _ = mapped(folder)
    assert flow.items(events_of.placed(log, workflow), workflow)["moved_back"].sum() == moved_back


@pytest.mark.parametrize("order", [("Queued", "Accepted", "Completed"), ("Accepted", "Queued", "Completed")])
def test_first_start_to_last_end_of_the_closed_problems_is_the_published_one(order: tuple[str, ...]) -> None:
    log, workflow, _ = mapped("06_bpic2013_closed")
    workflow = Workflow(order, workflow.active, workflow.done)
    days = flow.cycle_times(flow.items(events_of.placed(log, workflow), workflow)).to_numpy()
    assert [round(day, 2) for day in stats.percentiles(days, 0.5, 0.85, 0.95)] == [81.13, 403.12, 657.8]


def test_durations_of_the_development_history_are_the_spreadsheets() -> None:
    """Whole days with the first; percentiles as PERCENTILE.INC. Its weeks begin on Sunday, ours are ISO weeks: not compared."""
    rows = pl.read_csv(case("flow", "09_fo_throughput_history", "data.csv"), try_parse_dates=True).drop_nulls(["start", "end"])
    moments = rows.select(pl.col("start", "end").cast(pl.Datetime("us", "UTC")), "excel_cycle_time")
    days = moments.select(flow.days(pl.col("start"), pl.col("end"), Clock.DAYS_INCLUSIVE).alias("days"))["days"]
    assert days.to_list() == moments["excel_cycle_time"].cast(pl.Float64).to_list()
    said = json.loads(case("flow", "09_fo_throughput_history", "expected.json").read_text(encoding="utf-8"))
    assert (days.len(), days.sum()) == (said["n"], said["sum_cycle_time"])
    for share, both in said["computed_here(numpy)"].items():
        assert stats.percentiles(days.to_numpy(), int(share[1:]) / 100) == pytest.approx([both["linear"]])
        assert stats.nearest_rank(days.to_numpy(), int(share[1:]) / 100) == both["nearest_rank"]


def test_flow_efficiency_is_lighthouses() -> None:
    for given_ in json.loads(case("flow", "03_lighthouse_units", "case.json").read_text(encoding="utf-8"))["flow_efficiency"][
        "cases"
    ]:
        stages = tuple(given_["days"])
        active = frozenset(stages) - frozenset(given_["wait"]) if given_["wait"] else frozenset[str]()
        dwell = pl.DataFrame({"stage": stages, "days": [float(days) for days in given_["days"].values()]})
        found = flow.efficiency(dwell, Workflow((*stages, "Done"), active, frozenset({"Done"})))
        if "expected_pct" in given_:
            assert found is not None
            assert found.share is not None
            assert round(100 * found.share, 2) == given_["expected_pct"]
        else:
            assert found is None


def test_work_in_progress_by_status_and_from_start_to_finish_is_agileplannings() -> None:
    """Counted as each day begins. An item back in the backlog is no work in progress by its status; else it is until it is done."""
    said = json.loads(case("flow", "12_agileplanning_wip", "case.json").read_text(encoding="utf-8"))
    first = date.fromisoformat(said["day0"])
    stage = {"start": "Doing", "back to backlog": "Backlog", "done": "Done"}
    found = [
        (str(issue["id"]), stage[what], datetime(first.year, first.month, first.day, 10, 30, tzinfo=UTC) + timedelta(days=day))
        for issue in said["issues"]
        for what, day in issue["events"]
    ]
    workflow = Workflow(("Backlog", "Doing", "Done"), frozenset({"Doing"}), frozenset({"Done"}))
    log = clean(*found)
    days = [first + timedelta(days=at) for at in range(6)]
    visits = flow.visits(log).filter(pl.col("stage") == "Doing")
    assert flow.open_at(visits["at"], visits["left"], days)["items"].to_list() == said["wip_by_status"]
    items_ = flow.items(events_of.placed(log, workflow), workflow)
    assert (
        flow.open_at(items_["started"], items_["finished"], days)["items"].to_list() == said["wip_by_lead_time(first start..done)"]
    )


def test_the_age_of_an_item_on_a_day_is_lighthouses() -> None:
    """Whole days with the first. Where it takes an item without a start by when it was created, ours has its first event."""
    for given_ in json.loads(case("flow", "03_lighthouse_units", "case.json").read_text(encoding="utf-8"))["age_on_day"]["cases"]:
        start = given_.get("started") or given_.get("created")
        if start is None:
            continue
        begun, day = (datetime.fromisoformat(moment).replace(tzinfo=UTC) for moment in (start, given_["day"]))
        known = events_of.log(events(("a", "Build", begun)), now=NOW, as_of=day + timedelta(days=1)).events
        aged = flow.age(flow.items(events_of.placed(known, BOARD), BOARD), day, Clock.DAYS_INCLUSIVE)["age"].to_list()
        assert (aged or [0]) == [given_["age"]]


# Jira's issues, as jira-agile-metrics measures them


def forked() -> tuple[pl.DataFrame, pl.DataFrame, Workflow]:
    cycle = [
        {"name": "Backlog", "statuses": ["Backlog"]}, {"name": "Committed", "statuses": ["Next"]},
        {"name": "Build", "statuses": ["Build"]}, {"name": "Test", "statuses": ["Code review", "QA"]},
        {"name": "Done", "statuses": ["Done"]},
    ]  # fmt: skip
    found = json.loads(case("flow", "01_jam_fork_20issues", "jira", "search_issues.json").read_text(encoding="utf-8"))
    log, flags = of_jira(found if isinstance(found, list) else found["issues"], cycle)
    names = tuple(stage["name"] for stage in cycle)
    return (
        events_of.log(log, now=NOW).events,
        flags,
        Workflow(names, frozenset({"Committed", "Build", "Test"}), frozenset({"Done"})),
    )


def expected_of_fork(name: str) -> pl.DataFrame:
    return pl.read_csv(case("flow", "01_jam_fork_20issues", "expected", name), try_parse_dates=True)


def test_stage_dates_blocked_days_and_percentiles_of_twenty_issues_are_those_of_the_fork() -> None:
    """But for the backlog: it leaves out when two issues that never moved were created."""
    log, flags, workflow = forked()
    placed = flow.without_undone(events_of.placed(log, workflow))
    dates = reached(placed, workflow)
    for row in expected_of_fork("cycletime.csv").to_dicts():
        for stage in workflow.stages[1:]:
            assert (row["ID"], stage, row[stage]) == (row["ID"], stage, dates[row["ID"]].get(stage))
    times = flow.blocked(flags, placed, workflow, datetime(2021, 4, 3, tzinfo=UTC), Clock.DAYS)
    assert times.select("case", "stage", pl.col("start").dt.date(), pl.col("end").dt.date(), "days").rows() == [
        ("I-2", "Build", date(2021, 1, 14), date(2021, 1, 17), 3.0)
    ]
    days = flow.cycle_times(flow.items(placed, workflow), Clock.DAYS).to_numpy()
    assert stats.percentiles(days, 0.5, 0.85, 0.95) == pytest.approx([15, 18, 19.05])


def test_cumulative_flow_and_daily_throughput_of_twenty_issues_are_those_of_the_fork() -> None:
    log, _, workflow = forked()
    placed = flow.without_undone(events_of.placed(log, workflow))
    said = expected_of_fork("cfd.csv")
    found = counts_by_day(placed, workflow, said["Date"].to_list())
    assert len(found) == 93
    for row, ours in zip(said.to_dicts(), found, strict=True):
        assert {stage: ours[stage] for stage in workflow.stages[1:]} == {stage: int(row[stage]) for stage in workflow.stages[1:]}
    by_day = flow.items(placed, workflow)["finished"].drop_nulls().dt.date().value_counts().rows()
    daily = expected_of_fork("throughput.csv")
    assert {day: count for day, count in daily.rows() if count} == dict(by_day)


def test_moves_back_and_flags_are_told_as_jira_agile_metrics_tells_them() -> None:
    said = json.loads(case("flow", "02_jam_unit", "case.json").read_text(encoding="utf-8"))
    names = tuple(stage["name"] for stage in said["cycle"])
    workflow = Workflow(names, frozenset(names[1:-1]), frozenset(names[-1:]))
    log, flags = of_jira(said["caseA_movement"]["issues"], said["cycle"])
    placed = flow.without_undone(events_of.placed(events_of.log(log, now=NOW).events, workflow))
    found = reached(placed, workflow)
    now = datetime.fromisoformat(said["now"]).replace(tzinfo=UTC)
    times = flow.blocked(flags, placed, workflow, now, Clock.DAYS)
    held = dict(times.group_by("case").agg(pl.col("days").sum()).iter_rows())
    for row in said["caseA_movement"]["expected"]:
        assert {stage: str(day) for stage, day in found[row["key"]].items()} == {stage: row[stage] for stage in names if row[stage]}
        assert held.get(row["key"], 0) == row["blocked_days"]
        spans = times.filter(pl.col("case") == row["key"]).select("stage", pl.col("start").dt.date().cast(pl.String)).rows()
        assert spans == [(each["status"], each["start"]) for each in row["impediments"]]
    days = flow.cycle_times(flow.items(placed, workflow), Clock.DAYS).to_list()
    assert days == [row["cycle_time"] for row in said["caseA_movement"]["expected"] if row["cycle_time"] is not None]


def test_daily_counts_of_four_items_are_those_of_jira_agile_metrics() -> None:
    """Its WIP of a day is that at its end: the item done on that day is out."""
    said = json.loads(case("flow", "02_jam_unit", "case.json").read_text(encoding="utf-8"))
    names = tuple(stage["name"] for stage in said["cycle"])
    workflow = Workflow(names, frozenset(names[1:-1]), frozenset(names[-1:]))
    given_, expected = said["caseB_minimal"]["stage_dates"], said["caseB_minimal"]["expected"]
    log = clean(
        *(
            (row["key"], stage, datetime.fromisoformat(row[stage]).replace(hour=12, tzinfo=UTC))
            for row in given_
            for stage in names
            if row[stage]
        )
    )
    placed = events_of.placed(log, workflow)
    counts = counts_by_day(placed, workflow, [date.fromisoformat(day) for day in expected["cfd"]])
    assert dict(zip(expected["cfd"], counts, strict=True)) == expected["cfd"]
    found = flow.items(placed, workflow)
    mornings = [date.fromisoformat(day) + timedelta(days=1) for day in expected["wip_daily"]]
    assert flow.open_at(found["started"], found["finished"], mornings)["items"].to_list() == list(expected["wip_daily"].values())
    ageing = flow.age(found, datetime(2018, 1, 10, tzinfo=UTC), Clock.DAYS).select("case", "stage", "age").rows()
    assert ageing == [tuple(row.values()) for row in expected["ageing_wip_today_2018-01-10"]]


def test_the_status_history_of_32_issues_is_devlakes() -> None:
    """200 visits out of 168 changes: an issue's first status is the one its first change left, or the one it still has. Of the one
    issue that never changed DevLake says that no status is its present one; ours is the one it has.
    """
    issues, changes, said = (
        pl.read_csv(case("flow", "11_devlake_status_history", f"{name}.csv"), infer_schema=False).fill_null("")
        for name in ("raw_tables__issues", "raw_tables__issue_changelogs", "snapshot_tables__issue_status_history")
    )
    moved = changes.filter(pl.col("field_name") == "status").sort("issue_id", "created_date", maintain_order=True)
    left = moved.group_by("issue_id", maintain_order=True).agg(pl.col("original_from_value").first().alias("from"))
    first = issues.join(left, left_on="id", right_on="issue_id", how="left").select(
        "id", pl.coalesce("from", "original_status"), "created_date"
    )
    rows = [*first.rows(), *moved.select("issue_id", "original_to_value", "created_date").rows()]
    told = set(said["issue_id"])
    log = clean(*((item, stage, datetime.fromisoformat(at)) for item, stage, at in rows if item in told))
    assert log.height == 200
    is_first = (pl.col("case") != pl.col("case").shift()).fill_null(value=True)
    found = flow.visits(log).select(
        pl.col("case").cast(pl.String), "stage", "at", is_first.alias("first"), pl.col("left").is_null().alias("current")
    )
    expected = [
        (row["issue_id"], row["original_status"], datetime.fromisoformat(row["start_date"]), row["is_first_status"] == "1",
         row["is_current_status"] == "1")
        for row in said.to_dicts()
    ]  # fmt: skip
    never_moved = {row[0] for row in first.rows()} - set(moved["issue_id"])
    assert sorted(row[:4] for row in found.rows()) == sorted(row[:4] for row in expected)
    assert {row for row in found.rows() if row[0] not in never_moved} == {row for row in expected if row[0] not in never_moved}


def test_lead_times_of_32_issues_are_devlakes() -> None:
    issues = pl.read_csv(case("flow", "11_devlake_status_history", "raw_tables__issues.csv"), infer_schema=False)
    moment = pl.col("created_date", "resolution_date").str.to_datetime(time_unit="us", time_zone="UTC")
    known = issues.drop_nulls("resolution_date").with_columns(moment)
    minutes = known.select((flow.days(pl.col("created_date"), pl.col("resolution_date")) * 1_440).floor().cast(pl.Int64))
    assert minutes.to_series().to_list() == known["lead_time_minutes"].cast(pl.Int64).to_list()
