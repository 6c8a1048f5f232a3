"""Clusters as columns of a model: those found so far, each once, and what they add to every goal."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from xuequ.solver.cluster_arrays import measures
from xuequ.solver.cluster_sets import masks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xuequ.solver.cluster_arrays import ClusterArrays

__all__ = ["GOALS", "ClusterColumns"]

GOALS = 4
"""Goals of clusters: uncovered pupils, seats out of balance, metres of ways, changed schools."""


@dataclass(slots=True, eq=False)
class ClusterColumns:
    """Clusters found so far: which lead's, which schools, what they add to each goal."""

    arrays: ClusterArrays
    cluster: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    schools: NDArray[np.bool_] = field(init=False)
    mask: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))
    measure: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, GOALS)))
    _known: dict[tuple[int, int], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.schools = np.zeros((0, len(self.arrays.net)), bool)

    def __len__(self) -> int:
        return len(self.cluster)

    def add(self, cluster: int, schools: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Take in sets of schools, shape ``(sets, schools)``, as clusters of a lead, and return where they are."""
        keys = [(cluster, item) for item in masks(schools).tolist()]
        fresh = [k for k, key in enumerate(keys) if key not in self._known]
        self._known.update((keys[k], len(self) + number) for number, k in enumerate(fresh))
        new = schools[fresh]
        self.cluster = np.append(self.cluster, np.full(len(fresh), cluster))
        self.schools = np.concatenate([self.schools, new])
        self.mask = np.append(self.mask, masks(new))
        self.measure = np.concatenate([self.measure, measures(self.arrays, cluster, new)])
        return np.array([self._known[key] for key in keys], dtype=np.int64)
