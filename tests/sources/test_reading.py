"""Files as tables of text, in every encoding, notation and container they come in."""

import csv
import gzip
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marops.sources import guard, reading, staging, words
from marops.tables import ROW
from tests.sources import made

PROMOTIONS = made.ads(("2026-05-01", "3", "1.25"), ("2026-05-02", "4", "2.50"), name="Promoção São João")


@pytest.mark.parametrize(
    ("encoding", "bom", "found"),
    [
        ("utf-8", b"", "utf-8"),
        ("utf-8", b"\xef\xbb\xbf", "utf-8-sig"),
        ("utf-16-le", b"\xff\xfe", "utf-16"),
        ("utf-16-be", b"\xfe\xff", "utf-16"),
        ("utf-16-le", b"", "utf-16-le"),
        ("utf-16-be", b"", "utf-16-be"),
        ("utf-32-le", b"\xff\xfe\x00\x00", "utf-32"),
        ("cp1252", b"", "cp1252"),
        ("mac_roman", b"", "mac_roman"),
        ("cp850", b"", "cp850"),
    ],
)
def test_a_file_reads_the_same_in_every_encoding(tmp_path: Path, encoding: str, bom: bytes, found: str) -> None:
    path = made.put(tmp_path / "file.csv", bom + PROMOTIONS.encode(encoding))
    report = made.read(path)
    part = made.only(report)
    assert report.encoding == found
    assert part.sums == {"clicks": "7", "spend": "3.75"}
    assert made.rows(path, part)["campaign_name"].to_list() == ["Promoção São João"] * 2


@pytest.mark.parametrize(
    "name",
    [
        "Ação",
        "Não",
        "Pão",
        "É hoje",
        "Verão – remarketing",
        "AÇÃO DE NATAL",
        "Über straße",
        "Côte d’Azur – été",
        "Coração 5ª",
        "€ 10",
    ],
)
@pytest.mark.parametrize("count", [1, 25])
def test_western_names_in_windows_encoding_keep_their_accents(tmp_path: Path, name: str, count: int) -> None:
    content = made.ads(*((f"2026-05-{day + 1:02}", "1", "1") for day in range(count)), name=name)
    _, rows = made.text(tmp_path, content.encode("cp1252"))
    assert rows["campaign_name"].unique().to_list() == [name]


def test_a_guessed_encoding_is_said(tmp_path: Path) -> None:
    report = made.read(made.put(tmp_path / "file.csv", PROMOTIONS.encode("cp1252")))
    assert [str(words.note(note)) for note in report.notes] == [
        "The text's encoding was guessed: cp1252. Check that names with accents look right."
    ]
    certain = made.read(made.put(tmp_path / "other.csv", PROMOTIONS))
    assert certain.notes == []


def test_utf8_with_a_damaged_middle_is_refused_and_not_guessed(tmp_path: Path) -> None:
    filler = made.ads(*(("2026-05-01", "1", "1"),) * 30_000).encode()
    broken = bytearray(filler)
    broken[len(broken) // 2] = 0xE7
    report = made.read(made.put(tmp_path / "file.csv", bytes(broken)))
    assert report.failure is not None
    said = str(words.note(report.failure))
    assert said.startswith("Some text after row ")
    assert said.endswith("is not in the encoding of the rest (UTF-8). Save the file as UTF-8 and try again.")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (made.THREE_DAYS.encode("utf-16") + b"\n", "Some text after row 2 is not in the encoding of the rest (UTF-16)."),
        (
            b"\xef\xbb\xbf" + made.THREE_DAYS.encode() + b"\xe7\n",
            "Some text after row 2 is not in the encoding of the rest (UTF-8).",
        ),
    ],
    ids=["half a character at the end", "a byte-order mark, then another encoding"],
)
def test_text_that_changes_its_encoding_is_refused_with_the_encoding(tmp_path: Path, content: bytes, said: str) -> None:
    report = made.read(made.put(tmp_path / "file.csv", content))
    assert report.failure is not None
    assert str(words.note(report.failure)) == f"{said} Save the file as UTF-8 and try again."


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_delimiter_and_line_end_reads_the_same(tmp_path: Path, delimiter: str, end: str) -> None:
    path = made.put(tmp_path / "file.csv", made.THREE_DAYS.replace(",", delimiter).replace("\n", end))
    report = made.read(path)
    part = made.only(report)
    assert report.delimiter == delimiter
    assert part.rows_ready == 3
    assert part.sums == {"clicks": "7", "spend": "3.75"}
    assert made.rows(path, part)[ROW].to_list() == [2, 3, 4]


