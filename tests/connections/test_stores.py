"""Object stores: the form's key and no other, the form's host and no other, reading and nothing else."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

import polars as pl
import pytest

from marops.connections import gate, remote, service
from marops.connections.failures import refused_by
from marops.connections.kinds import Form, Kind, Query, Tls
from marops.errors import BadConnection
from marops.principal import Principal
from marops.workspaces.store import OWN
from tests.connections.conftest import Source
from tests.connections.stores import Store
from tests.sources import made

ALL = Query(table="*.parquet")


def changed(source: Source, **fields: str) -> Form:
    return replace(source.form, more={**source.form.more, **fields})


@contextmanager
def answering(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[tuple[int, list[tuple[str, dict[str, str]]]]]:
    """A server of HTTP that answers so; yields its port and what it was asked, with headers in small letters."""
    asked: list[tuple[str, dict[str, str]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            answer(self)

        do_POST = do_GET  # noqa: N815  (the base class calls it so)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield server.server_address[1], asked
        finally:  # else it would go on looking at the closed socket as fast as it can, to the end of the process
            server.shutdown()


def refusing(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(403)
    handler.send_header("Content-Length", "0")
    handler.end_headers()


@pytest.mark.server
def test_only_files_below_the_prefix_are_read_from_the_stand_in_for_s3(s3: Source, tmp_path: Path) -> None:
    """Without a prefix, all of the bucket."""
    assert remote.tables(s3.form, s3.password) == ["*.parquet"]
    assert remote.fetch(s3.form, s3.password, ALL, tmp_path / "out") == 3
    assert remote.fetch(changed(s3, prefix=""), s3.password, ALL, tmp_path / "out") == 6


@pytest.mark.server
def test_csv_files_of_a_store_are_read_as_text(s3: Source, store_server: Store, tmp_path: Path) -> None:
    """A leading zero stays."""
    store_server.put(s3.form.more["bucket"], "ads/x.csv", b"id,cost\n00123,1\n")
    assert remote.tables(s3.form, s3.password) == ["*.parquet", "*.csv"]
    assert remote.fetch(s3.form, s3.password, Query(table="*.csv"), tmp_path / "out") == 1
    assert pl.read_parquet(tmp_path / "out").row(0) == ("00123", "1")


@pytest.mark.server
def test_a_feed_of_a_store_fetches_the_days_from_the_last_one_on(home: Path, admin: Principal, s3: Source) -> None:
    """With one day of look-back the 2nd is fetched again; the first file's row stays as it was delivered."""
    connection = service.save(admin, OWN, s3.form, s3.password)
    service.follow(admin, service.preview(admin, OWN, connection, ALL), "Ads", date_column="day", look_back_days=1)
    s3(
        ("ads/a.parquet", [("2026-05-01", "Search Brasil", "BRL", 3, 99.0)]),
        ("ads/c.parquet", [("2026-05-04", "Search Brasil", "BRL", 1, 4.0)]),
    )
    (feed,) = service.feeds(admin, OWN)
    assert service.sync(admin, OWN, feed.id).first_day == date(2026, 5, 2)
    spend = made.counted("ad_performance").sort("period_start")["spend"].to_list()
    assert [float(value) for value in spend] == [1.25, 2.125, 0, 4]


@pytest.mark.server
@pytest.mark.parametrize(
    ("fields", "secret", "said"),
    [
        ({}, "wrong", "SignatureDoesNotMatch"), ({"key": "AKIANOBODY"}, "x", "InvalidAccessKeyId"),
        ({"bucket": "nobody-has-it"}, None, "NoSuchBucket"), ({"prefix": "nothing"}, None, "no such files below the prefix"),
    ],
)  # fmt: skip
def test_what_a_store_refuses_is_a_sentence(
    fields: dict[str, str], secret: str | None, said: str, s3: Source, tmp_path: Path
) -> None:
    """The store's own words, without its markup or the secret."""
    with pytest.raises(BadConnection) as refused:
        remote.fetch(changed(s3, **fields), s3.password if secret is None else secret, ALL, tmp_path / "out")
    assert str(refused.value).startswith("Shop (Amazon S3 and stores that speak it, 127.0.0.1/")
    assert said in str(refused.value)
    assert "<" not in str(refused.value)


