"""The transportation relaxation: a lower bound, a start, and the prices of seats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from ortools.graph.python import min_cost_flow

from xuequ.solver.problem import LARGE, OVER, SUPER
from xuequ.zoning.errors import EngineError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xuequ.solver.problem import Problem

__all__ = ["Flow", "arc_prices", "transport", "unit_prices"]

_COST_LEVELS = 1 << 30


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """
    A solution of the transportation relaxation.

    Parameters
    ----------
    pupils
        Pupils on each arc, shape ``(arcs,)``.
    value
        Its priced objective, a lower bound up to the rounding of prices.
    over
        Pupils above planned, working and absolute, shape ``(3,)``.
    """

    pupils: NDArray[np.int64]
    value: float
    over: NDArray[np.int64]

    def start(self, problem: Problem, price: NDArray[np.float64]) -> NDArray[np.int32]:
        """Return each unit's zone with the most pupils; the cheapest for a unit without pupils."""
        rows = problem.arc_rows()
        order = np.lexsort((price, -self.pupils, rows))
        zone = np.full(problem.units, -1, dtype=np.int32)
        first, at = np.unique(rows[order], return_index=True)
        zone[first] = problem.arc_zone[order[at]]
        return zone


def arc_prices(problem: Problem, price: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the priced objective of each arc, shape ``(arcs,)`` (columns of ``price`` as `problem.MEASURES`)."""
    return np.asarray(problem.arc_value @ price[[3, 4, 5]])


def unit_prices(problem: Problem, price: NDArray[np.float64], mu: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what each unit costs at least, seats paid for at ``mu`` a pupil, shape ``(units,)``."""
    paid = arc_prices(problem, price) + problem.pupils[problem.arc_rows()] * mu[problem.arc_zone]
    return np.asarray(np.minimum.reduceat(paid, problem.arc_indptr[:-1]))


def transport(problem: Problem, price: NDArray[np.float64], *, overload: float = 0.0) -> Flow:
    """
    Solve the transportation relaxation by minimum-cost flow.

    Parameters
    ----------
    problem
        What is solved.
    price
        Of a unit of each measure.
    overload
        Further price of a pupil above planned (a penalty where seats are hard).

    Raises
    ------
    EngineError
        If the flow code fails, which a problem without conflicts does not make it do.

    Notes
    -----
    model.md §1 without contiguity and with divisible units. Unit costs are rounded down to whole numbers.
    """
    rows = problem.arc_rows()
    pupils = problem.pupils[rows]
    full = pupils > 0
    per_pupil = arc_prices(problem, price)[full] / pupils[full]
    steps = np.cumsum([0.0, price[OVER] + overload, price[LARGE], price[SUPER]])
    top = max(float(per_pupil.max(initial=0.0)), float(steps[-1]), 1e-9)
    scale = min(_COST_LEVELS / top, 1e7)
    n, m, total = problem.units, problem.zones, int(problem.pupils.sum())
    solver = min_cost_flow.SimpleMinCostFlow()
    unit_arcs = solver.add_arcs_with_capacity_and_unit_cost(
        rows[full], n + problem.arc_zone[full], pupils[full], np.floor(per_pupil * scale).astype(np.int64)
    )
    cuts = np.maximum.accumulate(np.column_stack([np.zeros(m, dtype=np.int64), problem.caps]), axis=1)
    widths = np.column_stack([np.diff(cuts, axis=1), np.full(m, total)])
    for k in range(4):
        solver.add_arcs_with_capacity_and_unit_cost(
            n + np.arange(m), np.full(m, n + m), widths[:, k], np.full(m, int(np.floor(steps[k] * scale)))
        )
    solver.set_nodes_supplies(np.arange(n + m + 1), np.concatenate([problem.pupils, np.zeros(m, dtype=np.int64), [-total]]))
    if solver.solve() != solver.OPTIMAL:
        raise EngineError("the minimum-cost flow has no solution, though every unit has a zone")
    flow = np.zeros(len(rows), dtype=np.int64)
    flow[full] = solver.flows(unit_arcs)
    load = np.bincount(problem.arc_zone, weights=flow, minlength=m).astype(np.int64)
    over = np.maximum(load[:, None] - problem.caps, 0).sum(axis=0)
    return Flow(flow, solver.optimal_cost() / scale, over)
