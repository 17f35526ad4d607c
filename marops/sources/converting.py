"""What the amounts of a file come to in the currency in which everything is shown, said before it is taken.

The rows keep their own currency. They are converted where they are added up (`rollups.with_factor`), by the rate of their day.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from marops import rollups
from marops.language import Exact, Text, text
from marops.sources.report import Part

_AMOUNTS = {"ad_performance": ("spend", "period_end"), "lead": ("amount", "created_at")}
"""By table, the amount that is converted and the day whose rate it takes."""

_OLD_DAYS = 7
"""Reference rates appear on working days; one that is older than this was not published for the day it is used on."""


@dataclass(frozen=True, slots=True)
class Converted:
    """What to say of amounts in other currencies than the one shown: what they come to (`known`), and which have no rate or only
    an old one (`lacking`).
    """

    known: list[Text] = field(default_factory=list[Text])
    lacking: list[Text] = field(default_factory=list[Text])


def said(facts: rollups.Facts, parts: Iterable[tuple[Part, Path]]) -> Converted:
    """The same for staged parts."""
    found = Converted()
    for part, path in parts:
        _say(found, facts, part, pl.scan_parquet(path))
    return found


def _say(said: Converted, found: rollups.Facts, part: Part, rows: pl.LazyFrame) -> None:
    amount, day = _AMOUNTS.get(part.rows.table, ("", ""))
    if not {amount, day, "currency_code"} <= set(rows.collect_schema().names()):
        return
    by_day = (
        rows.filter(pl.col(amount) != 0, pl.col("currency_code") != found.currency, pl.col(day).is_not_null())
        .group_by("currency_code", pl.col(day).cast(pl.Date).alias("period_end"))
        .agg(pl.col(amount).sum().cast(pl.Float64).alias("amount"))
        .collect(engine="streaming")
    )
    for (code,), rated in rollups.with_factor(by_day, found).sort("currency_code").group_by("currency_code", maintain_order=True):
        currency = str(code)
        known = rated.filter(pl.col("factor").is_not_null())
        if round(float(known["amount"].sum()), 2):
            own, ours = known.select(pl.col("amount").sum(), (pl.col("amount") * pl.col("factor")).sum().alias("ours")).row(0)
            line = text(
                "{amount} come to {converted} at the reference rates of their days. The rows keep their own currency.",
                amount=Exact(own, currency), converted=Exact(ours, found.currency),
            )  # fmt: skip
            said.known.append(line)
        unknown = rated.filter(pl.col("factor").is_null())
        if unknown.height:
            first, last = unknown["period_end"].min(), unknown["period_end"].max()
            days = text("{first} to {last}", first=first, last=last) if first != last else first
            line = text(
                "There is no reference rate of {currency} for {days}: what needs these {amount} stays unknown in "
                "{reporting} until you import reference rates, or choose {currency} as reporting currency on Data.",
                currency=currency, days=days,
                amount=Exact(unknown["amount"].sum(), currency), reporting=found.currency,
            )  # fmt: skip
            said.lacking.append(line)
        old = known.filter(pl.col("period_end") - pl.col("rated_on") > pl.duration(days=_OLD_DAYS))
        if old.height:
            line = text(
                "The latest reference rate of {currency} before {last} is of {day}. Import newer rates.",
                currency=currency, last=old["period_end"].max(), day=old["rated_on"].max(),
            )  # fmt: skip
            said.lacking.append(line)
