"""The desk in a real browser: a request from its dialog to its launch, with an approval in the way."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from marops.principal import LOCAL_ADMIN
from marops.work import reading
from marops.workspaces.store import OWN
from tests.web.conftest import Servers

pytestmark = [pytest.mark.browser, pytest.mark.server]

SCOPE = f"ws={OWN}&from=2026-06-01&to=2026-06-30&vs=none&unit=all"


def test_a_request_is_made_approved_moved_and_its_link_shared(own_home: Path, servers: Servers, page: Page) -> None:
    url = servers.start(own_home, "--no-sample")
    page.goto(f"{url}/pipeline?{SCOPE}")
    dialog = page.get_by_role("dialog")

    page.get_by_role("button", name="Request a campaign").click()
    dialog.get_by_role("button", name="Request", exact=True).click()
    expect(dialog).to_contain_text("A request needs a name: what is to be launched?")
    dialog.get_by_label("Name", exact=True).fill("Spring <b>sale</b>")
    dialog.get_by_role("group", name="Launch by").get_by_role("spinbutton").first.click()
    page.keyboard.type("21991231", delay=50)  # what lies outside an input's bounds would not be sent, and nobody would say so
    page.keyboard.press("Escape")
    dialog.get_by_role("button", name="Request", exact=True).click()
    expect(dialog).to_contain_text("Dec 31, 2199 is more than ten years away.")
    dialog.get_by_role("button", name="Clear date").click()
    dialog.get_by_role("button", name="Request", exact=True).click()
    expect(page.get_by_role("heading", name="M-1 Spring <b>sale</b>")).to_be_visible()
    assert "item=marops-1" in page.url

    page.get_by_role("button", name="Ask for an approval").click()
    dialog.get_by_label("Who: names or roles, one a line").fill("Legal")
    dialog.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_text("must act")).to_be_visible()
    page.get_by_role("button", name="Move to Validation").click()
    expect(page.get_by_text("Legal must approve M-1 in Request first")).to_be_visible()

    page.get_by_role("button", name="Answer").click()
    dialog.get_by_role("button", name="Save answer").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_text("approved · 1 of 1 must approve")).to_be_visible()
    page.get_by_role("button", name="Move to Validation").click()
    expect(page.get_by_text("It came to Validation today.")).to_be_visible()

    page.reload()  # the address alone leads back to the item
    expect(page.get_by_text("It came to Validation today.")).to_be_visible()
    page.get_by_role("link", name="Pipeline").last.click()
    expect(page.get_by_text("What was requested here?")).to_be_visible()
    page.get_by_role("link", name="M-1 Spring <b>sale</b>").click()
    expect(page.get_by_role("button", name="Take the last move back")).to_be_visible()
    assert [move.status for move in reading.item(LOCAL_ADMIN, OWN, "marops-1").moves] == ["Request", "Validation"]
