"""The maturity of a workspace: the sample company's two assessments, and the sentences."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from marops import store
from marops.errors import Forbidden, NotFound
from marops.findings import Severity
from marops.language import Reader
from marops.maturity import figures, service
from marops.maturity.instrument import ITEMS, PILLARS, VERSION
from marops.maturity.scoring import Stage
from marops.maturity.store import AssessmentAnswer, AssessmentFact
from marops.period import Period, Scope, month_of
from marops.principal import LOCAL_ADMIN, Principal, Role
from marops.sample import survey
from marops.workspaces.store import OWN, SAMPLE, load
from tests.scorecard.looked_at import READERS, is_readable

LATEST = Scope(SAMPLE, month_of(date(2026, 10, 1)))
JUNE = Scope(SAMPLE, month_of(date(2026, 6, 1)))
HERE = Scope(OWN, Period(date(2026, 1, 1), date(2026, 12, 31)))


def maturity(scope: Scope = HERE) -> service.Maturity:
    return service.maturity(LOCAL_ADMIN, scope)


def sentences(scope: Scope = HERE) -> list[str]:
    return [Reader.of("en").say(said) for said in maturity(scope).sentences]


def fill(levels: Mapping[str, int], members: float | None, other: int = 3, people: int = 6, name: str = "2026") -> None:
    """An assessment in which everybody agrees: a level by pillar."""
    with store.writing() as session:
        workspace = load(session, OWN)
        for side in ("it", "marketing"):
            session.add_all(
                AssessmentAnswer(
                    workspace_id=OWN, assessment_id=name, respondent_id=f"{side}{n}", side=side, item_code=item.code,
                    level=levels.get(item.block, other), evidence_url="https://x.example",
                    answered_at=datetime(2026, 5, 1, tzinfo=UTC),
                )
                for n in range(people) for item in ITEMS
            )  # fmt: skip
        if members is not None:
            session.add(
                AssessmentFact(
                    workspace_id=OWN, assessment_id=name, fact_code="F1", value=Decimal(members), stated_on=date(2026, 5, 1)
                )
            )
        workspace.touch()
        session.add(workspace)


# The sample company


def test_the_sample_company_was_assessed_twice(sample_home: Path):
    found = maturity(LATEST)
    assert found.before is not None
    assert (found.assessed.id, found.before.id) == ("2026-09", "2026-03")
    assert found.assessed.version == VERSION
    assert dict(found.assessed.result.respondents) == {"it": 11, "marketing": 13}
    assert found.assessed.members == 8


def test_before_the_second_assessment_only_the_first_is_known(sample_home: Path):
    found = maturity(JUNE)
    assert (found.assessed.id, found.before) == ("2026-03", None)


def test_an_earlier_period_has_no_assessment(sample_home: Path):
    found = maturity(Scope(SAMPLE, month_of(date(2025, 6, 1))))
    assert (found.latest, found.before, found.sentences) == (None, None, ())
    with pytest.raises(NotFound, match="No assessment has been imported yet"):
        _ = found.assessed


def test_blocks_are_ordered_as_the_truth_orders_them(sample_home: Path):
    result = maturity(LATEST).assessed.result
    found = {name: result.block(name).scale or 0 for name in PILLARS}
    truth = survey.BLOCK_LEVELS["2026-09"]
    assert result.weakest == "Governance"
    assert sorted(found, key=lambda name: found[name]) == sorted(
        PILLARS, key=lambda name: truth[{"Strategic planning": "SP", "Role clarity": "RC", "Governance": "GO"}.get(name, "CE")]
    )
    assert result.headline is Stage.SCALE


def test_every_pillar_improved_as_the_truth_did(sample_home: Path):
    found = maturity(LATEST)
    assert found.before is not None
    for name in PILLARS:
        now, before = found.assessed.result.block(name).scale, found.before.result.block(name).scale
        assert now is not None
        assert before is not None
        assert now > before


def test_most_gaps_cover_the_true_half_level(sample_home: Path):
    # IT answers 0.25 above the truth, marketing 0.25 below. 95 % intervals of 29 items: 27.6 expected, 25 or more in 95 % of
    # draws.
    found = maturity(LATEST).assessed.gaps
    assert found.height == len(ITEMS)
    covered = found.filter((found["low"] <= 0.5) & (found["high"] >= 0.5)).height
    assert covered >= 25


# Sentences


@pytest.mark.parametrize(
    ("levels", "members", "said"),
    [
        ({}, 7, ["Scale: people, training and practice agree."]),
        ({"Governance": 2}, 7, ["Incubate: 7 people, Incubate practice. Fix Governance before hiring."]),
        ({}, 3, ["Incubate: ready for Scale; limited by 3 people."]),
        ({"Training (gate)": 1}, 7, ["Incubate: practice is ready; training is not."]),
        (
            {"Governance": 2},
            12,
            [
                "Incubate: 12 people, Incubate practice. Fix Governance before hiring.",
                "In transition by size: 40% of the way to the next stage.",
            ],
        ),
        ({}, 1, ["Below Incubate: everything depends on one person. Add a second before anything else."]),
        (
            {**dict.fromkeys(PILLARS, 5), "Training (gate)": 5},
            26,
            [
                "Embedded: people, training and practice agree.",
                "The stages describe teams of up to 20; assess 26 people team by team.",
            ],
        ),
        ({}, None, ["The stage cannot be told: too few items were answered, or the team's size (F1) is missing."]),
    ],
)
def test_each_outcome_has_its_sentence(home: Path, levels, members, said):
    fill(levels, members)
    assert sentences() == said
    assert str(service.verdict(LOCAL_ADMIN, HERE)) == said[0]


def test_a_small_side_is_said_to_be_not_firm(home: Path):
    fill({}, 7, people=4)
    assert sentences()[-1] == "Not firm: other respondents could have led to another stage."
    assert maturity().assessed.gaps.is_empty()


def test_parts_that_agree_ask_for_nothing_and_a_weak_pillar_asks_for_two_actions(home: Path):
    fill({}, 7)
    assert service.findings(LOCAL_ADMIN, HERE) == []
    fill({"Governance": 2}, 7, name="2026-b")
    (found,) = service.findings(LOCAL_ADMIN, HERE)
    assert (found.severity, str(found.cause)) == (Severity.WATCH, "Weakest pillar: Governance.")


def test_without_an_assessment_nothing_is_claimed(home: Path):
    assert str(service.verdict(LOCAL_ADMIN, HERE)) == "No assessment has been imported yet."
    assert service.findings(LOCAL_ADMIN, HERE) == []


def test_who_may_not_read_is_refused(home: Path):
    with pytest.raises(Forbidden):
        service.maturity(Principal("x", "Somebody", Role.NOBODY), HERE)


# Figures


@pytest.mark.parametrize("reader", READERS)
def test_the_figures_of_the_sample_company_are_readable(sample_home: Path, reader):
    for scope in (LATEST, JUNE):
        is_readable(figures.pillars(maturity(scope), reader), rows=10)
        is_readable(figures.perception_gaps(maturity(scope), reader), rows=len(ITEMS))


def test_the_pillars_chart_lists_what_it_draws(sample_home: Path):
    found = maturity(LATEST)
    chart = figures.pillars(found, READERS[0])
    assert chart.table["Now, %"].to_list() == [round(block.scale or 0) for block in found.assessed.result.blocks]
    assert str(chart.title) == "Governance holds the team back"


def test_the_figures_of_a_small_side_show_no_item(home: Path):
    fill({}, 7, people=4)
    is_readable(figures.perception_gaps(maturity(), READERS[0]), rows=0)
    is_readable(figures.pillars(maturity(), READERS[0]), rows=10)
