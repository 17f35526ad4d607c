"""The installation's settings: environment variables with safe defaults, read in one place."""

import os
from dataclasses import dataclass
from pathlib import Path

from marops.errors import BadSetting
from marops.language import text

DEFAULT_HOME = ".marops"
DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8501
UPLOAD_LIMIT_MB = 200
LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""Addresses that only this computer reaches."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where data lies and where the server listens.

    `home` holds everything marops writes: the state database (unless `database_url` names a server) and the lake.
    `private_hosts`: address ranges and host names of this network that connections may reach. `files_from`: folders whose
    database files and Parquet folders they may read.
    """

    home: Path
    database_url: str
    host: str
    port: int
    sample: bool
    private_hosts: tuple[str, ...] = ()
    files_from: tuple[Path, ...] = ()
    """Folders of this computer whose files may be named on the Data page and in connections."""
    ca_file: Path | None = None
    """Certificates of the authorities that connections trust, in PEM; those of the system where there is none."""

    @property
    def lake(self) -> Path:
        """Folder of the content-addressed Parquet files."""
        return self.home / "lake"

    @property
    def staging(self) -> Path:
        """Folder of imports that are read but not yet accepted."""
        return self.home / "staging"


def current() -> Settings:
    """The settings of this process's environment. Raises BadSetting.

    MAROPS_HOME (default ./.marops), MAROPS_DATABASE_URL (default SQLite in the home folder; postgresql://...),
    MAROPS_HOST (default 127.0.0.1), MAROPS_PORT (default 8501), MAROPS_SAMPLE ("no": do not set the
    sample company up on the first start), MAROPS_ALLOW_PRIVATE_HOSTS (ranges and names, separated by commas; default
    none), MAROPS_FILES_FROM (folders, separated as in PATH; default none), MAROPS_CA_FILE (authorities that connections
    trust; default the system's).
    """
    home = Path(os.environ.get("MAROPS_HOME") or DEFAULT_HOME).expanduser().absolute()
    return Settings(
        home=home,
        database_url=_database_url(os.environ.get("MAROPS_DATABASE_URL"), home),
        host=os.environ.get("MAROPS_HOST") or DEFAULT_HOST,
        port=_port(os.environ.get("MAROPS_PORT")),
        sample=os.environ.get("MAROPS_SAMPLE") != "no",
        private_hosts=tuple(_listed(os.environ.get("MAROPS_ALLOW_PRIVATE_HOSTS"), ",")),
        files_from=_folders(os.environ.get("MAROPS_FILES_FROM")),
        ca_file=_ca_file(os.environ.get("MAROPS_CA_FILE")),
    )


def made(folder: Path) -> Path:
    """A folder of the home, made where it is not there, for its owner alone. Raises BadSetting where it cannot be made."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as refused:
        raise BadSetting(
            text(
                "The folder {folder} cannot be made ({why}). marops keeps all its data in the folder that MAROPS_HOME names: "
                "set it to one that can be written.",
                folder=str(folder), why=refused.strerror or str(refused),
            )
        ) from refused  # fmt: skip
    return folder


def secret_keys() -> list[str]:
    """The keys of MAROPS_SECRET_KEY, separated by commas: the first one seals, all open. No part of `Settings`, whose repr
    may be shown.
    """
    return _listed(os.environ.get("MAROPS_SECRET_KEY"), ",")


def _listed(given: str | None, separator: str) -> list[str]:
    return [one.strip() for one in (given or "").split(separator) if one.strip()]


def _database_url(given: str | None, home: Path) -> str:
    if not given:
        return f"sqlite:///{home / 'marops.db'}"
    scheme = given.split(":", 1)[0]
    if scheme in {"postgres", "postgresql"}:
        # SQLAlchemy would pick a driver that is not among our dependencies.
        return "postgresql+psycopg:" + given.split(":", 1)[1]
    if scheme in {"postgresql+psycopg", "sqlite"}:
        return given
    raise BadSetting(
        text(
            "MAROPS_DATABASE_URL starts with {found}. marops keeps its state in SQLite or PostgreSQL: "
            "leave the variable out, or give postgresql://user@host/database.",
            found=scheme,
        )
    )


def _folders(given: str | None) -> tuple[Path, ...]:
    folders = tuple(Path(one).expanduser() for one in (given or "").split(os.pathsep) if one.strip())
    for folder in folders:
        if not folder.is_absolute():
            raise BadSetting(
                text("MAROPS_FILES_FROM names {found}; give full paths of folders, such as /srv/exports.", found=str(folder))
            )
    return folders


def _ca_file(given: str | None) -> Path | None:
    if not given:
        return None
    found = Path(given).expanduser()
    if not found.is_file():
        raise BadSetting(text("MAROPS_CA_FILE is {found}, which is no file. Give a file of certificates in PEM.", found=given))
    return found


def _port(given: str | None) -> int:
    if not given:
        return DEFAULT_PORT
    if given.isascii() and given.isdigit() and 0 < int(given) < 65536:
        return int(given)
    raise BadSetting(text("MAROPS_PORT is {found}; it must be a port number from 1 to 65535.", found=given))
