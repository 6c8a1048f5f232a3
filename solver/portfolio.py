"""`zone`: the parts of the zoning solver in order, under one stop and one seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xuequ.solver.phases import Run
from xuequ.solver.problem import DISTANCE, build_problem
from xuequ.solver.repair import Unjoinable
from xuequ.solver.shortage import explain_conflicts, explain_excess
from xuequ.solver.stop import Clock, MaxIterations
from xuequ.zoning.explanation import Explanation
from xuequ.zoning.indicators import goal_value, loads_by_id
from xuequ.zoning.options import GOAL_UNITS
from xuequ.zoning.plan import Goal, Plan, PlanKind, Status, is_proved
from xuequ.zoning.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from xuequ.solver.problem import Problem
    from xuequ.solver.stop import Progress, Stop
    from xuequ.zoning.catchments import Catchments
    from xuequ.zoning.district import District
    from xuequ.zoning.options import ZoningOptions
    from xuequ.zoning.rolls import Rolls
    from xuequ.zoning.rounds import Round
    from xuequ.zoning.seating import SeatPlan

__all__ = ["zone"]

_DEFAULT_BATCHES = 3000


def zone(
    district: District,
    *,
    stage: Stage | str,
    year: int | None = None,
    options: ZoningOptions | None = None,
    seats: SeatPlan | None = None,
    previous: Rolls | None = None,
    start: Catchments | None = None,
    stop: Stop | None = None,
    seed: int = 0,
    threads: int = 1,  # noqa: ARG001 - accepted everywhere; the search is sequential so that it repeats
    progress: Callable[[Progress], None] | None = None,
) -> Plan:
    """
    Draw the catchments of a stage for a school year.

    Parameters
    ----------
    district
        The district.
    stage, year
        What is zoned; the first planned year if none is given.
    options
        Goals, locks, regime; the district's own if not given.
    seats
        Rooms that open by then.
    previous
        Rolls of the year before (regime ``phase_in``); today's moved on with today's catchments if not given.
    start
        A plan to start from, as broken as it may be; today's catchments are tried in any case.
    stop
        When to stop; without one, after a number of iterations that suits a district.
    seed
        Of the random numbers: with the same seed and an iteration limit the plan repeats.
    threads
        Accepted; one is used.
    progress
        Receives a `Progress` now and then.

    Returns
    -------
    Plan
        With status ``infeasible`` and an explanation where no plan can exist.

    Raises
    ------
    KeyError
        If there is no demand for the year or the scenario.
    ValueError
        If it is not known who is enrolled where, in regime ``phase_in``.

    Notes
    -----
    model.md §1.
    """
    clock = Clock(stop if stop is not None else MaxIterations(_DEFAULT_BATCHES), progress)
    options = options or district.options.zoning
    problem = build_problem(district, Stage(stage), district.year_or_first(year), options, seats=seats, previous=previous)
    return _solved(district, problem, clock, start, _blank(district, problem.round, options, seats, seed))


def _blank(district: District, chosen: Round, options: ZoningOptions, seats: SeatPlan | None, seed: int) -> Plan:
    """Return a plan of a round without what is to be found."""
    return Plan(
        PlanKind.ZONE, Status.INFEASIBLE, district.fingerprint, chosen.regime, options.scenario, seed,
        chosen.stage, chosen.year, seats=seats, settings={"seats": options.seats, "moved_max": options.moved_max},
    )  # fmt: skip


def _solved(district: District, problem: Problem, clock: Clock, start: Catchments | None, blank: Plan) -> Plan:
    """Return the plan of a problem, or why there is none."""
    if not problem.round.zones:
        reason = (
            f"no school with a catchment has {problem.round.stage} classrooms or seats in {problem.round.year}: "
            "look at stages, classrooms, opened and closed in the table of schools"
        )
        return blank.replace(explanation=Explanation((reason,)), seconds=clock.elapsed_s)
    if problem.conflicts:
        return blank.replace(explanation=explain_conflicts(problem.conflicts), seconds=clock.elapsed_s)
    try:
        run = Run.begin(problem, clock, blank.seed, start)
    except Unjoinable as found:
        name = district.blocks.ids[int(np.flatnonzero(problem.unit == found.unit)[0])]
        reason = (
            f"block {name} can be joined to no school's catchment without breaking another; a lock or the limits stand against it"
        )
        return blank.replace(explanation=Explanation((reason,)), seconds=clock.elapsed_s)
    run.solve(district)
    return _plan(district, run, blank)


def _plan(district: District, run: Run, blank: Plan) -> Plan:
    """Return what a run has found."""
    problem, total = run.problem, run.problem.measure(run.zone)
    catchments = problem.catchments(run.zone)
    goals = tuple(
        Goal(goal.name, value := goal_value(goal.name, district, problem.round, catchments), run.bound_of(goal.name, value),
             GOAL_UNITS[goal.name], goal.tolerance)
        for goal in problem.goals
    )  # fmt: skip
    distance = next((goal for goal in goals if goal.name == "distance"), None)
    above = np.maximum(total - run.ranking.base, 0.0)
    fits = not (above > 1e-9).any()
    proven = fits and all(is_proved(goal.value, goal.bound) for goal in goals)
    explanation = Explanation() if fits else explain_excess(district, problem, run.zone)
    # What the search did not fit may fit in another plan, unless a shortage proves that it cannot.
    without = Status.INFEASIBLE if explanation.shortage else Status.STOPPED
    return blank.replace(
        status=(Status.OPTIMAL if proven else Status.FEASIBLE) if fits else without,
        goals=goals,
        objective=distance.value if distance else None,
        certified_bound=run.certified,
        solver_bound=run.bounds.get(DISTANCE) if distance else None,
        catchments=(catchments,),
        loads=loads_by_id(district, catchments, problem.round.pupils),
        certificates=run.certificates,
        explanation=explanation,
        seconds=run.clock.elapsed_s,
    )
