"""The KPIs of systems, sources, flow, value and joint work on a handful of rows, with the sum done by hand."""

import math
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from marops.language import Reader
from marops.measure import Measure
from marops.period import Period, month_of
from marops.scorecard import chances, metrics
from marops.scorecard.definitions import KPIS
from marops.scorecard.facts import Facts
from marops.scorecard.formulas import downtime, joint, systems, value
from marops.scorecard.outages import Arrivals
from tests.conftest import published
from tests.scorecard.made import LEADS, MARCH, ad, at, facts, frame, lead, watched


def kpi(kpi_id: str, found: Facts, period: Period = MARCH) -> Measure:
    return metrics.measure(KPIS[kpi_id], found, period)


def note(measure: Measure) -> str:
    return Reader.of("en").say(measure.note) if measure.note else ""


def reason(measure: Measure) -> str:
    assert measure.value is None
    return str(measure.missing)


# Published figures


def test_burn_rates_of_a_30_day_budget():
    given, expected = published("SLO-01")
    rates = [
        systems.burn_rate(budget / 100, hours, given["window_days"]) for budget, hours in given["budget_pct_and_long_window_h"]
    ]
    assert rates == pytest.approx(expected["burn"], abs=1e-9)
    assert 100 - given["SLO"] == pytest.approx(expected["error_budget_pct"], abs=1e-9)


def test_an_error_budget_in_minutes():
    _, expected = published("SLO-03")
    assert systems.allowed_downtime(0.9995, 7 * 86_400) == pytest.approx(5 * 60 + 2.4, abs=0.01)
    assert systems.allowed_downtime(0.9995, 28 * 1440) == pytest.approx(expected["b"], abs=0.01)
    assert systems.allowed_downtime(0.999, 30 * 1440) == pytest.approx(expected["c"], abs=0.01)


def test_services_in_series():
    given, expected = published("SLO-06")
    assert systems.in_series(given["parts"]) == pytest.approx(expected, abs=1e-4)


def test_a_month_is_as_long_as_it_is():
    """A calendar month's budget is that of its own days; 43.2 and 43.83 minutes are budgets of other spans."""
    minutes = published("SLO-08")[1]["minutes"]
    assert [systems.allowed_downtime(0.999, days * 1440) for days in (30, 365.25 / 12)] == pytest.approx(minutes, abs=0.01)
    sli = watched("Web", at(3, 1), at(4, 1), (at(3, 5), 44.64 / 60))  # 31 days allow 44.64 minutes
    assert kpi("IT2", facts(sli=sli, target=0.999)).value == pytest.approx(0, abs=1e-3)


def test_pipeline_velocity():
    given, expected = published("VEL-01")
    per_day = value.velocity(given["opps"], given["win"], given["value"], given["days"])
    assert per_day == pytest.approx(expected["per_day"], abs=0.01)
    assert per_day * 30 == pytest.approx(expected["per_month"], abs=0.15)


def test_four_levers_ten_per_cent_better_are_not_46_per_cent():
    levers, expected = published("VEL-04")
    gain = value.velocity(levers["opps"], levers["win"], levers["value"], levers["days"]) - 1
    assert gain == pytest.approx(expected["gain"], abs=1e-4)
    assert abs(gain - expected["published_wrong"]) > 0.01
    assert value.velocity(1, 1, 1, 0.8) - 1 == pytest.approx(expected["days20"], abs=1e-4)


def test_a_cycle_of_no_length_is_refused():
    with pytest.raises(ValueError, match="takes time"):
        value.velocity(1, 1, 1, 0)


# IT3, IT5, J4: touches


def touched(submitted: datetime, **minutes: float) -> dict[str, Any]:
    """A lead's touches, each in minutes after the form; `owner` is eligible unless `queue` is given."""
    moments = {name: submitted + timedelta(minutes=after) for name, after in minutes.items()}
    owner, queue = moments.get("owner"), moments.get("queue")
    return {
        "lead_id": "", "unit": "Retail", "submitted_at": submitted, "routed_at": moments.get("routed"),
        "assigned_at": min((m for m in (owner, queue) if m), default=None), "eligible_at": owner, "human_at": moments.get("human"),
    }  # fmt: skip


