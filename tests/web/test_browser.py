"""The app in a real browser: import to report to scorecard, undo, shared links, deep links, and files that are no good."""

import gzip
import io
import json
import re
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from marops import theme
from marops.principal import LOCAL_ADMIN
from marops.serving import index
from marops.sources import service
from marops.workspaces.store import OWN
from tests.web import tiny
from tests.web.conftest import Servers

pytestmark = [pytest.mark.browser, pytest.mark.server]

SCOPE = f"ws={OWN}&from=2026-06-01&to=2026-06-30&vs=none&unit=all"


def _upload(page: Page, name: str, content: bytes) -> None:
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )


def test_an_upload_is_reported_then_imported_then_on_the_scorecard_and_undo_takes_it_away(
    own_home: Path, servers: Servers, page: Page
) -> None:
    url = servers.start(own_home, "--no-sample")
    page.goto(f"{url}/scorecard?{SCOPE}")
    row = page.locator(".m-kpi-IT1")
    expect(row).to_contain_text("No service was monitored in these days.")

    page.goto(f"{url}/data?{SCOPE}")
    _upload(page, "uptime.csv", tiny.UPTIME.encode())
    preview = page.locator(".st-key-preview")
    expect(preview).to_contain_text("Uptime monitor log")
    expect(preview).to_contain_text("3 rows ready · 0 refused · 0 set aside")
    page.get_by_role("button", name="Import 3 rows").click()
    expect(page.get_by_text("3 rows of uptime.csv imported.")).to_be_visible()

    page.goto(f"{url}/scorecard?{SCOPE}")
    expect(row).to_contain_text("99.00%")

    page.goto(f"{url}/data?{SCOPE}")
    run = service.imports(LOCAL_ADMIN, OWN)[0]
    assert run.file_name == "uptime.csv"
    page.locator(f".st-key-switch_{run.id} button").click()
    expect(page.locator(f".st-key-switch_{run.id}")).to_contain_text("Restore")
    page.goto(f"{url}/scorecard?{SCOPE}")
    expect(row).to_contain_text("No service was monitored in these days.")


def test_a_shared_link_shows_somebody_else_the_same(tiny_server: tuple[str, Path], page: Page, browser: Browser) -> None:
    url, _ = tiny_server
    page.goto(f"{url}/budget")
    expect(page.get_by_text("€360 brought 24 conversions")).to_be_visible()
    page.goto(f"{url}/budget?ws={OWN}&from=2026-06-02&to=2026-06-30&vs=none&unit=all")
    expect(page.get_by_text("€260 brought 14 conversions")).to_be_visible()
    page.get_by_role("link", name="Scorecard").click()
    expect(page.locator(".m-kpi-M8")).to_contain_text("€86.67")  # 260 / 3
    expect(page).to_have_url(re.compile(r"/scorecard\?.*from=2026-06-02"))

    other = browser.new_page(locale="pt-BR")
    other.goto(page.url)
    expect(other.locator(".m-kpi-M8")).to_contain_text("86,67")
    other.close()


def test_the_first_request_of_a_fresh_server_may_be_a_deep_link(
    tmp_path: Path, tiny_home: Callable[[Path], Path], servers: Servers, page: Page
) -> None:
    url = servers.start(tiny_home(tmp_path), "--no-sample")
    page.goto(f"{url}/pipeline?{SCOPE}")
    expect(page.get_by_text("1 launch is past its date.")).to_be_visible()
    expect(page.get_by_test_id("stSidebarNav")).to_contain_text("Scorecard")
    expect(page.get_by_text("Local mode: this address answers on this computer only")).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)


def _truncated_parquet() -> bytes:
    buffer = io.BytesIO()
    pl.DataFrame({"Lead ID": ["L1"], "New Value": ["MQL"], "Edit Date": ["2026-06-01"]}).write_parquet(buffer)
    return buffer.getvalue()[:-20]


