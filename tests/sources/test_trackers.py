"""Exports of other trackers: what their items become."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from marops.sources import words
from tests.sources import made

AZURE = """ID,Work Item Type,Title,Assigned To,State,Tags{more}
101,User Story,Landing,Ana,Active,web{one}
102,Bug,Mail,,Closed,{other}
"""
LINEAR = """ID,Title,Status,Priority,Project,Assignee,Cycle Number,Cycle Name,Created,Triaged,Completed,Due Date,Parent issue
M-1,Landing,In Progress,High,Launch,ana@x.com,3,Three,Fri May 01 2026 09:00:00 GMT+0000 (GMT),,,2026-05-31,
M-2,Mail,Done,High,Launch,,3,Three,Fri May 01 2026 09:00:00 GMT+0000 (GMT),,Mon May 04 2026 09:00:00 GMT+0000 (GMT),,M-1
"""
GITHUB: dict[str, Any] = {
    "id": 2100, "node_id": "I_x", "number": 7, "title": "Landing", "user": {"login": "ana"}, "labels": [{"name": "bug"}],
    "state": "open", "assignee": None, "milestone": None, "created_at": "2026-05-01T09:00:00Z", "closed_at": None,
    "author_association": "MEMBER", "state_reason": None,
}  # fmt: skip
CLOSED = {
    **GITHUB, "id": 2101, "number": 8, "title": "Mail", "state": "closed", "assignee": {"login": "bo"},
    "milestone": {"title": "M", "due_on": "2026-05-31T07:00:00Z"}, "closed_at": "2026-05-04T09:00:00Z",
}  # fmt: skip
COLUMNS = "issue_id", "issue_name", "current_status", "assignee_user_id", "created_at", "due_date", "resolved_at"


@pytest.mark.parametrize(
    ("name", "content", "recognised", "rows"),
    [
        (
            "azure.csv",
            AZURE.format(
                more=",Created Date,Closed Date,Target Date", one=",5/1/2026 9:00:00 AM,,5/31/2026 12:00:00 AM",
                other=",5/13/2026 9:00:00 AM,5/14/2026 9:00:00 PM,",
            ),
            "Azure DevOps work items",
            [
                ("101", "Landing", "Active", "Ana", made.utc(2026, 5, 1, 9), date(2026, 5, 31), None),
                ("102", "Mail", "Closed", None, made.utc(2026, 5, 13, 9), None, made.utc(2026, 5, 14, 21)),
            ],
        ),
        (
            "linear.csv", LINEAR, "Linear issues",
            [
                ("M-1", "Landing", "In Progress", "ana@x.com", made.utc(2026, 5, 1, 9), date(2026, 5, 31), None),
                ("M-2", "Mail", "Done", None, made.utc(2026, 5, 1, 9), None, made.utc(2026, 5, 4, 9)),
            ],
        ),
        (
            "github.json", json.dumps([GITHUB, CLOSED]), "GitHub issues",
            [
                ("2100", "Landing", "open", None, made.utc(2026, 5, 1, 9), None, None),
                ("2101", "Mail", "closed", "bo", made.utc(2026, 5, 1, 9), date(2026, 5, 31), made.utc(2026, 5, 4, 9)),
            ],
        ),
    ],
)  # fmt: skip
def test_items_of_other_trackers_are_work_items(
    tmp_path: Path, name: str, content: str, recognised: str, rows: list[tuple[Any, ...]]
) -> None:
    path = made.put(tmp_path / name, content)
    part = made.only(made.read(path))
    assert (part.recognised_as, part.rows.table, part.questions) == (recognised, "work_item", [])
    assert made.rows(path, part).select(COLUMNS).rows() == rows


def test_work_items_of_azure_without_their_creation_are_work_items_that_lack_it(tmp_path: Path) -> None:
    part = made.only(made.read(made.put(tmp_path / "azure.csv", AZURE.format(more="", one="", other=""))))
    assert part.mapping is not None
    assert (part.recognised_as, part.mapping.table, part.staged) == ("Azure DevOps work items", "work_item", None)
    assert [str(words.note(note)) for note in part.notes] == [
        "Rows of work_item need created_at. Say which columns hold them, or give one value for all rows."
    ]


def test_issues_of_the_command_line_of_github_are_proposed_as_work_items(tmp_path: Path) -> None:
    """The few fields that somebody asked for mark no layout."""
    issue = {"number": 7, "title": "Landing", "state": "OPEN", "createdAt": "2026-05-01T09:00:00Z", "closedAt": None}
    part = made.only(made.read(made.put(tmp_path / "gh.json", json.dumps([issue]))))
    assert (part.mapping, part.proposals[0].table) == (None, "work_item")


# Trello

CREATED = "69f46d10"  # 2026-05-01 09:06:24 UTC in seconds, as ids begin


def card(number: int, place: str, **more: Any) -> dict[str, Any]:
    return {
        "id": f"{CREATED}a1b2c3d4e5f6071{number}", "name": f"Card {number}", "idList": place, "idBoard": "b", "due": None,
        "dueComplete": False, "closed": False, "idMembers": [], **more,
    }  # fmt: skip


def action(number: int, kind: str, day: int, **data: Any) -> dict[str, Any]:
    known = {"card": {"id": card(1, "")["id"]}, "board": {"id": "b"}, **data}
    when = f"2026-05-{day:02}T09:00:00.000Z"
    return {"id": f"a{number}", "type": kind, "date": when, "idMemberCreator": "m", "data": known}


BOARD = {
    "id": "b", "name": "Launches", "lists": [{"id": "l1", "name": "Build"}, {"id": "l2", "name": "QA"}],
    "cards": [
        card(1, "l2", due="2026-05-31T12:00:00.000Z", idMembers=["m1", "m2"]), card(2, "l1", dueComplete=True),
        card(3, "l1", closed=True), card(4, "l9"),
    ],
    "actions": [
        action(4, "commentCard", 7, text="x"), action(3, "updateCard", 6, listBefore={"name": "Build"}, listAfter={"name": "QA"}),
        action(2, "updateCard", 5, old={"name": "x"}, list={"name": "Build"}), action(1, "createCard", 4, list={"name": "Build"}),
    ],
}  # fmt: skip
MOVES = [
    (card(1, "")["id"], "Build", None, made.utc(2026, 5, 4, 9), "m"),
    (card(1, "")["id"], "QA", "Build", made.utc(2026, 5, 6, 9), "m"),
]


def test_a_board_of_trello_is_its_cards_and_how_they_moved(tmp_path: Path) -> None:
    path = made.put(tmp_path / "board.json", json.dumps(BOARD))
    report = made.read(path)
    items, moves = report.parts
    assert (items.name, items.recognised_as, moves.name, moves.recognised_as) == (
        "cards", "Trello cards", "history", "Trello actions",
    )  # fmt: skip
    columns = "issue_name", "current_status", "current_status_category", "assignee_user_id", "due_date", "project_name"
    assert made.rows(path, items).select(columns).rows() == [
        ("Card 1", "QA", None, "m1", date(2026, 5, 31), "Launches"), ("Card 2", "Build", "Done", None, None, "Launches"),
        ("Card 3", "Build", "Done", None, None, "Launches"), ("Card 4", "l9", None, None, None, "Launches"),
    ]  # fmt: skip
    assert set(made.rows(path, items)["created_at"]) == {made.utc(2026, 5, 1, 9, 6, 24)}
    told = made.rows(path, moves).select("issue_id", "status", "previous_status", "transition_at", "changed_by")
    assert told.sort("transition_at").rows() == MOVES
    assert report.notes == []


def test_cards_and_actions_of_trello_may_come_alone(tmp_path: Path) -> None:
    path = made.put(tmp_path / "cards.json", json.dumps(BOARD["cards"]))
    part = made.only(made.read(path))
    assert (part.recognised_as, made.rows(path, part)["current_status"].to_list()) == ("Trello cards", ["l2", "l1", "l1", "l9"])
    path = made.put(tmp_path / "actions.json", json.dumps(BOARD["actions"]))
    part = made.only(made.read(path))
    told = made.rows(path, part).select("issue_id", "status", "previous_status", "transition_at", "changed_by")
    assert (part.recognised_as, told.sort("transition_at").rows()) == ("Trello actions", MOVES)


def test_a_board_with_as_many_actions_as_an_export_holds_may_lack_others(tmp_path: Path) -> None:
    full = {**BOARD, "actions": [action(n, "commentCard", 7) for n in range(996)] + BOARD["actions"]}
    report = made.read(made.put(tmp_path / "board.json", json.dumps(full)))
    (note,) = report.notes
    assert str(words.note(note)) == (
        "Launches: the file holds only the newest 1,000 actions, so earlier moves of cards are missing. "
        "Fetch those before from the API, page by page, and import them, too."
    )
    moves = made.rows(tmp_path / "board.json", report.parts[1])
    assert moves.select("status", "previous_status").rows() == [("Build", None), ("QA", None)]
