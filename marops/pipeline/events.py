"""Logs of events: which of them can be trusted, in what order stages come, and which end the work.

An event says that an item (`case`) entered a stage at a moment (UTC). The terms are those of IEEE 1849 (XES).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

import numpy as np
import polars as pl

from marops.lifecycle import completed
from marops.period import EARLIEST
from marops.stages import folded

EVENT = pl.Schema(
    {"case": pl.String(), "stage": pl.String(), "at": pl.Datetime("us", "UTC"), "role": pl.String(), "lifecycle": pl.String()}
)
"""A log's columns, in the order its source had them; `role` and `lifecycle` may be null."""

_ENDS_HERE = 0.99
_FEW = 2


class Why(StrEnum):
    """Why an item is left out of every number."""

    NO_MOMENT = "missing start"
    UNREADABLE = "unreadable date"
    EPOCH = "date before 1971"
    FUTURE = "future date"
    NO_STAGE = "no stage"
    REFUSED = "refused row"
    NOT_COMPLETED = "no completed step"
    UNKNOWN = "unknown stage"


@dataclass(frozen=True, slots=True)
class Workflow:
    """Stages in their order, those in which somebody works (`active`; empty: nobody has said) and those that end the work."""

    stages: tuple[str, ...]
    active: frozenset[str]
    done: frozenset[str]

    def __post_init__(self) -> None:
        strange = sorted((self.active | self.done) - set(self.stages))
        if strange or len(set(self.stages)) != len(self.stages) or not self.stages:
            raise ValueError(f"no workflow: {self.stages}; not among them: {strange}")

    @property
    def doing(self) -> tuple[str, ...]:
        """The stages before the work is done."""
        return tuple(stage for stage in self.stages if stage not in self.done)

    @property
    def started_from(self) -> int:
        """The place of the first active stage; 0 where nobody has said which are."""
        return min((self.stages.index(stage) for stage in self.active), default=0)

    @property
    def done_from(self) -> int:
        """The place of the first stage that ends the work."""
        return min((self.stages.index(stage) for stage in self.done), default=len(self.stages))


@dataclass(frozen=True, slots=True)
class Log:
    """Events that can be trusted, by item (in the order of their first event in the source) and time; the source's order where
    moments are equal. `case` is categorical. `excluded`: items and why.
    """

    events: pl.DataFrame
    excluded: pl.DataFrame
    as_of: datetime

    @property
    def tied_items(self) -> pl.Series:
        """Items of which two events have the same moment, so that it does not tell which came first, each once."""
        same = (pl.col("case") == pl.col("case").shift()) & (pl.col("at") == pl.col("at").shift())
        return self.events.filter(same)["case"].unique(maintain_order=True)

    @property
    def tied(self) -> int:
        """How many items are tied."""
        return self.tied_items.len()


def log(events: pl.DataFrame, *, now: datetime, as_of: datetime | None = None) -> Log:
    """The log as it was known at `as_of` (the newest event where none is given): what came later had not happened yet.
    Items with an event that has no moment or stage, or a moment that cannot be (before 1971, after `now`), are left out as a whole.

    Where events follow the standard's life cycle, only the completion of a step is its event; items that completed none are left
    out.
    """
    steps = completed(events)
    excluded = _cannot_be(steps, now)
    left_out = [excluded]
    if steps.height < events.height:
        begun = events.join(steps, on="case", how="anti").select("case", pl.lit(Why.NOT_COMPLETED.value).alias("why"))
        left_out.append(begun.unique(maintain_order=True))
    events = steps.join(excluded, on="case", how="anti") if excluded.height else steps
    newest: datetime | None = events.select(pl.col("at").max()).item()
    until = as_of or newest or now
    if as_of is not None:
        events = events.filter(pl.col("at") <= as_of)
    # Numbered by first appearance: items are told apart and sorted by small numbers instead of by text.
    kept = _by_item(events.with_columns(pl.col("case").cast(pl.Categorical(pl.Categories.random()))))
    return Log(kept, pl.concat(left_out), until)


