"""Rows below or above a table that hold a statistic of it: an average, a median, the least, the most."""

from collections.abc import Sequence

import polars as pl

from marops.sources import currencies
from marops.sources.columns import held
from marops.sources.recognising import Match
from marops.sources.subtotals import LABELS, NAMED_TOTAL, additive
from marops.tables import ROW

_WORDS: dict[str, list[str]] = currencies.MEANINGS["statistics"]

_MOST = 12
"""Rows that may stand below a table."""

_SHARE = 2 / 3
"""Share of a row's numbers that must be the statistic; where the average of a ratio is another, the counts still tell."""

_HALF = 0.5
"""What a rounded count may differ by."""

_HUNDREDTH = 0.01


def find_statistics(headers: Sequence[str], data: pl.DataFrame, matched: Match | None) -> list[int]:
    """The row numbers of statistics: rows that call themselves so, stand above or below all others, and are what they say of
    them. A campaign may be called "Max", too; an average among the data would be counted as spend.
    """
    cells = [pl.col(f"c{index}") for index in range(min(LABELS, len(headers)))]
    labels = [cell.str.strip_chars(" :").str.to_lowercase() for cell in cells]
    kinds = [pl.when(label.is_in(words)).then(pl.lit(kind)) for kind, words in _WORDS.items() for label in labels]
    is_total = pl.any_horizontal(cell.str.contains(NAMED_TOTAL) for cell in cells)
    named = data.with_columns(pl.coalesce(kinds).alias("kind"), is_total.alias("is_total"))
    return _below(headers, named, matched) or _below(headers, named.reverse(), matched) if named["kind"].is_not_null().any() else []


def _below(headers: Sequence[str], named: pl.DataFrame, matched: Match | None) -> list[int]:
    """The row numbers of statistics at the end: as many rows as are all what they call themselves of the ones above them."""
    at_end = (named["kind"].is_not_null() | named["is_total"]).reverse().cum_min().sum()
    for count in range(min(int(at_end), _MOST), 0, -1):
        found = named.tail(count).filter(~pl.col("is_total"))
        others = named.head(-count).filter(~pl.col("is_total"))
        numbers = additive(headers, held(headers, others, matched, [])) if found.height and others.height > 1 else []
        if not numbers:
            continue
        read = [number.alias(f"n{i}") for i, number in enumerate(numbers)]
        of = {kind: others.select(read).select(getattr(pl.all(), kind)()).row(0) for kind in found["kind"].unique()}
        if all(_is_it(stated, of[kind]) for kind, *stated in found.select("kind", *read).rows()):
            return found[ROW].to_list()
    return []


def _is_it(stated: Sequence[float | None], statistics: Sequence[float | None]) -> bool:
    """Whether most of a row's numbers are these; where it has none, nothing of it would be counted, and it says what it is."""
    told = [(a, b) for a, b in zip(stated, statistics, strict=True) if a is not None and b is not None]
    return sum(abs(a - b) <= max(_HALF, _HUNDREDTH * abs(b)) for a, b in told) >= _SHARE * len(told)
