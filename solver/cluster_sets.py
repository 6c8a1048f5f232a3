"""Single clusters as sets of schools: which may be a lead's cluster, and which are the cheapest at given prices."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from xuequ.solver.kernel_bits import WORD

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xuequ.solver.cluster_arrays import ClusterArrays

__all__ = ["MOST_SCHOOLS", "Ground", "Weights", "flags", "grounds", "masks"]

MOST_SCHOOLS = WORD
"""Schools in one machine word; a district with more has its clusters proved by rows and cuts (`grouping`)."""


class Ground(NamedTuple):
    """
    What the cluster of one lead may be made of, in arrays.

    Parameters
    ----------
    lead, lead_school
        The unit and the school that lead.
    allowed
        Mask of the units that may join.
    near
        Mask of the units that touch each unit; exempt ones touch the lead's, so that no set is missed.
    size, net, above, below, kinds
        Of each unit: schools, pupils less planned seats by stage, seats above and below the band, schools of each kind.
    least, sizes
        Schools of each kind that a cluster needs, its least and most schools.
    schools, touching, exempt
        Mask of each unit's schools, of the schools that touch each school, and of those that need not touch.
    """

    lead: int
    lead_school: int
    allowed: np.uint64
    near: NDArray[np.uint64]
    size: NDArray[np.int64]
    net: NDArray[np.int64]
    above: NDArray[np.float64]
    below: NDArray[np.float64]
    kinds: NDArray[np.int64]
    least: NDArray[np.int64]
    sizes: NDArray[np.int64]
    schools: NDArray[np.uint64]
    touching: NDArray[np.uint64]
    exempt: np.uint64


class Weights(NamedTuple):
    """
    Prices of one search for cheap clusters.

    Parameters
    ----------
    unit
        Of each unit, shape ``(units,)``: its share of ways and changes less the dual of its schools.
    uncovered, balance
        Of an uncovered pupil and of a seat out of balance.
    """

    unit: NDArray[np.float64]
    uncovered: float
    balance: float


def grounds(arrays: ClusterArrays) -> list[Ground]:
    """Return the ground of every cluster, everything allowed but the units of other leads."""
    schools, count = len(arrays.net), len(arrays.unit_starts) - 1
    belongs = np.zeros((count, schools), dtype=np.int64)
    belongs[np.repeat(np.arange(count), np.diff(arrays.unit_starts)), arrays.units] = 1
    touches = np.zeros((schools, schools), dtype=bool)
    touches[np.repeat(np.arange(schools), np.diff(arrays.near_starts)), arrays.near] = True
    touching_units = (belongs @ touches @ belongs.T) > 0
    lead_units = np.argmax(belongs[:, arrays.leads] > 0, axis=0)
    made = []
    for cluster, lead in enumerate(lead_units.tolist()):
        near = touching_units.copy()
        near[lead] |= (belongs @ arrays.exempt[cluster]) > 0
        allowed = np.ones(count, dtype=bool)
        allowed[lead_units] = False
        made.append(
            Ground(
                lead=lead,
                lead_school=int(arrays.leads[cluster]),
                allowed=masks(allowed[None, :])[0],
                near=masks(near),
                size=belongs.sum(axis=1),
                net=belongs @ arrays.net,
                above=belongs @ arrays.above,
                below=belongs @ arrays.below,
                kinds=arrays.kinds.astype(np.int64) @ belongs.T,
                least=arrays.least,
                sizes=arrays.sizes,
                schools=masks(belongs > 0),
                touching=masks(touches),
                exempt=masks(arrays.exempt[cluster][None, :])[0],
            )
        )
    return made


def masks(flags: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Return rows of flags as masks, shape ``(rows,)``; the first flag is the lowest bit."""
    bits = np.left_shift(np.uint64(1), np.arange(flags.shape[1], dtype=np.uint64))
    total: NDArray[np.uint64] = np.bitwise_or.reduce(np.where(flags, bits, np.uint64(0)), axis=1)
    return total


def flags(mask: NDArray[np.uint64], count: int) -> NDArray[np.bool_]:
    """Return masks as rows of flags, shape ``(masks, count)``."""
    held: NDArray[np.bool_] = (mask[:, None] >> np.arange(count, dtype=np.uint64)) & np.uint64(1) == 1
    return held
