"""Makes an installation ready: every domain's rows are known, folders exist, the database has the newest schema."""

from marops import settings, store
from marops.audit import store as _audit
from marops.budget import store as _budget
from marops.connections import store as _connections
from marops.decisions import store as _decisions
from marops.lake import Blob
from marops.maturity import store as _maturity
from marops.pipeline import store as _pipeline
from marops.scorecard import store as _scorecard
from marops.sources import store as _sources
from marops.work import store as _work
from marops.workspaces import store as _workspaces

ROWS = (
    _workspaces.Workspace,
    _workspaces.BusinessUnit,
    _workspaces.StageDefinition,
    _workspaces.WorkingCalendar,
    _sources.ImportRun,
    _sources.ImportReject,
    _sources.Restatement,
    _sources.Replacement,
    _sources.ColumnMapping,
    Blob,
    _scorecard.Target,
    _scorecard.CheckIn,
    _scorecard.Annotation,
    _scorecard.Rebase,
    _pipeline.RaciRole,
    _budget.BudgetPlan,
    _budget.Scenario,
    _maturity.AssessmentAnswer,
    _maturity.AssessmentFact,
    _decisions.Decision,
    _decisions.ActionItem,
    _work.WorkItem,
    _work.WorkItemTransition,
    _work.Approval,
    _work.Approver,
    _work.Comment,
    _work.Dependency,
    _work.SameWork,
    _work.FlagEvent,
    _work.LaunchTemplate,
    _work.LaunchMilestone,
    _connections.Connection,
    _connections.Feed,
    _connections.FeedRun,
    _audit.AuditEntry,
)
"""Every kind of row, so that migrations and clean-up see all tables."""


def prepare() -> None:
    """Create the data folder (readable by its owner only), migrate the database, and see to it that there is a workspace. Raises
    BadSetting.
    """
    found = settings.current()
    for folder in (found.home, found.lake, found.staging):
        settings.made(folder)
    store.migrate()
    _workspaces.ensure_own()
