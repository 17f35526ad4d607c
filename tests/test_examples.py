"""The examples in docstrings say what the code does."""

import doctest
import importlib
from pathlib import Path

import pytest

import marops

_ROOT = Path(marops.__file__).parent
WITH_EXAMPLES = sorted(path for path in _ROOT.rglob("*.py") if ">>> " in path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=lambda path: path.relative_to(_ROOT).as_posix())
def test_every_example_gives_what_it_says(path: Path):
    name = ".".join(("marops", *path.relative_to(_ROOT).with_suffix("").parts))
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted > 0
    assert found.failed == 0
