"""Numbers and dates as people's tools write them."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from marops.sources import formats, moments, words
from marops.sources.formats import Notation
from marops.sources.report import Job, Mapping, Part
from marops.sources.staging import stage
from marops.tables import ROW, Type
from tests.sources import made


def number(cell: str, kind: Type = Type.DECIMAL, mark: str = ".", notation: Notation = Notation.DRESSED) -> Decimal | int | None:
    return pl.DataFrame({"cell": [cell]}).select(formats.number(pl.col("cell"), kind, mark, notation)).item()


def day(cell: str, form: str) -> date | None:
    return pl.DataFrame({"cell": [cell]}).select(moments.local(pl.col("cell"), form).dt.date()).item()


@pytest.mark.parametrize(
    ("cell", "mark", "value"),
    [
        ("R$ 1.234,56", ",", "1234.56"),
        ("R$\u00a01.234.567,89", ",", "1234567.89"),
        ("€1,622.60", ".", "1622.60"),
        ("1 234,5", ",", "1234.5"),
        ("1'234.50", ".", "1234.50"),
        ("12,5%", ",", "12.5"),
        ("3.45 %", ".", "3.45"),
        ("(1,234.56)", ".", "-1234.56"),
        ("1.234,56-", ",", "-1234.56"),
        ("-$5.00", ".", "-5"),
        ("-37%", ".", "-37"),
        ("EUR 5.00", ".", "5"),
        ("5,00 BRL", ",", "5"),
        ("1.5e3", ".", "1500"),
        ("₹1,23,456.78", ".", "123456.78"),
        ("1’234.50", ".", "1234.50"),
        ("−1.000,00", ",", "-1000"),
        ("1.429999948", ".", "1.43"),
        (".5", ".", "0.5"),
        ("0", ",", "0"),
    ],
)
def test_a_dressed_number_is_read_as_the_number_it_shows(cell: str, mark: str, value: str) -> None:
    assert number(cell, mark=mark) == Decimal(value)


@pytest.mark.parametrize(
    "cell",
    [
        "nan",
        "NaN",
        "inf",
        "-inf",
        "1e309",
        "abc",
        "1.2.3",
        "12,34,56",
        "1,23",
        "5 apples",
        "0x10",
        "< 10%",
        "≤100",
        "",
        "INC0057044",
        "INV 12",
    ],
)
def test_what_is_not_a_number_in_the_columns_notation_is_not_guessed(cell: str) -> None:
    assert number(cell) is None


def test_a_count_may_have_separators_and_a_zero_fraction_but_no_other() -> None:
    assert number("1,234", Type.INT) == 1234
    assert number("1.234", Type.INT, ",") == 1234
    assert number("34.00", Type.INT) == 34
    assert number("34.5", Type.INT) is None
    assert number("00123", Type.INT) == 123


@pytest.mark.parametrize(
    ("samples", "whole", "mark"),
    [
        (["1.234,56", "7"], False, ","),
        (["1,234.56"], False, "."),
        (["3,99", "0"], False, ","),
        (["12.50"], False, "."),
        (["1,234"], False, None),
        (["1.234", "5.678"], False, None),
        (["1,234", "1.5"], False, "."),
        (["1,234", "1,5"], False, ","),
        (["1,234,567"], False, "."),
        (["0.123"], False, "."),
        (["1,234"], True, "."),
        (["1.234"], True, ","),
        (["1,5", "1.5"], False, None),
        (["12", "7", ""], False, ""),
    ],
)
def test_the_decimal_mark_follows_from_the_columns_unambiguous_values(samples: list[str], whole: bool, mark: str | None) -> None:
    assert formats.decimal_mark(samples, whole=whole) == mark


@pytest.mark.parametrize("cell", ["", " ", "--", " --", "—", "–", "-", "n/a", "N/A", "NULL", "None", "#N/A", "?"])
def test_every_way_to_write_no_value_is_missing_and_not_zero(cell: str) -> None:
    frame = pl.DataFrame({"cell": [cell]})
    assert frame.select(formats.is_missing(pl.col("cell"))).item() is True
    assert number(cell) is None


def test_zero_and_not_a_number_are_not_missing() -> None:
    frame = pl.DataFrame({"cell": ["0", "NaN", "inf", "nada"]})
    assert frame.select(formats.is_missing(pl.col("cell"))).to_series().to_list() == [False] * 4


def test_a_text_that_says_na_stays_a_name() -> None:
    assert pl.DataFrame({"c": [" NA ", "--", "x"]}).select(formats.text(pl.col("c"))).to_series().to_list() == ["NA", None, "x"]


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("2026-05-31", date(2026, 5, 31)),
        ("31/05/2026", date(2026, 5, 31)),
        ("5/31/2026", date(2026, 5, 31)),
        ("31.05.2026", date(2026, 5, 31)),
        ("31-05-26", date(2026, 5, 31)),
        ("20260531", date(2026, 5, 31)),
        ("2026/05/31", date(2026, 5, 31)),
        ("5 de mai. de 2026", date(2026, 5, 5)),
        ("31 de março de 2026", date(2026, 3, 31)),
        ("dom., 1 de fev. de 2026", date(2026, 2, 1)),
        ("1 dez 2026", date(2026, 12, 1)),
        ("31 de mayo de 2026", date(2026, 5, 31)),
        ("31. Mai 2026", date(2026, 5, 31)),
        ("1 août 2026", date(2026, 8, 1)),
        ("02/dic/25", date(2025, 12, 2)),
        ("02/sept/25 11:40 AM", date(2025, 9, 2)),
        ("5 giugno 2026", date(2026, 6, 5)),
        ("31 mrt 2026", date(2026, 3, 31)),
        ("May 5, 2026", date(2026, 5, 5)),
        ("Sun, May 3, 2026", date(2026, 5, 3)),
        ("31/May/26", date(2026, 5, 31)),
        ("2026-05-31T23:30:00-03:00", date(2026, 5, 31)),
        ("2026-05-31T23:30-0300", date(2026, 5, 31)),
        ("2026-05-31 00:30:00.000+02", date(2026, 5, 31)),
        ("2026-05-31 00:30:00,000 +02:00", date(2026, 5, 31)),
        ("2026-05-31T23:30:00Z", date(2026, 5, 31)),
        ("Sun, 31 May 2026 23:30:00 -0330", date(2026, 5, 31)),
        ("Sun May 31 2026 00:30:00 GMT+0200 (CEST)", date(2026, 5, 31)),
        ("31/05/2026 23:59", date(2026, 5, 31)),
        ("5/31/2026 11:59 PM", date(2026, 5, 31)),
        ("2026/05/31 23:59", date(2026, 5, 31)),
        ("2026/05/31 23:59:59", date(2026, 5, 31)),
        ("2026/05/31 23:59:59.999", date(2026, 5, 31)),
    ],
)
def test_a_date_is_read_in_the_one_format_that_fits(cell: str, found: date) -> None:
    fitting = moments.date_formats([cell], None)
    assert len(fitting) == 1
    assert day(cell, fitting[0]) == found


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("5/31/2026 9:12:33 AM", made.utc(2026, 5, 31, 9, 12, 33)),
        ("5/31/2026, 9:12:10 PM", made.utc(2026, 5, 31, 21, 12, 10)),
        ("5/31/2026, 9:12:10\u202fPM", made.utc(2026, 5, 31, 21, 12, 10)),
        ("5/31/2026, 12:12 am", made.utc(2026, 5, 31, 0, 12)),
        ("31/5/2026, 21:12:10", made.utc(2026, 5, 31, 21, 12, 10)),
        ("31.5.2026, 21:12", made.utc(2026, 5, 31, 21, 12)),
        ("31/5/2026 9:12:33 a. m.", made.utc(2026, 5, 31, 9, 12, 33)),
        ("31/05/26 9:12 p.\xa0m.", made.utc(2026, 5, 31, 21, 12)),
        ("31/may/26 9:12 p.m.", made.utc(2026, 5, 31, 21, 12)),
        ("31/May/26 9:12 AM", made.utc(2026, 5, 31, 9, 12)),
        ("31/May/26 12:12:05 PM", made.utc(2026, 5, 31, 12, 12, 5)),
        ("May 31, 2026, 9:12:33 AM", made.utc(2026, 5, 31, 9, 12, 33)),
        ("May 31, 2026 9:12 PM", made.utc(2026, 5, 31, 21, 12)),
        ("31.Mai.26 09:12", made.utc(2026, 5, 31, 9, 12)),
        ("31. Mai 2026, 09:12:33", made.utc(2026, 5, 31, 9, 12, 33)),
        ("02.Mrz.26", made.utc(2026, 3, 2)),
        ("Sun, 31 May 2026 09:00:00 +0200", made.utc(2026, 5, 31, 7)),
        ("31 May 2026 09:00:00 -0330", made.utc(2026, 5, 31, 12, 30)),
        ("Sun, 31 May 2026 09:00 GMT", made.utc(2026, 5, 31, 9)),
        ("Sun May 31 2026 09:00:00 GMT+0200 (Central European Summer Time)", made.utc(2026, 5, 31, 7)),
        ("31 May 26 09:00 Z", made.utc(2026, 5, 31, 9)),
        ("31/May/26 12:12 AM", made.utc(2026, 5, 31, 0, 12)),
    ],
)
def test_a_clock_is_read_however_it_is_written(cell: str, found: datetime) -> None:
    (form,) = moments.date_formats([cell], None)
    assert moment_of([cell], form) == [found]


@pytest.mark.parametrize("form", ["d_month_y", "month_d_y", "d_month_y_clock", "month_d_y_clock", "mail"])
def test_a_month_s_name_costs_one_way_through_the_cell(form: str) -> None:
    found = next(known for known in moments.DATE_FORMATS if known.id == form)
    assert found.read(pl.col("cell")).meta.root_names() == ["cell"]


@pytest.mark.parametrize("clock", [" 9:12:33 AM", ", 9:12:33 AM", " 9:12 a. m.", ", 09:12"])
def test_a_clock_leaves_open_which_number_is_the_day(clock: str) -> None:
    assert {form[:3] for form in moments.date_formats([f"5/1/2026{clock}"], None)} == {"dmy", "mdy"}
    (form,) = moments.date_formats([f"5/1/2026{clock}", f"5/13/2026{clock}"], None)
    assert form.startswith("mdy")


def test_moments_counted_from_1970_are_read_where_a_column_is_known_to_hold_moments(tmp_path: Path) -> None:
    for day, later in (("1777878000", "1777881600"), ("1777878000000", "1777881600500")):
        part, rows = made.text(tmp_path, f"case id,activity,timestamp\n1,A,{day}\n1,B,{later}\n")
        second = made.utc(2026, 5, 4, 8) if len(later) == 10 else made.utc(2026, 5, 4, 8).replace(microsecond=500_000)
        assert rows["transition_at"].to_list() == [made.utc(2026, 5, 4, 7), second]
        assert part.notes == []
    assert moments.date_formats(["1777878000000"], None) == ()
    for strange in ("177787800000", "5511987654321", "1777878000x"):
        assert moments.counts(pl.Series(["1777878000000", strange])) is None
    assert moments.counts(pl.Series([], dtype=pl.String)) is None
    assert moments.counts(pl.Series(["0", "-1", "12"])) is None


def test_a_number_that_counts_no_moment_is_one_before_1971_and_costs_its_column_nothing(tmp_path: Path) -> None:
    for of_four, unit in (("1777878000", 1), ("1777878000000", 1000)):
        part, rows = made.text(tmp_path, f"case id,activity,timestamp\n1,A,0\n2,A,{of_four}\n3,A,-{unit}\n4,A,{86_400 * unit}\n")
        assert rows["transition_at"].to_list() == [
            made.utc(1970, 1, 1), made.utc(2026, 5, 4, 7), made.utc(1969, 12, 31, 23, 59, 59), made.utc(1970, 1, 2),
        ]  # fmt: skip
        assert (part.rows_refused, part.notes) == (0, [])


def test_a_zero_where_nothing_need_have_happened_says_that_it_has_not(tmp_path: Path) -> None:
    part, rows = made.text(
        tmp_path,
        "Issue id,Issue key,Created,Resolved,Due date\n1,A-1,1777878000,0,0\n2,A-2,1777878000,1777881600,1777881600\n"
        "3,A-3,1777878000,1777881600,12\n4,A-4,0,1777881600,\n",
    )
    assert rows.select("issue_id", "created_at", "resolved_at", "due_date").rows() == [
        ("1", made.utc(2026, 5, 4, 7), None, None), ("2", made.utc(2026, 5, 4, 7), made.utc(2026, 5, 4, 8), date(2026, 5, 4)),
        ("4", made.utc(1970, 1, 1), made.utc(2026, 5, 4, 8), None),
    ]  # fmt: skip
    assert [(row.row, row.column, row.value, row.rule) for row in part.refused] == [(4, "Due date", "12", "unreadable")]
    _, rows = made.text(tmp_path, "Issue id,Issue key,Created,Resolved\n1,A-1,1777878000,0\n2,A-2,1777878000,0\n")
    assert rows["resolved_at"].to_list() == [None, None]


def test_moments_counted_from_1970_may_have_fractions(tmp_path: Path) -> None:
    for cell in ("1777878000.25", "1777878000250.0"):
        _, rows = made.text(tmp_path, f"case id,activity,timestamp\n1,A,{cell}\n")
        assert rows["transition_at"].to_list() == [made.utc(2026, 5, 4, 7).replace(microsecond=250_000)]


def test_one_cell_that_counts_nothing_is_refused_alone(tmp_path: Path) -> None:
    cells = ["1777878000000", "177787800000", "1777881600000", "1777881600001"]
    part, rows = made.text(tmp_path, "case id,activity,timestamp\n" + "".join(f"{cell},A,{cell}\n" for cell in cells))
    assert rows.height == 3
    assert [(row.row, row.value, row.rule) for row in part.refused] == [(3, "177787800000", "unreadable")]


def test_dates_that_could_be_read_either_way_fit_two_formats_until_somebody_says_which() -> None:
    assert {form[:3] for form in moments.date_formats(["03/04/2026", "05/06/2026"], None)} == {"dmy", "mdy"}
    assert day("03/04/2026", moments.date_formats(["03/04/2026"], "dmy")[0]) == date(2026, 4, 3)
    assert day("03/04/2026", moments.date_formats(["03/04/2026"], "mdy")[0]) == date(2026, 3, 4)
    assert [form[:3] for form in moments.date_formats(["03/04/2026", "13/04/2026"], None)] == ["dmy"]


ISO = {
    "2026-05-01": made.utc(2026, 5, 1),
    "2026-05-01 10:00": made.utc(2026, 5, 1, 10),
    "2026-05-01T10:00": made.utc(2026, 5, 1, 10),
    "2026-05-01 10:00:05": made.utc(2026, 5, 1, 10, 0, 5),
    "2026-05-01T10:00:05.25": made.utc(2026, 5, 1, 10, 0, 5).replace(microsecond=250_000),
    "2026-05-01T10:00:00Z": made.utc(2026, 5, 1, 10),
    "2026-05-01 10:00-03:00": made.utc(2026, 5, 1, 13),
    "2026-05-01 10:00:00+02": made.utc(2026, 5, 1, 8),
    "2026-05-01T10:00:00.000+0200": made.utc(2026, 5, 1, 8),
    "2026-05-01 10:00:05,250": made.utc(2026, 5, 1, 10, 0, 5).replace(microsecond=250_000),
    "2026-05-01 10:00:00 UTC": made.utc(2026, 5, 1, 10),
    "2026-05-01 10:00 -0300": made.utc(2026, 5, 1, 13),
}
"""One day by ISO 8601 in all its forms, and when it is in UTC."""


def moment_of(cells: list[str], form: str) -> list[datetime | None]:
    return pl.DataFrame({"cell": cells}).select(moments.moment(pl.col("cell"), form)).to_series().to_list()


def test_a_column_of_iso_forms_is_one_column() -> None:
    """An offset is honoured; a moment without one is UTC's."""
    assert moments.date_formats(list(ISO), None) == ("iso_any",)
    assert moment_of([*ISO, "01/05/2026", "2026-05-01 25:00", "2026-02-30"], "iso_any") == [*ISO.values(), None, None, None]


