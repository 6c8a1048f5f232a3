"""Clusters in compiled code: an annealing walk over whole plans, and the search for single clusters of least reduced cost."""

from __future__ import annotations

from math import exp
from typing import TYPE_CHECKING, Any

import numpy as np

from xuequ.solver.compiled import compiled
from xuequ.solver.kernel_bits import NONE, ONE, place_of
from xuequ.solver.kernel_graph import random_below, random_unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["anneal", "best_sets", "priced"]

_SWAP = 0.4


@compiled
def _reached(case: Any, cluster_of: NDArray[np.int64], cluster: int, queue: NDArray[np.int64], seen: NDArray[np.bool_]) -> int:
    """Return how many schools of a cluster its lead reaches inside it; they are flagged in ``seen``."""
    seen[:] = False
    queue[0] = case.leads[cluster]
    seen[queue[0]] = True
    head, tail = 0, 1
    while head < tail:
        j = queue[head]
        head += 1
        for at in range(case.near_starts[j], case.near_starts[j + 1]):
            k = case.near[at]
            if not seen[k] and cluster_of[k] == cluster:
                seen[k] = True
                queue[tail] = k
                tail += 1
    return tail


@compiled
def priced(case: Any, cluster_of: NDArray[np.int64], cluster: int, price: NDArray[np.float64], queue: Any, seen: Any) -> float:
    """
    Return the price of one cluster of a plan.

    Parameters
    ----------
    case
        `cluster_arrays.ClusterArrays`.
    cluster_of
        Cluster of each school.
    cluster
        Which one.
    price
        Of a broken rule, an uncovered pupil, a seat out of balance, a metre of way, a changed school.
    queue, seen
        Working arrays, one entry a school.
    """
    schools, stages = case.net.shape
    count, ways, changed, above, below, lost = 0, 0, 0, 0.0, 0.0, 0
    _reached(case, cluster_of, cluster, queue, seen)
    for j in range(schools):
        if cluster_of[j] == cluster:
            count += 1
            ways += case.way_m[cluster, j]
            changed += case.changed[cluster, j]
            above += case.above[j]
            below += case.below[j]
            lost += not seen[j] and not case.exempt[cluster, j]
    broken = max(0, case.sizes[0] - count) + max(0, count - case.sizes[1]) + lost
    for kind in range(len(case.least)):
        found = 0
        for j in range(schools):
            found += cluster_of[j] == cluster and case.kinds[kind, j]
        broken += max(0, case.least[kind] - found)
    uncovered = 0
    for stage in range(stages):
        net = 0
        for j in range(schools):
            if cluster_of[j] == cluster:
                net += case.net[j, stage]
        uncovered += max(0, net)
    balance = max(0.0, above, below)
    return float(broken * price[0] + uncovered * price[1] + balance * price[2] + ways * price[3] + changed * price[4])


@compiled
def _target(case: Any, cluster_of: NDArray[np.int64], unit: int, random: NDArray[np.uint64], near: NDArray[np.bool_]) -> int:
    """Return a random cluster that a unit touches or is exempt for, −1 where there is none but its own."""
    near[:] = False
    start, end = case.unit_starts[unit], case.unit_starts[unit + 1]
    for at in range(start, end):
        j = case.units[at]
        for k in range(case.near_starts[j], case.near_starts[j + 1]):
            near[cluster_of[case.near[k]]] = True
        for cluster in range(len(case.leads)):
            if case.exempt[cluster, j]:
                near[cluster] = True
    near[cluster_of[case.units[start]]] = False
    count = near.sum()
    if count == 0:
        return -1
    chosen = random_below(random, count)
    for cluster in range(len(near)):
        if near[cluster]:
            if chosen == 0:
                return cluster
            chosen -= 1
    return -1


@compiled
def _give(case: Any, cluster_of: NDArray[np.int64], unit: int, cluster: int) -> None:
    for at in range(case.unit_starts[unit], case.unit_starts[unit + 1]):
        cluster_of[case.units[at]] = cluster


@compiled
def _other(case: Any, cluster_of: Any, free: Any, target: int, random: Any) -> int:
    """Return a random free unit of a cluster, −1 where there is none."""
    begin = random_below(random, len(free))
    for step in range(len(free)):
        unit = free[(begin + step) % len(free)]
        if cluster_of[case.units[case.unit_starts[unit]]] == target:
            return int(unit)
    return -1


