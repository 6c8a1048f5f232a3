"""The parts of the zoning solver one by one: arrays, contraction, flow, repair, separators, pool, fixing."""

from __future__ import annotations

import numpy as np
import pytest
from districts import grid_district

from xuequ.solver.bounding import relax
from xuequ.solver.columns import Pool
from xuequ.solver.contraction import contract
from xuequ.solver.cuts import CutPool, separate
from xuequ.solver.engine import Effort
from xuequ.solver.exact import Proof, arcs_left
from xuequ.solver.permission import permitted_arcs
from xuequ.solver.problem import CUT, DISTANCE, MEASURES, MOVED, OVER, Problem, build_problem
from xuequ.solver.relaxation import arc_prices, transport
from xuequ.solver.repair import Unjoinable, repair
from xuequ.solver.search import Target
from xuequ.solver.submip import Region, zone_neighbours
from xuequ.zoning.catchments import Catchments
from xuequ.zoning.distances import Distances
from xuequ.zoning.district import District
from xuequ.zoning.indicators import goal_value
from xuequ.zoning.options import GoalSpec, Lock, Options, ZoningOptions
from xuequ.zoning.stage import Stage

HARD = ZoningOptions(regime="full", seats="hard", goals=(GoalSpec("distance"),))


def small(**changes: object) -> District:
    return grid_district(6, 4, (0, 23), pupils=20, rooms=6, **changes).replace(options=Options(zoning=HARD))  # type: ignore[arg-type]


def built(district: District, options: ZoningOptions = HARD) -> Problem:
    return build_problem(district, Stage.PRIMARY, 2026, options)


def distance_target(problem: Problem) -> Target:
    limit = np.full(len(MEASURES), np.inf)
    if problem.hard:
        limit[OVER] = 0.0
    return Target((np.arange(len(MEASURES)) == DISTANCE).astype(float), limit)


def halves() -> np.ndarray:
    return np.repeat(np.array([0, 1], dtype=np.int32), 12)


@pytest.mark.parametrize("stage", list(Stage))
@pytest.mark.parametrize("together", [(), (("b0_1", "b0_2"), ("b0_2", "b1_2"))])
def test_measures_are_the_indicators(stage: Stage, together: tuple[tuple[str, ...], ...]) -> None:
    district = small()
    district = district.replace(rules=district.rules.override({"limit.primary": 500}))
    problem = build_problem(district, stage, 2026, ZoningOptions(regime="full", keep_together=together))
    zone = (np.arange(problem.units) * 7 % 5 % 2).astype(np.int32)
    zone[problem.root] = [0, 1]
    total = problem.measure(zone)
    for k, name in enumerate(MEASURES):
        assert total[k] == pytest.approx(goal_value(name, district, problem.round, problem.catchments(zone))), name


def test_units_are_numbered_by_their_first_block_and_joined_by_shortest_ways() -> None:
    district = small()
    units = contract(district, (("b0_1", "b0_4"),))
    assert units.count == 21
    assert len({int(units.of[b]) for b in (1, 2, 3, 4)}) == 1
    assert units.sizes().max() == 4
    indptr, neighbours, border = units.graph(district.adjacency)
    joined = int(units.of[1])
    below = neighbours[indptr[joined] : indptr[joined + 1]]
    assert len(below) == 6
    assert border[indptr[joined] : indptr[joined + 1]].sum() == pytest.approx(6 * 200.0)


def test_the_majority_of_pupils_says_which_zone_a_unit_has() -> None:
    district = small()
    units = contract(district, (("b0_1", "b0_2", "b0_3"),))
    zone = np.full(24, -1)
    zone[[1, 2, 3]] = [0, 1, 1]
    assert units.majority(zone, np.full(24, 5), 2)[units.of[1]] == 1
    assert (units.majority(np.full(24, -1), np.full(24, 5), 2) == -1).all()


def test_a_zone_is_left_only_what_its_root_can_reach() -> None:
    # Three schools in a row of one: the block behind the middle school cannot be the first one's.
    district = grid_district(7, 1, (0, 3, 6), pupils=5, rooms=6)
    problem = built(district)
    zones = [problem.arc_zone[problem.arc_indptr[i] : problem.arc_indptr[i + 1]].tolist() for i in range(7)]
    assert zones == [[0], [0, 1], [0, 1], [1], [1, 2], [1, 2], [2]]


def test_a_block_out_of_reach_of_every_school_goes_to_one_as_too_far() -> None:
    district = small()
    matrix = district.distances.to_matrix()
    matrix[5] = np.inf
    problem = built(district.replace(distances=Distances.from_matrix(matrix)))
    assert not problem.conflicts
    first = problem.arc_indptr[5]
    assert problem.arc_value[first, 0] == problem.pupils[5]
    assert problem.arc_value[first, 1] == 0


