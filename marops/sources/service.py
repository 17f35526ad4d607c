"""Importing: preview a file, accept or cancel it, undo and restore; what came in, how fresh it is, what was refused.

A preview changes nothing. `accept` takes all of its rows or none: the staged files are made durable in the lake, then
one transaction writes the import, its refused cells, its blobs or state rows, and the workspace's new revision.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import polars as pl
from sqlalchemy import insert, update
from sqlmodel import Session, SQLModel, col, or_, select

from marops import lake, store
from marops.errors import BadFile, Conflict, NotFound
from marops.lake import Blob
from marops.language import joined, ntext, text
from marops.principal import Action, Principal, require
from marops.settings import UPLOAD_LIMIT_MB
from marops.sources import counting, overlaps, previews, restating, runner, server_files, words
from marops.sources.ongoing import Ongoing
from marops.sources.previews import Preview, Source
from marops.sources.progress import Progress
from marops.sources.report import Mapping, Note, Part, Report
from marops.sources.restating import Restated
from marops.sources.store import ColumnMapping, ImportReject, ImportRun, Status, active_import_of
from marops.store import new_id
from marops.tables import TABLES, Kind, Table
from marops.workspaces import store as workspaces


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
    """Begin to read the previewed file again with these mappings by part name. Raises NotFound where it has expired."""
    require(principal, Action.IMPORT, preview.workspace_id)
    folder, known = previews.staged(preview.id)
    return Ongoing(principal, preview.workspace_id, Source(folder, Path(str(known["source"])), preview.file_name, mappings))


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

    With `replacing`, the rows take the place of what `restated` says of them. `also` is done in the same transaction;
    where it takes an import out of the numbers, `without` is that import's id, and its rows are no rows that are already there.

    Raises BadFile where nothing is ready, or rows are refused and `leave_out_refused` is not set; Conflict where the
    file, or rows with the same key, are already there.
    """
    require(principal, Action.IMPORT, preview.workspace_id)
    folder, known = previews.staged(preview.id)
    _check_acceptable(preview, leave_out_refused=leave_out_refused)
    staged = [(part, folder / part.staged.file) for part in preview.ready if part.staged and part.staged.rows]
    with store.reading() as session:
        checked_at = workspaces.load(session, preview.workspace_id).revision
    rests = [rest for part, path in staged if replacing for rest in restating.remainders(preview.workspace_id, part, path)]
    replaced = {rest.blob.id for rest in rests}
    for part, path in staged:
        overlaps.check_part(preview.workspace_id, part, path, without, replaced)
    run = _import_run(principal, preview)
    kept = {part.name: _keep(part, path) for part, path in staged}
    left = [(rest, lake.keep(rest.path), rest.path.stat().st_size) if rest.path else (rest, "", 0) for rest in rests]
    with store.writing() as session:
        workspace = workspaces.lock(session, preview.workspace_id)
        if active_import_of(session, preview.workspace_id, preview.sha256):
            raise _already_imported(preview)
        if workspace.revision != checked_at:  # somebody else's rows came in since
            if replacing:
                raise Conflict(
                    text("Something else was imported meanwhile. Nothing was changed; look again at what would be replaced.")
                )
            for part, path in staged:
                overlaps.check_part(preview.workspace_id, part, path, without)
        session.add(run)
        session.flush()
        if also:
            also(session, run)
        for part, path in staged:
            if TABLES[part.rows.table].kind is Kind.LAKE:
                session.add(_blob(run, part, *kept[part.name]))
            else:
                _insert_state(session, run, part, path)
        for rest, digest, size in left:
            restating.replace(session, run, rest, digest, size)
        session.add_all(_rejects(run, preview.ready))
        _remember_mappings(session, principal, preview, known["mapped_by_hand"])
        restating.settle(session, preview.workspace_id)
        _count_once(session, preview.workspace_id)
        workspace.touch()
        session.add(workspace)
    previews.forget(preview.id)
    return run


def restated(principal: Principal, preview: Preview) -> list[Restated]:
    """What each ready part would replace, where it repeats rows that are there: accept it with `replacing`, or not at all."""
    require(principal, Action.IMPORT, preview.workspace_id)
    folder, _ = previews.staged(preview.id)
    staged = [(part, folder / part.staged.file) for part in preview.ready if part.staged and part.staged.rows]
    found = (restating.restated(preview.workspace_id, part, path) for part, path in staged)
    return [] if preview.repeats else [each for each in found if each]


