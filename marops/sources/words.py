"""The sentences for what the reader found: every code of a `Note`, `Question` or refusal, in words with a next step."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import reduce

from marops.language import Exact, Text, joined, message, ntext, text
from marops.sources.progress import Progress
from marops.sources.renewing import Renewed
from marops.sources.report import Note, Question, Reason, Refused, Total
from marops.sources.restating import Restated
from marops.tables import Type

_NOTES: dict[str, str] = {
    "empty_file": message("{name} is empty (0 bytes). Download it again, or check that the export had finished."),
    "blank_file": message("{name} holds nothing but blank lines. Download it again."),
    "binary_file": message(
        "{name} is not text, a spreadsheet (XLSX) or Parquet. "
        "Export the report as CSV, TSV, XLSX, Parquet, JSON or XES and try again."
    ),
    "foreign_file": message(
        "{name} is really a {kind} file, whatever its name says. "
        "Export the report as CSV, TSV, XLSX, Parquet, JSON or XES and try again."
    ),
    "not_xes": message("{name} is no XES: it begins with “{first}”. Export the event log again as XES."),
    "broken_xml": message("{name} is no complete XML: line {line} cannot be read. Export or copy the log again."),
    "declares_document_type": message(
        "{name} declares a document type, which no event log needs and which can make a small file a huge one. "
        "Export it again without one."
    ),
    "truncated_gzip": message("{name} is packed with gzip and cut short or damaged. Copy or download it again."),
    "empty_gzip": message(
        "{name} is packed with gzip and holds nothing. Download it again, or check that the export had finished."
    ),
    "packed_twice": message("{name} is packed with gzip twice. Unpack it once and give what comes out."),
    "gzip_bomb": message(
        "{name} would unpack to far more than packed exports do and was not read. Unpack it and give what comes out."
    ),
    "xml_encoding": message("{name} is XML in an encoding that cannot be read. Export the log in UTF-8."),
    "no_event": message("{name} is an event log without a single event. Export it again."),
    "truncated_parquet": message("{name} is cut short: a Parquet file must end with its index. Copy or download it again."),
    "truncated_xlsx": message("{name} cannot be opened as a spreadsheet: it is damaged or cut short. Download it again."),
    "zip_bomb": message("{name} would unpack to far more than it holds and was not opened. Save the sheet you need as CSV."),
    "no_header": message(
        "{name} has no header row: its first line is “{first}”. Add a line with the column names on top and try again."
    ),
    "no_table": message("{name} holds no table with a header row. Open it and check which sheet has the data."),
    "too_many_columns": message("The file has {columns} columns; at most {limit} are read. Export fewer columns."),
    "too_many_cells": message("Sheet {sheet} of {name} claims more than {limit} cells and was not read. Save it as CSV."),
    "open_quote": message(
        "A quotation mark opened in row {row} is never closed, so the rows after it cannot be told apart. Mend that row."
    ),
    "long_row": message(
        "From row {row} on, a row is longer than {limit} MB, which is no row of a table. Look for a cell that holds a whole file, "
        "or a quotation mark that is never closed, and mend it."
    ),
    "mixed_encoding": message(
        "Some text after row {row} is not in the encoding of the rest ({encoding}). Save the file as UTF-8 and try again."
    ),
    "broken_text": message("The file cannot be read as a table: {detail}. Export it again as CSV with one row a line."),
    "broken_json": message("{name} cannot be read as JSON from line {row} on: it is damaged or cut short. Download it again."),
    "json_repeated_field": message(
        "From line {row} of {name} on, an object gives “{field}” twice, so which of the two counts is not certain. Export it again."
    ),
    "json_too_deep": message(
        "{name} holds objects within objects, deeper than can be read. Export it as a list of records, or as CSV."
    ),
    "json_without_rows": message(
        "{name} is JSON, but neither records nor a list of them. "
        "Give a list of records, one record a line, or what Jira’s or Asana’s API returned."
    ),
    "json_object_without_rows": message(
        "{name} is one JSON object without a list of records; it has {names}. "
        "Give a list of records, one record a line, or what Jira’s or Asana’s API returned."
    ),
    "changelog_alone": message(
        "{name} is a page of one Jira issue’s changelog, which does not say of which issue. Fetch issues with their history from "
        "Jira’s search with expand=changelog, or their changes from /changelog/bulkfetch, and give that answer."
    ),
    "json_too_large": message(
        "{name} is one JSON list of more than {limit} MB. Export it as JSON lines (one record a line), CSV or Parquet."
    ),
    "beside_records": message("Beside its records the file holds {names}; what stands there was left out."),
    "records_repeated": message(
        "Records that the file holds more than once: {n} ({names}). The last of each was taken. "
        "Pages that shift while they are fetched may lack others: fetch them in the order of creation."
    ),
    "history_missing": message(
        "Of {n} of {all} issues the file holds no history, so nothing is known of how they moved: {names}. "
        "Ask Jira for it with expand=changelog."
    ),
    "history_cut_off": message(
        "Of {n} of {all} issues the file holds only part of the history, so their moves and flags were left out: {names}. "
        "Fetch what is missing from /issue/KEY/changelog, and give all of its pages in the place of the issue’s changelog."
    ),
    "several_sections": message(
        "Tasks that stand in several sections, of projects they share: {n} ({names}). The section of the first project was taken."
    ),
    "took_too_long": message(
        "Reading {name} took more than {seconds} seconds and was stopped. Split the file, or export a shorter range."
    ),
    "reader_died": message(
        "{name} could not be read within the limits of memory and time. Split the file, or save it as plain CSV."
    ),
    "too_large": message(
        "{name} is {size} MB; uploads are limited to {limit} MB. Run “marops import FILE” on the server instead, "
        "or export a shorter range."
    ),
    "encoding_guessed": message("The text's encoding was guessed: {encoding}. Check that names with accents look right."),
    "sheet_without_table": message("Sheet {sheet} holds no table with a header row and was left out."),
    "left_out": message("Left out by choice: {names}."),
    "report_without_table": message("Report {number} of the file holds no table with a header row and was left out."),
    "not_recognised": message("This layout is not known yet. Say on the Data page which column is what; marops remembers it."),
    "needs_columns": message(
        "Rows of {table} need {columns}. Say on the Data page which columns hold them, or give one value for all rows."
    ),
    "rounded_ids": message(
        "“{column}” holds ids that a spreadsheet has rounded ({n}; the first, in {place}, says “{value}”): different ones may "
        "look the same. Export the file again and give it as it is, without saving it from a spreadsheet."
    ),
    "created_only": message(
        "“Created” is one moment for all changes of each issue: when it was created, not when it moved. Say which column says when "
        "each change was made; without one nothing is known of how issues moved, or were flagged."
    ),
    "no_date": message(
        "No cell of “{column}” can be read as a date; the first, in {place}, says “{value}”. "
        "Write dates as 2026-05-31 or 31/05/2026, with a time as 2026-05-31 14:05."
    ),
    "no_rows": message("There are no rows below the header: an empty report. Nothing was changed."),
    "account_currency": message(
        "{account} is in {here} here, and in {there} in {source}. One of the files must be wrong: check before you import."
    ),
    "millionths": message("Amounts in {columns} are given in millionths and were divided by a million."),
    "serials": message(
        "Some dates in {columns} are a spreadsheet’s numbers of days (45292) and were read as the days they stand for."
    ),
    "times_in_zone": message("Times were read as {zone} time, as the file says, and are kept in UTC."),
    "times_in_chosen_zone": message("Times without a time zone were read as {zone} time, as was chosen, and are kept in UTC."),
    "times_as_utc": message("Times without a time zone were taken as UTC. Another can be said under Columns, or with --zone."),
}

_COUNTED: dict[str, Callable[[int, Mapping[str, object]], Text]] = {
    "one_page": lambda n, values: ntext(
        "The file is one page of a longer answer: it holds {n} record, and others stand on pages of their own. Import those, too.",
        "The file is one page of a longer answer: it holds {n} records, and others stand on pages of their own. Import those, too.",
        n, **values,
    ),
    "pages_missing": lambda n, values: ntext(
        "The file holds {pages} pages of a longer answer with {n} record; others are missing. "
        "Fetch all pages, or import those, too.",
        "The file holds {pages} pages of a longer answer with {n} records; others are missing. "
        "Fetch all pages, or import those, too.",
        n, **values,
    ),
    "one_moment": lambda n, values: ntext(
        "All moves of each item have one moment in “{column}” ({n} item with several moves). Is it when they moved, and not when "
        "the item was created, or the file was made?",
        "All moves of each item have one moment in “{column}” ({n} items with several moves). Is it when they moved, and not when "
        "the item was created, or the file was made?",
        n, **values,
    ),
    "traces_joined": lambda n, values: ntext(
        "{n} case stands in the log as several traces of one name ({names}); their events were joined. "
        "Where they are different cases, give each a concept:name of its own.",
        "{n} cases stand in the log as several traces of one name ({names}); their events were joined. "
        "Where they are different cases, give each a concept:name of its own.",
        n, **values,
    ),
}  # fmt: skip

_QUESTIONS: dict[str, str] = {
    "decimal_mark": message("In “{column}” ({samples}) the mark could separate thousands or decimals. Which is it?"),
    "date_order": message("In “{column}” ({samples}) the first number could be the day or the month. Which is it?"),
    "currency": message("“{column}” does not say its currency. Which is it?"),
    "currency_conflict": message("“{column}” ({samples}): the file names more than one currency for it. Which is right?"),
    "platform": message("The file does not say which ad platform it comes from. Which is it?"),
    "subtotals": message(
        "Some rows with “All” in “{column}” add others up and some do not, so they could be counted twice. "
        "Take the sums out of the file and try again."
    ),
    "untied": message(
        "The file’s own total of “{column}” is not what its rows add up to ({samples}). "
        "Look for rows that are missing, or that already are the sum of others."
    ),
    "period": message("The file does not say which days it covers. Which first and last day?"),
}

_RULES: dict[str, str] = {
    "unreadable": message("cannot be read as what the column holds"),
    "required": message("is missing and has to be there"),
    "minimum": message("is below {limit}"),
    "maximum": message("is above {limit}"),
    "allowed": message("is not one of {limit}"),
    "too_long": message("is longer than {limit} bytes"),
    "ends_before_start": message("lies before the first day"),
    "repeated_key": message("describes the same thing and days as row {limit}"),
    "wrong_width": message("has {limit} of the header's cells"),
}

_ASIDE: dict[str, str] = {
    "total": message("total"),
    "subtotal": message("subtotal"),
    "statistic": message("average or the like"),
    "blank": message("blank"),
    "note": message("note beside the table"),
    "label": message("description of the columns"),
    "earlier_state": message("earlier state of a later row"),
    "other_change": message("change of another field"),
}

_REASONS: dict[str, str] = {
    "hand": message("you said so"),
    "memory": message("as it was said for an earlier file with these headers"),
    "tells_apart": message("tells rows apart, and is kept with them"),
    "turned": message("each of its cells becomes a row"),
    "unused": message("not needed: nothing here is made of it"),
    "table": message("{names} are what the columns of such files are called"),
    "only_days": message("its values are days, and no other column’s are"),
    "only_amounts": message("the only column of amounts"),
    "only_currencies": message("its values are currency codes"),
    "only_addresses": message("its values are web addresses"),
    "taken": message("“{column}” is taken for it already"),
    "misfit": message("its name says {column}, but its values are of another kind"),
    "ambiguous": message("“{word}” means different things in different tools"),
    "several": message("{names} all have “{word}” in their names: only you know which"),
    "ratio": message("not needed: marops works out rates and averages itself"),
    "empty": message("it is empty"),
    "days_unnamed": message("its values are days, but nothing says of what"),
    "numbers_unnamed": message("its values are numbers, but nothing we know has this name"),
    "unnamed": message("nothing we know has this name"),
}

_ALL_BUT = 0.97


def why(reason: Reason) -> Text:
    """Why a column is taken for something, or for nothing."""
    names, count = joined(reason.names, 2), len(reason.names)
    match reason.code:
        case "called":
            return ntext("{names} calls it so", "{names} call it so", count, names=names)
        case "called_in_part":
            return ntext(
                "has “{word}” in its name, as {names} calls it", "has “{word}” in its name, as {names} call it", count,
                names=names, **reason.values,
            )  # fmt: skip
        case "texts_unnamed":
            n = int(reason.values["n"])
            return ntext(
                "the same text everywhere, and nothing we know has this name",
                "{n} different texts, but nothing we know has this name", n,
            )  # fmt: skip
        case _:
            return text(_REASONS[reason.code], names=joined(reason.names, 4), **reason.values)


def restated(found: Restated) -> Text:
    """What taking a file again would replace."""
    said = ntext(
        "{n} row of {file} lies in the same days of the same account and would be replaced",
        "{n} rows of {file} lie in the same days of the same account and would be replaced",
        found.rows, file=joined(found.files),
    )  # fmt: skip
    gone = ntext("; {n} of them does not come again", "; {n} of them do not come again", found.gone) if found.gone else ""
    if found.spent:
        currency, before, after = found.spent
        spent = text(
            "; spend of those days goes from {before} to {after}",
            before=Exact(before, currency),
            after=Exact(after, currency),
        )
    else:
        spent = ""
    return text("{said}{gone}{spent}.", said=said, gone=gone, spent=spent)


def renewed(found: Renewed) -> Text:
    """Whose place a newer export would take."""
    gone = (
        ntext("; {n} row of their history does not come again", "; {n} rows of their history do not come again", found.gone)
        if found.gone
        else ""
    )
    renamed = (
        ntext("; {n} of them comes under another id", "; {n} of them come under other ids", found.renamed) if found.renamed else ""
    )
    return ntext(
        "Takes the place of {file}, imported on {moment}: {n} item in {tables}{renamed}{gone}.",
        "Takes the place of {file}, imported on {moment}: {n} items in {tables}{renamed}{gone}.",
        found.items, file=found.file_name, moment=found.imported_at, tables=joined(found.tables), renamed=renamed, gone=gone,
    )  # fmt: skip


def untied(header: str, total: Total, currency: str | None = None) -> Text:
    """What to say of a total of the file's own that is not what its rows add up to. `currency`: of amounts."""
    return text(
        "{column}: row {row} of the file says {file}, its rows add up to {ours} ({difference}). Platforms round and restate; "
        "where it is more than rounding, look for rows that are missing.",
        column=header, row=str(total.row), file=Exact(Decimal(total.file), currency),
        ours=Exact(Decimal(total.ours), currency), difference=Exact(Decimal(total.difference), currency),
    )  # fmt: skip


