"""The limited process in which files of other databases are opened: `python -m marops.connections.child`.

A SQLite, DuckDB or Parquet file is somebody else's bytes, and its parsers are large: one job comes on standard input, the
answer goes to standard output. The process has no secrets in its environment and limits itself before it imports a parser.
"""

import json
import os
import sys

from marops.sources import limits


def main() -> None:
    """Do the one job and answer `{"tables": ...}`, `{"rows": ...}` or `{"failed": ..., "why": ...}`."""
    limits.apply()
    from marops.connections import opening, writing
    from marops.connections.kinds import Kind, Query

    job = json.loads(sys.stdin.readline())
    kind, path = Kind(job["kind"]), job["path"]
    try:
        if "to" in job:
            answer: dict[str, object] = {"rows": opening.fetch(kind, path, Query(**job["query"]), job["to"])}
        else:
            answer = {"tables": opening.tables(kind, path)}
    except writing.TooMuch:
        answer = {"failed": "too_much"}
    except writing.Binary as found:
        answer = {"failed": "binary", "why": str(found.args[0])}
    except writing.Repeated as found:
        answer = {"failed": "repeated", "why": str(found.args[0])}
    except opening.Unreadable as found:
        answer = {"failed": "unreadable", "why": str(found)}
    print(json.dumps(answer), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
