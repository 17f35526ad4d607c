"""Work on its way to the launch: what counts as launched, withdrawn, reopened, and how fast, how old and how good it was."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marops.measure import Measure
from marops.period import Period
from marops.pipeline import ageing, quality, speed
from marops.pipeline.delivery import Counted, Delivery, delivery
from marops.pipeline.flow import Clock, Reopened
from marops.pipeline.quality import Counts, Doubt
from marops.stages import Category, Process, Stage, usual
from tests.pipeline.made import after
from tests.scorecard.made import WORK, frame, item

MOVES = {
    "issue_id": pl.String, "stage": pl.String, "status": pl.String, "role": pl.String, "entered_at": pl.Datetime("us", "UTC"),
}  # fmt: skip
END = after(60)
SPAN = Period(date(2026, 3, 2), date(2026, 4, 30))
"""From the start to the last day."""

BUILD_ONLY = Process(
    (
        Stage("ask", "Ask", Category.TODO, "", ()), Stage("build", "Build", Category.ACTIVE, "", ()),
        Stage("wait", "Wait", Category.WAIT, "", ()), Stage("over", "Over", Category.DONE, "", ()),
    )
)  # fmt: skip


def moves(**steps: list[tuple[str | None, float]]) -> pl.DataFrame:
    """Moves of items: (stage, days after the start)."""
    rows = [(issue, stage, stage or "odd", None, after(at)) for issue, found in steps.items() for stage, at in found]
    return pl.DataFrame(rows, schema=MOVES, orient="row")


def found(end: datetime = END, process: Process | None = None, counted: Counted | None = None, **steps: Any) -> Delivery:
    return delivery(moves(**steps), process or usual(), end, counted or Counted())


def launched(count: int, days: float = 4, **more: Any) -> dict[str, list[tuple[str | None, float]]]:
    """So many items that were asked for, built for 1, 2, 3, ... times `days` and launched."""
    return {f"i{n}": [("request", 0), ("build", 1), ("execution", 1 + days * n)] for n in range(1, count + 1)} | more


# What counts as launched


def test_what_runs_is_launched_however_long_it_runs() -> None:
    timed = found(a=[("request", 0), ("build", 2), ("execution", 7), ("reporting", 30), ("done", 50)]).timed.row(0, named=True)
    assert (timed["finished"], timed["cycle"], timed["lead"]) == (after(7), 5, 7)


def test_what_is_done_and_was_never_seen_to_run_was_launched_then() -> None:
    """Skipped stages are passed when a later one is entered: nothing says that work that is done was dropped."""
    skipped = found(a=[("request", 0), ("build", 2), ("done", 9)], b=[("build", 1), ("done", 3), ("build", 5)])
    assert skipped.timed.select("issue_id", "finished", "cycle").rows() == [("a", after(9), 7)]
    assert skipped.withdrawn.to_list() == []
    assert skipped.ageing["issue_id"].to_list() == ["b"]


def test_work_that_is_dropped_is_neither_finished_nor_in_progress() -> None:
    gone = found(a=[("request", 0), ("build", 2), ("dropped", 9)], b=[("build", 1)])
    assert gone.withdrawn.to_list() == ["a"]
    assert gone.items["case"].to_list() == ["b"]
    assert gone.ageing.select("issue_id", "stage", "age").rows() == [("b", "build", 59)]


def test_work_that_was_withdrawn_and_taken_up_again_is_in_progress() -> None:
    back = found(a=[("build", 2), ("done", 9), ("qa", 20)])
    assert back.withdrawn.to_list() == []
    assert back.ageing["age"].to_list() == [58]


def test_without_a_stage_in_which_work_runs_the_end_is_the_launch() -> None:
    over = found(process=BUILD_ONLY, a=[("ask", 0), ("build", 2), ("over", 9)])
    assert over.timed.select("cycle", "lead").rows() == [(7, 9)]
    assert over.withdrawn.is_empty()


def test_reopened_work_keeps_its_first_start_and_is_finished_when_it_is_launched_again() -> None:
    steps = [("build", 0), ("execution", 5), ("done", 8), ("build", 10), ("done", 16)]
    kept = found(a=steps).timed.row(0, named=True)
    assert (kept["finished"], kept["cycle"], kept["moved_back"]) == (after(16), 16, True)
    assert found(a=steps[:4]).timed.is_empty()
    reset = found(a=steps, counted=Counted(reopened=Reopened.RESET)).timed.row(0, named=True)
    assert (reset["finished"], reset["moved_back"]) == (after(16), True)


def test_whole_days_count_the_first_one() -> None:
    steps = [("build", 0.9), ("execution", 2.1)]
    assert found(a=steps).timed["cycle"].to_list() == [pytest.approx(1.2)]
    assert found(a=steps, counted=Counted(Clock.DAYS_INCLUSIVE)).timed["cycle"].to_list() == [3]


def test_a_word_that_is_no_stage_ends_the_visit_before_it_and_is_no_move_back() -> None:
    odd = found(a=[("build", 0), (None, 3), ("qa", 5), ("execution", 6)])
    assert odd.timed.select("cycle", "moved_back").rows() == [(6, False)]
    assert odd.visits.select("stage", "at", "left").rows() == [
        ("build", after(0), after(3)), ("?", after(3), after(5)), ("qa", after(5), after(6)), ("launched", after(6), None),
    ]  # fmt: skip


def test_a_word_that_is_no_stage_says_nothing_of_work_that_runs_or_is_over() -> None:
    ran = found(a=[("build", 0), ("execution", 8), (None, 20), ("reporting", 48)])
    assert ran.timed["finished"].to_list() == [after(8)]
    over = found(a=[("build", 0), ("done", 8), (None, 20)], b=[("build", 0), ("dropped", 8), (None, 20)])
    assert (over.timed["finished"].to_list(), over.withdrawn.to_list(), over.ageing.height) == ([after(8)], ["b"], 0)


def test_what_is_dropped_is_no_launch_where_what_is_done_is_one() -> None:
    ends = Process((*BUILD_ONLY.stages, Stage("off", "Off", Category.DROPPED, "", ())))
    both = found(process=ends, a=[("build", 0), ("over", 5)], b=[("build", 0), ("off", 5)])
    assert both.timed["issue_id"].to_list() == ["a"]
    assert both.withdrawn.to_list() == ["b"]


def test_lead_time_begins_when_work_was_asked_for_though_it_moved_much_later() -> None:
    work = frame([item("a", after(-40))], WORK)
    asked = delivery(moves(a=[("build", 0), ("execution", 10)]), usual(), END, work=work)
    assert asked.timed.select("cycle", "lead").rows() == [(10, 50)]


def test_what_moves_later_on_the_last_day_has_not_happened_yet_and_what_moves_on_a_later_day_cannot_be() -> None:
    noon = delivery(moves(a=[("build", 1), ("execution", 5.9)], b=[("build", 1), ("execution", 6.2)]), usual(), after(5.5))
    assert noon.log.excluded.rows() == [("b", "future date")]
    assert noon.ageing.select("issue_id", "age").rows() == [("a", 4.5)]


def test_what_was_finished_after_all_sources_reach_is_in_no_pace() -> None:
    steps = {f"i{n}": [("build", 0), ("execution", 7 * n)] for n in range(1, 9)}
    known = delivery(moves(**steps), usual(), after(56.5), reach=after(28))
    assert speed.throughput(known, SPAN).value == pytest.approx(3 / 4)  # what was launched as day 28 began is not yet in it


def test_two_words_for_a_stage_are_one_visit_and_the_end_counts_from_its_last_time_where_nothing_runs() -> None:
    words = moves(a=[("build", 0), ("build", 2), ("over", 5), ("over", 6)]).with_columns(
        pl.Series("status", ["doing", "building", "closed", "closed"])
    )
    got = delivery(words, BUILD_ONLY, END, Counted())
    assert got.visits.select("stage", "at").rows() == [("build", after(0)), ("launched", after(5)), ("launched", after(6))]
    assert got.timed["cycle"].to_list() == [6]


# Measures


def test_no_85th_percentile_is_shown_of_fewer_than_ten() -> None:
    nine = speed.percentile(found(**launched(9)), SPAN, "cycle", 0.85)
    assert (nine.value, str(nine.missing)) == (None, "9 finished in these days; it takes 10.")
    ten = speed.percentile(found(**launched(10)), SPAN, "cycle", 0.85)
    # 4, 8, ... 40 days: the nearest rank of 85 % of ten is the ninth
    assert (ten.value, str(ten.note), ten.interval) == (36, "10 finished; elapsed days; nearest rank", None)
    assert speed.percentile(found(**launched(3)), SPAN, "lead", 0.5).value == 9


def test_a_percentile_has_the_interval_of_its_ranks() -> None:
    half = speed.percentile(found(**launched(14, 3)), SPAN, "cycle", 0.5)
    # binomial(14, 0.5) has 0.6 % below 3 and 0.6 % above 11: ranks 3 and 12 hold the median with at least 95 %, 4 and 11 do not
    assert half.value == 21
    assert half.interval is not None
    assert (half.interval.low, half.interval.high) == (9, 36)


def test_throughput_is_by_week_and_counts_only_the_days_that_have_data() -> None:
    done = found(end=after(28), **launched(5, 5))
    assert speed.throughput(done, SPAN).value == pytest.approx(5 / 4)
    assert speed.throughput(done, Period(date(2027, 1, 1), date(2027, 1, 31))).value is None


def test_flow_efficiency_is_the_share_of_work_and_never_100_percent_by_default() -> None:
    steps = {"a": [("ask", 0), ("build", 1), ("wait", 4), ("build", 8), ("over", 10)]}
    share = speed.efficiency(found(process=BUILD_ONLY, **steps), SPAN, BUILD_ONLY)
    assert (share.value, str(share.note)) == (0.5, "counted as work: Build")
    only_active = Process((BUILD_ONLY.stages[1], BUILD_ONLY.stages[3]))
    missing = speed.efficiency(found(process=only_active, a=[("build", 0), ("over", 5)]), SPAN, only_active)
    assert missing.value is None
    assert str(missing.missing).startswith("Not configured")


def test_first_time_right_is_the_share_that_never_moved_back() -> None:
    steps = launched(3) | {"b": [("build", 0), ("qa", 3), ("build", 5), ("execution", 9)]}
    right = speed.first_time_right(found(**steps), SPAN)
    assert (right.value, str(right.note)) == (0.75, "1 of 4 had moved back")


def test_little_s_law_holds_where_work_comes_and_goes_alike_and_its_residual_shows_where_not() -> None:
    steady = {f"i{n}": [("build", n), ("execution", n + 3)] for n in range(57)}
    law = speed.little(found(**steady), SPAN)
    assert law is not None
    # 57 items of 3 days in 60 days
    assert (law.wip, law.expected, law.residual) == (pytest.approx(57 * 3 / 60), pytest.approx(57 * 3 / 60), pytest.approx(0))
    growing = speed.little(found(**steady, **{f"x{n}": [("build", 0)] for n in range(10)}), SPAN)
    assert growing is not None
    assert growing.residual == pytest.approx(10 / (10 + 57 * 3 / 60))
    assert speed.little(found(a=[("build", 0)]), SPAN) is None


def test_a_limit_of_work_in_progress_sets_the_mean_cycle_time() -> None:
    done = found(end=after(28), **launched(5, 5))
    a_week = speed.throughput(done, SPAN)  # five in four weeks
    assert speed.mean_cycle(10, a_week) == pytest.approx(10 / (5 / 28))
    assert speed.mean_cycle(10, a_week, faster=2) == pytest.approx(28)
    assert speed.mean_cycle(10, speed.throughput(found(a=[("build", 1)]), SPAN)) is None


def test_faster_is_only_said_where_chance_could_not_do_it() -> None:
    early, late = Period(date(2026, 3, 2), date(2026, 3, 21)), Period(date(2026, 3, 22), date(2026, 4, 30))
    slow = {f"s{n}": [("build", 0), ("execution", 8 + n / 2)] for n in range(12)}
    fast = {f"f{n}": [("build", 30), ("execution", 32 + n / 2)] for n in range(12)}
    assert str(speed.against(found(**slow, **fast), late, early)) == "Faster than before: half took at most 4.5 d, before 10.5 d."
    assert str(speed.against(found(**slow, **fast), early, late)).startswith("Slower than before: half took at most 10.5 d")
    same = {f"f{n}": [("build", 30), ("execution", 38 + n / 2)] for n in range(12)}
    assert str(speed.against(found(**slow, **same), late, early)).startswith("Neither faster nor slower")
    assert speed.against(found(**launched(9)), SPAN, early) is None


def test_what_was_launched_after_the_period_is_in_none_of_its_measures() -> None:
    done = found(**launched(10))
    before = Period(date(2026, 3, 2), date(2026, 3, 20))
    measures = [speed.percentile(done, before, "cycle", 0.5), speed.throughput(done, before), speed.first_time_right(done, before)]
    assert [str(measure.note).split()[0] for measure in measures[:1]] == ["4"]
    assert all(isinstance(measure, Measure) and measure.period == before for measure in measures)


# Age


def test_the_bands_are_the_ages_at_which_finished_work_left_each_stage() -> None:
    steps = {f"i{n}": [("validation", 0), ("build", n), ("qa", 2 * n), ("execution", 3 * n)] for n in range(1, 21)}
    bands = {row["stage"]: row for row in ageing.bands(found(end=after(61), **steps)).iter_rows(named=True)}
    assert [bands["validation"][name] for name in ("items", "p50", "p70", "p85", "p95")] == [20, 10, 14, 17, 19]
    # prioritisation was skipped: it was passed when Build was entered
    assert bands["prioritisation"]["p85"] == 17
    assert (bands["build"]["p85"], bands["qa"]["p85"]) == (34, 51)


def test_the_bands_forget_what_reopened_work_forgets() -> None:
    steps = {f"i{n}": [("build", 0), ("qa", 3), ("build", 10), ("qa", 13), ("execution", 14)] for n in range(12)}
    forgotten = ageing.bands(found(**steps, counted=Counted(reopened=Reopened.RESET)))
    assert forgotten.filter(stage="build")["p50"].item() == 13  # it is begun on day 0 still, and Build is left on day 13


def test_old_work_is_told_by_the_highest_band_it_is_above() -> None:
    steps = {f"i{n}": [("build", 0), ("execution", n)] for n in range(1, 21)}
    ages = ageing.judged(found(end=after(60), **steps, x=[("build", 60 - 17.5)], y=[("build", 60 - 9)], z=[("build", 60 - 20)]))
    assert ages.select("issue_id", "older_than").rows() == [("z", 0.95), ("x", 0.85), ("y", 0.0)]


def test_below_ten_finished_items_no_age_is_judged() -> None:
    ages = ageing.judged(found(**launched(9), x=[("build", 1)]))
    assert ages["older_than"].to_list() == [None]


# What cannot be measured


def test_every_item_that_is_left_out_has_a_reason_and_is_in_no_measure() -> None:
    steps = {
        "good": [("build", 1), ("execution", 4)], "gone": [("build", 1), ("dropped", 2)],
        "old": [("build", -21_000), ("execution", 4)],
        "ahead": [("build", 1), ("execution", 99)], "odd": [(None, 1)], "partly": [("build", 1), (None, 3), ("execution", 6)],
        "twice": [("build", 2), ("qa", 2), ("execution", 5)], "idle": [("request", 1), ("execution", 3)],
        "again": [("build", 1), ("build", 2), ("execution", 4)], "back": [("build", 1), ("execution", 3), ("build", 5)],
    }  # fmt: skip
    work = frame([item(issue, after(0)) for issue in (*steps, "silent")] + [item("late", after(9), done_at=after(3))], WORK)
    given = moves(**steps)
    measured = delivery(given, usual(), END)
    rows = quality.doubts(measured, work, given).rows()
    assert sorted(rows) == [
        ("again", Doubt.REPEATED.value, "all", None),
        ("ahead", "future date", "none", None),
        ("back", Doubt.RELAUNCHED.value, "all", None),
        ("gone", Doubt.WITHDRAWN.value, "days in stages", None),
        ("idle", Doubt.NEVER_ACTIVE.value, "all", None),
        ("late", Doubt.DONE_BEFORE_CREATED.value, "none", None),
        ("late", Doubt.NO_HISTORY.value, "none", None),
        ("odd", Doubt.UNKNOWN.value, "none", "odd"),
        ("old", "date before 1971", "none", None),
        ("partly", Doubt.UNKNOWN.value, "all but flow efficiency", "odd"),
        ("silent", Doubt.NO_HISTORY.value, "none", None),
        ("twice", Doubt.EQUAL_TIMES.value, "all", None),
    ]
    assert set(measured.items["case"]) == {"good", "partly", "twice", "idle", "again", "back"}


def test_words_that_are_no_stage_are_counted() -> None:
    given = moves(a=[(None, 1), ("build", 2), (None, 3)])
    assert quality.unknown_words(given).rows() == [("odd", 2)]
    silent = frame([item(f"i{n}", after(0), unknown="strange") for n in range(3)] + [item("a", after(0))], WORK)
    assert quality.unknown_words(given, silent).rows() == [("strange", 3), ("odd", 2)]


@given(
    st.lists(
        st.lists(st.sampled_from([*(stage.id for stage in usual().stages), None]), min_size=1, max_size=8), min_size=1, max_size=12
    )
)
def test_every_item_is_measured_or_left_out_and_cumulative_flow_never_falls(ways: list[list[str | None]]) -> None:
    given_moves = moves(**{f"i{n}": [(stage, at) for at, stage in enumerate(way)] for n, way in enumerate(ways)})
    work = frame([item(f"i{n}", after(0)) for n in range(len(ways))], WORK)
    got = delivery(given_moves, usual(), END)
    doubts = quality.doubts(got, work, given_moves)
    out = doubts.filter(pl.col("counts").is_in([Counts.NONE, Counts.STAGES]))["issue_id"].unique().to_list()
    assert sorted([*got.items["case"], *out]) == sorted(work["issue_id"])
    assert got.timed.height + got.ageing.height <= got.items.height
    assert (got.timed["cycle"] >= 0).all()
    assert (got.timed["lead"] >= got.timed["cycle"]).all()


# What a review found


def test_what_ran_stays_launched_though_it_went_back_and_was_dropped_then_and_what_was_only_done_does_not() -> None:
    """As the launch that a promised date is held against: what was done and taken up again had not been launched."""
    stages = (*(stage for stage in usual().stages), Stage("stopped", "Stopped", Category.DROPPED, "", ()))
    ways = {
        "a": [("build", 0), ("execution", 4), ("build", 9), ("stopped", 58)], "b": [("build", 0), ("stopped", 3)],
        "c": [("build", 0), ("execution", 5), ("stopped", 6)],
    }  # fmt: skip
    ran, only_done = found(process=Process(stages), **ways), found(process=replace_live(stages), **ways)
    assert ran.timed.select("issue_id", "finished", "cycle").rows() == [("a", after(4), 4), ("c", after(5), 5)]
    assert only_done.timed.select("issue_id", "finished", "cycle").rows() == [("c", after(5), 5)]
    assert (ran.withdrawn.to_list(), only_done.withdrawn.to_list()) == (["b"], ["a", "b"])
    assert ran.ageing.is_empty()
    assert only_done.ageing.is_empty()


def replace_live(stages: tuple[Stage, ...]) -> Process:
    """The same stages, where Execution ends the work instead of beginning a run."""
    over = {Category.LIVE: Category.DONE}
    return Process(tuple(replace(stage, category=over.get(stage.category, stage.category)) for stage in stages))


@pytest.mark.parametrize(("end", "age"), [(after(8.75), 1), (after(9), 1), (after(9.25), 2)])
def test_the_age_in_whole_days_is_counted_to_the_last_day(end: datetime, age: int) -> None:
    """Begun on the ninth day: that is one day, the first included, until it is over."""
    delivered = found(end, counted=Counted(clock=Clock.DAYS_INCLUSIVE), a=[("build", 8.375)])
    assert delivered.ageing["age"].to_list() == [age]


def test_throughput_begins_with_the_first_day_that_is_known() -> None:
    """Two launches within two weeks, looked at over a period that began half a year before."""
    delivered = found(after(14), a=[("build", 0), ("execution", 3)], b=[("build", 0), ("execution", 9)])
    measure = speed.throughput(delivered, Period(date(2025, 9, 1), date(2026, 4, 30)))
    assert (measure.value, str(measure.note)) == (1, "2 in 2 weeks")


def test_flow_efficiency_leaves_out_what_was_in_a_status_that_is_no_stage() -> None:
    odd = [("request", 0), ("build", 1), (None, 2), ("execution", 30)]
    plain = [("request", 0), ("build", 3), ("execution", 4)]
    measure = speed.efficiency(found(a=odd, b=plain), SPAN, usual())
    assert (measure.value, "without 1 item that was in a status" in str(measure.note)) == (0.25, True)
    alone = speed.efficiency(found(a=odd), SPAN, usual())
    assert (alone.value, str(alone.missing)) == (None, "All that was finished in these days was in a status that is no stage.")
    at_once = speed.efficiency(found(a=[("build", 1), ("execution", 1)]), SPAN, usual())
    assert str(at_once.missing) == "What was finished in these days was launched at once: no time passed."


def test_work_in_progress_of_a_role_is_that_on_which_it_must_act() -> None:
    delivered = found(a=[("build", 0)], b=[("build", 30)])
    assert [speed.in_progress(delivered, SPAN, which).value for which in (None, frozenset({"b"}), frozenset())] == [2, 1, 0]


def test_work_in_progress_is_that_of_the_end_of_the_data_and_says_so_where_the_period_ended_before() -> None:
    delivered = found(a=[("build", 0)])
    assert str(speed.in_progress(delivered, SPAN).note) == "the oldest for 60 d"
    march = Period(date(2026, 3, 1), date(2026, 3, 31))
    said = str(speed.in_progress(delivered, march).note)
    assert said == "the oldest for 60 d; as of Apr 30, 2026, after these days"
