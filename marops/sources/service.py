"""Importing: preview a file, accept or cancel it, undo and restore; what came in, how fresh it is, what was refused.

A preview changes nothing. `accept` takes all of its rows or none: the staged files are made durable in the lake, then
one transaction writes the import, its refused cells, its blobs or state rows, and the workspace's new revision.
"""

import json
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import insert, update
from sqlalchemy import select as sql_select
from sqlmodel import Session, SQLModel, col, select

from marops import lake, settings, store
from marops.errors import BadFile, Conflict, NotFound
from marops.lake import Blob
from marops.language import joined, ntext, text
from marops.principal import Action, Principal, require
from marops.settings import UPLOAD_LIMIT_MB
from marops.sources import counting, runner, words
from marops.sources.child import REPORT
from marops.sources.report import Job, Mapping, Note, Part, Report
from marops.sources.store import ColumnMapping, ImportReject, ImportRun, Status
from marops.store import new_id
from marops.tables import TABLES, Kind, Table
from marops.workspaces import store as workspaces

_STALE_STAGING_HOURS = 24
_KNOWN = "known.json"


@dataclass(frozen=True, slots=True)
class Preview:
    """A file that has been read but not taken. `repeats` is the import that took the same bytes before, if any."""

    id: str
    workspace_id: str
    file_name: str
    sha256: str
    bytes: int
    report: Report
    repeats: ImportRun | None

    @property
    def ready(self) -> list[Part]:
        """Parts whose rows can be taken as they are."""
        return [part for part in self.report.parts if part.is_ready]

    @property
    def rows_refused(self) -> int:
        """Rows of the ready parts that would be left out."""
        return sum(part.rows_refused for part in self.ready)


@dataclass(frozen=True, slots=True)
class Freshness:
    """The last day a table has facts about, and when it last received any."""

    table: Table
    last_day: date | None
    imported_at: datetime
    rows: int


def preview_upload(principal: Principal, workspace_id: str, name: str, content: bytes) -> Preview:
    """Read an uploaded file. Raises BadFile where it cannot be read, or is larger than uploads may be."""
    require(principal, Action.IMPORT, workspace_id)
    _check_there(workspace_id)
    if len(content) > UPLOAD_LIMIT_MB << 20:
        size = -(-len(content) >> 20)
        raise BadFile(words.note(Note(code="too_large", values={"name": name, "size": size, "limit": UPLOAD_LIMIT_MB})))
    folder = _new_folder()
    source = folder / "source"
    source.write_bytes(content)
    return _one(_preview(principal, workspace_id, [_Source(folder, source, Path(name).name)]))


def preview_file(principal: Principal, workspace_id: str, path: Path, mappings: dict[str, Mapping] | None = None) -> Preview:
    """Read a file of the server, where it lies. Raises BadFile."""
    require(principal, Action.IMPORT, workspace_id)
    _check_there(workspace_id, path)
    return _one(_preview(principal, workspace_id, [_source(path, mappings or {})]))


def preview_files(principal: Principal, workspace_id: str, paths: Sequence[Path]) -> list[Preview | BadFile]:
    """Read several files of the server in one go; a file that cannot be read is its BadFile."""
    require(principal, Action.IMPORT, workspace_id)
    _check_there(workspace_id, *paths)
    return _preview(principal, workspace_id, [_source(path, {}) for path in paths])


def remap(principal: Principal, preview: Preview, mappings: dict[str, Mapping]) -> Preview:
    """Read the previewed file again with these mappings by part name. Raises NotFound where the preview has expired."""
    require(principal, Action.IMPORT, preview.workspace_id)
    folder, known = _staged(preview.id)
    source = _Source(folder, Path(str(known["source"])), preview.file_name, mappings)
    return _one(_preview(principal, preview.workspace_id, [source]))


def load_preview(principal: Principal, preview_id: str) -> Preview:
    """A preview made earlier. Raises NotFound where it was accepted, cancelled or has expired."""
    require(principal, Action.IMPORT, preview_id)
    folder, known = _staged(preview_id)
    report = Report.model_validate_json((folder / REPORT).read_text(encoding="utf-8"))
    with store.reading() as session:
        repeats = _active_import_of(session, known["workspace_id"], known["sha256"])
    return Preview(preview_id, known["workspace_id"], known["file_name"], known["sha256"], known["bytes"], report, repeats)


