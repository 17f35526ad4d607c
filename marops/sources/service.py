"""Importing: preview a file, accept or cancel it, undo and restore; what came in, how fresh it is, what was refused.

A preview changes nothing. `accept` takes all of its rows or none: the staged files are made durable in the lake, then
one transaction writes the import, its refused cells, its blobs or state rows, and the workspace's new revision.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from threading import Lock

import polars as pl
from cachetools import LRUCache, cached
from sqlmodel import Session, col, select

from marops import lake, rollups, store
from marops.errors import BadFile, Conflict
from marops.lake import Blob
from marops.language import Text
from marops.naming import Named
from marops.principal import Action, Principal, require
from marops.settings import UPLOAD_LIMIT_MB
from marops.sources import (
    accepting,
    campaigns,
    converting,
    counting,
    overlaps,
    previews,
    remembering,
    renewing,
    restating,
    runner,
    server_files,
    switching,
    trying,
    words,
)
from marops.sources.converting import Converted
from marops.sources.ongoing import Ongoing
from marops.sources.previews import Preview, Source
from marops.sources.progress import Progress
from marops.sources.remembering import Remembered
from marops.sources.renewing import Renewal
from marops.sources.report import Mapping, Note, Part, Report
from marops.sources.restating import Restated
from marops.sources.store import ImportReject, ImportRun
from marops.sources.trying import Tried
from marops.tables import TABLES, Table
from marops.workspaces import store as workspaces
from marops.workspaces.service import Opened, open_workspace


@dataclass(frozen=True, slots=True)
class Freshness:
    """The last day a table has facts about, and when it last received any."""

    table: Table
    last_day: date | None
    imported_at: datetime
    rows: int


def start_upload(principal: Principal, workspace_id: str, name: str, content: bytes) -> Ongoing:
    """Begin to read an uploaded file; `finish` gives the preview. Raises BadFile where it is larger than uploads may be."""
    require(principal, Action.IMPORT, workspace_id)
    previews.check_there(workspace_id)
    if len(content) > UPLOAD_LIMIT_MB << 20:
        size = -(-len(content) >> 20)
        raise BadFile(words.note(Note(code="too_large", values={"name": name, "size": size, "limit": UPLOAD_LIMIT_MB})))
    folder = previews.new_folder()
    source = folder / "source"
    source.write_bytes(content)
    return Ongoing(principal, workspace_id, Source(folder, source, Path(name).name))


def start_file(principal: Principal, workspace_id: str, path: Path) -> Ongoing:
    """Begin to read a file of the server, where it lies; `finish` gives the preview. Raises NotFound."""
    require(principal, Action.IMPORT, workspace_id)
    previews.check_there(workspace_id, path)
    return Ongoing(principal, workspace_id, previews.source(path, {}))


def start_named(principal: Principal, workspace_id: str, named: str) -> Ongoing:
    """Begin to read a file of the server that somebody names, in a folder the administrator allows. Raises Forbidden,
    NotFound.
    """
    require(principal, Action.IMPORT, workspace_id)
    return start_file(principal, workspace_id, server_files.find(named))


def start_remap(principal: Principal, preview: Preview, mappings: dict[str, Mapping]) -> Ongoing:
    """Begin to read the previewed file again with these mappings by part name, and those made by hand before. Raises NotFound
    where it has expired.
    """
    require(principal, Action.IMPORT, preview.workspace_id)
    folder, known = previews.staged(preview.id)
    by_hand = {part.name: part.mapping for part in preview.report.parts if part.mapping and part.name in known["mapped_by_hand"]}
    source = Source(folder, Path(str(known["source"])), preview.file_name, by_hand | mappings)
    return Ongoing(principal, preview.workspace_id, source)


def progress(principal: Principal, ongoing: Ongoing) -> Progress:
    """How far a file that is being read is."""
    require(principal, Action.IMPORT, ongoing.workspace_id)
    return ongoing.progress()


def finish(principal: Principal, ongoing: Ongoing) -> Preview:
    """Wait until the file is read. Raises BadFile where it cannot be, NotFound where its reading was stopped."""
    require(principal, Action.IMPORT, ongoing.workspace_id)
    return ongoing.result()


def stop(principal: Principal, ongoing: Ongoing) -> None:
    """End the reading of a file at once; nothing of it is kept."""
    require(principal, Action.IMPORT, ongoing.workspace_id)
    ongoing.cancel()


def preview_upload(principal: Principal, workspace_id: str, name: str, content: bytes) -> Preview:
    """Read an uploaded file (see `start_upload`). Raises BadFile."""
    require(principal, Action.IMPORT, workspace_id)
    return start_upload(principal, workspace_id, name, content).result()


def preview_file(principal: Principal, workspace_id: str, path: Path, mappings: dict[str, Mapping] | None = None) -> Preview:
    """Read a file of the server, where it lies. Raises BadFile."""
    require(principal, Action.IMPORT, workspace_id)
    previews.check_there(workspace_id, path)
    return previews.one(previews.read(principal, workspace_id, [previews.source(path, mappings or {})]))


def preview_files(principal: Principal, workspace_id: str, paths: Sequence[Path]) -> list[Preview | BadFile]:
    """Read several files of the server in one go; a file that cannot be read is its BadFile."""
    require(principal, Action.IMPORT, workspace_id)
    previews.check_there(workspace_id, *paths)
    return previews.read(principal, workspace_id, [previews.source(path, {}) for path in paths])


def inspect_file(principal: Principal, path: Path) -> Report:
    """What a file of the server holds, as it stands: nothing is staged and nothing is kept. A file that cannot be read is
    a report with a `failure`. Raises NotFound where there is no such file.
    """
    require(principal, Action.IMPORT)
    return previews.describe(path)


def remap(principal: Principal, preview: Preview, mappings: dict[str, Mapping]) -> Preview:
    """Read the previewed file again (see `start_remap`). Raises BadFile, or NotFound where the preview has expired."""
    require(principal, Action.IMPORT, preview.workspace_id)
    return start_remap(principal, preview, mappings).result()


def tried(principal: Principal, preview: Preview, part: Part, mapping: Mapping) -> Tried:
    """The first rows of a previewed table as a mapping would read them. Nothing is read but what the preview holds."""
    require(principal, Action.IMPORT, preview.workspace_id)
    return trying.tried(part, mapping)


def unsaid(principal: Principal, preview: Preview, part: Part, table: Table, picked: dict[str, int]) -> list[str]:
    """What every row of a previewed table would need as one value for all, with these columns picked."""
    require(principal, Action.IMPORT, preview.workspace_id)
    return trying.unsaid(part, table, picked)


def remembered(principal: Principal, preview: Preview) -> dict[str, Remembered]:
    """Who said, and when, how tables with the previewed ones' headers are mapped: by their signature."""
    require(principal, Action.IMPORT, preview.workspace_id)
    with store.reading() as session:
        return remembering.of(session, preview.workspace_id, [part.signature for part in preview.report.parts])


