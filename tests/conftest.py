"""What every test can ask for: an empty installation, the sample company, the folder of real files."""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from marops import bootstrap, store
from marops.principal import LOCAL_ADMIN, Principal
from marops.sources import runner, staging

hypothesis.settings.register_profile("marops", deadline=None)
hypothesis.settings.load_profile("marops")

CASES = Path(os.environ.get("MAROPS_CASES") or Path(__file__).parents[2] / "shared" / "cases")
"""Real exports and published cases. They are not part of the project; tests that use them skip where they are missing."""


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test may touch somebody's real data folder or database."""
    for name in ("DATABASE_URL", "HOST", "PORT", "SECRET_KEY", "ALLOW_PRIVATE_HOSTS", "FILES_FROM"):
        monkeypatch.delenv(f"MAROPS_{name}", raising=False)
    monkeypatch.setenv("MAROPS_HOME", str(tmp_path / "home"))


@pytest.fixture
def read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests of what becomes of rows once they are read: files are read in this process, without the limited child, which
    takes longer to start than a small file to read.
    """
    monkeypatch.setattr(runner, "read", lambda jobs: [staging.stage(job) for job in jobs])  # pyright: ignore[reportUnknownLambdaType]


@pytest.fixture
def admin() -> Principal:
    """The principal of local mode."""
    return LOCAL_ADMIN


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], None]:
    """Makes a folder the data folder of a fresh, prepared installation: a copy of one that was prepared once, for to migrate
    a database takes longer than most tests.
    """
    template = tmp_path_factory.mktemp("prepared") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MAROPS_DATABASE_URL", raising=False)
        patch.setenv("MAROPS_HOME", str(template))
        bootstrap.prepare()
        store.engine().dispose()

    return partial(copied, template)


@pytest.fixture
def home(tmp_path: Path, prepared: Callable[[Path], None]) -> Path:
    """The data folder of a fresh, prepared installation with an empty workspace of the user's own."""
    prepared(tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture(scope="session")
def _sample_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from marops.sample import loader

    folder = tmp_path_factory.mktemp("sample") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MAROPS_HOME", str(folder))
        bootstrap.prepare()
        loader.offer(LOCAL_ADMIN)
    return folder


@pytest.fixture
def sample_home(_sample_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder of an installation with the sample company. Shared by all tests: look, do not change."""
    monkeypatch.setenv("MAROPS_HOME", str(_sample_home))
    return _sample_home


def copied(template: Path, folder: Path) -> None:
    """Make the folder a data folder with what the other one holds, which no process has open."""
    shutil.copytree(template, folder)
    with closing(sqlite3.connect(folder / "marops.db")) as database, database:
        # What this process remembers of a workspace it knows by the revision, which no other installation has.
        database.execute("UPDATE workspace SET revision = ? || id", [store.new_id()[:8]])


def case(*parts: str) -> Path:
    """A file or folder of the published cases. Skips the test where the cases are not there."""
    path = CASES.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"published cases are not here: set MAROPS_CASES to the folder that holds {Path(*parts)}")
    return path


def published(case_id: str) -> tuple[dict[str, Any], Any]:
    """The input and the expected output of a published KPI case. Skips the test where the cases are not there."""
    found = next(c for c in json.loads(case("kpi", "open.json").read_text(encoding="utf-8")) if c["id"] == case_id)
    return found["input"], found["expected"]
