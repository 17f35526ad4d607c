"""What a connection must not reach or do: other hosts, other files, any change, more than one statement."""

import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest

from marops.connections import addresses, files, mysql, postgres
from marops.connections.kinds import Form, Kind, Query, Tls
from marops.connections.writing import number, rows_by_size
from marops.errors import BadConnection, BadSetting
from tests.connections import mariadb
from tests.connections.conftest import Source

LOOPBACK = [
    "127.0.0.1", "127.1", "127.0.1", "0x7f000001", "0x7f.1", "2130706433", "017700000001", "0177.0.0.1", "localhost", "::1",
    "::ffff:127.0.0.1", "::ffff:7f00:1", "64:ff9b::7f00:1", "2002:7f00:1::", "0.0.0.0", "::",
]  # fmt: skip
PRIVATE = [
    "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "fe80::1", "fd00::1", "fd00:ec2::254", "224.0.0.1",
    "ff02::1", "255.255.255.255", "::ffff:10.0.0.1", "64:ff9b::a00:1", "0xa9fea9fe", "2852039166", "192.0.2.1", "2001:db8::1",
]  # fmt: skip


@pytest.mark.parametrize("host", LOOPBACK + PRIVATE)
def test_an_address_of_this_computer_or_a_private_network_is_refused_however_it_is_written(host: str) -> None:
    """Checked after resolving, by what the address is."""
    with pytest.raises(BadConnection) as refused:
        addresses.pinned(host, 5432)
    assert "MAROPS_ALLOW_PRIVATE_HOSTS" in str(refused.value) or "There is no host" in str(refused.value)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_a_public_address_is_allowed(address: str) -> None:
    """Also where it is wrapped."""
    assert addresses.is_public(ip_address(address))


