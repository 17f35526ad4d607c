"""Managing KPIs: targets, notes on how a month went, what happened on a day, limits learned anew, and actions and their end.

Nothing is overwritten: what is set or written stays, and can be withdrawn with a reason. Every change is in the audit trail, and
gives the workspace another revision, so that every page shows it at once.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TypeVar

import polars as pl
from sqlalchemy import func
from sqlmodel import Session, col, select

from marops import notes, store
from marops.audit import store as audit
from marops.decisions import service as decisions
from marops.decisions.service import Look, Outcome
from marops.decisions.store import ActionItem
from marops.errors import Conflict, Forbidden, NotFound, UserError
from marops.language import Month, Text, joined, text
from marops.period import Scope, month_of
from marops.principal import Action, Principal, allowed, require
from marops.quantity import Number
from marops.scorecard import service, targets
from marops.scorecard import store as rows
from marops.scorecard.definitions import KPIS, Kpi
from marops.scorecard.judging import Goal
from marops.scorecard.service import Row
from marops.scorecard.store import Annotation, CheckIn, Rebase, Target
from marops.workspaces import store as workspaces
from marops.workspaces.store import Workspace

TARGET, CHECK_IN, ANNOTATION, REBASE = "target", "check_in", "annotation", "rebase"
"""What the audit trail calls what is managed here."""

_MOST_COMPARED = 500
"""Targets of a file that are held against each other: each against all of its KPI."""

_S = TypeVar("_S", bound=store.Said)


# Targets


def set_target(
    principal: Principal, workspace_id: str, kpi_id: str, *, type: str, value: Number, upper: Number | None = None,
    valid_from: date, valid_to: date | None = None, reason: str,
) -> Target:  # fmt: skip
    """Set a target. On its days it takes the place of those set before, which stay on record.

    Raises UserError without a reason, and for what no process could be held against: see the sentences.
    """
    require(principal, Action.EDIT, workspace_id)
    kpi = _known(kpi_id)
    why = notes.needed(reason, 1000, text("Say why this is the target: whoever misses it will ask."))
    low = targets.exact(value)
    high = None if upper is None else targets.exact(upper)
    if valid_to is not None and valid_to < valid_from:
        raise UserError(text("The target would end on {end}, before it begins on {start}.", start=valid_from, end=valid_to))
    with store.writing() as session:
        workspace = workspaces.lock(session, workspace_id)
        targets.check(kpi, type, low, high, workspace.reporting_currency)
        row = Target(
            workspace_id=workspace_id, kpi=kpi_id, type=type, value=low, upper=high, valid_from=valid_from, valid_to=valid_to,
            author=principal.name, reason=why, set_at=_after_all(session, workspace_id),
        )  # fmt: skip
        session.add(row)
        _keep(session, principal, workspace, "set", TARGET, row.id, after=audit.said(row))
    return row


def withdraw_target(principal: Principal, workspace_id: str, target_id: str, *, reason: str) -> Target:
    """Withdraw a target: what it took the place of holds again. Raises UserError without a reason, NotFound, and Conflict where it
    is withdrawn already.
    """
    require(principal, Action.EDIT, workspace_id)
    why = notes.needed(reason, 1000, text("Say why the target is withdrawn."))
    with store.writing() as session:
        workspace = workspaces.lock(session, workspace_id)
        row = session.get(Target, target_id)
        if row is None or row.workspace_id != workspace_id or not row.active:
            raise NotFound(text("There is no such target in this workspace. Its import may have been undone."))
        _withdraw(session, principal, workspace, row, TARGET, why)
    return row


def target_history(principal: Principal, workspace_id: str, kpi_id: str | None = None) -> list[Target]:
    """Every target that was set, of one KPI or of all, withdrawn ones too, the one set last first. Targets of an undone import are
    not among them.
    """
    require(principal, Action.READ, workspace_id)
    query = select(Target).where(Target.workspace_id == workspace_id, col(Target.active).is_(True))
    if kpi_id is not None:
        query = query.where(Target.kpi == kpi_id)
    with store.reading() as session:
        return list(session.exec(query.order_by(col(Target.set_at).desc(), col(Target.valid_from).desc(), col(Target.id))))


def overlaps(principal: Principal, workspace_id: str, given: Sequence[Goal]) -> list[Text]:
    """What setting these targets, all at once, would change: for a preview of one, and of those in a file. Sentences that say which
    target gives way on which days, and what holds afterwards. Nothing is set.
    """
    require(principal, Action.READ, workspace_id)
    with store.reading() as session:
        currency = workspaces.load(session, workspace_id).reporting_currency
        return targets.overlaps(targets.goals(session, workspace_id), given, currency)


def in_file(principal: Principal, workspace_id: str, rows: pl.DataFrame) -> list[Text]:
    """What to say of targets in a file before it is taken: those nobody could be held against, and what the rest would change.
    `rows` are those of the table `target`.
    """
    require(principal, Action.READ, workspace_id)
    if rows.height > _MOST_COMPARED:
        return [text("{n} targets are too many to say what each would change; the page of each KPI does.", n=rows.height)]
    given = [Target.model_validate({"workspace_id": workspace_id, "set_at": store.now(), **row}) for row in rows.to_dicts()]
    with store.reading() as session:
        currency = workspaces.load(session, workspace_id).reporting_currency
    wrong = dict.fromkeys(said for row in given if (said := _unfit(row, currency)) is not None)
    held = [targets.goal_of(row) for row in given if row.kpi in KPIS and (row.valid_to is None or row.valid_from <= row.valid_to)]
    return [*wrong, *overlaps(principal, workspace_id, held)]


def _unfit(row: Target, currency: str) -> Text | None:
    if row.kpi not in KPIS:
        return text("{found} is no KPI of marops; its target is kept, and held against nothing.", found=row.kpi)
    if row.valid_to is not None and row.valid_to < row.valid_from:
        return text(
            "A target of {kpi} ends on {end}, before it begins on {start}.", kpi=row.kpi, end=row.valid_to, start=row.valid_from
        )
    try:
        # A file may say "at most" of what is good at zero: it is read as a band.
        kind = "band" if KPIS[row.kpi].to_zero and row.type == "at_most" else row.type
        targets.check(KPIS[row.kpi], kind, row.value, row.value if kind != row.type else row.upper, currency)
    except UserError as unfit:
        return unfit.text
    return None


# Notes on a month


def check_in(principal: Principal, workspace_id: str, kpi_id: str, month: date, words: str) -> CheckIn:
    """Write a note on how a KPI did in the month of a day. Raises UserError for no words, and for a month that has not begun."""
    require(principal, Action.COMMENT, workspace_id)
    _known(kpi_id)
    kept = notes.needed(words, 2000, text("Write a few words: what happened, and what comes next."))
    first = month_of(month).start
    with store.writing() as session:
        workspace = workspaces.lock(session, workspace_id)
        if first > workspace.day:
            raise UserError(text("{month} has not begun; a note is on a month that has.", month=Month(first)))
        row = CheckIn(workspace_id=workspace_id, kpi=kpi_id, month=first, words=kept, author=principal.name, author_id=principal.id)
        session.add(row)
        _keep(session, principal, workspace, "write", CHECK_IN, row.id, after=audit.said(row))
    return row


def withdraw_check_in(principal: Principal, workspace_id: str, check_in_id: str, *, reason: str = "") -> CheckIn:
    """Withdraw a note: one's own, or, as a manager, anybody's. Raises Forbidden, NotFound, and Conflict where it is withdrawn."""
    require(principal, Action.COMMENT, workspace_id)
    with store.writing() as session:
        workspace = workspaces.lock(session, workspace_id)
        row = _of(session, CheckIn, workspace_id, check_in_id)
        if row.author_id != principal.id and not allowed(principal, Action.EDIT):
            raise Forbidden(
                text(
                    "{author} wrote this note; {author} or a manager can withdraw it. Write one of your own beside it.",
                    author=row.author,
                )
            )
        _withdraw(session, principal, workspace, row, CHECK_IN, notes.written(reason, 1000))
    return row


def check_ins(principal: Principal, workspace_id: str, kpi_id: str | None = None) -> list[CheckIn]:
    """The notes of a workspace, or on one KPI, that stand: the newest month first, and in a month the note written last."""
    require(principal, Action.READ, workspace_id)
    query = select(CheckIn).where(CheckIn.workspace_id == workspace_id, col(CheckIn.withdrawn_at).is_(None))
    if kpi_id is not None:
        query = query.where(CheckIn.kpi == kpi_id)
    with store.reading() as session:
        return list(session.exec(query.order_by(col(CheckIn.month).desc(), col(CheckIn.written_at).desc(), col(CheckIn.id))))


def last_notes(principal: Principal, workspace_id: str) -> dict[str, CheckIn]:
    """By KPI, the note that `check_ins` has first: all of them in one query."""
    require(principal, Action.READ, workspace_id)
    order = (col(CheckIn.month).desc(), col(CheckIn.written_at).desc(), col(CheckIn.id))
    ranked = (
        select(CheckIn.id, func.row_number().over(partition_by=col(CheckIn.kpi), order_by=order).label("place"))
        .where(CheckIn.workspace_id == workspace_id, col(CheckIn.withdrawn_at).is_(None))
        .subquery()
    )
    with store.reading() as session:
        found = session.exec(select(CheckIn).join(ranked, col(CheckIn.id) == ranked.c.id).where(ranked.c.place == 1))
        return {row.kpi: row for row in found}


# What happened on a day


def annotate(principal: Principal, workspace_id: str, kpi_id: str | None, day: date, words: str) -> Annotation:
    """Say what happened on a day, on the chart of a KPI or (None) of all. Raises UserError for no words, and for a day to come."""
    require(principal, Action.EDIT, workspace_id)
    if kpi_id is not None:
        _known(kpi_id)
    kept = notes.needed(words, 500, text("Say what happened on that day."))
    with store.writing() as session:
        workspace = workspaces.lock(session, workspace_id)
        if day > workspace.day:
            raise UserError(text("{day} is yet to come; say what happened once it has.", day=day))
        row = Annotation(workspace_id=workspace_id, kpi=kpi_id, day=day, words=kept, author=principal.name, author_id=principal.id)
        session.add(row)
        _keep(session, principal, workspace, "write", ANNOTATION, row.id, after=audit.said(row))
    return row


def withdraw_annotation(principal: Principal, workspace_id: str, annotation_id: str, *, reason: str = "") -> Annotation:
    """Take what was said of a day off the charts. Raises NotFound, and Conflict where it is withdrawn."""
    require(principal, Action.EDIT, workspace_id)
    with store.writing() as session:
        workspace = workspaces.lock(session, workspace_id)
        row = _of(session, Annotation, workspace_id, annotation_id)
        _withdraw(session, principal, workspace, row, ANNOTATION, notes.written(reason, 1000))
    return row


def annotations(principal: Principal, workspace_id: str, kpi_id: str | None = None) -> list[Annotation]:
    """What was said of days and stands, in the order of the days; for a KPI, what was said of it and of all."""
    require(principal, Action.READ, workspace_id)
    with store.reading() as session:
        return rows.annotations(session, workspace_id, kpi_id)


# Limits learned anew


def rebase(principal: Principal, workspace_id: str, kpi_id: str, from_month: date, reason: str) -> Rebase:
    """Decide that a KPI's process is another one from a month on, so that its limits are learned anew from there.

    Raises UserError without a reason, for a day that begins no month, a month to come, and a KPI that has no limits; Conflict where
    that was decided for that month already.
    """
    require(principal, Action.EDIT, workspace_id)
    kpi = _known(kpi_id)
    why = notes.needed(reason, 1000, text("Say what changed the process: limits are never moved without a reason."))
    if from_month.day != 1:
        raise UserError(
            text(
                "Limits are learned from whole months; {day} begins none. Give {first}.",
                day=from_month,
                first=month_of(from_month).start,
            )
        )
    if kpi.rare or not kpi.has_history:
        raise UserError(text("{kpi} is not judged by limits, so there are none to learn anew.", kpi=kpi.name))
    with store.writing() as session:
        workspace = workspaces.lock(session, workspace_id)
        if from_month > workspace.day:
            raise UserError(text("{month} has not begun; nothing can be learned from it.", month=Month(from_month)))
        for other in rows.rebases(session, workspace_id, kpi_id):
            if other.from_month == from_month:
                raise Conflict(
                    text(
                        "{who} decided on {when} that the limits of {kpi} are learned anew from {month}. Withdraw that first, to "
                        "give another reason.",
                        who=other.author, when=other.written_at, kpi=kpi.name, month=Month(from_month),
                    )
                )  # fmt: skip
        row = Rebase(
            workspace_id=workspace_id, kpi=kpi_id, from_month=from_month, reason=why, author=principal.name, author_id=principal.id
        )
        session.add(row)
        _keep(session, principal, workspace, "decide", REBASE, row.id, after=audit.said(row))
    return row


def withdraw_rebase(principal: Principal, workspace_id: str, rebase_id: str, *, reason: str) -> Rebase:
    """Take that decision back: the limits before it count again. Raises UserError without a reason, NotFound, and Conflict where it
    is withdrawn.
    """
    require(principal, Action.EDIT, workspace_id)
    why = notes.needed(reason, 1000, text("Say why the limits from before count again."))
    with store.writing() as session:
        workspace = workspaces.lock(session, workspace_id)
        row = _of(session, Rebase, workspace_id, rebase_id)
        _withdraw(session, principal, workspace, row, REBASE, why)
    return row


def rebases(principal: Principal, workspace_id: str, kpi_id: str | None = None) -> list[Rebase]:
    """From when on limits are learned anew, for one KPI or for all, in the order of the months."""
    require(principal, Action.READ, workspace_id)
    with store.reading() as session:
        return rows.rebases(session, workspace_id, kpi_id)


# Actions for a KPI


def act(
    principal: Principal, workspace_id: str, kpi_id: str, *, title: str, owner: str, due: date, expected_effect: str = ""
) -> ActionItem:
    """Open an action that is to move a KPI. Raises UserError as `decisions.open_action`, and for a KPI that there is not."""
    require(principal, Action.EDIT, workspace_id)
    _known(kpi_id)
    return decisions.open_action(
        principal, workspace_id, title=title, owner=owner, due=due, kpi=kpi_id, expected_effect=expected_effect
    )


def close(principal: Principal, scope: Scope, action_id: str, *, version: int, outcome: Outcome, words: str) -> ActionItem:
    """Close an action after a look at its KPI in the scope: what the KPI is, its target and its limits, and its months since the
    action was opened are kept with the words.

    Raises UserError where an outcome is claimed that no complete month since then can show, and as `decisions.close_action`.
    """
    require(principal, Action.EDIT, scope.workspace)
    item = decisions.action_item(principal, scope.workspace, action_id)
    look = None if item.kpi is None else _look(principal, scope, item, item.kpi)
    return decisions.close_action(principal, scope.workspace, action_id, version=version, outcome=outcome, words=words, look=look)


def _look(principal: Principal, scope: Scope, item: ActionItem, kpi_id: str) -> Look:
    row = service.row(principal, scope, kpi_id)
    if row is None:  # a KPI that is no longer defined: nothing can be seen of it any more
        return Look(kpi_id, kpi_id, None, {"kpi": kpi_id})
    return Look(kpi_id, row.kpi.name, _newest(row, item.opened_on), _facts(row, scope, item.opened_on))


def _newest(row: Row, opened_on: date) -> date | None:
    """The first day of the newest complete month that has a value; of a KPI that has no months, the day of its value, if that is
    not the one on which the action was opened.
    """
    if row.kpi.has_history:
        return max((point.month for point in row.series.points if point.settled is not None), default=None)
    return None if row.measure.value is None or row.measure.as_of == opened_on else row.measure.as_of


def _facts(row: Row, scope: Scope, opened_on: date) -> dict[str, object]:
    """The numbers of a look, as JSON keeps them: `before` is the last month that ended before the action was opened, `since` the
    months that began after it.
    """
    measure, goal, limits = row.measure, row.goal, row.series.limits
    known = [point for point in row.series.points if point.settled is not None]
    before = [point for point in known if month_of(point.month).end < opened_on]
    newest, assured = _newest(row, opened_on), row.assurance
    return {
        "kpi": row.kpi.id,
        "version": row.kpi.version,
        "from": scope.period.start.isoformat(),
        "to": scope.period.end.isoformat(),
        "business_unit": scope.unit,
        "value": None if measure.value is None else float(measure.value),
        "unit": measure.unit.value,
        "currency": measure.currency,
        "as_of": measure.as_of.isoformat() if measure.as_of else None,
        "target": {"type": goal.type, "value": goal.value, "upper": goal.upper} if goal else None,
        "promise": row.promise.value,
        "mean": limits.mean if limits else None,
        "lower": limits.lower if limits else None,
        "upper": limits.upper if limits else None,
        "trend": row.trend.value,
        "assurance": assured.value if assured else None,
        "month": newest.isoformat() if newest else None,
        "opened_on": opened_on.isoformat(),
        "before": [before[-1].month.isoformat(), before[-1].value] if before else None,
        "since": [[point.month.isoformat(), point.value] for point in known if point.month >= opened_on],
    }


# What several of these need


def _known(kpi_id: str) -> Kpi:
    if kpi_id not in KPIS:
        raise NotFound(text("There is no KPI {id}. Those there are: {known}.", id=kpi_id, known=joined(KPIS, len(KPIS))))
    return KPIS[kpi_id]


def _after_all(session: Session, workspace_id: str) -> datetime:
    """Now, but later than every target there is: which one holds follows from their order, whatever the clock does."""
    latest = session.exec(select(func.max(Target.set_at)).where(Target.workspace_id == workspace_id)).one()
    return max(store.now(), latest + timedelta(microseconds=1)) if latest else store.now()


def _of(session: Session, kind: type[_S], workspace_id: str, row_id: str) -> _S:
    row = session.get(kind, row_id)
    if row is None or row.workspace_id != workspace_id:
        raise NotFound(text("That is not in this workspace any more. Open the page again."))
    return row


def _withdraw(
    session: Session, principal: Principal, workspace: Workspace, row: Target | CheckIn | Annotation | Rebase, kind: str, why: str
) -> None:
    """Mark a row as withdrawn. Raises Conflict where it is. The workspace is locked, so that nobody does so at the same time."""
    if row.withdrawn_at is not None:
        raise Conflict(text("{who} withdrew it on {when} already.", who=row.withdrawn_by or "", when=row.withdrawn_at))
    before = audit.said(row)
    row.withdrawn_by, row.withdrawn_at, row.withdrawn_reason = principal.name, store.now(), why or None
    session.add(row)
    _keep(session, principal, workspace, "withdraw", kind, row.id, before, {"reason": why} if why else None)


def _keep(
    session: Session, principal: Principal, workspace: Workspace, verb: str, kind: str, row_id: str,
    before: dict[str, object] | None = None, after: dict[str, object] | None = None,
) -> None:  # fmt: skip
    """Note a change, and give the workspace another revision."""
    audit.note(session, principal, workspace.id, verb, kind, row_id, before, after)
    workspace.touch()
    session.add(workspace)
