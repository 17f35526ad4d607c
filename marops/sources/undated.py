"""Columns of dates of which no cell can be read: what stands in the first says more than thousands of refused rows."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from marops.sources.casting import Casting
from marops.sources.cells import Layout
from marops.sources.report import Note
from marops.tables import ROW, Type


def notes(layout: Layout, decided: Casting, others: pl.DataFrame, staged: Path) -> Iterator[Note]:
    """A note for each column of dates that has filled cells and none that can be read. `others`: the rows of `casting.judged` that
    are no data or cannot be read; `staged`: the Parquet file of all others.
    """
    unread = others.filter(pl.col("__why").is_null() & pl.col("__unread"))
    rows = pl.scan_parquet(staged)
    for name, is_filled in decided.filled.items() if unread.height else ():
        failed = unread.filter(pl.col(f"={name}").is_null() & is_filled)
        if not failed.height or layout.type_of(name) not in (Type.DATE, Type.TIMESTAMP) or others[f"={name}"].count():
            continue
        read = pl.col(name).count() if name in rows.collect_schema().names() else pl.len()
        if not rows.select(read).collect(engine="streaming").item():
            row, cell = failed.sort(ROW).select(ROW, name).row(0)
            yield Note(code="no_date", values={"column": layout.header_of(name), "value": str(cell)[:80], "row": int(row)})
