"""A table as it stands in its file, before anything is mapped: which rows are data, what each column holds, its exact sum,
and the file's own totals beside ours. Nothing here knows the canonical tables beyond the names recognition gives.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from marops.sources import currencies, formats
from marops.sources.reading import RawTable
from marops.sources.recognising import Match, level_of, looks_like_names, recognise
from marops.sources.report import Described, Measured, Question, SetAside, Total
from marops.tables import ROW, TABLES

TOTAL_LABEL = (
    r"(?i)^\s*(?:(?:grand|sub|overall)[ -]?)?(?:totals?|totais|gesamt|gesamtsumme)(?: geral| general)?\s*(?:$|:|of \d+\b|de \d+\b)"
)
"""What stands in one of the first cells of a total row."""

OF_ACCOUNT = re.compile(r"(?i):\s*(?:account|conta|cuenta|konto|compte)\s*$")
_QUALIFIED = r"^\s*(?:<=|>=|[<>≤≥~≈])\s*"
_PLACEHOLDERS = ("na", "nil", "null", "none", "n/a", "select", "?")
_IDENTIFIER = re.compile(r"(?i)(?:^|[\s_.])(?:id|ids|code|código|codigo|key|zip|cep|phone|telefone|sku|url|uuid|hash)$")
_RATIO = re.compile(
    r"(?i)%|/|\b(?:avg|average|mean|rate|ratio|share|per|cost per|ctr|cpc|cpm|cpv|cpa|roas|reach|frequency|position|score)\b"
    r"|\b(?:méd|média|taxa|percentual|parcela|por|alcance|frequência|posição|custo por)\b"
)
"""Headers of what cannot be added up: ratios, averages, people reached."""

_LABELS = 3
"""Columns from the left in which a total may say so."""

_ENOUGH = 0.9
"""Share of a column's filled cells that must be of a type for the column to be of it."""

_COUNTS = ("impressions", "clicks", "interactions", "reach", "video_views", "sessions", "users")
"""Canonical columns that count things: a mark in them can only separate thousands."""

_KEPT = 200
_MOST_LABELS = 4
_LEAST_LABELS = 2
"""Columns of numbers or dates over which a row that describes columns must have words."""

_MOST_BLANKS = 1_000
"""A file with more blank lines has them between its rows, not between tables."""


@dataclass(frozen=True, slots=True)
class _Column:
    """What a column holds: how to read its cells, null where it is text."""

    type: str
    read: pl.Expr | None
    mark: str = "."


def describe(raw: RawTable) -> list[Described]:
    """The tables of a sheet or text file, one below the other, with a question for all that their cells leave open."""
    raw, frame = _certain(raw)
    return [_described(header_row, headers, rows, raw) for header_row, headers, rows in _tables(raw, frame)]


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


def _described(header_row: int, headers: Sequence[str], frame: pl.DataFrame, raw: RawTable) -> Described:
    matched = recognise(headers)
    found = Described(
        name=raw.name, recognised_as=_called(matched) if matched else None, grain=_grain(matched) if matched else [],
        header_row=header_row, rows=0,
    )  # fmt: skip
    labels = matched.shape.label_rows if matched else 0
    why = _set_aside(frame, len(headers), labels or _label_rows(frame, len(headers)))
    columns = _columns(headers, frame.filter(why.is_null()), matched, found.questions)
    if (first := _unlabelled_total(frame.filter(why.is_null()), columns)) is not None:
        why = frame.select(pl.when(pl.col(ROW) == first).then(pl.lit("total")).otherwise(why).alias("why")).to_series()
    data = frame.filter(why.is_null())
    _report_aside(found, len(headers), frame, why)
    if raw.header_row == header_row:
        found.set_aside += [
            SetAside(row=wrong.row, why="note" if wrong.is_note else "wrong_width", label=wrong.text[:120])
            for wrong in raw.wrong_width
        ]
    found.rows = data.height
    canonical = {position: known for known, position in (matched.columns if matched else {}).items()}
    found.columns = [
        _measured(data, index, header, column, canonical.get(index))
        for index, (header, column) in enumerate(zip(headers, columns, strict=True))
    ]
    if matched:
        _name_currency(found, data, matched)
    found.totals = _totals(found, frame.filter(why == "total"), columns)
    return found


