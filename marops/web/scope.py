"""The scope bar: workspace, period, comparison and unit, the same on every page and always in the address; and whose work the
pipeline shows, and what of it is looked at, in the address where something was chosen.

The address is the one truth. Every run reads it, falls back to what the session saw last and then to a default, writes
the whole scope back, and sets the widgets from it; a widget's change writes the address. So a copied link shows the
same later too, when the default would have moved on.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import streamlit as st

from marops.errors import UserError
from marops.language import Text, joined, text
from marops.period import Comparison, Period, Scope, month_of, months_back
from marops.pipeline import choosing
from marops.pipeline.scoped import NOBODY, Chosen
from marops.principal import Principal
from marops.web.session import literal, reader, say
from marops.workspaces import service as workspaces
from marops.workspaces.service import Opened
from marops.workspaces.store import OWN, SAMPLE

_KEYS = ("ws", "from", "to", "vs", "unit", "person", "role")
LOOKS: dict[str, str] = {
    "view": "board", "days": "elapsed", "reopened": "kept", "order": "farthest", "held": "", "passed": "", "at": "", "way": "",
    "stage": "", "due": "", "finished": "", "without": "", "more": "", "limit": "", "who": "", "people": "", "added": "", "by": "",
}  # fmt: skip
"""What of the pipeline is looked at, by its names in an address, and what each is where the address does not say: the view, how
days are counted, what becomes of reopened work, the order of work, what clicks on charts opened, whether cumulative flow is drawn
with what is finished, and what the forecast is asked: without which items, how many more, with at most how many in progress, with
how many people of a role and how many added, by a day.
"""
_MEMORY = "marops_scope"
_UNKNOWN = "marops_scope_unknown"
_ALL_UNITS = ""
_NO_PERSON = "(nobody)"
"""Stands in an address for work without an assignee; no tracker calls anybody so."""

_EARLIEST, _LATEST = date(1900, 1, 1), date(2200, 12, 31)
"""Periods beyond have no year before, or after, to be compared with."""
_CHOICES = "scope_choices"


@dataclass(frozen=True)
class Here:
    """Where the reader is: the principal, the opened workspace, the scope, whose work is chosen on the pipeline, and what of it is
    `looked` at, as far as that is not the usual (`LOOKS`). `unknown`: what the address named that is not known here, so that
    something else is shown than was asked for; None: nothing.
    """

    principal: Principal
    opened: Opened
    scope: Scope
    chosen: Chosen
    looked: Mapping[str, str] = field(default_factory=dict[str, str])
    unknown: Text | None = None

    @property
    def link(self) -> dict[str, str]:
        """The scope, whose work is chosen and what is looked at as query parameters, for links to pages."""
        return {**self.shown, **self.looked}

    @property
    def shown(self) -> dict[str, str]:
        """The scope and whose work is chosen as query parameters."""
        return {key: value for key, value in {**_parameters(self.scope), **_chosen_parameters(self.chosen)}.items() if value}

    def looks(self, name: str) -> str:
        """What is looked at, by one of the names of `LOOKS`."""
        return self.looked.get(name, LOOKS[name])


_current: ContextVar[Here | None] = ContextVar("here", default=None)


def current() -> Here | None:
    """Where the main script says the reader is; None where a page runs without it."""
    return _current.get()


@contextmanager
def within(place: Here) -> Generator[None]:
    """While the main script runs the page that was asked for."""
    token = _current.set(place)
    try:
        yield
    finally:
        _current.reset(token)


def here(principal: Principal) -> Here:
    """The scope of this run, from the address; also written back to it."""
    if (already := current()) is not None and already.principal == principal:
        return already
    asked = {key: value for key in (*_KEYS, *LOOKS) if (value := st.query_params.get(key))}
    known: dict[str, str] = st.session_state.get(_MEMORY, {})
    # A link says all of it, or nothing: half a scope from the address and half from memory would be neither.
    wanted = asked if any(key in asked for key in _KEYS) else {**known, **asked}
    opened = workspaces.open_workspace(principal, _workspace(principal, wanted.get("ws")))
    scope = Scope(
        opened.workspace.id,
        _period(opened, wanted.get("from"), wanted.get("to")),
        _comparison(wanted.get("vs")),
        _unit(opened, wanted.get("unit")),
    )
    chosen = choosing.known(principal, scope, _person(wanted.get("person")), wanted.get("role"))
    unknown = [
        *([wanted["unit"]] if wanted.get("unit", "all") != (scope.unit or "all") else []),
        *([wanted["person"]] if "person" in wanted and chosen.person is None else []),
        *([wanted["role"]] if "role" in wanted and chosen.role is None else []),
    ]
    looked = {key: wanted[key] for key, usual in LOOKS.items() if wanted.get(key, usual) != usual}
    place = Here(principal, opened, scope, chosen, looked, _told(opened, wanted.get("ws"), unknown))
    # The address is written anew; what it could not mean is said until something else is looked at.
    told, of = st.session_state.get(_UNKNOWN, (None, None))
    if place.unknown is None and of == place.shown:
        place = replace(place, unknown=told)
    st.session_state[_UNKNOWN] = place.unknown, place.shown
    st.session_state[_MEMORY] = place.link
    write({**_parameters(scope), **_chosen_parameters(chosen), **looked})
    return place


def bar(place: Here) -> None:
    """The bar itself: what is shown, in one button that opens the choices, and how far the data reaches.

    A choice made closes the choices: the page behind them is what it was made for, and on a phone they cover it.
    """
    scope, opened = place.scope, place.opened
    r = reader()
    versus = scope.compared
    parts = [r.span(scope.period.start, scope.period.end)]
    if versus:
        parts.append(say(text("against {period}", period=r.span(versus.start, versus.end))))
    parts.append(scope.unit or say(text("all units")))
    with st.container(horizontal=True, vertical_alignment="center", key="scopebar"):
        choices = st.popover(" · ".join(parts), icon=":material/calendar_month:", key=_CHOICES, on_change="rerun")
        if choices.open:
            with choices:
                _choices(place)
        if opened.last_day:
            st.caption(say(text("data to {day}", day=min(opened.last_day, opened.today))))
        else:
            st.caption(say(text("no data yet")))
    if place.unknown is not None:
        st.caption(literal(place.unknown))


def _choices(place: Here) -> None:
    # Each is set on every run: the browser forgets the value of what is not drawn, at times after the server was told it.
    scope, opened = place.scope, place.opened
    end = min(opened.last_day or opened.today, opened.today)
    quick = {say(name): span for name, span in _quick(end).items()}
    st.session_state["w_quick"] = next((name for name, span in quick.items() if span == scope.period), None)
    st.pills(say(text("Period")), list(quick), key="w_quick", on_change=_changed(lambda: _quick_parameters(quick)))
    # A calendar takes the browser longer to draw than all the rest, and most readers never open it.
    other = st.expander(say(text("Other days")), key="w_other", type="compact", on_change="rerun")
    if other.open:
        with other:
            st.session_state["w_range"] = (scope.period.start, scope.period.end)
            st.date_input(
                say(text("First and last day")), key="w_range", on_change=_changed(_range_parameters),
                min_value=min(scope.period.start, opened.first_day or scope.period.start) - timedelta(days=366),
                max_value=max(scope.period.end, opened.today), format="YYYY-MM-DD",
            )  # fmt: skip
    names = {
        Comparison.YEAR: say(text("a year earlier")), Comparison.PREVIOUS: say(text("the time just before")),
        Comparison.NONE: say(text("nothing")),
    }  # fmt: skip
    st.session_state["w_vs"] = scope.comparison
    st.segmented_control(
        say(text("Compare with")), list(names), key="w_vs", format_func=lambda found: names[found], required=True,
        on_change=_changed(lambda: {"vs": str(st.session_state["w_vs"])}),
    )  # fmt: skip
    if opened.units:
        options = [_ALL_UNITS, *(unit.name for unit in opened.units)]
        st.session_state["w_unit"] = scope.unit or _ALL_UNITS
        st.selectbox(
            say(text("Business unit")), options, key="w_unit", format_func=lambda name: name or say(text("All units")),
            on_change=_changed(lambda: {"unit": st.session_state["w_unit"] or "all"}),
        )  # fmt: skip


def switch_workspace(workspace_id: str) -> None:
    """Make the address point at another workspace, with that workspace's own default period. For callbacks."""
    st.session_state.pop(_MEMORY, None)
    st.query_params.from_dict({"ws": workspace_id})


