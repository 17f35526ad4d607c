"""Histories with a date that is no moment of their moves: when the issue was created, which stands beside each of its changes."""

from pathlib import Path

import pytest

from marops.errors import BadFile
from marops.language import text
from marops.principal import LOCAL_ADMIN
from marops.sources import unimported, words
from marops.sources.report import Mapping
from tests.sources import made

ROWS = (
    ("A-1", "2026-02-01 09:00", "2026-02-04 09:00", "status", "To Do", "In Progress"),
    ("A-1", "2026-02-01 09:00", "2026-02-09 09:00", "status", "In Progress", "Done"),
    ("A-2", "2026-02-02 09:00", "2026-02-05 09:00", "status", "To Do", "In Progress"),
    ("A-1", "2026-02-01 09:00", "2026-02-05 09:00", "Flagged", "", "Impediment"),
)
SECOND = ("A-2", "2026-02-02 09:00", "2026-02-06 09:00", "status", "In Progress", "Done")


def history(column: str, rows: tuple[tuple[str, ...], ...] = ROWS) -> str:
    head = f"Issue key,Created,{column},Field,From,To"
    return "\n".join([head, *(",".join(row) for row in rows)]) + "\n"


@pytest.mark.parametrize(
    "column", ["Changelog date", "History created", "Date of change", "Changed", "Transition date", "Edit Date", "Time", "Date"]
)
def test_the_moment_of_a_change_is_read_where_the_issues_creation_stands_beside_it(tmp_path: Path, column: str) -> None:
    path = made.put(tmp_path / "history.csv", history(column))
    moves, flags = made.read(path).parts
    assert made.rows(path, moves).sort("source_row_number")["transition_at"].to_list() == [
        made.utc(2026, 2, 4, 9), made.utc(2026, 2, 9, 9), made.utc(2026, 2, 5, 9),
    ]  # fmt: skip
    assert made.rows(path, flags)["flag_at"].to_list() == [made.utc(2026, 2, 5, 9)]


def test_creation_alone_is_no_moment_of_moves_and_the_column_is_asked_for(tmp_path: Path) -> None:
    (chance, *_) = made.read(made.put(tmp_path / "chance.csv", history("Logged"))).parts
    assert "created_only" not in [note.code for note in chance.notes]  # one item with two moves in a minute may be chance
    path = made.put(tmp_path / "history.csv", history("Logged", (*ROWS, SECOND)))
    part = made.only(made.read(path))
    assert (part.staged, [note.code for note in part.notes]) == (None, ["created_only", "needs_columns"])
    assert str(words.note(part.notes[1])) == (
        "Rows of work_item_transition need transition_at. Say on the Data page which columns hold them, "
        "or give one value for all rows."
    )
    with pytest.raises(BadFile, match=r"^“Created” is one moment for all changes of each issue: when it was created"):
        unimported.read_table(LOCAL_ADMIN, path, "work_item_transition", text("log"), text("Mend it."))
    # Whoever says which one it is is believed.
    assert part.mapping is not None
    said = Mapping(**part.mapping.model_dump(exclude={"columns"}), columns={**part.mapping.columns, "transition_at": 2})
    (moves, *_) = made.read(path, {part.name: said}).parts
    assert made.rows(path, moves)["transition_at"].max() == made.utc(2026, 2, 9, 9)


def test_a_column_called_created_that_differs_from_move_to_move_says_when_they_were_made(tmp_path: Path) -> None:
    rows = tuple((row[0], row[2], "x", *row[3:]) for row in ROWS)
    part, *_ = made.read(made.put(tmp_path / "history.csv", history("Author", rows))).parts
    assert (part.rows_ready, [note.code for note in part.notes if note.code.startswith("created")]) == (3, [])


def test_one_moment_for_all_moves_of_each_item_is_said_and_left_to_the_reader(tmp_path: Path) -> None:
    log = "case,stage,timestamp\na,Build,2026-03-02\na,Done,2026-03-02\nb,Build,2026-03-03\nb,Done,2026-03-03\nc,Build,2026-03-01\n"
    part, rows = made.text(tmp_path, log)
    (said,) = [words.note(note) for note in part.notes if note.code == "one_moment"]
    assert rows.height == 5
    assert str(said).startswith("All moves of each item have one moment in “timestamp” (2 items with several moves).")
    path = made.put(tmp_path / "log.csv", log)
    assert unimported.read_table(LOCAL_ADMIN, path, "work_item_transition", text("log"), text("Mend it.")).notes == (said,)
    part, _ = made.text(tmp_path, log.replace("b,Done,2026-03-03", "b,Done,2026-03-04"), "moved.csv")
    assert "one_moment" not in [note.code for note in part.notes]
