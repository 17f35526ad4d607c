"""In which encoding a text file is written, and whether that is certain."""

import codecs
import re
from pathlib import Path

import charset_normalizer

from marops.sources.guard import Unreadable

SAMPLE_BYTES = 256 << 10

_BOMS: tuple[tuple[bytes, str], ...] = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


def encoding_of(path: Path, name: str) -> tuple[str, bool]:
    """The encoding, and whether it is certain (a byte-order mark or valid UTF-8)."""
    with path.open("rb") as file:
        head = file.read(SAMPLE_BYTES)
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            return encoding, True
    if b"\x00" in head:
        even, odd = head[0::2].count(0), head[1::2].count(0)
        half = len(head) / 2
        # Latin text in UTF-16 has a zero in every other byte, always on the same side.
        if odd > 0.4 * half and even < 0.05 * half:
            return "utf-16-le", True
        if even > 0.4 * half and odd < 0.05 * half:
            return "utf-16-be", True
        raise Unreadable("binary_file", name=name)
    if _is_utf8(path):
        return "utf-8", True
    return _guess(head), False


_LEGACY = ("cp1252", "mac_roman", "cp850")
"""What Western Windows, old Macs and old DOS programs write, the likeliest first."""

_WESTERN = re.compile("[àáâãäåæçèéêëìíîïñòóôõöøœùúûüýÿßªº°–—‘’“”„…•·«»¿¡€£§´®©™²³½¼¾×\u00a0]")
_WESTERN_CAPITAL = re.compile(
    # At the beginning of a word, or inside one that is all capitals: "Ação", "AÇÃO", but not "aÁo" or "SÆo".
    r"(?<![^\W\d_])[À-ÖØ-ÞŒ]|(?<=[A-ZÀ-ÖØ-Þ])[À-ÖØ-ÞŒ](?![a-zß-öø-ÿ])"
)


def _guess(head: bytes) -> str:
    """The one-byte encoding that makes the text read like Western European words."""
    for encoding in _LEGACY:
        try:
            text = head.decode(encoding)
        except UnicodeDecodeError:
            continue
        foreign = sum(not character.isascii() for character in text)
        fitting = len(_WESTERN.findall(text)) + len(_WESTERN_CAPITAL.findall(text))
        if fitting >= 0.95 * foreign:
            return encoding
    # Statistics need more text than a few names, and take one Western encoding for another; they know other alphabets.
    guess = charset_normalizer.from_bytes(head, cp_isolation=["cp1252", "cp1250", "cp1251", "cp1253", "cp1254"]).best()
    return guess.encoding if guess else "cp1252"


def _is_utf8(path: Path) -> bool:
    """Whether the file's beginning and end are UTF-8. What lies between is checked by the reader, cell by cell."""
    size = path.stat().st_size
    with path.open("rb") as file:
        for start in {0, max(0, size - SAMPLE_BYTES)}:
            file.seek(start)
            chunk = file.read(SAMPLE_BYTES)
            try:
                # A character may be cut at either end of the chunk; none is longer than 4 bytes.
                codecs.utf_8_decode(chunk[3:] if start else chunk, "strict", False)  # noqa: FBT003  (positional only)
            except UnicodeDecodeError as error:
                if not start or error.start > 3:
                    return False
    return True
