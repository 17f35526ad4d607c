"""A feed's sync: fetch the days that may have changed, and let them take the place of what was delivered for them before.

A feed has one import that counts. A sync makes the next one of the rows it fetched (the window, from the last day
delivered less the look-back) and of the earlier import's rows from before the window; in the transaction that adds it,
the earlier one is taken out. So a restated day never counts twice, a failure changes nothing, and undoing the sync and
restoring the import before it is the way back. Files whose rows all lie before the window are taken over as they are.

Some services say when a row was changed last. A feed by that column fetches what was changed since it fetched last, and what
it fetches takes the place of the same rows, of whatever day they are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import polars as pl
from sqlalchemy import update
from sqlmodel import Session, col, select

from marops import lake, store
from marops.connections import kinds as connected
from marops.connections import store as rows
from marops.connections.resources import RESOURCES
from marops.connections.store import Feed, FeedRun
from marops.errors import BadConnection, Conflict
from marops.lake import Blob
from marops.language import text
from marops.principal import Principal
from marops.sources import grains, renewing
from marops.sources.previews import Preview
from marops.sources.report import Part, Staged
from marops.sources.store import ImportRun, Status
from marops.tables import REFUSED, TABLES, Kind, Table, Type

_DAYS = {"_day", "period_start", "period_end"}


@dataclass(frozen=True, slots=True)
class Past:
    """What a feed has delivered: the import that counts, if any, the last day delivered, whether a person undid it."""

    import_id: str = ""
    sha256: str = ""
    watermark: date | None = None
    undone: bool = False


def past(feed_id: str) -> Past:
    """What the feed has delivered so far."""
    with store.reading() as session:
        found = rows.deliveries(session, feed_id)
        counting = rows.current(found)
    if counting is None:
        return Past(undone=bool(found))
    run, imported = counting
    return Past(imported.id, imported.sha256, run.watermark)


def by_change(kind: connected.Kind, feed: Feed) -> bool:
    """Whether the feed's column is the one that says when a row was changed last."""
    resource = RESOURCES.get(kind, {}).get(feed.table_name)
    return bool(feed.date_column) and resource is not None and feed.date_column == resource.changed


def window(feed: Feed, before: Past, *, changes: bool) -> date | None:
    """The first day to fetch; None for everything. Of changes one day more, as their days may be those of another time zone."""
    if not feed.date_column or before.watermark is None:
        return None
    return before.watermark - timedelta(days=feed.look_back_days + changes)


def only_part(preview: Preview) -> Part:
    """The one table that was fetched."""
    return preview.report.parts[0]


def check_followable(feed: Feed, part: Part, staged: Path, *, changes: bool) -> None:
    """Raise BadConnection where rows like these cannot be followed."""
    table = TABLES[part.rows.table]
    if table.kind is Kind.STATE:
        raise BadConnection(
            text("Rows of {table} are edited in marops, so no feed can follow them. Import them once instead.", table=table.name)
        )
    if not feed.date_column or changes:
        return
    day = _day(table)
    if day is None or not grains.is_of_days(part.rows.grain):
        raise BadConnection(
            text("Rows of {table} have no day, so they cannot be followed by one. Leave the date column empty: then each sync "
                 "delivers everything anew.", table=table.name)
        )  # fmt: skip
    taken = part.mapping.columns if part.mapping else {}
    mapped = {name for name, position in taken.items() if part.headers[position] == feed.date_column}
    if not mapped & (_DAYS | {table.day}):
        raise BadConnection(
            text("{column} is not the column that dates rows of {table} ({day}). Choose that one, or map it so.",
                 column=feed.date_column, table=table.name, day=str(table.day))
        )  # fmt: skip
    undated = pl.scan_parquet(staged).select(day.is_null().sum()).collect().item()
    if undated:
        raise BadConnection(
            text("{n} rows of {feed} have no day, so nobody knows which delivery they belong to. Leave them out with a SELECT.",
                 n=int(undated), feed=feed.name)
        )  # fmt: skip


def kept(before: Past, table: Table, staged: Path, first: date | None, *, changes: bool) -> list[Blob]:
    """The earlier import's rows that stay: those before the window (of changes: all) whose key was not delivered again."""
    if first is None or not before.import_id:
        return []
    with store.reading() as session:
        # Also what a newer export stands in the place of for now: it comes back with it.
        blobs = session.exec(select(Blob).where(Blob.import_id == before.import_id)).all()
    found = [_rest(blob, table, staged, None if changes else first) for blob in blobs]
    # What was refused in every delivery is carried on once.
    refused = {blob.sha256: blob for blob in found if blob is not None and blob.table_name not in TABLES}
    return [blob for blob in found if blob is not None and refused.get(blob.sha256, blob) is blob]


