"""Event logs in files of the server, measured without importing them."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from marops.errors import BadFile, UserError
from marops.language import text
from marops.pipeline import events as events_of
from marops.pipeline import logs
from marops.pipeline.events import EVENT, Why, spelled_alike
from marops.pipeline.logs import Asked, OfFile
from marops.principal import Action, Principal, require
from marops.sources import unimported
from marops.tables import ROW


def of_log(principal: Principal, path: Path, asked: Asked, *, dates: str | None = None, zone: str | None = None) -> OfFile:
    """The measures of an event log in a file of the server, read as an import would read it; `dates` is the order of dates that
    could be read either way, `zone` the IANA zone of times without one. Raises BadFile, NotFound, and UserError for stages the log
    does not have.
    """
    require(principal, Action.IMPORT)
    called = text("event log (a column for the case, the stage and the timestamp)")
    mend = text("Rename them to case, stage and timestamp (and role, where there is one), and try again.")
    found = unimported.read_table(principal, path, "work_item_transition", called, mend, dates=dates, zone=zone)
    if found.rows.is_empty() and found.kept_out.is_empty() and not found.listed:
        raise BadFile(
            text("{name} holds no event below its column names. Check that the export had finished, and that no filter was set.",
                 name=path.name)
        )  # fmt: skip
    columns = {"case": "issue_id", "stage": "status", "at": "transition_at", "role": "role", "lifecycle": "lifecycle"}
    rows = _as_numbered(found.rows)
    events = rows.select(
        (pl.col(name) if name in rows.columns else pl.lit(None, EVENT[known])).alias(known) for known, name in columns.items()
    )
    events = spelled_alike(events)
    lost = found.kept_out.unique(ROW, keep="first", maintain_order=True).rename({"of": "issue_id"})
    unread = {case: Why(why) for case, why in events_of.unread(lost).iter_rows()}
    told = set(events["case"].unique())
    nobodys = lost.filter(pl.col("issue_id").is_null())[ROW].to_list()
    silent = [item for item in found.listed if item not in unread and item not in told]
    try:
        measured = logs.summary(events, asked, now=datetime.now(UTC), unread=unread, unread_rows=nobodys, silent=silent)
    except UserError as none:
        if not found.refused or not told <= unread.keys():
            raise
        said = text("{why} The first refused: {cell}. Mend it in the file and try again.", why=none.text, cell=found.refused[0])
        raise UserError(said) from None
    again = text("  Mend what is refused in the file and try again; until then items with it are left out.")
    return OfFile(measured, (*found.notes, *found.refused, *([again] if found.refused else [])))


def _as_numbered(rows: pl.DataFrame) -> pl.DataFrame:
    """Moves in the order of their file, those of one item and moment in that of their numbers, as everywhere else."""
    if not {"issue_id", "transition_at", "status_sequence"} <= set(rows.columns):
        return rows
    there = rows.select(pl.int_range(pl.len()).alias("place"), "issue_id", "transition_at", "status_sequence")
    tied = there.filter(pl.struct("issue_id", "transition_at").is_duplicated())
    if tied.is_empty():
        return rows
    by_number = tied.sort("issue_id", "transition_at", "status_sequence", maintain_order=True)["place"]
    order = there["place"].scatter(tied.sort("issue_id", "transition_at", maintain_order=True)["place"], by_number)
    return rows[order]
