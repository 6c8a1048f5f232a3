"""
Clusters proved best by branch and price: plans are put together from whole clusters, which are found as they are needed.

A column is a cluster that keeps every rule by itself (whole, of the right size, with urban and rural members and each stage),
and a plan is a choice of columns that holds each school once. Contiguity and the rules of one cluster cost the model nothing, so
its relaxation is close to the optimum, and branching on which lead a school belongs to settles the rest. The method is that of
Mehrotra, Johnson and Nemhauser, "An optimization based heuristic for political districting" (Management Science 44, 1998).
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from xuequ.solver.cluster_arrays import measures
from xuequ.solver.cluster_columns import GOALS, ClusterColumns
from xuequ.solver.cluster_sets import Weights, flags, grounds, masks
from xuequ.solver.engine import Effort, Model, Rows, Session, State
from xuequ.solver.kernel_clusters import best_sets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from xuequ.solver.cluster_arrays import ClusterArrays
    from xuequ.solver.stop import Clock

__all__ = ["ClusterProof", "prove"]

_PER_LEAD = 300
_FIRST = 3000
_LISTED, _WHOLE, _WHOLE_NODES = 20_000, 4000, 2000
_GLANCE, _EVERYTHING = 20_000, 1 << 60
"""Sets looked at for each lead while that still finds columns, and for a bound."""
_TINY = 1e-5
"""Reduced costs above minus this count as none."""


@dataclass(frozen=True, slots=True, eq=False)
class _Node:
    """A part of the search: the schools that each cluster may have, and prices to begin with."""

    bound: float
    allowed: NDArray[np.bool_]
    duals: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class _Relaxed:
    """A relaxation with every column it needs: its bound, duals of schools and caps, share of each school in each cluster."""

    bound: float
    duals: NDArray[np.float64]
    share: NDArray[np.float64]
    whole: NDArray[np.int64] | None


def prove(
    arrays: ClusterArrays, first: NDArray[np.int64], clock: Clock, *, seed: int = 0
) -> tuple[NDArray[np.int64], tuple[float, float, float, float]]:
    """
    Make clusters best in every goal, in order of rank.

    Parameters
    ----------
    arrays
        The cluster problem; at most `cluster_sets.MOST_SCHOOLS` schools.
    first
        Clusters that keep every rule, shape ``(schools,)``.
    clock
        Asked whether to stop.
    seed
        Of HiGHS.

    Returns
    -------
    tuple
        Cluster of each school, and a lower bound of each goal: pupils, seats, metres, schools.

    Notes
    -----
    Ways and changes are minimised as one sum, in which all changes together weigh less than a metre: the order of rank is kept,
    and the tree is searched once. Alone, changes under a cap on the ways have a bound that says little.
    """
    proof, share = ClusterProof(arrays, first, clock, seed=seed), 1.0 / (len(first) + 1)
    uncovered = proof.reach((1.0, 0.0, 0.0, 0.0), 1.0, "clusters: uncovered")
    proof.cap(0)
    balance = proof.reach((0.0, 1.0, 0.0, 0.0), 0.0, "clusters: balance")
    proof.cap(1)
    both = proof.reach((0.0, 0.0, 1.0, share), share, "clusters: travel")
    ways, changed = proof.values(proof.best)[2:].tolist()
    if both < ways + changed * share - 1e-3 * share:
        ways, changed = min(ways, float(np.floor(both))), 0.0
    return proof.best, (uncovered, balance, ways, changed)


class ClusterProof:
    """
    Branch and price over clusters, for one goal after the other.

    Parameters
    ----------
    arrays
        The cluster problem.
    clock
        Asked whether to stop.
    seed
        Of HiGHS.

    Attributes
    ----------
    best
        Cluster of each school in the best plan so far, shape ``(schools,)``.
    """

    def __init__(self, arrays: ClusterArrays, best: NDArray[np.int64], clock: Clock, *, seed: int = 0) -> None:
        self.arrays, self.best, self.clock, self.seed = arrays, best, clock, seed
        self.grounds = grounds(arrays)
        self.unit_schools = flags(self.grounds[0].schools, len(arrays.net))
        self.columns = ClusterColumns(arrays)
        self.caps: dict[int, float] = {}
        self.take(best)

    def values(self, plan: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the value of each goal for a plan: pupils, seats, metres, schools."""
        total = np.zeros(GOALS)
        for cluster in range(len(self.arrays.leads)):
            total += measures(self.arrays, cluster, (plan == cluster)[None, :])[0]
        return total

    def reach(self, price: Sequence[float], step: float, phase: str) -> float:
        """
        Minimise a sum of goals under the caps so far, and return the lower bound proved.

        Parameters
        ----------
        price
            Of a pupil, a seat, a metre and a school, shape ``(4,)``.
        step
            Least difference between two values of the sum, 0 where there is none.
        phase
            What the listener is told.
        """
        tree = _Tree(self, np.array(price, dtype=float), step)
        while tree.open and not self.clock.report(phase, tree.value, tree.bound):
            tree.step()
        return tree.bound

    def cap(self, goal: int) -> None:
        """Allow no plan that is worse in a goal (by its position) than the best one."""
        value = float(self.values(self.best)[goal])
        self.caps[goal] = value + 1e-6 * max(1.0, value)

    def take(self, plan: NDArray[np.int64]) -> None:
        """Take the clusters of a plan in as columns."""
        for cluster in range(len(self.arrays.leads)):
            self.columns.add(cluster, (plan == cluster)[None, :])


