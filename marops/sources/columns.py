"""What each column of a table holds, decided by its own cells: text, whole numbers, decimals, dates or timestamps."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from marops.sources import formats, moments
from marops.sources.recognising import PSEUDO, Match
from marops.sources.report import Question
from marops.tables import TABLES, Type

QUALIFIED = r"^\s*(?:<=|>=|[<>≤≥~≈])\s*"
"""A sign before a number that makes it a bound: "≤100"."""

RATIO = re.compile(
    r"(?i)%|/|\b(?:avg|average|mean|rate|ratio|share|per|cost per|ctr|cpc|cpm|cpv|cpa|roas|reach|frequency|position|score)\b"
    r"|\b(?:méd|média|médio|taxa|percentual|parcela|por|alcance|frequência|posição|custo por)\b"
    r"|\b(?:medio|promedio|tasa|porcentaje|frecuencia|posición|posizione|tasso|percentuale|copertura)\b"
    r"|\b(?:moy|moyen|moyenne|taux|pourcentage|répétition|coût par|couverture)\b"
    r"|\b(?:durchschn|durchschnittlich\w*|anteil|kosten pro|kosten per|frequenz|reichweite|gem|gemiddeld\w*|bereik)\b"
    r"|\b(?:klick|absprung|interaktions|conversion|engagement)rate\b"
)
"""Headers of what cannot be added up: ratios, averages, people reached."""

_PLACEHOLDERS = ("na", "nil", "null", "none", "n/a", "select", "?", "#div/0!", "(blank)")
IDENTIFIER = re.compile(
    r"(?i)(?:^|[\s_.])(?:id|ids|gid|code|código|codigo|key|zip|cep|phone|telefone|sku|url|uuid|hash)$|^id d[aeou]\b"
)
"""Headers of what names things: numbers there are texts."""

_ENOUGH = 0.9
"""Share of a column's filled cells that must be of a type for the column to be of it."""

_COUNTS = ("impressions", "clicks", "interactions", "reach", "video_views", "sessions", "users")
"""Canonical columns that count things: a mark in them can only separate thousands."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a column holds: its type, and how to read its cells (null where it is text or empty)."""

    type: str
    read: pl.Expr | None
    mark: str = "."

    @property
    def is_number(self) -> bool:
        """Whether it holds numbers."""
        return self.type in {"integer", "decimal"}


def is_missing(cell: pl.Expr) -> pl.Expr:
    """Whether a cell says there is no value, in a mark or in a word."""
    return formats.is_missing(cell) | cell.str.strip_chars().str.to_lowercase().is_in(_PLACEHOLDERS)


def held(headers: Sequence[str], data: pl.DataFrame, matched: Match | None, questions: list[Question]) -> list[Held]:
    """Each column, its decimal mark decided by its own cells, else by the other columns', else asked."""
    counting = {at for name, at in (matched.columns if matched else {}).items() if name in _COUNTS}
    dated = _dated(matched)
    order = matched.dates if matched else None
    shown: dict[int, pl.Series] = {}
    marks: dict[int, str | None] = {}
    found: list[Held] = []
    for index, header in enumerate(headers):
        values = data.filter(~is_missing(pl.col(f"c{index}")))[f"c{index}"].unique(maintain_order=True)
        bare = values.str.replace(QUALIFIED, "")
        if not values.len():
            found.append(Held("empty", None))
        elif IDENTIFIER.search(header.strip()) or bare.str.contains(r"^0\d+$").any():
            found.append(Held("text", None))
        elif index in dated and (moments.are_serials(values).any() or moments.counts(values)):
            found.append(_moments(header, index, values, questions, order))
        elif share_of_numbers(bare) >= _ENOUGH:
            shown[index] = bare
            numbers = bare.filter(_readable(bare)).head(5_000).to_list()
            marks[index] = formats.decimal_mark(numbers, whole=index in counting)
            if marks[index] is None and formats.groups_thousands(numbers):
                marks[index] = formats.decimal_mark(numbers, whole=True)
            found.append(Held("decimal", None))
        else:
            found.append(_moments(header, index, values, questions, order))
    votes = {mark for mark in marks.values() if mark}
    for index, bare in shown.items():
        mark = marks[index] if marks[index] is not None else (next(iter(votes)) if len(votes) == 1 else None)
        if mark is None:
            questions.append(
                Question(code="decimal_mark", column=headers[index], samples=bare.head(3).to_list(), choices=[".", ","])
            )
        found[index] = _number(index, bare, mark or ".")
    return found


def _dated(matched: Match | None) -> set[int]:
    """Positions of the columns that are known to hold dates or times."""
    if matched is None:
        return set()
    columns = TABLES[matched.shape.table].by_name
    kinds = {name: PSEUDO.get(name) or columns[name].type for name in matched.columns if name in PSEUDO or name in columns}
    return {at for name, at in matched.columns.items() if kinds.get(name) in {Type.DATE, Type.TIMESTAMP}}


def _number(index: int, bare: pl.Series, mark: str) -> Held:
    values = bare.to_frame("c").select(formats.exact_number(pl.col("c"), mark).alias("v"))["v"].drop_nulls()
    point = r"\.\d{1,2}$" if mark != "," else r",\d{1,2}$"
    whole = bool((values == values.round(0)).all()) and not bare.str.contains(point).any()
    read = formats.exact_number(pl.col(f"c{index}").str.replace(QUALIFIED, ""), mark)
    return Held("integer" if whole else "decimal", read, mark)


def _moments(header: str, index: int, values: pl.Series, questions: list[Question], order: str | None) -> Held:
    few = values.head(2_000)
    # Where a spreadsheet lost the format of some dates, they are numbers of days among the others.
    written = few.filter(~moments.are_serials(few))
    counted = moments.counts(few)
    fitting = (counted,) if counted else moments.date_formats(written.to_list() or ["2026-01-31"], order)
    if not fitting:
        return Held("text", None)
    form, *others = fitting
    if others:
        questions.append(Question(code="date_order", column=header, samples=written.head(3).to_list(), choices=["dmy", "mdy"]))
    cell = pl.col(f"c{index}")
    cells = values.to_frame(f"c{index}")
    read = moments.moment(cell, form)
    if (wider := moments.wider(form)) and cells.select(read.is_null().any()).item():
        read = moments.moment(cell, wider)
    if written.len() < few.len():
        read = moments.with_serials(cell, read)
    found = cells.select(read.alias("v"))["v"].drop_nulls()
    is_day = bool((found == found.dt.truncate("1d")).all())
    return Held("date" if is_day else "timestamp", read)


def share_of_numbers(bare: pl.Series) -> float:
    """The share of these cells that are numbers in some notation."""
    return int(_readable(bare).sum()) / bare.len()


def _readable(bare: pl.Series) -> pl.Series:
    return bare.to_frame("c").select(
        (formats.exact_number(pl.col("c"), ".").is_not_null() | formats.exact_number(pl.col("c"), ",").is_not_null()).alias("r")
    )["r"]
