"""What a file leaves open, answered where it is asked: one control a question, one button to read the file again."""

from collections.abc import Callable, Sequence

import streamlit as st

from marops.language import ntext, text
from marops.sources import words
from marops.sources.report import Mapping, Part, Question
from marops.web.days import ANY_DAY
from marops.web.session import literal, say

_CURRENCIES = ("currency", "currency_conflict")


def asked(part: Part, key: str, read_again: Callable[[Mapping], None]) -> None:
    """The questions of a part. `read_again` gets the mapping with the answers once all that can be answered here are."""
    answers: list[Mapping | None] = []
    for number, question in enumerate(part.questions):
        st.warning(literal(words.question(question)), icon=":material/help:")
        if part.mapping is not None and question.code != "subtotals":
            answers.append(_answer(part.mapping, question, f"answer_{key}_{number}"))
    given = [answer for answer in answers if answer is not None]
    if not answers:
        return
    label = ntext("Read again with this answer", "Read again with these answers", len(answers))
    if st.button(say(label), type="primary", key=f"answered_{key}", disabled=len(given) < len(answers)) and part.mapping:
        read_again(_together(part.mapping, given))


def _together(mapping: Mapping, answers: Sequence[Mapping]) -> Mapping:
    constants = {name: value for answer in answers for name, value in answer.constants.items()}
    decimal = next((answer.decimal for answer in answers if answer.decimal), mapping.decimal)
    dates = next((answer.dates for answer in answers if answer.dates), mapping.dates)
    return mapping.model_copy(update={"constants": {**mapping.constants, **constants}, "decimal": decimal, "dates": dates})


def _answer(mapping: Mapping, question: Question, key: str) -> Mapping | None:
    """The one thing that this question's answer says of a mapping; None while there is no answer."""
    if question.code == "period":
        left, right = st.columns(2)
        first = left.date_input(say(text("First day")), None, key=f"{key}_first", **ANY_DAY)
        last = right.date_input(
            say(text("Last day")), None, key=f"{key}_last", min_value=first or ANY_DAY["min_value"],
            max_value=ANY_DAY["max_value"], format=ANY_DAY["format"],
        )  # fmt: skip
        return _with(mapping, period_start=first.isoformat(), period_end=last.isoformat()) if first and last else None
    if question.code in _CURRENCIES:
        code = _chosen(question, key, say(text("Currency"))).strip().upper()
        return _with(mapping, currency_code=code) if code else None
    if question.code == "platform":
        platform = _chosen(question, key, say(text("Platform")))
        return _with(mapping, platform=platform) if platform else None
    if question.code == "decimal_mark":
        shown = {".": "1,234.56", ",": "1.234,56"}
        mark = st.segmented_control(say(text("Numbers are written")), list(shown), format_func=lambda m: shown[m], key=key)
        return Mapping(table=mapping.table, decimal=mark) if mark else None
    orders = {"dmy": say(text("day first")), "mdy": say(text("month first"))}
    order = st.segmented_control(say(text("Dates are written")), list(orders), format_func=lambda o: orders[o], key=key)
    return Mapping(table=mapping.table, dates=order) if order else None


def _chosen(question: Question, key: str, label: str) -> str:
    """One of the question's choices, or any text where it has none or the right one is not among them."""
    if not question.choices:
        return st.text_input(label, key=key, max_chars=20)
    return st.selectbox(label, question.choices, index=None, key=key, accept_new_options=True) or ""


def _with(mapping: Mapping, **constants: str) -> Mapping:
    return Mapping(table=mapping.table, constants=constants)
