"""When each piece of a workspace's open work is done, of all of it, since work waits for the work of others whoever looks at it."""

import threading
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

import polars as pl
from cachetools import LRUCache, cached

from marops.calendars import Calendar
from marops.period import start_of
from marops.pipeline import backtest, finishing, outlook
from marops.pipeline.backtest import Checked, Past
from marops.pipeline.calibration import Stay
from marops.pipeline.delivery import Delivery
from marops.pipeline.finishing import AS_IS, Order, WhatIf
from marops.pipeline.forecast import Pace


@dataclass(frozen=True, eq=False)
class Dates:
    """The dates of open work. `delivered`: the flow of all work; `work`: item_rollups.work; `needs`: item_rollups.dependencies."""

    delivered: Delivery
    work: pl.DataFrame
    needs: pl.DataFrame
    calendar: Calendar

    @cached_property
    def standing(self) -> pl.DataFrame:
        """Open work where it stands: `issue_id`, `stage`, `index`, `since`, `stay` (calibration.Stay), `name`, `due_date`, `unit`.
        Work without a history stands where its tracker says, since it was created; work with a history that cannot be is left out.
        """
        named = self.work.select("issue_id", pl.col("label").alias("name"), "due_date", "unit")
        found = backtest.stays(self.delivered.placed, self.delivered.end).filter(pl.col("index") != self._done)
        index = {stage: at for at, stage in enumerate(self.delivered.workflow.stages)}
        unplaced = self.work.filter(
            pl.col("launched_at").is_null() & pl.col("done_at").is_null() & pl.col("stage").is_in(list(index))
            # Nobody knows since when it stands where it does, if it still does.
            & ~pl.col("is_broken")
            & ~pl.col("issue_id").is_in(self.delivered.items["case"].implode())
            & ~pl.col("issue_id").is_in(self.delivered.withdrawn.implode())
        ).select(
            "issue_id", "stage", pl.col("stage").replace_strict(index, default=None, return_dtype=pl.Int64).alias("index"),
            pl.coalesce("since", "created_at").alias("since"), pl.lit(Stay.USUAL.value, pl.Int64).alias("stay"),
        )  # fmt: skip
        return pl.concat([found, unplaced]).join(named, on="issue_id", how="left", maintain_order="left")

    @cached_property
    def paces(self) -> dict[str | None, Pace | None]:
        """The pace of each business unit (None: work of no unit), by what it launched itself."""
        launched = self.delivered.timed.join(self.work.select("issue_id", "unit"), on="issue_id", how="left")
        days, last = launched.select("unit", pl.col("finished").dt.date()), self.delivered.last_day
        first = self.delivered.items.select(pl.col("case").alias("issue_id"), "first").join(self.work, on="issue_id", how="left")
        since = {unit: at.date() for unit, at in first.group_by("unit").agg(pl.col("first").min()).iter_rows()}
        return {unit: outlook.pace(_of_unit(days, unit)["finished"], day, last, self.calendar)[1] for unit, day in since.items()}

    def finishes(
        self, order: Order, first: pl.DataFrame, what_if: WhatIf = AS_IS, of: frozenset[str] | None = None
    ) -> pl.DataFrame:
        """When each open item is done, worked on in an order: finishing.FINISH with `name`, `stage`, `due_date`; no dates of a
        share that was kept clearly less often than it says. `first`: the places of what should be done first (ordering.ORDER);
        `of`: the items that are asked for (None: all).
        """
        places = tuple(first.select("issue_id", "place").iter_rows()) if order is Order.FIRST else ()
        return _finishes(self, order, places, what_if) if of is None else _finishes_of(self, order, places, what_if, of)

    def checked(self, order: Order) -> Checked:
        """How dates of single items held in the past, had they been told in an order; what should have been done first is not known
        of the past: dates in that order are read as those of what is nearest to its launch.
        """
        return _checked(self._past, Order.DUE if order is Order.DUE else Order.FARTHEST)

    @cached_property
    def _past(self) -> Past:
        """What was known at the end of the last day: what changes today changes no past."""
        last_day = self.delivered.last_day
        over = start_of(last_day + timedelta(days=1))
        placed, gone = self.delivered.ever_placed.filter(pl.col("at") < over), self.delivered.gone.filter(pl.col("gone") < over)
        work = self.work.filter(pl.col("issue_id").is_in(placed["case"].cast(pl.String).unique().implode()))
        work = work.select("issue_id", "unit", "due_date").sort("issue_id")
        return Past(placed, self._done, gone, work, self.calendar, last_day)

    @property
    def _done(self) -> int:
        """The place of the stage in which work is finished."""
        return len(self.delivered.workflow.stages) - 1


@cached(LRUCache(maxsize=64), condition=threading.Condition())
def _finishes(dates: Dates, order: Order, places: tuple[tuple[str, int | None], ...], what_if: WhatIf) -> pl.DataFrame:
    going_on = dates.standing.filter(~pl.col("issue_id").is_in(list(what_if.dropped)))
    placed = pl.DataFrame(places, schema={"issue_id": pl.String, "place": pl.Int64}, orient="row")
    open_ = going_on.join(placed, on="issue_id", how="left", maintain_order="left")
    teams = dict(open_.select("issue_id", "unit").iter_rows())
    stands = {issue: (index, stay) for issue, index, stay in open_.select("issue_id", "index", "stay").iter_rows()}
    needs = dict(dates.needs.group_by("issue_id").agg(pl.col("needs").sort()).iter_rows())
    paces = {unit: pace and pace.faster(what_if.times) for unit, pace in dates.paces.items()}
    found = finishing.finishes(
        finishing.ordered(open_, order), teams, needs, paces, dates.calendar, dates.delivered.last_day, seed=outlook.SEED,
        stands=stands, known=dates.checked(order).calibration,
    )  # fmt: skip
    broken = [pl.lit(None, pl.Date).alias(f"p{round(share * 100)}") for share in dates.checked(order).broken]
    told = open_.select("issue_id", "name", "stage", "due_date")
    return found.with_columns(broken).join(told, on="issue_id", how="left", maintain_order="left")


@cached(LRUCache(maxsize=64), condition=threading.Condition())
def _finishes_of(
    dates: Dates, order: Order, places: tuple[tuple[str, int | None], ...], what_if: WhatIf, of: frozenset[str]
) -> pl.DataFrame:  # fmt: skip
    return _finishes(dates, order, places, what_if).filter(pl.col("issue_id").is_in(list(of)))


@cached(LRUCache(maxsize=16), key=lambda past, order: (past.content, order), condition=threading.Condition())
def _checked(past: Past, order: Order) -> Checked:
    return past.checked(order, seed=outlook.SEED)


def _of_unit(rows: pl.DataFrame, unit: str | None) -> pl.DataFrame:
    return rows.filter(pl.col("unit").eq_missing(pl.lit(unit, pl.String)))
