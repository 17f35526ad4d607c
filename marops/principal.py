"""Who asks, and whether they may.

Every service function takes a `Principal` first and calls `require` before it reads or writes anything: hiding a
button is not a check, and Streamlit runs callbacks and fragments without the page's own guard.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from marops.errors import Forbidden
from marops.language import Text, text


class Role(IntEnum):
    """Roles in rising order: each may do what the ones before it may.

    The numbers leave room between them, so that a role can be added without a number ever changing its meaning.
    """

    NOBODY = 0
    VIEWER = 10
    LEADER = 20
    MANAGER = 30
    ADMIN = 40


class Action(StrEnum):
    """What can be asked of a service."""

    READ = "read"
    COMMENT = "comment"
    EDIT = "edit"
    IMPORT = "import"
    UNDO = "undo"
    ADMINISTER = "administer"


_NEEDED: dict[Action, Role] = {
    Action.READ: Role.VIEWER,
    Action.COMMENT: Role.LEADER,
    Action.EDIT: Role.MANAGER,
    Action.IMPORT: Role.MANAGER,
    Action.UNDO: Role.MANAGER,
    Action.ADMINISTER: Role.ADMIN,
}

_ROLE_NAMES: dict[Role, Text] = {
    Role.NOBODY: text("nobody"),
    Role.VIEWER: text("viewer"),
    Role.LEADER: text("leader"),
    Role.MANAGER: text("manager"),
    Role.ADMIN: text("admin"),
}


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who asks: a stable id for the audit trail, a name to show, and a role."""

    id: str
    name: str
    role: Role


LOCAL_ADMIN = Principal("local", "Local admin", Role.ADMIN)


def allowed(principal: Principal, action: Action) -> bool:
    """Whether the role suffices. For showing or hiding a control; services call `require`."""
    return principal.role >= _NEEDED[action]


def require(principal: Principal, action: Action, object: object = None) -> None:  # noqa: ARG001  (object-level rules use it)
    """Pass, or raise Forbidden with the role needed. `object` is what is acted on, for rules finer than roles."""
    if not allowed(principal, action):
        raise Forbidden(
            text(
                "{name} is {role}; this needs {needed}. Ask an admin of this marops for the role.",
                name=principal.name,
                role=_ROLE_NAMES[principal.role],
                needed=_ROLE_NAMES[_NEEDED[action]],
            )
        )
