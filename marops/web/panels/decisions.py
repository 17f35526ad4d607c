"""Deciding on a finding, and what was decided."""

from collections.abc import Callable
from datetime import timedelta

import streamlit as st

from marops.decisions import service as decisions
from marops.decisions.service import Choice
from marops.decisions.store import Decision
from marops.errors import UserError
from marops.findings import Finding
from marops.language import Text, text
from marops.principal import Action, allowed
from marops.web.days import ANY_DAY
from marops.web.markup import html
from marops.web.scope import Here
from marops.web.session import literal, principal, reader, say

_LISTED = 8
_CHOICES: dict[Choice, Text] = {
    Choice.ACT: text("Act on it"),
    Choice.WAIT: text("Wait and see"),
    Choice.DISMISS: text("Not a problem"),
}


def decide_dialog(place: Here) -> Callable[[Finding], None] | None:
    """What the "Decide" button of a card opens; None for readers who may not decide."""
    if not allowed(place.principal, Action.EDIT):
        return None

    def open_dialog(finding: Finding) -> None:
        st.dialog(say(text("What do you decide?")))(_decide)(finding, place)

    return open_dialog


def _decide(finding: Finding, place: Here) -> None:
    st.markdown(
        html(
            "finding.html",
            what=say(finding.what),
            cause=say(finding.cause),
            label=say(text("Suggested:")),
            action=say(finding.action),
        ),
        unsafe_allow_html=True,
    )
    with st.form("decision", border=False):
        choice = st.segmented_control(
            say(text("Decision")), list(_CHOICES), default=Choice.ACT, format_func=lambda c: say(_CHOICES[c]), required=True
        )
        owner = st.text_input(say(text("Who does it")), value=say(finding.owner), max_chars=200)
        due = st.date_input(say(text("By when")), value=place.opened.today + timedelta(days=30), **ANY_DAY)
        words = st.text_area(say(text("Note")), max_chars=2000)
        if st.form_submit_button(say(text("Record decision")), type="primary"):
            try:
                decisions.record(
                    principal(), place.scope.workspace, finding_key=finding.key, question=say(finding.what),
                    evidence=say(finding.cause), choice=Choice(choice), owner=owner, note=words, due=due,
                    action=say(finding.action),
                )  # fmt: skip
            except UserError as refused:
                st.error(literal(refused.text))
            else:
                st.rerun()


def decision_list(taken: list[Decision], place: Here) -> None:
    """What was decided, the newest first; a decision can be taken back."""
    r = reader()
    for decision in taken[:_LISTED]:
        with st.container(horizontal=True, vertical_alignment="center", key=f"decided_{decision.id}"):
            who = f"{decision.owner}, {r.day(decision.due)}" if decision.due and decision.choice == Choice.ACT else ""
            line = " · ".join(p for p in (say(_CHOICES[Choice(decision.choice)]), who, decision.note) if p)
            st.markdown(
                html(
                    "finding.html",
                    what=decision.question,
                    cause=line,
                    label=decision.decided_by + ",",
                    action=r.moment(decision.decided_at),
                ),
                unsafe_allow_html=True,
                width="stretch",
            )
            if allowed(place.principal, Action.EDIT):
                st.button(
                    say(text("Take back")), key=f"withdraw_{decision.id}", type="tertiary",
                    on_click=lambda found: decisions.withdraw(principal(), place.scope.workspace, found), args=(decision.id,),
                )  # fmt: skip
