"""Rows of maturity assessments: answers and facts."""

from datetime import date, datetime
from decimal import Decimal

from sqlmodel import Field

from marops.store import ExactDecimal, ImportedRow, Moment


class AssessmentAnswer(ImportedRow, table=True):
    """One respondent's level for one item; `level` None is "don't know"."""

    assessment_id: str = Field(index=True, max_length=100)
    respondent_id: str = Field(max_length=100)
    side: str = Field(max_length=10)
    item_code: str = Field(max_length=10)
    level: int | None = None
    confidence: int | None = None
    evidence_url: str | None = Field(default=None, max_length=2000)
    answered_at: datetime = Field(sa_type=Moment)


class AssessmentFact(ImportedRow, table=True):
    """One fact about the team, F1 to F7."""

    assessment_id: str = Field(index=True, max_length=100)
    fact_code: str = Field(max_length=10)
    value: Decimal = Field(sa_type=ExactDecimal)
    stated_on: date
