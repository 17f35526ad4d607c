"""A period delivered again: the new rows take the place of what was there for those days of that account.

Platforms restate: conversions arrive late, invalid clicks are credited back. A file whose rows have the keys of rows that
are there is such a restatement, or a mistake; a person decides, with the figures before them. Nothing is changed in place:
an earlier file that loses some of its rows is set aside for a copy of the rest, and both know which import did it. Undoing
that import is thereby all it takes to have the earlier rows back.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
from sqlmodel import Session, col, select

from marops import lake, store
from marops.lake import Blob
from marops.sources.report import Part
from marops.sources.store import ImportRun, Status
from marops.tables import AD_PERFORMANCE, ROW, TABLES, WEB_TRAFFIC, Table, Type

_CENT = Decimal("0.01")
_OWNERS = {AD_PERFORMANCE.name: ("platform", "account_id"), WEB_TRAFFIC.name: ("property_id",)}
"""Tables whose periods are restated as a whole, and the columns that say whose they are."""


@dataclass(frozen=True, slots=True)
class Restated:
    """What one table of a file would replace: rows of earlier files (by name) in its days, of its accounts.

    `rows`: how many are replaced. `repeated`: how many of them come again. `gone`: how many do not, and would no longer
    count. `spent`: currency, spend before and after, where both have one currency.
    """

    part: str
    files: tuple[str, ...]
    rows: int
    repeated: int
    spent: tuple[str, Decimal, Decimal] | None

    @property
    def gone(self) -> int:
        """Rows that only the earlier files have."""
        return self.rows - self.repeated


@dataclass(frozen=True, slots=True)
class Remainder:
    """An earlier file's rows that stay (`path`; None where none do), with how many and their days."""

    blob: Blob
    path: Path | None
    rows: int
    first_day: date | None
    last_day: date | None


def is_restated(table: Table) -> bool:
    """Whether periods of this table can be restated."""
    return table.name in _OWNERS


def restated(workspace_id: str, part: Part, path: Path) -> Restated | None:
    """What taking a staged part would replace; None where it repeats no row, or its table is not restated by period."""
    table, blobs = _earlier(workspace_id, part)
    if not blobs:
        return None
    new = _complete(table, pl.scan_parquet(path))
    old = _inside(table, lake.scan(blobs, table, lineage=True), new, part)
    key = list(table.key)
    known = old.collect()
    repeated = known.lazy().join(new.select(key), on=key, how="semi", nulls_equal=True).select(pl.len()).collect().item()
    if not repeated:
        return None
    files = known["source_relation"].value_counts(sort=True)["source_relation"].to_list()
    return Restated(part.name, tuple(map(str, files)), known.height, repeated, _spent(table, known, new))


def _spent(table: Table, old: pl.DataFrame, new: pl.LazyFrame) -> tuple[str, Decimal, Decimal] | None:
    if "spend" not in table.by_name:
        return None
    after = new.select("currency_code", "spend").collect()
    codes = {*old["currency_code"].unique(), *after["currency_code"].unique()}
    if len(codes) != 1 or None in codes:
        return None
    before, now = (Decimal(rows["spend"].sum() or 0).quantize(_CENT) for rows in (old, after))
    return str(codes.pop()), before, now


def remainders(workspace_id: str, part: Part, path: Path) -> list[Remainder]:
    """The earlier files of which this part replaces rows, each with what stays of it, written beside the staged part."""
    table, blobs = _earlier(workspace_id, part)
    new = _complete(table, pl.scan_parquet(path))
    found: list[Remainder] = []
    for blob in blobs:
        rows = lake.scan([blob], table)
        rest = rows.join(_inside(table, rows, new, part).select(ROW), on=ROW, how="anti", maintain_order="left")
        first, last = _days(table)
        count, begins, ends = rest.select(pl.len(), first.min(), last.max()).collect().row(0)
        if count == blob.rows:
            continue
        target = path.with_name(f"rest-{path.stem}-{blob.id}.parquet") if count else None
        if target:
            rest.sink_parquet(target, compression="zstd")
        found.append(Remainder(blob, target, count, begins, ends))
    return found


