"""Settings come from the environment, and a wrong one is named."""

from pathlib import Path

import pytest

from marops import settings
from marops.errors import BadSetting


def test_without_any_setting_data_lies_in_the_current_folder_and_only_this_computer_is_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MAROPS_HOME")
    monkeypatch.chdir(tmp_path)
    found = settings.current()
    assert found.home == tmp_path / ".marops"
    assert found.database_url == f"sqlite:///{tmp_path / '.marops' / 'marops.db'}"
    assert (found.host, found.port) == ("127.0.0.1", 8501)
    assert found.lake == tmp_path / ".marops" / "lake"
    assert found.staging == tmp_path / ".marops" / "staging"


def test_every_setting_can_be_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MAROPS_HOME", str(tmp_path / "a" / ".." / "b"))
    monkeypatch.setenv("MAROPS_HOST", "0.0.0.0")  # noqa: S104  (a value to be read, nothing listens)
    monkeypatch.setenv("MAROPS_PORT", "9000")
    found = settings.current()
    assert found.home == tmp_path / "a" / ".." / "b"
    assert (found.host, found.port) == ("0.0.0.0", 9000)  # noqa: S104


def test_a_home_folder_may_begin_with_a_tilde(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MAROPS_HOME", "~/data")
    assert settings.current().home == tmp_path / "data"


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgresql://u:p@host/db", "postgresql+psycopg://u:p@host/db"),
        ("postgres://u@host/db?sslmode=require", "postgresql+psycopg://u@host/db?sslmode=require"),
        ("postgresql+psycopg://u@host/db", "postgresql+psycopg://u@host/db"),
        ("sqlite:////var/lib/marops.db", "sqlite:////var/lib/marops.db"),
    ],
)
def test_a_postgresql_address_gets_the_driver_that_is_there(monkeypatch: pytest.MonkeyPatch, given: str, used: str) -> None:
    monkeypatch.setenv("MAROPS_DATABASE_URL", given)
    assert settings.current().database_url == used


@pytest.mark.parametrize(("given", "scheme"), [("mysql://u@h/db", "mysql"), ("postgresql+asyncpg://h/db", "postgresql+asyncpg")])
def test_another_database_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, given: str, scheme: str) -> None:
    monkeypatch.setenv("MAROPS_DATABASE_URL", given)
    with pytest.raises(BadSetting) as refused:
        settings.current()
    assert str(refused.value) == (
        f"MAROPS_DATABASE_URL starts with {scheme}. marops keeps its state in SQLite or PostgreSQL: "
        "leave the variable out, or give postgresql://user@host/database."
    )


@pytest.mark.parametrize("port", ["0", "65536", "-1", "abc", "80.5", "８０８０", " 80"])
def test_a_wrong_port_is_refused_with_what_was_found_and_what_is_allowed(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    monkeypatch.setenv("MAROPS_PORT", port)
    with pytest.raises(BadSetting) as refused:
        settings.current()
    assert str(refused.value) == f"MAROPS_PORT is {port}; it must be a port number from 1 to 65535."


@pytest.mark.parametrize("port", ["1", "65535"])
def test_the_first_and_the_last_port_are_allowed(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    monkeypatch.setenv("MAROPS_PORT", port)
    assert settings.current().port == int(port)
