"""Exact splits of a change between two periods: what each part of an identity contributed. The parts add up to the change.

A rate over groups is split into rate and mix (Kitagawa 1955); a product of factors by the logarithmic mean Divisia index (LMDI-I,
Ang). These are identities, not estimates: they have no interval, and say how a number moved, never why.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Counted = tuple[float, float]
"""Numerator and denominator of a rate: conversions and clicks, accepted and asked."""


@dataclass(frozen=True, slots=True)
class GroupEffect:
    """What one group contributed to the change of the overall rate, in the rate's unit.

    `rate`: its own rate changed. `mix`: its share of the denominator changed, or it came or went.
    `rates` and `shares`: its rate (None where its denominator is zero) and its share of the denominator, before and after.
    """

    group: str
    rate: float
    mix: float
    rates: tuple[float | None, float | None]
    shares: tuple[float, float]


@dataclass(frozen=True, slots=True)
class RateChange:
    """The overall rate before and after, and what each group contributed, in order of the groups' names."""

    before: float
    after: float
    groups: tuple[GroupEffect, ...]

    @property
    def change(self) -> float:
        """After minus before: `rate` and `mix` together."""
        return self.after - self.before

    @property
    def rate(self) -> float:
        """What the overall rate would have changed by while every group kept its (average) share."""
        return math.fsum(group.rate for group in self.groups)

    @property
    def mix(self) -> float:
        """What it would have changed by while every group kept its (average) rate."""
        return math.fsum(group.mix for group in self.groups)


def kitagawa(before: Mapping[str, Counted], after: Mapping[str, Counted]) -> RateChange | None:
    """Split the change of a rate over groups into rate and mix, without a remainder. None where a period has no denominator at
    all: it has no rate that could have changed.

    Both effects are weighted by the average of the two periods: rate is the average share times the change of the rate, mix the
    change of the share times how far the group's average rate lies from the overall one. So the mix effect is positive where a
    group better than the whole grew or one worse than it shrank; measured from the overall rate instead of from zero, the mix
    effects of the groups differ from the plain formula's by amounts that cancel in their sum.

    A group without a rate in one period (it is missing there, or has no denominator) cannot have changed its rate: its rate
    effect is zero, and all it added to or took from the overall rate is mix. A numerator without a denominator counts likewise.

    >>> found = kitagawa({"Search": (6, 300), "Email": (60, 1000)}, {"Search": (10, 500), "Email": (60, 1000)})
    >>> round(found.change, 4), round(found.rate, 4), round(found.mix, 4)
    (-0.0041, 0.0, -0.0041)
    """
    for numerator, denominator in (*before.values(), *after.values()):
        if not (math.isfinite(numerator) and math.isfinite(denominator)) or denominator < 0:
            raise ValueError(f"a rate needs finite numbers and no negative denominator, not {numerator} of {denominator}")
    totals = [math.fsum(denominator for _, denominator in period.values()) for period in (before, after)]
    if not all(totals):
        return None
    first, last = (math.fsum(n for n, _ in period.values()) / total for period, total in zip((before, after), totals, strict=True))
    overall = (first + last) / 2
    groups: list[GroupEffect] = []
    for group in sorted({*before, *after}):
        counted = before.get(group, (0.0, 0.0)), after.get(group, (0.0, 0.0))
        shares = counted[0][1] / totals[0], counted[1][1] / totals[1]
        rates = _rate(counted[0]), _rate(counted[1])
        rate, mix = 0.0, counted[1][0] / totals[1] - counted[0][0] / totals[0] - overall * (shares[1] - shares[0])
        if rates[0] is not None and rates[1] is not None:
            rate = (shares[0] + shares[1]) / 2 * (rates[1] - rates[0])
            mix = (shares[1] - shares[0]) * ((rates[0] + rates[1]) / 2 - overall)
        groups.append(GroupEffect(group, rate, mix, rates, shares))
    return RateChange(first, last, tuple(groups))


