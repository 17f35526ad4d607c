"""The contract of the canonical tables, checked on typed rows: every violation with its row, column and limit."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from marops.tables import MAX_TEXT, ROW, Table, Type

MANY = 4_000_000
"""Rows whose keys are compared at a time, so that memory stays within bounds."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A row-wise rule: `broken` is true for rows that break it. `id` is stable and stored with refused rows."""

    column: str
    id: str
    broken: pl.Expr
    limit: str = ""


def rules(table: Table, present: set[str]) -> Iterator[Rule]:
    """The row-wise rules that apply to the columns a frame has."""
    for column in table.columns:
        cell = pl.col(column.name)
        if column.name not in present:
            continue
        if column.required:
            yield Rule(column.name, "required", cell.is_null())
        if column.minimum is not None:
            yield Rule(column.name, "minimum", cell < column.minimum, str(column.minimum))
        if column.maximum is not None:
            yield Rule(column.name, "maximum", cell > column.maximum, str(column.maximum))
        if column.allowed:
            yield Rule(column.name, "allowed", ~cell.is_in(column.allowed), ", ".join(column.allowed))
        if column.type is Type.TEXT:
            yield Rule(column.name, "too_long", cell.str.len_bytes() > MAX_TEXT, str(MAX_TEXT))
    starts, ends = "period_start", "period_end"
    if {starts, ends} <= present and {starts, ends} <= set(table.by_name):
        yield Rule(ends, "ends_before_start", pl.col(ends) < pl.col(starts))


VIOLATIONS: dict[str, pl.DataType] = {
    ROW: pl.Int64(),
    "column": pl.String(),
    "rule": pl.String(),
    "limit": pl.String(),
    "value": pl.String(),
}


@dataclass(frozen=True, slots=True)
class Conformed:
    """`frame`: the rows that keep every rule. `violations`: one row a broken rule (see VIOLATIONS), by row, column.

    A repeated key is reported on every row after the first, with the first row's number as `limit`.
    """

    frame: pl.LazyFrame
    violations: pl.DataFrame


class ContractError(ValueError):
    """The frame itself (not its rows) does not fit: a required column is absent or a type is wrong."""


def is_broken(table: Table, present: Iterable[str]) -> pl.Expr:
    """Whether a row with these columns breaks a rule by itself."""
    broken = [rule.broken.fill_null(value=False) for rule in rules(table, set(present))]
    return pl.any_horizontal(broken) if broken else pl.lit(value=False)


def conform(table: Table, frame: pl.LazyFrame, *, broken: pl.DataFrame | None = None, many: int = MANY) -> Conformed:
    """Check a typed frame that has `source_row_number` and any of the table's columns. `broken`: those of its rows that break
    a rule by themselves (`is_broken`), where they are known already.

    Raises ContractError where a required column is absent or a column has another type than the table's.
    """
    found = frame.collect_schema()
    _check_contract(table, dict(found))
    if broken is None:
        broken = frame.filter(is_broken(table, found.names())).collect(engine="streaming")
    parts = [_violations(broken, rule) for rule in rules(table, set(found.names()))] if broken.height else []
    parts += _repeated(table, [name for name in table.key if name in found.names()], frame, many)
    violations = pl.concat([pl.DataFrame(schema=VIOLATIONS), *parts]).sort(ROW, "column", "rule")
    valid = frame
    if violations.height:
        valid = frame.filter(~pl.col(ROW).is_in(violations[ROW].unique().implode()))
    return Conformed(valid, violations)


def _check_contract(table: Table, found: Mapping[str, pl.DataType]) -> None:
    if ROW not in found:
        raise ContractError(f"{table.name}: the frame has no {ROW}")
    absent = [column.name for column in table.columns if column.required and column.name not in found]
    if absent:
        raise ContractError(f"{table.name} needs {', '.join(absent)}; the frame has {', '.join(found)}")
    for column in table.columns:
        if column.name in found and found[column.name] != column.type.dtype:
            raise ContractError(f"{table.name}.{column.name} must be {column.type.dtype}, not {found[column.name]}")


def _violations(broken: pl.DataFrame, rule: Rule) -> pl.DataFrame:
    return broken.filter(rule.broken).select(
        pl.col(ROW).cast(pl.Int64),
        pl.lit(rule.column).alias("column"),
        pl.lit(rule.id).alias("rule"),
        pl.lit(rule.limit).alias("limit"),
        pl.col(rule.column).cast(pl.String).alias("value"),
    )


def _repeated(table: Table, key: list[str], frame: pl.LazyFrame, many: int) -> Iterator[pl.DataFrame]:
    """Repeated keys. Of very many rows, of one span of days after the other: rows of different days have different keys, and a
    file in order of days is still read about once.
    """
    if not key:
        return
    day = next((name for name in key if table.by_name[name].type is Type.DATE), None)
    if day is None or frame.select(pl.len()).collect(engine="streaming").item() <= many:
        yield from _repeated_keys(key, frame)
        return
    days = frame.group_by(day).agg(pl.len().alias("rows")).collect(engine="streaming").sort(day)
    spans = days.group_by((pl.col("rows").cum_sum() - 1) // many, maintain_order=True).agg(pl.col(day).alias("days"))
    for among in spans["days"]:
        within = pl.col(day).is_between(among.min(), among.max())
        yield from _repeated_keys(key, frame.filter(within | pl.col(day).is_null() if among.has_nulls() else within))


def _repeated_keys(key: list[str], frame: pl.LazyFrame) -> Iterator[pl.DataFrame]:
    # A 64-bit hash finds candidates in little memory and time; they are then compared exactly.
    hashes = frame.select(pl.struct(key).hash().alias("hash")).collect(engine="streaming")["hash"]
    if hashes.n_unique() == hashes.len():
        return
    repeated = hashes.filter(hashes.is_duplicated()).unique()
    candidates = frame.select(ROW, *key).filter(pl.struct(key).hash().is_in(repeated.implode())).collect(engine="streaming")
    yield (
        candidates.sort(ROW)
        .with_columns(pl.col(ROW).first().over(key).alias("first"))
        .filter(pl.col(ROW) != pl.col("first"))
        .select(
            pl.col(ROW).cast(pl.Int64),
            pl.lit(key[0]).alias("column"),
            pl.lit("repeated_key").alias("rule"),
            pl.col("first").cast(pl.String).alias("limit"),
            pl.concat_str([pl.col(name).cast(pl.String).fill_null("") for name in key], separator=" · ").alias("value"),
        )
    )
