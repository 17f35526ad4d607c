"""The board and the launches that are late."""

from collections.abc import Mapping
from datetime import date

import polars as pl
import streamlit as st

from marops.language import text
from marops.pipeline.service import Flow
from marops.quantity import Quantity, Unit
from marops.stages import Category, Stage, board_stages, stages
from marops.web.components import note
from marops.web.markup import html
from marops.web.session import reader, say
from marops.web.tables import table

_SHOWN_PER_STAGE = 6


def overdue_table(flow: Flow) -> None:
    """Campaigns past their launch date, the latest first."""
    late = flow.overdue
    if late.is_empty():
        note(text("None: every launch that was due has happened."))
        return
    names = {stage.id: say(stage.name) for stage in stages()}
    sides = {
        stage.id: {"it": say(text("IT")), "marketing": say(text("Marketing"))}.get(stage.responsible, "") for stage in stages()
    }
    shown = late.select(
        pl.coalesce("campaign_name", "name").alias(say(text("Campaign"))),
        pl.col("due_date").alias(say(text("Due"))),
        pl.col("late").alias(say(text("Days late"))),
        pl.col("stage").replace_strict(names, default="?", return_dtype=pl.String).alias(say(text("Stage"))),
        pl.col("stage").replace_strict(sides, default="?", return_dtype=pl.String).alias(say(text("Must act"))),
        pl.col("assignee").alias(say(text("Assigned to"))),
        pl.col("value_per_day").round(0).cast(pl.Int64).alias(say(text("Value a day"))),
        pl.col("currency_code").alias(say(text("Currency"))),
    )
    table(shown, key="overdue", alt=say(text("Campaigns past their launch date")), name="overdue")


def board(flow: Flow) -> None:
    """The seven stages with their campaigns, the longest in the stage on top."""
    r = reader()
    columns: list[dict[str, object]] = []
    for stage in board_stages():
        here = flow.in_stage(stage)
        items = [
            {
                "name": item["campaign_name"] or item["name"],
                "lines": _item_lines(item, stage),
                "old": item["limit"] is not None and item["waiting"] > item["limit"],
            }
            for item in here.head(_SHOWN_PER_STAGE).iter_rows(named=True)
        ]
        more = here.height - len(items)
        columns.append({
            "name": say(stage.name), "count": r.number(here.height), "items": items,
            "more": say(text("and {n} more", n=more)) if more else "",
        })  # fmt: skip
    st.markdown(html("board.html", stages=columns, label=say(text("Campaigns by stage"))), unsafe_allow_html=True)
    if flow.unknown:
        words = ", ".join(flow.unknown[:5])
        note(text("Not on the board: items whose status is no stage marops knows ({words}).", words=words))


def _item_lines(item: Mapping[str, object], stage: Stage) -> list[str]:
    waiting = Quantity(float(str(item["waiting"])), Unit.DAYS)
    due = item["due_date"]
    if stage.category not in (Category.TODO, Category.ACTIVE):
        return [say(text("for {days}", days=waiting))]
    lines = [say(text("{days} here", days=waiting))]
    if isinstance(due, date):
        lines.append(say(text("due {due}", due=reader().short_day(due))))
    return lines
