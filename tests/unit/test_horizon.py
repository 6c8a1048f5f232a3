"""The whole plan: seats, catchments of every stage and year, clusters; stages coupled by rolls, blocks by stability."""

from __future__ import annotations

import dataclasses
import threading

import numpy as np
import pytest
from planned import FREE, PRIMARY, cluster_district, seat_district

from xuequ.solver import stage_years
from xuequ.solver.horizon import plan
from xuequ.solver.stage_years import Movements, StageTask, waiting_blocks, zone_years
from xuequ.solver.stop import Interrupted, MaxIterations, MaxRuntime
from xuequ.zoning.catchments import Catchments
from xuequ.zoning.explanation import Explanation
from xuequ.zoning.options import Lock, ProgrammeTarget
from xuequ.zoning.places import Action, Site
from xuequ.zoning.plan import Plan, PlanKind, Status
from xuequ.zoning.seating import Opening, SeatPlan
from xuequ.zoning.stage import Programme, Stage
from xuequ.zoning.stating import state
from xuequ.zoning.verification import verify

FEW = MaxIterations(60)


def with_leads(district):
    return district.replace(schools=dataclasses.replace(district.schools, lead=np.arange(len(district.schools)) < 2))


@pytest.fixture(scope="module")
def whole():
    """Six schools, two leads, one site that opens eight rooms at s1."""
    base = cluster_district(pupils=14)
    site = Site("x1", "x1", Action.EXPAND, PRIMARY, "s1", 8, 4, 2, earliest_year=2027, cost_fixed_wan=10, cost_room_wan=5)
    target = {Programme.SCHOOL: ProgrammeTarget(180, 1), Programme.KINDERGARTEN: FREE}
    options = dataclasses.replace(base.options, seats=dataclasses.replace(base.options.seats, programmes=target, group_blocks=12))
    district = base.replace(sites=(site,), options=options)
    return district, plan(district, stop=FEW, seed=3)


def test_every_stage_has_catchments_for_every_year(whole):
    district, made = whole
    assert made.kind is PlanKind.PLAN
    assert [(item.stage, item.year) for item in made.catchments] == [
        (stage, year) for stage in (Stage.PRIMARY, Stage.JUNIOR) for year in district.years
    ]
    assert [(stage, year) for stage, year, _ in made.stage_goals] == [(item.stage, item.year) for item in made.catchments]


def test_goals_are_those_of_the_seats(whole):
    _, made = whole
    assert [goal.name for goal in made.goals][:4] == ["super_large", "large", "too_far", "cost"]
    assert made.objective == next(goal.value for goal in made.goals if goal.name == "cost")
    assert sum(item.rooms for item in made.seats.openings) >= 4


def test_clusters_are_those_of_the_last_year(whole):
    district, made = whole
    assert sorted(member.school for member in made.clusters.members) == sorted(district.schools.ids)


def test_it_says_when_the_last_large_class_goes(whole):
    _, made = whole
    assert any(reason.startswith("With the plan") for reason in made.explanation.reasons)


def test_an_independent_checker_accepts_it(whole):
    district, made = whole
    verify(district, state(district, made)).raise_if_failed()


def test_the_same_seed_and_iterations_give_the_same_plan(whole):
    district, made = whole
    again = plan(district, stop=MaxIterations(60), seed=3)
    assert again.seats == made.seats
    assert again.clusters == made.clusters
    for one, other in zip(made.catchments, again.catchments, strict=True):
        assert (one.zone == other.zone).all()


def test_floors_that_cannot_be_met_end_the_plan_with_their_explanation():
    made = plan(seat_district(seats_min=9000), stop=FEW)
    assert made.status is Status.INFEASIBLE
    assert made.seats is None
    assert made.catchments == ()
    assert "9,000 seats" in made.explanation.sentence


