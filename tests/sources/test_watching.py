"""A watched folder: every file in it is imported once, or put aside with the reason, and none is ever lost."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from marops.errors import NotFound
from marops.principal import Principal
from marops.sources import service
from marops.sources.store import ImportRun
from marops.sources.watching import Taken, Watch
from marops.workspaces.store import OWN
from tests.sources import made

ROOT = Path(__file__).parents[2]


@pytest.fixture
def inbox(home: Path, tmp_path: Path) -> Path:
    """The folder that is watched."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def look(admin: Principal, folder: Path, settle: float = 0.0) -> list[Taken]:
    """Take what is there."""
    told: list[Taken] = []
    Watch(admin, OWN, folder, settle).once(told.append)
    return told


def files(folder: Path) -> list[str]:
    """Every file, from the folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def runs(admin: Principal) -> list[ImportRun]:
    return service.imports(admin, OWN)


def test_a_file_that_appears_is_imported_and_moved(admin: Principal, inbox: Path) -> None:
    made.put(inbox / "ads.csv", made.THREE_DAYS)
    (taken,) = look(admin, inbox)
    assert (taken.name, taken.imported, str(taken.said)) == ("ads.csv", True, "3 rows into ad_performance")
    assert files(inbox) == ["imported/ads.csv"]
    assert (inbox / "imported" / "ads.csv").read_text() == made.THREE_DAYS
    assert [run.rows_loaded for run in runs(admin)] == [3]


def test_a_file_that_cannot_be_taken_is_put_aside_with_the_reason_beside_it(admin: Principal, inbox: Path) -> None:
    made.put(inbox / "bad.csv", made.ads(("2026-05-01", "many", "1")))
    made.put(inbox / "empty.csv", "")
    made.put(inbox / "unknown.csv", "when;what\n31/05/2026;Launch\n")
    assert [taken.imported for taken in look(admin, inbox)] == [False] * 3
    assert files(inbox) == [f"refused/{name}{end}" for name in ("bad.csv", "empty.csv", "unknown.csv") for end in ("", ".txt")]
    refused = inbox / "refused"
    assert (refused / "empty.csv.txt").read_text().startswith("empty.csv is empty (0 bytes).")
    assert "row 2, Clicks “many” cannot be read as what the column holds" in (refused / "bad.csv.txt").read_text()
    assert "This layout is not known yet." in (refused / "unknown.csv.txt").read_text()
    assert runs(admin) == []


def test_the_same_bytes_again_are_only_moved_and_replace_nothing(admin: Principal, inbox: Path) -> None:
    for _ in range(3):
        made.put(inbox / "ads.csv", made.THREE_DAYS)
        look(admin, inbox)
    assert files(inbox) == ["imported/ads (2).csv", "imported/ads (3).csv", "imported/ads.csv"]
    assert len(runs(admin)) == 1


def test_a_reason_never_replaces_a_refused_file_of_that_name(admin: Principal, inbox: Path) -> None:
    made.put(inbox / "a.csv.txt", "\n\n")
    look(admin, inbox)
    made.put(inbox / "a.csv", "")
    look(admin, inbox)
    assert (inbox / "refused" / "a.csv.txt").read_text() == "\n\n"
    assert files(inbox) == ["refused/a (2).csv", "refused/a (2).csv.txt", "refused/a.csv.txt", "refused/a.csv.txt.txt"]


def test_a_file_that_still_grows_is_left_alone_until_it_has_settled(admin: Principal, inbox: Path) -> None:
    path = made.put(inbox / "ads.csv", made.THREE_DAYS[:60])
    watch, told = Watch(admin, OWN, inbox, 0.3), []
    watch._look(told.append)
    made.put(path, made.THREE_DAYS)
    time.sleep(0.35)
    watch._look(told.append)
    assert (told, files(inbox)) == ([], ["ads.csv"])
    time.sleep(0.35)
    watch._look(told.append)
    assert [taken.imported for taken in told] == [True]
    assert runs(admin)[0].rows_loaded == 3


def test_hidden_files_folders_and_links_are_not_taken(admin: Principal, inbox: Path, tmp_path: Path) -> None:
    made.put(inbox / ".ads.csv.part", made.THREE_DAYS)
    (inbox / "folder").mkdir()
    (inbox / "link.csv").symlink_to(made.put(tmp_path / "outside.csv", made.THREE_DAYS))
    assert look(admin, inbox) == []
    assert (inbox / "link.csv").is_symlink()
    assert runs(admin) == []


def test_a_folder_that_is_not_there_is_named(admin: Principal, home: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"^There is no folder .*nowhere\. Create it, or check the name\.$"):
        Watch(admin, OWN, tmp_path / "nowhere", 0)


@pytest.mark.server
@pytest.mark.timeout(180)
def test_a_watch_killed_at_any_moment_loses_no_file_and_takes_none_twice(admin: Principal, inbox: Path) -> None:
    """Five files, and a watch that is killed at seeded moments while it takes them, then one that ends."""
    contents = {f"{n}.csv": made.ads((f"2026-05-{n:02}", "1", "1.5"), name=f"Campaign {n}") for n in range(1, 6)}
    for name, content in contents.items():
        made.put(inbox / name, content)
    command = [sys.executable, "-m", "marops", "watch", str(inbox), "--settle", "0", "--once"]
    chance = random.Random(5)  # noqa: S311  (moments)
    for _ in range(4):
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and not any((Path(os.environ["MAROPS_HOME"]) / "staging").iterdir()):
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 2.5))
        process.kill()
        process.wait()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    kept = {(inbox / name).read_text() for name in files(inbox)}
    assert kept == set(contents.values())
    assert all(name.startswith("imported/") for name in files(inbox))
    assert sorted(run.file_name for run in runs(admin)) == sorted(contents)
