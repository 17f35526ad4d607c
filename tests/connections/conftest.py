"""Real databases for the length of a test run, each test with a database of its own."""

import io
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlparse
from uuid import uuid4

import duckdb
import polars as pl
import psycopg
import pytest

from marops.connections import asking, child, files
from marops.connections.kinds import Form, Kind, Query, Tls
from tests.connections import mariadb, stores
from tests.sources import postgres

COLUMNS = ["day", "campaign", "currency code", "clicks", "cost"]
ROWS = [
    ("2026-05-01", "Search Brasil", "BRL", 3, 1.25),
    ("2026-05-02", "Search Brasil", "BRL", 4, 2.125),
    ("2026-05-03", "Search Brasil", "BRL", 0, 0),
]
"""Three days, 7 clicks, 3.375. 2.125 could be read as a thousand."""
VALUES = ", ".join(f"('{day}', '{name}', '{currency}', {clicks}, {cost})" for day, name, currency, clicks, cost in ROWS)
CREATE = (
    'CREATE TABLE ads (day DATE, campaign VARCHAR(100), "currency code" VARCHAR(3), clicks INTEGER, cost NUMERIC(12, 3))',
    f"INSERT INTO ads VALUES {VALUES}",
)
PASSWORD = "p\u00e4ss-Canary-7c1f%s"


@dataclass
class Source:
    """A database with the table `ads`: the form of a role that only reads, its password, and a way to change rows."""

    form: Form
    password: str
    table: str
    run: "object"

    def __call__(self, *statements: object) -> None:
        """Change the database, as its owner: by statements, or in a store by files with their rows."""
        for statement in statements:
            self.run(statement)  # type: ignore[operator]


@pytest.fixture
def asked_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests of what becomes of rows once they are fetched: files of other databases are opened in this process, without the
    limited child, which takes longer to start than a small file to read. What goes wrong is asked of the child again, which
    knows what to say of it.
    """

    def ask(form: Form, secret: str, job: dict[str, Any]) -> dict[str, Any]:
        try:
            if "to" in job:
                return {"rows": child._fetch(job, Query(**job["query"]))}
            return {"tables": child._tables(job)}
        except Exception:  # noqa: BLE001
            return asking.ask(form, secret, job)

    monkeypatch.setattr(files, "ask", ask)


@pytest.fixture(scope="session")
def pg_server() -> Iterator[str]:
    with postgres.server() as address:
        yield address


@pytest.fixture(scope="session")
def mariadb_port() -> Iterator[int]:
    with mariadb.server() as port:
        yield port


@pytest.fixture
def pg(pg_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Source]:
    """A PostgreSQL database of its own with a role `reader_...` that only reads."""
    monkeypatch.setenv("MAROPS_ALLOW_PRIVATE_HOSTS", "127.0.0.0/8")
    name = f"t{uuid4().hex[:12]}"
    with psycopg.connect(pg_server + "postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        connection.execute(f"CREATE ROLE reader_{name} LOGIN PASSWORD '{PASSWORD}'".encode())
    with psycopg.connect(pg_server + name, autocommit=True) as connection:
        for statement in (*CREATE, f"GRANT SELECT ON ads TO reader_{name}"):
            connection.execute(statement)
        port = urlparse(pg_server).port or 0
        form = Form(Kind.POSTGRES, "Shop", "127.0.0.1", port, name, f"reader_{name}", Tls.OFF)
        yield Source(form, PASSWORD, "public.ads", connection.execute)


@pytest.fixture
def my(mariadb_port: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Source]:
    """A MariaDB database of its own with a user `reader_...` that only reads."""
    monkeypatch.setenv("MAROPS_ALLOW_PRIVATE_HOSTS", "127.0.0.0/8")
    name = f"t{uuid4().hex[:12]}"
    connection = mariadb.root(mariadb_port)
    with connection.cursor() as cursor:
        for statement in (f"CREATE DATABASE {name}", f"USE {name}", "SET sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES')", *CREATE):
            cursor.execute(statement)
        cursor.execute(f"CREATE USER reader_{name}@'%' IDENTIFIED BY '{PASSWORD}'")
        cursor.execute(f"GRANT SELECT, SHOW VIEW ON {name}.* TO reader_{name}@'%'")
        form = Form(Kind.MYSQL, "Shop", "127.0.0.1", mariadb_port, name, f"reader_{name}", Tls.OFF)
        yield Source(form, PASSWORD, f"{name}.ads", cursor.execute)
    connection.close()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose files may be read."""
    found = tmp_path / "allowed"
    found.mkdir()
    monkeypatch.setenv("MAROPS_FILES_FROM", str(found))
    return found


@pytest.fixture
def lite(folder: Path) -> Source:
    """A SQLite file."""
    path = folder / "shop.db"

    def run(statement: str) -> None:
        with sqlite3.connect(path) as connection:
            connection.execute(statement)
        connection.close()

    for statement in CREATE:
        run(statement)
    return Source(Form(Kind.SQLITE, "Shop", path=str(path)), "", "ads", run)


@pytest.fixture
def duck(folder: Path) -> Source:
    """A DuckDB file."""
    path = folder / "shop.duckdb"

    def run(statement: str) -> None:
        with duckdb.connect(path) as connection:
            connection.execute(statement)

    for statement in CREATE:
        run(statement)
    return Source(Form(Kind.DUCKDB, "Shop", path=str(path)), "", "main.ads", run)


@pytest.fixture
def parquet(folder: Path) -> Source:
    """A folder with two Parquet files."""
    frame = pl.DataFrame(ROWS, schema=COLUMNS, orient="row", strict=False)
    frame.head(1).write_parquet(folder / "a.parquet")
    frame.tail(2).write_parquet(folder / "b.parquet")

    def run(statement: str) -> None:
        raise AssertionError(statement)

    return Source(Form(Kind.PARQUET, "Shop", path=str(folder)), "", "all files", run)


@pytest.fixture(scope="session")
def store_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[stores.Store]:
    with stores.server(tmp_path_factory.mktemp("store")) as store:
        yield store


@pytest.fixture
def s3(store_server: stores.Store, monkeypatch: pytest.MonkeyPatch) -> Source:
    """A bucket of its own in the stand-in for S3, with two Parquet files below `ads/` and something else beside it."""
    monkeypatch.setenv("MAROPS_ALLOW_PRIVATE_HOSTS", "127.0.0.0/8")
    bucket = f"t{uuid4().hex[:12]}"
    store_server.owner.create_bucket(Bucket=bucket)

    def put(name: str, rows: list[tuple[object, ...]]) -> None:
        file = io.BytesIO()
        pl.DataFrame(rows, schema=COLUMNS, orient="row", strict=False).write_parquet(file)
        store_server.put(bucket, name, file.getvalue())

    put("ads/a.parquet", ROWS[:1])
    put("ads/b/2026.parquet", ROWS[1:])
    put("elsewhere/c.parquet", ROWS)
    more = {
        "bucket": bucket, "prefix": "ads", "region": "us-east-1", "key": store_server.key, "host": "127.0.0.1",
        "port": str(store_server.port),
    }  # fmt: skip
    form = Form(Kind.S3, "Shop", tls=Tls.OFF, more=more, vouched=True)
    return Source(form, store_server.secret, "*.parquet", lambda given: put(*given))


@pytest.fixture(params=["pg", "my", "lite", "duck", "parquet", "s3"])
def source(request: pytest.FixtureRequest) -> Source:
    """A source of every kind."""
    return request.getfixturevalue(request.param)
