"""One number with everything a reader needs to trust it. Pages, decks and exports show the same `Measure`."""

from dataclasses import dataclass, replace
from datetime import date

from marops.language import Text
from marops.period import Period
from marops.quantity import Number, Quantity, Unit


@dataclass(frozen=True, slots=True)
class Interval:
    """A range that holds the true value with probability `level`, by a named method."""

    low: float
    high: float
    method: Text
    level: float = 0.95

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise ValueError(f"interval from {self.low} to {self.high}")


@dataclass(frozen=True, slots=True)
class Measure:
    """A value, or the reason why there is none.

    `value` is in `unit` (fractions for percent and points); `definition` and `version` name the formula;
    `sources` are the canonical tables it was computed from; `as_of` is the last day of data behind it.
    A missing value is None with a `missing` sentence that says what would fill it: it is never zero.
    `cases`: of a share, how many it is a share of.
    `is_provisional`: some cases of the period are still too young to count, so the value will change.
    Raises ValueError for NaN, for money without a currency, for a value with a reason why it is missing, and for neither.
    """

    key: str
    label: Text
    value: Number | None
    unit: Unit
    definition: str
    version: int
    sources: tuple[str, ...]
    period: Period | None = None
    as_of: date | None = None
    currency: str | None = None
    interval: Interval | None = None
    missing: Text | None = None
    note: Text | None = None
    is_provisional: bool = False
    cases: int | None = None

    def __post_init__(self) -> None:
        if (self.value is None) == (self.missing is None):
            raise ValueError(f"{self.key}: a measure has either a value or the reason why it has none")
        # Also where the value is missing: a target or a limit is told in the same unit.
        Quantity(self.value or 0, self.unit, self.currency)

    @property
    def quantity(self) -> Quantity | None:
        """The value with its unit, or None where it is missing."""
        return None if self.value is None else Quantity(self.value, self.unit, self.currency)

    def in_unit(self, value: Number) -> Quantity:
        """Another number in this measure's unit: a target, a limit, an interval's end."""
        return Quantity(value, self.unit, self.currency)

    def without_value(self, why: Text) -> "Measure":
        """The same measure, missing for a reason."""
        return replace(self, value=None, interval=None, missing=why, is_provisional=False)
