"""The budget page's figures. They draw finished frames and responses and fit nothing."""

import numpy as np
import plotly.graph_objects as go
import polars as pl

from marops import theme
from marops.budget.metrics import Outcome
from marops.budget.response import Response
from marops.budget.service import Budget
from marops.chart import Chart, base, escaped
from marops.language import Reader, text
from marops.quantity import Quantity, Unit, money

_SAME = 0.005
"""Amounts closer than half a cent are the same."""


def by_channel(budget: Budget, reader: Reader) -> Chart:
    """Spend and conversions of each channel, as shares of the whole, with the cost of one conversion."""
    rows = budget.channels
    labels = [escaped(channel) for channel in rows["channel"]]
    total = rows["conversions"].sum() or 0
    spend_share = [value or 0 for value in rows["share"]]
    brought = [(value or 0) / total if total else 0 for value in rows["conversions"]]
    spent, got = reader.say(text("share of spend")), reader.say(text("share of conversions"))

    def said(value: float | None) -> str:
        return reader.quantity(money(value, budget.currency)) if value is not None else "–"

    def share(value: float) -> str:
        return reader.quantity(Quantity(value, Unit.PERCENT))

    figure = base(max(220, 44 * len(labels) + 60))
    figure.add_trace(
        go.Bar(
            y=labels, x=spend_share, orientation="h", name=spent, marker_color=theme.MUTED.light,
            customdata=[[said(value), share(s)] for value, s in zip(rows["spend"], spend_share, strict=True)],
            hovertemplate="%{y}: %{customdata[0]}, %{customdata[1]}<extra></extra>",
        )
    )  # fmt: skip
    figure.add_trace(
        go.Bar(
            y=labels,
            x=brought,
            orientation="h",
            name=got,
            marker_color=theme.MARKETING.light,
            text=[said(cost) for cost in rows["cost"]],
            textposition="outside",
            cliponaxis=False,
            customdata=[
                [reader.number(round(value or 0)), said(cost)]
                for value, cost in zip(rows["conversions"], rows["cost"], strict=True)
            ],
            hovertemplate=reader.say(
                text("{channel}: {n} conversions at {cost} each", channel="%{y}", n="%{customdata[0]}", cost="%{customdata[1]}")
            )
            + "<extra></extra>",
        )
    )
    figure.update_layout(barmode="group", bargap=0.3, bargroupgap=0.05, showlegend=True, margin={"r": 64, "t": 30})
    figure.update_yaxes(autorange="reversed", showgrid=False, type="category")
    figure.update_xaxes(tickformat=".0%", showgrid=True)
    priced = rows.filter(pl.col("cost").is_not_null()).sort("cost")
    title = (
        text(
            "A conversion costs {cheap} on {best} and {dear} on {worst}",
            cheap=money(priced["cost"][0], budget.currency),
            best=priced["channel"][0],
            dear=money(priced["cost"][-1], budget.currency),
            worst=priced["channel"][-1],
        )
        if priced.height > 1
        else text("Spend and conversions by channel")
    )
    table = rows.select(
        pl.col("channel").alias(reader.say(text("Channel"))),
        pl.col("spend").round(2).alias(reader.say(text("Spend, {currency}", currency=budget.currency))),
        pl.col("planned").round(2).alias(reader.say(text("Planned, {currency}", currency=budget.currency))),
        pl.col("conversions").round(2).alias(reader.say(text("Conversions"))),
        pl.col("cost").round(2).alias(reader.say(text("Cost per conversion, {currency}", currency=budget.currency))),
    )
    unit = text("per cent of the whole; the figure at the bar is the cost of one conversion")
    return Chart(figure, title, unit, text("Share of spend and of conversions by channel. {title}.", title=title), table)


