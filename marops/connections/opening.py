"""Opening SQLite and DuckDB files and folders of Parquet so that nothing but reading them is possible.

Runs in the limited child only. SQLite: read-only mode alone would still let ATTACH make a file, so writing is refused by
the connection, the authorizer and the limits as well. DuckDB: no other file, no extension, and no way to allow them again.
"""

import sqlite3
import threading
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from marops.connections.kinds import Kind, Query
from marops.connections.reaching import Unreadable
from marops.connections.writing import BATCH_ROWS, SECONDS, write_all

_STEPS = 10_000
_PARQUET_FILES = 10_000
_READING = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
_ALL = "all files"
_DUCKDB_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false", "autoinstall_known_extensions": "false", "autoload_known_extensions": "false",
    "allow_community_extensions": "false", "memory_limit": "2GB", "threads": "2", "lock_configuration": "true",
}  # fmt: skip


def tables(kind: Kind, path: str) -> list[str]:
    """The names of the tables and views that can be read. Raises Unreadable."""
    match kind:
        case Kind.SQLITE:
            with _sqlite(path) as connection:
                named = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY 1"
                return [str(row[0]) for row in connection.execute(named)]
        case Kind.DUCKDB:
            with _duckdb(path) as connection:
                named = (
                    "SELECT table_schema || '.' || table_name FROM information_schema.tables "
                    "WHERE table_catalog = current_database() ORDER BY 1"
                )
                return [str(row[0]) for row in connection.execute(named).fetchall()]
        case _:
            names = [file.name for file in _parquet_files(path)]
            return [_ALL, *names] if names else []


def fetch(kind: Kind, path: str, query: Query, to: str) -> int:
    """Write the query's rows into a Parquet file. Returns how many. Raises Unreadable, TooMuch, Binary."""
    match kind:
        case Kind.SQLITE:
            with _sqlite(path) as connection, closing(connection.execute(query.sql('"'))) as cursor:
                return write_all(Path(to), [column[0] for column in cursor.description], lambda: cursor.fetchmany(BATCH_ROWS))
        case Kind.DUCKDB:
            with _duckdb(path) as connection:
                cursor = connection.execute(_only_select(connection, query.sql('"', dated="DATE ")))
                return write_all(Path(to), [column[0] for column in cursor.description], lambda: cursor.fetchmany(BATCH_ROWS))
        case _:
            return _fetch_parquet(path, query, to)


@contextmanager
def _sqlite(path: str) -> Generator[sqlite3.Connection]:
    try:
        with closing(sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True)) as connection:
            connection.execute("PRAGMA query_only = ON")
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
            connection.set_authorizer(_authorized)
            end = time.monotonic() + SECONDS
            connection.set_progress_handler(lambda: int(time.monotonic() > end), _STEPS)
            yield connection
    except (sqlite3.Error, UnicodeDecodeError) as failed:
        raise Unreadable(str(failed)) from failed


def _authorized(action: int, first: str | None, second: str | None, _database: str | None, _trigger: str | None) -> int:
    harmful = action == sqlite3.SQLITE_FUNCTION and "load_extension" in {first, second}
    return sqlite3.SQLITE_OK if action in _READING and not harmful else sqlite3.SQLITE_DENY


@contextmanager
def _duckdb(path: str) -> Generator[Any]:
    import duckdb

    try:
        with duckdb.connect(path, read_only=True, config=_DUCKDB_SETTINGS) as connection:
            watch = threading.Timer(SECONDS, connection.interrupt)
            watch.daemon = True
            watch.start()
            try:
                yield connection
            finally:
                watch.cancel()
    except duckdb.Error as failed:
        raise Unreadable(str(failed)) from failed


def _only_select(connection: Any, sql: str) -> Any:
    """The statement, where there is one and it is a SELECT: DuckDB would run several one after the other."""
    import duckdb

    statements = connection.extract_statements(sql)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise Unreadable("the query is not one SELECT")
    return statements[0]


def _parquet_files(path: str) -> list[Path]:
    folder = Path(path)
    if not folder.is_dir():
        raise Unreadable(f"{path} is no folder")
    # A link could lead out of the folder that is allowed.
    found = sorted(file for file in folder.iterdir() if file.suffix == ".parquet" and file.is_file() and not file.is_symlink())
    if len(found) > _PARQUET_FILES:
        raise Unreadable(f"{path} has more than {_PARQUET_FILES} Parquet files")
    return found


def _fetch_parquet(path: str, query: Query, to: str) -> int:
    import polars as pl

    from marops.connections.frames import said, write_frame

    if query.select:
        raise Unreadable("a folder of Parquet files has no SELECT; choose all files or one of them")
    files = [file for file in _parquet_files(path) if query.table in {_ALL, file.name}]
    if not files:
        raise Unreadable(f"there is no file {query.table}")
    with said():
        frame = pl.scan_parquet(files, glob=False, hive_partitioning=False)
    return write_frame(frame, query, to)
