"""The views of the pipeline page, how days are counted, and the settings of the stages."""

import logging
import re
from dataclasses import replace
from datetime import date, time, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from streamlit.elements.lib import policies

from marops.errors import UserError
from marops.period import Period, Scope
from marops.pipeline import details
from marops.pipeline.flow import way_sign
from marops.principal import LOCAL_ADMIN, Principal, Role
from marops.sources import service as sources
from marops.stages import usual
from marops.web.panels import stages, working
from marops.web.panels.flowing import View
from marops.workspaces import service as workspaces
from marops.workspaces.store import OWN
from tests.conftest import case
from tests.scorecard.made import at as on
from tests.scorecard.made import fill
from tests.sources.made import put
from tests.web.app import errors, measure, opened, seen_by, sentence, words
from tests.web.conftest import Servers


def moved(**steps: list[tuple[str, int]]) -> None:
    """Work that entered statuses on days of January."""
    fill("work_item_transition", [
        {"issue_id": issue, "status_sequence": n, "status": status, "transition_at": on(1, day)}
        for issue, found in steps.items() for n, (status, day) in enumerate(found, 1)
    ])  # fmt: skip


POINT = """([chart, place]) => {
  const drawn = document.querySelectorAll(`.st-key-chart_${chart} .points path`)[place];
  if (!drawn) return null;
  drawn.scrollIntoView({block: 'center'});
  const at = drawn.getBoundingClientRect();
  return [at.x + at.width / 2, at.y + at.height / 2];
}"""
"""Where a point of a chart is on the screen."""


def click_point(page: Page, chart: str, opens: str, at: int = 0) -> None:
    """Click on a chart's point until the address says what that opens: it is drawn again until the page has settled."""
    for _ in range(40):
        page.wait_for_timeout(500)
        if point := page.evaluate(POINT, [chart, at]):
            page.mouse.move(*point)
            page.mouse.click(*point)
        if opens in page.url:
            return
    raise AssertionError(f"{chart}: {page.url}")


TWELVE = {f"i{n}": [("Request", 1), ("Build", 2), ("QA", 2 + n), ("Live", 2 + 2 * n)] for n in range(1, 13)}


@pytest.mark.parametrize("view", list(View))
def test_every_view_is_drawn_for_a_link_to_it(home: Path, view: View) -> None:
    moved(**TWELVE, open=[("Build", 3)], odd=[("Parked", 4)])
    at = opened("pipeline", view=view.value)
    assert not errors(at)
    assert "nan" not in words(at).lower().split()
    assert at.query_params["view"] == view.value


def test_speed_says_the_cycle_times_in_the_way_the_address_asks_for(home: Path) -> None:
    moved(**TWELVE)
    elapsed = opened("pipeline", view="speed")
    # 2, 4, ... 24 days: the sixth and the eleventh of twelve
    assert measure(elapsed, "Cycle time, half within") == "12 d 6 d to 20 d (95% interval) 12 finished; elapsed days; nearest rank"
    assert measure(elapsed, "Cycle time, 85% within").startswith("22 d ")
    assert measure(elapsed, "First time right").startswith("100%")
    whole = opened("pipeline", view="speed", days="whole")
    assert measure(whole, "Cycle time, half within").startswith("13 d ")
    assert measure(whole, "Cycle time, half within").endswith("12 finished; whole days, the first counted; nearest rank")
    moved(open=[("Build", 3)])
    for view in ("speed", "age"):
        reset = words(opened("pipeline", view=view, days="whole", reopened="reset"))
        assert "whole days, the first counted, without what work went back behind:" in reset


def test_a_choice_of_how_days_are_counted_is_in_the_address(home: Path) -> None:
    moved(**TWELVE)
    at = opened("pipeline", view="speed")
    at.selectbox(key="w_clock").select_index(1).run()
    assert at.query_params["days"] == "whole"
    assert measure(at, "Cycle time, half within").startswith("13 d ")


