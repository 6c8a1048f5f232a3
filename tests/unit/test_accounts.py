"""Money, land and seats of each building programme, counted by hand (policy §7)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from planned import seat_district
from plans import rich_district, rich_seats

from xuequ.zoning.accounts import account, closed_seats, discounted_wan, opened_seats, programme_target, room_seats
from xuequ.zoning.options import Options, ProgrammeTarget, SeatOptions
from xuequ.zoning.places import NEVER, Action, SchoolKind, Site
from xuequ.zoning.seating import Opening, SeatPlan
from xuequ.zoning.stage import Programme, Stage

SCHOOL, KINDERGARTEN = Programme.SCHOOL, Programme.KINDERGARTEN


class TestFloors:
    def test_the_plan_of_policy_7_where_the_case_says_nothing(self):
        """4,000 seats, 8 projects, 126,800 m²; 1,800 seats, 7 projects, 23,600 m²."""
        district = rich_district(options=Options())
        assert programme_target(district, SCHOOL) == ProgrammeTarget(4000, 8, 126_800, None)
        assert programme_target(district, KINDERGARTEN) == ProgrammeTarget(1800, 7, 23_600, None)

    def test_none_where_there_is_no_site_of_the_programme(self):
        district = rich_district(options=Options())
        schools = district.replace(sites=tuple(site for site in district.sites if site.programme is SCHOOL))
        assert programme_target(schools, KINDERGARTEN) == ProgrammeTarget()
        assert programme_target(schools, SCHOOL).seats_min == 4000

    def test_the_case_goes_before_the_rules_and_rules_may_be_others(self):
        asked = Options(seats=SeatOptions(programmes={SCHOOL: ProgrammeTarget(10, 1, 5, 6)}))
        district = rich_district(options=asked)
        district = district.replace(
            rules=district.rules.override({"seats_programme.kindergarten": 90, "seats_programme.school": 7})
        )
        assert programme_target(district, SCHOOL) == ProgrammeTarget(10, 1, 5, 6)
        assert programme_target(district, KINDERGARTEN).seats_min == 90


@pytest.mark.parametrize(
    ("stage", "kind", "seats"),
    [
        (Stage.PRIMARY, SchoolKind.FULL, 45),
        (Stage.PRIMARY, SchoolKind.NON_FULL, 30),
        (Stage.PRIMARY, SchoolKind.TEACHING_POINT, 30),
        (Stage.JUNIOR, SchoolKind.FULL, 50),
        (Stage.KINDERGARTEN, SchoolKind.FULL, 30),
    ],
)
def test_seats_of_a_room_by_stage_and_kind(stage, kind, seats):
    district = rich_district()
    district = district.replace(schools=replace(district.schools, kinds=(kind,) * 6))
    assert room_seats(district, stage, 0) == seats
    assert opened_seats(district, district.sites[0], stage, 7) == 7 * seats


class TestRelocation:
    """``moved`` replaces ``s3``, which has 8 rooms for each stage."""

    def site(self, district):
        return next(site for site in district.sites if site.id == "moved")

    def test_the_old_rooms_of_the_programme_close(self):
        district = rich_district()
        assert closed_seats(district, self.site(district), 2028) == 8 * 45 + 8 * 50

    def test_where_only_seats_are_known_these_close(self):
        district = rich_district()
        rooms, seats = district.schools.rooms.copy(), np.full((6, 3), -1)
        rooms[3], seats[3] = [8, -1, 8], [-1, 310, -1]
        known = district.replace(schools=replace(district.schools, rooms=rooms, seats=seats))
        assert closed_seats(known, self.site(known), 2028) == 310 + 8 * 50

    def test_a_school_that_has_closed_before_closes_nothing(self):
        district = rich_district()
        shut = replace(district.schools, closed=np.array([NEVER, NEVER, NEVER, 2027, NEVER, NEVER]))
        assert closed_seats(district.replace(schools=shut), self.site(district), 2028) == 0

    @pytest.mark.parametrize("changes", [{"action": Action.EXPAND}, {"replaces": ""}])
    def test_what_replaces_nobody_closes_nothing(self, changes):
        district = rich_district()
        assert closed_seats(district, replace(self.site(district), **changes), 2028) == 0


@pytest.mark.parametrize(
    ("cost", "rate", "years", "value"),
    [(100, 0.03, 0, 100), (100, 0.03, 1, 97), (100, 0.0, 9, 100), (0, 0.03, 4, 0), (1000, 0.03, 10, 744)],
)
def test_money_later_is_worth_less(cost, rate, years, value):
    assert discounted_wan(cost, rate, years) == value


class TestAccount:
    def test_of_a_whole_plan_by_hand(self):
        """wing 50 + 2·40 in 2026 and 2·40 in 2027; new 800 + 18·60 in 2027; moved 900 + 18·55 in 2028."""
        found = account(rich_district(), rich_seats(), SCHOOL)
        assert found.cost_wan == {2026: 130, 2027: 80 + 800 + 1080, 2028: 900 + 990}
        assert found.total_wan == 130 + 1960 + 1890
        assert (found.projects, found.land_m2) == (3, 9000 + 12_000)
        assert found.floor_m2 == 4 * 90 + 18 * 110 + 18 * 110
        assert found.seats_opened == 4 * 45 + 12 * 45 + 6 * 50 + 12 * 45 + 6 * 50
        assert found.net_seats == found.seats_opened - (8 * 45 + 8 * 50)

    def test_the_two_programmes_share_nothing(self):
        found = account(rich_district(), rich_seats(), KINDERGARTEN)
        assert (found.cost_wan, found.seats_opened, found.projects, found.floor_m2) == ({2026: 135}, 90, 1, 240)

    def test_a_plan_that_builds_nothing_costs_nothing(self):
        for seats in (None, SeatPlan(), SeatPlan((Opening("wing", Stage.PRIMARY, 2026, 0),))):
            found = account(rich_district(), seats, SCHOOL)
            assert (found.total_wan, found.projects, found.land_m2, found.present_value_wan) == (0, 0, 0, 0)

    def test_a_site_opened_in_steps_pays_its_land_and_fixed_cost_once_in_its_first_year(self):
        district = seat_district()
        later = SeatPlan((Opening("x0", Stage.PRIMARY, 2029, 2), Opening("x0", Stage.PRIMARY, 2027, 4)))
        found = account(district, later, SCHOOL)
        assert found.cost_wan == {2027: 100 + 200, 2029: 100}
        assert found.land_m2 == 900

    @pytest.mark.parametrize("rate", [0.0, 0.03, 0.1])
    def test_the_present_value_is_that_of_each_room_and_opening(self, rate):
        district = seat_district()
        district = district.replace(options=replace(district.options, seats=replace(district.options.seats, discount=rate)))
        seats = SeatPlan((Opening("x0", Stage.PRIMARY, 2027, 4), Opening("n1", Stage.PRIMARY, 2030, 6)))
        expected = (
            discounted_wan(100, rate, 2)
            + 4 * discounted_wan(50, rate, 2)
            + discounted_wan(900, rate, 5)
            + 6 * discounted_wan(60, rate, 5)
        )
        assert account(district, seats, SCHOOL).present_value_wan == expected
        assert (account(district, seats, SCHOOL).total_wan == expected) is (rate == 0)

    def test_a_school_site_of_both_stages_counts_the_seats_of_each(self):
        site = Site("s", "S", Action.EXPAND, (Stage.PRIMARY, Stage.JUNIOR), "s0", 8, cost_room_wan=1)
        district = rich_district().replace(sites=(site,))
        seats = SeatPlan((Opening("s", Stage.JUNIOR, 2026, 2), Opening("s", Stage.PRIMARY, 2026, 3)))
        found = account(district, seats, SCHOOL)
        assert (found.seats_opened, found.projects, found.total_wan) == (2 * 50 + 3 * 45, 1, 5)
