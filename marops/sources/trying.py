"""A mapping tried on some of a table's rows before the file is read again with it: the import's own reading, at once.

It works on the rows that the child process put into its report, never on the file.
"""

from collections.abc import Mapping as Mapped
from dataclasses import dataclass
from datetime import date

import polars as pl

from marops.sources import casting, cells, completing
from marops.sources.casting import Casting
from marops.sources.cells import ASIDE, Layout
from marops.sources.completing import Context
from marops.sources.conforming import conform
from marops.sources.grains import level
from marops.sources.guessing import goals
from marops.sources.reading import RawTable
from marops.sources.recognising import in_millionths, level_of, match, shapes
from marops.sources.report import Mapping, Part, Question, Refused
from marops.sources.sampling import FIRST
from marops.tables import ROW, Table, Type

_DAYS = {"period_start": "_day", "period_end": "_day"}
"""What stands for the days of a row while they are made of one column."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as it would be read: its typed value (None where it is empty or cannot be read), and why it is refused."""

    value: object
    refused: Refused | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One row as it would be read, and why it is no data, if it is none."""

    row: int
    cells: list[Cell]
    aside: str | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """What a mapping makes of the first rows: the columns by canonical name with their types, the rows, the required columns
    that have no source yet, and what only a person can decide.
    """

    columns: dict[str, Type]
    lines: list[Line]
    missing: list[str]
    questions: list[Question]


def tried(part: Part, mapping: Mapping) -> Tried:
    """The first rows of a part as this mapping would read them."""
    layout = _layout(part, mapping)
    shown = cells.canonical(layout, layout.raw.frame).collect()
    decided, questions = casting.decide(layout, shown, quick=False)
    names = [name for name in goals(layout.table) if name in decided.typed]
    context = Context(level(layout), part.period, date.min)
    missing = completing.absent(layout.table, {name: layout.type_of(name).dtype for name in names}, context)
    read = casting.judged(layout, shown.lazy(), decided).collect()
    refused = {} if missing else _violations(layout, read, decided, context)
    lines = [
        Line(
            record[ROW],
            [_cell(layout, decided, record, name, refused.get((record[ROW], name))) for name in names],
            record["__why"],
        )
        for record in read.with_columns(_filled(decided)).head(FIRST).iter_rows(named=True)
    ]
    return Tried({name: layout.type_of(name) for name in names}, lines, missing, questions)


def unsaid(part: Part, table: Table, picked: Mapped[str, int]) -> list[str]:
    """What every row needs and no column goes to (`picked`: canonical name -> position): one value for all rows can be given."""
    possible = goals(table)
    context = Context(level_of(picked, {}), part.period, date.min)
    found = completing.absent(table, {name: possible[name].dtype for name in picked}, context)
    if "period_start" in found and "period_end" in possible:
        found.append("period_end")
    amounts = any(table.by_name[name].unit == "currency_code" for name in picked if name in table.by_name)
    if amounts and "currency_code" in possible and "currency_code" not in picked:
        found.append("currency_code")
    return found


def _layout(part: Part, mapping: Mapping) -> Layout:
    headers = tuple(part.headers)
    rows = pl.DataFrame(
        [(row.number, None, *row.cells) for row in part.first_rows],
        schema={ROW: pl.Int64, ASIDE: pl.String, **{f"c{index}": pl.String for index in range(len(headers))}}, orient="row",
    )  # fmt: skip
    shape = shapes().get(mapping.shape)
    layout = Layout(
        RawTable(part.name, headers, part.header_row, (), rows.lazy(), is_small=True), mapping,
        match(headers, shape) if shape else None, millionths=in_millionths(headers), names_zone=part.zone, by_hand=True,
    )  # fmt: skip
    layout.dimensions = cells.find_dimensions(layout, rows)
    return layout


def _filled(decided: Casting) -> list[pl.Expr]:
    return [filled.alias(f"?{name}") for name, filled in decided.filled.items()]


def _cell(layout: Layout, decided: Casting, record: Mapped[str, object], name: str, refused: Refused | None) -> Cell:
    value = record[f"={name}"]
    if value is None and name in decided.filled and record[f"?{name}"]:
        raw = str(record[name])
        return Cell(None, Refused(row=0, column=layout.header_of(name), value=raw, rule="unreadable"))
    return Cell(value, refused)


def _violations(layout: Layout, read: pl.DataFrame, decided: Casting, context: Context) -> dict[tuple[int, str], Refused]:
    """What the contract has against cells that can be read. Whether rows repeat each other only the whole file can say."""
    rows = completing.complete(layout.table.name, casting.accepted(layout, read.lazy(), decided), context)
    present = [name for name in rows.collect_schema().names() if name in layout.table.by_name or name == ROW]
    found = conform(layout.table, rows.select(present).collect().lazy()).violations.filter(pl.col("rule") != "repeated_key")
    refused: dict[tuple[int, str], Refused] = {}
    for row, column, rule, limit, value in found.iter_rows():
        name = str(column if column in decided.typed else _DAYS.get(column, column))
        refused[row, name] = Refused(row=row, column=column, value=value or "", rule=rule, limit=limit)
    return refused
