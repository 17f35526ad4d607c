"""Rows that are already there: nothing is counted twice, whichever file it comes from."""

from datetime import date
from pathlib import Path

import polars as pl
from sqlalchemy import select as sql_select
from sqlmodel import Session, SQLModel, col, select

from marops import lake, store
from marops.errors import Conflict
from marops.lake import Blob
from marops.language import ntext
from marops.sources.report import Part
from marops.sources.store import ImportRun
from marops.tables import TABLES, Kind, Table


def check_part(workspace_id: str, part: Part, path: Path, without: str = "") -> None:
    """Raise Conflict where rows of a staged part are already in the workspace, those of the import `without` aside."""
    staged = part.rows
    table = TABLES[staged.table]
    if table.kind is Kind.STATE:
        check_state_keys(workspace_id, table, pl.read_parquet(path))
    else:
        check_keys(workspace_id, table, pl.scan_parquet(path), staged.first_day, staged.last_day, without)


def check_keys(
    workspace_id: str, table: Table, rows: pl.LazyFrame, first: date | None, last: date | None, without: str = ""
) -> None:
    """Raise Conflict where active rows of the table have the key of one of these rows."""
    with store.reading() as session:
        query = select(Blob).where(Blob.workspace_id == workspace_id, Blob.table_name == table.name, col(Blob.active).is_(True))
        blobs = [blob for blob in session.exec(query) if blob.import_id != without and _may_overlap(blob, first, last)]
    if not blobs:
        return
    key = list(table.key)
    present = set(rows.collect_schema().names())
    keys = rows.select(*(pl.col(k) if k in present else pl.lit(None, table.by_name[k].type.dtype).alias(k) for k in key))
    found = (
        lake.scan(blobs, table, lineage=True)
        .join(keys, on=key, how="semi", nulls_equal=True)
        .group_by("source_relation")
        .len()
        .sort("len", descending=True)
        .collect()
    )
    if found.height:
        raise _overlap(table, int(found["len"].sum()), str(found["source_relation"][0]))


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
    return Conflict(
        ntext(
            "{n} row of {table} is already here from {source}, so nothing was imported: it would be counted twice. "
            "Undo that import on Data first, or take the repeated row out of the file.",
            "{n} rows of {table} are already here from {source}, so nothing was imported: they would be counted twice. "
            "Undo that import on Data first, or take the repeated rows out of the file.",
            count,
            table=table.name,
            source=source,
        )
    )
