"""What holds items up, and what is said about them."""

from datetime import date

import pytest

from marops.audit import service as audit
from marops.errors import Conflict, Forbidden, NotFound, UserError
from marops.language import text
from marops.principal import Principal, Role
from marops.work import commenting, hindrances, intake, launching, reading
from marops.work.details import Details
from marops.work.hindrances import Kind
from marops.work.needs import way
from marops.work.plans import Milestone, Template
from marops.workspaces.store import OWN
from tests.clocks import stand
from tests.scorecard.made import at, fill
from tests.work.made import ANA, BO, DUE, LIA, TODAY, VIC, refused, requested


def test_a_flag_holds_from_when_it_was_set_until_it_is_lifted() -> None:
    item = requested().item
    row = hindrances.flag(ANA, OWN, item, Kind.WAITING, role="Agency", note="No assets")
    stand(date(2026, 3, 12))
    lifted = hindrances.lift(BO, OWN, row.id)
    assert (lifted.from_at.date(), lifted.until_at and lifted.until_at.date(), lifted.set_by, lifted.lifted_by) == (
        TODAY, date(2026, 3, 12), "Ana", "Bo",
    )  # fmt: skip
    assert hindrances.flags(VIC, OWN, item) == [lifted]
    assert [entry.verb for entry in audit.entries(ANA, OWN, "flag_event")] == ["lift", "flag"]
    assert refused(Conflict, lambda: hindrances.lift(ANA, OWN, row.id)).startswith("Bo lifted this flag on Mar 12, 2026")


def test_an_item_is_flagged_for_one_thing_once_but_for_several_things_at_a_time() -> None:
    item = requested().item
    first = hindrances.flag(ANA, OWN, item, Kind.BLOCKED)
    hindrances.flag(ANA, OWN, item, Kind.WAITING, role="Legal")
    hindrances.flag(ANA, OWN, item, Kind.WAITING, role="Agency")
    assert refused(Conflict, lambda: hindrances.flag(BO, OWN, item, Kind.WAITING, role="legal")).startswith("Ana flagged it so on ")
    assert refused(Conflict, lambda: hindrances.flag(BO, OWN, item, Kind.WAITING, role="Le\u200bgal")).startswith(
        "Ana flagged it so"
    )
    hindrances.lift(ANA, OWN, first.id)
    hindrances.flag(BO, OWN, item, Kind.BLOCKED)  # again, for the first time ended
    assert len(hindrances.flags(VIC, OWN, item)) == 4


def test_waiting_needs_somebody_who_is_waited_for() -> None:
    assert (
        refused(UserError, lambda: hindrances.flag(ANA, OWN, requested().item, Kind.WAITING)) == "Say on which role the item waits."
    )


def test_a_dependency_can_lead_to_an_imported_item_and_is_seen_from_both() -> None:
    item = requested().item
    fill("work_item", [{"issue_id": "7", "created_at": at(3, 1)}])
    row = hindrances.depend(ANA, OWN, item, "7")
    assert hindrances.dependencies(VIC, OWN, item) == hindrances.dependencies(VIC, OWN, "7") == [row]
    assert refused(Conflict, lambda: hindrances.depend(BO, OWN, item, "7")).startswith("Ana said so on ")
    assert refused(NotFound, lambda: hindrances.depend(BO, OWN, item, "8")) == (
        "There is no item 8 in this workspace. Open Pipeline to see those there are."
    )
    gone = hindrances.undepend(BO, OWN, row.id)
    assert (gone.withdrawn_by, hindrances.dependencies(VIC, OWN, item)) == ("Bo", [])
    assert refused(Conflict, lambda: hindrances.undepend(ANA, OWN, row.id)).startswith("Bo withdrew it on ")
    hindrances.depend(ANA, OWN, "7", item)  # no circle any more


@pytest.mark.parametrize("typed", ["JS-2", "js-2", " Js-2 ", "10002", "Case 791", "case 791"])
def test_an_imported_item_is_named_by_its_key_in_any_case(typed: str) -> None:
    item = requested().item
    fill("work_item", [
        {"issue_id": "10002", "issue_key": "JS-2", "created_at": at(3, 1)},
        {"issue_id": "Case 791", "issue_key": None, "created_at": at(3, 1)},
    ])  # fmt: skip
    hindrances.depend(ANA, OWN, item, typed)
    needed = "Case 791" if "791" in typed else "10002"
    assert [row.needs for row in hindrances.dependencies(VIC, OWN, item)] == [needed]
    assert reading.item(VIC, OWN, typed).id == needed


