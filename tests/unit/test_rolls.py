"""Rooms, capacities and rolls over the years."""

from __future__ import annotations

import numpy as np
import pytest
from districts import grid_district

from xuequ.zoning.catchments import Catchments
from xuequ.zoning.classes import entry_rooms
from xuequ.zoning.district import Enrolment
from xuequ.zoning.places import NEVER, Action, Schools, Site
from xuequ.zoning.rolls import entry_capacity, full_rolls, next_rolls, start_rolls
from xuequ.zoning.seating import Opening, SeatPlan, rooms_in, successors
from xuequ.zoning.stage import GRADES, Stage

PRIMARY = Stage.PRIMARY
SPAN = PRIMARY.grade_slice


def with_sites(district, *sites):
    """Add sites and, for new and relocated ones, their candidate schools beside the last block."""
    schools = district.schools
    new = [site for site in sites if site.school == site.id]
    count = len(schools) + len(new)
    points = np.vstack([schools.points, np.tile(district.blocks.points[-1], (len(new), 1))])
    grown = Schools(
        (*schools.ids, *(site.id for site in new)),
        points,
        np.vstack([schools.rooms, np.zeros((len(new), 3), dtype=int)]),
        np.concatenate([schools.block, np.full(len(new), len(district.blocks) - 1)]),
        opened=np.concatenate([schools.opened, np.full(len(new), NEVER)]),
    )
    matrix = np.hypot(*(district.blocks.points[:, None] - points[None]).transpose(2, 0, 1))
    distances = district.distances.from_matrix(matrix)
    assert len(grown) == count
    return district.replace(schools=grown, sites=sites, distances=distances)


EXPAND = Site("more", "More", Action.EXPAND, (PRIMARY,), "s0", 6)
MOVE = Site("move", "Move", Action.RELOCATE, (PRIMARY,), "move", 18, replaces="s1")
PLAN = SeatPlan((Opening("more", PRIMARY, 2027, 6), Opening("move", PRIMARY, 2028, 18)))


def test_rooms_open_in_their_year_and_old_ones_close():
    district = with_sites(grid_district(rooms=12), EXPAND, MOVE)
    column = list(Stage).index(PRIMARY)
    assert [rooms_in(district, year, PLAN)[:, column].tolist() for year in (2026, 2027, 2028)] == [
        [12, 12, 0],
        [18, 12, 0],
        [18, 0, 18],
    ]
    assert rooms_in(district, 2028)[:, column].tolist() == [12, 12, 0]
    assert successors(district, PLAN, 2027) == {}
    assert successors(district, PLAN, 2028) == {1: 2}
    assert PLAN.first_year("more") == 2027
    assert PLAN.first_year("nothing") == NEVER


def test_closed_schools_have_no_rooms():
    district = grid_district()
    schools = district.schools
    closed = Schools(schools.ids, schools.points, schools.rooms, schools.block, closed=np.array([2027, NEVER]))
    district = district.replace(schools=closed)
    assert rooms_in(district, 2026)[0].tolist() == [6, 6, 6]
    assert rooms_in(district, 2027)[0].tolist() == [0, 0, 0]


def test_full_rolls_hold_every_child_of_the_stage():
    district = grid_district(rooms=12)
    rolls = full_rolls(district, district.today, 2026)
    assert rolls.pupils.sum() == district.demand.by_grade(2026).sum()
    assert (rolls.classes[:, SPAN].sum(axis=1) <= 12).all()


def test_start_is_the_enrolment_where_it_is_known():
    district = grid_district(rooms=12)
    pupils = np.full((2, len(GRADES)), 40)
    known = district.replace(enrolment=Enrolment(pupils, np.ones_like(pupils)))
    assert start_rolls(known).pupils.tolist() == pupils.tolist()
    assert start_rolls(district).pupils.tolist() == full_rolls(district, district.today, 2025).pupils.tolist()
    with pytest.raises(ValueError, match="neither enrolment nor today's catchments"):
        start_rolls(district.replace(today={}))


def roll(district, entry, years, seats=None):
    rolls = [start_rolls(district)]
    for year in years:
        planned = {PRIMARY: {t: entry(t) for t in years if t <= year}}
        rolls.append(next_rolls(district, rolls[-1], planned, seats))
    return rolls


def swap(district, year):
    """Give every block to the other school."""
    return Catchments.from_schools(PRIMARY, year, 1 - district.today[PRIMARY].first_school())


def test_enrolled_pupils_stay_and_only_entrants_follow_new_catchments():
    district = grid_district(rooms=24)
    rolls = roll(district, lambda year: swap(district, year), (2026, 2027))
    today = full_rolls(district, district.today, 2026).pupils[:, SPAN]
    assert rolls[1].pupils[:, SPAN][:, 0].tolist() == today[::-1, 0].tolist()
    assert rolls[1].pupils[:, SPAN][:, 1:].tolist() == today[:, 1:].tolist()
    assert rolls[2].pupils[:, SPAN][:, 1].tolist() == today[::-1, 1].tolist()
    assert rolls[2].pupils[:, SPAN][:, 2:].tolist() == today[:, 2:].tolist()


