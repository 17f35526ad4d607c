"""The measures of `marops flow` for one log whose workflow is known, written by hand in polars and nothing else: the floor."""

from datetime import date, timedelta
from typing import Any

import polars as pl

from bench.flow.made import ACTIVE, DONE, STAGES

_DAY = 86_400_000_000


def measures(events: pl.DataFrame, days: list[date]) -> dict[str, Any]:
    """The same values as `logs.summary`."""
    index = pl.col("stage").replace_strict(dict(zip(STAGES, range(len(STAGES)), strict=True)), return_dtype=pl.Int32)
    rows = events.lazy().with_columns(index.alias("i"), pl.col("case").cast(pl.Categorical))
    rows = rows.sort(pl.col("case").to_physical(), "at", maintain_order=True)
    same, before = pl.col("case") == pl.col("case").shift(-1), pl.col("case") == pl.col("case").shift()
    rows = rows.with_columns(
        pl.when(same).then(pl.col("at").shift(-1)).alias("left"),
        pl.when(same).then(pl.col("role").shift(-1)).alias("next_role"),
        (before & (pl.col("i") < pl.col("i").shift())).fill_null(value=False).alias("back"),
    ).collect()
    active = [STAGES.index(stage) for stage in ACTIVE]
    done = len(STAGES) - 1
    cases, dwell, handoffs = pl.collect_all(
        [
            rows.lazy().group_by("case").agg(
                pl.col("at").first().alias("first"), pl.col("at").last().alias("last"),
                pl.coalesce(
                    pl.col("at").filter(pl.col("i").is_in(active)).first(), pl.col("at").filter(pl.col("i") >= min(active)).first()
                ).alias("started"),
                pl.when(pl.col("i").last() == done).then(pl.col("at").filter(pl.col("i") == done).last()).alias("finished"),
                pl.col("back").any(), pl.col("stage").alias("path"),
                *(pl.col("at").filter(pl.col("i") >= at).min().alias(f"r{at}") for at in range(len(STAGES))),
            ),
            rows.lazy().group_by("stage").agg(((pl.col("left") - pl.col("at")).dt.total_microseconds() / _DAY).sum().alias("days")),
            rows.lazy().select((pl.col("role") != pl.col("next_role")).sum()),
        ]
    )  # fmt: skip
    spans = ((cases["last"] - cases["first"]).dt.total_microseconds() / _DAY).to_numpy()
    finished = cases.filter(pl.col("finished").is_not_null())
    cycle = ((finished["finished"] - finished["started"]).dt.total_microseconds() / _DAY).drop_nulls()
    ends = pl.Series(days, dtype=pl.Date).cast(pl.Datetime("us")).dt.offset_by("1d").dt.replace_time_zone("UTC")
    total = dict(dwell.iter_rows())
    return {
        "items": cases.height, "finished": finished.height, "events": rows.height,
        "variants": cases.select(pl.col("path").n_unique()).item(),
        "durations": (float(spans.mean()), *(pl.Series(spans).quantile(share, "linear") for share in (0.5, 0.85, 0.95))),
        "cycle": (cycle.mean(), *(cycle.quantile(share, "linear") for share in (0.5, 0.85, 0.95))),
        "weeks": finished.group_by(pl.col("finished").dt.truncate("1w").dt.date()).len().sort("finished").rows(),
        "cfd": [cases[f"r{at}"].drop_nulls().sort().search_sorted(ends).to_list() for at in range(len(STAGES))],
        "time_in_stage": total,
        "efficiency": sum(total[stage] for stage in ACTIVE) / sum(days for stage, days in total.items() if stage not in DONE),
        "moved_back": cases["back"].sum(), "handoffs": handoffs.item(),
    }  # fmt: skip


def twelve(events: pl.DataFrame) -> list[date]:
    """Twelve days over the length of a log."""
    first, last = events.select(pl.col("at").min().dt.date().alias("first"), pl.col("at").max().dt.date().alias("last")).row(0)
    return [first + timedelta(days=(last - first).days * at // 11) for at in range(12)]