def test_an_item_kept_here_is_named_by_its_key_in_any_case_and_what_several_are_called_is_none() -> None:
    item, other = requested("a").item, requested("b").item
    assert hindrances.depend(ANA, OWN, item, "m-2").needs == other
    assert reading.item(VIC, OWN, "M-2").id == other
    fill(
        "work_item", [{"issue_id": issue, "issue_key": key, "created_at": at(3, 1)} for issue, key in (("1", "X-1"), ("2", "x-1"))]
    )
    assert hindrances.depend(ANA, OWN, item, "X-1").needs == "1"
    fill("work_item", [{"issue_id": issue, "issue_key": "Y-1", "created_at": at(3, 1)} for issue in ("3", "4")])
    assert refused(NotFound, lambda: hindrances.depend(ANA, OWN, item, "y-1")).startswith("There is no item y-1")


def test_a_circle_is_refused_and_named() -> None:
    a, b, c = (requested(name).item for name in "abc")
    hindrances.depend(ANA, OWN, a, b)
    hindrances.depend(ANA, OWN, b, c)
    said = "That would be a circle: M-3 → M-1 → M-2 → M-3. Nothing in it could begin."
    assert refused(UserError, lambda: hindrances.depend(ANA, OWN, c, a)) == said
    assert (
        refused(UserError, lambda: hindrances.depend(ANA, OWN, a, a))
        == "That would be a circle: M-1 → M-1. Nothing in it could begin."
    )
    hindrances.depend(ANA, OWN, a, c)  # a shorter way is none


def test_over_a_withdrawn_request_there_is_no_circle() -> None:
    a, b, c = (requested(name).item for name in "abc")
    hindrances.depend(ANA, OWN, a, b)
    hindrances.depend(ANA, OWN, b, c)
    intake.withdraw(ANA, OWN, b, reason="No budget")
    assert hindrances.depend(ANA, OWN, c, a).needs == a


def test_the_shortest_way_is_named_and_circles_elsewhere_end_no_search() -> None:
    needs = [("a", "b"), ("b", "a"), ("b", "c"), ("c", "d"), ("a", "d")]
    assert way(needs, "a", "d") == ["a", "d"]
    assert way(needs, "d", "a") == []


def test_a_leader_comments_takes_his_own_back_and_not_others() -> None:
    item = requested().item
    hers, his = commenting.comment(LIA, OWN, item, " Looks good "), commenting.comment(ANA, OWN, item, "Not yet")
    assert [(one.author, one.words) for one in commenting.comments(VIC, OWN, item)] == [("Ana", "Not yet"), ("Lia", "Looks good")]
    assert refused(Forbidden, lambda: commenting.withdraw_comment(LIA, OWN, his.id)) == (
        "Ana wrote this; Ana or a manager can withdraw it."
    )
    commenting.withdraw_comment(LIA, OWN, hers.id)
    commenting.withdraw_comment(BO, OWN, his.id)
    assert commenting.comments(VIC, OWN, item) == []
    assert audit.entries(ANA, OWN, "comment", hers.id)[0].before["words"] == "Looks good"


def test_a_comment_has_words_and_stands_once() -> None:
    item = requested().item
    assert refused(UserError, lambda: commenting.comment(LIA, OWN, item, "\x00 ")) == "A comment needs words."
    row = commenting.comment(LIA, OWN, item, "x")
    gone = commenting.withdraw_comment(LIA, OWN, row.id)
    said = str(text("Lia withdrew it on {when} already.", when=gone.withdrawn_at))
    assert refused(Conflict, lambda: commenting.withdraw_comment(ANA, OWN, row.id)) == said


def test_what_belongs_to_another_workspace_is_not_found() -> None:
    row = hindrances.flag(ANA, OWN, requested().item, Kind.BLOCKED)
    somebody = Principal("a", "Ana", Role.ADMIN)
    assert refused(NotFound, lambda: hindrances.lift(somebody, "other", row.id)).startswith("There is no workspace other here.")


def test_a_step_does_not_need_its_own_launch_but_another_ones() -> None:
    plan = Template("Plan", (Milestone("Brief", 5), Milestone("Go", 0)))
    launching.launch(ANA, OWN, Details("Spring", due=DUE), plan, lambda day: day.weekday() < 5)
    other = requested("Summer").item
    assert refused(UserError, lambda: hindrances.depend(ANA, OWN, "marops-2", "marops-1")) == (
        "M-2 is a step of M-1: that is done when its steps are. Say which other step must be done first."
    )
    hindrances.depend(ANA, OWN, "marops-2", "marops-3")
    hindrances.depend(ANA, OWN, "marops-2", other)
    hindrances.depend(ANA, OWN, "marops-1", "marops-2")
    assert len(hindrances.dependencies(VIC, OWN, "marops-2")) == 3
