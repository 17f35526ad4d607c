"""A table as it stands in its file: what is data, what each column holds, and the file's own totals beside ours."""

from pathlib import Path

import pytest

from bench import cases
from marops.principal import LOCAL_ADMIN
from marops.sources import inspecting, reading, service
from marops.sources.report import Described, Job, Measured, Report
from marops.sources.staging import stage
from tests.sources import made


def described(tmp_path: Path, content: str | bytes, name: str = "file.csv") -> Report:
    """What describing a file reports."""
    path = made.put(tmp_path / name, content)
    return stage(Job(path=str(path), name=name, folder=str(tmp_path), today=made.TODAY, describe=True))


def only(report: Report) -> Described:
    """The one table of a report."""
    assert report.failure is None, report.failure
    assert len(report.described) == 1
    return report.described[0]


def column(table: Described, source: str) -> Measured:
    """A column by its header."""
    return next(column for column in table.columns if column.source == source)


def test_a_table_of_no_known_layout_has_types_and_exact_sums(tmp_path: Path) -> None:
    table = only(
        described(tmp_path, "Store,Opened,Code,Sold,Paid,Note\nA,2026-05-01,007,3,1.123456789,\nB,2026-05-13,008,4,2.000000001,x\n")
    )
    assert (table.rows, table.recognised_as, table.header_row) == (2, None, 1)
    assert [(c.source, c.type, c.sum, c.missing) for c in table.columns] == [
        ("Store", "text", None, 0),
        ("Opened", "date", None, 0),
        ("Code", "text", None, 0),
        ("Sold", "integer", "7", 0),
        ("Paid", "decimal", "3.12345679", 0),
        ("Note", "text", None, 1),
    ]


def test_a_known_layout_has_a_name_a_grain_its_currency_and_its_own_total_beside_ours(tmp_path: Path) -> None:
    content = (
        "Relatório\n1 de maio de 2026 - 31 de maio de 2026\nCampanha,Código da moeda,Impr.,CTR,Custo\n"
        'A,BRL,"1.000","1,5%","10,50"\nB,BRL,20,"2,5%","0,25"\nTotal: Campanhas, --,"1.020","1,7%","10,76"\n'
    )
    table = only(described(tmp_path, content))
    assert (table.recognised_as, table.grain, table.rows) == ("google_ads campaign report", ["campaign", "period"], 2)
    cost = column(table, "Custo")
    assert (cost.canonical, cost.type, cost.currency, cost.sum) == ("spend", "decimal", "BRL", "10.75")
    assert column(table, "Impr.").sum == "1020"
    assert [(row.row, row.why) for row in table.set_aside] == [(6, "total")]
    assert [(total.label, total.column, total.file, total.ours, total.difference) for total in table.totals] == [
        ("Total: Campanhas", "Impr.", "1020", "1020", "0"),
        ("Total: Campanhas", "Custo", "10.76", "10.75", "-0.01"),
    ]


@pytest.mark.parametrize("first", [True, False])
def test_a_total_without_a_label_is_known_by_adding_up(tmp_path: Path, first: bool) -> None:
    rows = ["Ana,2026-05-01,3,10", "Bea,2026-05-02,4,20.5", "Cai,2026-05-03,5,1"]
    total = [",,12,31.5"]
    table = only(described(tmp_path, "\n".join(["Who,Day,Leads,Paid", *(total + rows if first else rows + total)]) + "\n"))
    assert (table.rows, column(table, "Leads").sum, column(table, "Paid").sum) == (3, "12", "31.5")
    assert [total.difference for total in table.totals] == ["0", "0"]


def test_a_row_without_texts_that_does_not_add_up_is_data(tmp_path: Path) -> None:
    table = only(described(tmp_path, "Who,Day,Leads\n,,7\nAna,2026-05-01,3\nBea,2026-05-02,4\nCai,2026-05-03,5\n"))
    assert (table.rows, column(table, "Leads").sum) == (4, "19")


