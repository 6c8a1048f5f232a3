"""Blocks that are kept together 整片划分: which blocks each set binds, with those that join its parts."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xuequ.zoning.adjacency import Adjacency

__all__ = ["bound_sets"]


def bound_sets(adjacency: Adjacency, groups: Iterable[Sequence[int]]) -> tuple[tuple[int, ...], ...]:
    """
    Return the sets of blocks that must go to one zone.

    Parameters
    ----------
    adjacency
        Which blocks touch.
    groups
        Blocks (indices) to be kept together; sets that share a block are one.

    Returns
    -------
    tuple of tuple of int
        Disjoint sets of two blocks or more, each ascending, sorted. A set that is not connected holds also the blocks on shortest
        ways between its parts, since its catchment must be. Parts that no way joins, over a river without a bridge, stay apart:
        a catchment that holds such a set is contiguous where it is so with its parts as one.

    Notes
    -----
    model.md §1: ``x_ij = x_kj`` for blocks to keep together (an estate, a village), in a catchment that is contiguous.
    """
    sets = _merged(groups)
    while True:
        joined = _merged(_joined(adjacency, members) for members in sets)
        if joined == sets:
            return tuple(sets)
        sets = joined


def _merged(groups: Iterable[Sequence[int]]) -> list[tuple[int, ...]]:
    """Return the sets of two blocks or more, those that share a block as one."""
    sets: list[set[int]] = []
    for group in groups:
        mine = set(group)
        for other in [item for item in sets if not mine.isdisjoint(item)]:
            mine |= other
            sets.remove(other)
        sets.append(mine)
    return sorted(tuple(sorted(members)) for members in sets if len(members) > 1)


def _joined(adjacency: Adjacency, members: Sequence[int]) -> list[int]:
    """Return the members and the blocks on shortest ways that join them, in each part of the district of its own."""
    joined: list[int] = []
    part: list[int] = []
    left = dict.fromkeys(members)
    while left:
        way = _way(adjacency, part, set(left)) if part else []
        if not way:  # the first of a part that no way leads to
            joined += part
            way, part = [next(iter(left))], []
        part.extend(i for i in way if i not in part)
        for i in way:
            left.pop(i, None)
    return joined + part


def _way(adjacency: Adjacency, sources: list[int], targets: set[int]) -> list[int]:
    """Return the blocks from any source to the nearest target, the target among them; empty where there is no way."""
    before: dict[int, int] = dict.fromkeys(sources, -1)
    queue = deque(sources)
    while queue:
        i = queue.popleft()
        if i in targets:
            way = []
            while i >= 0:
                way.append(i)
                i = before[i]
            return way[::-1]
        for k in adjacency.of(i).tolist():
            if k not in before:
                before[k] = i
                queue.append(k)
    return []
