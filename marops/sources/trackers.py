"""Which tables the answers of trackers' APIs become: one file of Jira holds issues, their history and their flags."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from marops.sources import asana, jira
from marops.sources.nested import Numbered, at
from marops.sources.report import Note


def _nothing(_found: Iterable[Numbered]) -> Iterator[Note]:
    yield from ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What an API returns: whether an object is one of its records, the tables made of them by name, and what is to be said."""

    has: Callable[[dict[str, Any]], bool]
    tables: Mapping[str, Callable[[Iterable[Numbered]], Iterator[Numbered]]]
    notes: Callable[[Iterable[Numbered]], Iterator[Note]] = _nothing


_ANSWERS = (
    Answer(jira.is_issue, {"issues": jira.issues, "history": jira.history, "flags": jira.flags}, jira.notes),
    # A story is a record of its own and not a kind of task, though both have a "gid".
    Answer(asana.is_story, {"": asana.stories}),
    Answer(asana.is_task, {"": asana.tasks}, asana.notes),
)


def answer(record: dict[str, Any]) -> Answer | None:
    """The API of which this is a record; None where it is of none."""
    return next((known for known in _ANSWERS if known.has(record)), None)


def is_empty(found: dict[str, Any]) -> bool:
    """Whether an object is an answer without records."""
    return [] in (found.get("issues"), found.get("data"))


def is_one_page(found: dict[str, Any], records: int) -> bool:
    """Whether an API says that it has more records than it put into this answer."""
    total, before = at(found, "total"), at(found, "startAt")
    lacks = total.isdigit() and int(total) > (int(before) if before.isdigit() else 0) + records
    return lacks or bool(at(found, "nextPageToken")) or isinstance(found.get("next_page"), dict)
