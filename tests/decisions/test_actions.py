"""Actions: what was promised first stays, of two who change one at once only one does, and an end needs a look."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from marops import store
from marops.audit import service as audit
from marops.audit.store import AuditEntry
from marops.decisions import service
from marops.decisions.service import ACTION, Choice, Look, Outcome
from marops.decisions.store import ActionItem, Decision, due_actions
from marops.errors import Conflict, Forbidden, MaropsError, NotFound, UserError
from marops.language import text
from marops.principal import LOCAL_ADMIN, Principal, Role
from marops.workspaces import service as workspaces
from marops.workspaces.store import OWN, SAMPLE
from tests.clocks import revision, stand

TODAY, DUE = date(2026, 3, 10), date(2026, 4, 1)
ANA, BO = Principal("a", "Ana", Role.MANAGER), Principal("b", "Bo", Role.MANAGER)
NAME = text("Lead acceptance")


@pytest.fixture(autouse=True)
def _clock(home: Path) -> None:
    stand(TODAY)


def opened(**more: Any) -> ActionItem:
    given = {"title": "Go through refused leads", "owner": "Sales lead", "due": DUE, **more}
    return service.open_action(ANA, OWN, **given)


def decided(**more: Any) -> tuple[Any, ActionItem]:
    """A decision to act, and its action."""
    given = {"finding_key": "kpi:M2", "question": "Lead acceptance fell.", "evidence": "57.7 %", "choice": Choice.ACT}
    decision = service.record(ANA, OWN, **{**given, "owner": "Sales lead", "due": DUE, **more})
    return decision, service.action_items(ANA, OWN)[0]


def again(item: ActionItem) -> ActionItem:
    return service.action_item(ANA, OWN, item.id)


def refused(kind: type[MaropsError], call: Callable[[], object]) -> str:
    with pytest.raises(kind) as found:
        call()
    return str(found.value)


def trail(item: ActionItem) -> list[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    """The item's audit trail, the first entry first."""
    found = audit.entries(ANA, OWN, ACTION, item.id)
    return [(entry.verb, entry.principal_name, entry.before, entry.after) for entry in reversed(found)]


# Opening


def test_deciding_to_act_opens_an_action_for_the_findings_kpi_in_the_same_moment() -> None:
    decision, item = decided(action="Go through refused leads.", expected_effect="60 % by June")
    assert (item.kpi, item.decision_id, item.title, item.owner) == ("M2", decision.id, "Go through refused leads.", "Sales lead")
    assert (item.first_due, item.due, item.opened_on, item.expected_effect) == (DUE, DUE, TODAY, "60 % by June")
    assert (item.version, item.is_open, item.created_by) == (1, True, "Ana")


def test_an_action_without_words_of_its_own_is_named_by_the_question() -> None:
    assert decided()[1].title == "Lead acceptance fell."


def test_a_finding_about_no_kpi_opens_an_action_without_one() -> None:
    assert decided(finding_key="budget:move")[1].kpi is None


def test_waiting_and_dismissing_open_no_action() -> None:
    for choice in (Choice.WAIT, Choice.DISMISS):
        service.record(ANA, OWN, finding_key="kpi:M2", question="q", evidence="e", choice=choice, owner="x", due=DUE)
    assert service.action_items(ANA, OWN) == []


def test_a_decision_whose_action_is_refused_is_not_recorded_either() -> None:
    yesterday = TODAY - timedelta(days=1)
    assert refused(UserError, lambda: decided(due=yesterday)) == "Mar 9, 2026 has passed; give a day from Mar 10, 2026 on."
    assert service.decisions(ANA, OWN) == []
    assert audit.entries(ANA, OWN) == []