def _called(matched: Match) -> str:
    if matched.shape.table != "ad_performance":
        return matched.shape.tool
    return f"{matched.shape.tool} {level_of(matched.columns, matched.breakdowns)} report"


def _grain(matched: Match) -> list[str]:
    """What one row describes, as far as the columns say."""
    if matched.shape.table != "ad_performance":
        return [name for name in TABLES[matched.shape.table].key if name in matched.columns]
    dated = {"_day", "period_start"} & matched.columns.keys()
    return [level_of(matched.columns, matched.breakdowns), "day" if dated else "period"]


# Where tables begin


def _tables(raw: RawTable, frame: pl.DataFrame) -> Iterator[tuple[int, Sequence[str], pl.DataFrame]]:
    """Header row, headers and rows of each table: a second one begins below a blank line, with a line of names."""
    width = len(raw.headers)
    cells = [pl.col(f"c{index}").str.strip_chars() for index in range(width)]
    filled = frame.select(pl.sum_horizontal(cell != "" for cell in cells).alias("n"))["n"]
    blanks = (filled == 0).arg_true().to_list()
    begins: list[int] = []
    for blank in blanks if len(blanks) < _MOST_BLANKS else []:
        at = blank + 1
        if at + 1 < frame.height and filled[at] > 1 and filled[at + 1] > 0:
            names = _cells(frame, at, width)
            if looks_like_names(names) and not looks_like_names(_cells(frame, at + 1, width)):
                begins.append(at)
    ends = [*begins, frame.height]
    yield raw.header_row, raw.headers, frame.head(ends[0])
    for begin, end in zip(begins, ends[1:], strict=True):
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
    below = frame.slice(first).filter(~_is_missing(pl.col(f"c{index}")))[f"c{index}"].unique(maintain_order=True).head(500)
    return below.len() > 0 and all(formats.is_value(cell) for cell in below)


# Which rows are data


def _set_aside(frame: pl.DataFrame, width: int, labels: int) -> pl.Series:
    """Why each row is no data, by the row alone: blank, total, note or label; null for data."""
    cells = [pl.col(f"c{index}").str.strip_chars() for index in range(width)]
    blank = pl.all_horizontal(cell == "" for cell in cells)
    title = (
        (pl.all_horizontal(cell == "" for cell in cells[1:]) & blank.shift(1) & blank.shift(-1, fill_value=True))
        if width > 1
        else pl.lit(value=False)
    )
    label = pl.any_horizontal(cell.str.contains(TOTAL_LABEL) for cell in cells[:_LABELS])
    alone = (
        pl.all_horizontal(cell == "" for cell in cells[1:]) & (cells[0].str.len_chars() > 0) if width > 2 else pl.lit(value=False)
    )
    below = pl.int_range(pl.len()) >= pl.len() - 12
    why = (
        pl.when(blank).then(pl.lit("blank"))
        .when(pl.int_range(pl.len()) < labels).then(pl.lit("label"))
        .when(label).then(pl.lit("total"))
        .when((alone & below) | title).then(pl.lit("note"))
    )  # fmt: skip
    return frame.select(why.alias("why")).to_series()


def _unlabelled_total(data: pl.DataFrame, columns: Sequence[_Column]) -> int | None:
    """The row number of a grand total that does not say so: the first or last row, the only one without any of the texts
    and dates that describe the others, whose numbers are what the others add up to (in at least one column).
    """
    describing = [f"c{index}" for index, column in enumerate(columns) if column.type in {"text", "date", "timestamp"}]
    numbers = {
        f"c{index}": column.read
        for index, column in enumerate(columns)
        if column.read is not None and column.type in {"integer", "decimal"}
    }
    if data.height < 3 or not describing or not numbers:
        return None
    filled = pl.sum_horizontal(~formats.is_missing(pl.col(name)) for name in describing)
    counted = data.select(ROW, filled.alias("filled"), *(read.alias(name) for name, read in numbers.items()))
    for candidate in (counted.head(1), counted.tail(1)):
        rest = counted.filter(pl.col(ROW) != candidate[ROW][0])
        typical = rest["filled"].median()
        if candidate["filled"][0] > 0.5 * float(typical or 0):  # pyright: ignore[reportArgumentType]
            continue
        for name in numbers:
            value, total = candidate[name][0], rest[name].sum()
            if value and abs(float(value - total)) <= max(0.02, 0.001 * abs(float(total))):
                return int(candidate[ROW][0])
    return None


