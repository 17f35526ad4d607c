"""Where campaigns stand and how long they stay: pure functions from visits and items to frames and measures."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import polars as pl

from marops import stats
from marops.calendars import USUAL, Calendar
from marops.language import Text, ntext, text
from marops.measure import Interval, Measure
from marops.period import Period
from marops.quantity import Quantity, Unit
from marops.stages import Stage

SOURCES = ("work_item", "work_item_transition")
NO_DATES = text("No work here has a due date.")
_FEWEST_FOR_P85 = 10


def in_progress(work: pl.DataFrame, end: datetime) -> pl.DataFrame:
    """Items that are not done, oldest in their stage first, with `age` (days since they were requested) and `waiting`
    (days in the present stage; null, and last, where it has no history, or one that cannot be: nobody knows when it came there).
    `end` is the moment up to which the data reaches.
    """
    days = 86_400
    return (
        work.filter(pl.col("stage").is_not_null() & pl.col("done_at").is_null())
        .with_columns(
            ((pl.lit(end) - pl.col("created_at")).dt.total_seconds() / days).alias("age"),
            ((pl.lit(end) - pl.col("since")).dt.total_seconds() / days).alias("waiting"),
        )
        .sort("waiting", "issue_id", descending=[True, False], nulls_last=True)
    )


def overdue(work: pl.DataFrame, today: date) -> pl.DataFrame:
    """Items whose due date has passed without a launch, the latest first, with `late` (days past due)."""
    return (
        work.filter(pl.col("launched_at").is_null() & pl.col("done_at").is_null() & (pl.col("due_date") < today))
        .with_columns((pl.lit(today) - pl.col("due_date")).dt.total_days().alias("late"))
        .sort("late", "issue_id", descending=[True, False])
    )


def stage_times(visits: pl.DataFrame, period: Period, end: datetime, listed: Sequence[Stage]) -> pl.DataFrame:
    """Days per visit by stage (of those listed), of visits begun in a period: Kaplan-Meier median and 85th percentile, visits that
    go on counted.

    Columns: stage, visits, open, median, p85 (null where too few have ended to say; p85 also below 10 finished visits).
    """
    days = (pl.coalesce("left_at", pl.lit(end)) - pl.col("entered_at")).dt.total_seconds() / 86_400
    begun = visits.filter(pl.col("entered_at").dt.date().is_between(period.start, period.end)).with_columns(days.alias("days"))
    rows: list[tuple[str, int, int, float | None, float | None]] = []
    for stage in listed:
        here = begun.filter(pl.col("stage") == stage.id)
        ended = here.filter(pl.col("left_at").is_not_null())["days"].to_numpy()
        still = here.filter(pl.col("left_at").is_null())["days"].to_numpy()
        curve = stats.survival(ended, still)
        median = curve.quantile(0.5) if curve else None
        p85 = curve.quantile(0.85) if curve and len(ended) >= _FEWEST_FOR_P85 else None
        rows.append((stage.id, here.height, len(still), median, p85))
    schema = {"stage": pl.String, "visits": pl.Int64, "open": pl.Int64, "median": pl.Float64, "p85": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _withdrawn() -> pl.Expr:
    """Dropped, or done at a moment that nobody knows: neither launched nor late."""
    return pl.col("launched_at").is_null() & pl.col("done_at").is_not_null()


DUE = ("on_time", "late", "waiting", "ahead")
"""What may have become of a campaign with a date: launched on time or late, or not launched, the date being past or ahead."""


def due(work: pl.DataFrame, today: date, calendar: Calendar = USUAL) -> pl.DataFrame:
    """Campaigns with a date by it, withdrawn ones left out: `issue_id`, `name`, `due_date`, `launched` (the day that it was in the
    calendar's zone; null: not yet) and `state`, one of `DUE`.
    """
    launched, by = calendar.days_of(pl.col("launched_at")), pl.col("due_date")
    state = (
        pl.when(launched <= by).then(pl.lit("on_time")).when(launched.is_not_null()).then(pl.lit("late"))
        .when(by < today).then(pl.lit("waiting")).otherwise(pl.lit("ahead"))
    )  # fmt: skip
    name = pl.col("label").alias("name")
    dated = work.filter(by.is_not_null() & ~_withdrawn())
    return dated.select("issue_id", name, by, launched.alias("launched"), state.alias("state")).sort("due_date", "issue_id")


def launches(dated: pl.DataFrame, period: Period) -> pl.DataFrame:
    """Campaigns (`due`) by each whole month of a period in which they were due: `month`, and how many of each of `DUE`."""
    counted = dated.group_by(pl.col("due_date").dt.month_start().alias("month"), "state").len()
    table = counted.pivot("state", index="month", values="len", on_columns=DUE)
    months = pl.DataFrame({"month": [month.start for month in period.months()]}, schema={"month": pl.Date})
    return months.join(table, on="month", how="left").with_columns(pl.exclude("month").fill_null(0).cast(pl.Int64)).sort("month")


def work_in_progress(work: pl.DataFrame, end: datetime, before_launch: Sequence[Stage]) -> Measure:
    """Items that are requested but not yet live, those in a status that is no stage among them."""
    count = in_progress(work, end).filter(pl.col("stage").is_in([stage.id for stage in before_launch])).height
    astray = work.filter(pl.col("stage").is_null() & pl.col("launched_at").is_null() & pl.col("done_at").is_null()).height
    note = text("requested and not yet live")
    if astray:
        note = ntext("{said}; {n} in a status that is no stage", "{said}; {n} in a status that is no stage", astray, said=note)
    return _measure("wip", text("In preparation"), count + astray, Unit.COUNT, end, note=note)


def late_launches(work: pl.DataFrame, today: date, end: datetime, *, has_dates: bool) -> Measure:
    """Items past their due date that have not launched; missing where no work of the workspace has a date."""
    late = overdue(work, today)
    if not has_dates:
        return _measure("late", text("Launches past their date"), None, Unit.COUNT, end, missing=NO_DATES)
    note = text("the longest by {days} days", days=int(late["late"][0])) if late.height else text("none")
    return _measure("late", text("Launches past their date"), late.height, Unit.COUNT, end, note=note)


def on_time(
    work: pl.DataFrame, period: Period, today: date, end: datetime, untold: pl.DataFrame | None = None, calendar: Calendar = USUAL
) -> Measure:  # fmt: skip
    """Share of the campaigns due in a period (and before today) that launched by their due date, in the calendar's zone,
    withdrawn ones left out; Wilson's interval. `untold`: campaigns of which nobody knows when they were launched, in no share.
    """
    past = pl.col("due_date").is_between(period.start, min(period.end, today - timedelta(days=1)))
    due = work.filter(past & ~_withdrawn())
    label, more = text("Launched on time"), 0 if untold is None else untold.filter(past).height
    if due.is_empty():
        why = text("No campaign was due in these days.")
        if more:
            why = ntext(
                "{n} campaign was due in these days; when it was launched no history tells.",
                "{n} campaigns were due in these days; when they were launched no history tells.",
                more,
            )
        return Measure(
            key="on_time", label=label, value=None, unit=Unit.PERCENT, definition="on_time", version=1, sources=SOURCES,
            period=period, missing=why,
        )  # fmt: skip
    note = ntext("{n} campaign due", "{n} campaigns due", due.height)
    if more:
        note = ntext(
            "{said}; of {n} more no history tells when it was launched",
            "{said}; of {n} more no history tells when they were launched",
            more, said=note,
        )  # fmt: skip
    if by_end := due.filter("by_end").height:
        note = ntext(
            "{said}; {n} counts by the day it was done", "{said}; {n} count by the day they were done", by_end, said=note
        )  # fmt: skip
    kept = due.filter(calendar.days_of(pl.col("launched_at")) <= pl.col("due_date")).height
    return Measure(
        key="on_time", label=label, value=kept / due.height, unit=Unit.PERCENT, definition="on_time", version=1, sources=SOURCES,
        period=period, as_of=(end - timedelta(seconds=1)).date(),
        interval=Interval(*stats.wilson(kept, due.height), method=text("Wilson score interval")),
        note=note,
    )  # fmt: skip


def over_sla(work: pl.DataFrame, end: datetime, listed: Sequence[Stage], calendar: Calendar = USUAL) -> pl.DataFrame:
    """Items that have stood in a stage for longer than it is allowed (`Stage.sla_days`): the rows of `in_progress` with `allowed`
    and `over`, in days, or in those of the calendar where the stage's are (`in_working_days`); those that are over by most first.
    """
    allowed = {stage.id: stage.sla_days for stage in listed if stage.sla_days is not None}
    is_worked = pl.col("stage").is_in([stage.id for stage in listed if stage.in_working_days])
    standing = in_progress(work, end).filter(pl.col("stage").is_in(list(allowed)) & pl.col("waiting").is_not_null())
    since = standing["since"]
    worked = calendar.days(since, pl.repeat(end, len(since), dtype=since.dtype, eager=True)).alias("worked")
    return (
        standing.with_columns(
            pl.col("stage").replace_strict(allowed, default=None, return_dtype=pl.Float64).alias("allowed"),
            is_worked.alias("in_working_days"),
            worked,
        )
        .with_columns((pl.when("in_working_days").then("worked").otherwise("waiting") - pl.col("allowed")).alias("over"))
        .filter(pl.col("over") > 0)
        .drop("worked")
        .sort("over", "issue_id", descending=[True, False])
    )


def days_said(days: float, in_working_days: bool) -> Quantity | Text:  # noqa: FBT001  (of a row)
    """Days of `over_sla`, in words."""
    found = Quantity(days, Unit.DAYS)
    return text("{days} of working time", days=found) if in_working_days else found


def _measure(
    key: str, label: Text, value: int | None, unit: Unit, end: datetime, *, note: Text | None = None, missing: Text | None = None
) -> Measure:
    return Measure(
        key=key, label=label, value=value, unit=unit, definition=key, version=1, sources=SOURCES,
        as_of=(end - timedelta(seconds=1)).date(), note=note, missing=missing,
    )  # fmt: skip
