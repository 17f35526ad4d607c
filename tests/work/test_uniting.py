"""Work kept here stands beside imported work in every number, and what was taken back stands in none."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, time, timedelta
from decimal import Decimal

import polars as pl
import pytest

from marops import item_rollups, store
from marops.errors import UserError
from marops.period import Comparison, Period, Scope
from marops.pipeline import details
from marops.pipeline import service as pipeline
from marops.pipeline.finishing import Order
from marops.stages import Category, Stage
from marops.work import approving, hindrances, intake, launching, moving
from marops.work.approvals import Answer, Mode
from marops.work.details import Details
from marops.work.hindrances import Kind
from marops.work.plans import Milestone, Template
from marops.workspaces import service as workspaces
from marops.workspaces.service import Unit
from marops.workspaces.store import OWN, load
from tests.clocks import stand
from tests.scorecard.made import at, fill
from tests.work.made import ANA, DUE, TODAY, VIC, facts, moved, read, refused, requested, seen

MARCH = Scope(OWN, Period(date(2026, 3, 1), date(2026, 3, 31)), Comparison.NONE)


@pytest.fixture
def imported() -> None:
    """One item of a tracker: built from 1 March on, in QA since the 3rd."""
    fill("work_item", [{"issue_id": "7", "issue_key": "MOP-7", "issue_name": "Old", "created_at": at(3, 1), "due_date": DUE}])
    moves = [
        {"issue_id": "7", "status_sequence": n, "status": w, "transition_at": at(3, d)}
        for n, w, d in ((1, "Build", 1), (2, "QA", 3))
    ]
    fill("work_item_transition", moves)


def on(day: int, change: Callable[[], object]) -> None:
    """Do something on a day of March 2026."""
    stand(date(2026, 3, day))
    change()


def test_a_request_stands_beside_imported_work_with_all_it_says(imported: None) -> None:
    workspaces.set_units(ANA, OWN, [Unit("Retail", "RTL_")])
    requested("Spring", campaign="RTL_spring", due=DUE, value_per_day=Decimal("12.50"), currency="EUR")
    columns = ["issue_id", "key", "name", "campaign_name", "unit", "due_date", "stage", "value_per_day", "currency_code"]
    assert item_rollups.work(facts()).select(columns).rows() == [
        ("7", "MOP-7", "Old", None, None, DUE, "qa", None, None),
        ("marops-1", "M-1", "Spring", "RTL_spring", "Retail", DUE, "request", 12.5, "EUR"),
    ]


def test_an_imported_id_that_reads_as_that_of_an_item_kept_here_is_another_items(imported: None) -> None:
    odd = ("marops-1", "tracker:marops-1", "marops-01")
    fill("work_item", [{"issue_id": one, "issue_name": f"Of {one}", "created_at": at(3, 2)} for one in odd])
    fill("work_item_transition", [
        {"issue_id": one, "status_sequence": 1, "status": "Build", "transition_at": at(3, 4)} for one in odd
    ])  # fmt: skip
    fill("flag_event", [{"issue_id": "marops-1", "flag_at": at(3, 5), "is_flagged": True, "kind": "blocked"}])
    requested("Kept")
    assert sorted(item_rollups.work(facts()).select("issue_id", "name", "stage").rows()) == [
        ("7", "Old", "qa"), ("marops-01", "Of marops-01", "build"), ("marops-1", "Kept", "request"),
        ("tracker:marops-1", "Of marops-1", "build"), ("tracker:tracker:marops-1", "Of tracker:marops-1", "build"),
    ]  # fmt: skip
    assert item_rollups.stage_visits(facts()).filter(issue_id="marops-1")["stage"].to_list() == ["request"]
    assert item_rollups.flags(facts())["issue_id"].to_list() == ["tracker:marops-1"]
    assert (read("marops-1").name, read("tracker:marops-1").name) == ("Kept", "Of marops-1")
    approving.ask(ANA, OWN, "tracker:marops-1", approvers=["Legal"])
    assert [one.item for one in approving.queue(VIC, OWN)] == ["tracker:marops-1"]
    moved("marops-1", "build")


def test_moves_and_visits_of_both_are_in_order_and_moving_back_is_a_visit_of_its_own(imported: None) -> None:
    item = requested().item
    for day, stage in ((11, "build"), (12, "qa"), (13, "build")):
        on(day, lambda stage=stage: moved(item, stage))
    moves = item_rollups.stage_moves(facts())
    assert moves.select("issue_id", "stage", pl.col("entered_at").dt.day()).rows() == [
        ("7", "build", 1), ("7", "qa", 3),
        ("marops-1", "request", 10), ("marops-1", "build", 11), ("marops-1", "qa", 12), ("marops-1", "build", 13),
    ]  # fmt: skip
    visits = item_rollups.stage_visits(facts()).filter(pl.col("issue_id") == item)
    assert visits.select("visit", "stage", pl.col("left_at").dt.day()).rows() == [
        (1, "request", 11), (2, "build", 12), (3, "qa", 13), (4, "build", None),
    ]  # fmt: skip


def test_an_undone_move_is_a_fact_for_no_number() -> None:
    item = requested().item
    on(11, lambda: moved(item, "execution"))
    (row,) = item_rollups.work(facts()).select("stage", pl.col("launched_at").dt.day()).rows()
    assert row == ("execution", 11)
    moving.undo(ANA, OWN, item, seen=2)
    assert item_rollups.work(facts()).select("stage", "launched_at").rows() == [("request", None)]
    assert item_rollups.stage_visits(facts()).select("stage", "left_at").rows() == [("request", None)]
    on(14, lambda: moved(item, "execution"))
    assert item_rollups.work(facts())["launched_at"].dt.day().to_list() == [14]


def test_work_reopened_after_its_end_is_not_done_and_launched_when_it_first_was() -> None:
    item = requested().item
    for day, stage in ((11, "execution"), (12, "done"), (13, "build")):
        on(day, lambda stage=stage: moved(item, stage))
    columns = "stage", "done_at", pl.col("launched_at").dt.day(), pl.col("since").dt.day()
    assert item_rollups.work(facts()).select(*columns).rows() == [("build", None, 11, 13)]


def test_work_that_is_done_was_launched_then_and_work_that_is_dropped_never() -> None:
    for name, stage in (("Spring", "done"), ("Autumn", "dropped")):
        item = requested(name).item
        on(12, lambda item=item, stage=stage: moved(item, "build", stage))
    columns = "stage", pl.col("done_at").dt.day(), pl.col("launched_at").dt.day()
    assert item_rollups.work(facts()).select(*columns).rows() == [("done", 12, 12), ("dropped", 12, None)]


def test_a_withdrawn_request_is_in_no_number_and_neither_is_what_was_asked_for_it(imported: None) -> None:
    item = requested().item
    approving.ask(ANA, OWN, item, approvers=["Legal"])
    hindrances.flag(ANA, OWN, item, Kind.BLOCKED)
    hindrances.depend(ANA, OWN, "7", item)
    intake.withdraw(ANA, OWN, item, reason="No budget")
    found = facts()
    assert item_rollups.work(found)["issue_id"].to_list() == ["7"]
    assert item_rollups.stage_moves(found)["issue_id"].unique().to_list() == ["7"]
    assert [
        frame.height for frame in (item_rollups.approvals(found), item_rollups.flags(found), item_rollups.dependencies(found))
    ] == [0, 0, 0]


def test_steps_of_a_launch_are_no_launches() -> None:
    plan = Template("Plan", (Milestone("Brief", 5, "request", "it"), Milestone("Go", 0, None, "", ("Brief",))))
    launching.launch(ANA, OWN, Details("Spring", due=DUE), plan, lambda day: day.weekday() < 5)
    moved("marops-2", "done")
    assert item_rollups.work(facts())["key"].to_list() == ["M-1"]
    assert item_rollups.stage_moves(facts())["issue_id"].to_list() == ["marops-1"]
    assert item_rollups.dependencies(facts()).rows() == [("marops-3", "marops-2")]


def test_approvers_are_waited_for_from_their_turn_to_their_answer() -> None:
    item = requested().item
    row = approving.ask(ANA, OWN, item, approvers=["Brand", "Legal", "Board"], in_turn=True)
    on(12, lambda: approving.decide(ANA, OWN, row.id, "Brand", Answer.APPROVED))
    columns = "approver", pl.col("asked_at").dt.day(), pl.col("decided_at").dt.day(), "decision", "is_next"
    assert item_rollups.approvals(facts()).select(*columns).rows() == [
        ("Brand", 10, 12, "approved", False), ("Legal", 12, None, None, True), ("Board", None, None, None, False),
    ]  # fmt: skip
    on(15, lambda: approving.decide(ANA, OWN, row.id, "Legal", Answer.DECLINED, note="x"))
    assert item_rollups.approvals(facts()).select(*columns).rows()[1:] == [
        ("Legal", 12, 15, "declined", False), ("Board", None, None, None, False),
    ]  # fmt: skip


def test_who_need_not_answer_any_more_is_waited_for_no_longer() -> None:
    row = approving.ask(ANA, OWN, requested().item, approvers=["A", "B"], mode=Mode.ANY)
    on(12, lambda: approving.decide(ANA, OWN, row.id, "A", Answer.APPROVED))
    columns = "approver", pl.col("decided_at").dt.day(), "decision", "is_next"
    assert item_rollups.approvals(facts()).select(*columns).rows() == [("A", 12, "approved", False), ("B", 12, None, False)]


def test_flags_hold_from_and_until() -> None:
    item = requested().item
    row = hindrances.flag(ANA, OWN, item, Kind.WAITING, role="Agency")
    hindrances.flag(ANA, OWN, item, Kind.BLOCKED)
    on(12, lambda: hindrances.lift(ANA, OWN, row.id))
    columns = "issue_id", "kind", "role", pl.col("from_at").dt.day(), pl.col("until_at").dt.day()
    assert sorted(item_rollups.flags(facts()).select(*columns).rows()) == [
        ("marops-1", "blocked", None, 10, None), ("marops-1", "waiting", "Agency", 10, 12),
    ]  # fmt: skip


def test_where_the_stages_have_changed_moves_mean_what_their_names_mean_now() -> None:
    moved(requested().item, "qa", "execution")
    workspaces.set_process(
        ANA, OWN, [Stage("look", "Look", Category.ACTIVE, "", ("qa",)), Stage("over", "Over", Category.DONE, "", ())]
    )
    assert item_rollups.stage_moves(facts()).select("stage", "status").rows() == [
        (None, "Request"), ("look", "QA"), (None, "Execution"),
    ]  # fmt: skip


def test_imported_work_is_worked_out_once_whatever_changes_here(imported: None) -> None:
    before = item_rollups._imported(facts())
    item = requested("Spring").item
    moved(item, "build")
    united = item_rollups.work(facts())
    assert united["stage"].to_list() == ["qa", "build"]
    workspaces.set_naming_rule(ANA, OWN, "{country}_{channel}")  # another revision, and nothing that work depends on
    assert item_rollups.work(facts()) is united
    assert item_rollups._imported(facts()) is before


def test_the_pipeline_shows_requests_and_knows_where_they_stand_up_to_today(imported: None) -> None:
    item = requested("Spring", due=date(2026, 3, 12)).item
    stand(date(2026, 3, 20))
    found = pipeline.flow(VIC, MARCH)
    assert found.items.select("name", pl.col("waiting").floor()).rows() == [("Old", 18.0), ("Spring", 10.0)]
    assert found.overdue.select("name", "late").rows() == [("Spring", 8)]
    assert found.told_until == date(2026, 3, 3)
    moved(item, "execution")
    assert pipeline.flow(VIC, MARCH).overdue.is_empty()
    assert seen(item) == 2


def test_without_kept_work_it_is_known_where_work_stands_up_to_the_last_day_of_the_data(imported: None) -> None:
    stand(date(2026, 3, 20))
    assert item_rollups.known_until(facts()) == at(3, 4)
    requested()
    assert item_rollups.known_until(facts()) == at(3, 21)


def test_what_was_created_last_is_known_though_a_move_of_days_to_come_cannot_be(imported: None) -> None:
    stand(date(2026, 3, 20))
    fill("work_item", [{"issue_id": "new", "current_status": "QA", "created_at": at(3, 10), "due_date": date(2027, 1, 1)}])
    fill("work_item_transition", [{"issue_id": "odd", "status_sequence": 1, "status": "Build", "transition_at": at(12, 30)}])
    assert item_rollups.known_until(facts()) == at(3, 11)
    assert pipeline.flow(VIC, MARCH).items["age"].min() >= 0


def test_what_is_due_today_is_not_late_before_the_day_is_over_and_a_new_request_has_not_waited() -> None:
    with store.writing() as session:
        load(session, OWN).today = None  # a clock that runs
    today = workspaces.open_workspace(VIC, OWN).today
    requested("Now", due=today)
    scope = Scope(OWN, Period(today, today), Comparison.NONE)
    found = pipeline.flow(VIC, scope)
    (waiting,) = found.items["waiting"]
    assert 0 <= waiting < 0.01
    assert found.risks.select("chance", "days_late").rows() == [(None, None)]
    assert found.late.value == 0


def test_a_launch_of_one_unit_waits_for_what_it_needs_of_another_whatever_the_scope_shows() -> None:
    """Retail launches something each working day, Web every second one, so Retail's open launch alone would be done tomorrow."""
    fill("work_item", [
        {"issue_id": f"{u}{n}", "campaign_name": f"{u}_{n}", "created_at": at(1, 1)} for u in "RW" for n in range(60)
    ])  # fmt: skip
    days = [at(1, 1) + timedelta(days=n) for n in range(60)]
    fill("work_item_transition", [
        {"issue_id": f"{u}{n}", "status_sequence": k, "status": status, "transition_at": day - timedelta(hours=2 - k)}
        for u in "RW" for n, day in enumerate(days) if u == "R" or n % 2 for k, status in enumerate(("Build", "Execution"))
    ])  # fmt: skip
    workspaces.set_units(ANA, OWN, [Unit("Retail", "R_"), Unit("Web", "W_")])
    launch, page = (requested(name, unit=unit).item for name, unit in (("Launch", "Retail"), ("Page", "Web")))
    first = pl.DataFrame(schema={"issue_id": pl.String, "place": pl.Int64})
    alone = details.details(VIC, replace(MARCH, unit="Retail")).finishes(Order.DUE, first).row(0, named=True)
    hindrances.depend(ANA, OWN, launch, page)
    for unit in (None, "Retail"):
        found = details.details(VIC, replace(MARCH, unit=unit)).finishes(Order.DUE, first)
        waits = found.row(by_predicate=pl.col("issue_id") == launch, named=True)
        assert (waits["team"], waits["teams"], alone["teams"]) == ("Retail", 2, 1)
        assert waits["p85"] > alone["p85"]
        assert found.filter(issue_id=page).height == (unit is None)


