"""Work items that one source names by ids and another by their keys alone: which of them are one."""

from dataclasses import dataclass

import polars as pl

from marops.work.histories import ids_of_keys, untold


@dataclass(frozen=True, slots=True)
class Keyed:
    """`ids`: by each key that an item may be named by (issue_id), its id (of). `doubted`: the keys by which one source names an
    item that was created at another moment than the one that has the key in the other: nobody knows whether they are one.
    """

    ids: pl.DataFrame
    doubted: tuple[str, ...]

    def one_id(self, rows: pl.LazyFrame, item: str = "issue_id") -> pl.LazyFrame:
        """The rows with every item under its id."""
        return rows.with_columns(pl.col(item).replace(self.ids["issue_id"], self.ids["of"]))


def keyed(here: pl.LazyFrame, there: pl.LazyFrame) -> Keyed:
    """What two sources of rows of work_item tell of the keys that items are named by."""
    new, old = (rows.select("issue_id", "issue_key", "created_at").collect() for rows in (here, there))
    keys = pl.concat([ids_of_keys(new), ids_of_keys(old)]).unique()
    keys = keys.filter(pl.col("issue_id").is_unique())
    created = pl.concat([new, old]).select("issue_id", pl.lit("").alias("status"), pl.col("created_at").alias("at"))
    named = created.join(keys, on="issue_id").with_columns(pl.col("of").alias("issue_id"), pl.col("issue_id").alias("key"))
    unlike = untold(named, created, "at")
    return Keyed(keys.join(unlike, left_on="issue_id", right_on="key", how="anti"), tuple(unlike["key"].unique().sort()))
