"""What items are called besides their ids: what is said of an item may stand under any of its names. For services and roll-ups.

An item goes by its key while only its history is imported.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import Session

from marops import lake
from marops.work import tracked
from marops.workspaces import store as _workspaces


@dataclass(frozen=True)
class Names:
    """`ids`: imported items by their keys; `keys`: the other way round."""

    ids: Mapping[str, str]
    keys: Mapping[str, str]

    def item(self, name: str) -> str:
        """The id of an item by any of its names; what is no other name stays as it is."""
        return self.ids.get(name, name)

    def of(self, name: str) -> list[str]:
        """All names of an item, its id first."""
        item = self.item(name)
        return [item, *([self.keys[item]] if item in self.keys else [])]


def load(session: Session, workspace_id: str) -> Names:
    """The names that items of a workspace have now. Raises NotFound."""
    workspace = _workspaces.load(session, workspace_id)
    return Names(*tracked.names(lake.manifest(workspace_id, workspace.revision)))
