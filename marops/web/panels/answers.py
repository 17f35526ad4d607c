"""What a file leaves open, answered where it is asked: one control a question, one button to read the file again."""

from collections.abc import Callable

import streamlit as st

from marops.language import text
from marops.sources import words
from marops.sources.report import Mapping, Part, Question
from marops.web.session import literal, say

_CURRENCIES = ("currency", "currency_conflict")


def asked(part: Part, key: str, read_again: Callable[[Mapping], None]) -> None:
    """The questions of a part. `read_again` gets the mapping with the answers once all that can be answered here are."""
    mapping = part.mapping
    for number, question in enumerate(part.questions):
        st.warning(literal(words.question(question)), icon=":material/help:")
        if mapping is not None:
            mapping = _answered(mapping, question, f"answer_{key}_{number}")
    if part.mapping is None or not part.questions or all(question.code == "subtotals" for question in part.questions):
        return
    is_complete = mapping is not None
    if (
        st.button(say(text("Read again with this answer")), type="primary", key=f"answered_{key}", disabled=not is_complete)
        and mapping
    ):
        read_again(mapping)


def _answered(mapping: Mapping, question: Question, key: str) -> Mapping | None:
    """The mapping with this question's answer; None while there is none."""
    if question.code == "period":
        left, right = st.columns(2)
        first = left.date_input(say(text("First day")), None, key=f"{key}_first", format="YYYY-MM-DD")
        last = right.date_input(say(text("Last day")), None, key=f"{key}_last", format="YYYY-MM-DD", min_value=first)
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
        return mapping.model_copy(update={"decimal": mark}) if mark else None
    if question.code == "date_order":
        orders = {"dmy": say(text("day first")), "mdy": say(text("month first"))}
        order = st.segmented_control(say(text("Dates are written")), list(orders), format_func=lambda o: orders[o], key=key)
        return mapping.model_copy(update={"dates": order}) if order else None
    return mapping


def _chosen(question: Question, key: str, label: str) -> str:
    """One of the question's choices, or any text where it has none or the right one is not among them."""
    if not question.choices:
        return st.text_input(label, key=key, max_chars=20)
    return st.selectbox(label, question.choices, index=None, key=key, accept_new_options=True) or ""


def _with(mapping: Mapping, **constants: str) -> Mapping:
    return mapping.model_copy(update={"constants": {**mapping.constants, **constants}})
