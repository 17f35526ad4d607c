"""That a request kept here and an imported item are one: named where it is likely, said by somebody, taken back."""

import streamlit as st

from marops.language import joined, ntext, text
from marops.pipeline import choosing
from marops.principal import Action, allowed
from marops.web.components import note
from marops.web.panels.items import line_named, listed
from marops.web.panels.managing import attempt, dialog, quietly
from marops.web.scope import Here
from marops.web.session import principal, say
from marops.work import linking
from marops.work.reading import Item
from marops.work.store import SameWork


def same(item: Item, place: Here) -> None:
    """With what an item is one, or may be; nothing of steps, which count in no number, and of what is withdrawn."""
    for one in item.same:
        _link(one, item, place)
    row = item.row
    if item.same or row is None or row.parent is not None or row.withdrawn_at is not None:
        return
    found = choosing.twins(place.principal, place.scope.workspace, item.id)
    if found:
        note(
            ntext(
                "Imported work has the same name and was going on at the same time: {keys}. If it is the same, say so: until then "
                "both count.",
                "Imported items have the same name and were going on at the same time: {keys}. If one of them is the same, say so: "
                "until then all count.",
                len(found), keys=joined([key for _, key in found]),
            )
        )  # fmt: skip
    if allowed(place.principal, Action.EDIT) and st.button(
        say(text("It is an imported item")), key="same", type="secondary" if found else "tertiary", icon=":material/join:"
    ):
        dialog(text("Which imported item is it?"), same_form, item, place)


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
    with st.container(horizontal=True, vertical_alignment="center", key=f"same_{one.id}"):
        with st.container(width="stretch"):
            listed([line_named(other, place)], place, text("Item"))
        if allowed(place.principal, Action.EDIT):
            st.button(
                say(text("They are two")), key=f"unlink_{one.id}", type="tertiary", on_click=quietly,
                args=(lambda: linking.withdraw(principal(), place.scope.workspace, one.id),),
            )  # fmt: skip


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
