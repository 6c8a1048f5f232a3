"""`seats`: which sites open, with how many classrooms, in which year (model.md §3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from xuequ.solver.ranked import Limits, RankedModel
from xuequ.solver.seat_floors import cheapest_plan, floors_explained
from xuequ.solver.seat_model import SEAT_GOALS, build_seat_model
from xuequ.solver.seat_problem import building_years, seat_problem, targets
from xuequ.solver.seat_reasons import checked_on_blocks, site_reasons
from xuequ.solver.seat_start import values_of_plan
from xuequ.solver.stop import Clock
from xuequ.zoning.explanation import Explanation
from xuequ.zoning.plan import Goal, Plan, PlanKind, Status, relative_gap
from xuequ.zoning.seating import STAGES, SeatPlan
from xuequ.zoning.stage import Programme

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pulp
    from numpy.typing import NDArray

    from xuequ.solver.seat_model import SeatModel
    from xuequ.solver.seat_problem import SeatProblem
    from xuequ.solver.stop import Progress, Stop
    from xuequ.zoning.district import District
    from xuequ.zoning.options import SeatOptions

__all__ = ["GAP", "seats"]

GAP = 0.005
"""Relative gap that a goal is searched down to (solver.md §10: seat plans within 0.5 %)."""

_OPENINGS = Limits(gap=GAP / 2, gap_abs=0.5, nodes=400, seconds=15)
_ROOMS = Limits(gap=GAP / 10, gap_abs=0.05, nodes=400, seconds=10)
_EVERYTHING = Limits(gap=GAP, gap_abs=0.5, nodes=200, seconds=5)


@dataclass(slots=True)
class _Part:
    """What came out for one programme."""

    seats: SeatPlan | None
    goals: dict[str, tuple[float, float | None]] = field(default_factory=dict)
    explanation: Explanation = field(default_factory=Explanation)
    finished: bool = True


def seats(
    district: District,
    *,
    options: SeatOptions | None = None,
    stop: Stop | None = None,
    seed: int = 0,
    threads: int = 1,
    progress: Callable[[Progress], None] | None = None,
) -> Plan:
    """
    Choose sites, classrooms and years.

    Parameters
    ----------
    district
        The district, with sites.
    options
        ``[seats]`` of the case if not given.
    stop, progress
        When to stop, and who is told how far it is.
    seed, threads
        Of HiGHS.

    Returns
    -------
    Plan
        Kind ``seats``. Goals in the order of `SEAT_GOALS`, added up over the two programmes, which share nothing; the objective
        is the cost. Status ``infeasible``, with the explanation, where a programme cannot reach its floors.

    Raises
    ------
    ValueError
        If the demand reaches none of the years in which rooms may open, or lacks a scenario.

    Notes
    -----
    model.md §3, solver.md §6. Pupils of all grades are sent to schools anew each year (a transportation problem on groups of
    blocks), so what is reached is a bound on what catchments can reach; `horizon.plan` makes these.
    """
    clock = Clock(stop, progress)
    options = options or district.options.seats
    asked = [
        programme
        for programme in Programme
        if any(site.programme is programme for site in district.sites) or targets(district, options, programme).seats_min
    ]
    parts = [_programme(seat_problem(district, programme, options), clock, seed, threads) for programme in asked]
    return _merged(district, options, parts, clock, seed)


def _programme(problem: SeatProblem, clock: Clock, seed: int, threads: int) -> _Part:
    first = cheapest_plan(problem, clock, seed=seed, threads=threads)
    if first is None and clock.stopped:
        return _Part(None, finished=False)
    if first is None:
        return _Part(None, explanation=floors_explained(problem, clock, seed=seed, threads=threads))
    seat_model = build_seat_model(problem)
    search = _Search(seat_model, RankedModel(seat_model.model, clock, seed=seed, threads=threads), clock, first)
    goals = {}
    for name, goal in seat_model.goals.items():
        goals[name] = search.reach(name, goal)
    chosen = search.plan()
    reasons = site_reasons(problem, chosen)
    checked = checked_on_blocks(problem, chosen)
    return _Part(SeatPlan(chosen.openings, reasons), goals, Explanation((checked,)), finished=not clock.stopped)


class _Search:
    """One programme's goals in order of rank, by two stages each: openings whole and rooms continuous, then rooms whole."""

    def __init__(self, seat_model: SeatModel, ranked: RankedModel, clock: Clock, first: SeatPlan) -> None:
        self.seat_model, self.ranked, self.clock = seat_model, ranked, clock
        self.names = [variable.name for variable in seat_model.model.variables()]
        self.sizes = [*seat_model.steps.values(), *seat_model.rooms.values()]
        self.best = self._start(first)

    def _start(self, plan: SeatPlan) -> NDArray[np.float64]:
        values = values_of_plan(self.seat_model, plan)
        return np.array([values[name] for name in self.names])

    def plan(self) -> SeatPlan:
        """Return the best plan so far."""
        return self.seat_model.read(dict(zip(self.names, self.best, strict=True)))

    def reach(self, name: str, goal: pulp.LpAffineExpression) -> tuple[float, float | None]:
        """Minimise a goal, cap it at what is reached, and return value and lower bound."""
        phase = f"seats {self.seat_model.problem.programme}: {name}"
        value = self.ranked.value_of(goal, self.best)
        bound: float | None = 0.0
        if value > 1e-6 and not self.clock.report(phase, value, bound):
            bound = max(0.0, self._two_stages(goal) or 0.0)
            value = self.ranked.value_of(goal, self.best)
            self.clock.report(phase, value, bound)
        elif self.clock.stopped:
            bound = None
        self.ranked.cap(goal, value + 1e-7 * max(1.0, abs(value)))
        return value, None if bound is None else min(bound, value)

    def _two_stages(self, goal: pulp.LpAffineExpression) -> float | None:
        ranked = self.ranked
        ranked.relax(self.sizes)
        ranked.start_from(self.best)
        openings = ranked.minimise(goal, _OPENINGS)
        ranked.relax(self.sizes, whole=True)
        if not len(openings.values) or self._is_close(goal, openings.bound):
            return openings.bound
        chosen = {item.name: round(openings.values[ranked.column(item)]) for item in self.seat_model.opened.values()}
        ranked.fix(chosen)
        same = all(round(self.best[ranked.column(item)]) == chosen[item.name] for item in self.seat_model.opened.values())
        ranked.start_from(self.best if same else None)
        self._keep(goal, ranked.minimise(goal, _ROOMS).values)
        ranked.release(self.seat_model.opened.values())
        bound = openings.bound
        if not self._is_close(goal, bound) and not self.clock.should_stop():
            ranked.start_from(self.best)
            everything = ranked.minimise(goal, _EVERYTHING)
            self._keep(goal, everything.values)
            bound = max((item for item in (bound, everything.bound) if item is not None), default=None)
        return bound

    def _keep(self, goal: pulp.LpAffineExpression, values: NDArray[np.float64]) -> None:
        if len(values) and self.ranked.value_of(goal, values) < self.ranked.value_of(goal, self.best) - 1e-9:
            self.best = self._exact(values)

    def _exact(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return a solution with decisions rounded to the whole numbers that they stand for."""
        values = values.copy()
        for item in [*self.seat_model.opened.values(), *self.sizes]:
            column = self.ranked.column(item)
            values[column] = round(values[column])
        return values

    def _is_close(self, goal: pulp.LpAffineExpression, bound: float | None) -> bool:
        gap = relative_gap(self.ranked.value_of(goal, self.best), bound)
        return gap is not None and gap <= GAP


def _merged(district: District, options: SeatOptions, parts: Sequence[_Part], clock: Clock, seed: int) -> Plan:
    """Put the programmes together into one plan."""
    explanation = Explanation(
        tuple(reason for part in parts for reason in part.explanation.reasons),
        (),
        tuple(item for part in parts for item in part.explanation.relaxations),
    )
    plan = Plan(
        PlanKind.SEATS,
        Status.OPTIMAL,
        district.fingerprint,
        scenario=options.scenarios[0],
        seed=seed,
        explanation=explanation,
        settings={"years": list(building_years(district, options)), "scenarios": list(options.scenarios)},
        seconds=clock.elapsed_s,
    )
    if any(part.seats is None for part in parts):
        stopped = any(part.seats is None and not part.finished for part in parts)
        return plan.replace(status=Status.STOPPED if stopped else Status.INFEASIBLE)
    openings = [item for part in parts if part.seats for item in part.seats.openings]
    reasons = [item for part in parts if part.seats for item in part.seats.reasons]
    order = sorted(openings, key=lambda item: (item.site, item.year, STAGES.index(item.stage)))
    goals = []
    for name, unit in SEAT_GOALS.items():
        each = [part.goals[name] for part in parts]
        bounds = [bound for _, bound in each]
        bound = None if None in bounds else sum(item for item in bounds if item is not None)
        goals.append(Goal(name, round(sum(value for value, _ in each), 6), None if bound is None else round(bound, 6), unit))
    cost = next(goal for goal in goals if goal.name == "cost")
    proved = all(goal.bound is not None and goal.value - goal.bound <= 1e-6 * max(1.0, goal.value) for goal in goals)
    return plan.replace(
        status=Status.OPTIMAL if proved else Status.FEASIBLE,
        goals=tuple(goals),
        objective=cost.value,
        solver_bound=cost.bound,
        seats=SeatPlan(tuple(order), tuple(sorted(reasons))),
    )
