"""Saying which column is what: guesses with their reasons, what is still missing, and the first rows as they would be read."""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal

import streamlit as st

from marops.language import Text, joined, text
from marops.sources import guessing, service, words
from marops.sources.recognising import platforms
from marops.sources.report import Column, Mapping, Part, Proposal, Reason
from marops.sources.service import Preview
from marops.sources.trying import Cell, Line, Tried
from marops.tables import TABLES, Table, Type
from marops.web.components import note
from marops.web.days import ANY_DAY
from marops.web.markup import html
from marops.web.session import literal, principal, reader, say
from marops.workspaces.service import ZONES

_MANY = 30
"""Columns up to which all are shown; of more, those without a place wait until they are asked for."""

_DAY = "_day"


@st.fragment
def panel(preview: Preview, part: Part, key: str, read_again: Callable[[Mapping], None]) -> None:
    """What recognition or a guess found is filled in; `read_again` gets what is chosen here, once it is complete."""
    table = _table(part, key)
    if table is None:
        for column in part.columns[:_MANY]:
            _values(column)
        return
    known, proposal = _begun(part, table)
    key = f"{key}_{table.name}"
    picked, doubled = _goes_to(part, known, proposal, table, key)
    constants = _for_all_rows(preview, part, known, picked, table, key)
    asked = st.container()
    decimal, dates = _written(known, key)
    has_times = any(table.by_name[name].type is Type.TIMESTAMP for name in picked if name in table.by_name)
    zone = _zone(part, known, key) if has_times else known.zone
    mapping = Mapping(
        table=table.name, columns=picked, constants=constants, decimal=decimal or None, dates=dates or None, zone=zone,
        shape=_shape(part, known, picked),
    )  # fmt: skip
    tried = service.tried(principal(), preview, part, mapping)
    _shown(part, mapping, tried)
    against = doubled or (_missing(table, tried.missing) if tried.missing else None)
    if against:
        st.warning(literal(against), icon=":material/pending:")
    elif not tried.questions:
        note(text("Nothing is missing. marops remembers this for files with the same headers."))
    with asked:
        for question in tried.questions:
            st.warning(literal(words.question(question)), icon=":material/help:")
    if st.button(
        say(text("Read the file with these columns")), type="primary", key=f"remap_{key}", disabled=against is not None,
        help=say(against) if against else None,
    ):  # fmt: skip
        read_again(mapping)


def _table(part: Part, key: str) -> Table | None:
    names = list(TABLES)
    likely = part.mapping.table if part.mapping else part.proposals[0].table if part.proposed and part.proposals else None
    chosen = st.selectbox(
        say(text("What is a row?")), names, index=names.index(likely) if likely else None, key=f"map_table_{key}",
        format_func=lambda name: f"{_spoken(name)}: {re.split('[.:;]', TABLES[name].description, maxsplit=1)[0]}",
        placeholder=say(text("Choose what a row describes")),
    )  # fmt: skip
    if part.proposed and chosen == likely:
        note(text("A guess: {why}.", why=words.why(part.proposed)))
    elif part.mapping is None and likely is None:
        note(text("The names of the columns do not say what a row is."))
    return TABLES[chosen] if chosen else None


_MADE_OF = {
    "_day": text("day"), "_url": text("landing page"), "_minutes": text("length in minutes"), "_event": text("up or down"),
}  # fmt: skip
"""What marops makes columns of, that are none themselves."""


def _spoken(name: str) -> str:
    """A canonical name as people say it."""
    return say(_MADE_OF[name]) if name in _MADE_OF else name.replace("_", " ")


def _begun(part: Part, table: Table) -> tuple[Mapping, Proposal | None]:
    """What the choices begin with: the mapping there is, or what was guessed for this table."""
    if part.mapping and part.mapping.table == table.name:
        return part.mapping, None
    proposal = next((each for each in part.proposals if each.table == table.name), None)
    return Mapping(table=table.name, columns=proposal.columns if proposal else {}), proposal


