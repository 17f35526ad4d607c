"""Is this installation sound? One check a subject, each answered from the thing itself, not from what was remembered."""

import shutil
import sqlite3
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata

from packaging.requirements import Requirement
from sqlmodel import select

from marops import __version__, lake, settings, store
from marops.lake import Blob
from marops.language import Text, joined, ntext, text
from marops.principal import Action, Principal, require
from marops.settings import LOOPBACK

LEAST_FREE_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Check:
    """One subject: whether it is in order, and what was found."""

    name: Text
    ok: bool
    found: Text


def checks(principal: Principal) -> list[Check]:
    """Look at versions, database, schema, lake, settings and disk. Changes nothing; a check that cannot run has failed."""
    require(principal, Action.ADMINISTER)
    return [
        _answered(name, look)
        for name, look in (
            (text("versions"), _versions),
            (text("database"), _database),
            (text("schema"), _schema),
            (text("lake"), _lake),
            (text("settings"), _settings),
            (text("disk"), _disk),
        )
    ]


def _answered(name: Text, look: Callable[[], tuple[bool, Text]]) -> Check:
    try:
        ok, found = look()
    except Exception as failed:  # noqa: BLE001  (whatever stops a check is what the check found)
        ok, found = False, text("could not be checked: {why}", why=str(failed).split("\n", maxsplit=1)[0][:300])
    return Check(name, ok, found)


def _versions() -> tuple[bool, Text]:
    wrong: list[str] = []
    for line in metadata.requires("marops") or []:
        needed = Requirement(line)
        if needed.marker and not needed.marker.evaluate({"extra": ""}):
            continue
        try:
            there = metadata.version(needed.name)
        except metadata.PackageNotFoundError:
            there = "–"
        if there == "–" or not needed.specifier.contains(there, prereleases=True):
            wrong.append(f"{needed.name} {there} ({needed.specifier})")
    python = ".".join(map(str, sys.version_info[:3]))
    if wrong:
        return False, text(
            "marops {version}, Python {python}; not as needed: {wrong}", version=__version__, python=python, wrong=joined(wrong, 6)
        )
    return True, text(
        "marops {version}, Python {python}, Streamlit {streamlit}, Polars {polars}", version=__version__, python=python,
        streamlit=metadata.version("streamlit"), polars=metadata.version("polars"),
    )  # fmt: skip


def _database() -> tuple[bool, Text]:
    engine = store.engine()
    with engine.connect() as connection:
        if engine.dialect.name != "sqlite":
            version = connection.exec_driver_sql("SHOW server_version").scalar()
            return True, text("PostgreSQL {version}", version=str(version))
        damage = str(connection.exec_driver_sql("PRAGMA integrity_check").scalar())
        dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        journal = str(connection.exec_driver_sql("PRAGMA journal_mode").scalar()).lower()
    version = sqlite3.sqlite_version
    if damage == "ok" and dangling is not None:
        damage = f"a row of {dangling[0]} refers to nothing"
    if damage != "ok":
        return False, text(
            "SQLite {version}: the file is damaged ({damage}). Restore it from a backup.", version=version, damage=damage[:200]
        )
    if journal == "wal" and sqlite3.sqlite_version_info < store.WAL_SAFE_SQLITE:
        return False, text("SQLite {version} can lose writes in WAL mode. Stop marops and start it again.", version=version)
    return True, text("SQLite {version}, intact, {journal} journal", version=version, journal=journal)


def _schema() -> tuple[bool, Text]:
    found, newest = store.schema_versions()
    if found == newest:
        return True, text("up to date ({version})", version=str(newest))
    return False, text(
        "at {found}, this marops needs {newest}. Start it once (marops run) to migrate.", found=found or "–", newest=str(newest)
    )


def _lake() -> tuple[bool, Text]:
    with store.reading() as session:
        digests = sorted(set(session.exec(select(Blob.sha256))))
    damaged = [digest[:12] for digest in digests if not lake.is_intact(digest)]
    if damaged:
        return False, ntext(
            "{n} file of imported rows is missing or damaged: {files}. Restore the data folder, or undo and import again.",
            "{n} files of imported rows are missing or damaged: {files}. Restore the data folder, or undo and import again.",
            len(damaged), files=joined(damaged),
        )  # fmt: skip
    return True, ntext("{n} file, its digest right", "{n} files, all digests right", len(digests))


def _settings() -> tuple[bool, Text]:
    found = settings.current()
    mode = found.home.stat().st_mode
    if sys.platform != "win32" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        return False, text("{home} can be read by others on this computer. Run: chmod 700 {home}", home=str(found.home))
    if found.host not in LOOPBACK:
        return False, text(
            "the server listens on {host}, where anybody who reaches it is admin. Unset MAROPS_HOST.", host=found.host
        )
    return True, text("data in {home}, server on {host}:{port}", home=str(found.home), host=found.host, port=str(found.port))


def _disk() -> tuple[bool, Text]:
    free = shutil.disk_usage(settings.current().home).free
    said = text("{free} GB free", free=round(free / 1e9, 1))
    return free >= LEAST_FREE_BYTES, said if free >= LEAST_FREE_BYTES else text(
        "only {said}; imports need room to be written whole", said=said
    )
