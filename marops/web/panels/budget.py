"""Trying another split of the budget."""

from collections.abc import Mapping

import streamlit as st

from marops.budget import figures, service
from marops.budget.metrics import Outcome
from marops.budget.response import Response
from marops.budget.service import MOST, Budget
from marops.errors import UserError
from marops.language import Text, text
from marops.principal import Action, allowed
from marops.quantity import Quantity, money
from marops.web import charts
from marops.web.components import note
from marops.web.markup import html
from marops.web.scope import Here
from marops.web.session import literal, principal, reader, say

_SLIDERS_IN_A_ROW = 3


@st.fragment
def what_if(found: Budget, place: Here) -> None:
    """Sliders for each channel's weekly spend, what they would change, and scenarios to keep."""
    known = {channel: response for channel, response in found.responses.items() if response is not None}
    if not known:
        note(text("No channel has 20 weeks of daily spend with enough variation to learn from yet."))
        return
    multipliers = _sliders(known, found.currency, place)
    outcome = service.what_if(principal(), place.scope, multipliers)
    changed = any(value != 1 for value in multipliers.values())
    left, right = st.columns(2, gap="large")
    with left:
        _outcome(outcome, found.currency, changed=changed)
        _scenarios(place, multipliers, list(known), changed=changed)
        if changed:
            charts.show(charts.themed(figures.change_by_channel(outcome, reader())), key="change")
    with right:
        chosen = st.selectbox(say(text("Response of")), list(known), key="what_if_channel", width=320)
        curve = figures.response_curve(known[chosen], known[chosen].now * multipliers[chosen], found, reader())
        charts.show(charts.themed(curve), key="response")


def _key(place: Here, channel: str) -> str:
    return f"what_if_{place.scope.workspace}_{channel}"


def _sliders(known: Mapping[str, Response], currency: str, place: Here) -> dict[str, float]:
    """Weekly spend of each channel as a multiple of today's."""
    multipliers: dict[str, float] = {}
    channels = list(known.items())
    for first in range(0, len(channels), _SLIDERS_IN_A_ROW):
        row = channels[first : first + _SLIDERS_IN_A_ROW]
        for column, (channel, response) in zip(st.columns(_SLIDERS_IN_A_ROW, gap="medium"), row, strict=False):
            key = _key(place, channel)
            st.session_state.setdefault(key, 100)
            label = say(text("{channel}, {spend} a week", channel=channel, spend=money(response.now, currency)))
            with column:
                percent = st.slider(label, 0, int(MOST * 100), key=key, step=5, format="%d%%")
            multipliers[channel] = percent / 100
    return multipliers


def _outcome(outcome: Outcome, currency: str, *, changed: bool) -> None:
    """What the split changes, and what it costs."""
    difference = _difference(outcome.spend_then - outcome.spend, currency)
    lines = [say(text("{then} a week, {difference} today’s", then=money(outcome.spend_then, currency), difference=difference))]
    interval = outcome.change.interval
    if interval and changed:
        lines.append(say(text("{low} to {high} (90% interval)", low=Quantity(interval.low), high=Quantity(interval.high))))
        if interval.low <= 0 <= interval.high:
            lines.append(say(text("Not distinguishable from no change.")))
    if outcome.beyond:
        names = ", ".join(outcome.beyond)
        lines.append(say(text("Outside what the data has seen: {channels}. There the curve is a guess.", channels=names)))
    card = {
        "label": say(text("Change in conversions a week")),
        "value": reader().quantity(Quantity(float(outcome.change.value or 0)), signed=True) if changed else "",
        "missing": say(text("Move a slider to try another split.")),
        "lines": lines,
    }
    st.markdown(html("measures.html", measures=[card]), unsafe_allow_html=True)


def _difference(amount: float, currency: str) -> Text:
    if abs(amount) < 0.5:
        return text("the same as")
    if amount > 0:
        return text("{amount} more than", amount=money(amount, currency))
    return text("{amount} less than", amount=money(-amount, currency))


def _scenarios(place: Here, multipliers: dict[str, float], channels: list[str], *, changed: bool) -> None:
    """Back to today; keep this split under a name; open or delete one that was kept."""

    def set_sliders(chosen: Mapping[str, float]) -> None:
        for channel in channels:
            st.session_state[_key(place, channel)] = round(float(chosen.get(channel, 1.0)) * 100)

    def delete(scenario_id: str) -> None:
        service.delete_scenario(principal(), place.scope.workspace, scenario_id)

    may_edit = allowed(place.principal, Action.EDIT)
    with st.container(horizontal=True):
        st.button(say(text("Back to today")), key="what_if_reset", disabled=not changed, on_click=set_sliders, args=({},))
        if may_edit:
            with st.popover(say(text("Save scenario")), disabled=not changed):
                name = st.text_input(say(text("Name")), max_chars=200, key="what_if_name")
                if st.button(say(text("Save")), type="primary", key="what_if_save"):
                    try:
                        service.save_scenario(principal(), place.scope, name, multipliers)
                    except UserError as refused:
                        st.error(literal(refused.text))
                    else:
                        st.toast(say(text("Saved.")))
    for scenario in service.scenarios(principal(), place.scope.workspace)[:6]:
        with st.container(horizontal=True, vertical_alignment="center", key=f"scenario_{scenario.id}"):
            st.button(
                literal(scenario.name), key=f"open_{scenario.id}", type="tertiary", icon=":material/tune:",
                on_click=set_sliders, args=(scenario.multipliers,),
            )  # fmt: skip
            st.caption(f"{literal(scenario.saved_by)}, {reader().moment(scenario.saved_at)}")
            if may_edit:
                st.button(say(text("Delete")), key=f"delete_{scenario.id}", type="tertiary", on_click=delete, args=(scenario.id,))
