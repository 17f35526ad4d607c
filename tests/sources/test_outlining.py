"""Which tables stand in a file and which rows are data, taken alike by importing and describing."""

import csv
from itertools import product
from pathlib import Path

import pytest

from bench import cases
from marops.sources import inspecting, outlining, reading, recognising, staging
from tests.sources import made
from tests.sources.test_describing import described, only

LEVELS = ("Campaign name", "Ad set name", "Ad name", "Age", "Gender")
HEADER = ",".join((*LEVELS, "Reporting starts", "Reporting ends", "Currency", "Impressions", "Link clicks", "Amount spent"))


def nested(*, tied: bool = True) -> str:
    """A summary with "All" nested five deep: two names a level, every leaf 10 impressions, 1 click, 0.25 spent."""
    lines = [HEADER]
    for depth in range(6):
        for names in product(*[("x", "y")] * depth):
            leaves = 2 ** (5 - depth)
            cells = [f"{level[:2]} {name}" for level, name in zip(LEVELS, names, strict=False)] + ["All"] * (5 - depth)
            amount = leaves * 0.25 if tied or depth == 5 else leaves * 7.0
            counts = f"{leaves * 10},{leaves}" if tied or depth == 5 else f"{leaves * 33},{leaves * 5}"
            lines.append(",".join(cells) + f",2026-05-01,2026-05-31,BRL,{counts},{amount:.2f}")
    return "\n".join(lines) + "\n"


def test_levels_of_all_nested_five_deep_are_set_aside_and_the_whole_reconciles(tmp_path: Path) -> None:
    table = only(described(tmp_path, nested()))
    assert table.rows == 32
    assert [row.why for row in table.set_aside] == ["total"] + ["subtotal"] * 30
    assert {column.source: column.sum for column in table.columns if column.sum} == {
        "Impressions": "320", "Link clicks": "32", "Amount spent": "8",
    }  # fmt: skip
    assert {(total.column, total.difference) for total in table.totals} == {
        ("Impressions", "0"), ("Link clicks", "0"), ("Amount spent", "0"),
    }  # fmt: skip


def test_an_import_leaves_subtotals_out_and_quotes_the_total(tmp_path: Path) -> None:
    part, rows = made.text(tmp_path, nested())
    assert (rows.height, part.sums["spend"], part.set_aside_count, part.rows_refused) == (32, "8", 31, 0)
    assert {(t.label, t.column, t.difference) for t in part.totals if t.column == "spend"} == {("All", "spend", "0")}


STATISTICS = "Campaign,Day,Clicks,Cost\nA,2026-05-01,1,10.00\nB,2026-05-01,4,30.00\nMax,2026-05-01,10,20.00\n"


@pytest.mark.parametrize("label", ["Average", "AVERAGE:", "Média", "Mean"])
def test_averages_below_a_table_are_no_data_and_its_total_still_ties(tmp_path: Path, label: str) -> None:
    table = only(described(tmp_path, f"{STATISTICS}Total,,15,60.00\n{label},,5,20.00\nMax,,10,30.00\n"))
    assert table.rows == 3
    assert [row.why for row in table.set_aside] == ["total", "statistic", "statistic"]
    assert {total.column: total.difference for total in table.totals} == {"Clicks": "0", "Cost": "0"}


DAYS = [f"2026-05-{day:02}" for day in range(1, 31)]


@pytest.mark.parametrize(
    "rows",
    [
        *([*STATISTICS.splitlines()[1:], last] for last in ("Average,2026-05-01,500,900.00", "Mean,2026-05-01,0,7.00")),
        [f"{name},{day},1,10.00" for name in ("Alpha", "Max") for day in DAYS],
        [f"{name},{day},{at % 2},0.{31 + at}" for name in ("Alpha", "Max") for at, day in enumerate(DAYS)],
        ["Search,2026-05-01,1,1000", "Social,2026-05-01,1,1000", "Media,2026-05-01,1,1000"],
    ],
)
def test_a_campaign_that_is_called_like_a_statistic_and_has_days_is_data(tmp_path: Path, rows: list[str]) -> None:
    table = only(described(tmp_path, "\n".join(["Campaign,Day,Clicks,Cost", *rows]) + "\n"))
    assert (table.rows, table.set_aside) == (len(rows), [])


