"""Events of a step's life cycle: logs that say when a step was planned, begun and completed tell of it several times."""

import polars as pl

_STANDARD = ("schedule", "assign", "reassign", "start", "suspend", "resume", "complete", "withdraw", "manualskip", "autoskip",
             "ate_abort", "pi_abort")  # fmt: skip
"""The transactional model of IEEE 1849 (XES). Words outside it are a log's own, and every one of its events counts."""


def completed(events: pl.DataFrame) -> pl.DataFrame:
    """Without the events that only begin or plan a step, where a log's `lifecycle` keeps the standard's life cycle."""
    if events["lifecycle"].null_count() == events.height:
        return events
    words = events["lifecycle"].str.to_lowercase()
    said = set(words.drop_nulls().unique())
    if "complete" not in said or not said <= set(_STANDARD):
        return events
    return events.filter((words == "complete") | words.is_null())
