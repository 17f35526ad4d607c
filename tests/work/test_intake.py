"""Requests: what they need, what is told apart, what stays on record."""

from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from marops.audit import service as audit
from marops.errors import Conflict, NotFound, UserError
from marops.language import text
from marops.period import Period, Scope
from marops.pipeline import choosing
from marops.pipeline import service as pipeline
from marops.pipeline.scoped import NOBODY, Chosen
from marops.stages import Category, Stage, usual
from marops.work import approving, commenting, hindrances, intake, launching, moving, reading
from marops.work.details import Details
from marops.work.plans import Milestone, Template
from marops.workspaces import service as workspaces
from marops.workspaces.service import Unit
from marops.workspaces.store import OWN
from tests.clocks import revision, stand
from tests.scorecard.made import at, fill
from tests.work.made import ANA, BO, DUE, TODAY, VIC, moved, read, refused, requested


def test_a_request_has_a_readable_key_and_begins_in_the_first_stage() -> None:
    before = revision()
    first, second = requested(" Spring sale ", campaign="RTL_spring", due=DUE), requested("Summer sale")
    assert (first.key, first.item, first.name, first.first_due, first.due) == ("M-1", "marops-1", "Spring sale", DUE, DUE)
    assert (second.key, second.due, second.value_per_day) == ("M-2", None, None)
    found = read("marops-1")
    assert [(move.sequence, move.status, move.at.date(), move.by) for move in found.moves] == [(1, "Request", TODAY, "Ana")]
    assert revision() != before
    assert [(e.verb, e.principal_name, e.after["name"]) for e in audit.entries(ANA, OWN, "work_item", first.id)] == [
        ("request", "Ana", "Spring sale")
    ]


def test_the_first_stage_is_the_workspaces_own_where_it_has_its_own() -> None:
    stages = [Stage("doing", "Doing", Category.ACTIVE, "it", ()), Stage("asked", "Asked", Category.TODO, "", ())]
    workspaces.set_process(ANA, OWN, [*stages, Stage("over", "Over", Category.DONE, "", ())])
    assert read(requested().item).stage == stages[1]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": " \x00"}, "A request needs a name: what is to be launched?"),
        ({"name": "\u200b\u3164"}, "A request needs a name: what is to be launched?"),
        ({"name": "x" * 301}, "These words have 301 characters, and 300 fit. Shorten them."),
        ({"due": date(2026, 3, 9)}, "Mar 9, 2026 has passed; give a day from Mar 10, 2026 on."),
        ({"due": date(2199, 12, 31)}, "Dec 31, 2199 is more than ten years away. Is the year meant? Give a day that is nearer."),
        ({"unit": "Retial"}, "There is no business unit Retial. There are: Retail."),
        (
            {"value_per_day": Decimal("NaN"), "currency": "EUR"},
            "The value of a day is an amount of 0 or more. Leave it empty where nobody knows it.",
        ),
        (
            {"value_per_day": Decimal(-1), "currency": "EUR"},
            "The value of a day is an amount of 0 or more. Leave it empty where nobody knows it.",
        ),
        ({"value_per_day": Decimal(5)}, "The value of a day needs a currency: three letters, for example EUR or BRL."),
        (
            {"value_per_day": Decimal(5), "currency": "€"},
            "The value of a day needs a currency: three letters, for example EUR or BRL.",
        ),
    ],
)
def test_a_request_that_says_what_cannot_be_is_refused_in_a_sentence(wrong: dict[str, Any], said: str) -> None:
    workspaces.set_units(ANA, OWN, [Unit("Retail", "RTL_")])
    assert refused(UserError, partial(requested, **{"name": "x", **wrong})) == said
    assert reading.items(ANA, OWN) == []


def test_a_request_for_today_is_taken_and_a_value_of_nothing_is_not_no_value() -> None:
    row = requested(due=TODAY, value_per_day=Decimal(0), currency="brl")
    assert (row.value_per_day, row.currency_code) == (Decimal(0), "BRL")
    assert requested("No value", currency="EUR").currency_code is None


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("999999999999.9999994", "999999999999.999999"), ("0.1234565", "0.123457"), ("1E-30", "0"), ("-0", "0"), ("1E+11", "1E+11"),
        ("2.50", "2.50"),
    ],
)  # fmt: skip
def test_the_value_of_a_day_is_kept_with_six_places(value: str, kept: str) -> None:
    found = requested(value_per_day=Decimal(value), currency="EUR").value_per_day
    assert found == Decimal(kept)
    assert not str(found).startswith("-")


