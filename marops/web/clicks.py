"""Clicks on points and rows: each is told once, and every one is told.

Streamlit keeps what was clicked as a selection of the chart or table and tells it again with every run; and a browser does not
tell a click on what is selected already, also where its reader went back since and sees nothing of it. So what was clicked is drawn
anew, as another one in which nothing is selected.
"""

import streamlit as st


def fresh(key: str) -> str:
    """The key of a chart or table in which nothing was clicked yet."""
    return f"{key}_{st.session_state.get(_count(key), 0)}"


def done(key: str) -> None:
    """A click on it was told."""
    st.session_state[_count(key)] = st.session_state.get(_count(key), 0) + 1


def _count(key: str) -> str:
    return f"clicks_{key}"
