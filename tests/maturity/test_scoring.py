"""The maturity rules, one by one, and the instrument's worked outcomes."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marops.maturity import scoring
from marops.maturity.instrument import ITEMS, PILLARS, TRAINING
from marops.maturity.scoring import Answer, Rating, Result, Stage, Verdict

BELOW, INCUBATE, SCALE, EMBEDDED = Stage.BELOW, Stage.INCUBATE, Stage.SCALE, Stage.EMBEDDED


def answers(
    levels: Mapping[str, float], other: float = 3.0, *, people: int = 10, sides: tuple[str, ...] = ("it", "marketing"),
    evidence: bool = True,
) -> list[Answer]:  # fmt: skip
    """Ten people on each side whose answers to a block's (or item's) every question have this mean level exactly."""
    found: list[Answer] = []
    for side in sides:
        for item in ITEMS:
            mean = levels.get(item.code, levels.get(item.block, other))
            high = round((mean - int(mean)) * people)
            found += [
                Answer(f"{side}{n}", side, item.code, int(mean) + (n < high), evidence)
                for n in range(people)
            ]  # fmt: skip
    return found


def blocks(pillars: tuple[float, ...], training: float) -> dict[str, float]:
    return {**dict(zip(PILLARS, pillars, strict=True)), TRAINING: training}


def assess(levels: Mapping[str, float], members: float | None = 7, **facts: float) -> Result:
    stated = {**({} if members is None else {"F1": members}), **facts}
    return scoring.assess(answers(levels), stated, draws=200)


def told(result: Result) -> set[Verdict]:
    """The verdicts, apart from whether they are firm."""
    return set(result.verdicts) - {Verdict.UNSURE}


# The instrument's worked outcomes

ROWS = [
    (12, (3.5, 3.2, 1.8, 3.0), 3.5, INCUBATE, {Verdict.STRUCTURE_AHEAD, Verdict.IN_TRANSITION}, 0.4),
    (3, (3.4, 3.3, 3.2, 3.0), 3.2, INCUBATE, {Verdict.PRACTICE_AHEAD}, None),
    (4, (2.6, 2.9, 2.7, 2.5), 2.6, INCUBATE, {Verdict.PRACTICE_AHEAD, Verdict.IN_TRANSITION}, 0.5),
    (7, (3.2, 3.1, 3.0, 2.9), 3.0, SCALE, {Verdict.ALIGNED}, None),
    (7, (3.2, 3.1, 3.0, 2.9), 1.9, INCUBATE, {Verdict.TRAINING_HOLDS}, None),
    (13, (4.2, 4.1, 4.0, 3.9), 4.0, SCALE, {Verdict.PRACTICE_AHEAD, Verdict.IN_TRANSITION}, 0.6),
    (17, (4.2, 4.1, 4.0, 3.9), 4.1, EMBEDDED, {Verdict.ALIGNED}, None),
    (26, (4.2, 4.1, 4.0, 3.9), 4.1, EMBEDDED, {Verdict.ALIGNED}, None),
]


@pytest.mark.parametrize(("members", "pillars", "training", "headline", "verdicts", "transition"), ROWS)
def test_the_worked_outcomes_come_out(members, pillars, training, headline, verdicts, transition):
    result = assess(blocks(pillars, training), members)
    assert result.headline is headline
    assert told(result) == verdicts
    assert result.transition == transition


def test_the_weakest_pillar_of_the_first_worked_outcome_is_governance():
    assert assess(blocks((3.5, 3.2, 1.8, 3.0), 3.5), 12).weakest == "Governance"


@pytest.mark.parametrize("level", [1.0, 3.0, 5.0])
def test_one_person_is_below_the_first_stage_whatever_the_answers(level):
    assert assess(blocks((level,) * 4, level), 1).headline is BELOW


# Rules


@pytest.mark.parametrize(
    ("percent", "rated"),
    [(0, "N"), (15, "N"), (15.1, "P"), (50, "P"), (50.1, "L"), (85, "L"), (85.1, "F"), (100, "F")],
)
def test_a_rating_ends_at_its_cut(percent, rated):
    assert scoring.rating(percent) is Rating(rated)


@pytest.mark.parametrize(
    ("level", "scale", "embedded"),
    [(1, 0, 0), (2, 35, 0), (3, 90, 10), (4, 100, 70), (5, 100, 100), (1.8, 28, 0), (2.5, 62.5, 5), (3.9, 99, 64)],
)
def test_levels_become_two_attributes_with_fractions_between(level, scale, embedded):
    assert scoring.attributes(level) == pytest.approx((scale, embedded))


@pytest.mark.parametrize(
    ("level", "stage"),
    [(2.2, INCUBATE), (2.3, SCALE), (3.6, SCALE), (3.7, EMBEDDED)],  # 35 + 0.3 * 55 = 51.5; 10 + 0.7 * 60 = 52
)
def test_the_borders_of_a_practice_stage_fall_at_2_3_and_3_7(level, stage):
    assert scoring.practice_stage(*scoring.attributes(level)) is stage


@pytest.mark.parametrize(
    ("members", "ceiling", "transition"),
    [
        (0, BELOW, None), (1, BELOW, None), (2, INCUBATE, None), (3, INCUBATE, None), (4, INCUBATE, 0.5), (5, SCALE, None),
        (10, SCALE, None), (11, SCALE, 0.2), (12, SCALE, 0.4), (13, SCALE, 0.6), (14, SCALE, 0.8), (15, EMBEDDED, None),
        (20, EMBEDDED, None), (21, EMBEDDED, None),
    ],
)  # fmt: skip
def test_the_size_of_a_team_sets_a_ceiling(members, ceiling, transition):
    assert scoring.size_ceiling(members, 0.8) == (ceiling, transition)


@pytest.mark.parametrize(("share", "ceiling"), [(0.59, SCALE), (0.6, EMBEDDED), (None, EMBEDDED)])
def test_embedded_needs_60_percent_with_one_primary_role(share, ceiling):
    assert scoring.size_ceiling(17, share) == (ceiling, None)


@pytest.mark.parametrize(
    ("level", "linked", "counts"), [(5, True, 5), (5, False, 3), (4, False, 3), (3, False, 3), (1, False, 1), (None, True, None)]
)
def test_a_claimed_4_or_5_without_evidence_counts_as_3(level, linked, counts):
    assert scoring.evidenced(Answer("a", "it", "SP1", level, linked)) == counts


def test_a_claim_without_evidence_is_unsupported_and_counted():
    found = scoring.assess(answers({}, 5, evidence=False), {"F1": 17}, draws=50)
    assert (found.headline, found.claimed) == (SCALE, EMBEDDED)
    assert Verdict.UNSUPPORTED in found.verdicts
    assert found.unsupported_items == 20 * len(ITEMS)


def test_a_team_is_as_far_as_its_weakest_pillar_not_its_average():
    assert assess(blocks((5, 5, 5, 2), 5), 17).practice is INCUBATE


@pytest.mark.parametrize(
    ("fact", "share", "code", "block", "scale"),
    [
        # Governance has 90 % at level 3 throughout; GO1 capped at 2 brings 35 % instead.
        ("F7", 0.49, "GO1", "Governance", None),
        ("F7", 0.5, "GO1", "Governance", 90),
        ("F4", 0.49, "TR1", TRAINING, None),
        ("F4", 0.5, "TR1", TRAINING, 90),
    ],
)
def test_a_fact_that_contradicts_an_answer_caps_it_at_2(fact, share, code, block, scale):
    items = [item.code for item in ITEMS if item.block == block]
    expected = (90 * (len(items) - 1) + 35) / len(items) if scale is None else scale
    assert code in items
    assert assess({}, **{fact: share}).block(block).scale == pytest.approx(expected)


def test_a_cap_does_not_raise_a_lower_answer():
    assert assess({}, F7=0.1).block("Governance").scale == assess({"GO1": 2.0}).block("Governance").scale
    assert assess({"GO1": 1.0}, F7=0.1).block("Governance").scale == assess({"GO1": 1.0}).block("Governance").scale


def test_each_side_weighs_half_whatever_its_headcount():
    it, marketing = answers({}, 4, people=5, sides=("it",)), answers({}, 2, people=20, sides=("marketing",))
    found = scoring.assess(it + marketing, {"F1": 7}, draws=50)
    # mean of 4 and 2 is 3: 90 %; by heads it would be 2.4: 57 %
    assert {round(block.scale or 0, 6) for block in found.blocks} == {90}
    assert found.respondents == {"it": 5, "marketing": 20}


def test_a_side_of_fewer_than_five_is_pooled_with_the_other():
    it, marketing = answers({}, 5, people=4, sides=("it",)), answers({}, 2, people=8, sides=("marketing",))
    found = scoring.assess(it + marketing, {"F1": 7}, draws=50)
    # (4 * 5 + 8 * 2) / 12 = 3, not (5 + 2) / 2
    assert {round(block.scale or 0, 6) for block in found.blocks} == {90}
    assert Verdict.UNSURE in found.verdicts
    assert Verdict.CONTESTED not in found.verdicts


def test_agencies_and_others_do_not_count():
    with_agency = answers({}) + answers({}, 1, sides=("agency", "other"))
    assert scoring.assess(with_agency, {"F1": 7}, draws=50) == scoring.assess(answers({}), {"F1": 7}, draws=50)


def test_do_not_know_is_left_out_not_counted_as_low():
    silent = [Answer(a.respondent, a.side, a.item, None if a.respondent == "it0" else a.level, True) for a in answers({})]
    assert {block.scale for block in scoring.assess(silent, {"F1": 7}, draws=50).blocks} == {90}


def without(*codes: str) -> list[Answer]:
    return [answer for answer in answers({}) if answer.item not in codes]


def test_a_block_with_three_of_four_items_is_rated_and_with_two_it_is_not():
    planning = [item.code for item in ITEMS if item.block == "Strategic planning"]
    assert len(planning) == 4
    three = scoring.assess(without(planning[0]), {"F1": 7}, draws=50).block("Strategic planning")
    two = scoring.assess(without(*planning[:2]), {"F1": 7}, draws=50)
    assert (three.scale, three.answered) == (90, 0.75)
    assert (two.block("Strategic planning").scale, two.block("Strategic planning").stage) == (None, None)
    assert two.block("Strategic planning").rating is None
    assert (two.practice, two.headline, two.verdicts) == (None, None, ())


def test_without_the_teams_size_there_is_no_headline():
    found = assess({}, None)
    assert (found.practice, found.size, found.headline) == (SCALE, None, None)


def test_no_answers_rate_nothing():
    found = scoring.assess([], {"F1": 7}, draws=50)
    assert {block.scale for block in found.blocks} == {None}
    assert (found.headline, found.weakest, dict(found.probabilities)) == (None, None, {})


def test_sides_that_would_end_at_different_stages_contest_it():
    it, marketing = answers({}, 3, sides=("it",)), answers({}, 2, sides=("marketing",))
    assert Verdict.CONTESTED in scoring.assess(it + marketing, {"F1": 7}, draws=50).verdicts
    assert Verdict.CONTESTED not in scoring.assess(answers({}), {"F1": 7}, draws=50).verdicts


def test_a_stage_on_the_border_is_not_firm_and_one_far_from_it_is():
    border, far = assess(blocks((2.3,) * 4, 3)), assess(blocks((3.0,) * 4, 3))
    assert Verdict.UNSURE in border.verdicts
    assert 0.05 < border.probabilities[INCUBATE] < 0.95
    assert dict(far.probabilities) == {SCALE: 1.0}
    assert Verdict.UNSURE not in far.verdicts


def test_the_same_seed_gives_the_same_assessment_and_another_seed_about_the_same():
    given_ = answers(blocks((2.4,) * 4, 3))
    first, again = (scoring.assess(given_, {"F1": 7}, seed=3) for _ in range(2))
    other = scoring.assess(given_, {"F1": 7}, seed=4)
    assert first == again
    assert other.probabilities[SCALE] == pytest.approx(first.probabilities[SCALE], abs=0.06)
    assert other.blocks == first.blocks


# Properties


@given(st.floats(1, 5), st.floats(1, 5))
def test_a_higher_level_never_means_a_lower_stage(a, b):
    low, high = sorted((a, b))
    assert scoring.practice_stage(*scoring.attributes(low)) <= scoring.practice_stage(*scoring.attributes(high))


@given(st.integers(1, 30), st.integers(1, 30))
def test_more_people_never_lower_the_ceiling(a, b):
    low, high = sorted((a, b))
    assert scoring.size_ceiling(low, 0.8)[0] <= scoring.size_ceiling(high, 0.8)[0]


levels = st.floats(1, 5).map(lambda level: round(level, 1))


@given(st.tuples(levels, levels, levels, levels), levels, st.integers(1, 25))
def test_the_headline_is_the_lowest_of_practice_training_and_size(pillars, training, members):
    found = scoring.assess(answers(blocks(pillars, training)), {"F1": members}, draws=5)
    parts = [found.practice, found.training, found.size]
    assert found.headline == min(part for part in parts if part is not None)
    assert sum(found.probabilities.values()) == pytest.approx(1)
