"""Who sits where: pupils and classes of each school by grade, in the two regimes (model.md §1)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from xuequ.zoning.arrays import frozen, largest_remainder
from xuequ.zoning.classes import classes_phase_in, entry_rooms, rooms_by_grade
from xuequ.zoning.errors import TodayUnknown
from xuequ.zoning.places import SchoolKind
from xuequ.zoning.seating import Capacity, room_capacity, rooms_in, successors
from xuequ.zoning.stage import GRADES, Grade, Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from xuequ.zoning.catchments import Catchments
    from xuequ.zoning.district import District
    from xuequ.zoning.seating import SeatPlan

__all__ = ["Rolls", "entry_capacity", "full_rolls", "next_rolls", "school_classes", "start_rolls"]


@dataclass(frozen=True, slots=True, eq=False)
class Rolls:
    """
    Pupils and classes of every school in one school year.

    Parameters
    ----------
    year
        School year.
    pupils, classes
        Shape ``(schools, grades)``; grades as in `GRADES`.
    """

    year: int
    pupils: NDArray[np.int64]
    classes: NDArray[np.int64]

    def __post_init__(self) -> None:
        object.__setattr__(self, "pupils", frozen(self.pupils, np.int64))
        object.__setattr__(self, "classes", frozen(self.classes, np.int64))


def school_classes(district: District, stage: Stage, pupils: NDArray[np.int64], rooms: int) -> tuple[int, ...]:
    """Return the classes of each grade of one school where all rooms are given out anew (policy §3, convention 6)."""
    rules = district.rules
    if stage is Stage.KINDERGARTEN:
        # A kindergarten has no large class in law; the sizes above which a class counts are those of its middle year.
        large, super_large = rules.standard(Grade.K2) + 1, rules.absolute(Grade.K2) + 1
    else:
        large, super_large = rules.large_class, rules.super_large_class
    return rooms_by_grade(pupils.tolist(), rooms, large=large, super_large=super_large)


def start_rolls(district: District) -> Rolls:
    """
    Return today's rolls: the enrolment, or where it is not known today's catchments with their children.

    Raises
    ------
    TodayUnknown
        If neither is known.
    """
    if district.enrolment is not None:
        return Rolls(district.school_year, district.enrolment.pupils, district.enrolment.classes)
    if not district.today:
        raise TodayUnknown
    return full_rolls(district, district.today, district.school_year)


def full_rolls(
    district: District,
    catchments: Mapping[Stage, Catchments],
    year: int,
    seats: SeatPlan | None = None,
    scenario: str = "middle",
) -> Rolls:
    """Return the rolls where every grade follows the catchments (regime ``full``)."""
    rooms = rooms_in(district, year, seats)
    shape = (len(district.schools), len(GRADES))
    pupils, classes = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    demand = district.demand.by_grade(year, scenario)
    for stage, chosen in catchments.items():
        span = stage.grade_slice
        weights = _weights(district, stage, rooms)
        for g in range(span.start, span.stop):
            pupils[:, g] = _by_school(chosen, demand[g], weights)
        for j in np.flatnonzero(pupils[:, span].any(axis=1)):
            column = rooms[j, list(Stage).index(stage)]
            if column > 0:
                classes[j, span] = school_classes(district, stage, pupils[j, span], int(column))
    return Rolls(year, pupils, classes)


def next_rolls(
    district: District,
    previous: Rolls,
    entry: Mapping[Stage, Mapping[int, Catchments]],
    seats: SeatPlan | None = None,
    scenario: str = "middle",
) -> Rolls:
    """
    Return the rolls one year on (regime ``phase_in``).

    A cohort of a block goes to the school whose catchment the block was in when the cohort entered, and stays. Cohorts that
    entered before the first catchments of ``entry`` follow today's, plus or minus those who are enrolled outside their catchment
    today. Where the cohort's school has closed its pupils go to the school that replaces it, else to the catchment of the year,
    and where that has closed too to the nearest school that runs.

    Parameters
    ----------
    district
        The district.
    previous
        The year before.
    entry
        By stage, the catchments of each entry year planned so far, this year's among them.
    seats
        Rooms that open.
    scenario
        Of the demand.

    Notes
    -----
    policy.md §5 (grandfathering); model.md §0 (rooms) and §1 (regimes).
    """
    year = previous.year + 1
    rooms = rooms_in(district, year, seats)
    moved = successors(district, seats, year)
    shape = previous.pupils.shape
    pupils, classes = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    kept = _handed_over(previous.classes, moved)
    for stage in Stage:
        planned = entry.get(stage, {})
        if not planned and stage not in district.today:
            continue
        pupils[:, stage.grade_slice] = _cohorts(district, stage, year, planned, rooms, moved, scenario)
        _open_classes(district, stage, pupils, classes, kept, rooms)
    return Rolls(year, pupils, classes)


def entry_capacity(district: District, stage: Stage, previous: Rolls, seats: SeatPlan | None = None) -> Capacity:
    """Return planned, working and absolute capacity of the entry grade of each school in the year after ``previous``."""
    year = previous.year + 1
    rooms = rooms_in(district, year, seats)[:, list(Stage).index(stage)]
    kept = _handed_over(previous.classes, successors(district, seats, year))[:, stage.grade_slice][:, :-1]
    sizes = np.array([
        room_capacity(district.rules, stage, district.schools.kinds[j], entry_rooms(int(rooms[j]), kept[j].tolist()), entry=True)
        for j in range(len(rooms))
    ]).reshape(-1, 3)  # fmt: skip
    return Capacity(sizes[:, 0], sizes[:, 1], sizes[:, 2])


def _handed_over(classes: NDArray[np.int64], moved: Mapping[int, int]) -> NDArray[np.int64]:
    """Return classes, shape ``(schools, grades)``, in which those of a relocated school are its successor's."""
    kept = classes.copy()
    for old, new in moved.items():
        kept[new] += kept[old]
        kept[old] = 0
    return kept


