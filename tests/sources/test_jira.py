"""Jira's issues with their changelog as three tables: issues, the statuses they entered, their flags."""

import json
import random
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise, permutations
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marops.language import text
from marops.principal import LOCAL_ADMIN, Principal
from marops.sources import following, jira, objects, service, unimported, words
from marops.sources.following import End, Step
from marops.sources.nested import moment
from marops.sources.report import Job, Report
from marops.sources.staging import stage
from marops.workspaces.store import OWN
from tests.conftest import case
from tests.sources import made


def change(day: int, field: str, before: str | None, after: str | None, **more: Any) -> dict[str, Any]:
    """One change in May, at nine in Berlin."""
    item = {"field": field, "fromString": before, "toString": after, **more}
    return {"created": f"2026-05-{day:02}T09:00:00.000+0200", "author": {"accountId": "u1", "displayName": "P"}, "items": [item]}


def issue(key: str, *histories: dict[str, Any], status: str = "Build", **changelog: Any) -> dict[str, Any]:
    """An issue created on the first of May, as the API gives it."""
    fields = {
        "summary": f"Issue {key}", "issuetype": {"name": "Story"}, "project": {"name": "Launches"},
        "parent": {"id": "9", "key": "A-9"},
        "status": {"name": status, "statusCategory": {"name": "In Progress"}},
        "assignee": {"self": "https://x", "accountId": "u2", "displayName": "Bea"},
        "created": "2026-05-01T09:00:00.000+0200", "duedate": "2026-05-31", "resolutiondate": None, "timeoriginalestimate": 3600,
        "customfield_10050": {"value": "Spring"}, "labels": ["x"],
    }  # fmt: skip
    return {"id": f"1{key[-1]}", "key": key, "fields": fields, "changelog": {"histories": list(histories), **changelog}}


MOVED = issue(
    "A-1",
    change(4, "status", "Backlog", "Build", fieldId="status"),
    change(6, "Flagged", None, "Impediment", fieldId="customfield_10021"),
    change(7, "Flagged", "Impediment", "", fieldId="customfield_10021"),
    change(8, "status", "green", "red", fieldId="customfield_1"),
    change(9, "status", "Build", "Done", fieldId="status"),
    change(9, "description", "a", "b"),
    status="Done", total=6,
)  # fmt: skip
STILL = issue("A-2", status="Backlog", total=0)

ENTERED = [
    ("11", "Backlog", None, made.utc(2026, 5, 1, 7), None), ("11", "Build", "Backlog", made.utc(2026, 5, 4, 7), "u1"),
    ("11", "Done", "Build", made.utc(2026, 5, 9, 7), "u1"), ("12", "Backlog", None, made.utc(2026, 5, 1, 7), None),
]  # fmt: skip
FLAGS = [("11", made.utc(2026, 5, 6, 7), True, "blocked"), ("11", made.utc(2026, 5, 7, 7), False, "blocked")]


def found(tmp_path: Path, content: Any, name: str = "jira.json") -> tuple[Report, dict[str, pl.DataFrame]]:
    """The report on a file and its staged rows by table."""
    path = made.put(tmp_path / name, content if isinstance(content, str | bytes) else json.dumps(content))
    report = made.read(path)
    assert report.failure is None, words.note(report.failure)
    return report, {part.rows.table: made.rows(path, part) for part in report.parts}


def entered(rows: pl.DataFrame) -> list[tuple[Any, ...]]:
    return rows.select("issue_id", "status", "previous_status", "transition_at", "changed_by").rows()


def flagged(rows: pl.DataFrame) -> list[tuple[Any, ...]]:
    return rows.select("issue_id", "flag_at", "is_flagged", "kind").rows()


def said(report: Report) -> list[str]:
    return [str(words.note(note)) for note in report.notes]


def test_issues_keep_their_fields_and_what_projects_add_can_be_mapped(tmp_path: Path) -> None:
    moved = {**MOVED, "fields": {**MOVED["fields"], "resolution": {"self": "https://x", "id": "10001", "name": "Won't Do"}}}
    report, tables = found(tmp_path, {"issues": [moved, STILL]})
    rows = tables["work_item"].drop("source_row_number")
    assert rows.to_dicts()[0] == {
        "issue_id": "11", "issue_key": "A-1", "issue_name": "Issue A-1", "issue_type": "Story", "parent_issue_id": "9",
        "project_name": "Launches", "current_status": "Done", "current_status_category": "In Progress", "assignee_user_id": "u2",
        "assignee_name": "Bea", "created_at": made.utc(2026, 5, 1, 7), "due_date": datetime(2026, 5, 31, tzinfo=UTC).date(),
        "resolved_at": None,
        "resolution": "Won't Do", "original_estimate_seconds": 3600,
    }  # fmt: skip
    assert rows["issue_id"].to_list() == ["11", "12"]
    headers = report.parts[0].headers
    assert "fields.customfield_10050.value" in headers
    assert not [header for header in headers if "self" in header]


