"""The same spend in several files: it counts once, whatever the files call it, and none of it is left out unseen."""

import contextlib
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from marops.errors import Conflict
from marops.principal import LOCAL_ADMIN
from marops.sources import service
from marops.sources.store import ImportRun, Status
from marops.workspaces.store import OWN
from tests.sources import made


@pytest.fixture(autouse=True)
def _prepared(home: Path, read_here: None) -> None:
    """Every test here has an installation of its own."""


def take(folder: Path, name: str, content: str) -> ImportRun:
    return service.accept(LOCAL_ADMIN, service.preview_file(LOCAL_ADMIN, OWN, made.put(folder / name, content)))


def refused(folder: Path, name: str, content: str) -> str:
    before = spend()
    with pytest.raises(Conflict) as said:
        take(folder, name, content)
    assert spend() == before
    return str(said.value)


def spend() -> Decimal:
    return Decimal(made.counted("ad_performance")["spend"].sum() or 0)


def google(columns: str, *rows: str) -> str:
    return "\n".join([f"Day,{columns},Currency code,Clicks,Cost", *(f"2026-05-{row}" for row in rows)]) + "\n"


BY_CAMPAIGN = google("Campaign", "01,X,BRL,1,60", "02,X,BRL,1,40", "02,Y,BRL,1,8")


TOTAL = "Campaign report\nMay 1 2026 - May 31 2026\nCampaign,Currency code,Clicks,Cost\nX,BRL,6,{}\n"


def test_two_breakdowns_of_the_same_spend_count_once(tmp_path: Path) -> None:
    take(tmp_path, "a.csv", google("Campaign,Device", "01,X,Mobile,BRL,1,60", "01,X,Desktop,BRL,1,40"))
    other = take(tmp_path, "b.csv", google("Campaign,Network", "01,X,Search,BRL,1,70", "01,X,Partners,BRL,1,30"))
    assert spend() == 100
    assert service.details_only(LOCAL_ADMIN, OWN) == {other.id}


def test_the_same_breakdown_of_other_days_counts_too(tmp_path: Path) -> None:
    take(tmp_path, "a.csv", google("Campaign,Device", "01,X,Mobile,BRL,1,60"))
    take(tmp_path, "b.csv", google("Campaign,Device", "02,X,Mobile,BRL,1,5", "02,Y,Mobile,BRL,1,1"))
    assert spend() == 66


def test_spend_by_placement_is_the_spend_of_its_campaign(tmp_path: Path) -> None:
    head = "Reporting starts,Reporting ends,Campaign name,{}Impressions,Amount spent (BRL)\n"
    take(tmp_path, "a.csv", head.format("") + "2026-05-01,2026-05-01,X,9,100\n")
    take(
        tmp_path,
        "b.csv",
        head.format("Platform,") + "2026-05-01,2026-05-01,X,facebook,5,60\n2026-05-01,2026-05-01,X,instagram,4,40\n",
    )
    assert spend() == 100


WITH_IDS = google("Campaign,Campaign ID", "01,X,11,BRL,1,60", "03,X,11,BRL,1,1")
WITH_ACCOUNT = google("Campaign,Account", "01,X,Acme,BRL,1,60")


def test_names_that_differ_by_blanks_are_one(tmp_path: Path) -> None:
    take(tmp_path, "a.csv", google("Campaign", "01,Spring  sale,BRL,1,60"))
    assert "seems to be one of a.csv" in refused(tmp_path, "b.csv", google("Campaign", "01,Spring sale,BRL,1,60"))


@pytest.mark.parametrize(("one", "other"), [(BY_CAMPAIGN, WITH_IDS), (WITH_IDS, BY_CAMPAIGN), (WITH_IDS, WITH_ACCOUNT)])
def test_the_same_rows_with_and_without_ids_are_not_taken_twice(tmp_path: Path, one: str, other: str) -> None:
    take(tmp_path, "a.csv", one)
    assert refused(tmp_path, "b.csv", other) == (
        "1 row here seems to be one of a.csv: the same names (or, where one file has none, the same spend) on the same days, with "
        "other ids or accounts. Nothing was imported, for it would be counted twice. Export both with the same columns, or undo "
        "that import first."
    )


