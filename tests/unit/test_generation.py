"""Catchments generated at prices: the search finds what trying all would, and the bound lies below every plan."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, count

import networkx as nx
import numpy as np
import pulp
import pytest
from districts import grid_district

from xuequ.data.instances import read_instance
from xuequ.solver import ZoningFormulation, zone
from xuequ.solver.bounding import relax
from xuequ.solver.columns import Pool
from xuequ.solver.engine import Effort
from xuequ.solver.generation import Generation, Ground, rooms_of
from xuequ.solver.kernel_catchments import best_catchments
from xuequ.solver.problem import DISTANCE, LARGE, MEASURES, MOVED, OVER, build_problem
from xuequ.solver.relaxation import unit_prices
from xuequ.solver.repair import is_contiguous
from xuequ.solver.search import Target
from xuequ.solver.stop import MaxRuntime
from xuequ.zoning.options import Options, ZoningOptions
from xuequ.zoning.plan import Status
from xuequ.zoning.stage import Stage

HARD = ZoningOptions(regime="full", seats="hard")
EVERYTHING = 1 << 60


def made_up(seed, units=9):
    """Return a random connected graph as ground, with pupils and a room that a part of them fills."""
    rng = np.random.default_rng(seed)
    graph = nx.connected_watts_strogatz_graph(units, 4, 0.3, seed=seed)
    pupils = rng.integers(0, 30, units)
    starts = np.concatenate([[0], np.cumsum([graph.degree(i) for i in range(units)])]).astype(np.int64)
    near = np.array([k for i in range(units) for k in sorted(graph.neighbors(i))], dtype=np.int64)
    everything = np.arange(units, dtype=np.int64)
    ground = Ground(everything, starts, near, everything, pupils.astype(np.int64))
    return ground, graph, rng.normal(5, 20, units), int(pupils[0] + 0.5 * pupils.sum())


def every_catchment(ground, graph, worth, room):
    """Return the worth of every contiguous set around unit 0 that fits, by trying them all."""
    found = {}
    for size in range(len(worth)):
        for others in combinations(range(1, len(worth)), size):
            members = (0, *others)
            if ground.pupils[list(members)].sum() <= room and nx.is_connected(graph.subgraph(members)):
                found[frozenset(members)] = float(worth[list(members)].sum())
    return found


@pytest.mark.parametrize("seed", range(12))
def test_every_catchment_above_a_level_is_found(seed):
    ground, graph, worth, room = made_up(seed)
    known = every_catchment(ground, graph, worth, room)
    level = float(np.quantile(list(known.values()), 0.6))
    sets, bound, left = best_catchments(ground, worth, room, level, 2000, EVERYTHING)
    assert left >= 0
    found = [frozenset(np.flatnonzero(row).tolist()) for row in sets]
    assert len(set(found)) == len(found)
    assert set(found) == {members for members, value in known.items() if value > level}
    assert bound == pytest.approx(max(known.values()))


@pytest.mark.parametrize("seed", range(12))
def test_of_too_many_those_worth_most_are_kept(seed):
    ground, graph, worth, room = made_up(seed)
    known = every_catchment(ground, graph, worth, room)
    sets, bound, _ = best_catchments(ground, worth, room, -np.inf, 6, EVERYTHING)
    assert bound == pytest.approx(max(known.values()))
    best = max(float(worth[row].sum()) for row in sets)
    assert best == pytest.approx(max(known.values()))


@pytest.mark.parametrize("looks", [0, 1, 5, 20])
def test_a_search_cut_short_states_a_bound_that_holds(looks):
    for seed in range(12):
        ground, graph, worth, room = made_up(seed)
        most = max(every_catchment(ground, graph, worth, room).values())
        _, bound, left = best_catchments(ground, worth, room, -1e9, 50, looks)
        assert bound >= most - 1e-9
        assert left >= 0 or looks < 1000


def test_a_school_too_small_for_its_own_block_has_no_catchment():
    ground, _, worth, _ = made_up(1)
    ground = ground._replace(pupils=np.full(9, 5, dtype=np.int64))
    sets, _, _ = best_catchments(ground, worth, 4, -1e9, 50, EVERYTHING)
    assert len(sets) == 0


def more_units_than_a_word():
    return made_up(3, units=150)


def test_more_units_than_fit_in_a_word_are_searched_too():
    ground, graph, worth, _ = more_units_than_a_word()
    room = int(ground.pupils[0] + 40)
    sets, bound, left = best_catchments(ground, worth, room, 0.0, 500, EVERYTHING)
    assert left >= 0
    assert any(row[64:].any() for row in sets)
    for row in sets:
        members = np.flatnonzero(row)
        assert row[0]
        assert ground.pupils[members].sum() <= room
        assert nx.is_connected(graph.subgraph(members.tolist()))
    assert max(float(worth[row].sum()) for row in sets) == pytest.approx(bound)


def problem_of(district, options=HARD):
    return build_problem(district, Stage.PRIMARY, 2026, options)


def tight(seed):
    """Return a grid of 30 blocks and three schools whose seats are nearly all needed."""
    rng = np.random.default_rng(seed)
    pupils = rng.integers(6, 40, 30)
    rooms = tuple(int(np.ceil(pupils.sum() * share / 45)) + 1 for share in (0.3, 0.4, 0.3))
    district = grid_district(6, 5, (0, 15, 28), pupils=pupils, rooms=rooms, seed=seed)
    return district.replace(options=Options(zoning=HARD))


def aimed():
    limit, price = np.full(len(MEASURES), np.inf), np.zeros(len(MEASURES))
    limit[OVER], price[DISTANCE] = 0.0, 1.0
    return Target(price, limit)


def generated(problem, rounds=200, plans=()):
    target = aimed()
    relaxed = relax(problem, DISTANCE, target.limit, seconds=float("inf"))
    steps = count()
    generation = Generation(problem, target, rooms_of(problem, target), unit_prices(problem, target.price, relaxed.mu))
    return generation.run(list(plans), lambda: next(steps) > rounds), relaxed.value


@pytest.mark.parametrize("seed", range(5))
def test_the_bound_lies_between_the_relaxation_over_arcs_and_the_optimum(seed):
    district = tight(seed)
    model = ZoningFormulation(district, "primary", 2026).to_pulp("distance")
    assert pulp.LpStatus[model.solve(pulp.HiGHS(msg=False, threads=1))] == "Optimal"
    found, relaxed = generated(problem_of(district))
    assert relaxed - 1e-6 <= found.bound <= pulp.value(model.objective) + 1e-6


@pytest.mark.parametrize("seed", range(5))
def test_what_is_generated_fits_and_is_whole_and_makes_plans(seed):
    problem = problem_of(tight(seed))
    found, _ = generated(problem)
    rows = problem.arc_rows()
    graph = nx.Graph()
    graph.add_edges_from(
        (i, k) for i in range(problem.units) for k in problem.neighbours[problem.indptr[i] : problem.indptr[i + 1]].tolist()
    )
    assert len({(zone, arcs.tobytes()) for zone, arcs in zip(found.zone, found.arcs, strict=True)}) == len(found.zone)
    for zone_number, arcs in zip(found.zone, found.arcs, strict=True):
        members = rows[arcs]
        assert (problem.arc_zone[arcs] == zone_number).all()
        assert int(problem.root[zone_number]) in members
        assert problem.pupils[members].sum() <= problem.caps[zone_number, 0]
        assert nx.is_connected(graph.subgraph(members.tolist()))
    pool = Pool(problem)
    pool.add_generated(found)
    assert len(pool) == len(found.zone)
    pool.add_generated(found)
    assert len(pool) == len(found.zone)
    # From an assignment that does not fit to one that does.
    nobody = np.zeros(problem.units, dtype=np.int32)
    best = pool.combine(nobody, aimed(), Effort())
    assert best is not None
    assert is_contiguous(problem, best)
    assert problem.measure(best)[OVER] == 0


def test_generation_that_is_stopped_at_once_has_found_something_and_claims_little():
    problem = problem_of(tight(0))
    found, relaxed = generated(problem, rounds=-1)
    assert len(found.zone) > 0
    assert found.bound <= zone(tight(0), stage="primary", year=2026).objective
    assert found.bound >= relaxed - 1e-6


def test_limits_on_sums_over_arcs_are_part_of_the_bound():
    district = tight(2)
    problem, target = problem_of(district), aimed()
    free, _ = generated(problem)
    limit = target.limit.copy()
    limit[MOVED] = 0.4 * float(problem.pupils.sum())
    capped = replace(target, limit=limit)
    relaxed = relax(problem, DISTANCE, limit, seconds=float("inf"))
    steps = count()
    prices = unit_prices(problem, capped.price, relaxed.mu)
    found = Generation(problem, capped, rooms_of(problem, capped), prices).run([], lambda: next(steps) > 200)
    best = zone(district, stage="primary", year=2026, options=replace(HARD, moved_max=0.4))
    assert free.bound - 1e-6 <= found.bound + 1e-3 * free.bound
    assert best.status in {Status.OPTIMAL, Status.FEASIBLE}
    assert found.bound <= best.objective + 1e-6


def test_columns_suit_hard_seats_and_few_blocks_only():
    problem, target = problem_of(tight(0)), aimed()
    assert rooms_of(problem, target).tolist() == problem.caps[:, 0].tolist()
    free = replace(target, limit=np.full(len(MEASURES), np.inf))
    assert rooms_of(problem, free) is None
    working = free.limit.copy()
    working[LARGE] = 0.0
    assert rooms_of(problem, replace(target, limit=working)).tolist() == problem.caps[:, 1].tolist()
    priced = target.price.copy()
    priced[OVER] = 1.0
    assert rooms_of(problem, Target(priced, working)) is None
    many = problem_of(grid_district(10, 8, (0, 79), pupils=3, rooms=9))
    assert rooms_of(many, target) is None


@pytest.mark.cases
def test_a_county_whose_schools_have_seven_units_each(shared):
    """gy_40b: the bound of whole catchments is far above that of arcs, and below the best plan known (68,677.92)."""
    instance = read_instance(shared / "instances", "gy_40b")
    district = instance.district
    problem = build_problem(district, Stage.PRIMARY, district.year_or_first(None), district.options.zoning)
    found, relaxed = generated(problem, rounds=60)
    assert relaxed == pytest.approx(64_798.6, abs=1)
    assert 66_500 < found.bound < 68_677.93


def test_a_school_that_cannot_hold_its_own_block_gives_no_bound_out_of_nothing():
    """No plan is within hard seats; what is stated stays finite, and the pupils over are told."""
    pupils = np.full(120, 4)
    pupils[0] = 100
    district = grid_district(12, 10, (0, 17, 55, 77, 119, 64), pupils=pupils, rooms=(2, 4, 4, 4, 4, 4))
    district = district.replace(options=Options(zoning=HARD))
    problem, target, steps = problem_of(district), aimed(), count()
    generation = Generation(problem, target, rooms_of(problem, target), np.ones(problem.units))
    assert not np.isposinf(generation.run([], lambda: next(steps) > 20).bound)
    plan = zone(district, stage="primary", year=2026, stop=MaxRuntime(2))
    assert plan.status in {Status.INFEASIBLE, Status.STOPPED}
    assert all(goal.bound is None or np.isfinite(goal.bound) for goal in plan.goals)
