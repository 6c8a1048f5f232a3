"""What may be decided about sites: variables, the rows about them, and their seats and money."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulp

from xuequ.solver.formulations import seats as rows
from xuequ.zoning.accounts import discounted_wan, room_seats
from xuequ.zoning.places import Action
from xuequ.zoning.seating import STAGES, Opening, SeatPlan
from xuequ.zoning.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from xuequ.solver.seat_problem import SeatProblem

__all__ = ["Bounds", "SiteDecisions", "read_plan"]


@dataclass(frozen=True, slots=True)
class Bounds:
    """Which of the bounds on a programme bind: to find out what is in the way, some are left out."""

    money: bool = True
    land: bool = True
    seats: bool = True
    projects: bool = True


def read_plan(
    problem: SeatProblem, rooms: Mapping[tuple[str, str, int], pulp.LpVariable], values: Mapping[str, float]
) -> SeatPlan:
    """Return the seat plan that variable values, by name, describe."""
    openings: list[Opening] = []
    so_far: dict[tuple[str, str], int] = {}
    for (name, stage, year), variable in sorted(rooms.items(), key=lambda item: item[0][2]):
        site = problem.sites[int(name[1:])].site
        count = round(values[variable.name])
        if count > so_far.get((name, stage), 0):
            openings.append(Opening(site.id, Stage(stage), year, count - so_far.get((name, stage), 0)))
        so_far[name, stage] = count
    return SeatPlan(tuple(sorted(openings, key=lambda item: (item.site, item.year, STAGES.index(item.stage)))))


class SiteDecisions:
    """
    Variables of the sites, and the rows about sites, money, land and floors.

    Parameters
    ----------
    problem
        What is decided.
    model
        Gets the variables, and the rows when asked.

    Attributes
    ----------
    opened, steps, rooms
        By site (``s0`` … in the order of the problem), stage and year; only from the year in which the site may open.
    """

    def __init__(self, problem: SeatProblem, model: pulp.LpProblem) -> None:
        self.problem, self.model = problem, model
        self.opened: dict[tuple[str, int], pulp.LpVariable] = {}
        self.steps: dict[tuple[str, int], pulp.LpVariable] = {}
        self.rooms: dict[tuple[str, str, int], pulp.LpVariable] = {}
        for number, item in enumerate(problem.sites):
            name = f"s{number}"
            if item.why_not:
                continue
            for year in (year for year in problem.years if year >= item.first_year):
                self.opened[name, year] = model.add_variable(f"open_{name}_{year}", cat="Binary")
                self.steps[name, year] = model.add_variable(f"steps_{name}_{year}", 0, item.steps_max, cat="Integer")
                for stage in item.site.stages:
                    variable = model.add_variable(f"rooms_{name}_{stage}_{year}", 0, item.largest, cat="Integer")
                    self.rooms[name, stage.value, year] = variable

    def add_rows(self, bounds: Bounds | None = None) -> None:
        """Add the rows: sites and years always, money, land and floors unless left out."""
        bounds = bounds or Bounds()
        problem, model = self.problem, self.model
        names = {f"s{number}": item for number, item in enumerate(problem.sites)}
        rows.site_stays_open(model, self.opened, problem.years)
        sizes = {name: (item.smallest, item.step) for name, item in names.items()}
        rows.site_opens_whole_steps(model, self.opened, self.steps, self.rooms, sizes)
        rows.site_stays_within_its_rooms(model, self.opened, self.steps, {name: item.steps_max for name, item in names.items()})
        rows.rooms_stay_open(model, self.rooms, problem.years)
        rows.relocation_keeps_its_rooms(model, self.opened, self.rooms, self._old_rooms())
        target, programme = problem.target, problem.programme.value
        budget = problem.options.budgets_wan.get(problem.programme)
        if budget and bounds.money:
            rows.budget_covers_cost(model, self.cost(), budget, programme)
        if target.land_max_m2 is not None and bounds.land:
            land = {name: names[name].site.land_m2 for name in self.chosen()}
            rows.land_stays_within_its_cap(model, self.chosen(), land, target.land_max_m2, programme)
        if target.seats_min and bounds.seats:
            rows.programme_adds_its_seats(model, self.seats_added(), target.seats_min, programme)
        if target.projects_min and bounds.projects:
            rows.programme_has_its_projects(model, self.chosen(), target.projects_min, programme)

    def _old_rooms(self) -> dict[tuple[str, str], int]:
        """Return by site and stage the rooms of the school that a relocation closes, as far as the site can hold them."""
        index, result = self.problem.district.school_index(), {}
        for number, item in enumerate(self.problem.sites):
            left = item.largest
            if item.site.action is Action.RELOCATE and item.site.replaces and not item.why_not:
                for stage in item.site.stages:
                    there = int(self.problem.rooms[self.problem.years[0]][index[item.site.replaces], STAGES.index(stage)])
                    result[f"s{number}", stage.value] = min(there, left)
                    left -= min(there, left)
        return result

    def chosen(self) -> dict[str, pulp.LpVariable]:
        """Return by site whether it is open in the last year."""
        return {name: variable for (name, year), variable in self.opened.items() if year == self.problem.years[-1]}

    def seats_added(self) -> pulp.LpAffineExpression:
        """Return planned seats opened less closed by the last year."""
        district, last = self.problem.district, self.problem.years[-1]
        index, terms = district.school_index(), []
        for (name, stage, year), variable in self.rooms.items():
            if year == last:
                site = self.problem.sites[int(name[1:])].site
                terms.append((variable, room_seats(district, Stage(stage), index[site.school])))
        for (name, year), variable in self.opened.items():
            closes = self.problem.sites[int(name[1:])].closes
            if year == last and closes:
                terms.append((variable, -closes))
        return pulp.LpAffineExpression(terms)

    def cost(self) -> dict[int, pulp.LpAffineExpression]:
        """Return the money of each year: on rooms newly opened, and on the first opening."""
        result = {year: pulp.LpAffineExpression() for year in self.problem.years}
        for year in self.problem.years:
            result[year] = pulp.LpAffineExpression(self._priced(year, discounted=False))
        return result

    def present_value(self) -> pulp.LpAffineExpression:
        """Return the money of all years as a present value, in whole 10,000 yuan."""
        totals: dict[pulp.LpVariable, int] = {}
        for year in self.problem.years:
            for variable, price in self._priced(year, discounted=True):
                totals[variable] = totals.get(variable, 0) + price
        return pulp.LpAffineExpression([(variable, price) for variable, price in totals.items() if price])

    def _priced(self, year: int, *, discounted: bool) -> list[tuple[pulp.LpVariable, int]]:
        problem, terms = self.problem, []
        ahead, rate = year - problem.district.school_year, problem.options.discount

        def price(cost_wan: int) -> int:
            return discounted_wan(cost_wan, rate, ahead) if discounted else cost_wan

        position = problem.years.index(year)
        before = problem.years[position - 1] if position else -1
        charged = [
            (variable, self.opened.get((name, before)), price(problem.sites[int(name[1:])].site.cost_fixed_wan))
            for (name, opens), variable in self.opened.items()
            if opens == year
        ] + [
            (variable, self.rooms.get((name, stage, before)), price(problem.sites[int(name[1:])].site.cost_room_wan))
            for (name, stage, opens), variable in self.rooms.items()
            if opens == year
        ]
        for variable, earlier, each in charged:
            terms.append((variable, each))
            if earlier is not None:
                terms.append((earlier, -each))
        return terms

    def rooms_of(self, stage: Stage, year: int, schools: NDArray[np.int64]) -> dict[int, pulp.LpAffineExpression]:
        """Return ``R_jgt`` of schools: a number, plus what sites open, less what relocations close."""
        problem = self.problem
        at = max((item for item in problem.years if item <= year), default=problem.years[0])
        base, index = problem.rooms[year][:, STAGES.index(stage)], problem.district.school_index()
        result = {int(j): pulp.LpAffineExpression(constant=float(base[j])) for j in schools}
        for number, item in enumerate(problem.sites):
            name, school = f"s{number}", index[item.site.school]
            variable = self.rooms.get((name, stage.value, at))
            if variable is not None and school in result:
                result[school] = result[school] + variable
            opened = self.opened.get((name, at))
            if item.site.action is Action.RELOCATE and item.site.replaces and opened is not None:
                old = index[item.site.replaces]
                if old in result:
                    result[old] = result[old] - float(base[old]) * opened
        return result
