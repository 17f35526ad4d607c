"""Something a leader should know or decide: what changed, why, whose it is, what to do. Every domain makes them."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from marops.language import Text


class Severity(IntEnum):
    """How much a finding matters, rising."""

    NOTE = 1
    WATCH = 2
    DECIDE = 3


class Side(StrEnum):
    """Whose number it is."""

    IT = "it"
    JOINT = "joint"
    MARKETING = "marketing"


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. `key` is stable over time, so that a decision finds it again; `page` and `target` open the evidence;
    `weight` orders findings of the same severity.
    """

    key: str
    severity: Severity
    what: Text
    cause: Text
    owner: Text
    action: Text
    page: str
    side: Side
    target: str = ""
    weight: float = 0.0


def most_urgent(findings: Iterable[Finding], limit: int, *, decided: frozenset[str] = frozenset()) -> list[Finding]:
    """The findings to decide on first: the most severe, then the heaviest, without those decided already."""
    open_ones = [finding for finding in findings if finding.key not in decided]
    return sorted(open_ones, key=lambda f: (-f.severity, -f.weight, f.key))[:limit]