def write(parameters: Mapping[str, str]) -> bool:
    """Write parameters into the address; an empty value takes one out of it. Whether that changed anything."""
    changed = {key: value for key, value in parameters.items() if st.query_params.get(key, "") != value}
    # All at once: each write of its own is a step of the browser's history.
    if changed and all(changed.values()):
        st.query_params.update(changed)
    elif changed:
        told = {**{key: st.query_params.get_all(key) for key in st.query_params}, **changed}
        st.query_params.from_dict({key: value for key, value in told.items() if value})
    return bool(changed)


def on_choice(parameters: Callable[[], dict[str, str]], closes: str) -> Callable[[], None]:
    """What a choice does: it writes the address and closes the choices it was made in (the key of their popover)."""

    def chosen() -> None:
        # A choice is told again when the choices are opened before the run that closed them is over: the browser still
        # sends it, and Streamlit has forgotten it. What the address already says is no choice and closes nothing.
        if write(parameters()):
            st.session_state[closes] = False

    return chosen


def picked(widget: str, parameter: str, said: Callable[[object], str] = str) -> Callable[[], None]:
    """What a choice in a widget does: it writes it, as it is `said`, into the address.

    The widget's value is to be set on every run, also where the session says that it is what it should be: a browser that went back
    has forgotten it otherwise, and tells the widget's default as if somebody had chosen that.
    """

    def chosen() -> None:
        value = st.session_state.get(widget)
        if value is not None:
            write({parameter: said(value)})

    return chosen


