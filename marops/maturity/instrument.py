"""The maturity instrument: its items and the rules' constants, read from instrument.json."""

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

PILLARS = ("Strategic planning", "Role clarity", "Governance", "Centre of Excellence")
"""The four pillars that set the practice stage, in the order they are shown."""

TRAINING = "Training (gate)"


@dataclass(frozen=True, slots=True)
class Item:
    """One question: five level sentences, of which a respondent picks the highest that is fully true today."""

    code: str
    block: str
    question: str
    levels: tuple[str, ...]
    evidence: str
    effort: str


@lru_cache(maxsize=1)
def _instrument() -> dict[str, Any]:
    return json.loads((resources.files("marops.maturity") / "instrument.json").read_text(encoding="utf-8"))


ITEMS: tuple[Item, ...] = tuple(
    Item(item["code"], item["block"], item["en"], tuple(item["levels_en"]), item["evidence"], item["effort"])
    for item in _instrument()["items"]
)

VERSION: str = _instrument()["version"]

SCALE_ATTRIBUTE: tuple[int, ...] = tuple(_instrument()["scale_attr"])
"""Per cent of the Scale attribute achieved at levels 1 to 5."""

EMBEDDED_ATTRIBUTE: tuple[int, ...] = tuple(_instrument()["embedded_attr"])
"""Per cent of the Embedded attribute achieved at levels 1 to 5."""

CUTS: tuple[int, ...] = tuple(_instrument()["nplf"])
"""Upper ends of the ratings N, P and L in per cent; above the last is F."""
