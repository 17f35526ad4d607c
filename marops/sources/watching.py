"""A folder whose files are imported as they appear.

A file is taken once it has stopped growing, and moved when all is done: to `imported/`, or to `refused/` with a text file
that says why. Killed at any moment, nothing is lost or taken twice: a file still in the folder is looked at again, and one
whose bytes were imported before is only moved.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from marops.errors import NotFound, UserError
from marops.language import Text, ntext, text
from marops.principal import Principal
from marops.sources import service, telling, words
from marops.sources.service import Preview

IMPORTED, REFUSED = "imported", "refused"
_LOOK_EVERY = 0.5
_CELLS_NAMED = 50


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one file."""

    name: str
    imported: bool
    said: Text


@dataclass(frozen=True, slots=True)
class _Seen:
    size: int
    changed: int
    since: float


class Watch:
    """A folder that is looked at again and again."""

    def __init__(self, principal: Principal, workspace_id: str, folder: Path, settle: float) -> None:
        """`settle`: for how many seconds a file must not have changed. Raises NotFound where there is no such folder."""
        if not folder.is_dir():
            raise NotFound(text("There is no folder {path}. Create it, or check the name.", path=str(folder)))
        self._principal = principal
        self._workspace_id = workspace_id
        self._folder = folder
        self._settle = settle
        self._seen: dict[Path, _Seen] = {}

    def once(self, tell: Callable[[Taken], None]) -> None:
        """Take what is there as soon as it has settled. What goes on changing is left for the next time."""
        self._look(tell)
        if self._seen:
            time.sleep(self._settle)
            self._look(tell)

    def forever(self, tell: Callable[[Taken], None]) -> None:
        """Take whatever appears."""
        while True:
            self._look(tell)
            time.sleep(_LOOK_EVERY)

    def _look(self, tell: Callable[[Taken], None]) -> None:
        present = dict(_files(self._folder))
        now = time.monotonic()
        for path, (size, changed) in present.items():
            before = self._seen.get(path)
            if before is None or (before.size, before.changed) != (size, changed):
                self._seen[path] = _Seen(size, changed, now)
        for path in [path for path in self._seen if path not in present]:
            del self._seen[path]
        for path in sorted(self._seen):
            if now - self._seen[path].since >= self._settle and (taken := self._take(path)):
                tell(taken)
                self._seen.pop(path, None)

    def _take(self, path: Path) -> Taken | None:
        """Import one file and move it. None where it has changed or gone meanwhile: it is looked at again."""
        try:
            preview = service.preview_file(self._principal, self._workspace_id, path)
        except (NotFound, FileNotFoundError):
            return None
        except UserError as refused:
            return self._refuse(path, refused.text, "") if self._is_unchanged(path) else None
        if not self._is_unchanged(path):
            service.cancel(self._principal, preview)
            return None
        if preview.repeats:
            service.cancel(self._principal, preview)
            return self._imported(path, text("was imported before; only moved"))
        try:
            run = service.accept(self._principal, preview)
        except UserError as refused:
            # Somebody else may have taken the same bytes in this very moment.
            taken = service.load_preview(self._principal, preview.id).repeats
            service.cancel(self._principal, preview)
            if taken:
                return self._imported(path, text("was imported before; only moved"))
            return self._refuse(path, refused.text, _cells(preview))
        return self._imported(path, ntext("{n} row into {tables}", "{n} rows into {tables}", run.rows_loaded, tables=run.tables))

    def _is_unchanged(self, path: Path) -> bool:
        return _identity(path) == (self._seen[path].size, self._seen[path].changed)

    def _imported(self, path: Path, said: Text) -> Taken:
        _move(path, self._folder / IMPORTED)
        return Taken(path.name, imported=True, said=said)

    def _refuse(self, path: Path, why: Text, cells: str) -> Taken:
        target = _move(path, self._folder / REFUSED, beside=f"{why}\n{cells}")
        return Taken(path.name, imported=False, said=text("{why} It is in {folder}.", why=why, folder=str(target.parent)))


def _files(folder: Path) -> Iterator[tuple[Path, tuple[int, int]]]:
    """The files to be taken. What is hidden is still being written by somebody; a link may lead anywhere."""
    for path in folder.iterdir():
        if not path.name.startswith(".") and path.is_file() and not path.is_symlink() and (found := _identity(path)):
            yield path, found


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_size, found.st_mtime_ns


def _cells(preview: Preview) -> str:
    """The refused cells, one a line."""
    return "".join(
        str(text("{place}, {column} “{value}” {reason}", place=telling.place(cell), column=cell.column, value=cell.value,
                 reason=words.reason(cell))) + "\n"
        for part in preview.report.parts for cell in part.refused[:_CELLS_NAMED]
    )  # fmt: skip


def _move(path: Path, folder: Path, beside: str = "") -> Path:
    """Move a file under its name, or the first free one like it: nothing that lies there is ever replaced."""
    folder.mkdir(exist_ok=True)
    number = 1
    while True:
        target = folder / (path.name if number == 1 else f"{path.stem} ({number}){path.suffix}")
        note = target.with_name(target.name + ".txt")
        number += 1
        if target.exists() or (beside and note.exists()):
            continue
        if beside:
            note.write_text(beside, encoding="utf-8")
        try:
            os.link(path, target)  # unlike a rename, it fails where somebody else was quicker
        except FileExistsError:
            continue
        except OSError:  # a file system without links
            shutil.move(path, target)
            return target
        path.unlink()
        return target
