"""A first set of clusters by annealing, so that the proof begins with a good answer in hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xuequ.solver.kernel_clusters import anneal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xuequ.solver.cluster_arrays import ClusterArrays

__all__ = ["first_clusters"]

_PRICES = (1e9, 300.0, 30.0, 1e-3, 1e-2)
"""Prices of one broken rule, a pupil, a seat, a metre, a changed school: in the order of the goals' ranks."""
_MOVES = 20_000
"""Moves of a walk for each school."""
_HOT, _COLD = 30_000.0, 0.3
"""Temperatures at the start and the end: a hundred pupils, a third of a kilometre."""


def first_clusters(arrays: ClusterArrays, *, seed: int = 0, moves: int = 0, walks: int = 3) -> NDArray[np.int64] | None:
    """
    Return clusters that keep every rule and do well on the goals, or None where none was found.

    Parameters
    ----------
    arrays
        The cluster problem.
    seed
        The same seed and numbers give the same clusters.
    moves
        Moves tried in a walk: a school, or those tied to it, into a cluster that it touches, or two that change places; 0 for a
        number that suits the schools.
    walks
        Walks from the same beginning; the best of them counts.

    Returns
    -------
    numpy.ndarray or None
        Cluster of each school, by the numbers of `ClusterArrays`, shape ``(schools,)``.
    """
    begin, free = _grown(arrays)
    moves = moves or _MOVES * len(begin)
    best, least = begin, np.inf
    for number in range(walks):
        plan = begin.copy()
        random = np.array([np.random.default_rng([seed, number]).integers(1, 1 << 62)], dtype=np.uint64)
        price = anneal(arrays, plan, free, np.array(_PRICES), (moves if len(free) else 0, _HOT, _COLD), random)
        if price < least:
            best, least = plan, price
    return best if least < _PRICES[0] else None


def _grown(arrays: ClusterArrays) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give every unit to the lead in it, else of today, else to the nearest; return that and the units without a lead."""
    plan = np.zeros(len(arrays.net), dtype=np.int64)
    units = np.split(arrays.units, arrays.unit_starts[1:-1])
    stays = (arrays.changed == 0) & (arrays.changed.sum(axis=0) == len(arrays.leads) - 1)
    free = []
    for number, unit in enumerate(units):
        own = np.flatnonzero(np.isin(arrays.leads, unit))
        today = np.flatnonzero(stays[:, unit].any(axis=1))
        nearest = arrays.way_m[:, unit].sum(axis=1).argmin()
        plan[unit] = own[0] if len(own) else today[0] if len(today) else nearest
        if not len(own):
            free.append(number)
    return plan, np.array(free, dtype=np.int64)
