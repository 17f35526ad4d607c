"""Histories of which a row was refused when valid rows were taken: they are in no measure, and each says why."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from marops import item_rollups, lake
from marops.period import Comparison, Period, Scope
from marops.pipeline import details, log_files, roles, service
from marops.pipeline.delivery import LAUNCHED
from marops.pipeline.logs import Asked
from marops.pipeline.quality import Counts, Doubt
from marops.principal import LOCAL_ADMIN
from marops.sources import service as sources
from marops.tables import refused_of
from marops.work import reading
from marops.workspaces.store import OWN
from tests.scorecard.made import at
from tests.sources import made
from tests.work.made import facts

MARCH = Scope(OWN, Period(date(2026, 3, 1), date(2026, 3, 31)), Comparison.NONE)

LOG = """case,stage,timestamp
V0,Build,2026-03-01T00:00:00Z
V0,Execution,2026-03-05T00:00:00Z
V1,Build,
V1,Execution,2026-03-09T00:00:00Z
V2,Build,2026-03-02T00:00:00Z
V2,QA,2026-03-08T00:00:00Z
V3,Build,2026-03-03T00:00:00Z
V3,Execution,soon
V4,,2026-03-04T00:00:00Z
,QA,2026-03-04T00:00:00Z
V2,Execution,2026-03-05T00:00:00Z,one,too many
"""

OUT = [("V1", "missing start"), ("V3", "unreadable date"), ("V4", "no stage")]

Take = Callable[..., str]


@pytest.fixture
def take(home: Path, tmp_path: Path, read_here: None) -> Take:
    """Imports the valid rows of a file of this content. Returns the import's id."""

    def imported(content: str, name: str = "log.csv") -> str:
        preview = sources.preview_file(LOCAL_ADMIN, OWN, made.put(tmp_path / name, content))
        return sources.accept(LOCAL_ADMIN, preview, leave_out_refused=True).id

    return imported


def left_out() -> list[tuple[object, ...]]:
    return sorted(details.details(LOCAL_ADMIN, MARCH).doubts.filter(counts=Counts.NONE).select("issue_id", "why").rows())


def test_the_page_measures_the_valid_rows_of_a_file_as_marops_flow_measures_the_file(take: Take, tmp_path: Path) -> None:
    take(LOG)
    page = details.details(LOCAL_ADMIN, MARCH)
    asked = Asked(stages=["Build", "QA", "Execution"], active=["Build", "QA"], done=["Execution"], cfd_at=[date(2026, 3, 6)])
    told = log_files.of_log(LOCAL_ADMIN, tmp_path / "log.csv", asked).found
    assert left_out() == OUT == sorted((one["case"], one["why"]) for one in told["excluded"])
    assert page.nobodys == (2, 0)
    assert told["unread_rows"] == 2
    assert (page.delivered.items.height, page.delivered.timed.height) == (told["items"], told["finished"]) == (2, 1)
    assert page.delivered.timed.select("issue_id", "cycle").rows() == [("V0", 4.0)]
    assert told["cycle_time_days"]["mean"] == 4
    on_page = {stage: n for day, stage, n in page.cumulative.iter_rows() if day == date(2026, 3, 6)}
    assert [on_page[stage] for stage in ("build", "qa", LAUNCHED)] == list(told["cfd"]["2026-03-06"].values()) == [2, 1, 1]
    assert dict(page.in_stages.select("stage", "days").iter_rows()) == {"build": 10.0, "qa": 0.0}
    assert (told["time_in_stage_days"]["Build"], told["time_in_stage_days"]["QA"]) == (10.0, 0.0)


def test_no_days_are_told_of_where_work_with_a_refused_move_stands(take: Take) -> None:
    take(LOG)
    found, held = service.flow(LOCAL_ADMIN, MARCH), roles.held(LOCAL_ADMIN, MARCH)
    # V1 runs by a move that was taken; when it came there first nobody knows, nor where V3 is since its last one.
    work = item_rollups.work(facts()).select("issue_id", "stage", "since", "launched_at", "is_broken")
    assert sorted(work.rows()) == [
        ("V0", "execution", at(3, 5), at(3, 5), False), ("V1", "execution", None, None, True),
        ("V2", "qa", at(3, 8), None, False), ("V3", "build", None, None, True),
    ]  # fmt: skip
    before_launch = found.items.filter(stage="build").vstack(found.items.filter(stage="qa"))
    assert before_launch.select("issue_id", "waiting").rows() == [("V3", None), ("V2", 2.0)]
    assert found.stage_times.filter(stage="build").select("visits", "open").rows() == [(2, 0)]
    assert (held.left_out, held.now.select("items", "oldest", "undated").rows()) == (3, [(1, 2.0, 0), (1, None, 1)])
    assert reading.item(LOCAL_ADMIN, OWN, "V3").is_broken
    # It is in no queue either: no date is read of where nobody knows whether it stands.
    assert details.details(LOCAL_ADMIN, MARCH).waiting["issue_id"].to_list() == ["V2"]


