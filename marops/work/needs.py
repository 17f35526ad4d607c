"""What needs what: ways from one thing to another over things that must be done first."""

from collections import deque
from collections.abc import Iterable


def way(needs: Iterable[tuple[str, str]], start: str, goal: str) -> list[str]:
    """The shortest way from `start` to `goal` over (thing, what it needs), both ends included; empty where there is none.

    >>> way([("launch", "build"), ("build", "brief")], "launch", "brief")
    ['launch', 'build', 'brief']
    """
    following: dict[str, list[str]] = {}
    for thing, needed in needs:
        following.setdefault(thing, []).append(needed)
    came_from: dict[str, str | None] = {start: None}
    ahead = deque([start])
    while ahead:
        here = ahead.popleft()
        if here == goal:
            return _back(came_from, here)
        for onward in following.get(here, []):
            if onward not in came_from:
                came_from[onward] = here
                ahead.append(onward)
    return []


def _back(came_from: dict[str, str | None], end: str) -> list[str]:
    found = [end]
    while (before := came_from[found[-1]]) is not None:
        found.append(before)
    return found[::-1]