def test_a_district_without_sites_and_leads_is_zoned_alone():
    district = seat_district(sites=())
    made = plan(district, stop=FEW)
    assert made.seats is None
    assert made.clusters is None
    assert len(made.catchments) == len(district.years)
    assert made.status is Status.FEASIBLE


def test_clusters_that_cannot_be_are_said_first():
    district = cluster_district(ties=[(0, 3, "tight")])
    made = plan(district, stop=FEW)
    assert made.status is Status.INFEASIBLE
    assert "lead two clusters" in made.explanation.sentence
    assert made.catchments


def test_a_new_school_has_a_catchment_from_its_first_year():
    """n0 opens in 2028: the block it stands in is its own from then on."""
    site = Site("n0", "n0", Action.NEW, PRIMARY, "n0", 12, 6, 6, earliest_year=2028, cost_room_wan=1)
    district = seat_district(sites=(site,), seats_min=200)
    made = plan(district, stop=MaxIterations(100))
    opened = made.seats.first_year("n0")
    for item in made.catchments:
        assert (item.first_school()[5] == 2) == (item.year >= opened)


def test_processes_give_the_plan_that_one_process_gives(whole):
    district, _ = whole
    small = district.replace(years=district.years[:2])
    alone = plan(small, stop=MaxIterations(40), seed=3)
    side_by_side = plan(small, stop=MaxIterations(40), seed=3, threads=2)
    for one, other in zip(alone.catchments, side_by_side.catchments, strict=True):
        assert (one.stage, one.year) == (other.stage, other.year)
        assert (one.zone == other.zone).all()


def test_an_interrupted_plan_is_whole(whole):
    district, _ = whole
    event = threading.Event()
    event.set()
    made = plan(district, stop=Interrupted(event))
    assert len(made.catchments) == 2 * len(district.years)
    assert made.seats is not None


def test_progress_names_the_stage_and_the_year(whole):
    district, _ = whole
    events = []
    plan(district.replace(years=(2026, 2027)), stop=MaxIterations(20), progress=events.append)
    assert any(event.phase.startswith("primary 2026") for event in events)
    assert any(event.phase.startswith("clusters") for event in events)
    assert all(later.elapsed_s >= 0 for later in events)


# Movements


def moved_to(district, year, school):
    return Catchments.from_schools(Stage.PRIMARY, year, np.array(school))


@pytest.fixture
def halves():
    district = seat_district()
    return district, district.today[Stage.PRIMARY].first_school()


def test_a_block_that_moved_stays_for_the_years_of_stability(halves):
    district, today = halves
    movements = Movements(district, Stage.PRIMARY, None, district.options.zoning)
    school = today.copy()
    block = int(np.flatnonzero(today == 0)[5])
    school[block] = 1
    movements.add(moved_to(district, 2026, school))
    none = np.empty(0, dtype=np.int64)
    for year in (2027, 2028):
        assert [(lock.block, lock.school) for lock in movements.locks(year, none)] == [(district.blocks.ids[block], "s1")]
    assert movements.locks(2029, none) == ()


def test_a_move_by_a_lock_of_the_case_is_none(halves):
    district, today = halves
    block = int(np.flatnonzero(today == 0)[5])
    lock = Lock(district.blocks.ids[block], Stage.PRIMARY, "s1")
    movements = Movements(district, Stage.PRIMARY, None, dataclasses.replace(district.options.zoning, locks=(lock,)))
    school = today.copy()
    school[block] = 1
    movements.add(moved_to(district, 2026, school))
    assert movements.locks(2027, np.empty(0, dtype=np.int64)) == ()


def test_a_move_with_the_school_that_closes_is_none(halves):
    """r0 takes the place of s1 in 2027: its blocks go along, and may move again."""
    district, today = halves
    seats = SeatPlan((Opening("r0", Stage.PRIMARY, 2027, 12),))
    movements = Movements(district, Stage.PRIMARY, seats, district.options.zoning)
    movements.add(moved_to(district, 2027, np.where(today == 1, 4, today)))
    assert movements.locks(2028, np.empty(0, dtype=np.int64)) == ()


