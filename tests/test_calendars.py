"""Working calendars: hours between moments, when a goal is due, days off; the clocks' change and published cases."""

import json
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marops.calendars import Calendar
from tests.conftest import case
from tests.pipeline.made import log_of

OFFICE = Calendar()


def moment(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def hours(start: datetime | None, end: datetime | None, calendar: Calendar = OFFICE) -> float | None:
    kind = pl.Datetime("us", "UTC")
    return calendar.hours(pl.Series([start], dtype=kind), pl.Series([end], dtype=kind))[0]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (moment(2026, 3, 2, 10), moment(2026, 3, 2, 12), 2),
        (moment(2026, 3, 2, 3), moment(2026, 3, 2, 23), 8),
        (moment(2026, 3, 6, 16), moment(2026, 3, 9, 10), 2),  # Friday to Monday
        (moment(2026, 3, 7, 10), moment(2026, 3, 8, 18), 0),
        (moment(2026, 3, 2, 17), moment(2026, 3, 3, 9), 0),
        (moment(2026, 3, 3, 10), moment(2026, 3, 2, 10), 0),
        (None, moment(2026, 3, 2, 10), None),
        (moment(2026, 3, 2, 10), None, None),
    ],
)
def test_hours_are_those_in_which_somebody_works(start: datetime | None, end: datetime | None, expected: float | None) -> None:
    assert hours(start, end) == expected


def test_holidays_and_breaks_are_no_working_hours() -> None:
    found = Calendar(
        week={0: ((time(8), time(12)), (time(13), time(17))), 1: ((time(8), time(12)),)}, holidays=frozenset({date(2026, 3, 9)})
    )
    assert hours(moment(2026, 3, 2, 11), moment(2026, 3, 2, 14), found) == 2
    assert hours(moment(2026, 3, 8, 0), moment(2026, 3, 11, 0), found) == 4
    assert found.working_days(date(2026, 3, 2), date(2026, 3, 10)) == [date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 10)]


def test_what_happens_on_a_day_off_counts_on_the_next_working_day() -> None:
    found = Calendar(holidays=frozenset({date(2026, 3, 9)}))
    dates = pl.Series([date(2026, 3, day) for day in (1, 5, 6, 7, 8, 9, 10, 10, 12)], dtype=pl.Date)
    assert found.counts(dates, date(2026, 3, 5), date(2026, 3, 11)) == [1, 1, 5, 0]


def test_hours_are_those_of_the_zone_and_a_night_shift_has_an_hour_less_when_the_clocks_go_forward() -> None:
    berlin = Calendar("Europe/Berlin", {6: ((time(0), time(6)),), 0: ((time(9), time(17)),)})
    assert hours(moment(2026, 3, 28, 12), moment(2026, 3, 29, 12), berlin) == 5
    assert hours(moment(2026, 3, 30, 7), moment(2026, 3, 30, 8), berlin) == 1  # 9:00 there


def test_hours_that_the_clocks_leave_out_are_not_worked_and_touching_hours_are_worked_once() -> None:
    night = Calendar("Europe/Berlin", {6: ((time(1), time(2, 30)), (time(2, 30), time(4)))})
    # 2:00 to 3:00 does not exist on that Sunday: 1:00 to 4:00 are two hours
    assert hours(moment(2026, 3, 28, 12), moment(2026, 3, 29, 12), night) == 2
    touching = Calendar(week={0: ((time(9), time(12)), (time(12), time(13)))})
    assert hours(moment(2026, 3, 2), moment(2026, 3, 3), touching) == 4


def test_a_working_day_is_found_by_its_number() -> None:
    free = Calendar(holidays=frozenset({date(2026, 3, 9)}))
    friday = date(2026, 3, 6)
    assert [free.working_day(friday, number) for number in (0, 1, 2, 5)] == [
        friday, date(2026, 3, 10), date(2026, 3, 11), date(2026, 3, 16),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "week", [{0: ((time(9), time(8)),)}, {0: ((time(9), time(12)), (time(11), time(13)))}, {7: ((time(9), time(10)),)}, {}, {0: ()}]
)
def test_hours_that_make_no_sense_are_refused(week: dict[int, tuple[tuple[time, time], ...]]) -> None:
    with pytest.raises(ValueError, match="hours"):
        Calendar(week=week)


MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@given(MOMENTS, MOMENTS, MOMENTS)
def test_hours_add_up_and_are_never_more_than_have_passed(a: datetime, b: datetime, c: datetime) -> None:
    a, b, c = sorted((a, b, c))
    lisbon = Calendar("Europe/Lisbon")
    first, second, both = hours(a, b, lisbon), hours(b, c, lisbon), hours(a, c, lisbon)
    assert first is not None and second is not None and both is not None  # noqa: PT018
    assert first + second == pytest.approx(both, abs=1e-6)
    assert 0 <= both <= (c - a) / timedelta(hours=1) + 1e-9


@given(MOMENTS, st.floats(0.1, 200))
def test_a_goal_is_due_when_its_hours_have_passed(start: datetime, goal: float) -> None:
    new_york = Calendar("America/New_York", holidays=frozenset({date(2026, 7, 3)}))
    assert hours(start, new_york.due(start, goal).astimezone(UTC), new_york) == pytest.approx(goal, abs=1e-6)


def test_a_goal_of_sixteen_hours_is_due_when_the_published_example_says() -> None:
    said = json.loads(case("flow", "13_jsm_sla_calendar", "case.json").read_text(encoding="utf-8"))
    names = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    week = {
        names.index(day): ((time.fromisoformat(slot[0]), time.fromisoformat(slot[1])),) for day, slot in said["working"].items()
    }
    due = Calendar(week=week).due(moment(2026, 3, 2, 11), said["goal_hours"])
    assert f"{due:%A %H:%M}" == said["due"]


