"""Who would sit where for given rooms: one minimum-cost flow for each stage and school year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from ortools.graph.python import min_cost_flow

from xuequ.zoning.accounts import account, room_seats
from xuequ.zoning.block_groups import group_arcs
from xuequ.zoning.errors import EngineError
from xuequ.zoning.seating import STAGES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from xuequ.solver.seat_problem import ClassSizes, SeatProblem
    from xuequ.zoning.block_groups import GroupArcs
    from xuequ.zoning.seating import SeatPlan
    from xuequ.zoning.stage import Stage

__all__ = [
    "FlowGoals",
    "block_flows",
    "flow",
    "group_flows",
    "rooms_of_plan",
    "seat_goal_values",
    "seats_without_pupils",
    "total",
]

_WORKING = 10**7
_ABSOLUTE = 10**9
_UNSERVED = 10**11
_FAR = 10**5
"""Prices of a pupil, in 10 m: each is far more than a chain of pupils that sit one school further can save of the next."""


@dataclass(frozen=True, slots=True)
class FlowGoals:
    """
    Goals of the seat model, in order of rank, that a flow reaches.

    Parameters
    ----------
    super_large, large, too_far
        Pupils above the absolute and the working capacity, and beyond the limit of the way.
    distance
        Ways of all pupils together, pupil·km.
    """

    super_large: float = 0.0
    large: float = 0.0
    too_far: float = 0.0
    distance: float = 0.0

    def __add__(self, other: FlowGoals) -> FlowGoals:
        return FlowGoals(
            self.super_large + other.super_large,
            self.large + other.large,
            self.too_far + other.too_far,
            self.distance + other.distance,
        )


def flow(
    pupils: NDArray[np.int64], arcs: GroupArcs, rooms: NDArray[np.float64], sizes: ClassSizes
) -> tuple[FlowGoals, NDArray[np.int64]]:
    """
    Send pupils to schools at the least price: super-large classes, large classes, too far, distance, in this order.

    Parameters
    ----------
    pupils
        Pupils of each group, shape ``(groups,)``.
    arcs
        Where they may go.
    rooms
        Rooms of each school, shape ``(schools,)``.
    sizes
        Pupils of a class at each school.

    Returns
    -------
    FlowGoals
        What is reached; pupils for whom no school in reach has any room count as above the absolute capacity.
    ndarray
        Pupils on each arc, shape ``(arcs,)``.

    Raises
    ------
    EngineError
        If the flow solver fails, which it never should: everybody can stay unserved.
    """
    groups, schools = len(pupils), len(rooms)
    absolute = np.floor(sizes.absolute * rooms).astype(np.int64)
    working = np.minimum(np.floor(sizes.working * rooms).astype(np.int64), absolute)
    source, sink = groups + schools, groups + schools + 1
    seats = [(working, 0), (absolute - working, _WORKING), (absolute, _WORKING + _ABSOLUTE)]
    last, none = np.array([source]), np.zeros(groups, dtype=np.int64)
    way = np.round(arcs.metres / 10 + arcs.too_far * _FAR).astype(np.int64)
    layers = [
        (np.full(groups, source), np.arange(groups), pupils, none),
        (arcs.group, groups + arcs.school, pupils[arcs.group], way),
    ]
    for most, price in seats:
        layers.append((np.arange(groups, source), np.full(schools, sink), most, np.full(schools, price)))
    layers.append((last, last + 1, np.array([pupils.sum()]), np.array([_UNSERVED])))
    network = min_cost_flow.SimpleMinCostFlow()
    network.add_arcs_with_capacity_and_unit_cost(*(np.concatenate([layer[k] for layer in layers]) for k in range(4)))
    network.set_nodes_supplies(np.array([source, sink]), np.array([pupils.sum(), -pupils.sum()]))
    status = network.solve()
    if status != network.OPTIMAL:
        raise EngineError(f"the flow of pupils to schools ended with {status}")
    sent = np.asarray(network.flows(np.arange(network.num_arcs())), dtype=np.int64)
    on_arcs = sent[groups : groups + len(arcs)]
    pieces = sent[groups + len(arcs) : -1].reshape(len(seats), schools)
    unserved = int(sent[-1])
    goals = FlowGoals(
        float(pieces[2].sum() + unserved),
        float(pieces[1:].sum() + unserved),
        float((on_arcs * arcs.too_far).sum()),
        float((on_arcs * arcs.metres).sum() / 1000),
    )
    return goals, on_arcs


def rooms_of_plan(problem: SeatProblem, seats: SeatPlan | None, year: int) -> NDArray[np.float64]:
    """Return the rooms of each school in a year under a seat plan, shape ``(schools, 3)``."""
    rooms = problem.rooms[year].copy()
    if seats is None:
        return rooms
    index = problem.district.school_index()
    chosen = {item.site.id: item.site for item in problem.sites}
    for site in chosen.values():
        if site.replaces and seats.first_year(site.id) <= year:
            rooms[index[site.replaces]] = 0
    for opening in seats.openings:
        if opening.site in chosen and opening.year <= year:
            rooms[index[chosen[opening.site].school], STAGES.index(opening.stage)] += opening.rooms
    return rooms


def group_flows(problem: SeatProblem, seats: SeatPlan | None, scenario: str) -> dict[tuple[Stage, int], FlowGoals]:
    """Return what a seat plan reaches on groups of blocks, by stage and year of plan and horizon."""
    return _flows(problem, seats, scenario, problem.arcs)


def block_flows(
    problem: SeatProblem, seats: SeatPlan | None, scenario: str, nearest: int = 12
) -> dict[tuple[Stage, int], FlowGoals]:
    """
    Return what a seat plan reaches on single blocks, by stage and year: the check of the groups.

    Notes
    -----
    model.md §3: with rooms fixed the flow is one transportation problem for each stage and year.
    """
    district = problem.district
    single = np.arange(len(district.blocks))
    arcs = {}
    for stage in problem.stages:
        column = STAGES.index(stage)
        used = np.any([rooms_of_plan(problem, seats, year)[:, column] > 0 for year in problem.all_years], axis=0)
        arcs[stage] = group_arcs(district, stage, single, used, nearest)
    return _flows(problem, seats, scenario, arcs)


def total(flows: Mapping[tuple[Stage, int], FlowGoals]) -> FlowGoals:
    """Add up stages and years."""
    return sum(flows.values(), FlowGoals())


def seat_goal_values(problem: SeatProblem, seats: SeatPlan) -> dict[str, float]:
    """
    Return the value of each goal of the seat model for a seat plan, on groups of blocks and in the worst scenario.

    Notes
    -----
    model.md §3: pupils and ways over all years of the plan and its horizon, idle seats in the last of them (planned seats less
    pupils of the whole programme), cost as a present value.
    """
    each = [total(group_flows(problem, seats, scenario)) for scenario in problem.scenarios]
    return {
        "super_large": max(goals.super_large for goals in each),
        "large": max(goals.large for goals in each),
        "too_far": max(goals.too_far for goals in each),
        "cost": float(account(problem.district, seats, problem.programme).present_value_wan),
        "distance": max(goals.distance for goals in each),
        "idle_seats": max(0.0, _planned(problem, seats) - _fewest(problem)),
    }


def seats_without_pupils(problem: SeatProblem) -> float:
    """Return planned seats less pupils of the last year if nothing is built: what ``idle_seats`` adds new seats to."""
    return _planned(problem, None) - _fewest(problem)


def _planned(problem: SeatProblem, seats: SeatPlan | None) -> float:
    """Return the planned seats of all grades in the last year."""
    rooms, district = rooms_of_plan(problem, seats, problem.all_years[-1]), problem.district
    return float(
        sum(
            room_seats(district, stage, int(j)) * rooms[j, STAGES.index(stage)]
            for stage in problem.stages
            for j in np.flatnonzero(rooms[:, STAGES.index(stage)])
        )
    )


def _fewest(problem: SeatProblem) -> float:
    """Return the pupils of all grades in the last year, in the scenario with the fewest."""
    last, demand = problem.all_years[-1], problem.district.demand
    return float(
        min(sum(int(demand.of_stage(stage, last, scenario).sum()) for stage in problem.stages) for scenario in problem.scenarios)
    )


def _flows(
    problem: SeatProblem, seats: SeatPlan | None, scenario: str, arcs: Mapping[Stage, GroupArcs]
) -> dict[tuple[Stage, int], FlowGoals]:
    result = {}
    for year in problem.all_years:
        rooms = rooms_of_plan(problem, seats, year)
        for stage, reach in arcs.items():
            single = reach is not problem.arcs[stage]
            pupils = problem.block_pupils(scenario, stage, year) if single else problem.pupils(scenario, stage, year)
            result[stage, year] = flow(pupils, reach, rooms[:, STAGES.index(stage)], problem.sizes[stage])[0]
    return result
