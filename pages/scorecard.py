"""Scorecard: what each side owns, what both share; is a change real, and will the target hold."""

from marops import web
from marops.language import text
from marops.principal import Role
from marops.scorecard import figures, service

principal = web.require(Role.VIEWER)
place = web.here(principal)
card = service.scorecard(principal, place.scope)

if card.is_empty:
    web.page_title(text("Scorecard"))
    web.empty(
        text("No KPI can be computed yet"),
        text("Import an uptime log, the CRM's leads with their history, an ad platform's report or a survey; each fills its KPIs."),
        place,
    )

web.page_title(text("Scorecard"), service.verdict(principal, place.scope))
web.kpi_columns(card, place)
web.kpi_detail(card, place, draw=figures.control_chart)
