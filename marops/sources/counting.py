"""Which blobs of ad_performance are added up, so that the same spend is never counted twice, and none is left out unseen.

One account's spend arrives at several levels of detail: a campaign report, a keyword report of the same days, a report
by device and one by network, a report by day and another one as a single total. All are kept, but only one of those that
describe the same campaigns and days counts. The coarsest level that names campaigns wins (finer ones leave out spend the
platform does not attribute), days win over totals of a range, and what came first wins over what came later. The others are
detail to look at.

A file counts as a whole or not at all. Where it shares only some of its spend with what counts instead, the rest would count
nowhere: nobody can import, undo or restore into such a state (`check`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
from sqlmodel import Session, col, select

from marops import lake
from marops.errors import Conflict
from marops.lake import Blob
from marops.language import Text, joined, text
from marops.sources import grains, identities
from marops.sources.identities import OTHER
from marops.sources.report import Part, Staged
from marops.tables import AD_PERFORMANCE

_LEVELS = ("campaign", "ad_group", "ad", "keyword", "breakdown", "account")
_MEASURES = ("impressions", "clicks", "interactions", "spend", "conversions", "conversions_value")
_SUBJECT = ("platform", "account_own", "account_name", "campaign_own", "campaign_name")
_SPAN = ("period_start", "period_end")
_DAY = timedelta(days=1)
_REACHED = Decimal("0.995")
"""What share of a total its days must come to: each of them was rounded, and so was the total."""


Range = tuple[date, date]


@dataclass(frozen=True, slots=True)
class Claim:
    """Rows of one ad report that are there or may come: of which file, how fine, of which days, and when they came (ISO)."""

    id: str
    source: str
    grain: str
    days: Range | None
    arrived: str
    rows: pl.LazyFrame

    @property
    def order(self) -> tuple[int, bool, str, str]:
        """Sorts what counts before what is only detail of it."""
        return _LEVELS.index(self.grain.split(" ")[0]), not grains.is_of_days(self.grain), self.arrived, self.id

    def meets(self, other: "Claim") -> bool:
        """Whether both are of some of the same days, and in different forms."""
        if self.grain == other.grain:
            return False
        if self.days is None or other.days is None:
            return True
        return self.days[0] <= other.days[1] and other.days[0] <= self.days[1]


@dataclass(frozen=True, slots=True)
class Lost:
    """Spend of a report that would count nowhere: some of it counts from `by`, the rest is of these campaigns and days."""

    source: str
    by: str
    campaigns: tuple[str, ...]
    days: Range


def claims(blobs: Iterable[Blob], staged: Iterable[tuple[Part, Path]] = (), file_name: str = "") -> list[Claim]:
    """The ad reports in these active blobs, and in the staged parts of a file that may come after them."""
    found = [
        Claim(
            blob.id, blob.source_relation, blob.grain, _days(blob), blob.ingested_at.isoformat(),
            lake.scan([blob], AD_PERFORMANCE),
        )
        for blob in blobs
        if blob.table_name == AD_PERFORMANCE.name and blob.rows
    ]  # fmt: skip
    for number, (part, path) in enumerate(staged):
        if part.rows.table == AD_PERFORMANCE.name:
            rows = _complete(pl.scan_parquet(path))
            name = f"{file_name} · {part.name}" if part.name else file_name
            found.append(Claim(f"staged {number:04}", name, part.rows.grain, _days(part.rows), _LATER, rows))
    return found


def _days(rows: Blob | Staged) -> Range | None:
    return (rows.first_day, rows.last_day) if rows.first_day and rows.last_day else None


_LATER = "~"
"""Later than every moment in ISO form."""


def settle(session: Session, workspace_id: str, before: Sequence[Claim]) -> None:
    """Say of each active blob of ad_performance whether it is counted. `before`: what was there until now.

    Raises Conflict (see `check`), for the caller's transaction to be given up.
    """
    query = select(Blob).where(
        Blob.workspace_id == workspace_id, Blob.table_name == AD_PERFORMANCE.name, col(Blob.active).is_(True)
    )
    blobs = list(session.exec(query))
    found = claims(blobs)
    check(before, found)
    counted = {claim.id for claim in count_once(found)}
    for blob in blobs:
        blob.counted = blob.id in counted or not blob.rows
    session.add_all(blobs)


def count_once(found: Sequence[Claim]) -> list[Claim]:
    """Those of the claims that are counted, the first in order first."""
    taken: list[Claim] = []
    seen = _Subjects()
    for claim in sorted(found, key=lambda claim: claim.order):
        if not any(seen.pairs(claim, other).height for other in taken if claim.meets(other)):
            taken.append(claim)
    return taken


def check(before: Sequence[Claim], after: Sequence[Claim]) -> None:
    """Raise Conflict where spend that counted before, or comes now, would count nowhere."""
    found = lost(after)
    if found and (new := found.keys() - lost(before).keys()):
        raise Conflict(_said(found[min(new)]))


def changes(before: Sequence[Claim], after: Sequence[Claim]) -> list[Text]:
    """What taking the staged parts among these claims means for what is counted: why it cannot be done, or which of the files
    will only be detail.
    """
    staged = [claim for claim in after if claim.arrived == _LATER]
    if not any(claim.meets(other) for claim in staged for other in after):
        return []
    try:
        check(before, after)
    except Conflict as refused:
        return [refused.text]
    was, now = ({claim.id for claim in count_once(found)} for found in (before, after))
    found = [
        text("The spend of {file} is counted from another file already, in other detail. Its rows will be kept to look at.",
             file=claim.source)
        for claim in staged if claim.id not in now
    ]  # fmt: skip
    return found + [
        text("{file} has the same spend in other detail. It will no longer be counted, but kept to look at.", file=claim.source)
        for claim in after if claim.id in was and claim.id not in now
    ]  # fmt: skip


def lost(found: Sequence[Claim]) -> dict[str, Lost]:
    """By claim, the spend of those not counted that no counted one speaks for."""
    counted = count_once(found)
    seen, ids = _Subjects(), {claim.id for claim in counted}
    result: dict[str, Lost] = {}
    for claim in found:
        if claim.id not in ids and (gap := _gap(claim, [other for other in counted if claim.meets(other)], seen)):
            result[claim.id] = gap
    return result


class _Subjects:
    """What claims are about: platform, account and campaign, each once. Read when two claims meet, and only once."""

    def __init__(self) -> None:
        self._read: dict[str, pl.DataFrame] = {}

    def of(self, claim: Claim) -> pl.DataFrame:
        if claim.id not in self._read:
            self._read[claim.id] = claim.rows.select(_subject()).unique().collect()
        return self._read[claim.id]

    def pairs(self, claim: Claim, other: Claim) -> pl.DataFrame:
        """Subjects of a claim beside those of the other (see `OTHER`) that may be the same: a row without a campaign is about
        all of its account.
        """
        pairs = self.of(claim).join(self.of(other), on="platform", suffix=OTHER)
        ids, names = (pl.col(f"campaign_{what}").is_not_null() for what in ("own", "name"))
        others = [pl.col(f"campaign_{what}{OTHER}").is_not_null() for what in ("own", "name")]
        unlike = (ids & ~names & ~others[0] & others[1]) | (~ids & names & others[0] & ~others[1])
        same = identities.may_be_one("account") & identities.may_be_one("campaign") & ~unlike
        return pairs.filter(same)


def _subject() -> list[pl.Expr]:
    return [pl.col("platform"), *identities.columns("account"), *identities.columns("campaign")]


def _gap(claim: Claim, rivals: Sequence[Claim], seen: _Subjects) -> Lost | None:
    """What a claim reports beyond the campaigns and days of its rivals. A report speaks for all its days: where it has no row
    of one of its campaigns, there was nothing.
    """
    filled = pl.any_horizontal(pl.col(name).fill_null(0) != 0 for name in _MEASURES)
    rows = claim.rows.filter(filled).group_by(*_subject(), *_SPAN).agg(pl.col("spend").sum()).collect()
    pairs = pl.concat(seen.pairs(claim, rival).with_columns(pl.lit(str(at)).alias("by")) for at, rival in enumerate(rivals))
    spoken = pairs.group_by(_SUBJECT).agg(pl.col("by").unique().sort().str.join(","))
    portions = rows.join(spoken, on=_SUBJECT, how="left", nulls_equal=True).partition_by("by", as_dict=True)
    rest = pl.concat(
        rows.filter(~_within([rivals[int(at)] for at in str(by).split(",")]) if by else True) for (by,), rows in portions.items()
    )
    rest = _without_reached_totals(rest, pairs, rivals)
    if rest.is_empty():
        return None
    names = rest.select(pl.coalesce("campaign_name", "campaign_own")).to_series().drop_nulls().unique().sort()
    first, last = rest.select(pl.col("period_start").min(), pl.col("period_end").max()).row(0)
    return Lost(claim.source, rivals[0].source, tuple(names), (first, last))


def _without_reached_totals(rest: pl.DataFrame, pairs: pl.DataFrame, rivals: Sequence[Claim]) -> pl.DataFrame:
    """Without the totals of several days that the rivals' rows of those days come to: the other days had nothing."""
    totals = rest.filter(pl.col("period_start") < pl.col("period_end"), pl.col("spend") > 0)
    if totals.is_empty():
        return rest
    others = [f"{name}{OTHER}" for name in _SUBJECT if name != "platform"]
    parts: list[pl.DataFrame] = []
    for at, rival in enumerate(rivals):
        rows = rival.rows.group_by(*_subject(), *_SPAN).agg(pl.col("spend").sum()).collect()
        rows = rows.rename({name: f"{name}{OTHER}" for name in (*_SUBJECT[1:], *_SPAN, "spend")})
        mine = pairs.filter(pl.col("by") == str(at)).unique()
        parts.append(
            totals.join(mine, on=_SUBJECT, nulls_equal=True)
            .join(rows, on=["platform", *others], nulls_equal=True)
            .filter(pl.col(f"period_start{OTHER}") >= pl.col("period_start"), pl.col(f"period_end{OTHER}") <= pl.col("period_end"))
            .select(*_SUBJECT, *_SPAN, "spend", f"spend{OTHER}")
        )
    on = [*_SUBJECT, *_SPAN]
    reached = pl.concat(parts).group_by(*on, "spend").agg(pl.col(f"spend{OTHER}").sum().alias("inside"))
    reached = reached.filter(pl.col("inside") >= pl.col("spend") * _REACHED)
    return rest.join(reached, on=on, how="anti", nulls_equal=True)


