"""Rows of the audit trail. They are added, and never changed or taken out."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic_core import to_jsonable_python
from sqlalchemy import JSON
from sqlmodel import Field, Session, col, select

from marops.principal import Principal
from marops.store import Moment, Row, now


class AuditEntry(Row, table=True):
    """One change. `before` and `after` hold what the change is about as JSON; empty where there was, or is, nothing.

    The principal's name is kept as it was: an entry reads the same when the person has another name, or has left.
    """

    id: int | None = Field(default=None, primary_key=True)
    workspace_id: str = Field(foreign_key="workspace.id", index=True, max_length=40)
    at: datetime = Field(default_factory=now, sa_type=Moment)
    principal_id: str = Field(max_length=200)
    principal_name: str = Field(max_length=200)
    verb: str = Field(max_length=40)
    object_kind: str = Field(max_length=40)
    object_id: str = Field(index=True, max_length=40)
    before: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    after: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)


def note(
    session: Session, principal: Principal, workspace_id: str, verb: str, kind: str, object_id: str,
    before: Mapping[str, object] | None = None, after: Mapping[str, object] | None = None,
) -> None:  # fmt: skip
    """Write a change down. Call in the transaction that makes it, so that there is never the one without the other."""
    session.add(
        AuditEntry(
            workspace_id=workspace_id, principal_id=principal.id, principal_name=principal.name, verb=verb, object_kind=kind,
            object_id=object_id, before=to_jsonable_python(dict(before or {})), after=to_jsonable_python(dict(after or {})),
        )
    )  # fmt: skip


def last(session: Session, workspace_id: str, kind: str) -> AuditEntry:
    """The last change of things of a kind, of which there must be one."""
    query = select(AuditEntry).where(AuditEntry.workspace_id == workspace_id, AuditEntry.object_kind == kind)
    return session.exec(query.order_by(col(AuditEntry.id).desc()).limit(1)).one()


def said(row: Row, *without: str) -> dict[str, object]:
    """What a row says, for `note`: everything but where it belongs, and what is empty."""
    return {
        name: value
        for name, value in row.model_dump(exclude={"id", "workspace_id", *without}).items()
        if value is not None and value != ""
    }
