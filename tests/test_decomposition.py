"""Exact splits: published cases, sums done by hand, and properties."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marops.decomposition import Counted, kitagawa, lmdi
from tests.conftest import published

# Rate and mix


def test_a_rate_that_fell_though_it_rose_in_the_channels_is_split_as_published():
    given_, expected = published("DEC-04")
    channels = given_["channels"]
    before = {name: (base * rate, base) for name, (base, rate, _, _) in channels.items()}
    after = {name: (base * rate, base) for name, (_, _, base, rate) in channels.items()}
    found = kitagawa(before, after)
    assert found is not None
    assert (found.before, found.after) == pytest.approx(expected["total"], abs=5e-5)
    assert found.rate == pytest.approx(expected["kitagawa"]["rate"], abs=1e-6)
    assert found.mix == pytest.approx(expected["kitagawa"]["mix"], abs=1e-6)
    moved = {group.group: 100 * (group.shares[1] - group.shares[0]) for group in found.groups}
    assert [moved[name] for name in channels] == pytest.approx(expected["share_change_pct"], abs=0.05)


def test_each_groups_rate_and_mix_are_those_done_by_hand():
    # shares 1/2, 1/2 then 3/4, 1/4; rates .1, .3 then .2, .2; overall .2 then .2
    found = kitagawa({"a": (10, 100), "b": (30, 100)}, {"a": (60, 300), "b": (20, 100)})
    assert found is not None
    a, b = found.groups
    assert (a.rate, b.rate) == pytest.approx((0.625 * 0.1, 0.375 * -0.1))
    # a, on average .15 where all have .2, grew by a quarter; b, .25, shrank by one: both pull the whole down
    assert (a.mix, b.mix) == pytest.approx((0.25 * -0.05, -0.25 * 0.05))
    assert (a.rates, a.shares) == ((0.1, 0.2), (0.5, 0.75))
    assert found.change == pytest.approx(0, abs=1e-15)


def test_a_group_that_came_is_all_mix():
    found = kitagawa({"old": (10, 100)}, {"new": (30, 100), "old": (10, 100)})
    assert found is not None
    new, old = found.groups
    assert (new.rate, old.rate, found.rate) == (0, 0, 0)
    # overall .1 then .2: the newcomer's .3 lies .15 above their average, the old one's .1 lies .05 below it
    assert (new.mix, old.mix) == pytest.approx((0.5 * 0.15, -0.5 * -0.05))
    assert (new.rates, new.shares) == ((None, 0.3), (0, 0.5))


def test_a_numerator_without_a_denominator_is_mix():
    found = kitagawa({"a": (10, 100)}, {"a": (10, 100), "late": (5, 0)})
    assert found is not None
    assert [(g.group, g.rate, g.mix) for g in found.groups] == [("a", 0, 0), ("late", 0, pytest.approx(0.05))]
    assert found.change == pytest.approx(0.05)


@pytest.mark.parametrize("nothing", [{}, {"a": (0, 0)}, {"a": (3, 0), "b": (0, 0)}])
def test_a_period_without_a_denominator_has_no_rate_to_change(nothing: dict[str, Counted]):
    assert kitagawa(nothing, {"a": (1, 2)}) is None
    assert kitagawa({"a": (1, 2)}, nothing) is None


@pytest.mark.parametrize("bad", [(1, -1), (math.nan, 1), (1, math.inf)])
def test_a_rate_of_impossible_numbers_is_refused(bad: Counted):
    with pytest.raises(ValueError, match="no negative denominator"):
        kitagawa({"a": (1, 2)}, {"a": bad})


COUNTED = st.tuples(st.integers(0, 1000), st.one_of(st.just(0), st.integers(0, 10**6), st.floats(0.01, 1e6)))
PERIOD = st.dictionaries(st.sampled_from("abcdef"), COUNTED, max_size=6)


@given(PERIOD, PERIOD)
def test_rate_and_mix_add_up_to_the_change_of_the_rate(before, after):
    found = kitagawa(before, after)
    if found is None:
        assert not sum(d for _, d in before.values()) or not sum(d for _, d in after.values())
        return
    for rate, period in ((found.before, before), (found.after, after)):
        assert rate == pytest.approx(sum(n for n, _ in period.values()) / sum(d for _, d in period.values()))
    size = math.fsum(abs(n) for n in (found.before, found.after, *(g.rate for g in found.groups), *(g.mix for g in found.groups)))
    assert math.isfinite(size)
    assert found.rate + found.mix == pytest.approx(found.after - found.before, rel=0, abs=1e-9 * size)


@given(PERIOD, PERIOD)
def test_rate_and_mix_change_their_signs_with_the_periods_order(before, after):
    there, back = kitagawa(before, after), kitagawa(after, before)
    if there is None or back is None:
        assert there is back
        return
    for one, other in zip(there.groups, back.groups, strict=True):
        assert (one.rate, one.mix) == (-other.rate, -other.mix)


@given(PERIOD, PERIOD, st.randoms())
def test_the_order_of_groups_is_irrelevant(before, after, chance):
    def shuffled(period):
        items = list(period.items())
        chance.shuffle(items)
        return dict(items)

    assert kitagawa(before, after) == kitagawa(shuffled(before), shuffled(after))


# Products


def test_two_categories_of_three_factors_are_split_as_published():
    given_, expected = published("DEC-01")
    before, after = ({str(at): row for at, row in enumerate(given_[period])} for period in ("X0", "XT"))
    found = lmdi(before, after, factors=["a", "b", "c"])
    assert found.change == expected["dV_total"]
    assert found.after / found.before == expected["D_total"]
    assert found.effects == pytest.approx(expected["dV"], abs=1e-8)
    assert found.ratios == pytest.approx(expected["D"], abs=1e-8)
    assert [list(c.effects) for c in found.categories] == [pytest.approx(row, abs=1e-8) for row in expected["Z"]]


@pytest.mark.parametrize(
    ("before", "after", "effects"),
    [
        ((0, 5), (6, 7), (42, 0)),  # 1 and 3: it came through the factor that was zero
        ((6, 7), (0, 5), (-42, 0)),  # 2 and 4: it went through the one that is
        ((0, 5), (0, 7), (0, 0)),  # 5 and 6
        ((0, 5), (6, 0), (0, 0)),  # 7 and 8
        ((0, 0), (0, 0), (0, 0)),
        ((0, 0), (6, 7), (21, 21)),  # several at once share alike
        ((6, 7), (0, 0), (-21, -21)),
    ],
)
def test_zeros_follow_the_limits_of_ang(before, after, effects):
    found = lmdi({"all": before}, {"all": after}, factors=["a", "b"])
    assert found.effects == effects
    assert found.ratios is None


def test_zeros_are_the_limit_of_a_small_number_in_their_place():
    small = lmdi({"all": (1e-250, 1e-250, 5)}, {"all": (6, 7, 4)}, factors=["a", "b", "c"])
    zero = lmdi({"all": (0, 0, 5)}, {"all": (6, 7, 4)}, factors=["a", "b", "c"])
    assert zero.effects == (84, 84, 0)
    assert small.effects == pytest.approx(zero.effects, abs=1)


def test_a_quotient_is_split_with_one_over_its_divisor():
    # velocity = opportunities * win rate * value / days: only the days changed, from 100 to 80
    found = lmdi({"all": (40, 0.25, 25_000, 1 / 100)}, {"all": (40, 0.25, 25_000, 1 / 80)}, factors=["N", "W", "V", "1/L"])
    assert (found.before, found.after) == pytest.approx((2500, 3125))
    assert found.effects == pytest.approx((0, 0, 0, 625))
    assert found.ratios == pytest.approx((1, 1, 1, 1.25))


@pytest.mark.parametrize(
    ("after", "says"),
    [
        ({"a": (1, -2)}, "not negative"),
        ({"a": (1, math.nan)}, "not negative"),
        ({"a": (1e200, 1e200)}, "finite"),
        ({"a": (1, 2, 3)}, "3 values for 2 factors"),
        ({"b": (1, 2)}, "only one has a, b"),
    ],
)
def test_factors_that_cannot_be_split_are_refused(after, says):
    with pytest.raises(ValueError, match=says):
        lmdi({"a": (1, 2)}, after, factors=["x", "y"])


FACTOR = st.one_of(st.just(0.0), st.integers(0, 100), st.floats(1e-6, 1e6))
ROW = st.tuples(FACTOR, FACTOR, FACTOR)
PRODUCTS = st.dictionaries(st.sampled_from("abcd"), st.tuples(ROW, ROW), min_size=1)


def split(rows):
    return lmdi({c: b for c, (b, _) in rows.items()}, {c: a for c, (_, a) in rows.items()}, factors=["x", "y", "z"])


@given(PRODUCTS)
def test_the_effects_add_up_to_the_change_in_every_category(rows):
    found = split(rows)
    for category in found.categories:
        first, last = (math.prod(row) for row in rows[category.category])
        assert math.fsum(category.effects) == pytest.approx(last - first, rel=0, abs=1e-9 * max(first, last))
    size = max(found.before, found.after)
    assert found.before == pytest.approx(sum(math.prod(before) for before, _ in rows.values()))
    assert math.fsum(found.effects) == pytest.approx(found.after - found.before, rel=0, abs=1e-9 * size)


@given(PRODUCTS)
def test_the_ratios_multiply_to_the_ratio_of_the_totals(rows):
    found = split(rows)
    if found.ratios is None:
        assert not found.before or not found.after
        return
    logs = [math.log(ratio) for ratio in found.ratios]
    assert sum(logs) == pytest.approx(math.log(found.after / found.before), abs=1e-9 * max(1, *map(abs, logs)))


@given(PRODUCTS)
def test_effects_change_their_signs_and_ratios_turn_over_with_the_periods_order(rows):
    there, back = split(rows), split({category: (after, before) for category, (before, after) in rows.items()})
    assert there.effects == tuple(-effect for effect in back.effects)
    if there.ratios and back.ratios:
        assert there.ratios == pytest.approx([1 / ratio for ratio in back.ratios])


@given(PRODUCTS, st.randoms())
def test_the_order_of_categories_is_irrelevant(rows, chance):
    items = list(rows.items())
    chance.shuffle(items)
    assert split(dict(items)) == split(rows)
