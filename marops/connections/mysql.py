"""Reading from MariaDB and MySQL, with a user that can do nothing else.

What the user may do is read from SHOW GRANTS, roles included, and compared with the few privileges that only read. The
query stands as a derived table in one statement of a read-only transaction, which is never committed.
"""

import re
import socket
import ssl
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from marops import settings
from marops.connections import addresses, writing
from marops.connections.failures import no_driver, refused_by, writable
from marops.connections.kinds import Form, Query, Tls
from marops.errors import BadConnection
from marops.language import text

_CONNECT_SECONDS = 10
_HARMLESS = frozenset({"USAGE", "SELECT", "SHOW VIEW", "SHOW DATABASES"})
_GRANT = re.compile(r"GRANT (?P<privileges>.+?) ON (?P<object>.+?) TO ", re.IGNORECASE)
_ROLE = re.compile(r"GRANT (?P<roles>[^()]+?) TO ", re.IGNORECASE)
_TABLES = """
SELECT CONCAT(table_schema, '.', table_name) FROM information_schema.tables
WHERE table_schema NOT IN ('information_schema', 'performance_schema', 'mysql', 'sys') ORDER BY 1 LIMIT 2000
"""


def tables(form: Form, password: str) -> list[str]:
    """Tables and views the user can read, as `database.table`. Raises BadConnection, also for a user that may write."""
    with _connected(form, password) as cursor:
        cursor.execute(_TABLES)
        return [str(row[0]) for row in cursor.fetchall()]


def fetch(form: Form, password: str, query: Query, to: Path) -> int:
    """Write the query's rows into a Parquet file. Returns how many. Raises BadConnection."""
    with _connected(form, password) as cursor:
        cursor.execute(query.sql("`"))
        names = [str(column[0]) for column in cursor.description or ()]
        return writing.write_all(to, names, writing.rows_by_size(cursor.fetchmany))


@contextmanager
def _connected(form: Form, password: str) -> Generator[Any]:
    """A cursor in a read-only transaction, its user checked; what is done in it is rolled back."""
    try:
        import pymysql
        from pymysql.cursors import SSCursor
    except ModuleNotFoundError:
        raise no_driver("mysql") from None
    address = addresses.pinned(form.host, form.port)
    connection = None
    try:
        # As bytes: the driver would take text for Latin-1.
        connection = pymysql.connect(
            host=form.host, port=form.port, user=form.user, password=password.encode(), database=form.database, charset="utf8mb4",
            cursorclass=SSCursor, connect_timeout=_CONNECT_SECONDS, read_timeout=writing.SECONDS + 30, autocommit=False,
            local_infile=False, defer_connect=True, ssl_disabled=form.tls is Tls.OFF, ssl=_context(form.tls),
        )  # fmt: skip
        # The socket goes to the address that was checked; the name stays for the certificate.
        way = socket.create_connection((address, form.port), _CONNECT_SECONDS)
        way.settimeout(None)
        with writing.deadline(lambda: _cut(way)), _signed_in(connection, way) as cursor:
            _limit(cursor, pymysql.MySQLError)
            _check_user(form, cursor)
            cursor.execute("START TRANSACTION READ ONLY")
            yield cursor
    except (pymysql.MySQLError, OSError) as failed:
        raise refused_by(form, password, str(failed.args[-1]) if failed.args else failed) from None
    finally:
        if connection is not None and connection.open:
            connection.close()  # without a commit: what was begun is rolled back


def _signed_in(connection: Any, way: socket.socket) -> Any:
    connection.connect(way)
    return connection.cursor()


def _cut(way: socket.socket) -> None:
    """Let nothing more come: whoever waits for it finds the connection closed."""
    with suppress(OSError):
        way.shutdown(socket.SHUT_RDWR)


def _context(tls: Tls) -> ssl.SSLContext | None:
    if tls is Tls.OFF:
        return None
    context = ssl.create_default_context(cafile=settings.current().ca_file)
    if tls is Tls.ENCRYPTED:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _limit(cursor: Any, error: type[Exception]) -> None:
    """Let the server stop a statement: MariaDB counts seconds, MySQL milliseconds."""
    try:
        cursor.execute(f"SET SESSION max_statement_time = {writing.SECONDS}")
    except error:
        cursor.execute(f"SET SESSION max_execution_time = {writing.SECONDS * 1000}")
    cursor.execute("SET SESSION time_zone = '+00:00'")


def _check_user(form: Form, cursor: Any) -> None:
    for privilege, on in _granted(cursor):
        if privilege not in _HARMLESS:
            may = text("it has {privilege} on {object}", privilege=privilege, object=on)
            raise BadConnection(writable(form, may, _grants(form)))


def _granted(cursor: Any) -> Iterator[tuple[str, str]]:
    """Every privilege of the user and of the roles it can take, with what it is on."""
    waiting, seen = [""], {""}
    while waiting:
        role = waiting.pop()
        if role:  # a user may look at a role's grants only while it has taken it
            cursor.execute(f"SET ROLE {role}")
        cursor.execute("SHOW GRANTS")
        for (line,) in cursor.fetchall():
            if granted := _GRANT.match(line):
                # A list of columns in parentheses narrows a privilege; it does not change which one it is.
                names = re.sub(r"\([^)]*\)", "", granted["privileges"]).split(",")
                yield from ((name.strip().upper(), granted["object"]) for name in names)
                if "WITH GRANT OPTION" in line.upper():
                    yield "GRANT OPTION", granted["object"]
            elif taken := _ROLE.match(line):
                roles = [name.strip() for name in taken["roles"].split(",")]
                waiting += [name for name in roles if name not in seen]
                seen.update(roles)
            elif not line.upper().startswith("SET DEFAULT ROLE"):
                yield line.split(" TO ")[0], "?"


def _grants(form: Form) -> str:
    user = f"{form.user}_reader"
    return f"CREATE USER '{user}'@'%' IDENTIFIED BY '...'; GRANT SELECT, SHOW VIEW ON `{form.database}`.* TO '{user}'@'%';"
