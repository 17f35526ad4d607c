"""The figure of when each piece of open work is done. It draws a finished frame."""

from datetime import date

import plotly.graph_objects as go
import polars as pl

from marops import theme
from marops.chart import Chart, along_calendar, base, escaped, stretch
from marops.language import Reader, Text, joined, text
from marops.pipeline.outlook import SHARES
from marops.quantity import Quantity, Unit

_MOST = 30


def finishes(found: pl.DataFrame, last_day: date, before: pl.DataFrame | None, reader: Reader) -> Chart:
    """`found`: Details.finishes. Each item in the order of work: by when it is done with 50, 85 and 95 %, beside its date,
    from the `last_day` that is known on; what has no date is in the table alone. `before`: the same without what is asked for; None
    where nothing is.
    """
    dated = found.filter(pl.any_horizontal(pl.col("p50", "p85", "p95").is_not_null()))
    rows = dated.head(_MOST)
    if before is not None:
        rows = rows.join(before.select("issue_id", pl.col("p85").alias("before")), on="issue_id", how="left", maintain_order="left")
    called = rows.select(pl.coalesce("name", "issue_id")).to_series()
    names = [escaped(name) for name in called]
    figure = base(90 + 30 * max(1, rows.height))
    for at, row in enumerate(rows.iter_rows(named=True)):
        stretch(figure, [row["p85"], row["p95"]], at, theme.SOFT.light, 7)
        stretch(figure, [row["p50"], row["p85"]], at, theme.JOINT.light, 11)
    places, said = list(range(rows.height)), [reader.say(_said(row)) for row in rows.iter_rows(named=True)]
    told = list(zip(names, said, rows["issue_id"], strict=True))
    dot = {"symbol": "circle", "size": 9, "color": theme.JOINT.light}
    due = {"symbol": "line-ns", "size": 17, "line": {"width": 3, "color": theme.INK.light}}
    marks = [("p50", dot), ("due_date", due)]
    if before is not None:
        marks.append(("before", {"symbol": "diamond-open", "size": 9, "color": theme.MUTED.light}))
    for column, marker in marks:
        # Plotly would draw what has no day in 1970.
        known = [at for at, day in enumerate(rows[column]) if day is not None]
        figure.add_trace(
            go.Scatter(
                x=rows[column].gather(known), y=[places[at] for at in known], mode="markers", marker=marker,
                customdata=[told[at] for at in known], hovertemplate="%{customdata[0]}: %{customdata[1]}<extra></extra>",
            )
        )  # fmt: skip
    along_calendar(figure, called.to_list(), last_day)
    title = _title(found)
    table = found.select(
        pl.coalesce("name", "issue_id").alias(reader.say(text("Work"))), pl.col("team").alias(reader.say(text("Business unit"))),
        pl.col("due_date").alias(reader.say(text("Due"))), pl.col("p50").alias(reader.say(text("50% by"))),
        pl.col("p85").alias(reader.say(text("85% by"))), pl.col("p95").alias(reader.say(text("95% by"))),
    )  # fmt: skip
    unit = (
        text("dot: done with 50%; band: to 85%; thin: to 95%; | due")
        if before is None
        else text("dot: done with 50%; band: to 85%; thin: to 95%; diamond: 85% as it is; | due")
    )
    if dated.height > rows.height:
        unit = text("{unit}; the first {n} of {all} that have one", unit=unit, n=rows.height, all=dated.height)
    return Chart(figure, title, unit, text("When open work is done, in the order of work. {title}.", title=title), table)


def _title(found: pl.DataFrame) -> Text:
    known = found.drop_nulls("p85")
    if known.is_empty():
        return text("No date can be promised for any of it")
    days = {"first": known["p85"].min(), "last": known["p85"].max()}
    if known.height < found.height:
        return text(
            "Of {all}, {n} have a date: the first is done by {first}, the last by {last}, each with 85%", all=found.height,
            n=known.height, **days,
        )  # fmt: skip
    return text("The first of {all} is done by {first}, the last by {last}, each with 85%", all=found.height, **days)


def _said(row: dict[str, object]) -> Text:
    known = [
        text("{share} by {day}", share=Quantity(share, Unit.PERCENT), day=day) for share in SHARES
        if (day := row[f"p{round(share * 100)}"]) is not None
    ]  # fmt: skip
    if not known:
        return text("no date can be promised")
    if row["due_date"] is None:
        return text("done with {days}", days=joined(known, 3))
    return text("due {due}; done with {days}", due=row["due_date"], days=joined(known, 3))
