"""Where a district lies on a map: block shapes and the borders between blocks in whole metres, and where most people live."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from xuequ.zoning.district import District

__all__ = [
    "Outlines", "coded_lines", "coded_shapes", "decoded", "district_outlines", "middle_extent", "outlines", "touching_blocks",
]  # fmt: skip

_VERTICES_KEPT = 120_000
"""Above this many vertices shapes are simplified, so that the page stays small and quick."""


@dataclass(frozen=True, slots=True, eq=False)
class Outlines:
    """
    Shapes of blocks for a page.

    Parameters
    ----------
    origin
        What all coordinates are counted from, metres in the district's plane.
    shapes
        For each block its parts, for each part its rings, each a flat list ``x, y, dx, dy, …`` of whole metres.
    borders
        ``(a, b, line)``: what blocks ``a < b`` share, lines as rings are; ``b`` is −1 at the edge of the district.
    simplified_m
        Tolerance of the simplification, 0 if there was none.
    """

    origin: tuple[int, int]
    shapes: tuple[Any, ...]
    borders: tuple[tuple[int, int, list[int]], ...]
    simplified_m: float


def outlines(geometry: NDArray[Any], origin: tuple[int, int]) -> Outlines:
    """
    Return shapes and shared borders of blocks.

    Parameters
    ----------
    geometry
        Polygons, shape ``(blocks,)``; a block without one is drawn as nothing.
    origin
        What coordinates are counted from.
    """
    shapes, tolerance = _simplified(np.asarray(geometry, dtype=object))
    present = np.array([item for item in shapes if item is not None], dtype=object)
    find = _borders_by_corners if shapely.coverage_is_valid(present) else _borders_by_overlay
    return Outlines(origin, tuple(_rings(shape, origin) for shape in shapes), tuple(find(shapes, origin)), tolerance)


@lru_cache(maxsize=2)
def district_outlines(district: District) -> Outlines:
    """Return the outlines of a district's blocks, counted from the south-west of their points; kept for the next page."""
    assert district.blocks.geometry is not None
    west, south = (int(value) for value in np.floor(district.blocks.points.min(axis=0)))
    return outlines(district.blocks.geometry, (west, south))


def _borders_by_corners(shapes: NDArray[Any], origin: tuple[int, int]) -> list[tuple[int, int, list[int]]]:
    """Return what each two blocks share, and the edge of the whole, where neighbours share every corner."""
    parts, block_of = shapely.get_parts(shapes, return_index=True)
    rings, part_of = shapely.get_rings(parts, return_index=True)
    block = block_of[part_of]
    points, ring = shapely.get_coordinates(rings, return_index=True)
    follows = np.flatnonzero(ring[1:] == ring[:-1])
    corner = np.unique(points, axis=0, return_inverse=True)[1].ravel()
    ends = np.sort(np.column_stack([corner[follows], corner[follows + 1]]), axis=1)
    _, first, side = np.unique(ends, axis=0, return_index=True, return_inverse=True)
    owner, side = block[ring[follows]], side.ravel()
    order = np.lexsort((owner, side))
    # Each side of a ring stands in one ring, or in those of two neighbours.
    one = np.full(len(first), -1, dtype=np.int64)
    other = one.copy()
    one[side[order[::-1]]] = owner[order[::-1]]
    other[side[order]] = owner[order]
    other[other == one] = -1
    pairs, group = np.unique(np.column_stack([one, other]), axis=0, return_inverse=True)
    start = follows[first]
    sides = np.asarray(shapely.linestrings(np.stack([points[start], points[start + 1]], axis=1)), dtype=object)
    group = group.ravel()
    by_group = np.argsort(group, kind="stable")
    merged = shapely.line_merge(shapely.multilinestrings(sides[by_group], indices=group[by_group]))
    lines, pair = shapely.get_parts(merged, return_index=True)
    found = [
        (int(a), int(b), _coded(shapely.get_coordinates(line), origin)) for (a, b), line in zip(pairs[pair], lines, strict=True)
    ]
    return [item for item in found if item[1] >= 0] + [item for item in found if item[1] < 0]


def _borders_by_overlay(shapes: NDArray[Any], origin: tuple[int, int]) -> list[tuple[int, int, list[int]]]:
    """Return the same of blocks that gape, overlap or have corners of their own."""
    pairs = touching_blocks(shapes)
    shared = shapely.intersection(shapes[pairs[:, 0]], shapes[pairs[:, 1]]) if len(pairs) else np.empty(0, dtype=object)
    found = [(int(a), int(b), part) for (a, b), part in zip(pairs, shared, strict=True)] + _edge_of_all(shapes)
    return [(a, b, line) for a, b, part in found for line in coded_lines([part], origin)]


def touching_blocks(geometry: NDArray[Any]) -> NDArray[np.int64]:
    """Return the pairs of blocks that share a border, whatever lies between them, shape ``(pairs, 2)``, ``a < b``, sorted."""
    tree = shapely.STRtree(geometry)
    left, right = tree.query(geometry, predicate="intersects")
    upper = left < right
    pairs = np.column_stack([left[upper], right[upper]]).astype(np.int64)
    if len(pairs) == 0:
        return pairs
    shared = shapely.intersection(geometry[pairs[:, 0]], geometry[pairs[:, 1]])
    pairs = pairs[shapely.length(shared) > 0]
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


