"""What the seat model of one building programme is made of: years, sites, groups, arcs, rooms, class sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xuequ.zoning.accounts import closed_seats, programme_target
from xuequ.zoning.block_groups import NEAREST_SCHOOLS, GroupArcs, group_arcs, group_blocks
from xuequ.zoning.places import Action, SchoolKind
from xuequ.zoning.rounds import pupils_placed
from xuequ.zoning.seating import STAGES, room_capacity, rooms_in
from xuequ.zoning.stage import Programme, Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from xuequ.zoning.district import District
    from xuequ.zoning.options import ProgrammeTarget, SeatOptions
    from xuequ.zoning.places import Site

__all__ = ["ClassSizes", "SeatProblem", "SiteSizes", "building_years", "horizon_years", "seat_problem", "targets"]


@dataclass(frozen=True, slots=True)
class SiteSizes:
    """
    The sizes that a site may have.

    Parameters
    ----------
    site
        The site.
    first_year
        First school year in which it may open.
    smallest, step, steps_max
        Rooms at least, step between sizes, and steps above the smallest at most.
    closes
        Planned seats that close when it opens (relocation), by stage.
    why_not
        Why it cannot be chosen at all; empty where it can.
    """

    site: Site
    first_year: int
    smallest: int
    step: int
    steps_max: int
    closes: int = 0
    why_not: str = ""

    @property
    def largest(self) -> int:
        """Rooms at most."""
        return self.smallest + self.step * self.steps_max


@dataclass(frozen=True, slots=True, eq=False)
class ClassSizes:
    """
    Pupils that a room at each school stands for, of those who are given a school: a class, or in ``phase_in`` its part of one.

    Parameters
    ----------
    standard, working, absolute
        Shape ``(schools,)`` each.
    """

    standard: NDArray[np.float64]
    working: NDArray[np.float64]
    absolute: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class SeatProblem:
    """
    The seat model of one programme, as data.

    Parameters
    ----------
    district, programme, options, target
        What it is about.
    years, horizon
        School years in which rooms may open, and later ones in which they are still used.
    scenarios
        Demand scenarios planned for.
    sites
        Every site of the programme, in the order of the case.
    group
        Group of each block, shape ``(blocks,)``.
    arcs, sizes
        By stage; a stage that no school teaches and no site builds for has no arcs and is not planned.
    rooms
        Rooms without the plan by year, shape ``(schools, 3)``, as in `seating.rooms_in`; schools of which only seats are known
        have the rooms that these would fill (a fraction).
    """

    district: District
    programme: Programme
    options: SeatOptions
    target: ProgrammeTarget
    years: tuple[int, ...]
    horizon: tuple[int, ...]
    scenarios: tuple[str, ...]
    sites: tuple[SiteSizes, ...]
    group: NDArray[np.int64]
    arcs: Mapping[Stage, GroupArcs]
    sizes: Mapping[Stage, ClassSizes]
    rooms: Mapping[int, NDArray[np.float64]]

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Stages that are planned."""
        return tuple(self.arcs)

    @property
    def all_years(self) -> tuple[int, ...]:
        """Years of the plan, then of the horizon."""
        return self.years + self.horizon

    def pupils(self, scenario: str, stage: Stage, year: int) -> NDArray[np.int64]:
        """Return the pupils of a stage who are given a school, by group, shape ``(groups,)``."""
        blocks = self.block_pupils(scenario, stage, year)
        return np.bincount(self.group, weights=blocks, minlength=int(self.group.max()) + 1).astype(np.int64)

    def block_pupils(self, scenario: str, stage: Stage, year: int) -> NDArray[np.int64]:
        """Return the pupils of a stage who are given a school, by block, shape ``(blocks,)``: in ``phase_in`` the entry grade."""
        return pupils_placed(self.district, stage, year, regime=self.district.options.zoning.regime, scenario=scenario)


def building_years(district: District, options: SeatOptions) -> tuple[int, ...]:
    """Return the school years in which rooms may open: those of ``[seats]``, else the planned ones."""
    return tuple(sorted(year for year in options.years or district.years if year in district.demand.years))


def horizon_years(district: District, options: SeatOptions) -> tuple[int, ...]:
    """Return the years after the plan that count too (policy.md §17, ``horizon_after``), as far as there is demand."""
    last = building_years(district, options)[-1]
    return tuple(year for year in district.demand.years if last < year <= last + district.rules.horizon_after)


def targets(district: District, options: SeatOptions, programme: Programme) -> ProgrammeTarget:
    """Return the floors of a programme under other options than the case's (policy.md §17)."""
    return options.programmes.get(programme) or programme_target(district, programme)


