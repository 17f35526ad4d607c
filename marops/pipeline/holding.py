"""Who holds the work: the time of each visit charged to the role that must act, and what passes between roles and sides.

Pure functions from frames to frames. Days are of 24 hours. A role of null is nobody: the log does not say who acts, and nobody
answers for the stage.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

import polars as pl

from marops import stats
from marops.pipeline import flow

_MOMENT = pl.Datetime("us", "UTC")

APPROVAL = pl.Schema(
    {
        "issue_id": pl.String(), "approver": pl.String(), "asked_at": _MOMENT, "decided_at": _MOMENT, "is_next": pl.Boolean(),
    }
)  # fmt: skip
"""Every approver's part in an approval: `asked_at` when it was his turn (null: it has not been), `decided_at` when that ended,
`is_next` whether the approval waits for him now.
"""

SPAN = pl.Schema(
    {
        "case": pl.String(), "stage": pl.String(), "role": pl.String(), "asked": pl.Boolean(), "at": _MOMENT, "until": _MOMENT,
        "open": pl.Boolean(), "hold": pl.UInt32(), "next_role": pl.String(),
    }
)  # fmt: skip


def spans(
    visits: pl.DataFrame, must_act: Mapping[str, str | None], approvals: pl.DataFrame, end: datetime,
    waits: Collection[str] | None = None,
) -> pl.DataFrame:  # fmt: skip
    """The times in which one role must act (SPAN): `flow.visits` up to `end`, in their order, cut where an approval begins or ends.

    They are half-open and split each visit exactly. While an approval waits, its approver must act (of several, who was asked
    first: `asked`); else the role the log names, else that of `must_act` (by stage). `open`: it still must. Spans of one `hold`
    follow each other without another role between. `next_role` acts right after it. `waits`: the stages that count (None: all);
    in the others nobody's move is waited for.
    """
    stage = pl.col("stage")
    by_matrix = stage.replace_strict(list(must_act), list(must_act.values()), default=None, return_dtype=pl.String)
    whole = visits.with_row_index("visit").select(
        "visit",
        pl.col("case").cast(pl.String),
        "stage",
        pl.coalesce("role", by_matrix).alias("role"),
        pl.lit(value=False).alias("asked"),
        "at",
        pl.coalesce("left", pl.lit(end)).cast(_MOMENT).alias("until"),
        pl.col("left").is_null().alias("open"),
    )
    if waits is not None:
        whole = whole.filter(stage.is_in(list(waits)))
    return _followed(_cut(whole, _pending(approvals, end)))


def _pending(approvals: pl.DataFrame, end: datetime) -> pl.DataFrame:
    """The times in which each approver is the one waited for, no two of an item at once: who was asked first goes first."""
    begun = approvals.filter((pl.col("asked_at") < end) & (pl.col("decided_at").is_not_null() | pl.col("is_next")))
    asked = begun.select(
        pl.col("issue_id").alias("case"), "approver", pl.col("asked_at").alias("start"),
        pl.min_horizontal(pl.coalesce("decided_at", pl.lit(end)), pl.lit(end)).cast(_MOMENT).alias("stop"),
        (pl.col("decided_at").is_null() | (pl.col("decided_at") > end)).alias("pending"),
    ).sort("case", "start", "approver")  # fmt: skip
    before = pl.col("stop").cum_max().shift().over("case")
    return asked.with_columns(pl.max_horizontal("start", before).alias("start")).filter(pl.col("start") < pl.col("stop"))


def _cut(whole: pl.DataFrame, pending: pl.DataFrame) -> pl.DataFrame:
    """Visits with the times of approvals cut out of them and given to the approvers."""
    met = whole.join(pending, on="case", maintain_order="left_right").filter(
        (pl.col("start") < pl.col("until")) & (pl.col("stop") > pl.col("at"))
    )
    met = met.with_columns(pl.max_horizontal("at", "start").alias("start"), pl.min_horizontal("until", "stop").alias("stop"))
    shared = ("visit", "case", "stage")
    approvers = met.select(
        *shared, pl.col("approver").alias("role"), pl.lit(value=True).alias("asked"), pl.col("start").alias("at"),
        pl.col("stop").alias("until"), pl.col("open") & pl.col("pending"),
    )  # fmt: skip
    since = pl.coalesce(pl.col("stop").shift().over("visit"), "at")
    before = met.select(
        *shared, "role", "asked", since.alias("at"), pl.col("start").alias("until"), pl.lit(value=False).alias("open")
    )
    last = met.group_by("visit", maintain_order=True).last()
    rest = last.select(*shared, "role", "asked", pl.col("stop").alias("at"), "until", "open")
    between = pl.concat([before, rest]).filter(pl.col("at") < pl.col("until"))
    uncut = whole.join(met, on="visit", how="anti", maintain_order="left")
    return pl.concat([uncut, approvers, between]).sort("visit", "at", maintain_order=True).drop("visit")


def _followed(cut: pl.DataFrame) -> pl.DataFrame:
    """Spans with what comes right before and after them in their item."""
    follows = (pl.col("case") == pl.col("case").shift()) & (pl.col("at") == pl.col("until").shift())
    stays = (follows & pl.col("role").eq_missing(pl.col("role").shift())).fill_null(value=False)
    leads = (pl.col("case") == pl.col("case").shift(-1)) & (pl.col("until") == pl.col("at").shift(-1))
    return cut.with_columns(
        (~stays).cum_sum().cast(pl.UInt32).alias("hold"), pl.when(leads).then(pl.col("role").shift(-1)).alias("next_role")
    ).select(SPAN.names())


def within(found: pl.DataFrame, start: datetime, end: datetime) -> pl.DataFrame:
    """The parts of spans between two moments; a part that goes on beyond `end` is as open as its span."""
    clipped = found.with_columns(
        pl.max_horizontal("at", pl.lit(start)).alias("at"), pl.min_horizontal("until", pl.lit(end)).alias("until")
    )
    return clipped.filter(pl.col("at") < pl.col("until"))


def held(found: pl.DataFrame, *by: str) -> pl.DataFrame:
    """Days held, by the columns named (`role`, or `stage` and `role`): `days` and `items` of spans that have ended, `ongoing_days`
    and `ongoing` (items) of those that have not; the most days together first.
    """
    lasted, open_ = flow.days(pl.col("at"), pl.col("until")), pl.col("open")
    return (
        found.group_by(*by)
        .agg(
            lasted.filter(~open_).sum().alias("days"),
            pl.col("case").filter(~open_).n_unique().cast(pl.Int64).alias("items"),
            lasted.filter(open_).sum().alias("ongoing_days"),
            pl.col("case").filter(open_).n_unique().cast(pl.Int64).alias("ongoing"),
        )
        .sort(pl.col("days") + pl.col("ongoing_days"), *by, descending=[True, *(False for _ in by)])
    )


def by_item(found: pl.DataFrame) -> pl.DataFrame:
    """Days each item was held: `case`, `stage`, `role`, `days`, `open` (it still is); the longest first."""
    lasted = flow.days(pl.col("at"), pl.col("until")).sum().alias("days")
    return (
        found.group_by("case", "stage", "role")
        .agg(lasted, pl.col("open").any())
        .sort("days", "case", "stage", "role", descending=[True, False, False, False])
    )


def handoffs(found: pl.DataFrame) -> pl.DataFrame:
    """How often work went from one role to another: see `flow.handoffs`. Spans that are nobody's say nothing."""
    return flow.handoffs(found.with_columns(pl.col("until").alias("left")))