def _shape(part: Part, known: Mapping, picked: dict[str, int]) -> str:
    """A recognised layout keeps its own rules (words for values, rows to leave out) while its columns are still the same."""
    current = part.mapping
    return known.shape if current and current.table == known.table and picked.items() >= current.columns.items() else "custom"


def _goes_to(part: Part, known: Mapping, proposal: Proposal | None, table: Table, key: str) -> tuple[dict[str, int], Text | None]:
    """The canonical columns by position, and what is wrong where two of the file's columns go to the same."""
    # One column may fill several, as a key that is the id, too: the first is shown, and the others go with it.
    begun: dict[int, str] = {position: name for name, position in reversed(known.columns.items())}
    chosen: dict[int, str | None] = st.session_state.setdefault(f"chosen_{key}", {**begun})
    shown = list(range(len(part.columns)))
    if len(shown) > _MANY:
        placed = [position for position in shown if chosen.get(position)]
        label = text("Show the {n} columns without a place", n=len(shown) - len(placed))
        shown = shown if st.toggle(say(label), key=f"all_{key}") else placed
    options = list(guessing.goals(table))
    with st.container(key=f"columns_{key}", gap=None):  # lines between them: see style.css
        for position in shown:
            why = proposal.reasons[position] if proposal else part.columns[position].why
            chosen[position] = _column(part.columns[position], begun.get(position), why, options, f"to_{key}_{position}")
    picked: dict[str, int] = {}
    for position, name in sorted(chosen.items()):
        if name in picked:
            twice = (part.headers[picked[name]], part.headers[position])
            return picked, text("Two columns go to {column}: {twice}. Choose one.", column=_spoken(name), twice=joined(twice))
        if name:
            picked[name] = position
    filled = {name: at for name, at in known.columns.items() if name not in picked and picked.get(begun[at]) == at}
    return picked | filled, None


def _values(column: Column) -> None:
    _html("column.html", header=column.header or "–", values=" · ".join(column.samples[:3]))


def _column(column: Column, begun: str | None, why: Reason | None, options: Sequence[str], key: str) -> str | None:
    """One of the file's columns with its values, where it goes, and why."""
    with st.container(key=f"row_{key}"):
        left, right = st.columns([1, 1], vertical_alignment="center")
        with left:
            _values(column)
        with right, st.container(gap="xxsmall"):
            chosen = st.selectbox(
                column.header or "–", options, index=options.index(begun) if begun in options else None, key=key,
                format_func=_spoken, placeholder=say(text("not used")), label_visibility="collapsed",
            )  # fmt: skip
            if chosen != begun:
                note(text("your choice") if chosen else text("left out by you"))
            elif why:
                note(words.why(why))
    return chosen


def _for_all_rows(preview: Preview, part: Part, known: Mapping, picked: dict[str, int], table: Table, key: str) -> dict[str, str]:
    """Values the file does not have, the same for every row."""
    absent = service.unsaid(principal(), preview, part, table, picked)
    begun = list(dict.fromkeys([*known.constants, *absent]))
    others = [name for name in table.by_name if name not in {*begun, *picked}]
    names = begun + st.multiselect(
        say(text("The same for all rows")), others, key=f"const_{key}", format_func=_spoken,
        placeholder=say(text("Add what the file does not say")),
    )  # fmt: skip
    given: dict[str, str] = {}
    for row in range(0, len(names), 3):
        for column, name in zip(st.columns(3), names[row : row + 3], strict=False):
            with column:
                given[name] = _value(table, name, known.constants.get(name, ""), f"const_{key}_{name}")
    return {name: value for name, value in given.items() if value and name not in picked}