def _report_aside(found: Described, width: int, frame: pl.DataFrame, why: pl.Series) -> None:
    aside = frame.with_columns(why.alias("why")).filter(pl.col("why").is_not_null())
    for row in aside.head(_KEPT).iter_rows(named=True):
        label = next((row[f"c{index}"] for index in range(min(_LABELS, width)) if row[f"c{index}"]), "")
        found.set_aside.append(SetAside(row=row[ROW], why=row["why"], label=label[:120]))


# What a column holds


def _columns(headers: Sequence[str], data: pl.DataFrame, matched: Match | None, questions: list[Question]) -> list[_Column]:
    """Each column, its decimal mark decided by its own cells, else by the other columns', else asked."""
    counting = {at for name, at in (matched.columns if matched else {}).items() if name in _COUNTS}
    shown: dict[int, pl.Series] = {}
    marks: dict[int, str | None] = {}
    found: list[_Column] = []
    for index, header in enumerate(headers):
        values = data.filter(~_is_missing(pl.col(f"c{index}")))[f"c{index}"].unique(maintain_order=True)
        bare = values.str.replace(_QUALIFIED, "")
        if not values.len():
            found.append(_Column("empty", None))
        elif _IDENTIFIER.search(header.strip()) or bare.str.contains(r"^0\d+$").any():
            found.append(_Column("text", None))
        elif _share_of_numbers(bare) >= _ENOUGH:
            shown[index] = bare
            numbers = bare.filter(_readable(bare)).head(5_000).to_list()
            marks[index] = formats.decimal_mark(numbers, whole=index in counting)
            if marks[index] is None and formats.groups_thousands(numbers):
                marks[index] = formats.decimal_mark(numbers, whole=True)
            found.append(_Column("decimal", None))
        else:
            found.append(_moments(header, index, values, questions))
    votes = {mark for mark in marks.values() if mark}
    for index, bare in shown.items():
        mark = marks[index] if marks[index] is not None else (next(iter(votes)) if len(votes) == 1 else None)
        if mark is None:
            questions.append(
                Question(code="decimal_mark", column=headers[index], samples=bare.head(3).to_list(), choices=[".", ","])
            )
        found[index] = _number(index, bare, mark or ".")
    return found


def _number(index: int, bare: pl.Series, mark: str) -> _Column:
    values = bare.to_frame("c").select(formats.exact_number(pl.col("c"), mark).alias("v"))["v"].drop_nulls()
    point = r"\.\d{1,2}$" if mark != "," else r",\d{1,2}$"
    whole = bool((values == values.round(0)).all()) and not bare.str.contains(point).any()
    read = formats.exact_number(pl.col(f"c{index}").str.replace(_QUALIFIED, ""), mark)
    return _Column("integer" if whole else "decimal", read, mark)


def _moments(header: str, index: int, values: pl.Series, questions: list[Question]) -> _Column:
    few = values.head(2_000).to_list()
    fitting = formats.date_formats(few, None)
    if not fitting:
        return _Column("text", None)
    form, *others = fitting
    if others:
        questions.append(Question(code="date_order", column=header, samples=few[:3], choices=["dmy", "mdy"]))
    moments = values.to_frame("c").select(formats.moment(pl.col("c"), form).alias("v"))["v"].drop_nulls()
    is_day = bool((moments == moments.dt.truncate("1d")).all())
    return _Column("date" if is_day else "timestamp", formats.moment(pl.col(f"c{index}"), form))


def _share_of_numbers(bare: pl.Series) -> float:
    return int(_readable(bare).sum()) / bare.len()


def _readable(bare: pl.Series) -> pl.Series:
    return bare.to_frame("c").select(
        (formats.exact_number(pl.col("c"), ".").is_not_null() | formats.exact_number(pl.col("c"), ",").is_not_null()).alias("r")
    )["r"]


