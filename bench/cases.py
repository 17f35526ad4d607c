"""What `marops inspect` makes of real files with known answers: right, asked, refused or, silently, wrong.

The files lie beside the project (`../shared/cases/ingest`) and are not part of it.
"""

import json
import re
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bench import report
from marops import bootstrap
from marops.principal import LOCAL_ADMIN
from marops.sources import inspecting, runner, service

FOLDER = Path(__file__).parents[2] / "shared" / "cases" / "ingest"
_SUM = re.compile(r"(-?[\d.]+) \(n=(\d+), col '(.*)'\)")


@dataclass(frozen=True, slots=True)
class Judged:
    """One file: its verdict, what differs from what is known, and what marops asks or says."""

    case: str
    file: str
    verdict: str
    differs: tuple[str, ...]
    said: str


def known() -> dict[str, dict[str, Any]]:
    """The expectations by case."""
    return json.loads((FOLDER / "expect.json").read_text(encoding="utf-8"))


def judge(case: str, expected: dict[str, Any]) -> Judged:
    """Inspect one file and compare: rows, columns and every sum that is known."""
    found = inspecting.inspection(expected["file"], service.inspect_file(LOCAL_ADMIN, FOLDER / expected["file"]))
    if "refused" in found:
        return Judged(case, expected["file"], "refused", (), found["refused"])
    differs = tuple(_differences(found, expected))
    right = "right" if found["certain"] else "right, asks"
    verdict = right if not differs else "WRONG" if found["certain"] else "asked"
    return Judged(case, expected["file"], verdict, differs, "; ".join(found["questions"]))


def _differences(found: dict[str, Any], expected: dict[str, Any]) -> Iterator[str]:
    rows = sum(table["rows"] for table in found["tables"])
    if rows != expected["rows"]:
        yield f"{rows} rows instead of {expected['rows']}"
    columns = {column["source"]: column for column in found["tables"][0]["columns"]}
    if len(found["tables"][0]["columns"]) != expected["cols"]:
        yield f"{len(found['tables'][0]['columns'])} columns instead of {expected['cols']}"
    for stated in expected["sums"].values():
        if (match := _SUM.match(str(stated))) and match[2] != "0":
            total = columns.get(match[3], {}).get("sum")
            if total is None or Decimal(total) != Decimal(match[1]):
                yield f"{match[3]}: {total} instead of {match[1]}"


def run() -> None:
    """Judge every file and print."""
    if not FOLDER.is_dir():
        print(f"no cases: {FOLDER} is not there")
        return
    with tempfile.TemporaryDirectory() as home, pytest.MonkeyPatch.context() as patch:
        patch.setenv("MAROPS_HOME", home)
        bootstrap.prepare()
        started = time.perf_counter()
        found = [judge(case, expected) for case, expected in known().items()]
        seconds = time.perf_counter() - started
        megabyte = _megabyte()
    report.table(
        ("case", "file", "verdict", "differs; asks"),
        [(one.case, one.file[5:55], one.verdict, "; ".join((*one.differs, one.said))[:90]) for one in found],
    )
    counts = Counter(one.verdict for one in found)
    print(", ".join(f"{count} {verdict}" for verdict, count in counts.most_common()), f"of {len(found)}, in {seconds:.1f} s")
    print(f"describing an export of about 1 MB, child included: {megabyte:.2f} s (target 1)")


def _megabyte() -> float:
    """Seconds to describe the file whose size is nearest to a megabyte, with a spare process ready as on the Data page."""
    path = min((FOLDER / expected["file"] for expected in known().values()), key=lambda path: abs(path.stat().st_size - (1 << 20)))
    runner.warm()
    time.sleep(3)
    started = time.perf_counter()
    service.inspect_file(LOCAL_ADMIN, path)
    return time.perf_counter() - started
