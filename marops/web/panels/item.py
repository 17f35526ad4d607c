"""One work item in full: where it stands, what was asked, its way, who must approve, what holds it up, what people say."""

from urllib.parse import urlencode

import streamlit as st

from marops.errors import NotFound
from marops.language import Text, text
from marops.pipeline.service import flow
from marops.principal import Action, allowed
from marops.quantity import Quantity, Unit
from marops.stages import Category, Process, Stage
from marops.web.components import note, page_title, section
from marops.web.markup import html
from marops.web.panels import approvals, hindrances, same
from marops.web.panels.desk import details, fields
from marops.web.panels.items import ASKED, SIDES, called, line_of, listed
from marops.web.panels.managing import attempt, dialog, quietly
from marops.web.scope import Here
from marops.web.session import literal, principal, reader, say
from marops.work import commenting, intake, moving, reading
from marops.work.plans import titled
from marops.work.reading import Item, Move
from marops.work.store import Comment, WorkItem


def item_page(place: Here) -> None:
    """The page of the item that the address names, which ends the run. Nothing where it names none."""
    asked = st.query_params.get(ASKED)
    if not asked:
        return
    st.markdown(html("back.html", href=f"pipeline?{urlencode(place.link)}", words=say(text("Pipeline"))), unsafe_allow_html=True)
    try:
        item = reading.item(place.principal, place.scope.workspace, asked)
    except NotFound as missing:
        st.warning(literal(missing.text), icon=":material/search_off:")
        st.stop()
    page_title(called(item.key, say(titled(item.name))), _conclusion(item, place))
    _acting(item, place)
    same.same(item, place)
    left, right = st.columns(2, gap="large")
    with left:
        _details(item, place)
        _steps(item, place)
        _way(item, place)
    with right:
        approvals.approvals(item, place)
        hindrances.hindrances(item, place)
        _comments(item, place)
    st.stop()


def _conclusion(item: Item, place: Here) -> Text:
    """Where it stands, in one sentence."""
    row, last = item.row, item.last
    if row is not None and row.withdrawn_at is not None:
        return text(
            "{who} withdrew it on {when}: {why}. It counts in no number.", who=row.withdrawn_by or "", when=row.withdrawn_at,
            why=row.withdrawn_reason or "",
        )  # fmt: skip
    if item.counts_as is not None:
        return text("It is an imported item, by whose history it counts. Where it stood here is in no number.")
    if item.stage is None and last is None and not item.is_broken:
        return text("Its tracker has delivered no history of it.")
    stands = _stands(item, place)
    if item.due is None:
        return text("{stands} No date is promised.", stands=stands)
    if item.is_done(place.opened.process) or item.is_launched(place.opened.process):
        return stands
    if item.due < place.opened.local_day:
        late = Quantity(float((place.opened.local_day - item.due).days), Unit.DAYS)
        return text("{stands} It was due on {due}, {late} ago.", stands=stands, due=item.due, late=late)
    return text("{stands} It is due on {due}.", stands=stands, due=item.due)


def _stands(item: Item, place: Here) -> Text:
    """The stage it is in, and for how long where that is known."""
    last = item.last
    stage = item.stage.name if item.stage else last.status if last else ""
    if item.is_broken:
        return text("It is in {stage}; since when is not known: a move of its history is missing or cannot be.", stage=stage)
    if item.since is None:
        return text("It is in {stage}; its tracker has delivered no history of it.", stage=stage)
    # As on the board: where trackers tell until an earlier day, nobody knows where it was since.
    last_day = flow(place.principal, place.scope).last_day if item.row is None else place.opened.today
    days = (last_day - item.since.date()).days
    if last_day < place.opened.today:
        length = Quantity(float(max(days, 0)), Unit.DAYS)
        return text("By {day}, where the data end, it had been in {stage} for {days}.", day=last_day, stage=stage, days=length)
    if days <= 0:
        return text("It came to {stage} today.", stage=stage)
    return text("It has been in {stage} for {days}.", stage=stage, days=Quantity(float(days), Unit.DAYS))


def _called(move: Move) -> Text | str:
    """The stage a move entered as the workspace calls it; where it has none by that name, as it was called."""
    return move.stage.name if move.stage else move.status


# Acting


