"""A district, a stage and a year as flat arrays: what every part of the zoning solver works on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xuequ.solver.arc_values import Reach
from xuequ.solver.contraction import Units, contract
from xuequ.solver.permission import Conflict, Permission, permitted_arcs
from xuequ.zoning.arrays import frozen
from xuequ.zoning.catchments import Catchments
from xuequ.zoning.rounds import admission_round

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xuequ.zoning.district import District
    from xuequ.zoning.options import GoalSpec, ZoningOptions
    from xuequ.zoning.rolls import Rolls
    from xuequ.zoning.rounds import Round
    from xuequ.zoning.seating import SeatPlan
    from xuequ.zoning.stage import Stage

__all__ = ["ARC_GOALS", "CUT", "DISTANCE", "FAR", "LARGE", "MEASURES", "MOVED", "OVER", "SUPER", "Problem", "build_problem"]

SUPER, LARGE, OVER, FAR, DISTANCE, MOVED, CUT = range(7)
"""Columns of the vector of measures that the kernel keeps."""

MEASURES = ("super_large", "large", "over_standard", "too_far", "distance", "moved", "compactness")
"""Goals by column of that vector."""

ARC_GOALS = (FAR, DISTANCE, MOVED)
"""Measures that are sums over arcs, in the order of the columns of `Problem.arc_value`."""


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """
    Capacitated contiguous assignment, frozen (model.md §1).

    A *unit* is a block, or a set of blocks that are kept together.

    Parameters
    ----------
    round
        What is zoned: pupils of blocks, zones, the three capacities.
    goals
        In order of rank.
    hard
        Whether load above planned is forbidden.
    moved_cap
        Most pupils that may change school; infinite for no cap.
    unit
        Unit of each block, shape ``(blocks,)``.
    pupils
        Of each unit, shape ``(units,)``.
    indptr, neighbours, border_m
        The graph of units in compressed rows.
    arc_indptr, arc_zone, arc_value
        Zones that a unit may be given to, ascending, and what an arc adds to `ARC_GOALS`, shape ``(arcs, 3)``.
    root
        Unit that each zone stands in, shape ``(zones,)``; −1 where its schools stand outside all blocks.
    island
        Units in a component of the graph without any root: exempt from contiguity.
    caps
        Planned, working and absolute seats, shape ``(zones, 3)``.
    today
        Zone of each unit today, −1 where it has none or the zone is no more.
    conflicts
        What makes the problem impossible before any search.
    """

    round: Round
    goals: tuple[GoalSpec, ...]
    hard: bool
    moved_cap: float
    unit: NDArray[np.int32]
    pupils: NDArray[np.int64]
    indptr: NDArray[np.int64]
    neighbours: NDArray[np.int32]
    border_m: NDArray[np.float64]
    arc_indptr: NDArray[np.int64]
    arc_zone: NDArray[np.int32]
    arc_value: NDArray[np.float64]
    root: NDArray[np.int32]
    island: NDArray[np.bool_]
    caps: NDArray[np.int64]
    today: NDArray[np.int32]
    conflicts: tuple[Conflict, ...] = ()

    @property
    def units(self) -> int:
        """Number of units."""
        return len(self.pupils)

    @property
    def zones(self) -> int:
        """Number of zones."""
        return len(self.root)

    def arc_rows(self) -> NDArray[np.int64]:
        """Return the unit of each arc."""
        return np.repeat(np.arange(self.units), np.diff(self.arc_indptr))

    def arcs_of(self, zone: NDArray[np.int32]) -> NDArray[np.int64]:
        """Return the arc of each unit for its zone, −1 where there is none."""
        keys = self.arc_rows() * (self.zones + 1) + self.arc_zone
        wanted = np.arange(self.units) * (self.zones + 1) + zone
        at = np.minimum(np.searchsorted(keys, wanted), max(len(keys) - 1, 0))
        found = (keys[at] == wanted) & (zone >= 0)
        return np.where(found, at, -1)

    def loads(self, zone: NDArray[np.int32]) -> NDArray[np.int64]:
        """Return the pupils of each zone."""
        return np.bincount(zone, weights=self.pupils, minlength=self.zones).astype(np.int64)

    def measure(self, zone: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return the measures of an assignment of units, shape ``(7,)``."""
        result = np.zeros(len(MEASURES))
        over = np.maximum(self.loads(zone)[:, None] - self.caps, 0).sum(axis=0)
        result[OVER], result[LARGE], result[SUPER] = over
        result[list(ARC_GOALS)] = self.arc_value[self.arcs_of(zone)].sum(axis=0)
        rows = np.repeat(np.arange(self.units), np.diff(self.indptr))
        result[CUT] = self.border_m[zone[rows] != zone[self.neighbours]].sum() / 2
        return result

    def catchments(self, zone: NDArray[np.int32]) -> Catchments:
        """Return an assignment of units as catchments of blocks."""
        return Catchments(self.round.stage, self.round.year, self.round.zones, zone[self.unit])

    def units_of(self, catchments: Catchments) -> NDArray[np.int32]:
        """Return the zone that most pupils of each unit have in other catchments; −1 where it is not among the zones."""
        return _translated(catchments, self.round, Units(self.unit, self.units))


