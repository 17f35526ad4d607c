"""Real `marops import` processes killed with SIGKILL at seeded moments, and what is there afterwards.

Half of the moments are spread over the whole run; the other half lie where the rows are being taken. After each kill the
installation must be in order, the file entirely in or entirely out, in where the command had said so, and it can be
imported again.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import psutil
import pytest
import xlsxwriter
from sqlmodel import SQLModel, func, select

from bench import report
from marops import bootstrap, health, lake, settings, store
from marops.errors import Conflict
from marops.lake import Blob
from marops.principal import LOCAL_ADMIN
from marops.sources import runner, service
from marops.sources.store import ImportReject, ImportRun
from marops.tables import TABLES
from marops.workspaces.store import OWN

COUNT, SEED = 50, 7
_ROOT = Path(__file__).parents[1]
_ROWS = 2_000
_HEADERS = ("Day", "Campaign", "Currency code", "Clicks", "Cost")
_SAID = " into "
_STALE_SECONDS = 2 * 24 * 3600


@dataclass(frozen=True, slots=True)
class File:
    """A file to import and all that must be there afterwards."""

    path: Path
    rows: int
    refused: int
    blobs: int
    spend: Decimal


@dataclass
class Found:
    """What came of the kills."""

    outcomes: Counter[str] = field(default_factory=Counter[str])
    partial: list[str] = field(default_factory=list[str])
    lost: list[str] = field(default_factory=list[str])
    staged: int = 0


def run(count: int = 0, seed: int | None = None) -> None:
    """Kill and print."""
    started = time.perf_counter()
    with installation():
        found = kill(count or COUNT, SEED if seed is None else seed)
    print(f"\n{found.outcomes.total()} x kill -9 during an import, in {time.perf_counter() - started:.0f} s")
    report.table(
        ("killed while; afterwards the import is", "times"), [(what, str(n)) for what, n in sorted(found.outcomes.items())]
    )
    for what, lines in (("partial", found.partial), ("acknowledged lost", found.lost)):
        print(f"{what}: {len(lines)}{'  NOT MET' if lines else ''}", *lines, sep="\n  ")
    print(f"folders left in staging, all swept a day later: {found.staged}")


@contextmanager
def installation() -> Iterator[None]:
    """A fresh one, in MAROPS_HOME."""
    with tempfile.TemporaryDirectory() as home, pytest.MonkeyPatch.context() as patch:
        patch.setenv("MAROPS_HOME", home)
        bootstrap.prepare()
        yield


def kill(count: int, seed: int) -> Found:
    """Start and kill as many imports into the installation at MAROPS_HOME, looking at it after each."""
    chance = random.Random(seed)  # noqa: S311  (moments)
    found = Found()
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        _start(_file(Path(folder), 0)).communicate()
        seconds = time.perf_counter() - started
        for number in range(1, count + 1):
            file = _file(Path(folder), number)
            runner.warm()
            # Spread evenly, so that no stretch of the run is missed by chance.
            after = (number + chance.random()) / (count + 1) * seconds if number % 2 else None
            said, where = _killed(file, after, chance.uniform(0, 0.06))
            found.outcomes[_look(found, file, where, said=said)] += 1
            _import_again(found, file)
        found.staged = len(list(settings.current().staging.iterdir()))
        _sweep(found, _file(Path(folder), count + 1))
    return found


def _start(file: File) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "marops", "import", "--valid-rows", str(file.path)]
    return subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _killed(file: File, after: float | None, delay: float) -> tuple[bool, str]:
    """Import the file and kill it: so many seconds after its start, or a moment after rows begin to enter the lake or
    the database. Returns whether the command had said that the file is in, and where it was.
    """
    before = set(settings.current().lake.iterdir())
    process = _start(file)
    if after is None:
        _wait_for_taking(process, before)
        time.sleep(delay)
    else:
        time.sleep(after)
    try:
        readers = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        readers = []
    at = "before anything was in the lake" if set(settings.current().lake.iterdir()) == before else "with rows in the lake"
    process.kill()
    out, _ = process.communicate()
    deadline = time.monotonic() + 20
    while any(map(_is_alive, readers)):
        assert time.monotonic() < deadline, "the reader outlives the import it read for"
        time.sleep(0.02)
    return _SAID in out, at if process.returncode == -signal.SIGKILL else "finished before"


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _wait_for_taking(process: "subprocess.Popen[str]", before: set[Path]) -> None:
    found = settings.current()
    journal = found.home / "marops.db-journal"
    while process.poll() is None:
        if set(found.lake.iterdir()) != before:
            return
        if journal.exists() and any(found.staging.glob("*/known.json")):
            return
        time.sleep(0.0005)


def _look(found: Found, file: File, where: str, *, said: bool) -> str:
    """Whether the installation is in order and the import in or out; anything between is noted."""
    what = f"{file.path.name}, {where}"
    store.engine().dispose()  # a new connection rolls back what the killed process had begun
    found.partial += [
        f"{what}: {check.name} {check.found}" for check in health.checks(LOCAL_ADMIN) if not check.ok and str(check.name) != "disk"
    ]
    present = [run for run in service.imports(LOCAL_ADMIN, OWN) if run.file_name == file.path.name]
    if present:
        found.partial += [f"{what}: {problem}" for problem in _differences(present[0], file)]
    elif said:
        found.lost.append(what)
    found.partial += [f"{what}: {rows} rows of {table} belong to no import" for table, rows in _strays() if rows]
    return f"{where}; {'in' if present else 'out'}{', and said so' if said else ''}"


def _differences(run: ImportRun, file: File) -> Iterator[str]:
    with store.reading() as session:
        blobs = session.exec(select(Blob).where(Blob.import_id == run.id)).all()
        rejects = session.exec(select(func.count()).where(ImportReject.import_id == run.id)).one()
        targets = SQLModel.metadata.tables["target"]
        state = session.connection().execute(select(func.count()).where(targets.c.import_id == run.id)).scalar_one()
    lake_rows = sum(blob.rows for blob in blobs)
    spend = Decimal(0)
    if blobs:
        spend = Decimal(str(lake.scan(blobs, TABLES["ad_performance"]).collect()["spend"].sum()))
    for name, there, expected in (
        ("rows said", run.rows_loaded, file.rows), ("rows kept", lake_rows + state, file.rows), ("refused", rejects, file.refused),
        ("blobs", len(blobs), file.blobs), ("spend", spend, file.spend),
    ):  # fmt: skip
        if there != expected:
            yield f"{name}: {there} instead of {expected}"


def _strays() -> Iterator[tuple[str, int]]:
    """For each table that imports write, how many rows refer to an import that is not there."""
    with store.reading() as session:
        known = set(session.exec(select(ImportRun.id)))
        for name in ("blob", "import_reject", "target"):
            column = SQLModel.metadata.tables[name].c.import_id
            yield name, sum(owner not in known for owner in session.connection().execute(select(column)).scalars())


def _import_again(found: Found, file: File) -> None:
    preview = service.preview_file(LOCAL_ADMIN, OWN, file.path)
    try:
        run = service.accept(LOCAL_ADMIN, preview, leave_out_refused=True)
    except Conflict as there:
        service.cancel(LOCAL_ADMIN, preview)
        if "was imported before, byte for byte" not in str(there):
            found.partial.append(f"{file.path.name}: cannot be imported again: {there}")
        return
    found.partial += [f"{file.path.name}, again: {problem}" for problem in _differences(run, file)]


def _sweep(found: Found, file: File) -> None:
    """Two days later another import removes what the killed ones have left."""
    places = settings.current()
    for left in (*places.staging.iterdir(), *places.lake.glob("*.partial")):
        long_ago = left.stat().st_mtime - _STALE_SECONDS
        os.utime(left, (long_ago, long_ago))
    _import_again(found, file)
    left = [path.name for path in (*places.staging.iterdir(), *places.lake.glob("*.partial"))]
    found.partial += [f"never swept: {name}" for name in left]


# Files


def _file(folder: Path, number: int) -> File:
    """A file of its own for each kill, in turns a report with refused rows, a workbook of two sheets, and targets."""
    match number % 3:
        case 0:
            return _targets(folder / f"targets-{number}.csv", number)
        case 1:
            return _report(folder / f"ads-{number}.csv", number)
        case _:
            return _book(folder / f"book-{number}.xlsx", number)


def _ads(campaign: str, rows: int) -> list[tuple[str, ...]]:
    return [
        (f"2026-{1 + i % 12:02}-{1 + i % 28:02}", f"{campaign} {i // 28}", "EUR", str(i % 7), f"{i % 9}.25") for i in range(rows)
    ]


def _spend(rows: Sequence[tuple[str, ...]]) -> Decimal:
    return sum((Decimal(row[4]) for row in rows), Decimal(0))


def _report(path: Path, number: int) -> File:
    rows = _ads(f"Report {number}", _ROWS)
    bad = [("2026-05-01", f"Bad {i}", "EUR", "many", "1") for i in range(3)]
    path.write_text("\n".join(",".join(row) for row in (_HEADERS, *rows, *bad)) + "\n")
    return File(path, len(rows), len(bad), 1, _spend(rows))


def _book(path: Path, number: int) -> File:
    sheets = [_ads(f"Sheet {number} {side}", _ROWS // 2) for side in "AB"]
    with xlsxwriter.Workbook(path) as book:
        for side, rows in zip("AB", sheets, strict=True):
            sheet = book.add_worksheet(side)
            sheet.write_row(0, 0, _HEADERS)
            for index, (day, campaign, currency, clicks, cost) in enumerate(rows, 1):
                sheet.write_row(index, 0, [day, campaign, currency, int(clicks), float(cost)])
    return File(path, sum(map(len, sheets)), 0, 2, sum(map(_spend, sheets), Decimal(0)))


def _targets(path: Path, number: int) -> File:
    days = [f"{1900 + number}-{1 + i % 12:02}-{1 + i // 12:02}" for i in range(300)]
    path.write_text("KPI,Valid from,Type,Value\n" + "".join(f"M2,{day},at most,{i}\n" for i, day in enumerate(days)))
    return File(path, len(days), 0, 0, Decimal(0))
