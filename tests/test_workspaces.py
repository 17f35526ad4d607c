"""The user's own workspace and the sample beside it."""

from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

from marops import bootstrap, item_rollups, rollups, settings, store
from marops.audit import service as audit
from marops.calendars import Calendar
from marops.errors import Conflict, NotFound, UserError
from marops.language import text
from marops.principal import LOCAL_ADMIN, Principal, Role
from marops.sample import loader
from marops.sources import service as sources
from marops.stages import Category, Process, Stage, usual
from marops.workspaces import service
from marops.workspaces.service import Unit
from marops.workspaces.store import OWN, SAMPLE
from tests.scorecard.made import fill
from tests.sources import made


def revision(workspace: str = OWN) -> str:
    with store.reading() as session:
        return service.load(session, workspace).revision


def test_a_fresh_installation_has_one_empty_workspace_of_the_users_own(home: Path, admin: Principal) -> None:
    (own,) = service.present(admin)
    assert (own.id, own.is_sample, own.reporting_currency, own.today) == (OWN, False, "EUR", None)
    opened = service.open_workspace(admin, OWN)
    assert opened.is_empty
    assert opened.units == ()
    assert opened.today == datetime.now(UTC).date()
    assert not service.sample_was_offered(admin)


def test_preparing_again_changes_nothing(home: Path, admin: Principal) -> None:
    service.set_reporting_currency(admin, OWN, "BRL")
    before = revision()
    bootstrap.prepare()
    assert revision() == before
    assert service.open_workspace(admin, OWN).workspace.reporting_currency == "BRL"


@pytest.mark.usefixtures("read_here")
def test_an_opened_workspace_knows_the_days_it_has_facts_about(home: Path, admin: Principal, tmp_path: Path) -> None:
    path = made.put(tmp_path / "ads.csv", made.THREE_DAYS)
    sources.accept(admin, sources.preview_file(admin, OWN, path))
    opened = service.open_workspace(admin, OWN)
    assert (opened.first_day, opened.last_day) == (date(2026, 5, 1), date(2026, 5, 3))
    assert not opened.is_empty


@pytest.mark.usefixtures("read_here")
def test_reference_rates_alone_do_not_make_a_period(home: Path, admin: Principal, tmp_path: Path) -> None:
    path = made.put(tmp_path / "rates.csv", "Date,USD,BRL\n2026-05-04,1.0817,5.8\n")
    run = sources.accept(admin, sources.preview_file(admin, OWN, path))
    assert run.rows_loaded == 2
    assert service.open_workspace(admin, OWN).is_empty


def test_units_are_kept_in_their_order_and_replaced_as_a_whole(home: Path, admin: Principal) -> None:
    before = revision()
    service.set_units(admin, OWN, [Unit(" Retail ", " RT_ "), Unit("Services", "SV_")])
    assert service.open_workspace(admin, OWN).units == (Unit("Retail", "RT_"), Unit("Services", "SV_"))
    assert revision() != before
    service.set_units(admin, OWN, [Unit("Services", "SV_")])
    assert service.open_workspace(admin, OWN).units == (Unit("Services", "SV_"),)


@pytest.mark.parametrize(
    ("units", "said"),
    [
        ([Unit("", "a")], "Every business unit needs a name and the beginning of its campaigns' names."),
        ([Unit("a", "  ")], "Every business unit needs a name and the beginning of its campaigns' names."),
        ([Unit("a", "x"), Unit("a ", "y")], "Two business units have the same name or the same beginning; make them different."),
        ([Unit("a", "x"), Unit("b", "x")], "Two business units have the same name or the same beginning; make them different."),
    ],
)
def test_wrong_units_are_refused_in_a_sentence_and_the_old_ones_stay(
    home: Path, admin: Principal, units: list[Unit], said: str
) -> None:
    service.set_units(admin, OWN, [Unit("Old", "o")])
    before = revision()
    with pytest.raises(UserError) as refused:
        service.set_units(admin, OWN, units)
    assert str(refused.value) == said
    assert service.open_workspace(admin, OWN).units == (Unit("Old", "o"),)
    assert revision() == before


def test_a_currency_is_taken_in_any_case_and_anything_else_is_refused(home: Path, admin: Principal) -> None:
    service.set_reporting_currency(admin, OWN, " brl ")
    assert service.open_workspace(admin, OWN).workspace.reporting_currency == "BRL"
    for wrong in ("R$", "EURO", "E1R", ""):
        with pytest.raises(UserError) as refused:
            service.set_reporting_currency(admin, OWN, wrong)
        assert str(refused.value) == f"{wrong} is not a currency code. Give three letters, for example EUR or BRL."
    assert service.open_workspace(admin, OWN).workspace.reporting_currency == "BRL"


def test_a_workspace_that_is_not_there_is_said(home: Path, admin: Principal) -> None:
    for call in (
        lambda: service.open_workspace(admin, SAMPLE),
        lambda: service.set_units(admin, SAMPLE, []),
        lambda: service.set_reporting_currency(admin, SAMPLE, "EUR"),
    ):
        with pytest.raises(NotFound) as missing:
            call()
        assert str(missing.value) == ("There is no workspace sample here. It may have been removed; open Home to choose another.")


