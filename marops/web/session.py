"""Who is asking, and in which language: read anew on every run, never kept in the process."""

import streamlit as st

from marops.language import Reader, text
from marops.principal import LOCAL_ADMIN, Principal, Role


def principal() -> Principal:
    """The principal of this session. Local mode knows one: whoever reaches the loopback address is the admin."""
    return LOCAL_ADMIN


def require(role: Role) -> Principal:
    """The guard of a page: the principal, or the end of the page where the role does not suffice.

    Streamlit can be led to run a page's file by itself (a `pages` folder beside the script it was started with). The
    page then runs the main script first, which runs the page again with everything around it.
    """
    from marops.web import main, scope  # imported here: both import this module

    if scope.current() is None:
        main.main()
        st.stop()
    found = principal()
    if found.role < role:
        st.warning(say(text("This page needs another role. Ask an admin of this marops.")))
        st.stop()
    return found


def reader() -> Reader:
    """The reader for the browser's language."""
    return Reader.of(st.context.locale)


def say(said: object) -> str:
    """Words for the reader of this session."""
    return reader().say(said)


_MARKDOWN = str.maketrans({character: f"\\{character}" for character in "\\`*_{}[]<>()#+-.!|~$:"})


def literal(said: object) -> str:
    """Words for a place where Streamlit reads Markdown: somebody's data must not become formatting, links or pictures."""
    return say(said).translate(_MARKDOWN)
