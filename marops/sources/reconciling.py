"""A file's own totals beside what its rows add up to."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from marops.sources import currencies
from marops.sources.report import Question, Total

_ACCOUNT = "|".join(map(re.escape, currencies.MEANINGS["totals"]["of_account"]))
_OF_ACCOUNT = re.compile(rf"(?i)[:：-]\s*(?:{_ACCOUNT})\s*$")
_OF_SOME = re.compile(r"(?i)^\s*(?:sub|sous|zwischen)[ -]?(?:total|summe)")

_CENTS, _HUNDREDTH = Decimal("0.02"), Decimal("0.01")


@dataclass(frozen=True, slots=True)
class TotalRow:
    """One total row of a file: its number, what it calls itself, and the figure it states for each column that has one."""

    row: int
    label: str
    stated: Mapping[str, Decimal | int | None]


def quoted(rows: Iterable[TotalRow], sums: Mapping[str, Decimal | int]) -> list[Total]:
    """The file's totals beside our sums of the same columns. The first total row that is neither the whole account's nor one of
    some rows describes the rows of the file; the others (account, kinds of campaigns) are quoted for information.
    """
    totals: list[Total] = []
    describing: int | None = None
    for found in rows:
        if describing is None and not _OF_ACCOUNT.search(found.label) and not _OF_SOME.search(found.label):
            describing = found.row
        for column, ours in sums.items():
            stated = found.stated.get(column)
            if stated is not None:
                totals.append(
                    Total(
                        row=found.row, label=found.label, column=column, file=plain(stated), ours=plain(ours),
                        difference=plain(Decimal(ours) - Decimal(stated)), describes_rows=found.row == describing,
                    )
                )  # fmt: skip
    return totals


def untied(totals: Iterable[Total]) -> list[Question]:
    """The question whether rows are missing or counted twice, where the total that describes them is another in most columns."""
    stated = [total for total in totals if total.describes_rows and (Decimal(total.file) or Decimal(total.ours))]
    apart = [total for total in stated if abs(Decimal(total.difference)) > max(_CENTS, _HUNDREDTH * abs(Decimal(total.file)))]
    if 2 * len(apart) <= len(stated):
        return []
    return [Question(code="untied", column=apart[0].column, samples=[apart[0].file, apart[0].ours], choices=[])]


def plain(value: Decimal | int) -> str:
    """A number as a plain decimal string without trailing zeros: 118.99, not 118.990000."""
    text = format(Decimal(value), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
