"""What the pages of marops drew: charts, texts, tables and metrics, kept in bench/out for the twin."""

import base64
import html
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATH = Path(__file__).parents[1] / "out" / "captured.json"
Drawn = tuple[str, str, str]
"""Kind (chart, text, dataframe, table, metric), content, and what Streamlit needs beside it."""


def of(elements: Iterable[tuple[str, Any]]) -> list[Drawn]:
    """The charts, texts and tables among elements, in their order. Widgets and styles are left out: the floor is bare."""
    drawn: list[Drawn] = []
    for kind, element in elements:
        if kind == "plotly_chart":
            drawn.append(("chart", element.spec, element.config))
        elif kind == "markdown":
            drawn.append(("text", element.body, "html" if element.allow_html else ""))
        elif kind in {"dataframe", "table"}:
            drawn.append((kind, base64.b64encode(element.arrow_data.data).decode(), ""))
        elif kind == "metric":
            drawn.append(("metric", element.label, element.body))
    return drawn


def keep(found: Mapping[str, Sequence[Drawn]]) -> None:
    """Write what was drawn, by page and period."""
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_text(json.dumps(found))


def kept() -> dict[str, list[Drawn]]:
    """What was drawn, by page and period."""
    return {page: [tuple(one) for one in drawn] for page, drawn in json.loads(PATH.read_text()).items()}


@dataclass(frozen=True, slots=True)
class Figure:
    """What one of our KPI rows says, as a metric of Streamlit's says it."""

    label: str
    value: str
    months: tuple[float, ...]


def figures(block: str) -> list[Figure]:
    """The KPI rows of a block of our own HTML; empty for any other block."""
    found: list[Figure] = []
    for row in block.split('<a class="m-kpi ')[1:]:
        name, value = re.search(r'class="m-name">([^<]*)', row), re.search(r'class="m-figure[^"]*">([^<]*)', row)
        heights = [float(y) for points in re.findall(r'points="([^"]*)"', row) for y in re.findall(r",([\d.]+)", points)]
        found.append(Figure(html.unescape(name[1]) if name else "", html.unescape(value[1]) if value else "", tuple(heights)))
    return found


def counts(drawn: Iterable[Drawn]) -> Counter[str]:
    """How many of each kind."""
    return Counter(kind for kind, _, _ in drawn)