def test_the_block_that_a_school_opens_in_is_free(halves):
    district, today = halves
    seats = SeatPlan((Opening("n0", Stage.PRIMARY, 2028, 6),))
    movements = Movements(district, Stage.PRIMARY, seats, district.options.zoning)
    school = today.copy()
    school[5] = 2
    movements.add(moved_to(district, 2028, school))
    assert movements.locks(2029, np.empty(0, dtype=np.int64)) == ()


def test_blocks_wait_for_a_school_that_is_coming():
    district = seat_district()
    seats = SeatPlan((Opening("n0", Stage.PRIMARY, 2028, 6),))
    waiting = waiting_blocks(district, Stage.PRIMARY, 2026, seats)
    assert 5 in waiting
    assert 30 not in waiting
    assert len(waiting_blocks(district, Stage.PRIMARY, 2028, seats)) == 0
    assert len(waiting_blocks(district, Stage.PRIMARY, 2026, None)) == 0


def test_no_block_moves_twice_within_the_years_of_stability():
    """Children wander from one corner to the other, which draws the border to and fro."""
    rng = np.random.default_rng(4)
    district = seat_district(sites=(), rooms=3)
    pupils = np.array(district.demand.pupils)
    for year in range(1, pupils.shape[1]):
        pupils[0, year] = rng.permutation(pupils[0, 0], axis=1)
    wandering = district.replace(demand=dataclasses.replace(district.demand, pupils=pupils))
    task = StageTask(wandering, None, wandering.options.zoning, Stage.PRIMARY, batches=200)
    plans = zone_years(task)
    before, last = wandering.today[Stage.PRIMARY].first_school(), np.full(36, -99)
    for item in plans:
        now = item.catchments[0].first_school()
        moved = now != before
        assert (item.year - last[moved] >= wandering.rules.stability_years).all()
        last[moved] = item.year
        before = now


def test_a_year_without_a_way_in_keeps_the_catchments_of_the_year_before(monkeypatch):
    """The search finds nothing from the second year on: the first year's catchments stand, and it is said why."""
    district = seat_district(sites=())
    found = stage_years.zone

    def fails_later(*args, year, **options):
        made = found(*args, year=year, **options)
        return made if year == 2026 else made.replace(
            status=Status.INFEASIBLE, catchments=(), explanation=Explanation(("no way in",))
        )  # fmt: skip

    monkeypatch.setattr(stage_years, "zone", fails_later)
    plans = zone_years(StageTask(district, None, district.options.zoning, Stage.PRIMARY, batches=100))
    assert len(plans) == 5
    assert all((item.catchments[0].zone == plans[0].catchments[0].zone).all() for item in plans)
    assert "the catchments of 2026 are kept: no way in" in plans[1].explanation.reasons
    assert plans[1].goals[0].name == plans[0].goals[0].name


def test_the_first_year_that_cannot_be_done_ends_the_stage(monkeypatch):
    district = seat_district(sites=())
    blank = Plan(PlanKind.ZONE, Status.INFEASIBLE, "", stage=Stage.PRIMARY, year=2026, explanation=Explanation(("so it is",)))
    monkeypatch.setattr(stage_years, "zone", lambda *_, **__: blank)
    plans = zone_years(StageTask(district, None, district.options.zoning, Stage.PRIMARY))
    assert plans == (blank,)
    made = plan(district, stop=MaxRuntime(5))
    assert made.status is Status.INFEASIBLE
    assert "primary 2026: so it is" in made.explanation.reasons


def test_the_regime_full_needs_no_rolls():
    base = seat_district(sites=())
    zoning = dataclasses.replace(base.options.zoning, regime="full")
    district = base.replace(options=dataclasses.replace(base.options, zoning=zoning), years=(2026, 2027))
    made = plan(district, stop=FEW)
    assert made.regime == "full"
    assert [item.year for item in made.catchments] == [2026, 2027]
