"""Regions grown from seeds over a graph, connected by construction: communities and catchments of made-up districts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["balanced_regions", "graph_of", "grown_from", "labelled_components", "shared_borders"]


def shared_borders(shapes: NDArray[np.object_]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """
    Return which polygons of a noded coverage share a border, and its length.

    Parameters
    ----------
    shapes
        Polygons whose common borders have the same corners, on a grid of 0.1 m.

    Returns
    -------
    tuple
        Pairs, shape ``(pairs, 2)``, lower index first, sorted; and metres, shape ``(pairs,)``.
    """
    rings, owner = shapely.get_rings(shapes, return_index=True)
    corners, ring = shapely.get_coordinates(rings, return_index=True)
    whole = np.rint(corners * 10.0).astype(np.int64)
    same = ring[1:] == ring[:-1]
    start, end = whole[:-1][same], whole[1:][same]
    polygon = owner[ring[:-1][same]]
    swap = (start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1]))
    start[swap], end[swap] = end[swap], start[swap].copy()
    keys = np.column_stack([start, end])
    order = np.lexsort((polygon, *keys.T[::-1]))
    keys, polygon = keys[order], polygon[order]
    twice = (keys[1:] == keys[:-1]).all(axis=1) & (polygon[1:] != polygon[:-1])
    pairs = np.sort(np.column_stack([polygon[:-1][twice], polygon[1:][twice]]), axis=1)
    metres = np.hypot(*(keys[:-1][twice][:, 2:] - keys[:-1][twice][:, :2]).T) / 10.0
    unique, inverse = np.unique(pairs, axis=0, return_inverse=True)
    total = np.bincount(inverse.ravel(), weights=metres, minlength=len(unique))
    return unique.reshape(-1, 2).astype(np.int64), total.astype(np.float64)


def graph_of(count: int, pairs: NDArray[np.int64], length: NDArray[np.float64]) -> csr_array:
    """Return the undirected graph of weighted pairs as a sparse matrix of shape ``(count, count)``."""
    a, b = np.asarray(pairs, dtype=np.int64).reshape(-1, 2).T
    return csr_array((np.tile(length, 2), (np.r_[a, b], np.r_[b, a])), shape=(count, count))


def labelled_components(count: int, pairs: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return the number of the connected component of each node, shape ``(count,)``."""
    return np.asarray(connected_components(graph_of(count, pairs, np.ones(len(pairs))), directed=False)[1])


def grown_from(graph: csr_array, seeds: NDArray[np.int64], head_start: NDArray[np.float64]) -> NDArray[np.int64]:
    """
    Give each node to the seed that reaches it first.

    Parameters
    ----------
    graph
        Undirected, weights are lengths.
    seeds
        One node each.
    head_start
        How much earlier each seed sets out than the last one; a seed that another overtakes at its own node keeps that node.

    Returns
    -------
    ndarray
        Position of the seed of each node, shape ``(nodes,)``; −1 where none arrives. Each region is connected.
    """
    count = graph.shape[0]
    late = head_start.max() - head_start + 1.0
    # A source ahead of all seeds: its edges are how late each seed sets out; no way leads into a seed from elsewhere.
    cut = graph.tocoo()
    seed_of = np.full(count, -1)
    seed_of[seeds] = np.arange(len(seeds))
    keep = seed_of[cut.col] < 0
    rows, columns, data = cut.row[keep], cut.col[keep], cut.data[keep]
    extended = csr_array(
        (np.r_[data, late], (np.r_[rows, np.full(len(seeds), count)], np.r_[columns, seeds])), shape=(count + 1, count + 1)
    )
    cost, before = dijkstra(extended, indices=count, return_predecessors=True)
    # Follow the predecessors to the seed, twice as far each time.
    origin = np.where((seed_of >= 0) | ~np.isfinite(cost[:count]), np.arange(count), before[:count])
    while not np.array_equal(further := origin[origin], origin):
        origin = further
    return np.asarray(seed_of[origin])


def balanced_regions(
    graph: csr_array,
    seeds: NDArray[np.int64],
    people: NDArray[np.float64],
    targets: NDArray[np.float64],
    group: NDArray[np.int64] | None = None,
    rounds: int = 200,
) -> NDArray[np.int64]:
    """
    Grow connected regions whose people come near a target each.

    Parameters
    ----------
    graph
        Undirected, weights are metres.
    seeds
        One node each.
    people
        Of each node, shape ``(nodes,)``.
    targets
        Of each seed.
    group
        Of each seed: −1 has no target, 0 has one in people, seeds of the same higher number share out what they have together in
        proportion to their targets. All in one such group if not given.
    rounds
        How often head starts are corrected; the best round is returned.
    """
    groups = np.ones(len(seeds), dtype=np.int64) if group is None else group
    reach = 1.2 * float(np.median(graph.data))
    ahead = np.zeros(len(seeds))
    best, least = np.zeros(0, dtype=np.int64), np.inf
    for turn in range(rounds):
        label = grown_from(graph, seeds, ahead)
        given = label >= 0
        load = np.bincount(label[given], weights=people[given], minlength=len(seeds))
        size = int(groups.max(initial=0)) + 1
        have, want = (np.bincount(np.maximum(groups, 0), weights=values, minlength=size) for values in (load, targets))
        scale = np.where(np.arange(size) > 0, have / np.maximum(want, 1e-9), 1.0)[np.maximum(groups, 0)]
        off = np.where(groups >= 0, np.log(np.maximum(load, 1e-3) / np.maximum(targets * scale, 1e-3)), 0.0)
        worst = float(np.abs(off).max()) + float(np.abs(off).mean())
        if worst < least:
            best, least = label, worst
        ahead = ahead - reach * (0.985**turn) * np.clip(off, -1.5, 1.5)
    return best
