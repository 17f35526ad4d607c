"""The order of moves of one moment: each leaves what the one before entered. Pure."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise, permutations

End = tuple[str, str]
"""What is left or entered: its id, where it has one, and its name."""

Step = tuple[End, End]
"""What a move left and what it entered."""

_TRIED = 6
"""Moves of one moment up to which every order is tried."""

_KEPT = 4096


def likeliest(steps: Sequence[Step], before: End | None, after: Sequence[End]) -> tuple[int, ...]:
    """The places of the steps in the order with the most links, those to what was entered `before` and is left `after` among them;
    of several such orders the first, from the listed one on.
    """
    if len(steps) == 1:
        return (0,)
    return max(_orders(len(steps)), key=lambda order: _inside(steps, order) + _outside(steps, order, before, after))


@lru_cache(_KEPT)
def only(steps: tuple[Step, ...], before: End | None, after: tuple[End, ...]) -> tuple[int, ...]:
    """The places of the steps in the one order in which each follows from the one before. Where there is none they stay as listed,
    and where there are several, unless one alone fits best to what was entered `before` and is left `after`.
    """
    whole = list(_whole(steps))
    most = max((_outside(steps, order, before, after) for order in whole), default=0)
    best: dict[tuple[Step, ...], tuple[int, ...]] = {}
    for order in whole:
        if _outside(steps, order, before, after) == most:
            # Equal steps may change places: that is no other order.
            best.setdefault(tuple(steps[place] for place in order), order)
    return best.popitem()[1] if len(best) == 1 else tuple(range(len(steps)))


def _whole(steps: Sequence[Step]) -> Iterator[tuple[int, ...]]:
    """The orders in which each step follows from the one before, of those that are tried: built link by link, for of all orders
    hardly any are.
    """
    if len(steps) > _TRIED:
        yield from (order for order in _orders(len(steps)) if _inside(steps, order) == len(steps) - 1)
        return
    links = [[_is_same(one[1], other[0]) for other in steps] for one in steps]
    begun = [(place,) for place in reversed(range(len(steps)))]
    while begun:
        order = begun.pop()
        if len(order) == len(steps):
            yield order
        begun += [(*order, place) for place in reversed(range(len(steps))) if place not in order and links[order[-1]][place]]


def _orders(count: int) -> Iterator[tuple[int, ...]]:
    listed = tuple(range(count))
    return permutations(listed) if count <= _TRIED else iter((listed, listed[::-1]))


def _inside(steps: Sequence[Step], order: Sequence[int]) -> int:
    return sum(_is_same(steps[one][1], steps[following][0]) for one, following in pairwise(order))


def _outside(steps: Sequence[Step], order: Sequence[int], before: End | None, after: Sequence[End]) -> int:
    begins = before is not None and _is_same(before, steps[order[0]][0])
    return begins + any(_is_same(steps[order[-1]][1], end) for end in after)


def _is_same(one: End, other: End) -> bool:
    """By ids where both have one: names change."""
    return one[0] == other[0] if one[0] and other[0] else one[1].casefold() == other[1].casefold()