COSTS = {"X": (10, 20, 30, 40), "Y": (7, 19, 33, 2)}
OWN_IDS = {"X": 7, "Y": 8}
NAMES = google("Campaign", *(f"{day:02},{name},BRL,1,{cost}" for name in COSTS for day, cost in enumerate(COSTS[name], 1)))
IDS = google(
    "Campaign ID", *(f"{day:02},{OWN_IDS[name]},BRL,1,{cost}" for name in COSTS for day, cost in enumerate(COSTS[name], 1))
)


@pytest.mark.parametrize(("one", "other"), [(NAMES, IDS), (IDS, NAMES)])
def test_campaigns_known_by_id_alone_are_those_of_that_spend_known_by_name_alone(tmp_path: Path, one: str, other: str) -> None:
    """A warehouse has ids, a platform's page shows names: only the figures say that both are the same."""
    take(tmp_path, "a.csv", one)
    assert "8 rows here seem to be rows of a.csv" in refused(tmp_path, "b.csv", other)


@pytest.mark.parametrize("parts", [2, 5, 20])
def test_spend_in_rounded_parts_of_ids_alone_is_detail_of_the_names(tmp_path: Path, parts: int) -> None:
    take(tmp_path, "a.csv", NAMES)
    rows = (
        f"{day:02},{OWN_IDS[name]},{part},BRL,1,{cost / parts + (0.004 if part % 2 else -0.004):.2f}"
        for name in COSTS
        for day, cost in enumerate(COSTS[name], 1)
        for part in range(parts)
    )
    other = take(tmp_path, "b.csv", google("Campaign ID,Device", *rows))
    assert spend() == 161
    assert service.details_only(LOCAL_ADMIN, OWN) == {other.id}


def by_id(own: int, *costs: float, currency: str = "BRL") -> list[str]:
    return [f"{day:02},{own},{currency},1,{cost}" for day, cost in enumerate(costs, 1)]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(by_id(7, 10, 21, 31, 40), id="two days of four"),
        pytest.param(by_id(7, 10, 20, 30, 40, currency="USD"), id="another currency"),
        pytest.param([*by_id(7, 7, 19, 33, 2), *by_id(8, 55, 66, 77, 88)], id="one campaign of two, little of the spend"),
    ],
)
def test_ids_and_names_that_spent_the_same_by_chance_are_different_campaigns(tmp_path: Path, rows: list[str]) -> None:
    take(tmp_path, "a.csv", NAMES)
    take(tmp_path, "b.csv", google("Campaign ID", *rows))
    assert spend() == 161 + sum(Decimal(row.rsplit(",", 1)[1]) for row in rows)


def by_name(name: str, *costs: float) -> list[str]:
    return [f"{day:02},{name},BRL,1,{cost}" for day, cost in enumerate(costs, 1)]


@pytest.mark.parametrize(
    ("ids", "names"),
    [
        pytest.param(by_id(7, 10, 20, 30, 41, 52, 63, 74), by_name("X", 10, 20, 30, 41, 52, 63.37, 74.37), id="restated days"),
        pytest.param(
            [*by_id(1, *[300 + n for n in range(10)]), *by_id(3, *range(11, 21))],
            [*by_name("C", *range(11, 21)), *by_name("E", *[500 + n for n in range(10)])],
            id="some campaigns of both",
        ),
        pytest.param(
            [*by_id(1, *range(11, 21)), *by_id(2, *range(11, 21))],
            [*by_name("A", *range(11, 21)), *by_name("B", *range(11, 21))],
            id="two that spend alike",
        ),
    ],
)
def test_most_days_that_are_the_same_make_ids_and_names_one(tmp_path: Path, ids: list[str], names: list[str]) -> None:
    take(tmp_path, "a.csv", google("Campaign ID", *ids))
    assert "seem to be rows of a.csv" in refused(tmp_path, "b.csv", google("Campaign", *names))


def test_where_spend_does_not_show_whether_ids_and_names_are_one_the_preview_says_so(tmp_path: Path) -> None:
    def notices(content: str) -> list[str]:
        found = service.preview_file(LOCAL_ADMIN, OWN, made.put(tmp_path / "b.csv", content))
        return [str(said) for said in service.counted(LOCAL_ADMIN, found)]

    take(tmp_path, "a.csv", google("Campaign ID", *by_id(7, *[10] * 7)))
    names = google("Campaign", *by_name("X", *[10] * 7))
    (said,) = notices(names)
    assert said == (
        "b.csv and a.csv share days, and one knows campaigns or ads by id alone, the other by name alone. Whether some are the "
        "same cannot be told: make sure that they are not, or their spend counts twice."
    )
    assert notices(names.replace("2026-05", "2026-06")) == []
    assert notices(google("Campaign,Campaign ID", "01,X,9,BRL,1,10")) == []


