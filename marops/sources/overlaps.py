"""Rows that are already there: nothing is counted twice, whichever file it comes from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from pathlib import Path

import polars as pl
from sqlalchemy import select as sql_select
from sqlmodel import Session, SQLModel, col, select

from marops import lake
from marops.errors import Conflict
from marops.lake import Blob
from marops.language import Text, ntext, text
from marops.sources import grains, identities
from marops.sources.identities import OTHER, SPAN
from marops.sources.keyed import keyed
from marops.sources.report import Part, Staged
from marops.sources.store import ImportRun
from marops.tables import AD_PERFORMANCE, TABLES, WORK_ITEM, Kind, Table


@dataclass(frozen=True, slots=True)
class Doubled:
    """How many rows there would be twice, of which table, and the file that has them already."""

    table: Table
    rows: int
    source: str


@dataclass(frozen=True, slots=True)
class Crossing:
    """Two ranges of days of the same thing that share some: the new one, and the one that is there in `source`."""

    source: str
    begins: date
    ends: date
    new_begins: date
    new_ends: date


def active_blobs(session: Session, workspace_id: str, without: str = "") -> list[Blob]:
    """The blobs that count, or are kept as detail; not those of the import `without`."""
    query = select(Blob).where(Blob.workspace_id == workspace_id, col(Blob.active).is_(True), Blob.import_id != without)
    return list(session.exec(query.order_by(col(Blob.ingested_at), col(Blob.id))))


def check_part(
    session: Session, workspace_id: str, part: Part, path: Path, blobs: Sequence[Blob], *, is_feed: bool = False
) -> None:
    """Raise Conflict where rows of a staged part are in these blobs, or in the workspace's state. `is_feed`: nobody chooses what
    is in the part.
    """
    staged = part.rows
    table = TABLES[staged.table]
    twice = _delivered_twice if is_feed else _imported_twice
    if table.kind is Kind.STATE:
        if doubled := doubled_state(session, workspace_id, table, pl.read_parquet(path)):
            raise Conflict(twice(doubled))
        return
    rows = pl.scan_parquet(path)
    near = [blob for blob in blobs if blob.table_name == table.name and _may_overlap(blob, staged.first_day, staged.last_day)]
    if doubled := doubled_rows(table, rows, near):
        raise Conflict(twice(doubled))
    alike = [blob for blob in near if blob.grain == staged.grain]
    if crossing := crossing_ranges(table, rows, alike):
        raise Conflict(_crossing_file(crossing))
    if renamed := renamed_rows(table, rows, alike):
        raise Conflict(_renamed_file(renamed))


def check_among(staged: Sequence[tuple[Part, Path]]) -> None:
    """Raise Conflict where rows of one file would count twice: in two of its parts (sheets, tables below each other) with the
    same key, or but for ids; or anywhere with ranges that share days.
    """
    frames = [(part, TABLES[part.rows.table], pl.scan_parquet(path)) for part, path in staged]
    for part, table, rows in frames:
        if crossing := _crossing(table, part.rows.grain, rows, rows.with_columns(pl.lit(part.name).alias("source_relation"))):
            raise Conflict(_crossing_within(crossing, _place(part) if len(frames) > 1 else text("the file")))
    for (part, table, rows), (other, other_table, other_rows) in combinations(frames, 2):
        if table is not other_table or not _share_days(table, part.rows, other.rows):
            continue
        keys = _keys(table, rows), _keys(table, other_rows)
        count = keys[0].join(keys[1], on=list(table.key), how="semi", nulls_equal=True).select(pl.len()).collect().item()
        named = other_rows.with_columns(pl.lit(other.name).alias("source_relation"))
        if not count and part.rows.grain == other.rows.grain:
            if crossing := _crossing(table, part.rows.grain, rows, named):
                raise Conflict(_crossing_within(crossing, text("{one} and {other}", one=_place(part), other=_place(other))))
            renamed = _renamed(table, rows, named)
            count = renamed.rows if renamed else 0
        if count:
            raise Conflict(
                ntext(
                    "{n} row of {table} stands both in {one} and in {other} and would be counted twice. Leave one of them out.",
                    "{n} rows of {table} stand both in {one} and in {other} and would be counted twice. Leave one of them out.",
                    count, table=table.name, one=_place(part), other=_place(other),
                )
            )  # fmt: skip


def _place(part: Part) -> str | Text:
    """A table's sheet, or where it stands in a text file."""
    is_sheet = part.name and not part.name.startswith("#")
    return part.name if is_sheet else text("the table below row {row}", row=str(part.header_row))


