"""The same work kept here and imported: likely twins are named, until somebody says that they are one, and count once, or two."""

from datetime import date

import pytest

from marops import item_rollups
from marops.audit import service as audit
from marops.errors import Conflict, Forbidden, NotFound, UserError
from marops.language import text
from marops.period import Comparison, Period, Scope
from marops.pipeline import choosing, details
from marops.pipeline.quality import Doubt
from marops.sources import service as sources
from marops.stages import usual
from marops.work import approving, commenting, hindrances, intake, launching, linking, moving, reading, restaging
from marops.work.details import Details
from marops.work.hindrances import Kind
from marops.work.plans import Milestone, Template
from marops.work.store import SameWork
from marops.workspaces import service as workspaces
from marops.workspaces.service import Unit
from marops.workspaces.store import OWN
from tests.clocks import stand
from tests.scorecard.made import at, fill
from tests.work.made import ANA, BO, DUE, LIA, VIC, facts, moved, read, refused, requested

MARCH = Scope(OWN, Period(date(2026, 3, 1), date(2026, 3, 31)), Comparison.NONE)
PLAN = Template("Plan", (Milestone("Brief", 5), Milestone("Go", 0, needs=("Brief",))))


@pytest.fixture
def imported() -> None:
    """An item of a tracker, in QA since 3 March."""
    more = {"issue_name": "SPRING  sale", "created_at": at(3, 1), "due_date": DUE}
    fill("work_item", [{"issue_id": "7", "issue_key": "MOP-7", **more}])
    fill("work_item_transition", [{"issue_id": "7", "status_sequence": 1, "status": "QA", "transition_at": at(3, 3)}])


def counted() -> list[str]:
    return item_rollups.work(facts())["issue_id"].to_list()


def linked(item: str, other: str = "MOP-7") -> SameWork:
    return linking.link(ANA, OWN, item, other)


def dismissed(item: str, other: str = "MOP-7") -> SameWork:
    return linking.dismiss(ANA, OWN, item, other)


def doubted() -> list[str]:
    """The keys that the data quality panel names."""
    return details.details(VIC, MARCH).doubts.filter(why=Doubt.TWIN)["found"].to_list()


def second() -> None:
    """Another item of that name, which a tracker delivers later."""
    fill("work_item", [{"issue_id": "8", "issue_key": "MOP-8", "issue_name": "Spring sale", "created_at": at(3, 2)}])


def twins() -> list[tuple[object, ...]]:
    return item_rollups.twins(facts()).rows()


def test_work_kept_here_and_imported_under_its_name_is_named_and_what_to_do_is_said(imported: None) -> None:
    item = intake.request(ANA, OWN, Details("Spring sale"), again=True).item
    assert (twins(), choosing.twins(VIC, OWN, item)) == ([(item, "7", "MOP-7")], (("7", "MOP-7"),))
    doubts = details.details(VIC, MARCH).doubts.filter(why=Doubt.TWIN)
    assert doubts.select("issue_id", "key", "found").rows() == [(item, "M-1", "MOP-7")]
    linked(item)
    assert (twins(), details.details(VIC, MARCH).doubts.filter(why=Doubt.TWIN).height) == ([], 0)


@pytest.mark.parametrize(
    ("there", "here", "are_twins"),
    [
        pytest.param({}, {}, True, id="nothing known but the name"),
        pytest.param({"issue_name": "Spring sale 2"}, {}, False, id="another name"),
        pytest.param({"campaign_name": "RTL_spring"}, {"campaign": "rtl_spring"}, True, id="one campaign"),
        pytest.param({"campaign_name": "RTL_spring"}, {"campaign": "RTL_autumn"}, False, id="two campaigns"),
        pytest.param({"campaign_name": "RTL_spring"}, {}, True, id="a campaign only there"),
        pytest.param({"business_unit": "Web"}, {"unit": "Retail"}, False, id="two units"),
        pytest.param({"business_unit": "Retail"}, {"unit": "Retail"}, True, id="one unit"),
        pytest.param({"resolved_at": at(3, 5), "current_status": "Done"}, {}, False, id="over before it was asked for"),
        pytest.param({"resolved_at": at(3, 12), "current_status": "Done"}, {}, True, id="over after it was asked for"),
    ],
)
def test_twins_have_one_name_and_no_other_campaign_or_unit_and_were_going_on_at_once(
    there: dict[str, object], here: dict[str, str], are_twins: bool
) -> None:
    workspaces.set_units(ANA, OWN, [Unit("Retail", "RTL_"), Unit("Web", "WEB_")])
    intake.request(ANA, OWN, Details("Spring sale", **here), again=True)  # pyright: ignore[reportArgumentType]
    stand(date(2026, 3, 20))
    fill("work_item", [{"issue_id": "7", "issue_name": "spring sale", "created_at": at(3, 1), **there}])
    assert twins() == ([("marops-1", "7", "7")] if are_twins else [])


