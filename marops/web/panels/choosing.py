"""Whose work the pipeline shows: chosen by person and by role, said in one line, and cleared by one click."""

import streamlit as st

from marops.language import Text, text
from marops.pipeline import choosing
from marops.pipeline.raci import called
from marops.pipeline.scoped import NOBODY, Chosen
from marops.pipeline.service import Flow
from marops.web.components import note
from marops.web.markup import html
from marops.web.scope import Here, on_choice, person_parameter, write
from marops.web.session import literal, say

_CHOICES = "work_choices"
_ANY = "\n"
"""Stands for everybody among names, of which none is so."""


def chosen_work(place: Here, flow: Flow) -> None:
    """Who and which role is chosen, in one button that opens the choices; one that clears them; and what that leaves out. Ends the
    page where nothing is left.
    """
    chosen = place.chosen
    if flow.is_empty and chosen.is_all:
        return
    parts = [literal(part) for part in _parts(chosen)] or [say(text("Everybody's work"))]
    with st.container(horizontal=True, vertical_alignment="center", key="chosen_work"):
        choices = st.popover(" · ".join(parts), icon=":material/filter_alt:", key=_CHOICES, on_change="rerun")
        if choices.open:
            with choices:
                _choices(place)
        if not chosen.is_all:
            st.button(say(text("Clear")), key="clear_chosen", type="tertiary", icon=":material/close:", on_click=_clear)
    if chosen.is_all or flow.is_empty:
        return
    # An approval may wait for a role while another one is charged with the waiting.
    if flow.role is not None and flow.items.is_empty() and not choosing.desk(place.principal, place.scope, chosen).waiting:
        _nothing(chosen)
        st.stop()
    note(_shown(chosen))


def nothing_chosen(place: Here) -> None:
    """Where somebody was chosen: that no work is theirs, and the way back to all of it. Ends the page then."""
    if not place.chosen.is_all:
        _nothing(place.chosen)
        st.stop()


def _parts(chosen: Chosen) -> list[Text | str]:
    person = text("Nobody's") if chosen.person == NOBODY else chosen.person
    return [part for part in (person, None if chosen.role is None else called(chosen.role)) if part is not None]


def _choices(place: Here) -> None:
    # Each is set on every run: the browser forgets the value of what is not drawn.
    chosen = place.chosen
    persons = [_ANY, *choosing.persons(place.principal, place.scope.workspace)]
    names = {_ANY: text("Anybody"), NOBODY: text("Nobody")}
    st.session_state["w_person"] = _ANY if chosen.person is None else chosen.person
    st.selectbox(
        say(text("Assigned to")), persons, key="w_person", format_func=lambda name: say(names.get(str(name), name)),
        on_change=on_choice(lambda: {"person": _person(st.session_state["w_person"])}, _CHOICES),
    )  # fmt: skip
    roles = ["", *choosing.acting(place.principal, place.scope)]
    st.session_state["w_role"] = chosen.role or ""
    st.selectbox(
        say(text("Must act now")), roles, key="w_role", format_func=lambda name: say(called(name) if name else text("Any role")),
        on_change=on_choice(lambda: {"role": st.session_state["w_role"]}, _CHOICES),
    )  # fmt: skip


def _person(picked: str) -> str:
    return person_parameter(None if picked == _ANY else picked)


def _clear() -> None:
    write({"person": "", "role": ""})


def _shown(chosen: Chosen) -> Text:
    """What is shown, and what of it a choice of a role leaves as it is."""
    person = chosen.person
    if chosen.role is None:
        if person == NOBODY:
            return text(
                "Shown: work that is assigned to nobody. Its pace is its own; chances to be late are learned from all work."
            )
        return text(
            "Shown: work of {person}. Its pace is its own; chances to be late are learned from all work.",
            person=person or "",
        )
    role = called(chosen.role)
    if person is None:
        return text(
            "Shown: work on which {role} must act now. Measures of what has happened, and forecasts, are of all work, whoever had "
            "to act.",
            role=role,
        )
    if person == NOBODY:
        return text(
            "Shown: work assigned to nobody on which {role} must act now. Measures of what has happened, and forecasts, are of all "
            "work that is assigned to nobody, whoever had to act.",
            role=role,
        )
    return text(
        "Shown: work of {person} on which {role} must act now. Measures of what has happened, and forecasts, are of all work of "
        "{person}, whoever had to act.",
        person=person, role=role,
    )  # fmt: skip


def _nothing(chosen: Chosen) -> None:
    """An empty state: nothing is left of what was chosen, and one button back to everything."""
    what = text("No work is left by this choice: {chosen}", chosen=" · ".join(say(part) for part in _parts(chosen)))
    then = text("Nothing in this workspace, and of this business unit, is theirs. Show everybody's work, or choose others above.")
    if chosen.role is not None:
        then = text("Nothing of it waits for {role} now. Show everybody's work, or choose others above.", role=called(chosen.role))
    st.markdown(html("empty.html", what=say(what), next=say(then)), unsafe_allow_html=True)
    st.button(say(text("Show everybody's work")), key="show_all", icon=":material/filter_alt_off:", on_click=_clear)
