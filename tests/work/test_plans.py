"""Launch plans: dates counted in working days, and plans that are refused."""

from datetime import date

import pytest

from marops.calendars import Calendar
from marops.errors import UserError
from marops.stages import usual as usual_stages
from marops.work.plans import Milestone, Template, due_dates, moved, titled, usual

FRIDAY, MONDAY = date(2026, 3, 6), date(2026, 3, 9)


def due(days_before: int, launch: date, *holidays: date) -> date:
    """The day of a milestone in a week of five working days."""
    plan = Template("P", (Milestone("m", days_before),))
    return due_dates(plan, launch, Calendar(holidays=frozenset(holidays)).is_working)["m"]


@pytest.mark.parametrize(
    ("days_before", "day"),
    [
        (0, MONDAY),
        (1, FRIDAY),
        (5, date(2026, 3, 2)),
        (6, date(2026, 2, 27)),
        (-1, date(2026, 3, 10)),
        (-4, date(2026, 3, 13)),
        (-5, date(2026, 3, 16)),
    ],
)
def test_days_before_and_after_a_monday_leave_weekends_out(days_before: int, day: date) -> None:
    assert due(days_before, MONDAY) == day


def test_holidays_are_left_out_as_weekends_are() -> None:
    assert due(1, MONDAY, FRIDAY) == date(2026, 3, 5)
    assert due(2, MONDAY, FRIDAY) == date(2026, 3, 4)
    assert due(-1, MONDAY, date(2026, 3, 10), date(2026, 3, 11)) == date(2026, 3, 12)


def test_what_is_due_with_the_launch_is_due_on_its_day_be_it_a_sunday_or_a_holiday() -> None:
    sunday = date(2026, 3, 8)
    assert due(0, sunday) == sunday
    assert due(0, MONDAY, MONDAY) == MONDAY
    assert due(1, sunday) == FRIDAY
    assert due(-1, sunday) == MONDAY


def test_days_are_counted_over_the_end_of_a_year_and_a_leap_day() -> None:
    assert due(3, date(2027, 1, 4)) == date(2026, 12, 30)
    assert due(1, date(2028, 3, 1)) == date(2028, 2, 29)


def test_the_nights_in_which_clocks_change_are_days_like_others() -> None:
    assert [due(1, date(2026, 3, 30)), due(-1, date(2026, 3, 27))] == [date(2026, 3, 27), date(2026, 3, 30)]  # Europe, 29 March
    assert [due(1, date(2026, 11, 2)), due(-1, date(2026, 10, 30))] == [date(2026, 10, 30), date(2026, 11, 2)]  # US, 1 November


@pytest.mark.parametrize(("days_before", "launch"), [(-1, date.max), (1, date.min)])
def test_a_day_that_no_calendar_has_is_refused_in_a_sentence(days_before: int, launch: date) -> None:
    with pytest.raises(UserError, match=r"^A step would lie beyond .*\. Give another day for the launch\.$"):
        due(days_before, launch)


def test_a_calendar_in_which_nobody_works_is_refused_instead_of_counted_forever() -> None:
    with pytest.raises(UserError, match=r"^Nobody works for two months around .*\. Check the days off\.$"):
        due_dates(Template("P", (Milestone("m", 1),)), MONDAY, lambda _: False)


@pytest.mark.parametrize(("was", "to"), [(date(2026, 3, 9), date(2026, 3, 28)), (date(2026, 3, 28), date(2026, 3, 12))])
def test_what_moves_with_its_launch_is_due_when_a_plan_for_the_new_day_would_have_it(was: date, to: date) -> None:
    plan = Template("P", tuple(Milestone(str(days), days) for days in (21, 3, 1, 0, -1, -12)))
    works = Calendar(holidays=frozenset({date(2026, 3, 17)})).is_working
    then, now = due_dates(plan, was, works), due_dates(plan, to, works)
    assert {name: moved(day, was, to, works) for name, day in then.items()} == now


def test_the_usual_plan_names_stages_there_are_and_holds_what_a_launch_needs() -> None:
    plan = usual()
    assert {milestone.stage for milestone in plan.milestones} <= {stage.id for stage in usual_stages().stages}
    assert [milestone.name for milestone in plan.milestones if milestone.days_before == 0] == ["Launch"]
    assert {"Audience chosen, consent checked", "Tracking and UTM tested", "Legal and brand approval", "Go or no-go"} <= {
        milestone.name for milestone in plan.milestones
    }
    assert all(not isinstance(titled(milestone.name), str) for milestone in plan.milestones)  # the catalogue has each
    assert titled("Our own") == "Our own"


@pytest.mark.parametrize(
    ("milestones", "said"),
    [
        ((), "A launch plan needs a name, and milestones with names."),
        ((Milestone(" ", 1),), "A launch plan needs a name, and milestones with names."),
        ((Milestone("a", 1), Milestone("a", 2)), "a stands twice in the plan; name every milestone once."),
        ((Milestone("a", 1), Milestone(" \x96a", 2)), "a stands twice in the plan; name every milestone once."),
        ((Milestone("Brief", 1), Milestone("brief ", 2)), "Brief and brief stands twice in the plan; name every milestone once."),
        ((Milestone("\u200b", 1),), "A launch plan needs a name, and milestones with names."),
        ((Milestone("a", 1, needs=("b",)),), "a needs b, which is no milestone of the plan."),
        (
            (Milestone("a", 5, needs=("b",)), Milestone("b", 4)),
            "a needs b, which is due after it. Change the days of one of them.",
        ),
        (
            (Milestone("a", 1, needs=("b",)), Milestone("b", 1, needs=("c",)), Milestone("c", 1, needs=("a",))),
            "That would be a circle: a → b → c → a. Nothing in it could begin.",
        ),
        ((Milestone("a", 1, needs=("a",)),), "That would be a circle: a → a. Nothing in it could begin."),
        ((Milestone("a", 401),), "a lies more than 400 working days from the launch. Is that meant?"),
        ((Milestone("a", 1, side="sales"),), "a: the side that must act is it or marketing, or left empty."),
    ],
)
def test_a_plan_that_cannot_be_followed_is_refused_in_a_sentence(milestones: tuple[Milestone, ...], said: str) -> None:
    with pytest.raises(UserError) as refused:
        Template("Plan", milestones)
    assert str(refused.value) == said


def test_names_and_what_they_need_are_cleaned_before_they_are_checked() -> None:
    plan = Template(
        " Mail\x00ing", (Milestone("Copy \x96final ", 5), Milestone("Go", 0, needs=(" Copy final", "Copy \x96final", "")))
    )
    assert (plan.name, plan.milestones) == ("Mailing", (Milestone("Copy final", 5), Milestone("Go", 0, needs=("Copy final",))))
    with pytest.raises(UserError, match="These words have 301 characters, and 300 fit"):
        Milestone("x" * 301, 1)
