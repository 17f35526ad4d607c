"""Fact tables: immutable Parquet files named by their content, and the manifest that says which ones count.

A file enters in two steps. `keep` writes it durably under its SHA-256 (temporary name, fsync, rename, fsync of the
folder); then the caller adds a `Blob` in the same transaction as the import's other rows. A crash in between leaves a
file nobody refers to, never a row without its file. Nothing is changed in place: undo takes blobs out of the manifest.
"""

import hashlib
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from threading import Lock
from typing import Any, TypedDict

import polars as pl
from cachetools import LRUCache, cached
from cachetools.keys import hashkey
from sqlalchemy import JSON, BigInteger
from sqlmodel import Field, col, select

from marops import settings, store
from marops.errors import Damaged
from marops.language import text
from marops.store import Moment, Row, new_id
from marops.tables import ROW, TABLES, Table

_CHUNK = 1 << 20


class Period(TypedDict):
    """Days of one owner (the values of a table's `owners`), restated by an import. Kept as JSON: days in ISO form."""

    by: str
    owner: list[str | None]
    first: str
    last: str


class Blob(Row, table=True):
    """One Parquet file of one table, brought in by one import.

    `active` is false once its import is undone. `counted` is false where the same spend is already counted from
    another report of the same days at another level of detail: such rows can be looked at but are never added up.
    `left_out` are the periods of owners that later imports in force have restated; rows in them do not count either. All
    three follow from the imports that are active; whoever changes those says so here (`sources.restating.settle`).
    """

    id: str = Field(default_factory=new_id, primary_key=True, max_length=32)
    workspace_id: str = Field(foreign_key="workspace.id", index=True, max_length=40)
    import_id: str = Field(foreign_key="import_run.id", index=True, max_length=32)
    table_name: str = Field(max_length=60)
    sha256: str = Field(index=True, max_length=64)
    rows: int
    bytes: int = Field(sa_type=BigInteger)
    grain: str = Field(default="", max_length=200)
    first_day: date | None = None
    last_day: date | None = None
    active: bool = True
    counted: bool = True
    left_out: list[Any] = Field(default_factory=list, sa_type=JSON)  # of Period, which pydantic cannot read below Python 3.12
    source_relation: str = Field(max_length=300)
    source_file_sha256: str = Field(max_length=64)
    ingested_at: datetime = Field(sa_type=Moment)


@dataclass(frozen=True, slots=True)
class Manifest:
    """The active, counted blobs of a workspace at one revision."""

    workspace_id: str
    blobs: tuple[Blob, ...]

    def of(self, table: str) -> tuple[Blob, ...]:
        """Blobs of one table, in the order they came."""
        return tuple(blob for blob in self.blobs if blob.table_name == table)

    def digest(self, *tables: str) -> str:
        """A key for everything computed from these tables: equal content, equal digest."""
        parts = sorted(f"{blob.table_name}:{blob.sha256}:{blob.left_out or ''}" for blob in self.blobs if blob.table_name in tables)
        return hashlib.sha256("\n".join([self.workspace_id, *tables, *parts]).encode()).hexdigest()

    def last_day(self, *tables: str) -> date | None:
        """The latest day these tables (all, where none is named) hold facts about."""
        days = [b.last_day for b in self.blobs if b.last_day and (not tables or b.table_name in tables)]
        return max(days, default=None)

    def first_day(self, *tables: str) -> date | None:
        """The earliest such day."""
        days = [b.first_day for b in self.blobs if b.first_day and (not tables or b.table_name in tables)]
        return min(days, default=None)


@cached(
    LRUCache(maxsize=64), lock=Lock(), key=lambda workspace_id, revision: hashkey(str(settings.current()), workspace_id, revision)
)
def manifest(workspace_id: str, revision: str) -> Manifest:  # noqa: ARG001  (the revision is the cache's key)
    """The manifest of a workspace at its present revision."""
    with store.reading() as session:
        query = (
            select(Blob)
            .where(Blob.workspace_id == workspace_id, col(Blob.active).is_(True), col(Blob.counted).is_(True))
            .order_by(col(Blob.ingested_at), col(Blob.id))
        )
        return Manifest(workspace_id, tuple(session.exec(query).all()))


def keep(path: Path) -> str:
    """Copy a finished Parquet file into the lake under its SHA-256, durably. Returns the digest.

    The file itself stays: where what follows fails, all can be done again.
    """
    folder = settings.current().lake
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest = sha256_of(path)
    partial = folder / f"{digest}.{new_id()}.partial"
    try:
        shutil.copyfile(path, partial)
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(folder / f"{digest}.parquet")
    finally:
        partial.unlink(missing_ok=True)
    _fsync_folder(folder)
    return digest


def sweep(oldest: float) -> None:
    """Remove copies that a killed process left unfinished before this moment (in seconds since the epoch)."""
    for partial in settings.current().lake.glob("*.partial"):
        with suppress(FileNotFoundError):  # its process has ended well, or somebody else sweeps too
            if partial.stat().st_mtime < oldest:
                partial.unlink()


def path_of(digest: str) -> Path:
    """Where a blob lies."""
    return settings.current().lake / f"{digest}.parquet"


