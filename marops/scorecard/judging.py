"""Is it real, and will it do? A KPI's months judged by process limits and its target: pure, from measures to a verdict."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from enum import StrEnum

from marops import spc
from marops.language import Text, text
from marops.measure import Measure
from marops.period import Period
from marops.quantity import Unit
from marops.scorecard.definitions import Better, Kpi
from marops.spc import Assurance, Change, Limits, Rule

MONTHS = 24
"""Months that are shown."""

LOCKED_AFTER = spc.FEWEST_FOR_FIRM_LIMITS
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Trend(StrEnum):
    """What the newest complete month says."""

    BETTER = "better"
    WORSE = "worse"
    STEADY = "steady"
    UNKNOWN = "unknown"


class Promise(StrEnum):
    """A value held against its target. OPEN: the interval covers the target, so the data cannot tell."""

    MET = "met"
    MISSED = "missed"
    OPEN = "open"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Goal:
    """A target in force: `at_least`, `at_most` or a `band` from `value` to `upper`; `set_at`: when somebody set
    it, which is no part of what it says.
    """

    kpi: str
    type: str
    value: float
    upper: float | None
    valid_from: date
    valid_to: date | None
    author: str | None = None
    reason: str | None = None
    set_at: datetime = field(default=_LONG_AGO, compare=False)

    def holds_on(self, day: date) -> bool:
        """Whether the target is in force on a day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def is_on_the_side_of(self, better: Better) -> bool:
        """Whether the target asks for what is good: a band asks for both."""
        return self.type == "band" or (self.type == "at_least") is (better is Better.HIGHER)

    @property
    def range(self) -> tuple[float, float]:
        """Lowest and highest value that keep the target."""
        match self.type:
            case "at_least":
                return self.value, math.inf
            case "at_most":
                return -math.inf, self.value
            case _:
                return self.value, self.value if self.upper is None else self.upper

    def is_kept_by(self, value: float) -> bool:
        """Whether a value keeps the target."""
        low, high = self.range
        return low <= value <= high


@dataclass(frozen=True, slots=True)
class Point:
    """A month of a KPI: its first day and value (None where it is missing). `is_provisional`: some of its cases are too young;
    `cases`: of a share, how many it is of.
    """

    month: date
    value: float | None
    is_provisional: bool = False
    cases: int | None = None

    @property
    def settled(self) -> float | None:
        """The value, where it will not change any more."""
        return None if self.is_provisional else self.value


@dataclass(frozen=True, slots=True)
class Series:
    """A KPI's months, in order, with the limits learned from its first twelve settled values (since `rebased`, where somebody
    decided that the process is another one from that month on), and the months that the four rules for a special cause mark.
    """

    points: tuple[Point, ...]
    limits: Limits | None
    change: Change
    causes: Mapping[Rule, tuple[date, ...]]
    rebased: date | None = None
    learning: bool = False
    """Whether all there is went into the limits, so that nothing has been judged by them yet."""

    varying: Mapping[date, tuple[float, float]] = field(default_factory=dict[date, tuple[float, float]])

    @property
    def shown(self) -> tuple[Point, ...]:
        """The newest two years of months."""
        return self.points[-MONTHS:]

    @property
    def newest(self) -> Point | None:
        """The newest month that is settled, with or without a value; what a trend is about."""
        return _newest(self.points)

    @property
    def values(self) -> list[float]:
        """The values there are."""
        return [point.value for point in self.points if point.value is not None]


SMALL = 50
"""Cases of a month below which chance makes a share vary so much that its limits must follow the number of cases."""


@dataclass(frozen=True, slots=True)
class _Scale:
    """Values made comparable: each is `centre` + `unit` × `score`. `limits` are those of the scores."""

    points: tuple[Point, ...]
    scores: tuple[float, ...]
    centre: tuple[float, ...]
    unit: tuple[float, ...]
    limits: Limits | None

    def of(self, at: int) -> Limits | None:
        """The limits of a point, in its own unit."""
        if self.limits is None:
            return None
        centre, unit = self.centre[at], self.unit[at]
        lower, mean, upper = (centre + unit * limit for limit in (self.limits.lower, self.limits.mean, self.limits.upper))
        return Limits(mean, lower, upper, unit * self.limits.moving_range, self.limits.trial)


def series(kpi: Kpi, measures: Sequence[Measure], rebased: date | None = None) -> Series:
    """The months' measures as a series. Limits are locked after twelve values: later ones are judged, not learned from.

    Shares of few and differing cases are judged by how far they are from their mean for so many cases; KPIs that follow the year,
    as soon as there are months enough, by the difference to the same month of the year before.
    """
    points = tuple(
        Point(m.period.start, None if m.value is None else float(m.value), m.is_provisional, m.cases)
        for m in measures if m.period is not None
    )  # fmt: skip
    of_process = tuple(point for point in points if rebased is None or point.month >= rebased)
    if kpi.rare:
        return Series(points, None, Change.NONE, {}, rebased)
    scale = _scale(kpi, of_process)
    # A month that is missing is no news; neither are months the limits were learned from. Months still provisional are waited for.
    newest = _newest(of_process)
    judged = scale.scores if scale.points and scale.points[-1] is newest else ()
    limits = _within(scale.of(len(scale.scores) - 1), kpi.bounds) if scale.scores else None
    causes = _causes(scale.points, scale.scores, scale.limits) if scale.limits else {}
    varying = {
        point.month: (low.lower, low.upper) for at, point in enumerate(scale.points) if (low := _within(scale.of(at), kpi.bounds))
    }
    same = len({(round(low, 12), round(high, 12)) for low, high in varying.values()}) < 2
    learning = len(scale.scores) <= LOCKED_AFTER
    change = spc.certain_change(judged, scale.limits, amounts=kpi.unit is not Unit.PERCENT)
    return Series(points, limits, change, causes, rebased, learning, {} if same else varying)


