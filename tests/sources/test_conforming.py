"""The contract of the canonical tables: what `conform` refuses, and how it says so."""

import re
import string
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marops.sources.conforming import MANY, ContractError, conform
from marops.tables import MAX_TEXT, ROW, TABLES, Column, Kind, Table, Type

TINY = Table(
    "tiny",
    Kind.LAKE,
    "A table with every rule there is.",
    (
        Column("name", Type.TEXT, "who", required=True),
        Column("kind", Type.TEXT, "what", allowed=("a", "b")),
        Column("score", Type.INT, "how much", minimum=1, maximum=5),
        Column("amount", Type.DECIMAL, "cost", minimum=0),
        Column("period_start", Type.DATE, "first day"),
        Column("period_end", Type.DATE, "last day"),
    ),
    ("name", "kind", "period_start"),
)

GOOD: dict[str, Any] = {
    "name": "x",
    "kind": "a",
    "score": 3,
    "amount": Decimal("1.5"),
    "period_start": date(2026, 5, 1),
    "period_end": date(2026, 5, 31),
}


def frame(*rows: dict[str, Any], first_row: int = 2) -> pl.LazyFrame:
    """Rows as a file would give them, numbered from its second line."""
    schema = {**TINY.schema, ROW: pl.Int64()}
    return pl.LazyFrame([{**row, ROW: first_row + i} for i, row in enumerate(rows)], schema=schema)


def test_rows_that_keep_every_rule_all_come_back_as_they_were() -> None:
    rows = frame(GOOD, GOOD | {"name": "y"})
    found = conform(TINY, rows)
    assert found.violations.rows() == []
    assert found.frame.collect().equals(rows.collect())


@pytest.mark.parametrize(
    ("change", "column", "rule", "limit", "value"),
    [
        ({"name": None}, "name", "required", "", None),
        ({"kind": "c"}, "kind", "allowed", "a, b", "c"),
        ({"score": 0}, "score", "minimum", "1", "0"),
        ({"score": 6}, "score", "maximum", "5", "6"),
        ({"amount": Decimal("-0.01")}, "amount", "minimum", "0", "-0.010000"),
        ({"name": "n" * (MAX_TEXT + 1)}, "name", "too_long", "32767", "n" * (MAX_TEXT + 1)),
        ({"period_end": date(2026, 4, 30)}, "period_end", "ends_before_start", "", "2026-04-30"),
    ],
)  # fmt: skip
def test_a_broken_rule_is_reported_with_its_column_its_row_and_the_limit(
    change: dict[str, Any], column: str, rule: str, limit: str, value: str | None
) -> None:
    found = conform(TINY, frame(GOOD, GOOD | {"name": "other"} | change, GOOD | {"name": "third"}))
    assert found.violations.rows() == [(3, column, rule, limit, value)]
    assert found.frame.collect()[ROW].to_list() == [2, 4]


def test_the_limits_themselves_are_allowed() -> None:
    edges = [
        GOOD | {"name": "n" * MAX_TEXT, "score": 1, "amount": Decimal(0)},
        GOOD | {"score": 5, "period_end": GOOD["period_start"]},
    ]
    assert conform(TINY, frame(*edges)).violations.height == 0


