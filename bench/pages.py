"""Pages and reruns in a real browser, each beside its twin, in turns.

A page has settled when the script is idle, nothing is stale or a skeleton, every chart is drawn, and for CALM ms neither
the document, the network nor the websocket has moved; its time is that of the last movement, from the start of
navigation (or from the click).
"""

import time
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from bench import report, serving
from bench.report import Line
from tests import browsers

CALM = 300
_ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars",
]  # fmt: skip

# Runs in the page before anything else: notes when something last moved, and the largest contentful paint.
_WATCH = """
window.bench = {moved: 0, painted: 0};
const moved = () => { window.bench.moved = performance.now(); };
new MutationObserver(moved).observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
new PerformanceObserver(list => list.getEntries().forEach(entry => {
  window.bench.moved = Math.max(window.bench.moved, entry.responseEnd);
})).observe({type: "resource", buffered: true});
new PerformanceObserver(list => list.getEntries().forEach(entry => { window.bench.painted = entry.startTime; }))
  .observe({type: "largest-contentful-paint", buffered: true});
const Plain = window.WebSocket;
window.WebSocket = class extends Plain {
  constructor(...given) { super(...given); this.addEventListener("message", moved); }
};
"""

_IDLE = """() => {
  const app = document.querySelector('[data-testid="stApp"]');
  if (!app || app.getAttribute('data-test-script-state') !== 'notRunning') return -1;
  if (document.querySelector('[data-testid="stSkeleton"], [data-testid="stSpinner"], [data-stale="true"]')) return -1;
  const main = document.querySelector('[data-testid="stMain"]');
  if (!main || !main.innerText.trim()) return -1;
  const charts = [...document.querySelectorAll('[data-testid="stPlotlyChart"]')];
  if (!charts.every(chart => chart.querySelector('.main-svg'))) return -1;
  return performance.now() - window.bench.moved;
}"""


@dataclass(frozen=True, slots=True)
class Seen:
    """A page that has settled: seconds until then and until its largest contentful paint."""

    settled: float
    painted: float


def settle(page: Page, timeout: float = 60) -> float:
    """Wait until the page has settled; the moment of its last movement, in ms since navigation."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if page.evaluate(_IDLE) >= CALM:
            return float(page.evaluate("window.bench.moved"))
        page.wait_for_timeout(25)
    raise TimeoutError(page.url)


def look(browser: Browser, address: str) -> Seen:
    """Open an address in a fresh context."""
    page = _new_page(browser)
    page.goto(address)
    settled = settle(page)
    painted = float(page.evaluate("window.bench.painted"))
    page.context.close()
    return Seen(settled / 1000, painted / 1000)


def _new_page(browser: Browser) -> Page:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
    context.add_init_script(_WATCH)
    return context.new_page()


def run(repeats: int) -> None:
    """Measure every page in turns and print."""
    lines: list[Line] = []
    with serving.both() as (app, twin), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browsers.ensure(), args=_ARGS)
        addresses = {name: (f"http://{app}/{_path(name)}", f"http://{twin}/{_path(name)}") for name in serving.PAGES}
        for pair in addresses.values():  # what only the first reader of a server waits for
            for address in pair:
                look(browser, address)
        for name, (ours, floor) in addresses.items():
            pairs = [(look(browser, ours), look(browser, floor)) for _ in range(repeats)]
            lines.append(Line(f"/{_path(name)}", [a.settled for a, _ in pairs], [b.settled for _, b in pairs], 1.5))
        painted = [(look(browser, addresses["home"][0]), look(browser, f"http://{twin}/hello")) for _ in range(repeats)]
        largest = Line("home, largest paint; hello", [a.painted for a, _ in painted], [b.painted for _, b in painted], 1.5)
        browser.close()
    report.show(f"Pages settled, fresh browser context, {repeats} each", [*lines, largest])


def run_reruns(repeats: int) -> None:
    """Change the period on Scorecard in turns and print.

    Beside two floors: the same number of charts, metrics and tables; and the very blocks of HTML that we draw KPI rows
    as, which the browser draws twice as fast as metrics.
    """
    with serving.both() as (app, twin), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browsers.ensure(), args=_ARGS)
        pages = [_new_page(browser) for _ in range(3)]
        addresses = (f"{app}/scorecard?{serving.scope('12 months')}", f"{twin}/scorecard-metrics", f"{twin}/scorecard")
        for page, address in zip(pages, addresses, strict=True):
            page.goto(f"http://{address}")
            settle(page)
        found: list[list[float]] = []
        for index in range(repeats + len(serving.SPANS)):
            span = list(serving.SPANS)[index % len(serving.SPANS)]
            # A choice closes the bar's choices; opening them is not what is measured.
            pages[0].locator(".st-key-scopebar button").first.click()
            settle(pages[0])
            found.append([_choose(page, span) for page in pages])
        browser.close()
    # The first round computes what nobody has asked for before.
    first, again = found[: len(serving.SPANS)], found[len(serving.SPANS) :]
    ours, metrics, blocks = zip(*again, strict=True)
    lines = [
        Line("period changed, p95; metrics", ours, metrics, 1.5, at="p95"),
        Line("the same, median; metrics", ours, metrics, 1.5),
        Line("the same, p95; our own blocks", ours, blocks, 1.5, at="p95"),
        Line("each period's first time, median; metrics", [one[0] for one in first], [one[1] for one in first], 1.5),
    ]
    report.show(f"Scorecard settled after another period, {repeats} times; the twin draws that period's constants", lines)


def _choose(page: Page, span: str) -> float:
    """Click a period; seconds until the page has settled."""
    pill: Any = page.get_by_role("radio", name=span, exact=True).or_(page.get_by_role("button", name=span, exact=True)).first
    pill.evaluate("pill => { window.bench.moved = window.bench.clicked = performance.now(); pill.click(); }")
    page.wait_for_timeout(20)
    return (settle(page) - float(page.evaluate("window.bench.clicked"))) / 1000


def _path(name: str) -> str:
    return "" if name == "home" else name
