"""
Catchments generated at the prices of the relaxation: a bound that knows packing and contiguity, and the catchments of good plans.

A column is a whole catchment that is contiguous and fits its school; the relaxation chooses columns so that every unit is in one.
It is much stronger than the relaxation over arcs where a school has few blocks (solver.md §12), and where plans within tight
seats are hard to meet by search, its columns, put together in whole numbers, are such plans.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import csc_array, csr_array, hstack
from scipy.sparse.csgraph import dijkstra

from xuequ.solver.engine import Model, Rows, Session, State
from xuequ.solver.kernel_catchments import best_catchments
from xuequ.solver.problem import ARC_GOALS, CUT, LARGE, OVER, SUPER

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from xuequ.solver.problem import Problem
    from xuequ.solver.search import Target

__all__ = ["Generated", "Generation", "rooms_of"]

_MOST_UNITS = 30
"""Units a school up to which catchments are few enough to be searched one by one."""
_PER_ZONE = 40
_FIRST_LOOKS, _MOST_LOOKS = 20_000, 200_000
_BOX = 0.3
"""How far prices of units may lie from the middle of their box, as a share of it."""
_TINY = 1e-6
_SCATTERED, _SPREAD = 30, 0.2
"""Rounds at prices around those of the relaxation, and how far around."""


class Ground(NamedTuple):
    """
    What a catchment of one zone may be made of.

    Parameters
    ----------
    units
        The root first.
    starts, near
        Who touches whom among them, by their place here, in compressed rows.
    arcs, pupils
        Of each unit.
    """

    units: NDArray[np.int64]
    starts: NDArray[np.int64]
    near: NDArray[np.int64]
    arcs: NDArray[np.int64]
    pupils: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Generated:
    """
    Catchments and what they prove.

    Parameters
    ----------
    bound
        Lower bound of the target's objective, −∞ where none was reached.
    zone, arcs
        Of each catchment: the zone, and the arcs of its units to it.
    duals
        Prices of units and zones in the last relaxation, shape ``(units + zones,)``.
    """

    bound: float
    zone: tuple[int, ...]
    arcs: tuple[NDArray[np.int64], ...]
    duals: NDArray[np.float64]


def rooms_of(problem: Problem, target: Target) -> NDArray[np.int64] | None:
    """
    Return the pupils that each zone may hold, shape ``(zones,)``, None where columns do not suit a problem and target.

    They suit where the target allows no pupil above some level of seats, prices and limits nothing below that level, and every
    unit can be asked to reach its root; and where a zone has few units.
    """
    levels = (OVER, LARGE, SUPER)
    strict = next((k for k, level in enumerate(levels) if target.limit[level] < 1), None)
    if strict is None or target.price[CUT] or np.isfinite(target.limit[CUT]):
        return None
    if any(target.price[level] or np.isfinite(target.limit[level]) for level in levels[:strict]):
        return None
    if problem.island.any() or (problem.root < 0).any() or problem.units > _MOST_UNITS * problem.zones:
        return None
    return problem.caps[:, strict]


class Generation:
    """
    Column generation on one problem and target.

    Parameters
    ----------
    problem, target
        What is solved.
    rooms
        See `rooms_of`.
    prices
        Prices of units to begin with, shape ``(units,)``.
    """

    def __init__(self, problem: Problem, target: Target, rooms: NDArray[np.int64], prices: NDArray[np.float64]) -> None:
        self._problem, self._target, self._rooms = problem, target, rooms
        self._limited = [k for k, column in enumerate(ARC_GOALS) if np.isfinite(target.limit[column])]
        self._cost = problem.arc_value @ target.price[list(ARC_GOALS)]
        self._grounds = [_ground(problem, zone, int(rooms[zone])) for zone in range(problem.zones)]
        self._best = np.concatenate([prices, np.zeros(problem.zones + len(self._limited))])
        self._zone: list[int] = []
        self._units: list[NDArray[np.int64]] = []
        self._arcs: list[NDArray[np.int64]] = []
        self._known: set[tuple[int, bytes]] = set()
        self._entries: list[NDArray[np.float64]] = []
        self.bound = -np.inf

    def run(self, plans: Sequence[NDArray[np.int32]], should_stop: Callable[[], bool]) -> Generated:
        """
        Generate catchments until none is missing, or until asked to stop.

        Parameters
        ----------
        plans
            Assignments whose catchments are columns from the start; each fits and is contiguous.
        should_stop
            Asked between rounds.

        Notes
        -----
        The relaxation may leave a unit out, or in twice, at prices around those of the best bound (a box, Marsten and others
        1975): free prices jump about, and at wild ones the search for catchments has nothing to go by.
        """
        for plan in plans:
            for zone in range(self._problem.zones):
                self._take(zone, [np.flatnonzero(plan == zone)])
        units, looks, known = self._problem.units, _FIRST_LOOKS, len(self._zone)
        self._search(self._best, np.full(self._problem.zones, -np.inf), looks)
        session, known, duals = Session(self._model(), should_stop=should_stop), len(self._zone), self._best
        self._centre(session, self._best)
        while not should_stop():
            answer, before = session.run(), self.bound
            if answer.state is not State.SOLVED or answer.value is None:
                break
            duals = answer.duals
            is_searched = self._search(duals, -duals[units : units + self._problem.zones], looks)
            lacks = self._lacks(known, duals)
            is_met = not (answer.x[: 2 * units] > _TINY).any()
            if is_met and answer.value - self.bound <= _TINY * max(1.0, abs(answer.value)):
                break
            session.add_columns(*self._columns(known))
            known = len(self._zone)
            if self.bound > before:
                self._centre(session, self._best)
            elif not lacks and not is_met:
                self._centre(session, duals)
            elif not lacks:
                if is_searched or looks >= _MOST_LOOKS:
                    break
                looks *= 10
        self._scatter(duals, should_stop)
        return Generated(self.bound, tuple(self._zone), tuple(self._arcs), duals[: units + self._problem.zones])

    def _scatter(self, duals: NDArray[np.float64], should_stop: Callable[[], bool]) -> None:
        """Look for catchments at prices around the last ones too: those of the relaxation alone seldom make a plan."""
        chance, none = np.random.default_rng(len(self._zone)), np.full(self._problem.zones, -np.inf)
        for _ in range(_SCATTERED):
            if should_stop():
                return
            price = duals.copy()
            price[: self._problem.units] *= 1 + _SPREAD * chance.standard_normal(self._problem.units)
            self._search(price, none, _FIRST_LOOKS // 4)

    def _centre(self, session: Session, prices: NDArray[np.float64]) -> None:
        """Let prices of units lie around others only."""
        middle = prices[: self._problem.units]
        width = _BOX * np.maximum(middle, 0.2 * middle.mean())
        session.change_costs(np.concatenate([middle + width, width - middle]))

    def _search(self, price: NDArray[np.float64], level: NDArray[np.float64], looks: int) -> bool:
        """Look for catchments worth more than a level at some prices, and better the bound; say if all was looked at."""
        units, zones, is_searched = self._problem.units, self._problem.zones, True
        limits, caps = self._target.limit[[ARC_GOALS[k] for k in self._limited]], np.minimum(price[units + zones :], 0.0)
        total, most = float(price[:units].sum() + caps @ limits), np.zeros(zones)
        for zone, ground in enumerate(self._grounds):
            cost = self._cost[ground.arcs] - self._problem.arc_value[ground.arcs][:, self._limited] @ caps
            worth, room = price[ground.units] - cost, int(self._rooms[zone])
            sets, most[zone], left = best_catchments(ground, worth, room, level[zone] + 1e-9, _PER_ZONE, looks)
            is_searched &= left >= 0
            self._take(zone, [ground.units[row] for row in sets])
        # A zone without any catchment that fits has no plan, and says nothing about the worth of plans.
        if np.isfinite(most).all() and total - most.sum() > self.bound:
            self.bound, self._best = total - float(most.sum()), price.copy()
            self._best[units : units + zones] = -most
        return is_searched

    def _take(self, zone: int, sets: Sequence[NDArray[np.int64]]) -> None:
        """Keep the catchments of a zone that are new."""
        for chosen in sets:
            members = np.sort(chosen)
            key = (zone, members.tobytes())
            if key not in self._known:
                self._known.add(key)
                arcs = _arcs(self._problem, members, zone)
                self._zone.append(zone)
                self._units.append(members)
                self._arcs.append(arcs)
                limited = self._problem.arc_value[arcs][:, self._limited].sum(axis=0)
                self._entries.append(np.concatenate([[self._cost[arcs].sum()], limited]))

    def _columns(self, first: int) -> tuple[NDArray[np.float64], csr_array]:
        """Return costs and entries of the catchments from a position on: units, the zone, limits."""
        units, zones, count = self._problem.units, self._problem.zones, len(self._zone) - first
        entries = np.array(self._entries[first:]).reshape(count, 1 + len(self._limited))
        sizes = [len(members) for members in self._units[first:]]
        rows = np.concatenate([np.repeat(np.arange(count), sizes), np.arange(count)])
        columns = np.concatenate([*self._units[first:], units + np.array(self._zone[first:], dtype=np.int64)])
        whole = csr_array((np.ones(len(rows)), (rows, columns)), shape=(count, units + zones))
        return entries[:, 0], csr_array(hstack([whole, csr_array(entries[:, 1:])]))

    def _lacks(self, first: int, duals: NDArray[np.float64]) -> bool:
        """Return whether any catchment from a position on would better the relaxation."""
        if first == len(self._zone):
            return False
        cost, entries = self._columns(first)
        return bool((cost - entries @ duals < -_TINY * max(1.0, float(np.abs(cost).mean()))).any())

    def _model(self) -> Model:
        """Return the relaxation: every unit once, or left out, or in twice (the first columns); every zone once; limits."""
        units, zones = self._problem.units, self._problem.zones
        cost, entries = self._columns(0)
        by_row, rows = csc_array(entries), Rows()
        for row in range(units + zones + len(self._limited)):
            at = slice(by_row.indptr[row], by_row.indptr[row + 1])
            index, values = by_row.indices[at] + 2 * units, by_row.data[at]
            if row < units:
                index, values = np.append(index, [row, units + row]), np.append(values, [1.0, -1.0])
            limit = 1.0 if row < units + zones else float(self._target.limit[ARC_GOALS[self._limited[row - units - zones]]])
            rows.add(index, values, 1.0 if row < units + zones else -np.inf, limit)
        total = 2 * units + len(cost)
        return Model(np.append(np.zeros(2 * units), cost), np.full(total, np.inf), np.zeros(total, bool), rows)


def _ground(problem: Problem, zone: int, room: int) -> Ground:
    """
    Return what a catchment of a zone can hold: units on some way from the root that is not too full already.

    Notes
    -----
    A contiguous catchment that holds a unit holds a way to it from the root, and its pupils; where even the emptiest way has more
    pupils than the zone has room for, the unit is out.
    """
    may = np.zeros(problem.units, bool)
    rows = problem.arc_rows()[problem.arc_zone == zone]
    may[rows] = True
    heads = np.repeat(np.arange(problem.units), np.diff(problem.indptr))
    inside = may[heads] & may[problem.neighbours]
    weight = problem.pupils[problem.neighbours[inside]] + 1e-3  # zero is no edge to scipy
    shape = (problem.units, problem.units)
    graph = csr_array((weight, (heads[inside], problem.neighbours[inside])), shape=shape)
    root = int(problem.root[zone])
    filled = dijkstra(graph, indices=root) + problem.pupils[root]
    units = np.flatnonzero(may & (filled <= room + 1e-3 * problem.units))
    units = np.concatenate([[root], units[units != root]])
    part = graph[units][:, units].tocsr()
    return Ground(
        units, part.indptr.astype(np.int64), part.indices.astype(np.int64), _arcs(problem, units, zone), problem.pupils[units]
    )


def _arcs(problem: Problem, units: NDArray[np.int64], zone: int) -> NDArray[np.int64]:
    """Return the arcs of units to a zone that each of them may have."""
    return np.array(
        [
            problem.arc_indptr[i] + np.searchsorted(problem.arc_zone[problem.arc_indptr[i] : problem.arc_indptr[i + 1]], zone)
            for i in units.tolist()
        ],
        dtype=np.int64,
    )
