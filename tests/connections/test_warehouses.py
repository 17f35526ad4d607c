"""Warehouses through Ibis. Its PostgreSQL and SQLite back ends are run for real; BigQuery, Snowflake, ClickHouse and Trino have
no server here, so what can be tried of Trino is tried with a stub, and of the others only what the installed Ibis takes.
"""

import ast
import json
import sys
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import ibis
import polars as pl
import pytest

from marops.connections import remote, sqlserver, warehouses
from marops.connections.kinds import Form, Kind, Query, Tls
from marops.connections.reaching import Reach, Unreadable
from marops.errors import BadConnection, BadSetting
from tests.connections.conftest import Source
from tests.connections.test_stores import answering

MORE: dict[Kind, dict[str, str]] = {
    Kind.BIGQUERY: {"project": "shop-prod", "dataset": "marketing"},
    Kind.SNOWFLAKE: {
        "account": "acme-eu1", "user": "READER", "warehouse": "WH", "database": "SHOP", "schema": "PUBLIC", "role": "READS",
    },
    Kind.CLICKHOUSE: {"host": "ch.example.org", "port": "8443", "user": "reader", "database": "shop"},
    Kind.TRINO: {"host": "trino.example.org", "port": "443", "user": "reader", "catalog": "hive", "schema": "shop"},
    Kind.SQLSERVER: {"host": "sql.example.org", "port": "1433", "user": "reader", "database": "shop", "schema": "dbo"},
}  # fmt: skip


