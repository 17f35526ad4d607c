"""Why a KPI moved: splits that come to the change, in words; and from a number to its rows."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from marops.lags import Lag, Link, NoAnswer
from marops.language import Reader
from marops.period import Comparison, Period, Scope, month_of
from marops.principal import LOCAL_ADMIN
from marops.scorecard import reasons, service, why
from marops.scorecard.definitions import KPIS
from marops.scorecard.facts import measured
from marops.scorecard.formulas import groups
from marops.scorecard.formulas.groups import By
from marops.scorecard.judging import Goal
from marops.scorecard.metrics import measure
from marops.scorecard.reasons import Part, Split
from marops.workspaces.store import OWN, SAMPLE
from tests.scorecard.made import MARCH, ad, at, facts, fill, lead

YEAR = Scope(SAMPLE, Period(date(2025, 11, 1), date(2026, 10, 31)), Comparison.PREVIOUS)


def said(kpi_id: str, value: float, split: Split) -> list[str]:
    found = measured(kpi_id, MARCH, value, facts())
    return [Reader.of("en").say(words) for words in reasons.sentences(KPIS[kpi_id], found, split)]


def test_the_groups_of_every_rate_of_the_sample_company_come_to_its_change(sample_home: Path):
    told = 0
    for kpi in KPIS:
        row = service.row(LOCAL_ADMIN, YEAR, kpi)
        assert row is not None
        for split in why.splits(LOCAL_ADMIN, YEAR, kpi):
            told += 1
            assert row.change is not None
            assert split.change == pytest.approx(row.change.value, rel=1e-9, abs=1e-12), (kpi, split.by)
            assert sum(part.effect for part in split.parts) == pytest.approx(split.change, rel=1e-9, abs=1e-12)
            assert sum(part.effect for part in split.largest(3)) == pytest.approx(split.change, rel=1e-9, abs=1e-12)
    assert told == 5 + 5 * 3 + 1  # IT5, IT9, J5, J8, M1; M2, M3, M4, M8, M10 three ways each; M7


def test_what_is_counted_by_group_is_the_kpi_itself():
    found = facts(
        leads=[
            lead(at(3, 2), mql=1, sal=5, channel="A"), lead(at(3, 2), mql=1, channel="A"),
            lead(at(3, 2), mql=1, sal=900, channel="B"), lead(at(3, 3), mql=1, sal=2, channel=""),
        ],
        ads=[ad(date(2026, 3, 5), 300.0, channel="A"), ad(date(2026, 3, 5), 100.0, channel="B")],
    )  # fmt: skip
    assert groups.counted("M2", found, MARCH, By.CHANNEL) == {"": (1, 1), "A": (1, 2), "B": (0, 1)}  # 900 h are too late
    assert groups.counted("M8", found, MARCH, By.CHANNEL) == {"A": (300, 1), "B": (100, 0)}
    assert measure(KPIS["M8"], found, MARCH).value == 400


def test_one_unit_is_not_told_apart_by_unit():
    assert groups.ways("M2", facts()) == (By.CHANNEL, By.UNIT, By.CAMPAIGN)
    assert groups.ways("M2", facts(unit="Retail")) == (By.CHANNEL, By.CAMPAIGN)
    assert groups.ways("IT1", facts()) == ()


def test_a_mix_that_hides_what_happened_inside_the_groups_is_said():
    """The published case: conversion falls although it rises inside the channels."""
    parts = Part("Search", -0.0003, -0.0018), Part("Email", 0.0010, -0.0003), Part("Direct", 0.0001, -0.0002)
    split = Split(By.CHANNEL, 0.0505, 0.049, parts)
    assert said("M2", 0.049, split) == [
        "Inside the groups by channel Lead acceptance changed by 0.08 points; how the groups' shares moved adds -0.2 points.",
        "In all it fell although it rose inside the groups: their mix hides it.",
        "Most of it: Search -0.2 points, Direct -0.01 points.",
        "Against it: Email 0.07 points.",
    ]


def test_one_group_that_is_most_of_a_change_is_named():
    split = Split(By.UNIT, 0.6, 0.5, (Part("A", -0.08), Part("B", -0.01), Part("C", -0.01)))
    assert said("M2", 0.5, split)[-1] == "A alone is 80% of what moved that way."
    even = Split(By.UNIT, 0.6, 0.51, (Part("A", -0.03), Part("B", -0.03), Part("C", -0.03)))
    assert "alone" not in " ".join(said("M2", 0.51, even))


@pytest.mark.parametrize(
    ("value", "before", "words"),
    [
        (0.6, 0.5, None),
        (0.5, 0.45, "10 points to the target: at this pace 2 more such periods."),
        (0.5, 0.55, "10 points to the target, and it does not come nearer."),
        (0.5, None, "10 points to the target."),
        (0.5, 0.499, "10 points to the target; at the pace since the time before it is out of reach."),
    ],
)
def test_the_way_to_a_target_is_told_by_the_pace(value, before, words):
    goal = Goal("M2", "at_least", 0.6, None, date(2026, 1, 1), None)
    now, then = measured("M2", MARCH, value, facts()), None if before is None else measured("M2", MARCH, before, facts())
    found = reasons.pace(now, then, goal)
    assert (None if found is None else Reader.of("en").say(found)) == words
    assert reasons.pace(now, then, None) is None


# Outages


def test_each_outage_is_told_with_what_it_took(sample_home: Path):
    found = why.incidents(LOCAL_ADMIN, YEAR)
    assert [(one.services, one.start, round(one.hours, 2), one.reason) for one in found] == [
        ("Landing pages", datetime(2026, 10, 8, 9, 15, tzinfo=UTC), 10.0, "Internal server error"),
        ("Landing pages", datetime(2026, 4, 22, 18, 40, tzinfo=UTC), 1.03, "Certificate expired"),
    ]
    both = service.row(LOCAL_ADMIN, YEAR, "J2")
    assert both is not None
    assert sum(one.spend or 0 for one in found) == pytest.approx(both.measure.value)
    assert found[0].interval is not None
    assert found[0].interval.low < found[0].leads < found[0].interval.high


# What moves with it


def test_a_kpi_that_follows_another_by_two_weeks_is_found_at_two_weeks(home: Path):
    """As many leads are accepted as moves had a reason two weeks before (both in per cent of a hundred a week)."""
    rng = np.random.default_rng(3)
    reasoned = rng.integers(40, 80, 62)
    accepted = reasoned[:-2] + rng.integers(-3, 4, 60)
    leads, moves = [], []
    monday = datetime(2025, 1, 6, 12, tzinfo=UTC)
    for week, (with_reason, hits) in enumerate(zip(reasoned[2:], accepted, strict=True)):
        for n in range(100):
            key, day = f"{week}-{n}", monday + timedelta(weeks=week)
            leads.append({"lead_id": key, "created_at": day})
            moves.append({"lead_id": key, "status_sequence": 1, "stage": "Lead", "date_stage_entered": day, "reason": None})
            reason = "Score" if n < with_reason else None
            moves.append({"lead_id": key, "status_sequence": 2, "stage": "MQL", "date_stage_entered": day, "reason": reason})
            if n < hits:  # three weeks later, so that its own reason does not count in the same week
                later = day + timedelta(days=13)
                moves.append({"lead_id": key, "status_sequence": 3, "stage": "SAL", "date_stage_entered": later, "reason": reason})
    fill("lead", leads)
    fill("lead_stage_history", moves)
    told = why.moves_with(LOCAL_ADMIN, Scope(OWN, MARCH), "M2", "M1")
    assert told.weeks >= 50
    assert isinstance(told.found, Link)
    assert told.found.first is not None
    assert told.found.first.lag == 2
    assert why.moves_with(LOCAL_ADMIN, Scope(OWN, MARCH), "M2", "IT9").found is NoAnswer.TOO_SHORT


@pytest.mark.parametrize(
    ("lag", "other", "words"),
    [
        (3, "M1", "Status at each move 3 weeks before: one point more goes with 0.5 points (0.2 points to 0.8 points)"),
        (0, "IT4", "Time from MQL to next stage in the same week: one unit more goes with 50 points (20 points to 80 points)"),
    ],
)
def test_a_link_is_told_by_the_point_or_the_unit_and_its_delay(lag, other, words):
    found = Link((Lag(lag, 0.6, 0.3, 0.5, 0.2, 0.8),), (), 1, 60)
    said = reasons.linked(KPIS["M2"], measured("M2", MARCH, 0.6, facts()), KPIS[other], found, 60)
    assert Reader.of("en").say(said) == f"Lead acceptance moves with {words}, over 60 weeks."


def test_nothing_beyond_chance_is_said_as_that():
    found = Link((Lag(3, 0.1, 0.3, 0.5, -0.2, 0.8),), (), 1, 60)
    said = reasons.linked(KPIS["M2"], measured("M2", MARCH, 0.6, facts()), KPIS["M1"], found, 60)
    assert str(said).startswith("Lead acceptance does not move with Status at each move")


# Rows


def test_every_kpi_leads_to_rows_with_their_file(sample_home: Path):
    for kpi in KPIS:
        found = why.rows(LOCAL_ADMIN, YEAR, kpi)
        if kpi in {"IT6", "J10"}:
            assert found is None
            continue
        assert found is not None
        assert found.total >= found.rows.height > 0
        assert found.rows.height == min(found.total, why.SHOWN)
        assert found.rows[why.FILE].null_count() == found.rows["source_row_number"].null_count() == 0


def test_the_rows_are_those_of_the_period_and_of_the_unit(home: Path):
    history = [{"lead_id": key, "status_sequence": 1, "stage": stage, "date_stage_entered": day} for key, stage, day in (
        ("a", "MQL", at(3, 2)), ("b", "MQL", at(3, 3)), ("c", "SAL", at(3, 3)), ("d", "MQL", at(4, 1)))]  # fmt: skip
    fill(
        "lead",
        [
            {"lead_id": key, "created_at": at(3, 1), "business_unit": unit}
            for key, unit in zip("abcd", ("R", "S", "R", "R"), strict=True)
        ],
    )
    fill("lead_stage_history", history)
    found = why.rows(LOCAL_ADMIN, Scope(OWN, MARCH), "M2")
    assert found is not None
    assert found.rows.select("lead_id", "source_row_number", "file").rows() == [
        ("b", 2, "lead_stage_history.csv"),
        ("a", 1, "lead_stage_history.csv"),
    ]
    of_unit = why.rows(LOCAL_ADMIN, Scope(OWN, MARCH, unit="R"), "M2")
    assert of_unit is not None
    assert of_unit.rows["lead_id"].to_list() == ["a"]


def test_the_files_behind_a_kpi_are_named_with_how_far_they_go(home: Path):
    fill("lead", [{"lead_id": "a", "created_at": at(3, 2)}])
    fill("lead_stage_history", [{"lead_id": "a", "status_sequence": 1, "stage": "MQL", "date_stage_entered": at(3, 5)}])
    found = why.sources(LOCAL_ADMIN, Scope(OWN, MARCH), "M2")
    assert [(one.table, one.file, one.rows, one.last_day, one.imported_by) for one in found] == [
        ("lead", "lead.csv", 1, date(2026, 3, 2), "test"),
        ("lead_stage_history", "lead_stage_history.csv", 1, date(2026, 3, 5), "test"),
    ]
    assert month_of(date(2026, 3, 9)) == MARCH
    assert found[0].imported_at > datetime.now(UTC) - timedelta(minutes=5)
