"""Rows of the scorecard: what a KPI is held against, and what people say about it. None is changed; one can be withdrawn."""

from datetime import date, datetime
from decimal import Decimal

from sqlmodel import Field, Session, col, select

from marops.store import ExactDecimal, ImportedRow, Moment, Said, Withdrawable, now


class Target(ImportedRow, Withdrawable, table=True):
    """A target of a KPI for the days from `valid_from` to `valid_to`. Never overwritten: of two for the same day, the one set last
    holds; of those set at the same moment (by one file), the one that begins later.
    """

    kpi: str = Field(index=True, max_length=20)
    valid_from: date
    valid_to: date | None = None
    type: str = Field(max_length=10)
    value: Decimal = Field(sa_type=ExactDecimal)
    upper: Decimal | None = Field(default=None, sa_type=ExactDecimal)
    author: str | None = Field(default=None, max_length=200)
    reason: str | None = Field(default=None, max_length=1000)
    set_at: datetime = Field(default_factory=now, sa_type=Moment)


class CheckIn(Said, table=True):
    """A note on how a KPI did in a month (its first day)."""

    kpi: str = Field(max_length=20)
    month: date
    words: str = Field(max_length=2000)


class Annotation(Said, table=True):
    """What happened on a day, for the chart of a KPI, or of all where `kpi` is empty."""

    kpi: str | None = Field(default=None, max_length=20)
    day: date
    words: str = Field(max_length=500)


class Rebase(Said, table=True):
    """The decision that a KPI's process is another one from a month (its first day) on: its limits are learned anew from there."""

    kpi: str = Field(max_length=20)
    from_month: date
    reason: str = Field(max_length=1000)


def rebases(session: Session, workspace_id: str, kpi_id: str | None = None) -> list[Rebase]:
    """The decisions to learn limits anew that stand, of one KPI or of all, in the order of their months."""
    query = select(Rebase).where(Rebase.workspace_id == workspace_id, col(Rebase.withdrawn_at).is_(None))
    if kpi_id is not None:
        query = query.where(Rebase.kpi == kpi_id)
    return list(session.exec(query.order_by(col(Rebase.from_month), col(Rebase.written_at), col(Rebase.id))))


def annotations(session: Session, workspace_id: str, kpi_id: str | None = None) -> list[Annotation]:
    """What was said of days and stands, in the order of the days; for a KPI, what was said of it and of all."""
    query = select(Annotation).where(Annotation.workspace_id == workspace_id, col(Annotation.withdrawn_at).is_(None))
    if kpi_id is not None:
        query = query.where((col(Annotation.kpi) == kpi_id) | col(Annotation.kpi).is_(None))
    return list(session.exec(query.order_by(col(Annotation.day), col(Annotation.written_at), col(Annotation.id))))
