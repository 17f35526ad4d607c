"""The form of a connection: the fields of its kind, its secret, and what marops cannot look at."""

from collections.abc import Callable

import streamlit as st

from marops.connections import service
from marops.connections.fields import Described, Field
from marops.connections.kinds import DESCRIBED, NAMES, PORTS, SERVERS, Form, Kind, Tls
from marops.language import Text, text
from marops.web.session import principal, say
from marops.workspaces.store import OWN

_SECRET = "connection_password"  # noqa: S105  (the key of the widget, not what it holds)
_TLS: dict[Tls, Text] = {
    Tls.VERIFIED: text("encrypted, certificate checked"),
    Tls.ENCRYPTED: text("encrypted"),
    Tls.OFF: text("not encrypted"),
}


def form(tell: Callable[[Callable[[], Text]], None]) -> None:
    """The form. What a button does goes to `tell`, which says what came of it."""
    kind = st.selectbox(say(text("Kind")), list(Kind), format_func=lambda one: say(NAMES[one]), key="connection_kind")
    with st.form("connection", border=False):
        st.text_input(say(text("Name")), key="connection_name", max_chars=100, placeholder=say(text("what you call it")))
        if kind in SERVERS:
            _server_fields(kind)
        elif kind in DESCRIBED:
            _described_fields(kind, DESCRIBED[kind])
        else:
            st.text_input(
                say(text("Path on the server")), key="connection_path", max_chars=1000,
                help=say(text("Inside a folder that MAROPS_FILES_FROM allows.")),
            )  # fmt: skip
        with st.container(horizontal=True):
            st.form_submit_button(say(text("Save connection")), type="primary", on_click=_submit, args=(kind, True, tell))
            st.form_submit_button(say(text("Test connection")), on_click=_submit, args=(kind, False, tell))


def _server_fields(kind: Kind) -> None:
    host, port = st.columns([3, 1])
    host.text_input(say(text("Host")), key="connection_host", max_chars=253)
    port.number_input(say(text("Port")), 1, 65535, PORTS[kind], key=f"connection_port_{kind}")
    database, user = st.columns(2)
    database.text_input(say(text("Database")), key="connection_database", max_chars=128)
    user.text_input(say(text("User")), key="connection_user", max_chars=128)
    password, tls = st.columns(2)
    with password:
        _secret(text("Password"))
    with tls:
        _tls()


def _described_fields(kind: Kind, described: Described) -> None:
    for pair in (described.fields[at : at + 2] for at in range(0, len(described.fields), 2)):
        for column, one in zip(st.columns(2), pair, strict=False):
            column.text_input(
                say(one.label), value=one.default, key=_key(kind, one), max_chars=1000, help=say(one.help) if one.help else None,
                placeholder="" if one.needed else say(text("may be empty")),
            )  # fmt: skip
    secret, beside = st.columns(2)
    with secret:
        _secret(described.secret)
    if described.takes_host:
        with beside:
            _tls()
    for one, column in zip(described.more_secrets, (beside, secret), strict=False):
        with column:
            _secret(one.label, _part(one))
    if not described.checked:
        st.checkbox(
            say(text("I have made sure that what I enter only reads; marops cannot look at that here")),
            key=f"connection_vouched_{kind}",
        )


def _secret(label: Text, key: str = _SECRET) -> None:
    st.text_input(
        say(label), key=key, type="password", max_chars=5000, autocomplete="off",
        help=say(text("Kept encrypted, and never shown again. Enter it again to change anything here.")),
    )  # fmt: skip


def _tls() -> None:
    st.selectbox(say(text("Way to the server")), list(Tls), format_func=lambda one: say(_TLS[one]), key="connection_tls")


def _key(kind: Kind, one: Field) -> str:
    return f"connection_{kind}_{one.name}"


def _part(one: Field) -> str:
    return f"{_SECRET}_{one.name}"


def _taken(kind: Kind) -> str:
    """The secret, out of the session before anything else happens: it lives on only sealed."""
    state = st.session_state

    def taken(key: str) -> str:
        found, state[key] = str(state.get(key) or ""), ""
        return found

    first = taken(_SECRET)
    if kind not in DESCRIBED:
        return first
    return DESCRIBED[kind].joined(first, {one.name: taken(_part(one)) for one in DESCRIBED[kind].more_secrets})


def _submit(kind: Kind, save: bool, tell: Callable[[Callable[[], Text]], None]) -> None:  # noqa: FBT001  (Streamlit gives arguments by position)
    password = _taken(kind)

    def done() -> Text:
        filled = _filled(kind)
        if save:
            service.save(principal(), OWN, filled, password)
            return text("{name} is saved. Choose below what to read from it.", name=filled.name)
        return service.test(principal(), filled, password)

    tell(done)


def _filled(kind: Kind) -> Form:
    """The form as it is filled in. Raises BadConnection."""

    def field(name: str) -> str:
        return str(st.session_state.get(f"connection_{name}") or "").strip()

    if kind in DESCRIBED:
        described = DESCRIBED[kind]
        tls = Tls(st.session_state["connection_tls"]) if described.takes_host else Tls.VERIFIED
        more = {one.name: field(f"{kind}_{one.name}") for one in described.fields}
        return Form(kind, field("name"), tls=tls, more=more, vouched=bool(st.session_state.get(f"connection_vouched_{kind}")))
    if kind not in SERVERS:
        return Form(kind, field("name"), path=field("path"))
    port = int(st.session_state[f"connection_port_{kind}"])
    tls = Tls(st.session_state["connection_tls"])
    return Form(kind, field("name"), field("host"), port, field("database"), field("user"), tls)
