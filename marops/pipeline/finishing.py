"""When each piece of open work is done: when the pace of its team gets to it, in an order of work.

Work that needs other work first comes after it; where another team does that, it is done when both teams have got so far, so that
their chances multiply (they are taken to be independent). By which chance a date is read, so that it holds as often as it says, is
learned from the past (`backtest`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType

import numpy as np
import polars as pl

from marops.calendars import Calendar
from marops.pipeline import calibration, forecast
from marops.pipeline.calibration import NOTHING, Calibration, Stay
from marops.pipeline.forecast import Floats, Ints, Pace
from marops.pipeline.outlook import SHARES

_USUAL = -1, Stay.USUAL.value
_AT_ONCE = 500
"""Items that are looked at together: 5,000 by ten years of days would take a gigabyte."""

_FAR = 0.99
"""The share of trials in which a queue is finished within the days that are looked at: what must wait for several queues is then
done in them with 95 %."""


class Order(StrEnum):
    """Which open work is done first: what is nearest to its launch (and of the same stage what is there longest), what is due
    first, or what loses most by waiting (`ordering`).
    """

    FARTHEST = "farthest"
    DUE = "due"
    FIRST = "first"


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What could be otherwise: work that is `dropped`, and how many `times` as fast as in the past teams go on (above 0)."""

    dropped: frozenset[str] = frozenset()
    times: float = 1.0


AS_IS = WhatIf()


def times_faster(share: float, people: int, added: int) -> float:
    """How many times as fast work goes on where `added` people join the `people` (at least one) of a role that holds a `share` of
    the days before the launch: only these days get shorter, and with as much in progress as before, more is finished (Little's
    law). Nothing is (0) where nobody is left and the role holds anything.
    """
    if people + added <= 0:
        return 0.0 if share > 0 else 1.0
    return 1 / (1 - share + share * people / (people + added))


FINISH = pl.Schema(
    {
        "issue_id": pl.String(), "team": pl.String(), "place": pl.Int64(), "teams": pl.Int64(), "has_pace": pl.Boolean(),
        "p50": pl.Date(), "p85": pl.Date(), "p95": pl.Date(),
    }
)  # fmt: skip


@dataclass(frozen=True)
class Queues:
    """The work of each team in an order: the `places` of items among their team's (from 1), and by team with a pace the `chances`
    that so many (rows, from 0) are done by a day (columns, from 0), for as many days each.
    """

    places: Mapping[str, int]
    teams: Mapping[str, str | None]
    chances: Mapping[str | None, Floats]

    def of(self, items: Sequence[str]) -> Floats:
        """The chances of items whose teams have a pace, by day."""
        return np.stack([self.chances[self.teams[item]][self.places[item]] for item in items])


def ordered(open_: pl.DataFrame, order: Order) -> list[str]:
    """The ids of open work in an order. `open_`: `issue_id`, `index` (of its stage), `since` (in it), `due_date`, `place` (do
    first; null: not known). What has no date or place comes after what has, the nearest to its launch first.
    """
    first = {Order.FARTHEST: [], Order.DUE: ["due_date"], Order.FIRST: ["place"]}[order]
    falling = [*([False] * len(first)), True, False, False]
    return open_.sort(*first, "index", "since", "issue_id", descending=falling, nulls_last=True)["issue_id"].to_list()


def after_needs(order: Sequence[str], needs: Mapping[str, Iterable[str]]) -> list[str]:
    """An order in which nothing comes before what it needs, and otherwise as it was. What waits for each other comes in some order;
    what is needed but not in the order is taken to be done.
    """
    known, placed = set(order), dict[str, None]()
    for wanted in order:
        # What is needed goes first, without recursion: chains can be as long as the work.
        path, on_path = [wanted], {wanted}
        while path:
            open_ = (need for need in needs.get(path[-1], ()) if need in known and need not in placed and need not in on_path)
            if (need := next(open_, None)) is not None:
                path.append(need)
                on_path.add(need)
            else:
                placed.setdefault(path.pop())
    return list(placed)