@pytest.mark.parametrize(
    ("allowed", "host", "reached"),
    [
        ("127.0.0.0/8", "127.1", "127.0.0.1"), ("127.0.0.1", "0x7f000001", "127.0.0.1"), ("localhost", "localhost", None),
        ("10.0.0.0/8, 192.168.1.7", "192.168.1.7", "192.168.1.7"),
    ],
)  # fmt: skip
def test_an_admin_may_allow_ranges_addresses_and_names(
    allowed: str, host: str, reached: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address that was checked is the one that is connected to."""
    monkeypatch.setenv("MAROPS_ALLOW_PRIVATE_HOSTS", allowed)
    assert addresses.pinned(host, 5432) in ({reached} if reached else {"127.0.0.1", "::1"})
    with pytest.raises(BadConnection):
        addresses.pinned("10.0.0.1" if "10." not in allowed else "127.0.0.1", 5432)


def test_a_range_that_is_none_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """The setting and the value are named."""
    monkeypatch.setenv("MAROPS_ALLOW_PRIVATE_HOSTS", "10.0.0/99")
    with pytest.raises(BadSetting, match=r"MAROPS_ALLOW_PRIVATE_HOSTS has 10\.0\.0/99"):
        addresses.pinned("127.0.0.1", 1)


@pytest.mark.parametrize(
    "changed",
    [
        {"host": "/var/run/postgresql"}, {"host": "db.example.org sslmode=disable"}, {"host": "a,b"}, {"host": "postgres://x/y"},
        {"host": ""}, {"database": "x?sslmode=disable"}, {"database": "postgres://u@h/d"}, {"database": "a=b"}, {"user": "a'b"},
        {"port": 0}, {"port": 65536}, {"name": " "}, {"name": "a\nb"},
    ],
)  # fmt: skip
def test_a_field_holds_nothing_that_could_be_an_option(changed: dict[str, object]) -> None:
    """The field is named; there is no form of a free address."""
    right: dict[str, object] = {
        "kind": Kind.POSTGRES, "name": "X", "host": "db.example.org", "port": 5432, "database": "shop", "user": "reader",
    }  # fmt: skip
    Form(**right)  # type: ignore[arg-type]
    with pytest.raises(BadConnection, match="of the connection cannot be"):
        Form(**{**right, **changed})  # type: ignore[arg-type]


WRITABLE_PG: list[tuple[str, str]] = [
    ("GRANT INSERT ON ads TO {role}", "INSERT on public.ads"),
    ("GRANT UPDATE (cost) ON ads TO {role}", "UPDATE on public.ads"),
    ("GRANT DELETE ON ads TO PUBLIC", "DELETE on public.ads"),
    ("GRANT TRUNCATE ON ads TO {role}", "TRUNCATE on public.ads"),
    ("GRANT CREATE ON SCHEMA public TO {role}", "CREATE on SCHEMA public"),
    ("GRANT CREATE ON DATABASE \"{database}\" TO {role}", "CREATE on DATABASE "),
    ("CREATE SEQUENCE s; GRANT USAGE ON SEQUENCE s TO {role}", "USAGE on SEQUENCE public.s"),
    ("ALTER TABLE ads OWNER TO {role}", "owns public.ads"),
    ("CREATE SCHEMA theirs AUTHORIZATION {role}", "owns SCHEMA theirs"),
    ("ALTER ROLE {role} CREATEROLE", "which has CREATEROLE"),
    ("ALTER ROLE {role} BYPASSRLS", "which has BYPASSRLS"),
    ("ALTER ROLE {role} SUPERUSER", "which has SUPERUSER"),
    ("GRANT pg_write_all_data TO {role}", "is a member of pg_write_all_data"),
    ("GRANT pg_execute_server_program TO {role}", "is a member of pg_execute_server_program"),
    ("GRANT pg_read_server_files TO {role}", "is a member of pg_read_server_files"),
    (
        "ALTER ROLE {role} NOINHERIT; CREATE ROLE boss_{role}; GRANT INSERT ON ads TO boss_{role}; GRANT boss_{role} TO {role}",
        "INSERT on public.ads",
    ),
]  # fmt: skip


@pytest.mark.server
@pytest.mark.parametrize(("grant", "named"), WRITABLE_PG, ids=[named for _, named in WRITABLE_PG])
def test_a_postgres_role_that_could_change_something_is_refused_with_the_right_grants(grant: str, named: str, pg: Source) -> None:
    """Also what it could do as another role. The sentence says what it may, on what, and how to make a right role."""
    assert postgres.tables(pg.form, pg.password) == ["public.ads"]
    pg(*grant.format(role=pg.form.user, database=pg.form.database).split("; "))
    with pytest.raises(BadConnection) as refused:
        postgres.tables(pg.form, pg.password)
    said = str(refused.value)
    assert said.startswith(f"The role {pg.form.user} of Shop can do more than read: it ")
    assert named in said
    assert "GRANT SELECT ON ALL TABLES IN SCHEMA public TO" in said
    with pytest.raises(BadConnection, match="can do more than read"):
        postgres.fetch(pg.form, pg.password, Query(table="public.ads"), Path("/nonexistent"))


@pytest.mark.server
def test_roles_that_only_read_more_are_let_through(pg: Source) -> None:
    """Reading everything is no harm to the database."""
    pg(f"GRANT pg_read_all_data TO {pg.form.user}", "CREATE TABLE other (a int)")
    assert postgres.tables(pg.form, pg.password) == ["public.ads", "public.other"]


WRITABLE_MY: list[tuple[str, str]] = [
    ("GRANT INSERT ON {database}.* TO {role}", "INSERT on `{database}`.*"),
    ("GRANT UPDATE (cost) ON {database}.ads TO {role}", "UPDATE on `{database}`.`ads`"),
    ("GRANT FILE ON *.* TO {role}", "FILE on *.*"),
    ("GRANT ALL ON *.* TO {role}", "ALL PRIVILEGES on *.*"),
    ("GRANT SELECT ON {database}.* TO {role} WITH GRANT OPTION", "GRANT OPTION on `{database}`.*"),
    ("GRANT EXECUTE ON {database}.* TO {role}", "EXECUTE on `{database}`.*"),
    (
        "CREATE ROLE r_{database}; GRANT DELETE ON {database}.* TO r_{database}; GRANT r_{database} TO {role}",
        "DELETE on `{database}`.*",
    ),
]  # fmt: skip


@pytest.mark.server
@pytest.mark.parametrize(("grant", "named"), WRITABLE_MY, ids=[named for _, named in WRITABLE_MY])
def test_a_mariadb_user_that_could_change_something_is_refused_with_the_right_grants(grant: str, named: str, my: Source) -> None:
    """Roles it has not taken yet are looked at as well."""
    role, database = f"{my.form.user}@'%'", my.form.database
    assert mysql.tables(my.form, my.password) == [f"{database}.ads"]
    my(*grant.format(role=role, database=database).split("; "))
    with pytest.raises(BadConnection) as refused:
        mysql.tables(my.form, my.password)
    said = str(refused.value)
    assert f"can do more than read: it has {named.format(database=database)}. Nothing was read." in said
    assert f"GRANT SELECT, SHOW VIEW ON `{database}`.*" in said


ESCAPES = [
    "SELECT 1 AS a; DELETE FROM ads",
    "SELECT 1 AS a) AS x; DELETE FROM ads; SELECT * FROM (SELECT 1 AS a",
    "WITH gone AS (DELETE FROM ads RETURNING 1) SELECT * FROM gone",
    "SELECT 1 AS a) AS x; COMMIT; DELETE FROM ads; SELECT (1",
    "WITH a AS (SELECT 1) INSERT INTO ads SELECT * FROM ads",
]


@pytest.mark.parametrize("kind", ["pg", "my", "lite", "duck"])
@pytest.mark.parametrize("escape", ESCAPES)
def test_a_query_is_one_select_and_changes_nothing(escape: str, kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Refused by the database's own grammar, before its role would refuse it."""
    source = request.getfixturevalue(kind)
    reader = {"pg": postgres, "my": mysql}.get(kind, files)
    with pytest.raises(BadConnection, match=r"^Shop \(.*\) cannot be read: "):
        reader.fetch(source.form, source.password, Query(select=escape), tmp_path / "out")
    assert reader.fetch(source.form, source.password, Query(table=source.table), tmp_path / "out") == 3


@pytest.mark.parametrize(
    "select", ["DELETE FROM ads", "selectx", "EXPLAIN SELECT 1", "ATTACH 'x' AS y", "CALL p()", "SELECT\x00 1"]
)
def test_what_does_not_begin_as_a_select_is_refused_at_once(select: str) -> None:
    """Before anything is opened."""
    with pytest.raises(BadConnection):
        Query(select=select)


@pytest.mark.server
@pytest.mark.parametrize(
    "select",
    ["SELECT pg_read_file('/etc/passwd')", "SELECT lo_import('/etc/passwd')", "SELECT pg_ls_dir('/')", "SELECT nextval('s')"],
)  # fmt: skip
def test_postgres_functions_that_reach_the_server_or_change_it_are_refused(select: str, pg: Source, tmp_path: Path) -> None:
    """By the role and the read-only transaction."""
    pg("CREATE SEQUENCE s")
    with pytest.raises(BadConnection, match="cannot be read"):
        postgres.fetch(pg.form, pg.password, Query(select=select), tmp_path / "out")


@pytest.mark.server
def test_mariadb_does_not_write_a_file_for_a_query(my: Source, tmp_path: Path) -> None:
    """Neither inside the parentheses nor after them."""
    for select in (f"SELECT 1 AS a INTO OUTFILE '{tmp_path}/x'", f"SELECT 1 AS a) AS x INTO OUTFILE '{tmp_path}/x' -- "):
        with pytest.raises(BadConnection, match="cannot be read"):
            mysql.fetch(my.form, my.password, Query(select=select), tmp_path / "out")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("kind", ["pg", "my", "lite", "duck"])
def test_a_statement_that_takes_too_long_is_stopped(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the server's own clock, or the one beside the file's parser."""
    source = request.getfixturevalue(kind)
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS c FROM n"
    if kind == "my":
        endless = "SELECT SLEEP(30) AS c"
    monkeypatch.setattr("marops.connections.writing.SECONDS", 1)
    if kind in {"lite", "duck"}:
        from marops.connections import opening

        monkeypatch.setattr(opening, "SECONDS", 1)
        with pytest.raises(opening.Unreadable, match=r"(?i)interrupt"):
            opening.fetch(source.form.kind, source.form.path, Query(select=endless), str(tmp_path / "out"))
        return
    reader: Callable[..., int] = {"pg": postgres, "my": mysql}[kind].fetch
    if kind == "my":  # a sleep that is stopped gives 1 instead of failing
        endless = "SELECT COUNT(*) AS c FROM seq_1_to_1000000 a, seq_1_to_1000000 b"
    with pytest.raises(BadConnection, match=r"cannot be read: .*(timeout|interrupted|max_statement_time)"):
        reader(source.form, source.password, Query(select=endless), tmp_path / "out")


@pytest.mark.parametrize(
    "select",
    [
        "SELECT load_extension('x')", "SELECT * FROM pragma_database_list", "SELECT writefile('x', 'y')",
        "SELECT readfile('/etc/passwd')",
    ],
)  # fmt: skip
def test_sqlite_reads_tables_and_nothing_else(select: str, lite: Source, tmp_path: Path) -> None:
    """No extension, no pragma, no file."""
    with pytest.raises(BadConnection, match=r"not authorized|no such function"):
        files.fetch(lite.form, "", Query(select=select), tmp_path / "out")


@pytest.mark.parametrize(
    "select",
    [
        "SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM '/etc/passwd'", "SELECT * FROM glob('/*')",
        "SELECT * FROM read_text('/etc/passwd')", "SELECT * FROM read_parquet('s3://bucket/key.parquet')",
        "SELECT 1) AS x; SET enable_external_access = true; SELECT * FROM (SELECT 1",
    ],
)  # fmt: skip
def test_duckdb_reads_its_own_tables_and_nothing_else(select: str, duck: Source, tmp_path: Path) -> None:
    """No other file, no network, no way to allow them."""
    with pytest.raises(BadConnection, match=r"Permission Error|does not exist|not one SELECT|syntax error"):
        files.fetch(duck.form, "", Query(select=select), tmp_path / "out")


def test_a_file_outside_the_allowed_folders_is_refused_also_by_a_link(folder: Path, tmp_path: Path) -> None:
    """The real place counts, and marops' own data is never among them."""
    outside = tmp_path / "outside.db"
    sqlite3.connect(outside).execute("CREATE TABLE t (a)").connection.close()
    (folder / "link.db").symlink_to(outside)
    for path in (outside, folder / "link.db", folder / ".." / "outside.db", Path("/etc/passwd")):
        with pytest.raises(BadConnection, match=r"is outside the folders that connections may read.*MAROPS_FILES_FROM="):
            files.tables(Form(Kind.SQLITE, "X", path=str(path)), "")


def test_marops_own_database_is_not_read_even_inside_an_allowed_folder(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds the sealed passwords."""
    monkeypatch.setenv("MAROPS_FILES_FROM", str(tmp_path))
    with pytest.raises(BadConnection, match="is outside the folders"):
        files.tables(Form(Kind.SQLITE, "X", path=str(home / "marops.db")), "")


@pytest.mark.parametrize("kind", [Kind.SQLITE, Kind.DUCKDB, Kind.PARQUET])
def test_a_file_that_is_something_else_is_a_sentence(kind: Kind, folder: Path) -> None:
    """Whatever the parser makes of it, in the limited child."""
    path = folder / "x.parquet"
    path.write_bytes(b"PAR1" + bytes(range(256)) * 40 + b"PAR1")
    form = Form(kind, "X", path=str(folder if kind is Kind.PARQUET else path))
    with pytest.raises(BadConnection, match=r"^X \(.*\) cannot be read: "):
        files.fetch(form, "", Query(table="x.parquet"), folder / "out")


@pytest.mark.server
def test_a_server_that_is_not_encrypted_is_refused_where_encryption_is_wanted(pg: Source, my: Source) -> None:
    """Never silently in the clear."""
    for source, reader in ((pg, postgres), (my, mysql)):
        form = source.form
        for tls in (Tls.ENCRYPTED, Tls.VERIFIED):
            wanted = Form(form.kind, "X", form.host, form.port, form.database, form.user, tls)
            with pytest.raises(BadConnection, match=r"(?i)ssl"):
                reader.tables(wanted, source.password)


@pytest.mark.server
def test_the_servers_of_these_tests_are_real(pg_server: str, mariadb_port: int) -> None:
    """Nothing here is a stub."""
    with mariadb.root(mariadb_port).cursor() as cursor:
        cursor.execute("SELECT VERSION()")
        assert "MariaDB" in str(cursor.fetchone())
    assert pg_server.startswith("postgresql://marops@127.0.0.1:")


@pytest.mark.parametrize(
    ("value", "written"),
    [(1.25, "1.25"), (2.125, "2.1250"), (0.001, "0.0010"), (1e-7, "0.0000001"), (3.0, "3.0"), (1e20, "1" + "0" * 20)],
)  # fmt: skip
def test_numbers_are_written_so_that_they_can_be_read_in_one_way_only(value: float, written: str) -> None:
    """Never with exactly three decimals, never with an exponent."""
    assert number(value) == written


@contextmanager
def stalling(port: int, at: bytes) -> Iterator[int]:
    """A way to a server that lets nothing pass any more once `at` was said to it; yields its port."""
    ways: list[socket.socket] = []

    def carry(one: socket.socket, other: socket.socket, stalled: threading.Event) -> None:
        with suppress(OSError):
            while part := one.recv(65536):
                if at in part:
                    stalled.set()
                if not stalled.is_set():
                    other.sendall(part)

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(("127.0.0.1", port))
                ways.extend((client, server))
                stalled = threading.Event()
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=carry, args=(*pair, stalled), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]
        for way in ways:
            way.close()


@pytest.mark.server
@pytest.mark.timeout(60)
@pytest.mark.parametrize("kind", ["pg", "my"])
def test_a_server_that_falls_silent_is_given_up(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own clock cannot be relied on then; ours is twice as long as a statement may take."""
    source = request.getfixturevalue(kind)
    monkeypatch.setattr("marops.connections.writing.SECONDS", 1)
    reader: Callable[..., int] = {"pg": postgres, "my": mysql}[kind].fetch
    with stalling(source.form.port, b"marops_rows") as port, pytest.raises(BadConnection, match="cannot be read"):
        reader(replace(source.form, port=port), source.password, Query(table=source.table), tmp_path / "out")


def test_large_rows_are_fetched_few_at_a_time() -> None:
    """A server's driver keeps a batch in memory beside everything else; small rows come in large batches."""
    asked: list[int] = []

    def fetch(count: int, cell: str) -> list[tuple[str, int]]:
        asked.append(count)
        return [(cell, 1)] * count

    for cell in ("x" * 1_000_000, "x"):
        batch = rows_by_size(lambda count, cell=cell: fetch(count, cell))  # type: ignore[misc]
        for _ in range(6):
            batch()
    assert asked == [100, 33, 33, 33, 33, 33, 100, 400, 1600, 6400, 10_000, 10_000]


def test_the_day_of_a_query_is_a_day() -> None:
    """It stands in a statement."""
    with pytest.raises(ValueError, match="isoformat"):
        Query(table="ads", date_column="day", from_day="2026-01-01' OR 1=1 --")
