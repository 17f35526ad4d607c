"""One measured process: `python -m bench.kpis.measuring ours|floor`, for the installation at MAROPS_HOME. Prints JSON."""

import importlib
import json
import sys
import time
from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar

from bench.kpis import by_hand
from bench.kpis.rows import SCOPE
from marops import bootstrap, lake
from marops.lake import Manifest
from marops.period import Comparison, Period, Scope
from marops.principal import LOCAL_ADMIN
from marops.scorecard import inputs, service
from marops.scorecard.service import Scorecard
from marops.workspaces import service as workspaces

OTHER = Scope(SCOPE.workspace, Period(date(2026, 5, 1), date(2026, 7, 31)), Comparison.YEAR)
T = TypeVar("T")


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """The seconds some work takes, and what comes of it."""
    started = time.perf_counter()
    found = work()
    return time.perf_counter() - started, found


def manifest() -> Manifest:
    """What is in the lake."""
    return lake.manifest(SCOPE.workspace, workspaces.open_workspace(LOCAL_ADMIN, SCOPE.workspace).workspace.revision)


def files(found: Manifest) -> dict[str, list[str]]:
    """The Parquet files of each table."""
    return {name: [str(lake.path_of(blob.sha256)) for blob in found.of(name)] for name in {blob.table_name for blob in found.blobs}}


def months(card: Scorecard) -> dict[str, dict[str, float]]:
    """Each KPI's values by month, as `by_hand.values` has them."""
    return {
        row.kpi.id: {str(point.month): point.value for point in row.series.points if point.value is not None} for row in card.rows
    }


def main() -> None:
    """Measure; nothing is computed or read before in this process but the digests of the files; libraries are loaded,
    as the server has done before it answers.
    """
    bootstrap.prepare()
    found = manifest()
    told: dict[str, Any] = {}
    if sys.argv[1] == "ours":
        told["libraries"], _ = timed(lambda: importlib.import_module("scipy.stats"))
        told["digests"], _ = timed(lambda: [lake.verified(blob) for blob in found.blobs])
        workspaces._opened.cache.clear()  # noqa: SLF001  (finding the workspace is part of what is measured)
        told["months"], _ = timed(lambda: inputs.history(workspaces.open_workspace(LOCAL_ADMIN, SCOPE.workspace), SCOPE.unit))
        more, card = timed(lambda: service.scorecard(LOCAL_ADMIN, SCOPE))
        told["cold"] = told["months"] + more
        told["same"], _ = timed(lambda: service.scorecard(LOCAL_ADMIN, SCOPE))
        told["other"], _ = timed(lambda: service.scorecard(LOCAL_ADMIN, OTHER))
        told["values"] = months(card)
    else:
        told["cold"], told["values"] = timed(lambda: by_hand.values(files(found)))
    print(json.dumps(told))


if __name__ == "__main__":
    main()
