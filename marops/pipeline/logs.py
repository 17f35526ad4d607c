"""What a log of events says of the flow in it, for `marops flow` and for whoever asks without a workspace."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

import polars as pl

from marops import stats
from marops.errors import UserError
from marops.language import Joined, Text, joined, ntext, text
from marops.pipeline import flow
from marops.pipeline.flow import Log, Reopened, Why, Workflow
from marops.quantity import Quantity, Unit


@dataclass(frozen=True, slots=True)
class Asked:
    """How a log is to be read: the order of its stages (None: the usual order), those in which somebody works (None: not said) and
    those that end the work (None: those after which nothing follows), and the days for which cumulative flow is wanted.
    """

    stages: Sequence[str] | None = None
    active: Sequence[str] | None = None
    done: Sequence[str] | None = None
    as_of: datetime | None = None
    cfd_at: Collection[date] = ()
    reopened: Reopened = Reopened.KEPT


def workflow(events: pl.DataFrame, asked: Asked) -> Workflow:
    """The workflow asked for, or the one the log shows. Raises UserError for a stage the log does not have."""
    found = events["stage"].unique().to_list() if asked.stages else flow.order(events)
    for name in (*(asked.stages or ()), *(asked.active or ()), *(asked.done or ())):
        if name not in found:
            raise UserError(text("No event of this log enters {stage}. Its stages: {found}.", stage=name, found=joined(found, 30)))
    stages = tuple(dict.fromkeys(asked.stages or found))
    for name in (*(asked.active or ()), *(asked.done or ())):
        if name not in stages:
            raise UserError(text("{stage} is not among the stages given: {found}.", stage=name, found=joined(stages, 30)))
    usual = frozenset(stages[-1:]) if asked.stages else flow.ends(events, stages)
    done = frozenset(asked.done or ()) or usual
    return Workflow(stages, frozenset(asked.active or ()) - done, done)


def summary(
    events: pl.DataFrame, asked: Asked, *, now: datetime, unread: Mapping[str, Why] = MappingProxyType({})
) -> dict[str, Any]:
    """The measures of a log (`flow.EVENT`) as plain values, ready for JSON. Days are elapsed ones of 24 hours; percentiles stand
    between the two nearest values ("linear"), and beside them the nearest rank. `unread`: items with a row that could not be read,
    and why; they are left out as a whole. Raises UserError.
    """
    readable = events.filter(~pl.col("case").is_in(list(unread)))
    whole = flow.log(readable, now=now)
    if whole.events.is_empty():
        left_out = _counted([*(why.value for why in unread.values()), *whole.excluded["why"]])
        raise UserError(
            text("No event of this log can be used. Left out: {items}.", items=left_out or text("none; it has no events"))
        )
    # What the stages are is no part of what was known on a day.
    ways = workflow(whole.events, asked)
    known = whole if asked.as_of is None else flow.log(readable, now=now, as_of=asked.as_of)
    if known.events.is_empty():
        raise UserError(text("No event of this log had happened by {day}.", day=known.as_of.date()))
    placed = flow.placed(known.events, ways)
    items = flow.items(placed, ways, asked.reopened)
    visits = flow.visits(known.events)
    dwell = flow.time_in_stage(visits.filter(pl.col("stage").is_in(list(ways.stages))), known.as_of, ways.done)
    worked = flow.efficiency(dwell, ways)
    finished = int(items["finished"].count())
    return {
        "items": known.events["case"].n_unique(),
        "finished": finished,
        "in_progress": items.height - finished,
        "events": known.events.height,
        "variants": flow.variants(known.events).height,
        "stages": list(ways.stages),
        "active": [stage for stage in ways.stages if stage in ways.active],
        "done": [stage for stage in ways.stages if stage in ways.done],
        "as_of": known.as_of.isoformat(),
        "case_duration_days": _spread(flow.durations(known.events)),
        "cycle_time_days": _spread(flow.cycle_times(items)),
        "throughput_per_week": {week.isoformat(): count for week, count in flow.throughput(items).iter_rows()},
        "cfd": {row.pop("day").isoformat(): row for row in flow.cumulative(placed, ways, asked.cfd_at).to_dicts()},
        "time_in_stage_days": _by_stage(dwell, "days"),
        "ongoing_days": _by_stage(dwell.filter(pl.col("ongoing") > 0), "ongoing_days"),
        "flow_efficiency": None if worked is None or worked.share is None else round(worked.share, 9),
        "moved_back_items": int(items["moved_back"].sum()),
        "handoffs": int(flow.handoffs(visits)["times"].sum()),
        "equal_timestamps": known.tied,
        "excluded": [*({"case": case, "why": why.value} for case, why in unread.items()), *_excluded(known, items)],
    }


def lines(found: Mapping[str, Any]) -> Iterator[Text]:
    """A summary in sentences."""
    yield text(
        "{items}, {events}, {ways} through {stages}; as of {day}.",
        items=ntext("{n} item", "{n} items", found["items"]), events=ntext("{n} event", "{n} events", found["events"]),
        ways=ntext("{n} way", "{n} ways", found["variants"]), stages=joined(found["stages"], 30),
        day=datetime.fromisoformat(found["as_of"]).date(),
    )  # fmt: skip
    yield text("{finished} finished, {open} in progress.", finished=found["finished"], open=found["in_progress"])
    for label, spread in (
        (text("From first to last event"), found["case_duration_days"]),
        (text("Cycle time"), found["cycle_time_days"]),
    ):
        if spread is not None:
            yield text(
                "{what}: half took at most {p50}, 85 % at most {p85}, 95 % at most {p95}; {mean} on average.", what=label,
                **{name: Quantity(spread[name], Unit.DAYS) for name in ("p50", "p85", "p95", "mean")},
            )  # fmt: skip
    for stage, days in found["time_in_stage_days"].items():
        yield text("{stage}: {days} in all visits that have ended.", stage=stage, days=Quantity(days, Unit.DAYS))
    if found["flow_efficiency"] is None:
        yield text("Flow efficiency: not configured. Say with --active in which stages somebody works.")
    else:
        yield text("Flow efficiency: {share} of the time was work.", share=Quantity(found["flow_efficiency"], Unit.PERCENT))
    yield text(
        "{back}; work changed hands {handoffs}.",
        back=ntext("{n} item moved back", "{n} items moved back", found["moved_back_items"]),
        handoffs=ntext("{n} time", "{n} times", found["handoffs"]),
    )
    if found["equal_timestamps"]:
        yield ntext(
            "{n} item has events at the same moment: the order of the file counts.",
            "{n} items have events at the same moment: the order of the file counts.", found["equal_timestamps"],
        )  # fmt: skip
    if found["excluded"]:
        yield text("Left out: {items}.", items=_counted([one["why"] for one in found["excluded"]]))


def _counted(reasons: Sequence[str]) -> Joined | None:
    return joined([f"{count} × {reason}" for reason, count in Counter(reasons).items()], 9) if reasons else None


def _by_stage(dwell: pl.DataFrame, column: str) -> dict[str, float]:
    return {stage: round(found, 9) for stage, found in dwell.select("stage", column).iter_rows()}


def _spread(values: pl.Series) -> dict[str, float | dict[str, float] | None] | None:
    if values.is_empty():
        return None
    shares = {"p50": 0.5, "p85": 0.85, "p95": 0.95}
    found = values.to_numpy()
    linear = {name: round(stats.percentile(found, share), 9) for name, share in shares.items()}
    nearest = {name: round(stats.nearest_rank(found, share), 9) for name, share in shares.items()}
    return {"mean": round(float(found.mean()), 9), **linear, "nearest_rank": nearest}


def _excluded(known: Log, items: pl.DataFrame) -> list[dict[str, str]]:
    strange = known.events.select(pl.col("case").unique(maintain_order=True)).join(items, on="case", how="anti")
    return [
        *({"case": case, "why": why} for case, why in known.excluded.iter_rows()),
        *({"case": case, "why": flow.Why.UNKNOWN.value} for (case,) in strange.iter_rows()),
    ]