@pytest.mark.parametrize("value", ["999999999999.9999995", "1E12", "1E999"])
def test_a_value_that_is_too_much_for_a_database_is_refused_in_a_sentence(value: str) -> None:
    assert refused(UserError, lambda: requested(value_per_day=Decimal(value), currency="EUR")) == (
        "The value of a day may have 12 digits before the point; this one has more. Is it meant?"
    )


def test_what_no_database_keeps_is_the_id_of_nothing() -> None:
    for odd in ("a\x00", "marops-1\x00", "\ud800"):
        assert (approving.approvals(VIC, OWN, odd), hindrances.flags(VIC, OWN, odd), commenting.comments(VIC, OWN, odd)) == (
            [],
            [],
            [],
        )
        for call in (
            partial(reading.item, VIC, OWN, odd),
            partial(approving.ask, ANA, OWN, odd, approvers=["Legal"]),
            partial(approving.withdraw, ANA, OWN, odd, reason="x"),
            partial(hindrances.lift, ANA, OWN, odd),
            partial(commenting.withdraw_comment, ANA, OWN, odd),
            partial(workspaces.open_workspace, ANA, odd),
        ):
            refused(NotFound, call)


def test_work_of_the_same_name_is_pointed_out_and_can_be_requested_again() -> None:
    requested("Spring sale")
    fill("work_item", [{"issue_id": "7", "issue_key": "MOP-7", "issue_name": "spring SALE", "created_at": at(3, 1)}])
    for name in ("SPRING sale", "Spring  sale", "Spring\u200b sale"):
        assert refused(Conflict, lambda name=name: requested(name)) == (
            "Work of that name is going on: M-1 and MOP-7. Look there first, or say that this is another one."
        )
    assert intake.request(ANA, OWN, Details("SPRING sale"), again=True).key == "M-2"


def test_work_that_was_dropped_is_no_duplicate() -> None:
    workspaces.set_process(ANA, OWN, [*usual().stages, Stage("no", "Shelved", Category.DROPPED, "", ())])
    moved(requested("a").item, "no")
    fill("work_item_transition", [{"issue_id": "7", "status_sequence": 1, "status": "Shelved", "transition_at": at(3, 1)}])
    fill("work_item", [{"issue_id": "7", "issue_name": "A", "created_at": at(3, 1)}])
    assert requested("a").key == "M-2"


def test_work_that_is_done_or_withdrawn_is_no_duplicate() -> None:
    moved(requested("a").item, "done")
    intake.withdraw(ANA, OWN, requested("b").item, reason="No budget")
    fill("work_item", [{"issue_id": "7", "issue_name": "c", "created_at": at(3, 1), "current_status": "Closed"}])
    assert [requested(name).key for name in "abc"] == ["M-3", "M-4", "M-5"]


def test_imported_work_that_ended_is_no_duplicate_though_its_tracker_names_no_status() -> None:
    named = [{"issue_id": str(n), "issue_name": name, "created_at": at(3, 1)} for n, name in enumerate("ab")]
    fill("work_item", [{**named[0], "resolved_at": at(3, 5)}, {**named[1], "resolved_at": None}])
    moves = [("1", 1, "Build", 2), ("1", 2, "Done", 3)]
    fill("work_item_transition", [
        {"issue_id": issue, "status_sequence": n, "status": word, "transition_at": at(3, day)} for issue, n, word, day in moves
    ])  # fmt: skip
    assert [requested(name).key for name in "ab"] == ["M-1", "M-2"]


def test_editing_keeps_the_day_first_promised_and_what_was_said_before() -> None:
    row = requested(due=DUE, brief="Old")
    later = date(2026, 5, 1)
    edited = intake.edit(BO, OWN, row.item, Details("Spring sale", due=later, brief="New"), version=1)
    assert (edited.first_due, edited.due, edited.brief, edited.version, edited.changed_by) == (DUE, later, "New", 2, "Bo")
    (entry, _) = audit.entries(ANA, OWN, "work_item", row.id)
    assert (entry.verb, entry.before, entry.after) == (
        "edit", {"due": "2026-04-01", "brief": "Old"}, {"due": "2026-05-01", "brief": "New"},
    )  # fmt: skip


