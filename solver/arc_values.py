"""What giving a unit to a zone adds to the goals that are sums over arcs, as `zoning.indicators` counts them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xuequ.zoning.indicators import zone_distances

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xuequ.solver.contraction import Units
    from xuequ.zoning.district import District
    from xuequ.zoning.rounds import Round

__all__ = ["Reach", "is_change"]


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """
    The ways of blocks to zones, added up by unit.

    Parameters
    ----------
    units
        Which unit each block belongs to.
    pupils, limit_m
        Of each block, as in `Round`.
    change
        Whether a zone is another than today's, shape ``(blocks, zones)``.
    block, zone, metres
        Every block and zone within reach, sorted by block, then zone.
    """

    units: Units
    pupils: NDArray[np.int64]
    limit_m: NDArray[np.float64]
    change: NDArray[np.bool_]
    block: NDArray[np.int64]
    zone: NDArray[np.int64]
    metres: NDArray[np.float64]

    @classmethod
    def of(cls, district: District, chosen: Round, units: Units) -> Reach:
        """Return the reach of a round."""
        return cls(units, chosen.pupils, chosen.limit_m, is_change(district, chosen), *zone_distances(district, chosen.zones))

    def whole(self) -> NDArray[np.bool_]:
        """Return the zones that all blocks of a unit have a way to, shape ``(units, zones)``."""
        reached = np.zeros((self.units.count, self.change.shape[1]), dtype=np.int64)
        np.add.at(reached, (self.units.of[self.block], self.zone), 1)
        return np.asarray(reached == self.units.sizes()[:, None])

    def values(self, unit: NDArray[np.int64], zone: NDArray[np.int64]) -> NDArray[np.float64]:
        """
        Return what arcs add to ``too_far``, ``distance`` and ``moved``, shape ``(arcs, 3)``.

        Notes
        -----
        model.md §1. A block without a way to the zone counts as too far and adds no distance; it is moved like any other.
        """
        count = self.units.sizes()[unit]
        arc = np.repeat(np.arange(len(unit)), count)
        inside = np.arange(len(arc)) - np.repeat(np.cumsum(count) - count, count)
        first = np.cumsum(self.units.sizes()) - self.units.sizes()
        block = np.argsort(self.units.of, kind="stable")[first[unit][arc] + inside]
        metres = self._metres(block, zone[arc])
        pupils = self.pupils[block]
        values = (
            np.where(metres > self.limit_m[block], pupils, 0),
            pupils * np.where(np.isfinite(metres), metres, 0.0) / 1000,
            np.where(self.change[block, zone[arc]], pupils, 0),
        )
        return np.column_stack([np.bincount(arc, weights=each, minlength=len(unit)) for each in values])

    def _metres(self, block: NDArray[np.int64], zone: NDArray[np.int64]) -> NDArray[np.float64]:
        zones = self.change.shape[1]
        keys, wanted = self.block * zones + self.zone, block * zones + zone
        at = np.searchsorted(keys, wanted)
        found = at < len(keys)
        found[found] = keys[at[found]] == wanted[found]
        result = np.full(len(block), np.inf)
        result[found] = self.metres[at[found]]
        return result


def is_change(district: District, chosen: Round) -> NDArray[np.bool_]:
    """Return for each block and zone whether it is another than today's, shape ``(blocks, zones)`` (as `indicators.is_moved`)."""
    today = district.today.get(chosen.stage)
    if today is None:
        return np.zeros((len(district.blocks), len(chosen.zones)), dtype=bool)
    number = {frozenset(members): k for k, members in enumerate(chosen.zones)}
    same = np.array([*(number.get(frozenset(members), -2) for members in today.zones), -1])[today.zone]
    changed = same[:, None] != np.arange(len(chosen.zones))[None, :]
    changed[same == -1] = False
    return np.asarray(changed)
