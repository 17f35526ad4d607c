"""One KPI's page: evidence, reasons, rows, and managing it (tiny.py's company; figures are worked out there)."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from marops.decisions import service as decisions
from marops.period import Period, Scope
from marops.principal import LOCAL_ADMIN, Principal, Role
from marops.scorecard import managing
from marops.web import session
from marops.workspaces.store import OWN, SAMPLE
from tests.web import tiny
from tests.web.app import kpi, markup, measure, opened, sentence, words


def on(kpi_id: str, **query: str) -> AppTest:
    """The page of a KPI."""
    at = opened("scorecard")
    for name, value in {"kpi": kpi_id, **query}.items():
        at.query_params[name] = value
    at.run()
    assert not at.exception, at.exception
    return at


def table_of(at: AppTest, index: int) -> str:
    return at.table[index].value.to_csv().replace("\\", "")


def test_the_address_opens_a_kpi_with_its_value_target_and_definition(company: Path) -> None:
    at = on("M8")
    assert at.selectbox(key="w_kpi").value == "M8"
    assert sentence(at) == "€120, which keeps its target."
    assert "Value,€120.00" in table_of(at, 0)
    assert "Target,≤ €150 (Board)" in table_of(at, 0)
    assert "M8 v1: ad spend / leads from those campaigns that sales accepted" in table_of(at, 1)
    assert "ad_performance (period_start, period_end, spend, currency_code)" in table_of(at, 1)


def test_an_unknown_kpi_in_the_address_shows_all_of_them(company: Path) -> None:
    assert "What changed, and will it do?" in words(on("X9"))


def test_the_first_screen_says_what_downtime_took_and_links_to_each(company: Path) -> None:
    at = opened("scorecard")
    assert "Too few leads" in measure(at, "Spend burned while broken")
    assert "There are not enough weeks before the outages" in measure(at, "Leads lost in downtime")
    assert 'class="m-measure" href="scorecard?' in markup(at)


def test_the_files_behind_a_number_are_named(company: Path) -> None:
    at = on("M8")
    files = next(frame.value for frame in at.dataframe if "File" in frame.value.columns)
    assert files[["Table", "Rows"]].to_numpy().tolist() == [["ad_performance", 4], ["lead", 4], ["lead_stage_history", 8]]


def test_what_was_set_said_and_done_is_shown(company: Path) -> None:
    managing.set_target(
        LOCAL_ADMIN, OWN, "M8", type="at_most", value=Decimal(100), valid_from=date(2026, 6, 1), reason="Tighter for summer"
    )
    managing.check_in(LOCAL_ADMIN, OWN, "M8", date(2026, 6, 1), "<b>Two</b> dear campaigns")
    managing.annotate(LOCAL_ADMIN, OWN, "M8", date(2026, 6, 2), "Price list changed")
    item = managing.act(
        LOCAL_ADMIN, OWN, "M8", title="Stop Display", owner="Media", due=date(2026, 7, 9), expected_effect="20 less"
    )
    at = on("M8")
    assert sentence(at) == "€120, which misses its target."
    assert "Target,≤ €100 (Local admin)" in table_of(at, 0)
    assert "&lt;b&gt;Two&lt;/b&gt; dear campaigns" in markup(at)
    assert "Stop Display Media, by Jul 9, 2026 20 less" in words(at)
    history = next(frame.value for frame in at.dataframe if "Set by" in frame.value.columns)
    assert history[["Target", "Reason", "Set by"]].to_numpy().tolist() == [
        ["≤ €100", "Tighter for summer", "Local admin"], ["≤ €150", "Agreed", "Board"],
    ]  # fmt: skip
    assert "“<b>Two</b> dear campaigns” Local admin" in kpi(opened("scorecard"), "Cost per accepted lead")
    managing.close(
        LOCAL_ADMIN, Scope(OWN, Period(date(2026, 6, 1), date(2026, 6, 30))), item.id, version=item.version,
        outcome=decisions.Outcome.CANNOT_TELL, words="Too early",
    )  # fmt: skip
    assert "Cannot be told. Media, due Jul 9, 2026; closed by Local admin Too early" in words(on("M8"))


def test_targets_that_share_days_are_a_sentence(company: Path) -> None:
    managing.set_target(LOCAL_ADMIN, OWN, "M8", type="at_most", value=100, valid_from=date(2026, 6, 1), reason="Summer")
    assert "≤ €150" in words(on("M8"))  # what the newer one takes the place of


def test_who_may_only_look_sees_no_way_to_change_anything(company: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "LOCAL_ADMIN", Principal("v", "Viewer", Role.VIEWER))
    assert not {"write_note", "mark_day", "open_action", "set_target", "rebase"} & {button.key for button in on("M2").button}
    monkeypatch.setattr(session, "LOCAL_ADMIN", Principal("l", "Leader", Role.LEADER))
    keys = {button.key for button in on("M2").button}
    assert "write_note" in keys
    assert not {"mark_day", "open_action", "set_target", "rebase"} & keys


def test_a_target_on_the_wrong_side_is_a_sentence_where_a_file_brought_it(
    home: Path, read_here: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        tiny.FILES, "targets.csv", tiny.TARGETS.replace("M8,2026-01-01,2026-12-31,<=", "M8,2026-01-01,2026-12-31,>=")
    )
    tiny.bring_in(tmp_path / "files")
    assert "This target asks for the wrong side: lower is better here." in words(on("M8"))


def test_a_stale_kpi_is_grey_and_says_since_when(
    home: Path, read_here: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(tiny.FILES, "ads.csv", tiny.ADS.replace("2026-06-30,Beta,2,Display,EUR,10,0,0.00,0.00\n", ""))
    tiny.bring_in(tmp_path / "files")
    at = opened("scorecard")
    assert "◌ stale data end on Jun 2, 2026 ◌ not known ≤ €150" in kpi(at, "Cost per accepted lead")
    assert "1 stale number" in words(at) or "stale numbers" in words(at)
    assert sentence(at) == "0 of 1 targets kept; Availability missed."
    assert sentence(on("M8")) == "€120, but its data end on Jun 2, 2026: it is not known what it is now."


@pytest.mark.parametrize("kpi_id", ["IT1", "IT6", "J1", "J10", "M7", "M11"])
def test_every_kind_of_kpi_has_a_page_in_an_empty_workspace_too(home: Path, kpi_id: str) -> None:
    at = on(kpi_id)
    assert "What is it counted from?" in words(at)
    assert "nan" not in words(at).lower().split()


def test_the_reasons_of_the_sample_company_are_told(sample_home: Path) -> None:
    query = {"ws": SAMPLE, "from": "2026-08-01", "to": "2026-09-30", "vs": "previous", "unit": "all"}
    said = words(on("M2", **query))
    assert "Inside the groups by channel Lead acceptance changed by -4.2 points" in said
    assert "An exact split: its parts add up to the change." in said
