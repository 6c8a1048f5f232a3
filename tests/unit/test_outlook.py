"""When the last large class goes, and the accounts of a seat plan, counted by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from planned import seat_district

from xuequ.zoning.accounts import account, closed_seats, discounted_wan, opened_seats, room_seats
from xuequ.zoning.catchments import Catchments
from xuequ.zoning.outlook import LargeClasses, Outlook, large_classes, outlook, plan_rolls, rolls_without_plan
from xuequ.zoning.plan import Plan, PlanKind, Status
from xuequ.zoning.rolls import Rolls
from xuequ.zoning.seating import Opening, SeatPlan
from xuequ.zoning.stage import GRADES, Programme, Stage


def rolls_of(sizes, year=2026, schools=5):
    """Rolls in which a school's grades are given as (school, grade, pupils, classes)."""
    pupils = np.zeros((schools, len(GRADES)), dtype=int)
    classes = np.zeros_like(pupils)
    for school, grade, count, rooms in sizes:
        pupils[school, [str(g) for g in GRADES].index(grade)] = count
        classes[school, [str(g) for g in GRADES].index(grade)] = rooms
    return Rolls(year, pupils, classes)


def years(shares, stage=None):
    return tuple(LargeClasses(stage, 2026 + k, 100, large, 0, ("s0",) if large else ()) for k, large in enumerate(shares))


def test_large_classes_are_counted_by_stage_and_together():
    """B1 and B3: 111 in two rooms make one large class, 131 two, one of them super-large."""
    found = large_classes(seat_district(), rolls_of([(0, "g1", 111, 2), (1, "g7", 131, 2), (1, "g2", 45, 1), (0, "k1", 90, 1)]))
    primary, junior, both = found
    assert (primary.stage, primary.classes, primary.large, primary.super_large) == (Stage.PRIMARY, 3, 1, 0)
    assert (junior.stage, junior.classes, junior.large, junior.super_large) == (Stage.JUNIOR, 2, 2, 1)
    assert (both.stage, both.classes, both.large, both.super_large) == (None, 5, 3, 1)
    assert both.schools == ("s1", "s0")
    assert both.share == pytest.approx(0.6)


def test_a_district_without_classes_has_no_share():
    assert large_classes(seat_district(), rolls_of([]))[2].share == 0


def test_the_last_year_and_the_first_without():
    seen = Outlook(years([9, 8, 7, 6]), years([9, 4, 0, 0]), 0.05)
    assert seen.last_year() == 2027
    assert seen.gone_from() == 2028
    assert seen.last_year(after=False) == 2029
    assert seen.gone_from(after=False) is None
    assert seen.eliminated_from() == 2027
    assert seen.eliminated_from(after=False) is None
    assert seen.sentence() == (
        "With the plan the last large class is of the school year 2027 (none from 2028), basically eliminated (at most 5%) "
        "from 2027; without it large classes remain in 2029, the last year known, at s0, not basically eliminated."
    )


def test_a_share_that_comes_back_is_not_eliminated_yet():
    assert Outlook((), years([4, 9, 5]), 0.05).eliminated_from() == 2028
    assert Outlook((), years([4, 9, 6]), 0.05).eliminated_from() is None


def test_one_super_large_class_is_enough_to_fail():
    """B7: 9 large of 200 of which one super-large is not eliminated."""
    item = LargeClasses(None, 2026, 200, 9, 1, ("s0",))
    assert Outlook((item,), (item,), 0.05).eliminated_from() is None
    fine = dataclasses.replace(item, large=10, super_large=0)
    assert Outlook((fine,), (fine,), 0.05).eliminated_from() == 2026
    more = dataclasses.replace(item, large=11, super_large=0)
    assert Outlook((more,), (more,), 0.05).eliminated_from() is None


def test_large_classes_that_remain_are_named_with_their_schools():
    text = Outlook(years([9]), years([9]), 0.05).sentence()
    assert "large classes remain in 2026" in text
    assert "s0" in text


def test_none_at_all():
    seen = Outlook(years([0]), years([0]), 0.05)
    assert seen.gone_from() == 2026
    assert seen.sentence() == "With the plan no class is large in any year; without it no class is large in any year."


def test_without_a_plan_everybody_follows_today():
    district = seat_district()
    rolls = rolls_without_plan(district)
    assert [item.year for item in rolls] == list(range(2025, 2031))
    assert outlook(district).before == outlook(district).after