@compiled
def anneal(
    case: Any,
    cluster_of: NDArray[np.int64],
    free: NDArray[np.int64],
    price: NDArray[np.float64],
    course: tuple[int, float, float],
    random: NDArray[np.uint64],
) -> float:
    """
    Walk from a plan to better ones; the best one met is left in ``cluster_of`` and its price returned.

    Parameters
    ----------
    case
        `cluster_arrays.ClusterArrays`.
    cluster_of
        Cluster of each school, shape ``(schools,)``; changed in place.
    free
        Units that hold no lead.
    price
        See `priced`.
    course
        Number of moves, and the temperatures at the start and the end.
    random
        State of the random numbers.
    """
    moves, temperature, cold = course
    cooling = (cold / temperature) ** (1.0 / max(1, moves))
    queue, seen = np.zeros(len(cluster_of), np.int64), np.zeros(len(cluster_of), np.bool_)
    near = np.zeros(len(case.leads), np.bool_)
    each = np.zeros(len(case.leads))
    for cluster in range(len(each)):
        each[cluster] = priced(case, cluster_of, cluster, price, queue, seen)
    best, best_price = cluster_of.copy(), each.sum()
    for _ in range(moves):
        temperature *= cooling
        unit = free[random_below(random, len(free))]
        own, target = cluster_of[case.units[case.unit_starts[unit]]], _target(case, cluster_of, unit, random, near)
        if target < 0:
            continue
        other = _other(case, cluster_of, free, target, random) if random_unit(random) < _SWAP else -1
        _give(case, cluster_of, unit, target)
        if other >= 0:
            _give(case, cluster_of, other, own)
        at_own = priced(case, cluster_of, own, price, queue, seen)
        at_target = priced(case, cluster_of, target, price, queue, seen)
        change = at_own + at_target - each[own] - each[target]
        if change > 0.0 and random_unit(random) >= exp(-change / temperature):
            _give(case, cluster_of, unit, own)
            if other >= 0:
                _give(case, cluster_of, other, target)
            continue
        each[own], each[target] = at_own, at_target
        if change < 0.0 and each.sum() < best_price - 1e-9:
            best_price = each.sum()
            best[:] = cluster_of
    cluster_of[:] = best
    return float(best_price)


@compiled
def _is_whole(ground: Any, units: Any) -> bool:
    """Return whether every school of a set of units that is not exempt is reached from the lead inside the set."""
    schools = NONE
    while units != NONE:
        bit = units & (~units + ONE)
        units ^= bit
        schools |= ground.schools[place_of(bit)]
    seen = ONE << np.uint64(ground.lead_school)
    front = seen
    while front != NONE:
        around = NONE
        while front != NONE:
            bit = front & (~front + ONE)
            front ^= bit
            around |= ground.touching[place_of(bit)]
        front = around & schools & ~seen
        seen |= front
    return bool((schools & ~seen & ~ground.exempt) == NONE)


@compiled
def _has_members(ground: Any, units: Any) -> bool:
    """Return whether a set of units has as many schools of each kind as a cluster needs."""
    for kind in range(len(ground.least)):
        found, left = 0, units
        while left != NONE and found < ground.least[kind]:
            bit = left & (~left + ONE)
            left ^= bit
            found += ground.kinds[kind, place_of(bit)]
        if found < ground.least[kind]:
            return False
    return True


@compiled
def _linear(weights: Any, total: Any, corner: int) -> float:
    """Return the reduced cost of sums if just the stages of a corner are uncovered and nothing is out of balance."""
    stages = len(total) - 3
    value = total[stages + 2]
    for stage in range(stages):
        if (corner >> stage) & 1:
            value += weights.uncovered * total[stage]
    return float(value)


@compiled
def _reduced(weights: Any, total: Any) -> float:
    """Return the reduced cost of a cluster from its sums: by stage, above and below the band, and all that is linear."""
    stages = len(total) - 3
    cost = total[stages + 2] + weights.balance * max(0.0, total[stages], total[stages + 1])
    for stage in range(stages):
        cost += weights.uncovered * max(0.0, total[stage])
    return float(cost)


