"""Rows of the pipeline: the roles of a workspace's work with their letters."""

from sqlalchemy import JSON
from sqlmodel import Field, Session, select

from marops.store import Row, new_id


class RaciRole(Row, table=True):
    """One role of a workspace's work, in its place. `letters`: what it is for each stage (by id). A workspace without any has the
    default matrix (`raci.default`).
    """

    id: str = Field(default_factory=new_id, primary_key=True, max_length=32)
    workspace_id: str = Field(foreign_key="workspace.id", index=True, max_length=40)
    position: int
    name: str = Field(max_length=200)
    side: str = Field(default="", max_length=20)
    letters: dict[str, str] = Field(default_factory=dict, sa_type=JSON)


def raci_roles(session: Session, workspace_id: str) -> list[RaciRole]:
    """The roles somebody has set for the workspace, in their order."""
    query = select(RaciRole).where(RaciRole.workspace_id == workspace_id)
    return sorted(session.exec(query), key=lambda role: role.position)
