"""Blocks that are kept together become one unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xuequ.zoning.adjacency import Adjacency
from xuequ.zoning.together import bound_sets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from xuequ.zoning.district import District

__all__ = ["Units", "contract"]


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """
    Which unit each block belongs to.

    Parameters
    ----------
    of
        Unit of each block, shape ``(blocks,)``; units are numbered by their first block.
    count
        Number of units.
    """

    of: NDArray[np.int32]
    count: int

    def sum(self, values: NDArray[np.int64]) -> NDArray[np.int64]:
        """Add up values of blocks by unit."""
        return np.bincount(self.of, weights=values, minlength=self.count).astype(np.int64)

    def sizes(self) -> NDArray[np.int64]:
        """Return the number of blocks of each unit."""
        return np.bincount(self.of, minlength=self.count)

    def graph(self, adjacency: Adjacency) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]]:
        """Return the graph of units in compressed rows; borders between the same two units add up."""
        pairs = self.of[adjacency.pairs()].astype(np.int64).reshape(-1, 2)
        apart = pairs[:, 0] != pairs[:, 1]
        pairs = np.sort(pairs[apart], axis=1)
        keys, at = np.unique(pairs[:, 0] * self.count + pairs[:, 1], return_inverse=True)
        border = np.bincount(at, weights=adjacency.pair_border_m()[apart], minlength=len(keys)).astype(np.float64)
        merged = Adjacency.from_pairs(self.count, np.column_stack([keys // self.count, keys % self.count]), border)
        return merged.indptr, merged.neighbours, merged.border_m

    def majority(self, zone: NDArray[np.int64], pupils: NDArray[np.int64], zones: int) -> NDArray[np.int32]:
        """Return the zone (of ``zones``) that most pupils of each unit have; the lower number where two tie, −1 for none."""
        known = zone >= 0
        keys, at = np.unique(self.of[known].astype(np.int64) * zones + zone[known], return_inverse=True)
        weight = np.bincount(at, weights=pupils[known], minlength=len(keys))
        unit = keys // zones
        order = np.lexsort((keys, -weight, unit))
        first, where = np.unique(unit[order], return_index=True)
        result = np.full(self.count, -1, dtype=np.int32)
        result[first] = (keys % zones)[order][where]
        return result


def contract(district: District, groups: Sequence[Sequence[str]]) -> Units:
    """
    Make units of a district's blocks.

    Parameters
    ----------
    district
        The district.
    groups
        Sets of block ids that go to one zone; sets that share a block are one.

    Notes
    -----
    model.md §1: ``x_ij = x_kj``, for the sets of `together.bound_sets`.
    """
    index = district.block_index()
    heads = np.arange(len(district.blocks))
    for members in bound_sets(district.adjacency, [[index[name] for name in group if name in index] for group in groups]):
        heads[list(members)] = members[0]
    first, of = np.unique(heads, return_inverse=True)
    return Units(of.astype(np.int32), len(first))