def replaced(principal: Principal, workspace_id: str) -> dict[str, list[str]]:
    """For each import that lost rows to later ones in force: the names of those files."""
    require(principal, Action.READ, workspace_id)
    with store.reading() as session:
        return restating.replaced_by(session, workspace_id)


def undo(principal: Principal, workspace_id: str, import_id: str) -> ImportRun:
    """Take an import's rows out of every number. Nothing is deleted: `restore` brings them back."""
    require(principal, Action.UNDO, import_id)
    return _switch(principal, workspace_id, import_id, active=False)


def restore(principal: Principal, workspace_id: str, import_id: str) -> ImportRun:
    """Bring an undone import back. Raises Conflict where its rows have been imported again meanwhile."""
    require(principal, Action.UNDO, import_id)
    return _switch(principal, workspace_id, import_id, active=True)


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
            found.append(Freshness(table, manifest.last_day(table.name), last, sum(blob.rows for blob in blobs)))
    return found


def ready_to_read(principal: Principal) -> None:
    """Warm up for a file that is likely to come. Returns at once."""
    require(principal, Action.IMPORT)
    runner.warm()


# Accepting


def _check_acceptable(preview: Preview, *, leave_out_refused: bool) -> None:
    if preview.repeats:
        raise _already_imported(preview)
    rows = sum(part.rows_ready for part in preview.ready)
    if not preview.ready or not rows:
        reasons = [words.note(note) for part in preview.report.parts for note in part.notes]
        reasons += [words.question(question) for part in preview.report.parts for question in part.questions]
        raise BadFile(text("Nothing of {file} can be imported yet. {why}", file=preview.file_name, why=joined(reasons)))
    if preview.rows_refused and not leave_out_refused:
        raise BadFile(
            ntext(
                "{n} row of {file} is refused, so nothing was imported. Mend it, or import the valid rows only.",
                "{n} rows of {file} are refused, so nothing was imported. Mend them, or import the valid rows only.",
                preview.rows_refused,
                file=preview.file_name,
            )
        )


def _already_imported(preview: Preview) -> Conflict:
    return Conflict(
        text(
            "{file} was imported before, byte for byte{when}. Nothing was changed. To load it again, undo that import first.",
            file=preview.file_name,
            when=text(" (as {name} on {moment})", name=preview.repeats.file_name, moment=preview.repeats.imported_at)
            if preview.repeats
            else "",
        )
    )


def _import_run(principal: Principal, preview: Preview) -> ImportRun:
    ready = preview.ready
    kept = preview.report.model_copy(
        update={"parts": [part.model_copy(update={"refused": [], "set_aside": part.set_aside[:50]}) for part in ready]}
    )
    return ImportRun(
        workspace_id=preview.workspace_id,
        file_name=preview.file_name,
        sha256=preview.sha256,
        bytes=preview.bytes,
        rows_read=sum(part.rows_read for part in ready),
        rows_loaded=sum(part.rows_ready for part in ready),
        rows_refused=sum(part.rows_refused for part in ready),
        rows_set_aside=sum(part.set_aside_count for part in ready),
        tables=", ".join(dict.fromkeys(part.rows.table for part in ready)),
        report=kept.model_dump(mode="json"),
        imported_by=principal.name,
    )


def _keep(part: Part, path: Path) -> tuple[str, int]:
    """Make a part's staged file durable. Returns its digest and size; state tables go into the database instead."""
    if TABLES[part.rows.table].kind is Kind.STATE:
        return "", 0
    size = path.stat().st_size
    return lake.keep(path), size


def _blob(run: ImportRun, part: Part, digest: str, size: int) -> Blob:
    staged = part.rows
    return Blob(
        workspace_id=run.workspace_id,
        import_id=run.id,
        table_name=staged.table,
        sha256=digest,
        rows=staged.rows,
        bytes=size,
        grain=staged.grain,
        first_day=staged.first_day,
        last_day=staged.last_day,
        source_relation=f"{run.file_name}{' · ' + part.name if part.name else ''}"[:300],
        source_file_sha256=run.sha256,
        ingested_at=run.imported_at,
    )


