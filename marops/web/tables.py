"""Tables on a page, and their download: text cells that a spreadsheet would run as a formula stay text."""

import hashlib
from typing import Any

import polars as pl
import streamlit as st

from marops.language import text
from marops.web.session import say

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def safe_cell(cell: str) -> str:
    """A text cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def safe_csv(frame: pl.DataFrame) -> bytes:
    """A frame as CSV (UTF-8 with a byte-order mark, for spreadsheets); numbers stay numbers."""
    made = frame.with_columns(pl.col(pl.String).map_elements(safe_cell, return_dtype=pl.String, skip_nulls=True))
    return b"\xef\xbb\xbf" + made.write_csv(datetime_format="%Y-%m-%dT%H:%M:%SZ").encode()


def table(frame: pl.DataFrame, *, key: str, alt: str, name: str, shown: int | None = None) -> None:
    """A frame as a table, numbers and dates as the reader's browser writes them, with a download. Of a long one, the first
    `shown` rows; the download has all.
    """
    st.dataframe(
        frame if shown is None else frame.head(shown),
        key=key,
        alt=alt,
        hide_index=True,
        column_config=_columns(frame),
        placeholder="",
    )
    content = safe_csv(frame)
    # Streamlit tells files apart by length and samples; the digest in the name tells them apart for certain.
    digest = hashlib.sha256(content).hexdigest()[:12]
    st.download_button(
        say(text("Download CSV")), content, file_name=f"marops-{name}-{digest}.csv", mime="text/csv", key=f"download_{key}",
        icon=":material/download:", type="tertiary", on_click="ignore",
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