@pytest.mark.parametrize("header", ["Campaign,Ad group,{}", "Campaign,{}"])
def test_ads_known_by_id_alone_are_those_of_that_spend_known_by_name_alone(tmp_path: Path, header: str) -> None:
    """In each campaign an ad is called "Ad 1"; the names of campaigns and ad groups are in both files."""
    above = ("X,g", "Y,g") if "group" in header else ("X", "Y")
    costs = [(f"{day:02},{named}", own, day * 7 + 3 * own) for own, named in enumerate(above) for day in range(1, 6)]
    take(tmp_path, "a.csv", google(header.format("Ad ID"), *(f"{where},90{own},BRL,1,{cost}" for where, own, cost in costs)))
    by_names = google(header.format("Ad name"), *(f"{where},Ad 1,BRL,1,{cost}" for where, own, cost in costs))
    assert "rows here seem to be rows of a.csv" in refused(tmp_path, "b.csv", by_names)
    found = service.preview_file(
        LOCAL_ADMIN, OWN, made.put(tmp_path / "c.csv", google(header.format("Ad name"), f"01,{above[0]},Ad 7,BRL,1,5"))
    )
    assert "cannot be told" in str(service.counted(LOCAL_ADMIN, found)[0])


def test_flat_budgets_make_no_two_campaigns_one(tmp_path: Path) -> None:
    take(tmp_path, "a.csv", google("Campaign ID", *(row for own in (50, 100, 200) for row in by_id(own, *[own] * 10))))
    take(tmp_path, "b.csv", google("Campaign", *(row for cost in (50, 100, 200, 30) for row in by_name(f"n{cost}", *[cost] * 10))))
    assert spend() == 3500 + 3800


def test_a_budget_that_many_campaigns_share_makes_no_two_of_them_one(tmp_path: Path) -> None:
    names = (f"{day:02},n{n},{device},BRL,1,5" for n in range(5) for day in range(1, 8) for device in "md")
    take(tmp_path, "a.csv", google("Campaign,Device", *names))
    take(tmp_path, "b.csv", google("Campaign ID", *(row for own in range(3) for row in by_id(own, *[10] * 7))))
    assert spend() == 350 + 210


@pytest.mark.parametrize(
    ("may", "june"),
    [
        (("Campaign name", "A"), ("Campaign name,Campaign ID", "A,77")),
        (("Campaign name,Account ID", "A,act_12"), ("Campaign name,Account ID", "A,12")),
    ],
)
def test_ranges_that_cross_are_refused_whatever_the_ids_are(tmp_path: Path, may: tuple[str, str], june: tuple[str, str]) -> None:
    form = "Reporting starts,Reporting ends,{},Impressions,Amount spent (BRL)\n2026-05-{},{},9,310\n"
    take(tmp_path, "a.csv", form.format(may[0], "01,2026-05-31", may[1]))
    said = refused(tmp_path, "b.csv", form.format(june[0], "15,2026-06-15", june[1]))
    assert "share days of the same campaigns, so nothing was imported" in said


ADS = "Day,Campaign,Ad group,Ad,Ad status,Ad strength,Currency code,Clicks,Cost\n"


PLACES = "Day,Campaign,City,{0},Currency code,Clicks,Cost\n2026-05-01,X,Bom Jesus,{1},BRL,1,60\n2026-05-01,X,Centro,{1},BRL,1,40\n"


@pytest.mark.parametrize(("header", "one", "other"), [("Estado", "SP", "RJ"), ("Delivery zone", "North", "South")])
def test_a_state_of_a_country_is_a_place_and_no_status(tmp_path: Path, header: str, one: str, other: str) -> None:
    take(tmp_path, "a.csv", PLACES.format(header, one))
    take(tmp_path, "b.csv", PLACES.format(header, other))
    assert spend() == 200


