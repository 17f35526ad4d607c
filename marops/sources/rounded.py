"""Ids that a spreadsheet has rounded: "1.20331E+17" stands for many ids, and nobody can tell which row has which."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from marops.sources.cells import Layout
from marops.sources.report import Note
from marops.tables import ROW, Type

_ROUNDED = r"^\d(?:[.,]\d+)?[eE]\+\d{1,3}$"


def notes(layout: Layout, staged: Path) -> Iterator[Note]:
    """A note for each column that tells rows apart and has such cells, with the first. `staged`: the Parquet file of rows."""
    rows = pl.scan_parquet(staged)
    present = rows.collect_schema().names()
    for name in layout.table.key:
        if name in layout.mapping.columns and name in present and layout.type_of(name) is Type.TEXT:
            found = rows.filter(pl.col(name).str.contains(_ROUNDED)).select(ROW, name).collect(engine="streaming")
            if found.height:
                row, cell = found.sort(ROW).row(0)
                values: dict[str, str | int] = {"column": layout.header_of(name), "value": cell, "row": row, "n": found.height}
                yield Note(code="rounded_ids", values=values)
