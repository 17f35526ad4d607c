"""Approvals as people ask for and give them: who may answer, in which order, and what comes late."""

from datetime import date

import pytest

from marops.audit import service as audit
from marops.errors import Conflict, Forbidden, NotFound, UserError
from marops.language import text
from marops.principal import Principal, Role
from marops.stages import Category, Stage, usual
from marops.work import approving, intake, launching, moving
from marops.work.approvals import Answer, Mode, Outcome
from marops.work.approving import Waiting
from marops.work.details import Details
from marops.work.plans import Milestone, Template
from marops.work.store import Approval
from marops.workspaces import service as workspaces
from marops.workspaces.store import OWN
from tests.clocks import stand
from tests.scorecard.made import at, fill
from tests.work.made import ANA, BO, DUE, LIA, VIC, moved, refused, requested

YES, NO = Answer.APPROVED, Answer.DECLINED


def asked(*approvers: str, item: str | None = None, mode: Mode = Mode.ALL, **more: object) -> Approval:
    return approving.ask(ANA, OWN, item or requested().item, approvers=approvers, mode=mode, **more)  # pyright: ignore[reportArgumentType]


def answer(approval: Approval, approver: str, said: Answer, who: Principal = ANA, note: str = "x") -> Outcome:
    return approving.decide(who, OWN, approval.id, approver, said, note=note).state.outcome


def waited_for() -> list[str]:
    return [one.approver for one in approving.queue(VIC, OWN)]


def test_an_approval_is_of_the_stage_the_item_is_in_and_says_who_must_act_since_when() -> None:
    item = requested().item
    moved(item, "build")
    row = asked("Legal", "Brand", item=item, about="Claims on the landing page")
    assert (row.stage, row.mode, row.needed, row.in_turn) == ("build", "all", 2, False)
    assert approving.queue(VIC, OWN) == [
        Waiting(item, name, row.asked_at, "Claims on the landing page", row.id) for name in ("Legal", "Brand")
    ]


def test_side_by_side_all_any_and_a_quorum_are_decided_as_they_should() -> None:
    everybody, anybody = asked("A", "B"), asked("A", "B", item="marops-1", mode=Mode.ANY)
    two_of_three = asked("A", "B", "C", item="marops-1", mode=Mode.QUORUM, quorum=2)
    assert [answer(everybody, "B", YES), answer(everybody, "A", YES)] == [Outcome.OPEN, Outcome.APPROVED]
    assert answer(anybody, "B", YES) is Outcome.APPROVED
    assert [answer(two_of_three, name, said) for name, said in (("C", YES), ("A", NO), ("B", YES))] == [
        Outcome.OPEN, Outcome.OPEN, Outcome.APPROVED,
    ]  # fmt: skip
    assert approving.queue(VIC, OWN) == []


def test_in_turn_nobody_answers_before_the_one_who_comes_first() -> None:
    row = asked("Brand", "Legal", in_turn=True)
    assert waited_for() == ["Brand"]
    assert refused(Conflict, lambda: answer(row, "Legal", YES)) == "It is the turn of Brand; they answer one after the other."
    stand(date(2026, 3, 12))
    answer(row, "Brand", YES)
    (waiting,) = approving.queue(VIC, OWN)
    assert (waiting.approver, waiting.since.date()) == ("Legal", date(2026, 3, 12))  # not since it was asked for
    assert answer(row, "Legal", YES) is Outcome.APPROVED


def test_in_turn_of_a_number_of_them_the_next_one_is_asked_until_the_number_is_out_of_reach() -> None:
    row = asked("A", "B", "C", "D", in_turn=True, mode=Mode.QUORUM, quorum=3)
    assert answer(row, "A", NO) is Outcome.OPEN
    assert waited_for() == ["B"]
    assert answer(row, "B", NO) is Outcome.DECLINED  # two are left, and three are needed
    assert waited_for() == []


def test_a_decided_approval_that_is_taken_back_stays_decided_and_takes_no_answer() -> None:
    row = asked("A", "B", mode=Mode.ANY)
    answer(row, "A", YES)
    approving.withdraw(BO, OWN, row.id, reason="Mended since")
    (found,) = approving.approvals(VIC, OWN, "marops-1")
    assert (found.state.outcome, found.row.withdrawn_by) == (Outcome.APPROVED, "Bo")
    assert refused(Conflict, lambda: answer(row, "B", NO)).startswith("Bo withdrew this approval on ")


