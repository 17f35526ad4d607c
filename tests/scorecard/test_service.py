"""The scorecard of a workspace: the sample company's truth, one's own data, targets, sentences."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from scipy.stats import norm

from marops import store
from marops.errors import Forbidden, NotFound
from marops.findings import Severity, Side
from marops.language import Reader
from marops.period import Comparison, Period, Scope, month_of
from marops.principal import LOCAL_ADMIN, Principal, Role
from marops.sample.loader import SHIPPED
from marops.scorecard import service
from marops.scorecard.definitions import KPIS
from marops.scorecard.judging import Promise, Trend
from marops.scorecard.store import Target
from marops.workspaces.store import OWN, SAMPLE, load
from tests.scorecard.made import fill

YEAR = Scope(SAMPLE, Period(date(2025, 11, 1), date(2026, 10, 31)), Comparison.PREVIOUS)
FIRST_YEAR = Scope(SAMPLE, Period(date(2024, 11, 1), date(2025, 10, 31)))
TRUTH = json.loads((SHIPPED / "truth.json").read_text(encoding="utf-8"))


def value(scope: Scope, kpi: str) -> float | None:
    found = service.row(LOCAL_ADMIN, scope, kpi)
    assert found is not None
    return found.measure.value


def interval(scope: Scope, kpi: str) -> tuple[float, float]:
    found = service.row(LOCAL_ADMIN, scope, kpi)
    assert found is not None
    assert found.measure.interval is not None
    return found.measure.interval.low, found.measure.interval.high


def in_month(year: int, month: int) -> Scope:
    return Scope(SAMPLE, month_of(date(year, month, 1)))


# The sample company's truth


def test_every_kpi_of_the_sample_company_has_a_value(sample_home: Path):
    rows = service.scorecard(LOCAL_ADMIN, YEAR).rows
    assert [row.kpi.id for row in rows] == list(KPIS)
    # Nobody has decided on anything yet.
    assert [row.kpi.id for row in rows if row.measure.value is None] == ["J10"]


def test_the_collaboration_gap_is_that_of_the_wave(sample_home: Path):
    # October 2026: 77 % of 44 agree in IT, which is 34; 58 % of 52 in marketing, which is 30
    assert value(in_month(2026, 10), "J9") == pytest.approx(34 / 44 - 30 / 52)


def test_availability_and_outages_are_those_of_the_log(sample_home: Path):
    assert value(in_month(2026, 10), "IT1") == pytest.approx(1 - 600 / (31 * 1440))
    assert value(in_month(2026, 9), "IT1") == 1
    assert value(YEAR, "IT8") == pytest.approx((62 + 600) / 2 / 60)  # the median of two
    # 99.9 % of 365 days allow 525.6 minutes; the landing pages were down for 662
    assert value(YEAR, "IT2") == pytest.approx(1 - 662 / 525.6, abs=1e-3)


def test_acceptance_and_its_interval_cover_the_truth(sample_home: Path):
    low, high = interval(FIRST_YEAR, "M2")
    assert low <= TRUTH["acceptance"]["all"] <= high


def test_acceptance_of_business_fell_when_the_truth_says_so(sample_home: Path):
    business = Scope(SAMPLE, Period(date(2026, 8, 1), date(2026, 9, 30)), unit="Business")
    low, high = interval(business, "M2")
    assert low <= TRUTH["acceptance"]["Business_from_2026-07-15"] <= high
    low, high = interval(Scope(SAMPLE, business.period, unit="Retail"), "M2")
    assert low <= TRUTH["acceptance"]["all"] <= high


def test_the_time_from_mql_covers_the_truth(sample_home: Path):
    # 66 % move on after a log-normal time with median 30 h and spread 0.7; the rest never do: half have moved on when
    # 0.66 F(t) = 0.5.
    hours = TRUTH["lead_stage_median_hours"]["SAL"] * float(2.718281828 ** (0.7 * norm.ppf(0.5 / 0.66)))
    low, high = interval(FIRST_YEAR, "IT4")
    assert low <= hours <= high


@pytest.mark.parametrize(("year", "month", "which"), [(2025, 3, 0), (2026, 4, 1), (2026, 10, 2)])
def test_leads_lost_in_an_outage_cover_the_truth(sample_home: Path, year, month, which):
    low, high = interval(in_month(year, month), "J1")
    assert low <= TRUTH["outage_losses"][which]["lost"] <= high


def test_only_the_longest_outage_certainly_cost_leads(sample_home: Path):
    found = service.row(LOCAL_ADMIN, in_month(2026, 10), "J1")
    assert found is not None
    assert found.promise is Promise.MISSED
    assert found.measure.value == pytest.approx(TRUTH["outage_losses"][2]["lost"], abs=11.4)  # half of the interval


def test_acceptance_is_what_a_plain_count_over_the_file_says(sample_home: Path):
    moves = pl.read_parquet(SHIPPED / "crm-lead-history.parquet").sort("Edit Date")
    first: dict[tuple[str, str], datetime] = {}
    for lead, stage, moment in moves.select("Lead ID", "New Value", "Edit Date").iter_rows():
        first.setdefault((lead, stage), moment)
    march = {lead: at for (lead, stage), at in first.items() if stage == "MQL" and (at.year, at.month) == (2026, 3)}
    in_time = [lead for lead, at in march.items() if (lead, "SAL") in first and first[lead, "SAL"] - at <= timedelta(days=14)]
    assert value(in_month(2026, 3), "M2") == len(in_time) / len(march)


def test_what_got_worse_is_what_the_truth_changed(sample_home: Path):
    worse = {row.kpi.id for row in service.scorecard(LOCAL_ADMIN, YEAR).rows if row.trend is Trend.WORSE}
    # October's ten-hour outage, the slower hand-over and first touch from July, fewer accepted from
    # mid-July
    assert worse == {"IT1", "IT4", "J4", "M2"}


# Scope


def test_a_business_unit_changes_what_can_be_told_for_units_and_nothing_else(sample_home: Path):
    every = {row.kpi.id: row.measure.value for row in service.scorecard(LOCAL_ADMIN, YEAR).rows}
    units = [
        {row.kpi.id: row.measure.value for row in service.scorecard(LOCAL_ADMIN, Scope(SAMPLE, YEAR.period, unit=unit)).rows}
        for unit in ("Retail", "Business", "Europe")
    ]
    for kpi in KPIS.values():
        of_units = [found[kpi.id] for found in units]
        if every[kpi.id] is None:
            continue
        assert (len(set(of_units)) == 3) is kpi.by_unit, kpi.id
        if not kpi.by_unit:
            assert set(of_units) == {every[kpi.id]}
    # A whole lies between its parts.
    assert min(found["M2"] for found in units) < every["M2"] < max(found["M2"] for found in units)


def test_the_comparison_is_the_same_kpi_in_the_period_before(sample_home: Path):
    for row in service.scorecard(LOCAL_ADMIN, YEAR).rows:
        if row.kpi.has_history:
            assert row.before is not None
            assert row.before.value == value(FIRST_YEAR, row.kpi.id), row.kpi.id
        else:
            assert row.before is None


def test_a_change_of_a_share_is_told_in_points(sample_home: Path):
    row = service.row(LOCAL_ADMIN, YEAR, "M2")
    assert row is not None
    assert row.change is not None
    assert row.before is not None
    assert row.change.value == pytest.approx(row.measure.value - row.before.value)
    assert Reader.of("en").quantity(row.change, signed=True).endswith(" points")


def test_without_comparison_there_is_no_change(sample_home: Path):
    assert {row.change for row in service.scorecard(LOCAL_ADMIN, FIRST_YEAR).rows} == {None}


def test_months_after_the_period_are_not_shown(sample_home: Path):
    row = service.row(LOCAL_ADMIN, in_month(2026, 3), "M2")
    assert row is not None
    assert (row.series.points[0].month, row.series.points[-1].month) == (date(2024, 11, 1), date(2026, 3, 1))


def test_the_target_is_that_of_the_year(sample_home: Path):
    for year, most in ((2025, 72.0), (2026, 60.0)):
        row = service.row(LOCAL_ADMIN, in_month(year, 6), "IT4")
        assert row is not None
        assert row.goal is not None
        assert (row.goal.type, row.goal.value) == ("at_most", most)


def test_each_side_has_its_rows(sample_home: Path):
    found = service.scorecard(LOCAL_ADMIN, YEAR)
    assert [len(found.of(side)) for side in (Side.IT, Side.JOINT, Side.MARKETING)] == [9, 10, 11]


# Sentences


def test_the_verdict_counts_targets_and_names_what_got_worse(sample_home: Path):
    said = Reader.of("en").say(service.verdict(LOCAL_ADMIN, YEAR))
    rows = service.scorecard(LOCAL_ADMIN, YEAR).rows
    kept = sum(row.promise is Promise.MET for row in rows)
    held = sum(row.promise is not Promise.NONE for row in rows)
    assert held == 22
    # The heaviest first: acceptance weighs 2.5.
    assert said.startswith(f"{kept} of {held} targets kept; Lead acceptance, Availability, and 2 more got worse")
    assert said.endswith("got worse beyond normal variation.")


@pytest.mark.parametrize("tag", ["en", "pt-BR"])
def test_findings_read_as_sentences(sample_home: Path, tag):
    found = service.findings(LOCAL_ADMIN, YEAR)
    assert {"kpi:IT1", "kpi:J1", "kpi:M2"} <= {finding.key for finding in found}
    for finding in found:
        for words in (finding.what, finding.cause, finding.owner, finding.action):
            said = Reader.of(tag).say(words)
            assert said.strip()
            assert not {"{", "}"} & set(said)
        assert Reader.of(tag).say(finding.what).endswith(".")


def test_a_miss_is_to_be_decided_only_where_it_is_certain(sample_home: Path):
    severity = {finding.key: finding.severity for finding in service.findings(LOCAL_ADMIN, YEAR)}
    assert severity["kpi:J1"] is Severity.DECIDE  # its interval leaves the target out
    assert severity["kpi:J7"] is Severity.WATCH  # it has no interval
    assert "kpi:J9" not in severity  # its interval covers the target


# One's own data

MONTHS = [date(2024, n, 1) for n in range(1, 13)] + [date(2025, n, 1) for n in range(1, 9)]
LATEST = Scope(OWN, month_of(date(2025, 8, 1)))


def fill_months(accepted: list[int], of: int = 20) -> None:
    """Each month `of` MQLs, so many of them accepted a day later; the data go on to the end of September 2025."""
    leads, moves = [], []
    for month, hits in zip(MONTHS, accepted, strict=True):
        for n in range(of):
            key, day = f"{month:%Y%m}-{n}", datetime(month.year, month.month, 5, tzinfo=UTC)
            leads.append({"lead_id": key, "created_at": day, "lead_source": "Web"})
            moves.append({"lead_id": key, "status_sequence": 1, "stage": "MQL", "date_stage_entered": day})
            if n < hits:
                later = day + timedelta(days=1)
                moves.append({"lead_id": key, "status_sequence": 2, "stage": "SAL", "date_stage_entered": later})
    for name, day in (("first", datetime(2024, 1, 1, tzinfo=UTC)), ("last", datetime(2025, 9, 30, tzinfo=UTC))):
        moves.append({"lead_id": name, "status_sequence": 1, "stage": "Lead", "date_stage_entered": day})
        leads.append({"lead_id": name, "created_at": day, "lead_source": "Web"})  # so that every month is whole
    fill("lead", leads)
    fill("lead_stage_history", moves)


def add_target(value: str, kind: str = "at_least", kpi: str = "M2") -> None:
    with store.writing() as session:
        session.add(Target(workspace_id=OWN, kpi=kpi, valid_from=date(2025, 1, 1), type=kind, value=Decimal(value)))
        workspace = load(session, OWN)
        workspace.touch()
        session.add(workspace)


def what(scope: Scope = LATEST) -> dict[str, str]:
    return {finding.key: str(finding.what) for finding in service.findings(LOCAL_ADMIN, scope)}


def test_an_empty_workspace_has_no_values_and_says_so(home: Path):
    found = service.scorecard(LOCAL_ADMIN, LATEST)
    assert found.is_empty
    assert service.findings(LOCAL_ADMIN, LATEST) == []
    assert str(service.verdict(LOCAL_ADMIN, LATEST)).startswith("No targets are set for these days")


def test_a_month_outside_its_limits_is_said_with_them(home: Path):
    fill_months([10, 12] * 6 + [11] * 7 + [2])  # limits 0.55 ± 0.266
    assert what() == {"kpi:M2": "Lead acceptance was 10% in Aug 2025, outside its normal 28.4% to 81.6%."}


def test_a_run_on_one_side_of_the_mean_is_not_called_outside_the_limits(home: Path):
    fill_months([10, 12] * 6 + [8] * 8)
    assert what() == {"kpi:M2": "Lead acceptance was 40% in Aug 2025, and for 8 months in a row below its mean of 55%."}


def test_a_target_that_is_missed_for_certain_is_to_be_decided(home: Path):
    fill_months([10, 12] * 6 + [11] * 7 + [12])
    assert what() == {}
    add_target("0.9")
    assert what() == {"kpi:M2": "Lead acceptance is 60%; the target is ≥ 90%."}  # 12 of 20: at most 78 %
    assert str(service.verdict(LOCAL_ADMIN, LATEST)) == "0 of 1 targets kept; Lead acceptance missed."


def test_a_side_says_its_signals_and_the_targets_it_will_keep_missing(home: Path):
    def said() -> list[str]:
        card = service.scorecard(LOCAL_ADMIN, LATEST)
        return [str(card.sentence(side)) for side in (Side.MARKETING, Side.JOINT)]

    assert said() == ["nothing measured yet", "nothing measured yet"]
    fill_months([10, 12] * 6 + [11] * 7 + [12])
    add_target("0.9")  # above all of 0.55 ± 0.266
    assert said() == ["no signal, 1 target it will keep missing", "no signal"]


def test_a_signal_is_counted_whichever_way_it_goes(home: Path):
    fill_months([10, 12] * 6 + [11] * 7 + [20])
    assert str(service.scorecard(LOCAL_ADMIN, LATEST).sentence(Side.MARKETING)) == "1 signal"


def test_a_new_import_or_target_changes_the_scorecard_at_once(home: Path):
    assert value(LATEST, "M2") is None
    fill_months([10] * 20)
    assert value(LATEST, "M2") == 0.5
    row = service.row(LOCAL_ADMIN, LATEST, "M2")
    assert row is not None
    assert row.promise is Promise.NONE
    add_target("0.2")
    row = service.row(LOCAL_ADMIN, LATEST, "M2")
    assert row is not None
    assert row.promise is Promise.MET


def test_who_may_not_read_is_refused_and_an_unknown_workspace_is_named(home: Path):
    with pytest.raises(Forbidden, match="needs viewer"):
        service.scorecard(Principal("x", "Somebody", Role.NOBODY), LATEST)
    with pytest.raises(NotFound, match="There is no workspace elsewhere here"):
        service.scorecard(LOCAL_ADMIN, Scope("elsewhere", LATEST.period))
    assert service.row(LOCAL_ADMIN, LATEST, "X1") is None


# One number, if asked for


def test_one_number_is_the_weight_of_what_will_be_kept_and_names_the_worst(home: Path):
    assert service.scorecard(LOCAL_ADMIN, LATEST).kept_by_weight is None
    fill_months([10, 12] * 6 + [11] * 7 + [12])
    add_target("0.9")  # M2 weighs 2.5 and will keep missing it
    add_target("200", "at_most", "IT4")  # IT4 weighs 2; all leave within a day or stay: its median is one day
    found = service.scorecard(LOCAL_ADMIN, LATEST).kept_by_weight
    assert found is not None
    assert found.value == pytest.approx(2 / 4.5)
    assert Reader.of("en").say(found.note) == "of 2 KPIs; worst: Lead acceptance"


# Stale


def test_what_is_stale_is_not_judged_and_the_verdict_says_since_when(home: Path):
    fill_months([10, 12] * 6 + [11] * 7 + [2])  # the last month would be news; leads end on 30 September 2025
    add_target("0.9")
    later = Scope(OWN, Period(date(2025, 8, 1), date(2025, 12, 31)))
    row = service.row(LOCAL_ADMIN, later, "M2")
    assert row is not None
    assert (row.stale_since, row.urgency) == (date(2025, 9, 30), 0)
    assert service.findings(LOCAL_ADMIN, later) == []
    # Data quality, both shares of moves, acceptance.
    assert Reader.of("en").say(service.verdict(LOCAL_ADMIN, later)) == (
        "4 numbers are stale, the oldest since Sep 30, 2025: what they are now is not known."
    )
    assert str(service.scorecard(LOCAL_ADMIN, later).sentence(Side.MARKETING)) == "no signal, 2 stale numbers"
    fresh = service.row(LOCAL_ADMIN, LATEST, "M2")
    assert fresh is not None
    assert fresh.stale_since is None