def test_a_campaign_called_max_that_lacks_only_a_label_is_data(tmp_path: Path) -> None:
    rows = [f"2026-05-{day:02},A,l,BRL,{day},{10 * day}" for day in range(1, 12)]
    content = "\n".join(["Day,Campaign,Label,Currency code,Clicks,Cost", *rows, "2026-05-12,Max,,BRL,11,110"]) + "\n"
    assert only(described(tmp_path, content)).set_aside == []


@pytest.mark.parametrize("content", ["Campaign,Cost\nSearch,1000\nSocial,1000\nMedia,1000\n", "Campaign,Cost\nA,0.40\nMax,0.90\n"])
def test_one_number_alone_does_not_make_a_row_a_statistic(tmp_path: Path, content: str) -> None:
    assert only(described(tmp_path, content)).set_aside == []


def test_an_average_below_a_table_with_an_unlabelled_total_is_no_data(tmp_path: Path) -> None:
    head = "Campaign name,Reporting starts,Reporting ends,Impressions,Amount spent (BRL)\n,2026-05-01,2026-05-31,30,150\n"
    rows = "X,2026-05-01,2026-05-31,20,100\nY,2026-05-01,2026-05-31,10,50\nAverage,,,15,75\n"
    table = only(described(tmp_path, head + rows))
    assert (table.rows, [row.why for row in table.set_aside]) == (2, ["total", "statistic"])


def test_the_average_of_one_row_is_no_data(tmp_path: Path) -> None:
    table = only(described(tmp_path, "Campaign,Day,Clicks,Cost\nX,2026-05-01,3,100\nAverage,,3,100\nTotal,,3,100\n"))
    assert (table.rows, [row.why for row in table.set_aside]) == (1, ["statistic", "total"])


def test_all_as_a_name_that_adds_nothing_up_is_data(tmp_path: Path) -> None:
    table = only(described(tmp_path, "Audience,Device,Cost\nAll,Mobile,5.00\nWomen,Mobile,1.10\nMen,Mobile,2.20\n"))
    assert (table.rows, table.set_aside, table.questions) == (3, [], [])


def test_where_only_some_rows_of_all_add_others_up_the_file_is_not_taken_for_certain(tmp_path: Path) -> None:
    content = "Campaign,Device,Cost\nA,All,3.00\nA,Mobile,1.00\nA,Desktop,2.00\nB,All,9.00\nB,Mobile,1.00\nB,Desktop,2.50\n"
    table = only(described(tmp_path, content))
    assert [asked.code for asked in table.questions] == ["subtotals"]
    assert table.rows == 6


def test_a_campaign_that_is_only_given_as_a_whole_is_data(tmp_path: Path) -> None:
    content = "Campaign,Device,Cost\nA,All,3.00\nA,Mobile,1.00\nA,Desktop,2.00\nB,All,9.00\n"
    table = only(described(tmp_path, content))
    assert (table.rows, next(column.sum for column in table.columns if column.source == "Cost")) == (3, "12")


def test_an_import_of_two_tables_below_each_other_takes_both(tmp_path: Path) -> None:
    content = made.THREE_DAYS + "\n" + "Day,Campaign,Currency code,Clicks,Cost\n2026-06-01,Other,BRL,1,9.5\nTotal,,,1,9.5\n"
    report = made.read(made.put(tmp_path / "two.csv", content))
    assert [(part.name, part.header_row, part.rows_ready, part.sums["spend"]) for part in report.parts] == [
        ("", 1, 3, "3.75"),
        ("#2", 6, 1, "9.5"),
    ]
    assert [total.difference for total in report.parts[1].totals if total.column == "spend"] == ["0"]