def test_the_items_of_a_way_are_listed(home: Path) -> None:
    moved(**TWELVE, back=[("Build", 2), ("QA", 4), ("Build", 6), ("QA", 8), ("Live", 9)])
    at = opened("pipeline", view="ways", way=way_sign(["build", "qa", "build", "qa", "launched"]))
    assert "1 item went Build → QA → Build → QA → Launched:" in words(at)
    assert "back 7 d, until Jan 9, 2026" in words(at)
    assert "Click on a way to see which items took it." in words(opened("pipeline", view="ways", way="9" * 5000))


def test_the_items_behind_a_cell_and_behind_a_band_are_listed(home: Path) -> None:
    moved(**TWELVE, open=[("Build", 12)])
    at = opened("pipeline", view="flow", held="build:Marketing operations", at="2026-01-20:build")
    assert "13 items were with Marketing operations in Build in these days, the longest first:" in words(at)
    assert at.button_group(key="w_standing").value == "build"
    assert "Build\\: 1" in at.button_group(key="w_standing").options
    assert "open since Jan 12, 2026" in words(at)
    strange = opened("pipeline", view="flow", held="build:Nobody known", at="2026-99-20:build")
    assert "the longest first" not in words(strange)
    assert "Click on a day to see which items had come as far as which stage." in words(strange)


def test_the_order_of_work_is_chosen_and_kept_in_the_address(home: Path) -> None:
    moved(**TWELVE, **{f"open{n}": [("Build", 30)] for n in range(3)})
    at = opened("pipeline", view="forecast", order="due")
    assert at.button_group(key="w_order").value == "due"
    at.button_group(key="w_order").set_value("first").run()
    assert at.query_params["order"] == "first"


def test_what_if_drops_adds_and_limits_work(home: Path) -> None:
    moved(**TWELVE, **{f"open{n}": [("Build", 30)] for n in range(3)})
    at = opened("pipeline", view="forecast")
    assert "When will all 3 open items be finished?" in words(at)
    before = at.dataframe[-1].value.iloc[:, 1].tolist()
    at.multiselect(key="what_if_dropped").set_value(["open1", "open2"]).run()
    at.number_input(key="what_if_more").set_value(19).run()
    assert "When will all 20 open items be finished?" in words(at)
    later = at.dataframe[-1].value.iloc[:, 1].tolist()
    assert all(after > day for day, after in zip(before, later, strict=True))
    at.number_input(key="what_if_people").set_value(2).run()
    at.number_input(key="what_if_added").set_value(2).run()
    assert "131% of the pace of the past, at best: Marketing operations holds 47% of the days before launch" in words(at)
    assert at.dataframe[-1].value.iloc[1, 1] < later[1]
    at.number_input(key="what_if_limit").set_value(3).run()
    assert "With at most 3 in progress, work would take " in words(at)
    at.number_input(key="what_if_added").set_value(-2).run()
    assert "Without anybody in this role, nothing is finished." in words(at)
    at.button(key="what_if_reset").click().run()
    assert "When will all 3 open items be finished?" in words(at)
    assert at.dataframe[-1].value.iloc[:, 1].tolist() == before
    assert not {"without", "more", "limit", "people", "added"} & set(at.query_params)