def test_a_state_of_a_campaign_is_a_status_and_no_place(tmp_path: Path) -> None:
    take(tmp_path, "a.csv", PLACES.format("State", "Enabled"))
    assert "2 rows of ad_performance are already here" in refused(tmp_path, "b.csv", PLACES.format("State", "Paused"))


def test_a_status_that_changed_makes_no_other_row(tmp_path: Path) -> None:
    """Ads without ids are told apart by their texts; what changes from one export to the next is none of them."""
    take(tmp_path, "a.csv", ADS + "2026-05-01,X,g,one,Enabled,Good,BRL,1,60\n2026-05-01,X,g,two,Enabled,Good,BRL,1,40\n")
    again = ADS + "2026-05-01,X,g,one,Paused,Good,BRL,1,60\n2026-05-01,X,g,two,Enabled,Excellent,BRL,1,40\n"
    assert "2 rows of ad_performance are already here from a.csv" in refused(tmp_path, "b.csv", again)


def test_a_status_tells_rows_apart_where_nothing_else_does(tmp_path: Path) -> None:
    take(tmp_path, "a.csv", ADS + "2026-05-01,X,g,one,Enabled,Good,BRL,1,60\n2026-05-01,X,g,one,Paused,Good,BRL,1,40\n")
    assert spend() == 100


RANGES = "Reporting starts,Reporting ends,Campaign name,Impressions,Amount spent (BRL)\n"


def test_ranges_that_cross_inside_one_file_are_refused(tmp_path: Path) -> None:
    rows = "2026-05-01,2026-05-31,A,9,310\n2026-05-01,2026-05-07,A,9,70\n"
    assert "of the file share days of the same campaigns" in refused(tmp_path, "a.csv", RANGES + rows)
    take(tmp_path, "b.csv", RANGES + "2026-05-01,2026-05-07,A,9,70\n2026-05-08,2026-05-14,A,9,80\n2026-05-01,2026-05-31,B,9,1\n")
    assert spend() == 151


def test_sheets_of_the_same_spend_in_crossing_ranges_or_with_ids_are_refused(tmp_path: Path) -> None:
    def taken(name: str, sheets: dict[str, str]) -> str:
        with pytest.raises(Conflict) as said:
            service.accept(LOCAL_ADMIN, service.preview_file(LOCAL_ADMIN, OWN, made.workbook(tmp_path / name, sheets)))
        return str(said.value)

    ranges = {"May": RANGES + "2026-05-01,2026-05-31,A,9,310\n", "Mid": RANGES + "2026-05-15,2026-06-15,A,9,310\n"}
    assert "of May and Mid share days of the same campaigns" in taken("a.xlsx", ranges)
    ids = {"Names": google("Campaign", "01,X,BRL,1,60"), "Ids": google("Campaign,Campaign ID", "01,X,11,BRL,1,60")}
    assert taken("b.xlsx", ids).startswith("1 row of ad_performance stands both in Names and in Ids")


def test_conversions_of_other_campaigns_change_nothing_about_what_detail_has(tmp_path: Path) -> None:
    def notices(name: str, content: str) -> list[str]:
        found = service.preview_file(LOCAL_ADMIN, OWN, made.put(tmp_path / name, content))
        return [str(said) for said in service.counted(LOCAL_ADMIN, found)]

    head = "Day,Campaign,Ad group,Currency code,Conversions,Cost\n"
    take(tmp_path, "a.csv", BY_CAMPAIGN)
    take(tmp_path, "c.csv", "Day,Campaign,Currency code,Conversions,Cost\n2026-05-01,Z,BRL,9,70\n")
    assert "b.csv also has conversions" in notices("b.csv", head + "2026-05-01,X,g,BRL,5,60\n")[1]
    take(tmp_path, "b.csv", head + "2026-05-01,X,g,BRL,5,60\n")
    assert notices("d.csv", head + "2026-05-01,W,g,BRL,5,60\n") == []


def test_conversions_that_only_the_detail_has_are_spoken_of(tmp_path: Path) -> None:
    take(tmp_path, "a.csv", BY_CAMPAIGN)
    detail = "Day,Campaign,Ad group,Currency code,Conversions,Cost\n2026-05-01,X,g,BRL,5,60\n"
    found = service.preview_file(LOCAL_ADMIN, OWN, made.put(tmp_path / "b.csv", detail))
    assert [str(said) for said in service.counted(LOCAL_ADMIN, found)] == [
        "The spend of b.csv is counted from another file already, in other detail. Its rows will be kept to look at.",
        "b.csv also has conversions, which the files that count instead lack: none are shown for its campaigns.",
    ]


