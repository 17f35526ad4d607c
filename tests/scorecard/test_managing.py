"""Managing KPIs: nothing is overwritten, everything has an author and a reason, and an action ends with a look."""

import math
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from marops.audit import service as audit
from marops.decisions import service as decisions
from marops.decisions.service import Outcome
from marops.decisions.store import ActionItem
from marops.errors import Conflict, Forbidden, MaropsError, NotFound, UserError
from marops.period import Scope, month_of
from marops.principal import LOCAL_ADMIN, Principal, Role
from marops.scorecard import managing, service, targets
from marops.scorecard.judging import Goal
from marops.scorecard.store import CheckIn, Target
from marops.sources import service as sources
from marops.workspaces import service as workspaces
from marops.workspaces.store import OWN, SAMPLE
from tests.clocks import revision, stand
from tests.scorecard.test_service import fill_months
from tests.sources import made

TODAY = date(2025, 10, 10)
JANUARY, JULY = date(2025, 1, 1), date(2025, 7, 1)
NOBODY, VIEWER, LEADER, MANAGER = (
    Principal(role.name.lower(), name, role)
    for role, name in ((Role.NOBODY, "Nox"), (Role.VIEWER, "Vera"), (Role.LEADER, "Lia"), (Role.MANAGER, "Max"))
)
OTHER_LEADER = Principal("other", "Leo", Role.LEADER)


@pytest.fixture(autouse=True)
def _clock(home: Path) -> None:
    stand(TODAY)


def refused(kind: type[MaropsError], call: Callable[[], object]) -> str:
    with pytest.raises(kind) as found:
        call()
    return str(found.value)


def target(value: Any = "0.6", start: date = JANUARY, end: date | None = None, **more: Any) -> Target:
    given = {"type": "at_least", "reason": "Agreed.", **more}
    value = Decimal(value) if isinstance(value, str) else value
    return managing.set_target(
        given.pop("by", MANAGER), OWN, given.pop("kpi", "M2"), value=value, valid_from=start, valid_to=end, **given
    )


def held(month: int, kpi: str = "M2") -> float | None:
    """The target of a month of 2025, as the scorecard has it."""
    row = service.row(LOCAL_ADMIN, Scope(OWN, month_of(date(2025, month, 1))), kpi)
    assert row is not None
    return None if row.goal is None else row.goal.value


def said(*given: Goal) -> list[str]:
    return [str(sentence) for sentence in managing.overlaps(VIEWER, OWN, given)]


def goal(value: float, start: date = JANUARY, end: date | None = None, kpi: str = "M2", kind: str = "at_least") -> Goal:
    return Goal(kpi, kind, value, None, start, end)


# Targets


def test_a_target_has_an_author_a_reason_and_holds_from_its_first_day() -> None:
    row = target(start=JULY, reason=" Agreed with sales. ")
    assert (row.author, row.reason, row.value, row.import_id) == ("Max", "Agreed with sales.", Decimal("0.6"), None)
    assert [held(month) for month in (6, 7)] == [None, 0.6]
    (entry,) = audit.entries(VIEWER, OWN, managing.TARGET, row.id)
    assert (entry.verb, entry.principal_name, entry.after["value"], entry.after["reason"]) == (
        "set",
        "Max",
        "0.6",
        "Agreed with sales.",
    )


def test_a_later_target_takes_the_place_of_the_earlier_on_its_days_and_the_earlier_stays_as_it_was() -> None:
    first = target("0.6")
    second = target("0.7", start=JULY, end=date(2025, 8, 31))
    assert [held(month) for month in (6, 7, 8, 9)] == [0.6, 0.7, 0.7, 0.6]
    history = managing.target_history(VIEWER, OWN, "M2")
    assert [(row.id, row.value, row.valid_from, row.valid_to, row.withdrawn_at) for row in history] == [
        (second.id, Decimal("0.7"), JULY, date(2025, 8, 31), None),
        (first.id, Decimal("0.6"), JANUARY, None, None),
    ]


