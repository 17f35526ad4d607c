"""Whole files and what can happen to them: seeded damage of bytes, lines, archives and columnar files."""

import io
import random
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl

from marops.sample.loader import SHIPPED

CASES = Path(__file__).parents[2] / "shared" / "cases" / "ingest"
"""Real files beside the project; they are not part of it and may be missing."""

_MOST_BYTES = 24 << 10
_MOST_ARCHIVE = 128 << 10
_ENDINGS = (".csv", ".tsv", ".txt", ".xlsx", ".parquet")
_ODD = (
    b"\x00", b'"', b"'", b",", b";", b"\t", b"|", b"\r", b"\n", b"\r\n", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x1a",
    b"\x0b", b"\x1b[31m", b"\\", b'""', b'","', b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x80\xae", b"\xc2\xa0", b"\xef\xbf\xbe",
)  # fmt: skip
_CELLS = (
    b"9" * 400, b"1e309", b"-1e309", b"NaN", b"inf", b"-0", b"1.7976931348623157e308", b"99999999999999999999999.99",
    b"0x7f", b"1_000", b"=1+1", b'=HYPERLINK("http://x.example";"y")', b"+cmd|' /C calc'!A0", b"-2+3", b"@SUM(A1)",
    b"<script>alert(1)</script>", b"![x](http://x.example/p.png)", b"{name}", b"%s%n", b"$(id)", b"../../../etc/passwd",
    b"2026-02-30", b"0000-00-00", b"9999-12-31", b"292277026596-12-04", b"1/2/3/4", b"12:61:61", b"1.234.567,8,9",
    b"(1.00)", b"--", b"\xe2\x88\x921", b"\xd9\xa3\xd9\xa4",
)  # fmt: skip
_ENCODINGS = (
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "cp1252",
    "latin-1",
    "cp850",
    "mac_roman",
    "cp037",
    "shift_jis",
    "utf-7",
)

Damage = Callable[[random.Random, bytes], bytes]


def whole_files() -> list[tuple[str, bytes]]:
    """Names and content of the undamaged files: small ones of the sample company, and of the cases where they are there."""
    return _cut_down(SHIPPED) + (_cut_down(CASES) if CASES.is_dir() else [])


def _cut_down(folder: Path) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for path in sorted(path for path in folder.iterdir() if path.suffix in _ENDINGS):
        content = path.read_bytes()
        if path.suffix == ".parquet":
            held = io.BytesIO()
            pl.read_parquet(path).head(300).write_parquet(held)
            content = held.getvalue()
        elif path.suffix == ".xlsx":
            if len(content) > _MOST_ARCHIVE:
                continue
        elif len(content) > _MOST_BYTES:
            content = content[:_MOST_BYTES]
            content = content[: max(content.rfind(b"\n"), content.rfind(b"\r"), 0) + 1]
        found.append((path.name, content))
    return found


def damaged(whole: list[tuple[str, bytes]], seed: int, number: int) -> tuple[str, bytes, str]:
    """The damaged file of this number: name, content, and what was done to it. The same for the same seed."""
    chance = random.Random(f"{seed}:{number}")  # noqa: S311  (no secret)
    name, content = chance.choice(whole)
    kinds: list[Damage] = [*_OF_BYTES, _renamed]
    if name.endswith(".xlsx"):
        kinds += [*_OF_ARCHIVES] * 3
    elif name.endswith(".parquet"):
        kinds += [*_OF_PARQUET] * 3
    else:
        kinds += [*_OF_TEXT] * 2
    done = [chance.choice(kinds) for _ in range(chance.choice((1, 1, 1, 2, 2, 3)))]
    for damage in done:
        if damage is _renamed:
            name = Path(name).stem + chance.choice((*_ENDINGS, ".pdf", ""))
        else:
            content = damage(chance, content)
    return name, content, " + ".join(damage.__name__.strip("_") for damage in done)


def _renamed(_: random.Random, content: bytes) -> bytes:
    return content