def test_what_changes_today_changes_nothing_of_the_past_that_dates_are_learned_from() -> None:
    """A request and its move leave the past as it was; a date of imported work that is another one does not."""
    days = [at(1, 1) + timedelta(days=n) for n in range(60)]
    moves = [
        {"issue_id": f"R{n}", "status_sequence": k, "status": status, "transition_at": day - timedelta(hours=2 - k)}
        for n, day in enumerate(days) for k, status in enumerate(("Build", "Execution"))
    ]  # fmt: skip
    fill("work_item_transition", moves)
    before = details.details(VIC, MARCH).dates
    moved(requested("Launch").item, "qa")
    after = details.details(VIC, MARCH).dates
    assert (after.standing.height, before.standing.height) == (1, 0)
    assert after.checked(Order.DUE) is before.checked(Order.DUE)
    fill("work_item", [{"issue_id": "R7", "due_date": date(2026, 1, 9), "created_at": at(1, 1)}])
    assert details.details(VIC, MARCH).dates.checked(Order.DUE) is not before.checked(Order.DUE)


def board(item: str) -> tuple[object, ...]:
    """Where the roll-ups say an item stands, since when, and whether it was launched and is done."""
    columns = "name", "stage", "since", pl.col("launched_at").is_not_null(), pl.col("done_at").is_not_null().alias("done")
    (found,) = item_rollups.work(facts()).filter(issue_id=item).select(*columns).rows()
    return found