def test_of_two_targets_for_the_same_day_the_one_set_last_holds_even_if_it_begins_earlier() -> None:
    target("0.7", start=JULY)
    target("0.5")
    assert held(8) == 0.5


def test_targets_set_in_one_instant_hold_in_the_order_they_were_set(monkeypatch: pytest.MonkeyPatch) -> None:
    from marops import store

    instant = store.now()
    monkeypatch.setattr(store, "now", lambda: instant)
    for value in ("0.5", "0.7", "0.6"):
        target(value)
    assert held(8) == 0.6
    assert [float(row.value) for row in managing.target_history(VIEWER, OWN)] == [0.6, 0.7, 0.5]


def test_a_withdrawn_target_stays_on_record_and_what_it_replaced_holds_again() -> None:
    target("0.6")
    wrong = target("0.9")
    found = managing.withdraw_target(MANAGER, OWN, wrong.id, reason="Typed wrongly.")
    assert held(8) == 0.6
    assert (found.withdrawn_by, found.withdrawn_reason, found.value) == ("Max", "Typed wrongly.", Decimal("0.9"))
    assert managing.target_history(VIEWER, OWN)[0].id == wrong.id
    assert refused(Conflict, lambda: managing.withdraw_target(MANAGER, OWN, wrong.id, reason="x")).startswith("Max withdrew it on ")
    assert (
        refused(UserError, lambda: managing.withdraw_target(MANAGER, OWN, wrong.id, reason=""))
        == "Say why the target is withdrawn."
    )
    assert audit.entries(VIEWER, OWN)[0].after == {"reason": "Typed wrongly."}


def test_a_file_of_targets_says_before_it_is_taken_what_it_would_replace_and_what_nobody_could_be_held_against() -> None:
    target("0.6")
    rows = (
        "KPI,Valid from,Valid to,Type,Value,Upper,Set by,Reason\n"
        "M2,2025-07-01,2025-12-31,>=,0.7,,Board,Plan\n"
        "M2,2025-01-01,,<=,0.7,,Board,Plan\n"
        "X9,2025-01-01,,>=,1,,Board,Plan\n"
        "IT4,2025-03-01,2025-02-01,<=,72,,Board,Plan\n"
    )
    preview = sources.preview_upload(MANAGER, OWN, "targets.csv", rows.encode())
    staged = sources.staged_rows(MANAGER, preview, "target")
    found = [str(sentence) for sentence in managing.in_file(VIEWER, OWN, staged)]
    assert found[:3] == [
        "The higher Lead acceptance is, the better: choose at_least, or a band.",
        "X9 is no KPI of marops; its target is kept, and held against nothing.",
        "A target of IT4 ends on Feb 1, 2025, before it begins on Mar 1, 2025.",
    ]
    assert found[3:5] == [
        "Lead acceptance: from Jan 1, 2025 to Jun 30, 2025 ≤ 70% takes the place of ≥ 60%.",
        "Lead acceptance: from Jul 1, 2025 to Dec 31, 2025 ≥ 70% takes the place of ≥ 60%.",
    ]
    assert not any("IT4" in sentence or "X9" in sentence for sentence in found[3:])
    assert len(managing.target_history(VIEWER, OWN)) == 1
    assert [str(said) for said in managing.in_file(VIEWER, OWN, pl.concat([staged] * 126))] == [
        "504 targets are too many to say what each would change; the page of each KPI does."
    ]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"reason": "  "}, "Say why this is the target: whoever misses it will ask."),
    ({"reason": "x" * 1001}, "These words have 1,001 characters, and 1,000 fit. Shorten them."),
    ({"type": "about"}, "about is no kind of target. Choose at_least, at_most or band."),
    ({"type": "band"}, "A band needs its upper end too."),
    ({"type": "band", "upper": Decimal("0.5")}, "The band's upper end, 50%, lies below its lower end, 60%."),
    ({"upper": Decimal("0.7")}, "Only a band has an upper end. Leave it out, or make the target a band."),
    ({"start": JULY, "end": date(2025, 6, 30)}, "The target would end on Jun 30, 2025, before it begins on Jul 1, 2025."),
    ({"type": "at_most"}, "The higher Lead acceptance is, the better: choose at_least, or a band."),
    ({"kpi": "IT4", "value": 40}, "The lower Time from MQL to next stage is, the better: choose at_most, or a band."),
    ({"value": 60}, "Lead acceptance cannot go above 100%; the target says 6,000%."),
    ({"value": "-0.1"}, "Lead acceptance cannot go below 0%; the target says -10%."),
    ({"type": "band", "upper": 2}, "Lead acceptance cannot go above 100%; the target says 200%."),
    ({"kpi": "M8", "type": "at_most", "value": -1}, "Cost per accepted lead cannot go below €0.00; the target says -€1.00."),
    ({"value": math.nan}, "A target is a number; nan is none."),
    ({"value": Decimal("Infinity")}, "A target is a number; Infinity is none."),
    ({"type": "band", "upper": math.inf}, "A target is a number; inf is none."),
    ({"value": "0.1234567"}, "Targets are kept to 6 places; 0.1234567 has more. Round it."),
    ({"kpi": "M8", "type": "at_most", "value": 10**12}, "A target below a million million can be kept; 1000000000000 is larger."),
]  # fmt: skip


