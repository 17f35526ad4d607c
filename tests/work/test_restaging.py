"""Stages set anew while work is kept here: what would be in no stage, and what moves at the same time."""

import pytest

from marops import item_rollups
from marops.audit import service as audit
from marops.errors import Conflict, UserError
from marops.stages import Category, Stage, usual
from marops.work import intake, launching, moving, recording, restaging
from marops.work.details import Details
from marops.work.plans import Milestone, Template
from marops.workspaces import service as workspaces
from marops.workspaces import store as workspace_rows
from marops.workspaces.store import OWN
from tests.work.made import ANA, BO, DUE, VIC, facts, moved, read, refused, requested

USUAL = usual()
WITHOUT_QA = [stage for stage in USUAL.stages if stage.id != "qa"]


def test_open_items_that_would_be_in_no_stage_are_named_before_and_stages_are_set_where_that_is_meant() -> None:
    for name in ("a", "b", "over"):
        moved(requested(name).item, "qa")
    moved("marops-3", "done")
    intake.withdraw(ANA, OWN, moved(requested("gone").item, "qa").id, reason="No budget")
    assert restaging.adrift(VIC, OWN, WITHOUT_QA) == ("M-1", "M-2")
    assert refused(UserError, lambda: restaging.set_process(ANA, OWN, WITHOUT_QA, seen=USUAL)) == (
        "2 open items would be in no stage then: M-1 and M-2. Keep their stages, or make their names words of others; or say that "
        "it is meant."
    )
    assert workspaces.open_workspace(ANA, OWN).process == USUAL
    assert restaging.set_process(ANA, OWN, WITHOUT_QA, seen=USUAL, anyhow=True) == ("M-1", "M-2")
    assert audit.entries(ANA, OWN, "process")[0].after["adrift"] == ["M-1", "M-2"]
    # They were in none before, so that setting others leaves none behind.
    assert restaging.adrift(VIC, OWN, [*WITHOUT_QA, Stage("x", "X", Category.WAIT, "", ())]) == ()


def test_items_whose_stage_is_a_word_of_another_one_are_in_that_one() -> None:
    item = moved(requested().item, "qa").id
    stages = [Stage("look", "Look", Category.ACTIVE, "", ("qa",)), Stage("over", "Over", Category.DONE, "", ())]
    assert restaging.set_process(ANA, OWN, stages, seen=USUAL) == ()
    assert read(item).stage == stages[0]


def test_stages_that_somebody_else_has_set_meanwhile_are_not_replaced() -> None:
    restaging.set_process(BO, OWN, WITHOUT_QA, seen=USUAL)
    said = refused(Conflict, lambda: restaging.set_process(ANA, OWN, None, seen=USUAL))
    assert said.startswith("Bo changed the stages on ")
    assert [stage.id for stage in workspaces.open_workspace(ANA, OWN).process.stages] == [stage.id for stage in WITHOUT_QA]


def test_nothing_comes_to_a_stage_that_is_removed_at_the_same_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    item, lock, done = requested().item, workspace_rows.lock, []

    def slow(*given: object) -> object:
        """The lock, for which somebody waits who sets other stages first."""
        if not done:
            done.append(True)
            workspaces.set_process(BO, OWN, WITHOUT_QA[1:])
        return lock(*given)

    def behind(module: object) -> None:
        done.clear()
        workspaces.set_process(ANA, OWN, None)
        monkeypatch.setattr(f"{module.__name__}._workspaces.lock", slow)

    behind(moving)
    assert refused(UserError, lambda: moving.move(ANA, OWN, item, "qa", seen=1)).startswith("There is no stage qa.")
    behind(intake)
    begun = recording.first_stage(workspaces.open_workspace(ANA, OWN).process)
    assert (begun.id, read(requested("next").item).stage) == ("request", WITHOUT_QA[1])
    behind(launching)
    plan = Template("Plan", (Milestone("Test", 1, "qa"),))
    launch = launching.launch(ANA, OWN, Details("Launch", due=DUE), plan, lambda day: day.weekday() < 5)
    assert [(step.stage, step.row and step.row.due_stage) for step in read(launch.item).steps] == [(WITHOUT_QA[1], None)]
    assert item_rollups.work(facts())["stage"].to_list() == [None, "validation", "validation"]
