"""The maturity page's figures. They draw finished assessments and compute nothing."""

import plotly.graph_objects as go
import polars as pl

from marops import theme
from marops.chart import Chart, base
from marops.language import Reader, ntext, text
from marops.maturity.instrument import CUTS, PILLARS
from marops.maturity.service import BLOCK_NAMES, Maturity

MOST_GAPS = 12
_QUESTION_WIDTH = 52


def pillars(maturity: Maturity, reader: Reader) -> Chart:
    """Each block's Scale attribute now and before, against the borders of the ratings N, P, L and F."""
    now = [block for block in maturity.assessed.result.blocks if block.scale is not None]
    earlier = {block.name: block.scale for block in maturity.before.result.blocks} if maturity.before else {}
    labels = [reader.say(BLOCK_NAMES[block.name]) for block in now]
    values = [round(block.scale or 0) for block in now]
    before = [None if earlier.get(block.name) is None else round(earlier[block.name] or 0) for block in now]
    figure = base(34 * len(now) + 70)
    for cut in CUTS:
        figure.add_vline(x=cut, line={"color": theme.SOFT.light, "width": 1}, layer="below")
    for left, right, name in zip((0, *CUTS), (*CUTS, 100), ("N", "P", "L", "F"), strict=True):
        figure.add_annotation(x=(left + right) / 2, y=1, yref="paper", yanchor="bottom", text=name, showarrow=False)
    was, is_now = reader.say(text("before")), reader.say(text("now"))
    for label, a, b in zip(labels, before, values, strict=True):
        if a is not None:
            figure.add_trace(
                go.Scatter(x=[a, b], y=[label, label], mode="lines", line={"color": theme.SOFT.light, "width": 2}, hoverinfo="skip")
            )
    figure.add_trace(
        go.Scatter(
            x=before,
            y=labels,
            mode="markers",
            name=was,
            marker={"color": theme.PAPER.light, "size": 10, "line": {"color": theme.MUTED.light, "width": 2}},
            hovertemplate=f"%{{y}}, {was}: %{{x}} %<extra></extra>",
        )
    )
    figure.add_trace(
        go.Scatter(
            x=values, y=labels, mode="markers", name=is_now, marker={"color": theme.JOINT.light, "size": 12},
            hovertemplate=f"%{{y}}, {is_now}: %{{x}} %<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(range=[0, 102], ticksuffix=" %", showgrid=False)
    figure.update_yaxes(autorange="reversed", showgrid=False, type="category")
    figure.update_layout(margin={"t": 26})
    weakest = maturity.assessed.result.weakest
    pillars_now = {block.scale for block in now if block.name in PILLARS}
    if weakest is None:
        title = text("No pillar could be rated")
    elif len(pillars_now) == 1:
        title = text("The four pillars stand level")
    else:
        title = text("{pillar} holds the team back", pillar=BLOCK_NAMES[weakest])
    table = pl.DataFrame(
        {reader.say(text("Block")): labels, reader.say(text("Now, %")): values, reader.say(text("Before, %")): before}, strict=False
    )
    alt = text("Scale attribute of each block in per cent, now and in the assessment before. {title}.", title=title)
    return Chart(figure, title, text("Scale attribute achieved, per cent; N, P, L, F: not, partly, largely, fully"), alt, table)


def perception_gaps(maturity: Maturity, reader: Reader) -> Chart:
    """Mean level that IT and marketing give to each item, the clearest differences first."""
    rows = maturity.assessed.gaps.head(MOST_GAPS)
    labels = [f"{code}  {question}" for code, question in rows.select("item", "question").iter_rows()]
    codes = rows["item"].to_list()
    figure = base(42 * rows.height + 70)
    for code, question, it, marketing, clear in rows.select("item", "question", "it", "marketing", "clear").iter_rows():
        line = {"color": theme.INK.light if clear else theme.SOFT.light, "width": 3 if clear else 2}
        figure.add_trace(go.Scatter(x=[it, marketing], y=[code, code], mode="lines", line=line, hoverinfo="skip", showlegend=False))
        # The question stands above its line: beside it, a phone would have no room left for the line.
        shown = question if len(question) <= _QUESTION_WIDTH else question[: _QUESTION_WIDTH - 1].rstrip() + "…"
        figure.add_annotation(
            x=0, xref="paper", y=code, yshift=13, xanchor="left", text=shown, showarrow=False,
            font={"size": 12, "color": theme.MUTED.light},
        )  # fmt: skip
    for column, name, colour, symbol in (
        ("it", reader.say(text("IT")), theme.IT.light, "circle"),
        ("marketing", reader.say(text("Marketing")), theme.MARKETING.light, "square"),
    ):
        figure.add_trace(
            go.Scatter(
                x=rows[column], y=codes, mode="markers", name=name, marker={"color": colour, "size": 11, "symbol": symbol},
                customdata=[[label, reader.number(round(value, 1))] for label, value in zip(labels, rows[column], strict=True)],
                hovertemplate=f"%{{customdata[0]}}<br>{name}: %{{customdata[1]}}<extra></extra>",
            )
        )  # fmt: skip
    figure.update_xaxes(range=[0.9, 5.1], dtick=1, showgrid=True)
    figure.update_yaxes(autorange="reversed", showgrid=False, type="category")
    figure.update_layout(showlegend=True, margin={"t": 30})
    clear = int(maturity.assessed.gaps["clear"].sum())
    title = (
        ntext("{n} item on which IT and marketing clearly differ", "{n} items on which IT and marketing clearly differ", clear)
        if clear
        else text("No item on which IT and marketing clearly differ")
    )
    table = maturity.assessed.gaps.select(
        pl.col("item").alias(reader.say(text("Item"))), pl.col("question").alias(reader.say(text("Question"))),
        pl.col("it").round(2).alias(reader.say(text("IT"))), pl.col("marketing").round(2).alias(reader.say(text("Marketing"))),
        pl.col("gap").round(2).alias(reader.say(text("Gap"))), pl.col("low").round(2).alias(reader.say(text("Low"))),
        pl.col("high").round(2).alias(reader.say(text("High"))), pl.col("n_it").alias(reader.say(text("IT answers"))),
        pl.col("n_marketing").alias(reader.say(text("Marketing answers"))),
    )  # fmt: skip
    unit = text("mean level, 1 to 5; dark line: the 95% interval of the gap leaves out zero")
    return Chart(figure, title, unit, text("Mean level by item for IT and marketing. {title}.", title=title), table)