NAMES = {
    "customfield_10050": "Campaign", "customfield_10051": "Value per day", "customfield_10052": "Currency", "summary": "Summary",
    "customfield_10053": "Go-live", "customfield_10054": "Campaign", "customfield_10055": "Business unit",
}  # fmt: skip
ADDED = {
    "customfield_10051": 1234.5, "customfield_10052": {"self": "https://x", "value": "BRL"}, "customfield_10053": "2026-06-15",
    "customfield_10054": None, "customfield_10055": {"value": "Retail", "child": {"value": "Shoes"}},
}  # fmt: skip


def test_custom_fields_are_known_by_their_names_as_in_an_export(tmp_path: Path) -> None:
    """Where the answer, each of its pages or an issue says them; a choice is its value."""
    one, other = ({**each, "fields": {**each["fields"], **ADDED}} for each in (MOVED, STILL))
    for content in (
        {"issues": [one, other], "names": NAMES}, [{"issues": [one], "names": NAMES}, {"issues": [other], "names": NAMES}],
        [{**one, "names": NAMES}, {**other, "names": NAMES}],
    ):  # fmt: skip
        report, tables = found(tmp_path, content)
        assert (
            tables["work_item"].select("campaign_name", "value_per_day", "currency_code", "business_unit").rows()
            == [("Spring", Decimal("1234.5"), "BRL", "Retail -> Shoes")] * 2
        )
        assert report.notes == []
        assert [header for header in report.parts[0].headers if "ustom" in header] == [
            "Custom field (Campaign)", "Custom field (Value per day)", "Custom field (Currency)", "Custom field (Go-live)",
            "Custom field (Campaign, customfield_10054)", "Custom field (Business unit)",
        ]  # fmt: skip


def test_a_custom_field_can_be_taken_by_hand(tmp_path: Path) -> None:
    issue_with = {**MOVED, "fields": {**MOVED["fields"], **ADDED}}
    path = made.put(tmp_path / "jira.json", json.dumps({"issues": [issue_with], "names": NAMES}))
    part = made.read(path).parts[0]
    assert part.mapping is not None
    columns = {**part.mapping.columns, "due_date": part.headers.index("Custom field (Go-live)")}
    chosen = made.read(path, {"issues": part.mapping.model_copy(update={"columns": columns})}).parts[0]
    assert made.rows(path, chosen)["due_date"].to_list() == [date(2026, 6, 15)]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, ""), ("a", "a"), (3, "3"), (True, "true"), ([], ""), ([{"value": "a"}, {"name": "b"}, None], "a, b"),
        ({"accountId": "u1", "displayName": "P"}, "u1"), ({"type": "doc"}, '{"type": "doc"}'), ({}, "{}"),
    ],
)  # fmt: skip
def test_what_a_custom_field_says_is_one_text(value: Any, said: str) -> None:
    ((_, row),) = jira.issues([(1, {"id": "1", "fields": {"customfield_1": value}, "names": {"customfield_1": "Any"}})])
    assert row["Custom field (Any)"] == said


@pytest.mark.parametrize(
    "content",
    [
        {"issues": [MOVED, STILL], "startAt": 0, "total": 2},
        [MOVED, STILL],
        f"{json.dumps(MOVED)}\n{json.dumps(STILL)}\n",
        json.dumps({"issues": [MOVED, STILL]}, indent=2),
        json.dumps([MOVED, STILL]).encode("utf-16"),
    ],
    ids=["a search", "a list", "lines", "written over several lines", "UTF-16"],
)
def test_a_history_begins_with_the_status_an_issue_was_created_in(tmp_path: Path, content: Any) -> None:
    """That is what the first change left, or the present one where there was none."""
    report, tables = found(tmp_path, content)
    assert [(part.name, part.recognised_as) for part in report.parts] == [
        ("issues", "Jira issues (API)"), ("history", "Jira issue history"), ("flags", "Jira flags"),
    ]  # fmt: skip
    assert entered(tables["work_item_transition"]) == ENTERED
    assert flagged(tables["flag_event"]) == FLAGS


