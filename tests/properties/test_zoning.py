"""Random small districts: the rules hold, and bounds and searches are held to enumeration."""

from __future__ import annotations

import itertools
import threading

import numpy as np
import pytest
from districts import grid_district
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components

from xuequ.solver.bounding import relax
from xuequ.solver.certificate import block_prices, certificate_terms, knapsack_bound, linear_bound, sharpen
from xuequ.solver.columns import Pool
from xuequ.solver.cuts import CutPool, separate
from xuequ.solver.engine import Effort
from xuequ.solver.portfolio import zone
from xuequ.solver.problem import DISTANCE, MEASURES, OVER, Problem, build_problem
from xuequ.solver.relaxation import arc_prices, transport
from xuequ.solver.repair import is_contiguous, loose_units, repair
from xuequ.solver.search import Cycle, Search, Target
from xuequ.solver.stop import Clock, Interrupted, MaxIterations
from xuequ.solver.submip import Region, reoptimise
from xuequ.zoning.distances import Distances
from xuequ.zoning.district import District
from xuequ.zoning.indicators import goal_value
from xuequ.zoning.options import GoalSpec, Lock, Options, ZoningOptions
from xuequ.zoning.stage import Stage
from xuequ.zoning.verification import verify

QUICK = settings(max_examples=12, deadline=None)


