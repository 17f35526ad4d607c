"""Every page shows the exact numbers of a company small enough to be checked by hand (see tiny.py)."""

from pathlib import Path

import pytest
from sqlmodel import select

from marops import lake, store
from marops.principal import LOCAL_ADMIN, Principal, Role
from marops.sources import service as sources
from marops.web import failures
from marops.workspaces.store import OWN
from tests.web import tiny
from tests.web.app import errors, kpi, markup, measure, opened, seen_by, sentence, words

PAGES = ("home", "scorecard", "pipeline", "maturity", "budget", "data")


def test_home_says_what_changed_what_needs_a_decision_and_where_six_kpis_stand(company: Path) -> None:
    at = opened("home")
    # IT1 has 99 % against 99.9 %, M8 has 360 / 3 = 120 EUR against at most 150 EUR.
    assert sentence(at) == "1 of 2 targets kept; Availability missed."
    assert "1 launch is past its date: Gamma, 10 days late." in words(at)
    assert "Availability is 99.00%; the target is ≥ 99.90%." in words(at)
    assert kpi(at, "Availability").endswith("99.00% ○ no trend yet ✕ off target ≥ 99.90%")
    assert " 96 h " in kpi(at, "Time from MQL to next stage")  # half of four leads left within 48 and 96 h
    assert " 50% " in kpi(at, "Lead acceptance")
    assert kpi(at, "Cost per accepted lead").endswith("€120 ○ no trend yet ✓ on target ≤ €150")
    assert "There are not enough weeks before the outages" in kpi(at, "Leads lost in downtime")


def test_scorecard_shows_each_kpi_under_its_side_and_a_reason_where_there_is_no_number(company: Path) -> None:
    at = opened("scorecard")
    assert " -900% " in kpi(at, "Error budget left")  # 432 minutes down where 43.2 are allowed
    assert " 7.2 h " in kpi(at, "Time to restore")
    assert " 696 h " in kpi(at, "Age of the oldest source")  # the last lead is of 1 June, 29 days ago
    assert " 500% " in kpi(at, "Conversion gap, platforms to CRM")  # 24 reported, 4 leads
    assert "No survey answers to “PX1” yet." in kpi(at, "Collaboration gap")
    assert "No MQL of these days is 60 days old yet." in kpi(at, "MQL to SQL")
    assert "No deal closed in these days." in kpi(at, "Win rate")
    assert "nan" not in words(at).lower().split()


def test_pipeline_shows_the_board_what_is_late_and_launches_on_time(company: Path) -> None:
    at = opened("pipeline")
    assert sentence(at).startswith("1 launch is past its date. Work waits longest in Request: half leave it within ")
    assert measure(at, "Launches past their date") == "1 the longest by 10 days"
    assert measure(at, "In preparation") == "2 requested and not yet live"
    assert measure(at, "Launched on time") == "33.3% 6.1% to 79.2% (95% interval) 3 campaigns due"
    assert "Build 1 Gamma 20 d here due Jun 20" in words(at)  # in Build since 11 June, 00:00
    assert "Execution 2 Alpha for 21.6 d Beta for 15.6 d" in words(at)  # live since 9 and 15 June, 09:00
    risks = at.dataframe[0].value
    assert risks[["Campaign", "Stage"]].to_numpy().tolist() == [["Gamma", "Build"], ["Delta", "Request"]]
    for column, gamma in (("Days late", 10), ("Late, %", 100)):
        assert (risks[column][0], risks[column].isna().tolist()) == (gamma, [False, True])
    assert str(risks["Due"][0])[:10] == "2026-06-20"
    assert "1 campaign without a chance: fewer than 10 earlier ones stood where it stands." in words(at)


def test_a_link_to_a_stage_lists_what_is_in_it(company: Path) -> None:
    assert "1 item is in Build now: ○ Gamma for 20 d" in words(opened("pipeline", stage="build"))
    assert "now:" not in words(opened("pipeline", stage="nowhere"))


