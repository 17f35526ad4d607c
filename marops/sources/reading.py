"""Files as tables of text: every cell a string, every row with its number in the file.

Nothing is interpreted here. Text files below SMALL go through Arrow's reader, which reports rows of the wrong width
with their numbers. Larger ones go through polars' faster streaming reader, which fills short rows silently; they carry
a `Doubt`, and where it is not dispelled the file is read with Arrow after all.
"""

import csv
import io
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet

from marops.sources import progress
from marops.sources.dialects import DELIMITERS, Dialect, find_dialect, records
from marops.sources.encodings import SAMPLE_BYTES, encoding_of
from marops.sources.guard import Unreadable
from marops.tables import ROW

SMALL = 32 << 20
"""Bytes up to which a text file is read exactly and in memory."""

MAX_COLUMNS = 2_000
_BLOCK = 8 << 20
"""Bytes that Arrow looks at together, so that no row of a large file may be longer."""

_ENDS_AS_TOTAL = re.compile(r"(?i)[,;\t|]\s*\"?(?:grand )?totals?\"?\s*$")


@dataclass(frozen=True, slots=True)
class WrongWidth:
    """A row whose number of cells is not the header's."""

    row: int
    expected: int
    found: int
    text: str

    @property
    def why(self) -> str:
        """What it is instead of a row: a total that says so in a cell of its own to the right of the table; a note, a line of
        prose beside it; or a row whose cells were set apart in another way ("wrong_width").
        """
        if self.found == self.expected + 1 and _ENDS_AS_TOTAL.search(self.text):
            return "total"
        marks = max(self.text.count(delimiter) for delimiter in DELIMITERS)
        return "note" if self.found <= 1 and marks < max(1, (self.expected - 1) // 2) else "wrong_width"


@dataclass(frozen=True, slots=True)
class TextFile:
    """What was found out about a text file before its rows are read."""

    path: Path
    encoding: str
    dialect: Dialect
    head: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    """Physical lines that precede each record of `head`; where rows follow that are in no sample, also those that precede them."""
    certain: bool
    has_line_feeds: bool


@dataclass(frozen=True, slots=True)
class RawTable:
    """Cells below a header row, as text: columns c0, c1, ... and `source_row_number` (1 = first line of the file)."""

    name: str
    headers: tuple[str, ...]
    header_row: int
    preamble: tuple[tuple[str, ...], ...]
    frame: pl.LazyFrame
    wrong_width: tuple[WrongWidth, ...] = ()
    doubt: "Doubt | None" = None
    is_small: bool = False
    """Whether its cells are in memory already, so that all rows can be looked at together."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """What must turn out true of rows read the quick way; otherwise they are read `exactly`.

    `uneven` marks rows that may have had too many or too few cells; `lines` counts the lines the rows must fill.
    """

    uneven: pl.Expr
    lines: Callable[[], int]
    exactly: Callable[[], RawTable]

    def is_confirmed_by(self, rows: int, *, any_uneven: bool) -> bool:
        """Whether the rows that came out are the rows of the file: even, and one a line."""
        return not any_uneven and rows - self.lines() in (0, 1)


def open_text(path: Path, name: str) -> TextFile:
    """Encoding, dialect and the first records of a text file. Raises Unreadable."""
    encoding, certain = encoding_of(path, name)
    sample, complete = _sample(path, encoding)
    if "\x00" in sample:
        raise Unreadable("binary_file", name=name)
    if not sample.strip():
        raise Unreadable("blank_file", name=name)
    dialect = find_dialect(sample, complete=complete, any_dialect=path.stat().st_size <= SMALL)
    head, lines = _records(sample, dialect, complete=complete)
    return TextFile(path, encoding, dialect, head, lines, certain, "\n" in sample)


def read_text(file: TextFile, header: int, folder: Path) -> RawTable:
    """The rows below the record at index `header`. `folder` takes a temporary copy where one is needed.

    Raises Unreadable for text that is not in the encoding, or a quote that is never closed.
    """
    headers = tuple(cell.strip() for cell in file.head[header])
    if len(headers) > MAX_COLUMNS:
        raise Unreadable("too_many_columns", columns=len(headers), limit=MAX_COLUMNS)
    width = len(file.head[header])
    first_row = header + 2
    if header + 1 >= len(file.lines):
        empty = pl.LazyFrame(schema={ROW: pl.Int64(), **dict.fromkeys(column_names(len(headers)), pl.String())})
        return RawTable("", headers, header + 1, file.head[:header], empty)
    skip = file.lines[header + 1]

    def exactly() -> RawTable:
        target = folder / "cells.parquet" if large else None
        if large:
            counting = ThreadPoolExecutor(1).submit(line_feeds, file.path)
            progress.expect(lambda: counting.result() if counting.done() else None, last=0.5)
        frame, wrong = _read_exactly(file, skip, width, first_row, target)
        cells = frame.select(ROW, *column_names(len(headers)))
        return RawTable("", headers, header + 1, file.head[:header], cells, wrong, is_small=target is None)

    large = file.path.stat().st_size > SMALL
    least = len(trimmed(headers))
    is_ragged = not large and any(_is_ragged(record, least, width) for record in file.head[header + 1 :])
    if not file.dialect.is_common or is_ragged:
        frame, wrong = _read_uncommon(file, header, width, least if is_ragged else width)
        return RawTable("", headers, header + 1, file.head[:header], frame, wrong, is_small=True)
    if large and file.encoding == "utf-8" and file.has_line_feeds:
        lines = ThreadPoolExecutor(1).submit(line_feeds, file.path)
        progress.expect(lambda: lines.result() if lines.done() else None)
        names = column_names(width + 1)
        frame = _scan(file, skip, names, first_row)
        # A row with a cell too many spills into the extra column; a short one leaves the last column empty.
        uneven = (pl.col(names[-1]) != "") | (pl.col(names[-2]) == "")
        doubt = Doubt(uneven, lambda: lines.result() - skip, exactly)
        return RawTable("", headers, header + 1, file.head[:header], frame, doubt=doubt)
    return exactly()


def _is_ragged(record: Sequence[str], least: int, width: int) -> bool:
    """Whether a row ends before the columns without a name at the header's end, or in empty cells beyond them."""
    return any(record) and (least <= len(record) < width or (len(record) > width and not any(record[width:])))


def column_names(count: int) -> list[str]:
    """What the cells of a row are called: c0, c1, ..."""
    return [f"c{index}" for index in range(count)]


def trimmed(record: Sequence[str]) -> tuple[str, ...]:
    """A header record without the empty cells a trailing delimiter leaves."""
    cells = [cell.strip() for cell in record]
    while cells and not cells[-1]:
        cells.pop()
    return tuple(cells)


def line_feeds(path: Path) -> int:
    """How many lines a file has."""
    with path.open("rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(_BLOCK), b""))


def _sample(path: Path, encoding: str) -> tuple[str, bool]:
    """The beginning of the text, and whether that is all of it."""
    with path.open("rb") as raw:
        data = raw.read(SAMPLE_BYTES)
        complete = len(data) < SAMPLE_BYTES
    # The sample may end inside a character; bytes that are wrong elsewhere stop the reader later.
    return data.decode(encoding, errors="ignore").lstrip("\ufeff"), complete


def _records(sample: str, dialect: Dialect, *, complete: bool) -> tuple[tuple[tuple[str, ...], ...], tuple[int, ...]]:
    head: list[tuple[str, ...]] = []
    lines: list[int] = []
    for record, before in records(sample, dialect, complete=complete):
        head.append(tuple(record))
        lines.append(before)
        if len(head) == 400:
            break
    else:
        if not complete and (ends := max(sample.rfind("\n"), sample.rfind("\r")) + 1):
            lines.append(len(list(io.StringIO(sample[:ends], newline=""))))
    return tuple(head), tuple(lines)


def _read_uncommon(file: TextFile, header: int, width: int, least: int) -> tuple[pl.LazyFrame, tuple[WrongWidth, ...]]:
    """The rows of a small file in a dialect that neither Arrow nor polars reads, or whose rows end before the columns without a
    name at the header's end, after `least` cells, or in empty cells beyond it.
    """
    try:
        text = file.path.read_bytes().decode(file.encoding)
    except UnicodeDecodeError as broken:
        raise _mixed_encoding(file, header + 2) from broken
    try:
        found = list(records(text.lstrip("\ufeff"), file.dialect, complete=True, strict=True))
    except csv.Error as broken:
        raise Unreadable("broken_text", detail=str(broken)[:200]) from broken
    rows: list[tuple[int, *tuple[str, ...]]] = []
    wrong: list[WrongWidth] = []
    for index, (record, _) in enumerate(found):
        if index <= header:
            continue
        if _is_ragged(record, least, width):
            record = [*record[:width], *[""] * (width - len(record))]  # noqa: PLW2901  (the row as the header has it)
        if record and len(record) != width:
            wrong.append(WrongWidth(index + 1, width, len(record), file.dialect.delimiter.join(record)[:500]))
            continue
        rows.append((index + 1, *(record or [""] * width)))
    names = column_names(width)
    frame = pl.DataFrame(rows, schema={ROW: pl.Int64(), **dict.fromkeys(names, pl.String())}, orient="row")
    _check_quotes(frame, names, file.dialect.delimiter, width)
    return frame.lazy(), tuple(wrong)


def _scan(file: TextFile, skip: int, names: Sequence[str], first_row: int) -> pl.LazyFrame:
    rows = pl.scan_csv(
        file.path,
        has_header=False,
        skip_lines=skip,
        separator=file.dialect.delimiter,
        schema=dict.fromkeys(names, pl.String()),
        missing_columns="insert",
        empty_string_is_null=False,
        row_index_name=ROW,
        row_index_offset=first_row,
    ).with_columns(pl.col(ROW).cast(pl.Int64))
    return progress.counted(rows)


def _read_exactly(
    file: TextFile, skip: int, width: int, first_row: int, target: Path | None
) -> tuple[pl.LazyFrame, tuple[WrongWidth, ...]]:
    """The rows through Arrow's reader: in memory, or by way of a Parquet file where `target` is given."""
    wrong: list[WrongWidth] = []
    unclosed: list[int] = []

    def note(row: Any) -> str:
        if "\n" in row.text and (row.text.count('"') % 2 or _holds_rows(row.text, file.dialect.delimiter, width)):
            unclosed.append(row.number)
        wrong.append(WrongWidth(row.number, row.expected_columns, row.actual_columns, row.text[:500]))
        return "skip"

    names = column_names(width)
    # A small file is one block, also where another encoding of its text is longer.
    block = _BLOCK if target else 2 * SMALL
    frames: list[pl.DataFrame] = []
    writer: pa_parquet.ParquetWriter | None = None
    taken = 0
    try:
        reader = pa_csv.open_csv(
            file.path,
            read_options=pa_csv.ReadOptions(
                column_names=names, skip_rows=skip, encoding=file.encoding, use_threads=False, block_size=block
            ),
            parse_options=pa_csv.ParseOptions(
                delimiter=file.dialect.delimiter, invalid_row_handler=note, newlines_in_values=True, ignore_empty_lines=False
            ),
            convert_options=pa_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
        )
        for batch in reader:
            frame = pl.DataFrame(pl.from_arrow(batch))
            frame = frame.with_columns(_row_numbers(taken, frame.height, first_row, skip, wrong))
            taken += frame.height
            _check_quotes(frame, names, file.dialect.delimiter, width)
            if target is None:
                frames.append(frame)
                continue
            table = frame.to_arrow()
            writer = writer or pa_parquet.ParquetWriter(target, table.schema)
            writer.write_table(table)
            progress.reached(first_row + taken)
    except UnicodeDecodeError as broken:  # Arrow lets Python decode everything but UTF-8
        raise _mixed_encoding(file, first_row + taken) from broken
    except pa.ArrowInvalid as broken:
        if "invalid UTF8" in str(broken) and file.encoding == "utf-8":
            raise _mixed_encoding(file, first_row + taken) from broken
        if "straddl" in str(broken):
            raise Unreadable("long_row", row=first_row + taken, limit=block >> 20) from broken
        raise Unreadable("broken_text", detail=str(broken)[:200]) from broken
    finally:
        if writer:
            writer.close()
    # Arrow counts physical rows; ours are counted from the file's first record.
    if unclosed:
        raise Unreadable("open_quote", row=unclosed[0] - skip + first_row - 1)
    shifted = tuple(WrongWidth(w.row - skip + first_row - 1, w.expected, w.found, w.text) for w in wrong)
    if writer and target:
        rows = first_row + taken
        progress.expect(lambda: rows, first=0.5)
        return progress.counted(pl.scan_parquet(target)), shifted
    empty = pl.DataFrame(schema={**dict.fromkeys(names, pl.String()), ROW: pl.Int64()})
    return pl.concat([empty, *frames]).lazy(), shifted


def _mixed_encoding(file: TextFile, row: int) -> Unreadable:
    return Unreadable("mixed_encoding", row=row, encoding=file.encoding.removesuffix("-sig").upper())


def _row_numbers(taken: int, height: int, first_row: int, skip: int, wrong: Sequence[WrongWidth]) -> pl.Series:
    """Numbers of `height` rows after the first `taken` good ones, leaving out the numbers of rows of wrong width."""
    index = np.arange(taken, taken + height)
    gaps = np.array([w.row - skip - 1 - position for position, w in enumerate(wrong)], dtype=np.int64)
    return pl.Series(ROW, index + first_row + np.searchsorted(gaps, index, side="right"), dtype=pl.Int64)


def _check_quotes(frame: pl.DataFrame, names: Sequence[str], delimiter: str, width: int) -> None:
    """Raise Unreadable where one cell holds what look like whole rows: a quote opened and never closed."""
    if width < 2:
        return
    for name in names:
        for row, cell in frame.filter(pl.col(name).str.contains("\n", literal=True)).select(ROW, name).iter_rows():
            if _holds_rows(str(cell), delimiter, width):
                raise Unreadable("open_quote", row=int(row))


def _holds_rows(cell: str, delimiter: str, width: int) -> bool:
    lines = cell.rstrip().split("\n")[1:]
    # One comma in one line below may well be somebody's sentence.
    least = 0 if width > 3 else 1
    return sum(line.count(delimiter) == width - 1 for line in lines) > max(least, len(lines) / 2)
