"""The pool of catchments: each once, whole, within hard seats; recombined to the best plan that they allow."""

from __future__ import annotations

import numpy as np
import pytest
from districts import grid_district
from oracles import PRIMARY, YEAR, AllPlans, every_plan, random_district

from xuequ.solver.columns import Pool
from xuequ.solver.engine import Effort
from xuequ.solver.problem import DISTANCE, MEASURES, MOVED, OVER, Problem, build_problem
from xuequ.solver.repair import repair
from xuequ.solver.search import Cycle, Search, Target
from xuequ.solver.stop import Clock, MaxIterations
from xuequ.zoning.district import District
from xuequ.zoning.options import GoalSpec, ZoningOptions


def built(district: District) -> Problem:
    return build_problem(district, PRIMARY, YEAR, district.options.zoning)


def target_of(**limits: float) -> Target:
    limit = np.full(7, np.inf)
    for name, most in limits.items():
        limit[{"over": OVER, "moved": MOVED}[name]] = most
    return Target((np.arange(len(MEASURES)) == DISTANCE).astype(float), limit)


def as_plans(rows: np.ndarray) -> np.ndarray:
    return np.atleast_2d(rows).astype(np.int32)


def columns_of(rows: np.ndarray, zones: int) -> set[tuple[int, tuple[int, ...]]]:
    return {(k, tuple(np.flatnonzero(row == k).tolist())) for row in rows for k in range(zones)}


def best_from(plans: AllPlans, chosen: np.ndarray, zones: int, most_moved: float = np.inf) -> float:
    """Return the least distance over the plans whose every catchment is among those of the chosen plans."""
    known = columns_of(plans.zone[chosen], zones)
    rows = np.flatnonzero(plans.goals["moved"] <= most_moved)
    made = [row for row in rows if columns_of(plans.zone[row : row + 1], zones) <= known]
    return float(plans.goals["distance"][made].min())


@pytest.mark.parametrize("seed", range(8))
def test_the_best_plan_of_the_catchments_given_is_found(seed: int) -> None:
    district = random_district(seed, (4, 3), 3, twists=("moved",), slack=1)
    problem, plans = built(district), every_plan(district)
    rng = np.random.default_rng(seed)
    chosen = rng.choice(len(plans), min(40, len(plans)), replace=False)
    pool = Pool(problem)
    pool.add(as_plans(plans.zone[chosen]))
    assert len(pool) == len(columns_of(plans.zone[chosen], 3))
    worst = chosen[plans.goals["distance"][chosen].argmax()]
    incumbent = plans.zone[worst].astype(np.int32)
    found = pool.combine(incumbent, target_of(), Effort())
    best = best_from(plans, chosen, 3)
    assert found is not None
    assert problem.measure(found)[DISTANCE] == pytest.approx(best)
    assert (plans.zone == found).all(axis=1).any()
    assert pool.combine(found, target_of(), Effort()) is None or best == pytest.approx(problem.measure(found)[DISTANCE])


@pytest.mark.parametrize("seed", range(6))
def test_limits_on_measures_are_kept(seed: int) -> None:
    district = random_district(seed, (4, 3), 3, twists=("moved",), slack=1)
    problem, plans = built(district), every_plan(district)
    pool = Pool(problem)
    pool.add(as_plans(plans.zone))
    least = plans.goals["moved"].min()
    incumbent = plans.zone[plans.goals["moved"].argmin()].astype(np.int32)
    most = float(least + 20)
    found = pool.combine(incumbent, target_of(moved=most), Effort())
    best = best_from(plans, np.arange(len(plans)), 3, most)
    value = problem.measure(incumbent if found is None else found)
    assert value[MOVED] <= most
    assert value[DISTANCE] == pytest.approx(best)


def test_an_incumbent_above_its_limits_is_led_back_within_them() -> None:
    district = random_district(3, (4, 3), 3, twists=("moved",), slack=1)
    problem, plans = built(district), every_plan(district)
    pool = Pool(problem)
    pool.add(as_plans(plans.zone))
    most = float(plans.goals["moved"].min())
    worst = plans.zone[plans.goals["moved"].argmax()].astype(np.int32)
    found = pool.combine(worst, target_of(moved=most), Effort())
    assert found is not None
    assert problem.measure(found)[MOVED] == most


