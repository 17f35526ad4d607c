"""What items are called besides their ids: what is said of an item may stand under any of its names. For services and roll-ups.

An item goes by its key while only its history is imported. And a request kept here may be an imported item, where somebody has
said so (`SameWork`), for as long as that item is imported.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import Session, col, select

from marops import lake, notes
from marops.work import store as rows
from marops.work import tracked
from marops.work.store import SameWork
from marops.workspaces import store as _workspaces


@dataclass(frozen=True)
class Names:
    """`ids`: imported items by their keys; `keys`: the other way round; `same`: imported items by the kept ones that are these."""

    ids: Mapping[str, str]
    keys: Mapping[str, str]
    same: Mapping[str, str]

    def item(self, name: str) -> str:
        """The id of the item that counts, by any of its names; what is no other name stays as it is."""
        found = self.same.get(name, name)
        return self.ids.get(found, found)

    def of(self, name: str) -> list[str]:
        """All names of an item, the id of the one that counts first."""
        item = self.item(name)
        kept = [other for other in self.same if self.item(other) == item]
        return [item, *([self.keys[item]] if item in self.keys else []), *kept]


def load(session: Session, workspace_id: str) -> Names:
    """The names that items of a workspace have now. Raises NotFound."""
    workspace = _workspaces.load(session, workspace_id)
    manifest = lake.manifest(workspace_id, workspace.revision)
    ids, keys = tracked.names(manifest)
    said = [(row.item, row.imported) for row in links(session, workspace_id)]
    known = tracked.known(manifest, [ids.get(imported, imported) for _, imported in said]) if said else frozenset[str]()
    return Names(ids, keys, {item: imported for item, imported in said if ids.get(imported, imported) in known})


def meant(session: Session, workspace_id: str, typed: str) -> str:
    """The id of the item that somebody means by an id or a key, in any case: as it is, of one kept here, of an imported one. What
    names none, or several, stays as it was typed. Raises NotFound for a workspace that is not there.
    """
    words = typed.strip()
    if rows.number_of(words) is not None or not notes.can_be_kept(words):
        return words
    workspace = _workspaces.load(session, workspace_id)
    manifest = lake.manifest(workspace_id, workspace.revision)
    ids, _ = tracked.names(manifest)
    if words in ids or tracked.known(manifest, [words]):
        return ids.get(words, words)
    kept = rows.of_key(words)
    if kept is not None and rows.find(session, workspace_id, kept) is not None:
        return kept
    found = tracked.alike(manifest, words)
    return found[0] if len(found) == 1 else words


def links(session: Session, workspace_id: str) -> list[SameWork]:
    """What was said of requests that are imported items, and stands, in the order it was said."""
    return _said(session, workspace_id, is_one=True)


def dismissals(session: Session, workspace_id: str) -> list[SameWork]:
    """What was said of requests that are not the imported items they look like, and stands, in the order it was said."""
    return _said(session, workspace_id, is_one=False)


def _said(session: Session, workspace_id: str, *, is_one: bool) -> list[SameWork]:
    standing = col(SameWork.withdrawn_at).is_(None), col(SameWork.is_one) == is_one
    query = select(SameWork).where(SameWork.workspace_id == workspace_id, *standing)
    return list(session.exec(query.order_by(col(SameWork.written_at), col(SameWork.id))))
