"""What one row of a file describes, and what tells its rows apart."""

import re
from hashlib import sha256

import polars as pl

from marops.sources import currencies, formats
from marops.sources.cells import Layout
from marops.sources.recognising import level_of, normal

_LONG = 150
_WORDS = currencies.MEANINGS["changing"]
_CHANGING, _UNSURE = (re.compile(rf"(?i)\b(?:{'|'.join(_WORDS[kind])})") for kind in ("words", "unsure"))


def telling_apart(layout: Layout, shown: pl.DataFrame, data: pl.DataFrame) -> list[list[int]]:
    """Positions of what may distinguish rows beside the key, to be tried one list after the other: texts without a canonical
    column, landing pages, hours. First without what changes while the thing stays the same (its status, its rating): a later
    export of the same rows would have other keys. `shown`, `data`: the first rows under canonical names, and as they are.
    """
    page, day = layout.mapping.columns.get("_url"), layout.mapping.columns.get("_day")
    mapped = {at for at in layout.mapping.columns.values() if at != page}
    hourly = day is not None and shown["_day"].str.contains(r"[ T](?:0?[1-9]|1\d|2[0-3]):").any()
    found = [index for index in layout.dimensions if index not in mapped] + ([day] if day is not None and hourly else [])
    lasting = [at for at in found if not _changes(layout.raw.headers[at], data[f"c{at}"])]
    return [apart for apart in ([lasting, found] if lasting != found else [found]) if apart]


def _changes(header: str, cells: pl.Series) -> bool:
    """Whether a column says in what state things are: so its header, or where that could be a place, all its cells."""
    if _CHANGING.search(header):
        return True
    if not _UNSURE.search(header):
        return False
    cell = pl.col("cell").str.strip_chars().str.to_lowercase()
    said = cells.to_frame("cell").filter(~formats.is_missing(pl.col("cell"))).select(cell)["cell"].unique()
    return set(said.to_list()) <= set(_WORDS["states"])


def level(layout: Layout) -> str:
    """How fine the rows of an ad report are."""
    if layout.distinguishing and not (layout.matched and layout.matched.breakdowns):
        return "breakdown"
    return level_of(layout.mapping.columns, layout.matched.breakdowns if layout.matched else {})


def grain(layout: Layout, staged: pl.LazyFrame) -> str:
    """What one row of an ad report describes: its level, one day or a longer period, and what else the rows are broken down by.

    Two reports of one grain have different rows, or the same; two of different grains may be of the same spend.
    """
    if layout.table.name != "ad_performance":
        return ""
    daily = staged.select((pl.col("period_start") == pl.col("period_end")).all()).collect(engine="streaming").item()
    found = f"{level(layout)} {'day' if daily else 'period'}"
    by = ", ".join(sorted(_breakdowns(layout)))
    if len(by) > _LONG:
        by = sha256(by.encode()).hexdigest()[:12]
    return f"{found} by {by}" if by else found


def is_of_days(grain: str) -> bool:
    """Whether rows of this grain are of one day each."""
    return not grain or grain.split(" ")[1] == "day"


def _breakdowns(layout: Layout) -> set[str]:
    """The columns that split the spend of a row's campaign, ad group or ad."""
    positions = {*layout.distinguishing}
    if layout.matched:
        positions |= {at for found in layout.matched.breakdowns.values() for at in found}
    if (publisher := layout.mapping.columns.get("publisher")) is not None:
        positions.add(publisher)
    return {normal(layout.raw.headers[at]) for at in positions}
