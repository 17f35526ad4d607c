"""Files that have been read but not decided on: each has a folder with its staged rows, its report and what is known of it."""

import json
import shutil
import stat
from collections.abc import Collection, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from marops import lake, settings, store
from marops.errors import BadFile, NotFound
from marops.language import joined, text
from marops.principal import Principal
from marops.sources import accounts, remembering, runner, words
from marops.sources.child import REPORT
from marops.sources.report import Job, Mapping, Part, Report
from marops.sources.store import ImportRun, active_import_of
from marops.store import new_id
from marops.workspaces import store as workspaces

_STALE_HOURS = 24
_KNOWN = "known.json"
_LONGEST_NAME = 300
"""Characters of a name that a sentence repeats."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A file that has been read but not taken. `repeats` is the import that took the same bytes before, if any. `reading`
    tells one reading of the file from another with other mappings. `left_out`: names of tables that somebody leaves out.
    """

    id: str
    workspace_id: str
    file_name: str
    sha256: str
    bytes: int
    report: Report
    repeats: ImportRun | None
    reading: str
    left_out: frozenset[str] = frozenset()

    @property
    def parts(self) -> list[Part]:
        """The tables of the file that nobody has left out."""
        return [part for part in self.report.parts if part.name not in self.left_out]

    @property
    def ready(self) -> list[Part]:
        """Parts whose rows can be taken as they are."""
        return [part for part in self.parts if part.is_ready]

    def without(self, names: Collection[str]) -> "Preview":
        """The same, with these tables and no others left out."""
        return replace(self, left_out=frozenset(names))

    def only(self, sheets: Collection[str]) -> "Preview":
        """The same, with all other sheets left out; a sheet may hold several tables. Raises NotFound where it has no such sheet."""
        names = [part.name for part in self.report.parts]
        taken = {sheet: [name for name in names if name == sheet or name.startswith(f"{sheet} #")] for sheet in sheets}
        if unknown := [sheet for sheet in sheets if not taken[sheet]]:
            there = joined([name for name in names if name] or ["–"], 12)
            raise NotFound(
                text("There is no sheet {sheet} in {file}. It has: {names}.", sheet=unknown[0], file=self.file_name, names=there)
            )
        return self.without({*names} - {name for found in taken.values() for name in found})

    @property
    def rows_refused(self) -> int:
        """Rows of the ready parts that would be left out."""
        return sum(part.rows_refused for part in self.ready)


@dataclass(frozen=True, slots=True)
class Source:
    """A file to be read: the folder its rows are staged in, where it lies, what its owner calls it, mappings by part."""

    folder: Path
    path: Path
    name: str
    mappings: dict[str, Mapping] = field(default_factory=dict[str, Mapping])


def check_there(workspace_id: str, *paths: Path) -> None:
    """Raise NotFound where the workspace or one of the files is not there."""
    with store.reading() as session:
        workspaces.load(session, workspace_id)
    _check_files(*paths)


def _check_files(*paths: Path) -> None:
    for path in paths:
        named = str(path)[:_LONGEST_NAME]
        try:
            mode = path.stat().st_mode
        except (OSError, ValueError):  # not there, no name at all, a name too long to be one
            raise NotFound(text("There is no file {path}. Check the name, or give the full path.", path=named)) from None
        if stat.S_ISDIR(mode):
            raise NotFound(text("{path} is a folder. Give a file in it.", path=named))
        if not stat.S_ISREG(mode):
            raise NotFound(text("{path} is a device or a pipe. Give a file: it is read more than once.", path=named))


def source(path: Path, mappings: dict[str, Mapping]) -> Source:
    """A file of the server, to be read where it lies."""
    return Source(new_folder(), path.absolute(), path.name, mappings)


def new_folder() -> Path:
    """A folder for one preview; previews nobody decided on are removed on the way. Raises BadSetting."""
    staging = settings.made(settings.current().staging)
    sweep(staging)
    folder = staging / new_id()
    folder.mkdir(mode=0o700)
    return folder


