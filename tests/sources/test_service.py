"""Importing from preview to restore: what counts, what does not, and what is said."""

import json
import shutil
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter
from sqlmodel import SQLModel, func, select

from marops import lake, settings, store
from marops.errors import BadFile, Conflict, NotFound
from marops.lake import Blob
from marops.principal import Principal
from marops.sample import company
from marops.sources import service
from marops.sources.report import Mapping, Part, Report
from marops.sources.service import Preview
from marops.sources.store import ColumnMapping, ImportReject, ImportRun, Status
from marops.workspaces import service as workspaces
from marops.workspaces.store import OWN, SAMPLE
from tests.conftest import case
from tests.sources import made


@pytest.fixture(autouse=True)
def _prepared(home: Path, read_here: None) -> None:
    """Every test here has an installation of its own."""


def state() -> dict[str, int]:
    """How much there is of everything an import writes."""
    with store.reading() as session:
        counts = {row.__tablename__: session.exec(select(func.count()).select_from(row)).one() for row in (
            ImportRun, ImportReject, ColumnMapping, Blob,
        )}  # fmt: skip
    found = settings.current()
    return {str(k): v for k, v in counts.items()} | {
        "lake": len(list(found.lake.iterdir())),
        "staging": len(list(found.staging.iterdir())),
    }


NOTHING = {"import_run": 0, "import_reject": 0, "column_mapping": 0, "blob": 0, "lake": 0, "staging": 0}


def preview(admin: Principal, path: Path, content: str | bytes | None = None) -> Preview:
    if content is not None:
        made.put(path, content)
    return service.preview_file(admin, OWN, path)


def take(admin: Principal, path: Path, content: str | bytes | None = None) -> ImportRun:
    return service.accept(admin, preview(admin, path, content))


def spend() -> Decimal:
    return made.counted("ad_performance")["spend"].sum() or Decimal(0)


def revision(workspace: str = OWN) -> str:
    with store.reading() as session:
        return workspaces.load(session, workspace).revision


def test_a_preview_says_everything_and_changes_nothing(admin: Principal, tmp_path: Path) -> None:
    before = revision()
    found = preview(admin, tmp_path / "ads.csv", made.THREE_DAYS)
    assert found.file_name == "ads.csv"
    assert found.repeats is None
    assert found.ready[0].sums == {"clicks": "7", "spend": "3.75"}
    assert state() == NOTHING | {"staging": 1}
    assert revision() == before
    assert made.counted("ad_performance").height == 0
    assert service.load_preview(admin, found.id) == found


def test_a_cancelled_preview_leaves_nothing_and_cannot_be_accepted(admin: Principal, tmp_path: Path) -> None:
    found = preview(admin, tmp_path / "ads.csv", made.THREE_DAYS)
    service.cancel(admin, found)
    assert state() == NOTHING
    for use in (service.accept, service.remap):
        with pytest.raises(NotFound) as gone:
            use(admin, found, **({"mappings": {}} if use is service.remap else {}))
        assert str(gone.value) == (
            "This preview is gone: it was decided on already, or is older than a day. Choose the file again."
        )


@pytest.mark.parametrize("name", ["..", "../lake", "x/../..", ""])
def test_a_preview_id_cannot_lead_outside_the_staging_folder(admin: Principal, name: str) -> None:
    with pytest.raises(NotFound):
        service.load_preview(admin, name)


def test_an_upload_is_the_same_as_a_file_of_the_server(admin: Principal, tmp_path: Path) -> None:
    uploaded = service.preview_upload(admin, OWN, "../../evil/ads.csv", made.THREE_DAYS.encode())
    assert uploaded.file_name == "ads.csv"
    by_path = preview(admin, tmp_path / "ads.csv", made.THREE_DAYS)
    assert uploaded.report == by_path.report
    assert uploaded.sha256 == by_path.sha256
    assert uploaded.bytes == len(made.THREE_DAYS)