def filled(widget: str, parameter: str, said: Callable[[Any], str] = str) -> Callable[[], None]:
    """As `picked`, of a widget that may be left empty: then the address says nothing of it."""

    def chosen() -> None:
        value = st.session_state.get(widget)
        write({parameter: "" if value is None else said(value)})

    return chosen


def _changed(parameters: Callable[[], dict[str, str]]) -> Callable[[], None]:
    return on_choice(parameters, _CHOICES)


def _quick(end: date) -> dict[object, Period]:
    year = Period(end.replace(month=1, day=1), month_of(end).end)
    return {
        text("3 months"): months_back(end, 3), text("6 months"): months_back(end, 6), text("12 months"): months_back(end, 12),
        text("24 months"): months_back(end, 24), text("This year"): year,
    }  # fmt: skip


def _quick_parameters(quick: dict[str, Period]) -> dict[str, str]:
    span = quick.get(st.session_state["w_quick"] or "")
    return {"from": span.start.isoformat(), "to": span.end.isoformat()} if span else {}


def _range_parameters() -> dict[str, str]:
    chosen = st.session_state["w_range"]
    # While only the first day is picked there is no period yet.
    return {"from": chosen[0].isoformat(), "to": chosen[1].isoformat()} if len(chosen) == 2 else {}


def _parameters(scope: Scope) -> dict[str, str]:
    return {
        "ws": scope.workspace, "from": scope.period.start.isoformat(), "to": scope.period.end.isoformat(),
        "vs": str(scope.comparison), "unit": scope.unit or "all",
    }  # fmt: skip


def _chosen_parameters(chosen: Chosen) -> dict[str, str]:
    return {"person": person_parameter(chosen.person), "role": chosen.role or ""}


def person_parameter(person: str | None) -> str:
    """A choice of a person as it stands in an address; empty for everybody's work."""
    return _NO_PERSON if person == NOBODY else person or ""


def _person(wanted: str | None) -> str | None:
    return NOBODY if wanted == _NO_PERSON else wanted


def _told(opened: Opened, workspace: str | None, unknown: Sequence[str]) -> Text | None:
    """What of an address is not known, in a sentence."""
    if workspace is not None and workspace != opened.workspace.id:
        return text("There is no workspace {asked}: this is {shown}.", asked=workspace, shown=opened.workspace.name)
    if unknown:
        return text("Not known here: {what}. So all of it is shown.", what=joined(list(dict.fromkeys(unknown)), 4))
    return None


def default_workspace(principal: Principal) -> str:
    """The workspace that opens first: the user's own once it has data, the sample company until then."""
    present = {workspace.id for workspace in workspaces.present(principal)}
    return SAMPLE if SAMPLE in present and workspaces.open_workspace(principal, OWN).is_empty else OWN


def _workspace(principal: Principal, wanted: str | None) -> str:
    if wanted in {workspace.id for workspace in workspaces.present(principal)}:
        return str(wanted)
    return default_workspace(principal)


def _period(opened: Opened, start: str | None, end: str | None) -> Period:
    try:
        if start and end:
            found = Period(date.fromisoformat(start), date.fromisoformat(end))
            if found.days <= 366 * 20 and found.start >= _EARLIEST and found.end <= _LATEST:
                return found
    except (ValueError, UserError):
        pass  # somebody's typing in the address; the default follows
    return months_back(min(opened.last_day or opened.today, opened.today), 12)


def _comparison(wanted: str | None) -> Comparison:
    return Comparison(wanted) if wanted in set(Comparison) else Comparison.YEAR


def _unit(opened: Opened, wanted: str | None) -> str | None:
    return wanted if wanted in {unit.name for unit in opened.units} else None
