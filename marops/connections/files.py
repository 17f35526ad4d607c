"""Reading from SQLite and DuckDB files and folders of Parquet: asks the limited child."""

from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from marops.connections import addresses
from marops.connections.asking import ask
from marops.connections.failures import no_driver
from marops.connections.kinds import Form, Kind, Query


def tables(form: Form, password: str) -> list[str]:  # noqa: ARG001  (files have no password)
    """Tables of the file, or "all files" and the files of the folder. Raises BadConnection."""
    return [str(name) for name in _ask(form, {})["tables"]]


def fetch(form: Form, password: str, query: Query, to: Path) -> int:  # noqa: ARG001
    """Write the query's rows into a Parquet file. Returns how many. Raises BadConnection."""
    return int(_ask(form, {"query": asdict(query), "to": str(to.absolute())})["rows"])


def _ask(form: Form, asked: dict[str, Any]) -> dict[str, Any]:
    if form.kind is Kind.DUCKDB and find_spec("duckdb") is None:
        raise no_driver("duckdb")
    return ask(form, "", {"kind": form.kind, "path": str(addresses.readable(form.path)), **asked})
