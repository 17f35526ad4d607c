"""Which tables stand in a sheet or text file, and which of their rows are no data: blanks, totals, averages, labels, notes.

Importing and describing both begin here, so that they cannot take different rows for data. It needs all rows at once;
files too large for that are imported by the rules that look at one row alone (`cells.why_not_data`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import polars as pl

from marops.sources import formats
from marops.sources.columns import Held, held, is_missing
from marops.sources.reading import RawTable
from marops.sources.recognising import Match, looks_like_names, recognise
from marops.sources.report import Question
from marops.sources.statistics import find_statistics
from marops.sources.subtotals import (
    LABELS,
    NAMED_TOTAL,
    PLAIN_TOTAL,
    TOTAL_LABEL,
    additive,
    find_groups,
    find_subtotals,
    is_sum,
    own_columns,
)
from marops.tables import ROW

_MOST_LABELS = 4
_LEAST_LABELS = 2
"""Columns of numbers or dates over which a row that describes columns must have words."""

_LEAST_ROWS = 3
"""A table of fewer rows holds no total that does not say so."""

_MOST_SUMS = 12
"""Rows of sums that may stand above or below a table."""

_CENTS = 0.02
_MOST_NOTES = 12
"""Lines of notes below a table."""

_PROSE = r"\S+\s+\S+\s+\S|[:©*]|^http"
"""What a note has that stands right below a table, and names seldom do."""

_OF_THE_WHOLE = ("currency_code", "period_start", "period_end")
"""What a report says of the whole, and so also in the row of its total."""

_DESCRIBING = ("text", "date", "timestamp")
_MOST_BLANKS = 1_000
"""A file with more blank lines has them between its rows, not between tables."""


@dataclass(frozen=True, slots=True)
class Outlined:
    """One table: its headers and all rows below them (`raw`, in memory as `rows`), `why` each row is no data (null: it is),
    what its columns hold, and what their cells leave open.
    """

    raw: RawTable
    matched: Match | None
    rows: pl.DataFrame
    why: pl.Series
    columns: list[Held]
    questions: list[Question]

    @property
    def data(self) -> pl.DataFrame:
        """The rows that are data."""
        return self.rows.filter(self.why.is_null())


def outline(raw: RawTable) -> list[Outlined]:
    """The tables of a sheet or text file, one below the other."""
    raw, frame = _certain(raw)
    found: list[Outlined] = []
    for header_row, headers, rows in _tables(raw, frame):
        name = raw.name if not found else f"{raw.name} #{len(found) + 1}".strip()
        wrong = raw.wrong_width if not found else ()
        table = replace(raw, name=name, headers=tuple(headers), header_row=header_row, frame=rows.lazy(), wrong_width=wrong)
        found.append(_outlined(table, rows))
    return found


def _outlined(raw: RawTable, rows: pl.DataFrame) -> Outlined:
    width = len(raw.headers)
    matched = recognise(raw.headers)
    labels = matched.shape.label_rows if matched else 0
    why = _set_aside(raw.headers, rows, labels or _label_rows(rows, width))
    why = _with(rows, why, dict.fromkeys(find_statistics(raw.headers, rows.filter(why.is_null()), matched), "statistic"))
    why = _with(rows, why, dict.fromkeys(_labelled(raw.headers, rows.filter(why.is_null()), matched), "total"))
    # Subtotals stand between the rows they add up; a column's type shows in the rows without them.
    inner, doubted = find_subtotals(raw.headers, rows.filter(why.is_null()), matched)
    why = _with(rows, why, inner)
    questions: list[Question] = [doubted] if doubted else []
    columns = held(raw.headers, rows.filter(why.is_null()), matched, questions)
    data = rows.filter(why.is_null())
    # What has an id is a thing, though the id may look like a number.
    unnamed = data.filter(is_missing(pl.col(f"c{own[0]}")))[ROW] if (own := own_columns(matched)) else data[ROW]
    totals = (_undescribed(data, columns, matched) if matched else []) or _unlabelled_totals(raw.headers, data, columns)
    totals = [row for row in totals if row in unnamed]
    why = _with(rows, why, dict.fromkeys(totals, "total"))
    groups = find_groups(raw.headers, rows.filter(why.is_null()), columns, rows.filter(why == "total"))
    why = _with(rows, why, dict.fromkeys(groups, "subtotal"))
    return Outlined(raw, matched, rows, why, columns, questions)


def _with(rows: pl.DataFrame, why: pl.Series, more: dict[int, str]) -> pl.Series:
    """The reasons with those of these row numbers."""
    if not more:
        return why
    given = rows[ROW].replace_strict(list(more), list(more.values()), default=None, return_dtype=pl.String)
    return rows.select(pl.coalesce(given, why).alias("why")).to_series()


def _certain(raw: RawTable) -> tuple[RawTable, pl.DataFrame]:
    """The table and its rows, read exactly where the quick way leaves a doubt."""
    if raw.doubt is None:
        return raw, raw.frame.collect()
    try:
        frame = raw.frame.with_columns(raw.doubt.uneven.alias("__uneven")).collect()
    except pl.exceptions.ComputeError:
        frame = None
    if frame is not None and raw.doubt.is_confirmed_by(frame.height, any_uneven=bool(frame["__uneven"].any())):
        return raw, frame.drop("__uneven")
    raw = raw.doubt.exactly()
    return raw, raw.frame.collect()


# Where tables begin


def _tables(raw: RawTable, frame: pl.DataFrame) -> Iterator[tuple[int, Sequence[str], pl.DataFrame]]:
    """Header row, headers and rows of each table: a second one begins below a blank line, with a line of names or with a title
    above that.
    """
    width = len(raw.headers)
    cells = [pl.col(f"c{index}").str.strip_chars() for index in range(width)]
    filled = frame.select(pl.sum_horizontal(cell != "" for cell in cells).alias("n"))["n"]
    blanks = (filled == 0).arg_true().to_list()
    begins: list[tuple[int, int]] = []
    for blank in blanks if len(blanks) < _MOST_BLANKS else []:
        is_titled = blank + 2 < frame.height and filled[blank + 1] == 1
        at = blank + 2 if is_titled else blank + 1
        if at + 1 < frame.height and filled[at] > 1 and filled[at + 1] > 0:
            names = _cells(frame, at, width)
            if looks_like_names(names) and not looks_like_names(_cells(frame, at + 1, width)):
                begins.append((blank + 1, at))
    ends = [*(end for end, _ in begins), frame.height]
    yield raw.header_row, raw.headers, frame.head(ends[0])
    for (_, begin), end in zip(begins, ends[1:], strict=True):
        yield int(frame[ROW][begin]), _cells(frame, begin, width), frame.slice(begin + 1, end - begin - 1)


def _cells(frame: pl.DataFrame, at: int, width: int) -> tuple[str, ...]:
    row = frame.row(at, named=True)
    return tuple(str(row[f"c{index}"]).strip() for index in range(width))


def _label_rows(frame: pl.DataFrame, width: int) -> int:
    """How many rows below the header only describe columns: words alone, over columns where all that follow are values."""
    words = 0
    for at in range(min(_MOST_LABELS, frame.height - 1)):
        if formats.any_value([cell for cell in _cells(frame, at, width) if cell]):
            break
        words = at + 1
    for count in range(words, 0, -1):
        records = [_cells(frame, at, width) for at in range(count)]
        values = [
            index for index in range(width) if all(record[index] for record in records) and _holds_values(frame, index, count)
        ]
        if len(values) >= _LEAST_LABELS:
            return count
    return 0


def _holds_values(frame: pl.DataFrame, index: int, first: int) -> bool:
    """Whether a column holds only numbers or dates from a row on."""
    below = frame.slice(first).filter(~is_missing(pl.col(f"c{index}")))[f"c{index}"].unique(maintain_order=True).head(500)
    return below.len() > 0 and all(formats.is_value(cell) for cell in below)


# Which rows are data


def _set_aside(headers: Sequence[str], frame: pl.DataFrame, labels: int) -> pl.Series:
    """Why each row is no data, by its place and which cells are filled: blank, note or label; null for data."""
    width = len(headers)
    cells = [pl.col(f"c{index}").str.strip_chars() for index in range(width)]
    blank = pl.all_horizontal(cell == "" for cell in cells)
    title = (
        (pl.all_horizontal(cell == "" for cell in cells[1:]) & blank.shift(1) & blank.shift(-1, fill_value=True))
        if width > 1
        else pl.lit(value=False)
    )
    alone = (
        pl.all_horizontal(cell == "" for cell in cells[1:]) & (cells[0].str.len_chars() > 0) if width > 2 else pl.lit(value=False)
    )
    # Below the table stands nothing else; a last row of which only the name is known is data.
    below = (alone | blank).cast(pl.UInt8).cum_min(reverse=True).cast(pl.Boolean) & (
        pl.int_range(pl.len()) + _MOST_NOTES >= pl.len()
    )
    apart = ((blank & below).cum_sum() > 0) | cells[0].str.contains(_PROSE)
    # A page of a printed report begins with the header again; below the last blank line stands what "Records:" there are.
    names = [header.strip().lower() for header in headers]
    again = pl.all_horizontal(cell.str.to_lowercase() == name for cell, name in zip(cells, names, strict=True)) & ~blank
    last = (blank.cum_sum() > 0) & (blank.cum_sum() == blank.sum()) & (pl.int_range(pl.len()) + _MOST_NOTES >= pl.len())
    why = (
        pl.when(blank).then(pl.lit("blank"))
        .when(pl.int_range(pl.len()) < labels).then(pl.lit("label"))
        .when(again).then(pl.lit("label"))
        .when((alone & below & apart) | title | (last & cells[0].str.ends_with(":"))).then(pl.lit("note"))
    )  # fmt: skip
    return frame.select(why.alias("why")).to_series()


def _labelled(headers: Sequence[str], data: pl.DataFrame, matched: Match | None) -> list[int]:
    """The row numbers of totals that say so beyond doubt: by nothing but "total" in the first cell (and numbers that can be a
    sum), above or below all data, or without a text or date that the other rows have. Search terms and campaigns may be called
    so, too; they are in full. So may things and events, which are no totals where they lack nothing of their own.
    """
    cells = [pl.col(f"c{index}") for index in range(min(LABELS, len(headers)))]
    # Google Analytics says so to the right of the numbers.
    at_end = formats.is_missing(cells[0]) & pl.col(f"c{len(headers) - 1}").str.contains(PLAIN_TOTAL)
    says = pl.any_horizontal(*(cell.str.contains(TOTAL_LABEL) for cell in cells), at_end)
    said = data.select(says.alias("says"))["says"]
    if not said.any():
        return []
    others = data.filter(~said)
    columns = held(headers, others, matched, [])
    describing = [f"c{index}" for index, column in enumerate(columns) if column.type in _DESCRIBING and _is_full(others, index)]
    lacks = pl.any_horizontal(is_missing(pl.col(name)) for name in describing) if describing else pl.lit(value=False)
    first = cells[0].str.contains(NAMED_TOTAL)
    numbered = data.with_columns(says.alias("says")).with_row_index("at")
    inside = numbered.filter(~pl.col("says"))["at"]
    outside = (pl.col("at") < (inside.min() or 0)) | (pl.col("at") > (inside.max() if inside.len() else -1))
    plain = cells[0].str.contains(PLAIN_TOTAL)
    too_small = plain & pl.col("at").is_in(_too_small(headers, columns, numbered))
    if own := own_columns(matched):
        return data.filter(says & pl.any_horizontal(is_missing(pl.col(f"c{at}")) for at in own))[ROW].to_list()
    sure = says & (lacks | at_end | ((plain | (first & outside)) & ~too_small))
    return numbered.filter(sure)[ROW].to_list()


def _too_small(headers: Sequence[str], columns: Sequence[Held], numbered: pl.DataFrame) -> list[int]:
    """Where, by `at`, rows of `numbered` that `says` may be totals cannot add up the rows above them (of a first one: below
    it), since one of those alone is larger in every number.
    """
    numbers = additive(headers, columns)
    read = numbered.select(
        "at", "says", pl.col("says").cum_sum().alias("block"), *(n.alias(f"n{i}") for i, n in enumerate(numbers))
    )
    names = [f"n{i}" for i in range(len(numbers))]
    least = [pl.col(name).min().alias(f"least {name}") for name in names]
    most = [pl.col(name).max().alias(f"most {name}") for name in names]
    blocks = read.filter(~pl.col("says")).group_by("block").agg(*least, *most).sort("block")
    if not names or blocks.is_empty():
        return []
    said = read.filter("says").with_columns(pl.col("block") - 1).sort("block")
    above = said.join_asof(blocks, on="block", strategy="backward" if blocks["block"][0] <= said["block"][0] else "nearest")
    stated = [pl.col(name).is_not_null() for name in names]
    smaller = [pl.col(name) < pl.col(f"most {name}") for name in names]
    counts = [pl.col(f"least {name}").fill_null(0) >= 0 for name in names]
    fits = pl.all_horizontal((s.fill_null(value=False) & c) | ~t for s, c, t in zip(smaller, counts, stated, strict=True))
    return above.filter(pl.any_horizontal(stated) & fits)["at"].to_list()


def _is_full(rows: pl.DataFrame, index: int) -> bool:
    """Whether nearly every row has something in this column."""
    return float(rows.select(is_missing(pl.col(f"c{index}")).mean().fill_null(1.0)).item()) <= 0.1


def _undescribed(data: pl.DataFrame, columns: Sequence[Held], matched: Match) -> list[int]:
    """In a known layout: the row numbers of figures that nothing describes. They are totals (Meta's first row), and where
    they do not add up the report says by how much.
    """
    common = {matched.columns.get(name) for name in _OF_THE_WHOLE}
    describing = [f"c{i}" for i, column in enumerate(columns) if column.type in _DESCRIBING and i not in common]
    counted = [f"c{i}" for i, column in enumerate(columns) if column.is_number]
    if not describing or not counted or data.height < _LEAST_ROWS:
        return []
    bare = pl.all_horizontal(is_missing(pl.col(name)) for name in describing)
    return data.filter(bare & ~pl.all_horizontal(is_missing(pl.col(name)) for name in counted))[ROW].to_list()


def _unlabelled_totals(headers: Sequence[str], data: pl.DataFrame, columns: Sequence[Held]) -> list[int]:
    """The row numbers of grand totals that do not say so in a language known here: first or last rows, of which the one next
    to the data is what all of it adds up to. It lacks most of the texts and dates that describe the others; or one that
    all others have, and it is the sum in all its numbers, which those beyond it lack as well (kinds of campaigns).
    """
    describing = [f"c{index}" for index, column in enumerate(columns) if column.type in _DESCRIBING]
    numbers = additive(headers, columns)
    if data.height < _LEAST_ROWS or not describing or not numbers:
        return []
    texts = data.select((~formats.is_missing(pl.col(name))).alias(name) for name in describing)
    read = data.select(ROW, *(read.alias(f"n{i}") for i, read in enumerate(numbers)))
    for last in (False, True):
        ends = texts.reverse() if last else texts
        found = _sums_first(ends, read.reverse() if last else read)
        if found:
            return found
    return []


def _sums_first(texts: pl.DataFrame, read: pl.DataFrame) -> list[int]:
    """The row numbers of the first rows that are sums of those below them."""
    numbers = read.drop(ROW)
    sums = [float(total or 0.0) for total in numbers.sum().row(0)]
    for count in range(1, min(_MOST_SUMS, read.height - _LEAST_ROWS + 1) + 1):
        stated = numbers.row(count - 1)
        if all(number is None for number in stated):
            return []
        sums = [total - (number or 0.0) for total, number in zip(sums, stated, strict=True)]
        if not is_sum(stated, sums, read.height - count):
            continue
        filled = texts.select(pl.sum_horizontal(pl.all()).alias("n"))
        if count == 1 and filled["n"][0] <= 0.5 * float(filled.slice(1).select(pl.col("n").median()).item()):
            return [int(read[ROW][0])]
        common = [name for name in texts.columns if texts.slice(count)[name].all()]
        lacking = all(not all(texts[name][at] for name in common) for at in range(count))
        told = [(number, total) for number, total in zip(stated, sums, strict=True) if number]
        if lacking and len(told) > 1 and all(abs(number - total) <= _CENTS for number, total in told):
            return read.head(count)[ROW].to_list()
    return []