def test_limits_that_no_combination_keeps_give_nothing() -> None:
    district = random_district(3, (4, 3), 3, twists=("moved",), slack=1)
    problem, plans = built(district), every_plan(district)
    pool = Pool(problem)
    pool.add(as_plans(plans.zone[:5]))
    worst = plans.zone[plans.goals["moved"].argmax()].astype(np.int32)
    assert pool.combine(worst, target_of(moved=-1.0), Effort()) is None


def test_a_run_that_is_stopped_combines_nothing() -> None:
    district = random_district(4, (4, 3), 3, slack=1)
    problem, plans = built(district), every_plan(district)
    pool = Pool(problem)
    pool.add(as_plans(plans.zone[:50]))
    worst = plans.zone[plans.goals["distance"].argmax()].astype(np.int32)
    assert pool.combine(worst, target_of(), Effort(), should_stop=lambda: True) is None


def test_the_best_is_not_bettered() -> None:
    district = random_district(5, (4, 3), 2, slack=1)
    problem, plans = built(district), every_plan(district)
    pool = Pool(problem)
    pool.add(as_plans(plans.zone))
    best = plans.zone[plans.goals["distance"].argmin()].astype(np.int32)
    assert pool.combine(best, target_of(), Effort()) is None


def test_hard_seats_and_pieces_keep_catchments_out() -> None:
    district = random_district(6, (4, 3), 2, seats="hard", slack=1, goals=(GoalSpec("distance"),))
    problem = built(district)
    everything = np.full(12, 0, dtype=np.int32)
    everything[problem.root[1]] = 1
    pool = Pool(problem)
    pool.add(everything[None])
    full = int(problem.loads(everything)[0] > problem.caps[0, 0])
    assert full
    assert len(pool) == 1
    scattered = (np.arange(12) % 2).astype(np.int32)
    scattered[problem.root] = [0, 1]
    before = len(pool)
    pool.add(scattered[None], whole=False)
    assert len(pool) == before


def test_a_catchment_is_known_again_whatever_the_rest_of_the_plan() -> None:
    district = random_district(7, (4, 3), 3, slack=1)
    problem, plans = built(district), every_plan(district)
    pool, known = Pool(problem), set()
    for row in range(0, len(plans), 3):
        pool.add(as_plans(plans.zone[row]))
        known |= columns_of(plans.zone[row : row + 1], 3)
        assert len(pool) == len(known)
    pool.add(as_plans(plans.zone[::3]))
    assert len(pool) == len(known)


def test_of_thousands_the_promising_are_tried_and_the_plan_at_hand_among_them() -> None:
    """More catchments than one model takes: first by the plan's own ways, the second time by the prices of the first."""
    rng = np.random.default_rng(1)
    district = grid_district(8, 6, (9, 14, 33, 46), pupils=rng.integers(4, 30, 48), rooms=6)
    problem = build_problem(district, PRIMARY, YEAR, ZoningOptions(regime="full"))
    pool, seen = Pool(problem), []
    search = Search(problem, 1, np.ones(7), harvest=lambda plans: seen.extend(plans.copy()))
    start = repair(problem, np.full(48, -1, dtype=np.int32), problem.arc_value[:, 1], overload=0.0)
    clock = Clock(MaxIterations(1500))
    search.run(start, target_of(), Cycle(1500, 3.0, 2.9, keep=10.0), clock, clock.budget("walk", 1.0))
    pool.add(np.array(seen))
    assert len(pool) > 4100
    ways = np.array([problem.measure(plan)[DISTANCE] for plan in seen])
    at = seen[int(ways.argmax())]
    for _ in range(2):
        found = pool.combine(at, target_of(), Effort(nodes=200))
        if found is not None:
            assert problem.measure(found)[DISTANCE] < problem.measure(at)[DISTANCE]
            at = found
    assert problem.measure(at)[DISTANCE] <= ways.min() + 1e-9
