"""Whose work is looked at: a person's, nobody's, or what a role must act on now; exact on work made by hand."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from marops.errors import Forbidden
from marops.period import Comparison, Period, Scope
from marops.pipeline import choosing, details, roles, service
from marops.pipeline.finishing import Order
from marops.pipeline.scoped import ALL, NOBODY, Chosen
from marops.principal import LOCAL_ADMIN, Principal, Role
from marops.work import approving, intake, launching
from marops.work.approvals import Answer
from marops.work.details import Details
from marops.workspaces import service as workspaces
from marops.workspaces.service import Unit
from marops.workspaces.store import OWN, SAMPLE
from tests.clocks import stand
from tests.scorecard.made import at, fill

HERE = Scope(OWN, Period(date(2026, 1, 1), date(2026, 1, 31)), Comparison.NONE)
ANA, BEN, NONE = Chosen("Ana"), Chosen("Ben"), Chosen(NOBODY)
MARKETING, IT, LEGAL = Chosen(role="Marketing operations"), Chosen(role="IT / martech"), Chosen(role="Legal")


def put() -> None:
    """Six campaigns, all due on 15 January. Ana's: one is built, one was launched on the 5th, one is tested. Ben's: one is built,
    one was launched on the 20th. Nobody's: one was requested. It is the 21st.
    """
    stand(date(2026, 1, 21))
    work = {
        "a1": ("Ana", [("Request", 1), ("Build", 3)]), "a2": ("Ana", [("Request", 1), ("Build", 2), ("Execution", 5)]),
        "a3": ("Ana", [("Build", 1), ("QA", 4)]), "b1": ("Ben", [("Build", 6)]),
        "b2": ("Ben", [("Build", 1), ("Execution", 20)]), "n1": (None, [("Request", 21)]),
    }  # fmt: skip
    fill("work_item", [
        {"issue_id": key, "issue_name": key.upper(), "campaign_name": f"RTL_{key}" if key[0] == "a" else f"B2B_{key}",
         "assignee_user_id": who, "created_at": at(1, steps[0][1]), "due_date": date(2026, 1, 15)}
        for key, (who, steps) in work.items()
    ])  # fmt: skip
    fill("work_item_transition", [
        {"issue_id": key, "status_sequence": n, "status": status, "transition_at": at(1, day), "role": None}
        for key, (_, steps) in work.items() for n, (status, day) in enumerate(steps, 1)
    ])  # fmt: skip


@pytest.fixture(autouse=True)
def _prepared(home: Path) -> None:
    put()


def flow(chosen: Chosen, scope: Scope = HERE) -> service.Flow:
    return service.flow(LOCAL_ADMIN, scope, chosen)


def standing(chosen: Chosen) -> list[str]:
    """What is on the board before launch."""
    found = flow(chosen)
    stages = [stage.id for stage in found.process.before_launch]
    return sorted(item for item, stage in found.items.select("issue_id", "stage").iter_rows() if stage in stages)


def finished(chosen: Chosen) -> list[str]:
    return sorted(details.details(LOCAL_ADMIN, HERE, chosen=chosen).launched["issue_id"])


def aged(chosen: Chosen) -> list[str]:
    return sorted(details.details(LOCAL_ADMIN, HERE, chosen=chosen).ageing["issue_id"])


def test_everything_is_there_where_nobody_is_chosen() -> None:
    assert standing(ALL) == ["a1", "a3", "b1", "n1"]
    assert finished(ALL) == ["a2", "b2"]
    assert flow(ALL) is service.flow(LOCAL_ADMIN, HERE)


def test_a_persons_work_is_what_is_assigned_to_the_person_in_every_measure() -> None:
    found = flow(ANA)
    assert (found.count, found.late.value, found.in_preparation.value, found.on_time.value) == (3, 2, 2, 1 / 3)
    assert (flow(BEN).count, flow(BEN).late.value, flow(BEN).in_preparation.value, flow(BEN).on_time.value) == (2, 1, 1, 0.0)
    assert sorted(found.risks["issue_id"]) == ["a1", "a3"]
    assert (finished(ANA), aged(ANA)) == (["a2"], ["a1", "a3"])
    assert (finished(BEN), aged(BEN)) == (["b2"], ["b1"])
    held = roles.held(LOCAL_ADMIN, HERE, ANA)
    assert sorted(held.by_stage.select("stage", "days", "ongoing_days").rows()) == [
        ("build", 6.0, 19.0), ("qa", 0.0, 18.0), ("request", 3.0, 0.0),
    ]  # fmt: skip


def test_nobodys_work_is_what_has_no_assignee() -> None:
    found = flow(NONE)
    assert (found.count, found.late.value, found.in_preparation.value) == (1, 1, 1)
    assert standing(NONE) == ["n1"]
    assert details.details(LOCAL_ADMIN, HERE, chosen=NONE).launched.is_empty()


def test_a_role_chooses_of_what_stands_now_and_leaves_what_has_happened() -> None:
    assert standing(MARKETING) == ["a1", "b1"]
    assert standing(IT) == ["a3"]
    found = flow(MARKETING)
    assert (found.late.value, found.in_preparation.value, sorted(found.risks["issue_id"])) == (2, 2, ["a1", "b1"])
    assert aged(MARKETING) == ["a1", "b1"]
    assert finished(MARKETING) == finished(ALL)
    assert (found.on_time.value, found.count) == (1 / 6, 6)
    assert found.stage_times.equals(flow(ALL).stage_times)
    assert found.launches.equals(flow(ALL).launches)


def test_a_person_and_a_role_choose_together() -> None:
    both = Chosen("Ana", "Marketing operations")
    assert standing(both) == ["a1"]
    assert finished(both) == ["a2"]
    nothing = flow(Chosen("Ben", "IT / martech"))
    assert (nothing.items.is_empty(), nothing.late.value, nothing.in_preparation.value) == (True, 0, 0)


def test_a_pending_approver_must_act_before_the_role_of_the_stage() -> None:
    stand(date(2026, 1, 20))
    row = approving.ask(LOCAL_ADMIN, OWN, "a1", approvers=["Legal", "IT / MARTECH"], in_turn=True)
    stand(date(2026, 1, 21))
    assert (standing(LEGAL), standing(MARKETING), standing(IT)) == (["a1"], ["b1"], ["a3"])
    assert [one.approver for one in choosing.desk(LOCAL_ADMIN, HERE, LEGAL).waiting] == ["Legal"]
    assert choosing.desk(LOCAL_ADMIN, HERE, IT).waiting == ()
    approving.decide(LOCAL_ADMIN, OWN, row.id, "Legal", Answer.APPROVED)
    assert (standing(LEGAL), standing(MARKETING), standing(IT)) == ([], ["b1"], ["a1", "a3"])
    assert [one.approver for one in choosing.desk(LOCAL_ADMIN, HERE, IT).waiting] == ["IT / MARTECH"]


def test_of_approvers_side_by_side_each_has_the_approval_and_one_is_charged() -> None:
    stand(date(2026, 1, 20))
    approving.ask(LOCAL_ADMIN, OWN, "a1", approvers=["Legal", "Brand"])
    stand(date(2026, 1, 21))
    brand = Chosen(role="Brand")
    assert (standing(brand), standing(LEGAL)) == (["a1"], [])
    assert [choosing.desk(LOCAL_ADMIN, HERE, of).waiting[0].approver for of in (brand, LEGAL)] == ["Brand", "Legal"]


def test_what_can_be_chosen_is_who_has_work_and_who_must_act() -> None:
    assert choosing.persons(LOCAL_ADMIN, OWN) == (NOBODY, "Ana", "Ben")
    approving.ask(LOCAL_ADMIN, OWN, "a1", approvers=["Legal", "brand and legal"])
    assert choosing.acting(LOCAL_ADMIN, HERE) == (
        "Campaign manager", "Marketing operations", "IT / martech", "Data office", "Brand and legal", "Legal",
    )  # fmt: skip
    assert choosing.known(LOCAL_ADMIN, HERE, "Ana", "Legal") == Chosen("Ana", "Legal")
    assert choosing.known(LOCAL_ADMIN, HERE, "Somebody", "Nothing") == ALL


def test_the_desk_obeys_unit_person_and_role() -> None:
    workspaces.set_units(LOCAL_ADMIN, OWN, [Unit("Retail", "RTL_"), Unit("Business", "B2B_")])
    kept = intake.request(LOCAL_ADMIN, OWN, Details("Sale", unit="Retail")).item
    gone = intake.request(LOCAL_ADMIN, OWN, Details("Gone", campaign="RTL_gone")).item
    intake.withdraw(LOCAL_ADMIN, OWN, gone, reason="x")
    for item in (kept, "a1", "b1"):
        approving.ask(LOCAL_ADMIN, OWN, item, approvers=["Legal"])

    def on_desk(unit: str | None, chosen: Chosen) -> tuple[set[str], set[str]]:
        found = choosing.desk(LOCAL_ADMIN, Scope(OWN, HERE.period, unit=unit), chosen)
        assert not found.is_empty
        return {one.item for one in found.waiting}, {item.id for item in found.kept}

    assert on_desk(None, ALL) == ({kept, "a1", "b1"}, {kept, gone})
    assert on_desk("Retail", ALL) == ({kept, "a1"}, {kept, gone})
    assert on_desk("Business", ALL) == ({"b1"}, set())
    assert on_desk(None, ANA) == ({"a1"}, set())
    assert on_desk(None, NONE) == ({kept}, {kept, gone})
    stand(date(2026, 1, 22))
    assert on_desk(None, LEGAL) == ({kept, "a1", "b1"}, {kept})
    assert on_desk("Retail", Chosen("Ana", "Legal")) == ({"a1"}, set())
    assert on_desk(None, Chosen(role="Campaign manager")) == (set(), set())


def test_an_approval_of_a_step_is_of_its_launchs_unit() -> None:
    workspaces.set_units(LOCAL_ADMIN, OWN, [Unit("Retail", "RTL_"), Unit("Business", "B2B_")])
    template = launching.templates(LOCAL_ADMIN, OWN)[0].template
    launching.launch(LOCAL_ADMIN, OWN, Details("Launch", unit="Retail", due=date(2026, 6, 1)), template, lambda _: True)
    approving.ask(LOCAL_ADMIN, OWN, "marops-2", approvers=["Legal"])
    for unit, waiting in (("Retail", ["marops-2"]), ("Business", [])):
        found = choosing.desk(LOCAL_ADMIN, Scope(OWN, HERE.period, unit=unit))
        assert [one.item for one in found.waiting] == waiting


def test_who_may_not_read_may_not_choose() -> None:
    for call in (
        lambda who: choosing.persons(who, OWN), lambda who: choosing.acting(who, HERE),
        lambda who: choosing.known(who, HERE, None, None), lambda who: choosing.desk(who, HERE),
    ):  # fmt: skip
        with pytest.raises(Forbidden):
            call(Principal("x", "Somebody", Role.NOBODY))


def test_a_campaigns_chance_place_and_limit_are_the_same_whoevers_work_is_looked_at(sample_home: Path) -> None:
    scope = Scope(SAMPLE, Period(date(2025, 11, 1), date(2026, 10, 31)))
    all_, hers = service.flow(LOCAL_ADMIN, scope), service.flow(LOCAL_ADMIN, scope, Chosen(person="creative"))
    assert 0 < hers.risks.height < all_.risks.height
    assert hers.risks.equals(all_.risks.filter(pl.col("assignee") == "creative"))
    limits = [found.items.select("issue_id", "assignee", "limit") for found in (all_, hers)]
    assert limits[1].equals(limits[0].filter(pl.col("assignee") == "creative"))
    assert hers.checked == all_.checked


@pytest.mark.parametrize("chosen", [Chosen(person="creative"), Chosen(person="it-data"), Chosen(role="Data office"), "Retail"])
@pytest.mark.parametrize("order", Order)
def test_dates_chances_and_places_are_the_same_whatever_is_looked_at(sample_home: Path, chosen: Chosen | str, order: Order) -> None:
    period = Period(date(2025, 11, 1), date(2026, 10, 31))
    all_ = details.details(LOCAL_ADMIN, Scope(SAMPLE, period)).finishes(
        order, service.flow(LOCAL_ADMIN, Scope(SAMPLE, period)).places
    )
    scope, who = (Scope(SAMPLE, period, unit=chosen), Chosen()) if isinstance(chosen, str) else (Scope(SAMPLE, period), chosen)
    found = details.details(LOCAL_ADMIN, scope, chosen=who).finishes(order, service.flow(LOCAL_ADMIN, scope, who).places)
    assert found.height > 0
    assert found.equals(all_.join(found.select("issue_id"), on="issue_id", how="semi", maintain_order="left"))
    risks = service.flow(LOCAL_ADMIN, scope, who).risks
    everybodys = service.flow(LOCAL_ADMIN, Scope(SAMPLE, period)).risks
    assert risks.equals(everybodys.join(risks.select("issue_id"), on="issue_id", how="semi", maintain_order="left"))