def _weights(district: District, stage: Stage, rooms: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return what a multi-school zone's pupils are divided by: rooms, or seats where rooms are not known."""
    column = list(Stage).index(stage)
    assert district.schools.seats is not None
    return np.where(rooms[:, column] >= 0, rooms[:, column], district.schools.seats[:, column]).astype(float)


def _by_school(catchments: Catchments, pupils: NDArray[np.int32], weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """Add up pupils by school; a multi-school zone divides by ``weights`` to whole pupils."""
    result = np.zeros(len(weights), dtype=np.int64)
    given = catchments.zone >= 0
    totals = np.bincount(catchments.zone[given], weights=pupils[given], minlength=len(catchments.zones)).astype(np.int64)
    for members, total in zip(catchments.zones, totals, strict=True):
        if len(members) == 1:
            result[members[0]] += total
        else:
            result[list(members)] += largest_remainder(weights[list(members)], int(total))
    return result


def _cohorts(
    district: District,
    stage: Stage,
    year: int,
    planned: Mapping[int, Catchments],
    rooms: NDArray[np.int64],
    moved: Mapping[int, int],
    scenario: str,
) -> NDArray[np.int64]:
    """Return pupils of each grade of a stage by school, shape ``(schools, grades of the stage)``."""
    column = list(Stage).index(stage)
    demand = district.demand.by_grade(year, scenario)
    weights = _weights(district, stage, rooms)
    now = planned.get(year) or district.today.get(stage)
    result = np.zeros((len(rooms), len(stage.grades)), dtype=np.int64)
    for position, grade in enumerate(stage.grades):
        entered = year - position
        chosen = planned.get(entered) or district.today.get(stage) or now
        assert chosen is not None
        counts = _by_school(chosen, demand[GRADES.index(grade)], weights)
        if entered <= district.school_year:
            counts = np.maximum(counts + _outside(district, stage, grade, year, weights), 0)
        for old, new in moved.items():
            if rooms[new, column] != 0:
                counts[new] += counts[old]
                counts[old] = 0
        lost = (counts > 0) & (rooms[:, column] == 0)
        if lost.any() and now is not None:
            # The schools of these cohorts run no more and nothing replaces them: they follow the catchments of the year.
            shut = rooms[:, column] == 0
            ended = [any(lost[list(zone)]) and all(shut[list(zone)]) for zone in chosen.zones]
            homes = np.array([*ended, False])[chosen.zone]
            running = _running(district, now, rooms[:, column])
            counts[lost] = 0
            counts += _by_school(running, np.where(homes, demand[GRADES.index(grade)], 0), weights)
        result[:, position] = counts
    return result


def _running(district: District, catchments: Catchments, rooms: NDArray[np.int64]) -> Catchments:
    """Return catchments in which blocks whose schools have all closed go to the nearest that runs; −1 where none is in reach."""
    shut = [all(rooms[j] == 0 for j in zone) for zone in catchments.zones]
    if not any(shut):
        return catchments
    open_to = np.flatnonzero((rooms != 0) & district.schools.may_have_catchment(catchments.stage))
    homeless = np.flatnonzero(np.array([*shut, False])[catchments.zone])
    ways = np.array([district.distances.lookup(homeless, np.full(len(homeless), j)) for j in open_to])
    nearest = np.full(len(homeless), -1)
    if len(open_to):
        nearest = np.where(np.isfinite(ways.min(axis=0)), len(shut) + ways.argmin(axis=0), -1)
    zone = catchments.zone.copy()
    zone[homeless] = nearest
    return replace(catchments, zones=(*catchments.zones, *((int(j),) for j in open_to)), zone=zone)


def _outside(district: District, stage: Stage, grade: Grade, year: int, weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return, for a cohort that is enrolled today, those enrolled at each school less those who live in its catchment."""
    base = GRADES.index(grade) - (year - district.school_year)
    if district.enrolment is None or stage not in district.today or base < stage.grade_slice.start:
        return np.zeros(len(weights), dtype=np.int64)
    living = _by_school(district.today[stage], district.demand.by_grade(district.school_year)[base], weights)
    return district.enrolment.pupils[:, base] - living


def _open_classes(
    district: District,
    stage: Stage,
    pupils: NDArray[np.int64],
    classes: NDArray[np.int64],
    kept: NDArray[np.int64],
    rooms: NDArray[np.int64],
) -> None:
    """Fill in the classes of a stage for every school that has pupils."""
    span = stage.grade_slice
    column = list(Stage).index(stage)
    for j in np.flatnonzero(pupils[:, span].any(axis=1)):
        available = int(rooms[j, column])
        if available <= 0:
            continue
        before = [0, *kept[j, span][:-1].tolist()]
        full = district.schools.kinds[j] is SchoolKind.FULL
        standard, working = (size(stage.entry_grade, full=full) for size in (district.rules.standard, district.rules.working))
        formed = classes_phase_in(pupils[j, span].tolist(), available, before, standard, working)
        classes[j, span] = formed or school_classes(district, stage, pupils[j, span], available)
