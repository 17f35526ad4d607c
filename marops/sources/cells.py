"""The cells of a file under canonical names, still as text, and which rows are not data.

Helper columns begin with "__": `__label` (a text that may make a row a total), `__leads` (whether
it stands in the first cell), `__called` (what it calls itself), `__blank`,
`__single` (only the first cell is filled: a note below the table) and `__undescribed` (nothing says what a row is about).
"""

import re
from collections.abc import Callable, Sequence
from collections.abc import Mapping as Words
from dataclasses import dataclass, field

import polars as pl

from marops.sources import formats, moments
from marops.sources.reading import RawTable
from marops.sources.recognising import PSEUDO, Match
from marops.sources.report import Mapping
from marops.sources.subtotals import LABELS, PLAIN_TOTAL, TOTAL_LABEL, called, own_columns
from marops.tables import ROW, TABLES, Table, Type

_BLANKS = ("", "--", " --", "-", "—")
_DAYS = ("_day", "date_day")
"""What dates a row. The range of a report also stands in the row of its total."""

_VALUES = (Type.INT, Type.DECIMAL, Type.DATE, Type.TIMESTAMP)
ASIDE = "__aside"
"""Why a row of a small table is no data, found by looking at all rows together (`outlining`)."""


@dataclass(slots=True)
class Layout:
    """How one table of a file is read: its cells, the mapping, and what recognition knows beside the mapping.

    `labels`: the wordings a tool writes below its header row. `dimensions`: positions of the columns that describe a
    row. `distinguishing`: those of them that are needed to tell rows apart, beside the mapped ones. `millionths`: positions
    of the amounts given in millionths. `names_zone`: the zone of the times, where the file names one. `by_hand`: a person chose
    the mapping for this file. `remembered`: for an earlier one with the same headers.
    """

    raw: RawTable
    mapping: Mapping
    matched: Match | None
    labels: tuple[str, ...] = ()
    dimensions: list[int] = field(default_factory=list[int])
    distinguishing: list[int] = field(default_factory=list[int])
    millionths: frozenset[int] = frozenset()
    names_zone: str | None = None
    by_hand: bool = False
    remembered: bool = False

    @property
    def table(self) -> Table:
        """The canonical table the rows go to."""
        return TABLES[self.mapping.table]

    @property
    def zone(self) -> str | None:
        """The IANA zone of times without one: as somebody has said, else as the file does."""
        return self.mapping.zone or self.names_zone

    def type_of(self, name: str) -> Type:
        """The type of a canonical column, or of one that is read but not stored."""
        return PSEUDO.get(name) or self.table.by_name[name].type

    def needs(self, name: str) -> bool:
        """Whether a row without this canonical column is none, as far as one column tells."""
        return name.startswith("_") or self.table.by_name[name].required

    def is_in_millionths(self, name: str) -> bool:
        """Whether a canonical amount stands in the file in millionths of its currency."""
        is_amount = not name.startswith("_") and self.table.by_name[name].unit == "currency_code"
        return is_amount and self.mapping.columns.get(name) in self.millionths

    def words_of(self, name: str) -> Words[str, str]:
        """What the source's words for a canonical column's values stand for, in small letters."""
        return self.matched.shape.values.get(name, {}) if self.matched else {}

    def header_of(self, name: str) -> str:
        """What the file calls a canonical column."""
        position = self.mapping.columns.get(name)
        return self.raw.headers[position] if position is not None else name


def first_values(sample: pl.DataFrame, columns: int, count: int, *, leaving_out: Callable[[pl.Expr], pl.Expr]) -> list[list[str]]:
    """The first `count` different cells of each of the file's columns."""
    first = [
        cell.filter(~leaving_out(cell)).unique(maintain_order=True).head(count).implode()
        for cell in (pl.col(f"c{index}") for index in range(columns))
    ]
    return [list(values) for values in sample.select(first).row(0)] if columns else []


def find_dimensions(layout: Layout, sample: pl.DataFrame) -> list[int]:
    """The positions of columns that describe a row: not empty, and neither numbers, dates nor the currency."""
    shown = first_values(sample, len(layout.raw.headers), 50, leaving_out=formats.is_missing)
    values = {at for name, at in layout.mapping.columns.items() if name == "currency_code" or layout.type_of(name) in _VALUES}
    return [
        index
        for index, found in enumerate(shown)
        if found and index not in values and not formats.are_numbers(pl.Series(found)) and not moments.date_formats(found, "dmy")
    ]