def page(item: str) -> tuple[object, ...]:
    """The same, as the item's page has it."""
    found, process = read(item), workspaces.open_workspace(VIC, OWN).process
    stage = found.stage.id if found.stage else None
    return found.name, stage, found.since, found.is_launched(process), found.is_done(process)


@pytest.mark.parametrize(
    ("known", "log", "stands"),
    [
        pytest.param({"current_status": "QA"}, [], ("qa", None), id="a status and no move"),
        pytest.param({"current_status": "QA"}, [("Somewhere", 2, None)], ("qa", 2), id="a move to a word that is not known"),
        pytest.param({}, [("Build", 2, None), ("In development", 3, None)], ("build", 2), id="words for one stage"),
        pytest.param({}, [("Build", 2, "complete"), ("QA", 3, "start")], ("build", 2), id="a step that only began"),
        pytest.param({}, [("Execution", 2, None), ("Done", 3, None)], ("done", 3), id="done"),
    ],
)
def test_the_page_of_an_imported_item_says_what_the_board_says(
    known: dict[str, str], log: list[tuple[str, int, str | None]], stands: tuple[str, int | None]
) -> None:
    fill("work_item", [{"issue_id": "7", "issue_name": "Old", "created_at": at(3, 1), **known}])
    moves = [
        {"issue_id": "7", "status_sequence": n, "status": word, "transition_at": at(3, day), "lifecycle": said}
        for n, (word, day, said) in enumerate(log, 1)
    ]
    if moves:
        fill("work_item_transition", moves)
    assert page("7") == board("7")
    assert (page("7")[1], page("7")[2]) == (stands[0], stands[1] and at(3, stands[1]))
    assert [move.status for move in read("7").moves] == [word for word, _, said in log if said != "start"]