def test_two_campaigns_of_one_name_are_two(tmp_path: Path) -> None:
    take(tmp_path, "a.csv", WITH_IDS)
    take(tmp_path, "b.csv", WITH_IDS.replace("X,11", "X,12"))
    assert spend() == 122


def test_ids_are_one_however_they_are_written(tmp_path: Path) -> None:
    take(tmp_path, "a.csv", google("Campaign,Customer ID", "01,X,123-456-7890,BRL,1,60"))
    assert "seems to be one of a.csv" in refused(tmp_path, "b.csv", google("Campaign,Customer ID", "01,X,1234567890,BRL,1,60"))


def test_campaigns_of_one_name_in_two_accounts_are_not_each_others_detail(tmp_path: Path) -> None:
    take(tmp_path, "a.csv", google("Campaign,Customer ID", "01,X,1,BRL,1,60"))
    take(tmp_path, "b.csv", google("Campaign,Ad group,Customer ID", "01,X,g,2,BRL,1,5"))
    assert spend() == 65
    detail = take(tmp_path, "c.csv", google("Campaign,Ad group,Customer ID", "01,X,g,1,BRL,1,60"))
    assert spend() == 65
    assert service.details_only(LOCAL_ADMIN, OWN) == {detail.id}


def test_a_finer_report_with_spend_of_its_own_is_refused(tmp_path: Path) -> None:
    take(tmp_path, "a.csv", BY_CAMPAIGN)
    said = refused(tmp_path, "b.csv", google("Campaign,Ad group", "02,X,g,BRL,1,40", "03,X,g,BRL,1,5", "02,Z,g,BRL,1,7"))
    assert said.startswith(
        "a.csv and b.csv hold some of the same spend in different detail, and only one of the two can count: a.csv. But b.csv also "
        "has spend that a.csv lacks (X and Z; May 2, 2026 to May 3, 2026), which would count nowhere, so this is not done."
    )
    # Rows without any figure are no spend that could be lost.
    take(tmp_path, "c.csv", google("Campaign,Ad group", "02,X,g,BRL,1,40", "03,Z,g,BRL,0,0"))
    assert spend() == 108


def test_a_coarser_report_that_would_displace_more_than_it_has_is_refused(tmp_path: Path) -> None:
    fine = take(tmp_path, "a.csv", google("Campaign,Ad group", "01,X,g,BRL,1,60", "05,X,g,BRL,1,5"))
    assert "But a.csv also has spend that b.csv lacks (X; May 5, 2026 to May 5, 2026)" in refused(tmp_path, "b.csv", BY_CAMPAIGN)
    service.undo(LOCAL_ADMIN, OWN, fine.id)
    take(tmp_path, "b.csv", BY_CAMPAIGN)
    assert spend() == 108
    with pytest.raises(Conflict, match="would count nowhere"):
        service.restore(LOCAL_ADMIN, OWN, fine.id)
    assert spend() == 108


def test_detail_counts_again_once_what_it_details_is_undone_unless_it_would_do_so_in_part(tmp_path: Path) -> None:
    first = take(tmp_path, "a.csv", google("Campaign", "01,X,BRL,1,60"))
    second = take(tmp_path, "b.csv", google("Campaign", "02,X,BRL,1,40", "02,Y,BRL,1,8"))
    detail = take(tmp_path, "c.csv", google("Campaign,Ad group", "01,X,g,BRL,1,59", "02,X,g,BRL,1,39"))
    assert spend() == 108
    with pytest.raises(Conflict, match="would count nowhere"):
        service.undo(LOCAL_ADMIN, OWN, first.id)
    assert spend() == 108
    service.undo(LOCAL_ADMIN, OWN, second.id)  # what is left of it counts from the detail
    assert spend() == 98
    service.undo(LOCAL_ADMIN, OWN, detail.id)
    assert spend() == 60
    service.undo(LOCAL_ADMIN, OWN, first.id)
    service.restore(LOCAL_ADMIN, OWN, detail.id)
    assert spend() == 98