def test_the_sample_stands_beside_the_users_own_with_its_own_clock(sample_home: Path, admin: Principal) -> None:
    own, sample = service.present(admin)
    assert (own.id, own.is_sample, sample.id, sample.is_sample) == (OWN, False, SAMPLE, True)
    opened = service.open_workspace(admin, SAMPLE)
    assert opened.today == opened.workspace.today
    assert opened.last_day is not None
    assert opened.last_day <= opened.today
    assert len(opened.units) >= 2
    assert service.open_workspace(admin, OWN).is_empty
    assert service.sample_was_offered(admin)


def test_the_sample_is_offered_once_and_stays_away_once_removed(
    home: Path, admin: Principal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    made.put(folder / "ads.csv", made.THREE_DAYS)
    monkeypatch.setattr(loader.load, "__defaults__", (folder,))
    assert loader.offer(admin) is True
    assert [workspace.id for workspace in service.present(admin)] == [OWN, SAMPLE]
    service.remove_sample(admin)
    assert loader.offer(admin) is False
    assert [workspace.id for workspace in service.present(admin)] == [OWN]
    assert list(settings.current().lake.iterdir()) == []
    assert loader.load(admin, folder) == 1
    assert loader.load(admin, folder) == 1
    assert made.counted("ad_performance", SAMPLE).height == 3
    assert len(sources.imports(admin, SAMPLE)) == 1


def test_removing_a_sample_that_is_not_there_does_nothing(home: Path, admin: Principal) -> None:
    before = revision()
    service.remove_sample(admin)
    assert revision() == before


# The stages of the work

OWN_STAGES = (
    Stage("ask", "Ask", Category.TODO, "marketing", (" Asked", "NEW", "asked"), 2),
    Stage("look", "Legal look", Category.WAIT, "it", ("legal",)),
    Stage("over", "Done", Category.DONE, "", ("closed",)),
)


def test_a_workspace_has_the_usual_stages_until_somebody_sets_its_own(home: Path, admin: Principal) -> None:
    assert service.open_workspace(admin, OWN).process == usual()
    before = revision()
    service.set_process(admin, OWN, OWN_STAGES)
    found = service.open_workspace(admin, OWN).process
    assert [(stage.id, str(stage.name), stage.category, stage.aliases, stage.sla_days) for stage in found.stages] == [
        ("ask", "Ask", Category.TODO, ("asked", "new"), 2),
        ("look", "Legal look", Category.WAIT, ("legal",), None),
        ("over", "Done", Category.DONE, ("closed",), None),
    ]
    assert (found.launched, [stage.id for stage in found.before_launch]) == ({"over"}, ["ask", "look"])
    assert revision() != before
    service.set_process(admin, OWN, None)
    assert service.open_workspace(admin, OWN).process == usual()


def test_a_stage_is_known_by_its_own_name_without_a_word_for_it() -> None:
    found = [Process(OWN_STAGES).meant(word) for word in ("Legal  LOOK", "legal", "done", "no")]
    assert [stage and stage.id for stage in found] == ["look", "look", "over", None]


def test_stages_that_are_set_change_what_the_moves_of_work_mean(home: Path, admin: Principal) -> None:
    moves = [("closed", 9), ("legal", 4), ("New", 1)]
    fill("work_item_transition", [
        {"issue_id": "1", "status_sequence": n, "status": word, "transition_at": datetime(2026, 3, day, tzinfo=UTC)}
        for n, (word, day) in enumerate(moves, 1)
    ])  # fmt: skip
    service.set_process(admin, OWN, OWN_STAGES)
    found = rollups.facts(service.open_workspace(admin, OWN))
    assert item_rollups.stage_visits(found)["stage"].to_list() == ["ask", "look", "over"]  # by time, whatever the order of the file
    (row,) = item_rollups.work(found).select("created_at", "launched_at", "done_at", "name").rows()
    assert row == (datetime(2026, 3, 1, tzinfo=UTC), *[datetime(2026, 3, 9, tzinfo=UTC)] * 2, "1")


@pytest.mark.parametrize(
    ("stages", "says"),
    [
        ([], "At least one stage must come before"),
        (OWN_STAGES[:2], "At least one stage must be the end"),
        (OWN_STAGES[2:], "At least one stage must come before"),
        ((*OWN_STAGES, Stage("x", "legal LOOK", Category.WAIT, "", ())), "no two the same"),
        ((*OWN_STAGES, Stage("x", "X", Category.WAIT, "", ("closed",))), "closed stands for two stages: Done and X"),
        ((*OWN_STAGES, Stage("x", "Closed", Category.WAIT, "", ())), "closed stands for two stages: Done and Closed"),
        ((*OWN_STAGES, Stage("x", "X", Category.WAIT, "", (), 0.0)), "must be more than 0"),
        ((*OWN_STAGES, Stage("x", " ", Category.WAIT, "", ())), "needs a name"),
    ],
)
def test_what_is_no_workflow_is_refused_and_nothing_changes(home: Path, admin: Principal, stages, says: str) -> None:
    before = revision()
    with pytest.raises(UserError, match=says):
        service.set_process(admin, OWN, stages)
    assert (revision(), service.open_workspace(admin, OWN).process) == (before, usual())


def test_of_two_who_set_the_stages_at_once_the_second_is_told_who_was_quicker(home: Path, admin: Principal) -> None:
    seen = service.open_workspace(admin, OWN).process
    service.set_process(Principal("b", "Bo", Role.MANAGER), OWN, OWN_STAGES, seen=seen)
    kept = service.open_workspace(admin, OWN).process
    (entry,) = audit.entries(admin, OWN, "process")
    with pytest.raises(Conflict) as refused:
        service.set_process(admin, OWN, usual().stages, seen=seen)
    said = text(
        "{who} changed the stages on {when}, after you opened them; nothing of yours was saved. Open them again and make your "
        "change there.",
        who="Bo", when=entry.at,
    )  # fmt: skip
    assert (refused.value.text, service.open_workspace(admin, OWN).process) == (said, kept)
    service.set_process(admin, OWN, None, seen=kept)
    assert service.open_workspace(admin, OWN).process == usual()


def test_names_and_words_of_stages_are_kept_as_words_are(home: Path, admin: Principal) -> None:
    for name, word in (("x" * 201, "x"), ("x", "x" * 201)):
        with pytest.raises(UserError, match="These words have 201 characters, and 200 fit"):
            service.set_process(admin, OWN, [*OWN_STAGES, Stage("x", name, Category.WAIT, "", (word,))])
    service.set_process(admin, OWN, [*OWN_STAGES, Stage("x", " By \x00hand\x96 ", Category.WAIT, "", ("o\x00dd",))])
    last = service.open_workspace(admin, OWN).process.stages[-1]
    assert (last.name, last.aliases) == ("By hand", ("odd",))


# When work is done


def test_a_workspace_works_on_its_own_days_in_its_own_zone(home: Path, admin: Principal) -> None:
    assert service.open_workspace(admin, OWN).calendar == Calendar()
    service.set_calendar(
        admin, OWN, zone="America/Sao_Paulo", weekdays=[3, 0, 0], begins=time(8), ends=time(16, 30), holidays=[date(2026, 3, 5)]
    )
    found = service.open_workspace(admin, OWN).calendar
    assert found.zone == "America/Sao_Paulo"
    assert found.week == {0: ((time(8), time(16, 30)),), 3: ((time(8), time(16, 30)),)}
    assert found.working_days(date(2026, 3, 1), date(2026, 3, 9)) == [date(2026, 3, 2), date(2026, 3, 9)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"zone": "Mars/Olympus"},
        {"weekdays": []},
        {"begins": time(17)},
        {"ends": time(9)},
        {"begins": time(9, 0, 1), "ends": time(9, 0, 30)},
        {"weekdays": [7]},
    ],
)
def test_a_calendar_in_which_nobody_could_work_is_refused(home: Path, admin: Principal, wrong: dict) -> None:
    right = {"zone": "UTC", "weekdays": [0], "begins": time(9), "ends": time(17), "holidays": []}
    with pytest.raises(UserError):
        service.set_calendar(admin, OWN, **{**right, **wrong})
    assert service.open_workspace(admin, OWN).calendar == Calendar()