def test_quoted_newlines_and_delimiters_stay_inside_their_cell(tmp_path: Path) -> None:
    part, rows = made.text(
        tmp_path,
        'Day,Campaign,Currency code,Clicks,Cost\n2026-05-01,"Spring,\nsale ""big""",BRL,3,1.5\n2026-05-02,B,BRL,4,2\n',
    )
    assert rows["campaign_name"].to_list() == ['Spring,\nsale "big"', "B"]
    assert rows[ROW].to_list() == [2, 3]
    assert part.rows_refused == 0


def test_the_lines_above_the_header_are_skipped_and_rows_keep_the_files_numbers(tmp_path: Path) -> None:
    part, rows = made.text(
        tmp_path, "Campaign report\n1 May 2026 - 31 May 2026\nCampaign,Currency code,Clicks,Cost\nA,BRL,3,1.5\nB,BRL,4,2.25\n"
    )
    assert part.header_row == 3
    assert rows[ROW].to_list() == [4, 5]
    assert rows["period_start"].unique().to_list() == [date(2026, 5, 1)]
    assert rows["period_end"].unique().to_list() == [date(2026, 5, 31)]
    assert part.rows.grain == "campaign period"


REPORT_WITH_TOTALS = """Relatório
5 de mai. de 2026 - 15 de mai. de 2026
Campanha;Código da moeda;Cliques;Custo
A;BRL;1.234;1.234,56
B;BRL; --;0,44
Total: Campanhas;BRL;1.234;1.235,00
Total: Conta;BRL;2.000;9.999,00
"""


def test_totals_are_set_aside_and_reconciled_with_the_rows(tmp_path: Path) -> None:
    part, _ = made.text(tmp_path, REPORT_WITH_TOTALS)
    assert (part.rows_read, part.rows_ready, part.rows_refused, part.set_aside_count) == (4, 2, 0, 2)
    assert part.sums == {"clicks": "1234", "spend": "1235"}
    assert [(row.row, row.why, row.label) for row in part.set_aside] == [
        (6, "total", "Total: Campanhas"),
        (7, "total", "Total: Conta"),
    ]
    assert [(t.row, t.column, t.file, t.ours, t.difference, t.describes_rows) for t in part.totals] == [
        (6, "clicks", "1234", "1234", "0", True),
        (6, "spend", "1235", "1235", "0", True),
        (7, "clicks", "2000", "1234", "-766", False),
        (7, "spend", "9999", "1235", "-8764", False),
    ]


def test_a_total_that_does_not_add_up_is_shown_with_its_difference(tmp_path: Path) -> None:
    part, _ = made.text(tmp_path, REPORT_WITH_TOTALS.replace("1.235,00", "1.235,03"))
    spend = next(total for total in part.totals if total.column == "spend" and total.describes_rows)
    assert (spend.file, spend.ours, spend.difference) == ("1235.03", "1235", "-0.03")


def test_a_campaign_whose_name_begins_with_total_is_not_taken_for_a_total(tmp_path: Path) -> None:
    part, rows = made.text(tmp_path, made.ads(("2026-05-01", "3", "1.5"), name="Total Fitness"))
    assert part.set_aside_count == 0
    assert rows["campaign_name"].to_list() == ["Total Fitness"]


def test_the_grand_total_in_the_first_row_is_recognised_by_what_it_does_not_say(tmp_path: Path) -> None:
    part, rows = made.text(
        tmp_path,
        "Nome da campanha,Dia,Valor usado (BRL),Impressões\n,,4.00,30\nA,2026-05-01,1.50,10\nA,2026-05-02,2.50,20\n",
    )
    assert part.sums == {"spend": "4", "impressions": "30"}
    assert [(row.row, row.why) for row in part.set_aside] == [(2, "total")]
    assert {(t.column, t.difference) for t in part.totals} == {("spend", "0"), ("impressions", "0")}
    assert rows["currency_code"].to_list() == ["BRL", "BRL"]


