"""The role most work waits for, named only where the evidence tells it from the next one."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from marops import stats
from marops.pipeline import flow, holding

FEWEST = 20
"""Items below which no role is told from another: the interval would promise too much."""
QUARTER = timedelta(days=91)


@dataclass(frozen=True, slots=True)
class Queue:
    """How often work came to a role and left it in the last quarter, an item each time it did; it grew where more came."""

    arrived: int
    left: int


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """The role that holds most of the waiting (None: nobody's), and the evidence.

    `share`: of all days; `next_role` holds most of the rest, and `ahead` is how much the shares differ, with a 95 % interval over
    items (None: one role holds all, or there are too few `items`). `queue`: None where the log is younger than a quarter.
    """

    role: str | None
    share: float
    items: int
    next_role: str | None
    ahead: tuple[float, float] | None
    queue: Queue | None

    @property
    def is_clear(self) -> bool:
        """Whether the role can be told from the next one."""
        return self.items >= FEWEST and (self.ahead is None or self.ahead[0] > 0)


def bottleneck(found: pl.DataFrame, everything: pl.DataFrame, end: datetime) -> Bottleneck | None:
    """The role that holds most of the days of some spans (those of a period); None where nothing waited. `everything`: all spans up
    to `end`, for how the role's queue changed.
    """
    lasted = found.group_by("case", "role").agg(flow.days(pl.col("at"), pl.col("until")).sum().alias("days"))
    by_role = lasted.group_by("role").agg(pl.col("days").sum()).sort("days", "role", descending=[True, False])
    total = float(by_role["days"].sum())
    if not total:
        return None
    role, next_role = (by_role["role"][at] if by_role.height > at else None for at in (0, 1))
    of_item = lasted.group_by("case").agg(
        _days_of(role).alias("first"), _days_of(next_role).alias("second"), pl.col("days").sum().alias("all")
    )
    ahead = _ahead(of_item) if by_role.height > 1 and of_item.height >= FEWEST else None
    share = float(by_role["days"][0]) / total
    return Bottleneck(role, share, of_item.height, next_role, ahead, queue(everything, role, end))


def _days_of(role: str | None) -> pl.Expr:
    return pl.col("days").filter(pl.col("role").eq_missing(pl.lit(role, pl.String))).sum()


def _ahead(of_item: pl.DataFrame) -> tuple[float, float]:
    """The 95 % interval of the difference of two shares of all days, from how items differ."""
    apart, total = (of_item["first"] - of_item["second"]).to_numpy(), float(of_item["all"].sum())
    # All days are taken as given: to let them vary with the items calls skewed times different twice as often as promised.
    spread = stats.z95() * float(np.std(apart, ddof=1)) * len(apart) ** 0.5
    return (float(apart.sum()) - spread) / total, (float(apart.sum()) + spread) / total


def queue(found: pl.DataFrame, role: str | None, end: datetime) -> Queue | None:
    """What came to a role and left it in the quarter before `end`; None where the log is younger."""
    since = end - QUARTER
    first = found["at"].min()
    if not isinstance(first, datetime) or first > since:
        return None
    had = holding.holds(found).filter(pl.col("role").eq_missing(pl.lit(role, pl.String)))
    arrived = had.filter(pl.col("since") >= since).height
    left = had.filter(~pl.col("open") & (pl.col("until") >= since)).height
    return Queue(arrived, left)
