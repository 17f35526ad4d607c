"""The approvals of an item: who is asked, who must act since when, what was answered."""

import streamlit as st

from marops.language import Text, ntext, text
from marops.principal import Action, allowed
from marops.web.components import note, section
from marops.web.markup import html
from marops.web.panels.managing import attempt, dialog
from marops.web.scope import Here
from marops.web.session import principal, reader, say
from marops.work import approving
from marops.work.approvals import Answer, Mode, Outcome, Turn
from marops.work.asked import Asked, answers_for
from marops.work.reading import Item
from marops.work.store import Approver

_OUTCOMES: dict[Outcome, tuple[str, Text]] = {
    Outcome.OPEN: ("○", text("open")), Outcome.APPROVED: ("✓", text("approved")), Outcome.DECLINED: ("✕", text("declined")),
    Outcome.WITHDRAWN: ("·", text("withdrawn")),
}  # fmt: skip
_ANSWERS: dict[Answer, Text] = {Answer.APPROVED: text("Approve"), Answer.DECLINED: text("Decline")}
_MODES: dict[Mode, Text] = {Mode.ALL: text("All of them"), Mode.ANY: text("Any one of them"), Mode.QUORUM: text("A number of them")}


def approvals(item: Item, place: Here) -> None:
    """Every approval of an item, and the way to ask for one."""
    section(text("Who must approve?"))
    found = approving.approvals(place.principal, place.scope.workspace, item.id)
    gone = item.row is not None and item.row.withdrawn_at is not None
    may = allowed(place.principal, Action.EDIT) and not gone
    if may and st.button(say(text("Ask for an approval")), key="ask", type="tertiary", icon=":material/how_to_reg:"):
        dialog(text("Who must approve what?"), ask_form, item, place)
    if not found:
        note(text("Nobody was asked."))
    for one in reversed(found):
        _asked(one, place, open_to_answers=not gone)


def _asked(one: Asked, place: Here, *, open_to_answers: bool) -> None:
    sign, word = _OUTCOMES[one.state.outcome]
    lines = [word, text("{rule}; asked by {who} on {when}", rule=_rule(one), who=one.row.author, when=one.row.asked_at)]
    if one.row.withdrawn_at is not None:
        lines.append(text("withdrawn by {who} on {when}", who=one.row.withdrawn_by or "", when=one.row.withdrawn_at))
    with st.container(horizontal=True, vertical_alignment="top", key=f"row_to_{one.row.id}"):
        st.markdown(
            html(
                "action.html", sign=sign, title=one.row.about or say(text("Approval")), line=" · ".join(map(say, lines)),
                said=one.row.withdrawn_reason or "", late=False, word="",
            ),
            unsafe_allow_html=True, width="stretch",
        )  # fmt: skip
        may = allowed(place.principal, Action.EDIT) and one.row.withdrawn_at is None and open_to_answers
        if may and st.button(say(text("Withdraw")), key=f"withdraw_{one.row.id}", type="tertiary"):
            dialog(text("Why is it no longer needed?"), withdraw_form, one, place)
    for seat, turn in zip(one.approvers, one.state.turns, strict=True):
        _seat(one, seat, turn, place, may=open_to_answers)


def _rule(one: Asked) -> Text:
    n = len(one.approvers)
    rule = ntext("{needed} of {n} must approve", "{needed} of {n} must approve", n, needed=one.row.needed)
    return text("{rule}, in turn", rule=rule) if one.row.in_turn else rule


def _seat(one: Asked, seat: Approver, turn: Turn, place: Here, *, may: bool) -> None:
    r = reader()
    if turn.answer is not None:
        word, by = _OUTCOMES[Outcome(turn.answer.value)][1], f"{seat.decided_by}, {r.moment(seat.decided_at or one.row.asked_at)}"
    elif turn.must_act and turn.since is not None:
        word, by = text("must act"), say(text("since {when}", when=turn.since))
    else:
        word, by = text("not asked any more") if one.state.decided_at else text("comes later"), ""
    words = " · ".join(part for part in (say(word), seat.note) if part)
    with st.container(horizontal=True, vertical_alignment="center", key=f"seat_{seat.id}"):
        st.markdown(html("noted.html", month=seat.approver, words=words, by=by), unsafe_allow_html=True, width="stretch")
        can = turn.must_act and may and _may_answer(place, seat.approver)
        if can and st.button(say(text("Answer")), key=f"answer_{seat.id}", type="tertiary"):
            dialog(text("What is the answer?"), answer_form, one, seat.approver, place)


def _may_answer(place: Here, approver: str) -> bool:
    return allowed(place.principal, Action.EDIT) or (
        allowed(place.principal, Action.COMMENT) and answers_for(place.principal, approver)
    )


def ask_form(item: Item, place: Here) -> None:
    """An approval to ask for: of whom, how many, in which order."""
    with st.form("ask", border=False):
        about = st.text_input(say(text("What is to be approved")), max_chars=1000)
        names = st.text_area(say(text("Who: names or roles, one a line")), height=100)
        mode = st.segmented_control(
            say(text("Who must approve")), list(_MODES), default=Mode.ALL, format_func=lambda mode: say(_MODES[mode]), required=True
        )
        quorum = st.number_input(say(text("How many, where it is a number of them")), min_value=1, value=1, step=1)
        in_turn = st.checkbox(say(text("One after the other, in this order")))
        if st.form_submit_button(say(text("Ask")), type="primary"):
            approvers = [name for name in names.splitlines() if name.strip()]
            attempt(
                lambda: approving.ask(
                    principal(), place.scope.workspace, item.id, approvers=approvers, mode=Mode(mode), quorum=int(quorum),
                    in_turn=in_turn, about=about,
                )
            )  # fmt: skip


def answer_form(one: Asked, approver: str, place: Here) -> None:
    """An approver's answer, which is given once."""
    own = answers_for(principal(), approver)
    note(
        text("You answer as {who}, once.", who=approver)
        if own
        else text("You write down what {who} said. That it was you is kept.", who=approver)
    )
    with st.form("answer", border=False):
        said = st.segmented_control(
            say(text("Answer")),
            list(_ANSWERS),
            default=Answer.APPROVED,
            format_func=lambda answer: say(_ANSWERS[answer]),
            required=True,
        )
        words = st.text_area(say(text("Note")), max_chars=2000, height=80)
        if st.form_submit_button(say(text("Save answer")), type="primary"):
            attempt(
                lambda: approving.decide(principal(), place.scope.workspace, one.row.id, approver, Answer(said), note=words)
            )  # fmt: skip


def withdraw_form(one: Asked, place: Here) -> None:
    """Why an approval is taken back."""
    with st.form("withdraw_approval", border=False):
        why = st.text_input(say(text("Reason")), max_chars=1000)
        if st.form_submit_button(say(text("Withdraw approval")), type="primary"):
            attempt(lambda: approving.withdraw(principal(), place.scope.workspace, one.row.id, reason=why))
