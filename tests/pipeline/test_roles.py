"""Roles of a workspace: a matrix that is set whole, on record, and never over somebody else's; who holds the work."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from marops import item_rollups, rollups, store
from marops.audit import service as audit
from marops.errors import Conflict, Forbidden, NotFound, UserError
from marops.findings import Severity
from marops.language import Reader
from marops.period import Period, Scope
from marops.pipeline import role_figures, roles, service
from marops.pipeline.raci import Actor, Cell, Matrix
from marops.pipeline.roles import Written
from marops.principal import LOCAL_ADMIN, Principal, Role
from marops.workspaces import service as workspaces
from marops.workspaces.store import OWN, SAMPLE, Workspace
from tests.scorecard.looked_at import READERS, is_readable
from tests.scorecard.made import at, fill

TWO = [Written(" Campaign  lead ", "marketing", {"request": "ar", "qa": "i"}), Written("Martech", "it", {"qa": "R A", "build": ""})]
KEPT = Matrix(
    (Actor("Campaign lead", "marketing"), Actor("Martech", "it")),
    (Cell("qa", "Campaign lead", "I"), Cell("request", "Campaign lead", "RA"), Cell("qa", "Martech", "RA")),
)


def revision() -> str:
    return workspaces.open_workspace(LOCAL_ADMIN, OWN).workspace.revision


def test_a_matrix_is_kept_as_it_was_written_until_the_default_is_wanted_back(home: Path, admin: Principal) -> None:
    before = revision()
    assert roles.matrix(admin, OWN) is None
    roles.set_matrix(admin, OWN, TWO, seen=None)
    assert roles.matrix(admin, OWN) == KEPT
    assert revision() != before
    roles.set_matrix(admin, OWN, None, seen=KEPT)
    assert roles.matrix(admin, OWN) is None


def test_a_change_of_the_matrix_is_on_record_with_what_it_was_before(home: Path, admin: Principal) -> None:
    roles.set_matrix(admin, OWN, TWO, seen=None)
    roles.set_matrix(admin, OWN, TWO[:1], seen=KEPT)
    last, first = audit.entries(admin, OWN, "raci")
    lead = {"name": "Campaign lead", "side": "marketing", "letters": {"request": "RA", "qa": "I"}}
    martech = {"name": "Martech", "side": "it", "letters": {"qa": "RA"}}
    assert (first.before, first.after) == ({"roles": []}, {"roles": [lead, martech]})
    assert (last.before, last.after, last.principal_name) == ({"roles": [lead, martech]}, {"roles": [lead]}, "Local admin")


def test_of_two_who_change_the_same_matrix_the_second_is_told(home: Path, admin: Principal) -> None:
    roles.set_matrix(admin, OWN, TWO, seen=None)
    before = revision()
    with pytest.raises(Conflict, match=r"^Somebody has changed who does what since you opened it\."):
        roles.set_matrix(admin, OWN, TWO[:1], seen=None)
    assert (roles.matrix(admin, OWN), revision()) == (KEPT, before)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ([], "there must be at least one role"),
        ([Written(" ", "it", {})], "Every role needs a name"),
        ([Written("Martech", "it", {}), Written("MARTECH ", "", {})], "no two the same"),
        ([Written("x" * 201, "it", {})], "names of at most 200 characters"),
        ([Written(f"role {n}", "", {}) for n in range(41)], "at most 40 roles"),
        ([Written("Sales", "sales", {})], "sales is no side a role can be on"),
        ([Written("Martech", "it", {"qa": "RX"})], "RX at Martech is more than the letters R, A, C, and I"),
    ],
)
def test_what_is_no_matrix_is_refused_and_nothing_changes(home: Path, admin: Principal, written: list[Written], says: str) -> None:
    before = revision()
    with pytest.raises(UserError, match=says):
        roles.set_matrix(admin, OWN, written, seen=None)
    assert (roles.matrix(admin, OWN), revision()) == (None, before)


def test_a_workspace_that_is_not_there_has_no_matrix(home: Path, admin: Principal) -> None:
    with pytest.raises(NotFound):
        roles.matrix(admin, "gone")


# Who holds the work

HERE = Scope(OWN, Period(date(2026, 1, 1), date(2026, 3, 31)))


def put(moves: dict[str, list[tuple[str, int, str | None]]], **items: dict) -> None:
    """Work that entered statuses on days of January, and who acts from then on."""
    fill("work_item", [{"issue_id": key, "issue_name": f"Item {key}", "created_at": at(1, steps[0][1]), **items.get(key, {})}
                       for key, steps in moves.items()])  # fmt: skip
    fill("work_item_transition", [
        {"issue_id": key, "status_sequence": n, "status": status, "transition_at": at(1, day), "role": role}
        for key, steps in moves.items() for n, (status, day, role) in enumerate(steps, 1)
    ])  # fmt: skip


def held(scope: Scope = HERE) -> roles.Held:
    return roles.held(LOCAL_ADMIN, scope)


MOVES = {
    "a": [("Request", 1, None), ("Build", 3, " it "), ("QA", 7, None), ("Execution", 10, None)],
    "b": [("Request", 5, None), ("QA", 9, "Agency X")],
}


def test_time_before_launch_is_charged_to_who_the_log_names_and_else_by_the_matrix(home: Path) -> None:
    put(MOVES)
    found = held()
    # The data end with 10 January: b has been in QA for the 9th and the 10th.
    assert sorted(found.by_stage.rows()) == [
        ("build", "it", 4.0, 1, 0.0, 0), ("qa", "Agency X", 0.0, 0, 2.0, 1), ("qa", "IT / martech", 3.0, 1, 0.0, 0),
        ("request", "Campaign manager", 6.0, 2, 0.0, 0),
    ]  # fmt: skip
    assert found.roles == ("Campaign manager", "IT / martech", "it", "Agency X")
    assert (found.strangers, found.sides["it"], found.sides["Agency X"]) == (("Agency X", "it"), "it", "")
    # a goes from the campaign manager (marketing) to IT, who has it until launch; b to an agency whose side nobody has said.
    assert found.crossings.rows() == [("marketing", "it", 1, 0, 7.0)]
    assert found.now.select("role", "items", "oldest", "case", "value").rows() == [("Agency X", 1, 2.0, "Item b", None)]
    assert found.as_of == date(2026, 1, 10)


def test_a_matrix_that_is_set_changes_whose_time_it_is(home: Path, admin: Principal) -> None:
    put(MOVES)
    assert held().is_default
    written = [Written("agency x", "agency", {"request": "RA"}), Written("Makers", "it", {"build": "RA"})]
    roles.set_matrix(admin, OWN, written, seen=None)
    found = held()
    assert not found.is_default
    assert sorted(found.by_stage.select("stage", "role", "days", "ongoing_days").rows(), key=str) == [
        ("build", "it", 4.0, 0.0), ("qa", "agency x", 0.0, 2.0), ("qa", None, 3.0, 0.0), ("request", "agency x", 6.0, 0.0),
    ]  # fmt: skip
    assert (found.roles, found.strangers) == (("agency x", "it", None), ("it",))
    assert "QA is unowned: nobody answers for it. Give one role an A." in [str(flaw.said) for flaw in found.flaws]


def test_only_the_days_of_the_period_count_and_what_is_now_is_of_the_end_of_the_data(home: Path) -> None:
    put(MOVES)
    found = held(Scope(OWN, Period(date(2026, 1, 6), date(2026, 1, 8))))
    assert sorted(found.by_stage.select("stage", "role", "days", "ongoing_days").rows()) == [
        ("build", "it", 1.0, 0.0), ("qa", "IT / martech", 2.0, 0.0), ("request", "Campaign manager", 3.0, 0.0),
    ]  # fmt: skip
    assert found.handoffs.select("role", "next_role", "times").rows() == [("it", "IT / martech", 1)]
    assert found.passed_on("it", "IT / martech").height == 1
    assert found.passed_on("IT / martech", "it").is_empty()
    assert found.now["case"].to_list() == ["Item b"]
    later = held(Scope(OWN, Period(date(2026, 2, 1), date(2026, 2, 28))))
    assert (later.by_stage.height, later.handoffs.height, later.crossings.height, later.bottleneck) == (0, 0, 0, None)
    assert str(later.conclusion) == "Nothing waited for anybody in these days."


def test_values_are_added_in_the_reporting_currency_where_they_are_known(home: Path) -> None:
    worth = {"value_per_day": 100, "currency_code": "EUR"}
    put({name: [("Request", 1, None)] for name in "abc"}, a=worth, b={**worth, "currency_code": "XXX"})
    assert held().now.select("items", "value", "valued").rows() == [(3, 100.0, 1)]
    assert held().currency == "EUR"


def test_what_is_left_out_or_stands_in_no_stage_is_said(home: Path) -> None:
    put({"a": [("Request", 1, None), ("Parked", 3, None)], "b": [("Request", 2, None)]})
    with store.writing() as session:
        own = session.get_one(Workspace, OWN)
        own.today = date(2026, 1, 4)
        own.touch()
    fill("work_item_transition", [
        {"issue_id": "late", "status_sequence": 1, "status": "Request", "transition_at": at(2, 1)},
    ])  # fmt: skip
    found = held()
    assert (found.left_out, found.elsewhere) == (1, 1)
    assert [str(doubt) for doubt in found.doubts] == [
        "Whose move it is follows from the default matrix (Who does what, below): nobody has set another.",
        "1 item is left out: a moment of it is missing or cannot be.",
        "1 item is in a status that is no stage: nobody's move is known there.",
    ]
    # What "late" says of February cannot be: the data end with 3 January.
    assert found.by_stage.rows() == [("request", "Campaign manager", 2.0, 1, 2.0, 1)]


def test_the_bottleneck_is_named_with_its_evidence(home: Path) -> None:
    # From 1 January on an item a day: one day with the campaign manager, five and more with IT.
    put({f"{n:02}": [("Request", n, None), ("QA", n + 1, None), ("Execution", n + 6 + n % 2, None)] for n in range(1, 23)}
        | {"late": [("Request", 5, None), ("QA", 28, "IT / martech")]})  # fmt: skip
    found = held()
    # IT: 11 items for 6 days (odd) and 11 for 5 (even), and one for the 28th so far; the campaign manager: 22 and 23 days.
    assert found.share("IT / martech") == pytest.approx((66 + 55 + 1) / (122 + 45))
    assert str(found.conclusion) == (
        "IT / martech is the bottleneck: it holds 73% of the days before launch. 1 item is there now, for 1 d: Item late. "
        "The data are too young to tell whether its queue grew."
    )
    (said,) = service.findings(LOCAL_ADMIN, HERE)
    assert (said.key, str(said.owner), said.severity) == ("pipeline:bottleneck", "IT", Severity.WATCH)
    assert str(said.what) == "IT / martech is where work waits: 73% of the days before launch."
    assert str(said.cause) == "1 item is there now, for 1 d: Item late. The data are too young to tell whether its queue grew."


def test_a_cell_of_the_field_opens_the_items_behind_it(home: Path) -> None:
    put({f"{n}": [("Request", n, None), ("QA", n + 1, None), ("Execution", n + 6 + n % 2, None)] for n in range(1, 4)})
    found, reader = held(), READERS[0]
    assert found.of("qa", "IT / martech").select("issue_id", "days", "open").rows() == [
        ("1", 6.0, False), ("3", 6.0, False), ("2", 5.0, False),
    ]  # fmt: skip
    assert found.of("qa", None).is_empty()
    opening = role_figures.stage_by_role(found, reader).figure.data[-1]
    cells = {role_figures.cell_of(key) for _, key in opening.customdata}
    assert cells == {("request", "Campaign manager"), ("qa", "IT / martech")}
    by_cell = {(row["stage"], row["role"]): row["days"] for row in found.by_stage.iter_rows(named=True)}
    assert by_cell == {cell: found.of(*cell)["days"].sum() for cell in cells}


def test_few_items_name_no_bottleneck(home: Path) -> None:
    put(MOVES)
    assert str(held().conclusion) == "2 items are too few to name a bottleneck: it takes 20."


def test_the_sample_companys_bottleneck_is_too_close_to_tell(sample_home: Path) -> None:
    found = held(Scope(SAMPLE, Period(date(2025, 11, 1), date(2026, 10, 31))))
    assert str(found.conclusion) == (
        "IT / martech and Marketing operations hold the most days before launch, 39% and 39%: "
        "too close to tell which is the bottleneck."
    )


def test_all_time_of_the_sample_company_before_launch_is_held_by_somebody(sample_home: Path) -> None:
    scope = Scope(SAMPLE, Period(date(2024, 1, 1), date(2026, 10, 31)))
    found = held(scope)
    opened = workspaces.open_workspace(LOCAL_ADMIN, SAMPLE)
    before = [stage.id for stage in opened.process.before_launch]
    visits = item_rollups.stage_visits(rollups.facts(opened)).filter(pl.col("stage").is_in(before))
    left = pl.coalesce("left_at", pl.lit(at(11, 1)))
    days = visits.select(((left - pl.col("entered_at")).dt.total_microseconds() / 86_400e6).sum()).item()
    assert found.by_stage.select((pl.col("days") + pl.col("ongoing_days")).sum()).item() == pytest.approx(days)
    assert found.now["items"].sum() == visits["left_at"].null_count()


def test_who_may_not_read_is_refused(home: Path) -> None:
    with pytest.raises(Forbidden):
        roles.held(Principal("x", "Somebody", Role.NOBODY), HERE)


# Figures


@pytest.mark.parametrize("reader", READERS)
def test_the_figures_of_the_sample_company_are_readable(sample_home: Path, reader: Reader) -> None:
    found = held(Scope(SAMPLE, Period(date(2025, 11, 1), date(2026, 10, 31))))
    is_readable(role_figures.stage_by_role(found, reader), rows=5)
    is_readable(role_figures.handoffs(found, reader), rows=5)


def test_the_figures_of_nothing_say_so(home: Path) -> None:
    by_stage, passed = (draw(held(), READERS[0]) for draw in (role_figures.stage_by_role, role_figures.handoffs))
    is_readable(by_stage, rows=0)
    is_readable(passed, rows=0)
    assert str(by_stage.title) == "Nobody held work in these days"
    assert str(passed.title) == "No work passed from one role to another in these days"


def test_the_field_of_stages_and_roles_draws_what_it_lists(home: Path, admin: Principal) -> None:
    put(MOVES)
    roles.set_matrix(admin, OWN, [Written("<b>Lead</b>", "marketing", {"request": "RA", "build": "RA"})], seen=None)
    chart = role_figures.stage_by_role(held(), READERS[0])
    drawn, opening = chart.figure.data
    assert len(opening.customdata) == 4
    # Stages from the top: request, build, QA. Roles: the lead, then who is not in the matrix, then nobody.
    assert [list(line) for line in drawn.z] == [[6.0, None, None, None], [None, 4.0, None, None], [None, None, 2.0, 3.0]]
    labels = list(chart.figure.layout.xaxis.ticktext)
    assert labels[0].startswith("<span style='color:#c4500c'>&lt;b&gt;Lead")
    assert labels[-1] == "○ unowned"
    assert drawn.customdata[0][0] == "&lt;b&gt;Lead&lt;/b&gt; held Request for 6 d"
    assert str(chart.title) == "<b>Lead</b> holds 40% of the days in Request alone"
    assert chart.table.columns == [
        "Stage", "Role", "Days, visits that ended", "Items", "Days, visits that go on", "Items still there",
    ]  # fmt: skip
    assert ("QA", "unowned", 3.0, 1, 0.0, 0) in chart.table.rows()


def test_of_many_roles_those_that_held_least_share_one_column(home: Path) -> None:
    put({str(n): [("Request", 1, f"Role {n}"), ("Execution", 12 - n, None)] for n in range(10)})
    drawn, opening = role_figures.stage_by_role(held(), READERS[0]).figure.data
    # 11, 10, ... 2 days: the last three share a column.
    assert [list(line) for line in drawn.z] == [[11.0, 10.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.0 + 3.0 + 2.0]]
    assert len(opening.customdata) == 7  # what several share opens nothing
