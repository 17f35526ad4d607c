"""Reading from PostgreSQL, with a role that can do nothing else.

A read-only transaction alone is no boundary: `commit; insert` leaves it. So the role is looked at first: whatever it, or
a role it could become, may change is named and refused. Then the query runs as the cursor of one read-only transaction:
a cursor takes a single SELECT, by the server's own grammar, and the transaction is never committed.
"""

import os
import socket
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from marops.connections import addresses, authorities, writing
from marops.connections.failures import no_driver, refused_by, writable
from marops.connections.kinds import Form, Query, Tls
from marops.errors import BadConnection
from marops.language import text

_MODES = {Tls.VERIFIED: "verify-full", Tls.ENCRYPTED: "require", Tls.OFF: "disable"}
_CONNECT_SECONDS = 10
_HARMLESS = ("pg_read_all_data", "pg_read_all_settings", "pg_read_all_stats", "pg_stat_scan_tables", "pg_monitor")

_ROLES = "SELECT oid, rolname FROM pg_roles WHERE pg_has_role(session_user, oid, 'MEMBER')"
_OURS = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
_CHANGES = f"""
WITH mine AS ({_ROLES})
SELECT 1, 'SUPERUSER', r.rolname FROM pg_roles r JOIN mine USING (oid) WHERE r.rolsuper
UNION ALL SELECT 2, a.attribute, r.rolname FROM pg_roles r JOIN mine USING (oid), LATERAL (VALUES ('CREATEROLE', r.rolcreaterole),
    ('CREATEDB', r.rolcreatedb), ('REPLICATION', r.rolreplication), ('BYPASSRLS', r.rolbypassrls)) a (attribute, has) WHERE a.has
UNION ALL SELECT 3, 'MEMBER', m.rolname FROM mine m WHERE m.rolname ~ '^pg_' AND m.rolname <> ALL(%s)
UNION ALL SELECT 4, 'OWNER', n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE {_OURS} AND c.relowner IN (SELECT oid FROM mine)
UNION ALL SELECT 5, 'OWNER', 'SCHEMA ' || n.nspname FROM pg_namespace n
    WHERE {_OURS} AND n.nspowner IN (SELECT oid FROM mine)
UNION ALL SELECT 5, 'OWNER', 'DATABASE ' || d.datname FROM pg_database d
    WHERE d.datname = current_database() AND d.datdba IN (SELECT oid FROM mine)
UNION ALL SELECT 6, p.privilege, n.nspname || '.' || c.relname
    FROM mine m, pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace,
    unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) p (privilege)
    WHERE {_OURS} AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND (has_table_privilege(m.oid, c.oid, p.privilege)
        OR p.privilege IN ('INSERT', 'UPDATE') AND has_any_column_privilege(m.oid, c.oid, p.privilege))
UNION ALL SELECT 7, p.privilege, 'SEQUENCE ' || n.nspname || '.' || c.relname
    FROM mine m, pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, unnest(ARRAY['USAGE', 'UPDATE']) p (privilege)
    WHERE {_OURS} AND CASE WHEN c.relkind = 'S' THEN has_sequence_privilege(m.oid, c.oid, p.privilege) ELSE false END
UNION ALL SELECT 8, 'CREATE', 'SCHEMA ' || n.nspname FROM mine m, pg_namespace n
    WHERE {_OURS} AND has_schema_privilege(m.oid, n.oid, 'CREATE')
UNION ALL SELECT 9, 'CREATE', 'DATABASE ' || current_database() FROM mine m
    WHERE has_database_privilege(m.oid, current_database(), 'CREATE')
ORDER BY 1, 2, 3 LIMIT 1
"""
_TABLES = f"""
SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE {_OURS} AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND has_schema_privilege(n.oid, 'USAGE')
    AND has_any_column_privilege(c.oid, 'SELECT')
ORDER BY 1 LIMIT 2000
"""


def tables(form: Form, password: str) -> list[str]:
    """Tables and views the role can read, as `schema.table`. Raises BadConnection, also for a role that may write."""
    with _connected(form, password) as connection:
        return [row[0] for row in connection.execute(_TABLES).fetchall()]


def fetch(form: Form, password: str, query: Query, to: Path) -> int:
    """Write the query's rows into a Parquet file. Returns how many. Raises BadConnection."""
    with _connected(form, password) as connection, connection.cursor(name="marops") as cursor:
        cursor.execute(query.sql('"', dated="DATE "))
        names = [column.name for column in cursor.description or ()]
        return writing.write_all(to, names, writing.rows_by_size(cursor.fetchmany))


@contextmanager
def _connected(form: Form, password: str) -> Generator[Any]:
    """A connection in a read-only transaction, its role checked; what is done in it is rolled back."""
    try:
        import psycopg
    except ModuleNotFoundError:
        raise no_driver("postgres") from None
    address = addresses.pinned(form.host, form.port)
    try:
        with psycopg.connect(
            host=form.host, hostaddr=address, port=form.port, dbname=form.database, user=form.user, password=password,
            sslmode=_MODES[form.tls], connect_timeout=_CONNECT_SECONDS, application_name="marops", gssencmode="disable",
            passfile="", target_session_attrs="any",
            options=f"-c statement_timeout={writing.SECONDS * 1000} -c default_transaction_read_only=on -c TimeZone=UTC",
            sslrootcert=authorities.file() or "system" if form.tls is Tls.VERIFIED else None,
        ) as connection, writing.deadline(lambda: _cut(connection)):  # fmt: skip
            try:
                connection.read_only = True
                _check_role(form, connection)
                yield connection
            finally:
                with suppress(psycopg.Error):  # where it was cut there is nothing to roll back
                    connection.rollback()
    except psycopg.Error as failed:
        raise refused_by(form, password, failed) from None


def _cut(connection: Any) -> None:
    """Let nothing more come: whoever waits for it finds the connection closed."""
    with suppress(Exception), socket.socket(fileno=os.dup(connection.fileno())) as way:
        way.shutdown(socket.SHUT_RDWR)


def _check_role(form: Form, connection: Any) -> None:
    found = connection.execute(_CHANGES, [list(_HARMLESS)]).fetchone()
    if found is None:
        return
    _, privilege, on = found
    if privilege in {"SUPERUSER", "CREATEROLE", "CREATEDB", "REPLICATION", "BYPASSRLS"}:
        may = text("it is (or can become) {role}, which has {privilege}", role=on, privilege=privilege)
    elif privilege == "MEMBER":
        may = text("it is a member of {role}", role=on)
    elif privilege == "OWNER":
        may = text("it (or a role it can become) owns {object}", object=on)
    else:
        may = text("it has {privilege} on {object}", privilege=privilege, object=on)
    raise BadConnection(writable(form, may, _grants(form)))


def _grants(form: Form) -> str:
    role = f"{form.user}_reader" if not form.user.endswith("_reader") else f"{form.user}2"
    return (
        f'CREATE ROLE "{role}" LOGIN PASSWORD \'...\'; GRANT CONNECT ON DATABASE "{form.database}" TO "{role}"; '
        f'GRANT USAGE ON SCHEMA public TO "{role}"; GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{role}"; '
        f"REVOKE CREATE ON SCHEMA public FROM PUBLIC;"
    )
