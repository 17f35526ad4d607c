"""In which order to work on launches: by what a day of delay costs, for each day that is left."""

from dataclasses import replace

import polars as pl

from marops.pipeline import ordering
from tests.pipeline.made import after
from tests.pipeline.test_delivery import found

NONE = pl.DataFrame(schema={"issue_id": pl.String, "needs": pl.String})
LEFT = {"build": 10.0, "qa": 2.0}


def risks(*rows: tuple[str, str, float | None]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"issue_id": pl.String, "stage": pl.String, "at_risk": pl.Float64}, orient="row")


def order(
    *rows: tuple[str, str, float | None], needs: pl.DataFrame = NONE, undated: tuple[tuple[str, str | None], ...] = ()
) -> list[str]:
    """`undated`: open work without a date."""
    found = risks(*rows)
    more = pl.DataFrame(undated, schema={"issue_id": pl.String, "stage": pl.String}, orient="row")
    open_ = pl.concat([found.select("issue_id", "stage"), more])
    return ordering.first_things_first(open_, found, LEFT, needs, pl.lit(1.0))["issue_id"].to_list()


def test_what_is_left_of_a_stage_is_the_median_from_its_last_entry_to_the_launch() -> None:
    steps = {f"i{n}": [("build", 0), ("qa", 4), ("build", 6), ("qa", 10), ("execution", 10 + n)] for n in range(1, 12)}
    # the sixth of eleven: 6 days after QA was entered again, 10 after Build was
    assert ordering.left_by_stage(found(**steps)) == {"build": 10, "qa": 6}
    assert ordering.left_by_stage(found(**dict(list(steps.items())[:9]))) == {}
    # Three years later the last year that trackers tell of is still the one in which it was launched.
    later = replace(found(end=after(60), **steps), end=after(60 + 3 * 365))
    assert (later.reach, ordering.left_by_stage(later)) == (after(60), {"build": 10, "qa": 6})


def test_a_short_job_comes_before_a_dearer_long_one() -> None:
    # 50 for 2 days are 25 a day, 200 for 10 days are 20
    assert order(("dear", "build", 200), ("short", "qa", 50)) == ["short", "dear"]
    assert order(("dear", "build", 300), ("short", "qa", 50)) == ["dear", "short"]


def test_what_a_dear_one_needs_comes_before_it() -> None:
    needs = pl.DataFrame({"issue_id": ["dear"], "needs": ["cheap"]})
    assert order(("dear", "qa", 400), ("cheap", "build", 1), ("other", "qa", 60), needs=needs) == ["cheap", "dear", "other"]


def test_what_cannot_be_weighed_has_no_place() -> None:
    assert order(("unpriced", "qa", None), ("untimed", "validation", 50), ("known", "qa", 1)) == ["known"]


def test_work_that_needs_itself_is_in_no_order() -> None:
    needs = pl.DataFrame({"issue_id": ["a", "b"], "needs": ["b", "a"]})
    assert order(("a", "qa", 1), ("b", "qa", 2), needs=needs) == []


def test_what_others_need_has_a_place_though_nobody_said_what_it_is_worth() -> None:
    needs = pl.DataFrame({"issue_id": ["a", "b"], "needs": ["b", "c"]})
    assert order(("a", "qa", 1000), ("b", "qa", None), ("c", "qa", 10), ("alone", "qa", None), needs=needs) == ["c", "b", "a"]


def test_what_is_needed_comes_first_without_a_date_and_where_nobody_can_time_it() -> None:
    """a needs b, which has no date, b needs c, whose stage nobody can time: both carry what a costs. d is alone and worth less."""
    needs = pl.DataFrame({"issue_id": ["a", "b"], "needs": ["b", "c"]})
    rows = [("a", "build", 1000.0), ("c", "validation", 1.0), ("d", "qa", 50.0)]
    assert order(*rows, needs=needs, undated=(("b", "qa"), ("alone", "qa"))) == ["c", "b", "a", "d"]
    assert order(*rows, needs=needs, undated=(("b", None),)) == ["c", "b", "a", "d"]
    found = ordering.first_things_first(
        pl.DataFrame({"issue_id": list("abcd"), "stage": ["build", "qa", "validation", "qa"]}), risks(*rows), LEFT, needs,
        pl.lit(1.0),
    )  # fmt: skip
    assert dict(found.select("issue_id", "left").iter_rows()) == {"c": None, "b": 2.0, "a": 10.0, "d": 2.0}


def test_what_is_done_is_not_waited_for() -> None:
    needs = pl.DataFrame({"issue_id": ["a"], "needs": ["done"]})
    assert order(("a", "build", 1000), ("d", "qa", 50), needs=needs) == ["a", "d"]