def check_grown(blobs: Iterable[Blob], active: Sequence[Blob]) -> None:
    """Raise Conflict where rows of these blobs, which count again, are in one of the other active ones."""
    for blob in blobs:
        table = TABLES.get(blob.table_name)
        if table is None:  # which rows were refused: none that count
            continue
        others = [
            other
            for other in active
            if other.id != blob.id and other.table_name == table.name and _may_overlap(other, blob.first_day, blob.last_day)
        ]
        rows = lake.scan([blob], table)
        if doubled := doubled_rows(table, rows, others):
            raise Conflict(_counted_again(doubled))
        alike = [other for other in others if other.grain == blob.grain]
        if crossing := crossing_ranges(table, rows, alike):
            raise Conflict(_crossing_import(crossing))
        if renamed := renamed_rows(table, rows, alike):
            raise Conflict(_renamed_import(renamed))


def doubled_rows(table: Table, rows: pl.LazyFrame, blobs: Sequence[Blob]) -> Doubled | None:
    """Rows of these blobs with the key of one of the rows, under the name of the file with most of them. A work item that one of
    both names by its key alone is the same one.
    """
    if not blobs:
        return None
    there, here = lake.scan(blobs, table, lineage=True), lake.complete(table, rows)
    if table.name == WORK_ITEM.name:
        known = keyed(here, there)
        there, here = known.one_id(there), known.one_id(here)
    found = (
        there.join(_keys(table, here), on=list(table.key), how="semi", nulls_equal=True)
        .group_by("source_relation")
        .len()
        .sort("len", "source_relation", descending=[True, False])
        .collect()
    )
    return Doubled(table, int(found["len"].sum()), str(found["source_relation"][0])) if found.height else None


def crossing_ranges(table: Table, rows: pl.LazyFrame, blobs: Sequence[Blob]) -> Crossing | None:
    """A range of days that shares some with another range of the same thing in these blobs: neither has figures by day, so what
    both hold would count twice.
    """
    return _crossing(table, blobs[0].grain, rows, lake.scan(blobs, table, lineage=True)) if blobs else None


def _crossing(table: Table, grain: str, rows: pl.LazyFrame, there: pl.LazyFrame) -> Crossing | None:
    if table.name != AD_PERFORMANCE.name or grains.is_of_days(grain):
        return None
    begins, ends, begins_new, ends_new = (pl.col(name) for name in (*SPAN, *(f"{name}{OTHER}" for name in SPAN)))
    cross = [begins <= ends_new, begins_new <= ends, (begins != begins_new) | (ends != ends_new)]
    found = (
        _side_by_side(lake.complete(table, there), lake.complete(table, rows))
        .filter(*cross)
        .select("source_relation", *SPAN, *(f"{name}{OTHER}" for name in SPAN))
        .sort(*SPAN)
        .head(1)
        .collect()
    )
    return Crossing(*found.row(0)) if found.height else None


def renamed_rows(table: Table, rows: pl.LazyFrame, blobs: Sequence[Blob]) -> Doubled | None:
    """Rows of these blobs, of the grain of the rows, that have another key only because one of the files lacks ids or accounts:
    the same names and days, and no two ids that differ.
    """
    return _renamed(table, rows, lake.scan(blobs, table, lineage=True)) if blobs else None


def _renamed(table: Table, rows: pl.LazyFrame, there: pl.LazyFrame) -> Doubled | None:
    if table.name != AD_PERFORMANCE.name:
        return None
    other_key = pl.any_horizontal(pl.col(f"{e}_id").ne_missing(pl.col(f"{e}_id{OTHER}")) for e in identities.ENTITIES)
    there, rows = lake.complete(table, there), lake.complete(table, rows)
    found = (
        _side_by_side(there, rows, *SPAN)
        .filter(other_key)
        .group_by("source_relation")
        .len()
        .sort("len", "source_relation", descending=[True, False])
        .collect()
    )
    found = found if found.height else _unnamed_alike(there, rows)
    return Doubled(table, int(found["len"].sum()), str(found["source_relation"][0])) if found.height else None


