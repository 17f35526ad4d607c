"""Which hosts and files a connection may reach.

A host's name is resolved once, every address it has is checked, and the connection goes to the address that was checked:
a name cannot mean another address a moment later. Addresses of this computer and of private networks are refused,
however they are written, unless an admin of the installation allows them.
"""

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path

from marops import settings
from marops.errors import BadConnection, BadSetting
from marops.language import text

Address = IPv4Address | IPv6Address
_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))


def pinned(host: str, port: int) -> str:
    """The address to connect to. Raises BadConnection where the host is unknown, or one of its addresses may not be reached."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as unknown:
        raise BadConnection(
            text("There is no host {host}. Check the name, and that this computer's DNS knows it.", host=host)
        ) from unknown
    addresses = list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))
    for address in addresses:
        if not _allowed(host, ip_address(address)):
            raise BadConnection(
                text(
                    "{host} ({address}) is on this computer or a private network, which connections may not reach. "
                    "An admin of the installation can allow it: MAROPS_ALLOW_PRIVATE_HOSTS={address}",
                    host=host, address=address,
                )
            )  # fmt: skip
    return addresses[0]


def is_public(address: Address) -> bool:
    """Whether an address, or the IPv4 address it wraps, is one of the public Internet."""
    inner = _wrapped(address)
    if inner is not None:
        return is_public(inner)
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _wrapped(address: Address) -> IPv4Address | None:
    if isinstance(address, IPv4Address):
        return None
    if any(address in network for network in _NAT64):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address.teredo:
        return address.teredo[1]
    return address.ipv4_mapped or address.sixtofour


def _allowed(host: str, address: Address) -> bool:
    if is_public(address):
        return True
    for given in settings.current().private_hosts:
        if given.casefold() == host.casefold() and not address.is_link_local:
            return True
        if "/" in given or _is_address(given):
            try:
                if address in ip_network(given, strict=False):
                    return True
            except ValueError as wrong:
                raise BadSetting(
                    text("MAROPS_ALLOW_PRIVATE_HOSTS has {found}; give ranges such as 10.0.0.0/8, and names.", found=given)
                ) from wrong
    return False


def _is_address(given: str) -> bool:
    try:
        ip_address(given)
    except ValueError:
        return False
    return True


def readable(path: str) -> Path:
    """The real place of a file or folder. Raises BadConnection where it lies outside what MAROPS_FILES_FROM allows."""
    found = settings.current()
    real = Path(path).expanduser().resolve()
    if not any(real.is_relative_to(folder.resolve()) for folder in found.files_from) or real.is_relative_to(found.home.resolve()):
        raise BadConnection(
            text(
                "{path} is outside the folders that connections may read. An admin of the installation can allow its folder: "
                "MAROPS_FILES_FROM={folder}",
                path=path, folder=str(real.parent),
            )
        )  # fmt: skip
    if not real.exists():
        raise BadConnection(text("There is nothing at {path} on the server. Check the path.", path=path))
    return real