# Bytes


def _place(chance: random.Random, content: bytes) -> tuple[int, int]:
    start = chance.randrange(len(content) + 1)
    return start, min(len(content), start + chance.choice((1, 4, 16, 64, 512, 4096)))


def _bits_flipped(chance: random.Random, content: bytes) -> bytes:
    held = bytearray(content)
    for _ in range(chance.choice((1, 1, 3, 10, 100))):
        if held:
            held[chance.randrange(len(held))] ^= 1 << chance.randrange(8)
    return bytes(held)


def _bytes_replaced(chance: random.Random, content: bytes) -> bytes:
    start, end = _place(chance, content)
    return content[:start] + chance.randbytes(end - start) + content[end:]


def _cut_short(chance: random.Random, content: bytes) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


def _beginning_lost(chance: random.Random, content: bytes) -> bytes:
    return content[_place(chance, content)[1] - chance.randrange(2) :]


def _chunk_deleted(chance: random.Random, content: bytes) -> bytes:
    start, end = _place(chance, content)
    return content[:start] + content[end:]


def _chunk_doubled(chance: random.Random, content: bytes) -> bytes:
    start, end = _place(chance, content)
    return content[:end] + content[start:end] * chance.choice((1, 1, 2, 50)) + content[end:]


def _chunks_swapped(chance: random.Random, content: bytes) -> bytes:
    (a, b), (c, d) = sorted((_place(chance, content), _place(chance, content)))
    return content if c < b else content[:a] + content[c:d] + content[b:c] + content[a:b] + content[d:]


def _odd_bytes_put_in(chance: random.Random, content: bytes) -> bytes:
    for _ in range(chance.choice((1, 1, 2, 8))):
        at = chance.choice((0, chance.randrange(len(content) + 1)))
        content = content[:at] + chance.choice(_ODD) * chance.choice((1, 1, 1, 2, 300)) + content[at:]
    return content


_OF_BYTES: tuple[Damage, ...] = (
    _bits_flipped, _bytes_replaced, _cut_short, _beginning_lost, _chunk_deleted, _chunk_doubled, _chunks_swapped, _odd_bytes_put_in,
)  # fmt: skip


# Text


def _lines(content: bytes) -> list[bytes]:
    return content.splitlines(keepends=True) or [b""]


