"""
Which blocks touch, and along how many metres, measured from polygons as people draw them.

Drawn borders seldom match to the last digit: neighbours overlap, stand apart, or have corners that the other lacks, and a search
for equal corners then loses pairs without a word. Here two blocks share the part of their borders that lies within a tolerance of
the other block. Nothing is moved for it: the polygons stay as they are, and what is wrong with them is reported by
`xuequ.data.coverage`. (Cleaning the whole map first would move what was drawn, and splits blocks where its own tolerances are ill
chosen.)

A shared border is exact where the two polygons have no fault. Elsewhere it is the shorter of "border of A within the tolerance
of B" and "border of B within the tolerance of A", less the two ends where the borders turn away from each other and are still
within the tolerance; so blocks that meet in a corner share nothing. What lies inside the other block counts as within the
tolerance. A map of blocks with streets between them is measured with the width of the streets as the tolerance.

Of a shared border only the part counts that lies further than ``barrier_m`` from every barrier. A border along a river or a
motorway's middle is thus cut, and one that a river crosses loses only the crossing.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely import STRtree

from xuequ.data.coverage import Drawing, report_faults, report_islands, sound_shapes
from xuequ.zoning.adjacency import Adjacency
from xuequ.zoning.problems import Problems

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["BorderOptions", "measure_borders"]

_CORNER = 0.2
"""Part of the tolerance by which two corners that face each other are within it for longer than two sides that do."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BorderOptions:
    """
    How borders are measured.

    Parameters
    ----------
    tolerance_m
        Borders of two blocks that lie no further apart than this are one border, above 0; less than the width of a narrow block,
        or its two neighbours touch across it.
    min_border_m
        Least length of a shared border; 0 counts contact in a point too.
    barrier_m
        A border within this distance of a barrier's line runs along the barrier.
    near_miss_m
        Blocks that run beside each other within this distance and do not touch are reported.
    sliver_width_m
        A block of less mean width (twice its area over its perimeter) is reported as a sliver.

    Raises
    ------
    ValueError
        If a number is negative or the tolerance is 0.
    """

    tolerance_m: float = 1.0
    min_border_m: float = 5.0
    barrier_m: float = 15.0
    near_miss_m: float = 10.0
    sliver_width_m: float = 2.0

    def __post_init__(self) -> None:
        if not self.tolerance_m > 0:
            raise ValueError(f"the tolerance of borders is {self.tolerance_m} m; it must be above 0")
        for name in ("min_border_m", "barrier_m", "near_miss_m", "sliver_width_m"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} is {getattr(self, name)}; it must not be negative")


def measure_borders(
    geometry: NDArray[Any],
    *,
    options: BorderOptions = BorderOptions(),
    links: NDArray[np.int64] | None = None,
    barriers: Sequence[Any] = (),
    ids: Sequence[str] | None = None,
) -> tuple[Adjacency, Problems]:
    """
    Measure which blocks touch.

    Parameters
    ----------
    geometry
        Polygons in a plane of metres, shape ``(blocks,)``. Invalid ones are repaired for measuring only; None and empty ones
        touch nothing.
    options
        Tolerances.
    links
        Pairs of blocks (indices) joined by a bridge, ferry or underpass, shape ``(pairs, 2)``: they count whatever lies between.
    barriers
        Lines or areas in the same plane: rivers, motorways, railways. See *Notes*.
    ids
        Names of the blocks for messages; their row numbers from 1 if not given.

    Returns
    -------
    Adjacency
        With the length of each shared border; 0 for links.
    Problems
        Warnings: repaired polygons, slivers, overlaps and gaps beyond the tolerance, near misses, blocks and groups of blocks
        that are cut off.

    Notes
    -----
    model.md §1: shared border of at least a given length, links added, cut by rivers and motorways. The rules
    stand at the head of this module.
    """
    problems = Problems()
    names = tuple(str(row + 1) for row in range(len(geometry))) if ids is None else tuple(ids)
    shapes = sound_shapes(geometry, names, problems)
    pairs = _near_pairs(shapes, options.tolerance_m)
    faulty = np.asarray(~shapely.is_empty(shapely.coverage_invalid_edges(shapes, gap_width=options.tolerance_m)))
    contact, metres = _contacts(shapes, pairs, faulty, options.tolerance_m)
    contact, metres = _without_barriers(contact, metres, barriers, options.barrier_m)
    touch = ~shapely.is_empty(contact) & (metres >= options.min_border_m)
    linked = np.empty((0, 2), dtype=np.int64) if links is None else np.asarray(links, dtype=np.int64).reshape(-1, 2)
    adjacency = Adjacency.from_pairs(
        len(shapes), np.concatenate([pairs[touch], linked]), np.concatenate([metres[touch], np.zeros(len(linked))])
    )
    drawing = Drawing(shapes, names, pairs, faulty[pairs[:, 0]] | faulty[pairs[:, 1]], options.tolerance_m)
    report_faults(drawing, options.sliver_width_m, options.near_miss_m, problems)
    report_islands(drawing, adjacency, problems)
    return adjacency, problems


