"""Bounds hold: relaxation, flow and proof are never above the best of all plans, whatever the goal and the limits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from districts import grid_district
from oracles import PRIMARY, YEAR, AllPlans, every_plan, random_district

from xuequ.solver.bounding import relax
from xuequ.solver.certificate import certificate_terms, linear_bound
from xuequ.solver.cuts import CutPool
from xuequ.solver.engine import Effort
from xuequ.solver.exact import Proof, arcs_left
from xuequ.solver.problem import DISTANCE, FAR, LARGE, MEASURES, MOVED, OVER, SUPER, Problem, build_problem
from xuequ.solver.relaxation import arc_prices, transport
from xuequ.solver.search import Target
from xuequ.zoning.district import District
from xuequ.zoning.options import GoalSpec, ZoningOptions

GOALS = (SUPER, LARGE, OVER, FAR, DISTANCE, MOVED)
TWISTS = ("moved", "rivers", "links")


def built(district: District) -> Problem:
    return build_problem(district, PRIMARY, YEAR, district.options.zoning)


def crowded(seed: int, **changes: object) -> District:
    """Return a district where seats are short, so that every goal has something to do."""
    district = random_district(seed, (3, 3), 2, twists=TWISTS[: 1 + seed % 3], goals=(GoalSpec("over_standard"),), **changes)
    rooms = np.maximum(district.schools.rooms - 1, 1)
    return district.replace(schools=replace(district.schools, rooms=rooms))


def values_of(plans: AllPlans) -> np.ndarray:
    """Return the goals of all plans by column of `MEASURES`."""
    return np.column_stack([plans.goals[name] for name in MEASURES])


def unit(column: int) -> np.ndarray:
    return (np.arange(len(MEASURES)) == column).astype(float)


@pytest.mark.parametrize("column", GOALS)
@pytest.mark.parametrize("seed", range(3))
def test_no_plan_is_below_the_relaxation(column: int, seed: int) -> None:
    district = crowded(seed)
    problem, values = built(district), values_of(every_plan(district))
    found = relax(problem, column, np.full(7, np.inf), seconds=20.0)
    assert found is not None
    assert found.value <= values[:, column].min() + 1e-6
    assert (found.mu >= 0).all()


@pytest.mark.parametrize("seed", range(8))
def test_under_limits_on_other_goals_too(seed: int) -> None:
    """Limits at what some plan reaches: the bound is below the best of the plans that keep all of them."""
    rng = np.random.default_rng(seed)
    district = crowded(seed)
    problem, values = built(district), values_of(every_plan(district))
    column = int(rng.choice(GOALS))
    limits = np.full(7, np.inf)
    for other in rng.choice([k for k in GOALS if k != column], 2, replace=False):
        limits[other] = np.quantile(values[:, other], 0.4)
    kept = (values <= limits + 1e-9).all(axis=1)
    found = relax(problem, column, limits, seconds=20.0)
    if found is None:
        assert not kept.any()
        return
    assert set(found.prices) == set(np.flatnonzero(np.isfinite(limits)).tolist())
    assert all(price >= 0 for price in found.prices.values())
    if kept.any():
        assert found.value <= values[kept, column].min() + 1e-6


def test_a_limit_can_only_raise_the_bound() -> None:
    district = crowded(0)
    problem = built(district)
    free = relax(problem, DISTANCE, np.full(7, np.inf), seconds=20.0)
    most = values_of(every_plan(district))
    bounds = []
    for share in (1.0, 0.5, 0.2, 0.0):
        limits = np.full(7, np.inf)
        limits[MOVED] = np.quantile(most[:, MOVED], share)
        found = relax(problem, DISTANCE, limits, seconds=20.0)
        assert found is not None
        bounds.append(found.value)
    assert free is not None
    assert free.value <= bounds[0] + 1e-6
    assert bounds == sorted(bounds)
    assert bounds[-1] > bounds[0] + 0.1


def test_limits_that_nothing_keeps_leave_no_relaxation() -> None:
    problem = built(crowded(0))
    limits = np.full(7, np.inf)
    limits[DISTANCE] = 0.001
    assert relax(problem, OVER, limits, seconds=20.0) is None


@pytest.mark.parametrize("limited", [False, True])
def test_arcs_left_out_of_the_model_stand_in_the_bound(limited: bool) -> None:  # noqa: FBT001
    """More than 60,000 arcs: the model keeps a few zones of each block, the bound is that of all arcs (and of the flow)."""
    rng = np.random.default_rng(0)
    homes = tuple(int(b) for b in rng.choice(50 * 42, 30, replace=False))
    district = grid_district(50, 42, homes, pupils=rng.integers(0, 30, 2100), rooms=26, stages=(PRIMARY,))
    problem = build_problem(district, PRIMARY, YEAR, ZoningOptions(regime="full", seats="hard", goals=(GoalSpec("distance"),)))
    assert len(problem.arc_zone) > 60_000
    limits = np.full(7, np.inf)
    limits[OVER] = 0.0
    if limited:
        limits[MOVED] = 0.6 * float(problem.pupils.sum())
    found = relax(problem, DISTANCE, limits, seconds=60.0)
    assert found is not None
    whole = transport(problem, unit(DISTANCE), overload=1e4)
    assert whole.over[0] == 0
    if limited:
        assert found.value >= whole.value * (1 - 1e-6)
    else:
        assert found.value == pytest.approx(whole.value, rel=1e-4)


@pytest.mark.parametrize("seed", range(6))
def test_the_flow_is_below_every_plan_at_any_prices(seed: int) -> None:
    rng = np.random.default_rng(seed)
    district = crowded(seed)
    problem, values = built(district), values_of(every_plan(district))
    price = np.zeros(7)
    price[list(GOALS)] = rng.integers(0, 5, len(GOALS))
    price[DISTANCE] += 1.0
    flow = transport(problem, price)
    assert flow.value <= (values @ price).min() + 1e-5
    assert flow.pupils.sum() == problem.pupils.sum()
    start = flow.start(problem, arc_prices(problem, price))
    assert (problem.arcs_of(start) >= 0).all()
    load = np.bincount(problem.arc_zone, weights=flow.pupils, minlength=problem.zones)
    assert flow.over.tolist() == np.maximum(load[:, None] - problem.caps, 0).sum(axis=0).tolist()


def test_a_dearer_overload_never_leaves_more_of_it() -> None:
    problem = built(crowded(3))
    over = [int(transport(problem, unit(DISTANCE), overload=each).over[0]) for each in (0.0, 0.1, 1.0, 100.0)]
    assert over == sorted(over, reverse=True)
    assert over[0] >= over[-1] >= int(problem.pupils.sum() - problem.caps[:, 0].sum())


def test_blocks_without_pupils_start_at_their_cheapest_school() -> None:
    problem = build_problem(grid_district(6, 1, (0, 5), pupils=0), PRIMARY, YEAR, ZoningOptions(regime="full"))
    start = transport(problem, unit(DISTANCE)).start(problem, np.arange(len(problem.arc_zone), dtype=float))
    assert start.tolist() == [0, 0, 0, 0, 0, 1]


@pytest.mark.parametrize("seed", range(6))
def test_the_linear_certificate_says_what_the_relaxation_says(seed: int) -> None:
    district = random_district(seed, (4, 3), 2, seats="hard", slack=1)
    problem = built(district)
    limits = np.full(7, np.inf)
    limits[OVER] = 0.0
    found = relax(problem, DISTANCE, limits, seconds=20.0)
    assert found is not None
    terms = certificate_terms(district, problem.round, "distance", hard=True, prices={}, values={})
    bound = linear_bound(terms, np.rint(found.mu * terms.scale).astype(np.int64))
    assert bound <= found.value + 1e-6
    assert bound == pytest.approx(found.value, rel=1e-3)


@pytest.mark.parametrize("seed", range(8))
def test_a_proof_ends_at_the_optimum(seed: int) -> None:
    district = random_district(
        seed, (4, 3), 2 + seed % 2, seats="hard", slack=1, twists=("rivers", "links", "forbidden")[: seed % 4]
    )
    problem, plans = built(district), every_plan(district)
    if not len(plans):
        return
    limits = np.full(7, np.inf)
    limits[OVER] = 0.0
    best = plans.goals["distance"].min()
    start = plans.zone[plans.goals["distance"].argmax()].astype(np.int32)
    relaxed = relax(problem, DISTANCE, limits, seconds=20.0)
    assert relaxed is not None
    proof = Proof(problem, DISTANCE, limits, relaxed, relaxed.value)
    cuts = CutPool()
    for _ in range(4):
        outcome = proof.attempt(start, cuts, Effort())
        assert outcome is not None
        if outcome.zone is not None and problem.measure(outcome.zone)[DISTANCE] < problem.measure(start)[DISTANCE]:
            start = outcome.zone
    assert problem.measure(start)[DISTANCE] == pytest.approx(best)
    assert proof.bound == pytest.approx(best, rel=1e-5)
    assert proof.bound <= best + 1e-6


@pytest.mark.parametrize("seed", range(6))
def test_arcs_that_are_dropped_are_in_no_better_plan(seed: int) -> None:
    district = random_district(seed, (4, 3), 2, seats="hard", slack=1)
    problem, plans = built(district), every_plan(district)
    limits = np.full(7, np.inf)
    limits[OVER] = 0.0
    target, relaxed = Target(unit(DISTANCE), limits), relax(problem, DISTANCE, limits, seconds=20.0)
    assert relaxed is not None
    rank = plans.goals["distance"].argsort()
    start = plans.zone[rank[len(rank) // 2]].astype(np.int32)
    top = problem.measure(start)[DISTANCE]
    kept = set(arcs_left(problem, start, target, relaxed, top).tolist())
    for row in rank[: len(rank) // 2]:
        assert set(problem.arcs_of(plans.zone[row].astype(np.int32)).tolist()) <= kept
    tight = arcs_left(problem, plans.zone[rank[0]].astype(np.int32), target, relaxed, plans.goals["distance"].min())
    assert len(tight) < len(problem.arc_zone)


def test_a_proof_of_too_many_arcs_is_not_begun_and_a_narrow_one_proves_nothing() -> None:
    district = random_district(1, (4, 3), 2, seats="hard", slack=1)
    problem, plans = built(district), every_plan(district)
    limits = np.full(7, np.inf)
    limits[OVER] = 0.0
    relaxed = relax(problem, DISTANCE, limits, seconds=20.0)
    assert relaxed is not None
    proof = Proof(problem, DISTANCE, limits, relaxed, relaxed.value)
    start = plans.zone[plans.goals["distance"].argmax()].astype(np.int32)
    assert proof.attempt(start, CutPool(), Effort(), largest=3) is None
    assert proof.attempt(start, CutPool(), Effort(), width=0.01) is not None
    assert proof.bound == relaxed.value
