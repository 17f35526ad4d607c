"""What a file of no known layout may hold: guesses, each with its reason, that count for nothing until a person confirms them.

A column's name is looked up in the dictionary of all layouts, whole or in part; its values must be of the kind that belongs
there. Values alone say enough only where no other column could be meant: the only days, the only amounts. What is left has
no place, and says why.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import polars as pl

from marops.sources import completing, currencies
from marops.sources.cells import first_values
from marops.sources.columns import IDENTIFIER, RATIO, held, is_missing, share_of_numbers
from marops.sources.recognising import BY_HAND, PSEUDO, Match, shapes, spelling
from marops.sources.report import Mapping, Proposal, Reason
from marops.tables import TABLES, Table, Type

_VALUES = 200
"""Different values of a column that are looked at for what they say."""

_LIKELY = 1.0
"""How much the names must say before a table is proposed: one that only this table knows, or several in part or shared."""

_WIDE = 100
"""Columns from which on only the likeliest proposals are kept, each of which has a reason for every column."""

_GENERIC = frozenset(currencies.MEANINGS["names"]["generic"])
_FILLING = frozenset(currencies.MEANINGS["names"]["filling"])

_HALF, _MOST = 0.5, 0.6
"""Share of a name's words that a known name must make up: for numbers, and for texts, which fit nearly anywhere."""

