"""Multipliers in scaled whole numbers, and the bound that they prove by weak duality (the formulas of `plan.Certificate`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xuequ.solver.arc_values import is_change
from xuequ.solver.kernel_knapsack import NOTHING, lagrangian
from xuequ.zoning.indicators import zone_distances
from xuequ.zoning.plan import Certificate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from xuequ.solver.problem import Problem
    from xuequ.zoning.district import District
    from xuequ.zoning.rounds import Round

__all__ = ["Terms", "certificate_terms", "covers", "knapsack_bound", "linear_bound", "sharpen"]

_LOADS = ("over_standard", "large", "super_large")
_WORK = 3_000_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """
    The whole numbers of a certificate but for its multipliers.

    Parameters
    ----------
    stage, year, goal, scale, prices, values
        Of the certificate.
    block, zone, price
        Arcs that are allowed, sorted by block, with ``c_ij + G_ij``.
    forced
        Zone of each block that has no choice, −1 for others.
    pupils
        Of each block.
    above, charge, most
        Steps of phi by zone, shape ``(zones, 3)``; largest load, −1 where there is no limit.
    """

    chosen: Round
    goal: str
    scale: int
    prices: Mapping[str, int]
    values: Mapping[str, int]
    block: NDArray[np.int64]
    zone: NDArray[np.int64]
    price: NDArray[np.int64]
    forced: NDArray[np.int64]
    above: NDArray[np.int64]
    charge: NDArray[np.int64]
    most: NDArray[np.int64]

    @property
    def allowance(self) -> int:
        """``Σ_k lambda_k·V_k``."""
        return sum(price * self.values[name] for name, price in self.prices.items())

    def certificate(self, form: str, multipliers: NDArray[np.int64]) -> Certificate:
        """Return the certificate with its multipliers."""
        stage, year = self.chosen.stage, self.chosen.year
        return Certificate(stage, year, self.goal, form, self.scale, multipliers, dict(self.prices), dict(self.values))


def certificate_terms(
    district: District,
    chosen: Round,
    goal: str,
    *,
    hard: bool,
    prices: Mapping[str, float],
    values: Mapping[str, float],
    scale: int = 1_000_000,
) -> Terms:
    """
    Return the terms of a bound on a goal.

    Parameters
    ----------
    district, chosen
        What is zoned.
    goal
        ``distance`` or a goal that counts pupils.
    hard
        Whether seats are hard.
    prices, values
        ``lambda_k`` (in units of the goal) and ``V_k`` by goal name, of goals ranked before.
    scale
        Whole units per unit of the goal.

    Notes
    -----
    `plan.Certificate`: dropping more than reach, roots and locks rule out would make a bound that nobody else can evaluate, so
    contiguity and sets kept together do not count.
    """
    block, zone, metres = zone_distances(district, chosen.zones)
    forced, closed = _forced(district, chosen)
    keep = ~closed[block, zone] & ((forced[block] < 0) | (forced[block] == zone))
    block, zone, metres = block[keep], zone[keep], metres[keep]
    pupils = chosen.pupils[block]
    whole_prices = {name: round(price * scale) for name, price in prices.items() if price > 0}
    price = np.zeros(len(block), dtype=np.int64)
    if goal == "distance":
        price += np.array([_distance(int(p), float(m), scale) for p, m in zip(pupils, metres, strict=True)], dtype=np.int64)
    far = whole_prices.get("too_far", 0) + (scale if goal == "too_far" else 0)
    moved = whole_prices.get("moved", 0) + (scale if goal == "moved" else 0)
    price += far * pupils * (metres > chosen.limit_m[block]) + moved * pupils * is_change(district, chosen)[block, zone]
    has = np.zeros(len(forced), dtype=bool)
    has[block] = True
    capacity = chosen.capacity
    above = np.column_stack([capacity.planned, capacity.working, capacity.absolute])
    steps = np.array([whole_prices.get(name, 0) + (scale if goal == name else 0) for name in _LOADS], dtype=np.int64)
    return Terms(
        chosen, goal, scale, whole_prices, {name: int(values[name]) for name in whole_prices}, block, zone, price,
        np.where(has, forced, -1), above, np.broadcast_to(steps, above.shape).copy(),
        capacity.planned.copy() if hard else np.full(len(chosen.zones), -1, dtype=np.int64),
    )  # fmt: skip


def _distance(pupils: int, metres: float, scale: int) -> int:
    """Return ``pupils · metres / 1000 · scale`` rounded down, exactly."""
    above, below = metres.as_integer_ratio()
    return pupils * above * scale // (below * 1000)


def _forced(district: District, chosen: Round) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the zone of each block that has no choice (−1 for others), and which pairs locks forbid."""
    blocks, schools = district.block_index(), district.school_index()
    zone_of = {j: k for k, members in enumerate(chosen.zones) for j in members}
    forced = np.full(len(blocks), -1, dtype=np.int64)
    closed = np.zeros((len(blocks), len(chosen.zones)), dtype=bool)
    for j, k in zone_of.items():
        if district.schools.block[j] >= 0:
            forced[district.schools.block[j]] = k
    for lock in district.options.zoning.locks:
        zone = zone_of.get(schools.get(lock.school, -1))
        if lock.stage is chosen.stage and zone is not None and lock.block in blocks:
            if lock.must:
                forced[blocks[lock.block]] = zone
            else:
                closed[blocks[lock.block], zone] = True
    return forced, closed


