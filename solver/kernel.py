"""
The search in compiled code: shifts, swaps and chains of boundary units under adaptive prices.

A move is a chain of steps ``unit → zone``; a step's unit leaves the zone that the step before has joined. Measures are kept as
totals, so that a goal, a limit on an earlier goal and a capacity are one thing: a price on a total, or a penalty on what exceeds
its limit.
"""

from __future__ import annotations

from math import exp
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from xuequ.solver.compiled import compiled
from xuequ.solver.kernel_graph import arc_of, flag_zone, is_whole_after, random_below, random_unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["BATCH", "LONGEST", "Aim", "Best", "anneal", "score_of"]

BATCH = 1000
"""Candidate moves in one iteration as users count them."""

LONGEST = 4
"""Steps of the longest chain."""

_CHECK = 1024


class Aim(NamedTuple):
    """
    What a search is after, by column of `problem.MEASURES`, shape ``(7,)`` each.

    Parameters
    ----------
    price
        Of a unit of each measure.
    limit
        What a measure may be; infinite for no limit.
    penalty
        Of a unit above the limit; adapted by the search.
    scale
        Weight of a unit above the limit in comparing plans.
    bounds
        Least and greatest penalty of each measure and the factors by which they go up and down, shape ``(16,)``.
    """

    price: NDArray[np.float64]
    limit: NDArray[np.float64]
    penalty: NDArray[np.float64]
    scale: NDArray[np.float64]
    bounds: NDArray[np.float64]


class Best(NamedTuple):
    """
    The best assignment seen, and what has been seen on the way.

    Parameters
    ----------
    zone
        Of each unit.
    value
        What it exceeds limits by (scaled), and its priced objective, shape ``(2,)``.
    log, logged
        Units moved since ``zone`` was last made equal to the search's own, and how many (−1: more than the log holds).
    seen, seen_count
        Assignments kept for the pool of columns, shape ``(kept, units)``, and how many.
    steps
        Moves tried and accepted, shape ``(2,)``.
    """

    zone: NDArray[np.int32]
    value: NDArray[np.float64]
    log: NDArray[np.int32]
    logged: NDArray[np.int64]
    seen: NDArray[np.int32]
    seen_count: NDArray[np.int64]
    steps: NDArray[np.int64]


class Move(NamedTuple):
    """A chain: ``unit[t]`` goes from ``source[t]`` to ``source[t + 1]``; ``length[0]`` steps; ``change`` of every measure."""

    unit: NDArray[np.int64]
    source: NDArray[np.int64]
    length: NDArray[np.int64]
    change: NDArray[np.float64]


@compiled
def score_of(aim: Any, total: NDArray[np.float64], change: NDArray[np.float64]) -> float:
    """Return how a change of measures changes the penalised objective."""
    result = 0.0
    for k in range(7):
        d = change[k]
        if d != 0.0:
            result += aim.price[k] * d
            if aim.penalty[k] > 0.0:
                over = total[k] - aim.limit[k]
                result += aim.penalty[k] * (max(over + d, 0.0) - max(over, 0.0))
    return result


@compiled
def _touches(case: Any, state: Any, unit: int, zone: int, but: int) -> bool:
    """Return whether a unit has a neighbour in a zone other than the unit ``but``."""
    for e in range(case.indptr[unit], case.indptr[unit + 1]):
        k = case.neighbours[e]
        if k != but and state.zone[k] == zone:
            return True
    return False


@compiled
def _first_step(case: Any, state: Any, move: Any) -> bool:
    """Choose a boundary unit and a zone that it touches."""
    random = state.random
    i = random_below(random, len(state.zone))
    if case.island[i]:
        arcs = case.arc_indptr[i + 1] - case.arc_indptr[i]
        b = case.arc_zone[case.arc_indptr[i] + random_below(random, arcs)]
    else:
        degree = case.indptr[i + 1] - case.indptr[i]
        if degree == 0:
            return False
        b = state.zone[case.neighbours[case.indptr[i] + random_below(random, degree)]]
    if b == state.zone[i] or arc_of(case, i, b) < 0:
        return False
    move.unit[0] = i
    move.source[0] = state.zone[i]
    move.source[1] = b
    move.length[0] = 1
    return True


