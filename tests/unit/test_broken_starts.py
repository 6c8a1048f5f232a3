"""Repair: any start becomes whole; what is whole stays; ways to far locked blocks do not bar each other."""

from __future__ import annotations

from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
from districts import grid_district
from oracles import PRIMARY, YEAR, every_plan, random_district

from xuequ.solver.portfolio import zone
from xuequ.solver.problem import DISTANCE, Problem, build_problem
from xuequ.solver.repair import Unjoinable, is_contiguous, loose_units, repair
from xuequ.solver.stop import MaxIterations
from xuequ.zoning.catchments import Catchments
from xuequ.zoning.district import District
from xuequ.zoning.options import GoalSpec, Lock, Options, ZoningOptions
from xuequ.zoning.plan import Status
from xuequ.zoning.verification import verify

RULES = ("rivers", "islands", "locks", "forbidden", "links")


def built(district: District) -> Problem:
    return build_problem(district, PRIMARY, YEAR, district.options.zoning)


def with_rules(district: District, **rules: object) -> District:
    return district.replace(options=Options(zoning=ZoningOptions(regime="full", goals=(GoalSpec("distance"),), **rules)))


def mended(problem: Problem, start: list[int] | np.ndarray, overload: float = 0.0) -> np.ndarray:
    return repair(problem, np.array(start, dtype=np.int32), problem.arc_value[:, 1], overload=overload)


def cut_off(problem: Problem, chosen: np.ndarray) -> set[int]:
    """Return the units that are not joined to the root of their zone, by networkx."""
    graph = nx.Graph()
    graph.add_nodes_from(range(problem.units))
    rows = np.repeat(np.arange(problem.units), np.diff(problem.indptr))
    same = chosen[rows] == chosen[problem.neighbours]
    graph.add_edges_from(zip(rows[same].tolist(), problem.neighbours[same].tolist(), strict=True))
    held = {i for j, root in enumerate(problem.root) if chosen[root] == j for i in nx.node_connected_component(graph, int(root))}
    return {i for i in range(problem.units) if i not in held and not problem.island[i]}


@pytest.mark.parametrize("seed", range(8))
def test_loose_units_are_those_that_networkx_finds(seed: int) -> None:
    problem = built(random_district(seed, (6, 5), 3, twists=RULES[:2]))
    rng = np.random.default_rng(seed)
    chosen = rng.integers(0, 3, problem.units).astype(np.int32)
    chosen[problem.root] = np.arange(3)
    allowed = problem.arcs_of(chosen) >= 0
    loose = set(np.flatnonzero(loose_units(problem, chosen)).tolist())
    assert loose >= set(np.flatnonzero(~allowed).tolist())
    if allowed.all():
        assert loose == cut_off(problem, chosen)
    assert is_contiguous(problem, chosen) == (not loose)


@pytest.mark.parametrize("seed", range(16))
def test_whatever_has_a_plan_is_repaired(seed: int) -> None:
    district = random_district(seed, (4, 3), 2 + seed % 2, twists=RULES)
    plans = every_plan(district)
    if not len(plans):
        return
    problem, rng = built(district), np.random.default_rng(seed)
    for start in ([-1] * 12, [0] * 12, rng.integers(-1, problem.zones, 12)):
        assert (plans.zone == mended(problem, start)).all(axis=1).any()


@pytest.mark.parametrize("seed", [0, 19, 38])
def test_far_locked_blocks_do_not_bar_each_other(seed: int) -> None:
    """The way of one locked block shuts off another: then that one goes first, or (38) a model finds both ways."""
    district = random_district(seed, (6, 5), 3, twists=("rivers", "links", "islands", "locks", "forbidden", "moved"))
    problem, rng = built(district), np.random.default_rng(seed)
    assert not problem.conflicts
    for _ in range(10 if seed < 38 else 0):
        found = mended(problem, rng.integers(-1, 3, problem.units), overload=0.1)
        assert is_contiguous(problem, found)
        assert cut_off(problem, found) == set()
    plan = zone(district, stage=PRIMARY, year=YEAR, stop=MaxIterations(1))
    assert plan.status in {Status.FEASIBLE, Status.OPTIMAL}
    verify(district, plan).raise_if_failed()


def test_what_is_whole_stays_and_only_the_loose_moves() -> None:
    """A stripe of the second zone lies in the first one's half: it alone is given away."""
    problem = built(with_rules(grid_district(6, 4, (0, 23), pupils=5)))
    start = np.repeat([0, 1], 12).astype(np.int32)
    start[[3, 4]] = 1
    found = mended(problem, start)
    assert found[[3, 4]].tolist() == [0, 0]
    kept = np.setdiff1d(np.arange(24), [3, 4])
    assert found[kept].tolist() == start[kept].tolist()