def seat_problem(district: District, programme: Programme, options: SeatOptions) -> SeatProblem:
    """
    Collect the seat model of a programme.

    Raises
    ------
    ValueError
        If the demand reaches none of the years in which rooms may open, or lacks a scenario.
    """
    years = building_years(district, options)
    if not years:
        raise ValueError("the demand does not reach any school year in which seats may open")
    unknown = set(options.scenarios) - set(district.demand.scenarios)
    if unknown:
        raise ValueError(f"there is no demand scenario {min(unknown)!r}; there are {', '.join(district.demand.scenarios)}")
    horizon = horizon_years(district, options)
    group = group_blocks(district, options.group_blocks)
    sizes = {stage: _class_sizes(district, stage) for stage in programme.stages}
    rooms = {year: _rooms(district, year, programme.stages) for year in years + horizon}
    sites = tuple(_site_sizes(district, site, years) for site in district.sites if site.programme is programme)
    index = district.school_index()
    arcs: dict[Stage, GroupArcs] = {}
    for stage in programme.stages:
        column = STAGES.index(stage)
        used = np.any([rooms[year][:, column] > 0 for year in rooms], axis=0)
        for item in sites:
            if stage in item.site.stages and not item.why_not:
                used[index[item.site.school]] = True
        if used.any():
            arcs[stage] = group_arcs(district, stage, group, used, NEAREST_SCHOOLS)
    target = targets(district, options, programme)
    return SeatProblem(district, programme, options, target, years, horizon, options.scenarios, sites, group, arcs, sizes, rooms)


def _class_sizes(district: District, stage: Stage) -> ClassSizes:
    """
    Return pupils for each room: of all grades; in ``phase_in`` of the entry grade, which has its equal part of the rooms.

    Notes
    -----
    A school that fills its rooms with the first entry grades has none for the next, so each may have one room in so many grades
    (docs/decisions/0006). To look at all grades at once would count on enrolled pupils to move into new schools.
    """
    rules = district.rules
    by_entry = district.options.zoning.regime == "phase_in" and district.demand.graded
    grades = stage.grades[:1] if by_entry else stage.grades
    part = 1 / len(stage.grades) if by_entry else 1.0
    full = [kind.value == "full" for kind in district.schools.kinds]
    means = {
        whole: [
            part * float(np.mean([size(grade, full=whole) for grade in grades]))
            for size in (rules.standard, rules.working, rules.absolute)
        ]
        for whole in (True, False)
    }
    return ClassSizes(*(np.array([means[whole][k] for whole in full], dtype=np.float64) for k in range(3)))


def _rooms(district: District, year: int, stages: tuple[Stage, ...]) -> NDArray[np.float64]:
    """Return rooms by school and stage; 0 where a school may have no catchment."""
    rooms = rooms_in(district, year).astype(np.float64)
    seats = district.schools.seats
    assert seats is not None
    for stage in stages:
        column = STAGES.index(stage)
        only_seats = rooms[:, column] < 0
        rooms[only_seats, column] = seats[only_seats, column] / room_capacity(district.rules, stage, SchoolKind.FULL, 1)[0]
        rooms[~district.schools.may_have_catchment(stage), column] = 0
    return np.maximum(rooms, 0)


def _site_sizes(district: District, site: Site, years: tuple[int, ...]) -> SiteSizes:
    """Return the sizes of a site; new ones are kept below the largest school (policy.md §17, ``school_size_max``, hard)."""
    step = max(1, site.step)
    smallest = site.rooms_min or step
    largest = site.rooms_max
    if site.action in {Action.NEW, Action.RELOCATE}:
        largest = min(largest, _rooms_max(district, site))
    first = max(site.earliest_year, years[0])
    why_not = ""
    if site.action is Action.CLOSE:
        why_not = "closing is only ever proposed, never planned (policy §6)"
    elif site.action is Action.CONVERT and not site.conversion_approved:
        why_not = "the conversion is not approved (policy §7)"
    elif first > years[-1]:
        why_not = f"it cannot open before {site.earliest_year}, after the last year of the plan, {years[-1]}"
    elif largest < smallest:
        why_not = (
            f"its smallest size, {smallest} classrooms, is more than a new school may have, {largest} "
            f"(at most {_size_max(district, site):,} pupils)"
        )
    steps = max(0, (largest - smallest) // step)
    return SiteSizes(site, first, smallest, step, steps, closed_seats(district, site, first), why_not)


def _size_max(district: District, site: Site) -> int:
    if site.programme is Programme.KINDERGARTEN:
        return district.rules.kindergarten_size_max
    most = district.rules.school_size_max
    return most.nine_year if len(site.stages) > 1 else int(getattr(most, site.stages[0].value))


def _rooms_max(district: District, site: Site) -> int:
    """Return the most rooms of a new school: by pupils at the standard class, for kindergartens also by classes."""
    rules = district.rules
    standards = [np.mean([rules.standard(grade) for grade in stage.grades]) for stage in site.stages]
    if site.programme is Programme.KINDERGARTEN:
        return min(rules.kindergarten_classes_max, int(_size_max(district, site) / max(standards)))
    return int(_size_max(district, site) / max(standards))
