"""A newer export of the same items: whose place it takes, when it may not, and the way back."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from marops import item_rollups
from marops.errors import Conflict
from marops.principal import Principal
from marops.sources import accepting, service, words
from marops.sources.store import ImportRun
from marops.workspaces.store import OWN
from tests.sources import made
from tests.work.made import facts, refused


@pytest.fixture(autouse=True)
def _prepared(home: Path, read_here: None) -> None:
    """Every test here has an installation of its own."""


def day(number: int) -> datetime:
    """Nine in the morning of a day of May, UTC."""
    return made.utc(2026, 5, number, 9)


def issue(number: int, *steps: tuple[int, str], flags: tuple[int, ...] = ()) -> dict[str, Any]:
    """An issue as Jira's API gives it: created on the first of May in the backlog, then the statuses it entered by day of May."""
    moves = [(on, {"field": "status", "fromString": before, "toString": after}) for (_, before), (on, after) in _pairs(steps)]
    moves += [(on, {"field": "Flagged", "fromString": None, "toString": "Impediment"}) for on in flags]
    return {
        "id": str(10 + number), "key": f"A-{number}",
        "fields": {
            "summary": f"Issue {number}", "created": "2026-05-01T09:00:00.000+0000",
            "status": {"name": steps[-1][1] if steps else "Backlog"},
        },
        "changelog": {
            "histories": [
                {"created": f"2026-05-{on:02}T09:00:00.000+0000", "author": {"accountId": "u"}, "items": [item]}
                for on, item in moves
            ],
            "total": len(moves),
        },
    }  # fmt: skip


def _pairs(steps: tuple[tuple[int, str], ...]) -> list[tuple[tuple[int, str], tuple[int, str]]]:
    return list(zip([(1, "Backlog"), *steps], steps, strict=False))


def jira(*issues: dict[str, Any]) -> str:
    return json.dumps({"issues": list(issues)})


WEEK_1 = jira(issue(1, (4, "Build"), flags=(5,)), issue(2))
WEEK_2 = jira(issue(1, (4, "Build"), (11, "Execution"), flags=(5,)), issue(2, (12, "Build")), issue(3))
WEEK_3 = jira(issue(1, (4, "Build"), (11, "Execution"), flags=(5,)), issue(2, (12, "Build"), (18, "QA")), issue(3), issue(4))

Work = list[tuple[object, ...]]
AFTER_1: Work = [("11", "build", day(4), None), ("12", "request", day(1), None)]
AFTER_2: Work = [("11", "execution", day(11), day(11)), ("12", "build", day(12), None), ("13", "request", day(1), None)]
AFTER_3: Work = [AFTER_2[0], ("12", "qa", day(18), None), AFTER_2[2], ("14", "request", day(1), None)]


def preview(admin: Principal, tmp_path: Path, name: str, content: str) -> service.Preview:
    return service.preview_file(admin, OWN, made.put(tmp_path / name, content))


def take(admin: Principal, tmp_path: Path, name: str, content: str, *, replacing: bool = False) -> ImportRun:
    return service.accept(admin, preview(admin, tmp_path, name, content), replacing=replacing, leave_out_refused=True)


def work() -> Work:
    """Each item, where it is since when, and when it was launched."""
    return sorted(item_rollups.work(facts()).select("issue_id", "stage", "since", "launched_at").rows())


def rows() -> dict[str, int]:
    return {name: made.counted(name).height for name in ("work_item", "work_item_transition", "flag_event")}


def test_a_preview_says_whose_place_it_takes_and_nothing_is_replaced_unasked(admin: Principal, tmp_path: Path) -> None:
    first = take(admin, tmp_path, "week 1.json", WEEK_1)
    found = preview(admin, tmp_path, "week 2.json", WEEK_2)
    renewal = service.renewed(admin, found)
    (one,) = renewal.replaced
    assert (one.import_id, one.tables) == (first.id, ("work_item", "work_item_transition", "flag_event"))
    assert (one.items, one.gone, renewal.hindered) == (2, 0, None)
    said = str(words.renewed(one))
    assert said.startswith("Takes the place of week 1.json, imported on ")
    assert said.endswith(": 2 items in work_item, work_item_transition, and flag_event.")
    assert refused(Conflict, lambda: service.accept(admin, found)) == (
        "2 rows of work_item are already here from week 1.json · issues, so nothing was imported: they would be counted twice. "
        "Undo that import on Data first, or take the repeated rows out of the file. A newer export of the same items can take "
        "the place of the old one: choose to replace it on Data, or import with --replace."
    )
    assert work() == AFTER_1