def test_an_import_leaves_out_a_last_row_that_is_the_sum_without_saying_so(tmp_path: Path) -> None:
    content = made.THREE_DAYS + ",,,7,3.75\n"
    part, rows = made.text(tmp_path, content)
    assert (rows.height, part.sums["spend"], [row.why for row in part.set_aside]) == (3, "3.75", ["total"])


@pytest.mark.skipif(not (cases.FOLDER / "truth").is_dir(), reason="the real files lie beside the project, not in it")
@pytest.mark.parametrize("case", [case for case in cases.known() if case.startswith("P")] if cases.FOLDER.is_dir() else [])
def test_every_cell_of_polluted_files_is_that_of_their_clean_ones(case: str, tmp_path: Path) -> None:
    expected = cases.known()[case]
    path = cases.FOLDER / expected["file"]
    file = reading.open_text(path, path.name)
    header = recognising.header_row(file.head)
    assert header is not None
    tables = outlining.outline(reading.read_text(file, header, tmp_path))
    ours = [
        tuple(cell.strip() for cell in row)
        for table in tables
        for row in table.data.select(f"c{index}" for index in range(len(table.raw.headers))).iter_rows()
    ]
    with (cases.FOLDER / "truth" / f"{case}.clean.csv").open(encoding="utf-8", newline="") as clean:
        truth = [tuple(cell.strip() for cell in row) for row in csv.reader(clean)][1:]
    # The clean files keep totals and blank rows, which are no data to us.
    assert ours == [row for row in truth if any(row) and row[0] != "Grand Total"]


ADS = "Day,Campaign name,Ad set name,Amount spent (USD),Impressions,Link clicks,Leads\n"


def counted(tmp_path: Path, content: str) -> tuple[int, str]:
    """Rows and spend that describing counts; importing must count the same."""
    table = only(described(tmp_path, content))
    part, _ = made.text(tmp_path, content)
    spend = next(column.sum for column in table.columns if column.canonical == "spend")
    assert (part.rows_ready, part.sums["spend"]) == (table.rows, spend)
    return table.rows, str(spend)


def test_all_as_a_name_is_data_though_one_number_ties_by_chance(tmp_path: Path) -> None:
    rows = [f"2026-05-0{d},Spring,All,{100 + d},{9000 + d},{80 + d},2\n" for d in range(1, 6)]
    rows += [f"2026-05-0{d},Spring,Retargeting,{20 + d},{700 + d},{11 + d},2\n" for d in range(1, 6)]
    assert counted(tmp_path, ADS + "".join(rows)) == (10, "630")


def test_campaigns_whose_names_begin_like_totals_are_data(tmp_path: Path) -> None:
    names = ("Total: brand", "Results of 2024 retargeting", "Shoes")
    rows = [f"2026-05-0{d},{name},x,1{d},100{d},5,1\n" for d in (1, 2) for name in names]
    assert counted(tmp_path, ADS + "".join(rows)) == (6, "69")


def test_search_terms_that_are_called_total_are_data(tmp_path: Path) -> None:
    header = "Day,Campaign,Search term,Match type,Cost,Impr.,Clicks,Currency code\n"
    terms = (("total", 40), ("results from 2024", 15), ("shoes", 5))
    rows = [f"2026-05-0{d},Brand,{term},Exact,{cost},100,5,USD\n" for d in (1, 2) for term, cost in terms]
    assert counted(tmp_path, header + "".join(rows)) == (6, "120")


def test_a_total_by_day_in_the_second_column_is_none_of_the_data(tmp_path: Path) -> None:
    rows = [f"2026-05-0{d},{name},x,{n},{n * 100},{n},1\n" for d in (1, 2) for name, n in (("A", 2), ("B", 3))]
    rows += [f"2026-05-0{d},Total,,5,500,5,2\n" for d in (1, 2)]
    assert counted(tmp_path, ADS + "".join(rows)) == (4, "10")


