"""The order of work by cost of delay and length, with what others wait for."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marops.errors import UserError
from marops.pipeline.priority import Job, shortest_weighted_first
from tests.conftest import case


def order(*jobs: Job) -> list[str]:
    return [ranked.job.id for ranked in shortest_weighted_first(jobs)]


def test_scores_and_order_are_those_of_the_published_spreadsheet() -> None:
    rows = json.loads(case("flow", "10_fo_cost_of_delay", "expected.json").read_text(encoding="utf-8"))["items"]
    jobs = [Job(str(row["id"]), row["days"], row["value"] / 30, (str(row["prereq"]),) if row.get("prereq") else ()) for row in rows]
    found = shortest_weighted_first(jobs)
    scores = {ranked.job.id: ranked.score for ranked in found}
    assert scores == pytest.approx({str(row["id"]): row.get("wsjf", row.get("wsjf_with_children")) for row in rows})
    assert [ranked.job.id for ranked in found] == [str(row["id"]) for row in sorted(rows, key=lambda row: row["rank"])]


def test_what_others_wait_for_carries_their_cost_once_however_many_ways_lead_there() -> None:
    jobs = (Job("a", 1, 1), Job("b", 1, 10, ("a",)), Job("c", 1, 100, ("a",)), Job("d", 1, 1000, ("b", "c")))
    costs = {ranked.job.id: ranked.cost_of_delay for ranked in shortest_weighted_first(jobs)}
    assert costs == {"a": 1111, "b": 1010, "c": 1100, "d": 1000}


def test_nothing_comes_before_what_it_needs_however_urgent_it_is() -> None:
    assert order(Job("urgent", 1, 100, ("long",)), Job("long", 1_000, 0), Job("other", 1, 1)) == ["long", "urgent", "other"]


def test_what_is_needed_and_not_there_is_taken_to_be_done() -> None:
    assert order(Job("a", 2, 4, ("finished",)), Job("b", 1, 3)) == ["b", "a"]


def test_jobs_that_wait_for_each_other_or_have_no_length_are_refused() -> None:
    with pytest.raises(UserError, match="wait for each other") as circle:
        order(Job("a", 1, 1, ("b",)), Job("b", 1, 1, ("a",)))
    assert "a" in str(circle.value)
    with pytest.raises(UserError, match="a has no days left"):
        order(Job("a", 0, 1))
    for unknown in (float("nan"), float("inf")):
        with pytest.raises(UserError, match="a has no days left"):
            order(Job("a", unknown, 1))
        with pytest.raises(UserError, match="a has no days left"):
            order(Job("a", 1, unknown))
    with pytest.raises(UserError, match="a is given twice"):
        order(Job("a", 1, 1), Job("a", 2, 1))


JOBS = st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9), st.sets(st.integers(0, 7), max_size=3)), max_size=8)


@given(JOBS)
def test_every_job_comes_once_and_after_all_it_needs(found: list[tuple[int, int, set[int]]]) -> None:
    jobs = [
        Job(str(at), days, cost, tuple(str(need) for need in sorted(needs) if need < at))
        for at, (days, cost, needs) in enumerate(found)
    ]
    ids = order(*jobs)
    assert sorted(ids) == sorted(job.id for job in jobs)
    assert all(ids.index(need) < ids.index(job.id) for job in jobs for need in job.needs)
