"""A person is chosen in a real browser, stays chosen over another page, and is cleared with a click."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from marops.workspaces.store import OWN
from tests.scorecard.made import at, fill
from tests.web.conftest import Servers


@pytest.mark.browser
@pytest.mark.server
def test_a_person_is_chosen_kept_over_another_page_and_cleared(own_home: Path, servers: Servers, page: Page) -> None:
    work = {"Alpha": "Ana", "Beta": "Ben"}
    fill("work_item", [
        {"issue_id": name, "issue_name": name, "assignee_user_id": who, "created_at": at(6, 1)} for name, who in work.items()
    ])  # fmt: skip
    fill("work_item_transition", [
        {"issue_id": name, "status_sequence": 1, "status": "Build", "transition_at": at(6, 1)} for name in work
    ])  # fmt: skip
    url = servers.start(own_home, "--no-sample")
    page.goto(f"{url}/pipeline?ws={OWN}&from=2026-06-01&to=2026-06-30&vs=none&unit=all")
    expect(page.locator(".m-board", has_text="Beta")).to_have_count(1)

    page.get_by_role("button", name="Everybody's work").click()
    page.get_by_role("combobox", name="Assigned to").click()
    page.get_by_role("option", name="Ana").click()
    expect(page).to_have_url(re.compile("person=Ana"))
    expect(page.get_by_text("Shown: work of Ana.")).to_be_visible()
    expect(page.locator(".m-board", has_text="Alpha").first).to_be_visible()
    expect(page.locator(".m-board", has_text="Beta")).to_have_count(0)  # the old one stands until the run is over

    page.get_by_role("link", name="Data", exact=False).first.click()
    expect(page).to_have_url(re.compile(r"/data\?.*person=Ana"))
    page.get_by_role("link", name="Pipeline").first.click()
    expect(page).to_have_url(re.compile(r"/pipeline\?.*person=Ana"))

    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".m-board", has_text="Beta")).to_have_count(1)
    expect(page).not_to_have_url(re.compile("person="))
