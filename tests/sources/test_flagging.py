"""Flags among the changes of a history: a table of their own, whatever the size of the file."""

from pathlib import Path

import polars as pl
import pytest

from marops.sources import reading
from marops.tables import FLAG_EVENT, ROW
from tests.sources import made

HEAD = "Issue key,Date of change,Updated by,Field,Old value,New value\n"


def read(path: Path, content: str) -> pl.DataFrame:
    """The flags in a history."""
    return made.rows(path, made.read(made.put(path, content)).parts[1])


def test_flags_of_a_history_become_a_table_of_their_own(tmp_path: Path) -> None:
    """The other dates of the column say that the month comes first."""
    content = (
        HEAD + "C-1,5/1/2026 9:00 AM,ops,Status,,Request\nC-1,5/13/2026 9:00 AM,ops,Status,Request,Build\n"
        "C-1,5/6/2026 9:00 AM,ops,Flagged,,Impediment\nC-1,5/7/2026 9:00 AM,ops,Impediment,Impediment,\n"
        "C-1,5/8/2026 9:00 AM,ops,Assignee,a,b\n"
    )
    history, flags = made.read(path := made.put(tmp_path / "history.csv", content)).parts
    assert (history.rows_ready, history.set_aside_count, flags.name, flags.recognised_as) == (2, 3, "flags", "Jira flags")
    assert made.rows(path, flags).select(ROW, "issue_id", "flag_at", "is_flagged", "kind").rows() == [
        (4, "C-1", made.utc(2026, 5, 6, 9), True, "blocked"), (5, "C-1", made.utc(2026, 5, 7, 9), False, "blocked"),
    ]  # fmt: skip


def test_flags_whose_moment_cannot_be_read_are_refused_with_their_row(tmp_path: Path) -> None:
    content = (
        HEAD + "C-1,13/May/26 9:00 AM,ops,Status,,Request\nC-1,soon,ops,Flagged,,Impediment\n,14/May/26 9:00 AM,o,Flagged,,x\n"
    )
    flags = made.read(made.put(tmp_path / "h.csv", content)).parts[1]
    assert [(cell.row, cell.column, cell.rule) for cell in flags.refused] == [
        (3, "Date of change", "unreadable"), (4, "Issue key", "required"),
    ]  # fmt: skip


def test_flags_of_a_spreadsheet_are_named_by_their_sheet(tmp_path: Path) -> None:
    rows = HEAD + "C-1,2026-05-01 09:00,ops,Status,,Request\nC-1,2026-05-02 09:00,ops,Flagged,,Impediment\n"
    report = made.read(made.workbook(tmp_path / "h.xlsx", {"History": rows}))
    assert [(part.name, part.rows_ready) for part in report.parts] == [("History", 1), ("History flags", 1)]


def test_flags_of_a_large_history_are_those_of_a_small_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = HEAD + "".join(
        f"C-{n},2026-05-{n % 28 + 1:02} 09:00,ops,{'Flagged' if n % 10 == 0 else 'Status'},,{'' if n % 20 == 10 else 'x'}\n"
        for n in range(200)
    )
    small = read(tmp_path / "small.csv", lines)
    monkeypatch.setattr(reading, "SMALL", 10)
    for name, more in (("large.csv", ""), ("uneven.csv", "C-1,2026-05-02 09:00,ops\n")):
        assert read(tmp_path / name, lines + more).equals(small), name
    assert small.height == 20
    assert small["is_flagged"].sum() == 10


def test_the_same_moment_of_a_flag_twice_is_refused(tmp_path: Path) -> None:
    content = "issue_id,flag_at,is_flagged,kind\n1,2026-05-01,true,blocked\n1,2026-05-01,false,blocked\n1,2026-05-01,false,late\n"
    part = made.only(made.read(made.put(tmp_path / "flags.csv", content)))
    assert (part.recognised_as, part.rows_ready) == ("marops flag_event", 1)
    assert [(cell.row, cell.column, cell.rule) for cell in part.refused] == [
        (3, "issue_id", "repeated_key"),
        (4, "kind", "allowed"),
    ]
    assert FLAG_EVENT.key == ("issue_id", "flag_at", "kind")