def test_a_newer_export_takes_the_place_of_the_one_before(admin: Principal, tmp_path: Path) -> None:
    first = take(admin, tmp_path, "week 1.json", WEEK_1)
    assert (work(), rows()) == (AFTER_1, {"work_item": 2, "work_item_transition": 3, "flag_event": 1})
    take(admin, tmp_path, "week 2.json", WEEK_2, replacing=True)
    assert (work(), rows()) == (AFTER_2, {"work_item": 3, "work_item_transition": 6, "flag_event": 1})
    assert service.replaced_by(admin, OWN) == {first.id: {"week 2.json": ["flag_event", "work_item", "work_item_transition"]}}


def test_undoing_the_newer_export_brings_the_one_before_back_and_restoring_it_replaces_it_again(
    admin: Principal, tmp_path: Path
) -> None:
    take(admin, tmp_path, "week 1.json", WEEK_1)
    second = take(admin, tmp_path, "week 2.json", WEEK_2, replacing=True)
    service.undo(admin, OWN, second.id)
    assert (work(), rows(), service.replaced_by(admin, OWN)) == (
        AFTER_1, {"work_item": 2, "work_item_transition": 3, "flag_event": 1}, {}
    )  # fmt: skip
    service.restore(admin, OWN, second.id)
    assert (work(), rows()) == (AFTER_2, {"work_item": 3, "work_item_transition": 6, "flag_event": 1})


def test_exports_replaced_one_after_the_other_can_be_undone_and_restored_in_any_order(admin: Principal, tmp_path: Path) -> None:
    first = take(admin, tmp_path, "week 1.json", WEEK_1)
    second = take(admin, tmp_path, "week 2.json", WEEK_2, replacing=True)
    third = take(admin, tmp_path, "week 3.json", WEEK_3, replacing=True)
    assert work() == AFTER_3
    assert [list(service.replaced_by(admin, OWN)[run.id]) for run in (first, second)] == [["week 2.json"], ["week 3.json"]]
    for switch, run, then in (
        (service.undo, third, AFTER_2), (service.undo, second, AFTER_1), (service.restore, third, AFTER_3),
        (service.restore, second, AFTER_3), (service.undo, first, AFTER_3), (service.undo, third, AFTER_2),
        (service.undo, second, []), (service.restore, first, AFTER_1), (service.restore, second, AFTER_2),
        (service.restore, third, AFTER_3), (service.undo, second, AFTER_3), (service.undo, third, AFTER_1),
    ):  # fmt: skip
        switch(admin, OWN, run.id)
        assert work() == then


def test_an_export_that_was_undone_when_another_took_the_place_does_not_come_back_beside_it(
    admin: Principal, tmp_path: Path
) -> None:
    take(admin, tmp_path, "week 1.json", WEEK_1)
    second = take(admin, tmp_path, "week 2.json", WEEK_2, replacing=True)
    service.undo(admin, OWN, second.id)
    take(admin, tmp_path, "week 3.json", WEEK_3, replacing=True)
    with pytest.raises(Conflict, match=r"already here from week 3\.json"):
        service.restore(admin, OWN, second.id)
    assert work() == AFTER_3


def test_several_earlier_exports_are_replaced_at_once_and_another_trackers_items_stay(admin: Principal, tmp_path: Path) -> None:
    take(admin, tmp_path, "one.json", jira(issue(1, (4, "Build"), flags=(5,))))
    take(admin, tmp_path, "two.json", jira(issue(2)))
    take(admin, tmp_path, "asana.csv", "Task ID,Name,Created At,Completed At,Section/Column\n77,Newsletter,2026-05-02,,Build\n")
    other = [row for row in work() if row[0] == "77"]
    found = preview(admin, tmp_path, "week 2.json", WEEK_2)
    assert [(one.file_name, one.items) for one in service.renewed(admin, found).replaced] == [("one.json", 1), ("two.json", 1)]
    service.accept(admin, found, replacing=True)
    assert len(other) == 1
    assert work() == [*AFTER_2, *other]