def test_to_decline_needs_a_reason_and_ends_what_all_must_approve() -> None:
    row = asked("Legal", "Brand")
    assert refused(UserError, lambda: answer(row, "Legal", NO, note=" ")) == "Say why it is declined, so that it can be mended."
    assert answer(row, "Legal", NO, note="No consent") is Outcome.DECLINED
    (found,) = approving.approvals(VIC, OWN, "marops-1")
    assert [(one.approver, one.decision, one.note) for one in found.approvers] == [
        ("Legal", "declined", "No consent"), ("Brand", None, ""),
    ]  # fmt: skip


def test_an_answer_that_comes_late_is_refused_and_changes_nothing() -> None:
    approved, declined = asked("A", "B", mode=Mode.ANY), asked("A", "B", item="marops-1")
    answer(approved, "A", YES)
    answer(declined, "A", NO)
    first, second = approving.approvals(VIC, OWN, "marops-1")
    assert refused(Conflict, lambda: answer(approved, "B", NO)) == str(
        text("It was approved on {when}; this answer comes late and changes nothing.", when=first.state.decided_at)
    )
    assert refused(Conflict, lambda: answer(declined, "B", YES)) == str(
        text("It was declined on {when}; this answer comes late. Ask for a new approval.", when=second.state.decided_at)
    )
    assert approving.approvals(VIC, OWN, "marops-1") == [first, second]


def test_nobody_answers_twice() -> None:
    row = asked("A", "B")
    answer(row, "A", YES)
    assert refused(Conflict, lambda: answer(row, "A", NO)).startswith("A answered on Mar 10, 2026, ")


def test_a_leader_answers_where_his_name_or_role_is_asked_and_nowhere_else() -> None:
    row = asked("lia", "Leader", "Legal")
    assert answer(row, "lia", YES, LIA) is Outcome.OPEN
    assert answer(row, "Leader", YES, LIA) is Outcome.OPEN
    assert refused(Forbidden, lambda: answer(row, "Legal", YES, LIA)) == (
        "Legal is asked, by name or role. Only Legal can answer, or a manager for Legal."
    )
    assert refused(Forbidden, lambda: answer(row, "Legal", YES, Principal("x", "Legal", Role.VIEWER))).startswith("Legal is viewer")


def test_an_approver_answers_however_the_name_is_written() -> None:
    row = asked("Jose\u0301  Silva", "Legal")
    assert answer(row, "José silva", YES, Principal("j", "José Silva", Role.LEADER)) is Outcome.OPEN
    assert waited_for() == ["Legal"]
    assert audit.entries(ANA, OWN, "approval", row.id)[0].after["approver"] == "Jose\u0301  Silva"
    assert refused(NotFound, lambda: answer(row, "Brand", YES)) == (
        "Brand is not asked here. Asked are Jose\u0301  Silva and Legal."
    )


