"""What a request says, and what it may not say."""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from marops import notes
from marops.errors import UserError
from marops.language import joined, text
from marops.workspaces.service import Opened

_SMALLEST = Decimal("0.000001")
_MOST = Decimal(10) ** 12 - _SMALLEST
"""What the column takes, which has six places."""


@dataclass(frozen=True, slots=True)
class Details:
    """What a request says: `value_per_day` is what a day of the launch is expected to bring, in `currency` (ISO 4217);
    `assignee` does it, by name as trackers have it (empty: nobody yet).
    """

    name: str
    campaign: str = ""
    unit: str | None = None
    due: date | None = None
    value_per_day: Decimal | None = None
    currency: str = ""
    brief: str = ""
    assignee: str = ""


def checked(details: Details, opened: Opened, before: str | None = None) -> dict[str, Any]:
    """Details as they are kept. The unit named `before` may stay, though the workspace has it no more. Raises UserError for what
    cannot be.
    """
    known = [unit.name for unit in opened.units]
    if details.unit is not None and details.unit not in {*known, before}:
        raise UserError(text("There is no business unit {unit}. There are: {known}.", unit=details.unit, known=joined(known, 10)))
    code, value = details.currency.strip().upper(), _kept(details.value_per_day)
    if value is not None and (len(code) != 3 or not code.isalpha() or not code.isascii()):
        raise UserError(text("The value of a day needs a currency: three letters, for example EUR or BRL."))
    return {
        "name": notes.needed(details.name, 300, text("A request needs a name: what is to be launched?")),
        "campaign_name": notes.written(details.campaign, 300),
        "business_unit": details.unit,
        "due": details.due,
        "value_per_day": value,
        "currency_code": code if value is not None else None,
        "brief": notes.written(details.brief, 10_000),
        "assignee": notes.written(details.assignee, 200),
    }


def _kept(value: Decimal | None) -> Decimal | None:
    """An amount as every database keeps it. Raises UserError for one that none can keep."""
    if value is None:
        return None
    if not (value.is_finite() and value >= 0):
        raise UserError(text("The value of a day is an amount of 0 or more. Leave it empty where nobody knows it."))
    # Rounded as PostgreSQL does, so that what is near the most is judged by what would be kept; -0 is 0.
    kept = abs(value if value > _MOST + 1 else value.quantize(_SMALLEST, ROUND_HALF_UP))
    if kept > _MOST:
        raise UserError(text("The value of a day may have {n} digits before the point; this one has more. Is it meant?", n=12))
    return kept if kept != value else abs(value)
