"""The stages work goes through, in order: what trackers call them, what they mean, and which side must act in each."""

import re
import tomllib
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from importlib import resources
from typing import Any
from uuid import uuid4

import polars as pl

from marops.language import Text, message, text


class Category(StrEnum):
    """What a stage means for the work in it. Dropped work is over without a launch, whatever else is done."""

    TODO = "todo"
    ACTIVE = "active"
    WAIT = "wait"
    LIVE = "live"
    DONE = "done"
    DROPPED = "dropped"


_APOSTROPHE = "[\u2018\u2019\u02bc]"
_OVER = frozenset({Category.DONE, Category.DROPPED})
_LAUNCHED = frozenset({Category.LIVE, Category.DONE})


def new_id() -> str:
    """An id for a stage, which no other has or had: what refers to a stage that is gone must never mean another."""
    return uuid4().hex[:12]


BEFORE_LAUNCH = frozenset({Category.TODO, Category.ACTIVE, Category.WAIT})


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage. `responsible`: the side that must act ("it", "marketing", "" for none). `aliases`: what trackers call it, in lower
    case. `sla_days`: days within which work should leave it (None: nobody has said), `in_working_days`: by the hours of the working
    calendar, not around the clock.
    """

    id: str
    name: Text | str
    category: Category
    responsible: str
    aliases: tuple[str, ...]
    sla_days: float | None = None
    in_working_days: bool = False


@dataclass(frozen=True, slots=True)
class Process:
    """The stages of a workspace in the order of its workflow. Raises ValueError for none, for ids or aliases that stand twice, and
    where no stage before the launch or no end is among them.
    """

    stages: tuple[Stage, ...]

    def __post_init__(self) -> None:
        ids, words = [stage.id for stage in self.stages], [alias for stage in self.stages for alias in stage.aliases]
        if len(set(ids)) < len(ids) or len(set(words)) < len(words):
            raise ValueError(f"stages or their words stand twice: {ids}, {words}")
        if not self.before_launch or len(self.before_launch) == len(self.stages):
            raise ValueError(f"work must begin and end: {[(stage.id, stage.category) for stage in self.stages]}")

    @property
    def before_launch(self) -> tuple[Stage, ...]:
        """The stages of work that is not launched."""
        return tuple(stage for stage in self.stages if stage.category in BEFORE_LAUNCH)

    @property
    def launched(self) -> frozenset[str]:
        """The ids of the stages by which work is launched: those in which it runs, by its first visit, and those in which it is
        done, where it was never seen to run and is not taken up again.
        """
        return frozenset(stage.id for stage in self.stages if stage.category in _LAUNCHED)

    @property
    def live(self) -> frozenset[str]:
        """The ids of the stages in which work runs."""
        return self.launched - self.done

    @property
    def dropped(self) -> frozenset[str]:
        """The ids of the stages in which work is over without a launch."""
        return self.done - self.launched

    @property
    def done(self) -> frozenset[str]:
        """The ids of the stages in which nothing is left to do."""
        return frozenset(stage.id for stage in self.stages if stage.category in _OVER)

    @property
    def board(self) -> tuple[Stage, ...]:
        """The stages in which something is left to do."""
        return tuple(stage for stage in self.stages if stage.category not in _OVER)

    def named(self, stage_id: str | None) -> Stage | None:
        """The stage of an id; None for one that is not among them."""
        return next((stage for stage in self.stages if stage.id == stage_id), None)

    @property
    def words(self) -> dict[str, str]:
        """The id of a stage by each of its words. Its own name is one of them, unless it is another stage's word."""
        named = {folded_word(str(stage.name)): stage.id for stage in self.stages}
        return {**named, **{folded_word(alias): stage.id for stage in self.stages for alias in stage.aliases}}

    def meant(self, word: str) -> Stage | None:
        """The stage that a word stands for, however it is written; None where it is not known."""
        return self.named(self.words.get(folded_word(word)))

    def stage_of(self, status: pl.Expr) -> pl.Expr:
        """The id of the stage a tracker's status means; null where the word is not known."""
        return _meant(status, self.words)

    def resolved(self, resolution: pl.Expr) -> pl.Expr:
        """The id of the stage in which work ended, by the word for how it did: of the stage that has the word, or else the first of
        what is done (or runs, where nothing is done) or dropped, as trackers mean it; null where the word is not known.
        """
        live, done, dropped = (
            [stage.id for stage in self.stages if stage.category is category]
            for category in (Category.LIVE, Category.DONE, Category.DROPPED)
        )
        first = {Category.DONE: (done or live)[:1], Category.DROPPED: dropped[:1]}
        usually = {word: stage for word, category in _resolutions().items() for stage in first[category]}
        own = {word: stage for word, stage in self.words.items() if stage in self.launched | self.done}
        return _meant(resolution, {**usually, **own})


def is_resolution(word: pl.Expr) -> pl.Expr:
    """Whether a tracker says how work ended: neither nothing, nor that nobody has said so."""
    return (folded(word) != "") & ~folded(word).is_in(_known()["resolutions"]["none"])


