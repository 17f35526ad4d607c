"""The web layer: the only package that knows Streamlit. Pages say what to show; how it is shown is decided here."""

from marops.web.charts import drawn
from marops.web.charts import show as chart
from marops.web.components import (
    decision_cards,
    empty,
    kpi_rows,
    measures,
    note,
    page,
    page_title,
    section,
    side_head,
)  # fmt: skip
from marops.web.panels import (
    board,
    decide_dialog,
    decision_list,
    kpi_detail,
    overdue_table,
    pillar_grid,
    stage_summary,
    what_if,
)  # fmt: skip
from marops.web.scope import Here, here, switch_workspace
from marops.web.session import literal, reader, require, say
from marops.web.tables import safe_csv, table

__all__ = [
    "Here", "board", "chart", "decide_dialog", "decision_cards", "decision_list", "drawn", "empty", "here", "kpi_detail",
    "kpi_rows", "literal", "measures", "note", "overdue_table", "page", "page_title", "pillar_grid", "reader", "require",
    "safe_csv", "say", "section", "side_head", "stage_summary", "switch_workspace", "table", "what_if",
]  # fmt: skip
