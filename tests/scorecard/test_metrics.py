"""Each KPI of the joint scorecard on a handful of rows, with the sum done by hand."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marops.measure import Measure
from marops.period import Period, month_of
from marops.scorecard import metrics
from marops.scorecard.definitions import KPIS
from marops.scorecard.facts import Facts
from marops.scorecard.outages import Outage, loss, naive_loss, outages, together, usual_per_day
from tests.conftest import published
from tests.scorecard.made import MARCH, ad, at, down, facts, item, lead, watched


def kpi(kpi_id: str, found: Facts, period: Period = MARCH) -> Measure:
    return metrics.measure(KPIS[kpi_id], found, period)


def reason(measure: Measure) -> str:
    assert measure.value is None
    assert measure.interval is None
    return str(measure.missing)


def note(measure: Measure) -> str:
    return str(measure.note)


# Without data


@pytest.mark.parametrize(
    ("kpi_id", "says"),
    [
        ("IT1", "No service was monitored"), ("IT2", "No service was monitored"), ("IT8", "No service was monitored"),
        ("J1", "No service was monitored"), ("IT4", "No leads yet"), ("M2", "No leads yet"), ("M3", "No leads yet"),
        ("M4", "No leads yet"), ("M8", "No ad spend"), ("J6", "No conversions from ad platforms"),
        ("IT3", "No touches of leads yet"), ("IT5", "No touches of leads yet"), ("J4", "No touches of leads yet"),
        ("IT7", "No rows to check"), ("IT9", "No changes yet"), ("M1", "No moves of leads yet"), ("J5", "No moves of leads yet"),
        ("J2", "No service was monitored"), ("J3", "No service was monitored"), ("J8", "No privacy requests yet"),
        ("J10", "No actions yet"), ("M5", "No leads yet"), ("M6", "No leads yet"), ("M7", "No leads yet"), ("M9", "No cost yet"),
        ("M10", "No ad spend"), ("M11", "No ad spend"),
        ("J7", "No campaign requests yet"), ("J9", "No survey answers to “PX1” yet"), ("IT6", "Nothing has been imported yet"),
    ],
)  # fmt: skip
def test_without_data_a_kpi_is_missing_with_the_reason(kpi_id, says):
    assert says in reason(kpi(kpi_id, facts()))


def test_every_kpi_has_a_formula_and_is_told_about_above():
    for found in KPIS:
        assert kpi(found, facts()).key == found


# IT1 and IT2: availability and error budget


def test_it1_services_one_after_the_other_multiply():
    # March has 744 hours: 7.44 of them are 1 %, 14.88 are 2 %.
    sli = watched("Web", at(3, 1), at(4, 1), (at(3, 5), 7.44)) + watched("CRM", at(3, 1), at(4, 1), (at(3, 9), 14.88))
    found = kpi("IT1", facts(sli=sli))
    assert found.value == pytest.approx(0.99 * 0.98, abs=1e-6)
    assert note(found) == "lowest: CRM 98%"


def test_it1_of_the_published_four_parts_is_their_product():
    parts = {"a": 0.98, "b": 0.98, "c": 0.975, "d": 0.96}
    sli = [w for name, up in parts.items() for w in watched(name, at(3, 1), at(4, 1), (at(3, 5), (1 - up) * 744))]
    assert kpi("IT1", facts(sli=sli)).value == pytest.approx(0.8989, abs=1e-4)


def test_it1_counts_only_the_part_of_an_outage_inside_the_period():
    # down from 31 March 22:00 for 4 hours: 2 of March's 744, 2 of April's 720
    sli = watched("Web", at(3, 1), at(5, 1), (at(3, 31, 22), 4))
    assert kpi("IT1", facts(sli=sli)).value == pytest.approx(1 - 2 / 744)
    assert kpi("IT1", facts(sli=sli), month_of(date(2026, 4, 1))).value == pytest.approx(1 - 2 / 720)


def test_it1_of_a_month_that_nobody_monitored_is_unknown_not_perfect():
    sli = watched("Web", at(4, 1), at(5, 1), (at(4, 9), 1))
    assert "No service was monitored in these days" in reason(kpi("IT1", facts(sli=sli)))


@pytest.mark.parametrize(
    ("days", "target", "minutes", "left"),
    [
        (30, 0.999, 43.2, 0.0),  # the published budgets, used up to the last second
        (28, 0.9995, 20.16, 0.0),
        (7, 0.9995, 5.04, 0.0),
        (30, 0.999, 21.6, 0.5),
        (30, 0.999, 86.4, -1.0),
        (31, 0.999, 43.2, 1 - 43.2 / 44.64),  # a month of 31 days allows 44.64 minutes
    ],
)
def test_it2_is_what_downtime_left_of_the_budget(days, target, minutes, left):
    period = Period(date(2026, 3, 1), date(2026, 3, 1) + timedelta(days=days - 1))
    sli = watched("Web", at(3, 1), at(3, 1) + timedelta(days=days), (at(3, 3), minutes / 60))
    assert kpi("IT2", facts(sli=sli, target=target), period).value == pytest.approx(left, abs=0.005)


def test_it2_is_the_worst_services():
    sli = watched("Web", at(3, 1), at(4, 1)) + watched("CRM", at(3, 1), at(4, 1), (at(3, 9), 7.44))
    found = kpi("IT2", facts(sli=sli, target=0.98))  # 1 % down of 2 % allowed
    assert found.value == pytest.approx(0.5, abs=1e-6)
    assert note(found) == "worst service: CRM, burning 0.5× what is allowed"


@pytest.mark.parametrize("target", [None, 1.0])
def test_it2_without_a_budget_is_missing_not_zero(target):
    sli = watched("Web", at(3, 1), at(4, 1))
    assert "Set a target for IT1" in reason(kpi("IT2", facts(sli=sli, target=target)))


# IT8 and J1: outages


def test_it8_is_the_median_outage_that_began_in_the_period():
    sli = watched("Web", at(2, 1), at(5, 1), (at(2, 27), 99), (at(3, 5), 1), (at(3, 9), 5), (at(3, 20), 2), (at(4, 2), 50))
    found = kpi("IT8", facts(sli=sli))
    assert found.value == 2  # of 1, 2 and 5 hours
    assert note(found) == "3 outages, longest 5 h"


def test_it8_of_a_month_without_outage_is_missing_not_zero():
    assert reason(kpi("IT8", facts(sli=watched("Web", at(3, 1), at(4, 1))))) == "No outage in these days."


def test_windows_that_touch_are_one_outage_and_partly_bad_ones_are_none():
    sli = [*down("Web", at(3, 5), 1), *down("Web", at(3, 5, 1), 2), *watched("CRM", at(3, 1), at(4, 1))]
    sli[-1] = {**sli[-1], "bad_count": 60}
    found = outages(facts(sli=sli).sli)
    assert found == [Outage("Web", at(3, 5), at(3, 5, 3))]
    assert found[0].hours == 3


OUTAGE = at(3, 25, 10)
"""A Wednesday, 10:00 to 12:00."""


def visits(week: int, during: int, after: int) -> list[dict]:
    """Leads `week` weeks before the outage: in its two hours and in the six after."""
    start = OUTAGE - timedelta(weeks=week)
    found = [lead(start + timedelta(minutes=n)) for n in range(during)]
    return found + [lead(start + timedelta(hours=2, minutes=n)) for n in range(after)]


def broken(*more: tuple) -> list[dict]:
    return watched("Web", at(1, 1), at(5, 1), *more, (OUTAGE, 2))


WEEKS = visits(3, 4, 2) + visits(2, 6, 2) + visits(1, 5, 2)
"""Three clean weeks: 5 leads expected in the outage, 2 in the hours after."""


def test_j1_is_what_was_expected_less_what_came_and_what_came_back():
    # expected (4 + 6 + 5) / 3 = 5; 1 came; 3 after it where 2 are usual, so 1 came back: 5 - 1 - 1 = 3
    found = kpi("J1", facts(leads=WEEKS + visits(0, 1, 3), sli=broken()))
    assert found.value == 3
    # counts vary less than Poisson here, so dispersion 1: variance (5 + 2) * (1 + 1/3) = 28/3
    assert found.interval is not None
    half = 1.959964 * (28 / 3) ** 0.5
    assert (found.interval.low, found.interval.high) == pytest.approx((3 - half, 3 + half), abs=1e-5)
    assert note(found) == "1 outage, 2 h"


def test_j1_does_not_take_a_quiet_time_after_the_outage_for_a_loss():
    found = kpi("J1", facts(leads=WEEKS + visits(0, 1, 0), sli=broken()))
    assert found.value == 4  # 5 expected, 1 came; of the 2 that usually follow none, which is no lead turned away
    assert found.interval is not None
    assert found.interval.high - 4 == pytest.approx(1.959964 * (7 * 4 / 3) ** 0.5, abs=1e-5)


def test_minutes_times_the_average_rate_is_the_published_naive_figure():
    given, expected = published("OUT-01")
    lost = [naive_loss(given["visitors_per_day"], minutes) for minutes in given["minutes"]]
    assert lost == pytest.approx(expected["lost"], abs=1)


def test_the_usual_leads_a_day_are_those_of_the_eight_weeks_before():
    created = np.array([at(1, 1).timestamp() + n * 86_400.0 for n in range(90)])
    outage = Outage("Web", at(3, 25, 10), at(3, 25, 12))
    assert usual_per_day(created, outage) == pytest.approx(1)
    assert usual_per_day(created[40:], outage) is None


def test_j1_adds_what_came_back_up_over_the_outages_before_it_is_taken_off():
    """After one outage a lead more came than usual, after the other two fewer: in sum nobody came back."""
    other = at(5, 20, 10)
    weeks = [at(5, 20, 10) - timedelta(weeks=week) for week in range(1, 8)]
    usual = [lead(week + timedelta(minutes=n)) for week in weeks for n in range(5)]
    after = [lead(week + timedelta(hours=2, minutes=n)) for week in weeks for n in range(2)]
    leads = WEEKS + visits(0, 1, 3) + usual + after + [lead(other), lead(other)]
    sli = watched("Web", at(1, 1), at(6, 1), (OUTAGE, 2), (other, 2))
    found = kpi("J1", facts(leads=leads, sli=sli), Period(date(2026, 3, 1), date(2026, 5, 31)))
    assert found.value == (5 - 1) + (5 - 2)


def test_j1_counts_the_leads_once_where_two_services_are_down_together():
    sli = broken() + watched("CRM", at(1, 1), at(5, 1), (OUTAGE, 2))
    assert kpi("J1", facts(leads=WEEKS + visits(0, 1, 3), sli=sli)).value == 3


def test_outages_of_several_services_join_only_where_they_overlap():
    web, crm = Outage("Web", at(3, 5), at(3, 5, 2)), Outage("CRM", at(3, 5, 1), at(3, 5, 4))
    later = Outage("Web", at(3, 5, 4), at(3, 5, 5))
    assert together([web, crm, later]) == [Outage("Web", at(3, 5), at(3, 5, 4)), later]


def test_j1_does_not_learn_from_a_week_with_an_outage():
    # One week earlier the service was down as well: with only two clean weeks left nothing can be said.
    twice = broken((OUTAGE - timedelta(weeks=1), 1))
    few = facts(leads=WEEKS + visits(0, 1, 3), sli=twice)
    late = Period(date(2026, 3, 24), date(2026, 3, 31))
    assert "not enough weeks before" in reason(kpi("J1", few, late))
    enough = facts(leads=visits(4, 9, 2) + WEEKS + visits(0, 1, 3), sli=twice)
    assert kpi("J1", enough, late).value == pytest.approx((9 + 4 + 6) / 3 - 1 - 1)


def test_j1_of_two_outages_is_unknown_where_one_of_them_is():
    # The data begin four weeks before; the outage three weeks before has one clean week behind it, the later one three.
    twice = broken((OUTAGE - timedelta(weeks=3), 1))
    found = facts(leads=visits(4, 4, 2) + visits(2, 6, 2) + visits(1, 5, 2) + visits(0, 1, 3), sli=twice)
    assert kpi("J1", found, Period(date(2026, 3, 24), date(2026, 3, 31))).value == 3
    assert "not enough weeks before" in reason(kpi("J1", found))


def test_j1_without_an_outage_is_zero_and_without_monitoring_unknown():
    found = facts(leads=WEEKS, sli=watched("Web", at(3, 1), at(4, 1)))
    assert (kpi("J1", found).value, note(kpi("J1", found))) == (0, "no outage")
    assert "No service was monitored in these days" in reason(kpi("J1", found, month_of(date(2026, 5, 1))))


def test_j1_of_leads_that_vary_more_has_a_wider_interval():
    wild = visits(3, 15, 2) + visits(2, 0, 2) + visits(1, 0, 2)  # mean 5 as before, variance 75
    wild += [lead(OUTAGE - timedelta(weeks=3))]
    calm = kpi("J1", facts(leads=WEEKS + visits(0, 1, 2), sli=broken())).interval
    rough = kpi("J1", facts(leads=wild + visits(0, 1, 2), sli=broken())).interval
    assert calm is not None
    assert rough is not None
    assert rough.high - rough.low > 2 * (calm.high - calm.low)


@given(st.lists(st.integers(0, 60 * 24 * 60), min_size=1, max_size=200), st.integers(1, 24))
def test_a_loss_is_never_more_than_what_was_expected_until_six_hours_later(minutes, hours):
    created = np.sort(np.array(minutes, dtype=float) * 60)
    start = Outage("Web", at(1, 1) - timedelta(days=0), at(1, 1, hours))
    base = start.start.timestamp() - 50 * 86_400
    found = loss(created + base, [start], [start])
    if found is not None:
        assert found.net == pytest.approx(found.expected - found.actual - found.rebound)
        came = np.sum((created + base >= start.start.timestamp()) & (created + base < start.end.timestamp() + 6 * 3600))
        usual_after = came - found.actual - found.rebound
        assert usual_after >= -1e-9
        assert found.net <= found.expected + usual_after + 1e-9
        assert found.variance > 0


# IT4: stage time


def test_it4_is_the_kaplan_meier_median_and_open_leads_count():
    end = at(3, 20)
    closed = [lead(at(3, 1), mql=0, sal=hours) for hours in (1, 3, 4)]
    still = [lead(end - timedelta(hours=hours), mql=0) for hours in (2, 5)]
    # 4/5, then 4/5 * 2/3, then half of that at 4 hours: the first below one half
    found = kpi("IT4", facts(leads=closed + still, end=end))
    assert found.value == 4
    assert note(found) == "fewer than 85% have moved on"


def test_it4_ends_with_whatever_comes_first():
    leads = [lead(at(3, 1), mql=1, lost=6), lead(at(3, 1), mql=1, sal=3, sql=9), lead(at(3, 1), mql=1, sql=8)]
    assert kpi("IT4", facts(leads=leads)).value == 5  # of 2, 5 and 7 hours


def test_it4_looks_at_leads_that_became_mqls_in_the_period():
    leads = [lead(at(2, 28), mql=30, sal=40), lead(at(2, 28), mql=1, sal=99), lead(at(3, 31), mql=30, sal=99)]
    assert kpi("IT4", facts(leads=leads)).value == 10


def test_it4_where_most_are_open_is_missing():
    leads = [lead(at(3, 1), mql=0, sal=1), lead(at(3, 1), mql=0), lead(at(3, 1), mql=0)]
    assert "Fewer than half" in reason(kpi("IT4", facts(leads=leads)))


# M2, M3, M4: cohorts and deals


def test_m2_counts_mqls_old_enough_and_accepted_within_14_days():
    day = 24
    leads = [
        lead(at(3, 1), mql=0, sal=14 * day),  # on the last moment: in time
        lead(at(3, 1), mql=0, sal=14 * day + 1),
        lead(at(3, 1), mql=0),
        lead(at(3, 18), mql=0, sal=5),  # 14 days old at the end of the data
        lead(at(3, 18), mql=1, sal=5),  # an hour too young, though accepted
        lead(at(3, 1)),  # never an MQL
    ]
    found = kpi("M2", facts(leads=leads, end=at(4, 1)))
    assert found.value == 2 / 4
    assert note(found) == "4 MQLs; 1 too young to count"
    assert found.interval is not None
    # Wilson of 2 of 4: 0.5 ± 1.959964 * sqrt(1/16 + z²/64) / (1 + z²/4)
    assert (found.interval.low, found.interval.high) == pytest.approx((0.150036, 0.849964), abs=5e-6)


def test_m3_counts_mqls_qualified_within_60_days():
    day = 24
    leads = [lead(at(3, 1), mql=0, sql=60 * day), lead(at(3, 1), mql=0, sql=61 * day), lead(at(3, 1), mql=0, sql=day)]
    assert kpi("M3", facts(leads=leads)).value == pytest.approx(2 / 3)


@pytest.mark.parametrize(("kpi_id", "days"), [("M2", 14), ("M3", 60)])
def test_a_cohort_that_is_too_young_is_missing_not_zero(kpi_id, days):
    leads = [lead(at(3, 30), mql=0, sal=1, sql=2)]
    assert reason(kpi(kpi_id, facts(leads=leads, end=at(4, 1)))) == f"No MQL of these days is {days} days old yet."


def test_m4_is_won_of_closed_deals_and_refused_leads_are_no_deals():
    leads = [
        lead(at(2, 1), sql=10, won=28 * 24 + 5),  # closed on 1 March
        lead(at(3, 1), sql=10, lost=20),
        lead(at(3, 1), sql=10, lost=30),
        lead(at(3, 1), mql=1, lost=2),  # refused before it was a deal
        lead(at(3, 1), sql=10, won=31 * 24),  # closed in April
    ]
    found = kpi("M4", facts(leads=leads))
    assert found.value == pytest.approx(1 / 3)
    assert note(found) == "3 deals closed"


def test_m4_without_a_closed_deal_is_missing_not_zero():
    assert reason(kpi("M4", facts(leads=[lead(at(3, 1), sql=1)]))) == "No deal closed in these days."


# M8, J6: money and platforms


def test_m8_divides_spend_by_accepted_leads_from_campaigns():
    leads = [lead(at(3, 1), mql=0, sal=1), lead(at(2, 1), mql=0, sal=28 * 24 + 1), lead(at(3, 1), mql=0, sal=1, channel="")]
    ads = [ad(date(2026, 3, 1), 100), ad(date(2026, 3, 31), 200), ad(date(2026, 4, 1), 900)]
    found = kpi("M8", facts(leads=leads, ads=ads))
    assert (found.value, found.currency) == (150, "EUR")
    assert note(found) == "€300 for 2 accepted leads"


def test_m8_with_spend_that_has_no_rate_is_missing_not_smaller():
    ads = [ad(date(2026, 3, 1), 100), ad(date(2026, 3, 2), None, currency_code="USD")]
    found = kpi("M8", facts(leads=[lead(at(3, 1), mql=0, sal=1)], ads=ads))
    assert reason(found) == "Spend in USD has no exchange rate. Import reference rates."


def test_m8_without_an_accepted_lead_is_missing_not_infinite():
    leads = [lead(at(3, 1)), lead(at(4, 20), mql=1, sal=2)]
    found = kpi("M8", facts(leads=leads, ads=[ad(date(2026, 3, 1), 100)]))
    assert reason(found) == "No lead from an ad campaign was accepted in these days."


def test_a_total_of_a_longer_range_is_not_cut():
    ads = [ad(date(2026, 3, 1), 100), ad(date(2026, 4, 5), 900, period_start=date(2026, 3, 20))]
    found = facts(leads=[lead(at(3, 1), mql=0, sal=1), lead(at(4, 1), mql=0, sal=1)], ads=ads)
    assert "cannot be cut" in reason(kpi("M8", found))
    assert kpi("M8", found, Period(date(2026, 3, 1), date(2026, 4, 30))).value == 500


def test_j6_is_the_difference_over_what_the_crm_has():
    leads = [lead(at(3, 2)) for _ in range(10)] + [lead(at(3, 2), channel="")]
    ads = [ad(date(2026, 3, 2), 1, 7.5), ad(date(2026, 3, 3), 1, 4.5), ad(date(2026, 3, 3), 1, None)]
    found = kpi("J6", facts(leads=leads, ads=ads))
    assert found.value == pytest.approx((12 - 10) / 10)
    assert note(found) == "platforms 12, CRM 10"


def test_j6_is_a_gap_whichever_side_has_more():
    found = facts(leads=[lead(at(3, 2)) for _ in range(10)], ads=[ad(date(2026, 3, 2), 1, 8)])
    assert kpi("J6", found).value == pytest.approx(0.2)


def test_j6_without_conversions_or_without_leads_is_missing_not_zero():
    ads = [ad(date(2026, 3, 2), 1, None)]
    assert "No conversions from ad platforms" in reason(kpi("J6", facts(leads=[lead(at(3, 2))], ads=ads)))
    ads = [ad(date(2026, 3, 2), 1, 5)]
    assert "no lead from an ad campaign" in reason(kpi("J6", facts(leads=[lead(at(3, 2), channel="")], ads=ads)))


# J7: request to launch


def asked(days: float | None, **more) -> dict:
    created = at(3, 1)
    return item(f"{days}", created, launched_at=None if days is None else created + timedelta(days=days), **more)


def test_j7_is_the_85th_percentile_of_launched_requests():
    # of 7, six have launched after 6 days: 1/7 are left, which is below 15 %
    assert kpi("J7", facts(work=[asked(n) for n in range(1, 8)])).value == 6


def test_j7_of_twenty_launched_requests_is_the_seventeenth():
    assert kpi("J7", facts(work=[asked(n) for n in range(1, 21)])).value == 17  # 3 of 20 are left


def test_j7_counts_the_request_that_still_waits():
    # of 8, one is open: 2/8 are left after 6 days, 1/8 after 7
    found = kpi("J7", facts(work=[asked(n) for n in range(1, 8)] + [asked(None)]))
    assert found.value == 7
    assert note(found) == "8 requests"


def test_j7_waits_for_dropped_requests_until_they_were_dropped():
    launched = [asked(n) for n in range(1, 8)]
    dropped = asked(None, done_at=at(3, 1) + timedelta(days=3, hours=12))
    waiting = asked(None)
    # 5/8 are left after 3 days; each of the four after it takes a quarter of that: 5/32 are left after 6 days, above 15 %
    assert kpi("J7", facts(work=[*launched, dropped])).value == kpi("J7", facts(work=[*launched, waiting])).value == 7
    # of twenty launched one a day and ten dropped at once, three are left after 17 days, as without them
    at_once = [asked(None, done_at=at(3, 1) + timedelta(hours=n)) for n in range(1, 11)]
    assert kpi("J7", facts(work=[*(asked(n) for n in range(1, 21)), *at_once])).value == 17


def test_j7_says_how_many_requests_it_is_made_of():
    work = [*[asked(n) for n in range(2, 20)], asked(None, due_date=date(2026, 9, 1))]
    assert note(kpi("J7", facts(work=work))) == "19 requests"


def test_j7_with_too_few_launches_is_missing():
    work = [asked(1), asked(None), asked(None)]
    assert "Too few of the campaigns requested" in reason(kpi("J7", facts(work=work)))


# J9: the two sides


def answers(side: str, agree: int, total: int) -> list[tuple]:
    return [(side, 4.0 if n < agree else 3.0, at(3, 10)) for n in range(total)]


def test_j9_is_its_agreement_less_marketings_with_newcombes_interval():
    found = kpi("J9", facts(survey=answers("it", 8, 10) + answers("marketing", 6, 10)))
    assert found.value == pytest.approx(0.2)
    assert found.interval is not None
    assert (found.interval.low, found.interval.high) == pytest.approx((-0.187, 0.521), abs=5e-4)
    assert note(found) == "IT 80% of 10, marketing 60% of 10"


def test_j9_can_be_negative():
    assert kpi("J9", facts(survey=answers("it", 2, 4) + answers("marketing", 3, 4))).value == -0.25


def test_j9_with_one_side_only_is_missing():
    found = facts(survey=[*answers("it", 8, 10), ("marketing", 5.0, at(4, 1)), ("agency", 5.0, at(3, 1))])
    assert reason(kpi("J9", found)) == "No answers from both IT and marketing in these days."


# Freshness, IT6


def test_it6_is_the_oldest_sources_age():
    found = kpi("IT6", facts(ages={"lead": 24.0, "ad_performance": 72.0}))
    assert (found.value, note(found)) == (72, "oldest: ad_performance")


# All of them


def test_a_business_unit_sees_only_its_own_rows():
    leads = [lead(at(3, 1), mql=0, sal=1), lead(at(3, 1), mql=0, unit="Business"), lead(at(3, 1), mql=0, unit="Business")]
    ads = [ad(date(2026, 3, 1), 100, 1), ad(date(2026, 3, 1), 900, 1, unit="Business")]
    work = [asked(n) for n in range(1, 8)] + [asked(40, unit="Business") for _ in range(8)]
    every, retail = (facts(leads=leads, ads=ads, work=work, unit=unit) for unit in (None, "Retail"))
    assert (kpi("M2", every).value, kpi("M2", retail).value) == (pytest.approx(1 / 3), 1)
    assert (kpi("M8", every).value, kpi("M8", retail).value) == (1000, 100)
    assert (kpi("J7", every).value, kpi("J7", retail).value) == (40, 6)
    assert (kpi("J6", every).value, kpi("J6", retail).value) == (pytest.approx(1 / 3), 0)


def test_a_measure_says_which_period_it_is_of_and_how_far_the_data_reach():
    found = kpi("M2", facts(leads=[lead(at(3, 1), mql=0, sal=1)], end=at(3, 20)))
    assert (found.period, found.as_of) == (MARCH, date(2026, 3, 19))


moments = st.none() | st.floats(0, 2000)
made_up = st.builds(
    lambda day, reached, channel: lead(at(3, 1) + timedelta(hours=day), channel=channel, **reached),
    st.floats(0, 700),
    st.fixed_dictionaries(dict.fromkeys(("mql", "sal", "sql", "won", "lost"), moments)),
    st.sampled_from(["", "Facebook"]),
)


@given(st.lists(made_up, max_size=30))
def test_whatever_the_leads_a_share_lies_between_0_and_1_with_its_interval_about_it(leads):
    found = facts(leads=leads, ads=[ad(date(2026, 3, 1), 100, 1)])
    for kpi_id in ("M2", "M3", "M4"):
        measure = kpi(kpi_id, found)
        if measure.value is not None:
            assert measure.interval is not None
            assert 0 <= measure.interval.low <= measure.value + 1e-12
            assert measure.value - 1e-12 <= measure.interval.high <= 1
    assert (kpi("IT4", found).value or 0) >= 0