def test_accepting_takes_all_rows_and_records_where_they_came_from(admin: Principal, tmp_path: Path) -> None:
    before = revision()
    run = take(admin, tmp_path / "ads.csv", made.THREE_DAYS)
    assert (run.rows_read, run.rows_loaded, run.rows_refused, run.rows_set_aside) == (3, 3, 0, 0)
    assert (run.file_name, run.tables, run.status, run.imported_by) == ("ads.csv", "ad_performance", Status.ACTIVE, "Local admin")
    assert run.sha256 == lake.sha256_of(tmp_path / "ads.csv")
    rows = made.counted("ad_performance")
    assert rows["spend"].to_list() == [Decimal("1.25"), Decimal("2.5"), Decimal(0)]
    assert rows["source_row_number"].to_list() == [2, 3, 4]
    assert revision() != before
    assert state() == NOTHING | {"import_run": 1, "blob": 1, "lake": 1}
    assert [found.id for found in service.imports(admin, OWN)] == [run.id]
    assert [(f.table.name, f.last_day, f.rows) for f in service.freshness(admin, OWN)] == [("ad_performance", date(2026, 5, 3), 3)]


def test_every_sheet_of_a_file_is_taken_or_none(admin: Principal, tmp_path: Path) -> None:
    import xlsxwriter

    def book(name: str, second_day: str) -> Path:
        path = tmp_path / name
        with xlsxwriter.Workbook(path) as made_book:
            for sheet_name, day, cost in (("A", "2026-05-01", 1.5), ("B", second_day, 2.5)):
                sheet = made_book.add_worksheet(sheet_name)
                sheet.write_row(0, 0, ["Day", "Campaign", "Currency code", "Clicks", "Cost"])
                sheet.write_row(1, 0, [day, "X", "BRL", 1, cost])
        return path

    take(admin, book("first.xlsx", "2026-05-02"))
    assert spend() == 4
    before = state()
    with pytest.raises(Conflict):
        service.accept(admin, preview(admin, book("second.xlsx", "2026-06-02")))
    assert {**state(), "staging": 0} == before
    assert spend() == 4


def test_undo_takes_an_imports_rows_out_of_every_number_and_restore_brings_them_back(admin: Principal, tmp_path: Path) -> None:
    run = take(admin, tmp_path / "may.csv", made.THREE_DAYS)
    take(admin, tmp_path / "june.csv", made.ads(("2026-06-01", "1", "10")))
    assert spend() == Decimal("13.75")
    undone = service.undo(admin, OWN, run.id)
    assert (undone.status, undone.undone_by) == (Status.UNDONE, "Local admin")
    assert undone.undone_at is not None
    assert spend() == 10
    assert made.counted("ad_performance")["period_start"].to_list() == [date(2026, 6, 1)]
    restored = service.restore(admin, OWN, run.id)
    assert (restored.status, restored.undone_by, restored.undone_at) == (Status.ACTIVE, None, None)
    assert spend() == Decimal("13.75")
    assert len(service.imports(admin, OWN)) == 2


def test_undoing_twice_and_undoing_somebody_elses_import_say_so_or_change_nothing(admin: Principal, tmp_path: Path) -> None:
    run = take(admin, tmp_path / "may.csv", made.THREE_DAYS)
    service.undo(admin, OWN, run.id)
    service.undo(admin, OWN, run.id)
    assert spend() == 0
    workspaces.create_sample(admin, name="S", currency="EUR", today=date(2026, 1, 1), units=[])
    with pytest.raises(NotFound) as elsewhere:
        service.undo(admin, SAMPLE, run.id)
    assert str(elsewhere.value) == f"There is no import {run.id[:8]} in this workspace."


