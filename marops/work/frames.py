"""Moves, visits and items as frames, whether a tracker delivered them or they are kept here. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import polars as pl

from marops.period import EARLIEST
from marops.stages import Category, Process, folded, is_among, is_resolution
from marops.work.histories import ids_of_keys, untold

_FINISHED = ("done", "concluído", "itens concluídos", "listo", "finalizada", "terminé", "terminé(e)", "fertig", "erledigt")
"""What trackers call the category of statuses in which nothing is left to do."""

_COMPLETED = "Completed"
"""What work enters that a tracker has completed where it stood."""

_LEFT = "previous_status"

_NONE = pl.Series(dtype=pl.String)

_ROUNDED = timedelta(minutes=1)
"""By how much a moment that is written to the minute may lie before the move it belongs to."""


@dataclass(frozen=True)
class Work:
    """Moves, visits and items as `item_rollups.stage_moves`, `stage_visits` and `work` describe them."""

    moves: pl.DataFrame
    visits: pl.DataFrame
    items: pl.DataFrame

    @classmethod
    def of(
        cls, items: pl.DataFrame, moves: pl.DataFrame, process: Process, unit: pl.Expr, over: datetime,
        lacking: pl.Series = _NONE,
    ) -> "Work":  # fmt: skip
        """Work from rows of work_item and moves by item and time. `unit`: whose campaign it is by its name; `over`: when today is:
        moments from then on, and those before period.EARLIEST, cannot be. Such moves stay among the moves and move nothing;
        `lacking`: the items of which moves were refused. Of both kinds of items no visit is known, and none is told of: when they
        moved, or where to, nobody can say.

        Where a tracker says that an item is over (or runs) and its history does not, the item moves there at the moment that the
        tracker names; where it names none, its moves are left out: nobody knows when the last was. An item whose resolution
        means dropped was dropped when it was done, whatever its status is called.
        """
        items = items.with_columns(_gone(process), _unknown_resolution(process))
        items = items.with_columns(
            pl.when((pl.col(name) >= EARLIEST) & (pl.col(name) < over)).then(name).alias(name)
            for name in ("created_at", "resolved_at")
        )
        moves = as_resolved(items, _from_creation(items, _by_id(items, moves), process), process)
        possible = _possible(moves, over)
        impossible = moves.filter(~_can_be(over))["issue_id"]
        broken = pl.concat([impossible, lacking.drop_nulls()]).unique()
        told = _told(items, possible, process).with_columns(pl.col("issue_id").is_in(broken.implode()).alias("is_broken"))
        moves = _moved_on(moves, told)
        visits = _visits(_now_known(_possible(moves, over), told))
        made = _work(told, moves, visits, process, unit)
        cut = told.filter("is_cut").select("issue_id")
        moves, visits = (rows.join(cut, on="issue_id", how="anti", maintain_order="left") for rows in (moves, visits))
        return cls(moves, visits.filter(~pl.col("issue_id").is_in(broken.implode())), made)

    def united(self, other: "Work") -> "Work":
        """Both, where no item is in both."""
        if other.items.is_empty():
            return self
        moves, visits = (
            pl.concat(pair).sort("issue_id", maintain_order=True)
            for pair in ((self.moves, other.moves), (self.visits, other.visits))
        )
        return Work(moves, visits, pl.concat([self.items, other.items]).sort("created_at", "issue_id"))

    def labelled(self) -> "Work":
        """With `label`, what charts and lists call an item: its campaign, its own name beside it where several items are of that
        campaign, its key where several have both the same.
        """
        name, campaign, key = (pl.col(column) for column in ("name", "campaign_name", "key"))
        shared = (pl.len().over(campaign) > 1) & (name != campaign)
        alone = pl.coalesce(pl.when(campaign.is_not_null() & shared).then(pl.format("{}: {}", campaign, name)), campaign, name)
        items, label = self.items.with_columns(alone.alias("label")), pl.col("label")
        one_of_many = pl.when(label.is_duplicated() & (label != key)).then(pl.format("{} {}", key, label))
        return replace(self, items=items.with_columns(one_of_many.otherwise(label).alias("label")))


def delivered(logged: pl.DataFrame, process: Process) -> pl.DataFrame:
    """Moves from those of trackers by item and time (`tracked.moves`), with the stage their status means, and the status they left
    where the log has it (`previous_status`).
    """
    stage = process.stage_of(pl.col("status")).alias("stage")
    left = [_LEFT] if _LEFT in logged.columns else []
    return logged.select("issue_id", stage, "status", "role", pl.col("transition_at").alias("entered_at"), *left)


def named(moves: pl.DataFrame, process: Process) -> pl.DataFrame:
    """Moves with the stage they mean in the present process: the one of their id, or else the one their name means."""
    known = pl.col("stage").is_in([stage.id for stage in process.stages])
    return moves.with_columns(pl.when(known).then("stage").otherwise(process.stage_of(pl.col("status"))).alias("stage"))


def _possible(moves: pl.DataFrame, over: datetime) -> pl.DataFrame:
    return moves.filter(_can_be(over))


def _can_be(over: datetime) -> pl.Expr:
    return (pl.col("entered_at") >= EARLIEST) & (pl.col("entered_at") < over)


def _by_id(items: pl.DataFrame, moves: pl.DataFrame) -> pl.DataFrame:
    """Moves by item and time, those of a history that names items by their keys among those of the items' ids, each move once."""
    keys = ids_of_keys(items)
    named = moves.join(keys, on="issue_id", maintain_order="left").with_columns(pl.col("of").alias("issue_id")).drop("of")
    if named.is_empty():
        return moves
    others = moves.join(keys, on="issue_id", how="anti", maintain_order="left")
    return pl.concat([others, untold(named, others)]).sort("issue_id", "entered_at", maintain_order=True)


