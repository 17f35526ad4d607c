"""The pipeline's figures. They draw finished frames and compute nothing."""

import plotly.graph_objects as go
import polars as pl

from marops import theme
from marops.chart import Chart, base
from marops.language import Reader, text
from marops.pipeline.service import Flow
from marops.quantity import Quantity, Unit


def days_by_stage(flow: Flow, reader: Reader) -> Chart:
    """How long campaigns stay in each stage before launch: the median as a bar, the 85th percentile as a mark."""
    rows = flow.stage_times.filter(pl.col("visits") > 0)
    labels = [reader.say(stage.name) for stage in flow.process.stages if stage.id in rows["stage"]]
    medians, late = rows["median"].to_list(), rows["p85"].to_list()

    def said(days: float | None) -> str:
        return reader.quantity(Quantity(days, Unit.DAYS)) if days is not None else "–"

    half, most = reader.say(text("half leave within")), reader.say(text("85 % leave within"))
    figure = base(max(190, 46 * len(labels) + 60))
    figure.add_trace(
        go.Bar(
            y=labels, x=medians, orientation="h", marker_color=theme.JOINT.light, name=half,
            customdata=[[said(m), said(p)] for m, p in zip(medians, late, strict=True)],
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
            reader.say(text("85 % within, days")): rows["p85"].round(1),
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
