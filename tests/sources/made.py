"""Small files in the shapes that platforms export, and reading them in this process (the child's work, without the child)."""

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import xlsxwriter

from marops import lake, store
from marops.sources.report import Job, Mapping, Part, Report
from marops.sources.staging import stage
from marops.tables import ROW, TABLES
from marops.workspaces import store as workspaces

TODAY = date(2026, 6, 1)
OWN = workspaces.OWN


def ads(*rows: tuple[str, str, str], name: str = "Search Brasil", currency: str = "BRL") -> str:
    """A Google Ads campaign report by day: rows of day, clicks, cost."""
    lines = [f"{day},{name},{currency},{clicks},{cost}" for day, clicks, cost in rows]
    return "\n".join(["Day,Campaign,Currency code,Clicks,Cost", *lines]) + "\n"


THREE_DAYS = ads(("2026-05-01", "3", "1.25"), ("2026-05-02", "4", "2.50"), ("2026-05-03", "0", "0"))
"""Three days, 7 clicks, 3.75."""


def put(path: Path, content: str | bytes) -> Path:
    """Write a file and return where it is."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(path: Path, mappings: dict[str, Mapping] | None = None, remembered: dict[str, Mapping] | None = None) -> Report:
    """What the child would report; rows are staged beside the file in `<name>.staged`."""
    folder = path.with_name(path.name + ".staged")
    folder.mkdir(exist_ok=True)
    return stage(
        Job(
            path=str(path), name=path.name, folder=str(folder), mappings=mappings or {}, remembered=remembered or {}, today=TODAY,
        )
    )  # fmt: skip


def only(report: Report) -> Part:
    """The one part of a report that can be read."""
    assert report.failure is None, report.failure
    assert len(report.parts) == 1
    return report.parts[0]


def rows(path: Path, part: Part) -> pl.DataFrame:
    """The staged rows of a part read by `read`."""
    return pl.read_parquet(path.with_name(path.name + ".staged") / part.rows.file)


def text(tmp_path: Path, content: str | bytes, name: str = "file.csv", mapping: Mapping | None = None) -> tuple[Part, pl.DataFrame]:
    """The part of a text file and its staged rows (empty where none are staged)."""
    path = put(tmp_path / name, content)
    part = only(read(path, {"": mapping} if mapping else None))
    return part, rows(path, part) if part.staged else pl.DataFrame()


def counted(table: str, workspace: str = OWN) -> pl.DataFrame:
    """The rows of a table that every number is made of."""
    with store.reading() as session:
        revision = workspaces.load(session, workspace).revision
    return lake.table(lake.manifest(workspace, revision), table).collect()


def canonical_schema(table: str) -> dict[str, pl.DataType]:
    """A table's columns with the row number."""
    return {**TABLES[table].schema, ROW: pl.Int64()}


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    """A moment in UTC."""
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


def workbook(path: Path, sheets: dict[str, str]) -> Path:
    """A spreadsheet of sheets, each given as comma-separated lines; every cell is a text."""
    with xlsxwriter.Workbook(path) as book:
        for name, content in sheets.items():
            sheet = book.add_worksheet(name)
            for row, line in enumerate(content.splitlines()):
                sheet.write_row(row, 0, line.split(","))
    return path
