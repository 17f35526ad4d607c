"""A table as it stands in its file, before anything is mapped: which rows are data, what each column holds, its exact sum,
and the file's own totals beside ours. Nothing here knows the canonical tables beyond the names recognition gives.
"""

import re
from collections.abc import Sequence
from decimal import Decimal

import polars as pl

from marops.sources import currencies
from marops.sources.columns import QUALIFIED, RATIO, Held, is_missing
from marops.sources.outlining import Outlined, outline
from marops.sources.reading import RawTable
from marops.sources.recognising import Match, level_of
from marops.sources.report import Described, Measured, Question, SetAside, Total
from marops.sources.subtotals import LABELS
from marops.tables import ROW, TABLES

OF_ACCOUNT = re.compile(r"(?i):\s*(?:account|conta|cuenta|konto|compte)\s*$")
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
        _measured(data, index, header, column, canonical.get(index))
        for index, (header, column) in enumerate(zip(raw.headers, table.columns, strict=True))
    ]
    if matched:
        _name_currency(found, data, matched)
    found.totals = _totals(found, table.rows.filter(table.why == "total"), table.columns)
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
    aside = table.rows.with_columns(table.why.alias("why")).filter(pl.col("why").is_not_null())
    first = [f"c{index}" for index in range(min(LABELS, len(table.raw.headers)))]
    for row in aside.head(_KEPT).iter_rows(named=True):
        label = next((row[name] for name in first if row[name]), "")
        found.set_aside.append(SetAside(row=row[ROW], why=row["why"], label=label[:120]))
    found.set_aside += [
        SetAside(row=wrong.row, why="note" if wrong.is_note else "wrong_width", label=wrong.text[:120])
        for wrong in table.raw.wrong_width
    ]


def _measured(data: pl.DataFrame, index: int, header: str, column: Held, canonical: str | None) -> Measured:
    cell = pl.col(f"c{index}")
    missing = is_missing(cell)
    found = Measured(source=header, canonical=canonical, type=column.type)
    counts = data.select(missing.sum().alias("missing"), cell.str.contains(QUALIFIED).sum().alias("qualified"))
    found.missing, qualified = counts.row(0)
    if column.read is None:
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


# The file's own totals


def _totals(found: Described, rows: pl.DataFrame, columns: Sequence[Held]) -> list[Total]:
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