def test_a_unit_that_the_workspace_has_no_more_may_stay_but_not_be_chosen_anew() -> None:
    workspaces.set_units(ANA, OWN, [Unit("Retail", "RTL_"), Unit("Trade", "TRD_")])
    row, other = requested(unit="Retail"), requested("Other", unit="Trade")
    workspaces.set_units(ANA, OWN, [Unit("Trade", "TRD_")])
    assert intake.edit(ANA, OWN, row.item, Details("Renamed", unit="Retail"), version=1).business_unit == "Retail"
    said = "There is no business unit Retail. There are: Trade."
    assert refused(UserError, lambda: requested("New", unit="Retail")) == said
    assert refused(UserError, lambda: intake.edit(ANA, OWN, other.item, Details("Other", unit="Retail"), version=1)) == said
    intake.edit(ANA, OWN, row.item, Details("Renamed", unit="Trade"), version=2)
    assert refused(UserError, lambda: intake.edit(ANA, OWN, row.item, Details("Renamed", unit="Retail"), version=3)) == said


def test_work_follows_its_unit_where_that_has_a_new_name() -> None:
    workspaces.set_units(ANA, OWN, [Unit("Retail", "RTL_"), Unit("Web", "WEB_")])
    rows = [requested(unit, unit=unit) for unit in ("Retail", "Web")]
    workspaces.set_units(ANA, OWN, [Unit("Retail", "RTL_"), Unit("Online", "WEB_")])
    assert [reading.item(ANA, OWN, row.item).row.business_unit for row in rows] == ["Retail", "Online"]
    (entry,) = audit.entries(ANA, OWN, "business_unit", OWN)
    assert (entry.verb, entry.before, entry.after) == ("rename", {"names": ["Web"]}, {"names": ["Online"]})
    workspaces.set_units(ANA, OWN, [Unit("Trade", "T_")])
    assert reading.item(ANA, OWN, rows[1].item).row.business_unit == "Online"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([Unit("Retail", "PR_"), Unit("Pro", "RT_")], [Unit("Retail", "RT_"), Unit("Pro", "PR_")]),
        ([Unit("Retail", "RT_"), Unit("Pro", "PR_")], [Unit("Pro", "RT_")]),
        ([Unit("Retail", "RT_"), Unit("Pro", "PR_")], [Unit("Trade", "PR_"), Unit("Retail", "X_"), Unit("Pro", "RT_")]),
    ],
)
def test_work_stays_with_the_name_of_its_unit_where_only_beginnings_of_campaign_names_change(
    before: list[Unit], after: list[Unit]
) -> None:
    workspaces.set_units(ANA, OWN, before)
    rows = [requested(unit, unit=unit) for unit in ("Retail", "Pro")]
    workspaces.set_units(ANA, OWN, after)
    assert [reading.item(ANA, OWN, row.item).row.business_unit for row in rows] == ["Retail", "Pro"]
    assert audit.entries(ANA, OWN, "business_unit", OWN) == []


def test_who_opened_work_before_its_unit_had_a_new_name_does_not_write_the_earlier_one_back() -> None:
    workspaces.set_units(ANA, OWN, [Unit("Retail", "RTL_"), Unit("Web", "WEB_")])
    row, other = requested("Shop", unit="Web"), requested("Sale", unit="Retail")
    workspaces.set_units(BO, OWN, [Unit("Retail", "RTL_"), Unit("Online", "WEB_")])
    workspaces.set_units(BO, OWN, [Unit("Retail", "RTL_"), Unit("Online", "WEB_"), Unit("Web", "NEW_")])
    found, untouched = reading.item(ANA, OWN, row.item).row, reading.item(ANA, OWN, other.item).row
    assert (found.version, found.changed_by, untouched.version, untouched.changed_by) == (2, "Bo", 1, "Ana")
    said = refused(Conflict, lambda: intake.edit(ANA, OWN, row.item, Details("Shop", unit="Web", brief="New"), version=1))
    assert said.startswith("Bo edited M-1 on ")
    assert reading.item(ANA, OWN, row.item).row.business_unit == "Online"


