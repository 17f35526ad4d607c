"""What issues and histories come to that trackers export as files of their own, in whichever order they are imported."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from itertools import permutations
from pathlib import Path

import polars as pl
import pytest
from sqlmodel import select

from marops import item_rollups, store
from marops.errors import Conflict, UserError
from marops.lake import Blob
from marops.period import Comparison, Period, Scope
from marops.pipeline import details
from marops.pipeline import service as pipeline
from marops.pipeline.quality import Doubt
from marops.principal import Principal
from marops.sources import service
from marops.stages import Category, Stage
from marops.work import approving, commenting, hindrances, reading
from marops.work.hindrances import Kind
from marops.workspaces import service as workspaces
from marops.workspaces.store import OWN, load
from tests.scorecard.made import at, fill
from tests.sources import made
from tests.work.made import ANA, VIC, facts, read, refused, requested

ISSUES = """Summary,Issue key,Issue id,Issue Type,Status,Created,Resolved,Due date
Camp,A-1,10001,Story,Live,2026-02-01 09:00,,2026-03-09
"""
MOVES = """{named},Date of change,Updated by,Field,Old value,New value
{it},2026-02-04 09:00,Ana,status,In Progress,Review
{it},2026-02-09 09:00,Ana,status,Review,Live
"""
FLAGGED = "{it},2026-02-05 09:00,Ana,Flagged,,Impediment\n"

UP_TO_MARCH = Scope(OWN, Period(date(2026, 1, 1), date(2026, 3, 31)), Comparison.NONE)

Take = Callable[..., None]


@pytest.fixture
def take(admin: Principal, tmp_path: Path, read_here: None) -> Take:
    """Imports files of these contents, one after the other."""

    def imported(*contents: str, ending: str = "csv") -> None:
        for number, content in enumerate(contents):
            path = made.put(tmp_path / f"{number}.{ending}", content)
            service.accept(admin, service.preview_file(admin, OWN, path))

    return imported


def work(*columns: str | pl.Expr) -> list[tuple[object, ...]]:
    return item_rollups.work(facts()).select(*columns).rows()


@pytest.mark.parametrize("order", list(permutations(range(2))))
@pytest.mark.parametrize(("named", "it"), [("Issue Key", "A-1"), ("Issue id", "10001")])
def test_a_history_that_names_issues_by_their_keys_is_theirs_as_one_that_has_their_ids(
    take: Take, order: tuple[int, int], named: str, it: str
) -> None:
    files = ISSUES, MOVES.format(named=named, it=it) + FLAGGED.format(it=it)
    take(*(files[place] for place in order))
    assert work("issue_id", "key", "name", "stage", "launched_at") == [("10001", "A-1", "Camp", "execution", at(2, 9, 9))]
    assert set(item_rollups.stage_moves(facts())["issue_id"]) == {"10001"}
    assert item_rollups.flags(facts()).select("issue_id", "from_at").rows() == [("10001", at(2, 5, 9))]


def test_a_move_that_two_histories_tell_under_id_and_key_is_one(take: Take) -> None:
    take(ISSUES, MOVES.format(named="Issue id", it="10001"))
    before = item_rollups.stage_moves(facts()).rows()
    take(MOVES.format(named="Issue Key", it="A-1"))
    assert item_rollups.stage_moves(facts()).rows() == before


def test_moves_of_one_moment_stand_on_the_board_in_the_order_in_which_they_follow_from_each_other(take: Take) -> None:
    tied = "A-1,2026-02-04 09:00,Ana,status,Build,QA\nA-1,2026-02-04 09:00,Ana,status,Selected,Build\n"
    take(ISSUES, DONE_MOVES + "A-1,2026-02-09 09:00,Ana,status,QA,Live\n" + tied)
    assert item_rollups.stage_moves(facts()).select("status", "entered_at").rows() == [
        ("Selected", at(2, 1, 9)), ("Build", at(2, 4, 9)), ("QA", at(2, 4, 9)), ("Live", at(2, 9, 9)),
    ]  # fmt: skip
    assert [move.status for move in reading.item(VIC, OWN, "A-1").moves] == ["Build", "QA", "Live"]


def test_a_key_that_two_issues_have_or_that_is_anothers_id_names_neither(take: Take) -> None:
    other = "Twin,A-1,10002,Story,Live,2026-02-01 09:00,,\nNamed,10001,10003,Story,Live,2026-02-01 09:00,,\n"
    take(ISSUES + other, MOVES.format(named="Issue Key", it="A-1"))
    assert set(item_rollups.stage_moves(facts())["issue_id"]) == {"A-1"}


# What its tracker has finished

DONE_MOVES = "Issue key,Date of change,Updated by,Field,Old value,New value\n"


def issue(key: str, status: str, category: str, resolved: str = "", due: str = "2026-03-05") -> str:
    return f"{key},{key},{status},{category},2026-02-01 09:00,{resolved},{due}\n"


def issues(*rows: str) -> str:
    return "Summary,Issue key,Status,Status Category,Created,Resolved,Due date\n" + "".join(rows)


def moved(key: str, *steps: tuple[int, str, str]) -> str:
    return "".join(f"{key},2026-02-{day:02} 09:00,Ana,status,{left},{entered}\n" for day, left, entered in steps)


STANDS = "issue_id", "stage", "launched_at", "done_at", "finished", "differs"


def test_what_a_tracker_has_finished_is_neither_late_nor_in_preparation_and_named(take: Take) -> None:
    """With a history or without one, at its moment or the last that is known, whatever the status is called."""
    take(
        issues(
            issue("A-1", "Released", "Done", "2026-02-12 09:00"), issue("A-2", "Build", "", "2026-02-12 09:00"),
            issue("A-3", "Released", "Done"), issue("A-4", "Released", "In Progress"),
            issue("A-5", "Released", "Done", "2026-02-12 09:00"),
            issue("A-6", "Build", "", "2026-02-12 09:00"), issue("A-7", "Released", "Done"),
        ),
        DONE_MOVES + moved("A-5", (4, "", "Build"), (12, "Build", "Released")) + moved("A-6", (4, "", "Build"))
        + moved("A-7", (4, "", "Build"), (12, "Build", "Released")),
    )  # fmt: skip
    end = at(2, 12, 9)
    assert sorted(work(*STANDS)) == [
        ("A-1", "done", end, end, "Released", None), ("A-2", "done", end, end, "Build", None),
        ("A-3", "done", None, at(2, 1, 9), "Released", None), ("A-4", None, None, None, None, None),
        ("A-5", "done", end, end, "Released", None), ("A-6", "done", end, end, "Build", None),
        ("A-7", "done", end, end, "Released", None),
    ]  # fmt: skip
    found, seen = pipeline.flow(VIC, UP_TO_MARCH), details.details(VIC, UP_TO_MARCH)
    assert found.overdue["issue_id"].to_list() == ["A-4"]
    assert (found.late.value, found.in_preparation.value, found.items.height, found.adrift) == (1, 1, 0, ())
    assert seen.ageing.is_empty()
    finished = seen.doubts.filter(pl.col("why").is_in([Doubt.FINISHED, Doubt.EQUAL_TIMES]))
    assert sorted(finished.select("issue_id", "found").rows()) == [
        ("A-1", "Released"), ("A-2", "Build"), ("A-3", "Released"), ("A-5", "Released"), ("A-6", "Build"), ("A-7", "Released"),
    ]  # fmt: skip
    assert sorted(seen.doubts.filter(why=Doubt.UNKNOWN).select("issue_id", "found").rows()) == [
        ("A-1", "Released"), ("A-3", "Released"), ("A-4", "Released"), ("A-5", "Released"), ("A-7", "Released"),
    ]  # fmt: skip


def test_what_was_resolved_as_dropped_was_not_launched_whatever_its_status_is_called(take: Take) -> None:
    """With a history or without one; a resolution that is no word for dropped work, and one of work that goes on, say nothing."""
    ended = "A-{n},A-{n},{status},{category},2026-02-01 09:00,{resolved},2026-03-05,{resolution}\n".format
    over = "2026-02-12 09:00"
    take(
        "Summary,Issue key,Status,Status Category,Created,Resolved,Due date,Resolution\n"
        + ended(n=1, status="Done", category="Done", resolved=over, resolution="Won't  Do")
        + ended(n=2, status="Done", category="Done", resolved=over, resolution="Done")
        + ended(n=3, status="Released", category="Done", resolved=over, resolution="Duplicate")
        + ended(n=4, status="Done", category="Done", resolved=over, resolution="Declined")
        + ended(n=5, status="Build", category="In Progress", resolved="", resolution="Won't Do")
        + ended(n=6, status="Done", category="Done", resolved=over, resolution="Shipped")
        + ended(n=7, status="Closed", category="Done", resolved=over, resolution="Won't Do")
        + ended(n=8, status="Done", category="Done", resolved=over, resolution="Won't Do")
        + ended(n=9, status="Done", category="Done", resolved=over, resolution="Won't Do"),
        DONE_MOVES + "".join(moved(f"A-{n}", (4, "", "Build"), (12, "Build", "Done")) for n in (1, 2, 6))
        + moved("A-7", (4, "", "Build"), (10, "Build", "Resolved"), (12, "Resolved", "Closed"))
        + moved("A-8", (4, "", "Build"), (8, "Build", "Done"), (10, "Done", "Build"), (12, "Build", "Done"))
        + moved("A-9", (4, "", "Build"), (8, "Build", "Live"), (10, "Live", "Build"), (12, "Build", "Done"))
        + moved("A-3", (4, "", "Build")) + moved("A-5", (4, "", "Build")),
    )  # fmt: skip
    end = at(2, 12, 9)
    assert sorted(work("issue_id", "stage", "launched_at", "done_at", "differs")) == [
        ("A-1", "dropped", None, end, None), ("A-2", "done", end, end, None), ("A-3", "dropped", None, end, "Released, Build"),
        ("A-4", "dropped", None, end, None), ("A-5", "build", None, None, None), ("A-6", "done", end, end, None),
        ("A-7", "dropped", None, at(2, 10, 9), None), ("A-8", "dropped", None, end, None),
        ("A-9", "dropped", at(2, 8, 9), end, None),
    ]  # fmt: skip
    assert sorted(work("issue_id", "by_end"))[:3] == [("A-1", False), ("A-2", True), ("A-3", False)]
    assert dict(work("issue_id", "by_end"))["A-9"] is False  # it ran
    # What ran was launched, whatever became of it then; what was only done, and taken up again, was not.
    seen = details.details(VIC, UP_TO_MARCH)
    assert sorted(seen.launched["issue_id"]) == ["A-2", "A-6", "A-9"]
    assert sorted(seen.doubts.filter(why=Doubt.WITHDRAWN)["issue_id"]) == ["A-1", "A-3", "A-7", "A-8"]
    seen = reading.item(VIC, OWN, "A-1")
    assert [str(move.stage and move.stage.id) for move in (*seen.moves, seen)] == ["build", "dropped", "dropped"]


def test_resolutions_of_finished_work_that_are_not_known_count_as_launched_and_are_listed(take: Take) -> None:
    ended = "A-{n},A-{n},{status},{category},2026-02-01 09:00,{resolved},2026-03-05,{resolution}\n".format
    over = "2026-02-12 09:00"
    take(
        "Summary,Issue key,Status,Status Category,Created,Resolved,Due date,Resolution\n"
        + ended(n=1, status="Done", category="Done", resolved=over, resolution="Won\u2019t Do")
        + ended(n=2, status="Done", category="Done", resolved=over, resolution="N\u00e3o ser\u00e1 feito")
        + ended(n=3, status="Done", category="Done", resolved=over, resolution="Behoben")
        + ended(n=4, status="Done", category="Done", resolved=over, resolution="Shipped")
        + ended(n=5, status="Released", category="Done", resolved=over, resolution="shipped")
        + ended(n=6, status="Done", category="Done", resolved=over, resolution="Shelved")
        + ended(n=7, status="Build", category="In Progress", resolved="", resolution="Parked")
        + ended(n=8, status="Cancelled", category="Done", resolved=over, resolution="Parked")
        + ended(n=9, status="Done", category="Done", resolved=over, resolution="")
    )  # fmt: skip
    assert [key for key, moment in sorted(work("issue_id", "launched_at")) if moment] == ["A-3", "A-4", "A-5", "A-6", "A-9"]
    assert details.details(VIC, UP_TO_MARCH).unknown_resolutions.rows() == [("Shipped", 2), ("Shelved", 1)]


def test_where_nothing_runs_what_a_tracker_has_finished_was_launched_then(take: Take) -> None:
    workspaces.set_process(
        ANA, OWN, [Stage("make", "Make", Category.ACTIVE, "", ("build",)), Stage("over", "Over", Category.DONE, "", ("done",))]
    )
    take(
        issues(
            issue("A-1", "Build", "Done", "2026-02-12 09:00"), issue("A-2", "Done", "Done", "2026-03-06 09:00"),
            issue("A-3", "Build", "Done", "2026-02-12 09:00"), issue("A-4", "Done", "Done"),
        ),
        DONE_MOVES + moved("A-3", (4, "", "Build")),
    )  # fmt: skip
    assert sorted(work(*STANDS[:4])) == [
        ("A-1", "over", at(2, 12, 9), at(2, 12, 9)), ("A-2", "over", at(3, 6, 9), at(3, 6, 9)),
        ("A-3", "over", at(2, 12, 9), at(2, 12, 9)), ("A-4", "over", None, at(2, 1, 9)),
    ]  # fmt: skip
    found = pipeline.flow(VIC, UP_TO_MARCH)
    assert (found.on_time.value, found.late.value) == (2 / 3, 0)
    assert str(found.on_time.note) == (
        "3 campaigns due; of 1 more no history tells when it was launched; 3 count by the day they were done"
    )
    assert details.details(VIC, UP_TO_MARCH).delivered.timed.select("issue_id", "cycle").rows() == [("A-3", 8.0)]


def test_work_that_went_on_after_its_completion_was_taken_up_again(take: Take) -> None:
    take(
        issues(issue("A-1", "Build", "", "2026-02-12 09:00")),
        DONE_MOVES + moved("A-1", (4, "", "Build"), (12, "Build", "Done"), (14, "Done", "Build")),
    )
    assert work(*STANDS) == [("A-1", "build", None, None, None, None)]


def test_what_runs_runs_whatever_category_its_status_has_unless_its_tracker_has_no_categories(take: Take) -> None:
    take(issues(issue("A-1", "Live", "Done", "2026-02-12 09:00"), issue("A-2", "Live", "", "2026-02-12 09:00")))
    assert sorted(work(*STANDS)) == [
        ("A-1", "execution", None, None, None, None), ("A-2", "done", at(2, 12, 9), at(2, 12, 9), "Live", None),
    ]  # fmt: skip


# Where tracker and history differ


@pytest.mark.parametrize("order", list(permutations(range(2))))
def test_what_its_tracker_says_is_over_or_runs_is_not_late_though_its_history_ends_before(
    take: Take, order: tuple[int, int]
) -> None:
    """Moved at the tracker's moment; without one, its moves are in no measure."""
    rows = (issue("A-1", "Done", "Done", "2026-02-20 09:00"), issue("A-2", "Done", "Done"), issue("A-3", "Live", "In Progress"),
            issue("A-4", "QA", "In Progress"))  # fmt: skip
    files = issues(*rows), DONE_MOVES + "".join(moved(f"A-{n}", (4, "Backlog", "Build")) for n in range(1, 5))
    take(*(files[place] for place in order))
    assert sorted(work(*STANDS)) == [
        ("A-1", "done", at(2, 20, 9), at(2, 20, 9), None, "Done, Build"), ("A-2", "done", None, at(2, 4, 9), None, "Done, Build"),
        ("A-3", "execution", None, None, None, "Live, Build"), ("A-4", "build", None, None, None, "QA, Build"),
    ]  # fmt: skip
    assert set(item_rollups.stage_moves(facts())["issue_id"]) == {"A-1", "A-4"}
    assert set(item_rollups.stage_visits(facts())["issue_id"]) == {"A-1", "A-4"}
    assert pipeline.flow(VIC, UP_TO_MARCH).overdue["issue_id"].to_list() == ["A-4"]
    doubts = details.details(VIC, UP_TO_MARCH).doubts
    assert sorted(doubts.select("issue_id", "why", "counts", "found").rows()) == [
        ("A-1", Doubt.DIFFERS.value, "all", "Done, Build"),
        ("A-2", Doubt.DIFFERS.value, "none", "Done, Build"), ("A-3", Doubt.DIFFERS.value, "none", "Live, Build"),
        ("A-4", Doubt.DIFFERS.value, "all", "QA, Build"),
    ]  # fmt: skip


