"""Who holds the work and who does what, on the page: what it says, and how the matrix is changed."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from marops.pipeline import roles
from marops.pipeline.raci import Cell
from marops.pipeline.roles import Written
from marops.principal import LOCAL_ADMIN, Principal, Role
from marops.workspaces.store import OWN
from tests.scorecard.made import at as on
from tests.scorecard.made import fill
from tests.web.app import errors, markup, opened, seen_by, words


@pytest.fixture
def work(home: Path) -> None:
    """One campaign that is in QA, and one that is being built."""
    fill("work_item_transition", [
        {"issue_id": issue, "status_sequence": n, "status": status, "transition_at": on(1, day)}
        for issue, steps in {"a": [("Request", 1), ("QA", 4)], "b": [("Request", 2), ("Build", 6)]}.items()
        for n, (status, day) in enumerate(steps, 1)
    ])  # fmt: skip


def editing() -> AppTest:
    """The page with the editor open."""
    return opened("pipeline", view="roles").toggle(key="raci_edit").set_value(True).run()


def saved(at: AppTest, **edits: object) -> AppTest:
    """The page once the editor's table was edited as somebody would, and saved."""
    at.session_state[str(at.data_editor[0].key)] = {"edited_rows": {}, "added_rows": [], "deleted_rows": [], **edits}
    return at.button(key="raci_save").click().run()


@pytest.mark.usefixtures("work")
def test_the_page_says_who_holds_the_work_and_that_the_matrix_is_the_default() -> None:
    at = opened("pipeline", view="roles")
    said = words(at)
    assert "2 items are too few to name a bottleneck: it takes 20." in said
    assert "From Marketing to IT: 1 time; too few were passed on to say how long IT takes." in said
    assert "This is the default, a starting point: nobody has set who does what here." in said
    assert "The matrix keeps every rule." in said
    (now,) = [frame.value for frame in at.dataframe if "Oldest item" in frame.value]
    assert now[["Role", "Side", "Items", "Oldest, days", "Oldest item"]].values.tolist() == [
        ["IT / martech", "IT", 1, 3.0, "a"], ["Marketing operations", "Marketing", 1, 1.0, "b"],
    ]  # fmt: skip


@pytest.mark.usefixtures("work")
def test_a_matrix_is_changed_in_its_table_and_the_page_follows_it() -> None:
    at = saved(editing(), edited_rows={2: {"stage qa": "R"}}, deleted_rows=[3], added_rows=[
        {"role": "Compliance", "side": "not said", "stage validation": "C"},
    ])  # fmt: skip
    assert [found.value for found in at.success] == [
        "Saved\\. Whose move each stage is, and the numbers above, follow this matrix now\\."
    ]
    kept = roles.matrix(LOCAL_ADMIN, OWN)
    assert kept is not None
    assert [role.name for role in kept.roles] == [
        "Campaign manager", "Marketing operations", "IT / martech", "Brand and legal", "Compliance",
    ]  # fmt: skip
    assert (kept.letters("qa", "IT / martech"), kept.letters("validation", "Compliance")) == ("R", "C")
    assert "QA is unowned: nobody answers for it. Give one role an A." in words(at)
    assert '<span class="m-sign" aria-hidden="true">○</span><b>unowned</b>' in markup(at)
    assert "This is the default" not in words(at)
    assert not at.run().success


@pytest.mark.usefixtures("work")
def test_a_matrix_that_is_none_is_refused_with_a_sentence() -> None:
    at = saved(editing(), added_rows=[{"role": "IT / Martech"}])
    assert errors(at) == ["Every role needs a name, and no two the same; there must be at least one role\\."]
    assert roles.matrix(LOCAL_ADMIN, OWN) is None


@pytest.mark.usefixtures("work")
def test_who_saves_over_somebody_elses_change_is_told() -> None:
    at = editing()
    roles.set_matrix(LOCAL_ADMIN, OWN, [Written("Somebody", "", {"qa": "RA"})], seen=None)
    saved(at, edited_rows={2: {"stage qa": "R"}})
    assert errors(at) == [
        "Somebody has changed who does what since you opened it\\. Load the page again and make your change there\\."
    ]
    kept = roles.matrix(LOCAL_ADMIN, OWN)
    assert kept is not None
    assert kept.cells == (Cell("qa", "Somebody", "RA"),)


@pytest.mark.usefixtures("work")
def test_the_default_comes_back_when_it_is_wanted() -> None:
    roles.set_matrix(LOCAL_ADMIN, OWN, [Written("Somebody", "", {"qa": "RA"})], seen=None)
    at = editing()
    at.button(key="raci_default").click().run()
    assert roles.matrix(LOCAL_ADMIN, OWN) is None
    assert "This is the default" in words(at)


@pytest.mark.usefixtures("work")
def test_a_viewer_sees_the_matrix_and_why_it_cannot_be_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    seen_by(Principal("v", "Viewer", Role.VIEWER), monkeypatch, "roles")
    at = opened("pipeline", view="roles")
    assert "You can look, not change: that takes the role of a manager." in words(at)
    assert "Campaign manager" in words(at)
    assert not at.toggle


@pytest.mark.usefixtures("work")
def test_a_role_called_as_markup_is_shown_as_it_is_written() -> None:
    roles.set_matrix(LOCAL_ADMIN, OWN, [Written("<img src=x>", "", {"build": "RA"})], seen=None)
    assert "<img" not in markup(opened("pipeline", view="roles"))
