"""Launch plans: milestones counted in working days from the launch, and the dates they come to. Pure."""

import tomllib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from importlib import resources

from marops import notes
from marops.errors import UserError
from marops.language import Text, joined, message, text
from marops.work.needs import way

MOST_DAYS = 400
"""Working days that a milestone may lie before or after its launch."""

SIDES = ("it", "marketing", "")
"""Who must act on a milestone; empty: nobody has said."""

_LONGEST_REST = 60
_LONGEST_NAME = 300


@dataclass(frozen=True, slots=True)
class Milestone:
    """What must be done `days_before` working days before a launch (negative: after it), in which of the launch's stages (an id;
    None: not said), by which side, and the names of the milestones that must be done first. Names are kept as words are (`notes`).
    """

    name: str
    days_before: int
    stage: str | None = None
    side: str = ""
    needs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        needs = (notes.written(needed, _LONGEST_NAME) for needed in self.needs)
        object.__setattr__(self, "name", notes.written(self.name, _LONGEST_NAME))
        object.__setattr__(self, "stage", None if self.stage is None else notes.written(self.stage, 40) or None)
        object.__setattr__(self, "needs", tuple(dict.fromkeys(needed for needed in needs if needed)))


@dataclass(frozen=True, slots=True)
class Template:
    """A launch plan. Raises UserError without a name or milestones, for names that stand twice, for a milestone that needs one that
    is not there, is due after it, or needs itself over others; and for days beyond MOST_DAYS.
    """

    name: str
    milestones: tuple[Milestone, ...]

    def __post_init__(self) -> None:
        names = [milestone.name for milestone in self.milestones]
        nameless = text("A launch plan needs a name, and milestones with names.")
        object.__setattr__(self, "name", notes.needed(self.name, 200, nameless))
        if not names or not all(map(notes.folded, names)):
            raise UserError(nameless)
        same = Counter(map(notes.folded, names))
        twice = [name for at, name in enumerate(names) if same[notes.folded(name)] > 1 and name not in names[:at]]
        if twice:
            raise UserError(text("{names} stands twice in the plan; name every milestone once.", names=joined(twice)))
        days = {milestone.name: milestone.days_before for milestone in self.milestones}
        edges = [(milestone.name, needed) for milestone in self.milestones for needed in milestone.needs]
        for milestone in self.milestones:
            _check(milestone, days)
            for needed in milestone.needs:
                circle = way(edges, needed, milestone.name)
                if circle:
                    said = " → ".join([milestone.name, *circle])
                    raise UserError(text("That would be a circle: {way}. Nothing in it could begin.", way=said))


def _check(milestone: Milestone, days: dict[str, int]) -> None:
    if abs(milestone.days_before) > MOST_DAYS:
        raise UserError(
            text("{name} lies more than {n} working days from the launch. Is that meant?", name=milestone.name, n=MOST_DAYS)
        )
    if milestone.side not in SIDES:
        raise UserError(text("{name}: the side that must act is it or marketing, or left empty.", name=milestone.name))
    for needed in milestone.needs:
        if needed not in days:
            raise UserError(text("{name} needs {needed}, which is no milestone of the plan.", name=milestone.name, needed=needed))
        if days[needed] < milestone.days_before:
            raise UserError(
                text(
                    "{name} needs {needed}, which is due after it. Change the days of one of them.",
                    name=milestone.name,
                    needed=needed,
                )
            )


def due_dates(template: Template, launch: date, is_working: Callable[[date], bool]) -> dict[str, date]:
    """The day each milestone is due, by its name. One that is due 3 working days before is due on the third working day that lies
    before the launch; what is due with the launch is due on its day, whatever day that is.

    Raises UserError where nobody works for two months on end, and for days beyond the calendar.

    >>> plan = Template("Mailing", (Milestone("Proofread", 1), Milestone("Sent", 0)))
    >>> due_dates(plan, date(2026, 3, 9), lambda day: day.weekday() < 5)["Proofread"]
    datetime.date(2026, 3, 6)
    """
    return {milestone.name: _counted(launch, milestone.days_before, is_working) for milestone in template.milestones}


def moved(day: date, launch: date, to: date, is_working: Callable[[date], bool]) -> date:
    """The day on which something is due that was due on a day, once its launch moves to another: as many working days before or
    after it as it was. Raises UserError as `due_dates`.

    >>> moved(date(2026, 3, 6), date(2026, 3, 9), date(2026, 3, 13), lambda day: day.weekday() < 5)
    datetime.date(2026, 3, 12)
    """
    if day == launch:
        return to
    between = (min(day, launch) + timedelta(days=at) for at in range(abs((launch - day).days) + 1))
    apart = sum(is_working(one) for one in between if one != launch)
    return _counted(to, apart if day < launch else -apart, is_working)


def _counted(launch: date, days_before: int, is_working: Callable[[date], bool]) -> date:
    step = timedelta(days=-1 if days_before > 0 else 1)
    day, left, rest = launch, abs(days_before), 0
    while left:
        if day in {date.min, date.max}:
            raise UserError(text("A step would lie beyond {day}. Give another day for the launch.", day=day))
        day += step
        works = is_working(day)
        left, rest = left - works, 0 if works else rest + 1
        if rest > _LONGEST_REST:
            raise UserError(text("Nobody works for two months around {day}. Check the days off.", day=day))
    return day


# Named here for the catalogue; launch.toml says when they are due.
_NAMES = (
    message("Campaign launch"), message("Brief agreed"), message("Audience chosen, consent checked"),
    message("Tracking and UTM plan agreed"), message("Budget and channels confirmed"), message("Assets and copy built"),
    message("Landing page and forms built"), message("Lead routing and CRM fields set up"), message("Legal and brand approval"),
    message("Tracking and UTM tested"), message("Test leads reach sales"), message("QA on devices and inboxes"),
    message("Go or no-go"), message("Launch"), message("First read-out"), message("Results and lessons written down"),
)  # fmt: skip


@lru_cache(maxsize=1)
def usual() -> Template:
    """The plan to begin with, where a workspace has none of its own."""
    data = tomllib.loads((resources.files("marops.work") / "launch.toml").read_text(encoding="utf-8"))
    found = (Milestone(m["name"], m["days_before"], m["stage"], m["side"], tuple(m["needs"])) for m in data["milestones"])
    return Template(data["name"], tuple(found))


def titled(name: str) -> Text | str:
    """The name of a milestone as somebody wrote it; that of a usual one is said in each reader's language."""
    return text(name) if name in _NAMES else name