def test_it3_counts_leads_given_an_owner_by_the_hour_beside_those_that_came():
    # March has 744 hours: two were given an owner, three came.
    rows = [touched(at(3, 2), owner=3), touched(at(3, 3), owner=9), touched(at(3, 31, 23.99), owner=5), touched(at(2, 28), owner=1)]
    found = kpi("IT3", facts(touches=rows))
    assert found.value == pytest.approx(2 / 744)
    assert note(found).startswith("0.004 an hour came; 95% have an owner within 9 min")


def test_it3_of_days_in_which_nothing_happened_is_unknown():
    assert "No lead came or was given an owner" in reason(kpi("IT3", facts(touches=[touched(at(2, 1), owner=1)])))


def test_it5_a_default_queue_or_six_minutes_is_no_success():
    rows = [
        touched(at(3, 2), owner=5),
        touched(at(3, 2), owner=5.1),
        touched(at(3, 2), queue=1, owner=4),
        touched(at(3, 3), queue=1),
    ]
    found = kpi("IT5", facts(touches=rows))
    assert found.value == 2 / 4  # the third got an eligible owner in time
    assert note(found) == "2 of 4 leads went to a default queue first"


def test_it5_a_lead_younger_than_five_minutes_does_not_count_yet():
    rows = [touched(at(3, 2), owner=1), touched(at(3, 31, 23.95))]
    assert kpi("IT5", facts(touches=rows, end=at(4, 1))).value == 1
    assert "No lead came" in reason(kpi("IT5", facts(touches=rows[1:], end=at(4, 1))))


def test_j4_counts_untouched_leads_as_waiting_and_splits_the_time():
    rows = [
        touched(at(3, 2), routed=1, owner=3, human=33), touched(at(3, 3), routed=3, owner=9, human=69), touched(at(3, 4)),
        touched(at(3, 5), routed=2, owner=4, human=14),
    ]  # fmt: skip
    found = kpi("J4", facts(touches=rows))
    assert found.value == 33  # two of four within 33 minutes; the closed ones alone have a median of 33 too, the mean would be 38.7
    assert note(found) == "50% within an hour; medians: system 2 min, queue 2 min, human 30 min"


def test_j4_where_most_are_waiting_says_so():
    rows = [touched(at(3, 2), human=5), touched(at(3, 2)), touched(at(3, 2))]
    assert "Fewer than half" in reason(kpi("J4", facts(touches=rows)))


# IT7


def test_it7_weighs_checks_by_severity_and_names_the_worst():
    day = date(2026, 3, 9)
    checks = [
        {"check": "ad_clicks_seen", "severity": 2, "day": day, "passed": 90, "run": 100},
        {"check": "ad_currency_known", "severity": 3, "day": day, "passed": 10, "run": 20},
        {"check": "ad_clicks_seen", "severity": 2, "day": date(2026, 4, 1), "passed": 0, "run": 100},
    ]
    found = kpi("IT7", facts(checks=checks))
    assert found.value == pytest.approx((2 * 90 + 3 * 10) / (2 * 100 + 3 * 20))
    assert note(found) == "lowest: ads: currency of spend known, 50%"


# IT9


def test_it9_counts_only_changes_with_a_known_outcome():
    rows = [
        {"change_id": str(n), "service": service, "deployed_at": at(3, n + 1), "failed": failed}
        for n, (service, failed) in enumerate([("Web", True), ("Web", False), ("CRM", False), ("CRM", None)])
    ]
    found = kpi("IT9", facts(changes=rows))
    assert found.value == pytest.approx(1 / 3)
    assert note(found) == "3 changes, most failures: Web"
    assert "No change with a known outcome" in reason(kpi("IT9", facts(changes=rows), month_of(date(2026, 4, 1))))


# M1, J5: moves