def test_a_target_nobody_could_be_held_against_is_refused_in_a_sentence_and_nothing_is_kept() -> None:
    for wrong, sentence in WRONG:
        assert refused(UserError, partial(target, **wrong)) == sentence
    assert refused(NotFound, lambda: target(kpi="X9")) == (
        "There is no KPI X9. Those there are: " + ", ".join(list(service.KPIS)[:-1]) + f", and {list(service.KPIS)[-1]}."
    )
    assert managing.target_history(VIEWER, OWN) == []
    assert audit.entries(VIEWER, OWN) == []


def test_what_just_makes_sense_is_taken_exactly() -> None:
    for wrong in (
        {"value": "1"}, {"value": "0.123456"}, {"value": "0.1000000000"}, {"value": 0.6, "end": JANUARY},
        {"type": "band", "value": "0.5", "upper": Decimal("0.5")}, {"kpi": "IT2", "value": -3},
        {"kpi": "J1", "type": "at_most", "value": 0},
    ):  # fmt: skip
        target(**wrong)
    assert {row.value for row in managing.target_history(VIEWER, OWN, "M2")} == {
        Decimal(1), Decimal("0.123456"), Decimal("0.1"), Decimal("0.6"), Decimal("0.5"),
    }  # fmt: skip


# What a target would change


def test_a_preview_says_whose_place_a_target_takes_on_which_days_and_what_holds_afterwards() -> None:
    target("0.6")
    assert said(goal(0.7, JULY, date(2025, 9, 30))) == [
        "Lead acceptance: from Jul 1, 2025 to Sep 30, 2025 ≥ 70% takes the place of ≥ 60%.",
        "Lead acceptance: after Sep 30, 2025 ≥ 60% holds.",
    ]
    assert said(goal(0.7, JULY)) == ["Lead acceptance: from Jul 1, 2025 on ≥ 70% takes the place of ≥ 60%."]
    assert said(goal(0.7, date(2024, 1, 1), date(2024, 12, 31))) == ["Lead acceptance: after Dec 31, 2024 ≥ 60% holds."]
    assert said(goal(40.0, JULY, date(2025, 7, 31), "IT4", "at_most")) == [
        "Time from MQL to next stage: after Jul 31, 2025 no target holds."
    ]
    assert len(managing.target_history(VIEWER, OWN)) == 1


def test_a_preview_names_each_target_that_gives_way_but_not_those_that_had_given_way_before() -> None:
    target("0.5", end=date(2025, 6, 30))
    target("0.6", start=JULY)
    withdrawn = target("0.9")
    managing.withdraw_target(MANAGER, OWN, withdrawn.id, reason="x")
    target("0.65", start=date(2025, 10, 1))
    assert said(goal(0.7)) == [
        "Lead acceptance: from Jan 1, 2025 to Jun 30, 2025 ≥ 70% takes the place of ≥ 50%.",
        "Lead acceptance: from Jul 1, 2025 to Sep 30, 2025 ≥ 70% takes the place of ≥ 60%.",
        "Lead acceptance: from Oct 1, 2025 on ≥ 70% takes the place of ≥ 65%.",
    ]


