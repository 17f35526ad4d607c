"""Looking into objects of a JSON file, whose fields may be anything or missing."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

_QUOTED = 10
_DIGITS = 19

_EPOCH = {10: 1, 13: 1000}
"""Digits of moments from 2001 on that are counted in seconds or milliseconds, and how many make a second."""

Numbered = tuple[int, dict[str, Any]]
"""An object of the file, or a row made of it, and its number."""

Rows = Callable[[], Iterable[Numbered]]
"""Objects of a file, from the first on whenever they are asked for: a large file is gone through several times."""


def at(found: Any, *path: str) -> str:
    """The text at the end of a path through objects; empty where it leads nowhere."""
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    return found if isinstance(found, str) else ""


def objects(found: Any, *path: str) -> list[dict[str, Any]]:
    """The objects of the list at the end of a path; none where there is no such list."""
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []  # pyright: ignore[reportUnknownVariableType]


def count(found: Any, name: str) -> int | None:
    """The whole number that a field holds; None where it holds none that could count anything."""
    text = at(found, name)
    return int(text) if text.isdecimal() and len(text) < _DIGITS else None


def quoted(names: Sequence[str]) -> str:
    """The first of these names, for a note."""
    return ", ".join(names[:_QUOTED]) + (", …" if len(names) > _QUOTED else "")


def moment(text: str) -> datetime:
    """A moment to order others by. One that cannot be read comes first; its row is refused later, with what stands there."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def iso(text: str) -> str:
    """A moment as text, where it is a number of seconds or milliseconds since 1970; any other as it is."""
    if not text.isdecimal() or len(text) not in _EPOCH:
        return text
    return datetime.fromtimestamp(int(text) / _EPOCH[len(text)], UTC).isoformat()
