"""The state database: engine, sessions, migrations. It knows no domain; rows are declared beside who owns them.

SQLite in the home folder by default, PostgreSQL by MAROPS_DATABASE_URL. SQLite runs with full synchronous writes and
foreign keys; WAL only where the library no longer has the WAL-reset corruption bug (fixed in 3.51.3). A writer takes
its lock at the start (BEGIN IMMEDIATE), because a read transaction cannot always be turned into a write later.
"""

import re
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, DateTime, Dialect, Engine, Numeric, String, create_engine, event, inspect
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import declared_attr
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator, TypeEngine
from sqlmodel import Field, Session, SQLModel

from marops import settings
from marops.errors import BadSetting
from marops.language import text

WAL_SAFE_SQLITE = (3, 51, 3)
MIGRATIONS = Path(__file__).parent / "migrations"
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_WRITING = {"marops_writing": True}
_MIGRATION_LOCK = 0x6D61726F7073  # "marops" as a number: PostgreSQL's advisory lock for migrations


def now() -> datetime:
    """The present moment in UTC, for audit columns."""
    return datetime.now(UTC)


def new_id() -> str:
    """A random identifier for a row."""
    return uuid4().hex


class ExactDecimal(TypeDecorator[Decimal]):
    """Decimals that stay exact: NUMERIC(18, 6) in PostgreSQL, text in SQLite, whose NUMERIC is a float."""

    impl = Numeric(18, 6)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The column's type in this database."""
        return dialect.type_descriptor(String(40) if dialect.name == "sqlite" else Numeric(18, 6))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        """Python to database."""
        return str(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:  # noqa: ARG002  (SQLAlchemy's signature)
        """Database to Python."""
        return None if value is None else Decimal(value)


class Moment(TypeDecorator[datetime]):
    """UTC timestamps that come back aware. SQLite has no zone, so they are kept there in UTC without one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Python to database. Raises ValueError for a naive datetime."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a timestamp must have a time zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Database to Python."""
        return None if value is None else (value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC))


class Row(SQLModel):
    """A row of a table that is named as its class, in snake_case: ImportRun is kept in import_run."""

    @declared_attr.directive
    @classmethod
    def __tablename__(cls) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The table's name."""
        return _WORD_START.sub("_", cls.__name__).lower()


class ImportedRow(Row):
    """Columns of state rows that an import can bring in as well as a person: undo switches `active` off."""

    id: str = Field(default_factory=new_id, primary_key=True, max_length=32)
    workspace_id: str = Field(foreign_key="workspace.id", index=True, max_length=40)
    import_id: str | None = Field(default=None, foreign_key="import_run.id", index=True, max_length=32)
    source_row_number: int | None = None
    active: bool = True


class OfUnit(Row):
    """A column of what people say of a business unit here, which goes along where the unit gets a new name."""

    business_unit: str | None = Field(default=None, max_length=200)

    @classmethod
    def edited(cls, by: str, at: datetime) -> dict[str, Any]:  # noqa: ARG003  (for those that say who changed them)
        """What else changes of a row (values by column) where somebody gives its unit a new name."""
        return {}


class Withdrawable(Row):
    """Columns of what can be withdrawn: it stays, marked with who withdrew it, when and why."""

    withdrawn_by: str | None = Field(default=None, max_length=200)
    withdrawn_at: datetime | None = Field(default=None, sa_type=Moment)
    withdrawn_reason: str | None = Field(default=None, max_length=1000)


class Said(Withdrawable):
    """Columns of what somebody says about a workspace's numbers or work."""

    id: str = Field(default_factory=new_id, primary_key=True, max_length=32)
    workspace_id: str = Field(foreign_key="workspace.id", index=True, max_length=40)
    author: str = Field(max_length=200)
    author_id: str = Field(max_length=200)
    written_at: datetime = Field(default_factory=now, sa_type=Moment)


def engine() -> Engine:
    """The engine of the present settings."""
    found = settings.current()
    return _engine(found.database_url, found.home)


@lru_cache(maxsize=8)
def _engine(url: str, home: Path) -> Engine:
    if url.startswith("sqlite"):
        settings.made(home)
        made = create_engine(url, connect_args={"check_same_thread": False, "timeout": 30})
        event.listen(made, "connect", _prepare_sqlite)
        event.listen(made, "begin", _begin_sqlite)
        return made
    try:
        return create_engine(url, pool_pre_ping=True)
    except ModuleNotFoundError as missing:
        raise BadSetting(text("PostgreSQL needs its driver. Run: python -m pip install 'marops[postgres]'")) from missing


def _prepare_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    # Python's own transaction handling would begin late and deferred; `_begin_sqlite` begins instead.
    connection.isolation_level = None  # pyright: ignore[reportAttributeAccessIssue]
    cursor = connection.cursor()
    journal = "WAL" if sqlite3.sqlite_version_info >= WAL_SAFE_SQLITE else "DELETE"
    for pragma in (f"journal_mode={journal}", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get("marops_writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


@contextmanager
def reading() -> Generator[Session]:
    """A session for reading; what it changes is rolled back."""
    with Session(engine(), expire_on_commit=False) as session:
        yield session


@contextmanager
def writing() -> Generator[Session]:
    """A session whose changes are committed together at the end, or not at all."""
    with Session(engine().execution_options(**_WRITING), expire_on_commit=False) as session, session.begin():
        yield session


def migrate() -> None:
    """Bring the database to the newest schema. Several processes may start at once: one migrates, the rest wait.

    Raises BadSetting where the database cannot be opened.
    """
    from alembic import command  # Imported here: only starting processes migrate, and Alembic takes 0.2 s to import.

    try:
        engine().connect().close()
    except OperationalError as failed:
        why = str(failed.orig).split("\n", maxsplit=1)[0]
        raise BadSetting(
            text("The database cannot be opened ({why}). Check MAROPS_HOME and MAROPS_DATABASE_URL.", why=why)
        ) from failed
    with engine().execution_options(**_WRITING).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
        command.upgrade(_alembic(connection), "head")


def schema_versions() -> tuple[str | None, str | None]:
    """The database's schema version and the newest one known to this marops."""
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    newest = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    with engine().connect() as connection:
        found = None
        if inspect(connection).has_table("alembic_version"):
            found = MigrationContext.configure(connection).get_current_revision()
    return found, newest


def _alembic(connection: Connection) -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