def _unnamed_alike(there: pl.LazyFrame, here: pl.LazyFrame) -> pl.DataFrame:
    """How many rows of each file are of campaigns or ads that only their figures show to be the same, on days of both (see
    `identities.alike_by_figures`).
    """
    days = here.select(SPAN).unique()
    for entity in identities.TOLD_APART:
        subject = identities.subject(entity)
        if not here.select(subject).select(identities.is_known_by_one().any()).collect().item():
            continue
        pairs = identities.alike_by_figures(there, here, entity)
        if pairs.height:
            known = pairs.lazy().select(identities.SUBJECT).unique()
            found = there.select("source_relation", *SPAN, *subject)
            found = found.join(known, on=identities.SUBJECT, how="semi", nulls_equal=True).join(days, on=SPAN, how="semi")
            return found.group_by("source_relation").len().sort("len", "source_relation", descending=[True, False]).collect()
    return pl.DataFrame(schema={"source_relation": pl.String, "len": pl.UInt32})


_SEEN = ("platform", "publisher", "breakdown_key")
_LABELS = tuple(f"{entity}_label" for entity in identities.TOLD_APART)
"""What is compared of a campaign, ad group and ad. Many exports leave the account out: its absence is no difference."""


def _side_by_side(there: pl.LazyFrame, here: pl.LazyFrame, *same: str) -> pl.LazyFrame:
    """Rows that may be of the same ad, by names or else by ids, with what they have beside that (see `OTHER`). `same`: further
    columns that must be equal.
    """
    found = [
        _labelled(there, first, "source_relation")
        .join(_labelled(here, first), on=[*_SEEN, *_LABELS, *same], how="inner", nulls_equal=True, suffix=OTHER)
        .filter(*(identities.may_be_one(entity) for entity in identities.ENTITIES))
        .drop(_LABELS)
        for first in ("name", "own")
    ]
    return pl.concat(found).unique()


def _labelled(rows: pl.LazyFrame, first: str, *more: str) -> pl.LazyFrame:
    """Rows with their names, or else ids, as labels; the other way round where ids come `first`."""
    second = "own" if first == "name" else "name"
    found = rows.with_columns(column for entity in identities.ENTITIES for column in identities.columns(entity))
    labels = [pl.coalesce(label.replace("label", first), label.replace("label", second)).alias(label) for label in _LABELS]
    kept = [f"{entity}_{what}" for entity in identities.ENTITIES for what in ("id", "own", "name")]
    return found.select(*_SEEN, *SPAN, *labels, *kept, *more)


def _keys(table: Table, rows: pl.LazyFrame) -> pl.LazyFrame:
    return lake.complete(table, rows).select(table.key)


def _share_days(table: Table, one: Staged, other: Staged) -> bool:
    """Whether rows of both may have the same key, or ranges that cross: days are part of an ad report's key."""
    if table.name != AD_PERFORMANCE.name or not (one.first_day and one.last_day and other.first_day and other.last_day):
        return True
    return one.first_day <= other.last_day and other.first_day <= one.last_day


def _may_overlap(blob: Blob, first: date | None, last: date | None) -> bool:
    if not (first and last and blob.first_day and blob.last_day):
        return True
    return blob.first_day <= last and first <= blob.last_day


def doubled_state(session: Session, workspace_id: str, table: Table, rows: pl.DataFrame) -> Doubled | None:
    """Active rows that an import brought into a state table, with the key of one of these rows. What a person set here is no row
    that came before.
    """
    sql = SQLModel.metadata.tables[table.name]
    query = sql.select().where(sql.c.workspace_id == workspace_id, sql.c.active.is_(True), sql.c.import_id.is_not(None))
    taken = {tuple(row[name] for name in table.key): row["import_id"] for row in session.connection().execute(query).mappings()}
    present = set(rows.columns)
    keys = rows.select(pl.col(k) if k in present else pl.lit(None).alias(k) for k in table.key).rows()
    clashes = [taken[key] for key in keys if key in taken]
    if not clashes:
        return None
    source = session.get(ImportRun, clashes[0])
    return Doubled(table, len(clashes), source.file_name if source else "")


def check_state_again(session: Session, workspace_id: str, table: Table, import_id: str) -> None:
    """Raise Conflict where an undone import's rows of a state table are active from elsewhere."""
    sql = SQLModel.metadata.tables[table.name]
    columns = [sql.c[name] for name in table.key]
    found = session.connection().execute(sql_select(*columns).where(sql.c.import_id == import_id, sql.c.active.is_(False)))
    keys = pl.DataFrame([tuple(row) for row in found], schema=list(table.key), orient="row")
    if keys.height and (doubled := doubled_state(session, workspace_id, table, keys)):
        raise Conflict(_counted_again(doubled))


