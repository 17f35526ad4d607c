"""JSON as tables of text: one object a line (JSON lines), a list of objects, or one object that holds such lists.

A field is a column named by its path ("campaign.name"); a field that an object lacks is an empty cell. Numbers keep the
digits they are written with. Lists inside an object stay JSON: they are no one value. What trackers' APIs return holds lists
that are tables of their own (`trackers`).
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import polars as pl

from marops.sources import changelog, pages, progress, trackers
from marops.sources.digits import unmistakable
from marops.sources.encodings import encoding_of
from marops.sources.guard import Unreadable
from marops.sources.nested import Numbered, Rows
from marops.sources.reading import MAX_COLUMNS, SMALL, RawTable, line_feeds
from marops.sources.report import Note
from marops.tables import ROW

WHOLE = 256 << 20
"""Bytes up to which a file that is one list or object is read: unlike lines, it has to be in memory as a whole."""

_CHUNK = 20_000


class _BrokenError(Exception):
    """An object that cannot be a row; `code` and `values` make the note."""

    def __init__(self, code: str, **values: str | int) -> None:
        super().__init__(code)
        self.code, self.values = code, values


@dataclass(frozen=True, slots=True)
class Objects:
    """A JSON file: its encoding and whether that is certain, its tables, and what is to be said of what is not in them."""

    encoding: str
    certain: bool
    tables: list[RawTable]
    notes: list[Note]


def read_json(path: Path, name: str, folder: Path) -> Objects:
    """The tables of a JSON file. Raises Unreadable.

    Rows are numbered by their line in the file, by their place in the list where the file is no JSON lines, or by their place among
    the records of all pages where it holds pages of a tracker's answer.
    `folder` takes the rows of large files.
    """
    encoding, certain = encoding_of(path, name)
    stem = folder / "objects" if path.stat().st_size > SMALL else None
    found = Objects(encoding, certain, [], [])
    try:
        if _are_lines(path, encoding):
            if stem:
                lines = line_feeds(path)
                progress.expect(lambda: lines, last=0.5)
            _add(found, "", lambda: _lines(path, encoding), stem)
            return found
        if path.stat().st_size > WHOLE:
            raise Unreadable("json_too_large", name=name, limit=WHOLE >> 20)
        lists, notes = _lists(_parsed(path.read_text(encoding=encoding)))
        found.notes.extend(notes)
        for at, (key, rows) in enumerate(lists):
            _add(found, key, lambda rows=rows: enumerate(rows, 1), stem and stem.with_name(f"objects{at}"))
    except _BrokenError as broken:
        raise Unreadable(broken.code, name=name, **broken.values) from broken
    except RecursionError as broken:
        raise Unreadable("json_too_deep", name=name) from broken
    except UnicodeDecodeError as broken:
        raise Unreadable("broken_json", name=name, row=path.read_bytes()[: broken.start].count(b"\n") + 1) from broken
    return found


def _add(found: Objects, name: str, rows: Rows, stem: Path | None) -> None:
    """Add the table of these objects, or those that are made of what a tracker returned. They are gone through once a table."""
    if pages.are_pages(rows()):
        found.notes.extend(pages.notes(rows()))
        _add(found, name, lambda: pages.records(rows()), stem)
        return
    first = next(iter(rows()))[1]
    if changelog.is_log(first) and not all(changelog.issue_of(record) for _, record in rows()):
        raise _BrokenError("changelog_alone")
    answer = trackers.answer(first)
    if answer is None:
        found.tables.append(_table(name, rows(), stem))
        return
    rows, repeated = trackers.each_once(rows, answer)
    found.notes.extend(repeated)
    found.notes.extend(answer.notes(rows()))
    for kind, made in answer.tables.items():
        if next(made(rows()), None):
            target = stem and stem.with_name(f"{stem.name}-{kind}")
            found.tables.append(_table(f"{name} {kind}".strip(), made(rows()), target))


def _are_lines(path: Path, encoding: str) -> bool:
    with path.open(encoding=encoding) as file:
        return _is_lines(file)


def _is_lines(file: TextIO) -> bool:
    """Whether the first line that is not blank is an object by itself and another one follows, or nothing does.

    A single object is lines too, unless it holds a list of more than values.
    """
    first = next(_filled(file), None)
    if first is None or not first[1].startswith("{"):
        return False
    second = next(_filled(file), None)
    try:
        value = _parsed(first[1])
    except _BrokenError:
        # Either an object written over several lines, or lines of which the first is damaged.
        return second is not None and first[1].endswith("}") and second[1].startswith("{")
    return second is not None or not (trackers.is_empty(value) or any(_is_nested(field) for field in value.values()))


def _filled(file: TextIO) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(file, 1):
        if text := line.strip().lstrip("\ufeff"):
            yield number, text


def _lines(path: Path, encoding: str) -> Iterator[Numbered]:
    with path.open(encoding=encoding) as file:
        for number, line in _filled(file):
            try:
                value = _parsed(line)
            except _BrokenError as broken:
                raise _BrokenError(broken.code, **{**broken.values, "row": number}) from broken
            if not isinstance(value, dict):
                raise _BrokenError("broken_json", row=number)
            progress.reached(number)
            yield number, value


def _parsed(text: str) -> Any:
    """JSON with every number as the text it is written as."""
    try:
        return json.loads(
            text.lstrip("\ufeff"), parse_float=unmistakable, parse_int=str, parse_constant=str, object_pairs_hook=_fields
        )
    except json.JSONDecodeError as broken:
        raise _BrokenError("broken_json", row=broken.lineno) from broken


def _fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _BrokenError("json_repeated_field", row=1, field=next(key for key in keys if keys.count(key) > 1)[:80])
    return found


def _is_nested(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(item, list | dict) for item in value)  # pyright: ignore[reportUnknownVariableType]


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)  # pyright: ignore[reportUnknownVariableType]


def _lists(value: Any) -> tuple[list[tuple[str, list[dict[str, Any]]]], list[Note]]:
    """The lists of objects in a whole file, by name, and what is to be said of what stands beside them."""
    if _is_rows(value):
        return [("", value)], []
    if not isinstance(value, dict):
        raise _BrokenError("json_without_rows")
    fields: dict[str, Any] = value  # pyright: ignore[reportUnknownVariableType]
    if trackers.answer(fields):  # the lists in it are its own
        return [("", [fields])], []
    found = [(key, field) for key, field in fields.items() if _is_rows(field)]
    if len(found) == 1 and pages.are_pages([(1, fields)]):
        return [("", [fields])], []
    if found:
        lists = [("", found[0][1])] if len(found) == 1 else found
        beside = {name: field for name, field in fields.items() if name not in dict(found)}
        return lists, list(pages.beside_records(beside, [(beside, len(found[0][1]))]))
    if fields and not trackers.is_empty(fields) and not any(_is_nested(field) for field in fields.values()):
        return [("", [fields])], []
    raise _BrokenError("json_object_without_rows", names=", ".join(fields)[:200] or "{}")


def _table(name: str, rows: Iterable[tuple[int, dict[str, Any]]], stem: Path | None) -> RawTable:
    """The rows under columns c0, c1, ... in the order in which their fields first appear. A field that holds an object or nothing
    is no column beside those of the object.
    """
    columns: dict[str, str] = {}
    filled: set[str] = set()
    frames: list[pl.LazyFrame] = []
    chunk: list[dict[str, str | int]] = []
    for number, row in rows:
        cells: dict[str, str | int] = {ROW: number}
        for path, cell in _flat(row, ""):
            column = columns.setdefault(path, f"c{len(columns)}")
            if column in cells:
                raise _BrokenError("json_repeated_field", row=number, field=path[:80])
            if cell:
                filled.add(path)
            cells[column] = cell
        if len(columns) > MAX_COLUMNS:
            raise Unreadable("too_many_columns", columns=len(columns), limit=MAX_COLUMNS)
        chunk.append(cells)
        if len(chunk) == _CHUNK:
            frames.append(_put(chunk, columns, stem and stem.with_suffix(f".{len(frames)}.parquet")))
            chunk = []
    frames.append(_put(chunk, columns, None))
    if not columns:
        raise _BrokenError("json_without_rows")
    objects = {path[:dot] for path in columns for dot, sign in enumerate(path) if sign == "."}
    kept = {path: column for path, column in columns.items() if path in filled or path not in objects}
    renamed = (pl.col(column).fill_null("").alias(f"c{at}") for at, column in enumerate(kept.values()))
    found = pl.concat(frames, how="diagonal").select(ROW, *renamed)
    return RawTable(name, tuple(kept), 0, (), progress.counted(found), is_small=stem is None)


def _put(chunk: list[dict[str, str | int]], columns: dict[str, str], target: Path | None) -> pl.LazyFrame:
    """These rows as a frame: kept in memory, or in a file where a `target` is given."""
    schema = {ROW: pl.Int64(), **dict.fromkeys(columns.values(), pl.String())}
    try:
        frame = pl.DataFrame(chunk, schema=schema)
    except UnicodeEncodeError as broken:  # half of a surrogate pair, which is no character
        row = next(row[ROW] for row in chunk if any(_is_half(cell) for cell in row.values()))
        raise _BrokenError("broken_json", row=row) from broken
    if target is None:
        return frame.lazy()
    frame.write_parquet(target, compression="zstd", compression_level=1)
    return pl.scan_parquet(target)


def _is_half(cell: str | int) -> bool:
    return isinstance(cell, str) and any("\ud800" <= sign <= "\udfff" for sign in cell)


def _flat(fields: dict[str, Any], before: str) -> Iterator[tuple[str, str]]:
    for key, value in fields.items():
        path = before + key.strip()
        match value:
            case dict():
                yield from _flat(value, f"{path}.")  # pyright: ignore[reportUnknownArgumentType]
            case list():
                yield path, json.dumps(value, ensure_ascii=False) if value else ""
            case None:
                yield path, ""
            case bool():
                yield path, "true" if value else "false"
            case _:
                yield path, str(value)