@compiled
def _next_step(case: Any, state: Any, move: Any, close: int) -> bool:
    """Add a unit that leaves the zone last joined, back to the first zone (``close`` 1) or to one not yet touched."""
    random = state.random
    length = move.length[0]
    zone = move.source[length]
    size = state.size[zone]
    if size == 0:
        return False
    for _ in range(8):
        k = state.member[zone, random_below(random, size)]
        if k == case.root[zone]:
            continue
        target = move.source[0]
        if close == 1:
            if not _touches(case, state, k, target, move.unit[0]):
                continue
        else:
            degree = case.indptr[k + 1] - case.indptr[k]
            target = state.zone[case.neighbours[case.indptr[k] + random_below(random, degree)]]
            fresh = True
            for t in range(length + 1):
                if move.source[t] == target:
                    fresh = False
            if not fresh:
                continue
        if arc_of(case, k, target) < 0:
            continue
        move.unit[length] = k
        move.source[length + 1] = target
        move.length[0] = length + 1
        return True
    return False


@compiled
def _measure_move(case: Any, state: Any, move: Any, wants_cut: bool) -> None:  # noqa: FBT001
    """Fill in how a chain changes every measure."""
    change = move.change
    change[:] = 0.0
    length = move.length[0]
    for t in range(length):
        i = move.unit[t]
        old, new = arc_of(case, i, move.source[t]), arc_of(case, i, move.source[t + 1])
        change[3] += case.arc_value[new, 0] - case.arc_value[old, 0]
        change[4] += case.arc_value[new, 1] - case.arc_value[old, 1]
        change[5] += case.arc_value[new, 2] - case.arc_value[old, 2]
    closed = move.source[length] == move.source[0]
    for t in range(length + (0 if closed else 1)):
        zone = move.source[t]
        load = state.load[zone]
        after = load
        if t < length:
            after -= case.pupils[move.unit[t]]
        if t > 0:
            after += case.pupils[move.unit[t - 1]]
        elif closed:
            after += case.pupils[move.unit[length - 1]]
        change[2] += max(after - case.caps[zone, 0], 0) - max(load - case.caps[zone, 0], 0)
        change[1] += max(after - case.caps[zone, 1], 0) - max(load - case.caps[zone, 1], 0)
        change[0] += max(after - case.caps[zone, 2], 0) - max(load - case.caps[zone, 2], 0)
    if wants_cut:
        _measure_cut(case, state, move)


@compiled
def _measure_cut(case: Any, state: Any, move: Any) -> None:
    """Fill in how a chain changes the cut borders, by doing and undoing its steps."""
    length = move.length[0]
    for t in range(length):
        i = move.unit[t]
        for e in range(case.indptr[i], case.indptr[i + 1]):
            other = state.zone[case.neighbours[e]]
            if other == move.source[t]:
                move.change[6] += case.border[e]
            elif other == move.source[t + 1]:
                move.change[6] -= case.border[e]
        state.zone[i] = move.source[t + 1]
    for t in range(length):
        state.zone[move.unit[t]] = move.source[t]


@compiled
def _keeps_whole(case: Any, state: Any, scratch: Any, move: Any) -> bool:
    """Return whether all zones are whole after a chain."""
    length = move.length[0]
    closed = move.source[length] == move.source[0]
    for t in range(length):
        leaving, zone = move.unit[t], move.source[t]
        joining = -1
        if t > 0:
            joining = move.unit[t - 1]
        elif closed:
            joining = move.unit[length - 1]
        if case.island[leaving]:
            continue
        if joining >= 0 and case.island[joining]:
            joining = -1
        if state.fixed[leaving] == 0 and (joining < 0 or _touches(case, state, joining, zone, leaving)):
            continue
        if joining < 0 or leaving == case.root[zone] or not is_whole_after(case, state, scratch, zone, leaving, joining):
            return False
    return True


@compiled
def _apply(case: Any, state: Any, scratch: Any, move: Any) -> bool:
    """Make a chain; return False, with nothing changed, where a zone's list of members is full."""
    length = move.length[0]
    for t in range(length):
        if state.size[move.source[t + 1]] >= state.member.shape[1]:
            return False
    for t in range(length):
        i, old, new = move.unit[t], move.source[t], move.source[t + 1]
        state.zone[i] = new
        state.load[old] -= case.pupils[i]
        state.load[new] += case.pupils[i]
        if not case.island[i]:
            last = state.member[old, state.size[old] - 1]
            state.member[old, state.place[i]] = last
            state.place[last] = state.place[i]
            state.size[old] -= 1
            state.member[new, state.size[new]] = i
            state.place[i] = state.size[new]
            state.size[new] += 1
    for k in range(7):
        state.total[k] += move.change[k]
    for t in range(length):
        flag_zone(case, state, scratch, move.source[t])
    if move.source[length] != move.source[0]:
        flag_zone(case, state, scratch, move.source[length])
    return True