def test_of_two_who_set_the_calendar_at_once_the_second_is_told_who_was_quicker(home: Path, admin: Principal) -> None:
    hours = {"zone": "UTC", "weekdays": range(5), "begins": time(9), "ends": time(17)}
    seen = service.open_workspace(admin, OWN).calendar
    service.set_calendar(Principal("b", "Bo", Role.MANAGER), OWN, holidays=[date(2026, 12, 25)], seen=seen, **hours)
    (entry,) = audit.entries(admin, OWN, "calendar")
    with pytest.raises(Conflict) as refused:
        service.set_calendar(admin, OWN, holidays=[date(2026, 4, 3)], seen=seen, **hours)
    said = text(
        "{who} changed the working days on {when}, after you opened them; nothing of yours was saved. Open them again and make "
        "your change there.",
        who="Bo", when=entry.at,
    )  # fmt: skip
    found = service.open_workspace(admin, OWN).calendar
    assert (refused.value.text, found.holidays) == (said, {date(2026, 12, 25)})
    service.set_calendar(admin, OWN, holidays=[], seen=found, **hours)
    assert service.open_workspace(admin, OWN).calendar.holidays == frozenset()


@pytest.mark.parametrize("name", ["Validation\u200b", " validation", "\u200b", ""])
def test_stages_are_told_apart_by_what_is_seen_of_their_names(home: Path, name: str) -> None:
    with pytest.raises(UserError) as refused:
        service.set_process(LOCAL_ADMIN, OWN, (*usual().stages, Stage("more", name, Category.ACTIVE, "", ())))
    assert str(refused.value.text) == "Every stage needs a name, and no two the same."