def forget_mapping(principal: Principal, workspace_id: str, signature: str) -> None:
    """Let files with these headers be read as if nobody had mapped one. What was imported stays."""
    require(principal, Action.IMPORT, workspace_id)
    with store.writing() as session:
        remembering.forget(session, workspace_id, signature)


def load_preview(principal: Principal, preview_id: str) -> Preview:
    """A preview made earlier. Raises NotFound where it was accepted, cancelled or has expired."""
    require(principal, Action.IMPORT, preview_id)
    return previews.load(preview_id)


def cancel(principal: Principal, preview: Preview) -> None:
    """Forget a preview and everything staged for it."""
    require(principal, Action.IMPORT, preview.workspace_id)
    previews.forget(preview.id)


def accept(
    principal: Principal,
    preview: Preview,
    *,
    leave_out_refused: bool = False,
    replacing: bool = False,
    without: str = "",
    also: Callable[[Session, ImportRun], None] | None = None,
) -> ImportRun:
    """Take the rows of every ready part, or none.

    With `replacing`, the rows take the place of what `restated` and `renewed` say of them. `also` is done in the same transaction;
    where it takes an import out of the numbers, `without` is that import's id, and its rows are no rows that are already there.

    Raises BadFile where nothing is ready, or rows are refused and `leave_out_refused` is not set; Conflict where the
    file, or rows with the same key, are already there, or what `renewed` says stands in the way.
    """
    require(principal, Action.IMPORT, preview.workspace_id)
    return accepting.accept(
        principal, preview, leave_out_refused=leave_out_refused, replacing=replacing, without=without, also=also
    )