def test_of_several_targets_in_a_file_it_is_said_which_overlap_and_which_holds() -> None:
    assert said(goal(0.5), goal(0.7, JULY, date(2025, 9, 30)), goal(2, kpi="X1")) == [
        "Lead acceptance: from Jul 1, 2025 to Sep 30, 2025 both ≥ 50% and ≥ 70% are given; ≥ 70% begins later, so it holds.",
        "Lead acceptance: after Sep 30, 2025 ≥ 50% holds.",
    ]


def test_what_a_preview_says_is_what_then_holds() -> None:
    target("0.6")
    target("0.7", start=JULY, end=date(2025, 8, 31))
    assert said(goal(0.8, date(2025, 8, 1), date(2025, 8, 31)))[-1] == "Lead acceptance: after Aug 31, 2025 ≥ 60% holds."
    target("0.8", start=date(2025, 8, 1), end=date(2025, 8, 31))
    assert [held(month) for month in (6, 7, 8, 9)] == [0.6, 0.7, 0.8, 0.6]


HEADERS = "kpi,valid_from,valid_to,type,value,upper,author,reason\n"


def bring(folder: Path, name: str, rows: str) -> str:
    path = made.put(folder / name, HEADERS + rows)
    return sources.accept(LOCAL_ADMIN, sources.preview_file(LOCAL_ADMIN, OWN, path)).id


@pytest.mark.usefixtures("read_here")
def test_targets_of_a_file_hold_by_when_they_begin_and_the_file_counts_as_set_when_it_came(tmp_path: Path) -> None:
    target("0.5")
    run = bring(tmp_path, "one.csv", "M2,2025-07-01,,at_least,0.7,,Board,Plan\nM2,2025-01-01,,at_least,0.6,,Board,Plan\n")
    assert [held(month) for month in (6, 7)] == [0.6, 0.7]
    by_hand = target("0.8", start=date(2025, 9, 1))
    assert [held(month) for month in (6, 7, 9)] == [0.6, 0.7, 0.8]
    sources.undo(LOCAL_ADMIN, OWN, run)
    assert [held(month) for month in (6, 7, 9)] == [0.5, 0.5, 0.8]
    assert len(managing.target_history(VIEWER, OWN)) == 2
    sources.restore(LOCAL_ADMIN, OWN, run)
    assert [held(month) for month in (6, 7, 9)] == [0.6, 0.7, 0.8]
    assert managing.target_history(VIEWER, OWN)[0].id == by_hand.id


@pytest.mark.usefixtures("read_here")
def test_a_target_set_by_hand_does_not_keep_a_file_from_being_imported_or_restored(tmp_path: Path) -> None:
    target("0.5", start=JULY)
    run = bring(tmp_path, "one.csv", "M2,2025-07-01,,at_least,0.7,,Board,Plan\n")
    assert held(8) == 0.7
    sources.undo(LOCAL_ADMIN, OWN, run)
    sources.restore(LOCAL_ADMIN, OWN, run)
    assert held(8) == 0.7
    with pytest.raises(Conflict, match=r"1 row of target is already here from one\.csv"):
        bring(tmp_path, "two.csv", "M2,2025-07-01,,at_least,0.8,,Board,Plan\n")


@pytest.mark.usefixtures("read_here")
def test_an_imported_target_can_be_withdrawn_and_stays_so_when_its_file_comes_back(tmp_path: Path) -> None:
    run = bring(tmp_path, "one.csv", "M2,2025-07-01,,at_least,0.7,,Board,Plan\n")
    (row,) = managing.target_history(VIEWER, OWN)
    managing.withdraw_target(MANAGER, OWN, row.id, reason="Never agreed.")
    assert held(8) is None
    sources.undo(LOCAL_ADMIN, OWN, run)
    assert refused(NotFound, lambda: managing.withdraw_target(MANAGER, OWN, row.id, reason="x")) == (
        "There is no such target in this workspace. Its import may have been undone."
    )
    sources.restore(LOCAL_ADMIN, OWN, run)
    assert held(8) is None