@compiled
def _is_hopeless(ground: Any, weights: Any, corners: Any, total: Any, gone: Any, room: int, limit: float) -> bool:
    """Return whether no set that grows from one with these sums, by at most ``room`` schools, gets below the limit."""
    value, order = corners
    for corner in range(len(value)):
        least, left = _linear(weights, total, corner), room
        for unit in order[corner]:
            if value[corner, unit] >= 0.0 or left <= 0:
                break
            if (gone >> np.uint64(unit)) & ONE == NONE:
                least += value[corner, unit]
                left -= ground.size[unit]
        if least >= limit:
            return True
    return False


@compiled
def _corners(weights: Any, adds: Any) -> tuple[Any, Any]:
    """Return what each unit adds at least, by which stages are uncovered, and the units in that order."""
    stages = adds.shape[1] - 3
    value = np.zeros((1 << stages, len(adds)))
    order = np.zeros(value.shape, np.int64)
    for corner in range(len(value)):
        for unit in range(len(adds)):
            value[corner, unit] = _linear(weights, adds[unit], corner)
        order[corner] = np.argsort(value[corner])
    return value, order


@compiled
def _least(found: Any, cost: Any) -> int:
    """Bring the cheaper half of what was found to the front, and return how many those are."""
    kept = len(cost) // 2
    best = np.argsort(cost)[:kept]
    found[:kept], cost[:kept] = found[best], cost[best]
    return kept


@compiled
def _sums(ground: Any, weights: Any) -> Any:
    """Return what each unit adds: by stage, above and below the band, and what is linear, shape ``(units, stages + 3)``."""
    stages = ground.net.shape[1]
    adds = np.zeros((len(ground.size), stages + 3))
    adds[:, :stages] = ground.net
    adds[:, stages], adds[:, stages + 1], adds[:, stages + 2] = ground.above, ground.below, weights.unit
    return adds


@compiled
def best_sets(ground: Any, weights: Any, limit: float, most: int, looks: int) -> tuple[Any, Any, bool, bool]:
    """
    Find the clusters of one lead with the least reduced cost below a limit; at most ``most`` of at most ``looks`` looked at.

    Parameters
    ----------
    ground
        `cluster_sets.Ground`: what a lead's cluster may be made of; units are bits of a mask.
    weights
        `cluster_sets.Weights`: what a unit, an uncovered pupil and a seat out of balance cost.

    Returns
    -------
    tuple
        Masks of units and their reduced costs, whether those are the least ones, and whether they are all below the limit.

    Notes
    -----
    Every connected set of units around the lead is met once: a unit that was tried at one set is out for the sets after it, as
    is usual for connected subgraphs. A set is not grown where no way to grow it gets below the limit: uncovered pupils are
    positive parts of sums, so at least the sums of any choice of stages, and each choice is linear in the units.
    """
    adds, largest = _sums(ground, weights), ground.sizes[1]
    corners = _corners(weights, adds)
    depth = len(adds) * (largest + 2)
    masks, count, sums = np.zeros((depth, 3), np.uint64), np.zeros(depth, np.int64), np.zeros((depth, adds.shape[1]))
    found, cost, kept, is_all, top = np.zeros(most, np.uint64), np.zeros(most), 0, True, 1
    masks[0, 0] = ONE << np.uint64(ground.lead)
    masks[0, 1], masks[0, 2] = ground.near[ground.lead] & ground.allowed, masks[0, 0] | ~ground.allowed
    count[0], sums[0] = ground.size[ground.lead], adds[ground.lead]
    while top > 0 and looks > 0:
        top, looks = top - 1, looks - 1
        held, rim, gone = masks[top]
        room, total = largest - count[top], sums[top].copy()
        if largest - room >= ground.sizes[0]:
            reduced = _reduced(weights, total)
            if reduced < limit and _has_members(ground, held) and _is_whole(ground, held):
                found[kept], cost[kept] = held, reduced
                kept += 1
                if kept == most:
                    kept, is_all = _least(found, cost), False
                    limit = cost[kept - 1]
        if room <= 0 or _is_hopeless(ground, weights, corners, total, gone, room, limit):
            continue
        ahead = rim & ~gone
        while ahead != NONE:
            bit = ahead & (~ahead + ONE)
            unit = place_of(bit)
            ahead ^= bit
            gone |= bit
            if ground.size[unit] <= room:
                masks[top, 0], masks[top, 1], masks[top, 2] = held | bit, (rim | ground.near[unit]) & ground.allowed, gone
                count[top], sums[top] = largest - room + ground.size[unit], total + adds[unit]
                top += 1
    return found[:kept], cost[:kept], top == 0, is_all and top == 0
