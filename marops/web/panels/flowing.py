"""The flow of work, looked at closely: one view at a time, named in the address."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from enum import StrEnum
from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from marops.language import Text, ntext, text
from marops.pipeline import ageing_figures, figures, flow_figures, roles, speed
from marops.pipeline.delivery import LAUNCHED, UNKNOWN, Counted
from marops.pipeline.details import Details
from marops.pipeline.flow import Clock, Reopened
from marops.pipeline.held import Held
from marops.pipeline.service import Flow
from marops.quantity import Quantity, Unit
from marops.web import charts
from marops.web.components import measures, note
from marops.web.panels.forecasts import forecasts
from marops.web.panels.items import open_item, opened
from marops.web.panels.left_out import left_out
from marops.web.panels.pipeline import board
from marops.web.panels.roles import who_does_what
from marops.web.panels.stages import stages_button
from marops.web.panels.working import calendar_button
from marops.web.scope import Here, picked
from marops.web.session import literal, reader, say
from marops.web.tables import table


class View(StrEnum):
    """What can be looked at."""

    BOARD = "board"
    DATES = "dates"
    AGE = "age"
    SPEED = "speed"
    FLOW = "flow"
    WAYS = "ways"
    ROLES = "roles"
    FORECAST = "forecast"
    QUALITY = "quality"


_NAMES: dict[View, Text] = {
    View.BOARD: text("Board"), View.DATES: text("Dates"), View.AGE: text("Age"), View.SPEED: text("Speed"),
    View.FLOW: text("Cumulative flow"), View.WAYS: text("Ways and rework"), View.ROLES: text("Who does what"),
    View.FORECAST: text("Forecast"), View.QUALITY: text("Left out"),
}  # fmt: skip
_CLOCKS: dict[str, Text] = {"elapsed": text("elapsed time"), "whole": text("whole days, the first counted")}
_REOPENED: dict[Reopened, Text] = {
    Reopened.KEPT: text("keeps its first start"), Reopened.RESET: text("forgets what it went back behind"),
}  # fmt: skip


def counted(place: Here) -> Counted:
    """How days are counted and what becomes of reopened work, as the address says."""
    whole, reset = place.looks("days") == "whole", place.looks("reopened") == "reset"
    return Counted(Clock.DAYS_INCLUSIVE if whole else Clock.ELAPSED, Reopened.RESET if reset else Reopened.KEPT)


def flow_views(flow: Details, standing: Flow, held: Held, place: Here) -> None:
    """The choice of a view, the settings of the stages, and the view."""
    asked = place.looks("view")
    view = View(asked) if asked in set(View) else View.BOARD
    st.session_state["w_view"] = view
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.segmented_control(
            say(text("View")), list(View), key="w_view", format_func=lambda found: say(_NAMES[found]), required=True,
            label_visibility="collapsed", on_change=picked("w_view", "view"),
        )  # fmt: skip
        with st.container(horizontal=True, width="content"):
            stages_button(place, len(standing.unknown))
            calendar_button(place)
    if view is View.BOARD:
        board(standing, place)
    elif view is View.DATES:
        charts.show(charts.drawn(figures.timeline, standing), key="timeline", picks=open_item)
    elif view is View.ROLES:
        who_does_what(held, place)
    elif flow.is_empty and view is not View.QUALITY:
        note(_nothing(flow))
    elif view is View.FORECAST:
        # What more people bring is the same whoever looks: the queue is everybody's.
        forecasts(flow, standing, roles.held(place.principal, replace(place.scope, unit=None)), place)
    else:
        _VIEWS[view](flow, place)


def pace(flow: Details) -> None:
    """Whether work is faster than before, and how fast it is."""
    if flow.is_empty:
        note(_nothing(flow))
        return
    half, most, _, throughput, *_ = flow.measures
    note(
        flow.against or text("Too few were finished in these days, or in those before, to tell: it takes {n} each.", n=speed.FEWEST)
    )
    measures(half, most, throughput)


def _nothing(flow: Details) -> Text:
    """Why nothing can be measured."""
    if flow.delivered.log.excluded.height and flow.delivered.log.events.is_empty():
        return text("No item has a history that can be measured: Left out says why of each.")
    return text("No item has a history of stages yet. Import the tracker's history, or map its words under Stages.")


def _age(flow: Details, _: Here) -> None:
    items = flow.ageing.height
    if items and flow.ageing.filter(stage=UNKNOWN).height == items:
        note(
            ntext(
                "{n} item is in progress, in a status that is no stage: there is no stage to draw its age in. Map it under Stages.",
                "{n} items are in progress, all in statuses that are no stage: there is no stage to draw their ages in. Map them "
                "under Stages.",
                items,
            )
        )
        return
    charts.show(charts.drawn(ageing_figures.ageing, flow), key="ageing", picks=open_item)


def _speed(flow: Details, place: Here) -> None:
    _counting(place)
    measures(*flow.measures[:4])
    measures(*flow.measures[4:])
    if flow.against is not None:
        note(flow.against)
    charts.show(charts.drawn(flow_figures.cycle_times, flow), key="cycle_times", picks=open_item)
    _in_stages(flow)


def _in_stages(flow: Details) -> None:
    names = flow_figures.stage_names(flow, reader())
    shown = flow.in_stages.select(
        pl.col("stage").replace_strict(names, return_dtype=pl.String).alias(say(text("Stage"))),
        pl.col("visits").alias(say(text("Visits that ended"))),
        (pl.col("days") / pl.col("visits")).fill_nan(None).round(1).alias(say(text("Days each, on average"))),
        pl.col("days").round(1).alias(say(text("Days together"))),
        pl.col("ongoing").alias(say(text("Still there"))),
        pl.col("ongoing_days").round(1).alias(say(text("Their days so far"))),
    )
    note(text("Time in stages, of visits that began in these days; a visit ends when the next stage is entered."))
    table(shown, key="in_stages", alt=say(text("Time in stages")), name="time-in-stages")


def _counting(place: Here) -> None:
    found = counted(place)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.session_state["w_clock"] = "whole" if found.clock is Clock.DAYS_INCLUSIVE else "elapsed"
        st.selectbox(
            say(text("Days are")), list(_CLOCKS), key="w_clock", format_func=lambda clock: say(_CLOCKS[clock]), width=260,
            on_change=picked("w_clock", "days"),
        )  # fmt: skip
        st.session_state["w_reopened"] = found.reopened
        st.selectbox(
            say(text("Work that moves back")), list(_REOPENED), key="w_reopened", width=300,
            format_func=lambda policy: say(_REOPENED[policy]),
            on_change=picked("w_reopened", "reopened"),
        )  # fmt: skip


def _open_day(day: str) -> None:
    _, _, stage = st.query_params.get("at", "").partition(":")
    st.query_params["at"] = f"{day}:{stage}"


def _standing(flow: Details, place: Here) -> None:
    """The items of a day of the cumulative flow that was clicked, of one stage at a time."""
    asked, _, chosen = place.looks("at").partition(":")
    try:
        day = date.fromisoformat(asked)
    except ValueError:
        day = None
    if day is None or not flow.period.start <= day <= flow.period.end:
        note(text("Click on a day to see which items had come as far as which stage."))
        return
    names = flow_figures.stage_names(flow, reader())
    found = {stage: flow.standing(day, stage) for stage in names}
    doing = [stage for stage in names if stage != LAUNCHED]
    stage = chosen if chosen in names else max(doing, key=lambda stage: found[stage].height, default=LAUNCHED)
    st.session_state["w_standing"] = stage
    st.segmented_control(
        say(text("Come as far as, by the end of {day}", day=day)), list(names), key="w_standing", required=True,
        format_func=lambda stage: literal(text("{stage}: {n}", stage=names[stage], n=found[stage].height)),
        on_change=picked("w_standing", "at", lambda stage: f"{day}:{stage}"),
    )  # fmt: skip
    if found[stage].is_empty():
        note(text("Nothing had come as far as there, and no farther."))
    opened(found[stage], partial(_came, names), place, text("Items that had come as far as the stage"), key="standing")


def _came(names: Mapping[str, str], row: dict[str, Any]) -> Text:
    if row["back_in"] is None:
        return text("since {day}", day=row["since"].date())
    return text("since {day}; back in {stage} by then", day=row["since"].date(), stage=names[row["back_in"]])


def _flow(flow: Details, place: Here) -> None:
    usual = flow_figures.is_thin(flow)
    in_progress = {"with": False, "without": True}.get(place.looks("finished"), usual)
    st.session_state["w_open"] = in_progress
    st.toggle(
        say(text("Without what is finished")), key="w_open",
        on_change=picked("w_open", "finished", lambda without: "without" if without else "with"),
    )  # fmt: skip
    charts.show(charts.drawn(flow_figures.cumulative, flow, in_progress), key="cumulative", picks=_open_day)
    _standing(flow, place)
    _in_progress(flow)
    found = flow.little
    if found is not None:
        note(
            text(
                "Little's law: on average {wip} items were in progress; throughput times mean cycle time makes {expected}, "
                "{off} off. Far from 0% work came in faster than it left, or the other way, and averages mislead.",
                wip=Quantity(round(found.wip, 1)), expected=Quantity(round(found.expected, 1)),
                off=Quantity(round(found.residual, 3), Unit.PERCENT),
            )
        )  # fmt: skip


def _in_progress(flow: Details) -> None:
    """Between what work in progress moved: what a limit is chosen by."""
    found = speed.between(flow.in_progress)
    if found is None:
        return
    note(
        ntext(
            "At the end of a day {least} to {n} item was in progress, the most on {day}; {now} on {last}.",
            "At the end of a day {least} to {n} items were in progress, the most on {day}; {now} on {last}.",
            found.most, least=found.least, day=found.day, now=found.now, last=found.end,
        )
    )  # fmt: skip


def _ways(flow: Details, place: Here) -> None:
    charts.show(charts.drawn(flow_figures.ways, flow), key="ways", picks=lambda way: st.query_params.update({"way": way}))
    _items_of_way(flow, place, place.looks("way"))
    names = flow_figures.stage_names(flow, reader())
    left, right = st.columns(2, gap="large")
    with left:
        _moved_back(flow, names)
    with right:
        _rework(flow, names)


def _rework(flow: Details, names: Mapping[str, str]) -> None:
    if flow.rework.is_empty():
        note(text("Nothing that was finished in these days had entered a stage twice."))
        return
    note(text("Entered more than once, by what was finished in these days:"))
    shown = flow.rework.select(
        pl.col("stage").replace_strict(names, default="?", return_dtype=pl.String).alias(say(text("Stage"))),
        pl.col("items").alias(say(text("Items"))), pl.col("again").alias(say(text("Entries after the first"))),
    )  # fmt: skip
    table(shown, key="rework", alt=say(text("Stages that items entered more than once")), name="rework")


def _moved_back(flow: Details, names: Mapping[str, str]) -> None:
    back = flow.moved_back
    if back.is_empty():
        note(text("Nothing moved back in these days."))
        return
    note(text("Moves back to an earlier stage in these days:"))
    shown = back.select(
        pl.col("stage").replace_strict(names, default="?", return_dtype=pl.String).alias(say(text("From"))),
        pl.col("to").replace_strict(names, default="?", return_dtype=pl.String).alias(say(text("Back to"))),
        pl.col("times").alias(say(text("Times"))),
    )
    table(shown, key="moved_back", alt=say(text("Moves back to an earlier stage")), name="moves-back")


def _items_of_way(flow: Details, place: Here, asked: str) -> None:
    way = flow.way(asked) if asked else []
    if not way:
        note(text("Click on a way to see which items took it."))
        return
    found = flow.on_way(way)
    steps = " → ".join(flow_figures.stage_names(flow, reader())[stage] for stage in way)
    note(ntext("{n} item went {way}:", "{n} items went {way}:", found.height, way=steps))
    opened(found, _took, place, text("Items that took this way"), key="way")


def _took(row: dict[str, Any]) -> Text:
    return text("{days}, until {day}", days=Quantity(row["cycle"], Unit.DAYS), day=row["finished"].date())


_VIEWS: dict[View, Callable[[Details, Here], None]] = {
    View.AGE: _age, View.SPEED: _speed, View.FLOW: _flow, View.WAYS: _ways, View.QUALITY: left_out,
}  # fmt: skip
