"""
The road network: nodes, edges and their lengths, from lines or from a table of edges.

People walk both ways along every edge; one-way rules are for cars and are not read. Extracts of OpenStreetMap in PBF form are not
read: bring the lines as GeoPackage or GeoJSON.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree
from shapely import STRtree

from xuequ.data.road_lines import split_lines, with_vertices_at_ends
from xuequ.zoning.arrays import frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from xuequ.zoning.problems import Problems

__all__ = ["NOT_WALKED", "RoadNetwork", "RoadOptions", "report_pieces", "walkable_roads"]

NOT_WALKED: frozenset[str] = frozenset({
    "motorway", "motorway_link", "busway", "bus_guideway", "raceway", "construction", "proposed", "abandoned",
})  # fmt: skip
"""Classes of OpenStreetMap's ``highway`` on which nobody walks; trunk roads have pavements in most towns and are not here."""

_TRIED_M = (1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 50.0)
"""Joining distances that are tried on a network in pieces."""


@dataclass(frozen=True, slots=True)
class RoadOptions:
    """
    How lines become a network.

    Parameters
    ----------
    split_at
        Where lines are joined. ``vertices``: wherever they share a vertex, or one ends on another (bridges and tunnels must have
        no vertex in common with what they cross, as in OpenStreetMap). ``ends``: only where their ends have equal coordinates.
    join_ends_m
        Nodes within this distance that have no edge between them are joined by a straight link; 0 for none. With ``vertices`` a
        loose end is also joined to a line that it stops short of.

    Raises
    ------
    ValueError
        If the distance is negative.
    """

    split_at: Literal["vertices", "ends"] = "vertices"
    join_ends_m: float = 0.0

    def __post_init__(self) -> None:
        if not self.join_ends_m >= 0:
            raise ValueError(f"join_ends_m is {self.join_ends_m}; it must not be negative")


