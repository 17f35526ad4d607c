"""Reading from a database: save and test a connection, choose a table or write a SELECT, preview it as a file is previewed."""

from collections.abc import Callable

import streamlit as st

from marops.connections import service
from marops.connections.kinds import NAMES, WITHOUT_SELECT, Query
from marops.connections.service import Known
from marops.errors import UserError
from marops.language import Text, text
from marops.principal import Action, allowed
from marops.web.components import note, section
from marops.web.panels import connecting, importing
from marops.web.scope import Here
from marops.web.session import literal, principal, reader, say
from marops.workspaces.store import OWN

_SAID = "connection_said"
_TABLES = "connection_tables"


def panel(place: Here) -> None:
    """Saved connections, the form for another, and what to read from one."""
    if not allowed(place.principal, Action.IMPORT):
        return
    section(
        text("Which source do you want to read from?"),
        text("A database, a folder of files, or a store of them on the Internet. marops reads with a role that can only read."),
    )
    known = service.connections(principal(), OWN)
    for one in known:
        _connection(one, place)
    _said()
    if known:
        _choose(known)
    if allowed(place.principal, Action.ADMINISTER):
        # With a key and a state of its own it stays open where the form was refused: what is said above it moves it down.
        more = st.expander(
            say(text("Add a connection")), expanded=False, icon=":material/database:", key="add_connection", on_change="rerun"
        )
        with more:
            connecting.form(_tell)


def _connection(one: Known, place: Here) -> None:
    form = one.form
    tested = text("tested {moment}", moment=reader().moment(one.tested_at))
    facts = [say(NAMES[form.kind]), form.where, say(text("saved by {name}", name=one.saved_by)), say(tested)]
    problem = f"  \n:small[{literal('⚠ ' + one.problem)}]" if one.problem else ""
    with st.container(horizontal=True, vertical_alignment="center", key=f"connection_{one.id}"):
        st.markdown(f"{literal(form.name)}  \n:small[{literal(' · '.join(facts))}]{problem}", width="stretch")
        st.button(say(text("Test")), key=f"test_{one.id}", type="tertiary", on_click=_test_saved, args=(one,))
        if allowed(place.principal, Action.ADMINISTER):
            st.button(say(text("Remove")), key=f"remove_{one.id}", type="tertiary", on_click=_remove, args=(one.id,))


def _test_saved(one: Known) -> None:
    _tell(lambda: service.test_saved(principal(), OWN, one.id))


def _remove(connection_id: str) -> None:
    def removed() -> Text:
        service.remove(principal(), OWN, connection_id)
        return text("The connection and its password are gone.")

    _tell(removed)


# What to read


def _choose(known: list[Known]) -> None:
    names = {one.id: one.form.name for one in known}
    with st.container(border=True, key="read_from"):
        chosen = st.selectbox(say(text("Read from")), list(names), format_func=lambda one: names[one], key="read_connection")
        kind = next(one.form.kind for one in known if one.id == chosen)
        ways = {"table": say(text("a table")), "select": say(text("a SELECT"))}
        way = "table"
        if kind not in WITHOUT_SELECT:
            way = st.segmented_control(
                say(text("What")), list(ways), default="table", format_func=lambda one: ways[one], key="read_way", required=True
            )
        if way == "select":
            query = st.text_area(say(text("One SELECT")), key="read_select", max_chars=20_000, placeholder="SELECT ... FROM ...")
            st.button(say(text("Preview")), key="read_preview", on_click=_preview, args=(chosen, lambda: Query(select=query)))
            return
        kept: dict[str, list[str]] = st.session_state.setdefault(_TABLES, {})
        # Not by itself: a server that does not answer would hold the page up on every run.
        if chosen not in kept:
            st.button(say(text("List its tables")), key="read_list", on_click=_list, args=(chosen,))
            return
        table = st.selectbox(say(text("Table")), kept[chosen], key=f"read_table_{chosen}")
        if table:
            st.button(say(text("Preview")), key="read_preview", on_click=_preview, args=(chosen, lambda: Query(table=table)))


def _list(connection_id: str) -> None:
    try:
        st.session_state[_TABLES][connection_id] = service.tables(principal(), OWN, connection_id)
    except UserError as refused:
        st.session_state[_SAID] = (False, refused.text)


def _preview(connection_id: str, query: Callable[[], Query]) -> None:
    try:
        importing.show(service.preview(principal(), OWN, connection_id, query()))
    except UserError as refused:
        st.session_state[_SAID] = (False, refused.text)


def _tell(action: Callable[[], Text]) -> None:
    """Do something and keep what is to be said of it: a callback runs before there is a place to say it."""
    st.session_state[_TABLES] = {}
    try:
        st.session_state[_SAID] = (True, action())
    except UserError as refused:
        st.session_state[_SAID] = (False, refused.text)


def _said() -> None:
    if said := st.session_state.pop(_SAID, None):
        went_well, words = said
        if went_well:
            st.success(literal(words), icon=":material/check_circle:")
        else:
            st.error(literal(words), icon=":material/error:")
    note(text("What is read goes the way of every file: you see it first, and nothing counts until you accept."))