def test_one_issue_alone_is_read_and_its_absent_flags_make_no_table(tmp_path: Path) -> None:
    for name, content in (("line.json", json.dumps(STILL)), ("tall.json", json.dumps(STILL, indent=1))):
        report, tables = found(tmp_path, content, name)
        assert entered(tables["work_item_transition"]) == ENTERED[3:], name
        assert [part.name for part in report.parts] == ["issues", "history"], name


def test_newest_first_is_turned_round_and_equal_moments_keep_their_order(tmp_path: Path) -> None:
    steps = [change(4, "status", "Backlog", "Build"), change(5, "status", "Build", "QA"), change(5, "status", "QA", "Done")]
    for order in (1, -1):
        _, tables = found(tmp_path, [issue("A-1", *steps[::order])])
        rows = tables["work_item_transition"]
        assert rows.sort("status_sequence")["status"].to_list() == ["Backlog", "Build", "QA", "Done"], order


def test_a_history_that_is_cut_off_is_said_and_left_out(tmp_path: Path) -> None:
    cut = issue("A-3", change(4, "status", "Backlog", "Build"), total=41)
    later = issue("A-4", change(4, "status", "Backlog", "Build"), startAt=40, total=41)
    bare = {name: value for name, value in issue("A-5").items() if name != "changelog"}
    report, tables = found(tmp_path, {"issues": [MOVED, cut, later, bare, STILL], "startAt": 0, "total": 7})
    assert tables["work_item"]["issue_id"].to_list() == ["11", "13", "14", "15", "12"]
    assert entered(tables["work_item_transition"]) == ENTERED
    beside, page, missing, cut_off = said(report)
    assert beside == "Beside its records the file holds startAt, total; what stands there was left out."
    assert page.startswith("The file is one page of a longer answer: it holds 5 records, and others stand on pages of their own.")
    assert missing.startswith("Of 1 of 5 issues the file holds no history, so nothing is known of how they moved: A-5. Ask Jira")
    assert cut_off == (
        "Of 2 of 5 issues the file holds only part of the history, so their moves and flags were left out: A-3, A-4. "
        "Fetch what is missing from /issue/KEY/changelog, and give all of its pages in the place of the issue’s changelog."
    )


def test_a_history_may_be_the_pages_of_the_changelog_itself(tmp_path: Path) -> None:
    """Pages may overlap; one that is missing at the beginning, in between or at the end is said."""
    steps = [change(4, "status", "Backlog", "Build"), change(5, "status", "Build", "QA"), change(6, "status", "QA", "Done")]
    steps = [{"id": str(number), **step} for number, step in enumerate(steps)]
    pages = [{"startAt": 0, "total": 3, "values": steps[:2]}, {"startAt": 1, "total": 3, "isLast": True, "values": steps[1:]}]
    for whole in (pages, {"values": steps}, [{"values": steps[:1], "isLast": False}, {"values": steps[1:], "isLast": True}]):
        report, tables = found(tmp_path, [{**issue("A-1"), "changelog": whole}, STILL])
        assert tables["work_item_transition"]["status"].to_list() == ["Backlog", "Build", "QA", "Done", "Backlog"]
        assert report.notes == []
        _, tables = found(tmp_path, {**issue("A-1"), "changelog": whole})
        assert tables["work_item_transition"]["status"].to_list() == ["Backlog", "Build", "QA", "Done"]
    for cut in (
        pages[:1],
        pages[1:],
        [{"values": steps[:2], "isLast": False}],
        [{**pages[0], "values": steps[:1]}, pages[1] | {"values": steps[2:]}],
    ):
        report, tables = found(tmp_path, [{**issue("A-1"), "changelog": cut}, STILL])
        assert entered(tables["work_item_transition"]) == ENTERED[3:]
        assert [note.code for note in report.notes] == ["history_cut_off"]


def bulk(*histories: dict[str, Any], number: str = "11") -> dict[str, Any]:
    """What `/changelog/bulkfetch` answers of an issue."""
    return {"issueId": number, "changeHistories": list(histories)}


LOGGED = [{"id": str(number), **each} for number, each in enumerate(MOVED["changelog"]["histories"])]


@pytest.mark.parametrize(
    "content",
    [
        {"issueChangeLogs": [bulk(*LOGGED[::-1])]},
        {"issueChangeLogs": [bulk(*LOGGED), bulk(number="12")], "nextPageToken": None},
        [{"issueChangeLogs": [bulk(*LOGGED[:2])], "nextPageToken": "x"}, {"issueChangeLogs": [bulk(*LOGGED[2:])]}],
        "\n".join(json.dumps({"issueChangeLogs": [bulk(*held)]}) for held in (LOGGED[3:], LOGGED[:3])),
    ],
    ids=["newest first", "one without changes", "pages", "lines"],
)
def test_changes_fetched_in_bulk_are_a_history_that_begins_with_the_first_change(tmp_path: Path, content: Any) -> None:
    report, tables = found(tmp_path, content)
    assert [(part.name, part.recognised_as) for part in report.parts] == [
        ("history", "Jira issue history"), ("flags", "Jira flags"),
    ]  # fmt: skip
    assert entered(tables["work_item_transition"].sort("transition_at")) == ENTERED[1:3]
    assert flagged(tables["flag_event"].sort("flag_at")) == FLAGS


