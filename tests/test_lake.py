"""Facts on disk: named by their content, durable, and never half there."""

import os
import signal
import subprocess
import sys
import textwrap
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from sqlmodel import select

from marops import lake, settings, store
from marops.errors import Conflict, Damaged
from marops.lake import Blob
from marops.principal import Principal
from marops.sources import service
from marops.sources.store import ImportReject, ImportRun
from marops.tables import AD_PERFORMANCE, ROW
from marops.workspaces.store import OWN
from tests.sources import made

pytestmark = pytest.mark.usefixtures("home")


def take(admin: Principal, path: Path, content: str = made.THREE_DAYS) -> ImportRun:
    return service.accept(admin, service.preview_file(admin, OWN, made.put(path, content)))


def blobs() -> list[Blob]:
    with store.reading() as session:
        return list(session.exec(select(Blob)))


def test_a_kept_file_is_found_under_the_digest_of_its_content_and_stays_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "part.parquet"
    pl.DataFrame({"a": [1]}).write_parquet(path)
    content, digest = path.read_bytes(), lake.sha256_of(path)
    assert lake.keep(path) == digest
    assert path.exists()
    assert [entry.name for entry in settings.current().lake.iterdir()] == [f"{digest}.parquet"]
    assert lake.path_of(digest).read_bytes() == content
    assert lake.path_of(digest) == settings.current().lake / f"{digest}.parquet"
    assert lake.is_intact(digest)


def test_the_same_content_kept_twice_is_one_file(tmp_path: Path) -> None:
    for name in ("a", "b"):
        pl.DataFrame({"a": [1]}).write_parquet(tmp_path / name)
        lake.keep(tmp_path / name)
    assert len(list(settings.current().lake.iterdir())) == 1


def test_keeping_syncs_the_file_before_it_gets_its_name_and_the_folder_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "part.parquet"
    pl.DataFrame({"a": [1]}).write_parquet(path)
    target = lake.path_of(lake.sha256_of(path))
    synced: list[tuple[Path, bool]] = []
    real = os.fsync

    def noting(handle: int) -> None:
        real(handle)
        synced.append((Path(f"/proc/self/fd/{handle}").readlink(), target.exists()))

    monkeypatch.setattr(os, "fsync", noting)
    lake.keep(path)
    (partial, named), folder = synced
    assert (partial.parent, partial.suffix, named) == (target.parent, ".partial", False)
    assert folder == (target.parent, True)


@pytest.mark.parametrize("where", [0, 100, -1])
def test_one_flipped_bit_is_found_and_said_and_nothing_is_computed_from_it(admin: Principal, tmp_path: Path, where: int) -> None:
    run = take(admin, tmp_path / "ads.csv")
    (blob,) = blobs()
    path = lake.path_of(blob.sha256)
    content = bytearray(path.read_bytes())
    content[where] ^= 1
    path.write_bytes(bytes(content))
    assert not lake.is_intact(blob.sha256)
    with pytest.raises(Damaged) as found:
        made.counted("ad_performance")
    said = str(found.value)
    assert said == (
        f"Rows of ad_performance from ads.csv are damaged on disk ({blob.sha256[:12]}). Undo that import on Data and import the "
        "file again, or restore the data folder from a backup."
    )
    service.undo(admin, OWN, run.id)
    assert made.counted("ad_performance").height == 0


def test_a_missing_file_is_said_and_importing_again_heals_it(admin: Principal, tmp_path: Path) -> None:
    run = take(admin, tmp_path / "ads.csv")
    lake.path_of(blobs()[0].sha256).unlink()
    with pytest.raises(Damaged, match=r"Rows of ad_performance from ads\.csv are damaged on disk"):
        made.counted("ad_performance")
    service.undo(admin, OWN, run.id)
    take(admin, tmp_path / "ads.csv")
    assert made.counted("ad_performance")["spend"].sum() == Decimal("3.75")


def test_damage_that_keeps_size_and_modification_time_is_found(admin: Principal, tmp_path: Path) -> None:
    take(admin, tmp_path / "ads.csv")
    assert made.counted("ad_performance").height == 3
    path = lake.path_of(blobs()[0].sha256)
    before = path.stat()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(bytes(content))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(Damaged):
        made.counted("ad_performance")


def test_a_scan_has_all_columns_of_the_table_whatever_the_file_had(admin: Principal, tmp_path: Path) -> None:
    take(admin, tmp_path / "ads.csv")
    rows = made.counted("ad_performance")
    assert rows.schema == made.canonical_schema("ad_performance")
    assert rows["reach"].null_count() == 3
    assert made.counted("lead").schema == made.canonical_schema("lead")
    assert made.counted("lead").height == 0


def test_lineage_says_for_every_row_which_import_file_and_digest_it_came_from(admin: Principal, tmp_path: Path) -> None:
    first = take(admin, tmp_path / "may.csv")
    second = take(admin, tmp_path / "june.csv", made.ads(("2026-06-01", "1", "10")))
    rows = lake.scan(blobs(), AD_PERFORMANCE, lineage=True).sort("period_start").collect()
    found = rows.select(ROW, "import_id", "source_relation", "source_file_sha256", "ingested_at").rows()
    may = (first.id, "may.csv", lake.sha256_of(tmp_path / "may.csv"), first.imported_at)
    june = (second.id, "june.csv", lake.sha256_of(tmp_path / "june.csv"), second.imported_at)
    assert found == [(2, *may), (3, *may), (4, *may), (2, *june)]


