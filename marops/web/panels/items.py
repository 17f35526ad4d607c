"""Work items as lines that lead to their pages, and the page that the address asks for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

import polars as pl
import streamlit as st

from marops.errors import NotFound, UserError
from marops.language import Text, text
from marops.pipeline import choosing
from marops.stages import Process
from marops.web.markup import html
from marops.web.scope import Here
from marops.web.session import literal, say
from marops.web.tables import Opens, table
from marops.work import reading
from marops.work.plans import titled
from marops.work.reading import Item
from marops.work.store import WorkItem, key_of

SIDES: dict[str, Text] = {"it": text("IT"), "marketing": text("Marketing")}
"""Who must act on a step of a launch."""

_MOST = 12
"""Lines of a list that a chart opens."""

ASKED = "item"
"""The query parameter that names an item."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a list: a sign, who or what, what is to be known of it; `word` stands out where something is late."""

    item: str
    name: str
    line: str
    sign: str = "○"
    word: str = ""


def open_item(item_id: str) -> None:
    """Make the address ask for an item's page. For clicks on charts."""
    st.query_params[ASKED] = item_id


def link(place: Here, item_id: str) -> str:
    """The address of an item's page in the reader's scope."""
    return f"pipeline?{urlencode({**place.link, ASKED: item_id})}"


def listed(lines: Sequence[Line], place: Here, label: Text) -> None:
    """Lines below each other, each a link to its item."""
    rows = [
        {
            "href": link(place, one.item),
            "name": one.name,
            "line": one.line,
            "sign": one.sign,
            "word": one.word,
            "late": one.word != "",
        }
        for one in lines
    ]
    st.markdown(html("items.html", listed=rows, label=say(label)), unsafe_allow_html=True)


def opened(found: pl.DataFrame, said: Callable[[dict[str, Any]], Text], place: Here, label: Text, *, key: str) -> None:
    """The items that a click on a chart opens (`issue_id`, `name`), the first ones as lines, with what is `said` of each row; of
    more than these all in a table, on demand.
    """
    rows = found.head(_MOST).iter_rows(named=True)
    over = frozenset(choosing.over(place.principal, place.scope.workspace))
    listed(
        [
            Line(row["issue_id"], row["name"] or row["issue_id"], say(said(row)), "✓" if row["issue_id"] in over else "○")
            for row in rows
        ],
        place, label,
    )  # fmt: skip
    if found.height > _MOST:
        more = st.expander(say(text("All {n}", n=found.height)), key=f"all_{key}", on_change="rerun", type="compact")
        if more.open:
            with more:
                _all(found, said, label, key)


def _all(found: pl.DataFrame, said: Callable[[dict[str, Any]], Text], label: Text, key: str) -> None:
    item = say(text("Item"))
    shown = pl.DataFrame({
        item: [row["name"] or row["issue_id"] for row in found.iter_rows(named=True)],
        say(text("What is known")): [say(said(row)) for row in found.iter_rows(named=True)],
        say(text("Id")): found["issue_id"],
    })  # fmt: skip
    table(shown, key=f"all_{key}_table", alt=say(label), name=key, opens=Opens(item, found["issue_id"].to_list(), open_item))


def called(key: str, name: str) -> str:
    """An item as lists call it: by its key and its name, once where these are the same."""
    return name if key == name else f"{key} {name}"


def line_of(item: Item, process: Process, today: date) -> Line:
    """An item with its stage (a step of a launch: who must act) and the day it is due; late where that has passed undone. One
    that was withdrawn says so.
    """
    named = called(item.key, say(titled(item.name)))
    if item.row is not None and item.row.withdrawn_at is not None:
        said = text("withdrawn by {who} on {when}", who=item.row.withdrawn_by or "", when=item.row.withdrawn_at)
        return Line(item.id, named, " · ".join([say(said), item.row.withdrawn_reason or ""]), "·")
    if item.counts_as is not None:
        return Line(item.id, named, say(text("counts as an imported item")), "·")
    done = item.is_done(process)
    late = item.due is not None and item.due < today and not done and not item.is_launched(process)
    stage = say(item.stage.name) if item.stage else item.last.status if item.last else ""
    row = item.row
    where = say(SIDES.get(row.side, row.side)) if row is not None and row.parent is not None and not done else stage
    parts = [where, say(text("due {due}", due=item.due)) if item.due and not done else ""]
    sign = "·" if item.is_dropped else "✓" if done else "▲" if late else "○"
    return Line(item.id, named, " · ".join(part for part in parts if part), sign, say(text("late")) if late else "")


def line_named(item_id: str, place: Here) -> Line:
    """The line of an item of this id, also of one that was imported once."""
    try:
        return line_of(reading.item(place.principal, place.scope.workspace, item_id), place.opened.process, place.opened.local_day)
    except NotFound:  # an imported item whose import was undone since
        return Line(item_id, key_of(item_id), say(text("not in this workspace any more")), "·")


def open_made(make: Callable[[], WorkItem]) -> None:
    """Make an item and go to its page; what is refused is said where it was asked."""
    try:
        made = make()
    except UserError as refused:
        st.error(literal(refused.text), icon=":material/error:")
    else:
        st.query_params[ASKED] = made.item
        st.rerun()
