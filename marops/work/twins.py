"""Requests kept here and imported items that may be the same work, which would count twice. Pure."""

import polars as pl

from marops import notes

TWINS = pl.Schema({"issue_id": pl.String, "twin": pl.String, "key": pl.String})


def folded(work: pl.DataFrame) -> pl.DataFrame:
    """Items with `folded`: their name as names are compared."""
    return work.with_columns(pl.Series("folded", [notes.folded(name) for name in work["name"]], pl.String))


def twins(kept: pl.DataFrame, imported: pl.DataFrame) -> pl.DataFrame:
    """One row a request kept here (`issue_id`) and imported item (`twin`, its `key`) of the same name, of the same campaign and
    business unit where both say one, that were going on at the same time. Both frames as `item_rollups.work`, `imported` with
    `folded`. That the two are one is likely, and never certain: somebody has to say so.
    """
    told = ("campaign_name", "unit", "created_at", "done_at")
    others = imported.select(
        "folded", pl.col("issue_id").alias("twin"), "key", *(pl.col(name).alias(f"{name}_there") for name in told)
    )
    pairs = folded(kept).select("issue_id", "folded", *told).join(others, on="folded", maintain_order="left_right")
    pairs = pairs.filter(_began_before("created_at", "done_at_there") & _began_before("created_at_there", "done_at"))
    alike = [
        _is_same(row["campaign_name"], row["campaign_name_there"]) and _is_same(row["unit"], row["unit_there"])
        for row in pairs.iter_rows(named=True)
    ]
    return pairs.filter(pl.Series(alike, dtype=pl.Boolean)).match_to_schema(TWINS, extra_columns="ignore")


def _began_before(begin: str, end: str) -> pl.Expr:
    """Whether what may have no known beginning began before what may have no end."""
    return (pl.col(begin) < pl.col(end)).fill_null(value=True)


def _is_same(one: str | None, other: str | None) -> bool:
    return not one or not other or notes.folded(one) == notes.folded(other)