def cancel(principal: Principal, preview: Preview) -> None:
    """Forget a preview and everything staged for it."""
    require(principal, Action.IMPORT, preview.workspace_id)
    shutil.rmtree(settings.current().staging / preview.id, ignore_errors=True)


def accept(principal: Principal, preview: Preview, *, leave_out_refused: bool = False) -> ImportRun:
    """Take the rows of every ready part, or none.

    Raises BadFile where nothing is ready, or rows are refused and `leave_out_refused` is not set; Conflict where the
    file, or rows with the same key, are already there.
    """
    require(principal, Action.IMPORT, preview.workspace_id)
    folder, known = _staged(preview.id)
    _check_acceptable(preview, leave_out_refused=leave_out_refused)
    staged = [(part, folder / part.staged.file) for part in preview.ready if part.staged and part.staged.rows]
    with store.reading() as session:
        checked_at = workspaces.load(session, preview.workspace_id).revision
    for part, path in staged:
        _check_no_overlap(preview.workspace_id, part, path)
    run = _import_run(principal, preview)
    kept = {part.name: _keep(part, path) for part, path in staged}
    with store.writing() as session:
        workspace = workspaces.lock(session, preview.workspace_id)
        if _active_import_of(session, preview.workspace_id, preview.sha256):
            raise _already_imported(preview)
        if workspace.revision != checked_at:  # somebody else's rows came in since
            for part, path in staged:
                _check_no_overlap(preview.workspace_id, part, path)
        session.add(run)
        session.flush()
        for part, path in staged:
            if TABLES[part.rows.table].kind is Kind.LAKE:
                session.add(_blob(run, part, *kept[part.name]))
            else:
                _insert_state(session, run, part, path)
        session.add_all(_rejects(run, preview.ready))
        _remember_mappings(session, principal, preview, known["mapped_by_hand"])
        session.flush()
        _count_once(session, preview.workspace_id)
        workspace.touch()
        session.add(workspace)
    shutil.rmtree(folder, ignore_errors=True)
    return run


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


# Reading


@dataclass(frozen=True, slots=True)
class _Source:
    folder: Path
    path: Path
    name: str
    mappings: dict[str, Mapping] = field(default_factory=dict[str, Mapping])


def _check_there(workspace_id: str, *paths: Path) -> None:
    with store.reading() as session:
        workspaces.load(session, workspace_id)
    for path in paths:
        if not path.is_file():
            raise NotFound(text("There is no file {path}. Check the name, or give the full path.", path=str(path)))


def _source(path: Path, mappings: dict[str, Mapping]) -> _Source:
    return _Source(_new_folder(), path.absolute(), path.name, mappings)


def _new_folder() -> Path:
    staging = settings.current().staging
    staging.mkdir(mode=0o700, parents=True, exist_ok=True)
    _sweep(staging)
    folder = staging / new_id()
    folder.mkdir(mode=0o700)
    return folder


def _sweep(staging: Path) -> None:
    """Remove previews nobody decided on."""
    oldest = datetime.now(UTC).timestamp() - _STALE_STAGING_HOURS * 3600
    for folder in staging.iterdir():
        if folder.is_dir() and folder.stat().st_mtime < oldest:
            shutil.rmtree(folder, ignore_errors=True)


def _preview(principal: Principal, workspace_id: str, sources: Sequence[_Source]) -> list[Preview | BadFile]:
    with store.reading() as session:
        remembered = {
            row.signature: Mapping.model_validate(row.mapping)
            for row in session.exec(select(ColumnMapping).where(ColumnMapping.workspace_id == workspace_id))
        }
    jobs = [
        Job(
            path=str(source.path), name=source.name, folder=str(source.folder), mappings=source.mappings,
            remembered=remembered, today=datetime.now(UTC).date(),
        )
        for source in sources
    ]  # fmt: skip
    with ThreadPoolExecutor(1) as beside:
        digests = beside.map(lake.sha256_of, [source.path for source in sources])
        reports = runner.read(jobs)
    return [
        _previewed(principal, workspace_id, source, digest, report)
        for source, digest, report in zip(sources, digests, reports, strict=True)
    ]


