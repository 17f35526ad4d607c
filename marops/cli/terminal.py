"""What a command prints: answers on standard output, what went wrong on standard error, one line each."""

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from marops import settings
from marops.errors import BadSetting, UserError
from marops.language import Reader, Text, text
from marops.principal import LOCAL_ADMIN

if TYPE_CHECKING:
    from marops.sources.ongoing import Ongoing
    from marops.sources.service import Preview

MISTAKE = 2
FAILED = 1


def reader() -> Reader:
    """Of the language that the terminal is in."""
    return Reader.of(os.environ.get("LC_ALL", os.environ.get("LANG", "")).split(".", maxsplit=1)[0] or None)


def say(said: Text) -> str:
    """A sentence in the terminal's language."""
    return reader().say(said)


def tell(said: Text) -> None:
    """Print a sentence that was asked for. Raises UserError where it cannot be written."""
    put(say(said))


def put(line: str, *, err: bool = False) -> None:
    """Print a line of what was asked for. Raises UserError where it cannot be written."""
    try:
        typer.echo(line, err=err)
    except OSError as unwritten:
        # Python would write what is left once more when it ends, and say in its own words that it cannot.
        sys.stdout = None
        if isinstance(unwritten, BrokenPipeError):  # whoever reads has read enough
            raise SystemExit(FAILED) from None
        why = unwritten.strerror or str(unwritten)
        raise UserError(text("The output could not be written ({why}). Make room, or send it elsewhere.", why=why)) from None


def put_json(found: dict[str, Any]) -> None:
    """Print one JSON object. Raises UserError where it cannot be written."""
    import json

    line = json.dumps(found, ensure_ascii=False)
    try:
        line.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:  # what replaces letters would not be what was found
        line = json.dumps(found)
    put(line)


def remark(said: Text) -> None:
    """Say on standard error what somebody should know beside what was asked for; where that cannot be, it is not said."""
    _aside(say(said))


def complain(said: Text) -> None:
    """Say on standard error what went wrong, or what somebody should know."""
    _complain_line(say(said))


def fail(line: str, status: int = MISTAKE) -> NoReturn:
    """End with one line on standard error."""
    _complain_line(line)
    raise SystemExit(status)


def _complain_line(line: str) -> None:
    # One line, whatever was in the file or the arguments.
    _aside(f"marops: {' '.join(line.split())}")


def _aside(line: str) -> None:
    with suppress(OSError):
        typer.echo(line, err=True)


def logged(defect: Exception) -> Text:
    """What to say of a defect, whose traceback goes into the log beside the data; where none can be written, into no log."""
    import logging

    try:
        path = settings.made(settings.current().home) / "marops.log"
        logging.basicConfig(filename=path, format="%(asctime)s %(name)s %(message)s", force=True)
    except (BadSetting, OSError) as unwritten:
        found = f"{type(defect).__name__}: {defect}"
        why = unwritten.text if isinstance(unwritten, BadSetting) else (unwritten.strerror or str(unwritten))
        return text("Something went wrong that marops did not expect ({found}), and no log of it could be written: {why}",
                    found=found, why=why)  # fmt: skip
    logging.getLogger("marops").error("unexpected", exc_info=defect)
    return text("Something went wrong that marops did not expect; {log} has the details.", log=str(path))


def awaited(ongoing: "Ongoing") -> "Preview":
    """The preview. On a terminal, one line says how far the reading is; Ctrl+C ends it and leaves nothing."""
    from marops.sources import service, words

    shown = False
    try:
        while not ongoing.is_done(within=0.5):
            if sys.stderr.isatty():
                found = service.progress(LOCAL_ADMIN, ongoing)
                bar = f"[{'#' * int(20 * (found.share or 0)):<20}] " if found.share is not None else ""
                typer.echo(f"\r\x1b[K{bar}{say(words.progress(found))}"[:120], err=True, nl=False)
                shown = True
    except KeyboardInterrupt:
        service.stop(LOCAL_ADMIN, ongoing)
        raise
    finally:
        if shown:
            typer.echo("\r\x1b[K", err=True, nl=False)
    return service.finish(LOCAL_ADMIN, ongoing)