class _Tree:
    """The search tree for one sum of goals; values that differ differ by at least ``least``."""

    def __init__(self, proof: ClusterProof, price: NDArray[np.float64], least: float) -> None:
        self.proof, self.price, self.least = proof, price, least
        self.columns, self.arrays = proof.columns, proof.arrays
        self.value = float(proof.values(proof.best) @ price)
        schools, clusters = len(self.arrays.net), len(self.arrays.leads)
        allowed = np.ones((clusters, schools), bool)
        allowed[:, self.arrays.leads] = False
        allowed[np.arange(clusters), self.arrays.leads] = True
        self.open: list[tuple[float, int, _Node]] = []
        self._count = 0
        # No choice of clusters takes in more pupils than the district has seats, and no way is shorter than the shortest.
        whole = np.maximum(self.arrays.net.sum(axis=0), 0).sum(), 0, self.arrays.way_m.min(axis=0).sum(), 0
        self._push(_Node(float(price @ whole), allowed, np.zeros(schools + len(proof.caps))))

    @property
    def bound(self) -> float:
        """Lower bound of the goal: the least of what is open, the value itself where nothing is."""
        return min([self.value, *(item[0] for item in self.open[:1])])

    def _push(self, node: _Node) -> None:
        if not self.is_closed(node.bound):
            self._count += 1
            heapq.heappush(self.open, (node.bound, -self._count, node))

    def is_closed(self, bound: float) -> bool:
        """Return whether nothing of this bound is better than the best plan."""
        if self.least:
            return bool(np.ceil(bound / self.least - 1e-3) * self.least >= self.value - 1e-3 * self.least)
        return bound >= self.value - 1e-6 * max(1.0, self.value)

    def step(self) -> None:
        """Take the open part of the least bound: relax it, and close it, solve it, or cut it in two."""
        _, _, node = heapq.heappop(self.open)
        relaxed = _Relaxation(self, node).solve()
        if relaxed is None:
            self._push(node)
            return
        if relaxed.whole is not None:
            self._improve(relaxed.whole)
        if self.is_closed(relaxed.bound):
            return
        rest = self._listed(node, relaxed)
        if rest is not None:
            self._branch(rest, relaxed)

    def _improve(self, plan: NDArray[np.int64]) -> None:
        value = float(self.proof.values(plan) @ self.price)
        if value < self.value - 1e-9:
            self.value, self.proof.best = value, plan
            self.proof.take(plan)

    def _branch(self, node: _Node, relaxed: _Relaxed) -> None:
        """Cut a part in two: the school that is split most evenly belongs to a lead, or does not."""
        doubt = np.minimum(relaxed.share, 1 - relaxed.share)
        weight = 1 + np.abs(self.arrays.net).sum(axis=1) / max(1, int(np.abs(self.arrays.net).sum()))
        cluster, school = np.unravel_index(int(np.argmax(np.where(doubt > 1e-6, doubt, -1.0) * weight)), doubt.shape)
        units = self.proof.unit_schools
        together = units[np.flatnonzero(units[:, school])[0]]
        for belongs in (False, True):
            allowed = node.allowed.copy()
            if belongs:
                allowed[:, together] = False
            allowed[cluster, together] = belongs
            self._push(_Node(max(node.bound, relaxed.bound), allowed, relaxed.duals))

    def _listed(self, node: _Node, relaxed: _Relaxed) -> _Node | None:
        """
        List the clusters that a better plan may have; return what is left of a part, None if few enough to settle it.

        Notes
        -----
        A column whose reduced cost exceeds the gap is in no better plan, so a school that is in none of those that are left of a
        lead need not be considered for it any more.
        """
        gap, allowed, kept = self.value - relaxed.bound, node.allowed.copy(), []
        for cluster in range(len(self.arrays.leads)):
            sets, _, is_all = self.search(node, relaxed.duals, cluster, (gap + _TINY, _LISTED, _EVERYTHING))
            if is_all:
                allowed[cluster] &= sets.any(axis=0)
            kept.append(sets if is_all else None)
        known = [sets for sets in kept if sets is not None]
        if len(known) == len(kept) and sum(map(len, known)) <= _WHOLE:
            chosen = np.concatenate([self.columns.add(cluster, sets) for cluster, sets in enumerate(known)])
            if self._choose(chosen, _WHOLE_NODES):
                return None
        elif self._count == 1:
            active = self.active(node)
            self._choose(active[np.argsort(self.reduced(active, relaxed.duals), kind="stable")[:_WHOLE]], 1)
        return _Node(relaxed.bound, allowed, relaxed.duals)

    def _choose(self, chosen: NDArray[np.int64], nodes: int) -> bool:
        """Find the best plan made of some columns; return whether there is no better one of them."""
        proof = self.proof
        session = Session(self.model(chosen, whole=True), seed=proof.seed, should_stop=proof.clock.should_stop)
        answer = session.run(Effort(nodes=nodes, seconds=proof.clock.seconds_left(), gap=0.0))
        if len(answer.x):
            plan = np.zeros(len(self.arrays.net), np.int64)
            for k in chosen[answer.x > 0.5]:
                plan[self.columns.schools[k]] = self.columns.cluster[k]
            self._improve(plan)
        return answer.state is not State.UNFINISHED

    def active(self, node: _Node) -> NDArray[np.int64]:
        """Return the columns that a part may use."""
        barred = masks(~node.allowed)
        return np.flatnonzero((self.columns.mask & barred[self.columns.cluster]) == 0)

    def prices(self, duals: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what a unit of each goal costs, with the shadow prices of those capped."""
        price = self.price.copy()
        for row, goal in enumerate(self.proof.caps):
            price[goal] -= duals[len(self.arrays.net) + row]
        return price

    def reduced(self, chosen: NDArray[np.int64], duals: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return reduced costs of columns."""
        worth = self.columns.schools[chosen] @ duals[: len(self.arrays.net)]
        reduced: NDArray[np.float64] = self.columns.measure[chosen] @ self.prices(duals) - worth
        return reduced

    def search(
        self, node: _Node, duals: NDArray[np.float64], cluster: int, extent: tuple[float, int, int]
    ) -> tuple[NDArray[np.bool_], bool, bool]:
        """
        Return sets of schools that may be a cluster, whether those are the least in reduced cost, and whether they are all.

        ``extent``: the reduced cost below which they are wanted, how many, and how many sets are looked at for them.
        """
        units, price = self.proof.unit_schools, self.prices(duals)
        own = price[2] * self.arrays.way_m[cluster] + price[3] * self.arrays.changed[cluster] - duals[: len(self.arrays.net)]
        ground = self.proof.grounds[cluster]
        may = (units & ~node.allowed[cluster]).sum(axis=1) == 0
        may[ground.lead] = False
        ground = ground._replace(allowed=masks(may[None, :])[0])
        found, _, is_least, is_all = best_sets(ground, Weights(units @ own, float(price[0]), float(price[1])), *extent)
        return (flags(found, len(units)).astype(np.int64) @ units) > 0, is_least, is_all

    def model(self, chosen: NDArray[np.int64], *, whole: bool, spare: float = 0.0) -> Model:
        """Return the choice of columns; with ``spare`` every school may stay out at that cost (these columns come first)."""
        columns, schools = self.columns, len(self.arrays.net)
        extra = schools if spare else 0
        rows = Rows()
        for j in range(schools):
            own = np.flatnonzero(columns.schools[chosen, j]) + extra
            rows.add(np.append(own, j) if extra else own, 1.0, 1.0, 1.0)
        for goal, cap in self.proof.caps.items():
            used = np.flatnonzero(columns.measure[chosen, goal])
            rows.add(used + extra, columns.measure[chosen[used], goal], -np.inf, cap)
        cost = np.concatenate([np.full(extra, spare), columns.measure[chosen] @ self.price])
        return Model(cost, np.full(len(cost), np.inf), np.full(len(cost), whole), rows)


class _Relaxation:
    """The relaxation of one part, given columns until none is missing."""

    def __init__(self, tree: _Tree, node: _Node) -> None:
        self.tree, self.node = tree, node
        self.clock = tree.proof.clock
        active = tree.active(node)
        self.chosen = active[np.argsort(tree.reduced(active, node.duals), kind="stable")[:_FIRST]]
        self.spare = 10.0 * (1.0 + tree.value)
        self.session = Session(tree.model(self.chosen, whole=False, spare=self.spare), seed=tree.proof.seed)
        self.schools = len(tree.arrays.net)

    def solve(self) -> _Relaxed | None:
        """Return the relaxation, None if it was stopped."""
        bound = self.node.bound
        while not self.clock.should_stop():
            answer = self.session.run(Effort(seconds=self.clock.seconds_left()))
            if answer.state is not State.SOLVED or answer.value is None:
                return None
            duals = answer.duals
            missing = self._missing(duals)
            if not len(missing):
                missing, lacks = self._search(duals, _GLANCE)
                if not len(missing):
                    missing, lacks = self._search(duals, _EVERYTHING)
                bound = max(bound, answer.value + lacks - _TINY * len(self.tree.arrays.leads))
            if self.tree.is_closed(bound) or not len(missing):
                return self._read(answer.x, duals, bound)
            self._add(missing)
        return None

    def _missing(self, duals: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return known columns that the relaxation lacks, the cheapest first."""
        active = self.tree.active(self.node)
        active = active[~np.isin(active, self.chosen, kind="table")]
        reduced = self.tree.reduced(active, duals)
        cheap = np.argsort(reduced, kind="stable")[: _PER_LEAD * 2]
        return active[cheap[reduced[cheap] < -_TINY]]

    def _search(self, duals: NDArray[np.float64], looks: int) -> tuple[NDArray[np.int64], float]:
        """Find columns that nobody knew, and by how much the bound lies below the relaxation (infinite if that is not known)."""
        before, lacks = len(self.tree.columns), 0.0
        for cluster in range(len(self.tree.arrays.leads)):
            sets, is_least, _ = self.tree.search(self.node, duals, cluster, (-_TINY, _PER_LEAD, looks))
            found = self.tree.columns.add(cluster, sets)
            lacks += float(self.tree.reduced(found, duals).min(initial=0.0)) if is_least else -np.inf
        return np.arange(before, len(self.tree.columns)), lacks

    def _add(self, missing: NDArray[np.int64]) -> None:
        columns, proof = self.tree.columns, self.tree.proof
        parts = [columns.schools[missing].astype(float), columns.measure[missing][:, list(proof.caps)]]
        self.session.add_columns(columns.measure[missing] @ self.tree.price, csr_array(np.concatenate(parts, axis=1)))
        self.chosen = np.concatenate([self.chosen, missing])

    def _read(self, x: NDArray[np.float64], duals: NDArray[np.float64], bound: float) -> _Relaxed:
        columns, chosen, x = self.tree.columns, self.chosen, x[self.schools :]
        used = x > 1e-9
        share = np.zeros((len(self.tree.arrays.leads), self.schools))
        np.add.at(share, columns.cluster[chosen[used]], x[used, None] * columns.schools[chosen[used]])
        plan = None
        if ((share < 1e-6) | (share > 1 - 1e-6)).all() and (share.sum(axis=0) > 0.5).all():
            plan = np.argmax(share, axis=0)
        return _Relaxed(bound, duals, share, plan)
