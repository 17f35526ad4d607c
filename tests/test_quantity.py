"""Numbers and their units."""

import math
from decimal import Decimal

import pytest

from marops.language import text
from marops.measure import Interval, Measure
from marops.quantity import Quantity, Unit, money


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, Decimal("NaN")])
def test_a_number_that_is_none_is_refused(value):
    with pytest.raises(ValueError, match="finite"):
        Quantity(value)


def test_money_names_its_currency():
    assert money(5, "BRL") == Quantity(5, Unit.MONEY, "BRL")
    with pytest.raises(ValueError, match="currency"):
        Quantity(5, Unit.MONEY)


@pytest.mark.parametrize("unit", [unit for unit in Unit if unit is not Unit.MONEY])
def test_only_money_has_a_currency(unit):
    with pytest.raises(ValueError, match="currency"):
        Quantity(5, unit, "EUR")


def measure(value, missing=None) -> Measure:
    return Measure("k", text("K"), value, Unit.PERCENT, "k", 1, (), missing=missing)


def test_a_measure_has_a_value_or_the_reason_why_it_has_none():
    assert measure(0.5).quantity == Quantity(0.5, Unit.PERCENT)
    assert measure(None, text("No leads yet.")).quantity is None
    for value, missing in ((None, None), (0.5, text("No leads yet."))):
        with pytest.raises(ValueError, match="either a value or the reason"):
            measure(value, missing)


def test_a_measure_refuses_nan():
    with pytest.raises(ValueError, match="finite"):
        measure(math.nan)


def test_a_measure_without_its_value_keeps_what_it_is():
    found = measure(0.5).without_value(text("Too young."))
    assert (found.value, found.interval, str(found.missing), found.key) == (None, None, "Too young.", "k")


@pytest.mark.parametrize(("low", "high"), [(2, 1), (math.nan, 1), (0, math.nan)])
def test_an_interval_runs_from_low_to_high(low, high):
    with pytest.raises(ValueError, match="interval from"):
        Interval(low, high, text("by hand"))
