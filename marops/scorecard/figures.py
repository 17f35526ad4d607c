"""The scorecard's figures. They draw finished rows and compute nothing."""

import plotly.graph_objects as go
import polars as pl

from marops import theme
from marops.chart import Chart, base
from marops.language import Month, Reader, Text, text
from marops.scorecard.judging import Trend
from marops.scorecard.service import Row


def control_chart(row: Row, reader: Reader) -> Chart:
    """A KPI's months with its natural limits and its target; the newest month is marked where it is a signal."""
    colour = theme.of_side(row.kpi.side).light
    points = [point for point in row.series.points if point.value is not None]
    labels = [reader.month(point.month) for point in row.series.points]
    values = [point.value for point in row.series.points]
    said = [reader.quantity(row.measure.in_unit(point.value)) if point.value is not None else "" for point in row.series.points]
    figure = base(300)
    limits = row.series.limits
    if limits is not None and labels:
        figure.add_hrect(y0=limits.lower, y1=limits.upper, fillcolor=theme.BAND.light, line_width=0, layer="below")
        figure.add_hline(y=limits.mean, line={"color": theme.SOFT.light, "width": 1}, layer="below")
    figure.add_trace(
        go.Scatter(
            x=labels, y=values, mode="lines+markers", line={"color": colour, "width": 2}, marker={"color": colour, "size": 6},
            customdata=said, hovertemplate="%{x}: %{customdata}<extra></extra>", connectgaps=False,
        )
    )  # fmt: skip
    if row.goal is not None and labels:
        for border in {row.goal.value, row.goal.upper} - {None}:
            figure.add_hline(y=border, line={"color": theme.MUTED.light, "width": 1.5, "dash": "dot"})
    if row.trend is Trend.WORSE and points:
        figure.add_trace(
            go.Scatter(
                x=[labels[-1]], y=[values[-1]], mode="markers", hoverinfo="skip",
                marker={"color": "rgba(0,0,0,0)", "size": 14, "line": {"color": theme.SIGNAL.light, "width": 2.5}},
            )
        )  # fmt: skip
    figure.update_xaxes(type="category", nticks=5, tickangle=0)
    figure.update_yaxes(tickformat=_tick(row), rangemode="normal")
    table = pl.DataFrame(
        {reader.say(text("Month")): [p.month for p in row.series.points], reader.say(row.kpi.name): values}, strict=False
    )
    return Chart(figure, _title(row), _unit(row), _alt(row), table)


def _tick(row: Row) -> str:
    return ".1%" if row.measure.unit.value in ("percent", "points") else "~s"


def _unit(row: Row) -> Text:
    names = {
        "percent": text("per cent by month"),
        "points": text("points by month"),
        "hours": text("hours by month"),
        "days": text("days by month"),
        "count": text("number by month"),
        "money": text("{currency} by month", currency=row.measure.currency or ""),
    }
    said = names.get(row.measure.unit.value, text("by month"))
    if row.series.limits is not None:
        said = text("{said}; band: normal variation", said=said)
    if row.goal is not None:
        said = text("{said}; dotted: target {target}", said=said, target=row.target or "")
    return said


def _title(row: Row) -> Text:
    match row.trend:
        case Trend.WORSE:
            return text("{kpi} got worse beyond its normal variation", kpi=row.kpi.name)
        case Trend.BETTER:
            return text("{kpi} got better beyond its normal variation", kpi=row.kpi.name)
        case Trend.STEADY:
            return text("{kpi} stays within its normal variation", kpi=row.kpi.name)
        case Trend.UNKNOWN:
            return text("{kpi} has too few months to say what is normal", kpi=row.kpi.name)


def _alt(row: Row) -> Text:
    known = [point for point in row.series.points if point.value is not None]
    if not known:
        return text("{kpi}: no month has a value yet.", kpi=row.kpi.name)
    first, last = known[0], known[-1]
    return text(
        "{kpi} by month, from {start} in {first} to {end} in {last}. {title}.",
        kpi=row.kpi.name, start=row.measure.in_unit(first.value or 0), first=Month(first.month),
        end=row.measure.in_unit(last.value or 0), last=Month(last.month), title=_title(row),
    )  # fmt: skip
