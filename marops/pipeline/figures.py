"""The pipeline's figures. They draw finished frames and compute nothing."""

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go
import polars as pl

from marops import theme
from marops.chart import Chart, along_calendar, base, escaped, stretch
from marops.language import Reader, Text, ntext, text
from marops.pipeline.lateness import FEWEST
from marops.pipeline.service import Flow
from marops.quantity import Quantity, Unit

_MOST = 40
"""Launches on the timeline, the next ones first."""


def days_by_stage(flow: Flow, reader: Reader) -> Chart:
    """How long campaigns stay in each stage before launch: the median as a bar, the 85th percentile as a mark."""
    rows = flow.stage_times.filter(pl.col("visits") > 0)
    labels = [reader.say(stage.name) for stage in flow.process.stages if stage.id in rows["stage"]]
    medians, late = rows["median"].to_list(), rows["p85"].to_list()

    def said(days: float | None) -> str:
        return reader.quantity(Quantity(days, Unit.DAYS)) if days is not None else "–"

    half, most = reader.say(text("half leave within")), reader.say(text("85% leave within"))
    figure = base(max(190, 46 * len(labels) + 60))
    figure.add_trace(
        go.Bar(
            y=labels, x=medians, orientation="h", marker_color=theme.JOINT.light, name=half,
            customdata=list(zip(map(said, medians), map(said, late), rows["stage"], strict=True)),
            hovertemplate=f"%{{y}}: {half} %{{customdata[0]}}, {most} %{{customdata[1]}}<extra></extra>",
        )
    )  # fmt: skip
    figure.add_trace(
        go.Scatter(
            y=labels,
            x=late,
            mode="markers+text",
            name=most,
            text=[said(days) for days in late],
            textposition="middle right",
            marker={"symbol": "line-ns", "size": 18, "line": {"width": 3, "color": theme.INK.light}},
            hoverinfo="skip",
            cliponaxis=False,
        )
    )
    figure.update_layout(showlegend=True, margin={"r": 60, "t": 30})
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(showgrid=True, rangemode="tozero")
    slowest = flow.slowest
    title = text("{stage} takes longest", stage=slowest.stage.name) if slowest else text("No stage has been timed yet")
    table = pl.DataFrame(
        {
            reader.say(text("Stage")): labels,
            reader.say(text("Visits")): rows["visits"],
            reader.say(text("Still there")): rows["open"],
            reader.say(text("Median, days")): rows["median"].round(1),
            reader.say(text("85% within, days")): rows["p85"].round(1),
        }
    )
    alt = text("Days a campaign stays in each stage before launch, median and 85th percentile. {title}.", title=title)
    return Chart(figure, title, text("days per visit; campaigns still in the stage are counted"), alt, table)


def launches_by_month(flow: Flow, reader: Reader) -> Chart:
    """Campaigns by the month in which they were due: launched on time, launched late, still waiting, still ahead."""
    rows = flow.launches
    labels = [reader.month(month) for month in rows["month"]]
    kinds = (
        ("on_time", reader.say(text("on time")), theme.JOINT.light, ""),
        ("late", reader.say(text("late")), theme.MARKETING.light, "/"),
        ("waiting", reader.say(text("past due, not launched")), theme.SIGNAL.light, "x"),
        ("ahead", reader.say(text("not due yet")), theme.SOFT.light, ""),
    )
    hatching = {"fillmode": "overlay", "fgcolor": theme.PAPER.light, "size": 5}
    figure = base(260)
    for column, name, colour, pattern in kinds:
        if rows[column].sum():
            figure.add_trace(
                go.Bar(
                    x=labels,
                    y=rows[column],
                    name=name,
                    customdata=[[f"{month:%Y-%m}:{column}"] for month in rows["month"]],
                    marker={"color": colour, "pattern": {**hatching, "shape": pattern}},
                    hovertemplate=f"%{{x}}: %{{y}} {name}<extra></extra>",
                )
            )
    figure.update_layout(barmode="stack", showlegend=True, margin={"t": 30})
    figure.update_xaxes(type="category", nticks=5, tickangle=0)
    late, total = (
        int(rows.select(pl.sum_horizontal("late", "waiting").sum()).item()),
        int(rows.select(pl.sum_horizontal("on_time", "late", "waiting").sum()).item()),
    )
    title = (
        text("{late} of {total} campaigns that were due launched late or wait", late=late, total=total)
        if total
        else text("No campaign was due in these days")
    )
    names = {column: name for column, name, _, _ in kinds}
    table = rows.rename({"month": reader.say(text("Month")), **names})
    return Chart(figure, title, text("campaigns by month due"), text("Campaigns by month due. {title}.", title=title), table)


