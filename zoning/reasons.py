"""Why each block goes where it goes: one word a block, from the plan alone."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from xuequ.zoning.indicators import assigned_distance_m, nearest_zone, zone_loads
from xuequ.zoning.places import index_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from xuequ.zoning.catchments import Catchments
    from xuequ.zoning.district import District
    from xuequ.zoning.rounds import Round

__all__ = ["REASONS", "block_reasons", "islands"]

REASONS: Mapping[str, str] = MappingProxyType({
    "none": "no school is within reach",
    "own": "a school of its zone stands in it",
    "lock": "locked by hand to this school, or away from the nearest",
    "island": "no school stands in its connected part of the district, so contiguity does not bind it",
    "nearest": "the nearest zone",
    "together": "kept together with blocks of the same estate or village",
    "current": "the zone of today",
    "seats": "the nearest zone would be above its planned seats",
    "connected": "the nearest zone does not touch it, so its catchment would not be connected",
    "goals": "a goal that is ranked before distance, or room for other blocks",
})  # fmt: skip
"""The words of the column ``reason`` in assignment.csv, in the order in which they are tried."""


def islands(district: District, zones: tuple[tuple[int, ...], ...]) -> NDArray[np.bool_]:
    """Return the blocks in a connected part of the district where no school of the zones stands (model.md §1)."""
    part = district.adjacency.components()
    homes = district.schools.block[np.array([j for members in zones for j in members], dtype=np.int64)]
    return ~np.isin(part, part[homes[homes >= 0]])


def block_reasons(district: District, chosen: Round, catchments: Catchments) -> tuple[str, ...]:
    """
    Return the reason of each block, a key of `REASONS`; the first that holds.

    Parameters
    ----------
    district
        The district.
    chosen
        What the round started from.
    catchments
        What was decided, its zones among the round's.

    Notes
    -----
    Nothing of the search is read: the same catchments always have the same reasons. A block that no school is within reach of has
    ``none`` also where it is given to one, unless a word before ``seats`` says why to this.
    """
    zone = catchments.zone
    nearest, way = nearest_zone(district, chosen.zones)
    metres = assigned_distance_m(district, catchments)
    near = (metres == way) & np.isfinite(metres)
    tests = {
        "none": zone < 0,
        "own": _own(district, catchments),
        "lock": _locked(district, chosen, catchments, nearest),
        "island": islands(district, chosen.zones),
        "nearest": near,
        "together": _together(district),
        "current": _current(district, catchments),
        "seats": _nearest_is_full(chosen, catchments, nearest),
        "connected": (nearest >= 0) & ~_touches(district, chosen, catchments, nearest),
    }
    result = np.where(nearest < 0, "none", "goals").astype(object)
    for word, holds in reversed(tests.items()):
        result[holds] = word
    return tuple(result.tolist())


def _own(district: District, catchments: Catchments) -> NDArray[np.bool_]:
    own = np.zeros(len(catchments.zone), dtype=bool)
    for k, members in enumerate(catchments.zones):
        for home in district.schools.block[list(members)]:
            own[home] |= bool(home >= 0 and catchments.zone[home] == k)
    return own


def _locked(district: District, chosen: Round, catchments: Catchments, nearest: NDArray[np.int64]) -> NDArray[np.bool_]:
    locked = np.zeros(len(catchments.zone), dtype=bool)
    blocks, schools = index_of(district.blocks.ids), index_of(district.schools.ids)
    given, near = (*catchments.zones, ()), (*chosen.zones, ())
    for lock in district.options.zoning.locks:
        if lock.stage is catchments.stage and lock.block in blocks and lock.school in schools:
            i, j = blocks[lock.block], schools[lock.school]
            locked[i] |= j in (given[catchments.zone[i]] if lock.must else near[nearest[i]])
    return locked


def _together(district: District) -> NDArray[np.bool_]:
    together = np.zeros(len(district.blocks), dtype=bool)
    blocks = index_of(district.blocks.ids)
    for group in district.options.zoning.keep_together:
        together[[blocks[name] for name in group if name in blocks]] = True
    return together


def _current(district: District, catchments: Catchments) -> NDArray[np.bool_]:
    today = district.today.get(catchments.stage)
    if today is None:
        return np.zeros(len(catchments.zone), dtype=bool)
    number = {tuple(sorted(zone)): k for k, zone in enumerate(catchments.zones)}
    now = np.array([*(number.get(tuple(sorted(zone)), -2) for zone in today.zones), -2])[today.zone]
    return np.asarray(now == catchments.zone)


def _in_round(chosen: Round, catchments: Catchments) -> NDArray[np.int64]:
    """Return the number among the round's zones of each zone of the catchments, −1 at the end."""
    number = {members: k for k, members in enumerate(chosen.zones)}
    return np.array([*(number[members] for members in catchments.zones), -1], dtype=np.int64)


def _nearest_is_full(chosen: Round, catchments: Catchments, nearest: NDArray[np.int64]) -> NDArray[np.bool_]:
    loads = np.zeros(len(chosen.zones) + 1, dtype=np.int64)
    np.add.at(loads, _in_round(chosen, catchments)[:-1], zone_loads(catchments, chosen.pupils))
    planned = np.append(chosen.capacity.planned, 0)
    return np.asarray((nearest >= 0) & (loads[nearest] + chosen.pupils > planned[nearest]))


def _touches(district: District, chosen: Round, catchments: Catchments, nearest: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return the blocks with a neighbour in their nearest zone."""
    zone = _in_round(chosen, catchments)[catchments.zone]
    rows = np.repeat(np.arange(len(zone)), np.diff(district.adjacency.indptr))
    same = (zone[district.adjacency.neighbours] == nearest[rows]) & (nearest[rows] >= 0)
    touches = np.zeros(len(zone), dtype=bool)
    touches[rows[same]] = True
    return touches