def test_rows_that_describe_columns_below_the_header_are_no_data(tmp_path: Path) -> None:
    table = only(described(tmp_path, "Q1,When,Score\nWhich city?,When was it,How well?\nRio,2026-05-01,4\nSpa,2026-05-02,5\n"))
    assert (table.rows, column(table, "Score").sum, column(table, "When").type) == (2, "9", "date")
    assert [(row.row, row.why) for row in table.set_aside] == [(2, "label")]


@pytest.mark.parametrize("times", [2, 3, 4])
def test_a_header_that_is_repeated_is_no_data(tmp_path: Path, times: int) -> None:
    table = only(described(tmp_path, "Day,Who,Sold\n" * times + "2026-05-01,A,4\n2026-05-02,B,5\n"))
    assert (table.rows, column(table, "Sold").sum) == (2, "9")


def test_a_first_row_of_texts_in_a_table_of_texts_is_data(tmp_path: Path) -> None:
    assert only(described(tmp_path, "City,Country,Visits\nRio,Brazil,4\nLisbon,Portugal,5\n")).rows == 2


def test_tables_below_each_other_are_told_apart(tmp_path: Path) -> None:
    travel = "Spend of travel,\n,\nItem,Amount\nHotel,10\nRail,5.5\nGrand Total,15.5\n"
    content = f"{travel},\nSpend of paper,\n,\nItem,Amount\nPens,2\nInk,3\nGrand Total,5\n"
    first, second = described(tmp_path, content).described
    assert (first.rows, column(first, "Amount").sum, [total.difference for total in first.totals]) == (2, "15.5", ["0"])
    assert (second.rows, column(second, "Amount").sum, second.header_row) == (2, "5", 10)
    assert [row.why for row in first.set_aside] == ["total", "blank", "note", "blank"]


def test_columns_without_a_name_are_columns(tmp_path: Path) -> None:
    table = only(described(tmp_path, ",Name,Sold,\n0,A,3,\n1,B,4,\n"))
    assert [(c.source, c.type) for c in table.columns] == [("", "integer"), ("Name", "text"), ("Sold", "integer"), ("", "empty")]


@pytest.mark.parametrize(
    ("cells", "total", "asks"),
    [
        (("910", "1,200", "15"), "2125", False),  # separated from one thousand on and never below
        (("1.5", "1,200.25", "15"), "1216.75", False),
        (("1,200", "2,500"), None, True),
        (("1200", "2,500"), None, True),
        (("1.234,5", "3"), "1237.5", False),
    ],
)
def test_a_mark_that_could_be_either_is_asked_for(tmp_path: Path, cells: tuple[str, ...], total: str | None, asks: bool) -> None:
    report = described(tmp_path, "Who;Paid\n" + "".join(f"{'ABC'[i]};{cell}\n" for i, cell in enumerate(cells)))
    table = only(report)
    assert bool(table.questions) == asks
    assert inspecting.is_certain(report) is not asks
    if total is not None:
        assert column(table, "Paid").sum == total


def test_numbers_with_a_sign_before_them_are_counted_and_cells_of_another_kind_make_a_file_uncertain(tmp_path: Path) -> None:
    table = only(described(tmp_path, "Page,Spent (THB)\n" + "".join(f"P{i},{i * 100}\n" for i in range(1, 20)) + "Q,≤100\n"))
    spent = column(table, "Spent (THB)")
    assert (spent.sum, spent.qualified, spent.unread, spent.currency) == ("19100", 1, 0, "THB")
    report = described(tmp_path, "Page,Spent\n" + "".join(f"P{i},{i}\n" for i in range(1, 20)) + "Q,some\n", "odd.csv")
    assert column(only(report), "Spent").unread == 1
    assert not inspecting.is_certain(report)


@pytest.mark.parametrize(
    "header", ["CTR", "Avg. CPC", "Cost / conv.", "CPC méd.", "Reach", "Conv. rate", "CPC medio", "Taux", "Durchschn. CPC"]
)
def test_what_cannot_be_added_up_is_said_to_be_so(tmp_path: Path, header: str) -> None:
    table = only(described(tmp_path, f"Campaign,Cost,{header}\nA,1,0.5\nB,2,0.7\nTotal,3,0.6\n"))
    assert (column(table, header).additive, column(table, "Cost").additive) == (False, True)
    assert [total.column for total in table.totals] == ["Cost"]


