"""Moves, visits and items as frames, whether a tracker delivered them or they are kept here. Pure."""

from dataclasses import dataclass

import polars as pl

from marops.stages import Process


@dataclass(frozen=True)
class Work:
    """Moves, visits and items as `item_rollups.stage_moves`, `stage_visits` and `work` describe them."""

    moves: pl.DataFrame
    visits: pl.DataFrame
    items: pl.DataFrame

    @classmethod
    def of(cls, items: pl.DataFrame, moves: pl.DataFrame, process: Process, unit: pl.Expr) -> "Work":
        """Work from rows of work_item and moves by item and time. `unit`: whose campaign it is by its name."""
        moves = _by_id(items, moves)
        visits = _visits(moves)
        return cls(moves, visits, _work(items, moves, visits, process, unit))

    def united(self, other: "Work") -> "Work":
        """Both, where no item is in both."""
        if other.items.is_empty():
            return self
        moves, visits = (
            pl.concat(pair).sort("issue_id", maintain_order=True)
            for pair in ((self.moves, other.moves), (self.visits, other.visits))
        )
        return Work(moves, visits, pl.concat([self.items, other.items]).sort("created_at", "issue_id"))


def delivered(logged: pl.DataFrame, process: Process) -> pl.DataFrame:
    """Moves from those of trackers by item and time (`tracked.moves`), with the stage their status means."""
    stage = process.stage_of(pl.col("status")).alias("stage")
    return logged.select("issue_id", stage, "status", "role", pl.col("transition_at").alias("entered_at"))


def named(moves: pl.DataFrame, process: Process) -> pl.DataFrame:
    """Moves with the stage they mean in the present process: the one of their id, or else the one their name means."""
    known = pl.col("stage").is_in([stage.id for stage in process.stages])
    return moves.with_columns(pl.when(known).then("stage").otherwise(process.stage_of(pl.col("status"))).alias("stage"))


def ids_of_keys(items: pl.DataFrame) -> pl.DataFrame:
    """The items' ids (`of`) by the keys that histories may name them by (`issue_id`): those that one item has and that are no
    item's id.
    """
    keys = items.drop_nulls("issue_key").filter(pl.col("issue_key").is_unique())
    return keys.select(pl.col("issue_key").alias("issue_id"), pl.col("issue_id").alias("of")).join(items, on="issue_id", how="anti")


def _by_id(items: pl.DataFrame, moves: pl.DataFrame) -> pl.DataFrame:
    """Moves by item and time, those of a history that names items by their keys among those of the items' ids, each move once."""
    keys = ids_of_keys(items)
    named = moves.join(keys, on="issue_id", maintain_order="left").with_columns(pl.col("of").alias("issue_id")).drop("of")
    if named.is_empty():
        return moves
    others = moves.join(keys, on="issue_id", how="anti", maintain_order="left")
    new = named.join(others, on=["issue_id", "status", "entered_at"], how="anti", maintain_order="left")
    return pl.concat([others, new]).sort("issue_id", "entered_at", maintain_order=True)


def _visits(moves: pl.DataFrame) -> pl.DataFrame:
    same = (pl.col("stage") == pl.col("stage").shift(1).over("issue_id")).fill_null(value=False)
    return moves.filter(~same).select(
        "issue_id",
        pl.int_range(1, pl.len() + 1).over("issue_id").alias("visit"),
        "stage",
        "status",
        "entered_at",
        pl.col("entered_at").shift(-1).over("issue_id").alias("left_at"),
    )


def _work(items: pl.DataFrame, moves: pl.DataFrame, visits: pl.DataFrame, process: Process, unit: pl.Expr) -> pl.DataFrame:
    by_item = visits.group_by("issue_id").agg(
        pl.col("entered_at").min().alias("first"),
        pl.col("entered_at").filter(pl.col("stage").is_in(process.launched)).min().alias("launched_at"),
    )
    now = visits.filter(pl.col("left_at").is_null()).select("issue_id", "stage", pl.col("entered_at").alias("since"))
    acting = moves.group_by("issue_id").agg(pl.col("role").last())
    stage = pl.coalesce("stage", process.stage_of(pl.col("current_status")))
    return (
        items.join(by_item, on="issue_id", how="full", coalesce=True)
        .join(now, on="issue_id", how="left")
        .join(acting, on="issue_id", how="left")
        .select(
            "issue_id",
            pl.coalesce("issue_key", "issue_id").alias("key"),
            pl.coalesce("issue_name", "issue_key", "issue_id").alias("name"),
            "campaign_name",
            pl.coalesce("business_unit", unit).alias("unit"),
            pl.col("assignee_user_id").alias("assignee"),
            pl.coalesce("created_at", "first").alias("created_at"),
            "due_date",
            "launched_at",
            stage.alias("stage"),
            "since",
            "role",
            pl.when(stage.is_in(process.done)).then(pl.coalesce("since", "resolved_at", "created_at")).alias("done_at"),
            pl.col("value_per_day").cast(pl.Float64),
            "currency_code",
        )
        .sort("created_at", "issue_id")
    )