def test_what_was_over_before_the_imported_work_began_is_no_twin() -> None:
    item = requested().item
    moved(item, "done")
    stand(date(2026, 3, 20))
    fill("work_item", [{"issue_id": "7", "issue_name": "Spring sale", "created_at": at(3, 15)}])
    assert twins() == []


def test_a_request_that_is_an_imported_item_counts_once_by_that_items_history(imported: None) -> None:
    item = intake.request(ANA, OWN, Details("Spring sale", due=DUE), again=True).item
    moved(item, "build")
    assert counted() == ["7", item]
    row = linked(item)
    assert item_rollups.work(facts()).select("issue_id", "stage", "since").rows() == [("7", "qa", at(3, 3))]
    assert set(item_rollups.stage_moves(facts())["issue_id"]) == {"7"}
    assert (read(item).counts_as, read(item).same, read("7").same, read("7").counts_as) == ("7", (row,), (row,), None)
    assert [one.counts_as for one in reading.items(VIC, OWN)] == ["7"]
    linking.withdraw(BO, OWN, row.id)
    assert counted() == ["7", item]
    assert (read(item).counts_as, read(item).same, read("7").same) == (None, (), ())


def test_what_was_said_of_either_stands_at_both_and_in_every_number_at_the_imported_one(imported: None) -> None:
    item, brief = (intake.request(ANA, OWN, Details(name), again=True).item for name in ("Spring sale", "Brief"))
    commenting.comment(LIA, OWN, item, "Kept")
    approving.ask(ANA, OWN, item, approvers=["Legal"])
    hindrances.flag(ANA, OWN, item, Kind.BLOCKED)
    hindrances.depend(ANA, OWN, item, brief)
    linked(item)
    commenting.comment(LIA, OWN, "7", "Imported")
    for name in (item, "7"):
        assert sorted(one.words for one in commenting.comments(VIC, OWN, name)) == ["Imported", "Kept"]
        assert len(approving.approvals(VIC, OWN, name)) == len(hindrances.flags(VIC, OWN, name)) == 1
        assert [one.needs for one in hindrances.dependencies(VIC, OWN, name)] == [brief]
    assert [one.item for one in approving.queue(VIC, OWN)] == ["7"]
    for found in (item_rollups.approvals, item_rollups.flags, item_rollups.dependencies):
        assert found(facts())["issue_id"].to_list() == ["7"]


def test_the_steps_of_a_launch_are_those_of_the_imported_item_and_wait_for_nobody_once_that_is_over(imported: None) -> None:
    launch = launching.launch(ANA, OWN, Details("Spring sale", due=DUE), PLAN, lambda _: True, again=True).item
    approving.ask(ANA, OWN, "marops-2", approvers=["Legal"])
    linked(launch)
    assert [step.name for step in read("7").steps] == [step.name for step in read(launch).steps] == ["Brief", "Go"]
    parent = read("marops-2").parent
    assert parent is not None
    assert (parent.id, parent.key) == ("7", "MOP-7")
    assert [(one.item, one.launch) for one in approving.queue(VIC, OWN)] == [("marops-2", "7")]
    assert refused(UserError, lambda: hindrances.depend(ANA, OWN, "marops-2", "7")).startswith("M-2 is a step of 7")
    assert moved("marops-3", "done").stage == usual().named("done")
    fill("work_item_transition", [{"issue_id": "7", "status_sequence": 2, "status": "Done", "transition_at": at(3, 9)}])
    assert approving.queue(VIC, OWN) == []


def test_it_is_moved_edited_and_withdrawn_no_more_and_the_refusal_says_who_said_so_and_what_to_do(imported: None) -> None:
    item = intake.request(ANA, OWN, Details("Spring sale"), again=True).item
    row = linked(item)
    said = str(
        text(
            "Ana said on {when} that M-1 is 7 of your tracker. Move and edit it there, or take that back on its page.",
            when=row.written_at,
        )
    )
    assert refused(Conflict, lambda: moving.move(BO, OWN, item, "build", seen=1)) == said
    assert refused(Conflict, lambda: intake.edit(BO, OWN, item, Details("Other"), version=1)) == said
    assert refused(Conflict, lambda: intake.withdraw(BO, OWN, item, reason="x")) == said


def test_once_the_import_is_undone_the_request_counts_itself_and_can_be_moved(imported: None) -> None:
    item = intake.request(ANA, OWN, Details("Spring sale"), again=True).item
    row = linked(item)
    for run in sources.imports(VIC, OWN):
        sources.undo(ANA, OWN, run.id)
    assert counted() == [item]
    assert (read(item).counts_as, read(item).same) == (None, (row,))
    assert moved(item, "build").stage == usual().named("build")


