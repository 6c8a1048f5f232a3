"""A first set of clusters by annealing, so that the proof begins with a good answer in hand."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from xuequ.zoning.cluster_measures import BALANCE_BAND

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xuequ.solver.cluster_problem import ClusterProblem

__all__ = ["first_clusters"]

_BROKEN, _UNCOVERED, _BALANCE, _TRAVEL, _CHANGED = 1e9, 300.0, 30.0, 1.0, 1e-2
"""Prices of one broken rule, a pupil, a seat, a kilometre, a changed school: in the order of the goals' ranks."""
_MOVES = 400
"""Moves of a walk for each school."""
_HOT, _COLD = 30_000.0, 1.0
"""Temperatures at the start and the end: a hundred pupils, a kilometre."""


def first_clusters(problem: ClusterProblem, *, seed: int = 0, moves: int = 0, walks: int = 6) -> dict[int, int] | None:
    """
    Return clusters that keep every rule and do well on the goals, or None where none was found.

    Parameters
    ----------
    problem
        The cluster model.
    seed
        The same seed and numbers give the same clusters.
    moves
        Moves tried in a walk: a school, or those tied to it, into a cluster that it touches, or two that change places; 0 for a
        number that suits the schools.
    walks
        Walks from the same beginning; the best of them counts. Where one leaves nobody uncovered there are no more.
    """
    moves = moves or _MOVES * len(problem.schools)
    best, price = _walk(problem, np.random.default_rng([seed, 0]), moves)
    for number in range(1, walks):
        if price < _UNCOVERED:
            break
        other, other_price = _walk(problem, np.random.default_rng([seed, number]), moves)
        if other_price < price:
            best, price = other, other_price
    return best if price < _BROKEN else None


def _walk(problem: ClusterProblem, rng: np.random.Generator, moves: int) -> tuple[dict[int, int], float]:
    """Return the best clusters of one walk and their price."""
    walk = _Walk(problem)
    best, best_price = dict(walk.clusters), walk.price
    for step in range(moves):
        temperature = _HOT * (_COLD / _HOT) ** (step / moves)
        changes = walk.propose(rng)
        if not changes:
            continue
        before = walk.price
        undo = walk.apply(changes)
        if walk.price > before and rng.random() >= math.exp((before - walk.price) / temperature):
            walk.apply(undo)
        elif walk.price < best_price - 1e-9:
            best, best_price = dict(walk.clusters), walk.price
    return best, best_price