_NUMBERS = ("integer", "decimal")
_MOMENTS = ("date", "timestamp")
_OF_TYPE: dict[Type, tuple[str, ...]] = {
    Type.TEXT: ("text", "integer", "currency", "address"), Type.INT: _NUMBERS, Type.DECIMAL: _NUMBERS, Type.DATE: _MOMENTS,
    Type.TIMESTAMP: _MOMENTS, Type.BOOL: ("text", "integer"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Seen:
    """A column: its header, the kind of its values, how many different ones there are, and whether they show a currency."""

    header: str
    kind: str
    different: int
    shows_currency: bool

    @property
    def is_number(self) -> bool:
        return self.kind in _NUMBERS


@dataclass(slots=True)
class _Guess:
    """The columns placed in one table, and how much their names say for it."""

    table: Table
    columns: dict[str, int] = field(default_factory=dict[str, int])
    reasons: dict[int, Reason] = field(default_factory=dict[int, Reason])
    named: list[int] = field(default_factory=list[int])
    weight: float = 0.0

    def place(self, name: str, position: int, reason: Reason, weight: float = 0.0) -> None:
        self.columns[name] = position
        self.reasons[position] = reason
        if weight:
            self.weight += weight
            self.named.append(position)


def goals(table: Table) -> dict[str, Type]:
    """What a file's column can be said to be: the table's columns, and what marops makes columns of."""
    made = {name: PSEUDO[name] for name in BY_HAND if table.name in BY_HAND[name]}
    first = {name: kind for name, kind in made.items() if kind is Type.DATE}
    return first | {column.name: column.type for column in table.columns} | made


def propose(headers: Sequence[str], data: pl.DataFrame) -> tuple[list[Proposal], Reason | None]:
    """What a table with these headers and rows may be, the likeliest first, and why that one; None where none is likely."""
    seen = _seen(headers, data)
    guesses = [guess for table in TABLES.values() if (guess := _guessed(table, seen)).columns]
    guesses.sort(key=_worth, reverse=True)  # stable: of equals, the table that comes first
    kept = guesses if len(headers) <= _WIDE else guesses[:3]
    found = [Proposal(table=guess.table.name, columns=guess.columns, reasons=_reasons(guess, seen)) for guess in kept]
    if not guesses or guesses[0].weight < _LIKELY or len(guesses[0].columns) < 2:
        return found, None
    best = guesses[0]
    return found, Reason(code="table", names=[headers[at] for at in sorted(best.named)])


def known(headers: Sequence[str], mapping: Mapping, matched: Match | None, source: str) -> list[Reason]:
    """Why each column has the place that a mapping gives it, or none."""
    taken = set(mapping.columns.values())
    apart = {at for level in (matched.breakdowns if matched else {}).values() for at in level}
    turned = set(matched.unpivoted if matched else ())
    layout = [_short(matched.shape.name)] if matched else []
    reasons: list[Reason] = []
    for position, header in enumerate(headers):
        if position in taken:
            reasons.append(Reason(code="called", names=layout) if source == "layout" else Reason(code=source))
        elif position in apart:
            reasons.append(Reason(code="tells_apart"))
        elif position in turned:
            reasons.append(Reason(code="turned"))
        elif RATIO.search(header):
            reasons.append(Reason(code="ratio"))
        else:
            reasons.append(Reason(code="unused"))
    return reasons


def _seen(headers: Sequence[str], data: pl.DataFrame) -> list[_Seen]:
    values = first_values(data, len(headers), _VALUES, leaving_out=is_missing)
    kinds = [each.type for each in held(headers, data, None, [])]
    return [_look(header, kind, found) for header, kind, found in zip(headers, kinds, values, strict=True)]


def _look(header: str, kind: str, values: list[str]) -> _Seen:
    cells = [value.strip() for value in values]
    shown = currencies.in_cells(cells)
    # Some cells that nobody can read do not make words of a column of numbers; they will be refused one by one.
    if kind == "text" and cells and not IDENTIFIER.search(header.strip()) and share_of_numbers(pl.Series(cells)) >= _MOST:
        kind = "decimal"
    if kind == "text" and cells and all(cell.upper() in currencies.codes() for cell in cells):
        kind = "currency"
    elif kind == "text" and cells and all(cell.lower().startswith(("http://", "https://", "www.")) for cell in cells):
        kind = "address"
    elif kind in _NUMBERS and (RATIO.search(header) or all(cell.endswith("%") for cell in cells)):
        kind = "ratio"
    shows = kind in _NUMBERS and bool(shown.codes or shown.shared or currencies.in_header(header))
    return _Seen(header, kind, len(values), shows)


@lru_cache(maxsize=1)
def _dictionary() -> dict[str, dict[str, dict[str, list[str]]]]:
    """Table -> a name as programs spell it -> canonical column -> the layouts that call it so."""
    found: dict[str, dict[str, dict[str, list[str]]]] = {name: defaultdict(lambda: defaultdict(list)) for name in TABLES}
    for shape in sorted(shapes().values(), key=lambda shape: (shape.fallback, shape.literal)):  # tools are named first
        possible = goals(TABLES[shape.table])
        for canonical, aliases in shape.columns.items():
            for alias in aliases if canonical in possible else ():
                layouts = found[shape.table][spelling(alias)][canonical]
                if (name := "marops" if shape.literal else _short(shape.name)) not in layouts:
                    layouts.append(name)
    return found


def _short(name: str) -> str:
    """A layout's name without what tells it from its sisters."""
    return name.split(" (", maxsplit=1)[0]


def _guessed(table: Table, seen: Sequence[_Seen]) -> _Guess:
    guess = _Guess(table)
    for position, column in enumerate(seen):
        if column.kind != "ratio":
            _by_name(guess, position, column, seen)
    _by_part(guess, seen)
    for name, position, code in _by_values(guess, seen):
        guess.place(name, position, Reason(code=code))
    return guess


def _spelled(column: _Seen) -> Iterator[str]:
    yield spelling(column.header)
    if column.is_number:
        yield spelling(currencies.without(column.header))


def _by_name(guess: _Guess, position: int, column: _Seen, seen: Sequence[_Seen]) -> None:
    known_names = _dictionary()[guess.table.name]
    name = next((each for each in _spelled(column) if each in known_names), None)
    if name is None:
        return
    canonical, layouts = max(known_names[name].items(), key=lambda entry: len(entry[1]))
    if sum(len(each) == len(layouts) for each in known_names[name].values()) > 1:
        guess.reasons[position] = Reason(code="ambiguous", values={"word": column.header})
    elif canonical in guess.columns:
        guess.reasons[position] = Reason(code="taken", values={"column": seen[guess.columns[canonical]].header})
    elif not _fits(guess.table, canonical, column):
        guess.reasons[position] = Reason(code="misfit", values={"column": canonical})
    else:
        sharing = sum(name in names for names in _dictionary().values())
        guess.place(canonical, position, Reason(code="called", names=layouts), (0.3 if name in _GENERIC else 1) / sharing)


def _by_part(guess: _Guess, seen: Sequence[_Seen]) -> None:
    """Columns whose names hold a name we know, where no other's name holds one for the same."""
    found: dict[str, list[tuple[int, Reason]]] = defaultdict(list)
    for position, column in enumerate(seen):
        if position not in guess.reasons and column.kind not in ("ratio", "empty") and (held_name := _part_of(guess.table, column)):
            canonical, reason = held_name
            found[canonical].append((position, reason))
    for canonical, candidates in found.items():
        if canonical in guess.columns:
            continue
        if len(candidates) == 1:
            guess.place(canonical, *candidates[0], weight=0.5)
            continue
        names = [seen[position].header for position, _ in candidates]
        for position, reason in candidates:
            guess.reasons[position] = Reason(code="several", names=names, values=reason.values)


def _part_of(table: Table, column: _Seen) -> tuple[str, Reason] | None:
    """The canonical column for which a name stands in this column's name and makes up most of it."""
    *_, name = _spelled(column)
    words = frozenset(name.split("_")) - _FILLING
    best: dict[str, tuple[int, int, str, list[str]]] = {}
    for alias, meanings in _dictionary()[table.name].items():
        parts = frozenset(alias.split("_")) - _FILLING
        if parts <= words and not parts <= _GENERIC:
            canonical, layouts = max(meanings.items(), key=lambda entry: len(entry[1]))
            # Of names with as many telling words, the shortest is quoted.
            best[canonical] = max(best.get(canonical, (0, 0, "", [])), (len(parts), -len(alias), alias, layouts))
    longest = max((length for length, *_ in best.values()), default=0)
    fitting = [name for name, (length, *_) in best.items() if length == longest]
    if len(fitting) != 1 or not _fits(table, fitting[0], column):
        return None
    if longest / len(words) < (_HALF if column.is_number else _MOST):
        return None
    *_, alias, layouts = best[fitting[0]]
    return fitting[0], Reason(code="called_in_part", names=layouts, values={"word": alias.replace("_", " ")})


def _fits(table: Table, canonical: str, column: _Seen) -> bool:
    if column.kind == "empty":
        return True
    if canonical == "currency_code":
        return column.kind == "currency"
    return column.kind in _OF_TYPE[goals(table)[canonical]]


def _by_values(guess: _Guess, seen: Sequence[_Seen]) -> Iterator[tuple[str, int, str]]:
    """What the values of one column alone can be, where no name has said it yet."""
    possible = goals(guess.table)
    day = next((name for name in ("_day", "period_start", guess.table.day) if name in possible), None)
    amount = next((column.name for column in guess.table.columns if column.unit == "currency_code"), None)
    # Whose name says something else is not looked at; whose name says the very thing has been placed.
    free = [at for at in range(len(seen)) if at not in guess.reasons]
    dated = any(possible[name] in (Type.DATE, Type.TIMESTAMP) for name in guess.columns)
    wanted = (
        (None if dated else day, [at for at in free if seen[at].kind in _MOMENTS], "only_days"),
        (amount, [at for at in free if seen[at].shows_currency], "only_amounts"),
        ("currency_code", [at for at in free if seen[at].kind == "currency"], "only_currencies"),
        ("_url", [at for at in free if seen[at].kind == "address"], "only_addresses"),
    )
    for name, candidates, code in wanted:
        if name in possible and name not in guess.columns and len(candidates) == 1:
            yield name, candidates[0], code


def _worth(guess: _Guess) -> tuple[float, int]:
    schema = {name: goals(guess.table)[name].dtype for name in guess.columns}
    required = sum(column.required for column in guess.table.columns)
    absent = len(completing.absent(guess.table, schema))
    return guess.weight - absent / max(1, required), len(guess.columns)


def _reasons(guess: _Guess, seen: Sequence[_Seen]) -> list[Reason]:
    return [guess.reasons.get(position) or _without_place(column) for position, column in enumerate(seen)]


def _without_place(column: _Seen) -> Reason:
    if column.kind in ("empty", "ratio"):
        return Reason(code=column.kind)
    if column.kind in _MOMENTS:
        return Reason(code="days_unnamed")
    if column.is_number:
        return Reason(code="numbers_unnamed")
    if column.kind == "text" and column.different < _VALUES:
        return Reason(code="texts_unnamed", values={"n": column.different})
    return Reason(code="unnamed")
