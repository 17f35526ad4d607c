"""Writing what polars scans into the file of text, as every source is written. Runs in the limited child only."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from marops.connections.kinds import Query
from marops.connections.reaching import Unreadable
from marops.connections.writing import BATCH_ROWS, write_all


@contextmanager
def said() -> Generator[None]:
    """What polars cannot read is Unreadable, in its words."""
    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as failed:
        raise Unreadable(str(failed)) from failed


def write_frame(frame: pl.LazyFrame, query: Query, to: str) -> int:
    """Write the frame's rows, from the query's day on. Returns how many. Raises Unreadable, TooMuch, Binary."""
    with said():
        names = frame.collect_schema().names()
        if query.date_column and query.from_day:
            frame = frame.filter(pl.col(query.date_column).cast(pl.String).str.slice(0, 10) >= query.from_day)
        batches = _batches(frame)
        return write_all(Path(to), names, lambda: next(batches, []))


def _batches(frame: pl.LazyFrame) -> Iterator[list[Any]]:
    for part in frame.collect_batches(chunk_size=BATCH_ROWS, maintain_order=True):
        yield part.rows()
