"""How dates of single items are read: exact where the past can be counted, and as often kept as they say where it varies."""

from datetime import date, datetime, time, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as drawn

from marops.calendars import Calendar
from marops.period import start_of
from marops.pipeline import backtest, calibration, finishing, forecast
from marops.pipeline.calibration import SURE, Calibration, Seen, Stay
from marops.pipeline.events import Workflow, placed
from marops.pipeline.finishing import Order
from tests.pipeline.made import after, events, mapped, past

EVERY_DAY = Calendar(week={weekday: ((time(9), time(17)),) for weekday in range(7)})
LAST = date(2027, 10, 1)
SEED = 20_260


def seen(*found: tuple[int, float, bool]) -> Seen:
    """(item, reading, is done) of usual stays."""
    items, readings, is_done = zip(*found, strict=True)
    return Seen(np.array(items), *(np.zeros(len(items), np.int64) for _ in range(2)), np.array(readings), np.array(is_done))


def test_a_share_is_read_where_as_much_of_the_past_was_done() -> None:
    """Of a hundred items the n-th was done at n hundredths of the chance... squared: 85 % of them by 0.85 squared."""
    known = calibration.learn(seen(*((n, (n / 100) ** 2, True) for n in range(1, 101))))
    assert known.level(0.85, 0, Stay.USUAL) == pytest.approx(0.7225)
    assert known.level(0.5, 0, Stay.USUAL) == pytest.approx(0.25)
    # Those who stand long are judged by all, as long as nothing is known of their like.
    assert known.level(0.85, 0, Stay.VERY_LONG) == known.level(0.85, 7, Stay.USUAL) == known.level(0.85, 0, Stay.USUAL)


def test_what_is_not_done_yet_counts_as_far_as_it_was_looked_at() -> None:
    """Kaplan and Meier by hand: of 40, ten are done at 0.1 (30 left), twenty were looked at until 0.2 only, then five of the ten
    left are done at 0.3: 1 - 3/4 x 1/2 = 62.5 % are done by then, and more is not known.
    """
    found = [
        *((n, 0.1, True) for n in range(10)),
        *((n, 0.2, False) for n in range(10, 30)),
        *((n, 0.3, True) for n in range(30, 35)),
    ]
    known = calibration.learn(seen(*found, *((n, 0.4, False) for n in range(35, 40))))
    levels, done = known.read[0, Stay.USUAL]
    assert dict(zip(levels.tolist(), done.tolist(), strict=True))[0.1] == pytest.approx(0.25)
    assert dict(zip(levels.tolist(), done.tolist(), strict=True))[0.3] == pytest.approx(0.625)
    assert known.level(0.25, 0, Stay.USUAL) == 0.1
    assert known.level(0.6, 0, Stay.USUAL) == 0.3
    assert known.level(0.85, 0, Stay.USUAL) == float("inf")


def test_of_few_items_nothing_is_learned_however_often_they_were_told() -> None:
    often = [(n % 19, 0.5, True) for n in range(190)]
    assert calibration.learn(seen(*often)).is_empty
    assert calibration.learn(seen(*often, (19, 0.5, True))).level(0.85, 0, Stay.USUAL) == 0.5
    assert Calibration({}).level(0.5, 0, Stay.USUAL) is None


@given(
    drawn.arrays(np.float64, (3, 12), elements=st.floats(0, 1)),
    st.lists(st.floats(0, 3), min_size=3, max_size=3),
    st.integers(0, 40),
)
def test_a_day_is_the_first_at_whose_end_more_is_read(raw: np.ndarray, levels: list[float], day: int) -> None:
    """Reading a day and finding the day of a level are each other's inverse, within the trials and beyond them."""
    chances = np.sort(raw, axis=1)
    chances[:, 0] = 0
    asked = np.maximum(np.array(levels), 0.002)  # below, few trials tell nothing
    found = calibration.days_of(chances, np.array(levels))
    is_on_one = np.isfinite(found)
    # Work that is not sure on the last day that is looked at has no day beyond.
    assert (is_on_one | (chances[:, -1] <= asked) | ((chances[:, -1] < SURE) & (asked >= SURE - 1e-9))).all()
    days = np.where(is_on_one, found, 1).astype(np.int64)
    before, after = (calibration.readings(chances, day) for day in (days - 1, days))
    assert (days >= 1).all()
    assert (before <= asked + 1e-9)[is_on_one].all()
    assert (after >= np.minimum(asked, SURE) - 1e-9)[is_on_one].all()
    grows = calibration.readings(chances, np.full(3, day)) <= calibration.readings(chances, np.full(3, day + 1)) + 1e-12
    assert grows.all()


