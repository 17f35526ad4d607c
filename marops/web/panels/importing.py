"""Bringing a file in: choose it, see what is in it, map what is not known, take it or leave it."""

from collections.abc import Sequence
from decimal import Decimal

import polars as pl
import streamlit as st

from marops.errors import UserError
from marops.language import Exact, Text, joined, ntext, text
from marops.principal import Action, allowed
from marops.scorecard import managing
from marops.settings import UPLOAD_LIMIT_MB
from marops.sources import service, words
from marops.sources.report import Mapping, Part, Refused
from marops.sources.service import Preview
from marops.tables import TABLES
from marops.web.components import note, section
from marops.web.panels import answers, following, mapping, naming, reading
from marops.web.scope import Here, switch_workspace
from marops.web.session import literal, principal, reader, say
from marops.web.tables import table
from marops.workspaces.store import OWN

_PREVIEW = "marops_preview"
_DONE = "marops_done"
_TYPES = ["csv", "tsv", "txt", "xlsx", "parquet", "json", "jsonl", "ndjson", "xes", "gz"]


def panel(place: Here) -> None:
    """Choose files, preview them one after the other, accept or cancel."""
    if not allowed(place.principal, Action.IMPORT):
        note(text("Your role may look at imports, not make them. Ask an admin for the manager role."))
        return
    section(
        text("Which file do you want to bring in?"),
        text(
            "CSV, TSV, XLSX, Parquet, JSON or XES up to {limit} MB. Known layouts are recognised; anything else you map once.",
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
        st.session_state.pop(_PREVIEW, None)
        reading.begin(lambda: service.start_upload(principal(), OWN, upload.name, upload.getvalue()))
    if reading.by_path():
        st.session_state.pop(_PREVIEW, None)
    if ready := reading.result():
        st.session_state[_PREVIEW] = ready
    preview_id = st.session_state.get(_PREVIEW)
    if preview_id:
        try:
            _preview(service.load_preview(principal(), preview_id), place)
        except UserError as refused:
            st.session_state.pop(_PREVIEW, None)
            st.error(literal(refused.text), icon=":material/error:")


def show(preview: Preview) -> None:
    """Let the panel show this preview on its next run."""
    st.session_state[_PREVIEW] = preview.id


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
        preview = _chosen(preview)
        for index, part in enumerate(preview.report.parts):
            if part.name not in preview.left_out:
                _part(preview, part, index)
        for said in service.counted(principal(), preview):
            st.warning(literal(said), icon=":material/content_copy:")
        converted = service.converted(principal(), preview)
        for said in converted.known:
            note(said)
        for said in converted.lacking:
            st.warning(literal(said), icon=":material/currency_exchange:")
        for said in managing.in_file(principal(), preview.workspace_id, service.staged_rows(principal(), preview, "target")):
            st.warning(literal(said), icon=":material/flag:")
        naming.report(service.named(principal(), preview), "preview")
        _decision(preview, place)


def _chosen(preview: Preview) -> Preview:
    """The preview with the tables somebody wants. Those that are known are wanted until somebody says otherwise."""
    parts = preview.report.parts
    if len(parts) < 2:
        return preview
    named = {part.name: f"{part.name or '#1'} ({_heading(part)})" for part in parts}
    wanted = st.multiselect(
        say(text("Which of its tables do you want to bring in?")), list(named), [part.name for part in parts if part.mapping],
        key=f"parts_{preview.id}", format_func=lambda name: named[name], placeholder=say(text("Choose tables")),
    )  # fmt: skip
    chosen = preview.without(named.keys() - wanted)
    if chosen.left_out:
        note(text("Left out: {names}.", names=joined([named[part.name] for part in parts if part.name in chosen.left_out], 12)))
    if twice := service.doubled(principal(), chosen):
        st.warning(literal(twice), icon=":material/content_copy:")
    return chosen


def _called(part: Part) -> str:
    """A table's name in its file, and what it was taken for."""
    return f"{part.name}: {_heading(part)}" if part.name else _heading(part)


def _heading(part: Part) -> str:
    return part.recognised_as or (TABLES[part.mapping.table].name if part.mapping else say(text("not recognised")))


def _part(preview: Preview, part: Part, index: int) -> None:
    r = reader()
    st.markdown(literal(_called(part)))
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
    if part.source == "memory":
        _memory(preview, part, index)
    answers.asked(part, f"{preview.id}_{index}", lambda wanted: _read_again(preview, {part.name: wanted}))
    if part.refused:
        _refused(part.refused, f"preview_{index}", say(text("Refused cells")))
    if part.set_aside and st.toggle(say(text("Show the rows that are not data")), key=f"aside_{preview.id}_{index}"):
        rows = [(row.row, say(words.aside(row.why)), row.label) for row in part.set_aside[:500]]
        schema = {say(text("Row")): pl.Int64, say(text("Why")): pl.String, say(text("Text")): pl.String}
        table(
            pl.DataFrame(rows, schema=schema, orient="row"),
            key=f"aside_table_{index}",
            alt=say(text("Rows set aside")),
            name="set-aside",
        )
    open_by_itself = part.mapping is None or bool(part.questions) or part.staged is None
    columns = st.expander(say(text("Columns")), expanded=open_by_itself, key=f"mapping_{preview.id}_{index}", on_change="rerun")
    if columns.open:
        with columns:
            mapping.panel(preview, part, f"{preview.id}_{index}", lambda wanted: _read_again(preview, {part.name: wanted}))


def _memory(preview: Preview, part: Part, index: int) -> None:
    """Whose mapping this is, and how to be rid of it."""
    found = service.remembered(principal(), preview).get(part.signature)
    if found is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        note(text("Mapped as {name} said on {moment} for a file with these headers.", name=found.chosen_by, moment=found.chosen_at))
        if st.button(say(text("Forget that")), key=f"forget_{preview.id}_{index}", type="tertiary"):
            service.forget_mapping(principal(), preview.workspace_id, part.signature)
            _read_again(preview, {})


def _sums(part: Part, index: int) -> None:
    """Our sums beside the file's own totals: nobody should have to trust either."""
    stated = {total.column: total for total in part.totals if total.describes_rows}
    if not part.sums:
        return
    headers = {column.canonical: column.header for column in part.columns if column.canonical}
    rows: list[tuple[str | None, ...]] = []
    for name, value in part.sums.items():
        header, currency = headers.get(name, name), part.currency_of(name)
        if total := stated.get(name):
            exact = [_exact(number, currency) for number in (value, total.file, total.difference)]
            rows.append((header, *exact, f"{total.row} {total.label}".strip()))
        else:
            rows.append((header, _exact(value, currency), None, None, None))
    names = [
        say(text("Column")),
        say(text("Our sum")),
        say(text("The file’s total")),
        say(text("Difference")),
        say(text("Total row")),
    ]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String()), orient="row")
    if not stated:
        frame = frame.select(frame.columns[:2])
    right = {name: st.column_config.TextColumn(alignment="right") for name in names[1:4]}
    st.dataframe(
        frame, hide_index=True, key=f"sums_{index}", alt=say(text("Sums of the rows beside the file's own totals")),
        column_config=right,
    )  # fmt: skip
    for name, total in stated.items():
        if Decimal(total.difference):
            st.warning(literal(words.untied(headers.get(name, name), total, part.currency_of(name))), icon=":material/balance:")
    if len(part.currencies) > 1:
        note(text("Amounts in several currencies ({codes}) are not added up here.", codes=", ".join(part.currencies)))


