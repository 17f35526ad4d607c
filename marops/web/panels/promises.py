"""What was promised of a KPI: its targets, limits learned anew, and who changed what."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

import polars as pl
import streamlit as st

from marops.audit import service as audit
from marops.decisions import service as decisions
from marops.language import Month, Text, text
from marops.period import month_of
from marops.principal import Action, allowed
from marops.quantity import Unit
from marops.scorecard import managing, targets
from marops.scorecard.definitions import Better
from marops.scorecard.judging import Goal
from marops.scorecard.service import Row
from marops.scorecard.store import Target
from marops.web.components import note, section
from marops.web.days import ANY_DAY
from marops.web.markup import html
from marops.web.panels.managing import attempt, dialog
from marops.web.scope import Here
from marops.web.session import principal, reader, say
from marops.web.tables import table

_MOST = Decimal(10) ** 14
"""No target is as large; a number typed beyond it is a slip."""

_TYPES: dict[str, Text] = {
    "at_least": text("at least"), "at_most": text("at most"), "band": text("between two values"),
}  # fmt: skip


def kpi_promised(row: Row, place: Here) -> None:
    """The targets there were and are, and who changed what."""
    section(text("What was promised?"))
    _targets(row, place)
    _trail(row, place)


def _targets(row: Row, place: Here) -> None:
    may = allowed(place.principal, Action.EDIT)
    if may:
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button(say(text("Set a target")), key="set_target", type="tertiary", icon=":material/flag:"):
                dialog(text("What is promised?"), _set_target, row, place)
            if (
                row.kpi.has_history
                and not row.kpi.rare
                and st.button(say(text("Learn limits anew")), key="rebase", type="tertiary", icon=":material/straighten:")
            ):
                dialog(text("From when is it another process?"), _rebase, row, place)
    history = managing.target_history(place.principal, place.scope.workspace, row.kpi.id)
    if not history:
        note(text("No target has been set. Without one nothing can be held against a promise."))
        return
    if row.goal is not None and not row.goal.is_on_the_side_of(row.kpi.better):
        wrong = {
            Better.HIGHER: text("This target asks for the wrong side: higher is better here. Set one that says at least."),
            Better.LOWER: text("This target asks for the wrong side: lower is better here. Set one that says at most."),
        }
        note(wrong[row.kpi.better])
    for said in _overlapping(history, row):
        note(said)
    currency = row.measure.currency or ""
    shown = pl.DataFrame(
        [
            {
                say(text("From")): one.valid_from,
                say(text("To")): one.valid_to,
                say(text("Target")): say(targets.words(targets.goal_of(one), currency)),
                say(text("Reason")): one.reason,
                say(text("Set by")): one.author,
                say(text("Set")): one.set_at,
                say(text("Withdrawn")): f"{one.withdrawn_by}: {one.withdrawn_reason or ''}" if one.withdrawn_at else "",
            }
            for one in history
        ],
        schema_overrides={say(text("To")): pl.Date, say(text("Withdrawn")): pl.String, say(text("Reason")): pl.String},
    )
    table(shown, key="targets", alt=say(text("Targets, the one set last first")), name=f"{row.kpi.id}-targets")
    standing = [one for one in history if one.withdrawn_at is None]
    if may and standing and st.button(say(text("Withdraw a target")), key="withdraw_target", type="tertiary"):
        dialog(text("Which target is withdrawn?"), _withdraw_target, standing, row, place)


def _overlapping(history: Sequence[Target], row: Row) -> list[Text]:
    """Where targets that stand share days, which of them holds there: a file can bring them, too."""
    standing = [targets.goal_of(one) for one in history if one.withdrawn_at is None]
    last = standing[0] if standing else None
    if last is None:
        return []
    return targets.overlaps([one for one in standing if one is not last], [last], row.measure.currency or "")


def _set_target(row: Row, place: Here) -> None:
    """What setting it would change is said before it is set."""
    kpi = row.kpi
    share = kpi.unit in {Unit.PERCENT, Unit.POINTS}
    kinds = ["band"] if kpi.to_zero else ["at_least" if kpi.better is Better.HIGHER else "at_most", "band"]
    kind = st.segmented_control(
        say(text("Kind")), kinds, default=kinds[0], format_func=lambda found: say(_TYPES[found]), required=True, key="target_kind"
    )
    unit = _unit_word(row)
    value = st.text_input(say(text("Value ({unit})", unit=unit)), key="target_value")
    upper = st.text_input(say(text("Upper value ({unit})", unit=unit)), key="target_upper") if kind == "band" else ""
    left, right = st.columns(2)
    start = left.date_input(say(text("From")), value=month_of(place.opened.today).start, **ANY_DAY, key="target_from")
    end = right.date_input(say(text("To (empty: open)")), value=None, **ANY_DAY, key="target_to")
    why = st.text_input(say(text("Reason")), max_chars=1000, key="target_reason")
    low, high = _number(value, share=share), _number(upper, share=share)
    if low is not None:
        given = Goal(kpi.id, str(kind), float(low), None if high is None else float(high), start, end)
        for said in managing.overlaps(place.principal, place.scope.workspace, [given]):
            note(said)
    if st.button(say(text("Set target")), type="primary", key="target_save"):
        if low is None or (kind == "band" and high is None):
            st.error(say(text("Give the value as a number, in {unit}.", unit=unit)), icon=":material/error:")
            return
        attempt(
            lambda: managing.set_target(
                principal(), place.scope.workspace, kpi.id, type=str(kind), value=low, upper=high, valid_from=start,
                valid_to=end, reason=why,
            )
        )  # fmt: skip


def _unit_word(row: Row) -> Text:
    words = {
        Unit.PERCENT: text("per cent"), Unit.POINTS: text("points"), Unit.MINUTES: text("minutes"), Unit.HOURS: text("hours"),
        Unit.DAYS: text("days"), Unit.COUNT: text("number"), Unit.PER_HOUR: text("number an hour"), Unit.RATIO: text("times"),
        Unit.MONEY: text("{currency}", currency=row.measure.currency or ""),
    }  # fmt: skip
    return words[row.kpi.unit]


def _number(typed: str, *, share: bool) -> Decimal | None:
    """What a reader typed, in his notation; None for what is no number."""
    r = reader()
    plain = typed.strip().removesuffix("%").strip().replace(r.group_mark, "").replace(r.decimal_mark, ".")
    try:
        number = Decimal(plain)
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number) >= _MOST:
        return None
    return number / 100 if share else number


def _withdraw_target(standing: Sequence[Target], row: Row, place: Here) -> None:
    currency = row.measure.currency or ""
    goals = {one.id: targets.goal_of(one) for one in standing}

    def said(chosen: str) -> str:
        return f"{say(targets.words(goals[chosen], currency))} · {reader().day(goals[chosen].valid_from)}"

    with st.form("withdraw", border=False):
        chosen = st.selectbox(say(text("Target")), list(goals), format_func=said)
        why = st.text_input(say(text("Reason")), max_chars=1000)
        if st.form_submit_button(say(text("Withdraw")), type="primary"):
            attempt(lambda: managing.withdraw_target(principal(), place.scope.workspace, chosen, reason=why))


def _rebase(row: Row, place: Here) -> None:
    note(text("Limits are learned from the first twelve months and then stay. Move them only where the process was changed."))
    months = [point.month for point in row.series.shown][::-1]
    if months:
        with st.form("rebase", border=False):
            month = st.selectbox(say(text("First month of the new process")), months, format_func=lambda day: reader().month(day))
            why = st.text_input(say(text("What changed the process")), max_chars=1000)
            if st.form_submit_button(say(text("Learn limits anew")), type="primary"):
                attempt(lambda: managing.rebase(principal(), place.scope.workspace, row.kpi.id, month, why))
    for one in managing.rebases(place.principal, place.scope.workspace, row.kpi.id):
        with st.form(f"unbase_{one.id}", border=True):
            st.markdown(
                html("noted.html", month=say(Month(one.from_month)), words=one.reason, by=one.author), unsafe_allow_html=True
            )
            why = st.text_input(say(text("Why it is withdrawn")), max_chars=1000)
            if st.form_submit_button(say(text("Withdraw"))):
                attempt(
                    lambda found=one.id, said=why: managing.withdraw_rebase(principal(), place.scope.workspace, found, reason=said)
                )


# Who changed what

_VERBS: dict[str, Text] = {
    "set": text("set"), "withdraw": text("withdrew"), "write": text("wrote"), "decide": text("decided"), "open": text("opened"),
    "redate": text("gave a new date to"), "reassign": text("gave a new owner to"), "close": text("closed"),
    "reopen": text("reopened"), "drop": text("dropped"), "record": text("recorded"),
}  # fmt: skip
_KINDS: dict[str, Text] = {
    managing.TARGET: text("a target"), managing.CHECK_IN: text("a note"), managing.ANNOTATION: text("a marked day"),
    managing.REBASE: text("new limits"), decisions.ACTION: text("an action"), decisions.DECISION: text("a decision"),
}  # fmt: skip


@st.fragment
def _trail(row: Row, place: Here) -> None:
    opened = st.expander(say(text("Who changed what")), key="trail", on_change="rerun", type="compact")
    if not opened.open:
        return
    with opened:
        known = {row.kpi.id, f"kpi:{row.kpi.id}"}
        entries = [
            entry for entry in audit.entries(principal(), place.scope.workspace)
            if known & {said.get(key) for said in (entry.before, entry.after) for key in ("kpi", "finding_key")}
        ]  # fmt: skip
        if not entries:
            note(text("Nothing has been changed yet."))
            return
        shown = pl.DataFrame(
            {
                say(text("When")): [entry.at for entry in entries],
                say(text("Who")): [entry.principal_name for entry in entries],
                say(text("Did")): [
                    say(
                        text(
                            "{verb} {what}",
                            verb=_VERBS.get(entry.verb, entry.verb),
                            what=_KINDS.get(entry.object_kind, entry.object_kind),
                        )
                    )
                    for entry in entries
                ],
            }
        )
        table(shown, key="trail", alt=say(text("Changes, the newest first")), name=f"{row.kpi.id}-changes")
