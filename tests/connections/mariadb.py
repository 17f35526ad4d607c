"""A real MariaDB from Debian's package, for the length of a test run. Only the server's binaries: no service is started.

`python -m tests.connections.mariadb` sees to it that they are there, as `tests.browsers` does for the browser.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pymysql


def ensure() -> Path:
    """The server's program, installed where there was none. Raises SystemExit with what to do where that fails."""
    if found := _find():
        return found
    if shutil.which("apt-get") and os.geteuid() == 0:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (
            ["update", "-q"],
            ["install", "-q", "-y", "--no-install-recommends", "mariadb-server-core", "mariadb-client-core"],
        ):
            subprocess.run(["apt-get", *command], check=False, env=environment, capture_output=True)
    if found := _find():
        return found
    raise SystemExit(
        "No MariaDB could be installed. Install Debian's mariadb-server-core and mariadb-client-core, or your system's package."
    )


def _find() -> Path | None:
    found = shutil.which("mariadbd", path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin")
    return Path(found) if found and shutil.which("mariadb-install-db") and shutil.which("my_print_defaults") else None


@contextmanager
def server(*, certificate: tuple[bytes, bytes] | None = None) -> Iterator[int]:
    """Start a server of its own on a free port of 127.0.0.1; yields the port. `root` has the password "root".

    With a certificate and its key it can be reached encrypted.
    """
    program = ensure()
    folder = Path(tempfile.mkdtemp(prefix="marops-my-"))
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    if user:
        os.chown(folder, user.pw_uid, user.pw_gid)
    who = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    environment = {"PATH": os.environ["PATH"] + ":/usr/sbin", "LC_ALL": "C.UTF-8", "HOME": str(folder)}
    process = None
    try:
        data = folder / "data"
        subprocess.run(
            [
                "mariadb-install-db", "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal",
                "--skip-test-db",
            ],
            check=True, capture_output=True, cwd=folder, env=environment, **who,
        )  # fmt: skip
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        (folder / "init.sql").write_text("ALTER USER root@localhost IDENTIFIED BY 'root';\n")
        process = subprocess.Popen(
            [
                program, "--no-defaults", f"--datadir={data}", f"--port={port}", "--bind-address=127.0.0.1",
                f"--socket={folder / 's'}", f"--pid-file={folder / 'pid'}", f"--init-file={folder / 'init.sql'}",
                "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=32M", "--skip-name-resolve=0",
                *_encryption(folder, certificate),
            ],
            stdout=subprocess.DEVNULL, stderr=(folder / "log").open("wb"), cwd=folder, env=environment, **who
        )  # fmt: skip
        _wait(port, folder / "log")
        yield port
    finally:
        if process:
            process.terminate()
            process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _encryption(folder: Path, certificate: tuple[bytes, bytes] | None) -> list[str]:
    if certificate is None:
        return []
    for name, content in zip(("server.crt", "server.key"), certificate, strict=True):
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o644)
    return [f"--ssl-cert={folder / 'server.crt'}", f"--ssl-key={folder / 'server.key'}"]


def root(port: int) -> pymysql.Connection:  # type: ignore[type-arg]
    """A connection as root."""
    return pymysql.connect(host="127.0.0.1", port=port, user="root", password="root", autocommit=True)


def _wait(port: int, log: Path) -> None:
    for _ in range(300):
        try:
            root(port).close()
        except pymysql.MySQLError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(log.read_text())


if __name__ == "__main__":
    print(f"connection tests use {ensure()}")