def covers(terms: Terms, problem: Problem) -> bool:
    """
    Say whether a bound of these terms holds for every assignment of a problem.

    Notes
    -----
    A certificate knows arcs within reach only. A block that contiguity, or blocks kept with it, may send to a zone without a way
    counts no distance there: if it has a way to other zones the certificate would count one.
    """
    known = np.zeros((len(terms.forced), len(terms.most)), dtype=bool)
    known[terms.block, terms.zone] = True
    allowed = np.zeros((problem.units, problem.zones), dtype=bool)
    allowed[problem.arc_rows(), problem.arc_zone] = True
    return not (allowed[problem.unit] & ~known)[known.any(axis=1)].any()


def linear_bound(terms: Terms, mu: NDArray[np.int64]) -> float:
    """Return the bound of the ``linear`` form, in the unit of the goal."""
    value = terms.price + terms.chosen.pupils[terms.block] * mu[terms.zone]
    starts = np.flatnonzero(np.diff(terms.block, prepend=-1))
    total = int(np.minimum.reduceat(value, starts).sum()) if len(value) else 0
    everybody = int(terms.chosen.pupils.sum())
    for j, m in enumerate(mu.tolist()):
        last = everybody if terms.most[j] < 0 else min(everybody, int(terms.most[j]))
        corners = {0, last, *(int(a) for a in terms.above[j] if a <= last)}
        total -= max(m * load - _phi(terms, j, load) for load in corners)
    return (total - terms.allowance) / terms.scale


def _phi(terms: Terms, zone: int, load: int) -> int:
    return sum(int(c) * max(load - int(a), 0) for a, c in zip(terms.above[zone], terms.charge[zone], strict=True))


def block_prices(terms: Terms, mu: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the multiplier of each block that goes with the linear form: its least price with seats paid for."""
    value = terms.price + terms.chosen.pupils[terms.block] * mu[terms.zone]
    u = np.zeros(len(terms.forced), dtype=np.int64)
    starts = np.flatnonzero(np.diff(terms.block, prepend=-1))
    if len(value):
        u[terms.block[starts]] = np.minimum.reduceat(value, starts)
    return u


def _columns(terms: Terms) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    order = np.lexsort((terms.block, terms.zone))
    indptr = np.searchsorted(terms.zone[order], np.arange(len(terms.most) + 1)).astype(np.int64)
    return indptr, terms.block[order].astype(np.int64), terms.price[order]


def knapsack_bound(terms: Terms, u: NDArray[np.int64]) -> tuple[float, NDArray[np.int64], int]:
    """Return the bound of the ``knapsack`` form, how many zones choose each block, and the work that it took."""
    chosen = np.zeros(len(terms.forced), dtype=np.int64)
    value, work = lagrangian(
        *_columns(terms), np.array(terms.forced), np.array(terms.chosen.pupils), np.array(terms.above), np.array(terms.charge),
        np.array(terms.most), np.array(u), chosen,
    )  # fmt: skip
    if value >= NOTHING:
        return float("-inf"), chosen, int(work)
    has = np.zeros(len(u), dtype=bool)
    has[terms.block] = True
    return (int(value) + int(u[has].sum()) - terms.allowance) / terms.scale, chosen, int(work)


def sharpen(
    terms: Terms, mu: NDArray[np.int64], top: float, *, rounds: int = 400, should_stop: Callable[[], bool] = lambda: False
) -> tuple[float, NDArray[np.int64]]:
    """
    Return the best ``knapsack`` bound found by subgradient steps from the linear multipliers, and its multipliers.

    Parameters
    ----------
    mu
        Of the linear form, one a zone.
    top
        Value of a plan, which the steps aim at.
    rounds
        Most steps; fewer where a step is much work.

    Notes
    -----
    solver.md §12: the knapsack form closes the gap of packing. Steps as Polyak's, halved where the bound does not rise.
    """
    u = block_prices(terms, mu).astype(float)
    best, best_u, factor, stale, done = float("-inf"), np.rint(u).astype(np.int64), 1.0, 0, 0
    for _ in range(rounds):
        whole = np.rint(u).astype(np.int64)
        value, chosen, work = knapsack_bound(terms, whole)
        done += work
        if value > best + 1e-9 * max(1.0, abs(top)):
            best, best_u, stale = value, whole, 0
        else:
            stale += 1
            if stale >= 8:
                factor, stale, u = factor / 2, 0, best_u.astype(float)
        slope = (1 - chosen).astype(float)
        slope[terms.forced >= 0] = 0.0
        norm = float(slope @ slope)
        if norm == 0 or value == float("-inf") or top - best <= 1e-9 * max(1.0, abs(top)) or done > _WORK or should_stop():
            break
        u += factor * (top - value) * terms.scale / norm * slope
    return best, best_u