def test_the_first_date_that_is_given_is_the_one_promised() -> None:
    row = requested()
    assert intake.edit(ANA, OWN, row.item, Details("Spring sale", due=DUE), version=1).first_due == DUE


def test_a_date_that_passed_meanwhile_may_stay_but_none_that_has_passed_may_be_given() -> None:
    row = requested(due=TODAY)
    stand(date(2026, 3, 20))
    assert intake.edit(ANA, OWN, row.item, Details("Renamed", due=TODAY), version=1).name == "Renamed"
    assert refused(UserError, lambda: intake.edit(ANA, OWN, row.item, Details("x", due=date(2026, 3, 19)), version=2)) == (
        "Mar 19, 2026 has passed; give a day from Mar 20, 2026 on."
    )


def test_of_two_who_edit_at_once_the_second_is_told_who_was_quicker_and_changes_nothing() -> None:
    row = requested()
    edited = intake.edit(BO, OWN, row.item, Details("Bo's"), version=1)
    assert refused(Conflict, lambda: intake.edit(ANA, OWN, row.item, Details("Ana's"), version=1)) == str(
        text(
            "Bo edited M-1 on {when}, after you opened it; nothing of yours was saved. Look at it again, then decide.",
            when=edited.changed_at,
        )
    )
    assert read(row.item).name == "Bo's"


def test_a_withdrawn_request_stays_on_record_and_is_not_changed_any_more() -> None:
    row = requested()
    assert refused(UserError, lambda: intake.withdraw(ANA, OWN, row.item, reason=" ")) == "Say why the request is taken back."
    gone = intake.withdraw(BO, OWN, row.item, reason="No budget")
    assert (gone.withdrawn_by, gone.withdrawn_reason) == ("Bo", "No budget")
    said = str(text("Bo withdrew M-1 on {when}. Request it anew.", when=gone.withdrawn_at))
    for call in (
        lambda: intake.withdraw(ANA, OWN, row.item, reason="x"),
        lambda: intake.edit(ANA, OWN, row.item, Details("x"), version=1),
        lambda: moving.move(ANA, OWN, row.item, "build", seen=1),
        lambda: moving.undo(ANA, OWN, row.item, seen=1),
    ):
        assert refused(Conflict, call) == said
    assert read(row.item).row == gone


def test_with_a_launch_its_steps_are_withdrawn() -> None:
    plan = Template("Plan", (Milestone("Brief", 5), Milestone("Go", 0)))
    parent = launching.launch(ANA, OWN, Details("Spring", due=DUE), plan, lambda day: day.weekday() < 5)
    assert [step.name for step in read(parent.item).steps] == ["Brief", "Go"]
    intake.withdraw(ANA, OWN, "marops-2", reason="Not needed")
    assert [step.name for step in read(parent.item).steps] == ["Go"]
    intake.withdraw(ANA, OWN, parent.item, reason="No budget")
    reasons = [row.withdrawn_reason for row in (read(f"marops-{n}").row for n in (1, 2, 3)) if row]
    assert reasons == ["No budget", "Not needed", "No budget"]


def test_an_imported_item_is_read_here_and_edited_in_its_tracker() -> None:
    fill("work_item", [{"issue_id": "7", "issue_key": "MOP-7", "issue_name": "Sale", "created_at": at(3, 1), "due_date": DUE}])
    words = ("Request", "Somewhere", "QA")
    moves = [{"issue_id": "7", "status_sequence": n, "status": w, "transition_at": at(3, n)} for n, w in enumerate(words, 1)]
    fill("work_item_transition", [{**move, "changed_by": "Kim"} for move in moves])
    found = read("7")
    assert (found.key, found.name, found.due, found.row, found.stage and found.stage.id) == ("MOP-7", "Sale", DUE, None, "qa")
    assert [(move.status, move.stage and move.stage.id, move.by) for move in found.moves] == [
        ("Request", "request", "Kim"), ("Somewhere", None, "Kim"), ("QA", "qa", "Kim"),
    ]  # fmt: skip
    for call in (
        lambda: intake.edit(ANA, OWN, "7", Details("x"), version=1),
        lambda: moving.move(ANA, OWN, "7", "build", seen=3),
        lambda: intake.withdraw(ANA, OWN, "7", reason="x"),
    ):
        assert refused(Conflict, call) == "7 comes from your tracker. Move and edit it there, and import it again."