def scan(blobs: Sequence[Blob], table: Table, *, lineage: bool = False) -> pl.LazyFrame:
    """The rows of these blobs that nobody restated, as a lazy frame with all of the table's columns (absent ones null).

    With `lineage`, also import_id, source_relation, source_file_sha256 and ingested_at. Each file's digest is
    verified before it is first read, and again whenever the file changed. Raises Damaged.
    """
    whole = [blob for blob in blobs if not blob.left_out]
    rest = [_all_rows([blob], table, lineage=lineage).filter(~is_in(table, blob.left_out)) for blob in blobs if blob.left_out]
    return pl.concat([_all_rows(whole, table, lineage=lineage), *rest]) if rest else _all_rows(whole, table, lineage=lineage)


def is_in(table: Table, periods: Sequence[Period]) -> pl.Expr:
    """Whether a row lies in one of these periods of its owner."""
    return pl.any_horizontal(_is_in(table, period) for period in periods)


def _is_in(table: Table, period: Period) -> pl.Expr:
    first, last = table.days
    owned = (pl.col(name).eq_missing(pl.lit(value)) for name, value in zip(table.owners, period["owner"], strict=True))
    return pl.all_horizontal(first >= date.fromisoformat(period["first"]), last <= date.fromisoformat(period["last"]), *owned)


def holds(blob: Blob, table: Table, period: Period) -> bool:
    """Whether a blob has rows in a period, restated or not."""
    return not all_rows(blob, table).filter(is_in(table, [period])).head(1).collect().is_empty()


def all_rows(blob: Blob, table: Table) -> pl.LazyFrame:
    """Every row of a blob, restated or not."""
    return _all_rows([blob], table, lineage=False)


def complete(table: Table, rows: pl.LazyFrame) -> pl.LazyFrame:
    """Staged rows with every column of their table (absent ones null), as they will be read from the lake."""
    present = set(rows.collect_schema().names())
    return rows.with_columns(pl.lit(None, kind).alias(name) for name, kind in table.schema.items() if name not in present)


def count(blobs: Sequence[Blob], table: Table) -> int:
    """How many rows count."""
    rest = [blob for blob in blobs if blob.left_out]
    whole = sum(blob.rows for blob in blobs if not blob.left_out)
    return whole + (int(scan(rest, table).select(pl.len()).collect().item()) if rest else 0)


def _all_rows(blobs: Sequence[Blob], table: Table, *, lineage: bool) -> pl.LazyFrame:
    schema = {**table.schema, ROW: pl.Int64()}
    if not blobs:
        empty = pl.LazyFrame(schema=schema)
        return empty.with_columns(_no_lineage()) if lineage else empty
    paths = {str(verified(blob)): blob for blob in blobs}
    frame = pl.scan_parquet(
        list(paths),
        schema=schema,
        missing_columns="insert",
        extra_columns="ignore",
        include_file_paths="__file" if lineage else None,
    )
    if not lineage:
        return frame
    origin = pl.LazyFrame(
        [
            {
                "__file": path,
                "import_id": blob.import_id,
                "source_relation": blob.source_relation,
                "source_file_sha256": blob.source_file_sha256,
                "ingested_at": blob.ingested_at,
            }
            for path, blob in paths.items()
        ]
    )
    return frame.join(origin, on="__file", how="left", maintain_order="left").drop("__file")


def table(manifest: Manifest, name: str, *, lineage: bool = False) -> pl.LazyFrame:
    """The rows of a canonical table in a workspace (see `scan`)."""
    return scan(manifest.of(name), TABLES[name], lineage=lineage)


def verified(blob: Blob) -> Path:
    """The blob's path, its content checked against its name. Raises Damaged."""
    path = path_of(blob.sha256)
    try:
        found = _digest_of_file(path, *_identity(path))
    except FileNotFoundError:
        found = ""
    if found != blob.sha256:
        raise Damaged(
            text(
                "Rows of {table} from {source} are damaged on disk ({file}). Undo that import on Data and import the "
                "file again, or restore the data folder from a backup.",
                table=blob.table_name,
                source=blob.source_relation,
                file=path.name[:12],
            )
        )
    return path


def is_intact(digest: str) -> bool:
    """Whether a blob is there and its content, read afresh, is what its name says."""
    try:
        return sha256_of(path_of(digest)) == digest
    except OSError:
        return False


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's content."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


@cached(LRUCache(maxsize=4096), lock=Lock())
def _digest_of_file(path: Path, _size: int, _changed_ns: int, _inode: int) -> str:
    return sha256_of(path)


def _identity(path: Path) -> tuple[int, int, int]:
    # The change time cannot be set back by a program, unlike the modification time.
    found = path.stat()
    return found.st_size, found.st_ctime_ns, found.st_ino


def _fsync_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows has no handle to sync for a folder; the rename is journalled.
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _no_lineage() -> list[pl.Expr]:
    return [
        pl.lit(None, pl.String).alias("import_id"),
        pl.lit(None, pl.String).alias("source_relation"),
        pl.lit(None, pl.String).alias("source_file_sha256"),
        pl.lit(None, pl.Datetime("us", "UTC")).alias("ingested_at"),
    ]
