"""Catchments: which zone each block belongs to, for one stage and one school year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xuequ.zoning.arrays import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from xuequ.zoning.stage import Stage

__all__ = ["Catchments", "pooled_zones"]


@dataclass(frozen=True, slots=True, eq=False)
class Catchments:
    """
    The catchments of one stage and school year.

    Parameters
    ----------
    stage, year
        What they are for.
    zones
        The schools (indices into the district's schools) of each zone: one, or several for a multi-school zone 多校划片.
    zone
        Zone of each block, shape ``(blocks,)``; −1 for a block that is given to none.
    """

    stage: Stage
    year: int
    zones: tuple[tuple[int, ...], ...]
    zone: NDArray[np.int32]

    def __post_init__(self) -> None:
        object.__setattr__(self, "zone", frozen(self.zone, np.int32))

    @classmethod
    def from_schools(cls, stage: Stage, year: int, school: Sequence[int] | NDArray[np.int64]) -> Catchments:
        """Make single-school zones from the school index of each block (−1 for none)."""
        school = np.asarray(school)
        used = np.unique(school[school >= 0])
        zone = np.where(school >= 0, np.searchsorted(used, school), -1)
        return cls(stage, year, tuple((int(j),) for j in used), zone)

    def first_school(self) -> NDArray[np.int64]:
        """Return, for each block, the first school of its zone, −1 for none."""
        first = np.array([members[0] for members in self.zones] + [-1], dtype=np.int64)
        return first[self.zone]

    def zone_ids(self, school_ids: Sequence[str]) -> tuple[str, ...]:
        """Return the name of each zone as it stands in files: ``A`` or ``A;B``."""
        return tuple(";".join(school_ids[j] for j in members) for members in self.zones)


def pooled_zones(schools: NDArray[np.int64], block: NDArray[np.int64]) -> tuple[tuple[int, ...], ...]:
    """
    Group running schools of a stage into zones: schools in one block pool their seats.

    Parameters
    ----------
    schools
        Indices of the schools that run, ascending.
    block
        Block of every school of the district, −1 outside all.

    Notes
    -----
    model.md §1: two schools of a stage in one block make one multi-school zone.
    """
    by_block: dict[int, list[int]] = {}
    for j in schools:
        key = int(block[j]) if block[j] >= 0 else -1 - int(j)
        by_block.setdefault(key, []).append(int(j))
    return tuple(sorted(tuple(members) for members in by_block.values()))
