"""Work as trackers delivered it: what the roll-ups, an item's page and the search for work of the same name all read."""

import threading
from collections.abc import Sequence
from datetime import datetime

import polars as pl
from cachetools import LRUCache, cached

from marops import lake, notes
from marops.lake import Manifest
from marops.lifecycle import completed
from marops.stages import Process
from marops.tables import REFUSED, ROW, refused_of
from marops.work import frames
from marops.work.frames import Work
from marops.work.histories import ids_of_keys, untold
from marops.work.store import ID
from marops.workspaces.service import Opened

_APART = "tracker:"
_LIKE_KEPT = f"^(?:{_APART})*{ID.pattern}$"


def apart(issue_id: pl.Expr) -> pl.Expr:
    """The id of a delivered item among all items of the workspace: one that reads as that of an item kept here is another one's."""
    return pl.when(issue_id.str.contains(_LIKE_KEPT)).then(pl.lit(_APART) + issue_id).otherwise(issue_id).alias("issue_id")


def table(manifest: Manifest, name: str) -> pl.LazyFrame:
    """Rows that trackers delivered about items (work_item, work_item_transition, flag_event), told apart from those kept here."""
    return lake.table(manifest, name).with_columns(apart(pl.col("issue_id")))


@cached(LRUCache(maxsize=32), key=lambda manifest: manifest.digest("work_item_transition"), condition=threading.Condition())
def moves(manifest: Manifest) -> pl.DataFrame:
    """Rows of work_item_transition by item and time, without the events that only begin or plan a step: whether a log keeps a life
    cycle is told by all of it, never by one item's events.
    """
    return completed(
        table(manifest, "work_item_transition")
        .select("issue_id", "status_sequence", "status", "previous_status", "transition_at", "changed_by", "role", "lifecycle")
        .sort("issue_id", "transition_at", "status_sequence")
        .collect()
    )


@cached(LRUCache(maxsize=32), key=lambda manifest: manifest.digest("work_item"), condition=threading.Condition())
def keys(manifest: Manifest) -> pl.DataFrame:
    """The keys that items may be named by: see `histories.ids_of_keys`."""
    return ids_of_keys(table(manifest, "work_item").select("issue_id", "issue_key").collect())


@cached(LRUCache(maxsize=32), key=lambda manifest: manifest.digest("work_item"), condition=threading.Condition())
def names(manifest: Manifest) -> tuple[dict[str, str], dict[str, str]]:
    """The items' ids by those keys, and the keys by the ids; without keys that read as the id of an item kept here."""
    rows = keys(manifest).filter(~pl.col("issue_id").str.contains(_LIKE_KEPT)).select("issue_id", "of").rows()
    return dict(rows), {item: key for key, item in rows}


def known(manifest: Manifest, items: Sequence[str]) -> frozenset[str]:
    """Those of these ids of which trackers have delivered anything."""
    return frozenset(item for rows in rows_of(manifest, items) for item in rows["issue_id"]).intersection(items)


@cached(
    LRUCache(maxsize=32), key=lambda manifest, name: (manifest.digest(str(refused_of(name)), "work_item"), name),
    condition=threading.Condition(),
)  # fmt: skip
def refused(manifest: Manifest, name: str) -> pl.DataFrame:
    """Rows of a table (see `table`) that were refused when their file was taken, one row each in the order they came: issue_id (the
    item's id also where a history names it by its key; null: the row does not say whose it is), and the first of its cells that
    breaks a rule: column, rule.
    """
    # Row by row of each file: two files have rows of the same number.
    blobs = manifest.of(str(refused_of(name)))
    found = [lake.all_rows(blob, REFUSED).collect().unique(ROW, keep="first", maintain_order=True) for blob in blobs]
    rows = pl.concat([pl.DataFrame(schema={**REFUSED.schema, ROW: pl.Int64()}), *found])
    named = rows.select(apart(pl.col("of")), "column", "rule")
    named = named.join(keys(manifest), on="issue_id", how="left", maintain_order="left")
    rows = named.select(pl.coalesce("of", "issue_id").alias("issue_id"), "column", "rule")
    if name != "work_item":
        return rows
    # What was delivered whole since is no longer refused.
    there = table(manifest, "work_item").select("issue_id").collect()
    return rows.join(there, on="issue_id", how="anti", nulls_equal=False, maintain_order="left")


def alike(manifest: Manifest, typed: str) -> list[str]:
    """The ids of the items that trackers have delivered under an id or a key, in any case."""
    low, named = typed.lower(), names(manifest)[0]
    items = table(manifest, "work_item").select("issue_id", "issue_key").collect()
    of_items = items.filter(pl.any_horizontal(pl.all().str.to_lowercase() == low))["issue_id"]
    logged = moves(manifest)["issue_id"].unique()
    of_moves = (named.get(one, one) for one in logged.filter(logged.str.to_lowercase() == low))
    return sorted({str(one) for one in (*of_items, *of_moves)})


def work(manifest: Manifest, process: Process, unit: pl.Expr, over: datetime) -> Work:
    """All work that trackers delivered. `unit`: whose campaign it is by its name; `over`: when today is."""
    made, lacking = frames.delivered(moves(manifest), process), refused(manifest, "work_item_transition")["issue_id"]
    return Work.of(table(manifest, "work_item").collect(), made, process, unit, over, lacking)


def some(manifest: Manifest, process: Process, items: Sequence[str], over: datetime) -> pl.DataFrame:
    """Items of these ids as `item_rollups.work` has them, the unit by the tracker alone; those that are not there are left out."""
    known, made = rows_of(manifest, items)
    lacking = refused(manifest, "work_item_transition")["issue_id"]
    return Work.of(known, frames.delivered(made, process), process, pl.lit(None, pl.String), over, lacking).items


def moves_of(manifest: Manifest, item: str) -> pl.DataFrame:
    """The `moves` of an item, those under its key once where they are under its id, too: as on the board (`histories.untold`)."""
    found = rows_of(manifest, [item])[1]
    own, named = found.filter(issue_id=item), found.filter(pl.col("issue_id") != item)
    new = untold(named.with_columns(pl.lit(item).alias("issue_id")), own, "transition_at")
    return pl.concat([own, new]).sort("transition_at", maintain_order=True)


def rows_of(manifest: Manifest, items: Sequence[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows of work_item and the `moves` of items of these ids."""
    wanted = pl.col("issue_id").is_in([item for item in items if notes.can_be_kept(item)])
    known = table(manifest, "work_item").filter(wanted).collect()
    # Histories may name them by their keys.
    named = keys(manifest).filter(pl.col("of").is_in(known["issue_id"].implode()))["issue_id"]
    return known, moves(manifest).filter(wanted | pl.col("issue_id").is_in(named.implode()))


def over(opened: Opened, items: Sequence[str]) -> frozenset[str]:
    """Those of these ids in which nothing is left to do by the board."""
    if not items:
        return frozenset()
    found = some(lake.manifest(opened.workspace.id, opened.workspace.revision), opened.process, items, opened.over)
    return frozenset(found.filter(pl.col("done_at").is_not_null())["issue_id"])
