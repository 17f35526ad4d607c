"""The command that measures an event log: flow."""

import csv
import re
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from marops.cli import terminal
from marops.cli.options import ZONE, DateOrder, zone_of
from marops.errors import UserError
from marops.language import joined, text
from marops.principal import LOCAL_ADMIN


class Reopening(StrEnum):
    """What becomes of the times of an item that moves back."""

    KEPT = "kept"
    RESET = "reset"


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
    zone: Annotated[str | None, typer.Option(help=ZONE)] = None,
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
    read = log_files.of_log(LOCAL_ADMIN, Path(files[0]), asked, dates=dates, zone=zone_of(zone))
    for said in read.notes:
        terminal.remark(said)
    if as_json:
        terminal.put_json(read.found)
    else:
        for line in logs.lines(read.found, asked):
            terminal.tell(line)


def _listed(words: str | None) -> list[str] | None:
    """Names with commas between them, one that holds a comma in quotes."""
    if not words:
        return None
    # A line break is a space like any other here; to the reader of CSV it would end the list.
    line = re.sub(r"\s", " ", words)
    names = [word.strip() for word in next(csv.reader([line], skipinitialspace=True), []) if word.strip()]
    if not names:
        raise UserError(text("No stage is named in “{words}”. Name at least one, or leave the option out.", words=words.strip()))
    return names


_DAY = re.compile(r"\d{4}-?\d{1,2}-?\d{1,2}")


def _day(word: str) -> date:
    try:
        return date.fromisoformat(word)
    except ValueError:
        raise UserError(text("{found} is no day. Write it as 2026-03-31.", found=word)) from None
