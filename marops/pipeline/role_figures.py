"""The figures of roles: how long each holds work in each stage, and what they pass to each other. They draw finished frames."""

import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
import polars as pl

from marops import theme
from marops.chart import Chart, base, cut, escaped
from marops.language import Reader, Text, ntext, text
from marops.pipeline.held import Held
from marops.pipeline.raci import called
from marops.quantity import Quantity, Unit

_MOST, _HEIGHT, _WIDTH, _LONGEST = 8, 40, 12, 24
"""Roles drawn beside each other, the height of a row in pixels, and the characters of a line of a name, and of all of it."""

_BETWEEN, _PASSED = ":", " → "
"""What stands in an address between a stage and a role, and between two roles, which may have a colon in their names."""
_HUES = {"it": theme.IT, "marketing": theme.MARKETING}


@dataclass(frozen=True, slots=True)
class _Line:
    """A row or a column of a field: what is written beside it, its whole name, and what it stands for."""

    label: str
    name: str
    keys: tuple[str | None, ...]


def stage_by_role(held: Held, reader: Reader) -> Chart:
    """Days each role held work in each stage before launch, in the period: all visits together."""
    days = held.by_stage.with_columns((pl.col("days") + pl.col("ongoing_days")).alias("all"))
    stages = {stage.id: reader.say(stage.name) for stage in held.process.before_launch if stage.id in days["stage"]}
    by_role = dict(days.group_by("role").agg(pl.col("all").sum()).iter_rows())
    cells = days.select("stage", "role", "all").rows()
    rows = [_Line(escaped(cut(name, _LONGEST)), escaped(name), (stage,)) for stage, name in stages.items()]
    figure = _heat(rows, _beside(held, held.roles, by_role, reader), cells, reader, _held_sentence, opens=_BETWEEN)
    table = days.select(
        pl.col("stage").replace(stages).alias(reader.say(text("Stage"))),
        _said(reader, "role").alias(reader.say(text("Role"))),
        pl.col("days").round(1).alias(reader.say(text("Days, visits that ended"))),
        pl.col("items").alias(reader.say(text("Items"))),
        pl.col("ongoing_days").round(1).alias(reader.say(text("Days, visits that go on"))),
        pl.col("ongoing").alias(reader.say(text("Items still there"))),
    )
    title = _longest(held, days)
    alt = text("Days each role held work in each stage before launch. {title}.", title=title)
    return Chart(
        figure, title, text("days before launch in the period, all items together, those still there included"), alt, table
    )


def _longest(held: Held, days: pl.DataFrame) -> Text:
    """Where most days went."""
    if days.is_empty():
        return text("Nobody held work in these days")
    most = days.sort("all", "stage", descending=[True, False]).row(0, named=True)
    stage = held.process.named(most["stage"])
    share = Quantity(round(most["all"] / days["all"].sum(), 2), Unit.PERCENT)
    where = stage.name if stage else most["stage"]
    if most["role"] is None:
        return text("Nobody answers for {stage}, which took {share} of the days", stage=where, share=share)
    return text("{role} holds {share} of the days in {stage} alone", role=called(most["role"]), share=share, stage=where)


def _held_sentence(stage: str, role: str, days: float) -> Text:
    return text("{role} held {stage} for {days}", role=role, stage=stage, days=Quantity(days, Unit.DAYS))


def handoffs(held: Held, reader: Reader) -> Chart:
    """How often each role passed work to each other one in the period."""
    rows = held.handoffs
    givers, takers = (dict(rows.group_by(name).agg(pl.col("times").sum()).iter_rows()) for name in ("role", "next_role"))
    before, after = (_beside(held, _in_order(held, found), found, reader) for found in (givers, takers))
    figure = _heat(before, after, rows.select("role", "next_role", "times").rows(), reader, _passed_sentence, opens=_PASSED)
    table = rows.select(
        _said(reader, "role").alias(reader.say(text("From"))),
        _said(reader, "next_role").alias(reader.say(text("To"))),
        pl.col("times").alias(reader.say(text("Times"))),
        (pl.col("days") / pl.col("times")).round(1).alias(reader.say(text("Days held before, mean"))),
    )
    title = text("No work passed from one role to another in these days")
    if rows.height:
        role, to, times = rows.select("role", "next_role", "times").row(0)
        title = ntext(
            "{role} passes most to {to}: {n} time", "{role} passes most to {to}: {n} times", times, role=called(role), to=called(to)
        )
    alt = text("How often work passed from one role (on the left) to another (on top). {title}.", title=title)
    return Chart(
        figure,
        title,
        text("times in the period, from the role on the left to the one on top; what is unowned is left out"),
        alt,
        table,
    )


def _passed_sentence(role: str, to: str, times: float) -> Text:
    return ntext("{role} passed work to {to} {n} time", "{role} passed work to {to} {n} times", int(times), role=role, to=to)


def _in_order(held: Held, found: Mapping[str | None, int]) -> list[str | None]:
    """Roles in the order of the matrix; others follow, the most frequent first."""
    order: list[str | None] = [role.name for role in held.matrix.roles]
    return sorted(found, key=lambda role: (order.index(role) if role in order else len(order), -found[role], role or ""))


