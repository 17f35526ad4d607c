"""Rows that are already there: nothing is counted twice, whichever file it comes from."""

from collections.abc import Collection
from datetime import date
from pathlib import Path

import polars as pl
from sqlalchemy import select as sql_select
from sqlmodel import Session, SQLModel, col, select

from marops import lake, store
from marops.errors import Conflict
from marops.lake import Blob
from marops.language import ntext, text
from marops.sources import restating
from marops.sources.report import Part, Staged
from marops.sources.store import ImportRun
from marops.tables import TABLES, Kind, Table

_SPAN = ("period_start", "period_end")


def check_part(workspace_id: str, part: Part, path: Path, without: str = "", replaced: Collection[str] = ()) -> None:
    """Raise Conflict where rows of a staged part are already in the workspace, those of the import `without` and of the
    `replaced` blobs aside.
    """
    staged = part.rows
    table = TABLES[staged.table]
    if table.kind is Kind.STATE:
        check_state_keys(workspace_id, table, pl.read_parquet(path))
    else:
        check_keys(workspace_id, table, pl.scan_parquet(path), staged.first_day, staged.last_day, without, replaced)
        if staged.grain.endswith("period"):
            check_spans(workspace_id, table, staged, path, without, replaced)


def check_keys(
    workspace_id: str,
    table: Table,
    rows: pl.LazyFrame,
    first: date | None,
    last: date | None,
    without: str = "",
    replaced: Collection[str] = (),
) -> None:
    """Raise Conflict where active rows of the table have the key of one of these rows. What the import `without` brought,
    left over or replaced, and the `replaced` blobs, are not looked at.
    """
    blobs = _active(workspace_id, table, first, last, without, replaced)
    if not blobs:
        return
    found = (
        lake.scan(blobs, table, lineage=True)
        .join(_keys(table, rows), on=list(table.key), how="semi", nulls_equal=True)
        .group_by("source_relation")
        .len()
        .sort("len", descending=True)
        .collect()
    )
    if found.height:
        raise _overlap(table, int(found["len"].sum()), str(found["source_relation"][0]))


def check_spans(
    workspace_id: str, table: Table, staged: Staged, path: Path, without: str = "", replaced: Collection[str] = ()
) -> None:
    """Raise Conflict where a range of days in the part shares days with another range of the same thing: neither has figures
    by day, so what both hold would count twice.
    """
    blobs = _active(workspace_id, table, staged.first_day, staged.last_day, without, replaced)
    alike = [blob for blob in blobs if blob.grain == staged.grain]
    if not alike:
        return
    names = [name for name in table.key if name not in _SPAN]
    begins, ends, begins_new, ends_new = (pl.col(name) for name in (*_SPAN, *(f"{name}_new" for name in _SPAN)))
    found = (
        lake.scan(alike, table, lineage=True)
        .join(_keys(table, pl.scan_parquet(path)), on=names, how="inner", nulls_equal=True, suffix="_new")
        .filter(begins <= ends_new, begins_new <= ends, (begins != begins_new) | (ends != ends_new))
        .select("source_relation", *_SPAN, *(f"{name}_new" for name in _SPAN))
        .sort(*_SPAN)
        .head(1)
        .collect()
    )
    for source, begin, end, new_begin, new_end in found.iter_rows():
        raise Conflict(
            text(
                "This file’s {begin} to {end} and the {begin_before} to {end_before} of {source} share days of the same campaigns, "
                "so nothing was imported: they would be counted twice. Export by day, or undo that import on Data first.",
                begin=new_begin, end=new_end, begin_before=begin, end_before=end, source=source,
            )
        )  # fmt: skip


def _active(
    workspace_id: str, table: Table, first: date | None, last: date | None, without: str, replaced: Collection[str]
) -> list[Blob]:
    with store.reading() as session:
        query = select(Blob).where(Blob.workspace_id == workspace_id, Blob.table_name == table.name, col(Blob.active).is_(True))
        return [
            blob
            for blob in session.exec(query)
            if _may_overlap(blob, first, last)
            and blob.id not in replaced
            and not (without and without in (blob.import_id, blob.left_by, blob.replaced_by))
        ]


def _keys(table: Table, rows: pl.LazyFrame) -> pl.LazyFrame:
    present = set(rows.collect_schema().names())
    return rows.select(pl.col(k) if k in present else pl.lit(None, table.by_name[k].type.dtype).alias(k) for k in table.key)


def _may_overlap(blob: Blob, first: date | None, last: date | None) -> bool:
    if not (first and last and blob.first_day and blob.last_day):
        return True
    return blob.first_day <= last and first <= blob.last_day


def check_state_keys(workspace_id: str, table: Table, rows: pl.DataFrame) -> None:
    """Raise Conflict where active rows of a state table have the key of one of these rows."""
    sql = SQLModel.metadata.tables[table.name]
    with store.reading() as session:
        query = sql.select().where(sql.c.workspace_id == workspace_id, sql.c.active.is_(True))
        taken = {tuple(row[name] for name in table.key): row["import_id"] for row in session.connection().execute(query).mappings()}
        present = set(rows.columns)
        keys = rows.select(pl.col(k) if k in present else pl.lit(None).alias(k) for k in table.key).rows()
        clashes = [taken[key] for key in keys if key in taken]
        if not clashes:
            return
        source = session.get(ImportRun, clashes[0])
    raise _overlap(table, len(clashes), source.file_name if source else "")


def state_keys(session: Session, table: Table, import_id: str) -> pl.DataFrame:
    """The keys of an undone import's rows of a state table."""
    sql = SQLModel.metadata.tables[table.name]
    columns = [sql.c[name] for name in table.key]
    rows = session.connection().execute(sql_select(*columns).where(sql.c.import_id == import_id, sql.c.active.is_(False)))
    return pl.DataFrame([tuple(row) for row in rows], schema=list(table.key), orient="row")


def _overlap(table: Table, count: int, source: str) -> Conflict:
    said = ntext(
        "{n} row of {table} is already here from {source}, so nothing was imported: it would be counted twice. "
        "Undo that import on Data first, or take the repeated row out of the file.",
        "{n} rows of {table} are already here from {source}, so nothing was imported: they would be counted twice. "
        "Undo that import on Data first, or take the repeated rows out of the file.",
        count,
        table=table.name,
        source=source,
    )
    if not restating.is_restated(table):
        return Conflict(said)
    return Conflict(text("{said} Restated days can take the place of the old ones: choose to replace them.", said=said))