def test_what_can_be_no_imported_item_is_refused_with_the_reason(imported: None) -> None:
    launch = launching.launch(ANA, OWN, Details("Spring", due=DUE), PLAN, lambda _: True).item
    other = requested("Autumn").item
    assert refused(UserError, lambda: linked("marops-2")) == (
        "M-2 is a step, which counts in no number. Say it of its launch, M-1."
    )
    assert refused(UserError, lambda: linked(launch, other)) == (
        "M-4 is kept here, too. Name an imported item, or withdraw one of the two."
    )
    assert refused(UserError, lambda: linked(launch, " ")) == "Say which imported item it is, by its key or id."
    assert refused(NotFound, lambda: linked(launch, "MOP-8")).startswith("There is no item MOP-8 in this workspace.")
    assert refused(Conflict, lambda: linked("7")).startswith("7 comes from your tracker.")
    row = linked(launch)
    assert refused(Conflict, lambda: linked(launch)) == str(
        text("Ana said on {when} that M-1 is 7. Take that back on its page first.", when=row.written_at)
    )
    intake.withdraw(ANA, OWN, other, reason="x")
    assert refused(Conflict, lambda: linked(other)).startswith("Ana withdrew M-4 on ")


def test_two_that_need_each_other_are_not_one_until_one_of_them_does_no_more(imported: None) -> None:
    launch = launching.launch(ANA, OWN, Details("Spring", due=DUE), PLAN, lambda _: True).item
    direct = hindrances.depend(ANA, OWN, launch, "7")
    assert refused(UserError, lambda: linked(launch)) == (
        "As one item M-1 and 7 would need themselves: 7 → 7. Remove a dependency first."
    )
    hindrances.undepend(ANA, OWN, direct.id)
    hindrances.depend(ANA, OWN, "marops-2", "7")
    assert refused(UserError, lambda: linked(launch)) == (
        "As one item M-1 and 7 would need themselves: 7 → M-2 → 7. Remove a dependency first."
    )


def test_saying_so_and_taking_it_back_are_in_the_audit_trail_and_done_once(imported: None) -> None:
    item = intake.request(ANA, OWN, Details("Spring sale"), again=True).item
    row = linked(item)
    linking.withdraw(BO, OWN, row.id)
    assert refused(Conflict, lambda: linking.withdraw(ANA, OWN, row.id)).startswith("Bo withdrew it on ")
    undone, made = audit.entries(ANA, OWN, "same_work", row.id)
    assert (made.verb, made.principal_name, made.after["item"], made.after["imported"]) == ("link", "Ana", item, "7")
    assert (undone.verb, undone.principal_name, undone.before["imported"]) == ("withdraw", "Bo", "7")


def test_what_is_imported_work_is_neither_named_as_going_on_twice_nor_left_in_no_stage(imported: None) -> None:
    item = intake.request(ANA, OWN, Details("Spring sale"), again=True).item
    linked(item)
    assert refused(Conflict, requested) == (
        "Work of that name is going on: MOP-7. Look there first, or say that this is another one."
    )
    intake.request(ANA, OWN, Details("Autumn sale"))
    assert restaging.adrift(VIC, OWN, [stage for stage in usual().stages if stage.id != "request"]) == ("M-2",)


def test_what_somebody_says_are_two_is_named_no_more_and_each_counts_as_before(imported: None) -> None:
    item = intake.request(ANA, OWN, Details("Spring sale"), again=True).item
    assert (doubted(), counted()) == (["MOP-7"], ["7", item])
    row = dismissed(item)
    assert (row.item, row.imported, row.is_one, row.author, row.written_at.date()) == (item, "7", False, "Ana", date(2026, 3, 10))
    assert (twins(), choosing.twins(VIC, OWN, item), doubted(), counted()) == ([], (), [], ["7", item])
    assert (read(item).dismissed, read(item).same, read(item).counts_as) == ((row,), (), None)
    assert (read("7").dismissed, read("7").same) == ((), ())


def test_another_item_of_the_name_that_comes_later_is_named_and_so_is_the_item_at_another_request(imported: None) -> None:
    item = intake.request(ANA, OWN, Details("Spring sale"), again=True).item
    dismissed(item)
    second()
    assert (twins(), doubted()) == ([(item, "8", "MOP-8")], ["MOP-8"])
    other = intake.request(ANA, OWN, Details("Spring sale"), again=True).item
    assert twins() == [(item, "8", "MOP-8"), (other, "7", "MOP-7"), (other, "8", "MOP-8")]


