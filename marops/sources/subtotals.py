"""Rows that add others up: totals that say so, "All" in place of what tells rows apart, or nothing in its place.

"All", "Total" and an empty cell can also be data like any other (an audience, a search term, a row nobody labelled). So a
row that does not say beyond doubt that it is a total is one only where the rows that it stands for are in the table, and
its numbers are theirs. One number alone says little: a lead a day adds up to many things by chance.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from marops.sources import currencies, formats
from marops.sources.columns import RATIO, Held, held
from marops.sources.recognising import Match
from marops.sources.report import Question
from marops.tables import AD_PERFORMANCE, ROW, TABLES


def _any(words: Sequence[str]) -> str:
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


_SAID = currencies.MEANINGS["totals"]
_BARE = (
    rf"(?:(?:{_any(_SAID['before'])})[ -]?)?(?:{_any(_SAID['words'])})(?: (?:{_any(_SAID['after'])}))?"
    rf"(?:\s*\(\d+(?: \p{{L}}+){{0,2}}\))?"
)
_COUNTED = _any(_SAID["counted"])
_NUMBERED = rf"(?:{_BARE}|results?|resultados?) (?:of|from|de|[-–—]) \d+(?: (?:{_COUNTED}))?"

PLAIN_TOTAL = rf"(?i)^\s*(?:{_BARE}\s*:?|{_NUMBERED})\s*$"
"""A cell that says "total" and nothing else: "Grand total", "Results from 12 campaigns"."""

NAMED_TOTAL = rf"(?i)^\s*(?:{_BARE}\s*(?:$|[:：])|{_NUMBERED}\s*$)"
"""A cell that may say so: also "Total: Campaigns", which could be the name of a campaign."""

TOTAL_LABEL = rf"(?i)^\s*(?:{_BARE}\s*(?:$|[:：]|[-–—]\s)|{_NUMBERED}\s*$)"
"""The same, or "Total - Search", which is the name of a campaign still more often."""

_OF_THINGS = frozenset(
    {"work_item", "work_item_transition", "flag_event", "lead_stage_history", "incident", "change", "privacy_request"}
)
"""Tables of single things and what happened to them, one row each: nothing in them is a sum of others."""

LABELS = 3
"""Columns from the left in which a total may say so."""

_WORDS = ("all", "(all)", "todos", "todas", "tous", "toutes", "alle")
_ALL = rf"(?i)^\s*(?:{'|'.join(map(re.escape, _WORDS))})\s*$"
_SPELT = [spelt for word in _WORDS for spelt in (word, word.title(), word.upper())]
_ENOUGH = 0.8
"""Share of the rows that could be subtotals whose numbers must be those of the rows they stand for."""

_SHARE = 2 / 3
"""Share of a row's numbers that must be the sums; unique users and the like may differ, the largest number may not."""

_CENTS = 0.02
_THOUSANDTH = 0.001
_MOST_LEVELS = 64


@dataclass(frozen=True, slots=True)
class _Checked:
    """Rows with the same columns marked, that stand for others (see `_compared`)."""

    everything: bool
    rows: pl.DataFrame


@dataclass(frozen=True, slots=True)
class _Marked:
    """What may mark a row as a sum: in which columns, by which cells, and whether such a cell says so. One that does not must
    stand for several rows.
    """

    columns: tuple[str, ...]
    mark: Callable[[str], pl.Expr]
    says_so: bool
    is_asked: bool = False


def own_columns(matched: Match | None) -> list[int]:
    """The positions of what a row has of its own where each is one thing or event (its id first, its stage, its moment): a row that
    has all of these is no total, whatever it is called. None where rows may add others up.
    """
    if matched is None or matched.shape.table not in _OF_THINGS:
        return []
    table = TABLES[matched.shape.table]
    required = [name for name in (*table.key[:1], *table.by_name) if table.by_name[name].required]
    own = [matched.columns[name] for name in dict.fromkeys(required) if name in matched.columns]
    return own if len(own) > 1 else []


def find_subtotals(headers: Sequence[str], data: pl.DataFrame, matched: Match | None) -> tuple[dict[int, str], Question | None]:
    """Row number -> "subtotal" ("total" where it stands for all rows), and a question where some add up and some do not."""
    if own_columns(matched):
        return {}, None
    said = _Marked(
        tuple(name for name in _names(headers) if data[name].str.contains(_ALL).any()), _says_all, says_so=True, is_asked=True
    )
    labelled = [name for name in _names(headers)[:LABELS] if data[name].str.contains(TOTAL_LABEL).any()]
    found, asked = _found(headers, data, matched, said) if said.columns else ({}, None)
    for marked in (_Marked(tuple(labelled), _says_total, says_so=True), *_left_empty(data, matched)):
        if marked.columns:
            found |= _found(headers, data.filter(~pl.col(ROW).is_in(list(found))), matched, marked)[0]
    return found, asked


