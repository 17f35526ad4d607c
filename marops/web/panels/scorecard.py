"""One KPI in full."""

from collections.abc import Callable

import streamlit as st

from marops.chart import Chart
from marops.language import Month, Text, joined, text
from marops.quantity import Unit
from marops.scorecard.service import Scorecard
from marops.spc import Assurance, Rule
from marops.web import charts
from marops.web.components import PROMISES, section
from marops.web.scope import Here, set_widget
from marops.web.session import literal, reader, say

_ASSURED: dict[Assurance, Text] = {
    Assurance.PASS: text("will keep the target"), Assurance.FAIL: text("will keep missing the target"),
    Assurance.HIT_AND_MISS: text("will keep the target in some months and miss it in others"),
}  # fmt: skip
_RULES: dict[Rule, Text] = {
    Rule.OUTSIDE: text("outside its normal variation"), Rule.RUN: text("seven months on one side of the mean"),
    Rule.TREND: text("seven months going one way"), Rule.NEAR: text("two of three near a limit"),
}  # fmt: skip


def kpi_detail(card: Scorecard, place: Here, draw: Callable[..., Chart]) -> None:
    """One KPI in full: its months with limits and target, its definition and where its numbers come from."""
    rows = {row.kpi.id: row for row in card.rows}
    asked = st.query_params.get("kpi", "")
    chosen = (
        asked if asked in rows else next((r.kpi.id for r in card.rows if r.measure.value is not None and r.series.limits), "M2")
    )
    set_widget("w_kpi", chosen)
    section(text("Is it real?"))
    st.selectbox(
        say(text("KPI")), list(rows), key="w_kpi", format_func=lambda kpi: say(rows[kpi].kpi.name), label_visibility="collapsed",
        width=360,
        on_change=lambda: st.query_params.update({"kpi": st.session_state["w_kpi"]}),
    )  # fmt: skip
    row = rows[chosen]
    left, right = st.columns([7, 4], gap="large")
    with left:
        charts.show(charts.drawn(_draw_kpi(draw, chosen), card), key="kpi")
    with right:
        _definition(row.kpi.id, card, place)


def _draw_kpi(draw: Callable[..., Chart], kpi_id: str) -> Callable[..., Chart]:
    def drawn(card: Scorecard, r: object) -> Chart:
        return draw(next(row for row in card.rows if row.kpi.id == kpi_id), r)

    drawn.__qualname__ = f"kpi:{kpi_id}"
    return drawn


def _definition(kpi_id: str, card: Scorecard, place: Here) -> None:
    row = next(row for row in card.rows if row.kpi.id == kpi_id)
    measure, r = row.measure, reader()
    facts: dict[str, str] = {say(text("Definition")): f"{kpi_id} v{row.kpi.version}: {say(row.kpi.formula)}"}
    facts[say(text("Counted by"))] = say(row.kpi.clock)
    if measure.quantity:
        facts[say(text("Value"))] = r.quantity(measure.quantity, exact=row.measure.unit is Unit.MONEY)
    if measure.interval:
        low, high = measure.in_unit(measure.interval.low), measure.in_unit(measure.interval.high)
        facts[say(text("95 % interval"))] = say(
            text("{low} to {high} ({method})", low=low, high=high, method=measure.interval.method)
        )
    if measure.note:
        facts[say(text("Detail"))] = say(measure.note)
    if row.before and row.before.quantity:
        facts[say(text("Compared with"))] = r.quantity(row.before.quantity)
    if row.goal and row.target:
        by = f" ({row.goal.author})" if row.goal.author else ""
        facts[say(text("Target"))] = f"{say(row.target)}{by}"
        facts[say(text("In these days"))] = say(PROMISES[row.promise])
        if row.assurance and row.series.limits:
            low, high = measure.in_unit(row.series.limits.lower), measure.in_unit(row.series.limits.upper)
            facts[say(text("As the process is"))] = say(
                text("{kept}: it varies from {low} to {high}", kept=_ASSURED[row.assurance], low=low, high=high)
            )
    if causes := row.series.causes:
        said = [
            text("{rule}: {months}", rule=_RULES[rule], months=joined([Month(month) for month in months], 4))
            for rule, months in causes.items()
        ]
        facts[say(text("Signals"))] = say(joined(said, 4))
    if row.next_step:
        facts[say(text("What to do"))] = say(row.next_step)
    if not row.kpi.by_unit and place.scope.unit:
        facts[say(text("Business unit"))] = say(text("not told apart: all units"))
    facts[say(text("Computed from"))] = ", ".join(row.kpi.tables) or say(text("the imports themselves"))
    if measure.as_of:
        facts[say(text("As of"))] = r.day(measure.as_of)
    facts[say(text("If it turns bad"))] = say(row.kpi.advice)
    st.table({name: literal(value) for name, value in facts.items()}, border="horizontal", alt=say(row.kpi.name))
