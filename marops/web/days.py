"""Days that somebody types into a form."""

from datetime import date
from typing import TypedDict


class _AnyDay(TypedDict):
    min_value: date
    max_value: date
    format: str


ANY_DAY = _AnyDay(min_value=date.min, max_value=date(9998, 12, 31), format="YYYY-MM-DD")
"""For date inputs of forms: what lies outside the bounds of such an input (ten years each way, where none are given) is never
sent, so that nobody could say what is wrong with it. Services judge days, with a sentence. Browsers hang on a calendar with the
year 9999.
"""
