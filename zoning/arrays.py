"""Read-only arrays: what a frozen record holds cannot be changed from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike, NDArray

__all__ = ["frozen", "largest_remainder", "largest_remainders"]


def frozen(values: ArrayLike, dtype: DTypeLike) -> NDArray[Any]:
    """Return a read-only array of the type; copied, unless it is one already."""
    array = np.asarray(values, dtype=dtype)
    if array.flags.writeable:
        array = array.copy()
        array.setflags(write=False)
    return array


def largest_remainder(shares: NDArray[np.float64], total: int) -> NDArray[np.int64]:
    """
    Round shares to whole numbers that add up to a total.

    Parameters
    ----------
    shares
        Non-negative weights, shape ``(parts,)``; all zero means equal weights.
    total
        What the result adds up to.

    Notes
    -----
    model.md §2: disaggregation keeps totals. Ties go to the lower index.
    """
    weights = np.asarray(shares, dtype=float)
    weights = weights if weights.sum() > 0 else np.ones(len(weights))
    # Shares first: the sum of very small weights would overflow a quotient with the total.
    exact = weights / weights.sum() * total
    whole = np.floor(exact).astype(np.int64)
    order = np.argsort(-(exact - whole), kind="stable")
    missing = total - int(whole.sum())
    if missing >= 0:
        whole[order[:missing]] += 1
    else:  # an exact share just below a whole number was rounded up to it
        spare = order[whole[order] > 0]
        whole[spare[missing:]] -= 1
    return np.asarray(whole, dtype=np.int64)


def largest_remainders(shares: NDArray[np.float64], totals: NDArray[np.int64], group: NDArray[np.int64]) -> NDArray[np.int64]:
    """
    Round the shares of many groups at once, each to its own total: `largest_remainder` of every group.

    Parameters
    ----------
    shares
        Non-negative weights, shape ``(parts,)``.
    totals
        What each group adds up to, shape ``(groups,)``; 0 for a group without parts.
    group
        Number of the group of each part, shape ``(parts,)``.
    """
    result = np.zeros(len(shares), dtype=np.int64)
    if not len(shares):
        return result
    order = np.argsort(group, kind="stable")
    weights, number = np.asarray(shares, dtype=float)[order], np.asarray(group)[order]
    starts = np.flatnonzero(np.diff(number, prepend=number[0] - 1))
    of_part = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(number)))
    weights[(np.add.reduceat(weights, starts) <= 0)[of_part]] = 1.0
    # Group by group: other orders of adding round otherwise, and a tie would fall to another part.
    sums = np.array([part.sum() for part in np.split(weights, starts[1:])])
    wanted = np.asarray(totals)[number[starts]]
    exact = weights / sums[of_part] * wanted[of_part]
    whole = np.floor(exact).astype(np.int64)
    missing = wanted - np.add.reduceat(whole, starts)
    by_remainder = np.lexsort((-(exact - whole), of_part))
    rank = np.arange(len(number)) - starts[of_part]
    whole[by_remainder[rank < missing[of_part]]] += 1
    for k in np.flatnonzero(missing < 0):  # an exact share just below a whole number was rounded up to it
        inside = of_part == k
        whole[inside] = largest_remainder(weights[inside], int(wanted[k]))
    result[order] = whole
    return result