@pytest.mark.parametrize("first", ISO)
def test_two_iso_forms_are_told_whichever_comes_first(first: str) -> None:
    for other, moment in ISO.items():
        (form,) = moments.date_formats([first, other], None)
        assert moment_of([first, other], form) == [ISO[first], moment], (other, form)


@given(
    st.dates(date(1901, 1, 2), date(2099, 12, 30)), st.times(), st.sampled_from(["T", " "]), st.integers(-720, 840)
)  # fmt: skip
def test_every_moment_by_iso_is_read_back_as_it_was(day: date, clock: time, between: str, minutes: int) -> None:
    value = datetime.combine(day, clock)
    offset = timezone(timedelta(minutes=minutes))
    cells = [value.isoformat(between), value.replace(tzinfo=offset).isoformat(between), value.isoformat(between) + "Z"]
    utc = value.replace(tzinfo=UTC)
    assert moment_of(cells, "iso_any") == [utc, value.replace(tzinfo=offset).astimezone(UTC), utc]


@pytest.mark.parametrize("table", ["lead", "work_item_transition"])
def test_an_iso_form_that_comes_late_is_read_and_what_is_no_date_refused(tmp_path: Path, table: str) -> None:
    """Whether rows can be completed one by one or only together."""
    head = "lead_id,created_at" if table == "lead" else "case id,activity,timestamp"
    between = "," if table == "lead" else ",A,"
    cells = ["2026-05-01 10:00:05"] * 6_000 + ["2026-05-01T10:00:00.000+0200", "2026-05-01", "soon"]
    lines = "\n".join(f"{index}{between}{cell}" for index, cell in enumerate(cells))
    part, rows = made.text(tmp_path, f"{head}\n{lines}\n")
    at = "created_at" if table == "lead" else "transition_at"
    assert rows.sort(ROW)[at].to_list()[5_999:] == [made.utc(2026, 5, 1, 10, 0, 5), made.utc(2026, 5, 1, 8), made.utc(2026, 5, 1)]
    assert [(cell.row, cell.value, cell.rule) for cell in part.refused] == [(6_004, "soon", "unreadable")]


