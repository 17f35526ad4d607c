"""Files that cannot be imported: one clear sentence, and nothing of them is left."""

import io
import os
import random
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import psutil
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlmodel import func, select

from marops import settings, store
from marops.errors import BadFile
from marops.lake import Blob
from marops.principal import LOCAL_ADMIN, Principal
from marops.sources import limits as given_limits
from marops.sources import service, words
from marops.sources.store import ImportReject, ImportRun
from marops.workspaces.store import OWN
from tests.sources import made


@pytest.fixture(autouse=True)
def _nothing_is_left(home: Path) -> Iterator[None]:
    """After every test of this file: no import, no blob, no staged folder."""
    yield
    with store.reading() as session:
        for row in (ImportRun, ImportReject, Blob):
            assert session.exec(select(func.count()).select_from(row)).one() == 0, row.__name__
    assert list(settings.current().lake.iterdir()) == []
    assert list(settings.current().staging.iterdir()) == []


def refusal(admin: Principal, path: Path, content: bytes | str) -> str:
    """What is said of a file that cannot be read."""
    with pytest.raises(BadFile) as refused:
        service.preview_file(admin, OWN, made.put(path, content))
    return str(refused.value)


def parquet_bytes() -> bytes:
    held = io.BytesIO()
    pl.DataFrame({"Day": ["2026-05-01"] * 500, "Campaign": [f"C{i}" for i in range(500)], "Cost": ["1"] * 500}).write_parquet(held)
    return held.getvalue()


def xlsx_bytes() -> bytes:
    held = io.BytesIO()
    pl.DataFrame({"Day": ["2026-05-01"] * 500, "Campaign": [f"C{i}" for i in range(500)], "Cost": [1.5] * 500}).write_excel(held)
    return held.getvalue()


def json_bytes() -> bytes:
    return "\n".join(f'{{"Day": "2026-05-01", "Campaign": {{"name": "C{i}"}}, "Cost": {i}}}' for i in range(50)).encode()


@pytest.mark.usefixtures("read_here")
def test_an_empty_file_is_said_to_be_empty(admin: Principal, tmp_path: Path) -> None:
    assert refusal(admin, tmp_path / "ads.csv", b"") == (
        "ads.csv is empty (0 bytes). Download it again, or check that the export had finished."
    )


@pytest.mark.usefixtures("read_here")
@pytest.mark.parametrize("blank", ["\n", " \n\t\r\n  \n", "\ufeff\n\n"])
def test_a_blank_file_is_said_to_be_blank(admin: Principal, tmp_path: Path, blank: str) -> None:
    assert refusal(admin, tmp_path / "ads.csv", blank) == "ads.csv holds nothing but blank lines. Download it again."