def _value(table: Table, name: str, value: str, key: str) -> str:
    column = table.by_name[name]
    choices = platforms() if name == "platform" else list(column.allowed)
    if choices:
        shown = choices if value in {"", *choices} else [value, *choices]
        return st.selectbox(
            _spoken(name), shown, index=shown.index(value) if value else None, key=key, accept_new_options=name == "platform",
            placeholder=say(text("Choose")),
        ) or ""  # fmt: skip
    if column.type is Type.DATE:
        day = st.date_input(_spoken(name), date.fromisoformat(value) if value else None, key=key, **ANY_DAY)
        return day.isoformat() if day else ""
    hint = say(text("as the values show")) if name == "currency_code" else None
    given = st.text_input(_spoken(name), value, key=key, max_chars=200, placeholder=hint).strip()
    return given.upper() if name == "currency_code" else given


def _written(known: Mapping, key: str) -> tuple[str, str]:
    marks = {"": say(text("as the values show")), ".": "1,234.56", ",": "1.234,56"}
    orders = {"": say(text("as the values show")), "dmy": say(text("day first")), "mdy": say(text("month first"))}
    left, right = st.columns(2, gap="medium")
    decimal = left.segmented_control(
        say(text("Numbers are written")), list(marks), default=known.decimal or "", format_func=lambda m: marks[m],
        key=f"dec_{key}", required=True,
    )  # fmt: skip
    dates = right.segmented_control(
        say(text("Dates are written")), list(orders), default=known.dates or "", format_func=lambda o: orders[o],
        key=f"dat_{key}", required=True,
    )  # fmt: skip
    return decimal or "", dates or ""


def _zone(part: Part, known: Mapping, key: str) -> str | None:
    """Where the clocks were that wrote times without a zone."""
    zones = sorted(ZONES)
    by_itself = text("{zone}, as the file says", zone=part.zone) if part.zone else text("UTC")
    return st.selectbox(
        say(text("Times without a time zone are those of")), zones, index=zones.index(known.zone) if known.zone in zones else None,
        key=f"zone_{key}", placeholder=say(by_itself),
    )  # fmt: skip


def _missing(table: Table, names: Sequence[str]) -> Text:
    days = _DAY in guessing.goals(table)
    spoken = [_spoken(_DAY if days and name == "period_start" else name) for name in names]
    return text("Still missing: {columns}.", columns=joined(spoken, 12))


# The first rows


def _shown(part: Part, mapping: Mapping, tried: Tried) -> None:
    if not tried.columns or not tried.lines:
        return
    sources = {name: part.headers[position] for name, position in mapping.columns.items()}
    _html(
        "tried.html", title=say(text("The first rows as they would be read")), row=say(text("Row")),
        columns=[
            {"name": _spoken(name), "source": sources.get(name, ""), "number": kind in (Type.INT, Type.DECIMAL)}
            for name, kind in tried.columns.items()
        ],
        lines=[_line(line, list(tried.columns.items())) for line in tried.lines],
    )  # fmt: skip


def _line(line: Line, columns: Sequence[tuple[str, Type]]) -> dict[str, object]:
    cells = [_cell(cell, kind) for cell, (_, kind) in zip(line.cells, columns, strict=True)]
    return {"row": line.row, "cells": cells, "aside": say(words.aside(line.aside)) if line.aside else ""}


def _cell(cell: Cell, kind: Type) -> dict[str, object]:
    if cell.refused is None:
        return {"value": _said(cell.value), "why": "", "number": kind in (Type.INT, Type.DECIMAL)}
    why = words.unread(kind) if cell.refused.rule == "unreadable" else words.reason(cell.refused)
    return {"value": cell.refused.value, "why": say(why), "number": False}


def _said(value: object) -> str:
    r = reader()
    match value:
        case None:
            return ""
        case bool():
            return say(text("yes") if value else text("no"))
        case int() | Decimal():
            return r.number(value, exact=True)
        case datetime():
            return r.moment(value)
        case date():
            return r.day(value)
        case _:
            return str(value)


def _html(template: str, **values: object) -> None:
    st.markdown(html(template, **values), unsafe_allow_html=True)
