"""Text files that hold several reports below each other, each under comment lines of its own, as Google Analytics writes them.

Such tables have widths of their own, so the file is cut into one piece a report before it is read.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import polars as pl

from marops.sources.reading import SMALL, RawTable, TextFile
from marops.tables import ROW

_COMMENT = "#"


@dataclass(frozen=True, slots=True)
class Section:
    """A piece of a file, and how many lines stand before it."""

    path: Path
    before: int

    def placed(self, raw: RawTable, names: Sequence[str]) -> RawTable:
        """A table of the piece with the rows' numbers in the whole file, under a name that is not among `names`."""
        name = next(each for each in _candidates(raw.headers[0]) if each not in names)
        wrong = tuple(replace(each, row=each.row + self.before) for each in raw.wrong_width)
        frame = raw.frame.with_columns(pl.col(ROW) + self.before)
        return replace(raw, name=name, header_row=raw.header_row + self.before, frame=frame, wrong_width=wrong)


def _candidates(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name} ({number})"
        number += 1


def of_file(file: TextFile, folder: Path) -> list[Section]:
    """The pieces of a file that begins with comment lines and has more of them below rows; none where it is one report."""
    if not file.head or not _is_comment(file.head[0]) or file.path.stat().st_size > SMALL:
        return []
    lines = file.path.read_bytes().decode(file.encoding, errors="replace").lstrip("\ufeff").splitlines()
    begins = _beginnings(lines)
    if len(begins) < 2:
        return []
    found: list[Section] = []
    for begin, end in pairwise([*begins, len(lines)]):
        path = folder / f"section-{len(found)}.csv"
        path.write_text("\n".join(lines[begin:end]) + "\n", encoding="utf-8")
        found.append(Section(path, begin))
    return found


def _is_comment(record: Sequence[str]) -> bool:
    return bool(record) and record[0].lstrip("\ufeff").startswith(_COMMENT)


def _beginnings(lines: Sequence[str]) -> list[int]:
    """Where each report begins: at the first comment line, and at those that follow rows."""
    begins: list[int] = []
    below_rows = True
    for index, line in enumerate(lines):
        if line.startswith(_COMMENT):
            if below_rows:
                begins.append(index)
            below_rows = False
        elif line.strip(" ,;\t"):
            below_rows = True
    return begins