def test_where_times_are_of_a_zone_only_those_without_an_offset_are(tmp_path: Path) -> None:
    content = "# Time zone: America/Sao_Paulo\ncase id,activity,timestamp\n1,A,2026-05-01 10:00:00\n1,B,2026-05-01T10:00:00Z\n"
    part, rows = made.text(tmp_path, content)
    assert part.zone == "America/Sao_Paulo"
    assert dict(rows.select("status", "transition_at").iter_rows()) == {
        "A": made.utc(2026, 5, 1, 13), "B": made.utc(2026, 5, 1, 10)
    }  # fmt: skip


def test_a_column_without_one_date_is_refused_with_its_first_cell_and_row(tmp_path: Path) -> None:
    part, _ = made.text(tmp_path, "case id,activity,timestamp\n1,A,\n1,B,week 3\n2,A,soon\n")
    (said,) = [str(words.note(note)) for note in part.notes]
    assert said == (
        "No cell of “timestamp” can be read as a date; the first, in row 3, says “week 3”. "
        "Write dates as 2026-05-31 or 31/05/2026, with a time as 2026-05-31 14:05."
    )
    some, _ = made.text(tmp_path, "case id,activity,timestamp\n1,A,2026-05-01\n1,B,week 3\n")
    assert [note.code for note in some.notes] == ["times_as_utc"]


