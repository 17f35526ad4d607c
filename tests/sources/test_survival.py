"""Whatever is wrong with a file, and whenever an import is killed: a sentence, and all of the rows or none."""

from pathlib import Path

import pytest

from bench import kills, mutations
from marops import settings


@pytest.mark.timeout(180)
def test_damaged_files_are_read_asked_about_or_refused_with_a_sentence_and_leave_nothing(home: Path) -> None:
    """A seeded part of what `python -m bench mutations` reads."""
    found = mutations.survive(60, seed=1)
    assert found.files == found.outcomes.total() == 60
    assert found.defects == []
    assert found.hangs == []
    assert list(settings.current().staging.iterdir()) == []


@pytest.mark.server
@pytest.mark.timeout(240)
def test_an_import_killed_at_any_moment_is_there_entirely_or_not_at_all(home: Path) -> None:
    """A seeded part of what `python -m bench kills` does."""
    found = kills.kill(6, seed=3)
    assert found.outcomes.total() == 6
    assert (found.partial, found.lost) == ([], [])
