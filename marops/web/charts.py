"""Charts on a page: a domain's `Chart` drawn once, kept, and shown in the colours of the reader's theme.

Figures are drawn in the light palette. Streamlit's front end replaces placeholder colours by the theme's categorical
colours, in the browser and again whenever the theme is switched; .streamlit/config.toml lists our palette's roles there.
So one figure serves both themes, and a switch costs the server nothing.
"""

from collections.abc import Callable, Hashable
from threading import Lock

import plotly.graph_objects as go
import plotly.io as pio
import streamlit as st
from cachetools import LRUCache
from streamlit.elements.lib import streamlit_plotly_theme as placeholders

from marops import theme
from marops.chart import Chart
from marops.language import Reader, text
from marops.web.clicks import done, fresh
from marops.web.markup import html
from marops.web.session import reader, say
from marops.web.tables import table

_CONFIG = {"displayModeBar": False, "scrollZoom": False, "displaylogo": False}
_PLACEHOLDERS = [getattr(placeholders, f"CATEGORY_{index}") for index in range(len(theme.ROLES))]
_drawn: LRUCache[Hashable, tuple[object, Chart]] = LRUCache(maxsize=256)
_drawing = Lock()


def drawn(draw: Callable[..., Chart], source: object, *rest: object) -> Chart:
    """The chart that `draw(source, *rest, reader)` makes, kept for as long as `source` (a cached result) is the same."""
    r = reader()
    key = (draw.__module__, draw.__qualname__, id(source), *map(repr, rest), str(r.locale))
    with _drawing:
        found = _drawn.get(key)
    # The source is kept beside the chart, so that its id cannot be given to another object meanwhile.
    if found is None or found[0] is not source:
        found = (source, themed(_call(draw, source, rest, r)))
        with _drawing:
            _drawn[key] = found
    return found[1]


def _call(draw: Callable[..., Chart], source: object, rest: tuple[object, ...], r: Reader) -> Chart:
    return draw(source, *rest, r)


def themed(made: Chart) -> Chart:
    """A chart whose colours are the placeholders that the reader's theme fills in."""
    r = reader()
    drawing = str(made.figure.to_json())
    for role, placeholder in zip(theme.ROLES, _PLACEHOLDERS, strict=True):
        drawing = drawing.replace(role.light, placeholder)
    figure = go.Figure(pio.from_json(drawing, skip_invalid=True))
    # Plotly writes axis numbers itself, in the marks it is given.
    figure.update_layout(separators=r.decimal_mark + r.group_mark)
    return Chart(figure, made.title, made.unit, made.alt, made.table)


@st.fragment
def show(made: Chart, *, key: str, picks: Callable[[str], None] | None = None) -> None:
    """A chart with its title, unit and words, and its numbers behind a button. `picks` is called with the last of a point's data
    (an item's id) whenever somebody clicks on it, and the page is drawn anew. Where there are no numbers, its title says so alone.
    """
    with st.container(key=f"chart_{key}", gap="xsmall"):
        # Axes without anything on them would count nothing.
        unit = "" if made.table.is_empty() else say(made.unit)
        st.markdown(html("chart.html", title=say(made.title), unit=unit), unsafe_allow_html=True)
        if made.table.is_empty():
            return
        if picks is None:
            st.plotly_chart(made.figure, key=f"plot_{key}", config=_CONFIG, alt=say(made.alt))
        else:
            _clickable(made, key, picks)
        opened = st.expander(say(text("Numbers")), key=f"numbers_{key}", on_change="rerun", type="compact")
        if opened.open:
            with opened:
                table(made.table, key=f"table_{key}", alt=say(made.alt), name=key)


def _clickable(made: Chart, key: str, picks: Callable[[str], None]) -> None:
    # Plotly hears no clicks on a figure of which nothing can be moved; a double click moves it back.
    figure = go.Figure(made.figure).update_xaxes(fixedrange=False)
    event = st.plotly_chart(
        figure, key=fresh(f"plot_{key}"), config=_CONFIG, alt=say(made.alt), on_select="rerun", selection_mode="points"
    )
    points = event["selection"]["points"]
    if points:
        done(f"plot_{key}")
        picks(str(points[0]["customdata"][-1]))
        st.rerun()