# Notes on a month


def note(words: str = "Fewer events.", month: date = date(2025, 9, 15), kpi: str = "M2", by: Principal = LEADER) -> CheckIn:
    return managing.check_in(by, OWN, kpi, month, words)


def test_a_note_is_on_a_whole_month_and_tells_its_author() -> None:
    row = note(" Fewer\r\nevents.\x0b ")
    assert (row.month, row.words, row.author, row.author_id) == (date(2025, 9, 1), "Fewer\nevents.", "Lia", "leader")
    assert [found.id for found in managing.check_ins(VIEWER, OWN, "M2")] == [row.id]


def test_the_last_note_of_each_kpi_is_that_of_the_newest_month_written_last() -> None:
    note("old month", date(2025, 8, 1))
    note("first")
    last = note("second")
    note("an afterthought on an older month", date(2025, 7, 1))
    other = note("other", kpi="IT1")
    gone = note("gone", date(2025, 10, 1))
    managing.withdraw_check_in(LEADER, OWN, gone.id)
    assert {kpi: row.id for kpi, row in managing.last_notes(VIEWER, OWN).items()} == {"M2": last.id, "IT1": other.id}
    assert [row.words for row in managing.check_ins(VIEWER, OWN, "M2")] == [
        "second", "first", "old month", "an afterthought on an older month",
    ]  # fmt: skip


def test_a_note_without_words_or_on_a_month_to_come_is_refused() -> None:
    assert refused(UserError, lambda: note(" ")) == "Write a few words: what happened, and what comes next."
    assert refused(UserError, lambda: note("x" * 2001)) == "These words have 2,001 characters, and 2,000 fit. Shorten them."
    assert refused(UserError, lambda: note(month=date(2025, 11, 1))) == "Nov 2025 has not begun; a note is on a month that has."
    assert note(month=date(2025, 10, 31)).month == date(2025, 10, 1)
    assert refused(NotFound, lambda: note(kpi="X9")).startswith("There is no KPI X9.")


def test_a_note_is_withdrawn_by_who_wrote_it_or_a_manager_and_by_nobody_else() -> None:
    mine, others = note("mine"), note("other", by=OTHER_LEADER)
    assert refused(Forbidden, lambda: managing.withdraw_check_in(LEADER, OWN, others.id)) == (
        "Leo wrote this note; Leo or a manager can withdraw it. Write one of your own beside it."
    )
    managing.withdraw_check_in(LEADER, OWN, mine.id)
    assert managing.withdraw_check_in(MANAGER, OWN, others.id, reason="Wrong KPI.").withdrawn_reason == "Wrong KPI."
    assert managing.check_ins(VIEWER, OWN) == []
    assert refused(Conflict, lambda: managing.withdraw_check_in(LEADER, OWN, mine.id)).startswith("Lia withdrew it on ")
    assert [entry.before["words"] for entry in audit.entries(VIEWER, OWN, "check_in") if entry.verb == "withdraw"] == [
        "other",
        "mine",
    ]


# What happened on a day


def test_what_happened_on_a_day_is_shown_for_its_kpi_or_for_all_in_the_order_of_the_days() -> None:
    launch = managing.annotate(MANAGER, OWN, "M2", date(2025, 9, 3), "New form")
    every = managing.annotate(MANAGER, OWN, None, date(2025, 9, 1), "Website moved")
    other = managing.annotate(MANAGER, OWN, "IT1", date(2025, 9, 2), "New server")
    assert [row.id for row in managing.annotations(VIEWER, OWN, "M2")] == [every.id, launch.id]
    assert [row.id for row in managing.annotations(VIEWER, OWN)] == [every.id, other.id, launch.id]
    managing.withdraw_annotation(MANAGER, OWN, every.id)
    assert [row.id for row in managing.annotations(VIEWER, OWN, "M2")] == [launch.id]