def test_the_fields_of_the_forecast_log_no_warning(
    home: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a default beside what the session says, Streamlit warns once a process, by a logger that hands nothing up."""
    monkeypatch.setattr(policies, "_shown_default_value_warning", False)
    monkeypatch.setattr(policies._LOGGER, "propagate", True)
    monkeypatch.setattr(logging.getLogger("streamlit"), "propagate", True)
    moved(**TWELVE, **{f"open{n}": [("Build", 30)] for n in range(3)})
    at = opened("pipeline", view="forecast")
    assert [at.number_input(key=f"what_if_{name}").value for name in ("more", "limit", "people", "added")] == [0, None, None, 0]
    at = opened("pipeline", view="forecast", more="2", limit="3", people="4", added="-1")
    assert [at.number_input(key=f"what_if_{name}").value for name in ("more", "limit", "people", "added")] == [2, 3, 4, -1]
    assert [entry.getMessage() for entry in caplog.records if entry.name == policies._LOGGER.name] == []


def test_a_link_asks_the_forecast_the_same(home: Path) -> None:
    moved(**TWELVE, **{f"open, {n}": [("Build", 30)] for n in range(3)})
    at = opened("pipeline", view="forecast")
    at.multiselect(key="what_if_dropped").set_value(["open, 1", "open, 2"]).run()
    at.number_input(key="what_if_more").set_value(4).run()
    at.number_input(key="what_if_people").set_value(2).run()
    at.number_input(key="what_if_added").set_value(1).run()
    at.date_input(key="what_if_day").set_value(date(2026, 6, 1)).run()
    same = opened("pipeline", **{key: "".join(value) for key, value in at.query_params.items()})
    assert "When will all 5 open items be finished?" in words(same)
    assert "119% of the pace of the past" in words(same)
    assert "All finished by Jun 1, 2026: " in words(same)
    assert words(same) == words(at)
    nonsense = {"without": "x,,y", "more": "-5", "limit": "many", "who": "?", "people": "0", "added": "9999", "by": "x"}
    strange = opened("pipeline", view="forecast", **nonsense)
    assert "When will all 3 open items be finished?" in words(strange)
    assert not errors(strange)


def test_the_view_is_the_same_after_a_look_at_another_page(home: Path) -> None:
    moved(**TWELVE)
    at = opened("pipeline", view="age")
    at.switch_page("pages/data.py").run()
    at.query_params.clear()
    at.switch_page("pages/pipeline.py").run()
    assert at.query_params["view"] == "age"
    assert "older than 85%" in words(at)


def test_work_that_cannot_be_forecast_says_so(home: Path) -> None:
    moved(a=[("Build", 2), ("QA", 4)])
    assert "Cannot forecast:" in words(opened("pipeline", view="forecast"))


def test_what_is_left_out_is_listed_with_its_reason(home: Path) -> None:
    moved(**TWELVE, odd=[("Parked", 4)], gone=[("Build", 3), ("Cancelled", 4)])
    at = opened("pipeline", view="quality")
    assert "1 item is in no measure of flow; 2 have something to know of." in words(at)
    assert "1 dropped item counts in the days in stages alone." in words(at)
    assert "Statuses that are no stage: Parked (1)." in words(at)
    rows = at.dataframe[-1].value
    assert sorted(zip(rows["Item"], rows["Why"], rows["In measures"], strict=True)) == [
        ("gone", "dropped: over without a launch", "in days in stages"), ("odd", "was in a status that is no stage", "in none"),
    ]  # fmt: skip


def test_resolutions_that_are_not_known_are_listed_also_where_nothing_else_is_left_out(home: Path) -> None:
    moved(**{f"d{n}": [("Request", 1), ("Build", 2), ("Done", 3)] for n in range(3)})
    fill("work_item", [
        {"issue_id": f"d{n}", "current_status": "Done", "created_at": on(1, 1), "resolved_at": on(1, 3), "resolution": resolution}
        for n, resolution in enumerate(["Verschoben", "Verschoben", "Erledigt"])
    ])  # fmt: skip
    shown = words(opened("pipeline", view="quality"))
    assert (
        "Resolutions that are known neither as done nor as dropped: Verschoben (2). Such work counts as launched; where it was "
        "not, give the word to a stage that means dropped, under Stages."
    ) in shown
    assert "Nothing: every item is in every measure." in shown


def test_work_that_went_to_a_status_that_is_no_stage_is_in_preparation_and_in_progress_and_in_no_stage(home: Path) -> None:
    moved(**TWELVE, odd=[("Build", 3), ("Parked", 20)])
    board = opened("pipeline")
    assert measure(board, "In preparation") == "1 requested and not yet live; 1 in a status that is no stage"
    assert measure(opened("pipeline", view="speed"), "In progress").startswith("1 ")
    (aged,) = details.details(LOCAL_ADMIN, Scope(OWN, Period(date(2026, 1, 1), date(2026, 1, 31)))).ageing.rows(named=True)
    assert (aged["issue_id"], aged["stage"], aged["older_than"]) == ("odd", "?", None)
    rows = opened("pipeline", view="quality").dataframe[-1].value
    assert rows["In measures"].tolist() == ["in all but flow efficiency"]


def test_where_all_work_in_progress_is_in_no_stage_its_ages_are_a_sentence(home: Path) -> None:
    moved(odd=[("Build", 3), ("Parked", 20)])
    at = opened("pipeline", view="age")
    said = "1 item is in progress, in a status that is no stage: there is no stage to draw its age in. Map it under Stages."
    assert said in words(at)
    assert "Age of work in progress by stage" not in words(at)
    moved(other=[("Build", 3)])
    assert said not in words(opened("pipeline", view="age"))


def test_whether_finished_work_is_drawn_is_in_the_address(home: Path) -> None:
    moved(**TWELVE)
    at = opened("pipeline", view="flow")
    at.toggle(key="w_open").set_value(not at.toggle(key="w_open").value).run()
    assert at.query_params["finished"] == ("without" if at.toggle(key="w_open").value else "with")
    same = opened("pipeline", view="flow", finished="".join(at.query_params["finished"]))
    assert same.toggle(key="w_open").value == at.toggle(key="w_open").value


def test_statuses_that_are_no_stage_are_offered_as_stages(home: Path) -> None:
    moved(**{f"t{n}": [("Inbox", 1), ("Desk", 2), ("Filed", 3 + n)] for n in range(3)})
    at = opened("pipeline")
    assert at.button(key="stages").label == "Stages (3 statuses unknown)"
    at.button(key="stages").click().run()
    assert [warning.value for warning in at.warning] == ["3 statuses in your data are no stage\\: Desk, Filed, and Inbox\\."]


def test_the_published_help_desk_says_first_that_its_statuses_are_no_stages_and_one_button_mends_it(
    home: Path, read_here: None
) -> None:
    log = case("flow", "07_helpdesk", "helpdesk.xes.gz")
    sources.accept(LOCAL_ADMIN, sources.preview_file(LOCAL_ADMIN, OWN, log))
    at = opened("pipeline", ws=OWN, **{"from": "2010-01-01", "to": "2014-01-31", "vs": "none"})
    assert sentence(at).startswith(
        "4,580 of 4,580 items are, or have been, in statuses that are no stage here (Take in charge ticket, Resolve ticket, "
    )
    assert at.button(key="stages").label == "Stages (10 statuses unknown)"
    at.button(key="stages").click().run()
    (said,) = [warning.value for warning in at.warning]
    assert said.startswith("10 statuses in your data are no stage\\: Take in charge ticket, ")
    assert "RESOLVED" not in said
    assert (
        "Taken from the data, 3 more would be stages of their own: RESOLVED (Done now), DUPLICATE (Dropped now), and INVALID "
        "(Dropped now)." in words(at)
    )
    at.button(key="stages_first").click().run()
    assert not errors(at)
    assert at.button(key="stages").label == "Stages"
    assert "no stage here" not in sentence(at)
    assert [button for button in at.button if button.key == "stages_first"] == []
    assert len(workspaces.open_workspace(LOCAL_ADMIN, OWN).process.stages) == 14


def test_a_status_of_which_no_history_tells_is_named_and_no_stage_is_made_of_it(home: Path) -> None:
    moved(**{f"t{n}": [("Inbox", 1), ("Desk", 2), ("Filed", 3 + n)] for n in range(3)})
    fill("work_item", [{"issue_id": "x", "current_status": "Shelf", "created_at": on(1, 1)}])
    at = opened("pipeline")
    assert at.button(key="stages").label == "Stages (4 statuses unknown)"
    at.button(key="stages").click().run()
    assert [warning.value for warning in at.warning] == ["4 statuses in your data are no stage\\: Desk, Filed, Inbox, and Shelf\\."]
    assert "No history tells where these belong: Shelf." in words(at)


def test_stages_are_read_as_they_stand_in_the_table(home: Path) -> None:
    table = stages._frame(usual().stages).to_dicts()
    assert stages._read(table, usual()) == [
        replace(stage, aliases=tuple(" | ".join(stage.aliases).split("|"))) for stage in usual().stages
    ]
    table[0] |= {"place": 99, "meaning": "waiting", "side": "IT", "sla_days": 2.5}
    table.append({"place": 2, "name": "Legal", "meaning": None, "side": None, "sla_days": None, "words": "legal, brand | counsel"})
    first, *_, last = stages._read(table, usual())
    assert (first.id, last.id, last.category, last.responsible, last.sla_days) == ("validation", "request", "wait", "it", 2.5)
    (legal,) = [stage for stage in stages._read(table, usual()) if stage.name == "Legal"]
    assert (legal.category, legal.aliases) == ("active", ("legal, brand ", " counsel"))
    assert legal.id not in {stage.id for stage in usual().stages}


def test_a_stage_that_is_renamed_keeps_its_id_and_one_that_is_new_never_gets_the_id_of_another() -> None:
    table = stages._frame(usual().stages).to_dicts()
    table[3]["name"] = "Make"
    made = stages._read(table, usual())
    assert (made[3].id, made[3].name, made[3].aliases[-1]) == ("build", "Make", "Build")
    without = [row for row in table if row["id"] != "qa"] + [
        {"place": 5, "name": "Check", "meaning": None, "side": None, "words": None}
    ]
    again = stages._read([{"sla_days": None, **row} for row in without], usual())
    assert "qa" not in {stage.id for stage in again}
    assert len({stage.id for stage in again}) == len(usual().stages)


def test_days_off_are_read_in_any_order_and_what_is_no_day_is_named() -> None:
    assert working.days_of(" 2026-12-25,2026-01-01\n\n") == [date(2026, 12, 25), date(2026, 1, 1)]
    with pytest.raises(UserError, match="25/12 is no day"):
        working.days_of("25/12")


def test_a_chart_of_nothing_is_a_sentence_and_no_axes(home: Path) -> None:
    """Work of nobody without dates: nothing is passed on and nothing is due."""
    moved(a=[("Build", 1)], b=[("Build", 2), ("Live", 4)])
    at = opened("pipeline", ws=OWN, view="dates", **{"from": "2026-01-01", "to": "2026-01-31", "vs": "none"})
    assert "No work with a date is waiting for its launch" in words(at)
    assert "No work passed from one role to another in these days" in words(at)
    assert "times in the period" not in words(at)
    drawn = [figure.proto.alt for figure in at.get("plotly_chart")]
    assert [alt[:24] for alt in drawn] == ["Days each role held work"]  # the only one of which there is anything


def test_forecasts_count_the_days_that_were_set(home: Path) -> None:
    moved(**{f"i{n}": [("Build", 1), ("Live", 1 + n)] for n in range(1, 29)})
    scope = Scope(OWN, Period(date(2026, 1, 1), date(2026, 1, 31)))
    assert details.details(LOCAL_ADMIN, scope).outlook.until == date(2026, 2, 26)
    workspaces.set_calendar(
        LOCAL_ADMIN, OWN, zone="UTC", weekdays=range(5), begins=time(9), ends=time(17), holidays=[date(2026, 2, 26)]
    )
    assert details.details(LOCAL_ADMIN, scope).outlook.until == date(2026, 2, 27)


@pytest.mark.browser
@pytest.mark.server
def test_stages_are_taken_from_the_data_and_an_item_is_opened_from_its_point(own_home: Path, servers: Servers, page: Page) -> None:
    moved(**{f"t{n}": [("Inbox", 1), ("Desk", 2), ("Execution", 3 + n)] for n in range(12)})
    url = servers.start(own_home, "--no-sample")
    page.goto(f"{url}/pipeline?ws={OWN}&from=2026-01-01&to=2026-06-30&vs=none&unit=all&view=speed")
    page.get_by_role("button", name="Stages (2 statuses unknown)").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("2 statuses in your data are no stage")
    dialog.get_by_role("button", name="Take the stages as the data show them").click()
    expect(dialog).to_be_hidden()
    expect(page.locator(".m-measures").nth(1)).to_contain_text(
        "14 finished; elapsed days; nearest rank"
    )  # two of them campaigns of the company
    assert {"Inbox", "Desk", "Execution"} < {
        str(stage.name) for stage in workspaces.open_workspace(LOCAL_ADMIN, OWN).process.stages
    }
    click_point(page, "cycle_times", "item=t0")


@pytest.mark.browser
@pytest.mark.server
def test_a_click_on_a_cell_and_on_a_day_opens_the_items_behind_it(own_home: Path, servers: Servers, page: Page) -> None:
    moved(**TWELVE)
    url = servers.start(own_home, "--no-sample")
    page.goto(f"{url}/pipeline?ws={OWN}&from=2026-01-01&to=2026-06-30&vs=none&unit=all&view=flow")
    click_point(page, "stage_by_role", "held=request")
    expect(page.locator("body")).to_contain_text("with Campaign manager in Request in these days, the longest first:")
    click_point(page, "handoffs", "passed=")
    expect(page.locator("body")).to_contain_text("Campaign manager passed work to Marketing operations")
    click_point(page, "cumulative", "at=2026-01-11", at=10)
    expect(page.locator("body")).to_contain_text("Come as far as, by the end of Jan 11, 2026")
    page.get_by_role("link", name="i3").first.click()
    expect(page).to_have_url(re.compile("item=i3"))


def test_a_viewer_sees_the_stages_and_cannot_change_them(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved(a=[("Request", 1)])
    seen_by(Principal("v", "Viewer", Role.VIEWER), monkeypatch, "stages")
    at = opened("pipeline")
    at.button(key="stages").click().run()
    assert "You can look, not change: that takes the role of a manager." in words(at)
    assert not [button for button in at.button if button.key == "stages_save"]


def test_what_its_tracker_says_holds_an_item_up_stands_on_its_page_too(home: Path) -> None:
    moved(a=[("Build", 1)], b=[("Build", 1)])
    flags = [("a", 3, True), ("a", 5, False), ("a", 9, True), ("b", 2, False)]
    fill("flag_event", [
        {"issue_id": issue, "flag_at": on(1, day), "is_flagged": is_set, "kind": "blocked"} for issue, day, is_set in flags
    ])  # fmt: skip
    shown = words(opened("pipeline", item="a"))
    assert "Blocked from Jan 3, 2026" in shown
    assert "Blocked since Jan 9, 2026" in shown
    assert "set in its tracker" in shown
    assert "Nothing is known to hold it up." not in shown
    assert "Nothing is known to hold it up." in words(opened("pipeline", item="b"))


LOG = """case,stage,timestamp
V0,Build,2026-01-01T00:00:00Z
V0,Execution,2026-01-05T00:00:00Z
V1,Build,
V1,Execution,2026-01-09T00:00:00Z
V2,QA,2026-01-08T00:00:00Z
V3,Build,2026-01-03T00:00:00Z
V3,Execution,soon
,QA,2026-01-04T00:00:00Z
"""


def test_histories_with_a_refused_row_are_named_and_no_days_are_told_of_them(home: Path, tmp_path: Path, read_here: None) -> None:
    preview = sources.preview_file(LOCAL_ADMIN, OWN, put(tmp_path / "log.csv", LOG))
    sources.accept(LOCAL_ADMIN, preview, leave_out_refused=True)
    at = opened("pipeline", view="quality")
    assert not errors(at)
    shown = words(at)
    assert "2 items are in no measure of flow; 2 have something to know of." in shown
    assert "1 row has too many or too few cells, or no item: its item, whichever that is, lacks an event here." in shown
    assert "So that refused rows count: undo their import on Data, mend them in the file and import it again." in shown
    frame = at.dataframe[-1].value
    assert sorted(zip(frame["Key"], frame["Why"], frame["In measures"], strict=True)) == [
        ("V1", "a move without a moment: that row of its history was refused", "in none"),
        ("V3", "a move at a moment that cannot be read: that row of its history was refused", "in none"),
    ]  # fmt: skip
    assert "Of 1 item it is not known since when it is there: its history, or a move of it, is missing or cannot be." in shown
    board = words(opened("pipeline"))
    assert "V3 days not known: a move of its history is missing or cannot be" in " ".join(board.split())
    item = words(opened("pipeline", item="V3"))
    assert "It is in Build; since when is not known: a move of its history is missing or cannot be." in item


def test_where_no_history_is_whole_the_page_says_where_it_says_why(home: Path, tmp_path: Path, read_here: None) -> None:
    log = "case,stage,timestamp\nV1,Build,\nV1,QA,2026-01-09\n"
    sources.accept(LOCAL_ADMIN, sources.preview_file(LOCAL_ADMIN, OWN, put(tmp_path / "log.csv", log)), leave_out_refused=True)
    for view in ("speed", "age"):
        assert (
            words(opened("pipeline", view=view)).count("No item has a history that can be measured: Left out says why of each.")
            == 2
        )


def test_work_with_a_move_that_cannot_be_has_no_days_and_is_judged_by_its_date_alone(home: Path) -> None:
    """Three stand in Build: one of them has a move of a year to come, and no days are told of it."""
    moved(here=[("Build", 2)], there=[("Build", 3)], ahead=[("Build", 2)])
    fill("work_item_transition", [
        {"issue_id": "ahead", "status_sequence": 2, "status": "QA", "transition_at": on(1, 4) + timedelta(days=2000)},
    ])  # fmt: skip
    fill("work_item", [{"issue_id": "ahead", "current_status": "Build", "created_at": on(1, 1), "due_date": date(2026, 12, 31)}])
    at = opened("pipeline")
    assert not errors(at)
    assert (
        "1 campaign is judged by its date alone: a move of its history is missing or cannot be, so that nobody knows since when "
        "it stands where it does, or whether it still does." in words(at)
    )
    assert "ahead days not known: a move of its history is missing or cannot be" in " ".join(words(at).split())
    assert "fewer than" not in words(at)
    assert not errors(opened("pipeline", view="dates"))


def test_where_no_history_can_be_used_the_items_left_out_are_counted(home: Path) -> None:
    fill("work_item", [{"issue_id": "a", "created_at": on(1, 1), "current_status": "Build"}])
    lost = {"issue_id": "a", "status_sequence": 1, "status": "Build", "transition_at": on(1, 1).replace(year=1970)}
    fill("work_item_transition", [lost])
    shown = words(opened("pipeline"))
    assert "Of this work no history is known that can be used" in shown
    assert "1 item is left out: a moment of it is missing or cannot be." in shown


def test_without_any_history_nothing_is_said_of_how_long_work_waits_or_for_whom(home: Path) -> None:
    standing = {"a": "Request", "b": "Build"}
    fill("work_item", [{"issue_id": one, "created_at": on(1, 1), "current_status": status} for one, status in standing.items()])
    shown = words(opened("pipeline"))
    assert "Of this work no history is known that can be used: who held it, and for how long, cannot be told." in shown
    assert "Nothing waited for anybody" not in shown
    assert "No work passed" not in shown
    board = " ".join(shown.split())
    assert "Build 1 b days not known: no history" in board
    assert "days not known" not in board[board.index("Request 1 a") : board.index("Build 1 b")]