def _acting(item: Item, place: Here) -> None:
    """What can be done with it, or why nothing can."""
    if item.row is None:
        note(text("It comes from your tracker: move and edit it there. Approvals, flags, dependencies and comments are kept here."))
        return
    if item.row.withdrawn_at is not None or item.counts_as is not None:
        return
    if not allowed(place.principal, Action.EDIT):
        note(text("You can read here. Managers move and edit it; leaders comment and answer approvals."))
        return
    # What a button does is settled when it is drawn: it names the last move that its reader saw.
    last, workspace, following = item.last, place.scope.workspace, _next(item, place.opened.process)
    seen = last.sequence if last else 0
    with st.container(horizontal=True):
        if following is not None:
            st.button(
                literal(text("Move to {stage}", stage=following.name)), key="move_on", type="primary",
                icon=":material/arrow_forward:", on_click=quietly,
                args=(lambda: moving.move(principal(), workspace, item.id, following.id, seen=seen),),
            )  # fmt: skip
        if st.button(say(text("Move elsewhere")), key="move", type="tertiary", icon=":material/alt_route:"):
            dialog(text("Where does it go?"), move_form, item, place)
        if seen > 1:
            st.button(
                say(text("Take the last move back")), key="undo", type="tertiary", icon=":material/undo:",
                on_click=quietly, args=(lambda: moving.undo(principal(), workspace, item.id, seen=seen),),
            )  # fmt: skip
        if st.button(say(text("Edit")), key="edit", type="tertiary", icon=":material/edit:"):
            dialog(text("What does it say?"), edit_form, item.row, place)
        if st.button(say(text("Withdraw")), key="withdraw", type="tertiary", icon=":material/block:"):
            dialog(text("Why is it taken back?"), withdraw_form, item.row, place)


def _next(item: Item, process: Process) -> Stage | None:
    """Where it goes next: a step of a launch to its end, anything else to the following stage; None from the last stage. Dropping
    work is nothing that comes next.
    """
    if item.is_done(process):
        return None
    stages = [stage for stage in process.stages if stage.category is not Category.DROPPED]
    if item.parent is not None:
        return next((stage for stage in stages if stage.id in process.done), None)
    at = next((at for at, stage in enumerate(stages) if stage == item.stage), None)
    if at is None:
        return stages[0]
    return stages[at + 1] if at + 1 < len(stages) else None


def move_form(item: Item, place: Here) -> None:
    """A move to any stage, with the reason, and why it is made although somebody has not approved."""
    stages = [stage for stage in place.opened.process.stages if stage != item.stage]
    names = {stage.id: say(stage.name) for stage in stages}
    following = _next(item, place.opened.process)
    ids = list(names)
    with st.form("move", border=False):
        index = ids.index(following.id) if following and following.id in ids else 0
        to = st.selectbox(say(text("Stage")), ids, index=index, format_func=lambda stage: names[stage])
        why = st.text_input(say(text("Why")), max_chars=1000)
        despite = st.text_input(
            say(text("Why although somebody has not approved")),
            max_chars=1000,
            help=say(text("Only where an approval is in the way.")),
        )
        if st.form_submit_button(say(text("Move")), type="primary"):
            last = item.last
            seen = last.sequence if last else 0
            workspace = place.scope.workspace
            attempt(lambda: moving.move(principal(), workspace, item.id, to, seen=seen, reason=why, despite=despite))


def edit_form(row: WorkItem, place: Here) -> None:
    """What a request says, to be said better."""
    workspace = place.scope.workspace
    with st.form("edit", border=False):
        values = fields(place.opened, row)
        if row.first_due is not None:
            note(text("The day first promised, {day}, stays on record.", day=row.first_due))
        has_steps = bool(reading.item(place.principal, workspace, row.item).steps)
        with_steps = has_steps and st.checkbox(
            say(text("The steps of the launch change along")), value=True,
            help=say(text("Each open one stays as many working days from the day of the launch as it is. Those that have its "
                          "campaign and business unit have the new ones, too.")),
        )  # fmt: skip
        if st.form_submit_button(say(text("Save")), type="primary"):
            attempt(
                lambda: intake.edit(principal(), workspace, row.item, details(values), version=row.version, with_steps=with_steps)
            )


def withdraw_form(row: WorkItem, place: Here) -> None:
    """Why a request is taken back, and what that means."""
    note(
        text("It will count in no number, and stays on record. Work that was done and then cancelled is moved to its end instead.")
    )
    with st.form("withdraw", border=False):
        why = st.text_input(say(text("Reason")), max_chars=1000)
        if st.form_submit_button(say(text("Withdraw request")), type="primary"):
            attempt(lambda: intake.withdraw(principal(), place.scope.workspace, row.item, reason=why))


# Reading


