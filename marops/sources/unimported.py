"""A table of a file of the server, read as an import would read it; nothing is imported or kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from marops.errors import BadFile
from marops.language import Text, joined, text
from marops.principal import Action, Principal, require
from marops.sources import kept_out, previews, telling, words
from marops.sources.report import Part, Report
from marops.tables import ROW

_NO_HISTORY = frozenset({"history_missing", "history_cut_off"})
"""What a file is said to lack that could have held a history."""

_UNSOUND = ("created_only", "rounded_ids")
"""What is said of a table whose rows are not what they seem."""


@dataclass(frozen=True, slots=True)
class Found:
    """The rows of a table in a file, in the file's order, and which are not among them (see kept_out.SCHEMA). `listed`: the ids of
    the work items that the file holds in a table of their own; `notes`: what there is to say of the file; `refused`: the first
    cells that keep their rows out, in words, and how many rows were refused in all.
    """

    rows: pl.DataFrame
    kept_out: pl.DataFrame
    listed: tuple[str, ...]
    notes: tuple[Text, ...]
    refused: tuple[Text, ...]


def read_table(
    principal: Principal, path: Path, table: str, called: Text, mend: Text, *, dates: str | None = None, zone: str | None = None
) -> Found:  # fmt: skip
    """The rows that a file has of a table. `called`, `mend`: what such a file is, and how another becomes one, for the sentence on
    one that is none; `dates`: the order of dates that could be read either way, "dmy" or "mdy"; `zone`: the IANA zone of times
    without one.

    Raises NotFound where there is no such file, and BadFile where it cannot be read, holds no such table, or leaves something to
    ask.
    """
    require(principal, Action.IMPORT)
    with previews.staged_alone(path, dates, zone) as (report, folder):
        if report.failure:
            raise BadFile(words.note(report.failure))
        parts = [part for part in report.parts if part.mapping is not None and part.mapping.table == table]
        if not parts:
            raise BadFile(_no_table(report, path, table, called, mend))
        _check(parts)
        staged = [part.staged for part in parts if part.staged is not None]
        rows = [pl.read_parquet(folder / found.file).sort(ROW, maintain_order=True) for found in staged]
        out = [pl.read_parquet(folder / found.kept_out) for found in staged if found.kept_out]
        items = [part.staged for part in report.parts if part.staged is not None and part.staged.table == "work_item"]
        ids = [pl.read_parquet(folder / found.file, columns=["issue_id"])["issue_id"] for found in items]
    return Found(
        pl.concat(rows, how="diagonal") if rows else pl.DataFrame(schema={ROW: pl.Int64()}),
        pl.concat([pl.DataFrame(schema=kept_out.SCHEMA), *out]),
        tuple(pl.concat(ids).drop_nulls().unique(maintain_order=True)) if ids else (),
        (*map(words.note, report.notes), *_said(parts, "one_moment")),
        tuple(telling.refusals(parts)),
    )


def _no_table(report: Report, path: Path, table: str, called: Text, mend: Text) -> Text:
    missing = [words.note(found) for found in report.notes if found.code in _NO_HISTORY]
    if missing and table == "work_item_transition":
        return missing[0]
    headers = joined([header for part in report.parts for header in part.headers], 20)
    return text("{name} is no {called}. Its columns: {found}. {mend}", name=path.name, called=called, found=headers, mend=mend)


def _check(parts: Sequence[Part]) -> None:
    if asked := [question for part in parts for question in part.questions]:
        is_order = asked[0].code == "date_order"  # what a reading without an import can be told
        raise BadFile(telling.with_options(words.question(asked[0]), asked[:1] if is_order else ()))
    undated = () if any(part.rows_ready for part in parts) else ("no_date",)
    if wrong := [said for code in (*undated, *_UNSOUND) for said in _said(parts, code)]:
        raise BadFile(wrong[0])


def _said(parts: Sequence[Part], code: str) -> list[Text]:
    return [words.note(note) for part in parts for note in part.notes if note.code == code]
