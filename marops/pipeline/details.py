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
from marops.pipeline import ageing, delivery, events, flow, outlook, quality, roles, speed
from marops.pipeline.dates import Dates
from marops.pipeline.delivery import LAUNCHED, Counted, Delivery
from marops.pipeline.finishing import AS_IS, Order, WhatIf
from marops.pipeline.flow import Reopened
from marops.pipeline.outlook import Outlook
from marops.pipeline.scoped import ALL, Chosen, Scoped
from marops.pipeline.speed import Little
from marops.principal import Action, Principal, require
from marops.stages import Category, Process, Shown, Stage, folded, taken, usual
from marops.workspaces import service as workspaces


@dataclass(frozen=True)
class Details:
    """The flow of a scope's work. What happened is of the scope's period, what stands is of `today`.

    `work`: item_rollups.work; `moves`: item_rollups.stage_moves; `twins`: item_rollups.twins. `dates`: when open work is done,
    everybody's, for which a unit's or a person's may wait. `refused`: items of which the tracker's own row was refused (issue_id);
    `nobodys`: how many refused rows of histories, and of trackers' items, do not say whose they are. `acts_on`: the items whose
    ages are shown, those on which a role must act now; None: all. Frames are worked out when they are asked for, and kept.
    """

    delivered: Delivery
    process: Process
    period: Period
    compared: Period | None
    work: pl.DataFrame
    moves: pl.DataFrame
    twins: pl.DataFrame
    dates: Dates
    calendar: Calendar
    today: date
    refused: pl.DataFrame
    nobodys: tuple[int, int]
    acts_on: frozenset[str] | None = None

    @property
    def end_name(self) -> Text | str:
        """What finished work is called: launched, where the process has stages in which work runs, else the name of its end."""
        ends = [stage for stage in self.process.stages if stage.id in self.process.launched]
        return text("Launched") if ends[0].category is Category.LIVE or len(ends) > 1 else ends[0].name

    @property
    def waiting(self) -> pl.DataFrame:
        """Items that are neither finished nor withdrawn: `issue_id`, `name`."""
        return self.dates.standing.join(self.work, on="issue_id", how="semi", maintain_order="left").select("issue_id", "name")

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
            speed.in_progress(found, period, self.acts_on),
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
        named = self.work.select("issue_id", pl.col("label").alias("name"), "assignee", "due_date")
        found = ageing.judged(self.delivered).join(named, on="issue_id", how="left", maintain_order="left")
        return found if self.acts_on is None else found.filter(pl.col("issue_id").is_in(list(self.acts_on)))

    @cached_property
    def bands(self) -> pl.DataFrame:
        """The ages at which finished work had left each stage: see `ageing.bands`."""
        return ageing.bands(self.delivered)

    @cached_property
    def launched(self) -> pl.DataFrame:
        """What was launched in the period (`Delivery.timed`), named: `name`."""
        named = self.work.select("issue_id", pl.col("label").alias("name"))
        return speed.launched_in(self.delivered, self.period).join(named, on="issue_id", how="left", maintain_order="left")

    @cached_property
    def cumulative(self) -> pl.DataFrame:
        """Cumulative flow by day of the period, up to the end of the data, and of the day before it began, the first of the days:
        see `flow.cumulative`.
        """
        last, first = min(self.period.end, (self.delivered.end - timedelta(seconds=1)).date()), self.period.start
        days = pl.date_range(first - timedelta(days=1), last, eager=True) if last >= first else []
        return flow.cumulative(self._going_forward, self.delivered.workflow, days)

    @cached_property
    def in_progress(self) -> pl.DataFrame:
        """Items in progress at the end of each day of the period, up to the end of the data: `day`, `items`."""
        known, day = self.delivered.items, timedelta(days=1)
        mornings = [one + day for one in self.cumulative["day"].unique().sort() if one >= self.period.start]
        return flow.open_at(known["started"], known["finished"], mornings).with_columns(pl.col("day") - day)

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
        named = self.work.select("issue_id", pl.col("label").alias("name"))
        return found.join(named, on="issue_id", how="left").select("issue_id", "name", "since", "back_in").sort("since", "issue_id")

    @cached_property
    def ways(self) -> pl.DataFrame:
        """The ways of what was launched in the period: `path` (ids of stages), `items`; the most frequent first."""
        ids = self.launched["issue_id"].implode()
        return flow.variants(self.delivered.placed.filter(pl.col("case").cast(pl.String).is_in(ids)))

    @cached_property
    def rework(self) -> pl.DataFrame:
        """Stages that what was launched in the period had entered more than once: see `flow.rework`."""
        ids = self.launched["issue_id"].implode()
        found = flow.rework(self.delivered.placed.filter(pl.col("case").cast(pl.String).is_in(ids)))
        return found.filter(pl.col("stage") != LAUNCHED)

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
        last = self.delivered.last_day
        first = self.delivered.items["first"].min()
        since = first.date() if isinstance(first, datetime) else last
        return outlook.outlook(self.delivered.timed["finished"].dt.date(), since, last, self.calendar)

    def finishes(self, order: Order, first: pl.DataFrame, what_if: WhatIf = AS_IS) -> pl.DataFrame:
        """When each open item of the scope is done: `Dates.finishes`."""
        return self.dates.finishes(order, first, what_if, self._own)

    @cached_property
    def _own(self) -> frozenset[str] | None:
        """The items of the scope; None: all there are."""
        return None if self.work.height == self.dates.work.height else frozenset(self.work["issue_id"])

    @cached_property
    def doubts(self) -> pl.DataFrame:
        """What cannot be measured, or only with doubts: see `quality.doubts`, with `name` and `key`."""
        found = quality.doubts(self.delivered, self.work, self.moves, self.twins, self.refused)
        named = self.work.select("issue_id", "key", pl.col("label").alias("name"))
        return found.join(named, on="issue_id", how="left", maintain_order="left")

    @cached_property
    def unknown_words(self) -> pl.DataFrame:
        """Statuses that are no stage of the workflow: see `quality.unknown_words`."""
        return quality.unknown_words(self.moves, self.work)

    @cached_property
    def unknown_resolutions(self) -> pl.DataFrame:
        """How work ended that counts as launched, by words that are not known: see `quality.unknown_resolutions`."""
        return quality.unknown_resolutions(self.work)

    def history(self, issue_id: str) -> pl.DataFrame:
        """One item's moves in order, with the days until the next (null: none yet): `stage`, `status`, `role`, `at`, `days`."""
        moves = self.moves.filter(pl.col("issue_id") == issue_id)
        left = pl.col("entered_at").shift(-1)
        return moves.select(
            "stage", "status", "role", pl.col("entered_at").alias("at"), flow.days(pl.col("entered_at"), left).alias("days")
        )


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
    found = events.trusted(delivery.events(moves), events.unread(item_rollups.refused_moves(facts)), now=opened.over).events
    if found.is_empty():
        return ()
    order = events.order(found)
    done = events.ends(found, order)
    named = dict(moves.group_by("stage").agg(pl.col("status").mode().sort().first()).iter_rows())
    shown = [Shown(word, str(named[word]), word in done) for word in order]
    return taken(opened.process, shown, keeps_all=opened.process != usual() or not facts.kept.items.is_empty())