def test_an_export_that_lacks_items_of_the_one_before_is_refused_with_their_keys(admin: Principal, tmp_path: Path) -> None:
    first = take(admin, tmp_path, "week 1.json", jira(*(issue(number) for number in range(1, 6))))
    found = preview(admin, tmp_path, "week 2.json", WEEK_2)
    said = (
        "These rows cannot take the place of week 1.json: its work_item has 2 items that are not among them and would be lost: "
        "A-4 and A-5. Export them, too, or undo the import of week 1.json on Data first."
    )
    assert (service.renewed(admin, found).replaced, str(service.renewed(admin, found).hindered)) == ((), said)
    before = work()
    assert refused(Conflict, lambda: service.accept(admin, found, replacing=True)) == said
    assert (work(), rows()["work_item"]) == (before, 5)
    service.undo(admin, OWN, first.id)
    service.accept(admin, found, replacing=True)
    assert work() == AFTER_2


def test_a_history_that_reaches_less_far_is_refused(admin: Principal, tmp_path: Path) -> None:
    """Of an older export, of one that begins later, and of one that lacks an item's history."""
    take(admin, tmp_path, "week 3.json", WEEK_3)
    older = jira(issue(1, (4, "Build"), flags=(5,)), issue(2, (12, "Build")), issue(3), issue(4))
    said = refused(Conflict, lambda: take(admin, tmp_path, "older.json", older, replacing=True))
    assert said == (
        "These rows cannot take the place of week 3.json: for 2 items its work_item_transition reaches further, which would be "
        "lost: A-1 and A-2. Export their whole history, or undo the import of week 3.json on Data first."
    )
    cut = json.loads(WEEK_3)
    cut["issues"][1]["changelog"]["total"] = 200
    said = refused(Conflict, lambda: take(admin, tmp_path, "cut.json", json.dumps(cut), replacing=True))
    assert said == (
        "These rows cannot take the place of week 3.json: its work_item_transition has 1 item that is not among them and would be "
        "lost: A-2. Export it, too, or undo the import of week 3.json on Data first."
    )
    assert work() == AFTER_3


ISSUES = "Summary,Issue key,Issue id,Status,Created\n"
CHANGES = "Issue key,Issue id,Date of change,Field,Old value,New value\n"


def issues(*rows: tuple[int, str]) -> str:
    return ISSUES + "".join(f"Issue {n},A-{n},{10 + n},{status},2026-05-01 09:00\n" for n, status in rows)


def changes(*rows: tuple[int, int, str, str]) -> str:
    return CHANGES + "".join(f"A-{n},{10 + n},2026-05-{on:02} 09:00,Status,{old},{new}\n" for n, on, old, new in rows)


def test_issues_and_their_changelog_are_replaced_each_by_its_own_file(admin: Principal, tmp_path: Path) -> None:
    """Until both are there, the history is that of the week before."""
    take(admin, tmp_path, "issues 1.csv", issues((1, "Build")))
    take(admin, tmp_path, "changes 1.csv", changes((1, 1, "", "Backlog"), (1, 4, "Backlog", "Build")))
    assert work() == AFTER_1[:1]
    take(admin, tmp_path, "issues 2.csv", issues((1, "Execution"), (2, "Backlog")), replacing=True)
    assert rows() == {"work_item": 2, "work_item_transition": 2, "flag_event": 0}
    newer = changes((1, 1, "", "Backlog"), (1, 4, "Backlog", "Build"), (1, 11, "Build", "Execution"), (2, 1, "", "Backlog"))
    done = take(admin, tmp_path, "changes 2.csv", newer, replacing=True)
    now = [AFTER_2[0], ("12", "request", day(1), None)]
    assert (work(), rows()["work_item_transition"]) == (now, 4)
    service.undo(admin, OWN, done.id)
    assert rows() == {"work_item": 2, "work_item_transition": 2, "flag_event": 0}
    service.restore(admin, OWN, done.id)
    assert work() == now


def test_issues_alone_leave_the_history_and_flags_of_an_api_answer_where_they_are(admin: Principal, tmp_path: Path) -> None:
    first = take(admin, tmp_path, "week 1.json", WEEK_1)
    take(admin, tmp_path, "issues.csv", issues((1, "Build"), (2, "Backlog"), (3, "Backlog")), replacing=True)
    assert rows() == {"work_item": 3, "work_item_transition": 3, "flag_event": 1}
    assert work()[:2] == AFTER_1
    assert service.replaced_by(admin, OWN) == {first.id: {"issues.csv": ["work_item"]}}


LOG = "case,stage,timestamp\nV1,Build,2026-05-02T09:00:00Z\nV1,Execution,{moment}\nV2,Build,2026-05-03T09:00:00Z\n"