@contextmanager
def _scratch() -> Generator[Path]:
    """A folder for what is only looked at, and removed afterwards: beside the previews, where there are any, as much fits there;
    else among the system's temporary files, so that looking needs no data folder and leaves none.
    """
    folder: Path | None = None
    if settings.current().staging.is_dir():
        with suppress(OSError):  # somebody else's data folder
            folder = new_folder()
    folder = folder or Path(mkdtemp(prefix="marops-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(staging: Path) -> None:
    """Remove previews nobody decided on, and what killed imports have left."""
    oldest = datetime.now(UTC).timestamp() - _STALE_HOURS * 3600
    for folder in staging.iterdir():
        with suppress(FileNotFoundError):  # decided on meanwhile
            if folder.stat().st_mtime < oldest and folder.is_dir():
                shutil.rmtree(folder, ignore_errors=True)
    lake.sweep(oldest)


def read(
    principal: Principal, workspace_id: str, sources: Sequence[Source], reading: runner.Reading | None = None
) -> list[Preview | BadFile]:
    """Read files in one child process; a file that cannot be read is its BadFile. Raises CancelledError."""
    with store.reading() as session:
        remembered = remembering.mappings(session, workspace_id)
    jobs = [
        Job(
            path=str(source.path), name=source.name, folder=str(source.folder), mappings=source.mappings,
            remembered=remembered, today=datetime.now(UTC).date(),
        )
        for source in sources
    ]  # fmt: skip
    with ThreadPoolExecutor(1) as beside:
        digests = beside.map(lake.sha256_of, [source.path for source in sources])
        reports = reading.run(jobs) if reading else runner.read(jobs)
    return [
        _previewed(principal, workspace_id, source, digest, report)
        for source, digest, report in zip(sources, digests, reports, strict=True)
    ]


def describe(path: Path) -> Report:
    """A file as it stands, described in a child process; nothing of it is kept. Raises NotFound."""
    _check_files(path)
    with _scratch() as folder:
        job = Job(path=str(path.absolute()), name=path.name, folder=str(folder), today=datetime.now(UTC).date(), describe=True)
        return runner.read([job])[0]


@contextmanager
def staged_alone(path: Path, dates: str | None = None, zone: str | None = None) -> Generator[tuple[Report, Path]]:
    """A file read in a child process as if it were to be imported, with nothing remembered, and the folder of its staged rows,
    which is removed afterwards. `dates`: the order of dates where it is asked; `zone`: the IANA zone of times without one. Raises
    NotFound.
    """
    _check_files(path)
    with _scratch() as folder:
        job = Job(path=str(path.absolute()), name=path.name, folder=str(folder), today=datetime.now(UTC).date())
        report = runner.read([job])[0]
        mapped = {part.name: part.mapping for part in report.parts if part.mapping is not None}
        is_asked = any(asked.code == "date_order" for part in report.parts for asked in part.questions)
        said = {**({"dates": dates} if dates and is_asked else {}), **({"zone": zone} if zone else {})}
        if said:
            answered = {name: mapping.model_copy(update=said) for name, mapping in mapped.items()}
            report = runner.read([job.model_copy(update={"mappings": answered})])[0]
        yield report, folder


def _previewed(principal: Principal, workspace_id: str, source: Source, digest: str, report: Report) -> Preview | BadFile:
    if report.failure:
        shutil.rmtree(source.folder, ignore_errors=True)
        return BadFile(words.note(report.failure))
    for part in report.parts:
        if part.is_ready:
            part.notes += accounts.disagreements(workspace_id, part, source.folder / part.rows.file)
    (source.folder / REPORT).write_text(report.model_dump_json(), encoding="utf-8")
    known = {
        "workspace_id": workspace_id, "file_name": source.name, "sha256": digest, "bytes": source.path.stat().st_size,
        "source": str(source.path), "mapped_by_hand": sorted(source.mappings), "by": principal.id,
    }  # fmt: skip
    (source.folder / _KNOWN).write_text(json.dumps(known), encoding="utf-8")
    return load(source.folder.name)


def one(found: list[Preview | BadFile]) -> Preview:
    """The only one. Raises it where it is a BadFile."""
    if isinstance(found[0], BadFile):
        raise found[0]
    return found[0]


def gone() -> NotFound:
    """What to say where a preview is not there any more."""
    return NotFound(text("This preview is gone: it was decided on already, or is older than a day. Choose the file again."))


def staged(preview_id: str) -> tuple[Path, dict[str, Any]]:
    """The folder of a preview and what is known of its file. Raises NotFound where it is gone."""
    folder = settings.current().staging / preview_id
    if not preview_id.isalnum() or not (folder / _KNOWN).is_file():
        raise gone()
    return folder, json.loads((folder / _KNOWN).read_text(encoding="utf-8"))


def load(preview_id: str) -> Preview:
    """A preview made earlier. Raises NotFound where it was decided on or has expired."""
    folder, known = staged(preview_id)
    found = (folder / REPORT).read_bytes()
    with store.reading() as session:
        repeats = active_import_of(session, known["workspace_id"], known["sha256"])
    return Preview(
        preview_id, known["workspace_id"], known["file_name"], known["sha256"], known["bytes"], Report.model_validate_json(found),
        repeats, sha256(found).hexdigest(),
    )  # fmt: skip


def forget(preview_id: str) -> None:
    """Remove a preview and everything staged for it."""
    shutil.rmtree(settings.current().staging / preview_id, ignore_errors=True)
