"""What was said and done about a KPI: notes, days marked on its chart, actions."""

from collections.abc import Callable
from datetime import date, timedelta
from types import ModuleType

import streamlit as st

from marops.decisions import service as decisions
from marops.decisions.service import Outcome
from marops.decisions.store import ActionItem
from marops.errors import UserError
from marops.language import Text, text
from marops.period import month_of
from marops.principal import Action, allowed
from marops.scorecard import managing
from marops.scorecard.service import Row
from marops.scorecard.store import CheckIn
from marops.web import charts
from marops.web.components import note, section
from marops.web.days import ANY_DAY
from marops.web.markup import html
from marops.web.scope import Here
from marops.web.session import literal, principal, reader, say

_OUTCOMES: dict[Outcome, Text] = {
    Outcome.WORKED: text("It worked"), Outcome.DID_NOT: text("It did not"), Outcome.CANNOT_TELL: text("Cannot be told"),
    Outcome.DROPPED: text("Dropped"),
}  # fmt: skip
_NOTES_SHOWN = 6


def kpi_managed(row: Row, place: Here, figures: ModuleType) -> None:
    """Notes and actions beside each other."""
    section(text("What was said and done?"))
    left, right = st.columns(2, gap="large")
    with left:
        _notes(row, place)
    with right:
        _actions(row, place, figures)


def dialog(title: Text, draw: Callable[..., None], *given: object, wide: bool = False) -> None:
    """Open a dialog that `draw(*given)` fills."""
    st.dialog(say(title), width="large" if wide else "small")(draw)(*given)


def attempt(change: Callable[[], object]) -> None:
    """Make a change and draw the page anew; what is refused is said where it was asked."""
    try:
        change()
    except UserError as refused:
        st.error(literal(refused.text), icon=":material/error:")
    else:
        st.rerun()


# Notes


def _notes(row: Row, place: Here) -> None:
    written = managing.check_ins(place.principal, place.scope.workspace, row.kpi.id)
    with st.container(horizontal=True, vertical_alignment="center"):
        note(text("Notes on its months"))
        if allowed(place.principal, Action.COMMENT) and st.button(
            say(text("Write a note")), key="write_note", type="tertiary", icon=":material/edit_note:"
        ):
            dialog(text("How did it go?"), _write_note, row, place)
        if allowed(place.principal, Action.EDIT) and st.button(
            say(text("Mark a day")), key="mark_day", type="tertiary", icon=":material/event:"
        ):
            dialog(text("What happened on that day?"), _mark_day, row, place)
    if not written:
        note(text("Nobody has written a note yet. What happened, and what comes next?"))
    for one in written[:_NOTES_SHOWN]:
        _note(one, place)
    if len(written) > _NOTES_SHOWN:
        with st.expander(say(text("{n} older notes", n=len(written) - _NOTES_SHOWN)), key="older_notes"):
            for one in written[_NOTES_SHOWN:]:
                _note(one, place)


def _note(one: CheckIn, place: Here) -> None:
    r = reader()
    with st.container(horizontal=True, vertical_alignment="top", key=f"decided_{one.id}"):
        st.markdown(
            html("noted.html", month=r.month(one.month), words=one.words, by=f"{one.author}, {r.moment(one.written_at)}"),
            unsafe_allow_html=True, width="stretch",
        )  # fmt: skip
        if one.author_id == place.principal.id or allowed(place.principal, Action.EDIT):
            st.button(
                say(text("Withdraw")), key=f"withdraw_note_{one.id}", type="tertiary",
                on_click=quietly, args=(lambda: managing.withdraw_check_in(principal(), place.scope.workspace, one.id),),
            )  # fmt: skip


def quietly(change: Callable[[], object]) -> None:
    """A change from a button of a list. What is refused is said on top of the page that follows."""
    try:
        change()
    except UserError as refused:
        st.toast(literal(refused.text), icon=":material/error:")


def _months(row: Row, place: Here) -> list[date]:
    months = [point.month for point in row.series.shown if point.value is not None][::-1]
    now = month_of(place.opened.today).start
    return list(dict.fromkeys([*months, now]))


def _write_note(row: Row, place: Here) -> None:
    months = _months(row, place)
    with st.form("note", border=False):
        month = st.selectbox(say(text("Month")), months, format_func=lambda day: reader().month(day))
        words = st.text_area(say(text("Note")), max_chars=2000)
        if st.form_submit_button(say(text("Save note")), type="primary"):
            attempt(lambda: managing.check_in(principal(), place.scope.workspace, row.kpi.id, month, words))


def _mark_day(row: Row, place: Here) -> None:
    with st.form("mark", border=False):
        day = st.date_input(say(text("Day")), value=place.opened.today, **ANY_DAY)
        words = st.text_input(say(text("What happened")), max_chars=500)
        everywhere = st.checkbox(say(text("Show it on the chart of every KPI")))
        if st.form_submit_button(say(text("Save")), type="primary"):
            kpi = None if everywhere else row.kpi.id
            attempt(lambda: managing.annotate(principal(), place.scope.workspace, kpi, day, words))
    marked = managing.annotations(place.principal, place.scope.workspace, row.kpi.id)
    for one in marked[::-1][:_NOTES_SHOWN]:
        with st.container(horizontal=True, vertical_alignment="center", key=f"row_to_{one.id}"):
            st.markdown(
                html("noted.html", month=reader().day(one.day), words=one.words, by=one.author),
                unsafe_allow_html=True,
                width="stretch",
            )
            st.button(
                say(text("Withdraw")), key=f"withdraw_mark_{one.id}", type="tertiary", on_click=quietly,
                args=(lambda found=one.id: managing.withdraw_annotation(principal(), place.scope.workspace, found),),
            )  # fmt: skip


