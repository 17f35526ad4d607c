"""Reading tables and views of warehouses through Ibis. Runs in the limited child only.

No statement of a person ever goes there: to learn a query's columns Ibis makes a view of it, or runs what it is given as it
stands, so that a second statement in it would be run as well. A table is named, its day is compared, and Ibis writes the
one SELECT for that. A query that is wanted is a view over there.
"""

import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from marops.connections import sqlserver
from marops.connections.kinds import Kind, Query, Tls
from marops.connections.reaching import Reach, Unreadable
from marops.connections.writing import BATCH_ROWS, SECONDS, Binary, Repeated, TooMuch, write_all

_MOST_TABLES = 2000
_SCOPE = "https://www.googleapis.com/auth/bigquery"


def tables(reach: Reach) -> list[str]:
    """Tables and views of the dataset or schema. Raises Unreadable."""
    with _connected(reach) as backend:
        return names(backend, _schema(reach))


def fetch(reach: Reach, query: Query, to: str) -> int:
    """Write the table's rows into a Parquet file. Returns how many. Raises Unreadable, TooMuch, Binary."""
    with _connected(reach) as backend:
        return write(backend, query, to, _schema(reach))


def _schema(reach: Reach) -> str | None:
    """The schema that has to be named with each table; the others are connected to one."""
    return reach.more["schema"] if reach.kind is Kind.SQLSERVER else None


def names(backend: Any, schema: str | None = None) -> list[str]:
    """The tables and views that an Ibis backend sees, by name."""
    return sorted(backend.list_tables(database=schema))[:_MOST_TABLES]


def write(backend: Any, query: Query, to: str, schema: str | None = None) -> int:
    """Write a table of an Ibis backend into a Parquet file. Returns how many rows. Raises Unreadable, TooMuch, Binary."""
    if query.select:
        raise Unreadable("a warehouse is read by its tables and views; make a view of the query there")
    table = backend.table(query.table, database=schema)
    if query.date_column and query.from_day:
        table = table.filter(_from(table[query.date_column], date.fromisoformat(query.from_day)))
    rows = _rows(table)
    return write_all(Path(to), list(table.columns), lambda: next(rows, []))


def _from(column: Any, first: date) -> Any:
    import ibis

    if column.type().is_timestamp():
        return column >= ibis.timestamp(first.isoformat())
    if column.type().is_date():
        return column >= ibis.date(first.isoformat())
    return column.cast("string").substr(0, 10) >= first.isoformat()


def _rows(table: Any) -> Iterator[list[tuple[Any, ...]]]:
    for batch in table.to_pyarrow_batches(chunk_size=BATCH_ROWS):
        if batch.num_rows:
            yield list(zip(*(column.to_pylist() for column in batch.columns), strict=True))


@contextmanager
def _connected(reach: Reach) -> Generator[Any]:
    try:
        backend = _CONNECT[reach.kind](reach)
        try:
            yield backend
        finally:
            backend.disconnect()
    except (Unreadable, TooMuch, Binary, Repeated):
        raise
    except Exception as failed:  # every driver has errors of its own
        raise Unreadable(str(failed) or type(failed).__name__) from failed


def _bigquery(reach: Reach) -> Any:
    import ibis
    from google.oauth2 import service_account  # pyright: ignore[reportMissingImports]

    try:
        credentials = service_account.Credentials.from_service_account_info(json.loads(reach.secret), scopes=[_SCOPE])
    except (ValueError, KeyError):
        raise Unreadable("the secret is not the JSON key of a service account") from None
    return ibis.bigquery.connect(project_id=reach.more["project"], dataset_id=reach.more["dataset"], credentials=credentials)


def _snowflake(reach: Reach) -> Any:
    import ibis

    more = reach.more
    return ibis.snowflake.connect(
        account=more["account"], user=more["user"], password=reach.secret, warehouse=more["warehouse"],
        database=more["database"], schema=more["schema"], role=more.get("role") or None,
        # Ibis would make a database for functions of its own, and let one call run several statements.
        create_object_udfs=False, session_parameters={"MULTI_STATEMENT_COUNT": 1, "STATEMENT_TIMEOUT_IN_SECONDS": SECONDS},
    )  # fmt: skip


def _clickhouse(reach: Reach) -> Any:
    import ibis

    return ibis.clickhouse.connect(
        host=reach.more["host"], port=int(reach.more["port"]), database=reach.more["database"], user=reach.more["user"],
        password=reach.secret, secure=reach.tls is not Tls.OFF, interface="http" if reach.tls is Tls.OFF else "https",
        verify=reach.tls is Tls.VERIFIED, connect_timeout=10, send_receive_timeout=SECONDS,
    )  # fmt: skip


def _trino(reach: Reach) -> Any:
    import ibis
    from trino.auth import BasicAuthentication

    plain = reach.tls is Tls.OFF
    return ibis.trino.connect(
        host=reach.more["host"], port=int(reach.more["port"]), user=reach.more["user"], database=reach.more["catalog"],
        schema=reach.more["schema"], http_scheme="http" if plain else "https", verify=reach.tls is Tls.VERIFIED,
        auth=BasicAuthentication(reach.more["user"], reach.secret) if reach.secret else None, request_timeout=SECONDS,
    )  # fmt: skip


_CONNECT = {
    Kind.BIGQUERY: _bigquery,
    Kind.SNOWFLAKE: _snowflake,
    Kind.CLICKHOUSE: _clickhouse,
    Kind.TRINO: _trino,
    Kind.SQLSERVER: sqlserver.connected,
}
