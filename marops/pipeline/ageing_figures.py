"""The figures of work that is not finished: how old it is, and when it will be. They draw finished frames."""

import plotly.graph_objects as go
import polars as pl

from marops import theme
from marops.chart import Chart, base, escaped
from marops.language import Reader, ntext, text
from marops.pipeline.ageing import SHARES
from marops.pipeline.delivery import UNKNOWN
from marops.pipeline.details import Details
from marops.pipeline.flow_figures import shortened, stage_names
from marops.quantity import Quantity, Unit

_TALL = 1.35
_OVER = 0.85
_MANY = 8
_MOST = 200
"""Items of a stage that are drawn, the oldest of them."""


def ageing(flow: Details, reader: Reader) -> Chart:
    """Work in progress by stage and age, over the ages at which finished work had left the stage. Work in a status that is no stage
    is in the table alone.
    """
    names, items, bands = stage_names(flow, reader), flow.ageing.filter(pl.col("stage") != UNKNOWN), flow.bands
    doing = list(names)[:-1]
    begun = doing[flow.delivered.workflow.started_from :]
    # Begun work can be back in a stage before that in which work begins.
    shown = [
        stage for stage in doing
        if stage in items["stage"] or (stage in begun and bands.filter(stage=stage)["p95"].item() is not None)
    ]  # fmt: skip
    figure = base(380)
    top = _top(items["age"], bands["p95"])
    for at, stage in enumerate(shown):
        _bands(figure, at, bands.filter(stage=stage).row(0, named=True), top)
    for at, stage in enumerate(shown):
        _points(figure, at, items.filter(stage=stage).head(_MOST), top, reader)
    figure.update_xaxes(
        tickmode="array",
        tickvals=list(range(len(shown))),
        range=[-0.5, len(shown) - 0.5],
        ticktext=[_wrapped(escaped(names[stage])) if len(shown) < _MANY else escaped(shortened(names[stage])) for stage in shown],
        tickangle=0 if len(shown) < _MANY else -90,
    )
    figure.update_yaxes(range=[0, top])
    old = items.filter(pl.col("older_than") >= _OVER).height
    title = (
        ntext(
            "{n} of {all} items is older than 85% ever were in its stage",
            "{n} of {all} items are older than 85% ever were in their stage",
            old,
            all=items.height,
        )
        if bands["p85"].count()
        else text("Too little has been finished to say what age is normal")
    )
    astray = flow.ageing.height - items.height
    if astray:
        title = ntext(
            "{said}; {n} in a status that is no stage is not drawn",
            "{said}; {n} in a status that is no stage are not drawn",
            astray,
            said=title,
        )
    unit = text(
        "{days}: since work began; shades: by then 50, 70, 85 and 95% of finished work had left the stage; ▲ older than shown",
        days=flow.delivered.counted.said,
    )
    if (items["stage"].value_counts()["count"] > _MOST).any():
        unit = text("{unit}; of each stage the oldest {n}", unit=unit, n=_MOST)
    table = flow.ageing.select(
        pl.col("name").alias(reader.say(text("Item"))),
        pl.col("stage").replace_strict(names, default="?", return_dtype=pl.String).alias(reader.say(text("Stage"))),
        pl.col("age").round(1).alias(reader.say(text("Age, days"))),
        pl.col("older_than").mul(100).cast(pl.Int64).alias(reader.say(text("Older than, % of finished work"))),
        pl.col("due_date").alias(reader.say(text("Due"))),
        pl.col("assignee").alias(reader.say(text("Assigned to"))),
    )
    return Chart(figure, title, unit, text("Age of work in progress by stage. {title}.", title=title), table)


def _top(ages: pl.Series, highest: pl.Series) -> float:
    """As high as normal ages need, so that one forgotten item does not flatten all others."""
    normal, oldest = highest.max(), ages.max()
    known = [float(found) for found in (normal, oldest) if isinstance(found, float)]
    return _TALL * (float(normal) if isinstance(normal, float) and normal > 0 else max(known, default=1.0) or 1.0)


def _bands(figure: go.Figure, at: int, row: dict[str, float | None], top: float) -> None:
    ends = [row[f"p{round(share * 100)}"] for share in SHARES]
    if ends[0] is None:
        return
    low = 0.0
    for end, colour, opacity in zip(ends, _SHADES, _OPACITIES, strict=True):
        high = min(float(end or 0), top)
        figure.add_shape(
            type="rect",
            x0=at - 0.45,
            x1=at + 0.45,
            y0=low,
            y1=high,
            fillcolor=colour,
            opacity=opacity,
            line={"width": 0},
            layer="below",
        )
        low = max(low, high)


_SHADES = (theme.BAND.light, theme.BAND.light, theme.SOFT.light, theme.MUTED.light)
_OPACITIES = (0.6, 1.0, 0.75, 0.7)


def _points(figure: go.Figure, at: int, items: pl.DataFrame, top: float, reader: Reader) -> None:
    if items.is_empty():
        return
    spread = [at + 0.6 * ((place * 7 % 11) / 10 - 0.5) * min(1.0, items.height / 4) for place in range(items.height)]
    ages = items["age"].to_list()
    old = [(share or 0) >= _OVER for share in items["older_than"]]
    symbols = ["triangle-up" if age > top else "diamond" if is_old else "circle" for age, is_old in zip(ages, old, strict=True)]
    said = [reader.quantity(Quantity(age, Unit.DAYS)) for age in ages]
    figure.add_trace(
        go.Scatter(
            x=spread,
            y=[min(age, top * 0.97) for age in ages],
            mode="markers",
            customdata=list(zip(map(escaped, items["name"]), said, items["issue_id"], strict=True)),
            marker={
                "color": [theme.SIGNAL.light if is_old else theme.INK.light for is_old in old],
                "size": 9,
                "symbol": symbols,
                "line": {"width": 1, "color": theme.PAPER.light},
            },
            hovertemplate="%{customdata[0]}: %{customdata[1]}<extra></extra>",
        )
    )


def _wrapped(name: str) -> str:
    """A stage's name on two lines where it is long."""
    middle = name.rfind(" ", 0, 14)
    return name if len(name) <= 14 or middle < 0 else f"{name[:middle]}<br>{name[middle + 1 :]}"
