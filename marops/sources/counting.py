"""Which blobs of ad_performance are added up, so that the same spend is never counted twice, and none is left out unseen.

One account's spend arrives at several levels of detail: a campaign report, a keyword report of the same days, a report
by device and one by network, a report by day and another one as a single total. All are kept, but only one of those that
describe the same campaigns and days counts. Days win over totals of a range, then the coarsest level that names campaigns
(finer ones leave out spend the platform does not attribute), then what came first; but where that would leave out spend, the
coarsest level wins first, or else the report with the most spend. The others are detail to look at.

A file counts as a whole or not at all. Where spend of one of them would count nowhere in each of these orders, nobody can
import, undo or restore into such a state (`check`).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import polars as pl
from sqlmodel import Session, col, select

from marops import lake
from marops.errors import Conflict
from marops.lake import Blob
from marops.language import Text, joined, text
from marops.sources import grains, identities
from marops.sources.identities import OTHER, SPAN, SUBJECT
from marops.sources.report import Part, Staged
from marops.tables import AD_PERFORMANCE

_LEVELS = ("campaign", "ad_group", "ad", "keyword", "breakdown", "account")
_SHARE, _CENTS = 0.03, 0.02
"""What two reports of the same spend may differ by: a share of it, and the rounding of each row."""

Range = tuple[date, date]


@dataclass(frozen=True, slots=True)
class Claim:
    """Rows of one ad report that are there or may come: of which file, how fine, of which days, and when they came (ISO).
    `rows` reads them: a damaged file stands in nobody's way who is not counted with it. `counts`: whether it does so now.
    """

    id: str
    source: str
    grain: str
    days: Range | None
    arrived: str
    rows: Callable[[], pl.LazyFrame]
    counts: bool = False

    @property
    def level(self) -> int:
        """How far from a campaign its rows are."""
        return _LEVELS.index(self.grain.split(" ")[0])

    def meets(self, other: "Claim") -> bool:
        """Whether both are of some of the same days, and in different forms."""
        return self.grain != other.grain and self.shares_days(other)

    def shares_days(self, other: "Claim") -> bool:
        """Whether some of its days may be the other's too."""
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
            partial(lake.scan, [blob], AD_PERFORMANCE), blob.counted,
        )
        for blob in blobs
        if blob.table_name == AD_PERFORMANCE.name and blob.rows
    ]  # fmt: skip
    for number, (part, path) in enumerate(staged):
        if part.rows.table == AD_PERFORMANCE.name:
            rows = partial(lake.complete, AD_PERFORMANCE, pl.scan_parquet(path))
            name = f"{file_name} · {part.name}" if part.name else file_name
            found.append(Claim(f"staged {number:04}", name, part.rows.grain, _days(part.rows), _LATER, rows))
    return found


def _days(rows: Blob | Staged) -> Range | None:
    return (rows.first_day, rows.last_day) if rows.first_day and rows.last_day else None


_LATER = "~"
"""Later than every moment in ISO form."""


@dataclass(frozen=True, slots=True)
class Settled:
    """Which of some claims are counted, and by claim what spend of the others no counted one speaks for."""

    counted: list[Claim]
    lost: dict[str, Lost]

    @property
    def ids(self) -> set[str]:
        """The ids of those that are counted."""
        return {claim.id for claim in self.counted}


def settle(session: Session, workspace_id: str, before: Sequence[Claim]) -> None:
    """Say of each active blob of ad_performance whether it is counted. `before`: what was there until now.

    Raises Conflict (see `check`), for the caller's transaction to be given up.
    """
    query = select(Blob).where(
        Blob.workspace_id == workspace_id, Blob.table_name == AD_PERFORMANCE.name, col(Blob.active).is_(True)
    )
    blobs = list(session.exec(query))
    counted = check(before, claims(blobs)).ids
    for blob in blobs:
        blob.counted = blob.id in counted or not blob.rows
    session.add_all(blobs)


