"""The state database: migrations, exact types, transactions; the same in SQLite and in a real PostgreSQL."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import MetaData, inspect
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, SQLModel, select

from marops import bootstrap, settings, store
from marops.audit import service as audit
from marops.decisions import service as decisions
from marops.decisions.store import ActionItem, Decision
from marops.errors import BadSetting, Conflict
from marops.period import Period, Scope
from marops.principal import Principal
from marops.sample import loader
from marops.scorecard import service as scorecard
from marops.scorecard import targets
from marops.scorecard.judging import goal_for
from marops.scorecard.store import Target
from marops.sources import service as sources
from marops.sources.store import ImportRun, Status
from marops.work.store import Approval, SameWork, WorkItem
from marops.workspaces import service as workspaces
from marops.workspaces.store import OWN, SAMPLE, Workspace, ensure_own
from tests.sources import made, postgres


@pytest.fixture(scope="session")
def pg_server() -> Iterator[str]:
    with postgres.server() as address:
        yield address


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty database of each kind, named by the settings."""
    if request.param == "postgresql":
        address, name = request.getfixturevalue("pg_server"), f"t{uuid4().hex[:12]}"
        with psycopg.connect(address + "postgres", autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        monkeypatch.setenv("MAROPS_DATABASE_URL", address + name)
    yield request.param
    store.engine().dispose()


def compared() -> list[Any]:
    """What Alembic would change to bring the database to the models."""
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    with store.engine().connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "comparepg_server_default": True})
        return compare_metadata(context, SQLModel.metadata)


def test_migrating_from_nothing_gives_exactly_the_models(database: str) -> None:
    store.migrate()
    assert compared() == []
    found, newest = store.schema_versions()
    assert found == newest
    assert set(inspect(store.engine()).get_table_names()) == set(SQLModel.metadata.tables) | {"alembic_version"}


def test_a_difference_from_the_models_would_be_found(database: str) -> None:
    store.migrate()
    with store.engine().begin() as connection:
        connection.exec_driver_sql("ALTER TABLE target ADD COLUMN planted INTEGER")
        connection.exec_driver_sql("DROP TABLE scenario")
    assert {str(change[0]) for change in compared() if isinstance(change, tuple)} >= {"remove_column", "add_table"}


def test_migrating_twice_changes_nothing(database: str) -> None:
    bootstrap.prepare()
    with store.writing() as session:
        session.get_one(Workspace, OWN).name = "Mine"
    bootstrap.prepare()
    with store.reading() as session:
        assert session.get_one(Workspace, OWN).name == "Mine"