def test_a_mended_file_makes_items_whole_again_whose_rows_were_refused(admin: Principal, tmp_path: Path) -> None:
    def broken() -> list[str]:
        return item_rollups.work(facts()).filter("is_broken")["issue_id"].to_list()

    take(admin, tmp_path, "log.csv", LOG.format(moment="soon"))
    assert broken() == ["V1"]
    mended = take(admin, tmp_path, "mended.csv", LOG.format(moment="2026-05-09T09:00:00Z"), replacing=True)
    now = [("V1", "execution", day(9), day(9)), ("V2", "build", day(3), None)]
    assert (broken(), work()) == ([], now)
    service.undo(admin, OWN, mended.id)
    assert broken() == ["V1"]
    service.restore(admin, OWN, mended.id)
    assert (broken(), work()) == ([], now)


LOST = "These rows cannot take the place of week 2.csv: its work_item has 1 item that is not among them and would be lost: "


def test_an_item_refused_last_week_may_be_refused_again_and_one_that_was_taken_may_not(admin: Principal, tmp_path: Path) -> None:
    bad = "Issue 3,A-3,13,Backlog,soon\n"
    take(admin, tmp_path, "week 1.csv", issues((1, "Backlog"), (2, "Backlog")) + bad)
    take(admin, tmp_path, "week 2.csv", issues((1, "Build"), (2, "Backlog")) + bad, replacing=True)
    assert made.counted("work_item").sort("issue_id")["current_status"].to_list() == ["Build", "Backlog"]
    assert item_rollups.refused_items(facts())["issue_id"].to_list() == ["13"]
    worse = issues((1, "Build")) + "Issue 2,A-2,12,Backlog,soon\n" + bad
    said = refused(Conflict, lambda: take(admin, tmp_path, "week 3.csv", worse, replacing=True))
    assert said.startswith(f"{LOST}A-2. ")
    gone = issues((1, "Build"), (2, "Backlog"))
    said = refused(Conflict, lambda: take(admin, tmp_path, "week 4.csv", gone, replacing=True))
    assert said.startswith(f"{LOST}13. ")


def test_a_file_of_new_items_replaces_nothing(admin: Principal, tmp_path: Path) -> None:
    take(admin, tmp_path, "week 1.json", WEEK_1)
    take(admin, tmp_path, "new.json", jira(issue(3)), replacing=True)
    assert (work(), service.replaced_by(admin, OWN)) == ([*AFTER_1, ("13", "request", day(1), None)], {})


def test_rows_of_a_history_that_do_not_come_again_are_counted_and_said(admin: Principal, tmp_path: Path) -> None:
    take(admin, tmp_path, "week 1.json", jira(issue(1, (4, "Build"), (5, "QA"), (6, "Build"))))
    found = preview(admin, tmp_path, "week 2.json", jira(issue(1, (4, "QA"), (6, "Build"))))
    (one,) = service.renewed(admin, found).replaced
    assert one.gone == 2
    assert str(words.renewed(one)).endswith(
        ": 1 item in work_item and work_item_transition; 2 rows of their history do not come again."
    )


def test_rows_that_do_not_come_again_are_not_hidden_by_new_ones(admin: Principal, tmp_path: Path) -> None:
    take(admin, tmp_path, "week 1.json", jira(issue(1, (4, "Build"), (5, "QA"), (6, "Build"), flags=(5,))))
    found = preview(admin, tmp_path, "week 2.json", jira(issue(1, (6, "Build"), (11, "QA"), (12, "Execution"), flags=(5, 6))))
    assert [one.gone for one in service.renewed(admin, found).replaced] == [2]


def test_a_history_without_its_issues_names_them_by_the_keys_that_are_there(admin: Principal, tmp_path: Path) -> None:
    take(admin, tmp_path, "issues.csv", issues((1, "Build"), (2, "Backlog")))
    take(admin, tmp_path, "changes 1.csv", changes((1, 4, "Backlog", "Build"), (2, 4, "Backlog", "Build")))
    found = preview(admin, tmp_path, "changes 2.csv", changes((1, 4, "Backlog", "Build")))
    assert str(service.renewed(admin, found).hindered).startswith(
        "These rows cannot take the place of changes 1.csv: its work_item_transition has 1 item that is not among them and would "
        "be lost: A-2. "
    )


