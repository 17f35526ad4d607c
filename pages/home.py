"""Home: is something wrong, how wrong, whose move is it."""

from marops import web
from marops.budget import service as budget
from marops.decisions import service as decisions
from marops.findings import most_urgent
from marops.language import ntext, text
from marops.maturity import service as maturity
from marops.pipeline import service as pipeline
from marops.principal import Role
from marops.scorecard import service as scorecard

ROWS = ("IT1", "IT4", "J1", "J7", "M2", "M8")

principal = web.require(Role.VIEWER)
place = web.here(principal)

if place.opened.is_empty:
    web.page_title(text("Home"))
    web.empty(
        text("There is no data here yet"),
        text("Import what your ad platforms, CRM and tracker export; Home then says what changed and whose move it is."),
        place,
    )

found = [finding for service in (scorecard, pipeline, budget, maturity) for finding in service.findings(principal, place.scope)]
taken = decisions.decisions(principal, place.scope.workspace)
urgent = most_urgent(found, 3, decided=frozenset(decision.finding_key for decision in taken))

web.page_title(text("Home"), scorecard.verdict(principal, place.scope))
if urgent:
    web.section(ntext("What needs a decision?", "What needs a decision?", len(urgent)))
    web.decision_cards(urgent, place, web.decide_dialog(place))

card = scorecard.scorecard(principal, place.scope)
web.section(text("How do we stand?"))
web.kpi_rows([row for row in card.rows if row.kpi.id in ROWS], place)

if taken:
    web.section(text("What was decided?"))
    web.decision_list(taken, place)
