"""Launch plans: a launch made from one, and the plans of the workspace itself."""

from datetime import date
from typing import Any

import polars as pl
import streamlit as st

from marops.errors import UserError
from marops.language import joined, text
from marops.stages import Process
from marops.web.components import note
from marops.web.days import ANY_DAY
from marops.web.panels.items import open_made
from marops.web.panels.managing import attempt
from marops.web.scope import Here
from marops.web.session import literal, principal, say
from marops.work import launching
from marops.work.details import Details
from marops.work.plans import Milestone, Template, due_dates, titled

_SEPARATOR = ";"
"""Between the milestones that one needs: their names hold commas."""


def launch_form(place: Here) -> None:
    """A launch by a plan: its day first, so that what it means for each milestone can be seen before anything is made."""
    workspace = place.scope.workspace
    kept = launching.templates(place.principal, workspace)
    chosen = st.selectbox(
        say(text("Plan")), range(len(kept)), format_func=lambda at: say(titled(kept[at].template.name)), key="launch_plan"
    )
    day = st.date_input(say(text("Day of the launch")), value=None, **ANY_DAY, key="launch_day")
    template, is_working = kept[chosen].template, place.opened.calendar.is_working
    try:
        dates = due_dates(template, day, is_working) if isinstance(day, date) else {}
    except UserError as refused:
        st.error(literal(refused.text), icon=":material/error:")
        return
    late = [name for name, due in dates.items() if due < place.opened.local_day]
    if dates:
        first = min(dates.values())
        said = text(
            "{n} milestones, the first due on {day}. Only working days count: they are set below, by the views.",
            n=len(dates),
            day=first,
        )
        note(said)
    if late:
        said = text("Too near for this plan: {names} would be late from the start.", names=joined([titled(name) for name in late]))
        st.warning(literal(said), icon=":material/schedule:")
    with st.form("launch", border=False):
        name = st.text_input(say(text("Name")), max_chars=300)
        campaign = st.text_input(say(text("Campaign, as ads and leads name it")), max_chars=300)
        again = st.checkbox(say(text("This is another one, although one of that name is going on")))
        if st.form_submit_button(say(text("Plan launch")), type="primary"):
            asked = Details(name, campaign, due=day if isinstance(day, date) else None)
            open_made(lambda: launching.launch(principal(), workspace, asked, template, is_working, again=again))


def plans_form(place: Here) -> None:
    """A plan to be changed: the usual one becomes one of the workspace's own."""
    workspace = place.scope.workspace
    kept = launching.templates(place.principal, workspace)
    at = st.selectbox(
        say(text("Plan")), range(len(kept)), format_func=lambda at: say(titled(kept[at].template.name)), key="own_plan"
    )
    chosen = kept[at]
    own = chosen.row
    note(
        text("Days are working days before the launch; negative ones come after it. Launches begun with a plan stay as they are.")
        if own
        else text("This plan comes with marops. Saved, it becomes a plan of your own.")
    )
    with st.form(f"plan_{own.id if own else 'usual'}", border=False):
        name = st.text_input(say(text("Name")), value=chosen.template.name, max_chars=200)
        # What comes back is a frame of the kind that was given; the types know pandas only.
        rows: Any = st.data_editor(
            written(chosen.template), key=f"milestones_{own.id if own else 'usual'}", num_rows="dynamic", hide_index=True,
            column_config=_columns(place.opened.process),
        )  # fmt: skip
        if st.form_submit_button(say(text("Save plan")), type="primary"):
            attempt(
                lambda: launching.save_template(
                    principal(), workspace, read(name, rows), template_id=own.id if own else None, version=own.version if own else 0
                )
            )
    for odd in launching.unreadable(place.principal, workspace):
        _unreadable(odd, workspace)
    if own is not None and st.button(say(text("Withdraw this plan")), key="withdraw_plan", type="tertiary"):
        attempt(lambda: launching.withdraw_template(principal(), workspace, own.id))


def _unreadable(odd: launching.Unreadable, workspace: str) -> None:
    st.warning(literal(text("The plan {name} cannot be used. {why}", name=odd.row.name, why=odd.why)), icon=":material/error:")
    if st.button(literal(text("Withdraw {name}", name=odd.row.name)), key=f"withdraw_{odd.row.id}", type="tertiary"):
        attempt(lambda: launching.withdraw_template(principal(), workspace, odd.row.id))


def written(template: Template) -> pl.DataFrame:
    """A plan's milestones as a table to be edited: name, days_before, stage, side, needs (names with ; between them)."""
    rows = [(m.name, m.days_before, m.stage, m.side, f"{_SEPARATOR} ".join(m.needs)) for m in template.milestones]
    schema = {"name": pl.String, "days_before": pl.Int64, "stage": pl.String, "side": pl.String, "needs": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def read(name: str, rows: pl.DataFrame) -> Template:
    """The plan of an edited table; lines without a name are none. Raises UserError for what is no plan."""
    found: list[Milestone] = []
    for row in rows.iter_rows(named=True):
        called = (row["name"] or "").strip()
        if not called:
            continue
        if row["days_before"] is None:
            raise UserError(text("Say of {name} how many working days before the launch it is due.", name=called))
        needs = tuple(word.strip() for word in (row["needs"] or "").split(_SEPARATOR) if word.strip())
        found.append(Milestone(called, int(row["days_before"]), row["stage"] or None, row["side"] or "", needs))
    return Template(name.strip(), tuple(found))


def _columns(process: Process) -> dict[str, Any]:
    sides = {"": "–", "it": say(text("IT")), "marketing": say(text("Marketing"))}
    stages = {stage.id: say(stage.name) for stage in process.stages}
    return {
        "name": st.column_config.TextColumn(say(text("Milestone")), required=True),
        "days_before": st.column_config.NumberColumn(say(text("Working days before")), step=1, required=True),
        "stage": st.column_config.SelectboxColumn(
            say(text("Stage")), options=list(stages), format_func=lambda one: stages.get(str(one), str(one))
        ),
        "side": st.column_config.SelectboxColumn(
            say(text("Must act")), options=list(sides), format_func=lambda one: sides.get(str(one), str(one))
        ),
        "needs": st.column_config.TextColumn(say(text("Needs (; between)"))),
    }
