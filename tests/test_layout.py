"""Files of the project that must agree with one another, or keep a promise made to whoever installs it."""

import re
import tomllib
from pathlib import Path

import pytest

from marops import settings, theme
from marops.sources.recognising import PSEUDO, normal, shapes, spelling
from marops.tables import TABLES

ROOT = Path(__file__).parents[1]
SHAPES = sorted((ROOT / "marops" / "sources" / "shapes").glob("*.toml"))


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_every_locked_requirement_is_one_version_with_a_hash_and_no_address(name: str) -> None:
    lock = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"https?:|git\+|file:|--index-url|--extra-index-url|--find-links|--trusted-host", lock)
    statements = [line.strip() for line in lock.replace("\\\n", " ").splitlines()]
    requirements = [line for line in statements if line and not line.startswith("#")]
    assert len(requirements) > 20
    for requirement in requirements:
        assert re.match(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==[^\s;]+ ", requirement), requirement
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", requirement), requirement


def test_what_runs_is_locked_in_the_same_versions_for_development() -> None:
    def versions(name: str) -> dict[str, str]:
        return dict(
            re.findall(r"^([a-z0-9._-]+)(?:\[[a-z,]+\])?==([^\s;]+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)
        )

    running, developing = versions("requirements.lock"), versions("requirements-dev.lock")
    assert running
    assert {name: developing.get(name) for name in running} == running


def test_everything_the_project_says_it_needs_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    for dependency in project["dependencies"]:
        name = re.split(r"[\[>=<]", dependency)[0]
        assert re.search(rf"^{re.escape(name)}(\[[a-z,]+\])?==", lock, re.MULTILINE), name


def test_the_servers_colours_are_the_palettes() -> None:
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]
    for mode in ("light", "dark"):
        assert config[mode]["chartCategoricalColors"] == [getattr(role, mode) for role in theme.ROLES]
        assert config[mode]["backgroundColor"] == getattr(theme.PAPER, mode)
        assert config[mode]["textColor"] == getattr(theme.TEXT, mode)


def test_the_servers_defaults_are_the_settings_defaults() -> None:
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert config["server"]["address"] == settings.DEFAULT_HOST
    assert config["server"]["port"] == settings.DEFAULT_PORT
    assert config["server"]["maxUploadSize"] == settings.UPLOAD_LIMIT_MB
    assert config["client"]["showErrorDetails"] == "none"
    assert config["server"]["enableXsrfProtection"] is True
    assert config["browser"]["gatherUsageStats"] is False


def test_there_are_shapes_to_look_at() -> None:
    assert {path.stem for path in SHAPES} >= {"google_ads", "meta_ads", "linkedin_ads", "crm_leads", "jira_history", "qualtrics"}


@pytest.mark.parametrize("path", SHAPES, ids=lambda path: path.stem)
def test_a_shape_speaks_only_of_tables_and_columns_that_exist(path: Path) -> None:
    shape = shapes()[path.stem]
    table = TABLES[shape.table]
    known = set(table.by_name) | set(PSEUDO)
    assert set(shape.columns) <= known
    assert set(shape.constants) <= set(table.by_name)
    assert set(shape.values) <= known
    assert set(shape.keep) <= known
    assert {*shape.latest, *shape.latest.values()} <= set(shape.columns)
    assert shape.micros <= {spelling(alias) for aliases in shape.columns.values() for alias in aliases}
    assert shape.over <= shapes().keys()
    assert not shape.flags or "_field" in shape.columns
    filled = set(shape.columns) | {str(shape.unpivoted.get("header")), str(shape.unpivoted.get("cell"))}
    assert {name for group in shape.needs for name in group} <= filled
    if shape.unpivot:
        plan = {name for key, name in shape.unpivoted.items() if key in {"header", "cell", "label"}}
        assert plan | set(shape.unpivoted.get("companions", {})) <= known
    unknown = set(tomllib.loads(path.read_text(encoding="utf-8"))) - {
        "name", "table", "marks", "needs", "constants", "columns", "breakdowns", "values", "keep", "dates", "period_above",
        "label_rows", "unpivot", "unpivoted", "tool", "extends", "micros", "latest", "fallback", "dates_open", "flags", "over",
    }  # fmt: skip
    assert not unknown, "keys that nobody reads"


@pytest.mark.parametrize("path", SHAPES, ids=lambda path: path.stem)
def test_a_shapes_headers_are_written_as_they_are_compared(path: Path) -> None:
    shape = shapes()[path.stem]
    headers = [alias for aliases in (*shape.columns.values(), *shape.breakdowns.values()) for alias in aliases]
    assert [alias for alias in [*headers, *shape.marks] if normal(alias) != alias] == []


@pytest.mark.parametrize("path", SHAPES, ids=lambda path: path.stem)
def test_a_shape_translates_only_to_values_the_table_allows(path: Path) -> None:
    shape = shapes()[path.stem]
    columns = TABLES[shape.table].by_name
    for name, words in shape.values.items():
        if name in columns and columns[name].allowed:
            assert set(words.values()) <= set(columns[name].allowed)
        assert [word for word in words if word != word.strip().lower()] == []
    for name, value in shape.constants.items():
        if columns[name].allowed:
            assert value in columns[name].allowed
