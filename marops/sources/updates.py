"""Logs with one row an update: of the rows about one thing, only the last says how it stands."""

import polars as pl

from marops.sources import formats, moments
from marops.tables import ROW


def superseded(frame: pl.LazyFrame, key: int, updated: int, order: str | None) -> pl.DataFrame:
    """The rows (number and key) that a later update of the same key replaces, by the moment in column `updated`; where that
    is not a moment throughout, by their order in the file. `order`: "dmy" or "mdy", where known.
    """
    cells = frame.select(ROW, pl.col(f"c{key}").alias("key"), pl.col(f"c{updated}").alias("at")).collect()
    cells = cells.filter(~formats.is_missing(pl.col("key")))
    shown = cells.filter(~formats.is_missing(pl.col("at")))["at"].unique(maintain_order=True)
    fitting = moments.date_formats(shown.head(1_000).to_list(), order)
    moment = moments.moment(pl.col("at"), fitting[0]) if fitting else pl.lit(None)
    last = cells.sort(moment, ROW, nulls_last=False).group_by("key").agg(pl.col(ROW).last())
    return cells.join(last, on=ROW, how="anti").select(ROW, "key").sort(ROW)
