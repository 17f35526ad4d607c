"""The limited process in which untrusted files are parsed: `python -m marops.sources.child`.

It reads jobs from its standard input, one a line, and writes `report.json` into each job's folder. Its parent gives it
no secrets in the environment; it gives itself limits of memory, processor time and file size before it imports a parser.
"""

import os
import sys
import threading
import time
import traceback
from pathlib import Path

from marops.sources import limits

IDLE_SECONDS = 900
REPORT = "report.json"
READ_BYTES = 1 << 20
"""What polars reads of a text file at a time. Its own choice, about 16 MB, takes twice the memory and is no quicker."""


def main() -> None:
    """Do the jobs that come on standard input, each whatever became of the others. Ends where none comes for a while."""
    parent = os.getppid()
    limits.apply()
    os.environ.setdefault("POLARS_CSV_CHUNK_SIZE", str(READ_BYTES))
    # Imported only now, under the limits, and before a job arrives: a spare process is ready to work at once.
    from marops.sources import progress
    from marops.sources.report import Job, Note, Report
    from marops.sources.staging import ready, stage

    ready()
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    died = False
    while line := _line():
        job = Job.model_validate_json(line)
        progress.begin(Path(job.folder))
        try:
            report = stage(job)
        except BaseException as defect:
            if isinstance(defect, KeyboardInterrupt | SystemExit):
                raise
            traceback.print_exc()
            died, report = True, Report(failure=Note(code="reader_died", values={"name": job.name}))
        (Path(job.folder) / REPORT).write_text(report.model_dump_json(), encoding="utf-8")
    # All is written; taking Python and polars apart in good order would keep whoever waits for us another 50 ms.
    sys.stderr.flush()
    os._exit(int(died))


def _end_with(parent: int) -> None:
    """End where the process that asked is gone: nobody will read the report."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _line() -> str:
    if sys.platform != "win32":
        import select

        if not select.select([sys.stdin], [], [], IDLE_SECONDS)[0]:
            return ""
    return sys.stdin.readline()


if __name__ == "__main__":
    main()