def reached_only(district: District, *missing: tuple[int, int]) -> District:
    """Return the district without the ways of these blocks to these schools."""
    matrix = district.distances.to_matrix()
    for pair in missing:
        matrix[pair] = np.inf
    return district.replace(distances=Distances.from_matrix(matrix))


@pytest.mark.parametrize(
    ("missing", "locks", "together", "counted"),
    [
        pytest.param(((0, 0),), (), (), {"too_far": 20, "moved": 0}, id="no way from a school's own block"),
        pytest.param(
            ((1, 1),), (Lock("b0_1", Stage.PRIMARY, "s1"),), (), {"too_far": 20, "moved": 20}, id="locked to another, no way"
        ),
        pytest.param(
            ((2, 0), (2, 1)), (Lock("b0_2", Stage.PRIMARY, "s0"),), (), {"too_far": 20, "moved": 0}, id="locked, no way at all"
        ),
        pytest.param(((1, 0), (2, 1)), (), (("b0_1", "b0_2"),), {"too_far": 20, "moved": 0}, id="half of a unit has a way"),
    ],
)
def test_arcs_without_a_way_count_as_in_the_indicators(
    missing: tuple[tuple[int, int], ...],
    locks: tuple[Lock, ...],
    together: tuple[tuple[str, ...], ...],
    counted: dict[str, int],
) -> None:
    district = reached_only(small(), *missing)
    options = ZoningOptions(regime="full", locks=locks, keep_together=together)
    problem = built(district, options)
    assert not problem.conflicts
    zone = np.array([0 if 0 in _zones(problem, i) else 1 for i in range(problem.units)], dtype=np.int32)
    for i in range(problem.units):
        if len(_zones(problem, i)) == 2:
            zone[i] = problem.today[i]
    total = problem.measure(zone)
    for k, name in enumerate(MEASURES):
        assert total[k] == pytest.approx(goal_value(name, district, problem.round, problem.catchments(zone))), name
    assert {name: total[MEASURES.index(name)] for name in counted} == counted


def _zones(problem: Problem, unit: int) -> list[int]:
    return problem.arc_zone[problem.arc_indptr[unit] : problem.arc_indptr[unit + 1]].tolist()


def test_locks_that_contradict_each_other_are_a_conflict() -> None:
    both = (Lock("b0_2", Stage.PRIMARY, "s0"), Lock("b0_3", Stage.PRIMARY, "s1"))
    problem = built(small(), ZoningOptions(regime="full", locks=both, keep_together=(("b0_2", "b0_3"),)))
    assert [item.kind for item in problem.conflicts] == ["lock"]
    to_and_not = (Lock("b0_2", Stage.PRIMARY, "s1", must=False), Lock("b0_2", Stage.PRIMARY, "s1"))
    assert built(small(), ZoningOptions(regime="full", locks=to_and_not)).conflicts
    assert built(small(), ZoningOptions(regime="full", locks=to_and_not[::-1])).conflicts
    twice = (Lock("b0_2", Stage.PRIMARY, "s0"), Lock("b0_2", Stage.PRIMARY, "s0"))
    assert not built(small(), ZoningOptions(regime="full", locks=twice)).conflicts


def test_arcs_need_all_blocks_of_a_unit_in_reach() -> None:
    district = small()
    units = contract(district, ())
    problem = built(district)
    nothing = np.zeros((units.count, problem.zones), dtype=bool)
    permission = permitted_arcs(district, problem.round, units, nothing, problem.root, ())
    assert not permission.conflicts
    assert permission.allowed.any(axis=1).all()


def test_today_is_translated_and_a_closed_school_is_none() -> None:
    problem = built(small())
    assert set(problem.today.tolist()) == {0, 1}
    other = Catchments(Stage.PRIMARY, 2025, ((0, 1),), np.zeros(24, dtype=np.int32))
    assert set(problem.units_of(other).tolist()) == {0}


def test_the_flow_bounds_every_assignment_and_its_start_is_near() -> None:
    problem = built(small())
    price = distance_target(problem).price
    flow = transport(problem, price, overload=1000.0)
    zone = repair(problem, flow.start(problem, arc_prices(problem, price)), arc_prices(problem, price), overload=1000.0)
    assert flow.pupils.sum() == problem.pupils.sum()
    assert flow.over.tolist() == [0, 0, 0]
    assert flow.value <= problem.measure(zone)[DISTANCE] + 1e-6


def test_a_start_behind_another_school_breaks_through() -> None:
    district = grid_district(5, 3, (0, 14), pupils=5, rooms=6)
    problem = built(district)
    start = np.ones(15, dtype=np.int32)
    start[0] = 0
    start[4] = 0
    zone = repair(problem, start, problem.arc_value[:, 1], overload=0.0)
    assert zone[0] == 0
    assert zone[14] == 1
    assert str(Unjoinable(3)).startswith("unit 3")


