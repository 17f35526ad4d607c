"""Event logs by the XES standard (IEEE 1849), plain or gzipped: one row an event, with the attributes of its case beside its own.

The standard's reference: https://xes-standard.org. Attributes inside attributes, and those of the log itself, are left out.
"""

import gzip
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from xml.parsers import expat

import polars as pl

from marops.sources import progress
from marops.sources.guard import MAX_CELLS, Unreadable, check_inflation
from marops.sources.nested import quoted
from marops.sources.reading import MAX_COLUMNS, RawTable, column_names
from marops.sources.report import Note
from marops.tables import ROW

_CHUNK = 1 << 18
_SECONDS_PER_BYTE, _SECONDS_PER_PACKED_BYTE = 7e-8, 2e-6
"""What a log takes for each byte, measured on two cores."""

_OF_CASE, _NAME = "case:", "concept:name"
_ATTRIBUTES = frozenset({"string", "date", "int", "float", "boolean", "id"})


@dataclass
class _Log:
    """What has been read so far: cells by attribute, the shorter lists to be filled up with nothing."""

    name: str
    cells: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    rows: int = 0
    cases: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    case_of: list[int] = field(default_factory=list[int])

    def add(self, key: str, value: str) -> None:
        """A cell of the event that is open."""
        column = self.cells.get(key)
        if column is None:
            if len(self.cells) >= MAX_COLUMNS:
                raise Unreadable("too_many_columns", columns=len(self.cells) + 1, limit=MAX_COLUMNS)
            column = self.cells[key] = []
        missing = self.rows - 1 - len(column)
        if missing > 0:
            column.extend([""] * missing)
        if len(column) < self.rows:
            column.append(value)

    def open_event(self) -> None:
        """Begin another event. Raises Unreadable beyond what one file may hold."""
        self.rows += 1
        self.case_of.append(len(self.cases) - 1)
        if self.rows * max(1, len(self.cells)) > MAX_CELLS:
            raise Unreadable("too_many_cells", name=self.name, sheet=self.name, limit=MAX_CELLS)

    def joined(self) -> list[str]:
        """The names that several traces with events have, in the order of the file."""
        names = Counter(name for at in dict.fromkeys(self.case_of) if (name := self.cases[at].get(_NAME)))
        return [name for name, traces in names.items() if traces > 1]

    def table(self) -> RawTable:
        """All events as text, in the order of the file."""
        of_case = list(dict.fromkeys(key for case in self.cases for key in case))
        headers = (*(_OF_CASE + key for key in of_case), *self.cells)
        if len(headers) > MAX_COLUMNS or self.rows * len(headers) > MAX_CELLS:
            raise Unreadable("too_many_cells", name=self.name, sheet=self.name, limit=MAX_CELLS)
        columns = [pl.int_range(1, self.rows + 1, dtype=pl.Int64, eager=True).alias(ROW)]
        names = column_names(len(headers))
        at = pl.Series(self.case_of, dtype=pl.UInt32)
        for name, key in zip(names, of_case, strict=False):
            columns.append(pl.Series(name, [case.get(key, "") for case in self.cases], pl.String).gather(at))
        for name, found in zip(names[len(of_case) :], self.cells.values(), strict=True):
            columns.append(pl.Series(name, found + [""] * (self.rows - len(found)), pl.String))
        return RawTable("", headers, 0, (), pl.DataFrame(columns).lazy(), is_small=True)


def read_xes(path: Path, name: str, said: list[Note] | None = None) -> RawTable:
    """The events of a log as text: columns named by their keys, those of the case with "case:" before them. The row number is the
    event's in the file, as a log may be written on one line. To `said` goes what there is to say of the log.

    Raises Unreadable for XML that is none or is cut short, is in an encoding nobody knows, declares a document type, or holds no
    event.
    """
    log = _Log(name)
    parser = _parser(log)
    try:
        for chunk in _chunks(path, name):
            parser.Parse(chunk, False)  # noqa: FBT003  (expat takes it by position only)
        parser.Parse(b"", True)  # noqa: FBT003
    except (ValueError, LookupError) as unknown:  # an encoding that is none, or has several bytes a letter
        raise Unreadable("xml_encoding", name=name) from unknown
    except expat.ExpatError as broken:
        raise Unreadable("broken_xml", name=name, line=broken.lineno) from broken
    except (EOFError, zlib.error, gzip.BadGzipFile) as broken:
        raise Unreadable("truncated_gzip", name=name) from broken
    if not log.rows:
        raise Unreadable("no_event", name=name)
    if said is not None and (names := log.joined()):
        said.append(Note(code="traces_joined", values={"n": len(names), "names": quoted(names)}))
    return log.table()


def _chunks(path: Path, name: str) -> Iterator[bytes]:
    size = path.stat().st_size
    with path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        file: BinaryIO | gzip.GzipFile = gzip.GzipFile(fileobj=raw) if packed else raw
        progress.takes_about(size * (_SECONDS_PER_PACKED_BYTE if packed else _SECONDS_PER_BYTE))
        inflated = 0
        while chunk := file.read(_CHUNK):
            inflated += len(chunk)
            if packed:
                check_inflation(inflated, size, name)
            yield chunk


def _parser(log: _Log) -> expat.XMLParserType:
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    stack: list[str] = []

    def begins(tag: str, given: dict[str, str]) -> None:
        kind = tag.rpartition(" ")[2]
        parent = stack[-1] if stack else ""
        stack.append(kind)
        if kind in _ATTRIBUTES:
            if parent == "event":
                log.add(given.get("key", ""), given.get("value", ""))
            elif parent == "trace" and (key := given.get("key")):
                log.cases[-1].setdefault(key, given.get("value", ""))
        elif kind == "event" and parent in {"trace", "log"}:
            if parent == "log":
                log.cases.append({})
            log.open_event()
        elif kind == "trace" and parent == "log":
            log.cases.append({})

    def ends(_tag: str) -> None:
        stack.pop()

    def refuses(*_declared: object) -> None:
        # Nothing in a log needs entities, and they are how small files become large ones.
        raise Unreadable("declares_document_type", name=log.name)

    parser.StartElementHandler = begins
    parser.EndElementHandler = ends
    parser.StartDoctypeDeclHandler = refuses
    return parser
