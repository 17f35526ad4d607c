"""The gate: the only way from the limited process to a source on the Internet.

What reads object stores, warehouses and web services brings its own client, which resolves names and follows redirections
as it likes. So it is given a proxy, which lives here as long as one job: it opens a connection to the hosts of that source
only, each name resolved once and its addresses checked as for every server, and refuses everything else.
"""

import socket
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from marops.connections import addresses
from marops.errors import BadConnection
from marops.language import text

_HEAD = 64 << 10
_SECONDS = 10
_FORBIDDEN = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class _Elsewhere(BadConnection):
    """A host that is none of the source's."""


@dataclass(slots=True)
class Gate:
    """An open gate. `refused` is the first refusal of a host of the source, which says more than what the client makes of it;
    `elsewhere` the first of another one, which may be why it failed, or beside the point.
    """

    hosts: tuple[str, ...]
    plain: bool
    address: str = ""
    refused: BadConnection | None = None
    elsewhere: BadConnection | None = None
    _open: list[socket.socket] = field(default_factory=list[socket.socket])

    def serve(self, listener: socket.socket) -> None:
        """Take connections until the listener is closed."""
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                self._open.append(client)
                threading.Thread(target=self._one, args=(client,), daemon=True).start()

    def close(self) -> None:
        """Cut what is still connected."""
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _one(self, client: socket.socket) -> None:
        with suppress(OSError), client:
            head = _head(client)
            method, target = (*head.split(b" ", 2)[:2], b"")[:2]
            try:
                server = self._connected(method == b"CONNECT", target.decode("latin-1"))
            except _Elsewhere as refused:
                self.elsewhere = self.elsewhere or refused
                client.sendall(_FORBIDDEN)
                return
            except BadConnection as refused:
                self.refused = self.refused or refused
                client.sendall(_FORBIDDEN)
                return
            except OSError:
                client.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            self._open.append(server)
            with server:
                if method == b"CONNECT":
                    client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                else:
                    server.sendall(head)
                back = threading.Thread(target=_pour, args=(server, client), daemon=True)
                back.start()
                _pour(client, server)
                back.join()

    def _connected(self, tunnel: bool, target: str) -> socket.socket:  # noqa: FBT001
        parts = urlsplit(f"//{target}" if tunnel else target)
        try:
            host, port = parts.hostname or "", parts.port or (443 if tunnel else 80)
        except ValueError:
            host, port = "", 0
        if not (tunnel or self.plain) or not any(_is(host, port, one) for one in self.hosts):
            raise _Elsewhere(text("{host} is no host of this kind of connection. Nothing was asked there.", host=host[:200]))
        return socket.create_connection((addresses.pinned(host, port), port), _SECONDS)


@contextmanager
def opened(hosts: Sequence[str], *, plain: bool = False) -> Generator[Gate]:
    """A gate to these hosts: `name`, `name:port`, or the end of a name from its dot on; 443 is the port where none is given.
    With `plain` also what is not encrypted may pass.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        gate = Gate(tuple(hosts), plain, f"http://127.0.0.1:{listener.getsockname()[1]}")
        threading.Thread(target=gate.serve, args=(listener,), daemon=True).start()
        try:
            yield gate
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            gate.close()


def _is(host: str, port: int, allowed: str) -> bool:
    name, _, given = allowed.partition(":")
    if port != int(given or 443):
        return False
    return host.endswith(name) and host != name if name.startswith(".") else host == name.casefold()


def _head(client: socket.socket) -> bytes:
    client.settimeout(_SECONDS)
    found = b""
    while b"\r\n\r\n" not in found and len(found) < _HEAD:
        part = client.recv(_HEAD)
        if not part:
            break
        found += part
    client.settimeout(None)
    return found


def _pour(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        one.settimeout(None)
        while part := one.recv(64 << 10):
            other.sendall(part)
        other.shutdown(socket.SHUT_WR)
