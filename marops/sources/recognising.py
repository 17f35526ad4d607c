"""Which table of which tool a file's header row belongs to.

The dictionary of headers is data: one TOML file a shape in `shapes/`, in the words the tools really write (English and
Portuguese). A shape is recognised where all the columns it needs are there, and at least one that marks it.
Files whose headers are the canonical names of a table are recognised as that table.
"""

import re
import tomllib
from collections.abc import Mapping as Mapped
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from importlib import resources
from typing import Any

from marops.sources.formats import any_value
from marops.sources.report import Mapping
from marops.tables import TABLES, Type

_HEADER_CURRENCY = re.compile(r"\s*\(([A-Z]{3})\)$")


@dataclass(frozen=True, slots=True)
class Shape:
    """A known layout. Columns starting with "_" are read but not stored: `completing` makes canonical ones of them."""

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
    period_above: bool = False
    label_rows: int = 0
    unpivot: str | None = None
    unpivoted: Mapped[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Match:
    """A header row taken for a shape: canonical name -> position, and the breakdown columns by level."""

    shape: Shape
    columns: dict[str, int]
    breakdowns: dict[str, list[int]]
    unpivoted: list[int]
    currency: str | None

    @property
    def mapping(self) -> Mapping:
        """The match in the form that can be shown, edited and remembered."""
        constants = dict(self.shape.constants)
        if self.currency and "currency_code" not in self.columns:
            constants["currency_code"] = self.currency
        return Mapping(
            table=self.shape.table, shape=self.shape.id, columns=self.columns, constants=constants, dates=self.shape.dates
        )


def normal(header: str) -> str:
    """A header as it is compared: one case, single spaces, no currency in parentheses at its end."""
    flat = " ".join(header.replace("\u00a0", " ").replace("\ufeff", "").split())
    return _HEADER_CURRENCY.sub("", flat).casefold()


def signature(headers: Sequence[str]) -> str:
    """What identifies a file's layout, so that a mapping made once is found again."""
    return sha256("\x1f".join(normal(header) for header in headers).encode()).hexdigest()


@lru_cache(maxsize=1)
def shapes() -> dict[str, Shape]:
    """Every known shape by id: the dictionary's, then one for each canonical table."""
    found: dict[str, Shape] = {}
    folder = resources.files("marops.sources") / "shapes"
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".toml"):
            shape = _shape(file.name.removesuffix(".toml"), tomllib.loads(file.read_text(encoding="utf-8")))
            found[shape.id] = shape
    for table in TABLES.values():
        required = tuple((column.name,) for column in table.columns if column.required)
        found[f"marops_{table.name}"] = Shape(
            id=f"marops_{table.name}",
            name=f"marops {table.name}",
            table=table.name,
            columns={column.name: (column.name,) for column in table.columns},
            needs=required,
            marks=frozenset(name for (name,) in required),
        )
    return found


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
        period_above=data.get("period_above", False),
        label_rows=data.get("label_rows", 0),
        unpivot=data.get("unpivot"),
        unpivoted=data.get("unpivoted", {}),
    )


def match(headers: Sequence[str], shape: Shape) -> Match | None:
    """These headers read as this shape, or None where a needed column or every mark is absent."""
    names = [normal(header) for header in headers]
    first = {name: position for position, name in reversed(list(enumerate(names))) if name}
    if not shape.marks & set(first):
        return None
    columns = {
        canonical: first[next(alias for alias in aliases if alias in first)]
        for canonical, aliases in shape.columns.items()
        if any(alias in first for alias in aliases)
    }
    if not all(any(name in columns for name in group) for group in shape.needs):
        return None
    taken = set(columns.values())
    breakdowns = {
        level: [first[alias] for alias in aliases if alias in first and first[alias] not in taken]
        for level, aliases in shape.breakdowns.items()
    }
    unpivoted: list[int] = []
    if shape.unpivot:
        unpivoted = [i for i, name in enumerate(names) if i not in taken and re.match(shape.unpivot, name)]
        if not unpivoted:
            return None
    currencies = {found.group(1) for header in headers if (found := _HEADER_CURRENCY.search(header.strip()))}
    return Match(
        shape, columns, {k: v for k, v in breakdowns.items() if v}, unpivoted,
        currencies.pop() if len(currencies) == 1 else None,
    )  # fmt: skip


def recognise(headers: Sequence[str]) -> Match | None:
    """The shape that explains most of these headers, or None."""
    found = [m for shape in shapes().values() if (m := match(headers, shape)) is not None]
    names = {normal(header) for header in headers}

    def weight(candidate: Match) -> tuple[int, int]:
        explained = set(candidate.columns.values()) | set(candidate.unpivoted)
        explained |= {position for level in candidate.breakdowns.values() for position in level}
        return len(explained), len(candidate.shape.marks & names)

    return max(found, key=weight, default=None)


def level_of(columns: Mapped[str, int], breakdowns: Mapped[str, Sequence[int]]) -> str:
    """How fine the rows of an ad report with these canonical columns are: a breakdown, ad, ad_group, campaign or account."""
    if breakdowns:
        return next(iter(breakdowns))
    return next((level for level in ("ad", "ad_group", "campaign") if {f"{level}_id", f"{level}_name"} & columns.keys()), "account")


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
        return index if looks_like_names(cells) else None
    return None


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
}
"""Types of the columns that are read but not stored."""