def test_text_is_measured_in_bytes_not_in_letters() -> None:
    found = conform(TINY, frame(GOOD | {"name": "ç" * (MAX_TEXT // 2 + 1)}))
    assert found.violations["rule"].to_list() == ["too_long"]


def test_a_row_that_breaks_several_rules_is_reported_once_for_each() -> None:
    found = conform(TINY, frame(GOOD | {"name": None, "kind": "z", "score": 9}))
    assert found.violations.select("column", "rule").rows() == [("kind", "allowed"), ("name", "required"), ("score", "maximum")]
    assert found.frame.collect().height == 0


def test_a_missing_value_breaks_no_rule_but_required() -> None:
    empty = GOOD | {"kind": None, "score": None, "amount": None, "period_end": None}
    assert conform(TINY, frame(empty)).violations.height == 0


def test_a_repeated_key_is_refused_on_every_row_after_the_first_which_is_named() -> None:
    found = conform(TINY, frame(GOOD, GOOD | {"name": "y"}, GOOD | {"amount": Decimal(9)}, GOOD, first_row=10))
    assert found.violations.rows() == [
        (12, "name", "repeated_key", "10", "x · a · 2026-05-01"),
        (13, "name", "repeated_key", "10", "x · a · 2026-05-01"),
    ]
    assert found.frame.collect()[ROW].to_list() == [10, 11]


def test_keys_with_a_missing_part_are_compared_too() -> None:
    found = conform(TINY, frame(GOOD | {"kind": None}, GOOD | {"kind": None}))
    assert found.violations.select(ROW, "rule", "value").rows() == [(3, "repeated_key", "x ·  · 2026-05-01")]


def test_the_source_row_reported_is_the_files_and_not_the_frames_order() -> None:
    rows = frame(GOOD, GOOD | {"name": None}, GOOD | {"name": "z", "score": 7}, first_row=100).reverse()
    assert conform(TINY, rows).violations.select(ROW, "column").rows() == [(101, "name"), (102, "score")]


@pytest.mark.parametrize(
    ("column", "dtype"),
    [("score", pl.Float64), ("score", pl.Int32), ("amount", pl.Float64), ("amount", pl.Decimal(18, 2)), ("name", pl.Categorical),
     ("period_start", pl.String)],
)  # fmt: skip
def test_a_column_of_another_type_is_an_error_of_the_frame_and_is_named(column: str, dtype: Any) -> None:
    rows = frame().with_columns(pl.lit(None, dtype).alias(column))
    with pytest.raises(ContractError, match=re.escape(f"tiny.{column} must be {TINY.schema[column]}")):
        conform(TINY, rows)


def test_a_timestamp_without_utc_is_the_wrong_type() -> None:
    lead = TABLES["lead"]
    rows = pl.LazyFrame(schema={**lead.schema, "created_at": pl.Datetime("us"), ROW: pl.Int64()})
    with pytest.raises(ContractError, match=r"lead\.created_at must be Datetime"):
        conform(lead, rows)


def test_an_absent_required_column_is_an_error_and_named() -> None:
    with pytest.raises(ContractError, match="tiny needs name; the frame has"):
        conform(TINY, frame(GOOD).drop("name"))


def test_a_frame_without_row_numbers_is_an_error() -> None:
    with pytest.raises(ContractError, match="the frame has no source_row_number"):
        conform(TINY, frame(GOOD).drop(ROW))


def test_optional_columns_may_be_absent() -> None:
    found = conform(TINY, frame(GOOD, GOOD).select(ROW, "name", "score"))
    assert found.violations.rows() == [(3, "name", "repeated_key", "2", "x")]


_days = st.one_of(st.none(), st.dates(date(2026, 1, 1), date(2026, 1, 4)))
_rows = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.one_of(st.none(), st.text(string.ascii_lowercase[:2], max_size=2), st.just("w" * 40_000)),
            "kind": st.sampled_from([None, "a", "b", "c", ""]),
            "score": st.one_of(st.none(), st.integers(-1, 7)),
            "amount": st.one_of(st.none(), st.decimals(-1, 10**6, places=6)),
            "period_start": _days,
            "period_end": _days,
        }
    ),
    max_size=12,
)


def _broken(row: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    if row["name"] is None:
        found.add("required")
    elif len(row["name"].encode()) > MAX_TEXT:
        found.add("too_long")
    if row["kind"] not in (None, "a", "b"):
        found.add("allowed")
    if row["score"] is not None and row["score"] < 1:
        found.add("minimum")
    if row["score"] is not None and row["score"] > 5:
        found.add("maximum")
    if row["amount"] is not None and row["amount"] < 0:
        found.add("minimum")
    if row["period_start"] and row["period_end"] and row["period_end"] < row["period_start"]:
        found.add("ends_before_start")
    return found


@settings(max_examples=60)
@given(_rows, st.sampled_from([1, 2, MANY]))
def test_conform_accepts_exactly_the_rows_that_a_check_in_plain_python_accepts(rows: list[dict[str, Any]], many: int) -> None:
    expected: dict[int, set[str]] = {}
    seen: set[tuple[Any, ...]] = set()
    for number, row in enumerate(rows, 2):
        expected[number] = _broken(row)
        key = (row["name"], row["kind"], row["period_start"])
        if key in seen:
            expected[number].add("repeated_key")
        seen.add(key)
    found = conform(TINY, frame(*rows), many=many)
    reported: dict[int, set[str]] = {number: set() for number in expected}
    for number, rule in found.violations.select(ROW, "rule").rows():
        reported[number].add(rule)
    assert reported == expected
    assert found.frame.collect()[ROW].to_list() == [number for number, rules in expected.items() if not rules]
