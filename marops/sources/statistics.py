"""Rows below or above a table that hold a statistic of it: an average, a median, the least, the most."""

from collections.abc import Sequence

import polars as pl

from marops.sources import currencies
from marops.sources.columns import held, is_missing
from marops.sources.recognising import Match
from marops.sources.subtotals import LABELS, NAMED_TOTAL, additive, is_additive
from marops.tables import ROW

_WORDS: dict[str, list[str]] = currencies.MEANINGS["statistics"]

_MOST = 12
"""Rows that may stand below a table."""

_SHARE = 2 / 3
"""Share of a row's numbers that must be the statistic; where the average of a ratio is another, the counts still tell."""

_FULL = 0.9
"""Share of the rows that have something in a column, of which a row that is no data may have nothing."""

_HALF, _CENT, _THOUSANDTH = 0.5, 0.01, 0.001
"""What a rounded count and a rounded amount may differ by."""


def find_statistics(headers: Sequence[str], data: pl.DataFrame, matched: Match | None) -> list[int]:
    """The row numbers of statistics: rows that call themselves so, stand above or below all others, lack a text or date that the
    others have, and are what they say of them. A campaign may be called "Max", too; an average among the data would be
    counted as spend.
    """
    cells = [pl.col(f"c{index}") for index in range(min(LABELS, len(headers)))]
    labels = [cell.str.strip_chars(" :").str.to_lowercase() for cell in cells]
    kinds = [pl.when(label.is_in(words)).then(pl.lit(kind)) for kind, words in _WORDS.items() for label in labels]
    any_word = [word for words in _WORDS.values() for word in words]
    labelled = [pl.when(label.is_in(any_word)).then(pl.lit(f"c{index}")) for index, label in enumerate(labels)]
    is_total = pl.any_horizontal(cell.str.contains(NAMED_TOTAL) for cell in cells)
    named = data.with_columns(pl.coalesce(kinds).alias("kind"), pl.coalesce(labelled).alias("labelled"), is_total.alias("is_total"))
    return _below(headers, named, matched) or _below(headers, named.reverse(), matched) if named["kind"].is_not_null().any() else []


def _below(headers: Sequence[str], named: pl.DataFrame, matched: Match | None) -> list[int]:
    """The row numbers of statistics at the end: as many rows as are all what they call themselves of the ones above them."""
    at_end = int((named["kind"].is_not_null() | named["is_total"]).reverse().cum_min().sum())
    certain = named.head(-at_end) if at_end else named
    if not at_end or certain.is_empty():
        return []
    columns = held(headers, certain, matched, [])
    numbers = additive(headers, columns)
    whole = [column.type == "integer" for header, column in zip(headers, columns, strict=True) if is_additive(header, column)]
    described = [f"c{index}" for index, column in enumerate(columns) if not column.is_number and column.type != "empty"]
    full = [name for name in described if float(certain.select(is_missing(pl.col(name)).mean()).item()) <= 1 - _FULL]
    dated = [name for name in full if columns[int(name[1:])].type in {"date", "timestamp"}]
    if dated:
        lacks = pl.any_horizontal(is_missing(pl.col(name)) for name in dated)
    else:
        others_missing = [is_missing(pl.col(name)) | (pl.col("labelled") == name) for name in full]
        lacks = pl.all_horizontal(others_missing) if len(full) > 1 else pl.lit(value=False)
    read = [number.alias(f"n{i}") for i, number in enumerate(numbers)]
    for count in range(min(at_end, _MOST) if read else 0, 0, -1):
        found = named.tail(count).filter(~pl.col("is_total"))
        if found.is_empty() or found["kind"].is_duplicated().any():
            continue
        # A total that does not say so has no name where the statistics have theirs.
        unnamed = pl.any_horizontal(is_missing(pl.col(name)) for name in found["labelled"].unique())
        others = named.head(-count).filter(~pl.col("is_total"), ~unnamed).select(read)
        if others.is_empty():
            continue
        of = {kind: others.select(getattr(pl.all(), kind)()).row(0) for kind in found["kind"]}
        rows = found.select("kind", lacks.alias("lacks"), *read).rows()
        # Where nothing but its name describes a row, it takes several rows and numbers to say that it is none.
        least = 1 if len(full) > 1 else 2
        sure = (lacking or (least > 1 and others.height > 1) for _, lacking, *_ in rows)
        if all(sure) and all(_is_it(stated, of[kind], whole, 1 if lacking else least) for kind, lacking, *stated in rows):
            return found[ROW].to_list()
    return []


def _is_it(stated: Sequence[float | None], statistics: Sequence[float | None], whole: Sequence[bool], least: int) -> bool:
    """Whether most of a row's numbers, and no fewer than `least`, are these; where it has none, nothing of it would be counted."""
    told = [(a, b, w) for a, b, w in zip(stated, statistics, whole, strict=True) if a is not None and b is not None]
    near = sum(abs(a - b) <= max(_HALF if w else _CENT, _THOUSANDTH * abs(b)) for a, b, w in told)
    return not told or (near >= _SHARE * len(told) and near >= least)