def moved(day: int, moves: int, mover: int, reason: int, status: int, both: int, unit: str = "Retail") -> dict[str, Any]:
    return {
        "day": date(2026, 3, day), "unit": unit, "moves": moves, "with_mover": mover, "with_reason": reason, "with_status": status,
        "with_both": both,
    }  # fmt: skip


def test_m1_and_j5_are_shares_of_moves():
    rows = [moved(1, 10, 8, 9, 7, 6), moved(2, 10, 10, 9, 9, 9), moved(3, 5, 5, 5, 5, 5, unit="Business")]
    assert kpi("M1", facts(moves=rows)).value == pytest.approx(21 / 25)
    assert kpi("J5", facts(moves=rows, unit="Retail")).value == pytest.approx(15 / 20)
    assert note(kpi("J5", facts(moves=rows, unit="Retail"))) == "20 moves; with who moved it 90%, with a reason 90%"
    assert "No lead moved" in reason(kpi("M1", facts(moves=rows), month_of(date(2026, 4, 1))))


# M5, M6: chances


def past(count: int, won: int, *, channel: str, start: datetime, amount: float = 100.0, days: int = 30) -> list[dict[str, Any]]:
    """`count` leads of a channel, `won` of them won after `days` days."""
    won_after = {"amount": amount, "won": 24.0 * days}
    return [
        lead(start + timedelta(minutes=n), channel=channel, mql=1, sal=2, sql=3, **(won_after if n < won else {}))
        for n in range(count)
    ]


def test_chances_of_groups_that_differ_stay_apart_and_those_that_do_not_are_one():
    start = at(1, 1)
    differ = frame(past(400, 80, channel="A", start=start) + past(400, 8, channel="B", start=start), LEADS)
    known = chances.Past(differ).learned(at(6, 1))
    assert known is not None
    by_channel = dict(known.groups.select("channel", "chance").iter_rows())
    assert by_channel["A"] == pytest.approx(0.2, abs=0.01)
    assert by_channel["B"] == pytest.approx(0.02, abs=0.01)
    assert known.chance == pytest.approx(88 / 800)
    assert known.cycle == timedelta(days=30)
    alike = frame(past(100, 10, channel="A", start=start) + past(100, 10, channel="B", start=start), LEADS)
    same = chances.Past(alike).learned(at(6, 1))
    assert same is not None
    assert same.groups["chance"].to_list() == pytest.approx([0.1, 0.1])


def test_chances_do_not_look_ahead():
    """Leads that were won after the moment count as not won by then, and those too young do not count at all."""
    rows = frame(past(100, 50, channel="A", start=at(1, 1)) + past(100, 100, channel="A", start=at(3, 1)), LEADS)
    known = chances.Past(rows).learned(at(3, 15))
    assert known is not None
    assert known.chance == 0.5


def test_too_few_leads_teach_nothing():
    assert chances.Past(frame(past(49, 10, channel="A", start=at(1, 1)), LEADS)).learned(at(6, 1)) is None
    assert chances.Past(frame(past(90, 0, channel="A", start=at(1, 1)), LEADS)).learned(at(6, 1)) is None
    assert chances.Past(frame([], LEADS)).learned(at(6, 1)) is None


def test_chances_that_come_true_have_a_slope_of_one():
    start = at(1, 1) - timedelta(days=400)
    early = past(1000, 300, channel="A", start=start) + past(1000, 100, channel="B", start=start)
    later = past(1000, 300, channel="A", start=at(1, 1)) + past(1000, 100, channel="B", start=at(1, 1))
    found = chances.calibration(chances.Past(frame(early + later, LEADS)), at(4, 1))
    assert found is not None
    assert found.slope == pytest.approx(1, abs=0.02)
    assert found.brier == pytest.approx((0.3 * 0.7 + 0.1 * 0.9) / 2, abs=0.001)
    assert found.leads == 2000
    turned = past(1000, 100, channel="A", start=at(1, 1)) + past(1000, 300, channel="B", start=at(1, 1))
    wrong = chances.calibration(chances.Past(frame(early + turned, LEADS)), at(4, 1))
    assert wrong is not None
    assert wrong.slope == pytest.approx(-1, abs=0.02)


