"""From the moves of a workspace's work to what flow is measured by: its way to the launch.

What runs is launched however long it runs, so all stages from the launch on are one, `LAUNCHED`; what is done and was never seen to
run was launched when it was done. Dropped work is `WITHDRAWN`: its time in stages counts, it is neither finished nor in progress.
A word that is no stage is `UNKNOWN`.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

import polars as pl

from marops.language import Text, text
from marops.period import start_of
from marops.pipeline import flow
from marops.pipeline.events import EVENT, Log, Workflow, placed, trusted
from marops.pipeline.flow import Clock, Reopened
from marops.stages import Category, Process, is_among

LAUNCHED, WITHDRAWN, UNKNOWN = "launched", "withdrawn", "?"


@dataclass(frozen=True, slots=True)
class Counted:
    """How days are counted, and what becomes of the times of work that moves back."""

    clock: Clock = Clock.ELAPSED
    reopened: Reopened = Reopened.KEPT

    @property
    def said(self) -> Text:
        """How days are counted, in words for charts and measures."""
        days = text("elapsed days") if self.clock is Clock.ELAPSED else text("whole days, the first counted")
        if self.reopened is Reopened.RESET:
            return text("{days}, without what work went back behind", days=days)
        return days


@dataclass(frozen=True)
class Delivery:
    """The flow of work to its launch. `log`: its events, as `events.log` trusts them; `end`: the moment at which work stands as it
    does; `reach`: the moment up to which all sources tell what was finished; `asked`: when items were asked for (issue_id,
    created_at).
    """

    log: Log
    workflow: Workflow
    counted: Counted
    end: datetime
    reach: datetime
    asked: pl.DataFrame

    @property
    def last_day(self) -> date:
        """The last day that is over for all sources: counted while it goes on, a day looks slow."""
        return self.reach.date() - timedelta(days=1)

    @cached_property
    def withdrawn(self) -> pl.Series:
        """The items that were dropped."""
        known = self.log.events.filter(pl.col("stage") != UNKNOWN)
        last = known.group_by("case", maintain_order=True).agg(pl.col("stage").last())
        return last.filter(pl.col("stage") == WITHDRAWN)["case"].cast(pl.String)

    @cached_property
    def placed(self) -> pl.DataFrame:
        """Events of items that are not withdrawn, with the place of their stage."""
        return self.ever_placed.filter(~pl.col("case").cast(pl.String).is_in(self.withdrawn.implode()))

    @cached_property
    def ever_placed(self) -> pl.DataFrame:
        """Events of all items with the place of their stage, of withdrawn ones those before."""
        return placed(self.log.events, self.workflow)

    @cached_property
    def gone(self) -> pl.DataFrame:
        """When items were withdrawn that still are: `issue_id`, `gone`."""
        ends = self.log.events.filter(pl.col("stage") == WITHDRAWN).select(pl.col("case").cast(pl.String).alias("issue_id"), "at")
        ends = ends.filter(pl.col("issue_id").is_in(self.withdrawn.implode()))
        return ends.group_by("issue_id", maintain_order=True).agg(pl.col("at").last().alias("gone"))

    @cached_property
    def items(self) -> pl.DataFrame:
        """flow.items of those that are not withdrawn, `case` as text; `started` is when work began, `finished` the launch."""
        return flow.items(self.placed, self.workflow, self.counted.reopened).with_columns(pl.col("case").cast(pl.String))

    @cached_property
    def visits(self) -> pl.DataFrame:
        """flow.visits, those of withdrawn items too."""
        return flow.visits(self.log.events)

    @cached_property
    def timed(self) -> pl.DataFrame:
        """Finished items, by their launch: `issue_id`, `started`, `finished`, `first`, `moved_back`, `cycle` (from the first active
        stage) and `lead` (since it was asked for, or moved first), in days as they are counted.
        """
        done = self.items.drop_nulls(["finished", "started"])
        done = done.join(self.asked, left_on="case", right_on="issue_id", how="left", maintain_order="left")
        done = done.with_columns(pl.min_horizontal("first", "created_at").alias("first"))
        return done.select(
            pl.col("case").alias("issue_id"), "started", "finished", "first", "moved_back",
            flow.days(pl.col("started"), pl.col("finished"), self.counted.clock).alias("cycle"),
            flow.days(pl.col("first"), pl.col("finished"), self.counted.clock).alias("lead"),
        ).sort("finished", "issue_id")  # fmt: skip

    @cached_property
    def ageing(self) -> pl.DataFrame:
        """Work that has begun and is not finished, the oldest first: `issue_id`, `stage` (UNKNOWN: a status that is no stage),
        `started`, `age` in days.
        """
        # The end is the moment after the last day: whole days are counted to that day.
        end = self.end if self.counted.clock is Clock.ELAPSED else self.end - timedelta(microseconds=1)
        last = self.log.events.group_by("case").agg(pl.col("stage").last())
        astray = last.filter(pl.col("stage") == UNKNOWN)["case"].cast(pl.String)
        stage = pl.when(pl.col("case").is_in(astray.implode())).then(pl.lit(UNKNOWN)).otherwise("stage").alias("stage")
        return flow.age(self.items, end, self.counted.clock).select(pl.col("case").alias("issue_id"), stage, "started", "age")


def delivery(
    moves: pl.DataFrame, process: Process, end: datetime, counted: Counted | None = None, *, reach: datetime | None = None,
    work: pl.DataFrame | None = None, unread: pl.DataFrame | None = None,
) -> Delivery:  # fmt: skip
    """`moves`: item_rollups.stage_moves, by item and time; `work`: item_rollups.work; `unread`: events.unread.

    What moves later on the last day has not happened yet; what moved on a later day cannot be right, and is kept out with its item.
    """
    over = start_of((end - timedelta(microseconds=1)).date() + timedelta(days=1))
    known = trusted(_to_launch(moves, process), unread, now=over - timedelta(microseconds=1), as_of=end)
    asked = pl.DataFrame(schema=_ASKED) if work is None else work.select("issue_id", "created_at")
    return Delivery(known, _workflow(process), counted or Counted(), end, min(reach or end, end), asked)


_ASKED = pl.Schema({"issue_id": pl.String(), "created_at": pl.Datetime("us", "UTC")})


def _workflow(process: Process) -> Workflow:
    before = process.before_launch
    active = frozenset(stage.id for stage in before if stage.category is Category.ACTIVE)
    return Workflow((*(stage.id for stage in before), LAUNCHED), active, frozenset({LAUNCHED}))


def _to_launch(moves: pl.DataFrame, process: Process) -> pl.DataFrame:
    """The events of a log: moves from stage to stage, those between stages from the launch on left out."""
    launched = pl.col("stage").is_in(process.launched)
    ever = launched.fill_null(value=False).cum_max().over("issue_id")
    # A word that is no stage says nothing of work that runs.
    nowhere = pl.col("stage").is_null() & (
        pl.col("stage").forward_fill().over("issue_id").is_in(process.launched | process.done) & ever
    )
    moves = moves.filter(~nowhere.fill_null(value=False))
    dropped = pl.col("stage").is_in(process.dropped)
    # What was launched stays so: work that went back, and was dropped then, is launched as of its last launch. What was only done,
    # never seen to run, and was taken up again had not been launched.
    again = is_among(pl.col("stage"), [stage.id for stage in process.before_launch]).cum_max(reverse=True).over("issue_id")
    stays = (
        (is_among(pl.col("stage"), process.live) | (is_among(pl.col("stage"), process.launched) & ~again)).any().over("issue_id")
    )
    after = launched.fill_null(value=False).cum_max(reverse=True).over("issue_id").not_()
    moves = moves.filter(~(dropped.last().over("issue_id") & after & stays).fill_null(value=False))
    stage = (
        pl.when(launched).then(pl.lit(LAUNCHED))
        .when(dropped).then(pl.lit(WITHDRAWN))
        .otherwise(pl.col("stage").fill_null(UNKNOWN))
    )  # fmt: skip
    # The launch is the moment work begins to run; where nothing runs, it is the last time the work was ended.
    runs = any(found.category is Category.LIVE for found in process.stages)
    return events(moves.with_columns(stage.alias("stage")), once=LAUNCHED if runs else None)


def events(moves: pl.DataFrame, once: str | None = None) -> pl.DataFrame:
    """Moves, by item and time, as the events of a log (events.EVENT). Moves from one word for a stage to another are none; nor is a
    move within the stage `once`.
    """
    same = (pl.col("stage") == pl.col("stage").shift()) & (pl.col("issue_id") == pl.col("issue_id").shift())
    no_event = same & ((pl.col("status") != pl.col("status").shift()) | (pl.col("stage") == pl.lit(once, pl.String)))
    return moves.filter(~no_event.fill_null(value=False)).select(
        pl.col("issue_id").alias("case"), "stage", pl.col("entered_at").alias("at"), "role",
        pl.lit(None, EVENT["lifecycle"]).alias("lifecycle"),
    )  # fmt: skip
