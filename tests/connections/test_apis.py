"""Google Ads, HubSpot, Jira and Meta through dlt, against stubs of the documented shapes. None was tried against the real one."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import polars as pl
import pytest

from marops import store
from marops.connections import apis, fetching, gate, remote, resources, service
from marops.connections.fetching import Reader
from marops.connections.kinds import DESCRIBED, Form, Kind, Query, Tls
from marops.connections.reaching import Reach, Unreadable
from marops.connections.service import Synced
from marops.errors import BadConnection
from marops.principal import Principal
from marops.sources import service as sources
from marops.workspaces.store import OWN
from tests.connections.test_stores import answering, refusing
from tests.sources import made

SECRET = "token-Canary-5d"
MORE: dict[Kind, dict[str, str]] = {
    Kind.GOOGLE_ADS: {"customer": "123-456-7890", "manager": "9876543210", "client": "12-ab.apps.googleusercontent.com"},
    Kind.HUBSPOT: {}, Kind.JIRA: {"site": "acme", "user": "reader@example.org"}, Kind.META: {"account": "1234567890"},
}  # fmt: skip


PARTS = {"client_secret": "GOCSPX-Canary-6e", "developer_token": "dev-Canary-7f"}


def secret(kind: Kind) -> str:
    return DESCRIBED[kind].joined(SECRET, PARTS)


@dataclass(frozen=True)
class Asked:
    """A request that a stub has got: its parameters, what it brought along, its headers in small letters."""

    path: str
    body: str
    headers: dict[str, str]
    port: int = 0

    @property
    def params(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def campaign(day: str, micros: str) -> dict[str, Any]:
    return {
        "customer": {"resourceName": "customers/1234567890", "id": "1234567890", "descriptiveName": "Acme", "currencyCode": "BRL",
                     "timeZone": "America/Sao_Paulo"},
        "campaign": {"id": "111", "name": "Search Brasil", "advertisingChannelType": "SEARCH"}, "segments": {"date": day},
        "metrics": {"costMicros": micros, "clicks": "3", "impressions": "10", "interactions": "3", "conversions": 0.125,
                    "conversionsValue": 0},
    }  # fmt: skip


def google(asked: Asked) -> dict[str, Any]:
    """A token for the refresh token, then two pages of campaigns; the last has no token, and a page may have no results."""
    if asked.path == "/token":
        given = {name: values[0] for name, values in parse_qs(asked.body).items()}
        wanted = {
            "grant_type": "refresh_token", "refresh_token": SECRET, "client_secret": PARTS["client_secret"],
            "client_id": MORE[Kind.GOOGLE_ADS]["client"],
        }  # fmt: skip
        assert given == wanted
        return {"access_token": "access-Canary-8a", "expires_in": 3599, "token_type": "Bearer"}
    if "pageToken" in asked.json:
        return {"results": [campaign("2026-05-03", "0")], "fieldMask": "x"}
    return {"results": [campaign("2026-05-01", "1234567"), campaign("2026-05-02", "2125000")], "nextPageToken": "p"}


def deal(number: int, day: str) -> dict[str, Any]:
    return {"id": str(number), "properties": {"dealname": f"D{number}", "createdate": f"{day}T08:00:00Z", "amount": "10.5"}}


def hubspot(asked: Asked) -> dict[str, Any]:
    """Two pages of deals, by list or by search."""
    if asked.body:
        return {"results": [deal(2, "2026-05-02"), deal(3, "2026-05-03")], "total": 2}
    if "after" in asked.params:
        return {"results": [deal(3, "2026-05-03")]}
    return {"results": [deal(1, "2026-05-01"), deal(2, "2026-05-02")], "paging": {"next": {"after": "2", "link": "x"}}}


def issue(number: int, day: str) -> dict[str, Any]:
    status = {"name": "Done", "statusCategory": {"name": "Done"}}
    return {
        "id": str(number),
        "key": f"A-{number}",
        "fields": {"summary": "S", "created": f"{day}T08:00:00.000+0200", "status": status},
    }


def jira(asked: Asked) -> dict[str, Any]:
    """Two pages of issues; the last has no token."""
    if "nextPageToken" in asked.params:
        return {"issues": [issue(3, "2026-05-03")], "isLast": True}
    return {"issues": [issue(1, "2026-05-01"), issue(2, "2026-05-02")], "nextPageToken": "t", "isLast": False}


def insight(day: str) -> dict[str, Any]:
    return {"campaign_name": "Search", "date_start": day, "date_stop": day, "spend": "2.125", "impressions": "10"}


def meta(asked: Asked) -> dict[str, Any]:
    """Two pages of insights; the first leads to the second by its whole address."""
    if "after" in asked.params:
        return {"data": [insight("2026-05-03")], "paging": {"cursors": {}}}
    following = f"http://127.0.0.1:{asked.port}/v26.0/act_1234567890/insights?after=x&limit=500"
    return {"data": [insight("2026-05-01"), insight("2026-05-02")], "paging": {"next": following}}


Stub = Callable[[Asked], dict[str, Any]]
STUBS: dict[Kind, tuple[Stub, str, str]] = {
    Kind.GOOGLE_ADS: (google, "campaigns by day", "segments.date"), Kind.HUBSPOT: (hubspot, "deals", "createdate"),
    Kind.JIRA: (jira, "issues", "created"), Kind.META: (meta, "ad sets by day", "date_start"),
}  # fmt: skip


@contextmanager
def stub(kind: Kind, monkeypatch: pytest.MonkeyPatch, answers: Stub | None = None, status: int = 200) -> Iterator[list[Asked]]:
    """A stub of the kind that answers so, which the kind is read from; yields what it is asked."""
    asked: list[Asked] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0)).decode()
        headers = {name.lower(): value for name, value in handler.headers.items()}
        asked.append(Asked(handler.path, body, headers, handler.server.server_address[1]))  # type: ignore[arg-type,misc]
        said = json.dumps((answers or STUBS[kind][0])(asked[-1])).encode()
        handler.send_response(200 if handler.path == "/token" else status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(said)))
        handler.end_headers()
        handler.wfile.write(said)

    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    with answering(answer) as (port, _):
        monkeypatch.setitem(resources.BASE, kind, f"http://127.0.0.1:{port}")
        monkeypatch.setattr(apis, "TOKENS", f"http://127.0.0.1:{port}/token")
        yield asked


def reach(kind: Kind, **more: str) -> Reach:
    return Reach(kind, {**MORE[kind], **more}, Tls.VERIFIED, secret(kind), "")


def fetched(
    kind: Kind, query: Query, to: Path, monkeypatch: pytest.MonkeyPatch, answers: Stub | None = None, status: int = 200, **more: str
) -> tuple[int, list[Asked]]:
    """How many rows the stub of the kind gave, and what it was asked beside a token."""
    with stub(kind, monkeypatch, answers, status) as asked:
        count = apis.fetch(reach(kind, **more), query, str(to))
    return count, [one for one in asked if one.path != "/token"]


@pytest.mark.parametrize("kind", list(STUBS))
def test_all_pages_of_a_stub_are_read(kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signed in as the service documents; every column is there, also those without a value."""
    _, table, day = STUBS[kind]
    count, asked = fetched(kind, Query(table=table), tmp_path / "out", monkeypatch)
    assert count == 3
    found = pl.read_parquet(tmp_path / "out")
    assert found.columns == list(resources.RESOURCES[kind][table].columns)
    assert [value[:10] for value in found[day]] == ["2026-05-01", "2026-05-02", "2026-05-03"]
    assert {one.headers["authorization"].split()[0] for one in asked} == {"Basic" if kind is Kind.JIRA else "Bearer"}