@pytest.mark.usefixtures("read_here")
def test_a_renamed_picture_is_named_for_what_it_is(admin: Principal, tmp_path: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    png += chunk(b"IDAT", zlib.compress(b"\x00\xff\xff\xff")) + chunk(b"IEND", b"")
    assert refusal(admin, tmp_path / "campaigns.xlsx", png) == (
        "campaigns.xlsx is really a PNG file, whatever its name says. "
        "Export the report as CSV, TSV, XLSX, Parquet, JSON or XES and try again."
    )


@pytest.mark.usefixtures("read_here")
def test_a_table_without_column_names_is_asked_for_them(admin: Principal, tmp_path: Path) -> None:
    assert refusal(admin, tmp_path / "ads.csv", "2026-05-01,Brand,3,1.25\n2026-05-02,Brand,4,2.50\n") == (
        "ads.csv has no header row: its first line is “2026-05-01 | Brand | 3 | 1.25”. "
        "Add a line with the column names on top and try again."
    )


@pytest.mark.usefixtures("read_here")
@pytest.mark.parametrize("cut", [4, 11, 100, 0.3, 0.6, 0.9, -9, -8, -4, -1])
def test_a_parquet_file_cut_short_anywhere_is_said_to_be_cut_short(admin: Principal, tmp_path: Path, cut: float) -> None:
    whole = parquet_bytes()
    part = whole[: int(cut * len(whole)) if isinstance(cut, float) else cut]
    assert refusal(admin, tmp_path / "ads.parquet", part) == (
        "ads.parquet is cut short: a Parquet file must end with its index. Copy or download it again."
    )


def test_a_parquet_file_with_its_middle_torn_out_is_refused_too(admin: Principal, tmp_path: Path) -> None:
    whole = parquet_bytes()
    assert refusal(admin, tmp_path / "ads.parquet", whole[: len(whole) // 3] + whole[-8:]).startswith("ads.parquet is cut short")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_spreadsheet_cut_short_is_said_to_be_damaged(admin: Principal, tmp_path: Path, share: float) -> None:
    whole = xlsx_bytes()
    assert refusal(admin, tmp_path / "ads.xlsx", whole[: int(share * len(whole))]) == (
        "ads.xlsx cannot be opened as a spreadsheet: it is damaged or cut short. Download it again."
    )


def test_a_spreadsheet_of_an_unheard_of_zip_version_is_said_to_be_damaged(admin: Principal, tmp_path: Path) -> None:
    whole = bytearray(xlsx_bytes())
    whole[whole.rfind(b"PK\x01\x02") + 6] = 123
    assert refusal(admin, tmp_path / "ads.xlsx", bytes(whole)) == (
        "ads.xlsx cannot be opened as a spreadsheet: it is damaged or cut short. Download it again."
    )


def _workbook(sheet: bytes, folder: Path, name: str = "bomb.xlsx") -> Path:
    """A spreadsheet whose one sheet is this XML."""
    whole = io.BytesIO(xlsx_bytes())
    path = folder / name
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            target.writestr(entry.filename, sheet if entry.filename == "xl/worksheets/sheet1.xml" else source.read(entry))
    return path


def test_a_spreadsheet_that_would_unpack_to_gigabytes_is_not_opened(admin: Principal, tmp_path: Path) -> None:
    path = _workbook(b"<worksheet>" + b"<row/>" * (200 << 20 >> 3), tmp_path)
    assert path.stat().st_size < 2 << 20
    with pytest.raises(BadFile) as refused:
        service.preview_file(admin, OWN, path)
    assert str(refused.value) == (
        "bomb.xlsx would unpack to far more than it holds and was not opened. Save the sheet you need as CSV."
    )


def test_a_small_spreadsheet_that_claims_billions_of_cells_does_not_take_the_server_down(admin: Principal, tmp_path: Path) -> None:
    sheet = (
        b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        b'<row r="1"><c r="A1" t="inlineStr"><is><t>Day</t></is></c></row>'
        b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
    )
    path = _workbook(sheet, tmp_path, "wide.xlsx")
    assert path.stat().st_size < 20_000
    with pytest.raises(BadFile) as refused:
        service.preview_file(admin, OWN, path)
    assert str(refused.value) in {
        "wide.xlsx could not be read within the limits of memory and time. Split the file, or save it as plain CSV.",
        "wide.xlsx cannot be opened as a spreadsheet: it is damaged or cut short. Download it again.",
        "Sheet Sheet1 of wide.xlsx claims more than 20,000,000 cells and was not read. Save it as CSV.",
        "Sheet Sheet1 of wide.xlsx claims more than 20M cells and was not read. Save it as CSV.",
    }


def test_a_zip_that_is_no_spreadsheet_is_named(admin: Principal, tmp_path: Path) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("ads.csv", made.THREE_DAYS)
    assert refusal(admin, tmp_path / "ads.xlsx", held.getvalue()).startswith(
        "ads.xlsx is really a ZIP file, whatever its name says."
    )


@pytest.mark.usefixtures("read_here")
def test_an_unclosed_quote_is_named_with_its_row(admin: Principal, tmp_path: Path) -> None:
    content = made.THREE_DAYS.replace("2026-05-02,Search", '2026-05-02,"Search')
    assert refusal(admin, tmp_path / "ads.csv", content) == (
        "A quotation mark opened in row 3 is never closed, so the rows after it cannot be told apart. Mend that row."
    )


def test_binary_garbage_is_said_to_be_no_table(admin: Principal, tmp_path: Path) -> None:
    noise = random.Random(7).randbytes(100_000)  # noqa: S311  (not a secret)
    assert refusal(admin, tmp_path / "ads.csv", noise) == (
        "ads.csv is not text, a spreadsheet (XLSX) or Parquet. "
        "Export the report as CSV, TSV, XLSX, Parquet, JSON or XES and try again."
    )


def test_an_upload_over_the_limit_is_refused_before_it_is_written_anywhere(admin: Principal) -> None:
    too_much = bytes((settings.UPLOAD_LIMIT_MB << 20) + 1)
    with pytest.raises(BadFile) as refused:
        service.preview_upload(admin, OWN, "huge.csv", too_much)
    assert str(refused.value) == (
        "huge.csv is 201 MB; uploads are limited to 200 MB. Run “marops import FILE” on the server instead, "
        "or export a shorter range."
    )


def test_a_file_of_300_megabytes_is_read_within_the_childs_memory(admin: Principal, tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    note = "x" * 900
    with path.open("w") as file:
        file.write("Day,Campaign,Currency code,Clicks,Cost,Note\n")
        for campaign in range(11_500):
            file.write("".join(f"2026-05-{day:02},C{campaign},BRL,1,0.01,{note}\n" for day in range(1, 31)))
    assert path.stat().st_size > 300 << 20
    try:
        found = service.preview_file(admin, OWN, path)
    except BadFile as refused:
        assert "could not be read within the limits" in str(refused)  # noqa: PT017  (either outcome is in order)
        return
    (part,) = found.ready
    assert (part.rows_ready, part.rows_refused) == (345_000, 0)
    assert part.sums == {"clicks": "345000", "spend": "3450"}
    service.cancel(admin, found)


def test_the_child_limits_itself_before_it_reads_anything() -> None:
    process = subprocess.Popen([sys.executable, "-m", "marops.sources.child"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        watched = psutil.Process(process.pid)
        for _ in range(200):
            limits = watched.rlimit(psutil.RLIMIT_AS), watched.rlimit(psutil.RLIMIT_CPU), watched.rlimit(psutil.RLIMIT_CORE)
            if limits[0][0] == given_limits.MEMORY_LIMIT and limits[2] == (0, 0):
                break
            watched.wait(0.1) if not watched.is_running() else psutil.cpu_percent(0.05)
        assert limits == ((given_limits.MEMORY_LIMIT,) * 2, (given_limits.CPU_SECONDS, given_limits.CPU_SECONDS + 5), (0, 0))
        assert watched.rlimit(psutil.RLIMIT_FSIZE) == (given_limits.FILE_LIMIT,) * 2
        assert {name for name in watched.environ() if name.startswith("MAROPS")} <= set(os.environ)
    finally:
        process.communicate(b"")
    assert process.returncode == 0


def test_the_child_gets_no_secrets_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    from marops.sources import runner

    monkeypatch.setenv("MAROPS_DATABASE_URL", "postgresql://u:secret@h/db")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    process = runner._start()
    try:
        assert "secret" not in str(psutil.Process(process.pid).environ())
    finally:
        process.communicate("")
        monkeypatch.delenv("MAROPS_DATABASE_URL")


def test_a_child_that_dies_is_a_sentence_and_costs_only_the_file_it_was_at(admin: Principal, tmp_path: Path) -> None:
    from marops.sources import runner

    runner.warm()
    spare = runner._spares[-1]
    real = spare.communicate

    def killed(*given: str, **named: float) -> tuple[str, str]:
        spare.kill()
        spare.wait()
        return real(**named)

    spare.communicate = killed  # type: ignore[method-assign]
    paths = [made.put(tmp_path / "ads.csv", made.THREE_DAYS), made.put(tmp_path / "next.csv", made.THREE_DAYS)]
    died, read = service.preview_files(admin, OWN, paths)
    assert str(died) == ("ads.csv could not be read within the limits of memory and time. Split the file, or save it as plain CSV.")
    assert isinstance(read, service.Preview), "the next file is read by another child"
    assert read.ready[0].rows_ready == 3
    service.cancel(admin, read)


def test_a_child_that_dies_reading_a_file_again_does_not_pass_off_the_old_report(admin: Principal, tmp_path: Path) -> None:
    from marops.sources import runner

    found = service.preview_file(admin, OWN, made.put(tmp_path / "ads.csv", made.THREE_DAYS))
    runner.warm()
    runner._spares[-1].kill()
    process = runner._spares[-1]
    process.poll = lambda: None  # type: ignore[method-assign]  (it dies between being taken and being asked)
    with pytest.raises(BadFile, match=r"ads\.csv could not be read within the limits"):
        service.remap(admin, found, {})


WHOLE = {"parquet": parquet_bytes(), "xlsx": xlsx_bytes(), "csv": (made.THREE_DAYS * 3).encode(), "json": json_bytes()}


@examples(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(WHOLE)), st.data())
def test_whatever_is_damaged_in_a_file_it_is_read_or_refused_with_a_sentence(
    tmp_path: Path, kind: str, data: st.DataObject
) -> None:
    broken = bytearray(WHOLE[kind])
    for _ in range(data.draw(st.integers(1, 4))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    path = made.put(tmp_path / f"x.{kind}", bytes(broken))
    try:
        report = made.read(path)
    except BaseException:  # noqa: BLE001  (parsers may panic; then the child must make a sentence of it)
        with pytest.raises(BadFile, match=r"could not be read within the limits"):
            service.preview_file(LOCAL_ADMIN, OWN, path)
        return
    if report.failure is None:
        assert report.parts
    else:
        assert str(words.note(report.failure)).endswith(".")


def test_a_failure_in_one_file_of_several_leaves_the_others_alone(tmp_path: Path) -> None:
    paths = [made.put(tmp_path / "a.csv", b"\x00\x01\x02" * 99), made.put(tmp_path / "b.csv", made.THREE_DAYS)]
    bad, good = service.preview_files(LOCAL_ADMIN, OWN, paths)
    assert isinstance(bad, BadFile)
    assert isinstance(good, service.Preview)
    service.cancel(LOCAL_ADMIN, good)


@pytest.mark.parametrize("run", ["\t", " ", ".", ",.", " -", "(", "_", "1 ", ": "], ids=repr)
@pytest.mark.parametrize("line", ["{run}x,b", "Cost{run}x,b", "Report x{run}y to z{run}w,b"])
@pytest.mark.timeout(60)
def test_a_cell_of_a_hundred_thousand_signs_does_not_stop_the_reading(tmp_path: Path, line: str, run: str) -> None:
    """What looks for patterns in headers and titles must not try each of the signs as a beginning."""
    odd = line.format(run=run * (100_000 // len(run)))
    rows = made.ads(*(("2026-05-01", str(clicks), "1.25") for clicks in range(60)))
    found = made.read(made.put(tmp_path / "file.csv", f"{odd},,,\n{rows}"))
    assert found.failure or found.parts
