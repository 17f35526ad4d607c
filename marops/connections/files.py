"""Reading from SQLite and DuckDB files and folders of Parquet: asks the limited child, and says what it answered."""

import json
import os
import subprocess
import sys
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from marops.connections import addresses, writing
from marops.connections.failures import no_driver, not_fetched, refused_by
from marops.connections.kinds import Form, Kind, Query
from marops.connections.writing import Binary, Repeated, TooMuch

_KEPT_ENVIRONMENT = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LANG", "PYTHONPATH", "VIRTUAL_ENV")


def tables(form: Form, password: str) -> list[str]:  # noqa: ARG001  (files have no password)
    """Tables of the file, or "all files" and the files of the folder. Raises BadConnection."""
    return [str(name) for name in _ask(form, {})["tables"]]


def fetch(form: Form, password: str, query: Query, to: Path) -> int:  # noqa: ARG001
    """Write the query's rows into a Parquet file. Returns how many. Raises BadConnection."""
    return int(_ask(form, {"query": asdict(query), "to": str(to.absolute())})["rows"])


def _ask(form: Form, asked: dict[str, Any]) -> dict[str, Any]:
    if form.kind is Kind.DUCKDB and find_spec("duckdb") is None:
        raise no_driver("duckdb")
    job = {"kind": form.kind, "path": str(addresses.readable(form.path)), **asked}
    environment = {name: value for name in _KEPT_ENVIRONMENT if (value := os.environ.get(name)) is not None}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "marops.connections.child"], input=json.dumps(job) + "\n", capture_output=True, text=True,
            env=environment, timeout=writing.SECONDS * 2, check=False, start_new_session=True,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise refused_by(form, "", "it took too long") from None
    lines = done.stdout.splitlines()
    if not lines:
        raise refused_by(form, "", "it could not be read within the limits of memory and time")
    answer: dict[str, Any] = json.loads(lines[-1])
    match answer.get("failed"):
        case "too_much":
            raise not_fetched(form, TooMuch())
        case "binary":
            raise not_fetched(form, Binary(answer["why"]))
        case "repeated":
            raise not_fetched(form, Repeated(answer["why"]))
        case "unreadable":
            raise refused_by(form, "", answer["why"])
        case _:
            return answer