def test_rows_of_the_wrong_width_are_refused_and_blank_lines_and_notes_set_aside(tmp_path: Path) -> None:
    part, rows = made.text(
        tmp_path,
        made.THREE_DAYS + "2026-05-04,B,BRL,4\nJust a note\n2026-05-05,C,BRL,1,2,3\n\n2026-05-06,D,BRL,1,1.25\n",
    )
    assert [(cell.row, cell.rule, cell.limit, cell.value) for cell in part.refused] == [
        (5, "wrong_width", "4/5", "2026-05-04,B,BRL,4"),
        (7, "wrong_width", "6/5", "2026-05-05,C,BRL,1,2,3"),
    ]
    assert str(words.reason(part.refused[0])) == "has 4/5 of the header's cells"
    assert sorted((row.row, row.why) for row in part.set_aside) == [(6, "note"), (8, "blank")]
    assert rows[ROW].to_list() == [2, 3, 4, 9]
    assert part.rows_read == 8


def test_large_files_read_the_quick_way_give_the_same_as_small_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = made.ads(*((f"2026-05-{i % 28 + 1:02}", str(i), f"{i}.25") for i in range(28)))
    even = made.text(tmp_path, content, "small.csv")
    monkeypatch.setattr(reading, "SMALL", 10)
    quick = made.text(tmp_path, content, "large.csv")
    assert quick[0] == even[0]
    assert quick[1].equals(even[1])


@pytest.mark.parametrize(
    "odd", ["2026-05-20,B,BRL,4\n", "2026-05-20,B,BRL,4,1,9\n", '2026-05-20,"two\nlines",BRL,4,1\n', "\n", "2026-05-20,B,BRL,4,\n"]
)
def test_large_files_with_odd_rows_give_the_same_as_small_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, odd: str) -> None:
    content = made.THREE_DAYS + odd + "2026-05-21,Z,BRL,1,1.25\n"
    exact = made.text(tmp_path, content, "small.csv")
    monkeypatch.setattr(reading, "SMALL", 10)
    quick = made.text(tmp_path, content, "large.csv")
    assert quick[0] == exact[0]
    assert quick[1].equals(exact[1])


LATE = (
    ",BRL,7,3.75", "  Padded  ,BRL, 3 ,1.00", "null,BRL,1,1.00", "Total: Campaigns,BRL,9,9.99", 'Grouped,BRL,"1,234","1,234.50"',
    "Negative,BRL,1,-5.00", "Wrong,BRL,x,1.00", "A note,,,", ",,,", "Twice,BRL,1,1.00", "Twice,BRL,2,2.00", "S,BRL,4,4.00",
)  # fmt: skip
"""Rows unlike all that the sample shows: a glance must leave each of them to a full look."""


@pytest.mark.parametrize("late", [*((row,) for row in LATE), LATE], ids=lambda rows: rows[0] if len(rows) == 1 else "all")
@pytest.mark.parametrize("days", ["", ",2026-05-05"], ids=["period above", "day last"])
@pytest.mark.parametrize("name", ["Campaign", "C"])
def test_a_glance_at_the_rows_takes_and_refuses_what_a_full_look_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, late: tuple[str, ...], days: str, name: str
) -> None:
    head = "Campaign,Currency code,Clicks,Cost" + (",Day" if days else "")
    like_the_sample = [f"{name} {i},BRL,{i},{i}.25{days}" for i in range(8)]
    rows = "\n".join([head, *like_the_sample, *(row + days if row[0] not in ",A" else row + "," * bool(days) for row in late)])
    content = f"Campaign report\n1 May 2026 - 31 May 2026\n{rows}\n"
    monkeypatch.setattr(reading, "SMALL", 10)
    monkeypatch.setattr(staging, "SAMPLE_ROWS", 3)
    glanced = made.text(tmp_path, content, "glanced.csv")
    monkeypatch.setattr(staging, "completes_row_by_row", lambda _table: False)
    looked_at = made.text(tmp_path, content, "looked-at.csv")
    assert glanced[1].height >= 8
    assert glanced[1].equals(looked_at[1])
    assert glanced[0] == looked_at[0]


