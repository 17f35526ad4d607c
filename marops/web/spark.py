"""A KPI's months as a small line with its normal band: SVG that takes its colours from the stylesheet."""

from collections.abc import Sequence

from markupsafe import Markup

from marops.scorecard.judging import Series, Trend

WIDTH, HEIGHT, _PAD = 120, 30, 4


def sparkline(series: Series, trend: Trend, side: str, label: str) -> Markup:
    """The line of a series; months without a value are gaps. Empty where fewer than two have one."""
    values = [point.value for point in series.shown]
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return Markup("")
    ends = [series.limits.lower, series.limits.upper] if series.limits else []
    low, high = min([*known, *ends]), max([*known, *ends])
    span = (high - low) or 1.0

    def x(index: int) -> float:
        return round(_PAD + index * (WIDTH - 2 * _PAD) / (len(values) - 1), 1)

    def y(value: float) -> float:
        return round(HEIGHT - _PAD - (value - low) / span * (HEIGHT - 2 * _PAD), 1)

    band = ""
    if series.limits:
        top, bottom = y(series.limits.upper), y(series.limits.lower)
        band = f'<rect class="m-band" x="0" y="{top}" width="{WIDTH}" height="{max(bottom - top, 1):.1f}"/>'
    alone = "".join(
        f'<circle class="m-now" cx="{x(run[0][0])}" cy="{y(run[0][1])}" r="1.4"/>' for run in _runs(values) if len(run) == 1
    )
    lines = alone + "".join(
        f'<polyline class="m-line" points="{" ".join(f"{x(i)},{y(v)}" for i, v in run)}"/>' for run in _runs(values) if len(run) > 1
    )
    last, value = next((i, v) for i, v in reversed(list(enumerate(values))) if v is not None)
    now = f'<circle class="m-now" cx="{x(last)}" cy="{y(value)}" r="2.6"/>'
    ring = (
        f'<circle class="m-ring" cx="{x(last)}" cy="{y(value)}" r="5"/>' if trend is Trend.WORSE and last == len(values) - 1 else ""
    )
    # Every number above is ours; the label is escaped here, the side is one of three words.
    return Markup(
        '<svg class="m-spark m-{side}" width="{w}" height="{h}" viewBox="0 0 {w} {h}" role="img" aria-label="{label}">'
    ).format(side=side, w=WIDTH, h=HEIGHT, label=label) + Markup(f"{band}{lines}{now}{ring}</svg>")  # noqa: S704


def _runs(values: Sequence[float | None]) -> list[list[tuple[int, float]]]:
    """The values split at the gaps, with their positions."""
    found: list[list[tuple[int, float]]] = [[]]
    for index, value in enumerate(values):
        if value is None:
            found.append([])
        else:
            found[-1].append((index, value))
    return [run for run in found if run]
