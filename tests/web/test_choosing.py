"""Whose work the pipeline shows: chosen in the address or by a click, said in one line, cleared, and kept across pages."""

from datetime import date
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from marops.principal import LOCAL_ADMIN
from marops.web.panels.flowing import View
from marops.work import approving
from marops.workspaces import service as workspaces
from marops.workspaces.store import OWN
from tests.clocks import stand
from tests.scorecard.made import at as on
from tests.scorecard.made import fill
from tests.web.app import markup, measure, opened, words

SCOPE = {"ws": OWN, "from": "2026-01-01", "to": "2026-01-31", "vs": "none", "unit": "all"}


@pytest.fixture(autouse=True)
def _prepared(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three campaigns past their date: Ana's and Ben <b>'s are built, nobody's is tested. Legal must approve Ana's."""
    monkeypatch.setenv("MAROPS_SAMPLE", "no")
    stand(date(2026, 1, 20))
    work = {"a1": ("Ana", "Build"), "b1": ("Ben <b>", "Build"), "n1": (None, "QA")}
    fill("work_item", [
        {"issue_id": key, "issue_name": key.upper(), "assignee_user_id": who, "created_at": on(1, 2), "due_date": date(2026, 1, 15)}
        for key, (who, _) in work.items()
    ])  # fmt: skip
    fill("work_item_transition", [
        {"issue_id": key, "status_sequence": n, "status": status, "transition_at": on(1, 18 * n - 15)}
        for key, (_, stage) in work.items() for n, status in enumerate(("Request", stage), 1)
    ])  # fmt: skip
    approving.ask(LOCAL_ADMIN, OWN, "a1", approvers=["Legal"])
    stand(date(2026, 1, 21))


def shown(**query: str) -> AppTest:
    return opened("pipeline", **{**SCOPE, **query})


def board(at: AppTest) -> list[str]:
    return [name for name in ("A1", "B1", "N1") if f">{name}<" in markup(at)]


def asked(at: AppTest) -> dict[str, str]:
    """What the address says of whose work is chosen."""
    return {key: at.query_params[key] for key in ("person", "role") if key in at.query_params}


def test_without_a_choice_all_work_is_shown_and_the_address_says_nothing_of_it() -> None:
    at = shown()
    assert (board(at), asked(at)) == (["A1", "B1", "N1"], {})
    assert "Shown:" not in words(at)
    assert "clear_chosen" not in {button.key for button in at.button}


def test_a_person_of_the_address_is_shown_in_every_number_and_said() -> None:
    at = shown(person="Ana")
    assert (board(at), asked(at)) == (["A1"], {"person": "Ana"})
    assert "Shown: work of Ana. Its pace is its own; chances to be late are learned from all work." in words(at)
    assert measure(at, "Launches past their date").startswith("1 ")
    assert "person=Ana" in markup(at)  # links of items lead back to the same


def test_a_role_and_a_person_and_nobody_are_shown_and_said() -> None:
    at = shown(role="Legal")
    assert (board(at), asked(at)) == (["A1"], {"role": "Legal"})
    assert "Shown: work on which Legal must act now. Measures of what has happened, and forecasts, are of all work" in words(at)
    assert at.dataframe[0].value["Must act"].to_list() == ["Legal: Ana"]
    assert "Who must decide? ○ Legal a1 A1 · asked 1 d ago" in words(at)
    both = shown(role="Marketing operations", person="Ben <b>")
    assert board(both) == ["B1"]
    assert "Shown: work of Ben <b> on which Marketing operations must act now." in words(both)
    assert "Nobody: no approval of the work shown is open." in words(both)
    assert board(shown(person="(nobody)")) == ["N1"]
    assert "Shown: work that is assigned to nobody." in words(shown(person="(nobody)"))


def test_what_is_not_known_falls_out_of_the_address() -> None:
    at = shown(person="Somebody", role="Nothing", view="age")
    assert (board(at), asked(at)) == ([], {})
    assert (at.query_params["view"], at.query_params["ws"]) == ("age", OWN)
    assert asked(shown(person="Ana", role="Nothing")) == {"person": "Ana"}


def test_one_click_clears_and_the_rest_of_the_address_stays() -> None:
    at = shown(person="Ana", role="Legal", view="board")
    at.button(key="clear_chosen").click().run()
    assert (board(at), asked(at), at.query_params["view"]) == (["A1", "B1", "N1"], {}, "board")


def test_a_choice_is_the_same_after_a_look_at_another_page() -> None:
    at = shown(person="Ana", role="Legal")
    at.query_params.clear()
    at.switch_page("pages/data.py").run()
    assert asked(at) == {"person": "Ana", "role": "Legal"}
    at.query_params.clear()
    at.switch_page("pages/pipeline.py").run()
    assert (board(at), asked(at)) == (["A1"], {"person": "Ana", "role": "Legal"})
    at.button(key="clear_chosen").click().run()
    at.query_params.clear()
    at.switch_page("pages/pipeline.py").run()
    assert asked(at) == {}


def test_another_workspace_is_opened_without_the_choice() -> None:
    at = shown(person="Ana")
    at.query_params.clear()
    at.query_params["ws"] = OWN
    at.run()
    assert asked(at) == {}


@pytest.mark.parametrize("view", list(View))
def test_every_view_is_drawn_of_a_choice(view: View) -> None:
    assert "No campaigns yet" not in words(shown(person="Ana", role="Legal", view=view))


def test_where_nothing_is_left_that_is_said_with_the_way_back() -> None:
    at = shown(person="Ana", role="Data office")
    assert "No work is left by this choice: Ana · Data office" in words(at)
    assert "Nothing of it waits for Data office now." in words(at)
    assert "Which launches will miss their date?" not in words(at)  # a page of nothing
    assert "No campaigns yet" not in words(at)
    at.button(key="show_all").click().run()
    assert (board(at), asked(at)) == (["A1", "B1", "N1"], {})


def test_what_an_address_names_twice_and_is_not_known_is_said_once() -> None:
    assert "Not known here\\: Zed\\. So all" in " ".join(one.value for one in shown(person="Zed", role="Zed").caption)


def test_a_person_without_work_in_the_unit_is_no_empty_pipeline() -> None:
    workspaces.set_units(LOCAL_ADMIN, OWN, [workspaces.Unit("Retail", "RTL_")])
    at = shown(person="Ana", unit="Retail")
    assert "No work is left by this choice: Ana" in words(at)
    assert "No campaigns yet" not in words(at)
    assert at.button(key="show_all").label == "Show everybody's work"


def test_choices_are_made_in_the_popover() -> None:
    at = shown()
    at.session_state["work_choices"] = True
    at.run()
    assert at.selectbox(key="w_person").options == ["Anybody", "Nobody", "Ana", "Ben <b>"]
    assert at.selectbox(key="w_role").options[-1] == "Legal"
    at.selectbox(key="w_person").select_index(1).run()
    assert (board(at), asked(at)) == (["N1"], {"person": "(nobody)"})
