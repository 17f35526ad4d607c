"""What trackers' APIs answer page by page, put together: the records of all pages, and whether some pages are missing."""

from collections.abc import Iterable, Iterator
from typing import Any

from marops.sources import trackers
from marops.sources.nested import Numbered, at, count, objects
from marops.sources.report import Note

_LISTS = ("issues", "data", "issueChangeLogs")
"""Where a page holds its records, or its one record."""

_OF_A_RECORD = frozenset({"id", "gid", "key"})


def are_pages(found: Iterable[Numbered]) -> bool:
    """Whether all of these objects are pages, and a tracker's records stand on them."""
    any_record = False
    for _, page in found:
        if not _list_of(page):
            return False
        any_record = any_record or any(trackers.answer(record) for record in _records(page)[:1])
    return any_record


def records(found: Iterable[Numbered]) -> Iterator[Numbered]:
    """The records of pages, numbered from 1 through all of them. Where a page says what fields are called, its records do."""
    number = 0
    for _, page in found:
        names = {"names": page["names"]} if _says_names(page) else {}
        for number, record in enumerate(_records(page), number + 1):  # noqa: B020  (it goes on where the page before ended)
            yield number, {**record, **names}


def notes(found: Iterable[Numbered]) -> Iterator[Note]:
    """What stands beside the records, and whether there are more pages than these."""
    beside: dict[str, None] = {}
    pages: list[tuple[dict[str, Any], int]] = []
    for _, page in found:
        taken = {_list_of(page), "names"} if _says_names(page) else {_list_of(page)}
        others = {name: value for name, value in page.items() if name not in taken}
        beside |= dict.fromkeys(others)
        pages.append((others, len(_records(page))))
    yield from beside_records(beside, pages)


def beside_records(names: Iterable[str], pages: list[tuple[dict[str, Any], int]]) -> Iterator[Note]:
    """A note on the fields beside records, by their names, and one where pages are missing.

    `pages`: the fields of each, and how many records it holds.
    """
    if listed := ", ".join(names):
        yield Note(code="beside_records", values={"names": listed[:200]})
    if are_missing(pages):
        several = {"pages": len(pages)} if len(pages) > 1 else {}
        yield Note(code="pages_missing" if several else "one_page", values={"n": sum(held for _, held in pages), **several})


def are_missing(pages: list[tuple[dict[str, Any], int]]) -> bool:
    """Whether the last page says that another follows, or the places that pages say they hold leave some out."""
    if not pages:
        return False
    return _says_more(pages[-1][0]) or _leave_out(pages)


def _says_more(page: dict[str, Any]) -> bool:
    following = page.get("next_page"), page.get("paging")
    is_named = isinstance(following[0], dict) or (isinstance(following[1], dict) and bool(following[1].get("next")))  # pyright: ignore[reportUnknownMemberType]
    return is_named or bool(at(page, "nextPageToken")) or page.get("isLast") is False


def _leave_out(pages: list[tuple[dict[str, Any], int]]) -> bool:
    """Whether places before, between or behind these pages are on none of them."""
    reached = total = 0
    placed = [(count(page, "startAt") or 0, held, of) for page, held in pages if (of := count(page, "total")) is not None]
    for begin, held, of in sorted(placed):
        if begin > reached:
            return True
        reached, total = max(reached, begin + held), of
    return reached < total


def _list_of(page: dict[str, Any]) -> str:
    """The name of the field that holds a page's records; empty where an object is no page."""
    if not _OF_A_RECORD.isdisjoint(page):
        return ""
    return next((name for name in _LISTS if name in page and _are_records(page[name])), "")


def _are_records(value: Any) -> bool:
    if isinstance(value, dict):
        return trackers.answer(value) is not None  # pyright: ignore[reportUnknownArgumentType]
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)  # pyright: ignore[reportUnknownVariableType]


def _records(page: dict[str, Any]) -> list[dict[str, Any]]:
    name = _list_of(page)
    return [page[name]] if isinstance(page[name], dict) else objects(page, name)


def _says_names(page: dict[str, Any]) -> bool:
    return _list_of(page) == "issues" and isinstance(page.get("names"), dict)
