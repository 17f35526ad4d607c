"""Which tables the answers of trackers' APIs become: one file of Jira holds issues, their history and their flags."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from marops.sources import asana, jira
from marops.sources.nested import Numbered, Rows, at, quoted
from marops.sources.report import Note


def _nothing(_found: Iterable[Numbered]) -> Iterator[Note]:
    yield from ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What an API returns: whether an object is one of its records, the id of one, the tables made of them by name, and what is to
    be said.
    """

    has: Callable[[dict[str, Any]], bool]
    id_of: Callable[[dict[str, Any]], str]
    tables: Mapping[str, Callable[[Iterable[Numbered]], Iterator[Numbered]]]
    notes: Callable[[Iterable[Numbered]], Iterator[Note]] = _nothing


_ANSWERS = (
    Answer(jira.is_issue, jira.id_of, {"issues": jira.issues, "history": jira.history, "flags": jira.flags}, jira.notes),
    # An issue's changes may be on several pages: that it comes again does not mean that it is told twice.
    Answer(jira.is_bulk, lambda _: "", {"history": jira.bulk_history, "flags": jira.bulk_flags}),
    # A story is a record of its own and not a kind of task, though both have a "gid".
    Answer(asana.is_story, asana.id_of, {"": asana.stories}),
    Answer(asana.is_task, asana.id_of, {"": asana.tasks, "stories": asana.stories_of_tasks}, asana.notes),
)  # fmt: skip


def answer(record: dict[str, Any]) -> Answer | None:
    """The API of which this is a record; None where it is of none."""
    return next((known for known in _ANSWERS if known.has(record)), None)


def each_once(rows: Rows, known: Answer) -> tuple[Rows, list[Note]]:
    """The records without those that come again later, and a note on these.

    Pages shift while they are fetched, so a record may stand on two of them; the later is the newer.
    """
    last: dict[str, int] = {}
    earlier: set[int] = set()
    names: dict[str, None] = {}
    for number, record in rows():
        if not (its_id := known.id_of(record)):
            continue
        if its_id in last:
            earlier.add(last[its_id])
            names[at(record, "key") or its_id] = None
        last[its_id] = number
    if not earlier:
        return rows, []
    note = Note(code="records_repeated", values={"n": len(names), "names": quoted(list(names))})
    return lambda: ((number, record) for number, record in rows() if number not in earlier), [note]


def is_empty(found: dict[str, Any]) -> bool:
    """Whether an object is an answer without records."""
    return [] in (found.get("issues"), found.get("data"), found.get("issueChangeLogs"))
