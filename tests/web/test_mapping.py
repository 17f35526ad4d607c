"""An unknown file on the Data page: guesses with reasons, what is missing, the first rows as they would be read."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from marops.principal import LOCAL_ADMIN
from marops.sources import service
from marops.workspaces.store import OWN
from tests.sources import made
from tests.web.app import markup, opened, words

MEDIA = (
    "What;Seen on;Media spend;Total impressions;<b>Ref</b>\n"
    "A;03/04/2026;R$ 1.234,56;1.200;x\n"
    "A;04/04/2026;n/k;800;y\n"
    "B;05/04/2026;R$ 0,44;20;y\n"
    "B;06/04/2026;R$ 1,00;20;y\n"
)
READ = "Read the file with these columns"


@pytest.fixture(autouse=True)
def _prepared(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test here has an installation of its own, without the sample company."""
    monkeypatch.setenv("MAROPS_SAMPLE", "no")


def page(path: Path) -> AppTest:
    """The Data page with this file previewed."""
    found = service.preview_file(LOCAL_ADMIN, OWN, path)
    at = opened("data", ws=OWN)
    at.session_state["marops_preview"] = found.id
    return at.run()


def choose(at: AppTest, label: str, value: str | None) -> AppTest:
    return next(box for box in at.selectbox if box.label == label).set_value(value).run()


def read_button(at: AppTest) -> bool:
    """Whether the file can be read with the choices so far."""
    return not next(button for button in at.button if button.label == READ).disabled


def test_guesses_have_reasons_and_nothing_is_imported_by_itself(tmp_path: Path) -> None:
    at = page(made.put(tmp_path / "radio.csv", MEDIA))
    chosen = {box.label: box.value for box in at.selectbox}
    assert chosen["What is a row?"] == "ad_performance"
    assert (chosen["Media spend"], chosen["Seen on"], chosen["What"]) == ("spend", "_day", None)
    assert "its values are days, and no other column’s are" in words(at)
    assert "2 different texts, but nothing we know has this name" in words(at)
    assert "<b>Ref</b>" not in markup(at)
    assert not [button for button in at.button if button.key == "accept"]
    assert any("Still missing: platform" in warning.value.replace("\\", "") for warning in at.warning)
    assert not read_button(at)


def test_the_first_rows_follow_each_choice_at_once(tmp_path: Path) -> None:
    at = page(made.put(tmp_path / "radio.csv", MEDIA))
    assert "Apr 3, 2026" in words(at)
    assert "n/k not a number" in words(at)
    control = next(group for group in at.button_group if group.key and group.key.startswith("dat_"))
    control.set_value("mdy").run()
    assert "Mar 4, 2026" in words(at)
    choose(at, "Media spend", "account_name")
    assert "not a number" not in words(at)
    assert "your choice" in words(at)


def test_two_columns_for_one_thing_are_told_and_the_file_cannot_be_read(tmp_path: Path) -> None:
    at = page(made.put(tmp_path / "radio.csv", MEDIA))
    choose(at, "platform", "reddit_ads")
    assert read_button(at)
    choose(at, "What", "spend")
    assert any("Two columns go to spend: What and Media spend" in w.value.replace("\\", "") for w in at.warning)
    assert not read_button(at)


def test_what_was_confirmed_is_imported_and_known_for_the_next_file(tmp_path: Path) -> None:
    at = page(made.put(tmp_path / "radio.csv", MEDIA))
    choose(at, "What", "campaign_name")
    choose(at, "platform", "reddit_ads")
    next(group for group in at.button_group if group.key and group.key.startswith("dat_")).set_value("dmy").run()
    next(button for button in at.button if button.label == READ).click().run()
    assert not at.exception
    next(button for button in at.button if button.key == "accept").click().run()
    rows = made.counted("ad_performance").sort("period_start")
    assert [day.isoformat() for day in rows["period_start"]] == ["2026-04-03", "2026-04-05", "2026-04-06"]
    assert (rows["platform"].unique().to_list(), str(rows["spend"].sum())) == (["reddit_ads"], "1236.000000")
    later = page(made.put(tmp_path / "may.csv", MEDIA.replace("/04/", "/07/")))
    assert "Mapped as Local admin said on" in words(later)
    assert "3 rows ready" in words(later)
    next(button for button in later.button if button.label == "Forget that").click().run()
    assert not later.exception
    assert "not recognised" in words(later)


