"""A real PostgreSQL from Debian's binaries, for the length of a test run.

`python -m tests.sources.postgres` sees to it that they are there, as `tests.browsers` does for the browser.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def _found() -> list[Path]:
    return sorted(
        (path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")), key=lambda path: int(path.parent.name)
    )


def ensure() -> Path:
    """The folder of the server's programs, installed where there was none. No cluster is made, so no
    service starts.

    Raises SystemExit with what to do where that fails.
    """
    if not _found() and shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        config = Path("/etc/postgresql-common/createcluster.conf")
        if not config.exists():
            config.parent.mkdir(parents=True, exist_ok=True)
            config.write_text("create_main_cluster = false\n")
        for command in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", "postgresql"]):
            options = ["-o", "Dpkg::Options::=--force-confold"] if command[0] == "install" else []
            subprocess.run(["apt-get", *command, *options], check=False, env=environment, capture_output=True)
    if found := _found():
        return found[-1]
    raise SystemExit("No PostgreSQL could be installed. Install Debian's postgresql, or your system's package.")


@contextmanager
def server(*, certificate: tuple[bytes, bytes] | None = None) -> Iterator[str]:
    """Start a server of its own, on a free port and in a temporary folder; yields the address up to the database's name.

    With a certificate and its key it can be reached encrypted.
    """
    binaries = ensure()
    folder = Path(tempfile.mkdtemp(prefix="marops-pg-"))
    user = _unprivileged()
    if user:
        os.chown(folder, user.pw_uid, user.pw_gid)
    folder.chmod(0o755)
    data, sockets = folder / "data", folder / "s"
    who = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(folder)}
    process = None
    try:
        _run([binaries / "initdb", "-D", data, "-U", "marops", "-A", "trust", "-E", "UTF8", "--no-sync"], who, environment, folder)
        _run(["mkdir", sockets], who, environment, folder)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        process = subprocess.Popen(
            [
                binaries / "postgres",
                "-D",
                data,
                "-p",
                str(port),
                "-k",
                sockets,
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "fsync=off",
                *_encryption(folder, certificate, user),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=environment,
            **who,
        )
        for _ in range(300):
            ready = subprocess.run([binaries / "pg_isready", "-h", sockets, "-p", str(port)], capture_output=True, check=False)
            if ready.returncode == 0:
                break
            time.sleep(0.1)
        yield f"postgresql://marops@127.0.0.1:{port}/"
    finally:
        if process:
            process.send_signal(signal.SIGINT)  # the shutdown that does not wait for clients
            process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _encryption(folder: Path, certificate: tuple[bytes, bytes] | None, user: pwd.struct_passwd | None) -> list[str]:
    if certificate is None:
        return []
    for name, content in zip(("server.crt", "server.key"), certificate, strict=True):
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o600)
        if user:
            os.chown(folder / name, user.pw_uid, user.pw_gid)
    return ["-c", "ssl=on", "-c", f"ssl_cert_file={folder}/server.crt", "-c", f"ssl_key_file={folder}/server.key"]


def _unprivileged() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]


def _run(command: list[str | Path], who: dict[str, object], environment: dict[str, str], folder: Path) -> None:
    subprocess.run(command, check=True, capture_output=True, cwd=folder, env=environment, **who)  # type: ignore[call-overload]


if __name__ == "__main__":
    print(f"database tests use {ensure()}")