def note(found: Note) -> Text:
    """The sentence for a note or failure."""
    # A row's number is a name, not an amount.
    values = {name: str(value) if name in _PLACES else value for name, value in found.values.items()}
    if found.code in _COUNTED:
        return _COUNTED[found.code](int(values.pop("n")), values)
    places = [text(said, **{name: values[name]}) for name, said in _PLACES.items() if name in values]
    return text(_NOTES[found.code], **values, **({"place": places[0]} if places else {}))


_PLACES = {"row": message("row {row}"), "event": message("event {event} of the log")}
"""Where something stands in a file: an event log in XES has no rows."""


def question(asked: Question) -> Text:
    """The question for a person."""
    return text(_QUESTIONS[asked.code], column=asked.column, samples=", ".join(asked.samples[:3]))


def sentences(found: Iterable[Text]) -> Text:
    """Sentences, one after the other; at least one."""
    return reduce(lambda before, said: text("{before} {said}", before=before, said=said), found)


def reason(refused: Refused) -> Text:
    """Why a cell was refused."""
    if refused.rule == "required" and refused.value.strip():
        return text("stands for no value, and there has to be one")
    return reason_of(refused.rule, refused.limit)


def reason_of(rule: str, limit: str) -> Text:
    """Why a cell was refused, from the rule's code."""
    return text(_RULES[rule], limit=limit)