def test_a_day_to_come_no_words_and_an_unknown_kpi_are_refused() -> None:
    assert refused(UserError, lambda: managing.annotate(MANAGER, OWN, None, TODAY + timedelta(days=1), "x")) == (
        "Oct 11, 2025 is yet to come; say what happened once it has."
    )
    assert refused(UserError, lambda: managing.annotate(MANAGER, OWN, None, TODAY, "\n")) == "Say what happened on that day."
    assert refused(NotFound, lambda: managing.annotate(MANAGER, OWN, "X9", TODAY, "x")).startswith("There is no KPI X9.")


# Limits learned anew


def test_limits_are_learned_anew_only_by_a_decision_with_month_reason_and_author() -> None:
    row = managing.rebase(MANAGER, OWN, "M2", JULY, " New lead scoring. ")
    assert (row.from_month, row.reason, row.author) == (JULY, "New lead scoring.", "Max")
    assert [found.id for found in managing.rebases(VIEWER, OWN, "M2")] == [row.id]
    assert managing.rebases(VIEWER, OWN, "M3") == []
    assert [entry.verb for entry in audit.entries(VIEWER, OWN, managing.REBASE)] == ["decide"]


def test_a_re_basing_that_makes_no_sense_is_refused_in_a_sentence() -> None:
    managing.rebase(MANAGER, OWN, "M2", JULY, "New lead scoring.")
    for kpi, month, why, sentence in (
        ("M2", JANUARY, " ", "Say what changed the process: limits are never moved without a reason."),
        ("M2", date(2025, 7, 2), "x", "Limits are learned from whole months; Jul 2, 2025 begins none. Give Jul 1, 2025."),
        ("M2", date(2025, 11, 1), "x", "Nov 2025 has not begun; nothing can be learned from it."),
        ("J1", JULY, "x", "Leads lost in downtime is not judged by limits, so there are none to learn anew."),
        ("IT6", JULY, "x", "Age of the oldest source is not judged by limits, so there are none to learn anew."),
    ):
        assert refused(UserError, partial(managing.rebase, MANAGER, OWN, kpi, month, why)) == sentence
    again = refused(Conflict, lambda: managing.rebase(LOCAL_ADMIN, OWN, "M2", JULY, "Another reason."))
    assert again.startswith("Max decided on ")
    assert again.endswith(
        " that the limits of Lead acceptance are learned anew from Jul 2025. Withdraw that first, to give another reason."
    )
    assert len(managing.rebases(VIEWER, OWN)) == 1


def test_a_re_basing_taken_back_stays_on_record_and_may_be_decided_again() -> None:
    first = managing.rebase(MANAGER, OWN, "M2", JULY, "x")
    assert refused(UserError, lambda: managing.withdraw_rebase(MANAGER, OWN, first.id, reason="")) == (
        "Say why the limits from before count again."
    )
    managing.withdraw_rebase(MANAGER, OWN, first.id, reason="It was chance.")
    second = managing.rebase(MANAGER, OWN, "M2", JULY, "y")
    assert [row.id for row in managing.rebases(VIEWER, OWN)] == [second.id]
    assert [entry.object_id for entry in audit.entries(VIEWER, OWN, managing.REBASE)] == [second.id, first.id, first.id]


# Actions for a KPI


def act(on: date, kpi: str = "M2") -> ActionItem:
    """An action opened on a day; then the clock goes on to today."""
    stand(on)
    item = managing.act(MANAGER, OWN, kpi, title="Tighten MQL", owner="Max", due=date(2025, 12, 1), expected_effect="65 %")
    stand(TODAY)
    return item


def close(item: ActionItem, outcome: Outcome, month: int = 8) -> ActionItem:
    scope = Scope(OWN, month_of(date(2025, month, 1)))
    return managing.close(MANAGER, scope, item.id, version=item.version, outcome=outcome, words="Looked.")


def test_an_action_is_for_a_kpi_that_there_is() -> None:
    assert act(JULY).kpi == "M2"
    assert refused(NotFound, lambda: act(JULY, "X9")).startswith("There is no KPI X9.")


