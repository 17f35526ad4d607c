"""Targets: those of a workspace, in words; which make sense, and which holds when."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from sqlmodel import Session, col, select

from marops.errors import UserError
from marops.language import Text, text
from marops.period import Period
from marops.quantity import Number, Quantity, Unit
from marops.scorecard.definitions import KPIS, Better, Kpi
from marops.scorecard.judging import Goal, goal_for
from marops.scorecard.store import Target

_PLACES = 6
_MOST = Decimal(10) ** 12
"""Decimals are kept with 18 digits, 6 of them after the point."""

_LAST_SET = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Days:
    """Days from `start` to `end`; None: from `start` on."""

    start: date
    end: date | None


def goals(session: Session, workspace_id: str) -> list[Goal]:
    """The targets of a workspace that stand: not those of an import that was undone, nor those withdrawn."""
    query = select(Target).where(
        Target.workspace_id == workspace_id, col(Target.active).is_(True), col(Target.withdrawn_at).is_(None)
    )
    return [goal_of(row) for row in session.exec(query)]


def goal_of(row: Target) -> Goal:
    """The target that a row keeps."""
    upper = None if row.upper is None else float(row.upper)
    low, kind = float(row.value), row.type
    if kind == "at_most" and row.kpi in KPIS and KPIS[row.kpi].to_zero:
        low, upper, kind = -low, low, "band"  # "at most 10 points" of a gap means either way
    return Goal(row.kpi, kind, low, upper, row.valid_from, row.valid_to, row.author, row.reason, row.set_at)


def words(goal: Goal, currency: str) -> Text:
    """A target in words: "≥ 60 %", "≤ 40 d", "10 % to 20 %". `currency`: the one that amounts are shown in."""
    match goal.type:
        case "at_least":
            return text("≥ {value}", value=in_unit(goal.kpi, goal.value, currency))
        case "at_most":
            return text("≤ {value}", value=in_unit(goal.kpi, goal.value, currency))
        case _:
            low, high = goal.range
            return text("{low} to {high}", low=in_unit(goal.kpi, low, currency), high=in_unit(goal.kpi, high, currency))


def in_unit(kpi_id: str, value: float, currency: str) -> Quantity:
    """A value of a KPI with its unit."""
    unit = KPIS[kpi_id].unit if kpi_id in KPIS else Unit.COUNT
    return Quantity(value, unit, currency if unit is Unit.MONEY else None)


def exact(value: Number) -> Decimal:
    """A number as it is kept. Raises UserError for what is none, is too large, or has more digits than are kept."""
    number = value if isinstance(value, Decimal) else Decimal(str(value))
    if not number.is_finite():
        raise UserError(text("A target is a number; {found} is none.", found=str(value)))
    if abs(number) >= _MOST:
        raise UserError(text("A target below a million million can be kept; {found} is larger.", found=str(value)))
    places = number.normalize().as_tuple().exponent
    if isinstance(places, int) and places < -_PLACES:
        raise UserError(text("Targets are kept to {n} places; {found} has more. Round it.", n=_PLACES, found=str(value)))
    return number


def check(kpi: Kpi, type: str, value: Decimal, upper: Decimal | None, currency: str) -> None:
    """Raise UserError where nobody could be held against the target."""
    if type not in {"at_least", "at_most", "band"}:
        raise UserError(text("{found} is no kind of target. Choose at_least, at_most or band.", found=type))
    if type == "band":
        if upper is None:
            raise UserError(text("A band needs its upper end too."))
        if upper < value:
            raise UserError(
                text(
                    "The band's upper end, {upper}, lies below its lower end, {value}.", **_quantities(kpi, currency, value, upper)
                )
            )
    elif upper is not None:
        raise UserError(text("Only a band has an upper end. Leave it out, or make the target a band."))
    if kpi.to_zero and type != "band":
        raise UserError(text("{kpi} is good at zero and bad on either side: choose a band about it.", kpi=kpi.name))
    if type == "at_most" and kpi.better is Better.HIGHER:
        raise UserError(text("The higher {kpi} is, the better: choose at_least, or a band.", kpi=kpi.name))
    if type == "at_least" and kpi.better is Better.LOWER:
        raise UserError(text("The lower {kpi} is, the better: choose at_most, or a band.", kpi=kpi.name))
    least, most = kpi.bounds
    for number in (value,) if upper is None else (value, upper):
        given = in_unit(kpi.id, float(number), currency)
        if least is not None and number < Decimal(str(least)):
            limit = in_unit(kpi.id, least, currency)
            raise UserError(text("{kpi} cannot go below {limit}; the target says {given}.", kpi=kpi.name, limit=limit, given=given))
        if most is not None and number > Decimal(str(most)):
            limit = in_unit(kpi.id, most, currency)
            raise UserError(text("{kpi} cannot go above {limit}; the target says {given}.", kpi=kpi.name, limit=limit, given=given))


def _quantities(kpi: Kpi, currency: str, value: Decimal, upper: Decimal) -> dict[str, object]:
    return {"value": in_unit(kpi.id, float(value), currency), "upper": in_unit(kpi.id, float(upper), currency)}


def overlaps(standing: Sequence[Goal], given: Sequence[Goal], currency: str) -> list[Text]:
    """What setting the `given` targets, all at once, would change: whose place they take on which days, which of them give way to
    another of them, and what holds after each.
    """
    said: list[Text] = []
    ours = [replace(goal, set_at=_LAST_SET) for goal in given]
    for kpi_id in dict.fromkeys(goal.kpi for goal in ours):
        mine = [goal for goal in ours if goal.kpi == kpi_id]
        theirs = [goal for goal in standing if goal.kpi == kpi_id]
        said += _replaced(kpi_id, theirs, mine, currency)
        said += _given_twice(kpi_id, mine, currency)
        said += _afterwards(kpi_id, [*theirs, *mine], mine, currency)
    return said


def _replaced(kpi_id: str, theirs: Sequence[Goal], mine: Sequence[Goal], currency: str) -> list[Text]:
    after = [*theirs, *mine]
    found: list[tuple[Goal, Goal, _Days]] = []
    for span in _cut(after):
        old, new = _holder(theirs, kpi_id, span.start), _holder(after, kpi_id, span.start)
        if old is None or new is None or new is old:
            continue
        if found and found[-1][0] is old and found[-1][1] is new:
            found[-1] = (old, new, replace(found[-1][2], end=span.end))
        else:
            found.append((old, new, span))
    return [
        text(
            "{kpi}: {days} {new} takes the place of {old}.",
            kpi=_name(kpi_id), days=_days(span), new=words(new, currency), old=words(old, currency),
        )
        for old, new, span in found
    ]  # fmt: skip


def _given_twice(kpi_id: str, mine: Sequence[Goal], currency: str) -> list[Text]:
    said: list[Text] = []
    ordered = sorted(mine, key=lambda goal: goal.valid_from)
    for at, early in enumerate(ordered):
        for late in ordered[at + 1 :]:
            if early.holds_on(late.valid_from):
                ends = [goal.valid_to for goal in (early, late) if goal.valid_to is not None]
                said.append(
                    text(
                        "{kpi}: {days} both {early} and {late} are given; {late} begins later, so it holds.",
                        kpi=_name(kpi_id), days=_days(_Days(late.valid_from, min(ends, default=None))),
                        early=words(early, currency), late=words(late, currency),
                    )
                )  # fmt: skip
    return said


def _afterwards(kpi_id: str, held: Sequence[Goal], mine: Sequence[Goal], currency: str) -> list[Text]:
    said: list[Text] = []
    for goal in mine:
        day = _day_after(goal)
        if day is None or goal.valid_to is None or _holder(held, kpi_id, goal.valid_to) is not goal:
            continue
        then = _holder(held, kpi_id, day)
        name = _name(kpi_id)
        if then is None:
            said.append(text("{kpi}: after {end} no target holds.", kpi=name, end=goal.valid_to))
        else:
            said.append(text("{kpi}: after {end} {target} holds.", kpi=name, end=goal.valid_to, target=words(then, currency)))
    return said


def _holder(goals: Sequence[Goal], kpi_id: str, day: date) -> Goal | None:
    return goal_for(list(goals), kpi_id, Period(day, day))


def _cut(goals: Sequence[Goal]) -> list[_Days]:
    """The days cut wherever a target begins or ends."""
    starts = sorted({goal.valid_from for goal in goals} | {after for goal in goals if (after := _day_after(goal))})
    ends = [start - timedelta(days=1) for start in starts[1:]]
    return [_Days(start, end) for start, end in zip(starts, [*ends, None], strict=True)]


def _day_after(goal: Goal) -> date | None:
    """The first day after a target; None where it has no end."""
    if goal.valid_to is None or not goal.valid_from <= goal.valid_to < date.max:
        return None
    return goal.valid_to + timedelta(days=1)


def _days(span: _Days) -> Text:
    if span.end is None:
        return text("from {start} on", start=span.start)
    return text("from {start} to {end}", start=span.start, end=span.end)


def _name(kpi_id: str) -> Text | str:
    return KPIS[kpi_id].name if kpi_id in KPIS else kpi_id
