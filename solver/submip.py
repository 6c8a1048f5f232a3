"""A few adjacent zones re-optimised exactly, everything else as it is."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xuequ.solver.cuts import Cut, CutPool, separate
from xuequ.solver.engine import Effort, Model, Rows, Session, State
from xuequ.solver.problem import DISTANCE, FAR, LARGE, MOVED, OVER, SUPER
from xuequ.solver.relaxation import arc_prices

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from xuequ.solver.problem import Problem
    from xuequ.solver.search import Target

__all__ = ["Outcome", "Region", "assignment_model", "reoptimise", "zone_neighbours"]

_ROUNDS = 8


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """
    Part of a problem: some units that may be given to some zones, all others fixed.

    Parameters
    ----------
    units, zones
        Of the part.
    arcs
        Arcs of the problem between them, sorted; the variables ``x`` in this order, then ``over`` of each zone (planned, working,
        absolute).
    rest
        Measures of everything outside, shape ``(7,)``.
    """

    units: NDArray[np.int64]
    zones: NDArray[np.int64]
    arcs: NDArray[np.int64]
    rest: NDArray[np.float64]

    @classmethod
    def of(cls, problem: Problem, zone: NDArray[np.int32], zones: NDArray[np.int64]) -> Region:
        """Return the part that some zones hold now."""
        inside = np.isin(zone, zones)
        rows = problem.arc_rows()
        arcs = np.flatnonzero(inside[rows] & np.isin(problem.arc_zone, zones))
        total = np.zeros(7)
        load = problem.loads(zone)
        outside = np.setdiff1d(np.arange(problem.zones), zones)
        total[[OVER, LARGE, SUPER]] = np.maximum(load[outside, None] - problem.caps[outside], 0).sum(axis=0)
        total[[FAR, DISTANCE, MOVED]] = problem.arc_value[problem.arcs_of(zone)[~inside]].sum(axis=0)
        return cls(np.flatnonzero(inside), zones, arcs, total)

    @classmethod
    def whole(cls, problem: Problem) -> Region:
        """Return the problem itself."""
        return cls(np.arange(problem.units), np.arange(problem.zones), np.arange(len(problem.arc_zone)), np.zeros(7))


def assignment_model(problem: Problem, region: Region, target: Target, cuts: CutPool, *, whole: bool = True) -> Model:
    """
    Return the model of model.md §1 on a region, contiguity by the cuts given.

    Notes
    -----
    Rows in order: every unit to one zone; zones hold their load, above each of the three capacities; limits on measures; cuts.
    """
    arcs, zones = region.arcs, region.zones
    count, wide = len(arcs), len(zones)
    unit_at = np.full(problem.units, -1)
    unit_at[region.units] = np.arange(len(region.units))
    zone_at = np.full(problem.zones, -1)
    zone_at[zones] = np.arange(wide)
    rows_of, zone_of = problem.arc_rows()[arcs], problem.arc_zone[arcs]
    cost = np.concatenate(
        [arc_prices(problem, target.price)[arcs], *(np.full(wide, target.price[k]) for k in (OVER, LARGE, SUPER))]
    )
    rows = Rows()
    starts = np.searchsorted(rows_of, region.units)
    ends = np.searchsorted(rows_of, region.units, side="right")
    for a, b in zip(starts.tolist(), ends.tolist(), strict=True):
        rows.add(np.arange(a, b), 1.0, 1.0, 1.0)
    pupils = problem.pupils[rows_of].astype(float)
    upper = np.concatenate([np.ones(count), np.zeros(3 * wide)])
    for level, measure in enumerate((OVER, LARGE, SUPER)):
        if target.price[measure] == 0 and not np.isfinite(target.limit[measure]):
            continue
        slack = max(target.limit[measure] - region.rest[measure], 0.0)
        upper[count + level * wide : count + (level + 1) * wide] = np.inf if slack > 0 else 0.0
        for k, j in enumerate(zones.tolist()):
            mine = np.flatnonzero(zone_of == j)
            index = np.append(mine, count + level * wide + k)
            rows.add(index, np.append(pupils[mine], -1.0), -np.inf, float(problem.caps[j, level]))
        if slack > 0 and np.isfinite(slack):
            rows.add(np.arange(count + level * wide, count + (level + 1) * wide), 1.0, -np.inf, slack)
    for column, measure in enumerate((FAR, DISTANCE, MOVED)):
        if np.isfinite(target.limit[measure]):
            values = problem.arc_value[arcs, column]
            used = np.flatnonzero(values)
            rows.add(used, values[used], -np.inf, max(target.limit[measure] - region.rest[measure], 0.0))
    _add_cuts(problem, region, cuts.of(zones.tolist()), rows)
    kind = np.concatenate([np.full(count, whole), np.zeros(3 * wide, dtype=bool)])
    return Model(cost, upper, kind, rows)


def _add_cuts(problem: Problem, region: Region, cuts: Iterable[Cut], rows: Rows) -> None:
    """Add ``Σ_{k ∈ separator} x[k] − x[unit] ≥ 0`` for the cuts whose unit is of the region."""
    arcs_of = {
        (int(i), int(j)): a
        for a, (i, j) in enumerate(zip(problem.arc_rows()[region.arcs], problem.arc_zone[region.arcs], strict=True))
    }
    for cut in cuts:
        own = arcs_of.get((cut.unit, cut.zone))
        if own is None:
            continue
        index = [a for k in cut.separator if (a := arcs_of.get((k, cut.zone))) is not None]
        rows.add([*index, own], np.append(np.ones(len(index)), -1.0), 0.0, np.inf)


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """
    What became of a region.

    Parameters
    ----------
    zone
        The assignment with the region solved; None where no whole and contiguous one was found.
    seen
        Every assignment met, contiguous or not.
    bound
        Lower bound on the region's objective; infinite where it has no solution.
    """

    zone: NDArray[np.int32] | None
    seen: list[NDArray[np.int32]]
    bound: float


def reoptimise(
    problem: Problem,
    zone: NDArray[np.int32],
    region: Region,
    target: Target,
    cuts: CutPool,
    effort: Effort,
    *,
    seed: int = 0,
    should_stop: Callable[[], bool] | None = None,
) -> Outcome:
    """Solve a region exactly, or as far as the effort goes, by rounds of cuts."""
    model = assignment_model(problem, region, target, cuts)
    session = Session(model, seed=seed, should_stop=should_stop)
    values = _values(problem, region, zone)
    if (values <= model.upper + 1e-9).all():
        session.start_from(values)
    until = time.monotonic() + 3 * effort.seconds
    best: NDArray[np.int32] | None = None
    best_value, bound = np.inf, -np.inf
    seen: list[NDArray[np.int32]] = []
    for _ in range(_ROUNDS):
        answer = session.run(effort)
        bound = max(bound, np.inf if answer.state is State.INFEASIBLE else answer.bound)
        if not len(answer.x):
            break
        broken: list[Cut] = []
        for x in (*answer.seen[-6:], answer.x):
            found = _assignment(problem, region, zone, x)
            seen.append(found)
            new = separate(problem, found, region.zones.tolist())
            broken.extend(new)
            value = float(model.cost @ x)
            if not new and value < best_value - 1e-9:
                best, best_value = found, value
        least = np.inf if answer.value is None else answer.value
        if answer.state is State.INFEASIBLE or not broken or time.monotonic() > until or best_value <= least + 1e-9:
            break
        fresh = CutPool()
        fresh.add(cut for cut in broken if cut not in cuts.by_zone.get(cut.zone, {}))
        if not cuts.add(broken):
            break
        rows = Rows()
        _add_cuts(problem, region, fresh.of(region.zones.tolist()), rows)
        session.add(rows)
        values = _values(problem, region, zone if best is None else best)
        if (values <= model.upper + 1e-9).all():
            session.start_from(values)
    return Outcome(best, seen, bound)


def _assignment(problem: Problem, region: Region, zone: NDArray[np.int32], x: NDArray[np.float64]) -> NDArray[np.int32]:
    chosen = region.arcs[np.flatnonzero(x[: len(region.arcs)] > 0.5)]
    found = zone.copy()
    found[problem.arc_rows()[chosen]] = problem.arc_zone[chosen]
    return found


def _values(problem: Problem, region: Region, zone: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return an assignment as values of the region's variables."""
    rows_of = problem.arc_rows()[region.arcs]
    x = (problem.arc_zone[region.arcs] == zone[rows_of]).astype(float)
    over = np.maximum(problem.loads(zone)[region.zones, None] - problem.caps[region.zones], 0)
    return np.concatenate([x, *over.T.astype(float)])


def zone_neighbours(problem: Problem, zone: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return how many pairs of touching units two zones have between them, shape ``(zones, zones)``."""
    rows = np.repeat(np.arange(problem.units), np.diff(problem.indptr))
    result = np.zeros((problem.zones, problem.zones), dtype=np.int64)
    np.add.at(result, (zone[rows], zone[problem.neighbours]), 1)
    np.fill_diagonal(result, 0)
    return result
