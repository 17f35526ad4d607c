"""Where IT and marketing see the team differently: item by item, with intervals, and silence where a side is too small."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from marops import stats
from marops.maturity.instrument import ITEMS
from marops.maturity.scoring import FEWEST_A_SIDE, Answer


def gaps(answers: Sequence[Answer]) -> pl.DataFrame:
    """Mean level of each item on either side, the clearest difference first.

    Columns: item, question, it, marketing (mean levels), n_it, n_marketing, gap (IT minus marketing), low, high (95 %
    Welch interval of the gap), clear (the interval leaves out zero). Items that fewer than five of a side answered are
    left out: a mean of so few could be traced to people.
    """
    rows: list[tuple[str, str, float, float, int, int, float, float, float]] = []
    for item in ITEMS:
        it, marketing = (
            np.array([a.level for a in answers if a.item == item.code and a.side == side and a.level is not None], dtype=float)
            for side in ("it", "marketing")
        )
        if min(len(it), len(marketing)) < FEWEST_A_SIDE:
            continue
        gap = float(it.mean() - marketing.mean())
        half = stats.welch(it, marketing)
        low, high = gap - half, gap + half
        rows.append((item.code, item.question, float(it.mean()), float(marketing.mean()), len(it), len(marketing), gap, low, high))
    schema = {
        "item": pl.String, "question": pl.String, "it": pl.Float64, "marketing": pl.Float64, "n_it": pl.Int64,
        "n_marketing": pl.Int64, "gap": pl.Float64, "low": pl.Float64, "high": pl.Float64,
    }  # fmt: skip
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    clear = (pl.col("low") > 0) | (pl.col("high") < 0)
    return frame.with_columns(clear.alias("clear")).sort(pl.col("clear"), pl.col("gap").abs(), descending=True)