def test_changes_fetched_in_bulk_may_count_their_moments(tmp_path: Path) -> None:
    for when in (1777878000, 1777878000000):
        log = {**change(4, "status", "Backlog", "Build"), "created": when}
        _, tables = found(tmp_path, {"issueChangeLogs": [bulk(log)]})
        assert entered(tables["work_item_transition"]) == [("11", "Build", "Backlog", made.utc(2026, 5, 4, 7), "u1")]


def test_pages_of_changes_fetched_in_bulk_that_are_missing_are_said(tmp_path: Path) -> None:
    report, _ = found(tmp_path, {"issueChangeLogs": [bulk(*LOGGED)], "nextPageToken": "x"})
    assert [note.code for note in report.notes] == ["beside_records", "one_page"]


@pytest.mark.parametrize("named", [{"key": "A-1"}, {"issueKey": "A-1"}, {"issueId": "A-1"}, {"issue": {"key": "A-1"}}])
def test_changes_that_say_of_which_issue_they_are_are_a_history(tmp_path: Path, named: dict[str, Any]) -> None:
    """Pages of its changelog, each with the issue beside it, in any order; or each change alone, with its own id or the issue's."""
    first, second = ({**named, "startAt": at, "values": LOGGED[at : at + 3]} for at in (0, 3))
    single = [{**each, **named} for each in LOGGED]
    same_id = [{**each, "id": "11"} for each in single]
    whole = {**named, "id": "5", "changelog": {"histories": LOGGED}}
    for content in ([second, first], *pages(second, first), *pages(*single), *pages(*same_id), *pages(whole), whole):
        _, tables = found(tmp_path, content)
        assert entered(tables["work_item_transition"].sort("transition_at")) == [("A-1", *row[1:]) for row in ENTERED[1:3]]
        assert flagged(tables["flag_event"].sort("flag_at")) == [("A-1", *row[1:]) for row in FLAGS]


def test_a_page_of_a_changelog_alone_is_refused_and_says_what_to_fetch(tmp_path: Path) -> None:
    page = {"startAt": 0, "total": 2, "isLast": True, "values": LOGGED}
    named = {**page, "issueKey": "A-1"}
    for content in (page, [page, page], *pages(page, page), LOGGED, json.dumps(page, indent=1), *pages(named, page)):
        path = made.put(tmp_path / "log.json", content if isinstance(content, str) else json.dumps(content))
        report = made.read(path)
        assert report.failure is not None
        assert str(words.note(report.failure)) == (
            "log.json is a page of one Jira issue’s changelog, which does not say of which issue. Fetch issues with their history "
            "from Jira’s search with expand=changelog, or their changes from /changelog/bulkfetch, and give that answer."
        )


def pages(*held: dict[str, Any]) -> list[Any]:
    """The same pages as a list and as lines."""
    return [list(held), "\n".join(json.dumps(page) for page in held)]


def test_the_pages_of_a_search_are_read_as_one(tmp_path: Path) -> None:
    """By places or by tokens; one that is empty is a page, too."""
    by_place = [{"issues": [MOVED], "startAt": 0, "total": 2}, {"issues": [STILL], "startAt": 1, "total": 2}]
    by_token = [{"issues": [MOVED], "nextPageToken": "x", "isLast": False}, {"issues": [STILL], "isLast": True}]
    for content in (
        *pages(*by_place),
        *pages(*by_place[::-1]),
        *pages(*by_token),
        *pages({"issues": []}, {"issues": [STILL, MOVED]}),
    ):
        report, tables = found(tmp_path, content)
        assert tables["work_item"]["issue_id"].sort().to_list() == ["11", "12"]
        assert sorted(entered(tables["work_item_transition"]), key=itemgetter(0, 3)) == ENTERED
        assert {note.code for note in report.notes} <= {"beside_records"}


