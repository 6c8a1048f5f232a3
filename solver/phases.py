"""The phases of zoning: first plans, then goals in order of rank, each with its bound."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from xuequ.solver.bounding import Relaxed, relax
from xuequ.solver.certificate import certificate_terms, covers, linear_bound, sharpen
from xuequ.solver.cuts import CutPool
from xuequ.solver.engine import Effort
from xuequ.solver.exact import Proof
from xuequ.solver.improving import Improver, Pace
from xuequ.solver.problem import CUT, DISTANCE, MEASURES, OVER
from xuequ.solver.ranking import PUPIL_GOALS, Phase, Ranking, worth_of
from xuequ.solver.relaxation import arc_prices, transport
from xuequ.solver.repair import Unjoinable, repair
from xuequ.solver.search import Cycle, Search, Target
from xuequ.solver.submip import Region, reoptimise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xuequ.solver.problem import Problem
    from xuequ.solver.stop import Budget, Clock
    from xuequ.zoning.catchments import Catchments
    from xuequ.zoning.district import District
    from xuequ.zoning.plan import Certificate

__all__ = ["Run"]

_SETTLED_ARCS = 100
"""Arcs of a problem that is solved as a whole, goal by goal, before any search."""
_SETTLED_NODES = 60
_SETTLED_SECONDS = 4.0
_SETTLED_BATCHES = 20
_MODELLED_ROUNDS = 10


@dataclass(slots=True, eq=False)
class Run:
    """
    One call of `zone` at work.

    Parameters
    ----------
    zone
        The best assignment so far.
    bounds
        Lower bounds by measure, each given the limits that the goals before it leave.
    proved
        Bounds on counts that were met, by measure: their problem was solved as a whole.
    certified, certificates
        The certified bound on distance and what proves it.
    """

    problem: Problem
    clock: Clock
    search: Search
    ranking: Ranking
    zone: NDArray[np.int32]
    improver: Improver
    bounds: dict[int, float] = field(default_factory=dict)
    proved: dict[int, float] = field(default_factory=dict)
    certified: float | None = None
    certificates: tuple[Certificate, ...] = ()
    relaxed: Relaxed | None = None

    @classmethod
    def begin(cls, problem: Problem, clock: Clock, seed: int, start: Catchments | None) -> Run:
        """Make the first plans: from the relaxation, from today, from the start given."""
        price = np.zeros(len(MEASURES))
        price[DISTANCE] = 1.0
        worth = worth_of(problem, np.zeros(len(MEASURES)))
        flow = transport(problem, price, overload=100.0 * worth[OVER])
        arc_price = arc_prices(problem, price)
        from_flow = flow.start(problem, arc_price)
        try:
            first = repair(problem, from_flow, arc_price, overload=10.0 * worth[OVER])
        except Unjoinable:
            first = _by_model(problem, from_flow, price, clock)
        worth = worth_of(problem, problem.measure(first))
        ranking = Ranking.of(problem, worth)
        search = Search(problem, seed, worth)
        run = cls(problem, clock, search, ranking, first, Improver(problem, search, clock, seed))
        starts = [problem.today] if (problem.today >= 0).any() else []
        if start is not None:
            starts.append(problem.units_of(start))
        for each in starts:
            try:
                other = repair(problem, each, arc_price, overload=10.0 * worth[OVER])
            except Unjoinable:  # this start leaves no way where the first plan has found one
                continue
            run.zone = min((run.zone, other), key=lambda zone: run.key(problem.measure(zone)))
        return run

    def key(self, total: NDArray[np.float64]) -> tuple[float, ...]:
        """Return what plans are compared by in the large: base limits, then goals in order of rank."""
        excess = float(np.maximum(total - self.ranking.base, 0.0).sum())
        return (excess, *(float(total[column]) for column in self.ranking.columns()))

    def solve(self, district: District) -> None:
        """Work through the phases."""
        limits = self.ranking.base.copy()
        phases = self.ranking.phases()
        for number, phase in enumerate(phases):
            later = phases[number + 1 :]
            if phase.counted:
                self._count_down(phase, limits, self.clock.budget(phase.name, 0.3 if later else 1.0))
            else:
                share = (0.7 if phase.name == "distance" else 0.5) if later else 0.92
                self._minimise(phase, limits, share, last=not later)
            total = self.problem.measure(self.zone)
            if phase.name == "distance":
                self._certify(district, limits, float(total[DISTANCE]))
            for column in phase.measures:
                limits[column] = min(limits[column], self.ranking.allowed(column, float(total[column])))
            if phase.counted:
                self._bound_counts(phase, limits, total)

    def _relax(self, column: int, limits: NDArray[np.float64], share: float = 0.15) -> Relaxed | None:
        """Bound a goal and keep the bound, whole where pupils are counted; None where the run was stopped first."""
        if self.clock.should_stop():
            return None
        found = relax(self.problem, column, limits, seconds=share * self.clock.seconds_left(), should_stop=self.clock.should_stop)
        if found is not None:
            value = found.value - 1e-7 * max(1.0, abs(found.value))
            self.bounds[column] = max(0.0, float(np.ceil(value)) if column in PUPIL_GOALS else value)
        return found

    def _bound_counts(self, phase: Phase, limits: NDArray[np.float64], total: NDArray[np.float64]) -> None:
        """Bound the counts again by what the goals before each were given in the end."""
        given = self.ranking.base.copy()
        for column in phase.measures:
            known = self.bounds[column] = self.proved.get(column, 0.0)
            if total[column] > known:
                self._relax(column, given)
                self.bounds[column] = max(self.bounds[column], known)
            given[column] = limits[column]

    def _count_down(self, phase: Phase, limits: NDArray[np.float64], budget: Budget) -> None:
        """Press counts down towards their bounds; those of a small problem are solved one after the other first."""
        guide, settled = limits.copy(), True
        for column in phase.measures:
            self.bounds[column] = 0.0
            if self.problem.measure(self.zone)[column] > 0:
                self._relax(column, guide)
                settled = self._settle(column, limits) and settled
            if settled:
                reached = float(self.problem.measure(self.zone)[column])
                self.proved[column] = self.bounds[column]
                limits[column] = min(limits[column], self.ranking.allowed(column, reached))
            guide[column] = min(guide[column], self.bounds[column])
        if not settled:
            self._press(self.ranking.target(phase, limits, self.bounds), budget)

    def _press(self, target: Target, budget: Budget) -> None:
        """Anneal as long as it brings counts nearer to their bounds."""
        total = self.problem.measure(self.zone)
        stale, batches = 0, 250
        while target.excess(total) > 0 and stale < 3 and not budget.is_spent(self.clock) and not self.clock.should_stop():
            found, _ = self.search.run(self.zone, target, Cycle(batches, 0.2, 0.01), self.clock, budget)
            better = target.rank(self.problem.measure(found)) < target.rank(total)
            less = target.excess(self.problem.measure(found)) < target.excess(total)
            if better:
                self.zone, total = found, self.problem.measure(found)
            stale = 0 if less else stale + 1
            batches = min(batches * 2, 2000)

    def _settle(self, column: int, limits: NDArray[np.float64]) -> bool:
        """Solve a small problem as a whole for one goal under limits on others; say whether it is proved to be at its least."""
        linear = column != CUT and not np.isfinite(limits[CUT])
        if not linear or len(self.problem.arc_zone) > _SETTLED_ARCS or self.clock.should_stop():
            return False
        target = Target((np.arange(len(MEASURES)) == column).astype(float), limits.copy())
        total = self.problem.measure(self.zone)
        if target.excess(total) <= 0 and self._is_met(column, total):
            return True
        seconds = float("inf") if self.clock.is_repeatable else min(_SETTLED_SECONDS, 0.1 * self.clock.seconds_left())
        # Whole pupils: what is less than one above its bound is at its least.
        gap = 0.99 / max(1.0, float(total[column])) if column in PUPIL_GOALS else 1e-6
        outcome = reoptimise(
            self.problem, self.zone, Region.whole(self.problem), target, self.improver.cuts,
            Effort(seconds, _SETTLED_NODES, gap), seed=self.search.seed, should_stop=self.clock.should_stop,
        )  # fmt: skip
        self.clock.iterations += _SETTLED_BATCHES
        if outcome.zone is not None and target.rank(self.problem.measure(outcome.zone)) < target.rank(total):
            self.zone, total = outcome.zone, self.problem.measure(outcome.zone)
        if target.excess(total) > 0:
            return False
        least = float(np.ceil(outcome.bound - 1e-6)) if column in PUPIL_GOALS else outcome.bound
        self.bounds[column] = max(self.bounds.get(column, 0.0), min(least, float(total[column])))
        return self._is_met(column, total)

    def _is_met(self, column: int, total: NDArray[np.float64]) -> bool:
        """Return whether a goal is at its bound, as near as models can tell."""
        return bool(total[column] - self.bounds.get(column, 0.0) <= 1e-6 * max(1.0, abs(total[column])))

    def _minimise(self, phase: Phase, limits: NDArray[np.float64], share: float, *, last: bool) -> None:
        """Minimise one goal under the limits of those before."""
        target = self.ranking.target(phase, limits, self.bounds)
        column = phase.measures[0]
        tolerance = next(goal.tolerance for goal in self.ranking.goals if goal.name == phase.name)
        self.relaxed = None if column == CUT else self._relax(column, limits)
        self._settle(column, limits)
        bound = target.price[column] * self.bounds[column] if column in self.bounds else None
        pace = Pace(40, 1e-6) if last and column == DISTANCE else Pace(2, max(tolerance / 10, 1e-6))
        budget = self.clock.budget(phase.name, share, bound=bound)
        proof = None if self.relaxed is None else Proof(self.problem, column, limits.copy(), self.relaxed, self.bounds[column])
        self.zone = self.improver.minimise(self.zone, target, budget, pace, proof)
        if proof is not None:
            self.bounds[column] = max(self.bounds[column], proof.bound)

    def _certify(self, district: District, limits: NDArray[np.float64], top: float) -> None:
        """Prove a bound on distance in whole numbers: by the relaxation's multipliers, and by sharper ones where time is left."""
        if self.relaxed is None:
            return
        columns = self.ranking.columns()
        before = [column for column in columns[: columns.index(DISTANCE)] if np.isfinite(limits[column])]
        prices = {MEASURES[column]: self.relaxed.prices.get(column, 0.0) for column in before}
        values = {MEASURES[column]: limits[column] for column in before}
        terms = certificate_terms(district, self.problem.round, "distance", hard=self.problem.hard, prices=prices, values=values)
        if not covers(terms, self.problem):
            return
        mu = np.rint(self.relaxed.mu * terms.scale).astype(np.int64)
        self.certified, self.certificates = linear_bound(terms, mu), (terms.certificate("linear", mu),)
        if self.clock.should_stop() or top - self.certified <= 1e-4 * top:
            return
        budget = self.clock.budget("bound", 1.0 if columns[-1] == DISTANCE else 0.2)
        value, u = sharpen(terms, mu, top, should_stop=lambda: self.clock.should_stop() or budget.is_spent(self.clock))
        if value > self.certified:
            self.certified, self.certificates = value, (terms.certificate("knapsack", u),)

    def bound_of(self, name: str, value: float) -> float | None:
        """Return the bound of a goal in the plan, None where none is known."""
        if name not in MEASURES:
            return None
        column = MEASURES.index(name)
        known = [self.bounds.get(column, 0.0 if column in PUPIL_GOALS else None)]
        if column == DISTANCE:
            known.append(self.certified)
        best = max((each for each in known if each is not None), default=None)
        return None if best is None else min(best, value)


def _by_model(problem: Problem, zone: NDArray[np.int32], price: NDArray[np.float64], clock: Clock) -> NDArray[np.int32]:
    """Return a whole plan of a small problem where repair finds no way, by rounds of cuts; else raise what repair does."""
    cuts, target = CutPool(), Target(price, np.full(len(MEASURES), np.inf))
    seconds = float("inf") if clock.is_repeatable else _SETTLED_SECONDS
    for _ in range(_MODELLED_ROUNDS if len(problem.arc_zone) <= _SETTLED_ARCS else 0):
        outcome = reoptimise(problem, zone, Region.whole(problem), target, cuts, Effort(seconds=seconds, nodes=_SETTLED_NODES))
        if outcome.zone is not None:
            return outcome.zone
        if outcome.bound == float("inf"):
            break
    return repair(problem, zone, arc_prices(problem, price), overload=0.0)