def _insert_state(session: Session, run: ImportRun, part: Part, path: Path) -> None:
    rows = pl.read_parquet(path).to_dicts()
    lineage = {"workspace_id": run.workspace_id, "import_id": run.id, "active": True}
    session.exec(insert(SQLModel.metadata.tables[part.rows.table]), params=[{"id": new_id(), **row, **lineage} for row in rows])


def _rejects(run: ImportRun, parts: Sequence[Part]) -> list[ImportReject]:
    return [
        ImportReject(
            import_id=run.id, part=part.name, source_row_number=cell.row, column_name=cell.column, raw_value=cell.value,
            rule=cell.rule, limit=cell.limit,
        )
        for part in parts
        for cell in part.refused
    ]  # fmt: skip


def _remember_mappings(session: Session, principal: Principal, preview: Preview, names: Sequence[str]) -> None:
    for part in preview.ready:
        if part.mapping is None or part.name not in names:
            continue
        query = select(ColumnMapping).where(
            ColumnMapping.workspace_id == preview.workspace_id, ColumnMapping.signature == part.signature
        )
        row = session.exec(query).first() or ColumnMapping(
            workspace_id=preview.workspace_id, signature=part.signature, mapping={}, chosen_by=""
        )
        row.mapping, row.chosen_by, row.chosen_at = part.mapping.model_dump(), principal.name, store.now()
        session.add(row)


# Undo and restore


def _run(session: Session, workspace_id: str, import_id: str) -> ImportRun:
    run = session.get(ImportRun, import_id)
    if run is None or run.workspace_id != workspace_id:
        raise NotFound(text("There is no import {id} in this workspace.", id=import_id[:8]))
    return run


def _switch(principal: Principal, workspace_id: str, import_id: str, *, active: bool) -> ImportRun:
    with store.writing() as session:
        workspace = workspaces.lock(session, workspace_id)
        run = _run(session, workspace_id, import_id)
        if active and run.status == Status.UNDONE:
            _check_restorable(session, run)
        if not active:
            _check_undoable(session, run)
        run.status = Status.ACTIVE if active else Status.UNDONE
        run.undone_by, run.undone_at = (None, None) if active else (principal.name, store.now())
        session.add(run)
        for table in TABLES.values():
            if table.kind is Kind.STATE:
                sql = SQLModel.metadata.tables[table.name]
                session.exec(update(sql).where(sql.c.import_id == import_id).values(active=active))
        restating.settle(session, workspace_id)
        _count_once(session, workspace_id)
        workspace.touch()
        session.add(workspace)
        session.flush()
        session.refresh(run)
    return run


def _check_restorable(session: Session, run: ImportRun) -> None:
    if other := active_import_of(session, run.workspace_id, run.sha256):
        raise Conflict(
            text("{file} was imported again on {day}; its rows are already counted.", file=run.file_name, day=other.imported_at)
        )
    for table in TABLES.values():
        if table.kind is Kind.STATE and (keys := overlaps.state_keys(session, table, run.id)).height:
            overlaps.check_state_keys(run.workspace_id, table, keys)
    query = select(Blob).where(or_(Blob.import_id == run.id, Blob.left_by == run.id))
    _check_blobs(session, run, session.exec(query).all(), Status.ACTIVE)


def _check_undoable(session: Session, run: ImportRun) -> None:
    """Raise Conflict where rows that this import replaced, and that would count again, have come from elsewhere meanwhile."""
    _check_blobs(session, run, session.exec(select(Blob).where(Blob.replaced_by == run.id)).all(), Status.UNDONE)


def _check_blobs(session: Session, run: ImportRun, blobs: Sequence[Blob], becomes: Status) -> None:
    """Raise Conflict where those of these blobs that count once the import's status is this have rows that are there."""
    status = {**restating.statuses(session, run.workspace_id), run.id: becomes}
    for blob in blobs:
        if restating.is_active(blob, status):
            table = TABLES[blob.table_name]
            overlaps.check_keys(run.workspace_id, table, lake.scan([blob], table), blob.first_day, blob.last_day, run.id)


def _count_once(session: Session, workspace_id: str) -> None:
    query = select(Blob).where(Blob.workspace_id == workspace_id, Blob.table_name == "ad_performance", col(Blob.active).is_(True))
    blobs = list(session.exec(query))
    counting.count_once(blobs)
    session.add_all(blobs)
