"""Tables on a page, and their download: text cells that a spreadsheet would run as a formula stay text."""

import hashlib

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


def table(frame: pl.DataFrame, *, key: str, alt: str, name: str) -> None:
    """A frame as a table with a download."""
    st.dataframe(frame, key=key, alt=alt, hide_index=True)
    content = safe_csv(frame)
    # Streamlit tells files apart by length and samples; the digest in the name tells them apart for certain.
    digest = hashlib.sha256(content).hexdigest()[:12]
    st.download_button(
        say(text("Download CSV")), content, file_name=f"marops-{name}-{digest}.csv", mime="text/csv", key=f"download_{key}",
        icon=":material/download:", type="tertiary", on_click="ignore",
    )  # fmt: skip
