"""From a connection to rows that count: every kind of source, and where passwords are and are not."""

import logging
from decimal import Decimal
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlmodel import select

from marops import settings, store
from marops.connections import service
from marops.connections.kinds import Form, Kind, Query, Tls
from marops.connections.store import Connection
from marops.errors import BadConnection, BadSetting, Conflict, NotFound
from marops.principal import Principal
from marops.sources import service as sources
from marops.workspaces.store import OWN
from tests.connections.conftest import PASSWORD, Source
from tests.sources import made


@pytest.fixture(autouse=True)
def _prepared(home: Path, read_here: None) -> None:
    """Every test here has an installation of its own."""


def saved(admin: Principal, source: Source) -> str:
    return service.save(admin, OWN, source.form, source.password)


def test_a_table_of_any_source_is_previewed_imported_and_undone_as_a_file_is(admin: Principal, source: Source) -> None:
    """The whole way, with the exact sums; 2.125 stays 2.125."""
    connection = saved(admin, source)
    assert source.table in service.tables(admin, OWN, connection)
    found = service.preview(admin, OWN, connection, Query(table=source.table))
    assert found.file_name == f"Shop: {source.table}"
    assert found.ready[0].sums == {"clicks": "7", "spend": "3.375"}
    assert made.counted("ad_performance").height == 0
    run = sources.accept(admin, found)
    assert made.counted("ad_performance")["spend"].to_list() == [Decimal("1.25"), Decimal("2.125"), Decimal(0)]
    sources.undo(admin, OWN, run.id)
    assert made.counted("ad_performance").height == 0


def test_the_test_says_what_can_be_read(admin: Principal, source: Source) -> None:
    """One sentence, with the number of tables (a folder has "all files" beside its two)."""
    said = str(service.test(admin, source.form, source.password))
    assert said in {"Shop can be read, and only read: 1 table.", "Shop can be read, and only read: 3 tables."}


@pytest.mark.parametrize("kind", ["pg", "my", "lite", "duck"])
def test_a_select_is_read_as_a_table_is(admin: Principal, kind: str, request: pytest.FixtureRequest) -> None:
    """With a percent sign, a semicolon and a comment at its end."""
    source = request.getfixturevalue(kind)
    select_ = "SELECT * FROM ads WHERE clicks > 7 % 4 -- only busy days;"
    found = service.preview(admin, OWN, saved(admin, source), Query(select=select_))
    assert found.ready[0].sums == {"clicks": "4", "spend": "2.125"}


def test_a_source_without_rows_is_said(admin: Principal, lite: Source) -> None:
    """An empty table imports nothing and leaves nothing behind."""
    lite("DELETE FROM ads")
    with pytest.raises(BadConnection, match=r"^Shop: ads gives no rows\. Nothing was changed\.$"):
        service.preview(admin, OWN, saved(admin, lite), Query(table="ads"))
    assert list(settings.current().staging.iterdir()) == []


def test_bytes_are_refused_by_their_column(admin: Principal, lite: Source) -> None:
    """A picture is no cell."""
    lite("ALTER TABLE ads ADD COLUMN photo BLOB DEFAULT x'00ff'")
    with pytest.raises(BadConnection, match=r"^Column photo of Shop holds bytes, which cannot be imported"):
        service.preview(admin, OWN, saved(admin, lite), Query(table="ads"))


@pytest.mark.parametrize("kind", ["pg", "lite"])
def test_two_columns_of_one_name_are_refused_by_that_name(admin: Principal, kind: str, request: pytest.FixtureRequest) -> None:
    """Nobody could say which is meant (MariaDB says so itself; SQLite and DuckDB rename the second)."""
    source = request.getfixturevalue(kind)
    query = Query(select="SELECT 1 AS a, 2 AS a")
    if kind == "pg":
        with pytest.raises(BadConnection, match=r"^Two columns of Shop are called a\. Give one another name"):
            service.preview(admin, OWN, saved(admin, source), query)
    else:
        assert service.preview(admin, OWN, saved(admin, source), query).report.parts[0].headers[0] == "a"


