"""zone(): catchments by the rules, whatever the case asks for."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from districts import grid_district

from xuequ.solver.portfolio import zone
from xuequ.solver.stop import Interrupted, MaxIterations, MaxRuntime, Progress
from xuequ.zoning.adjacency import Adjacency
from xuequ.zoning.catchments import Catchments
from xuequ.zoning.district import District
from xuequ.zoning.options import GoalSpec, Lock, Options, ZoningOptions
from xuequ.zoning.plan import Plan, Status
from xuequ.zoning.stage import Stage
from xuequ.zoning.verification import verify

FEW = MaxIterations(250)
DISTANCE = (GoalSpec("distance"),)


def district_of(options: dict[str, Any] | None = None, **changes: Any) -> District:
    district = grid_district(8, 6, (0, 21, 47), pupils=12, rooms=6, **changes)
    return district.replace(options=Options(zoning=ZoningOptions(**({"regime": "full"} | (options or {})))))


def run(district: District, **options: Any) -> Plan:
    return zone(district, stage=Stage.PRIMARY, year=2026, **({"stop": FEW} | options))


def school_of(district: District, plan: Plan) -> list[str]:
    return [district.schools.ids[j] if j >= 0 else "" for j in plan.catchments[0].first_school()]


@pytest.mark.parametrize("regime", ["full", "phase_in"])
@pytest.mark.parametrize("stage", list(Stage))
def test_every_plan_is_verified(regime: str, stage: Stage) -> None:
    district = district_of({"regime": regime})
    plan = zone(district, stage=stage, year=2026, stop=FEW)
    assert plan.status in {Status.FEASIBLE, Status.OPTIMAL}
    assert plan.regime == regime
    assert [goal.name for goal in plan.goals] == [goal.name for goal in district.options.zoning.goals]
    verify(district, plan).raise_if_failed()


def test_bounds_are_below_values_and_the_certificate_is_given() -> None:
    plan = run(district_of())
    assert plan.certified_bound is not None
    assert len(plan.certificates) == 1
    assert plan.objective is not None
    assert 0.9 * plan.objective < plan.certified_bound <= plan.objective
    for goal in plan.goals:
        assert goal.bound is None or goal.bound <= goal.value + 1e-9


def test_the_least_overload_is_reached_where_seats_are_short() -> None:
    plan = run(district_of(), stop=MaxIterations(800))
    over = next(goal for goal in plan.goals if goal.name == "over_standard")
    assert over.value == 0.0  # 576 pupils on 810 seats


def test_later_goals_keep_to_the_tolerance_of_earlier_ones() -> None:
    strict = run(district_of({"goals": (GoalSpec("distance", 0.0), GoalSpec("compactness"))}))
    loose = run(district_of({"goals": (GoalSpec("distance", 0.2), GoalSpec("compactness"))}))
    assert strict.objective is not None
    assert loose.objective is not None
    assert loose.objective <= 1.2 * strict.objective + 1e-6
    assert loose.goals[1].value <= strict.goals[1].value


def test_the_same_seed_and_iterations_give_the_same_plan() -> None:
    district = district_of()
    first, second = (run(district, seed=5, stop=MaxIterations(600)) for _ in range(2))
    assert first.catchments[0].zone.tolist() == second.catchments[0].zone.tolist()
    assert first.certificates[0].multipliers.tolist() == second.certificates[0].multipliers.tolist()
    assert first.goals == second.goals


def test_an_interrupted_run_gives_its_plan_at_once() -> None:
    event = threading.Event()
    event.set()
    district = district_of()
    plan = run(district, stop=Interrupted(event))
    assert plan.status is Status.FEASIBLE
    verify(district, plan).raise_if_failed()


def test_progress_is_told_and_a_time_limit_ends_it() -> None:
    heard: list[Progress] = []
    plan = run(district_of({"goals": DISTANCE, "seats": "hard"}), stop=MaxRuntime(1.0), progress=heard.append)
    assert plan.status in {Status.FEASIBLE, Status.OPTIMAL}
    assert {event.phase for event in heard} >= {"distance"}
    assert all(event.bound is None or event.best is None or event.bound <= event.best + 1e-6 for event in heard)


def test_locks_are_kept_both_ways() -> None:
    locks = (Lock("b5_0", Stage.PRIMARY, "s0"), Lock("b0_1", Stage.PRIMARY, "s0", must=False))
    district = district_of({"locks": locks})
    plan = run(district)
    schools = school_of(district, plan)
    index = district.block_index()
    assert schools[index["b5_0"]] == "s0"
    assert schools[index["b0_1"]] != "s0"
    verify(district, plan).raise_if_failed()


def test_a_lock_against_the_school_block_cannot_be_done() -> None:
    plan = run(district_of({"locks": (Lock("b0_0", Stage.PRIMARY, "s1"),)}))
    assert plan.status is Status.INFEASIBLE
    assert not plan.catchments
    assert "b0_0" in plan.explanation.sentence
    assert [item.kind for item in plan.explanation.relaxations] == ["lock"]


def test_a_school_block_that_is_locked_out_of_its_own_school_cannot_be_done() -> None:
    plan = run(district_of({"locks": (Lock("b0_0", Stage.PRIMARY, "s0", must=False),)}))
    assert plan.status is Status.INFEASIBLE
    assert "b0_0" in plan.explanation.sentence


def test_a_lock_to_a_school_without_the_stage_cannot_be_done() -> None:
    plan = run(district_of({"locks": (Lock("b3_3", Stage.PRIMARY, "nowhere"),)}))
    assert plan.status is Status.INFEASIBLE
    assert "nowhere" in plan.explanation.sentence


def test_blocks_are_kept_together() -> None:
    together = ("b0_7", "b1_7", "b3_7")
    district = district_of({"keep_together": (together,)})
    plan = run(district)
    schools = school_of(district, plan)
    assert len({schools[district.block_index()[name]] for name in together}) == 1
    verify(district, plan).raise_if_failed()


def test_two_school_blocks_kept_together_cannot_be_done() -> None:
    plan = run(district_of({"keep_together": (("b0_0", "b2_5"),)}))
    assert plan.status is Status.INFEASIBLE


def test_hard_seats_that_do_not_suffice_are_explained() -> None:
    district = grid_district(6, 4, (0, 23), pupils=30, rooms=6)
    district = district.replace(options=Options(zoning=ZoningOptions(regime="full", seats="hard", goals=DISTANCE)))
    plan = run(district)
    assert plan.status is Status.INFEASIBLE
    assert sum(item.short for item in plan.explanation.shortage) == 720 - 540
    assert {item.kind for item in plan.explanation.relaxations} >= {"classrooms", "seats"}


def test_hard_seats_are_kept_where_they_can_be() -> None:
    district = grid_district(6, 4, (0, 23), pupils=22, rooms=6)
    district = district.replace(options=Options(zoning=ZoningOptions(regime="full", seats="hard", goals=DISTANCE)))
    plan = run(district)
    assert plan.status in {Status.FEASIBLE, Status.OPTIMAL}
    loads = np.bincount(plan.catchments[0].zone, minlength=2) * 22
    assert loads.max() <= 270
    verify(district, plan).raise_if_failed()


@pytest.mark.parametrize("cap", [0, 24, 0.1])
def test_no_more_pupils_move_than_the_cap_allows(cap: float) -> None:
    district = district_of({"moved_max": cap, "goals": DISTANCE, "regime": "full"})
    today = np.where(np.arange(48) % 8 < 3, 0, np.where(np.arange(48) % 8 < 6, 1, 2))
    today[0], today[21], today[47] = 0, 1, 2
    district = district.replace(today={Stage.PRIMARY: Catchments.from_schools(Stage.PRIMARY, 2025, today)})
    plan = run(district)
    changed = (plan.catchments[0].first_school() != today).sum() * 12
    assert changed <= (cap if cap >= 1 or cap == 0 else cap * 48 * 12)


def test_an_island_without_a_school_may_go_anywhere() -> None:
    district = district_of()
    pairs = district.adjacency.pairs()
    island = 7
    kept = (pairs != island).all(axis=1)
    district = district.replace(adjacency=Adjacency.from_pairs(48, pairs[kept], np.full(int(kept.sum()), 200.0)))
    plan = run(district)
    assert plan.catchments[0].zone[island] >= 0
    verify(district, plan).raise_if_failed()


def test_two_schools_in_one_block_pool_their_seats() -> None:
    district = grid_district(6, 6, (0, 0, 35), pupils=12, rooms=6)
    district = district.replace(options=Options(zoning=ZoningOptions(regime="full")))
    plan = run(district)
    assert plan.catchments[0].zones == ((0, 1), (2,))
    verify(district, plan).raise_if_failed()


def test_a_block_larger_than_any_school_is_kept_whole() -> None:
    pupils = np.full(36, 5)
    pupils[14] = 900
    district = grid_district(6, 6, (0, 35), pupils=pupils, rooms=6)
    district = district.replace(options=Options(zoning=ZoningOptions(regime="full")))
    plan = run(district)
    assert plan.status is not Status.INFEASIBLE
    verify(district, plan).raise_if_failed()


def test_blocks_without_pupils_are_given_a_school() -> None:
    district = grid_district(6, 6, (0, 35), pupils=0, rooms=6)
    plan = zone(district, stage="primary", year=2026, stop=FEW)
    assert (plan.catchments[0].zone >= 0).all()
    assert plan.objective == 0.0
    verify(district, plan).raise_if_failed()


def test_one_school_takes_all() -> None:
    district = grid_district(4, 4, (5,), pupils=5, rooms=6)
    plan = zone(district, stage="primary", year=2026, stop=FEW)
    assert set(plan.catchments[0].zone.tolist()) == {0}


def test_a_broken_start_is_repaired() -> None:
    district = district_of()
    scattered = np.random.default_rng(4).integers(-1, 3, 48)
    plan = run(district, start=Catchments.from_schools(Stage.PRIMARY, 2026, scattered), stop=MaxIterations(1))
    assert [check.name for check in verify(district, plan).checks if not check.ok] == []


def test_a_school_outside_all_blocks_still_has_a_catchment() -> None:
    district = district_of()
    block = district.schools.block.copy()
    block[1] = -1
    from dataclasses import replace

    district = district.replace(schools=replace(district.schools, block=block))
    plan = run(district)
    assert 1 in plan.catchments[0].first_school()
    verify(district, plan).raise_if_failed()


def test_the_first_planned_year_is_the_default() -> None:
    plan = zone(grid_district(4, 4, (0, 15), pupils=5, rooms=6), stage="primary", stop=MaxIterations(1))
    assert plan.year == 2026


def test_an_unknown_year_is_said() -> None:
    with pytest.raises(KeyError, match="no demand for the school year"):
        zone(grid_district(4, 4, (0, 15)), stage="primary", year=2099)
