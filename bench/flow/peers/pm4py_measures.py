"""The same log measured by pm4py. A program of its own, in an environment of its own: pm4py is AGPL and no part of marops.

Usage: python pm4py_measures.py LOG.csv. Prints seconds, without reading the file, and what was found as JSON.
"""

import json
import sys
import time

import pandas as pd
import pm4py

frame = pd.read_csv(sys.argv[1])
frame["timestamp"] = pd.to_datetime(frame["timestamp"], utc=True, format="ISO8601")
log = pm4py.format_dataframe(frame, case_id="case", activity_key="stage", timestamp_key="timestamp")
started = time.perf_counter()
variants = pm4py.get_variants(log)
durations = pd.Series(pm4py.get_all_case_durations(log))
dwell, _, _ = pm4py.discover_performance_dfg(log)
seconds: dict[str, float] = {}
for (stage, _), found in dwell.items():
    seconds[stage] = seconds.get(stage, 0.0) + found["sum"]
rework = pm4py.get_rework_cases_per_activity(log)
passed = pm4py.discover_performance_dfg(log, activity_key="role")[0]
percentiles = [float(durations.quantile(share)) for share in (0.5, 0.85, 0.95)]
took = time.perf_counter() - started
print(
    json.dumps(
        {
            "seconds": took,
            "items": int(log["case:concept:name"].nunique()),
            "variants": len(variants),
            "duration_days": [found / 86_400 for found in (float(durations.mean()), *percentiles)],
            "time_in_stage_days": {stage: found / 86_400 for stage, found in seconds.items()},
            "rework": len(rework),
            "roles": len(passed),
        }
    )
)