@pytest.mark.parametrize("cell", ["31/02/2026", "2026-13-01", "1 de foo de 2026", "12", "hello 2026", "0001-01-01"])
def test_what_is_no_date_fits_no_format(cell: str) -> None:
    assert moments.date_formats([cell], None) == ()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("5 de maio de 2026 - 15 de maio de 2026", ("2026-05-05", "2026-05-15")),
        ("January 27, 2026 - February 23, 2026", ("2026-01-27", "2026-02-23")),
        ("27 January 2026 – 23 February 2026", ("2026-01-27", "2026-02-23")),
        ("1 May 2026 to 31 May 2026", ("2026-05-01", "2026-05-31")),
        ("31 May 2026 - 1 May 2026", None),
        ("All time", None),
        ("Campaign report - final", None),
    ],
)
def test_the_days_a_report_covers_are_read_from_the_line_above_it(line: str, found: tuple[str, str] | None) -> None:
    assert moments.period(line) == found


def test_truth_values_are_read_in_english_and_portuguese_and_nothing_else() -> None:
    cells = pl.DataFrame({"c": ["TRUE", "sim", "1", "Não", "false", "0", "maybe", ""]})
    assert cells.select(formats.truth(pl.col("c"))).to_series().to_list() == [True, True, True, False, False, False, None, None]


