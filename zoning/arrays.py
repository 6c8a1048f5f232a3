"""Read-only arrays: what a frozen record holds cannot be changed from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike, NDArray

__all__ = ["frozen", "largest_remainder"]


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