def _near_pairs(shapes: NDArray[Any], distance_m: float) -> NDArray[np.int64]:
    """Return the pairs of polygons no further apart than a distance, ``a < b``, sorted, shape ``(pairs, 2)``."""
    found = STRtree(shapes).query(shapes, predicate="dwithin", distance=distance_m)
    pairs = found.T[found[0] < found[1]]
    return np.asarray(pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))], dtype=np.int64)


def _contacts(
    shapes: NDArray[Any], pairs: NDArray[np.int64], faulty: NDArray[np.bool_], tolerance_m: float
) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Return where the two blocks of each pair touch, and along how many metres."""
    rings = shapely.boundary(shapes)
    a, b = pairs.T
    contact = shapely.intersection(rings[a], rings[b])
    metres = shapely.length(contact)
    drawn_apart = np.flatnonzero(faulty[a] | faulty[b])
    if len(drawn_apart):
        a, b = a[drawn_apart], b[drawn_apart]
        wide = np.empty(len(shapes), dtype=object)
        used = np.unique([a, b])
        wide[used] = shapely.buffer(shapes[used], tolerance_m, quad_segs=4)
        of_a, of_b = shapely.intersection(rings[a], wide[b]), shapely.intersection(rings[b], wide[a])
        shorter = np.where(shapely.length(of_a) <= shapely.length(of_b), of_a, of_b)
        gap = shapely.distance(shapes[a], shapes[b])
        turning = 2 * (tolerance_m - gap) + _CORNER * tolerance_m
        near = np.maximum(shapely.length(shorter) - turning, 0.0)
        better = near > metres[drawn_apart]
        better |= shapely.is_empty(contact[drawn_apart])
        contact[drawn_apart[better]] = shorter[better]
        metres[drawn_apart[better]] = near[better]
    return contact, metres


def _without_barriers(
    contact: NDArray[Any], metres: NDArray[np.float64], barriers: Sequence[Any], width_m: float
) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Take away the part of each contact that lies within a distance of a barrier."""
    parts = _pieces(barriers)
    if not len(parts) or not len(contact):
        return contact, metres
    near, by = STRtree(parts).query(contact, predicate="dwithin", distance=width_m)
    if not len(near):
        return contact, metres
    contact, metres = contact.copy(), metres.copy()
    zones = shapely.buffer(parts, width_m, quad_segs=4)
    starts = np.flatnonzero(np.diff(near, prepend=-1))
    for pair, of_pair in zip(near[starts], np.split(by, starts[1:]), strict=True):
        left = shapely.difference(contact[pair], shapely.union_all(zones[of_pair]))
        lost = shapely.length(contact[pair]) - shapely.length(left)
        contact[pair] = left
        metres[pair] = max(metres[pair] - lost, 0.0)
    _log.info("%d borders lie along or across barriers", len(starts))
    return contact, metres


def _pieces(barriers: Sequence[Any]) -> NDArray[Any]:
    """Cut lines into their segments, so that a long river is not measured against each border as a whole."""
    parts = shapely.get_parts(np.asarray(list(barriers), dtype=object)) if len(barriers) else np.empty(0, dtype=object)
    parts = shapely.get_parts(parts)  # a collection may hold multi-part lines
    is_line = shapely.get_dimensions(parts) == 1
    ends, line = shapely.get_coordinates(parts[is_line], return_index=True)
    same = line[1:] == line[:-1]
    segments = shapely.linestrings(np.stack([ends[:-1][same], ends[1:][same]], axis=1))
    return np.concatenate([segments, parts[~is_line & ~shapely.is_empty(parts)]])
