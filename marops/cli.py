"""The `marops` command: run, sample, import, watch, sync, inspect, flow, check, version.

A user's mistake is one line on standard error and exit status 2. Commands import what they need when they run, so that
`marops version` answers at once.
"""

import csv
import io
import os
import re
import socket
import subprocess
import sys
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from marops import __version__, settings
from marops.errors import BadSetting, UserError
from marops.language import Reader, Text, joined, ntext, text
from marops.principal import LOCAL_ADMIN
from marops.settings import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from marops.connections.service import Synced
    from marops.naming import Named
    from marops.sources.ongoing import Ongoing
    from marops.sources.renewing import Renewal
    from marops.sources.report import Mapping
    from marops.sources.service import Preview

_ROOT = Path(__file__).parents[1]
_MISTAKE = 2
_FAILED = 1

app = typer.Typer(
    help="Marketing operations: the KPIs, campaigns, maturity and budget that IT and marketing share.",
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
)  # fmt: skip


class Mark(StrEnum):
    """The decimal mark of a file's numbers."""

    POINT = "."
    COMMA = ","


class Reopening(StrEnum):
    """What becomes of the times of an item that moves back."""

    KEPT = "kept"
    RESET = "reset"


class DateOrder(StrEnum):
    """The order of a file's dates that could be read either way."""

    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"


def main() -> None:
    """Run the command of this process and end it with its status."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # of standard error Python sees to it
        sys.stdout.reconfigure(errors="replace")
    status: object = None
    try:
        status = app(standalone_mode=False)
    except UserError as refused:
        _fail(_say(refused.text))
    except typer.TyperException as wrong:  # an unknown option, a missing argument
        _fail(wrong.format_message())
    except Exception as defect:  # noqa: BLE001  (no defect may end in a traceback on somebody's screen)
        _fail(_say(_logged(defect)), _FAILED)
    except (KeyboardInterrupt, typer.Abort):
        raise SystemExit(130) from None
    raise SystemExit(status if isinstance(status, int) else 0)


@app.command()
def run(
    *,
    sample: Annotated[bool, typer.Option(help="Set up the sample company on the first start.")] = True,
) -> None:
    """Set up what is missing and serve the app (MAROPS_HOST, default 127.0.0.1; MAROPS_PORT, default 8501)."""
    found = settings.current()
    _check_port_free(found.host, found.port)
    if found.host not in LOOPBACK:
        _tell(text("Warning: listening on {host}. Whoever reaches this address is admin of this marops.", host=found.host))
    shown = "localhost" if found.host in LOOPBACK else found.host
    _tell(text("marops opens on {url} (stop with Ctrl+C)", url=f"http://{shown}:{found.port}"))
    _serve(found, sample=sample)


@app.command()
def sample(
    seed: Annotated[int, typer.Option(min=0, help="Another number makes another company.")] = 7,
    scale: Annotated[int, typer.Option(min=1, max=1000, help="How many times the rows of ads and leads.")] = 1,
    out: Annotated[Path, typer.Option(help="The folder to write into.")] = Path("sample_data"),
) -> None:
    """Write the sample company's files, in the shapes that platforms export."""
    from marops.sample import company, files

    if out.exists() and not out.is_dir():
        raise UserError(text("{out} is a file. Give a folder.", out=str(out)))
    paths = files.write(company.simulate(seed, scale), out, seed)
    size = sum(path.stat().st_size for path in paths)
    _tell(text("{n} files in {out}, {size} MB", n=len(paths), out=str(out), size=round(size / 1e6, 1)))


_ZONE = "Where the clocks were that wrote times without a time zone, as in America/Sao_Paulo; else as the file says, or UTC."