def timeline(flow: Flow, reader: Reader) -> Chart:
    """Work that is not launched along the calendar: since when it is there, when it is due, and by when half and 85 % of those that
    stood as far were launched.
    """
    dated = flow.risks.sort("due_date", "issue_id")
    called = dated["label"]
    rows = dated.head(_MOST)
    names = [escaped(name) for name in called.head(_MOST)]
    places = list(range(rows.height))
    figure = base(90 + 30 * max(1, rows.height))
    for at, row in enumerate(rows.iter_rows(named=True)):
        if row["created_at"] is not None:
            stretch(figure, [row["created_at"].date(), flow.today], at, theme.SOFT.light, 5)
        if row["likely"] is not None and row["latest"] is not None:
            stretch(figure, [row["likely"], row["latest"]], at, theme.JOINT.light, 11)
            if row["latest"] > row["due_date"]:
                stretch(figure, [max(row["likely"], row["due_date"]), row["latest"]], at, theme.SIGNAL.light, 11)
    said = [reader.say(_said(row)) for row in rows.iter_rows(named=True)]
    figure.add_trace(
        go.Scatter(
            x=rows["due_date"], y=places, mode="markers", customdata=list(zip(names, said, rows["issue_id"], strict=True)),
            marker={"symbol": "line-ns", "size": 17, "line": {"width": 3, "color": theme.INK.light}},
            hovertemplate="%{customdata[0]}: %{customdata[1]}<extra></extra>", cliponaxis=False,
        )
    )  # fmt: skip
    needs = _needs(flow, dated)
    for first, then in needs:
        if max(first, then) < rows.height:
            _arrow(figure, rows["due_date"], first, then)
    along_calendar(figure, called.head(_MOST).to_list(), flow.today)
    is_past, is_told = pl.col("days_late").is_not_null(), pl.col("chance").is_not_null()
    # Without a last day more than 15 % of those that stood alike never were launched.
    late = dated.filter(is_past | (is_told & (pl.col("latest").is_null() | (pl.col("latest") > pl.col("due_date"))))).height
    untold, astray = (dated.filter(~is_past & ~is_told & why).height for why in (~pl.col("is_broken"), pl.col("is_broken")))
    title = (
        ntext(
            "{n} of {all} is past its date, or more than 15% likely to miss it",
            "{n} of {all} are past their dates, or more than 15% likely to miss them",
            late,
            all=dated.height,
        )
        if dated.height
        else text("No work with a date is waiting for its launch")
    )
    if untold:
        title = ntext(
            "{said}; of {n} it cannot be told: too few stood alike",
            "{said}; of {n} it cannot be told: too few stood alike",
            untold, said=title,
        )  # fmt: skip
    if astray:
        title = ntext(
            "{said}; of {n} it cannot be told: a move of its history is missing or cannot be",
            "{said}; of {n} it cannot be told: a move of their history is missing or cannot be",
            astray, said=title,
        )  # fmt: skip
    unit = text(
        "grey: since it was asked for; | due; band: half to 85% of those that stood as far were launched, red past the date"
    )
    if needs:
        unit = text("{unit}; arrows: what must be done first", unit=unit)
    if dated.height > rows.height:
        unit = text("{unit}; the {n} that are due first", unit=unit, n=rows.height)
    before = [", ".join(called[first] for first, then in needs if then == at) or None for at in range(dated.height)]
    table = dated.select(
        called.alias(reader.say(text("Campaign"))), pl.col("due_date").alias(reader.say(text("Due"))),
        pl.col("likely").alias(reader.say(text("Half by"))), pl.col("latest").alias(reader.say(text("85% by"))),
        *([pl.Series(reader.say(text("Needs first")), before, pl.String)] if needs else []),
    )  # fmt: skip
    return Chart(figure, title, unit, text("Work that is not launched, by its date. {title}.", title=title), table)


def _needs(flow: Flow, rows: pl.DataFrame) -> list[tuple[int, int]]:
    """What must be done before what, both by their rows."""
    place = {issue: at for at, issue in enumerate(rows["issue_id"])}
    pairs = flow.needs.select("needs", "issue_id").unique().sort("needs", "issue_id").iter_rows()
    return [(place[first], place[then]) for first, then in pairs if first in place and then in place]


def _arrow(figure: go.Figure, due: pl.Series, first: int, then: int) -> None:
    """From the date of what must be done first to that of what needs it."""
    figure.add_annotation(
        x=str(due[then]), y=then, ax=str(due[first]), ay=first, xref="x", yref="y", axref="x", ayref="y", text="", showarrow=True,
        arrowhead=2, arrowsize=1.1, arrowwidth=1.5, arrowcolor=theme.INK.light, standoff=9, startstandoff=9,
    )  # fmt: skip


def _said(row: Mapping[str, Any]) -> Text:
    if row["is_broken"]:
        return text("due {due}; a move of its history is missing or cannot be: when is not known", due=row["due_date"])
    if row["chance"] is None or row["comparable"] < FEWEST:
        return text("due {due}; too few have stood as far to say when", due=row["due_date"])
    if row["latest"] is None:
        return text("due {due}; more than 15% of those that stood as far were never launched", due=row["due_date"])
    return text("due {due}; half by {likely}, 85% by {latest}", due=row["due_date"], likely=row["likely"], latest=row["latest"])
