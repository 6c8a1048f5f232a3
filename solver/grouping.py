"""`cluster`: every public primary and junior school in one cluster of 1+X+Y, to proven optimality (model.md §4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulp

from xuequ.solver.cluster_problem import cluster_problem
from xuequ.solver.cluster_search import first_clusters
from xuequ.solver.formulations import clusters as rows
from xuequ.solver.ranked import RankedModel
from xuequ.solver.stop import Clock
from xuequ.zoning.cluster import ClusterPlan, Membership, Role
from xuequ.zoning.cluster_measures import BALANCE_BAND, CLUSTER_GOALS, cluster_goal_values, school_loads
from xuequ.zoning.explanation import Explanation
from xuequ.zoning.places import Setting
from xuequ.zoning.plan import Goal, Plan, PlanKind, Status
from xuequ.zoning.rolls import start_rolls
from xuequ.zoning.seating import STAGES
from xuequ.zoning.stage import Programme, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from xuequ.solver.cluster_problem import ClusterProblem
    from xuequ.solver.stop import Progress, Stop
    from xuequ.zoning.catchments import Catchments
    from xuequ.zoning.district import District
    from xuequ.zoning.options import ClusterOptions
    from xuequ.zoning.rolls import Rolls
    from xuequ.zoning.seating import SeatPlan

__all__ = ["ClusterModel", "Situation", "build_cluster_model", "cluster"]


@dataclass(frozen=True, slots=True, eq=False)
class Situation:
    """
    What clusters are made for: rolls of the school year, its catchments, and the seats built until then.

    Parameters
    ----------
    rolls
        Pupils of each school, and the year.
    catchments
        Of the primary and the junior stage; a stage without one has today's.
    seats
        What is built until then.
    """

    rolls: Rolls
    catchments: tuple[Catchments, ...] = ()
    seats: SeatPlan | None = None


def cluster(
    district: District,
    *,
    options: ClusterOptions | None = None,
    situation: Situation | None = None,
    stop: Stop | None = None,
    seed: int = 0,
    threads: int = 1,  # noqa: ARG001 - all verbs are called alike
    progress: Callable[[Progress], None] | None = None,
) -> Plan:
    """
    Give every public primary and junior school to a cluster.

    Parameters
    ----------
    district
        The district.
    options
        ``[clusters]`` of the case if not given.
    situation
        What they are made for; today's rolls and catchments if not given.
    stop, progress
        When to stop, and who is told how far it is.
    seed
        Of HiGHS.
    threads
        Taken like by every verb; one is used (see `RankedModel`).

    Returns
    -------
    Plan
        Kind ``cluster``; goals in the order of `CLUSTER_GOALS`, the objective is the travel. Status ``infeasible`` with the
        explanation where the leads cannot have contiguous clusters of the sizes and members asked for.

    Raises
    ------
    ValueError
        If it is not known who is enrolled where.
    """
    clock = Clock(stop, progress)
    options = options or district.options.clusters
    situation = situation or Situation(start_rolls(district))
    year, seats = situation.rolls.year, situation.seats
    known = {item.stage: item for item in situation.catchments}
    catchments = [known.get(stage) or district.today.get(stage) for stage in Stage if stage.programme is Programme.SCHOOL]
    loads = school_loads(district, situation.rolls, seats)
    problem = cluster_problem(district, options, loads, [item for item in catchments if item is not None], year, seats)
    plan = Plan(PlanKind.CLUSTER, Status.INFEASIBLE, district.fingerprint, year=year, seed=seed)
    if problem.conflicts:
        return plan.replace(explanation=Explanation(problem.conflicts), seconds=clock.elapsed_s)
    search = _Search(problem, build_cluster_model(problem), clock, seed)
    clock.report("clusters: start")
    search.begin_with(first_clusters(problem, seed=seed))
    bounds = {name: search.reach(name) for name in CLUSTER_GOALS}
    if search.best is None:
        status = Status.STOPPED if clock.stopped else Status.INFEASIBLE
        explanation = Explanation() if clock.stopped else _explained(problem, clock, seed)
        return plan.replace(status=status, explanation=explanation, seconds=clock.elapsed_s)
    return _stated(plan, problem, search.best, bounds).replace(seconds=clock.elapsed_s)


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


class _Search:
    """Goals in order of rank, each solved in rounds: solve, cut off what is not contiguous, solve again."""

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


def _explained(problem: ClusterProblem, clock: Clock, seed: int) -> Explanation:
    """Say which demand, left out alone, lets clusters be made."""
    names = {
        "contiguity": "every cluster touches",
        "size": f"clusters have {problem.size_min} to {problem.size_max} schools",
        "members": "each cluster has " + ", ".join(f"{least} {kind}" for kind, (_, least) in problem.kinds.items()),
        "tight": f"{len(problem.tight)} pairs of one legal person stay together",
    }
    would_do = []
    for family in names:
        search = _Search(problem, build_cluster_model(problem, frozenset({family})), clock, seed)
        if family == "contiguity":
            found = len(search.ranked.minimise(pulp.LpAffineExpression()).values) > 0
        else:
            search.reach("changed")
            found = search.best is not None
        if found:
            would_do.append(family)
    leads = ", ".join(problem.district.schools.ids[lead] for lead in problem.leads)
    first = (
        f"The {len(problem.leads)} leads ({leads}) cannot have clusters of the {len(problem.schools)} schools in which "
        + "; ".join(names.values())
        + "."
    )
    each = [f"It could be done if it were not asked that {names[family]}." for family in would_do]
    return Explanation((first, *(each or ["No single one of these, left out, would do."])))


def _stated(plan: Plan, problem: ClusterProblem, clusters: Mapping[int, int], bounds: Mapping[str, float | None]) -> Plan:
    ids, settings = problem.district.schools.ids, problem.district.schools.settings
    order = {Role.LEAD: 0, Role.URBAN: 1, Role.RURAL: 2}

    def role(school: int, lead: int) -> Role:
        if school == lead:
            return Role.LEAD
        return Role.URBAN if settings[school] is Setting.URBAN else Role.RURAL

    members = [Membership(ids[j], ids[lead], role(j, lead)) for j, lead in clusters.items()]
    members.sort(key=lambda item: (item.cluster, order[item.role], item.school))
    names = problem.district.schools.names
    values = cluster_goal_values(problem.district, clusters, problem.loads, problem.today)
    goals = tuple(_goal(name, values[name], bounds[name]) for name in CLUSTER_GOALS)
    proved = all(goal.bound is not None and goal.value - goal.bound <= 1e-5 * max(1.0, goal.value) for goal in goals)
    travel = next(goal for goal in goals if goal.name == "travel")
    known_names = tuple((ids[lead], names[lead] or ids[lead]) for lead in sorted(problem.leads, key=lambda j: ids[j]))
    return plan.replace(
        status=Status.OPTIMAL if proved else Status.FEASIBLE,
        goals=goals,
        objective=travel.value,
        solver_bound=travel.bound,
        clusters=ClusterPlan(tuple(members), known_names),
        explanation=Explanation(_reasons(goals)),
    )


def _goal(name: str, value: float, bound: float | None) -> Goal:
    value = round(value, 6)
    return Goal(name, value, None if bound is None else min(value, round(max(0.0, bound), 6)), CLUSTER_GOALS[name])


def _reasons(goals: Sequence[Goal]) -> tuple[str, ...]:
    by_name = {goal.name: goal.value for goal in goals}
    return (
        f"{by_name['uncovered']:,.0f} pupils above planned seats find no free seat in their own cluster.",
        f"Clusters lie {by_name['balance']:,.0f} seats outside ±{BALANCE_BAND:.0%} of the district's seats per pupil.",
        f"Ways from leads to members: {by_name['travel']:,.1f} km; {by_name['changed']:.0f} schools change their cluster.",
    )
