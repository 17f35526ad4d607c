"""A newer export on the Data page: whose place it takes is said before it does, and what stands in the way, too."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from marops.principal import LOCAL_ADMIN
from marops.sources import service
from marops.workspaces.store import OWN
from tests.sources import made
from tests.web.app import opened, words

HEADER = "Summary,Issue key,Issue id,Status,Created\n"
ONE, TWO = "One,A-1,11,{},2026-05-01 09:00\n", "Two,A-2,12,Build,2026-05-02 09:00\n"


@pytest.fixture(autouse=True)
def _prepared(home: Path, read_here: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test here has an installation of its own, without the sample company."""
    monkeypatch.setenv("MAROPS_SAMPLE", "no")


def page(path: Path) -> AppTest:
    """The Data page with this file previewed."""
    found = service.preview_file(LOCAL_ADMIN, OWN, path)
    at = opened("data", ws=OWN)
    at.session_state["marops_preview"] = found.id
    return at.run()


def warned(at: AppTest) -> list[str]:
    return [warning.value.replace("\\", "") for warning in at.warning]


def test_the_page_says_whose_place_a_newer_export_takes_and_the_old_ones_line_says_so_afterwards(tmp_path: Path) -> None:
    old = made.put(tmp_path / "last.csv", HEADER + ONE.format("Build"))
    service.accept(LOCAL_ADMIN, service.preview_file(LOCAL_ADMIN, OWN, old))
    at = page(made.put(tmp_path / "new.csv", HEADER + ONE.format("Done") + TWO))
    (said,) = warned(at)
    assert said.startswith("Takes the place of last.csv, imported on ")
    assert said.endswith(": 1 item in work_item.")
    button = at.button(key="accept")
    assert button.label == "Replace them by the 2 rows"
    button.click().run()
    assert not at.exception
    assert "work_item replaced by new.csv" in words(opened("data", ws=OWN)).replace("\\", "")
    assert made.counted("work_item").sort("issue_id")["current_status"].to_list() == ["Done", "Build"]


def test_the_page_says_which_items_may_be_there_under_another_id(tmp_path: Path) -> None:
    keyed = made.put(tmp_path / "last.csv", "Summary,Issue key,Status,Created\nOne,A-1,Build,2026-05-01 12:00\n")
    service.accept(LOCAL_ADMIN, service.preview_file(LOCAL_ADMIN, OWN, keyed))
    at = page(made.put(tmp_path / "new.csv", HEADER + ONE.format("Done")))
    (said,) = warned(at)
    assert said == (
        "1 item here seems to be there under another id, but was created at another moment: A-1. Both would count. If they are "
        "one, undo the earlier import on Data first."
    )
    assert at.button(key="accept").label == "Import 1 row"


def test_the_page_names_the_items_that_would_be_lost_and_offers_nothing(tmp_path: Path) -> None:
    old = made.put(tmp_path / "last.csv", HEADER + ONE.format("Build") + TWO)
    service.accept(LOCAL_ADMIN, service.preview_file(LOCAL_ADMIN, OWN, old))
    at = page(made.put(tmp_path / "new.csv", HEADER + ONE.format("Done")))
    (said,) = warned(at)
    assert said == (
        "These rows cannot take the place of last.csv: its work_item has 1 item that is not among them and would be lost: A-2. "
        "Export it, too, or undo the import of last.csv on Data first."
    )
    assert not [button for button in at.button if button.key == "accept"]