def test_those_enrolled_elsewhere_stay_there():
    district = grid_district(rooms=24)
    base = full_rolls(district, district.today, 2025)
    pupils = base.pupils.copy()
    g1 = SPAN.start
    pupils[0, g1] += 5
    pupils[1, g1] -= 5
    district = district.replace(enrolment=Enrolment(pupils, base.classes))
    rolls = roll(district, lambda _: district.today[PRIMARY], (2026, 2027))
    plain = full_rolls(district, district.today, 2026).pupils
    assert (rolls[1].pupils - plain)[:, g1 + 1].tolist() == [5, -5]
    assert (rolls[2].pupils - plain)[:, g1 + 2].tolist() == [5, -5]
    assert (rolls[2].pupils - plain)[:, g1].tolist() == [0, 0]


def test_a_relocated_school_takes_its_pupils_along():
    district = with_sites(grid_district(rooms=12), MOVE)
    seats = SeatPlan((Opening("move", PRIMARY, 2027, 18),))

    def entry(year):
        first = district.today[PRIMARY].first_school()
        return Catchments.from_schools(PRIMARY, year, np.where((first == 1) & (year >= 2027), 2, first))

    rolls = roll(district, entry, (2026, 2027), seats)
    assert rolls[2].pupils[1].sum() == 0
    assert rolls[2].pupils[2, SPAN].sum() == rolls[1].pupils[1, SPAN].sum()
    assert (rolls[2].classes[2, SPAN] > 0).all()


def test_pupils_of_a_closed_school_follow_the_catchments_of_the_year():
    district = grid_district(rooms=24)
    schools = district.schools
    closing = Schools(schools.ids, schools.points, schools.rooms, schools.block, closed=np.array([NEVER, 2026]))
    district = district.replace(schools=closing)
    everyone = Catchments.from_schools(PRIMARY, 2026, np.zeros(len(district.blocks), dtype=int))
    rolls = roll(district, lambda _: everyone, (2026,))
    assert rolls[1].pupils[1].sum() == 0
    assert rolls[1].pupils[:, SPAN].sum() == district.demand.of_stage(PRIMARY, 2026).sum()


@pytest.mark.parametrize(
    ("rooms", "kept", "expected"),
    [
        pytest.param(12, [2, 2, 2, 2, 2], 2, id="steady"),
        pytest.param(24, [0, 0, 0, 0, 0], 4, id="a new school grows over six years"),
        pytest.param(20, [4, 4, 0, 0, 0], 3, id="and goes on at the same pace"),
        pytest.param(13, [2, 2, 2, 2, 2], 3, id="a spare room is used"),
        pytest.param(13, [3, 2, 2, 2, 2], 2, id="once"),
        pytest.param(10, [2, 2, 2, 2, 2], 0, id="full"),
        pytest.param(9, [2, 2, 2, 2, 2], 0, id="overfull"),
    ],
)
def test_entry_rooms(rooms, kept, expected):
    assert entry_rooms(rooms, kept) == expected


def test_entry_capacity_is_that_of_the_rooms_left():
    district = grid_district(rooms=12)
    capacity = entry_capacity(district, PRIMARY, start_rolls(district))
    assert capacity.planned.tolist() == [90, 90]
    assert capacity.working.tolist() == [110, 110]
    assert capacity.absolute.tolist() == [130, 130]
    pooled = capacity.pooled(((0, 1),))
    assert pooled.planned.tolist() == [180]


def test_a_multi_school_zone_divides_by_rooms():
    district = grid_district(rooms=(4, 8))
    both = Catchments(PRIMARY, 2026, ((0, 1),), np.zeros(len(district.blocks), dtype=int))
    rolls = full_rolls(district, {PRIMARY: both}, 2026)
    total = district.demand.of_stage(PRIMARY, 2026).sum()
    assert rolls.pupils[:, SPAN].sum() == total
    assert rolls.pupils[0].sum() == pytest.approx(total / 3, abs=6)


def test_fingerprint_changes_with_what_a_plan_depends_on():
    district = grid_district()
    assert district.fingerprint == grid_district().fingerprint
    assert district.fingerprint != grid_district(rooms=7).fingerprint
    assert district.fingerprint != district.replace(rules=district.rules.override({"large_class": 57})).fingerprint


def test_blocks_as_a_geodataframe():
    frame = grid_district().to_geodataframe()
    assert len(frame) == 36
    assert frame["pupils_primary"].sum() == 36 * 12
    assert frame.geometry.area.sum() == pytest.approx(36 * 200 * 200)
