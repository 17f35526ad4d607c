"""A period delivered again: the new rows take the place of what was there for those days of that account.

Platforms restate: conversions arrive late, invalid clicks are credited back. A file whose rows have the keys of rows that
are there is such a restatement, or a mistake; a person decides, with the figures before them. What is kept is only that an
import restates these days of these owners. What counts follows from which imports are active (`settle`), so that any of them
can be undone and restored in any order.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
from sqlmodel import Session, col, select

from marops import lake
from marops.lake import Blob, Period
from marops.sources import renewing
from marops.sources.report import Part
from marops.sources.store import ImportRun, Restatement, Status
from marops.tables import TABLES, Kind, Table

_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Restated:
    """What one table of a file would replace: rows of earlier files (by name) in its days, of its accounts.

    `rows`: how many are replaced. `repeated`: how many of them come again. `spent`: currency, spend before and after, where
    both have one currency.
    """

    part: str
    files: tuple[str, ...]
    rows: int
    repeated: int
    spent: tuple[str, Decimal, Decimal] | None

    @property
    def gone(self) -> int:
        """Rows that only the earlier files have, and that would no longer count."""
        return self.rows - self.repeated


def restated(part: Part, path: Path, blobs: Sequence[Blob]) -> Restated | None:
    """What taking a staged part would replace of these active blobs; None where it repeats no row of them, or its table is
    not restated by period.
    """
    table, periods = TABLES[part.rows.table], periods_of(part, path)
    alike = [blob for blob in blobs if blob.table_name == table.name and blob.grain == part.rows.grain]
    if not periods or not alike:
        return None
    old = lake.scan(alike, table, lineage=True).filter(lake.is_in(table, periods)).collect()
    new = lake.complete(table, pl.scan_parquet(path))
    key = list(table.key)
    repeated = old.lazy().join(new.select(key), on=key, how="semi", nulls_equal=True).select(pl.len()).collect().item()
    if not repeated:
        return None
    files = old["source_relation"].value_counts(sort=True)["source_relation"].to_list()
    return Restated(part.name, tuple(map(str, files)), old.height, repeated, _spent(table, old, new))


def _spent(table: Table, old: pl.DataFrame, new: pl.LazyFrame) -> tuple[str, Decimal, Decimal] | None:
    if "spend" not in table.by_name:
        return None
    after = new.select("currency_code", "spend").collect()
    codes = {*old["currency_code"].unique(), *after["currency_code"].unique()}
    if len(codes) != 1 or None in codes:
        return None
    before, now = (Decimal(rows["spend"].sum() or 0).quantize(_CENT) for rows in (old, after))
    return str(codes.pop()), before, now


def periods_of(part: Part, path: Path, import_id: str = "") -> list[Period]:
    """For each owner in a staged part, the days from the first to the last that it has rows of."""
    table = TABLES[part.rows.table]
    if not table.owners or table.kind is not Kind.LAKE:
        return []
    first, last = table.days
    days = (first.min().alias("__first"), last.max().alias("__last"))
    rows = lake.complete(table, pl.scan_parquet(path)).group_by(table.owners).agg(days)
    return [
        Period(by=import_id, owner=list(owner), first=first.isoformat(), last=last.isoformat())
        for *owner, first, last in rows.drop_nulls(["__first", "__last"]).sort(*table.owners, nulls_last=True).collect().iter_rows()
    ]


def without(blobs: Iterable[Blob], staged: Sequence[tuple[Part, Path]]) -> list[Blob]:
    """Copies of these blobs as they would count once the staged parts restate them."""
    periods = [(part.rows.table, part.rows.grain, periods_of(part, path)) for part, path in staged]
    return [
        Blob(
            **blob.model_dump(exclude={"left_out"}),
            left_out=[*blob.left_out, *(p for table, grain, found in periods if _is_of(blob, table, grain) for p in found)],
        )
        for blob in blobs
    ]


def restatements(run: ImportRun, staged: Sequence[tuple[Part, Path]]) -> list[Restatement]:
    """The rows that say what an import restates."""
    return [
        Restatement(
            workspace_id=run.workspace_id, import_id=run.id, table_name=part.rows.table, grain=part.rows.grain,
            owner=period["owner"], first_day=date.fromisoformat(period["first"]), last_day=date.fromisoformat(period["last"]),
        )
        for part, path in staged
        for period in periods_of(part, path, run.id)
    ]  # fmt: skip


def _is_of(blob: Blob, table_name: str, grain: str) -> bool:
    return blob.table_name == table_name and blob.grain == grain


def settle(session: Session, workspace_id: str) -> list[Blob]:
    """Say of each blob what counts of it: whether its import is active and no later active one took its place, and which of its
    days later active imports restate. Returns those of which more counts than before.
    """
    session.flush()
    runs = {run.id: run for run in session.exec(select(ImportRun).where(ImportRun.workspace_id == workspace_id))}
    active = {import_id for import_id, run in runs.items() if run.status == Status.ACTIVE}
    query = select(Restatement).where(Restatement.workspace_id == workspace_id, col(Restatement.import_id).in_(active))
    found = session.exec(query.order_by(col(Restatement.first_day), col(Restatement.id))).all()
    replaced = renewing.in_force(session, workspace_id, active)
    grown: list[Blob] = []
    for blob in session.exec(select(Blob).where(Blob.workspace_id == workspace_id)).all():
        left_out = [_period(one) for one in found if _leaves_out(one, runs[one.import_id], blob)]
        later = (runs[by] for by in replaced.get((blob.import_id, blob.table_name), ()))
        now = blob.import_id in active and not any(run.imported_at > blob.ingested_at for run in later)
        if now and (not blob.active or any(period not in left_out for period in blob.left_out)):
            grown.append(blob)
        blob.active, blob.left_out = now, left_out
        session.add(blob)
    session.flush()
    return grown


def _leaves_out(one: Restatement, run: ImportRun, blob: Blob) -> bool:
    """Whether a restatement concerns rows of a blob: it came later, is of the same grain, and the blob has rows in its days."""
    is_later = run.imported_at > blob.ingested_at and one.import_id != blob.import_id
    if not is_later or not _is_of(blob, one.table_name, one.grain):
        return False
    if blob.first_day and blob.last_day and not (blob.first_day <= one.last_day and one.first_day <= blob.last_day):
        return False
    return lake.holds(blob, TABLES[blob.table_name], _period(one))


def _period(one: Restatement) -> Period:
    return Period(by=one.import_id, owner=one.owner, first=one.first_day.isoformat(), last=one.last_day.isoformat())


def restated_by(session: Session, workspace_id: str) -> dict[str, list[str]]:
    """For each import of which later ones in force have restated days: the names of those files."""
    names = dict(session.exec(select(ImportRun.id, ImportRun.file_name).where(ImportRun.workspace_id == workspace_id)).all())
    found: dict[str, list[str]] = {}
    for blob in session.exec(select(Blob).where(Blob.workspace_id == workspace_id, col(Blob.active).is_(True))):
        for name in dict.fromkeys(names[period["by"]] for period in blob.left_out):
            if name not in found.setdefault(blob.import_id, []):
                found[blob.import_id].append(name)
    return {import_id: files for import_id, files in found.items() if files}
