"""Launches from a plan: steps with their dates, what they need, and plans of one's own."""

from dataclasses import replace
from datetime import date, time

from sqlalchemy import update
from sqlmodel import col

from marops import store
from marops.audit import service as audit
from marops.calendars import Calendar
from marops.errors import Conflict, NotFound, UserError
from marops.work import hindrances, intake, launching, reading
from marops.work.details import Details
from marops.work.plans import Milestone, Template, usual
from marops.work.store import LaunchMilestone
from marops.workspaces import service as workspaces
from marops.workspaces.service import Unit
from marops.workspaces.store import OWN
from tests.work.made import ANA, BO, VIC, moved, read, refused, requested

LAUNCH = date(2026, 4, 13)  # the Monday a week after Easter
EASTER = Calendar(holidays=frozenset({date(2026, 4, 3), date(2026, 4, 6)}))
PLAN = Template(
    "Mailing",
    (
        Milestone("Brief agreed", 10, "request", "marketing"),
        Milestone("Consent checked", 5, "validation", "it", ("Brief agreed",)),
        Milestone("Sent", 0, "nowhere", "", ("Brief agreed", "Consent checked")),
        Milestone("Read-out", -3, None, "marketing", ("Sent",)),
    ),
)


def launched(template: Template = PLAN, due: date | None = LAUNCH) -> str:
    return launching.launch(ANA, OWN, Details("Spring", campaign="RTL_spring", due=due), template, EASTER.is_working).item


def test_a_launch_has_its_steps_with_days_counted_over_weekends_and_holidays() -> None:
    found = read(launched())
    assert (found.key, found.due) == ("M-1", LAUNCH)
    steps = [(step.name, step.due, step.row.side, step.row.due_stage, step.campaign) for step in found.steps if step.row]
    assert steps == [
        ("Brief agreed", date(2026, 3, 26), "marketing", "request", "RTL_spring"),  # ten working days, two holidays among them
        ("Consent checked", date(2026, 4, 2), "it", "validation", "RTL_spring"),  # 10, 9, 8, 7 and, the 6th being off, 2 April
        ("Sent", LAUNCH, "", None, "RTL_spring"),  # the workspace has no stage "nowhere"
        ("Read-out", date(2026, 4, 16), "marketing", None, "RTL_spring"),
    ]
    parent = read("marops-2").parent
    assert parent is not None
    assert parent.key == "M-1"


def test_steps_need_the_steps_their_milestones_need() -> None:
    launched()
    needs = {(one.item, one.needs) for n in range(1, 6) for one in hindrances.dependencies(VIC, OWN, f"marops-{n}")}
    assert needs == {
        ("marops-3", "marops-2"), ("marops-4", "marops-2"), ("marops-4", "marops-3"), ("marops-5", "marops-4"),
    }  # fmt: skip


def test_open_steps_move_with_the_day_of_their_launch_where_that_is_wanted() -> None:
    item = launched()
    moved("marops-2", "done")
    calendar = {"zone": "UTC", "weekdays": range(5), "begins": time(9), "ends": time(17)}
    workspaces.set_calendar(ANA, OWN, holidays=sorted(EASTER.holidays), **calendar)
    days = [step.due for step in read(item).steps]
    details = Details("Spring", campaign="RTL_spring", due=date(2026, 4, 15))
    intake.edit(ANA, OWN, item, details, version=1)
    assert [step.due for step in read(item).steps] == days
    intake.edit(BO, OWN, item, replace(details, due=date(2026, 4, 20)), version=2, with_steps=True)
    # Of what was done the day is history; the others stay two and seven working days before the launch, and one after it.
    assert [(step.name, step.due) for step in read(item).steps] == [
        ("Brief agreed", days[0]), ("Consent checked", date(2026, 4, 9)), ("Sent", date(2026, 4, 16)),
        ("Read-out", date(2026, 4, 21)),
    ]  # fmt: skip
    step = read("marops-3").row
    assert step is not None
    assert (step.first_due, step.version, step.changed_by) == (days[1], 2, "Bo")
    entry = audit.entries(ANA, OWN, "work_item", step.id)[0]
    assert (entry.verb, entry.before, entry.after) == ("edit", {"due": "2026-04-02"}, {"due": "2026-04-09", "with": "marops-1"})