def restated(principal: Principal, preview: Preview) -> list[Restated]:
    """What each ready part would replace, where it repeats rows that are there: accept it with `replacing`, or not at all."""
    require(principal, Action.IMPORT, preview.workspace_id)
    if preview.repeats:
        return []
    return list(_restated(preview, workspaces.revisions().get(preview.workspace_id, "")))


def _reading_of(preview: Preview, revision: str) -> Hashable:
    return preview.id, preview.reading, tuple(part.name for part in preview.ready), revision


@cached(LRUCache(maxsize=64), key=_reading_of, lock=Lock())
def _restated(preview: Preview, _revision: str) -> tuple[Restated, ...]:
    """What depends on this reading of the file and the workspace as it is, and so stays while a page is drawn again."""
    with store.reading() as session:
        blobs = overlaps.active_blobs(session, preview.workspace_id)
    found = (restating.restated(part, path, blobs) for part, path in accepting.staged(preview))
    return tuple(each for each in found if each)


def renewed(principal: Principal, preview: Preview) -> Renewal:
    """The earlier imports whose place a preview takes where it repeats their items: accept it with `replacing`, or not at all."""
    require(principal, Action.IMPORT, preview.workspace_id)
    return Renewal() if preview.repeats else _renewed(preview, workspaces.revisions().get(preview.workspace_id, ""))


@cached(LRUCache(maxsize=64), key=_reading_of, lock=Lock())
def _renewed(preview: Preview, _revision: str) -> Renewal:
    with store.reading() as session:
        return accepting.renewed(session, preview)


def doubled(principal: Principal, preview: Preview) -> Text | None:
    """What to say where two of the tables to be taken hold the same rows; None where no two do."""
    require(principal, Action.IMPORT, preview.workspace_id)
    return _doubled(preview, "")


@cached(LRUCache(maxsize=64), key=_reading_of, lock=Lock())
def _doubled(preview: Preview, _revision: str) -> Text | None:
    try:
        overlaps.check_among(accepting.staged(preview))
    except Conflict as twice:
        return twice.text
    return None


def counted(principal: Principal, preview: Preview) -> list[Text]:
    """What to say of a preview whose spend is in other files too, in other detail: which of them would count."""
    require(principal, Action.IMPORT, preview.workspace_id)
    return [] if preview.repeats else list(_counted(preview, workspaces.revisions().get(preview.workspace_id, "")))


@cached(LRUCache(maxsize=64), key=_reading_of, lock=Lock())
def _counted(preview: Preview, revision: str) -> tuple[Text, ...]:
    with store.reading() as session:
        there = overlaps.active_blobs(session, preview.workspace_id)
    parts = accepting.staged(preview)
    stays = restating.without(there, parts) if _restated(preview, revision) else there
    return tuple(counting.changes(counting.claims(there), counting.claims(stays, parts, preview.file_name)))


def converted(principal: Principal, preview: Preview) -> Converted:
    """What to say of a preview with amounts in other currencies than the one in which the workspace shows them."""
    require(principal, Action.IMPORT, preview.workspace_id)
    opened = open_workspace(principal, preview.workspace_id)
    return _converted(preview, f"{opened.workspace.revision} {opened.workspace.reporting_currency}", opened)


@cached(LRUCache(maxsize=64), key=lambda preview, state, _opened: _reading_of(preview, state), lock=Lock())
def _converted(preview: Preview, _state: str, opened: Opened) -> Converted:
    return converting.said(rollups.facts(opened), accepting.staged(preview))


def staged_rows(principal: Principal, preview: Preview, table: str) -> pl.DataFrame:
    """The rows of a table that a preview would bring, for what a domain has to say of them; empty where it brings none."""
    require(principal, Action.IMPORT, preview.workspace_id)
    found = [pl.read_parquet(path) for part, path in accepting.staged(preview) if part.rows.table == table]
    return pl.concat(found, how="diagonal") if found and not preview.repeats else pl.DataFrame()


def named(principal: Principal, preview: Preview) -> Named | None:
    """The campaign names to be taken, held against the workspace's naming rule; None where there is no rule, or no name."""
    require(principal, Action.IMPORT, preview.workspace_id)
    return _named(preview, workspaces.revisions().get(preview.workspace_id, ""))


