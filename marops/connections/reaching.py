"""What the limited child needs to reach a source on the Internet, and its word for one that cannot be read."""

from dataclasses import dataclass, field

from marops.connections.kinds import Kind, Tls


class Unreadable(Exception):
    """The source, file or query cannot be read; says why in the words of what was asked."""


@dataclass(frozen=True, slots=True)
class Reach:
    """A source on the Internet: the values of its form, its secret, and the gate through which it is asked, or the address
    that was checked, where its driver knows no gate.
    """

    kind: Kind
    more: dict[str, str]
    tls: Tls
    secret: str = field(repr=False)
    gate: str
    address: str = ""
