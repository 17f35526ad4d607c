"""How far the child is with a file: written by it into the job's folder, read by whoever waits.

Rows are counted where they pass through the reader, so the figure is what has really been read. Where a reader says
nothing until it is done (a sheet of a spreadsheet), the time it will take is estimated from its size, and said to be so.
"""

import json
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from pydantic import BaseModel, ValidationError

from marops.tables import ROW

_FILE = "progress.json"
_FIRST_AFTER = 0.4
_EVERY = 0.2
_SETTLED = 0.03
_CHECKS = 0.15
"""Share of the whole that checking and adding up takes once all rows have been read."""


class Seen(BaseModel):
    """What the child has read: the last row, of how many (where known), the share of its work that is done, and how many
    seconds the rest will take at the speed so far.

    `seconds` instead of rows where it can only say how long the whole will take by its size.
    """

    rows: int = 0
    total: int | None = None
    share: float | None = None
    left: float | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a file is. `rows` of `total` where they are counted; `share` and `left` (in seconds) where they are known,
    `estimated` where only from the file's size.
    """

    name: str
    elapsed: float
    rows: int | None = None
    total: int | None = None
    share: float | None = None
    left: float | None = None
    estimated: bool = False


@dataclass
class _Meter:
    """The job in hand. A process reads one file at a time."""

    folder: Path | None = None
    started: float = 0.0
    written: float = 0.0
    passing: float = 0.0
    """When the rows began to pass."""
    begins: float = math.inf
    row: int = 0
    total: Callable[[], int | None] = lambda: None
    span: tuple[float, float] = (0.0, 1.0)


_meter = _Meter()
_writing = threading.Lock()


def begin(folder: Path) -> None:
    """A new job begins, whose folder this is."""
    _meter.folder, _meter.started, _meter.written = folder, time.monotonic(), 0.0


def expect(total: Callable[[], int | None], *, first: float = 0.0, last: float = 1 - _CHECKS) -> None:
    """Rows begin to pass, of a total that may be known only later; they are this part of the whole work."""
    _meter.total, _meter.span = total, (first, last)
    _meter.begins, _meter.passing, _meter.row = math.inf, time.monotonic(), 0


def reached(row: int) -> None:
    """This row has been read. Cheap, and silent in the first moments: most files are done before anybody looks."""
    now = time.monotonic()
    row = _meter.row = max(row, _meter.row)  # rows pass in several threads, not quite in order
    if now - _meter.started < _FIRST_AFTER or now - _meter.written < _EVERY:
        return
    total = _meter.total()
    if not total:
        _write(Seen(rows=row))
        return
    (first, last), read = _meter.span, min(1.0, row / total)
    share = first + (last - first) * read
    # The very first rows say little about the speed of all.
    left = (1 - share) * (now - _meter.passing) / ((last - first) * read) if read > _SETTLED else None
    _write(Seen(rows=min(row, total), total=total, share=share, left=left))


def counted(frame: pl.LazyFrame) -> pl.LazyFrame:
    """The frame, which says as its rows pass how far it has come. Its row numbers must rise."""
    return frame.with_columns(pl.col(ROW).map_batches(_pass, return_dtype=pl.Int64, is_elementwise=True))


def takes_about(seconds: float) -> None:
    """What follows says nothing until it is done, and takes about so long."""
    if seconds > _FIRST_AFTER:
        _write(Seen(seconds=time.monotonic() - _meter.started + seconds))


def forget(folder: Path) -> None:
    """Nothing is known of a file that is to be read once more."""
    (folder / _FILE).unlink(missing_ok=True)


def seen(folder: Path) -> Seen | None:
    """What the child wrote last; None where it has written nothing yet."""
    try:
        return Seen.model_validate_json((folder / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValidationError):
        return None


def _pass(rows: pl.Series) -> pl.Series:
    if rows.len():
        first = int(rows[0])
        if first <= _meter.begins:  # the beginning of the file, for the first time or once more
            _meter.begins, _meter.passing, _meter.row = first, time.monotonic(), 0
        reached(int(rows[-1]))
    return rows


def _write(found: Seen) -> None:
    """Put this where the parent looks. Rows pass in several threads: one that finds another at it says nothing, and no
    file fails for want of room to say how far it is.
    """
    if _meter.folder is None or not _writing.acquire(blocking=False):
        return
    try:
        _meter.written = time.monotonic()
        new = _meter.folder / f"{_FILE}.new"
        new.write_text(json.dumps(found.model_dump()), encoding="utf-8")
        new.replace(_meter.folder / _FILE)
    except OSError:
        pass
    finally:
        _writing.release()