def _written(value: Decimal, mark: str, *, grouped: bool) -> str:
    text = f"{value:,.2f}" if grouped else f"{value:.2f}"
    return text.translate(str.maketrans(",.", ".,")) if mark == "," else text


@settings(max_examples=200)
@given(
    st.lists(st.decimals(-(10**9), 10**9, places=2), min_size=1, max_size=8), st.sampled_from([".", ","]), st.booleans(),
)  # fmt: skip
def test_every_amount_is_read_back_as_it_was_whatever_the_notation(values: list[Decimal], mark: str, grouped: bool) -> None:
    cells = [_written(value, mark, grouped=grouped) for value in values]
    assert formats.decimal_mark(cells, whole=False) == mark
    found = formats.notation(pl.Series(cells), mark, whole=False)
    assert found is not Notation.DRESSED
    for notation in (found, Notation.DRESSED):
        frame = pl.DataFrame({"cell": cells}).select(formats.number(pl.col("cell"), Type.DECIMAL, mark, notation))
        assert frame.to_series().to_list() == values


@settings(max_examples=100)
@given(st.dates(date(1901, 1, 1), date(2099, 12, 31)), st.sampled_from(["%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y%m%d"]))
def test_every_day_is_read_back_as_it_was_whatever_the_format(value: date, form: str) -> None:
    order = {"%d/%m/%Y": "dmy", "%m/%d/%Y": "mdy", "%d.%m.%Y": "dmy"}.get(form)
    fitting = moments.date_formats([value.strftime(form)], order)
    if value not in moments._OPEN_ENDS:
        assert [day(value.strftime(form), found) for found in fitting] == [value]


