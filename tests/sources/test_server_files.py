"""Files of the server by path: only what lies in a folder the administrator allows."""

from pathlib import Path

import pytest

from marops import settings
from marops.errors import BadSetting, Forbidden, NotFound
from marops.principal import Principal
from marops.sources import server_files, service
from marops.workspaces.store import OWN
from tests.sources import made


@pytest.fixture
def exports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An allowed folder with one file; another file lies outside."""
    folder = tmp_path / "exports"
    (folder / "may").mkdir(parents=True)
    made.put(folder / "may" / "ads.csv", made.THREE_DAYS)
    made.put(tmp_path / "secret.csv", made.THREE_DAYS)
    monkeypatch.setenv("MAROPS_FILES_FROM", str(folder))
    return folder


def test_without_the_setting_no_file_of_the_server_can_be_named_and_the_sentence_says_how(
    admin: Principal, home: Path, tmp_path: Path
) -> None:
    path = made.put(tmp_path / "ads.csv", made.THREE_DAYS)
    with pytest.raises(Forbidden) as refused:
        service.start_named(admin, OWN, str(path))
    assert str(refused.value) == (
        "No folder of the server may be imported from. Set MAROPS_FILES_FROM to the folder of such files and start "
        "marops again, or run “marops import FILE” on the server."
    )


@pytest.mark.parametrize("named", ["may/ads.csv", " may/ads.csv ", "{exports}/may/ads.csv", "may/../may/ads.csv"])
def test_a_file_inside_is_found_by_its_full_path_or_from_the_folder(
    admin: Principal, home: Path, exports: Path, named: str
) -> None:
    found = service.finish(admin, service.start_named(admin, OWN, named.format(exports=exports)))
    assert (found.file_name, found.ready[0].rows_ready) == ("ads.csv", 3)


@pytest.mark.parametrize(
    "named",
    ["../secret.csv", "{exports}/../secret.csv", "/etc/passwd", "may", "", "nowhere.csv", "link.csv", "folder/secret.csv",
     "circle.csv", "may/ads.csv\x00", "x" * 5_000, "/dev/zero", "~/.bashrc"],
)  # fmt: skip
def test_nothing_else_is_found_and_what_lies_outside_is_not_said_to_be_there(exports: Path, named: str) -> None:
    (exports / "link.csv").symlink_to(exports.parent / "secret.csv")
    (exports / "folder").symlink_to(exports.parent)
    (exports / "circle.csv").symlink_to(exports / "circle.csv")
    given = named.format(exports=exports)
    with pytest.raises(NotFound) as refused:
        server_files.find(given)
    assert str(refused.value) == (
        f"There is no file {given.strip()[:300]} in {exports}, where imports may come from. Check the name."
    )


def test_a_link_that_stays_inside_is_followed_and_several_folders_may_be_allowed(
    exports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "ads.csv").symlink_to(exports / "may" / "ads.csv")
    monkeypatch.setenv("MAROPS_FILES_FROM", f"{exports}:{other}")
    assert server_files.find("ads.csv") == exports / "may" / "ads.csv"


def test_a_folder_that_is_no_full_path_is_a_wrong_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAROPS_FILES_FROM", "exports")
    with pytest.raises(BadSetting, match=r"^MAROPS_FILES_FROM names exports; give full paths"):
        settings.current()