def test_m5_is_the_mean_chance_of_the_new_leads():
    old = past(400, 80, channel="A", start=at(1, 1)) + past(400, 8, channel="B", start=at(1, 1))
    new = [lead(at(3, 9), channel="A"), lead(at(3, 9), channel="A"), lead(at(3, 9), channel="B")]
    found = kpi("M5", facts(leads=old + new))
    assert found.value == pytest.approx((0.2 + 0.2 + 0.02) / 3, abs=0.01)
    assert found.interval is not None
    assert found.interval.low < found.value < found.interval.high
    assert "old enough to learn from" in reason(kpi("M5", facts(leads=new)))


def test_m6_leaves_out_what_is_older_than_deals_get():
    old = past(400, 100, channel="A", start=at(1, 1), amount=100.0)
    fresh = [lead(at(3, 20), channel="A", mql=1, sal=2) for _ in range(8)]
    stale = [lead(at(2, 1), channel="A", mql=1, sal=2) for _ in range(5)]  # accepted 58 days before, deals took 30
    won_later = [lead(at(3, 21), channel="A", mql=1, sal=2, won=24 * 40, amount=100.0)]  # still open in March
    found = kpi("M6", facts(leads=old + fresh + stale + won_later))
    assert found.value == pytest.approx(9 * 0.25 * 100, rel=0.02)
    # The 300 that were never won are older still.
    assert note(found) == "9 open leads; 305 older ones not counted"
    assert found.interval is not None
    assert found.interval.low < 225 < found.interval.high


# M7


def test_m7_multiplies_what_is_open_won_and_worth_and_divides_by_the_cycle():
    won = [lead(at(2, 10), mql=1, sal=2, sql=24, won=24 + 24 * 30, amount=1_000.0) for _ in range(2)]  # won on 13 March
    lost = [lead(at(2, 20), mql=1, sal=2, sql=3, lost=24 * 20)] * 2  # on 12 March
    unqualified = [lead(at(2, 20), lost=24 * 20)]
    still_open = [lead(at(3, 1), mql=1, sal=2, sql=3)] * 3
    found = kpi("M7", facts(leads=won + lost + unqualified + still_open))
    assert found.value == pytest.approx(3 * 0.5 * 1_000 / 30)
    assert note(found) == "3 open × 50% × €1,000 / 30 d"
    assert "No deal was won" in reason(kpi("M7", facts(leads=still_open)))


# M9


def books(start: date, end: date, amount: float | None) -> dict[str, Any]:
    return {"period_start": start, "period_end": end, "amount": amount}


def test_m9_takes_the_cost_of_as_many_days_earlier_as_half_of_the_wins_took():
    won = [lead(at(2, 10), mql=1, won=24.0 * days) for days in (29, 31, 33)]  # in March; median 31 days
    cost = [books(date(2026, 1, 1), date(2026, 1, 31), 310.0), books(date(2026, 2, 1), date(2026, 2, 28), 2_800.0)]
    # 1 to 31 March less 31 days: 29 January to 28 February, three days at 10 and all of February
    found = kpi("M9", facts(leads=won, cost=cost))
    assert found.value == pytest.approx((3 * 10 + 2_800) / 3)
    assert note(found) == "€2,830 from 31 d earlier, 3 customers"
    assert "The books cover 28 of the 31 days" in reason(kpi("M9", facts(leads=won, cost=cost[1:])))
    assert "no exchange rate" in reason(kpi("M9", facts(leads=won, cost=[*cost, books(date(2026, 2, 1), date(2026, 2, 2), None)])))


# M10, M11


