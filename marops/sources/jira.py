"""Issues as Jira's API returns them with `expand=changelog`: their own fields, the statuses they entered, and their flags.

The changelog holds every change of an issue, but not the status it was created in: that is what the first change of status left,
or the present one where there was no change. See https://developer.atlassian.com/cloud/jira/platform/rest/v3/.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from marops.sources import changelog
from marops.sources.nested import Numbered, at, iso, quoted
from marops.sources.report import Note

_FLAGS = frozenset({"flagged", "impediment"})
"""What the field is called that people set on an issue that is held up."""

_LINKS = frozenset({"self", "avatarUrls", "iconUrl"})
"""Addresses of records and pictures: hundreds of columns that say nothing of an issue."""


_CUSTOM = "customfield_"

_SAYING = ("value", "accountId", "name", "displayName")
"""Fields of choices, people, versions and sprints that say what they are."""


def is_issue(found: dict[str, Any]) -> bool:
    """Whether an object is an issue. Other tools' records have an id and fields, too."""
    fields = found.get("fields")
    if not isinstance(fields, dict) or {"id", "key"}.isdisjoint(found):
        return False
    return "changelog" in found or ("key" in found and "summary" in fields) or bool(at(fields, "status", "name"))


def id_of(issue: dict[str, Any]) -> str:
    """An issue's id, or its key where it has none."""
    return str(issue.get("id") or issue.get("key") or "")


def issues(found: Iterable[Numbered]) -> Iterator[Numbered]:
    """One row an issue: its fields without links, and without its history.

    What projects add is called as in Jira's exports, "Custom field (Campaign)", where the answer says the names (`expand=names`).
    """
    for number, issue in found:
        own = {name: value for name, value in issue.items() if name not in {"id", "changelog", "names"}}
        row = {"id": id_of(issue), **_without_links(own)}
        fields = row.get("fields")
        if isinstance(fields, dict):
            titles = _titles(issue.get("names"))
            row["fields"] = {name: value for name, value in fields.items() if name not in titles}
            row |= {titles[name]: _plain(value) for name, value in fields.items() if name in titles}
        yield number, row


def history(found: Iterable[Numbered]) -> Iterator[Numbered]:
    """One row a status entered, the first at the issue's creation. Issues whose history is not whole have none. Rows are numbered
    from 1.
    """
    return enumerate((row for _, issue in found if changelog.is_whole(issue) for row in _entered(issue)), 1)


def flags(found: Iterable[Numbered]) -> Iterator[Numbered]:
    """One row a time that a flag was set or taken off, of the issues whose history is whole. Rows are numbered from 1."""
    return enumerate((row for _, issue in found if changelog.is_whole(issue) for row in _flagged(issue)), 1)


def is_bulk(found: dict[str, Any]) -> bool:
    """Whether an object is what `/changelog/bulkfetch` answers of an issue, changes without the issue; or a page of them, or one of
    them, beside which the issue is named.
    """
    return ("issueId" in found and "changeHistories" in found) or (changelog.is_log(found) and bool(changelog.issue_of(found)))


def bulk_history(found: Iterable[Numbered]) -> Iterator[Numbered]:
    """One row a change of status; the status an issue was created in has none, for it is not said when that was. Rows are numbered
    from 1.
    """
    return enumerate((row for issue in _together(found) for row in _moved(issue, changelog.changes(issue, _is_status))), 1)


def bulk_flags(found: Iterable[Numbered]) -> Iterator[Numbered]:
    """One row a time that a flag was set or taken off. Rows are numbered from 1."""
    return enumerate((row for issue in _together(found) for row in _flagged(issue)), 1)


def _together(found: Iterable[Numbered]) -> Iterator[dict[str, Any]]:
    """Issues with their changes, which may stand on several pages; moments may be numbers."""
    of_issue: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for _, record in found:
        changes = changelog.listed(record)
        of_issue[changelog.issue_of(record)] += [{**each, "created": iso(at(each, "created"))} for each in changes]
    yield from ({"id": its_id, "changelog": {"histories": changes}} for its_id, changes in of_issue.items() if its_id)


def notes(found: Iterable[Numbered]) -> Iterator[Note]:
    """What the file does not hold: the history of all issues, or parts of that of some."""
    without: list[str] = []
    cut: list[str] = []
    count = 0
    for count, (_, issue) in enumerate(found, 1):  # noqa: B007  (the last is their number)
        if not changelog.is_there(issue):
            without.append(_name(issue))
        elif not changelog.is_whole(issue):
            cut.append(_name(issue))
    for code, names in (("history_missing", without), ("history_cut_off", cut)):
        if names:
            yield Note(code=code, values={"n": len(names), "all": count, "names": quoted(names)})


def _without_links(found: Any) -> Any:
    if not isinstance(found, dict):
        return found
    return {name: _without_links(value) for name, value in found.items() if name not in _LINKS}  # pyright: ignore[reportUnknownVariableType]


def _titles(names: Any) -> dict[str, str]:
    """The headers of custom fields by their ids. Of several fields of one name, the first has it alone."""
    found: dict[str, str] = {}
    for field in names if isinstance(names, dict) else ():
        name = " ".join(at(names, field).split())
        if field.startswith(_CUSTOM) and name:
            title = f"Custom field ({name})"
            found[field] = title if title not in found.values() else f"Custom field ({name}, {field})"
    return found


def _plain(value: Any) -> str:
    """What a custom field says: of a choice its value, of a person the account's id, of several all of them."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case list():
            return ", ".join(text for each in value if (text := _plain(each)))  # pyright: ignore[reportUnknownVariableType]
        case dict():
            said = next((text for name in _SAYING if (text := at(value, name))), "")
            under = _plain(value.get("child"))  # pyright: ignore[reportUnknownMemberType]
            return " -> ".join(filter(None, (said, under))) or json.dumps(value, ensure_ascii=False)
        case _:
            return str(value)


def _name(issue: dict[str, Any]) -> str:
    return str(issue.get("key") or issue.get("id"))


def _entered(issue: dict[str, Any]) -> Iterator[dict[str, Any]]:
    present = at(issue, "fields", "status", "name")
    last = (at(issue, "fields", "status", "id"), present) if present else None
    moves = changelog.changes(issue, _is_status, last=last)
    first = at(moves[0][2], "fromString") if moves else present
    known = {"issue id": id_of(issue), "key": at(issue, "key")}
    yield {**known, "from": "", "to": first, "created": at(issue, "fields", "created"), "author": ""}
    yield from _moved(issue, moves)


def _moved(issue: dict[str, Any], moves: Iterable[changelog.Change]) -> Iterator[dict[str, Any]]:
    known = {"issue id": id_of(issue), "key": at(issue, "key")}
    for when, who, item in moves:
        yield {**known, "from": at(item, "fromString"), "to": at(item, "toString"), "created": when, "author": who}


def _is_status(item: dict[str, Any]) -> bool:
    """Whether the status changed. Where fields have ids, a field of somebody's own may be called so, too."""
    return (at(item, "fieldId") or at(item, "field")).casefold() == "status"


def _is_flag(item: dict[str, Any]) -> bool:
    return at(item, "field").casefold() in _FLAGS


def _flagged(issue: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Of several in one moment the last: what held before it held no time."""
    found = changelog.changes(issue, _is_flag, first=("", ""))
    for when, _, item in {change[0]: change for change in found}.values():
        is_set = bool(at(item, "toString" if "toString" in item else "to").strip())
        yield {"issue id": id_of(issue), "key": at(issue, "key"), "flag set": str(is_set).lower(), "created": when}