def _cannot_be(events: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """Items with an event that cannot be as it is told, and why: `case`, `why`."""
    moments = events["at"]
    first, last = moments.min(), moments.max()
    is_whole = not moments.has_nulls() and not events["stage"].has_nulls()
    if is_whole and isinstance(first, datetime) and isinstance(last, datetime) and first >= EARLIEST and last <= now:
        return pl.DataFrame(schema={"case": pl.String, "why": pl.String})
    bad = events.filter(moments.is_null() | (moments < EARLIEST) | (moments > now) | events["stage"].is_null())
    if bad.is_empty():
        return pl.DataFrame(schema={"case": pl.String, "why": pl.String})
    at = pl.col("at")
    why = (
        pl.when(at.is_null()).then(pl.lit(Why.NO_MOMENT.value))
        .when(at < EARLIEST).then(pl.lit(Why.EPOCH.value))
        .when(at > now).then(pl.lit(Why.FUTURE.value))
        .otherwise(pl.lit(Why.NO_STAGE.value))
    )  # fmt: skip
    return bad.unique("case", keep="first", maintain_order=True).select("case", why.alias("why"))


def _by_item(events: pl.DataFrame) -> pl.DataFrame:
    """Events by the number of their item and time; the order they had where both are equal."""
    if not events["at"].is_sorted():
        events = events.sort("at", maintain_order=True)
    number = events["case"].to_physical().to_numpy()
    # Halves of 16 bits, the low one first: numpy counts those into their places, which a sort by larger numbers compares.
    order = np.argsort(number.astype(np.uint16), kind="stable")
    if len(number) and number.max() > np.iinfo(np.uint16).max:
        order = order[np.argsort((number >> 16).astype(np.uint16)[order], kind="stable")]
    return events[order.astype(np.uint32)]


def trusted(events: pl.DataFrame, unread: pl.DataFrame | None, *, now: datetime, as_of: datetime | None = None) -> Log:
    """The `log` of the items with a history of which all rows could be read (`unread`: the others, and why)."""
    if unread is None or unread.is_empty():
        return log(events, now=now, as_of=as_of)
    known = log(events.join(unread, on="case", how="anti", maintain_order="left"), now=now, as_of=as_of)
    return replace(known, excluded=pl.concat([unread, known.excluded]))


def unread(refused: pl.DataFrame) -> pl.DataFrame:
    """The items of which a row was refused (`case`), each once, and why they are left out as a whole: a row that says when nothing
    happened, or nothing of when, makes every time of its item wrong. `refused`: issue_id (null: a row of nobody), column, rule.
    """
    column, rule = pl.col("column"), pl.col("rule")
    why = (
        pl.when((column == "transition_at") & (rule == "unreadable")).then(pl.lit(Why.UNREADABLE.value))
        .when(column == "transition_at").then(pl.lit(Why.NO_MOMENT.value))
        .when(column == "status").then(pl.lit(Why.NO_STAGE.value))
        .otherwise(pl.lit(Why.REFUSED.value))
    )  # fmt: skip
    named = refused.filter(pl.col("issue_id").is_not_null()).select(pl.col("issue_id").alias("case"), why.alias("why"))
    return named.unique("case", keep="first", maintain_order=True)


def spelled_alike(events: pl.DataFrame) -> pl.DataFrame:
    """The events with each stage in one spelling, the most frequent: upper and lower case, white space and ways to write an accent
    make no other stage.
    """
    names = events.group_by("stage", maintain_order=True).len().drop_nulls().sort("len", descending=True, maintain_order=True)
    names = names.with_columns(folded(pl.col("stage")).alias("word"))
    if names["word"].n_unique() == names.height:
        return events
    usual = names.sort("word", maintain_order=True).with_columns(pl.col("stage").first().over("word").alias("usual"))
    return events.with_columns(pl.col("stage").replace(usual["stage"], usual["usual"]))


def order(events: pl.DataFrame) -> tuple[str, ...]:
    """The order in which items usually enter stages for the first time: by a stage's mean place among those an item has seen."""
    code = events.select("case", pl.col("stage").cast(pl.Categorical).alias("stage"))
    first = code.select("case", "stage").unique(maintain_order=True, keep="first")
    # Items stand together: a place is the distance to the item's first row, of as many as the item has.
    runs = first.select(pl.col("case").rle().struct.field("len"))["len"]
    places = pl.concat([pl.Series([0], dtype=pl.UInt32), runs.cum_sum()[:-1].cast(pl.UInt32)])
    starts, lengths = places.to_numpy().repeat(runs.to_numpy()), runs.to_numpy().repeat(runs.to_numpy())
    place = (np.arange(first.height) - starts + 1) / lengths
    found = first.select(pl.col("stage").cast(pl.String), pl.Series("place", place)).group_by("stage").agg(pl.col("place").mean())
    return tuple(found.sort(pl.col("place").round(9), "stage")["stage"])


def ends(events: pl.DataFrame, stages: Sequence[str]) -> frozenset[str]:
    """Stages after which (almost) nothing follows, where at least two items ended there; the last stage where there are none."""
    is_last = (pl.col("case") != pl.col("case").shift(-1)).fill_null(value=True)
    by_stage = (
        events.select("stage", is_last.alias("last")).group_by("stage")
        .agg(pl.col("last").mean().alias("share"), pl.col("last").sum().alias("items"))
    )  # fmt: skip
    found = by_stage.filter((pl.col("share") >= _ENDS_HERE) & (pl.col("items") >= _FEW))["stage"]
    return frozenset(found) & frozenset(stages) or frozenset(stages[-1:])


def placed(events: pl.DataFrame, workflow: Workflow) -> pl.DataFrame:
    """Events of a workflow's stages, with the stage's place (`index`, from 0)."""
    # The names' numbers in an enumeration: half the time of looking them up, and the same for few stages and for many.
    place = pl.col("stage").cast(pl.Enum(workflow.stages), strict=False).to_physical().cast(pl.Int32)
    found = events.with_columns(place.alias("index"))
    return found.filter(pl.col("index").is_not_null()) if found["index"].has_nulls() else found