def test_m10_is_margin_less_spend_over_spend_and_unknown_without_a_margin():
    won = [lead(at(2, 10), mql=1, won=24.0 * 30, amount=amount) for amount in (100.0, 100.0, 100.0, 200.0, 200.0)]
    organic = [lead(at(2, 10), mql=1, won=24.0 * 30, amount=9_999.0, channel="")]
    ads = [ad(date(2026, 3, 5), 200.0), ad(date(2026, 3, 6), 80.0, channel="TikTok")]
    found = kpi("M10", facts(leads=won + organic, ads=ads, margin=0.4))
    assert found.value == pytest.approx((0.4 * 700 - 280) / 280)
    assert found.interval is not None
    assert found.interval.high - found.value == pytest.approx(1.959964 * 0.4 * 110_000**0.5 / 280)  # 3 × 100² + 2 × 200²
    assert kpi("M10", facts(leads=won[:4], ads=ads, margin=0.4)).interval is None  # four deals say little about how deals vary
    assert note(found) == "highest Facebook 40%, lowest TikTok -100%"
    assert "gross margin" in reason(kpi("M10", facts(leads=won, ads=ads)))
    unknown = [lead(at(2, 10), mql=1, won=24.0 * 30)]
    assert "no amount" in reason(kpi("M10", facts(leads=unknown, ads=ads, margin=0.4)))


def test_m11_few_clicks_without_a_conversion_prove_nothing():
    # 1 conversion in 100 clicks: 300 clicks without one are beyond chance, 299 are not.
    ads = [
        ad(date(2026, 3, 5), 700.0, 7.0, clicks=101.0, campaign_name="works"),
        ad(date(2026, 3, 5), 100.0, 0.0, clicks=300.0, campaign_name="no hope"),
        ad(date(2026, 3, 5), 200.0, 0.0, clicks=299.0, campaign_name="too early"),
    ]
    found = kpi("M11", facts(ads=ads))
    assert found.value == pytest.approx(100 / 1_000)
    assert note(found) == "no hope €100 in 1 campaign; while broken: not known"
    assert "Nothing says what a click can bring" in reason(kpi("M11", facts(ads=ads[1:])))


# J2, J3: downtime


def hourly(first: datetime, days: int, hours: range = range(10, 20)) -> list[dict[str, Any]]:
    """One paid lead an hour."""
    return [lead(first + timedelta(days=day, hours=hour, minutes=30)) for day in range(days) for hour in hours]


def test_j2_takes_the_share_of_the_day_that_leads_usually_come_in():
    sli = watched("Web", at(1, 1), at(4, 1), (at(3, 11, 18), 4))  # 18 to 22 h: two of the day's ten hours
    leads = hourly(at(1, 1), 69)
    found = kpi("J2", facts(sli=sli, leads=leads, ads=[ad(date(2026, 3, 11), 500.0), ad(date(2026, 3, 12), 900.0)]))
    assert found.value == pytest.approx(100.0)
    assert found.interval is not None
    assert found.interval.low < 100 < found.interval.high
    assert note(found) == "1 outage, 4 h"


def test_j2_of_days_without_an_outage_is_nothing_and_without_leads_unknown():
    quiet = watched("Web", at(3, 1), at(4, 1))
    assert kpi("J2", facts(sli=quiet)).value == 0
    sli = watched("Web", at(3, 1), at(4, 1), (at(3, 11, 18), 4))
    ads = [ad(date(2026, 3, 11), 500.0)]
    assert "Too few leads" in reason(kpi("J2", facts(sli=sli, leads=hourly(at(3, 1), 3), ads=ads)))
    assert "No ad spend" in reason(kpi("J2", facts(sli=sli, leads=hourly(at(1, 1), 69))))
    assert "exchange rate" in reason(kpi("J2", facts(sli=sli, leads=hourly(at(1, 1), 69), ads=[ad(date(2026, 3, 11), None)])))


def test_an_outage_over_midnight_burns_of_both_days():
    times = [downtime.Outage("Web", at(3, 10, 22), at(3, 11, 2))]
    leads = frame(hourly(at(1, 1), 68, range(24)), LEADS)
    spend = facts(ads=[ad(date(2026, 3, 10), 240.0), ad(date(2026, 3, 11), 480.0)]).performance
    found = downtime.burned_at(spend, Arrivals(leads, []), times, Period(date(2026, 1, 1), date(2026, 3, 31)))
    assert isinstance(found, downtime.Burned)
    assert found.spend == pytest.approx(240 * 2 / 24 + 480 * 2 / 24)