def check(before: Sequence[Claim], after: Sequence[Claim]) -> Settled:
    """What is counted after. Raises Conflict where spend that counted before, or comes now, would count nowhere."""
    found = settled(after)
    if found.lost and (new := found.lost.keys() - settled(before).lost.keys()):
        raise Conflict(_said(found.lost[min(new)]))
    return found


def changes(before: Sequence[Claim], after: Sequence[Claim]) -> list[Text]:
    """What taking the staged parts among these claims means for what is counted: why it cannot be done, or which of the files
    will only be detail.
    """
    staged = [claim for claim in after if claim.arrived == _LATER]
    unsure = _unsure(staged, [claim for claim in before if claim.counts])
    if not any(claim.meets(other) for claim in staged for other in after):
        return unsure
    try:
        now = check(before, after).ids
    except Conflict as refused:
        return [refused.text]
    was = {claim.id for claim in before if claim.counts}
    seen = _Seen()
    found = [
        text("The spend of {file} is counted from another file already, in other detail. Its rows will be kept to look at.",
             file=claim.source)
        for claim in staged if claim.id not in now
    ]  # fmt: skip
    found += [
        text("{file} also has conversions, which the files that count instead lack: none are shown for its campaigns.",
             file=claim.source)
        for claim in after
        if claim.id not in now and (claim in staged or claim.id in was) and _converts(claim)
        and not any(_converts(o) for o in after if o.id in now and claim.meets(o) and seen.pairs(claim, o).height)
    ]  # fmt: skip
    return unsure + found + [
        text("{file} has the same spend in other detail. It will no longer be counted, but kept to look at.", file=claim.source)
        for claim in after if claim.id in was and claim.id not in now
    ]  # fmt: skip


def _unsure(staged: Sequence[Claim], others: Sequence[Claim]) -> list[Text]:
    """What to say where campaigns, or the ads of reports of one grain, are known by id alone here and by name alone there, and
    their spend does not show whether some of them are the same (flat budgets; days on one side and a total on the other).
    """
    for claim in staged:
        for entity in identities.TOLD_APART:
            known = _known_alone(claim, entity)
            for other in others if known.height else ():
                if not claim.shares_days(other) or (entity != "campaign" and claim.grain != other.grain):
                    continue
                beside = _known_alone(other, entity).rename({name: f"{name}{OTHER}" for name in (*SUBJECT[1:3], "by_id")})
                differ = pl.col("by_id") != pl.col(f"by_id{OTHER}")
                both = known.join(beside, on="platform").filter(differ, identities.may_be_one("account"))
                if both.is_empty() or identities.alike_by_figures(claim.rows(), other.rows(), entity).height:
                    continue
                said = text(
                    "{file} and {other} share days, and one knows campaigns or ads by id alone, the other by name alone. Whether "
                    "some are the same cannot be told: make sure that they are not, or their spend counts twice.",
                    file=claim.source, other=other.source,
                )  # fmt: skip
                return [said]
    return []


def _known_alone(claim: Claim, entity: str) -> pl.DataFrame:
    """The platforms and accounts in which a claim has subjects with an id and no name (`by_id`), or with a name and no id."""
    alone = claim.rows().select(identities.subject(entity)).filter(identities.is_known_by_one())
    by_id = pl.col("campaign_own").is_not_null().alias("by_id")
    return alone.select(*SUBJECT[:3], by_id).unique().collect()


def _converts(claim: Claim) -> bool:
    return bool(claim.rows().select((pl.col("conversions") > 0).any()).collect().item())