def test_taking_a_decision_back_drops_its_open_action_and_keeps_both_on_record() -> None:
    decision, item = decided()
    service.withdraw(BO, OWN, decision.id)
    found = again(item)
    assert (found.outcome, found.closed_by, found.closed_on, found.evidence) == (
        "dropped",
        "Bo",
        TODAY,
        {"decision_withdrawn": True},
    )
    assert service.decisions(ANA, OWN) == []
    assert [(entry.verb, entry.object_kind) for entry in audit.entries(ANA, OWN)] == [
        ("drop", "action_item"), ("withdraw", "decision"), ("open", "action_item"), ("record", "decision"),
    ]  # fmt: skip
    assert audit.entries(ANA, OWN, "decision")[0].before["question"] == "Lead acceptance fell."


def test_taking_a_decision_back_leaves_a_closed_action_as_it_was_closed() -> None:
    decision, item = decided(finding_key="budget:move")
    service.close_action(ANA, OWN, item.id, version=1, outcome=Outcome.WORKED, words="Moved.")
    service.withdraw(ANA, OWN, decision.id)
    assert again(item).outcome == "worked"


def test_an_action_that_nobody_could_do_is_refused_in_a_sentence() -> None:
    wrongs: list[tuple[dict[str, Any], str]] = [
        ({"title": "  "}, "An action needs a title: what is to be done?"),
        ({"owner": "\x00 "}, "An action needs an owner, or it will not happen. Name one person or team."),
        ({"owner": "x" * 201}, "These words have 201 characters, and 200 fit. Shorten them."),
        ({"due": date(2199, 12, 31)}, "Dec 31, 2199 is more than ten years away. Is the year meant? Give a day that is nearer."),
        ({"due": date(2026, 3, 9)}, "Mar 9, 2026 has passed; give a day from Mar 10, 2026 on."),
        ({"expected_effect": "x" * 2001}, "These words have 2,001 characters, and 2,000 fit. Shorten them."),
    ]
    for wrong, said in wrongs:
        assert refused(UserError, partial(opened, **wrong)) == said
    assert service.action_items(ANA, OWN) == []


# Changing


def test_another_date_never_changes_the_one_first_promised() -> None:
    item = opened()
    moved = service.redate(BO, OWN, item.id, version=1, due=date(2026, 5, 1), reason="The supplier is late.")
    moved = service.redate(BO, OWN, item.id, version=moved.version, due=date(2026, 6, 1), reason="Again.")
    assert (moved.first_due, moved.due, moved.version, moved.changed_by) == (DUE, date(2026, 6, 1), 3, "Bo")
    assert trail(item)[1:] == [
        ("redate", "Bo", {"due": "2026-04-01"}, {"due": "2026-05-01", "reason": "The supplier is late."}),
        ("redate", "Bo", {"due": "2026-05-01"}, {"due": "2026-06-01", "reason": "Again."}),
    ]


def test_another_date_needs_a_reason_and_lies_ahead() -> None:
    item = opened()
    assert refused(UserError, lambda: service.redate(ANA, OWN, item.id, version=1, due=DUE, reason=" ")) == (
        "Say why the date changes. The date first promised stays on record."
    )
    assert refused(UserError, lambda: service.redate(ANA, OWN, item.id, version=1, due=date(2026, 1, 1), reason="x")) == (
        "Jan 1, 2026 has passed; give a day from Mar 10, 2026 on."
    )
    assert again(item).version == 1


def test_an_action_goes_to_somebody_else() -> None:
    item = opened()
    assert service.reassign(ANA, OWN, item.id, version=1, owner=" CRM team ").owner == "CRM team"
    assert trail(item)[-1] == ("reassign", "Ana", {"owner": "Sales lead"}, {"owner": "CRM team"})


def test_who_saw_an_older_version_is_told_who_changed_it_and_when_and_changes_nothing() -> None:
    item = opened()
    changed = service.reassign(BO, OWN, item.id, version=1, owner="CRM team")
    for call in (
        lambda: service.reassign(ANA, OWN, item.id, version=1, owner="Me"),
        lambda: service.redate(ANA, OWN, item.id, version=1, due=DUE, reason="x"),
        lambda: service.close_action(ANA, OWN, item.id, version=1, outcome=Outcome.DROPPED, words="x"),
        lambda: service.reopen(ANA, OWN, item.id, version=1, reason="x"),
    ):
        assert refused(Conflict, call) == str(
            text(
                "Bo changed this action on {when}, after you opened it; nothing of yours was saved. Look at it again, then decide.",
                when=changed.changed_at,
            )
        )
    assert (again(item).owner, again(item).version) == ("CRM team", 2)


