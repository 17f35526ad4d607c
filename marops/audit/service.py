"""The audit trail, to be read."""

from sqlmodel import col, select

from marops import store
from marops.audit.store import AuditEntry
from marops.principal import Action, Principal, require

MOST = 500
"""Entries that are read at once."""


def entries(
    principal: Principal, workspace_id: str, kind: str | None = None, object_id: str | None = None, *, limit: int = MOST
) -> list[AuditEntry]:
    """What was changed in a workspace (things of one kind, one thing), the newest first, `limit` of them and never over MOST."""
    require(principal, Action.READ, workspace_id)
    query = select(AuditEntry).where(AuditEntry.workspace_id == workspace_id)
    if kind is not None:
        query = query.where(AuditEntry.object_kind == kind)
    if object_id is not None:
        query = query.where(AuditEntry.object_id == object_id)
    with store.reading() as session:
        return list(session.exec(query.order_by(col(AuditEntry.id).desc()).limit(max(0, min(limit, MOST)))))