def test_lineage_of_nothing_has_the_same_columns() -> None:
    empty = lake.scan([], AD_PERFORMANCE, lineage=True).collect_schema()
    assert empty["import_id"] == pl.String
    assert empty["ingested_at"] == pl.Datetime("us", "UTC")
    assert lake.scan([], AD_PERFORMANCE).collect().height == 0


def test_a_manifest_knows_first_and_last_day_and_changes_its_digest_with_its_content(admin: Principal, tmp_path: Path) -> None:
    def manifest() -> lake.Manifest:
        with store.reading() as session:
            from marops.workspaces import store as workspaces

            return lake.manifest(OWN, workspaces.load(session, OWN).revision)

    empty = manifest()
    assert (empty.first_day(), empty.last_day()) == (None, None)
    run = take(admin, tmp_path / "may.csv")
    one = manifest()
    assert (one.first_day("ad_performance"), one.last_day()) == (date(2026, 5, 1), date(2026, 5, 3))
    assert one.last_day("lead") is None
    take(admin, tmp_path / "june.csv", made.ads(("2026-06-01", "1", "10")))
    assert len({manifest().digest("ad_performance"), one.digest("ad_performance"), empty.digest("ad_performance")}) == 3
    assert manifest().digest("lead") == empty.digest("lead")
    service.undo(admin, OWN, run.id)
    service.restore(admin, OWN, run.id)
    service.undo(admin, OWN, next(found.id for found in service.imports(admin, OWN) if found.file_name == "june.csv"))
    assert manifest().digest("ad_performance") == one.digest("ad_performance")


# Killed in the middle

CHILD = textwrap.dedent(
    """
    import os, signal, sys
    from marops import lake, store
    from marops.principal import LOCAL_ADMIN
    from marops.sources import service
    from sqlalchemy import event

    point, preview_id = sys.argv[1], sys.argv[2]

    def die(*_args, **_named):
        os.kill(os.getpid(), signal.SIGKILL)

    left = int(point[5:]) if point.startswith("fsync") else -1
    real = os.fsync

    def fsync(handle):
        global left
        left -= 1
        if left == 0:
            die()
        real(handle)

    if point.startswith("fsync"):
        os.fsync = fsync
    if point == "renamed":
        real_sync = lake._fsync_folder
        lake._fsync_folder = die
    if point.startswith("sql:"):
        @event.listens_for(store.engine(), "after_cursor_execute")
        def seen(_connection, _cursor, statement, *_rest):
            if statement.startswith(point[4:]):
                die()
    if point == "commit":
        event.listen(store.engine(), "commit", die)
    if point == "committed":
        import shutil
        shutil.rmtree = die
    service.accept(LOCAL_ADMIN, service.load_preview(LOCAL_ADMIN, preview_id), leave_out_refused=True)
    print("done")
    """
)

POINTS = ["fsync1", "fsync2", "renamed", "sql:INSERT INTO import_run", "sql:INSERT INTO blob", "sql:INSERT INTO import_reject",
          "sql:UPDATE workspace", "commit", "committed", "never"]  # fmt: skip


@pytest.mark.parametrize("point", POINTS)
def test_an_import_killed_at_any_moment_is_there_whole_or_not_at_all(admin: Principal, tmp_path: Path, point: str) -> None:
    take(admin, tmp_path / "before.csv", made.ads(("2026-04-01", "1", "100")))
    content = made.THREE_DAYS + "2026-05-04,Search Brasil,BRL,x,1\n"
    found = service.preview_file(admin, OWN, made.put(tmp_path / "ads.csv", content))
    done = subprocess.run([sys.executable, "-c", CHILD, point, found.id], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == (0 if point == "never" else -signal.SIGKILL), done.stderr
    taken = point in {"committed", "never"}
    with store.reading() as session:
        runs, rejects = session.exec(select(ImportRun)).all(), session.exec(select(ImportReject)).all()
    assert (len(runs), len(blobs()), len(rejects)) == ((2, 2, 1) if taken else (1, 1, 0))
    assert made.counted("ad_performance")["spend"].sum() == (Decimal("103.75") if taken else 100)
    assert all(lake.is_intact(blob.sha256) for blob in blobs())
    again = service.preview_file(admin, OWN, tmp_path / "ads.csv")
    if taken:
        with pytest.raises(Conflict):
            service.accept(admin, again, leave_out_refused=True)
    else:
        service.accept(admin, again, leave_out_refused=True)
    assert made.counted("ad_performance")["spend"].sum() == Decimal("103.75")


@pytest.mark.parametrize("point", ["fsync1", "renamed", "commit"])
def test_a_preview_whose_acceptance_was_cut_short_can_be_accepted_again(admin: Principal, tmp_path: Path, point: str) -> None:
    found = service.preview_file(admin, OWN, made.put(tmp_path / "ads.csv", made.THREE_DAYS))
    subprocess.run(
        [sys.executable, "-c", CHILD, point, found.id], env={**os.environ}, capture_output=True, check=False, timeout=120
    )
    service.accept(admin, service.load_preview(admin, found.id))
    assert made.counted("ad_performance")["spend"].sum() == Decimal("3.75")


def test_an_unfinished_copy_is_removed_once_it_is_old_and_whole_files_are_never(admin: Principal, tmp_path: Path) -> None:
    folder = settings.current().lake
    for name, age in (("a.partial", 50), ("b.partial", 200), ("c.parquet", 200)):
        (folder / name).write_bytes(b"x")
        os.utime(folder / name, (1_000 - age, 1_000 - age))
    lake.sweep(oldest=900)
    assert sorted(path.name for path in folder.iterdir()) == ["a.partial", "c.parquet"]