def _details(item: Item, place: Here) -> None:
    section(text("What was asked for?"))
    row = item.row
    facts: list[Text] = []
    if item.parent is not None:
        listed([line_of(item.parent, place.opened.process, place.opened.local_day)], place, text("The launch it is a step of"))
    if item.campaign:
        facts.append(text("Campaign: {name}", name=item.campaign))
    if row is not None:
        facts += _asked_for(row, place)
    for fact in facts:
        note(fact)
    if row is not None and row.brief:
        st.markdown(html("brief.html", lines=row.brief.splitlines()), unsafe_allow_html=True)
    elif row is not None and item.parent is None:
        note(text("There is no brief yet."))


def _asked_for(row: WorkItem, place: Here) -> list[Text]:
    """What is kept of a request beside its name and brief."""
    facts = [text("Requested by {who} on {when}", who=row.requested_by, when=row.requested_at)]
    if row.assignee:
        facts.append(text("Assigned to {who}", who=row.assignee))
    if row.business_unit:
        facts.append(text("Business unit: {unit}", unit=row.business_unit))
    if row.first_due is not None and row.first_due != row.due:
        facts.append(text("First promised for {day}", day=row.first_due))
    if row.value_per_day is not None:
        value = Quantity(float(row.value_per_day), Unit.MONEY, row.currency_code)
        facts.append(text("Expected value of a day: {value}", value=value))
    stage = place.opened.process.named(row.due_stage)
    if stage is not None:
        facts.append(text("Due while its launch is in {stage}", stage=stage.name))
    if row.side:
        facts.append(text("Must act: {side}", side=SIDES.get(row.side, row.side)))
    return facts


def _steps(item: Item, place: Here) -> None:
    if not item.steps:
        return
    process, today = place.opened.process, place.opened.local_day
    dropped = sum(step.is_dropped for step in item.steps)
    done = sum(step.is_done(process) for step in item.steps) - dropped
    said = (
        text("{done} of {all} are done, {dropped} dropped.", done=done, all=len(item.steps), dropped=dropped)
        if dropped
        else text("{done} of {all} are done.", done=done, all=len(item.steps))
    )
    section(text("Which steps are left?"), said)
    listed([line_of(step, process, today) for step in item.steps], place, text("Steps of the launch, by the day they are due"))


def _way(item: Item, place: Here) -> None:
    section(text("Which way did it come?"))
    if not item.moves:
        note(text("No move is known."))
    order = {stage.id: at for at, stage in enumerate(place.opened.process.stages)}
    shown: list[tuple[Move, bool]] = []
    before: int | None = None
    for move in item.moves:
        at = order.get(move.stage.id) if move.stage else None
        shown.append((move, at is not None and before is not None and at < before))
        before = before if move.withdrawn_at else at
    r = reader()
    for move, back in reversed(shown):
        said = [say(text("moved back"))] if back else []
        if move.withdrawn_at is not None:
            said = [say(text("taken back by {who} on {when}", who=move.withdrawn_by or "", when=move.withdrawn_at))]
        despite = [say(text("although not approved: {why}", why=move.despite))] if move.despite else []
        words = " · ".join([*said, *([move.reason] if move.reason else []), *despite])
        by = ", ".join(part for part in (move.by, r.moment(move.at)) if part)
        st.markdown(html("noted.html", month=say(_called(move)), words=words, by=by), unsafe_allow_html=True)


# Comments


def _comments(item: Item, place: Here) -> None:
    section(text("What do people say?"))
    written = commenting.comments(place.principal, place.scope.workspace, item.id)
    gone = item.row is not None and item.row.withdrawn_at is not None
    if allowed(place.principal, Action.COMMENT) and not gone:
        with st.form("comment", border=False, clear_on_submit=True):
            words = st.text_area(say(text("Comment")), max_chars=5000, height=80)
            if st.form_submit_button(say(text("Comment")), key="comment"):
                attempt(lambda: commenting.comment(principal(), place.scope.workspace, item.id, words))
    if not written:
        note(text("Nobody has said anything yet."))
    for one in written:
        _comment(one, place)


def _comment(one: Comment, place: Here) -> None:
    with st.container(horizontal=True, vertical_alignment="top", key=f"row_to_{one.id}"):
        st.markdown(
            html("noted.html", month=one.author, words=one.words, by=reader().moment(one.written_at)), unsafe_allow_html=True,
            width="stretch",
        )  # fmt: skip
        if one.author_id == place.principal.id or allowed(place.principal, Action.EDIT):
            st.button(
                say(text("Withdraw")), key=f"withdraw_{one.id}", type="tertiary", on_click=quietly,
                args=(lambda: commenting.withdraw_comment(principal(), place.scope.workspace, one.id),),
            )  # fmt: skip
