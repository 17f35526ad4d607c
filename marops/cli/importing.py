"""Commands that bring data in, or look at it: import, sync, watch, inspect."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from marops.cli import terminal
from marops.cli.options import ZONE, DateOrder, zone_of
from marops.errors import UserError
from marops.language import Text, ntext, text
from marops.principal import LOCAL_ADMIN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from marops.connections.service import Synced
    from marops.naming import Named
    from marops.sources.renewing import Renewal
    from marops.sources.report import Mapping
    from marops.sources.service import Preview


class Mark(StrEnum):
    """The decimal mark of a file's numbers."""

    POINT = "."
    COMMA = ","


def import_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="CSV, TSV, XLSX, Parquet, JSON, XES; also gzipped.")],
    *,
    workspace: Annotated[str, typer.Option(help="The workspace to import into.")] = "company",
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="COLUMN=VALUE", help="One value for every row, as in currency_code=BRL.")
    ] = None,
    decimal: Annotated[Mark | None, typer.Option(help="The decimal mark, where the file leaves it open.")] = None,
    dates: Annotated[DateOrder | None, typer.Option(help="The order of dates that could be read either way.")] = None,
    zone: Annotated[str | None, typer.Option(help=ZONE)] = None,
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

    constants, said_zone = dict(_pair(given) for given in set_ or []), zone_of(zone)
    bootstrap.prepare()
    for path in files:
        preview = terminal.awaited(service.start_file(LOCAL_ADMIN, workspace, path))
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
                preview = terminal.awaited(service.start_remap(LOCAL_ADMIN, preview, chosen)).without(preview.left_out)
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
            terminal.complain(said)
        _tell_imported(preview, named, notices, as_json=as_json)


def _replaced(preview: "Preview", renewal: "Renewal") -> "list[Text]":
    """What a file takes the place of, as it is before it does."""
    from marops.sources import service, words

    return [*map(words.restated, service.restated(LOCAL_ADMIN, preview)), *map(words.renewed, renewal.replaced)]


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

        terminal.put(json.dumps(telling.record(preview, named, notices, terminal.reader())))
        return
    for line in telling.imported(preview):
        terminal.tell(line)
    _tell_refusals(preview)
    for line in notices:
        terminal.tell(line)
    for line in telling.names(named) if named else ():
        terminal.tell(line)


def _tell_refusals(preview: "Preview") -> None:
    from marops.sources import telling

    for line in telling.refusals(preview.parts):
        terminal.remark(line)


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
            said = _synced(service.sync(LOCAL_ADMIN, workspace, found.id))
        except UserError as refused:
            status = max(status, terminal.MISTAKE)
            terminal.complain(text("{feed}: {why}", feed=found.name, why=refused.text))
        except Exception as defect:  # noqa: BLE001  (one feed's defect must not keep the others from their rows)
            status = status or terminal.FAILED
            terminal.complain(text("{feed}: {why}", feed=found.name, why=terminal.logged(defect)))
        else:
            was_told = _was_told(said)
            status = status or (0 if was_told else terminal.FAILED)
    if status:
        raise typer.Exit(status)


def _was_told(said: Text) -> bool:
    """Whether a line could be written: that nobody reads it keeps no feed from its rows."""
    try:
        terminal.tell(said)
    except (UserError, SystemExit):
        return False
    return True


def _synced(done: "Synced") -> Text:
    if done.run is None:
        return text("{feed}: nothing new", feed=done.feed)
    since = text(" from {day} on", day=done.first_day) if done.first_day else ""
    return ntext(
        "{feed}: {n} row into {table}{since}; {refused} refused", "{feed}: {n} rows into {table}{since}; {refused} refused",
        done.run.rows_loaded, feed=done.feed, table=done.run.tables, since=since, refused=done.run.rows_refused,
    )  # fmt: skip


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
        terminal.put(f"{taken.name}: {terminal.say(taken.said)}", err=not taken.imported)

    if once:
        found.once(tell)
    else:
        found.forever(tell)


def inspect(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="CSV, TSV, XLSX, Parquet, JSON, XES; also gzipped.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a file.")] = False,
) -> None:
    """Say what files hold, without importing anything: tables, columns, exact sums, their own totals beside ours."""
    from marops.sources import inspecting, service

    for path in files:
        report = service.inspect_file(LOCAL_ADMIN, path)
        found = inspecting.inspection(path.name, report)
        if as_json:
            terminal.put_json(found)
        else:
            for line in inspecting.lines(report):
                terminal.tell(line)
