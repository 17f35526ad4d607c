"""Every KPI is defined once, and completely."""

from pathlib import Path

import pytest

from marops.language import Reader, Text
from marops.scorecard.definitions import KPIS
from marops.tables import TABLES

ALL = list(KPIS.values())


def test_the_ids_are_unique_and_the_joint_scorecard_has_thirteen():
    assert list(KPIS) == ["IT1", "IT2", "IT4", "IT6", "IT8", "J1", "J6", "J7", "J9", "M2", "M3", "M4", "M8"]
    assert len({str(kpi.name) for kpi in ALL}) == len(ALL)
    # A mapping made from a list would hide a repeated id.
    source = Path(__file__).parents[2] / "marops" / "scorecard" / "definitions.py"
    assert source.read_text(encoding="utf-8").count("    Kpi(\n") == len(ALL)


@pytest.mark.parametrize("kpi", ALL, ids=lambda kpi: kpi.id)
def test_a_kpi_says_who_owns_it_what_it_is_and_what_to_do(kpi):
    for words in (kpi.name, kpi.owner, kpi.watcher, kpi.formula, kpi.clock, kpi.advice):
        assert isinstance(words, Text)
        said = Reader.of("en").say(words)
        assert said == said.strip() != ""
        assert "{" not in said
    assert Reader.of("en").say(kpi.advice).endswith(".")


@pytest.mark.parametrize("kpi", ALL, ids=lambda kpi: kpi.id)
def test_a_kpi_names_the_tables_it_is_made_from(kpi):
    assert set(kpi.tables) <= set(TABLES)
    assert bool(kpi.tables) is (kpi.id != "IT6")  # the age of sources is about all of them


@pytest.mark.parametrize("kpi", ALL, ids=lambda kpi: kpi.id)
def test_shares_of_a_whole_cannot_leave_0_to_1(kpi):
    low, high = kpi.bounds
    assert low in (None, 0)
    assert high == (1 if kpi.id in {"IT1", "M2", "M3", "M4"} else None)
