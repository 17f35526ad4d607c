"""A mapping tried on a few rows: the same reading as the import's, before the file is read again."""

import time
from datetime import date
from decimal import Decimal
from pathlib import Path

from marops.principal import LOCAL_ADMIN
from marops.sources import service, trying
from marops.sources.report import Mapping, Part
from marops.sources.trying import Tried
from marops.workspaces.store import OWN
from tests.sources import made

MEDIA = (
    "what;when;eyes;paid\n"
    "A;03/04/2026;1.200;R$ 1.234,56\n"
    "A;04/04/2026;800;n/k\n"
    "B;05/04/2026;-5;R$ 2,50\n"
    "B;06/04/2026;10;\n"
    "B;07/04/2026;10;R$ 3,00\n"
)
COLUMNS = {"campaign_name": 0, "_day": 1, "impressions": 2, "spend": 3}


def part_of(tmp_path: Path, content: str) -> Part:
    return made.only(made.read(made.put(tmp_path / "file.csv", content)))


def tried(part: Part, **constants: str) -> Tried:
    return trying.tried(part, Mapping(table="ad_performance", columns=COLUMNS, constants=constants, dates="dmy"))


def test_the_first_rows_are_typed_and_what_is_refused_says_why(tmp_path: Path) -> None:
    found = tried(part_of(tmp_path, MEDIA), platform="radio")
    assert list(found.columns) == ["_day", "platform", "campaign_name", "impressions", "spend", "currency_code"]
    assert [line.row for line in found.lines] == [2, 3, 4, 5, 6]
    assert [cell.value for cell in found.lines[0].cells] == [date(2026, 4, 3), "radio", "A", 1200, Decimal("1234.56"), "BRL"]
    refused = {(line.row, cell.refused.value, cell.refused.rule) for line in found.lines for cell in line.cells if cell.refused}
    assert refused == {(3, "n/k", "unreadable"), (4, "-5", "minimum")}
    assert found.lines[3].cells[4].value is None
    assert (found.missing, found.questions) == ([], [])


def test_what_is_missing_follows_the_choices(tmp_path: Path) -> None:
    part = part_of(tmp_path, MEDIA)
    assert tried(part).missing == ["platform"]
    nothing = trying.tried(part, Mapping(table="ad_performance"))
    assert (nothing.missing, nothing.lines[0].cells) == (["platform", "period_start"], [])
    assert trying.tried(part, Mapping(table="assessment_answer")).missing == [
        "assessment_id", "respondent_id", "side", "item_code", "answered_at",
    ]  # fmt: skip


def test_the_order_of_dates_is_asked_until_it_is_chosen(tmp_path: Path) -> None:
    part = part_of(tmp_path, MEDIA)
    open_question = trying.tried(part, Mapping(table="ad_performance", columns=COLUMNS))
    assert [question.code for question in open_question.questions] == ["date_order"]
    american = trying.tried(part, Mapping(table="ad_performance", columns=COLUMNS, dates="mdy"))
    assert american.lines[0].cells[0].value == date(2026, 3, 4)


def test_a_row_far_below_decides_how_the_first_ones_are_read(tmp_path: Path) -> None:
    later = MEDIA + "B;08/04/2026;1;1.000\n" * 20 + "B;28/04/2026;1;R$ 9,99\n"
    found = trying.tried(part_of(tmp_path, later), Mapping(table="ad_performance", columns=COLUMNS))
    assert found.questions == []
    assert found.lines[0].cells[0].value == date(2026, 4, 3)


def test_the_preview_is_what_the_import_then_holds(home: Path, tmp_path: Path) -> None:
    path = made.put(tmp_path / "radio.csv", MEDIA)
    preview = service.preview_file(LOCAL_ADMIN, OWN, path)
    mapping = Mapping(table="ad_performance", columns=COLUMNS, constants={"platform": "radio"}, dates="dmy")
    shown = service.tried(LOCAL_ADMIN, preview, preview.report.parts[0], mapping)
    service.accept(LOCAL_ADMIN, service.remap(LOCAL_ADMIN, preview, {"": mapping}), leave_out_refused=True)
    taken = [[cell.value for cell in line.cells] for line in shown.lines if not any(cell.refused for cell in line.cells)]
    columns = ["period_start", "platform", "campaign_name", "impressions", "spend", "currency_code"]
    assert taken == [list(row) for row in made.counted("ad_performance").sort("source_row_number").select(columns).rows()]
    assert len(taken) == 3


def test_trying_takes_far_less_than_a_third_of_a_second(tmp_path: Path) -> None:
    part = part_of(tmp_path, MEDIA)
    tried(part)
    started = time.perf_counter()
    for _ in range(3):
        tried(part, platform="radio")
    assert (time.perf_counter() - started) / 3 < 0.3
