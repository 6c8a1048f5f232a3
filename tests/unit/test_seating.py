"""Rooms over the years and the three capacities: the vectors of policy §3 by stage, kind and grade."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from plans import rich_district, rich_seats

from xuequ.zoning.classes import Classes
from xuequ.zoning.places import NEVER, SchoolKind
from xuequ.zoning.rounds import admission_round, seat_capacity, stage_capacity, zoned_schools
from xuequ.zoning.rules import Rules
from xuequ.zoning.seating import Capacity, Opening, SeatPlan, room_capacity, rooms_in, successors
from xuequ.zoning.stage import Grade, Stage

K, P, J = Stage.KINDERGARTEN, Stage.PRIMARY, Stage.JUNIOR
FULL, NON_FULL, POINT = SchoolKind.FULL, SchoolKind.NON_FULL, SchoolKind.TEACHING_POINT


@pytest.mark.parametrize(
    ("stage", "kind", "rooms", "planned", "working", "absolute"),
    [
        pytest.param(P, FULL, 10, 450, 550, 650, id="B8"),
        pytest.param(K, FULL, 6, 180, 180, 210, id="B10"),
        pytest.param(K, FULL, 1, 30, 30, 35, id="one room of a kindergarten: the mean of its years"),
        pytest.param(J, FULL, 9, 450, 495, 585, id="junior, 50 a class"),
        pytest.param(P, NON_FULL, 6, 180, 330, 390, id="non-full primary, 30 a class, large from 56 like any"),
        pytest.param(P, POINT, 2, 60, 110, 130, id="teaching point"),
        pytest.param(J, POINT, 2, 100, 110, 130, id="the smaller class is of primary only"),
        pytest.param(P, FULL, 0, 0, 0, 0, id="no room"),
    ],
)
def test_three_capacities(stage, kind, rooms, planned, working, absolute):
    assert room_capacity(Rules(), stage, kind, rooms) == (planned, working, absolute)


@pytest.mark.parametrize(
    ("stage", "kind", "rooms", "planned", "absolute"),
    [(K, FULL, 2, 50, 60), (P, FULL, 3, 135, 195), (P, POINT, 1, 30, 65), (J, FULL, 4, 200, 260)],
)
def test_rooms_of_the_entry_grade_have_its_standard(stage, kind, rooms, planned, absolute):
    found = room_capacity(Rules(), stage, kind, rooms, entry=True)
    assert (found[0], found[2]) == (planned, absolute)


@pytest.mark.parametrize("grade", list(Grade))
def test_a_room_filled_to_working_has_no_large_class_and_one_more_has(grade):
    rules = Rules()
    working = rules.working(grade)
    if grade.stage is not K:
        assert Classes.split(working, 1).count_from(rules.large_class) == 0
        assert Classes.split(working + 1, 1).count_from(rules.large_class) == 1
        assert Classes.split(rules.absolute(grade) + 1, 1).count_from(rules.super_large_class) == 1
    assert rules.standard(grade) <= working <= rules.absolute(grade)


def test_other_rules_are_followed():
    rules = Rules().override({"class_standard.primary": 40, "large_class": 51, "super_large_class": 61})
    assert room_capacity(rules, P, FULL, 10) == (400, 500, 600)
    assert seat_capacity(rules, P, 400) == (400, 500, 600)


@pytest.mark.parametrize(
    ("stage", "seats", "expected"),
    [(P, 450, (450, 550, 650)), (J, 100, (100, 110, 130)), (P, 10, (10, 12, 14)), (K, 50, (50, 50, 60))],
)
def test_seats_alone_are_filled_up_as_classes_of_the_entry_grade(stage, seats, expected):
    assert seat_capacity(Rules(), stage, seats) == expected


def test_zones_pool_their_schools():
    each = Capacity(np.array([45, 90, 50]), np.array([55, 110, 55]), np.array([65, 130, 65]))
    pooled = each.pooled(((0, 2), (1,)))
    assert (pooled.planned.tolist(), pooled.working.tolist(), pooled.absolute.tolist()) == ([95, 90], [110, 110], [130, 130])
    assert each.pooled(()).planned.tolist() == []


class TestYears:
    """``wing`` adds to s0 in 2026 and 2027, ``new`` opens in 2027, ``moved`` replaces s3 in 2028."""

    @pytest.mark.parametrize(
        ("year", "primary"),
        [(2025, [8, 8, 8, 8, 0, 0]), (2026, [10, 8, 8, 8, 0, 0]), (2027, [12, 8, 8, 8, 12, 0]), (2028, [12, 8, 8, 0, 12, 12])],
    )
    def test_rooms_by_year(self, year, primary):
        assert rooms_in(rich_district(), year, rich_seats())[:, 1].tolist() == primary

    def test_without_a_plan_nothing_opens_or_moves(self):
        district = rich_district()
        assert rooms_in(district, 2028)[:, 1].tolist() == [8, 8, 8, 8, 0, 0]
        assert successors(district, None, 2028) == {}

    def test_a_relocation_closes_all_stages_of_the_old_school(self):
        assert rooms_in(rich_district(), 2028, rich_seats())[3].tolist() == [0, 0, 0]

    @pytest.mark.parametrize(("rooms", "moved"), [(0, {}), (1, {3: 5})])
    def test_a_site_without_rooms_replaces_nobody(self, rooms, moved):
        seats = SeatPlan((Opening("moved", P, 2026, rooms),))
        assert successors(rich_district(), seats, 2026) == moved
        assert seats.first_year("moved") == (2026 if rooms else NEVER)

    def test_only_seats_stays_only_seats(self):
        district = rich_district()
        rooms = district.schools.rooms.copy()
        rooms[1, 1] = -1
        seats = np.full((6, 3), -1)
        seats[1, 1] = 500
        known = district.replace(schools=replace(district.schools, rooms=rooms, seats=seats))
        assert rooms_in(known, 2026)[1, 1] == -1
        assert stage_capacity(known, P, 2026).planned.tolist() == [360, 500, 360, 360, 0, 0]
        assert 1 in zoned_schools(known, P, 2026)

    @pytest.mark.parametrize(("year", "zoned"), [(2026, [0, 1, 2, 3]), (2027, [0, 1, 2, 3, 4]), (2028, [0, 1, 2, 4, 5])])
    def test_who_has_a_catchment(self, year, zoned):
        assert zoned_schools(rich_district(), P, year, rich_seats()).tolist() == zoned

    def test_limits_of_a_round_are_those_of_each_blocks_setting(self):
        """800 m in town by the case, 2,000 m in the country (policy §4)."""
        chosen = admission_round(rich_district(), P, 2026, regime="full")
        assert chosen.limit_m.tolist() == [800.0] * 30 + [2000.0] * 6
        assert admission_round(rich_district(), J, 2026, regime="full").limit_m.tolist() == [1300.0] * 30 + [5000.0] * 6