@app.command(name="import")
def import_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="CSV, TSV, XLSX, Parquet or JSON; of any size.")],
    *,
    workspace: Annotated[str, typer.Option(help="The workspace to import into.")] = "company",
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="COLUMN=VALUE", help="One value for every row, as in currency_code=BRL.")
    ] = None,
    decimal: Annotated[Mark | None, typer.Option(help="The decimal mark, where the file leaves it open.")] = None,
    dates: Annotated[DateOrder | None, typer.Option(help="The order of dates that could be read either way.")] = None,
    zone: Annotated[str | None, typer.Option(help=_ZONE)] = None,
    valid_rows: Annotated[bool, typer.Option("--valid-rows", help="Import the valid rows and leave out refused ones.")] = False,
    sheet: Annotated[
        list[str] | None,
        typer.Option("--sheet", metavar="SHEET", help="Take this sheet or table and no other."),
    ] = None,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace", help="Let restated days, or a newer export of the same items, take the place of what is there for them."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a file.")] = False,
) -> None:
    """Import files: each one whole, or not at all."""
    from marops import bootstrap
    from marops.sources import service, telling

    constants, said_zone = dict(_pair(given) for given in set_ or []), _zone(zone)
    bootstrap.prepare()
    for path in files:
        preview = _awaited(service.start_file(LOCAL_ADMIN, workspace, path))
        try:
            preview = preview.only(sheet) if sheet else preview
            chosen = {
                part.name: part.mapping.model_copy(
                    update={
                        "constants": part.mapping.constants | constants,
                        "decimal": decimal or part.mapping.decimal,
                        "dates": dates or part.mapping.dates,
                        "zone": said_zone or part.mapping.zone,
                    }
                )
                for part in preview.parts
                if part.mapping is not None
            }
            if (constants or decimal or dates or said_zone) and chosen:
                _check_columns(constants, chosen)
                preview = _awaited(service.start_remap(LOCAL_ADMIN, preview, chosen)).without(preview.left_out)
            renewal = service.renewed(LOCAL_ADMIN, preview)
            replaced = _replaced(preview, renewal) if replace else []
            named = service.named(LOCAL_ADMIN, preview)
            converted = service.converted(LOCAL_ADMIN, preview)
            doubted = [renewal.doubted] if renewal.doubted else []
            notices = [*service.counted(LOCAL_ADMIN, preview), *doubted, *converted.known, *converted.lacking]
            service.accept(LOCAL_ADMIN, preview, leave_out_refused=valid_rows, replacing=replace)
        except UserError as refused:
            _tell_refusals(preview)
            service.cancel(LOCAL_ADMIN, preview)
            if preview.ready or preview.repeats:
                raise
            asked = [question for part in preview.parts for question in part.questions]
            raise UserError(telling.with_options(refused.text, asked)) from None
        for said in replaced:
            _complain(said)
        _tell_imported(preview, named, notices, as_json=as_json)


def _replaced(preview: "Preview", renewal: "Renewal") -> "list[Text]":
    """What a file takes the place of, as it is before it does."""
    from marops.sources import service, words

    return [*map(words.restated, service.restated(LOCAL_ADMIN, preview)), *map(words.renewed, renewal.replaced)]


@app.command()
def sync(
    *,
    workspace: Annotated[str, typer.Option(help="The workspace whose feeds are synced.")] = "company",
    feed: Annotated[str, typer.Option(help="The name of one feed; all of them without it.")] = "",
) -> None:
    """Sync feeds, one line each, for cron; exit status 2 where one could not be synced, with the others done."""
    from marops import bootstrap
    from marops.connections import service

    bootstrap.prepare()
    known = [found for found in service.feeds(LOCAL_ADMIN, workspace) if feed in {"", found.name}]
    if feed and not known:
        raise UserError(text("There is no feed {feed} in this workspace. See the feeds on Data.", feed=feed))
    status = 0
    for found in known:
        try:
            _tell(_synced(service.sync(LOCAL_ADMIN, workspace, found.id)))
        except UserError as refused:
            status = max(status, _MISTAKE)
            _complain(text("{feed}: {why}", feed=found.name, why=refused.text))
        except Exception as defect:  # noqa: BLE001  (one feed's defect must not keep the others from their rows)
            status = status or _FAILED
            _complain(text("{feed}: {why}", feed=found.name, why=_logged(defect)))
    if status:
        raise typer.Exit(status)


@app.command()
def watch(
    folder: Annotated[Path, typer.Argument(help="The folder in which files appear.")],
    *,
    once: Annotated[bool, typer.Option("--once", help="Take what is there now, then end.")] = False,
    workspace: Annotated[str, typer.Option(help="The workspace to import into.")] = "company",
    settle: Annotated[float, typer.Option(min=0, help="Seconds for which a file must not have changed.")] = 3.0,
) -> None:
    """Import every file that appears in a folder; it then moves to imported/, or to refused/ with a text that says why."""
    from marops import bootstrap
    from marops.sources import watching

    bootstrap.prepare()
    found = watching.Watch(LOCAL_ADMIN, workspace, folder, settle)

    def tell(taken: watching.Taken) -> None:
        _put(f"{taken.name}: {_say(taken.said)}", err=not taken.imported)

    if once:
        found.once(tell)
    else:
        found.forever(tell)


@app.command()
def check() -> None:
    """Look at versions, database, schema, imported files, settings and disk; exit status 1 where one is not in order."""
    from marops import health

    settings.current()
    found = health.checks(LOCAL_ADMIN)
    for one in found:
        _put(f"{'ok  ' if one.ok else 'FAIL'}  {_say(one.name)}: {_say(one.found)}")
    if not all(one.ok for one in found):
        raise typer.Exit(_FAILED)


