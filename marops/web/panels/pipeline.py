"""The board, and the launches that are late or may be."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

import polars as pl
import streamlit as st

from marops.language import Text, ntext, text
from marops.pipeline import figures
from marops.pipeline.held import Held
from marops.pipeline.lateness import FEWEST
from marops.pipeline.metrics import NO_DATES, days_said
from marops.pipeline.raci import called
from marops.pipeline.service import Flow
from marops.quantity import Quantity, Unit
from marops.stages import BEFORE_LAUNCH, Stage
from marops.web import charts
from marops.web.components import note, section
from marops.web.markup import html
from marops.web.panels.items import link, open_item, opened
from marops.web.scope import Here
from marops.web.session import reader, say
from marops.web.tables import Opens, table

_SHOWN_PER_STAGE = 6


def risk_table(flow: Flow, held: Held) -> None:
    """Campaigns that are not launched, by what it costs a day if they are late: the chance of it, and whose move it is."""
    found = flow.risks
    if found.is_empty() and flow.role is not None:
        note(text("None: no campaign with a date waits for {role}.", role=called(flow.role)))
        return
    if found.is_empty():
        note(text("None: every campaign with a date is launched.") if flow.has_dates else NO_DATES)
        return
    names = {stage.id: say(stage.name) for stage in flow.process.stages}
    currencies = found.drop_nulls("at_risk")["currency_code"].unique().to_list()
    one = currencies[0] if len(currencies) == 1 else None
    at_risk = say(text("Risk a day, {code}", code=one) if one else text("Risk a day"))
    chance = pl.col("chance").mul(100).round(0).cast(pl.Int64)
    role = _must_act(flow, held)
    # What somebody acts on stands first: narrow screens cut the rest off.
    campaign = say(text("Campaign"))
    shown = found.select(
        pl.col("label").alias(campaign),
        chance.alias(say(text("Late, %"))),
        pl.col("at_risk").round(0).cast(pl.Int64).alias(at_risk),
        pl.col("due_date").alias(say(text("Due"))),
        *([] if one else [pl.col("currency_code").alias(say(text("Currency")))]),
        pl.concat_str([role, pl.col("assignee")], separator=": ", ignore_nulls=True).alias(say(text("Must act"))),
        pl.col("place").alias(say(text("Do first"))),
        pl.col("days_late").alias(say(text("Days late"))),
        pl.col("stage").replace_strict(names, default="?", return_dtype=pl.String).alias(say(text("Stage"))),
        _interval(found).alias(say(text("Late, 95% interval"))),
        pl.col("likely").alias(say(text("Likely launch"))),
    )
    table(
        shown, key="risks", alt=say(text("Campaigns that are not launched, by the chance to be late")), name="launches-at-risk",
        opens=Opens(campaign, found["issue_id"].to_list(), open_item),
    )  # fmt: skip
    if astray := int(found["is_broken"].sum()):
        note(
            ntext(
                "{n} campaign is judged by its date alone: a move of its history is missing or cannot be, so that nobody knows "
                "since when it stands where it does, or whether it still does.",
                "{n} campaigns are judged by their dates alone: a move of their history is missing or cannot be, so that nobody "
                "knows since when they stand where they do, or whether they still do.",
                astray,
            )
        )  # fmt: skip
    few = found.filter(pl.col("chance").is_null() & ~pl.col("is_broken")).height
    if few:
        note(
            ntext(
                "{n} campaign without a chance: fewer than {few} earlier ones stood where it stands.",
                "{n} campaigns without a chance: fewer than {few} earlier ones stood where they stand.",
                few, few=FEWEST,
            )
        )  # fmt: skip
    bare = found.filter(pl.col("value_per_day").is_not_null() & pl.col("currency_code").is_null()).height
    if bare:
        note(
            ntext(
                "{n} campaign has a value a day without a currency, which counts nowhere. Say the currency when its file is "
                "imported.",
                "{n} campaigns have a value a day without a currency, which counts nowhere. Say the currency when their files are "
                "imported.",
                bare,
            )
        )  # fmt: skip
    note(_how_it_held(flow))
    if found["place"].count():
        note(
            text(
                "Do first: the order that loses least, by risk a day for each day of work that is left (weighted shortest job "
                "first); what others wait for carries their risk, too."
            )
        )


def over_allowed(flow: Flow, place: Here) -> None:
    """What stands in its stage for longer than the stage allows."""
    if flow.over_sla.is_empty():
        return
    section(text("What stands longer than allowed?"))
    opened(
        flow.over_sla.with_columns(pl.col("label").alias("name")), _over, place, text("Over the days allowed"),
        key="over",
    )  # fmt: skip


def _over(row: dict[str, Any]) -> Text:
    over, allowed = (days_said(float(row[name]), row["in_working_days"]) for name in ("over", "allowed"))
    return text("{over} over the {allowed} allowed", over=over, allowed=allowed)


def _must_act(flow: Flow, held: Held) -> pl.Series:
    """Whose move each of the risks is."""
    acting = dict(held.acting.iter_rows())
    return pl.Series([say(called(acting[item])) if item in acting else "?" for item in flow.risks["issue_id"]], dtype=pl.String)


def reach(flow: Flow) -> None:
    """How far trackers tell, where that is not as far as what is kept here, or as today."""
    if flow.told_until is None and flow.last_day < flow.today:
        note(
            text(
                "The data end on {day}: work is shown as it stood then, its days, pace and forecasts counted to that day. Dates "
                "that have passed since are told as of today. Import the newest data.",
                day=flow.last_day,
            )
        )
    if flow.told_until is not None:
        note(
            text(
                "Trackers tell until {day}: their items are shown as they stood then, their days counted on to today; pace and "
                "forecasts stop there. Import their newest data.",
                day=flow.told_until,
            )
        )


def _interval(found: pl.DataFrame) -> pl.Series:
    said = [
        None if low is None else say(text("{low} to {high}", low=_percent(low), high=_percent(high)))
        for low, high in found.select("low", "high").iter_rows()
    ]
    return pl.Series(said, dtype=pl.String)


def _percent(share: float) -> Quantity:
    return Quantity(round(share, 2), Unit.PERCENT)


def _how_it_held(flow: Flow) -> Text:
    how = text(
        "The chance is the share of earlier campaigns that launched late of those that stood in the same stage as long before."
    )
    if flow.checked is None:
        return text("{how} No such forecast could be checked yet.", how=how)
    held = ntext(
        "Of the last 12 months it can be checked for {n} campaign: {expected} should have been late, {late} were.",
        "Of the last 12 months it can be checked for {n} campaigns: {expected} should have been late, {late} were.",
        flow.checked.said, expected=round(flow.checked.expected), late=flow.checked.late,
    )  # fmt: skip
    return text("{how} {held}", how=how, held=held)


def board(flow: Flow, place: Here) -> None:
    """Where every campaign stands, how long stages take, and whether launches kept their dates."""
    note(text("Longest in its stage first; a red edge marks more days than 85% of campaigns ever needed there."))
    _board(flow, place)
    left, right = st.columns(2, gap="large")
    with left:
        charts.show(charts.drawn(figures.days_by_stage, flow), key="days_by_stage", picks=_open_stage)
    if flow.has_dates:
        with right:
            charts.show(charts.drawn(figures.launches_by_month, flow), key="launches", picks=_open_due)
    if not place.looks("stage") and not place.looks("due"):
        note(text("Click on a bar to see its items."))
    _in_stage(flow, place)
    _due_in(flow, place)


def _open_stage(stage: str) -> None:
    st.query_params["stage"] = stage


def _open_due(month: str) -> None:
    st.query_params["due"] = month


_DUE: dict[str, Callable[[int, date], Text]] = {
    "on_time": lambda n, month: ntext(
        "{n} campaign was due in {month} and launched on time:", "{n} campaigns were due in {month} and launched on time:", n,
        month=reader().month(month),
    ),
    "late": lambda n, month: ntext(
        "{n} campaign was due in {month} and launched late:", "{n} campaigns were due in {month} and launched late:", n,
        month=reader().month(month),
    ),
    "waiting": lambda n, month: ntext(
        "{n} campaign was due in {month} and is not launched:", "{n} campaigns were due in {month} and are not launched:", n,
        month=reader().month(month),
    ),
    "ahead": lambda n, month: ntext(
        "{n} campaign is due in {month} and not launched:", "{n} campaigns are due in {month} and not launched:", n,
        month=reader().month(month),
    ),
}  # fmt: skip
"""What is said of campaigns by what became of their dates (`metrics.DUE`)."""


def _due_in(flow: Flow, place: Here) -> None:
    """The campaigns of the month and part of a bar that was clicked."""
    asked, _, state = place.looks("due").partition(":")
    month = next((one for one in flow.launches["month"] if f"{one:%Y-%m}" == asked), None)
    if month is None or state not in _DUE:
        return
    found = flow.due_in(month, state)
    note(_DUE[state](found.height, month))
    opened(found, _launched, place, text("Campaigns of the month"), key="due")


def _launched(row: dict[str, Any]) -> Text:
    if row["launched"] is None:
        return text("due {due}", due=row["due_date"])
    days = Quantity(float((row["launched"] - row["due_date"]).days), Unit.DAYS)
    if row["state"] == "late":
        return text("due {due}, launched {day}, {days} late", due=row["due_date"], day=row["launched"], days=days)
    return text("due {due}, launched {day}", due=row["due_date"], day=row["launched"])


def _in_stage(flow: Flow, place: Here) -> None:
    """The items that are now in the stage whose bar was clicked."""
    stage = flow.process.named(place.looks("stage"))
    if stage is None:
        return
    found = flow.in_stage(stage).with_columns(pl.col("label").alias("name"))
    note(ntext("{n} item is in {stage} now:", "{n} items are in {stage} now, the longest first:", found.height, stage=stage.name))
    opened(found, _since, place, text("Items in the stage"), key="stage")


def _since(row: dict[str, Any]) -> Text:
    if row["waiting"] is None:
        return _not_known(row)
    return text("for {days}", days=Quantity(float(row["waiting"]), Unit.DAYS))


def _not_known(item: Mapping[str, object]) -> Text:
    if item["is_broken"]:
        return text("days not known: a move of its history is missing or cannot be")
    return text("days not known: no history")


def _board(flow: Flow, place: Here) -> None:
    """The seven stages with their campaigns, the longest in the stage on top."""
    r, over = reader(), set(flow.over_sla["issue_id"])
    columns: list[dict[str, object]] = []
    for stage in flow.process.board:
        here = flow.items.filter(pl.col("stage") == stage.id)
        items = [
            {
                "name": item["label"],
                "href": link(place, item["issue_id"]),
                "lines": _item_lines(item, stage, is_over=item["issue_id"] in over),
                "old": item["limit"] is not None and item["waiting"] is not None and item["waiting"] > item["limit"],
            }
            for item in here.head(_SHOWN_PER_STAGE).iter_rows(named=True)
        ]
        more = here.height - len(items)
        columns.append({
            "name": say(stage.name), "count": r.number(here.height), "items": items,
            "more": say(text("and {n} more", n=more)) if more else "",
        })  # fmt: skip
    st.markdown(html("board.html", stages=columns, label=say(text("Campaigns by stage"))), unsafe_allow_html=True)
    if flow.adrift:
        words = ", ".join(flow.adrift[:5])
        note(text("Not on the board: items whose status is no stage marops knows ({words}).", words=words))


def _item_lines(item: Mapping[str, object], stage: Stage, *, is_over: bool) -> list[str]:
    waiting, due = item["waiting"], item["due_date"]
    lines: list[str] = []
    if not isinstance(waiting, float):
        lines.append(say(_not_known(item)))
    elif stage.category not in BEFORE_LAUNCH:
        lines.append(say(text("for {days}", days=Quantity(waiting, Unit.DAYS))))
    else:
        lines.append(say(text("{days} here", days=Quantity(waiting, Unit.DAYS))))
    if stage.category not in BEFORE_LAUNCH:
        return lines
    if is_over and stage.sla_days is not None:
        lines.append(say(text("over the {days} allowed", days=days_said(stage.sla_days, stage.in_working_days))))
    if isinstance(item["held_up"], datetime):
        lines.append(say(text("held up since {day}", day=item["held_up"].date())))
    if isinstance(due, date):
        lines.append(say(text("due {due}", due=reader().short_day(due))))
    return lines
