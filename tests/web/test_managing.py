"""Managing a KPI in a real browser: a target with its preview, a note, an action that is closed after a look."""

from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from marops.decisions import service as decisions
from marops.principal import LOCAL_ADMIN
from marops.scorecard import managing
from marops.workspaces.store import OWN
from tests.web.conftest import Servers

pytestmark = [pytest.mark.browser, pytest.mark.server]

SCOPE = f"ws={OWN}&from=2026-06-01&to=2026-06-30&vs=none&unit=all"


def test_a_target_a_note_and_an_action_from_the_page_of_a_kpi(own_home: Path, servers: Servers, page: Page) -> None:
    url = servers.start(own_home, "--no-sample")
    page.goto(f"{url}/scorecard?{SCOPE}")
    page.locator(".m-kpi-M8").click()
    expect(page.get_by_role("heading", name="Cost per accepted lead")).to_be_visible()
    dialog = page.get_by_role("dialog")

    page.get_by_role("button", name="Set a target").click()
    dialog.get_by_label("Value (EUR)").fill("a little")
    dialog.get_by_role("button", name="Set target").click()
    expect(dialog).to_contain_text("Give the value as a number, in EUR.")
    dialog.get_by_label("Value (EUR)").fill("100")
    dialog.get_by_label("Value (EUR)").press("Enter")
    expect(dialog).to_contain_text("≤ €150")  # what it takes the place of, before it is set
    dialog.get_by_role("button", name="Set target").click()
    expect(dialog).to_contain_text("Say why this is the target: whoever misses it will ask.")
    dialog.get_by_label("Reason").fill("Tighter for summer")
    dialog.get_by_label("Reason").press("Enter")
    dialog.get_by_role("button", name="Set target").click()
    expect(dialog).to_be_hidden()
    expect(page.locator(".m-head")).to_contain_text("€120, which misses its target.")

    page.get_by_role("button", name="Write a note").click()
    dialog.get_by_label("Note").fill("Two dear campaigns")
    dialog.get_by_role("button", name="Save note").click()
    expect(page.get_by_text("Two dear campaigns")).to_be_visible()

    page.get_by_role("button", name="Open an action").click()
    dialog.get_by_label("What is to be done").fill("Stop Display")
    dialog.get_by_label("Who does it").fill("Media")
    dialog.get_by_role("button", name="Open action").click()
    expect(page.get_by_text("Stop Display")).to_be_visible()
    [item] = decisions.action_items(LOCAL_ADMIN, OWN, "M8")
    assert (item.owner, item.first_due) == ("Media", date(2026, 7, 30))

    page.locator(f".st-key-close_{item.id} button").click()
    expect(dialog).to_contain_text("A look first: what did the KPI do since Jun 30, 2026?")
    expect(dialog.locator(".main-svg").first).to_be_visible()
    dialog.get_by_role("radio", name="It worked").click()
    dialog.get_by_label("In a few words").fill("Cheaper now")
    dialog.get_by_role("button", name="Close action").click()
    expect(dialog.get_by_role("alert")).to_be_visible()  # no complete month has passed that could show it
    dialog.get_by_role("radio", name="Cannot be told").click()
    dialog.get_by_role("button", name="Close action").click()
    expect(page.get_by_text("Cannot be told. Media")).to_be_visible()
    [closed] = decisions.action_items(LOCAL_ADMIN, OWN, "M8")
    assert (closed.outcome, closed.is_open) == ("cannot_tell", False)

    page.get_by_text("Rows", exact=True).last.click()
    expect(page.get_by_role("region", name="Rows behind the number")).to_be_visible()
    newest = managing.target_history(LOCAL_ADMIN, OWN, "M8")[0]
    assert (newest.value, newest.reason) == (100, "Tighter for summer")
