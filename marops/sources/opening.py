"""A file's sheets or text as tables below their header rows: where the encoding, the sections and the sheets are decided."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from marops.sources import objects, outlining, reading, sections, typed, xes
from marops.sources.cells import ASIDE
from marops.sources.guard import FileKind, Unreadable
from marops.sources.reading import RawTable
from marops.sources.recognising import header_row
from marops.sources.report import Job, Note, Question, Report
from marops.sources.sections import Section


def tables(path: Path, kind: FileKind, job: Job, report: Report) -> Iterator[RawTable]:
    """Each sheet or text table of a file with its header row, as text. Raises Unreadable; a sheet without one is a note."""
    match kind:
        case FileKind.TEXT:
            file = reading.open_text(path, job.name)
            report.encoding, report.delimiter = file.encoding, file.dialect.delimiter
            _tell_encoding(report, certain=file.certain)
            if pieces := sections.of_file(file, Path(job.folder)):
                yield from _sections(pieces, job, report)
                return
            header = header_row(file.head)
            if header is None:
                first = next((record for record in file.head if any(record)), None)
                if first is None:
                    raise Unreadable("no_table", name=job.name)
                raise Unreadable("no_header", name=job.name, first=" | ".join(first)[:120])
            yield reading.read_text(file, header, Path(job.folder))
        case FileKind.XLSX:
            for sheet, head, sheet_cells in typed.read_xlsx(path, job.name):
                header = header_row(head)
                if header is None:
                    report.notes.append(Note(code="sheet_without_table", values={"sheet": sheet}))
                    continue
                yield typed.table_of_sheet(sheet, head, sheet_cells, header)
        case FileKind.PARQUET:
            yield typed.read_parquet(path, job.name)
        case FileKind.XES:
            yield xes.read_xes(path, job.name, report.notes)
        case FileKind.JSON:
            file = objects.read_json(path, job.name, Path(job.folder))
            report.encoding = file.encoding
            _tell_encoding(report, certain=file.certain)
            report.notes.extend(file.notes)
            yield from file.tables


def _tell_encoding(report: Report, *, certain: bool) -> None:
    if not certain:
        report.notes.append(Note(code="encoding_guessed", values={"encoding": report.encoding}))


def _sections(pieces: Sequence[Section], job: Job, report: Report) -> Iterator[RawTable]:
    """The tables of a file that holds several reports."""
    names: list[str] = []
    for number, piece in enumerate(pieces, 1):
        file = reading.open_text(piece.path, job.name)
        header = header_row(file.head)
        if header is None:
            report.notes.append(Note(code="report_without_table", values={"number": number}))
            continue
        raw = piece.placed(reading.read_text(file, header, Path(job.folder)), names)
        names.append(raw.name)
        yield raw


def outlined(raw: RawTable) -> list[tuple[RawTable, list[Question]]]:
    """The tables of a sheet or file in memory, each row with the reason it is no data under `ASIDE`, and what is to be asked."""
    return [
        (
            replace(table.raw, doubt=None, is_small=True, frame=table.rows.with_columns(table.why.alias(ASIDE)).lazy()),
            # How cells are read is decided, and asked, once it is known what their columns are.
            [asked for asked in table.questions if asked.code == "subtotals"],
        )
        for table in outlining.outline(raw)
    ]