def test_a_part_of_an_accounts_spend_does_not_take_its_place(tmp_path: Path) -> None:
    account = take(tmp_path, "a.csv", "Day,Currency code,Impressions,Clicks,Cost\n2026-05-01,BRL,1,10,1000\n")
    some = take(tmp_path, "b.csv", google("Campaign", "01,X,BRL,1,3"))
    assert (spend(), service.details_only(LOCAL_ADMIN, OWN)) == (1000, {some.id})
    service.undo(LOCAL_ADMIN, OWN, some.id)
    take(tmp_path, "c.csv", google("Campaign", "01,X,BRL,1,300", "01,Y,BRL,1,700"))
    assert (spend(), service.details_only(LOCAL_ADMIN, OWN)) == (1000, {account.id})
    take(tmp_path, "d.csv", "Day,Currency code,Impressions,Clicks,Cost\n2026-06-01,BRL,1,10,5\n")
    assert spend() == 1005


@pytest.mark.parametrize("reverse", [False, True])
def test_a_report_without_spend_takes_none_out(tmp_path: Path, reverse: bool) -> None:
    files = [("a.csv", google("Campaign,Ad group", "01,X,g,BRL,1,10")), ("b.csv", "Day,Campaign,Impr.,Clicks\n2026-05-01,X,9,1\n")]
    for name, content in reversed(files) if reverse else files:
        take(tmp_path, name, content)
    assert spend() == 10


def test_a_row_without_a_campaign_speaks_only_for_itself(tmp_path: Path) -> None:
    take(tmp_path, "a.csv", google("Campaign", "01,X,BRL,1,10", "02,,BRL,1,1", "03,X,BRL,1,10"))
    take(tmp_path, "b.csv", google("Campaign,Device", "01,Z,Mobile,BRL,1,500"))
    assert spend() == 521


def test_a_day_that_the_coarser_report_lacks_is_not_taken_for_a_day_without_spend(tmp_path: Path) -> None:
    take(tmp_path, "a.csv", google("Campaign", "01,X,BRL,1,10", "30,X,BRL,1,12", "02,W,BRL,1,5000"))
    assert "(X; May 15, 2026 to May 15, 2026)" in refused(tmp_path, "b.csv", google("Campaign,Ad group", "15,X,g,BRL,1,500"))


def test_days_win_over_a_total_of_a_coarser_level(tmp_path: Path) -> None:
    take(tmp_path, "a.csv", google("Campaign,Ad group", *(f"{day:02},X,g,BRL,1,10" for day in range(1, 32))))
    total = take(tmp_path, "b.csv", TOTAL.format("310"))
    assert (made.counted("ad_performance").height, service.details_only(LOCAL_ADMIN, OWN)) == (31, {total.id})


def test_the_most_complete_detail_counts_where_the_campaigns_are_gone(tmp_path: Path) -> None:
    whole = take(tmp_path, "a.csv", google("Campaign", "01,X,BRL,1,10"))
    take(tmp_path, "b.csv", google("Campaign,Search keyword", "01,X,shoes,BRL,1,6"))
    take(tmp_path, "c.csv", google("Campaign,Device", "01,X,Mobile,BRL,1,10"))
    service.undo(LOCAL_ADMIN, OWN, whole.id)
    assert spend() == 10


def test_impressions_without_spend_are_no_loss(tmp_path: Path) -> None:
    take(tmp_path, "a.csv", google("Campaign", "01,X,BRL,1,10"))
    take(tmp_path, "b.csv", google("Campaign,Device", "01,X,Mobile,BRL,1,10", "01,Old,Mobile,BRL,1,0"))
    assert spend() == 10


def test_the_files_that_share_the_spend_are_the_ones_named(tmp_path: Path) -> None:
    take(tmp_path, "google.csv", google("Campaign", "01,G,BRL,1,10"))
    take(tmp_path, "x.csv", google("Campaign", "01,M,BRL,1,10"))
    assert refused(tmp_path, "sets.csv", google("Campaign,Ad group", "01,M,s,BRL,1,7", "01,N,s,BRL,1,2")).startswith(
        "x.csv and sets.csv hold some of the same spend"
    )


