"""Rows found by their moment are the rows a look at all of them finds; and what is kept between months changes no month."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marops.period import Period
from marops.principal import LOCAL_ADMIN
from marops.scorecard import inputs, metrics
from marops.scorecard.dated import Dated
from marops.scorecard.definitions import DEFINITIONS
from marops.scorecard.outages import Outage, outages
from marops.workspaces import service as workspaces
from marops.workspaces.store import SAMPLE
from tests.scorecard.made import ADS, LEADS, MARCH, ad, at, down, facts, frame, lead, watched

START = datetime(2026, 3, 1, tzinfo=UTC)
hours = st.integers(-50, 50)


@given(st.lists(st.none() | hours, max_size=30), hours, hours)
def test_rows_between_two_moments_are_those_a_filter_finds_in_the_same_order(ages, one, other):
    first, last = sorted((START + timedelta(hours=one), START + timedelta(hours=other)))
    moments = [None if age is None else START + timedelta(hours=age) for age in ages]
    rows = pl.DataFrame({"at": moments}, schema={"at": pl.Datetime("us", "UTC")}).with_row_index()
    found = Dated(rows, "at")
    assert found.between(first, last).equals(rows.filter(pl.col("at").is_between(first, last, closed="left")))
    assert found.before(last).equals(rows.filter(pl.col("at") < last))
    assert found.count_before(last) == found.before(last).height


def test_a_day_lies_in_the_period_that_ends_with_it():
    rows = [ad(MARCH.start, 1.0), ad(MARCH.end, 2.0), ad(MARCH.end + timedelta(days=1), 4.0)]
    assert facts(ads=rows).during("performance", "period_start", MARCH)["spend"].to_list() == [1.0, 2.0]


def test_a_row_that_goes_over_the_end_of_a_period_is_none_of_its_ads():
    rows = frame([{**ad(MARCH.start, 1.0), "period_end": MARCH.end + timedelta(days=1)}, ad(MARCH.end, 2.0)], ADS)
    assert replace(facts(), performance=rows).ads(MARCH)["spend"].to_list() == [2.0]


def test_facts_of_a_unit_find_its_rows_and_learn_from_all_units():
    both = facts(leads=[lead(at(3, 2), unit="Retail"), lead(at(3, 3), unit="Business")], unit="Business")
    assert both.during("leads", "created_at", MARCH)["unit"].to_list() == ["Business"]
    assert both.all_units.during("leads", "created_at", MARCH)["unit"].to_list() == ["Retail", "Business"]
    assert both.arrivals.created.tolist() == [at(3, 3).timestamp()]


def test_windows_longer_than_a_period_are_found_from_inside_it():
    found = facts(sli=watched("Web", at(1, 1), at(6, 1))).monitoring
    assert found.service_times(MARCH).rows() == [("Web", 31 * 86_400.0, 0.0)]
    assert found.covers(MARCH)


def test_leads_of_ads_in_an_outage_are_no_part_of_the_profile_up_to_its_last_moment():
    sli = down("Web", at(3, 4, 10), 2)
    leads = [lead(at(3, 4, hour)) for hour in (9, 10, 11, 12, 13)]
    profile = facts(leads=leads, sli=sli).arrivals.profile(at(3, 5))
    assert outages(frame(sli, facts().sli.schema)) == [Outage("Web", at(3, 4, 10), at(3, 4, 12))]
    assert profile[2].nonzero()[0].tolist() == [9, 13]  # a Wednesday
    assert facts(leads=leads, sli=sli).arrivals.profile(at(3, 4, 13))[2].nonzero()[0].tolist() == [9]


def test_what_is_worked_out_once_is_kept_by_its_facts_alone():
    found = facts(leads=[lead(at(3, 2))])
    assert found.once("a", lambda: 1) == found.once("a", lambda: 2) == 1
    other = replace(found, leads=frame([], LEADS))
    assert other.during("leads", "created_at", MARCH).height == 0


@pytest.mark.parametrize("unit", [None, "Retail"])
def test_each_month_of_the_history_is_what_facts_nobody_has_asked_before_say(sample_home: Path, unit):
    opened = workspaces.open_workspace(LOCAL_ADMIN, SAMPLE)
    assert opened.first_day is not None
    assert opened.last_day is not None
    history, known = inputs.history(opened, unit), inputs.facts_of(opened, unit)
    months = list(Period(opened.first_day, opened.last_day).months())
    for number in range(len(months) - 1, -1, -4):
        fresh = replace(known)
        for kpi in DEFINITIONS:
            if kpi.has_history:
                assert history[kpi.id][number] == metrics.measure(kpi, fresh, months[number])