# Actions


def _actions(row: Row, place: Here, figures: ModuleType) -> None:
    items = decisions.action_items(place.principal, place.scope.workspace, row.kpi.id)
    may = allowed(place.principal, Action.EDIT)
    with st.container(horizontal=True, vertical_alignment="center"):
        note(text("Actions that are to move it"))
        if may and st.button(say(text("Open an action")), key="open_action", type="tertiary", icon=":material/add_task:"):
            dialog(text("Who does what by when?"), _open_action, row, place)
    if not items:
        note(text("No action is open. A decision to act on Home opens one, too."))
    for item in sorted(items, key=lambda item: (not item.is_open, item.due)):
        _action(item, row, place, figures, may=may)


def _action(item: ActionItem, row: Row, place: Here, figures: ModuleType, *, may: bool) -> None:
    late = item.is_open and item.due < place.opened.today
    due = text("{owner}, by {due}", owner=item.owner, due=item.due)
    if item.due != item.first_due:
        due = text("{owner}, by {due} (first promised for {first})", owner=item.owner, due=item.due, first=item.first_due)
    if not item.is_open:
        outcome = _OUTCOMES[Outcome(item.outcome or "cannot_tell")]
        due = text(
            "{outcome}. {owner}, due {due}; closed by {who}",
            outcome=outcome,
            owner=item.owner,
            due=item.first_due,
            who=item.closed_by or "",
        )
    said = str(item.evidence.get("words", "")) if not item.is_open else item.expected_effect
    sign = ("✓" if item.outcome == Outcome.WORKED else "·") if not item.is_open else ("▲" if late else "○")
    word = say(text("late")) if late else ""
    with st.container(horizontal=True, vertical_alignment="top", key=f"row_to_{item.id}"):
        st.markdown(
            html("action.html", sign=sign, title=item.title, line=say(due), said=said, late=late, word=word),
            unsafe_allow_html=True, width="stretch",
        )  # fmt: skip
        if not may:
            return
        if item.is_open:
            if st.button(say(text("Change")), key=f"change_{item.id}", type="tertiary"):
                dialog(text("What changes?"), _change_action, item, place)
            if st.button(say(text("Close")), key=f"close_{item.id}", type="tertiary"):
                dialog(text("What came of it?"), _close_action, item, row, place, figures)
        elif st.button(say(text("Reopen")), key=f"reopen_{item.id}", type="tertiary"):
            dialog(text("Why is it open again?"), _reopen_action, item, place)


def _open_action(row: Row, place: Here) -> None:
    with st.form("action", border=False):
        title = st.text_input(say(text("What is to be done")), max_chars=1000)
        owner = st.text_input(say(text("Who does it")), max_chars=200)
        due = st.date_input(say(text("By when")), value=place.opened.today + timedelta(days=30), **ANY_DAY)
        effect = st.text_input(
            say(text("Expected effect")), max_chars=2000, placeholder=say(text("for example: 3 points more by March"))
        )
        if st.form_submit_button(say(text("Open action")), type="primary"):
            attempt(
                lambda: managing.act(
                    principal(), place.scope.workspace, row.kpi.id, title=title, owner=owner, due=due, expected_effect=effect
                )
            )


def _change_action(item: ActionItem, place: Here) -> None:
    workspace = place.scope.workspace
    with st.form("redate", border=False):
        due = st.date_input(say(text("New date")), value=max(item.due, place.opened.today), **ANY_DAY)
        why = st.text_input(say(text("Why")), max_chars=1000)
        note(text("The day first promised, {day}, stays on record and is the one that counts.", day=item.first_due))
        if st.form_submit_button(say(text("Change date"))):
            attempt(lambda: decisions.redate(principal(), workspace, item.id, version=item.version, due=due, reason=why))
    with st.form("reassign", border=False):
        owner = st.text_input(say(text("New owner")), value=item.owner, max_chars=200)
        if st.form_submit_button(say(text("Change owner"))):
            attempt(lambda: decisions.reassign(principal(), workspace, item.id, version=item.version, owner=owner))


def _close_action(item: ActionItem, row: Row, place: Here, figures: ModuleType) -> None:
    note(text("A look first: what did the KPI do since {day}?", day=item.opened_on))
    charts.show(charts.drawn(figures.control_chart, row, []), key="look")
    with st.form("close", border=False):
        outcome = st.segmented_control(
            say(text("What came of it")), list(_OUTCOMES), format_func=lambda found: say(_OUTCOMES[found]),
            default=Outcome.CANNOT_TELL, required=True,
        )  # fmt: skip
        words = st.text_area(say(text("In a few words")), max_chars=2000)
        if st.form_submit_button(say(text("Close action")), type="primary"):
            attempt(
                lambda: managing.close(
                    principal(), place.scope, item.id, version=item.version, outcome=Outcome(outcome), words=words
                )
            )


def _reopen_action(item: ActionItem, place: Here) -> None:
    with st.form("reopen", border=False):
        why = st.text_input(say(text("Why")), max_chars=1000)
        if st.form_submit_button(say(text("Reopen")), type="primary"):
            attempt(lambda: decisions.reopen(principal(), place.scope.workspace, item.id, version=item.version, reason=why))