@st.composite
def districts(draw: st.DrawFn, *, largest: int = 6, hard: bool | None = None) -> District:
    columns, rows = draw(st.integers(3, largest)), draw(st.integers(2, largest - 1))
    count = columns * rows
    schools = tuple(draw(st.lists(st.integers(0, count - 1), min_size=2, max_size=3, unique=True)))
    seed = draw(st.integers(0, 10_000))
    pupils = np.random.default_rng(seed).integers(0, 40, count)
    rooms = -(-int(pupils.sum()) // (45 * len(schools))) + draw(st.integers(0, 1))
    district = grid_district(columns, rows, schools, pupils=pupils, rooms=max(rooms, 1), seed=seed)
    seats = ("hard" if hard else "soft") if hard is not None else draw(st.sampled_from(["hard", "soft"]))
    goals = (
        (GoalSpec("distance"),) if seats == "hard" else (GoalSpec("over_standard"), GoalSpec("distance", 0.01), GoalSpec("moved"))
    )
    return district.replace(options=Options(zoning=ZoningOptions(regime="full", seats=seats, goals=goals)))  # type: ignore[arg-type]


def problem_of(district: District) -> Problem:
    return build_problem(district, Stage.PRIMARY, 2026, district.options.zoning)


def target_of(problem: Problem) -> Target:
    price, limit = np.zeros(len(MEASURES)), np.full(len(MEASURES), np.inf)
    price[DISTANCE], price[OVER] = 1.0, 0.0 if problem.hard else 5.0
    if problem.hard:
        limit[OVER] = 0.0
    return Target(price, limit)


def whole_by_another_way(problem: Problem, zone_of: np.ndarray) -> bool:
    """Say whether every zone is one component that holds its root, by a library's components."""
    from scipy.sparse import csr_array

    rows = np.repeat(np.arange(problem.units), np.diff(problem.indptr))
    same = zone_of[rows] == zone_of[problem.neighbours]
    graph = csr_array((np.ones(int(same.sum())), (rows[same], problem.neighbours[same])), shape=(problem.units, problem.units))
    parts = connected_components(graph, directed=False)[1]
    return all(parts[i] == parts[problem.root[zone_of[i]]] for i in range(problem.units)) and all(
        zone_of[i] == j for j, i in enumerate(problem.root)
    )


def enumerate_best(problem: Problem, target: Target) -> float | None:
    """Return the least objective over every whole, contiguous assignment within the limits; None where there is none."""
    choices = [problem.arc_zone[problem.arc_indptr[i] : problem.arc_indptr[i + 1]].tolist() for i in range(problem.units)]
    best = None
    for each in itertools.product(*choices):
        zone_of = np.array(each, dtype=np.int32)
        total = problem.measure(zone_of)
        if (
            target.excess(total) <= 0
            and (best is None or target.objective(total) < best)
            and whole_by_another_way(problem, zone_of)
        ):
            best = target.objective(total)
    return best


@QUICK
@given(districts(), st.integers(0, 3))
def test_every_plan_keeps_the_rules_and_is_verified(district: District, seed: int) -> None:
    plan = zone(district, stage=Stage.PRIMARY, year=2026, stop=MaxIterations(20), seed=seed)
    problem = problem_of(district)
    zone_of = plan.catchments[0].zone
    assert whole_by_another_way(problem, zone_of)
    if plan.status in {"feasible", "optimal"}:
        verify(district, plan).raise_if_failed()
        if problem.hard:
            assert (problem.loads(zone_of) <= problem.caps[:, 0]).all()
    else:
        assert plan.explanation.reasons


@st.composite
def gappy_districts(draw: st.DrawFn) -> District:
    """Return districts where ways are missing at random, with locks and neighbours that are kept together."""
    district = draw(districts(hard=False))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    matrix = district.distances.to_matrix()
    matrix[rng.random(matrix.shape) < draw(st.sampled_from([0.0, 0.3, 0.8]))] = np.inf
    ids, schools = district.blocks.ids, district.schools.ids
    named = st.builds(Lock, st.sampled_from(ids), st.just(Stage.PRIMARY), st.sampled_from(schools), st.booleans())
    touching = [(ids[a], ids[b]) for a, b in district.adjacency.pairs()]
    options = ZoningOptions(
        regime="full",
        locks=tuple(draw(st.lists(named, max_size=3))),
        keep_together=tuple(draw(st.lists(st.sampled_from(touching), max_size=2))),
    )
    return district.replace(
        distances=Distances.from_matrix(matrix),
        options=Options(zoning=options),
        rules=district.rules.override({"limit.primary": 500}),
    )


@settings(max_examples=60, deadline=None)
@given(gappy_districts(), st.integers(0, 10_000))
def test_every_arc_counts_as_in_the_indicators(district: District, seed: int) -> None:
    problem = problem_of(district)
    assume(not problem.conflicts)
    rng = np.random.default_rng(seed)
    arcs = rng.integers(problem.arc_indptr[:-1], problem.arc_indptr[1:])
    zone_of = problem.arc_zone[arcs]
    total = problem.measure(zone_of)
    for k, name in enumerate(MEASURES):
        assert total[k] == pytest.approx(goal_value(name, district, problem.round, problem.catchments(zone_of))), name


@QUICK
@given(gappy_districts())
def test_plans_where_ways_are_missing_are_verified(district: District) -> None:
    plan = zone(district, stage=Stage.PRIMARY, year=2026, stop=MaxIterations(10))
    if plan.status == "infeasible":
        assert plan.explanation.reasons
        return
    verify(district, plan).raise_if_failed()


def test_a_block_barred_from_the_only_school_that_it_has_a_way_to_is_too_far_and_no_bound_is_certified() -> None:
    district = grid_district(7, 1, (0, 3), pupils=5, rooms=6)
    matrix = district.distances.to_matrix()
    matrix[4:, 1] = np.inf  # they have a way to the first school only, and the second one's own block lies between
    options = ZoningOptions(regime="full", goals=(GoalSpec("too_far"), GoalSpec("distance")))
    district = district.replace(distances=Distances.from_matrix(matrix), options=Options(zoning=options))
    plan = zone(district, stage=Stage.PRIMARY, year=2026, stop=MaxIterations(10))
    assert plan.catchments[0].zone.tolist() == [0, 0, 1, 1, 1, 1, 1]
    assert {goal.name: goal.value for goal in plan.goals} == {"too_far": 15, "distance": pytest.approx(2.0)}
    assert plan.certified_bound is None
    assert plan.bound == pytest.approx(2.0)
    verify(district, plan).raise_if_failed()


@QUICK
@given(districts(), st.integers(0, 10_000))
def test_any_start_is_repaired(district: District, seed: int) -> None:
    problem = problem_of(district)
    start = np.random.default_rng(seed).integers(-1, problem.zones, problem.units).astype(np.int32)
    price = problem.arc_value[:, 1]
    mended = repair(problem, start, price, overload=1.0)
    assert whole_by_another_way(problem, mended)
    assert is_contiguous(problem, mended)
    kept = ~loose_units(problem, start)
    again = repair(problem, mended, price, overload=1.0)
    assert again.tolist() == mended.tolist()
    assert kept.shape == mended.shape


@QUICK
@given(districts(), st.integers(0, 3))
def test_the_kernel_keeps_its_sums_and_never_loses_ground(district: District, seed: int) -> None:
    problem = problem_of(district)
    target = target_of(problem)
    price = problem.arc_value[:, 1]
    start = repair(problem, np.full(problem.units, -1, dtype=np.int32), price, overload=1.0)
    search = Search(problem, seed, np.ones(len(MEASURES)))
    clock = Clock(MaxIterations(8))
    best, last = search.run(start, target, Cycle(8, 0.5, 0.01), clock, clock.budget("test", 1.0))
    assert whole_by_another_way(problem, best)
    assert whole_by_another_way(problem, last)
    assert target.rank(problem.measure(best)) <= target.rank(problem.measure(start))


@settings(max_examples=8, deadline=None)
@given(districts(largest=3))
def test_bounds_stay_below_the_optimum_and_the_search_finds_it(district: District) -> None:
    district = district.replace(
        options=Options(zoning=ZoningOptions(regime="full", seats=district.options.zoning.seats, goals=(GoalSpec("distance"),)))
    )
    problem = problem_of(district)
    target = target_of(problem)
    plain = Target((np.arange(len(MEASURES)) == DISTANCE).astype(float), target.limit)
    best = enumerate_best(problem, plain)
    plan = zone(district, stage=Stage.PRIMARY, year=2026, stop=MaxIterations(400))
    if best is None:
        # What no shortage proves impossible is only not found.
        assert plan.status == ("infeasible" if plan.explanation.shortage else "stopped")
        return
    assert plan.objective == pytest.approx(best, abs=1e-6)
    assert plan.certified_bound is not None
    assert plan.solver_bound is not None
    assert plan.certified_bound <= best + 1e-6
    assert plan.solver_bound <= best + 1e-6


@QUICK
@given(districts(hard=True), st.integers(0, 1000))
def test_any_multipliers_give_a_valid_bound(district: District, seed: int) -> None:
    problem = problem_of(district)
    rng = np.random.default_rng(seed)
    terms = certificate_terms(district, problem.round, "distance", hard=True, prices={}, values={})
    mu = rng.integers(0, terms.scale, problem.zones)
    linear = linear_bound(terms, mu)
    knapsack, chosen, _ = knapsack_bound(terms, block_prices(terms, mu))
    flow = transport(problem, plain_price(), overload=0.0)
    price = arc_prices(problem, plain_price())
    for _ in range(5):
        start = rng.integers(0, problem.zones, problem.units).astype(np.int32)
        some = repair(problem, start, price, overload=1000.0)
        total = problem.measure(some)
        if total[OVER] == 0:
            assert linear <= total[DISTANCE] + 1e-6
            assert knapsack <= total[DISTANCE] + 1e-6
            assert flow.value <= total[DISTANCE] + 1e-6
    assert knapsack >= linear - 1e-6 or not np.isfinite(knapsack)
    assert (chosen <= problem.zones).all()


def plain_price() -> np.ndarray:
    return (np.arange(len(MEASURES)) == DISTANCE).astype(float)


@QUICK
@given(districts(hard=True))
def test_the_knapsack_form_is_no_weaker_than_the_linear(district: District) -> None:
    problem = problem_of(district)
    limits = np.full(len(MEASURES), np.inf)
    limits[OVER] = 0.0
    relaxed = relax(problem, DISTANCE, limits, seconds=20.0)
    if relaxed is None:
        return
    terms = certificate_terms(district, problem.round, "distance", hard=True, prices={}, values={})
    mu = np.rint(relaxed.mu * terms.scale).astype(np.int64)
    linear = linear_bound(terms, mu)
    assert linear == pytest.approx(relaxed.value, rel=1e-3, abs=1e-2)
    sharper, u = sharpen(terms, mu, relaxed.value * 1.02 + 1e-3, rounds=20)
    assert sharper >= linear - 1e-5 * max(1.0, abs(linear))
    assert knapsack_bound(terms, u)[0] == sharper


@settings(max_examples=6, deadline=None)
@given(districts(largest=4, hard=False))
def test_regions_and_columns_are_whole_and_no_worse(district: District) -> None:
    problem = problem_of(district)
    target = target_of(problem)
    start = repair(problem, np.full(problem.units, -1, dtype=np.int32), problem.arc_value[:, 1], overload=1.0)
    cuts = CutPool()
    outcome = reoptimise(problem, start, Region.whole(problem), target, cuts, Effort(seconds=10))
    found, seen = outcome.zone, outcome.seen
    assert found is not None
    assert whole_by_another_way(problem, found)
    assert target.rank(problem.measure(found)) <= target.rank(problem.measure(start))
    assert outcome.bound == pytest.approx(target.objective(problem.measure(found)), rel=1e-5, abs=1e-5)
    pool = Pool(problem)
    pool.add(np.array([*seen, start]), whole=False)
    combined = pool.combine(start, target, Effort(seconds=10))
    if combined is not None:
        assert whole_by_another_way(problem, combined)
        assert target.rank(problem.measure(combined)) <= target.rank(problem.measure(start))


@QUICK
@given(districts(), st.integers(0, 10_000))
def test_cuts_are_broken_by_what_they_forbid_and_by_nothing_whole(district: District, seed: int) -> None:
    problem = problem_of(district)
    rng = np.random.default_rng(seed)
    broken = rng.integers(0, problem.zones, problem.units).astype(np.int32)
    broken[problem.root] = np.arange(problem.zones)
    whole = repair(problem, broken, problem.arc_value[:, 1], overload=1.0)
    cuts = separate(problem, broken, range(problem.zones))
    assert bool(cuts) != whole_by_another_way(problem, broken)
    for cut in cuts:
        assert broken[cut.unit] == cut.zone
        assert not (broken[list(cut.separator)] == cut.zone).any()
        assert whole[cut.unit] != cut.zone or (whole[list(cut.separator)] == cut.zone).any()


@QUICK
@given(districts(hard=False), st.data())
def test_locks_are_kept(district: District, data: st.DataObject) -> None:
    free = [b for b in range(len(district.blocks)) if b not in set(district.schools.block.tolist())]
    block = data.draw(st.sampled_from(free))
    school = data.draw(st.integers(0, len(district.schools) - 1))
    lock = Lock(district.blocks.ids[block], Stage.PRIMARY, district.schools.ids[school], must=data.draw(st.booleans()))
    zoning = district.options.zoning
    district = district.replace(options=Options(zoning=ZoningOptions(regime="full", goals=zoning.goals, locks=(lock,))))
    plan = zone(district, stage=Stage.PRIMARY, year=2026, stop=MaxIterations(5))
    if plan.status == "infeasible":
        assert lock.block in plan.explanation.sentence or "joined" in plan.explanation.sentence
        return
    assert (plan.catchments[0].first_school()[block] == school) == lock.must
    verify(district, plan).raise_if_failed()


@QUICK
@given(districts(), st.integers(0, 3))
def test_runs_repeat_and_an_interruption_gives_a_plan(district: District, seed: int) -> None:
    first, second = (zone(district, stage="primary", year=2026, stop=MaxIterations(15), seed=seed) for _ in range(2))
    assert first.catchments[0].zone.tolist() == second.catchments[0].zone.tolist()
    assert first.goals == second.goals
    event = threading.Event()
    plan = zone(district, stage="primary", year=2026, stop=Interrupted(event), seed=seed, progress=lambda _: event.set())
    assert whole_by_another_way(problem_of(district), plan.catchments[0].zone)
