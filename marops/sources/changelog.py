"""The changes of an issue as Jira lists them: whether all of them are there, and in which order they were made.

An issue holds them as one page (`histories`). What `/issue/{key}/changelog` answers (`values`) may stand in its place, one page or
a list of them. Alone, such a page does not say whose changes it holds, unless whoever fetched it put the issue beside them.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import Any

from marops.sources import following
from marops.sources.following import End
from marops.sources.nested import at, count, moment, objects

Change = tuple[str, str, dict[str, Any]]
"""When, by whom and what."""

_LISTS = ("histories", "values")
_ALONE = ("changeHistories", *_LISTS)
"""Where a page of changes holds them; `/changelog/bulkfetch` calls them so."""


def is_there(issue: dict[str, Any]) -> bool:
    """Whether an issue has a changelog at all."""
    return bool(_pages(issue))


def is_whole(issue: dict[str, Any]) -> bool:
    """Whether the changelog begins at its beginning and holds all changes it says there are."""
    pages = [page for page in _pages(issue) if any(name in page for name in _LISTS)]
    totals = [total for page in pages if (total := count(page, "total")) is not None]
    if not any(not count(page, "startAt") for page in pages):
        return False
    return len(_histories(issue)) >= max(totals) if totals else pages[-1].get("isLast") is not False


def is_log(found: dict[str, Any]) -> bool:
    """Whether an object is no issue but holds changes of one: a page of its changelog, or a single change."""
    return "fields" not in found and bool(listed(found))


def issue_of(found: dict[str, Any]) -> str:
    """The id or key of the issue of which a log says its changes are; empty where it does not say so."""
    named = at(found, "issueId") or at(found, "issueKey") or at(found, "key")
    return named or at(found, "issue") or at(found, "issue", "id") or at(found, "issue", "key")


def listed(found: dict[str, Any]) -> list[dict[str, Any]]:
    """The changes that a log holds, as listed."""
    if _is_change(found):
        return [found]
    return [each for name in _ALONE for each in objects(found, name) if _is_change(each)] or _histories(found)


def _is_change(found: dict[str, Any]) -> bool:
    is_told = any("field" in item and not {"to", "toString"}.isdisjoint(item) for item in objects(found, "items"))
    return is_told and "created" in found


def changes(
    issue: dict[str, Any], concerns: Callable[[dict[str, Any]], bool], *, first: End | None = None, last: End | None = None
) -> list[Change]:
    """The changes of one field in the order of time. Some servers list the newest first.

    Those of one moment are in the order in which each leaves what the one before entered, from `first` to `last` where these are
    known; where there is no such order, as listed.
    """
    told = [(moment(at(each, "created")), each) for each in _histories(issue)]
    steps = [(before > after) - (before < after) for (before, _), (after, _) in pairwise(told)]
    if sum(steps) > 0:
        told.reverse()
    found = [
        (at(each, "created"), _person(each.get("author")), item)
        for _, each in sorted(told, key=lambda history: history[0])
        for item in objects(each, "items")
        if concerns(item)
    ]
    return list(_chained(found, first, last))


def _pages(issue: dict[str, Any]) -> list[dict[str, Any]]:
    log = issue.get("changelog")
    return [log] if isinstance(log, dict) else objects(issue, "changelog")  # pyright: ignore[reportUnknownVariableType]


def _histories(issue: dict[str, Any]) -> list[dict[str, Any]]:
    """Each once, though pages may overlap."""
    found = [each for page in _pages(issue) for name in _LISTS for each in objects(page, name)]
    # Not by the id alone: where the issue is named beside each change, it may be the issue's.
    return list({(at(each, "id") or number, repr(each)): each for number, each in enumerate(found)}.values())


def _person(found: Any) -> str:
    """Who this is: an account's id, which names nobody, where there is one."""
    return at(found, "accountId") or at(found, "name") or at(found, "displayName")


def _chained(found: Sequence[Change], first: End | None, last: End | None) -> Iterator[Change]:
    groups = [list(group) for _, group in groupby(found, key=lambda change: moment(change[0]))]
    before = first
    for group, later in zip(groups, [*groups[1:], None], strict=False):
        after = [_left(change) for change in later] if later else [last] if last else []
        steps = [(_left(change), _entered(change)) for change in group]
        ordered = [group[place] for place in following.likeliest(steps, before, after)]
        yield from ordered
        before = _entered(ordered[-1])


def _left(change: Change) -> End:
    return at(change[2], "from"), at(change[2], "fromString")


def _entered(change: Change) -> End:
    return at(change[2], "to"), at(change[2], "toString")
