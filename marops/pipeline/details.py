"""The flow of a workspace's work in detail: how fast, how old, how many by when, which ways it takes, and what cannot be measured.

What `marops flow` measures of a log in a file is measured here of a workspace's work, by the same functions.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property

import polars as pl
from cachetools import LRUCache, cached

from marops import item_rollups, rollups
from marops.calendars import Calendar
from marops.language import Text, text
from marops.measure import Measure
from marops.period import Period, Scope, start_of
from marops.pipeline import ageing, backtest, delivery, events, finishing, flow, outlook, quality, roles, speed
from marops.pipeline.backtest import Checked, Past
from marops.pipeline.calibration import Stay
from marops.pipeline.delivery import LAUNCHED, Counted, Delivery
from marops.pipeline.events import log
from marops.pipeline.finishing import AS_IS, Order, WhatIf
from marops.pipeline.flow import Reopened
from marops.pipeline.forecast import Pace
from marops.pipeline.outlook import Outlook
from marops.pipeline.scoped import ALL, Chosen, Scoped
from marops.pipeline.speed import Little
from marops.principal import Action, Principal, require
from marops.stages import Category, Process, Shown, Stage, folded, taken, usual
from marops.workspaces import service as workspaces


@dataclass(frozen=True)
class Details:
    """The flow of a scope's work. What happened is of the scope's period, what stands is of `today`.

    `work`: item_rollups.work; `moves`: item_rollups.stage_moves; `needs`: item_rollups.dependencies. `acts_on`: the items whose
    ages are shown, those on which a role must act now; None: all. `everything`: the same of everybody's work, for which a unit's or
    a person's may wait; None where it is that. Frames are worked out when they are asked for, and kept.
    """

    delivered: Delivery
    process: Process
    period: Period
    compared: Period | None
    work: pl.DataFrame
    moves: pl.DataFrame
    needs: pl.DataFrame
    calendar: Calendar
    today: date
    acts_on: frozenset[str] | None = None
    everything: "Details | None" = None

    @property
    def end_name(self) -> Text | str:
        """What finished work is called: launched, where the process has stages in which work runs, else the name of its end."""
        ends = [stage for stage in self.process.stages if stage.id in self.process.launched]
        return text("Launched") if ends[0].category is Category.LIVE or len(ends) > 1 else ends[0].name

    @property
    def waiting(self) -> pl.DataFrame:
        """Items that are neither finished nor withdrawn: `issue_id`, `name`."""
        return self._open.select("issue_id", "name")

    @cached_property
    def _open(self) -> pl.DataFrame:
        """Open work where it stands: `issue_id`, `stage`, `index`, `since`, `stay` (calibration.Stay), `name`, `due_date`, `unit`.
        Work without a history stands where its tracker says, since it was created.
        """
        named = self.work.select("issue_id", pl.coalesce("campaign_name", "name").alias("name"), "due_date", "unit")
        found = backtest.stays(self.delivered.placed, self.delivered.end).filter(pl.col("index") != self._done)
        index = {stage: at for at, stage in enumerate(self.delivered.workflow.stages)}
        unplaced = self.work.filter(
            pl.col("launched_at").is_null() & pl.col("done_at").is_null() & pl.col("stage").is_in(list(index))
            & ~pl.col("issue_id").is_in(self.delivered.items["case"].implode())
            & ~pl.col("issue_id").is_in(self.delivered.withdrawn.implode())
        ).select(
            "issue_id", "stage", pl.col("stage").replace_strict(index, default=None, return_dtype=pl.Int64).alias("index"),
            pl.coalesce("since", "created_at").alias("since"), pl.lit(Stay.USUAL.value, pl.Int64).alias("stay"),
        )  # fmt: skip
        return pl.concat([found, unplaced]).join(named, on="issue_id", how="left", maintain_order="left")

    @property
    def is_empty(self) -> bool:
        """Whether no item has a history to measure."""
        return self.delivered.items.is_empty()

    @cached_property
    def measures(self) -> tuple[Measure, ...]:
        """How fast and how well work flowed: see `speed`."""
        found, period = self.delivered, self.period
        return (
            speed.percentile(found, period, "cycle", 0.5), speed.percentile(found, period, "cycle", 0.85),
            speed.percentile(found, period, "lead", 0.85), speed.throughput(found, period),
            speed.in_progress(found, self.acts_on),
            speed.efficiency(found, period, self.process), speed.first_time_right(found, period),
        )  # fmt: skip

    @cached_property
    def against(self) -> Text | None:
        """Whether work was faster than in the period compared with, or else in as many days before."""
        before = self.compared or Period(
            self.period.start - timedelta(days=self.period.days), self.period.start - timedelta(days=1)
        )
        return speed.against(self.delivered, self.period, before)

    @cached_property
    def little(self) -> Little | None:
        """Little's law over the period."""
        return speed.little(self.delivered, self.period)

    @cached_property
    def ageing(self) -> pl.DataFrame:
        """Work in progress with its age (`ageing.judged`), named: `name`, `assignee`, `due_date`."""
        named = self.work.select("issue_id", pl.coalesce("campaign_name", "name").alias("name"), "assignee", "due_date")
        found = ageing.judged(self.delivered).join(named, on="issue_id", how="left", maintain_order="left")
        return found if self.acts_on is None else found.filter(pl.col("issue_id").is_in(list(self.acts_on)))

    @cached_property
    def bands(self) -> pl.DataFrame:
        """The ages at which finished work had left each stage: see `ageing.bands`."""
        return ageing.bands(self.delivered)

    @cached_property
    def launched(self) -> pl.DataFrame:
        """What was launched in the period (`Delivery.timed`), named: `name`."""
        named = self.work.select("issue_id", pl.coalesce("campaign_name", "name").alias("name"))
        return speed.launched_in(self.delivered, self.period).join(named, on="issue_id", how="left", maintain_order="left")

    @cached_property
    def cumulative(self) -> pl.DataFrame:
        """Cumulative flow by day of the period, up to the end of the data, and of the day before it began, the first of the days:
        see `flow.cumulative`.
        """
        last, first = min(self.period.end, (self.delivered.end - timedelta(seconds=1)).date()), self.period.start
        days = pl.date_range(first - timedelta(days=1), last, eager=True).to_list() if last >= first else []
        return flow.cumulative(self._going_forward, self.delivered.workflow, days)

    @property
    def _going_forward(self) -> pl.DataFrame:
        """The events that cumulative flow is counted of."""
        found = self.delivered.placed
        return flow.without_undone(found) if self.delivered.counted.reopened is Reopened.RESET else found

    def standing(self, day: date, stage: str) -> pl.DataFrame:
        """The items that had come as far as a stage, and no farther, by a day's end (of the last one, those that have come there
        since the period began), the longest ago first: `issue_id`, `name`, `since`, and `back_in`, the stage in which they were
        then (null: still that one).
        """
        over, begin = start_of(day + timedelta(days=1)), start_of(self.period.start)
        index = {name: at for at, name in enumerate(self.delivered.workflow.stages)}[stage]
        known = self._going_forward.filter(pl.col("at") < over)
        farthest = known.group_by(pl.col("case").cast(pl.String).alias("issue_id")).agg(
            pl.col("index").max(), pl.col("at").filter(pl.col("index") == pl.col("index").max()).min().alias("since"),
            pl.when(pl.col("index").last() != pl.col("index").max()).then(pl.col("stage").last()).alias("back_in"),
        )  # fmt: skip
        found = farthest.filter(pl.col("index") == index)
        if stage == LAUNCHED:
            found = found.filter(pl.col("since") >= begin)
        named = self.work.select("issue_id", pl.coalesce("campaign_name", "name").alias("name"))
        return found.join(named, on="issue_id", how="left").select("issue_id", "name", "since", "back_in").sort("since", "issue_id")

    @cached_property
    def ways(self) -> pl.DataFrame:
        """The ways of what was launched in the period: `path` (ids of stages), `items`; the most frequent first."""
        ids = self.launched["issue_id"].implode()
        return flow.variants(self.delivered.placed.filter(pl.col("case").cast(pl.String).is_in(ids)))

    @cached_property
    def in_stages(self) -> pl.DataFrame:
        """Time in stages before the launch, of visits begun in the period, in the order of the stages: see `flow.time_in_stage`."""
        begun = self.delivered.visits.filter(pl.col("at").dt.date().is_between(self.period.start, self.period.end))
        order = {stage: at for at, stage in enumerate(self.delivered.workflow.doing)}
        spent = flow.time_in_stage(begun.filter(pl.col("stage").is_in(list(order))), self.delivered.end)
        return spent.sort(pl.col("stage").replace_strict(order, return_dtype=pl.Int64))

    def way(self, sign: str) -> list[str]:
        """The path of a way of the period that is known by a sign (see `flow.way_sign`); empty where none is."""
        return next((path for path in self.ways["path"].to_list() if flow.way_sign(path) == sign), [])

    def on_way(self, way: Sequence[str]) -> pl.DataFrame:
        """What was launched in the period and took a way: the rows of `launched`, the slowest first."""
        path = pl.lit(list(way), pl.List(pl.String))
        took = self.delivered.placed.group_by(pl.col("case").cast(pl.String).alias("issue_id")).agg(pl.col("stage").alias("path"))
        same = took.filter(pl.col("path") == path).select("issue_id")
        return self.launched.join(same, on="issue_id", how="semi").sort("cycle", "issue_id", descending=[True, False])

    @cached_property
    def moved_back(self) -> pl.DataFrame:
        """Moves back in the period: `stage` left, `to`, `times`; the most frequent first."""
        days = self.delivered.placed.with_columns(
            pl.col("index").shift().over("case").alias("before"), pl.col("stage").shift().over("case").alias("left")
        ).filter((pl.col("index") < pl.col("before")) & pl.col("at").dt.date().is_between(self.period.start, self.period.end))
        return (
            days.group_by(pl.col("left"), pl.col("stage").alias("to")).agg(pl.len().cast(pl.Int64).alias("times"))
            .sort("times", "left", "to", descending=[True, False, False]).rename({"left": "stage"})
        )  # fmt: skip

    @cached_property
    def outlook(self) -> Outlook:
        """What to expect from the pace of the past."""
        return outlook.outlook(self.delivered.timed["finished"].dt.date(), *self._counted_days, self.calendar)

    @property
    def _counted_days(self) -> tuple[date, date]:
        """The first day of which launches are known, and the last day that is over: counted while it goes on, a day looks slow."""
        last = self.delivered.reach.date() - timedelta(days=1)
        first = self.delivered.items["first"].min()
        return (first.date() if isinstance(first, datetime) else last), last

    @cached_property
    def paces(self) -> dict[str | None, Pace | None]:
        """The pace of each business unit (None: work of no unit), by what it launched itself."""
        launched = self.delivered.timed.join(self.work.select("issue_id", "unit"), on="issue_id", how="left")
        days, last = launched.select("unit", pl.col("finished").dt.date()), self._counted_days[1]
        first = self.delivered.items.select(pl.col("case").alias("issue_id"), "first").join(self.work, on="issue_id", how="left")
        since = {unit: at.date() for unit, at in first.group_by("unit").agg(pl.col("first").min()).iter_rows()}
        return {unit: outlook.pace(_of_unit(days, unit)["finished"], day, last, self.calendar)[1] for unit, day in since.items()}

    def finishes(self, order: Order, first: pl.DataFrame, what_if: WhatIf = AS_IS) -> pl.DataFrame:
        """When each open item is done, worked on in an order: finishing.FINISH with `name`, `stage`, `due_date`. `first`: the
        places of what should be done first (ordering.ORDER).
        """
        key = order, tuple(first.select("issue_id", "place").iter_rows()) if order is Order.FIRST else (), what_if
        if key not in self._finishes:
            self._finishes[key] = self._finished(order, first, what_if)
        return self._finishes[key]

    def _finished(self, order: Order, first: pl.DataFrame, what_if: WhatIf) -> pl.DataFrame:
        if self.everything is not None:
            return self.everything.finishes(order, first, what_if).join(self.work.select("issue_id"), on="issue_id", how="semi")
        going_on = self._open.filter(~pl.col("issue_id").is_in(list(what_if.dropped)))
        open_ = going_on.join(first.select("issue_id", "place"), on="issue_id", how="left", maintain_order="left")
        teams = dict(open_.select("issue_id", "unit").iter_rows())
        stands = {issue: (index, stay) for issue, index, stay in open_.select("issue_id", "index", "stay").iter_rows()}
        needs = dict(self.needs.group_by("issue_id").agg(pl.col("needs").sort()).iter_rows())
        paces = {unit: pace and pace.faster(what_if.times) for unit, pace in self.paces.items()}
        found = finishing.finishes(
            finishing.ordered(open_, order), teams, needs, paces, self.calendar, self._counted_days[1], seed=outlook.SEED,
            stands=stands, known=self.checked(order).calibration,
        )  # fmt: skip
        told = open_.select("issue_id", "name", "stage", "due_date")
        return found.join(told, on="issue_id", how="left", maintain_order="left")

    @cached_property
    def _finishes(self) -> dict[tuple[Order, tuple[tuple[str, int | None], ...], WhatIf], pl.DataFrame]:
        return {}

    @property
    def _done(self) -> int:
        """The place of the stage in which work is finished."""
        return len(self.delivered.workflow.stages) - 1

    def checked(self, order: Order) -> Checked:
        """How dates of single items held in the past, had they been told in an order; what should have been done first is not known
        of the past: dates in that order are read as those of what is nearest to its launch.
        """
        if self.everything is not None:
            return self.everything.checked(order)
        told = Order.DUE if order is Order.DUE else Order.FARTHEST
        if told not in self._checked:
            past = Past(
                self.delivered.ever_placed, self._done, self.delivered.gone,
                self.work.select("issue_id", "unit", "due_date"), self.calendar, self._counted_days[1],
            )  # fmt: skip
            self._checked[told] = past.checked(told, seed=outlook.SEED)
        return self._checked[told]

    @cached_property
    def _checked(self) -> dict[Order, Checked]:
        return {}

    @cached_property
    def doubts(self) -> pl.DataFrame:
        """What cannot be measured, or only with doubts: see `quality.doubts`, with `name` and `key`."""
        found = quality.doubts(self.delivered, self.work, self.moves)
        named = self.work.select("issue_id", "key", pl.coalesce("campaign_name", "name").alias("name"))
        return found.join(named, on="issue_id", how="left", maintain_order="left")

    @cached_property
    def unknown_words(self) -> pl.DataFrame:
        """Statuses that are no stage of the workflow: see `quality.unknown_words`."""
        return quality.unknown_words(self.moves, self.work)

    def history(self, issue_id: str) -> pl.DataFrame:
        """One item's moves in order, with the days until the next (null: none yet): `stage`, `status`, `role`, `at`, `days`."""
        moves = self.moves.filter(pl.col("issue_id") == issue_id)
        left = pl.col("entered_at").shift(-1)
        return moves.select(
            "stage", "status", "role", pl.col("entered_at").alias("at"), flow.days(pl.col("entered_at"), left).alias("days")
        )


