"""The cluster model in PuLP, and its solution in rounds: solve, cut off what is not contiguous, solve again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulp

from xuequ.solver.formulations import clusters as rows
from xuequ.solver.ranked import RankedModel
from xuequ.zoning.cluster_measures import BALANCE_BAND, cluster_goal_values
from xuequ.zoning.seating import STAGES
from xuequ.zoning.stage import Programme

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from xuequ.solver.cluster_problem import ClusterProblem
    from xuequ.solver.stop import Clock

__all__ = ["ClusterModel", "ClusterRounds", "build_cluster_model", "separators"]


@dataclass(frozen=True, slots=True, eq=False)
class ClusterModel:
    """A cluster model in PuLP: rows, the variables ``x_uc`` by school and lead (``u3``, ``u7``), and goals in order of rank."""

    model: pulp.LpProblem
    assign: Mapping[tuple[str, str], pulp.LpVariable]
    goals: Mapping[str, pulp.LpAffineExpression]


def build_cluster_model(problem: ClusterProblem, without: frozenset[str] = frozenset()) -> ClusterModel:
    """
    Return the PuLP model of a cluster problem, with the neighbours of each school as its first separators.

    Parameters
    ----------
    problem
        What it states.
    without
        Families left out, to find out what is in the way: ``size``, ``members``, ``tight``, ``contiguity``.
    """
    model = pulp.LpProblem("clusters", pulp.LpMinimize)
    leads = [f"u{lead}" for lead in problem.leads]
    assign = {(f"u{j}", lead): model.add_variable(f"in_u{j}_{lead}", cat="Binary") for j in problem.schools for lead in leads}
    rows.school_has_one_cluster(model, assign)
    rows.lead_heads_its_cluster(model, assign, leads)
    if "size" not in without:
        rows.cluster_has_its_size(model, assign, {f"u{j}": 1 for j in problem.schools}, problem.size_min, problem.size_max)
    if "members" not in without:
        for kind, (schools, least) in problem.kinds.items():
            rows.cluster_has_members_of(model, assign, kind, {f"u{j}" for j in schools}, least)
    if "tight" not in without:
        rows.tight_group_stays_together(model, assign, [(f"u{a}", f"u{b}") for a, b in problem.tight])
    if "contiguity" not in without:
        rows.cluster_is_contiguous(model, assign, [item for j in problem.schools for item in _first_separators(problem, j)])
    return ClusterModel(model, assign, _goals(problem, model, assign))


def _first_separators(problem: ClusterProblem, school: int) -> list[tuple[str, str, frozenset[str]]]:
    near = problem.neighbours[school]
    return [
        (f"u{school}", f"u{lead}", frozenset(f"u{k}" for k in near))
        for lead in problem.leads
        if lead != school and lead not in near and (school, lead) not in problem.assisted
    ]


def _goals(
    problem: ClusterProblem, model: pulp.LpProblem, assign: Mapping[tuple[str, str], pulp.LpVariable]
) -> dict[str, pulp.LpAffineExpression]:
    loads, leads = problem.loads, [f"u{lead}" for lead in problem.leads]
    stages = [(column, stage.value) for column, stage in enumerate(STAGES) if stage.programme is Programme.SCHOOL]
    uncovered = {(lead, stage): model.add_variable(f"uncovered_{stage}_{lead}", 0) for lead in leads for _, stage in stages}
    net = loads.pupils - loads.planned
    overflow = {(f"u{j}", stage): int(net[j, column]) for j in problem.schools for column, stage in stages}
    rows.cluster_covers_its_overflow(model, assign, uncovered, overflow)
    schools = list(problem.schools)
    ratio = int(loads.planned[schools].sum()) / max(1, int(loads.pupils[schools].sum()))
    outside = {lead: model.add_variable(f"outside_{lead}", 0) for lead in leads}
    above, below = {}, {}
    for j in schools:
        seats, pupils = int(loads.planned[j].sum()), int(loads.pupils[j].sum())
        above[f"u{j}"] = seats - (1 + BALANCE_BAND) * ratio * pupils
        below[f"u{j}"] = (1 - BALANCE_BAND) * ratio * pupils - seats
    rows.balance_stays_in_the_band(model, assign, outside, above, below)
    ways = [(assign[f"u{j}", f"u{lead}"], metres / 1000) for (j, lead), metres in problem.way_m.items() if metres]
    changed = [
        (assign[f"u{j}", f"u{lead}"], 1)
        for j in schools
        for lead in problem.leads
        if j in problem.today and problem.today[j] != lead
    ]
    return {
        "uncovered": pulp.LpAffineExpression([(item, 1) for item in uncovered.values()]),
        "balance": pulp.LpAffineExpression([(item, 1) for item in outside.values()]),
        "travel": pulp.LpAffineExpression(ways),
        "changed": pulp.LpAffineExpression(changed),
    }


class ClusterRounds:
    """
    Goals in order of rank, each solved in rounds: solve, cut off what is not contiguous, solve again.

    Parameters
    ----------
    problem, cluster_model
        What is solved, and its model.
    clock
        Asked whether to stop.
    seed
        Of HiGHS.

    Attributes
    ----------
    best
        The best clusters so far, school → lead; None before there are any.
    """

    def __init__(self, problem: ClusterProblem, cluster_model: ClusterModel, clock: Clock, seed: int) -> None:
        self.problem, self.cluster_model, self.clock = problem, cluster_model, clock
        self.ranked = RankedModel(cluster_model.model, clock, seed=seed)
        self.best: dict[int, int] | None = None
        self._cuts = 10_000

    def begin_with(self, clusters: dict[int, int] | None) -> None:
        """Take clusters that keep every rule as the first answer."""
        self.best = clusters

    def reach(self, name: str) -> float | None:
        """Minimise a goal, cap it at the value reached, and return its lower bound."""
        goal, phase = self.cluster_model.goals[name], f"clusters: {name}"
        self.ranked.relax()
        bound = self.ranked.minimise(goal).bound
        self.ranked.relax(whole=True)
        while not self.clock.report(phase, self.value(name), bound) and not self._is_proved(name, bound):
            self.ranked.start_from(self._values())
            found = self.ranked.minimise(goal)
            bound = max((item for item in (found.bound, bound) if item is not None), default=None)
            if not len(found.values):
                break
            clusters = self._read(found.values)
            if not separators(self.problem, clusters):
                self.best = clusters
                break
            cuts = self._cuts_of([found.values, *self.ranked.seen])
            if bound is not None:
                self.ranked.floor(goal, bound - 1e-6 * max(1.0, abs(bound)))
            rows.cluster_is_contiguous(self.cluster_model.model, self.cluster_model.assign, cuts, self._cuts)
            self._cuts += len(cuts)
            self.ranked.take_rows()
        value = self.value(name)
        if value is not None:
            self.ranked.cap(goal, value + 1e-6 * max(1.0, value))
        return bound

    def _cuts_of(self, solutions: Sequence[NDArray[np.float64]]) -> list[tuple[str, str, frozenset[str]]]:
        """Return separators for every solution that the last search met."""
        cuts = dict.fromkeys(cut for values in solutions for cut in separators(self.problem, self._read(values)))
        return list(cuts)

    def value(self, name: str) -> float | None:
        """Return the value of a goal for the best clusters so far."""
        if self.best is None:
            return None
        return cluster_goal_values(self.problem.district, self.best, self.problem.loads, self.problem.today)[name]

    def _is_proved(self, name: str, bound: float | None) -> bool:
        value = self.value(name)
        return value is not None and bound is not None and value - bound <= 1e-6 * max(1.0, value)

    def _values(self) -> NDArray[np.float64] | None:
        """Return the best clusters as variable values; what counts overflow and balance follows from them."""
        if self.best is None:
            return None
        chosen = {(f"u{j}", f"u{lead}") for j, lead in self.best.items()}
        return self.ranked.completed({item.name: float(key in chosen) for key, item in self.cluster_model.assign.items()})

    def _read(self, values: NDArray[np.float64]) -> dict[int, int]:
        return {
            int(school[1:]): int(lead[1:])
            for (school, lead), variable in self.cluster_model.assign.items()
            if values[self.ranked.column(variable)] > 0.5
        }


def separators(problem: ClusterProblem, clusters: Mapping[int, int]) -> list[tuple[str, str, frozenset[str]]]:
    """
    Return a separator for every school that cannot reach its lead inside its cluster: the schools around the part it is in.

    Notes
    -----
    model.md §1. Of the schools that touch the part, only those that can be reached from the lead without touching the part again
    are needed, which makes the separator minimal.
    """
    found = []
    for lead in problem.leads:
        members = {j for j, head in clusters.items() if head == lead}
        left = members - _reach(problem, {lead}, members)
        while left:
            part = _reach(problem, {min(left)}, members)
            left -= part
            around = frozenset().union(*(problem.neighbours[j] for j in part)) - part
            beyond = _reach(problem, {lead}, set(problem.schools) - part - around) if lead not in around else set()
            needed = frozenset(k for k in around if k == lead or problem.neighbours[k] & beyond)
            found += [
                (f"u{j}", f"u{lead}", frozenset(f"u{k}" for k in needed))
                for j in sorted(part)
                if (j, lead) not in problem.assisted
            ]
    return found


def _reach(problem: ClusterProblem, start: set[int], inside: set[int]) -> set[int]:
    seen, waiting = set(start), list(start)
    while waiting:
        for other in problem.neighbours[waiting.pop()] & inside - seen:
            seen.add(other)
            waiting.append(other)
    return seen
