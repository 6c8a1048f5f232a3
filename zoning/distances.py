"""Walking distances from blocks to the schools that they may be given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xuequ.zoning.arrays import frozen

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Distances"]


@dataclass(frozen=True, slots=True, eq=False)
class Distances:
    """
    Distances in compressed rows: for each block the schools within reach, ascending.

    Parameters
    ----------
    indptr, schools
        The schools that block ``i`` can reach are ``schools[indptr[i]:indptr[i + 1]]`` (indices), ascending.
    metres
        Length of the way to each.
    count
        Number of schools.
    method
        How they were measured, in words for reports: "walked along roads", "straight line", "as given".
    """

    indptr: NDArray[np.int64]
    schools: NDArray[np.int32]
    metres: NDArray[np.float64]
    count: int
    method: str = "as given"

    def __post_init__(self) -> None:
        object.__setattr__(self, "indptr", frozen(self.indptr, np.int64))
        object.__setattr__(self, "schools", frozen(self.schools, np.int32))
        object.__setattr__(self, "metres", frozen(self.metres, np.float64))

    @classmethod
    def from_matrix(cls, matrix: NDArray[np.float64], method: str = "as given") -> Distances:
        """Keep the finite entries of a matrix of shape ``(blocks, schools)``; infinite and NaN mean out of reach."""
        reached = np.isfinite(matrix)
        indptr = np.concatenate([[0], np.cumsum(reached.sum(axis=1))])
        return cls(indptr, np.nonzero(reached)[1].astype(np.int32), matrix[reached], matrix.shape[1], method)

    def __len__(self) -> int:
        return len(self.indptr) - 1

    def rows(self) -> NDArray[np.int64]:
        """Return the block of each entry."""
        return np.repeat(np.arange(len(self)), np.diff(self.indptr))

    def lookup(self, blocks: NDArray[np.int64], schools: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the distance of each pair, infinite where the school is out of the block's reach (or −1)."""
        keys = self.rows() * self.count + self.schools
        wanted = np.asarray(blocks, dtype=np.int64) * self.count + schools
        at = np.minimum(np.searchsorted(keys, wanted), max(len(keys) - 1, 0))
        found = (keys[at] == wanted) & (np.asarray(schools) >= 0) if len(keys) else np.zeros(len(wanted), dtype=bool)
        return np.where(found, self.metres[at] if len(keys) else np.inf, np.inf)

    def to_matrix(self) -> NDArray[np.float64]:
        """Return all of them, shape ``(blocks, schools)``, infinite where out of reach."""
        matrix = np.full((len(self), self.count), np.inf)
        matrix[self.rows(), self.schools] = self.metres
        return matrix
