"""Goals of clusters, counted by hand: overflow that nobody covers, seats out of balance, ways to leads, changes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from planned import cluster_district
from plans import rich_district, rich_seats

from xuequ.zoning.cluster import ClusterPlan, Membership, Role
from xuequ.zoning.cluster_measures import Loads, cluster_goal_values, school_loads, today_clusters, way_to_lead_m
from xuequ.zoning.distances import Distances
from xuequ.zoning.rolls import Rolls, start_rolls
from xuequ.zoning.stage import GRADES, Stage

DISTRICT = cluster_district(schools=(0, 5, 30, 35), leads=(0, 3), rural=())
"""Four schools in the corners of a grid of 6 × 6 blocks of 200 m: 1,000 m along a side, 1,414 m across."""
HALVES = {0: 0, 1: 0, 2: 3, 3: 3}
"""The upper two schools are one cluster, the lower two the other."""


def loads(primary, junior=(0, 0, 0, 0), planned=100):
    pupils = np.column_stack([np.zeros(4), primary, junior])
    seats = np.column_stack([np.zeros(4), np.full(4, planned), np.full(4, planned)])
    return Loads(pupils, seats)


def values(clusters, counted, today=None):
    return cluster_goal_values(DISTRICT, clusters, counted, {} if today is None else today)


@pytest.mark.parametrize(
    ("primary", "junior", "uncovered"),
    [
        pytest.param((100, 100, 100, 100), (0, 0, 0, 0), 0, id="full"),
        pytest.param((150, 50, 100, 100), (0, 0, 0, 0), 0, id="covered by the member"),
        pytest.param((150, 60, 0, 0), (0, 0, 0, 0), 10, id="not by another cluster"),
        pytest.param((150, 50, 100, 100), (100, 101, 0, 0), 1, id="nor by seats of another stage"),
        pytest.param((150, 150, 150, 150), (110, 110, 0, 0), 220, id="all that is too much"),
    ],
)
def test_uncovered_is_what_no_member_can_take(primary, junior, uncovered):
    assert values(HALVES, loads(primary, junior))["uncovered"] == uncovered


def test_balance_counts_seats_beyond_a_tenth_of_the_districts_ratio():
    """800 seats for 800 pupils: one seat a pupil. 400 seats may have 364 (÷ 1.1) to 444 (÷ 0.9) pupils."""
    even = loads((100, 100, 100, 100), (100, 100, 100, 100))
    assert values(HALVES, even)["balance"] == 0
    tilted = loads((110, 110, 90, 90), (110, 110, 90, 90))
    assert values(HALVES, tilted)["balance"] == pytest.approx(4)  # 400 seats, 360 pupils · 1.1 = 396
    more = loads((120, 120, 80, 80), (120, 120, 80, 80))
    assert values(HALVES, more)["balance"] == pytest.approx((0.9 * 480 - 400) + (400 - 1.1 * 320))


def test_nobody_at_school_is_no_division_by_zero():
    assert values(HALVES, loads((0, 0, 0, 0)))["uncovered"] == 0


def test_travel_is_the_way_of_each_member_to_its_lead():
    assert values(HALVES, loads((1, 1, 1, 1)))["travel"] == pytest.approx(2.0)
    assert values({0: 0, 1: 0, 2: 0, 3: 0}, loads((1, 1, 1, 1)))["travel"] == pytest.approx(3.414)


def test_ways_are_whole_metres_from_the_block_of_the_lead_and_straight_where_none_is_known():
    matrix = DISTRICT.distances.to_matrix().copy()
    matrix[0, 1], matrix[0, 2] = 1234.6, np.inf
    district = DISTRICT.replace(distances=Distances.from_matrix(matrix))
    assert [way_to_lead_m(district, 0, j) for j in range(4)] == [0, 1235, 1000, 1414]
    outside = district.replace(schools=replace(district.schools, block=np.array([-1, 5, 30, 35])))
    assert [way_to_lead_m(outside, 0, j) for j in range(4)] == [0, 1000, 1000, 1414]


@pytest.mark.parametrize(
    ("today", "changed"),
    [({}, 0), (HALVES, 0), ({0: 0, 1: 3, 2: 3, 3: 3}, 1), ({0: 3, 1: 3, 2: 0, 3: 0}, 4), ({1: 3}, 1)],
    ids=["no clusters today", "the same", "one school", "leads swapped", "only one has a cluster today"],
)
def test_changed_are_those_whose_lead_is_another(today, changed):
    assert values(HALVES, loads((1, 1, 1, 1)), today)["changed"] == changed


class TestToday:
    PLAN = ClusterPlan((
        Membership("s0", "s0", Role.LEAD), Membership("s3", "s0", Role.RURAL), Membership("s1", "s1", Role.LEAD),
        Membership("gone", "s1", Role.URBAN), Membership("s2", "nowhere", Role.URBAN),
    ))  # fmt: skip

    def test_only_schools_and_leads_that_there_are(self):
        assert today_clusters(rich_district(clusters=self.PLAN), 2026) == {0: 0, 3: 0, 1: 1}

    def test_the_new_school_has_the_place_of_the_one_it_replaces(self):
        """``moved`` (5) replaces ``s3`` in 2028."""
        district = rich_district(clusters=self.PLAN)
        assert today_clusters(district, 2027, rich_seats()) == {0: 0, 3: 0, 1: 1}
        assert today_clusters(district, 2028, rich_seats()) == {0: 0, 5: 0, 1: 1}

    def test_a_lead_that_moves_leads_from_its_new_place(self):
        led = ClusterPlan((Membership("s3", "s3", Role.LEAD), Membership("s2", "s3", Role.URBAN)))
        assert today_clusters(rich_district(clusters=led), 2028, rich_seats()) == {5: 5, 2: 5}

    def test_no_clusters_today(self):
        assert today_clusters(rich_district(), 2026) == {}


def test_loads_are_of_primary_and_junior_in_the_year():
    district = rich_district()
    rolls = start_rolls(district)
    found = school_loads(district, rolls)
    assert found.pupils[:, 0].sum() == found.planned[:, 0].sum() == 0
    assert found.pupils[:, 1].sum() == district.demand.of_stage(Stage.PRIMARY, 2025).sum()
    assert found.planned[:4, 1:].tolist() == [[8 * 45, 8 * 50]] * 4
    assert found.planned[4:].sum() == 0
    later = school_loads(district, Rolls(2028, np.zeros((6, len(GRADES))), np.zeros((6, len(GRADES)))), rich_seats())
    assert later.planned[:, 1].tolist() == [12 * 45, 8 * 45, 8 * 45, 0, 12 * 45, 12 * 45]


def test_members_are_found_by_school_and_by_cluster():
    plan = TestToday.PLAN
    assert plan.cluster_of()["s3"] == "s0"
    assert {name: [item.school for item in members] for name, members in plan.clusters().items()} == {
        "s0": ["s0", "s3"], "s1": ["s1", "gone"], "nowhere": ["s2"],
    }  # fmt: skip
