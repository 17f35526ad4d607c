"""Scorecard: what each side owns, what both share; or one KPI in full: is it real, why, whose move is it."""

from marops import web
from marops.language import text
from marops.principal import Role
from marops.scorecard import figures, managing, service

principal = web.require(Role.VIEWER)
place = web.here(principal)
card = service.scorecard(principal, place.scope)
row = web.asked_kpi(card)

if row is not None:
    web.kpi_head(card, row, place)
    web.page_title(row.kpi.name, row.conclusion)
    web.kpi_evidence(row, place, figures)
    web.kpi_reasons(row, place, figures)
    web.kpi_managed(row, place, figures)
    web.kpi_promised(row, place)
    web.kpi_rows_behind(row, place)
elif card.is_empty:
    web.page_title(text("Scorecard"))
    web.empty(
        text("No KPI can be computed yet"),
        text("Import an uptime log, the CRM's leads with their history, an ad platform's report or a survey; each fills its KPIs."),
        place,
    )
else:
    web.page_title(text("Scorecard"), service.verdict(principal, place.scope))
    web.section(text("What did downtime take from both?"))
    web.joint_impact(card, place)
    web.section(text("What changed, and will it do?"))
    web.kpi_columns(card, place, managing.last_notes(principal, place.scope.workspace))
    web.scorecard_numbers(card, place)
