"""Contiguity in compiled code: which units a zone can spare, and whether it stays whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from xuequ.solver.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Case", "Scratch", "State", "arc_of", "flag_zone", "is_whole_after", "random_below", "random_unit"]


class Case(NamedTuple):
    """What does not change during a search (arrays of `problem.Problem`)."""

    indptr: NDArray[np.int64]
    neighbours: NDArray[np.int32]
    border: NDArray[np.float64]
    arc_indptr: NDArray[np.int64]
    arc_zone: NDArray[np.int32]
    arc_value: NDArray[np.float64]
    pupils: NDArray[np.int64]
    root: NDArray[np.int32]
    island: NDArray[np.bool_]
    caps: NDArray[np.int64]


class State(NamedTuple):
    """
    An assignment and what is kept up to date with it.

    Parameters
    ----------
    zone, load, total
        Zone of each unit, pupils of each zone, the measures of `problem.MEASURES`.
    member, size, place
        Units of each zone without islands, their number, and where each unit stands among them.
    fixed
        1 where a unit cannot leave without breaking its zone.
    random
        State of the random numbers.
    """

    zone: NDArray[np.int32]
    load: NDArray[np.int64]
    total: NDArray[np.float64]
    member: NDArray[np.int32]
    size: NDArray[np.int64]
    place: NDArray[np.int32]
    fixed: NDArray[np.uint8]
    random: NDArray[np.uint64]


class Scratch(NamedTuple):
    """Working arrays of graph searches, one entry a unit; ``stamp`` has the number of the last search in ``clock``."""

    stamp: NDArray[np.int64]
    order: NDArray[np.int64]
    low: NDArray[np.int64]
    before: NDArray[np.int32]
    cursor: NDArray[np.int64]
    stack: NDArray[np.int32]
    clock: NDArray[np.int64]


@compiled
def random_below(random: NDArray[np.uint64], count: int) -> int:
    """Return a random whole number from 0 to ``count − 1`` (xorshift64*)."""
    x = random[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    random[0] = x
    return int(((x * np.uint64(2685821657736338717)) >> np.uint64(33)) % np.uint64(count))


@compiled
def random_unit(random: NDArray[np.uint64]) -> float:
    """Return a random number in [0, 1)."""
    return float(random_below(random, 2147483648)) / 2147483648.0


@compiled
def arc_of(case: Any, unit: int, zone: int) -> int:
    """Return the arc of a unit and a zone, −1 where it is not allowed."""
    low, high = case.arc_indptr[unit], case.arc_indptr[unit + 1]
    while low < high:
        middle = (low + high) >> 1
        if case.arc_zone[middle] < zone:
            low = middle + 1
        else:
            high = middle
    if low < case.arc_indptr[unit + 1] and case.arc_zone[low] == zone:
        return int(low)
    return -1


@compiled
def flag_zone(case: Any, state: Any, scratch: Any, zone: int) -> int:
    """
    Flag the units that a zone cannot spare: its root and its cut vertices.

    Returns
    -------
    int
        Units that the zone's root reaches inside the zone; the zone is whole when these are all its units.

    Notes
    -----
    One depth-first pass from the root (Hopcroft and Tarjan's low points).
    """
    size = state.size[zone]
    if size == 0:
        return 0
    start = case.root[zone]
    if start < 0 or state.zone[start] != zone:
        start = state.member[zone, 0]
    scratch.clock[0] += 1
    clock = scratch.clock[0]
    for k in range(size):
        state.fixed[state.member[zone, k]] = 0
    depth, seen, branches = 0, 1, 0
    scratch.stack[0] = start
    scratch.stamp[start] = clock
    scratch.order[start] = 0
    scratch.low[start] = 0
    scratch.before[start] = -1
    scratch.cursor[start] = case.indptr[start]
    while depth >= 0:
        i = scratch.stack[depth]
        if scratch.cursor[i] < case.indptr[i + 1]:
            k = case.neighbours[scratch.cursor[i]]
            scratch.cursor[i] += 1
            if state.zone[k] != zone:
                continue
            if scratch.stamp[k] != clock:
                scratch.stamp[k] = clock
                scratch.order[k] = seen
                scratch.low[k] = seen
                seen += 1
                scratch.before[k] = i
                scratch.cursor[k] = case.indptr[k]
                depth += 1
                scratch.stack[depth] = k
            elif k != scratch.before[i] and scratch.order[k] < scratch.low[i]:
                scratch.low[i] = scratch.order[k]
        else:
            depth -= 1
            up = scratch.before[i]
            if up >= 0:
                scratch.low[up] = min(scratch.low[up], scratch.low[i])
                if up == start:
                    branches += 1
                elif scratch.low[i] >= scratch.order[up]:
                    state.fixed[up] = 1
    if case.root[zone] >= 0 or branches > 1 or size == 1:
        state.fixed[start] = 1
    return seen


@compiled
def is_whole_after(case: Any, state: Any, scratch: Any, zone: int, leaving: int, joining: int) -> bool:
    """Return whether a zone is still whole without the unit ``leaving`` and with the unit ``joining`` (−1 for none)."""
    start = case.root[zone]
    if start < 0 or start == leaving:
        return False
    scratch.clock[0] += 1
    clock = scratch.clock[0]
    scratch.stack[0] = start
    scratch.stamp[start] = clock
    top, seen = 1, 1
    while top > 0:
        top -= 1
        i = scratch.stack[top]
        for e in range(case.indptr[i], case.indptr[i + 1]):
            k = case.neighbours[e]
            if scratch.stamp[k] != clock and k != leaving and (state.zone[k] == zone or k == joining):
                scratch.stamp[k] = clock
                scratch.stack[top] = k
                top += 1
                seen += 1
    return bool(seen == state.size[zone] - (leaving >= 0) + (joining >= 0))
