"""All that is shown beside moves is of one clock, the workspace's, though it stands."""

from collections.abc import Callable
from datetime import date, datetime

import pytest

from marops.work import commenting, hindrances, intake, launching, moving
from marops.work.details import Details
from marops.work.plans import Milestone, Template
from marops.workspaces.store import OWN
from tests.clocks import stand
from tests.work.made import ANA, DUE, TODAY, moved, requested

PLAN = Template("Plan", (Milestone("Brief", 5), Milestone("Go", 0, needs=("Brief",))))


def commented() -> str:
    """The id of a comment on a request."""
    return commenting.comment(ANA, OWN, requested().item, "x").id


def depended() -> str:
    """The id of a dependency between two requests."""
    return hindrances.depend(ANA, OWN, requested("a").item, requested("b").item).id


def edited() -> datetime:
    """When a request was edited."""
    return intake.edit(ANA, OWN, requested().item, Details("Renamed"), version=1).changed_at


def step_needs() -> datetime:
    """When a plan said what a step needs."""
    launching.launch(ANA, OWN, Details("Spring", due=DUE), PLAN, lambda _: True)
    return hindrances.dependencies(ANA, OWN, "marops-3")[0].written_at


def changed_plan() -> datetime:
    """When a plan was changed."""
    row = launching.save_template(ANA, OWN, PLAN)
    return launching.save_template(ANA, OWN, PLAN, template_id=row.id, version=1).changed_at


@pytest.mark.parametrize(
    "when",
    [
        pytest.param(lambda: requested().changed_at, id="a request"),
        pytest.param(edited, id="an edit"),
        pytest.param(lambda: intake.withdraw(ANA, OWN, requested().item, reason="x").withdrawn_at, id="a withdrawn request"),
        pytest.param(lambda: moving.undo(ANA, OWN, moved(requested().item, "build").id, seen=2).withdrawn_at, id="an undone move"),
        pytest.param(lambda: commenting.comment(ANA, OWN, requested().item, "x").written_at, id="a comment"),
        pytest.param(lambda: commenting.withdraw_comment(ANA, OWN, commented()).withdrawn_at, id="a withdrawn comment"),
        pytest.param(lambda: hindrances.depend(ANA, OWN, requested("a").item, requested("b").item).written_at, id="a need"),
        pytest.param(lambda: hindrances.undepend(ANA, OWN, depended()).withdrawn_at, id="a need that is none"),
        pytest.param(step_needs, id="a need of a step"),
        pytest.param(lambda: launching.save_template(ANA, OWN, PLAN).changed_at, id="a plan"),
        pytest.param(changed_plan, id="a changed plan"),
    ],
)
def test_what_is_done_here_is_done_on_the_day_of_the_workspaces_clock(when: Callable[[], datetime | None]) -> None:
    moment = when()
    assert moment is not None
    assert moment.date() == TODAY


def test_an_undone_move_ends_no_earlier_than_it_began() -> None:
    item = requested().item
    made = moving.move(ANA, OWN, item, "build", seen=1)
    stand(date(2026, 3, 1))
    assert moving.undo(ANA, OWN, item, seen=2).withdrawn_at == made.at
