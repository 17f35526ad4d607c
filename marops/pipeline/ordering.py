"""In which order to work on launches: weighted shortest job first, where the job is what is left of them."""

from collections.abc import Mapping, Sequence
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
    """Days from entering a stage for the last time to the launch: half of the items finished in the last year that all sources tell
    of took at most as many. Stages that fewer than FEWEST of them entered are left out.
    """
    recent = delivered.timed.filter(pl.col("finished") > delivered.reach - _LEARNED_FROM).select("issue_id", "finished")
    entered = delivered.placed.group_by(pl.col("case").cast(pl.String).alias("issue_id"), "stage").agg(pl.col("at").max())
    took = entered.join(recent, on="issue_id").filter((pl.col("at") <= pl.col("finished")) & (pl.col("stage") != LAUNCHED))
    took = took.select("stage", flow.days(pl.col("at"), pl.col("finished")).alias("days"))
    return {
        str(stage): stats.nearest_rank(days["days"].to_numpy(), 0.5)
        for (stage,), days in took.group_by("stage", maintain_order=True)
        if days.height >= FEWEST
    }


def first_things_first(
    open_: pl.DataFrame, risks: pl.DataFrame, left: Mapping[str, float], needs: pl.DataFrame, worth: pl.Expr
) -> pl.DataFrame:
    """The `place` of each launch in the order in which to work (see ORDER): cost of delay, what a day costs times the chance to be
    late, for each day that is `left`; what others need carries their cost, too, and comes before them. `open_`: all open work
    (`issue_id`, `stage`), with a date or without; `worth`: what one unit of a row's currency is worth.

    Empty where something needs itself. Launches of a stage that nobody can time have no place, nor those of which nobody has said
    what a day is worth, unless others need them: then they count with what waits for them alone (`left` is null where nobody can
    time them).
    """
    timed = pl.col("stage").replace_strict(dict(left), default=None, return_dtype=pl.Float64).clip(_LEAST).alias("left")
    costs = risks.select("issue_id", (pl.col("at_risk") * worth).alias("cost"))
    known = open_.select("issue_id", timed).join(costs, on="issue_id", how="left")
    weighed = {issue: (days, cost) for issue, days, cost in known.iter_rows()}
    before = {
        issue: tuple(need for need in found if need in weighed)
        for issue, found in needs.group_by("issue_id").agg(pl.col("needs").sort()).iter_rows()
    }
    ranked = known.drop_nulls(["left", "cost"])["issue_id"].to_list()
    wanted = _with_needs(ranked, before)
    jobs = [
        Job(issue, days or _LEAST, cost if cost is not None and days is not None else 0.0, before.get(issue, ()))
        for issue in wanted
        for days, cost in [weighed[issue]]
    ]
    try:
        done_first = shortest_weighted_first(jobs)
    except UserError:
        return pl.DataFrame(schema=ORDER)
    rows = [(one.job.id, place, weighed[one.job.id][0]) for place, one in enumerate(done_first, 1)]
    return pl.DataFrame(rows, schema=ORDER, orient="row")


def _with_needs(items: Sequence[str], needs: Mapping[str, Sequence[str]]) -> list[str]:
    """The items and all that they need, directly or through others."""
    found, following = dict.fromkeys(items), list(items)
    while following:
        new = [need for need in needs.get(following.pop(), ()) if need not in found]
        found |= dict.fromkeys(new)
        following += new
    return list(found)