@pytest.mark.parametrize("where", [2, 60, 98])
def test_an_unclosed_quote_never_swallows_rows_silently(tmp_path: Path, where: int) -> None:
    lines = [f"2026-05-{i % 28 + 1:02},C{i},BRL,1,1" for i in range(100)]
    lines[where] = lines[where].replace(",C", ',"C')
    report = made.read(made.put(tmp_path / "file.csv", "\n".join(["Day,Campaign,Currency code,Clicks,Cost", *lines]) + "\n"))
    assert report.failure is not None
    assert str(words.note(report.failure)) == (
        f"A quotation mark opened in row {where + 2} is never closed, so the rows after it cannot be told apart. Mend that row."
    )


@pytest.mark.parametrize("where", [2, 60, 98])
def test_a_quote_unclosed_in_the_last_column_is_found_too(tmp_path: Path, where: int) -> None:
    lines = [f"2026-05-{i % 28 + 1:02},1,1,BRL,C{i}" for i in range(100)]
    lines[where] = lines[where].replace(",C", ',"C')
    report = made.read(made.put(tmp_path / "file.csv", "\n".join(["Day,Clicks,Cost,Currency code,Campaign", *lines]) + "\n"))
    assert report.failure is not None
    assert report.failure.code == "open_quote"
    assert report.failure.values == {"row": where + 2}


def test_a_long_comment_with_commas_over_several_lines_is_no_unclosed_quote(tmp_path: Path) -> None:
    part, rows = made.text(
        tmp_path,
        'Day,Campaign,Currency code,Clicks,Cost\n2026-05-01,"Dear Ana,\nthanks, as ever,\nyours",BRL,3,1\n2026-05-02,B,BRL,4,2\n',
    )
    assert part.rows_ready == 2
    assert rows["campaign_name"][0] == "Dear Ana,\nthanks, as ever,\nyours"


# Every container


def _as_csv(frame: pl.DataFrame, path: Path, delimiter: str = ",", encoding: str = "utf-8") -> Path:
    held = io.StringIO(newline="")
    writer = csv.writer(held, delimiter=delimiter)
    writer.writerow(frame.columns)
    writer.writerows(["" if value is None else value for value in row] for row in frame.rows())
    path.write_bytes(held.getvalue().encode(encoding))
    return path


def _files(frame: pl.DataFrame, folder: Path) -> list[Path]:
    """The same rows in every container."""
    made_files = [
        _as_csv(frame, folder / "rows.csv"),
        _as_csv(frame, folder / "rows.tsv", "\t"),
        _as_csv(frame, folder / "excel.csv", ";", "utf-8-sig"),
        _as_csv(frame, folder / "unicode.csv", "\t", "utf-16"),
    ]
    frame.write_parquet(folder / "rows.parquet")
    frame.write_excel(folder / "rows.xlsx")
    frame.cast(pl.String).write_parquet(folder / "text.parquet")
    return [*made_files, folder / "rows.parquet", folder / "rows.xlsx", folder / "text.parquet"]


def test_csv_tsv_excel_and_parquet_of_the_same_rows_are_the_same_rows(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "Day": [date(2026, 5, 31), date(2026, 5, 14), date(2026, 5, 15)],
            "Campaign": ["Ação", "B, C", 'say "x"'],
            "Currency code": ["BRL", "BRL", "BRL"],
            "Clicks": [3, None, 1234],
            "Cost": [Decimal("1.25"), Decimal("0.10"), Decimal("1234.56")],
        },
        schema_overrides={"Cost": pl.Decimal(18, 2)},
    )
    expected = [
        ("Ação", date(2026, 5, 31), 3, Decimal("1.25"), "BRL", 2),
        ("B, C", date(2026, 5, 14), None, Decimal("0.1"), "BRL", 3),
        ('say "x"', date(2026, 5, 15), 1234, Decimal("1234.56"), "BRL", 4),
    ]
    for path in _files(frame, tmp_path):
        part = made.only(made.read(path))
        rows = made.rows(path, part)
        found = rows.select("campaign_name", "period_start", "clicks", "spend", "currency_code", ROW)
        assert found.rows() == expected, path.name
        assert part.sums == {"clicks": "1237", "spend": "1235.91"}, path.name


