"""What an import has to say where there is no page: lines for a terminal, and a record for programs."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from marops.language import Exact, Reader, Text, joined, message, ntext, text
from marops.naming import Named
from marops.sources import words
from marops.sources.previews import Preview
from marops.sources.report import Part, Question, Refused

_REFUSED = 20
_NAMES = 10
_OPTIONS = {
    "date_order": message("Say the order of dates with --dates dmy or --dates mdy."),
    "decimal_mark": message("Say the decimal mark with --decimal . or --decimal , and try again."),
    "currency": message("Say the currency with --set, as in --set currency_code=BRL."),
}
"""How `marops import` is told the answers to questions; others are answered on the Data page."""

_KEPT = {"name", "recognised_as", "rows_read", "rows_ready", "rows_refused", "set_aside_count", "sums", "totals", "refused"}


def imported(preview: Preview) -> Iterator[Text]:
    """The tables taken with their counts and sums beside the file's own, what was not taken and why."""
    for part in preview.ready:
        name = f"{preview.file_name} ({part.name})" if part.name else preview.file_name
        yield ntext(
            "{name}: {n} row into {table}; {read} read, {aside} set aside, {refused} refused",
            "{name}: {n} rows into {table}; {read} read, {aside} set aside, {refused} refused", part.rows_ready, name=name,
            table=part.rows.table, read=part.rows_read, aside=part.set_aside_count,
            refused=part.rows_refused,
        )  # fmt: skip
        stated = {total.column: total for total in part.totals if total.describes_rows}
        for column, value in part.sums.items():
            currency = part.currency_of(column)
            ours = Exact(Decimal(value), currency)
            if beside := stated.get(column):
                yield text("  {column} {ours} (file: {file}, difference {difference})", column=column, ours=ours,
                           file=Exact(Decimal(beside.file), currency),
                           difference=Exact(Decimal(beside.difference), currency))  # fmt: skip
            else:
                yield text("  {column} {ours}", column=column, ours=ours)
        for found in part.notes:
            yield text("  {said}", said=words.note(found))
    for found in preview.report.notes:
        yield text("  {said}", said=words.note(found))
    for part in preview.parts:
        if not part.is_ready:
            why = [words.note(note) for note in part.notes] + [words.question(question) for question in part.questions]
            said = text("{name}: nothing was taken. {why}", name=part.name, why=words.sentences(why))
            yield text("  {said}", said=with_options(said, part.questions))
    if preview.left_out:
        yield text("  left out by choice: {names}", names=joined(sorted(preview.left_out), 12))


def with_options(why: Text, questions: Iterable[Question]) -> Text:
    """Why nothing was taken, and the options that answer these questions, where any do."""
    options = dict.fromkeys(_OPTIONS[asked.code] for asked in questions if asked.code in _OPTIONS)
    return words.sentences([why, *map(text, options)])


def refusals(parts: Iterable[Part]) -> Iterator[Text]:
    """The first refused cells of each table, and how many rows were refused in all."""
    for part in parts:
        for cell in part.refused[:_REFUSED]:
            yield text("  {place}, {column} “{value}” {reason}", place=place(cell), column=cell.column, value=cell.value,
                       reason=words.reason(cell))  # fmt: skip
        if part.rows_refused > _REFUSED:
            yield ntext("  {n} row refused in all", "  {n} rows refused in all", part.rows_refused)


def place(cell: Refused) -> Text:
    """Where in its file a refused cell stands."""
    if cell.of is None:
        return text("row {row}", row=str(cell.row))
    return text("event {row} of the log, case “{case}”", row=str(cell.row), case=cell.of)


def names(found: Named) -> Iterator[Text]:
    """How many campaign names follow the rule, and the first that do not."""
    yield text("  {followed} of {n} campaign names follow the rule {rule}", followed=found.followed, n=found.names,
               rule=found.rule.pattern)  # fmt: skip
    for name, why in found.unlike[:_NAMES]:
        yield text("    {name}: {why}", name=name, why=why)
    if len(found.unlike) > _NAMES:
        yield text("    and {n} more", n=len(found.unlike) - _NAMES)


def record(preview: Preview, named: Named | None, notices: Sequence[Text], reader: Reader) -> dict[str, Any]:
    """The same for a program: the file, and its tables with counts, sums, totals and refused cells; where there is a naming
    rule, the campaign names that do not follow it; and what is to be said of spend in other files too, and of other currencies.
    """
    found: dict[str, Any] = {
        "file": preview.file_name, "sha256": preview.sha256, "parts": [_described(part) for part in preview.ready],
        "notes": [reader.say(said) for said in notices],
    }  # fmt: skip
    if named:
        unlike = [{"name": name, "why": reader.say(why)} for name, why in named.unlike]
        found["campaign_names"] = {"rule": named.rule.pattern, "names": named.names, "unlike": unlike}
    return found


def _described(part: Part) -> dict[str, Any]:
    return {"table": part.rows.table, "grain": part.rows.grain, **part.model_dump(mode="json", include=_KEPT)}