def _imported_twice(doubled: Doubled) -> Text:
    said = ntext(
        "{n} row of {table} is already here from {source}, so nothing was imported: it would be counted twice. "
        "Undo that import on Data first, or take the repeated row out of the file.",
        "{n} rows of {table} are already here from {source}, so nothing was imported: they would be counted twice. "
        "Undo that import on Data first, or take the repeated rows out of the file.",
        doubled.rows, table=doubled.table.name, source=doubled.source,
    )  # fmt: skip
    if doubled.table.item:
        return text(
            "{said} A newer export of the same items can take the place of the old one: choose to replace it on Data, or import "
            "with --replace.",
            said=said,
        )
    if not doubled.table.owners:
        return said
    return text("{said} Restated days can take the place of the old ones: choose to replace them.", said=said)


def _delivered_twice(doubled: Doubled) -> Text:
    return ntext(
        "{n} row of {table} that the source delivers is already here from {source}, so nothing was taken: it would be counted "
        "twice. Undo the import of {source} on Data: from then on the source itself delivers those days.",
        "{n} rows of {table} that the source delivers are already here from {source}, so nothing was taken: they would be counted "
        "twice. Undo the import of {source} on Data: from then on the source itself delivers those days.",
        doubled.rows, table=doubled.table.name, source=doubled.source,
    )  # fmt: skip


def _counted_again(doubled: Doubled) -> Text:
    return ntext(
        "{n} row of {table} that would count again is already here from {source}, so nothing was changed. "
        "Undo that import first.",
        "{n} rows of {table} that would count again are already here from {source}, so nothing was changed. "
        "Undo that import first.",
        doubled.rows, table=doubled.table.name, source=doubled.source,
    )  # fmt: skip


def _crossing_file(crossing: Crossing) -> Text:
    return text(
        "This file’s {begin} to {end} and the {begin_before} to {end_before} of {source} share days of the same campaigns, "
        "so nothing was imported: they would be counted twice. Export by day, or undo that import on Data first.",
        begin=crossing.new_begins, end=crossing.new_ends, begin_before=crossing.begins, end_before=crossing.ends,
        source=crossing.source,
    )  # fmt: skip


def _crossing_within(crossing: Crossing, place: str | Text) -> Text:
    return text(
        "The {begin} to {end} and the {begin_before} to {end_before} of {place} share days of the same campaigns and would be "
        "counted twice. Export by day, or ranges that share none, or leave one of the tables out.",
        begin=crossing.new_begins, end=crossing.new_ends, begin_before=crossing.begins, end_before=crossing.ends,
        place=place,
    )  # fmt: skip


def _renamed_file(renamed: Doubled) -> Text:
    return ntext(
        "{n} row here seems to be one of {source}: the same names (or, where one file has none, the same spend) on the same days, "
        "with other ids or accounts. Nothing was imported, for it would be counted twice. Export both with the same columns, or "
        "undo that import first.",
        "{n} rows here seem to be rows of {source}: the same names (or, where one file has none, the same spend) on the same days, "
        "with other ids or accounts. Nothing was imported, for they would be counted twice. Export both with the same columns, or "
        "undo that import first.",
        renamed.rows, source=renamed.source,
    )  # fmt: skip


def _renamed_import(renamed: Doubled) -> Text:
    return ntext(
        "{n} row that would count again seems to be one of {source}: the same names (or, where one file has none, the same spend) "
        "on the same days, with other ids or accounts. Nothing was changed. Undo that import first.",
        "{n} rows that would count again seem to be rows of {source}: the same names (or, where one file has none, the same "
        "spend) on the same days, with other ids or accounts. Nothing was changed. Undo that import first.",
        renamed.rows, source=renamed.source,
    )  # fmt: skip


def _crossing_import(crossing: Crossing) -> Text:
    return text(
        "Its {begin} to {end} and the {begin_before} to {end_before} of {source} share days of the same campaigns, so nothing was "
        "changed: they would be counted twice. Undo that import first.",
        begin=crossing.new_begins, end=crossing.new_ends, begin_before=crossing.begins, end_before=crossing.ends,
        source=crossing.source,
    )  # fmt: skip
