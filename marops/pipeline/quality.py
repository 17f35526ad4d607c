"""What of a workspace's work cannot be measured, or only with doubts, and why."""

from enum import StrEnum

import polars as pl

from marops.period import EARLIEST
from marops.pipeline.delivery import LAUNCHED, Delivery
from marops.stages import Process, folded


class Doubt(StrEnum):
    """What to know of an item besides what its log says (`events.Why`)."""

    NO_HISTORY = "no history"
    WITHDRAWN = "withdrawn"
    UNKNOWN = "unknown stage"
    FINISHED = "finished where it stood"
    DIFFERS = "tracker and history differ"
    EQUAL_TIMES = "equal timestamps"
    REPEATED = "the same stage again"
    RELAUNCHED = "moved on after its launch"
    NEVER_ACTIVE = "never in an active stage"
    MOVED_BEFORE_CREATED = "moved before it was created"
    DONE_BEFORE_CREATED = "end before start"
    TWIN = "imported under the same name"
    REFUSED = "its own row was refused"


class Counts(StrEnum):
    """In which measures of flow an item counts."""

    NONE = "none"
    STAGES = "days in stages"
    NOT_EFFICIENCY = "all but flow efficiency"
    ALL = "all"


DOUBTS = pl.Schema({"issue_id": pl.String(), "why": pl.String(), "counts": pl.String(), "found": pl.String()})


def doubts(
    delivered: Delivery, work: pl.DataFrame, moves: pl.DataFrame, twins: pl.DataFrame | None = None,
    refused: pl.DataFrame | None = None,
) -> pl.DataFrame:  # fmt: skip
    """One row an item and reason (Doubt or events.Why), those that are in no measure of flow first. `found`: the words or moments
    that raise the doubt, null where the reason says it all. `work` and `moves` are the roll-ups' of the same items; `twins`:
    item_rollups.twins of all work, also of other units and people; `refused`: the items of which the tracker's own row was refused
    (issue_id).
    """
    items = delivered.items
    events = delivered.log.events.with_columns(pl.col("case").cast(pl.String))
    excluded = delivered.log.excluded.select(pl.col("case").alias("issue_id"), pl.col("why"))
    unknown = moves.filter(pl.col("stage").is_null()).group_by("issue_id", maintain_order=True).agg(
        pl.col("status").unique(maintain_order=True).str.join(", ").alias("found")
    )  # fmt: skip
    possible = moves.filter(pl.col("entered_at") >= EARLIEST)
    moments = work.join(possible.group_by("issue_id").agg(pl.col("entered_at").min().alias("first")), on="issue_id", how="left")
    # What is finished in a status that it has just entered got there and was finished at one moment.
    tied = delivered.log.tied_items.cast(pl.String)
    again = (pl.col("case") == pl.col("case").shift()) & (pl.col("stage") == pl.col("stage").shift())
    went_on = (pl.col("stage") == LAUNCHED) & (pl.col("case") == pl.col("case").shift(-1))
    finished = items.drop_nulls(["finished", "started"])
    silent = work.filter(pl.col("differs").is_null()).join(moves, on="issue_id", how="anti")
    frames = [
        excluded,
        # A history that its tracker contradicts, or that was refused, is there, though nothing can be measured by it.
        _rows(_but(silent, excluded), Doubt.NO_HISTORY),
        _rows(None if refused is None else refused.select("issue_id").drop_nulls(), Doubt.REFUSED),
        _rows(_of(delivered.withdrawn), Doubt.WITHDRAWN),
        _rows(unknown, Doubt.UNKNOWN),
        _rows(_told(work, "unknown"), Doubt.UNKNOWN),
        _rows(_told(work, "finished"), Doubt.FINISHED),
        # Where a move is lacking, that is why they differ.
        _rows(_but(_told(work, "differs"), excluded), Doubt.DIFFERS),
        _rows(_of(tied).join(_told(work, "finished"), on="issue_id", how="anti", maintain_order="left"), Doubt.EQUAL_TIMES),
        _rows(_of(events.filter(again)["case"].unique(maintain_order=True)), Doubt.REPEATED),
        _rows(_of(events.filter(went_on)["case"].unique(maintain_order=True)), Doubt.RELAUNCHED),
        _rows(_of(finished.filter(~pl.col("worked"))["case"]), Doubt.NEVER_ACTIVE),
        _rows(moments.filter(pl.col("first") < pl.col("created_at")), Doubt.MOVED_BEFORE_CREATED),
        _rows(work.filter(pl.col("done_at") < pl.col("created_at")), Doubt.DONE_BEFORE_CREATED),
        _rows(None if twins is None else _twice(twins, work), Doubt.TWIN),
    ]
    found = pl.concat([frame for frame in frames if frame is not None], how="diagonal")
    counts = (
        pl.when(pl.col("issue_id").is_in(delivered.withdrawn.implode())).then(pl.lit(Counts.STAGES.value))
        .when(~pl.col("issue_id").is_in(items["case"].implode())).then(pl.lit(Counts.NONE.value))
        .when(pl.col("issue_id").is_in(unknown["issue_id"].implode())).then(pl.lit(Counts.NOT_EFFICIENCY.value))
        .otherwise(pl.lit(Counts.ALL.value))
    )  # fmt: skip
    return (
        found.with_columns(counts.alias("counts")).match_to_schema(DOUBTS, missing_columns="insert")
        .unique(["issue_id", "why"], keep="first", maintain_order=True)
        .sort(pl.col("counts").replace_strict({place: at for at, place in enumerate(Counts)}), maintain_order=True)
    )  # fmt: skip