def test_the_day_that_launched_or_done_work_was_due_is_history_and_the_rest_can_be_said_better() -> None:
    row, undated = requested("Spring sale", due=DUE), requested("Autumn sale")
    at_launch = moved(row.item, "build", "execution", "build").moves[2].at
    for due in (date(2026, 5, 1), None):
        other = Details("Spring sale", due=due)
        assert refused(UserError, lambda other=other: intake.edit(ANA, OWN, row.item, other, version=1)) == str(
            text(
                "{key} came to {stage} on {when}; the day it was due is history. Leave it at {due}, and change the rest.",
                key="M-1", stage="Execution", when=at_launch, due=DUE,
            )
        )  # fmt: skip
    assert intake.edit(ANA, OWN, row.item, Details("Spring", due=DUE), version=1).name == "Spring"
    done = moved(undated.item, "done").moves[1].at
    assert refused(UserError, lambda: intake.edit(ANA, OWN, undated.item, Details("Autumn sale", due=DUE), version=1)) == str(
        text(
            "{key} came to {stage} on {when}; that it had no date by then is history. Leave it empty, and change the rest.",
            key="M-2", stage="Done", when=done,
        )
    )  # fmt: skip
    moving.undo(ANA, OWN, undated.item, seen=2)
    assert intake.edit(ANA, OWN, undated.item, Details("Autumn sale", due=DUE), version=1).due == DUE


def test_details_saved_as_they_are_change_nothing() -> None:
    row = requested("Spring sale", due=DUE, value_per_day=Decimal("2.50"), currency="EUR")
    before = revision()
    same = Details(" Spring sale", due=DUE, value_per_day=Decimal("2.5"), currency="eur")
    assert intake.edit(BO, OWN, row.item, same, version=1).version == 1
    assert (revision(), [entry.verb for entry in audit.entries(ANA, OWN, "work_item")]) == (before, ["request"])


def test_an_item_there_is_not_is_not_found() -> None:
    for item in ("marops-9", "9"):
        assert refused(NotFound, partial(read, item)) == (
            f"There is no item {item} in this workspace. Open Pipeline to see those there are."
        )


def test_what_is_no_item_at_all_is_not_said_to_come_from_a_tracker() -> None:
    requested()
    for item in ("M-1", "marops-", "nonsense"):
        for call in (
            partial(intake.edit, ANA, OWN, item, Details("x"), version=1),
            partial(moving.move, ANA, OWN, item, "build", seen=1),
            partial(approving.ask, ANA, OWN, item, approvers=["Legal"]),
        ):
            assert refused(NotFound, call) == f"There is no item {item} in this workspace. Open Pipeline to see those there are."


def test_items_are_listed_newest_first_withdrawn_ones_included_and_steps_left_out() -> None:
    plan = Template("Plan", (Milestone("Brief", 5),))
    launching.launch(ANA, OWN, Details("Spring", due=DUE), plan, lambda day: day.weekday() < 5)
    intake.withdraw(ANA, OWN, requested("Summer").item, reason="x")
    assert [(item.key, item.row is not None and item.row.withdrawn_at is not None) for item in reading.items(ANA, OWN)] == [
        ("M-3", True), ("M-1", False),
    ]  # fmt: skip


def test_a_request_is_assigned_to_somebody_and_is_among_that_persons_work() -> None:
    mine, nobodys = requested("Spring sale", assignee="  Bea ").item, requested("Summer sale").item
    assert choosing.persons(VIC, OWN) == (NOBODY, "Bea")
    scope = Scope(OWN, Period(TODAY, TODAY))
    for person, expected in (("Bea", [mine]), (NOBODY, [nobodys])):
        assert pipeline.flow(VIC, scope, Chosen(person)).items["issue_id"].to_list() == expected
        assert [item.id for item in choosing.desk(VIC, scope, Chosen(person)).kept] == expected
    intake.edit(ANA, OWN, mine, Details("Spring sale", assignee="Cid"), version=1)
    assert choosing.persons(VIC, OWN) == (NOBODY, "Cid")
    assert audit.entries(ANA, OWN, "work_item")[0].after == {"assignee": "Cid"}
    intake.withdraw(ANA, OWN, mine, reason="No budget")
    assert [item.id for item in choosing.desk(VIC, scope, Chosen(NOBODY)).kept] == [nobodys]
