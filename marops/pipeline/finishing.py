"""When each piece of open work is done: when the pace of its team gets to it, in an order of work.

Work that needs other work first comes after it; where another team does that, it is done when both teams have got so far, so that
their chances multiply (they are taken to be independent).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum

import numpy as np
import polars as pl

from marops.calendars import Calendar
from marops.pipeline import forecast
from marops.pipeline.forecast import Floats, Pace
from marops.pipeline.outlook import SHARES

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


FINISH = pl.Schema(
    {
        "issue_id": pl.String(), "team": pl.String(), "place": pl.Int64(), "teams": pl.Int64(), "p50": pl.Date(), "p85": pl.Date(),
        "p95": pl.Date(),
    }
)  # fmt: skip


def ordered(open_: pl.DataFrame, order: Order) -> list[str]:
    """The ids of open work in an order. `open_`: `issue_id`, `index` (of its stage), `since` (in it), `due_date`, `place` (do
    first; null: not known). What has no date or place comes after what has, the nearest to its launch first.
    """
    first = {Order.FARTHEST: [], Order.DUE: ["due_date"], Order.FIRST: ["place"]}[order]
    falling = [*([False] * len(first)), True, False, False]
    return open_.sort(*first, "index", "since", "issue_id", descending=falling, nulls_last=True)["issue_id"].to_list()


def after_needs(order: Sequence[str], needs: Mapping[str, Iterable[str]]) -> list[str]:
    """An order in which nothing comes before what it needs, and otherwise as it was. Of what waits for each other, the first stays
    first; what is needed but not in the order is taken to be done.
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


def finishes(
    order: Sequence[str], teams: Mapping[str, str | None], needs: Mapping[str, Iterable[str]],
    paces: Mapping[str | None, Pace | None], calendar: Calendar, last_day: date, *, seed: int,
) -> pl.DataFrame:  # fmt: skip
    """One row an item of `order`, in the order in which its prerequisites allow it (FINISH): its `place` among its team's, how many
    `teams` it waits for, and the days by which it is done with a chance of SHARES; null where a team has no pace, or where it takes
    longer than ten years. Working days are counted from `last_day`, the last that is over.
    """
    arranged = after_needs(order, needs)
    places, counts = dict[str, int](), dict[str | None, int]()
    for item in arranged:
        counts[teams[item]] = places[item] = counts.get(teams[item], 0) + 1
    reach = _reach(arranged, teams, needs, places)
    chances = _chances(counts, paces, seed)
    ahead = [last_day, *calendar.working_days(last_day + timedelta(days=1), last_day + forecast.FARTHEST)]
    rows: list[tuple[object, ...]] = []
    for item in arranged:
        known = [chances[team][place] for team, place in reach[item].items() if team in chances]
        joint = forecast.jointly(*known) if len(known) == len(reach[item]) else np.zeros(1)
        days = [forecast.first_day(joint, share) for share in SHARES]
        dates = [None if day is None or day >= len(ahead) else ahead[day] for day in days]
        rows.append((item, teams[item], places[item], len(reach[item]), *dates))
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


def _chances(counts: Mapping[str | None, int], paces: Mapping[str | None, Pace | None], seed: int) -> dict[str | None, Floats]:
    """By team with a pace: forecast.chances of all its work, for so many days that each team's is all but surely done."""
    known = {team: (pace, counts[team]) for team in counts if (pace := paces.get(team)) is not None}
    seeds = {team: seed + at for at, team in enumerate(sorted(known, key=str))}
    needed = [forecast.by(forecast.when(pace, items, seed=seeds[team]), _FAR) for team, (pace, items) in known.items()]
    days = min(max(needed, default=0), forecast.LONGEST)
    return {team: forecast.chances(pace, items, days, seed=seeds[team]) for team, (pace, items) in known.items()}
