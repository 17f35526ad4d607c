"""Which blobs of ad_performance are added up, so that the same spend is never counted twice.

One account's spend arrives at several levels of detail: a campaign report, a keyword report of the same days, a report
by day and another one as a single total. All are kept, but only one of those that describe the same campaigns and days
counts. The coarsest level that names campaigns wins (finer ones leave out spend the platform does not attribute), days
win over totals of a range, and what came first wins over what came later. The others are detail to look at.
"""

from collections.abc import Sequence

import polars as pl
from sqlmodel import Session, col, select

from marops import lake
from marops.lake import Blob
from marops.tables import AD_PERFORMANCE

_LEVELS = ("campaign", "ad_group", "ad", "keyword", "breakdown", "account")


def settle(session: Session, workspace_id: str) -> None:
    """Say of each active blob of ad_performance whether it is counted."""
    query = select(Blob).where(
        Blob.workspace_id == workspace_id, Blob.table_name == AD_PERFORMANCE.name, col(Blob.active).is_(True)
    )
    blobs = list(session.exec(query))
    count_once(blobs)
    session.add_all(blobs)


def count_once(blobs: Sequence[Blob]) -> None:
    """Set `counted` on these active ad_performance blobs of one workspace. The caller stores them."""
    taken: list[Blob] = []
    names: dict[str, frozenset[tuple[str, str | None]]] = {}
    for blob in sorted((blob for blob in blobs if blob.rows), key=_order):
        rivals = [other for other in taken if other.grain != blob.grain and _days_overlap(blob, other)]
        for found in (blob, *rivals) if rivals else ():
            names.setdefault(found.id, _names(found))
        blob.counted = not any(_same(a, b) for other in rivals for a in names[blob.id] for b in names[other.id])
        if blob.counted:
            taken.append(blob)


def _order(blob: Blob) -> tuple[int, bool, str, str]:
    level, span = blob.grain.split(" ")
    return _LEVELS.index(level), span != "day", blob.ingested_at.isoformat(), blob.id


def _days_overlap(a: Blob, b: Blob) -> bool:
    if not (a.first_day and a.last_day and b.first_day and b.last_day):
        return True
    return a.first_day <= b.last_day and b.first_day <= a.last_day


def _names(blob: Blob) -> frozenset[tuple[str, str | None]]:
    """Platforms and campaigns a blob has rows of; None where a row names no campaign."""
    frame = lake.scan([blob], AD_PERFORMANCE).select("platform", pl.coalesce("campaign_name", "campaign_id"))
    return frozenset(frame.unique().collect().rows())


def _same(a: tuple[str, str | None], b: tuple[str, str | None]) -> bool:
    """Whether two rows may be about the same campaign: a row without one is about all of its platform."""
    return a[0] == b[0] and (a[1] == b[1] or a[1] is None or b[1] is None)