class _Walk:
    """The state of the annealing: clusters, and the price of each."""

    def __init__(self, problem: ClusterProblem) -> None:
        self.problem = problem
        self.near = {j: _mask(problem.neighbours[j]) for j in problem.schools}
        self.units = _units(problem)
        self.free = [unit for unit in self.units if not set(unit) & set(problem.leads)]
        self.exempt = {lead: _mask(j for j, head in problem.assisted if head == lead) for lead in problem.leads}
        self.kinds = [(_mask(found), least) for found, least in problem.kinds.values()]
        schools = list(problem.schools)
        planned, pupils = problem.loads.planned, problem.loads.pupils
        self.net = {j: (pupils[j] - planned[j]).tolist() for j in schools}
        self.seats = {j: int(planned[j].sum()) for j in schools}
        ratio = sum(self.seats.values()) / max(1, int(pupils[schools].sum()))
        self.need = {j: ratio * float(pupils[j].sum()) for j in schools}
        self.clusters = self._grown()
        self.members = {lead: _mask(j for j, head in self.clusters.items() if head == lead) for lead in problem.leads}
        self.prices = {lead: self._priced(lead) for lead in problem.leads}
        self.known: dict[tuple[int, int], float] = {}

    @property
    def price(self) -> float:
        return sum(self.prices.values())

    def _grown(self) -> dict[int, int]:
        """Give every school to the lead of today, else to the nearest; those tied to a lead go to it."""
        clusters = {}
        for unit in self.units:
            own = [j for j in unit if j in self.problem.leads]
            own += [self.problem.today[j] for j in unit if self.problem.today.get(j) in self.problem.leads]
            lead = own[0] if own else min(self.problem.leads, key=lambda c: (sum(self.problem.way_m[j, c] for j in unit), c))
            clusters.update(dict.fromkeys(unit, lead))
        return clusters

    def propose(self, rng: np.random.Generator) -> list[tuple[int, int]]:
        """Return a move as schools and their new clusters; empty where the draw gives none."""
        if not self.free:
            return []
        unit = self.free[int(rng.integers(len(self.free)))]
        own = self.clusters[unit[0]]
        touching = sorted({self.clusters[k] for j in unit for k in self.problem.neighbours[j]} - {own})
        touching += [lead for lead in self.problem.leads if lead != own and any((j, lead) in self.problem.assisted for j in unit)]
        if not touching:
            return []
        target = touching[int(rng.integers(len(touching)))]
        changes = [(j, target) for j in unit]
        if rng.random() < 0.4:
            others = [item for item in self.free if self.clusters[item[0]] == target]
            if others:
                changes += [(j, own) for j in others[int(rng.integers(len(others)))]]
        return changes

    def apply(self, changes: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """Make a move and return the one that takes it back."""
        undo = [(j, self.clusters[j]) for j, _ in changes]
        touched = set()
        for j, lead in changes:
            self.members[self.clusters[j]] &= ~(1 << j)
            self.members[lead] |= 1 << j
            touched |= {self.clusters[j], lead}
            self.clusters[j] = lead
        for lead in touched:
            key = (lead, self.members[lead])
            if key not in self.known:
                self.known[key] = self._priced(lead)
            self.prices[lead] = self.known[key]
        return undo

    def _priced(self, lead: int) -> float:
        problem, members = self.problem, self.members[lead]
        count = members.bit_count()
        broken = max(0, problem.size_min - count) + max(0, count - problem.size_max)
        broken += sum(max(0, least - (members & kind).bit_count()) for kind, least in self.kinds)
        broken += (members & ~self._reached(lead, members) & ~self.exempt[lead]).bit_count()
        net, seats, need, travel, changed = [0, 0, 0], 0, 0.0, 0, 0
        for j in _schools(members):
            net = [a + b for a, b in zip(net, self.net[j], strict=True)]
            seats += self.seats[j]
            need += self.need[j]
            travel += problem.way_m[j, lead]
            changed += problem.today.get(j, lead) != lead
        outside = max(0.0, seats - (1 + BALANCE_BAND) * need, (1 - BALANCE_BAND) * need - seats)
        uncovered = sum(max(0, item) for item in net)
        return broken * _BROKEN + uncovered * _UNCOVERED + outside * _BALANCE + travel / 1000 * _TRAVEL + changed * _CHANGED

    def _reached(self, lead: int, members: int) -> int:
        seen = front = 1 << lead
        while front:
            around = 0
            for j in _schools(front):
                around |= self.near[j]
            front = around & members & ~seen
            seen |= front
        return seen


def _units(problem: ClusterProblem) -> tuple[tuple[int, ...], ...]:
    """Return the sets of schools that move together: tight groups, and every other school alone."""
    root = {j: j for j in problem.schools}

    def find(j: int) -> int:
        while root[j] != j:
            j = root[j]
        return j

    for a, b in problem.tight:
        low, high = sorted((find(a), find(b)))
        root[high] = low
    groups: dict[int, list[int]] = {}
    for j in problem.schools:
        groups.setdefault(find(j), []).append(j)
    return tuple(tuple(group) for group in groups.values())


def _mask(schools: Iterable[int]) -> int:
    mask = 0
    for j in schools:
        mask |= 1 << j
    return mask


def _schools(mask: int) -> list[int]:
    found = []
    while mask:
        low = mask & -mask
        found.append(low.bit_length() - 1)
        mask ^= low
    return found
