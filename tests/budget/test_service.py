"""The budget of a workspace: the sample company's true curves, scenarios, sentences and charts."""

import csv
import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sqlmodel import select

from marops import store
from marops.budget import figures, metrics, service
from marops.budget.store import BudgetPlan
from marops.errors import Forbidden, UserError
from marops.findings import Severity
from marops.language import Reader
from marops.period import Period, Scope, month_of
from marops.principal import LOCAL_ADMIN, Principal, Role
from marops.sample.loader import SHIPPED
from marops.workspaces import service as workspaces
from marops.workspaces.service import Unit
from marops.workspaces.store import OWN, SAMPLE, load
from tests.scorecard.looked_at import READERS, is_readable
from tests.scorecard.made import fill

TRUTH = json.loads((SHIPPED / "truth.json").read_text(encoding="utf-8"))["response"]
ALL = Scope(SAMPLE, Period(date(2024, 11, 1), date(2026, 10, 31)))
OCTOBER = Scope(SAMPLE, month_of(date(2026, 10, 1)))
HERE = Scope(OWN, Period(date(2025, 1, 1), date(2025, 12, 31)))


def budget(scope: Scope = HERE) -> service.Budget:
    return service.budget(LOCAL_ADMIN, scope)


def true_conversions(channel: str, spend: float) -> float:
    """Conversions a week the platform really reports on average: the true leads times its exaggeration."""
    truth = TRUTH[channel]
    return truth["ceiling"] * truth["reported_conversions_per_lead"] * spend / (truth["half"] + spend)


def usual(found: service.Budget, channel: str) -> float:
    spend = found.weeks.filter(pl.col("channel") == channel, pl.col("spend") > 0)["spend"].median()
    assert isinstance(spend, float)
    return spend


# The sample company's truth


def test_every_channel_of_the_sample_company_has_a_response(sample_home: Path):
    found = budget(ALL).responses
    assert set(found) == set(TRUTH)
    assert None not in found.values()


def test_the_interval_at_the_usual_spend_covers_the_true_curve_for_most_channels(sample_home: Path):
    # 90 % intervals of nine channels: 8.1 are expected to cover; seven or more do in 95 % of draws.
    found = budget(ALL)
    covered = []
    for channel, response in found.responses.items():
        assert response is not None
        spend = usual(found, channel)
        low, high = response.interval_at(spend)
        if low[0] <= true_conversions(channel, spend) <= high[0]:
            covered.append(channel)
    assert len(covered) >= 7, covered


def test_the_curve_is_near_the_truth_where_the_data_are(sample_home: Path):
    found = budget(ALL)
    for channel, response in found.responses.items():
        assert response is not None
        spend = usual(found, channel)
        assert float(response.at(spend)) == pytest.approx(true_conversions(channel, spend), rel=0.12), channel


def test_a_change_is_near_what_the_truth_says_it_brings(sample_home: Path):
    found = budget(ALL)
    outcome = service.what_if(LOCAL_ADMIN, ALL, dict.fromkeys(TRUTH, 1.2))
    truth = sum(
        true_conversions(name, response.now * 1.2) - true_conversions(name, response.now)
        for name, response in found.responses.items()
        if response is not None
    )
    # One channel's slope is known to 12 to 20 % (standard error over simulated weeks), the sum of nine to about 7; three of them.
    assert outcome.change.value == pytest.approx(truth, rel=0.2)
    assert outcome.spend_then == pytest.approx(1.2 * outcome.spend)


def test_the_finding_moves_money_to_where_the_truth_says_it_brings_more(sample_home: Path):
    (found,) = service.findings(LOCAL_ADMIN, ALL)
    source, target = found.key.removeprefix("budget:").split(">")
    responses = budget(ALL).responses
    give, take = responses[source], responses[target]
    assert give is not None
    assert take is not None
    amount = 0.2 * give.now
    gained = true_conversions(target, take.now + amount) - true_conversions(target, take.now)
    lost = true_conversions(source, give.now) - true_conversions(source, give.now - amount)
    assert gained > lost
    assert found.severity is Severity.DECIDE
    assert f" a week from {source} to {target} would bring " in str(found.what)