def _beside(held: Held, roles: Sequence[str | None], weight: Mapping[str | None, float], reader: Reader) -> list[_Line]:
    """One line a role, its name in the hue of its side. Of many, those with the least share the last line."""
    kept = sorted(roles, key=lambda role: -weight[role])[: _MOST - 1] if len(roles) > _MOST else roles
    rest = tuple(role for role in roles if role not in kept)
    lines = [_line(held, role, reader) for role in roles if role in kept]
    others = reader.say(ntext("{n} other role", "{n} other roles", len(rest)))
    return [*lines, _Line(others, others, rest)] if rest else lines


def _line(held: Held, role: str | None, reader: Reader) -> _Line:
    name = escaped(reader.say(called(role)))
    broken = "<br>".join(map(escaped, textwrap.wrap(cut(reader.say(called(role)), _LONGEST), _WIDTH, break_long_words=False)))
    if role is None:
        return _Line(f"○ {broken}", name, (role,))
    hue = _HUES.get(held.sides.get(role, ""))
    return _Line(f"<span style='color:{hue.light}'>{broken}</span>" if hue else broken, name, (role,))


def _heat(
    rows: Sequence[_Line], columns: Sequence[_Line], cells: Iterable[tuple[str | None, str | None, float]], reader: Reader,
    sentence: Callable[[str, str, float], Text], *, opens: str,
) -> go.Figure:  # fmt: skip
    """A field of shaded cells with their numbers: the more, the darker. What has no cell stays empty. `sentence` says one, of the
    names of its row and its column and its number. A click on a cell of one row and one column tells both, `opens` between them.
    """
    down, across = ({key: at for at, line in enumerate(lines) for key in line.keys} for lines in (rows, columns))
    grid: list[list[float | None]] = [[None] * len(columns) for _ in rows]
    for row, column, value in cells:
        grid[down[row]][across[column]] = (grid[down[row]][across[column]] or 0) + value
    said = [["" if value is None else reader.number(round(value)) for value in line] for line in grid]
    hover = [
        [reader.say(sentence(row.name, column.name, value or 0)) for column, value in zip(columns, line, strict=True)]
        for row, line in zip(rows, grid, strict=True)
    ]
    figure = base(90 + _HEIGHT * max(len(rows), 2))
    if rows:
        figure.add_trace(
            go.Heatmap(
                z=grid, text=said, texttemplate="%{text}", textfont={"size": 13, "color": theme.TEXT.light}, xgap=3, ygap=3, zmin=0,
                colorscale=[[0, theme.BAND.light], [1, theme.SOFT.light]], showscale=False, hoverongaps=False, customdata=hover,
                hovertemplate="%{customdata}<extra></extra>",
            )
        )  # fmt: skip
    if rows:
        _opening(figure, rows, columns, grid, hover, opens)
    for update, lines in ((figure.update_xaxes, columns), (figure.update_yaxes, rows)):
        labels = [line.label for line in lines]
        update(tickvals=list(range(len(lines))), ticktext=labels, showgrid=False, ticks="", tickfont={"size": 12})
    figure.update_xaxes(side="top", range=[-0.5, len(columns) - 0.5])
    figure.update_yaxes(range=[len(rows) - 0.5, -0.5])
    return figure


def _opening(
    figure: go.Figure, rows: Sequence[_Line], columns: Sequence[_Line], grid: list[list[float | None]], hover: list[list[str]],
    between: str,
) -> None:  # fmt: skip
    """Points that nobody sees, for plotly tells no clicks on the cells of a field."""
    figure.update_traces(hoverinfo="skip", hovertemplate=None)
    points = [
        (across, down, hover[down][across], f"{row.keys[0]}{between}{column.keys[0] or ''}")
        for down, row in enumerate(rows)
        for across, column in enumerate(columns)
        if grid[down][across] is not None and len(row.keys) == len(column.keys) == 1
    ]
    if points:
        x, y, said, keys = zip(*points, strict=True)
        figure.add_trace(
            go.Scatter(
                x=x, y=y, mode="markers", marker={"symbol": "square", "size": 30, "opacity": 0}, showlegend=False,
                customdata=list(zip(said, keys, strict=True)), hovertemplate="%{customdata[0]}<extra></extra>",
                selected={"marker": {"opacity": 0}}, unselected={"marker": {"opacity": 0}},
            )
        )  # fmt: skip


def cell_of(asked: str) -> tuple[str, str | None]:
    """The stage and the role (None: nobody) that a click on a cell of `stage_by_role` tells."""
    row, _, column = asked.partition(_BETWEEN)
    return row, column or None


def passed_of(asked: str) -> tuple[str, str]:
    """The two roles that a click on a cell of `handoffs` tells."""
    row, _, column = asked.partition(_PASSED)
    return row, column


def _said(reader: Reader, column: str) -> pl.Expr:
    return pl.col(column).map_elements(lambda role: reader.say(called(role)), return_dtype=pl.String, skip_nulls=False)
