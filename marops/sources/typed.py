"""Spreadsheets and Parquet as tables of text: their cells have types, which are written so that they can be read in one way."""

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import fastexcel
import polars as pl
import pyarrow.parquet as pa_parquet

from marops.sources import progress
from marops.sources.digits import THOUSANDTHS
from marops.sources.guard import MAX_CELLS, Unreadable
from marops.sources.reading import MAX_COLUMNS, RawTable, column_names, trimmed
from marops.tables import ROW

_SECONDS_PER_XML_BYTE = 15e-9
"""What a spreadsheet takes as a whole for each byte of its unpacked XML, measured on two cores."""


def read_xlsx(path: Path, name: str) -> Iterator[tuple[str, list[tuple[str, ...]], pl.DataFrame]]:
    """Each sheet's name, first records and cells (columns c0, c1, ... and the row number). Raises Unreadable."""
    try:
        book = fastexcel.read_excel(path)
        names = book.sheet_names
    except Exception as broken:
        raise Unreadable("truncated_xlsx", name=name) from broken
    progress.takes_about(_SECONDS_PER_XML_BYTE * _xml_bytes(path))
    for sheet_name in names:
        try:
            sheet = book.load_sheet(sheet_name, header_row=None, dtypes="string")
        except Exception as broken:
            raise Unreadable("truncated_xlsx", name=name) from broken
        if sheet.width * sheet.total_height > MAX_CELLS or sheet.width > MAX_COLUMNS:
            raise Unreadable("too_many_cells", name=name, sheet=sheet_name, limit=MAX_CELLS)
        if sheet.width == 0 or sheet.total_height == 0:
            continue
        cells = sheet.to_polars()
        cells.columns = column_names(cells.width)
        cells = cells.fill_null("").with_row_index(ROW, 1).cast({ROW: pl.Int64})
        head = [tuple(str(cell) for cell in row[1:]) for row in cells.head(60).iter_rows()]
        yield sheet_name, head, cells


def _xml_bytes(path: Path) -> int:
    with zipfile.ZipFile(path) as archive:
        return sum(entry.file_size for entry in archive.infolist())


def table_of_sheet(sheet: str, head: Sequence[tuple[str, ...]], cells: pl.DataFrame, header: int) -> RawTable:
    """The rows of a sheet below the record at index `header`."""
    headers = trimmed(head[header])
    frame = cells.filter(pl.col(ROW) > header + 1).select(ROW, *column_names(len(headers))).lazy()
    progress.expect(lambda: cells.height, first=0.5)
    return RawTable(sheet, headers, header + 1, tuple(head[:header]), progress.counted(frame), is_small=True)


def _check_size(rows: int, columns: int, name: str) -> None:
    if rows * columns > MAX_CELLS * 50 or columns > MAX_COLUMNS:
        raise Unreadable("too_many_cells", name=name, sheet=name, limit=MAX_CELLS * 50)


def read_parquet(path: Path, name: str) -> RawTable:
    """A Parquet file's rows as text: dates and times in ISO form, numbers with a decimal point. Raises Unreadable."""
    try:
        meta = pa_parquet.ParquetFile(path).metadata
        _check_size(meta.num_rows, meta.num_columns, name)
        frame = pl.scan_parquet(path)
        schema = frame.collect_schema()
        headers = tuple(schema.names())
        cells = frame.select(
            pl.int_range(2, pl.len() + 2, dtype=pl.Int64).alias(ROW),
            *(_as_text(column, dtype).alias(f"c{index}") for index, (column, dtype) in enumerate(schema.items())),
        )
        cells.head(1).collect()
        progress.expect(lambda: meta.num_rows)
        cells = progress.counted(cells)
    except Unreadable:
        raise
    except (Exception, pl.exceptions.PanicException) as broken:  # a damaged file can make the reader panic
        raise Unreadable("truncated_parquet", name=name) from broken
    return RawTable("", headers, 1, (), cells)


def _as_text(column: str, dtype: pl.DataType) -> pl.Expr:
    cell = pl.col(column)
    if isinstance(dtype, pl.Datetime):
        form = "%Y-%m-%dT%H:%M:%S%.f" + ("%:z" if dtype.time_zone else "")
        text = cell.dt.to_string(form)
    elif dtype.is_nested() or dtype == pl.Binary:
        text = pl.lit("")
    elif dtype.is_decimal() or dtype.is_float():
        # What a typed number says is certain; as text it must not look like thousands.
        text = cell.cast(pl.String).str.replace(f"({THOUSANDTHS})", "${1}0")
    else:
        text = cell.cast(pl.String)
    return text.fill_null("")
