"""Goals of a seat plan, counted by hand and counted again by `verify`; each lie about one is found."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
from districts import grid_district
from planned import seat_district
from plans import true_seat_goals

from xuequ.solver.siting import seats as choose_seats
from xuequ.solver.stop import MaxIterations
from xuequ.zoning.accounts import account
from xuequ.zoning.distances import Distances
from xuequ.zoning.options import Options, ProgrammeTarget, SeatOptions, ZoningOptions
from xuequ.zoning.places import NEVER, Action, SchoolKind, Site
from xuequ.zoning.plan import Plan, PlanKind, Status
from xuequ.zoning.seating import Opening, SeatPlan
from xuequ.zoning.stage import Programme, Stage
from xuequ.zoning.stating import state
from xuequ.zoning.verification import verify
from xuequ.zoning.verification.ground import Ground
from xuequ.zoning.verification.seat_sums import seat_sums

PRIMARY = (Stage.PRIMARY,)
WING = Site("wing", "Wing", Action.EXPAND, PRIMARY, "s0", 8, 2, 2, earliest_year=2026, cost_room_wan=10)


def pair(pupils=(60, 60), rooms=(1, 1), *, regime="full", sites=(WING,), lost=(), years=(2026,), **options):
    """Two blocks 1,000 m apart with a school in each, the first with a wing that may be built; only primary is taught."""
    district = grid_district(
        2, 1, (0, 1), pupils=np.array(pupils), rooms=rooms, years=years, side_m=1000.0, stages=PRIMARY,
    )  # fmt: skip
    matrix = district.distances.to_matrix().copy()
    for block, school in lost:
        matrix[block, school] = np.inf
    free = dict.fromkeys(Programme, ProgrammeTarget())
    made = Options(zoning=ZoningOptions(regime=regime), seats=SeatOptions(programmes=free, group_blocks=2, **options))
    return district.replace(distances=Distances.from_matrix(matrix), sites=sites, options=made)


def sums(district, *openings):
    return seat_sums(Ground(district, list(openings)))


class TestByHand:
    """Primary rooms hold 55 pupils before a class is large, 65 before it is super-large (policy §3)."""

    @pytest.mark.parametrize(
        ("pupils", "large", "super_large"),
        [
            pytest.param((55, 55), 0, 0, id="all classes of 55"),
            pytest.param((56, 54), 0, 0, id="one more goes to the other school"),
            pytest.param((56, 55), 1, 0, id="one too many"),
            pytest.param((65, 65), 20, 0, id="all classes of 65"),
            pytest.param((66, 65), 21, 1, id="and one more"),
            pytest.param((300, 0), 190, 170, id="far too many"),
            pytest.param((0, 0), 0, 0, id="nobody"),
        ],
    )
    def test_pupils_above_seats(self, pupils, large, super_large):
        found = sums(pair(pupils))
        assert (found.large, found.super_large) == (large, super_large)

    def test_a_wing_relieves_both(self):
        assert sums(pair((300, 0)), ("wing", Stage.PRIMARY, 2026, 2)).large == 300 - 4 * 55
        assert sums(pair((300, 0)), ("wing", Stage.PRIMARY, 2027, 2)).large == 190

    def test_who_reaches_one_school_only_cannot_sit_at_the_other(self):
        """The first block reaches its own school only: 10 above 55, though the other has 55 free."""
        found = sums(pair((65, 0), lost=((0, 1),)))
        assert (found.large, found.super_large) == (10, 0)

    def test_years_add_up_and_later_ones_count_while_there_is_demand(self):
        """2026 is planned; 2027 and 2028 lie within ``horizon_after``."""
        district = pair((56, 55), years=(2026, 2027, 2028)).replace(years=(2026,))
        assert sums(district).large == 3
        short = district.replace(rules=district.rules.override({"horizon_after": 1}))
        assert sums(short).large == 2
        late = district.replace(options=replace(district.options, seats=replace(district.options.seats, years=(2027,))))
        assert sums(late).large == 2

    def test_a_school_seats_pupils_in_the_years_in_which_it_runs(self):
        """110 pupils on 2 × 55 seats; the second school opens in 2027 and closes in 2028: 55 too many without it."""
        district = pair((60, 50), years=(2026, 2027, 2028))
        schools = replace(district.schools, opened=np.array([0, 2027]), closed=np.array([NEVER, 2028]))
        assert sums(district.replace(schools=schools)).large == 2 * 55
        assert sums(district).large == 0

    def test_the_worst_scenario_counts(self):
        district = pair((56, 55), scenarios=("middle", "high"))
        demand = district.demand
        high = replace(demand, scenarios=("middle", "high"), pupils=np.concatenate([demand.pupils, 2 * demand.pupils]))
        assert sums(district.replace(demand=high)).large == 2 * 111 - 110
        seats = replace(district.options.seats, scenarios=("middle",))
        assert sums(district.replace(demand=high, options=replace(district.options, seats=seats))).large == 1

    def test_in_phase_in_the_entry_grade_has_its_part_of_the_rooms(self):
        """Six rooms of six grades: one class for the entry grade, 55 pupils of it before it is large."""
        district = pair((0, 0), (6, 6), regime="phase_in")
        pupils = np.zeros_like(district.demand.pupils)
        pupils[:, :, Stage.PRIMARY.grade_slice.start, 0] = 120
        pupils[:, :, Stage.PRIMARY.grade_slice.start + 1, 0] = 9000
        found = sums(district.replace(demand=replace(district.demand, pupils=pupils)))
        assert (found.large, found.super_large) == (10, 0)

    def test_private_schools_seat_nobody_but_private_kindergartens_do(self):
        district = pair((60, 0))
        private = district.replace(schools=replace(district.schools, ownership=("public", "private")))
        assert sums(private).large == 5
        rooms = np.tile([2, 0, 0], (2, 1))
        nursery = replace(district.schools, rooms=rooms, ownership=("public", "private"))
        site = replace(WING, stages=(Stage.KINDERGARTEN,))
        small = district.replace(schools=nursery, sites=(site,))
        assert sums(small).large == 0
        assert sums(small.replace(schools=replace(nursery, rooms=np.array([[2, 0, 0], [0, 0, 0]])))).large == 0
        assert sums(small.replace(schools=replace(nursery, rooms=np.array([[1, 0, 0], [0, 0, 0]])))).large == 30

    def test_seats_alone_are_as_many_rooms_as_hold_them(self):
        district = pair((60, 0))
        schools = replace(district.schools, rooms=np.array([[0, -1, 0], [0, 0, 0]]), seats=np.array([[-1, 45, -1], [-1] * 3]))
        assert sums(district.replace(schools=schools)).large == 5

    def test_a_teaching_point_has_smaller_planned_classes_but_no_smaller_large_ones(self):
        district = pair((60, 0))
        kinds = (SchoolKind.TEACHING_POINT, SchoolKind.FULL)
        assert sums(district.replace(schools=replace(district.schools, kinds=kinds))).large == 0
        assert sums(district.replace(schools=replace(district.schools, kinds=kinds))).idle_seats == 30 + 45 - 60

    @pytest.mark.parametrize(
        ("pupils", "built", "idle"), [((45, 44), 0, 1), ((45, 45), 0, 0), ((60, 60), 0, 0), ((0, 0), 4, 270)]
    )
    def test_seats_that_stand_empty_in_the_last_year(self, pupils, built, idle):
        openings = [("wing", Stage.PRIMARY, 2026, built)] if built else []
        assert sums(pair(pupils), *openings).idle_seats == idle

    def test_a_relocation_closes_the_rooms_that_it_replaces(self):
        site = Site("new", "New", Action.RELOCATE, PRIMARY, "new", 12, 2, 2, replaces="s0")
        district = pair((60, 0), sites=(site,))
        old = district.schools
        schools = replace(
            old, ids=("s0", "s1", "new"), points=old.points[[0, 1, 0]], rooms=np.vstack([old.rooms, [[0, 0, 0]]]),
            block=np.array([0, 1, 0]), opened=np.array([0, 0, NEVER]), names=(), closed=None, seats=None, settings=(),
            ownership=(), kinds=(), group=(), lead=None, land_m2=None, necessary=None, invented=None,
        )  # fmt: skip
        matrix = district.distances.to_matrix()[:, [0, 1, 0]]
        moved = district.replace(schools=schools, distances=Distances.from_matrix(matrix))
        assert sums(moved).idle_seats == 90 - 60
        assert sums(moved, ("new", Stage.PRIMARY, 2026, 2)).idle_seats == 45 + 90 - 60

    def test_ways_lie_between_the_nearest_and_the_furthest_school(self):
        found = sums(pair((40, 40)))
        assert (found.distance.least, found.distance.most) == pytest.approx((0, 80))
        assert (found.too_far.least, found.too_far.most) == (0, 80)
        one = sums(pair((40, 40), lost=((0, 1), (1, 1))))
        assert one.distance.least == pytest.approx(one.distance.most) == pytest.approx(40)
        assert one.too_far.least == one.too_far.most == 40

    def test_who_has_no_seat_at_all_has_no_way(self):
        """Twice the absolute seats are the most that sit at a school: 260 of 300."""
        found = sums(pair((300, 0), lost=((0, 0),)))
        assert found.super_large == 300 - 65
        assert (found.distance.least, found.distance.most) == pytest.approx((130, 300))

    def test_a_stage_that_nobody_teaches_is_not_planned(self):
        district = pair((60, 60))
        pupils = district.demand.pupils.copy()
        pupils[:, :, Stage.JUNIOR.grade_slice] = 500
        assert sums(district.replace(demand=replace(district.demand, pupils=pupils))).super_large == 0

    def test_a_case_without_sites_and_floors_has_no_seat_goals(self):
        assert sums(pair((300, 300), sites=())) == type(sums(pair()))()


@pytest.fixture(scope="module")
def built():
    """A seat plan of `seat_district` where seats are short, with its goals as they are."""
    district = seat_district(pupils=60, budget={2026: 3000, 2027: 2000})
    openings = (Opening("x0", Stage.PRIMARY, 2027, 6), Opening("x1", Stage.PRIMARY, 2026, 4))
    seats = SeatPlan(openings)
    cost = float(account(district, seats, Programme.SCHOOL).present_value_wan)
    goals = true_seat_goals(district, seats, cost)
    plan = Plan(PlanKind.SEATS, Status.FEASIBLE, district.fingerprint, goals=goals, objective=cost, solver_bound=0.0, seats=seats)
    return district, state(district, plan)


def lied(statement, goal, key, change):
    plan = copy.deepcopy(dict(statement.plan))
    (item,) = [each for each in plan["goals"] if each["name"] == goal]
    item[key] = change(item[key])
    return replace(statement, plan=plan)


class TestLies:
    def test_the_truth(self, built):
        district, statement = built
        assert [goal["value"] > 0 for goal in statement.plan["goals"][:3]] == [True] * 3
        assert verify(district, statement).failed == ()

    @pytest.mark.parametrize("goal", ["super_large", "large", "idle_seats"])
    @pytest.mark.parametrize("by", [-1.0, -0.001, 0.001, 1.0])
    def test_what_is_counted_exactly(self, built, goal, by):
        district, statement = built
        failed = {item.name for item in verify(district, lied(statement, goal, "value", lambda value: value + by)).failed}
        assert f"goals.{goal}" in failed

    @pytest.mark.parametrize("goal", ["too_far", "distance"])
    @pytest.mark.parametrize("value", [0.0, 1e7, -1.0, None, "far", True, float("nan")])
    def test_ways_that_no_flow_can_have(self, built, goal, value):
        district, statement = built
        failed = {item.name for item in verify(district, lied(statement, goal, "value", lambda _: value)).failed}
        assert f"goals.{goal}" in failed

    @pytest.mark.parametrize(("goal", "tolerance"), [("large", 0.005), ("too_far", 0.0), ("distance", 0.01), ("cost", None)])
    def test_another_tolerance(self, built, goal, tolerance):
        district, statement = built
        failed = {item.name for item in verify(district, lied(statement, goal, "tolerance", lambda _: tolerance)).failed}
        assert failed == {"goals.tolerance"}

    @pytest.mark.parametrize("goal", ["super_large", "large", "too_far", "cost", "distance", "idle_seats"])
    def test_a_bound_above_the_value(self, built, goal):
        district, statement = built
        assert {item.name for item in verify(district, lied(statement, goal, "bound", lambda _: 1e9)).failed} == {"goals.bound"}


@pytest.mark.parametrize("regime", ["full", "phase_in"])
@pytest.mark.parametrize("pupils", [20, 60, 200])
def test_what_is_chosen_verifies_where_the_district_lacks_seats_in_all(regime, pupils):
    """In ``phase_in`` the entry grade is seated: what lacks over all grades is more than the goal says."""
    district = seat_district(pupils=pupils, budget={2026: 3000, 2027: 2000}, seats_min=200)
    district = district.replace(options=replace(district.options, zoning=ZoningOptions(regime=regime)))
    plan = choose_seats(district, stop=MaxIterations(5))
    assert plan.goals[1].value > 0 or pupils == 20
    assert verify(district, plan).failed == ()