def queues(
    arranged: Sequence[str], teams: Mapping[str, str | None], paces: Mapping[str | None, Pace | None], *, seed: int,
    trials: int = forecast.TRIALS, most: int = forecast.LONGEST,
) -> Queues:  # fmt: skip
    """The queues of teams, for so many days that each team's is all but surely done, and `most` at most."""
    places, counts = dict[str, int](), dict[str | None, int]()
    for item in arranged:
        counts[teams[item]] = places[item] = counts.get(teams[item], 0) + 1
    known = {team: (pace, counts[team]) for team in counts if (pace := paces.get(team)) is not None}
    seeds = {team: seed + at for at, team in enumerate(sorted(known, key=str))}
    needed = [
        forecast.by(forecast.when(pace, items, trials=trials, seed=seeds[team]), _FAR) for team, (pace, items) in known.items()
    ]
    days = min(max(needed, default=0), most)
    chances = {team: forecast.chances(pace, items, days, trials=trials, seed=seeds[team]) for team, (pace, items) in known.items()}
    return Queues(places, teams, chances)


def days_read(chances: Floats, share: float, stages: Ints, stays: Ints, known: Calibration) -> Floats:
    """The day by which each (a row of `chances`, by day) is done with a chance of `share`, infinite where it never is; read by what
    is `known` of the past of work in its stage (by place) and of its calibration.Stay, or else as the trials say.
    """
    kinds = {(stage, stay) for stage, stay in zip(stages.tolist(), stays.tolist(), strict=True)}
    known_levels = {kind: known.level(share, kind[0], Stay(kind[1])) for kind in kinds}
    told = [known_levels[kind] for kind in zip(stages.tolist(), stays.tolist(), strict=True)]
    levels = np.array([np.nan if level is None else level for level in told])
    by_trials = (chances < share - 1e-9).sum(axis=1)
    as_told = np.where(by_trials < chances.shape[1], by_trials, np.inf)
    return np.where(np.isnan(levels), as_told, calibration.days_of(chances, np.nan_to_num(levels, nan=0.0, posinf=np.inf)))


def finishes(
    order: Sequence[str], teams: Mapping[str, str | None], needs: Mapping[str, Iterable[str]],
    paces: Mapping[str | None, Pace | None], calendar: Calendar, last_day: date, *, seed: int,
    stands: Mapping[str, tuple[int, int]] = MappingProxyType({}), known: Calibration = NOTHING,
) -> pl.DataFrame:  # fmt: skip
    """One row an item of `order`, in the order in which its prerequisites allow it (FINISH): its `place` among its team's, how many
    `teams` it waits for, whether all of them have a pace, and the days by which it is done with a chance of SHARES; null where a
    team has no pace, where too little of what stood alike (`stands`: stage and calibration.Stay by item) was ever done, or where it
    takes longer than ten years. Working days are counted from `last_day`, the last that is over. `known`: by which chance dates are
    read.
    """
    arranged = after_needs(order, needs)
    found = queues(arranged, teams, paces, seed=seed)
    reach = _reach(arranged, teams, needs, found.places)
    ahead = [last_day, *calendar.working_days(last_day + timedelta(days=1), last_day + forecast.FARTHEST)]
    paced = [item for item in arranged if all(team in found.chances for team in reach[item])]
    days = dict[str, list[date | None]]()
    for begin in range(0, len(paced), _AT_ONCE):
        part = paced[begin : begin + _AT_ONCE]
        joint = np.stack([forecast.jointly(*(found.chances[team][place] for team, place in reach[item].items())) for item in part])
        stages, stays = np.array([stands.get(item, _USUAL) for item in part]).T
        read = [days_read(joint, share, stages, stays, known) for share in SHARES]
        days |= {
            item: [None if day >= len(ahead) else ahead[int(day)] for day in each]
            for item, *each in zip(part, *read, strict=True)
        }  # fmt: skip
    rows = [
        (item, teams[item], found.places[item], len(reach[item]), item in days, *days.get(item, [None] * len(SHARES)))
        for item in arranged
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=FINISH, orient="row")


def _reach(
    arranged: Sequence[str], teams: Mapping[str, str | None], needs: Mapping[str, Iterable[str]], places: Mapping[str, int]
) -> dict[str, dict[str | None, int]]:
    """How far each team must have got when an item is done: its own place, and those of all it needs."""
    found = dict[str, dict[str | None, int]]()
    for item in arranged:
        found[item] = {teams[item]: places[item]}
        for need in needs.get(item, ()):
            for team, place in found.get(need, {}).items():
                found[item][team] = max(place, found[item].get(team, 0))
    return found