def test_j3_is_lost_leads_by_chance_by_value():
    sli = watched("Web", at(1, 1), at(4, 1), (at(3, 11, 10), 4))
    # Every hour one lead, none while it was down; one in five won, at 1,000.
    usual = [row for row in hourly(at(1, 1), 80) if not at(3, 11, 10) <= row["created_at"] < at(3, 11, 14)]
    for n, row in enumerate(usual):
        if n % 5 == 0:
            row["won_at"], row["amount"] = row["created_at"] + timedelta(days=10), 1_000.0
    found = kpi("J3", facts(sli=sli, leads=usual))
    assert found.value == pytest.approx(4 * 0.2 * 1_000, rel=0.03)
    assert found.interval is not None
    assert found.interval.low < found.value < found.interval.high
    assert kpi("J3", facts(sli=watched("Web", at(3, 1), at(4, 1)), leads=usual)).value == 0


# J8, J10


def request(received: datetime, closed: datetime | None, law: str | None = "LGPD", due: datetime | None = None) -> dict[str, Any]:
    return {"request_id": "", "law": law, "received_at": received, "due_at": due, "closed_at": closed}


def test_j8_counts_from_the_request_to_the_end_of_the_laws_last_day():
    rows = [
        request(at(3, 1, 9), at(3, 16, 23)), request(at(3, 1, 9), at(3, 17, 1)), request(at(3, 2), None),
        request(at(2, 1), at(2, 2), "CCPA"), request(at(3, 5), None, None), request(at(3, 5), at(3, 6), None, at(3, 7)),
        request(at(3, 20), None),
    ]  # fmt: skip
    # Due in March: the first three (LGPD, 15 days), the CCPA one (45 days: 18 March) and the one with a date of its own.
    found = kpi("J8", facts(privacy=rows))
    assert found.value == pytest.approx(3 / 5)
    assert note(found) == "5 requests; 1 overdue and open"


@pytest.mark.parametrize(("law", "days"), joint.LEGAL_DAYS.items())
def test_each_law_has_its_days(law, days):
    kept = request(at(1, 1, 12), at(1, 1) + timedelta(days=days, hours=23), law)
    late = request(at(1, 1, 12), at(1, 1) + timedelta(days=days, hours=24), law)
    assert kpi("J8", facts(privacy=[kept, late]), Period(date(2026, 1, 1), date(2026, 3, 31))).value == 0.5


def test_j10_a_new_date_resets_nothing_and_dropped_in_time_was_not_due():
    def action(due: date, closed: date | None, outcome: str = "worked") -> dict[str, Any]:
        return {"first_due": due, "closed_on": closed, "outcome": outcome if closed else None}

    day = date(2026, 3, 10)
    rows = [
        action(day, day), action(day, date(2026, 3, 11)), action(day, None), action(day, date(2026, 3, 5), "dropped"),
        action(day, date(2026, 3, 12), "dropped"), action(date(2026, 8, 1), None),
    ]  # fmt: skip
    assert kpi("J10", facts(actions=rows)).value == pytest.approx(1 / 4)
    assert "No action fell due" in reason(kpi("J10", facts(actions=rows[5:]), month_of(date(2026, 8, 1))))


# Bad input


