"""The Data page's parts: choose a file, see what is in it, map what is not known, take it or leave it, undo."""

from collections.abc import Callable, Sequence

import polars as pl
import streamlit as st

from marops.errors import UserError
from marops.language import Text, ntext, text
from marops.principal import Action, allowed
from marops.sample import loader
from marops.settings import UPLOAD_LIMIT_MB
from marops.sources import service, words
from marops.sources.report import Mapping, Part, Refused
from marops.sources.service import Freshness, Preview
from marops.sources.store import ImportRun, Status
from marops.tables import TABLES
from marops.web.components import note, section
from marops.web.scope import Here, switch_workspace
from marops.web.session import literal, principal, reader, say
from marops.web.tables import safe_csv, table
from marops.workspaces import service as workspaces
from marops.workspaces.store import OWN, SAMPLE

_PREVIEW = "marops_preview"
_DONE = "marops_done"
_TYPES = ["csv", "tsv", "txt", "xlsx", "parquet"]


def sentence(found: Sequence[Freshness], place: Here) -> Text:
    """One sentence on what there is."""
    if not found:
        return text("Nothing has been imported yet. Choose a file below; nothing counts until you accept it.")
    rows = sum(entry.rows for entry in found)
    return text(
        "{rows} rows in {tables} tables, the latest of {day}.", rows=rows, tables=len(found), day=place.opened.last_day or "–"
    )


# Importing


def panel(place: Here) -> None:
    """Choose files, preview them one after the other, accept or cancel."""
    if not allowed(place.principal, Action.IMPORT):
        note(text("Your role may look at imports, not make them. Ask an admin for the manager role."))
        return
    section(
        text("Which file do you want to bring in?"),
        text(
            "CSV, TSV, XLSX or Parquet up to {limit} MB. Known layouts are recognised; anything else you map once.",
            limit=UPLOAD_LIMIT_MB,
        ),
    )
    if done := st.session_state.pop(_DONE, None):
        st.success(literal(done), icon=":material/check_circle:")
    if not st.session_state.get(_PREVIEW):
        service.ready_to_read(principal())
    upload = st.file_uploader(
        say(text("Files")), type=_TYPES, key=f"upload_{st.session_state.get('upload_round', 0)}", label_visibility="collapsed"
    )
    if upload is not None and st.session_state.get("upload_read") != upload.file_id:
        st.session_state["upload_read"] = upload.file_id
        _read(upload.name, upload.getvalue())
    preview_id = st.session_state.get(_PREVIEW)
    if preview_id:
        try:
            _preview(service.load_preview(principal(), preview_id), place)
        except UserError as refused:
            st.session_state.pop(_PREVIEW, None)
            st.error(literal(refused.text), icon=":material/error:")


def _read(name: str, content: bytes) -> None:
    st.session_state.pop(_PREVIEW, None)
    with st.spinner(say(text("Reading {name}", name=name)), show_time=True):
        try:
            st.session_state[_PREVIEW] = service.preview_upload(principal(), OWN, name, content).id
        except UserError as refused:
            st.error(literal(refused.text), icon=":material/error:")


def _preview(preview: Preview, place: Here) -> None:
    with st.container(border=True, key="preview"):
        st.markdown(f"**{literal(preview.file_name)}**")
        if preview.repeats:
            st.warning(
                say(
                    text(
                        "These very bytes were imported on {moment}. There is nothing new in them.",
                        moment=preview.repeats.imported_at,
                    )
                ),
                icon=":material/content_copy:",
            )
        for found in preview.report.notes:
            note(words.note(found))
        for index, part in enumerate(preview.report.parts):
            _part(preview, part, index)
        _decision(preview, place)


