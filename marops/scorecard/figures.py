"""The scorecard's figures. They draw finished rows and compute nothing."""

from collections.abc import Sequence
from datetime import date

import plotly.graph_objects as go
import polars as pl

from marops import theme
from marops.chart import Chart, base, escaped
from marops.language import Month, Reader, Text, joined, text
from marops.scorecard.judging import Point, Trend
from marops.scorecard.reasons import BY, Part, Split, amount, name_of
from marops.scorecard.service import Row
from marops.scorecard.why import Event, Happened

_PARTS, _LISTED = 8, 6
_SIGNS: dict[Happened, tuple[str, str, Text]] = {
    Happened.LAUNCH: ("triangle-up", theme.MUTED.light, text("▲ launches")),
    Happened.OUTAGE: ("x", theme.SIGNAL.light, text("✕ outages")),
    Happened.DEFINITION: ("diamond", theme.INK.light, text("◆ definition changed")),
    Happened.LIMITS: ("square", theme.INK.light, text("■ limits learned anew")),
    Happened.NOTE: ("circle", theme.INK.light, text("● notes")),
}


def control_chart(row: Row, events: Sequence[Event], reader: Reader) -> Chart:
    """A KPI's months with their natural limits, the targets of each month and what happened in it; months that are still to change
    are hollow, the newest one is ringed where it is a signal.
    """
    points = row.series.shown
    labels = [reader.month(point.month) for point in points]
    values = [point.value for point in points]
    figure = base(320)
    if labels:
        _limits(figure, row)
        _targets(figure, row, labels)
    _months(figure, row, labels, values, reader)
    _events(figure, row, events, labels, reader)
    figure.update_xaxes(type="category", nticks=5, tickangle=0)
    figure.update_yaxes(tickformat=_tick(row), rangemode="normal")
    columns = {reader.say(text("Month")): [point.month for point in points], reader.say(row.kpi.name): values}
    return Chart(figure, title(row), _unit(row, events), _alt(row), pl.DataFrame(columns, strict=False))


def _limits(figure: go.Figure, row: Row) -> None:
    limits = row.series.limits
    if limits is None:
        return
    months = [point.month for point in row.series.shown]
    first = next((at for at, month in enumerate(months) if row.series.rebased is None or month >= row.series.rebased), 0)
    across = {"xref": "x", "x0": first - 0.5, "x1": len(months) - 0.5, "layer": "below"}
    if row.series.varying:
        _band(figure, row)
        if not row.kpi.seasonal:  # there each month has a mean of its own
            figure.add_shape(type="line", y0=limits.mean, y1=limits.mean, line={"color": theme.SOFT.light, "width": 1}, **across)
        return
    figure.add_shape(type="rect", y0=limits.lower, y1=limits.upper, fillcolor=theme.BAND.light, line={"width": 0}, **across)
    figure.add_shape(type="line", y0=limits.mean, y1=limits.mean, line={"color": theme.SOFT.light, "width": 1}, **across)


def _band(figure: go.Figure, row: Row) -> None:
    """Limits that differ from month to month, as steps."""
    months = [point.month for point in row.series.shown]
    for at, month in enumerate(months):
        if (span := row.series.varying.get(month)) is not None:
            figure.add_shape(
                type="rect", xref="x", x0=at - 0.5, x1=at + 0.5, y0=span[0], y1=span[1], fillcolor=theme.BAND.light,
                line={"width": 0}, layer="below",
            )  # fmt: skip


def _targets(figure: go.Figure, row: Row, labels: list[str]) -> None:
    """A step for each border of a target: the target of a month holds for that month."""
    for border in ("value", "upper"):
        held = [None if goal is None else getattr(goal, border) for goal in row.targets]
        if any(value is not None for value in held):
            figure.add_trace(
                go.Scatter(
                    x=labels, y=held, mode="lines", hoverinfo="skip", connectgaps=False,
                    line={"color": theme.MUTED.light, "width": 1.5, "dash": "dot", "shape": "hvh"},
                )
            )  # fmt: skip


