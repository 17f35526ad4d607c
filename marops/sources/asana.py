"""Tasks and stories as Asana's API returns them: what tasks are, and how they moved through the sections of a project.

A story is one thing that happened to a task; only moves to another section and completions are taken. See
https://developers.asana.com/reference/stories.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from marops.sources.nested import Numbered, at, moment, objects
from marops.sources.report import Note

_COMPLETED, _INCOMPLETE = "Completed", "Incomplete"
"""What tasks enter that are marked so. One that is taken up again is back in its section, where a move says which that is."""

_LISTS = frozenset({"memberships", "custom_fields", "projects", "stories"})
"""What a task holds several of, and what is told of it in rows of their own."""


def is_task(found: dict[str, Any]) -> bool:
    """Whether an object is a task."""
    return "gid" in found and (found.get("resource_type") == "task" or not {"completed", "memberships"}.isdisjoint(found))


def is_story(found: dict[str, Any]) -> bool:
    """Whether an object is a story of a task."""
    return "gid" in found and (found.get("resource_type") == "story" or {"resource_subtype", "target"} <= found.keys())


def id_of(found: dict[str, Any]) -> str:
    """The id of a task or a story."""
    return at(found, "gid")


def tasks(found: Iterable[Numbered]) -> Iterator[Numbered]:
    """One row a task: its fields, its projects, its section in the first that has one, and its custom fields by their names."""
    for number, task in found:
        row = {name: value for name, value in task.items() if name not in _LISTS}
        places = objects(task, "memberships")
        projects = [at(project, "name") for project in objects(task, "projects")] + [
            at(place, "project", "name") for place in places
        ]
        row["projects"] = ", ".join(dict.fromkeys(name for name in projects if name))
        row["section/column"] = next(_sections(task), "")
        for field in objects(task, "custom_fields"):
            name, code = " ".join(at(field, "name").split()), at(field, "currency_code")
            is_free = bool(name) and name not in row
            header = f"{name} ({code})" if code else name
            row[header if is_free else f"custom field {at(field, 'gid')}"] = _value(field)
        yield number, row


def notes(found: Iterable[Numbered]) -> Iterator[Note]:
    """Which tasks stand in several sections, of projects they share."""
    several = [at(task, "gid") for _, task in found if len(set(_sections(task))) > 1]
    if several:
        yield Note(code="several_sections", values={"n": len(several), "names": ", ".join(several)[:200]})


def stories(found: Iterable[Numbered]) -> Iterator[Numbered]:
    """One row a story: the task, what it entered and what it left, where it says so. What people wrote is left out."""
    of_task: dict[str, list[Numbered]] = defaultdict(list)
    for number, story in found:
        of_task[at(story, "target", "gid")].append((number, story))
    yield from sorted((row for told in of_task.values() for row in _told(told)), key=lambda row: row[0])


def stories_of_tasks(found: Iterable[Numbered]) -> Iterator[Numbered]:
    """The rows of `stories`, of those that stand in their tasks. Rows are numbered from 1 through all stories."""
    told = ({**story, "target": {"gid": at(task, "gid")}} for _, task in found for story in objects(task, "stories"))
    yield from stories(enumerate(told, 1))


def _sections(task: dict[str, Any]) -> Iterator[str]:
    yield from (name for place in objects(task, "memberships") if (name := at(place, "section", "name")))


def _told(found: list[Numbered]) -> Iterator[Numbered]:
    """The stories of one task, in the order of time."""
    ordered = sorted(found, key=lambda story: moment(at(story[1], "created_at")))
    section = next((name for _, story in ordered if (name := at(story, "old_section", "name"))), "")
    is_complete = False
    for number, story in ordered:
        kind = at(story, "resource_subtype")
        left, entered = "", ""
        if kind == "section_changed":
            left, entered = at(story, "old_section", "name"), at(story, "new_section", "name")
            section = entered
            if is_complete:
                continue  # it is filed elsewhere, not taken up again
        elif kind == "marked_complete":
            left, entered, is_complete = section, _COMPLETED, True
        elif kind == "marked_incomplete":
            left, entered, is_complete = _COMPLETED, section or _INCOMPLETE, False
        yield number, {
            "target.gid": at(story, "target", "gid"), "resource_subtype": kind, "left": left, "entered": entered,
            "created_at": at(story, "created_at"), "created_by.gid": at(story, "created_by", "gid"),
        }  # fmt: skip


def _value(field: dict[str, Any]) -> str:
    """What a custom field says: a day or a number as it is, anything else as Asana shows it."""
    day = at(field, "date_value", "date_time") or at(field, "date_value", "date")
    shown = at(field, "display_value") or at(field, "text_value") or at(field, "enum_value", "name")
    return day or at(field, "number_value") or shown
