"""Year after year: stability, notice of coming schools, notes on who moved; and blocks in groups for the seat model."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from districts import grid_district
from planned import seat_district

from xuequ.solver.horizon import plan
from xuequ.solver.portfolio import zone
from xuequ.solver.seat_problem import building_years, horizon_years, seat_problem, targets
from xuequ.solver.stage_years import Movements, StageTask, waiting_blocks, zone_years
from xuequ.solver.stop import Interrupted, MaxIterations
from xuequ.zoning.catchments import Catchments
from xuequ.zoning.district import District
from xuequ.zoning.options import GoalSpec, Lock, Options, ProgrammeTarget, SeatOptions, ZoningOptions
from xuequ.zoning.places import Action, SchoolKind, Site
from xuequ.zoning.plan import Plan, Status
from xuequ.zoning.seating import Opening, SeatPlan
from xuequ.zoning.stage import Programme, Stage
from xuequ.zoning.verification import verify

PRIMARY = Stage.PRIMARY
NONE = np.empty(0, dtype=np.int64)


class Never:
    def __init__(self, after: int) -> None:
        self.left = after

    def is_set(self) -> bool:
        self.left -= 1
        return self.left < 0


def wandering(seed: int, stability: int = 3, **zoning: object) -> District:
    """Return a district whose children live elsewhere each year, so that borders want to move to and fro."""
    rng = np.random.default_rng(seed)
    base = grid_district(5, 4, (0, 19, 7), pupils=rng.integers(0, 80, 20), rooms=4, stages=(PRIMARY,))
    pupils = np.array(base.demand.pupils)
    for year in range(1, pupils.shape[1]):
        pupils[0, year] = rng.permutation(pupils[0, 0], axis=1)
    options = ZoningOptions(**({"regime": "full", "goals": (GoalSpec("over_standard"), GoalSpec("distance"))} | zoning))  # type: ignore[arg-type]
    return base.replace(
        demand=replace(base.demand, pupils=pupils),
        options=Options(zoning=options),
        rules=base.rules.override({"stability_years": stability}),
    )


def zoned(district: District, **task: object) -> tuple[Plan, ...]:
    return zone_years(StageTask(district, None, district.options.zoning, PRIMARY, batches=300, **task))  # type: ignore[arg-type]


def moves_of(district: District, plans: tuple[Plan, ...]) -> list[list[int]]:
    """Return for each block the years in which it changes school."""
    before, years = district.today[PRIMARY].first_school(), [[] for _ in range(len(district.blocks))]
    for item in plans:
        now = item.catchments[0].first_school()
        for block in np.flatnonzero(now != before):
            years[block].append(item.year)
        before = now
    return years


@pytest.mark.parametrize("stability", [1, 2, 3, 5])
def test_no_block_moves_twice_within_the_years_asked_for(stability: int) -> None:
    district = wandering(1, stability)
    plans = zoned(district)
    assert [item.year for item in plans] == list(district.years)
    moved = moves_of(district, plans)
    assert any(moved)
    for years in moved:
        assert all(later - earlier >= stability for earlier, later in itertools.pairwise(years))


def test_less_stability_lets_more_blocks_move() -> None:
    counts = [sum(len(years) for years in moves_of(district, zoned(district))) for district in (wandering(1, 1), wandering(1, 5))]
    assert counts[0] > counts[1]


def test_locks_of_the_case_hold_in_every_year_and_free_their_block_from_stability() -> None:
    base = wandering(2)
    block = next(b for b in range(20) if base.today[PRIMARY].first_school()[b] == 0 and b not in base.schools.block)
    lock = Lock(base.blocks.ids[block], PRIMARY, "s2")
    district = wandering(2, locks=(lock,))
    plans = zoned(district)
    assert all(item.catchments[0].first_school()[block] == 2 for item in plans if item.catchments)


@pytest.mark.parametrize("regime", ["full", "phase_in"])
def test_each_year_is_a_plan_that_is_verified(regime: str) -> None:
    district = wandering(3, regime=regime)
    made = plan(district, stop=MaxIterations(200), seed=1)
    assert made.status is Status.FEASIBLE
    verify(district, made).raise_if_failed()


def test_seeds_of_years_differ_and_the_run_repeats() -> None:
    district = wandering(4)
    first, second = zoned(district, seed=5), zoned(district, seed=5)
    assert [item.seed for item in first] == [item.seed for item in second]
    assert len({item.seed for item in first}) == 5
    for one, other in zip(first, second, strict=True):
        assert one.catchments[0].zone.tolist() == other.catchments[0].zone.tolist()


def test_an_interruption_leaves_catchments_for_every_year() -> None:
    district = wandering(5)
    plans = zone_years(StageTask(district, None, district.options.zoning, PRIMARY), stop=Interrupted(Never(3)))
    assert [item.year for item in plans] == list(district.years)
    assert all(len(item.catchments) == 1 for item in plans)


def moved_to(district: District, year: int, changed: dict[int, int]) -> Catchments:
    school = district.today[PRIMARY].first_school().copy()
    for block, j in changed.items():
        school[block] = j
    return Catchments.from_schools(PRIMARY, year, school)


@pytest.mark.parametrize(("year", "held"), [(2027, True), (2028, True), (2029, False)])
def test_a_move_is_held_for_the_years_of_stability_and_not_longer(year: int, held: bool) -> None:  # noqa: FBT001
    district = wandering(1)
    movements = Movements(district, PRIMARY, None, district.options.zoning)
    movements.add(moved_to(district, 2026, {1: 1}))
    assert [lock.block for lock in movements.locks(year, NONE)] == (["b0_1"] if held else [])


def test_a_second_move_begins_the_years_anew_and_named_blocks_are_held_too() -> None:
    district = wandering(1)
    movements = Movements(district, PRIMARY, None, district.options.zoning)
    movements.add(moved_to(district, 2026, {1: 1}))
    movements.add(moved_to(district, 2029, {1: 2}))
    assert [(lock.block, lock.school) for lock in movements.locks(2031, NONE)] == [("b0_1", "s2")]
    assert [lock.block for lock in movements.locks(2032, np.array([8]))] == ["b1_3"]


def test_a_block_whose_school_closes_is_not_held() -> None:
    base = wandering(1)
    district = base.replace(schools=replace(base.schools, closed=np.array([9999, 2028, 9999])))
    movements = Movements(district, PRIMARY, None, district.options.zoning)
    movements.add(moved_to(district, 2026, {1: 1}))
    assert [lock.block for lock in movements.locks(2027, NONE)] == ["b0_1"]
    assert movements.locks(2028, NONE) == ()


@pytest.mark.parametrize("opens", [2027, 2029])
def test_blocks_wait_only_until_the_school_is_there(opens: int) -> None:
    district = seat_district()
    seats = SeatPlan((Opening("n1", PRIMARY, opens, 6),))
    for year in district.years:
        waiting = waiting_blocks(district, PRIMARY, year, seats)
        assert (30 in waiting) == (year < opens)
        assert (len(waiting) > 0) == (year < opens)


def test_blocks_that_wait_keep_their_school_before_a_new_one_opens() -> None:
    """The blocks round a school of 2028 stay where they are in 2026 and 2027, and some go to it then."""
    site = Site("n0", "n0", Action.NEW, (PRIMARY,), "n0", 12, 6, 6, earliest_year=2028, cost_room_wan=1)
    district = seat_district(sites=(site,), seats_min=200)
    made = plan(district, stop=MaxIterations(100))
    assert made.seats is not None
    before = district.today[PRIMARY].first_school()
    waiting = waiting_blocks(district, PRIMARY, 2026, made.seats)
    assert len(waiting)
    for item in made.catchments:
        school = item.first_school()
        if item.year < 2028:
            assert (school[waiting] == before[waiting]).all()
        else:
            assert (school[waiting] == 2).any()


# What the seat model is made of


def test_years_are_those_asked_for_that_the_demand_reaches() -> None:
    district = seat_district()
    assert building_years(district, SeatOptions()) == district.years
    assert building_years(district, SeatOptions(years=(2031, 2028, 2027))) == (2027, 2028)
    assert horizon_years(district, SeatOptions(years=(2027, 2028))) == (2029, 2030)
    short = district.replace(rules=district.rules.override({"horizon_after": 1}))
    assert horizon_years(short, SeatOptions(years=(2027,))) == (2028,)


def test_floors_are_those_of_the_options_else_of_the_rules_where_there_are_sites() -> None:
    district = seat_district().replace(options=Options())
    asked = SeatOptions(programmes={Programme.SCHOOL: ProgrammeTarget(77, 2)})
    assert targets(district, asked, Programme.SCHOOL) == ProgrammeTarget(77, 2)
    assert targets(district, SeatOptions(), Programme.SCHOOL).seats_min == 4000
    assert targets(district, SeatOptions(), Programme.KINDERGARTEN) == ProgrammeTarget()


@pytest.mark.parametrize(
    ("change", "sizes"),
    [
        ({}, (6, 6, 18, "")),
        ({"rooms_max": 60}, (6, 6, 42, "")),
        ({"rooms_min": 0, "step": 5}, (5, 5, 15, "")),
        ({"earliest_year": 2020}, (6, 6, 18, "")),
        ({"earliest_year": 2031}, (6, 6, 18, "it cannot open before 2031, after the last year of the plan, 2030")),
        (
            {"rooms_min": 48, "rooms_max": 60},
            (48, 6, 48, "its smallest size, 48 classrooms, is more than a new school may have"),
        ),
    ],
)
def test_a_new_school_has_whole_steps_below_the_largest_school(change: dict[str, int], sizes: tuple[int, int, int, str]) -> None:
    """2,000 pupils in classes of 45 are 44 rooms: of 6, 12 … the largest below it is 42."""
    site = replace(next(site for site in seat_district().sites if site.id == "n0"), **change)
    (item,) = seat_problem(seat_district(sites=(site,)), Programme.SCHOOL, SeatOptions()).sites
    assert (item.smallest, item.step, item.largest) == sizes[:3]
    assert item.why_not.startswith(sizes[3])
    assert bool(item.why_not) == bool(sizes[3])
    assert item.first_year == max(2026, site.earliest_year)


def test_private_schools_and_seats_without_classrooms() -> None:
    """A private school has no rooms for catchments; 450 seats without classrooms stand for ten."""
    base = seat_district()
    schools = base.schools
    rooms, seats = schools.rooms.copy(), np.full((5, 3), -1)
    rooms[1, 1], seats[1, 1] = -1, 450
    known = base.replace(schools=replace(schools, rooms=rooms, seats=seats))
    assert seat_problem(known, Programme.SCHOOL, SeatOptions()).rooms[2026][:2, 1].tolist() == [6, 10]
    private = base.replace(schools=replace(schools, ownership=("private", "public", "public", "public", "public")))
    assert seat_problem(private, Programme.SCHOOL, SeatOptions()).rooms[2026][:2, 1].tolist() == [0, 6]


@pytest.mark.parametrize(("regime", "standard"), [("full", [45.0, 30.0]), ("phase_in", [7.5, 5.0])])
def test_a_room_stands_for_a_class_or_for_the_entry_grades_part_of_it(regime: str, standard: list[float]) -> None:
    base = seat_district()
    kinds = (SchoolKind.FULL, SchoolKind.TEACHING_POINT, *[SchoolKind.FULL] * 3)
    district = base.replace(
        schools=replace(base.schools, kinds=kinds),
        options=Options(zoning=ZoningOptions(regime=regime)),  # type: ignore[arg-type]
    )
    problem = seat_problem(district, Programme.SCHOOL, SeatOptions())
    assert problem.sizes[PRIMARY].standard[:2] == pytest.approx(standard)
    placed = problem.block_pupils("middle", PRIMARY, 2026).sum()
    assert placed == problem.pupils("middle", PRIMARY, 2026).sum()
    whole = district.demand.of_stage(PRIMARY, 2026).sum()
    assert placed == whole if regime == "full" else placed < whole / 3


@pytest.mark.parametrize(("crowded_ways", "wanted"), [(0, 0), (1, 1), (2, 2), (3, 1)])
def test_years_that_end_too_crowded_are_gone_through_again(monkeypatch, crowded_ways, wanted):
    """The first way without large classes counts; of ways that all have some, the one with the fewest."""
    district = grid_district(pupils=10, rooms=4, years=(2026, 2027))
    calls = []

    def counted(*words, **how):
        way = len(calls) // 2
        calls.append(how["seed"])
        plan = zone(*words, **how)
        large = float((5, 3, 4)[way]) if way < crowded_ways else 0.0
        goals = (replace(goal, value=large, bound=0.0) if goal.name == "large" else goal for goal in plan.goals)
        return plan.replace(seed=way, goals=tuple(goals))

    monkeypatch.setattr("xuequ.solver.stage_years.zone", counted)
    plans = zone_years(StageTask(district, None, ZoningOptions(regime="full"), PRIMARY, batches=40))
    assert [plan.seed for plan in plans] == [wanted, wanted]
    assert len(set(calls)) == len(calls) == 2 * min(3, crowded_ways + 1)
