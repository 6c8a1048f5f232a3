"""Walking distances: along roads, or straight where there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xuequ.zoning.distances import Distances

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["straight_distances"]


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
