"""The same log measured by jira-agile-metrics: cycle times, cumulative flow, throughput. A program of its own, in an environment of
its own.

Usage: python jam_measures.py LOG.csv. Its own calculators run on issues in memory, as if Jira had answered. Prints seconds, without
reading the file, and what was found as JSON.
"""

import csv
import json
import logging
import sys
import time
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace as Of

from jira_agile_metrics.calculators.cfd import calculate_cfd_data
from jira_agile_metrics.calculators.cycletime import calculate_cycle_times
from jira_agile_metrics.calculators.throughput import calculate_throughput
from jira_agile_metrics.querymanager import QueryManager
from jira_agile_metrics.utils import StatusTypes

STAGES = ("Request", "Validation", "Prioritisation", "Build", "QA", "Execution", "Done")
logging.disable(logging.CRITICAL)


class Jira:
    """Issues as the client library gives them."""

    _options = {"server": "http://localhost"}  # noqa: RUF012

    def __init__(self, issues):
        self.issues = issues

    def fields(self):
        """The fields its query manager asks for."""
        return [{"id": name, "name": name} for name in ("status", "Flagged")]

    def search_issues(self, *_args, **_more):
        """All issues, whatever is asked."""
        return self.issues


rows: dict[str, list[tuple[str, str]]] = {}
with Path(sys.argv[1]).open(encoding="utf-8", newline="") as file:
    for row in csv.DictReader(file):
        rows.setdefault(row["case"], []).append((row["timestamp"].removesuffix("Z"), row["stage"]))
issues = []
for case, events in rows.items():
    events.sort(key=lambda event: event[0])
    histories = [
        Of(created=at, items=[Of(field="status", fromString=before, toString=stage)])
        for (_, before), (at, stage) in pairwise(events)
    ]
    fields = Of(
        created=events[0][0], issuetype=Of(name="Task"), summary=case, status=Of(name=events[-1][1]), resolution=None,
        resolutiondate=None, Flagged=None,
    )  # fmt: skip
    issues.append(Of(key=case, fields=fields, changelog=Of(histories=histories)))

kinds = {"Request": StatusTypes.backlog, "Done": StatusTypes.complete}
cycle = [{"name": stage, "statuses": [stage], "type": kinds.get(stage, StatusTypes.accepted)} for stage in STAGES]
manager = QueryManager(Jira(issues), {"attributes": {}})
started = time.perf_counter()
found = calculate_cycle_times(manager, cycle, {}, "Request", "Done", [{"jql": ""}])
percentiles = found["cycle_time"].dropna().quantile([0.5, 0.85, 0.95])
cfd = calculate_cfd_data(found, list(STAGES))
weeks = calculate_throughput(found, "W-MON")
took = time.perf_counter() - started
print(
    json.dumps(
        {
            "seconds": took,
            "items": len(found),
            "finished": int(found["completed_timestamp"].count()),
            "days": len(cfd),
            "weeks": len(weeks),
            "cycle_days": [value / 86_400e9 for value in percentiles.astype("int64").tolist()],
        }
    )
)
