"""A full solution of the seat model from nothing but the rooms of a seat plan, so that a search never begins empty-handed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xuequ.solver.seat_flows import flow, rooms_of_plan
from xuequ.zoning.seating import STAGES

if TYPE_CHECKING:
    from xuequ.solver.seat_model import SeatModel
    from xuequ.zoning.seating import SeatPlan
    from xuequ.zoning.stage import Stage

__all__ = ["values_of_plan"]


def values_of_plan(seat_model: SeatModel, seats: SeatPlan) -> dict[str, float]:
    """
    Return a value for every variable of the model, by name: rooms as in the plan, pupils by minimum-cost flow.

    Notes
    -----
    A plan that keeps the rows about sites gives a solution that keeps all rows.
    """
    values = dict.fromkeys((variable.name for variable in seat_model.model.variables()), 0.0)
    _rooms(seat_model, seats, values)
    problem = seat_model.problem
    for number, scenario in enumerate(problem.scenarios):
        for year in problem.all_years:
            rooms = rooms_of_plan(problem, seats, year)
            for stage in problem.stages:
                _pupils(seat_model, (f"w{number}", scenario, stage, year), rooms[:, STAGES.index(stage)], values)
    pupils = seat_model.pupils
    for goal, worst in pupils.worst.items():
        sums = [
            sum(values[variable.name] * weight for variable, weight in pupils.terms.get((f"w{number}", goal), []))
            for number in range(len(problem.scenarios))
        ]
        values[worst.name] = max(sums)
    return values


def _rooms(seat_model: SeatModel, seats: SeatPlan, values: dict[str, float]) -> None:
    sites = seat_model.problem.sites
    for (name, stage, year), variable in seat_model.rooms.items():
        site = sites[int(name[1:])].site.id
        values[variable.name] = float(
            sum(item.rooms for item in seats.openings if item.site == site and item.stage == stage and item.year <= year)
        )
    for (name, year), variable in seat_model.opened.items():
        item = sites[int(name[1:])]
        rooms = sum(values[other.name] for (site, _, at), other in seat_model.rooms.items() if site == name and at == year)
        values[variable.name] = float(rooms > 0)
        values[seat_model.steps[name, year].name] = float(rooms > 0) * (rooms - item.smallest) / item.step


def _pupils(
    seat_model: SeatModel,
    at: tuple[str, str, Stage, int],
    rooms: np.ndarray[tuple[int], np.dtype[np.float64]],
    values: dict[str, float],
) -> None:
    """Fill in flow, pupils over each capacity, pupils without a place and idle seats of one scenario, stage and year."""
    name, scenario, stage, year = at
    problem, variables = seat_model.problem, seat_model.pupils
    arcs, sizes = problem.arcs[stage], problem.sizes[stage]
    pupils = problem.pupils(scenario, stage, year)
    _, sent = flow(pupils, arcs, rooms, sizes)
    for group, school, count in zip(arcs.group, arcs.school, sent, strict=True):
        if count:
            values[variables.flow[name, stage.value, year, f"i{group}", f"j{school}"].name] = float(count)
    left = pupils - np.bincount(arcs.group, weights=sent, minlength=len(pupils)).astype(np.int64)
    for group in np.flatnonzero(left):
        values[variables.unserved[name, stage.value, year, f"i{group}"].name] = float(left[group])
    load = np.bincount(arcs.school, weights=sent, minlength=len(rooms))
    for school in np.unique(arcs.school):
        place = (name, stage.value, year, f"j{school}")
        over = load[school] - sizes.standard[school] * rooms[school]
        widths = (sizes.working[school] - sizes.standard[school], sizes.absolute[school] - sizes.working[school])
        for piece, width in (("planned", widths[0]), ("working", widths[1]), ("absolute", sizes.absolute[school])):
            part = min(max(over, 0.0), width * rooms[school])
            values[variables.over[place, piece].name] = float(part)
            over -= part
        if place in variables.idle:
            values[variables.idle[place].name] = float(max(0.0, sizes.standard[school] * rooms[school] - load[school]))