def coded_lines(geometries: Iterable[Any], origin: tuple[int, int], tolerance_m: float = 0.0) -> list[list[int]]:
    """Return the lines and polygon edges in geometries as flat lists of whole metres; points are left out."""
    parts = _parts(geometries)
    kinds = shapely.get_type_id(parts)
    lines = np.concatenate([parts[np.isin(kinds, (1, 2))], shapely.get_rings(parts[kinds == 3])])
    if len(lines) == 0:
        return []
    merged = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(lines)))
    if tolerance_m:
        merged = shapely.simplify(merged, tolerance_m)
    coded = [_coded(shapely.get_coordinates(line), origin) for line in merged]
    return [line for line in coded if len(line) > 2]


def coded_shapes(geometries: Iterable[Any], origin: tuple[int, int], tolerance_m: float = 0.0) -> list[list[list[int]]]:
    """Return the polygons in geometries, each as its rings."""
    parts = _parts(geometries)
    return [
        part for shape in shapely.simplify(parts[shapely.get_type_id(parts) == 3], tolerance_m) for part in _rings(shape, origin)
    ]


def _parts(geometries: Iterable[Any]) -> NDArray[Any]:
    """Return the single geometries in geometries, collections within collections too."""
    return np.asarray(
        shapely.get_parts(shapely.get_parts(np.array([item for item in geometries if item is not None], dtype=object)))
    )


def decoded(line: Sequence[int]) -> NDArray[np.float64]:
    """Return the points of a flat list of steps, shape ``(points, 2)``."""
    return np.cumsum(np.array(line, dtype=np.float64).reshape(-1, 2), axis=0)


def _simplified(geometry: NDArray[Any]) -> tuple[NDArray[Any], float]:
    """Round to whole metres, after simplifying the coverage as a whole where it has many vertices."""
    tolerance = 0.0
    present = np.array([item is not None and not shapely.is_empty(item) for item in geometry], dtype=bool)
    shapes = geometry.copy()
    while shapely.get_num_coordinates(shapes[present]).sum() > _VERTICES_KEPT and tolerance < 100:
        tolerance = 10.0 if tolerance == 0 else tolerance * 2
        # Shared edges are simplified alike, so that neighbours go on touching; but only where they are equal to the last digit.
        clean = shapely.set_precision(geometry[present], 0.01, mode="pointwise")
        shapes[present] = shapely.coverage_simplify(clean, tolerance)
    # Mended by its rings: the other way gives up on blocks whose spikes close to lines when they are rounded.
    rounded = shapely.set_precision(shapes[present], 1.0, mode="pointwise")
    shapes[present] = shapely.make_valid(rounded, method="structure", keep_collapsed=False)
    return shapes, tolerance


def _rings(shape: Any, origin: tuple[int, int]) -> list[list[list[int]]]:
    if shape is None:
        return []
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon" and not part.is_empty]
    return [
        [_coded(shapely.get_coordinates(ring), origin, closed=True) for ring in (part.exterior, *part.interiors)]
        for part in parts
    ]


def _coded(points: NDArray[np.float64], origin: tuple[int, int], *, closed: bool = False) -> list[int]:
    """Return a line as its first point and steps, repeated points left out (and, of a ring, the last that is the first again)."""
    whole = np.rint(points).astype(np.int64) - np.array(origin, dtype=np.int64)
    kept = np.ones(len(whole), dtype=bool)
    kept[1:] = (whole[1:] != whole[:-1]).any(axis=1)
    whole = whole[kept]
    if closed and len(whole) > 1 and (whole[0] == whole[-1]).all():
        whole = whole[:-1]
    steps: list[int] = np.diff(whole, axis=0, prepend=np.zeros((1, 2), dtype=np.int64)).ravel().tolist()
    return steps


def _edge_of_all(shapes: NDArray[Any]) -> list[tuple[int, int, Any]]:
    """Return the lines at the edge of the district, each with the block that it belongs to."""
    present = np.array([shape for shape in shapes if shape is not None], dtype=object)
    if len(present) == 0:
        return []
    edge = shapely.boundary(shapely.union_all(present))
    shapely.prepare(edge)
    return [
        (index, -1, shapely.intersection(shapely.boundary(shape), edge))
        for index, shape in enumerate(shapes)
        if shape is not None and shapely.intersects(edge, shape)
    ]


def middle_extent(points: NDArray[np.float64], weights: NDArray[np.int32], tail: float) -> list[list[float]]:
    """
    Return the lower and the upper corner of what is left when a part of the weight is cut off on each of four sides.

    Parameters
    ----------
    points
        Metres, shape ``(points, 2)``.
    weights
        Of each point, shape ``(points,)``.
    tail
        The part, below 0.5.
    """
    corners = []
    for share in (tail, 1 - tail):
        corner = []
        for axis in (0, 1):
            order = np.argsort(points[:, axis], kind="stable")
            reached = np.searchsorted(np.cumsum(weights[order]), share * weights.sum())
            corner.append(float(points[order[min(int(reached), len(order) - 1)], axis]))
        corners.append(corner)
    return corners