def test_sums_with_an_empty_cell_in_place_of_the_ad_set_are_set_aside(tmp_path: Path) -> None:
    rows = [f"2026-05-01,{campaign},,30,300,15,3\n" for campaign in "AB"]
    rows += [f"2026-05-01,{campaign},s{n},10,100,5,1\n" for campaign in "AB" for n in range(3)]
    assert counted(tmp_path, ADS + "".join(rows)) == (6, "60")


def test_a_row_without_an_ad_set_that_adds_nothing_up_is_data(tmp_path: Path) -> None:
    rows = ["2026-05-01,A,,7,300,15,3\n", "2026-05-01,A,s1,10,100,5,1\n", "2026-05-01,A,s2,10,100,5,1\n"]
    assert counted(tmp_path, ADS + "".join(rows)) == (3, "27")


def test_figures_that_nothing_describes_are_a_total_wherever_they_stand_and_the_difference_is_said(tmp_path: Path) -> None:
    content = ADS + "2026-05-01,A,x,10,100,5,1\n,,,5,50,3,1\n2026-05-02,A,x,11,100,5,1\n2026-05-03,A,x,12,100,5,1\n"
    assert counted(tmp_path, content) == (3, "33")
    part, _ = made.text(tmp_path, content)
    assert {total.column: total.difference for total in part.totals}["spend"] == "28"


def test_a_last_row_that_only_ties_in_one_column_is_data(tmp_path: Path) -> None:
    table = only(described(tmp_path, "Region,Seller,Deals,Revenue\nNorth,Ann,3,500\nSouth,Bob,2,900\n,,5,70\n"))
    assert (table.rows, [column.sum for column in table.columns][2:]) == (3, ["10", "1470"])


SEARCHES = "Day,Campaign,Search term,Match type,Cost,Impr.,Clicks,Currency code\n" + "".join(
    f"2026-05-0{d},Brand,{term},Exact,{cost},100,5,USD\n" for d in (1, 2) for term, cost in (("total", 40), ("shoes", 5))
)
EMPTY = ADS + "".join(
    [f"2026-05-01,{name},,30,300,15,3\n" for name in "AB"]
    + [f"2026-05-01,{name},s{n},10,100,5,1\n" for name in "AB" for n in range(3)]
)
UNNAMED = "Day,Account ID,Currency,Impressions,Amount spent\n2026-05-01,1,BRL,10,1.00\n2026-05-02,1,BRL,10,2.00\n"
LABELLED = made.THREE_DAYS + "Total: Campaigns,--,BRL,7,3.75\n"


@pytest.mark.parametrize(
    ("content", "spend"),
    [
        (nested(), "8"),
        (EMPTY, "60"),
        (SEARCHES, "90"),
        (SEARCHES + "Total,,,,90,400,20,\n", "90"),
        (LABELLED, "3.75"),
        (UNNAMED, "3"),
    ],
)
def test_a_file_too_large_to_be_looked_at_whole_at_first_has_the_same_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, spend: str
) -> None:
    small, rows = made.text(tmp_path, content)
    monkeypatch.setattr(reading, "SMALL", 10)
    large, again = made.text(tmp_path, content, name="large.csv")
    assert again.equals(rows)
    assert large.sums["spend"] == spend
    assert (large.sums, large.set_aside, large.totals) == (small.sums, small.set_aside, small.totals)


def test_a_file_too_large_for_that_at_all_is_not_taken_where_it_may_hold_sums(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "SMALL", 10)
    monkeypatch.setattr(staging, "WHOLE", 10)
    part, _ = made.text(tmp_path, nested())
    assert [asked.code for asked in part.questions] == ["subtotals"]
    assert not part.is_ready