def test_thousands_of_campaigns_are_compared_one_by_one(tmp_path: Path) -> None:
    """Not each with every other: that took minutes and gigabytes."""
    names = range(5_000)
    take(tmp_path, "a.csv", google("Campaign", *(f"01,C{name},BRL,1,1" for name in names)))
    take(tmp_path, "b.csv", google("Campaign,Device", *(f"01,C{name},Mobile,BRL,1,1" for name in names)))
    assert spend() == 5_000


def test_a_total_of_a_range_inside_daily_rows_is_detail(tmp_path: Path) -> None:
    take(tmp_path, "a.csv", google("Campaign", *(f"{day:02},X,BRL,1,1" for day in range(1, 31))))
    take(tmp_path, "b.csv", "Campaign report\nMay 4 2026 - May 9 2026\nCampaign,Currency code,Clicks,Cost\nX,BRL,6,6\n")
    assert spend() == 30


def test_a_total_counts_only_where_the_days_do_not_come_to_it(tmp_path: Path) -> None:
    """Days without spend have no rows, so the days of a month may end before the month does."""
    days = google("Campaign", "03,X,BRL,1,60", "07,X,BRL,1,40")
    total = take(tmp_path, "a.csv", TOTAL.format("100.02"))
    daily = take(tmp_path, "b.csv", days)
    assert (spend(), service.details_only(LOCAL_ADMIN, OWN)) == (100, {total.id})
    service.undo(LOCAL_ADMIN, OWN, daily.id)
    service.undo(LOCAL_ADMIN, OWN, total.id)
    larger = take(tmp_path, "c.csv", TOTAL.format("130"))
    days_too = take(tmp_path, "d.csv", days + "\n")
    assert (spend(), service.details_only(LOCAL_ADMIN, OWN)) == (130, {days_too.id})
    service.undo(LOCAL_ADMIN, OWN, days_too.id)
    service.undo(LOCAL_ADMIN, OWN, larger.id)
    take(tmp_path, "e.csv", TOTAL.format("130"))
    assert "(X; May 1, 2026 to May 31, 2026)" in refused(tmp_path, "f.csv", days + "2026-05-07,Y,BRL,1,99\n")


LEVELS = {"campaign": ("Campaign", "{c}"), "ad_group": ("Campaign,Ad group", "{c},g"), "device": ("Campaign,Device", "{c},Mobile")}
_cells = st.sets(st.tuples(st.sampled_from("XYZ"), st.integers(1, 4)), min_size=1, max_size=5)


@examples(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(sorted(LEVELS)), _cells), min_size=2, max_size=5), st.data())
def test_whatever_comes_and_goes_every_campaign_and_day_counts_once(
    tmp_path_factory: pytest.TempPathFactory,
    prepared: Callable[[Path], None],
    files: Sequence[tuple[str, set[tuple[str, int]]]],
    data: st.DataObject,
) -> None:
    folder = tmp_path_factory.mktemp("files")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MAROPS_HOME", str(folder / "home"))
        prepared(folder / "home")
        taken: dict[str, set[tuple[str, int]]] = {}
        for number, (level, cells) in enumerate(files):
            head, names = LEVELS[level]
            rows = [f"{day:02},{names.format(c=campaign)},BRL,1,{ord(campaign) * 10 + day}" for campaign, day in sorted(cells)]
            with contextlib.suppress(Conflict):
                taken[take(folder, f"{number}.csv", google(head, *rows)).id] = cells
            _once(taken)
            if taken and data.draw(st.booleans()):
                _switch(data.draw(st.sampled_from(list(taken))))
                _once(taken)


def _switch(import_id: str) -> None:
    run = next(run for run in service.imports(LOCAL_ADMIN, OWN) if run.id == import_id)
    with contextlib.suppress(Conflict):
        (service.restore if run.status == Status.UNDONE else service.undo)(LOCAL_ADMIN, OWN, import_id)


def _once(taken: dict[str, set[tuple[str, int]]]) -> None:
    """Every campaign and day of an active file counts exactly once."""
    rows = made.counted("ad_performance").select("campaign_name", pl.col("period_start").dt.day())
    active = {run.id for run in service.imports(LOCAL_ADMIN, OWN) if run.status == Status.ACTIVE}
    expected = set[tuple[str, int]]().union(*(taken[import_id] for import_id in active))
    assert sorted(rows.rows()) == sorted((campaign, day) for campaign, day in expected)