# The same, in files


def test_columns_of_one_file_may_have_different_decimal_marks(tmp_path: Path) -> None:
    part, rows = made.text(
        tmp_path, "Day;Campaign;Currency code;Cost;Conversions\n2026-05-01;A;BRL;R$ 1.234,56;1.5\n2026-05-02;A;BRL;0,44;2.25\n"
    )
    assert part.sums == {"spend": "1235", "conversions": "3.75"}
    assert rows["spend"].to_list() == [Decimal("1234.56"), Decimal("0.44")]


def test_an_amount_that_could_be_read_either_way_is_asked_for_and_the_answer_is_used(tmp_path: Path) -> None:
    content = made.ads(("2026-05-01", "1", '"1,234"'))
    part, _ = made.text(tmp_path, content)
    assert part.staged is None
    assert [str(words.question(q)) for q in part.questions] == [
        "In “Cost” (1,234) the mark could separate thousands or decimals. Which is it?"
    ]
    assert part.questions[0].choices == [".", ","]
    assert part.mapping is not None
    for mark, spend in ((".", "1234"), (",", "1.234")):
        answered, _ = made.text(tmp_path, content, mapping=part.mapping.model_copy(update={"decimal": mark}))
        assert answered.questions == []
        assert answered.sums["spend"] == spend


def test_an_ambiguous_amount_follows_the_files_other_columns(tmp_path: Path) -> None:
    part, _ = made.text(
        tmp_path, "Day;Campaign;Currency code;Cost;Conversions\n2026-05-01;A;BRL;1.234;1,5\n2026-05-02;A;BRL;2.000;2,5\n"
    )
    assert part.sums == {"spend": "3234", "conversions": "4"}


def test_ambiguous_dates_are_asked_for_and_the_answer_is_used(tmp_path: Path) -> None:
    content = made.ads(("03/04/2026", "1", "1.5"), ("05/06/2026", "2", "2.5"))
    part, _ = made.text(tmp_path, content)
    assert part.staged is None
    assert [str(words.question(q)) for q in part.questions] == [
        "In “Day” (03/04/2026, 05/06/2026) the first number could be the day or the month. Which is it?"
    ]
    assert part.mapping is not None
    for order, days in (("dmy", [date(2026, 4, 3), date(2026, 6, 5)]), ("mdy", [date(2026, 3, 4), date(2026, 5, 6)])):
        _, rows = made.text(tmp_path, content, mapping=part.mapping.model_copy(update={"dates": order}))
        assert rows["period_start"].to_list() == days
        assert rows["period_end"].to_list() == days


def test_one_date_past_the_twelfth_decides_the_whole_column(tmp_path: Path) -> None:
    part, rows = made.text(tmp_path, made.ads(("03/04/2026", "1", "1.5"), ("13/04/2026", "2", "2.5")))
    assert part.questions == []
    assert rows["period_start"].to_list() == [date(2026, 4, 3), date(2026, 4, 13)]


def test_missing_cells_stay_empty_and_are_not_added_up_as_zero(tmp_path: Path) -> None:
    part, rows = made.text(
        tmp_path,
        'Day,Campaign,Currency code,Clicks,Cost\n2026-05-01,A,BRL,--,"3,5"\n2026-05-02,A,BRL, --,—\n2026-05-03,A,BRL,4,"1,5"\n',
    )
    assert rows["clicks"].to_list() == [None, None, 4]
    assert rows["spend"].to_list() == [Decimal("3.5"), None, Decimal("1.5")]
    assert part.sums == {"clicks": "4", "spend": "5"}


def test_the_currency_is_read_from_the_sign_where_the_sign_names_one(tmp_path: Path) -> None:
    content = 'Day,Campaign,Impr.,Cost\n2026-05-01,A,3,"R$ 1.234,56"\n2026-05-02,B,3,"R$ 0,44"\n'
    part, rows = made.text(tmp_path, content)
    assert part.currencies == ["BRL"]
    assert rows["currency_code"].to_list() == ["BRL", "BRL"]
    assert part.sums["spend"] == "1235"


