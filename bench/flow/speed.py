"""Flow of a log beside the same measures by hand and beside other tools, and a Monte Carlo of a hundred items.

pm4py and jira-agile-metrics run as programs of their own, in environments of their own: `MAROPS_PM4PY` and `MAROPS_JAM` name
their interpreters; without one its line says so. Only computing is timed, not reading the file.
"""

import json
import os
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import polars as pl

from bench import report
from bench.flow import by_hand, made
from bench.report import Line
from marops import stats
from marops.pipeline import events as events_of
from marops.pipeline import flow, forecast, logs
from marops.pipeline.events import Workflow
from marops.pipeline.flow import Clock
from marops.pipeline.logs import Asked

OUT = Path(__file__).parents[1] / "out"
_NOW = datetime(2030, 1, 1, tzinfo=UTC)
_BEGUN = made.STAGES.index(made.ACTIVE[0])
_AS_JAM = Workflow(made.STAGES, frozenset(made.STAGES[_BEGUN:]) - frozenset(made.DONE), frozenset(made.DONE))
"""Its cycle times begin with the first stage from the one of the start on, whether somebody works in it or it waits."""

_PEERS_EVENTS = 100_000


def run(repeats: int) -> None:
    """Measure and print."""
    lines: list[Line] = []
    for count in (_PEERS_EVENTS, 1_000_000):
        events = made.events(count)
        days = by_hand.twelve(events)
        agree(ours(events), by_hand.measures(events, days))
        pairs = [(_timed(lambda: ours(events)), _timed(lambda: by_hand.measures(events, days))) for _ in range(repeats)]  # noqa: B023
        lines.append(Line(f"{events.height:,} events", [a for a, _ in pairs], [b for _, b in pairs], 1.2, "pairs"))
    report.show("Flow of a log in memory, beside the same measures by hand", lines)
    _peers()
    _trials(repeats)


def ours(events: pl.DataFrame) -> dict[str, Any]:
    """What `marops flow` prints of a log whose workflow is said."""
    asked = Asked(made.STAGES, made.ACTIVE, made.DONE, cfd_at=by_hand.twelve(events))
    return logs.summary(events, asked, now=_NOW)


def agree(found: dict[str, Any], expected: dict[str, Any]) -> None:
    """Raise where both did not measure the same."""
    same = (
        all(found[ours] == expected[theirs] for ours, theirs in _COUNTS.items())
        and found["throughput_per_week"] == {day.isoformat(): count for day, count in expected["weeks"]} | _empty_weeks(found)
        and [list(row.values()) for row in found["cfd"].values()] == [list(row) for row in zip(*expected["cfd"], strict=True)]
        and all(abs(days - expected["time_in_stage"][stage]) < 1e-3 for stage, days in found["time_in_stage_days"].items())
        and abs(found["flow_efficiency"] - expected["efficiency"]) < 1e-6
        and all(
            abs(found[ours][name] - value) < 1e-6
            for ours, theirs in (("case_duration_days", "durations"), ("cycle_time_days", "cycle"))
            for name, value in zip(("mean", "p50", "p85", "p95"), expected[theirs], strict=True)
        )
    )
    if not same:
        raise ValueError(f"ours: {found}; by hand: {expected}")


_COUNTS = {
    "items": "items", "finished": "finished", "events": "events", "variants": "variants", "moved_back_items": "moved_back",
    "handoffs": "handoffs",
}  # fmt: skip


def _empty_weeks(found: dict[str, Any]) -> dict[str, int]:
    return {week: count for week, count in found["throughput_per_week"].items() if not count}


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def like_pm4py(events: pl.DataFrame) -> dict[str, Any]:
    """What its program measures: ways, durations, time in stage, rework, time between roles."""
    known = events_of.log(events, now=_NOW).events
    spans = flow.durations(known).to_numpy()
    visits = flow.visits(known)
    return {
        "items": known["case"].n_unique(),
        "variants": flow.variants(known).height,
        "duration_days": [float(spans.mean()), *stats.percentiles(spans, *_SHARES)],
        "time_in_stage_days": dict(
            flow.time_in_stage(visits, _NOW).filter(pl.col("visits") > 0).select("stage", "days").iter_rows()
        ),
        "rework": flow.rework(known).height,
        "roles": visits.select("role", "next_role").drop_nulls("next_role").unique().height,
    }


