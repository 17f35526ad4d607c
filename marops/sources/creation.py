"""Histories whose only date is the same for all moves of each item: when it was created, say, and no moment of any move."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from marops.sources.cells import Layout
from marops.sources.reading import RawTable
from marops.sources.recognising import Match, normal
from marops.sources.report import Note

_SAMPLE = 5_000
_CREATED = "created"
_FEWEST = 2
"""Items with several moves below which one moment for all of them may be chance."""


def is_of_items(raw: RawTable, matched: Match | None) -> bool:
    """Whether what would be read as the moment of changes is when the items were created: so the column is called, and each item
    with several changes of status has one. Histories of trackers' own answers name no field, and say when each change was made.
    """
    if matched is None or not {"_field", "issue_id", "transition_at"} <= matched.columns.keys():
        return False
    if normal(raw.headers[matched.columns["transition_at"]]) != _CREATED:
        return False
    field, item, when = (pl.col(f"c{matched.columns[name]}") for name in ("_field", "issue_id", "transition_at"))
    is_status = field.str.strip_chars().str.to_lowercase().is_in(matched.shape.keep["_field"])
    shown = raw.frame.head(_SAMPLE).filter(is_status).select(item.alias("item"), when.str.strip_chars().alias("when")).collect()
    return _of_one_moment(shown) >= _FEWEST


def notes(layout: Layout, staged: Path) -> Iterator[Note]:
    """A note where each item with several moves has one moment for all of them. `staged`: the Parquet file of rows."""
    if layout.table.name != "work_item_transition" or "transition_at" not in layout.mapping.columns:
        return
    rows = pl.scan_parquet(staged).select(pl.col("issue_id").alias("item"), pl.col("transition_at").alias("when")).collect()
    items = _of_one_moment(rows)
    if items >= _FEWEST:
        yield Note(code="one_moment", values={"column": layout.header_of("transition_at"), "n": items})


def _of_one_moment(rows: pl.DataFrame) -> int:
    """How many items have several rows (`item`, `when`), where all rows of each have one moment; 0 where those of any do not."""
    several = rows.group_by("item").agg(pl.len().alias("n"), pl.col("when").n_unique().alias("moments")).filter(pl.col("n") > 1)
    return several.height if (several["moments"] == 1).all() else 0
