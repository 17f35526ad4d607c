"""Roll-ups: what every page computes from, on a handful of rows in a real lake."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from marops import checks, item_rollups, rollups
from marops.principal import LOCAL_ADMIN
from marops.workspaces import service as workspaces
from marops.workspaces.service import Unit
from marops.workspaces.store import OWN
from tests.scorecard.made import at, fill

pytestmark = pytest.mark.usefixtures("home")


def facts() -> rollups.Facts:
    return rollups.facts(workspaces.open_workspace(LOCAL_ADMIN, OWN))


def ad(day: date, spend: float | None, currency: str | None = "EUR", **more: object) -> dict:
    row = {
        "platform": "google_ads", "campaign_type": "search", "publisher": None, "campaign_id": "1", "campaign_name": "RTL_one",
        "level": "campaign", "period_start": day, "period_end": day, "clicks": 1, "conversions": None,
    }  # fmt: skip
    return {**row, "spend": spend, "currency_code": currency, **more}


def rate(day: date, currency: str, value: float, base: str = "EUR") -> dict:
    return {"rate_date": day, "base_currency": base, "currency_code": currency, "rate": value}


def move(issue: str, number: int, status: str, moment: datetime) -> dict:
    return {"issue_id": issue, "status_sequence": number, "status": status, "transition_at": moment}


MONDAY = date(2026, 3, 2)


def test_rows_of_one_day_and_campaign_add_up_and_what_nobody_reports_stays_unknown():
    fill("ad_performance", [ad(MONDAY, 10.25), ad(MONDAY, 4.75), ad(date(2026, 3, 3), 1)])
    found = rollups.channel_days(facts())
    assert found.select("period_end", "spend", "clicks", "conversions").rows() == [
        (MONDAY, 15.0, 2.0, None),
        (date(2026, 3, 3), 1.0, 1.0, None),
    ]


@pytest.mark.parametrize(
    ("platform", "kind", "publisher", "channel"),
    [
        ("google_ads", "search", None, "Google Search"),
        ("google_ads", "Video", None, "YouTube"),
        ("google_ads", "something new", None, "Google Ads"),
        ("facebook_ads", None, "instagram", "Instagram"),
        ("facebook_ads", None, "audience_network", "Meta"),
        ("tiktok_ads", "LEAD_GENERATION", None, "TikTok"),
        ("billboard_ads", None, None, "billboard_ads"),
    ],
)
def test_a_platform_kind_and_publisher_make_a_channel(platform, kind, publisher, channel):
    fill("ad_performance", [ad(MONDAY, 1, platform=platform, campaign_type=kind, publisher=publisher)])
    assert rollups.channel_days(facts())["channel"].to_list() == [channel]


def test_spend_in_another_currency_takes_the_days_rate_or_the_last_one_before():
    fill("fx_rate", [rate(date(2026, 2, 27), "BRL", 5), rate(date(2026, 3, 4), "BRL", 4)])
    fill("ad_performance", [ad(day, 100, "BRL") for day in (MONDAY, date(2026, 3, 4), date(2026, 2, 20))])
    # 100 / 5 on the Monday after the Friday's rate, 100 / 4 on the day; before the first rate nothing is known.
    assert rollups.channel_days(facts()).select("period_end", "spend").rows() == [
        (date(2026, 2, 20), None),
        (MONDAY, 20.0),
        (date(2026, 3, 4), 25.0),
    ]


def test_of_two_rates_for_one_day_the_reporting_currencys_own_is_taken():
    fill("fx_rate", [rate(MONDAY, "EUR", 0.9, "USD"), rate(MONDAY, "BRL", 5.4, "USD"), rate(MONDAY, "BRL", 5)])
    fill("ad_performance", [ad(MONDAY, 10, "BRL")])
    assert rollups.channel_days(facts())["spend"].to_list() == [2.0]  # and not 10 * 0.9 / 5.4


def test_two_currencies_are_crossed_over_the_base_of_the_rates():
    workspaces.set_reporting_currency(LOCAL_ADMIN, OWN, "BRL")
    fill("fx_rate", [rate(MONDAY, "BRL", 6), rate(MONDAY, "USD", 1.5)])
    fill("ad_performance", [ad(MONDAY, 10, "USD"), ad(MONDAY, 10, "EUR"), ad(MONDAY, 10, "BRL")])
    found = rollups.channel_days(facts()).select("currency_code", "spend").rows()
    assert dict(found) == {"USD": 40.0, "EUR": 60.0, "BRL": 10.0}  # 10 / 1.5 * 6, 10 * 6, 10
    assert rollups.factor(facts(), "GBP") is None


def test_a_campaign_belongs_to_the_unit_with_the_longest_beginning_of_its_name():
    units = [Unit("All", "R"), Unit("Retail", "RTL_"), Unit("Business", "B2B_")]
    names = pl.DataFrame({"campaign": ["RTL_one", "R_two", "B2B_x", "other", None]})
    found = names.select(rollups.unit_of(pl.col("campaign"), units).alias("unit"))["unit"].to_list()
    assert found == ["Retail", "All", "Business", None, None]


def test_a_lead_has_the_first_moment_of_each_milestone_and_the_channel_that_brought_it():
    workspaces.set_units(LOCAL_ADMIN, OWN, [Unit("Retail", "RTL_")])
    fill("ad_performance", [ad(MONDAY, 1)])
    created = {"created_at": at(3, 2), "business_unit": None, "amount": None, "currency_code": "EUR"}
    fill("lead", [{"lead_id": "a", "utm_campaign": "RTL_one", **created}, {"lead_id": "b", "utm_campaign": "RTL_none", **created}])
    moves = [("MQL", 3), ("Accepted", 4), ("mql", 5), ("SAL", 6), ("Closed Won", 9)]
    fill(
        "lead_stage_history",
        [
            {"lead_id": "a", "status_sequence": n, "stage": stage, "date_stage_entered": at(3, day)}
            for n, (stage, day) in enumerate(moves, 1)
        ],
    )
    a, b = rollups.leads(facts()).to_dicts()
    assert (a["mql_at"], a["sal_at"], a["sql_at"], a["won_at"]) == (at(3, 3), at(3, 4), None, at(3, 9))
    assert (a["channel"], a["unit"], b["channel"], b["mql_at"]) == ("Google Search", "Retail", rollups.UNATTRIBUTED, None)


def test_moves_between_words_for_one_stage_are_one_visit_and_going_back_is_another():
    fill("work_item", [{"issue_id": "1", "created_at": at(3, 1)}])
    words = [("To Do", 1), ("Backlog", 2), ("In Progress", 3), ("QA", 5), ("Build", 6), ("Waiting for legal", 8), ("Live", 9)]
    fill("work_item_transition", [move("1", n, word, at(3, day)) for n, (word, day) in enumerate(words, 1)])
    found = item_rollups.stage_visits(facts())
    assert found.select("visit", "stage", "entered_at", "left_at").rows() == [
        (1, "request", at(3, 1), at(3, 3)),
        (2, "build", at(3, 3), at(3, 5)),
        (3, "qa", at(3, 5), at(3, 6)),
        (4, "build", at(3, 6), at(3, 8)),
        (5, None, at(3, 8), at(3, 9)),  # a word that is no stage, kept as it is
        (6, "execution", at(3, 9), None),
    ]
    assert found["status"][4] == "Waiting for legal"


def test_an_item_launches_when_it_first_executes_however_often_it_comes_back():
    fill("work_item", [{"issue_id": "1", "created_at": at(3, 1), "due_date": date(2026, 3, 4), "issue_key": "MOP-1"}])
    words = [("Request", 1), ("Execution", 5), ("Build", 6), ("Live", 9), ("Done", 12), ("Build", 14)]
    fill("work_item_transition", [move("1", n, word, at(3, day)) for n, (word, day) in enumerate(words, 1)])
    found = item_rollups.work(facts()).row(0, named=True)
    assert (found["launched_at"], found["stage"], found["since"]) == (at(3, 5), "build", at(3, 14))
    assert (found["key"], found["name"]) == ("MOP-1", "MOP-1")


def test_an_item_without_moves_stands_where_the_tracker_says():
    fill("work_item", [{"issue_id": "1", "created_at": at(3, 1), "current_status": "In Review"}])
    found = item_rollups.work(facts()).row(0, named=True)
    assert (found["stage"], found["since"], found["launched_at"]) == ("qa", None, None)


def test_a_new_import_is_seen_and_an_unrelated_one_changes_nothing():
    fill("ad_performance", [ad(MONDAY, 10)])
    before = facts()
    fill("sli_measurement", [{"service": "s", "sli_name": "a", "window_start": datetime(2026, 3, 1, tzinfo=UTC),
                              "window_seconds": 1, "total_count": 1}])  # fmt: skip
    assert facts().key("ad_performance") == before.key("ad_performance")
    fill("ad_performance", [ad(MONDAY, 5, campaign_id="2", campaign_name="two")])
    assert rollups.channel_days(facts())["spend"].sum() == 15
    assert rollups.channel_days(before)["spend"].sum() == 10


def test_a_flag_stands_from_when_it_was_set_until_it_was_taken_off():
    told = [("1", 1, True), ("1", 2, True), ("1", 5, False), ("1", 8, True), ("2", 3, False), ("2", 4, True), ("2", 4.5, False)]
    fill("flag_event", [
        {"issue_id": issue, "flag_at": at(3, 1) + timedelta(days=day), "is_flagged": on, "kind": "blocked"}
        for issue, day, on in told
    ] + [{"issue_id": "1", "flag_at": at(3, 2), "is_flagged": True, "kind": "waiting_on"}])  # fmt: skip
    found = item_rollups.flags(facts())
    assert sorted(found.select("issue_id", "kind", "from_at", "until_at").rows(), key=str) == sorted(
        [
            ("1", "blocked", at(3, 2), at(3, 6)), ("1", "blocked", at(3, 9), None),
            ("2", "blocked", at(3, 5), at(3, 5, 12)), ("1", "waiting", at(3, 2), None),
        ], key=str,
    )  # fmt: skip


# Touches, moves, cost, checks


def touch(lead: str, number: int, kind: str, moment: datetime, *, queue: bool | None = None) -> dict:
    return {"lead_id": lead, "touch_sequence": number, "kind": kind, "at": moment, "is_default_queue": queue}


def test_the_first_owner_and_the_first_eligible_owner_are_kept_apart():
    fill(
        "lead", [{"lead_id": "a", "created_at": at(3, 2, 9.5), "business_unit": "Retail"}, {"lead_id": "b", "created_at": at(3, 3)}]
    )
    fill(
        "lead_touch",
        [
            touch("a", 1, "form_submit", at(3, 2, 9)), touch("a", 2, "owner_assigned", at(3, 2, 10), queue=True),
            touch("a", 3, "owner_assigned", at(3, 2, 12), queue=False), touch("a", 4, "owner_assigned", at(3, 2, 14)),
            touch("a", 5, "human_touch", at(3, 2, 15)), touch("a", 6, "human_touch", at(3, 2, 13)),
        ],
    )  # fmt: skip
    assert rollups.touches(facts()).rows() == [
        ("a", "Retail", at(3, 2, 9), None, at(3, 2, 10), at(3, 2, 12), at(3, 2, 13)),
        ("b", None, at(3, 3), None, None, None, None),  # nobody has touched it yet: it waits
    ]


def test_leads_from_before_touches_were_logged_are_not_taken_for_neglected():
    fill("lead", [{"lead_id": "old", "created_at": at(2, 1)}, {"lead_id": "new", "created_at": at(3, 2)}])
    fill("lead_touch", [touch("new", 1, "form_submit", at(3, 2))])
    assert rollups.touches(facts())["lead_id"].to_list() == ["new"]


def test_without_a_log_of_touches_no_lead_is_waiting():
    fill("lead", [{"lead_id": "a", "created_at": at(3, 2)}])
    assert rollups.touches(facts()).is_empty()


def test_moves_count_from_the_second_stage_on_and_an_open_status_is_none():
    def entered(lead: str, number: int, stage: str, reason: str | None, by: str | None) -> dict:
        return {
            "lead_id": lead, "status_sequence": number, "stage": stage, "date_stage_entered": at(3, number), "reason": reason,
            "changed_by": by,
        }  # fmt: skip

    fill("lead", [{"lead_id": "a", "created_at": at(3, 1), "business_unit": "Retail"}])
    rows = [
        entered("a", 1, "Lead", None, None), entered("a", 2, "MQL", "Score", "system"), entered("a", 3, " Open ", "Waiting", "ana"),
        entered("a", 4, "SAL", " ", "ana"), entered("b", 1, "MQL", "Score", "system"), entered("b", 2, "SQL", "Call", None),
    ]  # fmt: skip
    fill("lead_stage_history", rows)
    found = rollups.moves(facts()).rows()
    assert found == [
        (date(2026, 3, 2), None, 1, 0, 1, 1, 0),
        (date(2026, 3, 2), "Retail", 1, 1, 1, 1, 1),
        (date(2026, 3, 3), "Retail", 1, 1, 1, 0, 0),
        (date(2026, 3, 4), "Retail", 1, 1, 0, 0, 0),
    ]


def test_cost_is_converted_by_the_rate_of_its_last_day():
    fill("fx_rate", [rate(date(2026, 3, 31), "BRL", 5.0)])
    row = {"cost_centre": "1", "period_start": date(2026, 3, 1), "period_end": date(2026, 3, 31)}
    unrated = {**row, "cost_centre": "2", "sales_marketing_cost": 7, "currency_code": "USD"}
    fill("cost", [{**row, "sales_marketing_cost": 50, "currency_code": "BRL"}, unrated])
    assert rollups.cost(facts())["amount"].to_list() == [10.0, None]


def test_a_check_says_how_many_rows_it_applied_to_and_how_many_passed():
    fill(
        "ad_performance",
        [ad(MONDAY, 1, impressions=5), ad(MONDAY, 1, None, impressions=0), ad(MONDAY, None, None, impressions=None)],
    )
    twice = {"created_at": at(3, 2), "email_sha256": "x", "lead_source": None, "utm_campaign": None}
    known = {**twice, "lead_source": "Web", "email_sha256": None}
    fill("lead", [{"lead_id": "a", **twice}, {"lead_id": "b", **twice}, {"lead_id": "c", **known}])
    entered = {"lead_id": "nobody", "status_sequence": 1, "stage": "MQL", "date_stage_entered": at(3, 2)}
    fill("lead_stage_history", [{**entered, "date_stage_exited": at(3, 1)}])
    found = {check: (passed, run) for check, _, _, passed, run in checks.passed(facts()).iter_rows()}
    assert found == {
        "ad_clicks_seen": (1, 2), "ad_campaign_named": (3, 3), "ad_currency_known": (1, 2), "lead_once": (1, 2),
        "lead_origin_known": (1, 3), "stage_in_order": (0, 1), "stage_of_a_lead": (0, 1),
    }  # fmt: skip