def test_a_history_told_to_the_minute_alone_reaches_as_far_as_the_same_one_with_finer_moments(
    admin: Principal, tmp_path: Path
) -> None:
    fine = jira(issue(1, (4, "Build"))).replace("05-04T09:00:00.000", "05-04T09:00:31.417")
    moves = ((1, 1, "", "Backlog"), (1, 4, "Backlog", "Build"))
    answer = take(admin, tmp_path, "answer.json", fine)
    coarse = preview(admin, tmp_path, "changes.csv", changes(*moves))
    (one,) = service.renewed(admin, coarse).replaced
    assert (one.import_id, one.tables, one.gone) == (answer.id, ("work_item_transition",), 0)
    service.accept(admin, coarse, replacing=True)
    assert work() == AFTER_1[:1]
    again = preview(admin, tmp_path, "again.json", fine + "\n")
    assert [one.gone for one in service.renewed(admin, again).replaced] == [0, 0]
    service.accept(admin, again, replacing=True)
    later = preview(admin, tmp_path, "later.csv", changes(moves[0], (1, 4, "Backlog", "QA")))
    assert "for 1 item its work_item_transition reaches further" in str(service.renewed(admin, later).hindered)


def by_key(content: str) -> str:
    """Issues or changes without the column of ids."""
    header, *lines = content.splitlines()
    at = header.split(",").index("Issue id")
    return "\n".join(",".join(cell for n, cell in enumerate(line.split(",")) if n != at) for line in (header, *lines)) + "\n"


MOVES = ((1, 1, "", "Backlog"), (1, 4, "Backlog", "Build"), (2, 1, "", "Backlog"))


def test_an_export_with_ids_takes_the_place_of_one_that_had_keys_alone_and_so_does_its_history(
    admin: Principal, tmp_path: Path
) -> None:
    take(admin, tmp_path, "issues 1.csv", by_key(issues((1, "Build"), (2, "Backlog"))))
    take(admin, tmp_path, "changes 1.csv", by_key(changes(*MOVES)))
    keyed = [("A-1", "build", day(4), None), ("A-2", "request", day(1), None)]
    assert work() == keyed
    found = preview(admin, tmp_path, "issues 2.csv", issues((1, "Build"), (2, "Backlog")))
    (one,) = service.renewed(admin, found).replaced
    assert (one.items, one.renamed) == (2, 2)
    assert str(words.renewed(one)).endswith(": 2 items in work_item; 2 of them come under other ids.")
    twice = refused(Conflict, lambda: service.accept(admin, found))
    assert twice.startswith("2 rows of work_item are already here from issues 1.csv, so nothing was imported: ")
    newer = service.accept(admin, found, replacing=True)
    assert (work(), rows()["work_item"]) == (AFTER_1, 2)
    take(admin, tmp_path, "changes 2.csv", changes(*MOVES, (2, 12, "Backlog", "Build")), replacing=True)
    assert (work(), rows()["work_item_transition"]) == ([AFTER_1[0], AFTER_2[1]], 4)
    service.undo(admin, OWN, newer.id)
    assert rows()["work_item"] == 2


def test_an_answer_with_ids_takes_the_place_of_issues_and_history_by_keys(admin: Principal, tmp_path: Path) -> None:
    take(admin, tmp_path, "issues.csv", by_key(issues((1, "Build"), (2, "Backlog"))))
    take(admin, tmp_path, "changes.csv", by_key(changes(*MOVES)))
    take(admin, tmp_path, "answer.json", WEEK_2, replacing=True)
    assert (work(), rows()) == (AFTER_2, {"work_item": 3, "work_item_transition": 6, "flag_event": 1})


def test_a_history_by_keys_that_tells_more_stays_beside_the_one_by_ids(admin: Principal, tmp_path: Path) -> None:
    take(admin, tmp_path, "changes.csv", by_key(changes(*MOVES, (2, 12, "Backlog", "Build"))))
    take(admin, tmp_path, "answer.json", WEEK_1, replacing=True)
    assert (work(), rows()["work_item_transition"]) == ([AFTER_1[0], AFTER_2[1]], 7)


def test_a_history_by_keys_of_more_items_stays_beside_the_one_by_ids_and_stands_in_nobodys_way(
    admin: Principal, tmp_path: Path
) -> None:
    take(admin, tmp_path, "changes.csv", by_key(changes(*MOVES)))
    found = preview(admin, tmp_path, "answer.json", jira(issue(1, (4, "Build"))))
    assert (service.renewed(admin, found).replaced, service.renewed(admin, found).hindered) == ((), None)


