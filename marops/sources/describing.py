"""A table as it stands in its file, before anything is mapped: which rows are data, what each column holds, its exact sum,
and the file's own totals beside ours. Nothing here knows the canonical tables beyond the names recognition gives.
"""

from collections.abc import Sequence
from decimal import Decimal

import polars as pl

from marops.sources import currencies
from marops.sources.columns import QUALIFIED, RATIO, Held, is_missing
from marops.sources.outlining import Outlined, outline
from marops.sources.reading import RawTable
from marops.sources.recognising import Match, level_of
from marops.sources.reconciling import TotalRow, plain, quoted, untied
from marops.sources.report import Described, Measured, Question, SetAside, Total
from marops.sources.subtotals import called
from marops.tables import ROW, TABLES, Type

_KEPT = 200


def describe(raw: RawTable) -> list[Described]:
    """The tables of a sheet or text file, one below the other, with a question for all that their cells leave open."""
    return [_described(table) for table in outline(raw)]


def _described(table: Outlined) -> Described:
    raw, matched, data = table.raw, table.matched, table.data
    found = Described(
        name=raw.name, recognised_as=_called(matched) if matched else None, grain=_grain(matched) if matched else [],
        header_row=raw.header_row, rows=data.height, questions=table.questions,
    )  # fmt: skip
    _report_aside(found, table)
    canonical = {position: known for known, position in (matched.columns if matched else {}).items()}
    found.columns = [
        _measured(data, index, header, column, canonical.get(index), _counts(matched, canonical.get(index)))
        for index, (header, column) in enumerate(zip(raw.headers, table.columns, strict=True))
    ]
    if matched:
        _name_currency(found, data, matched)
    found.totals = _totals(found, table.rows.filter(table.why == "total"), table.columns)
    found.questions += untied(found.totals)
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


def _report_aside(found: Described, table: Outlined) -> None:
    aside = table.rows.select(ROW, table.why.alias("why"), called(len(table.raw.headers)).alias("label"))
    found.set_aside += [
        SetAside(row=row, why=why, label=label) for row, why, label in aside.drop_nulls("why").head(_KEPT).iter_rows()
    ]
    found.set_aside += [SetAside(row=wrong.row, why=wrong.why, label=wrong.text[:120]) for wrong in table.raw.wrong_width]


def _counts(matched: Match | None, canonical: str | None) -> bool:
    """Whether a known layout has numbers under this name."""
    known = TABLES[matched.shape.table].by_name.get(canonical or "") if matched else None
    return known is not None and known.type in {Type.INT, Type.DECIMAL}


def _measured(data: pl.DataFrame, index: int, header: str, column: Held, canonical: str | None, counts: bool) -> Measured:  # noqa: FBT001
    cell = pl.col(f"c{index}")
    missing = is_missing(cell)
    found = Measured(source=header, canonical=canonical, type=column.type)
    marked = data.select(missing.sum().alias("missing"), cell.str.contains(QUALIFIED).sum().alias("qualified"))
    found.missing, qualified = marked.row(0)
    if column.read is None:
        found.unread = data.height - found.missing if counts and column.type == "text" else 0
        return found
    found.unread = data.select((column.read.is_null() & ~missing).sum()).item()
    if column.type in {"integer", "decimal"}:
        found.qualified = qualified
        total = data.select(column.read.sum()).item()
        found.sum = plain(total if total is not None else Decimal(0))
        found.currency = _currency(header, data[f"c{index}"])
        found.additive = not RATIO.search(header) and not data.select(cell.str.contains("%", literal=True).any()).item()
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
        codes = data.filter(~is_missing(pl.col(f"c{at}")))[f"c{at}"].str.strip_chars().str.to_uppercase()
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


def _totals(found: Described, rows: pl.DataFrame, columns: Sequence[Held]) -> list[Total]:
    read = {f"c{i}": held.read for i, held in enumerate(columns) if held.read is not None and found.columns[i].additive}
    sums = {name: Decimal(found.columns[int(name[1:])].sum or 0) for name in read}
    stated = rows.select(ROW, called(len(columns)).alias("label"), *(value.alias(name) for name, value in read.items()))
    quotes = quoted((TotalRow(row[ROW], row["label"], row) for row in stated.iter_rows(named=True)), sums)
    return [quote.model_copy(update={"column": found.columns[int(quote.column[1:])].source}) for quote in quotes]
