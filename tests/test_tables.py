"""The canonical tables as they are declared, and the page of docs made from them."""

from pathlib import Path

import polars as pl
import pytest

from marops import tables
from marops.tables import TABLES, Column, Kind, Table, Type


def test_a_table_cannot_have_a_key_that_is_no_column() -> None:
    with pytest.raises(ValueError, match=r"bad: \['nowhere'\] are not columns"):
        Table("bad", Kind.LAKE, "", (Column("a", Type.TEXT, ""),), ("nowhere",))


def test_decimals_are_exact_to_the_millionth_in_every_table() -> None:
    decimals = [dtype for table in TABLES.values() for dtype in table.schema.values() if isinstance(dtype, pl.Decimal)]
    assert decimals
    assert set(decimals) == {pl.Decimal(18, 6)}


def test_every_column_of_every_table_says_what_it_means() -> None:
    for table in TABLES.values():
        assert table.description
        for column in table.columns:
            assert column.description, f"{table.name}.{column.name}"
        assert len(table.by_name) == len(table.columns), f"{table.name} names a column twice"


def test_the_reference_page_is_what_the_tables_say() -> None:
    page = Path(tables.__file__).parents[1] / "docs" / "tables.md"
    assert page.read_text(encoding="utf-8") == tables.markdown()
