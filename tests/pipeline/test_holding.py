"""Who holds the work: exact times on logs made by hand, the law that the parts make the whole, and published cases."""

from datetime import datetime
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marops.pipeline import flow, holding
from tests.pipeline.made import NOW, after, clean, log_of

STAGES = ("Request", "Build", "QA", "Done")
DOES = {"Request": "Ana", "Build": "Ben", "QA": None}
"""Whose move it is in each stage; in QA nobody's."""


def approvals(*found: tuple[str, str, float | None, float | None, bool]) -> pl.DataFrame:
    """Approvals as (item, approver, asked, decided, whether it is his turn now), in days after the start."""
    rows = [(item, who, *(None if at is None else after(at) for at in times), turn) for item, who, *times, turn in found]
    return pl.DataFrame(rows, schema=holding.APPROVAL, orient="row")


def spans(
    log: pl.DataFrame, asked: pl.DataFrame | None = None, end: float = 10, waits: tuple[str, ...] | None = None
) -> pl.DataFrame:
    return holding.spans(flow.visits(log), DOES, approvals() if asked is None else asked, after(end), waits)


def told(found: pl.DataFrame) -> list[tuple[str, str | None, float, float, bool]]:
    """Each span as (stage, role, from, to, open), in days after the start."""
    days = [flow.days(pl.lit(after(0)), pl.col(name)).round(9).alias(name) for name in ("at", "until")]
    return found.select("stage", "role", *days, "open").rows()


# Whose time it is


def test_a_visit_is_held_by_who_the_log_says_else_by_who_must_act_there_else_by_nobody() -> None:
    log = clean(("a", "Request", 0), ("a", "Build", 2), ("a", "QA", 5), roles={"Request": "Zoe"})
    assert told(spans(log)) == [("Request", "Zoe", 0, 2, False), ("Build", "Ben", 2, 5, False), ("QA", None, 5, 10, True)]


def test_in_stages_that_do_not_count_nobody_is_waited_for() -> None:
    log = clean(("a", "Build", 0), ("a", "Done", 2), ("a", "Build", 3))
    found = spans(log, waits=("Request", "Build"))
    assert told(found) == [("Build", "Ben", 0, 2, False), ("Build", "Ben", 3, 10, True)]
    assert found["hold"].n_unique() == 2


def test_while_an_approval_waits_the_time_is_the_approvers() -> None:
    log = clean(("a", "Request", 0), ("a", "Build", 4))
    found = spans(log, approvals(("a", "Cai", 3, 6, False), ("b", "Cai", 0, None, True)))
    assert told(found) == [
        ("Request", "Ana", 0, 3, False), ("Request", "Cai", 3, 4, False), ("Build", "Cai", 4, 6, False),
        ("Build", "Ben", 6, 10, True),
    ]  # fmt: skip
    assert found["asked"].to_list() == [False, True, True, False]
    assert found["next_role"].to_list() == ["Cai", "Cai", "Ben", None]


def test_of_several_who_are_asked_the_one_asked_first_is_waited_for() -> None:
    asked = approvals(("a", "Dee", 2, 4, False), ("a", "Cai", 1, 3, False), ("a", "Eva", 2, None, True))
    found = spans(clean(("a", "Build", 0)), asked)
    assert told(found) == [
        ("Build", "Ben", 0, 1, False), ("Build", "Cai", 1, 3, False), ("Build", "Dee", 3, 4, False), ("Build", "Eva", 4, 10, True),
    ]  # fmt: skip


def test_who_was_asked_first_is_waited_for_though_others_asked_later_have_answered() -> None:
    asked = approvals(("a", "Cai", 1, 7, False), ("a", "Dee", 2, 3, False), ("a", "Eva", 4, 8, False))
    assert told(spans(clean(("a", "Build", 0)), asked)) == [
        ("Build", "Ben", 0, 1, False), ("Build", "Cai", 1, 7, False), ("Build", "Eva", 7, 8, False), ("Build", "Ben", 8, 10, True),
    ]  # fmt: skip


def test_who_has_not_been_asked_or_is_no_longer_is_not_waited_for() -> None:
    asked = approvals(("a", "Cai", None, None, False), ("a", "Dee", 2, None, False), ("a", "Eva", 11, None, True))
    assert told(spans(clean(("a", "Build", 0)), asked)) == [("Build", "Ben", 0, 10, True)]


def test_what_is_decided_after_the_data_end_is_pending() -> None:
    found = spans(clean(("a", "Build", 0)), approvals(("a", "Cai", 8, 12, False)))
    assert told(found) == [("Build", "Ben", 0, 8, False), ("Build", "Cai", 8, 10, True)]


