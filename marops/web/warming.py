"""Computes what the first reader would wait for: the default scope of the workspace that opens first."""

import logging

from marops.budget import service as budget
from marops.errors import MaropsError
from marops.maturity import service as maturity
from marops.period import Comparison, Scope, months_back
from marops.pipeline import service as pipeline
from marops.principal import LOCAL_ADMIN
from marops.scorecard import service as scorecard
from marops.web.scope import default_workspace
from marops.workspaces import service as workspaces

_log = logging.getLogger(__name__)


def warm() -> None:
    """Fill the caches of every domain. What fails here fails again, and is shown, when somebody asks."""
    try:
        workspace_id = default_workspace(LOCAL_ADMIN)
        opened = workspaces.open_workspace(LOCAL_ADMIN, workspace_id)
        if opened.last_day is None:
            return
        scope = Scope(workspace_id, months_back(min(opened.last_day, opened.today), 12), Comparison.YEAR)
        scorecard.findings(LOCAL_ADMIN, scope)
        pipeline.flow(LOCAL_ADMIN, scope)
        maturity.maturity(LOCAL_ADMIN, scope)
        budget.budget(LOCAL_ADMIN, scope)
    except MaropsError as refused:
        _log.warning("not warmed: %s", refused)
