"""Which table of which tool a file's header row belongs to.

The dictionary of headers is data: one TOML file a shape in `shapes/`, in the words the tools really write (English and
Portuguese). A shape is recognised where all the columns it needs are there, and at least one that marks it.
Files whose headers are the canonical names of a table are recognised as that table.
"""

import re
import tomllib
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Mapped
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from importlib import resources
from typing import Any

from marops.sources import currencies
from marops.sources.formats import any_value, is_value
from marops.sources.report import Mapping
from marops.tables import TABLES, Type

_HEADER_CURRENCY = re.compile(r"\s*\(([A-Z]{3})\)$")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_FEW = 5
"""Columns that a header must name at least for some of them to be there twice."""

_MILLIONTHS = re.compile(r"(?:^|_)micros?(?:_|$)")


@dataclass(frozen=True, slots=True)
class Shape:
    """A known layout. Columns starting with "_" are read but not stored: `completing` makes canonical ones of them.

    `tool`: what a report of this layout is called after; several layouts can be one tool's. `micros`: headers of amounts in
    millionths that do not say so. `latest`: of several rows with one of these keys, only the last by this column is data.
    `fallback`: taken only where no other layout fits. `over`: layouts that are not taken where this one fits, however many of the
    columns they know: their rows are no rows of such a file. `literal`: headers are its names as they stand, not in other
    spellings.
    `flags`: values of `_field` whose rows say that a flag was set or taken off (`flagging`).
    `dates`: the order of dates that could be either, but for those under a header of `dates_open`, in a language of the tool's
    pages that may write them in another.
    """

    id: str
    name: str
    table: str
    columns: Mapped[str, tuple[str, ...]]
    needs: tuple[tuple[str, ...], ...]
    marks: frozenset[str]
    constants: Mapped[str, str] = field(default_factory=dict[str, str])
    breakdowns: Mapped[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    values: Mapped[str, Mapped[str, str]] = field(default_factory=dict[str, Mapped[str, str]])
    keep: Mapped[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    dates: str | None = None
    dates_open: frozenset[str] = frozenset()
    period_above: bool = False
    label_rows: int = 0
    unpivot: str | None = None
    unpivoted: Mapped[str, Any] = field(default_factory=dict[str, Any])
    tool: str = ""
    micros: frozenset[str] = frozenset()
    latest: Mapped[str, str] = field(default_factory=dict[str, str])
    fallback: bool = False
    literal: bool = False
    flags: tuple[str, ...] = ()
    over: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Match:
    """A header row taken for a shape: canonical name -> position, and the breakdown columns by level."""

    shape: Shape
    columns: dict[str, int]
    breakdowns: dict[str, list[int]]
    unpivoted: list[int]
    currencies: frozenset[str]
    dates: str | None

    @property
    def currency(self) -> str | None:
        """The one currency that the headers of amounts name."""
        return next(iter(self.currencies)) if len(self.currencies) == 1 else None

    @property
    def mapping(self) -> Mapping:
        """The match in the form that can be shown, edited and remembered."""
        constants = dict(self.shape.constants)
        if self.currency and "currency_code" not in self.columns:
            constants["currency_code"] = self.currency
        return Mapping(table=self.shape.table, shape=self.shape.id, columns=self.columns, constants=constants, dates=self.dates)


def normal(header: str) -> str:
    """A header as it is compared: one case, single spaces, no currency in parentheses at its end."""
    flat = " ".join(header.replace("\u00a0", " ").replace("\ufeff", "").split())
    return _HEADER_CURRENCY.sub("", flat).casefold()


@lru_cache(maxsize=8192)
def spelling(header: str) -> str:
    """A header as programs spell it, so that "Campaign name", "campaignName" and "campaign.name" are one: campaign_name."""
    words = _HUMP.sub("_", " ".join(header.replace("%", " percent ").split())).casefold()
    return re.sub(r"[\W_]+", "_", words).strip("_")


def in_millionths(headers: Sequence[str]) -> frozenset[int]:
    """Positions of the amounts that are given in millionths of their currency."""
    matched = recognise(headers)
    unsaid = matched.shape.micros if matched else frozenset[str]()
    return frozenset(at for at, header in enumerate(headers) if spelling(header) in unsaid or _MILLIONTHS.search(spelling(header)))


def signature(headers: Sequence[str]) -> str:
    """What identifies a file's layout, so that a mapping made once is found again."""
    return sha256("\x1f".join(normal(header) for header in headers).encode()).hexdigest()


@lru_cache(maxsize=1)
def shapes() -> dict[str, Shape]:
    """Every known shape by id: the dictionary's, then one for each canonical table."""
    found: dict[str, Shape] = {}
    written: dict[str, dict[str, Any]] = {}
    folder = resources.files("marops.sources") / "shapes"
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".toml"):
            written[file.name.removesuffix(".toml")] = tomllib.loads(file.read_text(encoding="utf-8"))
    for shape_id, data in written.items():
        found[shape_id] = _shape(shape_id, _extended(written[data["extends"]], data) if "extends" in data else data)
    for table in TABLES.values():
        required = tuple((column.name,) for column in table.columns if column.required)
        found[f"marops_{table.name}"] = Shape(
            id=f"marops_{table.name}",
            name=f"marops {table.name}",
            table=table.name,
            columns={column.name: (column.name,) for column in table.columns},
            needs=required,
            marks=frozenset(name for (name,) in required),
            tool=f"marops_{table.name}",
            literal=True,
        )
    return found


def _extended(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """A layout that differs from another in a few columns."""
    return {**base, **own, "columns": {**base["columns"], **own["columns"]}}


def _shape(shape_id: str, data: dict[str, Any]) -> Shape:
    def lists(key: str) -> dict[str, tuple[str, ...]]:
        return {name: tuple(items) for name, items in data.get(key, {}).items()}

    return Shape(
        id=shape_id,
        name=data["name"],
        table=data["table"],
        columns=lists("columns"),
        needs=tuple(tuple(group) for group in data["needs"]),
        marks=frozenset(data["marks"]),
        constants=data.get("constants", {}),
        breakdowns=lists("breakdowns"),
        values=data.get("values", {}),
        keep=lists("keep"),
        dates=data.get("dates"),
        dates_open=frozenset(data.get("dates_open", ())),
        period_above=data.get("period_above", False),
        label_rows=data.get("label_rows", 0),
        unpivot=data.get("unpivot"),
        unpivoted=data.get("unpivoted", {}),
        tool=data.get("tool", shape_id),
        micros=frozenset(data.get("micros", ())),
        latest=data.get("latest", {}),
        fallback=data.get("fallback", False),
        flags=tuple(data.get("flags", ())),
        over=frozenset(data.get("over", ())),
    )


class _Headers:
    """A header row, to be looked up: as it stands, as programs spell it, and without the currency of an amount."""

    def __init__(self, headers: Sequence[str]) -> None:
        self.names = [normal(header) for header in headers]
        self.exact = _first(self.names)
        self.spelled = _first(spelling(header) for header in headers)
        self.bare = _first(spelling(currencies.without(header)) for header in headers)

    def position(self, alias: str, *, is_amount: bool) -> int | None:
        """Where the column stands that this alias means."""
        found = self.exact.get(alias, self.spelled.get(spelling(alias)))
        return self.bare.get(spelling(alias)) if found is None and is_amount else found

    def find(self, aliases: Sequence[str], *, is_amount: bool = False) -> int | None:
        """The column of the first of these aliases that has one."""
        return next((at for alias in aliases if (at := self.position(alias, is_amount=is_amount)) is not None), None)


def _first(names: Iterable[str]) -> dict[str, int]:
    return {name: position for position, name in reversed(list(enumerate(names))) if name}


def match(headers: Sequence[str], shape: Shape) -> Match | None:
    """These headers read as this shape, or None where a needed column or every mark is absent."""
    return _match(headers, _Headers(headers), shape)


def _match(headers: Sequence[str], row: _Headers, shape: Shape) -> Match | None:
    if shape.marks.isdisjoint(row.exact):
        return None
    amounts = {column.name for column in TABLES[shape.table].columns if column.unit == "currency_code"}
    columns = {
        canonical: at
        for canonical, aliases in shape.columns.items()
        if (at := row.exact.get(canonical) if shape.literal else row.find(aliases, is_amount=canonical in amounts)) is not None
    }
    if not all(any(name in columns for name in group) for group in shape.needs):
        return None
    if shape.literal and 3 * len(columns) < 2 * len(row.exact):  # a few common names are no file of ours
        return None
    taken = set(columns.values())
    breakdowns = {
        level: [at for alias in aliases if (at := row.find([alias])) is not None and at not in taken]
        for level, aliases in shape.breakdowns.items()
    }
    unpivoted: list[int] = []
    if shape.unpivot:
        after, before = (row.exact.get(shape.unpivoted.get(edge, "")) for edge in ("after", "before"))
        among = range(0 if after is None else after + 1, len(headers) if before is None else before)
        unpivoted = [i for i, name in enumerate(row.names) if i in among and i not in taken and re.match(shape.unpivot, name)]
        if not unpivoted:
            return None
    named = {currencies.in_header(headers[at], is_amount=True) for name, at in columns.items() if name in amounts} - {None}
    return Match(
        shape, columns, {k: list(dict.fromkeys(v)) for k, v in breakdowns.items() if v}, unpivoted,
        frozenset(code for code in named if code), None if shape.dates_open & row.exact.keys() else shape.dates,
    )  # fmt: skip


@lru_cache(maxsize=4096)
def _strength(mark: str) -> float:
    """How much a mark says: the more layouts know the word, the less."""
    knowing = sum(mark in shape.marks or any(mark in aliases for aliases in shape.columns.values()) for shape in shapes().values())
    return 1 / knowing


def recognise(headers: Sequence[str]) -> Match | None:
    """The shape that explains most of these headers, or None."""
    row = _Headers(headers)
    fitting = [m for shape in shapes().values() if (m := _match(headers, row, shape)) is not None]
    beaten = frozenset[str]().union(*(candidate.shape.over for candidate in fitting))
    found = [candidate for candidate in fitting if candidate.shape.id not in beaten]

    def weight(candidate: Match) -> tuple[bool, int, float]:
        explained = set(candidate.columns.values()) | set(candidate.unpivoted)
        explained |= {position for level in candidate.breakdowns.values() for position in level}
        return (
            not candidate.shape.fallback,
            len(explained),
            sum(_strength(mark) for mark in candidate.shape.marks & row.exact.keys()),
        )

    return max(found, key=weight, default=None)


def level_of(columns: Mapped[str, int], breakdowns: Mapped[str, Sequence[int]]) -> str:
    """How fine the rows of an ad report with these canonical columns are: a breakdown, ad, ad_group, campaign or account."""
    if breakdowns:
        return next(iter(breakdowns))
    return next((level for level in ("ad", "ad_group", "campaign") if {f"{level}_id", f"{level}_name"} & columns.keys()), "account")


def platforms() -> list[str]:
    """The ad platforms whose reports are known."""
    return sorted({shape.constants["platform"] for shape in shapes().values() if "platform" in shape.constants})


def header_row(head: Sequence[Sequence[str]]) -> int | None:
    """The index of the header among a file's first records; None where every line looks like data.

    A recognised header wins wherever it stands; otherwise it is the first record as wide as the table whose cells are
    all names: filled, different, and neither numbers nor dates.
    """
    for index, record in enumerate(head[:60]):
        if sum(bool(cell.strip()) for cell in record) > 1 and recognise(record):
            return index
    widths = [len(_filled(record)) for record in head if len(_filled(record)) > 1]
    if not widths:
        return None
    width = max(set(widths), key=lambda w: (widths.count(w), w))
    for index, record in enumerate(head[:60]):
        cells = _filled(record)
        # The first column of a table with numbered rows has no name.
        if len(cells) + (not "".join(record[:1]).strip()) < max(2, width):
            continue
        return index if looks_like_names(cells) or _names_some_twice(record, head[index + 1 :]) else None
    return None


def _names_some_twice(record: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether a record names columns though some stand there several times, side by side (a ticket's labels, its watchers):
    below other names, all cells are numbers or dates.
    """
    cells = _filled(record)
    names = [normal(cell) for cell in cells]
    beside = [name for at, name in enumerate(names) if not at or name != names[at - 1]]
    if len(set(beside)) != len(beside) or len(beside) < max(_FEW, len(names) / 2) or any_value(cells):
        return False
    columns = ([cell for row in below if at < len(row) and (cell := row[at].strip())] for at in range(len(record)))
    return any(column and all(is_value(cell) for cell in column) for column in columns)


def looks_like_names(record: Sequence[str]) -> bool:
    """Whether the filled cells of a record are names: all different, and neither numbers nor dates."""
    cells = _filled(record)
    names = [normal(cell) for cell in cells]
    return len(set(names)) == len(names) and not any_value(cells)


def _filled(record: Sequence[str]) -> list[str]:
    return [cell for cell in record if cell.strip()]


PSEUDO: dict[str, Type] = {
    "_day": Type.DATE,
    "_minutes": Type.DECIMAL,
    "_event": Type.TEXT,
    "_field": Type.TEXT,
    "_previous": Type.TEXT,
    "_updated": Type.TEXT,
    "_started": Type.TEXT,
    "_url": Type.TEXT,
}
"""Types of the columns that are read but not stored."""

BY_HAND: dict[str, tuple[str, ...]] = {
    "_day": ("ad_performance",),
    "_minutes": ("sli_measurement",),
    "_event": ("sli_measurement",),
    "_url": ("ad_performance", "lead"),
}
"""Those of them that a person can choose, by table: what is made of them needs no layout's own rules."""