def test_steps_move_to_the_new_day_of_a_launch_that_had_none_for_a_while() -> None:
    item = launched()
    moved("marops-2", "done")
    days = [step.due for step in read(item).steps]
    details = Details("Spring", campaign="RTL_spring", due=None)
    row = intake.edit(ANA, OWN, item, details, version=1, with_steps=True)
    assert (row.due, row.last_due, [step.due for step in read(item).steps]) == (None, LAUNCH, days)
    entry = audit.entries(ANA, OWN, "work_item", row.id)[0]
    assert (entry.before, entry.after) == ({"due": "2026-04-13"}, {"due": None})
    intake.edit(ANA, OWN, item, replace(details, brief="Later"), version=2, with_steps=True)
    row = intake.edit(ANA, OWN, item, replace(details, brief="Later", due=date(2026, 4, 20)), version=3, with_steps=True)
    assert (row.due, row.last_due, row.first_due) == (date(2026, 4, 20), None, LAUNCH)
    # Seven working days before the launch, on its day and three after it, as they were; of what was done the day is history.
    assert [step.due for step in read(item).steps] == [days[0], date(2026, 4, 9), date(2026, 4, 20), date(2026, 4, 23)]


def test_steps_stay_where_they_are_when_a_launch_has_a_day_again_and_that_is_not_wanted() -> None:
    item = launched()
    days = [step.due for step in read(item).steps]
    for version, due in enumerate((None, date(2026, 4, 20), date(2026, 4, 21)), 1):
        intake.edit(ANA, OWN, item, Details("Spring", campaign="RTL_spring", due=due), version=version, with_steps=version == 3)
    # From then on they are as far from that day as they were when it was set: a day later each.
    assert days == [date(2026, 3, 26), date(2026, 4, 2), date(2026, 4, 13), date(2026, 4, 16)]
    assert [step.due for step in read(item).steps] == [date(2026, 3, 27), date(2026, 4, 3), date(2026, 4, 14), date(2026, 4, 17)]


def test_steps_are_of_their_launchs_new_campaign_and_unit_unless_they_are_set_apart_or_that_is_not_wanted() -> None:
    workspaces.set_units(ANA, OWN, [Unit("Retail", "RTL_"), Unit("Web", "WEB_")])
    item = launched()
    moved("marops-2", "done")
    intake.edit(ANA, OWN, "marops-3", Details("Consent checked", campaign="Own", due=LAUNCH), version=1)
    details = Details("Spring", campaign="WEB_spring", due=LAUNCH)

    def belong() -> list[tuple[str, str | None]]:
        return [(step.row.campaign_name, step.row.business_unit) for step in read(item).steps if step.row]

    intake.edit(ANA, OWN, item, details, version=1)
    assert belong() == [("RTL_spring", None), ("Own", None), ("RTL_spring", None), ("RTL_spring", None)]
    intake.edit(ANA, OWN, item, replace(details, campaign="RTL_spring"), version=2)
    intake.edit(BO, OWN, item, replace(details, unit="Web"), version=3, with_steps=True)
    assert belong() == [("WEB_spring", "Web"), ("Own", "Web"), ("WEB_spring", "Web"), ("WEB_spring", "Web")]
    step = read("marops-2").row
    assert step is not None
    entry = audit.entries(ANA, OWN, "work_item", step.id)[0]
    assert (entry.before, entry.after) == (
        {"campaign_name": "RTL_spring", "business_unit": None},
        {"campaign_name": "WEB_spring", "business_unit": "Web", "with": item},
    )  # fmt: skip
    assert (step.version, step.changed_by) == (2, "Bo")


def test_a_launch_that_is_near_has_steps_that_are_late_from_the_start() -> None:
    found = read(launched(due=date(2026, 3, 12)))
    assert [step.due for step in found.steps if step.due and step.due < date(2026, 3, 10)] == [date(2026, 2, 26), date(2026, 3, 5)]


def test_a_plan_needs_the_day_of_the_launch_and_one_that_is_ahead() -> None:
    assert refused(UserError, lambda: launched(due=None)) == "A launch plan counts back from the day of the launch. Give that day."
    assert refused(UserError, lambda: launched(due=date(2026, 3, 9))) == "Mar 9, 2026 has passed; give a day from Mar 10, 2026 on."
    assert reading.items(VIC, OWN) == []


def test_a_step_is_an_item_that_is_done_by_itself() -> None:
    launched()
    moved("marops-3", "done")
    assert [step.stage and step.stage.id for step in read("marops-1").steps] == ["request", "done", "request", "request"]


def test_the_usual_plan_is_there_until_and_after_a_workspace_has_its_own() -> None:
    assert [(kept.template.name, kept.row) for kept in launching.templates(VIC, OWN)] == [(usual().name, None)]
    row = launching.save_template(ANA, OWN, PLAN)
    own, default = launching.templates(VIC, OWN)
    assert (own.template, own.row, default.template) == (PLAN, row, usual())
    assert len(read(launched(usual())).steps) == len(usual().milestones)


