"""What the members of a cluster can take from one another: pupils above planned seats to the nearest free ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xuequ.zoning.statement import OverflowRow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from xuequ.zoning.district import District
    from xuequ.zoning.stage import Stage

__all__ = ["overflow_rows", "school_distances_m"]


def overflow_rows(
    district: District,
    cluster_of: Mapping[str, str],
    stage: Stage,
    year: int,
    *,
    pupils: NDArray[np.int64],
    planned: NDArray[np.int64],
) -> tuple[OverflowRow, ...]:
    """
    Send the pupils above planned seats to members of the same cluster.

    Parameters
    ----------
    district
        The district.
    cluster_of
        Cluster of each school id.
    stage, year
        What the pupils are of.
    pupils, planned
        Of each school for the whole stage, shape ``(schools,)``.

    Notes
    -----
    policy.md §5, order of relief. Schools are served in the order of their ids; each fills the free seats of the members nearest
    to it, ties by id; the way is that from the block it stands in, as the district's distances know it, unknown ones last. Who
    finds no seat has no row.
    """
    free = np.maximum(planned - pupils, 0)
    over = np.maximum(pupils - planned, 0)
    order = sorted(range(len(district.schools)), key=lambda j: district.schools.ids[j])
    rows = []
    for j in order:
        cluster = cluster_of.get(district.schools.ids[j])
        if over[j] == 0 or cluster is None:
            continue
        metres = school_distances_m(district, j)
        members = [k for k in order if k != j and free[k] > 0 and cluster_of.get(district.schools.ids[k]) == cluster]
        left = int(over[j])
        for k in sorted(members, key=lambda k: metres[k]):
            taken = min(left, int(free[k]))
            if taken == 0:
                break
            free[k] -= taken
            left -= taken
            way = round(float(metres[k]), 1) if np.isfinite(metres[k]) else None
            rows.append(OverflowRow(district.schools.ids[j], str(stage), year, taken, district.schools.ids[k], way))
    return tuple(rows)


def school_distances_m(district: District, school: int) -> NDArray[np.float64]:
    """Return the way from the block that a school stands in to every school, infinite where it is not known."""
    count = len(district.schools)
    block = int(district.schools.block[school])
    if block < 0:
        return np.full(count, np.inf)
    return district.distances.lookup(np.full(count, block), np.arange(count))
