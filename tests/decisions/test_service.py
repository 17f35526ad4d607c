"""What was decided, by whom and on which words."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from marops.decisions import service
from marops.decisions.service import Choice
from marops.decisions.store import Decision
from marops.errors import Forbidden, NotFound, UserError
from marops.principal import LOCAL_ADMIN, Principal, Role
from marops.workspaces.store import OWN

VIEWER = Principal("v", "Viewer", Role.VIEWER)
MANAGER = Principal("m", "Marketing lead", Role.MANAGER)
DUE = datetime.now(UTC).date() + timedelta(days=400)


def record(principal: Principal = LOCAL_ADMIN, workspace: str = OWN, **more) -> Decision:
    given = {"finding_key": "kpi:M2", "question": "Lead acceptance fell.", "evidence": "57.7 %", "choice": Choice.WAIT, **more}
    return service.record(principal, workspace, **given)


def kept() -> list[Decision]:
    return service.decisions(LOCAL_ADMIN, OWN)


def test_a_decision_keeps_the_words_it_was_taken_on(home: Path):
    record(MANAGER, choice=Choice.ACT, owner=" Sales lead ", due=DUE, note=" Go through refused leads. ")
    (found,) = kept()
    assert (found.finding_key, found.question, found.evidence, found.choice) == ("kpi:M2", "Lead acceptance fell.", "57.7 %", "act")
    assert (found.owner, found.due, found.note, found.decided_by) == (
        "Sales lead",
        DUE,
        "Go through refused leads.",
        "Marketing lead",
    )


@pytest.mark.parametrize(("owner", "due"), [("", DUE), ("   ", DUE), ("Sales lead", None), ("", None)])
def test_an_action_without_owner_or_date_is_refused_with_a_sentence(home: Path, owner, due):
    with pytest.raises(UserError, match="An action needs an owner and a date, or it will not happen"):
        record(choice=Choice.ACT, owner=owner, due=due)
    assert kept() == []


@pytest.mark.parametrize("choice", [Choice.WAIT, Choice.DISMISS])
def test_waiting_and_dismissing_need_no_owner(home: Path, choice):
    record(choice=choice)
    assert [decision.choice for decision in kept()] == [choice.value]


def test_the_newest_decision_comes_first(home: Path):
    for key in ("a", "b", "c"):
        record(finding_key=key)
    assert [decision.finding_key for decision in kept()] == ["c", "b", "a"]


def test_a_decision_withdrawn_is_gone_and_withdrawing_again_does_nothing(home: Path):
    first, second = record(finding_key="a"), record(finding_key="b")
    service.withdraw(LOCAL_ADMIN, OWN, first.id)
    service.withdraw(LOCAL_ADMIN, OWN, first.id)
    assert [decision.id for decision in kept()] == [second.id]


def test_a_decision_of_another_workspace_is_not_withdrawn(home: Path):
    found = record()
    service.withdraw(LOCAL_ADMIN, "sample", found.id)
    assert len(kept()) == 1


def test_words_that_are_too_long_are_cut_not_refused(home: Path):
    record(question="q" * 5000, note="n" * 5000)
    (found,) = kept()
    assert (len(found.question), len(found.note)) == (1000, 2000)


def test_a_viewer_reads_decisions_and_takes_none(home: Path):
    found = record()
    assert [decision.id for decision in service.decisions(VIEWER, OWN)] == [found.id]
    with pytest.raises(Forbidden, match="this needs manager"):
        record(VIEWER)
    with pytest.raises(Forbidden):
        service.withdraw(VIEWER, OWN, found.id)


def test_a_workspace_that_is_not_there_takes_no_decision(home: Path):
    with pytest.raises(NotFound, match="There is no workspace gone here"):
        record(workspace="gone")