def _part(preview: Preview, part: Part, index: int) -> None:
    r = reader()
    heading = part.recognised_as or (TABLES[part.mapping.table].name if part.mapping else say(text("not recognised")))
    label = f"{part.name}: {heading}" if part.name else heading
    st.markdown(f"{literal(label)}")
    if part.staged is not None:
        counts = [
            say(ntext("{n} row ready", "{n} rows ready", part.rows_ready)),
            say(ntext("{n} refused", "{n} refused", part.rows_refused)),
            say(ntext("{n} set aside", "{n} set aside", part.set_aside_count)),
        ]
        if part.staged.first_day and part.staged.last_day:
            counts.append(r.span(part.staged.first_day, part.staged.last_day))
        note(text("{counts}", counts=" · ".join(counts)))
        _sums(part, index)
    for found in part.notes:
        note(words.note(found))
    for asked in part.questions:
        st.warning(literal(words.question(asked)), icon=":material/help:")
    if part.refused:
        _refused(part.refused, f"preview_{index}", say(text("Refused cells")))
    if part.set_aside and st.toggle(say(text("Show the rows that are not data")), key=f"aside_{preview.id}_{index}"):
        rows = [(row.row, say(words.aside(row)), row.label) for row in part.set_aside[:500]]
        schema = {say(text("Row")): pl.Int64, say(text("Why")): pl.String, say(text("Text")): pl.String}
        table(
            pl.DataFrame(rows, schema=schema, orient="row"),
            key=f"aside_table_{index}",
            alt=say(text("Rows set aside")),
            name="set-aside",
        )
    open_by_itself = part.mapping is None or bool(part.questions) or part.staged is None
    mapping = st.expander(say(text("Columns")), expanded=open_by_itself, key=f"mapping_{preview.id}_{index}", on_change="rerun")
    if mapping.open:
        with mapping:
            _mapping(preview, part, index)


def _sums(part: Part, index: int) -> None:
    """Our sums beside the file's own totals: nobody should have to trust either."""
    stated = {total.column: total for total in part.totals if total.describes_rows}
    if not part.sums:
        return
    headers = {column.canonical: column.header for column in part.columns if column.canonical}
    rows = [
        (
            headers.get(name, name),
            value,
            stated[name].file if name in stated else None,
            stated[name].difference if name in stated else None,
            stated[name].label if name in stated else None,
        )
        for name, value in part.sums.items()
    ]
    schema = {
        say(text("Column")): pl.String, say(text("Our sum")): pl.String, say(text("The file’s total")): pl.String,
        say(text("Difference")): pl.String, say(text("Total row")): pl.String,
    }  # fmt: skip
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    if not stated:
        frame = frame.select(frame.columns[:2])
    st.dataframe(frame, hide_index=True, key=f"sums_{index}", alt=say(text("Sums of the rows beside the file's own totals")))
    if len(part.currencies) > 1:
        note(text("Amounts in several currencies ({codes}) are not added up here.", codes=", ".join(part.currencies)))


def _refused(cells: Sequence[Refused], key: str, title: str) -> None:
    rows = [(cell.row, cell.column, cell.value, say(words.reason(cell))) for cell in cells]
    schema = {
        say(text("Row")): pl.Int64,
        say(text("Column")): pl.String,
        say(text("Value")): pl.String,
        say(text("Reason")): pl.String,
    }
    table(pl.DataFrame(rows, schema=schema, orient="row"), key=f"refused_{key}", alt=title, name="refused")


def _mapping(preview: Preview, part: Part, index: int) -> None:
    """Say which column is what. What recognition found is filled in; what is chosen here is remembered."""
    current = part.mapping or Mapping(table="ad_performance")
    names = list(TABLES)
    with st.form(f"map_{preview.id}_{index}", border=False):
        chosen = st.selectbox(say(text("Rows of")), names, index=names.index(current.table), key=f"map_table_{preview.id}_{index}")
        target = TABLES[chosen]
        options = [-1, *range(len(part.headers))]
        picked: dict[str, int] = {}
        constants: dict[str, str] = {}
        required = [column for column in target.columns if column.required]
        others = [column for column in target.columns if not column.required]
        for column in [*required, *others]:
            left, right = st.columns([3, 2])
            default = current.columns.get(column.name, -1) if chosen == current.table else -1
            with left:
                position = st.selectbox(
                    f"{column.name}{' *' if column.required else ''}",
                    options,
                    index=options.index(default if default in options else -1),
                    key=f"map_{preview.id}_{index}_{chosen}_{column.name}",
                    help=column.description,
                    format_func=lambda found: _column_label(part, found),
                )
            with right:
                constant = st.text_input(
                    say(text("or one value for all rows")),
                    value=current.constants.get(column.name, "") if chosen == current.table else "",
                    key=f"const_{preview.id}_{index}_{chosen}_{column.name}",
                    max_chars=200,
                )
            if position >= 0:
                picked[column.name] = position
            elif constant.strip():
                constants[column.name] = constant.strip()
        marks = {"": say(text("as the values show")), ".": "1,234.56", ",": "1.234,56"}
        decimal = st.selectbox(
            say(text("Numbers are written")),
            list(marks),
            index=list(marks).index(current.decimal or ""),
            format_func=lambda m: marks[m],
            key=f"dec_{preview.id}_{index}",
        )
        orders = {"": say(text("as the values show")), "dmy": say(text("day first")), "mdy": say(text("month first"))}
        dates = st.selectbox(
            say(text("Dates are written")),
            list(orders),
            index=list(orders).index(current.dates or ""),
            format_func=lambda o: orders[o],
            key=f"dat_{preview.id}_{index}",
        )
        if st.form_submit_button(say(text("Read again with these columns")), type="primary"):
            same_shape = chosen == current.table and picked.items() >= current.columns.items()
            wanted = Mapping(
                table=chosen, shape=current.shape if same_shape else "custom", columns=picked, constants=constants,
                decimal=decimal or None, dates=dates or None,
            )  # fmt: skip
            try:
                with st.spinner(say(text("Reading again")), show_time=True):
                    st.session_state[_PREVIEW] = service.remap(principal(), preview, {part.name: wanted}).id
            except UserError as refused:
                st.error(literal(refused.text))
            else:
                st.rerun()


