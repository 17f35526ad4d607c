"""Which launches will miss their date: the share among campaigns that stood as far as long before theirs, and how that held."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from marops.calendars import Calendar
from marops.pipeline import lateness
from marops.stats import wilson

END = datetime(2026, 6, 1, tzinfo=UTC)
"""The start of a day: what has a date of 31 May is over."""

WORK = {
    "issue_id": pl.String, "created_at": pl.Datetime("us", "UTC"), "due_date": pl.Date, "launched_at": pl.Datetime("us", "UTC"),
    "stage": pl.String, "since": pl.Datetime("us", "UTC"), "done_at": pl.Datetime("us", "UTC"),
}  # fmt: skip
VISITS = {
    "issue_id": pl.String, "visit": pl.Int64, "stage": pl.String, "entered_at": pl.Datetime("us", "UTC"),
    "left_at": pl.Datetime("us", "UTC"),
}  # fmt: skip


class Tracker:
    """Campaigns of one tracker: past ones due on a day of January, and those that are open."""

    def __init__(self) -> None:
        self.work: list[tuple[object, ...]] = []
        self.visits: list[tuple[object, ...]] = []

    def past(self, count: int, *, late_by: int | None, build_until: int, due: date = date(2026, 1, 20)) -> None:
        """Campaigns in Build from 30 to `build_until` days before their date is over, then in QA, launched at noon `late_by` days
        after it (negative: before; None: never, and withdrawn `build_until` days before it is over).
        """
        over = datetime.combine(due, datetime.min.time(), UTC) + timedelta(days=1)
        for _ in range(count):
            issue = f"past-{len(self.work)}"
            entered, left = over - timedelta(days=30), over - timedelta(days=build_until)
            self.visits.append((issue, 1, "build", entered, left))
            if late_by is None:
                self.work.append((issue, entered, due, None, "done", left, left))
                continue
            launched = over + timedelta(days=late_by, hours=-12)
            self.visits.append((issue, 2, "qa", left, launched))
            self.work.append((issue, entered, due, launched, "execution", launched, None))

    def open(self, issue: str, due: date, stage: str = "build", days: int = 10) -> None:
        """A campaign that has stood in a stage for some days."""
        since = END - timedelta(days=days)
        self.visits.append((issue, 1, stage, since, None))
        self.work.append((issue, since, due, None, stage, since, None))

    @property
    def frames(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """What the roll-ups would give."""
        return pl.DataFrame(self.work, schema=WORK, orient="row"), pl.DataFrame(self.visits, schema=VISITS, orient="row")

    def risk(self, issue: str = "now") -> dict[str, object]:
        """The row of one campaign."""
        return lateness.risks(*self.frames, END).filter(issue_id=issue).row(0, named=True)


def test_the_chance_is_the_share_of_late_ones_among_those_that_stood_there_as_long_before_their_date() -> None:
    tracker = Tracker()
    tracker.past(9, late_by=-2, build_until=8)
    tracker.past(3, late_by=4, build_until=8)
    tracker.past(20, late_by=30, build_until=15)  # had left Build by then
    tracker.open("now", date(2026, 6, 9))  # over in nine days
    found = tracker.risk()
    low, high = wilson(3, 12)
    assert (found["chance"], found["comparable"], found["late"], found["near"]) == (0.25, 12, 3, 0)
    assert (found["low"], found["high"]) == (low, high)
    assert found["likely"] == date(2026, 6, 7)


def test_where_half_were_launched_later_the_likely_day_is_later() -> None:
    tracker = Tracker()
    tracker.past(5, late_by=0, build_until=5)
    tracker.past(8, late_by=6, build_until=5)
    tracker.open("now", date(2026, 6, 9))
    assert (tracker.risk()["likely"], tracker.risk()["late"]) == (date(2026, 6, 15), 8)


def test_of_fewer_than_ten_nothing_is_said_and_some_days_nearer_or_farther_are_taken_first() -> None:
    tracker = Tracker()
    tracker.past(9, late_by=1, build_until=8)
    tracker.open("now", date(2026, 6, 9))
    assert [tracker.risk()[name] for name in ("chance", "low", "likely", "comparable")] == [None, None, None, 9]
    tracker.past(3, late_by=-1, build_until=11)  # left Build two days before that
    found = tracker.risk()
    assert (found["comparable"], found["late"], found["near"]) == (12, 9, 3)


def test_a_date_that_has_passed_is_missed_for_certain_and_the_likely_day_follows_from_those_as_late() -> None:
    tracker = Tracker()
    tracker.open("now", date(2026, 5, 31))
    found = tracker.risk()
    assert [found[name] for name in ("chance", "low", "high", "likely")] == [1.0, None, None, None]
    tracker.past(12, late_by=9, build_until=-3)  # still in Build three days after their date
    tracker.open("later", date(2026, 5, 29))
    assert (tracker.risk("later")["chance"], tracker.risk("later")["likely"]) == (1.0, date(2026, 6, 7))


def test_what_is_launched_done_or_has_no_date_has_no_chance_and_what_was_withdrawn_teaches_nothing() -> None:
    tracker = Tracker()
    tracker.past(15, late_by=None, build_until=5)
    tracker.open("now", date(2026, 6, 9))
    tracker.work.append(("undated", END, None, None, "build", END, None))
    assert lateness.risks(*tracker.frames, END)["issue_id"].to_list() == ["now"]
    assert tracker.risk()["comparable"] == 0


def test_a_campaign_in_a_stage_nobody_knows_is_listed_and_late_once_its_date_has_passed() -> None:
    tracker = Tracker()
    tracker.work += [("odd", END, date(2026, 5, 1), *[None] * 4), ("early", END, date(2026, 7, 1), *[None] * 4)]
    assert [tracker.risk(issue)["chance"] for issue in ("odd", "early")] == [1.0, None]


def test_chances_are_held_against_what_became_of_the_launches() -> None:
    tracker = Tracker()
    for month in (1, 2, 3):
        tracker.past(9, late_by=-1, build_until=5, due=date(2026, month, 20))
        tracker.past(3, late_by=2, build_until=5, due=date(2026, month, 20))
    held = lateness.checked(*tracker.frames, END)
    # On 1 February nine of twelve had kept the date of January, on 1 March 18 of 24: 12 launches each time, a quarter late.
    assert held is not None
    assert (held.said, held.expected, held.late) == (24, pytest.approx(6), 6)


def test_what_was_not_known_then_is_not_used() -> None:
    tracker = Tracker()
    tracker.past(12, late_by=-1, build_until=5, due=date(2026, 5, 20))
    assert lateness.checked(*tracker.frames, END) is None


def test_days_are_those_where_the_workspace_works() -> None:
    tracker = Tracker()
    for month in (1, 2, 3):
        tracker.past(12, late_by=0, build_until=5, due=date(2026, month, 20))
    tracker.open("now", date(2026, 6, 9))
    work, visits = tracker.frames
    # Launched at half past eleven in the evening of their day, in São Paulo.
    evening = work.with_columns(pl.col("launched_at") + timedelta(hours=14, minutes=30))
    assert evening["launched_at"][0] == datetime(2026, 1, 21, 2, 30, tzinfo=UTC)

    def told(calendar: Calendar) -> tuple[object, ...]:
        found = lateness.risks(evening, visits, END, calendar).filter(issue_id="now").row(0, named=True)
        held = lateness.checked(evening, visits, END, calendar)
        assert held is not None
        return found["chance"], found["likely"], held.late

    assert told(Calendar("America/Sao_Paulo")) == (0, date(2026, 6, 9), 0)
    assert told(Calendar()) == (1, date(2026, 6, 10), 24)