@pytest.mark.parametrize("kpi_id", list(KPIS))
def test_no_kpi_breaks_on_empty_or_odd_rows(kpi_id):
    """Zero denominators, one row, nulls everywhere, an outage in which nobody came: a value or a sentence, never NaN."""
    nothing = facts()
    day = date(2026, 3, 11)
    odd = facts(
        leads=[lead(at(3, 11)), lead(at(3, 12), mql=0, sal=0, sql=0, won=0, amount=0.0), lead(at(3, 12), mql=5, sal=-5, won=-9)],
        ads=[ad(day, 0.0, 0.0, clicks=0.0), ad(day, 0.0, None, clicks=None, campaign_name="x")],
        sli=watched("Web", at(3, 1), at(4, 1), (at(3, 11), 0.0), (at(3, 20), 2)), target=1.0, margin=0.0,
        touches=[touched(at(3, 11)), touched(at(3, 12), owner=-3, human=-2)], moves=[moved(1, 0, 0, 0, 0, 0)],
        changes=[{"change_id": "a", "service": "s", "deployed_at": at(3, 3)}], privacy=[request(at(3, 1), None, None)],
        cost=[books(day, day, -5.0)], checks=[{"check": "lead_once", "severity": 2, "day": day, "passed": 0, "run": 0}],
        actions=[{"first_due": day, "closed_on": None, "outcome": None}],
        survey=[("it", 5.0, at(3, 1))], ages={"lead": 0.0},
    )  # fmt: skip
    for found in (nothing, odd):
        measure = kpi(kpi_id, found)
        assert (measure.value is None) == (measure.missing is not None)
        assert measure.value is None or math.isfinite(measure.value)
        low, high = KPIS[kpi_id].bounds
        assert measure.value is None or ((low is None or measure.value >= low) and (high is None or measure.value <= high))
        for words in (measure.missing, measure.note):
            assert words is None or "nan" not in Reader.of("en").say(words).lower()


# What only looks like a number


def test_outages_that_follow_each_other_share_one_rebound():
    """Three outages of two hours, two of them an hour apart: 12 an hour are turned away, 12 come back after both."""
    usual = [lead(at(1, 1) + timedelta(minutes=5 * n)) for n in range(12 * 24 * 80)]
    first, second, third = at(3, 11, 10), at(3, 11, 13), at(3, 18, 10)
    down = [(first, 2.0), (second, 2.0), (third, 2.0)]
    left = [row for row in usual if not any(start <= row["created_at"] < start + timedelta(hours=2) for start, _ in down)]
    back = [lead(at(3, 11, 15) + timedelta(minutes=n)) for n in range(12)]
    found = kpi("J1", facts(sli=watched("Web", at(1, 1), at(4, 1), *down), leads=left + back))
    assert found.value == pytest.approx(3 * 24 - 12)
    assert note(found) == "3 outages, 6 h"


def test_hours_after_the_end_of_the_data_are_no_hours_without_leads():
    usual = [lead(at(1, 1) + timedelta(minutes=10 * n)) for n in range(6 * 24 * 69)]  # up to 11 March, 00:00
    left = [row for row in usual if not at(3, 10, 22) <= row["created_at"] < at(3, 10, 23)]
    sli = watched("Web", at(1, 1), at(3, 11), (at(3, 10, 22), 1))
    assert kpi("J1", facts(sli=sli, leads=left, end=at(3, 11))).value == pytest.approx(6)


def test_a_week_that_a_month_cuts_has_no_cost_by_month():
    week = {"period_start": date(2026, 3, 30), "period_end": date(2026, 4, 5), "channel": "Facebook", "unit": "Retail"}
    ads = [ad(date(2026, 3, 2), 100.0), {**ad(date(2026, 4, 5), 70.0), **week}]
    leads = [lead(at(3, 2), mql=1, sal=2)]
    for kpi_id in ("M8", "M10", "J6"):
        found = kpi(kpi_id, facts(ads=[{**row, "conversions": 1.0} for row in ads], leads=leads, margin=0.5))
        assert "cannot be cut. Export by day." in reason(found)
    late = [ad(date(2026, 3, 16), 100.0)]
    assert "Ad reports begin on" in reason(kpi("M8", facts(ads=late, leads=leads)))


def test_j2_of_a_day_nobody_reported_is_unknown_not_nothing():
    sli, leads = watched("Web", at(1, 1), at(4, 1), (at(3, 11, 18), 4)), hourly(at(1, 1), 69)
    assert "Nothing is known of the spend on" in reason(kpi("J2", facts(sli=sli, leads=leads, ads=[ad(date(2026, 3, 8), 500.0)])))
    month = {**ad(date(2026, 3, 31), 31_000.0, 5.0, clicks=500.0), "period_start": date(2026, 3, 1)}
    assert "by week or month only" in reason(kpi("J2", facts(sli=sli, leads=leads, ads=[month])))
    assert note(kpi("M11", facts(sli=sli, leads=leads, ads=[month]))).endswith("while broken: not known")


