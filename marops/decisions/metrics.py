"""How well actions are kept: frames in, numbers out."""

from dataclasses import dataclass
from datetime import date

import polars as pl

from marops.period import Period


@dataclass(frozen=True, slots=True)
class OnTime:
    """Of the actions that were due: how many there were, and how many of them were closed in time."""

    due: int
    closed: int


def closed_on_time(actions: pl.DataFrame, period: Period, today: date) -> OnTime:
    """The actions first due in a period, and those of them that were closed by then. `actions`: first_due and closed_on (dates),
    outcome.

    The day first promised counts: giving an action another date changes nothing here. An action is due once its day is over
    (before `today`): one that is done early is counted when the others of its day are, not sooner. An action dropped by its first
    due date was taken off the list, and is not counted; dropped later, it was due and not done. Done in time, reopened and done
    again later, it was late.
    """
    given_up = (pl.col("outcome") == "dropped").fill_null(value=False)
    in_time = (pl.col("closed_on") <= pl.col("first_due")).fill_null(value=False)
    due = actions.filter(
        pl.col("first_due").is_between(period.start, period.end), pl.col("first_due") < today, ~(given_up & in_time)
    )
    return OnTime(due.height, due.filter(in_time & ~given_up).height)
