"""Some of a table's rows, as they stand: to be shown, and to try a mapping on before the file is read again."""

import polars as pl

from marops.sources import cells
from marops.sources.report import Column, Mapping, Row
from marops.tables import ROW

FIRST = 8
"""Rows from the top."""

_TELLING = 12
"""Further rows, that show how numbers and dates are written where the first ones leave it open."""

_WIDE = 200
_CUT = 80

_SHOWS_MARK = r"^[^\p{L}\d]*(?:[A-Z]{3}\s*)?\d[\d.,]*[.,](?:\d{1,2}|\d{4,}|\d{3}[.,]\d{3})\D{0,5}$"
_SHOWS_ORDER = r"^\s*(?:(?:1[3-9]|2\d|3[01])[./-]\d{1,2}|\d{1,2}[./-](?:1[3-9]|2\d|3[01]))[./-]\d{2,4}"


def columns(headers: tuple[str, ...], mapping: Mapping | None, sample: pl.DataFrame) -> list[Column]:
    """The file's columns with some of their values, and what the mapping takes them for."""
    canonical = {position: name for name, position in (mapping.columns if mapping else {}).items()}
    shown = cells.first_values(sample, len(headers), 5, leaving_out=lambda cell: cell.str.strip_chars() == "")
    return [
        Column(header=header, samples=[cell[:_CUT] for cell in values], canonical=canonical.get(index))
        for index, (header, values) in enumerate(zip(headers, shown, strict=True))
    ]


def telling_rows(sample: pl.DataFrame, width: int) -> list[Row]:
    """The first rows, and of each of the `width` columns the first one that shows its decimal mark and the order of its dates."""
    names = [f"c{index}" for index in range(width)]
    wanted = list(range(min(FIRST, sample.height)))
    if len(names) <= _WIDE and sample.height > FIRST:
        shows = [pl.col(name).str.contains(pattern).arg_true().first() for name in names for pattern in (_SHOWS_MARK, _SHOWS_ORDER)]
        found = sample.select(show.alias(str(index)) for index, show in enumerate(shows)).row(0)
        later = sorted({at for at in found if at is not None and at >= FIRST})
        wanted += later[:_TELLING]
    rows = sample[wanted].select(ROW, pl.col(names).str.slice(0, _CUT))
    return [Row(number=number, cells=list(values)) for number, *values in rows.iter_rows()]
