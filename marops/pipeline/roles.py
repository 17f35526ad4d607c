"""Roles in the pipeline: who does what in a workspace, as somebody has set it or as it is by default."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, delete

from marops import store
from marops.audit import store as audit
from marops.errors import Conflict, UserError
from marops.language import joined, text
from marops.pipeline import raci
from marops.pipeline.raci import Actor, Cell, Matrix
from marops.pipeline.store import RaciRole, raci_roles
from marops.principal import Action, Principal, require
from marops.workspaces.store import load, lock

MOST_ROLES, MOST_NAME = 40, 200
"""Roles of a matrix, and characters of a role's name."""


@dataclass(frozen=True, slots=True)
class Written:
    """A role as somebody wrote it down: its name, its side (one of raci.SIDES), and letters in any order by stage (its id)."""

    name: str
    side: str
    letters: Mapping[str, str]


def matrix(principal: Principal, workspace_id: str) -> Matrix | None:
    """The matrix somebody has set; None where nobody has, so that the default holds. Raises NotFound."""
    require(principal, Action.READ, workspace_id)
    with store.reading() as session:
        load(session, workspace_id)
        return _stored(session, workspace_id)


def set_matrix(principal: Principal, workspace_id: str, written: Sequence[Written] | None, *, seen: Matrix | None) -> None:
    """Set who does what, all of it; None for the default. `seen` is what `matrix` gave to whoever changed it.

    Raises Conflict where somebody else has set another since, UserError for what is no matrix.
    """
    require(principal, Action.EDIT, workspace_id)
    made = None if written is None else _made(written)
    with store.writing() as session:
        workspace = lock(session, workspace_id)
        present = _stored(session, workspace_id)
        if present != seen:
            raise Conflict(
                text("Somebody has changed who does what since you opened it. Open it again and make your change there.")
            )
        before = [audit.said(row, "position") for row in raci_roles(session, workspace_id)]
        session.exec(delete(RaciRole).where(col(RaciRole.workspace_id) == workspace_id))
        rows = _rows(workspace_id, made) if made else []
        session.add_all(rows)
        after = [audit.said(row, "position") for row in rows]
        audit.note(session, principal, workspace_id, "set", "raci", workspace_id, {"roles": before}, {"roles": after})
        workspace.touch()
        session.add(workspace)


def _stored(session: Session, workspace_id: str) -> Matrix | None:
    rows = raci_roles(session, workspace_id)
    cells = tuple(Cell(stage, row.name, letters) for row in rows for stage, letters in sorted(row.letters.items()))
    return Matrix(tuple(Actor(row.name, row.side) for row in rows), cells) if rows else None


def _rows(workspace_id: str, made: Matrix) -> list[RaciRole]:
    return [
        RaciRole(
            workspace_id=workspace_id, position=at, name=role.name, side=role.side,
            letters={cell.stage: cell.letters for cell in made.cells if cell.role == role.name},
        )
        for at, role in enumerate(made.roles)
    ]  # fmt: skip


def _made(written: Sequence[Written]) -> Matrix:
    """The matrix of what somebody wrote down. Raises UserError."""
    names = [" ".join(row.name.split()) for row in written]
    if not names or not all(names) or len({name.lower() for name in names}) < len(names):
        raise UserError(text("Every role needs a name, and no two the same; there must be at least one role."))
    if len(names) > MOST_ROLES or max(map(len, names)) > MOST_NAME:
        raise UserError(
            text("A matrix has at most {n} roles, with names of at most {most} characters.", n=MOST_ROLES, most=MOST_NAME)
        )
    if strange := [row.side for row in written if row.side not in raci.SIDES]:
        raise UserError(text("{side} is no side a role can be on.", side=strange[0]))
    cells: list[Cell] = []
    for name, row in zip(names, written, strict=True):
        typed = {stage: raci.ordered(letters) for stage, letters in row.letters.items()}
        if wrong := [letters for letters in typed.values() if set(letters) - set(raci.LETTERS)]:
            said = text(
                "{letters} at {role} is more than the letters {known}.", letters=wrong[0], role=name, known=joined(raci.LETTERS, 4)
            )
            raise UserError(said)
        cells += [Cell(stage, name, letters) for stage, letters in typed.items() if letters]
    return Matrix(tuple(Actor(name, row.side) for name, row in zip(names, written, strict=True)), tuple(cells))
