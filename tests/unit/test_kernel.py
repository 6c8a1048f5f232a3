"""The compiled search against networkx: after any sequence of moves loads, sums, members and cut vertices are what they say."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import networkx as nx
import numpy as np
import pytest
from oracles import PRIMARY, YEAR, random_district

from xuequ.solver.certificate import certificate_terms, knapsack_bound
from xuequ.solver.kernel import Aim, Best, anneal, score_of
from xuequ.solver.kernel_graph import Case, Scratch, State, arc_of, flag_zone, is_whole_after, random_below, random_unit
from xuequ.solver.kernel_knapsack import NOTHING, lagrangian
from xuequ.solver.problem import CUT, DISTANCE, LARGE, MEASURES, MOVED, OVER, Problem, build_problem
from xuequ.solver.repair import repair
from xuequ.solver.search import Cycle, Search, Target
from xuequ.solver.stop import Clock, MaxIterations
from xuequ.zoning.options import GoalSpec

EVERYTHING = ("rivers", "links", "islands", "locks", "forbidden", "moved")
SOFT = (GoalSpec("over_standard"), GoalSpec("distance"))


class Kernel(NamedTuple):
    problem: Problem
    search: Search
    case: Case
    state: State
    scratch: Scratch


def problem_of(seed: int, size: tuple[int, int] = (6, 5), schools: int = 3, twists: tuple[str, ...] = EVERYTHING) -> Problem:
    while True:
        district = random_district(seed, size, schools, goals=SOFT, twists=twists)
        problem = build_problem(district, PRIMARY, YEAR, district.options.zoning)
        if not problem.conflicts:
            return problem
        seed += 1000


def random_plan(problem: Problem, seed: int) -> np.ndarray:
    start = np.random.default_rng(seed).integers(-1, problem.zones, problem.units).astype(np.int32)
    return repair(problem, start, problem.arc_value[:, 1], overload=0.1)


def kernel_of(seed: int, **changes: object) -> Kernel:
    problem = problem_of(seed, **changes)
    search = Search(problem, seed, np.ones(len(MEASURES)))
    names = ("indptr", "neighbours", "border_m", "arc_indptr", "arc_zone", "arc_value", "pupils", "root", "island", "caps")
    n = problem.units
    scratch = Scratch(
        *(np.zeros(n, dtype=np.int64) for _ in range(3)), np.zeros(n, dtype=np.int32), np.zeros(n, dtype=np.int64),
        np.zeros(n + 1, dtype=np.int32), np.zeros(1, dtype=np.int64),
    )  # fmt: skip
    case = Case(*(np.array(getattr(problem, name)) for name in names))
    return Kernel(problem, search, case, search.state_of(random_plan(problem, seed)), scratch)


def graph_of(problem: Problem) -> nx.Graph:
    graph = nx.Graph()
    graph.add_nodes_from(range(problem.units))
    rows = np.repeat(np.arange(problem.units), np.diff(problem.indptr))
    graph.add_edges_from(zip(rows.tolist(), problem.neighbours.tolist(), strict=True))
    return graph


def members_of(problem: Problem, zone: np.ndarray, j: int) -> list[int]:
    return [i for i in range(problem.units) if zone[i] == j and not problem.island[i]]


def aim_of(price: dict[int, float], limit: dict[int, float], penalty: float = 3.0) -> Aim:
    prices, limits = np.zeros(7), np.full(7, np.inf)
    for column, each in price.items():
        prices[column] = each
    for column, each in limit.items():
        limits[column] = each
    return Aim(
        prices,
        limits,
        np.where(np.isfinite(limits), penalty, 0.0),
        np.ones(7),
        np.concatenate([np.full(7, 0.02), np.full(7, 50.0), [1.04, 1.02]]),
    )


def best_of(kernel: Kernel, aim: Aim, kept: int = 32, log: int = 16) -> Best:
    excess = float(np.maximum(kernel.state.total - aim.limit, 0).sum())
    return Best(
        kernel.state.zone.copy(),
        np.array([excess, float(aim.price @ kernel.state.total)]),
        np.zeros(log, dtype=np.int32),
        np.zeros(1, dtype=np.int64),
        np.zeros((kept, kernel.problem.units), dtype=np.int32),
        np.zeros(1, dtype=np.int64),
        np.zeros(2, dtype=np.int64),
    )


def walk(kernel: Kernel, aim: Aim, steps: int = 1500, hot: float = 20.0, cold: float = 1.0) -> Best:
    best = best_of(kernel, aim)
    anneal(kernel.case, kernel.state, kernel.scratch, aim, best, np.array([steps, hot, cold, 0.5, 0.0]))
    return best


@pytest.mark.parametrize("seed", range(8))
def test_after_many_moves_everything_is_what_it_says(seed: int) -> None:
    kernel = kernel_of(seed)
    problem, state = kernel.problem, kernel.state
    start = state.zone.copy()
    best = walk(kernel, aim_of({DISTANCE: 1.0, CUT: 0.001}, {OVER: 0.0, MOVED: 60.0}))
    assert best.steps[1] > 4
    assert (state.zone != start).any()
    graph = graph_of(problem)
    assert state.total == pytest.approx(problem.measure(state.zone))
    assert state.load.tolist() == [int(problem.pupils[state.zone == j].sum()) for j in range(problem.zones)]
    assert (problem.arcs_of(state.zone) >= 0).all()
    for j in range(problem.zones):
        members = members_of(problem, state.zone, j)
        inside = graph.subgraph(members)
        assert problem.root[j] in members
        assert nx.is_connected(inside)
        assert sorted(state.member[j, : state.size[j]].tolist()) == members
        assert [state.member[j, state.place[i]] for i in members] == members
        fixed = {*nx.articulation_points(inside), int(problem.root[j])}
        assert {i for i in members if state.fixed[i]} == fixed


@pytest.mark.parametrize("seed", range(8))
def test_cut_vertices_are_those_of_networkx(seed: int) -> None:
    kernel = kernel_of(seed, size=(7, 6))
    graph = graph_of(kernel.problem)
    for j in range(kernel.problem.zones):
        members = members_of(kernel.problem, kernel.state.zone, j)
        assert flag_zone(kernel.case, kernel.state, kernel.scratch, j) == len(members)
        expected = {*nx.articulation_points(graph.subgraph(members)), int(kernel.problem.root[j])}
        assert {i for i in members if kernel.state.fixed[i]} == expected


def test_a_zone_in_pieces_is_counted_from_its_root() -> None:
    kernel = kernel_of(2, twists=())
    zone, root = kernel.state.zone, kernel.problem.root
    zone[:] = 1
    zone[root] = np.arange(3)
    far = next(
        i for i in range(30) if not nx.has_path(graph_of(kernel.problem).subgraph([i, root[0]]), i, root[0]) and zone[i] == 1
    )
    zone[far] = 0
    state = kernel.search.state_of(zone)
    assert state.size[0] == 2
    assert flag_zone(kernel.case, state, kernel.scratch, 0) == 1


@pytest.mark.parametrize("seed", range(4))
def test_leaving_and_joining_are_those_of_networkx(seed: int) -> None:
    kernel = kernel_of(seed)
    problem, zone, graph = kernel.problem, kernel.state.zone, graph_of(kernel.problem)
    for j in range(problem.zones):
        members = members_of(problem, zone, j)
        others = [i for i in range(problem.units) if zone[i] != j and not problem.island[i]]
        for leaving, joining in itertools.product([-1, *members], [-1, *others]):
            after = {*members, joining} - {leaving, -1}
            whole = problem.root[j] in after and nx.is_connected(graph.subgraph(after))
            assert is_whole_after(kernel.case, kernel.state, kernel.scratch, j, leaving, joining) == whole


def test_arcs_are_found_and_the_missing_are_not() -> None:
    kernel = kernel_of(1)
    for zone in range(kernel.problem.zones):
        arcs = kernel.problem.arcs_of(np.full(kernel.problem.units, zone, dtype=np.int32))
        assert [arc_of(kernel.case, i, zone) for i in range(kernel.problem.units)] == arcs.tolist()
    assert (arcs < 0).any()


@pytest.mark.parametrize("seed", range(4))
def test_the_best_is_kept_whatever_the_walk_does_after_it(seed: int) -> None:
    kernel = kernel_of(seed)
    aim = aim_of({DISTANCE: 1.0}, {OVER: 0.0})
    before = kernel.problem.measure(kernel.state.zone)
    best = walk(kernel, aim, steps=3000, hot=50.0, cold=49.0)
    total = kernel.problem.measure(best.zone)
    assert best.value[1] == pytest.approx(total[DISTANCE])
    assert best.value[0] == pytest.approx(total[OVER])
    assert (round(total[OVER], 6), total[DISTANCE]) <= (round(before[OVER], 6), before[DISTANCE])
    now = kernel.problem.measure(kernel.state.zone)
    assert (best.value[0], best.value[1]) <= (now[OVER], now[DISTANCE] + 1e-6)


def test_a_log_that_is_too_short_loses_nothing() -> None:
    for log in (1, 4, 4000):
        kernel = kernel_of(3)
        aim = aim_of({DISTANCE: 1.0}, {})
        best = best_of(kernel, aim, log=log)
        anneal(kernel.case, kernel.state, kernel.scratch, aim, best, np.array([2500, 20.0, 0.1, 0.5, 0.0]))
        assert best.value[1] == pytest.approx(kernel.problem.measure(best.zone)[DISTANCE])


def test_assignments_kept_for_the_pool_are_whole_and_near_the_best() -> None:
    seen: list[np.ndarray] = []
    problem = problem_of(4)
    search = Search(problem, 4, np.ones(7), harvest=lambda plans: seen.extend(plans.copy()))
    target = Target((np.arange(7) == DISTANCE).astype(float), np.full(7, np.inf))
    clock = Clock(MaxIterations(60))
    search.run(random_plan(problem, 1), target, Cycle(60, 0.5, 0.05, keep=0.3), clock, clock.budget("test", 1.0))
    graph = graph_of(problem)
    assert len({plan.tobytes() for plan in seen}) > 10
    for plan in seen:
        for j in range(problem.zones):
            assert nx.is_connected(graph.subgraph(members_of(problem, plan, j)))


def test_blocks_on_an_island_go_where_they_like_and_locked_ones_stay() -> None:
    kernel = kernel_of(5, twists=("islands", "locks"))
    problem = kernel.problem
    bound = np.flatnonzero(np.diff(problem.arc_indptr) == 1)
    assert len(bound) > problem.zones
    held = kernel.state.zone[bound].copy()
    island = int(np.flatnonzero(problem.island)[0])
    been = set()
    for _ in range(40):
        walk(kernel, aim_of({}, {}), steps=60)
        been.add(int(kernel.state.zone[island]))
        assert kernel.state.zone[bound].tolist() == held.tolist()
    assert been == set(problem.arc_zone[problem.arc_indptr[island] : problem.arc_indptr[island + 1]].tolist())


def test_a_frozen_search_only_goes_down() -> None:
    kernel = kernel_of(6)
    before = kernel.state.total[DISTANCE]
    for _ in range(20):
        walk(kernel, aim_of({DISTANCE: 1.0}, {}), steps=100, hot=1e-9, cold=1e-9)
        assert kernel.state.total[DISTANCE] <= before + 1e-9
        before = kernel.state.total[DISTANCE]


def test_the_same_random_state_gives_the_same_walk() -> None:
    first, second, other = (kernel_of(7) for _ in range(3))
    other.state.random[0] = 12345
    for kernel in (first, second, other):
        walk(kernel, aim_of({DISTANCE: 1.0}, {OVER: 0.0}))
    assert first.state.zone.tolist() == second.state.zone.tolist()
    assert first.state.random[0] == second.state.random[0] != other.state.random[0]


def test_random_numbers_fill_their_range_evenly() -> None:
    random = np.array([987654321], dtype=np.uint64)
    with np.errstate(over="ignore"):
        drawn = np.array([random_below(random, 7) for _ in range(7000)])
        parts = np.array([random_unit(random) for _ in range(2000)])
    counts = np.bincount(drawn, minlength=7)
    assert len(counts) == 7
    assert counts.min() > 850
    assert 0 <= parts.min() < 0.01
    assert 0.99 < parts.max() < 1
    assert abs(parts.mean() - 0.5) < 0.03


@pytest.mark.parametrize(
    ("change", "score"),
    [
        ({DISTANCE: -2.0}, -4.0),
        ({OVER: 3.0}, 15.0),
        ({OVER: -10.0}, -20.0),
        ({LARGE: 5.0}, 0.0),
        ({DISTANCE: 1.0, OVER: -1.0}, -3.0),
    ],
)
def test_a_change_costs_its_price_and_what_goes_beyond_a_limit(change: dict[int, float], score: float) -> None:
    """Distance costs 2 each; 104 pupils are over where 100 may be, at 5 each, so only 4 can be saved."""
    aim = aim_of({DISTANCE: 2.0}, {OVER: 100.0}, penalty=5.0)
    total, delta = np.zeros(7), np.zeros(7)
    total[OVER] = 104.0
    for column, each in change.items():
        delta[column] = each
    assert score_of(aim, total, delta) == pytest.approx(score)


@pytest.mark.parametrize("seed", range(12))
def test_the_knapsacks_are_those_of_all_subsets(seed: int) -> None:
    """For each zone the least of prices less multipliers plus what the load is charged, over every set of blocks."""
    rng = np.random.default_rng(seed)
    blocks, zones = 7, 2
    pupils = rng.integers(0, 12, blocks)
    price = rng.integers(0, 60, (zones, blocks))
    u = rng.integers(0, 80, blocks)
    forced = np.where(rng.random(blocks) < 0.3, rng.integers(0, zones, blocks), -1)
    above = np.sort(rng.integers(5, 40, (zones, 3)), axis=1)
    charge = rng.integers(0, 9, (zones, 3))
    most = np.where(rng.random(zones) < 0.5, rng.integers(10, 45, zones), -1)
    expected = 0
    for j in range(zones):
        own = [i for i in range(blocks) if forced[i] == j]
        free = [i for i in range(blocks) if forced[i] < 0]
        values = []
        for size in range(len(free) + 1):
            for more in itertools.combinations(free, size):
                chosen = [*own, *more]
                load = int(pupils[chosen].sum())
                if most[j] < 0 or load <= most[j]:
                    fee = sum(int(c) * max(load - int(a), 0) for a, c in zip(above[j], charge[j], strict=True))
                    values.append(int((price[j, chosen] - u[chosen]).sum()) + fee)
        expected = expected + min(values) if values else NOTHING
        if not values:
            break
    counted = np.zeros(blocks, dtype=np.int64)
    arcs = [(j, i) for j in range(zones) for i in range(blocks) if forced[i] in {-1, j}]
    indptr = np.array([sum(1 for j, _ in arcs if j < k) for k in range(zones + 1)])
    value, work = lagrangian(
        indptr, np.array([i for _, i in arcs]), np.array([price[j, i] for j, i in arcs], dtype=np.int64), forced.astype(np.int64),
        pupils, above, charge, most.astype(np.int64), u, counted,
    )  # fmt: skip
    assert value == expected
    assert work >= 0
    if value < NOTHING:
        assert (counted[forced >= 0] == 1).all()


def test_what_is_forced_and_does_not_fit_proves_that_no_plan_exists() -> None:
    district = random_district(2, (3, 3), 2, seats="hard", twists=("locks",))
    problem = build_problem(district, PRIMARY, YEAR, district.options.zoning)
    terms = certificate_terms(district, problem.round, "distance", hard=True, prices={}, values={})
    terms.most[:] = 1
    assert knapsack_bound(terms, np.zeros(9, dtype=np.int64))[0] == float("-inf")