def _months(figure: go.Figure, row: Row, labels: list[str], values: list[float | None], reader: Reader) -> None:
    colour = theme.of_side(row.kpi.side).light
    points = row.series.shown
    said = [_said(row, point, reader) for point in points]
    fill = [theme.PAPER.light if point.is_provisional else colour for point in points]
    figure.add_trace(
        go.Scatter(
            x=labels, y=values, mode="lines+markers", line={"color": colour, "width": 2}, customdata=said, connectgaps=False,
            marker={"color": fill, "size": 7, "line": {"color": colour, "width": 1.5}},
            hovertemplate="%{x}: %{customdata}<extra></extra>",
        )
    )  # fmt: skip
    newest = row.series.newest
    if row.trend is Trend.WORSE and newest is not None and newest in points:
        at = points.index(newest)
        figure.add_trace(
            go.Scatter(
                x=[labels[at]], y=[values[at]], mode="markers", hoverinfo="skip",
                marker={"color": "rgba(0,0,0,0)", "size": 15, "line": {"color": theme.SIGNAL.light, "width": 2.5}},
            )
        )  # fmt: skip


def _said(row: Row, point: Point, reader: Reader) -> str:
    if point.value is None:
        return ""
    value = reader.quantity(row.measure.in_unit(point.value))
    return reader.say(text("{value}, still changing", value=value)) if point.is_provisional else value


def _events(figure: go.Figure, row: Row, events: Sequence[Event], labels: list[str], reader: Reader) -> None:
    """A mark a month and kind above the months; what it stands for is said on pointing at it."""
    months = [point.month for point in row.series.shown]
    for height, (kind, (symbol, colour, _)) in enumerate(_SIGNS.items()):
        by_month: dict[date, list[str]] = {}
        for event in events:
            if event.kind is kind:
                said = f"{reader.short_day(event.day)}: {escaped(reader.say(event.words))}"
                by_month.setdefault(event.day.replace(day=1), []).append(said)
        here = [month for month in by_month if month in months]
        listed = ["<br>".join([*by_month[month][:_LISTED], *(["…"] if len(by_month[month]) > _LISTED else [])]) for month in here]
        if here:
            figure.add_trace(
                go.Scatter(
                    x=[labels[months.index(month)] for month in here], y=[0.25 + 0.5 * (height % 2)] * len(here), yaxis="y2",
                    mode="markers", marker={"symbol": symbol, "color": colour, "size": 8},
                    customdata=listed, hovertemplate="%{customdata}<extra></extra>",
                )
            )  # fmt: skip
    if events:
        # A strip of their own above the months, so that they hide none of them.
        strip = {"domain": [0.88, 1.0], "range": [0, 1], "visible": False, "fixedrange": True, "anchor": "x"}
        figure.update_layout(yaxis={"domain": [0, 0.85]}, yaxis2=strip)


def _tick(row: Row) -> str:
    return ".1%" if row.measure.unit.value in ("percent", "points") else "~s"


def _unit(row: Row, events: Sequence[Event]) -> Text:
    names = {
        "percent": text("per cent by month"),
        "points": text("points by month"),
        "minutes": text("minutes by month"),
        "hours": text("hours by month"),
        "days": text("days by month"),
        "count": text("number by month"),
        "per_hour": text("number an hour, by month"),
        "money": text("{currency} by month", currency=row.measure.currency or ""),
    }
    said = names.get(row.measure.unit.value, text("by month"))
    if row.series.limits is not None:
        said = text("{said}; band: normal variation", said=said)
    if any(row.targets):
        said = text("{said}; dotted: target {target}", said=said, target=row.target or text("of its time"))
    if any(point.is_provisional for point in row.series.shown):
        said = text("{said}; hollow: still changing", said=said)
    kinds = {event.kind for event in events}
    if marks := [words for kind, (_, _, words) in _SIGNS.items() if kind in kinds]:
        said = text("{said}; {marks}", said=said, marks=joined(marks, len(marks)))
    return said