def test_a_crm_without_a_stage_is_unknown_not_nothing():
    leads = [lead(at(3, 2), mql=1, sql=5, **({"won": 99.0} if n < 4 else {"lost": 99.0})) for n in range(10)]
    found = facts(leads=leads, ads=[ad(date(2026, 3, 2), 100.0)])
    assert all("no such stage (SAL)" in reason(kpi(kpi_id, found)) for kpi_id in ("M2", "M6", "M8"))
    no_sql = [{**row, "sql_at": None} for row in leads]
    assert kpi("M4", facts(leads=no_sql)).value == pytest.approx(4 / 10)  # not 4 of 4
    assert "no such stage (SQL)" in reason(kpi("M3", facts(leads=no_sql)))


def test_j6_compares_only_platforms_that_report_conversions():
    ads = [ad(date(2026, 3, 2), 10.0, 10.0), ad(date(2026, 3, 2), 10.0, None, channel="LinkedIn")]
    leads = [lead(at(3, 2)) for _ in range(10)] + [lead(at(3, 2), channel="LinkedIn") for _ in range(10)]
    found = kpi("J6", facts(ads=ads, leads=leads))
    assert found.value == 0
    assert note(found) == "platforms 10, CRM 10; without conversions: LinkedIn"


def test_it1_is_of_time_also_where_events_are_counted():
    half = (at(4, 1) - at(3, 1)).total_seconds() / 2
    windows = [
        {"service": "Web", "sli_name": "availability", "window_start": start, "window_seconds": int(half), "good_count": good,
         "bad_count": bad, "total_count": good + bad}
        for start, good, bad in ((at(3, 1), 100_000, 0), (at(3, 1) + timedelta(seconds=half), 0, 100))
    ]  # fmt: skip
    assert kpi("IT1", facts(sli=windows)).value == pytest.approx(0.5)


def test_it8_an_outage_that_goes_on_has_not_been_restored():
    going_on = watched("Web", at(3, 1), at(4, 1), (at(3, 31, 20), 4))
    assert "1 outage of these days is not over." in reason(kpi("IT8", facts(sli=going_on, end=at(4, 1))))


def test_j8_a_due_day_without_a_time_lasts_until_its_end():
    rows = [request(at(3, 1), at(3, 9, 10), None, at(3, 9)), request(at(3, 1), None, None, at(3, 31))]
    found = kpi("J8", facts(privacy=rows, end=at(3, 31)))
    assert found.value == 1  # closed on its day; the other one is due today and not over


def test_a_deal_lost_and_won_again_was_won():
    again = [lead(at(3, 2), mql=1, sal=2, sql=3, lost=24, won=48), lead(at(3, 2), mql=1, sal=2, sql=3, lost=24)]
    found = kpi("M4", facts(leads=again))
    assert (found.value, note(found)) == (0.5, "2 deals closed")


def test_m11_knows_a_campaign_by_its_channel_and_suspects_a_channel_that_never_converts():
    day = date(2026, 3, 11)
    brand = [
        ad(day, 1_000.0, 10.0, clicks=1_000.0, campaign_name="Brand"),
        ad(day, 9_000.0, 0.0, clicks=50_000.0, campaign_name="Brand", channel="TikTok"),
    ]
    assert kpi("M11", facts(ads=brand)).value == pytest.approx(0.9)
    sli, leads = watched("Web", at(1, 1), at(4, 1), (at(3, 11, 18), 4)), hourly(at(1, 1), 69)
    found = kpi("M11", facts(ads=brand, sli=sli, leads=leads))
    assert note(found) == "no hope €9,000 in 1 campaign; while broken €200"  # two of ten hours of the other channel's 1,000
    assert found.value == pytest.approx(9_200 / 10_000)
