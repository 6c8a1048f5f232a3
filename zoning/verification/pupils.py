"""Who sits where, counted again child by cohort: the rolls of a plan in both regimes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from xuequ.zoning.arrays import largest_remainder
from xuequ.zoning.classes import classes_phase_in, rooms_by_grade
from xuequ.zoning.stage import GRADES, Grade, Stage
from xuequ.zoning.verification.ground import STAGES, Area

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from xuequ.zoning.verification.ground import Ground, Sized

__all__ = ["Counted", "count_full", "count_today", "count_years", "entry_size", "room_sizes"]


@dataclass(slots=True)
class Counted:
    """
    Pupils and classes of each school and grade in one school year.

    Parameters
    ----------
    year
        School year.
    pupils, classes
        By school (index) and grade (position among `GRADES`).
    """

    year: int
    pupils: list[list[int]] = field(default_factory=list)
    classes: list[list[int]] = field(default_factory=list)

    @classmethod
    def empty(cls, year: int, schools: int) -> Counted:
        """Return the rolls of nobody."""
        return cls(year, [[0] * len(GRADES) for _ in range(schools)], [[0] * len(GRADES) for _ in range(schools)])

    def of_stage(self, school: int, stage: Stage) -> list[int]:
        """Return the pupils of a school by grade of a stage."""
        return self.pupils[school][stage.grade_slice]


def room_sizes(ground: Ground, stage: Stage) -> tuple[int, int]:
    """Return from which size a class counts as large and super-large; a kindergarten's are those of its middle year."""
    rules = ground.district.rules
    if stage is Stage.KINDERGARTEN:
        return rules.standard(Grade.K2) + 1, rules.absolute(Grade.K2) + 1
    return rules.large_class, rules.super_large_class


def count_full(ground: Ground, areas: Iterable[Area], year: int, scenario: str) -> Counted:
    """Count where every grade follows the catchments of the year."""
    result = Counted.empty(year, len(ground.school_of))
    demand = ground.district.demand.by_grade(year, scenario).tolist()
    for area in areas:
        stage = area.stage
        for g in range(stage.grade_slice.start, stage.grade_slice.stop):
            for j, count in enumerate(_by_school(ground, area.schools, demand[g], stage, year)):
                result.pupils[j][g] = count
        _form_classes(ground, result, stage, None)
    return result


def count_years(ground: Ground, areas: Iterable[Area], last: int, scenario: str) -> dict[int, Counted]:
    """
    Count where enrolled pupils stay and only entry grades follow the catchments of their year, from today on.

    Parameters
    ----------
    areas
        The catchments of each stage and year.
    last
        The last school year to be counted. After the planned years the last catchments of each stage go on.
    """
    district = ground.district
    planned: dict[Stage, dict[int, Area]] = {stage: {} for stage in Stage}
    for area in areas:
        planned[area.stage][area.year] = area
    final = max([district.years[-1], *(year for own in planned.values() for year in own)])
    for own in planned.values():
        if own:
            going_on = own[max(own)]
            for year in range(final + 1, last + 1):
                own[year] = going_on
    now = count_today(ground)
    result = {now.year: now}
    for year in range(district.school_year + 1, last + 1):
        before = result[year - 1]
        counted = Counted.empty(year, len(ground.school_of))
        for stage in Stage:
            known = {y: area for y, area in planned[stage].items() if y <= year}
            if known or stage in district.today:
                for position in range(len(stage.grades)):
                    g = stage.grade_slice.start + position
                    for j, count in enumerate(_cohort(ground, stage, position, year, known, scenario)):
                        counted.pupils[j][g] = count
                _form_classes(ground, counted, stage, _kept(ground, before, year))
        result[year] = counted
    return result