@pytest.mark.server
def test_a_store_is_only_listed_and_read(s3: Source, store_server: Store, tmp_path: Path) -> None:
    """Its log has no other request than those of the owner, who put the files there."""
    before = len(store_server.log.read_text().splitlines())
    remote.tables(s3.form, s3.password)
    remote.fetch(s3.form, s3.password, ALL, tmp_path / "out")
    lines = store_server.log.read_text().splitlines()[before:]
    assert lines
    assert [line for line in lines if not re.search(r"(GET|HEAD) http", line)] == []


def test_no_key_of_the_server_reaches_a_stub_of_a_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """Neither from the environment nor from the home folder: signed with the form's key alone, or not at all where it has none."""
    monkeypatch.setenv("MAROPS_ALLOW_PRIVATE_HOSTS", "127.0.0.0/8")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.setenv(name, "AMBIENT")
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").write_text("[default]\naws_access_key_id=AMBIENT\naws_secret_access_key=AMBIENT\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    with answering(refusing) as (port, asked):
        more = {"bucket": "shop", "region": "us-east-1", "host": "127.0.0.1", "port": str(port)}
        for key, secret in (("FORMKEY", "secret"), ("", "")):
            form = Form(Kind.S3, "X", tls=Tls.OFF, more={**more, "key": key}, vouched=True)
            with pytest.raises(BadConnection):
                remote.tables(form, secret)
    assert len(asked) >= 2
    assert "AMBIENT" not in str(asked)
    assert {headers.get("authorization", "")[:33] for _, headers in asked} == {"AWS4-HMAC-SHA256 Credential=FORMKEY"[:33], ""}


def test_a_redirection_of_a_stub_of_a_store_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither to the metadata of a cloud's computer nor to another port of the same host."""
    monkeypatch.setenv("MAROPS_ALLOW_PRIVATE_HOSTS", "127.0.0.0/8")

    def redirecting(target: str) -> Callable[[BaseHTTPRequestHandler], None]:
        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(307)
            handler.send_header("Location", target)
            handler.send_header("Content-Length", "0")
            handler.end_headers()

        return answer

    with answering(refusing) as (inner, reached):
        for target in ("http://169.254.169.254/latest/meta-data/", f"http://127.0.0.1:{inner}/secret"):
            with answering(redirecting(target)) as (port, _):
                more = {"bucket": "shop", "region": "us-east-1", "host": "127.0.0.1", "port": str(port)}
                with pytest.raises(BadConnection, match="is no host of this kind of connection"):
                    remote.tables(Form(Kind.S3, "X", tls=Tls.OFF, more=more, vouched=True), "")
    assert reached == []


def test_what_a_client_wanted_elsewhere_does_not_hide_why_it_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some look where they run, or send reports; what the source said comes first."""

    def ask(form: Form, secret: str, job: dict[str, str], environment: dict[str, str]) -> dict[str, str]:
        with pytest.raises(OSError, match="403"):
            build_opener(ProxyHandler({"http": environment["http_proxy"]})).open("http://169.254.169.254/latest", timeout=5)
        raise refused_by(form, secret, "wrong password")

    monkeypatch.setattr(remote, "ask", ask)
    with pytest.raises(BadConnection, match=r"cannot be read: wrong password\..* 169\.254\.169\.254 is no host of this kind"):
        remote.tables(Form(Kind.S3, "X", tls=Tls.OFF, more=RIGHT, vouched=True), "secret")


def test_a_store_on_a_private_network_is_refused_until_an_admin_allows_it(s3: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the same guard as a database."""
    monkeypatch.delenv("MAROPS_ALLOW_PRIVATE_HOSTS")
    with pytest.raises(BadConnection, match="MAROPS_ALLOW_PRIVATE_HOSTS=127"):
        remote.tables(s3.form, s3.password)


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest/meta-data/", "http://localhost/", "http://s3.eu-central-1.amazonaws.com.example.org/",
        "http://amazonaws.com/", "http://.amazonaws.com/", "http://s3.amazonaws.com:22/", "http://s3.amazonaws.com@127.0.0.1/",
    ],
)  # fmt: skip
def test_the_gate_leads_to_the_hosts_of_the_kind_only(address: str) -> None:
    """Whatever the client behind it wants; 443 is the only port unless another was typed."""
    with gate.opened([".amazonaws.com"], plain=True) as way:
        with pytest.raises(OSError, match=r"403|Forbidden"):
            build_opener(ProxyHandler({"http": way.address})).open(address, timeout=5)
        assert "is no host of this kind of connection" in str(way.elsewhere)


