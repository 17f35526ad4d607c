"""What to expect of the pace of the past: how many launches by a day, when all open work is done, and when each piece of it."""

from collections.abc import Sequence
from datetime import date, timedelta
from urllib.parse import quote, unquote

import polars as pl
import streamlit as st

from marops.language import Joined, Text, joined, ntext, text
from marops.pipeline import calibration, finishing, finishing_figures, flow_figures, speed
from marops.pipeline.backtest import Checked
from marops.pipeline.details import Details
from marops.pipeline.finishing import AS_IS, Order, WhatIf
from marops.pipeline.forecast import Held
from marops.pipeline.held import Held as RolesHeld
from marops.pipeline.raci import called
from marops.pipeline.service import Flow
from marops.quantity import Quantity, Unit
from marops.web import charts
from marops.web.components import note
from marops.web.panels.items import open_item
from marops.web.scope import Here, filled, picked, write
from marops.web.session import reader, say
from marops.web.tables import table

_ORDERS: dict[Order, Text] = {
    Order.FARTHEST: text("nearest to its launch"), Order.DUE: text("due first"), Order.FIRST: text("what loses most by waiting"),
}  # fmt: skip


def forecasts(flow: Details, standing: Flow, held: RolesHeld, place: Here) -> None:
    """How many by a day, by when all, and by when each; with what-ifs, and how often such forecasts held."""
    expected = flow.outlook
    if expected.pace is None:
        note(
            text(
                "Cannot forecast: nothing was finished in the last {days} working days, or less than {few} of them are known.",
                days=60, few=20,
            )
        )  # fmt: skip
        # A person, or a unit, whose own pace is not known may still wait in a queue whose pace is.
        _each(flow, standing, AS_IS, place)
        return
    left, right = st.columns(2, gap="large")
    with left:
        charts.show(charts.drawn(flow_figures.chances, flow), key="chances")
        note(_how_it_held(flow))
    with right:
        what_if = _what_if(flow, held, place)
    if what_if is not None:
        _each(flow, standing, what_if, place)


def _how_it_held(flow: Details) -> Text:
    held = flow.outlook.held
    if not held:
        return text("Such forecasts cannot be checked yet: they take sixteen weeks of history.")
    return text("Had this been said every week of the past: {said}.", said=_came_true(held))


def _came_true(held: Sequence[Held]) -> Joined:
    said = [
        text(
            "{share} came true {kept} of {all} times ({coverage})", share=Quantity(one.share, Unit.PERCENT), kept=one.kept,
            all=one.said, coverage=Quantity(round(one.coverage, 3), Unit.PERCENT),
        )
        for one in held
    ]  # fmt: skip
    return joined(said, 3)