@pytest.mark.skipif(not cases.FOLDER.is_dir(), reason="the real files lie beside the project, not in it")
def test_of_real_files_none_is_silently_wrong_and_nearly_all_are_right(home: Path, read_here: None) -> None:
    found = [cases.judge(case, expected) for case, expected in cases.known().items()]
    assert [one for one in found if one.verdict == "WRONG"] == []
    right = [one.case for one in found if one.verdict.startswith("right")]
    assert len(right) >= 0.95 * len(found), [one for one in found if one.case not in right]


@pytest.mark.parametrize("odd", ["Y,1,2\n", "Y\n", '"two\nlines",1\n', "\n"])
def test_a_large_file_with_odd_rows_is_described_as_a_small_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, odd: str) -> None:
    content = "name,amount\nX,1\n" + odd + "Z,2\n"
    small = described(tmp_path, content)
    monkeypatch.setattr(reading, "SMALL", 10)
    assert described(tmp_path, content) == small


def test_inspecting_keeps_nothing(home: Path, tmp_path: Path) -> None:
    from marops import settings

    report = service.inspect_file(LOCAL_ADMIN, made.put(tmp_path / "file.csv", made.THREE_DAYS))
    assert only(report).rows == 3
    assert list(settings.current().staging.iterdir()) == []


@pytest.mark.parametrize(
    ("label", "is_total"),
    [
        ("Total", True), ("Grand Total", True), ("Total geral", True), ("Subtotal:", True), ("Total of 3", True),
        ("Total: Campaigns", True), ("Total General Insurance", False), ("Totally new", False), ("Total care", False),
    ],
)  # fmt: skip
def test_importing_and_describing_take_the_same_rows_for_totals(tmp_path: Path, label: str, is_total: bool) -> None:
    content = (
        "Campaign,Day,Currency code,Clicks,Cost\nA,2026-05-01,BRL,1,1\nB,2026-05-02,BRL,2,2\n" + f"{label},2026-05-03,BRL,9,9\n"
    )
    part, rows = made.text(tmp_path, content)
    assert rows.height == only(described(tmp_path, content)).rows == (2 if is_total else 3)
    assert part.set_aside_count == int(is_total)


@pytest.mark.parametrize(
    ("header", "cell", "code"), [("Cost (EUR)", "1.50", "GBP"), ("Cost", "€1.50", "GBP"), ("Cost", "$1.50", "GBP")]
)
def test_a_known_layout_whose_currencies_contradict_each_other_is_asked(tmp_path: Path, header: str, cell: str, code: str) -> None:
    content = f"Day,Campaign,Currency code,Clicks,{header}\n2026-05-01,A,{code},1,{cell}\n2026-05-02,A,{code},1,{cell}\n"
    table = only(described(tmp_path, content))
    assert [(asked.code, asked.column) for asked in table.questions] == [("currency_conflict", header)]
    assert column(table, header).currency is None


def test_amounts_in_millionths_keep_the_files_own_unit(tmp_path: Path) -> None:
    content = "segments.date,campaign.name,metrics.clicks,metrics.cost_micros\n2026-05-01,A,3,1250000\n2026-05-02,A,4,2500000\n"
    spend = column(only(described(tmp_path, content)), "metrics.cost_micros")
    assert (spend.canonical, spend.sum) == ("spend", "3750000")


def test_several_reports_in_one_file_are_tables_of_their_own_widths(tmp_path: Path) -> None:
    content = (
        "# ----\n# Reports snapshot\n# ----\n\n# Start date: 20260501\n# End date: 20260502\nNth day,Active users,New users\n"
        "0000,12,3\n0001,10,2\n\n# Start date: 20260501\n# End date: 20260502\n"
        "Session primary channel group (Default Channel Group),Sessions\nDirect,10\nEmail,5\nReferral,1\n"
        "\n# Start date: 20260501\n# End date: 20260502\nNth day,Active users\n0000,12\n"
    )
    found = described(tmp_path, content)
    assert inspecting.is_certain(found)
    assert [(table.name, table.rows, table.header_row, len(table.columns)) for table in found.described] == [
        ("Nth day", 2, 7, 3),
        ("Session primary channel group (Default Channel Group)", 3, 13, 2),
        ("Nth day (2)", 1, 20, 2),
    ]
    users, channels, _ = found.described
    assert (column(users, "Active users").sum, column(channels, "Sessions").sum) == ("22", "16")
    assert channels.recognised_as == "ga4"