def _from_creation(items: pl.DataFrame, moves: pl.DataFrame, process: Process) -> pl.DataFrame:
    """Moves by item and time; where the first says what it left, the item was in that since it was created."""
    if _LEFT not in moves.columns:
        return moves
    first = moves.unique("issue_id", keep="first", maintain_order=True).drop_nulls(_LEFT).drop("role")
    begun = first.join(items.select("issue_id", "created_at"), on="issue_id", maintain_order="left").filter(
        (pl.col("created_at") < pl.col("entered_at"))
        & (folded(pl.col(_LEFT)) != folded(pl.col("status")))
        # Nothing is created at its end: such a history is a part of a longer one.
        & ~is_among(process.stage_of(pl.col(_LEFT)), process.launched | process.done)
    )
    moves = moves.drop(_LEFT)
    if begun.is_empty():
        return moves
    new = begun.select(
        "issue_id", process.stage_of(pl.col(_LEFT)).alias("stage"), pl.col(_LEFT).alias("status"),
        pl.lit(None, pl.String).alias("role"), pl.col("created_at").alias("entered_at"),
    )  # fmt: skip
    return pl.concat([moves, new]).sort("issue_id", "entered_at", maintain_order=True)


def _gone(process: Process) -> pl.Expr:
    """The stage of dropped work that an item's resolution means."""
    resolution = process.resolved(pl.col("resolution"))
    return pl.when(is_among(resolution, process.dropped)).then(resolution).alias("gone")


def _unknown_resolution(process: Process) -> pl.Expr:
    resolution = pl.col("resolution")
    return pl.when(process.resolved(resolution).is_null() & is_resolution(resolution)).then(resolution).alias("unknown_resolution")


def as_resolved(items: pl.DataFrame, moves: pl.DataFrame, process: Process) -> pl.DataFrame:
    """Moves by item and time with their stage; those by which an item that was resolved as dropped came to its end (resolved, and
    closed later) dropped it. `items`: rows of work_item.
    """
    gone = items.select("issue_id", _gone(process)).drop_nulls("gone")
    if gone.is_empty():
        return moves
    is_end = is_among(pl.col("stage"), process.done).cum_min(reverse=True).over("issue_id")
    known = moves.join(gone, on="issue_id", how="left", maintain_order="left")
    return known.with_columns(pl.when(is_end).then(pl.coalesce("gone", "stage")).otherwise("stage").alias("stage")).drop("gone")


