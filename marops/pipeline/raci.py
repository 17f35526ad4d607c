"""Who does what: a matrix of stages and roles with RACI's letters, and the rules it should keep.

R is responsible (does it), A accountable (answers for it), C consulted before, I informed after. A stage nobody answers for (no A)
is unowned.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import Literal

from marops.language import Text, joined, message, ntext, text
from marops.stages import Process, Stage, usual

LETTERS = "RACI"
SIDES = ("it", "marketing", "agency", "data", "")
"""The sides a role can be on; the last one: nobody has said."""

_SETS = frozenset("".join(found) for n in range(1, len(LETTERS) + 1) for found in combinations(LETTERS, n))

MOST_CONSULTED = 3
"""Opinions one stage can take before waiting for them costs more than they bring; or half of the roles, where that is less."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A role in the work, by its name, and its side (one of SIDES)."""

    name: str
    side: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """What a role is for a stage (its id): letters in the order R, A, C, I."""

    stage: str
    role: str
    letters: str


@dataclass(frozen=True, slots=True)
class Matrix:
    """Roles in their order, and their letters. Raises ValueError for names without letters or that stand twice, sides or letters
    there are not, and for cells that stand twice or of roles that are not among them.
    """

    roles: tuple[Actor, ...]
    cells: tuple[Cell, ...]

    def __post_init__(self) -> None:
        names = [role.name for role in self.roles]
        if len({name.strip().lower() for name in names} - {""}) < len(names) or {role.side for role in self.roles} - set(SIDES):
            raise ValueError(f"no roles: {self.roles}")
        places = [(cell.stage, cell.role) for cell in self.cells]
        if len(set(places)) < len(places) or {cell.role for cell in self.cells} - set(names):
            raise ValueError(f"cells that stand twice or belong to nobody: {places}")
        if wrong := [cell for cell in self.cells if cell.letters not in _SETS]:
            raise ValueError(f"not among R, A, C, I in that order: {wrong}")

    def letters(self, stage: str, role: str) -> str:
        """What a role is for a stage; "" for nothing."""
        return next((cell.letters for cell in self.cells if (cell.stage, cell.role) == (stage, role)), "")

    def those(self, letter: Literal["R", "A", "C", "I"], stage: str) -> tuple[str, ...]:
        """The roles that have a letter for a stage, in the order of the roles."""
        holding = {cell.role for cell in self.cells if cell.stage == stage and letter in cell.letters}
        return tuple(role.name for role in self.roles if role.name in holding)

    def must_act(self, stage: str) -> str | None:
        """The role whose move it is in a stage: who answers for it where he does it himself, else the first who does it, else who
        answers for it. None where nobody does: then the stage is unowned, whoever works in it.
        """
        accountable, responsible = self.those("A", stage), self.those("R", stage)
        both = [name for name in accountable if name in responsible]
        return next(iter([*both, *responsible, *accountable]), None) if accountable else None


def ordered(letters: str) -> str:
    """Letters in the order R, A, C, I, each once: "ar" is "RA". Others than these come last."""
    given = dict.fromkeys("".join(letters.upper().split()))
    return "".join(sorted(given, key=lambda letter: (LETTERS + letter).index(letter)))


def plain(name: str) -> str:
    """A role's name in lower case and single spaces: names that are the same so are one role's."""
    return " ".join(name.lower().split())


def as_called(matrix: Matrix, said: Iterable[str]) -> dict[str, str]:
    """What to call the roles that somebody names: as the matrix does, where it has them in whatever case and spaces."""
    known = {plain(role.name): role.name for role in matrix.roles}
    return {role: known.get(plain(role), " ".join(role.split())) for role in said if role.strip()}


# The default

_CAMPAIGNS, _OPERATIONS, _IT, _DATA, _BRAND = (
    message("Campaign manager"), message("Marketing operations"), message("IT / martech"), message("Data office"),
    message("Brand and legal"),
)  # fmt: skip
_ROLES = (Actor(_CAMPAIGNS, "marketing"), Actor(_OPERATIONS, "marketing"), Actor(_IT, "it"), Actor(_DATA, "data"), Actor(_BRAND))

_USUAL: Mapping[str, Mapping[str, str]] = {
    "request": {_CAMPAIGNS: "RA", _OPERATIONS: "C", _IT: "I"},
    "validation": {_CAMPAIGNS: "I", _OPERATIONS: "C", _IT: "RA", _DATA: "C"},
    "prioritisation": {_CAMPAIGNS: "RA", _OPERATIONS: "C", _IT: "C"},
    "build": {_CAMPAIGNS: "I", _OPERATIONS: "RA", _IT: "C", _BRAND: "C"},
    "qa": {_OPERATIONS: "C", _IT: "RA", _BRAND: "C"},
    "execution": {_CAMPAIGNS: "I", _OPERATIONS: "RA", _IT: "I", _BRAND: "I"},
    "reporting": {_CAMPAIGNS: "A", _OPERATIONS: "R", _DATA: "C"},
}
_OTHERS: Mapping[str, Mapping[str, str]] = {
    "it": {_IT: "RA", _CAMPAIGNS: "I"}, "marketing": {_OPERATIONS: "RA", _CAMPAIGNS: "I"}, "": {},
}  # fmt: skip