def test_comments_above_the_only_report_are_no_reports(tmp_path: Path) -> None:
    table = only(described(tmp_path, "# one\n# two\nDay,Sold\n2026-05-01,4\n2026-05-02,5\n"))
    assert (table.name, table.rows, table.header_row) == ("", 2, 3)


def test_a_report_without_a_table_is_named_and_left_out(tmp_path: Path) -> None:
    found = described(tmp_path, "# a\nDay,Sold\n2026-05-01,4\n2026-05-02,5\n\n# b\n1,2\n3,4\n")
    assert [table.name for table in found.described] == ["Day"]
    assert [(note.code, note.values) for note in found.notes] == [("report_without_table", {"number": 2})]


@pytest.mark.parametrize(("header", "asks"), [("Gregorian date,Spend", False), ("Data gregoriana,Gasto", True)])
def test_dates_that_could_be_either_are_asked_where_the_layout_does_not_say(tmp_path: Path, header: str, asks: bool) -> None:
    table = only(described(tmp_path, f"{header},Clicks,Campaign\n05/01/2026,1.5,3,A\n05/02/2026,2.5,4,A\n"))
    assert (table.recognised_as, bool(table.questions)) == ("microsoft_ads campaign report", asks)


@pytest.mark.parametrize(
    ("below", "why"),
    [
        ("Name,Day,Cost\nC,2026-05-03,3.25\n", "label"),
        ("C,2026-05-03,3.25\n\nTotal records:,3,\n", "note"),
        ("C,2026-05-03,3.25\nNobody may pass this on,,\n", "note"),
        ("C,2026-05-03,3.25\n\nACME,,\n", "note"),
    ],
)
def test_what_stands_between_and_below_the_rows_of_a_short_table_is_no_data(tmp_path: Path, below: str, why: str) -> None:
    table = only(described(tmp_path, "Name,Day,Cost\nA,2026-05-01,1.50\nB,2026-05-02,2.25\n" + below))
    assert (table.rows, column(table, "Day").type, column(table, "Cost").sum) == (3, "date", "7")
    assert [row.why for row in table.set_aside if row.why != "blank"] == [why]


def test_a_last_row_of_which_only_the_name_is_known_is_data(tmp_path: Path) -> None:
    assert only(described(tmp_path, "Name,Day,Cost\nA,2026-05-01,1.50\nBea,,\n")).rows == 2


def test_empty_cells_beyond_the_headers_are_no_cells(tmp_path: Path) -> None:
    report = described(tmp_path, "Name,Day,Cost\nA,2026-05-01,1.50,\nB,2026-05-02,2.25,,\nC,2026-05-03\n")
    table = only(report)
    assert (table.rows, column(table, "Cost").sum, [row.row for row in table.set_aside]) == (2, "3.75", [4])


def test_a_known_column_of_numbers_that_holds_texts_makes_a_file_uncertain(tmp_path: Path) -> None:
    report = described(tmp_path, "Campaign,Impressions,Clicks,Cost\nA,1.2K,12,3.50\nB,3.4M,22,5.50\n")
    assert column(only(report), "Impressions").unread == 2
    assert not inspecting.is_certain(report)


def test_a_title_may_stand_above_each_of_the_tables_below_each_other(tmp_path: Path) -> None:
    content = "By region,,\nRegion,Q1,Q2\nA,1,2\nB,3,4\n,,\nBy device,,\nDevice,Q1,Q2\nx,2,3\ny,2,3\n"
    report = described(tmp_path, content)
    assert [(table.header_row, table.rows, column(table, "Q2").sum) for table in report.described] == [(2, 2, "6"), (7, 2, "6")]
