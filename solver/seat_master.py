"""The seat model with the flows projected out: decisions about sites, and lines that say what pupils make of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pulp

from xuequ.solver.formulations import seats as rows
from xuequ.solver.ranked import RankedModel
from xuequ.solver.seat_decisions import SiteDecisions, read_plan
from xuequ.solver.seat_prices import FlowPrices, PricedFlow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from xuequ.solver.ranked import Limits, Reached
    from xuequ.solver.seat_problem import SeatProblem
    from xuequ.solver.stop import Clock
    from xuequ.zoning.seating import SeatPlan
    from xuequ.zoning.stage import Stage

__all__ = ["LEVELS", "Effort", "SeatMaster", "levels_value"]

STEEP = 100.0
"""What one pupil of a goal weighs in pupils of the next: more than a chain of schools can trade one for the other."""
_KILOMETRES = 2.0
"""What a pupil too far weighs in pupil·km."""

_SUPER, _LARGE = STEEP * STEEP + STEEP, STEEP
LEVELS: Mapping[str, FlowPrices] = {
    "super_large": FlowPrices(absolute=1.0),
    "large": FlowPrices(absolute=STEEP + 1, working=1.0),
    "too_far": FlowPrices(absolute=_SUPER, working=_LARGE, too_far=1.0),
    "distance": FlowPrices(_SUPER * _KILOMETRES, _LARGE * _KILOMETRES, _KILOMETRES, 1.0),
}
"""Prices at which a flow minimises each goal after those before it."""


def levels_value(level: str, super_large: float, large: float, too_far: float, distance: float) -> float:
    """Return what goal values come to at the prices of a level."""
    each = LEVELS[level]
    return (
        (each.absolute - each.working) * super_large + each.working * large + each.too_far * too_far + each.kilometre * distance
    )


_FRACTIONS = 30
"""Most rounds in fractions of rooms."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to go on for a goal: limits of each round in whole numbers, most of these rounds, and until when."""

    limits: Limits
    rounds: int
    until_s: float = float("inf")


@dataclass(frozen=True, slots=True)
class _Key:
    scenario: int
    stage: Stage
    year: int


class SeatMaster:
    """
    Decisions about sites, with a variable for the flow of each scenario, stage and year at each level of prices.

    Parameters
    ----------
    problem
        The programme.
    clock
        Asked whether to stop.
    seed
        Of HiGHS.

    Notes
    -----
    Benders' decomposition. With rooms given, the pupils of a stage and year are a flow of their own, so the large model falls
    apart into a small one about sites and many flows, which tell it by lines what rooms are worth (docs/decisions/0010).
    """

    def __init__(self, problem: SeatProblem, clock: Clock, *, seed: int = 0) -> None:
        self.problem, self.clock = problem, clock
        self.model = pulp.LpProblem(f"sites_{problem.programme}", pulp.LpMinimize)
        self.decisions = SiteDecisions(problem, self.model)
        self.decisions.add_rows()
        self.flows = {
            _Key(w, stage, year): PricedFlow(problem.pupils(scenario, stage, year), problem.arcs[stage], problem.sizes[stage])
            for w, scenario in enumerate(problem.scenarios)
            for stage in problem.stages
            for year in problem.all_years
        }
        schools = np.arange(len(problem.district.schools))
        self.rooms = {
            (stage, year): self.decisions.rooms_of(stage, year, schools) for stage in problem.stages for year in problem.all_years
        }
        self.values = {
            (level, key): self.model.add_variable(f"flow_{level}_w{key.scenario}_{key.stage}_{key.year}", 0)
            for level in LEVELS
            for key in self.flows
        }
        self.worst = {level: self.model.add_variable(f"worst_{level}", 0) for level in LEVELS}
        for level, worst in self.worst.items():
            sums = {
                f"w{w}": pulp.LpAffineExpression([(self.values[level, key], 1) for key in self.flows if key.scenario == w])
                for w in range(len(problem.scenarios))
            }
            rows.worst_scenario_counts(self.model, worst, sums, level)
        self.ranked = RankedModel(self.model, clock, seed=seed)
        self._names = [item.name for item in self.model.variables()]
        self._lines = 0

    def minimise(
        self,
        goal: pulp.LpAffineExpression,
        levels: tuple[str, ...],
        effort: Effort,
        accept: Callable[[SeatPlan, float | None], bool],
    ) -> float | None:
        """
        Minimise a goal in rounds, first with fractions of rooms, then with whole ones; return its lower bound.

        Parameters
        ----------
        goal
            An expression in decisions and in `worst`.
        levels
            Levels whose flows the goal or its caps depend on; their lines are added.
        effort
            How long to go on.
        accept
            Is shown every seat plan found, with the bound so far; says whether the search may end.
        """
        self.ranked.relax()
        bound: float | None = None
        for _ in range(_FRACTIONS):
            found = self.ranked.minimise(goal)
            if not len(found.values) or self._is_over(effort):
                break
            bound = found.bound
            if self._add_lines(found, levels) <= 1e-3 * max(1.0, abs(found.value or 0.0)):
                break
        self.ranked.relax(whole=True)
        for _ in range(effort.rounds):
            if self._is_over(effort):
                break
            found = self.ranked.minimise(goal, effort.limits)
            bound = max((item for item in (bound, found.bound) if item is not None), default=None)
            if not len(found.values):
                break
            plan = read_plan(self.problem, self.decisions.rooms, dict(zip(self._names, found.values, strict=True)))
            if accept(plan, bound) or self._add_lines(found, levels) <= 1e-6:
                break
        return bound

    def _is_over(self, effort: Effort) -> bool:
        return self.clock.should_stop() or self.clock.elapsed_s >= effort.until_s

    def _add_lines(self, found: Reached, levels: tuple[str, ...]) -> float:
        """Add a line for every flow that the solution values too low; return by how much it does in all."""
        missed = 0.0
        for (stage, year), rooms in self.rooms.items():
            at = np.array([self._at(expression, found.values) for expression in rooms.values()])
            for key, flow in self.flows.items():
                if key.stage is not stage or key.year != year:
                    continue
                for level in levels:
                    missed += self._add_line(level, key, flow, at, found)
        self.ranked.take_rows()
        return missed

    def _add_line(self, level: str, key: _Key, flow: PricedFlow, at: NDArray[np.float64], found: Reached) -> float:
        variable = self.values[level, key]
        line = flow.line(at, LEVELS[level])
        missed = line.value - float(found.values[self.ranked.column(variable)])
        if missed <= 1e-6 * max(1.0, line.value):
            return 0.0
        moving = self._moving(key)
        fixed = float(sum(line.saved[j] * at[j] for j in range(len(at)) if j not in moving))
        expressions = self.rooms[key.stage, key.year]
        saved = {f"j{j}": float(line.saved[j]) for j in sorted(moving) if line.saved[j]}
        rooms = {f"j{j}": expressions[j] for j in moving}
        rows.flow_value_is_at_least(self.model, variable, rooms, saved, line.constant - fixed, f"line_{self._lines}")
        self._lines += 1
        return missed

    def _moving(self, key: _Key) -> set[int]:
        """Return the schools whose rooms are not a mere number."""
        return {j for j, expression in self.rooms[key.stage, key.year].items() if len(expression)}

    def _at(self, expression: pulp.LpAffineExpression, values: NDArray[np.float64]) -> float:
        return self.ranked.value_of(expression, values) if len(expression) else float(expression.constant)