@app.command()
def inspect(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="CSV, TSV, XLSX, Parquet or JSON; of any size.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a file.")] = False,
) -> None:
    """Say what files hold, without importing anything: tables, columns, exact sums, their own totals beside ours."""
    from marops.sources import inspecting, service

    for path in files:
        report = service.inspect_file(LOCAL_ADMIN, path)
        found = inspecting.inspection(path.name, report)
        if as_json:
            _put_json(found)
        else:
            for line in inspecting.lines(report):
                _tell(line)


@app.command()
def flow(
    log: Annotated[
        list[str],
        typer.Argument(metavar="LOG", help="CSV (case, stage, timestamp, role where known), XES or Jira's JSON; also gzipped."),
    ],
    *,
    stages: Annotated[str | None, typer.Option(help="Stages in their order, with commas between; else the usual order.")] = None,
    active: Annotated[str | None, typer.Option(help="Stages in which somebody works; else no flow efficiency.")] = None,
    done: Annotated[
        str | None, typer.Option(help="Stages that end the work; else the last given, or those after which nothing follows.")
    ] = None,
    as_of: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="As it was known at the end of this day.")] = None,
    cfd_at: Annotated[
        list[str] | None, typer.Option(metavar="DATE...", help="Days of which the cumulative flow is printed.")
    ] = None,
    dates: Annotated[DateOrder | None, typer.Option(help="The order of dates that could be read either way.")] = None,
    zone: Annotated[str | None, typer.Option(help=_ZONE)] = None,
    reopened: Annotated[Reopening, typer.Option(help="What becomes of the times of what moves back.")] = Reopening.KEPT,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say how work flows in an event log, without importing it: cycle times, throughput, time in stages, rework, hand-offs."""
    from marops.pipeline import log_files, logs
    from marops.pipeline.flow import Reopened
    from marops.pipeline.logs import Asked

    # "--cfd-at" may be followed by several days; what the parser leaves of them stands beside the file's name.
    days = [word for word in log if cfd_at and _DAY.fullmatch(word) and not Path(word).exists()]
    files = [word for word in log if word and word not in days]
    if len(files) != 1:
        raise UserError(text("Give the path of one log; found {files}.", files=joined(files) if files else text("none")))
    asked = Asked(
        stages=_listed(stages), active=_listed(active), done=_listed(done),
        as_of=as_of.replace(hour=23, minute=59, second=59, microsecond=999_999, tzinfo=UTC) if as_of else None,
        cfd_at=[_day(day) for day in (*(cfd_at or ()), *days)],
        reopened=Reopened(reopened.value),
    )  # fmt: skip
    read = log_files.of_log(LOCAL_ADMIN, Path(files[0]), asked, dates=dates, zone=_zone(zone))
    for said in read.notes:
        typer.echo(_say(said), err=True)
    if as_json:
        _put_json(read.found)
    else:
        for line in logs.lines(read.found, asked):
            _tell(line)


@app.command()
def version() -> None:
    """Print the version."""
    _put(f"marops {__version__}")


def _listed(words: str | None) -> list[str] | None:
    """Names with commas between them, one that holds a comma in quotes."""
    if words is None:
        return None
    # A line break is a space like any other here; to the reader of CSV it would end the list.
    line = re.sub(r"\s", " ", words)
    return [word.strip() for word in next(csv.reader([line], skipinitialspace=True), []) if word.strip()]


def _zone(word: str | None) -> str | None:
    from marops.sources import zones

    if word is None:
        return None
    if (found := zones.named(word)) is None:
        raise UserError(text("{zone} is no time zone. Write it as America/Sao_Paulo.", zone=word))
    return found


_DAY = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")


def _day(word: str) -> date:
    try:
        return date.fromisoformat(word)
    except ValueError:
        raise UserError(text("{found} is no day. Write it as 2026-03-31.", found=word)) from None


def _synced(done: "Synced") -> Text:
    if done.run is None:
        return text("{feed}: nothing new", feed=done.feed)
    since = text(" from {day} on", day=done.first_day) if done.first_day else ""
    return ntext(
        "{feed}: {n} row into {table}{since}; {refused} refused", "{feed}: {n} rows into {table}{since}; {refused} refused",
        done.run.rows_loaded, feed=done.feed, table=done.run.tables, since=since, refused=done.run.rows_refused,
    )  # fmt: skip


def _awaited(ongoing: "Ongoing") -> "Preview":
    """The preview. On a terminal, one line says how far the reading is; Ctrl+C ends it and leaves nothing."""
    from marops.sources import service, words

    shown = False
    try:
        while not ongoing.is_done(within=0.5):
            if sys.stderr.isatty():
                found = service.progress(LOCAL_ADMIN, ongoing)
                bar = f"[{'#' * int(20 * (found.share or 0)):<20}] " if found.share is not None else ""
                typer.echo(f"\r\x1b[K{bar}{_say(words.progress(found))}"[:120], err=True, nl=False)
                shown = True
    except KeyboardInterrupt:
        service.stop(LOCAL_ADMIN, ongoing)
        raise
    finally:
        if shown:
            typer.echo("\r\x1b[K", err=True, nl=False)
    return service.finish(LOCAL_ADMIN, ongoing)


def _serve(found: settings.Settings, *, sample: bool) -> None:
    """Become Streamlit's server: one process, which gets the signals itself."""
    display = sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    arguments = [
        sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={found.port}", f"--server.address={found.host}",
        f"--server.headless={str(not display).lower()}", "--server.showEmailPrompt=false",
    ]  # fmt: skip
    # The folder that Streamlit reads its configuration from is the one it is started in; ours must not move with it.
    environment = {**os.environ, "MAROPS_HOME": str(found.home), "MAROPS_SAMPLE": "yes" if sample and found.sample else "no"}
    sys.stdout.flush()
    os.chdir(_ROOT)
    if sys.platform == "win32":  # there, execv would leave the console before the server ends
        raise typer.Exit(subprocess.call(arguments, env=environment))  # noqa: S603  (our own arguments)
    os.execve(sys.executable, arguments, environment)  # noqa: S606  (our own arguments)