def test_the_same_bytes_twice_are_a_conflict_whatever_the_name_and_nothing_changes(admin: Principal, tmp_path: Path) -> None:
    run = take(admin, tmp_path / "ads.csv", made.THREE_DAYS)
    before, at = state(), revision()
    again = preview(admin, tmp_path / "copy of ads.csv", made.THREE_DAYS)
    assert again.repeats is not None
    assert again.repeats.id == run.id
    with pytest.raises(Conflict) as refused:
        service.accept(admin, again)
    said = str(refused.value)
    assert said.startswith("copy of ads.csv was imported before, byte for byte (as ads.csv on ")
    assert said.endswith("). Nothing was changed. To load it again, undo that import first.")
    service.cancel(admin, again)
    assert state() == before
    assert revision() == at
    assert spend() == Decimal("3.75")


def test_two_previews_of_one_file_can_be_accepted_only_once(admin: Principal, tmp_path: Path) -> None:
    made.put(tmp_path / "ads.csv", made.THREE_DAYS)
    first, second = preview(admin, tmp_path / "ads.csv"), preview(admin, tmp_path / "ads.csv")
    service.accept(admin, first)
    with pytest.raises(Conflict):
        service.accept(admin, second)
    with pytest.raises(NotFound):
        service.accept(admin, first)
    assert spend() == Decimal("3.75")


def test_a_file_undone_can_be_imported_again_and_the_old_import_then_stays_undone(admin: Principal, tmp_path: Path) -> None:
    run = take(admin, tmp_path / "ads.csv", made.THREE_DAYS)
    service.undo(admin, OWN, run.id)
    again = take(admin, tmp_path / "ads.csv")
    assert again.id != run.id
    assert spend() == Decimal("3.75")
    with pytest.raises(Conflict) as refused:
        service.restore(admin, OWN, run.id)
    assert str(refused.value).startswith("ads.csv was imported again on ")
    assert str(refused.value).endswith("; its rows are already counted.")
    assert spend() == Decimal("3.75")


def test_rows_with_a_key_that_is_there_from_another_file_are_refused(admin: Principal, tmp_path: Path) -> None:
    take(admin, tmp_path / "may.csv", made.THREE_DAYS)
    before = state()
    overlapping = preview(admin, tmp_path / "later.csv", made.ads(("2026-05-03", "9", "9"), ("2026-05-04", "1", "1")))
    with pytest.raises(Conflict) as refused:
        service.accept(admin, overlapping)
    assert str(refused.value) == (
        "1 row of ad_performance is already here from may.csv, so nothing was imported: it would be counted twice. "
        "Undo that import on Data first, or take the repeated row out of the file. "
        "Restated days can take the place of the old ones: choose to replace them."
    )
    service.cancel(admin, overlapping)
    assert state() == before
    assert spend() == Decimal("3.75")


def test_an_import_cannot_be_restored_while_its_rows_are_here_from_another_file(admin: Principal, tmp_path: Path) -> None:
    run = take(admin, tmp_path / "may.csv", made.THREE_DAYS)
    service.undo(admin, OWN, run.id)
    take(admin, tmp_path / "corrected.csv", made.ads(("2026-05-01", "3", "1.50"), ("2026-05-02", "4", "2.50")))
    with pytest.raises(Conflict, match=r"2 rows of ad_performance that would count again are already here from corrected\.csv"):
        service.restore(admin, OWN, run.id)
    assert spend() == 4


