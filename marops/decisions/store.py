"""Rows of decisions and of the actions that follow from them."""

from datetime import date, datetime
from typing import Any

import polars as pl
from sqlalchemy import JSON
from sqlmodel import Field, col, select

from marops.store import Moment, Row, new_id, now, reading


class Decision(Row, table=True):
    """What was decided about a finding, with the number it was decided on. One that is taken back stays, marked."""

    id: str = Field(default_factory=new_id, primary_key=True, max_length=32)
    workspace_id: str = Field(foreign_key="workspace.id", index=True, max_length=40)
    finding_key: str = Field(index=True, max_length=200)
    question: str = Field(max_length=1000)
    evidence: str = Field(max_length=1000)
    choice: str = Field(max_length=20)
    note: str = Field(default="", max_length=2000)
    owner: str = Field(default="", max_length=200)
    due: date | None = None
    decided_by: str = Field(max_length=200)
    decided_at: datetime = Field(default_factory=now, sa_type=Moment)
    withdrawn_by: str | None = Field(default=None, max_length=200)
    withdrawn_at: datetime | None = Field(default=None, sa_type=Moment)


class ActionItem(Row, table=True):
    """What somebody does by a day, and what came of it. `kpi`: the KPI it is to move, if any.

    `first_due` is the day first promised and never changes; `due` is the day promised now. `opened_on` and `closed_on` are days of
    the workspace's clock, which stands still in the sample company; `created_at` and `closed_at` are moments of ours. `version`
    rises with every change: who changes an action says which version he saw. `evidence` is what was looked at on closing.
    """

    id: str = Field(default_factory=new_id, primary_key=True, max_length=32)
    workspace_id: str = Field(foreign_key="workspace.id", index=True, max_length=40)
    kpi: str | None = Field(default=None, max_length=20)
    decision_id: str | None = Field(default=None, foreign_key="decision.id", index=True, max_length=32)
    title: str = Field(max_length=1000)
    owner: str = Field(max_length=200)
    first_due: date
    due: date
    expected_effect: str = Field(default="", max_length=2000)
    opened_on: date
    created_by: str = Field(max_length=200)
    created_at: datetime = Field(default_factory=now, sa_type=Moment)
    version: int = 1
    changed_by: str = Field(max_length=200)
    changed_at: datetime = Field(default_factory=now, sa_type=Moment)
    closed_on: date | None = None
    closed_by: str | None = Field(default=None, max_length=200)
    closed_at: datetime | None = Field(default=None, sa_type=Moment)
    outcome: str | None = Field(default=None, max_length=20)
    evidence: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)

    @property
    def is_open(self) -> bool:
        """Whether it is still to be done."""
        return self.closed_at is None


_DUE: dict[str, pl.DataType] = {
    "kpi": pl.String(), "first_due": pl.Date(), "due": pl.Date(), "opened_on": pl.Date(), "closed_on": pl.Date(),
    "created_at": pl.Datetime("us", "UTC"), "closed_at": pl.Datetime("us", "UTC"), "outcome": pl.String(),
}  # fmt: skip


def due_actions(workspace_id: str) -> pl.DataFrame:
    """A workspace's actions, one a row, as `decisions.metrics` takes them: kpi, first_due, due, opened_on, closed_on, created_at,
    closed_at, outcome.
    """
    with reading() as session:
        items = session.exec(select(ActionItem).where(ActionItem.workspace_id == workspace_id).order_by(col(ActionItem.id)))
        return pl.DataFrame([{name: getattr(item, name) for name in _DUE} for item in items], schema=_DUE)
