"""A file that is being read while its owner looks on: how far it is, when it will be done, and an end to it at any time."""

import shutil
import threading
import time

from marops.errors import BadFile
from marops.principal import Principal
from marops.sources import previews, progress, runner
from marops.sources.previews import Preview, Source
from marops.sources.progress import Progress


class Ongoing:
    """The reading of one file, in a child process, for whom a thread waits."""

    def __init__(self, principal: Principal, workspace_id: str, source: Source) -> None:
        self.workspace_id = workspace_id
        self._principal = principal
        self._source = source
        self._reading = runner.Reading()
        self._started = time.monotonic()
        progress.forget(source.folder)
        self._found: Preview | BadFile | None = None
        self._defect: Exception | None = None
        self._thread = threading.Thread(target=self._read, name="reading", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        try:
            self._found = previews.read(self._principal, self.workspace_id, [self._source], self._reading)[0]
        except runner.CancelledError:
            pass
        except Exception as defect:  # noqa: BLE001  (raised again where the result is asked for)
            self._defect = defect
        finally:
            if self._found is None:
                shutil.rmtree(self._source.folder, ignore_errors=True)

    def is_done(self, within: float = 0.0) -> bool:
        """Whether the file has been read, or will be before so many seconds are over."""
        self._thread.join(within)
        return not self._thread.is_alive()

    def result(self) -> Preview:
        """The preview, once there is one. Raises BadFile where the file cannot be read, or was cancelled."""
        self._thread.join()
        if self._defect:
            raise self._defect
        if self._found is None:
            raise previews.gone()
        return previews.one([self._found])

    def cancel(self) -> None:
        """End the child at once. Nothing of the file is kept."""
        self._reading.cancel()
        self._thread.join()
        shutil.rmtree(self._source.folder, ignore_errors=True)

    def progress(self) -> Progress:
        """How far it is."""
        elapsed = time.monotonic() - self._started
        found = progress.seen(self._source.folder)
        name = self._source.name
        if found is None:
            return Progress(name, elapsed)
        if found.seconds is not None:
            # An estimate that has run out says no more than that it is not done.
            share = min(0.95, elapsed / max(found.seconds, 0.1))
            return Progress(name, elapsed, share=share, left=max(0.0, found.seconds - elapsed) or None, estimated=True)
        return Progress(name, elapsed, found.rows, found.total, found.share, found.left)
