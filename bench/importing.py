"""One measured import, in a process of its own: `python -m bench.importing FILE warm|cold`. Prints JSON."""

import json
import resource
import sys
import time
from pathlib import Path

import psutil

from marops import bootstrap
from marops.principal import LOCAL_ADMIN
from marops.sources import runner, service
from marops.workspaces.store import OWN

_KB = 1 if sys.platform == "darwin" else 1024


def peak_mb(who: int = resource.RUSAGE_SELF) -> float:
    """The largest resident memory of this process, or of its children."""
    return resource.getrusage(who).ru_maxrss * _KB / (1 << 20)


def _start_peak() -> float:
    """Forget this process's peak so far, where the system can; what is resident now, in MB."""
    if sys.platform == "linux":
        Path("/proc/self/clear_refs").write_text("5")
    return psutil.Process().memory_info().rss / (1 << 20)


def _own_peak() -> float:
    if sys.platform == "linux":
        line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return peak_mb()


def main() -> None:
    """Import the file into the installation at MAROPS_HOME."""
    path, start = Path(sys.argv[1]), sys.argv[2]
    bootstrap.prepare()
    if start == "warm":
        runner.warm()
        time.sleep(3)
    before = _start_peak()
    started = time.perf_counter()
    preview = service.preview_file(LOCAL_ADMIN, OWN, path)
    read = time.perf_counter() - started
    taken = service.accept(LOCAL_ADMIN, preview)
    seconds = time.perf_counter() - started
    found = {
        "seconds": seconds, "read": read, "rows": taken.rows_loaded, "refused": taken.rows_refused,
        "child_mb": peak_mb(resource.RUSAGE_CHILDREN), "parent_mb": _own_peak() - before,
    }  # fmt: skip
    print(json.dumps(found))


if __name__ == "__main__":
    main()
