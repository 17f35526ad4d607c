"""The web layer: the only package that knows Streamlit. Pages say what to show; how it is shown is decided here."""

from marops.web.charts import drawn
from marops.web.charts import show as chart
from marops.web.components import decision_cards, empty, kpi_columns, kpi_rows, measures, note, page, page_title, section
from marops.web.panels.budget import what_if
from marops.web.panels.decisions import decide_dialog, decision_list
from marops.web.panels.maturity import pillar_grid, stage_summary
from marops.web.panels.pipeline import board, overdue_table
from marops.web.panels.scorecard import kpi_detail
from marops.web.scope import Here, here, switch_workspace
from marops.web.session import literal, reader, require, say
from marops.web.tables import safe_csv, table

__all__ = [
    "Here", "board", "chart", "decide_dialog", "decision_cards", "decision_list", "drawn", "empty", "here", "kpi_columns",
    "kpi_detail", "kpi_rows", "literal", "measures", "note", "overdue_table", "page", "page_title", "pillar_grid", "reader",
    "require", "safe_csv", "say", "section", "stage_summary", "switch_workspace", "table", "what_if",
]  # fmt: skip
