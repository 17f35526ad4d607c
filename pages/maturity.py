"""Maturity: the team's stage, what holds it back, and where IT and marketing see it differently."""

import streamlit as st

from marops import web
from marops.language import text
from marops.maturity import figures, service
from marops.principal import Role

principal = web.require(Role.VIEWER)
place = web.here(principal)
found = service.maturity(principal, place.scope)

if found.latest is None:
    web.page_title(text("Maturity"))
    web.empty(
        text("No assessment yet"),
        text("Import the answers to the maturity instrument: one row a respondent, one column an item (SP1 to JG2); and F1 to F7."),
        place,
    )

web.page_title(text("Maturity"), service.verdict(principal, place.scope))
web.stage_summary(found)

left, right = st.columns([5, 6], gap="large")
with left:
    web.section(text("What holds the team back?"))
    web.chart(web.drawn(figures.pillars, found), key="pillars")
with right:
    web.section(text("How was each part rated?"))
    web.pillar_grid(found)

web.section(text("Where do IT and marketing see it differently?"))
if found.assessed.gaps.is_empty():
    web.note(text("Fewer than five people of a side answered, so no differences are shown: they could be traced to people."))
else:
    web.chart(web.drawn(figures.perception_gaps, found), key="gaps")
