"""JSON: lines, lists and objects that hold lists, read as the same rows a CSV would give."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from marops.sources import objects, words
from marops.tables import ROW
from tests.sources import made

OF = {"customer": {"currencyCode": "BRL"}}
ROWS = [
    {**OF, "campaign": {"name": "Ação"}, "metrics": {"costMicros": "1250000", "clicks": 3}, "segments": {"date": "2026-05-01"}},
    {**OF, "campaign": {"name": "B, C"}, "metrics": {"costMicros": "10"}, "segments": {"date": "2026-05-02"}},
    {**OF, "campaign": {"name": "D"}, "metrics": {"costMicros": 1, "clicks": None}, "segments": {"date": "2026-05-03"}},
]
"""Three days of a Google Ads answer; the second has no clicks, the third says null."""


def _found(path: Path) -> pl.DataFrame:
    part = made.only(made.read(path))
    assert part.recognised_as == "Google Ads report (API names)"
    return made.rows(path, part).select("campaign_name", "period_start", "clicks", "spend", ROW)


def test_lines_a_list_and_an_object_with_a_list_hold_the_same_rows(tmp_path: Path) -> None:
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS)
    expected = [
        ("Ação", date(2026, 5, 1), 3, Decimal("1.25")),
        ("B, C", date(2026, 5, 2), None, Decimal("0.00001")),
        ("D", date(2026, 5, 3), None, Decimal("0.000001")),
    ]
    for name, content in (
        ("lines.jsonl", lines.encode()),
        ("marked.jsonl", b"\xef\xbb\xbf" + lines.replace("\n", "\r\n").encode()),
        ("windows.jsonl", lines.encode("utf-16")),
        ("list.json", json.dumps(ROWS).encode()),
        ("tall.json", json.dumps(ROWS, indent=4).encode()),
        ("answer.json", json.dumps({"results": ROWS, "requestId": "x"}).encode()),
        ("named.csv", lines.encode()),
    ):
        found = _found(made.put(tmp_path / name, content))
        assert found.drop(ROW).rows() == expected, name
        assert found[ROW].to_list() == [1, 2, 3], name


def test_rows_of_lines_have_the_numbers_of_their_lines(tmp_path: Path) -> None:
    lines = [json.dumps(row) for row in ROWS]
    found = _found(made.put(tmp_path / "a.jsonl", f"\n{lines[0]}\n\n\n{lines[1]}\n{lines[2]}"))
    assert found[ROW].to_list() == [2, 5, 6]


def test_large_files_give_the_rows_of_small_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fields may appear for the first time in a later chunk."""
    path = made.put(tmp_path / "a.jsonl", "\n".join(json.dumps(row) for row in [ROWS[1], *ROWS]))
    small = objects.read_json(path, path.name, tmp_path).tables[0]
    monkeypatch.setattr(objects, "SMALL", 10)
    monkeypatch.setattr(objects, "_CHUNK", 2)
    large = objects.read_json(path, path.name, tmp_path).tables[0]
    assert small.is_small
    assert not large.is_small
    assert large.headers == small.headers == (
        "customer.currencyCode", "campaign.name", "metrics.costMicros", "segments.date", "metrics.clicks",
    )  # fmt: skip
    assert large.frame.collect().rows() == small.frame.collect().rows()


def test_a_number_stays_the_number_it_is_written_as(tmp_path: Path) -> None:
    """1.234 is not 1234 in JSON or Parquet, whatever it could be in a CSV, and no binary fraction comes between."""
    said = {"campaign": "A", "currency code": "BRL"}
    rows = [{"day": "2026-05-01", **said, "cost": 1.234}, {"day": "2026-05-02", **said, "cost": 10.125}]
    made.put(tmp_path / "a.json", json.dumps(rows))
    pl.DataFrame(rows).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame(rows, schema_overrides={"cost": pl.Decimal(12, 3)}).write_parquet(tmp_path / "b.parquet")
    for name in ("a.json", "a.parquet", "b.parquet"):
        part = made.only(made.read(tmp_path / name))
        assert (part.questions, part.sums["spend"]) == ([], "11.359"), name
    part = made.only(made.read(made.put(tmp_path / "c.json", json.dumps(rows[:1]).replace("1.234", "123456789012.345678"))))
    assert part.sums["spend"] == "123456789012.345678"


def test_one_record_with_a_list_of_values_is_a_record(tmp_path: Path) -> None:
    path = made.put(tmp_path / "a.json", '{"id": "1", "tags": ["a", "b"]}')
    (table,) = objects.read_json(path, path.name, tmp_path).tables
    assert table.frame.collect().rows() == [(1, "1", '["a", "b"]')]


def test_a_field_that_holds_an_object_or_nothing_is_no_column_beside_those_of_the_object(tmp_path: Path) -> None:
    rows = [{"id": 1, "by": None, "on": None}, {"id": 2, "by": {"gid": "7", "in": None}}, {"id": 3, "by": {"in": {"gid": "8"}}}]
    path = made.put(tmp_path / "a.json", json.dumps(rows))
    (table,) = objects.read_json(path, path.name, tmp_path).tables
    assert table.headers == ("id", "on", "by.gid", "by.in.gid")
    assert table.frame.collect().drop("source_row_number").columns == ["c0", "c1", "c2", "c3"]
    assert table.frame.collect().rows() == [(1, "1", "", "", ""), (2, "2", "", "7", ""), (3, "3", "", "", "8")]


def test_several_lists_are_several_tables_and_what_stands_beside_them_is_named(tmp_path: Path) -> None:
    days = [{"day": "2026-05-01", "campaign": "A", "currency code": "BRL", "cost": 1}]
    path = made.put(tmp_path / "a.json", json.dumps({"may": days, "june": [{**days[0], "day": "2026-06-01"}], "next": "2"}))
    report = made.read(path)
    assert [part.name for part in report.parts] == ["may", "june"]
    assert [str(words.note(note)) for note in report.notes] == [
        "Beside its records the file holds next; what stands there was left out."
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"a": 1}\n{"a": 2', "cannot be read as JSON from line 2 on"),
        ('{"a": 1}\n\n[1]\n', "cannot be read as JSON from line 3 on"),
        ('[\n {"a": 1},\n {"a": }\n]', "cannot be read as JSON from line 3 on"),
        ('{"a": 1}\n{"a": "\\ud800"}', "cannot be read as JSON from line 2 on"),
        ('{"a":' * 5_000, "x.json holds objects within objects, deeper than can be read."),
        ('{"a":' * 950 + "1" + "}" * 950, "x.json holds objects within objects, deeper than can be read."),
        ('{"a": 1}\n{"a": 1, "a": 2}', "From line 2 of x.json on, an object gives “a” twice"),
        ('{"a": {"b": 1}, "a.b": 2}', "From line 1 of x.json on, an object gives “a.b” twice"),
        ('[{"a": {"b": [{"c": 1}]}}, 3]', "x.json is JSON, but neither records nor a list of them."),
        ('{"a": [[1, 2]], "b": 1}', "x.json is one JSON object without a list of records; it has a, b."),
        ('{"issues": [], "total": "0"}', "x.json is one JSON object without a list of records; it has issues, total."),
        ("{}", "x.json is JSON, but neither records nor a list of them."),
        (b'{"a": "\xe1"}\n{"a": "' + "ação".encode() + b'\xff\xfe"}' + b"x" * 40, "cannot be read as JSON from line"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(tmp_path: Path, content: str | bytes, said: str) -> None:
    report = made.read(made.put(tmp_path / "x.json", content))
    assert report.failure is not None
    assert said in str(words.note(report.failure))
