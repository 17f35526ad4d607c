"""Rows that add others up and say so by "All" in place of what tells those apart, as pivots and Meta's summaries do.

"All" can also be a name like any other (an audience). So a row is a subtotal only where the rows that it stands for are in
the table, and its numbers are theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from marops.sources.columns import RATIO, held
from marops.sources.recognising import Match
from marops.sources.report import Question
from marops.tables import ROW

_ALL = r"(?i)^\s*(?:\(?all\)?|todos|todas|tous|toutes|alle)\s*$"
_ENOUGH = 0.8
"""Share of the rows that could be subtotals whose numbers must be those of the rows they stand for."""

_CENTS = 0.02
_THOUSANDTH = 0.001


@dataclass(frozen=True, slots=True)
class _Checked:
    """Rows with "All" in the same columns: their numbers, and whether they are those of the rows they stand for."""

    everything: bool
    rows: pl.DataFrame
    """Row number, and `ties`; only rows that stand for others."""


def find_subtotals(headers: Sequence[str], data: pl.DataFrame, matched: Match | None) -> tuple[dict[int, str], Question | None]:
    """Row number -> "subtotal" ("total" where it stands for all rows), and a question where some add up and some do not."""
    named = [name for name in (f"c{index}" for index in range(len(headers))) if data[name].str.contains(_ALL).any()]
    if not named:
        return {}, None
    is_all = pl.any_horizontal(pl.col(name).str.contains(_ALL) for name in named)
    inner, outer = data.filter(~is_all), data.filter(is_all)
    columns = held(headers, inner, matched, [])
    numbers = [
        column.read
        for header, column in zip(headers, columns, strict=True)
        if column.read is not None and column.is_number and not RATIO.search(header)
    ]
    if not inner.height or not numbers:
        return {}, None
    beside = [f"c{i}" for i, column in enumerate(columns) if not column.is_number and f"c{i}" not in named]
    checked: list[_Checked] = []
    states = outer.with_columns(_state(name) for name in (*named, *beside))
    for rows in states.partition_by([f"state {name}" for name in (*named, *beside)]):
        checked += _check(rows, inner, named, beside, numbers)
    return _judged(checked, headers[int(named[0][1:])])


def _state(name: str) -> pl.Expr:
    """Whether a cell says "All", nothing, or what its row is about."""
    cell = pl.col(name).str.strip_chars()
    return pl.when(cell.str.contains(_ALL)).then(1).when(cell == "").then(2).otherwise(0).alias(f"state {name}")


def _check(
    rows: pl.DataFrame, inner: pl.DataFrame, named: Sequence[str], beside: Sequence[str], numbers: Sequence[pl.Expr]
) -> list[_Checked]:
    """Rows in the same state, beside the rows that share all they say; those without any, beside the ones that share what
    others have "All" for (texts of their own, such as a status, may keep them apart), if then they add up.
    """
    first = rows.select(f"state {name}" for name in (*named, *beside)).row(0)
    says = [name for name, state in zip((*named, *beside), first, strict=True) if state == 0]
    kept = [name for name in says if name in named]
    close = _compared(rows, inner, says, numbers)
    apart = rows.filter(~pl.col(ROW).is_in(close[ROW].implode()))
    loose = _compared(apart, inner, kept, numbers).filter("ties")
    whole = not kept and _stands_for_all(rows, inner, says)
    return [_Checked(whole, close), _Checked(not kept, loose)]


def _stands_for_all(rows: pl.DataFrame, inner: pl.DataFrame, says: Sequence[str]) -> bool:
    """Whether every inner row shares what these rows say."""
    return rows.height == 1 and (not says or inner.join(rows, on=list(says), how="anti").is_empty())


def _judged(checked: Sequence[_Checked], header: str) -> tuple[dict[int, str], Question | None]:
    found = {row: "total" if one.everything else "subtotal" for one in checked for row in one.rows[ROW].to_list()}
    right = sum(int(one.rows["ties"].sum()) for one in checked)
    if not right:
        return {}, None
    if right >= _ENOUGH * len(found):
        return found, None
    return {}, Question(code="subtotals", column=header, samples=["All"], choices=[])


def _compared(rows: pl.DataFrame, inner: pl.DataFrame, keys: Sequence[str], numbers: Sequence[pl.Expr]) -> pl.DataFrame:
    """Row number and `ties`, of the rows that share these keys with inner rows."""
    stated = rows.select(ROW, *keys, *(read.cast(pl.Float64).fill_null(0.0).alias(f"n{i}") for i, read in enumerate(numbers)))
    sums = [read.sum().cast(pl.Float64).alias(f"s{i}") for i, read in enumerate(numbers)]
    if keys:
        both = stated.join(inner.group_by(keys).agg(sums), on=keys, how="inner")
    else:
        both = stated.join(inner.select(sums), how="cross")
    near: list[pl.Expr] = []
    told: list[pl.Expr] = []
    for i in range(len(numbers)):
        stands, ours = pl.col(f"n{i}"), pl.col(f"s{i}")
        told.append((stands != 0) | (ours != 0))
        near.append(told[-1] & ((stands - ours).abs() <= pl.max_horizontal(pl.lit(_CENTS), _THOUSANDTH * ours.abs())))
    return both.select(ROW, (pl.any_horizontal(near) | ~pl.any_horizontal(told)).alias("ties"))