@pytest.fixture(params=["pg", "lite"])
def backend(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Ibis on a real database: PostgreSQL as the role that only reads, and SQLite."""
    source: Source = request.getfixturevalue(request.param)
    form = source.form
    if request.param == "pg":
        made = ibis.postgres.connect(
            host=form.host, port=form.port, user=form.user, password=source.password, database=form.database
        )
    else:
        made = ibis.sqlite.connect(form.path)
    yield made
    made.disconnect()


@pytest.mark.server
def test_a_table_is_read_through_ibis_by_a_role_that_only_reads(backend: Any, tmp_path: Path) -> None:
    """Named in the list, its numbers as they are everywhere: 2.125 cannot be read as a thousand."""
    assert warehouses.names(backend) == ["ads"]
    assert warehouses.write(backend, Query(table="ads"), str(tmp_path / "out")) == 3
    found = pl.read_parquet(tmp_path / "out")
    assert found.columns == ["day", "campaign", "currency code", "clicks", "cost"]
    assert found.sort("day").row(1) == ("2026-05-02", "Search Brasil", "BRL", "4", "2.1250")


@pytest.mark.server
def test_the_days_from_one_on_are_asked_for_in_the_warehouse(backend: Any, tmp_path: Path) -> None:
    """A look-back fetches only what it is for."""
    query = Query(table="ads", date_column="day", from_day="2026-05-02")
    assert warehouses.write(backend, query, str(tmp_path / "out")) == 2


@pytest.mark.parametrize("kind", ["date", "timestamp('UTC')", "timestamp", "string"])
def test_a_day_is_compared_by_what_its_column_is(kind: str) -> None:
    """Dates and moments as such, so that partitions are pruned; text by its first ten signs."""
    column = ibis.table({"day": kind}, name="ads")["day"]
    sql = str(ibis.to_sql(warehouses._from(column, date(2026, 5, 2)), dialect="trino"))
    assert ("SUBSTR" in sql.upper()) is (kind == "string")
    assert "2026" in sql


@pytest.mark.server
def test_no_statement_of_a_person_reaches_ibis(backend: Any, tmp_path: Path) -> None:
    """Its own way with SQL runs what comes after a semicolon."""
    for select in ("SELECT * FROM ads", "SELECT 1 AS a; DELETE FROM ads"):
        with pytest.raises(Unreadable, match="make a view of the query there"):
            warehouses.write(backend, Query(select=select), str(tmp_path / "out"))
    assert warehouses.write(backend, Query(table="ads"), str(tmp_path / "out")) == 3


ARGUMENTS = {
    "bigquery": {"project_id", "dataset_id", "credentials"},
    "snowflake": {"create_object_udfs"},
    "clickhouse": {"host", "port", "database", "user", "password", "secure"},
    "trino": {"host", "port", "user", "database", "schema", "auth"},
}


@pytest.mark.parametrize("name", list(ARGUMENTS))
def test_the_installed_ibis_takes_what_it_is_given(name: str) -> None:
    """Read in its source, as its drivers are not all here."""
    spec = find_spec("ibis")
    assert spec
    assert spec.origin
    source = (Path(spec.origin).parent / "backends" / name / "__init__.py").read_text()
    connect = next(node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef) and node.name == "do_connect")
    assert {argument.arg for argument in (*connect.args.args, *connect.args.kwonlyargs)} >= ARGUMENTS[name]


def said_by_trino(sql: str) -> dict[str, Any]:
    """The answer to a statement, in the shape of Trino's protocol."""

    def column(name: str, kind: str) -> dict[str, Any]:
        return {"name": name, "type": kind, "typeSignature": {"rawType": kind, "arguments": []}}

    if "information_schema" in sql and "column_name" in sql:
        columns = [column("column_name", "varchar"), column("data_type", "varchar"), column("is_nullable", "boolean")]
        data = [["day", "date", True], ["clicks", "bigint", True]]
    elif "information_schema" in sql or "SHOW TABLES" in sql.upper():
        columns, data = [column("table_name", "varchar")], [["ads"]]
    elif "ads" in sql:
        columns, data = [column("day", "date"), column("clicks", "bigint")], [["2026-05-02", 4]]
    else:
        columns, data = [column("x", "varchar")], [["hive"]]
    return {"id": "1", "infoUri": "", "columns": columns, "data": data, "stats": {"state": "FINISHED"}, "warnings": []}


def test_a_table_of_a_trino_stub_is_read_through_the_gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said to it are SELECTs, with the day in them."""
    monkeypatch.setenv("MAROPS_ALLOW_PRIVATE_HOSTS", "127.0.0.0/8")
    asked: list[str] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        sql = handler.rfile.read(int(handler.headers["Content-Length"])).decode()
        asked.append(sql)
        body = json.dumps(said_by_trino(sql)).encode()
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    with answering(answer) as (port, _):
        more = {**MORE[Kind.TRINO], "host": "127.0.0.1", "port": str(port)}
        form = Form(Kind.TRINO, "X", tls=Tls.OFF, more=more, vouched=True)
        assert remote.tables(form, "") == ["ads"]
        query = Query(table="ads", date_column="day", from_day="2026-05-02")
        assert remote.fetch(form, "", query, tmp_path / "out") == 1
    assert pl.read_parquet(tmp_path / "out").rows() == [("2026-05-02", "4")]
    assert [sql for sql in asked if not sql.lstrip().upper().startswith(("SELECT", "SHOW"))] == []
    assert "2026" in asked[-1]


@pytest.mark.parametrize(("kind", "extra"), [(Kind.BIGQUERY, "bigquery"), (Kind.SNOWFLAKE, "snowflake")])
def test_a_warehouse_whose_driver_is_not_installed_names_its_extra(kind: Kind, extra: str) -> None:
    """The line to run is part of the sentence."""
    with pytest.raises(BadSetting, match=rf"python -m pip install 'marops\[{extra}\]'"):
        remote.tables(Form(kind, "X", more=MORE[kind], vouched=True), "secret")


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (Kind.BIGQUERY, {"project": "a/b"}), (Kind.BIGQUERY, {"dataset": "x`; DROP"}), (Kind.SNOWFLAKE, {"account": "evil.org/"}),
        (Kind.SNOWFLAKE, {"account": "a@b"}), (Kind.SNOWFLAKE, {"schema": "a b"}), (Kind.CLICKHOUSE, {"host": "h:1/x?y=z"}),
        (Kind.TRINO, {"catalog": "a'b"}), (Kind.TRINO, {"port": ""}), (Kind.SQLSERVER, {"database": "a;Encrypt=no"}),
        (Kind.SQLSERVER, {"user": "a}b"}),
    ],
)  # fmt: skip
def test_a_field_of_a_warehouse_holds_no_part_of_an_address_or_statement(kind: Kind, fields: dict[str, str]) -> None:
    """The field is named."""
    Form(kind, "X", more=MORE[kind], vouched=True)
    with pytest.raises(BadConnection, match="of the connection cannot be"):
        Form(kind, "X", more={**MORE[kind], **fields}, vouched=True)


def test_the_hosts_of_warehouses_follow_from_their_fields() -> None:
    """An account's name cannot lead elsewhere."""
    assert remote.hosts(Form(Kind.BIGQUERY, "X", more=MORE[Kind.BIGQUERY], vouched=True)) == (".googleapis.com",)
    assert remote.hosts(Form(Kind.SNOWFLAKE, "X", more=MORE[Kind.SNOWFLAKE], vouched=True))[0] == "acme-eu1.snowflakecomputing.com"
    assert remote.hosts(Form(Kind.CLICKHOUSE, "X", more=MORE[Kind.CLICKHOUSE], vouched=True)) == ("ch.example.org:8443",)


def test_a_stub_of_snowflakes_driver_is_given_the_database_and_the_schema_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Together they would be the name of one database. One call runs one statement."""
    given: dict[str, Any] = {}
    said: list[str] = []

    class Stub:
        """A connection that notes what it is told."""

        def cursor(self) -> "Stub":
            return self

        def execute(self, sql: str) -> None:
            said.append(sql)

        def close(self) -> None:
            pass

    def connect(**arguments: Any) -> Stub:
        given.update(arguments)
        return Stub()

    package, driver = ModuleType("snowflake"), ModuleType("snowflake.connector")
    driver.connect = connect  # type: ignore[attr-defined]
    package.connector = driver  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "snowflake", package)
    monkeypatch.setitem(sys.modules, "snowflake.connector", driver)
    warehouses._snowflake(Reach(Kind.SNOWFLAKE, MORE[Kind.SNOWFLAKE], Tls.VERIFIED, "secret", ""))
    assert (given["database"], given["schema"], given["role"]) == ("SHOP", "PUBLIC", "READS")
    assert [sql for sql in said if not sql.startswith("ALTER SESSION SET")] == []
    assert "MULTI_STATEMENT_COUNT = 1 " in said[0]


@pytest.mark.parametrize(
    ("tls", "secured"),
    [
        (Tls.VERIFIED, {"Encrypt": "yes", "TrustServerCertificate": "no", "HostNameInCertificate": "sql.example.org"}),
        (Tls.ENCRYPTED, {"Encrypt": "yes", "TrustServerCertificate": "yes"}), (Tls.OFF, {"Encrypt": "no"}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("permission", [None, ("INSERT", "dbo.ads")])
def test_a_stub_of_sql_servers_driver_reaches_the_address_that_was_checked_and_a_login_that_writes_is_refused(
    permission: tuple[str, str] | None, tls: Tls, secured: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name stays for the certificate; the newest driver is taken. There is no server here that the check could run on."""
    given: dict[str, Any] = {}
    said: list[str] = []

    class Stub:
        """A connection and its cursor, which has the permission."""

        closed = False

        def add_output_converter(self, *_: Any) -> None:
            pass

        def cursor(self) -> "Stub":
            return self

        def execute(self, sql: str) -> None:
            said.append(sql)

        def fetchone(self) -> tuple[str, str] | None:
            return permission

        def close(self) -> None:
            pass

    def connect(**arguments: Any) -> Stub:
        given.update(arguments)
        return Stub()

    driver = ModuleType("pyodbc")
    names = ["ODBC Driver 9 for SQL Server", "FreeTDS", "ODBC Driver 18 for SQL Server", "ODBC Driver 17 for SQL Server"]
    driver.connect, driver.drivers, driver.Connection = connect, lambda: names, Stub  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pyodbc", driver)
    monkeypatch.setattr("ibis.backends.mssql.pyodbc", driver)
    reach = Reach(Kind.SQLSERVER, MORE[Kind.SQLSERVER], tls, "pass;Encrypt=no", "", "203.0.113.7")
    if permission:
        with pytest.raises(Unreadable, match=r"it has INSERT on dbo\.ads; let an administrator make one"):
            sqlserver.connected(reach)
    else:
        assert sqlserver.connected(reach)
    assert said[-1] == sqlserver.CHANGES
    assert (given["server"], given["driver"]) == ("tcp:203.0.113.7,1433", "ODBC Driver 18 for SQL Server")
    assert given["password"] == "{pass;Encrypt=no}"
    named = {"Encrypt", "TrustServerCertificate", "HostNameInCertificate"}
    assert {name: value for name, value in given.items() if name in named} == secured


def test_sql_server_on_a_private_network_is_refused_before_its_driver_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its driver would not go through the gate."""
    monkeypatch.setattr(remote, "_is_there", lambda _: True)
    form = Form(Kind.SQLSERVER, "X", more={**MORE[Kind.SQLSERVER], "host": "127.0.0.1"}, vouched=True)
    with pytest.raises(BadConnection, match="MAROPS_ALLOW_PRIVATE_HOSTS=127"):
        remote.tables(form, "secret")