@pytest.mark.parametrize("cost", ["1.5", "$1.50", "¥150"])
def test_the_currency_is_asked_for_where_nothing_names_it(tmp_path: Path, cost: str) -> None:
    part, _ = made.text(tmp_path, f"Day,Campaign,Impr.,Cost\n2026-05-01,A,3,{cost}\n")
    assert [str(words.question(q)) for q in part.questions] == ["“Cost” does not say its currency. Which is it?"]
    assert part.mapping is not None
    answered, rows = made.text(
        tmp_path,
        f"Day,Campaign,Impr.,Cost\n2026-05-01,A,3,{cost}\n",
        mapping=part.mapping.model_copy(update={"constants": {**part.mapping.constants, "currency_code": "USD"}}),
    )
    assert answered.currencies == ["USD"]
    assert rows["currency_code"].to_list() == ["USD"]


def test_amounts_in_two_currencies_have_no_sum(tmp_path: Path) -> None:
    part, _ = made.text(tmp_path, "Day,Campaign,Currency code,Clicks,Cost\n2026-05-01,A,BRL,3,5\n2026-05-01,B,EUR,4,5\n")
    assert part.currencies == ["BRL", "EUR"]
    assert part.sums == {"clicks": "7"}


def test_a_rare_notation_far_below_the_sample_is_read_and_not_refused(tmp_path: Path) -> None:
    lines = [f"2026-05-01,C{i},BRL,1,1.00" for i in range(6000)] + ['2026-05-01,last,BRL,"1,000","$1,000.50"']
    part, rows = made.text(tmp_path, "\n".join(["Day,Campaign,Currency code,Clicks,Cost", *lines]) + "\n")
    assert part.rows_refused == 0
    assert part.sums == {"clicks": "7000", "spend": "7000.5"}
    assert rows.filter(pl.col("campaign_name") == "last")["spend"].to_list() == [Decimal("1000.5")]


def test_nan_infinity_and_negative_spend_are_refused_with_their_row(tmp_path: Path) -> None:
    part, rows = made.text(
        tmp_path,
        made.ads(("2026-05-01", "1", "NaN"), ("2026-05-02", "1", "inf"), ("2026-05-03", "1", "1e309"), ("2026-05-04", "1", "-5"),
                 ("2026-05-05", "1", "5")),
    )  # fmt: skip
    assert [(cell.row, cell.column, cell.value, cell.rule) for cell in part.refused] == [
        (2, "Cost", "NaN", "unreadable"),
        (3, "Cost", "inf", "unreadable"),
        (4, "Cost", "1e309", "unreadable"),
        (5, "Cost", "-5.000000", "minimum"),
    ]
    assert part.rows_refused == 4
    assert rows["spend"].to_list() == [Decimal(5)]


def test_open_ends_of_stages_are_no_dates(tmp_path: Path) -> None:
    _, rows = made.text(
        tmp_path,
        "lead_id,created_at,close_date\n1,2026-05-01T10:00:00Z,9999-12-31\n2,2026-05-02T10:00:00Z,2026-06-30\n",
    )
    assert rows["close_date"].to_list() == [None, date(2026, 6, 30)]
    assert rows["created_at"].to_list() == [made.utc(2026, 5, 1, 10), made.utc(2026, 5, 2, 10)]


def test_a_mapping_can_be_written_as_json_and_read_back() -> None:
    mapping = Mapping(table="lead", columns={"lead_id": 0}, constants={"status": "x"}, decimal=",", dates="dmy")
    assert Mapping.model_validate(mapping.model_dump()) == mapping


def dated(tmp_path: Path, *days: object, workbook: bool) -> tuple[Part, list[date]]:
    """An ad report whose days are written like this, and the days that were read. In a workbook, numbers are numbers."""
    header = ["Campaign", "Day", "Currency code", "Clicks", "Cost"]
    if workbook:
        path = tmp_path / "file.xlsx"
        with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"}) as book:
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, header)
            for index, day in enumerate(days):
                sheet.write_row(index + 1, 0, [f"A{index}", day, "BRL", 1, 1.25])
    else:
        lines = [f"A{index},{day},BRL,1,1.25" for index, day in enumerate(days)]
        path = made.put(tmp_path / "file.csv", "\n".join([",".join(header), *lines]) + "\n")
    part = made.only(made.read(path))
    return part, made.rows(path, part)["period_start"].to_list() if part.staged else []