@compiled
def _note(state: Any, aim: Any, best: Any, move: Any) -> None:
    """Write a chain to the log and take the assignment over where it is the best so far."""
    for t in range(move.length[0]):
        if best.logged[0] >= 0:
            if best.logged[0] < len(best.log):
                best.log[best.logged[0]] = move.unit[t]
                best.logged[0] += 1
            else:
                best.logged[0] = -1
    excess, objective = 0.0, 0.0
    for k in range(7):
        excess += aim.scale[k] * max(state.total[k] - aim.limit[k], 0.0)
        objective += aim.price[k] * state.total[k]
    if excess > best.value[0] + 1e-7 or (excess > best.value[0] - 1e-7 and objective >= best.value[1] - 1e-7):
        return
    best.value[0], best.value[1] = excess, objective
    if best.logged[0] < 0:
        best.zone[:] = state.zone
    else:
        for k in range(best.logged[0]):
            best.zone[best.log[k]] = state.zone[best.log[k]]
    best.logged[0] = 0


@compiled
def _adapt(aim: Any, total: NDArray[np.float64], leeway: float) -> None:
    """Raise the penalties of limits that are exceeded by more than a leeway (in `Aim.scale`-free worth) and lower the others."""
    for k in range(7):
        if aim.penalty[k] > 0.0:
            if total[k] > aim.limit[k] + leeway / aim.bounds[k] + 1e-9:
                aim.penalty[k] = min(aim.penalty[k] * aim.bounds[14], aim.bounds[7 + k])
            else:
                aim.penalty[k] = max(aim.penalty[k] / aim.bounds[15], aim.bounds[k])


@compiled
def _propose(case: Any, state: Any, move: Any) -> bool:
    """Make up a chain: a shift, a swap, or a longer one, open or closed."""
    if not _first_step(case, state, move):
        return False
    if case.island[move.unit[0]]:
        return True
    choice = random_unit(state.random)
    if choice < 0.35:
        return True
    if choice < 0.65:
        return _next_step(case, state, move, 1)
    if not _next_step(case, state, move, 0):
        return False
    if choice < 0.80:
        return True
    if choice < 0.90:
        return _next_step(case, state, move, 1)
    if not _next_step(case, state, move, 0):
        return False
    return choice < 0.96 or _next_step(case, state, move, 1)


@compiled
def anneal(case: Any, state: Any, scratch: Any, aim: Any, best: Any, schedule: NDArray[np.float64]) -> None:
    """
    Search by annealing, in place.

    Parameters
    ----------
    case, state, scratch, aim, best
        See the classes.
    schedule
        Moves to try, temperature at the start and at the end, and the excess over the best objective (a share) up to which
        assignments are kept for the pool.
    """
    steps = int(schedule[0])
    temperature = schedule[1]
    factor = (schedule[2] / schedule[1]) ** (_CHECK / max(steps, 1))
    wants_cut = aim.price[6] != 0.0 or aim.penalty[6] > 0.0
    move = Move(
        np.zeros(LONGEST, dtype=np.int64), np.zeros(LONGEST + 1, dtype=np.int64), np.zeros(1, dtype=np.int64), np.zeros(7)
    )
    accepted, kept_at = 0, 0
    for step in range(steps):
        if step % _CHECK == _CHECK - 1:
            temperature *= factor
            _adapt(aim, state.total, schedule[4] * temperature)
            if accepted > kept_at + 12 and best.seen_count[0] < best.seen.shape[0]:
                objective = 0.0
                for k in range(7):
                    objective += aim.price[k] * state.total[k]
                if objective <= best.value[1] + schedule[3] * abs(best.value[1]):
                    best.seen[best.seen_count[0]] = state.zone
                    best.seen_count[0] += 1
                    kept_at = accepted
        if not _propose(case, state, move):
            continue
        _measure_move(case, state, move, wants_cut)
        delta = score_of(aim, state.total, move.change)
        if delta > 0.0 and (delta > 30.0 * temperature or random_unit(state.random) >= exp(-delta / temperature)):
            continue
        if _keeps_whole(case, state, scratch, move) and _apply(case, state, scratch, move):
            accepted += 1
            _note(state, aim, best, move)
    best.steps[0] += steps
    best.steps[1] += accepted