def test_what_was_refused_goes_and_comes_back_with_the_import(take: Take) -> None:
    first = take(LOG)
    blobs = lake.manifest(OWN, facts().opened.workspace.revision).of(str(refused_of("work_item_transition")))
    assert [(blob.rows, blob.import_id) for blob in blobs] == [(5, first)]
    sources.undo(LOCAL_ADMIN, OWN, first)
    assert (left_out(), details.details(LOCAL_ADMIN, MARCH).nobodys) == ([], (0, 0))
    sources.restore(LOCAL_ADMIN, OWN, first)
    assert (left_out(), details.details(LOCAL_ADMIN, MARCH).nobodys) == (OUT, (2, 0))
    sources.undo(LOCAL_ADMIN, OWN, first)
    take(LOG.replace("V1,Build,\n", "V1,Build,2026-03-02\n"), "mended.csv")
    assert left_out() == OUT[1:]


def test_an_item_of_which_another_file_lacks_a_row_is_left_out_whichever_comes_first(take: Take) -> None:
    take("case,stage,timestamp\nW,QA,2026-03-07\nW,Execution,2026-03-08\n")
    take("case,stage,timestamp\nX,Build,2026-03-01\nX,Execution,2026-03-03\nW,Build,soon\n", "other.csv")
    assert left_out() == [("W", "unreadable date")]
    assert details.details(LOCAL_ADMIN, MARCH).delivered.timed["issue_id"].to_list() == ["X"]


def test_an_item_is_the_same_one_however_its_refused_row_spaces_its_id(take: Take, tmp_path: Path) -> None:
    take("case,stage,timestamp\n V1 ,Build,soon\nV1,Execution,2026-03-09\nV2,QA,2026-03-08\n -,Build,soon\n")
    told = log_files.of_log(LOCAL_ADMIN, tmp_path / "log.csv", Asked()).found
    assert (told["excluded"], told["items"], told["unread_rows"]) == ([{"case": "V1", "why": "unreadable date"}], 1, 1)
    assert (left_out(), details.details(LOCAL_ADMIN, MARCH).nobodys) == ([("V1", "unreadable date")], (1, 0))


ISSUES = """Summary,Issue key,Issue id,Issue Type,Status,Created,Due date
One,A-1,10001,Story,Live,2026-02-01 09:00,2026-03-09
Two,A-2,10002,Story,QA,2026-02-01 09:00,2026-03-31
Three,A-3,10003,Story,QA,2026-02-01 09:00,2026-03-31
Four,A-4,10004,Story,QA,never,2026-03-31
Five,A-5,10005,Story,QA,never,2026-03-31
Six,A-6,,Story,QA,2026-02-01 09:00,2026-03-31
"""
MOVES = """Issue key,Date of change,Updated by,Field,Old value,New value
A-1,2026-02-04 09:00,Ana,status,In Progress,QA
A-1,later,Ana,status,QA,Live
A-2,2026-02-04 09:00,Ana,status,To Do,In Progress
A-2,,Ana,status,In Progress,QA
A-3,2026-02-04 09:00,Ana,status,In Progress,QA
10004,2026-02-05 09:00,Ana,status,In Progress,QA
"""


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_history_that_names_items_by_their_keys_lacks_a_move_of_the_item(take: Take, order: tuple[int, int]) -> None:
    files = (ISSUES, "issues.csv"), (MOVES, "moves.csv")
    for place in order:
        take(*files[place])
    found, held = service.flow(LOCAL_ADMIN, MARCH), roles.held(LOCAL_ADMIN, MARCH)
    assert left_out() == [("10001", "unreadable date"), ("10002", "missing start"), ("10005", Doubt.REFUSED.value)]
    # What the tracker says of today stands; since when, the chance to be late, and whether A-1 was late, nobody knows.
    items = {issue: (stage, waiting) for issue, stage, waiting in found.items.select("issue_id", "stage", "waiting").iter_rows()}
    assert items["10001"] == ("execution", None)
    assert items["10002"] == ("qa", None)
    assert items["10003"][1] is not None
    assert "10002" in found.risks["issue_id"]
    assert "10001" not in found.risks["issue_id"]
    assert (found.on_time.value, str(found.on_time.note)) == (
        0, "2 campaigns due; of 1 more no history tells when it was launched",
    )  # fmt: skip
    assert held.now.select("items", "oldest", "undated").rows() == [
        (3, 1.625, 1)
    ]  # from 9:00 on 4 February to the end of the 5th
    page = details.details(LOCAL_ADMIN, MARCH)
    assert page.nobodys == (0, 1)
    known = page.doubts.filter(counts=Counts.ALL).select("issue_id", "why").rows()
    assert ("10004", Doubt.REFUSED.value) in known