def test_a_result_over_the_limit_is_refused_and_left_nowhere(admin: Principal, pg: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is looked at batch by batch, so memory stays bounded."""
    monkeypatch.setattr("marops.connections.writing.MAX_ROWS", 2)
    with pytest.raises(BadConnection, match="gives more than is fetched at once"):
        service.preview(admin, OWN, saved(admin, pg), Query(table="public.ads"))
    assert list(settings.current().staging.iterdir()) == []


def test_saving_under_the_same_name_replaces_and_never_keeps_the_former_password(admin: Principal, my: Source) -> None:
    """A saved password must not follow a changed host: it is entered anew, or the connection is refused."""
    first = saved(admin, my)
    assert saved(admin, my) == first
    with pytest.raises(BadConnection, match="Access denied"):
        service.save(admin, OWN, my.form, "")
    assert [known.form for known in service.connections(admin, OWN)] == [my.form]


def test_a_removed_connection_is_gone_with_its_password(admin: Principal, pg: Source) -> None:
    """And using it is a sentence."""
    connection = saved(admin, pg)
    service.remove(admin, OWN, connection)
    assert service.connections(admin, OWN) == []
    with pytest.raises(NotFound, match="not there any more"):
        service.tables(admin, OWN, connection)


def test_a_wrong_key_is_a_sentence_and_loses_nothing(admin: Principal, my: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the former key back, the connection works as before; an older key still opens after rotation."""
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    monkeypatch.setenv("MAROPS_SECRET_KEY", old)
    connection = saved(admin, my)
    monkeypatch.setenv("MAROPS_SECRET_KEY", new)
    with pytest.raises(BadSetting, match="cannot be opened with the present key"):
        service.tables(admin, OWN, connection)
    monkeypatch.setenv("MAROPS_SECRET_KEY", f"{new},{old}")
    assert service.tables(admin, OWN, connection) == [my.table]
    monkeypatch.setenv("MAROPS_SECRET_KEY", "short")
    with pytest.raises(BadSetting, match="must be 32 bytes"):
        service.tables(admin, OWN, connection)


def test_the_key_file_is_for_its_owner_only_and_missing_it_is_said(admin: Principal, my: Source) -> None:
    """It lies beside the database, not in it."""
    connection = saved(admin, my)
    key = settings.current().home / "secret.key"
    assert key.stat().st_mode & 0o777 == 0o600
    key.chmod(0o644)
    with pytest.raises(BadSetting, match="chmod 600"):
        service.tables(admin, OWN, connection)
    key.unlink()
    with pytest.raises(BadSetting, match="is not there"):
        service.tables(admin, OWN, connection)


@pytest.mark.parametrize("kind", ["pg", "my"])
def test_the_password_is_nowhere_but_sealed(
    admin: Principal, kind: str, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Not in any file of the installation, the log, the output, an error, or the repr of anything."""
    source = request.getfixturevalue(kind)
    caplog.set_level(logging.DEBUG)
    connection = saved(admin, source)
    run = sources.accept(admin, service.preview(admin, OWN, connection, Query(table=source.table)))
    kept = service.preview(admin, OWN, connection, Query(select="SELECT 1 AS a"))
    said = [repr(run), repr(kept), repr(service.connections(admin, OWN)), str(run.report), repr(source.form)]
    for wrong in (Query(select="SELECT nope"), Query(table="no.such")):
        with pytest.raises(BadConnection) as refused:
            service.preview(admin, OWN, connection, wrong)
        said += [str(refused.value), repr(refused.value)]
    with pytest.raises(BadConnection) as refused:
        service.test(admin, Form(source.form.kind, "X", "127.0.0.1", 1, "d", "u", Tls.OFF), source.password)
    said.append(str(refused.value))
    with store.reading() as session:
        row = session.exec(select(Connection)).one()
    said += [repr(row), str(row.form), caplog.text, *capfd.readouterr()]
    assert row.sealed
    assert [one for one in said if PASSWORD in one] == []
    assert [one for one in said if row.sealed in one] == []
    files = [path for path in settings.current().home.rglob("*") if path.is_file()]
    assert len(files) >= 4
    for path in files:
        assert PASSWORD.encode() not in path.read_bytes(), path


def test_somebody_elses_workspace_does_not_give_a_connection_away(admin: Principal, lite: Source) -> None:
    """An id is looked for in its own workspace only."""
    connection = saved(admin, lite)
    with pytest.raises(NotFound):
        service.preview(admin, "sample", connection, Query(table="ads"))


def test_a_test_in_another_workspace_writes_nothing_beside_a_connection(admin: Principal, lite: Source) -> None:
    """That it is not there belongs to the other workspace."""
    connection = saved(admin, lite)
    with pytest.raises(NotFound):
        service.test_saved(admin, "sample", connection)
    assert service.connections(admin, OWN)[0].problem == ""


def test_a_connection_that_a_feed_reads_from_is_not_removed(admin: Principal, lite: Source) -> None:
    """The feed is named."""
    connection = saved(admin, lite)
    service.follow(admin, service.preview(admin, OWN, connection, Query(table="ads")), "Ads", date_column="day")
    with pytest.raises(Conflict, match=r"^The feed Ads reads from Shop\. Remove the feed first\.$"):
        service.remove(admin, OWN, connection)


def test_a_driver_that_is_not_installed_is_named_with_its_extra(admin: Principal, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line to run is part of the sentence."""
    monkeypatch.setitem(__import__("sys").modules, "pymysql", None)
    with pytest.raises(BadSetting, match=r"python -m pip install 'marops\[mysql\]'"):
        service.test(admin, Form(Kind.MYSQL, "X", "db.example.org", 3306, "d", "u"), "")
