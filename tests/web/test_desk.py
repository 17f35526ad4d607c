"""The desk and the page of an item: what is shown, what buttons do, what readers may not."""

from datetime import date, time
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import update
from sqlmodel import col
from streamlit.testing.v1 import AppTest

from marops import store
from marops.errors import UserError
from marops.language import Reader, text
from marops.principal import Principal, Role
from marops.stages import Category, Stage, usual
from marops.web import session
from marops.web.panels import desk, plans
from marops.web.panels.items import line_of
from marops.work import approving, commenting, hindrances, intake, launching, moving, reading
from marops.work.approvals import Answer
from marops.work.details import Details
from marops.work.hindrances import Kind
from marops.work.plans import Milestone, Template
from marops.work.store import LaunchMilestone
from marops.workspaces import service as workspaces
from marops.workspaces.store import OWN
from tests.clocks import stand
from tests.scorecard.made import at as at_moment
from tests.scorecard.made import fill as put
from tests.web.app import markup, opened, sentence, words

TODAY, DUE = date(2026, 3, 10), date(2026, 4, 1)
ANA = Principal("a", "Ana", Role.MANAGER)


@pytest.fixture(autouse=True)
def _prepared(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test here has an installation of its own, whose clock stands, and no sample company."""
    monkeypatch.setenv("MAROPS_SAMPLE", "no")
    stand(TODAY)


def asked(name: str = "Spring sale", **more: object) -> str:
    return intake.request(ANA, OWN, Details(name, **more)).item  # pyright: ignore[reportArgumentType]


def on(item: str) -> AppTest:
    """The page of an item."""
    at = opened("pipeline", ws=OWN)
    at.query_params["item"] = item
    at.run()
    assert not at.exception, at.exception
    return at


def as_somebody(monkeypatch: pytest.MonkeyPatch, role: Role, name: str = "Lia") -> None:
    monkeypatch.setattr(session, "LOCAL_ADMIN", Principal("l", name, role))


def button(at: AppTest, key: str) -> AppTest:
    """The page after a click."""
    at.button(key=key).click().run()
    assert not at.exception, at.exception
    return at


def keys(at: AppTest) -> set[str]:
    return {one.key for one in at.button if one.key}


# The form of a dialog is run by itself: AppTest runs whole pages, and a dialog is a part of one that runs alone.


def _form(module: str, function: str, *given: str) -> AppTest:
    at = AppTest.from_string(
        f"from marops.web import scope, session\nfrom marops.web.panels import {module}\nfrom marops.work import reading\n"
        f"place = scope.here(session.principal())\nfound = lambda key: reading.item(place.principal, '{OWN}', key)\n"
        f"{module}.{function}({', '.join([*given, 'place'])})\n",
        default_timeout=60,
    )  # fmt: skip
    at.query_params["ws"] = OWN
    at.run()
    assert not at.exception, at.exception
    return at


def labelled(at: AppTest, label: str) -> object:
    fields = (*at.text_input, *at.text_area, *at.selectbox, *at.date_input, *at.checkbox, *at.number_input)
    return next(field for field in fields if field.label == label)


def fill(at: AppTest, **given: object) -> AppTest:
    for label, value in given.items():
        labelled(at, label.replace("_", " ")).set_value(value)  # pyright: ignore[reportAttributeAccessIssue]
    return at


def send(at: AppTest, label: str) -> AppTest:
    next(one for one in at.button if one.label == label).click().run()
    assert not at.exception, at.exception
    return at


def said(at: AppTest) -> str:
    """What was refused."""
    return " ".join(error.value.replace("\\", "") for error in at.error)


# The desk


def test_an_empty_pipeline_can_be_begun_with_a_request() -> None:
    at = opened("pipeline", ws=OWN)
    assert {"request", "plan", "plans"} <= keys(at)
    assert "No campaigns yet" in words(at)
    assert "Who must decide?" not in words(at)


def test_a_viewer_sees_no_button_and_why_not(monkeypatch: pytest.MonkeyPatch) -> None:
    item = asked()
    as_somebody(monkeypatch, Role.VIEWER)
    at = opened("pipeline", ws=OWN)
    assert not {"request", "plan", "plans"} & keys(at)
    assert "You can read here. Managers request campaigns and move them; leaders comment and answer approvals." in words(at)
    at = on(item)
    assert "You can read here. Managers move and edit it; leaders comment and answer approvals." in words(at)
    assert not {"move_on", "move", "undo", "edit", "withdraw", "ask", "flag", "depend"} & keys(at)
    assert [area.label for area in at.text_area] == []


def test_what_was_requested_is_listed_with_a_link_and_what_is_late_is_said_by_a_word() -> None:
    asked(due=date(2026, 3, 12))
    intake.withdraw(ANA, OWN, asked("Autumn sale"), reason="No budget")
    stand(date(2026, 3, 20))
    at = opened("pipeline", ws=OWN)
    assert "▲ M-1 Spring sale Request · due Mar 12, 2026 late" in words(at)
    assert "item=marops-1" in markup(at)
    assert [expander.label for expander in at.expander if "withdrawn" in expander.label] == ["1 withdrawn request, in no number"]


def test_who_must_decide_is_listed_with_the_days_it_has_waited() -> None:
    item = asked()
    approving.ask(ANA, OWN, item, approvers=["Legal", "Brand"], in_turn=True, about="Claims")
    stand(date(2026, 3, 14))
    assert "Who must decide? ○ Legal M-1 Spring sale · asked 4 d ago · Claims Faster or slower than before?" in words(
        opened("pipeline", ws=OWN)
    )


def test_where_no_approval_is_open_that_is_said() -> None:
    asked()
    assert "Nobody: no approval is open." in words(opened("pipeline", ws=OWN))


# Requesting


def test_a_request_is_made_from_the_form_and_its_page_opens() -> None:
    at = _form("desk", "request_form")
    fill(at, Name="Spring sale", Launch_by=DUE, Expected_value_of_a_day="1250.50", Brief="Two lines\nof brief")
    send(at, "Request")
    (found,) = reading.items(ANA, OWN)
    assert found.row is not None
    assert (found.name, found.due, found.row.value_per_day, found.row.currency_code) == (
        "Spring sale",
        DUE,
        Decimal("1250.5"),
        "EUR",
    )
    assert at.query_params["item"] == "marops-1"


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({}, "A request needs a name: what is to be launched?"),
        ({"Name": "x", "Launch_by": date(2026, 3, 1)}, "Mar 1, 2026 has passed; give a day from Mar 10, 2026 on."),
        (
            {"Name": "x", "Launch_by": date(2199, 12, 31)},
            "Dec 31, 2199 is more than ten years away. Is the year meant? Give a day that is nearer.",
        ),
        ({"Name": "x", "Expected_value_of_a_day": "a lot"}, "a lot is no amount. Give a number, or leave it empty."),
        ({"Name": "SPRING sale"}, "Work of that name is going on: M-1. Look there first, or say that this is another one."),
    ],
)
def test_a_request_that_cannot_be_made_is_refused_where_it_was_asked(given: dict[str, object], refusal: str) -> None:
    asked()
    at = send(fill(_form("desk", "request_form"), **given), "Request")
    assert said(at) == refusal
    assert len(reading.items(ANA, OWN)) == 1


def test_another_one_of_the_same_name_is_made_where_that_is_said() -> None:
    asked()
    at = fill(_form("desk", "request_form"), Name="Spring sale")
    at.checkbox[0].check()
    send(at, "Request")
    assert [item.key for item in reading.items(ANA, OWN)] == ["M-2", "M-1"]


# The page of an item


def test_the_page_of_an_item_says_where_it_stands_and_what_was_asked_for() -> None:
    item = asked(campaign="RTL_spring", due=DUE, value_per_day=Decimal("1250.50"), currency="EUR", brief="Line <one>\nLine two")
    stand(date(2026, 3, 14))
    at = on(item)
    assert sentence(at) == "It has been in Request for 4 d. It is due on Apr 1, 2026."
    assert "Campaign: RTL_spring" in words(at)
    assert "Expected value of a day: €1,250" in words(at)
    assert "Line &lt;one&gt;<br>Line two" in markup(at)


def test_an_item_there_is_not_is_said_to_be_so_and_leads_back() -> None:
    at = on("marops-9")
    assert [warning.value.replace("\\", "") for warning in at.warning] == [
        "There is no item marops-9 in this workspace. Open Pipeline to see those there are."
    ]
    assert 'class="m-back" href="pipeline?ws=company' in markup(at)


def test_a_click_moves_it_on_and_another_takes_that_back() -> None:
    item = asked()
    at = on(item)
    assert at.button(key="move_on").label == "Move to Validation"
    assert "undo" not in keys(at)
    at = button(at, "move_on")
    assert sentence(at) == "It came to Validation today. No date is promised."
    at = button(at, "undo")
    assert sentence(at) == "It came to Request today. No date is promised."
    assert "Validation taken back by Local admin on " in words(at)
    assert [move.withdrawn_by for move in reading.item(ANA, OWN, item).moves] == [None, "Local admin"]


def test_a_click_on_a_page_that_is_old_moves_nothing_and_says_who_was_quicker() -> None:
    item = asked()
    at = on(item)
    moving.move(ANA, OWN, item, "build", seen=1)
    at = button(at, "move_on")
    assert any("Ana was quicker and moved M\\-1 to Build" in toast.value for toast in at.toast)
    assert [move.status for move in reading.item(ANA, OWN, item).moves] == ["Request", "Build"]


def test_what_somebody_must_approve_first_stays_and_the_sentence_says_who() -> None:
    item = asked()
    approving.ask(ANA, OWN, item, approvers=["Legal"])
    at = button(on(item), "move_on")
    assert any("Legal must approve M\\-1 in Request first" in toast.value for toast in at.toast)
    at = _form("item", "move_form", f"found('{item}')")
    fill(at, Why_although_somebody_has_not_approved="The board decided")
    send(at, "Move")
    assert reading.item(ANA, OWN, item).moves[-1].status == "Validation"


def test_moving_back_is_said_on_its_way() -> None:
    item = asked()
    for seen, stage in enumerate(("qa", "build"), 1):
        moving.move(ANA, OWN, item, stage, seen=seen)
    assert "Build moved back Ana, Mar 10, 2026" in words(on(item))


def test_an_edit_names_the_version_that_was_seen() -> None:
    asked("Of Bea's", assignee="Bea")
    item = asked(due=DUE)
    at = _form("item", "edit_form", f"found('{item}').row")
    assert "The day first promised, Apr 1, 2026, stays on record." in words(at)
    send(fill(at, Name="Summer sale", Launch_by=date(2026, 5, 1), Assigned_to="Bea"), "Save")
    assert "Assigned to Bea" in words(on(item))
    row = reading.item(ANA, OWN, item).row
    assert row is not None
    assert (row.name, row.first_due, row.due, row.version) == ("Summer sale", DUE, date(2026, 5, 1), 2)


def test_a_withdrawn_request_says_so_and_can_only_be_read() -> None:
    item = asked()
    send(fill(_form("item", "withdraw_form", f"found('{item}').row"), Reason="No budget"), "Withdraw request")
    at = on(item)
    assert sentence(at).startswith("Local admin withdrew it on ")
    assert sentence(at).endswith(": No budget. It counts in no number.")
    assert not {"move_on", "edit", "withdraw", "ask", "flag", "depend"} & keys(at)
    assert [area.label for area in at.text_area] == []


def test_an_imported_item_has_a_page_on_which_it_is_commented_and_not_moved() -> None:
    put("work_item", [{"issue_id": "3", "issue_key": "C-3", "created_at": at_moment(3, 1), "due_date": date(2026, 3, 6)}])
    put("work_item_transition", [{"issue_id": "3", "status_sequence": 1, "status": "Build", "transition_at": at_moment(3, 2)}])
    at = on("3")
    assert sentence(at) == ("By Mar 2, 2026, where the data end, it had been in Build for 0 d. It was due on Mar 6, 2026, 4 d ago.")
    assert "It comes from your tracker: move and edit it there." in words(at)
    assert not {"move_on", "edit", "withdraw"} & keys(at)
    at.text_area[0].set_value("Who builds it?")
    send(at, "Comment")
    assert [one.words for one in commenting.comments(ANA, OWN, "3")] == ["Who builds it?"]


# Approvals, flags, needs, comments


def test_an_approval_is_asked_for_and_answered() -> None:
    item = asked()
    at = _form("approvals", "ask_form", f"found('{item}')")
    fill(at, What_is_to_be_approved="Claims")
    at.text_area[0].set_value("Legal\n\n Brand ")
    at.checkbox[0].check()
    send(at, "Ask")
    (found,) = approving.approvals(ANA, OWN, item)
    assert [one.approver for one in found.approvers] == ["Legal", "Brand"]
    at = on(item)
    assert "○ Claims open · 2 of 2 must approve, in turn; asked by Local admin on" in words(at)
    assert "Legal must act since Mar 10, 2026" in words(at)
    assert "Brand comes later" in words(at)
    assert {key.split("_")[0] for key in keys(at) if key.startswith("answer_")} == {"answer"}
    assert len([key for key in keys(at) if key.startswith("answer_")]) == 1
    asking = f"__import__('marops.work.approving', fromlist=['x']).approvals(place.principal, '{OWN}', '{item}')[0]"
    form = _form("approvals", "answer_form", asking, "'Legal'")
    assert "You write down what Legal said. That it was you is kept." in words(form)
    send(fill(form, Note="By mail"), "Save answer")
    assert "Legal approved · By mail Local admin, Mar 10, 2026" in words(on(item))


def test_a_leader_answers_only_where_he_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    item = asked()
    row = approving.ask(ANA, OWN, item, approvers=["Lia", "Legal"])
    seats = {one.approver: one.id for one in approving.approvals(ANA, OWN, row.item)[0].approvers}
    as_somebody(monkeypatch, Role.LEADER)
    assert {key for key in keys(on(item)) if key.startswith("answer_")} == {f"answer_{seats['Lia']}"}


def test_a_flag_is_set_seen_and_lifted() -> None:
    item = asked()
    at = _form("hindrances", "flag_form", f"found('{item}')")
    fill(at, In_a_few_words="No assets")
    send(at, "Set flag")
    (flag,) = hindrances.flags(ANA, OWN, item)
    at = on(item)
    assert "▲ Blocked since Mar 10, 2026" in words(at)
    at = button(at, f"lift_{flag.id}")
    assert hindrances.flags(ANA, OWN, item)[0].lifted_by == "Local admin"
    assert "· Blocked from Mar 10, 2026" in words(at)


def test_what_it_needs_leads_to_that_item_and_a_circle_is_refused() -> None:
    first, second = asked("First"), asked("Second")
    send(fill(_form("hindrances", "depend_form", f"found('{second}')"), Open_item=first), "Save")
    assert "It needs ○ M-1 First Request" in words(on(second))
    assert "It is needed by ○ M-2 Second Request" in words(on(first))
    at = send(fill(_form("hindrances", "depend_form", f"found('{first}')"), Open_item=second), "Save")
    assert said(at) == "That would be a circle: M-1 → M-2 → M-1. Nothing in it could begin."
    (one,) = hindrances.dependencies(ANA, OWN, first)
    button(on(second), f"undepend_{one.id}")
    assert hindrances.dependencies(ANA, OWN, first) == []


def test_an_imported_item_that_is_open_can_be_chosen_and_typed_by_its_key() -> None:
    put("work_item", [{"issue_id": "7", "issue_key": "JS-2", "issue_name": "Pages", "created_at": at_moment(3, 1)},
                      {"issue_id": "8", "issue_key": "JS-3", "issue_name": "Over", "created_at": at_moment(3, 1)}])  # fmt: skip
    put("work_item_transition", [
        {"issue_id": issue, "status_sequence": 1, "status": status, "transition_at": at_moment(3, 2)}
        for issue, status in (("7", "Build"), ("8", "Done"))
    ])  # fmt: skip
    item = asked()
    form = _form("hindrances", "depend_form", f"found('{item}')")
    assert form.selectbox[0].options == ["–", "JS-2 Pages"]
    send(fill(form, Or_the_key_or_id_of_another_one="js-3"), "Save")
    send(fill(_form("hindrances", "depend_form", f"found('{item}')"), Open_item="7"), "Save")
    assert sorted(one.needs for one in hindrances.dependencies(ANA, OWN, item)) == ["7", "8"]


def test_a_comment_is_written_and_withdrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    item = asked()
    hers = commenting.comment(ANA, OWN, item, "Not <b>yet</b>")
    as_somebody(monkeypatch, Role.LEADER)
    at = on(item)
    at.text_area[0].set_value("Looks good")
    send(at, "Comment")
    (mine, _) = commenting.comments(ANA, OWN, item)
    at = on(item)
    assert "&lt;b&gt;yet" in markup(at)
    assert {f"withdraw_{mine.id}"} == keys(at) & {f"withdraw_{mine.id}", f"withdraw_{hers.id}"}  # not another one's
    button(at, f"withdraw_{mine.id}")
    assert [one.words for one in commenting.comments(ANA, OWN, item)] == ["Not <b>yet</b>"]


# Launch plans


def test_a_launch_is_planned_from_a_plan_and_its_steps_are_on_its_page() -> None:
    at = _form("plans", "launch_form")
    labelled(at, "Day of the launch").set_value(date(2026, 6, 1))  # pyright: ignore[reportAttributeAccessIssue]
    at.run()
    assert "15 milestones, the first due on Apr 20, 2026. Only working days count: they are set below, by the views." in words(at)
    send(fill(at, Name="Spring launch"), "Plan launch")
    at = on("marops-1")
    assert "Which steps are left? 0 of 15 are done. ○ M-2 Brief agreed Marketing · due Apr 20, 2026" in words(at)
    step = on("marops-2")
    assert step.button(key="move_on").label == "Move to Done"
    assert "M-1 Spring launch" in words(step)
    button(step, "move_on")
    assert "1 of 15 are done. ✓ M-2 Brief agreed Done" in words(on("marops-1"))


def test_a_launch_that_is_too_near_is_said_to_be_before_it_is_made() -> None:
    at = _form("plans", "launch_form")
    labelled(at, "Day of the launch").set_value(date(2026, 3, 20))  # pyright: ignore[reportAttributeAccessIssue]
    at.run()
    (warning,) = (one.value.replace("\\", "") for one in at.warning)
    assert warning.startswith(
        "Too near for this plan: Brief agreed, Audience chosen, consent checked, Tracking and UTM plan agreed"
    )
    assert warning.endswith("would be late from the start.")


def test_days_off_of_the_workspace_are_left_out_of_a_launch() -> None:
    days = [date(2026, 5, 1), date(2026, 4, 21)]
    workspaces.set_calendar(ANA, OWN, zone="UTC", weekdays=range(5), begins=time(9), ends=time(17), holidays=days)
    at = _form("plans", "launch_form")
    labelled(at, "Day of the launch").set_value(date(2026, 6, 1))  # pyright: ignore[reportAttributeAccessIssue]
    at.run()
    assert "the first due on Apr 16, 2026" in words(at)


def test_a_plan_of_ones_own_is_kept_and_changed_and_withdrawn() -> None:
    at = _form("plans", "plans_form")
    send(fill(at, Name="Our launch"), "Save plan")
    own = launching.templates(ANA, OWN)[0]
    assert own.row is not None
    assert (own.template.name, len(own.template.milestones)) == ("Our launch", 15)
    at = _form("plans", "plans_form")
    send(fill(at, Name="Our way"), "Save plan")
    assert [kept.template.name for kept in launching.templates(ANA, OWN)] == ["Our way", "Campaign launch"]
    send(_form("plans", "plans_form"), "Withdraw this plan")
    assert [kept.template.name for kept in launching.templates(ANA, OWN)] == ["Campaign launch"]


def test_an_edited_table_is_a_plan_or_says_what_it_lacks() -> None:
    template = Template("P", (Milestone("a", 2, "build", "it"), Milestone("b", 1, None, "", ("a",))))
    table = plans.written(template)
    assert plans.read("P", table) == template
    with pytest.raises(UserError, match="Say of a how many working days before the launch it is due"):
        plans.read("P", table.with_columns(days_before=pl.lit(None, pl.Int64)))


def test_it_is_said_on_whom_an_item_waits() -> None:
    item = asked()
    hindrances.flag(ANA, OWN, item, Kind.WAITING, role="Agency")
    assert "▲ Waiting on Agency since Mar 10, 2026" in words(on(item))


def test_an_amount_is_read_as_its_reader_writes_it_and_never_a_hundred_times_as_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "reader", lambda: Reader.of("en"))
    assert [desk._number(amount) for amount in ("1,234.5", "12.50", "")] == [Decimal("1234.5"), Decimal("12.50"), None]
    for odd in ("12,50", "1.2,3", "1,2345"):
        with pytest.raises(UserError, match="is no amount"):
            desk._number(odd)
    monkeypatch.setattr(desk, "reader", lambda: Reader.of("pt-BR"))
    assert desk._number("1.234,5") == Decimal("1234.5")
    with pytest.raises(UserError, match="is no amount"):
        desk._number("12.50")


def test_what_was_launched_by_its_date_is_not_late_afterwards() -> None:
    asked = intake.request(ANA, OWN, Details("Sale", due=date(2026, 3, 12))).item
    for stage in ("build", "execution"):
        seen = reading.item(ANA, OWN, asked).last
        assert seen is not None
        before = reading.item(ANA, OWN, asked)
        assert line_of(before, usual(), date(2026, 3, 20)).word == "late"
        moving.move(ANA, OWN, asked, stage, seen=seen.sequence)
    assert line_of(reading.item(ANA, OWN, asked), usual(), date(2026, 3, 20)).word == ""


def test_of_an_imported_item_without_a_history_the_page_says_the_stage_its_tracker_names() -> None:
    known = {"issue_key": "C-3", "created_at": at_moment(3, 1), "due_date": date(2026, 3, 6)}
    put("work_item", [{"issue_id": "3", "current_status": "QA", **known}, {"issue_id": "4", "current_status": "Hm", **known}])
    stands = "It is in QA; its tracker has delivered no history of it. It was due on Mar 6, 2026, 4 d ago."
    assert sentence(on("3")) == stands
    assert sentence(on("4")) == "Its tracker has delivered no history of it."


def test_going_back_to_the_usual_stages_names_the_items_that_would_be_in_none_before() -> None:
    workspaces.set_process(ANA, OWN, [*usual().stages, Stage("legal", "Legal", Category.WAIT, "", ())])
    moving.move(ANA, OWN, asked(), "legal", seen=1)
    at = button(_form("stages", "_settings"), "stages_usual")
    assert said(at) == (
        "1 open item would be in no stage then: M-1. Keep its stage, or make its name a word of another one; or say that it is "
        "meant."
    )
    at.checkbox(key="stages_anyhow").check()
    button(at, "stages_usual")
    assert workspaces.open_workspace(ANA, OWN).process == usual()


def test_a_plan_that_cannot_be_used_is_named_and_withdrawn_where_the_plans_are() -> None:
    row = launching.save_template(ANA, OWN, Template("Old", (Milestone("Brief", 5), Milestone("Go", 0))))
    with store.writing() as session:
        session.exec(update(LaunchMilestone).where(col(LaunchMilestone.template_id) == row.id).values(name="Twice"))
    _form("plans", "launch_form")
    at = _form("plans", "plans_form")
    assert [warning.value.replace("\\", "") for warning in at.warning] == [
        "The plan Old cannot be used. Twice stands twice in the plan; name every milestone once."
    ]
    button(at, f"withdraw_{row.id}")
    assert launching.unreadable(ANA, OWN) == []


def test_a_move_that_was_made_despite_somebody_says_so_on_its_way() -> None:
    item = asked()
    approving.ask(ANA, OWN, item, approvers=["Legal"])
    moving.move(ANA, OWN, item, "build", seen=1, reason="Sale begins", despite="The board decided")
    assert "Build Sale begins · although not approved: The board decided" in words(on(item))


def test_dropping_is_never_what_comes_next_and_a_dropped_step_is_not_counted_as_done() -> None:
    no = Stage("no", "Shelved", Category.DROPPED, "", ())
    workspaces.set_process(ANA, OWN, [*usual().stages[:1], no, *usual().stages[1:]])
    plan = Template("Plan", (Milestone("Brief", 5), Milestone("Go", 0)))
    launch = launching.launch(ANA, OWN, Details("Spring", due=DUE), plan, lambda _: True).item
    assert on(launch).button(key="move_on").label == "Move to Validation"
    assert on("marops-2").button(key="move_on").label == "Move to Done"
    moving.move(ANA, OWN, "marops-2", "no", seen=1)
    moving.move(ANA, OWN, "marops-3", "done", seen=1)
    assert "Which steps are left? 1 of 2 are done, 1 dropped. · M-2 Brief Shelved ✓ M-3 Go Done" in words(on(launch))


def test_an_approval_that_was_withdrawn_says_by_whom_when_and_why_decided_or_not() -> None:
    item = asked()
    decided = approving.ask(ANA, OWN, item, approvers=["Legal"], about="Claims")
    approving.decide(ANA, OWN, decided.id, "Legal", Answer.APPROVED)
    approving.withdraw(ANA, OWN, decided.id, reason="The text is another")
    at = approving.withdraw(ANA, OWN, approving.ask(ANA, OWN, item, approvers=["Brand"]).id, reason="Asked twice").withdrawn_at
    when = " ".join(str(text("withdrawn by {who} on {when}", who="Ana", when=at)).split())
    found = words(on(item))
    assert f"{when} Asked twice" in found
    assert "Claims approved · 1 of 1 must approve; asked by Ana on " in found
    assert "The text is another" in found.split("Claims approved")[1]
    assert "withdrawn by Ana on " in found.split("Claims approved")[1].split("The text is another")[0]


def test_what_an_item_needs_and_was_withdrawn_is_shown_so() -> None:
    item, needed = asked(), asked("Autumn sale")
    hindrances.depend(ANA, OWN, item, needed)
    at = intake.withdraw(ANA, OWN, needed, reason="No budget").withdrawn_at
    said = " ".join(str(text("withdrawn by {who} on {when}", who="Ana", when=at)).split())
    assert f"It needs · M-2 Autumn sale {said} · No budget" in words(on(item))


def test_the_steps_of_a_launch_move_along_with_its_day_unless_that_is_not_wanted() -> None:
    plan = Template("Plan", (Milestone("Go", 0),))
    launch = launching.launch(ANA, OWN, Details("Spring", due=DUE), plan, lambda _: True).item
    label = "The steps of the launch change along"
    assert label not in [box.label for box in _form("item", "edit_form", "found('marops-2').row").checkbox]
    at = _form("item", "edit_form", f"found('{launch}').row")
    send(fill(at, Launch_by=date(2026, 5, 1)), "Save")
    assert reading.item(ANA, OWN, "marops-2").due == date(2026, 5, 1)
    at = _form("item", "edit_form", f"found('{launch}').row")
    labelled(at, label).set_value(False)  # pyright: ignore[reportAttributeAccessIssue]
    send(fill(at, Launch_by=date(2026, 5, 8)), "Save")
    assert reading.item(ANA, OWN, "marops-2").due == date(2026, 5, 1)


def test_a_request_that_is_imported_too_says_so_and_counts_once_after_two_clicks_and_twice_again_after_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    item = asked()
    assert {one.label for one in on(item).button if one.key == "same"} == {"It is an imported item"}
    more = {"issue_name": "Spring sale", "created_at": at_moment(3, 1), "current_status": "QA"}
    put("work_item", [{"issue_id": "7", "issue_key": "MOP-7", **more}])
    named = (
        "Imported work has the same name and was going on at the same time. If it is the same, say so: until then both count. "
        "○ MOP-7 Spring sale QA"
    )
    assert named in words(on(item))
    send(_form("same", "same_form", f"found('{item}')"), "They are one")
    (row,) = reading.item(ANA, OWN, item).same
    at = on(item)
    assert sentence(at) == "It is an imported item, by whose history it counts. Where it stood here is in no number."
    assert not {"move_on", "move", "edit", "withdraw", "same"} & keys(at)
    assert "that it is ○ MOP-7 Spring sale QA" in words(at)
    assert "that this is the request kept here as · M-1 Spring sale counts as an imported item" in words(on("7"))
    as_somebody(monkeypatch, Role.VIEWER)
    assert f"take_back_{row.id}" not in keys(on("7"))
    as_somebody(monkeypatch, Role.MANAGER)
    button(on("7"), f"take_back_{row.id}")
    assert reading.item(ANA, OWN, item).same == ()
    as_somebody(monkeypatch, Role.VIEWER)
    assert named in words(on(item))
    assert "same" not in keys(on(item))


def test_a_request_that_is_not_the_imported_work_of_its_name_says_so_in_a_line_and_is_asked_about_other_such_work_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fields() -> list[str]:
        """What the form of a link suggests."""
        return [option for box in _form("same", "same_form", f"found('{item}')").selectbox for option in box.options]

    item = asked()
    more = {"issue_name": "Spring sale", "created_at": at_moment(3, 1), "current_status": "QA"}
    put("work_item", [{"issue_id": "7", "issue_key": "MOP-7", **more}])
    named = "Imported work has the same name"
    assert fields() == ["–", "MOP-7"]
    as_somebody(monkeypatch, Role.VIEWER)
    at = on(item)
    assert (named in words(at), "dismiss_7" in keys(at)) == (True, False)
    as_somebody(monkeypatch, Role.MANAGER, "Bo")
    at = on(item)
    assert [one.label for one in at.button if one.key == "dismiss_7"] == ["They are two"]
    at = button(at, "dismiss_7")
    (row,) = reading.item(ANA, OWN, item).dismissed
    when = " ".join(str(text("{when}", when=row.written_at)).split())
    line = f"· MOP-7 Spring sale Bo said on {when} that they are two"
    assert (named in words(at), line in words(at)) == (False, True)
    assert fields() == []
    put("work_item", [{"issue_id": "8", "issue_key": "MOP-8", **more}])
    at = on(item)
    assert (f"{named} and was going on at the same time." in words(at), line in words(at)) == (True, True)
    assert {"dismiss_8", f"take_back_{row.id}"} == {key for key in keys(at) if key.startswith(("dismiss", "take_back"))}
    assert fields() == ["–", "MOP-8"]
    as_somebody(monkeypatch, Role.VIEWER)
    assert f"take_back_{row.id}" not in keys(on(item))
    as_somebody(monkeypatch, Role.MANAGER, "Bo")
    at = button(on(item), f"take_back_{row.id}")
    assert "Imported items have the same name and were going on at the same time." in words(at)
    assert {"dismiss_7", "dismiss_8"} <= keys(at)
    assert line not in words(at)


def test_of_very_many_items_of_a_name_the_first_are_shown_and_the_others_on_demand() -> None:
    item = asked()
    more = {"issue_name": "Spring sale", "created_at": at_moment(3, 1), "current_status": "QA"}
    put("work_item", [{"issue_id": str(n), "issue_key": f"MOP-{n}", **more} for n in range(1, 8)])
    at = on(item)
    assert sorted(key for key in keys(at) if key.startswith("dismiss")) == [f"dismiss_{n}" for n in range(1, 6)]
    assert [expander.label for expander in at.expander if expander.label == "2 more"] == ["2 more"]


def test_a_request_is_an_imported_item_of_another_name_by_its_key_and_what_there_is_not_is_refused() -> None:
    item = asked()
    put("work_item", [{"issue_id": "7", "issue_key": "MOP-7", "issue_name": "Sale", "created_at": at_moment(3, 1)}])
    at = send(fill(_form("same", "same_form", f"found('{item}')"), Key_or_id_of_the_imported_item="MOP-8"), "They are one")
    assert said(at) == "There is no item MOP-8 in this workspace. Open Pipeline to see those there are."
    send(fill(_form("same", "same_form", f"found('{item}')"), Key_or_id_of_the_imported_item="MOP-7"), "They are one")
    assert reading.item(ANA, OWN, item).counts_as == "7"