@pytest.mark.parametrize(
    "label",
    [
        "Totale: Campagne", "Totaal: account", "Łącznie: konto", "Toplam: Hesap", "合計: アカウント", "Итого: аккаунт",
        "Total : Compte", "Grand Totals (2 records)", "Total - 2 campaigns", "Total - Search Network", "Gesamtergebnis",
    ],
)  # fmt: skip
def test_totals_are_known_in_the_languages_and_wordings_of_the_tools(tmp_path: Path, label: str) -> None:
    content = f"Campaign,Type,Cost,Clicks\nA,x,12.5,3\nB,y,7.5,1\n{label},,30,5\n"
    table = only(described(tmp_path, content))
    assert (table.rows, [row.why for row in table.set_aside]) == (2, ["total"])


def test_totals_in_a_language_nobody_knows_are_known_by_adding_up(tmp_path: Path) -> None:
    rows = ["on,A,10.25,3,BRL", "on,B,2.50,4,BRL", "off,C,1.00,0,BRL"]
    totals = ["Omnia: a,--,13.75,7,BRL", "Omnia: b,--,13.75,7,BRL", "Omnia: c,--,10.25,3,BRL"]
    for lines in (rows + totals, list(reversed(totals)) + rows):
        table = only(described(tmp_path, "\n".join(["State,Name,Paid,Deals,Currency", *lines]) + "\n"))
        assert (table.rows, [row.why for row in table.set_aside]) == (3, ["total"] * 3)


def test_a_search_for_the_word_total_is_data(tmp_path: Path) -> None:
    table = only(described(tmp_path, "Top queries,Clicks,Impressions\nshoes,90,1000\ntotal,4,70\nboots,2,900\ntotals,1,20\n"))
    assert (table.rows, [column.sum for column in table.columns][1:]) == (4, ["97", "1990"])


def test_subtotals_that_are_smaller_than_rows_of_another_group_are_none_of_the_data(tmp_path: Path) -> None:
    content = "Region,Q1,Q2\nA,100,200\nB,50,60\nSubtotal,150,260\nC,1,2\nD,3,4\nSubtotal,4,6\nTotal,154,266\n"
    table = only(described(tmp_path, content))
    assert (table.rows, [column.sum for column in table.columns][1:]) == (4, ["154", "266"])
    assert {total.difference for total in table.totals if total.describes_rows} == {"0"}


def test_groups_of_a_pivot_table_are_set_aside_where_its_total_says_so(tmp_path: Path) -> None:
    pivot = "Row Labels,Sum of Cost\nBrand,100.5\nExact,60.25\nPhrase,40.25\nGeneric,50\nBroad,50\nGrand Total,150.5\n"
    table = only(described(tmp_path, pivot))
    assert ([column.sum for column in table.columns], table.rows, table.questions) == ([None, "150.5"], 3, [])


def test_a_table_whose_own_total_is_far_from_its_rows_is_asked_about(tmp_path: Path) -> None:
    table = only(described(tmp_path, "Region,Sold,Paid\nA,10,5.5\nB,20,4.5\nTotal,300,100\n"))
    assert [(asked.code, asked.column, asked.samples) for asked in table.questions] == [("untied", "Sold", ["300", "30"])]


@pytest.mark.parametrize("end", ["", ","])
def test_a_total_that_says_so_to_the_right_of_the_table_is_none_of_the_data(tmp_path: Path, end: str) -> None:
    content = f"Source,Sessions,Users{end}\n,10,7,Grand total\ngoogle,6,5\n(none),3,3\nmeta,1,1\n"
    report = described(tmp_path, content)
    table = only(report)
    assert inspecting.is_certain(report)
    assert (table.rows, [row.why for row in table.set_aside]) == (3, ["total"])
    assert [column.sum for column in table.columns][1:3] == ["10", "9"]


def test_a_header_that_comes_again_in_other_letters_is_no_row(tmp_path: Path) -> None:
    part, rows = made.text(tmp_path, "case,stage,timestamp\n1,A,2026-05-01\nCASE, Stage,TIMESTAMP\n1,B,2026-05-02\n")
    assert rows["status"].to_list() == ["A", "B"]
    assert [(row.row, row.why) for row in part.set_aside] == [(3, "label")]
    assert part.rows_refused == 0