_names = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters='\x7f"'), min_size=1, max_size=12).filter(
    lambda name: name.strip() == name and name[0].isalpha() and not name.lower().startswith(("total", "n", "gesamt"))
)
_table = st.lists(
    st.tuples(_names, st.dates(date(2020, 1, 13), date(2029, 12, 31)), st.integers(0, 10**9), st.decimals(0, 10**9, places=2)),
    min_size=2, max_size=12, unique_by=lambda row: (row[0], row[1]),
)  # fmt: skip


@settings(max_examples=8)
@given(_table)
def test_whatever_the_rows_every_container_gives_them_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, date, int, Decimal]]
) -> None:
    frame = pl.DataFrame(
        {
            "Day": [row[1] for row in rows],
            "Campaign": [row[0] for row in rows],
            "Currency code": ["EUR"] * len(rows),
            "Clicks": [row[2] for row in rows],
            "Cost": [row[3] for row in rows],
        },
        schema_overrides={"Cost": pl.Decimal(18, 2)},
    )
    expected = [(name, day, clicks, cost, number) for number, (name, day, clicks, cost) in enumerate(rows, 2)]
    for path in _files(frame, tmp_path_factory.mktemp("files")):
        part = made.only(made.read(path))
        found = made.rows(path, part).select("campaign_name", "period_start", "clicks", "spend", ROW)
        assert found.rows() == expected, path.name
        assert Decimal(part.sums["spend"]) == sum(row[3] for row in rows), path.name


def test_moments_in_parquet_and_excel_are_the_moments_of_the_csv(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "lead_id": ["1", "2"],
            "created_at": [datetime(2026, 5, 1, 23, 30, 15, tzinfo=UTC), datetime(2026, 5, 2, tzinfo=UTC)],
        }
    )
    frame.write_parquet(tmp_path / "leads.parquet")
    frame.with_columns(pl.col("created_at").dt.convert_time_zone("America/Sao_Paulo")).write_parquet(tmp_path / "zoned.parquet")
    frame.with_columns(pl.col("created_at").dt.replace_time_zone(None)).write_excel(tmp_path / "leads.xlsx")
    made.put(tmp_path / "leads.csv", "lead_id,created_at\n1,2026-05-01T23:30:15Z\n2,2026-05-02T00:00:00Z\n")
    for name in ("leads.parquet", "zoned.parquet", "leads.xlsx", "leads.csv"):
        part = made.only(made.read(tmp_path / name))
        found = made.rows(tmp_path / name, part)["created_at"].to_list()
        assert found == [made.utc(2026, 5, 1, 23, 30, 15), made.utc(2026, 5, 2)], name


def test_every_sheet_with_a_table_is_a_part_and_others_are_named(tmp_path: Path) -> None:
    import xlsxwriter

    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(path) as book:
        for name, cost in (("March", 1.5), ("April", 2.25)):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, ["Report of " + name])
            sheet.write_row(2, 0, ["Day", "Campaign", "Currency code", "Clicks", "Cost"])
            sheet.write_row(3, 0, ["2026-05-01", name, "BRL", 3, cost])
        book.add_worksheet("Notes").write(0, 0, "only words")
        book.add_worksheet("Empty")
    report = made.read(path)
    assert [(part.name, part.header_row, part.sums) for part in report.parts] == [
        ("March", 3, {"clicks": "3", "spend": "1.5"}),
        ("April", 3, {"clicks": "3", "spend": "2.25"}),
    ]
    assert [str(words.note(note)) for note in report.notes] == ["Sheet Notes holds no table with a header row and was left out."]


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "XLS"),
        (b"MZ\x90\x00", "EXE"),
        (b"SQLite format 3\x00", "SQLite"),
    ],
)
def test_a_foreign_file_is_known_by_its_first_bytes_whatever_its_name(tmp_path: Path, head: bytes, kind: str) -> None:
    report = made.read(made.put(tmp_path / "report.csv", head + bytes(range(256)) * 4))
    assert report.failure is not None
    assert str(words.note(report.failure)) == (
        f"report.csv is really a {kind} file, whatever its name says. "
        "Export the report as CSV, TSV, XLSX, Parquet, JSON or XES and try again."
    )


