"""The way to a server: verified means the right authority and the right name, with real certificates and real servers."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest

from marops import settings
from marops.connections import authorities, fetching, remote
from marops.connections.kinds import Form, Kind, Tls
from marops.errors import BadConnection, BadSetting
from tests.connections import mariadb, stores
from tests.connections.certificates import Authority
from tests.sources import postgres

HOST = "localhost"
"""The name in the certificates; the servers are also reached as 127.0.0.1, which is not in them."""
SECRET = "t-l-s"
Trusting = Callable[[Authority], None]


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def pg_port(authority: Authority) -> Iterator[int]:
    with postgres.server(certificate=authority.certificate(HOST)) as address:
        with psycopg.connect(address + "postgres", autocommit=True) as connection:
            connection.execute("CREATE TABLE ads (x int)")
            connection.execute(f"CREATE ROLE reader LOGIN PASSWORD '{SECRET}'".encode())
            connection.execute("GRANT SELECT ON ads TO reader")
        yield int(address.rsplit(":", 1)[1].strip("/"))


@pytest.fixture(scope="module")
def my_port(authority: Authority) -> Iterator[int]:
    with mariadb.server(certificate=authority.certificate(HOST)) as port:
        with mariadb.root(port).cursor() as cursor:
            for statement in (
                "CREATE DATABASE shop", "CREATE TABLE shop.ads (x int)", f"CREATE USER reader@'%' IDENTIFIED BY '{SECRET}'",
                "GRANT SELECT ON shop.* TO reader@'%'",
            ):  # fmt: skip
                cursor.execute(statement)
        yield port


@pytest.fixture(params=["pg", "my"])
def form(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Form:
    """A server of each kind, verified."""
    monkeypatch.setenv("MAROPS_ALLOW_PRIVATE_HOSTS", "127.0.0.0/8,::1/128,localhost")
    port = request.getfixturevalue(f"{request.param}_port")
    if request.param == "pg":
        return Form(Kind.POSTGRES, "Shop", HOST, port, "postgres", "reader")
    return Form(Kind.MYSQL, "Shop", HOST, port, "shop", "reader")


@pytest.fixture
def trusting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trusting:
    """Trust an authority by MAROPS_CA_FILE."""

    def trust(one: Authority) -> None:
        (tmp_path / "ca.pem").write_bytes(one.pem)
        monkeypatch.setenv("MAROPS_CA_FILE", str(tmp_path / "ca.pem"))

    return trust


def tables(form: Form) -> list[str]:
    return fetching.reader(form.kind).tables(form, SECRET)


@pytest.mark.server
def test_a_server_with_the_right_authority_and_name_is_read(form: Form, authority: Authority, trusting: Trusting) -> None:
    """The authority is a private one, named by MAROPS_CA_FILE."""
    trusting(authority)
    assert [name.rsplit(".", 1)[1] for name in tables(form)] == ["ads"]


@pytest.mark.server
def test_a_certificate_of_an_unknown_authority_is_refused(form: Form, trusting: Trusting) -> None:
    """By the system's authorities, and by another private one."""
    for _ in range(2):
        with pytest.raises(BadConnection, match=r"(?i)^Shop .* cannot be read: .*certificate.*verif"):
            tables(form)
        trusting(Authority())


@pytest.mark.server
def test_a_certificate_of_another_name_is_refused(form: Form, authority: Authority, trusting: Trusting) -> None:
    """Though its authority is trusted."""
    trusting(authority)
    with pytest.raises(BadConnection, match=r"(?i)^Shop .* cannot be read: .*(does not match|is not valid for)"):
        tables(replace(form, host="127.0.0.1"))


@pytest.mark.server
@pytest.mark.parametrize("tls", [Tls.ENCRYPTED, Tls.OFF])
def test_a_server_is_read_encrypted_only_or_not_encrypted_where_that_was_chosen(form: Form, tls: Tls) -> None:
    """Whoever signed the certificate."""
    assert len(tables(replace(form, tls=tls))) == 1


@pytest.mark.server
def test_encrypted_only_is_encrypted(pg_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL says so itself, seen from the owner's side while the reader is connected."""
    monkeypatch.setenv("MAROPS_ALLOW_PRIVATE_HOSTS", "127.0.0.0/8")
    from marops.connections.postgres import _connected

    for tls, encrypted in ((Tls.ENCRYPTED, True), (Tls.OFF, False)):
        with _connected(Form(Kind.POSTGRES, "X", "127.0.0.1", pg_port, "postgres", "reader", tls), SECRET) as connection:
            found = connection.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone()
        assert found == (encrypted,)


@pytest.mark.server
@pytest.mark.skipif(sys.platform != "linux", reason="other systems keep authorities where no file replaces them")
def test_the_certificate_of_a_stand_in_for_s3_is_checked(
    tmp_path: Path, authority: Authority, trusting: Trusting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused with the system's authorities, read with the right one, and read unchecked where that was chosen."""
    monkeypatch.setenv("MAROPS_ALLOW_PRIVATE_HOSTS", "127.0.0.0/8,::1/128,localhost")
    certificate = (tmp_path / "store.crt", tmp_path / "store.key")
    for path, content in zip(certificate, authority.certificate(HOST), strict=True):
        path.write_bytes(content)
    with stores.server(tmp_path, certificate=certificate) as store:
        store.owner.create_bucket(Bucket="shop")
        store.put("shop", "x.csv", b"a,b\n1,2\n")
        more = {"bucket": "shop", "region": "us-east-1", "key": store.key, "host": HOST, "port": str(store.port)}
        form = Form(Kind.S3, "Shop", more=more, vouched=True)
        with pytest.raises(BadConnection, match="cannot be read"):
            remote.tables(form, store.secret)
        assert remote.tables(replace(form, tls=Tls.ENCRYPTED), store.secret) == ["*.csv"]
        trusting(authority)
        assert remote.tables(form, store.secret) == ["*.csv"]


@pytest.mark.server
def test_the_systems_authorities_are_trusted_without_a_setting(
    form: Form, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where OpenSSL is told of them."""
    (tmp_path / "system.pem").write_bytes(authority.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "system.pem"))
    assert len(tables(form)) == 1


@pytest.mark.server
def test_postgres_finds_the_systems_authorities_where_systems_keep_them(
    pg_port: int, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its driver's own OpenSSL would look in a folder that is on no other computer."""
    monkeypatch.setenv("MAROPS_ALLOW_PRIVATE_HOSTS", "127.0.0.0/8,::1/128,localhost")
    (tmp_path / "system.pem").write_bytes(authority.pem)
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(authorities.ssl, "get_default_verify_paths", lambda: SimpleNamespace(cafile=None))
    monkeypatch.setattr(authorities, "_KNOWN", (str(tmp_path / "none.pem"), str(tmp_path / "system.pem")))
    assert tables(Form(Kind.POSTGRES, "Shop", HOST, pg_port, "postgres", "reader")) == ["public.ads"]


def test_a_file_of_authorities_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """The setting and the path are named."""
    monkeypatch.setenv("MAROPS_CA_FILE", "/nowhere/ca.pem")
    with pytest.raises(BadSetting, match="MAROPS_CA_FILE is /nowhere/ca"):
        settings.current()
