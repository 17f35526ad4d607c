"""Taking a preview's rows: made durable in the lake first, then one transaction for all that an import writes."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
from sqlalchemy import insert
from sqlmodel import Session, SQLModel, col, select

from marops import lake, store
from marops.errors import BadFile, Conflict
from marops.lake import Blob
from marops.language import ntext, text
from marops.principal import Principal
from marops.sources import counting, overlaps, previews, remembering, renewing, restating, words
from marops.sources.previews import Preview
from marops.sources.renewing import Renewal
from marops.sources.report import Note, Part
from marops.sources.store import ImportReject, ImportRun, active_import_of
from marops.store import new_id
from marops.tables import TABLES, Kind, refused_of
from marops.workspaces import store as workspaces


def accept(
    principal: Principal,
    preview: Preview,
    *,
    leave_out_refused: bool,
    replacing: bool,
    without: str,
    also: Callable[[Session, ImportRun], None] | None,
) -> ImportRun:
    """See `service.accept`, which asks for the role."""
    _, known = previews.staged(preview.id)
    _check_acceptable(preview, leave_out_refused=leave_out_refused)
    parts = staged(preview)
    overlaps.check_among(parts)
    with store.reading() as session:
        checked_at = workspaces.load(session, preview.workspace_id).revision
        renewal = renewed(session, preview) if replacing else Renewal()
        _check_parts(session, preview, parts, renewal, replacing=replacing, without=without)
    run = _import_run(principal, preview)
    kept = {part.name: _keep(part, path) for part, path in parts}
    refused = [_refused_blob(run, part, path) for part, path in kept_out(preview)]
    with store.writing() as session:
        workspace = workspaces.lock(session, preview.workspace_id)
        if active_import_of(session, preview.workspace_id, preview.sha256):
            raise _already_imported(preview)
        if workspace.revision != checked_at:  # somebody else's rows came in since
            if replacing:
                raise Conflict(
                    text("Something else was imported meanwhile. Nothing was changed; look again at what would be replaced.")
                )
            _check_parts(session, preview, parts, renewal, replacing=replacing, without=without)
        before = counting.claims(overlaps.active_blobs(session, preview.workspace_id))
        run.imported_at = _after_all(session, preview.workspace_id)
        session.add(run)
        session.flush()
        if also:
            also(session, run)
        for part, path in parts:
            if TABLES[part.rows.table].kind is Kind.LAKE:
                session.add(_blob(run, part, *kept[part.name]))
            else:
                _insert_state(session, run, part, path)
        if replacing:
            session.add_all(restating.restatements(run, parts))
            session.add_all(renewing.replacements(session, run, renewal))
        for blob in refused:
            blob.ingested_at = run.imported_at
        session.add_all([*refused, *_rejects(run, preview.ready)])
        by_hand = [part for part in preview.ready if part.name in known["mapped_by_hand"]]
        remembering.remember(session, principal, preview.workspace_id, by_hand)
        restating.settle(session, preview.workspace_id)
        counting.settle(session, preview.workspace_id, before)
        workspace.touch()
        session.add(workspace)
    previews.forget(preview.id)
    return run


def staged(preview: Preview) -> list[tuple[Part, Path]]:
    """The parts with rows to be taken, and where these are staged."""
    folder, _ = previews.staged(preview.id)
    return [(part, folder / part.staged.file) for part in preview.ready if part.staged and part.staged.rows]


def kept_out(preview: Preview) -> list[tuple[Part, Path]]:
    """The parts with refused rows of which somebody asks whose they are, and where these are staged."""
    folder, _ = previews.staged(preview.id)
    return [(part, folder / part.rows.kept_out) for part in preview.ready if part.rows.kept_out and refused_of(part.rows.table)]


def renewed(session: Session, preview: Preview) -> Renewal:
    """The earlier imports whose place a preview's parts take, or why they cannot."""
    return renewing.renewal(session, staged(preview), kept_out(preview), overlaps.active_blobs(session, preview.workspace_id))