def test_the_gate_lets_nothing_pass_that_is_not_encrypted_unless_that_was_chosen() -> None:
    """A form that says "certificate checked" means it."""
    with gate.opened(["store.example.org:80"]) as way, pytest.raises(OSError, match="403"):
        build_opener(ProxyHandler({"http": way.address})).open("http://store.example.org/", timeout=5)


RIGHT = {"bucket": "shop", "region": "eu-central-1", "key": "AKIA", "prefix": "ads/2026"}


@pytest.mark.parametrize(
    "fields",
    [
        {"bucket": "shop/../other"}, {"bucket": "s3://shop"}, {"bucket": ""}, {"prefix": "../x"}, {"prefix": "ads/*"},
        {"prefix": "/ads"}, {"region": "eu.example.org/"}, {"region": "eu@evil"}, {"key": "a b"}, {"host": "http://x"},
        {"host": "x/y"}, {"host": "a@b"}, {"port": "70000"}, {"port": "9000/x"},
    ],
)  # fmt: skip
def test_a_field_of_a_store_holds_no_part_of_an_address(fields: dict[str, str]) -> None:
    """The field is named."""
    Form(Kind.S3, "X", more=RIGHT, vouched=True)
    with pytest.raises(BadConnection, match="of the connection cannot be"):
        Form(Kind.S3, "X", more={**RIGHT, **fields}, vouched=True)


def test_whoever_saves_a_key_that_cannot_be_looked_at_vouches_for_it() -> None:
    """What an access key may do is written down elsewhere."""
    with pytest.raises(BadConnection, match="marops cannot look at what Secret access key may do"):
        Form(Kind.S3, "X", more=RIGHT)


@pytest.mark.parametrize(
    ("token", "found"),
    [("?sv=2024-11-04&sp=racwdl&sig=x", "acdlrw"), ("sv=1&sp=rwl&sig=x", "lrw"), ("sv=1&si=policy&sig=x", ""), ("sp=r", "r")],
)
def test_a_sas_token_that_may_do_anything_but_read_and_list_is_refused(token: str, found: str) -> None:
    """It says so itself; one whose permissions are kept in Azure cannot be judged."""
    form = Form(Kind.AZURE, "X", more={"account": "shopdata", "container": "exports"})
    with pytest.raises(BadConnection, match=rf"has the permissions “{found}”\. Nothing was read\."):
        remote.tables(form, token)


def test_a_secret_without_its_key_or_a_key_without_its_secret_is_refused() -> None:
    """A bucket is read without a key only where both are left empty."""
    with pytest.raises(BadConnection, match="Secret access key of X is missing"):
        remote.tables(Form(Kind.S3, "X", more=RIGHT, vouched=True), "")
    with pytest.raises(BadConnection, match="but not the ID that it belongs to"):
        remote.tables(Form(Kind.S3, "X", more={**RIGHT, "key": ""}, vouched=True), "secret")


@pytest.mark.parametrize(
    ("kind", "more", "hosts"),
    [
        (Kind.S3, RIGHT, (".amazonaws.com",)), (Kind.S3, {**RIGHT, "host": "minio.example.org"}, ("minio.example.org:443",)),
        (Kind.GCS, {"bucket": "shop"}, ("storage.googleapis.com",)),
        (Kind.AZURE, {"account": "shopdata", "container": "exports"}, ("shopdata.blob.core.windows.net",)),
    ],
)  # fmt: skip
def test_the_hosts_of_a_store_follow_from_its_kind(kind: Kind, more: dict[str, str], hosts: tuple[str, ...]) -> None:
    """Only another store that speaks S3 has one that is typed."""
    assert remote.hosts(Form(kind, "X", more=more, vouched=True)) == hosts


@pytest.mark.server
def test_the_secret_of_a_store_is_nowhere_but_sealed(
    home: Path, admin: Principal, s3: Source, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Not in a file of the installation, the log, the output, or an error."""
    caplog.set_level("DEBUG", logger="marops")
    connection = service.save(admin, OWN, s3.form, s3.password)
    service.preview(admin, OWN, connection, ALL)
    with pytest.raises(BadConnection) as refused:
        remote.fetch(changed(s3, bucket="nobody-has-it"), s3.password, ALL, home / "out")
    said = [str(refused.value), repr(service.connections(admin, OWN)), caplog.text, *capfd.readouterr()]
    assert [one for one in said if s3.password in one] == []
    for path in home.rglob("*"):
        assert not path.is_file() or s3.password.encode() not in path.read_bytes(), path
