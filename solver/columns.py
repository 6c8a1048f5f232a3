"""Catchments seen in the search, and the best plan that can be put together from them (set partitioning)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from xuequ.solver.cuts import pieces_cut_off
from xuequ.solver.engine import Effort, Model, Rows, Session, State
from xuequ.solver.problem import DISTANCE, FAR, LARGE, MEASURES, MOVED, OVER, SUPER
from xuequ.solver.relaxation import arc_prices

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from xuequ.solver.generation import Generated
    from xuequ.solver.problem import Problem
    from xuequ.solver.search import Target

__all__ = ["Pool"]

_MODEL = 4000


@dataclass(slots=True, eq=False)
class Pool:
    """
    Whole, contiguous catchments, each once.

    Parameters
    ----------
    problem
        What is solved.
    most
        Catchments that are kept; when there are more the oldest go.
    """

    problem: Problem
    most: int = 60_000
    _units: list[NDArray[np.int32]] = field(default_factory=list)
    _zone: list[int] = field(default_factory=list)
    _measure: list[NDArray[np.float64]] = field(default_factory=list)
    _known: set[int] = field(default_factory=set)
    _mark: NDArray[np.uint64] = field(init=False)
    _dual: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        self._mark = np.random.default_rng(20).integers(1, 1 << 63, self.problem.units).astype(np.uint64)

    def __len__(self) -> int:
        return len(self._units)

    def add(self, plans: NDArray[np.int32], *, whole: bool = True) -> None:
        """
        Take in the catchments of some assignments, shape ``(plans, units)``.

        ``whole`` says that every catchment is known to be contiguous; otherwise those that are not are left out.
        """
        p = self.problem
        for plan in plans:
            key = np.zeros(p.zones, dtype=np.uint64)
            np.add.at(key, plan, self._mark)
            key += self._strides()
            fresh = [j for j in range(p.zones) if int(key[j]) not in self._known]
            if not fresh:
                continue
            order = np.argsort(plan, kind="stable").astype(np.int32)
            ends = np.searchsorted(plan[order], np.arange(p.zones + 1))
            arcs = p.arcs_of(plan)
            loads = p.loads(plan)
            for j in fresh:
                members = order[ends[j] : ends[j + 1]]
                if p.hard and loads[j] > p.caps[j, 0]:
                    continue
                if (arcs[members] < 0).any() or (not whole and pieces_cut_off(p, plan == j, j)):
                    continue
                self._known.add(int(key[j]))
                self._units.append(members)
                self._zone.append(j)
                measure = np.zeros(len(MEASURES))
                measure[[OVER, LARGE, SUPER]] = np.maximum(loads[j] - p.caps[j], 0)
                measure[[FAR, DISTANCE, MOVED]] = p.arc_value[arcs[members]].sum(axis=0)
                self._measure.append(measure)
        if len(self) > self.most:
            self._keep(np.arange(len(self) - self.most * 3 // 4, len(self)))

    def add_generated(self, generated: Generated) -> None:
        """Take in catchments that were generated, and the prices of the relaxation to choose among all by."""
        p, strides, rows = self.problem, self._strides(), self.problem.arc_rows()
        for zone, arcs in zip(generated.zone, generated.arcs, strict=True):
            members = rows[arcs].astype(np.int32)
            key = int(np.append(self._mark[members], strides[zone]).sum(dtype=np.uint64))
            if key in self._known:
                continue
            self._known.add(key)
            self._units.append(members)
            self._zone.append(zone)
            measure = np.zeros(len(MEASURES))
            measure[[OVER, LARGE, SUPER]] = np.maximum(p.pupils[members].sum() - p.caps[zone], 0)
            measure[[FAR, DISTANCE, MOVED]] = p.arc_value[arcs].sum(axis=0)
            self._measure.append(measure)
        self._dual = generated.duals

    def _strides(self) -> NDArray[np.uint64]:
        """Return what tells equal sets of units of different zones apart."""
        return np.arange(self.problem.zones, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)

    def _keep(self, chosen: NDArray[np.int64]) -> None:
        self._units = [self._units[k] for k in chosen]
        self._zone = [self._zone[k] for k in chosen]
        self._measure = [self._measure[k] for k in chosen]

    def combine(
        self,
        incumbent: NDArray[np.int32],
        target: Target,
        effort: Effort,
        *,
        most: int = _MODEL,
        seed: int = 0,
        should_stop: Callable[[], bool] | None = None,
    ) -> NDArray[np.int32] | None:
        """
        Return the best assignment made of catchments of the pool, None where none better than the incumbent was found.

        Notes
        -----
        The linear relaxation comes first: a catchment whose reduced cost exceeds the gap to the incumbent is in no better plan.
        """
        self.add(incumbent[None, :])
        measures = np.array(self._measure)
        top = target.objective(self.problem.measure(incumbent))
        fits = target.excess(self.problem.measure(incumbent)) <= 0
        cost = measures @ target.price
        everything = self._promising(incumbent, cost, target.price, most)
        relaxed = Session(self._model(everything, cost, measures, target, whole=False), seed=seed, should_stop=should_stop).run(
            effort
        )
        if relaxed.state is not State.SOLVED or relaxed.value is None:
            return None
        self._dual = relaxed.duals[: self.problem.units + self.problem.zones]
        chosen = everything
        if fits:
            gap = top - relaxed.value
            if gap <= 1e-9 * max(1.0, abs(top)):
                return None
            chosen = everything[relaxed.reduced <= gap + 1e-9]
        model = self._model(chosen, cost, measures, target, whole=True)
        session = Session(model, seed=seed, should_stop=should_stop)
        if fits:
            session.start_from(self._start(chosen, incumbent))
        answer = session.run(effort)
        if not len(answer.x):
            return None
        found = incumbent.copy()
        for k in chosen[answer.x[: len(chosen)] > 0.5]:
            found[self._units[k]] = self._zone[k]
        return found

    def _promising(
        self, incumbent: NDArray[np.int32], cost: NDArray[np.float64], price: NDArray[np.float64], most: int
    ) -> NDArray[np.int64]:
        """Return the catchments of the least reduced cost by the prices of the last time, those of the incumbent among them."""
        p = self.problem
        if len(self) <= most:
            return np.arange(len(self))
        sizes = np.array([len(each) for each in self._units])
        unit, zone = np.concatenate(self._units), np.array(self._zone)
        if self._dual is None:
            arc = p.arcs_of(incumbent)
            value = np.concatenate([arc_prices(p, price)[arc], np.zeros(p.zones)])
        else:
            value = self._dual
        worth = np.add.reduceat(value[unit], np.concatenate([[0], np.cumsum(sizes)[:-1]])) + value[p.units + zone]
        chosen = np.argsort(cost - worth, kind="stable")[:most]
        own = np.flatnonzero(self._is_own(np.arange(len(self)), incumbent))
        return np.union1d(chosen, own)

    def _is_own(self, chosen: NDArray[np.int64], incumbent: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Return which catchments are those of the incumbent."""
        sizes = np.bincount(incumbent, minlength=self.problem.zones)
        own = [
            len(self._units[k]) == sizes[self._zone[k]] and bool((incumbent[self._units[k]] == self._zone[k]).all())
            for k in chosen
        ]
        return np.array(own, dtype=bool)

    def _start(self, chosen: NDArray[np.int64], incumbent: NDArray[np.int32]) -> NDArray[np.float64]:
        return self._is_own(chosen, incumbent).astype(float)

    def _model(
        self, chosen: NDArray[np.int64], cost: NDArray[np.float64], measures: NDArray[np.float64], target: Target, *, whole: bool
    ) -> Model:
        """Return the partitioning model: every unit once, every zone once at most, limits on measures."""
        p, count = self.problem, len(chosen)
        rows = Rows()
        sizes = [len(self._units[k]) for k in chosen]
        column = np.repeat(np.arange(count), sizes)
        unit = np.concatenate([self._units[k] for k in chosen])
        order = np.argsort(unit, kind="stable")
        ends = np.searchsorted(unit[order], np.arange(p.units + 1))
        for i in range(p.units):
            rows.add(column[order[ends[i] : ends[i + 1]]], 1.0, 1.0, 1.0)
        zone = np.array([self._zone[k] for k in chosen])
        for j in range(p.zones):
            rows.add(np.flatnonzero(zone == j), 1.0, -np.inf, 1.0)
        for k in np.flatnonzero(np.isfinite(target.limit)).tolist():
            values = measures[chosen, k]
            used = np.flatnonzero(values)
            if len(used) and values.sum() > target.limit[k]:
                rows.add(used, values[used], -np.inf, float(target.limit[k]))
        return Model(cost[chosen], np.full(count, np.inf), np.full(count, whole), rows)