def response_curve(response: Response, then: float, budget: Budget, reader: Reader) -> Chart:
    """One channel's fitted response with its interval: a circle for today, a square for the proposed spend.

    Solid inside the weekly spends the data has seen, dashed outside.
    """
    top = max(response.highest, response.now, then) * 1.15
    inside = np.linspace(response.lowest, response.highest, 60)
    below, above = np.linspace(0, response.lowest, 12), np.linspace(response.highest, top, 20)
    every = np.linspace(0, top, 60)
    low, high = response.interval_at(every)
    colour = theme.MARKETING.light
    figure = base(300)
    figure.add_trace(go.Scatter(x=every, y=high, mode="lines", line={"width": 0}, hoverinfo="skip"))
    figure.add_trace(
        go.Scatter(x=every, y=low, mode="lines", line={"width": 0}, fill="tonexty", fillcolor=theme.BAND.light, hoverinfo="skip")
    )
    for part, dash in ((below, "dash"), (inside, "solid"), (above, "dash")):
        figure.add_trace(
            go.Scatter(
                x=part, y=response.at(part), mode="lines", line={"color": colour, "width": 2, "dash": dash}, hoverinfo="skip"
            )
        )
    weeks = budget.weeks.filter((pl.col("channel") == response.channel) & (pl.col("spend") > 0))
    figure.add_trace(
        go.Scatter(
            x=weeks["spend"],
            y=weeks["conversions"],
            mode="markers",
            marker={"color": theme.SOFT.light, "size": 5},
            hoverinfo="skip",
        )
    )
    marks = [(response.now, "circle", text("today"))]
    if abs(then - response.now) > _SAME:
        marks.append((then, "square", text("proposed")))
    for spend, symbol, name in marks:
        label = reader.say(name)
        figure.add_trace(
            go.Scatter(
                x=[spend],
                y=[float(response.at(spend))],
                mode="markers+text",
                text=[label],
                textposition="top left",
                marker={"color": colour, "size": 12, "symbol": symbol, "line": {"color": theme.PAPER.light, "width": 2}},
                customdata=[[reader.quantity(money(spend, budget.currency)), reader.quantity(Quantity(float(response.at(spend))))]],
                hovertemplate=reader.say(
                    text("{name}: {spend} a week, {n} conversions", name=label, spend="%{customdata[0]}", n="%{customdata[1]}")
                )
                + "<extra></extra>",
            )
        )
    figure.update_xaxes(tickformat="~s", showgrid=False, rangemode="tozero")
    cost = response.cost_of_next
    title = (
        text("The next conversion on {channel} costs {cost}", channel=response.channel, cost=money(cost, budget.currency))
        if cost is not None
        else text("More spend on {channel} brings nothing", channel=response.channel)
    )
    unit = text("conversions a week by {currency} a week; band: 90% interval; dashed: outside the data", currency=budget.currency)
    table = pl.DataFrame({
        reader.say(text("Spend a week, {currency}", currency=budget.currency)): every.round(0),
        reader.say(text("Conversions a week")): response.at(every).round(2),
        reader.say(text("Low")): low.round(2), reader.say(text("High")): high.round(2),
    })  # fmt: skip
    alt = text(
        "Conversions a week of {channel} by weekly spend, rising and levelling off. {title}.", channel=response.channel, title=title
    )
    return Chart(figure, title, unit, alt, table)


def change_by_channel(outcome: Outcome, reader: Reader) -> Chart:
    """What the proposed split changes on each channel, with its interval."""
    shifts = [shift for shift in outcome.shifts if abs(shift.spend_then - shift.spend) > _SAME]
    labels = [escaped(shift.channel) for shift in shifts]
    figure = base(max(140, 40 * len(shifts) + 50))
    figure.add_trace(
        go.Bar(
            y=labels,
            x=[shift.change for shift in shifts],
            orientation="h",
            marker={"color": theme.MARKETING.light},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [s.high - s.change for s in shifts],
                "arrayminus": [s.change - s.low for s in shifts],
                "color": theme.INK.light,
                "thickness": 1.5,
                "width": 5,
            },
            customdata=[
                [reader.quantity(Quantity(s.low), signed=True), reader.quantity(Quantity(s.high), signed=True)] for s in shifts
            ],
            hovertemplate="%{y}: %{customdata[0]} – %{customdata[1]}<extra></extra>",
        )
    )
    figure.add_vline(x=0, line={"color": theme.MUTED.light, "width": 1})
    figure.update_yaxes(autorange="reversed", showgrid=False, type="category")
    figure.update_xaxes(showgrid=True)
    table = pl.DataFrame({
        reader.say(text("Channel")): labels,
        reader.say(text("Spend a week now")): [round(s.spend, 2) for s in shifts],
        reader.say(text("Spend a week then")): [round(s.spend_then, 2) for s in shifts],
        reader.say(text("Change in conversions")): [round(s.change, 2) for s in shifts],
        reader.say(text("Low")): [round(s.low, 2) for s in shifts],
        reader.say(text("High")): [round(s.high, 2) for s in shifts],
    })  # fmt: skip
    title = text("What changes, channel by channel")
    return Chart(
        figure, title, text("conversions a week; line: 90% interval"), text("Change in conversions a week by channel."), table
    )
