"""What of the pipeline is looked at: in the address, in links, kept over other pages, and the same when a browser goes back."""

import json
import re
from datetime import date
from html import escape, unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from marops.pipeline.delivery import Counted
from marops.pipeline.finishing import Order
from marops.pipeline.flow import Clock, Reopened, way_sign
from marops.web.panels.flowing import View
from marops.web.scope import LOOKS
from marops.workspaces.store import OWN
from tests.scorecard.made import at as on
from tests.scorecard.made import fill
from tests.web.app import markup, opened, words
from tests.web.conftest import Servers
from tests.web.test_flow import POINT, TWELVE, moved

SCOPE = {"ws": OWN, "from": "2026-01-01", "to": "2026-06-30", "vs": "none", "unit": "all"}
LOOKED = {
    "view": "speed", "days": "whole", "reopened": "reset", "order": "due", "held": "build:Marketing operations",
    "passed": "Campaign manager → Marketing operations", "at": "2026-01-20:build", "way": way_sign(["build", "qa", "launched"]),
}  # fmt: skip


def links(shown: str, to: str) -> list[dict[str, str]]:
    """What the links of a page to another say in their addresses."""
    found = [urlsplit(unescape(href)) for href in re.findall(r'href="([^"]*)"', shown)]
    return [{key: value for key, (value,) in parse_qs(one.query).items()} for one in found if one.path == to]


def test_links_to_items_and_the_way_back_lead_to_what_was_looked_at(home: Path) -> None:
    moved(**TWELVE)
    at = opened("pipeline", **SCOPE, **LOOKED)
    items = links(markup(at), "pipeline")
    assert items
    assert all({key: value for key, value in one.items() if key != "item"} == {**SCOPE, **LOOKED} for one in items)
    (back,) = links(markup(opened("pipeline", **SCOPE, **LOOKED, item="i3")), "pipeline")
    assert back == {**SCOPE, **LOOKED}


def test_a_link_says_nothing_of_what_is_usual(home: Path) -> None:
    moved(**TWELVE)
    usual = {key: value for key, value in LOOKS.items() if value}
    assert usual == {
        "view": View.BOARD, "days": "elapsed", "reopened": Reopened.KEPT, "order": Order.FARTHEST,
    }  # fmt: skip
    assert Counted() == Counted(Clock.ELAPSED, Reopened.KEPT)
    at = opened("pipeline", **SCOPE, **usual)
    assert all(set(one) == {*SCOPE, "item"} for one in links(markup(at), "pipeline"))


def test_what_was_looked_at_is_the_same_after_a_look_at_another_page(home: Path) -> None:
    moved(**TWELVE)
    at = opened("pipeline", **SCOPE, **LOOKED)
    at.query_params.clear()
    at.switch_page("pages/data.py").run()
    at.query_params.clear()
    at.switch_page("pages/pipeline.py").run()
    assert {key: at.query_params[key] for key in LOOKED} == LOOKED
    assert "13 items" not in words(at)
    assert "12 items were with Marketing operations in Build in these days, the longest first:" in words(at)
    assert (at.selectbox(key="w_clock").value, at.selectbox(key="w_reopened").value) == ("whole", "reset")


def test_an_address_that_says_nothing_of_it_shows_what_is_usual_whatever_was_looked_at_before(home: Path) -> None:
    """As where a reader goes back to it."""
    moved(**TWELVE)
    at = opened("pipeline", **SCOPE, **LOOKED)
    at.query_params.clear()
    for key, value in SCOPE.items():
        at.query_params[key] = value
    at.run()
    assert at.button_group(key="w_view").value == View.BOARD
    assert "the longest first" not in words(at)
    assert not set(LOOKED) & set(at.query_params)


def click_once(page: Page, chart: str, at: int) -> None:
    """One click on a chart's point, when the page stands still."""
    page.wait_for_selector('[data-test-script-state="notRunning"]')
    page.wait_for_timeout(1500)
    page.evaluate(POINT, [chart, at])
    page.wait_for_timeout(300)
    point = page.evaluate(POINT, [chart, at])
    page.mouse.move(*point)
    page.mouse.click(*point)


@pytest.mark.browser
@pytest.mark.server
def test_a_browser_goes_back_from_an_item_and_every_click_is_told_again(own_home: Path, servers: Servers, page: Page) -> None:
    moved(**TWELVE)
    url = servers.start(own_home, "--no-sample")
    asked = "view=speed&days=whole&reopened=reset"
    page.goto(f"{url}/pipeline?ws={OWN}&from=2026-01-01&to=2026-06-30&vs=none&unit=all&{asked}")
    for point in (0, 0, 3):  # the same one twice, then another
        click_once(page, "cycle_times", point)
        expect(page.get_by_role("heading", name="What do people say?")).to_be_visible()
        page.wait_for_selector('[data-test-script-state="notRunning"]')
        expect(page).to_have_url(re.compile(f"{asked}&item="))
        page.go_back()
        expect(page).to_have_url(re.compile(f"{asked}$"))
        expect(page.locator(".st-key-chart_cycle_times .main-svg").first).to_be_visible()
        expect(page.get_by_role("combobox", name="Days are")).to_have_value("whole days, the first counted")

    click_once(page, "stage_by_role", 0)
    expect(page.locator("body")).to_contain_text("with Campaign manager in Request in these days, the longest first:")
    page.go_back()
    expect(page.locator("body")).not_to_contain_text("in Request in these days, the longest first:")
    click_once(page, "stage_by_role", 0)
    expect(page.locator("body")).to_contain_text("with Campaign manager in Request in these days, the longest first:")
    page.get_by_role("link", name="Data", exact=False).first.click()
    expect(page).to_have_url(re.compile("/data"))
    page.get_by_role("link", name="Pipeline").first.click()
    expect(page).to_have_url(re.compile(f"/pipeline.*{asked}.*held=request"))
    expect(page.locator("body")).to_contain_text("with Campaign manager in Request in these days, the longest first:")
    page.get_by_role("link", name="i3").first.click()
    expect(page.get_by_role("heading", name="What do people say?")).to_be_visible()
    page.get_by_role("link", name="Pipeline").last.click()
    expect(page).to_have_url(re.compile(f"/pipeline.*{asked}.*held=request"))
    expect(page.get_by_role("combobox", name="Days are")).to_have_value("whole days, the first counted")