def test_a_link_to_a_month_lists_the_campaigns_that_were_due_then(company: Path) -> None:
    at = opened("pipeline")
    assert "Click on a bar to see its items." in words(at)
    for state, said in (
        ("on_time", "1 campaign was due in Jun 2026 and launched on time: ✓ Alpha due Jun 10, 2026, launched Jun 9, 2026"),
        ("late", "1 campaign was due in Jun 2026 and launched late: ✓ Beta due Jun 10, 2026, launched Jun 15, 2026, 5 d late"),
        ("waiting", "1 campaign was due in Jun 2026 and is not launched: ○ Gamma due Jun 20, 2026"),
    ):
        found = words(opened("pipeline", due=f"2026-06:{state}"))
        assert said in found
        assert "Click on a bar" not in found
    for nonsense in ("2026-06", "2026-06:soon", "2026-99:late", "x"):
        assert not errors(opened("pipeline", due=nonsense))


def test_maturity_shows_stage_firmness_and_every_part(company: Path) -> None:
    at = opened("maturity")
    assert sentence(at) == "Scale: people, training and practice agree."
    assert measure(at, "Stage of the team") == "Scale assessed Jun 15, 2026"
    assert measure(at, "How firm is that?").startswith("Scale 100% ")
    assert measure(at, "Team size allows") == "Scale 7 dedicated people"
    assert "Governance F 90% 10% Scale –" in words(at)  # level 3 achieves 90 % of Scale and 10 % of Embedded
    assert "The four pillars stand level" in words(at)
    assert "No item on which IT and marketing clearly differ" in words(at)


def test_budget_shows_spend_conversions_cost_and_why_it_cannot_predict_yet(company: Path) -> None:
    at = opened("budget")
    assert sentence(at) == "€360 brought 24 conversions at €15.00 each, as the platforms count them."
    assert measure(at, "Ad spend") == "€360"
    assert measure(at, "Conversions") == "24 as the ad platforms count them"
    assert measure(at, "Cost per conversion") == "€15.00"
    assert "No channel has 20 weeks of daily spend" in words(at)


def test_data_lists_what_came_in_and_how_fresh_it_is(company: Path) -> None:
    at = opened("data")
    assert sentence(at) == "30 rows in 6 tables, the latest of Jun 30, 2026."
    fresh = at.dataframe[0].value.set_index("Table")
    assert fresh.loc["ad_performance", "Rows"] == 4
    assert fresh.loc["ad_performance", "Days behind"] == 0
    assert fresh.loc["sli_measurement", "Days behind"] == 0
    assert len([b for b in at.button if b.key and b.key.startswith("switch_")]) == len(tiny.FILES)


def test_undo_on_the_data_page_takes_the_rows_out_of_every_page(company: Path) -> None:
    ads = next(run for run in sources.imports(LOCAL_ADMIN, OWN) if run.file_name == "ads.csv")
    at = opened("data")
    at.button(key=f"switch_{ads.id}").click().run()
    assert sentence(at) == "26 rows in 5 tables, the latest of Jun 30, 2026."
    assert sentence(opened("budget")) == ""
    assert "No ad spend in these days" in words(opened("budget"))
    assert "€120" not in words(opened("home"))
    at = opened("data")
    at.button(key=f"switch_{ads.id}").click().run()  # Restore
    assert measure(opened("budget"), "Ad spend") == "€360"


@pytest.mark.parametrize("page", PAGES)
def test_every_page_of_an_empty_installation_says_what_to_do_next(page: str, home: Path) -> None:
    at = opened(page)
    assert not errors(at)
    said = words(at).lower()
    assert "import" in said
    assert "nan" not in said.split()
    assert "0%" not in said


@pytest.mark.parametrize("page", PAGES)
def test_every_page_of_the_sample_company_says_that_its_data_are_invented(page: str, sample_home: Path) -> None:
    at = opened(page)
    assert "Sample company: invented data, and a clock that stands at Oct 31, 2026." in words(at)
    assert not errors(at)
    assert "nan" not in words(at).lower().split()


def test_the_address_holds_the_whole_scope_and_every_page_follows_it(company: Path) -> None:
    scope = {"ws": OWN, "from": "2026-06-02", "to": "2026-06-30", "vs": "none", "unit": "all"}
    at = opened("home", **scope)
    assert {name: at.query_params[name] for name in scope} == scope
    at.switch_page("pages/budget.py").run()
    # Without 1 June: 260 EUR for 14 conversions.
    assert measure(at, "Ad spend") == "€260"
    assert measure(at, "Cost per conversion") == "€18.57"


