"""HubSpot, Jira and Meta through dlt, against stubs that answer in the documented shapes. None was tried against the real one."""

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import polars as pl
import pytest

from marops.connections import apis, remote
from marops.connections.kinds import Form, Kind, Query, Tls
from marops.connections.reaching import Reach, Unreadable
from marops.errors import BadConnection
from tests.connections.test_stores import answering
from tests.sources import made

SECRET = "token-Canary-5d"
MORE: dict[Kind, dict[str, str]] = {
    Kind.HUBSPOT: {}, Kind.JIRA: {"site": "acme", "user": "reader@example.org"}, Kind.META: {"account": "1234567890"},
}  # fmt: skip


def deal(number: int, day: str) -> dict[str, Any]:
    return {"id": str(number), "properties": {"dealname": f"D{number}", "createdate": f"{day}T08:00:00Z", "amount": "10.5"}}


def hubspot(asked: str, port: int) -> dict[str, Any]:
    """Two pages of deals."""
    if "after" in parse_qs(urlsplit(asked).query):
        return {"results": [deal(3, "2026-05-03")]}
    return {"results": [deal(1, "2026-05-01"), deal(2, "2026-05-02")], "paging": {"next": {"after": "2", "link": "x"}}}


def issue(number: int, day: str) -> dict[str, Any]:
    status = {"name": "Done", "statusCategory": {"name": "Done"}}
    return {
        "id": str(number),
        "key": f"A-{number}",
        "fields": {"summary": "S", "created": f"{day}T08:00:00.000+0200", "status": status},
    }


def jira(asked: str, port: int) -> dict[str, Any]:
    """Two pages of issues; the last has no token."""
    if "nextPageToken" in parse_qs(urlsplit(asked).query):
        return {"issues": [issue(3, "2026-05-03")], "isLast": True}
    return {"issues": [issue(1, "2026-05-01"), issue(2, "2026-05-02")], "nextPageToken": "t", "isLast": False}


def insight(day: str) -> dict[str, Any]:
    return {"campaign_name": "Search", "date_start": day, "date_stop": day, "spend": "2.125", "impressions": "10"}


def meta(asked: str, port: int) -> dict[str, Any]:
    """Two pages of insights; the first leads to the second by its whole address."""
    if "after=" in asked:
        return {"data": [insight("2026-05-03")], "paging": {"cursors": {}}}
    following = f"http://127.0.0.1:{port}/v26.0/act_1234567890/insights?after=x&limit=500"
    return {"data": [insight("2026-05-01"), insight("2026-05-02")], "paging": {"next": following}}


STUBS: dict[Kind, tuple[Callable[[str, int], dict[str, Any]], str, str]] = {
    Kind.HUBSPOT: (hubspot, "deals", "createdate"), Kind.JIRA: (jira, "issues", "created"),
    Kind.META: (meta, "ad sets by day", "date_start"),
}  # fmt: skip


def fetched(
    kind: Kind, query: Query, to: Path, monkeypatch: pytest.MonkeyPatch, status: int = 200
) -> tuple[int, list[tuple[str, dict[str, str]]]]:
    """Rows fetched from the stub of the kind, and what it was asked."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        body = json.dumps(STUBS[kind][0](handler.path, handler.server.server_address[1])).encode()  # type: ignore[arg-type,misc]
        if status != 200:
            body = json.dumps({"message": f"no such token {SECRET}"}).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    with answering(answer) as (port, asked):
        monkeypatch.setitem(apis.BASE, kind, f"http://127.0.0.1:{port}")
        return apis.fetch(Reach(kind, MORE[kind], Tls.VERIFIED, SECRET, ""), query, str(to)), asked


@pytest.mark.parametrize("kind", list(STUBS))
def test_all_pages_of_a_stub_are_read(kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signed in as the service documents; every column is there, also those without a value."""
    _, table, day = STUBS[kind]
    count, asked = fetched(kind, Query(table=table), tmp_path / "out", monkeypatch)
    assert count == 3
    found = pl.read_parquet(tmp_path / "out")
    assert found.columns == list(apis.RESOURCES[kind][table].columns)
    assert [value[:10] for value in found[day]] == ["2026-05-01", "2026-05-02", "2026-05-03"]
    assert {headers["authorization"].split()[0] for _, headers in asked} == {"Basic" if kind is Kind.JIRA else "Bearer"}


@pytest.mark.parametrize("kind", list(STUBS))
def test_only_the_days_from_one_on_are_taken_from_a_stub(kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jira and Meta are asked for no more; of HubSpot's list the rest is left out here."""
    _, table, day = STUBS[kind]
    query = Query(table=table, date_column=day, from_day="2026-05-02")
    count, asked = fetched(kind, query, tmp_path / "out", monkeypatch)
    assert count == 2
    first = parse_qs(urlsplit(asked[0][0]).query)
    if kind is Kind.JIRA:
        assert first["jql"] == ['created >= "2026-05-01" ORDER BY created']
    if kind is Kind.META:
        assert json.loads(first["time_range"][0])["since"] == "2026-05-02"


@pytest.mark.parametrize("kind", list(STUBS))
def test_what_a_stub_refuses_is_said_in_its_words(kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the status."""
    with pytest.raises(Unreadable, match=r"401.*no such token"):
        fetched(kind, Query(table=STUBS[kind][1]), tmp_path / "out", monkeypatch, status=401)


@pytest.mark.parametrize(
    ("kind", "host"), [(Kind.HUBSPOT, "api.hubapi.com"), (Kind.JIRA, "acme.atlassian.net"), (Kind.META, "graph.facebook.com")]
)
def test_a_service_is_reached_at_its_own_host_only(kind: Kind, host: str) -> None:
    """None is ever typed."""
    assert remote.hosts(Form(kind, "X", more=MORE[kind], vouched=True)) == (host,)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (Kind.JIRA, {"site": "evil.example.org/"}), (Kind.JIRA, {"site": "a.b"}), (Kind.JIRA, {"site": "-a"}),
        (Kind.JIRA, {"user": "x"}),
        (Kind.META, {"account": "act_1"}), (Kind.META, {"account": "1/../2"}),
    ],
)  # fmt: skip
def test_a_field_of_a_service_holds_no_part_of_an_address(kind: Kind, fields: dict[str, str]) -> None:
    """The field is named."""
    with pytest.raises(BadConnection, match="of the connection cannot be"):
        Form(kind, "X", more={**MORE[kind], **fields}, vouched=True)


def test_a_service_is_asked_by_the_limited_child_through_the_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here with every address closed: the client gets no further, and the token is in no sentence."""
    monkeypatch.setattr("marops.connections.addresses.is_public", lambda _: False)
    with pytest.raises(BadConnection) as refused:
        remote.tables(Form(Kind.HUBSPOT, "X", more={}, vouched=True), SECRET)
    assert "api.hubapi.com" in str(refused.value)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("kind", "table", "canonical"),
    [(Kind.HUBSPOT, "deals", "lead"), (Kind.JIRA, "issues", "work_item"), (Kind.META, "ad sets by day", "ad_performance")],
)
def test_what_a_stub_gives_is_recognised(
    kind: Kind, table: str, canonical: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its columns are called as the layouts that are known."""
    fetched(kind, Query(table=table), tmp_path / "rows.parquet", monkeypatch)
    part = made.only(made.read(tmp_path / "rows.parquet"))
    assert part.mapping
    assert part.mapping.table == canonical
