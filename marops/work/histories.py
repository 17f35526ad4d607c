"""What two sources say of the same items: which items are one, and which of their moves. Pure."""

import polars as pl

from marops.stages import folded

_CUTS = ("1s", "1m")
"""To what the moments of a history may be cut: some files have no parts of a second, and some no seconds."""


def ids_of_keys(items: pl.DataFrame) -> pl.DataFrame:
    """The items' ids (`of`) by the keys that histories may name them by (`issue_id`): those that one item has and that are no
    item's id.
    """
    keys = items.drop_nulls("issue_key").filter(pl.col("issue_key").is_unique())
    return keys.select(pl.col("issue_key").alias("issue_id"), pl.col("issue_id").alias("of")).join(items, on="issue_id", how="anti")


def untold(named: pl.DataFrame, others: pl.DataFrame, at: str = "entered_at") -> pl.DataFrame:
    """The moves of one history that another of the same items (`issue_id`) does not tell. `at`: when they were.

    It tells a move where item, status and moment are equal; or where one moment is the other without its seconds or the part of a
    second. Then each move is one other alone: two moves within a minute are two, however the minute is written.
    """
    same = ["issue_id", "word", at]
    mine, theirs = (rows.with_columns(folded(pl.col("status")).alias("word")).with_row_index("place") for rows in (named, others))
    theirs = theirs.join(mine, on="issue_id", how="semi", maintain_order="left")
    mine, theirs = (
        rows.join(known, on=same, how="anti", maintain_order="left") for rows, known in ((mine, theirs), (theirs, mine))
    )
    for unit in _CUTS:
        for cut in (True, False):
            one, other = _cut(mine, at, unit, is_cut=cut), _cut(theirs, at, unit, is_cut=not cut)
            pairs = one.join(other, on=["issue_id", "word", "cut", "rank"], suffix="_there")
            mine = mine.join(pairs, on="place", how="anti", maintain_order="left")
            theirs = theirs.join(pairs, left_on="place", right_on="place_there", how="anti", maintain_order="left")
    return mine.select(named.columns)


def _cut(moves: pl.DataFrame, at: str, unit: str, *, is_cut: bool) -> pl.DataFrame:
    """The moves whose moment is one that may be cut to this unit, or those whose moment is finer: with what it is when `cut`, and
    their rank among those of the same item, status (`word`) and such moment.
    """
    cut = pl.col(at).dt.truncate(unit)
    found = moves.filter((cut == pl.col(at)) == is_cut).select("place", "issue_id", "word", cut.alias("cut"))
    return found.with_columns(pl.int_range(pl.len()).over("issue_id", "word", "cut").alias("rank"))
