"""Roll-ups of work items, imported and kept here together: what every number on the pipeline is made from.

Cached by content as those of `rollups` are.
"""

import threading
from collections.abc import Hashable
from datetime import UTC, date, datetime, timedelta

import polars as pl
from cachetools import LRUCache, cached

from marops import lake
from marops.period import EARLIEST, start_of
from marops.rollups import Facts, unit_of
from marops.tables import refused_of
from marops.work import frames, tracked
from marops.work import twins as twins_of
from marops.work.frames import Work
from marops.work.kept import FLAGS
from marops.workspaces.service import DATED

_WORK = ("work_item", "work_item_transition")
_REFUSED = tuple(str(refused_of(name)) for name in _WORK)


def _key(found: Facts) -> Hashable:
    return found.key(*_WORK, *_REFUSED), found.opened.today


@cached(LRUCache(maxsize=32), key=_key, condition=threading.Condition())
def _imported(found: Facts) -> Work:
    unit = unit_of(pl.col("campaign_name"), found.opened.units)
    return tracked.work(found.manifest, found.opened.process, unit, found.opened.over)


@cached(LRUCache(maxsize=32), key=lambda found: (_key(found), found.kept.digest), condition=threading.Condition())
def _all_work(found: Facts) -> Work:
    """Imported work, which is not worked out anew where only work kept here has changed, and what is kept here."""
    process, unit = found.opened.process, unit_of(pl.col("campaign_name"), found.opened.units)
    kept = Work.of(found.kept.items, frames.named(found.kept.moves, process), process, unit, found.opened.over)
    return _imported(found).united(kept).labelled()


def stage_moves(found: Facts) -> pl.DataFrame:
    """Every status a work item entered, in order, imported or kept here (undone moves left out): issue_id, stage (null: a word that
    is not known), status as the tracker calls it, role that acts on it from then on (null: not said), entered_at. Moments that
    cannot be, before 1971 and after today, are among them, and in nothing else.
    """
    return _all_work(found).moves


def stage_visits(found: Facts) -> pl.DataFrame:
    """Every visit of a work item to a stage, in order: issue_id, visit (from 1), stage (null: a word that is not known), status as
    the tracker calls it, entered_at, left_at (null while there). Moves between words for the same stage join.
    """
    return _all_work(found).visits


def work(found: Facts) -> pl.DataFrame:
    """One row a work item, imported or kept here, by creation: issue_id, key, name, campaign_name, label (what charts and lists
    call it, unlike others but those that have all of it the same), unit, assignee, created_at (its first move, where only moves
    are known), due_date, launched_at (first entry into a stage that is a launch; null before), by_end (that was the moment it was
    done, for it was never seen in a stage that runs), stage (where it is now; null: a word that is not known), since (entered
    that stage; null: not known), role (that acts on it; null: not said), done_at (entered the stage it is in, where nothing is
    left to do in it; null before), value_per_day, currency_code; and what to know of it: finished (the status in which its
    tracker has finished it, though that is no end; null: none), differs (the tracker's status and the last of its history, where
    they contradict each other), unknown (the tracker's status, where there is no history and it is no stage), unknown_resolution
    (the tracker's word for how it ended, where it is done and the word is known neither as done nor as dropped: it counts as
    launched), is_broken (a move of its history was refused, or cannot be: then since and launched_at are null, and the stage is
    the one its tracker names, or else that of its last move that can be).

    Steps of a launch kept here are no launches, and withdrawn requests are no work: neither is a row.
    """
    return _all_work(found).items


@cached(LRUCache(maxsize=32), key=_key, condition=threading.Condition())
def _imported_names(found: Facts) -> pl.DataFrame:
    return twins_of.folded(_imported(found).items)


@cached(LRUCache(maxsize=32), key=lambda found: (_key(found), found.kept.digest), condition=threading.Condition())
def _alike(found: Facts) -> pl.DataFrame:
    kept = work(found).filter(pl.col("issue_id").is_in(found.kept.items["issue_id"].implode()))
    if kept.is_empty():
        return pl.DataFrame(schema=twins_of.TWINS)
    return twins_of.twins(kept, _imported_names(found))


def twins(found: Facts) -> pl.DataFrame:
    """Requests kept here that may be the same work as imported items, and so count twice: see `work.twins.twins`. Without those of
    which somebody has said that they are two.
    """
    return _alike(found).join(found.kept.dismissed, on=["issue_id", "twin"], how="anti", maintain_order="left")


def refused_moves(found: Facts) -> pl.DataFrame:
    """Rows of histories that were refused: see `tracked.refused`. They tell of a move, and so does none of the moves."""
    return tracked.refused(found.manifest, "work_item_transition")