def _told(items: pl.DataFrame, moves: pl.DataFrame, process: Process) -> pl.DataFrame:
    """Items, and those of which only moves tell, with what the tracker says of where they are beside the end of their history.

    `last`, `last_status`, `last_at`: the last move; `moved`: whether there is one. `present`: the stage of the tracker's status (or
    of its resolution: `gone`); `agree`: whether both are of one stage or word. `beyond`: where the tracker has the item by now, if
    it is over or runs (`_beyond`); `moment`: when it got there (null: not known). `is_behind`: whether the history does not know of
    that; `is_cut`: nor anybody when it was. `finished`, `differs`, `unknown`: see `item_rollups.work`.
    """
    last = moves.group_by("issue_id").agg(
        pl.col("stage").last().alias("last"), pl.col("status").last().alias("last_status"),
        pl.col("entered_at").last().alias("last_at"), is_among(pl.col("stage"), process.live).any().alias("ran"),
    )  # fmt: skip
    in_one_status = folded(pl.col("current_status")) == folded(pl.col("last_status"))
    found = items.join(last, on="issue_id", how="full", coalesce=True).with_columns(
        pl.col("last_at").is_not_null().alias("moved"), process.stage_of(pl.col("current_status")).alias("present")
    )
    found = found.with_columns(
        pl.when(is_among(pl.col("present"), process.done))
        .then(pl.coalesce("gone", "present"))
        .otherwise("present")
        .alias("present")
    )
    in_one_stage = (pl.col("present") == pl.col("last")).fill_null(value=False)
    found = _beyond(found.with_columns((in_one_stage | in_one_status.fill_null(value=False)).alias("agree")), process)
    ended, word = is_among(pl.col("last"), process.done), pl.coalesce("current_status", "current_status_category")
    silent = pl.col("over") & ~is_among(pl.col("present"), process.done) & ~ended
    apart = pl.col("moved") & word.is_not_null() & ~pl.col("agree") & ~(ended & pl.col("over"))
    return found.with_columns(
        (pl.col("is_behind") & pl.col("moment").is_null()).alias("is_cut"),
        pl.when(silent).then(pl.coalesce("current_status", "last_status", pl.lit(""))).alias("finished"),
        pl.when(apart).then(pl.format("{}, {}", word, "last_status")).alias("differs"),
        pl.when(~pl.col("moved") & pl.col("present").is_null()).then("current_status").alias("unknown"),
    )


def _beyond(found: pl.DataFrame, process: Process) -> pl.DataFrame:
    """With `closed` (the category of the tracker's status is the last), `over`, `beyond`, `moment` and `is_behind`.

    A completion counts unless the history goes on after it, in a stage that runs only where statuses have no categories: where they
    have, a resolution comes with such a status and says no more. A history that knows of a launch is not behind one.
    """
    done, live = process.done, process.live
    ended, runs = is_among(pl.col("last"), done), is_among(pl.col("present"), live)
    later = (pl.col("last_at") > pl.col("resolved_at") + _ROUNDED).fill_null(value=False)
    category = folded(pl.col("current_status_category"))
    found = found.with_columns(
        category.is_in(_FINISHED).fill_null(value=False).alias("closed"),
        (pl.col("resolved_at").is_not_null() & (~later | pl.col("last").is_null() | ended)).alias("resolved"),
    )
    completed = (pl.col("resolved") | pl.col("closed")) & (~runs | category.is_null())
    found = found.with_columns((is_among(pl.col("present"), done) | completed).alias("over"))
    is_there = is_among(pl.col("present"), done) | (runs & ~pl.col("over"))
    end = pl.coalesce("gone", pl.lit(_end(process)))
    found = found.with_columns(pl.when(is_there).then("present").when("over").then(end).alias("beyond"))
    resolved_at = pl.max_horizontal("resolved_at", "last_at")
    behind = pl.col("moved") & pl.col("beyond").is_not_null() & ~ended & ~(is_among(pl.col("beyond"), live) & pl.col("ran"))
    return found.with_columns(
        pl.when("resolved").then(resolved_at).when("agree").then("last_at").alias("moment"),
        behind.fill_null(value=False).alias("is_behind"),
    )


def _called(told: pl.DataFrame) -> pl.DataFrame:
    """With `assignee`: who does the work, by name; with the tracker's id where two people have one name."""
    its_id, name = pl.col("assignee_user_id"), pl.col("assignee_name")
    # Imports of before had no names.
    elsewhere = pl.when(its_id.is_not_null()).then(name.drop_nulls().last().over(its_id))
    told = told.with_columns(pl.coalesce(name, elsewhere).alias("assignee_name"))
    # Where an export has no ids, the name stands for one.
    own_id = pl.when(its_id != name).then(its_id)
    is_shared = name.is_not_null() & own_id.is_not_null() & (own_id.drop_nulls().n_unique().over(name) > 1)
    return told.with_columns(
        pl.when(is_shared).then(pl.format("{} ({})", name, its_id)).otherwise(pl.coalesce(name, its_id)).alias("assignee")
    )


def _last_before(process: Process) -> pl.Expr:
    """Of an item's visits, the last to a stage before the launch; 0 without one."""
    is_before = pl.col("stage").is_in([stage.id for stage in process.before_launch])
    return pl.col("visit").filter(is_before.fill_null(value=False)).max().fill_null(0)


def _todo(process: Process) -> frozenset[str]:
    return frozenset(stage.id for stage in process.stages if stage.category is Category.TODO)


def _end(process: Process) -> str:
    """The stage of what a tracker calls completed: the first of what is done, where there is one."""
    order = [Category.DONE, Category.DROPPED, Category.LIVE]
    return min((stage for stage in process.stages if stage.category in order), key=lambda stage: order.index(stage.category)).id


