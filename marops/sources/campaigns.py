"""The names of campaigns held against the workspace's rule, in a preview and in what has been imported."""

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from marops import lake, naming, store
from marops.naming import Named
from marops.sources.report import Part
from marops.tables import AD_PERFORMANCE
from marops.workspaces import store as workspaces

_NAME = "campaign_name"


def staged(workspace_id: str, parts: Iterable[tuple[Part, Path]]) -> Named | None:
    """The campaign names in staged ad reports; None where there is no rule, or no such name."""
    frames = [pl.scan_parquet(path) for part, path in parts if part.rows.table == AD_PERFORMANCE.name]
    return _held(workspace_id, [frame for frame in frames if _NAME in frame.collect_schema().names()])


def imported(workspace_id: str, revision: str) -> Named | None:
    """The campaign names in what counts of a workspace's ad reports; None where there is no rule, or no such name."""
    return _held(workspace_id, [lake.table(lake.manifest(workspace_id, revision), AD_PERFORMANCE.name)])


def _held(workspace_id: str, frames: list[pl.LazyFrame]) -> Named | None:
    with store.reading() as session:
        pattern = workspaces.load(session, workspace_id).naming_rule
    if not pattern:
        return None
    names = {name for frame in frames for name in frame.select(pl.col(_NAME).unique()).collect()[_NAME] if name}
    return naming.looked_at(naming.parsed(pattern), names) if names else None