def _check_port_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as taken:
            raise BadSetting(
                text(
                    "Port {port} of {host} cannot be used ({why}). Is marops running already? Else set MAROPS_PORT to another.",
                    port=str(port), host=host, why=taken.strerror or str(taken),
                )
            ) from None  # fmt: skip


def _pair(given: str) -> tuple[str, str]:
    name, equals, value = given.partition("=")
    if not equals or not name.strip():
        raise UserError(text("--set {given}: give COLUMN=VALUE, for example currency_code=BRL.", given=given))
    return name.strip(), value.strip()


def _check_columns(constants: dict[str, str], chosen: "dict[str, Mapping]") -> None:
    from marops.tables import TABLES

    known = {column for mapping in chosen.values() for column in TABLES[mapping.table].by_name}
    if wrong := sorted(set(constants) - known):
        raise UserError(text("There is no column {column} in this table. See docs/tables.md.", column=wrong[0]))


def _tell_imported(preview: "Preview", named: "Named | None", notices: "Sequence[Text]", *, as_json: bool) -> None:
    from marops.sources import telling

    if as_json:
        import json

        _put(json.dumps(telling.record(preview, named, notices, _reader())))
        return
    for line in telling.imported(preview):
        _tell(line)
    _tell_refusals(preview)
    for line in notices:
        _tell(line)
    for line in telling.names(named) if named else ():
        _tell(line)


def _tell_refusals(preview: "Preview") -> None:
    from marops.sources import telling

    for line in telling.refusals(preview.parts):
        typer.echo(_say(line), err=True)


def _reader() -> Reader:
    return Reader.of(os.environ.get("LC_ALL", os.environ.get("LANG", "")).split(".", maxsplit=1)[0] or None)


def _say(said: Text) -> str:
    return _reader().say(said)


def _tell(said: Text) -> None:
    _put(_say(said))


def _put(line: str, *, err: bool = False) -> None:
    """Print a line of what was asked for. Raises UserError where it cannot be written."""
    try:
        typer.echo(line, err=err)
    except OSError as unwritten:
        # Python would write what is left once more when it ends, and say in its own words that it cannot.
        sys.stdout = None
        if isinstance(unwritten, BrokenPipeError):  # whoever reads has read enough
            raise SystemExit(_FAILED) from None
        why = unwritten.strerror or str(unwritten)
        raise UserError(text("The output could not be written ({why}). Make room, or send it elsewhere.", why=why)) from None


def _put_json(found: dict[str, Any]) -> None:
    import json

    line = json.dumps(found, ensure_ascii=False)
    try:
        line.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:  # what replaces letters would not be what was found
        line = json.dumps(found)
    _put(line)


def _logged(defect: Exception) -> Text:
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


def _fail(line: str, status: int = _MISTAKE) -> NoReturn:
    _complain_line(line)
    raise SystemExit(status)


def _complain(said: Text) -> None:
    _complain_line(_say(said))


def _complain_line(line: str) -> None:
    # One line, whatever was in the file or the arguments.
    typer.echo(f"marops: {' '.join(line.split())}", err=True)
