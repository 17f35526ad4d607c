"""The pipeline of a workspace: the sample company's truth, one's own moves, the sentences and the charts."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from marops.errors import Forbidden
from marops.findings import Severity
from marops.language import Reader
from marops.period import Period, Scope, month_of
from marops.pipeline import details, figures, quality, roles, service
from marops.pipeline.scoped import Chosen
from marops.principal import LOCAL_ADMIN, Principal, Role
from marops.quantity import Quantity, Unit
from marops.sample import company
from marops.sample.loader import SHIPPED
from marops.stages import usual
from marops.stats import survival
from marops.work import hindrances
from marops.workspaces import service as workspaces
from marops.workspaces.store import OWN, SAMPLE
from tests.scorecard.looked_at import READERS, is_readable
from tests.scorecard.made import at, fill

TRUTH = json.loads((SHIPPED / "truth.json").read_text(encoding="utf-8"))["work_stage_median_days"]
BEFORE = Scope(SAMPLE, Period(date(2024, 11, 1), date(2026, 6, 30)))
ALL = Scope(SAMPLE, Period(date(2024, 11, 1), date(2026, 10, 31)))
HERE = Scope(OWN, Period(date(2026, 1, 1), date(2026, 3, 31)))


def flow(scope: Scope = HERE) -> service.Flow:
    return service.flow(LOCAL_ADMIN, scope)


def median(scope: Scope, stage: str) -> float:
    return flow(scope).stage_times.filter(stage=stage)["median"].item()


# The sample company


@pytest.mark.parametrize("stage", ["Request", "Validation", "Prioritisation", "Build"])
def test_median_stage_times_are_near_the_truth(sample_home: Path, stage):
    # Log-normal with spread 0.5 and over 100 visits: the median's standard error is 1.25 * 0.5 / 10 = 6 %; three of them.
    assert median(BEFORE, stage.lower()) == pytest.approx(TRUTH[stage], rel=0.19)


def test_qa_became_slower_in_august_as_the_truth_did(sample_home: Path):
    # A campaign that is through QA early waits there for its launch day, so that QA lasts longer than its work.
    before, after = median(BEFORE, "qa"), median(Scope(SAMPLE, Period(date(2026, 8, 1), date(2026, 10, 31))), "qa")
    assert before > TRUTH["QA"]
    assert after > before
    assert after >= TRUTH["QA_from_2026-08-01"]


def test_the_board_shows_the_campaigns_that_are_not_done(sample_home: Path):
    campaigns = company.simulate(7, 1).campaigns
    found = flow(ALL)
    for stage in usual().board:
        expected = sum(campaign.stage == str(stage.name) for campaign in campaigns)
        assert found.in_stage(stage).height == expected, stage.id


def test_overdue_launches_are_those_the_company_knows_of(sample_home: Path):
    late = [
        c.name for c in company.simulate(7, 1).campaigns if c.launched is None and c.due < company.LAST_DAY and c.stage != "Done"
    ]
    assert sorted(flow(ALL).overdue["campaign_name"]) == sorted(late)
    assert flow(ALL).late.value == len(late) > 0


def test_the_units_share_the_board(sample_home: Path):
    every = flow(ALL).items.height
    parts = [flow(Scope(SAMPLE, ALL.period, unit=unit)).items.height for unit in ("Retail", "Business", "Europe")]
    assert sum(parts) == every
    assert min(parts) > 0


def test_launches_by_month_add_up_to_the_on_time_measure(sample_home: Path):
    found = flow(ALL)
    sums = found.launches.sum().row(0, named=True)
    assert found.on_time.value == sums["on_time"] / (sums["on_time"] + sums["late"] + sums["waiting"])


def test_the_verdict_and_the_finding_name_what_waits(sample_home: Path):
    slowest = flow(ALL).slowest
    assert slowest is not None
    assert (slowest.stage.id, slowest.most) == ("qa", True)
    days = Reader.of("en").quantity(Quantity(slowest.days, Unit.DAYS))
    said = str(service.verdict(LOCAL_ADMIN, ALL))
    assert said == (
        "2 launches are past their dates. 1 more is likelier to miss its date than to keep it. "
        f"Work waits longest in QA: 85% leave it within {days}."
    )
    (found,) = service.findings(LOCAL_ADMIN, ALL)
    worst = flow(ALL).overdue.row(0, named=True)
    assert found.severity is Severity.DECIDE
    assert f"{worst['campaign_name']} has waited longest, {worst['late']} days." in str(found.what)


def test_the_slowest_stage_is_told_by_the_median_where_no_stage_has_ten_finished_visits(home: Path):
    put({"a": [("Request", at(1, 1)), ("Build", at(1, 3)), ("QA", at(1, 9)), ("Live", at(1, 10))]})
    found = flow().slowest
    assert found is not None
    assert (found.stage.id, found.days, found.most) == ("build", 6, False)


# One's own moves


def put(moves: dict[str, list[tuple[str, datetime]]], **items: dict) -> None:
    fill("work_item", [{"issue_id": key, "created_at": steps[0][1], "due_date": None, **items.get(key, {})}
                       for key, steps in moves.items()])  # fmt: skip
    fill(
        "work_item_transition",
        [
            {"issue_id": key, "status_sequence": n, "status": status, "transition_at": moment}
            for key, steps in moves.items()
            for n, (status, moment) in enumerate(steps, 1)
        ],
    )


def test_going_back_skipping_and_reopening_are_visits_of_their_own(home: Path):
    put(
        {
            "a": [("Request", at(1, 1)), ("Build", at(1, 3)), ("QA", at(1, 8)), ("Build", at(1, 9)), ("QA", at(1, 12)),
                  ("Live", at(1, 14)), ("Done", at(2, 1)), ("Build", at(2, 3)), ("Done", at(2, 10))],
        }
    )  # fmt: skip
    found = {row["stage"]: row for row in flow().stage_times.iter_rows(named=True)}
    # Build for 5, 3 and 7 days: 2/3 are left after 3, 1/3 after 5
    assert (found["build"]["visits"], found["build"]["median"]) == (3, 5)
    assert (found["qa"]["visits"], found["qa"]["median"]) == (2, 1)
    assert found["validation"]["visits"] == 0
    assert flow().items.is_empty()


def test_a_status_that_is_no_stage_is_named(home: Path):
    put({"a": [("Request", at(1, 1)), ("Waiting for legal", at(1, 2))], "b": [("Parked", at(1, 2)), ("QA", at(1, 3))]})
    assert flow().unknown == ("Parked", "Waiting for legal")
    assert flow().adrift == ("Waiting for legal",)  # b is in QA now
    # Two of four visits, and one of two items, are in none: half is not most.
    assert flow().nowhere == 0
    assert "no stage here" not in str(service.verdict(LOCAL_ADMIN, HERE))


def test_where_most_work_is_in_no_stage_that_is_said_before_all_else(home: Path):
    put(
        {
            "a": [("Inbox", at(1, 1)), ("Desk", at(1, 2)), ("Done", at(1, 5))],
            "b": [("Request", at(1, 1)), ("desk ", at(1, 3)), ("Done", at(1, 5))],
            "c": [("QA", at(1, 3)), ("Done", at(1, 5))],
            "d": [("Desk", at(1, 3)), ("Inbox", at(1, 4))],
        }
    )  # fmt: skip
    # Of seven visits before the end five are to none, of three items.
    assert (flow().nowhere, flow().unknown) == (3, ("Desk", "Inbox"))
    assert str(service.verdict(LOCAL_ADMIN, HERE)) == (
        "3 of 4 items are, or have been, in statuses that are no stage here (Desk and Inbox): until they are, few of the numbers "
        "below are about them."
    )
    assert details.unknown_statuses(LOCAL_ADMIN, OWN) == ("Desk", "Inbox")


def test_items_without_a_history_are_in_no_stage_where_their_statuses_are_none(home: Path):
    items = [("a", "Inbox"), ("b", "Inbox"), ("c", "QA")]
    fill("work_item", [{"issue_id": issue, "current_status": status, "created_at": at(1, 1)} for issue, status in items])
    assert (flow().nowhere, flow().unknown) == (2, ("Inbox",))


def test_the_board_shows_the_present_and_the_limit_of_its_stage(home: Path):
    done = {f"d{n}": [("QA", at(1, 1)), ("Live", at(1, 1 + n)), ("Done", at(2, 20))] for n in range(1, 11)}
    put({**done, "waits": [("Request", at(1, 1)), ("QA", at(2, 1))]})
    row = flow().items.row(0, named=True)
    # ten left after 1 to 10 days and one still waits: after 9 days 2/11 are left, after 10 days 1/11
    curve = survival(list(range(1, 11)), [20])
    assert curve is not None
    assert (row["issue_id"], row["stage"], row["limit"]) == ("waits", "qa", curve.quantile(0.85))
    assert row["limit"] == 10
    assert row["waiting"] == 20  # the data end with 20 February


def test_a_late_item_of_an_unknown_status_is_a_finding(home: Path):
    put({"a": [("Parked", at(1, 1))]}, a={"due_date": date(2026, 1, 5)})
    (found,) = service.findings(LOCAL_ADMIN, HERE)
    assert str(found.what).startswith("1 launch is past its date: a, ")
    assert str(found.cause) == "Its stage is not known."


def test_what_late_launches_would_bring_is_added_in_one_currency_only(home: Path):
    late = {"due_date": date(2026, 1, 5), "value_per_day": 100, "currency_code": "EUR"}
    put({"a": [("QA", at(1, 1))], "b": [("QA", at(1, 2))]}, a=late, b={**late, "value_per_day": 50})
    (found,) = service.findings(LOCAL_ADMIN, HERE)
    assert str(found.cause) == "It stands in QA. Together they are expected to bring €150 a day."
    assert str(found.owner) == "IT"


def test_late_launches_of_which_nobody_said_what_they_bring_are_in_no_sum(home: Path):
    late = {"due_date": date(2026, 1, 5)}
    said = {**late, "value_per_day": 100, "currency_code": "EUR"}
    put({"b": [("QA", at(1, 2))], "a": [("QA", at(1, 1))], "c": [("QA", at(1, 2))]}, b=said, a=late, c=late)
    (found,) = service.findings(LOCAL_ADMIN, HERE)
    assert str(found.cause) == "It stands in QA. The 1 of which somebody said it is expected to bring €100 a day."


def test_moments_that_cannot_be_move_nothing_on_the_board_and_in_no_time(home: Path):
    """A move stamped 1970 and one dated a year ahead, an item created in 1970: of the two items with such a move nobody knows since
    when they stand where they do, nor whether they still do, so no days are told of them anywhere.
    """
    year_ahead = datetime.now(UTC) + timedelta(days=365)
    put(
        {
            "epoch": [("Request", datetime(1970, 1, 1, tzinfo=UTC)), ("Build", at(1, 5))],
            "ahead": [("Build", at(1, 1)), ("Execution", year_ahead)],
            "old": [("Build", at(1, 3))],
        },
        old={"created_at": datetime(1970, 1, 1, tzinfo=UTC)}, ahead={"due_date": date(2026, 1, 9)},
    )  # fmt: skip
    found = flow()
    assert found.items.select("issue_id", "stage", "since", "waiting").rows() == [
        ("old", "build", at(1, 3), 3.0), ("ahead", "build", None, None), ("epoch", "build", None, None),
    ]  # fmt: skip
    assert found.overdue["issue_id"].to_list() == ["ahead"]
    # The data end with the last day that can be: 5 January.
    assert found.last_day == date(2026, 1, 5)
    assert found.items["age"].max() == 5
    assert found.stage_times.filter(stage="build").select("visits", "open").row(0) == (1, 1)
    assert found.risks.select("issue_id", "chance", "days_late").rows()[0][0] == "ahead"
    held = roles.held(LOCAL_ADMIN, HERE)
    assert held.now.select("items", "oldest", "case", "undated").rows() == [(3, 3.0, "old", 2)]
    page = details.details(LOCAL_ADMIN, HERE)
    assert sorted(page.doubts.filter(counts=quality.Counts.NONE).select("issue_id", "why").rows()) == [
        ("ahead", "future date"), ("epoch", "date before 1971"),
    ]  # fmt: skip


def test_campaigns_that_run_without_a_history_were_due_but_nobody_knows_whether_on_time(home: Path):
    item = {"created_at": at(1, 1), "due_date": date(2026, 1, 9), "current_status": "Execution"}
    fill("work_item", [{"issue_id": "runs", **item}, {"issue_id": "too", **item}])
    found = flow()
    assert (found.late.value, found.has_dates, found.risks.height) == (0, True, 0)
    assert str(found.on_time.missing) == "2 campaigns were due in these days; when they were launched no history tells."


def test_of_work_without_a_history_the_matrix_says_who_must_act(home: Path):
    fill("work_item", [{"issue_id": "a", "current_status": "Build", "due_date": date(2026, 1, 9), "created_at": at(1, 1)}])
    held = roles.held(LOCAL_ADMIN, HERE)
    assert held.acting.rows() == [("a", "Marketing operations")]
    assert held.now.select("role", "items", "case").rows() == [("Marketing operations", 1, "a")]
    mine = service.flow(LOCAL_ADMIN, HERE, Chosen(role="Marketing operations"))
    assert (mine.late.value, mine.items["issue_id"].to_list(), mine.risks["issue_id"].to_list()) == (1, ["a"], ["a"])


def test_dates_say_what_is_past_them_and_of_what_it_cannot_be_told(home: Path):
    put(
        {"R&D <late>": [("QA", at(1, 1))], "far": [("QA", at(1, 2))]},
        **{"R&D <late>": {"due_date": date(2026, 1, 5)}, "far": {"due_date": date(2030, 1, 5)}},
    )
    chart = figures.timeline(flow(), READERS[0])
    assert str(chart.title) == (
        "1 of 2 is past its date, or more than 15% likely to miss it; of 1 it cannot be told: too few stood alike"
    )
    assert chart.table["Campaign"].to_list() == ["R&D <late>", "far"]
    assert "Needs first" not in chart.table.columns
    hindrances.depend(LOCAL_ADMIN, OWN, "far", "R&D <late>")
    chart = figures.timeline(flow(), READERS[0])
    (arrow,) = [each for each in chart.figure.layout.annotations if each.showarrow]
    assert (arrow.ax, arrow.ay, arrow.x, arrow.y) == ("2026-01-05", 0, "2030-01-05", 1)
    assert chart.table["Needs first"].to_list() == [None, "R&D <late>"]


def test_a_bar_tells_the_stage_that_a_click_opens(home: Path):
    put({"a": [("Build", at(1, 1)), ("QA", at(1, 3))], "b": [("QA", at(1, 2))]})
    bars, _ = figures.days_by_stage(flow(), READERS[0]).figure.data
    assert [data[-1] for data in bars.customdata] == ["build", "qa"]


def test_of_many_dates_those_due_first_are_drawn_and_all_are_counted(home: Path):
    put({f"{n:02}": [("QA", at(1, 1))] for n in range(42)}, **{f"{n:02}": {"due_date": date(2026, 1, 5)} for n in range(42)})
    hindrances.depend(LOCAL_ADMIN, OWN, "01", "41")
    chart = figures.timeline(flow(), READERS[0])
    assert len(chart.figure.layout.yaxis.ticktext) == 40
    assert str(chart.title) == "42 of 42 are past their dates, or more than 15% likely to miss them"
    assert str(chart.unit).endswith("; the 40 that are due first")
    assert (chart.table.height, chart.table["Needs first"][1]) == (42, "41")
    assert not [each for each in chart.figure.layout.annotations if each.showarrow]


def test_of_what_runs_without_a_history_nobody_knows_whether_it_was_late(home: Path):
    item = {"created_at": at(1, 1), "due_date": date(2026, 1, 9)}
    fill(
        "work_item",
        [{"issue_id": "runs", "current_status": "Execution", **item}, {"issue_id": "waits", "current_status": "Build", **item}],
    )
    found = flow()
    assert found.overdue["issue_id"].to_list() == found.risks["issue_id"].to_list() == ["waits"]
    assert (found.late.value, found.on_time.value) == (1, 0)  # of one that was due, for the other is not known


def test_the_board_says_since_when_an_item_is_held_up(home: Path):
    put({"a": [("QA", at(1, 3))], "b": [("QA", at(1, 12))]})
    fill("flag_event", [{"issue_id": "a", "flag_at": at(1, 5), "is_flagged": True, "kind": "blocked"}])
    assert flow().items.select("issue_id", "held_up").rows() == [("a", at(1, 5)), ("b", None)]


def test_work_that_stands_longer_than_allowed_is_a_finding(home: Path):
    put({"a": [("Request", at(1, 1)), ("QA", at(1, 3))], "b": [("QA", at(1, 12))]})
    allowed = [replace(stage, sla_days=2.0) if stage.id == "qa" else stage for stage in usual().stages]
    assert service.findings(LOCAL_ADMIN, HERE) == []
    workspaces.set_process(LOCAL_ADMIN, OWN, allowed)
    (found,) = service.findings(LOCAL_ADMIN, HERE)
    # the data end with 12 January: 10 days in QA
    assert str(found.what) == "1 item stands in its stage for longer than allowed: a, 8 d over."
    assert str(found.cause) == "It stands in QA, where 2 d are allowed."
    assert (str(found.owner), found.severity) == ("IT", Severity.WATCH)


def test_an_empty_workspace_has_an_empty_pipeline(home: Path):
    found = flow()
    assert found.is_empty
    assert found.slowest is None
    assert service.findings(LOCAL_ADMIN, HERE) == []
    assert str(service.verdict(LOCAL_ADMIN, HERE)) == (
        "No stage has enough finished visits to time it yet. No work here has a due date."
    )


def test_who_may_not_read_is_refused(home: Path):
    with pytest.raises(Forbidden):
        service.flow(Principal("x", "Somebody", Role.NOBODY), HERE)


# Figures


@pytest.mark.parametrize("reader", READERS)
def test_the_figures_of_the_sample_company_are_readable(sample_home: Path, reader):
    is_readable(figures.days_by_stage(flow(ALL), reader), rows=5)
    is_readable(figures.launches_by_month(flow(ALL), reader), rows=24)


def test_the_figures_of_a_tiny_pipeline_are_readable(home: Path):
    put({"a": [("Request", at(1, 1)), ("QA", at(1, 3))]}, a={"due_date": date(2026, 1, 20)})
    is_readable(figures.days_by_stage(flow(), READERS[0]), rows=2)
    is_readable(figures.launches_by_month(flow(), READERS[0]), rows=3)


def test_the_figures_of_an_empty_pipeline_say_so(home: Path):
    times, launches = figures.days_by_stage(flow(), READERS[0]), figures.launches_by_month(flow(), READERS[0])
    is_readable(times, rows=0)
    is_readable(launches, rows=3)
    assert str(times.title) == "No stage has been timed yet"
    assert str(launches.title) == "No campaign was due in these days"


def test_the_launch_chart_draws_what_it_lists(sample_home: Path):
    chart = figures.launches_by_month(flow(Scope(SAMPLE, month_of(date(2026, 10, 1)))), READERS[0])
    assert {trace.name: int(trace.y[0]) for trace in chart.figure.data} == {"on time": 6, "late": 1, "past due, not launched": 2}
    assert str(chart.title) == "3 of 9 campaigns that were due launched late or wait"


def test_the_chances_to_be_late_of_the_sample_company_held(sample_home: Path):
    """As many launches were late as should have been, give or take what chance allows (three standard deviations)."""
    held = flow(ALL).checked
    assert held is not None
    assert held.said > 50
    assert abs(held.late - held.expected) < 3 * (held.expected * (1 - held.expected / held.said)) ** 0.5


def test_a_value_without_a_currency_is_no_amount_at_risk(home: Path):
    put({"a": [("QA", at(1, 1))], "b": [("QA", at(1, 1))]}, a={"due_date": date(2025, 12, 5), "value_per_day": 9},
        b={"due_date": date(2025, 12, 5), "value_per_day": 5, "currency_code": "EUR"})  # fmt: skip
    assert flow().risks.select("issue_id", "at_risk").rows() == [("b", 5.0), ("a", None)]
    (late,) = [found for found in service.findings(LOCAL_ADMIN, HERE) if found.key == "pipeline:late"]
    assert READERS[0].say(late.cause).endswith("The 1 of which somebody said it is expected to bring €5.00 a day.")


def test_launches_at_risk_are_those_not_launched_the_dearest_lateness_first(sample_home: Path):
    found = flow(ALL).risks
    assert set(flow(ALL).overdue["issue_id"]) == set(found.filter(pl.col("days_late") > 0)["issue_id"])
    assert found["at_risk"].to_list() == sorted(found["at_risk"].to_list(), reverse=True)
    assert found.filter(pl.col("days_late") > 0)["chance"].to_list() == [1.0, 1.0]
