"""Pipeline: which launches are late, where work waits, how long stages take."""

import streamlit as st

from marops import web
from marops.language import text
from marops.pipeline import figures, roles, service
from marops.principal import Role

principal = web.require(Role.VIEWER)
place = web.here(principal)
flow = service.flow(principal, place.scope)

if flow.is_empty:
    web.page_title(text("Pipeline"))
    web.empty(
        text("No campaigns yet"),
        text("Import your tracker's issues and their history (Jira: all fields, and the issue history)."),
        place,
    )

web.page_title(text("Pipeline"), service.verdict(principal, place.scope))
web.measures(flow.late, flow.in_preparation, flow.on_time)

web.section(text("Which launches will miss their date?"), text("What lateness costs a day, most first."))
web.risk_table(flow)

web.section(
    text("Where does every campaign stand?"),
    text("Longest in its stage first; a red edge marks more days than 85 % of campaigns ever needed there."),
)
web.board(flow)

left, right = st.columns(2, gap="large")
with left:
    web.section(text("Where does work wait?"))
    web.chart(web.drawn(figures.days_by_stage, flow), key="days_by_stage")
with right:
    web.section(text("Do launches keep their dates?"))
    web.chart(web.drawn(figures.launches_by_month, flow), key="launches")

web.held_work(roles.held(principal, place.scope), place)
