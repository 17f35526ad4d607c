"""Workspaces whose clock stands still, as the sample company's does."""

from datetime import date

from marops import store
from marops.workspaces.store import OWN, load


def stand(day: date, workspace_id: str = OWN) -> None:
    """Let the workspace's clock stand at a day."""
    with store.writing() as session:
        workspace = load(session, workspace_id)
        workspace.today = day
        workspace.touch()
        session.add(workspace)


def revision(workspace_id: str = OWN) -> str:
    """What changes with every change to what a workspace shows."""
    with store.reading() as session:
        return load(session, workspace_id).revision
