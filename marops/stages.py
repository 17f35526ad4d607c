"""The stages of the campaign workflow, in order: what trackers call them, and which side must act in each."""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib import resources

import polars as pl

from marops.language import Text, message, text


class Category(StrEnum):
    """What a stage means for the work in it."""

    TODO = "todo"
    ACTIVE = "active"
    LIVE = "live"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage. `responsible`: the side that must act ("it", "marketing", "" for none)."""

    id: str
    name: Text
    category: Category
    responsible: str
    aliases: tuple[str, ...]


LAUNCH = "execution"
"""Entering this stage is the launch."""

DONE = "done"

# Named here for the catalogue; stages.toml says which words trackers use for them.
_NAMES = (
    message("Request"), message("Validation"), message("Prioritisation"), message("Build"), message("QA"),
    message("Execution"), message("Reporting"), message("Done"),
)  # fmt: skip


@lru_cache(maxsize=1)
def stages() -> tuple[Stage, ...]:
    """Every stage in the order of the workflow; the last is Done."""
    data = tomllib.loads((resources.files("marops") / "stages.toml").read_text(encoding="utf-8"))["stages"]
    return tuple(Stage(s["id"], text(s["name"]), Category(s["category"]), s["responsible"], tuple(s["aliases"])) for s in data)


def board_stages() -> tuple[Stage, ...]:
    """The seven stages of the board, without Done."""
    return tuple(stage for stage in stages() if stage.category is not Category.DONE)


def stage_of(status: pl.Expr) -> pl.Expr:
    """The id of the stage a tracker's status means; null where the word is not known."""
    words = {alias: stage.id for stage in stages() for alias in stage.aliases}
    key = status.str.strip_chars().str.to_lowercase()
    return key.replace_strict(list(words), list(words.values()), default=None, return_dtype=pl.String)