def test_a_history_by_keys_that_tells_whose_move_it_is_stays_beside_one_that_does_not(admin: Principal, tmp_path: Path) -> None:
    moves = "A-1,Backlog,2026-05-01T09:00:00Z{role}\nA-1,Build,2026-05-04T09:00:00Z{role}\n"
    log = take(admin, tmp_path, "log.csv", "case,stage,timestamp,role\n" + moves.format(role=",Legal"))
    answer = preview(admin, tmp_path, "answer.json", WEEK_1)
    assert service.renewed(admin, answer).replaced == ()
    service.undo(admin, OWN, log.id)
    take(admin, tmp_path, "plain.csv", "case,stage,timestamp\n" + moves.format(role=""))
    (one,) = service.renewed(admin, answer).replaced
    assert (one.file_name, one.tables, one.items) == ("plain.csv", ("work_item_transition",), 1)


def test_items_by_keys_alone_take_the_place_of_those_with_ids_where_nothing_is_told_of_the_ids(
    admin: Principal, tmp_path: Path
) -> None:
    first = take(admin, tmp_path, "issues 1.csv", issues((1, "Build")))
    found = preview(admin, tmp_path, "issues 2.csv", by_key(issues((1, "QA"))))
    (one,) = service.renewed(admin, found).replaced
    assert (one.import_id, one.renamed) == (first.id, 1)
    service.accept(admin, found, replacing=True)
    assert made.counted("work_item").select("issue_id", "current_status").rows() == [("A-1", "QA")]


def test_an_undone_export_by_keys_does_not_come_back_beside_the_same_items_with_ids(admin: Principal, tmp_path: Path) -> None:
    first = take(admin, tmp_path, "issues 1.csv", by_key(issues((1, "Build"))))
    service.undo(admin, OWN, first.id)
    take(admin, tmp_path, "issues 2.csv", issues((1, "Build")))
    with pytest.raises(Conflict, match=r"1 row of work_item that would count again is already here from issues 2\.csv"):
        service.restore(admin, OWN, first.id)


def test_items_by_keys_alone_do_not_take_the_place_of_those_whose_history_is_told_by_ids(admin: Principal, tmp_path: Path) -> None:
    take(admin, tmp_path, "week 1.json", WEEK_1)
    found = preview(admin, tmp_path, "issues.csv", by_key(issues((1, "QA"), (2, "Backlog"))))
    said = (
        "These rows cannot take the place of week 1.json: they name 2 items by their keys alone, and flag_event and "
        "work_item_transition would still name them by their ids: A-1 and A-2. Export them with their ids."
    )
    assert str(service.renewed(admin, found).hindered) == said
    assert refused(Conflict, lambda: service.accept(admin, found, replacing=True)) == said
    assert work() == AFTER_1


def test_an_item_created_at_another_moment_than_the_one_whose_key_it_is_named_by_is_told_and_taken_for_another(
    admin: Principal, tmp_path: Path
) -> None:
    take(admin, tmp_path, "issues 1.csv", by_key(issues((1, "Build"), (2, "Build"))))
    other = issues((1, "Build")).replace("05-01 09:00", "05-01 12:00")
    found = preview(admin, tmp_path, "issues 2.csv", other)
    renewal = service.renewed(admin, found)
    assert (renewal.replaced, renewal.hindered, str(renewal.doubted)) == ((), None, (
        "1 item here seems to be there under another id, but was created at another moment: A-1. Both would count. If they are "
        "one, undo the earlier import on Data first."
    ))  # fmt: skip
    service.accept(admin, found)
    assert sorted(made.counted("work_item")["issue_id"]) == ["11", "A-1", "A-2"]
    assert service.renewed(admin, preview(admin, tmp_path, "more.csv", issues((3, "Build")))).doubted is None


def test_what_was_imported_meanwhile_is_looked_at_again(admin: Principal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else's import between the look and the transaction: nothing is replaced unseen."""
    take(admin, tmp_path, "week 1.json", WEEK_1)
    found = preview(admin, tmp_path, "week 2.json", WEEK_2)
    kept = accepting._keep  # pyright: ignore[reportPrivateUsage]
    once: list[str] = []

    def meanwhile(*given: Any) -> tuple[str, int]:
        if not once:
            once.append("new")
            take(admin, tmp_path, "other.json", jira(issue(4)))
        return kept(*given)

    monkeypatch.setattr(accepting, "_keep", meanwhile)
    with pytest.raises(Conflict, match="Something else was imported meanwhile"):
        service.accept(admin, found, replacing=True)
    assert work() == [*AFTER_1, ("14", "request", day(1), None)]
