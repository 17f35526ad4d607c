"""What a described file says of itself: as plain data for programs, and as lines for people."""

from collections.abc import Iterator
from typing import Any

from marops.language import Text, joined, ntext, text
from marops.sources import words
from marops.sources.report import Described, Report

_SHOWN = 12


def is_certain(report: Report) -> bool:
    """Whether the file could be read without a guess: nothing to ask, every row of the header's width, every filled cell
    of its column's type, and an encoding that shows itself.
    """
    doubts = report.failure is not None or any(note.code == "encoding_guessed" for note in report.notes)
    return not doubts and all(_is_plain(table) for table in report.described)


def _is_plain(table: Described) -> bool:
    uneven = any(row.why == "wrong_width" for row in table.set_aside)
    return not table.questions and not uneven and not any(column.unread for column in table.columns)


def inspection(file_name: str, report: Report) -> dict[str, Any]:
    """The report as `marops inspect --json` prints it; sums are decimal strings."""
    found: dict[str, Any] = {
        "file": file_name, "certain": is_certain(report),
        "questions": [str(words.question(asked)) for table in report.described for asked in table.questions],
        "encoding": report.encoding or None, "delimiter": report.delimiter or None,
        "header_row": (report.described[0].header_row or None) if report.described else None,
        "tables": [_table(table) for table in report.described],
    }  # fmt: skip
    if report.failure:
        found["refused"] = str(words.note(report.failure))
    return found


def _table(table: Described) -> dict[str, Any]:
    return {
        "name": table.name, "recognised_as": table.recognised_as, "grain": table.grain, "rows": table.rows,
        "set_aside": [row.model_dump(include={"row", "why"}) for row in table.set_aside],
        "columns": [column.model_dump() for column in table.columns],
        "totals": [total.model_dump(exclude={"row"}) for total in table.totals],
    }  # fmt: skip


def lines(report: Report) -> Iterator[Text]:
    """The report in a few lines."""
    if report.failure:
        yield words.note(report.failure)
        return
    for note in report.notes:
        yield words.note(note)
    for table in report.described:
        known = table.recognised_as or text("a layout that is not known")
        name = f"{table.name}: " if table.name else ""
        if table.header_row:
            yield ntext(
                "{name}{n} row of {known}, header in row {row}, {aside} rows set aside",
                "{name}{n} rows of {known}, header in row {row}, {aside} rows set aside",
                table.rows, name=name, known=known, row=str(table.header_row), aside=len(table.set_aside),
            )  # fmt: skip
        else:
            yield ntext(
                "{name}{n} row of {known}, {aside} rows set aside", "{name}{n} rows of {known}, {aside} rows set aside",
                table.rows, name=name, known=known, aside=len(table.set_aside),
            )  # fmt: skip
        summed = [f"{column.source} {column.sum}" for column in table.columns if column.additive]
        if summed:
            yield text("sums: {sums}", sums=joined(summed, _SHOWN))
        for total in table.totals:
            if total.describes_rows:
                yield text(
                    "the file’s {label} of {column}: {file}, ours {ours}, difference {difference}",
                    label=total.label, column=total.column, file=total.file, ours=total.ours, difference=total.difference,
                )  # fmt: skip
        for asked in table.questions:
            yield words.question(asked)
