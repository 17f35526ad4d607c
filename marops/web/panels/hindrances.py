"""What holds an item up: its flags, and what it needs to be done first."""

import streamlit as st

from marops.language import Text, text
from marops.pipeline import choosing
from marops.pipeline.choosing import HeldUp
from marops.principal import Action, allowed
from marops.web.components import note, section
from marops.web.markup import html
from marops.web.panels.items import called, line_named, listed
from marops.web.panels.managing import attempt, dialog, quietly
from marops.web.scope import Here
from marops.web.session import principal, say
from marops.work import hindrances as service
from marops.work import reading
from marops.work.hindrances import Kind
from marops.work.plans import titled
from marops.work.reading import Item
from marops.work.store import Dependency, FlagEvent, key_of, number_of

_KINDS: dict[Kind, Text] = {Kind.BLOCKED: text("Blocked"), Kind.WAITING: text("Waiting for somebody")}


_MANY = 2_000
"""Items that a browser still lists at once."""


def hindrances(item: Item, place: Here) -> None:
    """Flags and dependencies of an item, and the way to set and take back each."""
    section(text("What holds it up?"))
    workspace, gone = place.scope.workspace, item.row is not None and item.row.withdrawn_at is not None
    may = allowed(place.principal, Action.EDIT) and not gone
    if may:
        with st.container(horizontal=True):
            if st.button(say(text("Flag it")), key="flag", type="tertiary", icon=":material/report:"):
                dialog(text("Why does it not go on?"), flag_form, item, place)
            if st.button(say(text("It needs another item")), key="depend", type="tertiary", icon=":material/link:"):
                dialog(text("What must be done first?"), depend_form, item, place)
    flags = service.flags(place.principal, workspace, item.id)
    found = service.dependencies(place.principal, workspace, item.id)
    needs = [one for one in found if one.item in item.names]
    needed = [one for one in found if one.needs in item.names]
    told = choosing.tracker_flags(place.principal, workspace, item.names)
    if not flags and not told and not needs and not needed:
        note(text("Nothing is known to hold it up."))
    for one in told:
        _told(one)
    for flag in flags:
        _flag(flag, place, may=may)
    if needs:
        note(text("It needs"))
    for one in needs:
        _dependency(one, one.needs, place, may=may)
    if needed:
        note(text("It is needed by"))
    for one in needed:
        _dependency(one, one.item, place, may=may)


def _told(one: HeldUp) -> None:
    """A flag that the tracker has; it is lifted there."""
    _row(one, _what(one.kind), text("since {when}, set in its tracker", when=one.from_at), "")


def _what(kind: str) -> Text:
    return text("Blocked") if kind == Kind.BLOCKED else text("Waiting")


def _row(flag: HeldUp | FlagEvent, what: Text, since: Text, words: str) -> None:
    still = flag.until_at is None
    span = since if flag.until_at is None else text("from {since} to {until}", since=flag.from_at, until=flag.until_at)
    st.markdown(
        html(
            "action.html", sign="▲" if still else "·", title=say(what), line=say(span), said=words, late=still,
            word=say(text("held up")) if still else "",
        ),
        unsafe_allow_html=True, width="stretch",
    )  # fmt: skip


def _flag(flag: FlagEvent, place: Here, *, may: bool) -> None:
    what = _what(flag.kind)
    on = text("{what} on {role}", what=what, role=flag.role) if flag.role else what
    with st.container(horizontal=True, vertical_alignment="top", key=f"row_to_{flag.id}"):
        _row(flag, on, text("since {when}, set by {who}", when=flag.from_at, who=flag.set_by), flag.note)
        if flag.until_at is None and may:
            st.button(
                say(text("Lift")), key=f"lift_{flag.id}", type="tertiary", on_click=quietly,
                args=(lambda: service.lift(principal(), place.scope.workspace, flag.id),),
            )  # fmt: skip


def _dependency(one: Dependency, other: str, place: Here, *, may: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"needs_{one.id}_{key_of(other)}"):
        with st.container(width="stretch"):
            listed([line_named(other, place)], place, text("Item"))
        if may:
            st.button(
                say(text("Remove")), key=f"undepend_{one.id}", type="tertiary", on_click=quietly,
                args=(lambda: service.undepend(principal(), place.scope.workspace, one.id),),
            )  # fmt: skip


def flag_form(item: Item, place: Here) -> None:
    """A flag: why the item does not go on, and who must act."""
    with st.form("flag", border=False):
        kind = st.segmented_control(
            say(text("It is")), list(_KINDS), default=Kind.BLOCKED, format_func=lambda kind: say(_KINDS[kind]), required=True
        )
        role = st.text_input(say(text("Who must act: a role or a name")), max_chars=200)
        words = st.text_input(say(text("In a few words")), max_chars=1000)
        if st.form_submit_button(say(text("Set flag")), type="primary"):
            attempt(lambda: service.flag(principal(), place.scope.workspace, item.id, Kind(kind), role=role, note=words))


def depend_form(item: Item, place: Here) -> None:
    """An item that must be done first: one of those that are open, or any one by its key."""
    known = _others(item, place)
    with st.form("depend", border=False):
        chosen = st.selectbox(
            say(text("Open item")), [None, *known], format_func=lambda one: known.get(one or "", "–"),
            help=say(text("Type a part of its key or name.")),
        )  # fmt: skip
        other = st.text_input(say(text("Or the key or id of another one")), max_chars=300)
        if st.form_submit_button(say(text("Save")), type="primary"):
            attempt(lambda: service.depend(principal(), place.scope.workspace, item.id, other.strip() or chosen or ""))


def _others(item: Item, place: Here) -> dict[str, str]:
    """Items that can be chosen, by their ids: of a step first the other steps of its launch, then open work; of very much of that
    what is kept here alone.
    """
    workspace = place.scope.workspace
    found = choosing.open_work(place.principal, workspace)
    if len(found) > _MANY:
        found = [(one, key, name) for one, key, name in found if number_of(one) is not None]
    steps = () if item.parent is None else reading.item(place.principal, workspace, item.parent.id).steps
    listed = {one.id: called(one.key, say(titled(one.name))) for one in steps}
    listed |= {one: called(key, name) for one, key, name in found}
    return {one: name for one, name in listed.items() if one not in item.names}