@dataclass(frozen=True, slots=True, eq=False)
class RoadNetwork:
    """
    A network of ways on foot.

    Parameters
    ----------
    points
        Nodes, metres in the district's plane, shape ``(nodes, 2)``; NaN where a table of edges does not say where a node lies.
    edges
        The two nodes of each edge, shape ``(edges, 2)``; parallel edges and loops may occur.
    metres
        Length of each edge, shape ``(edges,)``.
    lines
        Course of each edge, shape ``(edges,)``; None where it is not known.
    linked
        Edges that joining ends has added, shape ``(edges,)``.
    """

    points: NDArray[np.float64]
    edges: NDArray[np.int64]
    metres: NDArray[np.float64]
    lines: NDArray[Any]
    linked: NDArray[np.bool_]

    def __post_init__(self) -> None:
        for name, dtype in (("points", float), ("edges", np.int64), ("metres", float), ("lines", object), ("linked", bool)):
            object.__setattr__(self, name, frozen(getattr(self, name), dtype))

    @classmethod
    def from_lines(
        cls,
        lines: NDArray[Any],
        walkable: NDArray[np.bool_] | None = None,
        *,
        metres: NDArray[np.float64] | None = None,
        options: RoadOptions = RoadOptions(),
        barriers: Sequence[Any] = (),
        bridges: NDArray[np.bool_] | None = None,
    ) -> RoadNetwork:
        """
        Build the network from lines.

        Parameters
        ----------
        lines
            Lines or multi-part lines in a plane of metres, shape ``(roads,)``.
        walkable
            Which roads are walked on, shape ``(roads,)``; all if not given (see `walkable_roads`).
        metres
            Length of each road, shape ``(roads,)``, divided over its edges; measured in the plane if not given.
        options
            Where lines are joined.
        barriers
            Rivers, motorways, railways: an edge or link that crosses one is cut.
        bridges
            Roads that barriers do not cut (bridges, tunnels), shape ``(roads,)``.
        """
        rows = np.arange(len(lines)) if walkable is None else np.flatnonzero(walkable)
        parts, part = shapely.get_parts(np.asarray(lines, dtype=object)[rows], return_index=True)
        source = rows[part]
        usable = (shapely.get_dimensions(parts) == 1) & ~shapely.is_empty(parts)
        parts, source = shapely.force_2d(parts[usable]), source[usable]
        factor = np.ones(len(parts))
        if metres is not None:
            drawn = np.bincount(source, weights=shapely.length(parts), minlength=len(lines))
            factor = np.divide(metres, drawn, out=np.zeros(len(lines)), where=drawn > 0)[source]
        met = np.empty((0, 2))
        if options.split_at == "vertices":
            parts, met = with_vertices_at_ends(parts, options.join_ends_m)
        points, edges, courses, of_part = split_lines(parts, met, at_vertices=options.split_at == "vertices")
        network = cls(points, edges, shapely.length(courses) * factor[of_part], courses, np.zeros(len(edges), dtype=bool))
        spared = np.zeros(len(edges), dtype=bool) if bridges is None else np.asarray(bridges, dtype=bool)[source[of_part]]
        network = network._kept(spared | ~_cross(courses, barriers))
        return network.joined(options.join_ends_m, barriers) if options.join_ends_m else network

    @classmethod
    def from_edges(
        cls,
        start: Sequence[str],
        end: Sequence[str],
        metres: NDArray[np.float64],
        points: Mapping[str, tuple[float, float]],
        walkable: NDArray[np.bool_] | None = None,
    ) -> RoadNetwork:
        """
        Build the network from a table of edges.

        Parameters
        ----------
        start, end
            Names of the nodes of each edge.
        metres
            Length of each edge.
        points
            Where nodes lie, by name: a node that bears the id of a block or school lies where that does. Others are passed
            through, but nobody starts from them.
        walkable
            Which edges are walked on; all if not given.
        """
        kept = np.ones(len(start), dtype=bool) if walkable is None else np.asarray(walkable, dtype=bool)
        names, node = np.unique(np.array([*start, *end], dtype=str), return_inverse=True)
        edges = node.reshape(2, -1).T[kept]
        nowhere = (np.nan, np.nan)
        places = np.array([points.get(str(name), nowhere) for name in names], dtype=float).reshape(-1, 2)
        lines = np.full(len(edges), None, dtype=object)
        placed = np.isfinite(places[edges]).all(axis=(1, 2))
        lines[placed] = shapely.linestrings(places[edges[placed]])
        return cls(places, edges, np.asarray(metres, dtype=float)[kept], lines, np.zeros(len(edges), dtype=bool))

    def __len__(self) -> int:
        return len(self.points)

    def graph(self) -> csr_array:
        """Return lengths as a symmetric sparse matrix: the shortest of parallel edges, no loops."""
        return shortest_graph(len(self), self.edges, self.metres)

    def components(self) -> NDArray[np.int32]:
        """Return the number of the connected piece of each node, shape ``(nodes,)``."""
        return np.asarray(connected_components(self.graph(), directed=False)[1])

    def joined(self, within_m: float, barriers: Sequence[Any] = ()) -> RoadNetwork:
        """Return the network with straight links between nodes within a distance that have no edge or barrier between them."""
        placed = np.flatnonzero(np.isfinite(self.points).all(axis=1))
        pairs = placed[KDTree(self.points[placed]).query_pairs(within_m, output_type="ndarray")].reshape(-1, 2)
        known = np.sort(self.edges, axis=1) @ [len(self), 1]
        pairs = pairs[~np.isin(np.sort(pairs, axis=1) @ [len(self), 1], known)]
        pairs = pairs[np.lexsort(pairs.T[::-1])]
        return self.linked_by(pairs[~_cross(shapely.linestrings(self.points[pairs]), barriers)])

    def linked_by(self, pairs: NDArray[np.int64]) -> RoadNetwork:
        """Return the network with straight links between pairs of nodes (bridges, ferries, joined ends), shape ``(pairs, 2)``."""
        pairs = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
        lines = shapely.linestrings(self.points[pairs])
        return replace(
            self,
            edges=np.concatenate([self.edges, pairs]),
            metres=np.concatenate([self.metres, shapely.length(lines)]),
            lines=np.concatenate([self.lines, lines]),
            linked=np.concatenate([self.linked, np.ones(len(pairs), dtype=bool)]),
        )

    def bridged(self, start: NDArray[np.float64], end: NDArray[np.float64], least_piece: float = 0.01) -> RoadNetwork:
        """
        Return the network with straight links (bridges, ferries) between places that its roads do not join.

        Parameters
        ----------
        start, end
            The two ends of each link, shape ``(links, 2)``; each leads to the nearest node outside fragments (see `main`).
        least_piece
            As in `main`.
        """
        if not len(self.edges) or not len(start):
            return self
        component = self.components()
        length = np.bincount(component[self.edges[:, 0]], weights=self.metres, minlength=int(component.max()) + 1)
        nodes = np.flatnonzero(np.isfinite(self.points).all(axis=1) & (length >= least_piece * length.max())[component])
        tree = KDTree(self.points[nodes])
        pairs = np.column_stack([nodes[tree.query(places)[1]] for places in (start, end)])
        return self.linked_by(pairs[component[pairs[:, 0]] != component[pairs[:, 1]]])

    def main(self, least_piece: float) -> RoadNetwork:
        """
        Return the network without its fragments.

        Parameters
        ----------
        least_piece
            A piece stays that has at least this part of the road length of the longest piece: 0 keeps all, 1 only the longest.
        """
        if not len(self.edges):
            return self
        of_edge = self.components()[self.edges[:, 0]]
        length = np.bincount(of_edge, weights=self.metres)
        return self._kept((length >= least_piece * length.max())[of_edge])

    def _kept(self, edges: NDArray[np.bool_]) -> RoadNetwork:
        """Return the network with some edges only, and the nodes that they need."""
        used, node = np.unique(self.edges[edges], return_inverse=True)
        return RoadNetwork(
            self.points[used], node.reshape(-1, 2), self.metres[edges], self.lines[edges], self.linked[edges]
        )  # fmt: skip


