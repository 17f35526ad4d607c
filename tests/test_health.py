"""`marops check`: each subject is in order, or says what is wrong and what to do."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlmodel import select

from marops import health, lake, store
from marops.lake import Blob
from marops.principal import Principal
from marops.sources import service
from marops.workspaces.store import OWN
from tests.sources import made


def found(admin: Principal) -> dict[str, tuple[bool, str]]:
    return {str(check.name): (check.ok, str(check.found)) for check in health.checks(admin)}


def imported(admin: Principal, folder: Path) -> str:
    """Import a file and return the digest of what is kept of it."""
    service.accept(admin, service.preview_file(admin, OWN, made.put(folder / "ads.csv", made.THREE_DAYS)))
    with store.reading() as session:
        return session.exec(select(Blob.sha256)).one()


def test_a_fresh_installation_is_in_order_in_every_subject(home: Path, admin: Principal) -> None:
    checks = found(admin)
    assert list(checks) == ["versions", "database", "schema", "lake", "settings", "disk"]
    assert [name for name, (ok, _) in checks.items() if not ok] == []
    assert checks["schema"][1].startswith("up to date (")
    assert checks["lake"][1] == "0 files, all digests right"
    assert checks["settings"][1] == f"data in {home}, server on 127.0.0.1:8501"
    assert ", intact, " in checks["database"][1]
    assert checks["versions"][1].startswith("marops ")


def test_what_was_imported_is_counted_and_a_damaged_file_named(home: Path, admin: Principal, tmp_path: Path) -> None:
    digest = imported(admin, tmp_path)
    assert found(admin)["lake"] == (True, "1 file, its digest right")
    content = bytearray(lake.path_of(digest).read_bytes())
    content[50] ^= 1
    lake.path_of(digest).write_bytes(bytes(content))
    said = f"1 file of imported rows is missing or damaged: {digest[:12]}. Restore the data folder, or undo and import again."
    assert found(admin)["lake"] == (False, said)
    lake.path_of(digest).unlink()
    assert found(admin)["lake"] == (False, said)


def test_a_schema_that_is_behind_says_how_to_migrate_and_migrating_mends_it(home: Path, admin: Principal) -> None:
    newest = store.schema_versions()[1]
    with store.engine().begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000_older'")
    assert found(admin)["schema"] == (
        False,
        f"at 0000_older, this marops needs {newest}. Start it once (marops run) to migrate.",
    )
    with store.engine().begin() as connection:
        connection.exec_driver_sql("DROP TABLE alembic_version")
    assert found(admin)["schema"] == (False, f"at –, this marops needs {newest}. Start it once (marops run) to migrate.")


@pytest.mark.parametrize("mode", [0o755, 0o710, 0o704])
def test_a_data_folder_that_others_can_read_is_said_with_what_closes_it(home: Path, admin: Principal, mode: int) -> None:
    home.chmod(mode)
    assert found(admin)["settings"] == (False, f"{home} can be read by others on this computer. Run: chmod 700 {home}")
    home.chmod(0o700)
    assert found(admin)["settings"][0] is True


def test_a_fresh_data_folder_is_closed_to_others(home: Path) -> None:
    for folder in (home, home / "lake", home / "staging"):
        assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::"])  # noqa: S104  (nothing listens)
def test_a_server_that_others_can_reach_is_said(home: Path, admin: Principal, monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("MAROPS_HOST", host)
    assert found(admin)["settings"] == (
        False,
        f"the server listens on {host}, where anybody who reaches it is admin. Unset MAROPS_HOST.",
    )


def test_a_torn_database_is_said_and_does_not_stop_the_other_checks(home: Path, admin: Principal) -> None:
    store.engine().dispose()
    path = home / "marops.db"
    content = bytearray(path.read_bytes())
    content[4096:8192] = b"\x55" * 4096
    path.write_bytes(bytes(content))
    checks = found(admin)
    assert checks["database"][0] is False
    assert len(checks) == 6
    assert checks["disk"][0] is True


def test_a_row_that_points_nowhere_is_damage(home: Path, admin: Principal) -> None:
    with closing(sqlite3.connect(home / "marops.db")) as connection:
        connection.execute(
            "INSERT INTO business_unit (id, workspace_id, name, campaign_prefix, position) VALUES ('x', 'gone', 'a', 'b', 0)"
        )
        connection.commit()
    ok, said = found(admin)["database"]
    assert not ok
    assert said.endswith(": the file is damaged (a row of business_unit refers to nothing). Restore it from a backup.")


def test_too_little_disk_is_said(home: Path, admin: Principal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "LEAST_FREE_BYTES", 1 << 62)
    ok, said = found(admin)["disk"]
    assert not ok
    assert said.startswith("only ")
    assert said.endswith(" GB free; imports need room to be written whole")


def test_a_check_that_cannot_run_has_failed(admin: Principal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MAROPS_HOME", str(tmp_path / "never"))
    checks = found(admin)
    assert checks["disk"][0] is True or checks["disk"][1].startswith("could not be checked: ")
    assert checks["lake"][0] is False
    assert checks["lake"][1].startswith("could not be checked: ")