@pytest.mark.parametrize(
    "held",
    [
        [{"issues": [MOVED], "startAt": 0, "total": 3}, {"issues": [STILL], "startAt": 1, "total": 3}],
        [{"issues": [MOVED], "startAt": 0, "total": 3}, {"issues": [STILL], "startAt": 2, "total": 3}],
        [{"issues": [MOVED], "startAt": 1, "total": 3}, {"issues": [STILL], "startAt": 2, "total": 3}],
        [{"issues": [MOVED], "nextPageToken": "x"}, {"issues": [STILL], "nextPageToken": "y", "isLast": False}],
        [{"issues": [MOVED], "isLast": False}, {"issues": [STILL], "isLast": False}],
    ],
    ids=["at the end", "in between", "at the beginning", "behind a token", "behind one that is not the last"],
)
def test_pages_that_are_missing_are_said(tmp_path: Path, held: list[dict[str, Any]]) -> None:
    for content in pages(*held):
        report, tables = found(tmp_path, content)
        assert tables["work_item"].height == 2
        assert said(report)[1] == (
            "The file holds 2 pages of a longer answer with 2 records; others are missing. Fetch all pages, or import those, too."
        )
    report, _ = found(tmp_path, held[-1] | {"startAt": 2, "total": 3} if "startAt" in held[-1] else held[-1])
    assert report.notes[-1].code == "one_page"


def test_an_issue_on_two_pages_counts_once_as_it_was_last(tmp_path: Path) -> None:
    """Pages shift while they are fetched. A list without pages is no different."""
    before = issue("A-1", change(4, "status", "Backlog", "Build", fieldId="status"), status="Build")
    held = [{"issues": [before, STILL], "startAt": 0, "total": 3}, {"issues": [STILL, MOVED], "startAt": 2, "total": 3}]
    for content in (*pages(*held), [before, STILL, STILL, MOVED]):
        report, tables = found(tmp_path, content)
        assert tables["work_item"].select("issue_id", "current_status").rows() == [("12", "Backlog"), ("11", "Done")]
        assert sorted(entered(tables["work_item_transition"]), key=itemgetter(0, 3)) == ENTERED
        assert said(report)[-1] == (
            "Records that the file holds more than once: 2 (A-2, A-1). The last of each was taken. "
            "Pages that shift while they are fetched may lack others: fetch them in the order of creation."
        )


@pytest.mark.parametrize("broken", [None, "x", "²", 10**400, -1, {}, [], True])
def test_odd_pages_are_read_and_never_a_crash(tmp_path: Path, broken: Any) -> None:
    fields = ("startAt", "total", "nextPageToken", "isLast", "next_page", "paging", "names")
    for content in pages({"issues": [MOVED]}, {"issues": [STILL], **dict.fromkeys(fields, broken)}):
        _, tables = found(tmp_path, content)
        assert entered(tables["work_item_transition"]) == ENTERED


def test_records_with_lists_of_their_own_are_no_pages(tmp_path: Path) -> None:
    rows = [{"run": "a", "issues": [{"line": 1}]}, {"run": "b", "issues": []}]
    for content in pages(*rows):
        path = made.put(tmp_path / "x.json", content if isinstance(content, str) else json.dumps(content))
        assert [part.headers for part in made.read(path).parts] == [["run", "issues"]]


def test_moves_of_one_moment_follow_from_each_other_where_their_list_does_not_tell(tmp_path: Path) -> None:
    """Each leaves the status that the one before entered, and the last enters the present one; ids go before names."""
    on = ["Backlog", "Build", "QA", "Done"]
    steps = [change(5, "status", before, after) for before, after in pairwise(on)]
    for listed in permutations(steps):
        for more in ([], [change(6, "status", "Done", "Shipped")]):
            _, tables = found(tmp_path, [issue("A-1", *listed, *more, status="Shipped" if more else "Done")])
            moves = tables["work_item_transition"].sort("status_sequence")
            assert moves["status"].to_list() == [*on, *(["Shipped"] if more else [])]
    back = [change(5, "status", "A", "B"), change(5, "status", "B", "A")]
    for listed in (back, back[::-1]):
        for present, through in (("A", ["A", "B", "A"]), ("B", ["B", "A", "B"])):
            _, tables = found(tmp_path, [issue("A-1", *listed, status=present)])
            assert tables["work_item_transition"].sort("status_sequence")["status"].to_list() == through
    renamed = [
        change(5, "status", "QA", "Done", **{"from": "2", "to": "3"}),
        change(5, "status", "Build", "Test", **{"from": "1", "to": "2"}),
    ]
    _, tables = found(tmp_path, [issue("A-1", *renamed, status="Done")])
    assert tables["work_item_transition"].sort("status_sequence")["status"].to_list() == ["Build", "Test", "Done"]


