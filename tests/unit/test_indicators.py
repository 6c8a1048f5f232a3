"""Loads, alerts, ways and the value of each goal, on districts small enough to count by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from districts import grid_district
from plans import hand_plan

from xuequ.zoning.catchments import Catchments
from xuequ.zoning.cluster import ClusterPlan, Membership, Role
from xuequ.zoning.demand import Demand
from xuequ.zoning.distances import Distances
from xuequ.zoning.indicators import (
    alert,
    assigned_distance_m,
    cut_border_m,
    goal_value,
    goal_values,
    is_moved,
    nearest_zone,
    split_families,
    utilisation,
    ways,
    zone_distances,
    zone_loads,
)
from xuequ.zoning.options import GOAL_UNITS
from xuequ.zoning.places import Setting
from xuequ.zoning.rounds import admission_round, pupils_placed, rolls_by_year, seat_capacity, stage_capacity, zoned_schools
from xuequ.zoning.rules import Rules
from xuequ.zoning.stage import Stage

RULES = Rules()


@pytest.mark.parametrize(
    ("pupils", "planned", "colour"),
    [
        (404, 450, "green"), (405, 450, "yellow"), (449, 450, "yellow"), (450, 450, "red"), (0, 0, "green"), (1, 0, "red"),
        (0, 45, "green"),
    ],
)  # fmt: skip
def test_b9_alerts_in_whole_numbers(pupils, planned, colour):
    assert alert(RULES, pupils, planned) == colour


def test_alerts_follow_the_rules_of_the_case():
    rules = RULES.override({"alert_yellow": 0.7, "alert_red": 1.1})
    assert [alert(rules, pupils, 100) for pupils in (69, 70, 109, 110)] == ["green", "yellow", "yellow", "red"]


@pytest.mark.parametrize(("pupils", "planned", "expected"), [(45, 90, 0.5), (100, 45, 2.2222), (5, 0, None)])
def test_utilisation(pupils, planned, expected):
    assert utilisation(pupils, planned) == expected


@pytest.fixture
def row():
    """Six blocks in a row, 30 pupils each of primary, a school at each end with 2 rooms; today three blocks each."""
    district = grid_district(6, 1, (0, 5), pupils=30, rooms=2, years=(2026,))
    return district, admission_round(district, Stage.PRIMARY, 2026, regime="full")


def given(zone, zones=((0,), (1,))):
    return Catchments(Stage.PRIMARY, 2026, zones, np.array(zone))


class TestGoals:
    def test_every_goal_has_a_value_and_a_unit(self, row):
        district, chosen = row
        values = goal_values(GOAL_UNITS, district, chosen, given([0, 0, 0, 1, 1, 1]))
        assert values.keys() == GOAL_UNITS.keys()
        assert all(value >= 0 for value in values.values())

    def test_loads_above_the_three_capacities(self, row):
        district, chosen = row
        item = given([0, 0, 0, 0, 0, 1])
        assert zone_loads(item, chosen.pupils).tolist() == [150, 30]
        assert chosen.capacity.planned.tolist() == [90, 90]
        found = goal_values(("over_standard", "large", "super_large"), district, chosen, item)
        assert found == {"over_standard": 60.0, "large": 40.0, "super_large": 20.0}

    def test_distance_is_pupils_times_kilometres(self, row):
        district, chosen = row
        assert goal_value("distance", district, chosen, given([0, 0, 0, 1, 1, 1])) == pytest.approx(30 * 2 * (0.2 + 0.4))

    def test_too_far_is_above_the_limit_of_the_block(self, row):
        district, chosen = row
        item = given([0, 0, 0, 0, 0, 1])
        assert goal_value("too_far", district, chosen, item) == 30.0
        rural = district.replace(blocks=replace(district.blocks, settings=(Setting.RURAL,) * 6))
        wide = admission_round(rural, Stage.PRIMARY, 2026, regime="full")
        assert goal_value("too_far", rural, wide, item) == 0.0

    def test_who_has_no_way_is_too_far_and_adds_no_distance(self, row):
        district, chosen = row
        item = given([0, 0, -1, 1, 1, 1])
        assert goal_value("too_far", district, chosen, item) == 30.0
        assert goal_value("distance", district, chosen, item) == pytest.approx(30 * (0.2 + 0.2 + 0.4))

    def test_moved_pupils_are_those_of_blocks_with_other_schools(self, row):
        district, chosen = row
        item = given([0, 0, 1, 1, 1, 1])
        assert is_moved(district, item).tolist() == [False, False, True, False, False, False]
        assert goal_value("moved", district, chosen, item) == 30.0

    def test_nobody_moves_where_today_is_not_known(self, row):
        district, chosen = row
        assert goal_value("moved", district.replace(today={}), chosen, given([1, 1, 1, 0, 0, 0])) == 0.0

    def test_the_order_of_the_schools_of_a_zone_is_no_move(self, row):
        district, _ = row
        today = Catchments(Stage.PRIMARY, 2025, ((1, 0),), np.zeros(6))
        both = given([0] * 6, ((0, 1),))
        assert not is_moved(district.replace(today={Stage.PRIMARY: today}), both).any()

    def test_compactness_is_the_length_of_borders_between_zones(self, row):
        district, chosen = row
        assert cut_border_m(district, given([0, 0, 0, 1, 1, 1])) == 200.0
        assert goal_value("compactness", district, chosen, given([0, 1, 0, 1, 0, 1])) == 1000.0

    def test_balance_is_the_largest_utilisation(self, row):
        district, chosen = row
        assert goal_value("balance", district, chosen, given([0, 0, 0, 0, 0, 1])) == pytest.approx(150 / 90)

    def test_split_counts_families_apart_from_their_community(self, row):
        district, _ = row
        blocks = replace(district.blocks, communities=("a", "a", "a", "b", "", ""), households=np.array([10, 20, 5, 7, 9, 9]))
        assert split_families(district.replace(blocks=blocks), given([0, 1, 1, 0, 0, 1])) == 10

    def test_reserve_is_what_is_missing_of_the_free_seats_of_a_cluster(self, row):
        district, chosen = row
        item = given([0, 0, 0, 1, 1, 1])
        assert goal_value("reserve", district, chosen, item) == 6.0
        clusters = ClusterPlan((Membership("s0", "s0", Role.LEAD), Membership("s1", "s1", Role.LEAD)))
        apart = district.replace(clusters=clusters)
        assert goal_value("reserve", apart, chosen, given([0, 0, -1, 1, 1, 1])) == 3.0

    def test_an_unknown_goal_is_told(self, row):
        district, chosen = row
        with pytest.raises(KeyError, match="beauty"):
            goal_value("beauty", district, chosen, given([0] * 6))


class TestWays:
    def test_how_far_pupils_go(self, row):
        district, chosen = row
        found = ways(district, chosen, given([0, 0, 0, 0, 1, 1]))
        assert found.pupils == 180
        assert found.mean_m == pytest.approx((0 + 200 + 400 + 600 + 200 + 0) / 6)
        assert found.longest_m == 600.0
        assert found.too_far == 0
        assert found.within_radius == pytest.approx(5 / 6)
        assert found.near_entry == 1.0

    def test_pupils_without_a_catchment_are_no_near_entry(self, row):
        district, chosen = row
        assert ways(district, chosen, given([0, 0, 0, 1, 1, -1])).near_entry == pytest.approx(5 / 6)

    def test_the_way_to_a_multi_school_zone_is_that_to_its_nearest_school(self, row):
        district, _ = row
        both = given([0] * 6, ((0, 1),))
        assert assigned_distance_m(district, both).tolist() == [0, 200, 400, 400, 200, 0]
        _, zone, metres = zone_distances(district, ((0, 1),))
        assert zone.tolist() == [0] * 6
        assert metres.tolist() == [0, 200, 400, 400, 200, 0]

    def test_the_nearest_zone_and_none(self):
        matrix = np.array([[5.0, 3.0], [2.0, 2.0], [np.inf, np.inf]])
        district = grid_district(3, 1, (0, 2)).replace(distances=Distances.from_matrix(matrix))
        nearest, way = nearest_zone(district, ((0,), (1,)))
        assert nearest.tolist() == [1, 0, -1]
        assert way.tolist() == [3.0, 2.0, np.inf]


class TestRounds:
    def test_private_schools_have_no_catchment_above_kindergarten(self):
        district = grid_district()
        mixed = district.replace(schools=replace(district.schools, ownership=("private", "public")))
        assert zoned_schools(mixed, Stage.PRIMARY, 2026).tolist() == [1]
        assert zoned_schools(mixed, Stage.KINDERGARTEN, 2026).tolist() == [0, 1]

    def test_phase_in_gives_a_school_to_the_entry_grade(self):
        district = grid_district(pupils=36)
        chosen = admission_round(district, Stage.PRIMARY, 2026, regime="phase_in")
        assert chosen.pupils.sum() == district.demand.of_grade(Stage.PRIMARY.entry_grade, 2026).sum()
        assert (chosen.capacity.planned < stage_capacity(district, Stage.PRIMARY, 2026).planned).all()

    def test_without_grades_the_regime_is_full(self):
        district = grid_district()
        pupils = np.zeros_like(district.demand.pupils)
        pupils[:, :, Stage.PRIMARY.grade_slice.start] = 12
        flat = district.replace(demand=Demand(district.demand.years, pupils, graded=False))
        chosen = admission_round(flat, Stage.PRIMARY, 2026, regime="phase_in")
        assert chosen.regime == "full"
        assert chosen.pupils.sum() == pupils_placed(flat, Stage.PRIMARY, 2026, regime="phase_in").sum() == 36 * 12

    def test_seats_alone_are_filled_up_as_standard_classes(self):
        assert seat_capacity(RULES, Stage.PRIMARY, 450) == (450, 550, 650)
        district = grid_district()
        rooms = district.schools.rooms.copy()
        rooms[1] = -1
        seats = np.array([[-1, -1, -1], [180, 540, 300]])
        known = district.replace(schools=replace(district.schools, rooms=rooms, seats=seats))
        assert stage_capacity(known, Stage.PRIMARY, 2026).planned.tolist() == [270, 540]
        assert admission_round(known, Stage.PRIMARY, 2026, regime="phase_in").capacity.planned[1] == 90

    def test_zones_of_a_plan_may_be_given(self):
        chosen = admission_round(grid_district(), Stage.PRIMARY, 2026, regime="full", zones=((0, 1),))
        assert chosen.zones == ((0, 1),)
        assert chosen.capacity.planned.tolist() == [540]

    def test_the_chain_of_rolls_begins_today(self):
        district = grid_district()
        rolls = rolls_by_year(district, {}, 2028)
        assert list(rolls) == [2025, 2026, 2027, 2028]

    def test_who_is_enrolled_must_be_known(self):
        with pytest.raises(ValueError, match="who is enrolled where"):
            admission_round(grid_district().replace(today={}), Stage.PRIMARY, 2026, regime="phase_in")


def test_a_plan_in_regime_full_needs_nobody_enrolled(row):
    district, _ = row
    plan = hand_plan(district.replace(today={}), given([0, 0, 0, 1, 1, 1]))
    assert plan.goals[5].value == 0.0