def test_an_item_is_on_the_board_or_in_a_status_that_is_no_stage_but_not_both(take: Take) -> None:
    take(
        issues(issue("A-1", "QA", "In Progress"), issue("A-2", "Somewhere", "In Progress")),
        DONE_MOVES + "".join(moved(f"A-{n}", (4, "", "Build"), (6, "Build", "Somewhere")) for n in (1, 2)),
    )
    found = pipeline.flow(VIC, UP_TO_MARCH)
    assert found.items.select("issue_id", "stage", "since").rows() == [("A-1", "qa", at(2, 6, 9))]
    visits = item_rollups.stage_visits(facts()).filter(pl.col("left_at").is_null())
    assert visits.select("issue_id", "stage").rows() == [("A-1", "qa"), ("A-2", None)]
    assert found.adrift == ("Somewhere",)
    assert details.details(VIC, UP_TO_MARCH).doubts.filter(why=Doubt.DIFFERS).select("issue_id", "found").rows() == [
        ("A-1", "QA, Somewhere"),
    ]  # fmt: skip


# Before the first move


def change(day: int, left: str, entered: str) -> dict[str, object]:
    item = {"field": "status", "fieldId": "status", "fromString": left, "toString": entered}
    return {"id": str(day), "created": f"2026-02-{day:02}T09:00:00.000+0000", "items": [item]}