def test_the_database_compares_the_version_also_where_two_have_read_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    item = opened()
    monkeypatch.setattr(service, "_open_item", lambda session, _workspace, found, _version: session.get(ActionItem, found))
    service.reassign(BO, OWN, item.id, version=1, owner="CRM team")
    with pytest.raises(Conflict, match="Bo changed this action"):
        service.reassign(ANA, OWN, item.id, version=1, owner="Me")
    assert again(item).owner == "CRM team"


# Closing


def close(item: ActionItem, outcome: Outcome = Outcome.WORKED, look: Look | None = None, words: str = "Seen.") -> ActionItem:
    return service.close_action(ANA, OWN, item.id, version=again(item).version, outcome=outcome, words=words, look=look)


def test_an_action_without_a_kpi_is_closed_with_words_alone() -> None:
    found = close(opened(), Outcome.DID_NOT, words=" Nobody came. ")
    assert (found.outcome, found.evidence, found.closed_by, found.closed_on) == ("did_not", {"words": "Nobody came."}, "Ana", TODAY)


def test_no_action_is_closed_without_words() -> None:
    item = opened()
    assert (
        refused(UserError, lambda: close(item, words=" ")) == "Say what you saw: an action is closed after a look, not by a click."
    )
    assert again(item).is_open


def test_an_action_for_a_kpi_needs_a_look_at_that_kpi_however_it_ends() -> None:
    item = opened(kpi="M2")
    for look, outcome in product((None, Look("M3", text("MQL to SQL"), date(2026, 4, 1))), Outcome):
        assert refused(UserError, partial(close, item, outcome, look)) == (
            "This action is to move M2: look at it on the Scorecard, then close the action."
        )
    assert again(item).is_open


def test_before_a_complete_month_has_passed_nobody_can_say_whether_it_worked() -> None:
    item = opened(kpi="M2")
    for newest, outcome in product((None, date(2026, 3, 1)), (Outcome.WORKED, Outcome.DID_NOT)):
        assert refused(UserError, partial(close, item, outcome, Look("M2", NAME, newest))) == (
            "There is no complete month of Lead acceptance from after Mar 10, 2026, the day this action was opened: nobody can "
            "tell yet whether it worked. Wait for one, or close the action as one that cannot be told or that was dropped."
        )
    assert again(item).is_open
    look = Look("M2", NAME, date(2026, 3, 1), {"mean": 0.5})
    assert close(item, Outcome.CANNOT_TELL, look).evidence == {"words": "Seen.", "mean": 0.5}


def test_with_a_month_that_began_after_it_was_opened_it_can_be_said() -> None:
    assert close(opened(kpi="M2"), look=Look("M2", NAME, date(2026, 4, 1))).outcome == "worked"


def test_a_closed_action_is_not_changed_before_it_is_opened_again() -> None:
    item = close(opened())
    for call in (
        lambda: service.redate(BO, OWN, item.id, version=2, due=DUE, reason="x"),
        lambda: service.reassign(BO, OWN, item.id, version=2, owner="x"),
        lambda: close(item),
    ):
        said = refused(Conflict, call)
        assert said.startswith("Ana closed this action on ")
        assert said.endswith(". Open it again before changing it.")