def _rate(counted: Counted) -> float | None:
    numerator, denominator = counted
    return numerator / denominator if denominator else None


@dataclass(frozen=True, slots=True)
class CategoryEffect:
    """What each factor contributed in one category, in the product's unit; in the order of `ProductChange.factors`."""

    category: str
    effects: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ProductChange:
    """A sum over categories of products of factors, before and after, and what each factor contributed.

    `effects`: by factor, in the product's unit; they add up to the change. `ratios`: by factor, without a unit; multiplied they
    give after / before. None where before or after is zero: there is no such ratio, or no factor that it could be shared by.
    """

    factors: tuple[str, ...]
    before: float
    after: float
    effects: tuple[float, ...]
    ratios: tuple[float, ...] | None
    categories: tuple[CategoryEffect, ...]

    @property
    def change(self) -> float:
        """After minus before."""
        return self.after - self.before


def lmdi(before: Mapping[str, Sequence[float]], after: Mapping[str, Sequence[float]], *, factors: Sequence[str]) -> ProductChange:
    """Split the change of a sum of products by factor: LMDI-I, additive and multiplicative, without a remainder.

    `before` and `after` hold one value a factor for every category, in the order of `factors`; a divisor goes in as one over its
    value. Raises ValueError for negative or endless values, and where the two periods differ in categories: what the factors of a
    category are in a period in which it is missing, zero or as ever, is the caller's knowledge.

    Zeros follow the limits of Ang, Zhang and Choi (1998). Where several factors of a category are zero at the same time they share
    its change alike, which is the limit of one small number put in place of them all.

    >>> found = lmdi({"all": (40, 0.25, 25_000, 1 / 90)}, {"all": (44, 0.25, 25_000, 1 / 90)}, factors=["N", "W", "V", "1/L"])
    >>> [round(effect, 2) for effect in found.effects]
    [277.78, 0.0, 0.0, 0.0]
    """
    if before.keys() != after.keys():
        only = ", ".join(sorted(before.keys() ^ after.keys()))
        raise ValueError(f"both periods need the same categories; only one has {only}")
    for category in before:
        for values in (before[category], after[category]):
            if len(values) != len(factors):
                raise ValueError(f"{category} has {len(values)} values for {len(factors)} factors")
            if not all(math.isfinite(value) and value >= 0 for value in (*values, math.prod(values))):
                raise ValueError(f"factors are finite and not negative, unlike those of {category}: {tuple(values)}")
    names = sorted(before)
    categories = tuple(CategoryEffect(name, _effects(before[name], after[name])) for name in names)
    effects = tuple(math.fsum(found.effects[at] for found in categories) for at in range(len(factors)))
    first, last = (math.fsum(math.prod(period[name]) for name in names) for period in (before, after))
    ratios = None
    if first and last:
        scale = _log_mean(first, last, math.log(last) - math.log(first))
        ratios = tuple(math.exp(effect / scale) for effect in effects)
    return ProductChange(tuple(factors), first, last, effects, ratios, categories)


def _effects(before: Sequence[float], after: Sequence[float]) -> tuple[float, ...]:
    """The additive effects of the factors of one category."""
    first, last = math.prod(before), math.prod(after)
    zeros = [not a or not b for a, b in zip(before, after, strict=True)]
    if any(zeros):
        # Unless something came out of nothing, or became nothing, nothing has changed. It did so through the factors that are
        # zero in one period; those of the other are all above zero.
        share = (last - first) / sum(zeros)
        return tuple(share if zero and share else 0.0 for zero in zeros)
    logs = [math.log(b) - math.log(a) for a, b in zip(before, after, strict=True)]
    mean = _log_mean(first, last, math.fsum(logs))
    return tuple(mean * log for log in logs)


def _log_mean(a: float, b: float, log: float) -> float:
    """The logarithmic mean of two numbers of which `log` is ln(b / a): (b - a) / log, and their value where they are equal."""
    return max(a, b) * (-math.expm1(-abs(log)) / abs(log) if log else 1.0)
