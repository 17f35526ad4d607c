"""Several tables in one file: those that are wanted are taken, the others are left out and named."""

from pathlib import Path

import pytest

from marops.errors import Conflict, NotFound
from marops.principal import Principal
from marops.sources import service
from marops.workspaces.store import OWN
from tests.sources import made

JUNE = made.ads(("2026-06-01", "10", "8"))
SHEETS = {"May": made.THREE_DAYS, "Copy of May": made.THREE_DAYS, "June": JUNE, "Shops": "Shop,Sold\nA,3\nB,4\n"}


@pytest.fixture(autouse=True)
def _prepared(home: Path, read_here: None) -> None:
    """Every test here has an installation of its own."""


@pytest.fixture
def preview(admin: Principal, tmp_path: Path) -> service.Preview:
    return service.preview_file(admin, OWN, made.workbook(tmp_path / "book.xlsx", SHEETS))


def spend() -> str:
    return str(made.counted("ad_performance")["spend"].sum())


def test_the_same_rows_in_two_sheets_are_told_before_anything_is_taken(admin: Principal, preview: service.Preview) -> None:
    said = "3 rows of ad_performance stand both in May and in Copy of May and would be counted twice. Leave one of them out."
    assert str(service.doubled(admin, preview)) == said
    with pytest.raises(Conflict, match="stand both in May and in Copy of May"):
        service.accept(admin, preview)


def test_what_is_left_out_is_not_taken_and_the_report_names_it(admin: Principal, preview: service.Preview) -> None:
    chosen = preview.without(["Copy of May", "Shops"])
    assert service.doubled(admin, chosen) is None
    run = service.accept(admin, chosen)
    assert (run.rows_loaded, spend()) == (4, "11.750000")
    assert run.report["notes"] == [{"code": "left_out", "values": {"names": "Copy of May, Shops"}}]


def test_only_some_sheets_are_taken_by_name(admin: Principal, preview: service.Preview) -> None:
    service.accept(admin, preview.only(["June"]))
    assert spend() == "8.000000"


def test_a_sheet_that_is_not_there_is_told_with_those_that_are(preview: service.Preview) -> None:
    with pytest.raises(NotFound) as refused:
        preview.only(["July"])
    assert str(refused.value) == "There is no sheet July in book.xlsx. It has: May, Copy of May, June, and Shops."


def test_the_tables_below_each_other_on_a_sheet_go_with_it(admin: Principal, tmp_path: Path) -> None:
    two = made.THREE_DAYS + "\n\n" + JUNE
    found = service.preview_file(admin, OWN, made.workbook(tmp_path / "two.xlsx", {"Ads": two, "Other": JUNE}))
    assert [part.name for part in found.only(["Ads"]).parts] == ["Ads", "Ads #2"]
    assert [part.name for part in found.only(["Ads #2"]).parts] == ["Ads #2"]