def entry_size(ground: Ground, school: int, stage: Stage, year: int, before: Counted) -> Sized:
    """
    Return the three capacities of the entry grade of a school.

    Notes
    -----
    docs/decisions/0006: of the rooms that are free now and become free, the most that every coming entry grade can have alike.
    """
    rooms = ground.rooms(school, stage, year)
    if rooms < 0 or int(ground.district.schools.rooms[school, STAGES.index(stage)]) < 0:
        return ground.size_of_seats(stage, ground.seats(school, stage) // len(stage.grades))
    kept = _kept(ground, before, year)[school][stage.grade_slice][:-1]
    free = rooms - sum(kept)
    entry = 0
    if free > 0:
        entry = free
        for h in range(1, len(kept) + 1):
            free += kept[-h]
            entry = min(entry, -(-free // (h + 1)))
    return ground.size_of(school, stage.grades[:1], entry)


def count_today(ground: Ground) -> Counted:
    """Return today's rolls: the enrolment, or where it is not known today's catchments with their children."""
    district = ground.district
    if district.enrolment is not None:
        enrolled = district.enrolment
        return Counted(district.school_year, enrolled.pupils.tolist(), enrolled.classes.tolist())
    areas = [Area(stage, district.school_year, tuple(ground.today(stage))) for stage in Stage if stage in district.today]
    return count_full(ground, areas, district.school_year, "middle")


def _weight(ground: Ground, school: int, stage: Stage, year: int) -> int:
    rooms = ground.rooms(school, stage, year)
    return rooms if rooms >= 0 else ground.seats(school, stage)


def _by_school(ground: Ground, schools: Sequence[tuple[int, ...]], pupils: Sequence[int], stage: Stage, year: int) -> list[int]:
    """Add up pupils by school; a multi-school zone shares them by rooms (or seats) to whole pupils."""
    loads: dict[tuple[int, ...], int] = {}
    for zone, count in zip(schools, pupils, strict=True):
        loads[zone] = loads.get(zone, 0) + count
    result = [0] * len(ground.school_of)
    for zone, total in loads.items():
        if len(zone) == 1:
            result[zone[0]] += total
        elif zone:
            weights = np.array([_weight(ground, j, stage, year) for j in zone], dtype=float)
            for j, part in zip(zone, largest_remainder(weights, total).tolist(), strict=True):
                result[j] += part
    return result


def _cohort(ground: Ground, stage: Stage, position: int, year: int, planned: Mapping[int, Area], scenario: str) -> list[int]:
    """Count one grade of a stage: the cohort that entered ``position`` years before."""
    district = ground.district
    today = tuple(ground.today(stage)) if stage in district.today else None
    of_year = planned[year].schools if year in planned else today
    entered = year - position
    chosen = planned[entered].schools if entered in planned else today or of_year
    assert chosen is not None
    g = stage.grade_slice.start + position
    pupils = district.demand.by_grade(year, scenario)[g].tolist()
    counts = _by_school(ground, chosen, pupils, stage, year)
    if entered <= district.school_year:
        for j, extra in enumerate(_enrolled_elsewhere(ground, stage, g - (year - district.school_year), year)):
            counts[j] = max(counts[j] + extra, 0)
    for j in range(len(counts)):
        new = ground.successor(j, year)
        if new is not None and ground.rooms(new, stage, year) != 0:
            counts[new] += counts[j]
            counts[j] = 0
    gone = {j for j, count in enumerate(counts) if count > 0 and ground.rooms(j, stage, year) == 0}
    if gone and of_year is not None:
        homeless = [
            count if zone and gone.intersection(zone) and all(ground.rooms(j, stage, year) == 0 for j in zone) else 0
            for zone, count in zip(chosen, pupils, strict=True)
        ]
        for j in gone:
            counts[j] = 0
        for j, count in enumerate(_by_school(ground, _running(ground, of_year, stage, year), homeless, stage, year)):
            counts[j] += count
    return counts


def _running(ground: Ground, schools: Sequence[tuple[int, ...]], stage: Stage, year: int) -> list[tuple[int, ...]]:
    """Return the schools of each block, where they have all closed the nearest that runs (none where none is in reach)."""
    zoned = ground.zoned(stage, year)
    result: list[tuple[int, ...]] = []
    for i, zone in enumerate(schools):
        if zone and all(ground.rooms(j, stage, year) == 0 for j in zone):
            near = [(ground.metres[i][j], j) for j in zoned if j in ground.metres[i]]
            result.append((min(near)[1],) if near else ())
        else:
            result.append(zone)
    return result


def _enrolled_elsewhere(ground: Ground, stage: Stage, grade: int, year: int) -> list[int]:
    """Return, for the grade that a cohort is in today, those enrolled at each school less those who live in its catchment."""
    district = ground.district
    if district.enrolment is None or stage not in district.today or grade < stage.grade_slice.start:
        return [0] * len(ground.school_of)
    pupils = district.demand.by_grade(district.school_year)[grade].tolist()
    living = _by_school(ground, ground.today(stage), pupils, stage, year)
    return [int(district.enrolment.pupils[j, grade]) - count for j, count in enumerate(living)]


def _kept(ground: Ground, before: Counted, year: int) -> list[list[int]]:
    """Return the classes of the year before; those of a school that was replaced count for the new one."""
    kept = [list(row) for row in before.classes]
    for j in range(len(kept)):
        new = ground.successor(j, year)
        if new is not None:
            kept[new] = [a + b for a, b in zip(kept[new], kept[j], strict=True)]
            kept[j] = [0] * len(GRADES)
    return kept


def _form_classes(ground: Ground, counted: Counted, stage: Stage, kept: list[list[int]] | None) -> None:
    """Fill in the classes of a stage: anew, or where ``kept`` is given continuing grades keep theirs."""
    span, rules = stage.grade_slice, ground.district.rules
    large, super_large = room_sizes(ground, stage)
    for j, row in enumerate(counted.pupils):
        pupils, rooms = row[span], ground.rooms(j, stage, counted.year)
        if not any(pupils) or rooms <= 0:
            continue
        formed = None
        if kept is not None:
            full = str(ground.district.schools.kinds[j]) == "full"
            standard, working = rules.standard(stage.entry_grade, full=full), rules.working(stage.entry_grade, full=full)
            formed = classes_phase_in(pupils, rooms, [0, *kept[j][span][:-1]], standard, working)
        counted.classes[j][span] = formed or rooms_by_grade(pupils, rooms, large=large, super_large=super_large)
