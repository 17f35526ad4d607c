"""The figures of flow: how much is where, how long it took, which ways it went, how much to expect. They draw finished frames."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import plotly.graph_objects as go
import polars as pl

from marops import theme
from marops.chart import Chart, base, cut, escaped
from marops.language import Reader, Text, joined, ntext, text
from marops.pipeline.delivery import LAUNCHED
from marops.pipeline.details import Details
from marops.pipeline.flow import way_sign
from marops.quantity import Quantity, Unit

_WAYS, _STEPS = 8, 14
_OVER = 0.85
_BANDS, _REST = 7, "rest"
_FEW, _MOST = 300, 2_000
"""Points that are drawn large, and that are drawn at all: by the page itself, since not every reader's computer lets a browser draw
with its graphics card.
"""

_THIN = 0.1
"""Share of what is drawn below which work in progress is a thin line above what is finished."""

_SHORT = 16


def stage_names(flow: Details, reader: Reader) -> dict[str, str]:
    """What to call each stage on the way to the launch, in their order."""
    names = {stage.id: reader.say(stage.name) for stage in flow.process.before_launch}
    return names | {LAUNCHED: reader.say(flow.end_name)}


def cumulative(flow: Details, in_progress: bool, reader: Reader) -> Chart:  # noqa: FBT001  (`drawn` passes by place)
    """Cumulative flow: how much stands in each stage at each day's end, over what has been finished since the period began; or
    without what is finished, where there is so much of it that the rest is thin (`in_progress`).
    """
    names, found = stage_names(flow, reader), flow.cumulative
    at_first = found.filter(stage=LAUNCHED)["items"].head(1)
    found = found.filter(pl.col("day") >= flow.period.start)
    by_stage = {stage: found.filter(stage=stage)["items"] for stage in names}
    days = found.filter(stage=LAUNCHED)["day"]
    stages = list(names)
    columns: dict[str, pl.Series] = {reader.say(text("Day")): days}
    bands: dict[str, pl.Series] = {}
    figure = base(340)
    if days.len():
        levels = {LAUNCHED: by_stage[LAUNCHED] - at_first.item()}
        levels |= {stage: by_stage[stage] - by_stage[after] for stage, after in pairwise(stages)}
        # A stage may be called as the day or the end are.
        taken = {*columns, names[LAUNCHED]}
        for stage in stages:
            name = names[stage]
            clashes = stage != LAUNCHED and name in taken
            columns[reader.say(text("{name} (stage)", name=name)) if clashes else name] = levels[stage]
        bands = _bands(levels, in_progress)
        rest = text("other stages")
        for place, (stage, level) in enumerate(bands.items()):
            name = escaped(shortened(reader.say(names.get(stage, rest))))
            figure.add_trace(
                go.Scatter(
                    x=days, y=level, stackgroup="all", mode="lines+markers", name=name,
                    line={"width": 1, "color": theme.PAPER.light}, **_opening(days),
                    hovertemplate=f"{name}: %{{y}}<extra></extra>", **_fill(flow, stage, place),
                )
            )  # fmt: skip
        figure.update_xaxes(range=[days[0], days[-1]])
    # Two columns of names fit a phone, too.
    rows = (len(bands) + 1) // 2
    figure.update_layout(
        hovermode="x unified", showlegend=True, height=340 + 20 * rows, margin={"t": 12 + 20 * rows},
        legend={"traceorder": "reversed", "entrywidthmode": "fraction", "entrywidth": 0.48, "font": {"size": 12}},
    )  # fmt: skip
    figure.update_xaxes(rangeslider={"visible": True, "thickness": 0.07, "bgcolor": theme.BAND.light}, fixedrange=False)
    title, alt = _queue(flow, names)
    unit = text(
        "items by the farthest stage they had reached at the end of each day, in the colour of who must act; drag the handles "
        "below to look closer"
    )
    return Chart(figure, title, unit, alt, pl.DataFrame(columns))


def is_thin(flow: Details) -> bool:
    """Whether work in progress is hardly seen above what is finished."""
    arrived, done = (flow.cumulative.filter(stage=stage)["items"] for stage in (flow.delivered.workflow.stages[0], LAUNCHED))
    if arrived.is_empty():
        return False
    standing, finished = int(arrived[-1] - done[-1]), int(done[-1] - done[0])
    return standing < _THIN * (standing + finished)


def _opening(days: pl.Series) -> dict[str, Any]:
    """Points on a band that nobody sees, so that a click tells its day. Which band was clicked plotly does not tell."""
    hidden: dict[str, Any] = {"marker": {"opacity": 0}}
    return {
        "marker": {"opacity": 0, "size": 8}, "selected": hidden, "unselected": hidden, "customdata": [[str(day)] for day in days],
    }  # fmt: skip


def _bands(levels: Mapping[str, pl.Series], in_progress: bool) -> dict[str, pl.Series]:  # noqa: FBT001  (as above)
    """What is drawn, from the bottom: the end, the stages that hold most from the last to the first, and the others together."""
    before = [stage for stage in levels if stage != LAUNCHED and levels[stage].sum()]
    thick = sorted(before, key=lambda stage: -int(levels[stage].sum()))[:_BANDS]
    thin = [levels[stage] for stage in before if stage not in thick]
    drawn = {} if in_progress else {LAUNCHED: levels[LAUNCHED]}
    drawn |= {stage: levels[stage] for stage in reversed(before) if stage in thick}
    return drawn | ({_REST: sum(thin[1:], start=thin[0])} if thin else {})


def shortened(name: str) -> str:
    """A name that fits beside others on a phone."""
    return cut(name, _SHORT)


def _fill(flow: Details, stage: str, place: int) -> dict[str, Any]:
    """A stage's fill: the hue of the side that must act, where somebody has said; every other one is hatched."""
    if stage == LAUNCHED:
        return {"fillcolor": theme.BAND.light}
    found = flow.process.named(stage)
    side = found.responsible if found else ""
    colour = theme.of_side(side).light if side else (theme.JOINT, theme.MUTED, theme.INK, theme.SOFT)[place // 2 % 4].light
    if place % 2:
        return {"fillcolor": colour}
    return {"fillpattern": {"shape": "/", "bgcolor": colour, "fgcolor": theme.PAPER.light, "size": 7, "solidity": 0.25}}


def _queue(flow: Details, names: dict[str, str]) -> tuple[Text, Text]:
    """What the cumulative flow says: where work piled up most over the days."""
    found = flow.cumulative.pivot("stage", index="day", values="items")
    stages = [stage for stage in names if stage in found.columns]
    if found.height < 2 or len(stages) < 2 or not found[stages[0]][-1]:
        said = text("Nothing has flowed in these days")
        return said, said
    grown = {stage: int((found[stage] - found[after])[-1] - (found[stage] - found[after])[0]) for stage, after in pairwise(stages)}
    most = max(grown, key=lambda stage: grown[stage])
    arrived, left = (int(found[stage][-1] - found[stage][0]) for stage in (stages[0], stages[-1]))
    title = (
        text("{stage} has grown most: by {n} since these days began", stage=names[most], n=grown[most])
        if grown[most] > 0
        else text("No stage holds more than when these days began")
    )
    return title, text(
        "Cumulative flow: {arrived} arrived and {left} were finished. {title}.", arrived=arrived, left=left, title=title
    )


def cycle_times(flow: Details, reader: Reader) -> Chart:
    """Cycle times of what was finished, by the day it was, with the percentiles of the service level expectation."""
    done = flow.launched
    figure = base(360)
    half, most = flow.measures[0], flow.measures[1]
    drawn = _thinned(done)
    if drawn.height:
        said = [reader.quantity(Quantity(days, Unit.DAYS)) for days in drawn["cycle"]]
        figure.add_trace(
            go.Scatter(
                x=drawn["finished"], y=drawn["cycle"], mode="markers",
                customdata=list(zip(map(escaped, drawn["name"]), said, drawn["issue_id"], strict=True)),
                marker={
                    "color": [theme.INK.light if back else theme.JOINT.light for back in drawn["moved_back"]],
                    "symbol": ["diamond-open" if back else "circle" for back in drawn["moved_back"]],
                    "size": 7 if drawn.height < _FEW else 5, "opacity": 0.85 if drawn.height < _FEW else 0.5,
                },
                hovertemplate="%{customdata[0]}: %{customdata[1]}<extra>%{x|%Y-%m-%d}</extra>",
            )
        )  # fmt: skip
    for measure, words in ((half, text("half")), (most, text("SLE, 85%"))):
        if measure.value is not None:
            figure.add_hline(y=float(measure.value), line={"color": theme.INK.light, "width": 1, "dash": "dot"})
            figure.add_annotation(
                x=1,
                xref="paper",
                y=float(measure.value),
                text=reader.say(words),
                showarrow=False,
                xanchor="left",
                font={"size": 12, "color": theme.INK.light},
            )
    figure.update_layout(margin={"r": 72})
    title = (
        text("85% finish within {days} of when work begins", days=most.quantity)
        if most.quantity
        else text("Too little was finished in these days to promise a time")
    )
    unit = text(
        "{days}: from the start of work, by the day it was finished; ◇ had moved back; SLE: service level expectation",
        days=flow.delivered.counted.said,
    )
    if drawn.height < done.height:
        unit = text("{unit}; of {all} the slowest and an even share of the others are drawn", unit=unit, all=done.height)
    table = done.select(
        pl.col("name").alias(reader.say(text("Item"))),
        pl.col("finished").alias(reader.say(text("Finished"))),
        pl.col("cycle").round(1).alias(reader.say(text("Cycle time, days"))),
        pl.col("lead").round(1).alias(reader.say(text("Lead time, days"))),
        pl.col("moved_back").alias(reader.say(text("Moved back"))),
    )
    return Chart(figure, title, unit, text("Cycle times of finished work. {title}.", title=title), table)


def _thinned(done: pl.DataFrame) -> pl.DataFrame:
    """As many points as a browser draws at once: the slowest, and of the others every second, third, ..."""
    if done.height <= _MOST:
        return done
    slow = pl.col("cycle").rank("ordinal", descending=True) <= _MOST // 10
    every = -(-done.height // (_MOST - _MOST // 10))
    return done.filter(slow | (pl.int_range(pl.len()) % every == 0))


def ways(flow: Details, reader: Reader) -> Chart:
    """The most frequent ways of finished work through the stages, step by step, against the ideal one."""
    names, found = stage_names(flow, reader), flow.ways
    number = {stage: str(at) for at, stage in enumerate(names, 1)}
    shown = found.head(_WAYS)
    total = int(found["items"].sum())
    labels = [reader.say(text("ideal")), *(reader.say(ntext("{n} item", "{n} items", count)) for count in shown["items"])]
    figure = base(70 + 34 * len(labels))
    _ideal(figure, names, number)
    for row, path in enumerate(shown["path"].to_list(), 1):
        steps = path[:_STEPS]
        back = [at > 0 and int(number[stage]) < int(number[steps[at - 1]]) for at, stage in enumerate(steps)]
        figure.add_trace(
            go.Scatter(
                x=list(range(1, len(steps) + 1)),
                y=[row] * len(steps),
                mode="markers+lines+text",
                text=[number[stage] for stage in steps],
                line={"color": theme.SOFT.light, "width": 2},
                textfont={"color": theme.PAPER.light, "size": 12},
                marker={
                    "size": 22,
                    "symbol": "square",
                    "color": [theme.SIGNAL.light if moved else theme.JOINT.light for moved in back],
                },
                customdata=[[escaped(names[stage]), way_sign(path)] for stage in steps],
                hovertemplate="%{customdata[0]}<extra></extra>",
                cliponaxis=False,
            )
        )
    figure.update_xaxes(visible=False, range=[0.4, _STEPS + 0.6])
    rows = list(range(len(labels)))
    figure.update_yaxes(autorange="reversed", rangemode="normal", showgrid=False, tickmode="array", tickvals=rows, ticktext=labels)
    ideal = int(found.filter(pl.col("path") == pl.lit(list(names), pl.List(pl.String)))["items"].sum()) if total else 0
    title = (
        text("Nothing was finished in these days")
        if not total
        else text("{n} of {all} went through every stage once, in order", n=ideal, all=total)
        if ideal
        else text("{n} of {all} went forward only", n=total - int(flow.launched["moved_back"].sum()), all=total)
    )
    key = joined([text("{number} {stage}", number=number[stage], stage=name) for stage, name in names.items()], 20)
    unit = (
        text(
            "ways of finished work, the {shown} most frequent of {all}; red: moved back. {key}",
            shown=shown.height,
            all=found.height,
            key=key,
        )
        if shown.height
        else text("ways of finished work")
    )
    table = pl.DataFrame(
        {
            reader.say(text("Items")): found["items"],
            reader.say(text("Way")): [" → ".join(names[stage] for stage in path) for path in found["path"].to_list()],
        }
    )
    return Chart(figure, title, unit, text("Ways of finished work through the stages. {title}.", title=title), table)


def _ideal(figure: go.Figure, names: Mapping[str, str], number: Mapping[str, str]) -> None:
    """The way through every stage once, on top of those that were taken."""
    steps = list(names)[:_STEPS]
    figure.add_trace(
        go.Scatter(
            x=list(range(1, len(steps) + 1)), y=[0] * len(steps), mode="markers+lines+text",
            text=[number[stage] for stage in steps], textfont={"color": theme.INK.light, "size": 12},
            line={"color": theme.SOFT.light, "width": 2}, cliponaxis=False,
            marker={"size": 22, "symbol": "square", "color": theme.PAPER.light, "line": {"color": theme.MUTED.light, "width": 1.5}},
            customdata=[[escaped(names[stage]), way_sign(list(names))] for stage in steps],
            hovertemplate="%{customdata[0]}<extra></extra>",
        )
    )  # fmt: skip


def chances(flow: Details, reader: Reader) -> Chart:
    """The chance that at least so many are finished within the next weeks."""
    found = flow.outlook.reaching()
    figure = base(300)
    sure = flow.outlook.how_many()
    if found.height:
        kept = [chance >= _OVER for chance in found["chance"]]
        figure.add_trace(
            go.Bar(
                x=found["items"],
                y=found["chance"],
                marker_color=[theme.JOINT.light if is_kept else theme.SOFT.light for is_kept in kept],
                customdata=[reader.quantity(Quantity(chance, Unit.PERCENT)) for chance in found["chance"]],
                hovertemplate=reader.say(text("at least")) + " %{x}: %{customdata}<extra></extra>",
            )
        )
        figure.add_hline(y=_OVER, line={"color": theme.INK.light, "width": 1, "dash": "dot"})
    figure.update_layout(bargap=0.15)
    figure.update_yaxes(tickformat=".0%", range=[0, 1])
    title = (
        ntext(
            "With 85% at least {n} more is finished by {day}",
            "With 85% at least {n} more are finished by {day}",
            sure[_OVER],
            day=flow.outlook.until,
        )
        if sure
        else text("Cannot forecast: too little was finished in the last twelve weeks")
    )
    unit = text("chance that at least so many are finished in the next 20 working days")
    table = found.select(
        pl.col("items").alias(reader.say(text("At least"))), pl.col("chance").round(4).alias(reader.say(text("Chance")))
    )
    return Chart(figure, title, unit, text("Forecast of finished items. {title}.", title=title), table)