def _previewed(principal: Principal, workspace_id: str, source: _Source, digest: str, report: Report) -> Preview | BadFile:
    if report.failure:
        shutil.rmtree(source.folder, ignore_errors=True)
        return BadFile(words.note(report.failure))
    known = {
        "workspace_id": workspace_id, "file_name": source.name, "sha256": digest, "bytes": source.path.stat().st_size,
        "source": str(source.path), "mapped_by_hand": sorted(source.mappings), "by": principal.id,
    }  # fmt: skip
    (source.folder / _KNOWN).write_text(json.dumps(known), encoding="utf-8")
    return load_preview(principal, source.folder.name)


def _one(found: list[Preview | BadFile]) -> Preview:
    if isinstance(found[0], BadFile):
        raise found[0]
    return found[0]


def _staged(preview_id: str) -> tuple[Path, dict[str, Any]]:
    folder = settings.current().staging / preview_id
    if not preview_id.isalnum() or not (folder / _KNOWN).is_file():
        raise NotFound(text("This preview is gone: it was decided on already, or is older than a day. Choose the file again."))
    return folder, json.loads((folder / _KNOWN).read_text(encoding="utf-8"))


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


def _active_import_of(session: Session, workspace_id: str, sha256: str) -> ImportRun | None:
    query = select(ImportRun).where(
        ImportRun.workspace_id == workspace_id, ImportRun.sha256 == sha256, ImportRun.status == Status.ACTIVE
    )
    return session.exec(query).first()


def _check_no_overlap(workspace_id: str, part: Part, path: Path) -> None:
    staged = part.rows
    table = TABLES[staged.table]
    if table.kind is Kind.STATE:
        _check_state_keys_free(workspace_id, table, pl.read_parquet(path))
    else:
        _check_keys_free(workspace_id, table, pl.scan_parquet(path), staged.first_day, staged.last_day)


def _check_keys_free(workspace_id: str, table: Table, rows: pl.LazyFrame, first: date | None, last: date | None) -> None:
    """Raise Conflict where active rows of the table have the key of one of these rows."""
    with store.reading() as session:
        query = select(Blob).where(Blob.workspace_id == workspace_id, Blob.table_name == table.name, col(Blob.active).is_(True))
        blobs = [blob for blob in session.exec(query) if _may_overlap(blob, first, last)]
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


def _check_state_keys_free(workspace_id: str, table: Table, rows: pl.DataFrame) -> None:
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


def _state_keys(session: Session, table: Table, import_id: str) -> pl.DataFrame:
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
        run.status = Status.ACTIVE if active else Status.UNDONE
        run.undone_by, run.undone_at = (None, None) if active else (principal.name, store.now())
        session.add(run)
        session.exec(update(Blob).where(col(Blob.import_id) == import_id).values(active=active))
        for table in TABLES.values():
            if table.kind is Kind.STATE:
                sql = SQLModel.metadata.tables[table.name]
                session.exec(update(sql).where(sql.c.import_id == import_id).values(active=active))
        session.flush()
        session.expire_all()
        _count_once(session, workspace_id)
        workspace.touch()
        session.add(workspace)
        session.flush()
        session.refresh(run)
    return run


def _check_restorable(session: Session, run: ImportRun) -> None:
    if other := _active_import_of(session, run.workspace_id, run.sha256):
        raise Conflict(
            text("{file} was imported again on {day}; its rows are already counted.", file=run.file_name, day=other.imported_at)
        )
    for table in TABLES.values():
        if table.kind is Kind.STATE and (keys := _state_keys(session, table, run.id)).height:
            _check_state_keys_free(run.workspace_id, table, keys)
    for blob in session.exec(select(Blob).where(Blob.import_id == run.id)).all():
        table = TABLES[blob.table_name]
        _check_keys_free(run.workspace_id, table, lake.scan([blob], table), blob.first_day, blob.last_day)


def _count_once(session: Session, workspace_id: str) -> None:
    query = select(Blob).where(Blob.workspace_id == workspace_id, Blob.table_name == "ad_performance", col(Blob.active).is_(True))
    blobs = list(session.exec(query))
    counting.count_once(blobs)
    session.add_all(blobs)
