"""The twin's pages."""

import base64
import io
from functools import lru_cache, partial
from itertools import cycle
from typing import Any

import plotly.graph_objects as go
import plotly.io as pio
import polars as pl
import streamlit as st

from bench.twins import captured

_CONFIG = {"displayModeBar": False}


@lru_cache(maxsize=1)
def constants() -> dict[str, list[tuple[str, Any, str]]]:
    """Everything that is drawn, ready to be drawn, by page and period."""
    return {page: [(kind, _ready(kind, content), more) for kind, content, more in drawn] for page, drawn in captured.kept().items()}


def _ready(kind: str, content: str) -> object:
    if kind == "chart":
        return go.Figure(pio.from_json(content, skip_invalid=True))
    if kind in {"dataframe", "table"}:
        return pl.read_ipc_stream(io.BytesIO(base64.b64decode(content)))
    return content


def main() -> None:
    """Navigation, and the page that was asked for."""
    st.set_page_config(page_title="twin", layout="wide")
    names = dict.fromkeys(page.split()[0] for page in constants())
    pages = [st.Page(partial(draw, name), title=name.title(), url_path=name, default=name == "home") for name in names]
    pages.append(st.Page(partial(draw, "scorecard", metrics=True), title="Scorecard of metrics", url_path="scorecard-metrics"))
    st.navigation([*pages, st.Page(hello, title="Hello", url_path="hello")]).run()


def hello() -> None:
    """The least a page can be."""
    st.write("Hello, world")


def draw(page: str, *, metrics: bool = False) -> None:
    """A page's charts, texts and tables, for the period in the address or the one chosen. With `metrics`, KPI rows are
    Streamlit's metrics in three columns instead of the block of HTML that marops draws them as.
    """
    spans = [key.split(" ", 1)[1] for key in constants() if key.startswith(f"{page} ")]
    start = st.query_params.get("span", "12 months")
    span = st.pills("Period", spans, default=start if start in spans else spans[0], key="span") if len(spans) > 1 else spans[0]
    if "span" in st.query_params and start in spans:
        span = start
    for index, (kind, content, more) in enumerate(constants()[f"{page} {span or spans[0]}"]):
        if kind == "chart":
            st.plotly_chart(content, key=f"{page}{index}", config=_CONFIG)
        elif kind == "dataframe":
            st.dataframe(content, key=f"{page}{index}", hide_index=True)
        elif kind == "table":
            st.table(content)
        elif kind == "metric":
            st.metric(content, more)
        elif metrics and (found := captured.figures(content)):
            for column, figure in zip(cycle(st.columns(3)), found, strict=False):
                column.metric(figure.label, figure.value, chart_data=list(figure.months) or None)
        else:
            st.markdown(content, unsafe_allow_html=more == "html")
