"""Which findings come first."""

from marops.findings import Finding, Severity, Side, most_urgent
from marops.language import text


def finding(key: str, severity: Severity, weight: float = 1.0) -> Finding:
    said = text(key)
    return Finding(key, severity, said, said, said, said, "home", Side.JOINT, weight=weight)


FOUND = [
    finding("note", Severity.NOTE, 9),
    finding("light", Severity.DECIDE, 1),
    finding("watch", Severity.WATCH, 9),
    finding("heavy", Severity.DECIDE, 2),
]


def keys(found: list[Finding]) -> list[str]:
    return [item.key for item in found]


def test_the_most_severe_come_first_then_the_heaviest():
    assert keys(most_urgent(FOUND, 9)) == ["heavy", "light", "watch", "note"]


def test_no_more_come_than_asked_for():
    assert keys(most_urgent(FOUND, 2)) == ["heavy", "light"]


def test_what_is_decided_is_not_asked_again_and_the_next_moves_up():
    assert keys(most_urgent(FOUND, 2, decided=frozenset({"heavy"}))) == ["light", "watch"]


def test_equals_keep_one_order_however_they_come():
    equal = [finding(key, Severity.WATCH) for key in "bca"]
    assert keys(most_urgent(equal, 3)) == keys(most_urgent(reversed(equal), 3)) == ["a", "b", "c"]