def unknown_statuses(principal: Principal, workspace_id: str) -> tuple[str, ...]:
    """The statuses of all of the workspace's work that are no stage, the most frequent first. Raises NotFound."""
    require(principal, Action.READ, workspace_id)
    facts = rollups.facts(workspaces.open_workspace(principal, workspace_id))
    return tuple(quality.unknown_words(item_rollups.stage_moves(facts), item_rollups.work(facts))["status"])


@cached(LRUCache(maxsize=32), key=lambda scoped, counted: (scoped.key, counted), condition=threading.Condition())
def _details(scoped: Scoped, counted: Counted) -> Details:
    opened, scope = scoped.opened, scoped.scope
    return Details(
        scoped.delivered(counted), opened.process, scope.period, scope.compared, scoped.work, scoped.moves,
        item_rollups.twins(scoped.facts), _dates(scoped.everything, counted), opened.calendar, opened.today, scoped.refused,
        scoped.nobodys,
    )  # fmt: skip


@cached(
    LRUCache(maxsize=8), key=lambda scoped, counted: (scoped.opened.key, item_rollups.this_hour(), counted),
    condition=threading.Condition(),
)  # fmt: skip
def _dates(scoped: Scoped, counted: Counted) -> Dates:
    """`scoped`: all work of a workspace; its period does not matter."""
    return Dates(scoped.delivered(counted), scoped.work, item_rollups.dependencies(scoped.facts), scoped.opened.calendar)


@cached(LRUCache(maxsize=32), key=lambda scoped, counted, ids: (scoped.key, counted, ids), condition=threading.Condition())
def _of_role(scoped: Scoped, counted: Counted, ids: frozenset[str]) -> Details:
    """The flow of a scope, with the ages of the items on which a role must act now."""
    return replace(_details(scoped, counted), acts_on=ids)
