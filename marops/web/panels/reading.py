"""A file that is being read: nothing to see while that takes half a second, else how far it is and a way to end it.

The page's script does not wait for it: a fragment looks twice a second, and has the page drawn anew once it is done.
"""

from collections.abc import Callable

import streamlit as st

from marops.errors import UserError
from marops.language import text
from marops.sources import service, words
from marops.sources.ongoing import Ongoing
from marops.web.session import literal, principal, say
from marops.workspaces.store import OWN

_ONGOING = "marops_reading"
_AT_ONCE = 0.5
"""Seconds for which the page waits: a file that is read by then is shown without anything in between."""


def begin(start: Callable[[], Ongoing]) -> bool:
    """Begin to read a file in place of any other. What stands against it is said; then False."""
    if earlier := st.session_state.pop(_ONGOING, None):
        service.stop(principal(), earlier)
    try:
        ongoing = start()
    except UserError as refused:
        st.error(literal(refused.text), icon=":material/error:")
        return False
    st.session_state[_ONGOING] = ongoing
    ongoing.is_done(within=_AT_ONCE)
    return True


def by_path() -> bool:
    """Ask for the path of a file on the server, for what is too large to upload; whether one begins to be read."""
    with st.expander(say(text("A larger file, on the server")), key="by_path"), st.form("by_path_form", border=False):
        named = st.text_input(
            say(text("Path")), key="server_path", max_chars=1_000,
            help=say(text("Only in folders that the administrator allows. “marops watch FOLDER” takes files by itself.")),
        )  # fmt: skip
        if st.form_submit_button(say(text("Read"))) and named.strip():
            return begin(lambda: service.start_named(principal(), OWN, named))
    return False


def result() -> str | None:
    """The id of the preview that is ready now, once; otherwise the progress is shown, or what was wrong with the file."""
    ongoing: Ongoing | None = st.session_state.get(_ONGOING)
    if ongoing is None:
        return None
    if not ongoing.is_done():
        _progress()
        return None
    del st.session_state[_ONGOING]
    try:
        return service.finish(principal(), ongoing).id
    except UserError as refused:
        st.error(literal(refused.text), icon=":material/error:")
        return None


@st.fragment(run_every=0.5)
def _progress() -> None:
    ongoing: Ongoing | None = st.session_state.get(_ONGOING)
    if ongoing is None or ongoing.is_done():
        st.rerun()
    else:
        found = service.progress(principal(), ongoing)
        with st.container(border=True, key="reading"):
            st.progress(found.share or 0.0, text=literal(words.progress(found)))
            st.button(say(text("Cancel")), key="stop_reading", on_click=_stop)


def _stop() -> None:
    if ongoing := st.session_state.pop(_ONGOING, None):
        service.stop(principal(), ongoing)
    st.session_state["upload_round"] = st.session_state.get("upload_round", 0) + 1
