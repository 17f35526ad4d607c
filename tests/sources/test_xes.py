"""Event logs by the XES standard: read as they are, refused where they are none, and imported as moves of work items."""

import gzip
import zlib
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from marops.errors import BadFile
from marops.language import text
from marops.principal import LOCAL_ADMIN
from marops.sources import guard, service, unimported, words, xes
from marops.sources.guard import FileKind, Unreadable
from marops.sources.report import Note
from marops.workspaces.store import OWN
from tests.conftest import case
from tests.sources import made

LOG = """<?xml version="1.0" encoding="UTF-8"?>
<!-- a log -->
<log xes.version="1.0" xmlns="http://www.xes-standard.org/">
  <extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
  <global scope="event"><string key="concept:name" value="UNKNOWN"/></global>
  <string key="concept:name" value="the log's own name"/>
  <trace>
    <string key="concept:name" value="A &amp; B"/>
    <event>
      <string key="concept:name" value="Build"/>
      <date key="time:timestamp" value="2026-03-02T09:00:00.000+01:00"/>
      <string key="org:group" value="IT"><string key="inner" value="left out"/></string>
    </event>
    <event>
      <string key="concept:name" value="Done"/>
      <date key="time:timestamp" value="2026-03-03T09:00:00Z"/>
      <int key="cost" value="7"/>
    </event>
  </trace>
  <trace>
    <event>
      <string key="concept:name" value="Build"/>
      <date key="time:timestamp" value="2026-03-04T09:00:00Z"/>
    </event>
    <string key="concept:name" value="C"/>
    <boolean key="urgent" value="true"/>
  </trace>
</log>
"""


CALLED = text("event log")
MEND = text("Mend it.")


def written(tmp_path: Path, content: str | bytes, name: str = "log.xes") -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def _read(path: Path) -> None:
    assert guard.identify(path, path.name) is FileKind.XES
    xes.read_xes(path, path.name)


def refused(path: Path) -> str:
    with pytest.raises(Unreadable) as found:
        _read(path)
    return str(words.note(found.value.note))


def test_events_carry_their_own_attributes_and_those_of_their_case(tmp_path: Path) -> None:
    raw = xes.read_xes(written(tmp_path, LOG), "log.xes")
    assert raw.headers == (
        "case:concept:name", "case:urgent", "concept:name", "time:timestamp", "org:group", "cost",
    )  # fmt: skip
    assert raw.frame.collect().rows() == [
        (1, "A & B", "", "Build", "2026-03-02T09:00:00.000+01:00", "IT", ""),
        (2, "A & B", "", "Done", "2026-03-03T09:00:00Z", "", "7"),
        (3, "C", "true", "Build", "2026-03-04T09:00:00Z", "", ""),
    ]


def test_traces_of_one_name_are_one_case_and_that_is_said(tmp_path: Path) -> None:
    """One without an event is none; events that stand in no trace have no name."""
    trace = LOG[LOG.index("<trace>") : LOG.index("</trace>") + 8]
    bare = '<trace><string key="concept:name" value="C"/></trace><event/><event/>'
    told: list[Note] = []
    xes.read_xes(written(tmp_path, LOG.replace("</log>", f"{bare}</log>")), "log.xes", told)
    assert told == []
    path = written(tmp_path, LOG.replace("</log>", f"{bare}{trace}</log>"))
    raw = xes.read_xes(path, "log.xes", told)
    assert raw.frame.collect()["c0"].to_list() == ["A & B", "A & B", "C", "", "", "A & B", "A & B"]
    (note,) = told
    assert str(words.note(note)) == (
        "1 case stands in the log as several traces of one name (A & B); their events were joined. "
        "Where they are different cases, give each a concept:name of its own."
    )
    report = made.read(written(tmp_path, LOG.replace("</log>", f"{trace}</log>")))
    assert report.notes == told


def test_a_packed_log_is_the_same_log_whatever_its_name(tmp_path: Path) -> None:
    plain, packed = written(tmp_path, LOG), written(tmp_path, gzip.compress(LOG.encode()), "log.csv")
    assert guard.identify(packed, "log.csv") is guard.identify(plain, "log.xes") is FileKind.XES
    assert xes.read_xes(packed, "log.csv").frame.collect().equals(xes.read_xes(plain, "log.xes").frame.collect())


