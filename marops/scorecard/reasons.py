"""Why a KPI moved, in sentences made from exact splits, and how far it is from its target. Pure: numbers in, words out.

The sentences say how a number moved, never who caused it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from marops.decomposition import ProductChange, RateChange
from marops.lags import Link, NoAnswer
from marops.language import Text, ntext, text
from marops.measure import Measure
from marops.quantity import Quantity, Unit
from marops.scorecard.definitions import Kpi
from marops.scorecard.formulas.groups import By
from marops.scorecard.judging import Goal

BY: dict[By, Text] = {
    By.CHANNEL: text("channel"), By.UNIT: text("business unit"), By.CAMPAIGN: text("campaign"), By.SERVICE: text("service"),
    By.LAW: text("law"),
}  # fmt: skip

_NO_CAMPAIGN, _NOT_NAMED = text("no ad campaign"), text("not named")

_MOST = 0.5
_PACE = 24


@dataclass(frozen=True, slots=True)
class Part:
    """What one group or factor contributed to a change, in the KPI's unit (percent: in points): `rate` by its own rate, `mix` by
    its share. A factor of a product has no mix.
    """

    name: str | Text
    rate: float
    mix: float = 0.0

    @property
    def effect(self) -> float:
        """Both together."""
        return self.rate + self.mix


@dataclass(frozen=True, slots=True)
class Split:
    """A KPI's change from one period to another, in parts that add up to it. `by`: what the groups are; None for factors."""

    by: By | None
    before: float
    after: float
    parts: tuple[Part, ...]

    @property
    def change(self) -> float:
        """After minus before."""
        return self.after - self.before

    def largest(self, count: int) -> tuple[Part, ...]:
        """The parts with the largest effects, largest first; what is left of the others as one part without a name."""
        ordered = sorted(self.parts, key=lambda part: (-abs(part.effect), str(part.name)))
        rest = ordered[count:]
        if not rest:
            return tuple(ordered)
        return (*ordered[:count], Part("", sum(part.rate for part in rest), sum(part.mix for part in rest)))


def of_rate(by: By, found: RateChange) -> Split:
    """The split of a rate over groups."""
    parts = tuple(Part(group.group, group.rate, group.mix) for group in found.groups)
    return Split(by, found.before, found.after, parts)


def of_product(found: ProductChange, names: Sequence[Text]) -> Split:
    """The split of a product over its factors, by the names readers know them by."""
    parts = tuple(Part(name, effect) for name, effect in zip(names, found.effects, strict=True))
    return Split(None, found.before, found.after, parts)


def name_of(part: Part, by: By | None) -> str | Text:
    """What a part is called: leads that no ad campaign brought have no channel; other groups may lack a name in the data."""
    return part.name or (_NO_CAMPAIGN if by in {By.CHANNEL, By.CAMPAIGN} else _NOT_NAMED)


def amount(measure: Measure, value: float) -> Quantity:
    """A difference of a KPI's values: of percents in points."""
    unit = Unit.POINTS if measure.unit is Unit.PERCENT else measure.unit
    return Quantity(value, unit, measure.currency)


def sentences(kpi: Kpi, measure: Measure, split: Split) -> list[Text]:
    """What a split says: how much is rate and how much mix, what drove it, what worked against it, how concentrated it is."""
    if split.by is None:
        return [*_drivers(measure, split), *_concentration(split)]
    rate, mix = sum(part.rate for part in split.parts), sum(part.mix for part in split.parts)
    said = [
        text(
            "Inside the groups by {by} {kpi} changed by {rate}; how the groups' shares moved adds {mix}.",
            by=BY[split.by], kpi=kpi.name, rate=amount(measure, rate), mix=amount(measure, mix),
        )
    ]  # fmt: skip
    if rate * split.change < 0 and abs(rate) > abs(split.change) / 4:
        said.append(
            text("In all it fell although it rose inside the groups: their mix hides it.") if split.change < 0
            else text("In all it rose although it fell inside the groups: their mix hides it.")
        )  # fmt: skip
    return [*said, *_drivers(measure, split), *_concentration(split)]


