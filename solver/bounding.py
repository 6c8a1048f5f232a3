"""Lower bounds on goals from the linear relaxation, with the multipliers that prove them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from xuequ.solver.cuts import CutPool
from xuequ.solver.engine import Effort, Session, State
from xuequ.solver.problem import DISTANCE, FAR, LARGE, MEASURES, MOVED, OVER, SUPER
from xuequ.solver.relaxation import arc_prices
from xuequ.solver.search import Target
from xuequ.solver.submip import Region, assignment_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from xuequ.solver.problem import Problem

__all__ = ["Relaxed", "relax"]

_NEAREST = 24
_LOADS = (OVER, LARGE, SUPER)


@dataclass(frozen=True, slots=True, eq=False)
class Relaxed:
    """
    The linear relaxation solved.

    Parameters
    ----------
    value
        A lower bound on the goal.
    mu
        Price of a seat of each zone, shape ``(zones,)``, ≥ 0.
    prices
        By measure with a limit, the price of a unit of it, ≥ 0.
    """

    value: float
    mu: NDArray[np.float64]
    prices: dict[int, float]


def relax(
    problem: Problem, column: int, limits: NDArray[np.float64], *, seconds: float, should_stop: Callable[[], bool] | None = None
) -> Relaxed | None:
    """
    Bound one goal from below under limits on others; None where the time was too short.

    Parameters
    ----------
    column
        The goal's measure.
    limits
        By measure; infinite for none.
    seconds
        What it may take (infinite where runs must repeat).

    Notes
    -----
    model.md §1 with fractions and without contiguity. Only the cheapest zones of a unit are kept: the multipliers are
    good ones whatever is left out, and the bound is evaluated over all arcs.
    """
    target = Target((np.arange(len(MEASURES)) == column).astype(float), limits)
    region = replace(Region.whole(problem), arcs=_cheapest(problem, target))
    model = assignment_model(problem, region, target, CutPool(), whole=False)
    answer = Session(model, should_stop=should_stop).run(Effort(seconds=seconds))
    if answer.state is not State.SOLVED or answer.value is None:
        return None
    mu, prices = _prices(problem, target, np.maximum(-answer.duals, 0.0))
    return Relaxed(_evaluate(problem, target, mu, prices), mu, prices)


def _prices(problem: Problem, target: Target, duals: NDArray[np.float64]) -> tuple[NDArray[np.float64], dict[int, float]]:
    """Return seat prices and prices of limits from the duals, in the order of `submip.assignment_model`'s rows."""
    limits = target.limit
    mu, prices, at = np.zeros(problem.zones), {}, problem.units
    for measure in _LOADS:
        if target.price[measure] == 0 and not np.isfinite(limits[measure]):
            continue
        level = duals[at : at + problem.zones]
        mu += level
        at += problem.zones
        if np.isfinite(limits[measure]):
            prices[measure] = float(level.max(initial=0.0))
            if limits[measure] > 0:
                prices[measure] = float(duals[at])
                at += 1
    for measure in (FAR, DISTANCE, MOVED):
        if np.isfinite(limits[measure]):
            prices[measure] = float(duals[at])
            at += 1
    return mu, prices


def _evaluate(problem: Problem, target: Target, mu: NDArray[np.float64], prices: dict[int, float]) -> float:
    """Return the Lagrangian bound of the multipliers over all arcs, valid whatever they are."""
    price = target.price.copy()
    for measure, each in prices.items():
        price[measure] += each
    rows = problem.arc_rows()
    least = np.minimum.reduceat(arc_prices(problem, price) + problem.pupils[rows] * mu[problem.arc_zone], problem.arc_indptr[:-1])
    everybody = float(problem.pupils.sum())
    corners = np.column_stack([np.zeros(problem.zones), np.full(problem.zones, everybody), np.minimum(problem.caps, everybody)])
    phi = sum(price[measure] * np.maximum(corners - problem.caps[:, [k]], 0) for k, measure in enumerate(_LOADS))
    conj = (mu[:, None] * corners - phi).max(axis=1)
    return float(least.sum() - conj.sum() - sum(each * target.limit[measure] for measure, each in prices.items()))


def _cheapest(problem: Problem, target: Target) -> NDArray[np.int64]:
    """Return the arcs of each unit to its cheapest zones, by the goal and then by distance and by every limited measure."""
    if len(problem.arc_zone) <= 60_000:
        return np.arange(len(problem.arc_zone))
    rows = problem.arc_rows()
    kept = np.zeros(len(rows), dtype=bool)
    for column, measure in enumerate((FAR, DISTANCE, MOVED)):
        if measure != DISTANCE and not np.isfinite(target.limit[measure]):
            continue
        order = np.lexsort((problem.arc_value[:, 1], problem.arc_value[:, column], arc_prices(problem, target.price), rows))
        rank = np.arange(len(rows)) - problem.arc_indptr[rows[order]]
        kept[order[rank < _NEAREST]] = True
    return np.flatnonzero(kept)