@pytest.mark.parametrize(
    "content",
    [
        "<!-- made by hand -->" + LOG[LOG.index("<log") :],
        LOG.replace("<log ", "<x:log xmlns:x='http://www.xes-standard.org/' ").replace("</log>", "</x:log>"),
        LOG.replace("UTF-8", "UTF-16").encode("utf-16"),
    ],
    ids=["a comment first", "a prefix", "UTF-16"],
)
def test_a_log_is_one_however_its_xml_is_written(tmp_path: Path, content: str | bytes) -> None:
    path = written(tmp_path, content)
    assert guard.identify(path, path.name) is FileKind.XES
    assert xes.read_xes(path, path.name).frame.collect().height == 3


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (LOG[:600], "log.xes is no complete XML: line 12 cannot be read. Export or copy the log again."),
        (LOG.replace("<!-- a log -->", '<!DOCTYPE log [<!ENTITY a "b">]>'), "log.xes declares a document type"),
        ('<?xml version="1.0"?><html></html>', "log.xes is really a XML file"),
        (LOG[: LOG.index("<trace>")] + "</log>", "log.xes is an event log without a single event."),
        ("<log/>", "log.xes is an event log without a single event. Export it again."),
        ("<!doctype HTML>\n<p>Sign in", "log.xes is really a HTML file, whatever its name says. Export the report as CSV, "),
        ("<html><body>Sign in", "log.xes is really a HTML file, whatever its name says. Export the report as CSV, "),
        ("<events>\n<e/></events>", "log.xes is no XES: it begins with “<events>”. Export the event log again as XES."),
        (LOG.replace("UTF-8", "gbk"), "log.xes is XML in an encoding that cannot be read."),
        (LOG.replace("UTF-8", "nonsense"), "log.xes is XML in an encoding that cannot be read."),
        (gzip.compress(LOG.encode(), mtime=0)[:-40], "log.xes is packed with gzip and cut short or damaged."),
    ],
    ids=[
        "cut short", "a document type", "a page", "no event", "no trace", "HTML", "more HTML", "other XML", "gbk", "no encoding",
        "a cut gzip",
    ],
)  # fmt: skip
def test_what_is_no_log_or_not_all_of_one_is_refused_with_the_reason(tmp_path: Path, content: str | bytes, said: str) -> None:
    assert refused(written(tmp_path, content)).startswith(said)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (gzip.compress(b"", mtime=0), "log.xes is packed with gzip and holds nothing. Download it again, or check that the export"),
        (gzip.compress(gzip.compress(LOG.encode())), "log.xes is packed with gzip twice. Unpack it once and give what comes out."),
        (gzip.compress(LOG.encode(), mtime=0)[:14], "log.xes is packed with gzip and cut short or damaged. Copy or download it"),
        (b"\x1f\x8b\x08\x00" + bytes(200), "log.xes is packed with gzip and cut short or damaged. Copy or download it again."),
        (gzip.compress(b"%PDF-1.7 of somebody", mtime=0), "log.xes is really a PDF file, whatever its name says."),
    ],
    ids=["empty", "packed twice", "a gzip cut early", "a damaged gzip", "a packed page"],
)
def test_what_is_packed_and_no_log_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    report = made.read(written(tmp_path, content))
    assert report.failure
    assert str(words.note(report.failure)).startswith(said)


def test_a_small_packed_file_that_would_unpack_to_a_huge_one_is_refused(tmp_path: Path) -> None:
    pack = zlib.compressobj(9, wbits=31)
    head = LOG[: LOG.index("<trace>")].encode()
    bomb = pack.compress(head) + b"".join(pack.compress(b" " * (1 << 20)) for _ in range(80)) + pack.flush()
    assert refused(written(tmp_path, bomb)).startswith("log.xes would unpack to far more than packed exports do and was not read.")