def test_more_items_than_lines_are_all_in_a_table(home: Path) -> None:
    moved(**TWELVE, **{f"j{n}": [("Build", 2), ("QA", 4)] for n in range(30)})
    at = opened("pipeline", **SCOPE, held="build:Marketing operations")
    assert "42 items were with Marketing operations in Build" in words(at)
    assert [one.label for one in at.expander if one.label == "All 42"] == ["All 42"]
    at.session_state["all_held"] = True
    at.run()
    (shown,) = [one.value for one in at.dataframe if one.value.shape[0] == 42]
    assert shown["Item"].tolist()[0] == "i12"
    assert set(shown["Id"]) == {*TWELVE, *(f"j{n}" for n in range(30))}


def test_a_table_says_how_many_rows_it_shows_of_how_many(home: Path) -> None:
    moved(**TWELVE, **{f"odd{n}": [("Parked", 4)] for n in range(201)})
    at = opened("pipeline", **SCOPE, view="quality")
    assert at.dataframe[-1].value.shape[0] == 200
    assert "The first 200 of 201 rows are shown; the file to download has all." in [one.value for one in at.caption]


def test_a_long_name_is_cut_on_axes_and_whole_in_what_points_say_and_on_the_board(home: Path) -> None:
    name, due = "Long <b> name " * 21, date(2026, 5, 1)
    fill("work_item", [{"issue_id": "1", "issue_name": name, "created_at": on(1, 2), "due_date": due}])
    moved(**{"1": [("Build", 3)]})
    at = opened("pipeline", **SCOPE, view="dates")
    (drawn,) = [json.loads(one.proto.spec) for one in at.get("plotly_chart") if "by its date" in one.proto.alt]
    (tick,) = drawn["layout"]["yaxis"]["ticktext"]
    assert len(unescape(tick)) == 40
    assert tick.startswith("Long &lt;b&gt; name Long")
    assert escape(name, quote=False) in json.dumps(drawn["data"])
    assert f'title="{escape(name)}"' in markup(opened("pipeline", **SCOPE))


def test_an_item_whose_key_is_its_name_is_called_by_it_once_and_one_that_is_finished_is_marked(home: Path) -> None:
    fill("work_item", [{"issue_id": "Case 791", "issue_name": "Case 791", "created_at": on(1, 2)}])
    moved(**TWELVE)
    assert "<h1>Case 791</h1>" in markup(opened("pipeline", **SCOPE, item="Case 791"))
    moved(open=[("Build", 12)])
    said = words(opened("pipeline", **SCOPE, held="build:Marketing operations"))
    assert "✓ i12 12 d" in said
    assert "○ open " in said


def test_launches_of_one_name_are_told_apart_by_their_keys(home: Path) -> None:
    due = date(2026, 5, 1)
    fill("work_item", [
        {"issue_id": one, "issue_key": f"JS-{one}", "issue_name": name, "created_at": on(1, 2), "due_date": due}
        for one, name in (("1", "Spring"), ("2", "Spring"), ("3", "Autumn"))
    ])  # fmt: skip
    moved(**{one: [("Build", 3)] for one in "123"})
    at = opened("pipeline", **SCOPE)
    assert sorted(at.dataframe[0].value["Campaign"]) == ["Autumn", "JS-1 Spring", "JS-2 Spring"]


@pytest.mark.browser
@pytest.mark.server
def test_a_row_opens_its_item_by_a_click_and_by_the_keyboard_and_not_when_its_reader_comes_back(
    own_home: Path, servers: Servers, page: Page
) -> None:
    moved(**TWELVE, **{f"open{n}": [("Build", 3 + n)] for n in range(2)})
    fill("work_item", [
        {"issue_id": f"open{n}", "issue_name": f"Open {n}", "created_at": on(1, 2), "due_date": date(2026, 5, 1 + n)}
        for n in range(2)
    ])  # fmt: skip
    url = servers.start(own_home, "--no-sample")
    page.goto(f"{url}/pipeline?ws={OWN}&from=2026-01-01&to=2026-06-30&vs=none&unit=all&view=age")
    grid = page.get_by_label("Campaigns that are not launched, by the chance to be late").locator("canvas").first
    for way in ("mouse", "mouse", "keyboard"):
        expect(page.locator(".st-key-chart_ageing .main-svg").first).to_be_visible()
        expect(grid).to_be_visible()
        page.wait_for_timeout(1500)
        grid.scroll_into_view_if_needed()
        if way == "mouse":
            box = grid.bounding_box()
            assert box
            page.mouse.click(box["x"] + 70, box["y"] + 52)
        else:
            grid.focus()
            page.keyboard.press("ArrowDown")
            page.keyboard.press("Shift+Space")
        expect(page.get_by_role("heading", name="What do people say?")).to_be_visible()
        expect(page).to_have_url(re.compile("view=age&item="))
        page.go_back()
        expect(page).to_have_url(re.compile("view=age$"))
        page.wait_for_timeout(1000)
        expect(page).to_have_url(re.compile("view=age$"))
