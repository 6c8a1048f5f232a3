"""Lines cut into the edges of a network: vertices where ends meet other lines, nodes where lines meet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely import STRtree

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["split_lines", "with_vertices_at_ends"]

_TOUCH_M = 0.01
"""An end this close to another line lies on it: coordinates are written to the millimetre or centimetre."""


def with_vertices_at_ends(lines: NDArray[Any], within_m: float) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """
    Give lines a vertex where another line ends on them, or stops short of them, between two vertices.

    The second result are the new vertices where a loose end within ``within_m`` stopped short: nodes, for a link to lead to.
    """
    ends = np.concatenate([shapely.get_point(lines, 0), shapely.get_point(lines, -1)])
    if not len(ends):
        return lines, np.empty((0, 2))
    at, on = STRtree(lines).query(ends, predicate="dwithin", distance=max(_TOUCH_M, within_m))
    other = at % len(lines) != on
    at, on = at[other], on[other]
    gap = shapely.distance(ends[at], lines[on])
    corner = shapely.distance(ends[at], shapely.extract_unique_points(lines[on]))
    touching = np.zeros(len(ends), dtype=bool)
    touching[at[gap <= _TOUCH_M]] = True
    # A corner within reach is joined as a node, if it is one; only what has none in reach needs a new vertex.
    short = (gap > _TOUCH_M) & (corner > within_m) & ~touching[at]
    where = shapely.line_locate_point(lines[on], ends[at])
    new = np.where(short, shapely.line_interpolate_point(lines[on], where), ends[at])
    wanted = short | ((gap <= _TOUCH_M) & (corner > 0))
    lines = lines.copy()
    by_line = np.flatnonzero(wanted)[np.argsort(on[wanted], kind="stable")]
    starts = np.flatnonzero(np.diff(on[by_line], prepend=-1))
    for row, here in zip(on[by_line][starts], np.split(by_line, starts)[1:], strict=True):
        corners = shapely.get_coordinates(lines[row])
        along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(corners, axis=0).T))])
        places = shapely.get_coordinates(new[here])
        passes = [[w] if s else _passes(corners, along, p) for w, s, p in zip(where[here], short[here], places, strict=True)]
        order = np.argsort(np.concatenate([along, *passes]), kind="stable")
        again = np.repeat(places, [len(each) for each in passes], axis=0)
        lines[row] = shapely.linestrings(np.concatenate([corners, again])[order])
    return lines, shapely.get_coordinates(new[short])


def _passes(corners: NDArray[np.float64], along: NDArray[np.float64], place: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far along a line it passes a place, each time it does: a line may come by the same way back."""
    step = np.diff(corners, axis=0)
    length = np.diff(along)
    share = ((place - corners[:-1]) * step).sum(axis=1) / np.where(length > 0, length, 1.0) ** 2
    share = np.clip(share, 0.0, 1.0)
    off = np.hypot(*(corners[:-1] + share[:, None] * step - place).T)
    at = np.sort((along[:-1] + share * length)[off <= _TOUCH_M * (1 + 1e-6)])
    return at[np.diff(at, prepend=-np.inf) > 2 * _TOUCH_M]


def split_lines(
    lines: NDArray[Any], met: NDArray[np.float64], *, at_vertices: bool
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[Any], NDArray[np.int64]]:
    """Return nodes, edges, their courses, and the line that each edge is part of; places in ``met`` are nodes too."""
    coordinates, line = shapely.get_coordinates(lines, return_index=True)
    starts = np.diff(line, prepend=-1) > 0
    stops = np.append(starts[1:], len(starts) > 0) if len(starts) else starts
    ends = starts | stops
    vertices, vertex = np.unique(np.concatenate([coordinates, met]), axis=0, return_inverse=True)
    vertex, met_vertex = np.split(vertex, [len(coordinates)])
    is_node = ends
    if at_vertices:
        is_end = np.zeros(len(vertices), dtype=bool)
        is_end[vertex[ends]] = True
        is_end[met_vertex] = True
        is_node = ends | is_end[vertex] | (np.bincount(vertex, minlength=len(vertices)) > 1)[vertex]
    cuts = np.flatnonzero(is_node)
    from_, to = cuts[:-1], cuts[1:]
    same = line[from_] == line[to]
    from_, to = from_[same], to[same]
    size = to - from_ + 1
    edge = np.repeat(np.arange(len(size)), size)
    within = np.arange(len(edge)) - np.repeat(np.cumsum(size) - size, size)
    courses = shapely.linestrings(coordinates[np.repeat(from_, size) + within], indices=edge)
    used, node = np.unique(vertex[np.column_stack([from_, to])], return_inverse=True)
    return vertices[used], node.reshape(-1, 2), np.asarray(courses, dtype=object), line[from_]
