"""How files were mapped by hand: kept by the signature of their headers, so that it is said once."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, delete, select

from marops import store
from marops.principal import Principal
from marops.sources.report import Mapping, Part
from marops.sources.store import ColumnMapping


@dataclass(frozen=True, slots=True)
class Remembered:
    """Who said how files with these headers are mapped, and when."""

    chosen_by: str
    chosen_at: datetime


def mappings(session: Session, workspace_id: str) -> dict[str, Mapping]:
    """Every remembered mapping of a workspace by signature."""
    rows = session.exec(select(ColumnMapping).where(ColumnMapping.workspace_id == workspace_id))
    return {row.signature: Mapping.model_validate(row.mapping) for row in rows}


def of(session: Session, workspace_id: str, signatures: Collection[str]) -> dict[str, Remembered]:
    """What is remembered of these signatures."""
    query = select(ColumnMapping).where(ColumnMapping.workspace_id == workspace_id, col(ColumnMapping.signature).in_(signatures))
    return {row.signature: Remembered(row.chosen_by, row.chosen_at) for row in session.exec(query)}


def remember(session: Session, principal: Principal, workspace_id: str, parts: Sequence[Part]) -> None:
    """Keep how these parts are mapped for files with the same headers."""
    for part in parts:
        if part.mapping is None:
            continue
        query = select(ColumnMapping).where(ColumnMapping.workspace_id == workspace_id, ColumnMapping.signature == part.signature)
        row = session.exec(query).first() or ColumnMapping(
            workspace_id=workspace_id, signature=part.signature, mapping={}, chosen_by=""
        )
        row.mapping, row.chosen_by, row.chosen_at = part.mapping.model_dump(), principal.name, store.now()
        session.add(row)


def forget(session: Session, workspace_id: str, signature: str) -> None:
    """Let files with these headers be read as if nobody had mapped one. What was imported stays."""
    session.exec(
        delete(ColumnMapping).where(col(ColumnMapping.workspace_id) == workspace_id, col(ColumnMapping.signature) == signature)
    )
