"""A log of any size, drawn by seed: seven stages, some moves back, some stages skipped, two out of five items still open."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

STAGES = ("Request", "Validation", "Prioritisation", "Build", "QA", "Execution", "Done")
ACTIVE, DONE = ("Validation", "Build", "QA"), ("Done",)
ROLES = ("marketing", "it", "marketing", "creative", "it", "marketing", "marketing")
DAYS = 1_200

_START = datetime(2023, 1, 2, tzinfo=UTC)
_SEED = 20_260
_LONGEST = 12


def events(count: int) -> pl.DataFrame:
    """About `count` events in the columns of `flow.EVENT`, in the order of time, as trackers export them."""
    rng = np.random.default_rng(_SEED)
    cases = max(1, int(count / 6.1))
    stage, at = np.zeros(cases, dtype=np.int64), rng.uniform(0, DAYS, cases)
    alive, rows = np.arange(cases), list[pl.DataFrame]()
    stops = rng.random(cases) < 0.4
    for _ in range(_LONGEST):
        rows.append(pl.DataFrame({"case": alive, "place": stage, "day": at}))
        step = rng.choice([-1, 1, 1, 1, 1, 2], len(alive), p=[0.08, 0.2, 0.2, 0.2, 0.2, 0.12])
        at = at + rng.lognormal(0.3, 0.9, len(alive))
        ends = (stage == len(STAGES) - 1) | (stops[alive] & (rng.random(len(alive)) < 0.15))
        stage = np.clip(stage + step, 0, len(STAGES) - 1)[~ends]
        alive, at = alive[~ends], at[~ends]
    frame = pl.concat(rows).sort("day")
    place = pl.col("place")
    return frame.select(
        pl.format("MKT-{}", "case").alias("case"),
        place.replace_strict(dict(enumerate(STAGES)), return_dtype=pl.String).alias("stage"),
        (pl.lit(_START) + pl.duration(microseconds=(pl.col("day") * 86_400_000_000).cast(pl.Int64)))
        .cast(pl.Datetime("us", "UTC"))
        .alias("at"),
        place.replace_strict(dict(enumerate(ROLES)), return_dtype=pl.String).alias("role"),
        pl.lit(None, pl.String).alias("lifecycle"),
    )


def file(count: int, out: Path) -> Path:
    """The same as a CSV that every tool reads; made once."""
    out.mkdir(exist_ok=True)
    path = out / f"flow-{count}.csv"
    if not path.is_file():
        written = events(count).drop("lifecycle").with_columns(pl.col("at").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"))
        written.rename({"at": "timestamp"}).write_csv(path)
    return path
