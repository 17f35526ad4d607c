"""What can be connected, and the form that describes one connection: never a free address.

Every field is checked against what it may hold, so that nothing typed into it can become an option of a driver.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from marops.connections import fields
from marops.connections.fields import Described
from marops.errors import BadConnection
from marops.language import Text, text


class Kind(StrEnum):
    """Kinds of sources."""

    POSTGRES = "postgres"
    MYSQL = "mysql"
    SQLITE = "sqlite"
    DUCKDB = "duckdb"
    PARQUET = "parquet"
    S3 = "s3"
    GCS = "gcs"
    AZURE = "azure"
    BIGQUERY = "bigquery"
    SNOWFLAKE = "snowflake"
    CLICKHOUSE = "clickhouse"
    TRINO = "trino"
    SQLSERVER = "sqlserver"
    GOOGLE_ADS = "google_ads"
    HUBSPOT = "hubspot"
    JIRA = "jira"
    META = "meta"


class Tls(StrEnum):
    """How the way to a server is protected: its certificate verified, encrypted only, or not at all."""

    VERIFIED = "verified"
    ENCRYPTED = "encrypted"
    OFF = "off"


SERVERS = frozenset({Kind.POSTGRES, Kind.MYSQL})
"""Database servers: host, port, database, user and password."""

STORES = frozenset({Kind.S3, Kind.GCS, Kind.AZURE})
"""Object stores: Parquet and CSV files below a prefix."""

APIS = frozenset({Kind.GOOGLE_ADS, Kind.HUBSPOT, Kind.JIRA, Kind.META})
"""Web services with tables that are fixed here."""

DESCRIBED: dict[Kind, Described] = {
    Kind.S3: fields.S3,
    Kind.GCS: fields.GCS,
    Kind.AZURE: fields.AZURE,
    Kind.BIGQUERY: fields.BIGQUERY,
    Kind.SNOWFLAKE: fields.SNOWFLAKE,
    Kind.CLICKHOUSE: fields.CLICKHOUSE,
    Kind.TRINO: fields.TRINO,
    Kind.SQLSERVER: fields.SQLSERVER,
    Kind.GOOGLE_ADS: fields.GOOGLE_ADS,
    Kind.HUBSPOT: fields.HUBSPOT,
    Kind.JIRA: fields.JIRA,
    Kind.META: fields.META,
}
"""Kinds with fields of their own."""

FILES = frozenset(Kind) - SERVERS - DESCRIBED.keys()
"""Files and folders below MAROPS_FILES_FROM: a path, and no secret."""

WITHOUT_SELECT = DESCRIBED.keys() | {Kind.PARQUET}
"""Kinds whose tables are read as they are."""

NAMES: dict[Kind, Text] = {
    Kind.POSTGRES: text("PostgreSQL"),
    Kind.MYSQL: text("MariaDB or MySQL"),
    Kind.SQLITE: text("SQLite file"),
    Kind.DUCKDB: text("DuckDB file"),
    Kind.PARQUET: text("Folder of Parquet files"),
    Kind.S3: text("Amazon S3 and stores that speak it"),
    Kind.GCS: text("Google Cloud Storage"),
    Kind.AZURE: text("Azure Blob Storage"),
    Kind.BIGQUERY: text("BigQuery"),
    Kind.SNOWFLAKE: text("Snowflake"),
    Kind.CLICKHOUSE: text("ClickHouse"),
    Kind.TRINO: text("Trino"),
    Kind.SQLSERVER: text("SQL Server"),
    Kind.GOOGLE_ADS: text("Google Ads"),
    Kind.HUBSPOT: text("HubSpot"),
    Kind.JIRA: text("Jira Cloud"),
    Kind.META: text("Meta Ads"),
}
PORTS: dict[Kind, int] = {Kind.POSTGRES: 5432, Kind.MYSQL: 3306}
_HOST = re.compile(r"[A-Za-z0-9._:-]{1,253}")
_WORD = re.compile(r"[\w][\w .$@+-]{0,127}")


@dataclass(frozen=True, slots=True)
class Form:
    """A connection as its form describes it, without its password. Raises BadConnection where a field holds what it may not.

    Servers have `host`, `port`, `database`, `user` and `tls`; files have `path`; the others have `more`, by the names of their
    fields, and `tls` where a host may be typed. `vouched`: whoever filled it in answers for what the secret may not do.
    """

    kind: Kind
    name: str
    host: str = ""
    port: int = 0
    database: str = ""
    user: str = ""
    tls: Tls = Tls.VERIFIED
    path: str = ""
    more: Mapping[str, str] = field(default_factory=dict[str, str])
    vouched: bool = False

    def __post_init__(self) -> None:
        _check(text("Name"), self.name, bool(self.name.strip()) and len(self.name) <= 100 and self.name.isprintable())
        if self.kind in DESCRIBED:
            self._check_described(DESCRIBED[self.kind])
            return
        if self.kind not in SERVERS:
            _check(text("Path"), self.path, 0 < len(self.path) <= 1000 and self.path.isprintable())
            return
        _check(text("Host"), self.host, _HOST.fullmatch(self.host) is not None)
        _check(text("Port"), str(self.port), 0 < self.port < 65536)
        _check(text("Database"), self.database, _WORD.fullmatch(self.database) is not None)
        _check(text("User"), self.user, _WORD.fullmatch(self.user) is not None)

    def _check_described(self, described: Described) -> None:
        for one in described.fields:
            found = self.more.get(one.name, "")
            _check(one.label, found, one.holds(found) and (one.name != "port" or not found or int(found) < 65536))
        if not (described.checked or self.vouched):
            raise BadConnection(
                text("Here marops cannot look at what {secret} may do. Make sure that it only reads, and tick that it does.",
                     secret=described.secret)
            )  # fmt: skip

    @property
    def where(self) -> str:
        """Where the source is, in a few signs."""
        if self.kind in DESCRIBED:
            parts = [self.more.get("host", "")] + [self.more.get(one.name, "") for one in DESCRIBED[self.kind].fields if one.shown]
            return "/".join(part for part in parts if part)
        return f"{self.host}:{self.port}/{self.database}" if self.kind in SERVERS else self.path


@dataclass(frozen=True, slots=True)
class Query:
    """What to read: a `table` from the list of tables, or one SELECT; from `from_day` on by `date_column`, where it is set."""

    table: str = ""
    select: str = ""
    date_column: str = ""
    from_day: str = ""

    def __post_init__(self) -> None:
        if bool(self.table) == bool(self.select):
            raise BadConnection(text("Choose a table from the list, or write one SELECT."))
        if self.from_day:
            date.fromisoformat(self.from_day)  # it stands in a statement
        if self.select and not re.match(r"(?is)\s*(select|with)\b", self.select):
            raise BadConnection(text("The query must be one SELECT: it may begin with SELECT or WITH, and reads only."))
        if len(self.select) > 20_000 or "\x00" in self.select:
            raise BadConnection(text("The query is longer than 20,000 characters. Make a view of it in the database."))

    def sql(self, quote: str, *, dated: str = "") -> str:
        """The statement, as one SELECT from a table in parentheses: nothing else fits there. `quote` surrounds names, `dated`
        stands before a date.
        """
        inner = self.select.strip().rstrip(";") if self.select else f"SELECT * FROM {quoted(self.table, quote)}"  # noqa: S608
        # The new line ends a comment that the query may end with.
        found = f"SELECT * FROM (\n{inner}\n) AS marops_rows"  # noqa: S608  (the query is its author's own)
        if self.date_column and self.from_day:
            found += f" WHERE marops_rows.{_one(self.date_column, quote)} >= {dated}'{self.from_day}'"
        return found


def quoted(table: str, quote: str) -> str:
    """A table's name as `schema.table` in quotation marks."""
    schema, dot, name = table.partition(".")
    return f"{_one(schema, quote)}.{_one(name, quote)}" if dot else _one(table, quote)


def _one(name: str, quote: str) -> str:
    return quote + name.replace(quote, quote * 2) + quote


def _check(field: Text, found: str, allowed: bool) -> None:  # noqa: FBT001
    if not allowed:
        raise BadConnection(
            text("{field} of the connection cannot be “{found}”. Give only the {field}, without an address or options.",
                 field=field, found=found[:80])
        )  # fmt: skip