def test_an_infinite_level_has_no_day() -> None:
    assert calibration.days_of(np.array([[0.0, 0.5, 1.0]]), np.array([float("inf")])).tolist() == [float("inf")]


def test_work_stands_long_by_what_is_normal_for_its_stage() -> None:
    """Ten visits to Build lasted 1 to 10 days: 85 % of them nine at most. 20 items wait there for 9, 10, 27 and 28 days."""
    gone = [(f"g{n}", stage, at) for n in range(1, 11) for stage, at in (("build", 0.0), ("live", float(n)))]
    open_ = [(f"w{days}", "build", 100.0 - days) for days in (9, 10, 27, 28)]
    workflow = Workflow(("build", "live"), frozenset({"build"}), frozenset({"live"}))
    found = backtest.stays(placed(events(*gone, *open_), workflow), start_of(date(2026, 3, 2)) + timedelta(days=100))
    here = dict(found.filter(index=0).select("issue_id", "stay").iter_rows())
    assert here == {"w9": Stay.USUAL, "w10": Stay.LONG, "w27": Stay.LONG, "w28": Stay.VERY_LONG}


def in_turn(days: int, every: int = 1) -> tuple[pl.DataFrame, Workflow]:
    """Each day an item is begun and, twenty days later and strictly in turn, done; every so many-th is put aside instead."""
    made = [(f"{n:04}", "build", float(n)) for n in range(days)]
    done = [(f"{n:04}", "live", n + 20.0) for n in range(days - 20) if every == 1 or n % every]
    workflow = Workflow(("build", "live"), frozenset({"build"}), frozenset({"live"}))
    return events(*sorted([*made, *done])), workflow


def test_the_dates_of_a_team_that_works_in_turn_are_about_right_and_are_kept_as_often_as_they_say() -> None:
    """One item a day, in turn: the n-th of the queue is done on the n-th day."""
    log, workflow = in_turn(400)
    found = past(log, workflow, EVERY_DAY, date(2026, 3, 2) + timedelta(days=398)).checked(Order.FARTHEST, seed=SEED)
    held = {one.share: one.coverage for one in found.held}
    assert 0.75 <= held[0.85] < held[0.95]
    pace = forecast.pace([1] * 60, ahead=20)
    assert pace is not None
    queue = [f"{n:04}" for n in range(20)]
    dates = finishing.finishes(
        queue, dict.fromkeys(queue), {}, {None: pace}, EVERY_DAY, LAST, seed=SEED, known=found.calibration
    )  # fmt: skip
    late = [(p85 - LAST).days - place for place, p85 in dates.select("place", "p85").iter_rows()]
    assert -1 <= min(late) <= max(late) <= 3


def test_what_is_put_aside_and_never_done_gets_no_date_and_what_is_done_keeps_the_date_it_gets() -> None:
    log, workflow = in_turn(600, every=2)
    page = past(log, workflow, EVERY_DAY, date(2026, 3, 2) + timedelta(days=598))
    found = page.checked(Order.FARTHEST, seed=SEED)
    assert found.calibration.level(0.5, 0, Stay.VERY_LONG) == float("inf")
    open_ = ["0002", "0599"]
    dates = finishing.finishes(
        open_, dict.fromkeys(open_), {}, {None: forecast.plain([0, 1])}, EVERY_DAY, LAST, seed=SEED,
        stands={"0002": (0, Stay.VERY_LONG), "0599": (0, Stay.USUAL)}, known=found.calibration,
    )  # fmt: skip
    assert dates["has_pace"].to_list() == [True, True]
    assert [day is None for day in dates["p50"]] == [True, False]