def _twice(twins: pl.DataFrame, work: pl.DataFrame) -> pl.DataFrame:
    keys = twins.group_by("issue_id", maintain_order=True).agg(pl.col("key").str.join(", ").alias("found"))
    return keys.join(work, on="issue_id", how="semi", maintain_order="left")


def _of(cases: pl.Series) -> pl.DataFrame:
    return cases.alias("issue_id").to_frame()


def _told(work: pl.DataFrame, column: str) -> pl.DataFrame:
    return work.drop_nulls(column).select("issue_id", pl.col(column).alias("found"))


def _but(items: pl.DataFrame, excluded: pl.DataFrame) -> pl.DataFrame:
    return items.join(excluded, on="issue_id", how="anti", maintain_order="left")


def _rows(items: pl.DataFrame | None, why: Doubt) -> pl.DataFrame | None:
    if items is None:
        return None
    kept = [name for name in ("issue_id", "found") if name in items.columns]
    return items.select(*kept, pl.lit(why.value).alias("why"))


def unknown_words(moves: pl.DataFrame, work: pl.DataFrame | None = None) -> pl.DataFrame:
    """Statuses that are no stage of the workflow: `status` as it is mostly written, `moves` into it (of items without a history:
    that they are in it); the most frequent first.
    """
    words = [moves.filter(pl.col("stage").is_null())["status"]]
    if work is not None:
        words.append(work["unknown"].alias("status").drop_nulls())
    return _counted(pl.concat(words), "moves")


def unknown_resolutions(work: pl.DataFrame) -> pl.DataFrame:
    """How work ended that counts as launched though the word is known neither as done nor as dropped: `resolution` as it is mostly
    written, `items`; the most frequent first.
    """
    return _counted(work["unknown_resolution"].drop_nulls().alias("resolution"), "items")


def _counted(words: pl.Series, what: str) -> pl.DataFrame:
    name = words.name
    return (
        words.to_frame().group_by(folded(pl.col(name)).alias("word"))
        .agg(pl.col(name).mode().sort().first(), pl.len().cast(pl.Int64).alias(what))
        .drop("word").sort(what, name, descending=[True, False])
    )  # fmt: skip


def nowhere(work: pl.DataFrame, visits: pl.DataFrame, process: Process) -> int:
    """How many items are, or have been, in statuses that are no stage, where most of the work is or was: over half of the visits
    before the end, or of the items with something left to do. 0 elsewhere.
    """
    lost = pl.col("stage").is_null()
    going_on = visits.filter(lost | ~pl.col("stage").is_in(list(process.done)))
    open_ = work.filter(pl.col("done_at").is_null())
    if not any(2 * rows.filter(lost).height > rows.height for rows in (going_on, open_)):
        return 0
    return pl.concat([rows.filter(lost)["issue_id"] for rows in (visits, open_)]).n_unique()
