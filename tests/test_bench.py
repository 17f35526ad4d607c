"""The benchmarks can run, and what they compare does the same work. Nothing is timed here."""

import importlib
from pathlib import Path

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from bench import imports, report, rollups
from bench.flow import by_hand, made, speed
from bench.report import Line
from marops.principal import LOCAL_ADMIN

MODULES = (
    "damage",
    "flow.by_hand",
    "flow.coverage",
    "flow.made",
    "flow.speed",
    "imports",
    "importing",
    "judging",
    "kpis.by_hand",
    "kpis.measuring",
    "kpis.rows",
    "kills",
    "mutations",
    "pages",
    "report",
    "rollups",
    "scorecard",
    "serving",
    "sessions",
    "twins.captured",
    "twins.main",
)


@pytest.mark.parametrize("name", MODULES)
def test_each_part_can_be_loaded(name: str) -> None:
    importlib.import_module(f"bench.{name}")


def test_no_page_computes_a_roll_up_that_another_page_has_computed(sample_home: Path) -> None:
    assert rollups.visit_all() == dict.fromkeys(rollups.CACHES, 1)


def test_the_import_and_its_floor_take_the_same_rows(tmp_path: Path) -> None:
    path = tmp_path / "google.csv"
    imports.write(str(path), 2)
    imports.floor(path, tmp_path / "floor.parquet")
    taken = imports.ours(path, warm=False)
    # The floor keeps the two total rows, which are no data.
    assert pl.read_parquet(tmp_path / "floor.parquet").height == taken["rows"] + 2
    assert taken["refused"] == 0


def test_the_scorecard_and_its_floor_tell_the_same_months(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bench.kpis import by_hand, measuring, rows
    from marops.scorecard import service

    monkeypatch.setenv("MAROPS_HOME", str(tmp_path))
    rows.make(0.1)
    ours = measuring.months(service.scorecard(LOCAL_ADMIN, rows.SCOPE))
    floor = by_hand.values(measuring.files(measuring.manifest()))
    assert by_hand.differences(ours, floor) == []
    assert ours.keys() - floor.keys() == {"IT6", "J10"}
    ours["M2"]["2025-01-01"] += 0.001
    assert len(by_hand.differences(ours, floor)) == 1


def test_the_twin_draws_what_was_captured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bench.twins import captured, main

    monkeypatch.setattr(captured, "PATH", tmp_path / "captured.json")
    chart = '{"data": [{"type": "bar", "x": [1], "y": [2]}], "layout": {}}'
    drawn = [("chart", chart, ""), ("text", "<b>one</b>", "html"), ("text", "two", ""), ("metric", "Leads", "7")]
    captured.keep({"home 12 months": drawn})
    main.constants.cache_clear()
    app = AppTest.from_function(_home).run()
    main.constants.cache_clear()
    assert not app.exception
    assert [text.value for text in app.markdown] == ["<b>one</b>", "two"]
    assert (len(app.metric), len(app.get("plotly_chart"))) == (1, 1)


def test_the_twin_of_metrics_says_of_each_kpi_what_its_row_says(sample_home: Path) -> None:
    from bench.twins import captured

    app = AppTest.from_file(str(Path(__file__).parents[1] / "app.py"), default_timeout=60)
    app.query_params["ws"] = "sample"
    app.run()
    app.switch_page(str(Path(__file__).parents[1] / "pages" / "scorecard.py")).run()
    found = [figure for text in app.markdown for figure in captured.figures(text.value)]
    assert len(found) == 30
    assert (found[0].label, found[0].value, len(found[0].months)) == ("Availability", "99.87%", 24)


def _home() -> None:
    from bench.twins.main import draw

    draw("home")


def test_a_ratio_in_turns_is_the_median_of_its_pairs() -> None:
    line = Line("import", [2.0, 9.0, 4.0], [1.0, 3.0, 4.0], 3.0, at="pairs")
    assert line.ratio == 2.0
    assert report.p95([1.0, 1.0]) == 1.0


def test_the_flow_of_a_log_and_its_floor_measure_the_same() -> None:
    events = made.events(3_000)
    speed.agree(speed.ours(events), by_hand.measures(events, by_hand.twelve(events)))
    another = speed.ours(events)
    another["handoffs"] += 1
    with pytest.raises(ValueError, match="by hand"):
        speed.agree(another, by_hand.measures(events, by_hand.twelve(events)))
