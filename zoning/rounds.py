"""What a round of zoning starts from: the pupils to be given a school, the zones that may take them, and what these hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xuequ.zoning.arrays import frozen
from xuequ.zoning.catchments import pooled_zones
from xuequ.zoning.rolls import Rolls, entry_capacity, next_rolls, start_rolls
from xuequ.zoning.seating import STAGES, Capacity, room_capacity, rooms_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from xuequ.zoning.catchments import Catchments
    from xuequ.zoning.district import District
    from xuequ.zoning.options import Regime
    from xuequ.zoning.rules import Rules
    from xuequ.zoning.seating import SeatPlan
    from xuequ.zoning.stage import Stage

__all__ = [
    "Round",
    "admission_round",
    "by_entry_year",
    "pupils_placed",
    "rolls_by_year",
    "seat_capacity",
    "stage_capacity",
    "zoned_schools",
]


@dataclass(frozen=True, slots=True, eq=False)
class Round:
    """
    One stage and school year for which blocks are given to zones.

    Parameters
    ----------
    stage, year, regime, scenario
        What it is about; the regime is ``full`` wherever the demand is not known by grade.
    pupils
        Pupils of each block who are given a school, shape ``(blocks,)``: all grades in regime ``full``, the entry grade in
        ``phase_in``.
    zones
        Every zone that blocks may be given to: the schools (indices) of each, sorted.
    capacity
        Planned, working and absolute seats of each zone for these pupils.
    limit_m
        The longest way walked of each block before its pupils count as too far, shape ``(blocks,)``.
    """

    stage: Stage
    year: int
    regime: Regime
    scenario: str
    pupils: NDArray[np.int64]
    zones: tuple[tuple[int, ...], ...]
    capacity: Capacity
    limit_m: NDArray[np.float64]

    def __post_init__(self) -> None:
        object.__setattr__(self, "pupils", frozen(self.pupils, np.int64))
        object.__setattr__(self, "limit_m", frozen(self.limit_m, np.float64))


def zoned_schools(district: District, stage: Stage, year: int, seats: SeatPlan | None = None) -> NDArray[np.int64]:
    """
    Return the schools (indices, ascending) that have a catchment for a stage in a school year.

    Notes
    -----
    They run in that year with rooms for the stage, and `Schools.may_have_catchment`.
    """
    rooms = rooms_in(district, year, seats)[:, STAGES.index(stage)]
    return np.flatnonzero((rooms != 0) & district.schools.may_have_catchment(stage))


def seat_capacity(rules: Rules, stage: Stage, seats: int) -> tuple[int, int, int]:
    """Return planned, working and absolute capacity where only seats are known: standard classes of them, filled up."""
    grade = stage.entry_grade
    standard = rules.standard(grade)
    return seats, seats * rules.working(grade) // standard, seats * rules.absolute(grade) // standard


def stage_capacity(district: District, stage: Stage, year: int, seats: SeatPlan | None = None) -> Capacity:
    """Return the three capacities of each school for all grades of a stage (model.md §0)."""
    column, schools = STAGES.index(stage), district.schools
    rooms = rooms_in(district, year, seats)[:, column]
    assert schools.seats is not None
    sizes = np.array([
        room_capacity(district.rules, stage, schools.kinds[j], int(rooms[j]))
        if rooms[j] >= 0
        else seat_capacity(district.rules, stage, int(schools.seats[j, column]))
        for j in range(len(rooms))
    ]).reshape(-1, 3)  # fmt: skip
    return Capacity(sizes[:, 0], sizes[:, 1], sizes[:, 2])


def pupils_placed(district: District, stage: Stage, year: int, *, regime: Regime, scenario: str = "middle") -> NDArray[np.int64]:
    """Return the pupils of each block that a round gives a school, shape ``(blocks,)``."""
    if regime == "full" or not district.demand.graded:
        return district.demand.of_stage(stage, year, scenario)
    return district.demand.of_grade(stage.entry_grade, year, scenario)


def admission_round(
    district: District,
    stage: Stage,
    year: int,
    *,
    regime: Regime,
    scenario: str = "middle",
    seats: SeatPlan | None = None,
    previous: Rolls | None = None,
    zones: tuple[tuple[int, ...], ...] | None = None,
) -> Round:
    """
    Return what a round starts from.

    Parameters
    ----------
    previous
        Rolls of the year before, in regime ``phase_in``; today's moved on with today's catchments if not given.
    zones
        Zones to be used; schools in one block pooled if not given.

    Raises
    ------
    KeyError
        If there is no demand for the year or the scenario.
    ValueError
        If it is not known who is enrolled where, in regime ``phase_in``.
    """
    regime = regime if district.demand.graded else "full"
    if zones is None:
        zones = pooled_zones(zoned_schools(district, stage, year, seats), district.schools.block)
    if regime == "full":
        each = stage_capacity(district, stage, year, seats)
    else:
        if previous is None:
            previous = rolls_by_year(district, {}, year - 1, seats, scenario)[year - 1]
        each = _with_seats_only(district, stage, entry_capacity(district, stage, previous, seats))
    limits = [district.rules.walk_limit_m(stage, setting) for setting in district.blocks.settings]
    pupils = pupils_placed(district, stage, year, regime=regime, scenario=scenario)
    return Round(stage, year, regime, scenario, pupils, zones, each.pooled(zones), np.array(limits, dtype=float))


def by_entry_year(catchments: Iterable[Catchments]) -> dict[Stage, dict[int, Catchments]]:
    """Return catchments by stage and year, as `next_rolls` reads them."""
    result: dict[Stage, dict[int, Catchments]] = {}
    for item in catchments:
        result.setdefault(item.stage, {})[item.year] = item
    return result


def rolls_by_year(
    district: District,
    entry: Mapping[Stage, Mapping[int, Catchments]],
    last: int,
    seats: SeatPlan | None = None,
    scenario: str = "middle",
) -> dict[int, Rolls]:
    """
    Return the rolls of each school year from today to ``last`` in regime ``phase_in``.

    Parameters
    ----------
    entry
        By stage and entry year, the catchments planned; an entry year without any follows today's.
    """
    rolls = start_rolls(district)
    result = {rolls.year: rolls}
    for year in range(district.school_year + 1, last + 1):
        known = {stage: {y: item for y, item in years.items() if y <= year} for stage, years in entry.items()}
        rolls = next_rolls(district, rolls, known, seats, scenario)
        result[year] = rolls
    return result


def _with_seats_only(district: District, stage: Stage, capacity: Capacity) -> Capacity:
    """Fill in an equal part of the seats for the entry grade where classrooms are not known."""
    column, schools = STAGES.index(stage), district.schools
    assert schools.seats is not None
    sizes = np.column_stack([capacity.planned, capacity.working, capacity.absolute])
    for j in np.flatnonzero(schools.rooms[:, column] < 0):
        sizes[j] = seat_capacity(district.rules, stage, int(schools.seats[j, column]) // len(stage.grades))
    return Capacity(sizes[:, 0], sizes[:, 1], sizes[:, 2])
