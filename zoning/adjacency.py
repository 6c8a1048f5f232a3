"""Which blocks touch: a graph in compressed rows, with the length of each shared border."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from xuequ.zoning.arrays import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    import networkx as nx
    from numpy.typing import NDArray

__all__ = ["Adjacency"]


@dataclass(frozen=True, slots=True, eq=False)
class Adjacency:
    """
    The adjacency graph of blocks, undirected, each pair stored in both directions.

    Parameters
    ----------
    indptr, neighbours
        Compressed rows: the neighbours of block ``i`` are ``neighbours[indptr[i]:indptr[i + 1]]``, ascending.
    border_m
        Length of the border shared with each neighbour, in metres; 0 for a link (bridge, ferry) or a given pair.
    """

    indptr: NDArray[np.int64]
    neighbours: NDArray[np.int32]
    border_m: NDArray[np.float64]

    def __post_init__(self) -> None:
        object.__setattr__(self, "indptr", frozen(self.indptr, np.int64))
        object.__setattr__(self, "neighbours", frozen(self.neighbours, np.int32))
        object.__setattr__(self, "border_m", frozen(self.border_m, np.float64))

    @classmethod
    def from_pairs(cls, count: int, pairs: NDArray[np.int64], border_m: NDArray[np.float64] | None = None) -> Adjacency:
        """
        Build the graph from pairs of blocks.

        Parameters
        ----------
        count
            Number of blocks.
        pairs
            Block indices, shape ``(pairs, 2)``; order and repeats do not matter, the longest border of a repeated pair is kept.
        border_m
            Length of each shared border, shape ``(pairs,)``; zeros if not given.

        Raises
        ------
        ValueError
            If a pair names a block twice or a block outside ``0 … count - 1``.
        """
        pairs = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
        lengths = np.zeros(len(pairs)) if border_m is None else np.asarray(border_m, dtype=float)
        if len(pairs) and (pairs.min() < 0 or pairs.max() >= count or (pairs[:, 0] == pairs[:, 1]).any()):
            raise ValueError("a pair of blocks names one block twice or a block that does not exist")
        both = np.concatenate([pairs, pairs[:, ::-1]])
        lengths = np.concatenate([lengths, lengths])
        order = np.lexsort((-lengths, both[:, 1], both[:, 0]))
        both, lengths = both[order], lengths[order]
        first = np.ones(len(both), dtype=bool)
        first[1:] = (both[1:] != both[:-1]).any(axis=1)
        both, lengths = both[first], lengths[first]
        indptr = np.searchsorted(both[:, 0], np.arange(count + 1))
        return cls(indptr, both[:, 1], lengths)

    def __len__(self) -> int:
        return len(self.indptr) - 1

    def of(self, block: int) -> NDArray[np.int32]:
        """Return the neighbours of a block, ascending."""
        return self.neighbours[self.indptr[block] : self.indptr[block + 1]]

    def pairs(self) -> NDArray[np.int64]:
        """Return each pair once, ``a < b``, shape ``(pairs, 2)``, sorted."""
        rows = np.repeat(np.arange(len(self)), np.diff(self.indptr))
        upper = rows < self.neighbours
        return np.column_stack([rows[upper], self.neighbours[upper]])

    def pair_border_m(self) -> NDArray[np.float64]:
        """Return the shared border of each pair, in the order of `pairs`."""
        rows = np.repeat(np.arange(len(self)), np.diff(self.indptr))
        return self.border_m[rows < self.neighbours]

    def to_csr(self) -> csr_array:
        """Return the graph as a sparse matrix of ones."""
        ones = np.ones(len(self.neighbours), dtype=np.int8)
        return csr_array((ones, self.neighbours, self.indptr), shape=(len(self), len(self)))

    def components(self) -> NDArray[np.int32]:
        """Return the number of the connected component of each block, shape ``(blocks,)``."""
        return np.asarray(connected_components(self.to_csr(), directed=False)[1])

    def to_networkx(self, ids: Sequence[str]) -> nx.Graph[str]:
        """Return the graph for networkx, nodes named by block id, borders as edge attribute ``border_m``."""
        import networkx as nx  # noqa: PLC0415 - heavy, and only this method needs it

        graph: nx.Graph[str] = nx.Graph()
        graph.add_nodes_from(ids)
        for (a, b), length in zip(self.pairs(), self.pair_border_m(), strict=True):
            graph.add_edge(ids[a], ids[b], border_m=float(length))
        return graph
