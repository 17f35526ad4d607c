"""Rows of decisions."""

from datetime import date, datetime

from sqlmodel import Field

from marops.store import Moment, Row, new_id, now


class Decision(Row, table=True):
    """What was decided about a finding, with the number it was decided on."""

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
