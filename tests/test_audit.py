"""The audit trail: written with the change or not at all, newest first, nothing of other workspaces."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlmodel import select

from marops import store
from marops.audit import service
from marops.audit.store import AuditEntry, note
from marops.errors import Forbidden
from marops.principal import LOCAL_ADMIN, Principal, Role
from marops.workspaces import service as workspaces
from marops.workspaces.store import OWN, SAMPLE

ANA = Principal("a", "Ana", Role.MANAGER)


def write(verb: str, kind: str = "thing", object_id: str = "1", workspace: str = OWN, **after: object) -> None:
    with store.writing() as session:
        note(session, ANA, workspace, verb, kind, object_id, after=after)


def verbs(*given: str, **more: int) -> list[str]:
    return [entry.verb for entry in service.entries(ANA, OWN, *given, **more)]


def test_an_entry_says_who_did_what_to_which_thing_when_and_from_what_to_what(home: Path) -> None:
    before = datetime.now(UTC)
    with store.writing() as session:
        note(session, ANA, OWN, "change", "thing", "1", {"due": date(2026, 4, 1)}, {"value": Decimal("0.10"), "at": None})
    (entry,) = service.entries(ANA, OWN)
    assert (entry.principal_id, entry.principal_name, entry.verb, entry.object_kind, entry.object_id) == (
        "a", "Ana", "change", "thing", "1",
    )  # fmt: skip
    assert (entry.before, entry.after) == ({"due": "2026-04-01"}, {"value": "0.10", "at": None})
    assert before <= entry.at <= datetime.now(UTC)


def test_entries_come_the_newest_first_of_a_kind_and_of_a_thing(home: Path) -> None:
    for verb, kind, thing in (("a", "x", "1"), ("b", "y", "1"), ("c", "x", "2"), ("d", "x", "1")):
        write(verb, kind, thing)
    assert verbs() == ["d", "c", "b", "a"]
    assert verbs("x") == ["d", "c", "a"]
    assert verbs("x", "1") == ["d", "a"]
    assert verbs("z") == []


def test_only_so_many_are_read_at_once(home: Path) -> None:
    for verb in "abc":
        write(verb)
    assert verbs(limit=2) == ["c", "b"]
    assert verbs(limit=-1) == []


def test_a_change_that_fails_leaves_no_entry(home: Path) -> None:
    def fails() -> None:
        with store.writing() as session:
            note(session, ANA, OWN, "change", "thing", "1")
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        fails()
    assert verbs() == []


def test_another_workspaces_entries_are_not_shown_and_go_with_it(home: Path) -> None:
    workspaces.create_sample(LOCAL_ADMIN, name="Sample", currency="EUR", today=date(2026, 3, 1), units=[])
    write("there", workspace=SAMPLE)
    write("here")
    assert verbs() == ["here"]
    workspaces.remove_sample(LOCAL_ADMIN)
    with store.reading() as session:
        assert [entry.verb for entry in session.exec(select(AuditEntry)).all()] == ["here"]


def test_viewers_read_the_trail_and_who_has_no_role_does_not(home: Path) -> None:
    write("here")
    assert [entry.verb for entry in service.entries(Principal("v", "Vera", Role.VIEWER), OWN)] == ["here"]
    with pytest.raises(Forbidden, match="this needs viewer"):
        service.entries(Principal("x", "Somebody", Role.NOBODY), OWN)
