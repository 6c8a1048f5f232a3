"""A search on one problem: the kernel's arrays, cycles of annealing, and the assignments seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from xuequ.solver.kernel import BATCH, Aim, Best, anneal
from xuequ.solver.kernel_graph import Case, Scratch, State, flag_zone
from xuequ.solver.problem import MEASURES, OVER

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from xuequ.solver.problem import Problem
    from xuequ.solver.stop import Budget, Clock

__all__ = ["Cycle", "Search", "Target"]

_CHUNK = 100
_FELT = 1e-6
_KEPT = 128
_PENALTY_RANGE = (0.02, 50.0)
_PENALTY_UP, _PENALTY_DOWN = 1.04, 1.02


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """
    What is minimised and under which limits, by column of `problem.MEASURES`, shape ``(7,)`` each.

    Parameters
    ----------
    price
        Of a unit of each measure.
    limit
        What each may be; infinite for no limit.
    scale
        Weight of a unit above its limit in comparing assignments.
    """

    price: NDArray[np.float64]
    limit: NDArray[np.float64]
    scale: NDArray[np.float64] = field(default_factory=lambda: np.ones(len(MEASURES)))

    def rank(self, total: NDArray[np.float64]) -> tuple[float, float]:
        """Return what assignments are compared by: the excess, rounded to what is felt, then the objective."""
        return (round(self.excess(total), 6), self.objective(total))

    def excess(self, total: NDArray[np.float64]) -> float:
        """Return by how much measures exceed their limits, scaled."""
        return float((self.scale * np.maximum(total - self.limit, 0.0)).sum())

    def objective(self, total: NDArray[np.float64]) -> float:
        """Return the priced sum of measures."""
        return float(self.price @ total)


@dataclass(frozen=True, slots=True)
class Cycle:
    """
    One cooling.

    Parameters
    ----------
    batches
        Batches of candidate moves.
    hot, cold
        Temperature at the start and at the end, in mean objective of a unit.
    keep
        Excess over the best objective (a share) up to which assignments are kept.
    """

    batches: int
    hot: float
    cold: float
    keep: float = 0.02
    leeway: float = 0.0


@dataclass(slots=True, eq=False)
class Search:
    """
    The kernel at work on one problem.

    Parameters
    ----------
    problem
        What is solved.
    seed
        Of the random numbers.
    worth
        What a unit of each measure is worth in the unit of the objective, shape ``(7,)``: the natural size of its price.
    harvest
        Receives assignments seen, shape ``(seen, units)``.
    """

    problem: Problem
    seed: int
    worth: NDArray[np.float64]
    harvest: Callable[[NDArray[np.int32]], None] | None = None
    steps: NDArray[np.int64] = field(default_factory=lambda: np.zeros(2, dtype=np.int64))
    _case: Case = field(init=False)
    _scratch: Scratch = field(init=False)
    _random: NDArray[np.uint64] = field(init=False)
    _penalty: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        p = self.problem
        names = ("indptr", "neighbours", "border_m", "arc_indptr", "arc_zone", "arc_value", "pupils", "root", "island", "caps")
        arrays: list[Any] = [np.array(getattr(p, name)) for name in names]  # writable: one compiled signature for all
        self._case = Case(*arrays)
        n = p.units
        self._scratch = Scratch(
            np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int32),
            np.zeros(n, dtype=np.int64), np.zeros(n + 1, dtype=np.int32), np.zeros(1, dtype=np.int64),
        )  # fmt: skip
        mixed = np.random.default_rng(self.seed).integers(1, 1 << 63, dtype=np.int64)
        self._random = np.array([mixed], dtype=np.uint64)

    def state_of(self, zone: NDArray[np.int32]) -> State:
        """Return the kernel's state of an assignment whose zones are whole."""
        p = self.problem
        land = np.flatnonzero(~p.island)
        size = np.bincount(zone[land], minlength=p.zones).astype(np.int64)
        room = min(len(land), max(4 * (len(land) // p.zones + 1) + 64, 2 * int(size.max(initial=0)) + 8))
        member = np.zeros((p.zones, max(room, 1)), dtype=np.int32)
        place = np.zeros(p.units, dtype=np.int32)
        order = land[np.argsort(zone[land], kind="stable")]
        starts = np.concatenate([[0], np.cumsum(size)[:-1]])
        place[order] = np.arange(len(order)) - starts[zone[order]]
        member[zone[order], place[order]] = order
        state = State(
            np.array(zone, dtype=np.int32), p.loads(zone), p.measure(zone), member, size, place,
            np.zeros(p.units, dtype=np.uint8), self._random,
        )  # fmt: skip
        for j in range(p.zones):
            flag_zone(self._case, state, self._scratch, j)
        return state

    def run(
        self, zone: NDArray[np.int32], target: Target, cycle: Cycle, clock: Clock, budget: Budget
    ) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """
        Anneal once from an assignment.

        Returns
        -------
        tuple
            The best assignment by the target (the start, where nothing better was seen), and the last one.
        """
        p = self.problem
        state = self.state_of(zone)
        unit_price = self.worth[OVER] * max(float(p.pupils.mean()), 1.0)
        aim = self._aim(target)
        best = Best(
            state.zone.copy(),
            np.array([target.excess(state.total), target.objective(state.total)]),
            np.zeros(max(p.units // 4, 64), dtype=np.int32),
            np.zeros(1, dtype=np.int64),
            np.zeros((_KEPT, p.units), dtype=np.int32),
            np.zeros(1, dtype=np.int64),
            self.steps,
        )
        hot, cold = cycle.hot * unit_price, cycle.cold * unit_price
        done = 0
        while (
            done < cycle.batches
            and not clock.report(budget.phase, float(best.value[1]) if best.value[0] <= _FELT else None, budget.bound)
            and not budget.is_spent(clock)
        ):
            batches = min(_CHUNK, cycle.batches - done, max(clock.iterations_left(), 1))
            at, to = (hot * (cold / hot) ** (x / cycle.batches) for x in (done, done + batches))
            anneal(self._case, state, self._scratch, aim, best, np.array([batches * BATCH, at, to, cycle.keep, cycle.leeway]))
            state.total[:] = p.measure(state.zone)
            if self.harvest is not None:
                self.harvest(best.seen[: best.seen_count[0]])
            best.seen_count[0] = 0
            done += batches
            clock.iterations += batches
        self._penalty = aim.penalty
        return best.zone.copy(), state.zone.copy()

    def _aim(self, target: Target) -> Aim:
        limited = np.isfinite(target.limit)
        penalty = np.where(limited, 2.0 * self.worth, 0.0)
        if self._penalty is not None:
            penalty = np.where(limited & (self._penalty > 0), self._penalty, penalty)
        low, high = self.worth * _PENALTY_RANGE[0], self.worth * _PENALTY_RANGE[1]
        bounds = np.concatenate([low, high, [_PENALTY_UP, _PENALTY_DOWN]])
        return Aim(target.price.copy(), target.limit.copy(), penalty, target.scale.copy(), bounds)
