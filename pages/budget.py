"""Budget: what was spent and what it brought, and what another split would bring."""

from marops import web
from marops.budget import figures, service
from marops.language import text
from marops.principal import Role

principal = web.require(Role.VIEWER)
place = web.here(principal)
found = service.budget(principal, place.scope)

if found.is_empty:
    web.page_title(text("Budget"))
    web.empty(
        text("No ad spend in these days"),
        text("Import reports of your ad platforms by day, or choose days that have spend."),
        place,
    )

web.page_title(text("Budget"), service.verdict(principal, place.scope))
web.measures(found.spend, found.conversions, found.cost)

web.section(text("Where does the money go, and what does it bring?"))
web.chart(web.drawn(figures.by_channel, found), key="by_channel")

web.section(
    text("What would another split bring?"),
    text("Fitted to up to two years of the ad platforms' own weekly counts, without carry-over: no test of what spend caused."),
)
web.what_if(found, place)
