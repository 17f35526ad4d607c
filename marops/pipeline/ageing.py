"""How old work is beside what is normal for its stage: the ages at which finished work had left it."""

from datetime import timedelta
from itertools import pairwise

import polars as pl

from marops import stats
from marops.pipeline import flow
from marops.pipeline.delivery import Delivery
from marops.pipeline.flow import Reopened
from marops.pipeline.speed import FEWEST

SHARES = (0.5, 0.7, 0.85, 0.95)
_LEARNED_FROM = timedelta(days=365)

BANDS = pl.Schema(
    {"stage": pl.String(), "items": pl.Int64(), "p50": pl.Float64(), "p70": pl.Float64(), "p85": pl.Float64(), "p95": pl.Float64()}
)


def bands(found: Delivery) -> pl.DataFrame:
    """By stage before the launch, in their order: the ages (days since work began) at which the items launched in the last year
    that all sources tell of had left it or skipped it: nearest ranks, null below FEWEST items.
    """
    stages = found.workflow.stages
    recent = found.timed.filter(pl.col("finished") > found.reach - _LEARNED_FROM).select("issue_id", "started", "finished")
    events = flow.without_undone(found.placed) if found.counted.reopened is Reopened.RESET else found.placed
    reached = flow.entered(events, found.workflow).with_columns(pl.col("case").cast(pl.String).alias("issue_id"))
    rows: list[tuple[object, ...]] = []
    for stage, after in pairwise(stages):
        left = recent.join(reached.filter(pl.col("stage") == after).select("issue_id", "at"), on="issue_id")
        # The last stage is left by the launch that counts, which is not the first where work was reopened.
        left_at = pl.col("finished") if after == stages[-1] else pl.col("at")
        ages = left.select(flow.days(pl.col("started"), left_at, found.counted.clock).clip(0).alias("age"))["age"].to_numpy()
        known = [stats.nearest_rank(ages, share) if len(ages) >= FEWEST else None for share in SHARES]
        rows.append((stage, len(ages), *known))
    return pl.DataFrame(rows, schema=BANDS, orient="row")


def judged(found: Delivery) -> pl.DataFrame:
    """The rows of `Delivery.ageing` with `older_than`: the largest share of `SHARES` of finished items that had left the stage at a
    younger age (0: of fewer than half; null: not known).
    """
    shares = [pl.when(pl.col("age") > pl.col(f"p{round(share * 100)}")).then(share) for share in SHARES]
    known = pl.col("p50").is_not_null()
    older = pl.when(known).then(pl.max_horizontal(*shares).fill_null(0.0)).alias("older_than")
    return found.ageing.join(bands(found), on="stage", how="left", maintain_order="left").select(*found.ageing.columns, older)
