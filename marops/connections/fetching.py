"""From a saved connection to a preview: the password is opened, the rows fetched, the file read as every file is."""

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from marops import store
from marops.connections import files, mysql, postgres, remote, sealing
from marops.connections import store as rows
from marops.connections.failures import not_fetched
from marops.connections.kinds import DESCRIBED, Form, Kind, Query
from marops.connections.writing import Binary, Repeated, TooMuch
from marops.errors import BadConnection
from marops.language import text
from marops.principal import Principal
from marops.sources import previews
from marops.sources.previews import Preview, Source

SPEC = "fetched.json"
"""Beside a preview's report: which connection and query it came from, and the day (UTC) on which that was begun."""


class NoRows(BadConnection):
    """The query gives no rows."""


@dataclass(frozen=True, slots=True)
class Reader:
    """What a kind of source can do, given the form and the password: list its tables, write a query's rows to a file."""

    tables: Callable[[Form, str], list[str]]
    fetch: Callable[[Form, str, Query, Path], int]


_FILES = Reader(files.tables, files.fetch)
_REMOTE = Reader(remote.tables, remote.fetch)
_READERS = {
    Kind.POSTGRES: Reader(postgres.tables, postgres.fetch),
    Kind.MYSQL: Reader(mysql.tables, mysql.fetch),
    **dict.fromkeys(DESCRIBED, _REMOTE),
}


def reader(kind: Kind) -> Reader:
    """What reads this kind of source."""
    return _READERS.get(kind, _FILES)


def opened(workspace_id: str, connection_id: str) -> tuple[Form, str]:
    """A saved connection and its password. Raises NotFound, BadSetting."""
    with store.reading() as session:
        row = rows.connection_of(session, workspace_id, connection_id)
    return row.form, sealing.opened(row.sealed)


def fetched(principal: Principal, workspace_id: str, connection_id: str, query: Query, name: str) -> Preview:
    """The query's rows as a preview called `name`. Raises NoRows, BadConnection, BadSetting, BadFile; then nothing is left."""
    form, password = opened(workspace_id, connection_id)
    folder = previews.new_folder()
    # Before the first row is asked for: what changes from here on belongs to the next sync.
    spec = {"connection": connection_id, "query": asdict(query), "began": store.now().date().isoformat()}
    try:
        _fetch(form, password, query, folder / "source", name)
        (folder / SPEC).write_text(json.dumps(spec), encoding="utf-8")
        return previews.one(previews.read(principal, workspace_id, [Source(folder, folder / "source", name)]))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _fetch(form: Form, password: str, query: Query, to: Path, name: str) -> None:
    try:
        count = reader(form.kind).fetch(form, password, query, to)
    except (TooMuch, Binary, Repeated) as why:
        raise not_fetched(form, why) from None
    if not count:
        raise NoRows(text("{name} gives no rows. Nothing was changed.", name=name))