def test_a_plan_is_changed_as_a_whole_and_launches_begun_with_it_stay() -> None:
    row = launching.save_template(ANA, OWN, PLAN)
    launched()
    shorter = Template("Mail", PLAN.milestones[:1])
    changed = launching.save_template(BO, OWN, shorter, template_id=row.id, version=1)
    assert (changed.version, changed.changed_by) == (2, "Bo")
    assert launching.templates(VIC, OWN)[0].template == shorter
    assert len(read("marops-1").steps) == 4
    entry = audit.entries(ANA, OWN, "launch_template", row.id)[0]
    assert (entry.before["name"], len(entry.before["milestones"]), entry.after["name"]) == ("Mailing", 4, "Mail")


def test_of_two_who_change_a_plan_at_once_the_second_is_told_and_changes_nothing() -> None:
    row = launching.save_template(ANA, OWN, PLAN)
    launching.save_template(BO, OWN, Template("Bo's", PLAN.milestones), template_id=row.id, version=1)
    said = refused(Conflict, lambda: launching.save_template(ANA, OWN, PLAN, template_id=row.id, version=1))
    assert said.startswith("Bo changed this plan on ")
    assert launching.templates(VIC, OWN)[0].template.name == "Bo's"


def test_a_stored_plan_that_is_none_is_named_with_the_reason_and_can_be_withdrawn() -> None:
    row = launching.save_template(ANA, OWN, PLAN)
    other = launching.save_template(ANA, OWN, Template("Other", PLAN.milestones))
    with store.writing() as session:
        session.exec(update(LaunchMilestone).where(col(LaunchMilestone.template_id) == row.id).values(needs=["Nothing"]))
    assert [kept.template.name for kept in launching.templates(VIC, OWN)] == ["Other", usual().name]
    (odd,) = launching.unreadable(VIC, OWN)
    assert (odd.row.name, str(odd.why)) == ("Mailing", "Brief agreed needs Nothing, which is no milestone of the plan.")
    launching.withdraw_template(ANA, OWN, row.id)
    launching.withdraw_template(ANA, OWN, other.id)
    assert launching.unreadable(VIC, OWN) == []
    assert audit.entries(ANA, OWN, "launch_template", row.id)[0].before["milestones"][0]["needs"] == ["Nothing"]


def test_the_audit_trail_says_of_a_plan_who_must_act_in_which_stage_and_of_a_launch_what_its_steps_need() -> None:
    row = launching.save_template(ANA, OWN, PLAN)
    assert audit.entries(ANA, OWN, "launch_template", row.id)[0].after["milestones"][1] == {
        "name": "Consent checked", "days_before": 5, "stage": "validation", "side": "it", "needs": ["Brief agreed"],
    }  # fmt: skip
    launched()
    said = [(entry.verb, entry.after["item"], entry.after["needs"]) for entry in audit.entries(ANA, OWN, "dependency")]
    assert said[::-1] == [
        ("depend", "marops-3", "marops-2"), ("depend", "marops-4", "marops-2"), ("depend", "marops-4", "marops-3"),
        ("depend", "marops-5", "marops-4"),
    ]  # fmt: skip


def test_two_plans_have_two_names_and_a_withdrawn_one_leaves_its_name_free() -> None:
    row = launching.save_template(ANA, OWN, PLAN)
    assert refused(UserError, lambda: launching.save_template(ANA, OWN, Template("MAILING", PLAN.milestones))) == (
        "There is a launch plan Mailing already. Give this one another name."
    )
    launching.withdraw_template(BO, OWN, row.id)
    assert refused(Conflict, lambda: launching.withdraw_template(ANA, OWN, row.id)).startswith("Bo withdrew it on ")
    assert refused(NotFound, lambda: launching.withdraw_template(ANA, OWN, "gone")) == (
        "That is not in this workspace any more. Open the page again."
    )
    assert launching.save_template(ANA, OWN, PLAN).name == "Mailing"


def test_a_launch_that_is_planned_twice_is_pointed_out_and_can_be_planned_again() -> None:
    requested("Spring")
    assert refused(Conflict, launched) == ("Work of that name is going on: M-1. Look there first, or say that this is another one.")
    again = launching.launch(ANA, OWN, Details("Spring", due=LAUNCH), PLAN, EASTER.is_working, again=True)
    assert (again.key, len(read(again.item).steps)) == ("M-2", 4)