def find_groups(headers: Sequence[str], data: pl.DataFrame, columns: Sequence[Held], totals: pl.DataFrame) -> list[int]:
    """The row numbers of the sums of groups that stand above the rows they add up, as in a pivot table. A total of the table's
    own must say so: its rows come to twice that, and every row is such a sum or part of one.
    """
    numbers = [read.fill_null(0.0).alias(f"n{i}") for i, read in enumerate(additive(headers, columns))]
    if totals.is_empty() or data.is_empty() or not numbers:
        return []
    sums = data.select(read.sum() for read in numbers).row(0)
    if not any(any(total) and _are_near(sums, [2 * number for number in total]) for total in totals.select(numbers).rows()):
        return []
    rows = data.select(numbers).rows()
    groups: list[int] = []
    at = 0
    while at < len(rows):
        parts = _parts(rows, at)
        if not parts:
            return []
        groups.append(at)
        at += 1 + parts
    return data[ROW].gather(groups).to_list()


def _parts(rows: Sequence[Sequence[float]], at: int) -> int:
    """How many of the rows below one add up to it; 0 where none do."""
    summed = [0.0] * len(rows[at])
    for below in range(at + 1, len(rows)):
        summed = [a + b for a, b in zip(summed, rows[below], strict=True)]
        if _are_near(rows[at], summed):
            return below - at
    return 0


def _are_near(some: Sequence[float], others: Sequence[float]) -> bool:
    return all(abs(a - b) <= max(_CENTS, _THOUSANDTH * abs(b)) for a, b in zip(some, others, strict=True))


def called(width: int) -> pl.Expr:
    """What a row that is no data calls itself: the cell that says so, else the first one with something in it."""
    cells = [pl.col(f"c{index}").str.strip_chars() for index in range(min(LABELS, width))]
    says = [pl.when(cell.str.contains(TOTAL_LABEL)).then(cell) for cell in (*cells, pl.col(f"c{width - 1}").str.strip_chars())]
    return pl.coalesce(*says, *(pl.when(cell != "").then(cell) for cell in cells), pl.lit("")).str.slice(0, 120)


def shows_all(name: str) -> pl.Expr:
    """Whether trimmed cells of a canonical column say "All"; in a breakdown's key, one of the parts that " · " joins."""
    if name == "breakdown_key":
        return pl.col(name).str.split(" · ").list.eval(pl.element().is_in(_SPELT)).list.any()
    return pl.col(name).is_in(_SPELT)


def tie(stated: Sequence[pl.Expr], sums: Sequence[pl.Expr], rows: pl.Expr) -> pl.Expr:
    """Whether a row's numbers (null where it states none) are these sums of so many rows: most of them, and the largest. A
    sum of one row is that row in all numbers; that many are the same for two things is common.
    """
    told = [a.is_not_null() & ((a != 0) | (b != 0)) for a, b in zip(stated, sums, strict=True)]
    near = _near(stated, sums)
    sizes = [pl.when(t).then(b.abs()).otherwise(0.0) for t, b in zip(told, sums, strict=True)]
    largest = pl.max_horizontal(sizes)
    right = pl.any_horizontal(n & (size == largest) for n, size in zip(near, sizes, strict=True))
    share = pl.when(rows > 1).then(_SHARE).otherwise(1.0)
    return ~pl.any_horizontal(told) | (right & (pl.sum_horizontal(near) >= share * pl.sum_horizontal(told)))


def is_sum(stated: Sequence[float | None], sums: Sequence[float], rows: int) -> bool:
    """The same for one row."""
    told = [(number, total) for number, total in zip(stated, sums, strict=True) if number is not None and (number or total)]
    if not told:
        return True
    near = [abs(number - total) <= max(_CENTS, _THOUSANDTH * abs(total)) for number, total in told]
    largest = max(abs(total) for _, total in told)
    right = any(is_near for is_near, (_, total) in zip(near, told, strict=True) if abs(total) == largest)
    return right and sum(near) >= (_SHARE if rows > 1 else 1.0) * len(told)


def _near(stated: Sequence[pl.Expr], sums: Sequence[pl.Expr]) -> list[pl.Expr]:
    return [
        (a.is_not_null() & ((a != 0) | (b != 0)) & ((a - b).abs() <= pl.max_horizontal(pl.lit(_CENTS), _THOUSANDTH * b.abs())))
        for a, b in zip(stated, sums, strict=True)
    ]


def additive(headers: Sequence[str], columns: Sequence[Held]) -> list[pl.Expr]:
    """How to read, as floats, the columns whose numbers can be added up."""
    return [
        column.read.cast(pl.Float64)
        for header, column in zip(headers, columns, strict=True)
        if column.read is not None and is_additive(header, column)
    ]


def is_additive(header: str, column: Held) -> bool:
    """Whether the numbers of a column can be added up."""
    return column.read is not None and column.is_number and not RATIO.search(header)


def _names(headers: Sequence[str]) -> list[str]:
    return [f"c{index}" for index in range(len(headers))]


def _says_all(name: str) -> pl.Expr:
    return pl.col(name).str.contains(_ALL)


def _says_total(name: str) -> pl.Expr:
    return pl.col(name).str.contains(TOTAL_LABEL)