def _earlier(workspace_id: str, part: Part) -> tuple[Table, list[Blob]]:
    """The active files of the same table and grain whose days touch the part's."""
    staged = part.rows
    table = TABLES[staged.table]
    if table.name not in _OWNERS or not (staged.first_day and staged.last_day):
        return table, []
    with store.reading() as session:
        query = select(Blob).where(
            Blob.workspace_id == workspace_id, Blob.table_name == table.name, Blob.grain == staged.grain,
            col(Blob.active).is_(True), col(Blob.first_day) <= staged.last_day, col(Blob.last_day) >= staged.first_day,
        ).order_by(col(Blob.ingested_at), col(Blob.id))  # fmt: skip
        return table, list(session.exec(query))


def _complete(table: Table, rows: pl.LazyFrame) -> pl.LazyFrame:
    """The rows with every column of the table."""
    present = set(rows.collect_schema().names())
    return rows.with_columns(pl.lit(None, kind).alias(name) for name, kind in table.schema.items() if name not in present)


def _inside(table: Table, old: pl.LazyFrame, new: pl.LazyFrame, part: Part) -> pl.LazyFrame:
    """The earlier rows that lie in the part's days and belong to one of its accounts."""
    owners = list(_OWNERS[table.name])
    first, last = _days(table)
    within = old.filter(first >= part.rows.first_day, last <= part.rows.last_day)
    return within.join(new.select(owners).unique(), on=owners, how="semi", nulls_equal=True, maintain_order="left")


def _days(table: Table) -> tuple[pl.Expr, pl.Expr]:
    day = table.day or ""
    last = pl.col(day) if table.by_name[day].type is Type.DATE else pl.col(day).dt.date()
    return (pl.col("period_start") if "period_start" in table.by_name else last), last


# In the transaction of the import that restates


def replace(session: Session, run: ImportRun, remainder: Remainder, digest: str, size: int) -> None:
    """Set an earlier file aside for what stays of it."""
    earlier = session.get(Blob, remainder.blob.id)
    if earlier is None:
        return
    earlier.replaced_by = run.id
    session.add(earlier)
    if remainder.path is not None:
        rest = Blob(**earlier.model_dump(exclude={"id", "active", "counted", "replaced_by", "left_by"}), left_by=run.id)
        rest.sha256, rest.bytes, rest.rows = digest, size, remainder.rows
        rest.first_day, rest.last_day = remainder.first_day, remainder.last_day
        session.add(rest)


def settle(session: Session, workspace_id: str) -> list[Blob]:
    """Say of each blob whether it is active: its import is, and the import that replaced it, or left it over, is not or is.
    Returns those that became active.
    """
    session.flush()
    status = statuses(session, workspace_id)
    changed: list[Blob] = []
    for blob in session.exec(select(Blob).where(Blob.workspace_id == workspace_id)):
        active = is_active(blob, status)
        if blob.active != active:
            blob.active = active
            session.add(blob)
            changed.append(blob)
    session.flush()
    return [blob for blob in changed if blob.active]


def statuses(session: Session, workspace_id: str) -> dict[str, Status]:
    """The state of every import of a workspace."""
    query = select(ImportRun.id, ImportRun.status).where(ImportRun.workspace_id == workspace_id)
    return {import_id: Status(status) for import_id, status in session.exec(query)}


def is_active(blob: Blob, status: dict[str, Status]) -> bool:
    """Whether a blob counts where the imports have these states."""
    replaced = blob.replaced_by is not None and status[blob.replaced_by] == Status.ACTIVE
    left = blob.left_by is None or status[blob.left_by] == Status.ACTIVE
    return status[blob.import_id] == Status.ACTIVE and left and not replaced


def replaced_by(session: Session, workspace_id: str) -> dict[str, list[str]]:
    """For each import that lost rows to later ones in force: the names of those files."""
    later = col(ImportRun.id) == col(Blob.replaced_by)
    query = select(Blob.import_id, ImportRun.file_name).join(ImportRun, later)
    query = query.where(Blob.workspace_id == workspace_id, ImportRun.status == Status.ACTIVE).distinct()
    found: dict[str, list[str]] = {}
    for import_id, file_name in session.exec(query):
        found.setdefault(import_id, []).append(file_name)
    return found