def test_a_packed_file_is_read_as_what_it_holds_and_leaves_nothing_unpacked(tmp_path: Path) -> None:
    plain = made.text(tmp_path, PROMOTIONS, "ads.csv")
    packed = made.text(tmp_path, gzip.compress(PROMOTIONS.encode()), "ads.csv.gz")
    assert packed[0] == plain[0]
    assert packed[1].equals(plain[1])
    assert [path.name for path in (tmp_path / "ads.csv.gz.staged").iterdir()] == [plain[0].rows.file]


def test_a_packed_file_that_comes_to_more_than_exports_do_is_refused(tmp_path: Path) -> None:
    path = made.put(tmp_path / "ads.csv.gz", gzip.compress(b"Day,Clicks\n" + b"2026-05-01,1\n" * 6_000_000))
    report = made.read(path)
    assert report.failure
    assert str(words.note(report.failure)) == (
        "ads.csv.gz would unpack to far more than packed exports do and was not read. Unpack it and give what comes out."
    )
    assert list((tmp_path / "ads.csv.gz.staged").iterdir()) == []


def test_a_text_that_begins_like_a_program_is_still_text(tmp_path: Path) -> None:
    assert guard.identify(made.put(tmp_path / "x.csv", "MZ,Campaign\n1,2\n"), "x.csv") is guard.FileKind.TEXT


def test_too_many_columns_are_refused_with_the_limit(tmp_path: Path) -> None:
    header = ",".join(f"column{i}" for i in range(2001))
    report = made.read(made.put(tmp_path / "wide.csv", header + "\n" + "x," * 2000 + "\n"))
    assert report.failure is not None
    assert str(words.note(report.failure)) == "The file has 2,001 columns; at most 2,000 are read. Export fewer columns."


LATE = (
    "2026-05-20,A,Search,BRL,4,1.00",
    "2026-05-21,A, PERFORMANCE max ,BRL,4,1.00",
    "2026-05-22,A,Vídeo,brl,4,1.00",
    "2026-05-23,A,Something new,USD,4,1.00",
    '2026-05-24,A,--,BRL,"1,234","2,345.60"',
    " 2026-05-25 ,A,Display,BRL, 7 ,R$ 3.50",
    "2026-05-26,A,Display,BRL, -- ,",
    "2026-05-27,A,Display,--,5,1",
    "2026-05-28,A,Display,BRL,x,1",
    "2026-05-29,A,Display,BRL,5,5.",
    "2026-05-30,A,Display,BRL,5,1.5E-03",
    "2026-05-31,A,Display,BRL,5,2e-3",
    "Total: Campaigns,,,,99,99",
)


@pytest.mark.parametrize("first", range(len(LATE)))
def test_what_stands_beyond_the_sample_is_read_as_if_it_stood_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: int
) -> None:
    plain = [f"2026-05-{day:02},A,Search,BRL,{day},{day}.25" for day in range(1, 8)]
    content = "\n".join(["Day,Campaign,Campaign type,Currency code,Clicks,Cost", *plain, *LATE[first:], *LATE[:first]]) + "\n"
    whole = made.text(tmp_path, content, "whole.csv")
    monkeypatch.setattr(staging, "SAMPLE_ROWS", 5)
    part, rows = made.text(tmp_path, content, "sampled.csv")
    assert rows.equals(whole[1])
    assert [(cell.row, cell.column, cell.value, cell.rule) for cell in part.refused] == [
        (cell.row, cell.column, cell.value, cell.rule) for cell in whole[0].refused
    ]
    assert (part.sums, part.set_aside, part.currencies) == (whole[0].sums, whole[0].set_aside, whole[0].currencies)
    by_day = {str(row["period_start"]): row for row in rows.iter_rows(named=True)}
    assert by_day["2026-05-21"]["campaign_type"] == "performance_max"
    assert (by_day["2026-05-22"]["campaign_type"], by_day["2026-05-22"]["currency_code"]) == ("video", "BRL")
    assert by_day["2026-05-23"]["campaign_type"] == "Something new"
    assert (by_day["2026-05-24"]["clicks"], by_day["2026-05-24"]["spend"]) == (1234, Decimal("2345.60"))
    assert (by_day["2026-05-25"]["clicks"], by_day["2026-05-25"]["spend"]) == (7, Decimal("3.50"))
    assert (by_day["2026-05-26"]["clicks"], by_day["2026-05-26"]["spend"]) == (None, None)
    assert [by_day[day]["spend"] for day in ("2026-05-29", "2026-05-30", "2026-05-31")] == [
        Decimal(5), Decimal("0.0015"), Decimal("0.002"),
    ]  # fmt: skip