def test_work_that_is_withdrawn_later_was_in_the_queue_and_is_held_against_no_date() -> None:
    """One item a day, in turn, and beside each another one that is withdrawn after fifteen days: dates are kept as often as they
    say, though half of each queue never was done.
    """
    log, workflow = in_turn(400)
    beside = [(f"x{n:04}", "build", float(n)) for n in range(400)]
    gone = {f"x{n:04}": after(n + 15.0) for n in range(380)}
    log = pl.concat([log, events(*beside)]).sort("case", "at", maintain_order=True)
    page = past(log, workflow, EVERY_DAY, date(2026, 3, 2) + timedelta(days=398), gone)
    told, _ = page._on(200, Order.FARTHEST, SEED) or pytest.fail("nothing was told")
    assert (len(told.item), int((told.gone > 0).sum()), int((told.done > 0).sum())) == (35, 15, 20)
    held = {one.share: one.coverage for one in page.checked(Order.FARTHEST, seed=SEED).held}
    assert 0.75 <= held[0.85] <= 0.95


def test_what_is_reopened_later_was_launched_as_far_as_was_known_then() -> None:
    """Of one launch a day every second one goes back a hundred days later: the pace on the hundredth day knows all of them."""
    moves = [(f"{n:04}", "build", n - 10.0) for n in range(200)] + [(f"{n:04}", "live", float(n)) for n in range(200)]
    moves += [(f"{n:04}", "build", n + 100.0) for n in range(0, 100, 2)]
    workflow = Workflow(("build", "live"), frozenset({"build"}), frozenset({"live"}))
    page = past(events(*sorted(moves)), workflow, EVERY_DAY, date(2026, 3, 2) + timedelta(days=199))
    stood = backtest.stays(page.placed, after(100)).join(page.work, on="issue_id").filter(index=1)
    pace = page._paces(stood, date(2026, 3, 2) + timedelta(days=99))[None]
    assert pace.counts.tolist() == [1] * 60


def test_what_takes_longer_than_is_looked_at_has_no_date() -> None:
    pace = forecast.plain([0] * 19 + [1])
    queue = [f"{n:03}" for n in range(400)]
    known = calibration.learn(seen(*((n, (n + 1) / 100, True) for n in range(100))))
    dates = finishing.finishes(queue, dict.fromkeys(queue), {}, {None: pace}, EVERY_DAY, LAST, seed=SEED, known=known)
    assert dates.row(399)[5:] == (None, None, None)
    assert dates.row(0)[6] is not None


def test_a_share_that_was_kept_clearly_less_often_than_it_says_is_broken() -> None:
    """85 % may be kept 80 times of 100; 20 of 30 may be chance (Wilson to 81 %), 200 of 300 are not (to 72 %)."""
    assert [forecast.Held(0.85, kept, said).is_short for kept, said in ((80, 100), (20, 30), (200, 300))] == [False, False, True]
    # 15 of 21 are 50 to 86 %: less than the 92 % that 95 % must keep.
    assert forecast.Held(0.95, 15, 21).is_short
    assert not forecast.Held(0.95, 3_808, 4_087).is_short
    held = (forecast.Held(0.5, 50, 100), forecast.Held(0.85, 200, 300), forecast.Held(0.95, 15, 21))
    assert backtest.Checked(calibration.NOTHING, held).broken == (0.85, 0.95)


@pytest.mark.parametrize(("folder", "bands"), [("07_helpdesk", {0.85: (0.80, 0.90), 0.95: (0.92, 0.98)}), ("05_receipt", {})])
def test_single_dates_of_published_logs_held_as_often_as_they_said(folder: str, bands: dict[float, tuple[float, float]]) -> None:
    """Of the open work of 05_receipt hardly anything was ever done: no date is given for any."""
    log, workflow, _ = mapped(folder)
    last = log["at"].max()
    assert isinstance(last, datetime)
    found = past(log, workflow, Calendar(), last.date()).checked(Order.FARTHEST, seed=SEED)
    held = {one.share: one.coverage for one in found.held}
    assert set(held) == ({0.5, *bands} if bands else set())
    assert all(low <= held[share] <= high for share, (low, high) in bands.items())