def test_opening_again_needs_a_reason_and_keeps_what_it_was_closed_with_on_record() -> None:
    item = close(opened())
    assert refused(UserError, lambda: service.reopen(BO, OWN, item.id, version=2, reason="")) == "Say why the action opens again."
    found = service.reopen(BO, OWN, item.id, version=2, reason="It came back.")
    assert (found.is_open, found.outcome, found.closed_on, found.closed_by, found.evidence, found.version) == (
        True, None, None, None, {}, 3,
    )  # fmt: skip
    verb, who, before, after = trail(item)[-1]
    assert (verb, who, before["outcome"], before["evidence"], after["reason"]) == (
        "reopen", "Bo", "worked", {"words": "Seen."}, "It came back.",
    )  # fmt: skip
    assert refused(Conflict, lambda: service.reopen(BO, OWN, item.id, version=3, reason="x")) == "This action is open already."


# Reading


def test_open_actions_come_by_the_day_they_are_due_and_closed_ones_after_them() -> None:
    late, soon = opened(title="late", due=date(2026, 9, 1)), opened(title="soon", kpi="M2")
    first, second = opened(title="first"), opened(title="second")
    close(first)
    close(second)
    assert [item.title for item in service.action_items(ANA, OWN)] == ["soon", "late", "second", "first"]
    assert [item.id for item in service.action_items(ANA, OWN, "M2")] == [soon.id]
    assert late.is_open


def test_the_frame_of_actions_has_a_row_each_and_its_columns_also_where_there_is_none() -> None:
    empty = due_actions(OWN)
    assert (empty.height, empty.columns) == (
        0, ["kpi", "first_due", "due", "opened_on", "closed_on", "created_at", "closed_at", "outcome"],
    )  # fmt: skip
    item = close(opened())
    (row,) = due_actions(OWN).to_dicts()
    assert (row["first_due"], row["closed_on"], row["outcome"], row["closed_at"]) == (DUE, TODAY, "worked", item.closed_at)
    assert due_actions(OWN).schema == empty.schema


def test_an_action_of_another_workspace_is_not_there() -> None:
    item = opened()
    for call in (
        lambda: service.action_item(ANA, SAMPLE, item.id),
        lambda: service.reassign(ANA, SAMPLE, item.id, version=1, owner="x"),
        lambda: service.action_item(ANA, OWN, "0123456789abcdef"),
    ):
        assert refused(NotFound, call).startswith("There is no action ")


def test_everything_about_an_action_changes_the_workspaces_revision() -> None:
    seen = [revision()]
    item = opened()
    for change in (
        lambda: service.redate(ANA, OWN, item.id, version=1, due=DUE, reason="x"),
        lambda: service.reassign(ANA, OWN, item.id, version=2, owner="x"),
        lambda: close(item),
        lambda: service.reopen(ANA, OWN, item.id, version=4, reason="x"),
        decided,
    ):
        seen.append(revision())
        change()
    seen.append(revision())
    assert len(set(seen)) == len(seen)


def test_viewers_and_leaders_read_actions_and_change_none() -> None:
    item = opened()
    for reader in (Principal("v", "Vera", Role.VIEWER), Principal("l", "Lia", Role.LEADER)):
        assert [found.id for found in service.action_items(reader, OWN)] == [item.id]
        for call in (
            partial(service.open_action, reader, OWN, title="t", owner="o", due=DUE),
            partial(service.redate, reader, OWN, item.id, version=1, due=DUE, reason="x"),
            partial(service.reassign, reader, OWN, item.id, version=1, owner="x"),
            partial(service.close_action, reader, OWN, item.id, version=1, outcome=Outcome.DROPPED, words="x"),
            partial(service.reopen, reader, OWN, item.id, version=1, reason="x"),
        ):
            assert "this needs manager" in refused(Forbidden, call)
    assert again(item).version == 1


def test_removing_the_sample_takes_its_decisions_actions_and_trail_along() -> None:
    workspaces.create_sample(LOCAL_ADMIN, name="Sample", currency="EUR", today=TODAY, units=[])
    service.record(ANA, SAMPLE, finding_key="kpi:M2", question="q", evidence="e", choice=Choice.ACT, owner="o", due=DUE)
    workspaces.remove_sample(LOCAL_ADMIN)
    with store.reading() as session:
        assert [session.exec(select(kind)).all() for kind in (Decision, ActionItem, AuditEntry)] == [[], [], []]