@cached(LRUCache(maxsize=64), key=_reading_of, lock=Lock())
def _named(preview: Preview, _revision: str) -> Named | None:
    return campaigns.staged(preview.workspace_id, accepting.staged(preview))


def campaign_names(principal: Principal, workspace_id: str) -> Named | None:
    """The campaign names in what has been imported, held against the naming rule; None where there is no rule, or no name."""
    require(principal, Action.READ, workspace_id)
    return _campaign_names(workspace_id, workspaces.revisions().get(workspace_id, ""))


@cached(LRUCache(maxsize=16), lock=Lock())
def _campaign_names(workspace_id: str, revision: str) -> Named | None:
    return campaigns.imported(workspace_id, revision)


def restated_by(principal: Principal, workspace_id: str) -> dict[str, list[str]]:
    """For each import of which later ones in force have restated days: the names of those files."""
    require(principal, Action.READ, workspace_id)
    with store.reading() as session:
        return restating.restated_by(session, workspace_id)


def replaced_by(principal: Principal, workspace_id: str) -> dict[str, dict[str, list[str]]]:
    """For each import whose place later ones in force have taken: the names of those files, and in which tables."""
    require(principal, Action.READ, workspace_id)
    with store.reading() as session:
        return renewing.replaced_by(session, workspace_id)


def undo(principal: Principal, workspace_id: str, import_id: str) -> ImportRun:
    """Take an import's rows out of every number. Nothing is deleted: `restore` brings them back."""
    require(principal, Action.UNDO, import_id)
    return switching.switch(principal, workspace_id, import_id, active=False)


def restore(principal: Principal, workspace_id: str, import_id: str) -> ImportRun:
    """Bring an undone import back. Raises Conflict where its rows have been imported again meanwhile."""
    require(principal, Action.UNDO, import_id)
    return switching.switch(principal, workspace_id, import_id, active=True)


def imports(principal: Principal, workspace_id: str) -> list[ImportRun]:
    """Every import of a workspace, the newest first, undone ones included."""
    require(principal, Action.READ, workspace_id)
    with store.reading() as session:
        query = select(ImportRun).where(ImportRun.workspace_id == workspace_id)
        return list(session.exec(query.order_by(col(ImportRun.imported_at).desc(), col(ImportRun.id))))


def refused(principal: Principal, import_id: str) -> pl.DataFrame:
    """The refused cells of an import: part, row, column, value, rule, limit."""
    require(principal, Action.READ, import_id)
    with store.reading() as session:
        query = select(ImportReject).where(ImportReject.import_id == import_id).order_by(col(ImportReject.id))
        rows = session.exec(query).all()
    return pl.DataFrame(
        [(r.part, r.source_row_number, r.column_name, r.raw_value, r.rule, r.limit) for r in rows],
        schema={"part": pl.String, "row": pl.Int64, "column": pl.String, "value": pl.String, "rule": pl.String, "limit": pl.String},
        orient="row",
    )  # fmt: skip


def details_only(principal: Principal, workspace_id: str) -> set[str]:
    """Ids of active imports whose rows are kept as detail because the same spend is counted from another file."""
    require(principal, Action.READ, workspace_id)
    with store.reading() as session:
        query = select(Blob.import_id).where(
            Blob.workspace_id == workspace_id, col(Blob.active).is_(True), col(Blob.counted).is_(False)
        )
        return set(session.exec(query))


def freshness(principal: Principal, workspace_id: str) -> list[Freshness]:
    """For each table with rows: the last day it describes, when it last received rows, and how many it has."""
    require(principal, Action.READ, workspace_id)
    with store.reading() as session:
        revision = workspaces.load(session, workspace_id).revision
    manifest = lake.manifest(workspace_id, revision)
    found: list[Freshness] = []
    for table in TABLES.values():
        blobs = manifest.of(table.name)
        if blobs:
            last = max(blob.ingested_at for blob in blobs)
            found.append(Freshness(table, manifest.last_day(table.name), last, lake.count(blobs, table)))
    return found


def ready_to_read(principal: Principal) -> None:
    """Warm up for a file that is likely to come. Returns at once."""
    require(principal, Action.IMPORT)
    runner.warm()