def settled(found: Sequence[Claim]) -> Settled:
    """Which of the claims are counted: by the first order in which nothing is lost, else by the first."""
    meeting = [claim for claim in found if any(claim.meets(other) for other in found)]
    if not meeting:
        return Settled(list(found), {})
    seen, results = _Seen(), list[Settled]()
    alone = [claim for claim in found if claim not in meeting]
    for order in _ORDERS:
        taken: list[Claim] = []
        for claim in sorted(meeting, key=lambda claim: order(claim, seen)):
            if not any(claim.meets(other) and seen.pairs(claim, other).height for other in taken):
                taken.append(claim)
        rest = [claim for claim in meeting if claim not in taken]
        gaps = {claim.id: _gap(claim, [other for other in taken if claim.meets(other)], seen) for claim in rest}
        results.append(Settled(alone + taken, {key: gap for key, gap in gaps.items() if gap}))
        if not results[-1].lost:
            return results[-1]
    return results[0]


def _days_first(claim: Claim, seen: "_Seen") -> tuple[object, ...]:
    return seen.spend(claim) <= 0, not grains.is_of_days(claim.grain), claim.level, claim.arrived, claim.id


def _level_first(claim: Claim, seen: "_Seen") -> tuple[object, ...]:
    return seen.spend(claim) <= 0, claim.level, not grains.is_of_days(claim.grain), claim.arrived, claim.id


def _most_first(claim: Claim, seen: "_Seen") -> tuple[object, ...]:
    return -seen.spend(claim), claim.level, not grains.is_of_days(claim.grain), claim.arrived, claim.id


_ORDERS = (_days_first, _level_first, _most_first)


class _Seen:
    """What claims say of each platform, account and campaign. Read when two claims meet, and only once."""

    def __init__(self) -> None:
        self._figures: dict[str, pl.DataFrame] = {}
        self._pairs: dict[tuple[str, str], pl.DataFrame] = {}

    def figures(self, claim: Claim) -> pl.DataFrame:
        """Spend by subject and span of days."""
        if claim.id not in self._figures:
            self._figures[claim.id] = identities.figures(claim.rows()).collect()
        return self._figures[claim.id]

    def spend(self, claim: Claim) -> float:
        """All spend, rounded to cents, so that sums of equal parts are equal."""
        return round(float(self.figures(claim)["spend"].sum()), 2)

    def pairs(self, claim: Claim, other: Claim) -> pl.DataFrame:
        """Subjects of a claim beside those of the other (see `OTHER`) that may be the same."""
        if (claim.id, other.id) not in self._pairs:
            subjects = [self.figures(one).select(SUBJECT).unique() for one in (claim, other)]
            found = _paired(subjects[0], subjects[1])
            if all(one.select(identities.is_known_by_one().any()).item() for one in subjects):
                found = pl.concat([found, identities.alike_by_figures(claim.rows(), other.rows())]).unique()
            self._pairs[claim.id, other.id] = found
        return self._pairs[claim.id, other.id]