def _meant(word: pl.Expr, words: Mapping[str, str]) -> pl.Expr:
    return folded(word).replace_strict(list(words), list(words.values()), default=None, return_dtype=pl.String)


def is_among(stage: pl.Expr, ids: Collection[str]) -> pl.Expr:
    """Whether a stage is one of these; not where it is not known."""
    return stage.is_in(list(ids)).fill_null(value=False)


def folded_word(status: str) -> str:
    """As `folded`, of one status."""
    return " ".join(re.sub(_APOSTROPHE, "'", unicodedata.normalize("NFC", status)).lower().split())


def folded(status: pl.Expr) -> pl.Expr:
    """A status as aliases have it: in lower case, one space between words and none around them, straight apostrophes, and accents
    written in one way.
    """
    plain = status.str.normalize("NFC").str.strip_chars().str.to_lowercase()
    return plain.str.replace_all(r"\s+", " ").str.replace_all(_APOSTROPHE, "'")


# Named here for the catalogue; stages.toml says which words trackers use for them.
_NAMES = (
    message("Request"), message("Validation"), message("Prioritisation"), message("Build"), message("QA"),
    message("Execution"), message("Reporting"), message("Done"), message("Dropped"),
)  # fmt: skip


@lru_cache(maxsize=1)
def usual() -> Process:
    """The stages of a campaign where a workspace has not said its own: request to reporting, and Done."""
    return Process(
        tuple(
            Stage(s["id"], text(s["name"]), Category(s["category"]), s["responsible"], tuple(s["aliases"]))
            for s in _known()["stages"]
        )
    )


@lru_cache(maxsize=1)
def _resolutions() -> dict[str, Category]:
    """What trackers' words for how work ended mean."""
    alone = {word: category for category in (Category.DONE, Category.DROPPED) for word in _known()["resolutions"][category]}
    return alone | {alias: stage.category for stage in usual().stages if stage.category in _OVER for alias in stage.aliases}


@lru_cache(maxsize=1)
def _known() -> dict[str, Any]:
    return tomllib.loads((resources.files("marops") / "stages.toml").read_text(encoding="utf-8"))


def titled(name: str) -> Text | str:
    """The name of a stage as somebody wrote it; that of a usual stage is said in each reader's language."""
    return text(name) if name in _NAMES else name


@dataclass(frozen=True, slots=True)
class Shown:
    """A status that data show: the folded `word`, how it is mostly written, and whether (almost) nothing follows it."""

    word: str
    name: str
    is_end: bool


def taken(process: Process, shown: Sequence[Shown], *, keeps_all: bool) -> tuple[Stage, ...]:
    """Stages from the statuses that data show, in the order of `shown`. A status that means a stage of the process is that stage,
    with all that is known of it; for any other there is a new stage.

    `keeps_all`: somebody set the process, or work kept here stands in it. Then no stage of it goes, changes its place or is called
    otherwise; new ones that end the work come last, others after the stage before them. Else only what data show is left.
    """
    if not keeps_all:
        found = _as_shown(process, shown)
        categories = {stage.category for stage in found}
        # Data that show no beginning or no end are no workflow by themselves.
        if categories & BEFORE_LAUNCH and Category.DONE in categories:
            return found
    return _extended(process, shown)


def _as_shown(process: Process, shown: Sequence[Shown]) -> tuple[Stage, ...]:
    words = frozenset(one.word for one in shown)
    known = [process.meant(one.word) for one in shown]
    found: dict[str, Stage] = {}
    for one, stage in zip(shown, known, strict=True):
        made = _new(one) if stage is None else replace(stage, name=titled(one.name))
        if stage is not None and known.count(stage) > 1:
            made = _one_of_several(stage, one, words, has_heir=stage.id in found)
        found[made.id] = made
    return tuple(found.values())


def _one_of_several(stage: Stage, one: Shown, shown: frozenset[str], *, has_heir: bool) -> Stage:
    """Data that tell apart what a stage holds together have a stage for each; the first that means the same stands for it from now
    on, with the words that data do not show. Of several words for an end those that something follows are none.
    """
    category = Category.ACTIVE if stage.category in _OVER and not one.is_end else stage.category
    made = replace(_new(one), category=category, responsible=stage.responsible, sla_days=stage.sla_days)
    if has_heir or category is not stage.category:
        return made
    return replace(made, id=stage.id, aliases=(one.word, *(word for word in stage.aliases if word not in shown)))


def _extended(process: Process, shown: Sequence[Shown]) -> tuple[Stage, ...]:
    made = list(process.stages)
    known = [process.meant(one.word) for one in shown]
    first = next((stage for stage in known if stage is not None), None)
    # What comes before all that is known; where nothing is, behind what comes before the launch.
    at = made.index(first) if first else made.index(process.before_launch[-1]) + 1
    for one, stage in zip(shown, known, strict=True):
        if stage is not None:
            at = made.index(stage) + 1
        elif one.is_end:
            made.append(_new(one))
        else:
            made.insert(at, _new(one))
            at += 1
    return tuple(made)


def _new(shown: Shown) -> Stage:
    return Stage(new_id(), titled(shown.name), Category.DONE if shown.is_end else Category.ACTIVE, "", (shown.word,))