def test_where_the_clocks_were_is_chosen_shown_at_once_and_known_for_the_next_file(tmp_path: Path) -> None:
    row = "A-1,Camp,Build,2026-01-15 10:00\n"
    at = page(made.put(tmp_path / "issues.csv", f"Issue key,Summary,Status,Created\n{row}"))
    assert "Times without a time zone were taken as UTC" in words(at)
    at.session_state[f"mapping_{at.session_state['marops_preview']}_0"] = True  # the columns are unfolded
    at.run()
    choose(at, "Times without a time zone are those of", "America/Sao_Paulo")
    assert "1:00" in words(at)
    next(button for button in at.button if button.label == READ).click().run()
    assert "Times without a time zone were read as America/Sao_Paulo time, as was chosen" in words(at)
    next(button for button in at.button if button.key == "accept").click().run()
    assert made.counted("work_item")["created_at"].to_list() == [made.utc(2026, 1, 15, 13)]
    later = page(made.put(tmp_path / "more.csv", f"Issue key,Summary,Status,Created\n{row}{row.replace('A-1', 'A-2')}"))
    assert "America/Sao_Paulo time, as was chosen" in words(later)


def test_a_file_whose_names_say_nothing_asks_first_what_a_row_is(tmp_path: Path) -> None:
    at = page(made.put(tmp_path / "shops.csv", "Shop,Opened,Sold\nA,2026-05-01,3\nB,2026-05-02,4\n"))
    assert "The names of the columns do not say what a row is." in words(at)
    assert not [button for button in at.button if button.label == READ]
    choose(at, "What is a row?", "cost")
    said = [warning.value.replace("\\", "") for warning in at.warning]
    assert said == ["Still missing: cost centre and sales marketing cost."]


def test_the_tables_of_a_workbook_are_chosen_and_copies_are_told(tmp_path: Path) -> None:
    june = made.ads(("2026-06-01", "10", "8"))
    sheets = {"May": made.THREE_DAYS, "Copy": made.THREE_DAYS, "June": june, "Shops": "Shop,Sold\nA,3\nB,4\n"}
    at = page(made.workbook(tmp_path / "book.xlsx", sheets))
    (choice,) = [box for box in at.multiselect if box.label == "Which of its tables do you want to bring in?"]
    assert choice.value == ["May", "Copy", "June"]
    assert "Left out: Shops (not recognised)." in words(at)
    assert any("stand both in May and in Copy" in warning.value for warning in at.warning)
    assert not [button for button in at.button if button.key == "accept"]
    choice.set_value(["May", "June"]).run()
    next(button for button in at.button if button.label == "Import 4 rows").click().run()
    assert not at.exception
    assert str(made.counted("ad_performance")["spend"].sum()) == "11.750000"


def test_a_naming_rule_is_set_on_the_page_and_the_preview_lists_other_names(tmp_path: Path) -> None:
    at = page(made.put(tmp_path / "ads.csv", made.THREE_DAYS))
    assert "campaign name" not in " ".join(info.value for info in at.info)
    next(box for box in at.text_input if box.label == "Naming rule").set_value("{country:BR|MX}_{channel}")
    next(button for button in at.button if button.form_id == "naming").click().run()
    assert not at.exception
    assert [info.value.replace("\\", "") for info in at.info] == [
        "0 of 1 campaign name follows the rule {country:BR|MX}_{channel}."
    ]
    (listed,) = [frame.value for frame in at.dataframe if "Campaign" in frame.value.columns]
    assert (
        listed.rows() == [("Search Brasil", "1 part instead of 2")]
        if hasattr(listed, "rows")
        else listed.values.tolist() == [["Search Brasil", "1 part instead of 2"]]
    )
    next(button for button in at.button if button.label == "Import 3 rows").click().run()
    assert not at.exception