def test_of_two_overlapping_files_accepted_at_the_same_moment_one_is_refused(admin: Principal, tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor
    from threading import Barrier

    previews = [
        preview(admin, tmp_path / f"{name}.csv", made.ads(("2026-05-03", "1", "5"), (f"2026-05-{name}", "1", "1")))
        for name in ("10", "11", "12", "13")
    ]
    together = Barrier(len(previews))

    def accept(found: Preview) -> str:
        together.wait()
        try:
            return service.accept(admin, found).id
        except Conflict as refused:
            return str(refused)

    with ThreadPoolExecutor(len(previews)) as pool:
        answers = list(pool.map(accept, previews))
    assert sum("is already here from" in answer for answer in answers) == 3
    assert spend() == 6
    assert len(service.imports(admin, OWN)) == 1


TARGETS = "KPI,Valid from,Type,Value\nM2,2026-01-01,at most,50.125001\nM8,2026-01-01,>=,3\n"


def test_rows_of_state_tables_go_into_the_database_and_follow_undo_and_restore(admin: Principal, tmp_path: Path) -> None:
    def targets() -> list[tuple[str, str, Decimal]]:
        sql = SQLModel.metadata.tables["target"]
        with store.reading() as session:
            rows = session.connection().execute(sql.select().where(sql.c.active.is_(True)).order_by(sql.c.kpi)).mappings()
            return [(row["kpi"], row["type"], row["value"]) for row in rows]

    run = take(admin, tmp_path / "targets.csv", TARGETS)
    expected = [("M2", "at_most", Decimal("50.125001")), ("M8", "at_least", Decimal(3))]
    assert targets() == expected
    with pytest.raises(Conflict, match=r"1 row of target is already here from targets\.csv"):
        take(admin, tmp_path / "more.csv", "KPI,Valid from,Type,Value\nM2,2026-01-01,at most,60\n")
    service.undo(admin, OWN, run.id)
    assert targets() == []
    service.restore(admin, OWN, run.id)
    assert targets() == expected


def test_restoring_what_was_never_undone_changes_nothing(admin: Principal, tmp_path: Path) -> None:
    run = take(admin, tmp_path / "ads.csv", made.THREE_DAYS)
    assert service.restore(admin, OWN, run.id).status is Status.ACTIVE
    assert spend() == Decimal("3.75")


def test_a_state_import_cannot_be_restored_while_its_rows_are_here_from_another_file(admin: Principal, tmp_path: Path) -> None:
    run = take(admin, tmp_path / "targets.csv", TARGETS)
    service.undo(admin, OWN, run.id)
    take(admin, tmp_path / "more.csv", "KPI,Valid from,Type,Value\nM2,2026-01-01,at most,60\n")
    with pytest.raises(Conflict, match=r"1 row of target that would count again is already here from more\.csv"):
        service.restore(admin, OWN, run.id)


REFUSED = made.ads(("2026-05-01", "3", "1.25"), ("2026-05-02", "many", "2.50"), ("2026-05-03", "1", "-4"))


def test_refused_rows_stop_the_import_unless_somebody_says_to_leave_them_out(admin: Principal, tmp_path: Path) -> None:
    found = preview(admin, tmp_path / "ads.csv", REFUSED)
    assert found.rows_refused == 2
    with pytest.raises(BadFile) as refused:
        service.accept(admin, found)
    assert str(refused.value) == (
        "2 rows of ads.csv are refused, so nothing was imported. Mend them, or import the valid rows only."
    )
    assert state() == NOTHING | {"staging": 1}
    run = service.accept(admin, found, leave_out_refused=True)
    assert (run.rows_read, run.rows_loaded, run.rows_refused) == (3, 1, 2)
    assert spend() == Decimal("1.25")
    assert service.refused(admin, run.id).rows() == [
        ("", 3, "Clicks", "many", "unreadable", ""),
        ("", 4, "Cost", "-4.000000", "minimum", "0"),
    ]


def test_a_file_in_which_every_row_is_refused_has_nothing_to_import(admin: Principal, tmp_path: Path) -> None:
    found = preview(admin, tmp_path / "ads.csv", made.ads(("2026-05-01", "3", "-1")))
    with pytest.raises(BadFile, match=r"^Nothing of ads\.csv can be imported yet\."):
        service.accept(admin, found, leave_out_refused=True)
    assert state() == NOTHING | {"staging": 1}


UNKNOWN = "when;what;how much;eyes\n31/05/2026;Launch;R$ 1.234,56;10\n30/05/2026;Launch;0,44;20\n"
BY_HAND = Mapping(
    table="ad_performance",
    columns={"_day": 0, "campaign_name": 1, "spend": 2, "impressions": 3},
    constants={"platform": "radio", "currency_code": "BRL"},
)


def test_an_unknown_layout_is_mapped_by_hand_and_remembered_for_files_with_the_same_headers(
    admin: Principal, tmp_path: Path
) -> None:
    found = preview(admin, tmp_path / "radio.csv", UNKNOWN)
    assert found.report.parts[0].mapping is None
    with pytest.raises(BadFile) as refused:
        service.accept(admin, found)
    assert str(refused.value) == (
        "Nothing of radio.csv can be imported yet. This layout is not known yet. "
        "Say on the Data page which column is what; marops remembers it."
    )
    mapped = service.remap(admin, found, {"": BY_HAND})
    assert mapped.id == found.id
    assert mapped.ready[0].sums == {"spend": "1235", "impressions": "30"}
    assert state()["column_mapping"] == 0
    service.accept(admin, mapped)
    rows = made.counted("ad_performance")
    assert rows.select("platform", "campaign_name", "period_start", "spend", "impressions").rows() == [
        ("radio", "Launch", date(2026, 5, 31), Decimal("1234.56"), 10),
        ("radio", "Launch", date(2026, 5, 30), Decimal("0.44"), 20),
    ]
    later = preview(admin, tmp_path / "june.csv", UNKNOWN.replace("/05/", "/07/").replace("When", " WHEN "))
    assert later.ready[0].sums == {"spend": "1235", "impressions": "30"}
    service.accept(admin, later)
    assert spend() == 2470


def test_who_mapped_a_layout_is_known_and_it_can_be_forgotten(admin: Principal, tmp_path: Path) -> None:
    service.accept(admin, service.remap(admin, preview(admin, tmp_path / "radio.csv", UNKNOWN), {"": BY_HAND}))
    later = preview(admin, tmp_path / "june.csv", UNKNOWN.replace("/05/", "/07/"))
    (part,) = later.report.parts
    assert part.source == "memory"
    said = service.remembered(admin, later)[part.signature]
    assert said.chosen_by == admin.name
    assert abs((datetime.now(UTC) - said.chosen_at).total_seconds()) < 120
    service.forget_mapping(admin, OWN, part.signature)
    assert service.remembered(admin, later) == {}
    anew = service.remap(admin, later, {})
    assert (anew.report.parts[0].mapping, anew.report.parts[0].source) == (None, "")
    assert spend() == 1235


def test_mapping_one_sheet_keeps_what_was_said_of_another(admin: Principal, tmp_path: Path) -> None:
    path = tmp_path / "two.xlsx"
    with xlsxwriter.Workbook(path) as book:
        for name, campaign in (("Radio", "A"), ("Cinema", "B")):
            sheet = book.add_worksheet(name)
            for row, cells in enumerate((("when", "what", "how much", "eyes"), ("2026-05-31", campaign, 1.5, 10))):
                sheet.write_row(row, 0, cells)
    found = service.remap(admin, service.preview_file(admin, OWN, path), {"Radio": BY_HAND})
    both = service.remap(admin, found, {"Cinema": BY_HAND})
    assert [(part.name, part.source, part.rows_ready) for part in both.report.parts] == [
        ("Radio", "hand", 1),
        ("Cinema", "hand", 1),
    ]


def test_a_mapping_is_remembered_in_its_own_workspace_only(admin: Principal, tmp_path: Path) -> None:
    service.accept(admin, service.remap(admin, preview(admin, tmp_path / "radio.csv", UNKNOWN), {"": BY_HAND}))
    workspaces.create_sample(admin, name="S", currency="EUR", today=date(2026, 1, 1), units=[])
    other = service.preview_file(admin, SAMPLE, tmp_path / "radio.csv")
    assert other.report.parts[0].mapping is None
    assert other.repeats is None


def test_a_mapping_without_a_required_column_says_what_is_needed(admin: Principal, tmp_path: Path) -> None:
    found = preview(admin, tmp_path / "radio.csv", UNKNOWN)
    mapped = service.remap(admin, found, {"": BY_HAND.model_copy(update={"constants": {"currency_code": "BRL"}})})
    with pytest.raises(BadFile, match=r"Rows of ad_performance need platform\. Say on the Data page which columns hold them"):
        service.accept(admin, mapped)


def test_a_file_on_the_server_that_is_not_there_is_said_and_stages_nothing(admin: Principal, tmp_path: Path) -> None:
    with pytest.raises(NotFound) as missing:
        service.preview_file(admin, OWN, tmp_path / "nowhere.csv")
    assert str(missing.value) == f"There is no file {tmp_path / 'nowhere.csv'}. Check the name, or give the full path."
    assert state() == NOTHING


def test_a_workspace_that_is_not_there_is_said_and_stages_nothing(admin: Principal, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="There is no workspace elsewhere here"):
        service.preview_file(admin, "elsewhere", made.put(tmp_path / "ads.csv", made.THREE_DAYS))
    assert state() == NOTHING


def test_previews_nobody_decided_on_are_swept_after_a_day(admin: Principal, tmp_path: Path) -> None:
    import os
    import time

    old = preview(admin, tmp_path / "ads.csv", made.THREE_DAYS)
    young = preview(admin, tmp_path / "ads.csv")
    folder = settings.current().staging / old.id
    long_ago = time.time() - 25 * 3600
    os.utime(folder, (long_ago, long_ago))
    newest = preview(admin, tmp_path / "ads.csv")
    assert {entry.name for entry in settings.current().staging.iterdir()} == {young.id, newest.id}


def test_several_files_are_read_in_one_go_and_a_bad_one_does_not_stop_the_others(admin: Principal, tmp_path: Path) -> None:
    paths = [made.put(tmp_path / "a.csv", made.THREE_DAYS), made.put(tmp_path / "b.csv", ""), made.put(tmp_path / "c.csv", TARGETS)]
    first, second, third = service.preview_files(admin, OWN, paths)
    assert isinstance(first, Preview)
    assert isinstance(second, BadFile)
    assert isinstance(third, Preview)
    assert (first.file_name, third.file_name) == ("a.csv", "c.csv")
    assert str(second).startswith("b.csv is empty (0 bytes).")


def test_the_users_own_imports_never_land_in_the_sample_and_outlive_it(admin: Principal, tmp_path: Path) -> None:
    workspaces.create_sample(admin, name=company.NAME, currency="EUR", today=company.LAST_DAY, units=[])
    own = take(admin, tmp_path / "ads.csv", made.THREE_DAYS)
    made.put(tmp_path / "other.csv", made.ads(("2026-05-09", "1", "100")))
    shared = service.accept(admin, service.preview_file(admin, SAMPLE, tmp_path / "ads.csv"))
    service.accept(admin, service.preview_file(admin, SAMPLE, tmp_path / "other.csv"))
    assert made.counted("ad_performance", SAMPLE)["spend"].sum() == Decimal("103.75")
    assert spend() == Decimal("3.75")
    assert [run.id for run in service.imports(admin, OWN)] == [own.id]
    assert shared.id != own.id
    workspaces.remove_sample(admin)
    assert spend() == Decimal("3.75")
    assert [workspace.id for workspace in workspaces.present(admin)] == [OWN]
    assert len(list(settings.current().lake.iterdir())) == 1
    with store.reading() as session:
        assert {blob.workspace_id for blob in session.exec(select(Blob))} == {OWN}
        assert {run.workspace_id for run in session.exec(select(ImportRun))} == {OWN}


# Real files


@pytest.mark.parametrize(
    ("name", "rows", "aside", "sums", "currency", "grain", "days"),
    [
        (
            "G01__Relatório de campanha.csv", 3, 3, {"impressions": "519", "clicks": "34", "spend": "118.99", "conversions": "14"},
            "BRL", "campaign period", (date(2026, 5, 5), date(2026, 5, 15)),
        ),
        (
            "G04__Palavra-chave de pesquisa.csv", 17, 0,
            {"impressions": "488", "clicks": "33", "spend": "116.12", "conversions": "13"},
            "BRL", "keyword period by pesquisar palavra-chave, pesquisar tipo de correspondência de palavra-chave",
            (date(2026, 5, 5), date(2026, 5, 15)),
        ),
        (
            "G08__Campaign report.csv", 1, 2, {"impressions": "9380", "clicks": "264", "spend": "365.22", "conversions": "25"},
            "GBP", "campaign period", (date(2026, 1, 27), date(2026, 2, 23)),
        ),
    ],
)  # fmt: skip
def test_a_real_export_gives_exactly_its_rows_and_sums_and_agrees_with_its_own_totals(
    admin: Principal, name: str, rows: int, aside: int, sums: dict[str, str], currency: str, grain: str, days: tuple[date, date]
) -> None:
    found = preview(admin, case("ingest", name))
    (part,) = found.ready
    assert (part.rows_ready, part.set_aside_count, part.rows_refused) == (rows, aside, 0)
    assert {column: part.sums[column] for column in sums} == sums
    assert part.currencies == [currency]
    assert (part.rows.grain, part.rows.first_day, part.rows.last_day) == (grain, *days)
    own = {total.column: total.difference for total in part.totals if total.describes_rows}
    assert own == (dict.fromkeys(part.sums, "0") if aside else {})
    run = service.accept(admin, found)
    assert (run.rows_read, run.rows_loaded, run.rows_set_aside) == (rows + aside, rows, aside)
    stored = made.counted("ad_performance")
    assert stored.height == rows
    for column, expected in sums.items():
        assert stored[column].sum() == Decimal(expected)


@pytest.mark.parametrize("first", [0, 1])
def test_the_same_spend_at_two_levels_is_kept_twice_and_counted_once(admin: Principal, first: int) -> None:
    names = ["G01__Relatório de campanha.csv", "G04__Palavra-chave de pesquisa.csv"]
    runs = {name: take(admin, case("ingest", name)) for name in (names[first], names[1 - first])}
    rows = made.counted("ad_performance")
    assert rows.height == 3
    assert rows["level"].unique().to_list() == ["campaign"]
    assert rows["spend"].sum() == Decimal("118.99")
    assert service.details_only(admin, OWN) == {runs[names[1]].id}
    service.undo(admin, OWN, runs[names[0]].id)
    assert made.counted("ad_performance")["spend"].sum() == Decimal("116.12")
    assert service.details_only(admin, OWN) == set()
    service.restore(admin, OWN, runs[names[0]].id)
    assert made.counted("ad_performance")["spend"].sum() == Decimal("118.99")


def test_days_win_over_a_total_of_the_same_days(admin: Principal, tmp_path: Path) -> None:
    take(admin, tmp_path / "total.csv", "1 May 2026 - 31 May 2026\nCampaign,Currency code,Clicks,Cost\nSearch Brasil,BRL,7,3.75\n")
    assert spend() == Decimal("3.75")
    daily = take(admin, tmp_path / "daily.csv", made.THREE_DAYS)
    rows = made.counted("ad_performance")
    assert (rows.height, rows["spend"].sum()) == (3, Decimal("3.75"))
    assert daily.id not in service.details_only(admin, OWN)


def test_other_campaigns_and_other_platforms_of_the_same_days_all_count(admin: Principal, tmp_path: Path) -> None:
    take(admin, tmp_path / "a.csv", made.THREE_DAYS)
    take(admin, tmp_path / "b.csv", "1 May 2026 - 31 May 2026\nCampaign,Currency code,Clicks,Cost\nDisplay,BRL,1,10\n")
    take(admin, tmp_path / "c.csv", "Nome da campanha,Dia,Valor usado (BRL),Impressões\nSearch Brasil,2026-05-01,100,5\n")
    assert spend() == Decimal("113.75")
    assert service.details_only(admin, OWN) == set()


def test_an_empty_report_says_so_and_imports_nothing(admin: Principal) -> None:
    found = preview(admin, case("ingest", "M04__Relatório-sem-título-jul-1-2025-a-jul-31-2025(1).csv"))
    with pytest.raises(BadFile, match=r"There are no rows below the header: an empty report\. Nothing was changed"):
        service.accept(admin, found)


def test_a_large_real_report_reconciles_to_three_cents_of_its_own_rounding(admin: Principal) -> None:
    found = preview(admin, case("ingest", "G19__Search terms report.csv"))
    (part,) = found.ready
    assert (part.rows_ready, part.set_aside_count) == (29762, 8)
    assert part.sums["spend"] == "45131.01"
    assert {t.column: t.difference for t in part.totals if t.describes_rows} == {
        "impressions": "0", "clicks": "0", "interactions": "0", "spend": "-0.03", "conversions": "0",
    }  # fmt: skip


def test_the_shipped_company_imports_whole_and_agrees_with_its_truth(sample_home: Path, admin: Principal) -> None:
    runs = service.imports(admin, SAMPLE)
    shipped = [path for path in (Path(service.__file__).parents[2] / "sample_data").iterdir() if path.suffix != ".json"]
    assert {run.file_name for run in runs} == {path.name for path in shipped}
    assert sum(run.rows_refused for run in runs) == 0
    assert all(run.rows_read == run.rows_loaded + run.rows_set_aside for run in runs if "fx_rate" not in run.tables)
    assert {workspace.id for workspace in workspaces.present(admin)} == {OWN, SAMPLE}
    assert service.imports(admin, OWN) == []
    totals = [total.difference for run in runs for part in _parts(run) for total in part.totals if total.describes_rows]
    assert totals
    assert set(totals) == {"0"}


def _parts(run: ImportRun) -> list[Part]:
    return Report.model_validate(run.report).parts


def test_a_state_table_workspace_removed_leaves_no_row_of_it(admin: Principal, tmp_path: Path) -> None:
    workspaces.create_sample(admin, name="S", currency="EUR", today=date(2026, 1, 1), units=[workspaces.Unit("A", "a")])
    found = service.preview_file(admin, SAMPLE, made.put(tmp_path / "targets.csv", TARGETS))
    service.accept(admin, found)
    workspaces.remove_sample(admin)
    with store.reading() as session:
        for table in SQLModel.metadata.sorted_tables:
            if "workspace_id" in table.c:
                assert session.connection().execute(table.select().where(table.c.workspace_id == SAMPLE)).all() == [], table.name
    shutil.rmtree(settings.current().staging)
    assert pl.DataFrame(made.counted("ad_performance")).height == 0


def test_cells_that_were_shown_are_not_kept_with_the_import(admin: Principal, tmp_path: Path) -> None:
    """They may name people; what is refused is kept for its own download, and only that."""
    found = preview(admin, made.put(tmp_path / "leads.csv", "lead_id,created_at,lead_source,Owner\n1,2026-05-01,web,Sofia\n"))
    assert [row.cells for row in found.ready[0].first_rows] == [["1", "2026-05-01", "web", "Sofia"]]
    assert ["Sofia"] in [column.samples for column in found.ready[0].columns]
    kept = service.accept(admin, found)
    assert "Sofia" not in json.dumps(kept.report)
    assert [column["header"] for column in kept.report["parts"][0]["columns"]] == ["lead_id", "created_at", "lead_source", "Owner"]
