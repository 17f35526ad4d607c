"""A number and its unit, which never travel apart.

Fractions are kept as fractions: 58 % is `Quantity(0.58, Unit.PERCENT)`, a gap of 20 points is
`Quantity(0.20, Unit.POINTS)`. How many digits a reader sees is decided in `marops.language`, never here.
"""

import math
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

Number = int | float | Decimal


class Unit(StrEnum):
    """What a number counts."""

    COUNT = "count"
    PERCENT = "percent"
    POINTS = "points"
    RATIO = "ratio"
    PER_HOUR = "per_hour"
    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    MONEY = "money"


@dataclass(frozen=True, slots=True)
class Quantity:
    """A finite number with its unit; money names its ISO 4217 currency.

    Raises ValueError for NaN, infinity, money without a currency, or a currency on anything else.
    """

    value: Number
    unit: Unit = Unit.COUNT
    currency: str | None = None

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise ValueError(f"a quantity must be finite, not {self.value}")
        if (self.unit is Unit.MONEY) != (self.currency is not None):
            raise ValueError(f"money, and only money, has a currency: {self}")


def money(value: Number, currency: str) -> Quantity:
    """An amount in an ISO 4217 currency."""
    return Quantity(value, Unit.MONEY, currency)
