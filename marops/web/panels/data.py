"""What came in, how fresh it is, taking it back; and the workspace's settings."""

from collections.abc import Callable, Sequence
from decimal import Decimal

import polars as pl
import streamlit as st

from marops.errors import UserError
from marops.language import Text, joined, ntext, text
from marops.principal import Action, allowed
from marops.sample import loader
from marops.sources import service
from marops.sources.service import Freshness
from marops.sources.store import ImportRun, Status
from marops.web.components import note, section
from marops.web.panels import naming
from marops.web.scope import Here, switch_workspace
from marops.web.session import literal, principal, say
from marops.web.tables import safe_csv, table
from marops.workspaces import service as workspaces
from marops.workspaces.store import SAMPLE

_LISTED = 50


def sentence(found: Sequence[Freshness], place: Here) -> Text:
    """One sentence on what there is."""
    if not found:
        return text("Nothing has been imported yet. Choose a file below; nothing counts until you accept it.")
    rows = sum(entry.rows for entry in found)
    return ntext(
        "{rows} rows in {n} table, the latest of {day}.", "{rows} rows in {n} tables, the latest of {day}.", len(found), rows=rows,
        day=place.opened.last_day or "–",
    )  # fmt: skip


def freshness(found: Sequence[Freshness], place: Here) -> None:
    """For each table, the last day it describes and when it last received rows."""
    section(text("How fresh is it?"))
    if not found:
        note(text("Nothing here yet."))
        return
    today = place.opened.today
    rows = [
        (
            entry.table.name,
            entry.rows,
            entry.last_day,
            max(0, (today - entry.last_day).days) if entry.last_day else None,
            entry.imported_at,
        )
        for entry in found
    ]
    schema = {
        say(text("Table")): pl.String,
        say(text("Rows")): pl.Int64,
        say(text("Last day")): pl.Date,
        say(text("Days behind")): pl.Int64,
        say(text("Imported")): pl.Datetime("us", "UTC"),
    }
    table(pl.DataFrame(rows, schema=schema, orient="row"), key="freshness", alt=say(text("Freshness by table")), name="freshness")


def history(runs: Sequence[ImportRun], place: Here) -> None:
    """Every import, with undo and restore."""
    section(text("What came in?"))
    if not runs:
        note(text("No imports yet."))
    detail = service.details_only(principal(), place.scope.workspace)
    restated = service.restated_by(principal(), place.scope.workspace)
    replaced = service.replaced_by(principal(), place.scope.workspace)
    with st.container(gap=None):
        for run in runs[:_LISTED]:
            later = [text("restated by {files}", files=joined(restated[run.id]))] if run.id in restated else []
            later += [
                text("{tables} replaced by {file}", tables=joined(tables), file=file)
                for file, tables in replaced.get(run.id, {}).items()
            ]
            _run(run, place, is_detail=run.id in detail, later=later)
    if len(runs) > _LISTED:
        note(text("and {n} older ones", n=len(runs) - _LISTED))


def _run(run: ImportRun, place: Here, *, is_detail: bool, later: Sequence[Text]) -> None:
    undone = run.status == Status.UNDONE
    facts = [run.tables, say(ntext("{n} row", "{n} rows", run.rows_loaded))]
    if run.rows_refused:
        facts.append(say(ntext("{n} refused", "{n} refused", run.rows_refused)))
    if not undone:
        facts += [say(said) for said in later]
    if is_detail:
        facts.append(say(text("kept as detail: the same spend is counted from another file")))
    facts.append(say(text("imported by {name} on {moment}", name=run.imported_by, moment=run.imported_at)))
    if undone and run.undone_by and run.undone_at:
        facts.append(say(text("undone by {name} on {moment}", name=run.undone_by, moment=run.undone_at)))
    with st.container(horizontal=True, vertical_alignment="center", key=f"run_{run.id}"):
        name = literal(run.file_name)
        st.markdown(f"{'~~' + name + '~~' if undone else name}  \n:small[{literal(' · '.join(facts))}]", width="stretch")
        if run.rows_refused:
            rows = service.refused(principal(), run.id)
            st.download_button(
                say(text("Refused")), lambda: safe_csv(rows), file_name=f"marops-refused-{run.id[:12]}.csv", mime="text/csv",
                key=f"refused_of_{run.id}", type="tertiary", on_click="ignore",
            )  # fmt: skip
        if allowed(place.principal, Action.UNDO):
            label = text("Restore") if undone else text("Undo")
            st.button(say(label), key=f"switch_{run.id}", type="tertiary", on_click=_switch, args=(run, place.scope.workspace))