def default(process: Process) -> Matrix:
    """A starting point, no statement about anybody's work: five roles of a campaign, and for each stage the letters that fit the
    side which must act there. In stages that are not the usual ones only that side's role has letters; where no side is named,
    nobody has. Whoever shows it says that it is the default for as long as nobody has set a matrix.
    """
    known = {stage.id: stage.responsible for stage in usual().stages}
    given = {
        stage.id: _USUAL[stage.id]
        if stage.id in _USUAL and known[stage.id] == stage.responsible
        else _OTHERS.get(stage.responsible, {})
        for stage in process.board
    }
    return Matrix(_ROLES, tuple(Cell(stage, role, letters) for stage, row in given.items() for role, letters in row.items()))


def called(role: str | None) -> Text | str:
    """The name of a role as somebody wrote it; that of a default role is said in each reader's language, and None is unowned."""
    if role is None:
        return text("unowned")
    return text(role) if role in {known.name for known in _ROLES} else role


# The rules


_ACTING = frozenset({"it", "marketing"})
"""The sides that a stage can be of."""


class Rule(StrEnum):
    """What is wrong with a matrix."""

    UNOWNED = "unowned"
    SHARED = "shared"
    NOBODY_DOES = "nobody does"
    CONSULTED = "consulted"
    OVERLOAD = "overload"
    ANSWERS_FOR_ALL = "answers for all"
    IDLE = "idle"
    GONE = "gone"
    OTHER_SIDE = "other side"


@dataclass(frozen=True, slots=True)
class Flaw:
    """A rule that a matrix breaks, the stage (its id) or role it is about, and the sentence."""

    rule: Rule
    said: Text
    stage: str | None = None
    role: str | None = None


def flaws(matrix: Matrix, process: Process) -> tuple[Flaw, ...]:
    """What a matrix lacks for the stages in which something is left to do: by stage in their order, then by role."""
    by_stage = [flaw for stage in process.board for flaw in _of_stage(matrix, stage)]
    by_role = [flaw for role in matrix.roles if (flaw := _of_role(matrix, role.name, process.board)) is not None]
    return (*by_stage, *by_role, *_gone(matrix, process))


def _of_stage(matrix: Matrix, stage: Stage) -> Iterable[Flaw]:
    accountable, consulted = matrix.those("A", stage.id), matrix.those("C", stage.id)
    if not accountable:
        said = text("{stage} is unowned: nobody answers for it. Give one role an A.", stage=stage.name)
        yield Flaw(Rule.UNOWNED, said, stage.id)
    if len(accountable) > 1:
        who = joined([called(name) for name in accountable], len(accountable))
        said = text("{roles} answer for {stage} together, so nobody does. Keep one A.", roles=who, stage=stage.name)
        yield Flaw(Rule.SHARED, said, stage.id)
    if not matrix.those("R", stage.id):
        yield Flaw(Rule.NOBODY_DOES, text("Nobody does {stage}. Give at least one role an R.", stage=stage.name), stage.id)
    if len(consulted) > min(MOST_CONSULTED, len(matrix.roles) / 2):
        said = text(
            "{n} of {all} roles are consulted on {stage}. More than {most}, or more than half, and work waits for opinions: "
            "make some of them informed.",
            n=len(consulted), all=len(matrix.roles), stage=stage.name, most=MOST_CONSULTED,
        )  # fmt: skip
        yield Flaw(Rule.CONSULTED, said, stage.id)
    acting = {role.name: role.side for role in matrix.roles}.get(matrix.must_act(stage.id) or "", "")
    if acting in _ACTING and stage.responsible in _ACTING and acting != stage.responsible:
        said = text(
            "{role} must act in {stage}, while Stages name another side for it. Colours and findings follow the stage, waiting "
            "follows the role: let both say the same.",
            role=called(matrix.must_act(stage.id)), stage=stage.name,
        )  # fmt: skip
        yield Flaw(Rule.OTHER_SIDE, said, stage.id)


def _of_role(matrix: Matrix, role: str, stages: tuple[Stage, ...]) -> Flaw | None:
    letters = [matrix.letters(stage.id, role) for stage in stages]
    busy = sum("A" in found or "R" in found for found in letters)
    if len(stages) > 1 and all("A" in found for found in letters):
        said = text("{role} answers for every stage: one absence stops all work. Share the A's.", role=called(role))
        return Flaw(Rule.ANSWERS_FOR_ALL, said, role=role)
    if len(stages) > 1 and busy > len(stages) / 2:
        said = text(
            "{role} has an A or R in {n} of {all} stages, more than half: a queue in the making. Share some.",
            role=called(role), n=busy, all=len(stages),
        )  # fmt: skip
        return Flaw(Rule.OVERLOAD, said, role=role)
    if not any(letters):
        said = text("{role} has no letter in any stage. Give it one, or take the role out.", role=called(role))
        return Flaw(Rule.IDLE, said, role=role)
    return None


def _gone(matrix: Matrix, process: Process) -> Iterable[Flaw]:
    gone = list(dict.fromkeys(cell.stage for cell in matrix.cells if process.named(cell.stage) is None))
    if gone:
        said = ntext(
            "{n} stage with letters is no stage any more ({stages}). Save the matrix to drop its letters.",
            "{n} stages with letters are no stages any more ({stages}). Save the matrix to drop their letters.",
            len(gone), stages=joined(gone),
        )  # fmt: skip
        yield Flaw(Rule.GONE, said)
