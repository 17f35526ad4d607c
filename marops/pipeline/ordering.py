"""In which order to work on launches: weighted shortest job first, where the job is what is left of them."""

from collections.abc import Mapping
from datetime import timedelta

import polars as pl

from marops import stats
from marops.errors import UserError
from marops.pipeline import flow
from marops.pipeline.delivery import LAUNCHED, Delivery
from marops.pipeline.priority import Job, shortest_weighted_first
from marops.pipeline.speed import FEWEST

_LEARNED_FROM = timedelta(days=365)
_LEAST = 0.5
"""Days that are left at least: work that is all but done would come first whatever it is worth."""

ORDER = pl.Schema({"issue_id": pl.String(), "place": pl.Int64(), "left": pl.Float64()})


def left_by_stage(delivered: Delivery) -> dict[str, float]:
    """Days from entering a stage for the last time to the launch: half of the items finished in the last year took at most as many.
    Stages that fewer than FEWEST of them entered are left out.
    """
    recent = delivered.timed.filter(pl.col("finished") > delivered.end - _LEARNED_FROM).select("issue_id", "finished")
    entered = delivered.placed.group_by(pl.col("case").cast(pl.String).alias("issue_id"), "stage").agg(pl.col("at").max())
    took = entered.join(recent, on="issue_id").filter((pl.col("at") <= pl.col("finished")) & (pl.col("stage") != LAUNCHED))
    took = took.select("stage", flow.days(pl.col("at"), pl.col("finished")).alias("days"))
    return {
        str(stage): stats.nearest_rank(days["days"].to_numpy(), 0.5)
        for (stage,), days in took.group_by("stage", maintain_order=True)
        if days.height >= FEWEST
    }


def first_things_first(risks: pl.DataFrame, left: Mapping[str, float], needs: pl.DataFrame, worth: pl.Expr) -> pl.DataFrame:
    """The `place` of each launch in the order in which to work (see ORDER): cost of delay, what a day costs times the chance to be
    late, for each day that is `left`; what others need carries their cost, too, and comes before them. `worth`: what one unit of a
    row's currency is worth. Empty where something needs itself. Launches of a stage that nobody can time have no place, nor
    those of which nobody has said what a day is worth, unless others need them.
    """
    known = (
        risks.with_columns(
            (pl.col("at_risk") * worth).alias("cost"),
            pl.col("stage").replace_strict(dict(left), default=None, return_dtype=pl.Float64).clip(_LEAST).alias("left"),
        )
        .filter(pl.col("cost").is_not_null() | pl.col("issue_id").is_in(needs["needs"].implode()))
        .drop_nulls("left")
    )
    known = known.with_columns(pl.col("cost").fill_null(0.0))
    before = {issue: tuple(found) for issue, found in needs.group_by("issue_id").agg(pl.col("needs")).iter_rows()}
    jobs = [
        Job(issue, days, cost, before.get(issue, ())) for issue, days, cost in known.select("issue_id", "left", "cost").iter_rows()
    ]
    try:
        ranked = shortest_weighted_first(jobs)
    except UserError:
        return pl.DataFrame(schema=ORDER)
    rows = [(one.job.id, place, one.job.days) for place, one in enumerate(ranked, 1)]
    return pl.DataFrame(rows, schema=ORDER, orient="row")