def _column_label(part: Part, position: int) -> str:
    if position < 0:
        return "–"
    column = part.columns[position]
    samples = ", ".join(column.samples[:3])
    return f"{column.header} ({samples})" if samples else column.header


def _decision(preview: Preview, place: Here) -> None:
    ready = sum(part.rows_ready for part in preview.ready)
    with st.container(horizontal=True):
        if ready and not preview.repeats:
            if preview.rows_refused:
                label = ntext(
                    "Import the {n} valid row, leave out the refused", "Import the {n} valid rows, leave out the refused", ready
                )
            else:
                label = ntext("Import {n} row", "Import {n} rows", ready)
            st.button(say(label), type="primary", key="accept", on_click=_accept, args=(preview,))
        st.button(say(text("Cancel")), key="cancel", on_click=_cancel, args=(preview,))
    if place.opened.workspace.is_sample and ready:
        note(text("Your rows go into your own workspace, not into the sample company."))


def _accept(preview: Preview) -> None:
    try:
        run = service.accept(principal(), preview, leave_out_refused=True)
    except UserError as refused:
        st.session_state[_PREVIEW] = preview.id
        st.error(literal(refused.text), icon=":material/error:")
        return
    _forget()
    st.session_state[_DONE] = say(
        ntext("{n} row of {file} imported.", "{n} rows of {file} imported.", run.rows_loaded, file=run.file_name)
    )
    if st.query_params.get("ws") != OWN:
        switch_workspace(OWN)


def _cancel(preview: Preview) -> None:
    service.cancel(principal(), preview)
    _forget()


def _forget() -> None:
    st.session_state.pop(_PREVIEW, None)
    st.session_state["upload_round"] = st.session_state.get("upload_round", 0) + 1


# What there is


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
    for run in runs[:50]:
        _run(run, place, is_detail=run.id in detail)
    if len(runs) > 50:
        note(text("and {n} older ones", n=len(runs) - 50))


def _run(run: ImportRun, place: Here, *, is_detail: bool) -> None:
    r = reader()
    undone = run.status == Status.UNDONE
    facts = [run.tables, say(ntext("{n} row", "{n} rows", run.rows_loaded))]
    if run.rows_refused:
        facts.append(say(ntext("{n} refused", "{n} refused", run.rows_refused)))
    if undone:
        facts.append(say(text("undone by {name}", name=run.undone_by or "")))
    if is_detail:
        facts.append(say(text("kept as detail: the same spend is counted from another file")))
    facts.append(f"{run.imported_by}, {r.moment(run.imported_at)}")
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
    with right, st.form("units", border=True):
        note(text("A business unit's campaigns are known by how their names begin."))
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
    present = {workspace.id for workspace in workspaces.present(place.principal)}
    if SAMPLE not in present and allowed(place.principal, Action.ADMINISTER):
        st.button(say(text("Load the sample company")), key="load_sample", on_click=_load_sample, icon=":material/science:")


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