@pytest.mark.parametrize("order", [1, -1], ids=["oldest first", "newest first"])
def test_moves_of_one_minute_in_a_table_are_in_the_order_in_which_it_lists_moves(tmp_path: Path, order: int) -> None:
    """B's moves alone would not tell."""
    steps = [("A", 4, "Backlog"), ("A", 5, "Build"), ("A", 5, "QA"), ("A", 5, "Build"), ("B", 6, "Backlog"), ("B", 6, "Build")]
    lines = [f"{key},2026-05-{day:02} 09:00,ops,Status,x,{status}" for key, day, status in steps]
    content = "\n".join(["Issue key,Date of change,Updated by,Field,Old value,New value", *lines[::order]])
    path = made.put(tmp_path / "history.csv", content)
    rows = made.rows(path, made.only(made.read(path))).sort("issue_id", "status_sequence")
    assert rows["status"].to_list() == [status for _, _, status in steps]


def table_of(tmp_path: Path, *lines: str) -> list[tuple[str, str]]:
    """Item and status of a history's rows, "item,moment,left,entered", in their order."""
    rows = [f"{key},{when},ops,Status,{left},{status}" for key, when, left, status in (line.split(",") for line in lines)]
    content = "\n".join(["Issue key,Date of change,Updated by,Field,Old value,New value", *rows])
    path = made.put(tmp_path / "history.csv", content)
    return made.rows(path, made.only(made.read(path))).sort("issue_id", "status_sequence").select("issue_id", "status").rows()


SAME = "2026-05-04 10:00:00"


def test_moves_of_one_moment_in_a_table_follow_from_each_other_where_that_gives_one_order(tmp_path: Path) -> None:
    """However they are listed, and however statuses are spelled."""
    alone = f"X-1,{SAME},In Progress,In Review", f"X-1,{SAME},selected,In  progress"
    assert table_of(tmp_path, *alone) == [("X-1", "In  progress"), ("X-1", "In Review")]
    steps = [f"X-1,{SAME},{left},{entered}" for left, entered in pairwise(["", "Backlog", "Build", "QA", "Done"])]
    later = ["X-1,2026-05-05 10:00:00,Done,Shipped", "Y-1,2026-05-06 10:00:00,Build,QA"]
    for listed in permutations(steps):
        for whole in ([*listed, *later], [*later[::-1], *listed]):
            assert table_of(tmp_path, *whole) == [
                ("X-1", "Backlog"), ("X-1", "Build"), ("X-1", "QA"), ("X-1", "Done"), ("X-1", "Shipped"), ("Y-1", "QA"),
            ]  # fmt: skip


def test_of_several_orders_of_moves_of_one_moment_the_one_counts_that_fits_to_the_moves_beside_them(tmp_path: Path) -> None:
    there, back = f"X-1,{SAME},A,B", f"X-1,{SAME},B,A"
    for listed in ((there, back), (back, there)):
        after_b = table_of(tmp_path, "X-1,2026-05-03 10:00:00,A,B", *listed)
        assert [status for _, status in after_b] == ["B", "A", "B"]
        before_a = table_of(tmp_path, *listed, "X-1,2026-05-05 10:00:00,A,C")
        assert [status for _, status in before_a] == ["B", "A", "C"]
        # What another item moved from and to says nothing.
        beside = table_of(tmp_path, "W-1,2026-05-03 10:00:00,A,B", *listed, "Y-1,2026-05-05 10:00:00,A,C")
        assert [status for item, status in beside if item == "X-1"] == [line[-1] for line in listed]


def test_moves_of_one_moment_fit_to_those_before_them_in_the_order_that_these_come_to(tmp_path: Path) -> None:
    """As listed, the last two would leave what the two before them entered last: those are turned round."""
    before = ["X-1,2026-05-02 10:00:00,S,A", "X-1,2026-05-03 10:00:00,B,C", "X-1,2026-05-03 10:00:00,A,B"]
    after = table_of(tmp_path, *before, f"X-1,{SAME},B,C", f"X-1,{SAME},C,B")
    assert [status for _, status in after] == ["A", "B", "C", "B", "C"]


