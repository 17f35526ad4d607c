"""Rows on their way from a database into a Parquet file: a batch at a time, everything as text, within limits.

Text, because the import reads every file that way and casts by the table's contract. Numbers and dates are written so
that they can be read in one way only: decimal point, never exactly three decimals (1.250 could be a thousand), ISO dates.
"""

import json
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pa_parquet

from marops.sources.digits import unmistakable

BATCH_ROWS = 10_000
_FIRST_ROWS = 100
_BATCH_BYTES = 32 << 20
MAX_ROWS = 20_000_000
MAX_BYTES = 4 << 30
SECONDS = 300
"""How long a database may take over one statement."""


class TooMuch(Exception):
    """The result is larger than what is fetched at once."""


class Binary(Exception):
    """A column holds bytes, which cannot be a cell; its name is the argument."""


class Repeated(Exception):
    """Two columns have one name, which is the argument."""


class Writer:
    """A Parquet file of text columns. Use as a context; `rows` counts what was written."""

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        for name in names:
            if names.count(name) > 1:
                raise Repeated(name)
        self.rows = 0
        self._names = list(names)
        self._schema = pa.schema([(name, pa.string()) for name in names])
        self._bytes = 0
        self._file = pa_parquet.ParquetWriter(path, self._schema, compression="zstd")

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        """Append rows of Python values. Raises TooMuch, Binary."""
        columns = [
            [_text(value, name) for value in column] for name, column in zip(self._names, zip(*rows, strict=True), strict=True)
        ]
        self._bytes += sum(len(cell) for column in columns for cell in column if cell is not None)
        self.rows += len(rows)
        if self.rows > MAX_ROWS or self._bytes > MAX_BYTES:
            raise TooMuch
        self._file.write_table(pa.table([pa.array(column, pa.string()) for column in columns], schema=self._schema))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()


def write_all(to: Path, names: Sequence[str], batch: Callable[[], Sequence[Sequence[Any]]]) -> int:
    """Write the batches, up to an empty one, into a Parquet file. Returns how many rows. Raises TooMuch, Binary, Repeated."""
    with Writer(to, names) as file:
        while rows := batch():
            file.write(rows)
    return file.rows


def rows_by_size(fetch: Callable[[int], Sequence[Sequence[Any]]]) -> Callable[[], Sequence[Sequence[Any]]]:
    """Batches of a cursor's `fetchmany` that stay small in memory, whatever a row holds: few rows first, more where they are
    small. A server's driver runs beside everything else, without a limit of memory of its own.
    """
    count = _FIRST_ROWS

    def batch() -> Sequence[Sequence[Any]]:
        nonlocal count
        rows = fetch(count)
        size = sum(len(cell) for row in rows for cell in row if isinstance(cell, str | bytes | bytearray | memoryview))
        fitting = count * 4 if not size else count * _BATCH_BYTES // size
        count = max(1, min(fitting, count * 4, BATCH_ROWS))
        return rows

    return batch


@contextmanager
def deadline(cut: Callable[[], None]) -> Generator[None]:
    """Call `cut` where this takes twice as long as a statement may: a server that does not answer does not stop itself."""
    watch = threading.Timer(SECONDS * 2, cut)
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()


def _text(value: Any, column: str) -> str | None:
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | UUID():
            return str(value)
        case float() | Decimal():
            return number(value)
        case datetime():
            return (value.astimezone(UTC) if value.tzinfo else value).isoformat()
        case date() | time():
            return value.isoformat()
        case timedelta():
            return str(value)
        case bytes() | bytearray() | memoryview():
            raise Binary(column)
        case _:
            return json.dumps(value, ensure_ascii=False, default=str)


def number(value: float | Decimal) -> str:
    """A number that can be read in one way only."""
    exact = value if isinstance(value, Decimal) else Decimal(repr(value))
    if not exact.is_finite():
        return str(exact)  # the table's contract refuses it, with its row
    return unmistakable(format(exact, "f"))
