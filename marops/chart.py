"""A figure with everything it needs to be read: a title that says what to see, units, words for it, and its numbers.

Domains' `figures` return a `Chart`; pages and decks show the same one.
"""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import plotly.graph_objects as go
import polars as pl

from marops import theme
from marops.language import Text


@dataclass(frozen=True)
class Chart:
    """`title` is the sentence to take away, `unit` what the axes count, `alt` the chart in words for those who cannot
    see it, `table` the numbers behind it with readable headers.
    """

    figure: go.Figure
    title: Text
    unit: Text
    alt: Text
    table: pl.DataFrame


def escaped(given: str) -> str:
    """A name out of somebody's data, for labels: Plotly would read tags in it as formatting and links."""
    return html.escape(given, quote=False)


_LABEL = 40
"""Characters of a name on an axis: longer ones would leave no room for what is drawn."""


def cut(name: str, most: int = _LABEL) -> str:
    """A name as an axis has it, not yet `escaped`: cut where it is long. Whole it is in what points say, and in the table."""
    return name if len(name) <= most else f"{name[: most - 1]}…"


def along_calendar(figure: go.Figure, names: Sequence[str], today: date) -> None:
    """Rows by their names, the first on top, along the calendar, with a line for today. A year stands below its first day."""
    figure.add_vline(x=today.isoformat(), line={"color": theme.MUTED.light, "width": 1, "dash": "dot"})
    figure.update_xaxes(showgrid=True, type="date", tickformat="%b %-d\n%Y", tickangle=0)
    figure.update_yaxes(
        autorange="reversed", rangemode="normal", showgrid=False, tickmode="array", tickvals=list(range(len(names))),
        ticktext=[escaped(cut(name)) for name in names],
    )  # fmt: skip


def stretch(figure: go.Figure, days: Sequence[date | None], row: int, colour: str, width: int) -> None:
    """A bar on a row from one day to another; nothing where one of them is not known."""
    if None not in days:
        figure.add_trace(go.Scatter(x=days, y=[row, row], mode="lines", line={"color": colour, "width": width}, hoverinfo="skip"))


def base(height: int = 280) -> go.Figure:
    """An empty figure with the house's layout: no frame, light horizontal grid, labels that do not collide."""
    figure = go.Figure()
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 12, "t": 12, "b": 8},
        showlegend=False,
        hovermode="closest",
        font={"family": theme.FONT, "size": 13},
        bargap=0.35,
        dragmode=False,
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0, "title": None},
    )
    figure.update_xaxes(showgrid=False, zeroline=False, automargin=True, title=None, fixedrange=True)
    figure.update_yaxes(zeroline=False, automargin=True, title=None, fixedrange=True, rangemode="tozero")
    return figure