def _is_missing(cell: pl.Expr) -> pl.Expr:
    return formats.is_missing(cell) | cell.str.strip_chars().str.to_lowercase().is_in(_PLACEHOLDERS)


def _measured(data: pl.DataFrame, index: int, header: str, column: _Column, canonical: str | None) -> Measured:
    cell = pl.col(f"c{index}")
    missing = _is_missing(cell)
    found = Measured(source=header, canonical=canonical, type=column.type)
    counts = data.select(missing.sum().alias("missing"), cell.str.contains(_QUALIFIED).sum().alias("qualified"))
    found.missing, qualified = counts.row(0)
    if column.read is None:
        return found
    found.unread = data.select((column.read.is_null() & ~missing).sum()).item()
    if column.type in {"integer", "decimal"}:
        found.qualified = qualified
        total = data.select(column.read.sum()).item()
        found.sum = plain(total if total is not None else Decimal(0))
        found.currency = _currency(header, data[f"c{index}"])
        found.additive = not _RATIO.search(header) and not data.select(cell.str.contains("%", literal=True).any()).item()
    return found


def _name_currency(found: Described, data: pl.DataFrame, matched: Match) -> None:
    """The one currency that a currency column or the headers name, for every amount of a known layout; a question where the
    file contradicts itself.
    """
    table = TABLES[matched.shape.table].by_name
    amounts = {
        index: column
        for index, column in enumerate(found.columns)
        if column.sum is not None and (known := table.get(column.canonical or "")) is not None and known.unit == "currency_code"
    }
    stated: frozenset[str] | None = None
    if (at := matched.columns.get("currency_code")) is not None:
        codes = data.filter(~_is_missing(pl.col(f"c{at}")))[f"c{at}"].str.strip_chars().str.to_uppercase()
        stated = frozenset(codes.unique())
    shown = currencies.in_cells(cell for index in amounts for cell in data[f"c{index}"].unique().head(200))
    contradicts = bool(amounts) and not currencies.agree(matched.currencies, shown, stated)
    if contradicts:
        index, column = next(iter(amounts.items()))
        choices = sorted({*matched.currencies, *shown.codes, *(stated or ())})
        samples = data[f"c{index}"].unique(maintain_order=True).head(3).to_list()
        found.questions.append(Question(code="currency_conflict", column=column.source, samples=samples, choices=choices))
    named = stated if stated is not None else matched.currencies
    for column in amounts.values():
        if contradicts:
            column.currency = None
        elif len(named) == 1:
            column.currency = next(iter(named))


def _currency(header: str, cells: pl.Series) -> str | None:
    if named := currencies.in_header(header):
        return named
    signs = currencies.in_cells(cells.unique().head(200)).codes
    return next(iter(signs)) if len(signs) == 1 else None


# The file's own totals


def _totals(found: Described, rows: pl.DataFrame, columns: Sequence[_Column]) -> list[Total]:
    """The file's own totals beside our sums. The first total row that is not the whole account's describes the rows of
    the file; the others (account, kinds of campaigns) are quoted for information.
    """
    totals: list[Total] = []
    describing: int | None = None
    for record in rows.iter_rows(named=True):
        label = next((aside.label for aside in found.set_aside if aside.row == record[ROW]), "")
        if describing is None and not OF_ACCOUNT.search(label):
            describing = record[ROW]
        for index, column in enumerate(columns):
            if column.read is None or not found.columns[index].additive:
                continue
            stated = pl.DataFrame({f"c{index}": [record[f"c{index}"]]}).select(column.read).item()
            ours = found.columns[index].sum
            if stated is None or ours is None:
                continue
            totals.append(
                Total(
                    row=record[ROW], label=label, column=found.columns[index].source, file=plain(stated), ours=ours,
                    difference=plain(Decimal(ours) - stated), describes_rows=record[ROW] == describing,
                )
            )  # fmt: skip
    return totals


def plain(value: Decimal | int) -> str:
    """A number as a plain decimal string without trailing zeros: 118.99, not 118.990000."""
    text = format(Decimal(value), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
