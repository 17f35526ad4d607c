"""How a text file sets its cells apart: the delimiter, the quote, and what is seldom written but read all the same."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a text file sets its cells apart. `spaced`: with a space after each delimiter, before the quote."""

    delimiter: str
    quote: str = '"'
    spaced: bool = False
    escape: str | None = None

    @property
    def is_common(self) -> bool:
        """Whether the quick readers know it."""
        return self == Dialect(self.delimiter) and self.delimiter != " "


_RARE = (
    *(Dialect(each, quote="'") for each in DELIMITERS), *(Dialect(each, spaced=True) for each in DELIMITERS),
    *(Dialect(each, escape="\\") for each in DELIMITERS), Dialect(" "), Dialect(" ", quote="'"),
)  # fmt: skip


csv.field_size_limit(1 << 30)


def records(sample: str, dialect: Dialect, *, complete: bool, strict: bool = False) -> Iterator[tuple[list[str], int]]:
    """Records with the number of physical lines before each; an unfinished last record is left out. Where they cannot be told
    apart any more they end; `strict`: csv.Error is raised instead.
    """
    if not complete:
        sample = sample[: max(sample.rfind("\n"), sample.rfind("\r")) + 1] or sample
    reader = csv.reader(
        io.StringIO(sample, newline=""), delimiter=dialect.delimiter, quotechar=dialect.quote, skipinitialspace=dialect.spaced,
        escapechar=dialect.escape, doublequote=dialect.escape is None,
    )  # fmt: skip
    before = 0
    try:
        for record in reader:
            yield record, before
            before = reader.line_num
    except csv.Error:
        if strict:
            raise


def find_dialect(sample: str, *, complete: bool, any_dialect: bool) -> Dialect:
    """The dialect under which most records of the sample have the same, largest width. One that is seldom written is
    taken only where it sets the cells apart without exception and the common ones do not.
    """
    shares: dict[Dialect, tuple[float, int]] = {}

    def evenness(dialect: Dialect) -> tuple[float, int]:
        if dialect not in shares:
            shares[dialect] = _evenness(sample, dialect, complete=complete)
        return shares[dialect]

    common = [Dialect(delimiter) for delimiter in DELIMITERS]
    best = max(common, key=lambda dialect: (round(evenness(dialect)[0], 2), evenness(dialect)[1], -common.index(dialect)))
    share, width = evenness(best)
    wrapped = Dialect(best.delimiter, quote="'")
    if any_dialect and width > 1 and _all_wrapped(sample, best, complete=complete) and evenness(wrapped)[1] > 1:
        return wrapped
    if not any_dialect or share == 1.0:
        return best
    rare = [dialect for dialect in _RARE if _shows(sample, dialect)]
    better = [each for each in rare if evenness(each)[0] == 1.0 and evenness(each)[1] >= max(2, width if share > 0.5 else 2)]
    return max(better, key=lambda dialect: (evenness(dialect)[1], -rare.index(dialect)), default=best)


def _shows(sample: str, dialect: Dialect) -> bool:
    """Whether the text has what tells this dialect from its common sister. Evenness alone would also come of a quotation
    mark that is never closed, once it is taken for a letter.
    """
    delimiter = re.escape(dialect.delimiter)
    opened = rf"(?:^|{delimiter})"
    if dialect.escape:
        return '\\"' in sample
    if dialect.spaced:
        return re.search(rf'{delimiter} "', sample) is not None
    if dialect.quote == "'":
        wraps = re.search(rf"{opened}'[^'\n]*{delimiter}[^'\n]*'(?:{delimiter}|$)", sample, re.MULTILINE)
        return wraps is not None and re.search(rf'{opened}"', sample, re.MULTILINE) is None
    return True


def _evenness(sample: str, dialect: Dialect, *, complete: bool) -> tuple[float, int]:
    """The share of records of the commonest width, and that width; 0 where no record has two cells."""
    widths = [len(record) for record, _ in records(sample, dialect, complete=complete) if any(record)][:400]
    wide = [width for width in widths if width > 1]
    if not wide:
        return 0.0, 0
    mode = max(set(wide), key=lambda width: (wide.count(width), width))
    return wide.count(mode) / len(widths), mode


def _all_wrapped(sample: str, dialect: Dialect, *, complete: bool) -> bool:
    """Whether nearly every cell stands in single quotes."""
    first = [record for record, _ in records(sample, dialect, complete=complete)][:50]
    cells = [cell for record in first for cell in record if cell]
    return sum(len(cell) > 1 and cell[0] == cell[-1] == "'" for cell in cells) > 0.9 * len(cells)
