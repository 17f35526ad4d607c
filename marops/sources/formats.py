"""How a column writes numbers, decided from the column as a whole, and the expressions that read them (dates: `moments`).

"1.234,56" and "1,234.56" are both 1234.56, and "1,234" could be either; a column's decimal mark is decided by its unambiguous
values, then by the file's other columns, and asked for when neither says. A cell that does not fit its column's format
becomes null, and the caller refuses its row: nothing is guessed per cell.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

import polars as pl

from marops.sources.currencies import SHARED_SIGNS, SIGNS, codes
from marops.sources.moments import any_date
from marops.tables import Type

MISSING = ("", "-", "--", "—", "–", "null", "NULL", "?")
"""Cells that mean "no value" in any column."""

MISSING_VALUES = (*MISSING, "n/a", "N/A", "na", "NA", "n.a.", "Null", "none", "None", "#N/A", "#DIV/0!", "(blank)")
"""Cells that mean "no value" where a number or a date belongs (in a text column "NA" may be a name). NaN and infinity
are not among them: they are refused."""

_SPACES = "\u00a0\u202f\u2009"
_SIGNS = sorted((*SIGNS, *SHARED_SIGNS), key=len, reverse=True)
_NOISE = ("'", "’", "−", *_SPACES, " ", *_SIGNS, "%", "(", ")", "-", "+")
_SIGN = "|".join(re.escape(sign) for sign in _SIGNS)
_CURRENCY = rf"(?:{_SIGN}|{'|'.join(sorted(codes()))})"


def is_missing(cell: pl.Expr, *, quick: bool = False) -> pl.Expr:
    """Whether a cell of a number, date or truth column means "no value".

    `quick` compares without taking off spaces first (but knows Google's " --"): what it overlooks is not lost, it turns
    up as a cell that cannot be read, and the caller looks again.
    """
    return cell.is_in((*MISSING_VALUES, " --")) if quick else cell.str.strip_chars().is_in(MISSING_VALUES)


def text(cell: pl.Expr) -> pl.Expr:
    """A cell of a text column without the spaces around it; null where it means "no value"."""
    stripped = cell.str.strip_chars()
    return pl.when(~stripped.is_in(MISSING)).then(stripped)


_LONGEST_MISSING = max(len(said.encode()) for said in MISSING)


def may_be_missing(stripped: pl.Expr) -> pl.Expr:
    """Whether a text without spaces around it is so short that it may mean "no value"."""
    return stripped.str.len_bytes() <= _LONGEST_MISSING


def all_say_something(cells: pl.Series) -> bool:
    """Whether none of these texts is short enough to mean "no value"."""
    return not cells.to_frame("cell").select(may_be_missing(pl.col("cell").str.strip_chars()).any()).item()


def meaning(cell: pl.Expr, words: Mapping[str, str]) -> pl.Expr:
    """What a cell's words (in small letters) stand for; the cell as it is where they are not in the dictionary.

    Built of comparisons: `replace_strict` would gather whole columns.
    """
    return _chosen(cell.str.strip_chars().str.to_lowercase(), words, (str,)).fill_null(cell)


def plain_meaning(cell: pl.Expr, words: Mapping[str, str]) -> pl.Expr:
    """The same for words spelled as programs spell them, "like This" excepted; null for all others. Three times as quick."""
    return _chosen(cell, words, (str, str.capitalize, str.title, str.upper))


def _chosen(cell: pl.Expr, words: Mapping[str, str], spellings: Sequence[Callable[[str], str]]) -> pl.Expr:
    found = pl.lit(None, pl.String)
    for meant in dict.fromkeys(words.values()):
        said = [spelled(word) for word in words if words[word] == meant for spelled in spellings]
        found = pl.when(cell.is_in(said)).then(pl.lit(meant)).otherwise(found)
    return found


# Numbers


def decimal_mark(samples: Iterable[str], *, whole: bool) -> str | None:
    """The decimal mark these values show: "." or ",", "" where any would do, None where they do not say or disagree.

    `whole`: the values count things, so a mark in them can only separate thousands.
    """
    votes: set[str] = set()
    open_question = False
    for sample in samples:
        digits = re.sub(r"[^0-9.,]", "", sample)
        commas, points = digits.count(","), digits.count(".")
        if commas and points:
            votes.add("," if digits.rfind(",") > digits.rfind(".") else ".")
        elif commas or points:
            mark = "," if commas else "."
            grouped = re.fullmatch(rf"\d{{1,3}}(?:\{mark}\d{{3}})+|\d{{1,2}}(?:,\d{{2}})+,\d{{3}}", digits)  # or lakhs
            other = "." if mark == "," else ","
            if grouped and (whole or commas + points > 1):
                votes.add(other)
            elif grouped and not digits.startswith("0"):
                open_question = True
            elif commas + points == 1:
                votes.add(mark)
            else:
                return None
    if len(votes) == 1:
        return votes.pop()
    return None if votes or open_question else ""


def groups_thousands(samples: Iterable[str]) -> bool:
    """Whether numbers are separated from one thousand on and never below: then the mark separates thousands, though
    one such number alone could be read as a decimal.
    """
    digits = [re.sub(r"[^0-9.,]", "", sample) for sample in samples]
    separated = [number for number in digits if "," in number or "." in number]
    bare = [number for number in digits if number.isdigit()]
    grouped = all(re.fullmatch(r"[1-9]\d{0,2}(?:([.,])\d{3})(?:\1\d{3})*", number) for number in separated)
    return bool(separated) and grouped and max((len(number) for number in bare), default=0) == 3


def _marks(mark: str) -> tuple[str, str]:
    """The thousands separator that goes with a decimal mark, and the mark as a pattern."""
    return (".", ",") if mark == "," else (",", r"\.")


class Notation(StrEnum):
    """How much a column's numbers are dressed up, from the quickest to read to the slowest."""

    BARE = "bare"
    GROUPED = "grouped"
    DRESSED = "dressed"


def notation(cells: pl.Series, mark: str, *, whole: bool) -> Notation:
    """The simplest notation that these cells keep to."""
    stripped = cells.str.strip_chars()
    for kind in (Notation.BARE, Notation.GROUPED):
        if stripped.str.contains(f"^{_pattern(mark, grouped=kind is Notation.GROUPED, whole=whole)}$").all():
            return kind
    return Notation.DRESSED


def comes_near_thousands(cells: pl.Series, mark: str) -> bool:
    """Whether the largest of these bare numbers is so large that others of the column may have a separator."""
    digits = cells.str.strip_chars_start(" -").str.extract(r"^(\d+)").str.len_bytes()
    return bool((digits >= 3).any()) and not shows_bare_thousands(cells, mark)


def shows_bare_thousands(cells: pl.Series, mark: str) -> bool:
    """Whether a number of four digits or more stands here without a separator: then the column's writer uses none."""
    _, point = _marks(mark)
    return bool(cells.str.contains(rf"^\s*-?\d{{4,}}(?:{point}\d+)?\s*$").any())


def _pattern(mark: str, *, grouped: bool, whole: bool) -> str:
    group, point = _marks(mark)
    digits = rf"(?:\d{{1,3}}(?:\{group}\d{{3}})+|\d+)" if grouped else r"\d+"
    return rf"-?{digits}" + ("" if whole else rf"(?:{point}\d*)?")


def number(
    cell: pl.Expr, kind: Type, mark: str, notation: Notation = Notation.DRESSED, *, padded: bool = True, millionths: bool = False
) -> pl.Expr:
    """A text cell as Int64 or Decimal(18, 6); null where it is missing or not a number in this notation.

    `millionths`: what stands in the cell is a million times the amount.

    Dressed numbers may carry currency signs, a percent sign (the number before it is kept: 12,5% is 12.5), thousands
    separators, a trailing minus or parentheses for negatives. Values beyond six decimals are rounded. Not `padded`: spaces
    around a number are not looked for.
    """
    stripped = cell.str.strip_chars() if padded else cell
    if millionths:
        return from_millionths(_in_notation(stripped, MILLIONTHS, mark, notation))
    return _in_notation(stripped, kind.dtype, mark, notation)


def _in_notation(stripped: pl.Expr, dtype: pl.DataType, mark: str, notation: Notation) -> pl.Expr:
    group, _ = _marks(mark)
    match notation:
        case Notation.BARE:
            # The cast itself turns everything else away, a thousands separator included, once there is one mark only.
            digits = stripped
            if mark == ",":
                digits = pl.when(~stripped.str.contains(".", literal=True)).then(stripped.str.replace(",", ".", literal=True))
            return digits.cast(dtype, strict=False)
        case Notation.GROUPED:
            shaped = stripped.str.contains(f"^{_pattern(mark, grouped=True, whole=dtype.is_integer())}$")
            digits = stripped.str.replace_all(group, "", literal=True)
            if mark == ",":
                digits = digits.str.replace(",", ".", literal=True)
            return pl.when(shaped).then(digits).cast(dtype, strict=False)
        case Notation.DRESSED:
            return _dressed(stripped, dtype, mark)


MILLIONTHS = pl.Decimal(38, 6)
"""What amounts in millionths of their currency are read as: twelve digits more than the amounts they stand for."""


def from_millionths(value: pl.Expr) -> pl.Expr:
    """An amount given in millionths (19000000) in the currency itself (19), exactly."""
    return (value / pl.lit(Decimal(1_000_000), MILLIONTHS)).cast(Type.DECIMAL.dtype, strict=False)


EXACT = pl.Decimal(38, 16)
"""What a number is summed in where every digit counts."""


def exact_number(cell: pl.Expr, mark: str) -> pl.Expr:
    """A text cell as a Decimal(38, 16), in any notation; null where it is missing or not a number."""
    return _dressed(cell.str.strip_chars(), EXACT, mark)


def _dressed(stripped: pl.Expr, dtype: pl.DataType, mark: str) -> pl.Expr:
    group, point = _marks(mark)
    between = rf"[{re.escape(group)}'’{_SPACES} ]"
    grouped = rf"\d{{1,3}}(?:{between}\d{{3}})+" + (r"|\d{1,2}(?:,\d{2})+,\d{3}" if group == "," else "")
    shaped = stripped.str.contains(r"\d") & stripped.str.contains(
        rf"^\(?[+−-]?\s?(?:{_CURRENCY}\s?)?[+−-]?(?:{grouped}|\d+)?(?:{point}\d*)?"
        rf"(?:[eE][+-]?\d{{1,2}})?\s?(?:%|{_CURRENCY})?-?\)?$"
    )
    # Letters left over are a three-letter currency code (EUR 5.00) or an exponent.
    # The sign of an exponent is no noise: it waits as "~" until the others are gone.
    digits = stripped.str.replace(r"([0-9.,])[eE]-(\d)", "${1}e~${2}").str.replace_many(
        dict.fromkeys((group, *_NOISE), ""), leftmost=True
    )
    digits = digits.str.replace("~", "-", literal=True).str.replace(r"^[A-Z]{3}|[A-Z]{3}$", "")
    if mark == ",":
        digits = digits.str.replace(",", ".", literal=True)
    # "144." is a number to Java and to some databases.
    digits = digits.str.replace(r"\.0*$" if dtype.is_integer() else r"\.$", "")
    value = pl.when(shaped).then(digits).cast(dtype, strict=False)
    return pl.when(stripped.str.contains(r"^\(.*\)$|^[^0-9eE]*[-−]|-$")).then(-value).otherwise(value)


_MAYBE_NUMBER = re.compile(r"^[^\d_]{0,8}\d[^_]*$")
"""What every notation needs to see: a digit after a sign and a currency at most. Most texts are told by it at once."""


def are_numbers(cells: pl.Series) -> bool:
    """Whether nearly all of these cells are numbers in some notation."""
    if sum(_MAYBE_NUMBER.search(cell) is not None for cell in cells) < 0.9 * cells.len():
        return False
    read = cells.to_frame("cell").select(
        (number(pl.col("cell"), Type.DECIMAL, ".").is_not_null() | number(pl.col("cell"), Type.DECIMAL, ",").is_not_null()).mean()
    )
    return bool(read.item() >= 0.9)


# Dates and times


_NUMBER = re.compile(rf"[^\w]*(?:[A-Z]{{3}}\s|[A-Z]{{0,2}}[$€£¥]|{_SIGN})?\s?[-+]?[\d.,\s]+%?(?:\s?(?:{_SIGN}))?")


_LONGEST_NUMBER = 80
"""Characters of a number with all that may stand around it; to a longer run of dots and spaces the pattern takes minutes."""


@lru_cache(maxsize=4096)
def is_value(cell: str) -> bool:
    """Whether a cell is a number or a date rather than a name."""
    return any_value([cell])


def any_value(cells: Sequence[str]) -> bool:
    """Whether one of these cells is a number or a date. Dates are looked for in all at once: one by one takes 20 ms each."""
    texts = [cell.strip() for cell in cells]
    if any(len(text) <= _LONGEST_NUMBER and _NUMBER.fullmatch(text) for text in texts):
        return True
    return any_date([text for text in texts if any(character.isdigit() for character in text)])


def truth(cell: pl.Expr) -> pl.Expr:
    """A text cell as a truth value; null where it is neither."""
    said = cell.str.strip_chars().str.to_lowercase()
    yes, no = ("true", "yes", "1", "sim", "y", "verdadeiro"), ("false", "no", "0", "não", "nao", "n", "falso")
    return pl.when(said.is_in(yes)).then(pl.lit(value=True)).when(said.is_in(no)).then(pl.lit(value=False))
