"""Reading from a database: save and test a connection, choose a table or write a SELECT, preview it as a file is previewed."""

from collections.abc import Callable

import streamlit as st

from marops.connections import service
from marops.connections.kinds import NAMES, PORTS, SERVERS, Form, Kind, Query, Tls
from marops.connections.service import Known
from marops.errors import UserError
from marops.language import Text, text
from marops.principal import Action, allowed
from marops.web.components import note, section
from marops.web.panels import importing
from marops.web.scope import Here
from marops.web.session import literal, principal, reader, say
from marops.workspaces.store import OWN

_SECRET = "connection_password"  # noqa: S105  (the key of the widget, not what it holds)
_SAID = "connection_said"
_TABLES = "connection_tables"
_TLS: dict[Tls, Text] = {
    Tls.VERIFIED: text("encrypted, certificate checked"),
    Tls.ENCRYPTED: text("encrypted"),
    Tls.OFF: text("not encrypted"),
}


def panel(place: Here) -> None:
    """Saved connections, the form for another, and what to read from one."""
    if not allowed(place.principal, Action.IMPORT):
        return
    section(
        text("Which database do you want to read from?"),
        text(
            "PostgreSQL, MariaDB, MySQL, SQLite, DuckDB or a folder of Parquet files. marops reads with a role that can only read."
        ),
    )
    known = service.connections(principal(), OWN)
    for one in known:
        _connection(one, place)
    _said()
    if known:
        _choose(known)
    if allowed(place.principal, Action.ADMINISTER):
        with st.expander(say(text("Add a connection")), expanded=False, icon=":material/database:"):
            _form()


def _connection(one: Known, place: Here) -> None:
    form = one.form
    where = f"{form.host}:{form.port}/{form.database}" if form.kind in SERVERS else form.path
    tested = text("tested {moment}", moment=reader().moment(one.tested_at))
    facts = [say(NAMES[form.kind]), where, say(text("saved by {name}", name=one.saved_by)), say(tested)]
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
        if kind is not Kind.PARQUET:
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


# The form


def _form() -> None:
    kind = st.selectbox(say(text("Kind")), list(Kind), format_func=lambda one: say(NAMES[one]), key="connection_kind")
    with st.form("connection", border=False):
        st.text_input(say(text("Name")), key="connection_name", max_chars=100, placeholder=say(text("what you call it")))
        if kind in SERVERS:
            _server_fields(kind)
        else:
            st.text_input(
                say(text("Path on the server")), key="connection_path", max_chars=1000,
                help=say(text("Inside a folder that MAROPS_FILES_FROM allows.")),
            )  # fmt: skip
        with st.container(horizontal=True):
            st.form_submit_button(say(text("Save connection")), type="primary", on_click=_submit, args=(kind, True))
            st.form_submit_button(say(text("Test connection")), on_click=_submit, args=(kind, False))


def _server_fields(kind: Kind) -> None:
    host, port = st.columns([3, 1])
    host.text_input(say(text("Host")), key="connection_host", max_chars=253)
    port.number_input(say(text("Port")), 1, 65535, PORTS[kind], key=f"connection_port_{kind}")
    database, user = st.columns(2)
    database.text_input(say(text("Database")), key="connection_database", max_chars=128)
    user.text_input(say(text("User")), key="connection_user", max_chars=128)
    password, tls = st.columns(2)
    password.text_input(
        say(text("Password")), key=_SECRET, type="password", max_chars=500, autocomplete="off",
        help=say(text("Kept encrypted, and never shown again. Enter it again to change anything here.")),
    )  # fmt: skip
    tls.selectbox(say(text("Way to the server")), list(Tls), format_func=lambda one: say(_TLS[one]), key="connection_tls")


def _submit(kind: Kind, save: bool) -> None:  # noqa: FBT001  (Streamlit gives arguments by position)
    state = st.session_state
    # Out of the session before anything else happens: it lives on only sealed.
    password, state[_SECRET] = str(state.get(_SECRET) or ""), ""

    def done() -> Text:
        form = _filled(kind)
        if save:
            service.save(principal(), OWN, form, password)
            return text("{name} is saved. Choose below what to read from it.", name=form.name)
        return service.test(principal(), form, password)

    _tell(done)


def _filled(kind: Kind) -> Form:
    """The form as it is filled in. Raises BadConnection."""

    def field(name: str) -> str:
        return str(st.session_state.get(f"connection_{name}") or "").strip()

    if kind not in SERVERS:
        return Form(kind, field("name"), path=field("path"))
    port = int(st.session_state[f"connection_port_{kind}"])
    tls = Tls(st.session_state["connection_tls"])
    return Form(kind, field("name"), field("host"), port, field("database"), field("user"), tls)


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
