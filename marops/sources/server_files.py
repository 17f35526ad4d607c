"""Files of the server that a page may name: only inside the folders that the administrator allows."""

from pathlib import Path

from marops import settings
from marops.errors import Forbidden, NotFound
from marops.language import joined, text


def find(named: str) -> Path:
    """The file, every symbolic link followed. Raises Forbidden where no folder is allowed, NotFound for what is not a file
    inside one of them: what lies elsewhere is not even said to be there.
    """
    folders = settings.current().files_from
    if not folders:
        raise Forbidden(
            text(
                "No folder of the server may be imported from. Set MAROPS_FILES_FROM to the folder of such files and start "
                "marops again, or run “marops import FILE” on the server."
            )
        )
    for folder in folders:
        found = _resolved(folder / named.strip())
        if found and any(found.is_relative_to(allowed.resolve()) for allowed in folders):
            return found
    raise NotFound(
        text(
            "There is no file {path} in {folders}, where imports may come from. Check the name.",
            path=named.strip()[:300], folders=joined([str(folder) for folder in folders]),
        )
    )  # fmt: skip


def _resolved(path: Path) -> Path | None:
    """Where a file really lies; None where there is none."""
    try:
        found = path.resolve(strict=True)
        return found if found.is_file() else None
    except (OSError, ValueError, RuntimeError):  # not there, no name at all, links that lead in a circle
        return None
