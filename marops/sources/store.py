"""Rows about imports: what came in, what was refused, and how a layout was mapped by hand."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger
from sqlmodel import Field, Session, select

from marops.store import Moment, Row, new_id, now


class Status(StrEnum):
    """State of an import."""

    ACTIVE = "active"
    UNDONE = "undone"


class ImportRun(Row, table=True):
    """One accepted file. `report` is what the reader found (`report.Report` as JSON), kept for the record."""

    id: str = Field(default_factory=new_id, primary_key=True, max_length=32)
    workspace_id: str = Field(foreign_key="workspace.id", index=True, max_length=40)
    file_name: str = Field(max_length=500)
    sha256: str = Field(index=True, max_length=64)
    bytes: int = Field(sa_type=BigInteger)
    rows_read: int
    rows_loaded: int
    rows_refused: int
    rows_set_aside: int
    tables: str = Field(max_length=500)
    report: dict[str, Any] = Field(sa_type=JSON)
    status: Status = Field(default=Status.ACTIVE, max_length=10)
    imported_by: str = Field(max_length=200)
    imported_at: datetime = Field(default_factory=now, sa_type=Moment)
    undone_by: str | None = Field(default=None, max_length=200)
    undone_at: datetime | None = Field(default=None, sa_type=Moment)


class Restatement(Row, table=True):
    """Days of one owner of a table that an import delivered again: while it is active, what earlier imports of the same grain
    say of them does not count.
    """

    id: str = Field(default_factory=new_id, primary_key=True, max_length=32)
    workspace_id: str = Field(foreign_key="workspace.id", index=True, max_length=40)
    import_id: str = Field(foreign_key="import_run.id", index=True, max_length=32)
    table_name: str = Field(max_length=60)
    grain: str = Field(max_length=200)
    owner: list[str | None] = Field(sa_type=JSON)
    first_day: date
    last_day: date


class Replacement(Row, table=True):
    """That an import's rows of a table took the place of all that an earlier import (`replaced_id`) says there: while the later
    one is active, the earlier one's do not count.
    """

    id: str = Field(default_factory=new_id, primary_key=True, max_length=32)
    workspace_id: str = Field(foreign_key="workspace.id", index=True, max_length=40)
    import_id: str = Field(foreign_key="import_run.id", index=True, max_length=32)
    table_name: str = Field(max_length=60)
    replaced_id: str = Field(foreign_key="import_run.id", index=True, max_length=32)


class ImportReject(Row, table=True):
    """One refused cell of an import."""

    id: int | None = Field(default=None, primary_key=True)
    import_id: str = Field(foreign_key="import_run.id", index=True, max_length=32)
    part: str = Field(max_length=200)
    source_row_number: int
    column_name: str = Field(max_length=500)
    raw_value: str = Field(max_length=500)
    rule: str = Field(max_length=40)
    limit: str = Field(default="", max_length=500)


class ColumnMapping(Row, table=True):
    """How files with these headers are mapped, chosen by a person and remembered."""

    id: str = Field(default_factory=new_id, primary_key=True, max_length=32)
    workspace_id: str = Field(foreign_key="workspace.id", index=True, max_length=40)
    signature: str = Field(index=True, max_length=64)
    mapping: dict[str, Any] = Field(sa_type=JSON)
    chosen_by: str = Field(max_length=200)
    chosen_at: datetime = Field(default_factory=now, sa_type=Moment)


def active_import_of(session: Session, workspace_id: str, sha256: str) -> ImportRun | None:
    """The import in force that took a file with these bytes."""
    query = select(ImportRun).where(
        ImportRun.workspace_id == workspace_id, ImportRun.sha256 == sha256, ImportRun.status == Status.ACTIVE
    )
    return session.exec(query).first()
