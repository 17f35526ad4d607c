"""Roles of a workspace: a matrix that is set whole, on record, and never over somebody else's; who holds the work."""

from pathlib import Path

import pytest

from marops.audit import service as audit
from marops.errors import Conflict, NotFound, UserError
from marops.pipeline import roles
from marops.pipeline.raci import Actor, Cell, Matrix
from marops.pipeline.roles import Written
from marops.principal import LOCAL_ADMIN, Principal
from marops.workspaces import service as workspaces
from marops.workspaces.store import OWN

TWO = [Written(" Campaign  lead ", "marketing", {"request": "ar", "qa": "i"}), Written("Martech", "it", {"qa": "R A", "build": ""})]
KEPT = Matrix(
    (Actor("Campaign lead", "marketing"), Actor("Martech", "it")),
    (Cell("qa", "Campaign lead", "I"), Cell("request", "Campaign lead", "RA"), Cell("qa", "Martech", "RA")),
)


def revision() -> str:
    return workspaces.open_workspace(LOCAL_ADMIN, OWN).workspace.revision


def test_a_matrix_is_kept_as_it_was_written_until_the_default_is_wanted_back(home: Path, admin: Principal) -> None:
    before = revision()
    assert roles.matrix(admin, OWN) is None
    roles.set_matrix(admin, OWN, TWO, seen=None)
    assert roles.matrix(admin, OWN) == KEPT
    assert revision() != before
    roles.set_matrix(admin, OWN, None, seen=KEPT)
    assert roles.matrix(admin, OWN) is None


def test_a_change_of_the_matrix_is_on_record_with_what_it_was_before(home: Path, admin: Principal) -> None:
    roles.set_matrix(admin, OWN, TWO, seen=None)
    roles.set_matrix(admin, OWN, TWO[:1], seen=KEPT)
    last, first = audit.entries(admin, OWN, "raci")
    lead = {"name": "Campaign lead", "side": "marketing", "letters": {"request": "RA", "qa": "I"}}
    martech = {"name": "Martech", "side": "it", "letters": {"qa": "RA"}}
    assert (first.before, first.after) == ({"roles": []}, {"roles": [lead, martech]})
    assert (last.before, last.after, last.principal_name) == ({"roles": [lead, martech]}, {"roles": [lead]}, "Local admin")


def test_of_two_who_change_the_same_matrix_the_second_is_told(home: Path, admin: Principal) -> None:
    roles.set_matrix(admin, OWN, TWO, seen=None)
    before = revision()
    with pytest.raises(Conflict, match=r"^Somebody has changed who does what since you opened it\."):
        roles.set_matrix(admin, OWN, TWO[:1], seen=None)
    assert (roles.matrix(admin, OWN), revision()) == (KEPT, before)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ([], "there must be at least one role"),
        ([Written(" ", "it", {})], "Every role needs a name"),
        ([Written("Martech", "it", {}), Written("MARTECH ", "", {})], "no two the same"),
        ([Written("x" * 201, "it", {})], "names of at most 200 characters"),
        ([Written(f"role {n}", "", {}) for n in range(41)], "at most 40 roles"),
        ([Written("Sales", "sales", {})], "sales is no side a role can be on"),
        ([Written("Martech", "it", {"qa": "RX"})], "RX at Martech is more than the letters R, A, C, and I"),
    ],
)
def test_what_is_no_matrix_is_refused_and_nothing_changes(home: Path, admin: Principal, written: list[Written], says: str) -> None:
    before = revision()
    with pytest.raises(UserError, match=says):
        roles.set_matrix(admin, OWN, written, seen=None)
    assert (roles.matrix(admin, OWN), revision()) == (None, before)


def test_a_workspace_that_is_not_there_has_no_matrix(home: Path, admin: Principal) -> None:
    with pytest.raises(NotFound):
        roles.matrix(admin, "gone")
