"""A newer export of the same items: it takes the place of the earlier ones, table by table.

Trackers are exported anew, with every item as it is now and all of its history; rows of items have no days that could be
restated. So an import whose items are all in the newer file is replaced by it as a whole, with the rows of it that were
refused. Nothing is lost that way: where an earlier import has an item, or more of an item's history, than the newer file,
nothing is replaced. An item that one of the two names by its key alone is the same item (`keyed`). What is kept is only whose
place an import took; what counts follows from which imports are active (`restating.settle`), so that any of them can be undone and
restored in any order.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl
from sqlmodel import Session, col, select

from marops import lake
from marops.lake import Blob
from marops.language import Joined, Text, joined, ntext
from marops.sources import overlaps
from marops.sources.keyed import Keyed, keyed
from marops.sources.report import Part
from marops.sources.store import ImportRun, Replacement, Status
from marops.tables import REFUSED, TABLES, WORK_ITEM, Table, refused_of
from marops.work.histories import untold

Staged = Sequence[tuple[Part, Path]]


@dataclass(frozen=True, slots=True)
class Renewed:
    """An earlier import whose rows of these tables a file takes the place of. `items`: of how many items they are; `gone`: how
    many rows of their history the file does not tell (see `histories.untold`); `renamed`: how many of the items it names otherwise,
    by an id instead of a key or the other way round.
    """

    import_id: str
    file_name: str
    imported_at: datetime
    tables: tuple[str, ...]
    items: int
    gone: int
    renamed: int


@dataclass(frozen=True, slots=True)
class Renewal:
    """What a file takes the place of, the earliest first; or nothing, and why it cannot, as it is said before anything is done.
    `doubted`: what to say of items that may be there under another id.
    """

    replaced: tuple[Renewed, ...] = ()
    hindered: Text | None = None
    doubted: Text | None = None

    def without(self, blobs: Iterable[Blob]) -> list[Blob]:
        """Those of these blobs that stay."""
        gone = {(one.import_id, name) for one in self.replaced for table in one.tables for name in _names(table)}
        return [blob for blob in blobs if (blob.import_id, blob.table_name) not in gone]


@dataclass(frozen=True, slots=True)
class _Held:
    """What is said of a table's items. `rows`: issue_id (its one id), status (what is told), at; `refused`: the items of refused
    rows; `names`: how both name the items; `columns`: those with values.
    """

    rows: pl.DataFrame
    refused: frozenset[str]
    names: frozenset[str]
    columns: frozenset[str]

    @property
    def items(self) -> frozenset[str]:
        """Whose rows there are, taken or refused."""
        return self.refused.union(self.rows["issue_id"])


_Found = dict[str, dict[str, tuple[_Held, _Held]]]
"""By import and table, what is there and what the file has."""


def renewal(session: Session, staged: Staged, kept_out: Staged, blobs: Sequence[Blob]) -> Renewal:
    """What taking these parts, with these of their rows refused, would take the place of among these active blobs."""
    if not any(TABLES[part.rows.table].item for part, _ in (*staged, *kept_out)):
        return Renewal()
    items = _items(staged, blobs)
    known = keyed(*items)
    doubted = _doubted(known) if known.doubted else None
    found = _found(staged, kept_out, blobs, known)
    runs = session.exec(select(ImportRun).where(col(ImportRun.id).in_(found)).order_by(col(ImportRun.imported_at))).all()
    keys = dict(pl.concat([rows.select("issue_id", "issue_key") for rows in items]).drop_nulls().collect().iter_rows())
    for run in runs:
        for name, (old, new) in found[run.id].items():
            if hindered := _lost(run.file_name, TABLES[name], old, new, keys):
                return Renewal(hindered=hindered, doubted=doubted)
        if hindered := _parted(run, found, blobs, keys):
            return Renewal(hindered=hindered, doubted=doubted)
    return Renewal(tuple(_renewed(run, found[run.id]) for run in runs), doubted=doubted)


def _items(staged: Staged, blobs: Sequence[Blob]) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """The rows of work_item in the file, and those that are there."""
    new = [lake.complete(WORK_ITEM, pl.scan_parquet(path)) for part, path in staged if part.rows.table == WORK_ITEM.name]
    columns = ("issue_id", "issue_key", "created_at")
    here = pl.concat([pl.LazyFrame(schema=WORK_ITEM.schema).select(columns), *(rows.select(columns) for rows in new)])
    return here, lake.scan([blob for blob in blobs if blob.table_name == WORK_ITEM.name], WORK_ITEM).select(columns)


def _found(staged: Staged, kept_out: Staged, blobs: Sequence[Blob], known: Keyed) -> _Found:
    found: _Found = {}
    repeats = _repeats(staged, blobs)
    for name in dict.fromkeys(part.rows.table for part, _ in (*staged, *kept_out)):
        table, names = TABLES[name], _names(name)
        if not table.item:
            continue
        new = _staged(table, staged, kept_out, known)
        for import_id in dict.fromkeys(blob.import_id for blob in blobs if blob.table_name in names):
            old = _there(table, [blob for blob in blobs if blob.import_id == import_id], known)
            if _comes_again(table, old, new, repeats=repeats):
                found.setdefault(import_id, {})[name] = old, new
    return found


def _comes_again(table: Table, old: _Held, new: _Held, *, repeats: bool) -> bool:
    """Whether the file has a newer state of what is there. `repeats`: see `_repeats`."""
    if not old.items & new.items:
        return False
    if old.names & new.names or not _has_history(table):
        return repeats
    # Histories that name items otherwise stand side by side, and each move counts once: one goes where it has nothing of its own.
    return old.columns <= new.columns and old.items <= {*new.rows["issue_id"]} and _untold(old, new).is_empty()


def _repeats(staged: Staged, blobs: Sequence[Blob]) -> bool:
    """Whether a row comes again. Where none does, the file only adds to what is there."""
    for part, path in staged:
        table = TABLES[part.rows.table]
        there = [blob for blob in blobs if blob.table_name == table.name]
        if table.item and overlaps.doubled_rows(table, pl.scan_parquet(path), there):
            return True
    return False


def _staged(table: Table, staged: Staged, kept_out: Staged, known: Keyed) -> _Held:
    rows = [lake.complete(table, pl.scan_parquet(path)) for part, path in staged if part.rows.table == table.name]
    refused = [pl.scan_parquet(path) for part, path in kept_out if part.rows.table == table.name]
    return _held(table, [frame.select(table.schema.keys()) for frame in rows], refused, known)


def _there(table: Table, blobs: Sequence[Blob], known: Keyed) -> _Held:
    rows = [blob for blob in blobs if blob.table_name == table.name]
    refused = [lake.all_rows(blob, REFUSED) for blob in blobs if blob.table_name == refused_of(table.name)]
    return _held(table, [lake.scan(rows, table).select(table.schema.keys())] if rows else [], refused, known)


def _held(table: Table, rows: Sequence[pl.LazyFrame], refused: Sequence[pl.LazyFrame], known: Keyed) -> _Held:
    item = pl.col(str(table.item)).alias("issue_id")
    every = pl.concat([pl.LazyFrame(schema=table.schema), *rows], how="vertical_relaxed")
    told = every.select(item, _TOLD[table.name].alias("status"), pl.col(str(table.day)).alias("at"))
    out = pl.concat([pl.LazyFrame(schema=REFUSED.schema), *refused], how="diagonal_relaxed").select(pl.col("of").alias("issue_id"))
    whose = out.drop_nulls().unique()
    named = pl.concat([told.select("issue_id"), whose]).unique().collect()["issue_id"]
    filled = every.select(pl.all().is_not_null().any()).collect().row(0, named=True)
    return _Held(
        known.one_id(told).collect(), frozenset(known.one_id(whose).collect()["issue_id"]), frozenset(named),
        frozenset(name for name, is_filled in filled.items() if is_filled),
    )  # fmt: skip


_TOLD = {
    "work_item": pl.lit(""), "work_item_transition": pl.col("status"),
    "flag_event": pl.concat_str(pl.col("kind"), pl.col("is_flagged").cast(pl.String), separator=" "),
}  # fmt: skip
"""What a row of a table tells of its item at its moment."""


def _untold(old: _Held, new: _Held) -> pl.DataFrame:
    """Rows of items that are in both, which only the earlier import has."""
    return untold(old.rows.join(new.rows, on="issue_id", how="semi", maintain_order="left"), new.rows, "at")


def _lost(file_name: str, table: Table, old: _Held, new: _Held, keys: Mapping[str, str]) -> Text | None:
    """What to say of items, or of their history, that only the earlier import has. `keys`: how items are called, by id."""
    missing = old.items - {*new.rows["issue_id"], *(new.refused - {*old.rows["issue_id"]})}
    if missing:
        return ntext(
            "These rows cannot take the place of {file}: its {table} has {n} item that is not among them and would be lost: "
            "{names}. Export it, too, or undo the import of {file} on Data first.",
            "These rows cannot take the place of {file}: its {table} has {n} items that are not among them and would be lost: "
            "{names}. Export them, too, or undo the import of {file} on Data first.",
            len(missing), file=file_name, table=table.name, names=_called(missing, keys),
        )  # fmt: skip
    if not _has_history(table):
        return None
    span = new.rows.group_by("issue_id").agg(pl.col("at").min().alias("first"), pl.col("at").max().alias("last"))
    beyond = (pl.col("at") < pl.col("first")) | (pl.col("at") > pl.col("last"))
    longer = set(_untold(old, new).join(span, on="issue_id").filter(beyond)["issue_id"])
    if not longer:
        return None
    return ntext(
        "These rows cannot take the place of {file}: for {n} item its {table} reaches further, which would be lost: {names}. "
        "Export its whole history, or undo the import of {file} on Data first.",
        "These rows cannot take the place of {file}: for {n} items its {table} reaches further, which would be lost: {names}. "
        "Export their whole history, or undo the import of {file} on Data first.",
        len(longer), file=file_name, table=table.name, names=_called(longer, keys),
    )  # fmt: skip


def _parted(run: ImportRun, found: _Found, blobs: Sequence[Blob], keys: Mapping[str, str]) -> Text | None:
    """What to say where items would stand under their keys alone, and what else is told of them under their ids."""
    old, new = found[run.id].get(WORK_ITEM.name, (None, None))
    if old is None or new is None:
        return None
    dropped = old.names - new.names - {*keys.values()}
    tables = [table for table in TABLES.values() if table.item and _has_history(table)]
    apart: dict[str, AbstractSet[str]] = {}
    for table in tables if dropped else ():
        stay = [one for one in blobs if one.table_name == table.name and table.name not in found.get(one.import_id, ())]
        if items := dropped.intersection(lake.scan(stay, table).select("issue_id").unique().collect()["issue_id"]):
            apart[table.name] = items
    if not apart:
        return None
    items = frozenset[str]().union(*apart.values())
    return ntext(
        "These rows cannot take the place of {file}: they name {n} item by its key alone, and {tables} would still name it by its "
        "id: {names}. Export it with its id.",
        "These rows cannot take the place of {file}: they name {n} items by their keys alone, and {tables} would still name them "
        "by their ids: {names}. Export them with their ids.",
        len(items), file=run.file_name, tables=joined(sorted(apart)), names=_called(items, keys),
    )  # fmt: skip


def _doubted(known: Keyed) -> Text:
    return ntext(
        "{n} item here seems to be there under another id, but was created at another moment: {names}. Both would count. If they "
        "are one, undo the earlier import on Data first.",
        "{n} items here seem to be there under other ids, but were created at other moments: {names}. All would count. If they are "
        "the same, undo the earlier import on Data first.",
        len(known.doubted), names=joined(known.doubted),
    )  # fmt: skip


def _called(items: AbstractSet[str], keys: Mapping[str, str]) -> Joined:
    return joined(sorted(keys.get(item, item) for item in items))


def _renewed(run: ImportRun, found: dict[str, tuple[_Held, _Held]]) -> Renewed:
    items = {item for old, _ in found.values() for item in old.items}
    gone = sum(_untold(old, new).height for name, (old, new) in found.items() if _has_history(TABLES[name]))
    renamed = sum(len(old.names - new.names) for name, (old, new) in found.items() if name == WORK_ITEM.name)
    return Renewed(run.id, run.file_name, run.imported_at, tuple(found), len(items), gone, renamed)


def _has_history(table: Table) -> bool:
    """Whether the table has several rows an item."""
    return table.key != (table.item,)


def _names(table: str) -> tuple[str, ...]:
    """Under which names the lake keeps rows of a table: those that were taken and those that were refused."""
    refused = refused_of(table)
    return (table, refused) if refused else (table,)


def replacements(session: Session, run: ImportRun, found: Renewal) -> list[Replacement]:
    """The rows that say whose place an import takes: also that of what those had replaced, which else came back beside it once
    one of them is undone.
    """
    pairs = dict.fromkeys((one.import_id, table) for one in found.replaced for table in one.tables)
    query = select(Replacement).where(col(Replacement.import_id).in_({import_id for import_id, _ in pairs}))
    earlier = [(one.replaced_id, one.table_name) for one in session.exec(query) if (one.import_id, one.table_name) in pairs]
    return [
        Replacement(workspace_id=run.workspace_id, import_id=run.id, table_name=table, replaced_id=import_id)
        for import_id, table in dict.fromkeys([*pairs, *earlier])
    ]


def carry_on(session: Session, earlier_id: str, run: ImportRun) -> None:
    """Let what took the place of an import stand in that of another, too, which takes its rows over as they are."""
    for one in session.exec(select(Replacement).where(Replacement.replaced_id == earlier_id)).all():
        session.add(
            Replacement(
                workspace_id=run.workspace_id, import_id=one.import_id, table_name=one.table_name, replaced_id=run.id
            )
        )  # fmt: skip


def in_force(session: Session, workspace_id: str, active: AbstractSet[str]) -> dict[tuple[str, str], list[str]]:
    """By import and name of rows in the lake: those of these imports that took its place there."""
    found: dict[tuple[str, str], list[str]] = {}
    query = select(Replacement).where(Replacement.workspace_id == workspace_id, col(Replacement.import_id).in_(active))
    for one in session.exec(query):
        for name in _names(one.table_name):
            found.setdefault((one.replaced_id, name), []).append(one.import_id)
    return found


def replaced_by(session: Session, workspace_id: str) -> dict[str, dict[str, list[str]]]:
    """For each import in force of whose rows of a table none count, for later ones took their place: by the file of the first that
    did, the tables.
    """
    query = select(ImportRun).where(ImportRun.workspace_id == workspace_id, ImportRun.status == Status.ACTIVE)
    files = {run.id: run.file_name for run in session.exec(query.order_by(col(ImportRun.imported_at)))}
    blobs = session.exec(select(Blob).where(Blob.workspace_id == workspace_id, col(Blob.import_id).in_(files))).all()
    counting = {(blob.import_id, blob.table_name) for blob in blobs if blob.active}
    later = in_force(session, workspace_id, files.keys())
    found: dict[str, dict[str, list[str]]] = {}
    for import_id, name in sorted({(blob.import_id, blob.table_name) for blob in blobs} - counting):
        if name in TABLES and (by := later.get((import_id, name))):
            file = next(file for one, file in files.items() if one in by)
            found.setdefault(import_id, {}).setdefault(file, []).append(name)
    return found
