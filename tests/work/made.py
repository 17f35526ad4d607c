"""People, and work made through the services."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from marops import rollups
from marops.errors import MaropsError
from marops.principal import LOCAL_ADMIN, Principal, Role
from marops.work import intake, moving, reading
from marops.work.details import Details
from marops.work.reading import Item
from marops.work.store import WorkItem
from marops.workspaces import service as workspaces
from marops.workspaces.store import OWN

TODAY, DUE = date(2026, 3, 10), date(2026, 4, 1)
ANA, BO = Principal("a", "Ana", Role.MANAGER), Principal("b", "Bo", Role.MANAGER)
LIA, VIC = Principal("l", "Lia", Role.LEADER), Principal("v", "Vic", Role.VIEWER)


def requested(name: str = "Spring sale", **more: Any) -> WorkItem:
    """A request of Ana's."""
    return intake.request(ANA, OWN, Details(name, **more))


def moved(item: str, *stages: str, who: Principal = ANA) -> Item:
    """The item after moves through these stages."""
    for stage in stages:
        moving.move(who, OWN, item, stage, seen=seen(item))
    return read(item)


def read(item: str) -> Item:
    """The item as it is."""
    return reading.item(VIC, OWN, item)


def seen(item: str) -> int:
    """What somebody who opens the item now sees as its last move."""
    last = read(item).last
    assert last is not None
    return last.sequence


def refused(kind: type[MaropsError], call: Callable[[], object]) -> str:
    """What the refusal says."""
    with pytest.raises(kind) as found:
        call()
    return str(found.value)


def facts() -> rollups.Facts:
    """What roll-ups are computed from, as the workspace is now."""
    return rollups.facts(workspaces.open_workspace(LOCAL_ADMIN, OWN))