def test_a_workspace_that_another_process_made_meanwhile_is_no_error(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bootstrap.prepare()
    with monkeypatch.context() as looked_too_early:
        looked_too_early.setattr(Session, "get", lambda *_, **__: None)
        ensure_own()
    assert list(workspaces.revisions()) == [OWN]


def test_several_processes_that_start_at_once_all_succeed(database: str) -> None:
    command = [sys.executable, "-c", "from marops import bootstrap; bootstrap.prepare(); print('ready')"]
    starting = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    ended = [process.communicate(timeout=120) for process in starting]
    assert [(process.returncode, out.strip()) for process, (out, _) in zip(starting, ended, strict=True)] == [(0, "ready")] * 3, (
        ended
    )
    assert compared() == []
    with store.reading() as session:
        assert [workspace.id for workspace in session.exec(select(Workspace))] == [OWN]


def test_tables_are_named_as_their_classes_in_snake_case() -> None:
    assert {row.__name__: row.__tablename__ for row in bootstrap.ROWS} == {
        "Workspace": "workspace", "BusinessUnit": "business_unit", "StageDefinition": "stage_definition",
        "WorkingCalendar": "working_calendar", "RaciRole": "raci_role",
        "ImportRun": "import_run", "ImportReject": "import_reject",
        "Restatement": "restatement", "Replacement": "replacement",
        "ColumnMapping": "column_mapping", "Blob": "blob", "Target": "target", "BudgetPlan": "budget_plan", "Scenario": "scenario",
        "AssessmentAnswer": "assessment_answer", "AssessmentFact": "assessment_fact", "Decision": "decision",
        "Connection": "connection", "Feed": "feed", "FeedRun": "feed_run", "ActionItem": "action_item", "CheckIn": "check_in",
        "Annotation": "annotation", "Rebase": "rebase", "AuditEntry": "audit_entry",
        "WorkItem": "work_item", "WorkItemTransition": "work_item_transition", "Approval": "approval", "Approver": "approver",
        "Comment": "comment", "Dependency": "dependency", "SameWork": "same_work", "FlagEvent": "flag_event",
        "LaunchTemplate": "launch_template", "LaunchMilestone": "launch_milestone",
    }  # fmt: skip
    assert {row.__tablename__ for row in bootstrap.ROWS} == set(SQLModel.metadata.tables)


def test_every_table_that_names_a_business_unit_goes_along_with_its_new_name_or_stays_as_imported() -> None:
    of_unit = {row.__tablename__ for row in bootstrap.ROWS if {"business_unit", "unit"} & set(row.model_fields)}
    follow = {kind.__tablename__ for kind in store.OfUnit.__subclasses__()}
    stay = {row.__tablename__ for row in bootstrap.ROWS if issubclass(row, store.ImportedRow)}
    assert follow == {"work_item", "scenario"}
    assert of_unit <= follow | stay
    assert not follow & stay


def target(value: Decimal, **changes: Any) -> Target:
    return Target(workspace_id=OWN, kpi="M2", valid_from=date(2026, 1, 1), type="at_most", value=value, **changes)


EXACT = ["0.1", "0.000001", "999999999999.999999", "-999999999999.999999", "123456789012.345678", "0", "-0.3"]


def test_decimals_come_back_exactly_as_they_were(database: str) -> None:
    bootstrap.prepare()
    for value in EXACT:
        with store.writing() as session:
            row = target(Decimal(value))
            session.add(row)
        with store.reading() as session:
            found = session.get_one(Target, row.id).value
        assert found == Decimal(value)
        assert isinstance(found, Decimal)


@examples(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=st.decimals(-(10**12) + 1, 10**12 - 1, places=6))
def test_any_decimal_of_eighteen_digits_survives_the_database(database: str, value: Decimal) -> None:
    bootstrap.prepare() if not inspect(store.engine()).has_table("target") else None
    with store.writing() as session:
        row = target(value, upper=value)
        session.add(row)
        session.flush()
        session.expire(row)
        assert (row.value, row.upper) == (value, value)
        session.rollback()


def test_moments_come_back_in_utc_whatever_zone_they_were_given_in(database: str) -> None:
    bootstrap.prepare()
    given_at = datetime(2026, 5, 1, 23, 30, 15, 123456, tzinfo=timezone(timedelta(hours=-3)))
    with store.writing() as session:
        session.get_one(Workspace, OWN).created_at = given_at
    with store.reading() as session:
        found = session.get_one(Workspace, OWN).created_at
    assert found == given_at
    assert found.tzinfo is UTC
    assert found.isoformat() == "2026-05-02T02:30:15.123456+00:00"


def test_a_moment_without_a_zone_is_refused(database: str) -> None:
    bootstrap.prepare()
    with pytest.raises(Exception, match="a timestamp must have a time zone"), store.writing() as session:
        session.get_one(Workspace, OWN).created_at = datetime(2026, 5, 1)  # noqa: DTZ001  (naive on purpose)


def test_what_fails_in_the_middle_is_not_written_at_all(database: str) -> None:
    bootstrap.prepare()

    def half() -> None:
        with store.writing() as session:
            session.add(target(Decimal(1)))
            session.flush()
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        half()
    with store.reading() as session:
        assert session.exec(select(Target)).all() == []


def test_what_is_changed_while_reading_is_rolled_back(database: str) -> None:
    bootstrap.prepare()
    with store.reading() as session:
        session.get_one(Workspace, OWN).name = "changed"
        session.flush()
    with store.reading() as session:
        assert session.get_one(Workspace, OWN).name == "Company"


def test_a_row_of_a_workspace_that_is_not_there_is_refused_by_the_database(database: str) -> None:
    bootstrap.prepare()
    with pytest.raises(IntegrityError), store.writing() as session:
        session.add(target(Decimal(1), id="x").model_copy(update={"workspace_id": "nowhere"}))


def test_sqlite_keeps_every_commit_on_disk_and_checks_references(home: Path) -> None:
    with store.engine().connect() as connection:
        pragma = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("synchronous", "foreign_keys", "busy_timeout")
        }
        journal = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
    assert pragma == {"synchronous": 2, "foreign_keys": 1, "busy_timeout": 30000}
    import sqlite3

    assert journal == ("wal" if sqlite3.sqlite_version_info >= (3, 51, 3) else "delete")