def _paired(some: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """By the campaign's id, by its name, or without one. A report that names no campaign at all is about all of its account."""
    beside = others.rename({name: f"{name}{OTHER}" for name in SUBJECT[1:]})
    found: list[pl.DataFrame] = []
    for key in ("campaign_own", "campaign_name"):
        by = pl.col(key).is_not_null()
        on = ["platform", key], ["platform", f"{key}{OTHER}"]
        found.append(some.filter(by).join(beside, left_on=on[0], right_on=on[1], coalesce=False).drop("platform_right"))
    nameless = pl.all_horizontal(pl.col(name).is_null() for name in ("campaign_own", "campaign_name"))
    nameless_beside = pl.all_horizontal(pl.col(f"{name}{OTHER}").is_null() for name in ("campaign_own", "campaign_name"))
    whole = bool(some.select(nameless.all()).item()), bool(beside.select(nameless_beside.all()).item())
    left = some if whole[1] else some.filter(nameless)
    found.append(left.join(beside if whole[0] else beside.filter(nameless_beside), on="platform"))
    columns = [*SUBJECT, *(f"{name}{OTHER}" for name in SUBJECT[1:])]
    same = identities.may_be_one("account") & identities.may_be_one("campaign")
    return pl.concat(frame.select(columns) for frame in found).filter(same).unique()


def _gap(claim: Claim, rivals: Sequence[Claim], seen: _Seen) -> Lost | None:
    """The spend of a claim that its rivals do not have: of each campaign, what they say of the same days, or of longer spans
    around them; of a total, what they say of days in it.
    """
    rivals = [rival for rival in rivals if seen.pairs(claim, rival).height]
    others = [f"{name}{OTHER}" for name in SUBJECT[1:]]
    theirs = pl.concat(
        seen.pairs(claim, rival)
        .join(
            seen.figures(rival).rename({name: f"{name}{OTHER}" for name in SUBJECT[1:]}),
            on=["platform", *others],
            nulls_equal=True,
        )
        .group_by(*SUBJECT, *SPAN)
        .agg(pl.col("spend").sum().alias("theirs"))
        for rival in rivals
    ).rename({"period_start": "from", "period_end": "to"})
    mine = seen.figures(claim).filter(pl.col("spend") > 0).with_row_index("at")
    exact = mine.join(theirs, left_on=[*SUBJECT, *SPAN], right_on=[*SUBJECT, "from", "to"], nulls_equal=True)
    begins, ends = pl.col("period_start"), pl.col("period_end")
    longer = mine.filter(begins < ends).join(theirs, on=SUBJECT, nulls_equal=True)
    within = longer.filter(pl.col("from") >= begins, pl.col("to") <= ends, (pl.col("from") > begins) | (pl.col("to") < ends))
    told = pl.concat([exact.select("at", "theirs"), within.select("at", "theirs")]).group_by("at").agg(pl.col("theirs").sum())
    rest = mine.join(told, on="at", how="left").with_columns(
        (pl.col("spend") - pl.min_horizontal("spend", pl.col("theirs").fill_null(0.0))).alias("rest")
    )
    spans = theirs.filter(pl.col("from") < pl.col("to"))
    around = rest.select(*SUBJECT, *SPAN, "rest").join(spans, on=SUBJECT, nulls_equal=True)
    around = around.filter(pl.col("from") <= begins, pl.col("to") >= ends, (pl.col("from") < begins) | (pl.col("to") > ends))
    spoken = (
        around.group_by(*SUBJECT, "from", "to", "theirs")
        .agg(pl.col("rest").sum())
        .group_by(SUBJECT)
        .agg(pl.min_horizontal("rest", "theirs").sum().alias("spoken"))
    )
    subjects = rest.group_by(SUBJECT).agg(pl.col("spend", "rest").sum(), pl.len().alias("rows"))
    subjects = subjects.join(spoken, on=SUBJECT, how="left", nulls_equal=True)
    missing = pl.col("rest") - pl.col("spoken").fill_null(0.0)
    gone = rest.filter(pl.col("rest") > 0).join(
        subjects.filter(missing > _SHARE * pl.col("spend") + _CENTS * pl.col("rows")), on=SUBJECT, how="semi", nulls_equal=True
    )
    if gone.is_empty():
        return None
    names = gone.select(pl.coalesce("campaign_name", "campaign_own")).to_series().drop_nulls().unique().sort()
    first, last = gone.select(begins.min(), ends.max()).row(0)
    return Lost(claim.source, rivals[0].source, tuple(names), (first, last))


def _said(found: Lost) -> Text:
    first, last = found.days
    return text(
        "{by} and {file} hold some of the same spend in different detail, and only one of the two can count: {by}. But {file} also "
        "has spend that {by} lacks ({campaigns}; {first} to {last}), which would count nowhere, so this is not done. Export one "
        "of them so that they share nothing, or the other so that it lacks nothing; or undo the one that is there.",
        by=found.by, file=found.source, campaigns=joined(found.campaigns), first=first, last=last,
    )  # fmt: skip