def _of_unit(rows: pl.DataFrame, unit: str | None) -> pl.DataFrame:
    return rows.filter(pl.col("unit").eq_missing(pl.lit(unit, pl.String)))


def details(principal: Principal, scope: Scope, counted: Counted | None = None, chosen: Chosen = ALL) -> Details:
    """The flow of a scope's work in detail, of what was chosen. Raises NotFound."""
    require(principal, Action.READ, scope.workspace)
    scoped = Scoped(workspaces.open_workspace(principal, scope.workspace), scope, chosen.person)
    if chosen.role is None:
        return _details(scoped, counted or Counted())
    return _of_role(scoped, counted or Counted(), roles.held(principal, scope, chosen).with_role(chosen.role))


def suggested(principal: Principal, workspace_id: str) -> tuple[Stage, ...]:
    """The stages that the workspace's own moves show, in their usual order; those after which nothing follows are done, of the
    others nothing is known but that they come before: none is taken to wait. What the workspace said stays: see `stages.taken`.
    Empty where nothing has moved. Raises NotFound.
    """
    require(principal, Action.READ, workspace_id)
    opened = workspaces.open_workspace(principal, workspace_id)
    facts = rollups.facts(opened)
    moves = item_rollups.stage_moves(facts).with_columns(folded(pl.col("status")).alias("stage"))
    found = log(delivery.events(moves), now=opened.over).events
    if found.is_empty():
        return ()
    order = events.order(found)
    done = events.ends(found, order)
    named = dict(moves.group_by("stage").agg(pl.col("status").mode().sort().first()).iter_rows())
    shown = [Shown(word, str(named[word]), word in done) for word in order]
    return taken(opened.process, shown, keeps_all=opened.process != usual() or not facts.kept.items.is_empty())


@cached(LRUCache(maxsize=32), key=lambda scoped, counted: (scoped.key, counted), condition=threading.Condition())
def _details(scoped: Scoped, counted: Counted) -> Details:
    opened, scope, work, moves = scoped.opened, scoped.scope, scoped.work, scoped.moves
    reach = item_rollups.imported_until(scoped.facts)
    delivered = delivery.delivery(moves, opened.process, scoped.end, counted, reach=reach, work=work)
    needs = item_rollups.dependencies(scoped.facts)
    is_all = scope.unit is None and scoped.person is None
    everything = None if is_all else _details(Scoped(opened, replace(scope, unit=None)), counted)
    return Details(
        delivered, opened.process, scope.period, scope.compared, work, moves, needs, opened.calendar, opened.today,
        everything=everything,
    )  # fmt: skip


@cached(LRUCache(maxsize=32), key=lambda scoped, counted, ids: (scoped.key, counted, ids), condition=threading.Condition())
def _of_role(scoped: Scoped, counted: Counted, ids: frozenset[str]) -> Details:
    """The flow of a scope, with the ages of the items on which a role must act now."""
    return replace(_details(scoped, counted), acts_on=ids)