def test_a_spreadsheet_s_days_may_have_a_decimal_comma(tmp_path: Path) -> None:
    part, rows = made.text(tmp_path, "case id;activity;timestamp\n1;A;45292,25\n1;B;2024-01-02 10:00\n1;C;45294,5\n")
    assert rows["transition_at"].to_list() == [made.utc(2024, 1, 1, 6), made.utc(2024, 1, 2, 10), made.utc(2024, 1, 3, 12)]
    assert [note.code for note in part.notes if note.code == "serials"] == ["serials"]


@pytest.mark.parametrize("workbook", [False, True])
@pytest.mark.parametrize(
    "days", [(45292, "2024-01-02", 45294), (45292, 45293, 45294), ("01/01/2024", 45293, 45294.5, "13/01/2024")]
)
def test_numbers_of_days_among_dates_are_read_as_days_and_said(tmp_path: Path, days: tuple[object, ...], workbook: bool) -> None:
    part, read = dated(tmp_path, *days, workbook=workbook)
    assert read[:3] == [date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 3)]
    assert part.rows_refused == 0
    assert [(note.code, note.values) for note in part.notes] == [("serials", {"columns": "Day"})]
    name = "file.xlsx" if workbook else "file.csv"
    job = Job(path=str(tmp_path / name), name=name, folder=str(tmp_path), today=made.TODAY, describe=True)
    (table,) = stage(job).described
    described = {column.source: column for column in table.columns}["Day"]
    moment = any(isinstance(day, float) for day in days)
    assert (described.type, described.unread, described.sum) == ("timestamp" if moment else "date", 0, None)
    assert table.questions == []


def test_real_dates_of_a_spreadsheet_among_texts_are_read(tmp_path: Path) -> None:
    part, read = dated(tmp_path, date(2024, 1, 1), "2024-01-02", date(2024, 1, 3), workbook=True)
    assert (read, part.notes) == ([date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 3)], [])


@pytest.mark.parametrize("other", [45292, "soon"])
def test_the_order_of_dates_is_asked_whatever_else_stands_among_them(tmp_path: Path, other: object) -> None:
    part, _ = dated(tmp_path, "03/04/2024", other, "05/04/2024", workbook=False)
    assert [question.code for question in part.questions] == ["date_order"]


def test_a_number_that_is_no_day_is_refused(tmp_path: Path) -> None:
    part, read = dated(tmp_path, "2024-01-01", 17, 90_000, workbook=False)
    assert read == [date(2024, 1, 1)]
    assert [(cell.row, cell.value) for cell in part.refused] == [(3, "17"), (4, "90000")]


def test_days_with_the_names_of_months_are_read_beside_what_is_no_day(tmp_path: Path) -> None:
    part, read = dated(tmp_path, "1/May/24", "2/May/24", "soon", workbook=False)
    assert read == [date(2024, 5, 1), date(2024, 5, 2)]
    assert [(cell.row, cell.value) for cell in part.refused] == [(4, "soon")]


@pytest.mark.parametrize(
    "cell",
    [
        "31.Apr.26", "30 Feb 2026", "0 May 2026", "1 May 2026 24:00", "1 May 2026 09:10:75", "1 May 2026 09:60",
        "Sat, 31 Dec 2016 23:59:60 +0000", "Fri, 31 Feb 2026 09:00:00 +0200", "1 May 2026 09:00:00 +9999", "99.dec.26",
        "32.mar.2026 25:61",
    ],
)  # fmt: skip
def test_a_day_or_clock_that_cannot_be_is_none_and_stops_nothing(cell: str) -> None:
    cells = pl.DataFrame({"cell": [cell, "1 May 2026", "1 May 2026 09:00"]})
    for form in moments.DATE_FORMATS:
        assert cells.select(form.read(pl.col("cell")).alias("read"))["read"][0] is None, form.id


def test_how_jira_resolved_an_issue_is_not_when(tmp_path: Path) -> None:
    for headers in ("Issue id,Issue key,Created,Resolved,Resolution", "ID de ticket,Clé de ticket,Création,Résolue,Résolution"):
        _, rows = made.text(tmp_path, f"{headers}\n1,A-1,1777878000,1777881600,Duplicate\n2,A-2,1777878000,,\n")
        assert rows.select("resolved_at", "resolution").rows() == [(made.utc(2026, 5, 4, 8), "Duplicate"), (None, None)]
