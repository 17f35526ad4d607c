"""Starts the limited child process, waits for it, and turns its death into a sentence.

Starting Python and polars takes longer than reading most files, so a spare process can be kept warm (`warm`). A process
reads the files of one request and ends; nothing of them is left when the next request comes.
"""

import atexit
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from logging import getLogger
from pathlib import Path

from marops.sources.child import REPORT
from marops.sources.report import Job, Note, Report

_log = getLogger(__name__)
_BASE_SECONDS = 60.0
_SECONDS_PER_MB = 0.5
_KEPT_ENVIRONMENT = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LANG", "PYTHONPATH", "VIRTUAL_ENV", "HOME")

_lock = threading.Lock()
_spares: list[subprocess.Popen[str]] = []


class CancelledError(Exception):
    """The reading was cancelled before it was done."""


class Reading:
    """One request's files on their way through child processes; it can be ended from another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._cancelled = False

    def run(self, jobs: Sequence[Job]) -> list[Report]:
        """The child's report on each job's file. Where it dies or takes too long, the file it was at becomes a failure,
        and another child reads the rest. Raises CancelledError.
        """
        for job in jobs:
            (Path(job.folder) / REPORT).unlink(missing_ok=True)
        endings: dict[str, Note] = {}
        left = list(jobs)
        while left:
            ending = self._read(left)
            left = [job for job in left if not (Path(job.folder) / REPORT).is_file()]
            if left:
                endings[left.pop(0).folder] = ending
        return [_report(job, endings.get(job.folder)) for job in jobs]

    def cancel(self) -> None:
        """End the child at once, whatever it is doing."""
        with self._lock:
            self._cancelled = True
            if self._process:
                self._process.kill()

    def _take(self) -> "subprocess.Popen[str]":
        with self._lock:
            if self._cancelled:
                raise CancelledError
            self._process = _take()
            return self._process

    def _read(self, jobs: Sequence[Job]) -> Note:
        """Have a child read these files. Returns what to say of one that it leaves without a report."""
        process = self._take()
        size = sum(Path(job.path).stat().st_size for job in jobs)
        seconds = _BASE_SECONDS + _SECONDS_PER_MB * size / (1 << 20)
        try:
            _, errors = process.communicate("".join(job.model_dump_json() + "\n" for job in jobs), timeout=seconds)
            ending = _failed("reader_died")
        except subprocess.TimeoutExpired:
            _kill(process)
            errors, ending = "", _failed("took_too_long", seconds=int(seconds))
        if self._cancelled:
            raise CancelledError
        if process.returncode != 0:
            _log.warning("reading %s ended with status %s: %s", [job.name for job in jobs], process.returncode, errors[-2000:])
        return ending


def read(jobs: Sequence[Job]) -> list[Report]:
    """The child's report on each job's file (see `Reading.run`)."""
    return Reading().run(jobs)


def _report(job: Job, ending: Note | None) -> Report:
    if ending:
        return Report(failure=ending.model_copy(update={"values": {**ending.values, "name": job.name}}))
    return Report.model_validate_json((Path(job.folder) / REPORT).read_text(encoding="utf-8"))


def warm() -> None:
    """See to it that a spare process is ready. Returns at once."""
    with _lock:
        _spares[:] = [spare for spare in _spares if spare.poll() is None]
        if not _spares:
            _spares.append(_start())


def _failed(code: str, **values: str | int) -> Note:
    return Note(code=code, values=values)


def _take() -> subprocess.Popen[str]:
    with _lock:
        while _spares:
            spare = _spares.pop()
            if spare.poll() is None:
                return spare
    return _start()


def _start() -> subprocess.Popen[str]:
    environment = {name: value for name in _KEPT_ENVIRONMENT if (value := os.environ.get(name)) is not None}
    return subprocess.Popen(
        [sys.executable, "-m", "marops.sources.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )


def _kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


@atexit.register
def _kill_spares() -> None:
    with _lock:
        for spare in _spares:
            _kill(spare)
        _spares.clear()
