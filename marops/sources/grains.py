"""What one row of a file describes, and what tells its rows apart."""

import polars as pl

from marops.sources.cells import Layout
from marops.sources.recognising import level_of


def telling_apart(layout: Layout, shown: pl.DataFrame) -> list[int]:
    """Positions of what distinguishes rows beside the key: texts without a canonical column, landing pages, hours."""
    page, day = layout.mapping.columns.get("_url"), layout.mapping.columns.get("_day")
    mapped = {at for at in layout.mapping.columns.values() if at != page}
    hourly = day is not None and shown["_day"].str.contains(r"[ T](?:0?[1-9]|1\d|2[0-3]):").any()
    return [index for index in layout.dimensions if index not in mapped] + ([day] if day is not None and hourly else [])


def level(layout: Layout) -> str:
    """How fine the rows of an ad report are."""
    if layout.distinguishing and not (layout.matched and layout.matched.breakdowns):
        return "breakdown"
    return level_of(layout.mapping.columns, layout.matched.breakdowns if layout.matched else {})


def grain(layout: Layout, staged: pl.LazyFrame) -> str:
    """What one row of an ad report describes: its level, and one day or a longer period."""
    if layout.table.name != "ad_performance":
        return ""
    daily = staged.select((pl.col("period_start") == pl.col("period_end")).all()).collect(engine="streaming").item()
    return f"{level(layout)} {'day' if daily else 'period'}"