def test_the_page_of_a_kept_item_says_what_the_board_says_even_where_two_stages_have_become_one() -> None:
    item = requested().item
    for day, stage in ((11, "build"), (12, "qa")):
        on(day, lambda stage=stage: moved(item, stage))
    assert page(item) == board(item)
    one = Stage("make", "Make", Category.ACTIVE, "", ("build", "qa"))
    workspaces.set_process(ANA, OWN, [one, Stage("over", "Over", Category.DONE, "", ())])
    assert page(item) == board(item)
    assert page(item)[1:3] == ("make", read(item).moves[1].at)


def test_a_launch_in_the_evening_of_the_day_promised_is_on_time_where_the_workspace_works() -> None:
    hours = {"weekdays": range(5), "begins": time(9), "ends": time(17), "holidays": []}
    fill("work_item", [
        {"issue_id": issue, "issue_name": issue, "created_at": at(3, 1), "due_date": date(2026, 3, 5)} for issue in ("1", "2")
    ])  # fmt: skip
    fill("work_item_transition", [
        {"issue_id": issue, "status_sequence": 1, "status": "Execution", "transition_at": at(3, 6, hour)}
        for issue, hour in (("1", 2.5), ("2", 3.5))
    ])  # fmt: skip
    assert pipeline.flow(VIC, MARCH).on_time.value == 0
    workspaces.set_calendar(ANA, OWN, zone="America/Sao_Paulo", **hours)
    assert pipeline.flow(VIC, MARCH).on_time.value == 0.5
    assert pipeline.flow(VIC, MARCH).launches.select("on_time", "late").rows() == [(1, 1)]


def test_the_day_by_which_dates_have_passed_is_that_of_the_calendars_zone_unless_the_clock_stands() -> None:
    hours = {"weekdays": range(5), "begins": time(9), "ends": time(17), "holidays": []}

    def day(zone: str) -> date:
        workspaces.set_calendar(ANA, OWN, zone=zone, **hours)
        return workspaces.open_workspace(VIC, OWN).local_day

    first, last = "Pacific/Kiritimati", "Etc/GMT+12"  # where a day begins first, and last: never the same one
    assert day(first) == day(last) == TODAY
    with store.writing() as session:
        own = load(session, OWN)
        own.today = None
        session.add(own)
    assert day(first) - day(last) in {timedelta(days=1), timedelta(days=2)}
    assert day("UTC") == workspaces.open_workspace(VIC, OWN).today
    assert refused(UserError, lambda: day("localtime")) == "localtime is no time zone. Choose one as America/Sao_Paulo."