def test_separators_are_minimal() -> None:
    problem = built(grid_district(5, 1, (0, 4), pupils=5, rooms=6))
    zone = np.array([0, 1, 0, 1, 1], dtype=np.int32)
    cuts = separate(problem, zone, [0, 1])
    assert {(cut.unit, cut.zone, cut.separator) for cut in cuts} == {(2, 0, (1,)), (1, 1, (2,))}
    pool = CutPool()
    assert pool.add(cuts) == 2
    assert pool.add(cuts) == 0
    assert len(list(pool.of([0]))) == 1


def test_zones_that_touch_are_counted() -> None:
    problem = built(small())
    touching = zone_neighbours(problem, halves())
    assert touching.tolist() == [[0, 6], [6, 0]]


def test_a_region_keeps_what_lies_outside_as_a_constant() -> None:
    problem = built(grid_district(6, 4, (0, 5, 23), pupils=20, rooms=6))
    zone = repair(problem, np.full(24, -1, dtype=np.int32), problem.arc_value[:, 1], overload=1.0)
    region = Region.of(problem, zone, np.array([0, 1]))
    assert set(zone[region.units]) == {0, 1}
    inside = problem.arc_value[problem.arcs_of(zone)[region.units], 1].sum()
    assert region.rest[DISTANCE] + inside == pytest.approx(problem.measure(zone)[DISTANCE])


def test_the_pool_keeps_each_catchment_once_and_recombines() -> None:
    problem = built(small())
    pool = Pool(problem)
    pool.add(np.array([halves(), halves()]))
    assert len(pool) == 2
    broken = halves()
    broken[4] = 1
    broken[22] = 0  # cut off
    pool.add(broken[None, :], whole=False)
    before = len(pool)
    assert before < 4
    better = repair(problem, problem.today, problem.arc_value[:, 1], overload=1000.0)
    pool.add(better[None, :])
    target = distance_target(problem)
    found = pool.combine(halves(), target, Effort(seconds=5))
    best = problem.measure(halves() if found is None else found)[DISTANCE]
    assert best <= min(problem.measure(halves())[DISTANCE], problem.measure(better)[DISTANCE]) + 1e-9


def test_the_pool_forgets_the_oldest() -> None:
    problem = built(small())
    pool = Pool(problem, most=8)
    rng = np.random.default_rng(0)
    for _ in range(30):
        zone = repair(problem, rng.integers(0, 2, 24).astype(np.int32), problem.arc_value[:, 1], overload=0.0)
        pool.add(zone[None, :])
    assert 0 < len(pool) <= 9


@pytest.mark.parametrize("column", [DISTANCE, MOVED, OVER])
def test_relaxed_bounds_are_below_what_is_reached(column: int) -> None:
    problem = built(small(), ZoningOptions(regime="full"))
    limits = np.full(len(MEASURES), np.inf)
    zone = repair(problem, problem.today, problem.arc_value[:, 1], overload=1.0)
    total = problem.measure(zone)
    limits[DISTANCE] = np.inf if column == DISTANCE else total[DISTANCE]
    found = relax(problem, column, limits, seconds=20.0)
    assert found is not None
    assert found.value <= total[column] + 1e-6
    assert (found.mu >= 0).all()
    assert all(price >= 0 for price in found.prices.values())


def test_a_relaxation_that_is_stopped_says_nothing() -> None:
    problem = built(small())
    assert relax(problem, DISTANCE, distance_target(problem).limit, seconds=20.0, should_stop=lambda: True) is None


def test_proof_closes_a_small_case() -> None:
    problem = built(small())
    target = distance_target(problem)
    start = repair(problem, halves(), problem.arc_value[:, 1], overload=1000.0)
    relaxed = relax(problem, DISTANCE, target.limit, seconds=20.0)
    assert relaxed is not None
    proof = Proof(problem, DISTANCE, target.limit, relaxed, relaxed.value)
    outcome = proof.attempt(start, CutPool(), Effort(seconds=20))
    assert outcome is not None
    assert outcome.zone is not None
    value = problem.measure(outcome.zone)[DISTANCE]
    assert proof.bound == pytest.approx(value, rel=1e-5)
    narrow = arcs_left(problem, start, target, relaxed, problem.measure(start)[DISTANCE], 0.1)
    assert len(narrow) <= len(arcs_left(problem, start, target, relaxed, problem.measure(start)[DISTANCE]))
    assert set(problem.arcs_of(start)) <= set(narrow.tolist())


def test_a_plan_that_breaks_limits_is_not_proved() -> None:
    problem = built(small())
    target = distance_target(problem)
    relaxed = relax(problem, DISTANCE, target.limit, seconds=20.0)
    assert relaxed is not None
    crowded = np.zeros(24, dtype=np.int32)
    crowded[23] = 1
    assert Proof(problem, DISTANCE, target.limit, relaxed, 0.0).attempt(crowded, CutPool(), Effort(seconds=1)) is None


def test_compactness_is_the_cut_border() -> None:
    problem = built(small())
    assert problem.measure(halves())[CUT] == pytest.approx(6 * 200.0)