MOVES = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(STAGES), st.integers(0, 20).map(float)), min_size=1, max_size=20)
ASKED = st.lists(
    st.tuples(
        st.sampled_from("abcd"), st.sampled_from(("Cai", "Dee", "Ana")), st.none() | st.integers(0, 24).map(float),
        st.none() | st.integers(0, 30).map(float), st.booleans(),
    ),
    max_size=8,
)  # fmt: skip


@given(MOVES, ASKED, st.none() | st.just(("Request", "QA")))
def test_the_times_of_roles_make_up_each_visit_without_gap_or_overlap(moves: list, asked: list, waits: tuple | None) -> None:
    visits = flow.visits(clean(*moves))
    end = after(22)
    found = holding.spans(visits, DOES, approvals(*asked), end, waits)
    counted = visits.filter(pl.col("stage").is_in(waits or STAGES))
    whole = counted.select("case", "at", pl.coalesce("left", pl.lit(end)).alias("until"))
    for item in "abc":
        parts = found.filter(case=item).select("at", "until").rows()
        assert all(at <= until for at, until in parts)
        assert all(before[1] <= later[0] for before, later in pairwise(parts))
        visited = whole.filter(pl.col("case").cast(pl.String) == item).select("at", "until").rows()
        assert joined(parts) == joined(visited)
    assert found["case"].n_unique() == counted["case"].n_unique()


