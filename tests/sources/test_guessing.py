"""A file of no known layout: what its columns may be, and the reason of each guess."""

from pathlib import Path

import polars as pl
import pytest

from marops.sources import guessing, words
from marops.sources.report import Part, Proposal
from tests.sources import made

MEDIA = (
    "Campaign label,Media spend (BRL),Seen on,Total impressions,Link-clicks,CTR,Ref,Landing,Note\n"
    'Search,"1.234,56",31/05/2026,1200,35,"2,9%",17,https://example.com/a,\n'
    'Search,"0,44",30/05/2026,800,12,"1,5%",18,https://example.com/b,\n'
)


def part_of(tmp_path: Path, content: str) -> Part:
    return made.only(made.read(made.put(tmp_path / "file.csv", content)))


def guessed(part: Part, table: str | None = None) -> dict[str, tuple[str | None, str]]:
    """Header -> what a proposal takes the column for, and why."""
    proposal = next(each for each in part.proposals if table in {None, each.table})
    taken = {position: name for name, position in proposal.columns.items()}
    return {header: (taken.get(at), str(words.why(proposal.reasons[at]))) for at, header in enumerate(part.headers)}


def proposal(headers: list[str], *rows: tuple[str, ...]) -> Proposal:
    frame = pl.DataFrame(rows, schema=[f"c{index}" for index in range(len(headers))], orient="row")
    return guessing.propose(headers, frame)[0][0]


def test_each_column_of_an_unknown_file_has_a_guess_or_none_and_the_reason(tmp_path: Path) -> None:
    part = part_of(tmp_path, MEDIA)
    assert (part.mapping, part.staged, part.source) == (None, None, "")
    assert part.proposals[0].table == "ad_performance"
    assert guessed(part) == {
        "Campaign label": (None, "the same text everywhere, and nothing we know has this name"),
        "Media spend (BRL)": ("spend", "has “spend” in its name, as Amazon ads report, Meta ads report, and 8 more call it"),
        "Seen on": ("_day", "its values are days, and no other column’s are"),
        "Total impressions": (
            "impressions",
            "has “impressions” in its name, as Amazon ads report, Google Ads report, and 11 more call it",
        ),
        "Link-clicks": ("clicks", "Meta ads report, X ads report, and 1 more call it so"),
        "CTR": (None, "not needed: marops works out rates and averages itself"),
        "Ref": (None, "its values are numbers, but nothing we know has this name"),
        "Landing": ("_url", "its values are web addresses"),
        "Note": (None, "it is empty"),
    }  # fmt: skip
    assert part.proposed is not None
    assert str(words.why(part.proposed)) == (
        "Media spend (BRL), Total impressions, and Link-clicks are what the columns of such files are called"
    )


def test_another_table_has_guesses_of_its_own(tmp_path: Path) -> None:
    found = guessed(part_of(tmp_path, MEDIA), "web_traffic_daily")
    assert found["Seen on"] == ("date_day", "its values are days, and no other column’s are")
    assert found["Media spend (BRL)"] == ("revenue", "the only column of amounts")


def test_a_file_whose_names_say_nothing_is_not_taken_for_any_table(tmp_path: Path) -> None:
    part = part_of(tmp_path, "Shop,Opened,Sold\nA,2026-05-01,3\nB,2026-05-02,4\n")
    assert part.proposed is None
    assert guessed(part)["Sold"] == (None, "its values are numbers, but nothing we know has this name")


def test_a_name_whose_values_are_of_another_kind_is_not_taken() -> None:
    found = proposal(["Clicks", "Impressions"], ("yes", "10"), ("no", "20"))
    assert found.columns == {"impressions": 1}
    assert str(words.why(found.reasons[0])) == "its name says clicks, but its values are of another kind"


def test_of_two_columns_with_one_meaning_the_first_is_taken_and_the_second_says_so() -> None:
    found = proposal(["Cost", "Amount spent", "Clicks"], ("1.50", "1.50", "3"))
    assert (found.columns["spend"], found.columns["clicks"]) == (0, 2)
    assert str(words.why(found.reasons[1])) == "“Cost” is taken for it already"


def test_where_several_names_hold_the_same_word_nothing_is_guessed() -> None:
    found = proposal(["Clicks", "Impressions", "Channel spend", "Partner spend"], ("1", "2", "3.10", "4.20"))
    assert found.columns == {"clicks": 0, "impressions": 1}
    said = "Channel spend and Partner spend all have “spend” in their names: only you know which"
    assert [str(words.why(found.reasons[at])) for at in (2, 3)] == [said, said]


def test_several_columns_of_days_leave_the_day_open() -> None:
    found = proposal(["Clicks", "Impressions", "Begun", "Ended"], ("1", "2", "2026-05-01", "2026-05-02"))
    assert "_day" not in found.columns
    assert str(words.why(found.reasons[2])) == "its values are days, but nothing says of what"


@pytest.mark.parametrize(
    ("header", "name", "why"),
    [
        ("Clicks", "clicks", "Google Ads report calls it so"),
        ("Ctr", None, "not needed: marops works out rates and averages itself"),
        ("Colour", None, "not needed: nothing here is made of it"),
        ("Device", None, "tells rows apart, and is kept with them"),
    ],
)
def test_the_columns_of_a_known_layout_say_why_too(tmp_path: Path, header: str, name: str | None, why: str) -> None:
    content = "Day,Campaign,Currency code,Device,Clicks,Cost,Ctr,Colour\n2026-05-01,A,BRL,Phone,1,1.25,3%,red\n"
    part = part_of(tmp_path, content)
    column = next(column for column in part.columns if column.header == header)
    assert column.why is not None
    assert (part.source, column.canonical, str(words.why(column.why))) == ("layout", name, why)


def test_rows_to_try_a_mapping_on_hold_one_that_shows_the_order_of_dates_and_the_decimal_mark(tmp_path: Path) -> None:
    early = [f'0{day}/04/2026,"1.{day}00",x' for day in range(1, 10)] * 3
    part = part_of(tmp_path, "\n".join(["Seen,Paid,What", *early, '01/05/2026,"2,50",y', '31/05/2026,"3.000",z']) + "\n")
    assert [row.number for row in part.first_rows] == [2, 3, 4, 5, 6, 7, 8, 9, 29, 30]
    assert part.first_rows[-1].cells == ["31/05/2026", "3.000", "z"]


def test_many_columns_of_numbers_with_much_the_same_name_are_not_all_guessed() -> None:
    headers = [f"Field {index} amount" for index in range(300)]
    frame = pl.DataFrame({f"c{index}": ["1.50", "2.50"] * 100 for index in range(300)})
    found, _ = guessing.propose(headers, frame)
    assert len(found) <= 3
