"""Who holds the work, and who does what: the bottleneck with its evidence, hand-offs, and the matrix with its editor."""

import hashlib
from collections.abc import Mapping
from typing import Any

import polars as pl
import streamlit as st

from marops.errors import UserError
from marops.language import Text, ntext, text
from marops.pipeline import role_figures, roles
from marops.pipeline.held import Held
from marops.pipeline.raci import LETTERS, SIDES, Rule, called
from marops.pipeline.roles import Written
from marops.principal import Action, allowed
from marops.quantity import Quantity, Unit
from marops.web import charts
from marops.web.components import note, section
from marops.web.markup import html
from marops.web.panels.items import open_item, opened
from marops.web.scope import Here
from marops.web.session import literal, principal, say
from marops.web.tables import Opens, table

_SIDES: dict[str, Text] = {
    "it": text("IT"), "marketing": text("Marketing"), "agency": text("Agency"), "data": text("Data"), "": text("not said"),
}  # fmt: skip
_RULES: dict[Rule, Text] = {
    Rule.UNOWNED: text("unowned"), Rule.SHARED: text("shared"), Rule.NOBODY_DOES: text("nobody does it"),
    Rule.CONSULTED: text("too many consulted"), Rule.OVERLOAD: text("overloaded"), Rule.ANSWERS_FOR_ALL: text("answers for all"),
    Rule.IDLE: text("no letter"), Rule.GONE: text("stages gone"),
    Rule.OTHER_SIDE: text("two sides"),
}  # fmt: skip
_SHOWN = 6
_CHOICES = ("RA", "R", "A", "C", "I")
_EDIT, _SAVED, _REFUSED, _CHANGED = "raci_edit", "raci_saved", "raci_refused", "raci_changed"


def held_work(held: Held, place: Here) -> None:
    """Where work is stuck: who holds it, what roles pass on, and the items behind a cell that was clicked."""
    section(text("Where is work stuck?"))
    _sentence(held.conclusion)
    for doubt in held.doubts:
        note(doubt)
    if held.is_untold:
        return
    left, right = st.columns(2, gap="large")
    with left:
        charts.show(charts.drawn(role_figures.stage_by_role, held), key="stage_by_role", picks=_open_cell)
    with right:
        charts.show(charts.drawn(role_figures.handoffs, held), key="handoffs", picks=_open_passed)
    _held_items(held, place)
    _passed_items(held, place)