def test_closing_keeps_what_the_kpi_was_its_limits_its_target_and_its_months_since_then() -> None:
    fill_months([10, 12] * 6 + [11] * 6 + [13, 14])  # limits 0.55 ± 0.266; July 0.65, August 0.7
    target("0.6")
    evidence = close(act(date(2025, 6, 20)), Outcome.WORKED).evidence
    limits = {name: evidence.pop(name) for name in ("mean", "lower", "upper")}
    assert limits == pytest.approx({"mean": 0.55, "lower": 0.284, "upper": 0.816})
    assert evidence == {
        "words": "Looked.", "kpi": "M2", "version": 1, "from": "2025-08-01", "to": "2025-08-31", "business_unit": None,
        "value": 0.7, "unit": "percent", "currency": None, "as_of": "2025-08-31",
        "target": {"type": "at_least", "value": 0.6, "upper": None}, "promise": "open", "trend": "steady",
        "assurance": "hit and miss", "month": "2025-08-01", "opened_on": "2025-06-20", "before": ["2025-05-01", 0.55],
        "since": [["2025-07-01", 0.65], ["2025-08-01", 0.7]],
    }  # fmt: skip


def test_without_a_complete_month_since_it_was_opened_only_cannot_tell_and_dropped_are_possible() -> None:
    fill_months([11] * 20)  # to August
    items = [act(date(2025, 8, 2)) for _ in range(2)]
    for outcome in (Outcome.WORKED, Outcome.DID_NOT):
        assert refused(UserError, partial(close, items[0], outcome)) == (
            "There is no complete month of Lead acceptance from after Aug 2, 2025, the day this action was opened: nobody can tell "
            "yet whether it worked. Wait for one, or close the action as one that cannot be told or that was dropped."
        )
    assert [close(item, outcome).outcome for item, outcome in zip(items, (Outcome.CANNOT_TELL, Outcome.DROPPED), strict=True)] == [
        "cannot_tell", "dropped",
    ]  # fmt: skip


def test_a_month_that_began_with_the_action_can_tell_but_one_beyond_the_scope_is_not_looked_at() -> None:
    fill_months([11] * 20)
    item = act(date(2025, 8, 1))
    assert "no complete month" in refused(UserError, lambda: close(item, Outcome.DID_NOT, month=7))
    assert close(item, Outcome.DID_NOT, month=8).outcome == "did_not"


def test_an_empty_workspace_shows_nothing_and_so_nothing_worked() -> None:
    item = act(JULY)
    assert "no complete month" in refused(UserError, lambda: close(item, Outcome.WORKED))
    found = close(item, Outcome.CANNOT_TELL)
    assert (found.evidence["value"], found.evidence["month"], found.evidence["since"]) == (None, None, [])


def test_an_action_for_a_kpi_that_is_no_longer_defined_can_still_be_ended_but_not_praised() -> None:
    item = decisions.open_action(MANAGER, OWN, title="t", owner="o", due=TODAY, kpi="OLD1")
    assert "no complete month of OLD1" in refused(UserError, lambda: close(item, Outcome.WORKED))
    assert close(item, Outcome.CANNOT_TELL).evidence == {"words": "Looked.", "kpi": "OLD1"}


def test_of_a_kpi_without_months_a_value_from_a_later_day_can_tell() -> None:
    fill_months([11] * 20)  # whose last day is 30 September
    at_once, later = act(date(2025, 9, 30), "IT6"), act(date(2025, 9, 29), "IT6")
    assert "no complete month" in refused(UserError, lambda: close(at_once, Outcome.WORKED, month=9))
    assert close(later, Outcome.WORKED, month=9).evidence["month"] == "2025-09-30"


def test_an_action_for_no_kpi_is_closed_with_words_alone() -> None:
    item = decisions.open_action(MANAGER, OWN, title="t", owner="o", due=TODAY)
    assert close(item, Outcome.WORKED).evidence == {"words": "Looked."}


# Who may do what