def _drivers(measure: Measure, split: Split) -> list[Text]:
    with_it = _named(measure, split, [part for part in split.parts if part.effect * split.change > 0])
    against = _named(measure, split, [part for part in split.parts if part.effect * split.change < 0])
    said: list[Text] = []
    if with_it:
        said.append(text("Most of it: {parts}.", parts=with_it))
    if against:
        said.append(text("Against it: {parts}.", parts=against))
    return said


def _named(measure: Measure, split: Split, parts: Sequence[Part]) -> Text | None:
    told = [
        text("{name} {effect}", name=name_of(part, split.by), effect=amount(measure, part.effect))
        for part in sorted(parts, key=lambda part: -abs(part.effect))[:2]
    ]
    match told:
        case [one, two]:
            return text("{one}, {two}", one=one, two=two)
        case [one]:
            return one
        case _:
            return None


def _concentration(split: Split) -> list[Text]:
    with_it = sorted((part for part in split.parts if part.effect * split.change > 0), key=lambda part: -abs(part.effect))
    total = sum(part.effect for part in with_it)
    if len(with_it) < 3 or abs(with_it[0].effect) <= _MOST * abs(total):
        return []
    share = Quantity(with_it[0].effect / total, Unit.PERCENT)
    name = name_of(with_it[0], split.by)
    return [text("{name} alone is {share} of what moved that way.", name=name, share=share)]


def pace(measure: Measure, before: Measure | None, goal: Goal | None) -> Text | None:
    """How far a KPI is from its target, and how long the way is at the pace since the period before; None without a target or a
    value, or where it is kept.
    """
    if goal is None or measure.value is None or goal.is_kept_by(float(measure.value)):
        return None
    value = float(measure.value)
    low, high = goal.range
    gap = low - value if value < low else high - value
    missing = text("{gap} to the target.", gap=amount(measure, gap))
    if before is None or before.value is None:
        return missing
    step = value - float(before.value)
    if step * gap <= 0:
        return text("{gap} to the target, and it does not come nearer.", gap=amount(measure, gap))
    periods = gap / step
    if periods > _PACE:
        return text("{gap} to the target; at the pace since the time before it is out of reach.", gap=amount(measure, gap))
    return text(
        "{gap} to the target: at this pace {n} more such periods.",
        gap=amount(measure, gap),
        n=round(periods, 1),
    )


_NO_ANSWER: dict[NoAnswer, Text] = {
    NoAnswer.GAP: text("One of them has weeks without a value, so nothing can be said."),
    NoAnswer.NOT_FINITE: text("One of them has a value that is no number, so nothing can be said."),
    NoAnswer.TOO_SHORT: text("They have fewer than 40 weeks in common; that is too short to tell a link from chance."),
    NoAnswer.NO_VARIATION: text("One of them hardly varies from week to week, so nothing can be said."),
}


def linked(kpi: Kpi, measure: Measure, other: Kpi, found: Link | NoAnswer, weeks: int) -> Text:
    """What the lag test says of a KPI (as `measure` has it) and another that may come before it, never that it causes it."""
    if isinstance(found, NoAnswer):
        return _NO_ANSWER[found]
    lag = found.strongest
    if lag is None:
        return text(
            "{kpi} does not move with {other}: over {n} weeks nothing goes beyond chance.", kpi=kpi.name, other=other.name, n=weeks
        )
    of_share = other.unit in {Unit.PERCENT, Unit.POINTS}  # kept as fractions, told by the point
    effect, low, high = (amount(measure, value * (0.01 if of_share else 1.0)) for value in (lag.effect, lag.low, lag.high))
    when = text("in the same week") if not lag.lag else ntext("{n} week before", "{n} weeks before", lag.lag)
    said = text(
        "{kpi} moves with {other} {when}: {unit} more goes with {effect} ({low} to {high}), over {n} weeks.",
        kpi=kpi.name, other=other.name, when=when, unit=text("one point") if of_share else text("one unit"), effect=effect,
        low=low, high=high, n=weeks,
    )  # fmt: skip
    if found.placebo is not None:
        return text("{said} But the same shows with time reversed, so something else may move both.", said=said)
    return said