def test_nonsense_in_the_address_falls_back_to_the_default_scope(company: Path) -> None:
    at = opened("home", ws="nobody", **{"from": "31-12-99", "to": "x"}, vs="moon", unit="<b>")
    assert not errors(at)
    assert sentence(at) == "1 of 2 targets kept; Availability missed."


@pytest.mark.parametrize(
    ("days", "vs"),
    [(("0001-01-01", "0001-01-31"), "year"), (("0001-01-01", "0001-01-31"), "previous"), (("9999-12-01", "9999-12-31"), "none")],
)
@pytest.mark.parametrize("page", ["home", "pipeline", "scorecard"])
def test_days_at_the_edges_of_the_calendar_fall_back_to_the_default(
    company: Path, page: str, days: tuple[str, str], vs: str
) -> None:
    at = opened(page, ws=OWN, vs=vs, **{"from": days[0], "to": days[1]})
    assert not errors(at)
    assert at.query_params["from"] > "2000"


def test_what_the_address_names_and_is_not_known_is_said(company: Path) -> None:
    at = opened("home", ws=OWN, unit="Retial <b>")
    for _ in range(2):  # until something else is looked at
        # Escaped: the words of an address are no Markdown.
        assert at.caption[-1].value.replace("\\", "") == "Not known here: Retial <b>. So all of it is shown."
        at.run()
    gone = opened("home", ws="gone").caption[-1].value
    assert gone.replace("\\", "") == "There is no workspace gone: this is Company."
    assert not any("Not known here" in caption.value for caption in opened("home", ws=OWN, unit="all").caption)


def test_every_workspace_is_one_link_away_and_ones_own_says_nothing_of_the_sample(sample_home: Path) -> None:
    at = opened("home")
    assert f'<a href="?ws={OWN}" target="_self">Company</a>' in markup(at)
    assert '<a href="?ws=sample" target="_self" aria-current="true">Sample company</a>' in markup(at)
    at = opened("home", ws=OWN)
    assert "There is no data here yet" in words(at)
    assert "invented data" not in words(at)
    assert f'<a href="?ws={OWN}" target="_self" aria-current="true">Company</a>' in markup(at)


def test_a_slider_predicts_and_back_to_today_takes_it_back(sample_home: Path) -> None:
    at = opened("budget")
    assert "Move a slider to try another split." in measure(at, "Change in conversions a week")
    at.slider(key="what_if_sample_Google Search").set_value(200).run()
    said = measure(at, "Change in conversions a week")
    assert said.startswith("+")
    assert "more than today’s" in said
    assert "(90% interval)" in said
    at.button(key="what_if_reset").click().run()
    assert "Move a slider to try another split." in measure(at, "Change in conversions a week")


def test_a_viewer_sees_the_numbers_and_no_controls_that_change_them(company: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    viewer = Principal(id="v", name="Vera", role=Role.VIEWER)
    seen_by(viewer, monkeypatch, "importing", "data", "decisions", "budget")
    at = opened("data")
    assert "Your role may look at imports, not make them." in words(at)
    assert not [b for b in at.button if b.key and b.key.startswith("switch_")]
    assert not [b for b in opened("home").button if b.key and b.key.startswith("decide_")]


def test_an_unexpected_error_shows_an_apology_with_a_number_that_is_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(failures.st, "error", lambda said, **_: shown.append(said))
    assert failures.on_script_error(RuntimeError("secret detail")) is True
    assert "secret" not in shown[0]
    number = shown[0].split("incident ")[1].split(";")[0]
    assert f"incident {number}" in caplog.text
    assert "secret detail" in caplog.text


def test_damaged_rows_are_a_sentence_on_the_page(
    home: Path, read_here: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Rows of their own: what was computed from equal rows while they were whole may go on being shown.
    monkeypatch.setitem(tiny.FILES, "ads.csv", tiny.ADS.replace("100.00", "101.00"))
    tiny.bring_in(tmp_path / "files", "ads.csv")
    with store.reading() as database:
        path = lake.path_of(database.exec(select(lake.Blob.sha256)).one())
    path.write_bytes(path.read_bytes()[:-1] + b"X")
    at = opened("budget")
    assert any("damaged on disk" in said.replace("\\", "") for said in errors(at))
    assert "€361" not in words(at)