def shortest_graph(count: int, edges: NDArray[np.int64], metres: NDArray[np.float64]) -> csr_array:
    """Return edges as a symmetric sparse matrix of ``count`` nodes: the shortest of parallel edges, no loops."""
    plain = edges[:, 0] != edges[:, 1]
    ends, lengths = np.sort(edges[plain], axis=1), metres[plain]
    order = np.lexsort((lengths, ends[:, 1], ends[:, 0]))
    ends, lengths = ends[order], lengths[order]
    first = np.ones(len(ends), dtype=bool)
    first[1:] = (ends[1:] != ends[:-1]).any(axis=1)
    a, b = ends[first].T
    return csr_array((np.tile(lengths[first], 2), (np.concatenate([a, b]), np.concatenate([b, a]))), shape=(count, count))


def walkable_roads(classes: Sequence[str], excluded: Collection[str] = NOT_WALKED) -> NDArray[np.bool_]:
    """
    Tell which roads people walk on by their class.

    Parameters
    ----------
    classes
        The ``highway`` of each road as in OpenStreetMap; an empty or unknown class is walked on.
    excluded
        Classes on which nobody walks.
    """
    return np.array([name.strip().lower() not in excluded for name in classes], dtype=bool)


def report_pieces(roads: RoadNetwork, problems: Problems) -> None:
    """
    Warn of a network in pieces, and say what joining ends would do.

    Parameters
    ----------
    roads
        The whole network.
    problems
        Takes the warning.
    """
    component = roads.components()
    pieces = int(component.max(initial=-1)) + 1
    if pieces < 2:
        return
    length = np.bincount(component[roads.edges[:, 0]], weights=roads.metres, minlength=pieces)
    whole = float(length.sum()) or 1.0  # a table of edges may say that all of them are 0 m long
    fewer = [(metres, left) for metres, left in _pieces_left(roads, component) if left < pieces]
    problems.warn(
        "roads",
        f"the road network is in {pieces} pieces; the longest has {length.max() / whole:.1%} of its length, so ways found "
        "in it may be too long or missing",
        "mend the roads, or set join_ends_m: " + ", ".join(f"{metres:g} m leaves {left}" for metres, left in fewer)
        if fewer
        else f"add the missing roads or bridges; joining ends up to {_TRIED_M[-1]:g} m apart does not help",
    )


def _pieces_left(roads: RoadNetwork, component: NDArray[np.int32]) -> list[tuple[float, int]]:
    """Return how many pieces each joining distance of `_TRIED_M` would leave."""
    placed = np.flatnonzero(np.isfinite(roads.points).all(axis=1))
    others = placed[component[placed] != np.bincount(component).argmax()]
    if not len(others):
        return []
    # Two pieces meet where a node of all but the largest is near any node: few of many.
    near = KDTree(roads.points[others]).sparse_distance_matrix(
        KDTree(roads.points[placed]), _TRIED_M[-1], output_type="coo_matrix"
    )
    a, b, metres = component[others[near.row]], component[placed[near.col]], near.data
    pieces = int(component.max()) + 1
    result = []
    for within in _TRIED_M:
        ends = a[metres <= within], b[metres <= within]
        graph = csr_array((np.ones(len(ends[0])), ends), shape=(pieces, pieces))
        result.append((within, int(connected_components(graph, directed=False)[0])))
    return result


def _cross(lines: NDArray[Any], barriers: Sequence[Any]) -> NDArray[np.bool_]:
    """Tell which lines cross or touch a barrier."""
    crossed = np.zeros(len(lines), dtype=bool)
    if len(barriers) and len(lines):
        crossed[STRtree(lines).query(np.asarray(list(barriers), dtype=object), predicate="intersects")[1]] = True
    return crossed
