"""Any start, a broken one too, becomes an assignment whose zones are whole and contiguous."""

from __future__ import annotations

import heapq
from collections import deque
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xuequ.solver.problem import Problem

__all__ = ["Unjoinable", "is_contiguous", "loose_units", "repair"]


_ATTEMPTS = 64
"""How often it is begun again with a unit first that the others left no way."""


class Unjoinable(Exception):
    """
    A unit can be joined to no zone.

    Parameters
    ----------
    unit
        The unit.
    """

    def __init__(self, unit: int) -> None:
        self.unit = unit
        super().__init__(f"unit {unit} can be joined to no zone")


def loose_units(problem: Problem, zone: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Return the units that are given to no allowed zone, or cut off from the root of theirs."""
    allowed = problem.arcs_of(zone) >= 0
    loose = ~allowed
    joined = problem.island & allowed
    queue: deque[int] = deque()
    rootless = set(np.flatnonzero(problem.root < 0).tolist())
    for j, i in enumerate(problem.root.tolist()):
        if i >= 0 and zone[i] == j and allowed[i]:
            joined[i] = True
            queue.append(i)
    for i in np.flatnonzero(allowed & np.isin(zone, list(rootless))).tolist():
        if int(zone[i]) in rootless:
            rootless.discard(int(zone[i]))
            joined[i] = True
            queue.append(i)
    indptr, neighbours, zones = problem.indptr, problem.neighbours, zone.tolist()
    while queue:
        i = queue.popleft()
        for k in neighbours[indptr[i] : indptr[i + 1]].tolist():
            if not joined[k] and allowed[k] and zones[k] == zones[i]:
                joined[k] = True
                queue.append(k)
    loose |= ~joined
    return loose


def is_contiguous(problem: Problem, zone: NDArray[np.int32]) -> bool:
    """Return whether every unit is in an allowed zone and joined to its root."""
    return not loose_units(problem, zone).any()


def repair(problem: Problem, start: NDArray[np.int32], price: NDArray[np.float64], *, overload: float) -> NDArray[np.int32]:
    """
    Return an assignment near a start whose zones are whole.

    Parameters
    ----------
    problem
        What is solved; it must have no conflicts.
    start
        Zone of each unit, −1 for none; it may break any rule.
    price
        Of each arc, shape ``(arcs,)``.
    overload
        Price of a pupil above planned, to prefer zones with room.

    Raises
    ------
    Unjoinable
        If a unit can be joined to no zone.

    Notes
    -----
    model.md §1: a start that breaks rules is repaired, never refused. What is whole stays; what is loose grows onto it, the
    cheapest first. A unit that no zone touches takes the units on the shortest way to one with it, and these stay where
    they are put. Where that leaves another unit no way, it is begun again with that one first.
    """
    first: tuple[int, ...] = ()
    for _ in range(_ATTEMPTS):
        try:
            return _repaired(problem, start, price, overload, first)
        except Unjoinable as fault:
            lost = fault.unit
        if first[:1] == (lost,):
            break
        first = (lost, *(unit for unit in first if unit != lost))
    raise Unjoinable(lost)


def _repaired(
    problem: Problem, start: NDArray[np.int32], price: NDArray[np.float64], overload: float, first: tuple[int, ...]
) -> NDArray[np.int32]:
    """Return a repaired start in which the units of ``first`` have their ways to a zone before all others."""
    zone, bare = np.array(start, dtype=np.int32), np.full(problem.units, -1, dtype=np.int32)
    rooted = problem.root >= 0
    bare[problem.root[rooted]] = np.flatnonzero(rooted)
    pinned = bare >= 0
    for unit in first:
        _break_through(problem, bare, unit, pinned)
    zone[pinned] = bare[pinned]
    for _ in range(problem.units + 1):
        loose = loose_units(problem, zone)
        zone[loose] = -1
        _grow(problem, zone, price, overload)
        left = np.flatnonzero(zone < 0)
        if len(left) == 0:
            return zone
        _break_through(problem, zone, int(left[0]), pinned)
    raise Unjoinable(int(np.flatnonzero(zone < 0)[0]))


def _grow(problem: Problem, zone: NDArray[np.int32], price: NDArray[np.float64], overload: float) -> None:
    """Give units without a zone to zones that they touch, the cheapest first."""
    load = problem.loads(np.where(zone < 0, problem.zones, zone))[: problem.zones]
    room = problem.caps[:, 0]
    heap: list[tuple[float, int, int]] = []

    def cost(i: int, a: int) -> float:
        j = problem.arc_zone[a]
        extra = max(load[j] + problem.pupils[i] - room[j], 0) - max(load[j] - room[j], 0)
        return float(price[a] + overload * extra)

    def offer(i: int) -> None:
        near = problem.neighbours[problem.indptr[i] : problem.indptr[i + 1]]
        touched = set(zone[near].tolist())
        free = problem.island[i]
        for a in range(problem.arc_indptr[i], problem.arc_indptr[i + 1]):
            j = int(problem.arc_zone[a])
            if free or j in touched or (problem.root[j] < 0 and load[j] == 0):
                heapq.heappush(heap, (cost(i, a), i, a))

    for i in np.flatnonzero(zone < 0).tolist():
        offer(i)
    while heap:
        value, i, a = heapq.heappop(heap)
        if zone[i] >= 0:
            continue
        now = cost(i, a)
        if now > value + 1e-9:
            heapq.heappush(heap, (now, i, a))
            continue
        zone[i] = problem.arc_zone[a]
        load[zone[i]] += problem.pupils[i]
        for k in problem.neighbours[problem.indptr[i] : problem.indptr[i + 1]].tolist():
            if zone[k] < 0:
                offer(k)


def _break_through(problem: Problem, zone: NDArray[np.int32], unit: int, pinned: NDArray[np.bool_]) -> None:
    """Give a unit, and all on the shortest way, to a zone that it may belong to."""
    best: list[int] = []
    chosen = -1
    for j in problem.arc_zone[problem.arc_indptr[unit] : problem.arc_indptr[unit + 1]].tolist():
        allowed = np.zeros(problem.units, dtype=bool)
        allowed[problem.arc_rows()[problem.arc_zone == j]] = True
        way = _shortest(problem, unit, zone == j, (allowed & ~pinned) | (zone == j))
        if way and (not best or len(way) < len(best)):
            best, chosen = way, j
    if not best:
        raise Unjoinable(unit)
    zone[best] = chosen
    pinned[best] = True


def _shortest(problem: Problem, unit: int, is_goal: NDArray[np.bool_], allowed: NDArray[np.bool_]) -> list[int]:
    """Return the units from the nearest goal to a unit, both among them; empty where there is no allowed way."""
    before = {unit: -1}
    queue = deque([unit])
    while queue:
        i = queue.popleft()
        if is_goal[i]:
            way = []
            while i >= 0:
                way.append(i)
                i = before[i]
            return way
        for k in problem.neighbours[problem.indptr[i] : problem.indptr[i + 1]].tolist():
            if k not in before and allowed[k]:
                before[k] = i
                queue.append(k)
    return []
