"""Every KPI is defined once, and completely."""

from collections import Counter
from pathlib import Path

import pytest

from marops.findings import Side
from marops.language import Reader, Text
from marops.scorecard.definitions import DEFINITIONS, KPIS, markdown
from marops.scorecard.metrics import FORMULAS
from marops.tables import TABLES


def test_there_are_thirty_each_with_an_id_and_a_name_of_its_own():
    assert len(DEFINITIONS) == len(KPIS) == 30
    assert len({str(kpi.name) for kpi in DEFINITIONS}) == 30
    assert Counter(kpi.side for kpi in DEFINITIONS) == {Side.IT: 9, Side.JOINT: 10, Side.MARKETING: 11}


def test_every_definition_has_a_formula_and_every_formula_a_definition():
    assert list(FORMULAS) == list(KPIS)


@pytest.mark.parametrize("kpi", DEFINITIONS, ids=lambda kpi: kpi.id)
def test_a_kpi_says_who_owns_it_what_it_is_where_it_comes_from_and_what_to_do(kpi):
    for words in (kpi.name, kpi.owner, kpi.watcher, kpi.formula, kpi.clock, kpi.cohort, kpi.source, kpi.advice):
        assert isinstance(words, Text)
        said = Reader.of("en").say(words)
        assert said == said.strip() != ""
        assert "{" not in said
    assert Reader.of("en").say(kpi.advice).endswith(".")
    assert 0 < kpi.weight <= 3


@pytest.mark.parametrize("kpi", DEFINITIONS, ids=lambda kpi: kpi.id)
def test_a_kpi_names_the_tables_and_columns_it_is_made_from(kpi):
    for table, columns in kpi.uses.items():
        assert columns
        assert set(columns) <= set(TABLES[table].by_name)
    # The age of sources is about all of them; actions are kept in marops itself.
    assert bool(kpi.tables) is (kpi.id not in {"IT6", "J10"})


@pytest.mark.parametrize("kpi", DEFINITIONS, ids=lambda kpi: kpi.id)
def test_a_later_version_says_since_when_and_what_is_different(kpi):
    assert [revision.version for revision in kpi.revisions] == list(range(2, len(kpi.revisions) + 2))
    assert kpi.version == len(kpi.revisions) + 1
    assert sorted(revision.since for revision in kpi.revisions) == [revision.since for revision in kpi.revisions]


def test_shares_of_a_whole_cannot_leave_0_to_1():
    whole = {"IT1", "IT5", "IT7", "IT9", "J5", "J8", "J10", "M1", "M2", "M3", "M4", "M5", "M11"}
    assert {kpi.id for kpi in DEFINITIONS if kpi.bounds == (0, 1)} == whole


def test_the_page_of_docs_is_what_the_definitions_say():
    page = Path(__file__).parents[2] / "docs" / "kpis.md"
    assert page.read_text(encoding="utf-8") == markdown()
