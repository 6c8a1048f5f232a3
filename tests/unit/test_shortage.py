"""When seats do not do: the minimum cut is the worst set of schools by brute force, and what is said of it adds up."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace

import numpy as np
import pytest
from districts import grid_district
from oracles import PRIMARY, YEAR, random_district

from xuequ.solver.explanation import explain
from xuequ.solver.permission import Conflict
from xuequ.solver.portfolio import zone
from xuequ.solver.problem import Problem, build_problem
from xuequ.solver.shortage import explain_conflicts, explain_excess, room_seats, shortages
from xuequ.solver.stop import MaxIterations
from xuequ.zoning.catchments import Catchments
from xuequ.zoning.distances import Distances
from xuequ.zoning.district import District
from xuequ.zoning.options import GoalSpec, Options, ZoningOptions
from xuequ.zoning.places import SchoolKind
from xuequ.zoning.plan import Plan, PlanKind, Status
from xuequ.zoning.stage import Stage


def built(district: District) -> Problem:
    return build_problem(district, PRIMARY, YEAR, district.options.zoning)


def gappy(seed: int) -> District:
    """Return a district where many blocks reach few schools and some schools are small."""
    rng = np.random.default_rng(seed)
    district = random_district(seed, (4, 3), 3, twists=("rivers",))
    matrix = district.distances.to_matrix()
    matrix[rng.random(matrix.shape) < 0.4] = np.inf
    rooms = district.schools.rooms.copy()
    rooms[:, 1] = rng.integers(1, 4, 3)
    return district.replace(distances=Distances.from_matrix(matrix), schools=replace(district.schools, rooms=rooms))


def reach_of(problem: Problem, within: np.ndarray) -> list[set[int]]:
    rows = problem.arc_rows()
    return [set(problem.arc_zone[(rows == i) & within].tolist()) for i in range(problem.units)]


def worst_lack(problem: Problem, seats: np.ndarray, within: np.ndarray) -> int:
    """Return the most pupils without a seat over every set of zones: of blocks that reach nothing else, less its seats."""
    reach = reach_of(problem, within)
    most = 0
    for size in range(problem.zones + 1):
        for chosen in itertools.combinations(range(problem.zones), size):
            pupils = sum(int(problem.pupils[i]) for i in range(problem.units) if reach[i] <= set(chosen))
            most = max(most, pupils - int(seats[list(chosen)].sum()))
    return most


@pytest.mark.parametrize("seed", range(16))
@pytest.mark.parametrize("level", [0, 1])
def test_the_lack_is_that_of_the_worst_set_of_schools(seed: int, level: int) -> None:
    district = gappy(seed)
    problem = built(district)
    seats, every = problem.caps[:, level], np.ones(len(problem.arc_zone), dtype=bool)
    found = shortages(district, problem, seats)
    assert sum(item.short for item in found) == worst_lack(problem, seats, every)
    index, reach = district.block_index(), reach_of(problem, every)
    for item in found:
        assert item.short == item.pupils - item.seats > 0
        there = {problem.round.zones.index((district.school_index()[name],)) for name in item.schools}
        assert item.seats == int(seats[sorted(there)].sum())
        units = {int(problem.unit[index[name]]) for name in item.blocks}
        assert item.pupils == int(problem.pupils[sorted(units)].sum())
        assert all(reach[i] <= there for i in units)
    assert [item.short for item in found] == sorted((item.short for item in found), reverse=True)


@pytest.mark.parametrize("seed", range(8))
def test_ways_within_the_limit_are_a_network_of_their_own(seed: int) -> None:
    district = gappy(seed)
    problem = built(district)
    near = problem.arc_value[:, 0] == 0
    found = shortages(district, problem, problem.caps[:, 0], within=near)
    assert sum(item.short for item in found) == worst_lack(problem, problem.caps[:, 0], near)
    assert sum(item.short for item in found) >= sum(item.short for item in shortages(district, problem, problem.caps[:, 0]))


@pytest.mark.parametrize("seed", range(8))
def test_seats_that_are_added_where_they_lack_end_the_lack(seed: int) -> None:
    district = gappy(seed)
    problem = built(district)
    seats = problem.caps[:, 0].copy()
    for _ in range(20):
        found = shortages(district, problem, seats)
        if not found:
            break
        assert found[0].schools
        seats[problem.round.zones.index((district.school_index()[found[0].schools[0]],))] += found[0].short
    assert shortages(district, problem, seats) == ()


def test_two_parts_of_the_district_are_told_apart() -> None:
    """A river without a bridge: each side lacks seats of its own, the worse one is said first."""
    from xuequ.zoning.adjacency import Adjacency

    pupils = np.where(np.arange(12) % 6 < 3, 40, 60)
    base = grid_district(6, 2, (0, 5), pupils=pupils, rooms=4)
    pairs = base.adjacency.pairs()
    kept = ~((pairs % 6 == 2).any(axis=1) & (pairs % 6 == 3).any(axis=1))
    district = base.replace(adjacency=Adjacency.from_pairs(12, pairs[kept]), options=Options(zoning=ZoningOptions(regime="full")))
    found = shortages(district, built(district), np.array([180, 180]))
    assert [(item.schools, item.pupils, item.short) for item in found] == [(("s1",), 360, 180), (("s0",), 240, 60)]
    assert "6 blocks with 360 pupils reach only s1, which has 180 seats: 180 too few" in found[0].sentence


def test_hard_seats_that_a_cut_proves_too_few_are_infeasible_and_packing_alone_is_not() -> None:
    """Blocks of 50 pupils: two schools of 90 seats hold three blocks by number, and only two whole ones."""
    hard = ZoningOptions(regime="full", seats="hard", goals=(GoalSpec("distance"),))
    packed = grid_district(3, 1, (0, 2), pupils=50, rooms=2).replace(options=Options(zoning=hard))
    plan = zone(packed, stage=PRIMARY, year=YEAR, stop=MaxIterations(50))
    assert plan.status is Status.STOPPED
    assert plan.explanation.shortage == ()
    assert "10 pupils above hard seats" in plan.explanation.sentence
    few = grid_district(4, 1, (0, 3), pupils=50, rooms=2).replace(options=Options(zoning=hard))
    plan = zone(few, stage=PRIMARY, year=YEAR, stop=MaxIterations(50))
    assert plan.status is Status.INFEASIBLE
    assert [item.short for item in plan.explanation.shortage] == [20]


def test_what_exceeds_hard_seats_is_priced_in_rooms_and_in_seats() -> None:
    hard = ZoningOptions(regime="full", seats="hard", goals=(GoalSpec("distance"),))
    district = grid_district(6, 2, (0, 11), pupils=20, rooms=3).replace(options=Options(zoning=hard))
    problem = built(district)
    chosen = np.zeros(12, dtype=np.int32)
    chosen[11] = 1
    found = explain_excess(district, problem, chosen)
    assert [(item.kind, item.target, item.amount) for item in found.relaxations] == [
        ("classrooms", "s0", 2.0),
        ("seats", "s0", 85.0),
    ]
    assert "85 pupils above hard seats" in found.sentence


def test_a_cap_on_moved_pupils_that_is_exceeded_is_said_with_what_would_do() -> None:
    zoning = ZoningOptions(regime="full", moved_max=30)
    district = grid_district(6, 2, (0, 11), pupils=20, rooms=9).replace(options=Options(zoning=zoning))
    problem = built(district)
    other = 1 - problem.today
    other[[0, 11]] = [0, 1]
    found = explain_excess(district, problem, other)
    assert "moves 200 pupils, the cap is 30" in " ".join(found.reasons)
    assert [(item.kind, item.target, item.amount) for item in found.relaxations] == [("limit", "zoning.moved_max", 170.0)]


def test_conflicts_are_each_said_once_and_only_locks_can_be_lifted() -> None:
    twice = [
        Conflict("lock", "b1", "so"),
        Conflict("lock", "b1", "so"),
        Conflict("reach", "b2", "thus"),
        Conflict("lock", "b3", "too"),
    ]
    found = explain_conflicts(twice)
    assert found.reasons == ("so", "thus", "too")
    assert [(item.kind, item.target) for item in found.relaxations] == [("lock", "b1"), ("lock", "b3")]


@pytest.mark.parametrize(
    ("stage", "regime", "kind", "seats"),
    [
        (Stage.PRIMARY, "full", SchoolKind.FULL, 45),
        (Stage.PRIMARY, "full", SchoolKind.NON_FULL, 30),
        (Stage.JUNIOR, "full", SchoolKind.FULL, 50),
        (Stage.KINDERGARTEN, "full", SchoolKind.FULL, 30),
        (Stage.KINDERGARTEN, "phase_in", SchoolKind.FULL, 25),
        (Stage.PRIMARY, "phase_in", SchoolKind.TEACHING_POINT, 30),
    ],
)
def test_a_room_is_worth_a_standard_class(stage: Stage, regime: str, kind: SchoolKind, seats: int) -> None:
    """policy §3: 45, 30 for what is no full school, 50 for junior; kindergartens 30 over all years, 25 for the first."""
    base = grid_district(4, 4, (0, 15))
    district = base.replace(schools=replace(base.schools, kinds=(kind, kind)))
    problem = build_problem(district, stage, YEAR, ZoningOptions(regime=regime))  # type: ignore[arg-type]
    assert room_seats(district, problem, 0) == seats


@pytest.mark.parametrize("kind", ["district", "block", "school"])
def test_explanations_of_a_district_that_lacks_nothing_say_so(kind: str) -> None:
    district = grid_district(6, 4, (0, 23), pupils=5, rooms=6).replace(options=Options(zoning=ZoningOptions(regime="full")))
    what = {"district": {}, "block": {"block": "b0_1"}, "school": {"school": "s1"}}[kind]
    half = Catchments.from_schools(PRIMARY, YEAR, np.repeat([0, 1], 12))
    plan = Plan(PlanKind.ZONE, Status.FEASIBLE, district.fingerprint, "full", catchments=(half,))
    found = explain(district, plan, stage=PRIMARY, year=YEAR, **what)
    expected = {
        "district": r"every primary pupil of 2026 can have a planned seat within reach",
        "block": r"block b0_1 is given to s0.*, the nearest school that it may have",
        "school": r"school s1.* is given 60 pupils on 270 planned seats",
    }
    assert re.match(expected[kind], found.sentence)
    assert found.shortage == ()


def test_an_unreached_limit_is_priced_in_metres_and_pupils() -> None:
    """Six blocks in a row of 200 m and a school at one end: the last is 1,000 m away, 350 m more than 650."""
    district = grid_district(6, 1, (0,), pupils=10, rooms=6).replace(options=Options(zoning=ZoningOptions(regime="full")))
    found = explain(district, stage=PRIMARY, year=YEAR)
    limit = next(item for item in found.relaxations if item.kind == "limit")
    assert (limit.target, limit.amount, limit.unit, limit.cost) == ("limit.primary", 350.0, "m", 20.0)
    assert "within the limit of distance" in found.sentence


def test_moving_a_block_that_others_lie_behind_is_said() -> None:
    """In a row of six the fourth block is nearer to the other school; the fifth, which lies behind it, would be cut off."""
    district = grid_district(6, 1, (0, 5), pupils=10, rooms=6).replace(options=Options(zoning=ZoningOptions(regime="full")))
    stretched = Catchments.from_schools(PRIMARY, YEAR, np.array([0, 0, 0, 0, 0, 1]))
    plan = Plan(PlanKind.ZONE, Status.FEASIBLE, district.fingerprint, "full", catchments=(stretched,))
    found = explain(district, plan, stage=PRIMARY, year=YEAR, block="b0_3")
    assert re.match("block b0_3 is given to s0.*; its nearest school is s1", found.sentence)
    assert any("fall apart" in reason for reason in found.reasons)
    free = explain(district, plan, stage=PRIMARY, year=YEAR, block="b0_4")
    assert not any("fall apart" in reason for reason in free.reasons)
    assert any("distance -6" in reason for reason in free.reasons)
