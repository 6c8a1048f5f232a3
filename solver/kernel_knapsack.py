"""The Lagrangian bound over catchments in compiled code: one exact knapsack a zone, and where multipliers should move."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xuequ.solver.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["NOTHING", "lagrangian"]

NOTHING = np.int64(1) << np.int64(61)
"""A value that no sum reaches."""


@compiled
def _fill(
    pupils: NDArray[np.int64], gain: NDArray[np.int64], table: NDArray[np.int64], taken: NDArray[np.uint8], size: int
) -> None:
    """Fill the table of the least sum of gains by load, and which items were taken for it."""
    table[:size] = NOTHING
    table[0] = 0
    top = 0
    for k in range(len(pupils)):
        weight = pupils[k]
        taken[k, :size] = 0
        top = min(top + weight, size - 1)
        for load in range(top, weight - 1, -1):
            before = table[load - weight]
            if before < NOTHING and before + gain[k] < table[load]:
                table[load] = before + gain[k]
                taken[k, load] = 1


@compiled
def _settle(
    zone: int,
    blocks: NDArray[np.int64],
    reduced: NDArray[np.int64],
    forced: NDArray[np.int64],
    pupils: NDArray[np.int64],
    chosen: NDArray[np.int64],
) -> tuple[NDArray[np.int64], np.int64, np.int64]:
    """Choose what needs no table; return the positions of the blocks that do, and load and sum of what is chosen."""
    left = np.empty(len(blocks), dtype=np.int64)
    count, load, total = 0, np.int64(0), np.int64(0)
    for a in range(len(blocks)):
        i = blocks[a]
        if forced[i] == zone:
            load += pupils[i]
            total += reduced[a]
            chosen[i] += 1
        elif forced[i] < 0 and reduced[a] < 0:
            if pupils[i] == 0:
                total += reduced[a]
                chosen[i] += 1
            else:
                left[count] = a
                count += 1
    return left[:count], load, total


@compiled
def _cheapest(
    table: NDArray[np.int64], start: np.int64, above: NDArray[np.int64], charge: NDArray[np.int64]
) -> tuple[np.int64, np.int64]:
    """Return the least sum of a table, the steps of phi from load ``start`` on paid, and the load that it is at."""
    best, at = NOTHING, np.int64(0)
    for load in range(len(table)):
        if table[load] < NOTHING:
            value = table[load]
            for k in range(len(above)):
                value += charge[k] * max(start + load - above[k], 0)
            if value < best:
                best, at = value, np.int64(load)
    return best, at


@compiled
def lagrangian(
    zone_indptr: NDArray[np.int64],
    zone_block: NDArray[np.int64],
    zone_price: NDArray[np.int64],
    forced: NDArray[np.int64],
    pupils: NDArray[np.int64],
    above: NDArray[np.int64],
    charge: NDArray[np.int64],
    most: NDArray[np.int64],
    u: NDArray[np.int64],
    chosen: NDArray[np.int64],
) -> tuple[np.int64, np.int64]:
    """
    Evaluate ``Σ_j min_S (Σ_{i∈S} (price_ij − u_i) + phi_j(load S))``.

    Parameters
    ----------
    zone_indptr, zone_block, zone_price
        Arcs by zone in compressed columns, prices scaled.
    forced
        Zone of each block that has no choice, −1 for others.
    pupils, u
        Of each block.
    above, charge, most
        Steps of phi by zone, shape ``(zones, 3)``, and the largest load (−1 for none).
    chosen
        Filled with how many zones choose each block.

    Returns
    -------
    tuple
        The sum (`NOTHING` where what is forced does not fit), and the table entries filled.
    """
    chosen[:] = 0
    total, work = np.int64(0), np.int64(0)
    for j in range(len(zone_indptr) - 1):
        blocks = zone_block[zone_indptr[j] : zone_indptr[j + 1]]
        reduced = zone_price[zone_indptr[j] : zone_indptr[j + 1]] - u[blocks]
        left, start, settled = _settle(j, blocks, reduced, forced, pupils, chosen)
        block, gain = blocks[left], reduced[left]
        weight = pupils[block]
        size = weight.sum() + 1
        if most[j] >= 0:
            size = min(size, most[j] - start + 1)
            if size < 1:
                return NOTHING, work
        table = np.empty(size, dtype=np.int64)
        taken = np.empty((len(block), size), dtype=np.uint8)
        _fill(weight, gain, table, taken, size)
        work += len(block) * size
        best, at = _cheapest(table, start, above[j], charge[j])
        total += settled + best
        for k in range(len(block) - 1, -1, -1):
            if taken[k, at] == 1:
                chosen[block[k]] += 1
                at -= weight[k]
    return total, work
