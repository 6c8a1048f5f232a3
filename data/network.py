"""Walking distances from blocks to schools: along roads, or straight where there are none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely
from scipy.sparse.csgraph import dijkstra
from shapely import STRtree

from xuequ.data.roads import (
    NOT_WALKED,
    RoadNetwork,
    RoadOptions,
    report_pieces,
    shortest_graph,
    walkable_roads,
)
from xuequ.zoning.distances import Distances
from xuequ.zoning.problems import Problems

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    _Access = tuple[NDArray[np.int64], NDArray[np.float64]]
    _Reached = tuple[csr_array, NDArray[np.int64], NDArray[np.float64]]

__all__ = [
    "NOT_WALKED",
    "RoadNetwork",
    "RoadOptions",
    "WalkOptions",
    "report_pieces",
    "straight_distances",
    "walk_distances",
    "walkable_roads",
]

_LISTED = 100
_AT_ONCE = 16
_WIDENED = 5  # a leg that is 63 times as long and 1.5 km more is none


@dataclass(frozen=True, slots=True)
class WalkOptions:
    """
    How ways are found.

    Parameters
    ----------
    snap
        Where people reach the roads: at the nearest point of an ``edge``, or at the nearest ``node``.
    limit_m
        Longest way that is looked for, both legs to the roads included.
    far_m
        A block or school further than this from every road is reported.
    least_piece
        Pieces of the network with less than this part of the longest piece's length are left out: nobody would be sent to a
        fragment of a road. 1 leaves only the longest piece.

    Raises
    ------
    ValueError
        If a number is negative.
    """

    snap: Literal["edge", "node"] = "edge"
    limit_m: float = np.inf
    far_m: float = 500.0
    least_piece: float = 0.01

    def __post_init__(self) -> None:
        for name in ("limit_m", "far_m", "least_piece"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} is {getattr(self, name)}; it must not be negative")


def straight_distances(origins: NDArray[np.float64], destinations: NDArray[np.float64]) -> Distances:
    """
    Return straight-line distances from every origin to every destination.

    Parameters
    ----------
    origins, destinations
        Metres in one plane, shapes ``(n, 2)`` and ``(m, 2)``.
    """
    between = np.asarray(origins, dtype=float)[:, None, :] - np.asarray(destinations, dtype=float)[None, :, :]
    return Distances.from_matrix(np.hypot(between[..., 0], between[..., 1]), "straight line")


def walk_distances(
    origins: NDArray[np.float64],
    destinations: NDArray[np.float64],
    roads: RoadNetwork,
    options: WalkOptions = WalkOptions(),
    *,
    ids: tuple[Sequence[str], Sequence[str]] | None = None,
    barriers: Sequence[Any] = (),
) -> tuple[Distances, Problems]:
    """
    Measure the shortest way along roads from every block to every school.

    Parameters
    ----------
    origins, destinations
        Blocks and schools, metres in the plane of the roads, shapes ``(n, 2)`` and ``(m, 2)``.
    roads
        The network.
    options
        How ways are found.
    ids
        Names of the blocks and of the schools for messages; their row numbers from 1 if not given.
    barriers
        Rivers, motorways, railways: nobody crosses them on the leg to the roads, if there is a road on this side.

    Returns
    -------
    Distances
        Length of the way, with the straight legs to the roads at both ends. What cannot be reached is left out, not guessed.
    Problems
        Warnings: a network in pieces, places far from every road, blocks that reach no school, and how many pairs are out of
        reach.

    Raises
    ------
    ValueError
        If the network has no edge that can be walked to.

    Notes
    -----
    model.md §1: ``d_ij`` along the road network.
    """
    names = tuple(ids) if ids is not None else tuple([str(row + 1) for row in range(len(to))] for to in (origins, destinations))
    problems = Problems()
    report_pieces(roads, problems)
    used = roads.main(options.least_piece)
    if not len(used.edges):
        raise ValueError("the road network has no edges")
    places = np.concatenate(
        [np.asarray(origins, dtype=float).reshape(-1, 2), np.asarray(destinations, dtype=float).reshape(-1, 2)]
    )
    graph, node, leg = (_by_edge if options.snap == "edge" else _by_node)(used, places, barriers)
    count = len(origins)
    distances = _ways(graph, (node[:count], leg[:count]), (node[count:], leg[count:]), options.limit_m)
    for table, rows, offset in (("blocks", names[0], 0), ("schools", names[1], count)):
        _report_far(table, rows, leg[offset : offset + len(rows)], options.far_m, problems)
    _report_unreached(distances, names[0], options.limit_m, problems)
    return distances, problems


def _by_node(roads: RoadNetwork, places: NDArray[np.float64], barriers: Sequence[Any]) -> _Reached:
    """Return the graph, the node where each place reaches the roads, and the leg to it."""
    placed = np.flatnonzero(np.isfinite(roads.points).all(axis=1))
    nearest, leg = _nearest(places, np.asarray(shapely.points(roads.points[placed]), dtype=object), barriers)
    return roads.graph(), placed[nearest], leg


def _by_edge(roads: RoadNetwork, places: NDArray[np.float64], barriers: Sequence[Any]) -> _Reached:
    """
    Return the graph with a node of its own for each place, and the leg to it.

    Edges are cut where places reach them, so that ways between two places on one edge are right too.
    """
    drawn = np.flatnonzero(~shapely.is_missing(roads.lines))
    nearest, leg = _nearest(places, roads.lines[drawn], barriers)
    edge = drawn[nearest]
    length = shapely.length(roads.lines[edge])
    part = shapely.line_locate_point(roads.lines[edge], shapely.points(places))
    part = np.divide(part, length, out=np.zeros(len(length)), where=length > 0)
    along = np.clip(part, 0, 1) * roads.metres[edge]
    order = np.lexsort((along, edge))
    on, at = edge[order], along[order]
    new = len(roads) + order
    first = np.diff(on, prepend=-1) > 0
    last = np.append(first[1:], True)[: len(first)]
    from_ = np.where(first, roads.edges[on, 0], np.roll(new, 1))
    pieces = [
        (np.column_stack([from_, new]), at - np.where(first, 0.0, np.roll(at, 1))),
        (np.column_stack([new[last], roads.edges[on[last], 1]]), roads.metres[on[last]] - at[last]),
    ]
    whole = np.ones(len(roads.edges), dtype=bool)
    whole[on] = False
    edges = np.concatenate([roads.edges[whole], *(ends for ends, _ in pieces)])
    metres = np.concatenate([roads.metres[whole], *(lengths for _, lengths in pieces)])
    return shortest_graph(len(roads) + len(places), edges, metres), len(roads) + np.arange(len(places)), leg


def _nearest(
    places: NDArray[np.float64], targets: NDArray[Any], barriers: Sequence[Any]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the nearest target of each place and how far it is; one across a barrier only if there is no other within reach."""
    points, tree = np.asarray(shapely.points(places), dtype=object), STRtree(targets)
    (_, nearest), leg = tree.query_nearest(points, return_distance=True, all_matches=False)
    walls = np.asarray(list(barriers), dtype=object)
    if not len(walls):
        return np.asarray(nearest, dtype=np.int64), leg
    wall = STRtree(walls)
    across = np.unique(wall.query(shapely.shortest_line(points, targets[nearest]), predicate="intersects")[0])
    reach = leg.copy()
    for _ in range(_WIDENED):
        reach[across] = 2 * reach[across] + 50.0
        at, near = tree.query(points[across], predicate="dwithin", distance=reach[across])
        ways = shapely.shortest_line(points[across][at], targets[near])
        free = np.ones(len(at), dtype=bool)
        free[wall.query(ways, predicate="intersects")[0]] = False
        at, near, length = at[free], near[free], shapely.length(ways[free])
        order = np.lexsort((near, length, at))
        first = order[np.diff(at[order], prepend=-1) > 0]
        nearest[across[at[first]]], leg[across[at[first]]] = near[first], length[first]
        across = np.delete(across, at[first])
    return np.asarray(nearest, dtype=np.int64), leg