def _check_parts(
    session: Session, preview: Preview, parts: Sequence[tuple[Part, Path]], renewal: Renewal, *, replacing: bool, without: str
) -> None:
    if renewal.hindered:
        raise Conflict(renewal.hindered)
    blobs = renewal.without(overlaps.active_blobs(session, preview.workspace_id, without))
    if replacing:
        blobs = restating.without(blobs, parts)
    for part, path in parts:
        overlaps.check_part(session, preview.workspace_id, part, path, blobs, is_feed=bool(without))
    if not without:  # what comes with a feed's new rows is only known when they are taken
        there = counting.claims(overlaps.active_blobs(session, preview.workspace_id))
        counting.check(there, counting.claims(blobs, parts, preview.file_name))


def _check_acceptable(preview: Preview, *, leave_out_refused: bool) -> None:
    if preview.repeats:
        raise _already_imported(preview)
    rows = sum(part.rows_ready for part in preview.ready)
    if not preview.ready or not rows:
        reasons = [words.note(note) for part in preview.parts for note in part.notes]
        reasons += [words.question(question) for part in preview.parts for question in part.questions]
        reasons = reasons or [ntext("{n} row is refused.", "{n} rows are refused.", preview.rows_refused)]
        raise BadFile(text("Nothing of {file} can be imported yet. {why}", file=preview.file_name, why=words.sentences(reasons)))
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
    left_out = [Note(code="left_out", values={"names": ", ".join(sorted(preview.left_out))})] if preview.left_out else []
    kept = preview.report.model_copy(
        update={
            "notes": preview.report.notes + left_out,
            "parts": [_without_cells(part) for part in ready],
        }
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


def _after_all(session: Session, workspace_id: str) -> datetime:
    """Now, but later than every import there is: what restates what follows from their order, whatever the clock does."""
    query = select(ImportRun.imported_at).where(ImportRun.workspace_id == workspace_id)
    latest = session.exec(query.order_by(col(ImportRun.imported_at).desc()).limit(1)).first()
    return max(store.now(), latest + timedelta(milliseconds=1)) if latest else store.now()


def _without_cells(part: Part) -> Part:
    """A part as it is kept for good: what was found, without the cells that were shown of it, which may name people."""
    columns = [column.model_copy(update={"samples": []}) for column in part.columns]
    return part.model_copy(update={"refused": [], "first_rows": [], "columns": columns, "set_aside": part.set_aside[:50]})


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


def _refused_blob(run: ImportRun, part: Part, path: Path) -> Blob:
    """Which rows were refused, and whose they are: in force as long as those that were taken, and as complete."""
    rows, size = pl.scan_parquet(path).select(pl.len()).collect().item(), path.stat().st_size
    blob = _blob(run, part, lake.keep(path), size)
    blob.table_name, blob.grain = str(refused_of(part.rows.table)), ""
    blob.rows, blob.first_day, blob.last_day = rows, None, None
    return blob


def _insert_state(session: Session, run: ImportRun, part: Part, path: Path) -> None:
    rows = pl.read_parquet(path).to_dicts()
    table = SQLModel.metadata.tables[part.rows.table]
    lineage: dict[str, object] = {"workspace_id": run.workspace_id, "import_id": run.id, "active": True}
    if "set_at" in table.c:
        lineage["set_at"] = run.imported_at
    session.exec(insert(table), params=[{"id": new_id(), **row, **lineage} for row in rows])


def _rejects(run: ImportRun, parts: Sequence[Part]) -> list[ImportReject]:
    return [
        ImportReject(
            import_id=run.id, part=part.name, source_row_number=cell.row, column_name=cell.column, raw_value=cell.value,
            rule=cell.rule, limit=cell.limit,
        )
        for part in parts
        for cell in part.refused
    ]  # fmt: skip
