"""Data: bring files in, see what came in and how fresh it is, take it back."""

from marops import web
from marops.language import text
from marops.principal import Role
from marops.sources import service
from marops.web.panels import connections, data, following, importing

principal = web.require(Role.VIEWER)
place = web.here(principal)
found = service.freshness(principal, place.scope.workspace)

web.page_title(text("Data"), data.sentence(found, place))
importing.panel(place)
connections.panel(place)
following.panel(place)
data.freshness(found, place)
data.history(service.imports(principal, place.scope.workspace), place)
data.settings(place)
