"""The desk: asking for a campaign, planning a launch, who must decide, and the requests that are kept here."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation

import streamlit as st

from marops.errors import NotFound, UserError
from marops.language import Text, ntext, text
from marops.pipeline import choosing
from marops.principal import Action, allowed
from marops.quantity import Quantity, Unit
from marops.web.components import note, section
from marops.web.days import ANY_DAY
from marops.web.panels.items import Line, called, line_of, listed, open_made
from marops.web.panels.managing import dialog
from marops.web.panels.plans import launch_form, plans_form
from marops.web.scope import Here
from marops.web.session import principal, reader, say
from marops.work import approving, intake, reading
from marops.work.details import Details
from marops.work.plans import titled
from marops.work.store import WorkItem, key_of
from marops.workspaces.service import Opened

_SHOWN = 12


def desk(place: Here) -> None:
    """Buttons for those who may ask."""
    if allowed(place.principal, Action.EDIT):
        with st.container(horizontal=True):
            if st.button(say(text("Request a campaign")), key="request", icon=":material/add:"):
                dialog(text("What is to be launched?"), request_form, place)
            if st.button(say(text("Plan a launch")), key="plan", type="tertiary", icon=":material/flag:"):
                dialog(text("Which launch, and when?"), launch_form, place)
            if st.button(say(text("Launch plans")), key="plans", type="tertiary", icon=":material/checklist:"):
                dialog(text("What does a launch take?"), plans_form, place, wide=True)


def deciding(place: Here) -> None:
    """Who must decide, where there is work that is kept here."""
    found = choosing.desk(place.principal, place.scope, place.chosen)
    if found.is_empty:
        return
    section(text("Who must decide?"))
    if not found.waiting:
        note(text("Nobody: no approval is open.") if _is_all(place) else text("Nobody: no approval of the work shown is open."))
        return
    known = {item.id: item for item in found.kept}
    lines = [Line(one.item, one.approver, _about(one, known.get(one.item), place)) for one in found.waiting]
    listed(lines, place, text("Approvals that are open, the longest waiting first"))


def requests(place: Here) -> None:
    """What was asked for here."""
    found = choosing.desk(place.principal, place.scope, place.chosen)
    if found.is_empty:
        return
    _kept(found.kept, place)
    if not allowed(place.principal, Action.EDIT):
        note(text("You can read here. Managers request campaigns and move them; leaders comment and answer approvals."))


def _about(one: approving.Waiting, known: reading.Item | None, place: Here) -> str:
    """The item, how long it waits, and what is to be approved."""
    try:
        found = known or reading.item(place.principal, place.scope.workspace, one.item)
    except NotFound:  # an imported item whose import was undone since
        named = key_of(one.item)
    else:
        named = called(found.key, say(titled(found.name)))
    return " · ".join(part for part in (named, say(_since(one, place)), one.about) if part)


def _since(one: approving.Waiting, place: Here) -> Text:
    days = (place.opened.today - one.since.date()).days
    return text("asked {days} ago", days=Quantity(float(days), Unit.DAYS)) if days > 0 else text("asked today")


def _is_all(place: Here) -> bool:
    return place.scope.unit is None and place.chosen.is_all


def _kept(kept: Sequence[reading.Item], place: Here) -> None:
    if not kept and _is_all(place):
        return
    section(text("What was requested here?"))
    if not kept:
        note(text("Nothing of the work shown."))
        return
    process, today = place.opened.process, place.opened.local_day
    gone = [item for item in kept if item.row is not None and item.row.withdrawn_at is not None]
    standing = [item for item in kept if item not in gone]
    if not standing:
        note(text("Every request was withdrawn."))
    else:
        going_on = sorted(standing, key=lambda item: item.counts_as is not None or item.is_done(process))
        listed([line_of(item, process, today) for item in going_on[:_SHOWN]], place, text("Requests"))
        if len(going_on) > _SHOWN:
            with st.expander(say(ntext("{n} more", "{n} more", len(going_on) - _SHOWN)), key="more_requests", type="compact"):
                listed([line_of(item, process, today) for item in going_on[_SHOWN:]], place, text("More requests"))
    if gone:
        label = ntext("{n} withdrawn request, in no number", "{n} withdrawn requests, in no number", len(gone))
        with st.expander(say(label), key="withdrawn_requests", type="compact"):
            lines = [Line(item.id, called(item.key, item.name), item.row.withdrawn_reason or "", "·") for item in gone if item.row]
            listed(lines, place, text("Withdrawn requests"))


# Asking


def request_form(place: Here) -> None:
    """A request: what it says, and that it is another one where one of its name is going on."""
    with st.form("request", border=False):
        values = fields(place.opened, None)
        again = st.checkbox(say(text("This is another one, although one of that name is going on")))
        if st.form_submit_button(say(text("Request")), type="primary"):
            open_made(lambda: intake.request(principal(), place.scope.workspace, details(values), again=again))


def fields(opened: Opened, row: WorkItem | None) -> dict[str, object]:
    """What a request says, to be filled in; as it is, where there is one."""
    # One that the workspace has no more can stay; it cannot be chosen anew.
    own = [row.business_unit] if row is not None and row.business_unit else []
    units = list(dict.fromkeys([*(unit.name for unit in opened.units), *own]))
    someone = row.assignee if row is not None else ""
    people = list(
        dict.fromkeys([*([someone] if someone else []), *filter(None, choosing.persons(principal(), opened.workspace.id))])
    )
    return {
        "name": st.text_input(say(text("Name")), value=row.name if row else "", max_chars=300),
        "campaign": st.text_input(
            say(text("Campaign, as ads and leads name it")), value=row.campaign_name if row else "", max_chars=300
        ),
        "unit": st.selectbox(
            say(text("Business unit")), [None, *units], index=_place(row, units),
            format_func=lambda unit: unit or say(text("by the campaign's name")),
        ) if units else None,
        "due": st.date_input(say(text("Launch by")), value=row.due if row else None, **ANY_DAY),
        "assignee": st.selectbox(
            say(text("Assigned to")), ["", *people], index=1 if someone else 0, accept_new_options=True,
            format_func=lambda name: name or say(text("nobody yet")),
            help=say(text("Choose somebody, or type a name as your tracker has it.")),
        ),
        "value": st.text_input(
            say(text("Expected value of a day")), value=_amount(row), help=say(text("Leave it empty where nobody knows it."))
        ),
        "currency": st.text_input(
            say(text("Currency")), value=(row.currency_code if row else None) or opened.workspace.reporting_currency, max_chars=3
        ),
        "brief": st.text_area(say(text("Brief")), value=row.brief if row else "", max_chars=10_000),
    }  # fmt: skip


def details(values: dict[str, object]) -> Details:
    """What was filled in. Raises UserError for an amount that is no number."""
    due, unit = values["due"], values["unit"]
    return Details(
        str(values["name"]), str(values["campaign"]), str(unit) if unit else None, due if isinstance(due, date) else None,
        _number(str(values["value"])), str(values["currency"]), str(values["brief"]), str(values["assignee"] or ""),
    )  # fmt: skip


def _place(row: WorkItem | None, units: list[str]) -> int:
    """The place of a request's unit among those that can be chosen, none being the first."""
    return units.index(row.business_unit) + 1 if row is not None and row.business_unit in units else 0


def _amount(row: WorkItem | None) -> str:
    if row is None or row.value_per_day is None:
        return ""
    return format(row.value_per_day.normalize(), "f").replace(".", reader().decimal_mark)


def _number(words: str) -> Decimal | None:
    if not words.strip():
        return None
    r = reader()
    whole, *rest = words.strip().split(r.decimal_mark)
    # "12,50" of somebody who reads thousands with a comma is no 1250.
    if any(len(group) != 3 for group in whole.split(r.group_mark)[1:]) or r.group_mark in "".join(rest):
        raise UserError(text("{word} is no amount. Give a number, or leave it empty.", word=words.strip()))
    plain = ".".join([whole.replace(r.group_mark, ""), *rest])
    try:
        return Decimal(plain)
    except InvalidOperation as wrong:
        raise UserError(text("{word} is no amount. Give a number, or leave it empty.", word=words.strip())) from wrong
