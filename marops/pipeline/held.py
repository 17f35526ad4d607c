"""Who holds the work of a scope: the frames a page shows, and the sentences that go before them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from marops.language import Text, joined, ntext, text
from marops.pipeline.bottleneck import FEWEST, Bottleneck, Queue
from marops.pipeline.raci import Flaw, Matrix, called
from marops.quantity import Quantity, Unit
from marops.stages import Process


@dataclass(frozen=True)
class Held:
    """Who holds the work of a scope before its launch. What happened is of the scope's period, what is now of `as_of`.

    `by_stage`: days by stage and role, `items`: those of each item (`issue_id`, `name`, `stage`, `role`, `days`, `open`: it is
    there still), the longest first; `handoffs`, `crossings`: what passed between roles and sides, `passed`: each time
    between roles (`issue_id`, `name`, `role`, `next_role`, `until`: when), the last first; `now`: who must act (see
    holding; `case` is an item's name and `issue_id` its id, `value` in `currency`), `acting`: on which item (`issue_id`, `role`).
    `sides`: by role, "" where nobody has said. `is_default`: nobody has set who does what. `strangers`: roles that act and are not
    in the matrix.
    `left_out`: items with a moment that cannot be; `elsewhere`: items now in a status that is no stage; `is_untold`: there is work,
    and of none of it a history that can be used.
    """

    matrix: Matrix
    is_default: bool
    flaws: tuple[Flaw, ...]
    process: Process
    by_stage: pl.DataFrame
    items: pl.DataFrame
    handoffs: pl.DataFrame
    crossings: pl.DataFrame
    now: pl.DataFrame
    passed: pl.DataFrame
    acting: pl.DataFrame
    bottleneck: Bottleneck | None
    sides: Mapping[str, str]
    strangers: tuple[str, ...]
    currency: str
    left_out: int
    elsewhere: int
    is_untold: bool
    as_of: date

    @property
    def roles(self) -> tuple[str | None, ...]:
        """The roles that held anything: those of the matrix in their order, others, the longest first, and None for nobody."""
        held = self.by_stage.group_by("role").agg((pl.col("days") + pl.col("ongoing_days")).sum().alias("all"))
        found: list[str | None] = held.sort("all", "role", descending=[True, False])["role"].to_list()
        order = [role.name for role in self.matrix.roles]
        return tuple(sorted(found, key=lambda role: (role is None, order.index(role) if role in order else len(order))))

    def of(self, stage: str, role: str | None) -> pl.DataFrame:
        """The items that a role held in a stage, the longest first: rows of `items`."""
        return self.items.filter((pl.col("stage") == stage) & pl.col("role").eq_missing(pl.lit(role, pl.String)))

    def passed_on(self, role: str, to: str) -> pl.DataFrame:
        """The times a role passed work to another, the last first: rows of `passed`."""
        return self.passed.filter((pl.col("role") == role) & (pl.col("next_role") == to))

    def with_role(self, role: str) -> frozenset[str]:
        """The ids of the items on which a role must act now."""
        return frozenset(self.acting.filter(pl.col("role") == role)["issue_id"])

    def share(self, role: str | None) -> float:
        """The share of all days that a role held; 0 where nothing was held."""
        all_days = self.by_stage.select("role", (pl.col("days") + pl.col("ongoing_days")).alias("days"))
        total = float(all_days["days"].sum())
        return float(all_days.filter(pl.col("role").eq_missing(pl.lit(role, pl.String)))["days"].sum()) / total if total else 0.0

    @property
    def conclusion(self) -> Text:
        """The bottleneck role with its evidence, or why none can be named."""
        found = self.bottleneck
        if self.is_untold:
            return text("Of this work no history is known that can be used: who held it, and for how long, cannot be told.")
        if found is None:
            return text("Nothing waited for anybody in these days.")
        if found.items < FEWEST:
            return ntext(
                "{n} item is too few to name a bottleneck: it takes {few}.",
                "{n} items are too few to name a bottleneck: it takes {few}.",
                found.items, few=FEWEST,
            )  # fmt: skip
        share, role = _percent(found.share), called(found.role)
        if not found.is_clear:
            return text(
                "{first} and {second} hold the most days before launch, {a} and {b}: too close to tell which is the bottleneck.",
                first=role, second=called(found.next_role), a=share, b=_percent(self.share(found.next_role)),
            )  # fmt: skip
        holds = text("{role} is the bottleneck: it holds {share} of the days before launch.", role=role, share=share)
        if found.role is None:
            holds = text("Nobody answers for most of the work: {share} of the days before launch are unowned.", share=share)
        return text("{holds} {evidence}", holds=holds, evidence=self.evidence)

    @property
    def evidence(self) -> Text:
        """What lies with the role that holds most, and whether its queue grew."""
        found = self.bottleneck
        if found is None:
            return text("Nothing waited for anybody in these days.")
        return text("{now} {queue}", now=self._now(found.role), queue=_queue(found.queue))

    def _now(self, role: str | None) -> Text:
        rows = self.now.filter(pl.col("role").eq_missing(pl.lit(role, pl.String))).rows(named=True)
        if not rows:
            return text("No item is there now.")
        if rows[0]["oldest"] is None:
            return ntext(
                "{n} item is there now, since when is not known.", "{n} items are there now, since when is not known.",
                rows[0]["items"],
            )  # fmt: skip
        return ntext(
            "{n} item is there now, for {days}: {name}.", "{n} items are there now, the oldest for {days}: {name}.",
            rows[0]["items"], days=Quantity(rows[0]["oldest"], Unit.DAYS), name=rows[0]["case"],
        )  # fmt: skip

    @property
    def doubts(self) -> tuple[Text, ...]:
        """What to know of the numbers before relying on them."""
        found: list[Text] = []
        if self.is_default:
            found.append(text("Whose move it is follows from the default matrix (Who does what, below): nobody has set another."))
        if self.strangers:
            said = ntext(
                "{roles} acts on work and is not in the matrix.", "{roles} act on work and are not in the matrix.",
                len(self.strangers), roles=joined([called(role) for role in self.strangers]),
            )  # fmt: skip
            found.append(said)
        if self.left_out:
            found.append(
                ntext(
                    "{n} item is left out: a moment of it is missing or cannot be.",
                    "{n} items are left out: a moment of theirs is missing or cannot be.",
                    self.left_out,
                )
            )
        if self.elsewhere:
            found.append(
                ntext(
                    "{n} item is in a status that is no stage: nobody's move is known there.",
                    "{n} items are in a status that is no stage: nobody's move is known there.",
                    self.elsewhere,
                )
            )
        return tuple(found)


def _percent(share: float) -> Quantity:
    return Quantity(round(share, 2), Unit.PERCENT)


def _queue(found: Queue | None) -> Text:
    if found is None:
        return text("The data are too young to tell whether its queue grew.")
    times = {"arrived": found.arrived, "left": found.left}
    if found.arrived > found.left:
        return text("Its queue grew in the last 91 days: work came {arrived} times and left {left} times.", **times)
    return text("Its queue did not grow in the last 91 days: work came {arrived} times and left {left} times.", **times)
