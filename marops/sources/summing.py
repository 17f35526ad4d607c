"""What a table's rows come to: their number, days, currencies and sums, of files of any size in the same memory."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import polars as pl

from marops.tables import Table, Type

_NOT_ADDITIVE = ("reach", "users", "confidence", "level", "survey_progress", "status_sequence", "rate", "upper", "value")


@dataclass(frozen=True, slots=True)
class Summed:
    """Rows, first and last day (None where nothing dates them), currencies, and the sums of the additive columns by name. Amounts
    in several currencies have no sum.
    """

    rows: int
    first_day: date | None
    last_day: date | None
    currencies: list[str]
    sums: dict[str, Decimal | int]


def summed(table: Table, rows: pl.LazyFrame) -> Summed:
    """Count, date and add up the typed rows of a table."""
    present = rows.collect_schema().names()
    additive = [
        name for name in present
        if name in table.by_name and table.by_name[name].type in (Type.INT, Type.DECIMAL) and name not in _NOT_ADDITIVE
    ]  # fmt: skip
    found = rows.select(pl.len().alias("__rows"), *_days(table, present), *(pl.col(name).sum() for name in additive))
    summary = found.collect(engine="streaming").row(0, named=True)
    currencies: list[str] = []
    if "currency_code" in present:
        # By itself: beside sums, the engine would gather all the codes before it looks which differ.
        codes = rows.select(pl.col("currency_code").unique()).collect(engine="streaming").to_series()
        currencies = sorted(codes.drop_nulls())
    mixed = len(currencies) > 1
    sums = {name: summary[name] or 0 for name in additive if not (mixed and table.by_name[name].unit == "currency_code")}
    return Summed(summary["__rows"], summary.get("__first"), summary.get("__last"), currencies, sums)


def _days(table: Table, present: list[str]) -> list[pl.Expr]:
    last = table.day if table.day in present else None
    first = "period_start" if last == "period_end" else last
    if not first or not last:
        return []
    # A span that ends at midnight has nothing of the day that begins there.
    end = pl.col(last)
    if table.seconds:
        end = pl.max_horizontal(end, end + pl.duration(seconds=pl.col(table.seconds), microseconds=-1))
    if table.ended in present:
        end = pl.max_horizontal(end, pl.col(table.ended))
    return [pl.col(first).min().cast(pl.Date).alias("__first"), end.max().cast(pl.Date).alias("__last")]
