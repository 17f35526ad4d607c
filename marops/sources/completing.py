"""What a canonical table needs and a source does not state: ids where there are only names, the period a report covers,
the order of a history, good and bad seconds. One pure function a table, from a typed frame to a typed frame.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from marops.sources import following, landing
from marops.sources.following import Step
from marops.stages import folded
from marops.tables import ROW, TABLES, Table


@dataclass(frozen=True, slots=True)
class Context:
    """What is known about the file beside its columns: the report's own period, and how fine its rows are."""

    level: str
    period: tuple[date, date] | None
    today: date


def complete(table: str, frame: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """The frame with the columns that follow from others. Tables without such columns come back as they are."""
    frame = landing.with_landing(frame, frozenset(TABLES[table].by_name))
    step = _STEPS.get(table)
    if step is None or not _READS.get(table, frozenset()) <= set(frame.collect_schema().names()):
        return frame
    return step(frame, context)


def absent(table: Table, schema: Mapping[str, pl.DataType], context: Context | None = None) -> list[str]:
    """The required columns that have no source, neither among these columns nor by completing once the others are there."""
    required = {column.name: column.type.dtype for column in table.columns if column.required}
    context = context or Context("campaign", None, date.min)

    def follows(name: str) -> bool:
        others = {other: dtype for other, dtype in required.items() if other != name}
        probe = pl.LazyFrame(schema={ROW: pl.Int64(), **others, **schema})
        return name in complete(table.name, probe, context).collect_schema().names()

    return [name for name in required if name not in schema and not follows(name)]


def completes_row_by_row(table: str) -> bool:
    """Whether the completed columns of a row depend on that row alone, so that rows can be completed in any portions."""
    return table not in {"lead_stage_history", "lead_touch", "work_item_transition"}


def _ad_performance(frame: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    present = set(frame.collect_schema().names())
    columns: list[pl.Expr] = [pl.lit(context.level).alias("level")]
    if "_day" in present:
        columns += [pl.col("_day").alias("period_start"), pl.col("_day").alias("period_end")]
    elif "period_start" in present and "period_end" not in present:
        columns.append(pl.col("period_start").alias("period_end"))
    elif "period_start" not in present and context.period:
        start, end = context.period
        columns += [pl.lit(start).alias("period_start"), pl.lit(end).alias("period_end")]
    for entity in ("account", "campaign", "ad_group", "ad"):
        name, key = f"{entity}_name", f"{entity}_id"
        if name in present:
            columns.append((pl.coalesce(key, name) if key in present else pl.col(name)).alias(key))
    if "publisher" in present:
        columns.append(pl.col("publisher").str.to_lowercase())
    return frame.with_columns(columns)


def _lead_stage_history(frame: pl.LazyFrame, _context: Context) -> pl.LazyFrame:
    return _in_order(frame, "lead_id", "date_stage_entered", "date_stage_exited")


def _work_item_transition(frame: pl.LazyFrame, _context: Context) -> pl.LazyFrame:
    return _in_order(frame, "issue_id", "transition_at", None, step=("previous_status", "status"))


def _lead_touch(frame: pl.LazyFrame, _context: Context) -> pl.LazyFrame:
    return _in_order(frame, "lead_id", "at", None, number="touch_sequence")


def _in_order(
    frame: pl.LazyFrame, owner: str, entered: str, exited: str | None, *, number: str = "status_sequence",
    step: tuple[str, str] | None = None,
) -> pl.LazyFrame:  # fmt: skip
    """Number the moves of each owner by time; a stage ends at the next.

    Where times are equal, the one order counts in which each move leaves what the one before entered (`step`: the columns that say
    what was left and entered). Where there is no such order, or none alone, that of the file counts, turned round where it lists
    the newest first, and that of its columns where one row holds several moves.
    """
    present = set(frame.collect_schema().names())
    if number in present:
        return frame
    place = pl.when(_is_newest_first(owner, entered)).then(-pl.col(ROW)).otherwise(pl.col(ROW)).alias("__place")
    ordered = frame.with_columns(place).sort(owner, entered, "__place", maintain_order=True).drop("__place")
    if step and present.issuperset(step):
        # It looks at all columns of `step` and at rows beside each other.
        ordered = ordered.map_batches(
            lambda rows: _following(rows, owner, entered, step), predicate_pushdown=False, projection_pushdown=False,
            slice_pushdown=False,
        )  # fmt: skip
    columns = [pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over(owner).alias(number)]
    if exited and exited not in present:
        columns.append(pl.col(entered).shift(-1).over(owner).alias(exited))
    return ordered.with_columns(columns)


def _following(rows: pl.DataFrame, owner: str, entered: str, step: tuple[str, str]) -> pl.DataFrame:
    """Moves by owner and time, those of one moment in the order in which each follows from the one before, where there is one."""
    same_owner = pl.col(owner) == pl.col(owner).shift()
    begins = ~(same_owner & (pl.col(entered) == pl.col(entered).shift())).fill_null(value=False)
    runs = rows.select(begins.arg_true().alias("start")).with_columns(
        pl.col("start").shift(-count, fill_value=rows.height).alias(name) for count, name in ((1, "end"), (2, "later"))
    )
    runs = runs.filter(pl.col("end") - pl.col("start") > 1)
    if runs.is_empty():
        return rows
    goes_on = rows.select(same_owner.fill_null(value=False)).to_series()
    names = rows.select(folded(pl.col(each)).fill_null("") for each in step)
    runs = _unsettled(runs, names[step[0]], names[step[1]], goes_on)
    if runs.is_empty():
        return rows
    goes_on = goes_on.append(pl.Series([False]))
    left, reached = (names[each].to_list() for each in step)
    order = list(range(rows.height))
    for start, end, later in runs.iter_rows():
        before = ("", reached[order[start - 1]]) if goes_on[start] else None
        after = tuple(("", name) for name in left[end:later]) if goes_on[end] else ()
        moves = zip(left[start:end], reached[start:end], strict=True)
        steps: tuple[Step, ...] = tuple((("", one), ("", other)) for one, other in moves)
        order[start:end] = [start + place for place in following.only(steps, before, after)]
    return rows[order]


def _unsettled(runs: pl.DataFrame, left: pl.Series, reached: pl.Series, goes_on: pl.Series) -> pl.DataFrame:
    """The runs of moves of one moment that are not settled as listed. Where each move, and the one after the run, leaves what the
    row above entered, no order fits better; unless the run right before may change what was entered last.
    """
    breaks = pl.Series([0]).append((goes_on & (left != reached.shift(1, fill_value=""))).cast(pl.Int64).cum_sum())
    after = (runs["end"] + 1).clip(upper_bound=len(left))
    fits = breaks.gather(after) == breaks.gather(runs["start"])
    begins = (runs["start"] != runs["end"].shift(1)).fill_null(value=True) | ~goes_on.gather(runs["start"])
    kept = runs.with_columns(fits.alias("fits"), begins.cum_sum().alias("chain"))
    return kept.filter(~pl.col("fits").cum_min().over("chain")).select(runs.columns)


def _is_newest_first(owner: str, entered: str) -> pl.Expr:
    """Whether a file lists moves from the newest on: of two of one owner in rows below each other the lower is never the later, and
    the earlier at least once.
    """
    step = pl.col(entered).diff().dt.total_microseconds()
    is_below = (pl.col(owner) == pl.col(owner).shift()) & (pl.col(ROW) > pl.col(ROW).shift())
    return (is_below & (step < 0)).any() & ~(is_below & (step > 0)).any()


def _sli_measurement(frame: pl.LazyFrame, _context: Context) -> pl.LazyFrame:
    present = set(frame.collect_schema().names())
    if "_minutes" in present and "window_seconds" not in present:
        frame = frame.with_columns((pl.col("_minutes") * 60).round(0).cast(pl.Int64).alias("window_seconds"))
    if "_event" in present and "total_count" not in present:
        event = pl.col("_event").str.to_lowercase()
        up, down = event.is_in(["up", "started", "online"]), event.is_in(["down", "offline"])
        seconds = pl.col("window_seconds")
        frame = frame.with_columns(
            pl.when(up).then(seconds).when(down).then(0).alias("good_count"),
            pl.when(down).then(seconds).when(up).then(0).alias("bad_count"),
            pl.when(up | down).then(seconds).alias("total_count"),
        )
    return frame


def _survey_response(frame: pl.LazyFrame, _context: Context) -> pl.LazyFrame:
    present = set(frame.collect_schema().names())
    if "value" in present or "response_text" not in present:
        return frame
    # Scales are exported as "4" or as "4 - agree".
    leading = pl.col("response_text").str.extract(r"^\s*(\d+(?:\.\d+)?)\s*(?:$|[-–—.:)])")
    return frame.with_columns(
        leading.cast(pl.Decimal(18, 6), strict=False).alias("value"), pl.col("question_id").str.to_uppercase()
    )


def _assessment_answer(frame: pl.LazyFrame, _context: Context) -> pl.LazyFrame:
    return frame.with_columns(pl.col("item_code").str.extract(r"^(\w+)").str.to_uppercase())


def _assessment_fact(frame: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    if "stated_on" in frame.collect_schema().names():
        return frame
    return frame.with_columns(pl.lit(context.today).alias("stated_on"))


def _cost(frame: pl.LazyFrame, _context: Context) -> pl.LazyFrame:
    if "period_end" in frame.collect_schema().names():
        return frame
    return frame.with_columns(pl.col("period_start").dt.month_end().alias("period_end"))


def _budget_plan(frame: pl.LazyFrame, _context: Context) -> pl.LazyFrame:
    present = set(frame.collect_schema().names())
    columns: list[pl.Expr] = []
    if "plan_version" not in present:
        columns.append(pl.lit("current").alias("plan_version"))
    if "period_end" not in present:
        columns.append(pl.col("period_start").dt.month_end().alias("period_end"))
    return frame.with_columns(columns)


_READS: dict[str, frozenset[str]] = {
    "lead_stage_history": frozenset({"lead_id", "date_stage_entered"}),
    "lead_touch": frozenset({"lead_id", "at"}),
    "work_item_transition": frozenset({"issue_id", "transition_at"}),
    "survey_response": frozenset({"question_id"}),
    "assessment_answer": frozenset({"item_code"}),
    "budget_plan": frozenset({"period_start"}),
    "cost": frozenset({"period_start"}),
}
"""Columns without which nothing follows for a table."""

_STEPS: dict[str, Callable[[pl.LazyFrame, Context], pl.LazyFrame]] = {
    "ad_performance": _ad_performance,
    "lead_stage_history": _lead_stage_history,
    "lead_touch": _lead_touch,
    "work_item_transition": _work_item_transition,
    "sli_measurement": _sli_measurement,
    "survey_response": _survey_response,
    "assessment_answer": _assessment_answer,
    "assessment_fact": _assessment_fact,
    "budget_plan": _budget_plan,
    "cost": _cost,
}