def _exact(value: str, currency: str | None) -> str:
    return reader().say(Exact(Decimal(value), currency))


def _refused(cells: Sequence[Refused], key: str, title: str) -> None:
    rows = [(cell.row, cell.column, cell.value, say(words.reason(cell))) for cell in cells]
    schema = {
        say(text("Row")): pl.Int64,
        say(text("Column")): pl.String,
        say(text("Value")): pl.String,
        say(text("Reason")): pl.String,
    }
    table(pl.DataFrame(rows, schema=schema, orient="row"), key=f"refused_{key}", alt=title, name="refused")


def _read_again(preview: Preview, wanted: dict[str, Mapping]) -> None:
    if reading.begin(lambda: service.start_remap(principal(), preview, wanted)):
        st.session_state.pop(_PREVIEW, None)
        st.rerun()


def _decision(preview: Preview, place: Here) -> None:
    ready = sum(part.rows_ready for part in preview.ready)
    restated = service.restated(principal(), preview)
    for found in restated:
        st.warning(literal(words.restated(found)), icon=":material/published_with_changes:")
    renewal = service.renewed(principal(), preview)
    for found in renewal.replaced:
        st.warning(literal(words.renewed(found)), icon=":material/published_with_changes:")
    for said in (renewal.hindered, renewal.doubted):
        if said:
            st.warning(literal(said), icon=":material/content_copy:")
    replacing = bool(restated or renewal.replaced)
    with st.container(horizontal=True):
        if ready and not preview.repeats and not renewal.hindered and not service.doubled(principal(), preview):
            if replacing:
                label = ntext("Replace them by the {n} row", "Replace them by the {n} rows", ready)
            elif preview.rows_refused:
                label = ntext(
                    "Import the {n} valid row, leave out the refused", "Import the {n} valid rows, leave out the refused", ready
                )
            else:
                label = ntext("Import {n} row", "Import {n} rows", ready)
            st.button(say(label), type="primary", key="accept", on_click=_accept, args=(preview, replacing))
        st.button(say(text("Cancel")), key="cancel", on_click=_cancel, args=(preview,))
    if place.opened.workspace.is_sample and ready:
        note(text("Your rows go into your own workspace, not into the sample company."))
    if not preview.repeats:
        following.offer(preview, _followed)


def _accept(preview: Preview, replacing: bool) -> None:  # noqa: FBT001  (Streamlit passes arguments by position)
    try:
        run = service.accept(principal(), preview, leave_out_refused=True, replacing=replacing)
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


def _followed(said: Text) -> None:
    _forget()
    st.session_state[_DONE] = say(said)
    if st.query_params.get("ws") != OWN:
        switch_workspace(OWN)


def _cancel(preview: Preview) -> None:
    service.cancel(principal(), preview)
    _forget()


def _forget() -> None:
    st.session_state.pop(_PREVIEW, None)
    st.session_state["upload_round"] = st.session_state.get("upload_round", 0) + 1
