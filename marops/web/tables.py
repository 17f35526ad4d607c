"""Tables on a page, and their download: text cells that a spreadsheet would run as a formula stay text."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl
import streamlit as st

from marops.language import text
from marops.web.clicks import done, fresh
from marops.web.session import say

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def safe_cell(cell: str) -> str:
    """A text cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def safe_csv(frame: pl.DataFrame) -> bytes:
    """A frame as CSV (UTF-8 with a byte-order mark, for spreadsheets); numbers stay numbers."""
    made = frame.with_columns(pl.col(pl.String).map_elements(safe_cell, return_dtype=pl.String, skip_nulls=True))
    return b"\xef\xbb\xbf" + made.write_csv(datetime_format="%Y-%m-%dT%H:%M:%SZ").encode()


@dataclass(frozen=True)
class Opens:
    """That rows of a table open something: `each` (an item's id), in the order of the rows, by a click on its cell in `column` or
    by choosing the row; `open` makes the address ask for it.
    """

    column: str
    each: list[str]
    open: Callable[[str], None]


def table(frame: pl.DataFrame, *, key: str, alt: str, name: str, shown: int | None = None, opens: Opens | None = None) -> None:
    """A frame as a table, numbers and dates as the reader's browser writes them, with a download. Of a long one, the first
    `shown` rows, which is said; the download has all.
    """
    first = frame if shown is None else frame.head(shown)
    if opens is None:
        st.dataframe(first, key=key, alt=alt, hide_index=True, column_config=_columns(frame), placeholder="")
    else:
        _opening(first, opens, key, alt)
    if first.height < frame.height:
        said = text("The first {n} of {all} rows are shown; the file to download has all.", n=first.height, all=frame.height)
        st.caption(say(said))
    content = safe_csv(frame)
    # Streamlit tells files apart by length and samples; the digest in the name tells them apart for certain.
    digest = hashlib.sha256(content).hexdigest()[:12]
    st.download_button(
        say(text("Download CSV")), content, file_name=f"marops-{name}-{digest}.csv", mime="text/csv", key=f"download_{key}",
        icon=":material/download:", type="tertiary", on_click="ignore",
    )  # fmt: skip


def _opening(frame: pl.DataFrame, opens: Opens, key: str, alt: str) -> None:
    # A cell that is a button hears the mouse alone; rows are chosen by keyboards.
    chosen, clicked = fresh(key), f"open_{key}"

    def by_row() -> None:
        rows = st.session_state[chosen]["selection"]["rows"]
        if rows:
            done(key)
            opens.open(opens.each[rows[0]])

    button = st.column_config.ButtonColumn(
        type="tertiary", alignment="left", key=clicked, help=say(text("A click opens it. By keyboard: Shift and Space.")),
        on_click=lambda: opens.open(opens.each[st.session_state[clicked]["row"]]),
    )  # fmt: skip
    st.dataframe(
        frame, key=chosen, alt=alt, hide_index=True, column_config={**_columns(frame), opens.column: button}, placeholder="",
        on_select=by_row, selection_mode="single-row",
    )  # fmt: skip


def _columns(frame: pl.DataFrame) -> dict[str, Any]:
    """How each column is written: by its type."""
    made: dict[str, Any] = {}
    for column, dtype in frame.schema.items():
        if dtype == pl.Date:
            made[column] = st.column_config.DateColumn(format="ll")
        elif dtype.is_temporal():
            made[column] = st.column_config.DatetimeColumn(format="lll")
        elif dtype.is_numeric():
            made[column] = st.column_config.NumberColumn(format="localized")
    return made