def _what_if(flow: Details, held: RolesHeld, place: Here) -> WhatIf | None:
    """When all that is begun and asked for is finished, with more or less of it, other people or a limit. Returns what was asked,
    as far as it matters for each item; None where nothing would be finished.
    """
    names = dict(flow.waiting.select("issue_id", "name").iter_rows())
    with st.container(horizontal=True, vertical_alignment="center"):
        note(text("What if …"))
        if any(place.looks(key) for key in _ASKED):
            st.button(say(text("Back to how it is")), key="what_if_reset", type="tertiary", on_click=_as_it_is)
    st.session_state["what_if_dropped"] = [item for item in map(unquote, place.looks("without").split(",")) if item in names]
    dropped = st.multiselect(
        say(text("Dropped")), list(names), format_func=names.__getitem__, placeholder=say(text("none")), key="what_if_dropped",
        on_change=filled("what_if_dropped", "without", lambda items: ",".join(quote(item, safe="") for item in items)),
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom"):
        more = _number(text("More items"), "more", place, 0, 9999) or 0
        limit = _number(text("WIP limit"), "limit", place, 1, 9999, text("none"))
    items = len(names) - len(dropped) + more
    faster = _with_people(held, place)
    note(ntext("When will {n} open item be finished?", "When will all {n} open items be finished?", items))
    if faster:
        _finished_by(flow, items, faster)
        _by_a_day(flow, items, faster, place)
    else:
        note(text("Without anybody in this role, nothing is finished."))
    if limit and faster:
        _limited(flow, limit, faster)
    return WhatIf(frozenset(dropped), faster) if faster else None


_ASKED = ("without", "more", "limit", "who", "people", "added", "by")
"""What the forecast may be asked, by its names in an address."""


def _as_it_is() -> None:
    write(dict.fromkeys(_ASKED, ""))


def _number(label: Text, look: str, place: Here, least: int, most: int, empty: Text | None = None) -> int | None:
    """A whole number that the address has; `empty`: what it says where there is none."""
    key, usual = f"what_if_{look}", None if empty else 0
    try:
        asked = int(place.looks(look))
    except ValueError:
        asked = usual
    st.session_state[key] = asked if asked is not None and least <= asked <= most else usual
    return st.number_input(
        # What it says is in the session; a default beside it is logged as a mistake.
        say(label), value=None if empty else "min", step=1, min_value=least, max_value=most, width=150 if empty else 120, key=key,
        placeholder=say(empty) if empty else None, on_change=filled(key, look, lambda number: str(number) if number else ""),
    )  # fmt: skip


def _with_people(held: RolesHeld, place: Here) -> float:
    """How many times as fast work goes on with other people in a role."""
    roles = [role for role in held.roles if role is not None]
    if not roles:
        return 1.0
    most, asked = held.bottleneck.role if held.bottleneck else None, place.looks("who")
    st.session_state["what_if_who"] = next((one for one in (asked, most) if one in roles), roles[0])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        role = st.selectbox(
            say(text("Role")), roles, width=220, key="what_if_who", format_func=lambda one: say(called(one)),
            on_change=picked("what_if_who", "who"),
        )  # fmt: skip
        people = _number(text("People in it"), "people", place, 1, 999, text("not said"))
        added = _number(text("Added"), "added", place, -999, 999)
    if not people or not added:
        return 1.0
    share = held.share(role)
    faster = finishing.times_faster(share, people, added)
    if faster:
        note(
            text(
                "{pace} of the pace of the past, at best: {role} holds {share} of the days before launch, and only these change, "
                "with as much in progress as now (Little's law); new people take time to know the job.",
                pace=Quantity(round(faster, 2), Unit.PERCENT), role=called(role), share=Quantity(round(share, 2), Unit.PERCENT),
            )
        )  # fmt: skip
    return faster


def _finished_by(flow: Details, items: int, faster: float) -> None:
    days = flow.outlook.when(items, faster)
    by = say(text("All finished by"))
    chances = [reader().quantity(Quantity(share, Unit.PERCENT)) for share in days]
    shown = pl.DataFrame({say(text("Chance")): chances, by: list(days.values())}, schema_overrides={by: pl.Date})
    table(shown, key="finished_by", alt=say(text("Days by which all open items are finished")), name="forecast")
    note(
        text(
            "{trials} trials, each drawing working days of the last twelve weeks and a drift like those of the past.", trials=10_000
        )
    )


def _by_a_day(flow: Details, items: int, faster: float, place: Here) -> None:
    """The chance that all is finished by a day somebody asks for."""
    first = flow.outlook.last_day + timedelta(days=1)
    try:
        asked = date.fromisoformat(place.looks("by"))
    except ValueError:
        asked = None
    st.session_state["what_if_day"] = asked if asked is not None and asked >= first else None
    day = st.date_input(
        say(text("Chance by a day")), value=None, min_value=first, format="YYYY-MM-DD", key="what_if_day", width=190,
        on_change=filled("what_if_day", "by"),
    )  # fmt: skip
    if day is not None and (chance := flow.outlook.likely(items, day, faster)) is not None:
        note(text("All finished by {day}: {chance}.", day=day, chance=Quantity(round(chance, 2), Unit.PERCENT)))


def _limited(flow: Details, limit: int, faster: float) -> None:
    throughput, in_progress = flow.measures[3], flow.measures[4]
    days = speed.mean_cycle(limit, throughput, faster)
    if days is not None:
        note(
            text(
                "With at most {limit} in progress, work would take {days} on average from its start (Little's law); {now} are now.",
                limit=limit, days=Quantity(days, Unit.DAYS), now=in_progress.value,
            )
        )  # fmt: skip


def _each(flow: Details, standing: Flow, what_if: WhatIf, place: Here) -> None:
    """When each open item is done, in an order of work that can be chosen, beside how it is without a what-if."""
    asked = place.looks("order")
    order = Order(asked) if asked in set(Order) else Order.FARTHEST
    st.session_state["w_order"] = order
    st.segmented_control(
        say(text("Worked on first")), list(Order), key="w_order", format_func=lambda found: say(_ORDERS[found]), required=True,
        on_change=picked("w_order", "order"),
    )  # fmt: skip
    # Learning from the past takes seconds where there are tens of thousands of items, once for what is known of it.
    with st.spinner(say(text("Telling the dates of the past again, to see how often they held …"))):
        as_is = flow.finishes(order, standing.places)
        found = flow.finishes(order, standing.places, what_if)
    if as_is.is_empty():
        note(text("Nothing is open."))
        return
    before = None if what_if == AS_IS else as_is
    if found.select(pl.col("p50", "p85", "p95").count()).row(0) != (0, 0, 0):
        charts.show(charts.drawn(finishing_figures.finishes, found, flow.outlook.last_day, before), key="finishes", picks=open_item)
    else:
        note(text("No date can be promised for any of it."))
    note(
        text(
            "Each business unit is taken to go on at its own pace, one item after the other in this order; work that needs another "
            "unit's is done when both are, and their chances multiply. The chance to be late above is told otherwise: by what "
            "became of campaigns that stood alike, ready early or not."
        )
    )
    checked = flow.dates.checked(order)
    note(_how_dates_held(checked, order))
    _without_date(found, is_promised=_MOST_LIKELY not in checked.broken)


def _how_dates_held(checked: Checked, order: Order) -> Text:
    if checked.calibration.is_empty:
        return text(
            "These dates are not checked: less than {few} items of the past can be looked at. Nobody works strictly in an order, "
            "so they may be kept less often than they say.",
            few=calibration.FEWEST,
        )
    if not checked.held:
        return text("Told every four weeks of the past, no such date could have been promised that is over by now.")
    said = text(
        "A date is given for the chance with which work that stood alike (in its stage, as long) was done by then. Had such dates "
        "been given every four weeks: {said}.",
        said=_came_true(checked.held),
    )
    if checked.broken:
        shares = [Quantity(share, Unit.PERCENT) for share in checked.broken]
        said = text("{said} No date is given for {shares}: such dates were kept clearly less often than they say.", said=said,
                    shares=joined(shares, 3))  # fmt: skip
    if order is Order.FIRST:
        return text(
            "{said} That is of work taken up nearest to its launch; what lost most by waiting then is not known.", said=said
        )
    return said


_MOST_LIKELY = 0.85
"""The share by whose date work counts as having one."""


def _without_date(found: pl.DataFrame, *, is_promised: bool) -> None:
    """Why items have no date."""
    no_pace = found.filter(~pl.col("has_pace")).height
    if no_pace:
        note(
            ntext(
                "{n} item without a date: its unit has finished nothing lately, or is known for less than four weeks.",
                "{n} items without a date: their units have finished nothing lately, or are known for less than four weeks.",
                no_pace,
            )
        )
    stuck = found.filter(pl.col("has_pace") & pl.col("p85").is_null()).height
    if stuck and is_promised:
        note(
            ntext(
                "{n} item with no date for 85%: too little of what stood as long in its stage was ever finished, or it would take "
                "over ten years.",
                "{n} items with no date for 85%: too little of what stood as long in their stages was ever finished, or they "
                "would take over ten years.",
                stuck,
            )
        )
