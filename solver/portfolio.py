"""`zone`: the parts of the zoning solver in order, under one stop and one seed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from xuequ.solver.improving import Improver, Pace
from xuequ.solver.problem import DISTANCE, MEASURES, OVER, Problem, build_problem
from xuequ.solver.ranking import PUPIL_GOALS, Phase, Ranking, worth_of
from xuequ.solver.relaxation import arc_prices, transport
from xuequ.solver.repair import Unjoinable, repair
from xuequ.solver.search import Cycle, Search
from xuequ.solver.stop import Budget, Clock, MaxIterations
from xuequ.zoning.explanation import Explanation
from xuequ.zoning.indicators import goal_value
from xuequ.zoning.options import GOAL_UNITS
from xuequ.zoning.plan import Goal, Plan, PlanKind, Status
from xuequ.zoning.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from xuequ.solver.stop import Progress, Stop
    from xuequ.zoning.catchments import Catchments
    from xuequ.zoning.district import District
    from xuequ.zoning.options import ZoningOptions
    from xuequ.zoning.rolls import Rolls
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
    year = year if year is not None else (district.years[0] if district.years else district.school_year)
    problem = build_problem(district, Stage(stage), year, options, seats=seats, previous=previous)
    blank = Plan(
        PlanKind.ZONE, Status.INFEASIBLE, district.fingerprint, problem.round.regime, options.scenario, seed,
        Stage(stage), year, seats=seats, settings={"seats": options.seats, "moved_max": options.moved_max},
    )  # fmt: skip
    if problem.conflicts:
        reasons = tuple(dict.fromkeys(item.sentence for item in problem.conflicts))
        return blank.replace(explanation=Explanation(reasons), seconds=clock.elapsed_s)
    try:
        run = _Run.begin(problem, clock, seed, start)
    except Unjoinable as found:
        name = district.blocks.ids[int(np.flatnonzero(problem.unit == found.unit)[0])]
        reason = (
            f"block {name} can be joined to no school's catchment without breaking another; a lock or the limits stand against it"
        )
        return blank.replace(explanation=Explanation((reason,)), seconds=clock.elapsed_s)
    run.solve()
    return _plan(district, run, blank)


@dataclass(slots=True, eq=False)
class _Run:
    """One call of `zone` at work."""

    problem: Problem
    clock: Clock
    search: Search
    ranking: Ranking
    zone: NDArray[np.int32]
    improver: Improver
    bounds: dict[int, float] = field(default_factory=dict)

    @classmethod
    def begin(cls, problem: Problem, clock: Clock, seed: int, start: Catchments | None) -> _Run:
        """Make the first plans: from the relaxation, from today, from the start given."""
        price = np.zeros(len(MEASURES))
        price[DISTANCE] = 1.0
        worth = worth_of(problem, np.zeros(len(MEASURES)))
        flow = transport(problem, price, overload=100.0 * worth[OVER])
        arc_price = arc_prices(problem, price)
        first = repair(problem, flow.start(problem, arc_price), arc_price, overload=10.0 * worth[OVER])
        worth = worth_of(problem, problem.measure(first))
        ranking = Ranking.of(problem, worth)
        search = Search(problem, seed, worth)
        run = cls(problem, clock, search, ranking, first, Improver(problem, search, clock, seed))
        starts = [problem.today] if (problem.today >= 0).any() else []
        if start is not None:
            starts.append(problem.units_of(start))
        for each in starts:
            other = repair(problem, each, arc_price, overload=10.0 * worth[OVER])
            run.zone = min((run.zone, other), key=lambda zone: run.key(problem.measure(zone)))
        return run

    def key(self, total: NDArray[np.float64]) -> tuple[float, ...]:
        """Return what plans are compared by in the large: base limits, then goals in order of rank."""
        excess = float(np.maximum(total - self.ranking.base, 0.0).sum())
        return (excess, *(float(total[column]) for column in self.ranking.columns()))

    def solve(self) -> None:
        """Work through the phases."""
        limits = self.ranking.base.copy()
        phases = self.ranking.phases()
        for number, phase in enumerate(phases):
            share = self._share(phase, phases[number + 1 :])
            budget = self.clock.budget(phase.name, share)
            if phase.counted:
                self._count_down(phase, limits, budget)
            else:
                self._minimise(phase, limits, budget, last=number == len(phases) - 1)
            total = self.problem.measure(self.zone)
            for column in phase.measures:
                limits[column] = min(limits[column], self.ranking.allowed(column, float(total[column])))

    @staticmethod
    def _share(phase: Phase, later: tuple[Phase, ...]) -> float:
        if not later:
            return 1.0
        return 0.3 if phase.counted else 0.75 if phase.name == "distance" else 0.5

    def _count_down(self, phase: Phase, limits: NDArray[np.float64], budget: Budget) -> None:
        """Press counts down towards their bounds."""
        total = self.problem.measure(self.zone)
        for column in phase.measures:
            self.bounds[column] = 0.0
        target = self.ranking.target(phase, limits, self.bounds)
        stale, batches = 0, 250
        while target.excess(total) > 0 and stale < 3 and not budget.is_spent(self.clock) and not self.clock.should_stop():
            found, _ = self.search.run(self.zone, target, Cycle(batches, 0.2, 0.01), self.clock, budget)
            better = target.rank(self.problem.measure(found)) < target.rank(total)
            less = target.excess(self.problem.measure(found)) < target.excess(total)
            if better:
                self.zone, total = found, self.problem.measure(found)
            stale = 0 if less else stale + 1
            batches = min(batches * 2, 2000)

    def _minimise(self, phase: Phase, limits: NDArray[np.float64], budget: Budget, *, last: bool) -> None:
        """Minimise one goal under the limits of those before."""
        target = self.ranking.target(phase, limits, self.bounds)
        column = phase.measures[0]
        tolerance = next(goal.tolerance for goal in self.ranking.goals if goal.name == phase.name)
        if column in self.bounds:
            budget.bound = target.price[column] * self.bounds[column]
        pace = Pace(40, 1e-6) if last and column == DISTANCE else Pace(3, tolerance / 10)
        self.zone = self.improver.minimise(self.zone, target, budget, pace)


def _plan(district: District, run: _Run, blank: Plan) -> Plan:
    """Return what a run has found."""
    problem, total = run.problem, run.problem.measure(run.zone)
    catchments = problem.catchments(run.zone)
    goals = tuple(
        Goal(goal.name, goal_value(goal.name, district, problem.round, catchments), run_bound(run, goal.name),
             GOAL_UNITS[goal.name], goal.tolerance)
        for goal in problem.goals
    )  # fmt: skip
    distance = next((goal for goal in goals if goal.name == "distance"), None)
    base = np.maximum(total - run.ranking.base, 0.0)
    fits = not (base > 1e-9).any()
    reasons = () if fits else (f"no plan was found within the limits: {base[OVER]:,.0f} pupils are above the seats",)
    return blank.replace(
        status=Status.FEASIBLE if fits else Status.INFEASIBLE,
        goals=goals,
        objective=distance.value if distance else None,
        solver_bound=distance.bound if distance else None,
        catchments=(catchments,),
        explanation=Explanation(reasons),
        seconds=run.clock.elapsed_s,
    )


def run_bound(run: _Run, name: str) -> float | None:
    """Return the bound of a goal, None where none is known."""
    if name not in MEASURES:
        return None
    column = MEASURES.index(name)
    return run.bounds.get(column, 0.0 if column in PUPIL_GOALS else None)
