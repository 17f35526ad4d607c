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
class _Level:
    """Rows with "All" in the same columns, each beside what its inner rows add up to (`checked`: columns n0, s0, n1, ...)."""

    everything: bool
    checked: pl.DataFrame


def find_subtotals(headers: Sequence[str], data: pl.DataFrame, matched: Match | None) -> tuple[dict[int, str], Question | None]:
    """Row number -> "subtotal" ("total" where it stands for all rows), and a question where some add up and some do not."""
    names = [name for name in (f"c{index}" for index in range(len(headers))) if data[name].str.contains(_ALL).any()]
    if not names:
        return {}, None
    is_all = pl.any_horizontal(pl.col(name).str.contains(_ALL) for name in names)
    inner = data.filter(~is_all)
    numbers = [
        column.read
        for header, column in zip(headers, held(headers, inner, matched, []), strict=True)
        if column.read is not None and column.is_number and not RATIO.search(header)
    ]
    if not inner.height or not numbers:
        return {}, None
    levels = [_level(names, pattern, data.filter(is_all), inner, numbers) for pattern in _patterns(names, data.filter(is_all))]
    return _judged(levels, headers, names)


def _patterns(names: Sequence[str], rows: pl.DataFrame) -> list[tuple[str, ...]]:
    """The sets of columns that rows have "All" in."""
    marks = rows.select(pl.col(name).str.contains(_ALL) for name in names).unique()
    return [tuple(name for name, marked in zip(names, row, strict=True) if marked) for row in marks.iter_rows()]


def _level(
    names: Sequence[str], pattern: tuple[str, ...], rows: pl.DataFrame, inner: pl.DataFrame, numbers: Sequence[pl.Expr]
) -> _Level:
    kept = [name for name in names if name not in pattern]
    here = rows.filter(
        pl.all_horizontal(
            pl.col(name).str.contains(_ALL) if name in pattern else ~pl.col(name).str.contains(_ALL) for name in names
        )
    )
    stated = here.select(ROW, *kept, *(read.alias(f"n{i}") for i, read in enumerate(numbers)))
    sums = [read.sum().alias(f"s{i}") for i, read in enumerate(numbers)]
    added = inner.group_by(kept).agg(pl.len().alias("inner"), *sums) if kept else inner.select(pl.len().alias("inner"), *sums)
    checked = stated.join(added, on=kept, how="inner") if kept else stated.join(added, how="cross")
    return _Level(not kept, checked)


def _judged(levels: Sequence[_Level], headers: Sequence[str], names: Sequence[str]) -> tuple[dict[int, str], Question | None]:
    found: dict[int, str] = {}
    right = 0
    for level in levels:
        count = sum(name.startswith("n") for name in level.checked.columns)
        stated = [pl.col(f"n{i}").cast(pl.Float64).fill_null(0.0) for i in range(count)]
        ours = [pl.col(f"s{i}").cast(pl.Float64).fill_null(0.0) for i in range(count)]
        near = [
            (a - b).abs() <= pl.max_horizontal(pl.lit(_CENTS), _THOUSANDTH * b.abs()) for a, b in zip(stated, ours, strict=True)
        ]
        told = [(a != 0) | (b != 0) for a, b in zip(stated, ours, strict=True)]
        ties = pl.any_horizontal(n & t for n, t in zip(near, told, strict=True)) | ~pl.any_horizontal(told)
        right += level.checked.select(ties.sum()).item()
        found |= dict.fromkeys(level.checked[ROW].to_list(), "total" if level.everything else "subtotal")
    if not found or not right:
        return {}, None
    if right >= _ENOUGH * len(found):
        return found, None
    return {}, Question(code="subtotals", column=headers[int(names[0][1:])], samples=["All"], choices=[])