def must_act(held: Held, place: Here) -> None:
    """Who must act, and how long sides wait for each other."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        _must_act(held, place.chosen.role)
    with right:
        if not held.is_untold:
            _crossings(held)


def _open_cell(cell: str) -> None:
    st.query_params["held"] = cell


def _open_passed(cell: str) -> None:
    st.query_params["passed"] = cell


def _passed_items(held: Held, place: Here) -> None:
    """The items behind the cell of the hand-offs that was clicked."""
    role, to = role_figures.passed_of(place.looks("passed"))
    found = held.passed_on(role, to)
    if found.is_empty():
        return
    note(
        ntext(
            "{role} passed work to {to} {n} time in these days:",
            "{role} passed work to {to} {n} times in these days, the last first:",
            found.height, role=role, to=to,
        )
    )  # fmt: skip
    opened(found, lambda row: text("on {day}", day=row["until"].date()), place, text("Items that were passed on"), key="passed")


def _held_items(held: Held, place: Here) -> None:
    """The items behind the cell that was clicked."""
    stage_id, role = role_figures.cell_of(place.looks("held"))
    stage, found = held.process.named(stage_id), held.of(stage_id, role)
    if stage is None or found.is_empty():
        return
    note(
        ntext(
            "{n} item was with {role} in {stage} in these days, the longest first:",
            "{n} items were with {role} in {stage} in these days, the longest first:",
            found.height, role=called(role), stage=stage.name,
        )
    )  # fmt: skip
    opened(found, _lasted, place, text("Items that were held"), key="held")


def _lasted(row: dict[str, Any]) -> Text:
    days = Quantity(row["days"], Unit.DAYS)
    return text("{days}, still there", days=days) if row["open"] else text("{days}", days=days)


def _must_act(held: Held, role: str | None) -> None:
    """Who must act on the last day of the data; of one role, where one is chosen."""
    section(text("Who must act now?"), text("As of {day}: what is with each role, before launch.", day=held.as_of))
    if held.now.is_empty():
        note(text("Nobody: no item whose history is known is before its launch."))
        return
    found = held.now if role is None else held.now.filter(pl.col("role") == role)
    if found.is_empty():
        note(text("Nothing waits for {role}.", role=called(role)))
        return
    oldest = say(text("Oldest item"))
    unvalued = pl.col("items") - pl.col("valued")
    shown = found.select(
        _names(found["role"]).alias(say(text("Role"))),
        _side_names(held, found["role"]).alias(say(text("Side"))),
        pl.col("items").alias(say(text("Items"))),
        *([pl.col("approvals").alias(say(text("To approve")))] if found["approvals"].sum() else []),
        pl.col("value").round(0).cast(pl.Int64).alias(say(text("Value a day, {code}", code=held.currency))),
        pl.col("oldest").round(1).alias(say(text("Oldest, days"))),
        pl.col("case").alias(oldest),
        *([unvalued.alias(say(text("Without a value")))] if found.select(unvalued.sum()).item() else []),
    )
    if undated := int(found["undated"].sum()):
        note(
            ntext(
                "Of {n} item it is not known since when it is there: its history, or a move of it, is missing or cannot be.",
                "Of {n} items it is not known since when they are there: their history, or a move of it, is missing or cannot be.",
                undated,
            )
        )  # fmt: skip
    table(
        shown, key="must_act", alt=say(text("What is with each role now")), name="must-act",
        opens=Opens(oldest, found["issue_id"].to_list(), open_item),
    )  # fmt: skip


def _crossings(held: Held) -> None:
    """What passed between sides, and how long it lay there."""
    section(text("How long do IT and marketing wait for each other?"), text("Until the side that got the work passes it on."))
    if held.crossings.is_empty():
        note(text("No work passed from one side to another in these days, as far as the sides of roles are known."))
        return
    both = pl.all_horizontal(pl.col("side", "next_side").is_in(["it", "marketing"]))
    for row in held.crossings.filter(both).rows(named=True):
        _sentence(_crossing(row))
    shown = held.crossings.select(
        _sides(held.crossings).alias(say(text("From, to"))),
        pl.col("times").alias(say(text("Times"))),
        pl.col("open").alias(say(text("Still there"))),
        pl.col("median").round(1).alias(say(text("Median, days"))),
    )
    table(shown, key="crossings", alt=say(text("What passed between sides")), name="sides")


def _crossing(row: dict[str, Any]) -> Text:
    side, next_side = _SIDES[row["side"]], _SIDES[row["next_side"]]
    if row["median"] is None:
        return ntext(
            "From {side} to {next}: {n} time; too few were passed on to say how long {next} takes.",
            "From {side} to {next}: {n} times; too few were passed on to say how long {next} takes.",
            row["times"], side=side, next=next_side,
        )  # fmt: skip
    return ntext(
        "From {side} to {next}: {n} time; {next} passes half on within {days}.",
        "From {side} to {next}: {n} times; {next} passes half on within {days}.",
        row["times"], side=side, next=next_side, days=Quantity(row["median"], Unit.DAYS),
    )  # fmt: skip


def _sentence(said: Text) -> None:
    st.markdown(html("sentence.html", said=say(said)), unsafe_allow_html=True)


def _names(roles_: pl.Series) -> pl.Series:
    return pl.Series([say(called(role)) for role in roles_], dtype=pl.String)


def _side_names(held: Held, roles_: pl.Series) -> pl.Series:
    return pl.Series([say(_SIDES[held.sides.get(role or "", "")]) for role in roles_], dtype=pl.String)


def _sides(found: pl.DataFrame) -> pl.Series:
    pairs = found.select("side", "next_side").iter_rows()
    return pl.Series([say(text("{side} to {next}", side=_SIDES[side], next=_SIDES[to])) for side, to in pairs], dtype=pl.String)


# The matrix


def who_does_what(held: Held, place: Here) -> None:
    """The matrix of stages and roles, what is wrong with it, and its editor."""
    note(text("RACI: R does it, A answers for it, C is asked before, I is told after. Each stage needs one A and at least one R."))
    if held.is_default:
        note(text("This is the default, a starting point: nobody has set who does what here."))
    _matrix(held)
    for flaw in held.flaws[:_SHOWN]:
        title, line = say(_RULES[flaw.rule]), say(flaw.said)
        st.markdown(
            html("action.html", sign="▲", title=title, line=line, said="", late=flaw.rule is Rule.UNOWNED, word=""),
            unsafe_allow_html=True,
        )
    if not held.flaws:
        note(text("The matrix keeps every rule."))
    if len(held.flaws) > _SHOWN:
        note(ntext("and {n} more like these", "and {n} more like these", len(held.flaws) - _SHOWN))
    if not allowed(place.principal, Action.EDIT):
        note(text("You can look, not change: that takes the role of a manager."))
    else:
        _change(held, place)


@st.fragment
def _change(held: Held, place: Here) -> None:
    """The editor, on demand. What was seen stays what it was until the page is drawn anew, so that a change somebody else made
    meanwhile is noticed.
    """
    if st.session_state.pop(_CHANGED, False):
        st.rerun()
    saved, refused = (st.session_state.pop(name, None) for name in (_SAVED, _REFUSED))
    if saved is not None:
        st.success(literal(saved), icon=":material/check:")
    if refused is not None:
        st.error(literal(refused), icon=":material/error:")
    if st.toggle(say(text("Change who does what")), key=_EDIT):
        _editor(held, place)


def _matrix(held: Held) -> None:
    stages = held.process.board
    unowned = {flaw.stage for flaw in held.flaws if flaw.rule is Rule.UNOWNED}
    st.markdown(
        html(
            "raci.html",
            label=say(text("Who does what in each stage")),
            head=say(text("Role")),
            unowned=say(called(None)),
            stages=[{"name": say(stage.name), "unowned": stage.id in unowned} for stage in stages],
            roles=[
                {
                    "name": say(called(role.name)), "side": say(_SIDES[role.side]) if role.side else "",
                    "hue": role.side if role.side in {"it", "marketing"} else "note",
                    "cells": [held.matrix.letters(stage.id, role.name) for stage in stages],
                }
                for role in held.matrix.roles
            ],
        ),
        unsafe_allow_html=True,
    )  # fmt: skip


def _editor(held: Held, place: Here) -> None:
    """One row a role, so that roles can be added and taken out."""
    shown = repr((held.matrix, held.process.board)).encode()
    # What is typed stays for as long as the matrix below it does, whatever else changes in the workspace.
    key = f"raci_{hashlib.sha256(shown).hexdigest()[:12]}"
    st.data_editor(
        _rows(held), key=key, hide_index=True, num_rows="dynamic", column_config=_columns(held), placeholder="",
        alt=say(text("Who does what in each stage")),
    )  # fmt: skip
    note(text("One row a role; RA does it and answers for it. A stage in which no role has an A is unowned."))
    with st.container(horizontal=True):
        st.button(
            say(text("Save who does what")), key="raci_save", type="primary", on_click=_save, args=(held, place, key),
        )  # fmt: skip
        if not held.is_default:
            st.button(say(text("Back to the default")), key="raci_default", on_click=_save, args=(held, place, None))


def _save(held: Held, place: Here, key: str | None) -> None:
    """Set what stands in the editor (`key`), or the default. What came of it is said where the page is drawn next."""
    written = None if key is None else _read(_edited(_rows(held), st.session_state[key]), held)
    seen = None if held.is_default else held.matrix
    try:
        roles.set_matrix(principal(), place.scope.workspace, written, seen=seen)
    except UserError as refused:
        st.session_state[_REFUSED] = refused.text
    else:
        said = text("Saved. Whose move each stage is, and the numbers above, follow this matrix now.")
        st.session_state.update({_SAVED: said, _CHANGED: True, _EDIT: False})


def _edited(rows: list[dict[str, Any]], state: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows with what somebody did to them in an editor, as Streamlit keeps it."""
    kept = [row | state["edited_rows"].get(at, {}) for at, row in enumerate(rows) if at not in state["deleted_rows"]]
    return [*kept, *state["added_rows"]]