def test_writers_of_several_processes_wait_for_one_another_and_lose_nothing(database: str) -> None:
    bootstrap.prepare()
    code = (
        "from marops import store\n"
        "from marops.workspaces import store as w\n"
        "for _ in range(20):\n"
        "    with store.writing() as session:\n"
        "        found = w.lock(session, 'company')\n"
        "        found.name = str(int(found.name) + 1)\n"
        "        session.add(found)\n"
    )
    with store.writing() as session:
        session.get_one(Workspace, OWN).name = "0"
    processes = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True) for _ in range(3)]
    errors = [process.communicate(timeout=120)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], errors
    with store.reading() as session:
        assert session.get_one(Workspace, OWN).name == "60"


def test_of_twenty_who_change_an_action_at_once_no_change_is_lost(database: str, admin: Principal) -> None:
    bootstrap.prepare()
    due = datetime.now(UTC).date() + timedelta(days=400)
    item = decisions.open_action(admin, OWN, title="t", owner="o", due=due)

    def one_day_later(who: int) -> None:
        for _ in range(500):
            seen = decisions.action_item(admin, OWN, item.id)
            try:
                decisions.redate(
                    admin, OWN, item.id, version=seen.version, due=seen.due + timedelta(days=1), reason=f"writer {who}"
                )
            except Conflict:
                continue
            return
        raise AssertionError("never came to it")

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(one_day_later, range(20)))
    found = decisions.action_item(admin, OWN, item.id)
    assert (found.due, found.first_due, found.version) == (due + timedelta(days=20), due, 21)
    reasons = [entry.after["reason"] for entry in audit.entries(admin, OWN) if entry.verb == "redate"]
    assert sorted(reasons) == sorted(f"writer {n}" for n in range(20))


def test_a_database_that_cannot_be_opened_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made.put(tmp_path / "file", "x")
    monkeypatch.setenv("MAROPS_DATABASE_URL", f"sqlite:///{tmp_path}/file/below.db")
    with pytest.raises(BadSetting) as refused:
        store.migrate()
    assert str(refused.value) == (
        "The database cannot be opened (unable to open database file). Check MAROPS_HOME and MAROPS_DATABASE_URL."
    )