def like_jam(events: pl.DataFrame) -> dict[str, Any]:
    """What its program measures: cycle times in whole days, percentiles, cumulative flow of every day, throughput."""
    placed = flow.without_undone(events_of.placed(events_of.log(events, now=_NOW).events, _AS_JAM))
    items = flow.items(placed, _AS_JAM)
    days = pl.date_range(placed["at"].min().date(), placed["at"].max().date(), eager=True)
    cycle = flow.cycle_times(items, Clock.DAYS).to_numpy()
    return {
        "items": items.height,
        "finished": int(items["finished"].count()),
        "days": flow.cumulative(placed, _AS_JAM, days)["day"].n_unique(),
        "weeks": flow.throughput(items).height,
        "cycle_days": stats.percentiles(cycle, *_SHARES),
    }


_SHARES = (0.5, 0.85, 0.95)
PEERS: dict[str, tuple[str, str, Callable[[pl.DataFrame], dict[str, Any]], int]] = {
    "pm4py": ("MAROPS_PM4PY", "pm4py_measures.py", like_pm4py, 8),
    "jira-agile-metrics": ("MAROPS_JAM", "jam_measures.py", like_jam, 300),
}
"""By tool: what names its interpreter, its program, the same by ours, and how many times faster that should be."""


_ROUNDS = 3
_AROUND = 15
"""Ours is so short that a neighbour on the machine can hide it: it is measured so often before each round of the other tool, and
after the last.
"""


def _peers() -> None:
    events = made.events(_PEERS_EVENTS)
    path = made.file(_PEERS_EVENTS, OUT)
    rows: list[tuple[str, ...]] = []
    for tool, (setting, program, same, wanted) in PEERS.items():
        interpreter = os.environ.get(setting)
        if not interpreter:
            rows.append((tool, "", "", "", f"{setting} names no interpreter that has it"))
            continue
        command = [interpreter, str(Path(__file__).parent / "peers" / program), str(path)]
        mine, theirs = list[float](), list[float]()
        for _ in range(_ROUNDS):
            mine += [_timed(lambda: same(events)) for _ in range(_AROUND)]  # noqa: B023
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            found = json.loads(done.stdout.splitlines()[-1])
            theirs.append(found.pop("seconds"))
            _check(tool, same(events), found)
        mine += [_timed(lambda: same(events)) for _ in range(_AROUND)]  # noqa: B023
        times = median(theirs) / median(mine)
        verdict = f"{wanted}x {'met' if times >= wanted else 'NOT MET'}"
        spread = f"{min(mine):.4f} to {max(mine):.4f} | {min(theirs):.2f} to {max(theirs):.2f}"
        rows.append((tool, f"{median(mine):.4f}", f"{median(theirs):.2f}", f"{times:.0f}x", verdict, spread))
    print(f"\n{events.height:,} events, computing alone; other tools in their own environments, in this run")
    report.table(("tool", "ours, s", "theirs, s", "faster", "target", "spread ours | theirs"), rows)


def _check(tool: str, ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    """Raise where the tool found something else: then the same work was not timed."""
    differing = {
        name: (ours[name], theirs[name])
        for name in theirs
        if not (theirs[name] == ours[name] or _near(ours[name], theirs[name])) and name != "weeks"  # weeks that end on Mondays
    }
    if differing:
        raise ValueError(f"{tool} differs: {differing}")


def _near(ours: Any, theirs: Any) -> bool:
    if isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(abs(ours[key] - theirs[key]) < 1e-3 for key in theirs)
    return isinstance(theirs, list) and all(abs(a - b) < 1e-3 for a, b in zip(ours, theirs, strict=True))


def _trials(repeats: int) -> None:
    found = forecast.pace([1, 0, 2, 0, 0, 3, 1] * 12, ahead=60)
    assert found is not None
    took = min(_timed(lambda: forecast.when(found, 100, seed=1)) for _ in range(repeats))
    print(f"\nMonte Carlo, {forecast.TRIALS:,} trials, when a hundred items are done: {took:.3f} s, target 0.3 s")
