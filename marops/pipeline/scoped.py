"""The work that a scope shows, and what results about it depend on: what the services of the pipeline begin with."""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from marops import item_rollups, rollups
from marops.period import Scope
from marops.rollups import Facts
from marops.workspaces.service import Opened


@dataclass(frozen=True)
class Scoped:
    """A workspace's work in a scope. For those who have asked for the role already."""

    opened: Opened
    scope: Scope

    @property
    def key(self) -> Hashable:
        """What a result made from it depends on."""
        return self.opened.key, self.scope, item_rollups.this_hour()

    @property
    def facts(self) -> Facts:
        """The facts of the workspace, whatever the scope's unit."""
        return rollups.facts(self.opened)

    @property
    def end(self) -> datetime:
        """Until when it is known where work stands."""
        return item_rollups.known_until(self.facts)

    @property
    def work(self) -> pl.DataFrame:
        """item_rollups.work, of the scope's unit."""
        found = item_rollups.work(self.facts)
        return found if self.scope.unit is None else found.filter(pl.col("unit") == self.scope.unit)

    @property
    def moves(self) -> pl.DataFrame:
        """item_rollups.stage_moves, of the scope's unit."""
        return self._of_unit(item_rollups.stage_moves(self.facts))

    @property
    def visits(self) -> pl.DataFrame:
        """item_rollups.stage_visits, of the scope's unit."""
        return self._of_unit(item_rollups.stage_visits(self.facts))

    def _of_unit(self, rows: pl.DataFrame) -> pl.DataFrame:
        ids = self.work.select("issue_id")
        return rows if self.scope.unit is None else rows.join(ids, on="issue_id", how="semi", maintain_order="left")
