"""All 30 KPIs over 24 months from a million ad rows and 200,000 lead events, beside the same aggregations by hand.

Ours is first the 24 months of every KPI with intervals and notes, then the whole scorecard of a year beside the year before, which
is both years as well and what all of it says. The floor (`kpis/by_hand.py`) gives what the KPIs need of the 24 months. Each runs
in a fresh process, in turns, so that no cache of either helps; neither pays for its imports, and the files are in the page cache
for both. Ours checks each file's digest once a process: that is done before, as the floor does not, and printed apart. What both
compute is compared in every turn. The floor uses all cores and ours hardly more than one: on a busy machine the ratio looks better
than it is.
"""

import json
import os
import subprocess
import sys
import tempfile
from statistics import median
from typing import Any

import pytest

from bench import report
from bench.kpis import by_hand, rows
from bench.report import Line

TARGET = 3.0
_COLD = {"months": "cold, 24 months", "cold": "cold, and both years"}
_APART = {
    "same": "warm, the same again",
    "other": "warm, another period of the same data beside the year before",
    "libraries": "once a process, scipy.stats (the server loads it before it answers)",
    "digests": "once a process, digests of the files",
}


def measured(what: str, home: str) -> dict[str, Any]:
    """What one process says: `ours` or `floor`."""
    command = [sys.executable, "-m", "bench.kpis.measuring", what]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, "MAROPS_HOME": home})
    return json.loads(done.stdout.splitlines()[-1])


def run(repeats: int) -> None:
    """Make the rows, measure in turns and print."""
    with tempfile.TemporaryDirectory() as home:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("MAROPS_HOME", home)
            counts = rows.make()
        ours: list[dict[str, Any]] = []
        floor: list[dict[str, Any]] = []
        for _ in range(repeats):
            floor.append(measured("floor", home))
            ours.append(measured("ours", home))
            wrong = by_hand.differences(ours[-1]["values"], floor[-1]["values"])
            assert not wrong, wrong
    by_hands = [one["cold"] for one in floor]
    lines = [Line(what, [one[name] for one in ours], by_hands, TARGET, at="pairs") for name, what in _COLD.items()]
    size = f"{counts['ad_performance']:,} ad rows and {counts['lead_stage_history']:,} lead events"
    report.show(f"Scorecard from {size}", lines)
    values = ours[-1]["values"]
    print(
        f"{len(values)} KPIs, {sum(map(len, values.values()))} values of months; by hand {len(by_hand.EXACT)} KPIs are the same and"
    )
    print(f"{len(by_hand.NEAR)} near (plain quantiles, shares and weeks instead of estimates); IT6 and J10 read no Parquet")
    for name, what in _APART.items():
        found = [one[name] for one in ours]
        print(f"{what}: {median(found) * 1000:.1f} ms ({min(found) * 1000:.1f} to {max(found) * 1000:.1f})")
