"""Which currency amounts are in, as far as headers and cells say. Codes are ISO 4217 by Babel; signs are data."""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any

from babel.numbers import list_currencies

MEANINGS: dict[str, Any] = tomllib.loads((resources.files("marops.sources") / "meanings.toml").read_text(encoding="utf-8"))
"""The signs and words themselves."""

SIGNS: dict[str, str] = MEANINGS["signs"]
"""Signs that name one currency."""

SHARED_SIGNS: dict[str, list[str]] = MEANINGS["shared_signs"]
"""Signs that several currencies use, with the likely ones."""

_BY_LENGTH = sorted((*SIGNS, *SHARED_SIGNS), key=len, reverse=True)
_SIGN = re.compile(
    # A sign of letters stands alone: "kr 5", not "Park 5".
    "|".join(rf"(?<![^\W\d_]){re.escape(sign)}(?![^\W\d_])" if sign.isalpha() else re.escape(sign) for sign in _BY_LENGTH)
)
_CODE = re.compile(r"(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])")
_SAID = (
    re.compile(r"\s*[(\[](?P<code>[A-Z]{3})[)\]]\s*$"),  # Amount spent (BRL)
    re.compile(r"[\s_]+in[\s_]+(?P<code>[A-Za-z]{3})$", re.IGNORECASE),  # Spend in EUR, cost_in_usd
)
_APPENDED = (
    re.compile(r"(?:\s*[-–,/:]\s*|\s+)(?P<code>[A-Z]{3})$"),  # Cost - USD, Cost USD
    re.compile(r"_(?P<code>[a-z]{3}|[A-Z]{3})$"),  # cost_usd
)
_SIGN_IN_HEADER = re.compile(rf"\s*[(\[]\s*(?P<sign>{'|'.join(re.escape(sign) for sign in _BY_LENGTH)})\s*[)\]]\s*$")

_END = 40
"""Characters at a header's end among which a currency and what sets it apart stand."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What cells show: the currencies they name, and the signs several currencies share."""

    codes: frozenset[str] = frozenset()
    shared: frozenset[str] = field(default_factory=frozenset[str])

    @property
    def choices(self) -> list[str]:
        """The currencies it can be, where a sign that several share is all there is."""
        return list(dict.fromkeys(code for sign in sorted(self.shared) for code in SHARED_SIGNS[sign]))


@lru_cache(maxsize=1)
def codes() -> frozenset[str]:
    """Every ISO 4217 code."""
    return frozenset(list_currencies())


def in_header(header: str, *, is_amount: bool = False) -> str | None:
    """The one currency a header names: "Amount spent (BRL)", "Spend in EUR", "Cost (€)"; where it is known to be an
    amount's, also "cost_usd" (but "clicks_all" is not in Albanian lek).
    """
    if (sign := _at_the_end(header, _SIGN_IN_HEADER)) is not None:
        return SIGNS.get(sign["sign"])
    code, _ = _split(header, (*_SAID, *_APPENDED) if is_amount else _SAID)
    return code


def without(header: str) -> str:
    """An amount's header without the currency or sign at its end."""
    if (sign := _at_the_end(header, _SIGN_IN_HEADER)) is not None:
        return header[: sign.start()]
    return _split(header, (*_SAID, *_APPENDED))[1]


def _split(header: str, forms: Iterable[re.Pattern[str]]) -> tuple[str | None, str]:
    stripped = header.strip()
    for form in forms:
        if (found := _at_the_end(stripped, form)) is not None and found.start() and found["code"].upper() in codes():
            return found["code"].upper(), stripped[: found.start()]
    return None, stripped


def _at_the_end(header: str, form: re.Pattern[str]) -> re.Match[str] | None:
    """Where the form stands at a header's end. Looked for there only: a cell of a thousand spaces would take it minutes."""
    return form.search(header, max(0, len(header) - _END))


def in_cells(cells: Iterable[str]) -> Shown:
    """What the signs and codes in these cells of amounts say."""
    named: set[str] = set()
    shared: set[str] = set()
    for cell in cells:
        named |= {found for found in _CODE.findall(cell) if found in codes()}
        # "USD$" and "US$ 5" are found before "$": the longest sign first.
        for sign in _SIGN.findall(cell):
            named |= {SIGNS[sign]} if sign in SIGNS else set[str]()
            shared |= {sign} if sign in SHARED_SIGNS else set[str]()
    return Shown(frozenset(named), frozenset(shared))


def agree(headed: frozenset[str], shown: Shown, stated: frozenset[str] | None) -> bool:
    """Whether headers, signs in cells and a currency column (None where there is none) can all be right."""
    if stated:
        shared = all(not stated.isdisjoint(SHARED_SIGNS[sign]) for sign in shown.shared)
        return headed <= stated and shown.codes <= stated and shared
    named = headed | shown.codes
    return len(named) < 2 and all(named <= {*SHARED_SIGNS[sign]} for sign in shown.shared)


def allow(answer: str, named: frozenset[str], shown: Shown) -> bool:
    """Whether an answer given for an earlier file fits what this one names and shows."""
    return answer in named if named else all(answer in SHARED_SIGNS[sign] for sign in shown.shared)