def test_a_manager_writes_down_what_an_approver_said_and_it_is_kept_who_did() -> None:
    row = asked("Legal")
    answer(row, "Legal", YES, BO, note="By mail")
    (found,) = approving.approvals(VIC, OWN, "marops-1")
    assert (found.approvers[0].decided_by, found.approvers[0].note) == ("Bo", "By mail")
    entry = audit.entries(ANA, OWN, "approval", row.id)[0]
    assert (entry.verb, entry.principal_name, entry.before, entry.after) == (
        "answer", "Bo", {"item": "marops-1"}, {"approver": "Legal", "answer": "approved", "note": "By mail"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("approvers", "more", "said"),
    [
        ((), {}, "Name who must approve: a person or a role."),
        ((" ",), {}, "Name who must approve: a person or a role."),
        (("Legal", "legal "), {}, "Somebody is named twice; name every approver once."),
        (("Legal team", "Legal  Team"), {}, "Somebody is named twice; name every approver once."),
        (("José", "Jose\u0301"), {}, "Somebody is named twice; name every approver once."),
        (("Legal", "Legal\u200b"), {}, "Somebody is named twice; name every approver once."),
        (("\u200b",), {}, "Name who must approve: a person or a role."),
        (("A", "B"), {"mode": Mode.QUORUM}, "Of 2 approvers between 1 and 2 can be needed. Say how many."),
        (("A", "B"), {"mode": Mode.QUORUM, "quorum": 3}, "Of 2 approvers between 1 and 2 can be needed. Say how many."),
        (("A", "B"), {"mode": Mode.QUORUM, "quorum": 0}, "Of 2 approvers between 1 and 2 can be needed. Say how many."),
    ],
)
def test_an_approval_that_could_not_be_given_is_refused(approvers: tuple[str, ...], more: dict[str, object], said: str) -> None:
    assert refused(UserError, lambda: asked(*approvers, **more)) == said  # pyright: ignore[reportArgumentType]


def test_an_approval_taken_back_waits_for_nobody_and_takes_no_answer() -> None:
    row = asked("Legal")
    assert (
        refused(UserError, lambda: approving.withdraw(ANA, OWN, row.id, reason="")) == "Say why the approval is no longer needed."
    )
    gone = approving.withdraw(BO, OWN, row.id, reason="Not needed")
    assert waited_for() == []
    said = str(text("Bo withdrew this approval on {when}.", when=gone.withdrawn_at))
    assert refused(Conflict, lambda: answer(row, "Legal", YES)) == said
    assert refused(Conflict, lambda: approving.withdraw(ANA, OWN, row.id, reason="x")).startswith("Bo withdrew it on ")


def test_for_a_withdrawn_item_nobody_is_waited_for() -> None:
    item = requested().item
    row = asked("Legal", item=item)
    intake.withdraw(ANA, OWN, item, reason="No budget")
    assert waited_for() == []
    assert refused(Conflict, lambda: answer(row, "Legal", YES)).startswith("Ana withdrew M-1 on ")
    assert refused(Conflict, lambda: asked("Legal", item=item)).startswith("Ana withdrew M-1 on ")


def test_an_imported_item_can_be_approved_too_and_one_there_is_not_cannot() -> None:
    fill("work_item_transition", [{"issue_id": "7", "status_sequence": 1, "status": "QA", "transition_at": at(3, 1)}])
    assert asked("Legal", item="7").stage is None
    assert waited_for() == ["Legal"]
    assert refused(NotFound, lambda: asked("Legal", item="8")) == (
        "There is no item 8 in this workspace. Open Pipeline to see those there are."
    )


def test_somebody_who_is_not_asked_and_an_approval_there_is_not_are_said_to_be_so() -> None:
    row = asked("Legal", "Brand")
    assert refused(NotFound, lambda: answer(row, "Sales", YES)) == "Sales is not asked here. Asked are Legal and Brand."
    row.id = "gone"
    assert refused(NotFound, lambda: answer(row, "Legal", YES)) == (
        "That approval is not in this workspace any more. Open the page again."
    )


def test_work_that_is_over_and_steps_of_a_launch_that_is_wait_for_nobody_until_they_are_open_again() -> None:
    workspaces.set_process(ANA, OWN, [*usual().stages, Stage("no", "Shelved", Category.DROPPED, "", ())])
    plan = Template("Plan", (Milestone("Brief", 5),))
    launching.launch(ANA, OWN, Details("Spring", due=DUE), plan, lambda day: day.weekday() < 5)
    requested("Summer")
    fill("work_item_transition", [{"issue_id": "7", "status_sequence": 1, "status": "Done", "transition_at": at(3, 1)}])
    for item in ("marops-2", "marops-3", "7"):
        approving.ask(ANA, OWN, item, approvers=["Legal"])
    assert [one.item for one in approving.queue(VIC, OWN)] == ["marops-2", "marops-3"]
    moved("marops-1", "execution")
    moving.move(ANA, OWN, "marops-3", "no", seen=1, despite="No budget")
    approving.ask(ANA, OWN, "marops-3", approvers=["Brand"])
    assert [(one.item, one.launch) for one in approving.queue(VIC, OWN)] == [("marops-2", "marops-1")]
    moved("marops-1", "done")
    assert approving.queue(VIC, OWN) == []
    moved("marops-1", "build")
    assert [one.approver for one in approving.queue(VIC, OWN)] == ["Legal"]
