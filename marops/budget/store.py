"""Rows of budgets: the plan, and scenarios somebody saved."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field

from marops.store import ExactDecimal, ImportedRow, Moment, OfUnit, new_id, now


class BudgetPlan(ImportedRow, table=True):
    """Planned spend of a channel in a period."""

    plan_version: str = Field(max_length=100)
    channel: str = Field(max_length=200)
    business_unit: str | None = Field(default=None, max_length=200)
    period_start: date
    period_end: date
    planned_spend: Decimal = Field(sa_type=ExactDecimal)
    currency_code: str = Field(max_length=3)


class Scenario(OfUnit, table=True):
    """A budget split somebody saved: multipliers of today's spend by channel, for one scope."""

    id: str = Field(default_factory=new_id, primary_key=True, max_length=32)
    workspace_id: str = Field(foreign_key="workspace.id", index=True, max_length=40)
    name: str = Field(max_length=200)
    period_start: date
    period_end: date
    multipliers: dict[str, Any] = Field(sa_type=JSON)
    saved_by: str = Field(max_length=200)
    saved_at: datetime = Field(default_factory=now, sa_type=Moment)