def test_a_log_on_one_line_keeps_the_order_of_its_events_and_refuses_only_the_bad_one(home: Path, tmp_path: Path) -> None:
    stages = ("Request", "Build", "QA", "Done")
    steps = "".join(
        f'<event><string key="concept:name" value="{stage}"/><date key="time:timestamp" value="2026-03-02T09:00:00Z"/></event>'
        for stage in stages
    )
    cases = "".join(f'<trace><string key="concept:name" value="{item}"/>{steps}</trace>' for item in range(300))
    bad = '<trace><string key="concept:name" value="bad"/><event><string key="concept:name" value="Build"/></event></trace>'
    path = written(tmp_path, f"<log>{cases}{bad}</log>")
    found = unimported.read_table(LOCAL_ADMIN, path, "work_item_transition", CALLED, MEND)
    ordered = found.rows.sort("issue_id", "status_sequence")["status"].to_list()
    assert ordered == [*stages] * 300
    assert found.kept_out.select("of", "column", "rule").rows() == [("bad", "transition_at", "required")]


def test_a_log_without_a_readable_moment_is_refused_with_the_event(tmp_path: Path) -> None:
    event = "<event><string key='concept:name' value='Build'/><date key='time:timestamp' value='soon'/></event>"
    path = written(tmp_path, f"<log><trace><string key='concept:name' value='a'/>{event}</trace></log>")
    with pytest.raises(BadFile) as found:
        unimported.read_table(LOCAL_ADMIN, path, "work_item_transition", CALLED, MEND)
    assert str(found.value) == (
        "No cell of “time:timestamp” can be read as a date; the first, in event 1 of the log, says “soon”. "
        "Write dates as 2026-05-31 or 31/05/2026, with a time as 2026-05-31 14:05."
    )


def test_a_log_is_imported_as_moves_of_work_items(home: Path, tmp_path: Path) -> None:
    preview = service.preview_upload(LOCAL_ADMIN, OWN, "log.xes", LOG.encode())
    assert [(part.recognised_as, part.rows_ready) for part in preview.report.parts] == [("Event log (XES)", 3)]
    found = unimported.read_table(LOCAL_ADMIN, written(tmp_path, LOG), "work_item_transition", CALLED, MEND).rows
    assert found.select("issue_id", "status", "transition_at", "role").rows() == [
        ("A & B", "Build", datetime(2026, 3, 2, 8, tzinfo=UTC), "IT"),
        ("A & B", "Done", datetime(2026, 3, 3, 9, tzinfo=UTC), None),
        ("C", "Build", datetime(2026, 3, 4, 9, tzinfo=UTC), None),
    ]


def test_a_file_of_something_else_is_no_log(home: Path, tmp_path: Path) -> None:
    path = written(tmp_path, "Day,Campaign,Cost\n2026-01-01,A,1\n", "ads.csv")
    with pytest.raises(BadFile, match=r"ads\.csv is no event log\. Its columns: Day, Campaign, and Cost\."):
        unimported.read_table(LOCAL_ADMIN, path, "work_item_transition", CALLED, MEND)


def test_a_log_without_one_readable_moment_is_refused_with_the_first(home: Path, tmp_path: Path) -> None:
    path = written(tmp_path, "case id,activity,timestamp\n1,A,week 3\n1,B,soon\n", "log.csv")
    with pytest.raises(BadFile, match=r"No cell of “timestamp” can be read as a date; the first, in row 2, says “week 3”\."):
        unimported.read_table(LOCAL_ADMIN, path, "work_item_transition", CALLED, MEND)


@pytest.mark.parametrize(
    ("folder", "name", "rows"),
    [("05_receipt", "08_receipt.xes.gz", 8577), ("06_bpic2013_closed", "06_bpic2013_closed.xes.gz", 6660),
     ("07_helpdesk", "helpdesk.xes.gz", 21348), ("08_reviewing_start_complete", "04_reviewing.xes.gz", 3730),
     ("04_running-example", "running-example.csv", 42)],
)  # fmt: skip
def test_published_logs_are_read_whole(home: Path, folder: str, name: str, rows: int) -> None:
    found = unimported.read_table(LOCAL_ADMIN, case("flow", folder, name), "work_item_transition", CALLED, MEND)
    assert (found.rows.height, found.kept_out.height) == (rows, 0)
    assert found.rows.select(pl.col("issue_id", "status", "transition_at").null_count().name.keep()).row(0) == (0, 0, 0)