def _cell_changed(chance: random.Random, content: bytes) -> bytes:
    cells = re.split(rb"([,;\t|\r\n])", content)
    for _ in range(chance.choice((1, 1, 5, 50))):
        cells[2 * chance.randrange((len(cells) + 1) // 2)] = chance.choice((*_CELLS, b"", b" ", chance.randbytes(6)))
    return b"".join(cells)


def _line_made_long(chance: random.Random, content: bytes) -> bytes:
    lines = _lines(content)
    at = chance.randrange(len(lines))
    lines[at] = chance.choice((b"x", b"x,", b'"', b"1;", b"\t")) * chance.choice((5_000, 100_000, 2_000_000)) + lines[at]
    return b"".join(lines)


def _lines_changed(chance: random.Random, content: bytes) -> bytes:
    lines = _lines(content)
    for _ in range(chance.choice((1, 2, 10))):
        at, other = chance.randrange(len(lines)), chance.randrange(len(lines))
        match chance.randrange(4):
            case 0:
                lines.insert(at, lines[other])
            case 1:
                lines[at] = b"\n"
            case 2:
                lines[at], lines[other] = lines[other], lines[at]
            case _:
                lines[at] = lines[at].rstrip(b"\r\n") + chance.choice((b",", b";,", b"\t\t", b'"')) + b"\n"
    return b"".join(lines)


def _header_doubled(chance: random.Random, content: bytes) -> bytes:
    lines = _lines(content)
    head = chance.randrange(min(4, len(lines)))
    cells = re.split(rb"([,;\t])", lines[head])
    match chance.randrange(3):
        case 0:  # a column twice
            cells[-1:] = [cells[0], b","[: len(cells)], cells[-1]]
            lines[head] = b"".join(cells)
        case 1:  # every column by the same name
            lines[head] = b"".join(cells[0] if index % 2 == 0 else cell for index, cell in enumerate(cells)) + b"\n"
        case _:  # the whole line again, further down
            lines.insert(chance.randrange(len(lines)), lines[head])
    return b"".join(lines)


def _recoded(chance: random.Random, content: bytes) -> bytes:
    encoding = chance.choice(_ENCODINGS)
    return content.decode("utf-8", errors="replace").encode(encoding, errors="replace")


def _delimiters_changed(chance: random.Random, content: bytes) -> bytes:
    return content.replace(chance.choice((b",", b";", b"\t", b'"', b"\n", b"\r\n", b".")), chance.choice(_ODD))


def _grown(chance: random.Random, content: bytes) -> bytes:
    lines = _lines(content)
    return content + b"".join(lines[1:]) * chance.choice((1, 5, 20))


_OF_TEXT: tuple[Damage, ...] = (
    _cell_changed, _cell_changed, _line_made_long, _lines_changed, _header_doubled, _recoded, _delimiters_changed, _grown,
)  # fmt: skip


# Archives and columnar files


def _entry_changed(chance: random.Random, content: bytes) -> bytes:
    """An entry of the archive unpacked, damaged and packed again, so that checksums are right."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError, EOFError):
        return content
    except zipfile.zlib.error:  # pyright: ignore[reportAttributeAccessIssue]
        return content
    if not entries:
        return content
    name = chance.choice(sorted(entries))
    entries[name] = chance.choice((*_OF_BYTES, _attribute_changed, _attribute_changed, _emptied))(chance, entries[name])
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for each, data in entries.items():
            archive.writestr(each, data)
    return held.getvalue()


def _emptied(_: random.Random, content: bytes) -> bytes:  # noqa: ARG001  (a kind of damage takes the content)
    return b""


def _attribute_changed(chance: random.Random, content: bytes) -> bytes:
    values = list(re.finditer(rb'="([^"]*)"|<v>([^<]*)</v>|<t>([^<]*)</t>', content))
    if not values:
        return content
    found = chance.choice(values)
    group = found.lastindex or 1
    value = chance.choice(
        (b"XFD1048576", b"A1:XFD1048576", b"-1", b"99999999999", b"", b"&#0;", b"&lol;", b"s", b"str", *_CELLS[:8])
    )
    return content[: found.start(group)] + value + content[found.end(group) :]


def _directory_damaged(chance: random.Random, content: bytes) -> bytes:
    at = content.rfind(b"PK\x01\x02", 0, max(1, len(content) - chance.randrange(200)))
    at = max(at, 0) + chance.randrange(46)
    return content[:at] + chance.randbytes(chance.choice((1, 2, 4))) + content[at + 4 :]


_OF_ARCHIVES: tuple[Damage, ...] = (_entry_changed, _entry_changed, _entry_changed, _directory_damaged)


def _footer_damaged(chance: random.Random, content: bytes) -> bytes:
    size = int.from_bytes(content[-8:-4], "little") if len(content) > 12 else 0
    start = max(4, len(content) - 8 - min(size, 1 << 16))
    held = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 6))):
        at = chance.randrange(min(start, len(held)), len(held)) if len(held) > start else 0
        if held:
            held[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
    return bytes(held)


def _footer_kept(chance: random.Random, content: bytes) -> bytes:
    """Damage of the columns only; the file still ends as it should."""
    size = int.from_bytes(content[-8:-4], "little") if len(content) > 12 else 0
    end = max(4, len(content) - 8 - min(size, 1 << 16))
    return content[:4] + _bytes_replaced(chance, content[4:end]) + content[end:]


_OF_PARQUET: tuple[Damage, ...] = (_footer_damaged, _footer_damaged, _footer_kept)
