"""The limited process in which files of other databases are opened: `python -m marops.connections.child`.

A SQLite, DuckDB or Parquet file is somebody else's bytes, and its parsers are large; so are the clients of object stores,
warehouses and web services. One job comes on standard input, the answer goes to standard output. The process has no secrets
in its environment and limits itself before it imports a parser.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

from marops.sources import limits

if TYPE_CHECKING:
    from marops.connections.kinds import Kind, Query
    from marops.connections.reaching import Reach


def main() -> None:
    """Do the one job and answer `{"tables": ...}`, `{"rows": ...}` or `{"failed": ..., "why": ...}`."""
    limits.apply()
    from marops.connections import writing
    from marops.connections.kinds import Query
    from marops.connections.reaching import Unreadable

    job = json.loads(sys.stdin.readline())
    try:
        if "to" in job:
            answer: dict[str, object] = {"rows": _fetch(job, Query(**job["query"]))}
        else:
            answer = {"tables": _tables(job)}
    except writing.TooMuch:
        answer = {"failed": "too_much"}
    except writing.Binary as found:
        answer = {"failed": "binary", "why": str(found.args[0])}
    except writing.Repeated as found:
        answer = {"failed": "repeated", "why": str(found.args[0])}
    except Unreadable as found:
        answer = {"failed": "unreadable", "why": str(found)}
    print(json.dumps(answer), flush=True)
    os._exit(0)


def _tables(job: dict[str, Any]) -> list[str]:
    if "path" not in job:
        reach = _reach(job)
        return _reader(reach.kind).tables(reach)
    from marops.connections import opening
    from marops.connections.kinds import Kind

    return opening.tables(Kind(job["kind"]), job["path"])


def _fetch(job: dict[str, Any], query: Query) -> int:
    if "path" not in job:
        reach = _reach(job)
        return _reader(reach.kind).fetch(reach, query, job["to"])
    from marops.connections import opening
    from marops.connections.kinds import Kind

    return opening.fetch(Kind(job["kind"]), job["path"], query, job["to"])


def _reader(kind: Kind) -> Any:
    from marops.connections import apis, cloud, warehouses
    from marops.connections.kinds import APIS, STORES

    if kind in APIS:
        return apis
    return cloud if kind in STORES else warehouses


def _reach(job: dict[str, Any]) -> Reach:
    from marops.connections.kinds import Kind, Tls
    from marops.connections.reaching import Reach

    return Reach(Kind(job["kind"]), job["more"], Tls(job["tls"]), job["secret"], job["gate"], job["address"])


if __name__ == "__main__":
    main()
