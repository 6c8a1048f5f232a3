"""`cluster`: every public primary and junior school in one cluster of 1+X+Y, to proven optimality (model.md §4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulp

from xuequ.solver.cluster_arrays import cluster_arrays, cluster_lists
from xuequ.solver.cluster_model import ClusterRounds, build_cluster_model
from xuequ.solver.cluster_problem import cluster_problem
from xuequ.solver.cluster_proof import prove
from xuequ.solver.cluster_search import first_clusters
from xuequ.solver.cluster_sets import MOST_SCHOOLS
from xuequ.solver.stop import Clock
from xuequ.zoning.cluster import ClusterPlan, Membership, Role
from xuequ.zoning.cluster_measures import BALANCE_BAND, CLUSTER_GOALS, cluster_goal_values, school_loads
from xuequ.zoning.explanation import Explanation
from xuequ.zoning.places import Setting
from xuequ.zoning.plan import Goal, Plan, PlanKind, Status, is_proved
from xuequ.zoning.rolls import start_rolls
from xuequ.zoning.stage import Programme, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from xuequ.solver.cluster_problem import ClusterProblem
    from xuequ.solver.stop import Progress, Stop
    from xuequ.zoning.catchments import Catchments
    from xuequ.zoning.district import District
    from xuequ.zoning.options import ClusterOptions
    from xuequ.zoning.rolls import Rolls
    from xuequ.zoning.seating import SeatPlan

__all__ = ["Situation", "cluster"]


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
    clock.report("clusters: start")
    clusters, bounds = _solved(problem, clock, seed)
    if clusters is None:
        status = Status.STOPPED if clock.stopped else Status.INFEASIBLE
        explanation = Explanation() if clock.stopped else _explained(problem, clock, seed)
        return plan.replace(status=status, explanation=explanation, seconds=clock.elapsed_s)
    return _stated(plan, problem, clusters, bounds).replace(seconds=clock.elapsed_s)


def _solved(problem: ClusterProblem, clock: Clock, seed: int) -> tuple[dict[int, int] | None, dict[str, float | None]]:
    """Return the best clusters, school → lead, and the bounds of the goals: by whole clusters if it can be, else by rows."""
    arrays = cluster_arrays(problem)
    first = first_clusters(arrays, seed=seed)
    if first is not None and len(problem.schools) <= MOST_SCHOOLS:
        best, (uncovered, balance, ways, changed) = prove(arrays, first, clock, seed=seed)
        found = {"uncovered": uncovered, "balance": balance, "travel": ways / 1000, "changed": changed}
        return cluster_lists(problem, best), dict(found)
    rounds = ClusterRounds(problem, build_cluster_model(problem), clock, seed)
    rounds.begin_with(None if first is None else cluster_lists(problem, first))
    bounds = {name: rounds.reach(name) for name in CLUSTER_GOALS}
    return rounds.best, bounds


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
        search = ClusterRounds(problem, build_cluster_model(problem, frozenset({family})), clock, seed)
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
    proved = all(is_proved(goal.value, goal.bound) for goal in goals)
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
