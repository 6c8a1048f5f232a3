"""What a seat plan's goals add up to, counted again: pupils above seats by maximum flows, empty seats by sums."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import maximum_flow

from xuequ.zoning.accounts import programme_target
from xuequ.zoning.block_groups import NEAREST_SCHOOLS, group_arcs, group_blocks
from xuequ.zoning.places import Action
from xuequ.zoning.stage import Programme, Stage
from xuequ.zoning.verification.ground import STAGES
from xuequ.zoning.verification.seats import new_school_max

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xuequ.zoning.block_groups import GroupArcs
    from xuequ.zoning.places import Site
    from xuequ.zoning.verification.ground import Ground

__all__ = ["Between", "SeatSums", "seat_sums"]


@dataclass(frozen=True, slots=True)
class Between:
    """Least and most that a goal can be, over all flows of pupils that seat as many as can be seated."""

    least: float = 0.0
    most: float = 0.0

    def __add__(self, other: Between) -> Between:
        return Between(self.least + other.least, self.most + other.most)


@dataclass(frozen=True, slots=True)
class SeatSums:
    """
    Goals of a seat plan over its programmes, in the worst scenario of each.

    Parameters
    ----------
    super_large, large
        Pupils above the absolute and the working seats of all years.
    too_far, distance
        Between what they lie; the flow itself is not stated.
    idle_seats
        Planned seats less pupils in the last year.
    """

    super_large: float = 0.0
    large: float = 0.0
    too_far: Between = Between()
    distance: Between = Between()
    idle_seats: float = 0.0

    def __add__(self, other: SeatSums) -> SeatSums:
        return SeatSums(
            self.super_large + other.super_large,
            self.large + other.large,
            self.too_far + other.too_far,
            self.distance + other.distance,
            self.idle_seats + other.idle_seats,
        )

    def worst(self, other: SeatSums) -> SeatSums:
        """Return the larger of each goal: the scenario that counts."""

        def wider(a: Between, b: Between) -> Between:
            return Between(max(a.least, b.least), max(a.most, b.most))

        return SeatSums(
            max(self.super_large, other.super_large),
            max(self.large, other.large),
            wider(self.too_far, other.too_far),
            wider(self.distance, other.distance),
            max(self.idle_seats, other.idle_seats),
        )


def seat_sums(ground: Ground) -> SeatSums:
    """
    Return the goals of the seats that a ground's openings make.

    Notes
    -----
    model.md §3. Groups of blocks and the schools in their reach are those of `block_groups`; years are those in which rooms may
    open and ``horizon_after`` (policy §17) more; the worst scenario counts; the programmes share nothing. In ``phase_in`` the
    entry grade is seated, each room with its equal part of a class.
    """
    result = SeatSums()
    for programme in Programme:
        sites = [site for site in ground.district.sites if site.programme is programme]
        if sites or programme_target(ground.district, programme).seats_min:
            result += _Programme(ground, programme, sites).sums()
    return result


@dataclass(slots=True)
class _Programme:
    """One building programme under the openings of a plan."""

    ground: Ground
    programme: Programme
    sites: list[Site]
    years: list[int] = field(default_factory=list)
    last_building: int = 0

    def __post_init__(self) -> None:
        district = self.ground.district
        known = district.demand.years
        building = sorted(year for year in district.options.seats.years or district.years if year in known)
        self.last_building = building[-1] if building else 0
        after = self.last_building + district.rules.horizon_after
        self.years = building + [year for year in known if building and self.last_building < year <= after]

    def sums(self) -> SeatSums:
        """Return the goals of the programme in its worst scenario."""
        district, arcs = self.ground.district, self._arcs()
        group = group_blocks(district, district.options.seats.group_blocks)
        total = SeatSums()
        for number, scenario in enumerate(district.options.seats.scenarios):
            each = SeatSums()
            for stage, reach in arcs.items():
                for year in self.years:
                    pupils = np.bincount(group, weights=self._pupils(stage, year, scenario)).astype(np.int64)
                    each += _flows(pupils, reach, self._rooms(stage, year), self._classes(stage))
            total = total.worst(each) if number else each
        return total + SeatSums(idle_seats=self._idle(list(arcs)))

    def _arcs(self) -> dict[Stage, GroupArcs]:
        """Return the schools in reach of each group by stage; a stage that nobody teaches or may teach has none."""
        district, ground = self.ground.district, self.ground
        group = group_blocks(district, district.options.seats.group_blocks)
        arcs = {}
        for stage in self.programme.stages:
            used = np.any([self._rooms(stage, year, planned=False) > 0 for year in self.years], axis=0)
            for site in self.sites:
                if stage in site.stages and self._can_build(site):
                    used[ground.school_of[site.school]] = True
            if used.any():
                arcs[stage] = group_arcs(district, stage, group, used, NEAREST_SCHOOLS)
        return arcs

    def _can_build(self, site: Site) -> bool:
        barred = site.action is Action.CLOSE or (site.action is Action.CONVERT and not site.conversion_approved)
        smallest = site.rooms_min or max(1, site.step)
        return (
            not barred
            and site.earliest_year <= self.last_building
            and smallest <= min(site.rooms_max, new_school_max(self.ground, site))
        )

    def _pupils(self, stage: Stage, year: int, scenario: str) -> list[int]:
        """Return the pupils of each block who are given a school: the entry grade in regime ``phase_in``, else all."""
        grades = self.ground.district.demand.by_grade(year, scenario)[stage.grade_slice].tolist()
        return grades[0] if self._by_entry() else [sum(each) for each in zip(*grades, strict=True)]

    def _by_entry(self) -> bool:
        return self.ground.district.options.zoning.regime == "phase_in" and self.ground.district.demand.graded

    def _rooms(self, stage: Stage, year: int, *, planned: bool = True) -> NDArray[np.float64]:
        """
        Return the rooms of each school; where only seats are known, as many as would hold them.

        Notes
        -----
        Private schools have no catchment (policy §5), so their rooms do not count, but those of kindergartens do.
        """
        ground, schools = self.ground, self.ground.district.schools
        rooms = np.zeros(len(schools))
        mine = {site.id: site for site in self.sites}
        closed = {site.replaces for site in self.sites if planned and site.replaces and ground.first_opening(site.id) <= year}
        assert schools.opened is not None
        assert schools.closed is not None
        for j, name in enumerate(schools.ids):
            private = schools.ownership[j] == "private" and self.programme is Programme.SCHOOL
            if name in closed or private or not schools.opened[j] <= year < schools.closed[j]:
                continue
            own = int(schools.rooms[j, STAGES.index(stage)])
            mean = sum(ground.district.rules.standard(grade) for grade in stage.grades) // len(stage.grades)
            rooms[j] = own if own >= 0 else max(0, ground.seats(j, stage)) / mean
        for name, of, opens, count in ground.openings if planned else ():
            if name in mine and of is stage and opens <= year:
                rooms[ground.school_of[mine[name].school]] += count
        return rooms

    def _classes(self, stage: Stage) -> tuple[NDArray[np.float64], ...]:
        """Return the pupils of a room at each school who are given a school, working and absolute."""
        rules, kinds = self.ground.district.rules, self.ground.district.schools.kinds
        grades, part = (stage.grades[:1], 1 / len(stage.grades)) if self._by_entry() else (stage.grades, 1.0)
        sizes = [
            {full: part * sum(size(grade, full=full) for grade in grades) / len(grades) for full in (True, False)}
            for size in (rules.working, rules.absolute)
        ]
        return tuple(np.array([size[str(kind) == "full"] for kind in kinds]) for size in sizes)

    def _idle(self, stages: list[Stage]) -> float:
        """Return the planned seats of all grades in the last year above the pupils of the scenario with the fewest."""
        district, last = self.ground.district, self.years[-1]
        seats = 0.0
        for stage in stages:
            for j, rooms in enumerate(self._rooms(stage, last).tolist()):
                seats += rooms * self.ground.size_of(j, stage.grades, 1).planned
        fewest = min(
            sum(int(district.demand.of_stage(stage, last, scenario).sum()) for stage in stages)
            for scenario in district.options.seats.scenarios
        )
        return max(0.0, seats - fewest)


def _flows(
    pupils: NDArray[np.int64], arcs: GroupArcs, rooms: NDArray[np.float64], classes: tuple[NDArray[np.float64], ...]
) -> SeatSums:
    """Return the goals of one stage, year and scenario; who finds no seat at all counts as above the absolute ones."""
    absolute = np.floor(classes[1] * rooms).astype(np.int64)
    working = np.minimum(np.floor(classes[0] * rooms).astype(np.int64), absolute)
    everybody = int(pupils.sum())
    unserved = everybody - _most_seated(pupils, arcs, 2 * absolute)
    return SeatSums(
        float(everybody - _most_seated(pupils, arcs, absolute)),
        float(everybody - _most_seated(pupils, arcs, working)),
        _between(pupils, arcs, absolute > 0, arcs.too_far, unserved),
        _between(pupils, arcs, absolute > 0, arcs.metres / 1000, unserved),
    )


def _most_seated(pupils: NDArray[np.int64], arcs: GroupArcs, seats: NDArray[np.int64]) -> int:
    """Return the most pupils that can sit at schools in reach, each school with so many seats."""
    groups, schools = len(pupils), len(seats)
    source, sink = groups + schools, groups + schools + 1
    tail = np.concatenate([np.full(groups, source), arcs.group, groups + np.arange(schools)])
    head = np.concatenate([np.arange(groups), groups + arcs.school, np.full(schools, sink)])
    most = np.concatenate([pupils, pupils[arcs.group], seats]).astype(np.int32)
    graph = csr_array(coo_array((most, (tail, head)), shape=(sink + 1, sink + 1)))
    return int(maximum_flow(graph, source, sink).flow_value)


def _between(
    pupils: NDArray[np.int64], arcs: GroupArcs, is_open: NDArray[np.bool_], price: NDArray[np.float64], unserved: int
) -> Between:
    """Return between what the price of all who are seated lies: every group at its cheapest school, or at its dearest."""
    usable = is_open[arcs.school]
    least, most = np.full(len(pupils), math.inf), np.zeros(len(pupils))
    np.minimum.at(least, arcs.group[usable], price[usable])
    np.maximum.at(most, arcs.group[usable], price[usable])
    least = np.where(np.isfinite(least), least, 0.0)
    return Between(max(0.0, float(pupils @ least) - unserved * float(least.max(initial=0.0))), float(pupils @ most))