def changes() -> dict[str, Callable[[Principal], object]]:
    """By what it is, every change a person can make here; each on something of its own."""
    row, checked, marked, based, item = target(), note(), *_more(), act(JULY)
    scope = Scope(OWN, month_of(JULY))
    return {
        "set a target": lambda who: target(by=who),
        "withdraw a target": lambda who: managing.withdraw_target(who, OWN, row.id, reason="x"),
        "annotate": lambda who: managing.annotate(who, OWN, "M2", TODAY, "x"),
        "withdraw an annotation": lambda who: managing.withdraw_annotation(who, OWN, marked, reason="x"),
        "re-base": lambda who: managing.rebase(who, OWN, "M3", JULY, "x"),
        "withdraw a re-basing": lambda who: managing.withdraw_rebase(who, OWN, based, reason="x"),
        "act": lambda who: managing.act(who, OWN, "M2", title="t", owner="o", due=TODAY),
        "close": lambda who: managing.close(who, scope, item.id, version=1, outcome=Outcome.DROPPED, words="x"),
        "check in": lambda who: managing.check_in(who, OWN, "M2", JULY, "x"),
        "withdraw a note": lambda who: managing.withdraw_check_in(who, OWN, checked.id),
    }


def _more() -> tuple[str, str]:
    marked = managing.annotate(MANAGER, OWN, "M2", JULY, "x")
    return marked.id, managing.rebase(MANAGER, OWN, "M2", JULY, "x").id


COMMENTS = {"check in", "withdraw a note"}


def test_viewers_change_nothing_leaders_comment_and_managers_do_all_of_it() -> None:
    for who, may in ((NOBODY, set()), (VIEWER, set()), (LEADER, COMMENTS), (MANAGER, None)):
        done: set[str] = set()
        tried = changes()
        before = revision()
        for name, change in tried.items():
            try:
                change(who)
                done.add(name)
            except Forbidden as no:
                assert str(no).startswith(f"{who.name} is {who.role.name.lower()}; this needs ")  # noqa: PT017
        assert done == (set(tried) if may is None else may), who.name
        assert (revision() == before) is (not done)
        for based in managing.rebases(VIEWER, OWN):
            managing.withdraw_rebase(MANAGER, OWN, based.id, reason="x")


def test_every_change_gives_the_workspace_another_revision_and_an_entry_in_the_trail() -> None:
    for name, change in changes().items():
        before, entries = revision(), len(audit.entries(VIEWER, OWN))
        change(MANAGER)
        assert revision() != before, name
        assert len(audit.entries(VIEWER, OWN)) == entries + 1, name


def test_what_belongs_to_another_workspace_cannot_be_withdrawn_from_here() -> None:
    workspaces.create_sample(LOCAL_ADMIN, name="Sample", currency="EUR", today=TODAY, units=[])
    row, checked, (marked, based) = target(), note(), _more()
    for call in (
        lambda: managing.withdraw_target(MANAGER, SAMPLE, row.id, reason="x"),
        lambda: managing.withdraw_check_in(MANAGER, SAMPLE, checked.id),
        lambda: managing.withdraw_annotation(MANAGER, SAMPLE, marked),
        lambda: managing.withdraw_rebase(MANAGER, SAMPLE, based, reason="x"),
    ):
        refused(NotFound, call)
    for reading in (managing.target_history, managing.check_ins, managing.annotations, managing.rebases, managing.last_notes):
        assert not reading(VIEWER, SAMPLE)


def test_a_workspace_that_is_not_there_is_said() -> None:
    said = refused(NotFound, lambda: managing.check_in(LEADER, "elsewhere", "M2", JULY, "x"))
    assert said == "There is no workspace elsewhere here. It may have been removed; open Home to choose another."


def test_a_gap_is_held_against_a_band_and_at_most_means_either_way(home):
    with pytest.raises(UserError, match="choose a band about it"):
        managing.set_target(LOCAL_ADMIN, OWN, "J9", type="at_most", value=Decimal("0.1"), valid_from=date(2026, 1, 1), reason="x")
    row = Target(workspace_id=OWN, kpi="J9", valid_from=date(2026, 1, 1), type="at_most", value=Decimal("0.1"))
    goal = targets.goal_of(row)
    assert (goal.type, goal.range) == ("band", (-0.1, 0.1))
    assert not goal.is_kept_by(-1.0)
