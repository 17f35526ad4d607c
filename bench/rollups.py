"""How often each roll-up is really computed while every page is visited with the same scope: once."""

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cachetools import LRUCache
from streamlit.testing.v1 import AppTest

from bench import report
from marops import bootstrap, item_rollups, rollups
from marops.principal import LOCAL_ADMIN
from marops.sample import loader
from marops.scorecard import inputs

CACHES = {
    "channel_days": rollups.channel_days, "leads": rollups.leads, "_all_work": item_rollups._all_work,  # noqa: SLF001
}  # fmt: skip
PAGES = ("scorecard", "pipeline", "maturity", "budget", "data", "home")
_ROOT = Path(__file__).parents[1]


class _Counting(LRUCache[Any, Any]):
    """A cache that counts what is put into it: each computation ends so."""

    def __setitem__(self, key: object, value: object) -> None:
        _computed[id(self)] += 1
        super().__setitem__(key, value)


_computed: Counter[int] = Counter()


@contextmanager
def counted() -> Iterator[dict[str, int]]:
    """Empty the roll-ups' caches and count computations until the end of the block."""
    caches = {name: roll_up.cache for name, roll_up in CACHES.items()}
    found: dict[str, int] = {}
    for cache in caches.values():
        cache.clear()
        cache.__class__ = _Counting
        _computed[id(cache)] = 0
    inputs.facts_of.cache.clear()  # the scorecard keeps the roll-ups it was made from
    try:
        yield found
    finally:
        for name, cache in caches.items():
            found[name] = _computed[id(cache)]
            cache.__class__ = LRUCache


def visit_all() -> dict[str, int]:
    """Visit every page of the installation at MAROPS_HOME; how often each roll-up was computed."""
    with counted() as found:
        app = AppTest.from_file(str(_ROOT / "app.py"), default_timeout=120)
        # Days that nobody else in this process has asked for, so that no page finds its results ready.
        app.query_params.update({"ws": "sample", "from": "2026-01-06", "to": "2026-10-27", "vs": "previous", "unit": "all"})
        app.run()
        for page in PAGES:
            app.switch_page(str(_ROOT / "pages" / f"{page}.py")).run()
            assert not app.exception, (page, app.exception)
    return found


def run() -> None:
    """Count and print."""
    with tempfile.TemporaryDirectory() as home, pytest.MonkeyPatch.context() as patch:
        patch.setenv("MAROPS_HOME", home)
        bootstrap.prepare()
        loader.offer(LOCAL_ADMIN)
        found = visit_all()
    print("\nComputations of each roll-up while every page is visited once (target: 1)")
    report.table(("roll-up", "computed"), [(name, f"{count}{'' if count == 1 else '  NOT MET'}") for name, count in found.items()])
