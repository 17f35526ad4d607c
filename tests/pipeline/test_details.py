"""The flow of a workspace's work in detail: the numbers of `marops flow`, the stages its data show, forecasts, and the charts."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

from marops import stats
from marops.calendars import Calendar
from marops.errors import Forbidden
from marops.period import Period, Scope
from marops.pipeline import ageing_figures, details, figures, finishing_figures, flow_figures, logs, outlook, service, speed
from marops.pipeline.delivery import LAUNCHED, Counted
from marops.pipeline.details import Details
from marops.pipeline.finishing import Order
from marops.pipeline.flow import Reopened
from marops.pipeline.logs import Asked
from marops.principal import LOCAL_ADMIN, Principal, Role
from marops.stages import Category, Stage, usual
from marops.work import details as asking
from marops.work import intake
from marops.workspaces import service as workspaces
from marops.workspaces.store import OWN, SAMPLE
from tests.pipeline.made import NOW, log_of
from tests.scorecard.looked_at import READERS, is_readable
from tests.scorecard.made import fill

YEARS = Scope(OWN, Period(date(2010, 1, 1), date(2014, 1, 31)))
SAMPLE_YEAR = Scope(SAMPLE, Period(date(2025, 11, 1), date(2026, 10, 31)))


def imported(events: pl.DataFrame) -> pl.DataFrame:
    """A log's events in the user's own workspace, as an import would put them there."""
    rows = events.select(
        pl.col("case").cast(pl.String).alias("issue_id"), pl.int_range(1, pl.len() + 1).over("case").alias("status_sequence"),
        pl.col("stage").alias("status"), pl.col("at").alias("transition_at"), "role",
    )  # fmt: skip
    fill("work_item_transition", rows.to_dicts())
    return rows


@pytest.fixture
def helpdesk(home: Path) -> pl.DataFrame:
    """The published log of a help desk, with the stages its data show."""
    events = log_of("07_helpdesk", "org:resource")
    imported(events)
    workspaces.set_process(LOCAL_ADMIN, OWN, details.suggested(LOCAL_ADMIN, OWN))
    return events.with_columns(pl.col("case").cast(pl.String))


def test_the_stages_that_the_data_show_are_in_their_usual_order_and_end_where_nothing_follows(helpdesk: pl.DataFrame) -> None:
    process = workspaces.open_workspace(LOCAL_ADMIN, OWN).process
    assert [stage.name for stage in process.stages][:3] == ["Insert ticket", "Assign seriousness", "Take in charge ticket"]
    assert [stage.name for stage in process.stages if stage.category is Category.DONE] == ["Closed"]
    assert {stage.category for stage in process.before_launch} == {Category.ACTIVE}
    assert details.details(LOCAL_ADMIN, YEARS).unknown_words.is_empty()


def test_stages_taken_again_from_newer_data_keep_their_ids(home: Path) -> None:
    def moves(*words: str) -> None:
        fill("work_item_transition", [
            {"issue_id": issue, "status_sequence": n + 10 * len(words), "status": word,
             "transition_at": datetime(2026, 3, n, len(words), tzinfo=UTC)}
            for issue in "ab" for n, word in enumerate(words, 1)
        ])  # fmt: skip

    moves("Backlog", "Review", "Shipped")
    first = details.suggested(LOCAL_ADMIN, OWN)
    workspaces.set_process(LOCAL_ADMIN, OWN, first)
    moves("Backlog", "Design", "Review", "Shipped")
    again = {str(stage.name): stage.id for stage in details.suggested(LOCAL_ADMIN, OWN)}
    assert {str(stage.name): stage.id for stage in first} == {name: again[name] for name in ("Backlog", "Review", "Shipped")}
    assert len(set(again.values())) == 4


def test_stages_that_are_taken_from_the_data_lose_nothing_that_the_workspace_said(home: Path) -> None:
    for issue in "ab":
        fill("work_item_transition", [
            {"issue_id": issue, "status_sequence": n, "status": word, "transition_at": datetime(2026, 3, n, tzinfo=UTC)}
            for n, word in enumerate(("Inbox", "Building", "Copy check", "Execution", "Filed"), 1)
        ])  # fmt: skip
    own = tuple(replace(stage, sla_days=5.0) if stage.id == "build" else stage for stage in usual().stages)
    workspaces.set_process(LOCAL_ADMIN, OWN, own)
    found = details.suggested(LOCAL_ADMIN, OWN)
    assert tuple(stage for stage in found if stage in own) == own
    assert [str(stage.name) for stage in found] == [
        "Request", "Validation", "Prioritisation", "Inbox", "Build", "Copy check", "QA", "Execution", "Reporting", "Done",
        "Dropped", "Filed",
    ]  # fmt: skip
    assert {stage.category for stage in found if stage.name in ("Inbox", "Copy check")} == {Category.ACTIVE}
    assert found[-1].category is Category.DONE


def test_where_work_is_kept_no_usual_stage_goes_and_where_none_is_only_those_of_the_data_stay_as_they_are(home: Path) -> None:
    for issue in "ab":
        fill("work_item_transition", [
            {"issue_id": issue, "status_sequence": n, "status": word, "transition_at": datetime(2026, 3, n, tzinfo=UTC)}
            for n, word in enumerate(("Building", "Copy check", "Live", "Closed"), 1)
        ])  # fmt: skip
    build, execution, done = (stage for stage in usual().stages if stage.id in ("build", "execution", "done"))
    first, copy, *rest = details.suggested(LOCAL_ADMIN, OWN)
    assert (copy.name, copy.aliases) == ("Copy check", ("copy check",))
    assert [first, *rest] == [replace(build, name="Building"), replace(execution, name="Live"), replace(done, name="Closed")]
    intake.request(LOCAL_ADMIN, OWN, asking.Details("Spring sale"))
    assert [stage for stage in details.suggested(LOCAL_ADMIN, OWN) if stage.name != "Copy check"] == list(usual().stages)


def test_several_statuses_of_one_usual_stage_are_stages_of_their_own_that_mean_the_same(home: Path) -> None:
    words = ("Backlog", "New", "Resolved", "Live", "Execution", "Closed")
    fill("work_item_transition", [
        {"issue_id": issue, "status_sequence": n, "status": word, "transition_at": datetime(2026, 3, n, tzinfo=UTC)}
        for issue in "ab" for n, word in enumerate(words, 1)
    ])  # fmt: skip
    found = details.suggested(LOCAL_ADMIN, OWN)
    assert [(str(stage.name), stage.category, stage.responsible) for stage in found] == [
        ("Backlog", "todo", "marketing"), ("New", "todo", "marketing"), ("Resolved", "active", ""), ("Live", "live", "marketing"),
        ("Execution", "live", "marketing"), ("Closed", "done", ""),
    ]  # fmt: skip
    kept = {stage.id: stage for stage in found if usual().named(stage.id)}
    assert [(id_, str(stage.name)) for id_, stage in kept.items()] == [
        ("request", "Backlog"), ("execution", "Live"), ("done", "Closed"),
    ]  # fmt: skip
    assert (kept["execution"].aliases, found[4].aliases) == (
        ("live", "executing", "launched", "running", "execução"),
        ("execution",),
    )


def test_data_that_show_no_end_leave_the_stages_there_are(home: Path) -> None:
    fill("work_item_transition", [
        {"issue_id": issue, "status_sequence": n, "status": word, "transition_at": datetime(2026, 3, n, tzinfo=UTC)}
        for issue in "ab" for n, word in enumerate(("Copy check", "Live"), 1)
    ])  # fmt: skip
    assert [str(stage.name) for stage in details.suggested(LOCAL_ADMIN, OWN)] == [
        "Request", "Validation", "Prioritisation", "Build", "QA", "Copy check", "Execution", "Reporting", "Done", "Dropped",
    ]  # fmt: skip


def test_the_page_says_what_marops_flow_says_of_the_same_log(helpdesk: pl.DataFrame) -> None:
    page = details.details(LOCAL_ADMIN, YEARS)
    stages = [str(stage.name) for stage in page.process.stages]
    told = logs.summary(
        helpdesk, Asked(stages=stages, active=stages[:-1], done=["Closed"], cfd_at=[date(2012, 1, 25)]), now=NOW
    )  # fmt: skip
    assert (page.delivered.items.height, page.delivered.timed.height) == (told["items"], told["finished"]) == (4580, 4557)
    cycle = page.delivered.timed["cycle"].to_numpy()
    assert {
        name: stats.nearest_rank(cycle, share) for name, share in (("p50", 0.5), ("p85", 0.85), ("p95", 0.95))
    } == pytest.approx(told["cycle_time_days"]["nearest_rank"], abs=1e-8)
    assert [measure.value for measure in page.measures[:2]] == pytest.approx(
        [told["cycle_time_days"]["nearest_rank"][name] for name in ("p50", "p85")], abs=1e-8
    )
    on_page = page.cumulative.filter(day=date(2012, 1, 25))["items"].to_list()
    assert on_page == [told["cfd"]["2012-01-25"][stage] for stage in stages]
    assert int(page.delivered.items["moved_back"].sum()) == told["moved_back_items"]
    assert page.ways["items"].sum() == told["finished"]


def test_the_figures_of_the_help_desk_are_readable(helpdesk: pl.DataFrame) -> None:
    page = details.details(LOCAL_ADMIN, YEARS)
    is_readable(ageing_figures.ageing(page, READERS[0]), rows=23)
    is_readable(flow_figures.cycle_times(page, READERS[0]), rows=4557)
    is_readable(flow_figures.cumulative(page, False, READERS[0]), rows=page.cumulative["day"].n_unique() - 1)
    is_readable(flow_figures.ways(page, READERS[0]), rows=page.ways.height)
    is_readable(flow_figures.chances(page, READERS[0]))


@pytest.mark.parametrize("reader", READERS)
def test_the_figures_of_the_sample_company_s_flow_are_readable(sample_home: Path, reader) -> None:
    page = details.details(LOCAL_ADMIN, SAMPLE_YEAR)
    is_readable(ageing_figures.ageing(page, reader), rows=page.ageing.height)
    is_readable(flow_figures.cycle_times(page, reader), rows=page.launched.height)
    is_readable(flow_figures.cumulative(page, True, reader), rows=365)
    is_readable(flow_figures.ways(page, reader), rows=page.ways.height)
    is_readable(flow_figures.chances(page, reader))
    assert reader.say(page.measures[5].note or "").endswith("nobody has said under Stages where work waits")
    is_readable(figures.timeline(service.flow(LOCAL_ADMIN, SAMPLE_YEAR), reader), rows=9)
    finishes = page.finishes(Order.FARTHEST, service.flow(LOCAL_ADMIN, SAMPLE_YEAR).places)
    is_readable(finishing_figures.finishes(finishes, page.today, None, reader), rows=9)


def test_of_very_many_points_the_slowest_and_an_even_share_are_drawn() -> None:
    done = pl.DataFrame({"cycle": [float(n * 7919 % 20_000) for n in range(20_000)]})
    drawn = flow_figures._thinned(done)
    assert 1_600 < drawn.height <= 2_000
    assert set(range(19_800, 20_000)) <= set(drawn["cycle"].cast(pl.Int64))
    assert abs(drawn.filter(pl.col("cycle") < 19_800)["cycle"].mean() - 9_900) < 300
    assert flow_figures._thinned(done.head(2_000)).height == 2_000


def test_cumulative_flow_stacks_up_to_what_has_arrived_and_leaves_what_is_finished_out_when_asked(sample_home: Path) -> None:
    page = details.details(LOCAL_ADMIN, SAMPLE_YEAR)
    last = page.cumulative.filter(day=date(2026, 10, 31))
    first = page.cumulative.filter(day=date(2025, 11, 1), stage=LAUNCHED)["items"].item()
    whole, open_ = (flow_figures.cumulative(page, without, READERS[0]).figure for without in (False, True))
    assert sum(trace.y[-1] for trace in whole.data) == last["items"][0] - first
    assert sum(trace.y[-1] for trace in open_.data) == last["items"][0] - last["items"][-1] == page.waiting.height


def test_an_empty_workspace_has_no_flow_and_says_so(home: Path) -> None:
    page = details.details(LOCAL_ADMIN, Scope(OWN, Period(date(2026, 1, 1), date(2026, 3, 31))))
    assert page.is_empty
    assert [measure.value for measure in page.measures] == [None, None, None, 0, 0, None, None]
    assert (page.little, page.against, page.outlook.how_many()) == (None, None, {})
    assert details.suggested(LOCAL_ADMIN, OWN) == ()
    for chart in (ageing_figures.ageing, flow_figures.cycle_times, flow_figures.ways, flow_figures.chances):
        assert str(chart(page, READERS[0]).title)
    assert str(flow_figures.cumulative(page, False, READERS[0]).title) == "Nothing has flowed in these days"


def test_an_items_history_has_the_days_between_its_moves(home: Path) -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    fill("work_item_transition", [
        {"issue_id": "1", "status_sequence": n, "status": word, "transition_at": start + timedelta(days=day)}
        for n, (word, day) in enumerate([("Request", 0), ("Parked", 2), ("Build", 7)], 1)
    ])  # fmt: skip
    page = details.details(LOCAL_ADMIN, Scope(OWN, Period(date(2026, 3, 1), date(2026, 3, 31))))
    assert page.history("1").select("stage", "status", "days").rows() == [
        ("request", "Request", 2), (None, "Parked", 5), ("build", "Build", None),
    ]  # fmt: skip
    assert page.unknown_words.rows() == [("Parked", 1)]


def test_a_day_that_goes_on_is_in_no_forecast(sample_home: Path) -> None:
    page = details.details(LOCAL_ADMIN, SAMPLE_YEAR)
    noon = replace(page, delivered=replace(page.delivered, reach=datetime(2026, 10, 31, 12, tzinfo=UTC)))
    assert (page.outlook.last_day, noon.outlook.last_day) == (date(2026, 10, 31), date(2026, 10, 30))


def test_the_age_chart_counts_what_it_draws(home: Path) -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    moves = [("back", "Build", 1), ("back", "Request", 4), ("here", "Build", 5)]
    fill("work_item_transition", [
        {"issue_id": issue, "status_sequence": n, "status": word, "transition_at": start + timedelta(days=day)}
        for n, (issue, word, day) in enumerate(moves, 1)
    ])  # fmt: skip
    page = details.details(LOCAL_ADMIN, Scope(OWN, Period(date(2026, 3, 1), date(2026, 3, 31))))
    chart = ageing_figures.ageing(page, READERS[0])
    assert chart.table.height == sum(len(trace.x) for trace in chart.figure.data) == 2


def moved(home: Path, *moves: tuple[str, str, float]) -> details.Details:
    """Details of March, from moves (item, status, days after 1 March)."""
    start = datetime(2026, 3, 1, tzinfo=UTC)
    fill("work_item_transition", [
        {"issue_id": issue, "status_sequence": n, "status": word, "transition_at": start + timedelta(days=day)}
        for n, (issue, word, day) in enumerate(moves, 1)
    ])  # fmt: skip
    return details.details(LOCAL_ADMIN, Scope(OWN, Period(date(2026, 3, 1), date(2026, 3, 31))))


@pytest.mark.parametrize(
    ("astray", "said"),
    [
        (1, "Too little has been finished to say what age is normal; 1 in a status that is no stage is not drawn"),
        (2, "Too little has been finished to say what age is normal; 2 in a status that is no stage are not drawn"),
    ],
)
def test_the_age_chart_leaves_out_what_is_in_no_stage_and_says_so(home: Path, astray: int, said: str) -> None:
    lost = [move for n in range(astray) for move in ((f"l{n}", "Build", 1), (f"l{n}", "Parked", 2 + n))]
    page = moved(home, ("here", "Build", 5), *lost)
    chart = ageing_figures.ageing(page, READERS[0])
    assert (str(chart.title), [list(trace.x) for trace in chart.figure.data]) == (said, [[-0.075]])
    assert chart.table["Stage"].to_list() == ["?"] * astray + ["Build"]


def test_the_age_chart_counts_what_is_old_among_what_it_draws(home: Path) -> None:
    done = [move for n in range(10) for move in ((f"d{n}", "Build", 1), (f"d{n}", "Live", 2))]
    page = moved(home, *done, ("here", "Build", 5), ("lost", "Build", 1), ("lost", "Parked", 20))
    title = "1 of 1 items is older than 85% ever were in its stage; 1 in a status that is no stage is not drawn"
    assert str(ageing_figures.ageing(page, READERS[0]).title) == title


def test_cumulative_flow_counts_what_comes_on_its_first_day(home: Path) -> None:
    page = moved(
        home, ("0", "Build", -3), ("0", "Live", -2), ("a", "Build", 0.25), ("a", "Live", 0.5), ("b", "Build", 1), ("b", "Live", 2)
    )
    chart = flow_figures.cumulative(page, False, READERS[0])
    assert str(chart.alt).startswith("Cumulative flow: 2 arrived and 2 were finished.")
    assert chart.table["Launched"].to_list()[:3] == [1, 1, 2]
    assert page.standing(date(2026, 3, 1), LAUNCHED)["issue_id"].to_list() == ["a"]


def test_who_had_come_farther_and_was_back_on_a_day_is_said_to_be(home: Path) -> None:
    page = moved(home, ("a", "Build", 1), ("a", "QA", 8), ("a", "Build", 11), ("b", "Build", 2))
    assert page.standing(date(2026, 3, 14), "qa").rows() == [("a", "a", datetime(2026, 3, 9, tzinfo=UTC), "build")]
    assert page.standing(date(2026, 3, 10), "qa")["back_in"].to_list() == [None]
    forgets = details.details(LOCAL_ADMIN, Scope(OWN, page.period), Counted(reopened=Reopened.RESET))
    at_end = {stage: n for day, stage, n in forgets.cumulative.iter_rows() if day == date(2026, 3, 12)}
    assert (at_end["build"], at_end["qa"]) == (2, 0)
    assert forgets.standing(date(2026, 3, 12), "build")["issue_id"].to_list() == ["a", "b"]


def test_a_stage_may_be_called_as_the_day_or_the_end_is_in_the_table_of_cumulative_flow(home: Path) -> None:
    named = ("Day", Category.TODO), ("Launched", Category.WAIT), ("Live", Category.LIVE), ("Over", Category.DONE)
    workspaces.set_process(
        LOCAL_ADMIN, OWN, [Stage(f"s{n}", name, category, "", (name.lower(),)) for n, (name, category) in enumerate(named)]
    )
    page = moved(home, ("a", "Day", 1), ("a", "Launched", 2), ("b", "Day", 1), ("b", "Launched", 2), ("b", "Live", 3))
    table = flow_figures.cumulative(page, False, READERS[0]).table
    assert table.columns == ["Day", "Day (stage)", "Launched (stage)", "Launched"]
    assert table.row(-1) == (date(2026, 3, 4), 0, 1, 1)


def test_open_work_without_a_history_waits_in_the_queue_where_its_tracker_says(home: Path) -> None:
    """Twenty launches, one a day; "needed" has no history and is needed by the one in QA."""
    fill("work_item", [{"issue_id": "needed", "current_status": "QA", "created_at": datetime(2026, 3, 2, tzinfo=UTC)}])
    days = Calendar().working_days(date(2026, 3, 2), date(2026, 3, 31))
    at = [(day - date(2026, 3, 1)).days for day in days]
    page = moved(
        home,
        *((f"i{n}", word, day + hours) for n, day in enumerate(at) for word, hours in (("Build", 0), ("Live", 0.5))),
        ("waits", "Build", 20),
    )
    page = replace(page, dates=replace(page.dates, needs=pl.DataFrame({"issue_id": ["waits"], "needs": ["needed"]})))
    none = pl.DataFrame(schema={"issue_id": pl.String, "place": pl.Int64})
    assert page.finishes(Order.FARTHEST, none).select("issue_id", "place", "has_pace").rows() == [
        ("needed", 1, True),
        ("waits", 2, True),
    ]
    assert sorted(page.waiting["issue_id"]) == ["needed", "waits"]


def test_work_in_progress_is_counted_at_the_end_of_each_day_and_ends_as_the_measure_says(home: Path) -> None:
    """Begun in February, on the first and the second; launched on the second, third and never."""
    page = moved(
        home, ("a", "Build", -3), ("a", "Live", 1.5), ("b", "Build", 0.5), ("b", "Live", 2.5), ("c", "Build", 1.25), ("c", "QA", 3)
    )
    assert page.in_progress.rows() == [(date(2026, 3, n), items) for n, items in ((1, 2), (2, 2), (3, 1), (4, 1))]
    assert page.measures[4].value == 1
    assert speed.between(page.in_progress) == speed.Between(1, 2, date(2026, 3, 1), 1, date(2026, 3, 4))
    assert speed.between(page.in_progress.clear()) is None


def test_what_age_is_normal_is_learned_from_the_last_year_that_is_told_of(home: Path) -> None:
    """Twelve launches of three years ago, and a request of today: the tracker tells of no later day."""
    start = datetime(2023, 3, 1, tzinfo=UTC)
    fill("work_item_transition", [
        {"issue_id": f"i{n}", "status_sequence": k, "status": word, "transition_at": start + timedelta(days=n + k * n)}
        for n in range(1, 13) for k, word in enumerate(("Build", "Live"))
    ])  # fmt: skip
    intake.request(LOCAL_ADMIN, OWN, asking.Details("Spring sale"))
    page = details.details(LOCAL_ADMIN, Scope(OWN, Period(date(2023, 3, 1), date(2023, 3, 31))))
    assert page.delivered.end > datetime(2026, 1, 1, tzinfo=UTC)
    assert page.bands.filter(stage="build").select("items", "p50", "p95").rows() == [(12, 6, 12)]


def test_time_in_stages_is_apart_for_visits_that_ended_and_those_that_go_on(home: Path) -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    moves = [("1", "QA", 1), ("1", "Live", 4), ("2", "Build", 0), ("2", "QA", 5), ("3", "QA", 9), ("0", "QA", -9), ("0", "Live", 1)]
    fill("work_item_transition", [
        {"issue_id": issue, "status_sequence": n, "status": word, "transition_at": start + timedelta(days=day)}
        for n, (issue, word, day) in enumerate(moves, 1)
    ])  # fmt: skip
    page = details.details(LOCAL_ADMIN, Scope(OWN, Period(date(2026, 3, 1), date(2026, 3, 31))))
    # the data end with 10 March: QA has one visit of 3 days, and two that go on for 5 and 1
    assert page.in_stages.rows() == [("build", 1, 5, 0, 0), ("qa", 1, 3, 2, 6)]


def test_who_may_not_read_is_told_nothing_of_flow(home: Path) -> None:
    nobody = Principal("x", "Somebody", Role.NOBODY)
    with pytest.raises(Forbidden):
        details.details(nobody, YEARS)
    with pytest.raises(Forbidden):
        details.suggested(nobody, OWN)


# Forecasts

FRIDAY = date(2026, 3, 6)


def expected(launched: list[date], since: date = date(2025, 1, 6)) -> outlook.Outlook:
    return outlook.outlook(pl.Series(launched, dtype=pl.Date), since, FRIDAY, Calendar())


def every_day() -> list[date]:
    return Calendar().working_days(date(2025, 1, 6), FRIDAY)


def test_a_steady_pace_is_forecast_to_go_on_give_or_take_its_drift() -> None:
    found = expected(every_day())
    assert found.until == date(2026, 4, 3)
    sure = found.how_many()
    assert sure[0.5] in (19, 20)
    assert sure[0.95] < sure[0.85] < 19
    chances = found.reaching()
    assert chances["chance"].is_sorted(descending=True)
    (at_85,) = chances.filter(items=sure[0.85])["chance"]
    assert at_85 >= 0.85 > chances.filter(items=sure[0.85] + 1)["chance"].item()


def test_days_of_a_forecast_are_working_days_and_twice_the_pace_takes_half_of_them() -> None:
    found = expected(every_day())
    assert found.when(0) == {0.5: FRIDAY, 0.85: FRIDAY, 0.95: FRIDAY}
    # ten working days, or one more: half of the drifts are slower
    assert found.when(10)[0.5] in (date(2026, 3, 20), date(2026, 3, 23))
    assert found.when(10, faster=2)[0.5] in (date(2026, 3, 13), date(2026, 3, 16))
    later = found.when(10)
    assert later[0.5] <= later[0.85] <= later[0.95]  # type: ignore[operator]


def test_nothing_finished_is_nothing_to_forecast_from() -> None:
    assert expected([]).how_many() == {}
    assert expected([]).when(5) == {}
    assert expected([]).reaching().is_empty()
    assert expected([date(2025, 1, 7)]).held == ()


def test_with_more_people_work_is_done_sooner_and_never_before_it_is_begun() -> None:
    found = expected(every_day()[::20])
    as_is, twice = found.when(1), found.when(1, 2.0)
    for sooner, later in zip(twice.values(), as_is.values(), strict=True):
        assert found.last_day < sooner < later  # type: ignore[operator]
    assert found.likely(1, found.last_day + timedelta(days=3), 2.0) < 0.5  # type: ignore[operator]
    assert found.when(3, 2.0)[0.5] < found.when(5, 2.0)[0.5]  # type: ignore[operator]


def test_forecasts_are_the_same_for_everybody() -> None:
    launched = every_day()[::3]
    assert expected(launched).how_many() == expected(launched).how_many()
    assert expected(launched).held == expected(launched).held


def test_empty_details_have_a_pleasant_name_for_the_end(home: Path) -> None:
    found: Details = details.details(LOCAL_ADMIN, YEARS)
    assert str(found.end_name) == "Launched"


def test_open_work_of_the_sample_company_is_forecast_by_unit_and_in_three_orders(sample_home: Path) -> None:
    found = details.details(LOCAL_ADMIN, SAMPLE_YEAR)
    first = service.flow(LOCAL_ADMIN, SAMPLE_YEAR).places
    by_order = {order: found.finishes(order, first) for order in Order}
    for order, rows in by_order.items():
        assert sorted(rows["issue_id"]) == sorted(found.waiting["issue_id"])
        # Told in the past, dates of 95 % were kept clearly less often than that.
        assert (found.dates.checked(order).broken, rows["p95"].count()) == ((0.95,), 0)
        assert (rows["p50"] <= rows["p85"]).all()
        assert (rows["p85"] <= rows["p95"]).all()
        for _, team in rows.group_by("team"):
            assert team["place"].to_list() == list(range(1, team.height + 1))
            assert team["p85"].is_sorted()
    places = by_order[Order.FIRST].join(
        first.select("issue_id", pl.col("place").alias("first")), on="issue_id", maintain_order="left"
    )
    places = places.drop_nulls("first")
    for _, team in places.group_by("team", maintain_order=True):
        assert team["first"].is_sorted()


def test_the_chance_of_a_day_agrees_with_the_day_of_a_chance(sample_home: Path) -> None:
    found = details.details(LOCAL_ADMIN, SAMPLE_YEAR).outlook
    for share, day in found.when(9).items():
        assert day is not None
        chance, before = found.likely(9, day), found.likely(9, day - timedelta(days=1))
        assert chance is not None
        assert before is not None
        assert before < share <= chance
    assert found.likely(9, found.last_day) == 0


def test_what_stands_in_a_stage_on_a_day_is_what_the_band_of_cumulative_flow_counts(sample_home: Path) -> None:
    page = details.details(LOCAL_ADMIN, SAMPLE_YEAR)
    stages = list(page.delivered.workflow.stages)
    reached = {(day, stage): items for day, stage, items in page.cumulative.iter_rows()}
    before = page.period.start
    for day in (date(2025, 11, 30), date(2026, 8, 15), date(2026, 10, 31)):
        for stage, after in pairwise(stages):
            assert page.standing(day, stage).height == reached[day, stage] - reached[day, after]
        assert page.standing(day, LAUNCHED).height == reached[day, LAUNCHED] - reached[before, LAUNCHED]
    assert page.standing(date(2026, 10, 31), "build")["since"].is_sorted()