def joined(spans: list[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Times that follow each other as one; those of no length left out."""
    made: list[tuple[datetime, datetime]] = []
    for at, until in spans:
        if made and made[-1][1] == at:
            made[-1] = (made[-1][0], until)
        elif at < until:
            made.append((at, until))
    return made


# Sums


LOG = clean(("a", "Request", 0), ("a", "Build", 2), ("a", "Request", 3), ("a", "Done", 4), ("b", "Request", 1), ("c", "Build", 5))
BEFORE_DONE = ("Request", "Build", "QA")


def test_days_held_are_of_spans_that_ended_and_apart_of_those_that_go_on() -> None:
    found = holding.held(spans(LOG, waits=BEFORE_DONE), "role")
    # Ana: a for 2 and 1 days, b for 9 so far. Ben: a for 1 day, c for 5 so far.
    assert found.rows() == [("Ana", 3.0, 1, 9.0, 1), ("Ben", 1.0, 1, 5.0, 1)]
    by_stage = holding.held(spans(LOG, waits=BEFORE_DONE), "stage", "role")
    assert by_stage.rows() == [("Request", "Ana", 3.0, 1, 9.0, 1), ("Build", "Ben", 1.0, 1, 5.0, 1)]


def test_only_the_part_of_a_span_in_the_period_counts() -> None:
    found = holding.held(holding.within(spans(LOG, waits=BEFORE_DONE), after(1.5), after(6)), "role")
    # Ana: a from 1.5 to 2 and from 3 to 4, b from 1.5 to 6. Ben: a from 2 to 3, c from 5 to 6.
    assert found.rows() == [("Ana", 1.5, 1, 4.5, 1), ("Ben", 1.0, 1, 1.0, 1)]


def test_who_must_act_now_has_items_the_oldest_of_them_and_what_they_bring_where_it_is_known() -> None:
    log = clean(("a", "Request", 0), ("b", "Request", 1), ("c", "Build", 5), ("d", "QA", 6), ("d", "Request", 7), ("e", "QA", 9))
    values = pl.DataFrame({"issue_id": ["a", "b", "d"], "value": [10.0, None, 5.0]})
    found = holding.now(holding.acting(spans(log, approvals(("b", "Ben", 2, None, True)))), after(10), values)
    assert found.columns == ["role", "items", "approvals", "oldest", "case", "value", "valued", "undated"]
    assert found.rows() == [
        ("Ana", 2, 0, 10.0, "a", 15.0, 2, 0), ("Ben", 2, 1, 8.0, "b", None, 0, 0), (None, 1, 0, 1.0, "e", None, 0, 0),
    ]  # fmt: skip


def test_of_an_item_of_which_nobody_knows_since_when_a_role_has_it_no_days_are_told() -> None:
    known = holding.acting(spans(clean(("a", "Request", 4)))).select("case", "role", "since", "asked")
    unknown = known.with_columns(pl.lit("b").alias("case"), pl.lit(None, pl.Datetime("us", "UTC")).alias("since"))
    none = pl.DataFrame(schema={"issue_id": pl.String, "value": pl.Float64})
    found = holding.now(pl.concat([unknown, known]), after(10), none).select("items", "oldest", "case", "undated")
    assert found.rows() == [(2, 6.0, "a", 1)]
    assert holding.now(unknown, after(10), none).select("items", "oldest", "case", "undated").rows() == [(1, None, "b", 1)]


def test_a_role_has_had_an_item_since_it_got_it_whatever_stages_it_moved_through() -> None:
    log = clean(("a", "Build", 0), ("a", "Request", 1), ("a", "QA", 3), roles={"Request": "Ana", "QA": "Ana"})
    found = holding.now(holding.acting(spans(log)), after(10), pl.DataFrame(schema={"issue_id": pl.String, "value": pl.Float64}))
    assert found.select("role", "oldest").rows() == [("Ana", 9.0)]
    nobodys = spans(clean(("a", "QA", 0), ("a", "Legal", 4)))
    assert holding.holds(nobodys).select("role", flow.days(pl.col("since"), pl.col("until"))).rows() == [(None, 10.0)]


# What passes between roles and sides


def test_hand_offs_count_approvers_and_say_nothing_of_nobody() -> None:
    log = clean(("a", "Request", 0), ("a", "Build", 2), ("a", "QA", 5), ("a", "Build", 6))
    found = holding.handoffs(spans(log, approvals(("a", "Cai", 3, 4, False))))
    assert found.rows() == [("Ana", "Ben", 1, 2.0), ("Ben", "Cai", 1, 1.0), ("Cai", "Ben", 1, 1.0)]


def test_work_that_was_done_between_was_not_handed_over() -> None:
    log = clean(("a", "Request", 0), ("a", "Done", 2), ("a", "Build", 5))
    assert holding.handoffs(spans(log, waits=BEFORE_DONE)).is_empty()


SIDES = {"Ana": "marketing", "Cai": "marketing", "Ben": "it", "Dee": ""}


def test_a_crossing_lasts_until_the_other_side_passes_it_on() -> None:
    log = clean(
        ("a", "Request", 0), ("a", "Build", 2), ("a", "Request", 5), ("b", "Request", 1), ("b", "Build", 2), ("c", "Build", 1),
    )  # fmt: skip
    found = holding.crossings(spans(log, end=6), SIDES, after(0), after(6))
    # IT had a for 3 days, and has b for 4 so far: half had left after 3. Marketing has a for a day so far.
    assert found.columns == ["side", "next_side", "times", "open", "median"]
    assert found.rows() == [("marketing", "it", 2, 1, 3.0), ("it", "marketing", 1, 1, None)]


def test_one_sides_roles_pass_work_on_among_themselves_and_roles_without_a_side_are_left_out() -> None:
    log = clean(("a", "Request", 0), ("a", "Build", 4), ("b", "Build", 0), ("b", "QA", 1), ("b", "Request", 2), roles={"QA": "Dee"})
    found = holding.crossings(spans(log, approvals(("a", "Cai", 1, 3, False)), end=6), SIDES, after(0), after(6))
    assert found.rows() == [("marketing", "it", 1, 1, None)]


def test_crossings_are_those_of_the_period() -> None:
    log = clean(("a", "Request", 0), ("a", "Build", 2), ("b", "Request", 0), ("b", "Build", 4))
    found = holding.crossings(spans(log), SIDES, after(3), after(4.5))
    assert found.select("times", "open").rows() == [(1, 1)]
    assert holding.crossings(spans(log), SIDES, after(2), after(4)).select("times").rows() == [(1,)]


# Published cases


def test_time_held_by_groups_of_the_receipts_is_the_published_one() -> None:
    visits = flow.visits(log_of("05_receipt"))
    found = holding.held(holding.spans(visits, {}, approvals(), NOW), "role")
    share = dict(found.select("role", pl.col("days") / pl.col("days").sum()).iter_rows())
    assert (round(share["Group 1"], 3), round(share["Group 2"], 3)) == (0.376, 0.344)
    assert found["days"].sum() == pytest.approx(visits.select(flow.days(pl.col("at"), pl.col("left")).sum()).item())


@pytest.mark.parametrize(("folder", "passed"), [("05_receipt", 5440), ("06_bpic2013_closed", 220)])
def test_hand_offs_between_groups_are_the_published_ones(folder: str, passed: int) -> None:
    found = holding.spans(flow.visits(log_of(folder)), {}, approvals(), NOW)
    assert holding.handoffs(found)["times"].sum() == passed


def test_time_by_sub_status_of_the_closed_problems_is_the_published_one() -> None:
    by_status = log_of("06_bpic2013_closed").with_columns(pl.col("lifecycle").alias("stage"), pl.lit(None, pl.String).alias("role"))
    does = {status: status for status in by_status["stage"].unique()}
    found = holding.held(holding.spans(flow.visits(by_status), does, approvals(), NOW), "role")
    share = dict(found.select("role", (pl.col("days") / pl.col("days").sum() * 100).round(1)).iter_rows())
    assert [share[status] for status in ("In Progress", "Assigned", "Wait", "Awaiting Assignment")] == [41.2, 31.0, 18.1, 7.1]