@pytest.mark.parametrize(("cell", "value"), [("1.234", "1234"), ("0,125", "0.125"), ("12,125", "12.125"), ("7", "7")])
def test_a_column_of_plain_numbers_beyond_the_sample_is_written_as_the_other_columns_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cell: str, value: str
) -> None:
    rows = [f"2026-05-{day:02};A;BRL;{day};{day},25;{day}" for day in range(1, 8)]
    content = "\n".join(["Day;Campaign;Currency code;Clicks;Cost;Conversions", *rows, f"2026-05-09;A;BRL;1;1,25;{cell}"]) + "\n"
    monkeypatch.setattr(staging, "SAMPLE_ROWS", 5)
    part, found = made.text(tmp_path, content)
    assert (part.rows_refused, found["conversions"][-1]) == (0, Decimal(value))


@pytest.mark.parametrize("row", ["2026-05-20;B;BRL;4;1", '"2026-05-20,B,BRL,4,1"'])
def test_a_row_set_apart_in_another_way_is_refused_and_no_note(tmp_path: Path, row: str) -> None:
    part, rows = made.text(tmp_path, made.THREE_DAYS + row + "\n2026-05-21,Z,BRL,1,1.25\n")
    assert [(cell.row, cell.rule) for cell in part.refused] == [(5, "wrong_width")]
    assert (rows.height, part.set_aside) == (4, [])


DIALECTS = {
    "single quotes": "Day,Campaign,Currency code,Clicks,Cost\n2026-05-01,'A, B',BRL,3,1\n2026-05-02,'C, D, E',BRL,4,2\n",
    "all in single quotes": "'Day','Campaign','Currency code','Clicks','Cost'\n'2026-05-01','A, B','BRL','3','1'\n"
    "'2026-05-02','C, D, E','BRL','4','2'\n",
    "a space before the quote": 'Day, Campaign, Currency code, Clicks, Cost\n2026-05-01, "A, B", BRL, 3, 1\n'
    '2026-05-02, "C, D, E", BRL, 4, 2\n',
    "escaped quotes": 'Day,Campaign,Currency code,Clicks,Cost\n2026-05-01,"A, B",BRL,3,1\n2026-05-02,"C, \\"D\\", E",BRL,4,2\n',
    "spaces for delimiters": 'Day Campaign "Currency code" Clicks Cost\n2026-05-01 "A, B" BRL 3 1\n2026-05-02 "C, D, E" BRL 4 2\n',
}


@pytest.mark.parametrize("name", DIALECTS)
def test_a_dialect_seldom_written_is_read_where_it_sets_every_row_apart(tmp_path: Path, name: str) -> None:
    part, rows = made.text(tmp_path, DIALECTS[name])
    assert (part.sums["clicks"], part.sums["spend"], part.rows_refused) == ("7", "3", 0)
    assert rows["campaign_name"].to_list() == ["A, B", 'C, "D", E' if name == "escaped quotes" else "C, D, E"]
    assert rows[ROW].to_list() == [2, 3]


def test_an_item_without_a_companion_column_keeps_its_answers(tmp_path: Path) -> None:
    headers = "Respondent,Side,Completion time,Assessment,SP1. How is it planned?,SP1 confidence,SP2. How well?"
    content = f"{headers}\nR1,IT,2026-05-01 10:00:00,2026,3,4,2\nR2,Marketing,2026-05-01 11:00:00,2026,4,,5\n"
    part, rows = made.text(tmp_path, content)
    assert (part.rows_ready, part.rows_refused) == (4, 0)
    assert rows.select("respondent_id", "item_code", "level", "confidence").rows() == [
        ("R1", "SP1", 3, 4), ("R1", "SP2", 2, None), ("R2", "SP1", 4, None), ("R2", "SP2", 5, None),
    ]  # fmt: skip


