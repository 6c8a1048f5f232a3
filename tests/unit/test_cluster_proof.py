"""Branch and price over clusters: the sets it prices are all there are, and its bounds hold."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from planned import cluster_district

from xuequ.data.case import read_case
from xuequ.solver.cluster_arrays import cluster_arrays, cluster_lists, measures
from xuequ.solver.cluster_model import separators
from xuequ.solver.cluster_problem import cluster_problem
from xuequ.solver.cluster_proof import prove
from xuequ.solver.cluster_search import first_clusters
from xuequ.solver.cluster_sets import Weights, flags, grounds
from xuequ.solver.grouping import cluster
from xuequ.solver.kernel_clusters import best_sets
from xuequ.solver.stop import Clock, MaxIterations, MaxRuntime
from xuequ.zoning.cluster_measures import cluster_goal_values, school_loads
from xuequ.zoning.options import ClusterOptions
from xuequ.zoning.plan import Status
from xuequ.zoning.rolls import start_rolls
from xuequ.zoning.stage import Stage

EVERYTHING = 1 << 60
TIES = {
    "none": [],
    "tight": [(1, 2, "tight")],
    "apart": [(1, 5, "tight")],
    "assist": [(5, 0, "assist")],
    "both": [(1, 5, "tight"), (5, 0, "assist")],
}


def problem_of(ties, size_min=2, size_max=5):
    district = cluster_district(ties=ties)
    rolls = start_rolls(district)
    catchments = [district.today[Stage.PRIMARY], district.today[Stage.JUNIOR]]
    options = ClusterOptions(size_min=size_min, size_max=size_max)
    return cluster_problem(district, options, school_loads(district, rolls), catchments, rolls.year)


def every_cluster(problem, lead):
    """Return every set of schools that keeps the rules of one cluster, by trying them all."""
    others = [j for j in problem.schools if j not in problem.leads]
    found = set()
    for count in range(len(others) + 1):
        for chosen in combinations(others, count):
            members = {lead, *chosen}
            if not problem.size_min <= len(members) <= problem.size_max:
                continue
            if any(len(members & kind) < least for kind, least in problem.kinds.values()):
                continue
            if any((a in members) != (b in members) for a, b in problem.tight):
                continue
            if not separators(problem, dict.fromkeys(members, lead)):
                found.add(frozenset(members))
    return found


def schools_of(problem, ground, found):
    """Return masks of units as sets of schools."""
    units = flags(ground.schools, len(problem.schools))
    return [frozenset(problem.schools[j] for j in np.flatnonzero(units[held].any(axis=0))) for held in flags(found, len(units))]


@pytest.mark.parametrize("ties", TIES.values(), ids=TIES)
def test_every_cluster_that_keeps_the_rules_is_met_once(ties):
    problem = problem_of(ties)
    arrays = cluster_arrays(problem)
    for lead, ground in zip(problem.leads, grounds(arrays), strict=True):
        weights = Weights(np.zeros(len(ground.size)), 0.0, 0.0)
        found, cost, is_least, is_all = best_sets(ground, weights, 1.0, 1000, EVERYTHING)
        assert (is_least, is_all, cost.any()) == (True, True, False)
        sets = schools_of(problem, ground, found)
        assert len(set(sets)) == len(sets)
        assert set(sets) == every_cluster(problem, lead)


@pytest.mark.parametrize("seed", range(6))
def test_the_cheapest_clusters_are_found_at_any_prices(seed):
    """Reduced costs by the definition, over all clusters, against those of the search with its bounds."""
    problem = problem_of(TIES["assist"], size_max=6)
    arrays, rng = cluster_arrays(problem), np.random.default_rng(seed)
    for number, (lead, ground) in enumerate(zip(problem.leads, grounds(arrays), strict=True)):
        weights = Weights(rng.normal(0, 40, len(ground.size)), float(rng.uniform(0, 1)), float(rng.uniform(0, 1)))
        unit_of = np.repeat(np.arange(len(ground.size)), np.diff(arrays.unit_starts))[np.argsort(arrays.units)]

        def cost_of(members, weights=weights, unit_of=unit_of, number=number):
            held = np.isin(problem.schools, list(members))
            uncovered, balance, *_ = measures(arrays, number, held[None, :])[0]
            return weights.unit[unit_of[held]].sum() + weights.uncovered * uncovered + weights.balance * balance

        wanted = sorted(cost_of(members) for members in every_cluster(problem, lead))
        limit = float(np.median(wanted))
        found, cost, _, is_all = best_sets(ground, weights, limit, 1000, EVERYTHING)
        assert is_all
        assert sorted(cost) == pytest.approx([value for value in wanted if value < limit])
        assert [cost_of(members) for members in schools_of(problem, ground, found)] == pytest.approx(cost)
        _, few, is_least, is_all = best_sets(ground, weights, np.inf, 4, EVERYTHING)
        assert is_least
        assert min(few) == pytest.approx(wanted[0])
        assert is_all == (len(wanted) < 4)


def test_a_search_that_may_look_at_little_says_so():
    problem = problem_of([])
    ground = grounds(cluster_arrays(problem))[0]
    found, _, is_least, is_all = best_sets(ground, Weights(np.zeros(len(ground.size)), 0.0, 0.0), 1.0, 1000, 3)
    assert (is_least, is_all) == (False, False)
    assert len(found) <= 3


@pytest.mark.parametrize("ties", [TIES["none"], TIES["tight"], TIES["assist"]], ids=["none", "tight", "assist"])
def test_the_proof_mends_a_poor_beginning(ties):
    """From the clusters of a walk of five moves to what a long walk and the proof give."""
    problem = problem_of(ties)
    arrays = cluster_arrays(problem)
    poor = next((plan for seed in range(200) if (plan := first_clusters(arrays, seed=seed, moves=5, walks=1)) is not None), None)
    assert poor is not None
    plan, bounds = prove(arrays, poor, Clock())
    values = cluster_goal_values(problem.district, cluster_lists(problem, plan), problem.loads, problem.today)
    assert separators(problem, cluster_lists(problem, plan)) == []
    assert bounds == pytest.approx((values["uncovered"], values["balance"], values["travel"] * 1000, values["changed"]), abs=1e-3)
    _, again = prove(arrays, first_clusters(arrays, seed=1), Clock())
    assert again == pytest.approx(bounds)


def test_a_proof_that_is_stopped_keeps_the_clusters_and_states_no_bound_above_them():
    problem = problem_of([])
    arrays = cluster_arrays(problem)
    first = first_clusters(arrays)
    plan, bounds = prove(arrays, first, Clock(MaxIterations(0)))
    assert plan.tolist() == first.tolist()
    values = cluster_goal_values(problem.district, cluster_lists(problem, plan), problem.loads, problem.today)
    stated = (values["uncovered"], values["balance"], values["travel"] * 1000, values["changed"])
    assert all(bound <= value + 1e-9 for bound, value in zip(bounds, stated, strict=True))


def test_the_seven_clusters_of_the_demo_are_proved_best():
    """47 schools, seven leads: every goal at its bound (model.md §4)."""
    plan = cluster(read_case("demo").district, stop=MaxRuntime(300))
    assert plan.status is Status.OPTIMAL
    assert len(plan.clusters.clusters()) == 7
    assert len(plan.clusters.members) == 47
    assert all(goal.bound == pytest.approx(goal.value, abs=1e-3) for goal in plan.goals)
