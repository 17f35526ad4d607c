"""Moves: whose was first, what can be taken back, what stands in the way."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from sqlalchemy.exc import IntegrityError

from marops import item_rollups, store
from marops.audit import service as audit
from marops.errors import Conflict, Forbidden, UserError
from marops.language import text
from marops.principal import Principal, Role
from marops.stages import Category, Stage, usual
from marops.work import approving, commenting, moving
from marops.work.approvals import Answer, Mode
from marops.work.store import WorkItemTransition
from marops.workspaces import service as workspaces
from marops.workspaces.store import OWN
from tests.clocks import stand
from tests.work.made import ANA, BO, LIA, TODAY, facts, moved, read, refused, requested, seen


def test_a_move_is_kept_with_who_when_and_why() -> None:
    item = requested().item
    moving.move(BO, OWN, item, "build", seen=1, reason=" Brief agreed ")
    found = read(item)
    last = found.moves[-1]
    assert (last.sequence, last.status, last.by, last.reason, last.at.date()) == (2, "Build", "Bo", "Brief agreed", TODAY)
    assert found.stage is not None
    assert found.stage.id == "build"
    entry = audit.entries(ANA, OWN, "work_item")[0]
    assert (entry.verb, entry.before, entry.after) == ("move", {"stage": "request"}, {"stage": "build", "reason": "Brief agreed"})


def test_an_item_goes_to_a_stage_there_is_and_not_to_the_one_it_is_in() -> None:
    item = requested().item
    assert refused(UserError, lambda: moving.move(ANA, OWN, item, "request", seen=1)) == "M-1 is in Request already."
    assert refused(UserError, lambda: moving.move(ANA, OWN, item, "live", seen=1)) == (
        "There is no stage live. The stages are Request, Validation, Prioritisation, Build, QA, Execution, Reporting, Done, "
        "and Dropped."
    )


def test_of_two_who_move_at_once_one_does_and_the_other_is_told_who_was_quicker() -> None:
    item = requested().item
    move = moving.move(BO, OWN, item, "build", seen=1)
    assert refused(Conflict, lambda: moving.move(ANA, OWN, item, "qa", seen=1)) == str(
        text("Bo was quicker and moved M-1 to Build on {when}; nothing of yours was saved. Look at it again.", when=move.at)
    )
    assert [found.status for found in read(item).moves] == ["Request", "Build"]


def test_two_threads_that_saw_the_same_make_one_move() -> None:
    item = requested().item

    def attempt(who: Principal) -> str:
        try:
            return moving.move(who, OWN, item, "build" if who is ANA else "qa", seen=1).moved_by
        except Conflict:
            return "refused"

    with ThreadPoolExecutor(8) as pool:
        ended = list(pool.map(attempt, [ANA, BO] * 8))
    assert ended.count("refused") == 15
    assert len(read(item).moves) == 2


def test_the_last_move_is_taken_back_and_stays_on_record() -> None:
    item = requested().item
    moved(item, "build", "qa")
    moving.undo(BO, OWN, item, seen=3, reason="Wrong item")
    found = read(item)
    assert [(move.sequence, move.status, move.withdrawn_by) for move in found.moves] == [
        (1, "Request", None), (2, "Build", None), (3, "QA", "Bo"),
    ]  # fmt: skip
    assert found.last == found.moves[1]
    moved(item, "execution")
    assert [move.sequence for move in read(item).moves] == [1, 2, 3, 4]  # numbers never change, and none is given twice
    undone = next(entry for entry in audit.entries(ANA, OWN, "work_item") if entry.verb == "undo")
    assert (undone.before, undone.after) == ({"stage": "qa"}, {"sequence": 3, "reason": "Wrong item"})


def test_a_move_that_another_one_followed_is_not_taken_back() -> None:
    item = requested().item
    moved(item, "build")
    moved(item, "qa", who=BO)
    said = refused(Conflict, lambda: moving.undo(ANA, OWN, item, seen=2))
    assert said.startswith("Bo was quicker and moved M-1 to QA on ")
    assert len(read(item).moves) == 3


def test_who_saw_a_move_that_was_taken_back_is_told_so() -> None:
    item = requested().item
    moved(item, "build")
    undone = moving.undo(BO, OWN, item, seen=2)
    said = text(
        "Bo took the move of M-1 to Build back on {when}; nothing of yours was saved. Look at it again.", when=undone.withdrawn_at
    )
    assert refused(Conflict, lambda: moving.move(ANA, OWN, item, "qa", seen=2)) == str(said)
    assert refused(Conflict, lambda: moving.undo(ANA, OWN, item, seen=2)) == str(said)


def test_a_move_is_taken_back_though_somebody_commented_since_and_the_comment_stays() -> None:
    item = requested().item
    moved(item, "build")
    commenting.comment(LIA, OWN, item, "Too early")
    moving.undo(ANA, OWN, item, seen=2)
    assert (seen(item), [one.words for one in commenting.comments(ANA, OWN, item)]) == (1, ["Too early"])


def test_where_it_began_is_not_taken_back() -> None:
    item = requested().item
    assert refused(UserError, lambda: moving.undo(ANA, OWN, item, seen=1)) == (
        "M-1 began here. Withdraw the request to take it back."
    )


def test_who_made_a_move_may_take_it_back_without_being_a_manager_any_more_and_other_leaders_may_not() -> None:
    item = requested().item
    moved(item, "build", "qa")
    assert refused(Forbidden, lambda: moving.undo(LIA, OWN, item, seen=3)) == (
        "Ana made this move; Ana or a manager can take it back."
    )
    moving.undo(Principal("a", "Ana", Role.LEADER), OWN, item, seen=3)
    assert seen(item) == 2


def test_moving_back_and_reopening_are_moves_like_any_other() -> None:
    found = moved(requested().item, "build", "qa", "build", "done", "build")
    assert [move.status for move in found.moves] == ["Request", "Build", "QA", "Build", "Done", "Build"]
    assert not found.is_done(workspaces.open_workspace(ANA, OWN).process)


def test_a_move_is_never_earlier_than_the_one_before_whatever_the_clock_does() -> None:
    item = requested().item
    stand(date(2026, 3, 1))
    moved(item, "build")
    first, second = read(item).moves
    assert second.at == first.at


def test_an_item_whose_stage_is_gone_is_where_its_name_means_now_or_nowhere_and_can_be_moved() -> None:
    kept, lost = moved(requested("a").item, "qa").id, moved(requested("b").item, "execution").id
    new = [
        Stage("look", "Look", Category.TODO, "", ("qa",)), Stage("over", "Over", Category.DONE, "", ()),
    ]  # fmt: skip
    workspaces.set_process(ANA, OWN, new)
    assert read(kept).stage == new[0]
    assert (read(lost).stage, read(lost).moves[-1].status) == (None, "Execution")
    assert moved(lost, "over").stage == new[1]


def test_a_stage_that_is_removed_and_made_again_by_its_name_gets_its_items_back() -> None:
    item = moved(requested().item, "qa").id
    without = [stage for stage in usual().stages if stage.id != "qa"]
    workspaces.set_process(ANA, OWN, without)
    assert (read(item).stage, item_rollups.work(facts())["stage"].to_list()) == (None, [None])
    again = Stage("again", " Qa ", Category.ACTIVE, "", ())
    workspaces.set_process(ANA, OWN, [*without, again])
    found = read(item).stage
    assert found is not None
    assert (found.id, item_rollups.work(facts())["stage"].to_list()) == ("again", ["again"])


def test_a_move_to_the_stage_an_item_is_in_is_none_though_the_stage_was_made_again_under_another_id() -> None:
    item = moved(requested().item, "qa").id
    without = [stage for stage in usual().stages if stage.id != "qa"]
    workspaces.set_process(ANA, OWN, without)
    workspaces.set_process(ANA, OWN, [*without, Stage("again", "QA", Category.ACTIVE, "", ())])
    assert refused(UserError, lambda: moving.move(ANA, OWN, item, "again", seen=2)) == "M-1 is in QA already."
    assert len(read(item).moves) == 2


def test_a_move_is_not_taken_back_into_a_stage_that_is_gone_until_that_is_a_word_of_one_again() -> None:
    item = moved(requested().item, "build", "qa").id
    without = [stage for stage in usual().stages if stage.id != "build"]
    workspaces.set_process(ANA, OWN, without)
    assert refused(Conflict, lambda: moving.undo(ANA, OWN, item, seen=3)) == (
        "M-1 came from Build, which is no stage any more. Move it to another one, or make Build a stage or a word of one again."
    )
    assert seen(item) == 3
    workspaces.set_process(ANA, OWN, [*without, Stage("make", "Make", Category.ACTIVE, "", ("build",))])
    moving.undo(ANA, OWN, item, seen=3)
    stage = read(item).stage
    assert (seen(item), stage and stage.id) == (2, "make")


# Approvals in the way


def asked(item: str, *approvers: str) -> str:
    """The id of an approval that all of them must give."""
    return approving.ask(ANA, OWN, item, approvers=approvers).id


def test_no_item_leaves_a_stage_in_which_somebody_must_approve_unless_a_manager_says_why() -> None:
    item = requested().item
    moved(item, "build")
    approval = asked(item, "Legal", "Brand")
    (row,) = approving.approvals(ANA, OWN, item)
    said = text(
        "{who} must approve M-1 in Build first, asked on {when}. A manager can move it all the same and say why.",
        who=text("Legal and Brand"), when=row.row.asked_at,
    )  # fmt: skip
    for stage in ("qa", "request"):
        assert refused(UserError, lambda stage=stage: moving.move(ANA, OWN, item, stage, seen=2, reason="Now")) == str(said)
    moving.move(ANA, OWN, item, "qa", seen=2, despite="The board decided")
    entry = audit.entries(ANA, OWN, "work_item")[0]
    assert entry.after == {"stage": "qa", "despite": "The board decided", "barrier": str(said)}
    moved(item, "execution")
    assert approving.queue(ANA, OWN) == []  # nobody waits for what was asked in Build
    (row,) = approving.approvals(ANA, OWN, item)
    assert (row.row.withdrawn_by, row.row.withdrawn_reason) == (ANA.name, "The board decided")
    with pytest.raises(Conflict):
        approving.decide(ANA, OWN, approval, "Legal", Answer.APPROVED)


def test_who_comes_second_is_said_to_be_asked_since_the_first_one_answered() -> None:
    item = requested().item
    row = approving.ask(ANA, OWN, item, approvers=["Brand", "Legal"], in_turn=True)
    stand(date(2026, 3, 12))
    found = approving.decide(ANA, OWN, row.id, "Brand", Answer.APPROVED)
    said = text(
        "{who} must approve M-1 in Request first, asked on {when}. A manager can move it all the same and say why.",
        who="Legal", when=found.approvers[0].decided_at,
    )  # fmt: skip
    assert refused(UserError, lambda: moving.move(ANA, OWN, item, "build", seen=1)) == str(said)


def test_a_move_made_despite_an_approval_that_is_taken_back_leaves_the_approval_in_the_way() -> None:
    item = requested().item
    asked(item, "Legal")
    gone = approving.withdraw(ANA, OWN, asked(item, "Brand"), reason="Asked twice")
    moving.move(ANA, OWN, item, "build", seen=1, despite="The board decided")
    assert approving.queue(ANA, OWN) == []
    moving.undo(ANA, OWN, item, seen=2)
    assert [one.approver for one in approving.queue(ANA, OWN)] == ["Legal"]
    assert [one.row.withdrawn_at for one in approving.approvals(ANA, OWN, item)] == [None, gone.withdrawn_at]
    assert refused(UserError, lambda: moved(item, "build")).startswith("Legal must approve M-1 in Request first")


def test_the_audit_trail_says_of_an_approval_that_a_move_overrode_it_and_that_it_is_open_again() -> None:
    item = requested().item
    first, second = asked(item, "Legal"), asked(item, "Brand")
    moving.move(BO, OWN, item, "build", seen=1, despite="The board decided")
    moving.undo(ANA, OWN, item, seen=2)
    for approval in (first, second):
        reopened, overridden, _ = audit.entries(ANA, OWN, "approval", approval)
        assert (overridden.verb, overridden.principal_name, overridden.after) == (
            "override", "Bo", {"reason": "The board decided", "overridden_by": 2},
        )  # fmt: skip
        assert (reopened.verb, reopened.principal_name, reopened.before) == ("reopen", "Ana", overridden.after)


def test_a_move_made_despite_a_decline_says_why_and_one_that_nothing_hindered_does_not() -> None:
    item = requested().item
    approving.decide(ANA, OWN, asked(item, "Legal"), "Legal", Answer.DECLINED, note="No consent")
    moving.move(BO, OWN, item, "build", seen=1, reason="Sale begins", despite="The board decided")
    moving.move(BO, OWN, item, "qa", seen=2, despite="Whatever is in the way")
    assert [(move.reason, move.despite) for move in read(item).moves] == [("", ""), ("Sale begins", "The board decided"), ("", "")]


def test_once_approved_an_item_goes_on() -> None:
    item = requested().item
    approval = asked(item, "Legal")
    approving.decide(ANA, OWN, approval, "Legal", Answer.APPROVED)
    assert moved(item, "build").moves[-1].status == "Build"


def test_what_was_declined_goes_back_but_not_on_until_it_is_approved_or_taken_back() -> None:
    item = requested().item
    moved(item, "build")
    approving.decide(ANA, OWN, asked(item, "Legal"), "Legal", Answer.DECLINED, note="No consent")
    held = (
        "M-1 was declined in Build. Mend it and ask Legal there again, or withdraw the approval that was declined. A manager can "
        "move it all the same and say why."
    )
    assert refused(UserError, lambda: moved(item, "qa")) == held
    moved(item, "request")
    assert refused(UserError, lambda: moved(item, "qa")) == held  # nobody gets round it over an earlier stage
    moved(item, "build")
    assert refused(UserError, lambda: moved(item, "qa")) == held
    approving.decide(ANA, OWN, asked(item, "Legal"), "Legal", Answer.DECLINED, note="Still none")
    approving.decide(ANA, OWN, asked(item, "legal"), "legal", Answer.APPROVED)
    assert moved(item, "qa").moves[-1].status == "QA"


def test_what_somebody_else_approves_later_does_not_undo_a_decline() -> None:
    item = requested().item
    declined = asked(item, "Legal", "Brand")
    approving.decide(ANA, OWN, declined, "Legal", Answer.DECLINED, note="No consent")
    approving.decide(ANA, OWN, asked(item, "Brand"), "Brand", Answer.APPROVED)
    assert refused(UserError, lambda: moved(item, "build")).startswith(
        "M-1 was declined in Request. Mend it and ask Legal and Brand there again"
    )
    again = asked(item, "Brand", "Legal")
    for name in ("Brand", "Legal"):
        approving.decide(ANA, OWN, again, name, Answer.APPROVED)
    approving.withdraw(ANA, OWN, again, reason="Not what they saw")
    assert refused(UserError, lambda: moved(item, "build")).startswith("M-1 was declined in Request.")
    approving.withdraw(ANA, OWN, declined, reason="Another offer")
    assert moved(item, "build").moves[-1].status == "Build"


def test_what_the_same_people_were_asked_beside_it_does_not_undo_a_decline_and_what_they_are_asked_after_it_does() -> None:
    item = requested().item
    claims, logo = asked(item, "Legal"), asked(item, "Legal")
    approving.decide(ANA, OWN, claims, "Legal", Answer.DECLINED, note="Claims are wrong")
    approving.decide(ANA, OWN, logo, "Legal", Answer.APPROVED)
    assert refused(UserError, lambda: moved(item, "build")).startswith("M-1 was declined in Request.")
    stand(date(2026, 3, 1))  # whatever the clock says
    approving.decide(ANA, OWN, asked(item, "Legal"), "Legal", Answer.APPROVED)
    assert moved(item, "build").moves[-1].status == "Build"


def test_declined_work_can_be_dropped() -> None:
    workspaces.set_process(ANA, OWN, [*usual().stages, Stage("no", "Shelved", Category.DROPPED, "", ())])
    item = requested().item
    approving.decide(ANA, OWN, asked(item, "Legal"), "Legal", Answer.DECLINED, note="Forbidden")
    assert refused(UserError, lambda: moved(item, "done")).startswith("M-1 was declined in Request.")
    assert moved(item, "no").moves[-1].status == "Shelved"


def test_what_was_asked_in_a_stage_holds_there_though_the_stage_was_made_again_or_is_gone() -> None:
    declined, waiting = (moved(requested(name).item, "qa").id for name in ("a", "b"))
    approving.decide(ANA, OWN, asked(declined, "Legal"), "Legal", Answer.DECLINED, note="No consent")
    asked(waiting, "Legal")
    without = [stage for stage in usual().stages if stage.id != "qa"]
    for stages in ([*without[:4], Stage("again", "QA", Category.ACTIVE, "", ()), *without[4:]], without):
        workspaces.set_process(ANA, OWN, stages)
        assert refused(UserError, lambda: moved(declined, "execution")).startswith("M-1 was declined in QA.")
        assert refused(UserError, lambda: moved(waiting, "execution")).startswith("Legal must approve M-2 in QA first")
    moving.move(ANA, OWN, waiting, "execution", seen=2, despite="The board decided")
    assert approving.queue(ANA, OWN) == []


def test_what_was_declined_holds_an_item_though_the_clock_was_set_back_or_stands() -> None:
    item = requested().item
    moved(item, "build")
    stand(date(2026, 3, 1))
    approving.decide(ANA, OWN, asked(item, "Legal"), "Legal", Answer.DECLINED, note="No consent")
    assert refused(UserError, lambda: moved(item, "qa")).startswith("M-1 was declined in Build.")


def test_an_approval_asked_for_holds_the_move_before_it_though_the_clock_was_set_back() -> None:
    item = requested().item
    moved(item, "build")
    stand(date(2026, 3, 1))
    asked(item, "Legal")
    assert refused(Conflict, lambda: moving.undo(ANA, OWN, item, seen=2)).startswith("Ana asked for an approval in Build")


def test_an_approval_that_was_taken_back_holds_nothing() -> None:
    item = requested().item
    approving.withdraw(ANA, OWN, asked(item, "Legal"), reason="Asked twice")
    assert moved(item, "build").moves[-1].status == "Build"


def test_a_move_is_not_taken_back_once_an_approval_was_asked_for_where_it_led() -> None:
    item = requested().item
    moved(item, "build")
    approval = asked(item, "Legal")
    assert refused(Conflict, lambda: moving.undo(ANA, OWN, item, seen=2)) == (
        "Ana asked for an approval in Build since then. Withdraw that first, or move M-1 back."
    )
    approving.withdraw(ANA, OWN, approval, reason="Too early")
    moving.undo(ANA, OWN, item, seen=2)
    assert seen(item) == 1


def test_the_database_keeps_two_moves_of_one_number_apart_should_two_servers_ever_both_get_there() -> None:
    row = requested()
    same = {"workspace_id": OWN, "item_id": row.id, "sequence": 1, "stage": "qa", "status": "QA"}
    with pytest.raises(IntegrityError), store.writing() as session:
        session.add(WorkItemTransition(**same, at=row.requested_at, moved_by="Bo", moved_by_id="b"))


def test_a_decline_outlives_dropping_another_mode_and_the_stage_and_ends_where_all_and_more_approve() -> None:
    held = "M-1 was declined in Build."
    item = requested().item
    moved(item, "build")
    both = approving.ask(ANA, OWN, item, approvers=["Legal", "Brand"])
    approving.decide(ANA, OWN, both.id, "Legal", Answer.DECLINED, note="No consent")
    either = approving.ask(ANA, OWN, item, approvers=["Legal", "Brand"], mode=Mode.ANY)
    approving.decide(ANA, OWN, either.id, "Brand", Answer.APPROVED)
    assert refused(UserError, lambda: moved(item, "qa")).startswith(held)
    stages = (*usual().stages, Stage("stop", "Stopped", Category.DROPPED, "", ()))
    workspaces.set_process(ANA, OWN, stages)
    moved(item, "stop")
    assert refused(UserError, lambda: moved(item, "qa")).startswith(held)
    moved(item, "request")
    workspaces.set_process(ANA, OWN, [stage for stage in stages if stage.id != "build"])
    assert refused(UserError, lambda: moved(item, "qa")).startswith(held)
    workspaces.set_process(ANA, OWN, stages)
    moved(item, "build")
    more = approving.ask(ANA, OWN, item, approvers=["Legal", "Brand", "IT"])
    for who in ("Legal", "Brand", "IT"):
        approving.decide(ANA, OWN, more.id, who, Answer.APPROVED)
    assert moved(item, "qa").moves[-1].status == "QA"