def test_only_moves_of_one_moment_that_are_not_listed_as_they_follow_are_looked_at_by_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of very many, hardly any are."""
    asked: list[tuple[Step, ...]] = []

    def only(steps: tuple[Step, ...], before: End | None, after: tuple[End, ...]) -> tuple[int, ...]:
        asked.append(steps)
        return following.only(steps, before, after)

    monkeypatch.setattr("marops.sources.completing.following", SimpleNamespace(only=only))
    fits = [f"X-1,{SAME},A,B", f"X-1,{SAME},B,C", "X-1,2026-05-05 10:00:00,C,D"]
    turned = [f"Y-1,{SAME},K,L", f"Y-1,{SAME},J,K", "Y-1,2026-05-05 10:00:00,L,M"]
    assert [status for _, status in table_of(tmp_path, *fits, *turned)] == ["B", "C", "D", "K", "L", "M"]
    assert set(asked) == {((("", "k"), ("", "l")), (("", "j"), ("", "k")))}


def test_moves_of_one_moment_that_do_not_follow_from_each_other_stay_as_the_table_lists_moves(tmp_path: Path) -> None:
    first, strange, last = (f"X-1,{SAME},{step}" for step in ("A,B", "X,Y", "B,C"))
    later = "X-1,2026-05-05 10:00:00,C,D"
    for listed in permutations([first, strange, last]):
        statuses = [line[-1] for line in listed]
        assert [status for _, status in table_of(tmp_path, *listed, later)] == [*statuses, "D"]
        assert [status for _, status in table_of(tmp_path, later, *listed)] == [*statuses[::-1], "D"]


def test_more_moves_of_one_moment_in_a_table_than_can_be_tried_are_read_the_way_that_links(tmp_path: Path) -> None:
    on = [f"S{number}" for number in range(9)]
    steps = [f"X-1,{SAME},{left},{entered}" for left, entered in pairwise(on)]
    for listed in (steps, steps[::-1]):
        assert [status for _, status in table_of(tmp_path, *listed)] == on[1:]


def test_a_flag_set_and_taken_off_in_one_moment_is_off(tmp_path: Path) -> None:
    on, off = change(5, "Flagged", "", "Impediment"), change(5, "Flagged", "Impediment", "")
    for listed in ((on, off), (off, on)):
        _, tables = found(tmp_path, [issue("A-1", *listed), STILL])
        assert tables["flag_event"]["is_flagged"].to_list() == [False]


def test_more_moves_of_one_moment_than_can_be_tried_are_read_the_way_that_links(tmp_path: Path) -> None:
    on = [f"S{number}" for number in range(9)]
    steps = [change(5, "status", before, after) for before, after in pairwise(on)]
    for listed in (steps, steps[::-1]):
        _, tables = found(tmp_path, [issue("A-1", *listed, status="S8")])
        assert tables["work_item_transition"].sort("status_sequence")["status"].to_list() == on


def test_what_a_history_lacks_is_refused_and_never_filled_in(tmp_path: Path) -> None:
    undated = {**MOVED, "changelog": {"histories": [{**change(4, "status", "Backlog", "Build"), "created": "soon"}]}}
    path = made.put(tmp_path / "jira.json", json.dumps([undated, issue("A-2", status="")]))
    part = made.read(path).parts[1]
    assert [(cell.row, cell.column, cell.value, cell.rule) for cell in part.refused] == [
        (2, "created", "soon", "unreadable"), (3, "to", "", "required"),
    ]  # fmt: skip
    assert (part.rows_read, part.rows_ready, part.rows_refused) == (3, 1, 2)


def test_records_of_other_tools_are_no_issues(tmp_path: Path) -> None:
    report = made.read(made.put(tmp_path / "x.json", json.dumps({"records": [{"id": "r1", "fields": {"Name": "a", "Day": "b"}}]})))
    assert [part.headers for part in report.parts] == [["id", "fields.Name", "fields.Day"]]


def test_large_files_give_the_tables_of_small_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contents = [json.dumps({"issues": [MOVED, STILL]}), f"{json.dumps(MOVED)}\n{json.dumps(STILL)}"]
    monkeypatch.setattr(objects, "SMALL", 10)
    for content in contents:
        report, tables = found(tmp_path, content)
        assert entered(tables["work_item_transition"]) == ENTERED
        assert flagged(tables["flag_event"]) == FLAGS
        assert [part.rows_ready for part in report.parts] == [2, 4, 2]


def test_a_file_is_described_as_the_tables_it_becomes(tmp_path: Path) -> None:
    path = made.put(tmp_path / "jira.json", json.dumps([MOVED, STILL]))
    report = stage(Job(path=str(path), name=path.name, folder=str(tmp_path), today=made.TODAY, describe=True))
    assert [(table.name, table.rows) for table in report.described] == [("issues", 2), ("history", 4), ("flags", 2)]


@given(st.lists(st.tuples(st.integers(1, 28), st.sampled_from("ABC")), max_size=8), st.randoms(use_true_random=False))
def test_every_change_of_status_is_one_row_in_the_order_of_time(steps: list[tuple[int, str]], shuffled: random.Random) -> None:
    steps = sorted(dict(steps).items())
    before = ["New", *(status for _, status in steps)]
    listed = [change(day, "status", left, status) for (day, status), left in zip(steps, before, strict=False)]
    shuffled.shuffle(listed)
    rows = [row for _, row in jira.history([(1, issue("A-1", *listed, status=before[-1]))])]
    assert [row["to"] for row in rows] == before
    assert [row["from"] for row in rows] == ["", *before[:-1]]
    moments = [moment(row["created"]) for row in rows[1:]]
    assert moments == sorted(moments)


@pytest.mark.parametrize("broken", [None, 1, "x", [], {}, [1], [{}], {"histories": None}, {"histories": [1, {"items": 3}]}])
def test_odd_objects_are_read_or_refused_but_never_a_crash(tmp_path: Path, broken: Any) -> None:
    odd = [{**STILL, "changelog": broken}, {**STILL, "fields": {"status": broken}, "key": broken}]
    report = made.read(made.put(tmp_path / "jira.json", json.dumps([MOVED, *odd])))
    assert report.failure is None
    assert sum(part.rows_ready for part in report.parts[1:2]) >= 3


@given(st.integers(0, 10_000))
def test_an_answer_that_is_cut_short_is_refused_as_a_whole(share: int) -> None:
    whole = json.dumps({"issues": [MOVED, STILL]}).encode()
    with TemporaryDirectory() as folder:
        path = made.put(Path(folder) / "jira.json", whole[: 20 + share * (len(whole) - 21) // 10_000])
        report = made.read(path)
    assert report.failure is not None
    assert report.failure.code == "broken_json"
    assert report.parts == []


# Published cases


def test_twenty_published_issues_are_imported_with_their_moves_and_flags(home: Path, admin: Principal) -> None:
    path = case("flow", "01_jam_fork_20issues", "jira", "search_issues.json")
    service.accept(admin, service.preview_file(admin, OWN, path))
    assert made.counted("work_item").height == 20
    moves = made.counted("work_item_transition")
    published = json.loads(path.read_text(encoding="utf-8"))
    changes = [
        (one["key"], item["toString"], history["created"])
        for one in published for history in one["changelog"]["histories"] for item in history["items"] if item["field"] == "status"
    ]  # fmt: skip
    assert moves.height == len(changes) + 20
    later = moves.filter(pl.col("status_sequence") > 1).select("issue_id", "status", "transition_at").rows()
    assert sorted(later) == sorted((key, status, moment(created)) for key, status, created in changes)
    assert flagged(made.counted("flag_event").sort("flag_at")) == [
        ("I-2", made.utc(2021, 1, 14, 10), True, "blocked"), ("I-2", made.utc(2021, 1, 17, 10), False, "blocked"),
    ]  # fmt: skip


def test_the_status_history_of_thirty_two_published_issues_is_devlakes(tmp_path: Path, home: Path) -> None:
    """Its tables, put into the form of the answer they were made from, give its rows; one issue's first status has no name, and is
    refused.
    """
    folder = case("flow", "11_devlake_status_history")
    changes = pl.read_csv(folder / "raw_tables__issue_changelogs.csv", infer_schema=False)
    issues = pl.read_csv(folder / "raw_tables__issues.csv", infer_schema=False)
    answer = [
        {
            "id": row["id"],
            "key": row["issue_key"],
            "fields": {"created": row["created_date"], "status": {"name": row["original_status"]}},
            "changelog": {
                "histories": [
                    {
                        "created": each["created_date"],
                        "items": [
                            {
                                "field": each["field_name"], "fieldId": each["field_id"], "fromString": each["original_from_value"],
                                "toString": each["original_to_value"],
                            }
                        ],
                    }
                    for each in changes.filter(pl.col("issue_id") == row["id"]).to_dicts()
                ]
            },
        }
        for row in issues.to_dicts()
    ]  # fmt: skip
    path = made.put(tmp_path / "devlake.json", json.dumps(answer))
    read = unimported.read_table(LOCAL_ADMIN, path, "work_item_transition", text("event log"), text("Mend it."))
    said = pl.read_csv(folder / "snapshot_tables__issue_status_history.csv", infer_schema=False)
    named, unnamed = said.filter(pl.col("original_status") != ""), said.filter(pl.col("original_status").is_null())
    assert (said.height, unnamed.height) == (200, 1)
    assert sorted(read.rows.select("issue_id", "status", "transition_at").rows()) == sorted(
        (row["issue_id"], row["original_status"], moment(row["start_date"])) for row in named.to_dicts()
    )
    assert read.kept_out.select("of", "column", "rule").rows() == [(unnamed["issue_id"][0], "status", "required")]
