"""Goals in order of rank on one PuLP model: each is minimised, and what it reached caps the next (model.md §1)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np
import pulp

from xuequ.solver.engine import time_limit
from xuequ.zoning.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from xuequ.solver.stop import Clock

__all__ = ["Limits", "RankedModel", "Reached"]

_SEARCHED = highspy.HighsModelStatus
_FINISHED = (_SEARCHED.kOptimal,)
_UNSOLVABLE = (_SEARCHED.kInfeasible, _SEARCHED.kUnboundedOrInfeasible)
_CUT_SHORT = (
    _SEARCHED.kInterrupt, _SEARCHED.kTimeLimit, _SEARCHED.kIterationLimit, _SEARCHED.kSolutionLimit, _SEARCHED.kObjectiveBound,
    _SEARCHED.kNotset, _SEARCHED.kUnknown,  # the time was over before it began
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Limits:
    """
    When a search over whole numbers is good enough.

    Parameters
    ----------
    gap, gap_abs
        Relative and absolute gap at which it ends.
    nodes
        Most nodes of the tree: unlike seconds they make runs that repeat to the byte.
    seconds
        Most seconds.
    """

    gap: float = 0.0
    gap_abs: float = 1e-6
    nodes: int = 1 << 30
    seconds: float = math.inf


@dataclass(frozen=True, slots=True, eq=False)
class Reached:
    """
    What one search has found.

    Parameters
    ----------
    value, bound
        Best value and lower bound; value None where there is no solution (then ``infeasible`` says whether it is proved that
        none exists).
    values
        Value of every variable in the model's order, shape ``(variables,)``; empty without a solution.
    row_duals
        Shadow prices of the rows, shape ``(rows,)``; empty where whole numbers were asked for.
    infeasible
        Proved to have no solution.
    """

    value: float | None
    bound: float | None
    values: NDArray[np.float64]
    row_duals: NDArray[np.float64]
    infeasible: bool = False


class RankedModel:
    """
    A PuLP model held by HiGHS, built once and solved for one goal after the other.

    Parameters
    ----------
    model
        Variables and rows; its objective is not used. Rows added to it later come over with `take_rows`.
    clock
        Asked from inside the searches whether to stop.
    seed
        Of HiGHS.

    Attributes
    ----------
    seen
        Every solution in whole numbers that the last search met on its way, the best last.

    Notes
    -----
    PuLP's own in-process interface neither starts from a known solution nor adds rows between solves, so its ``solverModel`` is
    driven directly. One thread: the scheduler of HiGHS is one for the whole process, and a model that asks for another number
    of threads
    than the first one is not solved at all. What runs side by side are stages, in processes of their own.
    """

    def __init__(self, model: pulp.LpProblem, clock: Clock, *, seed: int = 0) -> None:
        model.setObjective(pulp.LpAffineExpression())
        engine = pulp.HiGHS(msg=False, threads=1, random_seed=seed % (1 << 31))
        engine.createAndConfigureSolver(model)
        engine.buildSolverModel(model)
        self.model = model
        self._clock = clock
        self._highs: Any = model.solverModel
        self._variables = model.variables()
        self._whole = np.array([i for i, item in enumerate(self._variables) if item.cat == pulp.LpInteger], dtype=np.int32)
        self._names = {item.name: i for i, item in enumerate(self._variables)}
        self._is_whole = np.isin(np.arange(len(self._variables)), self._whole)
        self._rows = len(model.constraints())
        self._objective = np.zeros(len(self._variables))
        self._best: NDArray[np.float64] | None = None
        self.seen: list[NDArray[np.float64]] = []
        self._highs.cbMipSolution.subscribe(self._see)
        for event in (self._highs.cbMipInterrupt, self._highs.cbSimplexInterrupt, self._highs.cbIpmInterrupt):
            event.subscribe(self._ask)

    def _ask(self, event: Any) -> None:
        if self._clock.should_stop():
            event.interrupt()

    def _see(self, event: Any) -> None:
        self.seen.append(np.array(event.data_out.mip_solution))

    def column(self, variable: pulp.LpVariable) -> int:
        """Return the position of a variable in `Reached.values`."""
        return self._names[variable.name]

    def relax(self, variables: Iterable[pulp.LpVariable] | None = None, *, whole: bool = False) -> None:
        """Let variables take fractions (all whole ones if none are named), or ask for whole numbers again."""
        columns = self._whole if variables is None else np.array([self.column(item) for item in variables], dtype=np.int32)
        kind = highspy.HighsVarType.kInteger if whole else highspy.HighsVarType.kContinuous
        self._is_whole[columns] = whole
        for column in columns:
            self._highs.changeColIntegrality(int(column), kind)

    def fix(self, values: Mapping[str, float]) -> None:
        """Fix variables, by name, to values."""
        for name, value in values.items():
            self._highs.changeColBounds(self._names[name], value, value)

    def release(self, variables: Iterable[pulp.LpVariable]) -> None:
        """Give variables the bounds back that the model states."""
        for item in variables:
            low = -highspy.kHighsInf if item.lowBound is None else item.lowBound
            high = highspy.kHighsInf if item.upBound is None else item.upBound
            self._highs.changeColBounds(self.column(item), low, high)

    def cap(self, goal: pulp.LpAffineExpression, limit: float) -> None:
        """Add the row ``goal <= limit``."""
        columns, prices = self._terms(goal)
        self._highs.addRow(-highspy.kHighsInf, limit - goal.constant, len(columns), columns, prices)

    def floor(self, goal: pulp.LpAffineExpression, bound: float) -> None:
        """Add the row ``goal >= bound``: a bound proved before lets the next search end as soon as it is met."""
        columns, prices = self._terms(goal)
        self._highs.addRow(bound - goal.constant, highspy.kHighsInf, len(columns), columns, prices)

    def take_rows(self) -> None:
        """Bring over rows that were added to the PuLP model since the last call."""
        for row in self.model.constraints()[self._rows :]:
            columns, prices = self._terms(row)
            low = -highspy.kHighsInf if row.getLb() is None else row.getLb()
            high = highspy.kHighsInf if row.getUb() is None else row.getUb()
            self._highs.addRow(low, high, len(columns), columns, prices)
        self._rows = len(self.model.constraints())

    def value_of(self, goal: pulp.LpAffineExpression, values: NDArray[np.float64]) -> float:
        """Return the value of an expression at a solution."""
        columns, prices = self._terms(goal)
        return float(goal.constant + (values[columns] * prices).sum())

    def start_from(self, values: NDArray[np.float64] | None) -> None:
        """Begin the next search at a known solution."""
        self._best = values

    def completed(self, values: Mapping[str, float]) -> NDArray[np.float64] | None:
        """Return a full solution with the given values of some variables, the others at their least; None if there is none."""
        self.fix(values)
        self.relax()
        self._best = None
        everything = np.arange(len(self._objective), dtype=np.int32)
        rest = np.array([0.0 if item.name in values else 1.0 for item in self._variables])
        self._highs.changeColsCost(len(everything), everything, rest)
        self._highs.setOptionValue("time_limit", highspy.kHighsInf)
        self._highs.run()
        found = self._read(0.0).values
        self.relax(whole=True)
        self.release([self._variables[self._names[name]] for name in values])
        return found if len(found) else None

    def minimise(self, goal: pulp.LpAffineExpression, limits: Limits | None = None) -> Reached:
        """
        Minimise one goal under the rows and caps so far.

        Raises
        ------
        EngineError
            If HiGHS ends in a state that is neither an answer, nor a proof that there is none, nor a limit.
        """
        limits = limits or Limits()
        columns, prices = self._terms(goal)
        self._objective[:] = 0
        self._objective[columns] = prices
        everything = np.arange(len(self._objective), dtype=np.int32)
        self._highs.changeColsCost(len(everything), everything, self._objective)
        seconds = time_limit(self._highs, min(limits.seconds, self._clock.seconds_left()), whole=bool(self._is_whole.any()))
        options = {
            "mip_rel_gap": limits.gap, "mip_abs_gap": limits.gap_abs, "mip_max_nodes": min(limits.nodes, 2**31 - 1),
            "time_limit": seconds,
        }  # fmt: skip
        for name, value in options.items():
            self._highs.setOptionValue(name, value)
        self.seen.clear()
        if self._best is not None:
            self._highs.setSolution(len(everything), everything, self._best)
        if self._highs.run() == highspy.HighsStatus.kError:
            raise EngineError(f"HiGHS failed on the goal {goal.name or 'without a name'}")
        return self._read(goal.constant)

    def _read(self, constant: float) -> Reached:
        status, info = self._highs.getModelStatus(), self._highs.getInfo()
        if status not in _FINISHED + _UNSOLVABLE + _CUT_SHORT:
            raise EngineError(f"HiGHS ended with {status}")
        nothing = np.empty(0)
        if status in _UNSOLVABLE:
            return Reached(None, None, nothing, nothing, infeasible=True)
        is_mip = info.mip_node_count >= 0
        solution = self._highs.getSolution()
        if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
            bound = info.mip_dual_bound + constant if is_mip and math.isfinite(info.mip_dual_bound) else None
            return Reached(None, bound, nothing, nothing)
        value = info.objective_function_value + constant
        bound = info.mip_dual_bound + constant if is_mip else (value if status in _FINISHED else None)
        if bound is not None and not math.isfinite(bound):
            bound = None
        duals = nothing if is_mip else np.array(solution.row_dual)
        return Reached(value, bound, np.array(solution.col_value), duals)

    def _terms(self, expression: pulp.LpAffineExpression) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        pairs = [(self._names[item.name], float(price)) for item, price in expression.items() if price]
        return np.array([c for c, _ in pairs], dtype=np.int32), np.array([p for _, p in pairs], dtype=np.float64)
