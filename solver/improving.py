"""One goal minimised by everything there is: annealing, regions solved exactly, catchments recombined."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from xuequ.solver.columns import Pool
from xuequ.solver.cuts import CutPool
from xuequ.solver.engine import Effort
from xuequ.solver.generation import Generation, rooms_of
from xuequ.solver.problem import CUT, LARGE, OVER, SUPER
from xuequ.solver.relaxation import arc_prices, unit_prices
from xuequ.solver.repair import Unjoinable, is_contiguous, repair
from xuequ.solver.search import Cycle, Target
from xuequ.solver.submip import Region, reoptimise, zone_neighbours

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xuequ.solver.exact import Proof
    from xuequ.solver.problem import Problem
    from xuequ.solver.search import Search
    from xuequ.solver.stop import Budget, Clock

__all__ = ["Improver", "Pace"]

_MIP_BATCHES = 100
_LARGEST_REGION = 1500
_LARGEST_MODEL = 8000
_REPEATABLE_NODES = 30
_REPEATABLE_ARCS = 400
"""What a model may be where time must not steer: a node of a large one can take a second."""
_GENERATION = 0.3
"""Share of the time left that catchments are generated in, and again that they are put together in."""
_LEAST_GENERATED, _MOST_GENERATED = 100, 14_000
"""Units from which on a problem is worth it, and catchments that a plan is put together of."""
_WIDTHS = (0.05, 0.12, 0.05, 0.3, 1.0)
_HOT = (0.1, 0.2, 0.4, 0.8)


@dataclass(frozen=True, slots=True)
class Pace:
    """
    How a goal is worked on.

    Parameters
    ----------
    patience
        Rounds without improvement after which it is left.
    close
        Relative gap to the bound that is close enough.
    """

    patience: int = 40
    close: float = 1e-6


@dataclass(slots=True, eq=False)
class Improver:
    """
    The means of improvement on one problem, with what they have learnt.

    Parameters
    ----------
    problem, search, clock
        What is solved, by which kernel, under which stop.
    """

    problem: Problem
    search: Search
    clock: Clock
    seed: int
    pool: Pool = field(init=False)
    cuts: CutPool = field(default_factory=CutPool)
    zone: NDArray[np.int32] = field(init=False)
    _chance: np.random.Generator = field(init=False)
    _walker: NDArray[np.int32] | None = None
    _pooled: int = 0
    _proofs: int = 0
    _size: float = 3.0

    def __post_init__(self) -> None:
        self.pool = Pool(self.problem)
        self._chance = np.random.default_rng(self.seed)

    def minimise(
        self, zone: NDArray[np.int32], target: Target, budget: Budget, pace: Pace, proof: Proof | None = None
    ) -> NDArray[np.int32]:
        """Return the best assignment found within the budget, the one given if nothing better."""
        self.zone, self._walker = zone, None
        linear = target.price[CUT] == 0 and not np.isfinite(target.limit[CUT]) and self.problem.zones > 1
        self.search.harvest = self.pool.add if linear else None
        if proof is not None:
            self._generate(proof, target, budget)
        stale, batches, number = 0, 250, 0
        while stale < pace.patience and not self._is_over(target, budget, pace):
            before = target.rank(self.problem.measure(self.zone))
            started = self.clock.elapsed_s
            self._anneal(batches, target, budget)
            if linear:
                self._combine(target, budget)
                self._regions(target, budget, self.clock.elapsed_s - started)
                if proof is not None and number >= 1:
                    self._prove(proof, target, budget)
            batches = min(2 * batches, 2000)
            number += 1
            stale = 0 if target.rank(self.problem.measure(self.zone)) < before else stale + 1
        return self.zone

    def _generate(self, proof: Proof, target: Target, budget: Budget) -> None:
        """Generate catchments at the prices of the relaxation where a zone has few units, and put together the best plan."""
        aim = Target((np.arange(len(proof.limits)) == proof.column).astype(float), proof.limits)
        rooms = rooms_of(self.problem, aim) if self.problem.hard and self.problem.units >= _LEAST_GENERATED else None
        if rooms is None or self.clock.is_repeatable:
            return
        first = self.clock.elapsed_s
        self._anneal(250, target, budget)
        until = first + _GENERATION * (budget.until_s - first)
        fits = aim.excess(self.problem.measure(self.zone)) <= 0
        prices = unit_prices(self.problem, aim.price, proof.relaxed.mu)
        found = Generation(self.problem, aim, rooms, prices).run(
            [self.zone] if fits else [], lambda: self.clock.elapsed_s > until or self.clock.should_stop()
        )
        proof.bound = max(proof.bound, found.bound)
        if budget.bound is not None:
            budget.bound = max(budget.bound, float(target.price[proof.column]) * proof.bound)
        self.pool.add_generated(found)
        effort = Effort(seconds=max(1.0, _GENERATION * (budget.until_s - self.clock.elapsed_s)), gap=1e-5)
        best = self.pool.combine(
            self.zone, target, effort, most=_MOST_GENERATED, seed=self.seed, should_stop=self.clock.should_stop
        )
        self._pooled = len(self.pool)
        self._take(best, target)

    def _anneal(self, batches: int, target: Target, budget: Budget) -> None:
        """Cool down twice: from the best plan, and from where the last walk ended, if that is not far off."""
        for walk in (False, True):
            hot = _HOT[int(self._chance.integers(len(_HOT)))]
            start = self._walker if walk and self._walker is not None else self.zone
            best, last = self.search.run(start, target, Cycle(batches, hot, 0.01, 0.04), self.clock, budget)
            self._take(best, target)
            total = self.problem.measure(last)
            near = target.objective(total) <= 1.02 * target.objective(self.problem.measure(self.zone))
            self._walker = last if near and target.excess(total) <= 0 else None

    def _is_over(self, target: Target, budget: Budget, pace: Pace) -> bool:
        total = self.problem.measure(self.zone)
        value = target.objective(total)
        if self.clock.report(budget.phase, value if target.excess(total) <= 0 else None, budget.bound) or budget.is_spent(
            self.clock
        ):
            return True
        return (
            budget.bound is not None and target.excess(total) <= 0 and value - budget.bound <= pace.close * max(1.0, abs(value))
        )

    def _take(self, found: NDArray[np.int32] | None, target: Target) -> bool:
        if found is None or target.rank(self.problem.measure(found)) >= target.rank(self.problem.measure(self.zone)):
            return False
        self.zone = found
        return True

    def _effort(self, budget: Budget, share: float) -> Effort:
        """Return what one model may take: nodes where the run must repeat, else a share of the time."""
        if self.clock.is_repeatable:
            return Effort(nodes=_REPEATABLE_NODES, gap=1e-5)
        left = budget.until_s - self.clock.elapsed_s
        if not np.isfinite(left):
            return Effort(seconds=2.0, nodes=2000, gap=1e-5)
        return Effort(seconds=float(np.clip(share * left, 0.1, 4.0)), gap=1e-5)

    def _regions(self, target: Target, budget: Budget, seconds: float) -> None:
        """Re-optimise a few regions, for about as long as the rest of the round took; their size follows what has paid."""
        until = self.clock.elapsed_s + max(seconds, 0.5)
        for number in range(12):
            if number >= 3 and (self.clock.is_repeatable or self.clock.elapsed_s > until):
                return
            if budget.is_spent(self.clock) or self.clock.should_stop():
                return
            aim = self._elastic(target)
            zones = self._adjacent(round(self._size) + (2 if aim is not target else 0), aim)
            region = Region.of(self.problem, self.zone, zones)
            if len(region.arcs) > (_REPEATABLE_ARCS if self.clock.is_repeatable else _LARGEST_REGION):
                self._size = max(2.0, self._size - 0.5)
                zones = zones[:2]
                region = Region.of(self.problem, self.zone, np.sort(zones))
            started = self.clock.elapsed_s
            outcome = reoptimise(
                self.problem, self.zone, region, aim, self.cuts, self._effort(budget, 0.02),
                seed=self.seed, should_stop=self.clock.should_stop,
            )  # fmt: skip
            self.clock.iterations += _MIP_BATCHES
            if outcome.seen:
                self.pool.add(np.array(outcome.seen), whole=False)
            gained = self._take(outcome.zone, target)
            if self.clock.is_repeatable:
                self._size = float(2 + self._chance.integers(3))
            else:
                quick = self.clock.elapsed_s - started < 0.5
                self._size = float(np.clip(self._size + (0.34 if quick and not gained else 0.0 if gained else -0.34), 2.0, 7.0))

    def _elastic(self, target: Target) -> Target:
        """Return the target, or where seats are exceeded one that minimises the excess and nothing else."""
        total = self.problem.measure(self.zone)
        over = total - target.limit > 1e-6
        if not over[: OVER + 1].any():
            return target
        price = np.where(over & (np.arange(len(over)) <= OVER), target.scale, 0.0)
        return Target(price / price.max(), np.where(over, total, target.limit), target.scale)

    def _adjacent(self, count: int, aim: Target) -> NDArray[np.int64]:
        """Return some zones that touch, chosen at random by how much they touch; the first has too many pupils where any has."""
        touching = zone_neighbours(self.problem, self.zone)
        level = np.flatnonzero(aim.price[[OVER, LARGE, SUPER]])
        over = self.problem.loads(self.zone) - self.problem.caps[:, int(level[0])] if len(level) else np.zeros(self.problem.zones)
        choice = np.flatnonzero(over > 0) if len(level) and (over > 0).any() else np.arange(self.problem.zones)
        zones = [int(self._chance.choice(choice))]
        while len(zones) < min(count, self.problem.zones):
            weight = touching[zones].sum(axis=0).astype(float)
            weight[zones] = 0.0
            if weight.sum() == 0:
                break
            zones.append(int(self._chance.choice(self.problem.zones, p=weight / weight.sum())))
        return np.array(sorted(zones))

    def _prove(self, proof: Proof, target: Target, budget: Budget) -> None:
        """
        Work on the whole problem at once, on few arcs first: a better plan, a better bound, perhaps a proof.

        What the model finds is near the best but often not contiguous yet: it is repaired and cooled down.
        """
        left = budget.until_s - self.clock.elapsed_s
        seconds = float(np.clip(0.08 * left, 1.0, 30.0)) if np.isfinite(left) else 10.0
        repeats = self.clock.is_repeatable
        effort = Effort(nodes=_REPEATABLE_NODES) if repeats else Effort(seconds=seconds, gap=1e-7)
        width = _WIDTHS[self._proofs % len(_WIDTHS)]
        self._proofs += 1
        largest = _REPEATABLE_ARCS if repeats else _LARGEST_MODEL
        stop = self.clock.should_stop
        outcome = proof.attempt(self.zone, self.cuts, effort, width=width, largest=largest, seed=self.seed, should_stop=stop)
        self.clock.iterations += 3 * _MIP_BATCHES
        if outcome is None:
            return
        self._take(outcome.zone, target)
        price = arc_prices(self.problem, target.price)
        for seen in outcome.seen[-2:]:
            if budget.is_spent(self.clock) or self.clock.should_stop():
                break
            try:
                mended = repair(self.problem, seen, price, overload=20.0 * float(self.search.worth[OVER]))
            except Unjoinable:
                continue
            best, _ = self.search.run(mended, target, Cycle(200, 0.04, 0.005, 0.04), self.clock, budget)
            self._take(best, target)
        if outcome.seen:
            self.pool.add(np.array(outcome.seen), whole=False)
        if budget.bound is not None:
            budget.bound = max(budget.bound, proof.bound)

    def _combine(self, target: Target, budget: Budget) -> None:
        """Put together the best plan of all catchments seen, when enough new ones are there."""
        if len(self.pool) < 1.1 * self._pooled or budget.is_spent(self.clock) or self.clock.should_stop():
            return
        found = self.pool.combine(
            self.zone, target, self._effort(budget, 0.1), seed=self.seed, should_stop=self.clock.should_stop
        )
        self._pooled = len(self.pool)
        self.clock.iterations += _MIP_BATCHES
        if found is not None and is_contiguous(self.problem, found):
            self._take(found, target)