def passed(found: pl.DataFrame) -> pl.DataFrame:
    """One row each time work went from one role to another (`handoffs`): `case`, `role`, `next_role`, `until` (when); the last
    first.
    """
    given = found.filter(pl.col("role") != pl.col("next_role"))
    return given.select("case", "role", "next_role", "until").sort("until", "case", descending=[True, False])


def holds(found: pl.DataFrame) -> pl.DataFrame:
    """One row each time a role had an item: `case`, `role`, `since`, `until`, `open`, and whether it is `asked` now."""
    by_hold = found.group_by("hold", maintain_order=True)
    firsts = (pl.col("case").first(), pl.col("role").first(), pl.col("at").first().alias("since"))
    return by_hold.agg(*firsts, pl.col("until").last(), pl.col("open").last(), pl.col("asked").last()).drop("hold")


def acting(found: pl.DataFrame) -> pl.DataFrame:
    """The rows of `holds` that go on: who must act now on each item that waits, one row an item."""
    return holds(found).filter("open")


def now(waiting: pl.DataFrame, end: datetime, values: pl.DataFrame) -> pl.DataFrame:
    """Who must act now, by role: `items`, `approvals` (of them, waiting for an answer), `oldest` (days the role has had the item it
    has had longest) and its `case`, `value` (what the items are expected to bring a day) and `valued` (how many have one; where
    none has, `value` is null); `undated`, the items of which nobody knows since when the role has them (where it is so of all,
    `oldest` is null). `waiting`: `case`, `role`, `since`, `asked`; `values`: `issue_id` and `value`. The most items first.
    """
    waiting = waiting.join(values, left_on="case", right_on="issue_id", how="left", maintain_order="left")
    return (
        waiting.sort("since", "case", nulls_last=True).group_by("role")
        .agg(
            pl.len().cast(pl.Int64).alias("items"),
            pl.col("asked").sum().cast(pl.Int64).alias("approvals"),
            flow.days(pl.col("since").first(), pl.lit(end)).alias("oldest"),
            pl.col("case").first(),
            pl.when(pl.col("value").count() > 0).then(pl.col("value").sum()).alias("value"),
            pl.col("value").count().cast(pl.Int64).alias("valued"),
            pl.col("since").null_count().cast(pl.Int64).alias("undated"),
        )
        .sort("items", "oldest", "role", descending=[True, True, False], nulls_last=True)
    )  # fmt: skip


