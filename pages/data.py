"""Data: bring files in, see what came in and how fresh it is, take it back."""

from marops import web
from marops.language import text
from marops.principal import Role
from marops.sources import service
from marops.web import importing

principal = web.require(Role.VIEWER)
place = web.here(principal)

web.page_title(text("Data"), importing.sentence(service.freshness(principal, place.scope.workspace), place))
importing.panel(place)
importing.freshness(service.freshness(principal, place.scope.workspace), place)
importing.history(service.imports(principal, place.scope.workspace), place)
importing.settings(place)
