"""The campaign pipeline: the board, what is late, how long stages take."""

import threading
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import polars as pl
from cachetools import LRUCache, cached

from marops import item_rollups, rollups
from marops.findings import Finding, Severity, Side
from marops.language import Text, joined, ntext, text
from marops.measure import Measure
from marops.period import Period, Scope
from marops.pipeline import lateness, metrics, ordering, quality, roles
from marops.pipeline.held import Held
from marops.pipeline.lateness import Checked
from marops.pipeline.raci import called
from marops.pipeline.scoped import ALL, Chosen, Scoped
from marops.principal import Action, Principal, require
from marops.quantity import Quantity, Unit
from marops.stages import Process, Stage
from marops.workspaces import service as workspaces
from marops.workspaces.service import Opened


@dataclass(frozen=True)
class Flow:
    """The pipeline of a scope.

    `items`: in progress (metrics.in_progress) with `limit` (days by which 85 % leave the stage, null: not known) and `held_up`
    (since when somebody says it is blocked or waits; null: nobody does).
    `overdue`, `stage_times`, `due`, `over_sla`: see metrics. `count`: items, done ones too; `has_dates`: whether any has a due
    date. `risks`: campaigns with a date that are not launched, with lateness.RISK, `days_late` (null: the date is ahead) and
    `at_risk` (expected value a day that lateness costs; null: not known, or without a currency), the most at risk first, with
    ordering.ORDER. `places`: ordering.ORDER of all open work, whatever the scope; `needs`: item_rollups.dependencies. `checked`:
    how such chances turned out. `unknown`: statuses of all work that are no stage; `adrift`: those in which items are now;
    `nowhere`: quality.nowhere. `told_until`: the last day that trackers tell of, where work kept here is known for longer; None
    else. `last_day`: the last day that is known.
    `role`: of what stands now (`items`, `overdue`, `risks`, `over_sla`, `in_preparation`, `late`) only that is here on which this
    role must act; None: all of it.
    """

    items: pl.DataFrame
    overdue: pl.DataFrame
    risks: pl.DataFrame
    places: pl.DataFrame
    needs: pl.DataFrame
    checked: Checked | None
    stage_times: pl.DataFrame
    due: pl.DataFrame
    period: Period
    process: Process
    in_preparation: Measure
    late: Measure
    on_time: Measure
    over_sla: pl.DataFrame
    count: int
    has_dates: bool
    unknown: tuple[str, ...]
    adrift: tuple[str, ...]
    nowhere: int
    today: date
    told_until: date | None
    last_day: date
    role: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is no work at all."""
        return self.count == 0

    def in_stage(self, stage: Stage) -> pl.DataFrame:
        """The items of one column of the board, the longest waiting first."""
        return self.items.filter(pl.col("stage") == stage.id)

    @property
    def launches(self) -> pl.DataFrame:
        """Campaigns by the month of the period in which they were due: see metrics."""
        return metrics.launches(self.due, self.period)

    def due_in(self, month: date, state: str) -> pl.DataFrame:
        """The rows of `due` of a month, by its first day, of which this became (`metrics.DUE`)."""
        return self.due.filter((pl.col("due_date").dt.month_start() == month) & (pl.col("state") == state))

    @property
    def doubtful(self) -> int:
        """Launches whose date is ahead and that will more likely miss it than keep it."""
        return self.risks.filter(pl.col("days_late").is_null() & (pl.col("chance") > 0.5)).height

    @property
    def slowest(self) -> "Slowest | None":
        """The stage before launch that takes longest: by 85th percentile where any has one, by median otherwise."""
        column = "p85" if self.stage_times["p85"].count() else "median"
        known = self.stage_times.drop_nulls(column).sort(column, "stage", descending=[True, False])
        if known.is_empty():
            return None
        worst = known.row(0, named=True)
        stage = next(stage for stage in self.process.stages if stage.id == worst["stage"])
        return Slowest(stage, float(worst[column]), most=column == "p85")


@dataclass(frozen=True, slots=True)
class Slowest:
    """The stage that takes longest: `days` by which most (85 %) leave it, or half where `most` is false."""

    stage: Stage
    days: float
    most: bool


def flow(principal: Principal, scope: Scope, chosen: Chosen = ALL) -> Flow:
    """The pipeline of a scope, of what was chosen. The board shows the present; times and launches the scope's period. Raises
    NotFound.
    """
    require(principal, Action.READ, scope.workspace)
    scoped = Scoped(workspaces.open_workspace(principal, scope.workspace), scope, chosen.person)
    if chosen.role is None:
        return _flow(scoped)
    return _of_role(scoped, chosen.role, roles.held(principal, scope, chosen).with_role(chosen.role))


def findings(principal: Principal, scope: Scope) -> list[Finding]:
    """What the pipeline says that somebody should know or decide."""
    require(principal, Action.READ, scope.workspace)
    found = flow(principal, scope)
    return [*_late(found), *_bottleneck(roles.held(principal, scope)), *_over_allowed(found)]


_OWNERS = {"it": (text("IT"), Side.IT), "marketing": (text("Marketing"), Side.MARKETING)}
_BOTH = (text("CIO and CMO"), Side.JOINT)


def _late(found: Flow) -> list[Finding]:
    late = found.overdue
    if late.is_empty():
        return []
    first = late.row(0, named=True)
    stage = found.process.named(first["stage"])
    known = late.drop_nulls(["value_per_day", "currency_code"])
    value = float(known["value_per_day"].sum())
    what = ntext(
        "{n} launch is past its date: {name}, {days} days late.",
        "{n} launches are past their dates; {name} has waited longest, {days} days.",
        late.height, name=first["label"], days=int(first["late"]),
    )  # fmt: skip
    cause = text("It stands in {stage}.", stage=stage.name) if stage else text("Its stage is not known.")
    currencies = set(known["currency_code"].drop_nulls())
    if value and len(currencies) == 1:
        at_stake = Quantity(value, Unit.MONEY, str(currencies.pop()))
        cause = (
            text("{cause} Together they are expected to bring {value} a day.", cause=cause, value=at_stake)
            if known.height == late.height
            else ntext(
                "{cause} The {n} of which somebody said it is expected to bring {value} a day.",
                "{cause} The {n} of which somebody said it are expected to bring {value} a day.",
                known.height, cause=cause, value=at_stake,
            )
        )  # fmt: skip
    owner, side = _OWNERS.get(stage.responsible if stage else "", _BOTH)
    action = text("Decide today: add people to that stage, cut scope, or move the date and say so.")
    return [Finding("pipeline:late", Severity.DECIDE, what, cause, owner, action, "pipeline", side, weight=2.2)]


def _bottleneck(held: Held) -> list[Finding]:
    """The role most work waits for, where it can be told from the next one."""
    found = held.bottleneck
    if found is None or not found.is_clear:
        return []
    grew = found.queue is not None and found.queue.arrived > found.queue.left
    share, named = Quantity(round(found.share, 2), Unit.PERCENT), {"role": called(found.role)}
    what = text("{role} is where work waits: {share} of the days before launch.", share=share, **named)
    action = text("Take work off {role}, add people there, or start less until its queue is shorter.", **named)
    if found.role is None:
        what = text("Nobody answers for most of the work: {share} of the days before launch are unowned.", share=share)
        action = text("Say who answers for each stage: Who does what, on the Pipeline page.")
    owner, side = _OWNERS.get(held.sides.get(found.role or "", ""), _BOTH)
    severity = Severity.DECIDE if grew else Severity.WATCH
    return [Finding("pipeline:bottleneck", severity, what, held.evidence, owner, action, "pipeline", side, weight=1.8)]


def _over_allowed(found: Flow) -> list[Finding]:
    over = found.over_sla
    if over.is_empty():
        return []
    first = over.row(0, named=True)
    stage = next(stage for stage in found.process.stages if stage.id == first["stage"])
    what = ntext(
        "{n} item stands in its stage for longer than allowed: {name}, {days} over.",
        "{n} items stand in their stages for longer than allowed; {name} is over by most, {days}.",
        over.height, name=first["label"],
        days=metrics.days_said(float(first["over"]), first["in_working_days"]),
    )  # fmt: skip
    cause = text(
        "It stands in {stage}, where {allowed} are allowed.", stage=stage.name,
        allowed=metrics.days_said(float(first["allowed"]), first["in_working_days"]),
    )  # fmt: skip
    if found.told_until is not None:
        cause = text("{cause} Trackers tell until {day}; days are counted on to today.", cause=cause, day=found.told_until)
    owner, side = _OWNERS.get(stage.responsible, _BOTH)
    action = text("Move it on or say what it waits for; where this happens often, the days allowed are a wish.")
    return [Finding("pipeline:sla", Severity.WATCH, what, cause, owner, action, "pipeline", side, weight=1.5)]


def verdict(principal: Principal, scope: Scope, chosen: Chosen = ALL) -> Text:
    """One sentence on the pipeline, of what was chosen."""
    require(principal, Action.READ, scope.workspace)
    found = flow(principal, scope, chosen)
    where = _where_work_waits(found)
    late = ntext("{n} launch is past its date.", "{n} launches are past their dates.", found.overdue.height)
    if found.nowhere:
        # Where most work waits is not known then.
        first = ntext(
            "{n} of {all} items is, or has been, in statuses that are no stage here ({words}): until they are, few of the numbers "
            "below are about it.",
            "{n} of {all} items are, or have been, in statuses that are no stage here ({words}): until they are, few of the "
            "numbers below are about them.",
            found.nowhere, all=found.count, words=joined(found.unknown, 4),
        )  # fmt: skip
        return text("{first} {late}", first=first, late=late) if found.overdue.height else first
    if not found.has_dates:
        return text("{where} {none}", where=where, none=metrics.NO_DATES)
    if found.doubtful:
        doubtful = ntext(
            "{n} more is likelier to miss its date than to keep it.",
            "{n} more are likelier to miss their dates than to keep them.",
            found.doubtful,
        )
        return text("{late} {doubtful} {where}", late=late, doubtful=doubtful, where=where)
    return text("{late} {where}", late=late, where=where)


def _where_work_waits(found: Flow) -> Text:
    slowest = found.slowest
    if slowest is None:
        return text("No stage has enough finished visits to time it yet.")
    days = Quantity(slowest.days, Unit.DAYS)
    if slowest.most:
        return text("Work waits longest in {stage}: 85% leave it within {days}.", stage=slowest.stage.name, days=days)
    return text("Work waits longest in {stage}: half leave it within {days}.", stage=slowest.stage.name, days=days)


@dataclass(frozen=True)
class _Learned:
    """What is the same whatever scope is looked at, since it is learned from all work: the `risks` of Flow, the `places` of open
    work in the order in which to work (ordering.ORDER), how such chances turned out, and what is normal for a stage (`stage`,
    `limit`).
    """

    risks: pl.DataFrame
    places: pl.DataFrame
    checked: Checked | None
    limits: pl.DataFrame


@cached(LRUCache(maxsize=32), key=lambda scoped: (scoped.opened.key, item_rollups.this_hour()), condition=threading.Condition())
def _learned(scoped: Scoped) -> _Learned:
    """`scoped`: all work of a workspace; its period does not matter."""
    opened, found, end, work, process = scoped.opened, scoped.facts, scoped.end, scoped.work, scoped.opened.process
    visits, dated = scoped.visits, _dated(scoped.work, scoped.opened.process)
    before_launch = visits.filter(pl.col("stage").is_in([stage.id for stage in process.before_launch]))
    factors = {code: rollups.factor(found, code) for code in work["currency_code"].drop_nulls().unique()}
    worth = pl.col("currency_code").replace_strict(factors, default=None, return_dtype=pl.Float64)
    risks = _risks(dated, before_launch, end, opened)
    places = ordering.first_things_first(
        work.filter(pl.col("launched_at").is_null() & pl.col("done_at").is_null()), risks,
        ordering.left_by_stage(scoped.delivered()),
        item_rollups.dependencies(found), worth,
    )  # fmt: skip
    everything = Period(date(1970, 1, 1), opened.today)
    limits = metrics.stage_times(visits, everything, end, process.stages).select("stage", pl.col("p85").alias("limit"))
    order = [pl.col("at_risk") * worth, pl.col("chance"), pl.col("due_date"), pl.col("issue_id")]
    risks = risks.join(places, on="issue_id", how="left", maintain_order="left")
    risks = risks.sort(order, descending=[True, True, False, False], nulls_last=True)
    return _Learned(risks, places, lateness.checked(dated, before_launch, end, opened.calendar), limits)


def _risks(work: pl.DataFrame, visits: pl.DataFrame, end: datetime, opened: Opened) -> pl.DataFrame:
    """A date before the present day has passed, however far the data reaches: as for `overdue`. Of a history that cannot be nobody
    knows what stood where it does: there is no chance.
    """
    standing = work.with_columns(pl.when("is_broken").then(None).otherwise("stage").alias("stage"))
    found = lateness.risks(standing, visits, end, opened.calendar).join(work, on="issue_id", maintain_order="left")
    past = (pl.lit(opened.local_day) - pl.col("due_date")).dt.total_days()
    return found.with_columns(
        pl.when(past > 0).then(past).alias("days_late"),
        pl.when(past > 0).then(1.0).otherwise("chance").alias("chance"),
        *(pl.when(past <= 0).then(name).alias(name) for name in ("low", "high")),
    ).with_columns(
        # An amount in no currency is no amount.
        pl.when(pl.col("currency_code").is_not_null()).then(pl.col("chance") * pl.col("value_per_day")).alias("at_risk")
    )


def _held_up(flags: pl.DataFrame) -> pl.DataFrame:
    """Since when items are held up that are now."""
    return flags.filter(pl.col("until_at").is_null()).group_by("issue_id").agg(pl.col("from_at").min().alias("held_up"))


def _told_until(reach: datetime, end: datetime) -> date | None:
    """The last day that trackers tell of, where it is over before the last day that is known."""
    last = (reach - timedelta(seconds=1)).date()
    return last if last < (end - timedelta(seconds=1)).date() else None


def _dated(work: pl.DataFrame, process: Process) -> pl.DataFrame:
    """Work of which it is known whether it was launched late: of what runs without a history, and of what has run with one that
    cannot be, nobody knows when that was.
    """
    over = pl.when("is_broken").then(pl.col("stage").is_in(process.done)).otherwise(pl.lit(value=False))
    unknown = (pl.col("stage").is_in(process.launched) | over) & pl.col("launched_at").is_null()
    return work.filter(~unknown.fill_null(value=False))


@cached(LRUCache(maxsize=64), key=lambda scoped, role, ids: (scoped.key, role, ids), condition=threading.Condition())
def _of_role(scoped: Scoped, role: str, ids: frozenset[str]) -> Flow:
    """The flow of a scope, of what stands now only the items on which a role must act."""
    found, end, today = _flow(scoped), scoped.end, scoped.opened.local_day
    mine = pl.col("issue_id").is_in(list(ids))
    dated = _dated(scoped.work, found.process)
    late = metrics.late_launches(dated.filter(mine), today, end, has_dates=found.has_dates)
    return replace(
        found,
        items=found.items.filter(mine),
        overdue=found.overdue.filter(mine),
        risks=found.risks.filter(mine),
        over_sla=found.over_sla.filter(mine),
        in_preparation=metrics.work_in_progress(scoped.work.filter(mine), end, found.process.before_launch),
        late=late,
        adrift=(),
        role=role,
    )


@cached(LRUCache(maxsize=128), key=lambda scoped: scoped.key, condition=threading.Condition())
def _flow(scoped: Scoped) -> Flow:
    opened, scope, found, end = scoped.opened, scoped.scope, scoped.facts, scoped.end
    work, visits, process = scoped.work, scoped.visits, opened.process
    # What is normal, and how likely a campaign is late, is the same whatever is looked at.
    learned = _learned(scoped.everything)
    strange = visits.filter(pl.col("stage").is_null())
    everything = scoped.everything
    adrift = strange.filter(pl.col("left_at").is_null())["status"].unique().sort().to_list()
    dated, has_dates = _dated(work, process), work["due_date"].count() > 0
    untold = work.join(dated.select("issue_id"), on="issue_id", how="anti")
    return Flow(
        items=metrics.in_progress(work, end)
        .join(learned.limits, on="stage", how="left", maintain_order="left")
        .join(_held_up(item_rollups.flags(found)), on="issue_id", how="left", maintain_order="left"),
        overdue=metrics.overdue(dated, opened.local_day),
        risks=learned.risks.join(work, on="issue_id", how="semi", maintain_order="left"),
        places=learned.places,
        needs=item_rollups.dependencies(found),
        checked=learned.checked,
        stage_times=metrics.stage_times(visits, scope.period, end, process.before_launch),
        due=metrics.due(dated, opened.local_day, opened.calendar),
        period=scope.period,
        process=process,
        in_preparation=metrics.work_in_progress(work, end, process.before_launch),
        late=metrics.late_launches(dated, opened.local_day, end, has_dates=has_dates),
        on_time=metrics.on_time(dated, scope.period, opened.local_day, end, untold, opened.calendar),
        over_sla=metrics.over_sla(work, end, process.stages, opened.calendar),
        count=work.height,
        has_dates=has_dates,
        # Stages are those of all work.
        unknown=tuple(quality.unknown_words(everything.moves, everything.work)["status"]),
        adrift=tuple(adrift),
        nowhere=quality.nowhere(work, visits, process),
        today=opened.today,
        told_until=_told_until(item_rollups.imported_until(found), end),
        last_day=(end - timedelta(seconds=1)).date(),
    )