def canonical(layout: Layout, frame: pl.LazyFrame) -> pl.LazyFrame:
    """Text columns under canonical names, with the helpers and the row number."""
    columns = _columns(layout)
    if layout.matched and layout.matched.unpivoted:
        return _with_meanings(layout, _unpivoted(layout, layout.matched, frame, columns))
    aside = (ASIDE,) if layout.raw.is_small else ()
    return _with_meanings(layout, frame.select(ROW, *aside, **columns, **_helpers(layout)))


def beside(layout: Layout, frame: pl.LazyFrame) -> pl.LazyFrame:
    """The file's cells as they are and, beside them, text columns under canonical names."""
    return _with_meanings(layout, frame.with_columns(**_columns(layout)))


def suspect(layout: Layout, data: pl.DataFrame) -> pl.Expr:
    """Whether a row of the file's cells may be no data, by as few of its cells as tell; what it names must be looked at again.
    `data`: rows of a sample that are data.
    """
    width = len(layout.raw.headers)
    first = pl.any_horizontal(pl.col(f"c{i}").str.contains(TOTAL_LABEL) for i in range(min(LABELS, width)))
    found = [pl.col(ASIDE).is_not_null() if layout.raw.is_small else first]
    # A row that lacks all of several cells lacks any two of them; where those are filled in every row of data, only such rows do.
    found += [_lacks(at, data) for at in (_describing(layout), list(range(1, width)) or [0]) if at]
    for name, kept in (layout.matched.shape.keep if layout.matched else {}).items():
        if name in layout.mapping.columns:
            found.append(~_is_kept(pl.col(f"c{layout.mapping.columns[name]}"), kept))
    return pl.any_horizontal(found)


def _lacks(positions: Sequence[int], data: pl.DataFrame) -> pl.Expr:
    """Whether a row may lack the cells at all of these positions."""
    filled = [at for at in positions if not data[f"c{at}"].is_in(_BLANKS).any()]
    return pl.all_horizontal(pl.col(f"c{at}").is_in(_BLANKS) for at in filled[:2] or positions)


def _columns(layout: Layout) -> dict[str, pl.Expr]:
    columns = {name: pl.col(f"c{position}") for name, position in layout.mapping.columns.items()}
    columns |= {name: pl.lit(value) for name, value in layout.mapping.constants.items()}
    levels = layout.matched.breakdowns.values() if layout.matched else ()
    apart = sorted({position for level in levels for position in level} | set(layout.distinguishing))
    if apart:
        columns["breakdown_key"] = pl.concat_str([pl.col(f"c{i}").str.strip_chars() for i in apart], separator=" · ")
    return columns


def _describing(layout: Layout) -> list[int]:
    """Positions of what says whom or what a row belongs to; empty where nothing does."""
    days = [at for name, at in layout.mapping.columns.items() if name in _DAYS]
    return [*layout.dimensions, *days] if layout.dimensions else []


def _helpers(layout: Layout) -> dict[str, pl.Expr]:
    width = len(layout.raw.headers)
    never = pl.lit(value=False)
    rest_is_empty = pl.all_horizontal(pl.col(f"c{i}") == "" for i in range(1, width)) if width > 1 else pl.lit(value=True)
    first = [pl.col(f"c{i}") for i in range(min(LABELS, width))]
    described = _describing(layout)
    label = pl.coalesce(pl.when(cell.str.contains(TOTAL_LABEL)).then(cell) for cell in first)
    return {
        "__label": label,
        "__leads": first[0].str.contains(TOTAL_LABEL),
        "__called": called(width) if layout.raw.is_small else pl.coalesce(label, first[0]),
        "__blank": rest_is_empty & (pl.col("c0") == ""),
        "__single": rest_is_empty if width > 2 else never,
        "__undescribed": pl.all_horizontal(pl.col(f"c{i}").is_in(_BLANKS) for i in described) if described else never,
    }


def _with_meanings(layout: Layout, text: pl.LazyFrame) -> pl.LazyFrame:
    """The text with its words for numbers ("don't know"). Those for texts are read with the text, see `casting`."""
    worded = [name for name in text.collect_schema().names() if layout.words_of(name) and layout.type_of(name) is not Type.TEXT]
    return text.with_columns(**{name: formats.meaning(pl.col(name), layout.words_of(name)) for name in worded})