_UNREAD: dict[Type, str] = {
    Type.INT: message("not a whole number"),
    Type.DECIMAL: message("not a number"),
    Type.DATE: message("not a day"),
    Type.TIMESTAMP: message("not a moment"),
    Type.BOOL: message("neither yes nor no"),
    Type.TEXT: message("not a word known here"),
}


def unread(kind: Type) -> Text:
    """What a cell is not, that cannot be read as a value of this type."""
    return text(_UNREAD[kind])


def aside(why: str) -> Text:
    """Why a row is not data."""
    return text(_ASIDE[why])


def progress(found: Progress) -> Text:
    """How far a file is: rows, and the time left. Checking what has been read takes a time that the rows do not tell."""
    if found.rows and found.total and found.rows >= _ALL_BUT * found.total:
        return text(
            "{name}: {rows} rows read, now being checked, {time} so far",
            name=found.name, rows=found.total, time=_duration(found.elapsed),
        )  # fmt: skip
    if found.estimated and found.left is not None:
        left = text("about {time} left, estimated from its size", time=_duration(found.left))
    elif found.left is not None:
        left = text("about {time} left", time=_duration(found.left))
    else:
        left = text("{time} so far", time=_duration(found.elapsed))
    if found.rows and found.total:
        return text("{name}: {rows} of {total} rows, {left}", name=found.name, rows=found.rows, total=found.total, left=left)
    if found.rows:
        return text("{name}: {rows} rows, {left}", name=found.name, rows=found.rows, left=left)
    return text("Reading {name}, {left}", name=found.name, left=left)


def _duration(seconds: float) -> Text:
    if seconds < 90:
        return text("{n} s", n=max(1, round(seconds)))
    return text("{n} min", n=round(seconds / 60))