def _left_empty(data: pl.DataFrame, matched: Match | None) -> list[_Marked]:
    """In an ad report: the levels and breakdowns that most rows name and some leave empty. Elsewhere an empty cell is only
    missing, and small counts tie by chance.
    """
    if matched is None or matched.shape.table != AD_PERFORMANCE.name:
        return []
    named = {at for name, at in matched.columns.items() if name.endswith(("_name", "_id")) or name == "publisher"}
    named |= {at for level in matched.breakdowns.values() for at in level}
    empty = {f"c{at}": data.select(formats.is_missing(pl.col(f"c{at}")).mean().fill_null(0.0)).item() for at in sorted(named)}
    some = tuple(name for name, share in empty.items() if 0 < share <= 0.5)
    return [_Marked(some, lambda name: formats.is_missing(pl.col(name)), says_so=False)]


def _found(
    headers: Sequence[str], data: pl.DataFrame, matched: Match | None, marked: _Marked
) -> tuple[dict[int, str], Question | None]:
    named = marked.columns
    is_marked = pl.any_horizontal(marked.mark(name) for name in named)
    inner, outer = data.filter(~is_marked), data.filter(is_marked)
    columns = held(headers, inner, matched, [])
    numbers = additive(headers, columns)
    if not inner.height or not outer.height or not numbers:
        return {}, None
    beside = [name for name, column in zip(_names(headers), columns, strict=True) if name not in named and not column.is_number]
    states = outer.with_columns(_state(name, marked) for name in (*named, *beside))
    levels = states.partition_by([f"state {name}" for name in (*named, *beside)])
    if len(levels) > _MOST_LEVELS:
        return {}, None
    checked = [found for rows in levels for found in _check(rows, inner, marked, beside, numbers)]
    return _judged(checked, headers[int(named[0][1:])], is_asked=marked.is_asked)


def _state(name: str, marked: _Marked) -> pl.Expr:
    """Whether a cell has the mark (1), nothing (2), or what its row is about (0)."""
    has_mark = marked.mark(name) if name in marked.columns else pl.lit(value=False)
    return pl.when(has_mark).then(1).when(formats.is_missing(pl.col(name))).then(2).otherwise(0).alias(f"state {name}")


def _check(
    rows: pl.DataFrame, inner: pl.DataFrame, marked: _Marked, beside: Sequence[str], numbers: Sequence[pl.Expr]
) -> list[_Checked]:
    """Rows in the same state, beside the rows that share all they say; those without any, beside the ones that share what
    others have the mark for (texts of their own, such as a status, may keep them apart), if then they add up.
    """
    names = (*marked.columns, *beside)
    says = [name for name, state in zip(names, rows.select(f"state {name}" for name in names).row(0), strict=True) if state == 0]
    kept = [name for name in says if name in marked.columns]
    close = _compared(rows, inner, says, numbers)
    whole = not kept and _stands_for_all(rows, inner, says)
    if not marked.says_so:
        return [_Checked(whole, close.filter("several"))]
    apart = rows.filter(~pl.col(ROW).is_in(close[ROW].implode()))
    loose = _compared(apart, inner, kept, numbers).filter("ties")
    return [_Checked(whole, close), _Checked(not kept, loose)]


def _stands_for_all(rows: pl.DataFrame, inner: pl.DataFrame, says: Sequence[str]) -> bool:
    """Whether every inner row shares what these rows say."""
    return rows.height == 1 and (not says or inner.join(rows, on=list(says), how="anti").is_empty())


def _judged(checked: Sequence[_Checked], header: str, *, is_asked: bool) -> tuple[dict[int, str], Question | None]:
    found = {row: "total" if one.everything else "subtotal" for one in checked for row in one.rows[ROW].to_list()}
    right = sum(int(one.rows["ties"].sum()) for one in checked)
    if not right:
        return {}, None
    telling = any(bool((one.rows["ties"] & one.rows["telling"]).any()) for one in checked)
    if telling and right >= _ENOUGH * len(found):
        return found, None
    return {}, Question(code="subtotals", column=header, samples=["All"], choices=[]) if is_asked else None


def _compared(rows: pl.DataFrame, inner: pl.DataFrame, keys: Sequence[str], numbers: Sequence[pl.Expr]) -> pl.DataFrame:
    """Row number, `ties`, whether it stands for `several` rows, and whether that is `telling` (several rows or several numbers
    add up), of the rows that share these keys with inner rows.
    """
    stated = rows.select(ROW, *keys, *(read.alias(f"n{i}") for i, read in enumerate(numbers)))
    sums = [pl.len().alias("inner"), *(read.sum().alias(f"s{i}") for i, read in enumerate(numbers))]
    if keys:
        both = stated.join(inner.group_by(keys).agg(sums), on=keys, how="inner")
    else:
        both = stated.join(inner.select(sums), how="cross")
    stands = [pl.col(f"n{i}") for i in range(len(numbers))]
    ours = [pl.col(f"s{i}") for i in range(len(numbers))]
    several = pl.col("inner") > 1
    telling = several | (pl.sum_horizontal(_near(stands, ours)) > 1)
    return both.select(ROW, tie(stands, ours, pl.col("inner")).alias("ties"), several.alias("several"), telling.alias("telling"))
