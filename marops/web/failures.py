"""What a reader sees when something goes wrong: a sentence they can act on, or an apology with a number that is in the
log. Never a traceback.
"""

import logging
from collections.abc import Generator
from contextlib import contextmanager
from secrets import token_hex

import streamlit as st

from marops.errors import UserError
from marops.language import text
from marops.web.session import literal, say

_log = logging.getLogger("marops")


def on_script_error(error: Exception) -> bool:
    """Show an error of a page, callback or fragment. Streamlit calls this; True keeps its own display away."""
    if isinstance(error, UserError):
        st.error(literal(error.text), icon=":material/error:")
        return True
    number = token_hex(3).upper()
    _log.error("incident %s", number, exc_info=error)
    st.error(
        say(text("Something went wrong here. It is in the log as incident {number}; nothing was changed. Reload the page, "
                 "and quote the number if it happens again.", number=number)),
        icon=":material/report:",
    )  # fmt: skip
    return True


@contextmanager
def shown() -> Generator[None]:
    """Show a `UserError` of the block in place, and go no further; anything else goes on to the log."""
    try:
        yield
    except UserError as refused:
        st.error(literal(refused.text), icon=":material/error:")
        st.stop()