def title(row: Row) -> Text:
    """What a KPI's chart says in a sentence."""
    if row.stale_since is not None:
        return text("{kpi} is stale: its data end on {day}", kpi=row.kpi.name, day=row.stale_since)
    match row.trend:
        case Trend.WORSE:
            return text("{kpi} got worse beyond its normal variation", kpi=row.kpi.name)
        case Trend.BETTER:
            return text("{kpi} got better beyond its normal variation", kpi=row.kpi.name)
        case Trend.STEADY:
            return text("{kpi} stays within its normal variation", kpi=row.kpi.name)
        case Trend.UNKNOWN if row.kpi.rare:
            return text("{kpi} is rare: only its target judges it", kpi=row.kpi.name)
        case Trend.UNKNOWN if row.series.limits is not None:
            return text("{kpi}: what is normal is still being learned, so no month is judged yet", kpi=row.kpi.name)
        case Trend.UNKNOWN:
            return text("{kpi} has too few months to say what is normal", kpi=row.kpi.name)


def _alt(row: Row) -> Text:
    known = [point for point in row.series.shown if point.value is not None]
    if not known:
        return text("{kpi}: no month has a value yet.", kpi=row.kpi.name)
    first, last = known[0], known[-1]
    return text(
        "{kpi} by month, from {start} in {first} to {end} in {last}. {title}.",
        kpi=row.kpi.name, start=row.measure.in_unit(first.value or 0), first=Month(first.month),
        end=row.measure.in_unit(last.value or 0), last=Month(last.month), title=title(row),
    )  # fmt: skip


def split_chart(row: Row, split: Split, reader: Reader) -> Chart:
    """What each group or factor contributed to a KPI's change: its own rate in the KPI's hue, its share in grey."""
    parts = split.largest(_PARTS)[::-1]
    names = [_name(part, is_rest=at == 0 and len(split.parts) > _PARTS, split=split) for at, part in enumerate(parts)]
    labels = [escaped(reader.say(name)) for name in names]
    figure = base(70 + 30 * len(parts))
    colour = theme.of_side(row.kpi.side).light
    series = [(text("its own rate"), [part.rate for part in parts], colour)]
    if split.by is not None:
        series.append((text("its share of all"), [part.mix for part in parts], theme.SOFT.light))
    for name, effects, fill in series:
        figure.add_trace(
            go.Bar(
                y=labels, x=effects, orientation="h", name=reader.say(name), marker={"color": fill},
                customdata=[reader.quantity(amount(row.measure, effect), signed=True) for effect in effects],
                hovertemplate="%{y}: %{customdata}<extra></extra>",
            )
        )  # fmt: skip
    figure.update_layout(barmode="relative", showlegend=split.by is not None, margin={"t": 30 if split.by is not None else 12})
    figure.update_xaxes(tickformat=_tick(row), zeroline=True, zerolinecolor=theme.MUTED.light, showgrid=True)
    figure.update_yaxes(showgrid=False, rangemode="normal", type="category")
    change = amount(row.measure, split.change)
    said = text("Where the change of {kpi} comes from", kpi=row.kpi.name)
    by = text("part") if split.by is None else BY[split.by]
    unit = text("contribution to the change of {change} by {by}; all add up to it", change=change, by=by)
    most = max(split.parts, key=lambda part: abs(part.effect))
    alt = text(
        "{title}: the largest is {name} with {effect} of {change}.",
        title=said, name=name_of(most, split.by), effect=amount(row.measure, most.effect), change=change,
    )  # fmt: skip
    table = pl.DataFrame(
        {
            reader.say(by).capitalize(): [reader.say(name_of(part, split.by)) for part in split.largest(len(split.parts))],
            reader.say(text("Own rate")): [part.rate for part in split.largest(len(split.parts))],
            reader.say(text("Share of all")): [part.mix for part in split.largest(len(split.parts))],
        }
    )
    return Chart(figure, said, unit, alt, table)


def _name(part: Part, *, is_rest: bool, split: Split) -> str | Text:
    return text("the other {n}", n=len(split.parts) - _PARTS) if is_rest else name_of(part, split.by)