def why_not_data(layout: Layout, present: Sequence[str]) -> pl.Expr:
    """Why a row of `canonical` is not data (blank, total, note, other_change), or null."""
    numbers = [name for name in present if name in layout.mapping.columns and layout.type_of(name) in (Type.INT, Type.DECIMAL)]
    if layout.raw.is_small:  # all rows were looked at together
        why = pl.when(pl.col(ASIDE).is_not_null()).then(pl.col(ASIDE))
    else:
        label = pl.col("__label").is_not_null() & _is_sure(layout, present)
        why = pl.when(pl.col("__blank")).then(pl.lit("blank")).when(label).then(pl.lit("total"))
    if numbers:
        # A row of numbers that says nothing about whom or what they belong to is the grand total (Meta's first row).
        uncounted = pl.all_horizontal(pl.col(name).is_in(_BLANKS) for name in numbers)
        why = why.when(pl.col("__undescribed") & ~uncounted).then(pl.lit("total"))
    if not layout.raw.is_small:
        why = why.when(pl.col("__single")).then(pl.lit("note"))
    for name, kept in (layout.matched.shape.keep if layout.matched else {}).items():
        if name in present:
            why = why.when(~_is_kept(pl.col(name), kept)).then(pl.lit("other_change"))
    return why.otherwise(pl.lit(None, pl.String))


def _is_sure(layout: Layout, present: Sequence[str]) -> pl.Expr:
    """Whether a row that may say "total" is one, by the row alone: it says nothing else in its first cell, or lacks something
    that describes the others. A search term may be called so, too, and a thing or event that lacks nothing of its own.
    """
    if own := set(own_columns(layout.matched)):
        return pl.any_horizontal(pl.col(name).is_in(_BLANKS) for name, at in layout.mapping.columns.items() if at in own)
    plain = pl.col("__leads") & pl.col("__label").str.contains(PLAIN_TOTAL)
    described = [
        name for name in present
        if name in layout.mapping.columns and (layout.type_of(name) is Type.TEXT or name in _DAYS) and name != "currency_code"
    ]  # fmt: skip
    lacks = pl.any_horizontal(pl.col(name).is_in(_BLANKS) for name in described) if len(described) > 1 else pl.lit(value=True)
    return plain | lacks


def _is_kept(cell: pl.Expr, kept: Sequence[str]) -> pl.Expr:
    return cell.str.strip_chars().str.to_lowercase().is_in(kept)


def _unpivoted(layout: Layout, matched: Match, frame: pl.LazyFrame, columns: dict[str, pl.Expr]) -> pl.LazyFrame:
    """One row a (row, column) pair; companion columns ("SP1 evidence") go beside their column."""
    plan = matched.shape.unpivoted
    companions: dict[str, str] = plan.get("companions", {})
    headers = layout.raw.headers
    beside = {header.casefold().strip(): index for index, header in enumerate(headers)}
    parts: list[pl.LazyFrame] = []
    for position in matched.unpivoted:
        header = headers[position].strip()
        if any(header.casefold().endswith(f" {word}") for word in companions.values()):
            continue
        cells = {plan["header"]: pl.lit(header.upper() if plan.get("upper") else header), plan["cell"]: pl.col(f"c{position}")}
        if "label" in plan and position < len(layout.labels):
            cells[plan["label"]] = pl.lit(layout.labels[position])
        code = re.split(r"[^A-Za-z0-9]", header, maxsplit=1)[0]
        for name, word in companions.items():
            if (found := beside.get(f"{code} {word}".casefold())) is not None:
                cells[name] = pl.col(f"c{found}")
        parts.append(frame.select(ROW, **columns, **cells).with_columns(pl.lit(len(parts)).alias("__order")))
    # Where an item has no companion column, the companion's cell is empty. An item's own cell left empty is no answer;
    # "don't know" is one and keeps its row.
    long = (
        pl.concat(parts, how="diagonal")
        .with_columns(pl.col(pl.String).fill_null(""))
        .filter(pl.col(plan["cell"]).str.strip_chars() != "")
    )
    if layout.table.by_name[plan["cell"]].required:
        # Nor is "N/A" where the table knows only values: the ECB writes it for currencies it did not quote that day.
        long = long.filter(~formats.is_missing(pl.col(plan["cell"])))
    helpers = [pl.lit(None, pl.String).alias(name) for name in ("__label", ASIDE)] + [pl.lit("").alias("__called")]
    helpers += [pl.lit(value=False).alias(name) for name in ("__leads", "__blank", "__single", "__undescribed")]
    return long.sort(ROW, "__order").drop("__order").with_columns(helpers)
