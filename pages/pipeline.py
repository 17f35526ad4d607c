"""Pipeline: which launches are late, where work waits, whose move it is, and how work flows."""

from marops import web
from marops.language import text
from marops.pipeline import details, roles, service
from marops.principal import Role

principal = web.require(Role.VIEWER)
place = web.here(principal)
web.item_page(place)
flow = service.flow(principal, place.scope, place.chosen)

if flow.is_empty:
    web.page_title(text("Pipeline"))
    web.chosen_work(place, flow)
    web.desk(place)
    web.requests(place)
    web.nothing_chosen(place)
    web.empty(
        text("No campaigns yet"),
        text("Import your tracker's issues and their history (Jira: all fields, and the issue history)."),
        place,
    )

held = roles.held(principal, place.scope, place.chosen)

web.page_title(text("Pipeline"), service.verdict(principal, place.scope, place.chosen))
web.stages_first(flow, place)
web.chosen_work(place, flow)
web.measures(flow.late, flow.in_preparation, flow.on_time)
web.reach(flow)
web.desk(place)

web.section(text("Which launches will miss their date?"), text("What lateness costs a day, most first."))
web.risk_table(flow, held)
web.held_work(held, place)
web.must_act(held, place)
web.deciding(place)
web.over_allowed(flow, place)

flowing = details.details(principal, place.scope, web.counted(place), place.chosen)

web.section(text("Faster or slower than before?"), text("From the start of work to its end."))
web.pace(flowing)

web.section(text("How does work flow?"))
web.flow_views(flowing, flow, held, place)

web.requests(place)
