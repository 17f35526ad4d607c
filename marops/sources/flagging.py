"""Flags among the changes of a history: a table of their own, made of the rows that say one was set or taken off."""

import polars as pl

from marops.sources import creation, formats, moments
from marops.sources.reading import RawTable
from marops.sources.recognising import recognise
from marops.tables import ROW

SET = "flag set"
"""The header of the column made here; `shapes/jira_flags.toml` knows the table by it."""

_SAMPLE = 5_000


def flags_in(raw: RawTable) -> RawTable | None:
    """The flags of a history, one row each with the item, whether one was set, and the cell that says when; None where the table is
    no history or has none. A large file is gone through once more for them.
    """
    matched = recognise(raw.headers)
    if matched is None or not matched.shape.flags or "_field" not in matched.columns or creation.is_of_items(raw, matched):
        return None
    field, item, value, when = (f"c{matched.columns[name]}" for name in ("_field", "issue_id", "status", "transition_at"))
    is_flag = pl.col(field).str.strip_chars().str.to_lowercase().is_in(matched.shape.flags)
    raw = _certain(raw)
    found = raw.frame.filter(is_flag).collect()
    if found.is_empty():
        return None
    # Few flags may leave open what the many dates beside them say: whether the day comes first.
    shown = raw.frame.filter(~is_flag).select(when).head(_SAMPLE).collect()[when]
    rows = found.select(
        ROW,
        pl.col(item).alias("c0"),
        pl.when(formats.is_missing(pl.col(value))).then(pl.lit("false")).otherwise(pl.lit("true")).alias("c1"),
        _plain(found[when], shown).alias("c2"),
    )
    headers = (raw.headers[matched.columns["issue_id"]], SET, raw.headers[matched.columns["transition_at"]])
    name = f"{raw.name} flags".strip()
    return RawTable(name, headers, raw.header_row, raw.preamble, rows.lazy(), is_small=True)


def _certain(raw: RawTable) -> RawTable:
    """The table, read exactly where the quick way leaves a doubt."""
    if raw.doubt is None:
        return raw
    try:
        rows, any_uneven = raw.frame.select(pl.len(), raw.doubt.uneven.any()).collect(engine="streaming").row(0)
    except pl.exceptions.ComputeError:
        return raw.doubt.exactly()
    return raw if raw.doubt.is_confirmed_by(rows, any_uneven=bool(any_uneven)) else raw.doubt.exactly()


def _plain(cells: pl.Series, shown: pl.Series) -> pl.Series:
    """Cells of dates in ISO form, where the others of their column leave one order of day and month, and it reads them all."""
    others = shown.filter(shown.str.strip_chars() != "").unique(maintain_order=True)
    forms = moments.date_formats(others.to_list(), None)
    if len(forms) != 1 or not moments.order_of(forms[0]):
        return cells
    read = cells.to_frame("cell").select(at=moments.moment(pl.col("cell"), forms[0]))["at"]
    return cells if read.has_nulls() else read.dt.to_string("%Y-%m-%dT%H:%M:%S")
