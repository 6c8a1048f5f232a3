"""Proof on small cases: reduced-cost fixing, then the whole model by rounds of separator cuts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from xuequ.solver.relaxation import arc_prices
from xuequ.solver.search import Target
from xuequ.solver.submip import Outcome, Region, reoptimise

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from xuequ.solver.bounding import Relaxed
    from xuequ.solver.cuts import CutPool
    from xuequ.solver.engine import Effort
    from xuequ.solver.problem import Problem

__all__ = ["Proof", "arcs_left"]

_LARGEST = 8000


@dataclass(slots=True, eq=False)
class Proof:
    """
    Attempts at proving that a plan is the best for one goal.

    Parameters
    ----------
    problem
        What is solved.
    column
        The goal's measure.
    limits
        On the measures.
    relaxed
        The linear relaxation.
    bound
        The best lower bound so far.
    """

    problem: Problem
    column: int
    limits: NDArray[np.float64]
    relaxed: Relaxed
    bound: float

    def attempt(
        self,
        zone: NDArray[np.int32],
        cuts: CutPool,
        effort: Effort,
        *,
        width: float = 1.0,
        largest: int = _LARGEST,
        seed: int = 0,
        should_stop: Callable[[], bool] | None = None,
    ) -> Outcome | None:
        """
        Solve the model on the arcs that a better plan may use; None where the plan breaks limits or too many arcs are left.

        ``width`` below 1 keeps only arcs of small reduced cost, as a share of the gap: sooner done, and proof of nothing.
        ``largest`` is the most arcs that are tried.
        """
        problem = self.problem
        target = Target((np.arange(len(self.limits)) == self.column).astype(float), self.limits)
        total = problem.measure(zone)
        if target.excess(total) > 0:
            return None
        top = target.objective(total)
        arcs = arcs_left(problem, zone, target, self.relaxed, top, width)
        if len(arcs) > largest:
            return None
        region = replace(Region.whole(problem), arcs=arcs)
        outcome = reoptimise(problem, zone, region, target, cuts, effort, seed=seed, should_stop=should_stop)
        if width >= 1.0:
            self.bound = max(self.bound, min(outcome.bound, top))
        return outcome


def arcs_left(
    problem: Problem, zone: NDArray[np.int32], target: Target, relaxed: Relaxed, top: float, width: float = 1.0
) -> NDArray[np.int64]:
    """
    Return the arcs that a plan better than ``top`` may use, and those of the plan itself.

    Notes
    -----
    An arc whose reduced cost on top of the Lagrangian bound exceeds the best value is in no better plan. ``width`` scales what it
    may exceed by.
    """
    price = target.price.copy()
    for measure, each in relaxed.prices.items():
        price[measure] += each
    rows = problem.arc_rows()
    paid = arc_prices(problem, price) + problem.pupils[rows] * relaxed.mu[problem.arc_zone]
    reduced = paid - np.minimum.reduceat(paid, problem.arc_indptr[:-1])[rows]
    kept = reduced <= width * (top - relaxed.value) + 1e-9 * max(1.0, abs(top))
    return np.flatnonzero(kept | (problem.arc_zone == zone[rows]))
