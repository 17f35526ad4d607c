"""Rows of the scorecard: what a KPI is held against."""

from datetime import date
from decimal import Decimal

from sqlmodel import Field

from marops.store import ExactDecimal, ImportedRow


class Target(ImportedRow, table=True):
    """A target of a KPI from `valid_from` on. Never overwritten: a new one begins where the old one ends."""

    kpi: str = Field(index=True, max_length=20)
    valid_from: date
    valid_to: date | None = None
    type: str = Field(max_length=10)
    value: Decimal = Field(sa_type=ExactDecimal)
    upper: Decimal | None = Field(default=None, sa_type=ExactDecimal)
    author: str | None = Field(default=None, max_length=200)
    reason: str | None = Field(default=None, max_length=1000)