def build_problem(
    district: District,
    stage: Stage,
    year: int,
    options: ZoningOptions,
    *,
    seats: SeatPlan | None = None,
    previous: Rolls | None = None,
) -> Problem:
    """
    Freeze what is to be zoned as arrays.

    Parameters
    ----------
    district, stage, year, options
        What is zoned, and how.
    seats
        Rooms that open.
    previous
        Rolls of the year before, in regime ``phase_in``.

    Raises
    ------
    KeyError
        If there is no demand for the year or scenario.
    ValueError
        If it is not known who is enrolled where, in regime ``phase_in``.

    Notes
    -----
    model.md §1. Schools of a stage in one block are one zone; a school outside all blocks takes the nearest free block as its
    own.
    """
    chosen = admission_round(
        district, stage, year, regime=options.regime, scenario=options.scenario, seats=seats, previous=previous
    )
    roots = _root_blocks(district, chosen.zones)
    units = contract(district, options.keep_together)
    root = np.where(roots >= 0, units.of[roots], -1).astype(np.int32)
    reach = Reach.of(district, chosen, units)
    permission = permitted_arcs(district, chosen, units, reach.whole(), root, options.locks)
    return _assembled(district, options, chosen, reach, root, permission)


def _assembled(
    district: District, options: ZoningOptions, chosen: Round, reach: Reach, root: NDArray[np.int32], permission: Permission
) -> Problem:
    """Return the problem of a round as frozen arrays."""
    units = reach.units
    arc_unit, arc_zone = np.nonzero(permission.allowed)
    indptr, neighbours, border_m = units.graph(district.adjacency)
    today = district.today.get(chosen.stage)
    current = np.full(units.count, -1, dtype=np.int32) if today is None else _translated(today, chosen, units)
    capacity = chosen.capacity
    return Problem(
        round=chosen,
        goals=options.goals,
        hard=options.seats == "hard",
        moved_cap=_moved_cap(options, chosen, known=today is not None),
        unit=frozen(units.of, np.int32),
        pupils=frozen(units.sum(chosen.pupils), np.int64),
        indptr=frozen(indptr, np.int64),
        neighbours=frozen(neighbours, np.int32),
        border_m=frozen(border_m, np.float64),
        arc_indptr=frozen(np.concatenate([[0], np.cumsum(permission.allowed.sum(axis=1))]), np.int64),
        arc_zone=frozen(arc_zone, np.int32),
        arc_value=frozen(reach.values(arc_unit, arc_zone), np.float64),
        root=frozen(root, np.int32),
        island=frozen(permission.island, np.bool_),
        caps=frozen(np.column_stack([capacity.planned, capacity.working, capacity.absolute]), np.int64),
        today=frozen(current, np.int32),
        conflicts=permission.conflicts,
    )


def _moved_cap(options: ZoningOptions, chosen: Round, *, known: bool) -> float:
    """Return the most pupils that may change school; infinite where nothing caps them, or today is not known."""
    if options.moved_max is None or not known:
        return float("inf")
    if options.moved_max < 1:
        return float(np.floor(options.moved_max * int(chosen.pupils.sum())))
    return float(options.moved_max)


def _root_blocks(district: District, zones: tuple[tuple[int, ...], ...]) -> NDArray[np.int64]:
    """Return the block that each zone stands in, or the nearest that is no other zone's (−1 where none is left)."""
    roots = np.array([district.schools.block[members[0]] for members in zones], dtype=np.int64)
    taken = set(roots[roots >= 0].tolist())
    for j in np.flatnonzero(roots < 0):
        offset = district.blocks.points - district.schools.points[zones[j][0]]
        order = np.argsort(np.hypot(offset[:, 0], offset[:, 1]), kind="stable")
        free = next((int(i) for i in order if int(i) not in taken), -1)
        roots[j] = free
        taken.add(free)
    return roots


def _translated(catchments: Catchments, chosen: Round, units: Units) -> NDArray[np.int32]:
    zone_of_school = {j: k for k, members in enumerate(chosen.zones) for j in members}
    number = np.array([*(next((zone_of_school[j] for j in each if j in zone_of_school), -1) for each in catchments.zones), -1])
    return units.majority(number[catchments.zone], chosen.pupils, len(chosen.zones))
