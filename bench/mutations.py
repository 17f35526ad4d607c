"""Damaged files by the thousand: each is inspected and previewed in the real limited child, and what can be is taken.

Every one of them must be read, asked about or refused with a sentence. Counted beside the outcomes: deaths of the child
(allowed, for each becomes a sentence), exceptions that are no sentence, sentences that read like a traceback, folders
left behind, and files that took longer than ten seconds. The seed makes the same files again.
"""

import re
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench import damage, report
from marops import bootstrap, settings
from marops.errors import BadFile, UserError
from marops.principal import LOCAL_ADMIN
from marops.sources import inspecting, runner, service, words
from marops.sources.child import REPORT
from marops.sources.report import Job, Report
from marops.sources.service import Preview
from marops.store import new_id
from marops.workspaces.store import OWN

COUNT, SEED, HANG = 2_000, 20_260, 10.0
_BATCH = 20
_TECHNICAL = re.compile(r"Traceback|Error\b|Exception|panicked|<class|\bFile \"|\.py\b|\.rs\b|NoneType|KeyError|Unreadable")


@dataclass
class Found:
    """What came of the files so far."""

    files: int = 0
    outcomes: Counter[str] = field(default_factory=Counter[str])
    said: Counter[str] = field(default_factory=Counter[str])
    defects: list[str] = field(default_factory=list[str])
    unread: list[str] = field(default_factory=list[str])
    """Files at which the child died, or met what it did not expect: allowed, but the sentence can only be a general one."""
    seconds: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])

    @property
    def hangs(self) -> list[str]:
        """Files that took longer than ten seconds."""
        return [f"{what}: {seconds:.1f} s" for seconds, what in self.seconds if seconds > HANG]


def run(count: int = 0, seed: int | None = None) -> None:
    """Damage, read and print."""
    count, seed = count or COUNT, SEED if seed is None else seed
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as home, pytest.MonkeyPatch.context() as patch:
        patch.setenv("MAROPS_HOME", home)
        bootstrap.prepare()
        found = survive(count, seed)
    print(f"\n{found.files} damaged files (seed {seed}) in {time.perf_counter() - started:.0f} s; each inspected and previewed")
    report.table(("outcome", "files"), [(what, str(n)) for what, n in found.outcomes.most_common()])
    for said, n in found.said.most_common(25):
        print(f"  {n:5}  {said[:140]}")
    print(f"deaths of the main process: 0 (you read this)\ndeaths and surprises of the child: {len(found.unread)}")
    for line in found.unread:
        print(f"  {line[:200]}")
    print(f"exceptions, technical sentences, leftovers: {len(found.defects)}{'  NOT MET' if found.defects else ''}")
    for line in found.defects[:40]:
        print(f"  {line[:600]}")
    print(f"over {HANG:g} s: {len(found.hangs)}{'  NOT MET' if found.hangs else ''} {found.hangs[:5]}")
    print("slowest:", "; ".join(f"{what} {seconds:.1f} s" for seconds, what in sorted(found.seconds, reverse=True)[:3]))


def survive(count: int, seed: int) -> Found:
    """Read the damaged files of a seed in the installation at MAROPS_HOME."""
    whole = damage.whole_files()
    found = Found()
    with tempfile.TemporaryDirectory() as folder, _watched(found):
        for first in range(0, count, _BATCH):
            batch: list[tuple[Path, str]] = []
            for number in range(first, min(count, first + _BATCH)):
                name, content, done = damage.damaged(whole, seed, number)
                path = Path(folder) / str(number) / name
                path.parent.mkdir()
                path.write_bytes(content)
                batch.append((path, f"{number} {name} ({done})"))
            _read(batch, found)
            found.files += len(batch)
    return found


def _read(batch: Sequence[tuple[Path, str]], found: Found) -> None:
    for (path, what), described in zip(batch, _inspected([path for path, _ in batch]), strict=True):
        try:
            _check(found, what, _words_of(path.name, described))
        except Exception as defect:  # noqa: BLE001  (what is looked for)
            found.defects.append(f"{what}: inspecting raised {defect!r}")
    try:
        previews = service.preview_files(LOCAL_ADMIN, OWN, [path for path, _ in batch])
    except Exception as defect:  # noqa: BLE001
        found.defects.append(f"{batch[0][1]} and those after it: {defect!r}")
        return
    for (_, what), preview in zip(batch, previews, strict=True):
        try:
            found.outcomes[_outcome(found, what, preview)] += 1
        except Exception as defect:  # noqa: BLE001
            found.defects.append(f"{what}: raised {defect!r}")
    if left := [folder.name for folder in settings.current().staging.iterdir()]:
        found.defects.append(f"{batch[0][1]} and those after it: {len(left)} folders left in staging")


def _inspected(paths: Sequence[Path]) -> list[Report]:
    """As `service.inspect_file`, but all in one child."""
    with tempfile.TemporaryDirectory() as folder:
        jobs = [
            Job(path=str(path), name=path.name, folder=str(Path(folder, new_id())), today=datetime.now(UTC).date(), describe=True)
            for path in paths
        ]
        for job in jobs:
            Path(job.folder).mkdir()
        return runner.read(jobs)


def _words_of(name: str, described: Report) -> Iterator[str]:
    """Everything that `marops inspect` says of a file."""
    inspecting.inspection(name, described)
    for line in inspecting.lines(described):
        yield str(line)


def _outcome(found: Found, what: str, preview: Preview | BadFile) -> str:
    if isinstance(preview, BadFile):
        said = str(preview)
        found.said[re.sub(r"\d+", "#", said.replace(what.split()[1], "…"))[:110]] += 1
        _check(found, what, [said])
        if "within the limits" in said:
            found.unread.append(what)
        if not said.endswith("."):
            found.defects.append(f"{what}: no sentence: {said}")
        return "refused with a sentence"
    _check(found, what, _words_shown(preview))
    try:
        taken = service.accept(LOCAL_ADMIN, preview, leave_out_refused=True)
    except UserError as refused:
        _check(found, what, [str(refused)])
        service.cancel(LOCAL_ADMIN, preview)
        return "asked, or nothing to take"
    service.undo(LOCAL_ADMIN, OWN, taken.id)
    return "read, some rows refused" if preview.rows_refused else "read"


def _words_shown(preview: Preview) -> Iterator[str]:
    for note in preview.report.notes:
        yield str(words.note(note))
    for part in preview.report.parts:
        for note in part.notes:
            yield str(words.note(note))
        for asked in part.questions:
            yield str(words.question(asked))
        for cell in part.refused[:50]:
            yield str(words.reason(cell))
        for row in part.set_aside[:50]:
            yield str(words.aside(row.why))


def _check(found: Found, what: str, sentences: Iterator[str] | Sequence[str]) -> None:
    found.defects += [f"{what}: says {said}" for said in sentences if _TECHNICAL.search(said)]


@contextmanager
def _watched(found: Found) -> Iterator[None]:
    """Note how long the child was at each file."""
    original = runner.read

    def timed(jobs: Sequence[Job]) -> list[Report]:
        before = time.time()
        reports = original(jobs)
        for job in jobs:
            written = Path(job.folder) / REPORT
            now = written.stat().st_mtime if written.is_file() else time.time()
            found.seconds.append((now - before, f"{Path(job.path).parent.name} {job.name}"))
            before = now
        return reports

    runner.read = timed
    try:
        yield
    finally:
        runner.read = original
