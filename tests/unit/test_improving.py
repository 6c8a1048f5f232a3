"""Annealing, regions, recombination and proof together, on one goal."""

from __future__ import annotations

import numpy as np
import pytest
from districts import grid_district

from xuequ.solver.bounding import relax
from xuequ.solver.exact import Proof
from xuequ.solver.improving import Improver, Pace
from xuequ.solver.problem import DISTANCE, MEASURES, OVER, Problem, build_problem
from xuequ.solver.repair import is_contiguous, repair
from xuequ.solver.search import Search, Target
from xuequ.solver.stop import AnyOf, Clock, MaxIterations, MaxRuntime, Stop
from xuequ.zoning.options import GoalSpec, Options, ZoningOptions
from xuequ.zoning.stage import Stage


def tight_problem() -> Problem:
    pupils = np.random.default_rng(7).integers(5, 30, 56)
    seats = -(-int(pupils.sum() * 1.03) // (4 * 45))
    district = grid_district(8, 7, (9, 14, 41, 54), pupils=pupils, rooms=seats)
    options = ZoningOptions(regime="full", seats="hard", goals=(GoalSpec("distance"),))
    return build_problem(district.replace(options=Options(zoning=options)), Stage.PRIMARY, 2026, options)


@pytest.mark.parametrize("stop", [MaxIterations(1800), AnyOf(MaxRuntime(4.0))], ids=["repeatable", "timed"])
def test_all_means_together_reach_a_plan_near_the_bound(stop: Stop) -> None:
    problem = tight_problem()
    limit = np.full(len(MEASURES), np.inf)
    limit[OVER] = 0.0
    target = Target((np.arange(len(MEASURES)) == DISTANCE).astype(float), limit)
    start = repair(problem, np.full(problem.units, -1, dtype=np.int32), problem.arc_value[:, 1], overload=10.0)
    worth = np.full(len(MEASURES), problem.measure(start)[DISTANCE] / float(problem.pupils.sum()))
    clock = Clock(stop)
    improver = Improver(problem, Search(problem, 1, worth), clock, 1)
    relaxed = relax(problem, DISTANCE, limit, seconds=10.0)
    assert relaxed is not None
    proof = Proof(problem, DISTANCE, limit, relaxed, relaxed.value)
    found = improver.minimise(start, target, clock.budget("distance", 1.0, bound=relaxed.value), Pace(6, 1e-9), proof)
    assert is_contiguous(problem, found)
    total = problem.measure(found)
    assert total[OVER] == 0
    assert proof.bound <= total[DISTANCE] + 1e-6
    assert total[DISTANCE] <= 1.05 * relaxed.value
    assert len(improver.pool) > 0


def test_seats_short_by_whole_blocks_are_worked_on_by_models() -> None:
    problem = tight_problem()
    limit = np.full(len(MEASURES), np.inf)
    limit[OVER] = 0.0
    target = Target((np.arange(len(MEASURES)) == DISTANCE).astype(float), limit)
    zone = np.zeros(problem.units, dtype=np.int32)
    crowded = repair(problem, zone, problem.arc_value[:, 1], overload=0.0)
    clock = Clock(MaxIterations(1200))
    improver = Improver(problem, Search(problem, 1, np.ones(len(MEASURES))), clock, 1)
    found = improver.minimise(crowded, target, clock.budget("distance", 1.0), Pace(3, 1e-9))
    assert is_contiguous(problem, found)
    assert problem.measure(found)[OVER] < problem.measure(crowded)[OVER]
