"""The catchments of one school that are worth most, in compiled code."""

from __future__ import annotations

from typing import Any

import numpy as np

from xuequ.solver.compiled import compiled
from xuequ.solver.kernel_bits import NONE, ONE, WORD, place_of

__all__ = ["best_catchments"]


@compiled
def _by_worth(worth: Any, pupils: Any, kept: Any) -> Any:
    """Return the units that are kept, those worth most for a pupil first, the root before all."""
    key = np.full(len(worth), np.inf)
    for i in range(len(worth)):
        if pupils[i] > 0:
            key[i] = -worth[i] / pupils[i]
        elif worth[i] > 0.0:
            key[i] = -1e300
    order = np.argsort(key, kind="mergesort")
    result = np.zeros(kept.sum(), np.int64)
    count = 1
    for i in order:
        if kept[i] and i != 0:
            result[count] = i
            count += 1
    return result


@compiled
def _keep_reached(ground: Any, kept: Any, queue: Any) -> int:
    """Leave of the units kept those that the root reaches over them; return how many those are."""
    seen = np.zeros(len(kept), np.bool_)
    seen[0] = True
    queue[0] = 0
    head, tail = 0, 1
    while head < tail:
        i = queue[head]
        head += 1
        for at in range(ground.starts[i], ground.starts[i + 1]):
            k = ground.near[at]
            if kept[k] and not seen[k]:
                seen[k] = True
                queue[tail] = k
                tail += 1
    kept[:] = seen
    return tail


@compiled
def _losses(ground: Any, worth: Any, kept: Any) -> Any:
    """Return what the cheapest way from the root to each unit kept costs: the units on it that are worth less than nothing."""
    loss = np.full(len(worth), np.inf)
    is_done = ~kept
    loss[0] = 0.0
    for _ in range(len(worth)):
        nearest, least = -1, np.inf
        for i in range(len(worth)):
            if not is_done[i] and loss[i] < least:
                nearest, least = i, loss[i]
        if nearest < 0:
            break
        is_done[nearest] = True
        for at in range(ground.starts[nearest], ground.starts[nearest + 1]):
            k = ground.near[at]
            if not is_done[k]:
                loss[k] = min(loss[k], least + max(0.0, -worth[k]))
    return loss


@compiled
def _drop_by_ways(ground: Any, worth: Any, limit: float, kept: Any) -> float:
    """
    Drop the units whose way from the root costs more than all that could be won; return a bound on any catchment's worth.

    Notes
    -----
    A catchment with a unit holds a way to it, so what all units that cost no more to reach are worth, less that cost, bounds it.
    """
    loss = _losses(ground, worth, kept)
    loss[~kept] = np.inf
    order = np.argsort(loss)
    won = max(0.0, -worth[0]) * -1.0
    best = np.full(len(worth), -np.inf)
    for rank in range(len(worth)):
        i = order[rank]
        won += max(0.0, worth[i])
        best[rank] = won - loss[i]
    after = -np.inf
    for rank in range(len(worth) - 1, -1, -1):
        after = max(after, best[rank])
        if after <= limit:
            kept[order[rank]] = order[rank] == 0
    return float(after)


@compiled
def _drop_by_seats(ground: Any, worth: Any, room: int, limit: float, kept: Any) -> float:
    """
    Drop the units worth so much less than their seats that no catchment with them is worth more than a limit; return a bound.

    Notes
    -----
    At any price of a seat a catchment is worth at most the price of the room and all that units are worth above it; at the price
    where the best units by worth just fill the room that is the best such bound. A unit worth less than its seats takes that
    much off it.
    """
    order, left, price = _by_worth(worth, ground.pupils, kept), room - ground.pupils[0], 0.0
    for i in order[1:]:
        if worth[i] <= 0.0:
            break
        if ground.pupils[i] > left:
            price = worth[i] / ground.pupils[i]
            break
        left -= ground.pupils[i]
    most = worth[0] + price * (room - ground.pupils[0])
    for i in order[1:]:
        most += max(0.0, worth[i] - price * ground.pupils[i])
    for i in order[1:]:
        if most + min(0.0, worth[i] - price * ground.pupils[i]) <= limit:
            kept[i] = False
    return float(most)


@compiled
def _useful(ground: Any, worth: Any, room: int, limit: float) -> tuple[Any, float]:
    """Return which units may be in a catchment worth more than a limit, reached over such units, and a bound on its worth."""
    kept, queue, before, most = np.ones(len(worth), np.bool_), np.zeros(len(worth), np.int64), -1, np.inf
    count = _keep_reached(ground, kept, queue)
    while count != before:
        most = min(most, _drop_by_seats(ground, worth, room, limit, kept))
        most = min(most, _drop_by_ways(ground, worth, limit, kept))
        before, count = count, _keep_reached(ground, kept, queue)
    return kept, most


