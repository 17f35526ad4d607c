"""What a file is by its first bytes, before any parser sees it.

A 4 KB spreadsheet can claim 17 billion cells and a renamed picture can be called .csv; both are turned away here, with
a sentence. What passes is still parsed only in a limited child process.
"""

import gzip
import re
import struct
import zipfile
import zlib
from enum import StrEnum
from pathlib import Path

from marops.sources.report import Note

MAX_CELLS = 20_000_000
MAX_ZIP_ENTRIES = 10_000
MAX_INFLATED = 1 << 30
MAX_INFLATION = 200
_SUSPICIOUS_SIZE = 64 << 20


_GZIP = b"\x1f\x8b"
_CHUNK = 1 << 20


class FileKind(StrEnum):
    """Kinds of files marops reads."""

    TEXT = "text"
    XLSX = "xlsx"
    PARQUET = "parquet"
    JSON = "json"
    XES = "xes"


class Unreadable(Exception):
    """The file cannot be read; `note` says why in a code of `words.NOTES`."""

    def __init__(self, code: str, **values: str | int) -> None:
        super().__init__(code)
        self.note = Note(code=code, values=values)


_FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"%PDF", "PDF"),
    (b"BZh", "bzip2"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"Rar!", "RAR"),
    (b"\x7fELF", "ELF"),
    (b"MZ", "EXE"),
    (b"SQLite format 3\x00", "SQLite"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "XLS"),
    (b"RIFF", "RIFF"),
)


_JSON = re.compile(rb'\s*(?:\[\s*)?\{\s*(?:["}]|\Z)')
"""How objects begin: no other text has a quotation mark right behind its brace."""


_XML_HEAD = 1 << 16
_XML = re.compile(rb"\s*<(?:\?xml|!--|(?:[\w.-]+:)?log[\s/>])")
_LOG = re.compile(rb"<(?:[\w.-]+:)?log[\s/>]")
_HTML = re.compile(rb"(?i)\s*<(?:!doctype\s+html|html[\s>])")
_NAMED_XES = (".xes", ".xes.gz")


def unpacked(path: Path, name: str, target: Path) -> Path:
    """Where a file's content lies: in `target`, to which a file packed with gzip is unpacked, else where it is. An event log in XES
    stays packed, for its reader unpacks it as it goes. Raises Unreadable for what is damaged, empty, packed twice, or a bomb.
    """
    with path.open("rb") as raw:
        if raw.read(2) != _GZIP or _xml(path, _GZIP):
            return path
    size, inflated = path.stat().st_size, 0
    try:
        with gzip.open(path) as packed, target.open("wb") as file:
            while chunk := packed.read(_CHUNK):
                if not inflated and chunk.startswith(_GZIP):
                    raise Unreadable("packed_twice", name=name)
                inflated += len(chunk)
                check_inflation(inflated, size, name)
                file.write(chunk)
    except (EOFError, zlib.error, gzip.BadGzipFile) as broken:
        raise Unreadable("truncated_gzip", name=name) from broken
    if not inflated:
        raise Unreadable("empty_gzip", name=name)
    return target


def check_inflation(inflated: int, size: int, name: str) -> None:
    """Raise Unreadable where a packed file of `size` bytes has come to more than packed exports do."""
    if inflated > MAX_INFLATED or inflated > max(_SUSPICIOUS_SIZE, MAX_INFLATION * size):
        raise Unreadable("gzip_bomb", name=name)


def identify(path: Path, name: str) -> FileKind:
    """The kind of a file by its content; the name only says what a file of marks that is no known one should have been. Raises
    Unreadable.
    """
    size = path.stat().st_size
    if size == 0:
        raise Unreadable("empty_file", name=name)
    with path.open("rb") as file:
        head = file.read(64)
        file.seek(max(0, size - 4))
        tail = file.read(4)
    if head.startswith(b"PAR1"):
        if tail != b"PAR1" or size < 12:
            raise Unreadable("truncated_parquet", name=name)
        return FileKind.PARQUET
    if head.startswith(b"PK\x03\x04"):
        _check_zip(path, name)
        return FileKind.XLSX
    if xml := _xml(path, head):
        if not _LOG.search(xml):
            raise Unreadable("foreign_file", name=name, kind="XML")
        return FileKind.XES
    for magic, kind in _FOREIGN:
        # A text file may begin with the letters of a short magic number ("MZ..."); it then goes on as text.
        if head.startswith(magic) and (len(magic) > 2 or b"\x00" in head or not _printable(head)):
            raise Unreadable("foreign_file", name=name, kind=kind)
    begins = _plain(head)
    if _HTML.match(begins):
        raise Unreadable("foreign_file", name=name, kind="HTML")
    if begins.startswith(b"<") and name.lower().endswith(_NAMED_XES):
        raise Unreadable("not_xes", name=name, first=begins.decode(errors="replace").splitlines()[0])
    return FileKind.JSON if _JSON.match(begins) else FileKind.TEXT


def _plain(head: bytes) -> bytes:
    """How a text begins, whichever Unicode it is written in, as far as it is ASCII."""
    return head.lstrip(b"\xff\xfe\xef\xbb\xbf").replace(b"\x00", b"")


def _xml(path: Path, head: bytes) -> bytes:
    """The first part of a file that is XML, unpacked where it is gzipped; nothing where it is none."""
    packed = head.startswith(_GZIP)
    if not packed and not _begins_as_xml(head):
        return b""
    with path.open("rb") as file:
        found = file.read(_XML_HEAD)
    if packed:
        try:
            found = zlib.decompressobj(wbits=31).decompress(found, _XML_HEAD)
        except zlib.error:
            return b""
    return found.replace(b"\x00", b"") if _begins_as_xml(found) else b""


def _begins_as_xml(head: bytes) -> bool:
    return bool(_XML.match(_plain(head)))


def _printable(head: bytes) -> bool:
    return all(byte >= 32 or byte in b"\t\r\n" for byte in head)


def _check_zip(path: Path, name: str) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error) as broken:  # whatever the directory claims
        raise Unreadable("truncated_xlsx", name=name) from broken
    if not any(entry.filename == "xl/workbook.xml" for entry in entries):
        raise Unreadable("foreign_file", name=name, kind="ZIP")
    inflated = sum(entry.file_size for entry in entries)
    packed = max(1, sum(entry.compress_size for entry in entries))
    bomb = inflated > _SUSPICIOUS_SIZE and inflated / packed > MAX_INFLATION
    if bomb or len(entries) > MAX_ZIP_ENTRIES or inflated > MAX_INFLATED:
        raise Unreadable("zip_bomb", name=name)
