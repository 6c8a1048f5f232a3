"""From a seat problem to its PuLP model: variables, rows, and the goals in order of rank."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pulp

from xuequ.solver.formulations import seats as rows
from xuequ.solver.seat_decisions import SiteDecisions, read_plan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xuequ.solver.seat_problem import SeatProblem
    from xuequ.zoning.seating import SeatPlan
    from xuequ.zoning.stage import Stage

__all__ = ["SEAT_GOALS", "PupilVariables", "SeatModel", "build_seat_model"]

SEAT_GOALS: Mapping[str, str] = {
    "super_large": "pupil-years", "large": "pupil-years", "too_far": "pupil-years", "cost": "10,000 yuan",
    "distance": "pupil·km", "idle_seats": "seats",
}  # fmt: skip
"""Goals of the seat model in order of rank, with their units (model.md §3)."""


@dataclass(frozen=True, slots=True, eq=False)
class PupilVariables:
    """
    Variables of who sits where; keys as in `formulations.seats`.

    Parameters
    ----------
    flow, over, unserved, idle
        Pupils on arcs, above each capacity and without a place, and empty seats in the last year.
    worst
        The goals that count pupils or seats, in the worst scenario.
    terms
        What each goal adds up, by scenario and goal: variables and their weights.
    """

    flow: Mapping[tuple[str, str, int, str, str], pulp.LpVariable]
    over: Mapping[tuple[tuple[str, str, int, str], str], pulp.LpVariable]
    unserved: Mapping[tuple[str, str, int, str], pulp.LpVariable]
    idle: Mapping[tuple[str, str, int, str], pulp.LpVariable]
    worst: Mapping[str, pulp.LpVariable]
    terms: Mapping[tuple[str, str], list[tuple[pulp.LpVariable, float]]]


@dataclass(frozen=True, slots=True, eq=False)
class SeatModel:
    """
    A seat model in PuLP.

    Parameters
    ----------
    problem
        What it states.
    model
        Variables and rows.
    opened, steps, rooms
        Decision variables by position of the site (``s0`` …), stage and year.
    goals
        Expressions in the order of `SEAT_GOALS`.
    pupils
        Variables of who sits where.
    """

    problem: SeatProblem
    model: pulp.LpProblem
    opened: Mapping[tuple[str, int], pulp.LpVariable]
    steps: Mapping[tuple[str, int], pulp.LpVariable]
    rooms: Mapping[tuple[str, str, int], pulp.LpVariable]
    goals: Mapping[str, pulp.LpAffineExpression]
    pupils: PupilVariables

    def read(self, values: Mapping[str, float]) -> SeatPlan:
        """Return the seat plan that variable values, by name, describe."""
        return read_plan(self.problem, self.rooms, values)


def build_seat_model(problem: SeatProblem) -> SeatModel:
    """Return the PuLP model of a seat problem: decisions and their accounts, pupils and their classes, goals."""
    model = pulp.LpProblem(f"seats_{problem.programme}", pulp.LpMinimize)
    decisions = SiteDecisions(problem, model)
    decisions.add_rows()
    pupils = _Pupils(problem, model, decisions)
    pupils.add_rows()
    goals = {name: pulp.LpAffineExpression([(pupils.worst[name], 1)]) for name in ("super_large", "large", "too_far")}
    goals["cost"] = decisions.present_value()
    goals |= {name: pulp.LpAffineExpression([(pupils.worst[name], 1)]) for name in ("distance", "idle_seats")}
    return SeatModel(problem, model, decisions.opened, decisions.steps, decisions.rooms, goals, pupils.variables())


class _Pupils:
    """Variables of who sits where, the rows about them, and the goals that count them."""

    def __init__(self, problem: SeatProblem, model: pulp.LpProblem, decisions: SiteDecisions) -> None:
        self.problem, self.model = problem, model
        self.flow: dict[tuple[str, str, int, str, str], pulp.LpVariable] = {}
        self.over: dict[tuple[tuple[str, str, int, str], str], pulp.LpVariable] = {}
        self.unserved: dict[tuple[str, str, int, str], pulp.LpVariable] = {}
        self.pupils: dict[tuple[str, str, int, str], int] = {}
        self.rooms: dict[tuple[str, int, str], pulp.LpAffineExpression] = {}
        self.standard: dict[tuple[str, str], float] = {}
        self.width: dict[tuple[str, str, str], float] = {}
        self.terms: dict[tuple[str, str], list[tuple[pulp.LpVariable, float]]] = {}
        self.worst: dict[str, pulp.LpVariable] = {}
        self.idle: dict[tuple[str, str, int, str], pulp.LpVariable] = {}
        for number, scenario in enumerate(problem.scenarios):
            for stage in problem.stages:
                for year in problem.all_years:
                    self._place(f"w{number}", scenario, stage, year)
        for stage in problem.stages:
            self._rooms(stage, decisions)

    def _place(self, name: str, scenario: str, stage: Stage, year: int) -> None:
        """Make the variables of one scenario, stage and year."""
        problem, model, arcs = self.problem, self.model, self.problem.arcs[stage]
        pupils = problem.pupils(scenario, stage, year)
        far, ways = self._goal(name, "too_far"), self._goal(name, "distance")
        for group, school, metres, share in zip(arcs.group, arcs.school, arcs.metres, arcs.too_far, strict=True):
            if not pupils[group]:
                continue
            key = (name, stage.value, year, f"i{group}", f"j{school}")
            variable = self.flow[key] = model.add_variable(f"flow_{name}_{stage}_{year}_i{group}_j{school}", 0)
            ways.append((variable, metres / 1000))
            if share:
                far.append((variable, share))
        for group in np.flatnonzero(pupils):
            home = (name, stage.value, year, f"i{group}")
            self.pupils[home] = int(pupils[group])
            self.unserved[home] = model.add_variable(f"unserved_{name}_{stage}_{year}_i{group}", 0)
            for goal in ("super_large", "large"):
                self._goal(name, goal).append((self.unserved[home], 1))
        for school in np.unique(arcs.school):
            place = (name, stage.value, year, f"j{school}")
            for piece, goals in (("planned", ()), ("working", ("large",)), ("absolute", ("super_large", "large"))):
                variable = self.over[place, piece] = model.add_variable(f"over_{piece}_{name}_{stage}_{year}_j{school}", 0)
                for goal in goals:
                    self._goal(name, goal).append((variable, 1))

    def variables(self) -> PupilVariables:
        """Return the variables."""
        return PupilVariables(self.flow, self.over, self.unserved, self.idle, self.worst, self.terms)

    def _goal(self, scenario: str, goal: str) -> list[tuple[pulp.LpVariable, float]]:
        return self.terms.setdefault((scenario, goal), [])

    def _rooms(self, stage: Stage, decisions: SiteDecisions) -> None:
        sizes, schools = self.problem.sizes[stage], np.unique(self.problem.arcs[stage].school)
        for year in self.problem.all_years:
            for j, rooms in decisions.rooms_of(stage, year, schools).items():
                self.rooms[stage.value, year, f"j{j}"] = rooms
        for j in schools:
            standard, working, absolute = (float(part[j]) for part in (sizes.standard, sizes.working, sizes.absolute))
            self.standard[stage.value, f"j{j}"] = standard
            widths = (("planned", working - standard), ("working", absolute - working), ("absolute", absolute))
            self.width.update({(stage.value, f"j{j}", piece): width for piece, width in widths})

    def add_rows(self) -> None:
        model, problem = self.model, self.problem
        # A school to which no group sends anybody in a year (no pupils near it) has no row of its own.
        busy = {(w, g, t, j) for w, g, t, _, j in self.flow}
        over = {key: variable for key, variable in self.over.items() if key[0] in busy}
        rows.group_is_served(model, self.flow, self.unserved, self.pupils)
        rows.school_holds_its_pupils(model, self.flow, over, self.rooms, self.standard)
        rows.overload_stays_in_its_piece(model, over, self.rooms, self.width)
        last = problem.all_years[-1]
        for place in sorted(busy):
            if place[2] == last:
                self.idle[place] = model.add_variable(f"idle_{'_'.join(map(str, place))}", 0)
                self._goal(place[0], "idle_seats").append((self.idle[place], 1))
        rows.idle_seats_are_counted(model, self.idle, self.flow, self.rooms, self.standard)
        for goal in SEAT_GOALS:
            if goal == "cost":
                continue
            self.worst[goal] = model.add_variable(f"worst_{goal}", 0)
            sums = {}
            for number in range(len(problem.scenarios)):
                sums[f"w{number}"] = pulp.LpAffineExpression(self.terms.get((f"w{number}", goal), []))
            rows.worst_scenario_counts(model, self.worst[goal], sums, goal)