def refused_items(found: Facts) -> pl.DataFrame:
    """Rows of trackers' items that were refused: see `tracked.refused`. Nothing is known of such an item but its moves."""
    return tracked.refused(found.manifest, "work_item")


def this_hour() -> datetime:
    """The hour it is: what depends on how old work kept here is, is worked out anew each hour."""
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


def known_until(found: Facts) -> datetime:
    """Until when it is known where work stands: now (or the end of a clock's day) where some is kept here, or the data's end."""
    opened = found.opened
    told = _last_day(found) or opened.today
    last = opened.today if not found.kept.items.is_empty() else min(told, opened.today)
    over = start_of(last + timedelta(days=1))
    return over if opened.workspace.today is not None else min(over, datetime.now(UTC))


def imported_until(found: Facts) -> datetime:
    """Until when it is known what trackers say: the end of the data, where some of the work is imported, or else `known_until`."""
    reach = known_until(found)
    last = _last_of_work(found)
    return reach if last is None else min(reach, start_of(last + timedelta(days=1)))


def _last_day(found: Facts) -> date | None:
    """The last day that anything dated tells of."""
    others = [name for name in DATED if name not in _WORK]
    return _latest(found.manifest.last_day(*others), _last_of_work(found))


@cached(LRUCache(maxsize=32), key=_key, condition=threading.Condition())
def _last_of_work(found: Facts) -> date | None:
    """The last day that work's own tables tell of; where they tell of days to come, which cannot be, the last move, creation or
    completion that can.
    """
    last, items = found.manifest.last_day(*_WORK), lake.table(found.manifest, "work_item")
    if last is None:
        return None
    # Imports of before said of completions only what was created by then.
    completed = _last_possible(items, "resolved_at", found)
    if last <= found.opened.today:
        return _latest(last, completed)
    moves = tracked.moves(found.manifest).lazy()
    return _latest(_last_possible(moves, "transition_at", found), _last_possible(items, "created_at", found), completed)


def _last_possible(rows: pl.LazyFrame, moment: str, found: Facts) -> date | None:
    at = pl.col(moment)
    return rows.filter((at >= EARLIEST) & (at < found.opened.over)).select(at.max().dt.date()).collect().item()


def _latest(*days: date | None) -> date | None:
    return max((day for day in days if day is not None), default=None)


def approvals(found: Facts) -> pl.DataFrame:
    """Every approver's part in an approval: issue_id, approver (a name or role), asked_at (when it was his turn; null: it has not
    been), decided_at (when that ended, by the answer or without one; null while it goes on), decision (approved, declined; null: no
    answer), is_next (the approval waits for this answer now). An approval taken back ended then.
    """
    return found.kept.approvals


def flags(found: Facts) -> pl.DataFrame:
    """When items were held up, by what trackers and people here say: issue_id, kind (blocked, waiting), role that must act (or
    null), from_at, until_at (null: still).
    """
    return pl.concat([imported_flags(found), found.kept.flags])


@cached(LRUCache(maxsize=32), key=lambda found: found.key("flag_event", "work_item"), condition=threading.Condition())
def imported_flags(found: Facts) -> pl.DataFrame:
    """The `flags` that trackers delivered."""
    kind = pl.col("kind").replace("waiting_on", "waiting")
    set_or_not = tracked.table(found.manifest, "flag_event").select("issue_id", kind, "flag_at", "is_flagged").collect()
    named = set_or_not.join(tracked.keys(found.manifest), on="issue_id", how="left", maintain_order="left")
    set_or_not = named.with_columns(pl.coalesce("of", "issue_id").alias("issue_id")).drop("of")
    set_or_not = set_or_not.sort("issue_id", "kind", "flag_at", maintain_order=True)
    # A flag that is set again while it stands, or taken off where none is, changes nothing.
    changes = set_or_not.filter(
        pl.col("is_flagged") != pl.col("is_flagged").shift().over("issue_id", "kind").fill_null(value=False)
    )
    until = pl.col("flag_at").shift(-1).over("issue_id", "kind").alias("until_at")
    nobody = pl.lit(None, pl.String).alias("role")
    return (
        changes.select("issue_id", "kind", nobody, pl.col("flag_at").alias("from_at"), until, "is_flagged")
        .filter("is_flagged").drop("is_flagged").match_to_schema(FLAGS)
    )  # fmt: skip


def dependencies(found: Facts) -> pl.DataFrame:
    """What must be done first: issue_id, needs (the id of the other item)."""
    return found.kept.dependencies