def _moved_on(moves: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """Moves by item and time, with those of which only the tracker's own fields tell."""
    behind = told.filter(pl.col("is_behind") & ~pl.col("is_cut"))
    if behind.is_empty():
        return moves
    says_so = pl.col("present").is_null() | (pl.col("present") == pl.col("beyond"))
    word = pl.when(says_so).then("current_status").when("closed").then("current_status_category")
    new = behind.select(
        "issue_id", pl.col("beyond").alias("stage"), pl.coalesce(word, pl.lit(_COMPLETED)).alias("status"),
        pl.lit(None, pl.String).alias("role"), pl.col("moment").alias("entered_at"),
    )  # fmt: skip
    return pl.concat([moves, new]).sort("issue_id", "entered_at", maintain_order=True)


def _now_known(moves: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """Moves of which the last, where it is to a word that is not known, is to the stage that the tracker says the item is in."""
    lost = told.filter(pl.col("moved") & pl.col("last").is_null() & pl.col("present").is_not_null() & ~pl.col("is_behind"))
    if lost.is_empty():
        return moves
    is_last = (pl.col("issue_id") != pl.col("issue_id").shift(-1)).fill_null(value=True)
    known = moves.join(lost.select("issue_id", "present"), on="issue_id", how="left", maintain_order="left")
    return known.with_columns(pl.when(is_last).then(pl.coalesce("stage", "present")).otherwise("stage").alias("stage")).drop(
        "present"
    )


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


def _work(told: pl.DataFrame, moves: pl.DataFrame, visits: pl.DataFrame, process: Process, unit: pl.Expr) -> pl.DataFrame:
    """Items as `item_rollups.work` has them, from `_told`.

    What a tracker has completed was launched then, as what is moved to the end from a stage before the launch: on time or late.
    """
    runs = pl.col("stage").is_in(process.live)
    # What was only done, never seen to run, and is taken up again was not launched.
    ended = pl.col("stage").is_in(process.launched & process.done) & (pl.col("visit") > _last_before(process))
    by_item = visits.group_by("issue_id").agg(
        pl.col("entered_at").min().alias("first"),
        pl.coalesce(pl.col("entered_at").filter(runs).min(), pl.col("entered_at").filter(ended).min()).alias("launched_at"),
        runs.any().alias("ran_then"),
    )
    now = visits.filter(pl.col("left_at").is_null()).select("issue_id", "stage", pl.col("entered_at").alias("since"))
    acting = moves.group_by("issue_id").agg(pl.col("role").last())
    by_moves = pl.coalesce("stage", "beyond", "present")
    # Of a history that cannot be, the last move is a guess; what the tracker says of today is none.
    by_tracker = pl.coalesce("beyond", "present", "stage")
    stage = pl.when("is_cut").then("beyond").when("is_broken").then(by_tracker).otherwise(by_moves)
    # Without a history nobody knows when work came to where it is, but for what nobody has begun with: it was asked for there.
    untouched = pl.when(~pl.col("moved") & is_among(stage, _todo(process))).then("created_at")
    since = pl.when(~pl.any_horizontal("is_cut", "is_broken")).then(pl.coalesce("since", untouched))
    # What is done was launched then at the latest; without a history, only the tracker's moment tells when.
    at_end = pl.when(~pl.col("moved") & is_among(pl.col("beyond"), process.done & process.launched)).then("moment")
    launched = pl.when(~pl.col("is_broken")).then(pl.coalesce("launched_at", at_end))
    return (
        _called(told)
        .join(by_item, on="issue_id", how="left")
        .join(now, on="issue_id", how="left")
        .join(acting, on="issue_id", how="left")
        .select(
            "issue_id",
            pl.coalesce("issue_key", "issue_id").alias("key"),
            pl.coalesce("issue_name", "issue_key", "issue_id").alias("name"),
            "campaign_name",
            pl.coalesce("business_unit", unit).alias("unit"),
            "assignee",
            pl.coalesce("created_at", "first").alias("created_at"),
            "due_date",
            launched.alias("launched_at"),
            (launched.is_not_null() & ~pl.col("ran_then").fill_null(value=False)).alias("by_end"),
            stage.alias("stage"),
            since.alias("since"),
            "role",
            pl.when(stage.is_in(process.done))
            .then(pl.coalesce(since, "moment", "resolved_at", "last_at", "created_at"))
            .alias("done_at"),
            pl.col("value_per_day").cast(pl.Float64),
            "currency_code",
            "finished",
            "differs",
            "unknown",
            pl.when(is_among(stage, process.launched & process.done)).then("unknown_resolution").alias("unknown_resolution"),
            "is_broken",
        )
        .sort("created_at", "issue_id")
    )
