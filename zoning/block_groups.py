"""Compact groups of blocks: what the seat model works on instead of single blocks."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xuequ.zoning.arrays import frozen

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xuequ.zoning.district import District
    from xuequ.zoning.stage import Stage

__all__ = ["NEAREST_SCHOOLS", "GroupArcs", "group_arcs", "group_blocks"]

NEAREST_SCHOOLS = 8
"""Schools in reach of a group: with fewer the seat model sees over-full schools that single blocks would avoid."""


@dataclass(frozen=True, slots=True, eq=False)
class GroupArcs:
    """
    The schools that each group of blocks may be sent to, for one stage.

    Parameters
    ----------
    group, school
        Of each arc, sorted by group, then school; shape ``(arcs,)``.
    metres
        Mean way of the group's pupils.
    too_far
        Share of the group's pupils whose way is longer than the limit of their setting, 0 … 1.
    """

    group: NDArray[np.int64]
    school: NDArray[np.int64]
    metres: NDArray[np.float64]
    too_far: NDArray[np.float64]

    def __post_init__(self) -> None:
        for name, dtype in (("group", np.int64), ("school", np.int64), ("metres", np.float64), ("too_far", np.float64)):
            object.__setattr__(self, name, frozen(getattr(self, name), dtype))

    def __len__(self) -> int:
        return len(self.group)


def group_blocks(district: District, count: int) -> NDArray[np.int64]:
    """
    Divide the blocks into about ``count`` compact groups, none of which crosses settings.

    Returns
    -------
    ndarray
        Group of each block, shape ``(blocks,)``; numbered from 0 in the order of their first block.

    Notes
    -----
    The group with the most pupils × extent is halved, across its longer side, at the median of its pupils, until there are
    enough: no chance is involved, and groups are small where many children live.
    """
    points = district.blocks.points
    pupils = district.demand.pupils.sum(axis=(0, 1, 2), dtype=np.int64) + 1
    settings = np.array([str(item) for item in district.blocks.settings])
    heap: list[tuple[float, int, NDArray[np.int64]]] = []

    def push(blocks: NDArray[np.int64]) -> None:
        extent = float(np.ptp(points[blocks], axis=0).max())
        size = -extent * float(pupils[blocks].sum()) if len(blocks) > 1 else 0.0
        heapq.heappush(heap, (size, int(blocks[0]), blocks))

    for setting in np.unique(settings):
        push(np.flatnonzero(settings == setting))
    while len(heap) < min(count, len(points)) and len(heap[0][2]) > 1:
        blocks = heapq.heappop(heap)[2]
        axis = int(np.ptp(points[blocks], axis=0).argmax())
        order = blocks[np.lexsort((blocks, points[blocks, axis]))]
        running = np.cumsum(pupils[order])
        middle = int(np.clip(np.searchsorted(running, running[-1] / 2) + 1, 1, len(order) - 1))
        push(np.sort(order[:middle]))
        push(np.sort(order[middle:]))
    group = np.empty(len(points), dtype=np.int64)
    for number, (_, _, blocks) in enumerate(sorted(heap, key=lambda item: item[1])):
        group[blocks] = number
    return group


def group_arcs(district: District, stage: Stage, group: NDArray[np.int64], schools: NDArray[np.bool_], nearest: int) -> GroupArcs:
    """
    Return the arcs from groups to schools of a stage.

    Parameters
    ----------
    district
        The district.
    stage
        Its pupils weigh the ways of the blocks.
    group
        Group of each block, shape ``(blocks,)``.
    schools
        Which schools may ever take pupils of the stage, shape ``(schools,)``.
    nearest
        Schools kept for each group, nearest first; ties go to the lower index.

    Notes
    -----
    A school is in reach of a group where it is in reach of the blocks of at least half of its pupils, else where it is in reach
    of any.
    """
    distances, demand = district.distances, district.demand
    weight = demand.pupils[:, :, stage.grade_slice].sum(axis=(0, 1, 2), dtype=np.float64) + 1e-3
    limit = np.array([district.rules.walk_limit_m(stage, setting) for setting in district.blocks.settings], dtype=float)
    rows = distances.rows()
    kept = schools[distances.schools]
    rows, columns, metres = rows[kept], distances.schools[kept], distances.metres[kept]
    groups, count = int(group.max()) + 1, distances.count
    reached, way, far = (np.zeros((groups, count)) for _ in range(3))
    at = (group[rows], columns)
    np.add.at(reached, at, weight[rows])
    np.add.at(way, at, weight[rows] * metres)
    np.add.at(far, at, weight[rows] * (metres > limit[rows]))
    share = reached / np.bincount(group, weights=weight, minlength=groups)[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(reached > 0, way / reached, np.inf)
        beyond = np.where(reached > 0, far / reached, 1.0)
    usable = np.where(share >= 0.5, mean, np.inf)
    isolated = ~np.isfinite(usable).any(axis=1)
    usable[isolated] = mean[isolated]
    order = np.argsort(usable, axis=1, kind="stable")[:, :nearest]
    picked = np.zeros(usable.shape, dtype=bool)
    np.put_along_axis(picked, order, values=True, axis=1)
    g, j = np.nonzero(picked & np.isfinite(usable))
    return GroupArcs(g, j, usable[g, j], beyond[g, j])