def _rows(held: Held) -> list[dict[str, Any]]:
    return [
        {"role": say(called(role.name)), "side": say(_SIDES[role.side])}
        | {f"stage {stage.id}": held.matrix.letters(stage.id, role.name) or None for stage in held.process.board}
        for role in held.matrix.roles
    ]


def _columns(held: Held) -> dict[str, Any]:
    config = st.column_config
    others = {cell.letters for cell in held.matrix.cells} - set(_CHOICES)
    options = [*_CHOICES, *sorted(others, key=lambda letters: [LETTERS.index(letter) for letter in letters])]
    return {
        "role": config.TextColumn(say(text("Role")), required=True, max_chars=roles.MOST_NAME),
        "side": config.SelectboxColumn(say(text("Side")), options=[say(_SIDES[side]) for side in SIDES]),
        **{
            f"stage {stage.id}": config.SelectboxColumn(say(stage.name), options=options, width="small")
            for stage in held.process.board
        },
    }


def _read(edited: list[dict[str, Any]], held: Held) -> list[Written]:
    """The roles of the edited table. A default role's name in the reader's language is that role's."""
    names = {say(called(role.name)): role.name for role in held.matrix.roles}
    sides = {say(words): side for side, words in _SIDES.items()}
    return [
        Written(
            names.get(row.get("role") or "", row.get("role") or ""),
            sides.get(row.get("side") or "", ""),
            {stage.id: row.get(f"stage {stage.id}") or "" for stage in held.process.board},
        )
        for row in edited
    ]