def test_a_whole_start_is_left_alone() -> None:
    for seed in range(6):
        district = random_district(seed, (4, 3), 2)
        problem, plans = built(district), every_plan(district)
        for row in range(0, len(plans), 7):
            assert mended(problem, plans.zone[row]).tolist() == plans.zone[row].tolist()


def test_the_school_of_another_zone_is_taken_back() -> None:
    problem = built(with_rules(grid_district(5, 1, (0, 4), pupils=5)))
    assert mended(problem, [1, 1, 1, 1, 1])[0] == 0
    assert mended(problem, [1, 1, 0, 0, 0]).tolist()[0::4] == [0, 1]


def test_a_loose_block_goes_where_the_way_is_short_or_where_there_is_room() -> None:
    """Block 2 lies in the middle; the first school is full with its own block."""
    problem = built(with_rules(grid_district(5, 1, (0, 3), pupils=np.array([45, 0, 40, 5, 5]), rooms=1)))
    assert mended(problem, [0, 0, -1, 1, 1])[2] == 1
    nearer = built(with_rules(grid_district(5, 1, (1, 4), pupils=np.array([0, 45, 40, 0, 5]), rooms=1)))
    assert mended(nearer, [0, 0, -1, 1, 1])[2] == 0
    assert mended(nearer, [0, 0, -1, 1, 1], overload=50.0)[2] == 1


def test_a_locked_block_far_away_takes_the_shortest_way_with_it() -> None:
    lock = Lock("b0_5", PRIMARY, "s0")
    problem = built(with_rules(grid_district(6, 2, (0, 11), pupils=5), locks=(lock,)))
    found = mended(problem, np.ones(12))
    assert found[:6].tolist() == [0] * 6
    assert found[11] == 1


def test_a_block_that_a_third_school_shuts_off_is_said() -> None:
    """Three schools in a row: a lock of the last block to the first school cannot be kept, and no search is begun."""
    district = with_rules(grid_district(5, 1, (0, 2), pupils=5), locks=(Lock("b0_4", PRIMARY, "s0"),))
    plan = zone(district, stage=PRIMARY, year=YEAR, stop=MaxIterations(1))
    assert plan.status is Status.INFEASIBLE
    assert "b0_4" in plan.explanation.sentence
    assert "lift the lock" in plan.explanation.sentence


def test_two_locks_that_cross_cannot_both_be_kept() -> None:
    """On a grid of 3 × 3 the corners are locked to schools crosswise: any way of one cuts the other's."""
    locks = (Lock("b2_2", PRIMARY, "s0"), Lock("b2_0", PRIMARY, "s1"))
    district = with_rules(grid_district(3, 3, (0, 2), pupils=5), locks=locks)
    assert len(every_plan(district)) == 0
    problem = built(district)
    with pytest.raises(Unjoinable, match="can be joined to no zone") as fault:
        mended(problem, np.zeros(9))
    assert fault.value.unit in {6, 8}
    plan = zone(district, stage=PRIMARY, year=YEAR, stop=MaxIterations(1))
    assert plan.status is Status.INFEASIBLE
    assert not plan.catchments
    assert "without breaking another" in plan.explanation.sentence


def test_repair_repeats() -> None:
    problem = built(random_district(3, (6, 5), 3, twists=RULES))
    start = np.random.default_rng(0).integers(-1, 3, 30).astype(np.int32)
    assert mended(problem, start, 1.0).tolist() == mended(problem, start.copy(), 1.0).tolist()


@pytest.mark.parametrize("hard", [False, True])
def test_a_start_of_another_year_with_a_school_that_is_gone_is_used_as_far_as_it_goes(hard: bool) -> None:  # noqa: FBT001
    district = with_rules(grid_district(6, 4, (0, 5, 23), pupils=8, rooms=6), seats="hard" if hard else "soft")
    closed = np.array([9999, 2026, 9999])
    district = district.replace(schools=replace(district.schools, closed=closed))
    start = district.today[PRIMARY]
    plan = zone(district, stage=PRIMARY, year=YEAR, start=start, stop=MaxIterations(1))
    assert 1 not in plan.catchments[0].first_school()
    verify(district, plan).raise_if_failed()


def test_a_start_that_is_better_than_the_relaxation_is_kept() -> None:
    """With one batch of search the plan is no worse than the start that it was given."""
    for seed in range(5):
        district = random_district(seed, (4, 3), 3, seats="hard", slack=1)
        plans, problem = every_plan(district), built(district)
        if not len(plans):
            continue
        best = plans.zone[plans.goals["distance"].argmin()]
        start = Catchments(PRIMARY, YEAR, problem.round.zones, best)
        plan = zone(district, stage=PRIMARY, year=YEAR, start=start, stop=MaxIterations(0))
        assert problem.measure(plan.catchments[0].zone)[DISTANCE] == pytest.approx(plans.goals["distance"].min())
