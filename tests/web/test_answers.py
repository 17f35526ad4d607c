"""What a file leaves open is answered on the Data page, below the question."""

from datetime import date
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from marops.principal import LOCAL_ADMIN
from marops.sources import service
from marops.workspaces.store import OWN
from tests.sources import made
from tests.web.app import opened

HEADER = "Campaign,Day,Currency code,Clicks,Cost\n"


@pytest.fixture(autouse=True)
def _prepared(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test here has an installation of its own, without the sample company."""
    monkeypatch.setenv("MAROPS_SAMPLE", "no")


def page(tmp_path: Path, content: str) -> AppTest:
    """The Data page with this file previewed."""
    found = service.preview_file(LOCAL_ADMIN, OWN, made.put(tmp_path / "file.csv", content))
    at = opened("data", ws=OWN)
    at.session_state["marops_preview"] = found.id
    return at.run()


def test_the_order_of_dates_is_answered_and_the_file_can_be_imported(tmp_path: Path) -> None:
    at = page(tmp_path, HEADER + "A,03/04/2026,BRL,1,1.25\nA,05/04/2026,BRL,2,2.50\n")
    assert any("the first number could be the day or the month" in warning.value for warning in at.warning)
    control = next(group for group in at.button_group if group.key and group.key.startswith("answer_"))
    control.set_value("dmy").run()
    next(button for button in at.button if button.label == "Read again with this answer").click().run()
    next(button for button in at.button if button.key == "accept").click().run()
    assert not at.exception
    days = made.counted("ad_performance")["period_start"].sort().to_list()
    assert [day.isoformat() for day in days] == ["2026-04-03", "2026-04-05"]


def test_a_currency_is_chosen_from_those_the_sign_may_stand_for(tmp_path: Path) -> None:
    at = page(tmp_path, "Campaign,Day,Clicks,Cost,Impr.\nA,2026-05-01,1,$1.25,10\nA,2026-05-02,2,$2.50,20\n")
    box = next(box for box in at.selectbox if box.label == "Currency")
    assert "CAD" in box.options
    box.set_value("CAD").run()
    next(button for button in at.button if button.label == "Read again with this answer").click().run()
    next(button for button in at.button if button.key == "accept").click().run()
    assert not at.exception
    rows = made.counted("ad_performance")
    assert (rows["currency_code"].unique().to_list(), str(rows["spend"].sum())) == (["CAD"], "3.750000")


def test_the_days_a_report_covers_are_given_as_first_and_last(tmp_path: Path) -> None:
    at = page(tmp_path, "Campaign,Currency code,Clicks,Cost,Impr.\nA,BRL,1,1.25,10\nB,BRL,2,2.50,20\n")
    button = next(button for button in at.button if button.label == "Read again with this answer")
    assert button.disabled
    at.date_input[0].set_value(date(2026, 5, 1)).run()
    at.date_input[1].set_value(date(2026, 5, 31)).run()
    next(button for button in at.button if button.label == "Read again with this answer").click().run()
    next(button for button in at.button if button.key == "accept").click().run()
    rows = made.counted("ad_performance")
    assert rows.select("period_start", "period_end").unique().rows() == [(date(2026, 5, 1), date(2026, 5, 31))]