ANSWER = {
    "issues": [
        {
            "id": "10001", "key": "A-1",
            "fields": {
                "summary": "Camp", "created": "2026-02-01T09:00:00.000+0000", "duedate": "2026-03-09", "status": {"name": "Live"},
                "issuetype": {"name": "Story"},
            },
            "changelog": {"histories": [change(4, "In Progress", "Review"), change(9, "Review", "Live")]},
        }
    ]
}  # fmt: skip


def test_the_status_that_the_first_move_left_was_there_from_the_creation_on_in_a_csv_as_in_an_answer(
    take: Take, admin: Principal
) -> None:
    def measured() -> list[object]:
        timed = details.details(VIC, UP_TO_MARCH).delivered.timed
        return [*item_rollups.stage_visits(facts()).rows(), *timed.select("issue_id", "started", "cycle", "lead").rows()]

    take(json.dumps(ANSWER), ending="json")
    answered = measured()
    assert answered[-1] == ("10001", at(2, 1, 9), 8.0, 8.0)
    assert answered[0] == ("10001", 1, "build", "In Progress", at(2, 1, 9), at(2, 4, 9))
    for run in service.imports(VIC, OWN):
        service.undo(admin, OWN, run.id)
    take(MOVES.format(named="Issue Key", it="A-1"))
    assert item_rollups.stage_visits(facts())["stage"].to_list() == ["qa", "execution"]  # nobody knows since when it was there
    take(ISSUES)
    assert measured() == answered


