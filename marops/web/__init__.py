"""The web layer: the only package that knows Streamlit. Pages say what to show; how it is shown is decided here."""

from marops.web.charts import drawn
from marops.web.charts import show as chart
from marops.web.components import (
    decision_cards,
    empty,
    joint_impact,
    kpi_columns,
    kpi_rows,
    measures,
    note,
    page,
    page_title,
    scorecard_numbers,
    section,
)  # fmt: skip
from marops.web.panels.budget import what_if
from marops.web.panels.choosing import chosen_work, nothing_chosen
from marops.web.panels.decisions import decide_dialog, decision_list
from marops.web.panels.desk import deciding, desk, requests
from marops.web.panels.flowing import counted, flow_views, pace
from marops.web.panels.item import item_page
from marops.web.panels.items import link as item_link
from marops.web.panels.managing import kpi_managed
from marops.web.panels.maturity import pillar_grid, stage_summary
from marops.web.panels.pipeline import over_allowed, reach, risk_table
from marops.web.panels.promises import kpi_promised
from marops.web.panels.roles import held_work, must_act
from marops.web.panels.scorecard import asked_kpi, kpi_evidence, kpi_head, kpi_reasons, kpi_rows_behind
from marops.web.panels.stages import stages_first
from marops.web.scope import Here, here, switch_workspace
from marops.web.session import literal, reader, require, say
from marops.web.tables import safe_csv, table

__all__ = [
    "Here", "asked_kpi", "chart", "chosen_work", "counted", "decide_dialog", "deciding", "decision_cards", "decision_list",
    "desk", "drawn", "empty", "flow_views", "held_work", "here", "item_link", "item_page", "joint_impact", "kpi_columns",
    "kpi_evidence", "kpi_head", "kpi_managed", "kpi_promised", "kpi_reasons", "kpi_rows", "kpi_rows_behind", "literal",
    "measures", "must_act", "note", "nothing_chosen", "over_allowed", "pace", "page", "page_title", "pillar_grid", "reach",
    "reader", "requests", "require", "risk_table", "safe_csv", "say", "scorecard_numbers", "section", "stage_summary",
    "stages_first", "switch_workspace", "table", "what_if",
]  # fmt: skip
