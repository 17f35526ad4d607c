"""What a file's amounts come to in the reporting currency is said before it is taken, and is what pages then show."""

from datetime import date
from pathlib import Path

import pytest

from marops import rollups
from marops.principal import LOCAL_ADMIN
from marops.sources import service
from marops.workspaces.service import open_workspace
from marops.workspaces.store import OWN
from tests.scorecard.made import fill
from tests.sources import made


@pytest.fixture(autouse=True)
def _prepared(home: Path, read_here: None) -> None:
    """Every test here has an installation of its own, whose reporting currency is the euro."""


def rates(*rows: tuple[int, float]) -> None:
    base = {"base_currency": "EUR", "currency_code": "BRL"}
    fill("fx_rate", [{**base, "rate_date": date(2026, 5, day), "rate": rate} for day, rate in rows])


def preview(folder: Path, content: str) -> service.Preview:
    found = service.preview_file(LOCAL_ADMIN, OWN, made.put(folder / "ads.csv", content))
    assert isinstance(found, service.Preview)
    return found


def said(found: service.Preview) -> list[str]:
    converted = service.converted(LOCAL_ADMIN, found)
    return [str(line) for line in (*converted.known, *converted.lacking)]


def test_amounts_are_converted_day_by_day_and_pages_show_the_same(tmp_path: Path) -> None:
    rates((1, 5), (2, 4))
    found = preview(tmp_path, made.ads(("2026-05-01", "1", "10"), ("2026-05-02", "1", "8"), ("2026-05-04", "1", "4")))
    assert said(found) == ["R$22.00 come to €5.00 at the reference rates of their days. The rows keep their own currency."]
    service.accept(LOCAL_ADMIN, found)
    shown = rollups.channel_days(rollups.facts(open_workspace(LOCAL_ADMIN, OWN)))
    assert shown["spend"].to_list() == [2.0, 2.0, 1.0]
    assert made.counted("ad_performance")["currency_code"].unique().to_list() == ["BRL"]


def test_amounts_without_a_rate_are_named_and_none_is_made_up(tmp_path: Path) -> None:
    rates((2, 4))
    found = preview(tmp_path, made.ads(("2026-05-01", "1", "10"), ("2026-05-02", "1", "8")))
    converted, unknown = said(found)
    assert converted == "R$8.00 come to €2.00 at the reference rates of their days. The rows keep their own currency."
    assert unknown == (
        "There is no reference rate of BRL for May 1, 2026: what needs these R$10.00 stays unknown in EUR until you "
        "import reference rates, or choose BRL as reporting currency on Data."
    )


def test_a_rate_that_is_older_than_a_week_is_said_to_be_old(tmp_path: Path) -> None:
    rates((1, 4))
    found = preview(tmp_path, made.ads(("2026-05-08", "1", "4"), ("2026-05-09", "1", "4")))
    assert said(found)[1:] == ["The latest reference rate of BRL before May 9, 2026 is of May 1, 2026. Import newer rates."]
    assert said(preview(tmp_path, made.ads(("2026-05-08", "1", "4"))))[1:] == []


def test_of_the_reporting_currency_nothing_is_said(tmp_path: Path) -> None:
    assert said(preview(tmp_path, made.ads(("2026-05-01", "1", "10"), currency="EUR"))) == []