def _ways(graph: csr_array, origins: _Access, destinations: _Access, limit_m: float) -> Distances:
    """Return the ways from origins to destinations, each given as node and leg, no longer than a limit."""
    nodes, leg = origins
    rows, columns, metres = [], [], []
    for start in range(0, len(destinations[0]), _AT_ONCE):
        sources, source_leg = (part[start : start + _AT_ONCE] for part in destinations)
        found = dijkstra(graph, indices=sources, limit=limit_m)[:, nodes] + source_leg[:, None] + leg[None, :]
        j, i = np.nonzero(np.isfinite(found) & (found <= limit_m))
        rows.append(i)
        columns.append(j + start)
        metres.append(found[j, i])
    row, column = (np.concatenate([np.empty(0, dtype=np.int64), *part]) for part in (rows, columns))
    order = np.lexsort((column, row))
    indptr = np.searchsorted(row[order], np.arange(len(nodes) + 1))
    lengths = np.concatenate([np.empty(0), *metres])[order]
    return Distances(indptr, column[order], lengths, len(destinations[0]), "walked along roads")


def _report_far(table: str, names: Sequence[str], leg: NDArray[np.float64], far_m: float, problems: Problems) -> None:
    far = np.flatnonzero(leg > far_m)
    kind = table.removesuffix("s")
    for i in far[:_LISTED]:
        problems.warn(
            table,
            f"the {kind} is {leg[i]:,.0f} m from the nearest road; that leg is counted as a straight line",
            f"check where the {kind}'s point lies, or add the missing roads",
            row=names[i],
        )
    if len(far) > _LISTED:
        problems.warn(table, f"{len(far) - _LISTED} more {table} are further than {far_m:g} m from every road")


def _report_unreached(distances: Distances, names: Sequence[str], limit_m: float, problems: Problems) -> None:
    reached = np.diff(distances.indptr)
    alone = np.flatnonzero(reached == 0) if distances.count else np.empty(0, dtype=np.int64)
    within = f" within {limit_m:,.0f} m" if np.isfinite(limit_m) else ""
    for i in alone[:_LISTED]:
        problems.warn("blocks", f"no school can be reached on foot{within}", "add the missing roads or a bridge", row=names[i])
    if len(alone) > _LISTED:
        problems.warn("blocks", f"{len(alone) - _LISTED} more blocks reach no school{within}")
    missing = len(distances) * distances.count - len(distances.schools)
    if missing and not within:
        problems.warn(
            "distances",
            f"{missing:,} of {len(distances) * distances.count:,} block–school pairs cannot be reached on foot and are never "
            "assigned",
            "add the missing roads or bridges, or raise join_ends_m",
        )