@compiled
def _words(ground: Any, order: Any) -> Any:
    """Return which units touch each unit as bits, both in an order, shape ``(units, words)``."""
    place = np.full(len(ground.pupils), -1)
    place[order] = np.arange(len(order))
    touch = np.zeros((len(order), (len(order) + WORD - 1) // WORD), np.uint64)
    for i in order:
        for at in range(ground.starts[i], ground.starts[i + 1]):
            k = place[ground.near[at]]
            if k >= 0:
                touch[place[i], k // WORD] |= ONE << np.uint64(k % WORD)
    return touch


@compiled
def _reach(touch: Any, held: Any, rim: Any, gone: Any, ahead: Any, front: Any) -> None:
    """Fill ``ahead`` with what a catchment can still grow into: all that its rim reaches over units that are not gone."""
    words = len(held)
    for w in range(words):
        front[w] = rim[w] & ~gone[w] & ~held[w]
        ahead[w] = front[w]
    w = 0
    while w < words:
        if front[w] == NONE:
            w += 1
            continue
        bit = front[w] & (~front[w] + ONE)
        front[w] ^= bit
        unit, again = w * WORD + place_of(bit), w
        for v in range(words):
            more = touch[unit, v] & ~gone[v] & ~held[v] & ~ahead[v]
            if more != NONE:
                ahead[v] |= more
                front[v] |= more
                again = min(again, v)
        w = again


@compiled
def _most(worth: Any, pupils: Any, ahead: Any, room: int) -> float:
    """Return an upper bound on what units can add: by worth, the last one in part (units are in that order)."""
    total = 0.0
    for w in range(len(ahead)):
        left = ahead[w]
        while left != NONE:
            bit = left & (~left + ONE)
            left ^= bit
            i = w * WORD + place_of(bit)
            if worth[i] <= 0.0:
                return float(total)
            if pupils[i] > room:
                return float(total + worth[i] * room / pupils[i])
            total += worth[i]
            room -= pupils[i]
    return float(total)


@compiled
def _first(rim: Any, ahead: Any) -> int:
    """Return the first unit of the rim that a catchment can grow into, −1 where there is none."""
    for w in range(len(rim)):
        both = rim[w] & ahead[w]
        if both != NONE:
            return w * WORD + place_of(both & (~both + ONE))
    return -1


@compiled
def _members(found: Any, order: Any, every: int) -> Any:
    """Return bits, in an order, as rows of flags of all units."""
    members = np.zeros((len(found), every), np.bool_)
    for k in range(len(found)):
        for place in range(len(order)):
            members[k, order[place]] = (found[k, place // WORD] >> np.uint64(place % WORD)) & ONE != NONE
    return members


@compiled
def best_catchments(ground: Any, worth: Any, room: int, limit: float, most: int, looks: int) -> tuple[Any, float, int]:
    """
    Find the contiguous catchments of a school that are worth more than a limit, at most ``most``: those worth most.

    Parameters
    ----------
    ground
        `generation.Ground`; its first unit is the school's own.
    worth, room, looks
        Of each unit; the pupils that the school takes; nodes of the search at most.

    Returns
    -------
    tuple
        Which units each has, shape ``(catchments, units)``, an upper bound on any catchment's worth, and the looks left.

    Notes
    -----
    Branch and bound (solver.md §12): a unit on the rim is taken or left out for good, the one worth most for a pupil first; a
    part is dropped where what it can still reach, filled by worth with the last unit in part, does not get above the limit.
    """
    kept_units, bound = _useful(ground, worth, room, limit)
    order, every = _by_worth(worth, ground.pupils, kept_units), len(worth)
    touch, worth, pupils = _words(ground, order), worth[order], ground.pupils[order]
    words, depth, best, kept, top = touch.shape[1], len(order) + 4, limit, 0, int(ground.pupils[0] <= room)
    found, value = np.zeros((most, words), np.uint64), np.full(most, -np.inf)
    stack, sums = np.zeros((depth, 3, words), np.uint64), np.zeros(depth)
    load, is_new = np.zeros(depth, np.int64), np.zeros(depth, np.bool_)
    ahead, front = np.zeros(words, np.uint64), np.zeros(words, np.uint64)
    stack[0, 0, 0], stack[0, 1], sums[0], load[0], is_new[0] = ONE, touch[0], worth[0], pupils[0], True
    while top > 0:
        top, looks = top - 1, looks - 1
        if is_new[top] and sums[top] > limit:
            best = max(best, sums[top])
            found[kept], value[kept] = stack[top, 0], sums[top]
            kept += 1
            if kept == most:
                first = np.argsort(-value)[: most // 2]
                kept = len(first)
                found[:kept], value[:kept] = found[first], value[first]
                limit = value[kept - 1]
        _reach(touch, stack[top, 0], stack[top, 1], stack[top, 2], ahead, front)
        unit, rest = _first(stack[top, 1], ahead), sums[top] + _most(worth, pupils, ahead, room - load[top])
        if unit < 0 or rest <= limit:
            continue
        if looks <= 0:
            best = max(best, rest)
            continue
        w, bit, grown = unit // WORD, ONE << np.uint64(unit % WORD), 1
        if load[top] + pupils[unit] <= room:
            stack[top + 1] = stack[top]
            stack[top + 1, 0, w] |= bit
            stack[top + 1, 1] |= touch[unit]
            sums[top + 1], load[top + 1], is_new[top + 1] = sums[top] + worth[unit], load[top] + pupils[unit], True
            grown = 2
        stack[top, 2, w] |= bit
        is_new[top] = False
        top += grown
    return _members(found[:kept], order, every), min(best, max(bound, limit)), looks
