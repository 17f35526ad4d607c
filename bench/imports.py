"""Import of a million rows with full validation, beside polars writing the same text to Parquet as it is.

Ours is all a user waits for: reading and checking in the child process, hashing, and `accept` until the rows are
durable. The floor is `scan_csv(infer_schema=False).sink_parquet()` in a fresh process, without its imports. "warm"
takes the spare process that the Data page starts; "cold" starts it, and its floor counts the start of Python and
polars too.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import report
from bench.report import Line

OUT = Path(__file__).parent / "out"
SCALE = 462
"""Gives about a million rows of the sample company's European Google Ads report."""
MEMORY_MB = {1: 400, 10: 600, 100: 600}
"""What an import may take by millions of rows: from ten million on it must not grow."""

_FLOOR = """
import sys, time
import polars as pl
started = time.perf_counter()
pl.scan_csv(sys.argv[1], skip_lines=2, infer_schema=False).sink_parquet(sys.argv[2])
print(time.perf_counter() - started)
"""


def floor(path: Path, target: Path) -> tuple[float, float]:
    """Seconds of the bare conversion, without and with the start of its process."""
    import time  # noqa: PLC0415  (as in the measured process)

    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", _FLOOR, path, target], check=True, capture_output=True, text=True)
    return float(done.stdout), time.perf_counter() - started


def ours(path: Path, *, warm: bool) -> dict[str, float]:
    """Seconds, rows and memory of one import into a new installation, in a process of its own."""
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "bench.importing", path, "warm" if warm else "cold"]
        done = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, "MAROPS_HOME": home})
    return json.loads(done.stdout.splitlines()[-1])


def generated(scale: int = SCALE) -> Path:
    """The file to import; made once."""
    OUT.mkdir(exist_ok=True)
    path = OUT / f"google-ads-{scale}.csv"
    if not path.is_file():
        made = path.with_suffix(".part")
        code = "import sys; from bench.imports import write; write(sys.argv[1], int(sys.argv[2]))"
        subprocess.run([sys.executable, "-c", code, made, str(scale)], check=True)
        made.replace(path)
    return path


def write(path: str, scale: int) -> None:
    """Write the report at a scale."""
    from marops.sample import company, files  # noqa: PLC0415  (in a process of its own: it takes gigabytes)

    files._google_en(Path(path), company.simulate(7, scale))  # noqa: SLF001  (one of the sample's files, not all of them)


def larger(path: Path, copies: int) -> Path:
    """The same rows again and again under other ad groups, so that every one counts; made once."""
    target = path.with_stem(f"{path.stem}-x{copies}")
    if not target.is_file():
        lines = path.read_bytes().splitlines(keepends=True)
        rows = b"".join(line for line in lines[3:] if not line.startswith(b"Total"))
        made = target.with_suffix(".part")
        with made.open("wb") as out:
            out.writelines(lines[:3])
            for copy in range(copies):
                out.write(rows.replace(b",Group ", b",Group %d-" % copy))
        made.replace(target)
    return target


def run(repeats: int, millions: int = 1) -> None:
    """Measure in turns and print. The file of 100 million rows takes 11 GB of disk."""
    path = generated()
    if millions > 1:
        path = larger(path, millions)
    with path.open("rb") as file:  # into the page cache, for both
        while file.read(1 << 24):
            pass
    target = MEMORY_MB[min((size for size in MEMORY_MB if size >= millions), default=max(MEMORY_MB))]
    lines: list[Line] = []
    found: list[dict[str, float]] = []
    for warm in (True, False):
        pairs: list[tuple[float, float]] = []
        for _ in range(repeats):
            bare = floor(path, OUT / "floor.parquet")
            found.append(ours(path, warm=warm))
            pairs.append((found[-1]["seconds"], bare[0] if warm else bare[1]))
        lines.append(Line("warm" if warm else "cold", [a for a, _ in pairs], [b for _, b in pairs], 2.7, at="pairs"))
    report.show(f"Import of {int(found[0]['rows']):,} rows, {path.stat().st_size >> 20} MB", lines)
    for what in ("child_mb", "parent_mb"):
        values = [one[what] for one in found]
        print(f"{what}: {max(values):.0f} at most")
    peak = max(one["child_mb"] + one["parent_mb"] for one in found)
    print(f"child's peak and parent's growth together: {peak:.0f} MB; target {target} {'met' if peak < target else 'NOT MET'}")