@pytest.mark.server
def test_a_postgresql_that_is_not_there_is_said_in_a_sentence(pg_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAROPS_DATABASE_URL", pg_server + "nowhere")
    with pytest.raises(BadSetting) as refused:
        store.migrate()
    said = str(refused.value)
    assert 'database "nowhere" does not exist' in said
    assert said.endswith(" Check MAROPS_HOME and MAROPS_DATABASE_URL.")
    assert "\n" not in said


def numbers(admin: Principal) -> dict[str, Any]:
    """Every KPI of the sample company over its last whole quarter."""
    scope = Scope(SAMPLE, Period(date(2026, 7, 1), date(2026, 9, 30)))
    return {row.kpi.id: (row.measure.value, row.goal, row.promise) for row in scorecard.scorecard(admin, scope).rows}


@pytest.fixture
def expected(sample_home: Path, admin: Principal) -> dict[str, Any]:
    """What SQLite says of the sample company."""
    return numbers(admin)


@pytest.mark.server
def test_the_sample_company_has_the_same_numbers_in_postgresql_as_in_sqlite(
    expected: dict[str, Any], pg_server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, admin: Principal
) -> None:
    assert sum(value is not None for value, *_ in expected.values()) >= 8
    with psycopg.connect(pg_server + "postgres", autocommit=True) as connection:
        connection.execute("CREATE DATABASE company")
    monkeypatch.setenv("MAROPS_HOME", str(tmp_path / "other"))
    monkeypatch.setenv("MAROPS_DATABASE_URL", pg_server + "company")
    bootstrap.prepare()
    loader.offer(admin)
    assert numbers(admin) == expected
    runs = sources.imports(admin, SAMPLE)
    ads = [run for run in runs if run.tables == "ad_performance"]
    targets = next(run for run in runs if run.tables == "target")
    for run in (*ads, targets):
        sources.undo(admin, SAMPLE, run.id)
    assert numbers(admin) != expected
    assert all(goal is None for _, goal, _ in numbers(admin).values())
    for run in (*ads, targets):
        sources.restore(admin, SAMPLE, run.id)
    assert numbers(admin) == expected
    assert not (settings.current().home / "marops.db").exists()


def test_an_import_goes_in_and_out_of_either_database(database: str, tmp_path: Path, admin: Principal) -> None:
    bootstrap.prepare()
    path = made.put(tmp_path / "ads.csv", made.THREE_DAYS)
    run = sources.accept(admin, sources.preview_file(admin, OWN, path))
    assert made.counted("ad_performance")["spend"].sum() == Decimal("3.75")
    with pytest.raises(Conflict, match=r"ads\.csv was imported before, byte for byte"):
        sources.accept(admin, sources.preview_file(admin, OWN, path))
    sources.undo(admin, OWN, run.id)
    assert made.counted("ad_performance").height == 0
    sources.restore(admin, OWN, run.id)
    assert made.counted("ad_performance")["spend"].sum() == Decimal("3.75")
    plan = "Plan,Channel,Month,Planned spend,Currency\n2026,google_ads,2026-01-01,0.100001,EUR\n"
    sources.accept(admin, sources.preview_file(admin, OWN, made.put(tmp_path / "plan.csv", plan)))
    with pytest.raises(Conflict, match=r"1 row of budget_plan is already here from plan\.csv"):
        sources.accept(
            admin, sources.preview_file(admin, OWN, made.put(tmp_path / "again.csv", plan + "2026,meta,2026-01-01,1,EUR\n"))
        )
    workspaces.remove_sample(admin)


def test_the_migration_speaks_plain_sqlalchemy_so_that_it_outlives_todays_classes() -> None:
    for path in (store.MIGRATIONS / "versions").glob("*.py"):
        assert not re.search(r"^\s*(from|import) (marops|sqlmodel)", path.read_text(encoding="utf-8"), re.MULTILINE), path.name
    assert Decision.__tablename__ == "decision"
    assert os.environ["MAROPS_HOME"]


def upgraded_to(version: str) -> None:
    """Bring the database to a version of the schema."""
    from alembic import command

    with store.engine().execution_options(marops_writing=True).begin() as connection:
        command.upgrade(store._alembic(connection), version)


def before(version: str, rows: dict[str, list[dict[str, Any]]]) -> None:
    """Fill the database with rows as a version of the schema had them, then migrate it."""
    upgraded_to(version)
    with store.engine().execution_options(marops_writing=True).begin() as connection:
        schema = MetaData()
        schema.reflect(connection)
        for table, found in rows.items():
            connection.execute(schema.tables[table].insert(), found)
    store.migrate()


def test_targets_from_before_hold_as_they_did_and_what_was_promised_is_an_action(database: str, admin: Principal) -> None:
    before("0007", OLD_ROWS)
    with store.reading() as session:
        rows = list(session.exec(select(Target).order_by(Target.id)))
        assert {row.set_at for row in rows if row.workspace_id == OWN} == {datetime(2026, 2, 1, 12, tzinfo=UTC)}
        assert {row.set_at for row in rows if row.workspace_id != OWN} == {datetime(2026, 1, 1, 12, tzinfo=UTC)}
        held = goal_for(targets.goals(session, OWN), "M2", Period(date(2026, 7, 1), date(2026, 7, 31)))
        assert held is not None
        assert held.value == 0.7  # begun last, though its file came first
        (item,) = session.exec(select(ActionItem))
    assert (item.kpi, item.decision_id, item.title, item.owner, item.created_by) == ("M2", "d1", "It fell.", "Sales lead", "Ana")
    assert (item.first_due, item.due, item.opened_on, item.version) == (date(2026, 4, 1), date(2026, 4, 1), date(2026, 3, 2), 1)
    assert decisions.reassign(admin, OWN, item.id, version=1, owner="CRM").owner == "CRM"


NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
RUN = {
    "workspace_id": OWN, "file_name": "f", "bytes": 1, "rows_read": 1, "rows_loaded": 1, "rows_refused": 0, "rows_set_aside": 0,
    "tables": "target", "report": {}, "status": "ACTIVE", "imported_by": "Ana",
}  # fmt: skip
TARGET = {"workspace_id": OWN, "active": True, "kpi": "M2", "type": "at_least"}
DECISION = {
    "workspace_id": OWN, "finding_key": "kpi:M2", "question": "It fell.", "evidence": "e", "note": "", "owner": "Sales lead",
    "decided_by": "Ana", "decided_at": datetime(2026, 3, 2, 12, tzinfo=UTC),
}  # fmt: skip
OLD_ROWS: dict[str, list[dict[str, Any]]] = {
    "workspace": [
        {
            "id": name, "name": "x", "is_sample": False, "sample_offered": False, "reporting_currency": "EUR", "naming_rule": "",
            "revision": "r", "created_at": NOON,
        }
        for name in (OWN, "other")
    ],
    "import_run": [
        {**RUN, "id": name, "sha256": name, "imported_at": moment}
        for name, moment in (
            ("i1", datetime(2026, 1, 15, 12, tzinfo=UTC)), ("i2", datetime(2026, 2, 1, 12, tzinfo=UTC)),
            ("i3", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        )
    ],
    "target": [
        {**TARGET, "id": "t1", "import_id": "i1", "valid_from": date(2026, 7, 1), "value": "0.7"},
        {**TARGET, "id": "t2", "import_id": "i2", "valid_from": date(2026, 1, 1), "value": "0.6"},
        {**TARGET, "id": "t3", "workspace_id": "other", "import_id": None, "valid_from": date(2026, 1, 1), "value": "1"},
    ],
    "decision": [
        {**DECISION, "id": "d1", "choice": "act", "due": date(2026, 4, 1)},
        {**DECISION, "id": "d2", "choice": "wait", "due": date(2026, 4, 1)},
        {**DECISION, "id": "d3", "choice": "dismiss", "due": None},
    ],
}  # fmt: skip
"""A workspace of the schema before there were actions: two files of targets, a third of something else, three decisions."""


ITEM = {
    "workspace_id": OWN, "name": "n", "campaign_name": "", "brief": "", "assignee": "", "side": "", "requested_by": "Ana",
    "requested_at": NOON, "version": 2, "changed_by": "Ana", "changed_at": NOON,
}  # fmt: skip
EDIT = {
    "workspace_id": OWN, "at": NOON, "principal_id": "a", "principal_name": "Ana", "verb": "edit", "object_kind": "work_item",
    "before": {}, "after": {},
}  # fmt: skip


def test_the_day_that_a_launch_without_one_had_last_is_known_of_those_from_before(database: str) -> None:
    day, later = date(2026, 4, 1), date(2026, 5, 1)
    before("0017", {
        "workspace": OLD_ROWS["workspace"][:1],
        "work_item": [
            {**ITEM, "id": name, "number": number, "first_due": day if name != "never" else None, "due": due}
            for number, (name, due) in enumerate({"emptied": None, "dated": later, "never": None}.items(), 1)
        ],
        "audit_entry": [
            {**EDIT, "object_id": "emptied", "before": {"due": "2026-04-01"}},
            {**EDIT, "object_id": "emptied", "before": {"due": "2026-05-01"}},
            {**EDIT, "object_id": "emptied", "before": {"brief": ""}},
            {**EDIT, "object_id": "dated", "before": {"due": "2026-04-01"}},
        ],
    })  # fmt: skip
    with store.reading() as session:
        found = {row.id: row.last_due for row in session.exec(select(WorkItem))}
    assert found == {"emptied": later, "dated": None, "never": None}


def test_what_was_said_to_be_one_before_it_could_be_said_of_two_is_one_and_two_are_no_one_without_that(database: str) -> None:
    from alembic import command

    said = {"workspace_id": OWN, "author": "Ana", "author_id": "a", "written_at": NOON, "imported": "7"}
    before("0020", {"workspace": OLD_ROWS["workspace"][:1], "same_work": [{**said, "id": "s1", "item": "marops-1"}]})
    with store.writing() as session:
        session.add(SameWork(**said, id="s2", item="marops-2", is_one=False))
    with store.reading() as session:
        assert {row.id: row.is_one for row in session.exec(select(SameWork))} == {"s1": True, "s2": False}
    with store.engine().execution_options(marops_writing=True).begin() as connection:
        command.downgrade(store._alembic(connection), "0020")
    store.migrate()
    with store.reading() as session:
        assert [row.id for row in session.exec(select(SameWork))] == ["s1"]


ISSUES = "Summary,Issue key,Issue id,Status,Created\n"
ANSWER = """{"issues": [{"id": "11", "key": "A-1", "fields": {"summary": "One", "created": "2026-05-01T09:00:00.000+0000",
 "status": {"name": "Backlog"}}, "changelog": {"histories": [], "total": 0}}]}"""
"""What Jira's API gives of an issue: a row of work_item, and one of its history."""


def test_an_older_schema_counts_no_export_beside_the_newer_one_that_took_its_place_and_loses_none_of_its_other_tables(
    database: str, admin: Principal, read_here: None, tmp_path: Path
) -> None:
    from alembic import command

    def take(name: str, content: str) -> ImportRun:
        return sources.accept(admin, sources.preview_file(admin, OWN, made.put(tmp_path / name, content)), replacing=True)

    def counts() -> tuple[list[tuple[str, str]], int]:
        items = made.counted("work_item").select("issue_id", "current_status").sort("issue_id").rows()
        return items, made.counted("work_item_transition").height

    bootstrap.prepare()
    take("answer.json", ANSWER)
    take("alone.csv", ISSUES + "Two,A-2,12,Build,2026-05-01 09:00\n")
    newer = take("newer.csv", ISSUES + "One,A-1,11,Build,2026-05-01 09:00\nTwo,A-2,12,Done,2026-05-01 09:00\n")
    assert counts() == (now := ([("11", "Build"), ("12", "Done")], 1))
    with store.engine().execution_options(marops_writing=True).begin() as connection:
        command.downgrade(store._alembic(connection), "0021")
    store.migrate()
    runs = {(run.file_name, run.tables): run for run in sources.imports(admin, OWN)}
    assert {what: (run.status, run.rows_loaded) for what, run in runs.items()} == {
        ("answer.json", "work_item_transition"): (Status.ACTIVE, 1), ("answer.json", "work_item"): (Status.UNDONE, 1),
        ("alone.csv", "work_item"): (Status.UNDONE, 1), ("newer.csv", "work_item"): (Status.ACTIVE, 2),
    }  # fmt: skip
    assert counts() == now
    sources.undo(admin, OWN, newer.id)
    assert counts() == ([], 1)
    sources.restore(admin, OWN, runs["answer.json", "work_item"].id)
    sources.restore(admin, OWN, runs["alone.csv", "work_item"].id)
    assert counts() == ([("11", "Backlog"), ("12", "Build")], 1)


def test_overrides_from_before_their_moves_were_kept_are_told_from_what_was_withdrawn(database: str) -> None:
    moment, other = (datetime(2026, 3, 2, 12, minute, 0, 5, tzinfo=UTC) for minute in (0, 1))
    asked = {
        "workspace_id": OWN, "author": "Ana", "author_id": "a", "written_at": NOON, "about": "", "mode": "all", "needed": 1,
        "in_turn": False, "asked_at": NOON,
    }  # fmt: skip
    withdrawn = {**asked, "item": "marops-1", "withdrawn_by": "Bo", "withdrawn_reason": "x"}
    moves = [(1, NOON, "Ana"), (2, moment, "Bo"), (3, other, "Bo"), (4, other, "Bo")]
    before("0018", {
        "workspace": OLD_ROWS["workspace"][:1],
        "work_item": [{**ITEM, "id": "w1", "number": 1}, {**ITEM, "id": "w2", "number": 2}],
        "work_item_transition": [
            {"workspace_id": OWN, "id": f"m{n}", "item_id": "w1", "sequence": n, "stage": "s", "status": "S", "at": at,
             "moved_by": who, "moved_by_id": who, "reason": "", "despite": ""}
            for n, at, who in moves
        ],
        "approval": [
            {**withdrawn, "id": "overridden", "withdrawn_at": moment},
            {**withdrawn, "id": "by hand", "withdrawn_at": moment},
            {**withdrawn, "id": "two moves", "withdrawn_at": other},
            {**withdrawn, "id": "another item", "withdrawn_at": moment, "item": "marops-2"},
            {**withdrawn, "id": "somebody else", "withdrawn_at": moment, "withdrawn_by": "Ana"},
            {**withdrawn, "id": "open", "withdrawn_at": None, "withdrawn_by": None},
        ],
        "audit_entry": [{**EDIT, "object_kind": "approval", "verb": "withdraw", "object_id": "by hand"}],
    })  # fmt: skip
    with store.reading() as session:
        found = {row.id: row.overridden_by for row in session.exec(select(Approval))}
    assert found == {
        "overridden": 2, "by hand": None, "two moves": None, "another item": None, "somebody else": None, "open": None,
    }  # fmt: skip
