"""What issues and histories come to that trackers export as files of their own, in whichever order they are imported."""

from collections.abc import Callable
from itertools import permutations
from pathlib import Path

import polars as pl
import pytest

from marops import item_rollups
from marops.principal import Principal
from marops.sources import service
from marops.workspaces.store import OWN
from tests.scorecard.made import at
from tests.sources import made
from tests.work.made import facts

ISSUES = """Summary,Issue key,Issue id,Issue Type,Status,Created,Resolved,Due date
Camp,A-1,10001,Story,Live,2026-02-01 09:00,,2026-03-09
"""
MOVES = """{named},Date of change,Updated by,Field,Old value,New value
{it},2026-02-04 09:00,Ana,status,In Progress,Review
{it},2026-02-09 09:00,Ana,status,Review,Live
"""
FLAGGED = "{it},2026-02-05 09:00,Ana,Flagged,,Impediment\n"

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


def test_a_key_that_two_issues_have_or_that_is_anothers_id_names_neither(take: Take) -> None:
    other = "Twin,A-1,10002,Story,Live,2026-02-01 09:00,,\nNamed,10001,10003,Story,Live,2026-02-01 09:00,,\n"
    take(ISSUES + other, MOVES.format(named="Issue Key", it="A-1"))
    assert set(item_rollups.stage_moves(facts())["issue_id"]) == {"A-1"}
