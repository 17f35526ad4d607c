"""Where IT and marketing see the team differently: item by item, with intervals, and silence where a side is too small."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import stats as scipy_stats

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
        half = _welch_half_width(it, marketing)
        low, high = gap - half, gap + half
        rows.append((item.code, item.question, float(it.mean()), float(marketing.mean()), len(it), len(marketing), gap, low, high))
    schema = {
        "item": pl.String, "question": pl.String, "it": pl.Float64, "marketing": pl.Float64, "n_it": pl.Int64,
        "n_marketing": pl.Int64, "gap": pl.Float64, "low": pl.Float64, "high": pl.Float64,
    }  # fmt: skip
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    clear = (pl.col("low") > 0) | (pl.col("high") < 0)
    return frame.with_columns(clear.alias("clear")).sort(pl.col("clear"), pl.col("gap").abs(), descending=True)


def _welch_half_width(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> float:
    """Half of the 95 % interval of a difference of means; 0 where each side agrees to the last answer."""
    parts = [(float(side.var(ddof=1)) / len(side), len(side) - 1) for side in (a, b)]
    variance = sum(part for part, _ in parts)
    if variance == 0:
        return 0.0
    freedom = variance**2 / sum(part**2 / left for part, left in parts)
    return float(scipy_stats.t.ppf(0.975, freedom)) * variance**0.5