def test_spend_of_one_report_is_what_its_file_adds_up_to(sample_home: Path):
    with (SHIPPED / "meta-ads-brasil.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    spent = next(name for name in rows[0] if name.startswith(("Amount spent", "Valor usado")))
    places = next(name for name in rows[0] if name in {"Platform", "Plataforma"})
    instagram = sum(float(row[spent]) for row in rows if row[places].lower() == "instagram")
    assert instagram > 0
    retail = budget(Scope(SAMPLE, ALL.period, unit="Retail")).channels
    assert retail.filter(channel="Instagram")["spend"].item() == pytest.approx(instagram, rel=1e-9)


def test_channels_add_up_to_the_totals_and_units_to_the_whole(sample_home: Path):
    found = budget(ALL)
    assert found.channels["spend"].sum() == pytest.approx(found.spend.value)
    assert found.channels["share"].sum() == pytest.approx(1)
    parts = [budget(Scope(SAMPLE, ALL.period, unit=unit)) for unit in ("Retail", "Business", "Europe")]
    assert sum(part.spend.value for part in parts) == pytest.approx(found.spend.value)
    assert sum(part.conversions.value for part in parts) == pytest.approx(found.conversions.value)


def test_the_plan_of_a_month_is_the_channels_usual_level(sample_home: Path):
    # TikTok plans 4,500 R$ a week in one unit: 4500 * 52 / 12 = 19,500 a month
    assert budget(OCTOBER).channels.filter(channel="TikTok")["planned"].item() == pytest.approx(19_500)


def test_a_month_learns_from_the_two_years_before_it_but_spends_only_its_own(sample_home: Path):
    month, every = budget(OCTOBER), budget(ALL)
    assert month.weeks.equals(every.weeks)
    assert month.spend.value < every.spend.value / 12


def test_the_verdict_says_what_came_of_the_money(sample_home: Path):
    found, said = budget(ALL), Reader.of("en")
    assert found.spend.quantity is not None
    assert found.cost.quantity is not None
    verdict = said.say(service.verdict(LOCAL_ADMIN, ALL))
    assert verdict.startswith(f"{said.quantity(found.spend.quantity)} brought {round(found.conversions.value):,} conversions at ")
    assert said.quantity(found.cost.quantity) in verdict


# What if, and scenarios


def test_changing_nothing_changes_nothing(sample_home: Path):
    outcome = service.what_if(LOCAL_ADMIN, ALL, {})
    assert outcome.change.value == 0
    assert {shift.change for shift in outcome.shifts} == {0}


@pytest.mark.parametrize(("asked", "held"), [(-1.0, 0.0), (99.0, service.MOST), (1.5, 1.5)])
def test_a_multiplier_is_held_where_the_data_can_speak(sample_home: Path, asked, held):
    outcome = service.what_if(LOCAL_ADMIN, ALL, {"TikTok": asked})
    shift = next(shift for shift in outcome.shifts if shift.channel == "TikTok")
    assert shift.spend_then == pytest.approx(held * shift.spend)


def test_a_scenario_is_kept_found_and_forgotten(home: Path):
    first = service.save_scenario(LOCAL_ADMIN, HERE, " More search ", {"Google Search": 1.5, "TikTok": 9.0})
    second = service.save_scenario(LOCAL_ADMIN, HERE, "Less", {})
    assert [s.name for s in service.scenarios(LOCAL_ADMIN, OWN)] == ["Less", "More search"]
    kept = service.scenarios(LOCAL_ADMIN, OWN)[1]
    assert kept.multipliers == {"Google Search": 1.5, "TikTok": 3.0}
    assert (kept.period_start, kept.period_end, kept.saved_by) == (HERE.period.start, HERE.period.end, "Local admin")
    service.delete_scenario(LOCAL_ADMIN, OWN, first.id)
    service.delete_scenario(LOCAL_ADMIN, OWN, first.id)
    assert [s.id for s in service.scenarios(LOCAL_ADMIN, OWN)] == [second.id]


def test_a_scenario_follows_its_unit_where_that_is_called_otherwise_and_an_imported_plan_does_not(home: Path):
    workspaces.set_units(LOCAL_ADMIN, OWN, [Unit("Web", "WEB_")])
    service.save_scenario(LOCAL_ADMIN, replace(HERE, unit="Web"), "Less", {})
    with store.writing() as session:
        days = {"period_start": HERE.period.start, "period_end": HERE.period.end}
        spend = {"channel": "Search", "planned_spend": Decimal(1), "currency_code": "EUR"}
        session.add(BudgetPlan(workspace_id=OWN, plan_version="1", business_unit="Web", **days, **spend))
    workspaces.set_units(LOCAL_ADMIN, OWN, [Unit("Online", "WEB_")])
    assert [one.business_unit for one in service.scenarios(LOCAL_ADMIN, OWN)] == ["Online"]
    with store.reading() as session:
        assert [one.business_unit for one in session.exec(select(BudgetPlan))] == ["Web"]


def test_a_scenario_needs_a_name_of_its_own(home: Path):
    with pytest.raises(UserError, match="Give the scenario a name"):
        service.save_scenario(LOCAL_ADMIN, HERE, "  ", {})
    service.save_scenario(LOCAL_ADMIN, HERE, "Plan B", {})
    with pytest.raises(UserError, match="There is a scenario called Plan B already"):
        service.save_scenario(LOCAL_ADMIN, HERE, "Plan B", {})


def test_a_viewer_may_look_and_not_save(home: Path):
    viewer = Principal("v", "Viewer", Role.VIEWER)
    assert service.scenarios(viewer, OWN) == []
    with pytest.raises(Forbidden):
        service.save_scenario(viewer, HERE, "x", {})
    with pytest.raises(Forbidden):
        service.delete_scenario(viewer, OWN, "x")
    with pytest.raises(Forbidden):
        service.budget(Principal("n", "Nobody", Role.NOBODY), HERE)


# One's own data


def put(rows: list[tuple[str, date, float, str, float | None]]) -> None:
    fill(
        "ad_performance",
        [
            {"platform": platform, "campaign_id": f"{n}", "campaign_name": "c", "level": "campaign", "period_start": day,
             "period_end": day, "spend": spend, "currency_code": currency, "conversions": conversions}
            for n, (platform, day, spend, currency, conversions) in enumerate(rows)
        ],
    )  # fmt: skip


def plan(channel: str, amount: str, currency: str, unit: str | None = None) -> None:
    with store.writing() as session:
        session.add(
            BudgetPlan(
                workspace_id=OWN, plan_version="1", channel=channel, business_unit=unit, period_start=date(2025, 3, 1),
                period_end=date(2025, 3, 31), planned_spend=Decimal(amount), currency_code=currency,
            )
        )  # fmt: skip
        workspace = load(session, OWN)
        workspace.touch()
        session.add(workspace)


def test_money_without_a_rate_is_missing_until_the_rate_comes(home: Path):
    put([("tiktok_ads", date(2025, 3, 3), 100, "EUR", 5), ("tiktok_ads", date(2025, 3, 4), 300, "USD", 5)])
    plan("TikTok", "50", "EUR")
    plan("TikTok", "300", "USD", "Retail")
    found = budget()
    assert str(service.verdict(LOCAL_ADMIN, HERE)) == "Spend in USD has no exchange rate. Import reference rates."
    assert found.channels.select("spend", "planned", "conversions").row(0) == (None, None, 10)
    fill("fx_rate", [{"rate_date": date(2025, 3, 1), "base_currency": "EUR", "currency_code": "USD", "rate": 1.5}])
    found = budget()
    assert found.channels.select("spend", "planned", "cost").row(0) == (300, 250, 30)  # 100 + 300 / 1.5, 50 + 300 / 1.5
    assert str(service.verdict(LOCAL_ADMIN, HERE)).startswith("€300 brought 10 conversions at €30.00 each")


def test_spend_without_conversions_has_no_cost(home: Path):
    put([("tiktok_ads", date(2025, 3, 3), 100, "EUR", None)])
    assert str(service.verdict(LOCAL_ADMIN, HERE)) == "€100 was spent; no report of these days counts conversions."


def test_an_empty_workspace_has_an_empty_budget(home: Path):
    found = budget()
    assert found.is_empty
    assert dict(found.responses) == {}
    assert service.findings(LOCAL_ADMIN, HERE) == []
    assert str(service.verdict(LOCAL_ADMIN, HERE)) == "No ad spend in these days. Import a report of an ad platform."


def test_a_curve_is_fitted_from_ones_own_daily_rows(home: Path):
    start = date(2025, 1, 1)  # 52 weeks of one row a week: 30 x / (200 + x)
    weekly = [100.0 + 50 * (n % 9) for n in range(52)]
    put([("tiktok_ads", start + timedelta(days=7 * n), x, "EUR", 30 * x / (200 + x)) for n, x in enumerate(weekly)])
    response = budget().responses["TikTok"]
    assert response is not None
    assert response.weeks == 52
    assert response.now == pytest.approx(np.mean(weekly[-8:]))
    assert float(response.at(300.0)) == pytest.approx(18, rel=0.01)


# Figures


@pytest.mark.parametrize("reader", READERS)
def test_the_figures_of_the_sample_company_are_readable(sample_home: Path, reader):
    found = budget(ALL)
    is_readable(figures.by_channel(found, reader), rows=9)
    for response in found.responses.values():
        assert response is not None
        is_readable(figures.response_curve(response, 1.3 * response.now, found, reader), rows=60)
    outcome = service.what_if(LOCAL_ADMIN, ALL, {"TikTok": 1.5, "Facebook": 0.5, "YouTube": 1.0})
    is_readable(figures.change_by_channel(outcome, reader), rows=2)


def test_the_line_of_a_change_reaches_from_its_low_to_its_high_end(sample_home: Path):
    outcome = service.what_if(LOCAL_ADMIN, ALL, dict.fromkeys(TRUTH, 1.5))
    for shift in outcome.shifts:
        assert shift.low <= shift.change <= shift.high, shift.channel
    bar = figures.change_by_channel(outcome, READERS[0]).figure.data[0]
    ends = [x + up for x, up in zip(bar.x, bar.error_x.array, strict=True)]
    assert ends == pytest.approx([shift.high for shift in outcome.shifts])


def test_the_figures_of_a_tiny_budget_are_readable(home: Path):
    put([("tiktok_ads", date(2025, 3, 3), 100, "EUR", None), ("linkedin_ads", date(2025, 3, 3), 100, "USD", 3)])
    is_readable(figures.by_channel(budget(), READERS[0]), rows=2)


def test_the_figures_of_an_empty_budget_are_readable(home: Path):
    is_readable(figures.by_channel(budget(), READERS[0]), rows=0)
    is_readable(figures.change_by_channel(metrics.what_if({}, {}, HERE.period), READERS[0]), rows=0)
