"""Which moves of two histories of the same items are the same ones."""

from datetime import UTC, datetime

import polars as pl
import pytest

from marops.work import histories

NINE = "2026-02-04 09:00"

Told = tuple[str, str, str]
"""Item, status, and when."""


def told(*moves: Told) -> pl.DataFrame:
    """Moves with their moments."""
    rows = [(item, status, datetime.fromisoformat(when).replace(tzinfo=UTC)) for item, status, when in moves]
    schema = {"issue_id": pl.String, "status": pl.String, "entered_at": pl.Datetime("us", "UTC")}
    return pl.DataFrame(rows, schema=schema, orient="row")


BUILD, LATER, SECOND, MINUTE = (("1", "Build", f"{NINE}{more}") for more in (":31.417", ":58.5", ":31", ""))


@pytest.mark.parametrize(
    ("named", "others", "left"),
    [
        pytest.param([BUILD], [BUILD], [], id="equal"),
        pytest.param([SECOND], [BUILD], [], id="cut to the second"),
        pytest.param([MINUTE], [BUILD], [], id="cut to the minute"),
        pytest.param([MINUTE], [SECOND], [], id="a whole second cut to the minute"),
        pytest.param([BUILD], [SECOND], [], id="the other is cut to the second"),
        pytest.param([BUILD], [MINUTE], [], id="the other is cut to the minute"),
        pytest.param([MINUTE, MINUTE], [BUILD, LATER], [], id="two within a minute"),
        pytest.param([BUILD, LATER], [MINUTE], [LATER], id="two of one source are no one move"),
        pytest.param([BUILD, LATER], [MINUTE, BUILD], [], id="what is told exactly leaves the cut one to the other"),
        pytest.param([MINUTE, MINUTE], [LATER], [MINUTE], id="one move is one other"),
        pytest.param([MINUTE, MINUTE], [MINUTE], [], id="rows of equal moments, as ever"),
        pytest.param([SECOND], [LATER], [SECOND], id="no cut of the other"),
        pytest.param([("1", "build ", NINE)], [BUILD], [], id="another spelling"),
        pytest.param([("2", "Build", NINE)], [BUILD], [("2", "Build", NINE)], id="another item"),
        pytest.param([("1", "QA", NINE)], [BUILD], [("1", "QA", NINE)], id="another status"),
        pytest.param([BUILD], [], [BUILD], id="nothing else"),
        pytest.param([], [BUILD], [], id="nothing"),
    ],
)
def test_a_move_is_told_once_though_one_history_has_its_moment_without_seconds_or_parts_of_them(
    named: list[Told], others: list[Told], left: list[Told]
) -> None:
    assert histories.untold(told(*named), told(*others)).rows() == told(*left).rows()