def test_files_that_are_no_good_get_a_sentence_and_nothing_is_imported(
    tiny_server: tuple[str, Path], page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, home = tiny_server
    monkeypatch.setenv("MAROPS_HOME", str(home))
    page.goto(f"{url}/data?{SCOPE}")
    before = len(service.imports(LOCAL_ADMIN, OWN))
    for name, content, said in (
        ("empty.csv", b"", "empty.csv is empty (0 bytes)."),
        ("picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(200), "picture.csv is really a PNG file"),
        ("bare.csv", b"2026-06-01,100,200\n2026-06-02,300,400\n", "bare.csv has no header row"),
        ("cut.parquet", _truncated_parquet(), "cut.parquet is cut short"),
    ):
        _upload(page, name, content)
        expect(page.get_by_role("alert").filter(has_text=said)).to_be_visible()
        expect(page.get_by_role("button", name=re.compile("^Import"))).to_have_count(0)
    _upload(page, "again.csv", tiny.ADS.encode())
    expect(page.get_by_text("There is nothing new in them.")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Import"))).to_have_count(0)
    assert len(service.imports(LOCAL_ADMIN, OWN)) == before


def test_a_file_over_the_limit_is_refused_before_it_is_sent(tiny_server: tuple[str, Path], page: Page, tmp_path: Path) -> None:
    large = tmp_path / "large.csv"
    with large.open("wb") as file:
        file.truncate(300 << 20)
    url, _ = tiny_server
    page.goto(f"{url}/data?{SCOPE}")
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(large)
    expect(page.get_by_text(re.compile("200(.0)? ?MB or smaller"))).to_be_visible()
    expect(page.locator(".st-key-preview")).to_have_count(0)


def test_a_decision_is_recorded_and_can_be_taken_back(tiny_server: tuple[str, Path], page: Page) -> None:
    url, _ = tiny_server
    page.goto(f"{url}/?{SCOPE}")
    page.get_by_role("button", name="Decide").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Who does it").fill("Ana")
    dialog.get_by_role("button", name="Record decision").click()
    expect(page.get_by_text("What was decided?")).to_be_visible()
    expect(page.get_by_text("Act on it · Ana")).to_be_visible()
    page.get_by_role("button", name="Take back").click()
    expect(page.get_by_text("What was decided?")).to_have_count(0)


def test_charts_take_the_colours_of_the_readers_theme(tiny_server: tuple[str, Path], browser: Browser) -> None:
    url, _ = tiny_server
    for scheme, colour in (("light", theme.MARKETING.light), ("dark", theme.MARKETING.dark)):
        page = browser.new_page(color_scheme=scheme)
        page.goto(f"{url}/budget?{SCOPE}")
        bars = page.locator(".trace.bars").last.locator("path").first
        expect(bars).to_have_css("fill", f"rgb({', '.join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))})")
        page.close()


def test_the_sample_is_labelled_on_every_page_and_one_click_leaves_or_removes_it(
    sample_home: Path, tmp_path: Path, servers: Servers, page: Page
) -> None:
    home = tmp_path / "copy"
    shutil.copytree(sample_home, home)
    url = servers.start(home)
    for path in ("", "scorecard", "pipeline", "maturity", "budget", "data"):
        page.goto(f"{url}/{path}")
        expect(page.get_by_text("Sample company: invented data")).to_be_visible()
    page.get_by_role("link", name="Use my own data").click()
    expect(page.get_by_text("Nothing has been imported yet.")).to_be_visible()
    expect(page.get_by_text("Sample company: invented data")).to_have_count(0)
    expect(page).to_have_url(re.compile(f"/data.*ws={OWN}"))
    page.get_by_role("navigation", name="Workspaces").get_by_role("link", name="Sample company").click()
    expect(page.get_by_text("Sample company: invented data")).to_be_visible()
    page.get_by_role("button", name="Remove the sample").click()
    expect(page.get_by_text("Nothing has been imported yet.")).to_be_visible()
    page.goto(f"{url}/?ws=sample")
    expect(page.get_by_text("Sample company: invented data")).to_have_count(0)


def test_pages_have_no_serious_accessibility_findings_of_their_own(tiny_server: tuple[str, Path], page: Page) -> None:
    url, _ = tiny_server
    for path in ("", "scorecard", "pipeline", "budget", "data"):
        page.goto(f"{url}/{path}?{SCOPE}")
        expect(page.locator(".m-head h1")).to_be_visible()
        page.wait_for_timeout(1_000)
        found = Axe().run(page).response["violations"]
        serious = {
            (violation["id"], str(node["target"]))
            for violation in found
            if violation["impact"] in ("serious", "critical")
            for node in violation["nodes"]
            # Streamlit puts the groups of its navigation into one list, with headings between the items.
            if violation["id"] not in ("list", "listitem")
        }
        assert serious == set()


def test_the_server_answers_with_security_headers_and_keeps_doors_shut(tiny_server: tuple[str, Path]) -> None:
    url, _ = tiny_server
    with urllib.request.urlopen(f"{url}/") as answer:
        headers = answer.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert "script-src 'self' 'wasm-unsafe-eval' 'sha256-" in headers["Content-Security-Policy"]
    assert "'unsafe-inline'" not in headers["Content-Security-Policy"].split("style-src")[0]
    with urllib.request.urlopen(f"{url}/healthz") as answer:
        assert json.load(answer)["status"] == "ok"
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{url}/_stcore/metrics")
    request = urllib.request.Request(f"{url}/", headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"


@pytest.mark.parametrize("path", ["", "scorecard", "nowhere", "index.html", "v1.0"])
@pytest.mark.parametrize(
    "wish", [{}, {"Accept-Encoding": "gzip"}, {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}, {"Range": "bytes=0-9"}]
)
def test_every_address_answers_with_our_own_page_whole(tiny_server: tuple[str, Path], path: str, wish: dict[str, str]) -> None:
    asked = urllib.request.Request(f"{tiny_server[0]}/{path}", headers=wish)
    with urllib.request.urlopen(asked) as answer:
        packed = answer.read()
        found = gzip.decompress(packed) if answer.headers["Content-Encoding"] == "gzip" else packed
        assert (answer.status, answer.headers["ETag"], answer.headers["Last-Modified"]) == (200, None, None)
    said = found.decode()
    assert "<title>marops</title>" in said
    assert ".m-kpi {" in said
    assert "SourceSans" not in said
    assert said.rstrip().endswith("</html>")


def test_asking_for_the_head_of_a_page_gets_its_length_and_no_body(tiny_server: tuple[str, Path]) -> None:
    asked = urllib.request.Request(f"{tiny_server[0]}/scorecard", method="HEAD")
    with urllib.request.urlopen(asked) as answer:
        assert int(answer.headers["Content-Length"]) == len(index.page())
        assert answer.read() == b""


def test_a_file_is_answered_as_streamlit_answers_it(tiny_server: tuple[str, Path]) -> None:
    asked = urllib.request.Request(f"{tiny_server[0]}/app/static/inter-latin.woff2", headers={"Range": "bytes=0-3"})
    with urllib.request.urlopen(asked) as answer:
        assert (answer.status, answer.read()) == (206, b"wOF2")


def test_a_choice_in_the_bar_closes_its_choices_and_is_in_the_address(tiny_server: tuple[str, Path], page: Page) -> None:
    page.goto(f"{tiny_server[0]}/budget?{SCOPE}")
    bar = page.locator(".st-key-scopebar button").first
    bar.click()
    page.get_by_role("radio", name="3 months").or_(page.get_by_role("button", name="3 months")).first.click()
    expect(page.locator(".st-key-w_quick")).to_have_count(0)
    expect(page).to_have_url(re.compile("from=2026-04-01&to=2026-06-30"))
    bar.click()
    expect(page.get_by_role("radio", name="3 months")).to_be_checked()
