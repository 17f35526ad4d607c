"""The control chart of every KPI."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from marops.language import text
from marops.period import Comparison, Period, Scope
from marops.principal import LOCAL_ADMIN
from marops.scorecard import figures, service, why
from marops.scorecard.definitions import KPIS
from marops.scorecard.judging import Point
from marops.scorecard.why import Event, Happened
from marops.workspaces.store import OWN, SAMPLE
from tests.scorecard.looked_at import READERS, is_readable

PERIOD = Period(date(2025, 11, 1), date(2026, 10, 31))


@pytest.mark.parametrize("kpi", [kpi.id for kpi in KPIS.values() if kpi.has_history])
def test_the_control_chart_of_a_kpi_shows_24_months(sample_home: Path, kpi):
    row = service.row(LOCAL_ADMIN, Scope(SAMPLE, PERIOD), kpi)
    assert row is not None
    for reader in READERS:
        is_readable(figures.control_chart(row, why.events(LOCAL_ADMIN, Scope(SAMPLE, PERIOD), kpi), reader), rows=24)


def test_the_chart_draws_the_values_the_table_lists(sample_home: Path):
    row = service.row(LOCAL_ADMIN, Scope(SAMPLE, PERIOD), "M2")
    assert row is not None
    chart = figures.control_chart(row, [], READERS[0])
    target, months = chart.figure.data[:2]
    assert list(months.y) == chart.table["Lead acceptance"].to_list()
    assert list(target.y) == [None, None, *[0.6] * 22]  # none was set before 2025
    # The last month is still to change: half of its leads are too young.
    assert [colour == months.line.color for colour in months.marker.color] == [True] * 23 + [False]
    assert str(chart.title) == "Lead acceptance got worse beyond its normal variation"


@pytest.mark.parametrize("kpi", list(KPIS))
def test_a_kpi_without_data_has_an_empty_chart_that_says_so(home: Path, kpi):
    row = service.row(LOCAL_ADMIN, Scope(OWN, PERIOD), kpi)
    assert row is not None
    chart = figures.control_chart(row, [], READERS[0])
    is_readable(chart, rows=0)
    assert "no month has a value yet" in str(chart.alt)


def test_events_of_a_month_are_told_on_its_mark_with_names_escaped(home: Path):
    row = service.row(LOCAL_ADMIN, Scope(OWN, PERIOD), "J1")
    assert row is not None
    points = tuple(Point(date(2026, month, 1), float(month)) for month in range(1, 4))
    row = replace(row, series=replace(row.series, points=points), targets=(None,) * 3)
    events = [
        Event(date(2026, 2, 3), Happened.OUTAGE, text("down")), Event(date(2026, 2, 9), Happened.NOTE, text("<a href=x>fair</a>")),
        Event(date(2026, 2, 4), Happened.OUTAGE, text("down again")), Event(date(2025, 2, 4), Happened.OUTAGE, text("long ago")),
    ]  # fmt: skip
    said = [list(trace.customdata) for trace in figures.control_chart(row, events, READERS[0]).figure.data[1:]]
    assert said == [["Feb 3: down<br>Feb 4: down again"], ["Feb 9: &lt;a href=x&gt;fair&lt;/a&gt;"]]


def test_the_parts_of_a_split_are_drawn_as_the_table_lists_them(sample_home: Path):
    scope = Scope(SAMPLE, PERIOD, Comparison.PREVIOUS)
    row = service.row(LOCAL_ADMIN, scope, "M2")
    assert row is not None
    for split in why.splits(LOCAL_ADMIN, scope, "M2"):
        for reader in READERS:
            chart = figures.split_chart(row, split, reader)
            is_readable(chart, rows=len(split.parts))
        drawn = sum(sum(trace.x) for trace in chart.figure.data)
        assert drawn == pytest.approx(row.change.value)