def _scale(kpi: Kpi, points: tuple[Point, ...]) -> _Scale:
    settled = tuple(point for point in points if point.settled is not None)
    values = tuple(point.settled for point in settled if point.settled is not None)
    cases = [point.cases for point in settled if point.cases is not None]
    if len(cases) == len(values) and len(set(cases)) > 1 and min(cases) < SMALL:
        found = spc.rate(values[:LOCKED_AFTER], cases[:LOCKED_AFTER])
        if found is not None:
            errors = tuple(found.error(n) for n in cases)
            scores = tuple((value - found.mean) / error for value, error in zip(values, errors, strict=True))
            limits = spc.score_limits(found.spread, trial=len(values) < LOCKED_AFTER)
            return _Scale(settled, scores, (found.mean,) * len(values), errors, limits)
    if kpi.seasonal:
        a_year_before = {
            point.month.replace(year=point.month.year + 1): value for point, value in zip(settled, values, strict=True)
        }
        pairs = [
            (point, value, a_year_before[point.month])
            for point, value in zip(settled, values, strict=True)
            if point.month in a_year_before
        ]
        if len(pairs) > LOCKED_AFTER:
            scores = tuple(value - before for _, value, before in pairs)
            limits = spc.process_limits(scores[:LOCKED_AFTER])
            befores = tuple(before for _, _, before in pairs)
            return _Scale(tuple(point for point, _, _ in pairs), scores, befores, (1.0,) * len(pairs), limits)
    limits = spc.process_limits(values[:LOCKED_AFTER])
    return _Scale(settled, values, (0.0,) * len(values), (1.0,) * len(values), limits)


def _causes(points: Sequence[Point], scores: Sequence[float], limits: Limits) -> Mapping[Rule, tuple[date, ...]]:
    found = spc.special_causes(scores, limits)
    return {rule: tuple(points[at].month for at in marked) for rule, marked in found.items()}


def _newest(points: Sequence[Point]) -> Point | None:
    return next((point for point in reversed(points) if not point.is_provisional), None)


def _within(limits: Limits | None, bounds: tuple[float | None, float | None]) -> Limits | None:
    """Limits that do not go where no value can: a share has no room above 100 %."""
    if limits is None:
        return None
    low, high = bounds
    lower = limits.lower if low is None else max(low, limits.lower)
    upper = limits.upper if high is None else min(high, limits.upper)
    return replace(limits, lower=lower, upper=upper)


def trend(found: Series, better: Better) -> Trend:
    """Whether the newest month is better or worse than the process was, or the same."""
    if found.limits is None or not found.values or found.learning:
        return Trend.UNKNOWN
    match found.change:
        case Change.NONE:
            return Trend.STEADY
        case Change.UP:
            return Trend.BETTER if better is Better.HIGHER else Trend.WORSE
        case Change.DOWN:
            return Trend.BETTER if better is Better.LOWER else Trend.WORSE


def assurance(found: Series, goal: Goal | None) -> Assurance | None:
    """Whether the process as it is will keep a target; None where there is no target, or limits cannot be told."""
    if goal is None or found.limits is None:
        return None
    return spc.assurance(found.limits, *goal.range)


def next_step(trend: Trend, assured: Assurance | None) -> Text | None:
    """What to do about a process that changed so, and will keep its target so; None where neither can be told."""
    match trend, assured:
        case Trend.WORSE, _:
            return text("Look into this month now: something changed.")
        case Trend.BETTER, Assurance.PASS:
            return text("Keep it, and write down why it works.")
        case Trend.BETTER, _:
            return text("Go on: it gets better.")
        case Trend.STEADY, Assurance.PASS:
            return text("Leave it alone: it keeps its target.")
        case Trend.STEADY, Assurance.HIT_AND_MISS:
            return text("Expect misses by chance: change the process or the promise, not the month.")
        case Trend.STEADY, Assurance.FAIL:
            return text("Redesign the process: asking why this month missed leads nowhere.")
        case _:
            return None


def promise(measure: Measure, goal: Goal | None) -> Promise:
    """A measure held against its target."""
    if goal is None or measure.value is None:
        return Promise.NONE
    low, high = (measure.interval.low, measure.interval.high) if measure.interval else (float(measure.value),) * 2
    if goal.is_kept_by(low) and goal.is_kept_by(high):
        return Promise.MET
    least, most = goal.range
    return Promise.MISSED if high < least or low > most else Promise.OPEN


def goal_for(goals: list[Goal], kpi: str, period: Period) -> Goal | None:
    """The target of a KPI on the last day of a period; where several hold, the one set last, and of those the one begun last."""
    return max(
        (goal for goal in goals if goal.kpi == kpi and goal.holds_on(period.end)),
        key=lambda goal: (goal.set_at, goal.valid_from),
        default=None,
    )
