"""The control chart of every KPI."""

from datetime import date
from pathlib import Path

import pytest

from marops.period import Period, Scope
from marops.principal import LOCAL_ADMIN
from marops.scorecard import figures, service
from marops.scorecard.definitions import KPIS
from marops.workspaces.store import OWN, SAMPLE
from tests.scorecard.looked_at import READERS, is_readable

PERIOD = Period(date(2025, 11, 1), date(2026, 10, 31))


@pytest.mark.parametrize("kpi", [kpi.id for kpi in KPIS.values() if kpi.has_history])
def test_the_control_chart_of_a_kpi_shows_24_months(sample_home: Path, kpi):
    row = service.row(LOCAL_ADMIN, Scope(SAMPLE, PERIOD), kpi)
    assert row is not None
    for reader in READERS:
        is_readable(figures.control_chart(row, reader), rows=24)


def test_the_chart_draws_the_values_the_table_lists(sample_home: Path):
    row = service.row(LOCAL_ADMIN, Scope(SAMPLE, PERIOD), "M2")
    assert row is not None
    chart = figures.control_chart(row, READERS[0])
    assert list(chart.figure.data[0].y) == chart.table["Lead acceptance"].to_list()
    assert str(chart.title) == "Lead acceptance got worse beyond its normal variation"


@pytest.mark.parametrize("kpi", list(KPIS))
def test_a_kpi_without_data_has_an_empty_chart_that_says_so(home: Path, kpi):
    row = service.row(LOCAL_ADMIN, Scope(OWN, PERIOD), kpi)
    assert row is not None
    chart = figures.control_chart(row, READERS[0])
    is_readable(chart, rows=0)
    assert "no month has a value yet" in str(chart.alt)