def test_a_plan_has_rolls_in_both_regimes():
    district = seat_district()
    chosen = tuple(Catchments.from_schools(Stage.PRIMARY, year, np.zeros(36, dtype=int)) for year in (2026, 2027))
    made = Plan(PlanKind.PLAN, Status.FEASIBLE, "", regime="phase_in", catchments=chosen)
    rolls = plan_rolls(district, made)
    assert [item.year for item in rolls] == [2025, 2026, 2027]
    entry = district.demand.by_grade(2026)[3].sum()
    assert rolls[1].pupils[0, 3] == entry
    assert rolls[1].pupils[1, 4] > 0
    full = plan_rolls(district, made.replace(regime="full"))
    assert [item.year for item in full] == [2026, 2027]
    assert full[0].pupils[1].sum() == 0
    assert outlook(district, made).after != outlook(district, made).before


def test_after_the_last_planned_year_its_catchments_go_on_to_the_end_of_the_demand():
    district = seat_district()
    short = district.replace(years=(2026, 2027))
    chosen = tuple(Catchments.from_schools(Stage.PRIMARY, year, np.zeros(36, dtype=int)) for year in (2026, 2027))
    made = Plan(PlanKind.PLAN, Status.FEASIBLE, "", regime="phase_in", catchments=chosen)
    rolls = plan_rolls(short, made)
    assert [item.year for item in rolls] == [2025, *range(2026, 2031)]
    for item in rolls[3:]:
        assert item.pupils[0, 3] == district.demand.by_grade(item.year)[3].sum()
    told = outlook(short, made)
    assert told.planned_to == 2027
    assert {item.year for item in told.after} == set(range(2025, 2031))
    assert [item.year for item in plan_rolls(short, made, last=2027)] == [2025, 2026, 2027]


# Accounts


def test_an_account_adds_up():
    """x0: 6 rooms in 2027 and 2 in 2029 for 100 + 8·50; r0: 12 rooms in 2028 for 700 + 12·60, and 6 old rooms close."""
    district = seat_district()
    seats = SeatPlan((
        Opening("r0", Stage.PRIMARY, 2028, 12), Opening("x0", Stage.PRIMARY, 2027, 6), Opening("x0", Stage.PRIMARY, 2029, 2),
    ))  # fmt: skip
    found = account(district, seats, Programme.SCHOOL)
    assert (found.seats_opened, found.seats_closed, found.net_seats) == (20 * 45, 6 * 45, 630)
    assert found.projects == 2
    assert found.land_m2 == 8900
    assert found.floor_m2 == 12 * 300
    assert found.cost_wan == {2027: 400, 2028: 1420, 2029: 100}
    assert found.total_wan == 1920
    assert found.present_value_wan == sum((
        discounted_wan(100, 0.03, 2), 6 * discounted_wan(50, 0.03, 2), 2 * discounted_wan(50, 0.03, 4),
        discounted_wan(700, 0.03, 3), 12 * discounted_wan(60, 0.03, 3),
    ))  # fmt: skip


def test_an_account_of_the_other_programme_is_empty():
    seats = SeatPlan((Opening("x0", Stage.PRIMARY, 2027, 6),))
    found = account(seat_district(), seats, Programme.KINDERGARTEN)
    assert (found.projects, found.net_seats, found.total_wan, found.present_value_wan) == (0, 0, 0, 0)
    assert account(seat_district(), None, Programme.SCHOOL).projects == 0


def test_seats_of_a_room():
    district = seat_district()
    assert room_seats(district, Stage.PRIMARY, 0) == 45
    assert room_seats(district, Stage.JUNIOR, 0) == 50
    assert room_seats(district, Stage.KINDERGARTEN, 0) == 30
    assert opened_seats(district, district.sites[0], Stage.PRIMARY, 8) == 360


def test_only_a_relocation_closes_seats():
    district = seat_district()
    assert [closed_seats(district, site, 2028) for site in district.sites] == [0, 0, 0, 0, 270]


def test_seats_of_a_relocated_school_of_which_only_seats_are_known():
    district = seat_district()
    rooms, seats = district.schools.rooms.copy(), np.full((5, 3), -1)
    rooms[1, 1], seats[1, 1] = -1, 333
    known = district.replace(schools=dataclasses.replace(district.schools, rooms=rooms, seats=seats))
    assert closed_seats(known, known.sites[4], 2028) == 333


def test_money_is_worth_less_later():
    assert discounted_wan(1000, 0.03, 0) == 1000
    assert discounted_wan(1000, 0.03, 1) == 971
    assert discounted_wan(1000, 0.0, 9) == 1000
