"""Roles in the pipeline: who does what in a workspace, as somebody has set it or as it is by default, and who holds its work."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import polars as pl
from cachetools import LRUCache, cached
from sqlmodel import Session, col, delete

from marops import item_rollups, rollups, store
from marops.audit import store as audit
from marops.errors import Conflict, UserError
from marops.language import joined, text
from marops.period import Scope
from marops.pipeline import bottleneck, flow, holding, raci
from marops.pipeline.events import EVENT, trusted
from marops.pipeline.held import Held
from marops.pipeline.raci import Actor, Cell, Matrix
from marops.pipeline.scoped import ALL, Chosen, Scoped
from marops.pipeline.store import RaciRole, raci_roles
from marops.principal import Action, Principal, require
from marops.workspaces import service as workspaces
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
                text("Somebody has changed who does what since you opened it. Load the page again and make your change there.")
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


# Who holds the work


def held(principal: Principal, scope: Scope, chosen: Chosen = ALL) -> Held:
    """Who holds the work of a scope, of the person chosen, and who does what. Raises NotFound.

    A role that is chosen leaves out nothing: who holds the work is told by all roles, and `Held.with_role` says what is with one.
    """
    require(principal, Action.READ, scope.workspace)
    return _held(Scoped(workspaces.open_workspace(principal, scope.workspace), scope, chosen.person))


@cached(LRUCache(maxsize=64), key=lambda scoped: scoped.key, condition=threading.Condition())
def _held(scoped: Scoped) -> Held:
    opened, scope, facts, process = scoped.opened, scoped.scope, scoped.facts, scoped.opened.process
    with store.reading() as session:
        kept = _stored(session, opened.workspace.id)
    matrix = kept or raci.default(process)
    work, moves, end = scoped.work, scoped.moves, scoped.end
    start, stop = scope.period.moments
    approvals = item_rollups.approvals(facts).select(holding.APPROVAL.names())
    names = raci.as_called(matrix, pl.concat([moves["role"], approvals["approver"]]).drop_nulls().unique())
    approvals = approvals.with_columns(pl.col("approver").replace(names))
    found = trusted(_events(moves, names), scoped.unread, now=opened.over, as_of=end)
    before_launch = [stage.id for stage in process.before_launch]
    must_act = {stage: matrix.must_act(stage) for stage in before_launch}
    spans = holding.spans(flow.visits(found.events), must_act, approvals, end, before_launch)
    inside, given = holding.within(spans, start, stop), spans.filter((pl.col("until") >= start) & (pl.col("until") < stop))
    acting = _acting(holding.acting(spans), work, must_act)
    sides = {role.name: role.side for role in matrix.roles}
    strangers = sorted(set(spans["role"].drop_nulls()) - set(sides))
    sides |= {name: _side_word(name) for name in strangers}
    return Held(
        matrix=matrix,
        is_default=kept is None,
        flaws=raci.flaws(matrix, process),
        process=process,
        by_stage=holding.held(inside, "stage", "role"),
        items=_items(holding.by_item(inside), work),
        handoffs=holding.handoffs(given),
        passed=_items(holding.passed(given), work),
        crossings=holding.crossings(spans, sides, start, stop),
        acting=acting.select(pl.col("case").alias("issue_id"), "role"),
        now=_named(holding.now(acting, end, _values(work, facts)), work),
        bottleneck=bottleneck.bottleneck(inside, spans, end),
        sides=sides,
        strangers=tuple(strangers),
        currency=opened.workspace.reporting_currency,
        left_out=found.excluded.height,
        is_untold=found.events.is_empty() and not work.is_empty(),
        elsewhere=found.events.group_by("case").agg(pl.col("stage").last()).filter(pl.col("stage") == _NO_STAGE).height,
        as_of=(end - timedelta(seconds=1)).date(),
    )


def _acting(told: pl.DataFrame, work: pl.DataFrame, must_act: Mapping[str, str | None]) -> pl.DataFrame:
    """On which item each role must act now (`case`, `role`, `since`, `asked`): as waiting is charged; where no history tells, as
    the matrix says of its stage, since it came there, where that is known (else null).
    """
    known = told.select("case", "role", "since", "asked")
    going_on = pl.col("launched_at").is_null() & pl.col("done_at").is_null() & pl.col("stage").is_in(list(must_act))
    others = work.filter(going_on).join(known, left_on="issue_id", right_on="case", how="anti", maintain_order="left")
    role = pl.col("stage").replace_strict(dict(must_act), default=None, return_dtype=pl.String).alias("role")
    asked = pl.lit(value=False).alias("asked")
    return pl.concat([known, others.select(pl.col("issue_id").alias("case"), role, "since", asked)])


_NO_STAGE = ""
"""Stands for statuses that are no stage, so that an item's other visits still count."""


def _events(moves: pl.DataFrame, names: Mapping[str, str]) -> pl.DataFrame:
    """Moves as events of a log, roles called as the matrix calls them."""
    given = {"case": "issue_id", "stage": pl.col("stage").fill_null(_NO_STAGE), "at": "entered_at"}
    role = pl.col("role").replace_strict(names, default=None, return_dtype=pl.String)
    return moves.select(**given, role=role, lifecycle=pl.lit(None, pl.String)).select(EVENT.names())


def _side_word(name: str) -> str:
    """The side of a role that is called as one ("IT"), "" for any other."""
    return raci.plain(name) if raci.plain(name) in raci.SIDES else ""


def _values(work: pl.DataFrame, facts: rollups.Facts) -> pl.DataFrame:
    """What each item is expected to bring a day in the reporting currency; null where nobody has said, or without a rate."""
    factors = {code: rollups.factor(facts, code) for code in work["currency_code"].drop_nulls().unique()}
    worth = pl.col("currency_code").replace_strict(factors, default=None, return_dtype=pl.Float64)
    return work.select("issue_id", (pl.col("value_per_day") * worth).alias("value"))


def _items(found: pl.DataFrame, work: pl.DataFrame) -> pl.DataFrame:
    names = work.select("issue_id", pl.col("label").alias("name"))
    return found.rename({"case": "issue_id"}).join(names, on="issue_id", how="left", maintain_order="left")


def _named(found: pl.DataFrame, work: pl.DataFrame) -> pl.DataFrame:
    names = work.select(pl.col("issue_id").alias("case"), pl.col("label").alias("named"))
    known = found.join(names, on="case", how="left", maintain_order="left")
    return known.with_columns(pl.col("case").alias("issue_id"), pl.coalesce("named", "case").alias("case")).drop("named")