@pytest.mark.parametrize("order", list(permutations(range(2))))
@pytest.mark.parametrize("written", ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"])
def test_a_history_counts_once_that_an_answer_and_a_table_tell_with_moments_of_other_precision(
    take: Take, order: tuple[int, int], written: str
) -> None:
    """Also where an item goes back and forth within one minute; on the board as on the item's page."""
    steps = [
        (at(2, 4, 9) + timedelta(seconds=31.417), "In Progress", "Review"),
        (at(2, 4, 9) + timedelta(seconds=40.002), "Review", "In Progress"),
        (at(2, 4, 9) + timedelta(seconds=59.999), "In Progress", "Review"), (at(2, 9, 9) + timedelta(seconds=1), "Review", "Live"),
    ]  # fmt: skip
    told = [
        {**change(4, left, entered), "id": str(n), "created": when.isoformat(timespec="milliseconds")}
        for n, (when, left, entered) in enumerate(steps)
    ]
    (whole,) = ANSWER["issues"]
    answer = json.dumps({"issues": [{**whole, "changelog": {"histories": told}}]})
    table = DONE_MOVES + "".join(f"A-1,{when:{written}},Ana,status,{left},{entered.upper()}\n" for when, left, entered in steps)
    for place in order:
        take((answer, table)[place], ending=("json", "csv")[place])
    begun = [("In Progress", at(2, 1, 9))]
    moves = begun + [(entered, when) for when, _, entered in steps]
    assert item_rollups.stage_moves(facts()).select("status", "entered_at").rows() == moves
    assert [(move.status, move.at) for move in reading.item(VIC, OWN, "A-1").moves] == moves


def test_a_first_move_that_left_nothing_or_came_with_the_creation_begins_the_history(take: Take) -> None:
    take(
        issues(issue("A-1", "QA", "In Progress"), issue("A-2", "QA", "In Progress"), issue("A-3", "QA", "In Progress")),
        DONE_MOVES + moved("A-1", (4, "", "QA")) + moved("A-2", (1, "Build", "QA")) + moved("A-3", (4, "qa", "QA")),
    )
    assert item_rollups.stage_visits(facts()).select("issue_id", "stage", "entered_at").rows() == [
        ("A-1", "qa", at(2, 4, 9)), ("A-2", "qa", at(2, 1, 9)), ("A-3", "qa", at(2, 4, 9)),
    ]  # fmt: skip


def test_the_page_of_an_item_has_the_moves_of_a_history_that_names_it_by_its_key_each_once() -> None:
    fill("work_item", [{"issue_id": "10001", "issue_key": "A-1", "issue_name": "Camp", "created_at": at(3, 1)}])
    fill("work_item_transition", [
        {"issue_id": "A-1", "status_sequence": n, "status": status, "transition_at": at(3, n)}
        for n, status in enumerate(("Build", "QA"), 1)
    ])  # fmt: skip
    fill("work_item_transition", [{"issue_id": "10001", "status_sequence": 1, "status": "QA", "transition_at": at(3, 2)}])
    found = reading.item(VIC, OWN, "10001")
    assert [(move.status, move.at) for move in found.moves] == [("Build", at(3, 1)), ("QA", at(3, 2))]
    assert found.stage is not None
    assert (found.stage.id, found.since) == ("qa", at(3, 2))


def test_what_was_said_of_an_item_known_by_its_key_stays_with_it_once_its_issue_is_imported(take: Take) -> None:
    take(MOVES.format(named="Issue Key", it="A-1"))
    needed = requested("Brief").item
    commenting.comment(ANA, OWN, "A-1", "Wait for the brief")
    approving.ask(ANA, OWN, "A-1", approvers=["Legal"])
    hindrances.flag(ANA, OWN, "A-1", Kind.BLOCKED)
    hindrances.depend(ANA, OWN, "A-1", needed)
    take(ISSUES)
    for name in ("10001", "A-1"):
        assert (read(name).id, read(name).names) == ("10001", ("10001", "A-1"))
        assert [one.words for one in commenting.comments(VIC, OWN, name)] == ["Wait for the brief"]
        assert [one.row.item for one in approving.approvals(VIC, OWN, name)] == ["A-1"]
        assert [one.kind for one in hindrances.flags(VIC, OWN, name)] == ["blocked"]
        assert [(one.item, one.needs) for one in hindrances.dependencies(VIC, OWN, name)] == [("A-1", needed)]
    assert [one.item for one in approving.queue(VIC, OWN)] == ["10001"]
    assert item_rollups.approvals(facts())["issue_id"].to_list() == ["10001"]
    assert item_rollups.flags(facts())["issue_id"].to_list() == ["10001"]
    assert item_rollups.dependencies(facts()).rows() == [("10001", needed)]
    assert refused(Conflict, lambda: hindrances.flag(ANA, OWN, "10001", Kind.BLOCKED)).startswith("Ana flagged it so on ")
    assert refused(Conflict, lambda: hindrances.depend(ANA, OWN, "10001", needed)).startswith("Ana said so on ")
    assert refused(UserError, lambda: hindrances.depend(ANA, OWN, needed, "10001")) == (
        "That would be a circle: M-1 → 10001 → M-1. Nothing in it could begin."
    )


def test_a_key_that_reads_as_a_request_kept_here_names_that_request_alone() -> None:
    item = requested().item
    fill("work_item", [{"issue_id": "10001", "issue_key": item, "issue_name": "Old", "created_at": at(3, 1)}])
    commenting.comment(ANA, OWN, item, "Mine")
    assert (read(item).name, read("10001").name) == ("Spring sale", "Old")
    assert commenting.comments(VIC, OWN, "10001") == []


def test_the_data_reach_to_the_last_completion_wherever_their_end_is_said(take: Take) -> None:
    rows = "A-1,1,Done,2026-02-01 09:00,2026-03-09 09:00\nA-2,2,Build,2026-02-02 09:00,\n"
    take(f"Issue key,Issue id,Status,Created,Resolved\n{rows}")
    opened = workspaces.open_workspace(ANA, OWN)
    assert (opened.first_day, opened.last_day) == (date(2026, 2, 1), date(2026, 3, 9))
    assert pipeline.flow(ANA, UP_TO_MARCH).last_day == date(2026, 3, 9)
    # Earlier imports say only when items were created.
    with store.writing() as session:
        for blob in session.exec(select(Blob)):
            blob.last_day = date(2026, 2, 2)
            session.add(blob)
        load(session, OWN).touch()
    assert pipeline.flow(ANA, UP_TO_MARCH).last_day == date(2026, 3, 9)


def test_items_of_one_campaign_are_told_apart_wherever_they_are_called(take: Take) -> None:
    """By their own names, and by their keys where these are the same, too; one alone is called as its campaign is."""
    rows = [
        ("A-1", "Landing page", "Spring"), ("A-2", "Mailing", "Spring"), ("A-3", "Spring", "Spring"), ("A-4", "Banner", "Autumn"),
        ("A-5", "Banner", ""), ("A-6", "Video", ""), ("A-7", "Video", ""), ("A-8", "Mailing", "Spring"),
    ]  # fmt: skip
    lines = "".join(f"{key},{name},Build,2026-02-0{key[-1]} 09:00,2026-03-01,{campaign}\n" for key, name, campaign in rows)
    take(f"Issue key,Summary,Status,Created,Due date,Custom field (Campaign)\n{lines}")
    called = dict(work("key", "label"))
    assert called == {
        "A-1": "Spring: Landing page", "A-2": "A-2 Spring: Mailing", "A-3": "Spring", "A-4": "Autumn", "A-5": "Banner",
        "A-6": "A-6 Video", "A-7": "A-7 Video", "A-8": "A-8 Spring: Mailing",
    }  # fmt: skip
    found = pipeline.flow(VIC, UP_TO_MARCH)
    assert sorted(found.due["name"]) == sorted(called.values())
    assert sorted(found.items["label"]) == sorted(called.values())


NAMED = """Issue key,Issue id,Status,Created,Assignee,Assignee Id
A-1,1,Build,2026-02-01 09:00,Bea,u1
A-2,2,Build,2026-02-01 10:00,Bea,{other}
A-3,3,Build,2026-02-01 11:00,,u3
A-4,4,Build,2026-02-01 12:00,,
A-5,5,Build,2026-02-01 13:00,,u1
"""


@pytest.mark.parametrize(
    ("other", "names"), [("u1", ["Bea", "Bea", "u3", None, "Bea"]), ("u2", ["Bea (u1)", "Bea (u2)", "u3", None, "Bea (u1)"])]
)
def test_who_does_the_work_is_called_by_name_and_two_of_one_name_are_told_apart(take: Take, other: str, names: list[str]) -> None:
    take(NAMED.format(other=other))
    assert [who for (who,) in work("assignee")] == names


def test_one_that_one_export_tells_by_name_alone_is_the_same_where_another_has_ids(take: Take) -> None:
    rows = "A-8,8,Build,2026-02-02 09:00,Bea\n"
    take(NAMED.format(other="u1"), f"Issue key,Issue id,Status,Created,Assignee\n{rows}")
    assert sorted({str(who) for (who,) in work("assignee")}) == ["Bea", "None", "u3"]
