"""When a workspace works: weekdays, hours, zone and the days off that forecasts and launch plans leave out."""

import re
from datetime import date, time

import streamlit as st
from babel import dates

from marops.errors import UserError
from marops.language import text
from marops.principal import Action, allowed
from marops.web.components import note
from marops.web.panels.managing import attempt, dialog
from marops.web.scope import Here
from marops.web.session import principal, reader, say
from marops.workspaces import service as workspaces


def calendar_button(place: Here) -> None:
    """Opens the working calendar."""
    if st.button(say(text("Working days")), key="calendar", icon=":material/event_available:", type="tertiary"):
        dialog(text("When is work done?"), _settings, place)


def _settings(place: Here) -> None:
    found = place.opened.calendar
    note(text("Forecasts and launch plans count these days. Times in stages stay elapsed time."))
    names = dates.get_day_names("wide", locale=reader().locale)
    hours = next(slots[0] for slots in found.week.values() if slots)
    can_edit = allowed(place.principal, Action.EDIT)
    with st.form("calendar", border=False):
        weekdays = st.multiselect(
            say(text("Days of the week")), list(range(7)), default=[day for day, slots in found.week.items() if slots],
            format_func=lambda day: names[day], disabled=not can_edit,
        )  # fmt: skip
        left, right = st.columns(2)
        begins = left.time_input(say(text("From")), hours[0], disabled=not can_edit)
        ends = right.time_input(say(text("To")), hours[1], disabled=not can_edit)
        zones = sorted(workspaces.ZONES)
        zone = st.selectbox(say(text("Time zone")), zones, index=zones.index(found.zone), disabled=not can_edit)
        off = st.text_area(
            say(text("Days off, as 2026-12-25, one a line")), "\n".join(day.isoformat() for day in sorted(found.holidays)),
            disabled=not can_edit,
        )  # fmt: skip
        if st.form_submit_button(say(text("Save")), type="primary", disabled=not can_edit):
            attempt(lambda: _save(place, weekdays, begins, ends, zone, off))
    if not can_edit:
        note(text("You can look, not change: that takes the role of a manager."))


def _save(place: Here, weekdays: list[int], begins: time, ends: time, zone: str, off: str) -> None:
    workspaces.set_calendar(
        principal(), place.scope.workspace, zone=zone, weekdays=weekdays, begins=begins, ends=ends, holidays=days_of(off),
        seen=place.opened.calendar,
    )  # fmt: skip


def days_of(written: str) -> list[date]:
    """The days that somebody wrote, in any order. Raises UserError for what is none."""
    found: list[date] = []
    for word in re.split(r"[\s,;]+", written.strip()):
        try:
            found += [date.fromisoformat(word)] if word else []
        except ValueError as odd:
            raise UserError(text("{word} is no day. Write it as 2026-12-25.", word=word)) from odd
    return found
