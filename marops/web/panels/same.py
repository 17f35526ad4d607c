"""That a request kept here and an imported item are one, or two: named where it is likely, said by somebody, taken back."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import streamlit as st

from marops.language import Text, ntext, text
from marops.pipeline import choosing
from marops.principal import Action, allowed
from marops.web.components import note
from marops.web.panels.items import Line, line_named, listed
from marops.web.panels.managing import attempt, dialog, quietly
from marops.web.scope import Here
from marops.web.session import principal, say
from marops.work import linking
from marops.work.reading import Item
from marops.work.store import SameWork

_SHOWN = 5
"""Lines that are always drawn; a name like Newsletter may be that of very many items."""


def same(item: Item, place: Here) -> None:
    """With what an item is one, may be, or is not; nothing of steps, which count in no number, and of what is withdrawn."""
    for one in item.same:
        _link(one, item, place)
    row = item.row
    if item.same or row is None or row.parent is not None or row.withdrawn_at is not None:
        return
    found = choosing.twins(place.principal, place.scope.workspace, item.id)
    if found:
        note(
            ntext(
                "Imported work has the same name and was going on at the same time. If it is the same, say so: until then both "
                "count.",
                "Imported items have the same name and were going on at the same time. If one of them is the same, say so: until "
                "then all count.",
                len(found),
            )
        )  # fmt: skip
        _drawn([partial(_likely, twin, item, place) for twin, _ in found], "more_twins")
    if allowed(place.principal, Action.EDIT) and st.button(
        say(text("It is an imported item")), key="same", type="secondary" if found else "tertiary", icon=":material/join:"
    ):
        dialog(text("Which imported item is it?"), same_form, item, place)
    _drawn([partial(_dismissed, one, place) for one in item.dismissed], "more_dismissed")


def _drawn(lines: Sequence[Callable[[], None]], key: str) -> None:
    """The first lines, and the others where somebody wants to see them."""
    for draw in lines[:_SHOWN]:
        draw()
    if len(lines) > _SHOWN:
        more = st.expander(say(ntext("{n} more", "{n} more", len(lines) - _SHOWN)), key=key, on_change="rerun", type="compact")
        if more.open:
            with more:
                for draw in lines[_SHOWN:]:
                    draw()


def _likely(twin: str, item: Item, place: Here) -> None:
    """An imported item that the request may be, and the way to say that it is not."""
    _line(
        line_named(twin, place), place, text("They are two"), f"dismiss_{twin}",
        lambda: linking.dismiss(principal(), place.scope.workspace, item.id, twin),
    )  # fmt: skip


def _dismissed(one: SameWork, place: Here) -> None:
    """That the request is not an imported item, as somebody said, and the way to take it back."""
    said = text("{who} said on {when} that they are two", who=one.author, when=one.written_at)
    line = replace(line_named(one.imported, place), line=say(said), sign="·", word="")
    _take_back(one, line, place)


def _take_back(one: SameWork, line: Line, place: Here) -> None:
    _line(
        line, place, text("Take back"), f"take_back_{one.id}",
        lambda: linking.withdraw(principal(), place.scope.workspace, one.id),
    )  # fmt: skip


def _line(line: Line, place: Here, word: Text, key: str, change: Callable[[], object]) -> None:
    """An item, and a button beside it for those who may change what is said of it."""
    with st.container(horizontal=True, vertical_alignment="center", key=f"line_{key}"):
        with st.container(width="stretch"):
            listed([line], place, text("Item"))
        if allowed(place.principal, Action.EDIT):
            st.button(say(word), key=key, type="tertiary", on_click=quietly, args=(change,))


def _link(one: SameWork, item: Item, place: Here) -> None:
    """What was said, the other item, and the way to take it back."""
    other = one.imported if item.row is not None else one.item
    if item.row is None:
        said = text("{who} said on {when} that this is the request kept here as", who=one.author, when=one.written_at)
    elif item.counts_as is None:
        said = text("{who} said on {when} that it is an item that is not imported any more, so it counts itself:", who=one.author,
                    when=one.written_at)  # fmt: skip
    else:
        said = text("{who} said on {when} that it is", who=one.author, when=one.written_at)
    note(said)
    _take_back(one, line_named(other, place), place)


def same_form(item: Item, place: Here) -> None:
    """The imported item that a request is: one of those of the same name, or another by its key."""
    workspace = place.scope.workspace
    known = dict(choosing.twins(place.principal, workspace, item.id))
    note(
        text(
            "That one counts, by its own history. Comments, approvals, flags, dependencies and steps of both stand on either page."
        )
    )
    with st.form("same", border=False):
        chosen = st.selectbox(
            say(text("Of the same name")), [None, *known], index=1 if len(known) == 1 else 0,
            format_func=lambda one: known.get(one or "", "–"),
        ) if known else None  # fmt: skip
        other = st.text_input(say(text("Key or id of the imported item")), max_chars=300)
        if st.form_submit_button(say(text("They are one")), type="primary"):
            attempt(lambda: linking.link(principal(), workspace, item.id, other.strip() or chosen or ""))