def _rest(blob: Blob, table: Table, staged: Path, before: date | None) -> Blob | None:
    if blob.table_name not in TABLES:
        return _still_refused(blob, staged)
    key, day = list(table.key), _day(table)
    new = pl.scan_parquet(staged)
    present = set(new.collect_schema().names())
    keys = new.select(pl.col(k) if k in present else pl.lit(None, table.by_name[k].type.dtype).alias(k) for k in key)
    rest = lake.all_rows(blob, table)
    if before and day is not None:
        rest = rest.filter(day < before)
    rest = rest.join(keys, on=key, how="anti", nulls_equal=True, maintain_order="left")
    count, last = rest.select(pl.len(), pl.lit(None) if day is None else day.max()).collect().row(0)
    return _trimmed(blob, rest, count, last, staged)


def _still_refused(blob: Blob, staged: Path) -> Blob | None:
    """The refused rows of an earlier delivery that say whose they are: nobody knows of which day they were, and so whether they
    have been delivered again. Those of nobody count where they were delivered last.
    """
    rest = lake.all_rows(blob, REFUSED).filter(pl.col("of").is_not_null()).unique(["of", "column", "rule"], maintain_order=True)
    return _trimmed(blob, rest, rest.select(pl.len()).collect().item(), None, staged)


def _trimmed(blob: Blob, rest: pl.LazyFrame, count: int, last: date | None, staged: Path) -> Blob | None:
    """A copy of a blob with the rest of its rows, `count` of them up to the `last` day; None where nothing is left."""
    if count == blob.rows:
        return _copy(blob)
    if not count:
        return None
    path = staged.with_name(f"kept-{blob.id}.parquet")
    rest.sink_parquet(path, compression="zstd")
    trimmed = _copy(blob)
    trimmed.sha256, trimmed.rows, trimmed.bytes, trimmed.last_day = lake.keep(path), count, path.stat().st_size, last
    return trimmed


def _copy(blob: Blob) -> Blob:
    return Blob(**blob.model_dump(exclude={"id", "active", "counted", "left_out"}))


def _day(table: Table) -> pl.Expr | None:
    if table.day is None:
        return None
    found = pl.col(table.day)
    return found if table.by_name[table.day].type is Type.DATE else found.dt.date()


def check_window(feed: Feed, staged: Staged, first: date | None) -> None:
    """Raise BadConnection where rows were delivered from before the window: they would stand beside what is kept."""
    if first and staged.first_day and staged.first_day < first:
        raise BadConnection(
            text("{feed} gave rows of {day} though those from {first} on were asked for: {column} is not the day that dates them.",
                 feed=feed.name, day=staged.first_day, first=first, column=feed.date_column)
        )  # fmt: skip


def replacing(
    principal: Principal, feed: Feed, before: Past, staying: list[Blob], last: date | None
) -> Callable[[Session, ImportRun], None]:
    """What belongs into the transaction of the next delivery: the earlier import goes out, its staying rows come along.
    `last` is the last day delivered.
    """

    def also(session: Session, run: ImportRun) -> None:
        if session.get(Feed, feed.id) is None:
            session.add(feed)
            session.flush()
        _take_out(session, principal, before)
        renewing.carry_on(session, before.import_id, run)
        for blob in staying:
            blob.import_id = run.id
        session.add_all(staying)
        latest = max((day for day in (before.watermark, last) if day), default=None)
        session.add(FeedRun(workspace_id=feed.workspace_id, feed_id=feed.id, import_id=run.id, watermark=latest))

    return also


def _take_out(session: Session, principal: Principal, before: Past) -> None:
    if not before.import_id:
        return
    earlier = session.get(ImportRun, before.import_id)
    if earlier is None or earlier.status != Status.ACTIVE:
        raise Conflict(text("The feed's last import was undone while the new rows were fetched. Nothing was changed; try again."))
    earlier.status, earlier.undone_by, earlier.undone_at = Status.UNDONE, principal.name, store.now()
    session.add(earlier)
    session.exec(update(Blob).where(col(Blob.import_id) == earlier.id).values(active=False))


def table_of(part: Part) -> Table:
    """The canonical table of a staged part."""
    return TABLES[part.rows.table]
