"""Looking into objects of a JSON file, whose fields may be anything or missing."""

from datetime import UTC, datetime
from typing import Any

Numbered = tuple[int, dict[str, Any]]
"""An object of the file, or a row made of it, and its number."""


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


def moment(text: str) -> datetime:
    """A moment to order others by. One that cannot be read comes first; its row is refused later, with what stands there."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