def test_once_it_is_taken_back_that_they_are_two_they_are_named_again(imported: None) -> None:
    item = intake.request(ANA, OWN, Details("Spring sale"), again=True).item
    linking.withdraw(BO, OWN, dismissed(item).id)
    assert (twins(), doubted(), read(item).dismissed) == ([(item, "7", "MOP-7")], ["MOP-7"], ())


def test_two_that_were_told_apart_can_be_one_all_the_same_and_are_likely_again_once_that_is_taken_back(imported: None) -> None:
    item = intake.request(ANA, OWN, Details("Spring sale"), again=True).item
    apart = dismissed(item)
    second()
    other = dismissed(item, "MOP-8")
    row = linked(item)
    assert (counted(), read(item).counts_as, read(item).same, read(item).dismissed) == (["7", "8"], "7", (row,), (other,))
    withdrawn, made = audit.entries(ANA, OWN, "same_work", apart.id)
    assert [(one.verb, one.principal_name) for one in (made, withdrawn)] == [("dismiss", "Ana"), ("withdraw", "Ana")]
    linking.withdraw(ANA, OWN, row.id)
    assert twins() == [(item, "7", "MOP-7")]


def test_what_is_told_apart_by_a_key_stays_so_once_the_issue_is_imported_under_its_id() -> None:
    item = requested().item
    fill("work_item_transition", [{"issue_id": "MOP-7", "status_sequence": 1, "status": "QA", "transition_at": at(3, 3)}])
    row = dismissed(item, "mop-7")
    fill("work_item", [{"issue_id": "7", "issue_key": "MOP-7", "issue_name": "Spring sale", "created_at": at(3, 1)}])
    assert (row.imported, twins(), read(item).dismissed) == ("MOP-7", [], (row,))
    assert refused(Conflict, lambda: dismissed(item, "7")).endswith("already that M-1 and 7 are two.")
    linked(item)
    assert read(item).dismissed == ()


def test_what_is_told_apart_stays_so_when_its_import_is_undone_and_comes_again(imported: None) -> None:
    item = intake.request(ANA, OWN, Details("Spring sale"), again=True).item
    dismissed(item)
    runs = sources.imports(VIC, OWN)
    for run in runs:
        sources.undo(ANA, OWN, run.id)
    assert counted() == [item]
    for run in reversed(runs):
        sources.restore(ANA, OWN, run.id)
    assert (counted(), twins()) == (["7", item], [])


def test_that_they_are_two_is_said_once_by_who_may_edit_and_of_a_request_and_an_imported_item(imported: None) -> None:
    launch = launching.launch(ANA, OWN, Details("Spring", due=DUE), PLAN, lambda _: True).item
    for who in (VIC, LIA):
        assert refused(Forbidden, lambda who=who: linking.dismiss(who, OWN, launch, "7")).startswith(f"{who.name} is ")
    row = dismissed(launch)
    assert refused(Conflict, lambda: dismissed(launch, "7")) == str(
        text("Ana said on {when} already that M-1 and 7 are two.", when=row.written_at)
    )
    for who in (VIC, LIA):
        assert refused(Forbidden, lambda who=who: linking.withdraw(who, OWN, row.id)).startswith(f"{who.name} is ")
    linking.withdraw(BO, OWN, row.id)
    assert refused(Conflict, lambda: linking.withdraw(ANA, OWN, row.id)).startswith("Bo withdrew it on ")
    assert refused(UserError, lambda: dismissed("marops-2")).startswith("M-2 is a step,")
    assert refused(UserError, lambda: dismissed(launch, "marops-1")).startswith("M-1 is kept here, too.")
    assert refused(UserError, lambda: dismissed(launch, " ")) == "Say which imported item it is, by its key or id."
    assert refused(NotFound, lambda: dismissed(launch, "MOP-8")).startswith("There is no item MOP-8 in this workspace.")
    said = linked(launch)
    assert refused(Conflict, lambda: dismissed(launch)) == str(
        text("Ana said on {when} that M-1 is 7. Take that back on its page first.", when=said.written_at)
    )


def test_work_that_was_told_apart_is_moved_edited_and_asked_for_again_like_any_other(imported: None) -> None:
    item = intake.request(ANA, OWN, Details("Spring sale"), again=True).item
    commenting.comment(LIA, OWN, "7", "Imported")
    dismissed(item)
    assert moved(item, "build").stage == usual().named("build")
    assert commenting.comments(VIC, OWN, item) == []
    assert refused(Conflict, requested).startswith("Work of that name is going on: M-1 and MOP-7.")
    assert restaging.adrift(VIC, OWN, [stage for stage in usual().stages if stage.id != "build"]) == ("M-1",)
    hindrances.depend(ANA, OWN, item, "7")
    assert item_rollups.dependencies(facts()).rows() == [(item, "7")]