def test_business_hours_of_the_running_example_are_pm4pys_case_by_case() -> None:
    said = json.loads(case("flow", "04_running-example", "business_hours.pm4py.json").read_text(encoding="utf-8"))
    spans = (
        log_of("04_running-example").group_by("case").agg(pl.col("at").first().alias("first"), pl.col("at").last().alias("last"))
    )
    found = dict(zip(spans["case"], OFFICE.hours(spans["first"], spans["last"]), strict=True))
    assert found == pytest.approx(said["per_case_hours"])


def test_business_hours_of_the_helpdesk_are_pm4pys() -> None:
    said = json.loads(case("flow", "07_helpdesk", "business_hours.pm4py.json").read_text(encoding="utf-8"))
    spans = log_of("07_helpdesk").group_by("case").agg(pl.col("at").first().alias("first"), pl.col("at").last().alias("last"))
    found = OFFICE.hours(spans["first"], spans["last"]).to_numpy()
    shares = [float(np.quantile(found, share)) for share in (0.5, 0.85, 0.95, 1)]
    assert (len(found), found.mean(), *shares) == pytest.approx(
        (said["n"], said["mean_h"], said["p50_h"], said["p85_h"], said["p95_h"], said["max_h"])
    )


def test_a_working_day_has_as_many_hours_as_the_days_of_the_week_that_are_worked_have_on_average() -> None:
    """Four days of nine to twelve and one to six, and a Friday of four hours: 7.2 hours."""
    full, friday = ((time(9), time(12)), (time(13), time(18))), ((time(9), time(13)),)
    calendar = Calendar(week={0: full, 1: full, 2: full, 3: full, 4: friday, 5: ()})
    assert calendar.hours_a_day == pytest.approx(7.2)
    week = pl.Series([datetime(2026, 3, 2, tzinfo=UTC)]), pl.Series([datetime(2026, 3, 9, tzinfo=UTC)])
    assert calendar.days(*week).to_list() == [pytest.approx(5)]


def test_days_off_are_lighthouses_blackout_days() -> None:
    said = json.loads(case("flow", "03_lighthouse_units", "case.json").read_text(encoding="utf-8"))["blackout_indices"]
    first, last = (date.fromisoformat(day) for day in said["range"])
    for each in said["cases"]:
        start, end = (date.fromisoformat(day) for day in each["blackout"])
        off = frozenset(start + timedelta(days=at) for at in range((end - start).days + 1))
        always = Calendar(week={day: ((time(0), time(23)),) for day in range(7)}, holidays=off)
        days = [first + timedelta(days=at) for at in range((last - first).days + 1)]
        assert [at for at, day in enumerate(days) if not always.is_working(day)] == each["idx"]
        assert always.working_days(first, last) == [day for at, day in enumerate(days) if at not in each["idx"]]


def test_a_goal_that_is_never_due_is_refused() -> None:
    once = Calendar(week={0: ((time(9), time(9, 1)),)})
    with pytest.raises(ValueError, match="not over within"):
        once.due(datetime(2026, 3, 2, tzinfo=ZoneInfo("UTC")), 100)


SAO_PAULO, TOKYO = Calendar("America/Sao_Paulo"), Calendar("Asia/Tokyo")


@pytest.mark.parametrize(
    ("calendar", "at", "day"),
    [
        pytest.param(SAO_PAULO, moment(2026, 3, 13, 2, 30), date(2026, 3, 12), id="an evening in São Paulo"),
        pytest.param(SAO_PAULO, moment(2026, 3, 13, 3), date(2026, 3, 13), id="its midnight"),
        pytest.param(SAO_PAULO, moment(2026, 3, 13), date(2026, 3, 13), id="a day without an hour"),
        pytest.param(SAO_PAULO, moment(2026, 3, 13, 0, 0, 1), date(2026, 3, 12), id="a second later"),
        pytest.param(TOKYO, moment(2026, 3, 12, 15), date(2026, 3, 13), id="midnight in Tokyo"),
        pytest.param(OFFICE, moment(2026, 3, 12, 23, 59), date(2026, 3, 12), id="UTC"),
    ],
)
def test_a_moment_is_on_the_day_that_it_was_in_the_calendars_zone(calendar: Calendar, at: datetime, day: date) -> None:
    found = pl.DataFrame({"at": [at, None]}, schema={"at": pl.Datetime("us", "UTC")}).select(calendar.days_of(pl.col("at")))
    assert (calendar.day(at), found.to_series().to_list()) == (day, [day, None])


@pytest.mark.parametrize(
    ("calendar", "day", "over"),
    [
        pytest.param(SAO_PAULO, date(2026, 3, 12), moment(2026, 3, 13, 3), id="São Paulo"),
        pytest.param(SAO_PAULO, date(2018, 11, 3), moment(2018, 11, 4, 3), id="a midnight that the clock left out"),
        pytest.param(Calendar("Europe/London"), date(2026, 3, 28), moment(2026, 3, 29), id="an hour left out after midnight"),
        pytest.param(SAO_PAULO, date(2018, 2, 17), moment(2018, 2, 18, 3), id="a day with an hour twice"),
        pytest.param(TOKYO, date(2026, 3, 12), moment(2026, 3, 12, 15), id="Tokyo"),
        pytest.param(OFFICE, date(2026, 3, 12), moment(2026, 3, 13), id="UTC"),
    ],
)
def test_a_day_is_over_when_the_next_one_begins_in_the_calendars_zone(calendar: Calendar, day: date, over: datetime) -> None:
    found = pl.DataFrame({"day": [day, None]}, schema={"day": pl.Date}).select(calendar.overs(pl.col("day")))
    assert (calendar.over(day), found.to_series().to_list()) == (over, [over, None])