def crossings(found: pl.DataFrame, sides: Mapping[str, str], start: datetime, end: datetime) -> pl.DataFrame:
    """What passed between sides from `start` on, before `end`: `side`, `next_side`, `times`, `open` (still there) and `median`
    (days until the next side passes it on, those still there counted; null where too few have). Roles without a side are left
    out. `sides`: by role.
    """
    side = pl.col("role").replace_strict(list(sides), list(sides.values()), default=None, return_dtype=pl.String).replace("", None)
    sided = _followed(found.with_columns(side.alias("role")))
    had = holds(sided)
    follows = (pl.col("case") == pl.col("case").shift()) & (pl.col("since") == pl.col("until").shift())
    passed = had.with_columns(
        pl.when(follows).then(pl.col("role").shift()).alias("side"),
        flow.days(pl.col("since"), pl.col("until")).alias("days"),
    ).filter(pl.col("side").is_not_null() & pl.col("role").is_not_null() & (pl.col("since") >= start) & (pl.col("since") < end))
    rows: list[tuple[str, str, int, int, float | None]] = []
    for (sender, receiver), group in passed.group_by("side", "role"):
        curve = stats.survival(group.filter(~pl.col("open"))["days"].to_numpy(), group.filter("open")["days"].to_numpy())
        median = curve.quantile(0.5) if curve else None
        rows.append((str(sender), str(receiver), group.height, int(group["open"].sum()), median))
    schema = {"side": pl.String, "next_side": pl.String, "times": pl.Int64, "open": pl.Int64, "median": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row").sort("times", "side", "next_side", descending=[True, False, False])