def _within(claims: Sequence[Claim]) -> pl.Expr:
    """Whether a row lies in the days that these claims cover together."""
    ranges: list[Range] = []
    for first, last in sorted(claim.days or (date.min, date.max) for claim in claims):
        if ranges and first <= ranges[-1][1] + _DAY:
            ranges[-1] = (ranges[-1][0], max(last, ranges[-1][1]))
        else:
            ranges.append((first, last))
    return pl.any_horizontal((pl.col("period_start") >= first) & (pl.col("period_end") <= last) for first, last in ranges)


def _complete(rows: pl.LazyFrame) -> pl.LazyFrame:
    present = set(rows.collect_schema().names())
    return rows.with_columns(pl.lit(None, kind).alias(name) for name, kind in AD_PERFORMANCE.schema.items() if name not in present)


def _said(found: Lost) -> Text:
    first, last = found.days
    return text(
        "{by} and {file} hold some of the same spend in different detail, and only one of the two can count: {by}. But {file} also "
        "has spend that {by} lacks ({campaigns}; {first} to {last}), which would count nowhere, so this is not done. Export one "
        "of them so that they share nothing, or the other so that it lacks nothing; or undo the one that is there.",
        by=found.by, file=found.source, campaigns=joined(found.campaigns), first=first, last=last,
    )  # fmt: skip
