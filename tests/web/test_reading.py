"""A file that takes its time, in a real browser: how far it is, an end to it, and a file named on the server."""

import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Page, expect

from marops.workspaces.store import OWN
from tests.sources import made
from tests.web import tiny
from tests.web.conftest import Servers

pytestmark = [pytest.mark.browser, pytest.mark.server]

DATA = f"data?ws={OWN}&from=2026-06-01&to=2026-06-30&vs=none&unit=all"


def _held(servers: Servers) -> psutil.Process:
    """The server's spare reader, held still: whatever comes next takes as long as we like."""
    server = psutil.Process(servers._running[-1].pid)
    for _ in range(300):
        for child in server.children():
            if "marops.sources.child" in child.cmdline():
                child.suspend()
                return child
        time.sleep(0.1)
    raise AssertionError("no reader was warmed up")


def _upload(page: Page) -> None:
    place = page.get_by_test_id("stFileUploaderDropzoneInput")
    expect(place).to_have_count(1)  # a new one stands beside the old for a moment
    place.set_input_files({"name": "uptime.csv", "mimeType": "text/csv", "buffer": tiny.UPTIME.encode()})


def test_a_file_that_takes_its_time_shows_how_far_it_is_and_can_be_cancelled(
    tmp_path: Path, tiny_home: Callable[[Path], Path], servers: Servers, page: Page
) -> None:
    home = tiny_home(tmp_path)
    page.goto(f"{servers.start(home, '--no-sample')}/{DATA}")
    reader = _held(servers)
    _upload(page)
    bar = page.locator(".st-key-reading")
    expect(bar).to_contain_text("Reading uptime.csv")
    expect(bar).to_contain_text("3 s so far")
    expect(bar.get_by_role("progressbar")).to_be_visible()
    expect(page.get_by_text("What came in?")).to_be_visible()
    reader.resume()
    expect(page.locator(".st-key-preview")).to_contain_text("3 rows ready")
    expect(bar).to_have_count(0)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".st-key-preview")).to_have_count(0)

    reader = _held(servers)
    _upload(page)
    bar.get_by_role("button", name="Cancel").click()
    expect(bar).to_have_count(0)
    assert not reader.is_running()
    assert list((home / "staging").iterdir()) == []
    expect(page.locator(".st-key-preview")).to_have_count(0)


def test_a_file_is_named_on_the_server_where_the_administrator_allows_it(
    tmp_path: Path, tiny_home: Callable[[Path], Path], servers: Servers, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    exports = tmp_path / "exports"
    exports.mkdir()
    made.put(exports / "uptime.csv", tiny.UPTIME)
    monkeypatch.setenv("MAROPS_FILES_FROM", str(exports))
    page.goto(f"{servers.start(tiny_home(tmp_path), '--no-sample')}/{DATA}")
    page.get_by_text("A larger file, on the server").click()
    path = page.get_by_label("Path", exact=True)
    path.fill("../home/marops.db")
    page.get_by_role("button", name="Read", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="There is no file ../home/marops.db in")).to_be_visible()
    path.fill("uptime.csv")
    page.get_by_role("button", name="Read", exact=True).click()
    expect(page.locator(".st-key-preview")).to_contain_text("3 rows ready")
    page.get_by_role("button", name="Import 3 rows").click()
    expect(page.get_by_text("3 rows of uptime.csv imported.")).to_be_visible()