@pytest.mark.parametrize("kind", list(STUBS))
def test_only_the_days_from_one_on_are_taken_from_a_stub(kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is asked for no more; what it gives beside is left out here."""
    _, table, day = STUBS[kind]
    query = Query(table=table, date_column=day, from_day="2026-05-02")
    count, asked = fetched(kind, query, tmp_path / "out", monkeypatch)
    assert count == 2
    first = asked[0]
    match kind:
        case Kind.GOOGLE_ADS:
            assert "WHERE segments.date BETWEEN '2026-05-02' AND '" in first.json["query"]
        case Kind.HUBSPOT:
            filters = first.json["filterGroups"][0]["filters"]
            assert filters[0] == {"propertyName": "createdate", "operator": "GTE", "value": "1777680000000"}
        case Kind.JIRA:
            assert first.params["jql"] == 'created >= "2026-05-01" ORDER BY created'
        case _:
            assert json.loads(first.params["time_range"])["since"] == "2026-05-02"


def test_google_ads_stub_is_asked_as_the_customer_through_the_manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the version of the API, with the developer token and an access token; the days have two ends, at most 37 months."""
    _, asked = fetched(Kind.GOOGLE_ADS, Query(table="ad groups by day"), tmp_path / "out", monkeypatch)
    assert {one.path for one in asked} == {"/customers/1234567890/googleAds:search"}
    assert resources.BASE[Kind.GOOGLE_ADS].startswith("http://127.0.0.1")
    headers = asked[0].headers
    assert headers["authorization"] == "Bearer access-Canary-8a"
    assert (headers["developer-token"], headers["login-customer-id"]) == (PARTS["developer_token"], "9876543210")
    found = re.fullmatch(r"SELECT (.*) FROM ad_group WHERE segments\.date BETWEEN '(.*)' AND '(.*)'", asked[0].json["query"])
    assert found
    assert {"ad_group.id", "metrics.cost_micros", "customer.currency_code", "customer.time_zone"} <= set(found[1].split(", "))
    begin, end = date.fromisoformat(found[2]), date.fromisoformat(found[3])
    assert end - begin == timedelta(days=1121)
    assert [one.json.get("pageToken") for one in asked] == [None, "p"]


def test_spend_of_a_google_ads_stub_is_a_millionth_of_its_micros_exactly(
    home: Path, admin: Principal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1234567 is 1.234567, in the currency of the account; its time zone comes along."""
    fetched(Kind.GOOGLE_ADS, Query(table="campaigns by day"), tmp_path / "rows.parquet", monkeypatch)
    sources.accept(admin, sources.preview_file(admin, OWN, tmp_path / "rows.parquet"))
    rows = made.counted("ad_performance").sort("period_start")
    assert rows["spend"].to_list() == [Decimal("1.234567"), Decimal("2.125"), Decimal(0)]
    assert rows["conversions"].to_list() == [Decimal("0.125")] * 3
    assert rows.select("platform", "account_id", "currency_code", "tz_name", "campaign_type").row(0) == (
        "google_ads", "1234567890", "BRL", "America/Sao_Paulo", "search",
    )  # fmt: skip


def test_all_rows_of_a_hubspot_search_stub_are_read_though_a_search_ends_after_ten_thousand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each page begins behind the last id, which is compared as a number; no page is asked for by its position."""

    def answers(asked: Asked) -> dict[str, Any]:
        after = int(asked.json["filterGroups"][0]["filters"][1]["value"])
        assert asked.json["sorts"] == [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
        ids = range(after + 1, min(after + asked.json["limit"], 10_250) + 1)
        return {"results": [deal(one, "2026-05-02") for one in ids], "total": 10_250}

    query = Query(table="deals", date_column="createdate", from_day="2026-05-02")
    count, asked = fetched(Kind.HUBSPOT, query, tmp_path / "out", monkeypatch, answers)
    assert count == 10_250
    assert len(asked) == 52
    assert pl.read_parquet(tmp_path / "out")["id"].n_unique() == 10_250


def test_changes_of_a_hubspot_stub_take_the_place_of_the_same_rows_of_whatever_day(
    home: Path, admin: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A contact of long ago becomes a customer: the feed by the column of changes brings it, without asking for all of them."""
    there = {1: ("2026-01-01", "lead", "2026-01-02"), 2: ("2026-05-02", "lead", "2026-05-02")}
    monkeypatch.setattr(store, "now", lambda: datetime(2026, 5, 10, 12, tzinfo=UTC))

    def contact(number: int, created: str, stage: str, changed: str) -> dict[str, Any]:
        days = {"createdate": f"{created}T08:00:00Z", "lastmodifieddate": f"{changed}T08:00:00Z"}
        return {"id": str(number), "properties": {**days, "lifecyclestage": stage, "hs_analytics_source": "PAID_SEARCH"}}

    def answers(asked: Asked) -> dict[str, Any]:
        begin = "2000-01-01"
        if asked.body:
            wanted = asked.json["filterGroups"][0]["filters"][0]
            assert (wanted["propertyName"], wanted["operator"]) == ("lastmodifieddate", "GTE")
            begin = datetime.fromtimestamp(int(wanted["value"]) / 1000, UTC).date().isoformat()
        return {"results": [contact(number, *values) for number, values in there.items() if values[2] >= begin]}

    def read(form: Form, _: str, query: Query, to: Path) -> int:
        return apis.fetch(reach(form.kind), query, str(to))

    monkeypatch.setitem(fetching._READERS, Kind.HUBSPOT, Reader(lambda form, _: apis.tables(reach(form.kind)), read))
    with stub(Kind.HUBSPOT, monkeypatch, answers) as asked:
        connection = service.save(admin, OWN, Form(Kind.HUBSPOT, "X", vouched=True), SECRET)
        found = service.preview(admin, OWN, connection, Query(table="contacts"))
        service.follow(admin, found, "Contacts", date_column="lastmodifieddate", look_back_days=2)
        (feed,) = service.feeds(admin, OWN)
        assert feed.watermark == date(2026, 5, 10)
        asked.clear()
        assert service.sync(admin, OWN, feed.id) == Synced("Contacts", None, date(2026, 5, 7))
        assert asked[0].path == "/crm/v3/objects/contacts/search"
        there[1] = ("2026-01-01", "customer", "2026-05-09")
        there[3] = ("2026-05-10", "lead", "2026-05-10")
        assert service.sync(admin, OWN, feed.id).run
    assert dict(made.counted("lead").select("lead_id", "status").iter_rows()) == {"1": "customer", "2": "lead", "3": "lead"}


@pytest.mark.parametrize(
    ("kind", "table", "extra", "parameter"),
    [
        (Kind.HUBSPOT, "deals", "pipeline, dealname", "properties"), (Kind.JIRA, "issues", "customfield_10010", "fields"),
        (Kind.META, "ad sets by day", "cpm", "fields"),
    ],
)  # fmt: skip
def test_more_columns_are_asked_of_a_stub_and_stand_behind_the_others(
    kind: Kind, table: str, extra: str, parameter: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is there already is not there twice; a choice of a list is what it is called."""

    def answers(asked: Asked) -> dict[str, Any]:
        found = {"id": "1", "cpm": "0.5", "properties": {"pipeline": "sales"}}
        return {
            name: [{**found, "fields": {"customfield_10010": {"id": "7", "value": "LATAM"}}}]
            for name in ("results", "issues", "data")
        }

    _, asked = fetched(kind, Query(table=table), tmp_path / "out", monkeypatch, answers, extra=extra)
    found = pl.read_parquet(tmp_path / "out")
    own = list(resources.RESOURCES[kind][table].columns)
    assert found.columns == [*own, extra.split(",", maxsplit=1)[0]]
    assert found[found.columns[-1]].to_list() == [
        {"pipeline": "sales", "customfield_10010": "LATAM", "cpm": "0.5"}[found.columns[-1]]
    ]
    assert asked[0].params[parameter].split(",").count("dealname") == (kind is Kind.HUBSPOT)
    assert asked[0].params[parameter].endswith("," + found.columns[-1])


@pytest.mark.parametrize("kind", list(STUBS))
def test_what_a_stub_refuses_is_said_in_its_words(kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the status; without any part of the secret, also where it would be cut in two."""
    said = [SECRET, *PARTS.values(), "access-Canary-8a"]

    def answers(asked: Asked) -> dict[str, Any]:
        if asked.path == "/token":
            return google(asked)
        return {"message": f"no such token {' '.join(said)} {'x' * 115}{SECRET}"}

    with pytest.raises(Unreadable, match=r"401.*no such token") as refused:
        fetched(kind, Query(table=STUBS[kind][1]), tmp_path / "out", monkeypatch, answers, status=401)
    known = said if kind is Kind.GOOGLE_ADS else [SECRET]
    assert [one for one in known if one[:9] in str(refused.value)] == []


def test_an_answer_of_a_stub_that_does_not_end_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it fills the memory."""
    monkeypatch.setattr(apis, "_ANSWER_BYTES", 100_000)
    with pytest.raises(Unreadable, match="one of its answers is larger than 64 MB"):
        fetched(Kind.HUBSPOT, Query(table="deals"), tmp_path / "out", monkeypatch, lambda _: {"results": ["x" * 200_000]})


@pytest.mark.parametrize("kind", list(STUBS))
def test_pages_of_a_stub_that_lead_back_are_given_up(kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where they have no rows, so that no limit of rows would end them."""

    def answers(asked: Asked) -> dict[str, Any]:
        if asked.path == "/token":
            return google(asked)
        return {"paging": {"next": {"after": "2"}} if kind is Kind.HUBSPOT else {"next": f"http://127.0.0.1:{asked.port}/again"},
                "nextPageToken": "t"}  # fmt: skip

    with pytest.raises(Unreadable, match="its pages lead back to one that was read already"):
        fetched(kind, Query(table=STUBS[kind][1]), tmp_path / "out", monkeypatch, answers)


def test_a_link_of_a_stub_to_another_host_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The token stays with the service that it is for."""
    monkeypatch.setenv("MAROPS_ALLOW_PRIVATE_HOSTS", "127.0.0.0/8")
    with answering(refusing) as (elsewhere, reached), stub(Kind.META, monkeypatch, lambda _: away(elsewhere)) as asked:
        own = resources.BASE[Kind.META].removeprefix("http://")
        with gate.opened([own], plain=True) as way:
            monkeypatch.setenv("HTTP_PROXY", way.address)
            monkeypatch.setenv("http_proxy", way.address)
            with pytest.raises(Unreadable, match="403"):
                apis.fetch(reach(Kind.META), Query(table="ad sets by day"), str(tmp_path / "out"))
            assert "is no host of this kind of connection" in str(way.elsewhere)
    assert len(asked) == 1
    assert reached == []


def away(port: int) -> dict[str, Any]:
    return {"data": [insight("2026-05-01")], "paging": {"next": f"http://127.0.0.1:{port}/v26.0/more"}}


@pytest.mark.parametrize(
    ("kind", "hosts"),
    [
        (Kind.GOOGLE_ADS, ("googleads.googleapis.com", "oauth2.googleapis.com")), (Kind.HUBSPOT, ("api.hubapi.com",)),
        (Kind.JIRA, ("acme.atlassian.net",)), (Kind.META, ("graph.facebook.com",)),
    ],
)  # fmt: skip
def test_a_service_is_reached_at_its_own_hosts_only(kind: Kind, hosts: tuple[str, ...]) -> None:
    """None is ever typed, and what is asked lies there."""
    assert remote.hosts(Form(kind, "X", more=MORE[kind], vouched=True)) == hosts
    assert urlsplit(resources.BASE[kind].format_map(MORE[kind])).hostname == hosts[0]


def test_the_part_of_a_secret_that_is_missing_or_broken_is_named_and_not_shown() -> None:
    """A line break in a token would be quoted by whoever refuses it."""
    form = Form(Kind.GOOGLE_ADS, "X", more=MORE[Kind.GOOGLE_ADS], vouched=True)
    with pytest.raises(BadConnection, match=r"^Developer token of X is missing\. Enter it\.$"):
        remote.tables(form, DESCRIBED[Kind.GOOGLE_ADS].joined(SECRET, {**PARTS, "developer_token": ""}))
    for kind, broken in (
        (Kind.GOOGLE_ADS, DESCRIBED[Kind.GOOGLE_ADS].joined(SECRET, {**PARTS, "client_secret": f"{SECRET} x"})),
        (Kind.HUBSPOT, f"{SECRET}\nHost: x"), (Kind.META, f" {SECRET}"),
    ):  # fmt: skip
        with pytest.raises(BadConnection, match="has signs in it that it cannot have") as refused:
            remote.tables(Form(kind, "X", more=MORE[kind], vouched=True), broken)
        assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (Kind.JIRA, {"site": "evil.example.org/"}), (Kind.JIRA, {"site": "a.b"}), (Kind.JIRA, {"site": "-a"}),
        (Kind.JIRA, {"user": "x"}),
        (Kind.GOOGLE_ADS, {"customer": "123"}), (Kind.GOOGLE_ADS, {"manager": "1/2"}), (Kind.GOOGLE_ADS, {"client": "evil.org"}),
        (Kind.HUBSPOT, {"extra": "a&b"}), (Kind.HUBSPOT, {"extra": "a,"}), (Kind.JIRA, {"extra": "{x}"}),
        (Kind.META, {"extra": "a.b"}),
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
    [
        (Kind.GOOGLE_ADS, "campaigns by day", "ad_performance"),
        (Kind.HUBSPOT, "deals", "lead"),
        (Kind.JIRA, "issues", "work_item"),
        (Kind.META, "ad sets by day", "ad_performance"),
    ],
)
def test_what_a_stub_gives_is_recognised(
    kind: Kind, table: str, canonical: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its columns are called as the layouts that are known."""
    fetched(kind, Query(table=table), tmp_path / "rows.parquet", monkeypatch)
    part = made.only(made.read(tmp_path / "rows.parquet"))
    assert part.mapping
    assert part.mapping.table == canonical