def test_ids_that_a_spreadsheet_has_rounded_are_said(tmp_path: Path) -> None:
    rows = "2026-05-01,A,{},BRL,1,1.5\n"
    head = "Day,Campaign,Campaign ID,Currency code,Clicks,Cost\n"
    part, _ = made.text(tmp_path, head + rows.format("120331000000000017") + rows.format("1.20331E+17"))
    assert [(note.code, note.values) for note in part.notes] == [
        ("rounded_ids", {"column": "Campaign ID", "value": "1.20331E+17", "row": 3, "n": 1})
    ]
    part, _ = made.text(tmp_path, head + rows.format("120331000000000017"))
    assert part.notes == []


@pytest.mark.parametrize("row", [2, 4])
def test_a_cell_longer_than_the_sample_and_the_block_is_refused_with_its_row(tmp_path: Path, row: int) -> None:
    rows = ["1,A,2026-03-01", "1,D,2026-03-02", "2,A,2026-03-01", "2,D,2026-03-04"]
    rows[row - 2] = rows[row - 2].replace("A", "x" * 9_000_000)
    part, taken = made.text(tmp_path, "\n".join(["case,stage,timestamp", *rows]) + "\n")
    (refused,) = part.refused
    assert (refused.row, refused.column, refused.value) == (row, "stage", "x" * 200)
    assert str(words.reason(refused)) == "is longer than 32767 bytes"
    assert taken[ROW].to_list() == [each for each in (2, 3, 4, 5) if each != row]


def test_a_row_of_a_large_file_that_is_longer_than_any_row_is_refused_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "SMALL", 10)
    rows = ["1,A,2026-03-01", "1,B,2026-03-02,uneven", "2," + "x" * 20_000_000 + ",2026-03-01"]
    report = made.read(made.put(tmp_path / "log.csv", "\n".join(["case,stage,timestamp", *rows]) + "\n"))
    assert report.failure
    assert str(words.note(report.failure)) == (
        "From row 3 on, a row is longer than 8 MB, which is no row of a table. Look for a cell that holds a whole file, or a "
        "quotation mark that is never closed, and mend it."
    )


@pytest.mark.parametrize("small", [10, reading.SMALL], ids=["quickly", "exactly"])
def test_a_value_that_stands_for_none_where_one_has_to_be_is_quoted_as_the_file_writes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small: int
) -> None:
    monkeypatch.setattr(reading, "SMALL", small)
    rows = ("case,stage,timestamp", "1,A,2026-03-01", "null,A,2026-03-02", "1,D,9999-12-31", "1,-,2026-03-04", "2,D,2026-03-04")
    part, _ = made.text(tmp_path, "\n".join(rows) + "\n")
    assert [(cell.row, cell.column, cell.value) for cell in part.refused] == [
        (3, "case", "null"), (4, "timestamp", "9999-12-31"), (5, "stage", "-"),
    ]  # fmt: skip
    assert {str(words.reason(cell)) for cell in part.refused} == {"stands for no value, and there has to be one"}


@pytest.mark.parametrize("small", [10, reading.SMALL], ids=["quickly", "exactly"])
@pytest.mark.parametrize("named", ["Total", "Gesamt", "Subtotal", "Summe", "all", "All"])
def test_an_event_whose_case_is_called_like_a_total_is_an_event_and_a_total_without_a_moment_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small: int, named: str
) -> None:
    monkeypatch.setattr(reading, "SMALL", small)
    rows = (f"{named},A,2026-03-01,9", f"{named},D,2026-03-02,", "2,A,2026-03-01,4", "2,D,2026-03-04,5", "Total,,,18")
    part, taken = made.text(tmp_path, "\n".join(["case,stage,timestamp,cost", *rows]) + "\n")
    assert taken.sort(ROW).select("issue_id", "status").rows() == [(named, "A"), (named, "D"), ("2", "A"), ("2", "D")]
    assert [(row.row, row.why) for row in part.set_aside] == [(6, "total")]
    assert (part.refused, part.questions) == ([], [])
