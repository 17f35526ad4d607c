"""Running the app inside the test, and reading what it shows as a reader would."""

import html
import re
from importlib import import_module
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from marops.principal import Principal

APP = Path(__file__).parents[2] / "app.py"


def opened(page: str = "home", **query: str) -> AppTest:
    """The app on one page, run once. Fails where the page raised anything."""
    at = AppTest.from_file(str(APP), default_timeout=120)
    for name, value in query.items():
        at.query_params[name] = value
    at.run()
    if page != "home":
        at.switch_page(f"pages/{page}.py").run()
    assert not at.exception, at.exception
    return at


def seen_by(principal: Principal, monkeypatch: pytest.MonkeyPatch, *panels: str) -> None:
    """Lets somebody else open the app: in the main script and in these panels."""
    # All are imported before the first is changed: one that comes to import what was changed would keep it for the other tests.
    names = "session", "main", *(f"panels.{name}" for name in panels)
    for module in [import_module(f"marops.web.{name}") for name in names]:
        monkeypatch.setattr(module, "principal", lambda: principal)


def markup(at: AppTest) -> str:
    """The page's own HTML."""
    return " ".join(element.value for element in at.markdown)


def words(at: AppTest) -> str:
    """Everything the page says, tags removed, on one line."""
    said = " ".join(element.value for element in at.markdown)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", said)).split())


def sentence(at: AppTest) -> str:
    """The page's conclusion, below its title."""
    found = re.search(r'<div class="m-head"><h1>.*?</h1>(?:<p>(.*?)</p>)?</div>', " ".join(m.value for m in at.markdown))
    assert found, words(at)
    return html.unescape(found[1] or "")


def kpi(at: AppTest, name: str) -> str:
    """What a KPI's row says: value, change, trend, target."""
    rows = [row for m in at.markdown for row in m.value.split('<a class="m-kpi')]
    row = "<a" + next(row for row in rows if f'<div class="m-name">{name}<' in row)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", row)).split())


def measure(at: AppTest, label: str) -> str:
    """What a measure's tile says below its label."""
    tiles = " ".join(m.value for m in at.markdown if "m-measures" in m.value)
    tile = re.split(r'<(?:div|a) class="m-measure"', tiles.split(f'<div class="m-label">{label}</div>', 1)[-1])[0]
    assert tile != tiles, tiles
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", tile)).split())


def errors(at: AppTest) -> list[str]:
    """Error boxes on the page."""
    return [element.value for element in at.error]
