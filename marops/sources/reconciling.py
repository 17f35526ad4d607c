"""A file's own totals beside what its rows add up to."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from marops.sources.report import Total

_OF_ACCOUNT = re.compile(r"(?i):\s*(?:account|conta|cuenta|konto|compte)\s*$")


@dataclass(frozen=True, slots=True)
class TotalRow:
    """One total row of a file: its number, what it calls itself, and the figure it states for each column that has one."""

    row: int
    label: str
    stated: Mapping[str, Decimal | int | None]


def quoted(rows: Iterable[TotalRow], sums: Mapping[str, Decimal | int]) -> list[Total]:
    """The file's totals beside our sums of the same columns. The first total row that is not the whole account's describes the
    rows of the file; the others (account, kinds of campaigns) are quoted for information.
    """
    totals: list[Total] = []
    describing: int | None = None
    for found in rows:
        if describing is None and not _OF_ACCOUNT.search(found.label):
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


def plain(value: Decimal | int) -> str:
    """A number as a plain decimal string without trailing zeros: 118.99, not 118.990000."""
    text = format(Decimal(value), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
