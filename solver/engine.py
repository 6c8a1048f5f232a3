"""HiGHS on plain arrays: the only module of zoning that knows its calls and its words for how a run ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np
from scipy.sparse import csr_array

from xuequ.zoning.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

__all__ = ["Answer", "Effort", "Model", "Reason", "Rows", "Session", "State", "time_limit"]


class State(StrEnum):
    """What a run has shown."""

    SOLVED = "solved"
    INFEASIBLE = "infeasible"
    UNFINISHED = "unfinished"


class Reason(StrEnum):
    """Why a run ended."""

    DONE = "done"
    TIME = "time"
    NODES = "nodes"
    STOPPED = "stopped"


_STATES = {
    highspy.HighsModelStatus.kOptimal: (State.SOLVED, Reason.DONE),
    highspy.HighsModelStatus.kModelEmpty: (State.SOLVED, Reason.DONE),
    highspy.HighsModelStatus.kInfeasible: (State.INFEASIBLE, Reason.DONE),
    highspy.HighsModelStatus.kUnboundedOrInfeasible: (State.INFEASIBLE, Reason.DONE),
    highspy.HighsModelStatus.kTimeLimit: (State.UNFINISHED, Reason.TIME),
    highspy.HighsModelStatus.kIterationLimit: (State.UNFINISHED, Reason.NODES),
    highspy.HighsModelStatus.kSolutionLimit: (State.UNFINISHED, Reason.NODES),
    highspy.HighsModelStatus.kInterrupt: (State.UNFINISHED, Reason.STOPPED),
    highspy.HighsModelStatus.kObjectiveBound: (State.UNFINISHED, Reason.DONE),
    highspy.HighsModelStatus.kObjectiveTarget: (State.UNFINISHED, Reason.DONE),
}


@dataclass(slots=True)
class Rows:
    """Rows of a model under construction, in compressed form."""

    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    starts: list[int] = field(default_factory=lambda: [0])
    index: list[NDArray[np.int64]] = field(default_factory=list)
    coefficient: list[NDArray[np.float64]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.lower)

    def add(self, index: Sequence[int] | NDArray[Any], coefficient: Any, lower: float, upper: float) -> None:
        """Add ``lower ≤ coefficient · x[index] ≤ upper``; one coefficient for all is enough."""
        at = np.asarray(index, dtype=np.int64)
        self.index.append(at)
        self.coefficient.append(np.broadcast_to(np.asarray(coefficient, dtype=float), at.shape))
        self.lower.append(lower)
        self.upper.append(upper)
        self.starts.append(self.starts[-1] + len(at))

    def matrix(self, columns: int) -> csr_array:
        """Return the coefficients, shape ``(rows, columns)``."""
        index = np.concatenate(self.index) if self.index else np.zeros(0, dtype=np.int64)
        values = np.concatenate(self.coefficient) if self.coefficient else np.zeros(0)
        return csr_array((values, index, np.array(self.starts)), shape=(len(self), columns))


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """
    A linear model, perhaps with whole variables, to be minimised.

    Parameters
    ----------
    cost, upper, whole
        Of each variable, shape ``(columns,)``; all are at least 0.
    rows
        Its rows.
    """

    cost: NDArray[np.float64]
    upper: NDArray[np.float64]
    whole: NDArray[np.bool_]
    rows: Rows


@dataclass(frozen=True, slots=True)
class Effort:
    """
    How long a run may take.

    Parameters
    ----------
    seconds
        Wall time; infinite where a run must repeat.
    nodes
        Nodes of the tree.
    gap
        Relative gap at which it ends.
    """

    seconds: float = float("inf")
    nodes: int = 1 << 30
    gap: float = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """
    What a run has found.

    Parameters
    ----------
    state, reason
        What it has shown, why it ended.
    value, bound
        Of the best solution (None without one), and the lower bound (−inf where none is known).
    x
        The best solution, shape ``(columns,)``; empty without one.
    duals, reduced
        Of rows and columns of a linear model; empty for one with whole variables.
    seen
        Solutions met on the way, last best.
    """

    state: State
    reason: Reason
    value: float | None
    bound: float
    x: NDArray[np.float64]
    duals: NDArray[np.float64]
    reduced: NDArray[np.float64]
    seen: tuple[NDArray[np.float64], ...] = ()


def time_limit(highs: Any, seconds: float, *, whole: bool) -> float:
    """
    Return the option ``time_limit`` that gives the next run of HiGHS so many seconds.

    Parameters
    ----------
    highs
        The model at HiGHS.
    seconds
        For the next run; infinite for no limit.
    whole
        Whether variables are to be whole.

    Notes
    -----
    In HiGHS 1.14 a search over whole numbers measures its limit from its own start, but the simplex method from the first run of
    the model on: a linear model that is solved again has to be given the seconds of its former runs besides.
    """
    if not np.isfinite(seconds):
        return float(highspy.kHighsInf)
    return max(seconds, 0.01) + (0.0 if whole else float(highs.getRunTime()))


class Session:
    """
    A model held by HiGHS: solved, given more rows or columns, solved again.

    Parameters
    ----------
    model
        The model.
    seed
        Of HiGHS.
    should_stop
        Asked now and then from inside a run.

    Notes
    -----
    HiGHS has neither lazy constraints nor user cuts: rows are added between runs.
    """

    def __init__(self, model: Model, *, seed: int = 0, should_stop: Callable[[], bool] | None = None) -> None:
        self._highs: Any = highspy.Highs()
        self._whole = bool(model.whole.any())
        self._columns = len(model.cost)
        self._seen: list[NDArray[np.float64]] = []
        for name, value in (("output_flag", False), ("threads", 1), ("random_seed", seed % (1 << 31)), ("mip_abs_gap", 1e-7)):
            self._highs.setOptionValue(name, value)
        self._pass(model)
        if should_stop is not None:
            self._ask = should_stop
            for event in (self._highs.cbMipInterrupt, self._highs.cbSimplexInterrupt):
                event.subscribe(self._interrupt)
        if self._whole:
            self._highs.cbMipSolution.subscribe(self._keep)

    def _interrupt(self, event: Any) -> None:
        if self._ask():
            event.interrupt()

    def _keep(self, event: Any) -> None:
        self._seen.append(np.array(event.data_out.mip_solution, dtype=float))

    def _pass(self, model: Model) -> None:
        lp = highspy.HighsLp()
        matrix = model.rows.matrix(len(model.cost))
        lp.num_col_, lp.num_row_ = len(model.cost), len(model.rows)
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = model.cost, np.zeros(len(model.cost)), model.upper
        lp.row_lower_ = np.maximum(np.array(model.rows.lower, dtype=float), -highspy.kHighsInf)
        lp.row_upper_ = np.minimum(np.array(model.rows.upper, dtype=float), highspy.kHighsInf)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
        if self._whole:
            kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
            lp.integrality_ = [kinds[int(whole)] for whole in model.whole]
        if self._highs.passModel(lp) == highspy.HighsStatus.kError:
            raise EngineError("HiGHS does not take the model")

    def add(self, rows: Rows) -> None:
        """Add rows."""
        for start, end, low, high, index, values in _each(rows):
            self._highs.addRow(low, high, end - start, index.astype(np.int32), values)

    def add_columns(self, cost: NDArray[np.float64], coefficients: csr_array) -> None:
        """Add variables of at least 0, one for each row of ``coefficients``, which has a column for each row of the model."""
        count, nothing = len(cost), np.zeros(len(cost))
        starts, index = coefficients.indptr[:-1].astype(np.int32), coefficients.indices.astype(np.int32)
        without_end = np.full(count, highspy.kHighsInf)
        self._highs.addCols(count, cost, nothing, without_end, coefficients.nnz, starts, index, coefficients.data)
        self._columns += count

    def change_costs(self, cost: NDArray[np.float64]) -> None:
        """Give the first columns other costs."""
        self._highs.changeColsCost(len(cost), np.arange(len(cost), dtype=np.int32), cost)

    def start_from(self, x: NDArray[np.float64]) -> None:
        """Begin the next run at a known solution."""
        self._highs.setSolution(len(x), np.arange(len(x), dtype=np.int32), np.asarray(x, dtype=float))

    def run(self, effort: Effort | None = None) -> Answer:
        """
        Solve.

        Raises
        ------
        EngineError
            If HiGHS ends in a state that is neither an answer, nor a proof that there is none, nor a limit.
        """
        effort = effort or Effort()
        self._seen.clear()
        limit = time_limit(self._highs, effort.seconds, whole=self._whole)
        options = {"time_limit": limit, "mip_max_nodes": min(effort.nodes, 2**31 - 1), "mip_rel_gap": effort.gap}
        for name, setting in options.items():
            self._highs.setOptionValue(name, setting)
        self._highs.run()
        status = self._highs.getModelStatus()
        if status not in _STATES:
            raise EngineError(f"HiGHS ended with {self._highs.modelStatusToString(status)}")
        state, reason = _STATES[status]
        info, solution = self._highs.getInfo(), self._highs.getSolution()
        found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        x = np.array(solution.col_value) if found and state is not State.INFEASIBLE else np.empty(0)
        value = float(info.objective_function_value) if len(x) or (found and self._columns == 0) else None
        if self._whole:
            bound = float(info.mip_dual_bound)
            return Answer(state, reason, value, bound, x, np.empty(0), np.empty(0), tuple(self._seen))
        bound = value if state is State.SOLVED and value is not None else float("-inf")
        return Answer(state, reason, value, bound, x, np.array(solution.row_dual), np.array(solution.col_dual))


def _each(rows: Rows) -> Iterator[tuple[int, int, float, float, NDArray[np.int64], NDArray[np.float64]]]:
    return zip(rows.starts, rows.starts[1:], rows.lower, rows.upper, rows.index, rows.coefficient, strict=False)
