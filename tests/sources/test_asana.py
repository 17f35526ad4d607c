"""Asana's tasks and stories as its API returns them: tasks with their sections and fields, and how they moved."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from marops.sources import words
from marops.sources.report import Job, Part, Report
from marops.sources.staging import stage
from tests.sources import made

TASK: dict[str, Any] = {
    "gid": "120", "resource_type": "task", "resource_subtype": "default_task", "name": "Landing page", "completed": True,
    "completed_at": "2026-05-09T07:00:00.000Z", "created_at": "2026-05-01T07:00:00.000Z", "due_on": "2026-05-31",
    "assignee": {"gid": "7", "name": "P"}, "parent": {"gid": "119", "name": "Spring"},
    "memberships": [{"project": {"gid": "1", "name": "Launches"}, "section": {"gid": "2", "name": "QA"}}],
    "custom_fields": [
        {"gid": "31", "name": "Campaign", "display_value": "Spring", "text_value": "Spring"},
        {"gid": "32", "name": "Name", "enum_value": {"name": "x"}}, {"gid": "33", "name": "name", "number_value": 3},
    ],
}  # fmt: skip
OPEN = {"gid": "121", "name": "Mail", "completed": False, "completed_at": None, "created_at": "2026-05-02T07:00:00.000Z"}


def story(number: int, kind: str, day: int, task: str = "120", **more: Any) -> dict[str, Any]:
    """A story of a task, on a day in May."""
    return {
        "gid": str(number), "resource_type": "story", "resource_subtype": kind, "created_at": f"2026-05-{day:02}T07:00:00.000Z",
        "created_by": {"gid": "7", "name": "P"}, "target": {"gid": task}, "text": "private", **more,
    }  # fmt: skip


def moved(number: int, day: int, left: str, entered: str, task: str = "120") -> dict[str, Any]:
    return story(number, "section_changed", day, task, old_section={"name": left}, new_section={"name": entered})


def found(tmp_path: Path, content: Any) -> tuple[Report, Part, pl.DataFrame]:
    path = made.put(tmp_path / "asana.json", content if isinstance(content, str) else json.dumps(content))
    report = made.read(path)
    part = made.only(report)
    return report, part, made.rows(path, part)


@pytest.mark.parametrize(
    "content", [{"data": [TASK, OPEN]}, [TASK, OPEN], f"{json.dumps(TASK)}\n{json.dumps(OPEN)}"], ids=["answer", "list", "lines"]
)
def test_tasks_have_their_sections_projects_and_custom_fields(tmp_path: Path, content: Any) -> None:
    _, part, rows = found(tmp_path, content)
    assert part.recognised_as == "Asana tasks"
    assert rows.drop("source_row_number").to_dicts() == [
        {
            "issue_id": "120", "issue_name": "Landing page", "issue_type": "default_task", "parent_issue_id": "119",
            "project_name": "Launches", "current_status": "QA", "assignee_user_id": "7", "assignee_name": "P",
            "created_at": made.utc(2026, 5, 1, 7), "due_date": date(2026, 5, 31),
            "resolved_at": made.utc(2026, 5, 9, 7), "campaign_name": "Spring",
        },
        {
            "issue_id": "121", "issue_name": "Mail", "issue_type": None, "parent_issue_id": None, "project_name": None,
            "current_status": None, "assignee_user_id": None, "assignee_name": None,
            "created_at": made.utc(2026, 5, 2, 7), "due_date": None, "resolved_at": None, "campaign_name": None,
        },
    ]  # fmt: skip


@pytest.mark.parametrize("order", [1, -1])
def test_a_task_that_is_nobodys_hides_nobody(tmp_path: Path, order: int) -> None:
    _, _, rows = found(tmp_path, {"data": [TASK, {**OPEN, "assignee": None, "parent": None}][::order]})
    assert sorted(rows.select("issue_id", "assignee_user_id", "parent_issue_id").rows()) == [
        ("120", "7", "119"), ("121", None, None),
    ]  # fmt: skip


def test_one_task_alone_and_tasks_on_several_pages_are_read(tmp_path: Path) -> None:
    """A task is answered as the data itself, and not as a list of one."""
    following = {"data": [TASK], "next_page": {"offset": "x"}}
    for content in (
        TASK, json.dumps(TASK, indent=1), {"data": TASK}, json.dumps({"data": TASK}, indent=1), [{"data": TASK}, {"data": OPEN}],
        [following, {"data": [OPEN], "next_page": None}], f'{json.dumps(following)}\n{json.dumps({"data": [OPEN, TASK]})}',
    ):  # fmt: skip
        report, part, rows = found(tmp_path, content)
        assert part.recognised_as == "Asana tasks"
        assert rows["issue_id"].sort().to_list() == (["120", "121"] if "121" in str(content) else ["120"])
        assert {note.code for note in report.notes} <= {"beside_records", "records_repeated"}
    report, _, _ = found(tmp_path, following)
    assert str(words.note(report.notes[-1])).startswith("The file is one page of a longer answer: it holds 1 record, and others")
    report, _, _ = found(tmp_path, [following, {"data": [OPEN], "next_page": {"offset": "y"}}])
    assert str(words.note(report.notes[-1])).startswith(
        "The file holds 2 pages of a longer answer with 2 records; others are missing."
    )


def test_stories_on_several_pages_are_the_moves_of_one_task(tmp_path: Path) -> None:
    held = [moved(1, 3, "To do", "Doing"), moved(2, 4, "Doing", "QA"), story(3, "marked_complete", 5)]
    _, part, rows = found(tmp_path, [{"data": held[:2], "next_page": {"offset": "x"}}, {"data": held[1:], "next_page": None}])
    assert part.recognised_as == "Asana stories (API)"
    assert rows.sort("status_sequence")["status"].to_list() == ["Doing", "QA", "Completed"]


def test_stories_that_stand_in_their_tasks_are_their_moves(tmp_path: Path) -> None:
    def without_target(told: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in told.items() if name != "target"}

    told = [story(1, "comment_added", 2), moved(3, 4, "Doing", "QA"), moved(2, 3, "To do", "Doing"), story(4, "marked_complete", 5)]
    tasks = [{**TASK, "stories": [without_target(each) for each in told]}, {**OPEN, "stories": []}]
    path = made.put(tmp_path / "asana.json", json.dumps({"data": tasks}))
    items, moves = made.read(path).parts
    assert (items.recognised_as, moves.recognised_as) == ("Asana tasks", "Asana stories (API)")
    assert "stories" not in items.headers
    assert made.rows(path, items)["issue_id"].to_list() == ["120", "121"]
    rows = made.rows(path, moves).sort("transition_at").select("issue_id", "status", "previous_status")
    assert rows.rows() == [("120", "Doing", "To do"), ("120", "QA", "Doing"), ("120", "Completed", "QA")]


def test_custom_fields_of_days_and_amounts_are_read_as_they_are_and_not_as_they_are_shown(tmp_path: Path) -> None:
    fields = [
        {"gid": "41", "name": "Value per day", "display_value": "R$1,235", "number_value": 1234.5, "currency_code": "BRL"},
        {"gid": "42", "name": "Business  unit", "display_value": "Retail, Web", "multi_enum_values": [{"name": "Retail"}]},
        {"gid": "43", "name": "Go-live", "display_value": "2026-06-15T00:00:00.000Z", "date_value": {"date": "2026-06-15"}},
    ]
    path = made.put(tmp_path / "asana.json", json.dumps({"data": [{**TASK, "custom_fields": fields}]}))
    part = made.only(made.read(path))
    own = made.rows(path, part).select("value_per_day", "currency_code", "business_unit", "due_date")
    assert own.rows() == [(Decimal("1234.5"), "BRL", "Retail, Web", date(2026, 5, 31))]
    assert part.mapping is not None
    columns = {**part.mapping.columns, "due_date": part.headers.index("Go-live")}
    chosen = made.only(made.read(path, {"": part.mapping.model_copy(update={"columns": columns})}))
    assert made.rows(path, chosen)["due_date"].to_list() == [date(2026, 6, 15)]


def test_a_custom_field_never_takes_the_place_of_a_tasks_own(tmp_path: Path) -> None:
    _, part, rows = found(tmp_path, {"data": [TASK]})
    assert rows["issue_name"].to_list() == ["Landing page"]
    assert "custom field 33" in part.headers


def test_tasks_in_sections_of_several_projects_are_named(tmp_path: Path) -> None:
    shared = {**TASK, "memberships": [*TASK["memberships"], {"project": {"name": "IT"}, "section": {"name": "To do"}}]}
    report, _, rows = found(tmp_path, {"data": [shared, OPEN], "next_page": {"offset": "x"}})
    assert rows.select("current_status", "project_name").row(0) == ("QA", "Launches, IT")
    assert [str(words.note(note)) for note in report.notes] == [
        "Beside its records the file holds next_page; what stands there was left out.",
        "The file is one page of a longer answer: it holds 2 records, and others stand on pages of their own. Import those, too.",
        "Tasks that stand in several sections, of projects they share: 1 (120). The section of the first project was taken.",
    ]


def test_stories_are_moves_between_sections_and_completions(tmp_path: Path) -> None:
    """A task that is taken up again is back in the section it was in; filed elsewhere once it is completed, it stays completed.
    Comments are no moves, and their words are not kept.
    """
    stories = [
        story(1, "comment_added", 2), moved(2, 3, "To do", "Doing"), story(3, "marked_complete", 5),
        story(4, "marked_incomplete", 6), moved(5, 7, "Doing", "QA"), story(6, "marked_complete", 9),
        story(7, "marked_complete", 4, "121"),
        story(8, "marked_incomplete", 5, "121"), story(9, "marked_complete", 2, "122"), moved(10, 3, "Idea", "Done", "122"),
    ]  # fmt: skip
    for listed in (stories, stories[::-1]):
        _, part, rows = found(tmp_path, {"data": listed})
        assert (part.recognised_as, part.set_aside_count, part.rows_refused) == ("Asana stories (API)", 1, 0)
        assert "private" not in str(part.model_dump())
        ordered = rows.sort("issue_id", "status_sequence")
        assert ordered.select("issue_id", "previous_status", "status", pl.col("transition_at").dt.day(), "changed_by").rows() == [
            ("120", "To do", "Doing", 3, "7"), ("120", "Doing", "Completed", 5, "7"), ("120", "Completed", "Doing", 6, "7"),
            ("120", "Doing", "QA", 7, "7"), ("120", "QA", "Completed", 9, "7"), ("121", None, "Completed", 4, "7"),
            ("121", "Completed", "Incomplete", 5, "7"), ("122", "Idea", "Completed", 2, "7"),
        ]  # fmt: skip


def test_numbers_are_added_up_and_ids_are_not(tmp_path: Path) -> None:
    path = made.put(tmp_path / "asana.json", json.dumps({"data": [TASK, OPEN]}))
    (table,) = stage(Job(path=str(path), name=path.name, folder=str(tmp_path), today=made.TODAY, describe=True)).described
    assert [column.source for column in table.columns if column.additive] == ["custom field 33"]


def test_a_story_without_its_task_or_section_is_refused(tmp_path: Path) -> None:
    lost = {name: value for name, value in moved(2, 3, "To do", "Doing").items() if name != "target"}
    _, part, _ = found(tmp_path, {"data": [moved(1, 3, "To do", "Doing"), lost, story(3, "section_changed", 4)]})
    assert [(cell.row, cell.column, cell.rule) for cell in part.refused] == [
        (2, "target.gid", "required"), (3, "entered", "required"),
    ]  # fmt: skip


@pytest.mark.parametrize("broken", [None, 1, "x", [], {}, [1], [{}], [{"section": 1, "project": []}]])
def test_odd_objects_are_read_or_refused_but_never_a_crash(tmp_path: Path, broken: Any) -> None:
    for field in ("memberships", "custom_fields", "projects", "assignee"):
        _, part, _ = found(tmp_path, {"data": [TASK, {**OPEN, field: broken}]})
        assert part.rows_ready == 2
    for field in ("target", "new_section", "old_section", "created_by"):
        _, part, _ = found(tmp_path, {"data": [moved(1, 3, "A", "B"), {**moved(2, 4, "B", "C"), field: broken}]})
        assert part.rows_ready + part.rows_refused == 2
