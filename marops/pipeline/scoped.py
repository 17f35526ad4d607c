"""The work that a scope shows, and what results about it depend on: what the services of the pipeline begin with."""

import threading
from collections.abc import Hashable
from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl
from cachetools import LRUCache, cached

from marops import item_rollups, rollups
from marops.period import Scope
from marops.pipeline import delivery, events
from marops.pipeline.delivery import Counted, Delivery
from marops.rollups import Facts
from marops.workspaces.service import Opened

NOBODY = ""
"""The person of work without an assignee."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Whose work is looked at: of an assignee (`person`; NOBODY: work without one), and what a role must act on now (`role`, as the
    matrix of who does what calls it). None: everybody's.

    A person's work is all that is assigned to the person now, and everything is measured of it. A role chooses of what stands
    now; what has happened had other roles before.
    """

    person: str | None = None
    role: str | None = None

    @property
    def is_all(self) -> bool:
        """Whether nothing was chosen, so that everything is shown."""
        return self.person is None and self.role is None


ALL = Chosen()


@dataclass(frozen=True)
class Scoped:
    """A workspace's work in a scope, all of it or a person's (see `Chosen`). For those who have asked for the role already."""

    opened: Opened
    scope: Scope
    person: str | None = None

    @property
    def key(self) -> Hashable:
        """What a result made from it depends on."""
        return self.opened.key, self.scope, self.person, item_rollups.this_hour()

    @property
    def everything(self) -> "Scoped":
        """All work of the workspace, in the same period."""
        return Scoped(self.opened, replace(self.scope, unit=None))

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
        """item_rollups.work, of the scope's unit and the person."""
        found = item_rollups.work(self.facts)
        if self.scope.unit is not None:
            found = found.filter(pl.col("unit") == self.scope.unit)
        if self.person is not None:
            found = found.filter(pl.col("assignee").eq_missing(pl.lit(self.person or None, pl.String)))
        return found

    @property
    def moves(self) -> pl.DataFrame:
        """item_rollups.stage_moves, of `work`."""
        return self._of_work(item_rollups.stage_moves(self.facts))

    @property
    def visits(self) -> pl.DataFrame:
        """item_rollups.stage_visits, of `work`."""
        return self._of_work(item_rollups.stage_visits(self.facts))

    @property
    def unread(self) -> pl.DataFrame:
        """The items of `work` with a history of which a row was refused, and why (`events.unread`); where all work is looked at,
        also those of which nothing else is known.
        """
        return events.unread(self._of_work(item_rollups.refused_moves(self.facts)))

    @property
    def refused(self) -> pl.DataFrame:
        """The items of `work` of which the tracker's own row was refused (issue_id), likewise."""
        return self._of_work(item_rollups.refused_items(self.facts).select("issue_id").drop_nulls().unique(maintain_order=True))

    @property
    def nobodys(self) -> tuple[int, int]:
        """How many refused rows of histories, and of trackers' items, do not say whose they are, whatever is looked at."""
        found = (item_rollups.refused_moves(self.facts), item_rollups.refused_items(self.facts))
        moves, items = (rows["issue_id"].null_count() for rows in found)
        return moves, items

    def delivered(self, counted: Counted | None = None) -> Delivery:
        """The flow of `work` to its launch, whatever the period."""
        return _delivered(self, counted or Counted())

    def _of_work(self, rows: pl.DataFrame) -> pl.DataFrame:
        if self.scope.unit is None and self.person is None:
            return rows
        return rows.join(self.work.select("issue_id"), on="issue_id", how="semi", maintain_order="left")


@cached(
    LRUCache(maxsize=32),
    key=lambda scoped, counted: (scoped.opened.key, scoped.scope.unit, scoped.person, item_rollups.this_hour(), counted),
    condition=threading.Condition(),
)  # fmt: skip
def _delivered(scoped: Scoped, counted: Counted) -> Delivery:
    reach = item_rollups.imported_until(scoped.facts)
    return delivery.delivery(
        scoped.moves, scoped.opened.process, scoped.end, counted, reach=reach, work=scoped.work, unread=scoped.unread
    )
