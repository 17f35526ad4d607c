"""While a file is being read: how far it is, and an end to it at any time."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from sqlmodel import func, select

from marops import settings, store
from marops.errors import BadFile, NotFound
from marops.principal import Principal
from marops.sources import progress, reading, runner, service, words
from marops.sources.progress import Progress, Seen
from marops.sources.store import ImportRun
from marops.workspaces.store import OWN
from tests.sources import made

ROWS = made.ads(*((f"2026-{i // 28 + 1:02}-{i % 28 + 1:02}", str(i), f"{i}.25") for i in range(300)))


@pytest.fixture
def _says_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader writes about every row it gets, however quick it is, and takes every text for a large one."""
    monkeypatch.setattr(progress, "_FIRST_AFTER", 0.0)
    monkeypatch.setattr(progress, "_EVERY", 0.0)
    monkeypatch.setattr(reading, "SMALL", 10)


def last_seen(path: Path) -> Seen:
    """What was written last while the file was read in this process."""
    folder = path.with_name(path.name + ".staged")
    folder.mkdir()
    progress.begin(folder)
    assert made.only(made.read(path)).rows_ready == 300
    found = progress.seen(folder)
    assert found is not None
    return found


@pytest.mark.usefixtures("_says_at_once")
@pytest.mark.parametrize("how", ["text", "text in another encoding", "text with an odd row", "spreadsheet", "columns"])
def test_the_rows_that_have_been_read_are_counted_in_every_kind_of_file(tmp_path: Path, how: str) -> None:
    """Of 300 rows and a header; their threads pass them in any order. What remains of the work is checking."""
    path = tmp_path / "file"
    frame = made.pl.read_csv(ROWS.encode(), infer_schema=False)
    match how:
        case "text":
            made.put(path, ROWS)
        case "text in another encoding":
            made.put(path, ROWS.encode("utf-16"))
        case "text with an odd row":
            made.put(path, ROWS + "a note below the table\n")
        case "spreadsheet":
            path = tmp_path / "file.xlsx"
            frame.write_excel(path)
        case _:
            frame.write_parquet(path)
    found = last_seen(path)
    assert found.total in {300, 301, 302}
    assert 0 < found.rows <= found.total
    assert found.share is not None
    assert 0 < found.share <= 0.85
    assert found.left is not None


def test_a_file_that_is_quick_to_read_says_nothing_meanwhile(tmp_path: Path) -> None:
    path = made.put(tmp_path / "ads.csv", made.THREE_DAYS)
    folder = tmp_path / "ads.csv.staged"
    folder.mkdir()
    progress.begin(folder)
    made.read(path)
    assert progress.seen(folder) is None


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Progress("a.csv", 2.0), "Reading a.csv, 2 s so far"),
        (Progress("a.csv", 2.0, 500, None, None, None), "a.csv: 500 rows, 2 s so far"),
        (Progress("a.csv", 2.0, 500, 2_000, 0.2, 8.0), "a.csv: 500 of 2,000 rows, about 8 s left"),
        (Progress("a.csv", 7.0, 1_990, 2_000, 0.84, 1.0), "a.csv: 2,000 rows read, now being checked, 7 s so far"),
        (Progress("a.csv", 9.0, 500, 9_000, 0.02, 400.0), "a.csv: 500 of 9,000 rows, about 7 min left"),
        (Progress("a.xlsx", 2.0, share=0.5, left=2.0, estimated=True), "Reading a.xlsx, about 2 s left, estimated from its size"),
    ],
)
def test_how_far_a_file_is_is_said_in_rows_and_time(found: Progress, said: str) -> None:
    assert str(words.progress(found)) == said


def test_a_file_begun_is_finished_as_if_it_had_been_read_in_one_go(admin: Principal, home: Path, tmp_path: Path) -> None:
    path = made.put(tmp_path / "ads.csv", made.THREE_DAYS)
    ongoing = service.start_file(admin, OWN, path)
    assert service.progress(admin, ongoing).name == "ads.csv"
    found = service.finish(admin, ongoing)
    assert found.report == service.preview_file(admin, OWN, path).report
    bad = service.start_upload(admin, OWN, "empty.csv", b"")
    with pytest.raises(BadFile, match=r"^empty\.csv is empty"):
        service.finish(admin, bad)


def _await_taken() -> None:
    """Until the spare child has the file: it is held still, and must not be left for others."""
    while runner._spares:
        time.sleep(0.01)


def test_a_reading_that_is_stopped_ends_its_child_at_once_and_leaves_nothing(admin: Principal, home: Path, tmp_path: Path) -> None:
    """The child is held still, so that it is certainly at the file."""
    runner.warm()
    held = psutil.Process(runner._spares[-1].pid)
    held.suspend()
    ongoing = service.start_upload(admin, OWN, "ads.csv", made.THREE_DAYS.encode())
    _await_taken()
    assert not ongoing.is_done()
    assert len(list(settings.current().staging.iterdir())) == 1
    service.stop(admin, ongoing)
    assert ongoing.is_done()
    assert not held.is_running()
    assert list(settings.current().staging.iterdir()) == []
    with pytest.raises(NotFound, match=r"^This preview is gone"):
        service.finish(admin, ongoing)
    with store.reading() as session:
        assert session.exec(select(func.count()).select_from(ImportRun)).one() == 0


def test_a_file_read_once_more_begins_from_nothing(admin: Principal, home: Path, tmp_path: Path) -> None:
    found = service.preview_file(admin, OWN, made.put(tmp_path / "ads.csv", made.THREE_DAYS))
    made.put(settings.current().staging / found.id / "progress.json", Seen(rows=2, total=3, share=0.8).model_dump_json())
    runner.warm()
    psutil.Process(runner._spares[-1].pid).suspend()
    again = service.start_remap(admin, found, {})
    _await_taken()
    assert service.progress(admin, again).share is None
    service.stop(admin, again)
    assert list(settings.current().staging.iterdir()) == []


def test_a_file_stopped_before_its_child_is_there_is_never_read(admin: Principal, home: Path, tmp_path: Path) -> None:
    never = runner.Reading()
    never.cancel()
    with pytest.raises(runner.CancelledError):
        never.run([made.Job(path=str(tmp_path / "x"), name="x", folder=str(tmp_path), today=made.TODAY)])


@pytest.mark.skipif(sys.platform == "win32", reason="no process is orphaned there as here")
def test_the_child_ends_where_the_process_that_asked_was_killed(tmp_path: Path) -> None:
    """Though its standard input stays open, as while it is busy with a file."""
    start = "subprocess.Popen([sys.executable, '-m', 'marops.sources.child'])"
    code = f"import subprocess, sys, time; print({start}.pid, flush=True); time.sleep(99)"
    ours, theirs = os.pipe()
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdin=ours, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert parent.stdout is not None
    orphan = psutil.Process(int(parent.stdout.readline()))
    for _ in range(200):
        if orphan.rlimit(psutil.RLIMIT_CORE) == (0, 0):  # it is up
            break
        time.sleep(0.05)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    psutil.wait_procs([orphan], timeout=20)
    assert not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE
    os.close(theirs)