def _switch(run: ImportRun, workspace_id: str) -> None:
    try:
        if run.status == Status.UNDONE:
            service.restore(principal(), workspace_id, run.id)
        else:
            service.undo(principal(), workspace_id, run.id)
    except UserError as refused:
        st.error(literal(refused.text), icon=":material/error:")


# Settings of the workspace


def settings(place: Here) -> None:
    """Reporting currency, business units, and the sample company."""
    if not allowed(place.principal, Action.EDIT):
        return
    section(text("How is it shown together?"))
    left, right = st.columns(2, gap="large")
    with left, st.form("currency", border=True):
        code = st.text_input(
            say(text("Reporting currency")), value=place.opened.workspace.reporting_currency, max_chars=3,
            help=say(text("Amounts in other currencies are converted with the reference rates you import.")),
        )  # fmt: skip
        if st.form_submit_button(say(text("Save"))):
            _try(lambda: workspaces.set_reporting_currency(principal(), place.scope.workspace, code))
        margin = place.opened.workspace.gross_margin
    with left, st.form("margin", border=True):
        stated = st.number_input(
            say(text("Gross margin of deals, in per cent")), min_value=0.0, max_value=100.0, step=1.0, format="%.1f",
            value=None if margin is None else float(margin * 100), placeholder=say(text("not stated")),
            help=say(text("Channel ROI is a return on margin, not on revenue. Leave it empty where it is not known.")),
        )  # fmt: skip
        if st.form_submit_button(say(text("Save"))):
            share = None if stated is None else Decimal(str(round(stated, 4))) / 100
            _try(lambda: workspaces.set_gross_margin(principal(), place.scope.workspace, share))
    with right, st.form("units", border=True):
        note(
            text(
                "A business unit's campaigns are known by how their names begin. A new name beside the same beginning renames the "
                "unit: its requests and budget scenarios go along."
            )
        )
        existing = [{"name": u.name, "begins": u.campaign_prefix} for u in place.opened.units] or [{"name": "", "begins": ""}]
        edited = st.data_editor(
            existing, num_rows="dynamic", hide_index=True, key="units_editor", alt=say(text("Business units")),
            column_config={
                "name": st.column_config.TextColumn(say(text("Business unit")), max_chars=200),
                "begins": st.column_config.TextColumn(say(text("Campaign names begin with")), max_chars=200),
            },
        )  # fmt: skip
        if st.form_submit_button(say(text("Save"))):
            units = [
                workspaces.Unit(str(row["name"] or ""), str(row["begins"] or "")) for row in edited if row["name"] or row["begins"]
            ]
            _try(lambda: workspaces.set_units(principal(), place.scope.workspace, units))
    _naming(place)
    present = {workspace.id for workspace in workspaces.present(place.principal)}
    if SAMPLE not in present and allowed(place.principal, Action.ADMINISTER):
        st.button(say(text("Load the sample company")), key="load_sample", on_click=_load_sample, icon=":material/science:")


def _naming(place: Here) -> None:
    section(text("How are campaigns to be named?"), text("Names are looked at, never refused."))
    with st.form("naming", border=True):
        pattern = st.text_input(
            say(text("Naming rule")), value=place.opened.workspace.naming_rule, max_chars=workspaces.MAX_RULE,
            placeholder="{country:BR|MX}_{channel}_{objective}_{quarter}",
            help=say(text("Parts in braces, one sign between them; after a colon, the values a part may have. Empty: no rule.")),
        )  # fmt: skip
        if st.form_submit_button(say(text("Save"))):
            _try(lambda: workspaces.set_naming_rule(principal(), place.scope.workspace, pattern))
    naming.report(service.campaign_names(principal(), place.scope.workspace), "imported")


def _load_sample() -> None:
    try:
        loader.load(principal())
    except UserError as refused:
        st.error(literal(refused.text), icon=":material/error:")
    else:
        switch_workspace(SAMPLE)


def _try(change: Callable[[], None]) -> None:
    try:
        change()
    except UserError as refused:
        st.error(literal(refused.text), icon=":material/error:")
    else:
        st.rerun()
